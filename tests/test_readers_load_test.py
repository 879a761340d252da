"""What k6 and Artillery measured and plan, as traces, usage and profiles."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wscost import estimate
from wscost.cli import main
from wscost.deployment import PRESETS
from wscost.errors import BadRowsError, ConfigError, InputError, WscostError
from wscost.metering import meter
from wscost.notes import Grade
from wscost.profile import Profile
from wscost.readers import read_input, read_trace, sniff
from wscost.trace import Trace
from wscost.usage import Usage
from wscost.usagefile import UsageFile

TESTS = Path(__file__).parent
SAMPLES, PLANS = TESTS / "reader_samples/load-test", TESTS / "data/load_plans"
K6_OPTIONS, ARTILLERY = PLANS / "k6_options.json", PLANS / "artillery_script.yml"
POINTS = {
    "stamped with the start by k6/ws": SAMPLES / "k6_ws_points.json",
    "stamped with the end by k6/websockets": SAMPLES / "k6_websockets_points.json",
}
both_modules = pytest.mark.parametrize("path", POINTS.values(), ids=POINTS)
START = datetime(2026, 11, 2, 10, tzinfo=UTC)


def codes(found: Trace | Usage | UsageFile) -> set[str]:
    return {note.code for note in found.notes}


@pytest.mark.parametrize("path", [K6_OPTIONS, ARTILLERY], ids=["k6", "Artillery"])
def test_a_plan_is_recognised_as_nothing_else(path: Path) -> None:
    assert sniff(path.read_bytes()) == ("load-test",)


@both_modules
def test_a_duration_becomes_a_session_whichever_end_it_is(path: Path) -> None:
    sessions = read_trace(path).connections.set_index("object_id")

    assert sessions.loc["/room/1", "opened_at"] == START
    assert sessions.loc["/room/1", "closed_at"] == START + timedelta(seconds=30)
    first, second = sessions.loc["/room/2"].itertuples(index=False)
    assert first.opened_at == START + timedelta(seconds=1)
    assert abs(first.closed_at - START - timedelta(seconds=11.5)) < timedelta(milliseconds=1)
    assert second.opened_at == START + timedelta(seconds=20)


@both_modules
def test_a_session_that_never_ended_was_open_still(path: Path) -> None:
    trace = read_trace(path)

    assert trace.connections["closed_at"].isna().sum() == 1
    assert next(note for note in trace.notes if note.code == "censored").data["still_open"] == 1


@both_modules
def test_messages_are_counted_by_room_and_their_sizes_unknown(path: Path) -> None:
    trace = read_trace(path)
    usage = meter(trace, PRESETS["durable-object"])

    assert usage.totals["messages_in"] == 1
    assert usage.totals["messages_out"] == 2
    assert usage.grades["messages_in"] is Grade.MEASURED
    assert "bytes_in" not in usage.totals
    assert "sizes-not-measured" in codes(trace)


def test_failed_handshakes_are_no_connections_and_requests_are_told() -> None:
    trace = read_trace(POINTS["stamped with the start by k6/ws"])

    assert len(trace.connections) == 3
    assert next(note for note in trace.notes if note.code == "handshakes-failed").data == {"sessions": 1}
    assert next(note for note in trace.notes if note.code == "other-requests").data == {"http_requests": 1}


@both_modules
def test_nothing_of_a_url_s_query_is_kept(path: Path) -> None:
    trace = read_trace(path)

    assert trace.events is not None
    assert "canary" in path.read_text()
    assert "canary" not in trace.connections.to_csv() + trace.events.to_csv() + str(trace.notes)


def point(metric: str, time: str, value: float, **tags: str) -> str:
    return (
        json.dumps({"metric": metric, "type": "Point", "data": {"time": time, "value": value, "tags": tags}})
        + "\n"
    )


begins = st.lists(st.integers(0, 3_000), max_size=9)
"""[ms]"""


@settings(max_examples=40)
@given(begins, begins)
def test_an_end_stamped_with_itself_takes_the_first_free_start_that_is_near(
    tmp_path_factory: pytest.TempPathFactory, starts: list[int], opened: list[int]
) -> None:
    ends = dict(enumerate(opened, 10_000))
    points = [("ws_sessions", start, 1) for start in starts]
    points += [("ws_session_duration", end, end - begin) for end, begin in ends.items()]
    path = tmp_path_factory.mktemp("k6") / "points.json"
    with path.open("w") as file:
        file.write(point("ws_sessions", START.isoformat(), 1))
        for metric, at, value in points:
            file.write(point(metric, (START + timedelta(seconds=9, milliseconds=at)).isoformat(), value))
    expected: list[tuple[int, int | None]] = [(begin, end) for end, begin in ends.items()]
    free = sorted(starts)
    for begin in sorted(opened):
        near = [start for start in free if -5 <= start - begin <= 1000]
        if near:
            free.remove(near[0])
    expected += [(-9000, None), *((start, None) for start in free)]

    rows = read_trace(path).connections
    since = [(rows[name] - START).dt.total_seconds() * 1000 - 9000 for name in ("opened_at", "closed_at")]
    found = [(round(begin), None if pd.isna(end) else round(end)) for begin, end in zip(*since, strict=True)]
    assert Counter(expected) == Counter(found)


def test_without_status_tags_every_session_counts(tmp_path: Path) -> None:
    path = tmp_path / "points.json"
    path.write_text(
        point("ws_sessions", "2026-11-02T10:00:00Z", 1) + point("ws_sessions", "2026-11-02T10:00:05Z", 1)
    )

    assert len(read_trace(path).connections) == 2


def test_points_of_other_metrics_are_not_even_parsed(tmp_path: Path) -> None:
    path = tmp_path / "points.json"
    noise = '{"metric":"vus","type":"Point","data":{"time":nonsense}}\n' * 5
    path.write_text(point("ws_sessions", "2026-11-02T10:00:00Z", 1) + noise)

    assert read_trace(path).rows == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (point("ws_sessions", "soon", 1), r"points\.json:2: time 'soon' is not a time"),
        (point("ws_sessions", "53000-01-01T00:00:00Z", 1), r"points\.json:2: time .* is not a time"),
        (
            point("ws_session_duration", "2026-11-02T10:00:00Z", -1),
            r"points\.json:2: value '-1' is not a duration",
        ),
        (point("ws_msgs_sent", "2026-11-02T10:00:00Z", 10**9), r"points\.json:2: value is not 1"),
        ('{"metric":"ws_sessions","type":"Point"}\n', r"points\.json:2: the point has no data"),
        ('{"metric":"ws_sessions","type":"Po\n', r"points\.json:2: this is not JSON"),
        ("[" * 10_000 + "\n", r"points\.json:2: this is not JSON \(depth limit"),
    ],
    ids=[
        "no time",
        "the year 53000",
        "a negative duration",
        "a thousand million messages in one point",
        "no data",
        "cut short",
        "nested 10,000 deep",
    ],
)
def test_a_bad_point_is_named_by_its_line(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "points.json"
    path.write_text(point("ws_sessions", "2026-11-02T10:00:00Z", 1) + lines)

    with pytest.raises(BadRowsError, match=words):
        read_trace(path)

    assert read_trace(path, skip_bad_rows=True).refused == 1


def test_a_run_without_websockets_says_so(tmp_path: Path) -> None:
    path = tmp_path / "points.json"
    path.write_text('{"type":"Metric","data":{"name":"vus"},"metric":"vus"}\n')

    with pytest.raises(InputError, match="no point of a WebSocket"):
        read_trace(path)


@pytest.mark.parametrize("name", ["k6_summary.json", "k6_summary_export.json"])
def test_a_summary_without_window_is_a_month_s_totals(name: str) -> None:
    totals = read_input(SAMPLES / name)

    assert isinstance(totals, UsageFile)
    assert totals.usage == {
        "connections_opened": 200,
        "messages_in": 4000,
        "messages_out": 90000,
        "connection_seconds": Decimal("4000.1"),
    }
    assert {"run-as-month", "failed-among-sessions"} <= codes(totals)


def test_a_summary_with_a_window_is_usage_that_can_be_projected() -> None:
    usage = read_input(SAMPLES / "k6_summary.json", window="2026-11-02T10:00:00Z/2026-11-02T10:01:00Z")

    assert isinstance(usage, Usage)
    assert usage.window.seconds == 60
    assert usage.days[date(2026, 11, 2)]["messages_in"] == 4000
    assert usage.grades["connection_seconds"] is Grade.ASSUMED


@pytest.mark.parametrize(
    ("path", "what"),
    [(SAMPLES / "k6_summary.json", "totals"), (K6_OPTIONS, "a plan")],
    ids=["totals", "plan"],
)
def test_what_holds_no_record_has_nothing_to_report(
    path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["convert", str(path), "--session", "8m", "--report"])

    assert f"this is {what}, not a record: there is nothing to report." in capsys.readouterr().err


def test_a_summary_can_be_estimated() -> None:
    bill = estimate(SAMPLES / "k6_summary.json", deployment="worker")

    assert bill.line("workers-requests").consumed == 200


def test_a_report_of_artillery_is_usage_by_day() -> None:
    usage = read_input(SAMPLES / "artillery_report.json")
    aggregate = json.loads((SAMPLES / "artillery_report.json").read_text())["aggregate"]

    assert isinstance(usage, Usage)
    assert usage.totals.keys() == {"connections_opened", "messages_in", "connection_seconds"}
    assert usage.window.start.timestamp() == pytest.approx(aggregate["firstCounterAt"] / 1000)
    assert usage.window.end.timestamp() == pytest.approx(aggregate["lastCounterAt"] / 1000)
    assert usage.grades["connections_opened"] is Grade.ASSUMED
    assert {"a-socket-a-user", "messages-out-missing"} <= codes(usage)


MIDNIGHT = 1795564800000


def report(change: Any) -> str:
    document = json.loads((SAMPLES / "artillery_report.json").read_text())
    change(document)
    return json.dumps(document)


def to_http(document: dict[str, Any]) -> None:
    document["aggregate"]["counters"] = {"vusers.created": 1, "http.requests": 5}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (to_http, "opened no WebSocket; its counters are of http"),
        (lambda d: d["aggregate"].pop("firstCounterAt"), "firstCounterAt .* is not a time"),
        (lambda d: d["aggregate"].update(lastCounterAt=1793613600), "lies outside the years 2000 to 2199"),
        (
            lambda d: d["intermediate"][0]["counters"].update({"vusers.created": -4}),
            r"intermediate\[0\].*is not a number",
        ),
        (lambda d: d["aggregate"].pop("counters"), "no aggregate with counters"),
        (
            lambda d: d["aggregate"].update(lastCounterAt=d["aggregate"]["firstCounterAt"] - 864 * 10**5),
            "lastCounterAt is before firstCounterAt",
        ),
        (
            lambda d: d["aggregate"].update(firstCounterAt=MIDNIGHT, lastCounterAt=MIDNIGHT),
            "covers no time. Say what was observed with --window",
        ),
    ],
    ids=[
        "of another engine",
        "without time",
        "seconds for milliseconds",
        "a negative count",
        "no counters",
        "that ends days before it begins",
        "of no length",
    ],
)
def test_a_broken_report_is_refused(tmp_path: Path, change: Any, words: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(report(change))

    with pytest.raises(InputError, match=words):
        read_input(path)


def test_periods_of_a_report_outside_the_window_are_left_out_and_counted(tmp_path: Path) -> None:
    def repeat_ten_minutes_later(document: dict[str, Any]) -> None:
        (period,) = document["intermediate"]
        later = int(period["period"]) + 600_000
        document["intermediate"].append({**period, "period": str(later)})
        document["aggregate"]["lastCounterAt"] = later

    path = tmp_path / "report.json"
    path.write_text(report(repeat_ten_minutes_later))
    whole = read_input(path)
    first = read_input(path, window="2026-11-25T19:30:00Z/2026-11-25T19:35:00Z")

    assert isinstance(whole, Usage)
    assert isinstance(first, Usage)
    assert whole.totals == {key: 2 * quantity for key, quantity in first.totals.items()}
    assert "outside-window" not in codes(whole)
    assert [(n.message, n.data) for n in first.notes if n.code == "outside-window"] == [
        ("1 period begins outside the window, left out.", {"rows": 1})
    ]


def test_a_window_of_another_year_than_the_report_is_refused() -> None:
    with pytest.raises(InputError, match=r"no period begins in the window 2030.*; the counts run over 2026"):
        read_input(SAMPLES / "artillery_report.json", window="2030-01-01/2030-01-02")


def test_a_report_without_periods_is_not_cut_to_a_window(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(report(lambda d: d.pop("intermediate")))

    with pytest.raises(InputError, match="no intermediate periods, so it cannot be cut to the window"):
        read_input(path, window="2026-11-25T19:34:31Z/2026-11-25T19:34:32Z")


def profile_of(path: Path, **options: str) -> Profile:
    found = read_input(path, **options)  # type: ignore[arg-type]
    assert isinstance(found, Profile)
    return found


def test_scenarios_of_k6_keep_their_words_and_figures() -> None:
    profile = profile_of(K6_OPTIONS, session="8m")
    evening, always = profile.scenarios["evening"], profile.scenarios["always"]

    assert profile.name == "k6_options"
    assert evening.executor == "ramping-arrival-rate"
    assert (evening.length_s, evening.peak) == (6 * 3600, 200 / 60)
    assert evening.arrivals == "even"
    assert always.executor == "constant-vus"
    assert (always.start_time, always.length_s, always.peak) == (600, 6.5 * 3600, 25)
    assert profile.session_law.mean == 480
    assert profile.rooms is None


def test_a_plan_runs_once_unless_it_is_said_to_repeat() -> None:
    once, daily = profile_of(K6_OPTIONS, session="8m"), profile_of(K6_OPTIONS, session="8m", repeat="daily")

    assert {scenario.repeat for scenario in once.scenarios.values()} == {"never"}
    assert {scenario.repeat for scenario in daily.scenarios.values()} == {"daily"}


def test_a_profile_lends_a_plan_its_sessions_rooms_and_messages_but_not_its_people(tmp_path: Path) -> None:
    lender = tmp_path / "lender.yaml"
    lender.write_text(
        "profile: lender\nscenarios: {all: {executor: constant-vus, vus: 7}}\nsession: {mean: 5m}\n"
        "rooms: {count: 3}\nmessages: {in: {every: 10s}, out: broadcast}\nseed: 9\n"
    )
    profile = profile_of(K6_OPTIONS, profile=str(lender))

    assert set(profile.scenarios) == {"evening", "always"}
    assert profile.rooms is not None
    assert profile.seed == 9
    assert profile_of(K6_OPTIONS, profile=str(lender), session="1m").session_law.mean == 60
    assert profile_of(K6_OPTIONS, profile="chat").rooms is not None


@pytest.mark.parametrize(
    ("options", "executor", "peak", "length"),
    [
        ({"vus": 10, "duration": "30s"}, "constant-vus", 10, 30),
        ({"duration": 90_000, "vus": 4}, "constant-vus", 4, 90),
        (
            {"stages": [{"duration": "1m", "target": 20}, {"duration": "2m", "target": 5}]},
            "ramping-vus",
            20,
            180,
        ),
        ({"options": {"vus": 3, "duration": "1h"}}, "constant-vus", 3, 3600),
    ],
    ids=[
        "users and a duration",
        "a duration in milliseconds",
        "stages alone",
        "options within a script's export",
    ],
)
def test_shortcuts_of_k6_are_the_scenarios_they_stand_for(
    tmp_path: Path, options: dict[str, Any], executor: str, peak: float, length: float
) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps(options))
    scenario = profile_of(path, session="1m").scenarios["default"]

    assert (scenario.executor, scenario.peak, scenario.length_s) == (executor, peak, length)


def test_phases_of_artillery_follow_one_another_and_a_pause_takes_its_time() -> None:
    scenarios = profile_of(ARTILLERY, session="1m").scenarios

    assert [(s.start_time, s.length_s, s.peak) for s in scenarios.values()] == [
        (0, 60, 5),
        (60 + 30, 120, 50),
        (60 + 30 + 120, 10, 30),
    ]
    assert list(scenarios) == ["warm up", "phase 3", "phase 4"]


def test_a_script_of_artillery_may_be_json(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"config": {"phases": [{"duration": 60, "arrivalRate": 5}]}, "scenarios": []}))

    assert profile_of(path, session="1m").scenarios["phase 1"].peak == 5


@pytest.mark.parametrize(
    ("text", "options", "error", "words"),
    [
        ({"vus": 1, "duration": "1m"}, {}, ConfigError, "does not say how long its sessions last"),
        ({"vus": 1, "duration": "1m"}, {"session": "long"}, ConfigError, "must be a duration such as 8m"),
        (
            {"vus": 1, "duration": "1m"},
            {"session": "1m", "repeat": "hourly"},
            ConfigError,
            "none of never, daily, weekly",
        ),
        ({"vus": 1, "duration": "1m"}, {"profile": "nowhere.yaml"}, ConfigError, "cannot be read"),
        ({"vus": 1}, {"session": "1m"}, InputError, "hold no scenarios"),
        (
            {"scenarios": {"a": {"executor": "shared-iterations"}}},
            {"session": "1m"},
            InputError,
            "an amount of work",
        ),
        (
            {"scenarios": {"a": {"executor": "externally-controlled"}}},
            {"session": "1m"},
            InputError,
            "plans nothing",
        ),
        ({"scenarios": {"a": {"executor": "constant-vu"}}}, {"session": "1m"}, ConfigError, "constant-vus"),
        ({"config": {"phases": []}}, {"session": "1m"}, InputError, r"no config\.phases"),
        (
            {"config": {"phases": [{"duration": 1}]}},
            {"session": "1m"},
            InputError,
            "phase 1 has neither arrivalRate",
        ),
        (
            {"config": {"phases": [{"duration": "x", "arrivalRate": 1}]}},
            {"session": "1m"},
            InputError,
            "phase 1: its length",
        ),
    ],
    ids=[
        "no session",
        "a session that is no duration",
        "a repetition that is none",
        "a profile that is not there",
        "nothing planned",
        "a number of iterations",
        "control while it runs",
        "a misspelt executor",
        "no phases",
        "a phase without arrivals",
        "a phase without length",
    ],
)
def test_a_plan_that_cannot_be_a_profile_is_refused(
    tmp_path: Path, text: object, options: dict[str, str], error: type[WscostError], words: str
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(text))

    with pytest.raises(error, match=words):
        read_input(path, **options)  # type: ignore[arg-type]


def test_kinds_do_not_mix(tmp_path: Path) -> None:
    for name in ("k6_summary.json", "artillery_report.json"):
        shutil.copy(SAMPLES / name, tmp_path)

    with pytest.raises(InputError, match="Give one kind at a time"):
        read_input(tmp_path)


@pytest.mark.parametrize("path", [K6_OPTIONS, ARTILLERY], ids=["k6", "Artillery"])
def test_a_bill_can_be_made_of_a_plan(path: Path) -> None:
    bill = estimate(path, format_options={"session": "1m"}, deployment="worker")

    assert bill.usage["connections_opened"] > 300


def test_csv_of_k6_is_known_and_says_how_to_run_k6_instead(tmp_path: Path) -> None:
    path = tmp_path / "k6.csv"
    path.write_text("metric_name,timestamp,metric_value,url\nws_sessions,1793613600,1.000000,ws://h/a\n")

    with pytest.raises(InputError, match=r"this is CSV of k6.*--out json=points\.json"):
        read_input(path)
