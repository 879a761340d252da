"""Rows of row groups, as many at a time as asked for, each batch with its place."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.readers.columns import Column

if TYPE_CHECKING:
    from wscost.readers.bulk.groups import File, Group

Ints = npt.NDArray[np.int64]


def rows_of(
    groups: Iterable[Group], wanted: Callable[[Column], bool], size: int
) -> Generator[tuple[File, pa.RecordBatch, int]]:
    """Yield batches of wanted columns: the file, the rows, and the number of the first of them.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    for file, same in groupby(groups, key=lambda group: group.file):
        columns = [raw for raw, column in file.layout.items() if wanted(column)]
        for numbers, first_row, taken in _neighbours(same):
            row = first_row
            try:
                for batch in file.rows.iter_batches(size, row_groups=numbers, columns=columns):
                    yield file, batch, row
                    row += len(batch)
            except (pa.ArrowException, OSError):
                raise file.part.damaged("Parquet file") from None
            file.part.count(taken)


def plain(column: pa.Array, null: int) -> Ints:
    """Return integers with a number in place of null; they are not copied if none is."""
    found: Ints = (column.fill_null(null) if column.null_count else column).to_numpy()
    return found


def _neighbours(groups: Iterator[Group]) -> Iterator[tuple[list[int], int, int]]:
    """Yield row groups that follow each other in the file: their numbers, first row and size."""
    numbers: list[int] = []
    row = size = 0
    for group in groups:
        if numbers and group.number != numbers[-1] + 1:
            yield numbers, row, size
            numbers = []
        if not numbers:
            row, size = group.first_row, 0
        numbers.append(group.number)
        size += group.size
    yield numbers, row, size
