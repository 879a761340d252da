"""The meters of Durable Objects: one clock an object, however many sockets it holds."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from wscost.deployment import Deployment
from wscost.intervals import Intervals, Ints
from wscost.metering.clocks import (
    HIBERNATES_AFTER_US,
    Clocks,
    Lives,
    clocks_of,
    lives_of,
    pinned_for,
    visits_of,
)
from wscost.metering.columns import UNKNOWN, Events, Sockets, sockets_and_events
from wscost.metering.eventsums import CALLS, EventSums, FrameEventSums, handler_time, told
from wscost.metering.objectclocks import ENDS
from wscost.metering.streaming import Sums, told_ends
from wscost.metering.sums import FrameSums
from wscost.metering.tally import MICROSECOND, Tally
from wscost.notes import Grade
from wscost.trace import CALLS_OF_OBJECTS, KINDS, OPEN, Trace


def meter_objects(tally: Tally, sums: Sums, events: EventSums | None, deployment: Deployment) -> None:
    """Meter the requests and the clocks of the objects in which sockets end."""
    if sums.without_object:
        tally.note(
            "no-object-id",
            f"Connections that name no object: {sums.without_object:,}. Each is taken as an object of its "
            "own, so object seconds are an upper bound.",
            connections=sums.without_object,
        )
    _meter_calls(tally, events)
    happened = events.events if isinstance(events, FrameEventSums) else None
    if isinstance(sums, FrameSums):
        awake = clocks_of(_awake(tally, sums.sockets, happened, deployment), tally.window_days)
    else:
        awake = sums.awake
    if not deployment.hibernation:
        _add(tally, awake, tally.grade("opened_at", "closed_at", "object_id"))
        return
    timed = Grade.ASSUMED
    if events is None:
        asleep, grade = _from_totals(tally, sums, deployment, awake), Grade.ASSUMED
    else:
        timed, grade = _handlers_timed(tally, sums, events, deployment), Grade.MEASURED
        if isinstance(sums, FrameSums):
            assert happened is not None
            lives = _asleep(tally, _handlers(tally, sums.sockets, happened, deployment))
            asleep = clocks_of(lives, tally.window_days)
        else:
            asleep = sums.asleep
        if (unseen := _without_events(tally, events)).any():
            timed = grade = Grade.ASSUMED
            asleep = _with_handlers(asleep, unseen, awake, deployment)
    grade = Grade.worst(grade, tally.grade("opened_at", "closed_at", "object_id"))
    if deployment.pins.share:
        tally.note(
            "pins",
            f"Objects are taken to be pinned {deployment.pins.share:.0%} of the time that sockets are open.",
            share=deployment.pins.share,
        )
    _add(
        tally,
        _between(asleep, awake, deployment.pins.share),
        grade,
        timed,
    )


def object_lives(trace: Trace, deployment: Deployment) -> Lives:
    """Return the intervals that ``meter`` sums up for objects, for who wants to see them.

    Without events it is not known when objects sleep; they are then taken to be awake.
    """
    tally = Tally(trace)
    sockets, events = sockets_and_events(trace, tally.start, tally.end)
    if events is None or not deployment.hibernation:
        return _awake(tally, sockets, events, deployment)
    return _asleep(tally, _handlers(tally, sockets, events, deployment))


def _meter_calls(tally: Tally, events: EventSums | None) -> None:
    if events is not None and (events.calls.any() or tally.grade(CALLS_OF_OBJECTS) is Grade.MEASURED):
        tally.add("object_requests", events.calls)
        return
    tally.add("object_requests", np.zeros(tally.days, dtype=np.int64), grade=Grade.ASSUMED)
    tally.note(
        "no-object-calls",
        "The trace records no alarms, RPC or HTTP calls to objects: none are counted. "
        "If there are, declare them as monthly object_requests in the deployment.",
    )


def _handlers_timed(tally: Tally, sums: Sums, events: EventSums, deployment: Deployment) -> Grade:
    """Note where the time of handlers is assumed, and return how well it is known."""
    untimed, answers = events.untimed(answers=False), events.untimed(answers=True)
    ends = {"open": sums.opened, "close": sums.closed}
    untold = any(ends[kind].any() for kind in ENDS - told_ends(sums, events))
    if untimed or untold or (answers and not deployment.auto_response):
        time = deployment.handler_ms
        tally.note(
            "handler-time-assumed",
            f"A handler is taken to run {time.message:f} ms a message and {time.open:f} ms a connect "
            "where the trace does not say; handler_ms in the deployment sets it.",
            message_ms=time.message,
            open_ms=time.open,
        )
    return Grade.ASSUMED if untimed or untold or answers else Grade.MEASURED


def _asleep(tally: Tally, handlers: Intervals) -> Lives:
    """Objects that only their handlers keep active, and that hibernate after."""
    return lives_of(handlers, HIBERNATES_AFTER_US, tally.start, tally.end)


def _awake(tally: Tally, sockets: Sockets, events: Events | None, deployment: Deployment) -> Lives:
    """Objects whose open sockets keep them active, as after ``accept()``."""
    started = sockets.opened < tally.end
    closed = np.where(sockets.still_open, OPEN, sockets.closed)
    held = Intervals(*(column[started] for column in (sockets.object, sockets.opened, closed)))
    busy, tails = visits_of(held, tally.end, pinned_for(deployment))
    if events is not None:
        calls = _running(events, events.of_kind(*CALLS), deployment)
        busy = _together(busy, calls)
        tails = np.append(tails, np.full(len(calls.start), HIBERNATES_AFTER_US))
    return lives_of(busy, tails, tally.start, tally.end)


def _handlers(tally: Tally, sockets: Sockets, events: Events, deployment: Deployment) -> Intervals:
    """Return the handler runs of hibernateable objects: connects, messages, closes, errors, calls."""
    runs = ~events.of_kind("sent")
    if deployment.auto_response:
        runs &= ~events.auto_response
    handlers = _running(events, runs, deployment)
    for kind, at, happened in (
        ("open", sockets.opened, np.ones(len(sockets.opened), dtype=bool)),
        ("close", sockets.closed, ~sockets.still_open),
    ):
        chosen = happened & (at >= tally.start) & (at < tally.end)
        if not told(int(events.of_kind(kind).sum()), int(chosen.sum())):
            wall = handler_time(deployment.handler_ms, kind)
            unseen = Intervals(sockets.object[chosen], at[chosen], at[chosen] + wall)
            handlers = _together(handlers, unseen)
    return handlers


def _running(events: Events, chosen: np.ndarray, deployment: Deployment) -> Intervals:
    """Return when the handlers of the chosen events run: as recorded, else as the deployment says."""
    kind, at, wall = events.kind[chosen], events.at[chosen], events.wall[chosen]
    assumed = np.array([handler_time(deployment.handler_ms, name) for name in KINDS])
    wall = np.where(wall == UNKNOWN, assumed[kind], wall)
    return Intervals(events.object[chosen], at, at + wall)


def _from_totals(tally: Tally, sums: Sums, deployment: Deployment, awake: Clocks) -> Clocks:
    """Bound a hibernating object's clocks where only connection totals are known."""
    tally.note(
        "hibernation-without-events",
        "The trace has no events, so when objects sleep is not known: active seconds add up handler time "
        "without overlap (an upper bound), resident seconds count whole visits (an upper bound), wakeups "
        "count visits (a lower bound).",
    )
    time = deployment.handler_ms
    ends = sums.opened * handler_time(time, "open") + sums.closed * handler_time(time, "close")
    handled = ends + tally.integers("messages_in") * handler_time(time, "message")
    if sums.known("messages_in") < sums.rows:
        tally.note(
            "messages-unknown",
            "Message counts are unknown, so handler time for them is missing from active seconds.",
        )
    return awake._replace(active=np.minimum(handled, awake.active).astype(np.int64))


