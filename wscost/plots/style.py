"""How pictures look: one palette, one size, numbers written as on a bill.

Colours are those of Okabe and Ito, told apart with any kind of colour vision
(https://jfly.uni-koeln.de/color/, read 2026-11-23); none of them carries meaning alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Protocol, TypeVar

import matplotlib
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 4.1
"""Of a picture of its own, so that its text can still be read on a phone. [inches]"""
INK, MUTED, RULE, PAPER = "#1f2328", "#59636e", "#d1d9e0", "#ffffff"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"
SERIES = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
DASHES = ("-", "--", ":", "-.")
"""Lines differ in their dashes too, for print in grey."""

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": MUTED,
    "axes.labelsize": 8.5,
    "axes.prop_cycle": cycler(color=SERIES),
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.dpi": 160,
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.color": MUTED,
    "ytick.labelsize": 8.5,
    "ytick.left": False,
}

T_contra = TypeVar("T_contra", contravariant=True)
T = TypeVar("T")


class Draw(Protocol[T_contra]):
    """What draws a thing."""

    def __call__(self, thing: T_contra, *, ax: Axes | None = None) -> Axes:
        """Draw a thing and return the axes."""


def picture(height: Callable[[T], float]) -> Callable[[Callable[[T, Axes], None]], Draw[T]]:
    """Make what paints into given axes a function that makes axes where none are given."""

    def of(paint: Callable[[T, Axes], None]) -> Draw[T]:
        @wraps(paint)
        def draw(thing: T, *, ax: Axes | None = None) -> Axes:
            axes = ax if ax is not None else _shown(height(thing))
            with styled():
                paint(thing, axes)
            return axes

        return draw

    return of


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the house style; a letter that the font lacks is left to the reader's own fonts."""
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support .* natively")
        yield


def blank(height: float) -> Axes:
    """Return axes that no window shows. [inches]"""
    with styled():
        return Figure(figsize=(WIDTH, height), layout="constrained").add_subplot()


def _shown(height: float) -> Axes:
    """Return axes that a notebook or a window shows.

    The figure is made outside the style: what a notebook sets when its first figure is made must stay.
    """
    from matplotlib import pyplot

    figure = pyplot.figure(
        figsize=(WIDTH, height), dpi=STYLE["figure.dpi"], facecolor=PAPER, layout="constrained"
    )
    with styled():
        return figure.add_subplot()
