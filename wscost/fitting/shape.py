"""The shape of days and weeks: weights of hours and weekdays, where the window is long enough for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from wscost.fitting.seen import Floats, Ints
from wscost.fitting.written import Line, mapping, number, told
from wscost.profile.calendar import WEEKDAYS
from wscost.units import MICROSECONDS_PER_SECOND

_DAY_S = 86_400.0
_STEP_S = 60.0
_EACH = 10
"""Arrivals that each hour or weekday should have on average before its weight says anything."""
_BY_CHANCE = 0.001
_ROUNDS = 50


@dataclass(frozen=True)
class Steps:
    """Equal steps of time, the last one shorter."""

    edges: Ints
    """[µs since 1970]"""

    @classmethod
    def between(cls, start: int, end: int, step_s: float) -> Steps:
        """Return the steps between two times."""
        step = max(int(step_s * MICROSECONDS_PER_SECOND), 1)
        return cls(np.append(np.arange(start, end, step, dtype=np.int64), end))

    @cached_property
    def middles(self) -> Ints:
        """The middle of each. [µs since 1970]"""
        return (self.edges[1:] + self.edges[:-1]) // 2

    @cached_property
    def lengths(self) -> Floats:
        """The length of each. [s]"""
        return np.diff(self.edges) / MICROSECONDS_PER_SECOND

    def local(self, zone: str) -> tuple[Ints, Ints]:
        """Return the local weekday and hour of each."""
        import pandas as pd

        local = pd.DatetimeIndex(self.middles.astype("M8[us]"), tz="UTC").tz_convert(ZoneInfo(zone))
        return np.asarray(local.day_of_week, dtype=np.int64), np.asarray(local.hour, dtype=np.int64)


@dataclass(frozen=True)
class Shape:
    """How much more, or less, than on average comes in each hour and on each weekday."""

    zone: str = "UTC"
    hours: Floats = field(default_factory=lambda: np.ones(24))
    """1 on average."""
    weekdays: Floats = field(default_factory=lambda: np.ones(7))
    """1 on average."""
    lines: tuple[Line, ...] = ()

    @property
    def flat(self) -> bool:
        """Whether no time has more than another."""
        return bool((self.hours == 1).all() and (self.weekdays == 1).all())

    def factor(self, steps: Steps) -> Floats:
        """Return the factor of each step."""
        weekday, hour = steps.local(self.zone)
        return np.asarray(self.weekdays[weekday] * self.hours[hour])

    def worth(self, start: int, end: int) -> float:
        """Return how many seconds of average traffic a time is worth. [µs since 1970, s]"""
        steps = Steps.between(start, end, _STEP_S)
        return float(self.factor(steps) @ steps.lengths)


def fit_shape(counts: Ints, exposure: Floats, steps: Steps, zone: str) -> Shape:
    """Return the likeliest weights, rate = base x weekday x hour, as far as the window shows them.

    Parameters
    ----------
    counts, exposure : array
        Arrivals in each step, and the time in which they would have been seen. [1, s]
    """
    weekday, hour = steps.local(zone)
    cells = weekday * 24 + hour
    count = np.bincount(cells, counts, 168).reshape(7, 24)
    time = np.bincount(cells, exposure, 168).reshape(7, 24)
    window_s = float(steps.lengths.sum())
    hours, weekdays = np.ones(24), np.ones(7)
    no_hours = _too_short(window_s, 1) or _no_weights(count.sum(axis=0), time.sum(axis=0), "hour")
    if not no_hours:
        hours = _weights(count.sum(axis=0), time.sum(axis=0))
    no_weekdays = _too_short(window_s, 7) or _no_weights(count.sum(axis=1), time @ hours, "weekday")
    for _ in range(0 if no_weekdays else _ROUNDS):
        weekdays = _weights(count.sum(axis=1), time @ hours)
        if not no_hours:
            hours = _weights(count.sum(axis=0), weekdays @ time)
    seen = f"from {int(count.sum()):,} arrivals in {told(window_s)}"
    return Shape(zone, hours, weekdays, tuple(_lines(no_hours, no_weekdays, hours, weekdays, seen)))


def _lines(no_hours: str, no_weekdays: str, hours: Floats, weekdays: Floats, seen: str) -> Iterator[Line]:
    if no_hours:
        yield Line(f"# hours: {no_hours}", depth=1)
    else:
        weights = ", ".join(number(10 * weight, 3) for weight in hours)
        yield Line(f"hours: [{weights}]", f"Weights of the hours from midnight, {seen}.", depth=1)
    if no_weekdays:
        yield Line(f"# weekdays: {no_weekdays}", depth=1)
    else:
        days = {str(day): number(weight, 3) for day, weight in zip(WEEKDAYS, weekdays, strict=True)}
        yield Line(f"weekdays: {mapping(days)}", f"Weights of the weekdays, {seen}.", depth=1)
    if not (no_hours and no_weekdays):
        yield Line("figures_at: mean", depth=1)


def _too_short(window_s: float, days: int) -> str:
    if window_s >= days * _DAY_S:
        return ""
    return (
        f"not known, for the window is {told(window_s)} long and a {'day' if days == 1 else 'week'} is longer"
    )


def _no_weights(count: Floats, time: Floats, what: str) -> str:
    """Say why weights are not worth writing, or nothing."""
    from scipy import stats

    if count.sum() < _EACH * len(count):
        return f"{count.sum():,.0f} arrivals are too few to tell one {what} from another"
    if not time.all():
        return f"the window does not hold every {what}"
    alike = stats.chisquare(count, time / time.sum() * count.sum()).pvalue
    return f"no {what} differs from the others by more than chance" if alike > _BY_CHANCE else ""


def _weights(count: Floats, time: Floats) -> Floats:
    weights = count / time
    return np.asarray(weights / weights.mean())
