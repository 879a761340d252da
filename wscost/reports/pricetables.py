"""Prices for the terminal: which plans are known, what one charges, what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from wscost.pricelist import Charge, Limit, PriceList
from wscost.reports import drawing, wording

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from wscost.pricebook import PlanInfo
    from wscost.pricediff import Change


def plans(known: Iterable[PlanInfo], *, width: int = 80, color: bool = False) -> str:
    """Write the known plans: since when prices are known, when they were last read."""
    table = drawing.table("Plan", "Status", "Prices since", "Last read", "Regions", wrap=["Plan"])
    for plan in known:
        regions = f"{len(plan.regions)} regions" if plan.regions else "one price"
        table.add_row(drawing.text(plan.id), plan.status, str(plan.since), str(plan.checked), regions)
    return drawing.draw([table], width=width, color=color)


def price_list(prices: PriceList, *, width: int = 80, color: bool = False) -> str:
    """Write what a plan charges on a date, with the meters that each charge counts."""
    return drawing.draw(_price_list(prices), width=width, color=color)


def price_changes(changes: Sequence[Change], *, width: int = 80, color: bool = False) -> str:
    """Write what differs between two price lists."""
    if not changes:
        return "Nothing changed."
    return drawing.draw([drawing.bullets(map(str, changes))], width=width, color=color)


def _price_list(prices: PriceList) -> Iterator[RenderableType]:
    where = f" in {prices.region}" if prices.region else ""
    yield drawing.text(
        f"{prices.name} ({prices.plan}){where} on {prices.as_of}, in {prices.currency}", "bold"
    )
    yield _charges(prices)
    if prices.minimum is not None:
        yield drawing.text(f"At least {wording.rate(prices.minimum, prices.currency)} a month.")
    if prices.limits:
        yield drawing.bullets(map(_limit, prices.limits))
    if prices.notes:
        yield drawing.bullets(note.message for note in prices.notes)
    read = [f"{c.provenance.url} (read on {c.provenance.checked})" for c in prices.charges]
    yield drawing.lines(dict.fromkeys(read), "dim")


def _charges(prices: PriceList) -> Table:
    table = drawing.table("Charge", "Included", "In force since", right=["Included"], wrap=["Charge"])
    for charge in prices.charges:
        counted = wording.counted(charge.consumes)
        words = drawing.entry(charge.name, (_price(charge, prices.currency), ""), (counted, "dim"))
        table.add_row(words, _included(charge), str(charge.provenance.since))
    return table


def _included(charge: Charge) -> str:
    if charge.included is None:
        return ""
    return f"{wording.short(charge.included.quantity)} a {charge.included.per}"


def _price(charge: Charge, currency: str) -> str:
    price = charge.price
    whole = wording.whole(str(price.overage))
    buys = charge.unit if price.per == 1 else f"{wording.short(price.per)} {charge.unit}"
    if price.model == "flat":
        return f"{wording.price(price.amount, currency)} a month"
    if not price.tiers:
        return f"{wording.price(price.amount, currency)} per {whole}{buys}"
    steps = [
        f"{wording.price(tier.amount, currency)}"
        + (f" up to {wording.short(tier.up_to)}" if tier.up_to is not None else "")
        for tier in price.tiers
    ]
    return f"{', then '.join(steps)} per {whole}{buys}"


def _limit(limit: Limit) -> str:
    most = f"{limit.name}: at most {wording.figure(limit.maximum)} {limit.unit} a {limit.per}"
    return f"{most}; past it, {limit.consequence}." if limit.consequence else f"{most}."
