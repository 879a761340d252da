"""What of a profile happens on some dates only: which days can stand for others, and what never runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from wscost.notes import Note
from wscost.profile.model import Profile
from wscost.simulating.curves import STEADY_S, Timeline
from wscost.usage import Period

_MOMENT_S = 1e-6


def days_alike(profile: Profile, period: Period) -> list[list[date]]:
    """Return a period's UTC days in groups: within one, any day can stand for any other.

    They are of the same weekday, and nothing has begun for good between them. A day that something dated
    touches is alone: an event, a deployment, a run that is never repeated, the beginning of one without end.
    """
    timeline = Timeline(profile.calendar, period.start)
    own = {day for begin, end in _spells(profile, timeline, period) for day in _touched(begin, end)}
    begun = sorted(_beginnings(profile, timeline, period))
    own |= {_day_of(at) for at in begun if at != _midnight(_day_of(at))}
    groups: dict[tuple[int, int], list[date]] = {}
    for i, day in enumerate(period.dates):
        before = sum(at <= _midnight(day) for at in begun)
        groups.setdefault((7 + i, before) if day in own else (day.weekday(), before), []).append(day)
    return list(groups.values())


def idle(profile: Profile, period: Period) -> Iterator[Note]:
    """Say of each scenario that brings nobody in a period that it does not."""
    timeline, (start, end) = Timeline(profile.calendar, period.start), _ends(period)
    for name, scenario in profile.midpoint().scenarios.items():
        if timeline.course(scenario, start, end, step_s=STEADY_S).total:
            continue
        why = "brings nobody in {}: its figures, or the weights of its hours and days, are 0."
        if scenario.length_s == 0 or not any(at < end for at in timeline.runs(scenario, start, end)):
            why = "never runs in {}: look at its startTime, and at how long it lasts."
        yield Note("scenario-idle", f"The scenario {name} {why.format(period)}", {"scenario": name})


def _spells(profile: Profile, timeline: Timeline, period: Period) -> Iterator[tuple[float, float]]:
    """Yield from when until when each thing lasts that happens once. [s since 1970]"""
    for event in profile.calendar.events:
        for begin in timeline.moments(event.at):
            yield begin, begin + event.course[0][-1]
    for begin in timeline.moments(profile.deploys.at):
        yield begin, begin
    for scenario in profile.scenarios.values():
        if scenario.repeat == "never" and scenario.length_s is not None:
            for begin in timeline.runs(scenario, *_ends(period)):
                yield begin, begin + scenario.length_s


def _beginnings(profile: Profile, timeline: Timeline, period: Period) -> Iterator[float]:
    """Yield when scenarios begin that never end. [s since 1970]"""
    for scenario in profile.scenarios.values():
        if scenario.length_s is None and scenario.start_time:
            yield from timeline.runs(scenario, *_ends(period))


def _touched(begin: float, end: float) -> Iterator[date]:
    day, last = _day_of(begin), _day_of(max(begin, end - _MOMENT_S))
    while day <= last:
        yield day
        day += timedelta(days=1)


def _day_of(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _ends(period: Period) -> tuple[float, float]:
    return _midnight(period.start), _midnight(period.end)
