"""Checks: when a figure holds, breaks a limit, or leaves the question open; and what that counts as."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bills import BASE, CAPPED, REQUESTS, UNKNOWN, read_on
from wscost.bill import Bill, BillLine, Comparison, Component, Range, Spread
from wscost.checking import Baseline, CheckReport, CheckResult, check
from wscost.diffing import diff, pair
from wscost.errors import ConfigError
from wscost.notes import Grade, Note
from wscost.scenario import ScenarioFile, scenario_file
from wscost.usage import Period
from wscost.yamlfile import Document

TODAY = date(2026, 11, 23)
HERE = Path(__file__).parent
DURATION = replace(REQUESTS, sku="do-duration", name="Durable Objects Duration")


def spread(p10: int, p50: int, p90: int) -> Spread:
    return Spread(Decimal(p10), Decimal(p50), Decimal(p90), mean=Decimal(p10 + p50 + p90) / 3)


def bill(
    cost: int | str = "10.00", *more: BillLine, plan: str = "cloudflare/workers-standard", **changed: Any
) -> Bill:
    """Return a bill of one line that costs so much, and of lines besides."""
    lines = (replace(DURATION, cost=Decimal(cost)), *more)
    total = sum((line.cost for line in lines if line.cost is not None), Decimal(0))
    month = Period(date(2026, 11, 1), date(2026, 12, 1))
    made = Bill(plan, plan, "durable-object", "USD", month, TODAY, None, lines, total, usage={})
    return replace(made, **changed)


def ranged(p10: int, p50: int, p90: int) -> Bill:
    months = Range(100, spread(p10, p50, p90), {"do-duration": spread(p10, p50, p90)}, Decimal("0.5"))
    return bill(p50, range=months)


def file_of(*checks: dict[str, Any], names: tuple[str, ...] = ("prod",), **more: Any) -> ScenarioFile:
    scenarios = {name: {"input": "data/checks/usage.yaml"} for name in names}
    numbered = [{"id": f"c{number}", "metric": "total", **one} for number, one in enumerate(checks)]
    data = {"scenarios": scenarios, "checks": numbered, **more}
    lines = {("checks", number): 10 + number for number in range(len(checks))}
    return scenario_file(Document("wscost.yaml", data, lines), HERE)


def run(
    *checks: dict[str, Any],
    now: Bill | Mapping[str, Comparison] | None = None,
    before: Bill | Mapping[str, Comparison] | None = None,
    today: date = TODAY,
    strict: bool = False,
    **more: Any,
) -> CheckReport:
    """Check a bill of the one scenario ``prod`` against what it was, or several by name."""

    def named(bills: Bill | Mapping[str, Comparison]) -> Mapping[str, Comparison]:
        return {"prod": Comparison((bills,))} if isinstance(bills, Bill) else bills

    scenarios = named(now or bill())
    baseline = None if before is None else Baseline("main", named(before))
    file = file_of(*checks, names=tuple(scenarios), **more)
    return check(file, scenarios, today=today, baseline=baseline, error_on_warning=strict)


def only(report: CheckReport) -> CheckResult:
    [result] = report.results
    return result


# Limits and their neighbours.


@pytest.mark.parametrize(
    ("limit", "cost", "status"),
    [
        ({"max": "10 USD"}, "9.99", "passed"),
        ({"max": "10 USD"}, "10.00", "passed"),
        ({"max": "10 USD"}, "10.01", "failed"),
        ({"max": "0 USD"}, "0.00", "passed"),
        ({"max": "0 USD"}, "0.01", "failed"),
        ({"min": "10 USD"}, "10.00", "passed"),
        ({"min": "10 USD"}, "9.99", "failed"),
        ({"metric": "line.do-duration", "max": "10 USD"}, "10.01", "failed"),
    ],
)
def test_a_limit_holds_up_to_itself(limit: dict[str, str], cost: str, status: str) -> None:
    assert only(run(limit, now=bill(cost))).status == status


@pytest.mark.parametrize(
    ("limit", "old", "new", "status"),
    [
        ("15%", "100.00", "115.00", "passed"),
        ("15%", "100.00", "115.01", "failed"),
        ("15%", "100.00", "60.00", "passed"),
        ("0%", "100.00", "100.00", "passed"),
        ("0%", "100.00", "100.01", "failed"),
        ("15%", "0.00", "0.00", "passed"),
        ("15%", "0.00", "0.01", "failed"),
        ("20 USD", "100.00", "120.00", "passed"),
        ("20 USD", "100.00", "120.01", "failed"),
    ],
)
def test_an_increase_is_against_what_was(limit: str, old: str, new: str, status: str) -> None:
    assert only(run({"max_increase": limit}, now=bill(new), before=bill(old))).status == status


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("49.00", "51.00", "failed"),
        ("50.00", "50.01", "failed"),
        ("49.00", "50.00", "passed"),
        ("51.00", "99.00", "passed"),
        ("51.00", "49.00", "passed"),
    ],
    ids=["from below to above", "from the limit to above", "up to the limit", "above before", "back below"],
)
def test_a_crossing_is_from_not_above_to_above(old: str, new: str, status: str) -> None:
    assert only(run({"crosses": "50 USD"}, now=bill(new), before=bill(old))).status == status


def test_a_line_that_the_baseline_did_not_have_was_nothing() -> None:
    extra = replace(DURATION, sku="egress", cost=Decimal("60.00"))

    result = only(run({"metric": "line.egress", "crosses": "50 USD"}, now=bill(1, extra), before=bill(1)))

    assert (result.status, result.baseline, result.value) == ("failed", 0, 60)


@pytest.mark.parametrize(
    ("days", "status"), [(90, "passed"), (91, "failed"), (0, "passed")], ids=["ninety", "one more", "today"]
)
def test_the_oldest_price_tells_the_age_of_the_books(days: int, status: str) -> None:
    checked = TODAY - timedelta(days)
    old = replace(DURATION, provenance=replace(read_on("https://x.example"), checked=checked))

    result = only(run({"metric": "pricebook.age_days", "max": 90}, now=bill(1, old)))

    assert (result.status, result.value, result.unit) == (status, days, "days")


def test_coverage_counts_the_lines_that_are_wholly_known() -> None:
    result = only(run({"metric": "coverage.priced", "min": "60%"}, now=bill(1, UNKNOWN)))

    assert (result.status, result.value) == ("failed", Decimal("0.5"))
    assert result.reason == "50% is less than 60%."


def test_a_meter_is_that_of_the_whole_month() -> None:
    metered = bill(usage={"messages_in": Decimal(5)}, projected={"messages_in": Decimal(150)})

    assert only(run({"metric": "meter.messages_in", "max": 100}, now=metered)).value == 150
    assert only(run({"metric": "meter.bytes_in", "max": 100}, now=metered)).status == "inconclusive"


def test_broken_limits_are_counted() -> None:
    assert only(run({"metric": "limits.broken", "max": 0}, now=CAPPED)).status == "failed"


# What is not known.


def test_an_unknown_line_leaves_a_total_under_the_limit_open() -> None:
    result = only(run({"max": "100 USD"}, now=bill(1, UNKNOWN)))

    assert result.status == "inconclusive"
    assert UNKNOWN.depends_on[0] in result.reason


def test_storage_that_nobody_declared_says_how_to_declare_it() -> None:
    rows = replace(UNKNOWN, depends_on=("storage_rows_read",))

    assert "a deployment may declare storage: none" in only(run({"max": "100 USD"}, now=bill(1, rows))).reason


def test_an_unknown_line_cannot_save_a_total_over_the_limit() -> None:
    assert only(run({"max": "100 USD"}, now=bill(101, UNKNOWN))).status == "failed"


def test_a_minimum_that_the_known_lines_reach_holds() -> None:
    assert only(run({"min": "100 USD"}, now=bill(101, UNKNOWN))).status == "passed"
    assert only(run({"min": "100 USD"}, now=bill(99, UNKNOWN))).status == "inconclusive"


def test_a_line_of_unknown_cost_is_open_whatever_the_limit() -> None:
    metric = {"metric": f"line.{UNKNOWN.sku}", "max": "0 USD"}

    assert only(run(metric, now=bill(1, UNKNOWN))).status == "inconclusive"


@pytest.mark.parametrize(
    ("now", "before", "status"),
    [
        (bill(200), bill(1, UNKNOWN), "inconclusive"),
        (bill(200, UNKNOWN), bill(1), "failed"),
        (bill(1, UNKNOWN), bill(1), "inconclusive"),
    ],
    ids=["the baseline is not known", "what is known is too much", "what is known is not"],
)
def test_an_increase_with_unknown_lines(now: Bill, before: Bill, status: str) -> None:
    assert only(run({"max_increase": "15%"}, now=now, before=before)).status == status


def test_what_was_seen_but_for_its_sizes_is_said() -> None:
    units = Component("message_units_in:32768", Decimal(10), Decimal(1), Decimal(1), Decimal(10))
    unsized = replace(DURATION, sku="unsized", cost=Decimal(1), grade=Grade.LOWER_BOUND, components=(units,))
    now = replace(bill(1, unsized), grades={units.meter: Grade.LOWER_BOUND})

    result = only(run({"max": "100 USD"}, now=now))

    assert "at least: sizes of single messages are not known for Durable Objects Duration" in result.reason


def test_what_was_only_seen_in_part_is_said() -> None:
    partly = replace(DURATION, sku="partly", cost=Decimal(1), grade=Grade.LOWER_BOUND)

    result = only(run({"max": "100 USD"}, now=bill(1, partly)))

    assert result.status == "passed"
    assert "at least: part of Durable Objects Duration was not seen" in result.reason


def test_an_amount_that_nobody_will_be_billed_passes_no_budget() -> None:
    result = only(run({"max": "100 USD"}, now=CAPPED))

    assert result.status == "inconclusive"
    assert "the plan cannot carry this workload" in result.reason


def test_a_scenario_that_the_baseline_does_not_have_leaves_growth_open() -> None:
    result = only(run({"max_increase": "15%"}, now=bill(), before={}))

    assert result.status == "inconclusive"
    assert result.reason == (
        "main has nothing to compare this with; on_inconclusive: warn lets what is new pass."
    )


# Ranges.


@pytest.mark.parametrize(
    ("at", "status", "value"),
    [("p10", "passed", 80), ("p50", "passed", 100), ("p90", "failed", 130), ("mean", "passed", 103)],
)
def test_a_percentile_is_held_to_the_limit(at: str, status: str, value: int) -> None:
    result = only(run({"max": "110 USD", "at": at}, now=ranged(80, 100, 130)))

    assert (result.status, result.at) == (status, at)
    assert round(result.value or 0) == value


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        ("130 USD", "passed"),
        ("129 USD", "inconclusive"),
        ("80 USD", "inconclusive"),
        ("79 USD", "failed"),
    ],
    ids=["at its upper end", "just inside", "at its lower end", "below it"],
)
def test_a_limit_inside_the_range_is_open(limit: str, status: str) -> None:
    result = only(run({"max": limit}, now=ranged(80, 100, 130)))

    assert (result.status, result.low, result.value, result.high) == (status, 80, 100, 130)


def test_an_open_range_says_so_and_how_to_close_it() -> None:
    result = only(run({"max": "100 USD"}, now=ranged(80, 100, 130)))

    assert result.reason == (
        "The limit lies inside the range: p10 $80.00 to p90 $130.00. Name a percentile with at:."
    )


def test_one_figure_stands_for_every_percentile_and_that_is_said() -> None:
    result = only(run({"max": "100 USD", "at": "p90"}, now=bill(90)))

    assert result.status == "passed"
    assert "one figure stands for p90: the input has no range" in result.reason


def test_a_range_that_did_not_move_has_not_grown() -> None:
    months = ranged(80, 100, 130)

    assert only(run({"max_increase": "0%"}, now=months, before=months)).status == "passed"


def test_each_percentile_is_compared_with_its_own() -> None:
    wider = ranged(80, 100, 160)

    assert only(run({"max_increase": "15%"}, now=wider, before=ranged(80, 100, 130))).status == "inconclusive"
    assert only(run({"max_increase": "15%", "at": "p90"}, now=wider, before=ranged(80, 100, 130))).status == (
        "failed"
    )


def test_a_range_can_be_compared_with_a_point() -> None:
    assert only(run({"max_increase": "15%"}, now=ranged(100, 100, 100), before=bill(100))).status == "passed"


@given(st.lists(st.integers(0, 300), min_size=3, max_size=3).map(sorted), st.integers(0, 300), st.booleans())
def test_no_answer_is_given_that_a_month_of_the_range_contradicts(
    months: list[int], limit: int, unknown: bool
) -> None:
    """The oracle: what each month would say by itself, if its unknown line were nothing or very much."""
    made = ranged(*months)
    lines = (*made.lines, UNKNOWN) if unknown else made.lines

    result = only(run({"max": f"{limit} USD"}, now=replace(made, lines=lines)))

    thinkable = {month + extra <= limit for month in months for extra in ([0, 10**6] if unknown else [0])}
    assert result.status == {(True,): "passed", (False,): "failed"}.get(tuple(thinkable), "inconclusive")


# What is said of a figure and its limit.


def of_meter(name: str, quantity: int | str, **more: Any) -> Bill:
    return bill(usage={name: Decimal(quantity)}, **more)


@pytest.mark.parametrize(
    ("limit", "now", "before", "words"),
    [
        ({"max": "150.599 USD"}, bill("150.60"), None, "$150.60 is $0.001 over $150.599."),
        ({"max": "150.5 USD"}, bill("150.60"), None, "$150.60 is $0.10 over $150.50."),
        ({"min": "150.604 USD"}, bill("150.60"), None, "$150.60 is less than $150.604."),
        (
            {"max_increase": "15%"},
            bill("164.40"),
            bill("142.95"),
            "$164.40 is $21.45 (15.01%) more than $142.95 in main; 15% more is allowed.",
        ),
        (
            {"max_increase": "0.005 USD"},
            bill("10.01"),
            bill("10.00"),
            "$10.01 is $0.01 (0.1%) more than $10.00 in main; $0.005 more is allowed.",
        ),
        ({"crosses": "9.999 USD"}, bill(10), bill(9), "$9.999 is crossed: $9.00 in main, $10.00 now."),
        (
            {"metric": "meter.storage_sql_gb_months", "max": "2"},
            of_meter("storage_sql_gb_months", "2.0004"),
            None,
            "2.0004 GB-month: 0.0004 over the limit of 2.",
        ),
    ],
)
def test_figures_are_written_so_that_they_do_not_contradict_the_answer(
    limit: dict[str, Any], now: Bill, before: Bill | None, words: str
) -> None:
    limit = {key: Decimal(x) if x.isdigit() else x for key, x in limit.items()}

    assert only(run(limit, now=now, before=before)).reason == words


def test_a_share_that_rounds_to_its_limit_is_told_from_it() -> None:
    two_of_three = bill(1, UNKNOWN, replace(DURATION, sku="more"))

    result = only(run({"metric": "coverage.priced", "min": "66.674%"}, now=two_of_three))

    assert result.reason == "66.67% is less than 66.674%."


@given(st.decimals(0, 1000, places=4), st.decimals(0, 1000, places=4), st.sampled_from(["max", "min"]))
def test_what_is_written_stands_to_the_limit_as_the_figures_do(
    cost: Decimal, limit: Decimal, rule: str
) -> None:
    result = only(run({rule: f"{limit} USD"}, now=bill(str(cost))))
    written = [Decimal(x) for x in re.findall(r"\$([\d.]+\d)", result.reason.replace(",", ""))]

    assert (written[0] > written[-1], written[0] < written[-1]) == (cost > limit, cost < limit)


@pytest.mark.parametrize(
    ("limit", "quantity", "words"),
    [
        ({"max": 149_999}, 150_000, "150,000 connections: 1 over the limit of 149,999."),
        ({"max": 150_000}, 150_000, "150,000 connections: within the limit of 150,000."),
        ({"max": 0}, 1, "1 connection: 1 over the limit of 0."),
        ({"min": 2}, 1, "1 connection: 1 under the limit of 2."),
        ({"min": 2}, 2, "2 connections: not under the limit of 2."),
        ({"crosses": 10}, 11, "The limit of 10 is crossed: 1 connection in main, 11 connections now."),
        ({"crosses": 11}, 11, "Not above the limit of 11: 1 connection in main, 11 connections now."),
        ({"max_increase": 1}, 3, "3 connections: 2 (200%) more than 1 in main; 1 more is allowed."),
        ({"max_increase": 2}, 2, "2 connections: 1 (100%) more than 1 in main; 2 more are allowed."),
        ({"max_increase": "15%"}, 1, "1 connection: the same as in main; 15% more is allowed."),
    ],
)
def test_a_count_is_held_to_its_limit_in_plain_numbers(
    limit: dict[str, Any], quantity: int, words: str
) -> None:
    metric = {"metric": "meter.connections_opened", **limit}
    now, before = of_meter("connections_opened", quantity), of_meter("connections_opened", 1)

    assert only(run(metric, now=now, before=before)).reason == words


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "1 day: within the limit of 7."), (8, "8 days: 1 over the limit of 7.")],
)
def test_days_are_counted_as_people_do(days: int, words: str) -> None:
    old = replace(DURATION, provenance=replace(read_on("https://x.example"), checked=TODAY - timedelta(days)))

    assert only(run({"metric": "pricebook.age_days", "max": 7}, now=bill(1, old))).reason == words


@pytest.mark.parametrize(
    ("broken", "limit", "words"),
    [
        (2, {"max": 0}, "2 limits are broken: one and two; none may be."),
        (2, {"max": 1}, "2 limits are broken: one and two; 1 may be."),
        (1, {"max": 0}, "1 limit is broken: one; none may be."),
        (1, {"max": 2}, "1 limit is broken: one; 2 may be."),
        (0, {"max": 0}, "No limit is broken; none may be."),
    ],
)
def test_limits_that_are_broken_are_named(broken: int, limit: dict[str, int], words: str) -> None:
    [breach] = CAPPED.breaches
    breaches = tuple(replace(breach, name=name) for name in ("one", "two")[:broken])

    assert only(run({"metric": "limits.broken", **limit}, now=bill(breaches=breaches))).reason == words


@pytest.mark.parametrize(
    "limit", [{"min": "101%"}, {"min": Decimal("1.01")}, {"max": 95}, {"crosses": "200%"}]
)
def test_a_share_above_the_whole_is_refused(limit: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"more than the whole: coverage\.priced is 1, or 100%, at most"):
        run({"metric": "coverage.priced", **limit})


def test_a_limit_inside_the_range_says_so_before_what_is_not_known() -> None:
    made = ranged(80, 100, 130)

    result = only(run({"max": "90 USD"}, now=replace(made, lines=(*made.lines, UNKNOWN))))

    assert result.status == "inconclusive"
    assert result.reason.startswith(
        "The limit lies inside the range: p10 $80.00 to p90 $130.00. Name a percentile with at:. "
        "Besides, the cost of "
    )


# What a result counts as.


@pytest.mark.parametrize(
    ("more", "status", "exit_code"),
    [
        ({}, "failed", 1),
        ({"level": "error"}, "failed", 1),
        ({"level": "warn"}, "warned", 0),
        ({"level": "off"}, "off", 0),
        ({"until": date(2026, 11, 23)}, "waived", 0),
        ({"until": date(2026, 11, 22)}, "failed", 1),
        ({"until": date(2026, 11, 22), "level": "warn"}, "warned", 0),
    ],
    ids=[
        "an error unless said otherwise",
        "an error",
        "a warning",
        "switched off",
        "on the last day of a waiver",
        "the day after a waiver",
        "a warning after a waiver",
    ],
)
def test_a_broken_limit_counts_as(more: dict[str, Any], status: str, exit_code: int) -> None:
    report = run({"max": "1 USD", **more}, now=bill(2))

    assert (only(report).status, report.exit_code) == (status, exit_code)


def test_a_waiver_is_told_with_its_end() -> None:
    waived = only(run({"max": "1 USD", "until": TODAY}, now=bill(2)))
    ended = only(run({"max": "1 USD", "until": TODAY}, now=bill(2), today=TODAY + timedelta(1)))
    kept = only(run({"max": "2 USD", "until": TODAY}, now=bill(2)))

    assert waived.reason.endswith("Waived until 2026-11-23.")
    assert ended.reason.endswith("The waiver ended on 2026-11-23.")
    assert kept.status == "passed"
    assert "aiver" not in kept.reason


@pytest.mark.parametrize(
    ("check_", "file", "exit_code"),
    [
        ({}, {}, 3),
        ({}, {"on_inconclusive": "fail"}, 1),
        ({}, {"on_inconclusive": "warn"}, 0),
        ({"on_inconclusive": "warn"}, {"on_inconclusive": "fail"}, 0),
        ({"level": "warn"}, {"on_inconclusive": "fail"}, 0),
        ({"until": TODAY}, {}, 0),
    ],
    ids=["nothing else", "a failure", "a warning", "its own word before the file's", "a warning's", "waived"],
)
def test_an_open_question_counts_as(check_: dict[str, Any], file: dict[str, str], exit_code: int) -> None:
    assert run({"max": "9 USD", **check_}, now=bill(1, UNKNOWN), **file).exit_code == exit_code


def test_warnings_fail_a_strict_run() -> None:
    assert run({"max": "1 USD", "level": "warn"}, now=bill(2), strict=True).exit_code == 1
    assert run({"max": "2 USD", "level": "warn"}, now=bill(2), strict=True).exit_code == 0


def test_a_failure_outweighs_an_open_question() -> None:
    report = run({"max": "0 USD"}, {"max": "9 USD"}, now=bill(1, UNKNOWN))

    assert [result.status for result in report.results] == ["failed", "inconclusive"]
    assert (report.exit_code, report.verdict) == (1, "failed")


def test_results_are_worst_first_and_point_at_their_line() -> None:
    report = run({"max": "9 USD"}, {"max": "1 USD", "level": "warn"}, {"max": "1 USD"}, now=bill(2))

    assert [(r.id, r.status, r.file, r.line) for r in report.results] == [
        ("c2", "failed", "wscost.yaml", 12),
        ("c1", "warned", "wscost.yaml", 11),
        ("c0", "passed", "wscost.yaml", 10),
    ]


# Which bills a check is about.


def test_a_check_without_a_scenario_is_about_all() -> None:
    both = {"chat": Comparison((bill(1),)), "game": Comparison((bill(3),))}

    report = run({"max": "2 USD"}, {"scenario": "chat", "max": "2 USD"}, now=both)

    assert [(r.scenario, r.status) for r in report.results] == [
        ("game", "failed"),
        ("chat", "passed"),
        ("chat", "passed"),
    ]


def test_every_plan_of_a_scenario_must_hold_unless_one_is_named() -> None:
    plans = {"prod": Comparison((bill(1), bill(3, plan="cloudflare/workers-unbound")))}

    assert run({"max": "2 USD"}, now=plans).exit_code == 1
    assert run({"max": "2 USD", "plan": "*/workers-standard"}, now=plans).exit_code == 0


@pytest.mark.parametrize(
    ("check_", "words"),
    [
        ({"metric": "line.do-duratio", "max": "1 USD"}, "metric: There is no line on these bills named"),
        ({"plan": "aws/api", "max": "1 USD"}, "plan: There is no plan in these scenarios named 'aws/api'"),
        ({"max": "1 EUR"}, "1 EUR is in EUR, but cloudflare/workers-standard is priced in USD"),
        ({"max_increase": "15%"}, "needs a baseline to compare with. Give one with --base-ref"),
        ({"crosses": "1 USD"}, "needs a baseline"),
    ],
    ids=["a line that is not there", "a plan that is not", "another currency", "no baseline", "to cross"],
)
def test_a_check_that_cannot_be_run_is_an_error_at_its_line(check_: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as told:
        run(check_)

    assert str(told.value).startswith("wscost.yaml:10: checks[1].")
    assert words in str(told.value)


def test_an_increase_over_another_currency_is_no_increase() -> None:
    with pytest.raises(ConfigError, match="the baseline is in EUR"):
        run({"max_increase": "15%"}, before=bill(currency="EUR"))


def test_no_checks_are_an_error() -> None:
    with pytest.raises(ConfigError, match="there are no checks"):
        run()


# What changed.


def _changes(old: Bill, new: Bill) -> dict[str, tuple[str, ...]]:
    [change] = diff({"prod": Comparison((old,))}, {"prod": Comparison((new,))})
    return {line.sku: line.why for line in change.lines}


def test_more_usage_is_quantity() -> None:
    first, *others = DURATION.components
    more = replace(DURATION, cost=Decimal(9), components=(replace(first, quantity=Decimal(9)), *others))

    assert _changes(bill(1), replace(bill(1), lines=(more,))) == {"do-duration": ("quantity",)}


def test_another_rate_is_price() -> None:
    dearer = replace(DURATION, cost=Decimal(9), unit_price=Decimal(9))

    assert _changes(bill(1), replace(bill(1), lines=(dearer,))) == {"do-duration": ("price",)}


def test_a_line_of_another_plan_is_plan_and_one_of_another_deployment_is_deployment() -> None:
    moved = bill(1, BASE, plan="cloudflare/workers-unbound")

    assert _changes(bill(1), moved) == {"do-duration": (), BASE.sku: ("plan",)}
    assert _changes(bill(1), bill(1, BASE, deployment="worker"))[BASE.sku] == ("deployment",)


def _line_of(since: date) -> BillLine:
    return replace(BASE, provenance=replace(BASE.provenance, since=since))


def test_a_line_under_one_plan_comes_and_goes_by_how_the_service_is_built() -> None:
    old, more = bill(1), bill(1, _line_of(TODAY - timedelta(9)))

    assert _changes(old, more)[BASE.sku] == ("deployment",)
    assert _changes(more, old)[BASE.sku] == ("deployment",)


def test_a_line_whose_storage_is_told_by_its_meters_comes_and_goes_by_quantity() -> None:
    taken = Note("storage-taken", "Storage is not declared: taken as sqlite.", {})
    old, more = bill(1), bill(1, _line_of(TODAY - timedelta(9)), notes=(taken,))

    assert _changes(old, more)[BASE.sku] == ("quantity",)
    assert _changes(more, old)[BASE.sku] == ("quantity",)


def test_a_line_that_only_the_later_price_list_has_is_price() -> None:
    old, new = bill(1), bill(1, _line_of(TODAY + timedelta(1)), as_of=TODAY + timedelta(2))

    assert _changes(old, new)[BASE.sku] == ("price",)
    assert _changes(new, old)[BASE.sku] == ("price",)


def test_a_line_that_a_later_price_list_has_no_more_may_be_gone_by_price() -> None:
    later = bill(1, as_of=TODAY + timedelta(1))

    assert _changes(bill(1, _line_of(TODAY - timedelta(9))), later)[BASE.sku] == ("price",)


def test_what_costs_the_same_has_not_changed() -> None:
    assert _changes(bill(1, UNKNOWN), bill(1, UNKNOWN)) == {"do-duration": (), UNKNOWN.sku: ()}


def test_a_line_that_became_known_has_no_change_in_money() -> None:
    known = replace(UNKNOWN, cost=Decimal(4), depends_on=())
    [change] = diff({"a": Comparison((bill(1, UNKNOWN),))}, {"a": Comparison((bill(1, known),))})

    assert [line.change for line in change.lines] == [0, None]
    assert change.change == 4


def test_bills_are_paired_by_plan_and_deployment_and_a_lonely_one_with_the_other() -> None:
    a, b, c = bill(1), bill(2, deployment="worker"), bill(3, plan="cloudflare/workers-unbound")

    assert pair(Comparison((a, b)), Comparison((b, a))) == [(b, b), (a, a)]
    assert pair(Comparison((a, b)), Comparison((c, b))) == [(a, c), (b, b)]
    assert pair(Comparison((a, b)), Comparison((c,))) == [(None, c), (a, None), (b, None)]
    assert pair(None, Comparison((a,))) == [(None, a)]


def test_scenarios_that_come_and_go_are_told() -> None:
    changes = diff({"old": Comparison((bill(1),))}, {"new": Comparison((bill(2),))})

    assert [(c.scenario, c.old is None, c.new is None, c.change) for c in changes] == [
        ("new", True, False, None),
        ("old", False, True, None),
    ]
