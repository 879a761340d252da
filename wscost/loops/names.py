"""Names to numbers and hashes.

Text is given as Arrow keeps it: all bytes side by side, and in an array where each name begins and the last
one ends. Hashes only find the place: bytes are compared, so that no two names ever share a number.
"""

from __future__ import annotations

import cython

from wscost.loops import NOBODY, Bytes, Hashes, Ints, Ints32

BASIS, PRIME, OTHER_PRIME, MASK = 0x811C9DC5, 0x01000193, 0x5BD1E995, 0xFFFFFFFF


def number(
    text: Bytes,
    begins: Ints32,
    kept: Bytes,
    kept_begins: Ints,
    count: int,
    slots: Ints32,
    begin: int,
    numbers: Ints32,
) -> tuple[int, int]:
    """Write the number of each name from ``begin`` on: a new one takes the next, an empty one is ``NOBODY``.

    ``kept`` are the ``count`` names numbered so far; ``slots`` is the hash table, a power of two long. Return
    the first name without a number (past the last, or one for which there is no room), and how many names
    are known now.
    """
    last_slot = len(slots) - 1
    done = len(numbers)
    with cython.nogil:
        for i in range(begin, len(numbers)):
            first = begins[i]
            size = begins[i + 1] - first
            if size == 0:
                numbers[i] = NOBODY
                continue
            mixed = BASIS
            for j in range(first, first + size):
                mixed = ((mixed ^ text[j]) * PRIME) & MASK
            slot = (mixed ^ (mixed >> 15)) & last_slot
            while slots[slot] != NOBODY:
                at = kept_begins[slots[slot]]
                if kept_begins[slots[slot] + 1] - at == size:
                    same = 0
                    while same < size and kept[at + same] == text[first + same]:
                        same += 1
                    if same == size:
                        break
                slot = (slot + 1) & last_slot
            if slots[slot] == NOBODY:
                at = kept_begins[count]
                if count + 2 > len(kept_begins) or at + size > len(kept) or 2 * count > last_slot:
                    done = i
                    break
                for j in range(size):
                    kept[at + j] = text[first + j]
                kept_begins[count + 1] = at + size
                slots[slot] = count
                count += 1
            numbers[i] = slots[slot]
    return done, count


def enter(kept: Bytes, begins: Ints, count: int, slots: Ints32) -> None:
    """Fill an empty hash table with the names known so far."""
    last_slot = len(slots) - 1
    with cython.nogil:
        for i in range(count):
            mixed = BASIS
            for j in range(begins[i], begins[i + 1]):
                mixed = ((mixed ^ kept[j]) * PRIME) & MASK
            slot = (mixed ^ (mixed >> 15)) & last_slot
            while slots[slot] != NOBODY:
                slot = (slot + 1) & last_slot
            slots[slot] = i


def share_out(kept: Bytes, begins: Ints, count: int, buckets: int, bucket: Ints32) -> None:
    """Write which of so many buckets each name is in: the same in every process, whatever else it knows."""
    with cython.nogil:
        for i in range(count):
            mixed = BASIS
            for j in range(begins[i], begins[i + 1]):
                mixed = ((mixed ^ kept[j]) * PRIME) & MASK
            bucket[i] = (mixed ^ (mixed >> 15)) % buckets


def hash_names(text: Bytes, begins: Ints32, hashes: Hashes) -> None:
    """Write two hashes of 32 bits beside each other, for each name."""
    with cython.nogil:
        for i in range(len(hashes)):
            one = other = BASIS
            for j in range(begins[i], begins[i + 1]):
                one = ((one ^ text[j]) * PRIME) & MASK
                other = ((other ^ text[j] ^ (other >> 15)) * OTHER_PRIME) & MASK
            one ^= one >> 16
            hashes[i] = one << 32 | other
