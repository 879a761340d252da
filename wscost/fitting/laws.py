"""Families of laws fitted to lengths by maximum likelihood, and which of them explains best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np

from wscost.fitting.seen import Floats
from wscost.fitting.spells import Spells, product_limit
from wscost.profile.law import Law, of_family

_IMPOSSIBLE = 1e12
_FAR = 40.0
_MIXTURE_LIMITS = (4.6, _FAR, _FAR, 3.0)
"""How far a mixture's log odds, log scales and log shape may go: a kind of 1 % at least, and no spike.

A spike on a single length would be infinitely likely.
"""
FEWEST_FOR_A_SHAPE = 20
"""Ends that a law with a shape asks for; fewer tell a mean and no more."""
FEWEST_FOR_A_MIXTURE = 100
CLEARLY = 10.0
"""A mixture has to be better by so much AIC: below that, support for the other is not gone.

Burnham and Anderson, "Multimodel inference", Sociological Methods & Research 33 (2004),
https://doi.org/10.1177/0049124104268644.
"""


@dataclass(frozen=True)
class Piece:
    """One law of a candidate, with the ``shape`` and ``scale`` that ``scipy.stats`` gives them."""

    family: str
    scale: float
    shape: float | None = None
    weight: float = 1.0

    @property
    def frozen(self) -> Any:
        """The law by itself, from scipy."""
        return self._family(*self._shapes, scale=self.scale)

    def of(self, what: str, x: Floats) -> Floats:
        """Return ``logpdf``, ``logsf`` or ``cdf``; to freeze the law first would take longer than this."""
        return np.asarray(getattr(self._family, what)(x, *self._shapes, scale=self.scale))

    @property
    def _family(self) -> Any:
        from scipy import stats

        families = {"weibull": stats.weibull_min, "lognormal": stats.lognorm, "gamma": stats.gamma}
        return families.get(self.family, stats.expon)

    @property
    def _shapes(self) -> tuple[float, ...]:
        return () if self.shape is None else (self.shape,)


@dataclass(frozen=True)
class Candidate:
    """A law, or a mixture of two, as likely as it can be made."""

    name: str
    pieces: tuple[Piece, ...]
    log_likelihood: float
    parameters: int

    @property
    def aic(self) -> float:
        """Akaike's criterion: less is better."""
        return 2 * self.parameters - 2 * self.log_likelihood

    def law(self, cap: float | None = None) -> Law:
        """Return it as a profile understands it, cut off at a cap."""
        laws = [of_family(piece.frozen) for piece in self.pieces]
        return Law.mixed(laws, [piece.weight for piece in self.pieces], cap)

    def log_density(self, x: Floats) -> Floats:
        """Return the logarithm of the density."""
        return self._mixed(x, "logpdf")

    def log_survival(self, x: Floats) -> Floats:
        """Return the logarithm of the share that lasts longer."""
        return self._mixed(x, "logsf")

    def reached(self, x: Floats) -> Floats:
        """Return the share that lasts no longer."""
        return np.asarray(sum(piece.weight * piece.of("cdf", x) for piece in self.pieces))

    def _mixed(self, x: Floats, what: str) -> Floats:
        parts = [log(piece.weight) + piece.of(what, x) for piece in self.pieces]
        return np.asarray(np.logaddexp.reduce(parts, axis=0))


def log_likelihood(candidate: Candidate, spells: Spells) -> float:
    """Return how likely lengths are, given what the window lets be seen of them."""
    with np.errstate(all="ignore"):
        total = float(_of_complete(candidate, spells.ended.value, spells.resolution) @ spells.ended.weight)
        if spells.bounds is not None:
            young, (least, most) = spells.bounds.of_young, spells.bounds.of_old
            could = candidate.reached(np.maximum(young.value, spells.resolution))
            total -= float(np.log(could) @ young.weight)
            total -= float(np.log(candidate.reached(most) - candidate.reached(least)).sum())
        else:
            total += float(candidate.log_survival(spells.cut.value) @ spells.cut.weight)
            total -= float(candidate.log_survival(spells.entered.value) @ spells.entered.weight)
    return total if np.isfinite(total) else -_IMPOSSIBLE


def _of_complete(candidate: Candidate, value: Floats, resolution: float) -> Floats:
    """Return densities; a length of 0 is anything shorter than the clock can tell."""
    nothing = value < resolution
    density = candidate.log_density(np.maximum(value, resolution))
    if nothing.any():
        density[nothing] = np.log(candidate.reached(np.array([resolution])) / resolution)
    return density


