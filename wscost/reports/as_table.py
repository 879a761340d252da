"""The bill for a terminal: the answer first, then how it came about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    return drawing.draw(_blocks(comparison, width), width=width, color=color)


def _blocks(comparison: Comparison, width: int) -> Iterator[RenderableType]:
    if len(comparison.bills) > 1:
        yield _side_by_side(comparison, width)
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
        yield _figures(["Charge", *wording.SPREAD], wording.line_spreads(bill), width)
        if len(comparison.bills) > 1:
            headings = ["Plan", "Deployment", *wording.SPREAD]
            yield _figures(headings, wording.plan_spreads(comparison), width, names=2)
    if rows := wording.scaled(bill):
        yield _figures(["Meter", "Observed", "Whole month"], rows, width)
    if shares := wording.inputs(bill):
        told = [(name, money(share, bill.currency)) for name, share in shares.items()]
        yield _figures(["Input", "Share of the cost"], told, width)
    if per_unit := wording.per_unit(bill):
        yield _figures(wording.PER_UNIT, per_unit, width)
    if notes := wording.notes(comparison, bill):
        yield drawing.bullets(notes)
    footer = [*wording.legend(comparison), wording.prices_read(bill), *wording.sources(bill)]
    yield drawing.lines(footer, "dim")


def _verdict(comparison: Comparison) -> Iterator[RenderableType]:
    if comparison.decides:
        yield drawing.text(comparison.decides)
    if broken := wording.broken(comparison):
        yield drawing.bullets(broken, "red")


def _side_by_side(comparison: Comparison, width: int) -> Table:
    rows = []
    for bill in comparison.bills:
        marks = wording.marks(bill, comparison)
        style = next((s for m, s in _MARK_STYLES.items() if m in marks), "")
        rows.append((bill.plan, bill.deployment, wording.total(bill), drawing.text(", ".join(marks), style)))
    return drawing.grid(["Plan", "Deployment", "Total", ""], rows, width=width, right=[2], wrap=[0, 1, 3])


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


def _figures(headings: Sequence[str], rows: Iterable[Sequence[str]], width: int, *, names: int = 1) -> Table:
    return drawing.grid(headings, rows, width=width, right=range(names, len(headings)), wrap=range(names))
