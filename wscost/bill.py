"""The bill: amounts that can each explain themselves down to quantity, tier and source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from wscost.drawable import draw
from wscost.errors import UnknownNameError
from wscost.notes import Grade, Note
from wscost.pricelist import Limit, Provenance
from wscost.units import money
from wscost.usage import Period, Quantities

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Component:
    """What one meter adds to a line's consumed quantity; a quantity of None is unknown."""

    meter: str
    quantity: Decimal | None
    multiply_by: Decimal
    divide_by: Decimal
    consumed: Decimal | None


@dataclass(frozen=True, slots=True)
class TierCost:
    """The part of a line's billed quantity that one tier prices."""

    up_to: Decimal | None
    quantity: Decimal
    amount: Decimal | None
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class BillLine:
    """One charge applied: consumed, less what is included, in pricing units, at a price.

    ``cost`` is None where the quantity or the price is unknown; ``depends_on`` then names the meters.
    A line with some meters unknown has a cost that is a lower bound, and its grade says so; one that
    reaches a tier of unknown price costs at least what the other tiers come to.
    """

    sku: str
    name: str
    unit: str
    model: str
    consumed: Decimal | None
    included: Decimal
    billed: Decimal | None
    priced: Decimal | None
    unit_price: Decimal | None
    per: Decimal
    cost: Decimal | None
    provenance: Provenance
    rounding: str
    components: tuple[Component, ...] = ()
    tiers: tuple[TierCost, ...] = ()
    grade: Grade = Grade.MEASURED
    depends_on: tuple[str, ...] = ()
    by_input: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def in_whole_units(self) -> bool:
        """Whether only whole pricing units are charged, so that the cost moves in steps."""
        return self.rounding.startswith(("up", "down"))

    @property
    def complete(self) -> bool:
        """Whether the whole cost is known: of every meter, and in every tier that is reached."""
        return self.cost is not None and not self.depends_on and all(t.cost is not None for t in self.tiers)

    @property
    def free(self) -> bool:
        """Whether nothing is charged, whatever is used."""
        return self.unit_price == 0 and not self.tiers

    @property
    def at_least(self) -> bool:
        """Whether the true cost may be higher: it is unknown, or known in part."""
        return not self.free and (not self.complete or self.grade is Grade.LOWER_BOUND)


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that the usage breaks, with the first day it breaks and how often."""

    limit: str
    name: str
    unit: str
    maximum: Decimal
    per: str
    worst: Decimal
    first: date | None
    times: int
    consequence: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit of the plan, and the most that the usage takes of it; None where none of it is known."""

    limit: Limit
    worst: Decimal | None
    complete: bool = True
    """Whether all that the limit counts is known."""

    @property
    def broken(self) -> bool:
        """Whether more is used than is allowed."""
        return self.worst is not None and self.worst > self.limit.maximum


@dataclass(frozen=True, slots=True)
class Spread:
    """How an amount varies over replicated months: percentiles and mean."""

    p10: Decimal
    p50: Decimal
    p90: Decimal
    mean: Decimal


@dataclass(frozen=True, slots=True)
class Range:
    """What replicated months cost, and why they differ.

    ``workload_share`` is the part of the total's variance that comes from parameters given as
    ranges (we do not know the workload); the rest is chance (months differ).
    """

    replicates: int
    total: Spread
    lines: Mapping[str, Spread]
    workload_share: Decimal
    basis: Literal["simulated", "observed"] = "simulated"
    """Whether months were simulated from a profile, or made of days that were observed."""
    drawn: tuple[str, ...] = ()
    """The figures of profiles that are given as ranges, and were drawn too."""
    totals: tuple[Decimal | None, ...] = field(default=(), repr=False)
    """What each month costs, the same months for every bill of a comparison; None where a limit broke."""

    @property
    def months(self) -> str:
        """What was replicated, in words."""
        if self.basis == "simulated":
            return f"{self.replicates:,} simulated months"
        return f"{self.replicates:,} months made of the days observed"


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """What a bill comes to per unit of service; None where the unit is unknown or there was none.

    The first five are averages over the month. Those of the next are margins: what the next thousand
    concurrent users add who behave alike, over what they use. ``per_idle_client`` is for each of a
    thousand more clients who stay connected all month and say nothing.
    """

    per_connection: Decimal | None
    per_connection_hour: Decimal | None
    per_thousand_messages: Decimal | None
    concurrent_users: Decimal | None
    """On average over the month: connection seconds over seconds."""
    per_concurrent_user: Decimal | None
    per_next_connection: Decimal | None
    per_next_connection_hour: Decimal | None
    per_next_thousand_messages: Decimal | None
    per_next_user: Decimal | None
    per_idle_client: Decimal | None


