"""From sessions to connections: drops, age limits and deployments cut, and clients come back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import numpy as np

from wscost.profile.calendar import WEEKDAYS
from wscost.profile.law import Floats
from wscost.profile.model import Profile
from wscost.profile.quantities import likely
from wscost.simulating.curves import Timeline
from wscost.simulating.sessions import Sessions
from wscost.simulating.streams import NEVER, Ints, Streams, microseconds, nth_in_group, running_sums

_MOST_ATTEMPTS = 100


class Connections(NamedTuple):
    """Parallel arrays: of which session, and when each opened and closed. [µs since 1970]"""

    session: Ints
    opened: Ints
    closed: Ints


def deployments(profile: Profile, timeline: Timeline, seed: int, first: date, last: date) -> Ints:
    """Return the moments at which deployments close sockets, in order. [µs since 1970]

    A day's deployments come from the day's own stream, so that they do not depend on the period.
    """
    spec = profile.deploys
    mean = likely(spec.per_week) / len(spec.days)
    begin, until = (3600.0 * hour for hour in spec.hours)
    at = timeline.moments(spec.at)
    day = first
    while day <= last:
        if WEEKDAYS[day.weekday()] in spec.days:
            rng = Streams(seed, day.toordinal()).of_day()
            midnight = datetime.combine(day, time(), timeline.calendar.zone)
            for after in rng.uniform(begin, until, rng.poisson(mean)):
                at.append((midnight + timedelta(seconds=float(after))).timestamp())
        day += timedelta(days=1)
    low, high = (datetime.combine(d, time(), UTC).timestamp() for d in (first, last + timedelta(days=1)))
    return np.sort(microseconds(np.array([moment for moment in at if low <= moment < high])))


def connections(sessions: Sessions, profile: Profile, deploys: Ints, streams: Streams) -> Connections:
    """Cut sessions into the connections that they come to."""
    if profile.drops.every is None and profile.drops.after is None and not len(deploys):
        return Connections(np.arange(len(sessions.room)), sessions.start, sessions.end)
    session, at, fails = _cuts(sessions, profile, deploys, streams)
    back = at + _waits(sessions.room[session], fails, profile, streams)
    session, at, back = _without_cuts_while_away(session, at, back)
    each = np.arange(len(sessions.room))
    first, after_last = np.searchsorted(session, each), np.searchsorted(session, each, side="right")
    pieces = Connections(
        np.insert(session, first, each),
        np.insert(back, first, sessions.start),
        np.insert(at, after_last, sessions.end),
    )
    pieces = _existing(pieces)
    if profile.drops.after is not None:
        pieces = _limited(pieces, int(profile.drops.after * 1e6), sessions.room, profile, streams)
    return pieces


def _cuts(sessions: Sessions, profile: Profile, deploys: Ints, streams: Streams) -> tuple[Ints, Ints, Floats]:
    """Return whose connection is cut and when, and how likely each attempt to come back is to fail."""
    room, start, end = sessions
    session, at = np.empty(0, np.int64), np.empty(0, np.int64)
    if profile.drops.every is not None:
        count = streams.poisson(room, (end - start) / (likely(profile.drops.every) * 1e6))
        session = np.repeat(np.arange(len(room)), count)
        at = start[session] + (streams.uniforms(room[session]) * (end - start)[session]).astype(np.int64)
    fails = np.full(len(at), profile.drops.fails)
    if len(deploys):
        first = np.searchsorted(deploys, start, side="right")
        count = np.maximum(np.searchsorted(deploys, end) - first, 0)
        met = np.repeat(np.arange(len(room)), count)
        which = np.repeat(first, count) + nth_in_group(count)
        if (share := likely(profile.deploys.share)) < 1:
            closed = streams.uniforms(room[met]) < share
            met, which = met[closed], which[closed]
        session = np.concatenate([session, met])
        at = np.concatenate([at, deploys[which]])
        fails = np.concatenate([fails, np.full(len(met), profile.deploys.fails)])
    order = np.lexsort((at, session))
    return session[order], at[order], fails[order]


def _waits(room: Ints, fails: Floats, profile: Profile, streams: Streams) -> Ints:
    """Return how long clients stay away, with attempts that fail; for ever if they give up. [µs]"""
    failed = np.zeros(len(room), dtype=np.int64)
    client = profile.client
    if profile.drops.fails or profile.deploys.fails:
        with np.errstate(divide="ignore"):
            ratio = np.log(1 - streams.uniforms(room)) / np.log(fails)
        failed = np.minimum(ratio, _MOST_ATTEMPTS).astype(np.int64)
    seconds = np.zeros(len(room))
    gone = np.zeros(len(room), dtype=bool)
    for attempt in range(int(failed.max(initial=0)) + 1):
        rows = np.flatnonzero(failed >= attempt)
        if attempt >= len(client.reconnect) and client.gives_up:
            gone[rows] = True
            break
        shortest, longest = client.reconnect[min(attempt, len(client.reconnect) - 1)]
        seconds[rows] += shortest
        if longest > shortest:
            seconds[rows] += (longest - shortest) * streams.uniforms(room[rows])
    return np.where(gone, NEVER, microseconds(seconds))


def _without_cuts_while_away(session: Ints, at: Ints, back: Ints) -> tuple[Ints, Ints, Ints]:
    """Leave out cuts of clients that were not connected when they came."""
    while True:
        away = np.zeros(len(at), dtype=bool)
        away[1:] = (session[1:] == session[:-1]) & (at[1:] < back[:-1])
        away[1:] &= ~away[:-1]
        if not away.any():
            return session, at, back
        session, at, back = session[~away], at[~away], back[~away]


def _existing(pieces: Connections) -> Connections:
    kept = pieces.opened < pieces.closed
    return Connections(*(column[kept] for column in pieces))


def _limited(
    pieces: Connections, age: int, room_of_session: Ints, profile: Profile, streams: Streams
) -> Connections:
    """Cut connections at an age; each that goes on comes back after its wait."""
    count = np.maximum(np.ceil((pieces.closed - pieces.opened) / age), 1).astype(np.int64)
    session = np.repeat(pieces.session, count)
    room = room_of_session[session]
    waits = _waits(room, np.full(len(room), profile.drops.fails), profile, streams)
    stays = waits < NEVER
    waits[~stays] = 0
    opened = np.repeat(pieces.opened, count) + running_sums(age + waits, count) - age - waits
    left_before = running_sums((~stays).astype(np.int64), count) > ~stays
    opened[left_before] = NEVER
    return _existing(Connections(session, opened, np.minimum(opened + age, np.repeat(pieces.closed, count))))
