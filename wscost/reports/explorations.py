"""Explorations as table, Markdown, CSV or JSON: sweeps, break-evens, sensitivities, advice, history."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING, Any, Protocol

from wscost.errors import UnknownNameError
from wscost.notes import Note
from wscost.reports import drawing
from wscost.reports.as_csv import safe_text
from wscost.reports.as_json import datum, notes_as_dicts
from wscost.reports.as_markdown import escape, table
from wscost.reports.telling import tell
from wscost.units import plain

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

SCHEMA = "wscost.table/1"


class Exploration(Protocol):
    """What any exploration gives."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What it rests on."""

    def to_frame(self) -> pd.DataFrame:
        """Return it as one frame."""


def formats() -> dict[str, Callable[..., str]]:
    """Return every format that explorations are written in."""
    return {"table": _table, "json": _json, "markdown": _markdown, "csv": _csv}


def render(exploration: Exploration, name: str, *, width: int = 80, color: bool = False) -> str:
    """Write an exploration in a format.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    """
    if name not in formats():
        raise UnknownNameError("format of tables", name, formats())
    return formats()[name](exploration, width=width, color=color)


def _table(exploration: Exploration, *, width: int, color: bool) -> str:
    return drawing.draw(_blocks(exploration, width), width=width, color=color)


def _blocks(exploration: Exploration, width: int) -> Iterator[RenderableType]:
    told = tell(exploration)
    yield drawing.text(told.title, "bold")
    if told.answers:
        yield drawing.lines(told.answers)
    if told.rows:
        yield drawing.grid(told.headings, told.rows, width=width, right=told.right, wrap=told.wrap)
    for title, sentences in told.sections:
        if sentences:
            yield drawing.bullets(sentences, title=title)
    if told.notes:
        yield drawing.bullets(note.message for note in told.notes)


def _markdown(exploration: Exploration, *, width: int, color: bool) -> str:
    told = tell(exploration)
    blocks = [f"### {escape(told.title)}", *map(escape, told.answers)]
    if told.rows:
        blocks.append(table(told.headings, told.rows, right=told.right))
    for title, sentences in [*told.sections, ("Notes:", [note.message for note in told.notes])]:
        if sentences:
            listed = "\n".join(f"- {escape(sentence)}" for sentence in sentences)
            blocks.append(f"{title}\n\n{listed}")
    return "\n\n".join(blocks)


def _csv(exploration: Exploration, *, width: int, color: bool) -> str:
    frame = exploration.to_frame()
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(str, frame.columns))
    for row in frame.itertuples(index=False, name=None):
        writer.writerow(map(_cell, row))
    return file.getvalue().rstrip("\n")


def _cell(value: Any) -> str:
    """Write a value of a frame: figures exact, what is unknown empty."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value) if value.is_finite() else ""
        case str():
            return safe_text(value)
    return "" if value != value else str(value)  # noqa: PLR0124


def _json(exploration: Exploration, *, width: int, color: bool) -> str:
    frame = exploration.to_frame()
    columns = list(map(str, frame.columns))
    rows = [dict(zip(columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)]
    told = {
        "schema": SCHEMA,
        "of": type(exploration).__name__,
        "answers": list(tell(exploration).answers),
        "columns": columns,
        "rows": [{name: _datum(value) for name, value in row.items()} for row in rows],
        "notes": notes_as_dicts(exploration.notes),
    }
    return json.dumps(told, indent=2)


def _datum(value: Any) -> Any:
    return None if value is None or value != value else datum(value)  # noqa: PLR0124
