"""The prices that ship: their history day by day, their sources, and where they lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

import wscost.shipped
from tests.docrunner import Page
from tests.house import ROOT
from wscost.deployment import PRESETS, Deployment
from wscost.errors import NoPriceError
from wscost.pricebook import PriceBook, load_books, read_book, validate_directory
from wscost.pricelist import Charge, Consume, Included, PriceList, Rounding
from wscost.shipped import shipped
from wscost.usage import METERS

BOOKS = load_books()
PATHS = sorted(shipped("pricing").rglob("*.yaml"))
CLOUDFLARE = [plan.id for plan in BOOKS.plans if plan.id.startswith("cloudflare/")]
AWS = "aws/api-gateway-websocket"

WORKER = PRESETS["worker"].properties
OBJECT = PRESETS["durable-object"].properties
ON_KV = Deployment(endpoint="durable-object", storage="kv").properties
ON_SQLITE = Deployment(endpoint="durable-object", storage="sqlite").properties
WITHOUT_STORAGE = Deployment(endpoint="durable-object", storage="none").properties

M = Decimal(1_000_000)


def on(day: str, plan: str, properties: Mapping[str, str] = WORKER, region: str | None = None) -> PriceList:
    """Return a plan's prices on a day."""
    as_of = date.fromisoformat(day)
    return BOOKS.price_list(plan, as_of=as_of, properties=properties, region=region)


def charges(prices: PriceList) -> dict[str, Charge]:
    return {charge.sku: charge for charge in prices.charges}


def tariff(charge: Charge) -> tuple[str, Decimal | None, Decimal, Decimal, bool]:
    """Return the charge in short: amount, per so many, after an allowance, in started units or not."""
    included = charge.included.quantity if charge.included else Decimal(0)
    price = charge.price
    return price.model.value, price.amount, price.per, included, price.rounding is Rounding.UP


class TestEveryBook:
    def test_the_shipped_books_are_sound(self) -> None:
        assert validate_directory(shipped("pricing")) == []

    def test_the_shipped_plans_are_these(self) -> None:
        assert [(plan.id, plan.paid, plan.status) for plan in BOOKS.plans] == [
            (AWS, True, "active"),
            ("cloudflare/workers-bundled", True, "legacy"),
            ("cloudflare/workers-free", False, "active"),
            ("cloudflare/workers-standard", True, "active"),
            ("cloudflare/workers-unbound", True, "legacy"),
        ]

    @pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
    def test_every_source_is_a_page_on_the_web_and_is_used(self, path: Path) -> None:
        book, _ = read_book(path)

        assert all(url.startswith("https://") for url in book.sources.values())
        assert {entry.source for entry in (*book.charges, *book.limits)} == set(book.sources)

    @pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
    def test_nothing_begins_after_the_day_the_book_was_checked(self, path: Path) -> None:
        book, _ = read_book(path)

        assert max(entry.effective.from_ for entry in (*book.charges, *book.limits)) <= book.checked

    @pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
    def test_a_charge_has_no_gap_between_its_periods(self, path: Path) -> None:
        book, _ = read_book(path)

        periods = defaultdict(list)
        for charge in book.charges:
            periods[charge.sku, charge.region].append(charge.effective)
        for history in periods.values():
            for earlier, later in pairwise(history):
                assert earlier.until == later.from_

    @pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
    def test_one_charge_keeps_one_name_and_one_unit(self, path: Path) -> None:
        book, _ = read_book(path)

        words = defaultdict(set)
        for charge in book.charges:
            words[charge.sku].add((charge.name, charge.unit))
        assert all(len(each) == 1 for each in words.values())

    def test_no_sku_of_an_add_on_is_also_one_of_a_plan_it_joins(self) -> None:
        def skus(book: PriceBook) -> set[str]:
            return {charge.sku for charge in book.charges}

        for book in BOOKS.books.values():
            for add_on in book.add_ons:
                assert not skus(book) & skus(BOOKS.books[add_on])

    def test_every_meter_that_is_billed_is_one_we_know(self) -> None:
        consumed = {
            use.meter
            for book in BOOKS.books.values()
            for entry in (*book.charges, *book.limits)
            for use in entry.consumes
        }

        assert consumed < set(METERS)
        assert not consumed & {"object_resident_seconds", "object_wakeups"}


