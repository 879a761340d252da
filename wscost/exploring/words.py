"""What the explorations share in their sentences and comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from wscost.bill import Bill
from wscost.notes import Grade, Note


def cost_of(bill: Bill) -> Decimal:
    """Return what a bill counts in a comparison: a plan that cannot serve is dearer than any that can."""
    return bill.total if bill.feasible else Decimal("Infinity")


def lacking(bill: Bill) -> set[str]:
    """Return what a total leaves out: meters of which all or a part is unknown, charges without a price."""
    missing: set[str] = set()
    for line in bill.lines:
        if line.at_least:
            bounded = {p.meter for p in line.components if bill.grades.get(p.meter) is Grade.LOWER_BOUND}
            missing |= {*line.depends_on, *bounded} or {line.sku}
    return missing


def left_out(bills: Iterable[Bill]) -> Iterator[Note]:
    """Say which charges the totals of some bills leave out, in whole or in part, if any."""
    names = [line.name for bill in bills if bill.at_least for line in bill.lines if not line.complete]
    if told := list(dict.fromkeys(names)):
        yield Note(
            "at-least",
            f"Totals are that much at least: what {joined(told)} come to is not known from the input."
            if len(told) > 1
            else f"Totals are that much at least: what {told[0]} comes to is not known from the input.",
            {"charges": told},
        )


def short_names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the shortest names that tell plans on deployments apart."""
    plans, built = [plan for plan, _ in pairs], [deployment for _, deployment in pairs]
    if len({plan.partition("/")[0] for plan in plans}) == 1:
        plans = [plan.partition("/")[2] for plan in plans]
    if len(set(built)) == 1:
        return plans
    if len(set(plans)) == 1:
        return built
    return [f"{plan}, {deployment}" for plan, deployment in zip(plans, built, strict=True)]


def joined(names: Sequence[str]) -> str:
    """Write names as a sentence does: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
