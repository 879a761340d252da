"""Interval algebra on plain arrays: union, days, peaks. Knows no frame, no column name, no price.

Every interval is half open, ``[start, end)``; every time is an integer number of microseconds;
intervals that touch belong together. Groups are small integers, one union a group.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wscost.units import MICROSECONDS_PER_DAY

Ints = npt.NDArray[np.int64]
ENOUGH = 2**62
"""Sums that may come to so much are made of Python's integers, which have no end."""
_ROOM_FOR_KEYS = 2**62


class Intervals(NamedTuple):
    """Parallel arrays of groups, starts and ends. [µs]"""

    group: Ints
    start: Ints
    end: Ints


def union(intervals: Intervals) -> Intervals:
    """Merge the intervals of each group that overlap or touch.

    The order of the input does not matter; the result is sorted by group and start. An interval of
    no length stays if nothing covers it.
    """
    if not len(intervals.start):
        return intervals
    base = intervals.start.min()
    span = int(intervals.end.max() - base) + 1
    groups = int(intervals.group.max()) + 1
    block = max(_ROOM_FOR_KEYS // span, 1)
    if groups <= block:
        return _union_by_key(intervals, base, span)
    parts = []
    for first in range(0, groups, block):
        chosen = (intervals.group >= first) & (intervals.group < first + block)
        part = Intervals(*(column[chosen] for column in intervals))
        merged = _union_by_key(part._replace(group=part.group - first), base, span)
        parts.append(merged._replace(group=merged.group + first))
    return Intervals(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _union_by_key(intervals: Intervals, base: np.int64, span: int) -> Intervals:
    """Lay the groups end to end on one line, so that one sort and one running maximum serve them all."""
    shift = intervals.group * span - base
    start, end = intervals.start + shift, intervals.end + shift
    if np.any(start[1:] < start[:-1]):
        order = np.argsort(start, kind="stable")
        start, end = start[order], end[order]
    reach = np.maximum.accumulate(end)
    first = np.empty(len(start), dtype=bool)
    first[:1] = True
    first[1:] = start[1:] > reach[:-1]
    last = np.append(np.flatnonzero(first)[1:] - 1, len(start) - 1)[: int(first.sum())]
    group = start[first] // span
    back = base - group * span
    return Intervals(group, start[first] + back, reach[last] + back)


def clip(intervals: Intervals, start: int, end: int) -> Intervals:
    """Cut the intervals to ``[start, end)`` and leave out those wholly outside it."""
    inside = (intervals.start < end) & ((intervals.end > start) | (intervals.start >= start))
    return Intervals(
        intervals.group[inside],
        np.maximum(intervals.start[inside], start),
        np.minimum(intervals.end[inside], end),
    )


class Pieces(NamedTuple):
    """Intervals cut at UTC midnights: which row, which day since the epoch, from, to. [µs]"""

    row: Ints
    day: Ints
    start: Ints
    end: Ints


def split_days(start: Ints, end: Ints) -> Pieces:
    """Cut intervals at UTC midnights; an interval of no length is one piece of no length."""
    first = start // MICROSECONDS_PER_DAY
    last = np.maximum((end - 1) // MICROSECONDS_PER_DAY, first)
    count = last - first + 1
    row = np.repeat(np.arange(len(start)), count)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    day = first[row] + nth
    return Pieces(
        row,
        day,
        np.maximum(start[row], day * MICROSECONDS_PER_DAY),
        np.minimum(end[row], (day + 1) * MICROSECONDS_PER_DAY),
    )


def length_by_day(start: Ints, end: Ints, first_day: int, days: int) -> Ints:
    """Sum the lengths of intervals by UTC day; what lies past either end counts for the nearest day. [µs]"""
    pieces = split_days(start, end)
    return sum_by_day(pieces.end - pieces.start, pieces.day, first_day, days)


def sum_by_day(quantity: Ints, day: Ints, first_day: int, days: int) -> Ints:
    """Sum integer quantities by day, exactly; days past either end count for the nearest."""
    kind: Any = np.int64 if int(quantity.max(initial=0)) * len(quantity) < ENOUGH else object
    out: Ints = np.zeros(days, dtype=kind)
    np.add.at(out, np.clip(day - first_day, 0, days - 1), quantity.astype(kind, copy=False))
    return out


def count_by_day(at: Ints, first_day: int, days: int) -> Ints:
    """Count instants by UTC day; days past either end count for the nearest."""
    day = np.clip(at // MICROSECONDS_PER_DAY - first_day, 0, days - 1)
    return np.bincount(day, minlength=days).astype(np.int64)


def peak_by_day(start: Ints, end: Ints, first_day: int, days: int) -> Ints:
    """Return the most intervals that hold one instant, for each UTC day."""
    return peak_by_step(start, end, first_day * MICROSECONDS_PER_DAY, MICROSECONDS_PER_DAY, days)


def peak_by_step(start: Ints, end: Ints, first: int, step: int, steps: int) -> Ints:
    """Return the most intervals that hold one instant, for each of equal steps from ``first`` on. [µs]

    An interval that ends when another starts does not overlap it, and one of no length holds no instant.
    What lies past either end counts for the nearest step.
    """
    lasting = end > start
    start, end = start[lasting], end[lasting]
    bounds = first + np.arange(steps) * step
    at = np.concatenate([end, start, bounds])
    change = np.concatenate(
        [np.full(len(end), -1), np.full(len(start), 1), np.zeros(steps, dtype=np.int64)]
    ).astype(np.int64)
    order = np.argsort(at, kind="stable")
    open_now = np.cumsum(change[order])
    until = at[order] - (change[order] < 0)
    nearest = np.clip((until - first) // step, 0, steps - 1)
    out = np.zeros(steps, dtype=np.int64)
    np.maximum.at(out, nearest, open_now)
    return out
