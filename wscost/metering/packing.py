"""Spans in as few bytes as they need, for those that travel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wscost.intervals import Ints
from wscost.metering.coalescing import Columns

WIDTH = 8
Bytes = npt.NDArray[np.uint8]
"""Numbers not below zero, a row each, lowest byte first."""


class Packed(NamedTuple):
    """Spans of objects in order of time: gaps between their beginnings, lengths and objects."""

    first: int
    """When the first one begins. [µs]"""
    gaps: Bytes
    lengths: Bytes
    objects: Bytes

    @property
    def spans(self) -> Columns:
        """The same as they were."""
        begun = self.first + np.cumsum(_wide(self.gaps))
        return begun, begun + _wide(self.lengths), _wide(self.objects).astype(np.int32)


def pack(spans: Columns) -> Packed:
    """Return spans that begin in order of time, each column as narrow as its largest number."""
    begun, ended, objects = spans
    gaps = np.diff(begun, prepend=begun[:1])
    return Packed(int(begun[0]) if len(begun) else 0, *map(_narrow, (gaps, ended - begun, objects)))


def _narrow(numbers: npt.NDArray[np.integer]) -> Bytes:
    needed = -(-int(numbers.max(initial=0)).bit_length() // WIDTH)
    return numbers.astype("<i8").view(np.uint8).reshape(-1, WIDTH)[:, :needed].copy()


def _wide(numbers: Bytes) -> Ints:
    room = np.zeros((len(numbers), WIDTH), dtype=np.uint8)
    room[:, : numbers.shape[1]] = numbers
    return room.view("<i8").ravel().astype(np.int64, copy=False)
