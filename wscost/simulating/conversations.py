"""All that is said in a stretch of time: by processes, in rooms, and to stay alive."""

from __future__ import annotations

from typing import Literal

import numpy as np

from wscost.profile.clients import Heartbeat
from wscost.profile.distributions import Distribution
from wscost.profile.law import Floats
from wscost.profile.messages import Broadcast, Own, Push, Reply
from wscost.profile.model import Profile
from wscost.profile.quantities import likely
from wscost.simulating.fanout import Sayings, delivered, heard, pushed_counts, pushes
from wscost.simulating.messages import (
    Instants,
    Present,
    at_least_none,
    counts,
    instants,
    ticks,
    ticks_between,
)
from wscost.simulating.sockets import HAPPENING, KIND, UNKNOWN, Happenings, Sockets
from wscost.simulating.streams import Ints, microseconds, nth_in_group
from wscost.units import MICROSECONDS_PER_SECOND

Wanted = Literal["none", "in", "all"]
"""Which messages become events: none, those that run handlers, or all."""


class _Direction:
    """What goes one way: counts and bytes by connection, and where events are wanted each message."""

    def __init__(self, present: Present, listed: bool) -> None:
        self.present = present
        self.listed = listed
        self.messages = np.zeros(len(present.room), dtype=np.int64)
        self.bytes = np.zeros(len(present.room), dtype=np.int64)
        self.each: list[tuple[Instants, Ints, bool]] = []

    def count(self, messages: Ints, sizes: Distribution | None) -> None:
        """Add so many messages by connection, with the sizes of a distribution."""
        self.messages += messages
        if sizes is not None:
            self.bytes += self.present.streams.sums(self.present.room, sizes.law(), messages)

    def list(self, happened: Instants, sizes: Ints, auto_response: bool = False) -> None:
        """Add messages one by one; those that the platform answers itself are told, not counted."""
        self.each.append((happened, sizes, auto_response))
        if not auto_response:
            rows = len(self.messages)
            self.messages += np.bincount(happened.row, minlength=rows)
            self.bytes += np.bincount(happened.row, np.maximum(sizes, 0), rows).astype(np.int64)

    def sizes(self, happened: Instants, sizes: Distribution | None) -> Ints:
        """Draw a size for each message."""
        if sizes is None:
            return np.full(len(happened.row), UNKNOWN)
        chance = self.present.streams.uniforms(self.present.room[happened.row])
        return np.rint(sizes.law().at(chance)).astype(np.int64)

    @property
    def spoken(self) -> tuple[Instants, Ints]:
        """All messages listed so far, grouped by connection."""
        empty = np.empty(0, np.int64)
        row = np.concatenate([empty, *(happened.row for happened, _, _ in self.each)])
        at = np.concatenate([empty, *(happened.at for happened, _, _ in self.each)])
        sizes = np.concatenate([empty, *(size for _, size, _ in self.each)])
        order = np.argsort(row, kind="stable")
        return Instants(row[order], at[order]), sizes[order]


def converse(profile: Profile, present: Present, sockets: Sockets, wanted: Wanted) -> Happenings | None:
    """Add what is said in a stretch to the counts of its connections, and return its events if wanted.

    Events may lie past the end of the stretch, where an answer is streamed beyond it.
    """
    incoming = _Direction(present, listed=wanted != "none")
    outgoing = _Direction(present, listed=wanted == "all")
    requests: list[Instants] = []
    for process in profile.messages.incoming:
        _by_themselves(process, incoming)
    for answer in profile.messages.outgoing:
        if isinstance(answer, Reply):
            _reply(answer, incoming, outgoing)
        elif isinstance(answer, Broadcast):
            _broadcast(answer, incoming, outgoing)
        elif isinstance(answer, Push):
            requests += _push(answer, outgoing, wanted)
        else:
            _by_themselves(answer, outgoing)
    for beat in profile.client.heartbeats:
        _beat(beat, incoming, outgoing)
    sockets.messages_in += incoming.messages
    sockets.messages_out += outgoing.messages
    sockets.bytes_in += incoming.bytes
    sockets.bytes_out += outgoing.bytes
    if wanted == "none":
        return None
    return _events(sockets, incoming, outgoing, requests)


