"""The meters of connections, messages and Workers; those of objects are next door."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wscost.deployment import Deployment
from wscost.intervals import count_by_day, sum_by_day
from wscost.metering.columns import Events, sockets_and_events
from wscost.metering.objects import meter_objects
from wscost.metering.streaming import Question, Sums, streamed
from wscost.metering.sums import Cpu, FrameSums
from wscost.metering.tally import MICROSECOND, Tally
from wscost.notes import Grade
from wscost.trace import UNKNOWN, Trace, TraceStream
from wscost.units import MICROSECONDS_PER_DAY
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
        A checked trace, or a stream of connections: it is read once, whatever is asked of it in turn.
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
    cpu = Cpu.of(deployment)
    sums: Sums
    if isinstance(trace, TraceStream):
        passed = streamed(trace, Question.of(deployment, steps, multiples))
        tally, sums, events = Tally(passed), passed, None
    else:
        tally = Tally(trace)
        sockets, events = sockets_and_events(trace, tally.start, tally.end)
        sums = FrameSums(sockets, tally.window_days)
    _meter_connections(tally, sums)
    _meter_messages(tally, sums, events, deployment)
    for step in steps:
        _meter_message_units(tally, sums, events, step)
    _meter_workers(tally, sums, cpu, deployment, multiples)
    if deployment.in_object:
        meter_objects(tally, sums, events, deployment)
    return tally.usage()


def _meter_connections(tally: Tally, sums: Sums) -> None:
    grade = tally.grade("opened_at", "closed_at")
    tally.add("connections_opened", sums.opened, grade=tally.grade("connection_id"))
    tally.add("connection_seconds", sums.open_time, MICROSECOND, grade)
    tally.add("connection_minutes", sums.minutes, grade=grade)
    tally.add("peak_connections", sums.peak, grade=grade)
    if (sums.opened_before or sums.still_open) and not tally.told("censored"):
        tally.note(
            "cut-at-window",
            f"Of {sums.rows:,} connections, {sums.opened_before:,} were open before the window began "
            f"and {sums.still_open:,} after it ended; only what lies inside is counted.",
            opened_before=sums.opened_before,
            still_open=sums.still_open,
        )


def _meter_messages(tally: Tally, sums: Sums, events: Events | None, deployment: Deployment) -> None:
    recorded = events is not None and bool(events.of_kind("message", "sent").any())
    if events is not None and recorded:
        received = events.of_kind("message")
        answered = events.auto_response & received
        if deployment.hibernation and deployment.auto_response and answered.any():
            received &= ~answered
            tally.note(
                "auto-response",
                f"{int(answered.sum()):,} messages were answered by auto-response: they wake no object "
                "and are not charged.",
                messages=int(answered.sum()),
            )
        _add_events(tally, "messages_in", events, received)
        _add_event_bytes(tally, "bytes_in", events, received)
    else:
        _add_totals(tally, sums, "messages_in")
        _add_totals(tally, sums, "bytes_in")
    if events is not None and events.of_kind("sent").any():
        _add_events(tally, "messages_out", events, events.of_kind("sent"))
        _add_event_bytes(tally, "bytes_out", events, events.of_kind("sent"))
    else:
        _add_totals(tally, sums, "messages_out")
        _add_totals(tally, sums, "bytes_out")


def _add_events(tally: Tally, key: str, events: Events, chosen: np.ndarray) -> None:
    counts = count_by_day(events.at[chosen], tally.first_day, tally.days)
    tally.add(key, counts, grade=tally.grade(key))


def _add_event_bytes(tally: Tally, key: str, events: Events, chosen: np.ndarray) -> None:
    known = chosen & (events.bytes != UNKNOWN)
    if chosen.any() and not known.any():
        return
    day = events.at[known] // MICROSECONDS_PER_DAY
    grade = tally.grade(key) if (known == chosen).all() else Grade.LOWER_BOUND
    tally.add(key, sum_by_day(events.bytes[known], day, tally.first_day, tally.days), grade=grade)


def _add_totals(tally: Tally, sums: Sums, key: str) -> None:
    known = sums.known(key)
    if not known:
        return
    grade = tally.grade(key)
    if known < sums.rows:
        grade = Grade.worst(grade, Grade.LOWER_BOUND)
        tally.note(
            "counts-missing",
            f"{key} is unknown for {sums.rows - known:,} of {sums.rows:,} connections: a lower bound.",
            meter=key,
            connections=sums.rows - known,
        )
    tally.add(key, sums.total(key), grade=grade)


def _meter_message_units(tally: Tally, sums: Sums, events: Events | None, step: int) -> None:
    for direction, kind in (("in", "message"), ("out", "sent")):
        meter_name = f"message_units_{direction}"
        units = f"{meter_name}:{step}"
        if events is not None and (chosen := events.of_kind(kind)).any():
            each = np.maximum(-(-events.bytes[chosen] // step), 1)
            day = events.at[chosen] // MICROSECONDS_PER_DAY
            grade = Grade.MEASURED if (events.bytes[chosen] != UNKNOWN).all() else Grade.LOWER_BOUND
            tally.add(units, sum_by_day(each, day, tally.first_day, tally.days), grade=grade)
        elif sums.known(f"messages_{direction}"):
            tally.note(
                "sizes-unknown",
                f"Message sizes are known per connection only: {meter_name} counts as few "
                f"steps of {step:,} bytes as the totals allow, a lower bound.",
                step_bytes=step,
            )
            grade = Grade.worst(Grade.LOWER_BOUND, tally.grade(units))
            tally.add(units, sums.units(direction, step), grade=grade)


def _meter_workers(tally: Tally, sums: Sums, cpu: Cpu, deployment: Deployment, multiples: list[int]) -> None:
    """Meter the Worker in front: a socket's whole life where it ends there, else only the upgrade."""
    nothing = np.zeros_like(sums.open_time)
    grade = tally.grade("opened_at", "closed_at")
    tally.add("worker_wall_seconds", sums.open_time if cpu.own else nothing, MICROSECOND, grade)
    tally.add("worker_passthrough_seconds", nothing if cpu.own else sums.open_time, MICROSECOND, grade)
    handled = sums.total("messages_in") if cpu.own else nothing
    tally.add("worker_cpu_ms", sums.opened, deployment.cpu_ms.connect, Grade.ASSUMED)
    tally.add("worker_cpu_ms", handled, deployment.cpu_ms.message, Grade.ASSUMED)
    for multiple in multiples:
        beyond = sums.overdrawn(multiple, cpu)
        tally.add(
            f"worker_wall_seconds:{multiple}",
            beyond + sums.open_time if cpu.own else beyond,
            MICROSECOND,
            Grade.worst(grade, Grade.ASSUMED) if beyond.any() else grade,
        )
