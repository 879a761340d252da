"""Columns as Arrow keeps them, to plain arrays: loops that put something in place of what is not there.

``valid`` has one bit a value, from the lowest on: whether it is there; of no bits at all, all are. The first
value of a column is that of the bit ``begin``.
"""

from __future__ import annotations

import cython

from wscost.loops import Bytes, Flags, Floats, Ints, Ints32, Numbers

SHORT = 2.0**41
"""Below, a number of milliseconds in microseconds leaves a float room for its fraction. [ms]"""
ROUNDING = 1.5 * 2.0**52
"""What leaves no room for a fraction: added to a number of microseconds, it rounds it half to even."""


def look_up(indices: Ints32, valid: Bytes, begin: int, table: Numbers, missing: int, found: Numbers) -> int:
    """Write what each index stands for, or what stands for a missing one; return how many stand for none."""
    astray = 0
    with cython.nogil:
        for i in range(len(indices)):
            at = begin + i
            if len(valid) > 0 and not valid[at >> 3] >> (at & 7) & 1:
                found[i] = missing
            elif 0 <= indices[i] < len(table):
                found[i] = table[indices[i]]
            else:
                astray += 1
    return astray


def fill(values: Ints, valid: Bytes, begin: int, missing: int, largest: int, found: Ints) -> int:
    """Copy values, or what stands for a missing one; return how many are below zero or past the largest."""
    wrong = 0
    with cython.nogil:
        for i in range(len(values)):
            at = begin + i
            known = 1 if len(valid) == 0 else valid[at >> 3] >> (at & 7) & 1
            found[i] = known * values[i] + (1 - known) * missing
            wrong += known & (1 if values[i] < 0 or values[i] > largest else 0)
    return wrong


def whole_micros(milliseconds: Floats, valid: Bytes, begin: int, missing: int, found: Ints) -> int:
    """Write times in whole microseconds, half to even; return how many are no proper time. [ms]"""
    wrong = 0
    with cython.nogil:
        for i in range(len(milliseconds)):
            at = begin + i
            known = 1 if len(valid) == 0 else valid[at >> 3] >> (at & 7) & 1
            told = milliseconds[i]
            proper, micros = 0, 0
            if 0 <= told < SHORT:
                proper, micros = 1, cython.cast(cython.longlong, told * 1000 + ROUNDING - ROUNDING)
            found[i] = known * micros + (1 - known) * missing
            wrong += known & (1 - proper)
    return wrong


def unpack(bits: Bytes, valid: Bytes, begin: int, found: Flags) -> None:
    """Write truths, which Arrow keeps as bits too, as 1; what is missing is not true."""
    with cython.nogil:
        for i in range(len(found)):
            at = begin + i
            found[i] = bits[at >> 3] >> (at & 7) & 1
            if len(valid) and not valid[at >> 3] >> (at & 7) & 1:
                found[i] = 0
