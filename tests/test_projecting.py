"""From an observed window to a billing month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest

from wscost.errors import ConfigError, InputError
from wscost.projecting import billing_period, project
from wscost.usage import DIVISIBLE, METERS, Period, Usage, Window

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))


def usage(start: datetime, end: datetime, days: dict[date, dict[str, D]]) -> Usage:
    return Usage(Window(start, end), days)


def day(n: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, 1, hour, tzinfo=UTC) + timedelta(days=n - 1)


def daily(first: int, counts: list[int]) -> dict[date, dict[str, D]]:
    return {day(first + i).date(): {"connections_opened": D(n)} for i, n in enumerate(counts)}


@pytest.mark.parametrize(
    ("month", "cycle_start", "expected"),
    [
        pytest.param("2026-02", 1, ("2026-02-01", "2026-03-01"), id="a calendar month"),
        pytest.param("2026-02", 4, ("2026-02-04", "2026-03-04"), id="a cycle anchored on the fourth"),
        pytest.param("2026-12", 4, ("2026-12-04", "2027-01-04"), id="a cycle over the turn of the year"),
        pytest.param("2026-01", 31, ("2026-01-31", "2026-02-28"), id="a cycle on a day that February lacks"),
        pytest.param("2028-01", 30, ("2028-01-30", "2028-02-29"), id="the same in a leap year"),
        pytest.param(None, 1, ("2026-11-01", "2026-12-01"), id="the calendar month that holds the day"),
        pytest.param(None, 15, ("2026-11-15", "2026-12-15"), id="the cycle that starts on the day"),
        pytest.param(None, 16, ("2026-10-16", "2026-11-16"), id="the cycle that ends after the day"),
    ],
)
def test_a_billing_month_starts_on_its_day(
    month: str | None, cycle_start: int, expected: tuple[str, str]
) -> None:
    period = billing_period(month, cycle_start, date(2026, 11, 15))

    assert expected == (str(period.start), str(period.end))


@pytest.mark.parametrize("month", ["2026-13", "November", "2026-11-01", "2024-4", "20261-1", " 2026-11", ""])
def test_a_month_that_is_none_is_refused_with_an_example(month: str) -> None:
    with pytest.raises(ConfigError, match="YYYY-MM, for example 2026-11, not"):
        billing_period(month, 1, date(2026, 11, 15))


@pytest.mark.parametrize("month", ["0001-01", "1999-12", "2200-01", "9999-12"])
def test_a_month_beyond_any_trace_is_refused(month: str) -> None:
    with pytest.raises(ConfigError, match=f"--month must be a month from 2000-01 to 2199-12, not {month}"):
        billing_period(month, 1, date(2026, 11, 15))


@pytest.mark.parametrize("month", ["2000-01", "2199-12"])
def test_the_first_and_the_last_month_are_months(month: str) -> None:
    assert month == f"{billing_period(month, 31, date(2026, 11, 15)).start:%Y-%m}"


@pytest.mark.parametrize("cycle_start", [0, 32, -1])
def test_a_cycle_starts_on_a_day_of_the_month(cycle_start: int) -> None:
    with pytest.raises(ConfigError, match="from 1 to 31"):
        billing_period(None, cycle_start, date(2026, 11, 15))


def test_a_window_of_the_whole_month_is_taken_as_it_is() -> None:
    projection = project(usage(day(1), day(31), daily(1, [1] * 30)), NOVEMBER)

    assert not projection.scaled
    assert projection.month.quantities == {"connections_opened": 30}
    assert projection.month.notes == ()


def test_days_outside_the_month_are_left_out_when_the_window_covers_it() -> None:
    start, days = day(1) - timedelta(days=2), daily(-1, [100, 100] + [1] * 30 + [100])

    projection = project(usage(start, day(32), days), NOVEMBER)

    assert projection.month.quantities == {"connections_opened": 30}
    assert projection.observed == {"connections_opened": 30}


@pytest.mark.parametrize("length", [timedelta(), timedelta(microseconds=1), timedelta(microseconds=999)])
def test_one_instant_is_no_measure_of_a_month(length: timedelta) -> None:
    with pytest.raises(InputError, match=r"of one instant.* with --window START/END"):
        project(usage(day(1), day(1) + length, daily(1, [1])), NOVEMBER)


def test_less_than_a_week_is_scaled_by_time_alone() -> None:
    projection = project(usage(day(2), day(2, 12), daily(2, [7])), NOVEMBER)

    assert projection.scaled
    assert projection.observed == {"connections_opened": 7}
    assert projection.month.quantities == {"connections_opened": 7 * 60}
    assert [note.code for note in projection.month.notes] == ["projected-by-scaling"]
    assert "12.0 hours" in projection.month.notes[0].message


def test_a_week_gives_every_day_the_mean_of_its_weekday() -> None:
    # November 2026 begins on a Sunday and has five Sundays and Mondays.
    monday_to_sunday = [10, 0, 0, 0, 0, 0, 1]

    projection = project(usage(day(2), day(9), daily(2, monday_to_sunday)), NOVEMBER)

    assert projection.month.quantities == {"connections_opened": 5 * 10 + 5 * 1}
    assert [note.code for note in projection.month.notes] == ["projected-by-weekday"]


def test_a_second_short_of_a_week_is_scaled_by_time_alone() -> None:
    window = usage(day(2), day(9) - timedelta(seconds=1), daily(2, [10, 0, 0, 0, 0, 0, 1]))

    assert project(window, NOVEMBER).month.notes[0].code == "projected-by-scaling"


def test_half_days_at_both_ends_make_one_whole_weekday() -> None:
    window = usage(day(2, 12), day(9, 12), daily(2, [4, 0, 0, 0, 0, 0, 0, 6]))

    assert project(window, NOVEMBER).month.quantities == {"connections_opened": 5 * (4 + 6)}


def test_a_day_seen_whole_stands_as_it_is_so_that_daily_caps_see_it() -> None:
    projection = project(usage(day(2), day(4), daily(2, [100, 0])), NOVEMBER)

    assert projection.month.days is not None
    assert [projection.month.days[day(n).date()]["connections_opened"] for n in (2, 3, 4)] == [100, 0, 50]
    assert projection.month.quantities == {"connections_opened": 100 + 28 * 50}


def test_peaks_are_not_scaled() -> None:
    days = {date(2026, 11, 2): {"peak_connections": D(7)}}

    assert project(usage(day(2), day(2, 1), days), NOVEMBER).month.quantities == {"peak_connections": 7}


def test_counts_stay_whole_and_seconds_keep_microseconds() -> None:
    days = {date(2026, 11, 2): {"connections_opened": D(1), "connection_seconds": D(1)}}
    month = project(usage(day(2), day(2, 7), days), NOVEMBER).month

    assert month.quantities == {"connections_opened": 103, "connection_seconds": D("102.857143")}


def test_a_month_elsewhere_takes_the_whole_window_as_its_pattern() -> None:
    january = Period(date(2027, 1, 1), date(2027, 2, 1))

    projection = project(usage(day(2), day(3), daily(2, [1])), january)

    assert projection.month.quantities == {"connections_opened": 31}
    assert projection.month.days is not None
    assert min(projection.month.days) == january.start


def test_a_window_of_no_length_cannot_be_projected() -> None:
    with pytest.raises(InputError, match="--window"):
        project(usage(day(2), day(2), daily(2, [1])), NOVEMBER)


def test_what_is_divisible_stays_so_and_nothing_else() -> None:
    window = Window(day(2), day(2, 7))
    days = {day(2).date(): dict.fromkeys(METERS, D(1))}
    month = project(Usage(window, days), NOVEMBER).month
    scaled = {key: quantity for key, quantity in month.quantities.items() if not METERS[key].peak}

    assert set(scaled.values()) == {D(103), D("102.857143")}
    assert {key for key, quantity in scaled.items() if quantity % 1} == {
        key for key in scaled if METERS[key].unit in DIVISIBLE
    }
