"""What canonical files mean: units, zones, nulls, events into connections, windows, grades."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from wscost.errors import BadRowsError, InputError, UnknownNameError
from wscost.notes import Grade
from wscost.readers import read_trace
from wscost.readers.options import format_window, parse_window
from wscost.trace import LARGEST, Trace
from wscost.usage import Window

TEN = datetime(2026, 11, 1, 10, tzinfo=UTC)
INSTANT = datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=UTC)
UNIX = 1_793_527_200


def at(seconds: float) -> str:
    return (TEN + timedelta(seconds=seconds)).isoformat()


def event(kind: str, seconds: float, connection: str | None = "c1", **more: Any) -> dict[str, Any]:
    direction = {"direction": "in"} if kind == "message" else {}
    return {"at": at(seconds), "kind": kind, "connection_id": connection, **direction, **more}


def from_lines(folder: Path, rows: Sequence[Mapping[str, Any]], **options: Any) -> Trace:
    path = folder / "rows.ndjson"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return read_trace(path, **options)


def from_csv(folder: Path, text: str, **options: Any) -> Trace:
    path = folder / "rows.csv"
    path.write_text(text)
    return read_trace(path, **options)


def from_parquet(folder: Path, columns: Mapping[str, pa.Array], **options: Any) -> Trace:
    path = folder / "rows.parquet"
    parquet.write_table(pa.table(dict(columns)), path)
    return read_trace(path, **options)


def row(trace: Trace, number: int = 0) -> dict[str, Any]:
    cells = trace.connections.iloc[number].to_dict()
    return {name: None if pd.isna(cell) else cell for name, cell in cells.items()}


def note(trace: Trace, code: str) -> Mapping[str, Any]:
    (found,) = (note for note in trace.notes if note.code == code)
    return found.data


# Times


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("opened_at", "2026-11-01T10:00:00.123456Z"),
        ("opened_at", "2026-11-01T11:00:00.123456+01:00"),
        ("opened_at", "2026-11-01 10:00:00.123456Z"),
        ("opened_at", "2026-11-01t10:00:00.123456z"),
        ("opened_at", "2026-11-01T10:00:00.123456789Z"),
        ("opened_at", "2026-11-01T00:30:00.123456-09:30"),
        ("opened_at_s", f"{UNIX}.123456"),
        ("opened_at_ms", f"{UNIX}123.456"),
        ("opened_at_us", f"{UNIX}123456"),
        ("opened_at_ns", f"{UNIX}123456789"),
    ],
)
def test_one_instant_reads_alike_in_every_way_to_write_it(column: str, cell: str, tmp_path: Path) -> None:
    value = cell if column == "opened_at" else orjson.loads(cell)

    assert row(from_csv(tmp_path, f"{column}\n{cell}\n"))["opened_at"] == INSTANT
    assert row(from_lines(tmp_path, [{column: value}]))["opened_at"] == INSTANT
    assert row(from_parquet(tmp_path, {column: pa.array([value])}))["opened_at"] == INSTANT


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+05:30"])
def test_timestamps_of_parquet_keep_their_instant(unit: str, zone: str, tmp_path: Path) -> None:
    times = pa.array([UNIX]).cast(pa.timestamp("s", "UTC")).cast(pa.timestamp(unit, zone))

    assert row(from_parquet(tmp_path, {"opened_at": times}))["opened_at"] == TEN


def test_times_without_a_zone_are_utc_only_where_the_user_says_so(tmp_path: Path) -> None:
    text = "opened_at,closed_at\n2026-11-01T10:00:00,2026-11-01T11:00:01+01:00\n"

    with pytest.raises(BadRowsError, match="has no time zone"):
        from_csv(tmp_path, text)
    assert row(from_csv(tmp_path, text, assume_utc=True))["opened_at"] == TEN
    assert row(from_csv(tmp_path, text, assume_utc=True))["closed_at"] == TEN + timedelta(seconds=1)
    naive = pa.array([UNIX]).cast(pa.timestamp("s"))
    assert row(from_parquet(tmp_path, {"opened_at": naive}, assume_utc=True))["opened_at"] == TEN


@pytest.mark.parametrize(
    ("cell", "accepted"),
    [
        ("1999-12-31T23:59:59.999999Z", False),
        ("2000-01-01T00:00:00Z", True),
        ("2199-12-31T23:59:59.999999Z", True),
        ("2200-01-01T00:00:00Z", False),
        ("2026-11-01T23:59:60Z", False),
        ("2026-11-31T00:00:00Z", False),
        ("0001-01-01T00:00:00Z", False),
        ("9999-12-31T23:59:59Z", False),
    ],
)
def test_only_times_of_two_centuries_are_believed(cell: str, accepted: bool, tmp_path: Path) -> None:
    if accepted:
        assert len(from_csv(tmp_path, f"opened_at\n{cell}\n").connections) == 1
    else:
        with pytest.raises(BadRowsError, match=r"rows\.csv:2: opened_at"):
            from_csv(tmp_path, f"opened_at\n{cell}\n")


@given(microseconds=st.integers(946_684_800_000_000, 2**32 * 1_000_000 - 1))
def test_seconds_with_six_decimals_are_exact_until_2106(
    microseconds: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seconds = f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"
    trace = from_csv(tmp_path_factory.mktemp("exact"), f"opened_at_s\n{seconds}\n")

    assert (row(trace)["opened_at"] - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    ) == microseconds


# Cells and columns


def test_an_empty_cell_and_a_missing_column_are_unknown(tmp_path: Path) -> None:
    trace = from_csv(
        tmp_path,
        f"connection_id,object_id,opened_at,closed_at,messages_in,bytes_in\nc1,,{at(0)},{at(5)},3,\nc2,r,{at(1)},,,\n",
    )

    assert row(trace) == {
        "connection_id": "c1",
        "object_id": None,
        "opened_at": TEN,
        "closed_at": TEN + timedelta(seconds=5),
        "messages_in": 3,
        "messages_out": None,
        "bytes_in": None,
        "bytes_out": None,
    }
    assert trace.grades == {
        "messages_in": Grade.LOWER_BOUND,
        "messages_out": Grade.UNKNOWN,
        "bytes_in": Grade.UNKNOWN,
        "bytes_out": Grade.UNKNOWN,
    }


def test_ids_are_made_up_where_the_source_has_none(tmp_path: Path) -> None:
    without = from_csv(tmp_path, f"opened_at\n{at(0)}\n{at(1)}\n")
    some = from_csv(tmp_path, f"connection_id,opened_at\n,{at(0)}\nc9,{at(1)}\n")

    assert without.connections["connection_id"].tolist() == ["row-1", "row-2"]
    assert some.connections["connection_id"].tolist() == ["row-1", "c9"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_of_many_programs_reads_alike(separator: str, end: str, mark: str, tmp_path: Path) -> None:
    rows = [["connection_id", "opened_at", "messages_in"], ['"a""b"', at(0), "3.0"], ["c2", at(1), " 4 "]]
    trace = from_csv(tmp_path, mark + end.join(separator.join(cells) for cells in rows))

    assert trace.connections["connection_id"].tolist() == ['a"b', "c2"]
    assert trace.connections["messages_in"].tolist() == [3, 4]


def test_numbers_for_names_are_names(tmp_path: Path) -> None:
    trace = from_lines(tmp_path, [{"connection_id": 7, "object_id": "r", "opened_at": at(0)}])

    assert row(trace)["connection_id"] == "7"


def test_columns_that_no_trace_has_are_ignored_and_noted(tmp_path: Path) -> None:
    trace = from_csv(tmp_path, f"opened_at,colo,user agent\n{at(0)},FRA,x\n")

    assert note(trace, "columns-ignored") == {"columns": ["colo", "user agent"]}


def test_largest_counts_are_kept_exactly(tmp_path: Path) -> None:
    assert row(from_csv(tmp_path, f"opened_at,bytes_in\n{at(0)},{LARGEST}\n"))["bytes_in"] == LARGEST
    assert row(from_lines(tmp_path, [{"opened_at": at(0), "bytes_in": LARGEST}]))["bytes_in"] == LARGEST


def test_a_count_past_the_largest_is_a_bad_row(tmp_path: Path) -> None:
    refused = rf"bytes_in '{LARGEST + 1}' is more than 9,007,199,254,740,992 \(2\^53\)"

    with pytest.raises(BadRowsError, match=refused):
        from_csv(tmp_path, f"opened_at,bytes_in\n{at(0)},{LARGEST + 1}\n")
    with pytest.raises(BadRowsError, match=refused):
        from_lines(tmp_path, [{"opened_at": at(0), "bytes_in": LARGEST + 1}])


def test_a_fraction_among_whole_numbers_is_one_bad_row_and_not_rounded(tmp_path: Path) -> None:
    rows = [{"opened_at": at(0), "messages_in": 1}, {"opened_at": at(1), "messages_in": 1.5}]

    with pytest.raises(BadRowsError, match=r"rows\.ndjson:2: messages_in '1\.5' is not a whole number"):
        from_lines(tmp_path, rows)


def test_unknown_formats_and_options_are_answered_with_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no trace format named 'ndjsn'\. Did you mean ndjson\?"):
        from_csv(tmp_path, f"opened_at\n{at(0)}\n", input_format="ndjsn")
    with pytest.raises(UnknownNameError, match="no option of the format csv named 'room'"):
        from_csv(tmp_path, f"opened_at\n{at(0)}\n", room="x")


# From events to connections


def test_messages_and_bytes_are_counted_by_connection_and_direction(tmp_path: Path) -> None:
    trace = from_lines(
        tmp_path,
        [
            event("open", 0, "c1", object_id="r1"),
            event("open", 1, "c2", object_id="r1"),
            event("message", 2, "c1", bytes=10),
            event("message", 3, "c1", bytes=5, auto_response=True),
            event("message", 4, "c2", direction="out", bytes=7),
            event("error", 4.5, "c2"),
            event("close", 5, "c1"),
            event("close", 6, "c2"),
        ],
    )

    assert [row(trace, n) for n in range(2)] == [
        {
            "connection_id": name,
            "object_id": "r1",
            "opened_at": TEN + timedelta(seconds=n),
            "closed_at": TEN + timedelta(seconds=5 + n),
            "messages_in": 2 - 2 * n,
            "messages_out": n,
            "bytes_in": 15 - 15 * n,
            "bytes_out": 7 * n,
        }
        for n, name in enumerate(["c1", "c2"])
    ]
    assert trace.grades == {}
    assert trace.notes == ()
    assert trace.events is not None
    assert len(trace.events) == 8


def test_a_direction_of_which_nothing_was_recorded_is_unknown_and_not_zero(tmp_path: Path) -> None:
    trace = from_lines(tmp_path, [event("open", 0), event("message", 1, bytes=3), event("close", 2)])

    assert (row(trace)["messages_in"], row(trace)["messages_out"]) == (1, None)
    assert trace.grades == {"messages_out": Grade.UNKNOWN, "bytes_out": Grade.UNKNOWN}


def test_messages_without_size_leave_bytes_a_lower_bound_or_unknown(tmp_path: Path) -> None:
    some = from_lines(tmp_path, [event("message", 1, bytes=3), event("message", 2)])
    none = from_lines(tmp_path, [event("message", 1), event("message", 2)])

    assert (row(some)["messages_in"], row(some)["bytes_in"]) == (2, 3)
    assert some.grades["bytes_in"] == Grade.LOWER_BOUND
    assert (row(none)["messages_in"], row(none)["bytes_in"]) == (2, None)
    assert none.grades["bytes_in"] == Grade.UNKNOWN


def test_a_connection_never_seen_to_open_was_open_before_the_window(tmp_path: Path) -> None:
    trace = from_lines(tmp_path, [event("open", 0, "c1"), event("message", 2, "c2"), event("close", 3, "c2")])

    assert trace.window.start == TEN
    assert row(trace)["connection_id"] == "c2"
    assert row(trace)["opened_at"] == TEN - timedelta(microseconds=1)
    assert trace.grades["opened_at"] == Grade.LOWER_BOUND
    assert note(trace, "opening-unseen") == {"connections": 1}
    assert note(trace, "censored") == {"opened_before": 1, "still_open": 1}


def test_messages_that_name_only_an_object_stay_events_and_are_noted(tmp_path: Path) -> None:
    trace = from_lines(
        tmp_path,
        [event("open", 0), event("message", 1, None, object_id="r1"), event("message", 2), event("close", 3)],
    )

    assert row(trace)["messages_in"] == 1
    assert trace.grades["messages_in"] == Grade.LOWER_BOUND
    assert note(trace, "messages-without-connection") == {"messages": 1, "direction": "in"}


def test_alarms_and_requests_need_no_connection(tmp_path: Path) -> None:
    trace = from_lines(
        tmp_path, [event("alarm", 0, None, object_id="r1", wall_ms=1.5), event("request", 1, None)]
    )

    assert len(trace.connections) == 0
    assert trace.events is not None
    assert trace.events["wall_ms"].tolist() == [1.5, pd.NA]


def test_rows_of_connections_beside_events_are_taken_as_they_stand(tmp_path: Path) -> None:
    trace = from_lines(
        tmp_path,
        [
            {"connection_id": "c1", "opened_at": at(0), "closed_at": at(9), "messages_in": 5},
            event("open", 0),
            event("message", 1),
            event("close", 9),
        ],
    )

    assert row(trace)["messages_in"] == 5
    assert trace.events is not None
    assert len(trace.events) == 3


journeys = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 20),
        st.one_of(st.none(), st.integers(20, 40)),
        st.lists(
            st.tuples(st.integers(0, 40), st.sampled_from(["in", "out"]), st.integers(0, 9)), max_size=5
        ),
    ),
    min_size=1,
    unique_by=lambda journey: journey[0],
)


@given(drawn=journeys, seed=st.randoms(use_true_random=False))
def test_derived_connections_equal_a_plain_count_whatever_the_order_of_lines(
    drawn: list[Any], seed: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = []
    for name, opened, closed, messages in drawn:
        rows.append(event("open", opened, name))
        rows += [event("message", s, name, direction=d, bytes=b) for s, d, b in messages]
        rows += [] if closed is None else [event("close", closed, name)]
    seed.shuffle(rows)
    trace = from_lines(tmp_path_factory.mktemp("derive"), rows)
    found = {row(trace, n)["connection_id"]: row(trace, n) for n in range(len(trace.connections))}

    assert trace.connections["opened_at"].is_monotonic_increasing
    assert set(found) == {name for name, *_ in drawn}
    for name, opened, closed, messages in drawn:
        assert found[name]["opened_at"] == TEN + timedelta(seconds=opened)
        assert found[name]["closed_at"] == (None if closed is None else TEN + timedelta(seconds=closed))
        for direction in ("in", "out"):
            sizes = [size for _, way, size in messages if way == direction]
            recorded = any(way == direction for *_, each in drawn for _, way, _ in each)
            assert found[name][f"messages_{direction}"] == (len(sizes) if recorded else None)
            assert found[name][f"bytes_{direction}"] == (sum(sizes) if recorded else None)


# Windows


def test_the_window_begins_with_the_first_event_and_holds_the_last(tmp_path: Path) -> None:
    events = from_lines(tmp_path, [event("close", 9), event("open", 2)])
    rows = from_csv(tmp_path, f"opened_at,closed_at\n{at(5)},{at(9)}\n{at(2)},\n")

    just_after = TEN + timedelta(seconds=9, microseconds=1)
    assert events.window == rows.window == Window(TEN + timedelta(seconds=2), just_after)


def test_messages_without_a_connection_leave_open_how_many_there_were(tmp_path: Path) -> None:
    lines = [event("open", 0, "a"), event("close", 5, "a"), event("message", 2, None, object_id="o")]

    trace = from_lines(tmp_path, lines)

    assert trace.grades["messages_in"] is Grade.LOWER_BOUND
    assert trace.grades["connection_id"] is trace.grades["closed_at"] is Grade.LOWER_BOUND


def test_a_window_cuts_and_says_what_it_left_out(tmp_path: Path) -> None:
    lines = [
        event("open", 0, "early"),
        event("close", 5, "early"),
        event("open", 6, "across"),
        event("message", 9, "across"),
        event("message", 11, "across"),
        event("close", 30, "across"),
        event("open", 20, "late"),
    ]
    trace = from_lines(tmp_path, lines, window=f"{at(10)}/{at(20)}")

    assert trace.connections["connection_id"].tolist() == ["across"]
    assert row(trace)["opened_at"] == TEN + timedelta(seconds=6)
    assert row(trace)["messages_in"] == 1
    assert trace.events is not None
    assert trace.events["at"].tolist() == [TEN + timedelta(seconds=11)]
    assert note(trace, "outside-window") == {"connections": 2, "events": 6}
    assert note(trace, "censored") == {"opened_before": 1, "still_open": 1}


@pytest.mark.parametrize(
    ("opened", "closed", "kept"),
    [
        pytest.param(0, 9.999999, False, id="closed a microsecond before the start"),
        pytest.param(0, 10, True, id="closed at the start"),
        pytest.param(0, None, True, id="never closed"),
        pytest.param(19.999999, 30, True, id="opened a microsecond before the end"),
        pytest.param(20, 30, False, id="opened at the end"),
    ],
)
def test_a_connection_is_kept_if_it_touches_the_half_open_window(
    opened: float, closed: float | None, kept: bool, tmp_path: Path
) -> None:
    rows = [
        {"connection_id": "inside", "opened_at": at(15), "closed_at": at(16)},
        {
            "connection_id": "edge",
            "opened_at": at(opened),
            "closed_at": None if closed is None else at(closed),
        },
    ]
    trace = from_lines(
        tmp_path, rows, window=Window(TEN + timedelta(seconds=10), TEN + timedelta(seconds=20))
    )

    assert ("edge" in set(trace.connections["connection_id"])) is kept


def test_a_window_beside_the_data_is_a_mistake_and_not_an_empty_trace(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"nothing of it lies in the window 2027-.* it runs over 2026-11-01T10:00:00Z/"
    ):
        from_lines(tmp_path, [event("open", 0), event("close", 1)], window="2027-01-01/2027-02-01")


def test_the_heading_gives_window_and_grades(tmp_path: Path) -> None:
    heading = {
        "format": "wscost.trace/1",
        "window": "2026-11-01T00:00:00Z/2026-12-01T00:00:00Z",
        "grades": {"closed_at": "assumed"},
    }
    trace = from_lines(tmp_path, [heading, event("open", 0)])

    assert format_window(trace.window) == heading["window"]
    assert trace.grades["closed_at"] == Grade.ASSUMED
    assert trace.rows == 1


def test_a_heading_without_rows_is_a_month_without_connections(tmp_path: Path) -> None:
    heading = {"format": "wscost.trace/1", "window": "2026-11-01T00:00:00Z/2026-12-01T00:00:00Z"}
    trace = from_lines(tmp_path, [heading])

    assert len(trace.connections) == 0
    assert trace.window.seconds == 30 * 86_400


def test_the_users_window_outranks_the_heading(tmp_path: Path) -> None:
    heading = {"format": "wscost.trace/1", "window": "2026-11-01T00:00:00Z/2026-12-01T00:00:00Z"}
    trace = from_lines(tmp_path, [heading, event("open", 0)], window="2026-11-01/2026-11-02")

    assert trace.window.seconds == 86_400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-01T00:00:00Z/2026-11-01T00:00:01Z", 1),
        ("2026-11-01/2026-12-01", 30 * 86_400),
        ("2026-11-01T00:00:00+01:00 / 2026-11-01T00:00:00Z", 3600),
    ],
)
def test_a_window_is_two_times_with_a_stroke_between(text: str, seconds: int) -> None:
    assert parse_window(text).seconds == seconds
    assert parse_window(format_window(parse_window(text))) == parse_window(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-01", "is not START/END"),
        ("now/then", "is not START/END"),
        ("2026-11-01T00:00:00/2026-11-02T00:00:00", "a time without zone"),
        ("2026-11-02/2026-11-01", "ends before it starts"),
        ("2026-11-01/2026-11-01", "has no length"),
        ("2026-11-01/2026-11-02/2026-11-03", "is not START/END"),
    ],
)
def test_a_window_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_window(text)


# Several files


def test_a_connection_that_opens_in_one_file_and_closes_in_the_next_is_one(tmp_path: Path) -> None:
    (tmp_path / "monday.ndjson").write_bytes(orjson.dumps(event("open", 0)))
    (tmp_path / "tuesday.ndjson").write_bytes(orjson.dumps(event("close", 86_400)))
    trace = read_trace(tmp_path)

    assert len(trace.connections) == 1
    assert row(trace)["closed_at"] - row(trace)["opened_at"] == timedelta(days=1)
    assert trace.notes == ()


def test_an_id_that_stands_in_two_files_is_refused_with_both_places(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"connection_id,opened_at\nc1,{at(0)}\n")

    with pytest.raises(BadRowsError, match=r"b\.csv:2: connection_id 'c1' stands already in .*a\.csv:2\."):
        read_trace(tmp_path)


def test_made_up_ids_differ_between_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"opened_at\n{at(0)}\n")

    assert len(read_trace(tmp_path).connections) == 2


def test_windows_of_several_files_span_from_the_first_start_to_the_last_end(tmp_path: Path) -> None:
    for day in (1, 2):
        window = f"2026-11-0{day}T00:00:00Z/2026-11-0{day + 1}T00:00:00Z"
        heading = orjson.dumps({"format": "wscost.trace/1", "window": window})
        (tmp_path / f"{day}.ndjson").write_bytes(
            heading + b"\n" + orjson.dumps(event("open", day, f"c{day}"))
        )

    assert read_trace(tmp_path).window == parse_window("2026-11-01/2026-11-03")


def test_batches_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [event("open", n, f"c{n}") for n in range(10)] + [
        event("message", 20 + n, f"c{n}") for n in range(10)
    ]
    whole = from_lines(tmp_path, rows)
    monkeypatch.setattr("wscost.readers.ndjson.BATCH_ROWS", 3)
    in_batches = from_lines(tmp_path, rows)

    assert in_batches.connections.equals(whole.connections)
    assert whole.events is not None
    assert whole.events.equals(in_batches.events)