class TestFirstDays:
    @pytest.mark.parametrize(
        ("plan", "first", "properties", "region"),
        [
            pytest.param("cloudflare/workers-free", "2020-10-19", WORKER, None, id="Free"),
            pytest.param("cloudflare/workers-free", "2025-04-07", OBJECT, None, id="objects on Free"),
            pytest.param("cloudflare/workers-bundled", "2020-10-19", WORKER, None, id="Bundled"),
            pytest.param("cloudflare/workers-bundled", "2021-03-31", OBJECT, None, id="objects on Bundled"),
            pytest.param("cloudflare/workers-unbound", "2021-04-14", OBJECT, None, id="Unbound"),
            pytest.param("cloudflare/workers-standard", "2023-10-31", OBJECT, None, id="Standard"),
            pytest.param(AWS, "2025-11-02", WORKER, "us-east-1", id="API Gateway in Virginia"),
            pytest.param(AWS, "2026-08-04", WORKER, "ap-southeast-2", id="API Gateway in Sydney"),
            pytest.param(AWS, "2026-10-01", WORKER, "ap-northeast-2", id="API Gateway in Seoul"),
        ],
    )
    def test_there_is_a_price_on_the_first_day_and_none_the_day_before(
        self, plan: str, first: str, properties: Mapping[str, str], region: str | None
    ) -> None:
        before = (date.fromisoformat(first) - timedelta(1)).isoformat()

        assert on(first, plan, properties, region).charges
        with pytest.raises(NoPriceError, match=first):
            on(before, plan, properties, region)

    def test_the_free_plan_carries_no_objects_on_kv(self) -> None:
        with pytest.raises(NoPriceError, match="storage kv"):
            on("2026-01-01", "cloudflare/workers-free", ON_KV)


class TestWorkers:
    def test_every_paid_plan_has_the_same_base_fee(self) -> None:
        fees = {
            plan.id: tariff(charges(on("2024-01-01", plan.id))["workers-base"])
            for plan in BOOKS.plans
            if plan.id.startswith("cloudflare/") and plan.paid
        }

        assert len(fees) == 3
        assert set(fees.values()) == {("flat", Decimal(5), 1, 0, False)}

    @pytest.mark.parametrize("plan", CLOUDFLARE)
    def test_an_upgrade_is_a_request_like_any_other(self, plan: str) -> None:
        (requests,) = [c for c in on("2024-01-01", plan).charges if c.sku == "workers-requests"]

        assert requests.consumes == (Consume("connections_opened"), Consume("http_requests"))

    def test_bundled_charges_requests_and_nothing_else(self) -> None:
        lines = charges(on("2024-02-29", "cloudflare/workers-bundled"))

        assert list(lines) == ["workers-base", "workers-requests"]
        assert tariff(lines["workers-requests"]) == ("per_unit", Decimal("0.50"), M, 10 * M, False)

    def test_standard_charges_requests_and_cpu_in_whole_millions(self) -> None:
        lines = charges(on("2023-10-31", "cloudflare/workers-standard"))

        assert list(lines) == ["workers-base", "workers-requests", "workers-cpu"]
        assert tariff(lines["workers-requests"]) == ("per_unit", Decimal("0.30"), M, 10 * M, True)
        assert tariff(lines["workers-cpu"]) == ("per_unit", Decimal("0.02"), M, 30 * M, True)

    def test_unbound_charges_requests_and_time(self) -> None:
        lines = charges(on("2023-06-01", "cloudflare/workers-unbound"))

        assert list(lines) == ["workers-base", "workers-requests", "workers-duration"]
        assert tariff(lines["workers-requests"]) == ("per_unit", Decimal("0.15"), M, M, False)
        assert tariff(lines["workers-duration"]) == ("per_unit", Decimal("12.50"), M, 400_000, False)

    @pytest.mark.parametrize(
        ("day", "charged"), [("2021-11-14", True), ("2021-11-15", False), ("2021-11-16", False)]
    )
    def test_unbound_charges_egress_until_15_november_2021(self, day: str, charged: bool) -> None:
        lines = charges(on(day, "cloudflare/workers-unbound"))

        assert ("workers-egress" in lines) is charged
        if charged:
            assert tariff(lines["workers-egress"]) == ("per_unit", Decimal("0.045"), 1, 5, False)
            assert lines["workers-egress"].consumes == (Consume("bytes_out", divide_by=Decimal(10**9)),)

    @pytest.mark.parametrize(
        ("day", "handed_on"), [("2021-12-15", True), ("2021-12-16", False), ("2023-01-31", False)]
    )
    def test_unbound_charges_sockets_that_are_handed_on_until_15_december_2021(
        self, day: str, handed_on: bool
    ) -> None:
        duration = charges(on(day, "cloudflare/workers-unbound"))["workers-duration"]

        own = Consume("worker_wall_seconds", multiply_by=Decimal("0.125"), cpu_multiple=8)
        others = Consume("worker_passthrough_seconds", multiply_by=Decimal("0.125"))
        assert duration.consumes == ((own, others) if handed_on else (own,))

    @pytest.mark.parametrize(
        ("day", "words"), [("2023-01-31", "was printed as 8"), ("2023-02-01", "factor of 8 are published")]
    )
    def test_the_factor_of_unbound_is_inferred_before_it_was_printed(self, day: str, words: str) -> None:
        assert words in charges(on(day, "cloudflare/workers-unbound"))["workers-duration"].provenance.remark

    def test_unbound_of_2021_tells_what_is_not_known_of_the_execution_limit(self) -> None:
        remark = charges(on("2021-06-01", "cloudflare/workers-unbound"))["workers-duration"].provenance.remark

        assert "beyond the execution limit, 30 s until 2021-12-02, was not billed" in remark
        assert "never made clear" in remark

    @pytest.mark.parametrize("plan", ["cloudflare/workers-bundled", "cloudflare/workers-unbound"])
    def test_a_legacy_plan_keeps_its_last_price_and_says_so(self, plan: str) -> None:
        before, after = on("2024-02-29", plan), on("2024-03-01", plan)

        assert before.charges == after.charges
        assert "legacy-plan" not in [note.code for note in before.notes]
        assert "legacy-plan" in [note.code for note in after.notes]