def _without_events(tally: Tally, events: EventSums) -> Ints:
    """Return how many messages from clients are counted that no event is of."""
    seen = events.received.number + events.answered.number
    counted = tally.integers("messages_in")
    return np.maximum(counted - seen, 0) if counted.sum() > seen.sum() else np.zeros_like(seen)


def _with_handlers(asleep: Clocks, messages: Ints, awake: Clocks, deployment: Deployment) -> Clocks:
    """Add the handler time of messages that came at unknown times: all of it active, all visits resident."""
    handled = asleep.active + messages * handler_time(deployment.handler_ms, "message")
    return asleep._replace(
        active=np.minimum(handled, np.maximum(awake.active, asleep.active)).astype(np.int64),
        resident=np.maximum(awake.resident, asleep.resident),
    )


def _between(asleep: Clocks, awake: Clocks, share: Decimal) -> Clocks:
    """Mix two ways of life: so much of the time awake, the rest asleep."""
    weight = float(share)
    if not weight:
        return asleep
    return Clocks(
        *(np.rint(a + weight * (b - a)).astype(np.int64) for a, b in zip(asleep, awake, strict=True))
    )


def _add(tally: Tally, clocks: Clocks, grade: Grade, active: Grade = Grade.MEASURED) -> None:
    tally.add("object_active_seconds", clocks.active, MICROSECOND, Grade.worst(grade, active))
    tally.add("object_resident_seconds", clocks.resident, MICROSECOND, grade)
    tally.add("object_wakeups", clocks.wakeups, grade=grade)


def _together(*parts: Intervals) -> Intervals:
    return Intervals(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
