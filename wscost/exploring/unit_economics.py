"""Unit economics: what a bill comes to per connection, hour, message and user; what the next ones add."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Context, Decimal

from wscost.bill import UnitCosts
from wscost.deployment import Deployment
from wscost.exploring.multiplying import EVERYTHING, multiplied
from wscost.metering import meter
from wscost.metering.tally import days_of
from wscost.notes import Note
from wscost.rating import Charged
from wscost.trace import COUNTS, OPEN, Batch, stream_at_hand
from wscost.usage import MonthlyUsage, Period, Quantities, Window, combine

USERS = 1_000
"""The next users and idle clients are taken by the thousand, so that whole units hide little."""
_SHORT = Context(prec=6)


def unit_costs(
    month: MonthlyUsage, deployment: Deployment, charge: Callable[[MonthlyUsage], Charged]
) -> UnitCosts:
    """Return what a month's bill comes to per unit, the next users and idle clients by rating anew.

    Parameters
    ----------
    month : MonthlyUsage
        What the workload causes, other requests of the account left out.
    deployment : Deployment
        Where an idle client's socket would end.
    charge : callable
        What the plan charges for a month's usage, everything of the account included.
    """
    charged, usage = charge(month), month.quantities
    total = charged.total
    connections = usage.get("connections_opened")
    seconds = usage.get("connection_seconds")
    hours = None if seconds is None else seconds / 3_600
    sent = [usage[key] for key in ("messages_in", "messages_out") if key in usage]
    thousands = sum(sent, Decimal(0)) / 1_000
    users = None if seconds is None else seconds / (month.period.days * 86_400)
    more = USERS / users if users else Decimal(0)
    added = _added(charged, charge(multiplied(month, {EVERYTHING: 1 + more}))) if more else Decimal(0)
    idle = replace(month, quantities=combine([usage, idle_clients(deployment, month.period)]), days=None)
    even = replace(month, days=None)
    return UnitCosts(
        per_connection=_over(total, connections),
        per_connection_hour=_over(total, hours),
        per_thousand_messages=_over(total, thousands),
        concurrent_users=None if users is None else _SHORT.plus(users),
        per_concurrent_user=_over(total, users),
        per_next_connection=_over(added, _times(connections, more)),
        per_next_connection_hour=_over(added, _times(hours, more)),
        per_next_thousand_messages=_over(added, _times(thousands, more)),
        per_next_user=_over(added, _times(users, more)),
        per_idle_client=_over(_added(charge(even), charge(idle)), Decimal(USERS)),
    )


def idle_clients(deployment: Deployment, period: Period) -> Quantities:
    """Return what a thousand clients add that connect, say nothing all month, each in a room of its own."""
    import numpy as np

    window = Window(*(datetime.combine(day, time(), UTC) for day in (period.start, period.end)))
    idle = Batch(
        opened=np.array([days_of(window).start]),
        closed=np.array([OPEN]),
        object=np.zeros(1, dtype=np.int32),
        objects=1,
        counts={name: np.zeros(1, dtype=np.int64) for name in COUNTS},
    )
    account = Note("read", "One client is assumed that stays and says nothing.", {"rows": 1})
    usage = meter(stream_at_hand(idle, window, "idle", grades={}, account=account), deployment)
    return {key: quantity * USERS for key, quantity in usage.totals.items()}


def _times(quantity: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if quantity is None else quantity * factor


def _added(charged: Charged, then: Charged) -> Decimal | None:
    """Return what a month costs more than another; unknown where only of the other all is known."""
    return None if charged.complete and not then.complete else then.total - charged.total


def _over(total: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    return _SHORT.divide(total, quantity) if quantity and total is not None else None
