"""A series of open connections over time: Prometheus ``query_range`` answers, or CSV of time and values.

Prometheus: ``{"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {labels},
"values": [[unix_s, "value"], …]}]}}``. CSV: a header whose first column is ``time`` (or ``timestamp``,
``ts``, ``date``, ``datetime``; RFC 3339, or Unix seconds, other units as ``time_ms``), then one series a
column, as Grafana exports them. ``NaN`` and empty cells are no samples.

A gauge gives connection-seconds, by straight lines between samples, and a peak. Where samples are missing
for more than 2.5 times the usual step nothing is assumed to be open. Arrivals need a counter; without
one only the rises of the gauge are known, a lower bound. A counter that falls has begun again at 0.

Names that are known: those of soketi, and of ASP.NET Core by OpenTelemetry; a single series is the gauge;
others are named by the option ``series``. A series without name is called like its file.

Sources (read 2026-11-23): https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries,
https://docs.soketi.app/advanced-usage/metrics-server, https://opentelemetry.io/docs/specs/semconv/dotnet/dotnet-signalr-metrics/.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wscost.errors import InputError, UnknownNameError
from wscost.readers.columns import PER_SECOND
from wscost.readers.document import load_document
from wscost.readers.fields import Misfit, moment
from wscost.readers.options import Options
from wscost.readers.refusals import Refusals, shown
from wscost.readers.series import ROLES, Role, Sampled, usage_of
from wscost.readers.source import BOM, Part, Source
from wscost.trace import LARGEST
from wscost.usage import Usage

NAME = "gauge-series"
OPTIONS = {
    "series": "What each series is: connections=NAME, opened=NAME, messages_in=NAME …, by commas; "
    "NAME:delta where each value counts since the one before, not since the start."
}
KNOWN: Mapping[str, Role] = {
    **{role: role for role in ROLES},
    "soketi_connected": "connections",
    "soketi_new_connections_total": "opened",
    "soketi_new_disconnections_total": "closed",
    "soketi_socket_received_bytes": "bytes_in",
    "soketi_socket_transmitted_bytes": "bytes_out",
    "soketi_ws_messages_received_total": "messages_in",
    "soketi_ws_messages_sent_total": "messages_out",
    "signalr_server_active_connections": "connections",
    "kestrel_upgraded_connections": "connections",
}
"""Series by the names that programs give them."""

_MATRIX = re.compile(rb'"data"\s*:\s*\{\s*"resultType"')
_TIME = re.compile(r"(time|timestamp|ts|date|datetime)(?:_(s|ms|us|ns))?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NONE = frozenset({"", "nan", "null", "undefined"})


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content begins as an answer of Prometheus, or as CSV of a time and numbers."""
    head = head.removeprefix(BOM).lstrip()
    if head.startswith(b"{"):
        return _MATRIX.search(head[:4096]) is not None
    rows = [_cells(line) for line in head[:16_384].decode("utf-8", "replace").splitlines()[:3]]
    rows = [row for row in rows if not row[0].startswith("sep=")]
    if len(rows) < 2 or len(rows[0]) < 2 or len(rows[0]) != len(rows[1]) or not _TIME.fullmatch(rows[0][0]):
        return False
    return all(_NUMBER.fullmatch(cell) or cell.lower() in _NONE for cell in rows[1][1:])


def read(source: Source, options: Options) -> Usage:
    """Return the usage that the series tell of, by UTC day.

    Raises
    ------
    InputError
        If a part is not as the specification says, or no series is known as the gauge.
    """
    sampled, refusals, rows = Sampled(), Refusals(), 0
    for part in source.parts:
        if part.head.removeprefix(BOM).lstrip().startswith(b"{"):
            _read_answer(part, sampled)
        else:
            rows += _read_csv(part, sampled, refusals, options)
        sampled.next_part()
    notes = refusals.settle(source.name, rows, options)
    roles = _roles(source.name, sampled, options)
    return usage_of(source.name, sampled, roles, options.window, notes)


def _read_answer(part: Part, sampled: Sampled) -> None:
    match load_document(part):
        case {"data": {"resultType": "matrix", "result": [*results]}}:
            pass
        case {"data": {"resultType": str(kind)}}:
            raise InputError(
                f"{part.name}: this is a {kind:.20} of Prometheus, one instant. Ask query_range for a matrix."
            )
        case {"status": "error", "error": str(said)}:
            raise InputError(f"{part.name}: Prometheus answered with an error: {said:.200}")
        case _:
            raise InputError(f"{part.name}: this is no answer of Prometheus: there is no data.result in it.")
    for number, result in enumerate(results):
        place = f"{part.name}: data.result[{number}]"
        match result:
            case {"metric": dict(labels), "values": [*values]}:
                name = str(labels.get("__name__") or _stem(part))
                key = (name, repr(sorted((k, v) for k, v in labels.items() if k != "__name__")))
                for index, value in enumerate(values):
                    _take_pair(sampled, key, value, f"{place}.values[{index}]")
            case {"histograms": _}:
                raise InputError(f"{place} is a histogram. Ask for a gauge of open connections.")
            case _:
                raise InputError(f"{place} has no metric and values.")


