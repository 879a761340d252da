"""A profile fitted to a trace is the one that made it, as far as the trace can tell; and it says how far."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wscost
from tests.profiles import lives, profile_of, through
from tests.traces import connection, event, trace
from wscost import yamlfile
from wscost.errors import InputError, UnknownNameError
from wscost.fitting import Fit, fit, goodness
from wscost.fitting.bursts import Dispersion, interrupted
from wscost.fitting.rooms import zipf_exponent
from wscost.fitting.sizes import sizes_of
from wscost.fitting.written import quoted
from wscost.notes import Note
from wscost.profile import read_profile
from wscost.profile.messages import Broadcast, Bursts, Interval, Poisson, Reply
from wscost.profile.quantities import likely
from wscost.shipped import shipped
from wscost.simulating import simulate_trace
from wscost.trace import Trace
from wscost.usage import Window

HOUR = 3600
ARRIVALS = "scenarios: {a: {executor: constant-arrival-rate, rate: 20, timeUnit: 1m}}\n"
FORENOON = (
    "scenarios: {a: {executor: constant-arrival-rate, rate: 20, timeUnit: 1m, startTime: 8h, duration: 4h}}\n"
)
SESSION = "session: {median: 3m, shape: 0.7}\n"


def codes(found: Fit) -> list[str]:
    return [note.code for note in found.notes]


def ratio(found: Fit, meter: str) -> float:
    return float(found.goodness.set_index("meter").loc[meter, "ratio"])


def made(text: str, *, events: bool = False, days: int = 1, hours: tuple[float, float] = (9, 12)) -> Fit:
    """Simulate a profile, look at it through a window, and fit a profile to what is seen."""
    profile = profile_of(text, days=days)
    return fit(through(simulate_trace(profile, events=events), hours[0] * HOUR, hours[1] * HOUR))


# The recording.


@pytest.fixture(scope="module")
def evening() -> Fit:
    return fit(wscost.read_trace(shipped("sample_traces") / "hib-evening-11.ndjson.gz"))


@pytest.mark.xdist_group("evening")
def test_the_recorded_evening_gives_back_what_it_was_made_with(evening: Fit) -> None:
    """Stays of shape 0.52 and scale 70 s, a third of them cut by drops; sixty rooms by Zipf's law."""
    best = evening.stays.candidates[0].pieces[0]

    assert ("weibull", None) == (best.family, evening.stays.cap)
    assert 0.52 == pytest.approx(best.shape, rel=0.08)
    assert 70 == pytest.approx(best.scale, rel=0.08)
    assert evening.stays.distance is not None
    assert evening.stays.distance < evening.stays.chance
    assert evening.profile.rooms is not None
    assert 59 == likely(evening.profile.rooms.count)
    assert 1.0 == pytest.approx(likely(evening.profile.rooms.zipf), abs=0.05)


@pytest.mark.xdist_group("evening")
def test_the_evenings_heartbeats_are_told_from_its_talk(evening: Fit) -> None:
    (beat,) = evening.profile.client.heartbeats
    (talk,) = evening.profile.messages.incoming

    assert beat.auto_response
    assert "9s or 25s apart" in evening.text
    assert isinstance(talk, Bursts)


@pytest.mark.xdist_group("evening")
def test_the_evening_is_fitted_well_but_for_its_swell(evening: Fit) -> None:
    assert ratio(evening, "connections_opened") == pytest.approx(1, abs=0.01)
    for meter in ("connection_seconds", "messages_in"):
        assert ratio(evening, meter) == pytest.approx(1, abs=0.1)
    assert ratio(evening, "object_wakeups") == pytest.approx(1, abs=0.15)
    assert {"bursty-arrivals", "began-empty", "cut-together"} <= set(codes(evening))


@pytest.mark.xdist_group("evening")
def test_what_was_not_recorded_stays_out(evening: Fit) -> None:
    assert () == evening.profile.messages.outgoing
    assert "# out: broadcast   # a guess" in evening.text
    assert "messages_out" not in set(evening.goodness["meter"])


@pytest.mark.xdist_group("evening")
def test_the_text_is_the_profile(evening: Fit) -> None:
    assert evening.profile == read_profile(yamlfile.loads(evening.text, "evening.yaml"))


