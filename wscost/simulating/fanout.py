"""What rooms pass on: messages that everybody in an object hears."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wscost.intervals import Intervals, union
from wscost.profile.law import Floats
from wscost.profile.messages import Push
from wscost.profile.quantities import likely
from wscost.simulating.messages import Instants, Present, at_least_none, ticks, ticks_between
from wscost.simulating.streams import NEVER, Ints, microseconds, nth_in_group
from wscost.units import MICROSECONDS_PER_SECOND

_SPREAD = (5**0.5 - 1) / 2


def heard(present: Present, *said: tuple[Ints, float]) -> list[Floats]:
    """Return how much of what is said in its object falls into each connection's presence, its own included.

    What a connection says is spread evenly over its presence: for given totals that is the mean of what
    others hear of a Poisson sender. Beside each amount stands how fine its rate is taken (parts of one a
    second): in whole parts sums are exact, and no object's figures depend on another's.
    """
    rows, line = len(present.room), _Line(present)
    at = np.concatenate([line.key(present.object, present.start), line.key(present.object, present.end)])
    order = np.argsort(at)
    gap = np.diff(at[order], append=at[order[-1:]]) / MICROSECONDS_PER_SECOND
    length = np.maximum(present.end - present.start, 1) / MICROSECONDS_PER_SECOND
    out = []
    for amount, fine in said:
        rate = np.rint(amount / length * fine).astype(np.int64)
        rate[present.end == present.start] = 0
        slope = np.cumsum(np.concatenate([rate, -rate])[order])
        area = np.rint(slope * gap).astype(np.int64)
        until = np.empty(len(order), dtype=np.int64)
        until[order] = np.cumsum(area) - area
        out.append((until[rows:] - until[:rows]) / fine)
    return out


class Sayings(NamedTuple):
    """What is said in objects; ``by`` is the row that speaks, -1 for the room itself."""

    object: Ints
    at: Ints
    by: Ints
    bytes: Ints


def delivered(present: Present, sayings: Sayings, echo: bool) -> tuple[Instants, Ints]:
    """Return who hears what and when: rows of ``Present``, and beside each the size of the message."""
    line = _Line(present)
    said = line.key(sayings.object, sayings.at)
    order = np.argsort(said, kind="stable")
    said = said[order]
    first = np.searchsorted(said, line.key(present.object, present.start))
    count = np.searchsorted(said, line.key(present.object, present.end)) - first
    row = np.repeat(np.arange(len(count)), count)
    saying = order[np.repeat(first, count) + nth_in_group(count)]
    if not echo:
        others = sayings.by[saying] != row
        row, saying = row[others], saying[others]
    return Instants(row, sayings.at[saying]), sayings.bytes[saying]


def pushed_counts(push: Push, present: Present) -> Ints:
    """Return how many of its room's pushes each connection is there for."""
    if push.arrivals == "poisson":
        return present.streams.poisson(present.room, present.seconds / likely(push.every))
    phase = _phase(push, present.room, present.group)
    first, after_last = ticks_between(phase, likely(push.every), present.start, present.end)
    return at_least_none(after_last - first)


def pushes(push: Push, present: Present) -> Instants:
    """Return when each object is pushed to, an object as one row that is in it; an empty one is not."""
    every = likely(push.every)
    spell = union(Intervals(present.object, present.start, present.end))
    someone = np.empty(int(present.object.max(initial=-1)) + 1, dtype=np.int64)
    someone[present.object] = np.arange(len(present.object))
    row = someone[spell.group]
    room = present.room[row]
    if push.arrivals == "even":
        phase = _phase(push, room, present.group[row])
        first, after_last = ticks_between(phase, every, spell.start, spell.end)
        which, at = ticks(phase, every, first, at_least_none(after_last - first))
        return Instants(row[which], at)
    length = spell.end - spell.start
    count = present.streams.poisson(room, length / (every * MICROSECONDS_PER_SECOND))
    part = present.streams.uniforms(np.repeat(room, count))
    at = np.repeat(spell.start, count) + (part * np.repeat(length, count)).astype(np.int64)
    return Instants(np.repeat(row, count), at)


def _phase(push: Push, room: Ints, group: Ints) -> Ints:
    """Return a time at which an object is pushed to; objects are spread evenly over the interval. [µs]"""
    return microseconds((room + group) * _SPREAD % 1 * likely(push.every))


class _Line:
    """Objects laid end to end on one line of time, so that one sort serves them all."""

    def __init__(self, present: Present) -> None:
        self._start = int(present.start.min(initial=NEVER))
        self._span = int(present.end.max(initial=0)) - self._start + 1

    def key(self, object_: Ints, at: Ints) -> Ints:
        return object_ * self._span + (at - self._start)
