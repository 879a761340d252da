"""Dotted paths and ranges: what --vary can name, and how it refuses what it cannot."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces import connection, trace
from wscost.deployment import PRESETS, Deployment
from wscost.errors import ConfigError, UnknownNameError, WscostError
from wscost.exploring.case import Case
from wscost.exploring.paths import fields, value_at, with_value
from wscost.exploring.ranges import asked, settings, span_of
from wscost.inputs import Workload
from wscost.profile import Profile, preset
from wscost.usagefile import UsageFile

TOTALS = UsageFile("totals", {"connections_opened": D(100), "messages_in": D(1_000)})


def case(workload: Workload = TOTALS, deployment: Deployment | None = None) -> Case:
    return Case.of(workload, deployment or PRESETS["durable-object"], {})


def profile(**more: Any) -> Profile:
    said = {
        "profile": "test",
        "scenarios": {"all-day": {"executor": "constant-vus", "vus": 10}},
        "session": {"median": "5m", "p90": "30m"},
        "rooms": {"count": 5},
        "messages": {"in": {"every": {"low": "10s", "mode": "20s", "high": "1m"}, "bytes": 100}},
        "client": "socket.io",
    }
    return Profile.model_validate({**said, **more})


@pytest.mark.parametrize(
    ("path", "value", "then"),
    [
        ("usage.messages_in", D(5), D(5)),
        ("usage.object_active_seconds", D("0.5"), D("0.5")),
        ("deployment.handler_ms.message", D(7), D(7)),
        ("deployment.hibernation", True, True),
        ("deployment.pins.timer", "always", "always"),
        ("monthly.http_requests", 9, D(9)),
    ],
)
def test_a_field_takes_a_value_and_gives_it_back(path: str, value: object, then: object) -> None:
    assert then == value_at(with_value(case(), path, value), path)


@pytest.mark.parametrize(
    ("path", "value", "then"),
    [
        ("session.median", "10m", 600.0),
        ("rooms.count", 7, 7.0),
        ("scenarios.all-day.vus", D(20), 20.0),
        ("messages.in.0.every", "30s", 30.0),
        ("messages.in.every", "30s", 30.0),
        ("messages.in.bytes", "1 KB", 1000.0),
        ("client.heartbeats.0.auto_response", True, True),
        ("client.heartbeats.every", "1m", 60.0),
        ("client", "plain", None),
        ("seed", 3, 3),
    ],
)
def test_a_profile_reads_a_value_as_its_file_would(path: str, value: object, then: object) -> None:
    moved = value_at(with_value(case(profile()), path, value), path)

    assert (moved.name == "plain") if then is None else (then == moved)


@pytest.mark.parametrize(
    "workload", [TOTALS, profile(), trace([connection(0, 9)])], ids=["totals", "profile", "trace"]
)
def test_traffic_of_any_kind_can_be_scaled(workload: Workload) -> None:
    before = case(workload)
    grown = with_value(before, "traffic.scale", D(3))

    one, other = (c.bill("cloudflare/workers-standard") for c in (before, grown))
    assert value_at(before, "traffic.scale") == 1
    assert value_at(grown, "traffic.scale") == 3
    assert (other.projected or {})["connections_opened"] == 3 * (one.projected or one.usage)[
        "connections_opened"
    ]


def test_rooms_by_count_take_the_place_of_rooms_by_size_and_back() -> None:
    sized = case(profile(rooms={"size": 4, "max_size": 9}))

    counted = with_value(sized, "rooms.count", 50)
    back = with_value(counted, "rooms.size", 6)

    assert (value_at(counted, "rooms.count"), value_at(counted, "rooms.size")) == (50, None)
    assert (value_at(back, "rooms.count"), value_at(back, "rooms.size")) == (None, 6)
    assert value_at(back, "rooms.max_size") == 9


def test_rooms_that_fill_up_keep_their_size() -> None:
    with pytest.raises(ConfigError, match="takes a size and no count"):
        with_value(case(profile(rooms={"size": 4, "choice": "fill"})), "rooms.count", 50)


def test_setting_a_field_leaves_the_others_as_they_were() -> None:
    before = fields(case(profile()))
    after = fields(with_value(case(profile()), "session.median", "10m"))

    assert {"session.median"} == {path for path in before if before[path] != after[path]}


@pytest.mark.parametrize("name", ["chat", "multiplayer-game", "iot-telemetry"])
def test_every_field_of_a_shipped_profile_can_be_set_to_what_it_is(name: str) -> None:
    whole = case(preset(name))

    for path, value in fields(whole).items():
        if value is not None:
            assert value == value_at(with_value(whole, path, value), path), path


def test_a_preset_whose_field_has_moved_goes_by_what_it_is() -> None:
    assert with_value(case(), "deployment.hibernation", True).deployment.label == "durable-object-hibernation"


def test_a_deployment_with_a_name_of_its_own_keeps_it() -> None:
    own = case(deployment=Deployment(name="chat", endpoint="durable-object"))

    assert with_value(own, "deployment.hibernation", True).deployment.label == "chat"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("usage.mesages_in", "Did you mean usage.messages_in"),
        ("deployment.handler_ms.mesage", "Did you mean deployment.handler_ms.message"),
        ("handler_ms.message", "Did you mean deployment.handler_ms.message"),
        ("monthly.http_request", "Did you mean monthly.http_requests"),
        ("zzz", "Known: deployment.*, monthly.*, traffic.*, usage.*"),
        ("deployment.name.more", "There is no field"),
        ("", "There is no field"),
    ],
)
def test_an_unknown_path_is_told_the_nearest(path: str, words: str) -> None:
    with pytest.raises(UnknownNameError) as refusal:
        value_at(case(), path)

    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("sesion.median", "Did you mean session.median"),
        ("session.medain", "Did you mean session.median"),
        ("scenarios.nightly.vus", "There is no field"),
        ("messages.in.1.every", "There is no field"),
    ],
)
def test_an_unknown_path_into_a_profile_is_told_the_nearest(path: str, words: str) -> None:
    with pytest.raises(UnknownNameError) as refusal:
        with_value(case(profile()), path, "5m")

    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("deployment.hibernation", "maybe", "deployment.hibernation must be true or false"),
        ("deployment.pins.timer", 2, "must be at most 1"),
        ("deployment.endpoint", "origin", None),
        ("usage.messages_in", D("1.5"), "a whole number of messages"),
        ("usage.messages_in", -1, "a number from 0 on"),
        ("usage.messages_in", "many", "a number from 0 on"),
        ("monthly.http_requests", D("0.5"), "a whole number of requests"),
        ("trace.scale", 2, "no input is a trace"),
    ],
)
def test_a_value_that_a_field_cannot_have_is_refused_in_plain_words(
    path: str, value: object, words: str | None
) -> None:
    if words is None:
        assert with_value(case(), path, value).deployment.endpoint == value
        return
    with pytest.raises(ConfigError) as refusal:
        with_value(case(), path, value)

    assert path in str(refusal.value)
    assert words in str(refusal.value)


def test_what_breaks_a_rule_between_fields_is_refused() -> None:
    with pytest.raises(ConfigError, match="p90 must be more than the median"):
        with_value(case(profile()), "session.median", "1h")


def test_a_trace_has_no_totals_of_its_own_to_vary() -> None:
    with pytest.raises(ConfigError, match=r"no input is a usage file\. .*trace\.scale"):
        value_at(case(trace([connection(0, 10)])), "usage.messages_in")


def test_whose_field_it_is_must_be_clear() -> None:
    two = Case.of([TOTALS, UsageFile("others", {"messages_in": D(1)})], PRESETS["durable-object"], {})

    with pytest.raises(ConfigError, match="2 inputs are usage files"):
        value_at(two, "usage.messages_in")


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("5,10,20", ["5", "10", "20"]),
        ("1e6", ["1000000"]),
        ("50..500x4", ["50", "200", "350", "500"]),
        ("0..10x3", ["0", "5", "10"]),
        ("0..1x5", ["0", "1"]),
        ("50..5000x4log", ["50", "232", "1080", "5000"]),
        ("1e6..1e9x4log", ["1000000", "10000000", "100000000", "1000000000"]),
    ],
)
def test_values_are_listed_or_spaced(said: str, values: list[str]) -> None:
    found = settings(case(), "usage.messages_in", said)

    assert [D(value) for value in values] == [D(setting.value) for setting in found]


def test_a_field_that_takes_fractions_is_spaced_evenly_between_whole_ends() -> None:
    found = settings(case(), "deployment.handler_ms.message", "1..50x5")

    assert [D(1), D("13.25"), D("25.5"), D("37.75"), D(50)] == [setting.value for setting in found]


def test_durations_are_spaced_in_the_words_of_a_profile() -> None:
    found = settings(case(profile()), "session.median", "5m..20mx4")

    assert [setting.value for setting in found] == [300.0, 600.0, 900.0, 1200.0]
    assert [setting.text for setting in found] == ["5m", "10m", "15m", "20m"]


def test_values_may_come_from_python() -> None:
    found = settings(case(), "deployment.handler_ms.message", np.array([1.5, 2.0]))

    assert [setting.value for setting in found] == [1.5, 2.0]
    assert type(found[0].value) is float


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(2, 50), st.booleans())
def test_a_range_holds_both_ends_and_rises(low: int, length: int, count: int, logarithmic: bool) -> None:
    low += logarithmic
    said = f"{low}..{low + length}x{count}{'log' if logarithmic else ''}"

    values = [D(setting.value) for setting in settings(case(), "usage.messages_in", said)]

    assert (low, low + length) == (values[0], values[-1])
    assert sorted(set(values)) == values
    assert len(values) <= count
    assert all(value == value.to_integral_value() for value in values)


@pytest.mark.parametrize(
    ("path", "said", "words"),
    [
        ("usage.messages_in", "5..5x2", "the range is empty"),
        ("usage.messages_in", "9..5x2", "the range is empty"),
        ("usage.messages_in", "1..5", "say how many values"),
        ("usage.messages_in", "1..5x1", "from 2 to 100,000 values"),
        ("usage.messages_in", "0..5x3log", "must begin above 0"),
        ("usage.messages_in", "a..bx3", "must be a number from 0 on, not a"),
        ("usage.messages_in", "1,,2", "a value is missing"),
        ("usage.messages_in", "[1]", "is no word, true, false or number of at most 28 digits"),
        ("usage.messages_in", "1e30", "is no word, true, false or number of at most 28 digits"),
        ("deployment.endpoint", "a..bx3", "deployment.endpoint is no number"),
        ("deployment.hibernation", "true..falsex2", "deployment.hibernation is no number but false"),
        ("deployment.handler_ms", "1..5x2", "cannot range from a number to another"),
        ("deployment.pins.timer", "0..alwaysx2", "always is none"),
    ],
)
def test_values_that_make_no_sense_are_refused(path: str, said: str, words: str) -> None:
    with pytest.raises(WscostError) as refusal:
        settings(case(), path, said)

    assert path in str(refusal.value)
    assert words in str(refusal.value)


@pytest.mark.parametrize("said", ["usage.messages_in", "usage.messages_in=", "=5", "rooms.count 5"])
def test_what_is_no_path_and_values_is_shown_how_to_write_it(said: str) -> None:
    with pytest.raises(ConfigError, match="write PATH=VALUES"):
        asked(said)


def test_a_field_named_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="named twice"):
        asked(["usage.messages_in=1", "usage.messages_in=2"])


def test_nothing_to_vary_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to vary"):
        asked([])


def test_a_range_for_breaking_even_needs_two_ends() -> None:
    with pytest.raises(ConfigError, match=r"write a range as A\.\.B"):
        span_of(case(), "usage.messages_in", "5,6")
    with pytest.raises(ConfigError, match="a range has two ends, not 3"):
        span_of(case(), "usage.messages_in", (1, 2, 3))
