"""Breaking even: two bills as one field moves, and where they cross."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log
from typing import Unpack

from matplotlib.axes import Axes

from wscost.estimating import Options
from wscost.exploring.breaking_even import break_even
from wscost.exploring.crossings import BreakEven, Crossing, Totals
from wscost.plots.figures import (
    AT_LEAST,
    amount,
    amounts,
    by_decades,
    durations,
    label,
    quantities,
    seconds,
    short,
)
from wscost.plots.style import BLUE, DASHES, INK, ORANGE, PAPER, picture

NAME = "break-even"
SHOWS = BreakEven
MOST = 6
"""More labels are left to the table."""
_NEAR = 0.08
"""Crossings nearer than this part of the axis share a label."""
_FAR = 20
"""Where the dearest bill is so many times the cheapest, both axes are logarithmic."""


def height(found: BreakEven) -> float:
    """Return how high the picture is. [inches]"""
    return 2.9


@picture(height)
def draw(found: BreakEven, ax: Axes) -> None:
    """Draw both bills; a circle marks each crossing, and a label says who is cheaper from there on."""
    all_bounded = not any(found.complete)
    marks = ["" if whole or all_bounded else AT_LEAST for whole in found.complete]
    names = [f"{label(name)}{mark}" for name, mark in zip(found.names, marks, strict=True)]
    for i, (name, color, dash) in enumerate(zip(names, (BLUE, ORANGE), DASHES, strict=False)):
        seen = [(float(x), _known(totals, i)) for x, totals in found.samples]
        ax.plot([x for x, _ in seen], [y for _, y in seen], dash, color=color, label=name)
    _mark_crossings(found, ax)
    if found.span.logarithmic:
        by_decades(ax, "x", seconds if found.span.timed else short)
    else:
        (durations if found.span.timed else quantities)(ax.xaxis)
    totals = [float(total) for _, both in found.samples for total in both if total]
    if found.span.logarithmic and max(totals, default=1) > _FAR * min(totals, default=1):
        by_decades(ax, "y", lambda value: amount(value, found.currency))
    else:
        amounts(ax.yaxis, found.currency)
        if min(totals, default=0) < max(totals, default=1) / 2:
            ax.set_ylim(bottom=0)
    ax.set_title(f"monthly total{AT_LEAST if all_bounded else ''}")
    ax.set_xlabel(label(found.path))
    ax.figure.legend(loc="outside lower left")


def _mark_crossings(found: BreakEven, ax: Axes) -> None:
    """Circle and number the crossings; what they say stands in the upper corner that the bills leave free."""
    for crossing in found.crossings:
        ax.plot(*_place(crossing), "o", color=INK, markersize=6, fillstyle="none")
    first, last = (sum(t for t in found.samples[i][1] if t is not None) for i in (0, -1))
    groups, left = _in_groups(found)[:MOST], last >= first
    for number, group in enumerate(groups, start=1):
        mark = f"{number}  " if len(groups) > 1 else ""
        ax.annotate(mark.strip(), _place(group[0]), (6, -10), textcoords="offset points", fontweight="bold")
        ax.annotate(
            f"{mark}{_said(found, group)}",
            (0.03 if left else 0.97, 1.07 - 0.1 * number),
            xycoords="axes fraction",
            ha="left" if left else "right",
            va="top",
            bbox={"facecolor": PAPER, "linewidth": 0, "pad": 0.5},
        )


def _place(crossing: Crossing) -> tuple[float, float]:
    return float(crossing.at), min(float(total) for total in crossing.totals if total is not None)


def _in_groups(found: BreakEven) -> list[list[Crossing]]:
    """Return the crossings, those together that stand too near for a label each."""
    low, high = float(found.span.low), float(found.span.high)

    def share(crossing: Crossing) -> float:
        at = float(crossing.at)
        return log(at / low) / log(high / low) if found.span.logarithmic else (at - low) / (high - low)

    groups = [[crossing] for crossing in found.crossings[:1]]
    for before, crossing in pairwise(found.crossings):
        if share(crossing) - share(before) < _NEAR:
            groups[-1].append(crossing)
        else:
            groups.append([crossing])
    return groups


def _said(found: BreakEven, group: list[Crossing]) -> str:
    first, last = (found.span.text(group[i].at) for i in (0, -1))
    if len(group) == 1 and group[0].between == "not seen":
        return (
            f"between {found.span.text(group[0].last)} and {first}: {label(found.name(group[0].cheaper), 20)}"
        )
    if len(group) == 1:
        return f"from {first}: {label(found.name(group[0].cheaper), 30)}"
    return f"{len(group):,} crossings from {first} to {last}"


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
