"""Multiplying a month's usage: more of the same, or more of one meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

from wscost.notes import Note
from wscost.units import plain
from wscost.usage import MonthlyUsage, Quantities, meter_of

EVERYTHING = "scale"
"""The factor of all meters, peaks included: as many times the rooms, each like those seen."""
ALL_INPUTS = "traffic"
"""The same, of every kind of input."""
_DIVISIBLE = frozenset({"s", "ms", "min", "GB-month"})


def multiplied(month: MonthlyUsage, factors: Mapping[str, Decimal]) -> MonthlyUsage:
    """Return a month's usage with meters multiplied: all (``scale``, ``traffic``), or one by its name.

    A meter takes its parametrised keys along; counts are rounded to whole numbers, half to even.
    """
    told = {name: factor for name, factor in factors.items() if factor != 1}
    if not told:
        return month
    return replace(
        month,
        quantities={key: whole(key, quantity) for key, quantity in _times(month.quantities, told).items()},
        days=None if month.days is None else {day: _times(held, told) for day, held in month.days.items()},
        notes=(*month.notes, *(_note(name, factor) for name, factor in told.items())),
    )


def whole(key: str, quantity: Decimal) -> Decimal:
    """Round a meter's quantity to what can be counted; times stay as they are."""
    if meter_of(key).unit in _DIVISIBLE:
        return quantity
    return quantity.to_integral_value(ROUND_HALF_EVEN)


def _times(quantities: Quantities, factors: Mapping[str, Decimal]) -> dict[str, Decimal]:
    everything = factors.get(EVERYTHING, Decimal(1)) * factors.get(ALL_INPUTS, Decimal(1))
    return {
        key: quantity * everything * factors.get(meter_of(key).name, Decimal(1))
        for key, quantity in quantities.items()
    }


def _note(name: str, factor: Decimal) -> Note:
    everything = name in (EVERYTHING, ALL_INPUTS)
    what = "Usage" if everything else name
    same = ": more of the same traffic, in as many more rooms" if everything else ", all else alike"
    return Note("multiplied", f"{what} is taken {plain(factor)} times{same}.", {"of": name, "factor": factor})
