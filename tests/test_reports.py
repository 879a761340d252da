"""Reports: every format found tells the whole truth, in its own way.

``python -m tests.test_reports`` writes the golden files again; read their diff before you keep it.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from rich.cells import cell_len

from tests.bills import (
    BASE,
    BILL,
    CAPPED,
    DURATION,
    FREE,
    HIBERNATING,
    OBJECTS,
    ONE,
    REQUESTS,
    SIMULATED,
    THREE,
    UNKNOWN,
    read_on,
)
from wscost.bill import Bill, Comparison, Component, LimitUse, TierCost
from wscost.comparing import compare
from wscost.errors import UnknownNameError
from wscost.notes import Grade, Note
from wscost.pricelist import Charge, Consume, Limit, Model, Price, PriceList
from wscost.reports import as_table, format_named, formats, wording
from wscost.reports.explanation import explain
from wscost.reports.pricetables import price_list
from wscost.usagefile import UsageFile

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = {"one-bill": ONE, "three-bills": THREE, "simulated-months": Comparison((SIMULATED,))}
SCHEMA: dict[str, Any] = json.loads(files("wscost").joinpath("schemas/bill-1.json").read_text("utf-8"))

every_format = pytest.mark.parametrize("name", formats())


def one(bill: Bill) -> Comparison:
    return Comparison((bill,))


def table(comparison: Comparison) -> str:
    return as_table.render(comparison)


def without_pictures(name: str, comparison: Comparison) -> str:
    """Return a report as a file holds it, its drawings cut out: their coordinates are matplotlib's."""
    return re.sub(r"<svg .*?</svg>", "<svg/>", f"{formats()[name].render(comparison)}\n", flags=re.DOTALL)


def flat(report: str) -> str:
    """Return a report's words without line breaks and without the lines of a tree."""
    return " ".join(report.translate(str.maketrans("│├└─", "    ")).split())


# Every format.


@every_format
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_report_is_what_it_was(name: str, sample: str) -> None:
    golden = GOLDEN / f"{sample}.{name}"

    assert without_pictures(name, SAMPLES[sample]) == golden.read_text("utf-8")


@every_format
def test_the_same_bills_give_the_same_bytes(name: str) -> None:
    assert formats()[name].render(THREE) == formats()[name].render(THREE)


@every_format
def test_names_from_files_bring_no_control_characters_into_a_report(name: str) -> None:
    nasty = "room\x1b[31m\r\x07\x9b2J"
    line = replace(REQUESTS, name=nasty, by_input={nasty: Decimal(1)})
    bill = replace(BILL, deployment=nasty, lines=(line,), notes=(Note("x", nasty),))

    report = formats()[name].render(one(bill))

    assert [c for c in report if not c.isprintable() and c != "\n"] == []


@every_format
def test_an_unknown_cost_is_never_written_as_an_amount(name: str) -> None:
    bill = replace(BILL, lines=(UNKNOWN,), total=Decimal("7.77"))

    report = formats()[name].render(one(bill))

    assert "storage_rows_written" in report
    assert re.search(r"(?<![\d.])0\.00(?!\d)", report) is None


@every_format
def test_a_bill_without_lines_can_be_told(name: str) -> None:
    assert formats()[name].render(one(replace(CAPPED, breaches=())))


def test_an_unknown_format_is_refused_with_close_names() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean markdown"):
        format_named("markdwon")


# The table.


@given(
    quantity=st.decimals(0, 10**15, places=3),
    cost=st.decimals(0, 10**9, places=2),
    name=st.text(st.characters(categories=["L", "P", "Zs"]), min_size=1, max_size=90),
    width=st.integers(80, 120),
)
def test_a_table_fits_its_width_and_breaks_no_number(
    quantity: Decimal, cost: Decimal, name: str, width: int
) -> None:
    line = replace(
        DURATION,
        name=name,
        consumed=quantity,
        included=quantity,
        billed=quantity,
        cost=cost,
        by_input={name: cost},
    )
    bill = replace(BILL, deployment=name, lines=(BASE, line), total=cost)

    report = as_table.render(Comparison((bill, HIBERNATING)), width=width)

    lines = report.splitlines()
    assert [text for text in lines if cell_len(text) > width] == []
    assert any(wording.total(bill) in text for text in lines)


