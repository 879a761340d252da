"""Parquet files of events too big to be held come out as if they had been: totals, notes and complaints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import setaside
from tests.streams import (
    EVENT_TYPES,
    Passes,
    batches_of,
    held,
    held_by,
    refusal,
    streamed,
    tiny,
    write,
    write_events,
)
from tests.test_streamed_events import DEPLOYMENTS, instants, sizes
from tests.traces import DAY, MIDNIGHT, at, connection, event
from wscost.cli import main
from wscost.errors import InputError
from wscost.metering import meter
from wscost.readers import parquet as reader
from wscost.readers import read_input, read_trace
from wscost.readers.bulk import stream
from wscost.trace import DIRECTIONS, KINDS, LARGEST, TraceStream
from wscost.usage import Window

HIBERNATING = DEPLOYMENTS[2]
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _everything_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch)


def folder(path: Path, sockets: list[Row], happened: list[Row], group: int = 5) -> Path:
    """Write a trace as a folder of a file of connections and one of events."""
    path.mkdir(exist_ok=True)
    named = [{"connection_id": f"c{n}", **row} for n, row in enumerate(sockets)]
    write(path / "connections.parquet", named, group)
    write_events(path / "events.parquet", happened, group)
    return path


def same(path: Path, **options: Any) -> None:
    """Hold the stream of a folder against its frames, for every deployment."""
    whole, flowing = held(path, **options), streamed(path, **options)
    assert whole.events is not None
    for deployment in DEPLOYMENTS:
        expected = meter(whole, deployment, steps=[100], cpu_multiples=[8])
        found = meter(flowing, deployment, steps=[100], cpu_multiples=[8])

        assert expected.days == found.days
        assert expected.grades == found.grades
        assert expected.notes == found.notes
        assert expected.window == found.window
    assert whole.names_objects == flowing.names_objects


rooms = st.sampled_from(["a", "b", "c"])
hostile_sockets = st.lists(
    st.builds(
        lambda a, b, still, room, sent: connection(
            min(a, b), None if still else max(a, b), room, messages_in=sent, bytes_out=sent
        ),
        instants,
        instants,
        st.booleans(),
        st.sampled_from(["a", "b", "", None]),
        sizes,
    ),
    min_size=1,
    max_size=10,
)


@st.composite
def hostile(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Draw sockets, and events of which each connection has one connect and one close at most."""
    sockets = draw(hostile_sockets)
    happened: list[Row] = []
    for _ in range(draw(st.integers(1, 25))):
        kind = draw(st.sampled_from([kind for kind in KINDS if kind not in ("open", "close")]))
        wall = draw(st.none() | st.sampled_from([0.0, 0.0004, 1.5, 10_000.0, 86_400_000.0]))
        happened.append(
            event(
                kind,
                draw(instants),
                draw(rooms),
                direction=draw(st.sampled_from(DIRECTIONS)),
                bytes=draw(sizes),
                auto_response=draw(st.sampled_from([True, False, None])),
                wall_ms=wall,
                connection_id=draw(st.sampled_from([None, "", "c0"])),
            )
        )
    for number in range(len(sockets)):
        opens, closes = sorted((draw(instants), draw(instants)))
        for kind, seconds in (("open", opens), ("close", closes)):
            if draw(st.booleans()):
                happened.append(event(kind, seconds, draw(rooms), connection_id=f"c{number}"))
    return sockets, draw(st.permutations(happened)) if draw(st.booleans()) else _sorted(happened)


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["at"])


@settings(max_examples=50, deadline=None)
@given(
    hostile(),
    st.none() | st.tuples(st.integers(-5, 25), st.integers(26, 3 * DAY)),
    st.integers(1, 9),
    st.booleans(),
)
def test_any_events_in_any_order_meter_the_same_from_a_folder(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[list[Row], list[Row]],
    window: tuple[int, int] | None,
    group: int,
    sorted_sockets: bool,
) -> None:
    sockets, happened = drawn
    if sorted_sockets:
        sockets = sorted(sockets, key=lambda row: row["opened_at"])
    path = folder(tmp_path_factory.mktemp("any") / "trace", sockets, happened, group)
    given_window = None if window is None else Window(at(window[0]), at(window[1]))
    complaint = refusal(lambda: read_trace(path, window=given_window))

    assert complaint == refusal(lambda: meter(streamed(path, window=given_window), HIBERNATING))
    if complaint is None:
        same(path, window=given_window)


