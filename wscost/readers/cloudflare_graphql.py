"""Answers of Cloudflare's GraphQL analytics, as usage by UTC day: these are the meters that are billed.

Shape: ``{"data": {"viewer": {"accounts": [{DATASET: [{"dimensions", "sum", "max"}, …]}]}}, "errors"}``,
any dataset under any alias; also ``data`` alone, as some clients keep it, and several answers in a list.
Read are

- ``durableObjectsPeriodicGroups``: ``activeTime`` (µs; else ``duration``, GB-s, which is activeTime x
  0.128) is the billed time of objects; ``inboundWebsocketMsgCount`` holds the messages to sockets of
  ``accept()`` and from outgoing sockets; ``outboundWebsocketMsgCount``; storage units and rows;
  ``max.activeWebsocketConnections``;
- ``durableObjectsInvocationsAdaptiveGroups``: ``requests`` by ``type``: ``hibernation`` counts the events
  of hibernating sockets (messages, and closes and errors with them), any other type requests;
- ``workersInvocationsAdaptive``: ``requests`` and ``cpuTimeUs`` of Workers.

Messages come raw: the ratio of 20 to 1 belongs to the price book. A socket's connect is a request like
any other here and cannot be told apart. Cloudflare leaves out rows that would be zero, and samples the
sets called adaptive.

Sources (read 2026-11-23): https://developers.cloudflare.com/analytics/graphql-api/,
https://developers.cloudflare.com/durable-objects/observability/metrics-and-analytics/ (which messages
are counted where). That activeTime x 0.128 is duration, that ``type`` takes ``http``, ``hibernation`` and
``alarm``, and that other hibernation events count like messages is seen in public programs, not published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.document import decimal_at, load_document
from wscost.readers.options import Options, days_of
from wscost.readers.refusals import shown
from wscost.readers.source import BOM, Source
from wscost.units import EARLIEST, LATEST, OUTSIDE
from wscost.usage import Quantities, Usage, Window, meter_of

NAME = "cloudflare-graphql"
PERIODIC = "durableObjectsPeriodicGroups"
INVOCATIONS = "durableObjectsInvocationsAdaptiveGroups"
WORKERS = "workersInvocationsAdaptive"
GB_OF_AN_OBJECT = Decimal("0.128")
ROW_LIMIT = 10_000
"""The most rows that one dataset of one answer holds."""

MICRO, MILLI = Decimal(1).scaleb(-6), Decimal(1).scaleb(-3)
METER_OF: Mapping[str, Mapping[str, tuple[str, Decimal]]] = {
    PERIODIC: {
        "activeTime": ("object_active_seconds", MICRO),
        "inboundWebsocketMsgCount": ("messages_in", Decimal(1)),
        "outboundWebsocketMsgCount": ("messages_out", Decimal(1)),
        "rowsRead": ("storage_rows_read", Decimal(1)),
        "rowsWritten": ("storage_rows_written", Decimal(1)),
        "storageReadUnits": ("storage_read_units", Decimal(1)),
        "storageWriteUnits": ("storage_write_units", Decimal(1)),
        "storageDeletes": ("storage_deletes", Decimal(1)),
    },
    INVOCATIONS: {"requests": ("object_requests", Decimal(1))},
    WORKERS: {"requests": ("http_requests", Decimal(1)), "cpuTimeUs": ("worker_cpu_ms", MILLI)},
}
"""What each sum of a dataset is in our words, and its factor to the meter's unit."""

BUCKETS = {
    "datetime": timedelta(seconds=1),
    "datetimeMinute": timedelta(minutes=1),
    "datetimeFiveMinutes": timedelta(minutes=5),
    "datetimeFifteenMinutes": timedelta(minutes=15),
    "datetimeHour": timedelta(hours=1),
    "date": timedelta(days=1),
}
"""The time dimensions, finest first, and how long a row of each lasts."""

_ANSWER = re.compile(rb'"viewer"\s*:\s*\{\s*"(accounts|zones)"|"data"\s*:\s*null\s*,\s*"errors"')


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content begins as an answer: a viewer's accounts, or errors and no data."""
    return head.removeprefix(BOM).lstrip()[:1] in (b"{", b"[") and _ANSWER.search(head[:4096]) is not None


def read(source: Source, options: Options) -> Usage:
    """Return the usage of all answers together.

    Raises
    ------
    InputError
        If an answer holds errors, no rows, or a row that is not as the specification says.
    """
    tally = _Tally(source.name, options.window)
    for part in source.parts:
        document = load_document(part)
        for answer in document if isinstance(document, list) else [document]:
            for account in _accounts(answer, part.name):
                for alias, rows in account.items():
                    if isinstance(rows, list) and rows:
                        tally.add_dataset(part.name, alias, rows)
            tally.errors += _errors(answer)
    return tally.usage()


