"""Messages that are simulated: their rates, their spread, who hears them and what keeps sockets alive."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.profiles import profile_of, seconds
from wscost.deployment import PRESETS
from wscost.metering import meter
from wscost.simulating import expected, period_of, simulate, simulate_trace
from wscost.trace import Trace


def one_way(trace: Trace, direction: str) -> pd.DataFrame:
    """Return a trace's messages in one direction."""
    assert trace.events is not None
    return trace.events[trace.events["direction"].eq(direction).fillna(False)]


PEOPLE = "scenarios: {a: {executor: constant-vus, vus: 30}}\nrooms: {count: 6}\n"
PROCESSES = {
    "interval": ("{process: interval, every: 7s, bytes: 100}", 1 / (1200 * np.expm1(7 / 1200))),
    "Poisson": ("{every: 10s, bytes: {median: 32, p95: 126}}", 1 / 10),
    "on and off bursts": (
        "{process: bursts, on: {mean: 20s, shape: 1}, every: 2s, bytes: 50,"
        " off: {distribution: pareto, median: 40s, p90: 5m, max: 1h}}",
        None,
    ),
    "two rates in turn": (
        "{process: mmpp, states: [{every: 60s, stay: 5m}, {every: 2s, stay: 30s}], bytes: 80}",
        (300 / 60 + 30 / 2) / 330,
    ),
    "several at once": (
        "[{every: 20s, bytes: 10}, {process: interval, every: 5s, bytes: 20}]",
        1 / 20 + 1 / (1200 * np.expm1(5 / 1200)),
    ),
}


@pytest.mark.parametrize(("process", "rate"), PROCESSES.values(), ids=PROCESSES)
@pytest.mark.parametrize("events", [False, True], ids=["counted", "one by one"])
def test_messages_come_at_their_rate(process: str, rate: float | None, events: bool) -> None:
    profile = profile_of(f"{PEOPLE}session: {{mean: 20m, shape: 1}}\nmessages: {{in: {process}}}\n")
    trace = simulate_trace(profile, events=events)

    mean = expected(profile, period_of(profile))
    spent = 2 * 86_400 * 30
    assert mean.connection_seconds == pytest.approx(spent)
    if rate is not None:
        assert mean.messages_in == pytest.approx(rate * spent)
    inside = trace.connections[trace.connections["opened_at"] >= trace.window.start]
    lives = (
        seconds(inside["closed_at"].fillna(pd.Timestamp(trace.window.end))) - seconds(inside["opened_at"])
    ).sum()
    found = inside["messages_in"].sum() / lives
    if process.startswith("{process: interval"):
        assert (inside["messages_in"] <= lives / 7).all()
        assert found == pytest.approx(rate, rel=0.01)
    else:
        assert found == pytest.approx(mean.messages_in / spent, rel=0.05)


@pytest.mark.parametrize("process", [p for p, _ in PROCESSES.values()], ids=PROCESSES)
def test_totals_have_the_same_spread_whether_messages_are_listed_or_not(process: str) -> None:
    profile = profile_of(
        "scenarios: {a: {executor: burst, connections: 4000}}\nsession: 10m\n"
        f"rooms: {{count: 5}}\nmessages: {{in: {process}}}\n",
        days=1,
    )
    counted = simulate_trace(profile).connections
    listed = simulate_trace(profile, events=True).connections

    for column in ("messages_in", "bytes_in"):
        a, b = counted[column].to_numpy(dtype=float), listed[column].to_numpy(dtype=float)
        error = np.hypot(a.std(), b.std()) / len(a) ** 0.5
        assert a.mean() == pytest.approx(b.mean(), abs=5 * error + 1e-9)
        assert a.std() == pytest.approx(b.std(), rel=0.1, abs=1e-9)


