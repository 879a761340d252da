"""One meter by UTC day of the billing month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Unpack

from matplotlib.axes import Axes

from wscost.bill import Bill
from wscost.errors import InputError, UnknownNameError
from wscost.estimating import Options, estimate
from wscost.plots.figures import quantities, short
from wscost.plots.style import BLUE, picture
from wscost.usage import meter_of

NAME = "usage"


@dataclass(frozen=True, slots=True)
class UsageByDay:
    """One meter's quantities by UTC day."""

    meter: str
    days: dict[date, Decimal]

    @classmethod
    def of(cls, bill: Bill, meter: str | None = None) -> UsageByDay:
        """Return a bill's usage of one meter by day; of the one that costs most if none is named.

        Raises
        ------
        InputError
            If only the month's totals are known.
        UnknownNameError
            If the bill has no such meter.
        """
        if bill.days is None:
            raise InputError("Only the month's totals are known, not what was used on which day.")
        chosen = meter or costliest_meter(bill)
        known = {key for quantities in bill.days.values() for key in quantities}
        if chosen not in known:
            raise UnknownNameError("meter on this bill", chosen, known)
        return cls(chosen, {day: q.get(chosen, Decimal(0)) for day, q in sorted(bill.days.items())})

    @property
    def alike(self) -> bool:
        """Whether every day is the same, so that a picture says nothing."""
        return len(set(self.days.values())) == 1


SHOWS = UsageByDay


def costliest_meter(bill: Bill) -> str:
    """Return the meter that the bill's dearest line counts most of."""
    counted = [line for line in bill.lines if line.components]
    line = max(counted, key=lambda x: (x.cost or 0, x.consumed or 0), default=None)
    if line is None:
        return "connections_opened"
    return max(line.components, key=lambda part: part.consumed or 0).meter


def height(usage: UsageByDay) -> float:
    """Return how high the picture is. [inches]"""
    return 1.9


@picture(height)
def draw(usage: UsageByDay, ax: Axes) -> None:
    """Draw a bar a day."""
    ax.bar(list(usage.days), [float(q) for q in usage.days.values()], color=BLUE, width=0.8)  # type: ignore[arg-type]
    ticks = list(usage.days)[::7]
    ax.set_xticks(ticks, [f"{day.day}" for day in ticks])  # type: ignore[arg-type]
    ax.set_xlabel(f"UTC days from {min(usage.days)} to {max(usage.days)}")
    quantities(ax.yaxis)
    ax.set_title(_title(usage.meter))


def _title(key: str) -> str:
    unit = meter_of(key).unit
    name = key.replace("_", " ")
    return name if name.endswith(unit) else f"{name} [{unit}]"


def alt(usage: UsageByDay) -> str:
    """Say on which days most and least was used."""
    low, high = min(usage.days, key=usage.days.__getitem__), max(usage.days, key=usage.days.__getitem__)
    return (
        f"Bars: {_title(usage.meter)} on each of {len(usage.days)} days; most on {high} "
        f"({short(usage.days[high])}), least on {low} ({short(usage.days[low])})."
    )


def gather(
    inputs: Sequence[str],
    *,
    meter: str | None = None,
    plan: str | None = None,
    deployment: str | None = None,
    **options: Unpack[Options],
) -> UsageByDay:
    """Estimate the month whose days to draw."""
    return UsageByDay.of(estimate(inputs, plan=plan, deployment=deployment, **options), meter)
