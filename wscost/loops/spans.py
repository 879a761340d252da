"""Many spans of objects to few that make them live the same lives."""

from __future__ import annotations

import cython

from wscost.loops import NONE, Ints, Ints32


def coalesce(
    opened: Ints,
    closed: Ints,
    objects: Ints32,
    end: int,
    pinned: int,
    closing: Ints,
    outlasting: Ints,
    begins: Ints,
    ends: Ints,
    numbers: Ints32,
    count: int,
) -> int:
    """Add spans to those kept, as one with another where no clock tells; return how many there are.

    Spans are opened and closed in ``objects``; ``count`` are kept, which begin and end in ``numbers``. For
    each object, ``closing`` has the place of the kept one that others may become one with of those that end
    by ``end``, and ``outlasting`` of those that outlast it; ``NONE`` at first. Two that end become one if no
    moment lies between them at which the object is not active, which it is for ``pinned`` after each; of
    those that outlast the end, the first does for all, kept until just after it. Times in µs.
    """
    with cython.nogil:
        for i in range(len(opened)):
            o, number = opened[i], objects[i]
            c = end + 1 if closed[i] > end else closed[i]
            at = outlasting[number] if closed[i] > end else closing[number]
            if at != NONE and (closed[i] > end or (o <= ends[at] + pinned and begins[at] <= c + pinned)):
                begins[at] = min(begins[at], o)
                ends[at] = max(ends[at], c)
                continue
            if closed[i] > end:
                outlasting[number] = count
            else:
                closing[number] = count
            begins[count] = o
            ends[count] = c
            numbers[count] = number
            count += 1
    return count
