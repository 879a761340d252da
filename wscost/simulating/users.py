"""Virtual users: so many at once, each opening a new session when one ends. Times in µs since 1970."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wscost.profile.executors import Vus
from wscost.profile.law import Floats, Law
from wscost.simulating.curves import Timeline
from wscost.simulating.streams import (
    NEVER,
    Ints,
    Streams,
    microseconds,
    nth_in_group,
    running_sums,
)
from wscost.units import MICROSECONDS_PER_SECOND

GRACE_S = 30.0
"""k6's default ``gracefulRampDown`` and ``gracefulStop``. [s]"""
_SPREAD = (5**0.5 - 1) / 2


@dataclass
class Users:
    """Shifts of virtual users, grouped by room: one is at work from ``on`` until ``off``.

    The number at work follows the scenario's course: user i is at work while it is above i + 1/2.
    Users belong to rooms for good, in such an order that any first n are spread by the rooms' shares.
    """

    room: Ints
    on: Ints
    off: Ints
    grace: int
    """How long after that a session may still last. [µs]"""
    pause: Law
    next_at: Ints
    """When each next opens a session."""

    @classmethod
    def of(
        cls, scenario: Vus, timeline: Timeline, shares: Floats, rooms: Ints, between: tuple[int, int]
    ) -> Users:
        """Return the users of a scenario between two times, of these rooms."""
        begin, end = between
        user, on, off = _shifts(*timeline.points(scenario, begin / 1e6, end / 1e6))
        room = _rooms_of_users(shares, int(user.max(initial=-1)) + 1)[user]
        kept = np.isin(room, rooms)
        order = np.lexsort((on[kept], user[kept], room[kept]))
        room, on, off = (column[kept][order] for column in (room, on, off))
        grace = int(getattr(scenario, "graceful_ramp_down", GRACE_S) * MICROSECONDS_PER_SECOND)
        return cls(room, on, off, grace, scenario.pause.law(), on.copy())

    def begin_in_the_midst(self, begin: int, law: Law, streams: Streams) -> tuple[Ints, Ints, Ints]:
        """Return room, start and end of the sessions that those at work at the beginning are met in.

        The others are met in a pause, and of either as much is left as of a length that is met by chance.
        """
        first = np.flatnonzero(self.on == begin)
        inside = streams.uniforms(self.room[first]) * (law.mean + self.pause.mean) < law.mean
        here, away = first[inside], first[~inside]
        room = self.room[here]
        since, left = _met_in(law, streams.uniforms(room), streams.uniforms(room))
        end = begin + np.maximum(left, 1)
        self.next_at[here] = end + streams.lengths(room, self.pause)
        if len(away):
            resting = self.pause.left_at(streams.uniforms(self.room[away]))
            self.next_at[away] = begin + microseconds(resting)
        return room, begin - since, np.minimum(end, self.off[here] + self.grace)

    def sessions(self, end: int, law: Law, streams: Streams) -> tuple[Ints, Ints, Ints]:
        """Return room, start and end of the sessions that start from where it was left until a time."""
        parts = [(np.empty(0, np.int64),) * 3]
        cycle_us = (law.mean + self.pause.mean) * MICROSECONDS_PER_SECOND
        todo = np.flatnonzero(self.next_at < np.minimum(self.off, end))
        while len(todo):
            until = np.minimum(self.off[todo], end)
            count = np.ceil(1.2 * (until - self.next_at[todo]) / cycle_us).astype(np.int64) + 4
            room = np.repeat(self.room[todo], count)
            stay = np.maximum(streams.lengths(room, law), 1)
            cycle = stay + streams.lengths(room, self.pause) if self.pause.mean else stay
            after = np.repeat(self.next_at[todo], count) + running_sums(cycle, count)
            start = after - cycle
            kept = start < np.repeat(until, count)
            finish = np.minimum(start + stay, np.repeat(self.off[todo], count) + self.grace)
            parts.append((room[kept], start[kept], finish[kept]))
            first = np.cumsum(count) - count
            many = np.add.reduceat(kept.astype(np.int64), first)
            self.next_at[todo] = after[first + many - 1]
            todo = todo[self.next_at[todo] < until]
        room, start, finish = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return room, start, finish


def _met_in(law: Law, u: Floats, v: Floats) -> tuple[Ints, Ints]:
    """Turn uniform numbers in [0, 1) into what is over and what is left of lengths met by chance. [µs]

    Given what is left, the whole length follows the law of those that are longer.
    """
    left = law.left_at(u)
    longest = law.quantile(1 - 1e-12)
    length = np.geomspace(longest * 1e-9, longest, 8001)
    whole = np.interp((1 - v) * law.survival(left), law.survival(length)[::-1], length[::-1])
    return microseconds(np.maximum(whole - left, 0.0)), microseconds(left)


def _shifts(at: Floats, level: Floats) -> tuple[Ints, Ints, Ints]:
    """Return who is at work from when until when, for a number of users that is linear between points."""
    working = np.maximum(np.ceil(level - 0.5), 0).astype(np.int64)
    come = np.maximum(np.diff(working), 0)
    go = np.maximum(-np.diff(working), 0)
    at_first, at_last = np.arange(working[0]), np.arange(working[-1])
    on_user, on_at = _crossings(at, level, working[:-1], come)
    off_user, off_at = _crossings(at, level, working[1:], go)
    on_user = np.concatenate([at_first, on_user])
    on_at = np.concatenate([np.full(len(at_first), microseconds(at[0])), on_at])
    off_user = np.concatenate([off_user, at_last])
    off_at = np.concatenate([off_at, np.full(len(at_last), NEVER)])
    by_on, by_off = np.lexsort((on_at, on_user)), np.lexsort((off_at, off_user))
    return on_user[by_on], on_at[by_on], off_at[by_off]


def _crossings(at: Floats, level: Floats, first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Return when each user's threshold is crossed; ``count`` users from ``first`` on in each segment."""
    segment = np.repeat(np.arange(len(count)), count)
    user = first[segment] + nth_in_group(count)
    before, after = level[segment], level[segment + 1]
    part = np.clip((user + 0.5 - before) / (after - before), 0.0, 1.0)
    return user, microseconds(at[segment] + part * (at[segment + 1] - at[segment]))


def _rooms_of_users(shares: Floats, users: int) -> Ints:
    """Return a room for each user, so that the first n of them, for any n, are spread by share."""
    count = np.ceil(shares * (users + len(shares))).astype(np.int64) + 1
    room = np.repeat(np.arange(len(shares)), count)
    offset = (np.arange(1, len(shares) + 1) * _SPREAD) % 1
    turn = (nth_in_group(count) + np.repeat(offset, count)) / np.repeat(shares, count)
    return room[np.argsort(turn, kind="stable")[:users]]
