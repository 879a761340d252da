"""AWS API Gateway: connections from CONNECT, MESSAGE and DISCONNECT, whichever of them were logged."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wscost.deployment import PRESETS
from wscost.errors import InputError
from wscost.metering import meter
from wscost.notes import Grade
from wscost.readers import read_trace
from wscost.trace import Trace

SAMPLES = Path(__file__).parent / "reader_samples" / "aws-websocket"
START = 1_705_751_697_419
"""[ms]"""
HOUR = 3_600_000


def record(type_: str, at: int, connection: str = "c", **more: Any) -> dict[str, Any]:
    """Return a record, its time in ms after the start."""
    return {
        "connectionId": connection,
        "eventType": type_,
        "requestTimeEpoch": START + at,
        "connectedAt": START,
        **more,
    }


def written(tmp_path: Path, *records: Any) -> Path:
    path = tmp_path / "api.log"
    path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in records))
    return path


def codes(trace: Trace) -> set[str]:
    return {note.code for note in trace.notes}


def lives(trace: Trace) -> list[float]:
    rows = trace.connections
    return (rows["closed_at"] - rows["opened_at"]).dt.total_seconds().tolist()


def test_the_life_of_a_published_event_is_that_of_its_two_times() -> None:
    rows = read_trace(SAMPLES / "access_log.ndjson").connections.set_index("connection_id")
    row = rows.loc["R1kmxc2VNjMCFIA="]

    assert (row["closed_at"] - row["opened_at"]).total_seconds() == 10.907
    assert row["messages_in"] == 2


def test_a_refused_connect_opens_nothing() -> None:
    trace = read_trace(SAMPLES / "access_log.ndjson")

    assert "Bad0aaaaNjMCFIA=" not in set(trace.connections["connection_id"])
    assert "upgrades-refused" in codes(trace)


def test_messages_are_a_lower_bound_where_no_connect_tells_that_the_log_was_there(tmp_path: Path) -> None:
    seen = read_trace(written(tmp_path, record("CONNECT", 0), record("DISCONNECT", 10_907)))
    missed = read_trace(written(tmp_path, record("DISCONNECT", 10_907)))

    assert "messages_in" not in seen.grades
    assert Grade.LOWER_BOUND is missed.grades["messages_in"]


def test_a_connection_older_than_the_log_is_not_opened_in_it() -> None:
    trace = read_trace(SAMPLES / "access_log.ndjson")

    assert len(trace.connections) == 3
    assert meter(trace, PRESETS["worker"]).totals["connections_opened"] == 2
    assert "censored" in codes(trace)


def test_lambda_events_tell_sizes_in_bytes_text_as_utf_8_and_base64_decoded() -> None:
    trace = read_trace(SAMPLES / "lambda_events.json")
    assert trace.events is not None

    assert trace.events["bytes"].tolist() == [9, 7]
    assert trace.connections["bytes_in"].tolist() == [16]
    assert "bytes-not-logged" not in codes(trace)


def test_an_access_log_tells_no_sizes() -> None:
    trace = read_trace(SAMPLES / "access_log.ndjson")

    assert trace.grades["bytes_in"] is Grade.UNKNOWN
    assert "bytes-not-logged" in codes(trace)


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_no_body_header_or_address_is_kept(path: Path) -> None:
    trace = read_trace(path)
    assert trace.events is not None
    kept = trace.connections.to_csv() + trace.events.to_csv() + repr(trace.notes)

    assert "canary" not in kept
    assert "203.0.113.9" not in kept


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(json.dumps, id="bare"),
        pytest.param(lambda r: f"2026-11-23T08:00:00.000Z {json.dumps(r)}", id="after a time stamp"),
        pytest.param(lambda r: json.dumps({"requestContext": r}), id="as a Lambda event"),
        pytest.param(lambda r: json.dumps([r]), id="in an array"),
        pytest.param(lambda r: json.dumps({"events": [{"message": json.dumps(r)}]}), id="in CloudWatch"),
        pytest.param(lambda r: json.dumps({f"$context.{k}": v for k, v in r.items()}), id="with $context"),
        pytest.param(
            lambda r: json.dumps(
                {"connection_id": "c", "route_key": {"CONNECT": "$connect", "DISCONNECT": "$disconnect"}.get(
                    r["eventType"], "sendMessage"), "request_time_epoch": str(r["requestTimeEpoch"]),
                    "connected_at": str(r["connectedAt"])}
            ),
            id="with names and routes of one's own",
        ),
    ],
)  # fmt: skip
def test_a_record_is_found_wherever_it_stands(tmp_path: Path, line: Any) -> None:
    records = [record("CONNECT", 1), record("MESSAGE", 50), record("DISCONNECT", 2500)]
    trace = read_trace(written(tmp_path, *(line(r) for r in records)))

    assert lives(trace) == [2.5]
    assert trace.connections["messages_in"].tolist() == [1]


def test_without_connected_at_a_connection_opens_with_its_connect(tmp_path: Path) -> None:
    records = [record("CONNECT", 100), record("DISCONNECT", 2100)]
    for one in records:
        del one["connectedAt"]
    trace = read_trace(written(tmp_path, *records))

    assert lives(trace) == [2.0]
    assert "opened_at" not in trace.grades


def test_with_neither_it_opens_with_its_first_record_a_lower_bound(tmp_path: Path) -> None:
    records = [record("MESSAGE", 100), record("DISCONNECT", 2100)]
    for one in records:
        del one["connectedAt"]
    trace = read_trace(written(tmp_path, *records))

    assert lives(trace) == [2.0]
    assert trace.grades["opened_at"] is Grade.LOWER_BOUND


@pytest.mark.parametrize(
    ("end", "life"),
    [
        pytest.param(2 * HOUR - 1, None, id="may still be open just before two hours"),
        pytest.param(2 * HOUR, 5.0, id="must be over at two hours"),
        pytest.param(2 * HOUR + 1, 5.0, id="must be over after two hours"),
    ],
)
def test_a_connection_without_disconnect_is_open_for_two_hours_at_most(
    tmp_path: Path, end: int, life: float | None
) -> None:
    records = [record("CONNECT", 0), record("MESSAGE", 5000)]
    later = [record("CONNECT", end, "d", connectedAt=START + end), record("DISCONNECT", end, "d")]
    trace = read_trace(written(tmp_path, *records, *later))
    lived = dict(zip(trace.connections["connection_id"], lives(trace), strict=True))["c"]

    assert lived == life if life is not None else math.isnan(lived)
    assert trace.grades["closed_at"] is Grade.LOWER_BOUND
    assert "closing-unseen" in codes(trace)


def test_a_field_of_the_log_may_name_the_room(tmp_path: Path) -> None:
    records = [record("CONNECT", 0, room="blue"), record("DISCONNECT", 9, room="blue")]

    assert read_trace(written(tmp_path, *records), room_field="room").connections["object_id"].tolist() == [
        "blue"
    ]
    assert read_trace(written(tmp_path, *records)).connections["object_id"].isna().all()


@settings(max_examples=12)
@given(st.permutations(range(5)))
def test_the_order_of_lines_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    records = [
        record("CONNECT", 0),
        record("MESSAGE", 10),
        record("MESSAGE", 20),
        record("DISCONNECT", 4000),
        record("MESSAGE", 30),
    ]
    trace = read_trace(written(tmp_path_factory.mktemp("aws"), *(records[i] for i in order)))

    assert lives(trace) == [4.0]
    assert trace.connections["messages_in"].tolist() == [3]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        pytest.param(record("CONNECT", 5), "connection 'c' has a second CONNECT", id="an id twice"),
        pytest.param(record("PING", 5), "eventType 'PING' is none of", id="another type"),
        pytest.param(record("MESSAGE", 5, requestTimeEpoch=1705751697), "lies outside", id="seconds"),
        pytest.param(record("MESSAGE", 5, requestTimeEpoch=None), "neither requestTimeEpoch", id="no time"),
        pytest.param(record("MESSAGE", 5, connectionId=None), "no connectionId", id="no id"),
        pytest.param('{"connectionId": "c", "rou', "cut short|breaks off", id="cut short"),
        pytest.param("[" * 10_000 + "]" * 10_000, "not JSON", id="nesting"),
        pytest.param("[7]", "no record in braces", id="a number"),
    ],
)
def test_a_record_that_does_not_fit_is_named_by_its_line(tmp_path: Path, bad: Any, sentence: str) -> None:
    path = written(tmp_path, record("CONNECT", 0), bad)

    with pytest.raises(InputError, match=f":2: .*({sentence})"):
        read_trace(path)
    assert read_trace(path, skip_bad_rows=True).refused == 1


def test_a_disconnect_before_its_connect_is_a_clock_that_jumps(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"closed_at .* is before opened_at"):
        read_trace(written(tmp_path, record("CONNECT", 0), record("DISCONNECT", -5000)))
