"""Sizes of messages: a median and a 95th percentile, a mean, or what was seen."""

from __future__ import annotations

import numpy as np

from wscost.fitting.seen import Floats, Ints
from wscost.fitting.written import mapping, size
from wscost.profile.distributions import Shaped
from wscost.trace import UNKNOWN

_OFF = 0.1
"""A lognormal law may miss the mean by this share."""
_PARTS = 20
_FEWEST = 20
"""Fewer sizes tell a mean and no more."""


def sizes_of(seen: Ints) -> str:
    """Write the sizes of messages that were seen one by one; nothing where no size is known. [bytes]

    A lognormal law through the median and the 95th percentile, cut off at the largest, if its mean is
    right; else twenty values that have the right mean.
    """
    known = np.sort(seen[seen != UNKNOWN]).astype(np.float64)
    if not len(known):
        return ""
    median, p95 = (float(np.round(np.quantile(known, p))) for p in (0.5, 0.95))
    if len(known) < _FEWEST or known[0] == known[-1]:
        return size(float(known.mean()))
    if median > 0 and p95 > median and abs(_mean(median, p95, known[-1]) / known.mean() - 1) <= _OFF:
        return mapping({"median": size(median), "p95": size(p95), "max": size(known[-1])})
    return mapping({"distribution": "empirical", "values": f"[{', '.join(map(size, _parts(known)))}]"})


def mean_size(total_bytes: float, messages: float) -> str:
    """Write the mean size of messages of which only sums are known. [bytes]"""
    return size(total_bytes / messages)


def _mean(median: float, p95: float, most: float) -> float:
    try:
        return Shaped[float](distribution="lognormal", median=median, p95=p95, max=most).law().mean
    except ValueError:
        return np.inf


def _parts(known: Floats) -> list[float]:
    """Return the means of twenty equal parts, the smallest to the largest; edges may cut a message."""
    until = np.concatenate([[0.0], np.cumsum(known)])
    edges = np.interp(np.linspace(0, len(known), _PARTS + 1), np.arange(len(known) + 1), until)
    means: list[float] = (np.diff(edges) * (_PARTS / len(known))).tolist()
    return means
