"""What changed between two price lists of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from wscost.pricelist import Charge, Consume, Limit, PriceList, Rounding
from wscost.units import plain

Fields = Mapping[str, str]

_OVERAGE = {
    Rounding.UP: "in started units",
    Rounding.DOWN: "in full units",
    Rounding.PRORATE: "in proportion",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: a SKU or limit ``added`` or ``removed``, or one of its fields ``changed``."""

    sku: str
    kind: str
    field: str = ""
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        if self.kind != "changed":
            return f"{self.sku}: {self.kind}: {self.old or self.new}"
        return f"{self.sku}: {self.field}: {self.old or 'none'} -> {self.new or 'none'}"


def changes(before: PriceList, after: PriceList) -> tuple[Change, ...]:
    """Return what differs between two price lists, in the order of the lists; sources and remarks aside."""
    old, new = _fields(before), _fields(after)
    return tuple(change for key in old | new for change in _compare(key, old.get(key), new.get(key)))


def _compare(key: str, old: Fields | None, new: Fields | None) -> Iterator[Change]:
    if old is None or new is None:
        for kind, fields in (("removed", old), ("added", new)):
            if fields is not None:
                told = "; ".join(text for text in fields.values() if text)
                yield Change(
                    key, kind, old=told if kind == "removed" else "", new=told if kind == "added" else ""
                )
        return
    for field in old:
        if old[field] != new[field]:
            yield Change(key, "changed", field, old[field], new[field])


def _fields(prices: PriceList) -> dict[str, Fields]:
    minimum = {"minimum": {"amount": plain(prices.minimum)}} if prices.minimum is not None else {}
    charges = {charge.sku: _charge(charge) for charge in prices.charges}
    return charges | {f"limit {limit.id}": _limit(limit) for limit in prices.limits} | minimum


def _charge(charge: Charge) -> Fields:
    price, included = charge.price, charge.included
    tiers = [
        ("unknown" if t.amount is None else plain(t.amount)) + (f" up to {t.up_to:,f}" if t.up_to else "")
        for t in price.tiers
    ]
    return {
        "name": charge.name,
        "price": ", then ".join(tiers) if tiers else plain(price.amount or Decimal(0)),
        "per": f"{price.per:,f} {charge.unit}",
        "model": str(price.model),
        "overage": _OVERAGE[price.overage],
        "included": f"{included.quantity:,f} a {included.per}" if included else "",
        "consumes": " + ".join(map(_consume, charge.consumes)),
        "round": charge.round or "",
    }


def _limit(limit: Limit) -> Fields:
    return {
        "name": limit.name,
        "maximum": f"{limit.maximum:,f} {limit.unit} a {limit.per}",
        "consumes": " + ".join(map(_consume, limit.consumes)),
    }


def _consume(use: Consume) -> str:
    times = "" if use.multiply_by == 1 else f" x {plain(use.multiply_by)}"
    return use.key + times + ("" if use.divide_by == 1 else f" / {plain(use.divide_by)}")
