"""Logs of Cloudflare: what a tail, a Tail Worker and Logpush say of sockets, and what they cannot say."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wscost.errors import InputError
from wscost.notes import Grade
from wscost.readers import read_trace, sniff
from wscost.readers.jsonvalues import JsonValues
from wscost.readers.pairing import (
    CLOSE,
    ERROR,
    MESSAGE,
    OPEN,
    Event,
    Moments,
    Place,
    Reach,
    Socket,
    Sockets,
    without_partner,
)
from wscost.readers.source import open_source
from wscost.trace import Trace

SAMPLES = Path(__file__).parent / "reader_samples" / "cloudflare-tail"
BATCHES = SAMPLES / "tail_worker_batches.jsonl"
START = 1_795_444_656_000
"""[ms]"""

A, B, C, ELSEWHERE = range(4)
"""Paths."""

Write = Callable[[Iterable[Any]], Path]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Return what writes records as NDJSON."""

    def write(records: Iterable[Any]) -> Path:
        path = tmp_path / "log.json"
        lines = (record if isinstance(record, str) else json.dumps(record) for record in records)
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    return write


def codes(trace: Trace) -> set[str]:
    return {note.code for note in trace.notes}


def tail(
    kind: str | None, at: int, room: str | None = "a" * 64, wall: int = 1, **event: Any
) -> dict[str, Any]:
    """Return a tail event, its time in ms after the start."""
    happened = {"getWebSocketEvent": {"webSocketEventType": kind, **event}} if kind else event
    return {
        "wallTime": wall,
        "cpuTime": 1,
        "executionModel": "durableObject" if room else "stateless",
        "outcome": "ok",
        **({"durableObjectId": room, "entrypoint": "Room"} if room else {}),
        "scriptName": "chat",
        "eventTimestamp": START + at,
        "event": happened,
    }


def upgrade(at: int, room: str | None = "a" * 64, path: str = "/ws", **more: Any) -> dict[str, Any]:
    request = {"url": f"https://chat.example{path}?token=canary", "headers": {"Upgrade": "websocket"}}
    return tail(None, at, room, **more, request=request)


# The recording: its truth is in ``test_readers_recorded``


def test_plain_requests_are_told_as_requests_of_the_worker() -> None:
    (note,) = (note for note in read_trace(BATCHES).notes if note.code == "other-requests")

    assert note.data == {"http_requests": 6}


def test_a_tail_of_wrangler_is_a_lower_bound_and_says_why() -> None:
    trace = read_trace(SAMPLES / "wrangler_tail.txt")

    assert trace.grades["connection_id"] is Grade.LOWER_BOUND
    assert trace.grades["messages_in"] is Grade.LOWER_BOUND
    assert {"tail-drops-events", "lines-skipped"} <= codes(trace)


def test_nothing_of_urls_queries_headers_and_logs_is_kept() -> None:
    for path in SAMPLES.glob("*_*"):
        trace = read_trace(path)
        assert trace.events is not None
        kept = trace.connections.to_csv() + trace.events.to_csv() + repr(trace.notes)
        assert "canary" not in kept, path


# What a tail leaves open


def test_an_upgrade_told_late_opens_the_connection_at_its_own_time(written: Write) -> None:
    rows = read_trace(written([tail("message", 500), tail("close", 900), upgrade(100)])).connections

    assert len(rows) == 1
    assert (rows["closed_at"] - rows["opened_at"]).dt.total_seconds().tolist() == [0.8]
    assert rows["messages_in"].tolist() == [1]


def test_messages_without_upgrade_belong_to_a_connection_that_is_still_open(written: Write) -> None:
    trace = read_trace(written([tail("message", 100), tail("message", 5000)]))
    rows = trace.connections

    assert rows["closed_at"].isna().tolist() == [True]
    assert rows["messages_in"].tolist() == [2]
    assert trace.grades["opened_at"] is Grade.LOWER_BOUND
    assert trace.grades["connection_id"] is Grade.LOWER_BOUND
    assert "opening-unseen" in codes(trace)


