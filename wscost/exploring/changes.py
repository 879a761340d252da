"""Changes that may make a bill smaller: each turns a case into the one in which it has been made.

A change that has nothing to work on, or that the input says too little for, gives None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, NamedTuple

from wscost.deployment import Deployment, Pins
from wscost.errors import NoPriceError
from wscost.exploring import rewriting
from wscost.exploring.case import Case
from wscost.exploring.heartbeats import heartbeats
from wscost.profile.clients import Heartbeat
from wscost.profile.messages import Interval, Poisson
from wscost.profile.model import Deploys, Drops, Profile
from wscost.profile.quantities import likely
from wscost.trace import Trace
from wscost.units import grouped
from wscost.usagefile import UsageFile

if TYPE_CHECKING:
    import pandas as pd


class Proposal(NamedTuple):
    """A case and plan in which a change has been made, and in words how."""

    case: Case
    plan: str
    how: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that can be done: a stable code, its name, and what it makes of a case.

    ``after`` is the code of a change that must be made first; its own saving comes on top.
    """

    code: str
    name: str
    make: Callable[[Case, str], Proposal | None]
    after: str = ""


def changes(case: Case, plan: str) -> Iterator[Change]:
    """Return every change worth trying on a case."""
    yield Change("hibernation", "Hibernate instead of accept()", _hibernate)
    yield Change("pins", "Let nothing hold idle objects", _release_pins)
    yield Change("auto-response", "Answer heartbeats by auto-response", _answer_automatically, "hibernation")
    yield Change("protocol-pings", "Protocol pings instead of heartbeat messages", _ping_by_protocol)
    yield Change("batching", "Send at most one message a second", _batch)
    yield Change("larger-rooms", "Half as many rooms, each twice as large", _pair_rooms)
    yield Change("longer-sessions", "Stay connected instead of reconnecting", _stay_connected)
    for other in _sold_beside(case, plan):
        yield Change("plan", f"Move to {other}", _moving_to(other))


def _hibernate(case: Case, plan: str) -> Proposal | None:
    built = case.deployment
    if not built.in_object or built.hibernation:
        return None
    asleep = case.on(_renamed(built, hibernation=True))
    for name, totals in _totals(case):
        active = totals.usage.get("object_active_seconds")
        busy = _handler_seconds(totals, built)
        if active is None or busy is None:
            return None
        usage = {**totals.usage, "object_active_seconds": min(active, busy)}
        asleep = asleep.with_workload(name, replace(totals, usage=usage))
    return Proposal(asleep, plan, "objects sleep while nobody speaks; acceptWebSocket() in place of accept()")


def _handler_seconds(totals: UsageFile, built: Deployment) -> Decimal | None:
    """Return how long the handlers of a month's totals run at most, as the deployment says. [s]"""
    time, usage = built.handler_ms, totals.usage
    if "messages_in" not in usage or "connections_opened" not in usage:
        return None
    milliseconds = (
        usage["messages_in"] * time.message
        + usage["connections_opened"] * (time.open + time.close)
        + usage.get("object_requests", Decimal(0)) * time.request
    )
    return milliseconds / 1000


def _release_pins(case: Case, plan: str) -> Proposal | None:
    if not case.deployment.hibernation or not case.deployment.pins.share:
        return None
    free = case.on(_renamed(case.deployment, pins=Pins()))
    return Proposal(free, plan, "no timer, waitUntil or outgoing socket outlasts its event; alarms keep time")


