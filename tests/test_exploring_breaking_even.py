"""Break-even: crossings computed by hand from published prices, and what holds for any range.

Published: Standard 10 M requests, then 0.30 a million in whole millions; Bundled 10 M, then 0.50 prorated;
Unbound 1 M, then 0.15, and 400,000 GB-s, then 12.50 a million, both prorated (price books of wscost).
"""

from __future__ import annotations

from decimal import Decimal as D
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wscost
from tests.traces import DAY, connection, trace
from wscost.deployment import PRESETS
from wscost.errors import ConfigError, WscostError
from wscost.exploring.breaking_even import break_even
from wscost.exploring.crossings import BreakEven
from wscost.usagefile import UsageFile

STANDARD, BUNDLED, UNBOUND = (f"cloudflare/workers-{name}" for name in ("standard", "bundled", "unbound"))
FREE = "cloudflare/workers-free"


def totals(**quantities: int) -> UsageFile:
    return UsageFile("totals", {key: D(value) for key, value in quantities.items()}, PRESETS["worker"])


CONNECTS = totals(connections_opened=0, worker_cpu_ms=0, worker_wall_seconds=0)


def bills_at(connects: int, plans: list[str]) -> dict[str, D]:
    usage = totals(connections_opened=connects, worker_cpu_ms=0, worker_wall_seconds=0)
    return {plan: wscost.estimate(usage, plan=plan).total for plan in plans}


def crossings(found: BreakEven) -> list[tuple[int, str]]:
    return [(int(crossing.at), crossing.cheaper.plan) for crossing in found.crossings]


def test_whole_millions_make_standard_and_bundled_cross_three_times() -> None:
    found = break_even(CONNECTS, "usage.connections_opened=0..30e6", plans=[STANDARD, BUNDLED])

    # Standard stands at 5.30 from 10,000,001 on; Bundled reaches 5.305 (5.31 in cents) at 10,610,000.
    # At 11,000,001 Standard becomes 5.60 and Bundled is 5.50; that one reaches 5.605 at 11,210,000.
    # At 12,000,001 Standard becomes 5.90 and Bundled is 6.00: never again.
    assert crossings(found) == [(10_610_000, STANDARD), (11_000_001, BUNDLED), (11_210_000, STANDARD)]


def test_plateaus_from_rounding_are_told_with_the_charge_that_makes_them() -> None:
    found = break_even(CONNECTS, "usage.connections_opened=0..30e6", plans=[STANDARD, BUNDLED])

    plateaus = [(int(p.start), int(p.end), p.total, p.because) for p in found.crossings[0].plateaus]

    assert [(10_000_001, 11_000_000, D("5.30"), ("Workers Standard Requests",))] == plateaus
    assert "stays at $5.30 from 10,000,001 to 11,000,000" in str(found)


def test_stretches_cover_the_range_without_gap_or_overlap() -> None:
    found = break_even(CONNECTS, "usage.connections_opened=0..30e6", plans=[STANDARD, BUNDLED])

    assert (D(0), D(30_000_000)) == (found.stretches[0].start, found.stretches[-1].end)
    for one, other in pairwise(found.stretches):
        assert other.start - one.end == 1
        assert one.cheaper != other.cheaper


def test_prorated_plans_cross_where_their_lines_do() -> None:
    found = break_even(CONNECTS, "usage.connections_opened=0..1e9", plans=[UNBOUND, BUNDLED])

    # 5 + 0.15 (x - 1) = 5 + 0.50 (x - 10) at x = 13.857 million, which lies where cents are equal.
    (crossing,) = found.crossings
    exact = D(4_850_000) / D("0.35")
    assert crossing.last < exact < crossing.at
    assert crossing.at - crossing.last <= 40_000
    assert crossing.cheaper.plan == UNBOUND


def test_how_long_connections_last_decides_between_unbound_and_standard() -> None:
    # A million connects a month: Standard costs 5.00. Unbound has 400,000 GB-s, which are 3.2 million
    # seconds at 0.125 GB; half a cent past them is 400 GB-s, so it is dearer from 3,203,200 s on.
    many = totals(connections_opened=1_000_000, worker_cpu_ms=0, worker_wall_seconds=0)
    found = break_even(many, "usage.worker_wall_seconds=0..4e6", plans=[STANDARD, UNBOUND])

    assert found.crossings == ()
    assert [s.cheaper and s.cheaper.plan for s in found.stretches] == [None, STANDARD]
    assert D(3_203_200) - found.step < found.stretches[1].start <= D(3_203_200) + found.step
    assert "No crossing" in str(found)
    assert "both bills are the same up to 3,203," in str(found)


