"""Ranging: how far a bill may lie from the middle, from months that might have been."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeAlias

import numpy as np

from wscost.bill import Bill, Range, Spread
from wscost.rating import Charged
from wscost.units import cents
from wscost.usage import MonthlyUsage

DEFAULT_REPLICATES = 200
Basis: TypeAlias = Literal["simulated", "observed"]


@dataclass(frozen=True, slots=True)
class Replicates:
    """Months that might have been: with everything uncertain, and with chance alone.

    ``drawn`` names the figures of profiles that are given as ranges; without any both are the same. Days
    hold only the meters that were asked for by day.
    """

    months: Sequence[MonthlyUsage]
    by_chance: Sequence[MonthlyUsage]
    basis: Basis = "simulated"
    drawn: tuple[str, ...] = ()

    def ranged(self, bill: Bill, charge: Callable[[MonthlyUsage], Charged]) -> Bill:
        """Return a bill with the range that these months give it.

        Parameters
        ----------
        bill : Bill
            The bill of the month in the middle.
        charge : callable
            From a month to what it costs, under the same prices.
        """
        charged = [charge(month) for month in self.months]
        same = self.months is self.by_chance
        chance = charged if same else [charge(month) for month in self.by_chance]
        whole, by_chance = (float(np.var([float(one.total) for one in some])) for some in (charged, chance))
        unknown = 0.0 if same or not whole else min(max(1 - by_chance / whole, 0.0), 1.0)
        costs = {
            line.sku: [cost for one in charged if (cost := one.lines[line.sku]) is not None]
            for line in bill.lines
        }
        return replace(
            bill,
            range=Range(
                replicates=len(charged),
                total=_spread([one.total for one in charged]),
                lines={sku: _spread(amounts) for sku, amounts in costs.items() if amounts},
                workload_share=Decimal(unknown).quantize(Decimal("0.01")),
                basis=self.basis,
                drawn=self.drawn,
                totals=tuple(one.total if one.feasible else None for one in charged),
            ),
        )


def _spread(amounts: Sequence[Decimal]) -> Spread:
    """Return percentiles that are amounts of real replicates (nearest rank), and the mean in cents."""
    ordered = sorted(amounts)
    p10, p50, p90 = (ordered[max(-(-len(ordered) * p // 100) - 1, 0)] for p in (10, 50, 90))
    return Spread(p10, p50, p90, mean=cents(sum(ordered, Decimal(0)) / len(ordered)))
