"""Numbers and moments on axes, written as on a bill."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from wscost.exploring.ranges import duration
from wscost.intervals import Ints
from wscost.reports import wording
from wscost.units import money, plain

_SHORT = ((Decimal(10**12), "T"), (Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))


AT_LEAST = ", at least"
"""Beside a name in a legend, or in the title where it holds for all."""


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


def middle_out(text: str, most: int) -> str:
    """Return a name as it fits into a picture, both ends of it, for many differ in the last."""
    words = wording.clean(text)
    end = (most - 1) // 2
    return words if len(words) <= most else f"{words[: most - 1 - end]}…{words[-end:]}"


def amounts(axis: Axis, currency: str) -> None:
    """Write money along an axis, without cents where no tick has any."""
    axis.set_major_locator(MaxNLocator(5))

    def write(value: float, _: object) -> str:
        cents = any(round(float(tick), 2) % 1 for tick in axis.get_majorticklocs())
        return money(Decimal(f"{value:.2f}"), currency) if cents else amount(value, currency)

    axis.set_major_formatter(FuncFormatter(write))


def amount(value: float, currency: str) -> str:
    """Write an amount of money, without cents where there are none."""
    return money(Decimal(f"{value:.2f}"), currency).replace(".00", "")


def from_zero(ax: Axes) -> None:
    """Begin the y axis at zero, and end it above the highest mark."""
    _, high = ax.dataLim.intervaly
    ax.set_ylim(0, high * 1.06 if math.isfinite(high) and high > 0 else 1)


def quantities(axis: Axis, *, whole: bool = False) -> None:
    """Write quantities along an axis."""
    axis.set_major_locator(MaxNLocator(5, integer=whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(float(value))))


def durations(axis: Axis) -> None:
    """Write lengths of time along an axis as profiles do, at steps that are round on a clock."""
    axis.set_major_locator(MaxNLocator(5, steps=[1, 1.2, 1.8, 3, 3.6, 6, 9, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: seconds(value)))


def seconds(value: float) -> str:
    """Write a length of time as profiles do: ``1h30m``. [s]"""
    return duration(Decimal(f"{value:.6g}"))


def by_decades(ax: Axes, way: Literal["x", "y"], write: Callable[[float], str]) -> None:
    """Make an axis logarithmic and write its decades; of few decades, values between them too."""
    ax.set(**{f"{way}scale": "log"})
    axis = ax.xaxis if way == "x" else ax.yaxis
    low, high = axis.get_data_interval()
    decades = math.log10(high / low) if 0 < low < high else 1
    between = (1, 2, 5) if decades < 1.5 else (1, 3) if decades < 2.5 else (1,)
    axis.set_major_locator(LogLocator(subs=between, numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: write(float(value))))
    axis.set_minor_locator(NullLocator())


def moments(ax: Axes) -> None:
    """Write UTC times along the x axis, no more of them than the next one needs."""
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]


def days(ax: Axes, start: datetime, end: datetime) -> None:
    """Write below the x axis which days it shows, the end left out, and that its times are UTC."""
    first, last = start.date(), max(start, end - timedelta(microseconds=1)).date()
    ax.set_xlabel(f"UTC, {first}" if first == last else f"UTC, {first} to {last}")


def on_axis(microseconds: Ints) -> list[float]:
    """Return moments since the epoch as matplotlib counts them. [days]"""
    return [float(day) for day in date2num(microseconds.astype("datetime64[us]"))]  # type: ignore[no-untyped-call]


def _three_digits(value: Decimal) -> str:
    if not value:
        return "0"
    return plain(round(value, max(0, 2 - value.adjusted())))
