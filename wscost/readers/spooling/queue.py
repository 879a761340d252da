"""A queue: rows told in any order, given back one by one in the order of a number, such as a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from wscost.readers.intake import Intake
from wscost.readers.spooling.collected import Collected, Columns, Disk
from wscost.readers.spooling.runs import ROW, RUN_ROWS, Runs

NUMBER = "number"
GIVEN_ROWS = 8_192
"""Rows that are Python's at once."""


class Queue(Collected):
    """The rows of one log; of equal numbers the first told comes first.

    Parameters
    ----------
    intake
        Of the log; its options say whether many may lie on disk.
    columns
        What a row tells beside the number.
    """

    def __init__(self, intake: Intake, columns: Columns) -> None:
        super().__init__(intake, {NUMBER: "number", **columns}, RUN_ROWS)
        self._runs: Runs | None = None

    def in_order(self) -> Iterator[tuple[Any, ...]]:
        """Yield each row: the number, its cells, its part and line, and its number as it was told.

        Raises
        ------
        OutputError
            If the temporary folder is full.
        """
        self._end()
        for table in self._sorted() if self._runs is None else self._runs.in_order():
            for begin in range(0, len(table), GIVEN_ROWS):
                rows = table.slice(begin, GIVEN_ROWS)
                yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)

    def _sorted(self) -> Iterator[pa.Table]:
        rows = self._held()
        yield rows.take(pa.array(np.lexsort((rows[ROW].to_numpy(), rows[NUMBER].to_numpy()))))

    def _open(self) -> Disk:
        self._runs = Runs(self._schema, NUMBER)
        return self._runs
