"""A list of bars: each with its name above it and its amount at the right, readable however long the name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from wscost.plots.figures import label
from wscost.plots.style import BLUE, RULE, STYLE, WIDTH

ROW = 0.4
"""Height of one bar with its name. [inches]"""
_ROOM = WIDTH * 72 - 10
"""What a name and its amount share above a bar. [points]"""
_MOST_LETTERS = 64


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
        name = fitted(partial(label, row.name), row.amount)
        for words, x, side in ((name, 0.0, "left"), (row.amount, longest, "right")):
            told = ax.annotate(words, (x, y), (0, 5), textcoords="offset points", ha=side, va="bottom")
            told.set_in_layout(False)
    ax.set_xlim(0, longest)
    ax.set_ylim(max(len(rows), 1) - 0.7, -0.8)
    ax.axis("off")


def fitted(shortened: Callable[[int], str], amount: str) -> str:
    """Return a name shortened to as many letters as leave room for its amount."""
    room = _ROOM - _width(amount) - 8
    names = map(shortened, range(_MOST_LETTERS, 4, -1))
    return next((name for name in names if _width(name) <= room), shortened(4))


def _width(words: str) -> float:
    font = FontProperties(family=STYLE["font.family"], size=STYLE["font.size"])
    width, _, _ = text_to_path.get_text_width_height_descent(words, font, ismath=False)
    return float(width)


def bar_list_height(rows: int) -> float:
    """Return how high so many bars are. [inches]"""
    return 0.15 + ROW * max(rows, 1)