def _accounts(answer: object, place: str) -> list[dict[str, Any]]:
    match answer:
        case {"data": {"viewer": {"accounts": [*accounts]}}} | {"viewer": {"accounts": [*accounts]}} if (
            accounts
        ):
            return [account for account in accounts if isinstance(account, dict)]
        case {"errors": [{"message": str(said)}, *_]}:
            raise InputError(f"{place}: Cloudflare answered with an error and no data: {said:.200}")
    raise InputError(f"{place}: the answer holds no account. Set accountTag to the account's id.")


def _errors(answer: object) -> list[str]:
    match answer:
        case {"errors": [*errors]}:
            return [str(error.get("message")) if isinstance(error, dict) else "" for error in errors]
    return []


@dataclass
class _Tally:
    """Sums by day, while rows come in."""

    source: str
    asked: Window | None
    days: dict[date, dict[str, Decimal]] = field(default_factory=dict)
    keys: dict[str, Grade] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    rows: int = 0
    outside: int = 0
    full: dict[str, None] = field(default_factory=dict)
    unread: dict[str, None] = field(default_factory=dict)
    datasets: set[str] = field(default_factory=set)
    types: set[str | None] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def add_dataset(self, part: str, alias: str, rows: list[Any]) -> None:
        """Add the rows of a dataset, whatever its alias is."""
        if alias not in METER_OF and alias.endswith(("Groups", "Adaptive")):
            self.unread[alias] = None
            return
        dataset = alias if alias in METER_OF else _dataset(rows)
        if dataset is None:
            raise InputError(
                f"{part}: which dataset `{alias:.60}` is cannot be told from its fields. "
                "Ask without aliases, as the query of `wscost query cloudflare` does."
            )
        self.datasets.add(dataset)
        if len(rows) >= ROW_LIMIT:
            self.full[dataset] = None
        for number, row in enumerate(rows):
            place = f"{part}: {alias}[{number}]"
            if not isinstance(row, dict) or not isinstance(row.get("dimensions"), dict):
                raise InputError(f"{place} has no dimensions. Ask for date, and for type with invocations.")
            if not all(isinstance(row.get(name) or {}, dict) for name in ("sum", "max", "avg")):
                raise InputError(f"{place}: sum, max and avg must be objects.")
            self._add_row(dataset, row, place)

    def _add_row(self, dataset: str, row: dict[str, Any], place: str) -> None:
        once = repr((dataset, sorted(row["dimensions"].items()), row.get("sum"), row.get("max")))
        if once in self.seen:
            raise InputError(
                f"{place} stands twice, in this answer or another: it would count twice. "
                "If the rows are of two namespaces, ask for the dimension namespaceId."
            )
        self.seen.add(once)
        start, end = _bucket(row["dimensions"], place)
        if self.asked is not None and not self.asked.start <= start < self.asked.end:
            self.outside += 1
            return
        self.rows += 1
        self.first = min(start, self.first or start)
        self.last = max(end, self.last or end)
        day = self.days.setdefault(start.date(), {})
        for key, quantity, grade in self._quantities(dataset, row, place):
            known = day.get(key, Decimal(0))
            day[key] = max(known, quantity) if meter_of(key).peak else known + quantity
            self.keys[key] = Grade.worst(grade, self.keys.get(key, Grade.MEASURED))

    def _quantities(
        self, dataset: str, row: dict[str, Any], place: str
    ) -> Iterator[tuple[str, Decimal, Grade]]:
        sums = row.get("sum") or {}
        whole = dataset == PERIODIC or (row.get("avg") or {}).get("sampleInterval") == 1
        grade = Grade.MEASURED if whole else Grade.ASSUMED
        meters = METER_OF[dataset]
        if dataset == INVOCATIONS:
            kind = row["dimensions"].get("type")
            self.types.add(kind if isinstance(kind, str) else None)
            if kind == "hibernation":
                meters = {"requests": ("messages_in", Decimal(1))}
            if kind in ("hibernation", None):
                grade = Grade.ASSUMED
        for name, (key, factor) in meters.items():
            if name in sums:
                yield key, decimal_at(f"{place}.sum.{name}", sums[name]) * factor, grade
        if dataset == PERIODIC:
            if "activeTime" not in sums and "duration" in sums:
                gb_seconds = decimal_at(f"{place}.sum.duration", sums["duration"])
                yield "object_active_seconds", (gb_seconds / GB_OF_AN_OBJECT).quantize(MICRO), grade
            peak = (row.get("max") or {}).get("activeWebsocketConnections")
            if peak is not None:
                peak = decimal_at(f"{place}.max.activeWebsocketConnections", peak)
                yield "peak_connections", peak, Grade.LOWER_BOUND

    def usage(self) -> Usage:
        """Return what was counted; a day of the window without rows is a day of zeros."""
        if self.first is None or self.last is None:
            where = "in the window" if self.outside else "in it"
            raise InputError(
                f"{self.source}: there is no row {where}. Cloudflare keeps these figures for about three "
                "months, and leaves out rows that would be zero."
            )
        if INVOCATIONS in self.datasets:
            self.keys.setdefault("object_requests", Grade.ASSUMED)
            if None not in self.types:
                self.keys.setdefault("messages_in", Grade.ASSUMED)
            with_worker = WORKERS in self.datasets
            self.keys["connections_opened"] = Grade.ASSUMED if with_worker else Grade.LOWER_BOUND
        window = self.asked or Window(self.first, self.last)
        zeros = dict.fromkeys(self.keys, Decimal(0))
        days: dict[date, Quantities] = {day: zeros | self.days.get(day, {}) for day in days_of(window)}
        told = {key: Grade.worst(Grade.LOWER_BOUND, grade) for key, grade in self.keys.items()}
        grades = told if self.errors else dict(self.keys)
        return Usage(window, days, grades, tuple(self._notes()), self.source)

    def _notes(self) -> Iterator[Note]:
        if self.errors:
            yield Note(
                "answered-in-part",
                f"Cloudflare answered with errors beside the data ({len(self.errors):,}; the first: "
                f"{self.errors[0]:.200}): what they are about is missing. Ask again.",
                {"errors": len(self.errors)},
            )
        if self.asked is None:
            yield Note(
                "window-from-rows",
                "Cloudflare leaves out rows that would be zero, so the window runs from the first row to the "
                "last. If more was asked for, say so with --window START/END.",
            )
        if self.outside:
            yield Note(
                "outside-window",
                f"Rows outside the window, left out: {self.outside:,}.",
                {"rows": self.outside},
            )
        if INVOCATIONS in self.datasets:
            yield Note(
                "connects-among-requests",
                "Connects are not told apart from other requests in these figures: connections_opened stands "
                "at 0, and they are counted in object_requests and, of the Worker in front, http_requests, "
                "at the same price.",
            )
        if "hibernation" in self.types:
            yield Note(
                "hibernation-events",
                "Events of hibernating sockets are counted as messages, 20 to a request; closes and errors "
                "among them count too.",
            )
        if None in self.types:
            yield Note(
                "requests-without-type",
                "The answer does not tell requests by type, so messages to hibernating sockets count as "
                "whole requests: an upper bound. Ask for the dimension type.",
            )
        if PERIODIC in self.datasets and INVOCATIONS not in self.datasets:
            yield Note(
                "requests-missing",
                f"The answer lacks {INVOCATIONS}: requests of objects, and messages to hibernating sockets, "
                "are unknown.",
            )
        if WORKERS not in self.datasets:
            yield Note(
                "worker-missing",
                f"The answer lacks {WORKERS}: requests and CPU time of the Worker in front are unknown. "
                "`wscost query cloudflare --script NAME` asks for them.",
            )
        if Grade.ASSUMED in self.keys.values():
            yield Note(
                "sampled",
                "Cloudflare samples the sets it calls adaptive: requests and CPU time are its own estimates.",
            )
        if "peak_connections" in self.keys:
            yield Note(
                "peak-of-one-row",
                "peak_connections is the highest of any one row; objects of other rows were open beside it.",
            )
        for dataset in self.full:
            yield Note(
                "rows-cut",
                f"{dataset} holds {ROW_LIMIT:,} rows, the most that one answer can: more may be missing. "
                "Ask for fewer days or dimensions.",
                {"dataset": dataset},
            )
        if self.unread:
            yield Note(
                "datasets-ignored",
                f"Datasets that meter nothing here were ignored: {', '.join(list(self.unread)[:9])}.",
                {"datasets": list(self.unread)},
            )


