"""Figures through time: a scenario's own course times hours, weekdays and events. Times in s since 1970."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from wscost.profile.calendar import WEEKDAYS, Calendar
from wscost.profile.executors import DAY_S, Burst
from wscost.profile.law import Floats
from wscost.profile.model import AnyScenario

STEP_S = 60.0
"""Between breaks, a course is followed in steps of so long. [s]"""
STEADY_S = 900.0
"""For means so long a step does: weights change at full hours, in every zone a multiple of it. [s]"""


@dataclass(frozen=True)
class Course:
    """A figure (users, or arrivals a second) over time: constant between edges."""

    edges: Floats
    level: Floats

    @property
    def cumulated(self) -> Floats:
        """The integral of the figure up to each edge."""
        return np.concatenate([[0.0], np.cumsum(self.level * np.diff(self.edges))])

    @property
    def total(self) -> float:
        """The integral of the figure."""
        return float(np.dot(self.level, np.diff(self.edges)))


@dataclass(frozen=True)
class Timeline:
    """A calendar, and the first local day of what is simulated."""

    calendar: Calendar
    first: date

    def course(self, scenario: AnyScenario, start: float, end: float, *, step_s: float = STEP_S) -> Course:
        """Return the course of a scenario between two times, exact for what is linear between breaks."""
        edges = self._edges(scenario, start, end, step_s)
        middles = (edges[1:] + edges[:-1]) / 2
        return Course(edges, self._level(scenario, middles, glide=False))

    def points(self, scenario: AnyScenario, start: float, end: float) -> tuple[Floats, Floats]:
        """Return times and the figure at them, linear between, with hours that glide into each other."""
        edges = self._edges(scenario, start, end)
        breaks = self._breaks(scenario, start, end)
        sides = np.nextafter(breaks, -np.inf), np.nextafter(breaks, np.inf)
        around = np.unique(np.concatenate([edges, *sides]))
        around = around[(around >= start) & (around <= end)]
        return around, self._level(scenario, around, glide=True)

    def runs(self, scenario: AnyScenario, start: float, end: float) -> list[float]:
        """Return when the runs of a scenario begin that touch a time."""
        length = scenario.length_s
        if length is None:
            begins = self._moments([self.first], scenario.start_time)
            return list(begins) if scenario.start_time else [-np.inf]
        days = _days(start - length - scenario.start_time, end)
        if scenario.repeat == "never":
            days = [self.first]
        elif scenario.repeat == "weekly":
            days = [day for day in days if day.weekday() == 0]
        return [at for at in self._moments(days, scenario.start_time) if at < end and at + length > start]

    def moments(self, times: Iterable[datetime]) -> list[float]:
        """Return local moments as seconds since 1970."""
        return [at.replace(tzinfo=self.calendar.zone).timestamp() for at in times]

    def _moments(self, days: Iterable[date], after_midnight: float) -> Iterator[float]:
        """Yield a time of the wall clock on each of some local days."""
        for day in days:
            midnight = datetime.combine(day, time(), self.calendar.zone)
            yield (midnight + timedelta(seconds=after_midnight)).timestamp()

    def _level(self, scenario: AnyScenario, at: Floats, glide: bool) -> Floats:
        level = np.zeros(len(at))
        for begin in self.runs(scenario, at[0], np.nextafter(at[-1], np.inf)):
            level += scenario.level(np.zeros(len(at)) if begin == -np.inf else at - begin)
        if isinstance(scenario, Burst):
            return level
        return np.asarray(level * self._of_week(scenario, at, glide) * self._of_events(at))

    def _of_week(self, scenario: AnyScenario, at: Floats, glide: bool) -> Floats:
        """Return the factor of the local weekday, and of the hour unless the scenario has its own course."""
        import pandas as pd

        hours = self.calendar.hour_factors if scenario.all_day else [1.0] * 24
        week = np.outer(self.calendar.weekday_factors, hours).ravel()
        local = pd.DatetimeIndex(pd.to_datetime(at, unit="s", utc=True)).tz_convert(self.calendar.zone)
        hour = np.asarray(local.day_of_week * 24 + local.hour)
        if not glide:
            return np.asarray(week[hour])
        within = np.asarray(local.minute * 60 + local.second) / 3600
        return np.asarray(np.interp(hour + within - 0.5, np.arange(168), week, period=168))

    def _of_events(self, at: Floats) -> Floats:
        factor = np.ones(len(at))
        for begin, times, factors in self._events(at[0], at[-1]):
            factor *= np.interp(at - begin, times, factors, left=1.0, right=1.0)
        return factor

    def _events(self, start: float, end: float) -> Iterator[tuple[float, list[float], list[float]]]:
        for event in self.calendar.events:
            times, factors = event.course
            days = [d for d in _days(start - times[-1], end) if WEEKDAYS[d.weekday()] in event.days]
            for begin in (*self.moments(event.at), *self._moments(days, event.start_time)):
                if begin < end and begin + times[-1] > start:
                    yield begin, times, factors

    def _breaks(self, scenario: AnyScenario, start: float, end: float) -> Floats:
        runs = [begin + b for begin in self.runs(scenario, start, end) for b in scenario.breaks]
        events = [begin + t for begin, times, _ in self._events(start, end) for t in times]
        return np.array([at for at in (*runs, *events) if start < at < end], dtype=np.float64)

    def _edges(self, scenario: AnyScenario, start: float, end: float, step_s: float = STEP_S) -> Floats:
        grid = np.arange(start, end, step_s)
        return np.unique(np.concatenate([grid, [end], self._breaks(scenario, start, end)]))


def _days(start: float, end: float) -> list[date]:
    """Return the days between two times, with one to spare on each side for the time zone."""
    first = datetime.fromtimestamp(max(start, 0.0), UTC).date() - timedelta(days=1)
    return [first + timedelta(days=i) for i in range(int((end - max(start, 0.0)) // DAY_S) + 4)]