def _answer_automatically(case: Case, plan: str) -> Proposal | None:
    if not case.deployment.in_object:
        return None
    answering = case.on(_renamed(case.deployment, hibernation=True, auto_response=True))
    found = 0
    if beating := [name for name, profile in _profiles(case) if _beats(profile)]:
        for name, profile in _profiles(case):
            answered = tuple(
                beat.model_copy(update={"auto_response": True}) for beat in profile.client.heartbeats
            )
            answering = answering.with_workload(name, _with_heartbeats(profile, answered))
        how = f"setWebSocketAutoResponse for the heartbeats of {', '.join(beating)}, on top of hibernation"
        return Proposal(answering, plan, how)
    for name, trace, events in _recorded(case):
        regular = heartbeats(events)
        found += int(regular.sum())
        answering = answering.with_workload(name, rewriting.answered_automatically(trace, regular))
    if not found:
        return None
    how = f"setWebSocketAutoResponse for what looks like heartbeats ({found:,}), on top of hibernation"
    return Proposal(answering, plan, how)


def _ping_by_protocol(case: Case, plan: str) -> Proposal | None:
    found, spared = 0, case
    if beating := [name for name, profile in _profiles(case) if _beats(profile)]:
        for name, profile in _profiles(case):
            spared = spared.with_workload(name, _with_heartbeats(profile, ()))
        how = f"the heartbeats of {', '.join(beating)}; only clients other than browsers can send pings"
        return Proposal(spared, plan, how)
    for name, trace, events in _recorded(case):
        regular = heartbeats(events)
        found += int(regular.sum())
        spared = spared.with_workload(name, rewriting.without_messages(trace, regular))
    if not found:
        return None
    how = f"what looks like heartbeats ({found:,}); only clients other than browsers can send pings"
    return Proposal(spared, plan, how)


def _batch(case: Case, plan: str) -> Proposal | None:
    if hasty := [name for name, profile in _profiles(case) if _once_a_second(profile) is not profile]:
        slower = case
        for name, profile in _profiles(case):
            slower = slower.with_workload(name, _once_a_second(profile))
        return Proposal(slower, plan, f"clients of {', '.join(hasty)} gather what they say for a second")
    fewer, seen = case, (Decimal(0), Decimal(0))
    for name, trace in _traces(case):
        merged = rewriting.batched(trace)
        seen = seen[0] + _messages(trace), seen[1] + _messages(merged)
        fewer = fewer.with_workload(name, merged)
    for name, totals in _totals(case):
        seconds = totals.usage.get("connection_seconds")
        if seconds is None:
            continue
        most = seconds.to_integral_value(ROUND_CEILING)
        sent = {key: totals.usage[key] for key in ("messages_in", "messages_out") if key in totals.usage}
        seen = seen[0] + sum(sent.values()), seen[1] + sum(min(most, n) for n in sent.values())
        usage = {**totals.usage, **{key: min(most, n) for key, n in sent.items()}}
        fewer = fewer.with_workload(name, replace(totals, usage=usage))
    if seen[0] == seen[1]:
        return None
    how = f"{grouped(seen[0])} messages become {grouped(seen[1])}, none later than a second"
    return Proposal(fewer, plan, how)


