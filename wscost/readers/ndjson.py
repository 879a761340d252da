"""NDJSON: one JSON object a line; with ``kind`` it is an event, without it a connection."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from wscost.errors import InputError, WscostError
from wscost.readers.columns import Table, lay_out
from wscost.readers.heading import FORMAT, heading_of
from wscost.readers.intake import BATCH_ROWS, Intake
from wscost.readers.options import Options
from wscost.readers.source import BOM, Part, Source
from wscost.trace import Trace, TraceStream

NAME = "ndjson"
_EVENT = re.compile(rb'"kind"\s*:')
_EVENT_TIME = re.compile(rb'"at(_s|_ms|_us|_ns)?"\s*:')
_CONNECTION = re.compile(rb'"opened_at(_s|_ms|_us|_ns)?"\s*:')

Row = dict[str, Any]


@dataclass(slots=True)
class _Waiting:
    """Rows of one table, read and not yet handed over, with all names met in their part."""

    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the first line is an object that holds a kind and a time, or an opening."""
    first = head.removeprefix(BOM).lstrip().split(b"\n", 1)[0]
    if not first.startswith(b"{"):
        return False
    if f'"{FORMAT}"'.encode() in first:
        return True
    return bool(_CONNECTION.search(first) or (_EVENT.search(first) and _EVENT_TIME.search(first)))


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return the trace of all lines of all parts.

    Raises
    ------
    InputError
        If a line is no JSON object, or its columns cannot be those of a trace.
    """
    intake = Intake(source, options)
    for part in source.parts:
        waiting: dict[Table, _Waiting] = {"connections": _Waiting(), "events": _Waiting()}
        for number, line in part.lines():
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                intake.refuse(part, number, f"this is not JSON ({error.msg}, character {error.colno}).")
                continue
            if not isinstance(row, dict):
                intake.refuse(part, number, "this is JSON, but no object in braces.")
            elif "format" in row and "kind" not in row:
                _take_heading(intake, part, number, row)
            else:
                table: Table = "events" if "kind" in row else "connections"
                waiting[table].rows.append(row)
                waiting[table].lines.append(number)
                if len(waiting[table].rows) == BATCH_ROWS:
                    _hand_over(intake, part, table, waiting[table])
        for table, left in waiting.items():
            _hand_over(intake, part, table, left)
    return intake.trace()


def _hand_over(intake: Intake, part: Part, table: Table, waiting: _Waiting) -> None:
    if not waiting.rows:
        return
    waiting.names.update(*waiting.rows)
    layout, ignored = lay_out(sorted(waiting.names), table, f"{part.name}:{waiting.lines[0]}")
    intake.ignore(ignored)
    values = {raw: [row.get(raw) for row in waiting.rows] for raw in layout}
    intake.take_values(part, table, values, waiting.lines)
    waiting.rows, waiting.lines = [], []


def _take_heading(intake: Intake, part: Part, number: int, row: Row) -> None:
    try:
        intake.take_heading(heading_of(row))
    except WscostError as error:
        raise InputError(f"{part.name}:{number}: {error}") from None
