"""Traffic: connections and their messages, a stretch of time after the other, as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil

import numpy as np
import numpy.typing as npt

from wscost.profile.executors import DAY_S
from wscost.profile.model import Profile
from wscost.profile.quantities import likely
from wscost.simulating.conversations import Wanted, converse
from wscost.simulating.curves import Timeline
from wscost.simulating.messages import Present
from wscost.simulating.reconnects import connections, deployments
from wscost.simulating.sessions import Arrivals, Sessions
from wscost.simulating.sockets import HAPPENING, Happenings, Sockets
from wscost.simulating.streams import Ints, Streams, nth_in_group
from wscost.units import MICROSECONDS_PER_DAY
from wscost.usage import Period

MOST_DAYS_BEFORE = 14
"""The first day begins with people who came up to so many days before."""
TAIL = 1e-4
"""Sessions longer than all but this share of them may be missing from the first moment."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of time ``[start, end)`` and everything that is in it. [µs since 1970]"""

    start: int
    end: int
    sockets: Sockets
    """All connections that were open in it; counts run from their opening to its end."""
    ended: npt.NDArray[np.bool_]
    """Which of them closed in it."""
    happenings: Happenings | None
    """Its events, where they are asked for."""
    last: bool


def traffic(
    profile: Profile,
    period: Period,
    *,
    seed: int,
    rooms: Sequence[int] | None = None,
    wanted: Wanted = "none",
    parts_per_day: int = 1,
    within: Sequence[tuple[int, int]] = (),
    first_day: date | None = None,
) -> Iterator[Stretch]:
    """Simulate the rooms of a profile over a period, a part of a UTC day after the other.

    Days hold their rooms' people whatever the period; only virtual users go on from the day before.
    With ``within``, times in order, only those are yielded, and what is said elsewhere is not listed.
    What happens once counts from ``first_day``, that of the period by default.
    """
    timeline = Timeline(profile.calendar, first_day or period.start)
    before = min(ceil(profile.session_law.quantile(1 - TAIL) / DAY_S), MOST_DAYS_BEFORE)
    first, after_last = period.start - timedelta(days=before), period.end
    deploys = deployments(profile, timeline, seed, first - timedelta(days=1), after_last)
    chosen = np.arange(len(profile.shares)) if rooms is None else np.unique(np.asarray(rooms, dtype=np.int64))
    arrivals = Arrivals(profile, timeline, chosen, _at(first), _at(after_last))
    chosen_starts = {start for start, _ in within}
    pool, late = Sockets.none(), np.zeros(0, dtype=HAPPENING)
    for day in (first + timedelta(days=i) for i in range((after_last - first).days)):
        streams = Streams(seed, day.toordinal())
        pool = pool.with_more(_opened(profile, day, arrivals.of_day(_at(day), streams), deploys, streams))
        for start, end in pairwise(_edges(day, 1 if day < period.start else parts_per_day, within)):
            counted = day < period.start or (bool(within) and start not in chosen_starts)
            here = pool.opened < end
            sockets, pool = (pool, pool.take(~here)) if here.all() else (pool.take(here), pool.take(~here))
            happenings = converse(
                profile, _present(sockets, start, end, streams), sockets, "none" if counted else wanted
            )
            if happenings is not None:
                happenings = np.concatenate([late, happenings])
                late = happenings[happenings["at"] >= end]
                happenings = happenings[happenings["at"] < end]
                happenings = happenings[np.argsort(happenings["at"], kind="stable")]
            ended = sockets.closed < end
            if not counted:
                yield Stretch(start, end, sockets, ended, happenings, end == _at(after_last))
            pool = sockets.take(~ended).with_more(pool)


def _edges(day: date, parts: int, within: Sequence[tuple[int, int]]) -> list[int]:
    """Return where the parts of a day begin and end: equal ones, or times and what is left between them."""
    start, end = _at(day), _at(day) + MICROSECONDS_PER_DAY
    if within:
        return sorted({start, end, *(at for time in within for at in time if start < at < end)})
    return [start + part * MICROSECONDS_PER_DAY // parts for part in range(parts + 1)]


def _opened(profile: Profile, day: date, sessions: Sessions, deploys: Ints, streams: Streams) -> Sockets:
    """Return the connections that a day's sessions come to, numbered in each room."""
    group = np.zeros(len(sessions.room), dtype=np.int64)
    places = places_in_a_room(profile)
    if places is not None:
        order = np.lexsort((sessions.start, sessions.room))
        sessions = Sessions(*(column[order] for column in sessions))
        group = _nth_of_run(sessions.room) // places
    pieces = connections(sessions, profile, deploys, streams)
    room = sessions.room[pieces.session]
    counts = (np.zeros(len(room), dtype=np.int64) for _ in range(4))
    opened = Sockets(
        room,
        np.full(len(room), day.toordinal()),
        _nth_of_run(room),
        group[pieces.session],
        pieces.opened,
        pieces.closed,
        *counts,
    )
    before = opened.closed <= _at(day)
    return opened.take(~before) if before.any() else opened


def places_in_a_room(profile: Profile) -> int | None:
    """Return how many fill a room; None where people choose rooms by popularity."""
    rooms = profile.rooms
    if rooms is None or rooms.choice != "fill" or rooms.size is None:
        return None
    return max(round(likely(rooms.size)), 1)


def objects_of(sockets: Sockets) -> Ints:
    """Return a number for each connection's object: its room's, or of rooms that fill one of their own."""
    if not sockets.group.any():
        return sockets.room
    key = sockets.room << 44 | (sockets.day & 0xFFF) << 32 | sockets.group
    return np.asarray(np.unique(key, return_inverse=True)[1], dtype=np.int64)


def _present(sockets: Sockets, start: int, end: int, streams: Streams) -> Present:
    return Present(
        room=sockets.room,
        group=sockets.group,
        object=objects_of(sockets),
        opened=sockets.opened,
        closed=sockets.closed,
        start=np.maximum(sockets.opened, start),
        end=np.minimum(sockets.closed, end),
        stretch=(start, end),
        streams=streams,
    )


def _nth_of_run(sorted_: Ints) -> Ints:
    """Return 0, 1, 2 … within each run of equal numbers."""
    first = np.flatnonzero(np.append(True, sorted_[1:] != sorted_[:-1])) if len(sorted_) else sorted_
    return nth_in_group(np.diff(first, append=len(sorted_)))


def _at(day: date) -> int:
    """Return the first moment of a UTC day. [µs since 1970]"""
    return (day - date(1970, 1, 1)).days * MICROSECONDS_PER_DAY
