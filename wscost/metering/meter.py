"""The meters of connections, messages and Workers; those of objects are next door."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wscost.deployment import Deployment
from wscost.intervals import Ints, count_by_day, peak_by_day, sum_by_day
from wscost.metering.columns import UNKNOWN, Events, Sockets, sockets_and_events
from wscost.metering.objects import meter_objects
from wscost.metering.tally import MICROSECOND, Tally
from wscost.notes import Grade
from wscost.trace import Trace
from wscost.units import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND
from wscost.usage import Usage

_MINUTE = 60 * MICROSECONDS_PER_SECOND


def meter(
    trace: Trace,
    deployment: Deployment,
    *,
    steps: Iterable[int] = (),
    cpu_multiples: Iterable[int] = (),
) -> Usage:
    """Meter a trace as a deployment would cause it.

    Parameters
    ----------
    trace : Trace
        A checked trace.
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
    tally = Tally(trace)
    sockets, events = sockets_and_events(trace, tally.start, tally.end)
    _meter_connections(tally, sockets)
    _meter_messages(tally, sockets, events, deployment)
    for step in sorted(set(steps)):
        _meter_message_units(tally, sockets, events, step)
    _meter_workers(tally, sockets, deployment, sorted(set(cpu_multiples)))
    if deployment.in_object:
        meter_objects(tally, sockets, events, deployment)
    return tally.usage()


def _meter_connections(tally: Tally, sockets: Sockets) -> None:
    pieces = sockets.pieces
    grade = tally.grade("opened_at", "closed_at")
    in_window = (sockets.opened >= tally.start) & (sockets.opened < tally.end)
    tally.add(
        "connections_opened",
        count_by_day(sockets.opened[in_window], tally.first_day, tally.days),
        grade=tally.grade("connection_id"),
    )
    seconds = sum_by_day(pieces.end - pieces.start, pieces.day, tally.first_day, tally.days)
    tally.add("connection_seconds", seconds, MICROSECOND, grade)
    minutes = _minutes_until(sockets, pieces.row, pieces.end) - _minutes_until(
        sockets, pieces.row, pieces.start
    )
    tally.add("connection_minutes", sum_by_day(minutes, pieces.day, tally.first_day, tally.days), grade=grade)
    peak = peak_by_day(pieces.start, pieces.end, tally.first_day, tally.days)
    tally.add("peak_connections", peak, grade=grade)
    opened_before = int((sockets.opened < tally.start).sum())
    still_open = int((sockets.still_open | (sockets.closed > tally.end)).sum())
    if opened_before or still_open:
        tally.note(
            "cut-at-window",
            f"Of {len(sockets.opened):,} connections, {opened_before:,} were open before the window began "
            f"and {still_open:,} after it ended; only what lies inside is counted.",
            opened_before=opened_before,
            still_open=still_open,
        )