def test_a_fitted_profile_can_be_priced() -> None:
    found = fit(wscost.read_trace(shipped("sample_traces") / "chat.csv"))

    assert wscost.estimate(found.profile, deployment="durable-object", replicates=2).total > 5


def test_the_same_trace_gives_the_same_bytes() -> None:
    one, other = (fit(wscost.read_trace(shipped("sample_traces") / "hib200.ndjson")) for _ in range(2))

    assert one.text == other.text
    pd.testing.assert_frame_equal(one.goodness, other.goodness)


# Round trips.


def test_hours_and_weekdays_come_back() -> None:
    hours = [1, 1, 1, 1, 2, 3, 4, 6, 8, 9, 10, 10, 9, 9, 9, 10, 12, 14, 16, 18, 14, 8, 4, 2]
    profile = profile_of(
        "calendar: {period: {start: 2026-11-02, days: 14}, time_zone: Europe/Berlin, "
        f"hours: {hours}, weekdays: {{sat: 2, sun: 0.5}}}}\n"
        "scenarios: {a: {executor: constant-arrival-rate, rate: 1200, timeUnit: 1h}}\nsession: {mean: 20s}\n"
    )
    found = fit(simulate_trace(profile), time_zone="Europe/Berlin")

    calendar = found.profile.calendar
    mean = np.array(hours) / np.mean(hours)
    assert mean == pytest.approx(np.array(calendar.hours) / 10, rel=0.1, abs=0.03)
    weekdays = np.array([1, 1, 1, 1, 1, 2, 0.5]) * 7 / 7.5
    assert weekdays == pytest.approx(calendar.weekdays.weights, rel=0.05)
    assert "Europe/Berlin" == calendar.time_zone
    assert 1.0 == pytest.approx(ratio(found, "connections_opened"), abs=0.005)
    assert [] == codes(found)


def test_a_weekday_that_the_window_has_one_and_a_half_times_does_not_bend_the_hours() -> None:
    profile = profile_of(
        "calendar: {period: {start: 2026-11-02, days: 8}, weekdays: {mon: 4}}\n"
        "scenarios: {a: {executor: constant-arrival-rate, rate: 1200, timeUnit: 1h}}\nsession: {mean: 20s}\n"
    )
    found = fit(through(simulate_trace(profile), 0, 7.5 * 24 * HOUR))

    hours = found.arrivals.shape.hours
    assert 1.0 == pytest.approx(hours[:12].mean() / hours[12:].mean(), abs=0.03)
    assert [2.8, *[0.7] * 6] == pytest.approx(found.profile.calendar.weekdays.weights, rel=0.05)


def test_hours_that_differ_by_chance_alone_get_no_weights() -> None:
    found = made(ARRIVALS + "session: {mean: 20s}\n", days=2, hours=(0, 36))

    assert found.profile.calendar.hours is None
    assert "no hour differs from the others by more than chance" in found.text


def test_a_window_of_less_than_a_day_tells_no_hours() -> None:
    found = made(ARRIVALS + SESSION)

    assert "# hours: not known, for the window is 3 hours long" in found.text
    assert found.profile.calendar.hours is None


@pytest.mark.parametrize("exponent", [0.6, 1.2])
def test_zipfs_exponent_comes_back(exponent: float) -> None:
    found = made(ARRIVALS + f"session: {{mean: 20s}}\nrooms: {{count: 40, zipf: {exponent}}}\n")

    assert exponent == pytest.approx(found.rooms.exponent, abs=0.06)


def test_rooms_that_are_alike_get_no_exponent() -> None:
    found = made(ARRIVALS + "session: {mean: 20s}\nrooms: {count: 40}\n")

    assert found.rooms.exponent is None
    assert "They do not differ by more than chance." in " ".join(found.text.split("\n# "))


def test_where_no_zipf_law_fits_rooms_keep_their_shares() -> None:
    rng = np.random.default_rng(1)
    opened = np.sort(rng.uniform(0, HOUR, 3000))
    traced = lives(opened, opened + rng.exponential(60, 3000), HOUR)
    rooms = np.where(
        rng.random(len(traced.connections)) < 0.5, 0, rng.integers(1, 60, len(traced.connections))
    )
    named = traced.connections.assign(object_id=pd.array([f"r{i}" for i in rooms], dtype="string"))
    found = fit(replace(traced, connections=named))

    assert found.profile.rooms is not None
    assert found.profile.rooms.weights is not None
    shares = np.sort(found.profile.rooms.shares(1.0))[::-1]
    assert np.sort(np.bincount(rooms) / len(rooms))[::-1] == pytest.approx(shares, rel=0.02)


