"""History: what the same usage would have cost under the prices of every year."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle
from typing import Unpack

from matplotlib.axes import Axes
from matplotlib.dates import date2num

from wscost.estimating import Options
from wscost.exploring.history import SINCE, History, Past, history
from wscost.plots.figures import AT_LEAST, amounts, from_zero, label, moments
from wscost.plots.style import DASHES, SERIES, picture
from wscost.units import money

NAME = "history"
SHOWS = History


def height(past: History) -> float:
    """Return how high the picture is. [inches]"""
    return 2.4 + 0.17 * len(past.plans)


@picture(height)
def draw(past: History, ax: Axes) -> None:
    """Draw a stair a plan: each price holds until the next; no line where none is or it cannot serve."""
    for plan, color, dash in zip(past.plans, cycle(SERIES), cycle(DASHES)):
        rows = [row for row in past.bills if row.plan == plan]
        at = [float(date2num(row.as_of)) for row in rows]  # type: ignore[no-untyped-call]
        totals = [float("nan") if (total := _served(row)) is None else float(total) for row in rows]
        served = [row for row in rows if _served(row) is not None]
        mark = "" if all(row.complete for row in served) else AT_LEAST
        name = f"{label(plan)}{mark if served else ', cannot serve'}"
        ax.step(at, totals, f"{dash}o", where="post", color=color, markersize=3, label=name)
    ax.xaxis_date()
    moments(ax)
    ax.set_title("monthly total under the prices of each date")
    amounts(ax.yaxis, _currency(past))
    from_zero(ax)
    ax.figure.legend(loc="outside lower left")


def _served(row: Past) -> Decimal | None:
    """Return what a plan asked for what it could serve."""
    return row.total if row.feasible else None


def _currency(past: History) -> str:
    return next((row.currency for row in past.bills if row.currency), "USD")


def alt(past: History) -> str:
    """Say what each plan asked first and last."""
    told = []
    for plan in past.plans:
        known = [
            (row, total) for row in past.bills if row.plan == plan and (total := _served(row)) is not None
        ]
        ends = dict.fromkeys((known[0], known[-1])) if known else ()
        amounts_told = [
            f"{money(total, row.currency, at_least=not row.complete)} on {row.as_of}" for row, total in ends
        ]
        told.append(f"{plan} {', '.join(amounts_told) or 'never a price at which it can serve'}")
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
