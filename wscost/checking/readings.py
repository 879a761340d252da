"""What a metric says of one bill: a figure, or one for each percentile, and how far it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from wscost.bill import Bill, BillLine, Spread
from wscost.notes import Grade
from wscost.scenario import Kind, kind_of
from wscost.scenario.limits import LINE, METER, counted
from wscost.units import cents, grouped, money, told_from

PERCENTILES = ("p10", "p50", "p90")
POINT = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric's figures by percentile (one under ``POINT`` where nothing varies), and what they lack.

    ``missing`` says why the true figure may be higher without bound; ``doubt`` why it may be somewhat
    higher, ``void`` why nobody will be billed such a figure. ``names`` are those of what was counted.
    """

    figures: dict[str, Decimal]
    missing: str = ""
    doubt: str = ""
    void: str = ""
    names: tuple[str, ...] = ()

    @property
    def value(self) -> Decimal | None:
        """The one figure, or the middle one."""
        if not self.figures:
            return None
        return next(iter(self.figures.values())) if len(self.figures) == 1 else self.figures["p50"]


def read(metric: str, bill: Bill, at: str | None, today: date) -> Reading:
    """Return what a metric says of a bill, at one percentile or at those that span its range."""
    if kind_of(metric) is Kind.MONEY:
        return _money(metric, bill, at)
    if metric == "coverage.priced":
        return Reading({POINT: bill.coverage})
    if metric == "limits.broken":
        names = tuple(breach.name for breach in bill.breaches)
        return Reading({POINT: Decimal(len(names))}, names=names)
    if metric == "pricebook.age_days":
        return _age(bill, today)
    return _meter(metric.removeprefix(METER), bill)


def has(metric: str, bill: Bill) -> bool:
    """Whether a metric says anything of a bill: a line's does only where the bill has that line."""
    return not metric.startswith(LINE) or any(line.sku == metric.removeprefix(LINE) for line in bill.lines)


def written(metric: str, amount: Decimal, currency: str, beside: Decimal | None = None) -> str:
    """Write a metric's figure with its unit; beside another, so precisely that one sees which is more."""
    if kind_of(metric) is Kind.MONEY:
        if beside is not None:
            amount = told_from(amount, beside, 2)
        places = max(2, -int(amount.as_tuple().exponent)) if beside is not None else 2
        return f"{'-' if amount < 0 else ''}{money(abs(amount), currency, places)}"
    unit = "%" if kind_of(metric) is Kind.SHARE else f" {counted(metric, amount)}"
    return f"{number(metric, amount, beside)}{unit}".rstrip()


def number(metric: str, amount: Decimal, beside: Decimal | None = None) -> str:
    """Write a metric's figure, no money, as ``written`` does but without its unit."""
    factor = 100 if kind_of(metric) is Kind.SHARE else 1
    if beside is None:
        return grouped(amount * factor, 2)
    return grouped(told_from(amount * factor, beside * factor, 2))


def _money(metric: str, bill: Bill, at: str | None) -> Reading:
    sku = metric.removeprefix(LINE) if metric.startswith(LINE) else None
    lines = [line for line in bill.lines if sku is None or line.sku == sku]
    if sku is not None and not lines:
        return Reading({POINT: Decimal(0)})
    point = bill.total if sku is None else lines[0].cost
    spread = None
    if bill.range is not None:
        spread = bill.range.total if sku is None else bill.range.lines.get(sku)
    if spread is not None:
        figures = {p: cents(_of(spread, p)) for p in ([at] if at else PERCENTILES)}
    else:
        figures = {} if point is None else {POINT: point}
    unknown = [line for line in lines if not line.complete]
    partly = [line for line in lines if line.grade is Grade.LOWER_BOUND and line not in unknown]
    return Reading(
        figures or {POINT: Decimal(0)},
        missing=_missing(unknown),
        doubt=_doubt({line.name: [part.meter for part in line.components] for line in partly}, bill),
        void=f"the plan cannot carry this workload ({bill.breaches[0].name})" if bill.breaches else "",
    )


def _of(spread: Spread, percentile: str) -> Decimal:
    amount: Decimal = getattr(spread, percentile)
    return amount


def _missing(lines: list[BillLine]) -> str:
    if not lines:
        return ""
    meters = dict.fromkeys(meter for line in lines for meter in line.depends_on)
    cure = f" (depends on {_some(list(meters))})" if meters else " (its price is not published)"
    if meters and all(meter.startswith("storage_") for meter in meters):
        cure += "; a deployment may declare storage: none, or what it stores under monthly:"
    return f"the cost of {_some([line.name for line in lines])} is unknown{cure}"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _age(bill: Bill, today: date) -> Reading:
    days = [line.provenance.checked for line in bill.lines] + [b.provenance.checked for b in bill.breaches]
    if not days:
        return Reading({}, missing="the bill has no line to tell the age of its prices")
    return Reading({POINT: Decimal((today - min(days)).days)})


def _meter(name: str, bill: Bill) -> Reading:
    quantities = bill.usage if bill.projected is None else bill.projected
    if name not in quantities:
        return Reading({}, missing=f"{name} was not metered")
    bounded = bill.grades.get(name) is Grade.LOWER_BOUND
    return Reading({POINT: quantities[name]}, doubt=_doubt({name: [name]} if bounded else {}, bill))


def _doubt(bounded: Mapping[str, Sequence[str]], bill: Bill) -> str:
    """Say why lines or meters, each with what it is made of, are that much at least."""
    unsized = [
        name
        for name, meters in bounded.items()
        if (low := [m for m in meters if bill.grades.get(m) is Grade.LOWER_BOUND])
        and all(map(bill.lacks_only_sizes, low))
    ]
    unseen = [name for name in bounded if name not in unsized]
    told = [f"part of {_some(unseen)} was not seen"] if unseen else []
    told += [f"sizes of single messages are not known for {_some(unsized)}"] if unsized else []
    return "; ".join(told)
