"""The bill for a terminal: the answer first, then how it came about."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from wscost.bill import Bill, BillLine, Comparison
from wscost.reports import drawing, wording
from wscost.units import money

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

NAME = "table"
_MARK_STYLES = {"cheapest": "bold green", "not feasible": "red"}


def render(comparison: Comparison, *, width: int = 80, color: bool = False) -> str:
    """Write a comparison as tables that fit the width, with colour only where asked for."""
    return drawing.draw(_blocks(comparison), width=width, color=color)


def _blocks(comparison: Comparison) -> Iterator[RenderableType]:
    if len(comparison.bills) > 1:
        yield _side_by_side(comparison)
        yield from _verdict(comparison)
    bill = wording.shown_in_full(comparison)
    yield drawing.text(wording.title(bill), "bold")
    if len(comparison.bills) == 1:
        yield from _verdict(comparison)
    yield _lines(bill)
    if left_out := wording.unknown(bill):
        yield drawing.bullets(left_out, title="Not in the total:")
    if spread := wording.spread(bill):
        yield drawing.text(spread)
        yield _spreads(["Charge"], wording.line_spreads(bill))
        if len(comparison.bills) > 1:
            yield _spreads(["Plan", "Deployment"], wording.plan_spreads(comparison))
    if rows := wording.scaled(bill):
        yield _scaled(rows)
    if shares := wording.inputs(bill):
        yield _shares(shares, bill.currency)
    if sentence := wording.per_unit_in_a_sentence(bill):
        yield drawing.text(sentence)
    if notes := wording.notes(comparison, bill):
        yield drawing.bullets(notes)
    footer = [*wording.legend(comparison), wording.prices_read(bill), *wording.sources(bill)]
    yield drawing.lines(footer, "dim")


def _verdict(comparison: Comparison) -> Iterator[RenderableType]:
    if comparison.decides:
        yield drawing.text(comparison.decides)
    if broken := wording.broken(comparison):
        yield drawing.bullets(broken, "red")


def _side_by_side(comparison: Comparison) -> Table:
    names = (
        max(len(bill.plan) for bill in comparison.bills),
        max(len(bill.deployment) for bill in comparison.bills),
    )
    table = drawing.table(
        "Plan",
        "Deployment",
        "Total",
        "",
        right=["Total"],
        wrap=[""] if sum(names) <= 53 else ["", "Plan", "Deployment"],
    )
    for bill in comparison.bills:
        marks = wording.marks(bill, comparison)
        table.add_row(
            drawing.text(bill.plan),
            drawing.text(bill.deployment),
            wording.total(bill),
            drawing.text(", ".join(marks), next((s for m, s in _MARK_STYLES.items() if m in marks), "")),
        )
    return table


def _lines(bill: Bill) -> Table:
    table = drawing.table(
        "Charge",
        "Used",
        "Included",
        "Billed",
        "Cost",
        right=["Used", "Included", "Billed", "Cost"],
        wrap=["Charge"],
    )
    for line in bill.lines:
        if line.cost is None:
            continue
        table.add_row(_charge(line, bill.currency), *wording.figures(line), wording.cost(line, bill.currency))
    table.add_section()
    table.add_row("Total", "", "", "", wording.total(bill), style="bold")
    return table


def _charge(line: BillLine, currency: str) -> RenderableType:
    price, open_end = wording.unit_price(line, currency), wording.depends(line)
    return drawing.entry(line.name, (price, "dim"), (open_end, "yellow"))


def _scaled(rows: list[tuple[str, str, str]]) -> Table:
    table = drawing.table(
        "Meter", "Observed", "Whole month", right=["Observed", "Whole month"], wrap=["Meter"]
    )
    for row in rows:
        table.add_row(*row)
    return table


def _spreads(names: list[str], rows: list[tuple[str, ...]]) -> Table:
    table = drawing.table(*names, *wording.SPREAD, right=wording.SPREAD, wrap=names)
    for row in rows:
        table.add_row(*(drawing.text(cell) for cell in row))
    return table


def _shares(shares: dict[str, Decimal], currency: str) -> Table:
    table = drawing.table("Input", "Share of the cost", right=["Share of the cost"], wrap=["Input"])
    for name, share in shares.items():
        table.add_row(drawing.text(name), money(share, currency))
    return table
