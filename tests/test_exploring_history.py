"""History: the same usage under other years' prices, to the cent, and what moved each step."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

import wscost
from wscost.deployment import PRESETS
from wscost.errors import ConfigError
from wscost.exploring.history import History, Past, history
from wscost.usagefile import UsageFile

STANDARD, BUNDLED, UNBOUND = (f"cloudflare/workers-{name}" for name in ("standard", "bundled", "unbound"))
CHAT = UsageFile(
    "chat",
    {
        "connections_opened": D(312_000),
        "messages_in": D(72_000_000),
        "object_active_seconds": D(86_400_000),
        "worker_cpu_ms": D(0),
    },
    PRESETS["durable-object"],
)


def of(past: History, plan: str, day: str) -> Past:
    return next(p for p in past.bills if p.plan == plan and p.as_of == date.fromisoformat(day))


def test_each_step_costs_what_the_prices_of_that_day_say() -> None:
    past = history(CHAT, plan=UNBOUND)

    # Objects were free in the open beta. Then 71.312 M requests at 0.15 and 10,659,200 GB-s at 12.50,
    # first prorated, then in whole millions; since April 2024 twenty messages are one request.
    assert of(past, UNBOUND, "2021-04-14").total == D("5.00")
    assert of(past, UNBOUND, "2021-11-15").total == D("5.00") + D("10.70") + D("133.24")
    assert of(past, UNBOUND, "2023-10-31").total == D("5.00") + D("10.80") + D("137.50")
    assert of(past, UNBOUND, "2024-04-01").total == D("5.00") + D("0.45") + D("137.50")


def test_the_change_that_moved_a_step_is_told_and_no_other() -> None:
    past = history(CHAT, plan=UNBOUND)

    assert of(past, UNBOUND, "2024-04-01").moved == (
        "Durable Objects Compute Requests: counts connections_opened + object_requests + messages_in -> "
        "connections_opened + object_requests + messages_in / 20"
    )
    assert (
        "Durable Objects Compute Duration: price 0 -> 12.5, included none -> 400,000"
        in of(past, UNBOUND, "2021-11-15").moved
    )
    assert "workers-egress" not in of(past, UNBOUND, "2021-11-15").moved
    assert of(past, UNBOUND, "2022-01-01").moved == ""


def test_every_year_since_2021_and_every_day_that_moved_something_has_its_row() -> None:
    days = [p.as_of for p in history(CHAT, plan=UNBOUND).bills]

    years = {date(year, 1, 1) for year in range(2021, 2027)}
    steps = {date(2021, 4, 14), date(2021, 11, 15), date(2023, 10, 31), date(2024, 4, 1)}
    assert years | steps | {days[-1]} == set(days)
    assert days == sorted(days)


def test_before_a_plan_was_sold_there_is_no_price() -> None:
    past = history(CHAT, plan=[STANDARD, BUNDLED])

    assert of(past, STANDARD, "2023-01-01").total is None
    assert of(past, STANDARD, "2023-10-31").moved == "first known price"
    assert of(past, BUNDLED, "2023-01-01").total is not None


def test_the_newest_row_is_what_an_estimate_says_today() -> None:
    past = history(CHAT)

    for plan in (STANDARD, BUNDLED, UNBOUND):
        latest = [p for p in past.bills if p.plan == plan][-1]
        assert latest.total == wscost.estimate(CHAT, plan=plan).total


def test_a_row_is_what_an_estimate_with_that_date_says() -> None:
    past = history(CHAT, plan=UNBOUND, month="2026-11")

    for p in past.bills:
        if p.total is not None:
            alone = wscost.estimate(CHAT, plan=UNBOUND, as_of=p.as_of, month="2026-11")
            assert p.total == alone.total


def test_the_month_stands_still_so_that_only_prices_move() -> None:
    free = "cloudflare/workers-free"
    usage = UsageFile("totals", {"connections_opened": D(2_900_000)}, PRESETS["worker"])
    past = history(usage, plan=free, month="2026-02")

    # 100,000 a day: 2.9 million break February in every year, though they would fit into January.
    assert {p.feasible for p in past.bills} == {False}


def test_a_price_that_was_known_before_the_first_year_asked_for_is_no_first() -> None:
    past = history(CHAT, plan=STANDARD, since=2024)

    assert of(past, STANDARD, "2024-01-01").moved == ""
    assert of(history(CHAT, plan=STANDARD, since=2023), STANDARD, "2023-10-31").moved == "first known price"


def test_objects_that_hibernate_are_told_since_when_they_can() -> None:
    asleep = UsageFile("chat", CHAT.usage, PRESETS["durable-object-hibernation"])

    assert ["before-hibernation", "at-least"] == [note.code for note in history(asleep).notes]
    assert ["at-least"] == [note.code for note in history(CHAT).notes]


def test_a_history_may_begin_later() -> None:
    assert min(p.as_of for p in history(CHAT, since=2024).bills) == date(2024, 1, 1)
    with pytest.raises(ConfigError, match="--since 2200"):
        history(CHAT, since=2200)


def test_the_frame_has_a_row_a_date_and_plan() -> None:
    past = history(CHAT)
    frame = past.to_frame()

    columns = ["as_of", "plan", "deployment", "currency", "total", "feasible", "complete", "moved"]
    assert list(frame.columns) == columns
    assert len(frame) == len(past.bills)
