"""Rating: a month's usage and a price list in, a bill out.

Every line runs the same way: **consume -> round -> include -> price -> cents**. Knows no connection
and no date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import NamedTuple

from wscost.bill import Bill, BillLine, Breach, Component, LimitUse, TierCost
from wscost.errors import UnknownNameError
from wscost.notes import Grade, Note
from wscost.pricelist import Charge, Consume, Included, Limit, Model, Price, PriceList, Rounding
from wscost.units import CENT, cents
from wscost.usage import MonthlyUsage, Quantities

ZERO = Decimal(0)
_EXACT = Context(prec=60)
_ROUND = {"up": ROUND_CEILING, "down": ROUND_FLOOR, "half_up": ROUND_HALF_UP}


def rate(usage: MonthlyUsage, prices: PriceList, *, rounding: Rounding | str = Rounding.BOOK) -> Bill:
    """Price a month's usage.

    Parameters
    ----------
    usage : MonthlyUsage
        What was metered, for one billing month.
    prices : PriceList
        The charges in force, already narrowed to the deployment.
    rounding : Rounding
        What happens to a started pricing unit of overage: as the book says, up, down, or prorated.

    Returns
    -------
    Bill
        One line a charge, in the list's order; zero lines are kept. A charge whose quantity or price
        is unknown has no cost and says what it depends on.

    Raises
    ------
    UnknownNameError
        If there is no such rounding.
    """
    rounding = _known(rounding)
    with localcontext(_EXACT):
        lines = [_line(usage, charge, rounding) for charge in prices.charges]
        added = sum((line.cost for line in lines if line.cost is not None), ZERO)
        total = _at_least_minimum(added, prices)
        notes = [*prices.notes, *usage.notes]
        if prices.minimum is not None and added < prices.minimum:
            notes.append(
                Note("minimum", f"The lines add up to {added}; the plan bills at least {prices.minimum}.")
            )
        if usage.days is None and prices.daily_meters:
            notes.append(
                Note("even-days", "Only monthly totals are known: daily allowances and caps take even days.")
            )
        notes += _unseen_limits(usage, prices)
        return Bill(
            plan=prices.plan,
            plan_name=prices.name,
            deployment="",
            currency=prices.currency,
            period=usage.period,
            as_of=prices.as_of,
            region=prices.region,
            lines=tuple(lines),
            total=total,
            usage=usage.quantities,
            grades=usage.grades,
            notes=tuple(notes),
            breaches=tuple(b for limit in prices.limits if (b := _breach(usage, limit)) is not None),
            limits=tuple(_limit_use(usage, limit) for limit in prices.limits),
        )


def _unseen_limits(usage: MonthlyUsage, prices: PriceList) -> Iterator[Note]:
    """Say which meters are unknown that limits count."""
    counted = dict.fromkeys(use for limit in prices.limits for use in limit.consumes)
    unknown = [use.meter for use in counted if _key(use, usage.quantities) not in usage.quantities]
    if unknown:
        yield Note(
            "limits-unseen",
            f"Not known, so limits on it may break unseen: {', '.join(unknown)}.",
            {"meters": unknown},
        )


class Charged(NamedTuple):
    """What a month costs, without how it comes to that."""

    lines: Mapping[str, Decimal | None]
    """By SKU."""
    total: Decimal
    feasible: bool
    """Whether no limit of the plan is broken."""
    complete: bool
    """Whether every line has its whole cost."""


def charge(usage: MonthlyUsage, prices: PriceList, *, rounding: Rounding | str = Rounding.BOOK) -> Charged:
    """Price a month's usage as `rate` does, to the same amounts in half the time.

    Raises
    ------
    UnknownNameError
        If there is no such rounding.
    """
    rounding = _known(rounding)
    with localcontext(_EXACT):
        worked = {charge.sku: _work_out(usage, charge, rounding) for charge in prices.charges}
        lines = {sku: None if line.cost is None else cents(line.cost) for sku, line in worked.items()}
        added = sum((cost for cost in lines.values() if cost is not None), ZERO)
        feasible = all(_breach(usage, limit) is None for limit in prices.limits)
        complete = all(line.complete for line in worked.values())
        return Charged(lines, _at_least_minimum(added, prices), feasible, complete)


def _known(rounding: Rounding | str) -> Rounding:
    try:
        return Rounding(rounding)
    except ValueError:
        raise UnknownNameError("rounding", rounding, list(Rounding)) from None


def _at_least_minimum(total: Decimal, prices: PriceList) -> Decimal:
    return cents(total if prices.minimum is None else max(total, prices.minimum))


class _Worked(NamedTuple):
    """How a line comes to its cost."""

    components: tuple[Component, ...]
    consumed: Decimal | None
    billed: Decimal | None
    priced: Decimal | None
    tiers: tuple[TierCost, ...]
    cost: Decimal | None

    @property
    def complete(self) -> bool:
        known = all(part.quantity is not None for part in self.components)
        return known and self.cost is not None and all(tier.cost is not None for tier in self.tiers)


def _work_out(usage: MonthlyUsage, charge: Charge, rounding: Rounding) -> _Worked:
    components = _components(usage.quantities, charge.consumes)
    known = [c.consumed for c in components if c.consumed is not None]
    consumed = _consumed(charge, known) if known or not components else None
    billed = None if consumed is None else _billed(usage, charge, consumed)
    priced = None if billed is None else _priced(charge.price, billed, rounding)
    tiers = _tiers(charge.price, priced) if priced is not None else ()
    return _Worked(components, consumed, billed, priced, tiers, _cost(charge.price, priced, tiers))


def _line(usage: MonthlyUsage, charge: Charge, rounding: Rounding) -> BillLine:
    components, consumed, billed, priced, tiers, cost = _work_out(usage, charge, rounding)
    missing = tuple(c.meter for c in components if c.quantity is None)
    grades = [usage.grades.get(c.meter, Grade.MEASURED) for c in components if c.quantity is not None]
    if missing and len(missing) < len(components):
        grades.append(Grade.LOWER_BOUND)
    return BillLine(
        sku=charge.sku,
        name=charge.name,
        unit=charge.unit,
        model=charge.price.model,
        consumed=consumed,
        included=_included(usage, charge),
        billed=billed,
        priced=priced,
        unit_price=charge.price.tiers[0].amount if charge.price.tiers else charge.price.amount,
        per=charge.price.per,
        cost=None if cost is None else cents(cost),
        provenance=charge.provenance,
        rounding=_rounding_words(charge.price, rounding),
        components=components,
        tiers=tiers,
        grade=Grade.UNKNOWN if cost is None else Grade.worst(*grades),
        depends_on=missing,
        by_input=_by_input(usage, charge, cost),
    )


def _components(quantities: Quantities, consumes: Iterable[Consume]) -> tuple[Component, ...]:
    """Take each meter's quantity, under its parametrised key or else its bare name."""
    out = []
    for use in consumes:
        key = _key(use, quantities)
        quantity = quantities.get(key)
        consumed = None if quantity is None else _consumed_of(use, quantity)
        out.append(Component(key, quantity, use.multiply_by, use.divide_by, consumed))
    return tuple(out)


