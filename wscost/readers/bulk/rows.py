"""Rows of row groups, as many at a time as asked for, each batch with its place.

Names that repeat are read as places in a dictionary. Each batch has one of its own, so that they are read in
longer batches than what stands beside them: the fewer dictionaries, the fewer names to look up. A thread of
its own decodes them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import groupby

import pyarrow as pa

from wscost.readers.bulk.ahead import ahead
from wscost.readers.bulk.groups import NAMES, File, Group
from wscost.readers.columns import Column

STEPS = 2
"""Batches that are read ahead."""
NAME_ROWS = 4_194_304


def rows_of(
    groups: Iterable[Group], wanted: Callable[[Column], bool], size: int
) -> Generator[tuple[File, pa.RecordBatch, int]]:
    """Yield batches of wanted columns: the file, the rows, and the number of the first of them.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    return ahead(_rows_of(groups, wanted, size), STEPS)


def _rows_of(
    groups: Iterable[Group], wanted: Callable[[Column], bool], size: int
) -> Generator[tuple[File, pa.RecordBatch, int]]:
    for file, same in groupby(groups, key=lambda group: group.file):
        columns = [raw for raw, column in file.layout.items() if wanted(column)]
        for numbers, first_row, taken in _neighbours(same):
            row = first_row
            try:
                for batch in _side_by_side(file, numbers, columns, size):
                    yield file, batch, row
                    row += len(batch)
            except (pa.ArrowException, OSError) as error:
                raise file.part.damaged("Parquet file", error) from None
            file.part.count(taken)


def _side_by_side(file: File, numbers: list[int], columns: list[str], size: int) -> Generator[pa.RecordBatch]:
    """Yield rows whose repeating names were read on their own."""
    names = [raw for raw in columns if raw in file.words and file.layout[raw].name in NAMES]
    others = [raw for raw in columns if raw not in names]
    if not names or not others:
        yield from _batches(file, [numbers], columns, size, side_by_side=True)
        return
    named = ahead(_batches(file, [[number] for number in numbers], names, NAME_ROWS))
    left = next(named, None)
    for rest in _batches(file, [numbers], others, size):
        batch = rest
        while len(batch):
            left = left if left is None or len(left) else next(named, None)
            if left is None:
                raise pa.ArrowInvalid("there are fewer names than rows")
            rows = min(len(batch), len(left))
            together = [*batch.slice(0, rows).columns, *left.slice(0, rows).columns]
            yield pa.RecordBatch.from_arrays(together, names=[*others, *names])
            batch, left = batch.slice(rows), left.slice(rows)


def _batches(
    file: File, turns: Iterable[list[int]], columns: list[str], size: int, *, side_by_side: bool = False
) -> Generator[pa.RecordBatch]:
    """Yield some columns of row groups, decoded in turn or side by side; no batch has rows of two turns."""
    with file.open(columns) as rows:
        for numbers in turns:
            yield from rows.iter_batches(size, row_groups=numbers, columns=columns, use_threads=side_by_side)


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
