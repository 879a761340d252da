"""The clocks of objects: what they tell by day, and how long they outlast their sockets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wscost.deployment import Deployment
from wscost.intervals import Intervals, Ints, clip, count_by_day, length_by_day, union
from wscost.metering.tally import Days
from wscost.units import MICROSECONDS_PER_SECOND

HIBERNATES_AFTER_US = 10 * MICROSECONDS_PER_SECOND
"""An idle hibernateable object leaves memory 10 s after its last event ends. [µs]

https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/ (read 2026-11-23);
workerd 1.20261117.1 took 9.945 to 10.059 s.
"""

PIN_SWEEP_US = 105 * MICROSECONDS_PER_SECOND
"""An object that more than its sockets pins is evicted after 70 to 140 s without work (same page). [µs]"""


class Clocks(NamedTuple):
    """What all objects together did, by day: active and resident time, constructor calls. [µs, µs, 1]"""

    active: Ints
    resident: Ints
    wakeups: Ints


def pinned_for(deployment: Deployment) -> int:
    """Return how long an object stays active after its last socket closes. [µs]"""
    return PIN_SWEEP_US if deployment.pins.always else 0


class Lives(NamedTuple):
    """When each object is active, and when it is in memory. [µs]"""

    active: Intervals
    resident: Intervals


class Visits(NamedTuple):
    """When sockets keep their objects active, and how long they leave them in memory after. [µs]"""

    busy: Intervals
    tail: Ints


def visits_of(sockets: Intervals, end: int, pinned: int) -> Visits:
    """Return the visits that sockets are; of one that outlasts the window, what comes after is not known."""
    outlasting = sockets.end > end
    until = np.where(outlasting, end, np.minimum(sockets.end, end) + pinned)
    return Visits(sockets._replace(end=until), np.where(outlasting, 0, HIBERNATES_AFTER_US))


def lives_of(busy: Intervals, tail: Ints | int, start: int, end: int) -> Lives:
    """Run one clock an object: it is active while busy in the window, and in memory until a tail after."""
    return Lives(union(clip(busy, start, end)), union(busy._replace(end=busy.end + tail)))


def clocks_of(lives: Lives, days: Days) -> Clocks:
    """Return what the lives of objects come to by day; an object wakes up when it comes to memory."""
    active, resident = lives
    start, end, first_day, number = days
    woken = resident.start[resident.start >= start]
    in_window = clip(resident, start, int(resident.end.max(initial=end)))
    return Clocks(
        length_by_day(active.start, active.end, first_day, number),
        length_by_day(in_window.start, in_window.end, first_day, number),
        count_by_day(woken, first_day, number),
    )
