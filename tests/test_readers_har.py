"""HAR: what its writers leave open, and what it cannot say. Recordings: ``test_readers_recorded``."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wscost.deployment import PRESETS
from wscost.errors import InputError
from wscost.metering import meter
from wscost.notes import Grade
from wscost.readers import read_trace, sniff
from wscost.trace import Trace

HERE = Path(__file__).parent
SAMPLES = HERE / "reader_samples" / "har"
START = "2026-11-23T08:00:00.000Z"
START_S = 1_795_420_800


def entry(*messages: dict[str, Any], url: str = "wss://chat.example/ws", **more: Any) -> dict[str, Any]:
    return {
        "startedDateTime": START,
        "time": 60_000,
        "_resourceType": "websocket",
        "request": {"method": "GET", "url": url},
        "response": {"status": 101},
        "_webSocketMessages": list(messages),
        **more,
    }


def message(at: float, data: str, way: str = "send", opcode: int = 1) -> dict[str, Any]:
    return {"type": way, "time": at, "opcode": opcode, "data": data}


def har(tmp_path: Path, *entries: Any, writer: str = "WebInspector") -> Path:
    path = tmp_path / "page.har"
    log = {"version": "1.2", "creator": {"name": writer, "version": "1"}, "entries": list(entries)}
    path.write_text(json.dumps({"log": log}))
    return path


def codes(trace: Trace) -> set[str]:
    return {note.code for note in trace.notes}


@pytest.mark.parametrize("url", ["wss://chat.example/ws", "https://chat.example/ws"])
def test_an_upgrade_is_a_socket_by_its_status_whoever_wrote_it(tmp_path: Path, url: str) -> None:
    upgrade = {key: told for key, told in entry(url=url).items() if not key.startswith("_")}
    refused = {**upgrade, "response": {"status": 403}}
    trace = read_trace(har(tmp_path, upgrade, refused, writer="Firefox"))

    assert trace.connections["object_id"].tolist() == ["/ws"]


def test_a_client_sees_no_calls_of_objects_so_none_are_assumed(tmp_path: Path) -> None:
    trace = read_trace(har(tmp_path, entry(message(START_S + 1, "hello"))))
    usage = meter(trace, PRESETS["durable-object-hibernation"])

    assert (usage.totals["object_requests"], usage.grades["object_requests"]) == (0, Grade.ASSUMED)
    assert "no-object-calls" in {note.code for note in usage.notes}


def test_http_toolkit_tells_the_close_unless_the_socket_was_aborted() -> None:
    trace = read_trace(SAMPLES / "http-toolkit.har")
    rows = trace.connections
    lived = (rows["closed_at"] - rows["opened_at"]).dt.total_seconds()

    assert dict(zip(rows["object_id"], lived, strict=True)) == {"/rooms/7": 60.5, "/rooms/8": 0.0}
    assert rows[["messages_in", "bytes_in", "messages_out", "bytes_out"]].to_numpy().tolist() == [
        [1, 11, 1, 7],
        [0, 0, 0, 0],
    ]
    assert trace.grades["closed_at"] is Grade.LOWER_BOUND


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.har")), ids=lambda path: path.stem)
def test_no_payload_header_cookie_or_query_is_kept(path: Path) -> None:
    trace = read_trace(path)
    assert trace.events is not None
    kept = trace.connections.to_csv() + trace.events.to_csv() + repr(trace.notes)
    secrets = {"canary"}
    for one in json.loads(path.read_text())["log"]["entries"]:
        secrets |= {sent["data"] for sent in one.get("_webSocketMessages", []) if len(sent["data"]) > 5}
        secrets |= {h["value"] for h in one["request"]["headers"] if len(h["value"]) > 5}

    assert [secret for secret in secrets if secret in kept] == []


# What writers leave open


@given(st.text(st.characters(), max_size=30) | st.text(max_size=30))
def test_text_is_measured_in_utf_8(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = har(tmp_path_factory.mktemp("har"), entry(message(START_S + 1, text)))

    assert read_trace(path).connections["bytes_in"].tolist() == [len(text.encode("utf-8", "surrogatepass"))]


@given(st.binary(max_size=40))
def test_binary_is_measured_decoded(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    sent = message(START_S + 1, base64.b64encode(data).decode(), opcode=2)
    path = har(tmp_path_factory.mktemp("har"), entry(sent))

    assert read_trace(path).connections["bytes_in"].tolist() == [len(data)]


def test_half_a_character_is_read_as_browsers_send_it(tmp_path: Path) -> None:
    path = har(tmp_path, entry(message(START_S + 1, "ab\ud83d")))

    assert read_trace(path).connections["bytes_in"].tolist() == [5]


def test_half_a_character_in_a_name_is_told_as_unknown(tmp_path: Path) -> None:
    trace = read_trace(har(tmp_path, entry(url="wss://a/caf\ud83d"), writer="half \udc00"))

    assert trace.connections["object_id"].tolist() == ["/caf\ufffd\ufffd\ufffd"]
    assert "written by half \ufffd" in str(trace.notes)


@pytest.mark.parametrize("scale", [1, 1000], ids=["seconds", "milliseconds"])
def test_times_of_messages_are_seconds_or_milliseconds(tmp_path: Path, scale: int) -> None:
    events = read_trace(har(tmp_path, entry(message((START_S + 1.5) * scale, "x")))).events

    assert events is not None
    assert str(events["at"].iloc[0]) == "2026-11-23 08:00:01.500000+00:00"


def test_a_socket_with_messages_past_its_time_was_open_when_devtools_exported(tmp_path: Path) -> None:
    trace = read_trace(har(tmp_path, entry(message(START_S + 500, "x"), time=12.5)))

    assert trace.connections["closed_at"].isna().all()
    assert "censored" in codes(trace)


def test_a_socket_without_a_list_of_messages_has_unknown_counts(tmp_path: Path) -> None:
    silent = entry()
    del silent["_webSocketMessages"]
    trace = read_trace(har(tmp_path, silent, writer="Firefox"))

    assert trace.connections["messages_in"].isna().all()
    assert trace.grades["messages_in"] is Grade.UNKNOWN
    assert {"no-messages-recorded", "end-unknown"} <= codes(trace)


def test_a_refused_upgrade_is_a_request(tmp_path: Path) -> None:
    trace = read_trace(har(tmp_path, entry(), entry(response={"status": 403})))
    (note,) = (note for note in trace.notes if note.code == "other-requests")

    assert len(trace.connections) == 1
    assert note.data == {"http_requests": 1}


def test_control_frames_are_no_messages(tmp_path: Path) -> None:
    control = [message(START_S + 1, "", opcode=opcode) for opcode in (8, 9, 10, -1)]

    assert read_trace(har(tmp_path, entry(*control))).connections["messages_in"].tolist() == [0]


@pytest.mark.parametrize(
    ("rule", "room"),
    [
        pytest.param("path", "/rooms/7", id="the path without its query"),
        pytest.param("none", None, id="none"),
        pytest.param("rooms/([0-9]+)", "7", id="a group of a regular expression"),
        pytest.param("[?&]room=([^&]+)", "blue", id="a group in the query"),
        pytest.param("/lobby", None, id="an expression that matches nothing"),
    ],
)
def test_a_room_is_found_in_the_url_as_asked(tmp_path: Path, rule: str, room: str | None) -> None:
    path = har(tmp_path, entry(url="wss://chat.example/rooms/7?token=canary&room=blue#top"))

    rooms = read_trace(path, room_from=rule).connections["object_id"]
    assert rooms.tolist() == [room] if room else rooms.isna().all()


def test_several_hars_make_one_trace(tmp_path: Path) -> None:
    paths = [SAMPLES / f"{name}.har" for name in ("devtools", "playwright", "mitmproxy")]

    assert len(read_trace(paths).connections) == 3 + 3 + 6


# Bad input


def test_a_har_without_websockets_says_what_it_holds(tmp_path: Path) -> None:
    plain = {"request": {"url": "https://x/"}, "_resourceType": "script"}
    path = har(tmp_path, plain, plain, {"request": {"url": "https://x/"}, "_resourceType": "document"})

    with pytest.raises(
        InputError, match=r"HAR of WebInspector holds 3 requests \(2 script, 1 document\) and no WebSocket"
    ):
        read_trace(path)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        pytest.param(
            entry(startedDateTime="yesterday"), "startedDateTime 'yesterday' is not a time", id="words"
        ),
        pytest.param(entry(startedDateTime="2026-11-23T08:00:00"), "has no time zone", id="no zone"),
        pytest.param(
            entry(message(1e15, "x")), "time of a message '1000000000000000.0' lies outside", id="far future"
        ),
        pytest.param(entry({"type": "send", "time": START_S, "opcode": 1}), "without data", id="no data"),
        pytest.param(entry(_webSocketMessages="x"), "is not a list", id="messages as text"),
        pytest.param(
            entry(_webSocketClose={"timestamp": START_S - 60}),
            "closed_at .* is before opened_at",
            id="backwards",
        ),
    ],
)
def test_an_entry_that_does_not_fit_is_refused_at_its_place(tmp_path: Path, bad: Any, sentence: str) -> None:
    path = har(tmp_path, entry(), bad)

    with pytest.raises(InputError, match=rf"page\.har:1: .*{sentence}"):
        read_trace(path)
    assert read_trace(path, skip_bad_rows=True).refused == 1


def test_a_har_that_is_cut_short_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.har"
    path.write_bytes((SAMPLES / "devtools.har").read_bytes()[:9_000])

    with pytest.raises(InputError, match="cut short"):
        read_trace(path)


def test_endless_nesting_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "deep.har"
    path.write_text('{"log": {"entries": ' + "[" * 10_000)

    with pytest.raises(InputError, match="not JSON"):
        read_trace(path)
    path.write_text('{"log": {"x": "\\ud83d", "entries": ' + "[" * 100_000)
    with pytest.raises(InputError, match="not JSON"):
        read_trace(path)


@pytest.mark.parametrize("rule", ["(", "*"])
def test_a_room_rule_that_is_no_expression_is_refused(rule: str) -> None:
    with pytest.raises(InputError, match="no regular expression"):
        read_trace(SAMPLES / "http-toolkit.har", room_from=rule)


def test_a_log_line_in_json_is_no_har() -> None:
    assert "har" not in sniff(b'{"log": "GET / 200", "stream": "stdout"}\n')


def test_a_bad_entry_is_told_by_the_line_on_which_it_stands(tmp_path: Path) -> None:
    path = har(tmp_path, entry(), {**entry(), "_webSocketMessages": "none"})
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
    second = [number for number, line in enumerate(path.read_text().splitlines(), 1) if "started" in line][1]

    with pytest.raises(InputError, match=rf"page\.har:{second}: entry 2: _webSocketMessages is not a list"):
        read_trace(path)
