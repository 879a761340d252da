"""Where the sums of events by day stand, and the numbers of their kinds."""

from __future__ import annotations

from wscost.trace import DIRECTIONS, KINDS

RECEIVED, ANSWERED, DELIVERED = 0, 3, 6
"""Messages, each with their bytes and how many tell no size behind them: from clients, from clients and
answered by auto-response, to clients."""
CALLS, UNTIMED, UNTIMED_ANSWERS, OPENS, CLOSES = range(9, 14)
"""Calls of objects; handler runs, and auto-responses, of unknown time; connects and closes."""
COLUMNS = 14
MISSING, STRANGE = -1, -2
"""In place of a word's place: there is none, or the word is none of those that may stand there."""
OUT = DIRECTIONS.index("out")
OPENING, CLOSING, ALARM, REQUEST = (KINDS.index(kind) for kind in ("open", "close", "alarm", "request"))