def test_an_object_for_each_connection_is_no_popularity() -> None:
    found = made(ARRIVALS + SESSION + "rooms: {choice: fill, size: 1}\n")

    assert found.profile.rooms is not None
    assert ("fill", 1) == (found.profile.rooms.choice, found.profile.rooms.size)
    assert 1.0 == pytest.approx(ratio(found, "object_active_seconds"), abs=0.12)


def test_rooms_made_by_matchmaking_are_told_from_lasting_ones() -> None:
    found = made(ARRIVALS + SESSION + "rooms: {choice: fill, size: 8}\n")

    assert found.profile.rooms is not None
    assert ("fill", 8) == (found.profile.rooms.choice, found.profile.rooms.size)
    assert "rooms-unseen" not in codes(found)
    assert 1.0 == pytest.approx(ratio(found, "object_active_seconds"), abs=0.12)


def test_messages_at_random_come_back_from_events_and_from_totals() -> None:
    text = FORENOON + SESSION + "messages: {in: {every: 40s, bytes: {median: 60, p95: 400}}}\n"
    for events in (True, False):
        found = made(text, events=events, hours=(9, 11))
        (process,) = found.profile.messages.incoming

        assert isinstance(process, Poisson)
        assert 40 == pytest.approx(likely(process.every), rel=0.05)
        assert 1.0 == pytest.approx(ratio(found, "messages_in"), abs=0.1)
        assert 1.0 == pytest.approx(ratio(found, "bytes_in"), abs=0.25)


def test_messages_by_the_clock_come_back() -> None:
    found = made(
        FORENOON + SESSION + "messages: {in: {process: interval, every: 15s, bytes: 900}}\n",
        events=True,
        hours=(9, 10),
    )
    (process,) = found.profile.messages.incoming

    assert isinstance(process, Interval)
    assert 15 == pytest.approx(likely(process.every), rel=0.01)


def test_talk_and_silence_come_back() -> None:
    found = made(
        FORENOON.replace("20", "12") + "session: {mean: 10m, shape: 0.8}\n"
        "messages:\n  in:\n    process: bursts\n    every: 2s\n    bytes: 40\n"
        "    on: {distribution: exponential, mean: 15s}\n    off: {distribution: exponential, mean: 60s}\n",
        events=True,
        hours=(9, 10),
    )
    (process,) = found.profile.messages.incoming

    assert isinstance(process, Bursts)
    assert 2 == pytest.approx(likely(process.every), rel=0.1)
    assert 15 == pytest.approx(process.on.law().mean, rel=0.15)
    assert 60 == pytest.approx(process.off.law().mean, rel=0.15)


def test_the_heartbeats_of_a_library_are_not_taken_for_talk() -> None:
    found = made(
        FORENOON
        + SESSION
        + "client: phoenix\nmessages: {in: {every: 45s, bytes: {median: 100, p95: 300}}}\n",
        events=True,
        hours=(9, 11),
    )
    (beat,) = found.profile.client.heartbeats
    (process,) = found.profile.messages.incoming

    assert (30, 36) == pytest.approx((beat.every, beat.bytes_in), rel=0.01)
    assert isinstance(process, Poisson)
    assert 45 == pytest.approx(likely(process.every), rel=0.07)


def test_pings_that_the_platform_answers_keep_their_period_though_many_stays_are_shorter() -> None:
    found = made(
        FORENOON
        + "session: {median: 20s, shape: 0.6}\nrooms: {count: 5}\n"
        + "client: {heartbeats: [{every: 20s, bytes_in: 4, bytes_out: 4, auto_response: true}]}\n",
        events=True,
        hours=(9, 11),
    )
    (beat,) = found.profile.client.heartbeats

    assert (20, 4, True) == pytest.approx((beat.every, beat.bytes_in, beat.auto_response), rel=0.01)
    assert () == found.profile.messages.incoming


