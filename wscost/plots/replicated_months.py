"""The range of replicated months: how far each line and the total can lie from the middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from matplotlib.axes import Axes

from wscost.bill import Bill, Range, Spread
from wscost.errors import InputError
from wscost.estimating import Options, estimate
from wscost.plots.bars import ROW
from wscost.plots.figures import amounts, label
from wscost.plots.style import BLUE, INK, PAPER, picture
from wscost.reports import wording
from wscost.units import money

NAME = "range"
SHOWS = Bill


def height(bill: Bill) -> float:
    """Return how high the picture is. [inches]"""
    return 0.75 + ROW * len(_rows(bill))


@picture(height)
def draw(bill: Bill, ax: Axes) -> None:
    """Draw the middle eight in ten months as a bar, with a tick at the middle and a dot at the mean."""
    rows = _rows(bill)
    for y, (name, spread, at_least) in enumerate(rows):
        low, middle, high, mean = (float(x) for x in (spread.p10, spread.p50, spread.p90, spread.mean))
        ax.barh(y, high - low, left=low, height=0.2, color=BLUE, alpha=0.45)
        ax.plot([middle, middle], [y - 0.17, y + 0.17], color=INK)
        ax.plot(mean, y, "o", color=INK, markersize=3)
        ends = (money(x, bill.currency, at_least=at_least) for x in (spread.p10, spread.p90))
        ax.annotate(
            f"{name}: {' to '.join(ends)}",
            (0, y),
            (0, 6),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="bottom",
            bbox={"facecolor": PAPER, "linewidth": 0, "pad": 0.5},
        )
    ax.set_ylim(len(rows) - 0.6, -0.9)
    ax.set_yticks([])
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.use_sticky_edges = False
    ax.margins(x=0.05)
    amounts(ax.xaxis, bill.currency)
    ax.set_xlabel("bar: eight in ten months; tick: half cost at most; dot: mean")


def _rows(bill: Bill) -> list[tuple[str, Spread, bool]]:
    """Return what varies: its name, how, and whether it is the least that it comes to."""
    lines = {line.sku: line for line in bill.lines}
    spread = [
        (label(lines[sku].name, 32), amount, lines[sku].at_least)
        for sku, amount in _range(bill).lines.items()
        if amount.p10 != amount.p90
    ]
    return [("Total", _range(bill).total, bill.at_least), *spread]


def _range(bill: Bill) -> Range:
    if bill.range is None:
        raise InputError("This bill has no range: that takes a profile, or a trace of seven days or more.")
    return bill.range


def alt(bill: Bill) -> str:
    """Say how far the months differ."""
    return f"Ranges of the total and of each line that varies. {wording.spread(bill)}"


def gather(
    inputs: Sequence[str],
    *,
    plan: str | None = None,
    deployment: str | None = None,
    **options: Unpack[Options],
) -> Bill:
    """Simulate the months to draw."""
    return estimate(inputs, plan=plan, deployment=deployment, **options)