def test_a_close_without_upgrade_ends_a_connection_that_opened_with_its_first_event(written: Write) -> None:
    trace = read_trace(written([tail("message", 100), tail("close", 5000), tail("message", 6000)]))
    lives = (trace.connections["closed_at"] - trace.connections["opened_at"]).dt.total_seconds()

    assert lives.dropna().tolist() == [4.9]
    assert lives.isna().sum() == 1


def test_an_upgrade_without_close_is_open_until_the_log_ends(written: Write) -> None:
    trace = read_trace(written([upgrade(0), tail("message", 10), tail("message", 4000)]))

    assert trace.connections["closed_at"].isna().all()
    assert trace.grades["closed_at"] is Grade.LOWER_BOUND
    assert "closing-unseen" in codes(trace)


def test_an_error_ends_a_socket_that_no_close_ends(written: Write) -> None:
    rows = read_trace(written([upgrade(0), tail("message", 10), tail("error", 400)])).connections

    assert (rows["closed_at"] - rows["opened_at"]).dt.total_seconds().tolist() == [0.4]


def test_a_socket_of_accept_lives_for_its_wall_time(written: Write) -> None:
    trace = read_trace(written([upgrade(0, wall=90_500), upgrade(-3, room=None, wall=90_510)]))

    assert (trace.connections["closed_at"] - trace.connections["opened_at"]).dt.total_seconds().tolist() == [
        90.5
    ]
    assert trace.grades["messages_in"] is Grade.UNKNOWN
    assert "closed_at" not in trace.grades


def test_sockets_that_end_in_the_worker_have_no_object_unless_asked_for(written: Write) -> None:
    path = written([upgrade(0, room=None, path="/room/7", wall=1000)])

    assert read_trace(path).connections["object_id"].isna().all()
    assert read_trace(path, room_from="path").connections["object_id"].tolist() == ["/room/7"]
    assert read_trace(path, room_from="/room/([0-9]+)").connections["object_id"].tolist() == ["7"]


def test_workers_that_stand_before_each_other_hand_on_one_socket(written: Write) -> None:
    def front(script: str, at: int) -> dict[str, Any]:
        return {**upgrade(at, None, wall=90_000), "scriptName": script}

    socket = [upgrade(0), tail("message", 10), tail("close", 60_000, code=1000)]
    chain = [front("outermost", -6), front("edge", -4), front("chat", -2)]
    trace = read_trace(written([*chain, *socket, front("alone", 120_000)]))

    assert trace.connections["object_id"].tolist()[0] == "a" * 64
    assert len(trace.connections) == 2


def test_a_refused_upgrade_is_a_request(written: Write) -> None:
    refused = upgrade(5)
    refused["event"]["response"] = {"status": 426}
    trace = read_trace(written([upgrade(0, wall=50), refused]))

    assert len(trace.connections) == 1
    assert trace.events is not None
    assert trace.events["kind"].tolist() == ["request"]


def test_logpush_tells_hibernating_sockets_of_a_class_and_those_that_accept() -> None:
    trace = read_trace(SAMPLES / "workers_trace_events.ndjson")
    rows = trace.connections
    lived = (rows["closed_at"] - rows["opened_at"]).dt.total_seconds()

    assert dict(zip(rows["object_id"], lived, strict=True)) == {"/room/1": 1.1, "/room/2": 2.5}
    assert trace.events is not None
    assert sorted(trace.events["kind"]) == ["alarm", "close", "message", "message"]
    assert trace.grades["object_id"] is Grade.ASSUMED
    assert {"objects-unnamed", "room-from-path", "other-requests"} <= codes(trace)


# Bad input


