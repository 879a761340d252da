"""Price books: the form, the shelf, and the list of a date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wscost.deployment import PRESETS, Deployment
from wscost.errors import ConfigError, NoPriceError, UnknownNameError
from wscost.pricebook import PlanInfo, PriceBooks, load_books, read_book, validate_directory
from wscost.pricebook.form import Effective
from wscost.pricediff import Change, changes
from wscost.pricelist import Consume, Included, Model, Price, Rounding, Tier
from wscost.shipped import shipped

BROKEN = Path(__file__).parent / "broken_books"
WORKER = PRESETS["worker"].properties
OBJECT = PRESETS["durable-object"].properties

MISTAKES: dict[str, tuple[int, str]] = {
    "a-list": (1, "the file must be a mapping, not a list"),
    "add-on-that-adds": (7, "adds is of plans; the plan that adds this add-on says it."),
    "add-on-with-a-minimum": (7, "minimum is of plans; the plan that adds this add-on says it."),
    "add-on-with-supports": (7, "supports is of plans; the plan that adds this add-on says it."),
    "allowance-negative": (11, "charges[1].included must be at least 0, not -1"),
    "allowance-per-week": (11, "charges[1].included.per must be 'month' or 'day', not 'week'"),
    "amount-in-quotes": (
        12,
        "charges[1].price.amount must be a number, not '1_0.5'. Take the quotes away.",
    ),
    "amount-in-words": (12, "charges[1].price: unknown key '30'"),
    "amount-infinite": (12, ".inf is a float that is not exact"),
    "amount-missing": (12, "a package price has an amount, and no tiers"),
    "amount-negative": (12, "charges[1].price.amount must be at least 0, not -0.30"),
    "amount-of-too-many-digits": (12, "needs more than 28 digits: a float that is not exact"),
    "cpu-multiple-on-another-meter": (9, "the meter worker_cpu_ms takes no cpu_multiple"),
    "currency-in-small-letters": (3, "currency must be three capitals such as USD, not 'usd'"),
    "date-that-is-a-number": (13, "effective.from must be a date such as 2024-04-01, not 20240101"),
    "day-that-no-calendar-has": (13, "2024-02-30 is a day that no calendar has"),
    "divided-by-zero": (9, "consumes[1].divide_by must be more than 0, not 0"),
    "doubt-without-remark": (8, "what is inferred needs a remark"),
    "effective-missing": (8, "charges[1]: 'effective' is missing"),
    "empty": (1, "the file must be a mapping, not empty"),
    "flat-price-per-unit": (10, "charges[1].price: a flat price has an amount and nothing else"),
    "flat-price-that-consumes": (8, "a flat price consumes nothing"),
    "flat-price-with-an-allowance": (8, "a flat price consumes nothing, so it includes and rounds nothing"),
    "from-after-until": (13, "from (2024-01-01) must be before until (2024-01-01)"),
    "from-missing": (13, "charges[1].effective: 'from' is missing"),
    "last-tier-closed": (14, "every tier but the last needs up_to, and the last has none"),
    "limit-that-counts-nothing": (20, "limits[1].consumes must have 1 or more entries"),
    "misplaced-file": (2, "the book of acme/elsewhere must stand in acme/elsewhere.yaml"),
    "no-charges": (7, "charges must have 1 or more entries"),
    "not-utf-8": (3, "is not UTF-8"),
    "not-yaml": (3, "is not YAML"),
    "offer-without-a-name": (11, "until is the end of an offer: name the offer"),
    "open-tier-before-the-last": (14, "every tier but the last needs up_to, and the last has none"),
    "overlapping-conditions": (
        16,
        "requests stands twice for 2024-06-01: its period overlaps that of line 8",
    ),
    "overlapping-periods": (15, "requests stands twice for 2024-06-01: its period overlaps that of line 8"),
    "pricing-unit-in-quotes": (12, "price.per must be a number, not ' 1e6 '. Take the quotes away."),
    "package-in-part": (12, "a package is sold whole: its rounding is up or down"),
    "repeated-key": (11, "the key 'unit' stands twice, first on line 10"),
    "rounding-said-twice": (12, "rounding and round_up say the same: write rounding alone"),
    "rounding-to-nowhere": (12, "price.rounding must be 'up', 'down' or 'prorate', not 'nearest'"),
    "size-step-missing": (9, "the meter message_units_in needs step_bytes"),
    "size-step-on-a-meter-without-sizes": (9, "the meter messages_in takes no step_bytes"),
    "source-missing": (8, "charges[1]: 'source' is missing"),
    "source-unknown": (14, "There is no source named 'pag'. Did you mean page?"),
    "source-without-address": (6, "sources.page must be an address such as https://…, not 'the contract'"),
    "step-in-quotes": (9, "step_bytes must be a whole number, not '32768'. Take the quotes away."),
    "switch-that-is-a-word": (12, "price.round_up must be true or false, not 'yes'"),
    "tier-amount-neither-number-nor-unknown": (16, "must be a number or 'unknown', not 'later'"),
    "tiers-missing": (12, "a graduated price has tiers, and no amount beside them"),
    "tiers-out-of-order": (14, "tiers are out of order: up_to 1000 does not follow 1000"),
    "two-documents": (15, "a second document begins here"),
    "unit-price-that-consumes-nothing": (8, "a per_unit price needs consumes"),
    "unknown-endpoint": (14, "when.endpoint must be 'worker', 'durable-object' or 'origin', not 'worke'"),
    "unknown-key": (10, "charges[1]: unknown key 'units'. Did you mean 'unit'?"),
    "unknown-key-at-the-top": (4, "unknown key 'chekced'. Did you mean 'checked'?"),
    "unknown-meter": (9, "no meter named 'conections_opened'. Did you mean connections_opened"),
    "unknown-price-model": (12, "price.model must be 'flat', 'per_unit', 'package', 'graduated' or 'volume'"),
    "unknown-region": (
        15,
        "There is no region in the book's regions named 'us-west-1'. Did you mean us-east-1?",
    ),
}
AMONG_OTHERS = {
    "add-on-that-does-not-exist": (4, "no add-on named 'acme/durable-object'. Did you mean cloudflare/"),
}
"""Mistakes that show only beside the other books."""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_broken_book_is_refused_with_its_line(mistake: str) -> None:
    path = BROKEN / "acme" / f"{mistake}.yaml"
    line, words = MISTAKES[mistake]

    with pytest.raises(ConfigError) as refused:
        read_book(path)

    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_every_broken_book_is_named_above() -> None:
    assert {path.stem for path in BROKEN.rglob("*.yaml")} == {*MISTAKES, *AMONG_OTHERS}


def test_a_folder_of_broken_books_yields_every_complaint() -> None:
    complaints = validate_directory(BROKEN)

    for mistake, (line, words) in (MISTAKES | AMONG_OTHERS).items():
        beginning = f"{BROKEN / 'acme' / mistake}.yaml:{line}: "
        assert [c for c in complaints if c.startswith(beginning) and words in c]
    assert len(complaints) == len(MISTAKES | AMONG_OTHERS)


def test_one_broken_book_stops_loading() -> None:
    with pytest.raises(ConfigError, match=r"broken_books/acme/a-list\.yaml:1: "):
        load_books([BROKEN])


Shelve = Callable[..., Path]


def charge(sku: str = "requests", since: str = "2024-01-01", amount: str = "1", more: str = "") -> str:
    """Return a charge of so much per connection, in one line of YAML."""
    return (
        f"  - {{sku: {sku}, consumes: [{{meter: connections_opened}}], unit: Requests, source: page,"
        f" price: {{model: per_unit, amount: {amount}}}, effective: {{from: {since}}}{more}}}\n"
    )


@pytest.fixture
def shelve(tmp_path: Path) -> Shelve:
    """Write the book ``acme/plan``, or another product of acme, and return the folder of books."""

    def write(charges: str = "", more: str = "", product: str = "plan", currency: str = "USD") -> Path:
        path = tmp_path / "acme" / f"{product}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"provider: acme\nproduct: {product}\ncurrency: {currency}\nchecked: 2026-01-01\n"
            f"sources: {{page: https://example.com/}}\n{more}\ncharges:\n{charges or charge()}"
        )
        return tmp_path

    return write


def amounts(
    books: PriceBooks, day: date | None = None, properties: Mapping[str, str] = WORKER
) -> dict[str, Any]:
    """Return the amount of each SKU of ``acme/plan`` on a day."""
    prices = books.price_list("acme/plan", as_of=day, properties=properties)
    return {c.sku: c.price.amount for c in prices.charges}


class TestShelf:
    def test_a_folder_without_books_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="holds no price books"):
            load_books([tmp_path])

        (complaint,) = validate_directory(tmp_path / "gone")
        assert "there is no such folder" in complaint

    def test_a_sound_folder_has_no_complaints(self, shelve: Shelve) -> None:
        assert validate_directory(shelve()) == []

    @pytest.mark.parametrize("place", ["plan.yaml", "acme/plan.yml", "other/plan.yaml", "acme/other.yaml"])
    def test_a_book_in_the_wrong_place_is_not_passed_over(self, shelve: Shelve, place: str) -> None:
        folder = shelve()
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / "acme" / "plan.yaml").rename(folder / place)

        with pytest.raises(ConfigError, match=r":2: the book of acme/plan must stand in acme/plan\.yaml"):
            load_books([folder])

    def test_a_private_book_counts_before_the_one_that_ships(self, tmp_path: Path) -> None:
        ours = (shipped("pricing") / "cloudflare" / "workers-standard.yaml").read_text()
        (tmp_path / "cloudflare").mkdir()
        (tmp_path / "cloudflare" / "workers-standard.yaml").write_text(ours.replace("0.30", "0.20"))

        prices = load_books([tmp_path]).price_list("cloudflare/workers-standard", properties=OBJECT)

        by_sku = {c.sku: c.price.amount for c in prices.charges}
        assert by_sku["workers-requests"] == Decimal("0.20")
        assert by_sku["do-requests"] == Decimal("0.15")

    def test_of_two_private_books_the_first_counts(self, shelve: Shelve, tmp_path: Path) -> None:
        folder = shelve(charge(amount="1"))
        folder.rename(tmp_path.parent / f"{tmp_path.name}-first")
        tmp_path.mkdir()

        books = load_books([tmp_path.parent / f"{tmp_path.name}-first", shelve(charge(amount="2"))])

        assert amounts(books) == {"requests": 1}

    def test_an_add_on_that_does_not_exist_is_refused(self, shelve: Shelve) -> None:
        folder = shelve(more="adds: [chat]")

        with pytest.raises(ConfigError, match=r"plan\.yaml:6: There is no add-on named 'acme/chat'"):
            load_books([folder])

    def test_a_plan_is_no_add_on(self, shelve: Shelve) -> None:
        shelve(product="chat")

        (complaint,) = validate_directory(shelve(more="adds: [chat]"))

        assert "plan.yaml:6: There is no add-on named 'acme/chat'" in complaint

    def test_an_add_on_in_another_currency_is_refused(self, shelve: Shelve) -> None:
        shelve(product="chat", more="kind: add-on", currency="EUR")

        with pytest.raises(ConfigError, match="acme/chat is priced in EUR, but acme/plan in USD"):
            load_books([shelve(more="adds: [chat]")])

    @pytest.mark.parametrize("regions", ["", "\nregions: [eu, us]"], ids=["no region", "more regions"])
    def test_an_add_on_that_is_not_sold_in_every_region_of_a_plan_is_refused(
        self, shelve: Shelve, regions: str
    ) -> None:
        shelve(charge(more=", region: eu"), "kind: add-on\nregions: [eu]", "chat")

        (complaint,) = validate_directory(shelve(more=f"adds: [chat]{regions}"))

        assert "plan.yaml:6: acme/chat is sold only in eu, but acme/plan in" in complaint

    def test_an_add_on_has_a_price_for_each_region_of_its_plan(self, shelve: Shelve) -> None:
        two = charge("chat", amount="2", more=", region: eu") + charge(
            "chat", amount="3", more=", region: us"
        )
        shelve(two, "kind: add-on\nregions: [eu, us]", "chat")
        books = load_books([shelve(more="adds: [chat]\nregions: [eu]")])

        prices = books.price_list("acme/plan", properties=WORKER, region="eu")

        assert {c.sku: c.price.amount for c in prices.charges} == {"requests": 1, "chat": 2}


class TestPlans:
    def test_a_plan_tells_what_is_known_of_it(self, shelve: Shelve) -> None:
        folder = shelve(
            charge(since="2024-05-01") + charge(sku="other", since="2023-05-01"),
            "name: The Plan\nstatus: closed-to-new\nstatus_since: 2025-01-01",
        )

        (plan,) = [p for p in load_books([folder]).plans if p.id == "acme/plan"]

        assert plan == PlanInfo(
            id="acme/plan",
            name="The Plan",
            status="closed-to-new",
            since=date(2023, 5, 1),
            checked=date(2026, 1, 1),
            regions=(),
            currency="USD",
            paid=True,
        )

    def test_an_add_on_is_no_plan(self, shelve: Shelve) -> None:
        books = load_books([shelve(more="kind: add-on")])

        assert "acme/plan" not in [plan.id for plan in books.plans]
        with pytest.raises(UnknownNameError, match="no plan named 'acme/plan'"):
            books.price_list("acme/plan", properties=WORKER)

    @pytest.mark.parametrize(
        ("price", "paid"),
        [
            pytest.param("{model: per_unit, amount: 0}", False, id="nothing"),
            pytest.param("{model: per_unit, amount: 0.01}", True, id="something"),
            pytest.param(
                "{model: volume, tiers: [{up_to: 5, amount: 0}, {amount: 0}]}", False, id="tiers of nothing"
            ),
            pytest.param(
                "{model: volume, tiers: [{up_to: 5, amount: 0}, {amount: 1}]}", True, id="a tier of something"
            ),
            pytest.param(
                "{model: volume, tiers: [{up_to: 5, amount: 0}, {amount: unknown}]}",
                True,
                id="an unknown tier",
            ),
        ],
    )
    def test_a_plan_is_paid_if_it_charges(self, shelve: Shelve, price: str, paid: bool) -> None:
        folder = shelve(charge().replace("{model: per_unit, amount: 1}", price))

        assert [p.paid for p in load_books([folder]).plans if p.id == "acme/plan"] == [paid]

    def test_globs_match_plans_and_each_plan_once(self) -> None:
        matched = load_books().match(["cloudflare/workers-un*", "cloudflare/*", "aws/api-gateway-websocket"])

        assert matched == (
            "cloudflare/workers-unbound",
            "cloudflare/workers-bundled",
            "cloudflare/workers-free",
            "cloudflare/workers-standard",
            "aws/api-gateway-websocket",
        )

    @pytest.mark.parametrize(
        "pattern", ["cloudflare/workers-standrad", "workers-standard", "cloudflar/workers-*"]
    )
    def test_a_pattern_that_matches_nothing_is_met_with_close_names(self, pattern: str) -> None:
        with pytest.raises(UnknownNameError, match="Did you mean cloudflare/workers-"):
            load_books().match(["aws/*", pattern])


class TestListOfADate:
    HISTORY = charge(amount="1", since="2024-01-01, until: 2025-01-01") + charge(
        amount="2", since="2025-01-01"
    )

    @pytest.mark.parametrize(
        ("day", "amount"),
        [
            (date(2024, 1, 1), 1),
            (date(2024, 12, 31), 1),
            (date(2025, 1, 1), 2),
            (date(2030, 1, 1), 2),
            (None, 2),
        ],
    )
    def test_a_period_ends_the_day_before_until(self, shelve: Shelve, day: date | None, amount: int) -> None:
        assert amounts(load_books([shelve(self.HISTORY)]), day) == {"requests": amount}

    def test_before_the_first_price_there_is_none(self, shelve: Shelve) -> None:
        books = load_books([shelve(self.HISTORY)])

        assert {plan.id: plan.since for plan in books.plans}["acme/plan"] == date(2024, 1, 1)
        with pytest.raises(NoPriceError, match="is known before 2024-01-01, so none for 2023-12-31"):
            amounts(books, date(2023, 12, 31))

    def test_after_the_last_price_there_is_none(self, shelve: Shelve) -> None:
        books = load_books([shelve(charge(since="2024-01-01, until: 2025-01-01"))])

        with pytest.raises(NoPriceError, match="acme/plan is no longer sold"):
            amounts(books, date(2025, 1, 1))

    def test_without_a_date_the_list_is_of_the_day_the_book_was_checked(self, shelve: Shelve) -> None:
        announced = charge() + charge(sku="announced", since="2026-01-02")
        books = load_books([shelve(announced)])

        prices = books.price_list("acme/plan", properties=WORKER)

        assert prices.as_of == date(2026, 1, 1)
        assert [c.sku for c in prices.charges] == ["requests"]

    def test_a_day_after_the_last_check_is_noted(self, shelve: Shelve) -> None:
        books = load_books([shelve()])

        notes = [
            books.price_list("acme/plan", properties=WORKER, as_of=day).notes
            for day in (date(2026, 1, 1), date(2026, 1, 2))
        ]

        assert [[note.code for note in each] for each in notes] == [[], ["checked-earlier"]]

    @pytest.mark.parametrize(
        ("status", "codes"),
        [
            ("active", [[], []]),
            ("legacy", [[], ["legacy-plan"]]),
            ("closed-to-new", [[], ["closed-plan"]]),
        ],
    )
    def test_a_status_is_noted_from_its_first_day(
        self, shelve: Shelve, status: str, codes: list[list[str]]
    ) -> None:
        books = load_books([shelve(more=f"status: {status}\nstatus_since: 2025-03-01")])

        days = date(2025, 2, 28), date(2025, 3, 1)
        lists = [books.price_list("acme/plan", properties=WORKER, as_of=day) for day in days]

        assert [[note.code for note in prices.notes] for prices in lists] == codes

    def test_a_plan_that_was_shut_down_has_no_price_since(self, shelve: Shelve) -> None:
        books = load_books([shelve(more="status: shutdown\nstatus_since: 2025-03-01")])

        assert amounts(books, date(2025, 2, 28)) == {"requests": 1}
        with pytest.raises(NoPriceError, match="no longer sold since 2025-03-01"):
            amounts(books, date(2025, 3, 1))

    def test_what_is_inferred_or_unverified_is_noted_with_its_remark(self, shelve: Shelve) -> None:
        doubts = (
            charge("sure")
            + charge("guess", more=", confidence: inferred, remark: From a bill.")
            + charge("rumour", more=", confidence: unverified, remark: Heard it.")
        )

        notes = load_books([shelve(doubts)]).price_list("acme/plan", properties=WORKER).notes

        assert [(n.code, n.message, n.data) for n in notes] == [
            ("inferred-price", "guess is inferred in part: From a bill.", {"sku": "guess"}),
            ("unverified-price", "rumour is not verified: Heard it.", {"sku": "rumour"}),
        ]

    def test_every_number_carries_its_source_and_dates(self, shelve: Shelve) -> None:
        (only,) = load_books([shelve()]).price_list("acme/plan", properties=WORKER).charges

        assert (only.provenance.url, only.provenance.since, only.provenance.checked) == (
            "https://example.com/",
            date(2024, 1, 1),
            date(2026, 1, 1),
        )

    def test_the_form_becomes_the_list(self, shelve: Shelve) -> None:
        folder = shelve(
            """\
  - sku: units
    name: Message units
    consumes: [{meter: message_units_in, step_bytes: 4_096, multiply_by: 2, divide_by: 3}]
    unit: Units
    round: up
    included: {quantity: 10, per: day}
    price: {model: graduated, per: 100, round_up: true, tiers: [{up_to: 50, amount: 1.50}, {amount: unknown}]}
    effective: {from: 2024-01-01}
    source: page
