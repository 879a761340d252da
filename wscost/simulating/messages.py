"""What connections send and are sent by themselves: how many messages, or when each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from wscost.profile.law import Floats, Law
from wscost.profile.messages import Interval, Own, Poisson
from wscost.profile.quantities import likely
from wscost.simulating.streams import Ints, Streams, nth_in_group, running_sums
from wscost.units import MICROSECONDS_PER_SECOND


@dataclass(frozen=True)
class Present:
    """Connections in a stretch of time, grouped by room: parallel arrays. [µs since 1970]"""

    room: Ints
    group: Ints
    """Which of the room's objects: 0 where a room is one object."""
    object: Ints
    """The object each connection is in, numbered from 0 among those present."""
    opened: Ints
    closed: Ints
    start: Ints
    """When it opened, or the stretch began."""
    end: Ints
    """When it closed, or the stretch ended."""
    stretch: tuple[int, int]
    streams: Streams

    @property
    def seconds(self) -> Floats:
        """How long each connection is open in the stretch. [s]"""
        return (self.end - self.start) / MICROSECONDS_PER_SECOND


class Instants(NamedTuple):
    """When something happens to which row of ``Present``; grouped by row. [µs since 1970]"""

    row: Ints
    at: Ints


def counts(process: Own, present: Present) -> Ints:
    """Return how many messages of a process each connection has."""
    if isinstance(process, Interval):
        first, after_last = _ticks(process, present)
        return at_least_none(after_last - first)
    if isinstance(process, Poisson):
        mean = present.seconds / likely(process.every)
    else:
        stays = _stays(process.phases, present)
        expected = (stays.end - stays.start) * stays.rate / MICROSECONDS_PER_SECOND
        mean = np.asarray(np.bincount(stays.row, expected, len(present.room)), dtype=np.float64)
    return present.streams.poisson(present.room, mean)


def instants(process: Own, present: Present) -> Instants:
    """Return when each connection has messages of a process."""
    if isinstance(process, Interval):
        first, after_last = _ticks(process, present)
        return ticks(present.opened, likely(process.every), first, at_least_none(after_last - first))
    if isinstance(process, Poisson):
        row, start, end = np.arange(len(present.room)), present.start, present.end
        rate: Floats | float = 1 / likely(process.every)
    else:
        row, start, end, rate = _stays(process.phases, present)
    room = present.room[row]
    count = present.streams.poisson(room, (end - start) * rate / MICROSECONDS_PER_SECOND)
    part = present.streams.uniforms(np.repeat(room, count))
    at = np.repeat(start, count) + (part * np.repeat(end - start, count)).astype(np.int64)
    return Instants(np.repeat(row, count), at)


def ticks(origin: Ints, every_s: float, first: Ints, count: Ints) -> Instants:
    """Return the first-th and following multiples of an interval after each row's origin."""
    row = np.repeat(np.arange(len(count)), count)
    nth = np.repeat(first, count) + nth_in_group(count)
    return Instants(row, origin[row] + np.rint(nth * (every_s * MICROSECONDS_PER_SECOND)).astype(np.int64))


def at_least_none(count: Ints) -> Ints:
    """Return counts, those below zero as zero."""
    return np.maximum(count, 0).astype(np.int64)


def ticks_between(origin: Ints, every_s: float, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return the first multiple of an interval not before each row's start, and not before its end."""
    every = every_s * MICROSECONDS_PER_SECOND
    return (
        np.ceil((start - origin) / every).astype(np.int64),
        np.ceil((end - origin) / every).astype(np.int64),
    )


def _ticks(process: Interval, present: Present) -> tuple[Ints, Ints]:
    first, after_last = ticks_between(present.opened, likely(process.every), present.start, present.end)
    return np.maximum(first, 1), after_last


class _Stays(NamedTuple):
    """Stretches of time that a row spends in one phase, and the rate of messages in it. [µs, 1/s]"""

    row: Ints
    start: Ints
    end: Ints
    rate: Floats


def _stays(phases: list[tuple[float, Law]], present: Present) -> _Stays:
    """Cut each connection's time into stays in phases, from one that it is met in by chance."""
    streams, many = present.streams, len(phases)
    means = np.array([law.mean for _, law in phases])
    rates = np.array([rate for rate, _ in phases])
    phase = np.searchsorted(np.cumsum(means[:-1]) / means.sum(), streams.uniforms(present.room), side="right")
    reached = present.start.copy()
    todo = np.flatnonzero(reached < present.end)
    parts: list[tuple[Ints, Ints, Ints, Floats]] = []
    generous = 1.2
    while len(todo):
        if parts:
            cycles = (present.end - reached)[todo] / (means.sum() * MICROSECONDS_PER_SECOND)
            count = np.ceil(generous * many * cycles).astype(np.int64) + 1
            generous *= 2
        else:  # many a connection ends in the phase that it began in
            count = np.ones(len(todo), dtype=np.int64)
        row = np.repeat(todo, count)
        nth = nth_in_group(count)
        state = (phase[row] + nth) % many
        chance = streams.uniforms(present.room[row])
        length = np.empty(len(row))
        for i, (_, law) in enumerate(phases):
            chosen = state == i
            length[chosen] = law.at(chance[chosen])
            if not parts:
                met = chosen & (nth == 0)
                length[met] = law.left_at(chance[met])
        lasting = np.maximum(np.rint(length * MICROSECONDS_PER_SECOND), 1).astype(np.int64)
        end = reached[row] + running_sums(lasting, count)
        start = end - lasting
        inside = start < present.end[row]
        parts.append(
            (row[inside], start[inside], np.minimum(end, present.end[row])[inside], rates[state[inside]])
        )
        reached[todo] = end[np.cumsum(count) - 1]
        phase[todo] = (phase[todo] + count) % many
        todo = todo[reached[todo] < present.end[todo]]
    if not parts:
        return _Stays(*(np.empty(0, np.int64),) * 3, np.empty(0))
    row, start, end, rate = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(row, kind="stable")
    return _Stays(row[order], start[order], end[order], rate[order])
