"""From inputs to bills: what is assumed, what is added up, what is said."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.traces import DAY, connection, event, trace
from wscost import compare, estimate
from wscost.bill import Bill
from wscost.deployment import CpuTime, Deployment
from wscost.errors import ConfigError, InputError, NoPriceError, UnknownNameError
from wscost.notes import Grade
from wscost.studying import study
from wscost.trace import Trace
from wscost.usagefile import UsageFile

STANDARD = "cloudflare/workers-standard"
MILLION = D(1_000_000)


def totals(name: str = "totals", deployment: Deployment | None = None, **quantities: int | D) -> UsageFile:
    return UsageFile(name, {key: D(value) for key, value in quantities.items()}, deployment)


def a_day(**counts: int) -> Trace:
    return trace([connection(0, 3_600, **counts), connection(7_200, 10_800, **counts)])


def codes(bill: Bill) -> set[str]:
    return {note.code for note in bill.notes}


def test_a_day_is_projected_to_its_month_and_the_bill_shows_both() -> None:
    bill = estimate(a_day(messages_in=10), deployment="durable-object")

    assert bill.month == "2026-11"
    assert bill.usage["connections_opened"] == 2
    assert bill.projected is not None
    assert bill.projected["connections_opened"] == 60
    assert bill.line("do-duration").consumed == 60 * 3_600 * D("0.128")
    assert "projected-by-scaling" in codes(bill)


@pytest.mark.parametrize(("wrong", "right"), [("plans", "plan"), ("roundng", "rounding"), ("seeds", "seed")])
def test_an_option_that_there_is_not_is_refused_with_the_one_that_was_meant(wrong: str, right: str) -> None:
    with pytest.raises(UnknownNameError, match=rf"no option named '{wrong}'. Did you mean .*{right}"):
        estimate(totals(messages_in=1), **{wrong: "x"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"as_of": "2022-01-01"}, "as_of must be a date"),
        ({"pricing": "books"}, "pricing must be a list, such as ['books'], not 'books'"),
        ({"offers": "startup"}, "offers must be a list"),
        ({"replicates": -5}, "replicates must be a whole number from 0 up, not -5"),
        ({"seed": -1}, "seed must be a whole number from 0 up, not -1"),
    ],
)
def test_an_option_that_is_not_what_it_has_to_be_is_refused(option: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        estimate(totals(messages_in=1), **option)  # type: ignore[arg-type]


def test_objects_that_only_events_name_are_priced_with_and_without_hibernation() -> None:
    alarms = trace([], [event("alarm", second) for second in (0, 60, 120)], window=(0, DAY))

    named = {bill.deployment for bill in compare(alarms, plan=STANDARD).bills}

    assert named == {"durable-object", "durable-object-hibernation"}


def test_a_second_of_very_slow_messages_is_projected_to_its_month() -> None:
    second = trace([connection(0, 1, None, messages_in=20_000_000_000_000)], window=(0, 1))
    slow = Deployment(cpu_ms=CpuTime(connect=D(0), message=D(900_000)))

    projected = estimate(second, plan=STANDARD, deployment=slow).projected

    assert projected is not None
    assert projected["worker_cpu_ms"] == 20_000_000_000_000 * 900_000 * D(30 * DAY)


def test_handlers_of_more_messages_than_there_is_time_for_keep_an_object_active_throughout() -> None:
    second = trace([connection(0, 1, messages_in=20_000_000_000_000)], window=(0, 1))
    slow = Deployment(endpoint="durable-object", hibernation=True, handler_ms=900_000)

    assert estimate(second, deployment=slow).usage["object_active_seconds"] == 1


def test_another_month_has_its_own_length() -> None:
    bill = estimate(a_day(), deployment="worker", month="2027-02")

    assert bill.projected is not None
    assert (bill.month, bill.projected["connections_opened"]) == ("2027-02", 56)


def test_a_cycle_that_starts_on_the_fourth_is_named_by_both_ends() -> None:
    bill = estimate(a_day(), deployment="worker", cycle_start=4)

    assert (bill.period.start, bill.period.end) == (date(2026, 10, 4), date(2026, 11, 4))
    assert bill.month == "2026-10-04 to 2026-11-04"


def test_a_trace_that_names_objects_is_priced_with_and_without_hibernation() -> None:
    comparison = compare(a_day())

    assert {bill.deployment for bill in comparison.bills} == {"durable-object", "durable-object-hibernation"}
    assert [note.code for note in comparison.notes] == ["deployment-chosen"]


def test_a_trace_without_objects_is_priced_as_a_plain_worker() -> None:
    comparison = compare(trace([connection(0, 10, None)]))

    assert {bill.deployment for bill in comparison.bills} == {"worker"}


def test_two_deployments_of_one_name_are_refused(tmp_path: Path) -> None:
    files = [tmp_path / folder / "room.yaml" for folder in ("before", "after")]
    for file, built in zip(files, ("worker", "durable-object"), strict=True):
        file.parent.mkdir()
        file.write_text(f"endpoint: {built}\n")

    for look in (compare, study):
        with pytest.raises(ConfigError, match="room\\.yaml: another deployment is named room too"):
            look(totals(http_requests=1), deployment=files)


def test_a_deployment_named_twice_is_priced_once() -> None:
    built = ["worker", Deployment(name="worker"), "worker"]

    assert len(compare(totals(http_requests=1), plan=STANDARD, deployment=built).bills) == 1


def test_the_deployment_that_a_usage_file_names_needs_no_note() -> None:
    named = totals(deployment=Deployment(endpoint="durable-object"), object_requests=1)

    assert compare(named).notes == ()


def test_without_a_plan_every_paid_cloudflare_plan_is_compared() -> None:
    plans = {bill.plan for bill in compare(a_day(), deployment="worker").bills}

    assert plans == {STANDARD, "cloudflare/workers-unbound", "cloudflare/workers-bundled"}


@pytest.mark.parametrize(
    ("plan", "built", "as_of", "priced", "left_out"),
    [
        pytest.param(
            None,
            "worker",
            date(2022, 1, 1),
            ["unbound", "bundled"],
            "Left out: No price of cloudflare/workers-standard is known before 2023-10-31, so none for "
            "2022-01-01.",
            id="by default",
        ),
        pytest.param(
            "cloudflare/*",
            "durable-object",
            date(2024, 5, 1),
            ["bundled", "standard"],
            "Left out: cloudflare/workers-free carries endpoint durable-object only since 2025-04-07: no "
            "price for 2024-05-01.",
            id="by pattern",
        ),
    ],
)
def test_a_plan_that_nobody_named_is_left_out_where_it_has_no_price(
    plan: str | None, built: str, as_of: date, priced: list[str], left_out: str
) -> None:
    compared = compare(totals(http_requests=1), plan=plan, deployment=built, as_of=as_of)

    assert {bill.plan for bill in compared.bills} >= {f"cloudflare/workers-{name}" for name in priced}
    assert left_out in [note.message for note in compared.notes]


def test_a_plan_that_was_named_must_have_a_price() -> None:
    with pytest.raises(NoPriceError, match="Ask for 2023-10-31 or later"):
        compare(totals(http_requests=1), plan=[STANDARD, "cloudflare/*"], as_of=date(2022, 1, 1))


def test_where_no_plan_has_a_price_each_says_since_when_it_has() -> None:
    with pytest.raises(NoPriceError) as refused:
        compare(totals(http_requests=1), deployment="worker", as_of=date(2015, 1, 1))

    assert len(str(refused.value).splitlines()) == 3


def test_one_sentence_says_what_decides() -> None:
    always_on = trace([connection(0, DAY, None) for _ in range(100)])

    decides = compare(always_on, deployment="worker").decides

    assert "Workers Unbound Duration" in decides
    assert "% of" in decides
    assert "open 24 hours on average" in decides


def test_of_two_totals_that_are_the_least_the_smaller_is_the_cheaper_however_many_lines_are_unknown() -> None:
    trace_ = trace([connection(0, 3_600, messages_in=10)], [event("message", 1, bytes=9)])
    compared = compare(
        trace_,
        plan=["aws/api-gateway-websocket", STANDARD],
        deployment="durable-object-hibernation",
        region="us-east-1",
    )
    unknown = [sum(not line.complete for line in bill.lines) for bill in compared.bills]
    least = min(compared.bills, key=lambda bill: bill.total)

    assert all(bill.at_least for bill in compared.bills)
    assert unknown[0] != unknown[1]
    assert compared.cheapest is least


def test_amounts_in_different_money_are_not_compared(tmp_path: Path) -> None:
    book = (
        "provider: acme\nproduct: rooms\nkind: plan\ncurrency: EUR\nchecked: 2026-11-23\n"
        "sources: {page: https://example.com}\n"
        "charges:\n  - sku: messages\n    consumes: [{meter: messages_in}]\n    unit: Messages\n"
        "    price: {model: per_unit, amount: 1}\n    effective: {from: 2020-01-01}\n    source: page\n"
    )
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/rooms.yaml").write_text(book)

    with pytest.raises(ConfigError, match=r"in EUR and .* in USD: amounts in different money"):
        compare(totals(messages_in=1, http_requests=1), plan=["acme/rooms", STANDARD], pricing=[tmp_path])


def test_a_plan_that_is_no_longer_sold_is_not_offered_as_the_cheapest() -> None:
    busy = totals(connections_opened=10_000, worker_cpu_ms=100 * MILLION)
    today, then = compare(busy, deployment="worker"), compare(busy, as_of=date(2023, 12, 1))

    assert today.cheapest is not None
    assert then.cheapest is not None
    assert today.cheapest.plan == STANDARD
    assert then.cheapest.plan == "cloudflare/workers-bundled"


def test_a_bill_that_leaves_more_unknown_is_not_called_cheaper() -> None:
    comparison = compare(totals(http_requests=30 * MILLION), as_of=date(2023, 12, 1), deployment="worker")

    assert min(bill.total for bill in comparison.bills) < 15
    assert comparison.cheapest is not None
    assert (comparison.cheapest.plan, comparison.cheapest.total) == ("cloudflare/workers-bundled", 15)


def test_when_everything_is_included_the_sentence_says_so() -> None:
    assert "inside its allowance" in compare(trace([connection(0, 1, None)]), deployment="worker").decides


def test_what_is_not_known_is_not_said_to_stay_inside_an_allowance() -> None:
    decides = compare(totals(object_active_seconds=1), plan=STANDARD, deployment="durable-object").decides

    assert "Nothing beyond the base fee, as far as quantities are known." == decides


def test_a_plan_that_cannot_serve_is_no_way_to_escape_a_charge() -> None:
    busy = totals(http_requests=30 * MILLION, worker_cpu_ms=0, worker_wall_seconds=0)
    compared = compare(busy, plan=[STANDARD, "cloudflare/workers-free"], deployment="worker")

    assert [bill.feasible for bill in compared.bills] == [True, False]
    assert "Workers Free" not in compared.decides
    assert compared.decides.startswith("Workers Standard Requests is 55% of Workers Standard ($11.00): ")


def test_what_decides_is_said_where_no_plan_can_serve() -> None:
    busy = totals(http_requests=30 * MILLION)

    assert "charges nothing" in compare(busy, plan="cloudflare/workers-free", deployment="worker").decides


def test_a_plan_that_charges_nothing_is_decided_by_its_limits() -> None:
    usage = totals(object_active_seconds=10_000_000)
    decides = compare(usage, plan="cloudflare/workers-free", deployment="durable-object").decides

    assert "Workers Free charges nothing; what it has instead are limits." == decides


def test_several_inputs_share_one_base_fee_and_one_allowance() -> None:
    parts = [totals("chat", http_requests=6_000_000), totals("game", http_requests=6_000_000)]

    bill = estimate(parts, plan=STANDARD)

    assert bill.line("workers-base").cost == 5
    assert bill.line("workers-requests").billed == 2_000_000
    assert bill.line("workers-requests").cost == D("0.60")
    assert bill.line("workers-requests").by_input == {"chat": D("0.30"), "game": D("0.30")}


def test_the_same_input_twice_would_count_twice_and_is_refused() -> None:
    with pytest.raises(InputError, match="named twice"):
        estimate([totals("chat", http_requests=1), totals("chat", http_requests=2)])


def test_notes_of_several_inputs_say_whose_they_are() -> None:
    bill = estimate([a_day(), totals("game", http_requests=6)], deployment="worker")

    assert any(note.message.startswith("by-hand: ") for note in bill.notes)


def test_monthly_totals_are_not_projected() -> None:
    assert estimate(totals(http_requests=1), plan=STANDARD).projected is None


def test_totals_that_name_objects_are_an_objects_and_others_a_workers() -> None:
    assert estimate(totals(object_requests=1)).deployment == "durable-object"
    assert estimate(totals(http_requests=1)).deployment == "worker"


def test_what_a_usage_file_leaves_out_beside_a_given_is_none_and_a_note_says_so() -> None:
    bill = estimate(totals(object_requests=2_000_000))
    note = next(note for note in bill.notes if note.code == "not-given")

    assert bill.line("do-requests").cost == D("0.15")
    assert "messages_in" in note.data["meters"]


def test_a_line_of_which_nothing_is_given_depends_on_its_meters() -> None:
    line = estimate(totals(http_requests=1), plan=STANDARD).line("workers-cpu")

    assert (line.cost, line.depends_on) == (None, ("worker_cpu_ms",))


def test_message_sizes_are_one_step_each_unless_bytes_say_more() -> None:
    def units(**more: int) -> tuple[D | None, Grade]:
        usage = totals(messages_in=10, messages_out=0, connection_minutes=1, **more)
        line = estimate(usage, plan="aws/api-gateway-websocket", region="us-east-1").line("messages")
        return line.consumed, line.grade

    assert (10, Grade.LOWER_BOUND) == units()
    assert (20, Grade.LOWER_BOUND) == units(bytes_in=32_768 * 20)
    assert (21, Grade.LOWER_BOUND) == units(bytes_in=32_768 * 20 + 1)


def test_size_steps_that_are_given_are_not_guessed_again() -> None:
    given = UsageFile(
        "totals",
        {"messages_in": D(1_000), "message_units_in:32768": D(2_000), "messages_out": D(0)},
    )
    bill = estimate(given, plan="aws/api-gateway-websocket", region="us-east-1")

    assert (2_000, Grade.MEASURED) == (bill.line("messages").consumed, bill.line("messages").grade)


def test_totals_bill_the_longer_of_wall_time_and_eight_times_cpu_as_the_least() -> None:
    def duration(cpu_ms: int) -> tuple[D | None, Grade]:
        usage = totals(http_requests=1, worker_wall_seconds=1_000_000, worker_cpu_ms=cpu_ms)
        line = estimate(usage, plan="cloudflare/workers-unbound", as_of=date(2023, 3, 1)).line(
            "workers-duration"
        )
        return line.consumed, line.grade

    assert (125_000, Grade.MEASURED) == duration(0)
    assert (125_000, Grade.LOWER_BOUND) == duration(125_000_000)
    assert (1_000_000, Grade.LOWER_BOUND) == duration(1_000_000_000)


def test_no_message_is_no_step_and_leaves_nothing_open() -> None:
    bill = estimate(
        totals(messages_in=0, messages_out=0, connection_minutes=1),
        plan="aws/api-gateway-websocket",
        region="us-east-1",
    )

    assert (0, Grade.MEASURED) == (bill.line("messages").consumed, bill.line("messages").grade)
    assert "sizes-unknown" not in codes(bill)


def test_a_note_on_sizes_does_not_contradict_the_bytes() -> None:
    usage = totals(messages_in=1_000, bytes_in=33_792_000, messages_out=0, connection_minutes=0)
    bill = estimate(usage, plan="aws/api-gateway-websocket", region="us-east-1")

    (note,) = (note for note in bill.notes if note.code == "sizes-unknown")
    assert "as few steps of 32,768 bytes are counted as their number and bytes allow" in note.message


def test_other_requests_of_the_account_are_none_unless_declared() -> None:
    alone = estimate(a_day(), deployment="worker")
    shared = estimate(a_day(), deployment=Deployment(monthly={"http_requests": 11 * MILLION}))

    assert "websockets-only" in codes(alone)
    assert "websockets-only" not in codes(shared)
    assert shared.line("workers-requests").cost == D("0.60")


def test_declared_monthly_quantities_are_not_scaled_with_the_window() -> None:
    built = Deployment(endpoint="durable-object", monthly={"storage_rows_written": 51 * MILLION})

    bill = estimate(a_day(), deployment=built)

    assert bill.line("do-storage-rows-written").cost == 1


def test_what_is_declared_adds_to_what_was_used_on_the_bill_as_on_its_lines() -> None:
    bill = estimate(totals(http_requests=100), deployment=Deployment(monthly={"http_requests": 200}))

    assert bill.line("workers-requests").consumed == bill.usage["http_requests"] == 300


def test_storage_that_nobody_declared_is_not_free_but_unknown() -> None:
    line = estimate(a_day(), deployment="durable-object").line("do-storage-rows-written")

    assert (line.cost, line.depends_on) == (None, ("storage_rows_written",))


def test_a_deployment_without_storage_has_no_storage_lines_and_full_coverage() -> None:
    bill = estimate(a_day(messages_in=1), deployment=Deployment(endpoint="durable-object", storage="none"))

    assert not any(line.sku.startswith("do-storage") for line in bill.lines)
    assert bill.coverage == 1


def test_before_the_first_price_there_is_no_bill() -> None:
    with pytest.raises(NoPriceError, match="2023-10-31"):
        estimate(a_day(), plan=STANDARD, as_of=date(2023, 10, 30))


def test_a_glob_of_plans_is_for_comparing() -> None:
    with pytest.raises(ConfigError, match="compare"):
        estimate(a_day(), plan="cloudflare/*")


def test_an_unknown_plan_offers_close_ones() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean cloudflare/workers-standard"):
        estimate(a_day(), plan="cloudflare/worker-standard")


def test_the_free_plan_breaks_on_the_first_day_past_its_cap() -> None:
    busy = [connection(60 * (i % 1_440), 60 * (i % 1_440) + 1) for i in range(1_441)]
    objects = [event("request", i % DAY) for i in range(100_000)]

    bill = estimate(
        trace(busy, objects, window=(0, 2 * DAY)), plan="cloudflare/workers-free", deployment="durable-object"
    )

    assert not bill.feasible
    assert {breach.first for breach in bill.breaches} == {date(2026, 11, 2)}
    assert bill.total == 0


def test_yaml_that_is_no_usage_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("hello: 1\n")

    with pytest.raises(InputError, match="usage"):
        estimate(path)


def test_the_same_input_gives_the_same_bytes_whatever_the_process_hashes_words_to(tmp_path: Path) -> None:
    path = tmp_path / "totals.yaml"
    path.write_text("usage: {messages_in: 10, messages_out: 10, connection_minutes: 1}\n")
    command = [sys.executable, "-m", "wscost", "estimate", str(path), "--plan", "aws/api-gateway-websocket"]
    told = {
        subprocess.run(
            [*command, "--region", "us-east-1", "--format", "json"],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in range(4)
    }

    assert len(told) == 1


def test_months_that_were_asked_for_and_cannot_be_drawn_are_told() -> None:
    assert "no-range" in codes(estimate(totals(messages_in=1), replicates=5))
    assert "no-range" not in codes(estimate(totals(messages_in=1)))
    assert "no-range" not in codes(estimate(totals(messages_in=1), replicates=0))


def test_a_window_among_totals_and_a_trace_is_the_traces(tmp_path: Path) -> None:
    (tmp_path / "usage.yaml").write_text("usage: {messages_in: 5}")
    (tmp_path / "a.csv").write_text("opened_at,closed_at\n2026-11-02T00:00:00Z,2026-11-02T00:01:00Z\n")
    inputs = [tmp_path / "usage.yaml", tmp_path / "a.csv"]

    bill = estimate(inputs, window="2026-11-01/2026-12-01", deployment="worker")

    assert bill.usage["connections_opened"] == 1
