"""Traces written by hand: a line a connection or event, times as seconds after a midnight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from wscost.trace import CONNECTION_COLUMNS, EVENT_COLUMNS, Trace, check_trace
from wscost.usage import Window

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
"""A Monday."""

DAY = 86_400


def at(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


def connection(
    opened: float, closed: float | None, room: str | None = "room", **counts: int
) -> dict[str, Any]:
    return {
        "object_id": room,
        "opened_at": at(opened),
        "closed_at": None if closed is None else at(closed),
        **counts,
    }


def event(kind: str, seconds: float, room: str = "room", **more: Any) -> dict[str, Any]:
    direction = {"direction": "in"} if kind == "message" else {}
    return {"kind": kind, "at": at(seconds), "object_id": room, **direction, **more}


def trace(
    connections: Iterable[Mapping[str, Any]],
    events: Iterable[Mapping[str, Any]] | None = None,
    *,
    window: tuple[float, float] = (0, DAY),
) -> Trace:
    """Return a checked trace of these rows over a window. [s after midnight]"""
    rows = [{"connection_id": f"c{i}", **row} for i, row in enumerate(connections)]
    return check_trace(
        Trace(
            connections=frame(rows, CONNECTION_COLUMNS),
            window=Window(at(window[0]), at(window[1])),
            source="by-hand",
            events=None if events is None else frame(events, EVENT_COLUMNS),
            rows=len(rows),
        )
    )


def frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a frame of the specification's columns and types."""
    table = pd.DataFrame(list(rows), columns=list(columns), dtype=object)
    return pd.DataFrame({name: table[name].astype(dtype) for name, dtype in columns.items()})  # type: ignore[call-overload]
