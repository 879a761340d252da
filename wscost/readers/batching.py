"""Rows of a foreign format on their way to the intake, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wscost.readers.columns import Table
from wscost.readers.intake import BATCH_ROWS, Intake, Places
from wscost.readers.source import Part


class Batch:
    """Rows of one table, collected and handed over when they are many or another part begins."""

    def __init__(self, intake: Intake, table: Table, columns: Sequence[str]) -> None:
        self.intake = intake
        self.table = table
        self.columns = tuple(columns)
        self._part: Part | None = None
        self._lines: list[int] = []
        self._rows: list[tuple[Any, ...]] = []

    def add(self, part: Part, line: int, *cells: Any) -> None:
        """Add one row, its cells in the order of the columns."""
        if part is not self._part or len(self._rows) >= BATCH_ROWS:
            self.hand_over()
            self._part = part
        self._rows.append(cells)
        self._lines.append(line)

    def hand_over(self) -> None:
        """Hand over what has been collected."""
        if self._part is not None and self._rows:
            values = dict(zip(self.columns, zip(*self._rows, strict=True), strict=True))
            self.intake.take_values(self._part, self.table, values, self._lines)
        self._rows, self._lines = [], []


class Mixed:
    """Rows of one table and of any parts, collected and handed over when they are many."""

    def __init__(self, intake: Intake, table: Table, columns: Sequence[str]) -> None:
        self.intake, self.table, self.columns = intake, table, tuple(columns)
        self.rows = 0
        self._rows: list[tuple[Any, ...]] = []

    def add(self, part: int, line: int, *cells: Any) -> None:
        """Add one row: the numbers of its part and line, its cells in the order of the columns."""
        self._rows.append((part, line, self.rows, *cells))
        self.rows += 1
        if len(self._rows) >= BATCH_ROWS:
            self.hand_over()

    def hand_over(self) -> None:
        """Hand over what has been collected."""
        import numpy as np

        if self._rows:
            part, line, row, *cells = zip(*self._rows, strict=True)
            places = Places(*(np.array(numbers, dtype=np.int64) for numbers in (part, line, row)))
            self.intake.take_mixed(self.table, dict(zip(self.columns, cells, strict=True)), places)
        self._rows = []
