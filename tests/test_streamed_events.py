"""Events that pass by come to what events at hand come to: same days, grades and notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import loops
from tests.eventstreams import as_stream
from tests.streams import Passes
from tests.traces import DAY, connection, event, trace
from wscost.deployment import PRESETS, HandlerTime, Pins
from wscost.metering import meter
from wscost.notes import Note
from wscost.trace import DIRECTIONS, KINDS, Trace

WORKER, ACCEPT, HIBERNATING = PRESETS.values()
SLOW = HandlerTime(open=Decimal(3000), message=Decimal(700), close=Decimal("0.5"), alarm=Decimal(11_000))
DEPLOYMENTS = (
    WORKER,
    ACCEPT,
    HIBERNATING,
    HIBERNATING.model_copy(update={"auto_response": False}),
    HIBERNATING.model_copy(update={"handler_ms": SLOW, "pins": Pins(wait_until=Decimal("0.3"))}),
    ACCEPT.model_copy(update={"handler_ms": SLOW, "pins": Pins(timer="always")}),
)
Row = Mapping[str, Any]

# Seconds around midnights and a turn of the month: the same instants, tails that touch, handlers across.
instants = st.one_of(
    st.integers(0, 40),
    st.integers(DAY - 12, DAY + 12),
    st.sampled_from([0, 10, 20, 20.000001, DAY, 29 * DAY, 29 * DAY - 0.000001, 2 * DAY - 0.001]),
)
sizes = st.none() | st.integers(0, 500)
rooms = st.sampled_from(["a", "b", "c"])
connections = st.lists(
    st.builds(
        lambda a, b, still, room, sent: connection(
            min(a, b), None if still else max(a, b), room, messages_in=sent, bytes_out=sent
        ),
        instants,
        instants,
        st.booleans(),
        rooms,
        sizes,
    ),
    max_size=8,
)
events = st.lists(
    st.builds(
        lambda kind, at, room, way, size, auto, wall: event(
            kind, at, room, direction=way, bytes=size, auto_response=auto, wall_ms=wall
        ),
        st.sampled_from(KINDS),
        instants,
        rooms,
        st.sampled_from(DIRECTIONS),
        sizes,
        st.sampled_from([True, False, None]),
        st.none() | st.sampled_from([0.0, 0.0004, 1.5, 9_999.999, 10_000.0, 86_400_000.0]),
    ),
    max_size=25,
)


def same(held: Trace, instants_a_slice: int) -> None:
    """Hold a trace's stream against its frames, for every deployment."""
    held = replace(held, notes=(Note("findings", "All rows were read."),))
    flowing = as_stream(held, instants_a_slice)
    for deployment in DEPLOYMENTS:
        expected = meter(held, deployment, steps=[100], cpu_multiples=[8])
        found = meter(flowing, deployment, steps=[100], cpu_multiples=[8])

        assert expected.days == found.days
        assert expected.grades == found.grades
        assert expected.notes == found.notes


@settings(max_examples=60, deadline=None)
@given(connections, events, st.integers(1, 5), st.sampled_from([(0, 30 * DAY), (5, 25), (DAY - 3, DAY + 3)]))
def test_any_events_meter_the_same_as_a_stream(
    sockets: list[Row], happened: list[Row], slice_: int, window: tuple[float, float]
) -> None:
    inside = [row for row in sockets if _overlaps(row, trace([], window=window))]
    same(trace(inside, happened, window=window), slice_)


def _overlaps(row: Row, empty: Trace) -> bool:
    ends = row["closed_at"] is None or row["closed_at"] >= empty.window.start
    return bool(row["opened_at"] < empty.window.end and ends)


@pytest.mark.parametrize(
    ("kinds", "passes"),
    [
        pytest.param(("open", "message", "close"), 1, id="connects and closes among the events: one pass"),
        pytest.param(("message",), 2, id="none of them: connections are asked, which takes a second"),
    ],
)
def test_two_deployments_share_one_pass_over_the_events(kinds: Iterable[str], passes: int) -> None:
    happened = [event(kind, 5 + 2 * n) for n, kind in enumerate(kinds)]
    held = replace(trace([connection(0, 60)], happened), notes=(Note("findings", "All rows were read."),))
    counted = Passes(as_stream(held, 3))
    for deployment in (ACCEPT, HIBERNATING):
        meter(counted.stream, deployment)

    assert passes == len(counted.sorting)


def test_loops_through_events_run_as_python_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    happened = [
        event(KINDS[n % 6], int(at), f"room-{n % 7}", direction=DIRECTIONS[n % 2], bytes=int(at) % 300)
        for n, at in enumerate(np.sort(rng.integers(0, 3 * DAY, 300)))
    ]
    held = trace(
        [connection(n * 900, n * 900 + 4000, f"room-{n % 7}") for n in range(200)],
        happened,
        window=(0, 3 * DAY),
    )
    loops.run_plain(monkeypatch)

    same(held, 50)
