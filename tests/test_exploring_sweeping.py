"""Sweeps: every combination is one bill, the one that estimate gives."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

import wscost
from tests.traces import DAY, connection, trace
from wscost.account import Account
from wscost.deployment import Deployment
from wscost.errors import ConfigError, UnknownNameError
from wscost.exploring.sweeping import Sweep, sweep
from wscost.usagefile import UsageFile

STANDARD, BUNDLED = "cloudflare/workers-standard", "cloudflare/workers-bundled"
UNBOUND = "cloudflare/workers-unbound"


def totals(deployment: str | None = "worker", **quantities: int) -> UsageFile:
    built = None if deployment is None else Deployment(name=deployment, endpoint="worker")
    return UsageFile("totals", {key: D(value) for key, value in quantities.items()}, built)


def rows(swept: Sweep, *columns: str) -> list[tuple[Any, ...]]:
    frame = swept.to_frame()
    return list(frame[list(columns)].itertuples(index=False, name=None))


def test_each_value_is_priced_under_each_plan() -> None:
    swept = sweep(totals(), "usage.connections_opened=10e6,20e6", plan=[STANDARD, BUNDLED])

    assert [
        (D(10_000_000), STANDARD, D("5.00")),
        (D(10_000_000), BUNDLED, D("5.00")),
        (D(20_000_000), STANDARD, D("8.00")),
        (D(20_000_000), BUNDLED, D("10.00")),
    ] == rows(swept, "usage.connections_opened", "plan", "total")


def test_fields_are_combined_the_last_one_fastest() -> None:
    swept = sweep(totals(), ["monthly.http_requests=0,20e6", "usage.connections_opened=1,2"], plan=STANDARD)

    assert [(D(0), D(1)), (D(0), D(2)), (D(20_000_000), D(1)), (D(20_000_000), D(2))] == rows(
        swept, "monthly.http_requests", "usage.connections_opened"
    )
    assert [D("5.00"), D("5.00"), D("8.30"), D("8.30")] == [total for (total,) in rows(swept, "total")]


def test_the_cheapest_at_each_point_is_marked_the_first_of_equals() -> None:
    sockets = totals(worker_cpu_ms=0)
    swept = sweep(sockets, "usage.connections_opened=10e6,10.5e6,20e6", plan=[STANDARD, BUNDLED])

    assert [plan for plan, best in rows(swept, "plan", "cheapest") if best] == [STANDARD, BUNDLED, STANDARD]


def test_a_plan_that_cannot_serve_is_never_the_cheapest() -> None:
    free = "cloudflare/workers-free"
    swept = sweep(totals(), "usage.connections_opened=1000,90e6", plan=[free, STANDARD])

    assert [(free, True), (STANDARD, True)] == [
        (plan, feasible) for plan, feasible, best in rows(swept, "plan", "feasible", "cheapest") if best
    ]


def test_the_least_that_a_plan_comes_to_is_not_cheaper_than_what_another_does_come_to() -> None:
    swept = sweep(totals(), "usage.connections_opened=20e6", plan=[STANDARD, BUNDLED])

    assert [
        (STANDARD, D("8.00"), False, False),
        (BUNDLED, D("10.00"), True, True),
    ] == rows(swept, "plan", "total", "complete", "cheapest")


def test_a_sweep_agrees_with_estimates_made_one_by_one() -> None:
    rooms = trace([connection(0, DAY / 2, f"room-{i % 3}", messages_in=100) for i in range(9)])
    swept = sweep(rooms, "deployment.hibernation=true,false", deployment="durable-object", plan=STANDARD)

    alone = [
        wscost.estimate(rooms, plan=STANDARD, deployment=name).total
        for name in ("durable-object-hibernation", "durable-object")
    ]

    assert alone == [total for (total,) in rows(swept, "total")]
    assert alone[0] < alone[1]


def test_scaling_a_trace_scales_its_usage_not_its_cost() -> None:
    busy = trace([connection(0, DAY, None, messages_in=1) for _ in range(100)])
    swept = sweep(busy, "trace.scale=1,2", plan=UNBOUND, deployment="worker")

    seconds = 100 * 30 * DAY
    expected = [5 + (k * seconds * D("0.125") - 400_000) * D("12.50") / 1_000_000 for k in (1, 2)]

    assert [total.quantize(D("0.01")) for total in expected] == [total for (total,) in rows(swept, "total")]
    assert "multiplied" in {note.code for note in swept.notes}


def test_one_meter_of_a_trace_can_be_multiplied_alone() -> None:
    busy = trace([connection(0, DAY, None) for _ in range(100)])
    more = sweep(busy, "trace.worker_wall_seconds=1,2", plan=UNBOUND, deployment="worker")
    all_of_it = sweep(busy, "trace.scale=1,2", plan=UNBOUND, deployment="worker")

    assert rows(all_of_it, "total") == rows(more, "total")


def test_several_deployments_stand_side_by_side() -> None:
    rooms = trace([connection(0, 60)])
    swept = sweep(
        rooms, "trace.scale=1", plan=STANDARD, deployment=["durable-object", "durable-object-hibernation"]
    )

    assert [d for (d,) in rows(swept, "deployment")] == ["durable-object", "durable-object-hibernation"]


def test_totals_tell_when_a_field_of_the_deployment_cannot_matter() -> None:
    swept = sweep(totals(object_active_seconds=10**9), "deployment.handler_ms.message=1,50", plan=STANDARD)

    assert [note.message.partition(":")[0] for note in swept.notes if note.code == "moves-nothing"] == [
        "deployment.handler_ms.message moves nothing here"
    ]


def test_a_trace_is_metered_once_however_many_prices_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    metered = []

    def counted(self: Account, workload: object, *others: Any) -> Any:
        metered.append(workload)
        return month(self, workload, *others)

    month = Account._month  # type: ignore[attr-defined]
    monkeypatch.setattr(Account, "_month", counted)
    rooms = trace([connection(0, 60)])

    sweep(rooms, ["trace.scale=1..9x9", "monthly.http_requests=0..1e9x9"], plan=STANDARD)
    assert len(metered) == 1

    sweep(rooms, "deployment.handler_ms.message=1,2,3", plan=[STANDARD, BUNDLED])
    assert len(metered) == 1 + 3


def test_a_grid_of_more_than_ten_thousand_bills_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"10,001 bills, more than 10,000\. .*--yes"):
        sweep(totals(), "usage.connections_opened=0..10000x10001", plan=STANDARD)


def test_a_grid_of_as_many_bills_as_allowed_is_priced() -> None:
    swept = sweep(totals(), "usage.connections_opened=1..3x3", plan=[STANDARD, BUNDLED], most=6)

    assert len(swept.to_frame()) == 6
    with pytest.raises(ConfigError, match="6 bills, more than 5"):
        sweep(totals(), "usage.connections_opened=1..3x3", plan=[STANDARD, BUNDLED], most=5)
    assert len(sweep(totals(), "usage.connections_opened=1..3x3", plan=STANDARD, most=None).points) == 3


def test_an_unknown_plan_is_refused_before_anything_is_priced() -> None:
    with pytest.raises(UnknownNameError, match="no plan"):
        sweep(totals(), "usage.connections_opened=1,2", plan="cloudflare/workers-standart")


def test_progress_is_told_point_by_point() -> None:
    told: list[tuple[int, int]] = []
    sweep(totals(), "usage.connections_opened=1,2,3", plan=STANDARD, told=lambda *done: told.append(done))

    assert told == [(1, 3), (2, 3), (3, 3)]
