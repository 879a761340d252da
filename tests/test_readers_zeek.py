"""Zeek's logs as a trace: conn.log joined with websocket.log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from wscost import compare
from wscost.errors import BadRowsError, InputError
from wscost.notes import Grade
from wscost.readers import read_trace, sniff
from wscost.trace import Trace

DATA = Path(__file__).parent / "reader_samples/zeek"
LOGS = {
    "as tab-separated text": (DATA / "websocket.log", DATA / "conn.log"),
    "as JSON": (DATA / "websocket.json.log", DATA / "conn.json.log"),
}
both_forms = pytest.mark.parametrize(("websocket", "conn"), LOGS.values(), ids=LOGS)


def codes(trace: Trace) -> set[str]:
    return {note.code for note in trace.notes}


def at(minute: int, second: int, microsecond: int = 0) -> datetime:
    return datetime(2026, 11, 2, 10, minute, second, microsecond, UTC)


@both_forms
def test_each_log_is_recognised_and_as_nothing_else(websocket: Path, conn: Path) -> None:
    assert sniff(websocket.read_bytes()) == ("zeek",)
    assert sniff(conn.read_bytes()) == ("zeek",)


@both_forms
def test_an_upgrade_gets_the_end_and_the_bytes_of_its_connection(websocket: Path, conn: Path) -> None:
    trace = read_trace([websocket, conn])
    first = trace.connections.iloc[0]

    assert list(trace.connections["object_id"]) == ["/room/lobby", "/room/lobby", "/room/side"]
    assert first["opened_at"] == at(0, 0, 500_000)
    assert first["closed_at"] == at(2, 0, 500_000)
    assert (first["bytes_in"], first["bytes_out"]) == (1400, 52000)


@both_forms
def test_two_logs_as_two_inputs_would_count_twice_and_are_refused(websocket: Path, conn: Path) -> None:
    with pytest.raises(InputError, match=r"halves of the same connections.* into one folder"):
        compare([websocket, conn])


@both_forms
def test_the_order_of_the_logs_does_not_matter(websocket: Path, conn: Path) -> None:
    one, other = read_trace([websocket, conn]), read_trace([conn, websocket])

    assert one.connections.equals(other.connections)


@both_forms
def test_a_connection_without_end_is_open_and_one_without_duration_a_lower_bound(
    websocket: Path, conn: Path
) -> None:
    trace = read_trace([websocket, conn])

    assert trace.connections["closed_at"].isna().tolist() == [False, False, True]
    assert trace.connections["closed_at"].iloc[1] == trace.connections["opened_at"].iloc[1]
    assert trace.grades["closed_at"] is Grade.LOWER_BOUND
    assert {"end-not-logged", "bytes-of-stream", "censored", "other-connections"} <= codes(trace)


@both_forms
def test_bytes_hold_headers_and_messages_are_unknown(websocket: Path, conn: Path) -> None:
    trace = read_trace([websocket, conn])

    assert trace.grades["bytes_in"] is Grade.ASSUMED
    assert trace.grades["messages_in"] is Grade.UNKNOWN


def test_conn_log_alone_knows_websockets_by_their_service() -> None:
    trace = read_trace(DATA / "conn.log")

    assert len(trace.connections) == 2
    assert trace.connections["object_id"].isna().all()


def test_websocket_log_alone_counts_connections_and_no_time() -> None:
    trace = read_trace(DATA / "websocket.log")

    assert len(trace.connections) == 3
    assert trace.connections["closed_at"].equals(trace.connections["opened_at"])
    assert trace.grades["closed_at"] is Grade.LOWER_BOUND
    assert "ends-unknown" in codes(trace)


def test_rooms_come_from_a_pattern_or_not_at_all() -> None:
    named = read_trace(DATA / "websocket.log", room_from="/room/([a-z]+)")
    none = read_trace(DATA / "websocket.log", room_from="none")

    assert list(named.connections["object_id"]) == ["lobby", "lobby", "side"]
    assert none.connections["object_id"].isna().all()


@both_forms
def test_nothing_secret_comes_out(websocket: Path, conn: Path) -> None:
    trace = read_trace([websocket, conn])
    told = trace.connections.to_csv() + str(trace.notes)

    assert "canary" in websocket.read_text()
    assert "canary" not in told
    assert "192.0.2.7" not in told


def test_logs_without_websockets_are_refused_and_say_what_they_hold(tmp_path: Path) -> None:
    log = tmp_path / "conn.log"
    log.write_text((DATA / "conn.log").read_text().replace("http,websocket", "ssl"))

    with pytest.raises(InputError, match="of 3 connections none is a WebSocket"):
        read_trace(log)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda text: text.replace("1793613605.250000", "1793613605250"),
            r"websocket\.log:11: ts '1793613605250' lies outside",
        ),
        (
            lambda text: text.replace("1793613605.250000", "soon"),
            r"websocket\.log:11: ts 'soon' is not a time",
        ),
        (
            lambda text: text.replace("ClEkJM2Vm5giqnMf4h", "CHhAvVGS1DHFjwGM9"),
            r"websocket\.log:11: .* stands already in",
        ),
        (
            lambda text: text.replace("\tcanary-agent", "", 1),
            r"websocket\.log:10: this row has 12 fields, #fields names 13",
        ),
    ],
    ids=["milliseconds read as seconds", "no time", "a uid twice", "a field missing"],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, change, words: str) -> None:  # type: ignore[no-untyped-def]
    log = tmp_path / "websocket.log"
    log.write_text(change((DATA / "websocket.log").read_text()))

    with pytest.raises(BadRowsError, match=words):
        read_trace(log)

    assert read_trace(log, skip_bad_rows=True).refused == 1


def test_json_times_may_be_rfc_3339(tmp_path: Path) -> None:
    log = tmp_path / "websocket.log"
    text = (DATA / "websocket.json.log").read_text()
    log.write_text(text.replace("1793613605.25", '"2026-11-02T10:00:05.250000Z"'))

    assert read_trace(log).connections.equals(read_trace(DATA / "websocket.json.log").connections)


def test_other_logs_of_zeek_in_the_folder_are_left_out(tmp_path: Path) -> None:
    for name in ("conn.log", "websocket.log"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    (tmp_path / "dns.log").write_text("#separator \\x09\n#path\tdns\n#fields\tts\tuid\n")
    trace = read_trace(tmp_path)

    assert len(trace.connections) == 3
    assert "files-left-out" in codes(trace)
