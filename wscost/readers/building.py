"""From good rows to a trace: the window and what it cuts, how well each column is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.columns import COLUMNS, Table
from wscost.readers.deriving import Sent, connections_of, how_well_known, looked_up, sent_in
from wscost.readers.options import format_window
from wscost.readers.remarks import AtClose
from wscost.trace import CONNECTION_COLUMNS, COUNTS, EVENT_COLUMNS, OPEN, Trace
from wscost.units import number_of
from wscost.usage import Window

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TICK = timedelta(microseconds=1)


def build_trace(
    source: str,
    connections: pd.DataFrame | None,
    events: pd.DataFrame | None = None,
    *,
    window: Window | None = None,
    grades: Mapping[str, Grade] | None = None,
    notes: Iterable[Note] = (),
    rows: int = 0,
    refused: int = 0,
) -> Trace:
    """Return the trace of good rows: its window found, its connections derived, its cuts counted.

    Parameters
    ----------
    source
        What to call the trace.
    connections, events
        Frames of canonical columns, in any order; without connections they are derived from events.
    window
        The observed time; None: from the first event to just after the last.
    grades, notes
        What the reader knows; what is found here is added.
    rows, refused
        The rows that the reader met, and those that it refused.

    Raises
    ------
    InputError
        If there is no row to find a window from, or no row lies in the window.
    """
    extent = _extent(connections, events)
    window = window or extent
    if window is None or (connections is None and events is None):
        raise InputError(f"{source}: there are no rows in it.")
    known, told = dict(grades or {}), list(notes)
    if connections is None:
        assert events is not None
        sent = sent_in(events)
        connections, unseen = derived(events, window, sent)
        found, noted = how_well_known(sent)
        known |= found
        told += noted
        if unseen:
            known["opened_at"] = Grade.LOWER_BOUND
            told += opening_unseen(unseen)
    met = len(connections), 0 if events is None else len(events)
    overlapping = (connections["opened_at"] < window.end) & ~(connections["closed_at"] < window.start)
    connections = _in_time_order(connections[overlapping], "opened_at")
    if events is not None:
        events = _in_time_order(events[_inside(events, window)], "at")
    kept = len(connections), 0 if events is None else len(events)
    if extent is not None and not any(kept):
        raise nothing_inside(source, window, extent)
    told += left_out(met[0] - kept[0], met[1] - kept[1])
    for column in COUNTS:
        if _in_events(column, events):
            continue
        grade = grade_of_count(int(connections[column].isna().sum()), len(connections))
        if grade is not Grade.MEASURED:
            known[column] = Grade.worst(grade, known.get(column, Grade.MEASURED))
    return Trace(
        connections=connections[list(CONNECTION_COLUMNS)],
        window=window,
        source=source,
        events=None if events is None else events[list(EVENT_COLUMNS)],
        grades=known,
        notes=(*told, *_censored(connections, window)),
        rows=rows,
        refused=refused,
    )


def frame_of(batches: Sequence[pa.Table], table: Table) -> pd.DataFrame:
    """Return rows of canonical Arrow columns, and the places they come from, as a frame."""
    import pandas as pd
    import pyarrow as pa

    kinds = {**COLUMNS[table], "line": "int64", "part": "int32", "row": "int64"}
    types = {
        pa.string(): pd.StringDtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.float64(): pd.Float64Dtype(),
    }
    if batches:
        frame: pd.DataFrame = pa.concat_tables(batches).to_pandas(types_mapper=types.get)
    else:
        frame = pd.DataFrame(columns=[*COLUMNS[table], "line", "part"])
    return frame.astype({name: kinds[name] for name in frame.columns})


def _extent(connections: pd.DataFrame | None, events: pd.DataFrame | None) -> Window | None:
    import pandas as pd

    times = [] if connections is None else [connections["opened_at"], connections["closed_at"]]
    if events is not None:
        times.append(events["at"])
    known = pd.concat(times).dropna() if times else pd.Series(dtype="float64")
    if known.empty:
        return None
    return Window(known.min().to_pydatetime(), known.max().to_pydatetime() + TICK)


def _in_events(column: str, events: pd.DataFrame | None) -> bool:
    """Whether events hold what a connection's total may lack."""
    if events is None:
        return False
    counted = (events["kind"] == "message") & (events["direction"] == column.rpartition("_")[2])
    return bool((counted & events["bytes"].notna() if column.startswith("bytes") else counted).any())


