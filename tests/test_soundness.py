"""What is sound at a glance has no fault for those that look closely, and comes to the same."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wscost.readers.bulk.numbering import Numbers
from wscost.readers.bulk.soundness import sound_connections, sound_events
from wscost.readers.columns import Column, known_columns
from wscost.readers.intake import checked
from wscost.readers.options import Options
from wscost.trace import DIRECTIONS, KINDS, SENT, UNKNOWN

CLOCK = pa.timestamp("us", "UTC")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = 365 * 86_400 * 10**6
instants = st.integers(-40 * YEAR, 200 * YEAR).map(lambda n: int(NOW.timestamp()) * 10**6 + n)
soon = st.integers(0, 10**9).map(lambda n: int(NOW.timestamp()) * 10**6 + n)
times = st.one_of(soon, soon, soon, instants)
counts = st.one_of(st.integers(0, 2**40), st.integers(0, 2**40), st.none(), st.sampled_from([-1, 2**63 - 1]))
milliseconds = st.one_of(
    st.floats(0, 1e6),
    st.none(),
    st.sampled_from([-1.0, float("nan"), float("inf"), 1e300, 2.0**41, 2.0**41 - 1, 0.0005]),
)
connections = st.lists(st.tuples(times, st.one_of(times, times, times, st.none()), counts), max_size=6)
events = st.lists(
    st.tuples(
        st.one_of(times, times, st.none()),
        st.one_of(st.sampled_from(KINDS), st.just("message"), st.sampled_from(["", "shout", None])),
        st.one_of(st.sampled_from(DIRECTIONS), st.sampled_from(["", "up", None])),
        counts,
        st.none() | st.booleans(),
        milliseconds,
    ),
    max_size=6,
)


def layout(table: str, *names: str) -> dict[str, Column]:
    return {name: known_columns(table)[name] for name in names}  # type: ignore[index]


@given(connections)
def test_connections_are_sound_only_if_a_close_look_finds_nothing(
    drawn: list[tuple[int, int | None, int | None]],
) -> None:
    told = dict(zip(("opened_at", "closed_at", "bytes_in"), zip(*drawn, strict=True), strict=False))
    arrays = {
        name: pa.array(told.get(name, ()), pa.int64()).cast(pa.int64() if name == "bytes_in" else CLOCK)
        for name in ("opened_at", "closed_at", "bytes_in")
    }
    found = sound_connections(arrays, layout("connections", *arrays))
    columns, faults = checked("here", "connections", arrays, size=len(drawn), options=Options())

    if any(None in row for row in drawn) or faults:
        assert found is None
    else:
        assert found is not None
        assert all(found[name].equals(columns[name]) for name in arrays)


@given(events, st.booleans())
def test_events_are_sound_if_and_only_if_a_close_look_finds_nothing(
    drawn: list[tuple[int | None, str | None, str | None, int | None, bool | None, float | None]],
    in_dictionaries: bool,
) -> None:
    names = ("at", "kind", "direction", "bytes", "auto_response", "wall_ms")
    types = (CLOCK, pa.string(), pa.string(), pa.int64(), pa.bool_(), pa.float64())
    told = list(zip(*drawn, strict=True)) or [()] * len(names)
    arrays = {name: pa.array(cells, kind) for name, cells, kind in zip(names, told, types, strict=True)}
    if in_dictionaries:
        arrays |= {name: arrays[name].dictionary_encode() for name in ("kind", "direction")}
    by_name = {column.name: (column, arrays[raw]) for raw, column in layout("events", *names).items()}
    found = sound_events(by_name, len(drawn), Numbers())
    named = {**arrays, "connection_id": pa.array(["named"] * len(drawn), pa.string())}
    _, faults = checked("here", "events", named, size=len(drawn), options=Options())

    if faults:
        assert found is None
    else:
        assert found is not None
        assert [
            SENT if (kind, way) == ("message", "out") else KINDS.index(str(kind))
            for _, kind, way, *_ in drawn
        ] == (found.kind.tolist())
        assert found.object.tolist() == [-1] * len(drawn)
        assert [at for at, *_ in drawn] == found.at.tolist()
        assert [UNKNOWN if size is None else size for _, _, _, size, _, _ in drawn] == found.bytes.tolist()
        assert [bool(answered) for *_, answered, _ in drawn] == found.auto_response.tolist()
        assert [UNKNOWN if ms is None else int(np.rint(ms * 1000)) for *_, ms in drawn] == found.wall.tolist()


@pytest.mark.parametrize("name", ["opened_at", "closed_at"])
def test_times_of_another_unit_take_a_closer_look(name: str) -> None:
    arrays = {column: pa.array([NOW], CLOCK) for column in ("opened_at", "closed_at")}
    assert sound_connections(arrays, layout("connections", *arrays)) is not None

    arrays[name] = arrays[name].cast(pa.timestamp("ms", "UTC"))
    assert sound_connections(arrays, layout("connections", *arrays)) is None
