"""Months made of the days that were observed: how far they differ, and when nothing tells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from itertools import product
from statistics import mean, pstdev

import numpy as np
import pytest

from tests.traces import DAY, connection, trace
from wscost import compare
from wscost.projecting import ObservedMonth, project
from wscost.reports.as_table import render as table
from wscost.trace import Trace
from wscost.usage import MonthlyUsage, Period, Quantities, Usage, Window

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
OCTOBER_5 = datetime(2026, 10, 5, tzinfo=UTC)  # a Monday
STANDARD = "cloudflare/workers-standard"


def usage(opened: list[int], *, start: datetime = OCTOBER_5) -> Usage:
    """Return so many connections on each day from a day on."""
    days: dict[date, Quantities] = {
        (start + timedelta(days=i)).date(): {"connections_opened": D(n), "peak_connections": D(n)}
        for i, n in enumerate(opened)
    }
    return Usage(Window(start, start + timedelta(days=len(opened))), days)


def opened(months: list[MonthlyUsage]) -> list[float]:
    return [float(month.quantities["connections_opened"]) for month in months]


def test_months_lie_around_the_projected_one() -> None:
    four_weeks = usage([100 + 7 * (i % 5) + 40 * (i % 7 == 6) for i in range(28)])
    projected = project(four_weeks, NOVEMBER).month.quantities["connections_opened"]
    months = opened(ObservedMonth(four_weeks, NOVEMBER).bootstrap(2_000))

    assert mean(months) == pytest.approx(float(projected), rel=0.005)


def test_weekdays_are_kept_apart_where_each_was_seen_twice() -> None:
    busy_sundays = usage([1_000 if i % 7 == 6 else 10 for i in range(14)])
    months = ObservedMonth(busy_sundays, NOVEMBER).bootstrap(50)

    assert set(opened(months)) == {5 * 1_000 + 25 * 10.0}


def test_with_one_week_working_days_and_weekends_are_kept_apart() -> None:
    one_week = usage([10, 20, 30, 40, 50, 1_000, 1_000])
    months = opened(ObservedMonth(one_week, NOVEMBER).bootstrap(500))

    assert len(set(months)) > 20
    assert 9_000 + 21 * 10 <= min(months) <= max(months) <= 9_000 + 21 * 50


def test_days_that_were_too_few_to_be_a_kind_stand_for_each_other() -> None:
    tuesday_noon = OCTOBER_5 + timedelta(days=1, hours=12)
    seven_days = usage([100, *[10, 20, 30, 40, 50, 60], 100], start=OCTOBER_5 + timedelta(days=1))
    cut = Usage(Window(tuesday_noon, tuesday_noon + timedelta(days=7)), seven_days.days)
    months = opened(ObservedMonth(cut, NOVEMBER).bootstrap(500))

    assert ObservedMonth(cut, NOVEMBER).has_basis
    assert 30 * 10 <= min(months) <= max(months) <= 30 * 60


def test_few_days_leave_the_mean_itself_unsure() -> None:
    """A month of N days drawn from n has the variance of N draws, and N² times that of the mean of n.

    The plug-in variance of each group is by exhaustion that of its days; n of n draws tell it (n-1)/n.
    """
    counts = list(np.random.default_rng(3).poisson(1_000, 14))
    months = opened(ObservedMonth(usage(list(map(int, counts))), NOVEMBER).bootstrap(20_000))
    wanted = {weekday: sum(d.weekday() == weekday for d in NOVEMBER.dates) for weekday in range(7)}
    variance = 0.0
    for weekday, many in wanted.items():
        pair = [float(counts[weekday]), float(counts[weekday + 7])]
        # Of the four samples of two that are drawn anew, two are mixed: draws from them vary.
        each = [(mean(two), pstdev(two) ** 2) for two in product(pair, repeat=2)]
        variance += mean(many * v for _, v in each) + many**2 * pstdev([m for m, _ in each]) ** 2

    assert pstdev(months) ** 2 == pytest.approx(variance, rel=0.05)


def test_days_of_the_month_that_were_seen_stay_and_only_the_others_are_drawn() -> None:
    first_half = usage([100 * (i + 1) for i in range(14)], start=datetime(2026, 11, 1, tzinfo=UTC))
    months = opened(ObservedMonth(first_half, NOVEMBER).bootstrap(300))

    seen = sum(100 * (i + 1) for i in range(14))
    assert min(months) >= seen + 16 * 100
    assert max(months) <= seen + 16 * 1_400
    assert len(set(months)) > 10


def test_a_peak_is_the_highest_of_the_days_drawn() -> None:
    months = ObservedMonth(usage(list(range(1, 29))), NOVEMBER).bootstrap(200)

    assert {float(m.quantities["peak_connections"]) for m in months} <= {float(n) for n in range(22, 29)}


def test_days_that_are_kept_are_those_seen_and_add_up_to_their_months() -> None:
    first_half = usage([100 * (i + 1) for i in range(14)], start=datetime(2026, 11, 1, tzinfo=UTC))

    for month in ObservedMonth(first_half, NOVEMBER).bootstrap(20, {"connections_opened"}):
        assert month.days is not None
        assert sorted(month.days) == NOVEMBER.dates
        opened = [month.days[day]["connections_opened"] for day in NOVEMBER.dates]
        assert opened[:14] == [100 * (i + 1) for i in range(14)]
        assert set(opened) <= set(opened[:14])
        assert sum(opened) == month.quantities["connections_opened"]


@pytest.mark.parametrize(
    ("days", "start", "basis"),
    [
        pytest.param(6, OCTOBER_5, False, id="six days"),
        pytest.param(7, OCTOBER_5, True, id="seven days"),
        pytest.param(8, OCTOBER_5, True, id="eight days"),
        pytest.param(29, datetime(2026, 11, 1, tzinfo=UTC), True, id="all of the month but a day"),
        pytest.param(30, datetime(2026, 11, 1, tzinfo=UTC), False, id="the whole month: nothing is unsure"),
    ],
)
def test_a_range_has_a_basis(days: int, start: datetime, basis: bool) -> None:
    assert basis is ObservedMonth(usage([1] * days, start=start), NOVEMBER).has_basis


def test_the_same_seed_gives_the_same_months_and_another_does_not() -> None:
    observed = usage(list(range(20)))

    first, again, other = (ObservedMonth(observed, NOVEMBER, seed).bootstrap(10) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def calls(days: int) -> Trace:
    """Return a trace of half a day's sockets, each in a room of its own, on some days more than on others."""
    rows = [
        connection(day * DAY + i * 300, day * DAY + i * 300 + DAY / 2, f"room-{i}", messages_in=9)
        for day in range(days)
        for i in range(40 + 15 * (day % 4))
    ]
    return trace(rows, window=(0, days * DAY))