def test_a_tail_without_sockets_says_what_it_holds(written: Write) -> None:
    plain = tail(None, 0, room=None, request={"url": "https://x/", "headers": {}}, response={"status": 200})

    with pytest.raises(InputError, match="it holds 1 other invocations, but no WebSocket"):
        read_trace(written([plain]))


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        pytest.param(
            {**tail("close", 0), "eventTimestamp": None}, "eventTimestamp .* is not a time", id="null"
        ),
        pytest.param(
            {**tail("close", 0), "eventTimestamp": START * 1000},
            "eventTimestamp '1795444656000000' lies outside the years 2000 to 2199, in ms",
            id="microseconds",
        ),
        pytest.param(
            {**tail("close", 0), "wallTime": -1}, "wallTime '-1' is not a duration", id="negative wall"
        ),
        pytest.param({"wallTime": 1, "outcome": "ok", "cpuTime": 1}, "neither eventTimestamp", id="no time"),
        pytest.param(7, "this is no tail event|is JSON, but no object", id="a number"),
    ],
)
def test_a_record_that_does_not_fit_is_named_by_its_line(written: Write, record: Any, sentence: str) -> None:
    path = written([tail("message", 0), [record]])

    with pytest.raises(InputError, match=f":2: .*{sentence}"):
        read_trace(path)
    assert len(read_trace(path, skip_bad_rows=True).connections) == 1


