"""What a trace must be, and that one made in Python is held to it before it is billed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from tests.traces import at, connection, event, trace
from wscost import estimate
from wscost.errors import InputError
from wscost.trace import Trace

SOUND = trace(
    [connection(0, 60), connection(10, None)],
    [event("open", 0, connection_id="c0"), event("message", 5, connection_id="c0", bytes=7, wall_ms=1.5)],
)


def with_cell(table: str, column: str, value: Any) -> Trace:
    """Return the sound trace with one other cell, in the second row."""
    frame: pd.DataFrame = getattr(SOUND, table).copy()
    frame.loc[1, column] = value
    return replace(SOUND, **{table: frame})  # type: ignore[arg-type]


def test_a_sound_trace_is_billed() -> None:
    assert estimate(SOUND, deployment="durable-object").total > 0


@pytest.mark.parametrize(
    ("table", "column", "value", "words"),
    [
        ("connections", "connection_id", None, "connections: connection_id must not be null"),
        ("connections", "connection_id", "c0", "connections: connection_id 'c0' stands twice"),
        ("connections", "opened_at", None, "connections: opened_at must not be null"),
        ("connections", "closed_at", at(9), "closed_at is before opened_at for 1 connection"),
        ("connections", "bytes_in", -1, "connections: bytes_in must not be negative"),
        ("events", "at", None, "events: at must not be null"),
        ("events", "kind", None, "events: kind must not be null"),
        ("events", "kind", "shout", "events: kind 'shout' is none of open, message"),
        ("events", "direction", None, "events: a message needs a direction, in or out"),
        ("events", "direction", "up", "events: direction 'up' is none of in, out"),
        ("events", "bytes", -1, "events: bytes must not be negative"),
        ("events", "wall_ms", -0.5, r"events: wall_ms must be from 0 up and less than 2\^41"),
        ("events", "wall_ms", 2.0**41, r"events: wall_ms must be from 0 up and less than 2\^41"),
    ],
)
def test_a_trace_made_in_python_that_is_not_sound_is_refused(
    table: str, column: str, value: Any, words: str
) -> None:
    with pytest.raises(InputError, match=f"^by-hand: {words}"):
        estimate(with_cell(table, column, value), deployment="durable-object-hibernation")
