"""What is summed of events, by day and kind, and the numbers of their words."""

from __future__ import annotations

from wscost.trace import DIRECTIONS, KINDS

NUMBER, BYTES, UNSIZED, UNTIMED = range(4)
"""How many there are, their bytes, how many of them tell no size, and how many no wall time."""
SUMS = 4
MISSING, STRANGE = -1, -2
"""In place of a word's place: there is none, or the word is none of those that may stand there."""
OUT = DIRECTIONS.index("out")
ALARM, REQUEST = (KINDS.index(kind) for kind in ("alarm", "request"))
