"""Logs of real programs against what the clients saw: those that are shipped as samples, and new ones.

``tests/loopback`` sends one plan of sessions through every program in a row, so one truth holds for all
their logs. Here it is done again with the programs that are installed: what they write today is read, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.loopback.plan import PLAN, Lived
from tests.loopback.programs import INSTALL, found
from tests.loopback.recording import LOGS, Recording, record, shipped
from tests.samples import read_sample
from wscost.deployment import PRESETS
from wscost.metering import meter
from wscost.notes import Grade
from wscost.readers import read_trace
from wscost.trace import Trace
from wscost.usage import Usage

pytestmark = pytest.mark.xdist_group("loopback")
ACCESS_LOGS = [log for log in LOGS if log.startswith("access-log/") and "combined" not in log]
SIZED = ["access-log/nginx.ndjson", "access-log/haproxy-sized.log"]
HARS = [log for log in LOGS if log.startswith("har/")]
TAILS = [log for log in LOGS if log.startswith("cloudflare-tail/")]
SLACK_S = {"as shipped": 0.1, "as written now": 1.0}
"""How far a program's clock may be from the client's: a busy machine takes its time."""
HANDSHAKE = 700
"""The most that a request for an upgrade or its answer takes. [bytes]"""


@dataclass(frozen=True)
class Log:
    """One log, read, and what the clients saw of what it tells of."""

    trace: Trace
    lived: list[Lived]
    slack_s: float

    def rows(self) -> pd.DataFrame:
        """Return connections in the order of ``lived``: by path, the longest first."""
        rows = self.trace.connections.assign(lived=self.trace.connections["closed_at"])
        rows["lived"] -= rows["opened_at"]
        return rows.sort_values(["object_id", "lived"], ascending=[True, False])


@pytest.fixture(scope="session")
def now(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Recording]:
    """Return what records once, when it is first wanted; if that fails, it fails for all.

    A recording that a busy machine made incomplete is made once more: it says nothing of readers.
    """

    @cache
    def recorded() -> Recording | Exception:
        failed: Exception | None = None
        for _ in range(2):
            try:
                return record(tmp_path_factory.mktemp("loopback"))
            except Exception as error:
                failed = error
        assert failed is not None
        return failed

    def recording() -> Recording:
        made = recorded()
        if isinstance(made, Exception):
            raise made
        return made

    return recording


@pytest.fixture(params=list(SLACK_S))
def log(request: pytest.FixtureRequest, name: str, now: Callable[[], Recording]) -> Log:
    """Return a log as shipped and as its program writes it now."""
    program = LOGS[name]
    recording = _recording(request.param, program, now)
    lived = [one for one in recording.lived if program != "chromium" or one.client == "chromium"]
    lived.sort(key=lambda one: (one.path, one.opened - one.closed))
    return Log(read_trace(recording.log(name), assume_utc=True), lived, SLACK_S[request.param])


@pytest.fixture(params=list(SLACK_S))
def gauge(request: pytest.FixtureRequest, now: Callable[[], Recording]) -> tuple[Usage, Recording]:
    """Return what Prometheus tells of HAProxy, as shipped and as both write it now."""
    recording = _recording(request.param, "prometheus", now)
    read = read_sample(recording.log("gauge-series/haproxy_sessions.json"))
    assert isinstance(read, Usage)
    return read, recording


def _recording(when: str, program: str, now: Callable[[], Recording]) -> Recording:
    if when == "as shipped":
        return shipped()
    if not found(program):
        pytest.skip(f"{program} is not installed: {INSTALL[program]}")
    return now()


def each(logs: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", logs)


def seconds(times: pd.Series) -> list[float]:
    return list(times.dt.as_unit("us").astype("int64") / 1e6)


def test_the_clients_lived_the_plan() -> None:
    lived = shipped().lived

    assert sorted(one.path for one in PLAN) == sorted(one.path for one in lived)
    assert sum(len(one.messages) for one in PLAN) == sum(one.sent for one in lived)
    assert {"python", "chromium"} == {one.client for one in lived}


# Access logs


@each(ACCESS_LOGS)
def test_an_access_log_tells_of_every_connection_how_long_it_was_open(log: Log) -> None:
    rows = log.rows()

    assert [one.path for one in log.lived] == rows["object_id"].tolist()
    assert [one.closed - one.opened for one in log.lived] == pytest.approx(
        rows["lived"].dt.total_seconds().tolist(), abs=log.slack_s
    )


@each([*ACCESS_LOGS, "access-log/nginx-combined.log"])
def test_an_access_log_tells_when_each_connection_closed(name: str, log: Log) -> None:
    whole_seconds = name.endswith(("timed.log", "combined.log"))
    closed = sorted(seconds(log.trace.connections["closed_at"]))

    assert sorted(one.closed for one in log.lived) == pytest.approx(
        closed, abs=log.slack_s + (1 if whole_seconds else 0)
    )


@each(ACCESS_LOGS)
def test_requests_that_are_no_sockets_are_counted_beside(log: Log) -> None:
    (note,) = (note for note in log.trace.notes if note.code == "other-requests")

    assert note.data["http_requests"] >= 3


@each([name for name in ACCESS_LOGS if "caddy" not in name])
def test_bytes_to_a_client_that_does_not_compress_hold_its_payload(name: str, log: Log) -> None:
    handshake = HANDSHAKE if "haproxy" in name else 0
    for one, logged in zip(log.lived, log.rows()["bytes_out"], strict=True):
        if one.client == "python":
            assert one.received_bytes <= logged <= one.received_bytes + 10 * (one.received + 1) + handshake
    assert Grade.ASSUMED is log.trace.grades["bytes_out"]


@each(SIZED)
def test_bytes_from_a_client_that_does_not_compress_hold_its_payload(name: str, log: Log) -> None:
    handshake = HANDSHAKE if "haproxy" in name else 0
    for one, logged in zip(log.lived, log.rows()["bytes_in"], strict=True):
        if one.client == "python":
            assert one.sent_bytes <= logged <= one.sent_bytes + 14 * (one.sent + 1) + handshake
    assert Grade.ASSUMED is log.trace.grades["bytes_in"]


@each(["access-log/nginx.ndjson"])
def test_what_a_browser_compresses_is_less_on_the_wire_and_the_note_says_so(log: Log) -> None:
    (note,) = (note for note in log.trace.notes if note.code == "bytes-on-the-wire")
    chatty = [
        (one, logged)
        for one, logged in zip(log.lived, log.rows()["bytes_out"], strict=True)
        if one.client == "chromium" and one.received
    ]

    assert all(logged < one.received_bytes for one, logged in chatty)
    assert "compress" in note.message


@each(["access-log/haproxy.log", "access-log/caddy.ndjson"])
def test_what_a_log_does_not_size_is_unknown(log: Log) -> None:
    assert Grade.UNKNOWN is log.trace.grades["bytes_in"]


@each(["access-log/nginx-combined.log"])
def test_a_combined_log_does_not_tell_how_long_and_says_so(log: Log) -> None:
    usage = meter(log.trace, PRESETS["worker"])

    assert "life-unknown" in {note.code for note in log.trace.notes}
    assert len(log.lived) == usage.totals["connections_opened"]
    assert usage.totals["connection_seconds"] == 0
    assert Grade.LOWER_BOUND is usage.grades["connection_seconds"]
    assert Grade.MEASURED is usage.grades["connections_opened"]


# HAR


@each(["har/devtools.har", "har/mitmproxy.har"])
def test_a_har_tells_messages_and_bytes_as_the_client_counted_them(log: Log) -> None:
    rows = log.trace.connections[["object_id", "messages_in", "bytes_in", "messages_out", "bytes_out"]]
    counted = [(one.path, one.sent, one.sent_bytes, one.received, one.received_bytes) for one in log.lived]

    assert sorted(counted) == sorted(rows.itertuples(index=False, name=None))


@each(["har/playwright.har"])
def test_playwright_leaves_out_empty_messages_so_they_are_at_least_as_many(log: Log) -> None:
    rows = log.trace.connections[["object_id", "messages_in", "bytes_in", "messages_out", "bytes_out"]]
    filled = {session.path: sum(map(bool, session.messages)) for session in PLAN if session.in_browser}
    counted = [
        (one.path, filled[one.path], one.sent_bytes, one.received, one.received_bytes) for one in log.lived
    ]

    assert sorted(counted) == sorted(rows.itertuples(index=False, name=None))
    assert Grade.LOWER_BOUND is log.trace.grades["messages_in"]
    assert "empty-messages-missing" in {note.code for note in log.trace.notes}


@each(HARS)
def test_every_message_of_a_har_is_an_event_with_its_size(log: Log) -> None:
    events, rows = log.trace.events, log.trace.connections

    assert events is not None
    assert rows["messages_in"].sum() == (events["direction"] == "in").sum()
    assert sum(one.sent_bytes + one.received_bytes for one in log.lived) == events["bytes"].sum()


@each(HARS)
def test_a_har_tells_when_connections_opened(log: Log) -> None:
    assert sorted(one.opened for one in log.lived) == pytest.approx(
        sorted(seconds(log.trace.connections["opened_at"])), abs=log.slack_s + 0.2
    )


@each(["har/devtools.har"])
def test_devtools_tell_when_connections_closed(log: Log) -> None:
    closed = sorted(seconds(log.trace.connections["closed_at"]))

    assert sorted(one.closed for one in log.lived) == pytest.approx(closed, abs=log.slack_s)
    assert "closed_at" not in log.trace.grades


@each(["har/playwright.har", "har/mitmproxy.har"])
def test_playwright_and_mitmproxy_give_a_lower_bound_of_the_time_open(log: Log) -> None:
    usage = meter(log.trace, PRESETS["worker"])

    assert sum(one.closed - one.opened for one in log.lived) > usage.totals["connection_seconds"]
    assert Grade.LOWER_BOUND is usage.grades["connection_seconds"]
    assert "end-unknown" in {note.code for note in log.trace.notes}


# Tail events


@each(TAILS)
def test_a_client_counts_as_one_connection_though_worker_and_object_both_tell_of_it(log: Log) -> None:
    assert len(log.lived) == len(log.trace.connections)


@each(TAILS)
def test_messages_to_rooms_that_hibernate_are_those_that_clients_sent(log: Log) -> None:
    sent = sum(one.sent for one in log.lived if one.path.startswith("/room"))

    assert log.trace.events is not None
    assert sent == (log.trace.events["kind"] == "message").sum()


@each(TAILS)
def test_rooms_are_objects(log: Log) -> None:
    assert len({one.path for one in log.lived if not one.path.startswith("/echo")}) == (
        log.trace.connections["object_id"].nunique()
    )


@each(TAILS)
def test_time_open_of_hibernating_sockets_is_that_of_the_clients(log: Log) -> None:
    rows = log.trace.connections[~log.trace.connections["connection_id"].str.startswith("upgrade")]
    clients = sum(one.closed - one.opened for one in log.lived if one.path.startswith("/room"))

    assert clients == pytest.approx(
        (rows["closed_at"] - rows["opened_at"]).dt.total_seconds().sum(), abs=4 * log.slack_s
    )


@each(TAILS)
def test_alarms_and_calls_of_objects_are_requests_to_them(log: Log) -> None:
    usage = meter(log.trace, PRESETS["durable-object-hibernation"])

    assert usage.totals["object_requests"] == 3


@each(TAILS)
def test_sockets_that_are_accepted_lived_for_an_unknown_time_where_wall_time_is_zero(log: Log) -> None:
    codes = {note.code for note in log.trace.notes}

    assert Grade.LOWER_BOUND is log.trace.grades["closed_at"]
    assert {"life-unknown", "messages-unseen"} <= codes
    assert log.trace.events is not None
    assert log.trace.events["wall_ms"].isna().all()


# Gauges


def test_a_gauge_of_open_sessions_tells_how_long_they_were_open_in_all(
    gauge: tuple[Usage, Recording],
) -> None:
    usage, recording = gauge
    lived = sum(one.closed - one.opened for one in recording.lived)

    assert lived == pytest.approx(float(usage.totals["connection_seconds"]), rel=0.25)
    known = Grade.LOWER_BOUND if _looked_away(recording) else Grade.ASSUMED
    assert known is usage.grades["connection_seconds"]


def _looked_away(recording: Recording) -> bool:
    """Whether Prometheus missed HAProxy at times, as it does where the machine has other work."""
    answer = json.loads(recording.log("gauge-series/haproxy_sessions.json").read_text())
    (gauge,) = (one for one in answer["data"]["result"] if "sessions" in one["metric"]["__name__"])
    between = np.diff([at for at, _ in gauge["values"]])
    return bool(between.max() > 2.5 * np.median(between))


def test_a_counter_of_upgrades_tells_how_many_connections_there_were(gauge: tuple[Usage, Recording]) -> None:
    usage, recording = gauge

    assert len(recording.lived) == usage.totals["connections_opened"]
    assert Grade.MEASURED is usage.grades["connections_opened"]


# Load tests


@pytest.mark.parametrize("when", list(SLACK_S))
def test_a_report_of_artillery_tells_what_the_server_counted(when: str, now: Callable[[], Recording]) -> None:
    recording = _recording(when, "artillery", now)
    usage = read_sample(recording.log("load-test/artillery_report.json"))

    assert isinstance(usage, Usage)
    assert recording.served.connections == usage.totals["connections_opened"]
    assert recording.served.messages_in == usage.totals["messages_in"]
    assert recording.served.connections == pytest.approx(float(usage.totals["connection_seconds"]), rel=0.3)


# All


@each([name for name in LOGS if LOGS[name] not in ("prometheus", "artillery")])
def test_nothing_that_is_private_is_kept(log: Log) -> None:
    events = "" if log.trace.events is None else log.trace.events.to_csv()
    kept = log.trace.connections.to_csv() + events + repr(log.trace.notes)

    assert [word for word in ("canary", "127.0.0.1", "HeadlessChrome") if word in kept] == []