class TestFree:
    @pytest.mark.parametrize("properties", [WORKER, OBJECT, ON_SQLITE, WITHOUT_STORAGE])
    def test_every_line_is_there_and_costs_nothing(self, properties: Mapping[str, str]) -> None:
        lines = on("2026-11-01", "cloudflare/workers-free", properties).charges

        assert lines
        assert {charge.price.amount for charge in lines} == {0}

    def test_a_worker_may_serve_a_hundred_thousand_requests_a_day(self) -> None:
        (limit,) = on("2020-10-19", "cloudflare/workers-free").limits

        assert (limit.maximum, limit.per, limit.unit) == (100_000, "day", "Requests")

    @pytest.mark.parametrize(
        ("properties", "storage"), [(ON_SQLITE, True), (OBJECT, True), (WITHOUT_STORAGE, False)]
    )
    def test_objects_have_daily_limits_of_their_own(
        self, properties: Mapping[str, str], storage: bool
    ) -> None:
        limits = {x.id: x.maximum for x in on("2025-04-07", "cloudflare/workers-free", properties).limits}

        stored = {
            "do-storage-rows-read-daily": 5_000_000,
            "do-storage-rows-written-daily": 100_000,
            "do-storage-sql-total": 5,
        }
        assert limits == {
            "workers-requests-daily": 100_000,
            "do-requests-daily": 100_000,
            "do-duration-daily": 13_000,
            **(stored if storage else {}),
        }

    def test_twenty_messages_as_one_request_against_the_cap_are_inferred(self) -> None:
        notes = on("2026-11-01", "cloudflare/workers-free", OBJECT).notes

        assert [(n.code, n.data) for n in notes] == [("inferred-limit", {"limit": "do-requests-daily"})]


