"""Writing traces: what is written reads back the same, and a file is whole or not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces import at, connection, event, frame, trace
from wscost.errors import InputError, OutputError
from wscost.notes import Grade
from wscost.readers import read_trace
from wscost.shipped import shipped
from wscost.trace import CONNECTION_COLUMNS, EVENT_COLUMNS, KINDS, LARGEST, Trace, TraceStream, check_trace
from wscost.tracefile import write_stream, write_trace
from wscost.usage import Window

FORMS = ("csv", "csv.gz", "ndjson", "ndjson.gz", "jsonl", "parquet")
each_form = pytest.mark.parametrize("form", FORMS)

SMALL = replace(
    trace(
        [connection(10, 20, messages_in=1, bytes_in=17), connection(0.000001, None, None)],
        [
            event("open", 10, connection_id="c0"),
            event("message", 11.5, connection_id="c0", bytes=17, auto_response=True),
            event("alarm", 12, wall_ms=0.25),
        ],
        window=(0, 3600),
    ),
    grades={"messages_out": Grade.UNKNOWN, "bytes_out": Grade.UNKNOWN, "closed_at": Grade.ASSUMED},
)


def same_rows(found: pd.DataFrame | None, meant: pd.DataFrame | None) -> bool:
    """Tell whether frames hold the same rows, whichever of those at one instant comes first."""
    if found is None or meant is None:
        return found is meant
    ordered = (rows.sort_values(list(rows), ignore_index=True) for rows in (found, meant))
    return next(ordered).equals(next(ordered))


@each_form
def test_what_a_form_holds_reads_back_the_same(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{form}"
    write_trace(SMALL, path)
    found = read_trace(path)

    assert same_rows(found.connections, SMALL.connections)
    if not form.startswith("csv"):
        assert found.window == SMALL.window
        assert found.grades["closed_at"] == Grade.ASSUMED
    if form.startswith(("ndjson", "jsonl")):
        assert same_rows(found.events, SMALL.events)


@pytest.mark.parametrize(
    ("form", "lost"),
    [
        ("csv", ["3 events", "the window", "the grades"]),
        ("csv.gz", ["3 events", "the window", "the grades"]),
        ("parquet", ["3 events"]),
    ],
)
def test_what_a_form_leaves_out_is_said(form: str, lost: list[str], tmp_path: Path) -> None:
    (note,) = write_trace(SMALL, tmp_path / f"a.{form}")

    assert note.data == {"lost": lost}


@pytest.mark.parametrize("form", ["ndjson", "ndjson.gz", "jsonl"])
def test_ndjson_leaves_nothing_out(form: str, tmp_path: Path) -> None:
    assert write_trace(SMALL, tmp_path / f"a.{form}") == ()


@each_form
def test_the_same_trace_gives_the_same_bytes_under_any_name(form: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_trace(SMALL, tmp_path / f"{name}.{form}")

    assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()


@each_form
def test_the_index_of_a_frame_means_nothing(form: str, tmp_path: Path) -> None:
    shuffled = replace(SMALL, connections=SMALL.connections.set_axis([7, 3], axis="index"))
    for name, some in (("a", SMALL), ("b", shuffled)):
        write_trace(some, tmp_path / f"{name}.{form}")

    assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()


def test_a_recording_is_the_same_trace_in_every_form(tmp_path: Path) -> None:
    meant = read_trace(shipped("sample_traces") / "hib200.ndjson")
    for form in FORMS:
        write_trace(meant, tmp_path / f"a.{form}")
        found = read_trace(tmp_path / f"a.{form}")

        assert same_rows(found.connections, meant.connections)
        assert found.window == meant.window


def test_the_sample_for_reading_by_eye_is_two_rooms_of_a_recording(tmp_path: Path) -> None:
    recording = read_trace(shipped("sample_traces") / "hib200.ndjson")
    rooms = recording.connections["object_id"].isin(["room3", "room4"])
    write_trace(replace(recording, connections=recording.connections[rooms]), tmp_path / "chat.csv")

    assert (tmp_path / "chat.csv").read_text() == (shipped("sample_traces") / "chat.csv").read_text()


@each_form
@pytest.mark.parametrize(
    "name", ['"', "a,b", "a;b", "\n", "\r", "\r\n", " a ", "NA", "null", "\0", "\ufeff", "=1+1", "é💬"]
)
def test_strange_names_survive(form: str, name: str, tmp_path: Path) -> None:
    rows = SMALL.connections.assign(connection_id=pd.array([name, "c1"], dtype="string"))
    write_trace(replace(SMALL, connections=rows, events=None), tmp_path / f"a.{form}")

    assert set(read_trace(tmp_path / f"a.{form}").connections["connection_id"]) == {name, "c1"}


# Any trace

START = datetime(2026, 11, 1, tzinfo=UTC)
instants = st.integers(0, 10**12).map(lambda n: START + timedelta(microseconds=n))
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
counts = st.one_of(st.none(), st.integers(0, LARGEST))


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    ids = draw(st.lists(names, unique=True, max_size=4))
    rows: list[Mapping[str, Any]] = []
    for name in ids:
        opened = draw(instants)
        stay = draw(st.one_of(st.none(), st.integers(0, 10**9)))
        rows.append(
            {
                "connection_id": name,
                "object_id": draw(st.one_of(st.none(), names)),
                "opened_at": opened,
                "closed_at": None if stay is None else opened + timedelta(microseconds=stay),
                **{
                    column: draw(counts)
                    for column in ("messages_in", "messages_out", "bytes_in", "bytes_out")
                },
            }
        )
    kinds = st.sampled_from([kind for kind in KINDS if kind not in ("open", "close")])
    recorded = st.builds(
        lambda kind, name, at, size, flag, wall: {
            "object_id": "r",
            "connection_id": name,
            "at": at,
            "kind": kind,
            "direction": "in" if kind == "message" else None,
            "bytes": size,
            "auto_response": flag,
            "wall_ms": wall,
        },
        kinds,
        st.sampled_from([None, *ids]),
        instants,
        counts,
        st.one_of(st.none(), st.booleans()),
        st.one_of(st.none(), st.floats(0, 1e6)),
    )
    events = draw(st.one_of(st.none(), st.lists(recorded, min_size=1, max_size=4)))
    return check_trace(
        Trace(
            connections=frame(rows, CONNECTION_COLUMNS),
            window=Window(START, START + timedelta(days=30)),
            source="drawn",
            events=None if events is None else frame(events, EVENT_COLUMNS),
        )
    )


@given(meant=traces(), form=st.sampled_from(FORMS))
def test_any_trace_reads_back_the_same(
    meant: Trace, form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("round") / f"a.{form}"
    write_trace(meant, path)
    if form.startswith("csv") and meant.connections.empty:
        return  # CSV holds no window, and without rows nothing tells it.
    found = read_trace(path)

    assert same_rows(found.connections, meant.connections)
    if not form.startswith("csv"):
        assert found.window == meant.window
    if form.startswith(("ndjson", "jsonl")):
        assert same_rows(found.events, meant.events)


# Folders


def test_a_folder_of_parquet_holds_events_too(tmp_path: Path) -> None:
    assert write_trace(SMALL, f"{tmp_path}/trace/") == ()
    found = read_trace(tmp_path / "trace")

    assert ["connections.parquet", "events.parquet"] == sorted(f.name for f in (tmp_path / "trace").iterdir())
    assert same_rows(found.connections, SMALL.connections)
    assert same_rows(found.events, SMALL.events)
    assert found.window == SMALL.window
    assert found.grades["closed_at"] == Grade.ASSUMED


def test_a_folder_written_again_holds_the_new_trace_alone(tmp_path: Path) -> None:
    write_trace(SMALL, f"{tmp_path}/trace/")
    write_trace(replace(SMALL, events=None), tmp_path / "trace")

    assert [tmp_path / "trace" / "connections.parquet"] == list((tmp_path / "trace").iterdir())


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("old")

    with pytest.raises(OutputError, match=r"photo\.jpg in it is of something else\. Name a new folder\."):
        write_trace(SMALL, tmp_path)
    assert [tmp_path / "photo.jpg"] == list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_finished_is_gone_again(tmp_path: Path) -> None:
    broken = replace(SMALL, connections=SMALL.connections.drop(columns="closed_at"))

    with pytest.raises(KeyError):
        write_trace(broken, f"{tmp_path}/trace/")
    assert list(tmp_path.iterdir()) == []


# Files


@pytest.mark.parametrize("name", ["a", "a.txt", "a.gz", "a.parquet.gz", "a.CSV.zip"])
def test_a_name_that_says_no_form_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"must end in what to write: \.csv, \.ndjson, \.jsonl, \.parquet"):
        write_trace(SMALL, tmp_path / name)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.csv: cannot be written: No such file or directory\."):
        write_trace(SMALL, tmp_path / "nowhere" / "a.csv")


@each_form
def test_on_failure_the_old_file_stays_and_nothing_is_left_behind(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{form}"
    path.write_text("old")
    broken = replace(SMALL, connections=SMALL.connections.drop(columns="closed_at"))

    with pytest.raises(KeyError):
        write_trace(broken, path)

    assert [(left.name, left.read_text()) for left in tmp_path.iterdir()] == [(path.name, "old")]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(OutputError, match="No space left on device"):
        write_trace(SMALL, tmp_path / "a.ndjson")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.ndjson.gz", "a/"])
def test_what_cannot_be_read_is_not_told_as_what_cannot_be_written(name: str, tmp_path: Path) -> None:
    def parts() -> Iterator[Trace]:
        yield SMALL
        raise OSError(5, "Input/output error")

    stream = TraceStream(
        SMALL.window, "log.csv", 2, True, True, read=lambda sort: pytest.fail("no pass"), parts=parts
    )

    with pytest.raises(InputError, match=r"^log\.csv: cannot be read: Input/output error\.$"):
        write_stream(stream, f"{tmp_path}/{name}")
    assert list(tmp_path.iterdir()) == []


def test_a_written_file_may_be_read_by_whom_a_new_file_may(tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    write_trace(SMALL, tmp_path / "a.csv")

    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "new").stat().st_mode


def test_times_are_written_to_the_microsecond_in_utc(tmp_path: Path) -> None:
    write_trace(SMALL, tmp_path / "a.csv")

    first = (tmp_path / "a.csv").read_text().splitlines()[2]
    assert first == f"c1,,{at(0):%Y-%m-%d}T00:00:00.000001Z,,,,,"