def test_a_free_plan_is_cheaper_until_its_limit_breaks() -> None:
    found = break_even(CONNECTS, "usage.connections_opened=0..10e6", plans=[STANDARD, FREE], month="2026-11")

    # 100,000 requests a day, 30 days.
    assert crossings(found) == [(3_000_001, STANDARD)]
    assert (D("5.00"), None) == found.crossings[0].totals
    assert "workers-free cannot serve" in str(found)
    assert "not-feasible" in {note.code for note in found.notes}


def test_plans_that_never_cross_are_an_answer() -> None:
    found = break_even(CONNECTS, "usage.connections_opened=20e6..30e6", plans=[STANDARD, BUNDLED])

    assert found.crossings == ()
    assert str(found) == (
        "No crossing for usage.connections_opened from 20,000,000 to 30,000,000: workers-standard is cheaper."
    )


def test_bills_that_are_always_the_same_are_an_answer() -> None:
    found = break_even(CONNECTS, "usage.bytes_in=0..1e9", plans=[STANDARD, BUNDLED])

    assert str(found).endswith("both bills are the same.")


def test_two_deployments_under_one_plan_break_even_too() -> None:
    # One object: awake all month it takes 30 days x 86,400 s x 0.128 GB = 331,776 GB-s, which are included.
    # At 1.2057 times the traffic 400,000 GB-s are passed, and a started million costs 12.50.
    room = trace([connection(0, DAY)])
    found = break_even(
        room,
        {"trace.scale": (1, 2)},
        plans=STANDARD,
        deployment=["durable-object", "durable-object-hibernation"],
    )

    assert found.crossings == ()
    assert [s.cheaper and s.cheaper.deployment for s in found.stretches] == [
        None,
        "durable-object-hibernation",
    ]
    edge = D(400_000) / (30 * DAY * D("0.128"))
    assert found.stretches[0].end <= edge < found.stretches[1].start


def test_a_logarithmic_grid_finds_the_same_crossings() -> None:
    found = break_even(CONNECTS, "usage.connections_opened=1..1e9log", plans=[STANDARD, BUNDLED])

    assert [at for at, _ in crossings(found)] == [10_610_000, 11_000_001, 11_210_000]


@settings(max_examples=12)
@given(
    low=st.integers(0, 20_000_000),
    length=st.integers(1, 60_000_000),
    grid=st.integers(1, 40),
    plans=st.permutations([STANDARD, BUNDLED, UNBOUND]).map(lambda order: order[:2]),
)
def test_at_a_crossing_the_cheaper_bill_is_cheaper_and_one_step_before_it_is_not(
    low: int, length: int, grid: int, plans: list[str]
) -> None:
    found = break_even(CONNECTS, {"usage.connections_opened": (low, low + length)}, plans=plans, grid=grid)

    for crossing in found.crossings:
        now, before = (bills_at(int(at), plans) for at in (crossing.at, crossing.at - found.step))
        assert now[crossing.cheaper.plan] < now[crossing.dearer.plan]
        assert before[crossing.cheaper.plan] >= before[crossing.dearer.plan]


@settings(max_examples=12)
@given(low=st.integers(0, 20_000_000), length=st.integers(1, 60_000_000))
def test_the_same_crossings_are_found_whatever_the_grid(low: int, length: int) -> None:
    asked = {"usage.connections_opened": (low, low + length)}
    found = [break_even(CONNECTS, asked, plans=[STANDARD, BUNDLED], grid=grid) for grid in (1, 7, 64)]

    assert crossings(found[0]) == crossings(found[1]) == crossings(found[2])
    assert [(s.start, s.end, s.cheaper) for s in found[0].stretches] == [
        (s.start, s.end, s.cheaper) for s in found[2].stretches
    ]


def test_the_frames_hold_stretches_and_the_curves_behind_them() -> None:
    found = break_even(CONNECTS, "usage.connections_opened=0..30e6", plans=[STANDARD, BUNDLED])

    frame, curves = found.to_frame(), found.curves()

    assert list(frame.columns[:3]) == ["from", "to", "cheaper"]
    assert list(frame.columns[3:5]) == ["workers-standard at start", "workers-bundled at start"]
    assert list(curves.columns) == ["usage.connections_opened", "workers-standard", "workers-bundled"]
    assert curves["usage.connections_opened"].is_monotonic_increasing