class TestObjects:
    PLAN = "cloudflare/workers-standard"

    def test_they_join_only_where_sockets_end_in_an_object(self) -> None:
        assert not [sku for sku in charges(on("2026-11-01", self.PLAN)) if sku.startswith("do-")]

    @pytest.mark.parametrize(
        ("day", "amount", "included", "ratio", "whole"),
        [
            ("2021-11-14", "0", 0, 1, False),
            ("2021-11-15", "0.15", M, 1, False),
            ("2023-10-30", "0.15", M, 1, False),
            ("2023-10-31", "0.15", M, 1, True),
            ("2024-03-31", "0.15", M, 1, True),
            ("2024-04-01", "0.15", M, 20, True),
            ("2026-11-23", "0.15", M, 20, True),
        ],
    )
    def test_requests(self, day: str, amount: str, included: int, ratio: int, whole: bool) -> None:
        requests = charges(on(day, "cloudflare/workers-bundled", OBJECT))["do-requests"]

        assert tariff(requests) == ("per_unit", Decimal(amount), M, included, whole)
        assert requests.consumes == (
            Consume("connections_opened"),
            Consume("object_requests"),
            Consume("messages_in", divide_by=Decimal(ratio)),
        )

    @pytest.mark.parametrize(
        ("day", "amount", "included", "whole"),
        [
            ("2021-11-14", "0", 0, False),
            ("2021-11-15", "12.50", 400_000, False),
            ("2023-10-30", "12.50", 400_000, False),
            ("2023-10-31", "12.50", 400_000, True),
        ],
    )
    def test_duration(self, day: str, amount: str, included: int, whole: bool) -> None:
        duration = charges(on(day, "cloudflare/workers-bundled", OBJECT))["do-duration"]

        assert tariff(duration) == ("per_unit", Decimal(amount), M, included, whole)
        assert duration.consumes == (Consume("object_active_seconds", multiply_by=Decimal("0.128")),)

    @pytest.mark.parametrize(
        ("day", "whole"), [("2021-11-15", False), ("2023-10-30", False), ("2023-10-31", True)]
    )
    def test_storage_of_objects_on_kv(self, day: str, whole: bool) -> None:
        lines = charges(on(day, "cloudflare/workers-bundled", ON_KV))

        assert {sku: tariff(c) for sku, c in lines.items() if sku.startswith("do-storage")} == {
            "do-storage-reads": ("per_unit", Decimal("0.20"), M, M, whole),
            "do-storage-writes": ("per_unit", Decimal("1.00"), M, M, whole),
            "do-storage-deletes": ("per_unit", Decimal("1.00"), M, M, whole),
            "do-storage-kv": ("per_unit", Decimal("0.20"), 1, 1, whole),
        }

    @pytest.mark.parametrize("day", ["2026-01-07", "2026-02-28", "2026-03-01", "2026-11-23"])
    @pytest.mark.parametrize("properties", [ON_SQLITE, OBJECT], ids=["sqlite", "undeclared"])
    def test_storage_of_objects_on_sqlite(self, day: str, properties: Mapping[str, str]) -> None:
        lines = charges(on(day, self.PLAN, properties))

        assert {sku: tariff(c) for sku, c in lines.items() if sku.startswith("do-storage")} == {
            "do-storage-rows-read": ("per_unit", Decimal("0.001"), M, 25_000 * M, True),
            "do-storage-rows-written": ("per_unit", Decimal("1.00"), M, 50 * M, True),
            "do-storage-sql": ("per_unit", Decimal("0.20"), 1, 5, True),
        }

    @pytest.mark.parametrize(("day", "free"), [("2024-09-25", 0), ("2024-09-26", 3), ("2026-01-06", 3)])
    def test_storage_on_sqlite_is_shown_as_free_before_it_was_billed(self, day: str, free: int) -> None:
        lines = charges(on(day, self.PLAN, ON_SQLITE))

        assert [c.price.amount for sku, c in lines.items() if sku.startswith("do-storage")] == [0] * free

    @pytest.mark.parametrize("properties", [WITHOUT_STORAGE, OBJECT], ids=["none", "undeclared"])
    def test_there_is_no_storage_line_for_objects_that_store_nothing(
        self, properties: Mapping[str, str]
    ) -> None:
        lines = charges(on("2026-01-06", self.PLAN, properties))

        assert [sku for sku in lines if sku.startswith("do-storage")] == []

    @pytest.mark.parametrize(
        ("day", "inferred"), [("2026-01-07", True), ("2026-02-28", True), ("2026-03-01", False)]
    )
    def test_the_first_day_of_sqlite_billing_is_inferred(self, day: str, inferred: bool) -> None:
        remark = charges(on(day, self.PLAN, ON_SQLITE))["do-storage-sql"].provenance.remark

        assert ("announced as the earliest day of billing" in remark) is inferred

    @pytest.mark.parametrize("properties", [ON_KV, ON_SQLITE], ids=["kv", "sqlite"])
    @pytest.mark.parametrize(
        ("day", "inferred"),
        [
            ("2023-10-31", True),
            ("2024-03-31", True),
            ("2024-04-01", True),
            ("2026-03-01", True),
            ("2026-08-24", True),
            ("2026-08-25", False),
            ("2026-11-23", False),
        ],
    )
    def test_whole_units_are_inferred_until_the_page_says_so(
        self, day: str, inferred: bool, properties: Mapping[str, str]
    ) -> None:
        lines = [c for sku, c in charges(on(day, self.PLAN, properties)).items() if sku.startswith("do-")]
        whole = [charge for charge in lines if charge.price.overage is Rounding.UP]

        assert len(whole) >= 2
        assert {charge.provenance.confidence == "inferred" for charge in whole} == {inferred}
        assert all("August 2026" in charge.provenance.remark for charge in whole)

    @pytest.mark.parametrize("properties", [ON_KV, ON_SQLITE], ids=["kv", "sqlite"])
    def test_the_page_of_august_2026_moves_no_amount(self, properties: Mapping[str, str]) -> None:
        before, after = (charges(on(day, self.PLAN, properties)) for day in ("2026-08-24", "2026-08-25"))

        assert {s: tariff(c) for s, c in before.items()} == {s: tariff(c) for s, c in after.items()}


