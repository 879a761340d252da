"""Numbers and moments on axes, written as on a bill."""

from __future__ import annotations

from decimal import Decimal

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import FuncFormatter, MaxNLocator

from wscost.intervals import Ints
from wscost.reports import wording
from wscost.units import money, plain

_SHORT = ((Decimal(10**12), "T"), (Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))


def short(quantity: float | Decimal) -> str:
    """Write a quantity in three digits: ``2.41M``, ``400k``, ``0.05``."""
    value = Decimal(repr(quantity)) if isinstance(quantity, float) else quantity
    for size, letter in _SHORT:
        if abs(value) >= size:
            return f"{_three_digits(value / size)}{letter}"
    return _three_digits(value)


def label(text: str, most: int = 46) -> str:
    """Return a name as it fits into a picture, on one line; tables have it in full."""
    words = wording.clean(text)
    return words if len(words) <= most else f"{words[: most - 1]}…"


def amounts(axis: Axis, currency: str) -> None:
    """Write money along an axis, without cents where there are none."""
    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: amount(value, currency)))


def amount(value: float, currency: str) -> str:
    """Write an amount of money, without cents where there are none."""
    return money(Decimal(f"{value:.2f}"), currency).replace(".00", "")


def quantities(axis: Axis, *, whole: bool = False) -> None:
    """Write quantities along an axis."""
    axis.set_major_locator(MaxNLocator(5, integer=whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(float(value))))


def moments(ax: Axes) -> None:
    """Write UTC times along the x axis, no more of them than the next one needs."""
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def on_axis(microseconds: Ints) -> list[float]:
    """Return moments since the epoch as matplotlib counts them. [days]"""
    return [float(day) for day in date2num(microseconds.astype("datetime64[us]"))]  # type: ignore[no-untyped-call]


def _three_digits(value: Decimal) -> str:
    if not value:
        return "0"
    return plain(round(value, max(0, 2 - value.adjusted())))
