"""Sums of whole numbers under way, side by side in one array: 64 bits as long as they are enough."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
import numpy.typing as npt

from wscost.intervals import Ints

ENOUGH = 2**62
"""A sum this large goes on in Python's integers, which have no end."""

Exact = npt.NDArray[np.object_]


class Totals:
    """Arrays of sums by name, each of a shape of its own; all begin at nought.

    Loops add to ``under_way``; whoever had them add lets the totals ``settle`` before the next.
    """

    def __init__(self, shapes: Mapping[object, tuple[int, ...]]) -> None:
        self._shapes = dict(shapes)
        edges = np.cumsum([0, *map(prod, self._shapes.values())])
        self._places = {name: slice(*edges[nth : nth + 2].tolist()) for nth, name in enumerate(self._shapes)}
        self._under_way = np.zeros(edges[-1], dtype=np.int64)
        self._settled = np.zeros(edges[-1], dtype=object)

    def under_way(self, name: object) -> Ints:
        """Return what may be added to."""
        found: Ints = self._under_way[self._places[name]].reshape(self._shapes[name])
        return found

    def settle(self) -> None:
        """Make room again where a sum comes near to what 64 bits hold."""
        if self._under_way.max(initial=0) >= ENOUGH:
            self._settled += self._under_way
            self._under_way[:] = 0

    def of(self, name: object) -> Exact:
        """Return sums as Python's integers."""
        here = self._places[name]
        found: Exact = (self._settled[here] + self._under_way[here]).reshape(self._shapes[name])
        return found

    def add_all(self, other: Totals) -> None:
        """Add sums of the same names and shapes."""
        self._settled += other._settled + other._under_way
