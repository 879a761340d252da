"""Loops through events in order of time, under the same rules as those through connections."""

from __future__ import annotations

import cython

from wscost.loops import Bytes, Flags, Ints, Ints32, Kinds
from wscost.loops.eventcolumns import BYTES, NUMBER, STRANGE, UNSIZED, UNTIMED
from wscost.units import MICROSECONDS_PER_DAY as DAY


def read_kinds(
    kinds: Ints32,
    valid_kinds: Bytes,
    kinds_begin: int,
    ways: Ints32,
    valid_ways: Bytes,
    ways_begin: int,
    table: Kinds,
    found: Kinds,
) -> int:
    """Write of what kind each event is, given where its words stand in dictionaries; return how many of none.

    ``table`` says it of each word for a kind and each for a direction, of none in its last row and column;
    what is missing is told by bits, as in ``wscost.loops.columns``. Places outside of the dictionaries are
    of no kind.
    """
    wrong = 0
    no_kind, no_way = len(table) - 1, len(table[0]) - 1
    with cython.nogil:
        for i in range(len(found)):
            kind, way = kinds[i], ways[i]
            at = kinds_begin + i
            if len(valid_kinds) > 0 and not valid_kinds[at >> 3] >> (at & 7) & 1:
                kind = no_kind
            elif kind == no_kind:
                kind = STRANGE
            at = ways_begin + i
            if len(valid_ways) > 0 and not valid_ways[at >> 3] >> (at & 7) & 1:
                way = no_way
            elif way == no_way:
                way = STRANGE
            if 0 <= kind <= no_kind and 0 <= way <= no_way:
                found[i] = table[kind, way]
            else:
                found[i] = STRANGE
            wrong += 1 if found[i] < 0 else 0
    return wrong


def add_up(
    at: Ints, kind: Kinds, answered: Flags, size: Ints, wall: Ints, first_day: int, by_day: Ints
) -> None:
    """Add each event to the sums of its day, kind, and whether it was answered by auto-response.

    Sizes [bytes] and wall times [µs] below zero are unknown. Whatever an event is, the same is done: what
    comes next is chance in most logs, and a processor that guesses it wrong waits longer than it adds.
    """
    day, midnight = 0, (first_day + 1) * DAY
    with cython.nogil:
        for i in range(len(at)):
            if at[i] >= midnight:
                day = at[i] // DAY - first_day
                midnight = (first_day + day + 1) * DAY
            which, auto = kind[i], (1 if answered[i] else 0)
            by_day[day, which, auto, NUMBER] += 1
            by_day[day, which, auto, BYTES] += max(size[i], 0)
            by_day[day, which, auto, UNSIZED] += 1 if size[i] < 0 else 0
            by_day[day, which, auto, UNTIMED] += 1 if wall[i] < 0 else 0


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
    begun: Ints,
    ended: Ints,
    places: Ints32,
) -> int:
    """Write from when until when a handler runs for each event, and in which object; return how many do.

    ``walls`` by kind, and by whether an auto-response answered, is what an unknown wall time is taken as,
    below zero: no handler runs. What is written of others is written over.
    """
    count = 0
    with cython.nogil:
        for i in range(len(at)):
            assumed, known = walls[kind[i], 1 if answered[i] else 0], 1 if wall[i] >= 0 else 0
            begun[count] = at[i]
            ended[count] = at[i] + known * wall[i] + (1 - known) * assumed
            places[count] = objects[i]
            count += 1 if assumed >= 0 else 0
    return count
