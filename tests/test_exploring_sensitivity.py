"""Sensitivity: what moves a bill, in order, and the reason why the rest does not."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

import wscost
from tests.traces import DAY, connection, event, trace
from wscost.deployment import PRESETS, Deployment, HandlerTime
from wscost.errors import ConfigError
from wscost.exploring.sensitivity import Sensitivity, sensitivity
from wscost.usagefile import UsageFile

STANDARD, UNBOUND = "cloudflare/workers-standard", "cloudflare/workers-unbound"


def totals(**quantities: int) -> UsageFile:
    return UsageFile("totals", {key: D(value) for key, value in quantities.items()}, PRESETS["worker"])


def why(found: Sensitivity) -> dict[str, str]:
    return {field.field: field.why for field in found.unmoved}


def test_a_field_moves_the_bill_by_what_its_ends_cost() -> None:
    found = sensitivity(totals(connections_opened=20_000_000), plan="cloudflare/workers-bundled")

    (field,) = found.moved
    assert field[:4] == ("usage.connections_opened", D(16_000_000), D(20_000_000), D(24_000_000))
    assert field[4:] == (D("8.00"), D("12.00"), D("4.00"), "")


def test_what_moves_the_bill_most_comes_first() -> None:
    usage = totals(connections_opened=50_000_000, worker_wall_seconds=100_000_000, worker_cpu_ms=1)
    found = sensitivity(usage, plan=UNBOUND)

    assert [field.field for field in found.moved] == ["usage.worker_wall_seconds", "usage.connections_opened"]
    assert found.moved[0].swing > found.moved[1].swing


def test_inside_the_allowance_the_figures_are_told() -> None:
    found = sensitivity(totals(connections_opened=312_000), plan=UNBOUND)

    assert why(found) == {
        "usage.connections_opened": "inside the allowance: 312,000 of 1,000,000 Requests used"
    }


def test_inside_a_started_million_the_rounding_is_told() -> None:
    found = sensitivity(totals(connections_opened=12_500_000), plan=STANDARD, by=0.01)

    assert why(found) == {
        "usage.connections_opened": "inside a started unit: "
        "2,500,000 Requests past the allowance are charged as 3,000,000"
    }


def test_what_no_charge_counts_is_told() -> None:
    found = sensitivity(totals(connections_opened=1, bytes_in=10**9), plan=STANDARD)

    assert why(found)["usage.bytes_in"] == f"no charge of {STANDARD} counts it"


def test_each_charge_that_counts_a_field_gives_its_reason() -> None:
    usage = UsageFile("totals", {"connections_opened": D(1_000)}, PRESETS["durable-object"])

    assert why(sensitivity(usage, plan=STANDARD))["usage.connections_opened"] == (
        "Workers Standard Requests: inside the allowance: 1,000 of 10,000,000 Requests used; "
        "Durable Objects Compute Requests: inside the allowance: 1,000 of 1,000,000 Requests used"
    )


def test_less_than_a_cent_is_told() -> None:
    usage = totals(connections_opened=10_000_100)
    found = sensitivity(usage, plan="cloudflare/workers-bundled", by=0.000001)

    assert why(found) == {"usage.connections_opened": "less than a cent"}


def test_of_a_trace_the_meters_that_a_charge_counts_are_moved_and_all_of_it() -> None:
    rooms = trace([connection(0, DAY, f"room-{i}", messages_in=10) for i in range(50)])
    found = sensitivity(rooms, plan=STANDARD, deployment="durable-object")

    moved = {field.field for field in found.moved}
    assert {"traffic.scale", "trace.object_active_seconds"} <= moved
    assert "trace.scale" not in moved, "it is the same, under another name than break-even has for it"
    assert "trace.bytes_in" not in moved | set(why(found))
    assert why(found)["trace.http_requests"] == "none was metered"
    assert why(found)["trace.storage_rows_read"] == "the input does not tell it"
    assert why(found)["deployment.handler_ms.message"] == "nothing that is metered here depends on it"
    assert why(found)["deployment.pins.timer"] == "nothing to vary: it is 0"


def test_handler_time_moves_the_bill_of_a_busy_hibernating_object() -> None:
    busy = trace(
        [connection(0, DAY, f"room-{i}") for i in range(20)],
        [event("message", s, f"room-{i}", bytes=9) for i in range(20) for s in range(0, DAY, 900)],
    )
    slow = Deployment(endpoint="durable-object", hibernation=True, handler_ms=HandlerTime(message=D(60_000)))
    found = sensitivity(busy, plan=STANDARD, deployment=slow)

    field = next(field for field in found.moved if field.field == "deployment.handler_ms.message")
    # 20 rooms x 96 messages x 30 days x 60 s x 0.128 GB = 442,368 GB-s; a fifth less is inside 400,000.
    assert (field.low, field.value, field.high) == (D(48_000), D(60_000), D(72_000))
    assert field.swing == D("12.50")


def test_other_requests_that_the_deployment_declares_are_fields_too() -> None:
    built = Deployment(monthly={"http_requests": D(20_000_000)})
    found = sensitivity(UsageFile("totals", {"connections_opened": D(1)}, built), plan=STANDARD)

    assert [field.field for field in found.moved] == ["monthly.http_requests"]


@pytest.mark.parametrize("by", [0, -0.1, 1.5])
def test_a_part_that_is_none_is_refused(by: float) -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        sensitivity(totals(connections_opened=1), by=by)


def test_the_frame_holds_what_moves_and_what_does_not() -> None:
    frame = sensitivity(totals(connections_opened=20_000_000, bytes_in=1), plan=STANDARD).to_frame()

    assert list(frame["field"]) == ["usage.connections_opened", "usage.bytes_in"]
    assert list(frame["swing"]) == [D("2.40"), D("0.00")]
    assert list(frame["why"] != "") == [False, True]


def test_a_fifth_more_of_everything_is_what_a_larger_trace_costs() -> None:
    rooms = trace([connection(0, DAY, f"room-{i}") for i in range(50)])
    found = sensitivity(rooms, plan=STANDARD, deployment="durable-object")
    grown = trace([connection(0, DAY, f"room-{i}") for i in range(60)])

    field = next(field for field in found.moved if field.field == "traffic.scale")

    assert field.total_high == wscost.estimate(grown, plan=STANDARD, deployment="durable-object").total