def test_a_trace_of_a_week_is_billed_with_a_range_and_says_what_it_is_made_of() -> None:
    compared = compare(calls(7), plan=[STANDARD, "cloudflare/workers-unbound"], month="2026-12")
    best = compared.cheapest

    assert best is not None
    assert best.range is not None
    assert (best.range.replicates, best.range.basis, best.range.drawn) == (200, "observed", ())
    assert best.range.total.p10 <= best.total <= best.range.total.p90
    assert "months made of the days observed" in table(compared)


def test_a_trace_of_less_than_a_week_says_that_nothing_tells_how_far_a_month_may_differ() -> None:
    compared = compare(calls(6), plan=STANDARD)

    assert [bill.range for bill in compared.bills] == [None, None]
    assert "nothing tells how far it may differ" in " ".join(table(compared).split())


def test_the_choice_of_a_deployment_comes_with_how_surely_it_is_right() -> None:
    busy = compare(calls(14), plan=STANDARD, month="2026-12")
    asleep = next(bill for bill in busy.bills if bill.deployment == "durable-object-hibernation")

    assert busy.cheapest is asleep
    assert busy.cheapest_share == 1
    assert busy.decides.endswith(
        "durable-object-hibernation is the cheapest in all 200 months made of the days observed."
    )


def test_no_range_is_drawn_where_none_is_asked_for() -> None:
    assert compare(calls(7), plan=STANDARD, replicates=0).bills[0].range is None