def test_what_some_clients_alone_send_by_the_clock_is_no_heartbeat_of_all() -> None:
    rows = [connection(7 * i, 7 * i + 300) for i in range(60)]
    events = [
        event("message", 7 * i + 10 * beat, connection_id=f"c{i}", bytes=4)
        for i in range(0, 60, 2)
        for beat in range(1, 30)
    ]
    found = fit(trace(rows, events, window=(0, 1000)))

    (process,) = found.profile.messages.incoming
    assert isinstance(process, Bursts)
    assert () == found.profile.client.heartbeats
    assert 10 == pytest.approx(likely(process.every), rel=0.05)
    assert 0.5 == pytest.approx(
        process.on.law().mean / (process.on.law().mean + process.off.law().mean), abs=0.02
    )
    assert 1.0 == pytest.approx(ratio(found, "messages_in"), abs=0.2)


@pytest.mark.parametrize("events", [False, True])
def test_what_the_room_passes_on_comes_back(events: bool) -> None:
    found = made(
        FORENOON.replace("20", "10")
        + SESSION
        + "rooms: {count: 6, zipf: 0.8}\n"
        + "messages: {in: {every: 1m, bytes: 50}, out: {process: broadcast, share: 0.7}}\n",
        events=events,
        hours=(9, 11),
    )
    (process,) = found.profile.messages.outgoing

    assert isinstance(process, Broadcast)
    assert 0.7 == pytest.approx(likely(process.share), abs=0.05)
    assert not process.echo


def test_what_a_room_passed_on_to_people_of_before_the_window_does_not_mislead() -> None:
    """They heard people who are gone: totals of those who came inside it tell the share."""
    found = made(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 10, timeUnit: 1m}}\n"
        "session: {median: 8m, shape: 0.5}\nrooms: {count: 6, zipf: 0.8}\n"
        "messages: {in: {every: 1m, bytes: 50}, out: {process: broadcast, share: 0.7}}\n",
        hours=(10, 11),
    )
    (process,) = found.profile.messages.outgoing

    assert isinstance(process, Broadcast)
    assert 0.7 == pytest.approx(likely(process.share), abs=0.05)


def test_answers_come_back() -> None:
    found = made(
        ARRIVALS
        + SESSION
        + "messages: {in: {every: 1m, bytes: 50}, out: {process: reply, count: 12, bytes: 20}}\n"
    )
    (process,) = found.profile.messages.outgoing

    assert isinstance(process, Reply)
    assert 12 == pytest.approx(process.count.law().mean, rel=0.02)


def test_what_comes_by_itself_is_not_taken_for_an_answer() -> None:
    found = made(
        ARRIVALS
        + SESSION
        + "rooms: {count: 5}\n"
        + "messages: {in: {every: 1m, bytes: 50}, out: {process: poisson, every: 5s, bytes: 20}}\n"
    )
    (process,) = found.profile.messages.outgoing

    assert isinstance(process, Poisson)
    assert 5 == pytest.approx(likely(process.every), rel=0.03)


def test_users_who_are_replaced_are_told_from_people_who_come() -> None:
    users = made("scenarios: {a: {executor: constant-vus, vus: 80}}\nsession: {mean: 10m}\n")
    people = made(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 480, timeUnit: 1h}}\nsession: {mean: 10m}\n"
    )

    assert "constant-vus" == users.arrivals.executor
    assert 80 == users.profile.population
    assert 1.0 == pytest.approx(ratio(users, "connections_opened"), abs=0.15)
    assert "constant-arrival-rate" == people.arrivals.executor


def test_devices_that_hardly_ever_leave_are_a_number_of_users() -> None:
    found = made(
        "scenarios: {a: {executor: constant-vus, vus: 50}}\nsession: {distribution: exponential, mean: 10d}\n"
    )

    assert "constant-vus" == found.arrivals.executor
    assert found.profile.session_law.mean > 12 * HOUR
    assert "few-ends" in codes(found)


def test_short_stays_over_a_long_time_are_arrivals_too() -> None:
    """The number of people then forgets itself between any two moments that are far apart."""
    found = made(ARRIVALS + "session: {mean: 3m}\n", hours=(0, 24))

    assert "constant-arrival-rate" == found.arrivals.executor


