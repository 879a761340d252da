"""A sweep: bills over the values of one field, a line for each plan, deployment and value of other fields."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle, pairwise
from typing import Unpack

from matplotlib.axes import Axes

from wscost.estimating import Options
from wscost.exploring.sweeping import Point, Priced, Sweep, sweep
from wscost.exploring.words import short_names
from wscost.plots.figures import (
    AT_LEAST,
    amounts,
    by_decades,
    durations,
    from_zero,
    label,
    middle_out,
    quantities,
    seconds,
    short,
)
from wscost.plots.style import DASHES, SERIES, picture
from wscost.units import money

NAME = "sweep"
SHOWS = Sweep
MOST_LINES = 9
"""Where there would be more, only the cheapest bill of each point is drawn."""
_MOST_TICKS = 7
"""Of more values, not each is written at the axis."""
_LETTERS = 52
"""How many fit across the picture."""


def height(swept: Sweep) -> float:
    """Return how high the picture is. [inches]"""
    return 2.4 + 0.17 * len(_lines(swept))


@picture(height)
def draw(swept: Sweep, ax: Axes) -> None:
    """Draw the totals over the first field; words stand at equal distances."""
    along = _along(swept)
    numbers = _numbers([point.values[0] for point in swept.points])
    lines = _lines(swept)
    all_bounded = all(map(_bounded, lines.values()))
    for (name, line), color, dash in zip(lines.items(), cycle(SERIES), cycle(DASHES)):
        mark = AT_LEAST if _bounded(line) and not all_bounded else ""
        ax.plot(
            [along[point.texts[0]] for point, _ in line],
            [float(priced.total) for _, priced in line],
            f"{dash}o" if numbers else "o",
            color=color,
            markersize=3,
            label=f"{middle_out(name, _LETTERS - len(mark))}{mark}",
        )
    timed = all(text[-1:] in {"s", "m", "h", "d", "w"} for text in along)
    if numbers and _spread_out(list(along.values())):
        by_decades(ax, "x", seconds if timed else short)
    elif numbers:
        (durations if timed else quantities)(ax.xaxis)
    if numbers and len(along) <= _MOST_TICKS:
        write = seconds if timed else short
        ax.set_xticks(list(along.values()), [write(value) for value in along.values()])
    elif not numbers:
        ax.set_xticks(list(along.values()), [label(text, _LETTERS // 2) for text in along])
        if sum(map(len, along)) > _LETTERS:
            ax.tick_params("x", rotation=90)
    ax.set_title(f"monthly total{AT_LEAST if all_bounded else ''}")
    amounts(ax.yaxis, swept.points[0].prices[0].currency)
    from_zero(ax)
    ax.set_xlabel(label(swept.paths[0]))
    ax.figure.legend(loc="outside lower left")


def _bounded(line: Sequence[tuple[Point, Priced]]) -> bool:
    return any(not priced.complete for _, priced in line)


def _along(swept: Sweep) -> dict[str, float]:
    """Return where each value of the first field stands along the axis, by its text."""
    firsts = {point.texts[0]: point.values[0] for point in swept.points}
    if _numbers(list(firsts.values())):
        return {text: float(value) for text, value in firsts.items()}
    return {text: float(i) for i, text in enumerate(firsts)}


def _spread_out(values: Sequence[float]) -> bool:
    """Whether steps grow along with the values, so that they belong on a logarithmic axis."""
    steps = [after - before for before, after in pairwise(values)]
    return len(values) > 2 and min(values) > 0 and max(steps) >= 10 * min(steps)


def _numbers(values: Sequence[object]) -> bool:
    return all(isinstance(v, (int, float, Decimal)) and not isinstance(v, bool) for v in values)


def _lines(swept: Sweep) -> dict[str, list[tuple[Point, Priced]]]:
    lines: dict[str, list[tuple[Point, Priced]]] = {}
    sides = [(priced.plan, priced.deployment) for priced in swept.points[0].prices]
    names = short_names(sides)  # all along the line: a field that moves may rename its deployment
    crowded = len({point.texts[1:] for point in swept.points}) * len(sides) > MOST_LINES
    for point in swept.points:
        for name, priced in zip(names, point.prices, strict=True):
            if not priced.feasible or (crowded and not priced.cheapest):
                continue
            others = [f"{path}={text}" for path, text in zip(swept.paths[1:], point.texts[1:], strict=True)]
            who = "the cheapest" if crowded else name
            lines.setdefault(", ".join([who, *others]), []).append((point, priced))
    return lines


def alt(swept: Sweep) -> str:
    """Say where each line begins and ends."""
    told = "; ".join(
        f"{name}: from {_told(line[0])} to {_told(line[-1])}" for name, line in _lines(swept).items()
    )
    return f"Lines: monthly totals over {', '.join(swept.paths)}. {told}."


def _told(end: tuple[Point, Priced]) -> str:
    point, priced = end
    return f"{money(priced.total, priced.currency, at_least=not priced.complete)} at {point.texts[0]}"


def gather(
    inputs: Sequence[str],
    *,
    vary: Sequence[str],
    plan: Sequence[str] | None = None,
    deployment: Sequence[str] | None = None,
    by_means: bool = False,
    **options: Unpack[Options],
) -> Sweep:
    """Price the grid to draw."""
    return sweep(inputs, vary, plan=plan, deployment=deployment, by_means=by_means, **options)
