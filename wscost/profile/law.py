"""What a distribution comes to: a mixture of scipy.stats laws or of samples, cut off at a cap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The law of values that were seen, each as likely as the others."""

    values: Floats
    """Sorted."""

    def ppf(self, p: Any) -> Any:
        """Return quantiles."""
        at = np.minimum((np.asarray(p) * len(self.values)).astype(np.int64), len(self.values) - 1)
        return self.values[at]

    def sf(self, x: Any) -> Any:
        """Return the share of values above some."""
        return 1 - np.searchsorted(self.values, x, side="right") / len(self.values)


@dataclass(frozen=True)
class Law:
    """A mixture of laws whose draws never pass ``cap``: what lies beyond it falls on it.

    A part is a frozen ``scipy.stats`` law or a ``Sample``; both answer ``ppf`` and ``sf``.
    """

    parts: tuple[Any, ...]
    weights: tuple[float, ...]
    caps: tuple[float, ...]

    @staticmethod
    def mixed(laws: Sequence[Law], weights: Sequence[float], cap: float | None) -> Law:
        """Return the mixture of laws, each with its own cap, under a cap for all."""
        whole = sum(weights)
        return Law(
            tuple(part for law in laws for part in law.parts),
            tuple(weight / whole * w for law, weight in zip(laws, weights, strict=True) for w in law.weights),
            tuple(min(c, inf if cap is None else cap) for law in laws for c in law.caps),
        )

    def at(self, u: Floats) -> Floats:
        """Turn uniform numbers in [0, 1) into draws, by inversion within the part that each falls to."""
        if len(self.parts) == 1:
            return np.minimum(np.asarray(self.parts[0].ppf(u), dtype=np.float64), self.caps[0])
        edges = np.concatenate([[0.0], np.cumsum(self.weights)])
        part = np.clip(np.searchsorted(edges, u, side="right") - 1, 0, len(self.parts) - 1)
        out = np.empty(u.shape)
        for i, (law, cap) in enumerate(zip(self.parts, self.caps, strict=True)):
            chosen = part == i
            within = np.clip((u[chosen] - edges[i]) / self.weights[i], 0.0, np.nextafter(1.0, 0.0))
            out[chosen] = np.minimum(law.ppf(within), cap)
        return out

    def survival(self, x: Any) -> Floats:
        """Return the probability of a draw above ``x``."""
        x = np.asarray(x, dtype=np.float64)
        return np.asarray(
            sum(
                weight * np.where(x < cap, part.sf(x), 0.0)
                for part, weight, cap in zip(self.parts, self.weights, self.caps, strict=True)
            )
        )

    def quantile(self, p: float) -> float:
        """Return the smallest value that a draw stays at or below with a probability of ``p``."""
        from scipy.optimize import bisect

        ends = [float(np.minimum(part.ppf(p), cap)) for part, cap in zip(self.parts, self.caps, strict=True)]
        low, high = min(ends), max(ends)
        if low == high or self.survival(low) <= 1 - p:
            return low
        x = float(bisect(lambda x: 0.5 if self.survival(x) <= 1 - p else -0.5, low, high))
        return x if self.survival(x) <= 1 - p else min(x * (1 + 1e-9), high)

    def left_at(self, u: Floats) -> Floats:
        """Turn uniform numbers in [0, 1) into what is left of a length that is met by chance, in its midst.

        Its density is the survival function over the mean: long lengths are met more often.
        """
        passed, at = self._passed
        return np.interp(u, passed / passed[-1], at)

    def beyond(self, x: Floats) -> Floats:
        """Return by how much draws pass each ``x`` on average: E[max(X - x, 0)]."""
        passed, at = self._passed
        return np.maximum(self.mean - np.interp(x, at, passed, right=self.mean), 0.0)

    @property
    def longest(self) -> float:
        """What a draw passes once in a million million times at most."""
        return float(self._passed[1][-1])

    @cached_property
    def _passed(self) -> tuple[Floats, Floats]:
        """The integral of the survival function up to some values, and these."""
        last = self.quantile(1 - 1e-12)
        at = np.append(0.0, np.geomspace(last * 1e-9, last, 8001))
        survival = self.survival(at)
        return np.append(0.0, np.cumsum((survival[1:] + survival[:-1]) / 2 * np.diff(at))), at

    @cached_property
    def mean(self) -> float:
        """The mean of a draw, its cap included."""
        return self._moment(1)

    @cached_property
    def variance(self) -> float:
        """The variance of a draw, its cap included."""
        return max(self._moment(2) - self.mean**2, 0.0)

    @property
    def deviation(self) -> float:
        """The standard deviation of a draw, its cap included."""
        return sqrt(self.variance)

    def _moment(self, order: int) -> float:
        return sum(
            weight * _moment(part, cap, order)
            for part, weight, cap in zip(self.parts, self.weights, self.caps, strict=True)
        )


def of_values(values: Sequence[float], cap: float | None = None) -> Law:
    """Return the law that draws again from values."""
    return Law(
        (Sample(np.sort(np.asarray(values, dtype=np.float64))),), (1.0,), (inf if cap is None else cap,)
    )


def of_family(frozen: Any, cap: float | None = None) -> Law:
    """Return a frozen ``scipy.stats`` law, cut off at a cap."""
    return Law((frozen,), (1.0,), (inf if cap is None else cap,))


def _moment(part: Any, cap: float, order: int) -> float:
    """Return E[min(X, cap)^order], by the survival function over the logarithm of x where there is a cap."""
    if isinstance(part, Sample):
        return float(np.mean(np.minimum(part.values, cap) ** order))
    if cap == inf:
        with np.errstate(all="ignore"):  # a moment may be more than a float holds
            return float(part.moment(order))
    from scipy.integrate import simpson

    least = max(float(part.ppf(1e-9)), cap * 1e-15)
    if least >= cap:
        return float(cap**order)
    at = np.geomspace(least, cap, 8001)
    return float(least**order + simpson(order * at**order * part.sf(at), x=np.log(at)))
