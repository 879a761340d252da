"""The bill as GitHub-flavoured Markdown: for pull requests and wikis."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from wscost.bill import Bill, BillLine, Comparison
from wscost.reports import wording
from wscost.units import money

NAME = "markdown"
_SPECIAL = re.compile(r"[\\`*\[\]|~#]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")


def render(comparison: Comparison, *, width: int = 80, color: bool = False) -> str:
    """Write a comparison as Markdown; width and colour mean nothing here."""
    return "\n\n".join(_blocks(comparison))


def escape(text: str) -> str:
    """Return text that Markdown and HTML take as it stands, on one line."""
    return _SPECIAL.sub(r"\\\g<0>", html.escape(wording.clean(text), quote=False))


def _blocks(comparison: Comparison) -> Iterator[str]:
    if len(comparison.bills) > 1:
        yield _side_by_side(comparison)
    if comparison.decides:
        yield escape(comparison.decides)
    bill = wording.shown_in_full(comparison)
    yield f"### {escape(wording.title(bill))}"
    yield _lines(bill)
    if spread := wording.spread(bill):
        yield escape(spread)
        yield table(["Charge", *wording.SPREAD], wording.line_spreads(bill), right=range(1, 5))
        if len(comparison.bills) > 1:
            headings = ["Plan", "Deployment", *wording.SPREAD]
            yield table(headings, wording.plan_spreads(comparison), right=range(2, 6))
    if scaled := wording.scaled(bill):
        yield table(["Meter", "Observed", "Whole month"], scaled, right=range(1, 3))
    if shares := wording.inputs(bill):
        rows = [(name, money(share, bill.currency)) for name, share in shares.items()]
        yield table(["Input", "Share of the cost"], rows, right=[1])
    if per_unit := wording.per_unit(bill):
        yield table(wording.PER_UNIT, per_unit, right=range(1, 3))
    if sentences := [*wording.broken(comparison), *wording.notes(comparison, bill)]:
        yield "\n".join(f"- {escape(sentence)}" for sentence in sentences)
    links = ", ".join(f"<{url}>" for url in wording.sources(bill))
    footer = " ".join([*wording.legend(comparison), wording.prices_read(bill)])
    yield f"{escape(footer)} {links}".rstrip()


def _side_by_side(comparison: Comparison) -> str:
    rows = [
        (bill.plan, bill.deployment, wording.total(bill), ", ".join(wording.marks(bill, comparison)))
        for bill in comparison.bills
    ]
    return table(["Plan", "Deployment", "Total", ""], rows, right=[2])


def _lines(bill: Bill) -> str:
    headings = ["Charge", "Used", "Included", "Billed", "Price", "Cost"]
    rows = [_row(line, bill.currency) for line in bill.lines]
    return table(headings, [*rows, ("Total", "", "", "", "", wording.total(bill))], right=[1, 2, 3, 5])


def _row(line: BillLine, currency: str) -> tuple[str, ...]:
    price = "; ".join(filter(None, [wording.unit_price(line, currency), wording.depends(line)]))
    return line.name, *wording.figures(line), price, wording.cost(line, currency)


def table(headings: Iterable[str], rows: Iterable[Iterable[str]], *, right: Iterable[int] = ()) -> str:
    """Write a table, the columns that ``right`` counts with their figures to the right."""
    head = list(headings)
    rule = ["---:" if i in set(right) else "---" for i in range(len(head))]
    cells = [head, rule, *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