def test_bills_that_run_close_together_say_where_the_search_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wscost.exploring.breaking_even.MOST_POINTS", 30)
    found = break_even(CONNECTS, "usage.connections_opened=0..30e6", plans=[STANDARD, BUNDLED])

    assert "not-settled" in {note.code for note in found.notes}


def test_no_winner_is_named_out_of_a_total_that_may_be_higher() -> None:
    # Unbound's wall clock is unknown: it costs 5 + 0.15 x 14 = $7.10 at least, Standard exactly $8.90.
    usage = totals(connections_opened=15_000_000, messages_in=72_000_000, worker_cpu_ms=150_000_000)
    found = break_even(usage, "traffic.scale=1..100", plans=[STANDARD, UNBOUND])

    assert [(stretch.cheaper, stretch.known) for stretch in found.stretches] == [(None, False)]
    assert (True, False) == found.complete
    assert str(found) == (
        "For traffic.scale from 1 to 100, it is not known which is cheaper: what workers-unbound comes to "
        "is known in part only."
    )
    assert list(found.to_frame()["cheaper"]) == ["not known"]
    assert list(found.to_frame()["workers-unbound complete"]) == [False]


def test_a_total_that_may_be_higher_and_is_the_dearer_one_already_is_the_dearer_one_for_certain() -> None:
    # The same requests, whose CPU is not given: Standard costs 5 + 0.30 a started million past ten, and more.
    usage = totals(connections_opened=1_000_000, worker_wall_seconds=0)
    found = break_even(usage, "traffic.scale=1..100", plans=[STANDARD, UNBOUND])

    # 5 + 0.30 x 10 = 8.00 from 19,000,001 on; 5 + 0.15 x (x - 1) is that at 21 million.
    assert {(s.cheaper and s.cheaper.plan, s.known) for s in found.stretches} == {
        (None, False),
        (UNBOUND, True),
    }
    assert not found.stretches[0].known
    assert found.crossings == ()
    assert "workers-unbound is cheaper from " in str(found)
    assert "before, it is not known everywhere, for what workers-standard comes to" in str(found)


def test_what_both_bills_leave_out_decides_nothing_between_them() -> None:
    # How long the objects are active is not known, and charged the same with either plan.
    usage = UsageFile(
        "totals",
        {"connections_opened": D(20_000_000), "worker_cpu_ms": D(0), "worker_wall_seconds": D(0)},
        PRESETS["durable-object"],
    )
    found = break_even(usage, "traffic.scale=1..3", plans=[STANDARD, BUNDLED])

    assert (False, False) == found.complete
    assert [(s.cheaper and s.cheaper.plan, s.known) for s in found.stretches] == [(STANDARD, True)]


def test_where_the_search_stopped_no_more_is_said_than_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wscost.exploring.breaking_even.MOST_POINTS", 30)
    found = break_even(CONNECTS, "usage.connections_opened=0..30e6", plans=[STANDARD, BUNDLED])

    (first, *_) = found.crossings
    assert first.between == "not seen"
    assert f"Somewhere between {found.path} = {first.last:,} and {first.at:,}, workers-" in str(found)
    assert "in between they cost the same" not in str(found)


@pytest.mark.parametrize(
    ("vary", "plans", "words"),
    [
        ("usage.connections_opened=5..5", [STANDARD, BUNDLED], "the range is empty"),
        ("usage.connections_opened=1,2", [STANDARD, BUNDLED], "write a range as A..B"),
        ("usage.connection_opened=0..5", [STANDARD, BUNDLED], "Did you mean usage.connections_opened"),
        ("deployment.endpoint=a..b", [STANDARD, BUNDLED], "is no number"),
        (
            "usage.connections_opened=0..5",
            [STANDARD],
            "two plans, or one under two deployments, not one bill",
        ),
        ("usage.connections_opened=0..5", ["cloudflare/*"], "not 4 bills"),
        ("usage.connections_opened=0..5", [STANDARD, "cloudflare/workers-standart"], "no plan"),
    ],
)
def test_what_cannot_break_even_is_refused(vary: str, plans: list[str], words: str) -> None:
    with pytest.raises(WscostError) as refusal:
        break_even(CONNECTS, vary, plans=plans)

    assert words in str(refusal.value)


def test_only_one_field_can_break_even() -> None:
    with pytest.raises(ConfigError, match="One field can break even at a time, not 2"):
        break_even(
            CONNECTS, ["usage.connections_opened=0..5", "usage.bytes_in=0..5"], plans=[STANDARD, BUNDLED]
        )
