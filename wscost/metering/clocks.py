"""The clocks of objects: what they tell by day, and how long they outlast their sockets."""

from __future__ import annotations

from typing import NamedTuple

from wscost.deployment import Deployment
from wscost.intervals import Ints
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
