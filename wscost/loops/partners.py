"""Pairs of what was asked for and what came of it."""

from __future__ import annotations

import cython

from wscost.loops import Flags, Ints


def match(
    fronts: Ints,
    front_groups: Ints,
    front_places: Ints,
    fronts_alone: Flags,
    inner: Ints,
    inner_groups: Ints,
    inner_places: Ints,
    inner_alone: Flags,
    before: int,
    after: int,
    free: Ints,
) -> None:
    """Clear what finds its partner of the same group, which lies so long before or after it. [µs]

    Fronts and inner events stand by group and there in order of time; an inner event is matched with the last
    front that is still free. ``front_places`` and ``inner_places`` say which flag is whose; ``free`` is room
    for as many fronts as there are.
    """
    front = waiting = 0
    with cython.nogil:
        for i in range(len(inner)):
            at, group = inner[i], inner_groups[i]
            while front < len(fronts) and (
                front_groups[front] < group or (front_groups[front] == group and fronts[front] <= at + before)
            ):
                free[waiting] = front
                waiting += 1
                front += 1
            while waiting > 0 and front_groups[free[waiting - 1]] != group:
                waiting -= 1
            if waiting > 0 and at - fronts[free[waiting - 1]] <= after:
                waiting -= 1
                fronts_alone[front_places[free[waiting]]] = False
                inner_alone[inner_places[i]] = False
