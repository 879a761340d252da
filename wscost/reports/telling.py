"""How explorations are told to people: the answer, a table of words, what is left to say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatch
from typing import Any

from wscost.exploring.advising import Advice
from wscost.exploring.crossings import BreakEven
from wscost.exploring.history import History
from wscost.exploring.ranges import duration
from wscost.exploring.sensitivity import Sensitivity
from wscost.exploring.sweeping import Priced, Sweep
from wscost.exploring.words import joined, short_names
from wscost.notes import Note
from wscost.profile import Range
from wscost.reports.wording import breach, per_unit_in_words, title
from wscost.units import grouped, money, number_of

CANNOT_SERVE = "cannot serve"
_WIDEST = 80
"""Where a column a bill would be wider than that, a sweep has a row a bill. [characters]"""
BEST = "*"


@dataclass(frozen=True, slots=True)
class Told:
    """An exploration in words; ``right`` counts the columns of figures, ``wrap`` those that may give way."""

    title: str
    answers: Sequence[str]
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int]
    wrap: frozenset[int]
    sections: Sequence[tuple[str, Sequence[str]]] = ()
    notes: Sequence[Note] = ()


@singledispatch
def tell(exploration: object) -> Told:
    """Return an exploration in words."""
    raise TypeError(f"nothing is known to tell of a {type(exploration).__name__}")


@tell.register
def _sweep(swept: Sweep) -> Told:
    first = swept.points[0].prices
    names = short_names([(priced.plan, priced.deployment) for priced in first])
    several = len(first) > 1
    rows = [[*point.texts, *(_priced(one, several) for one in point.prices)] for point in swept.points]
    varied = len(swept.paths)
    headings = [*swept.paths, *(names if several else ["Total"])]
    wrap: frozenset[int] = frozenset()
    if sum(max(map(len, column)) + 2 for column in zip(*rows, strict=True)) > _WIDEST:
        rows = [
            [*point.texts, name, _priced(one, several)]
            for point in swept.points
            for name, one in zip(names, point.prices, strict=True)
        ]
        headings, wrap = [*swept.paths, "Bill", "Total"], frozenset({varied})
    bills = number_of(len(swept.points) * len(first), "bill", "bills")
    return Told(
        title=f"{bills} over {' and '.join(swept.paths)}",
        answers=[f"{BEST} costs least of those that can serve."] if several else [],
        headings=headings,
        rows=rows,
        right=frozenset(range(len(headings))) - wrap,
        wrap=wrap,
        notes=swept.notes,
    )


@tell.register
def _break_even(found: BreakEven) -> Told:
    names = found.names
    rows = [
        [
            found.span.text(stretch.start),
            found.span.text(stretch.end),
            found.winner(stretch),
            *(
                _between(found, side, ends)
                for side, ends in enumerate(zip(stretch.totals_at_start, stretch.totals_at_end, strict=True))
            ),
        ]
        for stretch in found.stretches
    ]
    return Told(
        title=f"{names[0]} against {names[1]} over {found.path}",
        answers=list(dict.fromkeys(found.answers())),
        headings=["From", "To", "Cheaper", *names],
        rows=rows,
        right=frozenset({0, 1, 3, 4}),
        wrap=frozenset({2, 3, 4}),
        notes=found.notes,
    )


@tell.register
def _sensitivity(found: Sensitivity) -> Told:
    bill = found.bill
    rows = [
        [
            field.field,
            f"{_end(field.low, field.unit)} … {_end(field.high, field.unit)}",
            money(field.total_low, bill.currency, at_least=bill.at_least),
            money(field.total_high, bill.currency, at_least=bill.at_least),
            money(field.swing, bill.currency),
        ]
        for field in found.moved
    ]
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name, _, why in found.unmoved:
        by_reason[why].append(name)
    still = [f"{', '.join(names)}: {why}." for why, names in by_reason.items()]
    costs = per_unit_in_words(bill)
    return Told(
        title=title(bill),
        answers=[_how_far(found)] if rows else ["Nothing moves this bill now."],
        headings=["Field", "From … to", "Bill at low", "Bill at high", "Moves it by"],
        rows=rows,
        right=frozenset({1, 2, 3, 4}),
        wrap=frozenset({1, 2, 3, 4}),
        sections=[
            ("Cannot move it now:", still),
            ("Per unit:", costs),
        ],
        notes=found.notes,
    )


@tell.register
def _advice(given: Advice) -> Told:
    currency = given.bill.currency
    rows = [
        [
            f"{one.change}: {one.how}.",
            money(one.saving, currency) if given.bill.feasible else "–",
            money(one.total, currency, at_least=not one.complete),
        ]
        for one in given.changes
    ]
    if not given.bill.feasible:
        answers = [f"{given.bill.plan_name} cannot serve this: {breach(one)}" for one in given.bill.breaches]
        answers.append("What follows can." if rows else "Nothing that was tried can.")
    elif not rows:
        answers = ["Nothing that was tried makes this bill smaller."]
    elif given.together:
        left = money(given.total_together, currency, at_least=not given.complete_together)
        saved = money(given.bill.total - given.total_together, currency)
        answers = [f"{joined(given.together)}: {saved} a month less, {left} left."]
    else:
        answers = []
    useless = [f"{one.change}: {one.how}." for one in given.useless]
    broken = [f"{one.change}: {breach(one.breach)}" for one in given.impossible]
    traps = [note.message for note in given.traps]
    return Told(
        title=title(given.bill),
        answers=answers,
        headings=["Change", "Saves", "Bill then"],
        rows=rows,
        right=frozenset({1, 2}),
        wrap=frozenset({0}),
        sections=[("Saves nothing now:", useless), ("Cannot serve:", broken), ("Traps:", traps)],
        notes=given.notes,
    )


@tell.register
def _history(past: History) -> Told:
    names = short_names([(plan, "") for plan in past.plans])
    totals = {(p.as_of, p.plan): p for p in past.bills}
    days = list(dict.fromkeys(p.as_of for p in past.bills))
    rows = [[str(day), *(_past(totals[day, plan]) for plan in past.plans)] for day in days]
    steps: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, plan in zip(names, past.plans, strict=True):
        for p in past.bills:
            if p.plan == plan and p.moved:
                steps[str(p.as_of), p.moved].append(name)
    moved = [f"{day}, {', '.join(who)}: {what}." for (day, what), who in sorted(steps.items())]
    return Told(
        title="The same usage under the prices of each date",
        answers=[],
        headings=["Prices of", *names],
        rows=rows,
        right=frozenset(range(1, len(names) + 1)),
        wrap=frozenset(range(1, len(names) + 1)),
        sections=[("What moved it:", moved)],
        notes=past.notes,
    )


def _priced(priced: Priced, several: bool) -> str:
    if not priced.feasible:
        return CANNOT_SERVE
    best = f"{BEST} " if several and priced.cheapest else ""
    return f"{best}{money(priced.total, priced.currency, at_least=not priced.complete)}"


def _past(past: Any) -> str:
    if past.total is None:
        return "no price"
    return money(past.total, past.currency, at_least=not past.complete) if past.feasible else CANNOT_SERVE


def _between(found: BreakEven, side: int, ends: Iterable[Decimal | None]) -> str:
    return " … ".join(
        dict.fromkeys(CANNOT_SERVE if total is None else found.amount(side, total) for total in ends)
    )


def _how_far(found: Sensitivity) -> str:
    own = [isinstance(field.value, Range) for field in found.moved]
    part = f"by {found.by:.0%} down and up"
    if all(own):
        return "Each field moves over the range that it is given as."
    return f"Each field moves {part}{', or over the range that it is given as' if any(own) else ''}."


def _end(value: Any, unit: str) -> str:
    """Write an end of a field's way, a length of time as profiles do."""
    figure = Decimal(f"{Decimal(str(value)):.6g}")
    return duration(figure) if unit else grouped(figure)
