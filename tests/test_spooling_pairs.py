"""Logs that tell of a connection in several lines, too long to hold, come out as if they had been held."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.setaside import same
from tests.traces import at
from wscost.usage import Window

HOUR = 3600
ids = st.sampled_from("abcdefgh")
seconds = st.one_of(st.integers(0, 40), st.integers(2 * HOUR - 2, 2 * HOUR + 2), st.integers(0, 90_000))


def _ms(second: float) -> int:
    return round(at(second).timestamp() * 1000)


def gateway_line(record: dict[str, Any]) -> str:
    """Return a record of API Gateway; of what it does not tell there is no field."""
    row = {"connectionId": record["id"], "eventType": record["type"], "requestTimeEpoch": _ms(record["at"])}
    if "connected" in record:
        row["connectedAt"] = _ms(record["connected"])
    row |= {name: record[name] for name in ("room", "status") if name in record}
    return json.dumps(row | ({"body": "x" * record["size"]} if "size" in record else {}))


def gateway_records(**more: Any) -> st.SearchStrategy[str]:
    fields = {
        "id": ids,
        "type": st.sampled_from(["CONNECT", "MESSAGE", "MESSAGE", "DISCONNECT"]),
        "at": seconds,
    }
    optional = {"connected": seconds, "room": st.sampled_from("xy"), "status": st.sampled_from([200, 403])}
    return st.fixed_dictionaries(fields, optional=optional | more).map(gateway_line)


def zeek_line(row: dict[str, Any]) -> str:
    """Return a row of either log of Zeek."""
    given = {"_path": row["log"], "uid": row["id"], "id.orig_h": "::1", "ts": at(row["at"]).timestamp()}
    if row["log"] == "websocket":
        return json.dumps(given | {"uri": f"/{row['room']}"})
    told = {key: row[key] for key in ("duration", "orig_bytes", "resp_bytes") if key in row}
    return json.dumps(given | {"conn_state": "SF", "service": row["service"]} | told)


def zeek_rows(log: str) -> st.SearchStrategy[str]:
    fields = {"log": st.just(log), "id": ids, "at": seconds, "room": st.sampled_from("xyz")}
    fields["service"] = st.sampled_from(["http,websocket", "http,websocket", "dns"])
    optional = {"duration": st.sampled_from([0, 0.5, 30, 90_000, -1]), "orig_bytes": st.integers(-1, 300)}
    return st.fixed_dictionaries(fields, optional=optional).map(zeek_line)


def tail_line(record: dict[str, Any]) -> str:
    """Return what a tail tells of one invocation."""
    kind, room = record["kind"], record["room"]
    if kind in ("upgrade", "request"):
        request = {"url": f"https://a.example/{record['path']}", "headers": {"upgrade": "websocket"}}
        event = {"request": request, "response": {"status": 101 if kind == "upgrade" else 200}}
    else:
        event = (
            {"scheduledTime": 3} if kind == "alarm" else {"getWebSocketEvent": {"webSocketEventType": kind}}
        )
    told = {"eventTimestamp": _ms(record["at"]), "wallTime": record["wall"], "outcome": "ok", "event": event}
    told["scriptName"] = record["script"]
    if room is not None:
        told |= {"executionModel": "durableObject", "entrypoint": "Room"}
        told |= {"durableObjectId": room} if room else {}
    return json.dumps(told)


def tail_records(*rooms: str | None, walls: tuple[int, ...] = (0, 3, 20_000)) -> st.SearchStrategy[str]:
    kinds = ["upgrade", "upgrade", "message", "message", "close", "error", "alarm", "request"]
    fields = {"kind": st.sampled_from(kinds), "room": st.sampled_from(rooms), "wall": st.sampled_from(walls)}
    fields |= {"path": st.sampled_from("pq"), "script": st.sampled_from(["chat", "chat", "other"])}
    return st.fixed_dictionaries(fields | {"at": st.integers(0, 90) | seconds}).map(tail_line)


def k6_line(row: dict[str, Any]) -> str:
    """Return a point of k6; a session that begins is a point of 1."""
    tags = {"url": f"wss://a.example/{row['room']}"} | ({"status": row["status"]} if row["status"] else {})
    value = row["value"] if row["metric"] == "ws_session_duration" else row["count"]
    data = {"time": at(row["at"]).isoformat(), "value": value, "tags": tags}
    return json.dumps({"type": "Point", "metric": row["metric"], "data": data})


def k6_points(*statuses: str) -> st.SearchStrategy[str]:
    metrics = ["ws_sessions", "ws_sessions", "ws_session_duration", "ws_session_duration", "ws_msgs_sent"]
    fields = {"metric": st.sampled_from([*metrics, "http_reqs"]), "at": st.integers(0, 9)}
    fields |= {"value": st.sampled_from([0, 0.5, 994, 996, 3000]), "count": st.sampled_from([1] * 9 + [2])}
    fields |= {"room": st.sampled_from("xy"), "status": st.sampled_from(statuses)}
    return st.fixed_dictionaries(fields).map(k6_line)


LOGS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "aws-websocket": {"a.log": gateway_records(), "b.log": gateway_records()},
    "aws-websocket with bodies": {"a.log": gateway_records(size=st.integers(0, 99))},
    "cloudflare-tail": {"a.log": tail_records("x", "y", None), "b.log": tail_records("x", "y", None)},
    "cloudflare-tail without names": {"a.log": tail_records("", None)},
    "cloudflare-tail without times": {"a.log": tail_records("x", None, walls=(0,))},
    "load-test": {"a.json": k6_points("101", "101", "404"), "b.json": k6_points("101")},
    "load-test without status": {"a.json": k6_points("")},
    "zeek": {"conn.log": zeek_rows("conn"), "websocket.log": zeek_rows("websocket")},
    "zeek, conn.log alone": {"conn.log": zeek_rows("conn"), "conn.1.log": zeek_rows("conn")},
    "zeek, websocket.log alone": {"websocket.log": zeek_rows("websocket")},
}
OWN = {"aws-websocket": {"room_field": "room"}, "cloudflare-tail": {"room_from": "path"}}
windows = st.none() | st.tuples(st.integers(-5, 25), st.integers(26, 100_000))


class Log(NamedTuple):
    """The lines of some files, whole or in a window."""

    files: dict[str, list[str]]
    window: Window | None
    rooms: bool
    skip: bool


@st.composite
def drawn(draw: st.DrawFn, files: dict[str, st.SearchStrategy[str]]) -> Log:
    """Draw lines in any order, in some files with bad ones among them."""
    bad = st.sampled_from(['{"connectionId"', '{"uid": 3}', "[7]"])
    lines = {
        name: draw(st.lists(line, min_size=4, max_size=25) | st.lists(line | bad, max_size=9))
        for name, line in files.items()
    }
    window = draw(windows)
    return Log(
        lines,
        window and Window(at(window[0]), at(window[1])),
        draw(st.booleans()),
        draw(st.integers(0, 3)) > 0,
    )


@pytest.mark.parametrize("name", list(LOGS))
@settings(max_examples=15)
@given(st.data())
def test_any_lines_in_any_order_come_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    log = data.draw(drawn(LOGS[name]))
    folder = tmp_path_factory.mktemp("log")
    for file, lines in log.files.items():
        (folder / file).write_text("\n".join(lines))
    own = OWN.get(name.split(" ", maxsplit=1)[0], {}) if log.rooms else {}

    same(
        folder,
        window=log.window,
        skip_bad_rows=log.skip,
        input_format=re.match(r"[a-z-]+", name)[0],  # type: ignore[index]
        format_options=own,
    )


@pytest.mark.parametrize("skip", [False, True], ids=["refused", "left out"])
@pytest.mark.parametrize("name", ["aws-websocket", "zeek"])
def test_where_every_line_is_bad_it_is_told_alike(tmp_path: Path, name: str, skip: bool) -> None:
    log = tmp_path / "bad.log"
    late = {"id": "a", "log": "conn", "service": "websocket", "at": 9, "duration": -1}
    reversed_ = ({"id": "a", "type": "CONNECT", "at": 9}, {"id": "a", "type": "DISCONNECT", "at": 3})
    lines = [zeek_line(late)] if name == "zeek" else map(gateway_line, reversed_)
    log.write_text("\n".join(lines))

    assert re.match(
        "InputError: .*(every one|its only row)|BadRowsError: ", str(same(log, skip_bad_rows=skip))
    )


def test_where_every_handshake_failed_it_is_told_alike(tmp_path: Path) -> None:
    log = tmp_path / "points.json"
    failed = {"metric": "ws_sessions", "at": 3, "count": 1, "room": "x", "status": "404"}
    log.write_text("\n".join([k6_line(failed)] * 4))

    assert same(log) == f"InputError: {log}: there are no rows in it."
