"""Concurrency: the sockets open at once over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from matplotlib.axes import Axes
from matplotlib.dates import date2num

from wscost.estimating import Options
from wscost.plots.figures import days, moments, quantities
from wscost.plots.style import BLUE, picture
from wscost.studying import Concurrency, one_concurrency

NAME = "concurrency"
SHOWS = Concurrency


def height(seen: Concurrency) -> float:
    """Return how high the picture is. [inches]"""
    return 1.9


@picture(height)
def draw(seen: Concurrency, ax: Axes) -> None:
    """Draw the most sockets open in each step as a filled stair."""
    edges = [*seen.at, seen.start + len(seen.peaks) * seen.step]
    at = [float(date2num(edge)) for edge in edges]  # type: ignore[no-untyped-call]
    ax.stairs(seen.peaks, at, fill=True, color=BLUE, alpha=0.3)
    ax.stairs(seen.peaks, at, color=BLUE)
    ax.set_ylim(bottom=0)
    ax.xaxis_date()
    moments(ax)
    days(ax, edges[0], edges[-1])
    quantities(ax.yaxis, whole=True)
    ax.set_title("sockets open")


def alt(seen: Concurrency) -> str:
    """Say how many sockets there were, and when most."""
    most = max(seen.peaks)
    when = seen.at[seen.peaks.index(most)]
    return f"A stair: sockets open over time, at most {most:,}, about {when:%Y-%m-%d %H:%M} UTC."


def gather(inputs: Sequence[str], **options: Unpack[Options]) -> Concurrency:
    """Count the sockets of the one trace among the inputs, or of the one profile on its busiest day."""
    return one_concurrency(inputs, options)
