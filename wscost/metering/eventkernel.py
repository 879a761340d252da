"""The kernel for events in order of time: loops like those next door, under the same rules."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wscost.intervals import Ints
from wscost.metering.kernel import DAY
from wscost.trace import KINDS, MESSAGE, SENT

Kinds = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

RECEIVED, ANSWERED, DELIVERED = 0, 3, 6
"""Where messages stand in sums by day, each with its bytes and how many tell no size behind it: from
clients, from clients and answered by auto-response, to clients."""
CALLS, UNTIMED, UNTIMED_ANSWERS, OPENS, CLOSES = range(9, 14)
"""Calls of objects; handler runs, and auto-responses, of unknown time; connects and closes."""
COLUMNS = 14
OPEN, CLOSE, ALARM, REQUEST = (KINDS.index(kind) for kind in ("open", "close", "alarm", "request"))


def add_up(
    at: Ints, kinds: tuple[Kinds, Flags], sizes: tuple[Ints, Ints], first_day: int, by_day: Ints
) -> None:
    """Add messages, bytes, calls and what is not known of them to ``by_day``.

    ``kinds`` are kind and auto-response, ``sizes`` bytes and wall time; below zero: unknown.
    """
    kind, answered = kinds
    size, wall = sizes
    day, midnight = 0, (first_day + 1) * DAY
    for i in range(len(at)):
        if at[i] >= midnight:
            day = at[i] // DAY - first_day
            midnight = (first_day + day + 1) * DAY
        which = kind[i]
        if which in (MESSAGE, SENT):
            place = DELIVERED if which == SENT else (ANSWERED if answered[i] else RECEIVED)
            by_day[day, place] += 1
            if size[i] >= 0:
                by_day[day, place + 1] += size[i]
            else:
                by_day[day, place + 2] += 1
        elif which == OPEN:
            by_day[day, OPENS] += 1
        elif which == CLOSE:
            by_day[day, CLOSES] += 1
        elif which in (ALARM, REQUEST):
            by_day[day, CALLS] += 1
        if wall[i] < 0 and which != SENT:
            by_day[day, UNTIMED_ANSWERS if answered[i] else UNTIMED] += 1


def add_units(
    at: Ints, kinds: tuple[Kinds, int], sizes: tuple[Ints, int], first_day: int, by_day: Ints
) -> None:
    """Add the started steps of each message to ``by_day``.

    ``kinds`` are each event's and the one that counts, ``sizes`` the bytes and the step.
    """
    kind, which = kinds
    size, step = sizes
    for i in range(len(at)):
        if kind[i] == which:
            by_day[at[i] // DAY - first_day] += max(-(-size[i] // step), 1)


def pick_runs(
    events: tuple[Ints, Kinds, Flags, Ints, npt.NDArray[np.int32]],
    walls: Ints,
    answers: bool,
    runs: tuple[Ints, Ints, npt.NDArray[np.int32]],
) -> int:
    """Write from when until when a handler runs for each event, and where; return how many do.

    ``events`` are at, kind, auto-response, wall time and object; ``walls`` by kind is what an unknown
    wall time is taken as, below zero: no handler runs. ``answers`` says whether one does for what was
    answered by auto-response.
    """
    at, kind, answered, wall, objects = events
    begun, ended, places = runs
    count = 0
    for i in range(len(at)):
        assumed = walls[kind[i]]
        if assumed < 0 or (answered[i] and not answers):
            continue
        begun[count] = at[i]
        ended[count] = at[i] + (wall[i] if wall[i] >= 0 else assumed)
        places[count] = objects[i]
        count += 1
    return count


EVENT_KERNEL = (add_up, add_units, pick_runs)
