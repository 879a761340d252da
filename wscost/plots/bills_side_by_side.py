"""Bills side by side: which plan and deployment is cheapest, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Unpack

from matplotlib.axes import Axes

from wscost.bill import Bill, Comparison
from wscost.comparing import compare
from wscost.estimating import Options
from wscost.plots.bars import Bar, bar_list, bar_list_height, fitted
from wscost.plots.figures import label
from wscost.plots.style import BLUE, GREEN, MUTED, picture
from wscost.reports import wording

NAME = "comparison"
SHOWS = Comparison


def height(comparison: Comparison) -> float:
    """Return how high the picture is. [inches]"""
    return bar_list_height(len(comparison.bills))


@picture(height)
def draw(comparison: Comparison, ax: Axes) -> None:
    """Draw a bar a bill, the cheapest in another colour and named so."""
    bar_list(ax, [_bar(bill, comparison) for bill in comparison.bills])


def _bar(bill: Bill, comparison: Comparison) -> Bar:
    color = GREEN if bill is comparison.cheapest else BLUE if bill.feasible else MUTED
    amount = wording.total(bill)
    return Bar(fitted(partial(_name, bill, comparison), amount), float(bill.total), amount, color)


def _name(bill: Bill, comparison: Comparison, most: int | None = None) -> str:
    """Name a bill with its marks; where there is little room, the longer of its names gives way."""
    marks = wording.marks(bill, comparison)
    names = [bill.plan_name, bill.deployment]
    if most is not None:
        names = [label(name, most) for name in names]
    return f"{', '.join(names)} ({', '.join(marks)})" if marks else ", ".join(names)


def alt(comparison: Comparison) -> str:
    """Say what each bill comes to."""
    told = "; ".join(f"{_name(bill, comparison)}: {wording.total(bill)}" for bill in comparison.bills)
    return f"Bars: monthly totals. {told}."


def gather(
    inputs: Sequence[str],
    *,
    plan: Sequence[str] | None = None,
    deployment: Sequence[str] | None = None,
    **options: Unpack[Options],
) -> Comparison:
    """Compare the bills to draw."""
    return compare(inputs, plan=plan, deployment=deployment, **options)
