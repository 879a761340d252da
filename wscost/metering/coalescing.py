"""Many spans of objects to few that make them live the same lives: a loop, run as it stands or compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from wscost.compiling import fixed
from wscost.intervals import Ints
from wscost.trace import OPEN

Ints32 = npt.NDArray[np.int32]
N = TypeVar("N", bound=np.integer[Any])
NONE = -1

Columns = tuple[Ints, Ints, Ints32]
"""From when, until when [µs], and the object's number: of connections, or of runs of handlers."""


def coalesce(
    spans: Columns, end: int, pinned: int, latest: tuple[Ints, Ints], kept: tuple[Columns, int]
) -> int:
    """Add spans to those kept, as one with another where no clock tells; return how many there are.

    ``latest`` has for each object the place in ``kept`` of the span that others may become one with:
    of those that end by ``end``, and of those that outlast it; ``NONE`` at first. Two that end become
    one if no moment lies between them at which the object is not active, which it is for ``pinned`` after
    each; of those that outlast the end, the first does for all, kept until just after it.
    """
    opened, closed, objects = spans
    closing, outlasting = latest
    (begins, ends, numbers), count = kept
    for i in range(len(opened)):
        o, c, number = opened[i], closed[i], objects[i]
        lasts = c > end
        if lasts:
            c = end + 1
        at = outlasting[number] if lasts else closing[number]
        if at != NONE and (lasts or (o <= ends[at] + pinned and begins[at] <= c + pinned)):
            begins[at] = min(begins[at], o)
            ends[at] = max(ends[at], c)
            continue
        if lasts:
            outlasting[number] = count
        else:
            closing[number] = count
        begins[count], ends[count], numbers[count] = o, c, number
        count += 1
    return count


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

    ``loop`` is the one above; without an ``end`` none outlasts it.
    """

    def __init__(self, loop: Callable[..., int], end: int = OPEN, pinned: int = 0) -> None:
        self._loop, self._end, self._pinned = loop, end, pinned
        nothing = np.empty(0, dtype=np.int64)
        self._latest = nothing, nothing
        self._kept: Columns = (nothing, nothing, nothing.astype(np.int32))
        self._count = 0

    def add(self, spans: Columns) -> None:
        """Add spans of objects that have a number."""
        objects = int(spans[2].max(initial=NONE)) + 1
        closing, outlasting = (_longer(latest, objects, NONE) for latest in self._latest)
        begun, ended, numbers = self._kept
        room = self._count + len(spans[0])
        self._latest = closing, outlasting
        self._kept = _longer(begun, room), _longer(ended, room), _longer(numbers, room)
        given = tuple(fixed(column) for column in spans)
        self._count = self._loop(given, self._end, self._pinned, self._latest, (self._kept, self._count))

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
