"""The kernel for connections in order of opening: loops over plain arrays, one number kept per object.

Each function is plain Python and runs as it stands, or as machine code; none calls another, none allocates.
Times are microseconds since the epoch, days count from ``first_day``; ``opened`` never falls within a call
or from one call to the next; whoever is open when the window ends has ``closed`` at ``OPEN``. All sums are
of integers and go into one row a day of an array.
"""

from __future__ import annotations

from typing import TypeAlias

from wscost.intervals import Ints
from wscost.trace import OPEN
from wscost.units import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND

DAY = MICROSECONDS_PER_DAY
SECOND = MICROSECONDS_PER_SECOND
MINUTE = 60 * MICROSECONDS_PER_SECOND
NEVER = -(2**63)

Window: TypeAlias = tuple[int, int, int, int]
"""Start and end [µs], the first UTC day since the epoch, and how many days."""


def count(opened: Ints, closed: Ints, days: Window, by_day: Ints) -> None:
    """Add openings, closings, time open [µs] and started minutes to ``by_day``."""
    start, end, first_day, _ = days
    day, midnight = 0, (first_day + 1) * DAY
    for i in range(len(opened)):
        o, c = opened[i], min(closed[i], end)
        s, e = max(o, start), max(c, start)
        if s >= midnight:
            day = s // DAY - first_day
            midnight = (first_day + day + 1) * DAY
        by_day[day, 0] += o >= start
        if start <= closed[i] < end:
            last = day if e < midnight else e // DAY - first_day
            by_day[last, 1] += 1
        at, nth, minutes = s, day, -(-(s - o) // MINUTE)
        until = midnight
        while True:
            upto = min(e, until)
            started = -(-(upto - o) // MINUTE)
            by_day[nth, 2] += upto - at
            by_day[nth, 3] += started - minutes
            if e <= until:
                break
            at, minutes = upto, started
            nth += 1
            until += DAY


def spread(opened: Ints, closed: Ints, totals: Ints, days: Window, by_day: Ints) -> None:
    """Spread totals evenly over each connection's time, in whole units; an unknown one adds nothing."""
    start, end, first_day, _ = days
    day, midnight = 0, (first_day + 1) * DAY
    for i in range(len(opened)):
        total = totals[i]
        if total < 0:
            continue
        o, c = opened[i], closed[i] if closed[i] != OPEN else end
        s = max(o, start)
        if s >= midnight:
            day = s // DAY - first_day
            midnight = (first_day + day + 1) * DAY
        if s == o and c <= midnight and c <= end:
            by_day[day] += total
            continue
        seconds = max((c - o) // SECOND, 1)
        before = 0
        if s > o:
            before = total if s >= c else total * min((s - o) // SECOND, seconds) // seconds
        nth, until, last = day, midnight, max(min(c, end), start)
        while True:
            upto = min(last, until)
            after = total if upto >= c else total * min((upto - o) // SECOND, seconds) // seconds
            by_day[nth] += after - before
            if last <= until:
                break
            before = after
            nth += 1
            until += DAY


def overdraw(
    sockets: tuple[Ints, Ints, Ints], days: Window, prices: tuple[int, int, int, int], by_day: Ints
) -> None:
    """Add what a multiple of each connection's CPU time takes beyond its wall time, on its last day. [µs]

    ``sockets`` are opened, closed and the messages handled (below zero: unknown), ``prices`` the multiple,
    the CPU time of a connect and of a message [µs], and whether wall time counts.
    """
    opened, closed, handled = sockets
    start, end, first_day, _ = days
    multiple, connect, message, own = prices
    for i in range(len(opened)):
        s, e = max(opened[i], start), max(min(closed[i], end), start)
        cpu = (connect if opened[i] >= start else 0) + max(handled[i], 0) * message
        beyond = multiple * cpu - (e - s if own else 0)
        if beyond > 0:
            by_day[min(e, end - 1) // DAY - first_day] += beyond


def run_clocks(
    sockets: tuple[Ints, Ints, Ints],
    runs: tuple[Ints, Ints, Ints],
    days: tuple[Window, tuple[int, int]],
    reached: tuple[Ints, Ints],
    by_day: Ints,
) -> None:
    """Run one clock an object: add active time, resident time [µs] and wakeups to ``by_day``.

    ``sockets`` are opened, closed and the object's number, ``runs`` of handlers begun, ended and the
    object's number, each in its own order of time; a number below zero is an object of its own. ``days``
    are the window and how long an object stays active after its last socket closes, and how long in
    memory after that [µs]. ``reached`` says until when each object is active and in memory, ``NEVER`` at
    first. What lies past the last day counts for it.
    """
    opened, closed, objects = sockets
    begun, ended, places = runs
    (start, end, first_day, _), (pinned, tail) = days
    active, resident = reached
    last_day = len(by_day) - 1
    lasting = (first_day + last_day + 1) * DAY
    day, midnight = 0, (first_day + 1) * DAY
    i = j = 0
    while i < len(opened) or j < len(begun):
        if j == len(begun) or (i < len(opened) and opened[i] <= begun[j]):
            o, number = opened[i], objects[i]
            outlasting = closed[i] > end
            busy_until = end if outlasting else closed[i] + pinned
            gone = end if outlasting else busy_until + tail
            i += 1
        else:
            o, number, busy_until = begun[j], places[j], ended[j]
            gone = busy_until + tail
            j += 1
        s = max(o, start)
        if s >= midnight:
            day = s // DAY - first_day
            midnight = (first_day + day + 1) * DAY
        was_active = active[number] if number >= 0 else NEVER
        was_resident = resident[number] if number >= 0 else NEVER
        if o > was_resident and o >= start:
            by_day[day, 2] += 1
        for which in range(2):
            reach = was_resident if which else was_active
            upto = gone if which else min(busy_until, end)
            at = max(s, reach)
            if upto <= at:
                continue
            nth, until = day, midnight
            if at >= midnight:
                nth = min(at // DAY - first_day, last_day)
                until = (first_day + nth + 1) * DAY
            while upto > until and until < lasting:
                by_day[nth, which] += until - at
                at = until
                nth += 1
                until += DAY
            by_day[nth, which] += upto - at
        if number >= 0:
            active[number] = max(was_active, busy_until)
            resident[number] = max(was_resident, gone)


def merge(left: Ints, right: Ints, together: Ints) -> None:
    """Write two rising sequences into one."""
    i = j = 0
    for k in range(len(together)):
        if j == len(right) or (i < len(left) and left[i] <= right[j]):
            together[k] = left[i]
            i += 1
        else:
            together[k] = right[j]
            j += 1


def climb(opens: Ints, closes: Ints, first_day: int, now: Ints, most: Ints) -> int:
    """Follow how many are open through rising instants, as far as the last opening; return the closes used.

    ``now`` holds how many are open and the day reached; ``most`` holds the highest number of each day.
    """
    used = 0
    open_now, day = now[0], now[1]
    for i in range(len(opens)):
        at = opens[i]
        while at >= (first_day + day + 1) * DAY:
            midnight = (first_day + day + 1) * DAY
            while used < len(closes) and closes[used] <= midnight:
                open_now -= 1
                used += 1
            day += 1
            most[day] = max(most[day], open_now)
        while used < len(closes) and closes[used] <= at:
            open_now -= 1
            used += 1
        open_now += 1
        most[day] = max(most[day], open_now)
    now[0], now[1] = open_now, day
    return used


KERNEL = (count, spread, overdraw, run_clocks, merge, climb)
