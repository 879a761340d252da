"""Cloudflare Logpush, dataset ``websocket_analytics``: one JSON object a line for each closed connection.

The same data have two sets of names:

===================================  ==============================  ===============================
zone scope                           account scope                   becomes
===================================  ==============================  ===============================
``EdgeStartTimestamp``               ``timestampStartNanos``         ``opened_at``
``EdgeEndTimestamp``                 ``timestampEndNanos``           ``closed_at``
``ConnectionID``                     ``connectionId``                ``connection_id``
``ClientRequestPath``                ``clientRequestPath``           ``object_id`` (by ``room_from``)
``BytesReceivedClient``              ``byteRecvUplink``              ``bytes_in`` [bytes]
``BytesSentClient``                  ``byteSentDownlink``            ``bytes_out`` [bytes]
===================================  ==============================  ===============================

Times are RFC 3339, Unix seconds or Unix nanoseconds, as the job's ``timestamp_format`` says. A job may
leave out any field but the start. A ``sample_rate`` below 1 leaves no mark in the rows: the option
``sample_rate`` says it, and each row then stands for 1/rate connections.

What it cannot say: messages, objects, and whether its bytes hold frame headers. That sockets which end
in a Worker or an object have rows is not documented.

Sources (read 2026-11-23):
https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/websocket_analytics/,
https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/websocket_analytics/ and
https://developers.cloudflare.com/logs/logpush/logpush-job/log-output-options/.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Batch
from wscost.readers.fields import ROOM_FROM, Misfit, count, moment, room_rule
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.remarks import rooms_from_paths
from wscost.readers.source import BOM, Source
from wscost.trace import Trace, TraceStream
from wscost.units import number_of

NAME = "logpush-websocket"
OPTIONS = {
    "room_from": ROOM_FROM,
    "sample_rate": "The job's sample_rate, above 0 and up to 1: each row stands for 1/rate connections.",
}
COPIES_LIMIT = 50_000_000
"""How many connections a sample may stand for before it is refused."""

_OF_REQUESTS = (b'"EdgeStartTimestamp"', b'"EdgeResponseStatus"')
_COLUMNS = ("connection_id", "object_id", "opened_at_us", "closed_at_us", "bytes_in", "bytes_out")


class _Names(NamedTuple):
    """What a scope calls the fields."""

    start: str
    end: str
    connection: str
    path: str
    bytes_in: str
    bytes_out: str


_ZONE = _Names(
    "EdgeStartTimestamp",
    "EdgeEndTimestamp",
    "ConnectionID",
    "ClientRequestPath",
    "BytesReceivedClient",
    "BytesSentClient",
)
_ACCOUNT = _Names(
    "timestampStartNanos",
    "timestampEndNanos",
    "connectionId",
    "clientRequestPath",
    "byteRecvUplink",
    "byteSentDownlink",
)


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the first line has the start of a connection and a field of this dataset alone.

    Of ``http_requests``, which is taken for it by mistake, the same, so that the mistake is told.
    """
    first = _first_line(head)
    return _is_row(first) or _is_request(first)


def _first_line(head: bytes) -> bytes:
    return head.removeprefix(BOM).lstrip().split(b"\n", 1)[0]


def _is_request(first: bytes) -> bool:
    return first.startswith(b"{") and all(name in first for name in _OF_REQUESTS) and not _is_row(first)


