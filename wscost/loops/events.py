"""Loops through events in order of time, under the same rules as those through connections."""

from __future__ import annotations

import cython

from wscost.loops import Flags, Ints, Ints32, Kinds
from wscost.loops.eventcolumns import (
    ALARM,
    ANSWERED,
    CALLS,
    CLOSES,
    CLOSING,
    DELIVERED,
    MISSING,
    OPENING,
    OPENS,
    OUT,
    RECEIVED,
    REQUEST,
    STRANGE,
    UNTIMED,
    UNTIMED_ANSWERS,
)
from wscost.trace import MESSAGE, SENT
from wscost.units import MICROSECONDS_PER_DAY as DAY


def settle(at: Ints, kind: Kinds, direction: Kinds, first: int, past: int) -> int:
    """Make messages to clients a kind of their own; return how many events break a rule.

    They do outside of the time from ``first`` until ``past``, with a word that is none of those that may
    stand there, without a kind, and as messages without a direction.
    """
    wrong = 0
    with cython.nogil:
        for i in range(len(at)):
            which, way = kind[i], direction[i]
            if (
                which < 0
                or way == STRANGE
                or not first <= at[i] < past
                or (which == MESSAGE and way == MISSING)
            ):
                wrong += 1
            elif which == MESSAGE and way == OUT:
                kind[i] = SENT
    return wrong


def add_up(
    at: Ints, kind: Kinds, answered: Flags, size: Ints, wall: Ints, first_day: int, by_day: Ints
) -> None:
    """Add messages, bytes, calls and what is not known of them to ``by_day``.

    ``answered`` are auto-responses; sizes [bytes] and wall times [µs] below zero are unknown.
    """
    day, midnight = 0, (first_day + 1) * DAY
    with cython.nogil:
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
            elif which == OPENING:
                by_day[day, OPENS] += 1
            elif which == CLOSING:
                by_day[day, CLOSES] += 1
            elif which in (ALARM, REQUEST):
                by_day[day, CALLS] += 1
            if wall[i] < 0 and which != SENT:
                by_day[day, UNTIMED_ANSWERS if answered[i] else UNTIMED] += 1


def add_units(at: Ints, kind: Kinds, which: int, size: Ints, step: int, first_day: int, by_day: Ints) -> None:
    """Add the started steps of so many bytes of each message of one kind to ``by_day``."""
    with cython.nogil:
        for i in range(len(at)):
            if kind[i] == which:
                by_day[at[i] // DAY - first_day] += max(-(-size[i] // step), 1)


def pick_runs(
    at: Ints,
    kind: Kinds,
    answered: Flags,
    wall: Ints,
    objects: Ints32,
    walls: Ints,
    answers: bool,
    begun: Ints,
    ended: Ints,
    places: Ints32,
) -> int:
    """Write from when until when a handler runs for each event, and in which object; return how many do.

    ``walls`` by kind is what an unknown wall time is taken as, below zero: no handler runs. ``answers`` says
    whether one does for what was answered by auto-response.
    """
    count = 0
    with cython.nogil:
        for i in range(len(at)):
            assumed = walls[kind[i]]
            if assumed < 0 or (answered[i] and not answers):
                continue
            begun[count] = at[i]
            ended[count] = at[i] + (wall[i] if wall[i] >= 0 else assumed)
            places[count] = objects[i]
            count += 1
    return count
