"""What is simulated agrees with what theory says of it, and depends on nothing but profile, seed and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.profiles import at_once, moments, presence, profile_of, seconds
from wscost.deployment import PRESETS, Deployment
from wscost.errors import InputError
from wscost.intervals import Intervals, union
from wscost.metering import meter
from wscost.profile import preset, preset_names
from wscost.readers import read_trace
from wscost.simulating import (
    expected,
    sample_rooms,
    simulate,
    simulate_days,
    simulate_trace,
    story,
)
from wscost.trace import Trace, check_trace
from wscost.tracefile import write_days
from wscost.usage import Period, Window

# Arrivals and presence.


def test_people_at_once_are_arrivals_times_their_stay() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 60, timeUnit: 1m}}\n"
        "session: {distribution: lognormal, median: 5m, p90: 20m, max: 3h}\n",
        days=4,
    )
    trace = simulate_trace(profile)

    stay = profile.session_law
    mean = presence(trace).mean()

    error = (4 * stay.mean * (1 + (stay.deviation / stay.mean) ** 2) / (4 * 86_400)) ** 0.5
    assert mean == pytest.approx(stay.mean, abs=4 * error * stay.mean**0.5)


def test_arrivals_are_poisson_in_every_hour_and_follow_the_weights() -> None:
    weights = [1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 9, 8, 7, 6, 5, 4, 3, 3, 2, 2, 1]
    profile = profile_of(
        "calendar:\n  period: {start: 2026-11-02, days: 14}\n"
        f"  hours: {weights}\n  weekdays: {{sat: 2, sun: 0.5}}\n"
        "scenarios: {a: {executor: constant-arrival-rate, rate: 1000, timeUnit: 1h}}\n"
        "session: 1m\n"
    )
    opened = seconds(simulate_trace(profile).connections["opened_at"])
    start = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
    counts = np.histogram(opened, start + 3600 * np.arange(14 * 24 + 1))[0]

    day = np.array([1, 1, 1, 1, 1, 2, 0.5] * 2) / 2
    mean = (np.outer(day, np.array(weights) / 10) * 1000).ravel()
    distance = ((counts - mean) ** 2 / mean).sum()
    assert 0.001 < stats.chi2(len(mean)).cdf(distance) < 0.999


def test_gaps_between_arrivals_are_exponential() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 20, timeUnit: 1m}}\nsession: 1m\n", days=1
    )
    opened = np.sort(seconds(simulate_trace(profile).connections["opened_at"]))

    assert stats.kstest(np.diff(opened), stats.expon(scale=3).cdf).pvalue > 0.001


def test_even_arrivals_are_spaced_as_k6_starts_them() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 20, timeUnit: 1m, arrivals: even}}\n"
        "session: 1m\nrooms: {count: 1}\n",
        days=1,
    )
    opened = np.sort(seconds(simulate_trace(profile).connections["opened_at"]))
    opened = opened[opened >= datetime(2026, 11, 2, tzinfo=UTC).timestamp()]

    assert np.diff(opened) == pytest.approx(3, abs=1e-4)
    assert len(opened) == 28_800


@pytest.mark.parametrize("mean_in_room", [0.2, 0.7, 2.0])
def test_a_room_is_active_as_long_as_the_infinite_server_queue_is_busy(mean_in_room: float) -> None:
    rooms, stay = 150, 600
    profile = profile_of(
        "scenarios:\n  a: {executor: constant-arrival-rate, "
        f"rate: {rooms * mean_in_room}, timeUnit: {stay}s}}\n"
        f"session: {{distribution: weibull, mean: {stay}s, shape: 0.7}}\nrooms: {{count: {rooms}}}\n",
        days=4,
    )
    trace = simulate_trace(profile)
    start, end = trace.window.start.timestamp(), trace.window.end.timestamp()
    busy = union(
        Intervals(
            pd.factorize(trace.connections["object_id"])[0].astype(np.int64),
            np.maximum(seconds(trace.connections["opened_at"]) * 1e6, start * 1e6).astype(np.int64),
            np.minimum(seconds(trace.connections["closed_at"]) * 1e6, end * 1e6).astype(np.int64),
        )
    )

    share = (busy.end - busy.start).sum() / 1e6 / (rooms * (end - start))

    assert share == pytest.approx(1 - np.exp(-mean_in_room), rel=0.02)


def test_people_choose_rooms_by_popularity() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 1}}\n"
        "session: 1m\nrooms: {count: 20, zipf: 1.2}\n"
    )
    counts = simulate_trace(profile).connections["object_id"].value_counts()

    weights = np.arange(1, 21) ** -1.2
    mean = weights / weights.sum() * counts.sum()
    found = counts.reindex([f"room-{i:02d}" for i in range(20)]).to_numpy(dtype=float)
    assert stats.chisquare(found, mean).pvalue > 0.001


# Virtual users.


def test_a_constant_number_of_users_is_constant() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 50}}\nsession: {mean: 10m}\nrooms: {count: 7}\n"
    )

    assert set(presence(simulate_trace(profile))) == {50}


def test_users_who_pause_are_there_for_their_share_of_the_time() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 300, pause: {distribution: exponential, mean: 10m}}}\n"
        "session: {distribution: exponential, mean: 20m}\n"
    )

    assert presence(simulate_trace(profile)).mean() == pytest.approx(200, rel=0.02)


def test_users_who_pause_long_are_met_in_sessions_and_pauses_alike() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 1000, pause: 23h}}\nsession: 1h\nrooms: {count: 5}\n"
    )
    trace = simulate_trace(profile)
    at_hours = at_once(trace, moments(trace, 48))

    # An hour a day each: 1000 / 24 at any time, a binomial count.
    assert at_hours.mean() == pytest.approx(1000 / 24, rel=0.02)
    assert np.abs(at_hours - 1000 / 24).max() < 4 * (1000 / 24) ** 0.5


@pytest.mark.parametrize(
    "law",
    [
        "20d",
        "{distribution: lognormal, median: 15d, p90: 40d, max: 60d}",
        "{parts: [{weight: 1, law: 10d}, {weight: 1, law: 30d}]}",
    ],
    ids=["constant", "lognormal", "mixture"],
)
def test_sessions_at_the_first_moment_are_as_old_as_those_met_by_chance(law: str) -> None:
    profile = profile_of(f"scenarios: {{a: {{executor: constant-vus, vus: 3000}}}}\nsession: {law}\n")
    trace = simulate_trace(profile)
    start, session = trace.window.start.timestamp(), profile.session_law
    opened = seconds(trace.connections["opened_at"])
    lasted = (trace.connections["closed_at"] - trace.connections["opened_at"]).dt.total_seconds().dropna()

    age = (session.variance + session.mean**2) / session.mean / 2
    assert (start - opened[opened < start]).mean() == pytest.approx(age, rel=0.05)
    assert lasted.min() >= 0.99 * session.quantile(1e-6)
    assert lasted.max() <= session.quantile(1.0)


def test_ramping_users_follow_their_stages() -> None:
    profile = profile_of(
        "scenarios:\n  a:\n    executor: ramping-vus\n"
        "    startVUs: 0\n    startTime: 6h\n    gracefulRampDown: 0s\n"
        "    stages: [{duration: 2h, target: 400}, {duration: 4h, target: 400}, {duration: 1h, target: 0}]\n"
        "session: {mean: 10m}\n"
    )
    trace = simulate_trace(profile)
    at = moments(trace)
    of_day = at % 86_400

    target = np.interp(of_day, [21_600, 28_800, 43_200, 46_800], [0, 400, 400, 0])
    assert np.abs(at_once(trace, at) - target).max() <= 1


def test_who_must_go_may_finish_within_the_grace() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 100, startTime: 9h, duration: 1h}}\nsession: 5h\n",
        days=1,
    )
    trace = simulate_trace(profile)

    assert (trace.connections["opened_at"].dt.strftime("%H:%M:%S") == "09:00:00").all()
    assert set(trace.connections["closed_at"].dt.strftime("%H:%M:%S")) == {"10:00:30"}


def test_users_follow_the_hours_and_reach_their_number_at_the_peak() -> None:
    hours = [2] * 8 + [6] * 8 + [10] * 4 + [4] * 4
    profile = profile_of(
        f"calendar: {{period: {{start: 2026-11-02, days: 1}}, time_zone: Asia/Tokyo, hours: {hours}}}\n"
        "scenarios: {a: {executor: constant-vus, vus: 500}}\nsession: {mean: 10m, max: 1h}\n"
    )
    trace = simulate_trace(profile)
    start = trace.window.start.timestamp()

    tokyo = (np.arange(24) + 9) % 24
    found = at_once(trace, start + 3600 * np.arange(24) + 1800)
    assert found == pytest.approx(np.array(hours)[tokyo] * 50, abs=3)


def test_hours_are_those_of_the_clock_on_the_wall_when_it_changes() -> None:
    hours = [0] * 12 + [1] + [0] * 11
    profile = profile_of(
        f"calendar: {{period: {{start: 2026-10-24, days: 3}}, time_zone: Europe/Berlin, hours: {hours}}}\n"
        "scenarios: {a: {executor: constant-arrival-rate, rate: 600, timeUnit: 1h}}\nsession: 1m\n"
    )
    opened = simulate_trace(profile).connections["opened_at"]

    assert set(opened.dt.strftime("%d %H")) == {"24 10", "25 11", "26 11"}


# Bursts, events and stages.


def test_a_burst_has_exactly_its_connections() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: burst, connections: 12345, startTime: 20h15m, over: 30s}}\n"
        "session: {mean: 10m}\nrooms: {count: 37, zipf: 1}\n"
    )
    opened = simulate_trace(profile).connections["opened_at"]

    opened = opened[opened >= pd.Timestamp("2026-11-02", tz="UTC")]
    assert opened.dt.day.value_counts().to_dict() == {2: 12345, 3: 12345}
    since = seconds(opened) % 86_400 - (20 * 3600 + 900)
    assert since.min() >= 0
    assert since.max() < 30
    assert stats.kstest(since, stats.uniform(0, 30).cdf).pvalue > 0.001


def test_a_flash_crowd_ramps_holds_and_halves() -> None:
    profile = profile_of(
        "calendar:\n  period: {start: 2026-11-07, days: 1}\n"
        "  events: [{at: 2026-11-07T12:00, ramp: 10m, peak: 10, hold: 50m, half_life: 20m}]\n"
        "scenarios: {a: {executor: constant-arrival-rate, rate: 2}}\nsession: 1m\n"
    )
    opened = seconds(simulate_trace(profile).connections["opened_at"]) % 86_400
    noon = 12 * 3600

    def rate(start: float, end: float) -> float:
        return ((opened >= noon + start) & (opened < noon + end)).sum() / (end - start)

    assert rate(-3600, 0) == pytest.approx(2, rel=0.05)
    assert rate(0, 600) == pytest.approx(11, rel=0.05)
    assert rate(600, 3600) == pytest.approx(20, rel=0.05)
    assert rate(4800 - 60, 4800 + 60) == pytest.approx(2 + 9, rel=0.1)
    assert rate(3600 * 6, 3600 * 10) == pytest.approx(2, rel=0.05)


def test_a_weekly_event_comes_every_week() -> None:
    profile = profile_of(
        "calendar:\n  period: {start: 2026-11-02, days: 14}\n"
        "  events: [{days: [sat], startTime: 15h, ramp: 1m, peak: 50, hold: 1h, half_life: 1m}]\n"
        "scenarios: {a: {executor: constant-arrival-rate, rate: 60, timeUnit: 1h}}\nsession: 1m\n"
    )
    opened = simulate_trace(profile).connections["opened_at"]

    crowded = opened.dt.floor("h").value_counts()
    assert set(crowded[crowded > 1000].index.strftime("%d %H")) == {"07 15", "14 15"}


def test_ramping_arrivals_follow_their_stages_each_week() -> None:
    profile = profile_of(
        "scenarios:\n  a:\n    executor: ramping-arrival-rate\n"
        "    timeUnit: 1m\n    startTime: 34h\n    repeat: weekly\n"
        "    stages: [{duration: 1h, target: 120}, {duration: 2h, target: 120}, {duration: 30m, target: 0}]\n"
        "session: 1m\n",
        days=9,
    )
    opened = simulate_trace(profile).connections["opened_at"]

    by_hour = opened.dt.floor("h").value_counts().sort_index()
    hours = [f"{day} {hour}" for day in ("03", "10") for hour in (10, 11, 12, 13)]
    assert list(by_hour.index.strftime("%d %H")) == hours
    assert by_hour.to_numpy()[:4] == pytest.approx([3600, 7200, 7200, 1800], rel=0.06)


# Drops, deployments, and coming back.


def test_a_deployment_closes_every_socket_at_once_and_all_come_back() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 400}}\nsession: {distribution: constant, value: 6h}\n"
        "client: socket.io\ndeploys: {at: [2026-11-02T14:00, 2026-11-03T09:30]}\nrooms: {count: 9}\n"
    )
    rows = simulate_trace(profile).connections
    for at in ("2026-11-02 14:00", "2026-11-03 09:30"):
        moment = pd.Timestamp(at, tz="UTC")
        assert (rows["closed_at"] == moment).sum() == 400
        back = seconds(rows["opened_at"]) - moment.timestamp()
        returned = back[(back > 0) & (back <= 1.5)]
        assert len(returned) >= 395
        assert returned.min() >= 0.5
        assert stats.kstest(returned, stats.uniform(0.5, 1).cdf).pvalue > 0.001


def test_a_share_of_a_deployment_closes_a_share_of_the_sockets() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 2000}}\nsession: 6h\n"
        "deploys: {at: 2026-11-02T14:00, share: 0.3}\n"
    )
    closed = simulate_trace(profile).connections["closed_at"]

    assert (closed == pd.Timestamp("2026-11-02 14:00", tz="UTC")).sum() == pytest.approx(600, abs=90)


def test_deployments_fall_on_working_days_as_often_as_said() -> None:
    profile = profile_of(
        "calendar: {period: {start: 2026-01-05, days: 364}, time_zone: Europe/Berlin}\n"
        "scenarios: {a: {executor: constant-vus, vus: 40}}\nsession: 5d\ndeploys: {per_week: 5}\n"
    )
    closed = simulate_trace(profile).connections["closed_at"].value_counts()
    deploys = closed[closed >= 35].index.tz_convert("Europe/Berlin")

    assert len(deploys) == pytest.approx(260, abs=4 * 260**0.5)
    assert set(deploys.day_of_week) == {0, 1, 2, 3, 4}
    assert (min(deploys.hour), max(deploys.hour)) == (9, 17)


def test_connections_drop_as_often_as_said_and_come_back() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 300}}\nsession: 2d\ndrops: {every: 1h}\n"
        "client: {preset: plain, reconnect: [2s]}\n"
    )
    rows = simulate_trace(profile).connections
    opened = rows["opened_at"] >= pd.Timestamp("2026-11-02", tz="UTC")

    mean = 300 * 48
    assert opened.sum() == pytest.approx(mean, abs=4 * mean**0.5 + 300)
    lives = seconds(rows["closed_at"]) - seconds(rows["opened_at"])
    assert np.median(lives[rows["closed_at"].notna()]) == pytest.approx(3600 * np.log(2), rel=0.05)


def test_no_connection_outlives_an_age_limit() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 100}}\nsession: {mean: 3h, shape: 1}\n"
        "drops: {after: 1h}\nclient: {preset: plain, reconnect: [5s]}\n"
    )
    rows = simulate_trace(profile).connections
    lives = (seconds(rows["closed_at"]) - seconds(rows["opened_at"]))[rows["closed_at"].notna()]

    assert lives.max() == pytest.approx(3600, abs=1e-3)
    at_the_limit = np.isclose(lives, 3600, atol=1e-3).mean()
    reaches_the_next = np.exp(-3600 / (3 * 3600))
    assert at_the_limit == pytest.approx(reaches_the_next, abs=0.03)


def test_attempts_that_fail_double_the_wait_and_some_clients_give_up() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 4000}}\nsession: 2d\n"
        "client: {preset: plain, reconnect: [1s, 2s, 4s], gives_up: true}\n"
        "deploys: {at: 2026-11-02T12:00, fails: 0.5}\n",
        days=1,
    )
    rows = simulate_trace(profile).connections
    noon = pd.Timestamp("2026-11-02 12:00", tz="UTC").timestamp()
    back = np.round(seconds(rows["opened_at"]) - noon, 3)

    cut = int((seconds(rows["closed_at"]) == noon).sum())
    counts = [(back == wait).sum() / cut for wait in (1, 3, 7)]
    assert counts == pytest.approx([0.5, 0.25, 0.125], abs=0.03)
    assert ((back > 0) & (back < 60)).sum() / cut == pytest.approx(0.875, abs=0.03)


def test_a_cut_of_a_client_that_is_away_changes_nothing() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 50}}\nsession: 2d\n"
        "client: {preset: plain, reconnect: [10s]}\n"
        "deploys:\n"
        "  at: [2026-11-02T12:00:00, 2026-11-02T12:00:05, 2026-11-02T12:00:09, 2026-11-02T12:00:12]\n",
        days=1,
    )
    rows = simulate_trace(profile).connections
    moments_ = pd.to_datetime(rows["closed_at"].dropna()).dt.strftime("%H:%M:%S").value_counts()
    back = rows["opened_at"].dt.strftime("%H:%M:%S").value_counts()

    users = moments_["12:00:00"]
    assert moments_["12:00:12"] == users
    assert back["12:00:10"] == back["12:00:22"] == users
    assert {"12:00:05", "12:00:09"} & set(moments_.index) == set()


# Rooms that fill.


def test_rooms_fill_in_the_order_of_arrival() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 100, timeUnit: 1h}}\nsession: 10m\n"
        "rooms: {choice: fill, size: 4, lobbies: 2, name: match}\n",
        days=1,
    )
    rows = simulate_trace(profile).connections
    rows = rows[rows["opened_at"] >= pd.Timestamp("2026-11-02", tz="UTC")]

    sizes = rows["object_id"].value_counts()
    assert sizes.max() == 4
    assert (sizes < 4).sum() <= 2
    rows = rows.assign(lobby=rows["object_id"].str.split("/").str[0])
    first_seen = rows.groupby("lobby")["object_id"].apply(lambda ids: list(dict.fromkeys(ids)))
    assert all(ids == sorted(ids, key=lambda i: int(i.split("/")[-1])) for ids in first_seen)


def test_each_conversation_may_be_an_object_of_its_own() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 60, timeUnit: 1h}}\nsession: 10m\n"
        "rooms: {choice: fill, size: 1}\ndrops: {every: 20m}\n"
    )
    rows = simulate_trace(profile).connections

    assert len(rows) > 1.3 * rows["object_id"].nunique()
    visits = rows.groupby("object_id").agg(first=("opened_at", "min"), last=("closed_at", "max"))
    assert (visits["last"] - visits["first"]).max() <= timedelta(minutes=10)


# The same again, whatever is simulated beside it.

EVERYTHING = """
scenarios:
  people: {executor: constant-vus, vus: 6, pause: {mean: 5m}}
  visitors:
    executor: ramping-arrival-rate
    timeUnit: 1h
    startTime: 8h
    stages: [{duration: 2h, target: 40}, {duration: 1h, target: 0}]
  even: {executor: constant-arrival-rate, rate: 3, timeUnit: 1h, arrivals: even}
  crowd: {executor: burst, connections: 17, startTime: 23h}