def test_without_colour_there_is_no_escape_and_with_it_the_words_are_the_same() -> None:
    plain, colored = as_table.render(THREE), as_table.render(THREE, color=True)

    assert "\x1b" not in plain
    assert "\x1b[" in colored


def test_the_environment_cannot_force_colour_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert "\x1b" not in table(THREE)


def test_markup_in_a_name_is_shown_not_obeyed() -> None:
    bill = replace(BILL, deployment="[red]chat[/red] :smile:")

    assert "[red]chat[/red] :smile:" in table(one(bill))


def test_several_bills_stand_side_by_side_before_the_cheapest_is_told_in_full() -> None:
    report = table(THREE)

    answer, _, rest = report.partition(THREE.decides)
    assert answer.count("cloudflare/workers-") == 3
    assert "durable-object-hibernation, 2024-04: ≥ $5.45" in rest
    assert "$137.50" not in report


def test_where_no_plan_can_serve_the_first_is_told_and_nothing_is_called_cheapest() -> None:
    report = table(Comparison((CAPPED, replace(CAPPED, deployment="other"))))

    assert "cheapest" not in report
    assert report.count("not feasible") == 2
    assert "Workers Free, durable-object, 2024-04: $0.00" in report


def test_a_broken_limit_tells_the_first_day_and_what_happens() -> None:
    told = flat(table(one(CAPPED)))

    assert (
        "368,640 GB-s used where 13,000 are allowed, on 30 days, first on 2024-04-02: "
        "operations fail until 00:00 UTC."
    ) in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"first": None}, "on 30 days: operations", id="on unknown days"),
        pytest.param({"times": 1}, "on one day, first on 2024-04-02:", id="once"),
        pytest.param(
            {"per": "month", "first": None, "times": 1}, "are allowed: operations", id="in the month"
        ),
        pytest.param({"consequence": ""}, "2024-04-02.", id="nobody knows with what consequence"),
        pytest.param(
            {"worst": Decimal("13000.004")},
            "a little more than 13,000 GB-s used where 13,000 are allowed",
            id="by less than is shown",
        ),
    ],
)
def test_a_limit_broken(changes: dict[str, Any], words: str) -> None:
    assert words in wording.breach(replace(CAPPED.breaches[0], **changes))


TWENTY_TO_ONE = replace(
    read_on(OBJECTS), confidence="inferred", remark="No page says that 20 messages are one."
)
DOUBTED = replace(CAPPED, lines=(FREE,), breaches=(replace(CAPPED.breaches[0], provenance=TWENTY_TO_ONE),))


@every_format
def test_every_format_says_what_is_inferred_of_a_limit_that_breaks(name: str) -> None:
    told = flat(formats()[name].render(one(DOUBTED)))

    assert "No page says that 20 messages are one." in told
    assert ('"confidence": "inferred"' if name == "json" else "Inferred in part: ") in told


def test_a_limit_that_holds_is_explained_and_its_doubt_is_told() -> None:
    cap = Limit(
        "do-requests-daily",
        "Requests a day",
        "Requests",
        Decimal(100_000),
        "day",
        (Consume("connections_opened"), Consume("messages_in", divide_by=Decimal(20))),
        TWENTY_TO_ONE,
    )
    bill = replace(CAPPED, breaches=(), limits=(LimitUse(cap, Decimal(95_000)),))

    assert "Inferred in part: the limit on Requests a day. wscost explain tells why." in flat(
        table(one(bill))
    )
    for words in (
        "Requests a day (do-requests-daily): kept",
        "used: at most 95,000 Requests a day",
        "allowed: 100,000 Requests a day",
        "counts: connections_opened + messages_in ÷ 20",
        "inferred in part",
        "No page says that 20 messages are one.",
    ):
        assert words in flat(explain(bill))


@pytest.mark.parametrize(
    ("use", "words"),
    [
        pytest.param((Decimal(100_001), True), ": broken", id="one too many"),
        pytest.param((Decimal(100_000), False), ": kept as far as is known", id="part unknown"),
        pytest.param((None, False), ": not known", id="nothing known"),
    ],
)
def test_a_limit_is_explained_as_far_as_it_is_known(use: tuple[Decimal | None, bool], words: str) -> None:
    cap = Limit("cap", "Cap", "Requests", Decimal(100_000), "day", (), read_on(OBJECTS))

    assert f"Cap (cap){words}" in flat(explain(replace(CAPPED, limits=(LimitUse(cap, *use),))))


