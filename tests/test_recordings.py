"""The shipped recordings against what the real runtime counted while they were made."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache

import pytest

import wscost
from wscost.deployment import PRESETS
from wscost.metering import meter
from wscost.shipped import shipped
from wscost.trace import Trace

RECORDINGS = {
    "hib200": "durable-object-hibernation",
    "std200": "durable-object",
    "hib-evening-11": "durable-object-hibernation",
    "std-evening-11": "durable-object",
}
COUNTED_EXACTLY = {"connections_opened", "messages_in", "object_wakeups", "peak_connections"}


@cache
def recording(name: str) -> Trace:
    (path,) = (p for p in shipped("sample_traces").glob(f"{name}.*") if not p.name.endswith(".json"))
    return wscost.read_trace(path)


def truth(name: str) -> dict[str, Decimal]:
    path = shipped("sample_traces") / f"{name}.meters.json"
    return {key: Decimal(str(value)) for key, value in json.loads(path.read_text())["meters"].items()}


@pytest.mark.parametrize(
    ("name", "key"),
    [pytest.param(name, key, id=f"{name} {key}") for name in RECORDINGS for key in truth(name)],
)
def test_a_meter_agrees_with_what_the_runtime_counted(name: str, key: str) -> None:
    metered = meter(recording(name), PRESETS[RECORDINGS[name]]).totals[key]
    counted = truth(name)[key]

    if key in COUNTED_EXACTLY:
        assert metered == counted
    else:
        assert abs(metered - counted) <= counted / 1000


def test_messages_that_auto_response_answered_never_reach_the_object() -> None:
    hibernating, accepting = PRESETS["durable-object-hibernation"], PRESETS["durable-object"]

    assert meter(recording("hib200"), hibernating).totals["messages_in"] == 203
    assert meter(recording("hib200"), accepting).totals["messages_in"] == 481


def test_hibernation_bills_seconds_where_open_sockets_bill_hours() -> None:
    hibernating = meter(recording("hib-evening-11"), PRESETS["durable-object-hibernation"]).totals
    accepting = meter(recording("std-evening-11"), PRESETS["durable-object"]).totals

    assert hibernating["object_active_seconds"] < accepting["object_active_seconds"] / 1000


def test_active_time_follows_the_handler_time_that_is_given() -> None:
    def active(milliseconds: int) -> Decimal:
        slow = {"endpoint": "durable-object", "hibernation": True, "handler_ms": milliseconds}
        deployment = type(PRESETS["worker"]).model_validate(slow)
        return meter(recording("hib200"), deployment).totals["object_active_seconds"]

    # 603 events, of which a few overlap.
    assert Decimal("0.59") < active(1) <= Decimal("0.603")
    assert 5 < active(10) <= Decimal("6.03")