def test_two_rates_in_turn_are_as_bursty_as_heffes_and_lucantoni_say() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: burst, connections: 20000}}\nsession: 30m\nrooms: {count: 20}\n"
        "messages: {in: {process: mmpp, states: [{every: 30s, stay: 10m}, {every: 3s, stay: 2m}]}}\n",
        days=1,
    )
    counts = simulate_trace(profile).connections["messages_in"].to_numpy(dtype=float)

    high, low, leave_low, leave_high, time = 1 / 3, 1 / 30, 1 / 600, 1 / 120, 1800
    both = leave_low + leave_high
    mean = (low * leave_high + high * leave_low) / both
    settled = (
        2 * leave_low * leave_high * (high - low) ** 2 / (both**2 * (low * leave_high + high * leave_low))
    )
    dispersion = 1 + settled * (1 - (1 - np.exp(-both * time)) / (both * time))
    assert counts.mean() == pytest.approx(mean * time, rel=0.01)
    assert counts.var() / counts.mean() == pytest.approx(dispersion, rel=0.05)


def test_an_interval_counts_from_the_opening_and_not_to_the_close() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: burst, connections: 100, startTime: 23h59m}}\n"
        "session: {distribution: empirical, values: [29.999s, 30s, 30.001s, 61s, 5m]}\n"
        "messages: {in: {process: interval, every: 10s}}\n"
    )
    for events in (False, True):
        rows = simulate_trace(profile, events=events).connections
        rows = rows[rows["closed_at"].notna()]
        lives = np.round(seconds(rows["closed_at"]) - seconds(rows["opened_at"]), 3)
        found = dict(zip(lives, rows["messages_in"], strict=True))

        assert found == {29.999: 2, 30: 2, 30.001: 3, 61: 6, 300: 29}


def test_each_message_is_answered_by_so_many() -> None:
    profile = profile_of(
        f"{PEOPLE}session: {{mean: 2h, shape: 1}}\n"
        "messages:\n  in: {every: 60s}\n"
        "  out: {process: reply, count: {median: 20, p90: 60}, delay: 200ms, bytes: 9}\n"
    )
    mean = profile.messages.outgoing[0].count.law().mean  # type: ignore[union-attr]
    for events in (False, True):
        rows = simulate_trace(profile, events=events).connections

        assert rows["messages_out"].sum() / rows["messages_in"].sum() == pytest.approx(mean, rel=0.03)
        assert (rows["bytes_out"] == 9 * rows["messages_out"]).all()


def test_an_answer_is_streamed_over_midnight_and_ends_with_its_connection() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: burst, connections: 50, startTime: 23h58m}}\nsession: 4m\n"
        "messages:\n  in: {process: interval, every: 90s}\n"
        "  out: {process: reply, count: 1000, every: 100ms}\n"
    )
    days = list(simulate(profile, events=True))
    of_first = [
        day.events[day.events["direction"].eq("out").fillna(False)] for day in days if day.events is not None
    ]

    assert [len(day) > 1000 for day in of_first] == [True, True]
    for day, out in zip(days, of_first, strict=True):
        assert out["at"].min() >= day.window.start
        assert out["at"].max() < day.window.end
    rows = simulate_trace(profile, events=True).connections
    # 90 s: all 1000; 180 s: 600 until the close 60 s later.
    assert set(rows[rows["closed_at"].dt.day == 3]["messages_out"]) == {1600}


