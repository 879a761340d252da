"""Sessions: who comes into which room, when, and how long each stays. Times in µs since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from wscost.profile.executors import DAY_S, ArrivalRate, Burst, Vus
from wscost.profile.law import Floats
from wscost.profile.model import Profile
from wscost.profile.quantities import likely
from wscost.simulating.curves import Timeline
from wscost.simulating.streams import Ints, Streams, microseconds, nth_in_group
from wscost.simulating.users import Users
from wscost.units import MICROSECONDS_PER_DAY


class Sessions(NamedTuple):
    """Parallel arrays: the room, the start and the end of each session, grouped by room."""

    room: Ints
    start: Ints
    end: Ints


@dataclass
class Arrivals:
    """The sessions of a profile, day by day in order; virtual users go on from one day to the next."""

    profile: Profile
    timeline: Timeline
    rooms: Ints
    """The rooms to simulate; those left out change nothing in these."""
    begin: int
    end: int

    def __post_init__(self) -> None:
        self._law = self.profile.session_law
        shares = self.profile.shares
        self._share = shares[self.rooms]
        self._up_to = np.append(0.0, np.cumsum(shares)[:-1])[self.rooms]
        self._up_to_and_with = np.append(np.cumsum(shares)[:-1], 1.0)[self.rooms]
        self._users = [
            Users.of(scenario, self.timeline, shares, self.rooms, (self.begin, self.end))
            for scenario in self.profile.scenarios.values()
            if isinstance(scenario, Vus)
        ]

    def of_day(self, start: int, streams: Streams) -> Sessions:
        """Return the sessions that start on a day."""
        parts = [Sessions(*(np.empty(0, np.int64),) * 3)]
        for scenario in self.profile.scenarios.values():
            if isinstance(scenario, ArrivalRate):
                parts.append(self._by_rate(scenario, start, streams))
            elif isinstance(scenario, Burst):
                parts += self._in_bursts(scenario, start, streams)
        for users in self._users:
            if start == self.begin:
                parts.append(Sessions(*users.begin_in_the_midst(start, self._law, streams)))
            parts.append(Sessions(*users.sessions(start + MICROSECONDS_PER_DAY, self._law, streams)))
        together = Sessions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        order = np.argsort(together.room, kind="stable")
        return Sessions(*(column[order] for column in together))

    def _by_rate(self, scenario: ArrivalRate, start: int, streams: Streams) -> Sessions:
        """Let people arrive as a Poisson process whose rate follows the course, or evenly along it."""
        course = self.timeline.course(scenario, start / 1e6, start / 1e6 + DAY_S)
        mean = self._share * course.total
        if scenario.arrivals == "poisson":
            count = streams.poisson(self.rooms, mean)
            room = np.repeat(self.rooms, count)
            place = streams.rising(room)
        else:
            phase = streams.uniforms(self.rooms)
            count = np.ceil(np.maximum(mean - phase, 0.0)).astype(np.int64)
            room = np.repeat(self.rooms, count)
            place = (nth_in_group(count) + np.repeat(phase, count)) / np.repeat(mean, count)
        at = np.interp(place * course.total, course.cumulated, course.edges)
        return self._stay(room, at, streams)

    def _in_bursts(self, scenario: Burst, start: int, streams: Streams) -> list[Sessions]:
        """Spread exactly so many sessions over the rooms by share, and over the burst at random."""
        parts = []
        for begin in self.timeline.runs(scenario, start / 1e6, start / 1e6 + DAY_S):
            if start / 1e6 <= begin < start / 1e6 + DAY_S:
                many, offset = np.floor(likely(scenario.connections)), streams.of_day().random()
                count = np.floor(self._up_to_and_with * many + offset) - np.floor(self._up_to * many + offset)
                room = np.repeat(self.rooms, count.astype(np.int64))
                parts.append(self._stay(room, begin + scenario.over * streams.uniforms(room), streams))
        return parts

    def _stay(self, room: Ints, at: Floats, streams: Streams) -> Sessions:
        start = microseconds(at)
        return Sessions(room, start, start + np.maximum(streams.lengths(room, self._law), 1))
