"""Reports of Artillery as usage by day: ``{"aggregate", "intermediate": [{"period", "counters", …}]}``.

Of each period of ten seconds: ``vusers.created``, ``websocket.messages_sent`` (``socketio.emit`` with the
engine socketio), ``websocket.messages_received`` in the newest versions, and the summary
``vusers.session_length`` [ms] of the users that ended in it. A user of these engines opens one socket.

Sources (read 2026-11-23): https://www.artillery.io/docs/reference/reported-metrics; the shape of reports is
that of Artillery 2.0.34.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.document import decimal_at, load_document
from wscost.readers.fields import Misfit, moment
from wscost.readers.options import Options, days_of, format_window
from wscost.readers.source import Source
from wscost.units import moment_at, number_of
from wscost.usage import Usage, Window

COUNTERS = {
    "vusers.created": "connections_opened",
    "websocket.messages_sent": "messages_in",
    "socketio.emit": "messages_in",
    "websocket.messages_received": "messages_out",
}
MICROSECOND = Decimal(1).scaleb(-6)
ENGINES = ("websocket.", "socketio.")

Tally = dict[datetime, dict[str, Decimal]]
"""Quantities by the beginning of their period."""


def read_report(source: Source, options: Options) -> Usage:
    """Return the usage of all reports together.

    Raises
    ------
    InputError
        If a report has no WebSocket in it, or is not as the specification says.
    """
    tally: Tally = {}
    window: Window | None = None
    for part in source.parts:
        report = load_document(part)
        aggregate = report.get("aggregate") if isinstance(report, dict) else None
        if not isinstance(aggregate, dict) or not isinstance(aggregate.get("counters"), dict):
            raise InputError(f"{part.name}: the report has no aggregate with counters.")
        if not any(name.startswith(ENGINES) for name in aggregate["counters"]):
            engines = {name.partition(".")[0] for name in aggregate["counters"]} - {"vusers", "errors"}
            told = ", ".join(sorted(engines)[:9]) or "users only"
            raise InputError(f"{part.name}: the test opened no WebSocket; its counters are of {told}.")
        first, last = (_at(part.name, aggregate, name) for name in ("firstCounterAt", "lastCounterAt"))
        if last < first:
            raise InputError(f"{part.name}: lastCounterAt is before firstCounterAt: one of them is wrong.")
        seen = window or Window(first, last)
        window = Window(min(first, seen.start), max(last, seen.end))
        asked = options.window
        if not report.get("intermediate") and asked and (first < asked.start or asked.end <= last):
            raise InputError(
                f"{part.name}: the report has no intermediate periods, so it cannot be cut to the window."
            )
        periods = report.get("intermediate") or [{**aggregate, "period": aggregate["firstCounterAt"]}]
        for number, period in enumerate(periods):
            place = f"{part.name}: intermediate[{number}]"
            if not isinstance(period, dict):
                raise InputError(f"{place} is no object.")
            quantities = tally.setdefault(_at(place, period, "period"), {})
            for meter, quantity in _quantities(place, period):
                quantities[meter] = quantities.get(meter, Decimal(0)) + quantity
    if window is None:
        raise InputError(f"{source.name}: there is no report in it.")
    return _usage(source.name, *_within(source.name, tally, window, options.window))


def _within(
    source: str, tally: Tally, seen: Window, asked: Window | None
) -> tuple[Tally, Window, tuple[Note, ...]]:
    """Leave out the periods that begin outside the window that was asked for, and say how many."""
    if asked is None:
        if seen.start == seen.end:
            raise InputError(
                f"{source}: what it counted covers no time. Say what was observed with --window START/END."
            )
        return tally, seen, ()
    inside = {at: quantities for at, quantities in tally.items() if asked.start <= at < asked.end}
    if not inside:
        raise InputError(
            f"{source}: no period begins in the window {format_window(asked)}; "
            f"the counts run over {format_window(seen)}."
        )
    left = len(tally) - len(inside)
    told = f"{number_of(left, 'period begins', 'periods begin')} outside the window, left out."
    return inside, asked, (Note("outside-window", told, {"rows": left}),) if left else ()


def _quantities(place: str, period: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    counters, summaries = period.get("counters") or {}, period.get("summaries") or {}
    if not isinstance(counters, dict) or not isinstance(summaries, dict):
        raise InputError(f"{place}: counters and summaries must be objects.")
    for name, meter in COUNTERS.items():
        if name in counters:
            yield meter, decimal_at(f"{place}.counters[{name}]", counters[name])
    length = summaries.get("vusers.session_length")
    if isinstance(length, dict) and "mean" in length and "count" in length:
        where = f"{place}.summaries[vusers.session_length]"
        yield (
            "connection_seconds",
            decimal_at(where, length["mean"]) * decimal_at(where, length["count"]) / 1000,
        )


def _usage(source: str, tally: Tally, window: Window, left_out: tuple[Note, ...]) -> Usage:
    meters = dict.fromkeys(meter for quantities in tally.values() for meter in quantities)
    days = {day: dict.fromkeys(meters, Decimal(0)) for day in days_of(window)}
    first, last = next(iter(days)), next(reversed(days))
    for at, quantities in tally.items():
        day = min(max(at.date(), first), last)
        for meter, quantity in quantities.items():
            days[day][meter] += quantity
    if "connection_seconds" in meters:
        for quantities in days.values():
            quantities["connection_seconds"] = quantities["connection_seconds"].quantize(MICROSECOND)
    grades = dict.fromkeys(meters, Grade.MEASURED)
    notes = [
        *left_out,
        Note(
            "a-socket-a-user",
            "Each virtual user is taken to have opened one socket, and to have kept it for its session: "
            "users that failed are among them.",
        ),
    ]
    for meter in ("connections_opened", "connection_seconds"):
        if meter in grades:
            grades[meter] = Grade.ASSUMED
    if "messages_out" not in meters:
        notes.append(
            Note("messages-out-missing", "This version of Artillery does not count messages received.")
        )
    return Usage(window, days, grades, tuple(notes), source)


def _at(place: str, values: dict[str, Any], name: str) -> datetime:
    try:
        return moment_at(moment(name, values.get(name), "ms"))
    except Misfit as misfit:
        raise InputError(f"{place}: {misfit}") from None
