"""A tornado: how far each field moves the bill, the strongest on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from matplotlib.axes import Axes

from wscost.bill import Bill
from wscost.estimating import Options
from wscost.exploring.sensitivity import BY, Moved, Sensitivity, sensitivity
from wscost.plots.bars import ROW
from wscost.plots.figures import amounts, label
from wscost.plots.style import BLUE, INK, ORANGE, PAPER, picture
from wscost.reports import wording
from wscost.units import money

NAME = "sensitivity"
SHOWS = Sensitivity
MOST = 12
"""Weaker fields are left to the table."""


def height(found: Sensitivity) -> float:
    """Return how high the picture is. [inches]"""
    return 0.7 + ROW * len(_shown(found))


@picture(height)
def draw(found: Sensitivity, ax: Axes) -> None:
    """Draw from the bill as it is to where each end of a field brings it."""
    base = float(found.bill.total)
    for y, field in enumerate(_shown(found)):
        for total, color, hatch in ((field.total_low, BLUE, ""), (field.total_high, ORANGE, "////")):
            ax.barh(y, float(total) - base, left=base, height=0.24, color=color, hatch=hatch, edgecolor=PAPER)
        ax.annotate(
            f"{label(field.field, 32)}: {_from_to(field, found.bill)}",
            (0, y),
            (0, 6),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="bottom",
            bbox={"facecolor": PAPER, "linewidth": 0, "pad": 0.5},
        )
    ax.axvline(base, color=INK, linewidth=0.8)
    ax.set_ylim(max(len(_shown(found)), 1) - 0.6, -0.9)
    ax.set_yticks([])
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.margins(x=0.08)
    amounts(ax.xaxis, found.bill.currency)
    ax.set_xlabel("monthly total; plain: field at its low end, hatched: at its high")


def _shown(found: Sensitivity) -> tuple[Moved, ...]:
    return found.moved[:MOST]


def _from_to(field: Moved, bill: Bill) -> str:
    ends = (field.total_low, field.total_high)
    return " to ".join(money(total, bill.currency, at_least=bill.at_least) for total in ends)


def alt(found: Sensitivity) -> str:
    """Say which fields move the bill most."""
    if not found.moved:
        return "No field moves the bill."
    told = "; ".join(f"{f.field} from {_from_to(f, found.bill)}" for f in _shown(found)[:3])
    return f"Bars around {wording.total(found.bill)}: most moves {told}."


def gather(
    inputs: Sequence[str],
    *,
    by: float = BY,
    plan: str | None = None,
    deployment: str | None = None,
    **options: Unpack[Options],
) -> Sensitivity:
    """Find what moves the bill."""
    return sensitivity(inputs, plan=plan, deployment=deployment, by=by, **options)