@pytest.mark.parametrize(
    ("code", "mark"), [pytest.param("legacy-plan", "legacy"), pytest.param("closed-plan", "closed to new")]
)
def test_a_plan_that_nobody_can_buy_is_marked(code: str, mark: str) -> None:
    old = replace(BILL, notes=(Note(code, "It is old."),))

    assert wording.marks(old, Comparison((HIBERNATING, old))) == [mark]


def test_simulated_months_tell_how_far_they_differ() -> None:
    told = flat(table(Comparison((SIMULATED,))))

    assert (
        "Without what is not known, of 200 simulated months, eight in ten cost between $5.15 and $6.20, half "
        "at most $5.45. 35% of the variance is what is not known of the workload (drawn from ranges: "
        "session.median and rooms.count), the rest is chance." in told
    )


def test_the_spread_of_a_bill_that_is_wholly_known_leaves_nothing_out() -> None:
    known = replace(SIMULATED, lines=tuple(line for line in SIMULATED.lines if not line.at_least))

    assert wording.spread(known).startswith("Of 200 simulated months, eight in ten cost between")


def test_of_one_month_nothing_is_said_of_eight_in_ten() -> None:
    assert SIMULATED.range is not None
    one = replace(SIMULATED, range=replace(SIMULATED.range, replicates=1))

    assert "the one month that was simulated costs $5.45." in wording.spread(one)


@pytest.mark.parametrize(
    ("months", "words"),
    [
        pytest.param(
            {"drawn": (), "workload_share": Decimal(0)},
            "They differ by chance alone: no figure of the profile is given as a range.",
            id="no ranges",
        ),
        pytest.param(
            {"workload_share": Decimal(0)},
            "Less than 1% of the variance is what is not known of the workload (drawn from ranges: "
            "session.median and rooms.count), the rest is chance.",
            id="ranges that hardly matter",
        ),
        pytest.param(
            {"workload_share": Decimal(1)},
            "More than 99% of the variance is what is not known of the workload (drawn from ranges: "
            "session.median and rooms.count), the rest is chance.",
            id="ranges that are all that matters",
        ),
        pytest.param(
            {"basis": "observed", "drawn": ()},
            "of 200 months made of the days observed, eight in ten cost between $5.15 and $6.20, half at "
            "most $5.45.",
            id="days of a trace",
        ),
    ],
)
def test_a_range_says_what_varies(months: dict[str, Any], words: str) -> None:
    assert SIMULATED.range is not None

    assert wording.spread(replace(SIMULATED, range=replace(SIMULATED.range, **months))).endswith(words)


def totals(*amounts: int | None) -> tuple[Decimal | None, ...]:
    return tuple(None if amount is None else Decimal(amount) for amount in amounts)


@pytest.mark.parametrize(
    ("best", "other", "share"),
    [
        pytest.param((1, 1, 1, 1), (2, 2, 2, 2), "1", id="always"),
        pytest.param((1, 1, 1, 5), (2, 2, 2, 2), "0.75", id="but in one month of four"),
        pytest.param((2, 2, 2, 2), (2, 2, 2, 2), "1", id="the same is no dearer"),
        pytest.param((1, 1, None, 1), (2, 2, 2, 2), "0.75", id="a month in which it cannot serve is lost"),
        pytest.param((3, 3, 3, 3), (2, None, None, None), "0.75", id="who cannot serve does not win"),
    ],
)
def test_a_choice_comes_with_the_share_of_months_in_which_it_is_right(
    best: tuple[int | None, ...], other: tuple[int | None, ...], share: str
) -> None:
    assert SIMULATED.range is not None
    chosen = replace(SIMULATED, total=Decimal(1), range=replace(SIMULATED.range, totals=totals(*best)))
    left = replace(SIMULATED, total=Decimal(2), range=replace(SIMULATED.range, totals=totals(*other)))

    assert Comparison((left, chosen)).cheapest_share == Decimal(share)


def test_a_plan_that_charges_nothing_says_in_words_which_limits_are_not_known() -> None:
    usage = UsageFile("totals", {"connections_opened": Decimal(1), "messages_in": Decimal(1)})
    plans = ["cloudflare/workers-free", "cloudflare/workers-standard"]
    compared = compare(usage, plan=plans, deployment="durable-object")
    free = compared.bills[0]

    assert "$0.00" == wording.total(free)
    assert "limits not all known" in wording.marks(free, compared)
    assert "≥ $0.00" not in table(Comparison((free,)))
    assert "Not in the total" not in table(Comparison((free,)))
    assert "limits on it may break unseen: object_active_seconds, storage_rows_read" in " ".join(
        table(Comparison((free,))).split()
    )
    assert str(free).endswith(": $0.00")