def _key(use: Consume, quantities: Quantities) -> str:
    return use.key if use.key in quantities else use.meter


def _consumed_of(use: Consume, quantity: Decimal) -> Decimal:
    return quantity * use.multiply_by / use.divide_by


def _consumed(charge: Charge, parts: Iterable[Decimal]) -> Decimal:
    if not charge.consumes:
        return Decimal(1)
    consumed = sum(parts, ZERO)
    if charge.round is not None:
        consumed = consumed.to_integral_value(_ROUND[charge.round])
    return consumed


def _included(usage: MonthlyUsage, charge: Charge) -> Decimal:
    if charge.included is None:
        return ZERO
    return charge.included.quantity * (usage.period.days if charge.included.per == "day" else 1)


def _billed(usage: MonthlyUsage, charge: Charge, consumed: Decimal) -> Decimal:
    """Return what is left of a quantity after its allowance; what a day leaves unused is lost."""
    match charge.included:
        case None:
            return consumed
        case Included(per="day", quantity=allowance):
            return sum((max(q - allowance, ZERO) for q in _daily(usage, charge.consumes).values()), ZERO)
        case Included(quantity=allowance):
            return max(consumed - allowance, ZERO)


def _daily(usage: MonthlyUsage, consumes: tuple[Consume, ...]) -> dict[date, Decimal]:
    """Return what a charge or limit consumes on each day of the month, evenly where days are unknown."""
    if usage.days is None:
        even = _sum(usage.quantities, consumes) / usage.period.days
        return {usage.period.start + timedelta(days=i): even for i in range(usage.period.days)}
    known = [(use, key) for use in consumes if (key := _key(use, usage.quantities)) in usage.quantities]
    return {
        day: sum((_consumed_of(use, held[key]) for use, key in known if key in held), ZERO)
        for day, held in sorted(usage.days.items())
    }