class TestApiGateway:
    @pytest.mark.parametrize(
        ("region", "first", "then", "minutes"),
        [
            ("us-east-1", "1.00", "0.80", "0.25"),
            ("ap-northeast-2", "1.14", "0.94", "0.285"),
            ("ap-southeast-2", "1.30", None, "0.325"),
        ],
    )
    def test_rates_by_region(self, region: str, first: str, then: str | None, minutes: str) -> None:
        lines = charges(on("2026-10-01", AWS, region=region))

        tiers = [(tier.up_to, tier.amount) for tier in lines["messages"].price.tiers]
        assert tiers == [(1_000 * M, Decimal(first)), (None, then and Decimal(then))]
        assert tariff(lines["connection-minutes"]) == ("per_unit", Decimal(minutes), M, 0, False)

    def test_messages_count_both_ways_in_started_units_of_32_kb(self) -> None:
        messages = charges(on("2026-10-01", AWS, region="us-east-1"))["messages"]

        assert messages.consumes == (
            Consume("message_units_in", step_bytes=32_768),
            Consume("message_units_out", step_bytes=32_768),
        )

    @pytest.mark.parametrize(("day", "granted"), [("2026-07-14", True), ("2026-07-15", False)])
    def test_the_allowance_of_the_first_twelve_months_is_granted_while_anybody_has_it(
        self, day: str, granted: bool
    ) -> None:
        prices = BOOKS.price_list(
            AWS,
            properties=WORKER,
            region="us-east-1",
            as_of=date.fromisoformat(day),
            offers=["first-12-months"],
        )

        assert [charge.included for charge in prices.charges] == (
            [Included(M, "month", "first-12-months"), Included(Decimal(750_000), "month", "first-12-months")]
            if granted
            else [None, None]
        )
        assert ("offer-ended" in {note.code for note in prices.notes}) is not granted

    def test_what_no_page_prints_is_noted(self) -> None:
        notes = on("2026-10-01", AWS, region="us-east-1").notes

        assert [n.data for n in notes if n.code == "inferred-price"] == [{"sku": "connection-minutes"}]

    def test_what_comes_on_top_is_told_on_every_bill(self) -> None:
        (told,) = (n.message for n in on("2026-10-01", AWS, region="us-east-1").notes if n.code == "on-top")

        assert "data transfer out" in told
        assert "Lambda" in told


class TestWhereItLies:
    def test_in_a_checkout_beside_the_package(self) -> None:
        assert shipped("pricing") == ROOT / "pricing"

    def test_in_an_installed_package_inside_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "wscost" / "pricing").mkdir(parents=True)
        monkeypatch.setattr(wscost.shipped, "__file__", str(tmp_path / "wscost" / "shipped.py"))

        assert shipped("pricing") == tmp_path / "wscost" / "pricing"


EXAMPLES = [block for block in Page(ROOT / "docs" / "price-books.md").blocks if "provider:" in block.text]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_a_book_in_the_docs_is_sound(number: int, tmp_path: Path) -> None:
    for line in EXAMPLES[number].text.splitlines():
        if line.startswith(("provider:", "product:")):
            tmp_path /= line.split()[1]
    tmp_path.parent.mkdir()
    path = tmp_path.with_suffix(".yaml")
    path.write_text(EXAMPLES[number].text)

    assert validate_directory(path.parent.parent) == []


def test_the_docs_show_a_book() -> None:
    assert [block.language for block in EXAMPLES] == ["yaml"] * len(EXAMPLES)
    assert len(EXAMPLES) >= 2
