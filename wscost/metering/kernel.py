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


def count(opened: Ints, closed: Ints, days: Window, by_day: Ints, breaks: Ints) -> int:
    """Add openings, closings, time open [µs] and started minutes to ``by_day``; return how many breaks.

    ``breaks`` are written: the connections that do not begin and end on one day of the window, and the
    first of each day. All between two breaks lie whole within one day.
    """
    start, end, first_day, _ = days
    day, midnight, found = 0, (first_day + 1) * DAY, 0
    begun = time = minutes = 0
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
        s, e = max(o, start), max(min(c, end), start)
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


def spread(opened: Ints, closed: Ints, totals: Ints, days: tuple[Window, Ints], by_day: Ints) -> None:
    """Spread totals evenly over each connection's time, in whole units; an unknown one adds nothing.

    ``days`` are the window and the breaks between which connections lie whole within one day.
    """
    (start, end, first_day, _), breaks = days
    begin = 0
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
        total, o, c = totals[i], opened[i], closed[i] if closed[i] != OPEN else end
        s = max(o, start)
        seconds = max((c - o) // SECOND, 1)
        before = 0
        if s > o:
            before = total if s >= c else total * min((s - o) // SECOND, seconds) // seconds
        nth = s // DAY - first_day
        until, last = (first_day + nth + 1) * DAY, max(min(c, end), start)
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
    sockets: tuple[Ints, Ints, Ints],
    days: tuple[Window, Ints],
    prices: tuple[int, int, int, int],
    by_day: Ints,
) -> None:
    """Add what a multiple of each connection's CPU time takes beyond its wall time, on its last day. [µs]

    ``sockets`` are opened, closed and the messages handled (below zero: unknown), ``days`` the window and
    the breaks between which connections lie whole within one day, ``prices`` the multiple, the CPU time of
    a connect and of a message [µs], and whether wall time counts.
    """
    opened, closed, handled = sockets
    (start, end, first_day, _), breaks = days
    multiple, connect, message, own = prices
    begin = 0
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
        s, e = max(opened[i], start), max(min(closed[i], end), start)
        cpu = (connect if opened[i] >= start else 0) + max(handled[i], 0) * message
        beyond = multiple * cpu - own * (e - s)
        if beyond > 0:
            by_day[min(e, end - 1) // DAY - first_day] += beyond


def run_clocks(
    sockets: tuple[Ints, Ints, Ints],
    runs: tuple[Ints, Ints, Ints],
    days: tuple[Window, tuple[int, int]],
    reached: Ints,
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
        was = (reached[number, 0], reached[number, 1]) if number >= 0 else (NEVER, NEVER)
        by_day[day, 2] += (o > was[1]) & (o >= start)
        if gone <= midnight:
            by_day[day, 0] += max(min(busy_until, end) - max(s, was[0]), 0)
            by_day[day, 1] += max(gone - max(s, was[1]), 0)
        else:
            for which in range(2):
                upto, at = gone if which else min(busy_until, end), max(s, was[which])
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
            reached[number, 0] = max(was[0], busy_until)
            reached[number, 1] = max(was[1], gone)


def place(instants: Ints, closes: Ints, spacing: tuple[int, Ints], left: Ints, waiting: Ints) -> int:
    """Add each close to ``left`` at the first of rising instants that it is not after; return how many wait.

    Closes after the last instant are written to ``waiting``. ``spacing`` cuts the time from the first
    instant on into stretches: two to that power are how long they are [µs], and of each the place of its
    first instant is written down.
    """
    shift, firsts = spacing
    begin, last, stretch = instants[0], instants[-1], 0
    for i in range(len(instants)):
        while stretch <= (instants[i] - begin) >> shift:
            firsts[stretch] = i
            stretch += 1
    while stretch < len(firsts):
        firsts[stretch] = len(instants)
        stretch += 1
    late = 0
    for i in range(len(closes)):
        at = closes[i]
        if at > last:
            waiting[late] = at
            late += 1
            continue
        within = max(at - begin, 0) >> shift
        low, high = firsts[within], firsts[within + 1]
        while low < high:
            middle = (low + high) // 2
            if instants[middle] < at:
                low = middle + 1
            else:
                high = middle
        left[low] += 1
    return late


def climb(left: Ints, midnights: Ints, now: Ints, most: Ints) -> None:
    """Follow how many are open through instants, before each of which so many have left.

    At each one comes, but for ``midnights``, which begin the next day. ``now`` holds how many are open and
    the day reached; ``most`` holds the highest number of each day.
    """
    open_now, day, k = now[0], now[1], 0
    highest = most[day]
    for i in range(len(left)):
        open_now -= left[i]
        if k < len(midnights) and i == midnights[k]:
            most[day] = highest
            k += 1
            day += 1
            highest = max(most[day], open_now)
        else:
            open_now += 1
            highest = max(highest, open_now)
    most[day] = highest
    now[0], now[1] = open_now, day


KERNEL = (count, spread, overdraw, run_clocks, place, climb)