def _sum(quantities: Quantities, consumes: tuple[Consume, ...]) -> Decimal:
    return sum((c.consumed or ZERO for c in _components(quantities, consumes)), ZERO)


def _rounding(price: Price, asked: Rounding) -> Rounding:
    """Return what happens to a started pricing unit: what was asked for, or else what the book says."""
    return price.overage if asked is Rounding.BOOK else asked


def _priced(price: Price, billed: Decimal, rounding: Rounding) -> Decimal:
    """Round a billed quantity to the whole pricing units that are charged."""
    to_whole = _ROUND.get(_rounding(price, rounding))
    if price.model is Model.FLAT or to_whole is None:
        return billed
    return (billed / price.per).to_integral_value(to_whole) * price.per


def _rounding_words(price: Price, rounding: Rounding) -> str:
    if price.model is Model.FLAT:
        return "none"
    rule = _rounding(price, rounding)
    return f"{rule} to whole {price.per:,f}" if rule in _ROUND else "prorated"


def _tiers(price: Price, priced: Decimal) -> tuple[TierCost, ...]:
    """Lay a quantity out over the tiers: cumulatively if graduated, whole in one tier if by volume."""
    out: list[TierCost] = []
    below = ZERO
    for tier in price.tiers:
        top = priced if tier.up_to is None else min(priced, tier.up_to)
        if price.model is Model.VOLUME:
            here = priced if tier.up_to is None or priced <= tier.up_to else ZERO
        else:
            here = max(top - below, ZERO)
        if here or not out:
            cost = None if tier.amount is None else here / price.per * tier.amount
            out.append(TierCost(tier.up_to, here, tier.amount, ZERO if not here else cost))
        if price.model is Model.VOLUME and here:
            return tuple(out[-1:])
        below = top
    return tuple(out)


def _cost(price: Price, priced: Decimal | None, tiers: tuple[TierCost, ...]) -> Decimal | None:
    """Price a quantity; one that nobody knows has no cost, nor has what only tiers of unknown price hold."""
    if price.model is Model.FLAT:
        return price.amount
    if priced is None:
        return None
    if tiers:
        known = sum((tier.cost for tier in tiers if tier.cost is not None), ZERO)
        return known if known or all(tier.cost is not None for tier in tiers) else None
    return None if price.amount is None else priced / price.per * price.amount


def _by_input(usage: MonthlyUsage, charge: Charge, cost: Decimal | None) -> dict[str, Decimal]:
    """Share a line's cents among the inputs by what each consumed; the largest rest takes a lost cent."""
    consumed = {name: _sum(quantities, charge.consumes) for name, quantities in usage.by_input.items()}
    everything = sum(consumed.values(), ZERO)
    if cost is None or not everything:
        return {}
    exact = {name: cents(cost) * quantity / everything for name, quantity in consumed.items()}
    shares = {name: share.quantize(CENT, ROUND_FLOOR) for name, share in exact.items()}
    lost = int((cents(cost) - sum(shares.values(), ZERO)) / CENT)
    for name in sorted(exact, key=lambda n: shares[n] - exact[n])[:lost]:
        shares[name] += CENT
    return shares


def _limit_use(usage: MonthlyUsage, limit: Limit) -> LimitUse:
    """Return the most that is consumed of a limit in one day, or in the month."""
    known = [c.consumed is not None for c in _components(usage.quantities, limit.consumes)]
    if not any(known):
        return LimitUse(limit, None, complete=False)
    if limit.per == "day":
        return LimitUse(limit, max(_daily(usage, limit.consumes).values(), default=ZERO), all(known))
    return LimitUse(limit, _sum(usage.quantities, limit.consumes), all(known))


def _breach(usage: MonthlyUsage, limit: Limit) -> Breach | None:
    """Return how a limit is broken, or None."""
    if limit.per == "day":
        days = {day: q for day, q in _daily(usage, limit.consumes).items() if q > limit.maximum}
        worst = max(days.values(), default=ZERO)
        first = min(days, default=None) if usage.days is not None else None
        times = len(days)
    else:
        worst = _sum(usage.quantities, limit.consumes)
        first, times = None, int(worst > limit.maximum)
    if not times:
        return None
    return Breach(
        limit=limit.id,
        name=limit.name,
        unit=limit.unit,
        maximum=limit.maximum,
        per=limit.per,
        worst=worst,
        first=first,
        times=times,
        consequence=limit.consequence,
        provenance=limit.provenance,
    )
