"""A stream that keeps its rows, as the trace that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from wscost.errors import InputError
from wscost.readers.building import frame_of
from wscost.readers.findings import findings_of
from wscost.trace import EVENT_COLUMNS, Trace, TraceStream


def held(stream: TraceStream, most: int | None = None) -> Trace:
    """Return the trace of a stream's rows, as if they had been held; nothing is read anew.

    Parameters
    ----------
    stream
        One that was read with ``rows_wanted``, or set aside for whatever reason.
    most
        How many rows in its window may be held; None: any number.

    Raises
    ------
    InputError
        If there are more.
    ValueError
        If the stream keeps no rows.
    """
    import pandas as pd

    if stream.parts is None:
        raise ValueError(f"{stream.source}: this stream keeps no rows")
    parts = list(_bounded(stream.source, stream.parts(), most))
    events = [part.events for part in parts if part.events is not None]
    if stream.events is not None and not events:
        events = [frame_of([], "events")[list(EVENT_COLUMNS)]]
    found = findings_of(stream)
    return replace(
        parts[0],
        connections=pd.concat([part.connections for part in parts], ignore_index=True),
        events=pd.concat(events, ignore_index=True) if events else None,
        notes=found.notes,
        rows=found.rows - sum(found.aside.values()),
        refused=found.refused,
    )


def _bounded(source: str, parts: Iterable[Trace], most: int | None) -> Iterator[Trace]:
    rows = 0
    for part in parts:
        rows += len(part.connections) + (0 if part.events is None else len(part.events))
        if most is not None and rows > most:
            raise InputError(
                f"{source}: more than {most:,} rows lie in its window, which are held all at once here. "
                "Take part of the time, such as a week: --window START/END."
            )
        yield part
