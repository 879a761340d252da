"""Any CSV or NDJSON as a trace, by a mapping."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wscost import estimate
from wscost.errors import BadRowsError, ConfigError, InputError, UnknownNameError, WscostError
from wscost.readers import read_trace, readers
from wscost.trace import Trace

START = datetime(2026, 11, 2, 10, tzinfo=UTC)
MS = int(START.timestamp() * 1000)
CSV = f"""room,start,end,took,note
lobby,{MS},{MS + 90_000},90,"private, not for bills"
side,{MS + 1_000},{MS + 61_500},60.5,canary
side,{MS + 2_000},,,canary
"""


def read(folder: Path, text: str, mapping: str, name: str = "sockets.csv", **options: Any) -> Trace:
    (folder / name).write_text(text)
    return read_trace(folder / name, map=mapping, **options)


def ndjson(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def times(trace: Trace, column: str) -> list[datetime | None]:
    return [
        None if at is None else at.to_pydatetime()
        for at in trace.connections[column].astype(object).where(trace.connections[column].notna(), None)
    ]


def test_the_option_alone_asks_for_the_format(tmp_path: Path) -> None:
    assert not readers()["mapped"].sniff(CSV.encode(), None)
    trace = read(tmp_path, CSV, "object_id=room,opened_at=start:unix_ms,closed_at=end:unix_ms")

    assert list(trace.connections["object_id"]) == ["lobby", "side", "side"]
    assert times(trace, "opened_at") == [START, START + timedelta(seconds=1), START + timedelta(seconds=2)]
    assert times(trace, "closed_at") == [START + timedelta(seconds=90), START + timedelta(seconds=61.5), None]


def test_a_duration_stands_in_for_the_end(tmp_path: Path) -> None:
    by_end = read(tmp_path, CSV, "opened_at=start:unix_ms,closed_at=end:unix_ms")
    by_duration = read(tmp_path, CSV, "opened_at=start:unix_ms,duration=took:s")

    assert times(by_duration, "closed_at") == [
        START + timedelta(seconds=90),
        START + timedelta(seconds=61.5),
        None,
    ]
    assert times(by_end, "opened_at") == times(by_duration, "opened_at")


def test_a_duration_stands_in_for_the_beginning(tmp_path: Path) -> None:
    text = f"end,took\n{MS},1500\n"

    trace = read(tmp_path, text, "closed_at=end:unix_ms,duration=took:ms")

    assert times(trace, "opened_at") == [START - timedelta(seconds=1.5)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_are_what_the_mapping_says(tmp_path: Path, unit: str) -> None:
    factor = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    text = f"a,b\n{int(START.timestamp()) * factor},{60 * factor}\n"

    for written in (unit, f"unix_{unit}"):
        trace = read(tmp_path, text, f"opened_at=a:{written},duration=b:{unit}")
        assert times(trace, "closed_at") == [START + timedelta(seconds=60)]


def test_times_without_unit_are_rfc_3339(tmp_path: Path) -> None:
    text = "from,to\n2026-11-02T11:00:00+01:00,2026-11-02T10:01:00Z\n"

    for mapping in ("opened_at=from,closed_at=to", "opened_at=from:rfc3339,closed_at=to:rfc3339"):
        assert times(read(tmp_path, text, mapping), "opened_at") == [START]


def test_ndjson_fields_are_found_within_others_and_by_names_with_dots(tmp_path: Path) -> None:
    text = ndjson(
        {"socket": {"id": "a", "open": MS}, "bytes.in": 7, "secret": "canary"},
        {"socket": {"id": "b", "open": MS + 5}, "bytes.in": None},
    )

    trace = read(tmp_path, text, "connection_id=socket.id,opened_at=socket.open:ms,bytes_in=bytes.in")

    assert list(trace.connections["connection_id"]) == ["a", "b"]
    assert trace.connections["bytes_in"].isna().tolist() == [False, True]


def test_events_take_fixed_words_in_quotes(tmp_path: Path) -> None:
    text = f"channel,when,size\nlobby,{MS},120\nlobby,{MS + 10},80\n"

    trace = read(tmp_path, text, "object_id=channel,at=when:ms,bytes=size,kind='message',direction=\"in\"")

    assert trace.events is not None
    assert list(trace.events["kind"]) == ["message", "message"]
    assert int(trace.events["bytes"].sum()) == 200


def test_a_room_is_cut_out_of_a_url_and_its_query_dropped(tmp_path: Path) -> None:
    text = f"url,start\n/room/7?token=canary,{MS}\n"

    by_path = read(tmp_path, text, "object_id=url,opened_at=start:ms", room_from="path")
    by_pattern = read(tmp_path, text, "object_id=url,opened_at=start:ms", room_from=r"/room/(\d+)")

    assert list(by_path.connections["object_id"]) == ["/room/7"]
    assert list(by_pattern.connections["object_id"]) == ["7"]


def test_columns_that_are_not_mapped_leave_no_trace(tmp_path: Path) -> None:
    trace = read(tmp_path, CSV, "object_id=room,opened_at=start:ms")

    assert "canary" not in trace.connections.to_csv() + str(trace.notes)
    assert "private" not in trace.connections.to_csv() + str(trace.notes)


def test_other_columns_may_have_the_same_name_or_none(tmp_path: Path) -> None:
    text = f"start,x,x,\n{MS},1,2,3\n"

    assert len(read(tmp_path, text, "opened_at=start:ms").connections) == 1


@pytest.mark.parametrize(
    ("mapping", "error", "words"),
    [
        ("", InputError, "say which column is which"),
        ("start", ConfigError, "'start' is not column=name"),
        ("opened_at=", ConfigError, "is not column=name"),
        ("closed_at=end:ms", ConfigError, "opened_at is missing"),
        ("duration=took:s", ConfigError, "needs opened_at or closed_at"),
        ("opened_at=start:ms,closed_at=end:ms,duration=took:s", ConfigError, "tell the same twice"),
        ("opened_at=start:ms,opened_at=end:ms", ConfigError, "opened_at is mapped twice"),
        ("opened_at=start:ms,duration=took", ConfigError, "needs a unit: duration=took:s"),
        ("opened_at=start:ms,object_id=room:ms", ConfigError, "takes no unit"),
        ("at=start:ms", ConfigError, "events need a kind"),
        ("openedat=start:ms", UnknownNameError, "Did you mean opened_at"),
        ("opened_at=begin:ms", InputError, r"sockets\.csv:1: There is no column named 'begin'"),
    ],
    ids=[
        "nothing mapped",
        "no equals sign",
        "no name",
        "no beginning",
        "a duration alone",
        "the end twice",
        "an opening mapped twice",
        "a duration without unit",
        "a room in milliseconds",
        "events without kind",
        "a column that a trace has not",
        "a column that the file has not",
    ],
)
def test_a_mapping_that_cannot_work_is_refused(
    tmp_path: Path, mapping: str, error: type[WscostError], words: str
) -> None:
    with pytest.raises(error, match=words):
        read(tmp_path, CSV, mapping, input_format="mapped")


@pytest.mark.parametrize(
    ("text", "mapping", "words"),
    [
        (
            CSV.replace(str(MS), "soon", 1),
            "opened_at=start:ms",
            r"sockets\.csv:2: start 'soon' is not a Unix time in ms",
        ),
        (CSV, "opened_at=start:s", r"sockets\.csv:2: start .* In ms it would not"),
        (
            CSV.replace(",90,", ",-90,"),
            "opened_at=start:ms,duration=took:s",
            r"sockets\.csv:2: took '-90.0' is not a number",
        ),
        (
            CSV.replace(",90,", ",1e39,"),
            "opened_at=start:ms,duration=took:s",
            r"sockets\.csv:2: took is longer than two centuries",
        ),
        (
            CSV.replace("lobby", "lobby,x"),
            "opened_at=start:ms",
            r"sockets\.csv:2: this row has 6 fields, the header 5",
        ),
        (
            CSV.replace(f"{MS + 90_000}", f"{MS - 1}"),
            "opened_at=start:ms,closed_at=end:ms",
            r"sockets\.csv:2: closed_at .* is before opened_at",
        ),
        (
            ndjson({"start": MS}, {"start": [MS]}),
            "opened_at=start:ms",
            r"sockets\.csv:2: start \(a list\) is not a Unix time",
        ),
        (ndjson({"start": MS}, {"begin": MS}), "opened_at=start:ms", r"sockets\.csv:2: opened_at is missing"),
        (
            ndjson({"start": MS}) + "[" * 10_000 + "\n",
            "opened_at=start:ms",
            r"sockets\.csv:2: this is not JSON \(depth limit",
        ),
        (ndjson({"start": MS}) + '{"start": 1', "opened_at=start:ms", r"sockets\.csv:2: this is not JSON"),
        (ndjson({"start": MS}) + "7\n", "opened_at=start:ms", r"sockets\.csv:2: this is JSON, but no object"),
    ],
    ids=[
        "no time",
        "milliseconds read as seconds",
        "a negative duration",
        "a duration past all bounds",
        "a field too many",
        "an end before the beginning",
        "a list for a time",
        "a time left out",
        "nested 10,000 deep",
        "cut short",
        "no object",
    ],
)
def test_a_bad_row_is_named_by_its_line_and_the_file_s_own_words(
    tmp_path: Path, text: str, mapping: str, words: str
) -> None:
    with pytest.raises(BadRowsError, match=words):
        read(tmp_path, text, mapping)


def test_a_bill_can_be_made_of_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "sockets.csv"
    path.write_text(CSV)
    mapping = {"map": "object_id=room,opened_at=start:ms,duration=took:s"}

    assert estimate(path, format_options=mapping).usage["connections_opened"] == 3
