"""Comparing: the same usage under several plans and deployments, and what decides between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Unpack

from wscost.bill import Bill, BillLine, Comparison
from wscost.deployment import Deployment
from wscost.estimating import PAID_PLANS, Account, Options, deployments_of
from wscost.inputs import Input
from wscost.notes import Note
from wscost.units import grouped, money

ZERO = Decimal(0)
_NEARLY = Decimal("0.95")


def compare(
    inputs: Input | Iterable[Input],
    *,
    plan: str | Sequence[str] | None = None,
    deployment: str | Path | Deployment | Sequence[str | Path | Deployment] | None = None,
    **options: Unpack[Options],
) -> Comparison:
    """Estimate the same month under several plans and deployments.

    Parameters
    ----------
    inputs : path, Trace, UsageFile, or several of them
        Several inputs are one account: they share allowances and the base fee.
    plan : str or sequence of str, optional
        Plans or globs such as ``cloudflare/*``; every paid Cloudflare plan if absent. What is not named
        by itself is left out where it is not sold, and a note says so.
    deployment : str, path, Deployment, or several, optional
        If absent, a trace that names objects is priced with and without hibernation, any other as a
        plain Worker, and a note says so.
    **options
        See ``estimate``.

    Raises
    ------
    WscostError
        If an input cannot be read or no price is known.
    """
    account = Account.of(inputs, options)
    named = [plan] if isinstance(plan, str) else list(plan or ())
    built = deployments_of(deployment)
    deployments = built or account.deployments
    notes = [] if built or account.declared else [_chosen(deployments)]
    bills: list[Bill] = []
    for one in deployments:
        plans, left_out = account.sold(one, named, PAID_PLANS)
        bills += account.bills(one, plans, per_unit=True)
        notes += left_out
    compared = Comparison(tuple(bills), notes=tuple({note.message: note for note in notes}.values()))
    return replace(compared, decides=" ".join(filter(None, [_decides(compared), _how_surely(compared)])))


def _chosen(deployments: Sequence[Deployment]) -> Note:
    labels = " and ".join(one.label for one in deployments)
    return Note("deployment-chosen", f"No deployment was named: priced as {labels}.", {"deployments": labels})


def _nothing(bill: Bill) -> str:
    """Say why there is nothing to pay by use."""
    if bill.free:
        return f"{bill.plan_name} charges nothing; what it has instead are limits."
    if any(line.cost is None for line in bill.lines):
        return "Nothing beyond the base fee, as far as quantities are known."
    return "Nothing beyond the base fee: every quantity stays inside its allowance."


def _decides(compared: Comparison) -> str:
    """Say which line makes the dearest bill dear, by what quantity, and how the cheapest escapes it."""
    bills = compared.bills
    most = max(bill.total for bill in bills)
    dearest = next((b for b in bills if b.total >= most * _NEARLY and not b.legacy), None)
    dearest = dearest or max(bills, key=lambda b: b.total)
    cheapest = compared.cheapest or dearest
    lines = [line for line in dearest.lines if line.components and line.cost]
    if not lines:
        return _nothing(dearest)
    escaped = {line.sku: line.cost or ZERO for line in cheapest.lines}
    line = max(lines, key=lambda x: ((x.cost or ZERO) - escaped.get(x.sku, ZERO), x.cost))
    share = (line.cost or ZERO) / dearest.total
    sentence = (
        f"{line.name} is {share:.0%} of {_called(dearest, bills)} "
        f"({money(dearest.total, dearest.currency, at_least=dearest.at_least)}): {_why(dearest, line)}."
    )
    saved = (line.cost or ZERO) - escaped.get(line.sku, ZERO)
    if not saved:
        return sentence
    left = escaped.get(line.sku)
    how = "has no such charge" if left is None else f"pays {money(left, cheapest.currency)} for it"
    return f"{sentence} {_called(cheapest, bills)} {how}."


def _how_surely(compared: Comparison) -> str:
    """Say how often the cheapest bill is that, over the months that might have been."""
    best, share = compared.cheapest, compared.cheapest_share
    if best is None or best.range is None or share is None:
        return ""
    months = best.range.months
    often = f"all {months}" if share == 1 else f"{_percent(share)} of the {months}"
    return f"{_called(best, compared.bills)} is the cheapest in {often}."


def _percent(share: Decimal) -> str:
    """Write a share as a percentage that is all or nothing only if the share is."""
    if 0 < share < 1:
        share = min(max(share, Decimal("0.01")), Decimal("0.99"))
    return f"{share:.0%}"


def _called(bill: Bill, among: Sequence[Bill]) -> str:
    """Name a bill by its plan, and by its deployment too where there are several."""
    if len({other.deployment for other in among}) == 1:
        return bill.plan_name
    return f"{bill.plan_name} as {bill.deployment}"


def _why(bill: Bill, line: BillLine) -> str:
    """Put the line's main meter into words that a person can check against the service."""
    main = max(line.components, key=lambda part: part.consumed or ZERO)
    usage, meter = bill.usage, main.meter.partition(":")[0]
    opened, seconds = usage.get("connections_opened"), usage.get("connection_seconds")
    if meter in ("worker_wall_seconds", "worker_passthrough_seconds") and opened and seconds:
        return f"sockets are open {_duration(seconds / opened)} on average, each on its own clock"
    if meter == "object_active_seconds":
        days = Decimal(bill.period.days)
        hours = (bill.projected or usage)[meter] / 3600 / days
        return f"objects are active {grouped(hours, 1)} hours a day in all"
    quantity = main.quantity or ZERO
    return f"{grouped(quantity, 0)} {_counted(meter)} a month"


def _counted(meter: str) -> str:
    """Name a meter as a sentence does: ``messages in``, ``ms of worker CPU``."""
    words = meter.replace("cpu", "CPU").split("_")
    units = {"ms": "ms", "seconds": "seconds", "minutes": "minutes"}
    return f"{units[words[-1]]} of {' '.join(words[:-1])}" if words[-1] in units else " ".join(words)


def _duration(seconds: Decimal) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{grouped(seconds / size, 0)} {unit}"
    return f"{grouped(seconds, 0)} seconds"