def candidates(spells: Spells, *, shapes: bool = True) -> list[Candidate]:
    """Fit every family that so many lengths can tell apart, best first; without shapes only a mean.

    Mixtures are tried where none of the others fits.
    """
    ends = spells.ended.total
    middle = spells.exposure / max(ends, 1.0)
    found = [_likeliest("exponential", spells, [log(middle)], lambda v: (Piece("exponential", exp(v[0])),))]
    if shapes and ends >= FEWEST_FOR_A_SHAPE:
        median = _middle(spells)
        for family, shape in (("weibull", 0.7), ("lognormal", 1.5), ("gamma", 0.7)):
            found.append(_likeliest(family, spells, [log(median), log(shape)], _one(family)))
    single = min(found, key=lambda one: one.aic)
    if not shapes or ends < FEWEST_FOR_A_MIXTURE or distance(single, spells) <= by_chance(spells):
        return sorted(found, key=lambda one: one.aic)
    found += _mixtures(spells, found)
    plain = single.aic - min(one.aic for one in found) < CLEARLY
    return sorted(found, key=lambda one: (plain and len(one.pieces) > 1, one.aic))


def by_chance(spells: Spells) -> float:
    """Return the distance that chance alone keeps below nineteen times in twenty, about."""
    return float(1.36 / np.sqrt(max(spells.ended.total, 1.0)))


def _one(family: str) -> Callable[[Floats], tuple[Piece, ...]]:
    return lambda v: (Piece(family, exp(v[0]), exp(v[1])),)


def _mixtures(spells: Spells, singles: list[Candidate]) -> Iterator[Candidate]:
    """Fit those who leave at once, exponentially, beside those who stay."""
    short = max(_middle(spells) / 10, spells.resolution)
    for family in ("exponential", "weibull", "lognormal"):
        stayers = next(one for one in singles if one.name == family).pieces[0]
        shaped = [] if stayers.shape is None else [log(stayers.shape)]

        def pieces(v: Floats, family: str = family) -> tuple[Piece, ...]:
            share = 1 / (1 + exp(-float(np.clip(v[0], -30, 30))))
            stay = Piece(family, exp(v[2]), exp(v[3]) if len(v) > 3 else None, 1 - share)
            return Piece("exponential", exp(v[1]), weight=share), stay

        start = [-1.0, log(short), log(stayers.scale) + 0.3, *shaped]
        yield _likeliest(f"exponential + {family}", spells, start, pieces, _MIXTURE_LIMITS[: len(start)])


def _likeliest(
    name: str,
    spells: Spells,
    start: list[float],
    pieces: Callable[[Floats], tuple[Piece, ...]],
    limits: Sequence[float] = (_FAR, _FAR),
) -> Candidate:
    from scipy.optimize import minimize

    def candidate(v: Floats) -> Candidate:
        return Candidate(name, pieces(v), 0.0, len(start))

    def unlikely(v: Floats) -> float:
        if (np.abs(v) > limits[: len(v)]).any():
            return _IMPOSSIBLE
        return -log_likelihood(candidate(v), spells)

    found = minimize(
        unlikely, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-6, "maxiter": 2000}
    )
    return Candidate(name, pieces(found.x), -float(found.fun), len(start))


def _middle(spells: Spells) -> float:
    """Return a median to begin with."""
    curve = product_limit(spells)
    below = curve.at[curve.share <= 0.5]
    middle = float(below[0]) if len(below) else spells.longest
    return max(middle, spells.resolution)


def distance(candidate: Candidate, spells: Spells) -> float:
    """Return how far a candidate lies from what was seen, as a share: Kolmogorov's distance.

    Against the product-limit curve; of a log of ended lengths alone, of each length's place between the
    shortest and the longest that the log could have told, which would be uniform.
    """
    if spells.bounds is not None:
        value, least, most = spells.bounds.value, spells.bounds.least, spells.bounds.most
        with np.errstate(all="ignore"):
            low, high = candidate.reached(least), candidate.reached(np.maximum(most, spells.resolution))
            place = np.sort(np.nan_to_num((candidate.reached(value) - low) / (high - low)))
        steps = np.arange(len(place) + 1) / max(len(place), 1)
        return float(np.maximum(steps[1:] - place, place - steps[:-1]).max(initial=0.0))
    curve = product_limit(spells)
    there = np.exp(candidate.log_survival(curve.at) - candidate.log_survival(np.array([curve.since])))
    before = np.append(1.0, curve.share[:-1])
    return float(np.maximum(np.abs(curve.share - there), np.abs(before - there)).max(initial=0.0))
