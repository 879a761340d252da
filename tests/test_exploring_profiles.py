"""Profiles explored: simulated anew, or likened by their means; advice that changes the profile."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

import wscost
from wscost.account import Account
from wscost.bill import Bill
from wscost.exploring.advising import advise
from wscost.exploring.breaking_even import break_even
from wscost.exploring.case import Case
from wscost.exploring.paths import with_value
from wscost.exploring.sensitivity import sensitivity
from wscost.exploring.sweeping import sweep
from wscost.profile import Profile

STANDARD = "cloudflare/workers-standard"
BILLED = {
    "connections_opened", "connection_seconds", "http_requests", "messages_in", "object_active_seconds",
    "object_requests", "worker_cpu_ms", "worker_wall_seconds",
}  # fmt: skip
AWAKE, ASLEEP = "durable-object", "durable-object-hibernation"


def profile(**more: Any) -> Profile:
    said = {
        "profile": "office",
        "scenarios": {"people": {"executor": "constant-vus", "vus": 40}},
        "session": {"median": "20m", "p90": "2h", "max": "8h"},
        "rooms": {"count": 10},
        "messages": {"in": {"every": "20s", "bytes": 100}, "out": "broadcast"},
        "client": "socket.io",
    }
    return Profile.model_validate({**said, **more})


def estimate(of: Profile, deployment: str = ASLEEP) -> Bill:
    return wscost.estimate(of, plan=STANDARD, deployment=deployment, replicates=0)


def test_a_sweep_simulates_each_point_as_an_estimate_does() -> None:
    swept = sweep(profile(), "session.median=10m,20m", plan=STANDARD, deployment=AWAKE)

    alone = [
        estimate(profile(session={"median": m, "p90": "2h", "max": "8h"}), AWAKE) for m in ("10m", "20m")
    ]
    assert [point.prices[0].total for point in swept.points] == [bill.total for bill in alone]
    assert [point.values for point in swept.points] == [(600.0,), (1200.0,)]
    assert [point.texts for point in swept.points] == [("10m",), ("20m",)]


@pytest.mark.parametrize("deployment", [AWAKE, ASLEEP])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("session.median", "10m"),
        ("scenarios.people.vus", 120),
        ("rooms.count", 20),
        ("messages.in.every", "5s"),
        ("client.heartbeats.every", "5s"),
        ("deployment.handler_ms.message", 20),
        ("deployment.cpu_ms.connect", 3),
    ],
)
def test_what_moves_follows_the_means_nearly_as_simulated(path: str, value: object, deployment: str) -> None:
    once = Case.of(profile(), deployment, {}, by_means=True)
    anew = Case.of(profile(), deployment, {})

    likened, simulated = (with_value(case, path, value).bill(STANDARD).usage for case in (once, anew))

    assert "bytes_in" not in likened
    for meter in BILLED & set(simulated):
        assert float(likened[meter]) == pytest.approx(float(simulated[meter]), rel=0.03), meter


def test_what_does_not_move_is_exactly_what_was_simulated() -> None:
    found = sensitivity(profile(), plan=STANDARD, deployment=ASLEEP)
    swept = sweep(profile(), "session.median=20m,30m", plan=STANDARD, deployment=ASLEEP, by_means=True)

    assert found.bill.total == estimate(profile()).total == swept.points[0].prices[0].total
    assert "by-means" in {note.code for note in found.notes} & {note.code for note in swept.notes}


def test_a_profile_is_simulated_once_for_a_sensitivity_and_a_break_even(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    months = []

    def counted(self: Account, *asked: Any) -> Any:
        part = month(self, *asked)
        if part.simulated is not None:
            months.append(part)
        return part

    month = Account._month
    monkeypatch.setattr(Account, "_month", counted)

    sensitivity(profile(), plan=STANDARD, deployment=ASLEEP)
    assert len(months) == 1

    plans = [STANDARD, "cloudflare/workers-free"]
    break_even(profile(), "scenarios.people.vus=20..400", plans=plans, deployment=ASLEEP, grid=4)
    assert len(months) == 2


def test_where_bytes_are_charged_everything_is_simulated() -> None:
    plan = "cloudflare/workers-unbound"
    options: Any = {"as_of": date(2021, 6, 1)}
    once = Case.of(profile(), "worker", options, by_means=True)
    anew = Case.of(profile(), "worker", options)

    likened, simulated = (with_value(case, "rooms.count", 20).bill(plan).usage for case in (once, anew))
    assert likened == simulated
    assert "bytes_out" in likened


def test_what_one_plan_may_follow_by_means_is_simulated_for_another_that_charges_bytes(
    tmp_path: Path,
) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "bytes.yaml").write_text(
        "provider: acme\nproduct: bytes\nkind: plan\ncurrency: USD\nchecked: 2026-11-23\n"
        "sources: {page: https://example.com}\n"
        "charges:\n  - sku: bytes\n    consumes: [{meter: bytes_in}]\n    unit: Bytes\n"
        "    price: {model: per_unit, amount: 1}\n    effective: {from: 2020-01-01}\n    source: page\n"
    )
    options: Any = {"pricing": [tmp_path]}
    once = with_value(Case.of(profile(), ASLEEP, options, by_means=True), "rooms.count", 20)
    anew = with_value(Case.of(profile(), ASLEEP, options), "rooms.count", 20)

    assert "bytes_in" not in once.bill(STANDARD).usage
    assert once.bill("acme/bytes").total == anew.bill("acme/bytes").total > 0


@pytest.mark.parametrize(
    ("path", "value"), [("messages.in.bytes", 9_000), ("drops.fails", 0.5), ("client", "plain"), ("seed", 9)]
)
def test_what_means_do_not_tell_is_simulated(path: str, value: object) -> None:
    once = Case.of(profile(drops={"every": "1h"}), ASLEEP, {}, by_means=True)
    anew = Case.of(profile(drops={"every": "1h"}), ASLEEP, {})

    assert (
        with_value(once, path, value).bill(STANDARD).usage
        == with_value(anew, path, value).bill(STANDARD).usage
    )


def test_a_figure_given_as_a_range_moves_over_its_range() -> None:
    unsure = profile(
        scenarios={"people": {"executor": "constant-vus", "vus": {"low": 10, "mode": 40, "high": 400}}}
    )
    found = sensitivity(unsure, plan=STANDARD, deployment=AWAKE)

    field = next(field for field in found.moved if field.field == "scenarios.people.vus")
    assert (field.low, field.high) == (10.0, 400.0)


def test_a_field_at_its_bound_moves_the_other_way_only() -> None:
    echo = profile(deploys={"per_week": 10_000, "share": 1.0})
    found = sensitivity(echo, plan=STANDARD, deployment=ASLEEP)

    field = next(field for field in found.moved if field.field == "deploys.share")
    assert (field.low, field.high) == (0.8, 1.0)


def test_sizes_that_no_charge_counts_are_told_without_a_simulation() -> None:
    found = sensitivity(profile(), plan=STANDARD, deployment=ASLEEP)

    assert {f.field: f.why for f in found.unmoved}[
        "messages.in.0.bytes"
    ] == f"no charge of {STANDARD} counts bytes"


def test_advice_for_a_profile_is_an_estimate_of_the_changed_one() -> None:
    given = {one.code: one for one in advise(profile(), plan=STANDARD, deployment=AWAKE).changes}

    before = estimate(profile(), AWAKE).total
    assert given["hibernation"].total == estimate(profile(), ASLEEP).total
    assert given["larger-rooms"].saving == before - estimate(profile(rooms={"count": 5}), AWAKE).total


def test_heartbeats_of_a_profile_are_answered_or_become_pings() -> None:
    chatty = profile(scenarios={"people": {"executor": "constant-vus", "vus": 300}})
    given = advise(chatty, plan=STANDARD, deployment=ASLEEP)
    of = {one.code: one for one in (*given.changes, *given.useless)}

    silent = chatty.model_copy(update={"client": chatty.client.model_copy(update={"heartbeats": ()})})
    assert of["protocol-pings"].total == estimate(silent).total
    assert of["auto-response"].saving == of["protocol-pings"].saving > 0


def test_clients_that_send_often_may_send_once_a_second() -> None:
    hasty = profile(messages={"in": {"process": "interval", "every": "200ms", "bytes": 20}}, client="plain")
    given = advise(hasty, plan=STANDARD, deployment=ASLEEP)
    of = {one.code: one for one in (*given.changes, *given.useless)}

    calm = profile(messages={"in": {"process": "interval", "every": "1s", "bytes": 20}}, client="plain")
    assert of["batching"].total == estimate(calm).total
    assert of["batching"].saving > D(1)


def test_a_break_even_of_a_profile_says_how_it_was_found() -> None:
    plans = [STANDARD, "cloudflare/workers-free"]
    found = break_even(profile(), "scenarios.people.vus=20..400", plans=plans, deployment=ASLEEP, grid=4)

    (crossing,) = found.crossings
    assert crossing.cheaper.plan == STANDARD
    assert "by-means" in {note.code for note in found.notes}
    near = float(crossing.at)
    for times, feasible in ((0.8, True), (1.2, False)):
        people = {"executor": "constant-vus", "vus": near * times}
        bill = wscost.estimate(
            profile(scenarios={"people": people}), plan=plans[1], deployment=ASLEEP, replicates=0
        )
        assert bill.feasible is feasible