def _is_row(first: bytes) -> bool:
    zone = b'"EdgeStartTimestamp"' in first and re.search(
        rb'"(Connection\w+|Bytes\w+(Client|Origin))"\s*:', first
    )
    account = b'"timestampStartNanos"' in first and re.search(rb'"(connection\w+|byte\w+link)"\s*:', first)
    return first.startswith(b"{") and bool(zone or account)


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return one connection a row, or several where the rows are a sample.

    Raises
    ------
    InputError
        If rows are bad and may not be skipped, or the sample rate is none.
    """
    for part in source.parts:
        if _is_request(_first_line(part.head)):
            raise InputError(
                f"{part.name}: this is the dataset http_requests, whose EdgeEndTimestamp is not documented "
                "as the end of a WebSocket. Choose websocket_analytics or workers_trace_events for the job."
            )
    rule, rate = room_rule(options), _sample_rate(options)
    intake = Intake(source, options, written_at_close=True)
    batch = Batch(intake, "connections", _COLUMNS)
    rooms: set[str] = set()
    rows = endless = copies = 0
    for part, line, text in source.lines():
        try:
            row = _row(text, options)
        except Misfit as misfit:
            intake.refuse(part, line, str(misfit))
            continue
        rows += 1
        endless += row.closed is None
        room = rule(row.path)
        rooms.update([room] if room else [])
        before, copies = copies, rows * rate.denominator // rate.numerator
        if copies > COPIES_LIMIT and rate < 1:
            raise InputError(
                f"{source.name}: at a sample_rate of {float(rate):g} its rows stand for more than "
                f"{COPIES_LIMIT:,} connections. Read it in parts."
            )
        closed = row.opened if row.closed is None else row.closed
        for copy in range(copies - before):
            name = row.connection if not copy or row.connection is None else f"{row.connection}~{copy + 1}"
            batch.add(part, line, name, room, row.opened, closed, row.bytes_in, row.bytes_out)
    batch.hand_over()
    intake.rows -= copies - rows
    grades = {"bytes_in": Grade.ASSUMED, "bytes_out": Grade.ASSUMED}
    notes = [
        Note(
            "bytes-as-logged",
            "Cloudflare does not say whether these bytes hold frame headers: payload may be less, by 2 to 14 "
            "bytes a frame.",
        )
    ]
    if rooms:
        grades["object_id"] = Grade.ASSUMED
        notes.append(rooms_from_paths(len(rooms), rows))
    if endless:
        grades["closed_at"] = Grade.LOWER_BOUND
        notes.append(
            Note(
                "end-unknown",
                f"Rows without an end: {endless:,} of {rows:,}. Their time open is not known, and none of it "
                f"is counted. Add {_ZONE.end} to the fields of the job.",
                {"connections": endless},
            )
        )
    if rate < 1:
        grades |= dict.fromkeys(("connection_id", "opened_at", "closed_at"), Grade.ASSUMED)
        notes.append(
            Note(
                "sampled",
                f"{number_of(rows, 'row is', 'rows are')} a sample at a rate of {float(rate):g}: each stands "
                f"for {float(1 / rate):g} connections at its time and in its room. The time in which "
                "rooms are active is that of the sample, a lower bound.",
                {"rows": rows, "connections": copies, "sample_rate": str(float(rate))},
            )
        )
    return intake.trace(grades, notes)


class _Row(NamedTuple):
    """One connection. [µs, bytes]"""

    connection: str | None
    path: str | None
    opened: int
    closed: int | None
    bytes_in: int | None
    bytes_out: int | None


def _row(text: bytes, options: Options) -> _Row:
    try:
        row = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Misfit(f"this is not JSON ({error.msg}, character {error.colno}).") from None
    names = _ACCOUNT if isinstance(row, dict) and _ACCOUNT.start in row else _ZONE
    if not isinstance(row, dict) or names.start not in row:
        raise Misfit(f"this is no row of websocket_analytics: it has no {_ZONE.start} or {_ACCOUNT.start}.")
    end = row.get(names.end)
    return _Row(
        _text(names.connection, row.get(names.connection)),
        _text(names.path, row.get(names.path)),
        moment(names.start, row[names.start], "ns", "s", assume_utc=options.assume_utc),
        None if end in (None, "") else moment(names.end, end, "ns", "s", assume_utc=options.assume_utc),
        count(names.bytes_in, row.get(names.bytes_in)),
        count(names.bytes_out, row.get(names.bytes_out)),
    )


def _text(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Misfit(f"{name} (a {type(value).__name__}) is not text.")
    return value or None


def _sample_rate(options: Options) -> Fraction:
    given = options.own.get("sample_rate", "1")
    try:
        rate = Fraction(given)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1:
        raise InputError(f"--sample-rate {given!r} is not a number above 0 and up to 1.")
    return rate
