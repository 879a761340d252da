"""Diffing: what changed between two sets of bills, line by line, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from wscost.bill import Bill, BillLine, Comparison

Pair = tuple[Bill | None, Bill | None]
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line before and after; None where the bill has no such line, or there is no bill."""

    sku: str
    name: str
    old: BillLine | None
    new: BillLine | None
    why: tuple[str, ...]

    @property
    def change(self) -> Decimal | None:
        """What the line costs more than before; None where either cost is unknown."""
        old, new = (NOTHING if line is None else line.cost for line in (self.old, self.new))
        return None if old is None or new is None else new - old


@dataclass(frozen=True, slots=True)
class BillChange:
    """One bill of a scenario before and after; None where there is none to compare with."""

    scenario: str
    old: Bill | None
    new: Bill | None
    lines: tuple[LineChange, ...]
    why: tuple[str, ...]

    @property
    def bill(self) -> Bill:
        """The bill as it is now, or as it was where it is gone."""
        bill = self.new or self.old
        assert bill is not None
        return bill

    @property
    def change(self) -> Decimal | None:
        """How much more the known lines cost; None without two bills in one currency."""
        if self.old is None or self.new is None or self.old.currency != self.new.currency:
            return None
        return self.new.total - self.old.total

    @property
    def percent(self) -> Decimal | None:
        """The change as a share of what it was. [%]"""
        return percentage(self.change, self.old.total if self.old else None)


def percentage(change: Decimal | None, old: Decimal | None) -> Decimal | None:
    """Return a change as a share of the old amount [%]; None where that is zero or unknown."""
    return None if change is None or not old else change / old * 100


def diff(old: Mapping[str, Comparison], new: Mapping[str, Comparison]) -> tuple[BillChange, ...]:
    """Return what changed, bill by bill: first the scenarios that are there now, then those that are gone."""
    names = dict.fromkeys([*new, *old])
    return tuple(
        _change(name, before, after) for name in names for before, after in pair(old.get(name), new.get(name))
    )


def pair(old: Comparison | None, new: Comparison | None) -> list[Pair]:
    """Put together the bills of one plan and deployment; a single one left on each side is a changed plan."""
    before = list(old.bills) if old else []
    pairs: list[Pair] = []
    for bill in new.bills if new else ():
        match = next((b for b in before if (b.plan, b.deployment) == (bill.plan, bill.deployment)), None)
        if match is not None:
            before.remove(match)
        pairs.append((match, bill))
    alone = [number for number, (match, _) in enumerate(pairs) if match is None]
    if len(alone) == len(before) == 1:
        pairs[alone[0]] = before.pop(), pairs[alone[0]][1]
    return pairs + [(bill, None) for bill in before]


def _change(scenario: str, old: Bill | None, new: Bill | None) -> BillChange:
    lines = tuple(_line_changes(old, new)) if old and new else ()
    whole = tuple(_of_the_whole(old, new)) if old and new else ()
    why = tuple(dict.fromkeys([*whole, *(reason for line in lines for reason in line.why)]))
    return BillChange(scenario, old, new, lines, why)


def _of_the_whole(old: Bill, new: Bill) -> Iterator[str]:
    if old.plan != new.plan or old.currency != new.currency:
        yield "plan"
    if old.deployment != new.deployment:
        yield "deployment"


def _line_changes(old: Bill, new: Bill) -> Iterator[LineChange]:
    before, after = ({line.sku: line for line in bill.lines} for bill in (old, new))
    whole = tuple(_of_the_whole(old, new))
    for sku in dict.fromkeys([*after, *before]):
        was, now = before.get(sku), after.get(sku)
        named = now or was
        assert named is not None
        if was is None or now is None:
            why = whole or ((_added(named, new, old) if was is None else _added(named, old, new)),)
        else:
            why = _why(was, now, whole)
        yield LineChange(sku, named.name, was, now, why)


def _added(line: BillLine, has: Bill, lacks: Bill) -> str:
    """Say why one of two bills under one plan has a line that the other lacks.

    Only another day's price list lacks it for its own reasons; else what is built, or stored, chooses.
    """
    if line.provenance.since > lacks.as_of or has.as_of < lacks.as_of:
        return "price"
    return "quantity" if _stores_by_meters(has) != _stores_by_meters(lacks) else "deployment"


def _stores_by_meters(bill: Bill) -> bool:
    return any(note.code == "storage-taken" for note in bill.notes)


def _why(old: BillLine, new: BillLine, whole: tuple[str, ...]) -> tuple[str, ...]:
    """Say what moved a line's cost; nothing where it did not move."""
    if old.cost == new.cost:
        return ()
    why = ["quantity"] if _quantities(old) != _quantities(new) else []
    if _repriced(old, new):
        why.append("plan" if "plan" in whole else "price")
    return tuple(why) or ("quantity",)


def _quantities(line: BillLine) -> list[tuple[str, Decimal | None]]:
    return [(part.meter, part.quantity) for part in line.components]


def _repriced(old: BillLine, new: BillLine) -> bool:
    """Tell whether the price list treats a line otherwise; of tiers only those that both reach compare."""
    before, after = ([(t.up_to, t.amount) for t in line.tiers] for line in (old, new))
    both = min(len(before), len(after)) if old.model == "graduated" else 0
    return _tariff(old) != _tariff(new) or before[:both] != after[:both]


def _tariff(line: BillLine) -> tuple[object, ...]:
    factors = {part.meter: (part.multiply_by, part.divide_by) for part in line.components}
    return line.model, line.unit_price, line.per, line.included, line.rounding, factors
