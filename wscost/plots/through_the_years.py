"""History: what the same usage would have cost under the prices of every year."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Unpack

from matplotlib.axes import Axes
from matplotlib.dates import date2num

from wscost.estimating import Options
from wscost.exploring.history import SINCE, History, history
from wscost.plots.figures import amounts, label, moments
from wscost.plots.style import DASHES, SERIES, picture
from wscost.units import money

NAME = "history"
SHOWS = History


def height(past: History) -> float:
    """Return how high the picture is. [inches]"""
    return 2.4 + 0.17 * len(past.plans)


@picture(height)
def draw(past: History, ax: Axes) -> None:
    """Draw a stair a plan: each price holds until the next; where none is known there is no line."""
    for plan, color, dash in zip(past.plans, cycle(SERIES), cycle(DASHES)):
        rows = [row for row in past.bills if row.plan == plan]
        at = [float(date2num(row.as_of)) for row in rows]  # type: ignore[no-untyped-call]
        totals = [float("nan") if row.total is None else float(row.total) for row in rows]
        ax.step(at, totals, f"{dash}o", where="post", color=color, markersize=3, label=label(plan))
    ax.xaxis_date()
    moments(ax)
    ax.set_title("monthly total under the prices of each date")
    amounts(ax.yaxis, _currency(past))
    ax.set_ylim(bottom=0)
    ax.figure.legend(loc="outside lower left")


def _currency(past: History) -> str:
    return next((row.currency for row in past.bills if row.currency), "USD")


def alt(past: History) -> str:
    """Say what each plan asked first and last."""
    told = []
    for plan in past.plans:
        known = [(row.as_of, row.total) for row in past.bills if row.plan == plan and row.total is not None]
        if known:
            (first, was), (last, now) = known[0], known[-1]
            currency = _currency(past)
            told.append(f"{plan} {money(was, currency)} on {first}, {money(now, currency)} on {last}")
    return f"Stairs: the monthly total under the prices of each date. {'; '.join(told)}."


def gather(
    inputs: Sequence[str],
    *,
    since: int = SINCE,
    plan: Sequence[str] | None = None,
    deployment: str | None = None,
    **options: Unpack[Options],
) -> History:
    """Price the same usage through the years."""
    return history(inputs, plan=plan, deployment=deployment, since=since, **options)
