"""The range of a bill: months that differ by chance, and workloads that nobody knows exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from statistics import mean, pvariance

import pytest

from tests.profiles import profile_of
from wscost import compare, estimate, yamlfile
from wscost.deployment import PRESETS
from wscost.estimating import Account
from wscost.metering import meter
from wscost.profile.model import Profile
from wscost.profile.reading import preset, read_profile
from wscost.replicating import Parameters, SimulatedMonth, Simulation, Theory, means
from wscost.replicating import months as module
from wscost.simulating import days_alike, expected, simulate, simulate_days
from wscost.usage import Period, total
from wscost.usagefile import UsageFile

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
RATE = 0.02
HIBERNATING, ACCEPT, WORKER = (
    PRESETS[name] for name in ("durable-object-hibernation", "durable-object", "worker")
)


def profile(
    rate: str = str(RATE), session: str = "{mean: 5m, distribution: exponential, max: 8h}"
) -> Profile:
    return read_profile(
        yamlfile.loads(
            f"""
            profile: rooms
            calendar: {{period: 2026-11}}
            scenarios: {{people: {{executor: constant-arrival-rate, rate: {rate}}}}}
            session: {session}
            rooms: {{count: 4}}
            messages: {{in: {{process: poisson, every: 20s, bytes: 100}}}}
            """,
            "rooms.yaml",
        )
    )


@pytest.fixture(scope="module")
def month() -> SimulatedMonth:
    return Simulation(profile(), NOVEMBER).month(ACCEPT)


def test_a_simulated_month_comes_to_what_the_profile_says(month: SimulatedMonth) -> None:
    coming = expected(profile(), NOVEMBER)

    assert float(month.month.quantities["connections_opened"]) == pytest.approx(coming.connections, rel=0.02)
    assert float(month.month.quantities["connection_seconds"]) == pytest.approx(
        coming.connection_seconds, rel=0.03
    )
    assert float(month.month.quantities["messages_in"]) == pytest.approx(coming.messages_in, rel=0.1)


def test_a_month_is_its_days_to_the_last_of_very_many() -> None:
    large = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 1}}\nsession: {mean: 10m}\n"
        "messages: {in: {every: 1s, bytes: 100_000_001}}\n"
    )
    month = Simulation(large, Period(date(2026, 11, 2), date(2026, 11, 5))).month(WORKER).month

    assert month.days is not None
    assert month.quantities["bytes_in"] > 2**53
    assert month.quantities["bytes_in"] == sum(day["bytes_in"] for day in month.days.values())


def test_months_of_random_arrivals_differ_as_a_poisson_count_does(month: SimulatedMonth) -> None:
    opened = [float(q.quantities["connections_opened"]) for q in month.replicate(2_000).months]

    assert mean(opened) == pytest.approx(float(month.month.quantities["connections_opened"]), rel=0.005)
    # Thirty days tell their own variance to about a quarter; a count's variance is its mean.
    assert 0.4 < pvariance(opened) / mean(opened) < 2.5


def test_the_same_seed_gives_the_same_months_and_another_does_not(month: SimulatedMonth) -> None:
    again, other = (Simulation(profile(), NOVEMBER, seed).month(ACCEPT) for seed in (0, 1))

    assert again.month == month.month
    assert again.replicate(5) == month.replicate(5)
    assert other.month.quantities != month.month.quantities


def test_rooms_are_held_open_as_an_m_g_infinity_queue_is_busy(month: SimulatedMonth) -> None:
    theory = means(Theory.of(profile(), NOVEMBER), ACCEPT)["object_active_seconds"]

    assert float(month.month.quantities["object_active_seconds"]) == pytest.approx(theory, rel=0.03)


def test_a_share_of_the_rooms_stands_for_all_and_the_note_says_how_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 30_000)
    sampled = Simulation(profile(), NOVEMBER).month(ACCEPT)
    (note,) = (note for note in sampled.month.notes if note.code == "sampled-rooms")

    assert 0.2 < sampled.share < 1
    assert float(sampled.month.quantities["connections_opened"]) == pytest.approx(
        expected(profile(), NOVEMBER).connections, rel=0.03
    )
    assert note.data["error"] < 0.05


def test_hibernating_objects_are_active_for_their_handlers(month: SimulatedMonth) -> None:
    asleep = Simulation(profile(), NOVEMBER).month(HIBERNATING).month.quantities
    events = 2 * asleep["connections_opened"] + asleep["messages_in"]

    assert float(asleep["object_active_seconds"]) == pytest.approx(float(events) * 0.002, rel=0.1)
    assert asleep["object_active_seconds"] < month.month.quantities["object_active_seconds"] / 100


@pytest.mark.parametrize("name", ["live-scores", "dashboard-ticker"])
def test_rooms_push_on_crowded_days_and_others_as_often_as_events_tell(name: str) -> None:
    """A room pushes once however many are in it: a crowded day says little about others."""
    friday_and_saturday = Period(date(2026, 12, 4), date(2026, 12, 6))
    days = simulate_days(preset(name), friday_and_saturday, events="in")
    full = total(meter(day, HIBERNATING).totals for day in days)
    month = Simulation(preset(name), friday_and_saturday).month(HIBERNATING).month.quantities

    assert float(month["object_requests"]) == pytest.approx(float(full["object_requests"]), rel=0.005)
    for key in ("object_active_seconds", "object_resident_seconds"):
        assert float(month[key]) == pytest.approx(float(full[key]), rel=0.05)


def test_the_busiest_day_is_looked_at_as_it_is_in_its_month() -> None:
    """A launch that begins late is there, a burst of the first day is not."""
    four_days = Period(date(2026, 11, 2), date(2026, 11, 6))
    launched = profile_of(
        "scenarios:\n  base: {executor: constant-vus, vus: 5}\n"
        "  launch: {executor: constant-vus, vus: 60, startTime: 3d}\n"
        "  opening: {executor: burst, connections: 500, over: 1m, repeat: never}\n"
        "session: {mean: 30m}\nrooms: {count: 20}\nmessages: {in: {every: 20s, bytes: 100}}\n"
    )
    *_, full = (meter(day, HIBERNATING).totals for day in simulate_days(launched, four_days, events="in"))
    days = Simulation(launched, four_days).month(HIBERNATING).month.days

    assert days is not None
    for key in ("object_active_seconds", "object_resident_seconds", "object_wakeups"):
        assert float(days[date(2026, 11, 5)][key]) == pytest.approx(float(full[key]), rel=0.06)


def test_messages_are_those_of_the_whole_month_and_not_of_one_day() -> None:
    simulation = Simulation(profile(), NOVEMBER)
    asleep, simulated = (simulation.month(d).month.quantities for d in (HIBERNATING, WORKER))

    for key in ("messages_in", "bytes_in"):
        assert asleep[key] == simulated[key]


def test_heartbeats_that_nothing_answers_are_messages() -> None:
    three_days = Period(date(2026, 11, 2), date(2026, 11, 5))
    beating = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 60, timeUnit: 1h}}\n"
        "session: {mean: 10m}\nrooms: {count: 4}\n"
        "messages: {in: {every: 20s, bytes: 100}}\n"
        "client: {heartbeats: [{every: 10s, bytes_in: 4, bytes_out: 4, auto_response: true}]}\n"
    )
    for deployment in (ACCEPT, HIBERNATING, HIBERNATING.model_copy(update={"auto_response": False})):
        days = simulate_days(beating, three_days, events="in")
        full = total(meter(day, deployment).totals for day in days)
        of_month = Simulation(beating, three_days).month(deployment).month.quantities
        for key in ("messages_in", "bytes_in", "object_active_seconds"):
            assert float(of_month[key]) == pytest.approx(float(full[key]), rel=0.03)


def test_a_bill_of_a_profile_carries_its_range() -> None:
    bill = estimate(profile(), deployment="durable-object", replicates=50)

    assert bill.range is not None
    assert bill.range.replicates == 50
    assert bill.range.total.p10 <= bill.range.total.p50 <= bill.range.total.p90
    assert bill.range.workload_share == 0
    assert bill.range.lines["workers-base"].p90 == 5


def test_figures_given_as_ranges_widen_the_bill_and_are_told_apart_from_chance() -> None:
    known = estimate(profile(), deployment="durable-object", replicates=60, rounding="prorate").range
    unknown = estimate(
        profile(rate="{low: 0.005, mode: 0.02, high: 0.06}"),
        deployment="durable-object",
        replicates=60,
        rounding="prorate",
    ).range

    assert known is not None
    assert unknown is not None
    assert unknown.total.p90 - unknown.total.p10 > 3 * (known.total.p90 - known.total.p10)
    assert unknown.workload_share > D("0.8")


def test_without_replicates_there_is_no_range() -> None:
    assert estimate(profile(), deployment="worker", replicates=0).range is None


def test_a_trace_or_totals_have_no_range() -> None:
    assert estimate("sample_traces/chat.csv").range is None


def test_a_profile_with_rooms_is_priced_with_and_without_hibernation() -> None:
    comparison = compare(profile(), replicates=10)

    assert {bill.deployment for bill in comparison.bills} == {ACCEPT.label, HIBERNATING.label}
    assert {bill.usage["connections_opened"] for bill in comparison.bills} == {
        comparison.bills[0].usage["connections_opened"]
    }


def test_every_figure_of_a_simulated_bill_is_an_assumption() -> None:
    bill = estimate(profile(), deployment="durable-object", replicates=0)

    assert {line.grade for line in bill.lines if line.components and line.cost is not None} == {"assumed"}
    assert "simulated" in {note.code for note in bill.notes}


def test_of_a_room_that_says_too_much_times_of_the_day_stand_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    days = Period(date(2026, 11, 2), date(2026, 11, 4))
    chatty = profile_of(
        "scenarios: {a: {executor: constant-arrival-rate, rate: 60, timeUnit: 1h}}\n"
        "session: {mean: 10m, shape: 0.8, max: 2h}\nrooms: {count: 1}\nclient: plain\n"
        "messages: {in: {process: interval, every: 2s, bytes: 10}}\n"
    )
    whole = Simulation(chatty, days).month(HIBERNATING).month.quantities
    monkeypatch.setattr(module, "MOST_EVENTS", 20_000)
    sliced = Simulation(chatty, days).month(HIBERNATING).month.quantities

    assert sliced["object_active_seconds"] != whole["object_active_seconds"]
    assert float(sliced["object_active_seconds"]) == pytest.approx(
        float(whole["object_active_seconds"]), rel=0.02
    )


def test_units_of_messages_follow_the_ranges_of_the_messages() -> None:
    def spread(vus: str) -> float:
        aws = profile_of(
            "calendar: {period: 2026-11}\n"
            f"scenarios: {{people: {{executor: constant-vus, vus: {vus}}}}}\n"
            "session: {mean: 30m, shape: 1}\n"
            "rooms: {size: 5}\nmessages: {in: {every: 60s, bytes: 100}, out: broadcast}\n"
        )
        bill = estimate(aws, plan="aws/api-gateway-websocket", region="us-east-1", replicates=60)
        assert bill.range is not None
        return float(bill.range.total.p90 / bill.range.total.p10)

    assert spread("{low: 20, mode: 40, high: 100}") > 1.5
    assert spread("40") < 1.05


def test_bytes_and_units_follow_the_ranges_of_sizes() -> None:
    def months(size: str) -> list[dict[str, float]]:
        sized = profile_of(
            "scenarios: {a: {executor: constant-vus, vus: 6}}\nsession: 10m\nrooms: {count: 2}\n"
            f"messages: {{in: {{every: 60s, bytes: {size}}}, out: broadcast}}\n"
        )
        simulation = Simulation(sized, Period(date(2026, 11, 2), date(2026, 11, 4)))
        made = simulation.month(ACCEPT, Parameters(steps=[32_768])).replicate(20).months
        return [{key: float(q) for key, q in month.quantities.items()} for month in made]

    small, large = months("1000"), months("{low: 1000, mode: 1000, high: 1000000}")

    for key in ("bytes_in", "bytes_out", "message_units_in:32768", "message_units_out:32768"):
        assert max(month[key] for month in large) > 3 * max(month[key] for month in small), key
    for key in ("messages_in", "messages_out"):
        assert [month[key] for month in large] == [month[key] for month in small], key


def test_every_meter_of_a_simulated_month_has_a_mean() -> None:
    for deployment in (HIBERNATING, ACCEPT, WORKER):
        simulation = Simulation(profile(rate="{low: 0.005, mode: 0.02, high: 0.06}"), NOVEMBER)
        made = simulation.month(deployment, Parameters(steps=[1024], cpu_multiples=[8]))
        months = made.replicate(3)

        assert made.month.quantities.keys() == months.months[0].quantities.keys()


def test_ranges_are_named_as_the_profile_names_them() -> None:
    wide = profile_of(
        "scenarios: {a: {executor: constant-vus, vus: {low: 5, mode: 6, high: 9}}}\n"
        "session: {median: {low: 5m, mode: 6m, high: 9m}, shape: 0.5}\nrooms: {count: 2}\n"
        "messages: {in: [{every: {low: 5s, mode: 6s, high: 9s}}]}\n"
    )
    drawn = Simulation(wide, NOVEMBER).month(ACCEPT).replicate(2).drawn

    assert drawn == ("scenarios.a.vus", "session.median", "messages.in.0.every")


def test_days_that_are_kept_add_up_to_the_months_that_they_make(month: SimulatedMonth) -> None:
    unsure = Simulation(profile(rate="{low: 0.005, mode: 0.02, high: 0.06}"), NOVEMBER).month(ACCEPT)

    for simulated in (month, unsure):
        made = simulated.replicate(20, {"connections_opened"})
        for one in (*made.months, *made.by_chance):
            assert one.days is not None
            assert list(one.days) == NOVEMBER.dates
            opened = sum(day["connections_opened"] for day in one.days.values())
            assert float(opened) == pytest.approx(float(one.quantities["connections_opened"]), rel=1e-4)


@pytest.mark.parametrize(
    ("more", "own"),
    [
        ("calendar: {events: [{at: 2026-11-12T06:00, peak: 9}]}", [12]),
        ("calendar: {time_zone: Asia/Tokyo, events: [{at: 2026-11-12T06:00, peak: 9, hold: 20m}]}", [11]),
        ("calendar: {time_zone: America/Los_Angeles, events: [{at: 2026-11-12T20:00, peak: 9}]}", [13]),
        ("calendar: {events: [{at: 2026-11-12T23:00, peak: 9, hold: 26h}]}", [12, 13, 14]),
        ("calendar: {time_zone: Asia/Tokyo}\ndeploys: {at: [2026-11-12T06:00]}", [11]),
        ("b: {executor: burst, connections: 9, startTime: 12h, repeat: never}", [1]),
        ("b: {executor: constant-vus, vus: 9, startTime: 5d12h, duration: 36h, repeat: never}", [6, 7]),
        ("b: {executor: constant-vus, vus: 9, startTime: 14d12h}", [15]),
        ("b: {executor: burst, connections: 9, startTime: 12h}", []),
    ],
)
def test_a_day_that_something_dated_touches_stands_for_itself_alone(more: str, own: list[int]) -> None:
    scenario, more = (more, "calendar: {}") if more.startswith("b:") else ("", more)
    dated = profile_of(
        f"{more}\nscenarios:\n  a: {{executor: constant-vus, vus: 9}}\n  {scenario}\nsession: 5m\n"
    )
    groups = days_alike(dated, NOVEMBER)

    assert sorted(day for group in groups for day in group) == NOVEMBER.dates
    assert [group[0].day for group in groups if len(group) == 1] == own


def test_days_before_a_launch_do_not_stand_for_days_after_it() -> None:
    launch = profile_of(
        "scenarios:\n  a: {executor: constant-vus, vus: 9}\n"
        "  b: {executor: constant-vus, vus: 9, startTime: 14d}\nsession: 5m\n"
    )

    for group in days_alike(launch, NOVEMBER):
        assert len({day.day >= 15 for day in group}) == 1
        assert len({day.weekday() for day in group}) == 1


def test_a_launch_on_one_day_adds_no_chance_to_the_month() -> None:
    launch = profile_of(
        "scenarios:\n  a: {executor: constant-arrival-rate, rate: 100, timeUnit: 1h}\n"
        "  b: {executor: burst, connections: 50_000, startTime: 12h, repeat: never}\nsession: 5m\n"
    )
    made = Simulation(launch, NOVEMBER).month(WORKER).replicate(100)
    opened = sorted(float(month.quantities["connections_opened"]) for month in made.months)

    assert opened[90] / opened[10] < 1.02


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ("{executor: constant-vus, vus: 9, startTime: 40d}", "The scenario b never runs in 2026-11:"),
        (
            "{executor: ramping-vus, stages: [{duration: 0s, target: 9}]}",
            "The scenario b never runs in 2026-11:",
        ),
        (
            "{executor: ramping-vus, startVUs: 0, stages: [{duration: 1h, target: 0}]}",
            "The scenario b brings nobody in 2026-11:",
        ),
        ("{executor: constant-vus, vus: 9, startTime: 29d}", None),
    ],
)
def test_a_scenario_that_brings_nobody_is_named(scenario: str, says: str | None) -> None:
    quiet = profile_of(
        "calendar: {period: 2026-11}\nsession: 1h\nscenarios:\n"
        f"  a: {{executor: constant-vus, vus: 9}}\n  b: {scenario}\n"
    )
    bill = estimate(quiet, deployment=WORKER, replicates=0)

    for notes in (bill.notes, next(simulate(quiet)).notes):
        told = [note.message for note in notes if note.code == "scenario-idle"]
        assert len(told) == (says is not None)
        assert all(message.startswith(says or "") for message in told)


def busy_mondays() -> Profile:
    return profile_of(
        "calendar:\n  period: 2026-11\n"
        "  weekdays: {tue: 0.01, wed: 0.01, thu: 0.01, fri: 0.01, sat: 0.01, sun: 0.01}\n"
        "scenarios: {a: {executor: constant-arrival-rate, rate: 20, timeUnit: 1h}}\n"
        "session: {mean: 1h}\nrooms: {count: 4}\n"
    )


def test_a_daily_limit_that_mondays_break_breaks_in_every_month() -> None:
    free = estimate(busy_mondays(), plan="cloudflare/workers-free", deployment=ACCEPT, replicates=20)

    assert {breach.per for breach in free.breaches} == {"day"}
    assert free.range is not None
    assert set(free.range.totals) == {None}


def test_a_plan_that_cannot_serve_does_not_compete_for_the_cheapest_month() -> None:
    plans = ["cloudflare/workers-free", "cloudflare/workers-standard"]
    compared = compare(busy_mondays(), plan=plans, deployment=ACCEPT, replicates=20)

    assert compared.cheapest is not None
    assert compared.cheapest.plan == "cloudflare/workers-standard"
    assert compared.cheapest_share is None
    assert "is the cheapest in" not in compared.decides


def test_usage_that_is_certain_is_multiplied_once_in_every_month() -> None:
    pages = UsageFile("pages", {"http_requests": D(40_000_000)})
    account = Account.of([profile(), pages], {"replicates": 5, "month": "2026-11"})
    (bill,) = replace(account, factors={"traffic": D(2)}).bills(WORKER, ["cloudflare/workers-standard"])

    assert bill.line("workers-requests").cost == D("21.30")
    assert bill.range is not None
    assert bill.range.lines["workers-requests"].p90 == D("21.30")
