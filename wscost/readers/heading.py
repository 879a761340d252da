"""The heading of a canonical file: the observed window and the grades, where the file carries them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from wscost.errors import InputError, UnknownNameError
from wscost.notes import Grade
from wscost.readers.options import format_window, parse_window
from wscost.trace import CALLS_OF_OBJECTS, CONNECTION_COLUMNS, LIVES
from wscost.usage import Window

FORMAT = "wscost.trace/1"
PARQUET_KEY = b"wscost.trace"
"""The key under which Parquet metadata hold the heading."""
ROWS_KEY = b"wscost.rows"
"""The key under which a Parquet file as wscost wrote it says how many rows it has; no copy keeps it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a trace says about itself as a whole."""

    window: Window | None = None
    grades: Mapping[str, Grade] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Write the heading as one JSON object."""
        written: dict[str, Any] = {"format": FORMAT}
        if self.window is not None:
            written["window"] = format_window(self.window)
        if self.grades:
            written["grades"] = dict(sorted(self.grades.items()))
        return orjson.dumps(written)


def heading_of(written: Mapping[str, Any]) -> Heading:
    """Return the heading that a JSON object holds.

    Raises
    ------
    InputError
        If it is of another version, or holds what no heading holds.
    UnknownNameError
        If it names an unknown key, column or grade.
    """
    if written.get("format") != FORMAT:
        raise InputError(f"the heading's format is not {FORMAT}; a newer wscost may have written it.")
    for key in written:
        if key not in ("format", "window", "grades"):
            raise UnknownNameError("key of a heading", str(key), ("format", "window", "grades"))
    window, grades = written.get("window"), written.get("grades", {})
    if not isinstance(grades, dict) or not isinstance(window, (str, type(None))):
        raise InputError("the heading's window must be text and its grades names by column.")
    for column, grade in grades.items():
        if column not in (*CONNECTION_COLUMNS, CALLS_OF_OBJECTS, LIVES):
            raise UnknownNameError("column of connections", str(column), CONNECTION_COLUMNS)
        if grade not in list(Grade):
            raise UnknownNameError("grade", str(grade), list(Grade))
    return Heading(
        parse_window(window) if window is not None else None,
        {column: Grade(grade) for column, grade in grades.items()},
    )


def merged(headings: Iterable[Heading]) -> Heading:
    """Return the heading of several files as one trace: from the first start to the last end."""
    several = list(headings)
    windows = [heading.window for heading in several if heading.window is not None]
    grades: dict[str, Grade] = {}
    for heading in several:
        for column, grade in heading.grades.items():
            grades[column] = Grade.worst(grade, grades.get(column, Grade.MEASURED))
    if not windows:
        return Heading(None, grades)
    return Heading(Window(min(w.start for w in windows), max(w.end for w in windows)), grades)
