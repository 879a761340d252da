"""A bill by line: where the money goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from matplotlib.axes import Axes

from wscost.bill import Bill
from wscost.estimating import Options, estimate
from wscost.plots.bars import Bar, bar_list, bar_list_height
from wscost.plots.style import MUTED, picture
from wscost.reports import wording
from wscost.units import money

NAME = "bill"
SHOWS = Bill


def height(bill: Bill) -> float:
    """Return how high the picture is. [inches]"""
    return bar_list_height(len(bill.lines))


@picture(height)
def draw(bill: Bill, ax: Axes) -> None:
    """Draw a bar a line; a line of unknown cost has none, and says so."""
    bar_list(
        ax,
        [
            Bar(
                line.name,
                float(line.cost or 0),
                wording.cost(line, bill.currency) if line.cost is not None else "not known",
                **({"color": MUTED} if line.model == "flat" else {}),
            )
            for line in bill.lines
        ],
    )


def alt(bill: Bill) -> str:
    """Say which lines make the bill."""
    costs = sorted(((line.cost, line.name) for line in bill.lines if line.cost), reverse=True)
    told = ", ".join(f"{name} {money(cost, bill.currency)}" for cost, name in costs)
    return f"Bars: the bill of {bill.plan_name}, {wording.total(bill)}, by line. {told or 'No line costs'}."


def gather(
    inputs: Sequence[str],
    *,
    plan: str | None = None,
    deployment: str | None = None,
    **options: Unpack[Options],
) -> Bill:
    """Estimate the bill to draw."""
    return estimate(inputs, plan=plan, deployment=deployment, **options)