def _take_pair(sampled: Sampled, key: tuple[str, str], pair: Any, place: str) -> None:
    match pair:
        case [(int() | float()) as time, str(value)]:
            try:
                number = _number(value, "value")
                if number is not None and not sampled.add(key, moment("time", time, "s"), number):
                    raise Misfit("the time goes back.")
            except Misfit as misfit:
                raise InputError(f"{place}: {misfit}") from None
        case _:
            raise InputError(f"{place} is no pair of a time and a value in quotes.")


def _read_csv(part: Part, sampled: Sampled, refusals: Refusals, options: Options) -> int:
    """Take the samples of one CSV; return its rows."""
    names: list[str] = []
    unit, rows = "s", 0
    for line, content in part.lines():
        cells = _cells(content.decode("utf-8", "replace"))
        if not names:
            if not cells[0].startswith("sep="):
                unit = _unit(part, line, cells)
                names = [name or _stem(part) for name in cells]
            continue
        rows += 1
        try:
            if len(cells) != len(names):
                raise Misfit(f"this row has {len(cells)} fields, the header {len(names)}.")
            time = moment(names[0], cells[0], unit, assume_utc=options.assume_utc)
            values = [_number(cell, name) for name, cell in zip(names[1:], cells[1:], strict=True)]
            for name, number in zip(names[1:], values, strict=True):
                if number is not None and not sampled.add((name, ""), time, number):
                    raise Misfit(f"the time {shown(cells[0])} goes back or stands twice.")
        except Misfit as misfit:
            refusals.add(part.name, line, str(misfit))
    return rows


def _unit(part: Part, line: int, names: list[str]) -> str:
    found = _TIME.fullmatch(names[0])
    if found is None or len(names) < 2:
        raise InputError(
            f"{part.name}:{line}: a series begins with a header: time, then one name a series "
            f"(time as RFC 3339 or Unix seconds, or {', '.join(f'time_{unit}' for unit in PER_SECOND)})."
        )
    if len(set(names)) < len(names):
        raise InputError(f"{part.name}:{line}: two columns have the same name.")
    return (found[2] or "s").lower()


def _roles(source: str, sampled: Sampled, options: Options) -> dict[str, tuple[Role, bool]]:
    """Return what each named series is, and whether its values count since the one before."""
    names = sampled.names
    if not names:
        raise InputError(f"{source}: there is no sample in it.")
    if "series" not in options.own:
        roles: dict[str, tuple[Role, bool]] = {name: (KNOWN[name], False) for name in names if name in KNOWN}
        if len(names) == 1:
            roles = {names[0]: ("connections", False)}
    else:
        roles = dict(_asked(options.own["series"], names))
    if not roles:
        raise InputError(
            f"{source}: which of the series is the gauge of open connections is unknown. "
            f"Name it: --series connections=NAME, of {', '.join(shown(name) for name in names[:10])}."
        )
    return roles


def _asked(text: str, names: list[str]) -> Iterator[tuple[str, tuple[Role, bool]]]:
    for item in text.split(","):
        role, _, name = item.strip().partition("=")
        delta = name.endswith(":delta")
        name = name.removesuffix(":delta").strip()
        known = next((known for known in ROLES if known == role.strip()), None)
        if known is None:
            raise UnknownNameError("kind of series", role.strip(), ROLES)
        if name not in names:
            raise UnknownNameError("series", name, names)
        yield name, (known, delta)


def _cells(line: str) -> list[str]:
    """Return the fields of a line; of what is no CSV, one empty field."""
    separator = max(",;\t", key=line.count)
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])] or [""]
    except csv.Error:
        return [""]


def _number(cell: str, name: str) -> float | None:
    if cell.lower() in _NONE:
        return None
    if not _NUMBER.fullmatch(cell) or not 0 <= float(cell) <= LARGEST:
        raise Misfit(f"{name} {shown(cell)} is not a number from 0 up.")
    return float(cell)


def _stem(part: Part) -> str:
    return "series" if part.path is None else part.path.name.partition(".")[0]
