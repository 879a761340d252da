"""Simulated days as streams: metered at once, they come to what their frames come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from tests.profiles import profile_of
from wscost.deployment import PRESETS
from wscost.metering import meter
from wscost.profile import Profile, preset
from wscost.replicating import Parameters, Simulation, months
from wscost.simulating import simulate_days, simulate_streams
from wscost.usage import Period

THREE_DAYS = Period(date(2026, 12, 4), date(2026, 12, 7))
ASKED = Parameters(steps=(4096,), cpu_multiples=(8,))
ARRIVALS = "scenarios: {a: {executor: constant-arrival-rate, rate: 20, timeUnit: 1h}}\n"

profiles = pytest.mark.parametrize(
    ("profile", "rooms"),
    [
        pytest.param(preset("chat"), [40, 41], id="two rooms of a chat"),
        pytest.param(
            profile_of(
                f"{ARRIVALS}session: {{mean: 1h, shape: 0.7, max: 6h}}\nrooms: {{choice: fill, size: 3}}\n"
                "messages: {in: {every: 1m, bytes: 20}, out: broadcast}\nclient: socket.io\n",
                days=3,
            ),
            None,
            id="rooms that fill",
        ),
        pytest.param(profile_of(f"{ARRIVALS}session: 90m\n", days=3), None, id="no rooms"),
        pytest.param(
            profile_of(
                f"{ARRIVALS}session: {{distribution: exponential, mean: 30h}}\nrooms: {{count: 3}}\n"
                "messages: {in: {process: poisson, every: 1h}, out: broadcast}\n"
                "deploys: {per_week: 20}\n",
                days=3,
            ),
            None,
            id="stays of days, sizes unknown",
        ),
    ],
)


@profiles
@pytest.mark.parametrize("deployment", ["durable-object", "durable-object-hibernation", "worker"])
def test_a_day_as_a_stream_meters_as_its_frames_do(
    profile: Profile, rooms: Sequence[int] | None, deployment: str
) -> None:
    built = PRESETS[deployment]
    framed = [
        meter(trace, built, **ASKED._asdict()) for trace in simulate_days(profile, THREE_DAYS, rooms=rooms)
    ]
    streamed = [
        meter(stream, built, **ASKED._asdict())
        for stream in simulate_streams(profile, THREE_DAYS, rooms=rooms)
    ]

    assert [usage.days for usage in framed] == [usage.days for usage in streamed]
    assert [usage.window for usage in framed] == [usage.window for usage in streamed]
    assert [usage.grades for usage in framed] == [usage.grades for usage in streamed]


def test_a_month_comes_to_the_same_whether_it_is_streamed_or_framed(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = profile_of(
        f"{ARRIVALS}session: 40m\nrooms: {{count: 3}}\n"
        "messages: {in: {process: poisson, every: 1h, bytes: 9}, out: broadcast}\n",
        days=3,
    )
    framed = Simulation(profile, THREE_DAYS).month(PRESETS["durable-object"], ASKED)
    monkeypatch.setattr(months, "STREAMED_FROM", 0)
    streamed = Simulation(profile, THREE_DAYS).month(PRESETS["durable-object"], ASKED)

    assert framed.month == streamed.month


def test_a_second_deployment_simulates_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "STREAMED_FROM", 0)
    profile = profile_of(f"{ARRIVALS}session: 5m\nrooms: {{count: 2}}\n", days=3)
    asleep = PRESETS["durable-object-hibernation"]
    alone = Simulation(profile, THREE_DAYS).month(asleep)
    simulation = Simulation(profile, THREE_DAYS)
    simulation.month(PRESETS["durable-object"])

    def refused(*args: object, **kwargs: object) -> None:
        raise AssertionError("simulated twice")

    monkeypatch.setattr(months, "simulate_streams", refused)
    monkeypatch.setattr(months, "simulate_days", refused)

    assert alone.month == simulation.month(asleep).month
