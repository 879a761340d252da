"""Traces that are held, handed out as streams: slice by slice, in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from wscost.metering.columns import sockets_and_events
from wscost.metering.tally import days_of
from wscost.notes import Grade, Note
from wscost.trace import COUNTS, OPEN, Batch, EventBatch, Trace, TraceStream
from wscost.usage import Window


@dataclass(frozen=True)
class Slices:
    """A pass over a trace that is at hand, so many instants of it at a time."""

    trace: Trace
    instants: int

    @property
    def grades(self) -> Mapping[str, Grade]:
        return self.trace.grades

    @property
    def notes(self) -> tuple[Note, ...]:
        return self.trace.notes[:-1]

    @property
    def account(self) -> Note:
        return self.trace.notes[-1]

    def __iter__(self) -> Iterator[Batch]:
        start, end, _, _ = days_of(self.window)
        sockets, events = sockets_and_events(self.trace, start, end)
        closed = np.where(sockets.still_open, OPEN, sockets.closed)
        objects = (
            int(max(sockets.object.max(initial=0), 0 if events is None else events.object.max(initial=0))) + 1
        )
        times = np.unique(np.concatenate([sockets.opened, events.at if events is not None else []])).astype(
            np.int64
        )
        for first in range(0, len(times), self.instants):
            since, until = times[first], times[min(first + self.instants, len(times)) - 1]
            rows = np.flatnonzero((sockets.opened >= since) & (sockets.opened <= until))
            rows = rows[np.argsort(sockets.opened[rows])]
            counts = {name: getattr(sockets, name)[rows] for name in COUNTS}
            happened = None
            if events is not None:
                chosen = np.flatnonzero((events.at >= since) & (events.at <= until))
                chosen = chosen[np.argsort(events.at[chosen])]
                happened = EventBatch(
                    events.at[chosen],
                    events.kind[chosen],
                    events.object[chosen].astype(np.int32),
                    events.bytes[chosen],
                    events.auto_response[chosen],
                    events.wall[chosen],
                )
            yield Batch(
                sockets.opened[rows],
                closed[rows],
                sockets.object[rows].astype(np.int32),
                objects,
                counts,
                happened,
            )

    @property
    def window(self) -> Window:
        return self.trace.window


def as_stream(trace: Trace, instants: int) -> TraceStream:
    """Return a trace in order of time as a stream."""
    return TraceStream(
        window=trace.window,
        source=trace.source,
        rows=len(trace.connections),
        names_objects=trace.names_objects,
        in_order=True,
        read=lambda sort: Slices(trace, instants),
        events=None if trace.events is None else len(trace.events),
    )