@pytest.mark.parametrize("echo", [False, True], ids=["to the others", "to the sender too"])
def test_a_broadcast_reaches_everybody_who_is_there(echo: bool) -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 2, timeUnit: 1m}}\n"
        "session: {distribution: exponential, mean: 20m}\nrooms: {count: 10}\n"
        "messages:\n  in: {every: 60s, bytes: 50}\n"
        f"  out: {{process: broadcast, echo: {str(echo).lower()}}}\n"
    )
    trace = simulate_trace(profile, events=True)
    assert trace.events is not None
    spoken = one_way(trace, "in")
    rows = trace.connections

    heard = 0
    for room, said in spoken.groupby("object_id"):
        members = rows[rows["object_id"] == room]
        at = np.sort(seconds(said["at"]))
        opened, closed = seconds(members["opened_at"]), seconds(members["closed_at"])
        heard += int((np.searchsorted(at, closed) - np.searchsorted(at, opened)).sum())
    heard -= 0 if echo else len(spoken)
    out = one_way(trace, "out")
    assert len(out) == heard
    assert rows["bytes_out"].sum() == pytest.approx(50 * rows["messages_out"].sum(), rel=0.001)

    counted = simulate_trace(profile).connections
    each = counted["messages_out"].sum() / counted["messages_in"].sum()
    assert each == pytest.approx(rows["messages_out"].sum() / rows["messages_in"].sum(), rel=0.05)
    assert each == pytest.approx(4 + echo, rel=0.05)
    assert expected(profile, period_of(profile)).messages_out == pytest.approx(
        out["at"].count() - (len(spoken) if echo else 0), rel=0.05
    )


def test_a_room_alone_hears_nobody() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 30}}\nsession: {mean: 20m}\nrooms: {count: 30}\n"
        "messages: {in: {every: 5s}, out: broadcast}\n"
    )
    rows = simulate_trace(profile).connections

    assert rows["object_id"].nunique() == 30
    assert rows["messages_out"].sum() == 0


@pytest.mark.parametrize("arrivals", ["even", "poisson"])
def test_a_push_wakes_each_room_once_and_reaches_all_in_it(arrivals: str) -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 200}}\nsession: {mean: 1h}\nrooms: {count: 8}\n"
        f"messages: {{out: {{process: push, every: 30s, arrivals: {arrivals}, bytes: 500}}}}\n",
        days=1,
    )
    trace = simulate_trace(profile, events=True)
    assert trace.events is not None
    calls = trace.events[trace.events["kind"] == "request"]
    out = one_way(trace, "out")

    assert len(calls) == pytest.approx(8 * 2880, abs=0 if arrivals == "even" else 4 * (8 * 2880) ** 0.5)
    assert len(out) == 25 * len(calls)
    assert calls["connection_id"].isna().all()
    assert len(simulate_trace(profile, events="in").events) < len(trace.events) / 5  # type: ignore[arg-type]
    assert simulate_trace(profile).connections["messages_out"].sum() == pytest.approx(
        trace.connections["messages_out"].sum(), rel=0.03
    )


# Heartbeats.


def test_heartbeats_of_socket_io_are_billed_messages() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: burst, connections: 10}}\n"
        "session: {distribution: empirical, values: [24s, 26s, 10m]}\nclient: socket.io\n",
        days=1,
    )
    for events in (False, True):
        rows = simulate_trace(profile, events=events).connections
        lives = np.round(seconds(rows["closed_at"]) - seconds(rows["opened_at"]))

        assert (rows["messages_in"] == rows["messages_out"]).all()
        assert dict(zip(lives, rows["messages_in"], strict=True)) == {24: 0, 26: 1, 600: 23}


def test_a_thousand_sockets_of_socket_io_make_a_hundred_million_heartbeats_a_month() -> None:
    profile = profile_of(
        "calendar: {period: {start: 2026-11-01, days: 30}}\n"
        "scenarios: {a: {executor: constant-vus, vus: 1000}}\nsession: 5d\nclient: socket.io\n"
    )

    assert expected(profile, period_of(profile)).messages_in == pytest.approx(1000 * 6 * 17_279)


def test_heartbeats_after_silence_are_as_many_counted_as_one_by_one() -> None:
    profile = profile_of(
        f"{PEOPLE}session: {{mean: 1h, shape: 1}}\nclient: pusher-js\n"
        "messages: {out: {every: 30s, bytes: 10}}\n"
    )
    counted, listed = (
        sum(
            int(simulate_trace(profile, seed=seed, events=events).connections["messages_in"].sum())
            for seed in range(5)
        )
        for events in (False, True)
    )

    assert counted == pytest.approx(listed, rel=0.03)