def _by_themselves(process: Own, way: _Direction) -> None:
    if not way.listed:
        way.count(counts(process, way.present), process.bytes)
        return
    happened = instants(process, way.present)
    way.list(happened, way.sizes(happened, process.bytes))


def _reply(reply: Reply, incoming: _Direction, outgoing: _Direction) -> None:
    present = incoming.present
    law, streams = reply.count.law(), present.streams
    if not outgoing.listed:
        outgoing.count(streams.sums(present.room, law, incoming.messages), reply.bytes)
        return
    asked, _ = incoming.spoken
    room = present.room[asked.row]
    many = streams.whole(room, law.at(streams.uniforms(room)))
    first = asked.at + streams.lengths(room, reply.delay.law())
    row = np.repeat(asked.row, many)
    at = np.repeat(first, many) + nth_in_group(many) * int(microseconds(reply.every))
    in_time = at < present.closed[row]
    answers = Instants(row[in_time], at[in_time])
    outgoing.list(answers, outgoing.sizes(answers, reply.bytes))


def _broadcast(broadcast: Broadcast, incoming: _Direction, outgoing: _Direction) -> None:
    present, share = incoming.present, likely(broadcast.share)
    if outgoing.listed:
        said, sizes = incoming.spoken
        if share < 1:
            passed = present.streams.uniforms(present.room[said.row]) < share
            said, sizes = Instants(said.row[passed], said.at[passed]), sizes[passed]
        sayings = Sayings(present.object[said.row], said.at, said.row, sizes)
        outgoing.list(*delivered(present, sayings, broadcast.echo))
        return
    own = 0 if broadcast.echo else 1
    messages, size = heard(present, (incoming.messages, 2.0**30), (incoming.bytes, 2.0**20))
    messages = share * (messages - own * incoming.messages)
    size = share * (size - own * incoming.bytes)
    outgoing.messages += present.streams.whole(present.room, np.maximum(messages, 0.0))
    outgoing.bytes += np.rint(np.maximum(size, 0.0)).astype(np.int64)


def _push(push: Push, outgoing: _Direction, wanted: Wanted) -> list[Instants]:
    """Let rooms speak, and return when each object is woken to do so."""
    present = outgoing.present
    calls = pushes(push, present) if wanted != "none" else None
    if calls is None or not outgoing.listed:
        outgoing.count(pushed_counts(push, present), push.bytes)
    else:
        sizes = outgoing.sizes(calls, push.bytes)
        by = np.full(len(calls.row), UNKNOWN)
        outgoing.list(
            *delivered(present, Sayings(present.object[calls.row], calls.at, by, sizes), echo=False)
        )
    return [] if calls is None else [calls]


def _beat(beat: Heartbeat, incoming: _Direction, outgoing: _Direction) -> None:
    """Send heartbeats and their answers."""
    present = incoming.present
    listed = incoming.listed
    if beat.after_silence is None:
        first, after_last = ticks_between(present.opened, beat.every, present.start, present.end)
        first = np.maximum(first, 1)
        happened = (
            ticks(present.opened, beat.every, first, at_least_none(after_last - first)) if listed else None
        )
        messages = at_least_none(after_last - first)
    else:
        spoken = incoming if beat.after_silence == "in" else outgoing
        happened = _in_silence(beat.every, spoken) if listed and spoken.listed else None
        messages = _silences(beat.every, spoken) if happened is None else np.empty(0, np.int64)
        if listed and happened is None:
            happened = _anywhere(messages, present)
    for way, size in ((incoming, beat.bytes_in), (outgoing, beat.bytes_out)):
        if size is None:
            continue
        if way.listed and happened is not None:
            way.list(happened, np.full(len(happened.row), int(size)), beat.auto_response)
        elif not beat.auto_response:
            number = messages if happened is None else np.bincount(happened.row, minlength=len(present.room))
            way.messages += number
            way.bytes += number * int(size)


