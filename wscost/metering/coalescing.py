"""Spans of objects, as few as make them live the same lives, and cut into shares."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from wscost.intervals import Ints
from wscost.loops import NONE, Ints32
from wscost.loops.spans import coalesce
from wscost.trace import OPEN

N = TypeVar("N", bound=np.integer[Any])

Columns = tuple[Ints, Ints, Ints32]
"""From when, until when [µs], and the object's number: of connections, or of runs of handlers."""


class InShares(NamedTuple):
    """Spans, those of the same share side by side and there in order of time."""

    spans: Columns
    since: Ints
    """Where each share begins, and where the last one ends."""

    def share(self, number: int, first_object: int) -> Columns:
        """Return one share, with objects by their place in it."""
        chosen = slice(*self.since[number : number + 2])
        begun, ended, objects = self.spans
        return begun[chosen], ended[chosen], objects[chosen] - np.int32(first_object)


class Coalescing:
    """Spans of objects, as few as there need be, that come in any order.

    Without an ``end`` none outlasts it.
    """

    def __init__(self, end: int = OPEN, pinned: int = 0) -> None:
        self._end, self._pinned = end, pinned
        nothing = np.empty(0, dtype=np.int64)
        self._latest = nothing, nothing
        self._kept: Columns = (nothing, nothing, nothing.astype(np.int32))
        self._count = 0

    def add(self, spans: Columns) -> None:
        """Add spans of objects that have a number."""
        objects = int(spans[2].max(initial=NONE)) + 1
        closing, outlasting = (_longer(latest, objects, NONE) for latest in self._latest)
        room = self._count + len(spans[0])
        begins, ends, numbers = self._kept
        begins, ends, numbers = _longer(begins, room), _longer(ends, room), _longer(numbers, room)
        self._latest, self._kept = (closing, outlasting), (begins, ends, numbers)
        until = self._end, self._pinned
        self._count = coalesce(*spans, *until, closing, outlasting, begins, ends, numbers, self._count)

    @property
    def objects(self) -> Ints32:
        """Whose they are."""
        return self._kept[2][: self._count]

    def in_shares(self, places: Ints32, shares: npt.NDArray[Any], count: int) -> InShares:
        """Return what is kept, given each object's place and share, and how many shares there are."""
        begun, ended, objects = self._kept
        rising = np.argsort(begun[: self._count], kind="stable")
        of_share = shares[self.objects]
        turn = rising[np.argsort(of_share[rising], kind="stable")]
        return InShares((begun[turn], ended[turn], places[objects[turn]]), bounds(of_share, count))


def bounds(shares: npt.NDArray[Any], count: int) -> Ints:
    """Return where each of so many shares begins when they stand side by side, and where the last ends."""
    since: Ints = np.concatenate([[0], np.cumsum(np.bincount(shares, minlength=count))])
    return since


def _longer(array: npt.NDArray[N], size: int, value: int = 0) -> npt.NDArray[N]:
    """Make room for at least so many, twice as much as there was."""
    if size <= len(array):
        return array
    room = np.full(max(size, 2 * len(array)), value, dtype=array.dtype)
    room[: len(array)] = array
    return room
