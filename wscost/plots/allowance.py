"""An allowance and the steps after it: what a charge costs, however much of it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Unpack

from matplotlib.axes import Axes

from wscost.errors import InputError, UnknownNameError
from wscost.estimating import Options
from wscost.exploring.case import Case
from wscost.plots.figures import amounts, label, quantities, short
from wscost.plots.style import BLUE, GREEN, INK, picture
from wscost.pricelist import Charge, PriceList
from wscost.rating import rate
from wscost.reports import wording
from wscost.units import money
from wscost.usage import MonthlyUsage, Period

NAME = "allowance"
_MOST_STEPS = 400
_MONTH = Period(date(2000, 1, 1), date(2000, 1, 31))
"""Thirty days, for allowances that come by the day."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """One charge of a plan, rated at any quantity; ``used`` is where a bill stands."""

    prices: PriceList
    charge: Charge
    rounding: str = "book"
    used: Decimal | None = None

    @classmethod
    def of(
        cls, prices: PriceList, sku: str, rounding: str = "book", used: Decimal | None = None
    ) -> Allowance:
        """Take one charge of a price list.

        Raises
        ------
        UnknownNameError
            If the list has no such charge.
        InputError
            If the charge counts nothing.
        """
        charges = {charge.sku: charge for charge in prices.charges}
        if sku not in charges:
            raise UnknownNameError(f"charge of {prices.plan}", sku, charges)
        if not charges[sku].consumes:
            raise InputError(f"{sku} is the same however much is used, so there is nothing to draw.")
        return cls(prices, charges[sku], rounding, used)

    def cost(self, quantity: Decimal) -> Decimal | None:
        """Return what so much of the charge's unit costs a month."""
        use = self.charge.consumes[0]
        bare = replace(use, multiply_by=Decimal(1), divide_by=Decimal(1))
        alone = replace(
            self.prices, charges=(replace(self.charge, consumes=(bare,)),), limits=(), minimum=None
        )
        return rate(MonthlyUsage(_MONTH, {use.key: quantity}), alone, rounding=self.rounding).lines[0].cost

    @property
    def included(self) -> Decimal:
        """What costs nothing, per month."""
        free = self.charge.included
        return Decimal(0) if free is None else free.quantity * (_MONTH.days if free.per == "day" else 1)

    def curve(self) -> list[tuple[Decimal, Decimal]]:
        """Return quantities and costs: both ends of every step up to a little past what is used."""
        per = self.charge.price.per
        end = max((self.used or Decimal(0)) * Decimal("1.3"), self.included + 4 * per)
        steps = min(int((end - self.included) / per) + 1, _MOST_STEPS)
        width = per if steps < _MOST_STEPS else (end - self.included) / steps
        smallest = min(per, Decimal(1))
        at = [Decimal(0)]
        for k in range(steps + 1):
            at += [self.included + k * width, self.included + k * width + smallest]
        costs = [(quantity, self.cost(quantity)) for quantity in dict.fromkeys(at) if quantity <= end]
        return [(quantity, cost) for quantity, cost in costs if cost is not None]


SHOWS = Allowance


def height(allowance: Allowance) -> float:
    """Return how high the picture is. [inches]"""
    return 2.3


@picture(height)
def draw(allowance: Allowance, ax: Axes) -> None:
    """Draw the cost over the quantity, the allowance shaded, and where the bill stands."""
    curve = allowance.curve()
    ax.plot([float(x) for x, _ in curve], [float(y) for _, y in curve], color=BLUE)
    ax.axvspan(0, float(allowance.included), color=GREEN, alpha=0.15, linewidth=0)
    if allowance.included:
        ax.annotate(
            f"included: {wording.short(allowance.included)}", (0, 1), (4, -12), xycoords="axes fraction",
            textcoords="offset points",
        )  # fmt: skip
    if allowance.used is not None and (cost := allowance.cost(allowance.used)) is not None:
        ax.plot(float(allowance.used), float(cost), "o", color=INK, markersize=5, clip_on=False)
        left = allowance.used * 2 < curve[-1][0]
        told = f"{short(allowance.used)}: {money(cost, allowance.prices.currency)}"
        ax.annotate(
            told,
            (float(allowance.used), float(cost)),
            (6 if left else -6, 6),
            textcoords="offset points",
            ha="left" if left else "right",
        )
    amounts(ax.yaxis, allowance.prices.currency)
    quantities(ax.xaxis)
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.set_xlabel(f"{label(allowance.charge.unit)} a month")
    ax.set_title(label(allowance.charge.name))


def alt(allowance: Allowance) -> str:
    """Say what is free and what the next step costs."""
    first = allowance.cost(allowance.included + 1)
    step = "not published" if first is None else money(first, allowance.prices.currency)
    unit = allowance.charge.unit
    words = (
        f"A line of steps: {allowance.charge.name} cost nothing up to "
        f"{wording.short(allowance.included)} {unit} a month; one more costs {step}."
    )
    if allowance.used is not None and (cost := allowance.cost(allowance.used)) is not None:
        words += f" The bill stands at {short(allowance.used)}: {money(cost, allowance.prices.currency)}."
    return words


def gather(
    inputs: Sequence[str],
    *,
    sku: str,
    plan: str | None = None,
    deployment: str | None = None,
    **options: Unpack[Options],
) -> Allowance:
    """Take a charge, and where the bill of the inputs stands on it."""
    case = Case.of(inputs, deployment, options)
    bill = case.bill(case.plan(plan))
    prices = case.account.price_list(bill.plan, case.deployment)
    return Allowance.of(prices, sku, case.account.options.get("rounding") or "book", bill.line(sku).consumed)