def test_a_log_written_at_close_is_compared_as_such_a_log_would_tell_it() -> None:
    profile = profile_of(
        ARRIVALS + "session: {median: 10m, shape: 0.7}\nrooms: {count: 20, zipf: 0.8}\n", days=1
    )
    seen = through(simulate_trace(profile), 10 * HOUR, 13 * HOUR)
    told = seen.connections[seen.connections["closed_at"].notna()].reset_index(drop=True)
    begun = told["opened_at"].min().to_pydatetime()
    log = replace(
        seen,
        connections=told,
        notes=(Note("written-at-close", "It is."),),
        window=Window(begun, seen.window.end),
    )
    found = fit(log)

    (scenario,) = found.profile.scenarios.values()
    assert 20 / 60 == pytest.approx(scenario.peak, rel=0.03)
    assert 600 == pytest.approx(found.profile.session_law.quantile(0.5), rel=0.12)
    for meter in ("connections_opened", "connection_seconds", "object_active_seconds"):
        assert 1.0 == pytest.approx(ratio(found, meter), abs=0.12)


# Goodness.


def test_a_replicate_is_metered_as_the_trace_is() -> None:
    found = made(ARRIVALS + SESSION + "rooms: {count: 30, zipf: 1}\nmessages: {in: {every: 1m, bytes: 50}}\n")
    frame = found.goodness.set_index("meter")

    told = ["connections_opened", "connection_seconds", "peak_connections", "messages_in", "bytes_in"]
    assert {*told, "object_active_seconds"} <= set(frame.index)
    for meter in (*told, "object_active_seconds"):
        assert frame.loc[meter, "trace"] == pytest.approx(frame.loc[meter, "simulated"], rel=0.25)
    assert {"connections_opened", "connection_seconds", "messages_in"} == set(
        frame.index[frame["expected"].notna()]
    )


def test_too_much_to_simulate_is_compared_with_means_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goodness, "MOST_CONNECTIONS", 1000)
    rng = np.random.default_rng(1)
    opened = np.sort(rng.uniform(0, 60, 2000))
    found = fit(lives(opened, opened + rng.exponential(2, 2000), 60))

    assert "not-simulated" in codes(found)
    assert found.goodness["simulated"].isna().all()
    assert 1.0 == pytest.approx(ratio(found, "connections_opened"), abs=0.01)


# Too little, and strange.


@pytest.mark.parametrize("many", [1, 2])
def test_one_or_two_connections_are_too_few(many: int) -> None:
    with pytest.raises(InputError, match=f"^by-hand: {many} connections? closed within the window, too few"):
        fit(trace([connection(10 * i, 10 * i + 5) for i in range(many)]))


def test_a_window_without_connections_holds_nothing_to_fit() -> None:
    with pytest.raises(InputError, match="no connection in the window"):
        fit(trace([connection(10, 20)], window=(100, 200)))


def test_if_nobody_came_there_is_no_rate() -> None:
    with pytest.raises(InputError, match="no connection opened inside the window"):
        fit(trace([connection(0, 150 + 20 * i) for i in range(4)], window=(100, 400)))


def test_an_unknown_time_zone_offers_close_ones() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean Europe/Berlin"):
        fit(trace([connection(10 * i, 10 * i + 5) for i in range(9)]), time_zone="Europe/Brelin")


def test_messages_of_no_connection_are_told() -> None:
    rows = [connection(10 * i, 10 * i + 5 + i) for i in range(30)]
    events = [event("message", 10 * i + 1, connection_id=f"c{i}" if i % 2 else None) for i in range(30)]
    found = fit(trace(rows, events, window=(0, 400)))

    assert 15 == next(note.data["messages"] for note in found.notes if note.code == "messages-of-nobody")
    assert "15 messages in" in found.text


def test_connections_without_a_room_are_told() -> None:
    rows = [connection(10 * i, 10 * i + 5 + i, None if i % 3 else f"r{i % 2}") for i in range(30)]
    found = fit(trace(rows, window=(0, 400)))

    assert "objects-unnamed" in codes(found)
    assert found.profile.rooms is not None


def test_one_room_is_one_room() -> None:
    found = fit(trace([connection(10 * i, 10 * i + 5 + i) for i in range(30)], window=(0, 400)))

    assert "rooms: {count: 1}" in found.text


def test_no_rooms_are_a_plain_worker() -> None:
    found = fit(trace([connection(10 * i, 10 * i + 5 + i, None) for i in range(30)], window=(0, 400)))

    assert found.profile.rooms is None
    assert "object_active_seconds" not in set(found.goodness["meter"])