def test_a_choice_of_one_has_no_share() -> None:
    assert Comparison((SIMULATED,)).cheapest_share is None
    assert THREE.cheapest_share is None


def test_a_line_that_is_free_is_kept() -> None:
    assert "Workers Standard Requests" in table(ONE)


def test_what_is_not_in_the_total_is_told_with_its_unit_price() -> None:
    told = flat(table(ONE))

    assert (
        "Not in the total: • Durable Objects Storage Rows Written depends on storage_rows_written: "
        "$1.00 per started 1M Rows, past the first 50M."
    ) in told


def test_the_shares_of_several_inputs_add_up_to_what_they_cause() -> None:
    assert wording.inputs(BILL) == {"chat.csv": Decimal("137.86"), "game.csv": Decimal("0.09")}


def test_an_amount_known_in_part_is_marked_as_a_lower_bound() -> None:
    partly = replace(REQUESTS, depends_on=("object_requests",))

    assert wording.cost(partly, "USD") == "≥ $0.45"
    assert wording.total(replace(BILL, lines=(partly,))) == "≥ $142.95"
    assert wording.total(replace(BILL, lines=(REQUESTS,))) == "$142.95"
    assert wording.total(replace(BILL, lines=(DURATION,))) == "≥ $142.95"


def test_doubts_about_prices_are_told_once_in_short() -> None:
    doubtful = replace(
        REQUESTS, provenance=replace(REQUESTS.provenance, confidence="inferred", remark="A long story.")
    )
    bill = replace(BILL, lines=(doubtful,), notes=(Note("inferred-price", "A long story."),))

    [told] = wording.notes(one(bill), bill)

    assert told.startswith("Inferred in part: the prices of Durable Objects Compute Requests.")


# Figures.


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        pytest.param("0", "0", id="nothing"),
        pytest.param("0.000012345", "0.000012", id="next to nothing keeps two digits"),
        pytest.param("999.994", "999.99", id="hundreds keep cents"),
        pytest.param("1000.4", "1,000", id="thousands do not"),
        pytest.param("999999999999", "999,999,999,999", id="billions in full"),
        pytest.param("1000000000000", "1,000B", id="what would break the table is in billions"),
        pytest.param("1E+3", "1,000", id="no exponent"),
    ],
)
def test_a_figure_reads_well(quantity: str, text: str) -> None:
    assert wording.figure(Decimal(quantity)) == text


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        ("10000000", "10M"),
        ("400000", "400k"),
        ("25000000000", "25B"),
        ("1500", "1.5k"),
        ("1234", "1,234"),
        ("5", "5"),
    ],
)
def test_a_round_quantity_is_short(quantity: str, text: str) -> None:
    assert wording.short(Decimal(quantity)) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({}, "$0.15 per started 1M Requests", id="whole units"),
        pytest.param({"rounding": "prorated"}, "$0.15 per 1M Requests", id="in proportion"),
        pytest.param({"unit_price": Decimal("0.001")}, "$0.001 per started 1M Requests", id="below a cent"),
        pytest.param({"per": Decimal(1), "rounding": "prorated"}, "$0.15 per Requests", id="one unit"),
        pytest.param(
            {"unit_price": None}, "a price that is not published per started 1M Requests", id="unknown"
        ),
        pytest.param(
            {
                "tiers": (
                    TierCost(Decimal(1000), Decimal(1000), Decimal(1), Decimal(1)),
                    TierCost(None, Decimal(5), Decimal("0.8"), Decimal(1)),
                )
            },
            "$1.00, then $0.80 per started 1M Requests",
            id="tiers",
        ),
    ],
)
def test_a_unit_price_reads(changes: dict[str, Any], text: str) -> None:
    assert wording.unit_price(replace(REQUESTS, **changes), "USD") == text


def test_another_currency_is_named() -> None:
    assert wording.rate(Decimal("0.5"), "EUR") == "0.50 EUR"


# JSON.


@pytest.mark.parametrize("sample", SAMPLES)
def test_json_keeps_its_schema(sample: str) -> None:
    Draft202012Validator.check_schema(SCHEMA)

    Draft202012Validator(SCHEMA).validate(json.loads(formats()["json"].render(SAMPLES[sample])))


