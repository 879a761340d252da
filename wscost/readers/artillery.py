"""Reports of Artillery as usage by day: ``{"aggregate", "intermediate": [{"period", "counters", …}]}``.

Of each period of ten seconds: ``vusers.created``, ``websocket.messages_sent`` (``socketio.emit`` with the
engine socketio), ``websocket.messages_received`` in the newest versions, and the summary
``vusers.session_length`` [ms] of the users that ended in it. A user of these engines opens one socket.

Sources (read 2026-11-23): https://www.artillery.io/docs/reference/reported-metrics; the shape of reports is
that of Artillery 2.0.34.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.columns import EPOCH
from wscost.readers.document import decimal_at, load_document
from wscost.readers.fields import Misfit, moment
from wscost.readers.options import Options, days_of
from wscost.readers.source import Source
from wscost.usage import Usage, Window

COUNTERS = {
    "vusers.created": "connections_opened",
    "websocket.messages_sent": "messages_in",
    "socketio.emit": "messages_in",
    "websocket.messages_received": "messages_out",
}
MICROSECOND = Decimal(1).scaleb(-6)
ENGINES = ("websocket.", "socketio.")


def read_report(source: Source, options: Options) -> Usage:
    """Return the usage of all reports together.

    Raises
    ------
    InputError
        If a report has no WebSocket in it, or is not as the specification says.
    """
    tally: dict[datetime, dict[str, Decimal]] = {}
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
        seen = window or Window(first, last)
        window = Window(min(first, seen.start), max(last, seen.end))
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
    return _usage(source.name, tally, options.window or window)


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


def _usage(source: str, tally: dict[datetime, dict[str, Decimal]], window: Window) -> Usage:
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
        Note(
            "a-socket-a-user",
            "Each virtual user is taken to have opened one socket, and to have kept it for its session: "
            "users that failed are among them.",
        )
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
        return EPOCH + timedelta(microseconds=moment(name, values.get(name), "ms"))
    except Misfit as misfit:
        raise InputError(f"{place}: {misfit}") from None