def test_events_without_messages_are_silence() -> None:
    rows = [connection(10 * i, 10 * i + 5 + i, messages_in=0) for i in range(30)]
    events = [event("open", 10 * i, connection_id=f"c{i}") for i in range(30)]
    found = fit(trace(rows, events, window=(0, 400)))

    assert () == found.profile.messages.incoming
    assert "# in: clients sent nothing" in found.text


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(0, 3), st.integers(0, 50)),
        min_size=3,
        max_size=30,
    )
)
def test_whatever_the_trace_the_profile_can_be_read_or_the_reason_is_told(
    rows: list[tuple[int, int, int, int]],
) -> None:
    lived = [
        connection(start, start + length, f"r{room}" if room else None, messages_in=said, bytes_in=said * 9)
        for start, length, room, said in rows
    ]
    try:
        found = fit(trace(lived, window=(0, 1000)))
    except InputError as error:
        complaint = str(error)
    else:
        complaint = ""
    if complaint:
        assert complaint.startswith("by-hand: ")
        return
    assert found.profile == read_profile(yamlfile.loads(found.text))
    assert 0 < found.profile.session_law.mean < np.inf


def test_a_name_is_written_as_it_is_meant() -> None:
    rows = [connection(10 * i, 10 * i + 5 + i) for i in range(30)]
    hostile = (
        "chat 😀",
        "'",
        '"',
        "\\",
        "\\n",
        "a\tb\r\n",
        "\0\x7f\x85\x9f",
        "\u2028\u2029\ufeff\ufffe",
        "- [a, {b}]",
    )
    for name in ('a: "b" # c', "yes", "1e3", "é\n", "two  spaces " * 20, *hostile):
        assert name == fit(trace(rows, window=(0, 400)), name=name).profile.name


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_text_is_written_as_it_is_meant(text: str) -> None:
    assert yamlfile.loads(f"a: {quoted(text)}").data == {"a": text}


@pytest.mark.parametrize(
    "file", ["chat 😀.ndjson", "a\nb: c.ndjson", "#\x85\u2028.ndjson", "half \udc80.ndjson"]
)
def test_a_fit_to_a_file_of_any_name_can_be_read(file: str) -> None:
    rows = [connection(10 * i, 10 * i + 5 + i) for i in range(30)]
    found = fit(replace(trace(rows, window=(0, 400)), source=f"traces/{file}"))

    assert found.profile == read_profile(yamlfile.loads(found.text))
    assert found.text.encode()


# The pieces.


def test_an_interrupted_process_is_found_from_its_own_dispersion() -> None:
    """In closed form (Heffes and Lucantoni): talk 10 s, silence 40 s, a message each 2 s while talking."""
    r, talking = 1 / 10 + 1 / 40, 10 / 50
    mean, variance = talking / 2, talking * (1 - talking) / 4
    width = np.array([1.0, 5.0, 20.0, 60.0, 300.0])
    index = 1 + 2 * variance / (mean * r) * (1 - (1 - np.exp(-r * width)) / (r * width))

    talk = interrupted(mean, Dispersion(width, index, np.full(5, 1000.0)))

    assert (10, 40, 2) == pytest.approx((talk.talk, talk.silence, talk.between), rel=1e-3)


def test_exact_shares_give_the_exact_exponent() -> None:
    assert 1.3 == pytest.approx(zipf_exponent(1e6 * np.arange(1.0, 31.0) ** -1.3), abs=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=200))
def test_sizes_keep_their_mean(sizes: list[int]) -> None:
    text = sizes_of(np.array(sizes, dtype=np.int64))
    read = yamlfile.validate(Poisson, yamlfile.loads(f"every: 1s\nbytes: {text}"))

    assert read.bytes is not None
    assert read.bytes.law().mean == pytest.approx(np.mean(sizes), rel=0.1, abs=0.51)


def test_a_trace_keeps_its_own_frames() -> None:
    traced = trace([connection(10 * i, 10 * i + 5 + i) for i in range(30)], window=(0, 400))
    before: Trace = replace(traced, connections=traced.connections.copy())
    fit(traced)

    pd.testing.assert_frame_equal(before.connections, traced.connections)


def test_a_path_is_fitted_like_the_trace_that_lies_there() -> None:
    path = "sample_traces/hib200.ndjson"

    assert fit(path).text == fit(wscost.read_trace(path)).text
