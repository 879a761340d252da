"""Concurrency: the sockets open at once over time."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.dates import date2num

from wscost.plots.figures import moments, quantities
from wscost.plots.style import BLUE, picture
from wscost.studying import Concurrency

NAME = "concurrency"
SHOWS = Concurrency


def height(concurrency: Concurrency) -> float:
    """Return how high the picture is. [inches]"""
    return 1.9


@picture(height)
def draw(concurrency: Concurrency, ax: Axes) -> None:
    """Draw the most sockets open in each step as a filled stair."""
    edges = [*concurrency.at, concurrency.start + len(concurrency.peaks) * concurrency.step]
    at = [float(date2num(edge)) for edge in edges]  # type: ignore[no-untyped-call]
    ax.stairs(concurrency.peaks, at, fill=True, color=BLUE, alpha=0.3)
    ax.stairs(concurrency.peaks, at, color=BLUE)
    ax.set_ylim(bottom=0)
    ax.xaxis_date()
    moments(ax)
    quantities(ax.yaxis, whole=True)
    ax.set_title("sockets open")


def alt(concurrency: Concurrency) -> str:
    """Say how many sockets there were, and when most."""
    most = max(concurrency.peaks)
    when = concurrency.at[concurrency.peaks.index(most)]
    return f"A stair: sockets open over time, at most {most:,}, about {when:%Y-%m-%d %H:%M} UTC."
