"""Sums of whole numbers under way, side by side in one array: 64 bits as long as they are enough.

What a loop adds at once must not overflow them: rows are added in portions that cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

import numpy as np
import numpy.typing as npt

from wscost.intervals import ENOUGH, Ints

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


def portions(rows: int, largest: int) -> Iterator[slice]:
    """Cut rows so that what each adds, at most so much, comes to less than 64 bits hold; mostly into one."""
    size = max(ENOUGH // max(largest, 1), 1)
    for first in range(0, rows, size):
        yield slice(first, min(first + size, rows))


def narrow(exact: Exact) -> Ints:
    """Return sums in 64 bits where they are enough."""
    enough = exact.max(initial=0) < 2 * ENOUGH
    return exact.astype(np.int64) if enough else exact  # type: ignore[return-value]
