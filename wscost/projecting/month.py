"""Projecting: usage of an observed window in, usage of a billing month out. Usage is scaled, never cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from wscost.errors import ConfigError, InputError
from wscost.notes import Note
from wscost.usage import (
    MonthlyUsage,
    Period,
    Quantities,
    Usage,
    Window,
    a_day,
    first_of,
    meter_of,
    rounded,
    total,
)

DAY = timedelta(days=1)
_SECONDS_PER_DAY = Decimal(86_400)
SHORTEST = Decimal("0.001")
"""A window that is scaled is at least so long. [s]"""
WEEK = 7 * _SECONDS_PER_DAY
"""A window of so long tells weekdays apart. [s]"""


def billing_period(month: str | None, cycle_start: int, day: date) -> Period:
    """Return the billing month named ``YYYY-MM``, or else the one that holds a day.

    A cycle starts on the same day of every month; where a month has no such day, on its last.
    ``cycle_start`` 1 is the calendar month. Cloudflare's cycle is anchored to the first paid day
    (https://developers.cloudflare.com/billing/, read 2026-11-23).

    Raises
    ------
    ConfigError
        If the month is not ``YYYY-MM``, it or the day is before 2000 or after 2199, or the cycle starts
        on no day between 1 and 31.
    """
    if not 1 <= cycle_start <= 31:
        raise ConfigError(f"--cycle-start {cycle_start}: a billing cycle starts on a day from 1 to 31.")
    if month is None:
        try:
            first = a_day(day).replace(day=1)
        except ValueError as error:
            raise ConfigError(f"The day of the billing month {error}.") from None
        start = first + relativedelta(day=cycle_start)
        if start > day:
            start = first - relativedelta(months=1) + relativedelta(day=cycle_start)
    else:
        try:
            start = first_of(month) + relativedelta(day=cycle_start)
        except ValueError as error:
            raise ConfigError(f"--month {error}.") from None
    following = start.replace(day=1) + relativedelta(months=1) + relativedelta(day=cycle_start)
    return Period(start, following)


class Projection(NamedTuple):
    """What the trace says of the month: as observed, and for the whole of it."""

    observed: Quantities
    month: MonthlyUsage
    scaled: bool


def project(usage: Usage, period: Period) -> Projection:
    """Project metered usage onto a billing month.

    A window that covers the whole month is taken as it is. Otherwise days that it covers wholly stand
    as they are, and every other day is filled in: from the mean of its weekday where the window is at
    least a week, else by scaling the window to a day. Peaks are never scaled.

    Parameters
    ----------
    usage : Usage
        Metered quantities by UTC day.
    period : Period
        The billing month.

    Raises
    ------
    InputError
        If the window is shorter than a millisecond: its rows all share one instant, or nearly so.
    """
    if usage.window.seconds < SHORTEST:
        raise InputError(
            "All that the trace tells is of one instant, which is no measure of a month. "
            "Say what it observed with --window START/END."
        )
    observed_days = _within(usage.days, period)
    if covers(usage.window, period):
        month = MonthlyUsage(period, total(observed_days.values()), observed_days, usage.grades, usage.notes)
        return Projection(month.quantities, month, scaled=False)
    by_weekday = usage.window.seconds >= WEEK
    seen = _within(days_seen(usage), period)
    days = (_by_weekday(usage, period) if by_weekday else _evenly(usage, period)) | seen
    quantities = {key: rounded(key, quantity) for key, quantity in total(days.values()).items()}
    note = _explain(usage.window, period, by_weekday=by_weekday)
    month = MonthlyUsage(period, quantities, days, usage.grades, (*usage.notes, note))
    return Projection(usage.totals, month, scaled=True)


def days_seen(usage: Usage) -> dict[date, Quantities]:
    """Return the days that were observed from midnight to midnight."""
    return {day: held for day, held in usage.days.items() if _observed(usage.window, day) == _SECONDS_PER_DAY}


def covers(window: Window, period: Period) -> bool:
    """Tell whether a window holds the whole of a month."""
    return window.start <= _midnight(period.start) and window.end >= _midnight(period.end)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _within(days: Mapping[date, Quantities], period: Period) -> dict[date, Quantities]:
    return {day: quantities for day, quantities in days.items() if period.start <= day < period.end}


def _evenly(usage: Usage, period: Period) -> dict[date, Quantities]:
    """Give every day the same: what the window held, scaled to 24 hours."""
    mean = _rate(usage.days.values(), usage.window.seconds)
    return dict.fromkeys(period.dates, mean)


def _by_weekday(usage: Usage, period: Period) -> dict[date, Quantities]:
    """Give every day the mean of the same weekday in the window, partial days weighed by their length."""
    means = {}
    for weekday in range(7):
        days = [day for day in usage.days if day.weekday() == weekday]
        seconds = sum((_observed(usage.window, day) for day in days), Decimal(0))
        means[weekday] = _rate([usage.days[day] for day in days], seconds)
    return {day: means[day.weekday()] for day in period.dates}


def _observed(window: Window, day: date) -> Decimal:
    """Return how much of a day the window holds. [s]"""
    start, end = max(window.start, _midnight(day)), min(window.end, _midnight(day + DAY))
    return Window(start, end).seconds


def _rate(days: Iterable[Quantities], seconds: Decimal) -> dict[str, Decimal]:
    """Scale what so many seconds held to a day of 24 hours."""
    return {
        key: quantity if meter_of(key).peak else quantity * _SECONDS_PER_DAY / seconds
        for key, quantity in total(days).items()
    }


def _explain(window: Window, period: Period, *, by_weekday: bool) -> Note:
    seconds = period.days * _SECONDS_PER_DAY
    factor = seconds / window.seconds
    times = f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}"
    covered = _length(window.seconds)
    how = (
        "each day of the month is the mean of its weekday"
        if by_weekday
        else "the whole month is taken to be like it, nights and weekends included, and nothing tells how "
        "far it may differ"
    )
    return Note(
        "projected-by-weekday" if by_weekday else "projected-by-scaling",
        f"The trace covers {covered}; {how} ({times} times as long). Peaks are the highest seen, not scaled.",
        {"window_seconds": window.seconds, "factor": factor, "month": str(period)},
    )


def _length(seconds: Decimal) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.0f} seconds"
