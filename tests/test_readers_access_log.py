"""Logs with a line a closed connection: access logs of proxies, and Cloudflare's websocket_analytics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wscost.deployment import PRESETS as DEPLOYMENTS
from wscost.errors import ConfigError, InputError, UnknownNameError
from wscost.metering import meter
from wscost.notes import Grade
from wscost.readers import read_trace, sniff
from wscost.readers.access_log_presets import PRESETS
from wscost.trace import Trace

HERE = Path(__file__).parent
SAMPLES = HERE / "reader_samples" / "access-log"
LOGPUSH = HERE / "reader_samples" / "logpush-websocket"
START_NS = 1_795_418_585_941_000_000


def codes(trace: Trace) -> set[str]:
    return {note.code for note in trace.notes}


def written(tmp_path: Path, *lines: str | dict[str, Any], name: str = "access.log") -> Path:
    path = tmp_path / name
    path.write_text("".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines))
    return path


# Lines as documented


@pytest.mark.parametrize(
    ("line", "life", "bytes_in", "bytes_out"),
    [
        pytest.param(
            "ws 2018-07-02T22:23:00.186641Z app/a/b 192.168.131.39:2817 10.0.0.1:80 0.0 0.001 0.0 101 101 "
            '218 587 "GET http://10.0.0.30:80/ HTTP/1.1" "-" - - arn "Root=1" "-" "-" 1 '
            '2018-07-02T22:22:48.364000Z "forward" "-" "-" "b:80" "101" "-" "-" TID_1 "-" "-" "new"',
            11.822641,
            218,
            587,
            id="ALB, fields added at its end",
        ),
        pytest.param(
            '[2024-07-21T08:32:59.547Z] "GET /ws HTTP/1.1" 101 DC downstream_remote_disconnect 61 105 13342 '
            '- "-" "agent" "id" "host" "10.0.0.1:80"',
            13.342,
            61,
            105,
            id="Envoy, with details of the response",
        ),
        pytest.param(
            '[2024-07-21T08:32:59.547Z] "GET /ws HTTP/1.1" 101 - via_upstream - "-" 61 105 13342 2 '
            '"-" "agent" "id"',
            13.342,
            61,
            105,
            id="Envoy as Istio configures it",
        ),
        pytest.param(
            '127.0.0.1 - - [23/Nov/2026:07:23:08 +0000] "GET /v1/ws HTTP/1.1" 101 13659 "-" "-" 69671.68',
            69671.68,
            None,
            13659,
            id="combined and seconds",
        ),
        pytest.param(
            '127.0.0.1 - - [23/Nov/2026:07:23:08 +0000] "GET /v1/ws HTTP/1.1" 101 13659 "-" "a" "-" 61.002',
            61.002,
            None,
            13659,
            id="the format main of nginx's image, and seconds",
        ),
        pytest.param(
            '127.0.0.1 - - [23/Nov/2026:07:23:08 +0000] "GET /v1/ws HTTP/1.1" 101 13659 "-" "a" "b" '
            'rt=61.002 uct="0.000" uht="0.001" urt="61.000"',
            61.002,
            None,
            13659,
            id="seconds with their name",
        ),
        pytest.param(
            '10.0.0.1 - - [23/Nov/2026:07:23:08 +0000] "GET /v1/ws HTTP/1.1" 101 13659 "-" "a" 524 3600.123 '
            "[default-chat-80] [] 10.42.0.5:80 13659 3600.120 101 4f6c",
            3600.123,
            None,
            13659,
            id="ingress-nginx",
        ),
        pytest.param(
            '{"StartUTC":"2026-11-23T07:23:05.941123456Z","Duration":3011000000,"DownstreamStatus":101,'
            '"RequestPath":"/ws"}',
            3.011,
            None,
            None,
            id="Traefik, nanoseconds",
        ),
        pytest.param(
            '{"msec":1795418588.96,"request_time":3.019,"status":101,"uri":"/a","body_bytes_sent":5091,'
            '"request_length":206,"upstream_bytes_sent":"0, 305"}',
            3.019,
            99,
            5091,
            id="nginx, numbers, a second upstream",
        ),
        pytest.param(
            '{"time_iso8601":"2026-11-23T07:23:08+00:00","request_time":"3.019","status":"101",'
            '"request":"GET /a?b HTTP/1.1","body_bytes_sent":"5091"}',
            3.019,
            None,
            5091,
            id="nginx, time as ISO 8601",
        ),
    ],
)
def test_a_line_in_a_dialect_reads_as_its_program_means_it(
    tmp_path: Path, line: str, life: float, bytes_in: int | None, bytes_out: int | None
) -> None:
    (row,) = read_trace(written(tmp_path, line)).connections.itertuples()

    assert life == pytest.approx((row.closed_at - row.opened_at).total_seconds())
    assert (bytes_in, bytes_out) == tuple(None if pd.isna(n) else n for n in (row.bytes_in, row.bytes_out))


@pytest.mark.parametrize(
    "wrapped",
    [
        pytest.param("web-1  | {}", id="docker compose"),
        pytest.param("web-1  | 2026-11-23T07:23:08.906672966Z {}", id="docker compose, with times"),
        pytest.param("2026-11-23T07:23:08.906672966Z {}", id="docker, with times"),
        pytest.param("[pod/web-5d9f/nginx] {}", id="kubectl"),
        pytest.param("2026-11-23T07:23:08.906672966Z stdout F {}", id="containerd"),
        pytest.param("Nov 23 07:23:08 edge nginx[3119568]: {}", id="journalctl"),
        pytest.param("<190>Nov 23 07:23:08 edge nginx: {}", id="syslog"),
        pytest.param("2026-11-23T07:23:08.906+01:00 edge nginx: {}", id="syslog, with its newer times"),
    ],
)
@pytest.mark.parametrize("name", ["nginx.ndjson", "nginx-timed.log", "caddy.ndjson", "haproxy.log"])
def test_what_a_collector_puts_around_a_line_changes_nothing(tmp_path: Path, name: str, wrapped: str) -> None:
    lines = (SAMPLES / name).read_text().splitlines()
    bare = read_trace(written(tmp_path, *lines, name="bare.log"), assume_utc=True)

    collected = read_trace(
        written(tmp_path, *map(wrapped.format, lines), name="collected.log"), assume_utc=True
    )

    assert bare.connections.to_dict("list") == collected.connections.to_dict("list")


def test_docker_s_own_files_hold_the_lines_of_a_log(tmp_path: Path) -> None:
    line = '10.0.0.1 - - [23/Nov/2026:07:23:08 +0000] "GET /a HTTP/1.1" 101 9 "-" "b" 3.5'
    stored = {"log": f"{line}\n", "stream": "stdout", "time": "2026-11-23T07:23:08.9Z"}

    (row,) = read_trace(written(tmp_path, stored, {**stored, "log": 5})).connections.itertuples()

    assert ("/a", 3.5) == (row.object_id, (row.closed_at - row.opened_at).total_seconds())


def test_lines_of_other_programs_in_a_collected_log_are_skipped_and_counted(tmp_path: Path) -> None:
    upgraded = {"ts": 1795418588.9, "duration": 3, "status": 101, "request": {"uri": "/a"}}
    lines = [f"caddy-1  | {json.dumps(upgraded)}", 'app-1    | {"level":30}', "app-1    | {not JSON"]

    trace = read_trace(written(tmp_path, *lines))

    assert 1 == len(trace.connections)
    (note,) = (note for note in trace.notes if note.code == "lines-skipped")
    assert {"lines": 2} == note.data


@pytest.mark.parametrize(
    ("name", "lives", "bytes_in", "bytes_out"),
    [
        ("aws-alb.log", [11.822641, 64.5], [218, 218], [587, 786]),
        ("envoy.log", [13.342, 60.25], [61, 120], [105, 2048]),
        ("envoy.ndjson", [13.342], [61], [105]),
        ("traefik.ndjson", [3.011], [None], [None]),
    ],
)
def test_a_documented_line_reads_as_documented(
    name: str, lives: list[float], bytes_in: list[int | None], bytes_out: list[int | None]
) -> None:
    rows = read_trace(SAMPLES / name).connections

    assert (rows["closed_at"] - rows["opened_at"]).dt.total_seconds().tolist() == lives
    assert rows["bytes_in"].astype(object).where(rows["bytes_in"].notna(), None).tolist() == bytes_in
    assert rows["bytes_out"].astype(object).where(rows["bytes_out"].notna(), None).tolist() == bytes_out


@pytest.mark.parametrize("path", [*SAMPLES.iterdir(), *LOGPUSH.iterdir()], ids=lambda p: p.name)
def test_no_query_agent_cookie_or_address_is_kept(path: Path) -> None:
    trace = read_trace(path, assume_utc=True)
    kept = trace.connections.to_csv() + repr(trace.notes)

    for secret in ("canary", "127.0.0.1", "203.0.113.9", "192.168.131.39", "websockets/17"):
        assert secret not in kept


# What a log that is written at the close hides


def test_sockets_still_open_at_the_end_are_missing_and_it_says_so() -> None:
    trace = read_trace(SAMPLES / "nginx.ndjson")
    (note,) = (note for note in trace.notes if note.code == "written-at-close")

    assert note.data == {"open_at_beginning": 6}


def combined(at: str, request_time: str | None, status: int = 101, path: str = "/ws") -> str:
    tail = "" if request_time is None else f" {request_time}"
    return f'10.0.0.1 - - [23/Nov/2026:{at} +0000] "GET {path} HTTP/1.1" {status} 100 "-" "ua"{tail}'


def test_a_log_cut_from_a_longer_one_says_that_the_window_begins_too_early(tmp_path: Path) -> None:
    lines = [combined("12:00:00", "7200.000"), combined("12:30:00", "60.000"), combined("13:00:00", "1.000")]
    path = written(tmp_path, *lines)
    (note,) = (note for note in read_trace(path).notes if note.code == "begins-before-log")
    window = note.message.rpartition("--window ")[2].rstrip(".")
    trace = read_trace(path, window=window)

    assert str(trace.window.start) == "2026-11-23 12:00:00+00:00"
    assert "begins-before-log" not in codes(trace)
    assert meter(trace, DEPLOYMENTS["worker"]).totals["connections_opened"] == 2


# Which layout


def test_parts_of_different_layouts_make_one_trace() -> None:
    trace = read_trace([SAMPLES / "nginx.ndjson", SAMPLES / "caddy.ndjson", SAMPLES / "nginx-timed.log"])
    (note,) = (note for note in trace.notes if note.code == "layout")

    assert len(trace.connections) == 18
    assert note.data == {"layouts": ["nginx-json", "caddy", "combined"]}


def test_lines_between_that_are_no_access_log_are_skipped_and_counted(tmp_path: Path) -> None:
    log = (SAMPLES / "haproxy.log").read_text()
    noisy = written(tmp_path, "Nov 23 14:55:36 haproxy[1]: Proxy fe started.", log.rstrip("\n"))
    (note,) = (n for n in read_trace(noisy, assume_utc=True).notes if n.code == "lines-skipped")

    assert note.data == {"lines": 1}


def test_haproxy_writes_times_without_a_zone_and_they_are_refused_unasked() -> None:
    with pytest.raises(InputError, match=r"accepted '.*' has no time zone.*--assume-utc"):
        read_trace(SAMPLES / "haproxy.log")


OWN = """\
access_log:
  line: json
  opened_at: {field: began, unit: ms}
  duration: {field: took.ms, unit: ms}
  upgraded: {field: [proto, protocol], is: [WebSocket]}
  url: [target, path]
  connection_id: id
  bytes_in: {field: got, less: handshake}
  bytes_out: sent
