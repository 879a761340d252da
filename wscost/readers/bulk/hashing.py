"""Names to numbers by a hash table of plain arrays: loops that run as they stand, or compiled.

Text is given as Arrow keeps it: all bytes in one array, and in another where each name begins and the last
one ends. Hashes only find the place: bytes are compared, so that no two names ever share a number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints32 = npt.NDArray[np.int32]
Ints64 = npt.NDArray[np.int64]

NOBODY = -1
BASIS, PRIME, MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF


def number(
    names: tuple[Bytes, Ints32], known: tuple[Bytes, Ints64, int], slots: Ints32, begin: int, numbers: Ints32
) -> tuple[int, int]:
    """Write the number of each name from ``begin`` on: a new one takes the next, an empty one is ``NOBODY``.

    ``known`` are the names numbered so far, where they begin and how many they are; ``slots`` is the hash
    table, a power of two long. Return the first name without a number (past the last, or one for which
    there is no room), and how many names are known now.
    """
    text, begins = names
    kept, kept_begins, count = known
    last_slot = len(slots) - 1
    for i in range(begin, len(numbers)):
        first, size = begins[i], begins[i + 1] - begins[i]
        if size == 0:
            numbers[i] = NOBODY
            continue
        mixed = BASIS
        for j in range(first, first + size):
            mixed = ((mixed ^ int(text[j])) * PRIME) & MASK
        slot = (mixed ^ (mixed >> 15)) & last_slot
        while slots[slot] != NOBODY:
            at = kept_begins[slots[slot]]
            same = kept_begins[slots[slot] + 1] - at == size
            j = 0
            while same and j < size:
                same = kept[at + j] == text[first + j]
                j += 1
            if same:
                break
            slot = (slot + 1) & last_slot
        if slots[slot] == NOBODY:
            at = kept_begins[count]
            if count + 2 > len(kept_begins) or at + size > len(kept) or 2 * count > last_slot:
                return i, count
            for j in range(size):
                kept[at + j] = text[first + j]
            kept_begins[count + 1] = at + size
            slots[slot] = count
            count += 1
        numbers[i] = slots[slot]
    return len(numbers), count


def enter(known: tuple[Bytes, Ints64, int], slots: Ints32) -> None:
    """Fill an empty hash table with the names known so far."""
    kept, begins, count = known
    last_slot = len(slots) - 1
    for i in range(count):
        mixed = BASIS
        for j in range(begins[i], begins[i + 1]):
            mixed = ((mixed ^ int(kept[j])) * PRIME) & MASK
        slot = (mixed ^ (mixed >> 15)) & last_slot
        while slots[slot] != NOBODY:
            slot = (slot + 1) & last_slot
        slots[slot] = i


def share_out(known: tuple[Bytes, Ints64, int], buckets: int, bucket: Ints32) -> None:
    """Write which of so many buckets each name is in: the same in every process, whatever else it knows."""
    kept, begins, count = known
    for i in range(count):
        mixed = BASIS
        for j in range(begins[i], begins[i + 1]):
            mixed = ((mixed ^ int(kept[j])) * PRIME) & MASK
        bucket[i] = (mixed ^ (mixed >> 15)) % buckets
