"""Breaking even: two bills as one field moves, and where they cross."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Unpack

from matplotlib.axes import Axes

from wscost.estimating import Options
from wscost.exploring.breaking_even import BreakEven, Totals, break_even
from wscost.plots.figures import amount, amounts, label, quantities
from wscost.plots.style import BLUE, DASHES, INK, ORANGE, picture

NAME = "break-even"
SHOWS = BreakEven
MOST = 12
"""More crossings are left to the table."""
_FAR = 20
"""Where the dearest bill is so many times the cheapest, both axes are logarithmic."""


def height(found: BreakEven) -> float:
    """Return how high the picture is. [inches]"""
    return 2.8


@picture(height)
def draw(found: BreakEven, ax: Axes) -> None:
    """Draw both bills; a circle and its value mark each crossing."""
    for i, (name, color, dash) in enumerate(zip(found.names, (BLUE, ORANGE), DASHES, strict=False)):
        seen = [(float(x), _known(totals, i)) for x, totals in found.samples]
        ax.plot([x for x, _ in seen], [y for _, y in seen], dash, color=color, label=label(name))
    for i, crossing in enumerate(found.crossings[:MOST]):
        x, y = float(crossing.at), min(float(t) for t in crossing.totals if t is not None)
        ax.plot(x, y, "o", color=INK, markersize=6, fillstyle="none")
        ax.annotate(
            f"{found.span.text(crossing.at)}: {amount(y, found.currency)}",
            (x, y),
            (8, -12) if i % 2 == 0 else (-8, 8),
            textcoords="offset points",
            ha="left" if i % 2 == 0 else "right",
        )
    if found.span.logarithmic:
        ax.set_xscale("log")
        ax.xaxis.set_minor_formatter(lambda *_: "")
        ax.xaxis.set_major_formatter(lambda value, _: found.span.text(Decimal(f"{value:.6g}")))
    else:
        quantities(ax.xaxis)
    if found.span.timed:
        ax.xaxis.set_major_formatter(lambda value, _: found.span.text(Decimal(f"{value:.6g}")))
    totals = [float(total) for _, both in found.samples for total in both if total]
    if found.span.logarithmic and max(totals, default=1) > _FAR * min(totals, default=1):
        ax.set_yscale("log")
        ax.yaxis.set_minor_formatter(lambda *_: "")
        ax.yaxis.set_major_formatter(lambda value, _: amount(value, found.currency))
    else:
        amounts(ax.yaxis, found.currency)
        if min(totals, default=0) < max(totals, default=1) / 2:
            ax.set_ylim(bottom=0)
    ax.set_xlabel(label(found.path))
    ax.figure.legend(loc="outside lower left")


def _known(totals: Totals, i: int) -> float:
    total = totals[i]
    return float("nan") if total is None else float(total)


def alt(found: BreakEven) -> str:
    """Say where the bills cross."""
    told = " ".join(found.answers())
    return f"Two lines: the bills of {' and '.join(found.names)} over {found.path}. {told}"


def gather(
    inputs: Sequence[str],
    *,
    vary: Sequence[str],
    plans: Sequence[str],
    deployment: Sequence[str] | None = None,
    **options: Unpack[Options],
) -> BreakEven:
    """Find where two bills cross."""
    return break_even(inputs, vary, plans=plans, deployment=deployment, **options)