# Passes and memory


def trace_of(rows: int) -> tuple[list[Row], list[Row]]:
    """Return a room a minute, with a message a second."""
    sockets = [connection(s, s + 90, f"room-{s % 5}") for s in range(0, rows, 60)]
    happened = [event("open", row, connection_id=f"c{n}") for n, row in enumerate(range(0, rows, 60))]
    happened += [event("message", s + 0.5, f"room-{s % 5}", bytes=s % 300) for s in range(rows)]
    happened += [event("close", row + 90, connection_id=f"c{n}") for n, row in enumerate(range(0, rows, 60))]
    return sockets, _sorted(happened)


def test_events_in_order_are_passed_over_once_for_both_deployments(tmp_path: Path) -> None:
    path = folder(tmp_path / "trace", *trace_of(130), group=20)
    counted = Passes(streamed(path))
    for deployment in DEPLOYMENTS[1:3]:
        meter(counted.stream, deployment)

    assert [False] == counted.sorting


def test_events_out_of_order_are_sorted_on_disk_and_their_connections_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets, happened = trace_of(130)
    told: list[str] = []
    path = folder(tmp_path / "trace", sockets, happened[::-1], group=20)
    monkeypatch.setattr(stream, "in_time_order", None)
    meter(streamed(path, remark=told.append), HIBERNATING)

    assert [f"{path}: the rows are not in order of time; sorting them on disk."] == told
    monkeypatch.undo()
    tiny(monkeypatch)
    same(path)


def test_what_is_held_does_not_grow_with_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches_of(monkeypatch, 500)

    def most_held(rows: int) -> int:
        sockets, happened = trace_of(rows)
        flowing = streamed(folder(tmp_path / f"{rows}", sockets[:20], happened, group=1000))
        return held_by(lambda: meter(flowing, HIBERNATING))

    most_held(1_000)
    small, large = most_held(2_000), most_held(20_000)

    assert large < 2 * small


def test_sums_of_a_batch_past_what_64_bits_hold_are_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches_of(monkeypatch, 1_000)
    spoken = [event("message", second, "a", direction="in", bytes=LARGEST) for second in range(3_000)]
    path = folder(tmp_path / "trace", [connection(0, 4_000, "a")], spoken, group=5_000)

    assert meter(streamed(path), HIBERNATING).totals["bytes_in"] == 3_000 * LARGEST > 2**64
    same(path)


# Bad input


bad_events = pytest.mark.parametrize(
    ("bad", "options"),
    [
        pytest.param({"kind": "massage"}, {}, id="a misspelt kind"),
        pytest.param({"kind": None}, {}, id="no kind"),
        pytest.param({"kind": "message", "direction": None}, {}, id="a message without direction"),
        pytest.param({"kind": "message", "direction": "up"}, {}, id="an unknown direction"),
        pytest.param({"kind": "open", "connection_id": None}, {}, id="an open of no connection"),
        pytest.param({"kind": "close", "connection_id": ""}, {}, id="a close of no connection"),
        pytest.param({"at": None}, {}, id="no time"),
        pytest.param({"at": MIDNIGHT.replace(year=1970)}, {}, id="a time of another unit"),
        pytest.param({"bytes": -1}, {}, id="a negative size"),
        pytest.param({"bytes": LARGEST + 1}, {}, id="a size that none can have"),
        pytest.param({"wall_ms": -0.5}, {}, id="a negative time"),
        pytest.param({"wall_ms": float("nan")}, {}, id="a time that is no number"),
        pytest.param({"wall_ms": 1e300}, {}, id="a time of another unit, too long to be one"),
        pytest.param({}, {"window": Window(at(DAY), at(2 * DAY))}, id="a window that holds nothing"),
    ],
)
"""What is wrong with one event, or how it is read."""