def _in_silence(every_s: float, spoken: _Direction) -> Instants:
    """Return the multiples of an interval after each message, until the next or the end."""
    present = spoken.present
    said, _ = spoken.spoken
    rows = len(present.room)
    row = np.concatenate([np.arange(rows), said.row])
    at = np.concatenate([present.start, said.at])
    order = np.lexsort((at, row))
    row, at = row[order], at[order]
    until = np.append(at[1:], 0)
    last = np.append(row[1:] != row[:-1], True)
    until[last] = present.end[row[last]]
    gap = (until - at) / (every_s * MICROSECONDS_PER_SECOND)
    silence, when = ticks(at, every_s, np.ones(len(at), np.int64), at_least_none(np.ceil(gap) - 1))
    return Instants(row[silence], when)


def _silences(every_s: float, spoken: _Direction) -> Ints:
    """Return how many intervals of silence messages at random leave, on average rounded at random."""
    present = spoken.present
    first, after_last = ticks_between(present.opened, every_s, present.start, present.end)
    without = at_least_none(after_last - np.maximum(first, 1))
    number = without.astype(np.float64)
    some = np.flatnonzero((spoken.messages > 0) & (present.seconds > 0))
    number[some] = _whole_parts(spoken.messages[some], every_s / present.seconds[some])
    return present.streams.whole(present.room, number)


def _whole_parts(points: Ints, length: Floats) -> Floats:
    """Return how often a length fits into the gaps that points at random leave in a unit, on average.

    Each of the n + 1 gaps is longer than x with probability (1 - x)^n; many small steps are summed as their
    integral (Euler and Maclaurin).
    """
    fits = 1 / (length * (points + 1)) - 0.5 + length * points / 12
    few = np.flatnonzero(length * points > 0.5)
    fits[few] = 0.0
    for step in range(1, 25):
        fits[few] += np.maximum(1 - step * length[few], 0.0) ** points[few]
    return (points + 1) * fits


def _anywhere(messages: Ints, present: Present) -> Instants:
    row = np.repeat(np.arange(len(messages)), messages)
    part = present.streams.uniforms(present.room[row])
    return Instants(row, present.start[row] + (part * (present.end - present.start)[row]).astype(np.int64))


def _events(
    sockets: Sockets, incoming: _Direction, outgoing: _Direction, calls: list[Instants]
) -> Happenings:
    """Return the events of a stretch, unsorted; all but opens and closes may lie past its end."""
    present = incoming.present
    begin, end = present.stretch
    opened = np.flatnonzero((present.opened >= begin) & (present.opened < end))
    closed = np.flatnonzero((present.closed >= begin) & (present.closed < end))
    parts = [
        _of_kind("open", sockets, Instants(opened, present.opened[opened])),
        _of_kind("close", sockets, Instants(closed, present.closed[closed])),
    ]
    for call in calls:
        request = _of_kind("request", sockets, call)
        request["number"] = UNKNOWN
        parts.append(request)
    for way in (incoming, outgoing):
        for happened, sizes, auto_response in way.each:
            message = _of_kind("message", sockets, happened)
            message["bytes"], message["out"] = sizes, way is outgoing
            message["auto_response"] = auto_response
            parts.append(message)
    return np.concatenate(parts)


def _of_kind(kind: str, sockets: Sockets, happened: Instants) -> Happenings:
    rows = np.zeros(len(happened.row), dtype=HAPPENING)
    for name in ("room", "day", "number", "group"):
        rows[name] = getattr(sockets, name)[happened.row]
    rows["at"], rows["kind"], rows["bytes"] = happened.at, KIND.index(kind), UNKNOWN
    return rows
