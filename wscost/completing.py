"""Completing a month: inputs of one account added up, and what their totals leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, NamedTuple

from wscost.deployment import Deployment
from wscost.notes import Grade, Note
from wscost.pricelist import Consume
from wscost.usage import MonthlyUsage, Period, Quantities, combine

if TYPE_CHECKING:
    from wscost.projecting import ObservedMonth
    from wscost.replicating import SimulatedMonth

Consumed = Sequence[tuple[Consume, ...]]
"""What each charge consumes: meters that stand together in one line."""


class Part(NamedTuple):
    """What one input, or all of them, makes of the month."""

    observed: Quantities
    month: MonthlyUsage
    scaled: bool
    simulated: SimulatedMonth | None = None
    """Where a profile was simulated: the means to make other months like it."""
    observed_month: ObservedMonth | None = None
    """Where a week and more of the month was observed: the same."""


def together(parts: Mapping[str, Part], period: Period) -> Part:
    """Add the inputs up: one account has one allowance and one base fee."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    months = {name: part.month for name, part in parts.items()}
    grades: dict[str, Grade] = {}
    for month in months.values():
        for key, grade in month.grades.items():
            grades[key] = Grade.worst(grade, grades.get(key, Grade.MEASURED))
    notes = tuple(_of_input(name, note) for name, month in months.items() for note in month.notes)
    peaks = Note("peaks-add", "Peaks of several inputs add up as if they came at the same instant.")
    month = MonthlyUsage(
        period=period,
        quantities=combine(month.quantities for month in months.values()),
        days=_days_together(list(months.values())),
        grades=grades,
        notes=(*notes, peaks),
        by_input={name: month.quantities for name, month in months.items()},
    )
    observed = combine(part.observed for part in parts.values())
    return Part(observed, month, any(part.scaled for part in parts.values()))


def _days_together(months: Sequence[MonthlyUsage]) -> Mapping[date, Quantities] | None:
    """Add months up day by day; None where one of them knows no days."""
    by_day = [month.days for month in months if month.days is not None]
    if len(by_day) < len(months):
        return None
    dates = sorted({day for days in by_day for day in days})
    return {day: combine(days[day] for days in by_day if day in days) for day in dates}


def added(months: Sequence[MonthlyUsage]) -> MonthlyUsage:
    """Add months that might have been: their quantities, and their days where each has some."""
    if len(months) == 1:
        return months[0]
    quantities = combine(month.quantities for month in months)
    return MonthlyUsage(months[0].period, quantities, _days_together(months))


def _of_input(name: str, note: Note) -> Note:
    """Let a note say which input it is of, once."""
    if note.message.startswith(f"{name}: "):
        return note
    return replace(note, message=f"{name}: {note.message}")


def with_parameters(month: MonthlyUsage, consumed: Consumed) -> MonthlyUsage:
    """Complete totals by what follows from them for the parameters of price books."""
    return _with_cpu_multiples(_with_size_steps(month, consumed), consumed)


def _with_cpu_multiples(month: MonthlyUsage, consumed: Consumed) -> MonthlyUsage:
    """Complete totals by wall time that is at least a multiple of CPU time."""
    quantities, grades, notes = dict(month.quantities), dict(month.grades), list(month.notes)
    for use in dict.fromkeys(use for consumes in consumed for use in consumes if use.cpu_multiple):
        wall, cpu_ms = quantities.get(use.meter), quantities.get("worker_cpu_ms")
        if wall is None or not cpu_ms or use.key in quantities:
            continue
        quantities[use.key] = max(wall, Decimal(use.cpu_multiple or 1) * cpu_ms / 1000)
        grades[use.key] = Grade.worst(Grade.LOWER_BOUND, grades.get(use.meter, Grade.MEASURED))
        message = (
            f"{use.meter}: billed is the longer of wall time and {use.cpu_multiple} times CPU time, call by "
            "call; of totals the longer one is counted, and there may be more."
        )
        notes.append(Note("calls-unknown", message))
    return replace(month, quantities=quantities, grades=grades, notes=tuple(notes))


def _with_size_steps(month: MonthlyUsage, consumed: Consumed) -> MonthlyUsage:
    """Complete totals by the size steps that follow from messages and bytes."""
    quantities, grades, notes = dict(month.quantities), dict(month.grades), list(month.notes)
    for use in dict.fromkeys(use for consumes in consumed for use in consumes if use.step_bytes):
        messages = quantities.get(use.meter.replace("message_units", "messages"))
        if messages is None or _known(use, quantities):
            continue
        size = quantities.get(use.meter.replace("message_units", "bytes"), Decimal(0))
        steps = (size / Decimal(use.step_bytes or 1)).to_integral_value(ROUND_CEILING)
        quantities[use.key] = max(messages, steps)
        if not messages:
            continue
        grades[use.key] = Grade.LOWER_BOUND
        how = (
            f"sizes of single messages are not given; as few steps of {use.step_bytes:,} bytes are counted "
            "as their number and bytes allow, and there may be up to one more a message"
            if steps > messages
            else f"each message is taken to fit in {use.step_bytes:,} bytes"
        )
        notes.append(Note("sizes-unknown", f"{use.meter}: {how}."))
    return replace(month, quantities=quantities, grades=grades, notes=tuple(notes))


def with_none_where_not_given(month: MonthlyUsage, consumed: Consumed) -> MonthlyUsage:
    """Take what a usage file leaves out as none, where it gives something else of the same charge."""
    quantities = month.quantities
    not_given = sorted(
        {
            use.key
            for consumes in consumed
            for use in consumes
            if not _known(use, quantities) and any(_known(other, quantities) for other in consumes)
        }
    )
    if not not_given:
        return month
    names = ", ".join(key.partition(":")[0] for key in not_given)
    note = Note("not-given", f"Not given, so taken as none: {names}.", {"meters": not_given})
    quantities = {**quantities, **dict.fromkeys(not_given, Decimal(0))}
    return replace(month, quantities=quantities, notes=(*month.notes, note))


def _known(use: Consume, quantities: Quantities) -> bool:
    return use.key in quantities or use.meter in quantities


def with_declared(month: MonthlyUsage, deployment: Deployment, consumed: Consumed) -> MonthlyUsage:
    """Add what the deployment declares per month; other requests are none unless declared."""
    declared = dict(deployment.monthly)
    notes = month.notes
    asked_for = any(use.meter == "http_requests" for consumes in consumed for use in consumes)
    if asked_for and "http_requests" not in {**month.quantities, **declared}:
        declared["http_requests"] = Decimal(0)
        notes = (
            *notes,
            Note(
                "websockets-only",
                "Only this workload is priced: it has the account's allowances to itself, "
                "for no other requests are declared (monthly http_requests in the deployment).",
            ),
        )
    if not declared:
        return month
    days = month.days
    if days is not None:
        daily = {key: quantity / month.period.days for key, quantity in declared.items()}
        days = {day: combine([quantities, daily]) for day, quantities in days.items()}
    return replace(month, quantities=combine([month.quantities, declared]), days=days, notes=notes)