@pytest.mark.parametrize("every", ["30s", "2m", "1h"])
def test_a_heartbeat_after_silence_comes_only_then(every: str) -> None:
    profile = profile_of(
        f"{PEOPLE}session: {{mean: 1h, shape: 1}}\nclient: pusher-js\n"
        f"messages: {{out: {{every: {every}, bytes: 10}}}}\n"
    )
    trace = simulate_trace(profile, events=True)
    assert trace.events is not None
    pings = one_way(trace, "in").groupby("connection_id")["at"]
    heard = trace.events[
        trace.events["direction"].eq("out").fillna(False) & (trace.events["bytes"] == 10)
    ].groupby("connection_id")["at"]
    for connection, at in list(pings)[:50]:
        others = seconds(heard.get_group(connection)) if connection in heard.groups else np.empty(0)
        for moment in seconds(at):
            assert not ((others > moment - 119.99) & (others < moment)).any()

    counted = simulate_trace(profile).connections["messages_in"].sum()
    assert counted == pytest.approx(trace.connections["messages_in"].sum(), rel=0.05)


def test_heartbeats_that_the_platform_answers_are_told_and_not_counted() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 5}}\nsession: 1d\nrooms: {count: 1}\n"
        "client: {heartbeats: [{every: 1m, bytes_in: 4, bytes_out: 4, auto_response: true}]}\n",
        days=1,
    )
    trace = simulate_trace(profile, events=True)
    assert trace.events is not None

    answered = trace.events[trace.events["auto_response"].fillna(False)]
    assert len(answered) == pytest.approx(2 * 5 * 1440, abs=20)
    assert trace.connections[["messages_in", "messages_out", "bytes_in"]].sum().sum() == 0
    used = meter(trace, PRESETS["durable-object-hibernation"]).totals
    assert used["messages_in"] == 0
    assert [note.code for note in simulate_trace(profile).notes] == ["simulated", "auto-response-left-out"]


def test_clients_do_not_beat_in_step() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 500}}\nsession: 1d\n"
        "client: socket.io\nrooms: {count: 5}\n",
        days=1,
    )
    trace = simulate_trace(profile, events="in")
    assert trace.events is not None
    beats = seconds(trace.events[trace.events["kind"] == "message"]["at"])

    assert stats.kstest(beats[beats < beats.min() + 25] % 25, stats.uniform(0, 25).cdf).pvalue > 0.001


@pytest.mark.parametrize(
    ("more", "figures"),
    [
        ("messages: {in: {process: interval, every: 10m, bytes: 1}}", ["messages_in"]),
        ("messages: {in: {process: interval, every: 5m, bytes: 1}, out: reply}", ["messages_out"]),
        ("drops: {after: 4m}", ["connections"]),
        ("drops: {after: 30m, every: 20m}", ["connections"]),
        ("drops: {after: 4m}\nmessages: {in: {process: interval, every: 90s, bytes: 1}}", ["messages_in"]),
        ("drops: {every: 8m}\nmessages: {in: {process: interval, every: 3m, bytes: 1}}", ["messages_in"]),
        ("client: signalr\nmessages: {in: {every: 10s, bytes: 1}}", ["messages_in"]),
        ("client: pusher-js\nmessages: {in: {every: 20s, bytes: 1}, out: reply}", ["messages_out"]),
        ("client: {heartbeats: [{every: 8m, bytes_in: 1}]}", ["messages_in"]),
    ],
)
def test_what_is_expected_of_clocks_is_what_is_simulated(more: str, figures: list[str]) -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 120}}\nsession: {median: 5m, p90: 20m, max: 2h}\n"
        + ("" if "client" in more else "client: {reconnect: [0s]}\n")
        + more,
        days=4,
    )
    mean, trace = expected(profile, period_of(profile)), simulate_trace(profile, events="in")
    rows = trace.connections[trace.connections["opened_at"] >= trace.window.start]
    found = {"connections": len(rows), **{name: rows[name].sum() for name in ("messages_in", "messages_out")}}

    for name in figures:
        assert getattr(mean, name) == pytest.approx(float(found[name]), rel=0.02), name