@dataclass(frozen=True, slots=True)
class Bill:
    """What one plan charges one deployment for one billing month."""

    plan: str
    plan_name: str
    deployment: str
    currency: str
    period: Period
    as_of: date
    region: str | None
    lines: tuple[BillLine, ...]
    total: Decimal
    usage: Quantities
    projected: Quantities | None = None
    grades: Mapping[str, Grade] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    breaches: tuple[Breach, ...] = ()
    limits: tuple[LimitUse, ...] = ()
    range: Range | None = None
    inputs: tuple[str, ...] = ()
    unit_costs: UnitCosts | None = None
    days: Mapping[date, Quantities] | None = None
    """Usage of the billing month by UTC day; None where only its totals are known."""

    @property
    def month(self) -> str:
        """The billing month as ``YYYY-MM``, or both ends where it does not start on the first."""
        return str(self.period)

    @property
    def feasible(self) -> bool:
        """Whether no limit of the plan is broken."""
        return not self.breaches

    @property
    def legacy(self) -> bool:
        """Whether nobody can choose the plan any more."""
        return any(note.code == "legacy-plan" for note in self.notes)

    @property
    def rank(self) -> tuple[bool, bool, Decimal]:
        """What sorts bills from best to worst: plans still sold, then known, then cheap ones."""
        return self.legacy, self.at_least, self.total

    @property
    def complete(self) -> bool:
        """Whether every line has its whole cost."""
        return all(line.complete for line in self.lines)

    @property
    def free(self) -> bool:
        """Whether the plan charges nothing, whatever is used: its limits decide."""
        return all(line.free for line in self.lines)

    @property
    def at_least(self) -> bool:
        """Whether the true total may be higher: a line is unknown, or known in part."""
        return any(line.at_least for line in self.lines)

    @property
    def coverage(self) -> Decimal:
        """The share of the lines whose quantity and price are wholly known, from 0 to 1."""
        if not self.lines:
            return Decimal(1)
        known = sum(line.complete for line in self.lines)
        return (Decimal(known) / Decimal(len(self.lines))).quantize(Decimal("0.0001")).normalize()

    def lacks_only_sizes(self, meter: str) -> bool:
        """Tell whether a meter is a lower bound though every message was counted: for want of their sizes."""
        messages = meter.partition(":")[0].replace("message_units", "messages").replace("bytes", "messages")
        bounded = [key for key in (meter, messages) if self.grades.get(key) is Grade.LOWER_BOUND]
        return bounded == [meter] and messages != meter

    def line(self, sku: str) -> BillLine:
        """Return the line of a SKU.

        Raises
        ------
        UnknownNameError
            If the bill has no such line.
        """
        for line in self.lines:
            if line.sku == sku:
                return line
        raise UnknownNameError(f"line on the bill of {self.plan}", sku, [x.sku for x in self.lines])

    def to_frame(self) -> pd.DataFrame:
        """Return one row a bill line, amounts as Decimal."""
        import pandas as pd

        columns = ["sku", "name", "consumed", "included", "billed", "unit", "unit_price", "per", "cost"]
        rows = [{column: getattr(line, column) for column in columns} for line in self.lines]
        return pd.DataFrame(rows, columns=columns)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the bill by line; return matplotlib axes."""
        return draw(self, ax)

    def __str__(self) -> str:
        bound = "" if self.complete or self.free else "at least "
        return f"{self.plan}, {self.deployment}, {self.month}: {bound}{money(self.total, self.currency)}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>{self.to_frame().to_html(index=False)}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Bills of the same usage under several plans or deployments, and what decides between them.

    Only feasible bills compete for the cheapest: a plan whose limits the usage breaks is no answer. One
    that is no longer sold, or whose total is only the least that it comes to, wins only among its like.
    """

    bills: tuple[Bill, ...]
    decides: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def cheapest(self) -> Bill | None:
        """The feasible bill with the smallest total, the first of equals; None if no plan can serve."""
        return min((b for b in self.bills if b.feasible), key=lambda b: b.rank, default=None)

    @property
    def cheapest_share(self) -> Decimal | None:
        """In which share of the replicated months the cheapest bill is the cheapest, from 0 to 1.

        None where nothing was replicated, or no other plan that is sold could be cheaper.
        """
        best = self.cheapest
        if best is None or best.range is None or not best.range.totals:
            return None
        rivals = (b for b in self.bills if b is not best and b.feasible and b.range)
        others = [b for b in rivals if b.rank[:2] == best.rank[:2]]
        if not others:
            return None
        months = zip(*(b.range.totals for b in (best, *others) if b.range), strict=True)
        won = [month[0] is not None and month[0] <= min(_served(month)) for month in months]
        return Decimal(sum(won)) / Decimal(len(won))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a bill: plan, deployment, month, total, feasible, coverage."""
        import pandas as pd

        columns = ["plan", "deployment", "month", "total", "feasible", "coverage"]
        return pd.DataFrame([{c: getattr(b, c) for c in columns} for b in self.bills], columns=columns)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the bills side by side; return matplotlib axes."""
        return draw(self, ax)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.bills), *filter(None, [self.decides])])

    def _repr_html_(self) -> str:
        return f"{self.to_frame().to_html(index=False)}<p>{escape(self.decides)}</p>"


def _served(totals: Iterable[Decimal | None]) -> Iterator[Decimal]:
    return (total for total in totals if total is not None)
