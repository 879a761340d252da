"""Objects by number: the same name has the same number in every batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wscost.compiling import compiled
from wscost.readers.arrays import numbers as plain
from wscost.readers.bulk.hashing import NOBODY, enter, number, share_out

FEW = 1_024


class Numbers:
    """Names met so far, numbered in order of appearance: each costs its bytes and about thirty more."""

    def __init__(self, *, fast: bool) -> None:
        self._number, self._enter, self._share_out = (
            (compiled(number), compiled(enter), compiled(share_out)) if fast else (number, enter, share_out)
        )
        self._count = 0
        self._kept = np.zeros(16 * FEW, dtype=np.uint8)
        self._begins = np.zeros(FEW, dtype=np.int64)
        self._slots = np.full(4 * FEW, NOBODY, dtype=np.int32)
        self._last = pa.nulls(0, pa.string()), np.empty(0, dtype=np.int32)

    def __len__(self) -> int:
        return self._count

    def of(self, names: pa.Array) -> npt.NDArray[np.int32]:
        """Return the number of each name; ``NOBODY`` for null and for the empty name."""
        if pa.types.is_null(names.type):
            return np.full(len(names), NOBODY, dtype=np.int32)
        if pa.types.is_dictionary(names.type):
            numbers = np.append(self._of_dictionary(names.dictionary), np.int32(NOBODY))
            chosen: npt.NDArray[np.int32] = numbers[plain(names.indices, len(numbers) - 1)]
            return chosen
        names = names.cast(pa.string())
        if names.null_count:
            names = names.fill_null("")
        numbers = np.empty(len(names), dtype=np.int32)
        _, begins, text = names.buffers()
        arrays = (
            np.frombuffer(text or b"", np.uint8),
            np.frombuffer(begins, np.int32)[names.offset : names.offset + len(names) + 1],
        )
        done = 0
        while done < len(names):
            done, self._count = self._number(arrays, self._known, self._slots, done, numbers)
            if done < len(names):
                self._make_room(int(arrays[1][done + 1] - arrays[1][done]))
        return numbers

    def _of_dictionary(self, names: pa.Array) -> npt.NDArray[np.int32]:
        """Return the number of each name; of the dictionary before, as they were."""
        if not names.equals(self._last[0]):
            self._last = names, self.of(names)
        return self._last[1]

    @property
    def names(self) -> pa.Array:
        """The names, by number."""
        begins = self._begins[: self._count + 1]
        text = self._kept[: int(begins[-1])]
        return pa.Array.from_buffers(
            pa.large_string(), self._count, [None, pa.py_buffer(begins), pa.py_buffer(text)]
        )

    def buckets(self, count: int) -> npt.NDArray[np.int32]:
        """Return which of so many buckets each name is in, by number; nothing else decides it."""
        found = np.empty(self._count, dtype=np.int32)
        self._share_out(self._known, count, found)
        return found

    @property
    def _known(self) -> tuple[Any, Any, int]:
        return self._kept, self._begins, self._count

    def _make_room(self, size: int) -> None:
        """Double what is full: bytes, beginnings or the table, which is kept half empty."""
        if int(self._begins[self._count]) + size > len(self._kept):
            self._kept = np.append(self._kept, np.zeros(len(self._kept) + size, dtype=np.uint8))
        if self._count + 2 > len(self._begins):
            self._begins = np.append(self._begins, np.zeros_like(self._begins))
        if 2 * self._count >= len(self._slots) - 1:
            self._slots = np.full(2 * len(self._slots), NOBODY, dtype=np.int32)
            self._enter(self._known, self._slots)