"""


def test_a_layout_of_ones_own_is_read_from_yaml(tmp_path: Path) -> None:
    layout = written(tmp_path, OWN, name="edge.yaml")
    row = {
        "began": 1_795_418_585_941,
        "took": {"ms": "1500"},
        "protocol": "websocket",
        "path": "/a?b",
        "id": 7,
        "got": 300,
        "handshake": 200,
        "sent": 5,
    }
    trace = read_trace(written(tmp_path, row, {**row, "protocol": "http"}), layout=str(layout))
    (found,) = trace.connections.to_dict("records")

    assert str(found.pop("opened_at")) == "2026-11-23 07:23:05.941000+00:00"
    assert str(found.pop("closed_at")) == "2026-11-23 07:23:07.441000+00:00"
    known = {name: value for name, value in found.items() if not str(name).startswith("messages")}
    assert known == {"connection_id": "7", "object_id": "/a", "bytes_in": 100, "bytes_out": 5}


def test_a_layout_of_ones_own_may_be_an_expression(tmp_path: Path) -> None:
    layout = written(
        tmp_path,
        "access_log:\n"
        r"  line: '^(?P<start>\S+) (?P<end>\S+) (?P<what>\w+) (?P<path>\S+)$'"
        "\n  opened_at: {field: start}\n  closed_at: {field: end}\n"
        "  upgraded: {field: what, is: [WS]}\n  url: path",
        name="edge.yml",
    )
    line = "2026-11-23T08:00:00+01:00 2026-11-23T07:00:09Z WS /room/1"
    rows = read_trace(written(tmp_path, line), layout=str(layout)).connections

    assert (rows["closed_at"] - rows["opened_at"]).dt.total_seconds().tolist() == [9.0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("access_log: {line: json}", "needs opened_at or closed_at", id="no time"),
        pytest.param(
            "access_log: {line: '(', opened_at: {field: a}}", "nor a regular expression", id="broken"
        ),
        pytest.param(
            "access_log: {line: '(?P<b>x)', opened_at: {field: a}}", "no group named a", id="group missing"
        ),
        pytest.param("access_log: {line: json, opend_at: {field: a}}", "opened_at", id="misspelt"),
        pytest.param("access_log: {line: json, opened_at: {field: a, unit: min}}", "unit", id="unit"),
        pytest.param("log: {}", "access_log", id="another file"),
    ],
)
def test_a_layout_that_cannot_be_is_refused_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    layout = written(tmp_path, text, name="own.yaml")

    with pytest.raises(ConfigError, match=rf"own.yaml:1: .*{sentence}"):
        read_trace(SAMPLES / "nginx.ndjson", layout=str(layout))


def test_an_unknown_preset_is_met_with_close_names() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean nginx-json"):
        read_trace(SAMPLES / "nginx.ndjson", layout="nginx_json")


# Bad input


def test_a_log_without_websockets_says_what_it_holds(tmp_path: Path) -> None:
    path = written(tmp_path, combined("12:00:00", "0.1", 200), combined("12:00:01", "0.2", 404))

    with pytest.raises(InputError, match="it holds 2 requests and no WebSocket"):
        read_trace(path)


NGINX = {"msec": "1795418588.960", "request_time": "3.019", "status": "101", "request_uri": "/ws"}


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        pytest.param(
            {**NGINX, "msec": "1795418588960"}, "msec '1795418588960' lies outside", id="milliseconds"
        ),
        pytest.param(
            {**NGINX, "request_time": "-3"}, "request_time '-3' is not a duration in s", id="negative"
        ),
        pytest.param(
            {**NGINX, "body_bytes_sent": "many"}, "body_bytes_sent 'many' is not a whole", id="words"
        ),
        pytest.param('{"msec": "1795418588.960", "request_', "this is not JSON", id="cut short"),
        pytest.param('{"a":' * 10_000, "this is not JSON", id="nesting"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path: Path, bad: Any, sentence: str) -> None:
    path = written(tmp_path, NGINX, bad)

    with pytest.raises(InputError, match=f":2: {sentence}"):
        read_trace(path)
    assert read_trace(path, skip_bad_rows=True).refused == 1


@pytest.mark.parametrize("time", ["99/Nov/2026:07:23:08 +0000", "23/Nov/2026", "23/Nov/1926:07:23:08 +0000"])
def test_a_time_that_no_calendar_has_is_refused(tmp_path: Path, time: str) -> None:
    line = combined("07:23:08", "3.000")
    path = written(tmp_path, line, line.replace("23/Nov/2026:07:23:08 +0000", time))

    with pytest.raises(InputError, match=r":2: time_local .*(is not a time|lies outside)"):
        read_trace(path)


def test_every_preset_leaves_hostile_lines_in_no_time() -> None:
    hostile = [
        b'"' * 100_000,
        b"[" * 100_000,
        b'a b [c] "' + b"\\" * 100_000,
        b"x " * 100_000,
        b'"a" ' * 50_000,
    ]
    hostile.append(b'[2026-11-23T08:32:59Z] "GET / x" 1 - ' + b'"a" ' * 50_000)
    hostile.append(b"[23/Nov/2026:07:23:08.970] a b/c 0/0/0/0/1 1 1 " + b"q " * 100_000)

    assert {layout.fields(line) for line in hostile for layout in PRESETS.values()} == {None}


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_a_preset_is_found_from_a_single_line(path: Path) -> None:
    line = path.read_bytes().splitlines()[-1]

    assert sniff(line) == ("access-log",)


# Cloudflare Logpush, websocket_analytics


def test_zone_and_account_names_tell_the_same() -> None:
    zone, account = (read_trace(LOGPUSH / f"{scope}.ndjson") for scope in ("zone", "account"))

    assert zone.connections.equals(account.connections)
    assert zone.connections["bytes_in"].tolist() == [99, 340, 0]
    assert zone.connections["bytes_out"].tolist() == [5279, 90112, 12]
    assert zone.grades["bytes_in"] is Grade.ASSUMED
    assert zone.grades["messages_in"] is Grade.UNKNOWN


def logpush(start: Any, end: Any, **more: Any) -> dict[str, Any]:
    return {"EdgeStartTimestamp": start, "EdgeEndTimestamp": end, "ConnectionID": "a", **more}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(START_NS, START_NS + 3 * 10**9, id="nanoseconds"),
        pytest.param(str(START_NS), str(START_NS + 3 * 10**9), id="nanoseconds as text"),
        pytest.param(1795418585, 1795418588, id="seconds"),
        pytest.param("2026-11-23T07:23:05Z", "2026-11-23T07:23:08Z", id="RFC 3339"),
        pytest.param("2026-11-23T07:23:05.941Z", "2026-11-23T07:23:08.941123456Z", id="RFC 3339 with ns"),
    ],
)
def test_times_come_as_the_job_writes_them(tmp_path: Path, start: Any, end: Any) -> None:
    rows = read_trace(written(tmp_path, logpush(start, end))).connections
    lived = (rows["closed_at"] - rows["opened_at"]).dt.total_seconds()

    assert lived.tolist() == pytest.approx([3], abs=0.001)
    assert rows["opened_at"].dt.floor("s").astype(str).tolist() == ["2026-11-23 07:23:05+00:00"]


def test_a_row_without_end_lasts_no_time_and_is_a_lower_bound(tmp_path: Path) -> None:
    row = logpush(START_NS, START_NS)
    del row["EdgeEndTimestamp"]
    trace = read_trace(written(tmp_path, row))

    assert trace.grades["closed_at"] is Grade.LOWER_BOUND
    assert "end-unknown" in codes(trace)


@pytest.mark.parametrize(
    ("rate", "connections"), [("1", 3), ("0.5", 6), ("0.3", 10), ("1/3", 9), ("0.01", 300)]
)
def test_a_sample_stands_for_as_many_connections_as_its_rate_says(rate: str, connections: int) -> None:
    trace = read_trace(LOGPUSH / "zone.ndjson", sample_rate=rate)

    assert len(trace.connections) == connections
    assert trace.connections["connection_id"].is_unique
    if rate != "1":
        assert trace.grades["connection_id"] is Grade.ASSUMED
        assert "sampled" in codes(trace)


@pytest.mark.parametrize("rate", ["0", "-1", "1.01", "half", "nan", "inf", "1/0"])
def test_a_sample_rate_that_is_none_is_refused(rate: str) -> None:
    with pytest.raises(InputError, match="is not a number above 0 and up to 1"):
        read_trace(LOGPUSH / "zone.ndjson", sample_rate=rate)


def test_a_sample_that_stands_for_too_many_is_refused_before_the_memory_fills() -> None:
    with pytest.raises(InputError, match="more than 50,000,000 connections"):
        read_trace(LOGPUSH / "zone.ndjson", sample_rate="0.00000001")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        pytest.param(logpush(53 * 10**12, START_NS), "EdgeStartTimestamp .* lies outside", id="year 53000"),
        pytest.param(logpush(START_NS, START_NS - 10**9), "closed_at .* is before opened_at", id="backwards"),
        pytest.param(logpush(START_NS, START_NS), "'a' stands already in", id="an id twice"),
        pytest.param(logpush(None, START_NS), "EdgeStartTimestamp .* is not a time", id="no start"),
        pytest.param(logpush(START_NS, START_NS, BytesSentClient=-1), "BytesSentClient '-1'", id="negative"),
        pytest.param({"a": 1}, "no row of websocket_analytics", id="another object"),
        pytest.param("[]", "no row of websocket_analytics", id="a list"),
        pytest.param('{"EdgeStart', "not JSON", id="cut short"),
    ],
)
def test_a_row_of_logpush_that_does_not_fit_is_named(tmp_path: Path, row: Any, sentence: str) -> None:
    path = written(tmp_path, logpush(START_NS, START_NS + 1), row)

    with pytest.raises(InputError, match=f":2: .*{sentence}"):
        read_trace(path)


def test_http_requests_is_no_websocket_analytics_and_it_says_which_to_choose(tmp_path: Path) -> None:
    row = {"EdgeStartTimestamp": START_NS, "EdgeEndTimestamp": START_NS + 1, "EdgeResponseStatus": 101}

    with pytest.raises(InputError, match=r"the dataset http_requests.*Choose websocket_analytics"):
        read_trace(written(tmp_path, row))
