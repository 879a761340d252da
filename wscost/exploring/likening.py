"""Likening: the month of a changed profile, from one that was simulated and the ratio of their means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from wscost.deployment import Deployment
from wscost.notes import Note
from wscost.usage import MonthlyUsage, Quantities, meter_of, whole

if TYPE_CHECKING:
    from wscost.profile import Profile
    from wscost.replicating import SimulatedMonth

Means: TypeAlias = Mapping[str, float]
NOT_BY_MEANS = frozenset(
    {
        "messages_out", "bytes_in", "bytes_out", "message_units_in", "message_units_out",
        "peak_connections", "object_wakeups",
    }
)  # fmt: skip
"""Meters of which means tell little: where a charge counts one, everything is simulated."""
_UNKNOWN = NOT_BY_MEANS - {"messages_out", "peak_connections"}
_BUILT_ALIKE = ("endpoint", "hibernation", "auto_response", "pins")


def built_alike(one: Deployment, other: Deployment) -> bool:
    """Whether the means of two deployments can be compared: only handler and CPU times may differ."""
    return all(getattr(one, field) == getattr(other, field) for field in _BUILT_ALIKE)


def likened(
    simulated: SimulatedMonth, was: Means, profile: Profile, deployment: Deployment
) -> MonthlyUsage | None:
    """Return the month of a profile much like one that was simulated, by the ratio of their means.

    ``was`` holds the means of the simulated profile. None where means do not tell the difference: sizes
    of messages, attempts to come back that fail, when services are deployed, the seed, or a meter of which
    the simulated month has none.
    """
    from wscost.replicating import Theory, means

    if _beyond_means(simulated.profile) != _beyond_means(profile):
        return None
    period = simulated.month.period
    now = means(Theory.of(profile.midpoint(), period), deployment)
    if any(now[key] and not was[key] for key in now):
        return None
    ratios = {key: Decimal(now[key] / was[key]) for key in now if was[key]}

    def compared(quantities: Quantities) -> dict[str, Decimal]:
        meters = ((key, meter_of(key).name, quantity) for key, quantity in quantities.items())
        return {key: q * ratios.get(name, Decimal(1)) for key, name, q in meters if name not in _UNKNOWN}

    month = simulated.month
    note = Note(
        "by-means",
        "What differs from the simulated month follows by the ratio of the means that theory gives; "
        "wscost estimate simulates it.",
    )
    return replace(
        month,
        quantities={key: whole(key, quantity) for key, quantity in compared(month.quantities).items()},
        days=None if month.days is None else {day: compared(held) for day, held in month.days.items()},
        notes=(*month.notes, note),
    )


def means_of(simulated: SimulatedMonth) -> Means:
    """Return the means of a simulated profile, every range at its mode."""
    from wscost.replicating import means

    return means(simulated.simulation.theory, simulated.deployment)


def _beyond_means(profile: Profile) -> tuple[object, ...]:
    """Return what of a profile its means do not depend on."""
    processes = (*profile.messages.incoming, *profile.messages.outgoing)
    return (
        [getattr(process, "bytes", None) for process in processes],
        [(beat.bytes_in, beat.bytes_out) for beat in profile.client.heartbeats],
        profile.client.reconnect,
        profile.client.gives_up,
        profile.drops.fails,
        (profile.deploys.fails, profile.deploys.days, profile.deploys.hours),
        profile.seed,
    )
