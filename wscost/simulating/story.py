"""The story: a profile in, a trace out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from math import ceil
from typing import Literal

import numpy as np

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.profile.messages import Push
from wscost.profile.model import Profile
from wscost.simulating.batches import stream_of
from wscost.simulating.conversations import Wanted
from wscost.simulating.dated import idle
from wscost.simulating.expecting import Expected, expected
from wscost.simulating.frames import connections_frame, events_frame
from wscost.simulating.streams import Ints, Streams
from wscost.simulating.traffic import Stretch, traffic
from wscost.trace import CONNECTION_COLUMNS, Trace, TraceStream
from wscost.units import microseconds_of, moment_at
from wscost.usage import Period, Window

MOST_CONNECTIONS = 2e9
MOST_EVENTS = 1e10
MOST_USERS = 1e8
EVENTS_AT_ONCE = 4e6
"""With events, a day that has more than so many comes in equal parts."""


def simulate(
    profile: Profile,
    period: Period | None = None,
    *,
    seed: int | None = None,
    events: bool | Literal["in"] = False,
    rooms: Sequence[int] | None = None,
) -> Iterator[Trace]:
    """Simulate a profile, a UTC day after the other; each connection appears once.

    A day's trace holds the connections that closed on that day, with their true ``opened_at``, as a log
    written at close does; the last day's also those still open, with ``closed_at`` null. Its events are
    those that happened on that day. The first day begins in the midst of life, with people who came
    before. Only open connections are carried from day to day, so memory holds one day; with events, a
    day of more than four million comes in equal parts.

    Parameters
    ----------
    profile : Profile
        Where a figure is a range, its mode is taken; ``profile.draws`` gives others.
    period : Period, optional
        UTC days; the calendar's own by default.
    seed : int, optional
        The profile's own by default. The same seed gives the same traffic, of each room and day
        whatever else is simulated.
    events : bool or "in"
        Whether to list events: every message, or with ``in`` only what runs handlers, which is all that
        hibernation asks for. Without, connections have their totals from the same processes.
    rooms : sequence of int, optional
        Simulate these rooms only; see ``sample_rooms``.

    Raises
    ------
    InputError
        If no period is given, or more would be made than can be: with the estimate and what to do.
    """
    for stretch, notes in _stretches(profile, period, seed, events, rooms):
        chosen = np.ones(len(stretch.sockets), bool) if stretch.last else stretch.ended
        yield _trace(profile, stretch, chosen, notes)


def simulate_days(
    profile: Profile,
    period: Period | None = None,
    *,
    seed: int | None = None,
    events: bool | Literal["in"] = False,
    rooms: Sequence[int] | None = None,
    within: Sequence[Window] = (),
    first_day: date | None = None,
) -> Iterator[Trace]:
    """Simulate a profile, each UTC day as a whole trace of its own window; see ``simulate``.

    A connection that is open over midnight appears on both days, on the first with ``closed_at`` null,
    on the second with an ``opened_at`` before the window; its totals run from its opening to the end of
    the window. Metering the days one by one gives the month. With ``within``, only these times are
    simulated in full and returned, each within a day. Of days in the midst of a longer period, its
    ``first_day`` is that from which scenarios count that never repeat or begin late.
    """
    for stretch, notes in _stretches(
        profile, period, seed, events, rooms, within=within, first_day=first_day
    ):
        yield _trace(profile, stretch, np.ones(len(stretch.sockets), bool), notes)


def simulate_streams(
    profile: Profile,
    period: Period | None = None,
    *,
    seed: int | None = None,
    rooms: Sequence[int] | None = None,
) -> Iterator[TraceStream]:
    """Simulate a profile without events as ``simulate_days`` does, each day as a stream to meter at once.

    It names nothing and makes no frames, so it is many times as fast.
    """
    for stretch, notes in _stretches(profile, period, seed, False, rooms):
        yield stream_of(profile, stretch, _window(stretch), notes)


def simulate_trace(
    profile: Profile,
    period: Period | None = None,
    *,
    seed: int | None = None,
    events: bool | Literal["in"] = False,
    rooms: Sequence[int] | None = None,
) -> Trace:
    """Simulate a profile at once, connections in the order in which they opened; see ``simulate``."""
    import pandas as pd

    days = list(simulate(profile, period, seed=seed, events=events, rooms=rooms))
    connections = pd.concat([day.connections for day in days], ignore_index=True)
    connections = connections.sort_values(["opened_at", "connection_id"], ignore_index=True)
    listed = [day.events for day in days if day.events is not None]
    return Trace(
        connections=connections,
        window=Window(days[0].window.start, days[-1].window.end),
        source=days[0].source,
        events=pd.concat(listed, ignore_index=True) if listed else None,
        grades=days[0].grades,
        notes=days[0].notes,
        rows=len(connections),
    )


def sample_rooms(profile: Profile, share: float, seed: int | None = None) -> Ints:
    """Return a share of the rooms, spread evenly over large and small ones from a random start.

    ``profile.shares[rooms].sum()`` is the share of the traffic that they stand for.

    Raises
    ------
    InputError
        If the share is not above 0 and at most 1, or no room would be left.
    """
    if not 0 < share <= 1:
        raise InputError(f"A sample is a share above 0 and at most 1, not {share}.")
    by_size = np.argsort(-profile.shares, kind="stable")
    if len(by_size) * share < 1:
        raise InputError(f"A sample of {share:g} of {len(by_size):,} rooms is less than one room: take more.")
    rng = Streams(profile.seed if seed is None else seed, day=0).of_day()
    places = np.arange(rng.random() / share, len(by_size), 1 / share)
    return np.sort(by_size[places.astype(np.int64)])


def period_of(profile: Profile, period: Period | None = None) -> Period:
    """Return the period to simulate.

    Raises
    ------
    InputError
        If neither the caller nor the profile's calendar gives one.
    """
    if period is not None:
        return period
    if profile.calendar.period is None:
        raise InputError(
            f"The profile {profile.name} says no period: add calendar: {{period: 2026-11}}, or give a month."
        )
    return profile.calendar.period.period


def _stretches(
    profile: Profile,
    period: Period | None,
    seed: int | None,
    events: bool | Literal["in"],
    rooms: Sequence[int] | None,
    *,
    within: Sequence[Window] = (),
    first_day: date | None = None,
) -> Iterator[tuple[Stretch, tuple[Note, ...]]]:
    profile, period = profile.midpoint(), period_of(profile, period)
    seed = profile.seed if seed is None else seed
    share = 1.0 if rooms is None else float(profile.shares[np.asarray(rooms, dtype=np.int64)].sum())
    mean = expected(profile, period, share)
    listed = 2 * mean.connections + mean.messages_in + mean.auto_responses + mean.object_requests
    if events is True:
        listed += mean.messages_out
    refuse_too_much(profile, mean, listed if events else 0.0)
    parts = ceil(listed / period.days / EVENTS_AT_ONCE) if events else 1
    wanted: Wanted = "all" if events is True else "in" if events else "none"
    notes = (*_notes(profile, seed, share, mean, bool(events)), *idle(profile, period))
    stretches = traffic(
        profile,
        period,
        seed=seed,
        rooms=rooms,
        wanted=wanted,
        parts_per_day=max(parts, 1),
        within=[(microseconds_of(time.start), microseconds_of(time.end)) for time in within],
        first_day=first_day,
    )
    return ((stretch, notes) for stretch in stretches)


def refuse_too_much(profile: Profile, mean: Expected, events: float = 0.0) -> None:
    """Refuse what is more than can be simulated one by one.

    Raises
    ------
    InputError
        With how much it would be, and which share of the rooms to simulate instead.
    """
    if mean.connections > MOST_CONNECTIONS or mean.most_users > MOST_USERS:
        wanted = min(
            MOST_CONNECTIONS / 100 / mean.connections, MOST_USERS / 10 / max(mean.most_users, 1.0), 0.1
        )
        raise InputError(
            f"The profile {profile.name} would open about {mean.connections:,.0f} connections, more than the "
            f"{MOST_CONNECTIONS:,.0f} that are simulated one by one. Simulate a share of the rooms instead: "
            f"--sample {wanted:.1g}."
        )
    if events > MOST_EVENTS:
        raise InputError(
            f"The profile {profile.name} would make about {events:,.0f} events, more than "
            f"{MOST_EVENTS:,.0f}. Leave events out, shorten the period, or simulate a share of the rooms: "
            f"--sample {MOST_EVENTS / 10 / events:.1g}."
        )


def _notes(profile: Profile, seed: int, share: float, mean: Expected, events: bool) -> tuple[Note, ...]:
    part = "" if share == 1 else f", {share:.3%} of its traffic"
    notes = [
        Note(
            "simulated",
            f"Simulated from the profile {profile.name}{part}, seed {seed}.",
            {"profile": profile.name, "seed": seed, "share": share},
        )
    ]
    if any(beat.auto_response for beat in profile.client.heartbeats) and not events:
        notes.append(
            Note(
                "auto-response-left-out",
                "Heartbeats that auto-response answers are in no connection's totals.",
            )
        )
    if any(isinstance(process, Push) for process in profile.messages.outgoing) and not events:
        notes.append(
            Note(
                "pushes-wake-objects",
                f"Rooms push messages of their own accord, about {mean.object_requests:,.0f} times in the "
                "period. Connection totals do not hold these object requests; events do.",
                {"object_requests": round(mean.object_requests)},
            )
        )
    return tuple(notes)


def _trace(profile: Profile, stretch: Stretch, chosen: np.ndarray, notes: tuple[Note, ...]) -> Trace:
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(stretch.sockets.opened[rows], kind="stable")]
    connections = connections_frame(profile, stretch.sockets.take(rows), ~stretch.ended[rows])
    return Trace(
        connections=connections,
        window=_window(stretch),
        source=f"profile {profile.name}",
        events=None if stretch.happenings is None else events_frame(profile, stretch.happenings),
        grades=dict.fromkeys(CONNECTION_COLUMNS, Grade.ASSUMED),
        notes=notes,
        rows=len(connections),
    )


def _window(stretch: Stretch) -> Window:
    return Window(moment_at(stretch.start), moment_at(stretch.end))