""",
            """\
minimum: 7
limits:
  - {id: cap, unit: Units, maximum: 9, per: day, consumes: [{meter: messages_in}], consequence: it stops,
     effective: {from: 2024-01-01}, source: page}""",
        )

        prices = load_books([folder]).price_list("acme/plan", properties=WORKER)
        (units,), (cap,) = prices.charges, prices.limits

        assert units.consumes == (Consume("message_units_in", Decimal(2), Decimal(3), step_bytes=4096),)
        assert (units.name, units.unit, units.round) == ("Message units", "Units", "up")
        assert units.included == Included(Decimal(10), "day")
        assert units.price == Price(
            Model.GRADUATED,
            per=Decimal(100),
            tiers=(Tier(Decimal(50), Decimal("1.50")), Tier(None, None)),
            rounding=Rounding.UP,
        )
        assert (cap.id, cap.maximum, cap.per, cap.consequence) == ("cap", 9, "day", "it stops")
        assert (prices.minimum, prices.currency, prices.region) == (7, "USD", None)

    @pytest.mark.parametrize(
        ("said", "rule"),
        [
            ("", Rounding.PRORATE),
            (", rounding: prorate", Rounding.PRORATE),
            (", rounding: up", Rounding.UP),
            (", rounding: down", Rounding.DOWN),
            (", round_up: true", Rounding.UP),
            (", round_up: false", Rounding.PRORATE),
        ],
    )
    def test_a_book_says_what_becomes_of_a_started_unit(
        self, shelve: Shelve, said: str, rule: Rounding
    ) -> None:
        folder = shelve(charge().replace("amount: 1}", f"amount: 1, per: 100{said}}}"))

        (only,) = load_books([folder]).price_list("acme/plan", properties=WORKER).charges

        assert rule is only.price.overage


class TestDeployments:
    def test_charges_are_those_that_the_deployment_calls_for(self, shelve: Shelve) -> None:
        books = load_books(
            [
                shelve(
                    charge("all")
                    + charge("object", more=", when: {endpoint: durable-object}")
                    + charge("awake", more=", when: {endpoint: [worker, durable-object], hibernation: false}")
                    + charge("kv", more=", when: {storage: [kv, sqlite]}")
                )
            ]
        )
        stored = Deployment(endpoint="durable-object", hibernation=True, storage="kv")

        assert list(amounts(books)) == ["all", "awake"]
        assert list(amounts(books, properties=OBJECT)) == ["all", "object", "awake"]
        assert list(amounts(books, properties=stored.properties)) == ["all", "object", "kv"]

    def test_an_add_on_joins_where_its_condition_holds(self, shelve: Shelve) -> None:
        shelve(charge("chat"), "kind: add-on\nwhen: {endpoint: durable-object}", product="chat")
        books = load_books([shelve(more="adds: [chat]")])

        assert list(amounts(books)) == ["requests"]
        assert list(amounts(books, properties=OBJECT)) == ["requests", "chat"]

    def test_an_add_on_without_a_price_yet_is_an_error_only_where_it_joins(self, shelve: Shelve) -> None:
        shelve(charge("chat", since="2025-01-01"), "kind: add-on\nwhen: {endpoint: durable-object}", "chat")
        books = load_books([shelve(more="adds: [chat]")])

        assert list(amounts(books, date(2024, 12, 31))) == ["requests"]
        with pytest.raises(NoPriceError, match="acme/chat is known before 2025-01-01"):
            amounts(books, date(2024, 12, 31), OBJECT)

    def test_a_plan_carries_only_what_it_supports(self, shelve: Shelve) -> None:
        supports = "supports: [{endpoint: durable-object, storage: [sqlite, none], from: 2025-01-01}]"
        books = load_books([shelve(more=supports)])
        sqlite = Deployment(endpoint="durable-object", storage="sqlite").properties

        assert list(amounts(books, date(2025, 1, 1), sqlite)) == ["requests"]
        with pytest.raises(NoPriceError, match="carries endpoint durable-object only since 2025-01-01"):
            amounts(books, date(2024, 12, 31), sqlite)
        with pytest.raises(NoPriceError, match="no durable-object with storage kv, only with sqlite, none"):
            amounts(books, properties={**sqlite, "storage": "kv"})
        with pytest.raises(NoPriceError, match="no deployment with endpoint worker, only durable-object"):
            amounts(books)


class TestWhatComesOnTop:
    def test_is_noted_as_not_in_the_estimate(self, shelve: Shelve) -> None:
        prices = load_books([shelve(more="on_top: [egress, what handlers cost]")]).price_list(
            "acme/plan", properties=WORKER
        )

        assert [note.message for note in prices.notes] == [
            "Not in this estimate, and billed on top: egress; what handlers cost."
        ]


class TestRegionsAndOffers:
    REGIONAL = (
        charge(amount="1", more=", region: north")
        + charge(amount="2", since="2025-01-01", more=", region: south")
        + charge("fee", amount="3")
    )

    @pytest.fixture
    def books(self, shelve: Shelve) -> PriceBooks:
        return load_books([shelve(self.REGIONAL, "regions: [north, south]")])

    def test_a_region_has_its_own_prices_and_those_of_all(self, books: PriceBooks) -> None:
        prices = books.price_list("acme/plan", properties=WORKER, region="south")

        assert prices.region == "south"
        assert [(c.sku, c.price.amount) for c in prices.charges] == [("requests", 2), ("fee", 3)]

    def test_a_region_must_be_named_where_prices_differ(self, books: PriceBooks) -> None:
        with pytest.raises(NoPriceError, match="has a price for each region: name one of north, south"):
            books.price_list("acme/plan", properties=WORKER)

    def test_an_unknown_region_is_met_with_close_names(self, books: PriceBooks) -> None:
        with pytest.raises(
            UnknownNameError, match=r"no region of acme/plan named 'suoth'\. Did you mean south"
        ):
            books.price_list("acme/plan", properties=WORKER, region="suoth")

    def test_a_plan_with_one_price_for_all_regions_says_that_it_has_no_use_for_one(
        self, shelve: Shelve
    ) -> None:
        prices = load_books([shelve()]).price_list("acme/plan", properties=WORKER, region="anywhere")

        assert prices.region is None
        assert [note.message for note in prices.notes if note.code == "region-unused"] == [
            "plan has one price for all regions, so anywhere changes nothing in it."
        ]

    def test_an_offer_of_another_plan_is_told_to_change_nothing(self, shelve: Shelve) -> None:
        shelve(charge(more=", included: {quantity: 5, offer: first-year}"), product="other")
        books = load_books([shelve()])

        told = [
            [note.data["offer"] for note in prices.notes if note.code == "offer-unused"]
            for plan in ("acme/plan", "acme/other")
            for prices in [books.price_list(plan, properties=WORKER, offers=["first-year"])]
        ]

        assert told == [["first-year"], []]

    def test_a_region_knows_no_price_before_its_own_first(self, shelve: Shelve) -> None:
        books = load_books(
            [shelve(self.REGIONAL.replace(charge("fee", amount="3"), ""), "regions: [north, south]")]
        )

        with pytest.raises(NoPriceError, match="acme/plan in south is known before 2025-01-01"):
            books.price_list("acme/plan", properties=WORKER, region="south", as_of=date(2024, 12, 31))

    def test_an_allowance_of_an_offer_counts_only_when_asked_for(self, shelve: Shelve) -> None:
        books = load_books([shelve(charge(more=", included: {quantity: 5, offer: first-year}"))])

        allowances = [
            books.price_list("acme/plan", properties=WORKER, offers=offers).charges[0].included
            for offers in ((), ("first-year",))
        ]

        assert allowances == [None, Included(Decimal(5), "month", "first-year")]

    @pytest.mark.parametrize(
        ("day", "granted"), [(date(2025, 6, 30), True), (date(2025, 7, 1), False), (date(2026, 1, 1), False)]
    )
    def test_an_offer_that_has_ended_is_left_out_and_a_note_says_so(
        self, shelve: Shelve, day: date, granted: bool
    ) -> None:
        offer = ", included: {quantity: 5, offer: first-year, until: 2025-07-01}"
        books = load_books([shelve(charge(more=offer))])

        prices = books.price_list("acme/plan", properties=WORKER, as_of=day, offers=["first-year"])

        assert (prices.charges[0].included is not None) is granted
        told = "Nobody has the offer first-year since 2025-07-01: its allowances are left out."
        assert [note.message for note in prices.notes] == ([] if granted else [told])

    def test_an_offer_that_has_ended_is_no_news_to_who_did_not_ask(self, shelve: Shelve) -> None:
        offer = ", included: {quantity: 5, offer: first-year, until: 2025-07-01}"

        prices = load_books([shelve(charge(more=offer))]).price_list("acme/plan", properties=WORKER)

        assert [note.code for note in prices.notes] == []

    def test_an_offer_of_another_plan_is_no_mistake(self, shelve: Shelve) -> None:
        books = load_books([shelve(charge(more=", included: 5"))])

        prices = books.price_list("acme/plan", properties=WORKER, offers=["first-12-months"])

        assert prices.charges[0].included == Included(Decimal(5))

    def test_an_unknown_offer_is_met_with_close_names(self) -> None:
        with pytest.raises(
            UnknownNameError, match=r"no offer named 'first-12-month'\. Did you mean first-12-m"
        ):
            load_books().price_list(
                "cloudflare/workers-standard", properties=WORKER, offers=["first-12-month"]
            )


class TestChanges:
    def between(self, shelve: Shelve, before: str, after: str, more: str = "") -> tuple[Change, ...]:
        old = load_books([shelve(before, more)]).price_list("acme/plan", properties=WORKER)
        new = load_books([shelve(after)]).price_list("acme/plan", properties=WORKER)
        return changes(old, new)

    def test_the_same_prices_from_other_sources_are_no_change(self, shelve: Shelve) -> None:
        later = charge(since="2025-01-01", more=", confidence: inferred, remark: Hm.")

        assert self.between(shelve, charge(), later) == ()

    def test_a_new_amount_is_told_with_the_old_one(self, shelve: Shelve) -> None:
        (only,) = self.between(shelve, charge(amount="0.30"), charge(amount="0.15"))

        assert only == Change("requests", "changed", "price", "0.3", "0.15")
        assert str(only) == "requests: price: 0.3 -> 0.15"

    def test_every_field_that_moves_is_told(self, shelve: Shelve) -> None:
        after = charge(more=", included: 1_000, round: up").replace(
            "{model: per_unit, amount: 1}",
            "{model: graduated, per: 10, round_up: true, tiers: [{up_to: 5, amount: 1}, {amount: unknown}]}",
        )
        after = after.replace(
            "{meter: connections_opened}", "{meter: messages_in, multiply_by: 2, divide_by: 20}"
        )

        assert {c.field: (c.old, c.new) for c in self.between(shelve, charge(), after)} == {
            "price": ("1", "1 up to 5, then unknown"),
            "per": ("1 Requests", "10 Requests"),
            "model": ("per_unit", "graduated"),
            "overage": ("in proportion", "in started units"),
            "included": ("", "1,000 a month"),
            "consumes": ("connections_opened", "messages_in x 2 / 20"),
            "round": ("", "up"),
        }

    def test_a_change_from_up_to_down_is_told(self, shelve: Shelve) -> None:
        up = charge().replace("amount: 1}", "amount: 1, rounding: up}")
        down = charge(since="2025-01-01").replace("amount: 1}", "amount: 1, rounding: down}")

        (only,) = self.between(shelve, up, down)

        assert str(only) == "requests: overage: in started units -> in full units"

    def test_charges_that_come_and_go_are_told(self, shelve: Shelve) -> None:
        told = self.between(shelve, charge("old"), charge("new"))

        assert list(map(str, told)) == [
            "old: removed: old; 1; 1 Requests; per_unit; in proportion; connections_opened",
            "new: added: new; 1; 1 Requests; per_unit; in proportion; connections_opened",
        ]

    def test_limits_and_minimum_are_compared_too(self, shelve: Shelve) -> None:
        limit = (
            "minimum: 5\nlimits: [{id: cap, unit: Requests, maximum: 100, per: day, source: page,"
            " consumes: [{meter: messages_in}], effective: {from: 2024-01-01}}]"
        )

        told = self.between(shelve, charge(), charge(), limit)

        assert [(c.sku, c.kind) for c in told] == [("limit cap", "removed"), ("minimum", "removed")]


def days() -> st.SearchStrategy[date]:
    return st.dates(date(2020, 1, 1), date(2020, 3, 1))


@st.composite
def periods(draw: st.DrawFn) -> Effective:
    """A period of whole days, open in one case of two."""
    start = draw(days())
    until = draw(st.none() | st.integers(1, 40).map(lambda n: start + timedelta(n)))
    return Effective.model_validate({"from": start, "until": until})


@given(periods(), periods())
def test_periods_overlap_if_they_share_a_day(one: Effective, other: Effective) -> None:
    shared = [d for n in range(200) if (d := date(2020, 1, 1) + timedelta(n)) in one and d in other]

    assert one.overlaps(other) == other.overlaps(one) == bool(shared)