def _pair_rooms(case: Case, plan: str) -> Proposal | None:
    if sized := [name for name, profile in _profiles(case) if case.deployment.in_object and profile.rooms]:
        larger = case
        for name, profile in _profiles(case):
            larger = larger.with_workload(name, _with_larger_rooms(profile))
        return Proposal(larger, plan, f"the same people in half as many rooms: {', '.join(sized)}")
    rooms = [trace.connections["object_id"].nunique() for _, trace in _traces(case)]
    if not case.deployment.in_object or max(rooms, default=0) < 2:
        return None
    paired = case
    for name, trace in _traces(case):
        paired = paired.with_workload(name, rewriting.rooms_in_pairs(trace))
    half = sum(-(-n // 2) for n in rooms)
    return Proposal(paired, plan, f"two rooms share an object: {half:,} in place of {sum(rooms):,}")


def _stay_connected(case: Case, plan: str) -> Proposal | None:
    if dropped := [name for name, profile in _profiles(case) if _breaks(profile)]:
        staying = case
        for name, profile in _profiles(case):
            calm = {"drops": Drops(), "deploys": Deploys()}
            staying = staying.with_workload(name, profile.model_copy(update=calm))
        return Proposal(
            staying, plan, f"at most: no drops and no deployments close the sockets of {', '.join(dropped)}"
        )
    staying, joined, connects = case, 0, 0
    for name, trace in _traces(case):
        merged, fewer = rewriting.reconnects_joined(trace)
        joined, connects = joined + fewer, connects + len(trace.connections)
        staying = staying.with_workload(name, merged)
    if not joined:
        return None
    how = (
        f"at most: connects that follow a close in the same room within {rewriting.BACK_WITHIN_S} s, as if "
        f"the same client came back: {joined:,} of {connects:,}"
    )
    return Proposal(staying, plan, how)


def _beats(profile: Profile) -> bool:
    return any(beat.bytes_in is not None and not beat.auto_response for beat in profile.client.heartbeats)


def _with_heartbeats(profile: Profile, heartbeats: tuple[Heartbeat, ...]) -> Profile:
    return profile.model_copy(update={"client": profile.client.model_copy(update={"heartbeats": heartbeats})})


def _once_a_second(profile: Profile) -> Profile:
    """Return the profile in which no process of a client sends more than once a second."""
    incoming = tuple(
        process.model_copy(update={"every": 1.0})
        if isinstance(process, (Interval, Poisson)) and likely(process.every) < 1
        else process
        for process in profile.messages.incoming
    )
    if incoming == profile.messages.incoming:
        return profile
    return profile.model_copy(update={"messages": profile.messages.model_copy(update={"incoming": incoming})})


def _with_larger_rooms(profile: Profile) -> Profile:
    """Return the profile with half as many rooms; where their size is given, twice as large ones."""
    if profile.rooms is None:
        return profile
    times = {"count": 0.5, "size": 2.0, "max_size": 2.0}
    figures = {name: getattr(profile.rooms, name) for name in times}
    larger = {name: likely(value) * times[name] for name, value in figures.items() if value is not None}
    return profile.model_copy(update={"rooms": profile.rooms.model_copy(update=larger)})


def _breaks(profile: Profile) -> bool:
    return profile.drops != Drops() or bool(likely(profile.deploys.per_week) or profile.deploys.at)


def _sold_beside(case: Case, plan: str) -> list[str]:
    """Return the other plans of the same provider that one can still choose."""
    provider = plan.partition("/")[0]
    return [
        other.id
        for other in case.account.books.plans
        if other.id.startswith(f"{provider}/") and other.id != plan and other.status == "active"
    ]


def _moving_to(other: str) -> Callable[[Case, str], Proposal | None]:
    def move(case: Case, plan: str) -> Proposal | None:
        try:
            case.account.price_list(other, case.deployment)
        except NoPriceError:
            return None
        return None if plan == other else Proposal(case, other, f"{other} instead of {plan}")

    return move


def _renamed(built: Deployment, **fields: object) -> Deployment:
    return built.model_copy(update={"name": "", **fields})


def _messages(trace: Trace) -> Decimal:
    if trace.events is not None and (sent := int((trace.events["kind"] == "message").sum())):
        return Decimal(sent)
    return Decimal(int(trace.connections[["messages_in", "messages_out"]].sum().sum()))


def _profiles(case: Case) -> Iterator[tuple[str, Profile]]:
    yield from ((name, w) for name, w in case.account.workloads.items() if isinstance(w, Profile))


def _traces(case: Case) -> Iterator[tuple[str, Trace]]:
    yield from ((name, w) for name, w in case.account.workloads.items() if isinstance(w, Trace))


def _recorded(case: Case) -> Iterator[tuple[str, Trace, pd.DataFrame]]:
    yield from ((name, trace, trace.events) for name, trace in _traces(case) if trace.events is not None)


def _totals(case: Case) -> Iterator[tuple[str, UsageFile]]:
    yield from ((name, w) for name, w in case.account.workloads.items() if isinstance(w, UsageFile))
