"""A list of bars: each with its name above it and its amount at the right, readable however long the name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from wscost.plots.figures import label
from wscost.plots.style import BLUE, RULE

ROW = 0.4
"""Height of one bar with its name. [inches]"""
_LETTERS = 64
"""How many fit above a bar, its amount included."""


class Bar(NamedTuple):
    """A name, a length, and what is written at its end."""

    name: str
    length: float
    amount: str
    color: str = BLUE


def bar_list(ax: Axes, rows: Sequence[Bar]) -> None:
    """Draw bars from the top down, the scale left to the amounts beside them."""
    longest = max((row.length for row in rows), default=0) or 1
    for y, row in enumerate(rows):
        ax.barh(y, longest, height=0.16, color=RULE, alpha=0.5)
        ax.barh(y, row.length, height=0.16, color=row.color)
        name = label(row.name, _LETTERS - len(row.amount))
        for words, x, side in ((name, 0.0, "left"), (row.amount, longest, "right")):
            told = ax.annotate(words, (x, y), (0, 5), textcoords="offset points", ha=side, va="bottom")
            told.set_in_layout(False)
    ax.set_xlim(0, longest)
    ax.set_ylim(max(len(rows), 1) - 0.7, -0.8)
    ax.axis("off")


def bar_list_height(rows: int) -> float:
    """Return how high so many bars are. [inches]"""
    return 0.15 + ROW * max(rows, 1)
