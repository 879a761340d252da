"""Simulating: a profile in, a trace out, a day at a time. Knows no price.

``simulate`` gives each connection once, ``simulate_days`` each day as a trace of its own window,
``simulate_streams`` the same for metering alone, ``simulate_trace`` everything at once; ``expected`` and
``occupied`` say beforehand how much it comes to.
"""

from wscost.simulating.dated import days_alike, idle
from wscost.simulating.expecting import Expected, expected
from wscost.simulating.occupancy import occupied
from wscost.simulating.story import (
    period_of,
    refuse_too_much,
    sample_rooms,
    simulate,
    simulate_days,
    simulate_streams,
    simulate_trace,
)

__all__ = [
    "Expected",
    "days_alike",
    "expected",
    "idle",
    "occupied",
    "period_of",
    "refuse_too_much",
    "sample_rooms",
    "simulate",
    "simulate_days",
    "simulate_streams",
    "simulate_trace",
]
