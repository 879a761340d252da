"""Sensitivity: which fields move the bill, by how much, and why the others cannot move it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from wscost.bill import Bill, BillLine
from wscost.deployment import Deployment
from wscost.drawable import draw
from wscost.errors import ConfigError, WscostError
from wscost.estimating import Options
from wscost.exploring.case import Case
from wscost.exploring.paths import GROWTH, ROOTS, TRACE, TRACES, fields, is_count, number, with_value
from wscost.exploring.ranges import duration
from wscost.exploring.sweeping import METERED_BY, given_as_totals
from wscost.exploring.words import left_out
from wscost.inputs import Input
from wscost.notes import Note
from wscost.profile import Range
from wscost.units import grouped
from wscost.usage import meter_of

if TYPE_CHECKING:
    import pandas as pd

BY = 0.2
"""A field without a range of its own moves by this part of its value, down and up."""


class Moved(NamedTuple):
    """A field at its low and high end, and the bill there; ``swing`` is how far the bill moves.

    ``unit`` is ``s`` where the field is a length of time, else empty.
    """

    field: str
    low: Any
    value: Any
    high: Any
    total_low: Decimal
    total_high: Decimal
    swing: Decimal
    unit: str


class Unmoved(NamedTuple):
    """A field that cannot move the bill now, and why."""

    field: str
    value: Any
    why: str


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What moves one bill, the strongest first, and what cannot move it now."""

    bill: Bill
    by: Decimal
    moved: tuple[Moved, ...]
    unmoved: tuple[Unmoved, ...]
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a field: low, value, high, the totals, the swing; ``why`` where it is nothing."""
        import pandas as pd

        columns = [*Moved._fields, "why"]
        rows = [(*field, "") for field in self.moved]
        rows += [
            (name, None, value, None, self.bill.total, self.bill.total, Decimal("0.00"), "", why)
            for name, value, why in self.unmoved
        ]
        return pd.DataFrame(rows, columns=columns)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw a tornado; return matplotlib axes."""
        return draw(self, ax)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))


def sensitivity(
    inputs: Input | Iterable[Input],
    *,
    plan: str | None = None,
    deployment: str | Path | Deployment | None = None,
    by: float | Decimal = BY,
    **options: Unpack[Options],
) -> Sensitivity:
    """Tell what moves a bill: every field by a part of its value, or over its own range, one at a time.

    A figure that a profile gives as a range moves from its low to its high end. Of a trace, the meters
    that a charge counts are moved, each alone, and all at once as ``traffic.scale``.

    Parameters
    ----------
    inputs : path, Trace, Usage, UsageFile, or several of them
        Several inputs are one account.
    plan, deployment
        See ``estimate``.
    by : float, optional
        The part of its value by which a field moves, between 0 and 1.
    **options
        See ``estimate``.

    Raises
    ------
    WscostError
        If an input cannot be read, no price is known, or ``by`` is not between 0 and 1.
    """
    part = Decimal(str(by))
    if not (part.is_finite() and 0 < part <= 1):
        raise ConfigError(f"--by {by}: fields move by a part of their value between 0 and 1, such as 0.2.")
    case = Case.of(inputs, deployment, options, by_means=True)
    named = case.plan(plan)
    bill = case.bill(named, per_unit=True)
    moved: list[Moved] = []
    unmoved: list[Unmoved] = []
    for path, value in _movable(case, bill):
        ends = _ends(case, path, value, part)
        if ends is None:
            continue
        if _is_size(path) and not _counts_bytes(bill):
            unmoved.append(Unmoved(path, value, f"no charge of {bill.plan} counts bytes"))
            continue
        if ends[0] == ends[1]:
            unmoved.append(
                Unmoved(path, value, "nothing to vary: it is 0" if not value else "too small to vary")
            )
            continue
        low, high = (_bill_at(case, path, end, named) for end in ends)
        if low is None and high is None:
            unmoved.append(Unmoved(path, value, "its neighbours do not go together with the other fields"))
            continue
        ends = (ends[0] if low else value, ends[1] if high else value)
        low, high = low or bill, high or bill
        if low.total == high.total == bill.total:
            unmoved.append(Unmoved(path, value, _why(path, low, bill, high)))
        else:
            totals = (low.total, bill.total, high.total)
            swing = max(totals) - min(totals)
            unit = "s" if _is_time(case, path, ends[1]) else ""
            moved.append(Moved(path, ends[0], value, ends[1], low.total, high.total, swing, unit))
    moved.sort(key=lambda field: -field.swing)
    notes = (*case.notes, *case.told_by_means(), *left_out([bill]))
    return Sensitivity(bill, part, tuple(moved), tuple(unmoved), notes)


