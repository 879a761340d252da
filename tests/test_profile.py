"""Profiles are read strictly, told with their line where they are wrong, and shipped with their sources."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from scipy import stats

from tests.profiles import profile_of
from wscost import yamlfile
from wscost.errors import ConfigError, UnknownNameError
from wscost.profile import (
    Profile,
    Range,
    looks_like,
    preset,
    preset_names,
    preset_text,
    read_profile,
    schema_text,
)
from wscost.profile.clients import CLIENTS
from wscost.profile.quantities import ranges
from wscost.simulating import simulate_trace

HERE = Path(__file__).parent
BROKEN = HERE / "broken_profiles"
PAGE = HERE.parent / "docs" / "profiles.md"

MISTAKES: dict[str, tuple[int, str]] = {
    "broadcast-without-rooms": (6, "broadcast needs rooms: say how many there are, or how large"),
    "burst-of-nobody": (4, "scenarios.people.connections must be more than 0, not 0"),
    "bursts-of-no-length": (8, "messages.in.on: times of talk must last longer than nothing"),
    "bursts-without-silence": (8, "messages.in.off: times of silence must last longer than nothing"),
    "deploys-at-night-first": (2, "the hours of deployments must end after they begin"),
    "empty-scenarios": (3, "scenarios must have 1 or more entries"),
    "event-with-an-offset": (2, "calendar.events[1]: an event's moments are in the calendar's time zone"),
    "event-without-a-time": (2, "calendar.events[1]: an event takes at (moments) or days (weekdays)"),
    "heartbeat-every-zero": (2, "client.heartbeats[1].every must be more than 0, not '0s'"),
    "heartbeat-of-no-size": (10, "client.heartbeats[1]: a heartbeat sends nothing without bytes_in"),
    "hours-that-sum-to-zero": (2, "calendar.hours: the weights of the hours must not all be 0"),
    "matches-without-a-size": (6, "choice: fill takes a size and no count"),
    "longest-wait-first": (10, "the longest wait is shorter than the shortest"),
    "message-every-zero-seconds": (8, "messages.in.every must be more than 0, not '0s'"),
    "mixture-of-no-weight": (5, "session: the weights of a mixture must not all be 0"),
    "month-before-all": (2, "calendar.period must be a month from 2000-01 to 2199-12, not 1500-01"),
    "month-of-one-digit": (
        2,
        "calendar.period must be a month as YYYY-MM, for example 2026-11, not '2026-4'",
    ),
    "month-past-all": (2, "calendar.period must be a month from 2000-01 to 2199-12, not 9999-12"),
    "month-that-is-none": (2, "calendar.period must be a month as YYYY-MM, for example 2026-11"),
    "negative-rate": (4, "scenarios.people.rate must be more than 0, not -3"),
    "negative-requests": (2, "http.per_day must be at least 0, not -5"),
    "negative-seed": (2, "seed must be at least 0, not -1"),
    "negative-size": (8, "messages.in.bytes must be a size such as 120, 2 KB or 1 MiB, not -100"),
    "negative-time": (5, "session.mean must not be negative, not '-10m'"),
    "negative-weight": (2, "calendar.weekdays.mon must be at least 0, not -1"),
    "no-executor": (4, "scenarios.people: 'executor' is missing; it is one of constant-vus"),
    "no-name": (1, "profile must have 1 or more characters"),
    "key-of-another-law": (5, "session: unknown key 'value'. It goes with another kind than the one"),
    "no-rooms-at-all": (6, "rooms take either a count or a size"),
    "no-scenarios": (1, "'scenarios' is missing"),
    "no-stages": (4, "scenarios.people.stages must have 1 or more entries"),
    "nobody-comes-back": (2, "drops.fails must be at most 0.99, not 1"),
    "one-state-only": (8, "messages.in.states must have 2 or more entries"),
    "p90-below-the-median": (5, "session: p90 must be more than the median"),
    "pareto-without-a-max": (5, "session: a Pareto law needs a max"),
    "period-before-all": (2, "calendar.period: the period must lie within the years 2000 to 2199"),
    "period-past-all": (2, "calendar.period: the period must lie within the years 2000 to 2199"),
    "period-that-ends-first": (2, "the period ends (2026-11-01) before it has begun (2026-11-30)"),
    "period-that-ends-past-all": (2, "calendar.period: the period must lie within the years 2000 to 2199"),
    "period-without-an-end": (2, "a period takes a start, and either an end or a number of days"),
    "process-that-is-no-word": (8, "There is no process named "),
    "range-past-the-p90": (5, "session: p90 must be more than the median"),
    "range-upside-down": (5, "session.median: a range needs low <= mode <= high"),
    "reply-to-nothing": (7, "messages: reply needs messages in"),
    "room-weights-of-nothing": (6, "rooms.weights: the weights of rooms must not all be 0"),
    "rooms-by-count-and-size": (6, "rooms take either a count or a size"),
    "rooms-larger-than-the-population": (6, "rooms of 500 are larger than the 100 people"),
    "run-longer-than-a-day": (4, "one run lasts longer than a day: say repeat: weekly or never"),
    "samples-below-zero": (5, "below-zero.txt must hold one number a line, each of them zero or more"),
    "samples-missing": (5, "nowhere.txt cannot be read: there is no such file"),
    "samples-with-words": (5, "words.txt must hold one number a line: could not convert string 'twelve'"),
    "seed-in-quotes": (2, "seed must be a whole number, not '7'. Take the quotes away."),
    "session-of-no-length": (5, "sessions of no length open no sockets"),
    "shape-zero": (5, "session.shape must be more than 0, not 0"),
    "share-above-one": (2, "deploys.share must be at most 1, not 1.2"),
    "tail-without-a-max": (5, "session: the tail is so heavy"),
    "time-that-is-none": (5, "session.median must be a duration such as 8m, 90s or 1h30m, not ten minutes"),
    "time-without-a-unit": (5, "session.median must be a duration such as 8m, 90s or 1h30m, not 600"),
    "true-for-a-number": (4, "scenarios.people.vus must be a number, not true"),
    "true-for-a-seed": (2, "seed must be a whole number, not true"),
    "twenty-three-hours": (2, "a day has 24 hours, and each needs its weight; here are 23"),
    "two-ways-at-once": (5, "takes median and p90, mean and shape, or shape and scale, not mean and median"),
    "unknown-client": (2, "There is no client named 'sockets.io'. Did you mean socket.io"),
    "unknown-distribution": (5, "There is no distribution named 'webull'. Did you mean weibull?"),
    "unknown-executor": (4, "There is no executor named 'constant-users'. Did you mean constant-vus"),
    "unknown-key": (5, "unknown key 'sesion'. Did you mean 'session'?"),
    "unknown-process": (8, "There is no process named 'posson'. Did you mean poisson?"),
    "unknown-time-zone": (2, "there is no time zone named 'Europe/Berln'. Did you mean Europe/Berlin?"),
    "weekdays-that-sum-to-zero": (2, "the weights of the weekdays must not all be 0"),
    "zero-rate": (4, "scenarios.people.rate must be more than 0, not 0"),
    "zero-rooms": (6, "rooms.count must be more than 0, not 0"),
    "zero-users": (4, "scenarios.people.vus must be more than 0, not 0"),
}
SAMPLES = {"words.txt", "below-zero.txt"}
PEOPLE = "scenarios: {people: {executor: constant-vus, vus: 100}}\n"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_broken_profile_is_told_with_its_line(mistake: str) -> None:
    line, words = MISTAKES[mistake]

    with pytest.raises(ConfigError) as told:
        read_profile(BROKEN / f"{mistake}.yaml")

    assert str(told.value).startswith(f"{BROKEN / mistake}.yaml:{line}: ")
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_every_broken_profile_has_its_words() -> None:
    assert {path.stem for path in BROKEN.glob("*") if path.name not in SAMPLES} == set(MISTAKES)


# What a profile says.


def test_a_profile_says_what_the_user_wrote() -> None:
    profile = profile_of(
        "about: eight thousand people at the evening peak, half an hour each\n"
        "scenarios: {evening: {executor: constant-vus, vus: 8000}}\n"
        "session: {mean: 30m}\nrooms: {size: 30}\n"
        "messages: {in: {every: 10s}, out: broadcast}\nclient: socket.io\n"
    )

    assert profile.name == "test"
    assert profile.session_law.mean == pytest.approx(1800)
    assert profile.population == pytest.approx(8000)
    assert len(profile.shares) == 267
    assert [process.process for process in profile.messages.outgoing] == ["broadcast"]
    assert profile.client is CLIENTS["socket.io"] or profile.client == CLIENTS["socket.io"]
    assert not ranges(profile)


def test_a_month_is_a_period() -> None:
    profile = profile_of(f"calendar: {{period: 2028-02}}\n{PEOPLE}session: 5m\n")

    assert profile.calendar.period is not None
    assert str(profile.calendar.period.period) == "2028-02"
    assert profile.calendar.period.period.days == 29


@pytest.mark.parametrize(
    ("scenario", "figures_at", "people"),
    [
        ("{executor: constant-vus, vus: 600}", "peak", 600),
        ("{executor: constant-vus, vus: 600, pause: 10m}", "peak", 200),
        ("{executor: constant-vus, vus: 600}", "mean", 600 * 3 * 2),
        ("{executor: ramping-vus, stages: [{duration: 1h, target: 50}]}", "peak", 50),
        ("{executor: constant-arrival-rate, rate: 12, timeUnit: 1m}", "peak", 60),
        ("{executor: ramping-arrival-rate, timeUnit: 1m, stages: [{duration: 1h, target: 6}]}", "peak", 30),
        ("{executor: burst, connections: 77}", "peak", 77),
    ],
)
def test_the_people_at_the_peak_follow_from_the_scenario(
    scenario: str, figures_at: str, people: float
) -> None:
    hours = [0, 0, 1] * 8
    profile = profile_of(
        f"calendar: {{hours: {hours}, weekdays: {{mon: 2, tue: 0, wed: 2, thu: 1, fri: 0, sat: 1, sun: 1}},"
        f" figures_at: {figures_at}}}\nscenarios: {{a: {scenario}}}\nsession: 5m\n"
    )

    assert profile.population == pytest.approx(people)


def test_weights_are_proportions_and_their_scale_does_not_matter() -> None:
    small, large = (
        profile_of(f"calendar: {{hours: {[k * n for n in range(24)]}}}\n{PEOPLE}session: 5m\n")
        for k in (1, 40)
    )

    assert small.calendar.hour_factors == pytest.approx(large.calendar.hour_factors)
    assert max(small.calendar.hour_factors) == 1


@pytest.mark.parametrize(
    ("rooms", "shares"),
    [
        ("{count: 4}", [0.25] * 4),
        ("{size: 50}", [0.5] * 2),
        ("{count: 3, zipf: 1}", [6 / 11, 3 / 11, 2 / 11]),
        ("{count: 2, zipf: 1, max_size: 40}", [1 / 3, 1 / 3, 1 / 3]),
        ("{count: 2, weights: {distribution: empirical, values: [1, 3]}}", [0.75, 0.25]),
        ("{choice: fill, size: 10, lobbies: 2}", [0.5, 0.5]),
    ],
)
def test_rooms_share_the_traffic(rooms: str, shares: list[float]) -> None:
    profile = profile_of(f"{PEOPLE}session: 5m\nrooms: {rooms}\n")

    assert profile.shares == pytest.approx(shares)


def test_more_rooms_than_can_be_told_apart_are_refused_before_memory_fills() -> None:
    people = "scenarios: {people: {executor: constant-vus, vus: 99999999999999999999}}\n"
    profile = profile_of(f"{people}session: 5m\nrooms: {{size: 20}}\n")

    with pytest.raises(ConfigError, match="rooms, more than the 20,000,000 that are told apart"):
        _ = profile.shares


def test_rooms_that_are_split_into_more_than_can_be_told_apart_are_refused() -> None:
    profile = profile_of(f"{PEOPLE}session: 5m\nrooms: {{count: 10, max_size: 0.0000001}}\n")

    with pytest.raises(ConfigError, match="has 1,000,000,000 rooms, more than the 20,000,000"):
        _ = profile.shares


@pytest.mark.parametrize(
    "rooms", ["{count: 2000, zipf: 100}", "{count: 8, weights: {distribution: empirical, values: [0, 1]}}"]
)
def test_rooms_into_which_nobody_ever_comes_are_left_out(rooms: str) -> None:
    profile = profile_of(f"{PEOPLE}session: 5m\nrooms: {rooms}\n", days=1)

    assert profile.shares.min() > 0
    assert profile.shares.sum() == pytest.approx(1)
    assert len(simulate_trace(profile).connections) > 0


def test_rooms_whose_weights_all_come_out_nothing_are_refused() -> None:
    profile = profile_of(
        f"{PEOPLE}session: 5m\nrooms: {{count: 1, weights: {{distribution: empirical, values: [0, 0, 1]}}}}\n"
    )

    with pytest.raises(ConfigError, match="Of 1 rooms every weight comes out 0"):
        _ = profile.shares


def test_a_preset_of_a_client_may_be_changed() -> None:
    profile = profile_of(
        f"{PEOPLE}session: 5m\nclient: {{preset: signalr, gives_up: false, reconnect: [1s, [2s, 4s]]}}\n"
    )

    assert profile.client.heartbeats == CLIENTS["signalr"].heartbeats
    assert profile.client.reconnect == ((1, 1), (2, 4))
    assert not profile.client.gives_up


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_says_which_package_was_read(name: str) -> None:
    assert name == "plain" or "https://" in CLIENTS[name].about
    assert CLIENTS[name].reconnect


def test_other_requests_come_by_the_day_and_with_connections() -> None:
    profile = profile_of(f"{PEOPLE}session: 5m\nhttp: {{per_day: 1000, per_connection: 1.5}}\n")

    assert profile.http.requests(connections=400, days=30) == 30_600


def test_only_what_has_profile_at_its_top_is_one() -> None:
    assert looks_like(yamlfile.loads("profile: chat"))
    assert not looks_like(yamlfile.loads("usage: {connections_opened: 3}"))
    assert not looks_like(yamlfile.loads("- profile"))


# Ranges.

RANGED = (
    "scenarios: {people: {executor: constant-vus, vus: {low: 50, mode: 100, high: 400}}}\n"
    "session: {median: {low: 8m, mode: 12m, high: 25m}, p90: {low: 40m, mode: 1h, high: 3h}}\n"
    "rooms: {size: {low: 5, mode: 10, high: 20}}\n"
    "messages: {in: {every: {low: 5s, mode: 10s, high: 60s}}}\n"
)


def test_the_midpoint_is_every_mode() -> None:
    profile = profile_of(RANGED)
    middle = profile.midpoint()

    assert ranges(profile)
    assert not ranges(middle)
    assert middle.session_law.quantile(0.5) == pytest.approx(720)
    assert (middle.population, len(middle.shares)) == (pytest.approx(100), 10)
    assert profile.session_law.mean == middle.session_law.mean
    assert middle.midpoint() == middle


def test_a_draw_is_one_of_the_profiles_that_may_be_true() -> None:
    profile = profile_of(RANGED)
    drawn = profile.draws(np.random.default_rng(1), 2000)

    assert not any(ranges(one) for one in drawn)
    users = np.array([one.population for one in drawn])
    assert 50 <= users.min() < 70
    assert 320 < users.max() <= 400
    assert users.mean() == pytest.approx((50 + 4 * 100 + 400) / 6, rel=0.003)
    medians = np.array([one.session_law.quantile(0.5) for one in drawn[:100]])
    assert medians.min() >= 480
    assert medians.max() <= 1500
    assert abs(np.corrcoef(users[:100], medians)[0, 1]) < 0.3


def test_the_same_generator_draws_the_same() -> None:
    profile = profile_of(RANGED)

    assert profile.draws(np.random.default_rng(3), 5) == profile.draws(np.random.default_rng(3), 5)
    assert profile.draws(np.random.default_rng(3), 5) != profile.draws(np.random.default_rng(4), 5)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_two_hundred_draws_come_to_nearly_the_same_whatever_the_seed(seed: int) -> None:
    drawn = profile_of(RANGED).draws(np.random.default_rng(seed), 200)
    users = np.array([one.population for one in drawn])

    mode = (100 - 50) / (400 - 50)
    pert = 50 + (400 - 50) * stats.beta.ppf([0.1, 0.5, 0.9], 1 + 4 * mode, 5 - 4 * mode)

    assert pert == pytest.approx(np.quantile(users, [0.1, 0.5, 0.9]), rel=0.02)


@settings(max_examples=50, deadline=None)
@given(figures=st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6)).map(sorted))
def test_a_range_stays_within_its_ends_and_leans_to_its_mode(figures: list[float]) -> None:
    low, mode, high = figures
    range_ = Range[float](low=low, mode=mode, high=high)
    drawn = [range_.at((n + 0.5) / 200) for n in range(200)]

    assert all(low <= x <= high for x in drawn)
    assert sorted(drawn) == drawn
    assert np.mean(drawn) == pytest.approx((low + 4 * mode + high) / 6, abs=(high - low) / 1000 + 1e-9)


# Presets, schema, docs.


@pytest.mark.parametrize("name", preset_names())
def test_a_shipped_profile_is_named_commented_and_says_where_its_figures_come_from(name: str) -> None:
    profile, text = preset(name), preset_text(name)

    assert profile.name == name
    assert "#" in text
    assert "https://" in profile.about or "assumed" in profile.about
    assert profile.calendar.period is not None


def test_the_profiles_that_people_ask_for_are_shipped() -> None:
    assert preset_names() == [
        "ai-streaming",
        "chat",
        "collaborative-editor",
        "dashboard-ticker",
        "iot-telemetry",
        "live-scores",
        "multiplayer-game",
    ]


def test_a_profile_that_is_not_shipped_is_told_with_close_names() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean chat"):
        preset("chats")


def _schema() -> jsonschema.Draft202012Validator:
    schema = json.loads(files("wscost").joinpath("schemas/profile-1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _as_json(document: yamlfile.Document) -> Any:
    return json.loads(
        json.dumps(document.data, default=lambda x: float(x) if isinstance(x, Decimal) else str(x))
    )


def test_the_shipped_schema_is_that_of_the_models() -> None:
    shipped = files("wscost").joinpath("schemas/profile-1.json").read_text("utf-8")

    assert shipped == schema_text(), "write wscost.profile.schema_text() to wscost/schemas/profile-1.json"


def test_every_shipped_profile_keeps_the_schema() -> None:
    schema = _schema()
    wrong = {
        name: [
            f"{e.json_path}: {e.message[:100]}"
            for e in schema.iter_errors(_as_json(yamlfile.loads(preset_text(name))))
        ]
        for name in preset_names()
    }

    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    "mistake",
    [
        "no-executor",
        "no-scenarios",
        "negative-rate",
        "shape-zero",
        "time-without-a-unit",
        "twenty-three-hours",
        "unknown-client",
        "unknown-distribution",
        "unknown-key",
        "unknown-process",
        "zero-users",
    ],
)
def test_an_editor_sees_a_mistake_of_form(mistake: str) -> None:
    assert not _schema().is_valid(_as_json(yamlfile.load(BROKEN / f"{mistake}.yaml")))


def _profiles_of_the_page() -> list[object]:
    tokens = MarkdownIt("commonmark").parse(PAGE.read_text("utf-8"))
    return [
        pytest.param(token.content, id=f"line {token.map[0] + 1}")
        for token in tokens
        if token.type == "fence" and token.info.startswith("yaml") and token.map
    ]


BASE = {
    "profile": "an example",
    "scenarios": {"people": {"executor": "constant-vus", "vus": 5000}},
    "session": "5m",
    "rooms": {"size": 20},
    "messages": {"in": {"every": "10s"}},
}


@pytest.mark.parametrize("text", _profiles_of_the_page())
def test_every_example_of_the_page_is_a_profile_or_a_part_of_one(text: str) -> None:
    document = yamlfile.loads(text)

    profile = Profile.model_validate({**BASE, **document.data})

    assert profile.shares.sum() == pytest.approx(1)
    assert _schema().is_valid({**BASE, **_as_json(document)})


def test_the_page_shows_every_key_executor_process_distribution_and_client() -> None:
    text = PAGE.read_text("utf-8")
    words = [
        *Profile.model_fields,
        "constant-vus", "ramping-vus", "constant-arrival-rate", "ramping-arrival-rate", "burst",
        "interval", "poisson", "mmpp", "bursts", "reply", "broadcast", "push",
        "constant", "exponential", "weibull", "lognormal", "gamma", "pareto", "parts", "empirical",
        *CLIENTS,
        *preset_names(),
    ]  # fmt: skip

    assert [word for word in words if word not in text] == []
