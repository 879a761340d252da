"""Objects by number: the same name has the same number in every batch."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wscost.loops import NOBODY, Ints, Ints32
from wscost.loops.names import enter, number, share_out
from wscost.readers.arrays import looked_up

FEW = 1_024


class Numbers:
    """Names met so far, numbered in order of appearance: each costs its bytes and about thirty more."""

    def __init__(self) -> None:
        self._count = 0
        self._kept = np.zeros(16 * FEW, dtype=np.uint8)
        self._begins = np.zeros(FEW, dtype=np.int64)
        self._slots = np.full(4 * FEW, NOBODY, dtype=np.int32)
        self._last = pa.nulls(0, pa.string()), np.empty(0, dtype=np.int32)

    def __len__(self) -> int:
        return self._count

    def of(self, names: pa.Array) -> Ints32:
        """Return the number of each name; ``NOBODY`` for null and for the empty name."""
        if pa.types.is_null(names.type):
            return np.full(len(names), NOBODY, dtype=np.int32)
        if pa.types.is_dictionary(names.type):
            return looked_up(names.indices, self._of_dictionary(names.dictionary), NOBODY)
        if names.type != pa.string():
            names = names.cast(pa.string())
        if names.null_count:
            names = names.fill_null("")
        numbers = np.empty(len(names), dtype=np.int32)
        _, begins, text = names.buffers()
        text = memoryview(text or b"").cast("B")
        edges = np.frombuffer(begins, np.int32)[names.offset : names.offset + len(names) + 1]
        done = 0
        while done < len(names):
            done, self._count = number(text, edges, *self._known, self._slots, done, numbers)
            if done < len(names):
                self._make_room(int(edges[done + 1] - edges[done]))
        return numbers

    def _of_dictionary(self, names: pa.Array) -> Ints32:
        """Return the number of each name; of the dictionary before, as they were."""
        if not _same(names, self._last[0]):
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

    def buckets(self, count: int) -> Ints32:
        """Return which of so many buckets each name is in, by number; nothing else decides it."""
        found = np.empty(self._count, dtype=np.int32)
        share_out(*self._known, count, found)
        return found

    @property
    def _known(self) -> tuple[memoryview, Ints, int]:
        return self._kept.data, self._begins, self._count

    def _make_room(self, size: int) -> None:
        """Double what is full: bytes, beginnings or the table, which is kept half empty."""
        if int(self._begins[self._count]) + size > len(self._kept):
            self._kept = np.append(self._kept, np.zeros(len(self._kept) + size, dtype=np.uint8))
        if self._count + 2 > len(self._begins):
            self._begins = np.append(self._begins, np.zeros_like(self._begins))
        if 2 * self._count >= len(self._slots) - 1:
            self._slots = np.full(2 * len(self._slots), NOBODY, dtype=np.int32)
            enter(*self._known, self._slots)


def _same(names: pa.Array, others: pa.Array) -> bool:
    """Tell whether two arrays are the same, by where they lie if they are one; both are still held."""
    places = [
        (one.offset, len(one), *(buffer and buffer.address for buffer in one.buffers()))
        for one in (names, others)
    ]
    return places[0] == places[1] or names.equals(others)