def _minutes_until(sockets: Sockets, row: Ints, at: Ints) -> Ints:
    """Count the started minutes of each connection up to an instant; the first starts on opening."""
    elapsed = at - sockets.opened[row]
    minutes = np.maximum(-(-elapsed // _MINUTE), 0)
    shorter_than_a_clock_tick = (sockets.opened[row] == sockets.closed[row]) & (elapsed == 0)
    return np.where(shorter_than_a_clock_tick, 0, minutes)


def _meter_messages(tally: Tally, sockets: Sockets, events: Events | None, deployment: Deployment) -> None:
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
        _add_totals(tally, sockets, "messages_in", sockets.messages_in)
        _add_totals(tally, sockets, "bytes_in", sockets.bytes_in)
    if events is not None and events.of_kind("sent").any():
        _add_events(tally, "messages_out", events, events.of_kind("sent"))
        _add_event_bytes(tally, "bytes_out", events, events.of_kind("sent"))
    else:
        _add_totals(tally, sockets, "messages_out", sockets.messages_out)
        _add_totals(tally, sockets, "bytes_out", sockets.bytes_out)


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


def _add_totals(
    tally: Tally, sockets: Sockets, key: str, totals: Ints, grade: Grade = Grade.MEASURED
) -> None:
    known = totals != UNKNOWN
    if not known.any():
        return
    grade = Grade.worst(grade, tally.grade(key))
    if not known.all():
        grade = Grade.worst(grade, Grade.LOWER_BOUND)
        tally.note(
            "counts-missing",
            f"{key} is unknown for {int((~known).sum()):,} of {len(known):,} connections: a lower bound.",
            meter=key,
            connections=int((~known).sum()),
        )
    tally.add(key, _totals_by_day(tally, sockets, np.where(known, totals, 0)), grade=grade)


def _totals_by_day(tally: Tally, sockets: Sockets, totals: Ints) -> Ints:
    """Spread counts that are known per connection evenly over its time open, in whole units."""
    row = sockets.pieces.row
    opened, closed, total = sockets.opened[row], sockets.closed[row], totals[row]
    seconds = np.maximum((closed - opened) // MICROSECONDS_PER_SECOND, 1)

    def until(at: Ints) -> Ints:
        elapsed = np.clip((at - opened) // MICROSECONDS_PER_SECOND, 0, seconds)
        return np.where(at >= closed, total, total * elapsed // seconds)

    before = np.where(sockets.pieces.start > opened, until(sockets.pieces.start), 0)
    share = until(sockets.pieces.end) - before
    return sum_by_day(share, sockets.pieces.day, tally.first_day, tally.days)


def _meter_message_units(tally: Tally, sockets: Sockets, events: Events | None, step: int) -> None:
    for key, kind, counts, sizes in (
        ("messages_in", "message", sockets.messages_in, sockets.bytes_in),
        ("messages_out", "sent", sockets.messages_out, sockets.bytes_out),
    ):
        units = f"message_units_{key.removeprefix('messages_')}:{step}"
        if events is not None and (chosen := events.of_kind(kind)).any():
            each = np.maximum(-(-events.bytes[chosen] // step), 1)
            day = events.at[chosen] // MICROSECONDS_PER_DAY
            grade = Grade.MEASURED if (events.bytes[chosen] != UNKNOWN).all() else Grade.LOWER_BOUND
            tally.add(units, sum_by_day(each, day, tally.first_day, tally.days), grade=grade)
        elif (counts != UNKNOWN).any():
            at_least = np.maximum(counts, -(-sizes // step))
            tally.note(
                "sizes-unknown",
                f"Message sizes are known per connection only: {units.partition(':')[0]} counts as few "
                f"steps of {step:,} bytes as the totals allow, a lower bound.",
                step_bytes=step,
            )
            _add_totals(tally, sockets, units, at_least, Grade.LOWER_BOUND)


def _meter_workers(tally: Tally, sockets: Sockets, deployment: Deployment, cpu_multiples: list[int]) -> None:
    """Meter the Worker in front: a socket's whole life where it ends there, else only the upgrade."""
    own = deployment.endpoint == "worker"
    pieces, cpu = sockets.pieces, deployment.cpu_ms
    open_time = sum_by_day(pieces.end - pieces.start, pieces.day, tally.first_day, tally.days)
    nothing = np.zeros_like(open_time)
    grade = tally.grade("opened_at", "closed_at")
    tally.add("worker_wall_seconds", open_time if own else nothing, MICROSECOND, grade)
    tally.add("worker_passthrough_seconds", nothing if own else open_time, MICROSECOND, grade)

    opened = (sockets.opened >= tally.start) & (sockets.opened < tally.end)
    handled = np.maximum(sockets.messages_in, 0) if own else np.zeros_like(sockets.messages_in)
    connects = count_by_day(sockets.opened[opened], tally.first_day, tally.days)
    tally.add("worker_cpu_ms", connects, cpu.connect, Grade.ASSUMED)
    tally.add("worker_cpu_ms", _totals_by_day(tally, sockets, handled), cpu.message, Grade.ASSUMED)

    cpu_us = opened * int(cpu.connect * 1000) + handled * int(cpu.message * 1000)
    wall = np.bincount(pieces.row, pieces.end - pieces.start, len(sockets.opened)).astype(np.int64)
    last_day = np.clip(sockets.closed, tally.start, tally.end - 1) // MICROSECONDS_PER_DAY
    for multiple in cpu_multiples:
        beyond = np.maximum(multiple * cpu_us - (wall if own else 0), 0)
        by_day = sum_by_day(beyond, last_day, tally.first_day, tally.days)
        tally.add(
            f"worker_wall_seconds:{multiple}",
            by_day + (open_time if own else nothing),
            MICROSECOND,
            Grade.worst(grade, Grade.ASSUMED) if by_day.any() else grade,
        )