@bad_events
def test_bad_events_are_told_in_the_same_words(tmp_path: Path, bad: Row, options: dict[str, Any]) -> None:
    sockets, happened = trace_of(20)
    happened[7] = {**event("message", 3, connection_id="c0"), **bad}
    path = folder(tmp_path / "trace", sockets, happened)
    with pytest.raises(InputError) as expected:
        read_trace(path, **options)
    with pytest.raises(InputError) as found:
        meter(streamed(path, **options), HIBERNATING)

    assert str(expected.value) == str(found.value)
    if bad:
        same(path, skip_bad_rows=True)


def test_statistics_that_hide_a_nameless_event_are_told_as_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets, happened = trace_of(20)
    happened[7] = {**happened[7], "object_id": None}
    path = folder(tmp_path / "trace", sockets, happened)
    monkeypatch.setattr("wscost.readers.bulk.groups._lacks", lambda chunk: False)
    with pytest.raises(InputError, match="this Parquet file is damaged or cut short"):
        meter(streamed(path), HIBERNATING)


def test_a_batch_of_which_no_event_is_good_is_left_out(tmp_path: Path) -> None:
    sockets, happened = trace_of(30)
    bad = [{**one, "kind": "massage"} if 6 <= number < 18 else one for number, one in enumerate(happened)]

    same(folder(tmp_path / "trace", sockets, bad), skip_bad_rows=True)


events_without_object = st.lists(
    st.builds(
        lambda kind, second, room, name: {
            **event(kind, second, room or None, connection_id=name),
            "direction": "in" if kind == "message" else None,
        },
        st.sampled_from(KINDS),
        st.integers(0, 99),
        st.sampled_from(["a", "b", ""]),
        st.sampled_from(["c0", "c1", "c2", "c3", None]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=8)
@given(hostile_sockets, events_without_object, st.booleans(), st.none() | st.integers(1, 99))
def test_where_events_need_their_connections_all_are_set_aside_and_come_to_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    sockets: list[Row],
    happened: list[Row],
    skip: bool,
    end: int | None,
) -> None:
    path = folder(tmp_path_factory.mktemp("trace"), sockets, happened)
    window = None if end is None else Window(at(-5), at(end))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "STREAMED_FROM_ROWS", 10**9)
        for of_trace in (path, path / "events.parquet"):
            setaside.same(of_trace, skip_bad_rows=skip, window=window)


def test_events_find_their_object_by_their_connection_however_many_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets, happened = trace_of(100)
    happened[9] = event("message", 4, None, connection_id="c0")
    path = folder(tmp_path / "trace", sockets, happened)
    setaside.bound(monkeypatch, setaside.SPOOLED)

    assert isinstance(read_input(path, streamed=True), TraceStream)
    assert isinstance(read_input(path / "events.parquet", streamed=True), TraceStream)


def test_a_folder_of_several_schemas_and_an_empty_file_is_one_trace(tmp_path: Path) -> None:
    path = folder(tmp_path / "trace", *trace_of(60))
    more = [event("message", s, "room-1", bytes=None, wall_ms=2.5) for s in range(200, 220)]
    for row in more:
        row["at_ms"] = int(row.pop("at").timestamp() * 1000)
    write(path / "more.parquet", more, **{**EVENT_TYPES, "at_ms": pa.int64(), "bytes": pa.int32()})
    write_events(path / "none.parquet", [])
    (path / "empty.parquet").touch()

    same(path)


def test_a_file_of_events_cut_short_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path / "trace", *trace_of(60)) / "events.parquet"
    whole = bytearray(path.read_bytes())
    whole[40:400] = bytes(360)
    path.write_bytes(whole)

    with pytest.raises(InputError, match=r"events.parquet: .*damaged or cut short"):
        meter(streamed(path.parent), HIBERNATING)


def test_an_estimate_says_the_same_to_the_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder(tmp_path / "trace", *trace_of(200))
    asked = ["estimate", str(path), "--format", "json"]
    failed = main(asked)
    flowing = capsys.readouterr().out
    monkeypatch.setattr(reader, "STREAMED_FROM_ROWS", 10**9)

    assert not failed
    assert not main(asked)
    assert capsys.readouterr().out == flowing
