"""How long rooms are held open on average: queueing theory for the union of the sockets in each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time

import numpy as np

from wscost.profile.executors import Vus
from wscost.profile.law import Floats, Law
from wscost.profile.model import Profile
from wscost.simulating.curves import STEADY_S, Timeline
from wscost.simulating.expecting import expected
from wscost.simulating.traffic import places_in_a_room
from wscost.usage import Period

_MOMENTS = 256
"""A month is looked at so often; the count shares no factor with hours or weekdays."""
_AT_ONCE = 4_000_000


def occupied(profile: Profile, period: Period, rooms: Sequence[int] | None = None) -> float:
    """Return for how long somebody is in a room, summed over rooms. [s]

    People who arrive at random and stay make a room an M/G/infinity queue: it is empty with probability
    exp(-people in it on average), people following arrivals without delay. Virtual users belong to a room
    for good, which is empty only while all of them pause. A room that fills is held open from the first
    who comes until the last has left.

    Parameters
    ----------
    profile : Profile
        Without ranges, as ``profile.midpoint()`` is.
    period : Period
        UTC days.
    rooms : sequence of int, optional
        These rooms only.
    """
    shares = profile.shares if rooms is None else profile.shares[np.asarray(rooms, dtype=np.int64)]
    places = places_in_a_room(profile)
    if places is not None:
        return _filled(profile, period, places) * float(shares.sum())
    seconds = period.days * 86_400.0
    timeline = Timeline(profile.calendar, period.start)
    start = datetime.combine(period.start, time(), UTC).timestamp()
    at = start + (np.arange(_MOMENTS) + 0.5) * seconds / _MOMENTS
    stay = profile.session_law.mean
    chance, users = np.zeros(_MOMENTS), []
    for scenario in profile.scenarios.values():
        course = timeline.course(scenario, start, start + seconds, step_s=STEADY_S)
        level = course.level[np.searchsorted(course.edges, at, side="right") - 1]
        if isinstance(scenario, Vus):
            users.append((level, scenario.pause.law().mean / (stay + scenario.pause.law().mean)))
        else:
            chance += level * stay
    held = 0.0
    step = max(_AT_ONCE // _MOMENTS, 1)
    for first in range(0, len(shares), step):
        share = shares[first : first + step, None]
        empty = np.exp(-share * chance)
        for level, away in users:
            empty *= _without_users(share * level, away)
        held += float((1 - empty).sum()) / _MOMENTS
    return held * seconds


def _without_users(users: Floats, away: float) -> Floats:
    """Return how likely none of a room's users is there; of less than one, rooms that have none count too."""
    if not away:
        return np.maximum(1 - users, 0.0)
    return np.where(users < 1, 1 - users * (1 - away), away**users)


def _filled(profile: Profile, period: Period, places: int) -> float:
    """Return for how long rooms that fill are held open: the last of so many stays, begun one by one."""
    coming = expected(profile, period)
    if not coming.sessions:
        return 0.0
    between = period.days * 86_400.0 / coming.sessions
    return coming.sessions / places * _last(profile.session_law, places, between)


def _last(law: Law, many: int, between: float) -> float:
    """Return the mean of when the last of so many stays ends, the n-th begun n intervals late. [s]"""
    longest = law.quantile(1 - 1e-9 / many)
    begun = between * np.arange(many)
    until = np.concatenate([[0.0], np.geomspace(longest * 1e-6, longest + begun[-1], 2_000)])
    ended = np.ones(len(until))
    for begins in begun:
        since = np.maximum(until - begins, 0.0)
        ended *= np.where(until > begins, 1 - law.survival(since), 0.0)
    return float(np.trapezoid(1 - ended, until))