def derived(events: pd.DataFrame, window: Window, sent: Mapping[str, Sent]) -> tuple[pd.DataFrame, int]:
    """Return the connections that events tell of, and of how many no open was seen."""
    connections = connections_of(events, _inside(events, window), sent)
    unseen = int(connections["opened_at"].isna().sum())
    return (_opened_before(connections, events, window) if unseen else connections), unseen


def opening_unseen(connections: int) -> tuple[Note, ...]:
    """Return the note on connections of which no open was seen."""
    if not connections:
        return ()
    sentence = (
        f"Connections with events but no open: {connections:,}. They are taken as open since the window "
        "began, and their time before it is unknown."
    )
    return (Note("opening-unseen", sentence, {"connections": connections}),)


def _inside(events: pd.DataFrame, window: Window) -> pd.Series[bool]:
    return (events["at"] >= window.start) & (events["at"] < window.end)


def _opened_before(connections: pd.DataFrame, events: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Let connections without an open begin a tick before the window, or before their first event."""
    first = looked_up(connections["connection_id"], events.groupby("connection_id")["at"].min())
    before = first.where(first < window.start, window.start) - TICK
    opened = connections.assign(opened_at=connections["opened_at"].fillna(before))
    return opened.astype({"opened_at": CONNECTION_COLUMNS["opened_at"]})


def _in_time_order(rows: pd.DataFrame, time: str) -> pd.DataFrame:
    if not rows[time].is_monotonic_increasing:
        rows = rows.sort_values(time, kind="stable")
    return rows.reset_index(drop=True)


def _censored(connections: pd.DataFrame, window: Window) -> tuple[Note, ...]:
    before = int((connections["opened_at"] < window.start).sum())
    open_still = int((connections["closed_at"].isna() | (connections["closed_at"] >= window.end)).sum())
    return censored(len(connections), before, open_still)


def at_close(trace: Trace, *, given: bool) -> Trace:
    """Return the trace of a log that tells of connections once they are closed, what that hides noted.

    ``given`` says that the window is the user's; else it begins with the first connection.
    """
    import numpy as np

    seen, rows = AtClose(), trace.connections
    opened, closed = (rows[name].to_numpy("datetime64[us]") for name in ("opened_at", "closed_at"))
    seen.see(opened.astype(np.int64), np.where(np.isnat(closed), OPEN, closed.astype(np.int64)))
    return replace(trace, notes=(*trace.notes, *seen.notes(trace.window, given=given)))


def left_out(connections: int, events: int) -> tuple[Note, ...]:
    """Return the note on rows outside the window."""
    if not connections and not events:
        return ()
    sentence = (
        f"{number_of(connections, 'connection', 'connections')} and {number_of(events, 'event', 'events')} "
        "lie outside the window and are left out."
    )
    return (Note("outside-window", sentence, {"connections": connections, "events": events}),)


def censored(connections: int, opened_before: int, still_open: int) -> tuple[Note, ...]:
    """Return the note on connections that the window cuts."""
    if not opened_before and not still_open:
        return ()
    return (
        Note(
            "censored",
            f"Of {number_of(connections, 'connection', 'connections')}, "
            f"{number_of(opened_before, 'was', 'were')} open before the window began and "
            f"{number_of(still_open, 'was', 'were')} still open when it ended: only their part "
            "inside it is known.",
            {"opened_before": opened_before, "still_open": still_open},
        ),
    )


def grade_of_count(unknown: int, connections: int) -> Grade:
    """Return how well a count is known that some connections lack."""
    if not unknown:
        return Grade.MEASURED
    return Grade.UNKNOWN if unknown == connections else Grade.LOWER_BOUND


def nothing_inside(source: str, window: Window, extent: Window) -> InputError:
    """Return the error for a window that holds nothing of the trace."""
    return InputError(
        f"{source}: nothing of it lies in the window {format_window(window)}; "
        f"it runs over {format_window(extent)}."
    )
