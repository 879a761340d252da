"""Loops through connections in order of opening, with one pair of numbers kept for each object.

Times are microseconds since the epoch, days count from ``first_day``; ``opened`` never falls within a call
or from one call to the next; whoever is open when the window ends has ``closed`` at ``OPEN``. All sums are
of integers and go into one row a day of an array.
"""

from __future__ import annotations

from typing import TypeAlias

import cython

from wscost.loops import Ints, Ints32
from wscost.trace import NEVER, OPEN
from wscost.units import MICROSECONDS_PER_DAY as DAY
from wscost.units import MICROSECONDS_PER_MINUTE as MINUTE
from wscost.units import MICROSECONDS_PER_SECOND as SECOND

Window: TypeAlias = tuple[int, int, int, int]
"""Start and end [µs], the first UTC day since the epoch, and how many days."""


def proper(opened: Ints, closed: Ints, first: int, past: int) -> bool:
    """Tell whether each opens from ``first`` on, closes no earlier than it opens, and before ``past``."""
    good = 0
    with cython.nogil:
        while good < len(opened) and first <= opened[good] <= closed[good] < past:
            good += 1
    return good == len(opened)


def count(opened: Ints, closed: Ints, window: Window, by_day: Ints, breaks: Ints) -> int:
    """Add openings, closings, time open [µs] and started minutes to ``by_day``; return how many breaks.

    ``breaks`` are written: the connections that do not begin and end on one day of the window, and the
    first of each day. All between two breaks lie whole within one day.
    """
    start, end, first_day, _ = window
    day, midnight, found = 0, (first_day + 1) * DAY, 0
    begun = time = minutes = 0
    with cython.nogil:
        for i in range(len(opened)):
            o, c = opened[i], closed[i]
            if start <= o < midnight and c < midnight and c < end:
                begun += 1
                time += c - o
                minutes += (c - o + MINUTE - 1) // MINUTE
                continue
            by_day[day, 0] += begun
            by_day[day, 1] += begun
            by_day[day, 2] += time
            by_day[day, 3] += minutes
            begun = time = minutes = 0
            breaks[found] = i
            found += 1
            s = max(o, start)
            e = max(min(c, end), start)
            if s >= midnight:
                day = s // DAY - first_day
                midnight = (first_day + day + 1) * DAY
            by_day[day, 0] += o >= start
            if start <= c < end:
                by_day[e // DAY - first_day, 1] += 1
            at, nth, before = s, day, -(-(s - o) // MINUTE)
            until = midnight
            while True:
                upto = min(e, until)
                started = -(-(upto - o) // MINUTE)
                by_day[nth, 2] += upto - at
                by_day[nth, 3] += started - before
                if e <= until:
                    break
                at, before = upto, started
                nth += 1
                until += DAY
        by_day[day, 0] += begun
        by_day[day, 1] += begun
        by_day[day, 2] += time
        by_day[day, 3] += minutes
    return found


def spread(opened: Ints, closed: Ints, totals: Ints, window: Window, breaks: Ints, by_day: Ints) -> None:
    """Spread totals evenly over each connection's time, in whole units; an unknown one adds nothing.

    Between ``breaks`` connections lie whole within one day.
    """
    start, end, first_day, _ = window
    begin = 0
    with cython.nogil:
        for k in range(len(breaks) + 1):
            i = breaks[k] if k < len(breaks) else len(opened)
            if begin < i:
                whole = 0
                for j in range(begin, i):
                    whole += max(totals[j], 0)
                by_day[opened[begin] // DAY - first_day] += whole
            begin = i + 1
            if i == len(opened) or totals[i] < 0:
                continue
            total, o = totals[i], opened[i]
            c = closed[i] if closed[i] != OPEN else end
            s = max(o, start)
            seconds = max((c - o) // SECOND, 1)
            each, rest = total // seconds, total % seconds
            before = 0
            if s > o:
                elapsed = min((s - o) // SECOND, seconds)
                before = total if s >= c else each * elapsed + rest * elapsed // seconds
            nth = s // DAY - first_day
            until, last = (first_day + nth + 1) * DAY, max(min(c, end), start)
            while True:
                upto = min(last, until)
                elapsed = min((upto - o) // SECOND, seconds)
                after = total if upto >= c else each * elapsed + rest * elapsed // seconds
                by_day[nth] += after - before
                if last <= until:
                    break
                before = after
                nth += 1
                until += DAY


def overdraw(
    opened: Ints,
    closed: Ints,
    handled: Ints,
    window: Window,
    breaks: Ints,
    prices: tuple[int, int, int, int],
    by_day: Ints,
) -> None:
    """Add what a multiple of each connection's CPU time takes beyond its wall time, on its last day. [µs]

    ``handled`` are messages, below zero unknown, spread evenly over each connection's time; between
    ``breaks`` connections lie whole within one day; ``prices`` are the multiple, the CPU time of a connect
    and of a message [µs], whether wall time counts.
    """
    start, end, first_day, _ = window
    multiple, connect, message, own = prices
    begin = 0
    with cython.nogil:
        for k in range(len(breaks) + 1):
            i = breaks[k] if k < len(breaks) else len(opened)
            if begin < i:
                whole = 0
                for j in range(begin, i):
                    cpu = connect + max(handled[j], 0) * message
                    whole += max(multiple * cpu - own * (closed[j] - opened[j]), 0)
                by_day[opened[begin] // DAY - first_day] += whole
            begin = i + 1
            if i == len(opened):
                continue
            total, o = max(handled[i], 0), opened[i]
            c = closed[i] if closed[i] != OPEN else end
            s = max(o, start)
            e = max(min(c, end), start)
            seconds = max((c - o) // SECOND, 1)
            each, rest = total // seconds, total % seconds
            before, after = 0, total
            if s > o:
                elapsed = min((s - o) // SECOND, seconds)
                before = total if s >= c else each * elapsed + rest * elapsed // seconds
            if e < c:
                elapsed = min((e - o) // SECOND, seconds)
                after = each * elapsed + rest * elapsed // seconds
            cpu = (connect if o >= start else 0) + (after - before) * message
            beyond = multiple * cpu - own * (e - s)
            if beyond > 0:
                by_day[min(e, end - 1) // DAY - first_day] += beyond


def run_clocks(
    opened: Ints,
    closed: Ints,
    objects: Ints32,
    begun: Ints,
    ended: Ints,
    places: Ints32,
    window: Window,
    lasting: tuple[int, int],
    reached: Ints,
    by_day: Ints,
) -> None:
    """Run one clock an object: add active time, resident time [µs] and wakeups to ``by_day``.

    Sockets are opened and closed in ``objects``, handlers begin and end in ``places``, each in its own order
    of time; the number of an object below zero is one of its own. ``lasting`` is how long an object stays
    active after its last socket closes, and how long in memory after that [µs]. ``reached`` says until when
    each object is active and in memory, ``NEVER`` at first. What lies past the last day counts for it.
    """
    start, end, first_day, _ = window
    pinned, tail = lasting
    last_day = len(by_day) - 1
    past = (first_day + last_day + 1) * DAY
    day, midnight = 0, (first_day + 1) * DAY
    i = j = 0
    with cython.nogil:
        while i < len(opened) or j < len(begun):
            if j == len(begun) or (i < len(opened) and opened[i] <= begun[j]):
                o, number = opened[i], objects[i]
                busy_until = end if closed[i] > end else closed[i] + pinned
                gone = end if closed[i] > end else busy_until + tail
                i += 1
            else:
                o, number, busy_until = begun[j], places[j], ended[j]
                gone = busy_until + tail
                j += 1
            s = max(o, start)
            if s >= midnight:
                day = s // DAY - first_day
                midnight = (first_day + day + 1) * DAY
            was_active = reached[number, 0] if number >= 0 else NEVER
            was_resident = reached[number, 1] if number >= 0 else NEVER
            by_day[day, 2] += o > was_resident and o >= start
            if gone <= midnight:
                by_day[day, 0] += max(min(busy_until, end) - max(s, was_active), 0)
                by_day[day, 1] += max(gone - max(s, was_resident), 0)
            else:
                for which in range(2):
                    upto = gone if which else min(busy_until, end)
                    at = max(s, was_resident if which else was_active)
                    if upto <= at:
                        continue
                    nth, until = day, midnight
                    if at >= midnight:
                        nth = min(at // DAY - first_day, last_day)
                        until = (first_day + nth + 1) * DAY
                    while upto > until and until < past:
                        by_day[nth, which] += until - at
                        at = until
                        nth += 1
                        until += DAY
                    by_day[nth, which] += upto - at
            if number >= 0:
                reached[number, 0] = max(was_active, busy_until)
                reached[number, 1] = max(was_resident, gone)


def tally(
    opens: Ints,
    closes: Ints,
    stretches: tuple[int, int],
    came: Ints32,
    left: Ints32,
    gone: Ints,
    waiting: Ints,
) -> int:
    """Count rising openings, and the closes until the last one, by stretch of time; return how many wait.

    ``stretches`` are when the first one begins, and how long they are, as a power of two [µs]; what closes
    before is of the first. Closes are copied to ``gone``, those after the last opening to ``waiting``.
    """
    begin, shift = stretches
    last, late = opens[len(opens) - 1], 0
    with cython.nogil:
        for i in range(len(opens)):
            came[(opens[i] - begin) >> shift] += 1
        for i in range(len(closes)):
            at = closes[i]
            if at > last:
                waiting[late] = at
                late += 1
            else:
                gone[i - late] = at
                left[max(at - begin, 0) >> shift] += 1
    return late