def test_json_that_is_cut_short_is_named_by_the_line_where_it_begins(written: Write) -> None:
    text = json.dumps(tail("message", 0), indent=4)
    path = written([text, text[: len(text) // 2]])

    with pytest.raises(
        InputError, match=rf":{text.count(chr(10)) + 2}: the JSON that begins here is cut short"
    ):
        read_trace(path)


def test_a_line_that_breaks_off_costs_no_other_line(written: Write) -> None:
    good = [json.dumps(tail("message", i)) for i in range(4)]
    path = written([good[0], good[1][:40], good[2], good[3]])

    with pytest.raises(InputError, match=":2: this is not JSON: it breaks off"):
        read_trace(path)
    assert read_trace(path, skip_bad_rows=True).refused == 1


@pytest.mark.parametrize("deep", ["[" * 10_000, '{"a":' * 10_000, "[" * 10_000 + "]" * 10_000])
def test_ten_thousand_levels_of_nesting_are_one_bad_row(written: Write, deep: str) -> None:
    with pytest.raises(InputError, match=r":2: .*(not JSON|cut short)"):
        read_trace(written([tail("message", 0), deep]))


def test_json_that_never_ends_is_refused_before_the_memory_fills(
    written: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wscost.readers.jsonvalues.LINE_LIMIT", 1_000_000)
    path = written([tail("message", 0), "{", *['"logs": ["x", "y"],'] * 200_000])

    with pytest.raises(InputError, match=r":2: the JSON that begins here is longer than .* Does it ever end"):
        read_trace(path)


def test_binary_garbage_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "tail.json"
    path.write_bytes(random.Random(7).randbytes(200_000))

    with pytest.raises(InputError, match=r"no invocation|not JSON") as refused:
        read_trace(path, input_format="cloudflare-tail")
    assert "\n" not in str(refused.value)


def test_a_har_that_carries_tail_events_in_a_body_is_a_har() -> None:
    body = json.dumps(json.dumps(tail("message", 0)))
    har = f'{{"log": {{"version": "1.2", "entries": [{{"response": {{"content": {{"text": {body}}}}}}}]}}}}'

    assert "cloudflare-tail" not in sniff(har.encode())


# JSON in a stream of lines


@given(
    values=st.lists(
        st.dictionaries(
            st.text(max_size=4), st.integers(-(2**63), 2**63 - 1) | st.text(max_size=9), min_size=1
        ),
        max_size=5,
    ),
    indent=st.sampled_from([None, 1, 4]),
    form=st.sampled_from(["objects", "array", "lines of arrays", "array of arrays"]),
)
def test_values_are_found_however_they_are_laid_out(
    tmp_path_factory: pytest.TempPathFactory, values: list[dict[str, Any]], indent: int | None, form: str
) -> None:
    path = tmp_path_factory.mktemp("values") / "values.json"
    several = [[value] for value in values]
    whole = {"objects": values, "array": [values], "lines of arrays": several}.get(form, [several])
    path.write_text("".join(json.dumps(value, indent=indent) + "\n" for value in whole))
    (part,) = open_source(path).parts

    assert [found.value for found in JsonValues(part)] == values


# Which close ends which open


def paired(events: list[tuple[int, int]]) -> tuple[list[Socket], list[Socket | None], bool]:
    """Return the sockets of one object, that of each message, and whether several were open at once."""
    kinds = [kind for kind, _ in events]
    of_object = Sockets("room", max(kinds.count(OPEN) - kinds.count(CLOSE), 0))
    ended, of_messages = [], []
    for kind, when in sorted(events, key=lambda event: event[::-1]):
        socket = of_object.take(Event(kind, when, Place(0, 1)))
        if socket is not None and socket.closed is not None:
            ended.append(socket)
        if kind == MESSAGE:
            of_messages.append(socket)
    return [*ended, *of_object.open], of_messages, of_object.overlapping


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12), st.randoms())
def test_paired_by_order_the_time_open_adds_up_to_the_true_one(
    lives: list[tuple[int, int]], shuffled: random.Random
) -> None:
    events = [(OPEN, at) for at, _ in lives] + [(CLOSE, at + life + 1) for at, life in lives]
    shuffled.shuffle(events)
    sockets, _, _ = paired(events)

    assert len(sockets) == len(lives)
    assert sum((s.closed or 0) - s.opened for s in sockets) == sum(life + 1 for _, life in lives)


@given(st.lists(st.tuples(st.sampled_from([OPEN, MESSAGE, ERROR, CLOSE]), st.integers(0, 30)), max_size=30))
def test_whatever_is_missing_no_message_is_lost_and_no_life_is_negative(
    events: list[tuple[int, int]],
) -> None:
    sockets, of_messages, overlapping = paired(events)

    assert all(s.closed is None or s.closed >= s.opened for s in sockets)
    assert sum(s.counted for s in sockets) == sum(socket is not None for socket in of_messages)
    assert sum(s.opening_seen for s in sockets) == [kind for kind, _ in events].count(OPEN)
    if not overlapping:
        assert None not in of_messages


def test_a_front_is_matched_with_the_object_that_it_asked() -> None:
    fronts, inner = Moments(), Moments()
    for at, path in ((0, A), (10, B), (20, A), (30, C)):
        fronts.add(at, path)
    for at, path in ((12, B), (22, A), (33, ELSEWHERE)):
        inner.add(at, path)

    alone = without_partner(fronts, inner, Reach(before=1, after=5))

    assert [True, False, False, False] == alone.tolist()


asked = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([A, B])), max_size=9)


@given(asked, asked)
def test_an_inner_event_is_matched_with_the_last_free_front_before_it(
    outside: list[tuple[int, int]], inside: list[tuple[int, int]]
) -> None:
    fronts, inner = Moments(), Moments()
    for moments, several in ((fronts, outside), (inner, inside)):
        for at, path in several:
            moments.add(at, path)
    free, lonely = set(range(len(outside))), set(range(len(inside)))
    for equal_paths in (True, False):
        for one in sorted(
            lonely, key=lambda one: (inside[one], one) if equal_paths else (inside[one][0], one)
        ):
            at, path = inside[one]
            before = [
                (outside[front][0], front)
                for front in free
                if outside[front][0] <= at + 1 and (outside[front][1] == path or not equal_paths)
            ]
            if before and at - max(before)[0] <= 5:
                free.remove(max(before)[1])
                lonely.remove(one)

    alone = without_partner(fronts, inner, Reach(before=1, after=5))

    assert sorted(free) == alone.nonzero()[0].tolist()
