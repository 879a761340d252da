"""How long rooms are held open: what theory says of the union of sockets agrees with what is simulated."""

from __future__ import annotations

from datetime import date
from math import exp

import numpy as np
import pytest

from tests.profiles import profile_of
from wscost.deployment import PRESETS
from wscost.errors import InputError
from wscost.metering import meter
from wscost.profile import Profile
from wscost.replicating import Simulation, months
from wscost.simulating import occupied, sample_rooms, simulate_streams
from wscost.usage import Period

WEEK = Period(date(2026, 11, 2), date(2026, 11, 9))
AWAKE = PRESETS["durable-object"]
STAY = "session: {mean: 10m, shape: 0.6, max: 6h}\n"


def arrivals(per_hour: int) -> str:
    return f"scenarios: {{a: {{executor: constant-arrival-rate, rate: {per_hour}, timeUnit: 1h}}}}\n{STAY}"


def users(many: int, pause: str = "0s") -> str:
    return f"scenarios: {{a: {{executor: constant-vus, vus: {many}, pause: {pause}}}}}\n{STAY}"


def held_open(profile: Profile) -> float:
    """Return the seconds for which simulated rooms are held open, metered."""
    usage = [meter(stream, AWAKE) for stream in simulate_streams(profile, WEEK)]
    return sum(float(day.totals["object_active_seconds"]) for day in usage)


def test_equal_rooms_are_empty_with_the_probability_of_nobody() -> None:
    profile = profile_of(f"{arrivals(60)}rooms: {{count: 20, zipf: 0}}\n", days=7)
    people = 60 / 3600 * profile.session_law.mean / 20

    assert occupied(profile, WEEK) == pytest.approx(20 * 7 * 86_400 * (1 - exp(-people)), rel=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{arrivals(60)}rooms: {{count: 20}}\n", id="people at random, rooms by Zipf"),
        pytest.param(
            "calendar: {period: {start: 2026-11-02, days: 7}, hours: "
            f"[{', '.join(['1'] * 12 + ['9'] * 12)}]}}\n{arrivals(60)}rooms: {{count: 20}}\n",
            id="busy afternoons",
        ),
        pytest.param(f"{users(30)}rooms: {{count: 40}}\n", id="users without a pause"),
        pytest.param(f"{users(30, '20m')}rooms: {{count: 20}}\n", id="users who pause"),
        pytest.param(f"{users(30, '20m')}rooms: {{count: 60}}\n", id="more rooms than users"),
        pytest.param(f"{arrivals(60)}rooms: {{choice: fill, size: 6}}\n", id="rooms that fill"),
        pytest.param(f"{arrivals(60)}rooms: {{choice: fill, size: 1}}\n", id="a room for each"),
    ],
)
def test_rooms_are_held_open_for_as_long_as_theory_says(text: str) -> None:
    profile = profile_of(text, days=7)

    assert occupied(profile, WEEK) == pytest.approx(held_open(profile), rel=0.06)


def test_the_parts_of_rooms_add_up_to_all() -> None:
    profile = profile_of(f"{arrivals(600)}rooms: {{count: 50}}\n", days=7)
    few, others = [0, 7, 30], [n for n in range(50) if n not in (0, 7, 30)]

    together = occupied(profile, WEEK, few) + occupied(profile, WEEK, others)
    assert occupied(profile, WEEK) == pytest.approx(together, rel=1e-12)


def test_a_sample_of_rooms_tells_how_long_all_are_held_open() -> None:
    """Scaled by traffic alone, a sample misses that small rooms are empty more often."""
    profile = profile_of(f"{arrivals(900)}rooms: {{count: 200, zipf: 1.2}}\n", days=7)
    true, by_theory, by_traffic = occupied(profile, WEEK), [], []
    for seed in range(6):
        simulation = Simulation(profile, WEEK, seed, share=0.2)
        held = float(simulation.month(AWAKE).month.quantities["object_active_seconds"])
        by_theory.append(held / true)
        here = sample_rooms(profile, 0.2, seed)
        by_traffic.append(occupied(profile, WEEK, here.tolist()) / simulation.share / true)

    assert np.abs(np.array(by_theory) - 1).max() < 0.03
    assert np.abs(np.array(by_traffic) - 1).max() > 0.1


def test_what_leaving_rooms_out_costs_in_certainty_is_said_and_true() -> None:
    profile = profile_of(f"{arrivals(300)}rooms: {{count: 100}}\n", days=7)
    off, said = [], 0.0
    for seed in range(20):
        month = Simulation(profile, WEEK, seed, share=0.1).month(AWAKE).month
        (note,) = (note for note in month.notes if note.code == "sampled-rooms")
        said = note.data["standard_error"]
        full = Simulation(profile, WEEK, seed).theory.coming.connection_seconds
        off.append(float(month.quantities["connection_seconds"]) / full - 1)

    assert f"{said:.1%} (one standard deviation)" in note.message
    # The chance of what was simulated is in it too, so that 0.9 of the variance is the sample's. Twenty
    # draws tell a deviation to a sixth.
    assert 0.6 < np.std(off) / (said / np.sqrt(0.9)) < 1.6


def test_a_large_profile_needs_a_sample_to_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 4000}}\nsession: 1m\nrooms: {count: 9000}\n",
        days=7,
    )
    with pytest.raises(InputError, match=r"2,419,200,000 connections.*--sample"):
        Simulation(huge, WEEK)
    monkeypatch.setattr(months, "MOST_CONNECTIONS", 30_000)

    sampled = Simulation(huge, WEEK, share=0.5)
    assert 0 < sampled.share < 1e-3
    assert float(sampled.month(AWAKE).month.quantities["connections_opened"]) == pytest.approx(
        4000 * 7 * 86_400, rel=0.05
    )


def test_rooms_that_fill_are_open_longer_where_stays_are() -> None:
    lobby = "scenarios: {a: {executor: constant-arrival-rate, rate: 60, timeUnit: 1h}}\n"
    stay = "session: {distribution: exponential, mean: %s}\nrooms: {choice: fill, size: 4}\n"
    short, long = (occupied(profile_of(lobby + stay % mean, days=7), WEEK) for mean in ("1h", "2h"))

    # The last of four exponential stays ends after 1 + 1/2 + 1/3 + 1/4 means; filling takes a little more.
    assert short == pytest.approx(7 * 24 * 60 / 4 * 3600 * 25 / 12, rel=0.03)
    assert long / short == pytest.approx(2, rel=0.02)
