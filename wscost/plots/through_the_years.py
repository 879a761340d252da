"""History: what the same usage would have cost under the prices of every year."""

from __future__ import annotations

from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.dates import date2num

from wscost.exploring.history import History
from wscost.plots.figures import amounts, moments
from wscost.plots.style import DASHES, SERIES, picture
from wscost.reports import wording
from wscost.units import money

NAME = "history"
SHOWS = History


def height(history: History) -> float:
    """Return how high the picture is. [inches]"""
    return 2.4 + 0.17 * len(history.plans)


@picture(height)
def draw(history: History, ax: Axes) -> None:
    """Draw a stair a plan: each price holds until the next; where none is known there is no line."""
    for plan, color, dash in zip(history.plans, cycle(SERIES), cycle(DASHES)):
        past = [row for row in history.bills if row.plan == plan]
        at = [float(date2num(row.as_of)) for row in past]  # type: ignore[no-untyped-call]
        totals = [float("nan") if row.total is None else float(row.total) for row in past]
        ax.step(at, totals, f"{dash}o", where="post", color=color, markersize=3, label=wording.clean(plan))
    ax.xaxis_date()
    moments(ax)
    amounts(ax.yaxis, history.bills[0].currency)
    ax.set_ylim(bottom=0)
    ax.figure.legend(loc="outside lower left")


def alt(history: History) -> str:
    """Say what each plan asked first and last."""
    told = []
    for plan in history.plans:
        known = [
            (row.as_of, row.total) for row in history.bills if row.plan == plan and row.total is not None
        ]
        if known:
            (first, was), (last, now) = known[0], known[-1]
            currency = history.bills[0].currency
            told.append(f"{plan} {money(was, currency)} on {first}, {money(now, currency)} on {last}")
    return f"Stairs: the monthly total under the prices of each date. {'; '.join(map(wording.clean, told))}."
