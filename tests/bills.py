"""Bills made by hand, for tests of what shows them: one of every kind of line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from wscost.bill import Bill, BillLine, Breach, Comparison, Component, Range, Spread, UnitCosts
from wscost.notes import Grade, Note
from wscost.pricelist import Provenance
from wscost.usage import Period

WORKERS = "https://developers.cloudflare.com/workers/platform/pricing/"
OBJECTS = "https://developers.cloudflare.com/durable-objects/platform/pricing/"


def read_on(url: str, since: date = date(2024, 4, 1)) -> Provenance:
    return Provenance(url, since=since, checked=date(2026, 11, 23))


BASE = BillLine(
    sku="workers-paid",
    name="Workers Paid",
    unit="Months",
    model="flat",
    consumed=Decimal(1),
    included=Decimal(0),
    billed=Decimal(1),
    priced=Decimal(1),
    unit_price=Decimal(5),
    per=Decimal(1),
    cost=Decimal("5.00"),
    provenance=read_on(WORKERS),
    rounding="none",
)
FREE = BillLine(
    sku="workers-requests",
    name="Workers Standard Requests",
    unit="Requests",
    model="per_unit",
    consumed=Decimal(150_000),
    included=Decimal(10_000_000),
    billed=Decimal(0),
    priced=Decimal(0),
    unit_price=Decimal("0.30"),
    per=Decimal(1_000_000),
    cost=Decimal("0.00"),
    provenance=read_on(WORKERS),
    rounding="up to whole 1,000,000",
    components=(Component("connections_opened", Decimal(150_000), Decimal(1), Decimal(1), Decimal(150_000)),),
)
REQUESTS = BillLine(
    sku="do-requests",
    name="Durable Objects Compute Requests",
    unit="Requests",
    model="per_unit",
    consumed=Decimal(3_750_000),
    included=Decimal(1_000_000),
    billed=Decimal(2_750_000),
    priced=Decimal(3_000_000),
    unit_price=Decimal("0.15"),
    per=Decimal(1_000_000),
    cost=Decimal("0.45"),
    provenance=read_on(OBJECTS),
    rounding="up to whole 1,000,000",
    components=(
        Component("connections_opened", Decimal(150_000), Decimal(1), Decimal(1), Decimal(150_000)),
        Component("messages_in", Decimal(72_000_000), Decimal(1), Decimal(20), Decimal(3_600_000)),
    ),
    by_input={"chat.csv": Decimal("0.36"), "game.csv": Decimal("0.09")},
)
DURATION = BillLine(
    sku="do-duration",
    name="Durable Objects Compute Duration",
    unit="GB-s",
    model="per_unit",
    consumed=Decimal("11059200.128"),
    included=Decimal(400_000),
    billed=Decimal("10659200.128"),
    priced=Decimal(11_000_000),
    unit_price=Decimal("12.50"),
    per=Decimal(1_000_000),
    cost=Decimal("137.50"),
    provenance=read_on(OBJECTS),
    rounding="up to whole 1,000,000",
    grade=Grade.LOWER_BOUND,
    components=(
        Component(
            "object_active_seconds",
            Decimal("86400001"),
            Decimal("0.128"),
            Decimal(1),
            Decimal("11059200.128"),
        ),
    ),
    by_input={"chat.csv": Decimal("137.50"), "game.csv": Decimal("0.00")},
)
UNKNOWN = BillLine(
    sku="do-rows-written",
    name="Durable Objects Storage Rows Written",
    unit="Rows",
    model="per_unit",
    consumed=None,
    included=Decimal(50_000_000),
    billed=None,
    priced=None,
    unit_price=Decimal("1.00"),
    per=Decimal(1_000_000),
    cost=None,
    provenance=read_on(OBJECTS, since=date(2026, 1, 7)),
    rounding="up to whole 1,000,000",
    grade=Grade.UNKNOWN,
    depends_on=("storage_rows_written",),
    components=(Component("storage_rows_written", None, Decimal(1), Decimal(1), None),),
)
UNIT_COSTS = UnitCosts(
    per_connection=Decimal("0.000953"),
    per_connection_hour=Decimal("0.0285900"),
    per_thousand_messages=None,
    concurrent_users=Decimal("6.94444"),
    per_concurrent_user=Decimal("20.5848"),
    per_next_connection=Decimal("0.0275174"),
    per_next_connection_hour=Decimal("0.0275174"),
    per_next_thousand_messages=None,
    per_next_user=Decimal("19.8125"),
    per_idle_client=Decimal("4.15"),
)
BILL = Bill(
    plan="cloudflare/workers-standard",
    plan_name="Workers Standard",
    deployment="durable-object",
    currency="USD",
    period=Period(date(2024, 4, 1), date(2024, 5, 1)),
    as_of=date(2026, 9, 30),
    region=None,
    lines=(BASE, FREE, REQUESTS, DURATION, UNKNOWN),
    total=Decimal("142.95"),
    unit_costs=UNIT_COSTS,
    usage={
        "connections_opened": Decimal(5_000),
        "messages_in": Decimal(2_400_000),
        "object_active_seconds": Decimal("2880000.033333"),
        "peak_connections": Decimal(250),
    },
    projected={
        "connections_opened": Decimal(150_000),
        "messages_in": Decimal(72_000_000),
        "object_active_seconds": Decimal("86400001"),
        "peak_connections": Decimal(250),
    },
    grades={"object_active_seconds": Grade.LOWER_BOUND},
    notes=(
        Note("open-ended", "12 connections were still open when the recording ended.", {"connections": 12}),
        Note("storage-undeclared", "Storage was not declared, so its lines stay open."),
    ),
    inputs=("chat.csv", "game.csv"),
)
HIBERNATING = replace(
    BILL,
    deployment="durable-object-hibernation",
    lines=(BASE, FREE, REQUESTS, UNKNOWN),
    total=Decimal("5.45"),
    notes=(),
)
CAPPED = replace(
    BILL,
    plan="cloudflare/workers-free",
    plan_name="Workers Free",
    lines=(),
    total=Decimal("0.00"),
    notes=(),
    breaches=(
        Breach(
            limit="do-duration-daily",
            name="Durable Objects duration",
            unit="GB-s",
            maximum=Decimal(13_000),
            per="day",
            worst=Decimal("368640.004"),
            first=date(2024, 4, 2),
            times=30,
            consequence="operations fail until 00:00 UTC",
            provenance=read_on(OBJECTS),
        ),
    ),
)
MONTHS = Spread(*map(Decimal, ("5.15", "5.45", "6.20", "5.52")))
SIMULATED = replace(
    HIBERNATING,
    range=Range(
        200, MONTHS, {"do-requests": MONTHS}, Decimal("0.35"), drawn=("session.median", "rooms.count")
    ),
)
ONE = Comparison((BILL,))
THREE = Comparison(
    (BILL, HIBERNATING, CAPPED),
    decides="Hibernation decides: without it, objects run for as long as a socket is open.",
    notes=(Note("both-deployments", "No deployment was given, so both kinds of object are priced."),),
)
