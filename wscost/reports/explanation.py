"""An amount explained: from cents back to the tier, the rounding, the allowance, the meters, the source."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from wscost.bill import Bill, BillLine, Component, LimitUse, TierCost
from wscost.notes import Grade
from wscost.pricelist import Provenance
from wscost.reports import drawing, wording
from wscost.units import grouped
from wscost.usage import meter_of

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_GRADES = {
    Grade.MEASURED: "",
    Grade.LOWER_BOUND: ", at least: part of it was not seen",
    Grade.ASSUMED: ", assumed",
    Grade.UNKNOWN: ", unknown",
}
_SIZES_OPEN = ", at least: sizes of single messages are not known"


def explain(bill: Bill, sku: str | None = None, *, width: int = 80, color: bool = False) -> str:
    """Write how every amount of a bill, or that of one SKU, came about.

    Raises
    ------
    UnknownNameError
        If the bill has no such line.
    """
    lines = bill.lines if sku is None else (bill.line(sku),)
    return drawing.draw([_bill(bill, lines)], width=width, color=color)


def _bill(bill: Bill, lines: tuple[BillLine, ...]) -> Tree:
    from rich.tree import Tree

    tree = Tree(drawing.text(wording.title(bill), "bold"), guide_style="dim")
    for line in lines:
        _line(tree, line, bill)
    for use in bill.limits if lines == bill.lines else ():
        _limit(tree, use)
    return tree


def _limit(tree: Tree, use: LimitUse) -> None:
    limit = use.limit
    kept = "broken" if use.broken else "kept" if use.complete else "kept as far as is known"
    kept = "not known" if use.worst is None else kept
    branch = tree.add(drawing.text(f"{limit.name} ({limit.id}): {kept}", "bold"))
    most = "at most " if limit.per == "day" else ""
    branch.add(drawing.text(f"used: {most}{wording.figure(use.worst)} {limit.unit} a {limit.per}"))
    branch.add(drawing.text(f"allowed: {wording.figure(limit.maximum)} {limit.unit} a {limit.per}"))
    branch.add(drawing.text(f"counts: {wording.counted(limit.consumes)}"))
    branch.add(_source(limit.provenance))


def _line(tree: Tree, line: BillLine, bill: Bill) -> None:
    amount = wording.cost(line, bill.currency) if line.cost is not None else wording.depends(line)
    branch = tree.add(drawing.text(f"{line.name} ({line.sku}): {amount}", "bold"))
    if line.tiers:
        for tier in line.tiers:
            branch.add(drawing.text(_tier(tier, line, bill.currency)))
    else:
        branch.add(drawing.text(_price(line, bill.currency)))
    if line.model != "flat":
        _quantities(branch, line, bill)
    branch.add(_source(line.provenance))


def _price(line: BillLine, currency: str) -> str:
    price = wording.unit_price(line, currency)
    if line.model == "flat":
        fee = (
            "a fee that is not published"
            if line.unit_price is None
            else wording.rate(line.unit_price, currency)
        )
        return f"{fee} {price}, whatever is used"
    return price if line.priced is None else f"{wording.figure(line.priced)} {line.unit} at {price}"


def _tier(tier: TierCost, line: BillLine, currency: str) -> str:
    reach = f"the tier up to {wording.short(tier.up_to)}" if tier.up_to is not None else "the last tier"
    buys = line.unit if line.per == 1 else f"{wording.short(line.per)} {line.unit}"
    price = wording.price(tier.amount, currency)
    return f"{wording.figure(tier.quantity)} {line.unit} in {reach}, at {price} per {buys}"


def _quantities(branch: Tree, line: BillLine, bill: Bill) -> None:
    if line.billed is not None:
        rounded = ""
        if line.priced is not None and line.priced != line.billed:
            rounded = f", rounded {line.rounding}: {wording.figure(line.priced)}"
        branch.add(drawing.text(f"billed: {wording.figure(line.billed)} {line.unit}{rounded}"))
    branch.add(drawing.text(f"included: {wording.figure(line.included)} {line.unit}"))
    consumed = branch.add(drawing.text(f"used: {_consumed(line)}"))
    for part in line.components:
        quantity = consumed.add(drawing.text(_component(part, bill)))
        if origin := _origin(part, bill):
            quantity.add(drawing.text(origin))


def _consumed(line: BillLine) -> str:
    if line.consumed is None:
        return "unknown"
    exact = sum((part.consumed for part in line.components if part.consumed is not None), Decimal(0))
    rounded = "" if line.consumed == exact else f", rounded from {grouped(exact, 6)}"
    return f"{wording.figure(line.consumed)} {line.unit}{rounded}"


def _component(part: Component, bill: Bill) -> str:
    if part.quantity is None:
        return f"{part.meter}: unknown"
    factors = f" × {grouped(part.multiply_by)}" if part.multiply_by != 1 else ""
    factors += f" ÷ {grouped(part.divide_by)}" if part.divide_by != 1 else ""
    result = f" = {wording.figure(part.consumed)}" if factors else ""
    grade = bill.grades.get(part.meter, Grade.MEASURED)
    known = _SIZES_OPEN if bill.lacks_only_sizes(part.meter) else _GRADES[grade]
    unit = meter_of(part.meter).unit
    return f"{part.meter}: {wording.figure(part.quantity)} {unit}{factors}{result}{known}"


def _origin(part: Component, bill: Bill) -> str:
    """Say what of a quantity was seen, and in which input."""
    observed = bill.usage.get(part.meter)
    if part.quantity is None or observed is None:
        return ""
    scaled = bill.projected is not None and observed != part.quantity
    seen = f"scaled from {wording.figure(observed)}" if scaled else ""
    place = f"in {', '.join(bill.inputs)}" if bill.inputs else ""
    return f"{seen} {place}".strip()


def _source(source: Provenance) -> Text:
    told = drawing.text(source.url, "dim")
    doubt = wording.DOUBTS.get(source.confidence, "")
    doubt = f"; {doubt[0].lower()}{doubt[1:]}" if doubt else ""
    told.append(f"\nin force since {source.since}, read on {source.checked}{doubt}")
    if source.remark:
        told.append(f"\n{wording.clean(source.remark)}")
    return told