session:
  parts:
    - {weight: 1, law: {distribution: exponential, mean: 20s}}
    - {weight: 2, law: {median: 20m, p90: 2h, max: 1d}}
rooms: {count: 5, zipf: 0.8}
messages:
  in:
    - {every: 2m, bytes: {median: 32, p95: 126}}
    - {process: mmpp, states: [{stay: 10m}, {every: 5s, stay: 20s}], bytes: 70}
  out:
    - broadcast
    - {process: reply, count: {median: 2, p90: 5}, every: 100ms, bytes: 20}
    - {process: push, every: 5m, bytes: 500}
client: signalr
drops: {every: 2h, after: 3h, fails: 0.2}
deploys: {per_week: 10, share: 0.7, fails: 0.3}
seed: 5
"""
MODES = [False, True, "in"]


@pytest.mark.parametrize("events", MODES)
def test_the_same_seed_gives_the_same_bytes(events: Any) -> None:
    profile = profile_of(EVERYTHING)
    one, other = simulate_trace(profile, events=events), simulate_trace(profile, events=events)

    assert one.connections.equals(other.connections)
    if events:
        assert one.events is not None
        assert one.events.equals(other.events)


def test_another_seed_gives_other_traffic() -> None:
    profile = profile_of(EVERYTHING)
    one, other = simulate_trace(profile, seed=5), simulate_trace(profile, seed=6)

    assert one.connections.equals(simulate_trace(profile).connections)
    assert not one.connections["opened_at"].equals(other.connections["opened_at"])


@pytest.mark.parametrize("events", MODES)
def test_a_room_has_the_same_traffic_whatever_other_rooms_are_simulated(events: Any) -> None:
    profile = profile_of(EVERYTHING)
    whole, some = simulate_trace(profile, events=events), simulate_trace(profile, events=events, rooms=[3, 1])
    rooms = ["room-1", "room-3"]

    rows = whole.connections[whole.connections["object_id"].isin(rooms)].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, some.connections)
    if events:
        assert whole.events is not None
        assert some.events is not None
        listed = whole.events[whole.events["object_id"].isin(rooms)]
        order = list(whole.events.columns)
        listed, mine = (frame.sort_values(order, ignore_index=True) for frame in (listed, some.events))
        assert mine.equals(listed)


def test_a_day_has_the_same_arrivals_whatever_the_period() -> None:
    text = EVERYTHING.replace("  people: {executor: constant-vus, vus: 6, pause: {mean: 5m}}\n", "")
    days = [Period(date(2026, 11, 2), date(2026, 11, 7)), Period(date(2026, 11, 4), date(2026, 11, 6))]
    profile = profile_of(text)

    of_day = [
        rows[rows["opened_at"].dt.date == date(2026, 11, 4)]["connection_id"].sort_values().tolist()
        for rows in (simulate_trace(profile, period).connections for period in days)
    ]

    assert len(of_day[0]) > 100
    assert of_day[0] == of_day[1]


def test_events_do_not_change_the_connections() -> None:
    profile = profile_of(EVERYTHING)
    columns = ["connection_id", "object_id", "opened_at", "closed_at"]

    plain = simulate_trace(profile).connections[columns]
    assert plain.equals(simulate_trace(profile, events=True).connections[columns])
    assert plain.equals(simulate_trace(profile, events="in").connections[columns])


# Days.


@pytest.mark.parametrize("events", MODES)
def test_every_connection_appears_on_the_day_on_which_it_closes(events: Any) -> None:
    profile = profile_of(EVERYTHING, days=4)
    days = list(simulate(profile, events=events))

    assert [day.window for day in days] == [
        Window(datetime(2026, 11, d, tzinfo=UTC), datetime(2026, 11, d + 1, tzinfo=UTC)) for d in range(2, 6)
    ]
    ids = pd.concat([day.connections["connection_id"] for day in days])
    assert not ids.duplicated().any()
    for day in days:
        check_trace(day)
        closed = day.connections["closed_at"]
        assert closed.isna().any() == (day is days[-1])
        assert (closed.dropna() >= day.window.start).all()
        assert (closed.dropna() < day.window.end).all()
        assert (day.connections["opened_at"] < day.window.end).all()
        if events:
            assert day.events is not None
            assert day.events["at"].is_monotonic_increasing
            assert day.events["at"].between(day.window.start, day.window.end, inclusive="left").all()


@pytest.mark.parametrize("deployment", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("events", [False, True], ids=["totals", "events"])
def test_metering_the_days_one_by_one_gives_the_whole(deployment: Deployment, events: bool) -> None:
    profile = profile_of(EVERYTHING, days=4)
    whole = meter(simulate_trace(profile, events=events), deployment)
    days = {}
    for trace in simulate_days(profile, events=events):
        check_trace(trace)
        days.update(meter(trace, deployment).days)

    same = ["connections_opened", "connection_seconds", "peak_connections"]
    if events:
        same += ["messages_in", "messages_out", "bytes_in", "bytes_out"]
    if deployment.in_object and not deployment.hibernation:
        same += ["object_active_seconds"]
    assert list(days) == list(whole.days)
    for day, quantities in whole.days.items():
        assert {key: days[day][key] for key in same} == {key: quantities[key] for key in same}


def test_totals_are_those_of_the_events() -> None:
    profile = profile_of(EVERYTHING)
    trace = simulate_trace(profile, events=True)
    assert trace.events is not None
    inside = trace.connections["opened_at"] >= trace.window.start
    rows = trace.connections[inside].set_index("connection_id")

    for direction in ("in", "out"):
        messages = trace.events[trace.events["direction"].eq(direction).fillna(False)].groupby(
            "connection_id"
        )["bytes"]
        counts = messages.count().reindex(rows.index, fill_value=0)
        difference = rows[f"messages_{direction}"] - counts
        # What is still streamed when the window ends is in the totals and not in the events.
        assert (difference[rows["closed_at"].notna()] == 0).all()
        assert difference.between(0, 60).all()
    for kind, column in (("open", "opened_at"), ("close", "closed_at")):
        at = trace.events[trace.events["kind"] == kind].set_index("connection_id")["at"]
        known = rows[column].dropna() if kind == "close" else rows[column]
        pd.testing.assert_series_equal(
            at.reindex(known.index), known, check_names=False, check_index_type=False
        )


def test_a_day_of_many_events_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = profile_of(EVERYTHING)
    whole = simulate_trace(profile, events=True)
    monkeypatch.setattr(story, "EVENTS_AT_ONCE", 10_000)
    parts = list(simulate(profile, events=True))

    assert len(parts) > 4
    assert len(parts) % 2 == 0
    assert all(a.window.end == b.window.start for a, b in pairwise(parts))
    assert max(len(part.events) for part in parts if part.events is not None) < 60_000
    rows = pd.concat([part.connections for part in parts]).sort_values(["opened_at", "connection_id"])
    columns = ["connection_id", "opened_at", "closed_at"]
    pd.testing.assert_frame_equal(rows[columns].reset_index(drop=True), whole.connections[columns])
    many = sum(len(part.events) for part in parts if part.events is not None)
    assert many == pytest.approx(len(whole.events), rel=0.03)  # type: ignore[arg-type]


def test_the_first_day_begins_in_the_midst_of_life() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 10, timeUnit: 1m}}\n"
        "session: {distribution: exponential, mean: 2h}\n",
        days=1,
    )
    trace = simulate_trace(profile)
    start = trace.window.start.timestamp()

    there = at_once(trace, start + np.array([0.0, 600.0]))
    assert there == pytest.approx([1200, 1200], abs=4 * 1200**0.5)
    before = seconds(trace.connections["opened_at"]) < start
    ages = start - seconds(trace.connections["opened_at"])[before]
    assert stats.kstest(ages, stats.expon(scale=7200).cdf).pvalue > 0.001


# Written day by day.


@pytest.mark.parametrize("name", ["t.parquet", "t.ndjson", "t.ndjson.gz", "t.csv"])
def test_days_are_written_as_they_come_and_read_back_as_the_whole(tmp_path: Path, name: str) -> None:
    profile = profile_of(EVERYTHING)
    events = "ndjson" in name
    whole = simulate_trace(profile, events=events)
    seen: list[Window] = []

    write_days(
        simulate(profile, events=events),
        tmp_path / name,
        whole.window,
        progress=lambda day: seen.append(day.window),
    )

    back = read_trace(tmp_path / name, window=whole.window)
    assert [window.start.day for window in seen] == [2, 3]
    assert back.window == whole.window
    order = ["opened_at", "connection_id"]
    assert back.connections.sort_values(order, ignore_index=True).equals(whole.connections)
    if events:
        assert back.events is not None
        assert whole.events is not None
        assert len(back.events) == len(whole.events)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_same_simulation_writes_the_same_bytes(tmp_path: Path) -> None:
    profile = profile_of(EVERYTHING)
    window = Window(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC))
    for name in ("a.parquet", "b.parquet"):
        write_days(simulate(profile), tmp_path / name, window)

    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize("name", ["t.parquet", "t.ndjson.gz", "t.csv"])
def test_what_goes_wrong_on_the_way_leaves_no_file(tmp_path: Path, name: str) -> None:
    profile = profile_of(EVERYTHING)

    def broken() -> Iterator[Trace]:
        yield next(iter(simulate(profile)))
        raise InputError("the second day fails")

    with pytest.raises(InputError, match="the second day fails"):
        write_days(broken(), tmp_path / name, Window(datetime(2026, 11, 2), datetime(2026, 11, 4)))

    assert list(tmp_path.iterdir()) == []


# Presets, samples and refusals.


# One player of the game sends two million messages a day: too many to list here.
@pytest.mark.parametrize(
    ("name", "events"),
    [
        (name, events)
        for name in preset_names()
        for events in (False, "in")
        if not events or "game" not in name
    ],
)
def test_every_preset_makes_a_sound_trace_of_the_size_it_was_expected_to_be(name: str, events: Any) -> None:
    profile = preset(name)
    day = Period(date(2026, 12, 2), date(2026, 12, 3))
    rooms = sample_rooms(profile, min(1.0, 2 / len(profile.shares))) if events else None
    trace = check_trace(simulate_trace(profile, day, events=events, rooms=rooms))

    share = 1.0 if rooms is None else profile.shares[rooms].sum()
    mean = expected(profile, day, share)
    opened = trace.connections["opened_at"] >= trace.window.start
    assert opened.sum() == pytest.approx(mean.connections, rel=0.3, abs=6 * mean.connections**0.5)
    used = meter(trace, PRESETS["durable-object"]).totals
    assert float(used["connection_seconds"]) == pytest.approx(mean.connection_seconds, rel=0.25)


def test_sizes_that_are_not_given_stay_unknown() -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 6}}\nrooms: {count: 2}\nsession: 10m\n"
        "messages: {in: {every: 15s}, out: [broadcast, {every: 9s, bytes: 4}]}\n"
    )
    rows = simulate_trace(profile, events=True)
    assert rows.events is not None

    assert rows.connections["bytes_in"].isna().all()
    assert rows.connections["bytes_out"].isna().all()
    assert rows.connections["messages_in"].notna().all()
    assert set(rows.events["bytes"].dropna()) == {4}


def test_sockets_without_rooms_belong_to_no_object() -> None:
    profile = profile_of("scenarios: {a: {executor: constant-vus, vus: 50}}\nsession: 10m\n")
    rows = simulate_trace(profile).connections

    assert rows["object_id"].isna().all()
    assert rows["connection_id"].is_unique


def test_a_range_is_simulated_at_its_mode() -> None:
    ranged = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: {low: 5, mode: 40, high: 100}}}\nsession: 10m\n"
    )
    plain = profile_of("scenarios: {a: {executor: constant-vus, vus: 40}}\nsession: 10m\n")

    pd.testing.assert_frame_equal(simulate_trace(ranged).connections, simulate_trace(plain).connections)


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_a_sample_of_the_rooms_stands_for_its_share_of_the_traffic(share: float) -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 2}}\nsession: 5m\n"
        "rooms: {count: 400, zipf: 0.7}\n",
        days=1,
    )
    rooms = sample_rooms(profile, share, seed=3)
    trace = simulate_trace(profile, rooms=rooms.tolist())

    assert len(rooms) == pytest.approx(400 * share, abs=1)
    part = profile.shares[rooms].sum()
    assert part == pytest.approx(share, rel=0.5)
    mean = part * 2 * 86_400
    assert len(trace.connections) == pytest.approx(mean, abs=5 * mean**0.5 + 600 * part)
    assert trace.notes[0].data["share"] == pytest.approx(part)


@pytest.mark.parametrize("share", [0, -0.1, 1.1, 0.001])
def test_a_sample_that_is_none_is_refused(share: float) -> None:
    profile = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: 50}}\nsession: 5m\nrooms: {count: 10}\n"
    )

    with pytest.raises(InputError, match="sample"):
        sample_rooms(profile, share)


@pytest.mark.parametrize(
    ("text", "events", "words"),
    [
        pytest.param(
            "scenarios: {a: {executor: constant-arrival-rate, rate: 100000}}\n"
            "session: 5m\nrooms: {count: 5000}\n",
            False,
            ["would open about 17,280,000,000 connections", "--sample 0.001"],
            id="too many connections",
        ),
        pytest.param(
            "scenarios: {a: {executor: constant-vus, vus: 300000000}}\nsession: 2d\n",
            False,
            ["--sample"],
            id="too many users",
        ),
        pytest.param(
            "scenarios: {a: {executor: constant-vus, vus: 100000}}\nsession: 1h\n"
            "messages: {in: {process: interval, every: 50ms}}\n",
            True,
            ["would make about 345,604,800,000 events", "Leave events out", "--sample 0.003"],
            id="too many events",
        ),
    ],
)
def test_more_than_can_be_simulated_is_refused_with_what_to_do(
    text: str, events: bool, words: list[str]
) -> None:
    profile = profile_of(text)

    with pytest.raises(InputError) as refused:
        next(iter(simulate(profile, events=events)))

    assert [word for word in words if word not in str(refused.value)] == []


def test_a_profile_without_a_period_asks_for_one() -> None:
    profile = profile_of("calendar: {}\nscenarios: {a: {executor: constant-vus, vus: 50}}\nsession: 5m\n")

    with pytest.raises(InputError, match="says no period"):
        next(iter(simulate(profile)))
    assert len(simulate_trace(profile, Period(date(2026, 1, 1), date(2026, 1, 2))).connections) > 10_000


def test_a_trace_says_where_it_comes_from() -> None:
    trace = simulate_trace(profile_of(EVERYTHING))

    assert trace.source == "profile test"
    assert set(trace.grades.values()) == {"assumed"}
    assert trace.notes[0].message == "Simulated from the profile test, seed 5."
    assert [note.code for note in trace.notes] == ["simulated", "pushes-wake-objects"]