def _dataset(rows: list[Any]) -> str | None:
    """Tell a dataset under an alias by its fields."""
    first = next((row for row in rows if isinstance(row, dict)), {})
    sums, dimensions = (
        first[name] if isinstance(first.get(name), dict) else {} for name in ("sum", "dimensions")
    )
    if sums.keys() & (METER_OF[PERIODIC].keys() | {"duration"}) - {"requests"} and "requests" not in sums:
        return PERIODIC
    if "cpuTimeUs" in sums or "coloCode" in dimensions:
        return WORKERS
    if "requests" in sums and dimensions.keys() & {"type", "namespaceId", "objectId"}:
        return INVOCATIONS
    return None


def _bucket(dimensions: dict[str, Any], place: str) -> tuple[datetime, datetime]:
    name = next((name for name in BUCKETS if name in dimensions), None)
    if name is None:
        raise InputError(f"{place} has no time. Ask for the dimension date.")
    written = dimensions[name]
    try:
        if name == "date":
            start = datetime.combine(date.fromisoformat(written), time(), UTC)
        else:
            start = datetime.fromisoformat(written).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{place}.dimensions.{name} {shown(written)} is no time.") from None
    if not EARLIEST <= start < LATEST:
        raise InputError(f"{place}.dimensions.{name} {shown(written)} {OUTSIDE}.")
    return start, start + BUCKETS[name]
