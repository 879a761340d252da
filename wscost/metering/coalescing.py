"""Many connections to few that make objects live the same lives: a loop, run as it stands or compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wscost.intervals import Ints
from wscost.trace import OPEN

Ints32 = npt.NDArray[np.int32]
NONE = -1

Columns = tuple[Ints, Ints, Ints32]
"""Opened, closed, and the object's number."""


def coalesce(
    sockets: Columns, end: int, pinned: int, latest: tuple[Ints, Ints], kept: tuple[Columns, int]
) -> int:
    """Add connections to those kept, as one with another where no clock tells; return how many there are.

    ``latest`` has for each object the place in ``kept`` of the connection that others may become one with:
    of those that close in the window, and of those that outlast it; ``NONE`` at first. Two that close become
    one if no moment lies between them at which the object is not active, which it is for ``pinned`` after
    each; of those that outlast the window, the first does for all.
    """
    opened, closed, objects = sockets
    closing, outlasting = latest
    (begins, ends, numbers), count = kept
    for i in range(len(opened)):
        o, c, number = opened[i], closed[i], objects[i]
        lasts = c > end
        if lasts:
            c = OPEN
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
