"""How messages of a connection are spread over time: at random, or in times of talk and of silence.

Counts of a Poisson process vary as much as their mean, whatever the length of time they are taken over.
Where a connection talks and falls silent in turn, each for an exponential time (an interrupted Poisson
process), the index of dispersion for counts rises from 1 with the length of time t:

    IDC(t) = 1 + 2 v / (m r) (1 - (1 - exp(-r t)) / (r t))

with m the mean rate, v the variance of the rate, and r = 1/talk + 1/silence. Heffes and Lucantoni,
"A Markov modulated characterization of packetized voice and data traffic", IEEE JSAC 4 (1986),
https://doi.org/10.1109/JSAC.1986.1146393.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wscost.fitting.seen import Floats, Ints, Messages, Seen
from wscost.units import MICROSECONDS_PER_SECOND

WIDTHS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Lengths of time over which messages are counted. [s]"""
_FEWEST_BINS = 200
_MOST_LIKE_POISSON = 1.3
"""An index of dispersion up to this is not worth a burst."""


class Dispersion(NamedTuple):
    """The index of dispersion of a connection's counts, by the length of time they are taken over."""

    width: Floats
    """[s]"""
    ratio: Floats
    bins: Floats

    @property
    def random(self) -> bool:
        """Whether counts vary no more than those of a Poisson process, or too little is seen to say so."""
        if not len(self.ratio):
            return True
        error = np.sqrt(2 / self.bins)
        return bool((self.ratio <= np.maximum(_MOST_LIKE_POISSON, 1 + 4 * error)).all())


class Talk(NamedTuple):
    """An interrupted Poisson process. [s]"""

    talk: float
    silence: float
    between: float
    """How far apart messages are, while there is talk."""


def dispersion(seen: Seen, messages: Messages) -> Dispersion:
    """Return how counts of messages are dispersed, over lengths of time that were seen often enough."""
    start, end = seen.here
    found = []
    for width in WIDTHS_S:
        step = int(width * MICROSECONDS_PER_SECOND)
        bins = (end - start) // step
        if (many := int(bins.sum())) < _FEWEST_BINS:
            break
        within = (messages.at - start[messages.row]) // step
        inside = within < bins[messages.row]
        first = np.cumsum(bins) - bins
        each = np.unique(first[messages.row[inside]] + within[inside], return_counts=True)[1]
        mean = each.sum() / many
        if mean:
            found.append((width, float((each @ each) / many - mean**2) / mean, many))
    return (
        Dispersion(*(np.array(column, dtype=np.float64) for column in zip(*found, strict=True)))
        if found
        else (Dispersion(*(np.empty(0),) * 3))
    )


def interrupted(rate: float, found: Dispersion) -> Talk:
    """Return the talk and silence whose counts are dispersed as these. [1/s]"""
    from scipy.optimize import minimize_scalar

    weight = found.bins / np.square(found.ratio)

    def fitted(log_r: float) -> tuple[float, float]:
        r = np.exp(log_r)
        rise = 1 - -np.expm1(-r * found.width) / (r * found.width)
        factor = max(float((weight * rise) @ (found.ratio - 1) / ((weight * rise) @ rise)), 1e-9)
        return factor, float(weight @ np.square(found.ratio - 1 - factor * rise))

    ends = np.log(0.1 / found.width[-1]), np.log(10 / found.width[0])
    starts = np.linspace(*ends, 40)
    nearest = int(np.argmin([fitted(x)[1] for x in starts]))
    around = starts[max(nearest - 1, 0)], starts[min(nearest + 1, 39)]
    best = float(minimize_scalar(lambda x: fitted(x)[1], bounds=around, method="bounded").x)
    r = float(np.exp(best))
    variance = fitted(best)[0] * rate * r / 2
    talking = rate**2 / (rate**2 + variance)
    return Talk(1 / (r * (1 - talking)), 1 / (r * talking), talking / rate)


def gaps_of(messages: Messages) -> tuple[Ints, Floats]:
    """Return the times between a connection's messages that follow each other, with its row. [s]"""
    same = messages.row[1:] == messages.row[:-1]
    return messages.row[1:][same], np.diff(messages.at)[same] / MICROSECONDS_PER_SECOND
