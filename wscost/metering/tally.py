"""Daily sums under way: integers until the end, so that no order of adding can matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from wscost.intervals import Ints
from wscost.notes import Grade, Note
from wscost.units import MICROSECONDS_PER_DAY, microseconds_of
from wscost.usage import Usage, Window

ONE = Decimal(1)
MICROSECOND = Decimal(1).scaleb(-6)
"""What a sum of microseconds is multiplied by to become seconds."""


class Days(NamedTuple):
    """A window and the UTC days that it touches. [µs, µs, days since the epoch, days]"""

    start: int
    end: int
    first_day: int
    days: int


def days_of(window: Window) -> Days:
    """Return a window as whole numbers."""
    start, end = microseconds_of(window.start), microseconds_of(window.end)
    first_day = start // MICROSECONDS_PER_DAY
    return Days(start, end, first_day, max(end - 1, start) // MICROSECONDS_PER_DAY - first_day + 1)


class Observed(Protocol):
    """What a tally asks of a trace."""

    @property
    def window(self) -> Window:
        """The observed time."""

    @property
    def grades(self) -> Mapping[str, Grade]:
        """How well each column is known."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the reader has to say."""


class Tally:
    """The window in microseconds, and what has been counted in each of its UTC days."""

    def __init__(self, trace: Observed) -> None:
        self.window = trace.window
        self.column_grades: Mapping[str, Grade] = trace.grades
        self.window_days = days_of(trace.window)
        self.start, self.end, self.first_day, self.days = self.window_days
        self._daily: dict[str, list[Decimal]] = {}
        self._grades: dict[str, Grade] = {}
        self._notes: list[Note] = list(trace.notes)

    def add(self, key: str, by_day: Ints, unit: Decimal = ONE, grade: Grade = Grade.MEASURED) -> None:
        """Add so many units of a meter, one number a day."""
        quantities = [int(n) * unit for n in by_day]
        if key in self._daily:
            quantities = [a + b for a, b in zip(self._daily[key], quantities, strict=True)]
            grade = Grade.worst(grade, self._grades[key])
        self._daily[key], self._grades[key] = quantities, grade

    def integers(self, key: str) -> npt.NDArray[np.object_]:
        """Return a count's numbers by day as Python's integers; zeros where it is unknown."""
        return np.array([int(n) for n in self._daily.get(key, [0] * self.days)], dtype=object)

    def grade(self, *columns: str) -> Grade:
        """Return the weakest grade of the trace's columns."""
        return Grade.worst(*(self.column_grades.get(column, Grade.MEASURED) for column in columns))

    def told(self, code: str) -> bool:
        """Tell whether a note of that code is kept already."""
        return any(note.code == code for note in self._notes)

    def note(self, code: str, message: str, **data: Any) -> None:
        """Keep a note for the bill."""
        self._notes.append(Note(code, message, data))

    def usage(self) -> Usage:
        """Return what was counted."""
        first = date(1970, 1, 1) + timedelta(days=self.first_day)
        days = {
            first + timedelta(days=i): {key: daily[i] for key, daily in self._daily.items()}
            for i in range(self.days)
        }
        return Usage(self.window, days, self._grades, tuple(self._notes))
