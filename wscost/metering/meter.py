"""The meters of connections, messages and Workers; those of objects are next door."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wscost.deployment import Deployment
from wscost.errors import InputError
from wscost.intervals import Ints
from wscost.metering.columns import sockets_and_events
from wscost.metering.eventsums import EventSums, FrameEventSums, Sized
from wscost.metering.objects import meter_objects
from wscost.metering.streaming import Question, Sums, streamed
from wscost.metering.sums import Cpu, FrameSums
from wscost.metering.tally import MICROSECOND, Tally
from wscost.notes import Grade
from wscost.trace import DIRECTIONS, LIVES, RepeatedIdsError, Trace, TraceStream
from wscost.units import number_of
from wscost.usage import Usage


def meter(
    trace: Trace | TraceStream,
    deployment: Deployment,
    *,
    steps: Iterable[int] = (),
    cpu_multiples: Iterable[int] = (),
) -> Usage:
    """Meter a trace as a deployment would cause it.

    Parameters
    ----------
    trace : Trace or TraceStream
        A checked trace, or a stream: it is read once, whatever is asked of it in turn.
    deployment : Deployment
        Where sockets end, and what handlers take.
    steps : iterable of int
        Sizes for ``message_units_in`` and ``message_units_out``. [bytes]
    cpu_multiples : iterable of int
        Multiples for ``worker_wall_seconds``.

    Returns
    -------
    Usage
        Every meter that the trace allows. One that it does not is missing, and a note says so.
    """
    steps, multiples = sorted(set(steps)), sorted(set(cpu_multiples))
    sums: Sums
    events: EventSums | None
    if isinstance(trace, TraceStream):
        question = Question.of(deployment, steps, multiples, events=trace.events is not None)
        try:
            passed = streamed(trace, question)
        except RepeatedIdsError:
            assert trace.checked is not None, "who finds that ids repeat can read otherwise"
            return meter(trace.checked(), deployment, steps=steps, cpu_multiples=multiples)
        except OverflowError as error:
            raise InputError(f"{trace.source}: {error}") from None
        tally, sums, events = Tally(passed), passed, passed.events
    else:
        tally = Tally(trace)
        sockets, happened = sockets_and_events(trace, tally.start, tally.end)
        sums = FrameSums(sockets, tally.window_days)
        events = None if happened is None else FrameEventSums(happened, tally.window_days)
    _meter_connections(tally, sums)
    _meter_messages(tally, sums, events, deployment)
    for step in steps:
        _meter_message_units(tally, sums, events, step)
    try:
        _meter_workers(tally, sums, events, deployment, multiples)
    except OverflowError as error:
        raise InputError(f"{trace.source}: {error}") from None
    if deployment.in_object:
        meter_objects(tally, sums, events, deployment)
    return tally.usage()


def _meter_connections(tally: Tally, sums: Sums) -> None:
    grade = tally.grade("opened_at", "closed_at")
    tally.add("connections_opened", sums.opened, grade=tally.grade("connection_id"))
    tally.add("connection_seconds", sums.open_time, MICROSECOND, grade)
    tally.add("connection_minutes", sums.minutes, grade=Grade.worst(grade, tally.grade(LIVES)))
    tally.add("peak_connections", sums.peak, grade=grade)
    if (sums.opened_before or sums.still_open) and not tally.told("censored"):
        tally.note(
            "cut-at-window",
            f"Of {number_of(sums.rows, 'connection', 'connections')}, "
            f"{number_of(sums.opened_before, 'was', 'were')} open before the window began "
            f"and {sums.still_open:,} after it ended; only what lies inside is counted.",
            opened_before=sums.opened_before,
            still_open=sums.still_open,
        )


def _meter_messages(tally: Tally, sums: Sums, events: EventSums | None, deployment: Deployment) -> None:
    came = events is not None and (events.received + events.answered).some
    went = events is not None and (events.sent + events.answers).some
    answering = deployment.hibernation and deployment.auto_response
    if events is not None and (came or went):
        answered = int(events.answered.number.sum())
        if answering and answered:
            tally.note(
                "auto-response",
                f"Messages answered by auto-response: {answered:,}. They wake no object and are not charged.",
                messages=answered,
            )
    ways = {}
    if events is not None and (came or went):
        ways["in"] = events.received, events.answered
    if events is not None and went:
        ways["out"] = events.sent, events.answers
    for direction in DIRECTIONS:
        if direction in ways:
            handled, answers = ways[direction]
            if not _told_by_totals(tally, sums, direction, handled + answers):
                _add_messages(tally, direction, handled if answering else handled + answers)
                continue
        _add_totals(tally, sums, f"messages_{direction}")
        _add_totals(tally, sums, f"bytes_{direction}")


def _told_by_totals(tally: Tally, sums: Sums, direction: str, seen: Sized) -> bool:
    """Tell whether connections know of more messages than there are events of them, and note it.

    Of connections that the window cuts, it is not known how many were in it.
    """
    key, events = f"messages_{direction}", int(seen.number.sum())
    if not sums.known(key) or sums.opened_before or sums.still_open:
        return False
    told = int(sums.total(key).sum())
    if told > events:
        tally.note(
            "messages-without-events",
            f"Connections tell of {number_of(told, 'message', 'messages')} ({direction}), of which "
            f"{events:,} are among the events: those of the connections are counted.",
            direction=direction,
            messages=told,
            events=events,
        )
    return told > events


def _add_messages(tally: Tally, direction: str, messages: Sized) -> None:
    number, size = f"messages_{direction}", f"bytes_{direction}"
    tally.add(number, messages.number, grade=tally.grade(number))
    if messages.some and messages.unsized == messages.number.sum():
        return
    tally.add(size, messages.bytes, grade=Grade.LOWER_BOUND if messages.unsized else tally.grade(size))


def _add_totals(tally: Tally, sums: Sums, key: str) -> None:
    known = sums.known(key)
    if not known and sums.rows:
        return
    grade = tally.grade(key)
    if known < sums.rows:
        grade = Grade.worst(grade, Grade.LOWER_BOUND)
        tally.note(
            "counts-missing",
            f"{key} is unknown for {sums.rows - known:,} of "
            f"{number_of(sums.rows, 'connection', 'connections')}: a lower bound.",
            meter=key,
            connections=sums.rows - known,
        )
    tally.add(key, sums.total(key), grade=grade)


def _meter_message_units(tally: Tally, sums: Sums, events: EventSums | None, step: int) -> None:
    for direction in ("in", "out"):
        meter_name = f"message_units_{direction}"
        units = f"{meter_name}:{step}"
        messages = None
        if events is not None:
            ways = {"in": events.received + events.answered, "out": events.sent + events.answers}
            messages = ways[direction]
        grade = tally.grade(f"messages_{direction}", f"bytes_{direction}")
        more = sum(tally.integers(f"messages_{direction}")) > (int(messages.number.sum()) if messages else 0)
        if events is not None and messages is not None and messages.some and not more:
            unsized = Grade.LOWER_BOUND if messages.unsized else Grade.MEASURED
            tally.add(units, events.units(direction, step), grade=Grade.worst(grade, unsized))
        elif sums.known(f"messages_{direction}"):
            tally.note(
                "sizes-unknown",
                f"Message sizes are known per connection only: {meter_name} counts as few "
                f"steps of {step:,} bytes as the totals allow, a lower bound.",
                step_bytes=step,
            )
            tally.add(units, sums.units(direction, step), grade=Grade.worst(grade, Grade.LOWER_BOUND))


def _meter_workers(
    tally: Tally, sums: Sums, events: EventSums | None, deployment: Deployment, multiples: list[int]
) -> None:
    """Meter the Worker in front: a socket's whole life where it ends there, else only the upgrade."""
    cpu, nothing = Cpu.of(deployment), np.zeros_like(sums.open_time)
    grade = tally.grade("opened_at", "closed_at")
    tally.add("worker_wall_seconds", sums.open_time if cpu.own else nothing, MICROSECOND, grade)
    tally.add("worker_passthrough_seconds", nothing if cpu.own else sums.open_time, MICROSECOND, grade)
    tally.add("worker_cpu_ms", sums.opened, deployment.cpu_ms.connect, Grade.ASSUMED)
    if cpu.own:
        handled = _handled(tally, sums, events)
        tally.add("worker_cpu_ms", handled, deployment.cpu_ms.message, Grade.ASSUMED)
    for multiple in multiples:
        beyond = sums.overdrawn(multiple, cpu)
        assumed = beyond.any() or (cpu.own and cpu.message and sums.known("messages_in") < sums.rows)
        tally.add(
            f"worker_wall_seconds:{multiple}",
            beyond + sums.open_time if cpu.own else beyond,
            MICROSECOND,
            Grade.worst(grade, Grade.ASSUMED) if assumed else grade,
        )


def _handled(tally: Tally, sums: Sums, events: EventSums | None) -> Ints:
    """Return the messages that Workers handle, as events tell them, else connections."""
    if events is not None and (events.received.some or events.answered.some):
        return events.received.number + events.answered.number
    if sums.known("messages_in") < sums.rows:
        tally.note(
            "messages-unknown",
            "Message counts are unknown, so CPU time for them is missing from worker_cpu_ms.",
        )
    return sums.total("messages_in")