def _objects(schema: dict[str, Any], place: str) -> list[tuple[str, dict[str, Any]]]:
    found = [(place, schema)] if "properties" in schema else []
    parts = {**schema.get("properties", {}), **schema.get("$defs", {})}
    if isinstance(schema.get("items"), dict):
        parts["[]"] = schema["items"]
    return found + [hit for name, part in parts.items() for hit in _objects(part, f"{place}.{name}")]


@pytest.mark.parametrize(
    ("place", "schema"), _objects(SCHEMA, "bill"), ids=lambda x: x if isinstance(x, str) else ""
)
def test_the_schema_names_every_field_and_allows_no_other(place: str, schema: dict[str, Any]) -> None:
    assert schema["additionalProperties"] is False
    assert sorted(schema["required"]) == sorted(schema["properties"])


def test_json_writes_amounts_as_strings_the_summary_as_numbers_and_the_unknown_as_null() -> None:
    report = json.loads(formats()["json"].render(ONE))
    [bill] = report["bills"]
    lines = {line["sku"]: line for line in bill["lines"]}

    assert report["summary"][0]["total"] == 142.95
    assert bill["total"] == "142.95"
    assert (lines["do-requests"]["cost"], lines["workers-requests"]["cost"]) == ("0.45", "0.00")
    assert lines["do-rows-written"]["cost"] is lines["do-rows-written"]["consumed"] is None
    assert bill["usage"]["connections_opened"] == "5000"
    assert bill["projected"]["connections_opened"] == "150000"
    assert bill["coverage"] == {"priced": "0.8"}


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()


