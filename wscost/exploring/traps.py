"""Known traps: ways to build a service that cost more than they look, and whether they show here."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wscost.exploring import rewriting
from wscost.exploring.case import Case
from wscost.notes import Note
from wscost.trace import Trace
from wscost.units import cents, money, number_of
from wscost.usage import Period
from wscost.usagefile import UsageFile

KEEP_ALIVE_S = 60
"""Alarms of one object that come this often or oftener keep it busy for nothing. (assumed) [s]"""
PINNED = 10
"""The cost of pinned objects is told for so many, since charges step by whole units."""


def traps(case: Case, plan: str) -> Iterator[Note]:
    """Return a warning for each trap that the deployment or the trace shows, with its cost by re-rating."""
    built = case.deployment
    held = [name for name in ("timer", "wait_until", "outgoing_socket") if getattr(built.pins, name)]
    if built.in_object and held:
        yield Note(
            "pinned",
            f"{', '.join(held)}: a pending timer, promise or outgoing socket keeps an object awake and "
            "billed until it ends, even after its last client has left.",
            {"pins": held},
        )
    if built.in_object and not built.hibernation:
        cost = _cost_of_pinned(case, plan)
        most = (
            f"would add {money(cost, case.bill(plan).currency)}" if cost else "would be within what is free"
        )
        yield Note(
            "accept-never-closed",
            "With accept(), an object whose close handler does not call close() on the socket stays awake "
            "after its user has left, for good (cured by a compatibility date of 2026-04-07 or later). "
            f"{PINNED} such objects, all month, {most}.",
            {"objects": PINNED, "cost": cost},
        )
    yield from _alarms(case, plan)


def _alarms(case: Case, plan: str) -> Iterator[Note]:
    for name, trace in case.account.workloads.items():
        if not isinstance(trace, Trace) or trace.events is None:
            continue
        alarms = trace.events[trace.events["kind"] == "alarm"].sort_values(["object_id", "at"])
        gaps = alarms.groupby("object_id")["at"].diff().dt.total_seconds()
        usual = gaps.groupby(alarms["object_id"]).median()
        often = usual[usual <= KEEP_ALIVE_S]
        if not len(often):
            continue
        without = case.with_workload(name, rewriting.without_alarms(trace))
        every, cost = float(often.median()), case.bill(plan).total - without.bill(plan).total
        yield Note(
            "frequent-alarms",
            f"{number_of(len(often), 'object sets', 'objects set')} an alarm every {every:,.0f} s or so: "
            "each is a request and runs a "
            "handler, and a hibernated object is built anew for it. Without alarms the bill would be "
            f"{money(cost, case.bill(plan).currency)} less.",
            {"objects": len(often), "every_s": round(every, 3), "cost": cents(cost)},
        )


def _cost_of_pinned(case: Case, plan: str) -> Decimal:
    bill = case.bill(plan)
    seconds = PINNED * _seconds(bill.period)
    pinned = UsageFile("pinned", {"object_active_seconds": seconds, "connections_opened": Decimal(0)})
    return case.with_workload("pinned objects", pinned).bill(plan).total - bill.total


def _seconds(period: Period) -> Decimal:
    return Decimal(period.days * 86_400)
