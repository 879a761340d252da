"""Unit economics: averages by division, margins by pricing again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import wscost
from tests.traces import DAY, connection, trace
from wscost.bill import UnitCosts
from wscost.deployment import PRESETS
from wscost.notes import Grade
from wscost.reports.wording import per_unit
from wscost.usagefile import UsageFile

STANDARD, UNBOUND = "cloudflare/workers-standard", "cloudflare/workers-unbound"
MONTH = 30 * DAY


def costs(usage: UsageFile, plan: str = STANDARD) -> UnitCosts:
    found = wscost.estimate(usage, plan=plan, month="2026-11").unit_costs
    assert found is not None
    return found


def totals(built: str = "worker", **quantities: int) -> UsageFile:
    return UsageFile("totals", {key: D(value) for key, value in quantities.items()}, PRESETS[built])


def test_averages_divide_the_bill_by_what_it_served() -> None:
    found = costs(
        totals(
            connections_opened=20_000_000,
            messages_in=3_000_000,
            messages_out=5_000_000,
            connection_seconds=100 * MONTH,
        )
    )

    assert found.per_connection == D("0.0000004")  # 5.00 + 10 x 0.30 = 8.00 for 20 million
    assert round(D("8.00") / 72_000, 9) == round(found.per_connection_hour or 0, 9)
    assert found.per_thousand_messages == D("0.001")
    assert found.concurrent_users == 100
    assert found.per_concurrent_user == D("0.08")


def test_what_is_not_known_has_no_cost_per_unit() -> None:
    found = costs(totals(http_requests=5))

    assert found.per_connection is None
    assert found.per_connection_hour is None
    assert found.per_thousand_messages is None
    assert found.per_concurrent_user is None
    assert found.per_next_user is None


def test_what_more_comes_to_is_not_known_where_its_price_is_not() -> None:
    usage = totals(messages_in=999_000_000, messages_out=0, connection_minutes=0, connection_seconds=MONTH)
    bill = wscost.estimate(usage, plan="aws/api-gateway-websocket", region="ap-southeast-2")

    assert bill.total == D("1298.70")
    assert bill.unit_costs is not None
    assert bill.unit_costs.per_thousand_messages == D("0.0013")
    assert bill.unit_costs.per_next_thousand_messages is None


def test_the_next_thousand_users_are_priced_not_averaged() -> None:
    # 100 users open 200,000 connections each: 20 million, 8.00 a month. 1,100 users open 220 million:
    # 5.00 + 210 x 0.30 = 68.00, so each of the next thousand costs 0.06, and not 0.08.
    found = costs(
        totals(connections_opened=20_000_000, connection_seconds=100 * MONTH, messages_in=8_000_000)
    )

    assert found.per_next_user == D("0.06")
    assert found.per_next_connection == D("0.0000003")  # 60.00 for 200 million
    assert found.per_next_connection_hour == D("0.0000833333")  # 60.00 for 1,000 x 720 hours
    assert found.per_next_thousand_messages == D("0.00075")  # 60.00 for 80,000 thousands


def test_the_next_cost_nothing_while_the_allowance_lasts() -> None:
    found = costs(totals(connections_opened=1_000, connection_seconds=100 * MONTH))

    assert found.per_connection == D("0.005")
    assert found.per_next_connection == 0


def test_an_idle_client_in_an_object_that_stays_awake_costs_its_duration() -> None:
    # A thousand rooms, each awake all month: 331,776,000 GB-s; 400,000 are included, 332 started millions
    # less what the bill has already cost nothing: 4,150.00, or 4.15 each; 1,000 connects are included.
    found = costs(totals("durable-object", connections_opened=1, messages_in=0, object_active_seconds=0))

    assert found.per_idle_client == D("4.15")


def test_an_idle_client_in_an_object_that_hibernates_costs_nothing() -> None:
    usage = totals("durable-object-hibernation", connections_opened=1, messages_in=0, object_active_seconds=0)

    assert costs(usage).per_idle_client == 0


def test_an_idle_client_on_unbound_pays_its_own_wall_clock() -> None:
    # 1,000 x 2,592,000 s x 0.125 GB, less 400,000 GB-s, at 12.50 a million: 4,045.00.
    usage = totals(connections_opened=1, worker_wall_seconds=0, worker_cpu_ms=0)

    assert costs(usage, UNBOUND).per_idle_client == D("4.045")


def test_a_trace_tells_its_users_from_its_seconds() -> None:
    bill = wscost.estimate(trace([connection(0, DAY) for _ in range(7)]), plan=STANDARD)

    assert bill.unit_costs is not None
    assert bill.unit_costs.concurrent_users == 7


def test_parts_of_a_total_that_is_a_lower_bound_are_marked_as_such() -> None:
    usage = totals(messages_in=1_500_000_000, messages_out=0, connection_minutes=10_000_000)
    bill = wscost.estimate(usage, plan="aws/api-gateway-websocket", region="ap-southeast-2")
    partly = replace(bill, grades={"messages_in": Grade.LOWER_BOUND})
    whole = wscost.estimate(totals(messages_in=2_000, worker_cpu_ms=0, connections_opened=0), plan=STANDARD)

    assert bill.total == D("1303.25")
    assert dict(row[:2] for row in per_unit(bill))["1,000 messages"] == "≥ $0.000869"
    assert dict(row[:2] for row in per_unit(partly))["1,000 messages"] == "$0.000869"
    assert dict(row[:2] for row in per_unit(whole))["1,000 messages"] == "$2.50"


def test_every_bill_of_a_comparison_has_its_unit_costs() -> None:
    comparison = wscost.compare(trace([connection(0, DAY)]))

    assert all(bill.unit_costs is not None for bill in comparison.bills)