@given(
    st.recursive(
        PLAIN | st.decimals() | st.dates() | st.datetimes(),
        lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_a_note_carries_json_stays_json(datum: object) -> None:
    bill = replace(BILL, notes=(Note("odd", "Odd.", {"datum": datum}),))

    report = formats()["json"].render(one(bill))

    json.loads(report, parse_constant=pytest.fail)


# Markdown.


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.met: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.met.add(tag)


@given(st.text(min_size=1, max_size=40))
def test_no_name_breaks_a_markdown_table_or_brings_html_into_it(name: str) -> None:
    hostile = f"a{name}|<script>`x`</script> **b** [c](d) _e_"
    line = replace(REQUESTS, name=hostile, by_input={})
    bill = replace(BILL, lines=(line,), projected=None, notes=(), unit_costs=None)
    report = formats()["markdown"].render(one(bill))

    page = MarkdownIt("commonmark").enable("table").render(report)

    assert _Tags(page).met == {"h3", "table", "thead", "tbody", "tr", "th", "td", "p", "a"}
    assert page.count("<tr>") == 3
    assert page.count("<td") == 2 * 6


# CSV.


def test_csv_has_one_row_a_line_of_every_bill() -> None:
    rows = list(csv.DictReader(StringIO(formats()["csv"].render(THREE))))

    assert len(rows) == len(BILL.lines) + len(HIBERNATING.lines)
    assert {row["deployment"] for row in rows} == {"durable-object", "durable-object-hibernation"}
    duration = next(row for row in rows if row["sku"] == "do-duration")
    assert (duration["consumed"], duration["cost"], duration["month"]) == (
        "11059200.128",
        "137.50",
        "2024-04",
    )


@pytest.mark.parametrize("formula", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)"])
def test_no_name_in_csv_becomes_a_formula(formula: str) -> None:
    rows = list(csv.DictReader(StringIO(formats()["csv"].render(one(replace(BILL, deployment=formula))))))

    assert {row["deployment"] for row in rows} == {f"'{formula}"}


# Explanations.


def test_an_explanation_leads_from_the_amount_to_the_source() -> None:
    told = explain(replace(BILL, inputs=("chat.csv",)), "do-requests")

    assert [words for words in (
        "Durable Objects Compute Requests (do-requests): $0.45",
        "3,000,000 Requests at $0.15 per started 1M Requests",
        "billed: 2,750,000 Requests, rounded up to whole 1,000,000: 3,000,000",
        "included: 1,000,000 Requests",
        "used: 3,750,000 Requests",
        "connections_opened: 150,000 connections",
        "scaled from 5,000 in chat.csv",
        "messages_in: 72,000,000 messages ÷ 20 = 3,600,000",
        "https://developers.cloudflare.com/durable-objects/platform/pricing/",
        "in force since 2024-04-01, read on 2026-11-23",
    ) if words not in told] == []  # fmt: skip
    assert "do-duration" not in told


def test_an_explanation_without_sku_tells_every_line() -> None:
    told = flat(explain(BILL))

    assert [line.sku for line in BILL.lines if f"({line.sku})" not in told] == []


def test_an_explanation_tells_how_each_meter_is_known() -> None:
    assumed = replace(BILL, grades={"connections_opened": Grade.ASSUMED})

    assert "connections_opened: 150,000 connections, assumed" in flat(explain(assumed, "do-requests"))
    assert "at least: part of it was not seen" in flat(explain(BILL, "do-duration"))


def test_messages_that_were_all_counted_are_at_least_so_many_units_for_want_of_their_sizes() -> None:
    units = Component("message_units_in:32768", Decimal(10), Decimal(1), Decimal(1), Decimal(10))
    line = replace(DURATION, sku="messages", grade=Grade.LOWER_BOUND, components=(units,))
    counted = replace(BILL, lines=(line,), grades={units.meter: Grade.LOWER_BOUND})
    missed = replace(counted, grades={**counted.grades, "messages_in": Grade.LOWER_BOUND})

    assert "at least: sizes of single messages are not known" in flat(explain(counted))
    assert "at least: part of it was not seen" in flat(explain(missed))
    assert "storage_rows_written: unknown" in flat(explain(BILL, "do-rows-written"))


def test_an_explanation_tells_tier_by_tier() -> None:
    tiers = (
        TierCost(Decimal(1_000_000), Decimal(1_000_000), Decimal(1), Decimal(1)),
        TierCost(None, Decimal(500_000), None, None),
    )
    told = flat(explain(replace(BILL, lines=(replace(REQUESTS, tiers=tiers, cost=None),))))

    assert "1,000,000 Requests in the tier up to 1M, at $1.00 per 1M Requests" in told
    assert "500,000 Requests in the last tier, at a price that is not published per 1M" in told
    assert "depends on a price that is not published" in told


def test_an_explanation_tells_a_quantity_that_was_rounded() -> None:
    rounded = replace(
        FREE,
        consumed=Decimal(150_001),
        components=(replace(FREE.components[0], consumed=Decimal("150000.5")),),
    )

    assert "used: 150,001 Requests, rounded from 150,000.5" in explain(replace(BILL, lines=(rounded,)))


def test_an_explanation_of_a_line_that_is_not_there_offers_close_names() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean do-requests"):
        explain(BILL, "do-request")


# Prices.


def test_a_price_list_tells_its_minimum_and_its_notes() -> None:
    prices = PriceList(
        plan="acme/rooms",
        name="Acme Rooms",
        currency="EUR",
        as_of=date(2026, 9, 30),
        charges=(Charge("fee", "Fee", "Month", Price(Model.FLAT, Decimal(3)), BASE.provenance),),
        minimum=Decimal(9),
        notes=(Note("x", "A word of warning."),),
    )
    told = price_list(prices)

    assert "Acme Rooms (acme/rooms) on 2026-09-30, in EUR" in told
    assert "3.00 EUR a month" in told
    assert "At least 9.00 EUR a month." in told
    assert "• A word of warning." in told


# In Python and Jupyter.


def test_a_bill_prints_as_one_line() -> None:
    assert str(BILL) == "cloudflare/workers-standard, durable-object, 2024-04: at least $142.95"
    assert str(replace(BILL, lines=(REQUESTS,))).endswith(": $142.95")


def test_a_comparison_prints_a_line_for_each_bill_and_what_decides() -> None:
    assert str(THREE).splitlines()[-1] == THREE.decides
    assert len(str(THREE).splitlines()) == 4


def test_in_jupyter_names_are_text() -> None:
    bill = replace(BILL, deployment="<script>", lines=(replace(REQUESTS, name="<b>"),))
    page = bill._repr_html_() + Comparison((bill, CAPPED), decides="<i>")._repr_html_()

    assert "<script>" not in page
    assert "<b>" not in page
    assert "<i>" not in page


if __name__ == "__main__":
    for sample, comparison in SAMPLES.items():
        for name in formats():
            (GOLDEN / f"{sample}.{name}").write_text(without_pictures(name, comparison), "utf-8")
