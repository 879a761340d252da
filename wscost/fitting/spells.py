"""Lengths of time as a window shows them: some complete, some cut at an end, some met when already long.

A length that was still going on at the end is known to be longer: it is right-censored. One that had been
going on before the window began was only seen because it had lasted so long: it is left-truncated at its
age then. Where a log tells only of what has ended, a length is truncated on the right too. Klein and
Moeschberger, "Survival Analysis", 2nd ed. (2003), have the likelihoods and the product-limit estimator for
such lengths; R's survival and Python's lifelines compute the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from wscost.fitting.seen import Floats, Seen
from wscost.units import MICROSECONDS_PER_SECOND

_GRAIN = 500
"""Lengths are grouped by their logarithm in steps of 1/500: exact enough, and quick for millions."""
_FEWEST_AT_RISK = 5


class Weighted(NamedTuple):
    """Lengths, and how many there are of each. [s]"""

    value: Floats
    weight: Floats

    @property
    def total(self) -> float:
        """How many there are in all."""
        return float(self.weight.sum())


@dataclass(frozen=True)
class Bounds:
    """The lengths that a log of ended ones tells, and the least and most that it could have told. [s]"""

    value: Floats
    least: Floats
    most: Floats

    @cached_property
    def of_young(self) -> Weighted:
        """The longest that could have been told, of those of which any shorter one could have been too."""
        return grouped(self.most[self.least == 0])

    @cached_property
    def of_old(self) -> tuple[Floats, Floats]:
        """The shortest and the longest, of those that had lasted a while when the log began."""
        return self.least[self.least > 0], self.most[self.least > 0]


@dataclass(frozen=True)
class Spells:
    """Lengths of time, grouped. [s]"""

    ended: Weighted
    """Complete ones."""
    cut: Weighted
    """Those that were still going on: at least so long."""
    entered: Weighted
    """How long each had lasted when it came into sight; 0 for those seen from their beginning."""
    resolution: float
    """A complete length of 0 means less than this."""
    bounds: Bounds | None = None
    """For a log of ended ones only; ``entered`` then says nothing more."""

    @property
    def longest(self) -> float:
        """The longest seen, complete or not."""
        return max(float(part.value.max(initial=0.0)) for part in (self.ended, self.cut))

    @property
    def exposure(self) -> float:
        """Time in which an end would have been seen. [s]"""
        ended, cut, entered = (
            float(part.value @ part.weight) for part in (self.ended, self.cut, self.entered)
        )
        return ended + cut - entered


class Curve(NamedTuple):
    """An estimate of survival without a family: the share still there after each length."""

    at: Floats
    share: Floats
    since: float
    """Given that they lasted so long: too few were seen that were shorter."""


def spells_of(seen: Seen) -> Spells:
    """Return the lengths of a trace's connections."""
    rows = seen.life_known
    life, ended = seen.life_s[rows], seen.ended[rows]
    age = np.maximum(seen.told_from - seen.opened[rows], 0) / MICROSECONDS_PER_SECOND
    if seen.written_at_close:
        told = ended & (life >= age)
        most = (seen.end - seen.opened[rows]) / MICROSECONDS_PER_SECOND
        from_the_start = grouped(np.zeros(int(told.sum())))
        bounds = Bounds(life[told], age[told], most[told])
        return Spells(
            grouped(life[told]), grouped(np.zeros(0)), from_the_start, _resolution(life[told]), bounds
        )
    return Spells(
        grouped(life[ended]), grouped(life[~ended]), grouped(np.minimum(age, life)), _resolution(life[ended])
    )


def grouped(lengths: Floats) -> Weighted:
    """Group lengths that are alike."""
    some = lengths[lengths > 0]
    steps, group, many = np.unique(np.rint(np.log(some) * _GRAIN), return_inverse=True, return_counts=True)
    mean = np.bincount(group, some, len(steps)) / many
    if zero := len(lengths) - len(some):
        mean, many = np.append(0.0, mean), np.append(zero, many)
    return Weighted(mean, many.astype(np.float64))


def _resolution(lengths: Floats) -> float:
    """Return the coarsest clock that can have measured these: a second, a millisecond, a microsecond."""
    for ticks in (1_000_000, 1000):
        micro = np.rint(lengths * MICROSECONDS_PER_SECOND).astype(np.int64)
        if not (micro % ticks).any():
            return ticks / MICROSECONDS_PER_SECOND
    return 1 / MICROSECONDS_PER_SECOND


def product_limit(spells: Spells) -> Curve:
    """Estimate survival without a family (Kaplan and Meier 1958), with late entries."""
    at, ends = spells.ended
    begun = _below(spells.entered, at)
    if len(at) and at[0] == 0:
        begun[0] = _below(spells.entered, np.array([np.nextafter(0, 1)]))[0]
    at_risk = begun - _below(spells.ended, at) - _below(spells.cut, at)
    enough = at_risk >= min(_FEWEST_AT_RISK, at_risk.max(initial=0.0))
    first = int(np.argmax(enough)) if enough.any() else len(at)
    since = max(float(spells.entered.value.min(initial=np.inf)), float(at[first - 1]) if first else 0.0)
    at, ends, at_risk = at[enough], ends[enough], at_risk[enough]
    return Curve(at, np.cumprod(1 - ends / np.maximum(at_risk, ends)), since)


def _below(some: Weighted, at: Floats) -> Floats:
    """Count those strictly below each length."""
    total = np.append(0.0, np.cumsum(some.weight))
    return np.asarray(total[np.searchsorted(some.value, at, side="left")])