def _movable(case: Case, bill: Bill) -> Iterator[tuple[str, Any]]:
    """Return the fields worth moving: of meters, those that are given, or that a charge counts."""
    counted = {meter_of(part.meter).name for line in bill.lines for part in line.components}
    for path, value in fields(case).items():
        root, _, name = path.partition(".")
        if root == TRACE and name not in counted:
            continue
        if path == GROWTH and not all(isinstance(one, TRACES) for one in case.account.workloads.values()):
            continue  # everything at once, which says nothing of what matters
        if root in ("usage", "monthly") and not value:
            continue
        if path == "seed" or path.startswith("calendar.period"):
            continue
        if path.startswith(METERED_BY) and given_as_totals(case):
            continue
        yield path, value


def _is_time(case: Case, path: str, value: Any) -> bool:
    """Whether a field reads what is written as a length of time."""
    if not isinstance(value, float):
        return False
    try:
        with_value(case, path, duration(Decimal(str(value))))
    except WscostError:
        return False
    return True


def _is_size(path: str) -> bool:
    """Whether a field of a profile says how large messages are."""
    root, *keys = path.split(".")
    return root not in ROOTS and any(key.startswith("bytes") for key in keys)


def _counts_bytes(bill: Bill) -> bool:
    counted = {meter_of(part.meter).name for line in bill.lines for part in line.components}
    return any(name.startswith(("bytes_", "message_units_")) for name in counted)


def _ends(case: Case, path: str, value: Any, by: Decimal) -> tuple[Any, Any] | None:
    """Return the ends to which a field is moved; None if it is no number."""
    if isinstance(value, Range):
        return value.low, value.high
    figure = number(value)
    if figure is None:
        return None
    if isinstance(figure, float):
        return figure * float(1 - by), figure * float(1 + by)
    low, high = figure * (1 - by), figure * (1 + by)
    if is_count(case, path):
        low, high = low.to_integral_value(), high.to_integral_value()
        return (int(low), int(high)) if isinstance(value, int) else (low, high)
    return low.normalize(), high.normalize()


def _bill_at(case: Case, path: str, value: Any, plan: str) -> Bill | None:
    """Return the bill with a field moved; None if the field cannot have that value beside the others."""
    try:
        return with_value(case, path, value).bill(plan)
    except WscostError:
        return None


def _why(path: str, low: Bill, bill: Bill, high: Bill) -> str:
    """Say why a field that moved changed nothing: from what was metered and the lines that count it."""
    root, _, name = path.partition(".")
    quantities = bill.projected or bill.usage
    if root == TRACE and not quantities.get(name):
        return "none was metered" if name in quantities else "the input does not tell it"
    if quantities == (low.projected or low.usage) == (high.projected or high.usage):
        return "nothing that is metered here depends on it"
    reasons = {
        line.name: _line_stood_still(line)
        for before, line, after in zip(low.lines, bill.lines, high.lines, strict=True)
        if not before.consumed == line.consumed == after.consumed
    }
    if len(reasons) == 1:
        return next(iter(reasons.values()))
    told = "; ".join(f"{line}: {reason}" for line, reason in reasons.items())
    return told or f"no charge of {bill.plan} counts it"


def _line_stood_still(line: BillLine) -> str:
    used = Decimal(0) if line.consumed is None else line.consumed
    if line.cost is None:
        return "its cost is not known"
    if line.included and used <= line.included:
        figures = f"{grouped(used, 0)} of {grouped(line.included)} {line.unit}"
        return f"inside the allowance: {figures} used"
    if not line.unit_price and not line.tiers:
        return "free on this plan"
    if line.in_whole_units and line.billed:
        past, priced = grouped(line.billed, 0), grouped(line.priced or Decimal(0))
        where = "inside a started unit" if line.rounding.startswith("up") else "short of the next whole unit"
        return f"{where}: {past} {line.unit} past the allowance are charged as {priced}"
    return "less than a cent"
