"""What the explorations share in their sentences and comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from wscost.bill import Bill


def cost_of(bill: Bill) -> Decimal:
    """Return what a bill counts in a comparison: a plan that cannot serve is dearer than any that can."""
    return bill.total if bill.feasible else Decimal("Infinity")


def joined(names: Sequence[str]) -> str:
    """Write names as a sentence does: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
