"""Consume, round, include, price, cents: each price model at its boundaries and next to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wscost import rating
from wscost.bill import Bill, BillLine
from wscost.errors import UnknownNameError
from wscost.notes import Grade
from wscost.pricelist import (
    Charge,
    Consume,
    Included,
    Limit,
    Model,
    Price,
    PriceList,
    Provenance,
    Rounding,
    Tier,
)
from wscost.rating import rate
from wscost.usage import MonthlyUsage, Period

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
PAGE = Provenance("https://example.com/pricing", since=date(2024, 1, 1), checked=date(2026, 11, 1))
MESSAGES = (Consume("messages_in"),)
MILLION = D(1_000_000)


def charge(
    price: Price, *, included: Included | None = None, consumes: tuple[Consume, ...] = MESSAGES
) -> Charge:
    return Charge("sku", "Name", "Requests", price, PAGE, consumes, included)


def bill(
    charges: Charge | tuple[Charge, ...],
    rounding: str = "book",
    limits: tuple[Limit, ...] = (),
    usage: MonthlyUsage | None = None,
    **quantities: int | D,
) -> Bill:
    listed = charges if isinstance(charges, tuple) else (charges,)
    prices = PriceList("p/q", "Plan", "USD", date(2026, 11, 1), listed, limits)
    month = usage or MonthlyUsage(NOVEMBER, {key: D(value) for key, value in quantities.items()})
    return rate(month, prices, rounding=rounding)


def line(one: Charge, rounding: str = "book", **quantities: int | D) -> BillLine:
    return bill(one, rounding, **quantities).lines[0]


WHOLE_MILLIONS = charge(
    Price(Model.PER_UNIT, amount=D("0.15"), per=MILLION, rounding=Rounding.UP), included=Included(MILLION)
)


@pytest.mark.parametrize(
    ("messages", "cost"),
    [
        pytest.param(0, "0.00", id="nothing"),
        pytest.param(999_999, "0.00", id="one less than the allowance"),
        pytest.param(1_000_000, "0.00", id="exactly the allowance"),
        pytest.param(1_000_001, "0.15", id="one more than the allowance is a whole million"),
        pytest.param(2_000_000, "0.15", id="exactly a million over"),
        pytest.param(2_000_001, "0.30", id="one more starts the next million"),
    ],
)
def test_overage_is_charged_in_whole_millions(messages: int, cost: str) -> None:
    assert D(cost) == line(WHOLE_MILLIONS, messages_in=messages).cost


@pytest.mark.parametrize(
    ("messages", "cost"),
    [(1_000_001, "0.00"), (1_033_333, "0.00"), (1_033_334, "0.01"), (1_500_000, "0.08"), (3_750_000, "0.41")],
)
def test_prorated_overage_is_rounded_to_cents_half_up(messages: int, cost: str) -> None:
    assert D(cost) == line(WHOLE_MILLIONS, "prorate", messages_in=messages).cost


def test_rounding_up_overrides_a_book_that_prorates() -> None:
    prorated = replace(WHOLE_MILLIONS, price=replace(WHOLE_MILLIONS.price, rounding=Rounding.PRORATE))

    assert D("0.08") == line(prorated, messages_in=1_500_000).cost
    assert D("0.15") == line(prorated, "up", messages_in=1_500_000).cost


@pytest.mark.parametrize(
    ("messages", "cost"),
    [
        pytest.param(1_000_000, "0.00", id="exactly the allowance"),
        pytest.param(1_999_999, "0.00", id="one short of a million over is nothing"),
        pytest.param(2_000_000, "0.15", id="exactly a million over"),
        pytest.param(2_999_999, "0.15", id="one short of the second million"),
    ],
)
def test_overage_that_is_rounded_down_pays_for_full_millions_alone(messages: int, cost: str) -> None:
    down = replace(WHOLE_MILLIONS, price=replace(WHOLE_MILLIONS.price, rounding=Rounding.DOWN))

    assert D(cost) == line(down, messages_in=messages).cost
    assert D(cost) == line(WHOLE_MILLIONS, "down", messages_in=messages).cost
    assert line(down, messages_in=messages).rounding == "down to whole 1,000,000"


def test_an_unknown_rounding_offers_those_that_there_are() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean prorate"):
        line(WHOLE_MILLIONS, "prorated", messages_in=1)


@pytest.mark.parametrize(("quantity", "cost"), [(0, "0"), (1, "3"), (10, "3"), (11, "6"), (20, "6")])
def test_a_package_is_sold_whole(quantity: int, cost: str) -> None:
    assert D(cost) == line(charge(Price(Model.PACKAGE, amount=D(3), per=D(10))), messages_in=quantity).cost


TIERS = (Tier(D(100), D(1)), Tier(D(1_000), D("0.5")), Tier(None, D("0.1")))


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [
        (0, D(0)),
        (99, D(99)),
        (100, D(100)),
        (101, 100 + D("0.5")),
        (1_000, 100 + 900 * D("0.5")),
        (1_001, 100 + 900 * D("0.5") + D("0.1")),
    ],
)
def test_graduated_tiers_price_each_unit_in_its_own_tier(quantity: int, cost: D) -> None:
    assert cost == line(charge(Price(Model.GRADUATED, tiers=TIERS)), messages_in=quantity).cost


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [
        (0, D(0)),
        (99, D(99)),
        (100, D(100)),
        (101, 101 * D("0.5")),
        (1_000, D(500)),
        (1_001, 1_001 * D("0.1")),
    ],
)
def test_volume_tiers_price_all_units_in_the_tier_of_the_last(quantity: int, cost: D) -> None:
    assert cost == line(charge(Price(Model.VOLUME, tiers=TIERS)), messages_in=quantity).cost


def test_a_flat_fee_is_charged_whatever_is_used() -> None:
    fee = charge(Price(Model.FLAT, amount=D(5)), consumes=())

    assert D("5.00") == bill(fee).total


def test_past_a_tier_that_nobody_captured_what_is_known_is_a_lower_bound() -> None:
    price = Price(Model.GRADUATED, tiers=(Tier(D(100), D(1)), Tier(None, None)))
    within, past = (line(charge(price), messages_in=quantity) for quantity in (100, 101))

    assert (within.cost, within.complete) == (100, True)
    assert (past.cost, past.complete) == (100, False)


def test_what_lies_in_a_tier_of_unknown_price_alone_has_no_cost() -> None:
    tiers = (Tier(D(100), None), Tier(None, None))

    assert line(charge(Price(Model.GRADUATED, tiers=tiers)), messages_in=101).cost is None
    assert line(charge(Price(Model.VOLUME, tiers=(TIERS[0], Tier(None, None)))), messages_in=101).cost is None


def test_a_bill_with_a_tier_of_unknown_price_is_that_much_at_least() -> None:
    price = Price(Model.GRADUATED, tiers=(Tier(D(100), D(1)), Tier(None, None)))
    result = bill(charge(price), messages_in=101)

    assert (result.total, result.at_least, result.complete, result.coverage) == (100, True, False, 0)


def test_meters_of_one_line_are_weighed_and_added() -> None:
    consumes = (Consume("connections_opened"), Consume("messages_in", divide_by=D(20)))
    used = line(
        charge(Price(Model.PER_UNIT, amount=D(1)), consumes=consumes), connections_opened=3, messages_in=50
    )

    assert used.consumed == D("5.5")
    assert [3, D("2.5")] == [part.consumed for part in used.components]


@pytest.mark.parametrize(("how", "consumed"), [("up", 3), ("down", 2), ("half_up", 3), (None, D("2.5"))])
def test_consumed_quantities_are_rounded_before_anything_is_included(how: str | None, consumed: D) -> None:
    consumes = (Consume("messages_in", divide_by=D(20)),)
    rounded = replace(charge(Price(Model.PER_UNIT, amount=D(1)), consumes=consumes), round=how)

    assert consumed == line(rounded, messages_in=50).consumed


def test_a_line_whose_quantity_is_unknown_has_no_cost_and_says_what_it_depends_on() -> None:
    result = bill(WHOLE_MILLIONS)

    assert result.lines[0].cost is None
    assert result.lines[0].depends_on == ("messages_in",)
    assert result.lines[0].grade is Grade.UNKNOWN
    assert not result.complete
    assert result.coverage == 0


def test_a_line_with_one_meter_unknown_is_a_lower_bound() -> None:
    both = charge(
        Price(Model.PER_UNIT, amount=D(1)), consumes=(Consume("messages_in"), Consume("object_requests"))
    )
    result = line(both, messages_in=7)

    assert (result.cost, result.depends_on, result.grade) == (7, ("object_requests",), Grade.LOWER_BOUND)


def test_a_meter_with_a_parameter_is_found_under_its_key_and_else_under_its_name() -> None:
    units = charge(Price(Model.PER_UNIT, amount=D(1)), consumes=(Consume("message_units_in", step_bytes=5),))

    month = MonthlyUsage(NOVEMBER, {"message_units_in:5": D(3), "message_units_in": D(9)})

    assert bill(units, usage=month).total == 3
    assert line(units, message_units_in=9).cost == 9


# Days


def by_day(*quantities: int) -> MonthlyUsage:
    days = {NOVEMBER.start + timedelta(days=i): {"messages_in": D(n)} for i, n in enumerate(quantities)}
    return MonthlyUsage(NOVEMBER, {"messages_in": D(sum(quantities))}, days)


DAILY = charge(Price(Model.PER_UNIT, amount=D(1)), included=Included(D(10), per="day"))


def test_what_a_day_leaves_of_its_allowance_is_lost() -> None:
    result = bill(DAILY, usage=by_day(0, 25, 10, 11)).lines[0]

    assert (result.billed, result.cost) == (15 + 1, 16)


def test_without_days_a_daily_allowance_takes_even_days_and_says_so() -> None:
    result = bill(DAILY, messages_in=30 * 12)

    assert result.total == 60
    assert [note.code for note in result.notes] == ["even-days"]


CAP = Limit("cap", "Requests", "Requests", D(10), "day", MESSAGES, PAGE, "Requests fail.")


@pytest.mark.parametrize(("third_day", "broken"), [(9, False), (10, False), (11, True)])
def test_a_daily_cap_breaks_past_its_maximum(third_day: int, broken: bool) -> None:
    result = bill(DAILY, limits=(CAP,), usage=by_day(0, 10, third_day))

    assert result.feasible is not broken


def test_a_broken_cap_names_its_first_day_its_worst_and_how_often() -> None:
    (breach,) = bill(DAILY, limits=(CAP,), usage=by_day(1, 11, 50, 2, 12)).breaches

    assert (breach.first, breach.worst, breach.times) == (date(2026, 11, 2), 50, 3)


def test_a_monthly_cap_breaks_once() -> None:
    (breach,) = bill(DAILY, limits=(replace(CAP, per="month"),), usage=by_day(5, 6)).breaches

    assert (breach.worst, breach.times) == (11, 1)


@pytest.mark.parametrize(("second_day", "broken"), [(4, False), (5, False), (6, True)])
def test_a_monthly_cap_breaks_past_its_maximum(second_day: int, broken: bool) -> None:
    result = bill(DAILY, limits=(replace(CAP, per="month"),), usage=by_day(5, second_day))

    assert result.feasible is not broken


def test_a_month_has_as_many_daily_allowances_as_days() -> None:
    december = Period(date(2026, 12, 1), date(2027, 1, 1))
    result = bill(DAILY, limits=(CAP,), usage=MonthlyUsage(december, {"messages_in": D(31 * 12)}))

    assert (result.lines[0].included, result.lines[0].billed) == (310, 62)
    assert result.breaches[0].worst == 12


def test_a_minimum_lifts_the_total_and_says_so() -> None:
    prices = PriceList("p/q", "Plan", "USD", date(2026, 11, 1), (WHOLE_MILLIONS,), minimum=D(50))
    result = rate(MonthlyUsage(NOVEMBER, {"messages_in": D(1)}), prices)

    assert result.total == 50
    assert [note.code for note in result.notes] == ["minimum"]


# Inputs of one account


def test_inputs_share_one_allowance_and_the_line_says_what_each_caused() -> None:
    parts = {"a": {"messages_in": D(1_000_000)}, "b": {"messages_in": D(2_000_000)}}
    month = MonthlyUsage(NOVEMBER, {"messages_in": D(3_000_000)}, by_input=parts)

    assert bill(WHOLE_MILLIONS, usage=month).lines[0].by_input == {"a": D("0.10"), "b": D("0.20")}


def test_the_largest_rest_takes_the_lost_cent() -> None:
    dime = charge(Price(Model.PER_UNIT, amount=D("0.10"), per=MILLION, rounding=Rounding.UP))
    parts = {"a": {"messages_in": D(1)}, "b": {"messages_in": D(2)}}
    month = MonthlyUsage(NOVEMBER, {"messages_in": D(3)}, by_input=parts)

    assert bill(dime, usage=month).lines[0].by_input == {"a": D("0.03"), "b": D("0.07")}


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=7))
def test_shares_of_inputs_add_up_to_the_line_to_the_cent(quantities: list[int]) -> None:
    parts = {f"i{n}": {"messages_in": D(q)} for n, q in enumerate(quantities)}
    month = MonthlyUsage(NOVEMBER, {"messages_in": D(sum(quantities))}, by_input=parts)
    result = bill(WHOLE_MILLIONS, usage=month).lines[0]

    assert sum(result.by_input.values()) == (result.cost if sum(quantities) else 0)


# Laws

PRICES = st.sampled_from(
    [
        WHOLE_MILLIONS,
        charge(Price(Model.GRADUATED, tiers=TIERS)),
        charge(Price(Model.PACKAGE, amount=D(3), per=D(10))),
    ]
)


@given(PRICES, st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_never_costs_less(one: Charge, a: int, b: int) -> None:
    low, high = line(one, messages_in=min(a, b)).cost, line(one, messages_in=max(a, b)).cost

    assert low is not None
    assert high is not None
    assert low <= high


@given(PRICES, st.integers(0, 10**7))
def test_prorating_costs_no_less_than_rounding_down_and_no_more_than_up(one: Charge, quantity: int) -> None:
    down, prorated, up = (line(one, how, messages_in=quantity).cost for how in ("down", "prorate", "up"))

    assert down is not None
    assert prorated is not None
    assert up is not None
    assert down <= prorated <= up


@given(st.lists(st.integers(0, 10**8), max_size=6))
def test_a_bill_is_the_sum_of_its_lines(quantities: list[int]) -> None:
    result = bill(tuple([WHOLE_MILLIONS] * 3), messages_in=sum(quantities))

    assert result.total == sum(x.cost or 0 for x in result.lines)


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_charging_comes_to_the_amounts_of_the_bill(a: int, b: int) -> None:
    other = replace(WHOLE_MILLIONS, sku="other", consumes=(Consume("messages_out"),), included=None)
    prices = PriceList("p/q", "Plan", "USD", date(2026, 11, 1), (WHOLE_MILLIONS, other))
    month = MonthlyUsage(NOVEMBER, {"messages_in": D(a), "messages_out": D(b)})

    charged, rated = rating.charge(month, prices, rounding="prorate"), rate(month, prices, rounding="prorate")

    assert charged.total == rated.total
    assert charged.lines == {line.sku: line.cost for line in rated.lines}
