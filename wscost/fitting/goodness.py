"""How well a profile fits: what it comes to in the trace's own window, beside what the trace shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from wscost.deployment import PRESETS
from wscost.fitting.arrivals import Arrivals
from wscost.fitting.seen import Seen
from wscost.fitting.shape import Shape
from wscost.metering import meter
from wscost.notes import Note
from wscost.profile.calendar import Calendar
from wscost.profile.executors import ConstantArrivalRate
from wscost.profile.model import Profile
from wscost.simulating import expected, simulate
from wscost.trace import Trace
from wscost.units import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND, microseconds_of, moment_at
from wscost.usage import Period, Window

if TYPE_CHECKING:
    import pandas as pd

_TAIL, _LONGEST_BEFORE_S = 1e-4, 14 * 86_400.0
"""The window begins with people who came before, but for this share of the longest stays. [1, s]"""
MOST_CONNECTIONS = 2_000_000
MOST_EVENTS = 2_000_000
"""A replicate of more than this is not simulated only to compare it."""
COMPARED = (
    "connections_opened",
    "connection_seconds",
    "peak_connections",
    "messages_in",
    "messages_out",
    "bytes_in",
    "bytes_out",
    "object_active_seconds",
    "object_wakeups",
)
"""The meters that are compared, where the trace tells them; active seconds are those without hibernation."""


def compared(
    trace: Trace, profile: Profile, seen: Seen, arrivals: Arrivals, seed: int
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Return one row a meter: what the trace shows, what the profile means and what it made once.

    ``ratio`` is what the profile means, or where theory has no figure what it made, over the trace. Of a
    log written at close, only what such a log would tell of the profile can be compared: what it made.
    """
    import pandas as pd

    trace = replace(trace, window=Window(moment_at(seen.told_from), trace.window.end))
    own = _metered(trace, profile)
    means = _means(profile, seen, arrivals)
    played, days = _played(profile, arrivals.shape, seen)
    busy = expected(played, days)
    events = 0.0 if trace.events is None else 2 * busy.connections + busy.messages_in + busy.auto_responses
    notes: tuple[Note, ...] = ()
    made: Mapping[str, float] = {}
    if busy.connections > MOST_CONNECTIONS or events > MOST_EVENTS:
        notes = (
            Note(
                "not-simulated",
                f"To compare it, {busy.connections:,.0f} connections and {events:,.0f} events of the profile "
                "would have to be simulated: too many, so the comparison rests on expected figures.",
                {"connections": round(busy.connections), "events": round(events)},
            ),
        )
    else:
        made = _metered(_replicate(trace, played, seen, days, seed), profile)
    rows = []
    for name in COMPARED:
        if name not in own:
            continue
        if not any(figures.get(name) for figures in (own, means, made)):
            continue
        best = made.get(name) if seen.written_at_close else means.get(name, made.get(name))
        ratio = best / own[name] if best is not None and own[name] else None
        rows.append((name, own[name], means.get(name), made.get(name), ratio))
    frame = pd.DataFrame(rows, columns=["meter", "trace", "expected", "simulated", "ratio"])
    return frame.astype(dict.fromkeys(["trace", "expected", "simulated", "ratio"], "float64")), notes


def _metered(trace: Trace, profile: Profile) -> dict[str, float]:
    """Return the meters that do not depend on a price, without hibernation; wakeups with it."""
    deployment = PRESETS["worker" if profile.rooms is None else "durable-object"]
    totals = meter(trace, deployment).totals
    totals.pop("object_wakeups", None)
    if profile.rooms is not None and trace.events is not None:
        asleep = meter(trace, PRESETS["durable-object-hibernation"]).totals
        for name in ("object_wakeups", "messages_in", "bytes_in"):
            if name in asleep:
                totals[name] = asleep[name]
    return {name: float(quantity) for name, quantity in totals.items()}


def _means(profile: Profile, seen: Seen, arrivals: Arrivals) -> dict[str, float]:
    """Return expected figures of the window: those of whole days, by how much of their traffic it holds."""
    days = _days(seen.told_from, seen.end)
    begin = microseconds_of(days.window.start)
    whole = arrivals.shape.worth(begin, begin + days.days * MICROSECONDS_PER_DAY)
    share = arrivals.shape.worth(seen.told_from, seen.end) / whole
    figures = expected(profile, days)
    return {
        "connections_opened": figures.connections * share,
        "connection_seconds": figures.connection_seconds * share,
        "messages_in": figures.messages_in * share,
        "messages_out": figures.messages_out * share,
    }


def _replicate(trace: Trace, profile: Profile, seen: Seen, days: Period, seed: int) -> Trace:
    """Simulate the days around the window, and look at them through it."""
    import pandas as pd

    start, end = trace.window.start, trace.window.end
    parts = []
    listed = []
    for day in simulate(profile, days, seed=seed, events="in" if trace.events is not None else False):
        rows = day.connections
        closed = rows["closed_at"]
        kept = (rows["opened_at"] < end) & (closed.isna() | (closed >= start))
        if seen.written_at_close:
            kept &= closed.notna() & (closed < end)
        parts.append(rows[kept])
        if day.events is not None:
            listed.append(day.events[(day.events["at"] >= start) & (day.events["at"] < end)])
    return replace(
        trace,
        connections=pd.concat(parts, ignore_index=True),
        events=pd.concat(listed, ignore_index=True) if listed else None,
        source=f"profile {profile.name}",
        grades={},
        notes=(),
    )


def _played(profile: Profile, shape: Shape, seen: Seen) -> tuple[Profile, Period]:
    """Return a profile that only plays as long as it shows in the window, and the days in which it does.

    Where no hour and no weekday differs, arrivals long before the window and after it need not be drawn.
    """
    (name, scenario), *more = profile.scenarios.items()
    if more or not isinstance(scenario, ConstantArrivalRate) or not shape.flat:
        return profile, _days(seen.told_from, seen.end)
    stay_s = min(profile.session_law.quantile(1 - _TAIL), _LONGEST_BEFORE_S)
    begin = seen.told_from - round(stay_s * MICROSECONDS_PER_SECOND)
    days = _days(begin, seen.end)
    run = {
        "start_time": begin % MICROSECONDS_PER_DAY / MICROSECONDS_PER_SECOND,
        "duration": (seen.end - begin) / MICROSECONDS_PER_SECOND,
        "repeat": "never",
    }
    played = {"calendar": Calendar(), "scenarios": {name: scenario.model_copy(update=run)}}
    return profile.model_copy(update=played), days


def _days(start: int, end: int) -> Period:
    """Return the UTC days that a time touches. [µs since 1970]"""
    return Period(moment_at(start).date(), moment_at(end - 1).date() + timedelta(days=1))
