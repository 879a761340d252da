"""Advice: each change made on the trace or the totals and priced again; traps that show."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

import wscost
from tests.traces import DAY, at, connection, event, trace
from wscost.deployment import PRESETS, Deployment, Pins
from wscost.exploring import rewriting
from wscost.exploring.advising import Advice, Advised, advise
from wscost.exploring.heartbeats import heartbeats
from wscost.reports.telling import tell
from wscost.trace import Trace, check_trace
from wscost.usagefile import UsageFile

STANDARD = "cloudflare/workers-standard"


def of(given: Advice, code: str) -> Advised:
    return next(one for one in (*given.changes, *given.useless) if one.code == code)


def pings(client: str, every: float, count: int, size: int = 4, start: float = 1, **more: Any) -> list[Any]:
    times = (start + i * every for i in range(count))
    return [event("message", time, connection_id=client, bytes=size, **more) for time in times]


def regular(events: list[Any]) -> int:
    recorded = trace([connection(0, DAY), connection(0, DAY)], events)
    assert recorded.events is not None
    return int(heartbeats(recorded.events).sum())


def test_small_messages_as_regular_as_a_clock_look_like_heartbeats() -> None:
    assert regular(pings("c0", 30, 20)) == 20


def test_each_connection_keeps_its_own_beat() -> None:
    assert regular(pings("c0", 30, 20) + pings("c1", 45, 10, start=7)) == 30


def test_a_heartbeat_is_seen_between_other_messages() -> None:
    talk = [event("message", s, connection_id="c0", bytes=40 + s * s % 83) for s in range(3, 600, 7)]

    assert regular(pings("c0", 30, 20) + talk) == 20


def test_a_few_late_ones_do_not_hide_a_heartbeat() -> None:
    late = pings("c0", 30, 20)
    late[10]["at"] = at(1 + 10 * 30 + 9)

    assert regular(late) == 20


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(pings("c0", 30, 3), id="three are too few to tell"),
        pytest.param(pings("c0", 1, 500), id="what comes each second is traffic"),
        pytest.param(pings("c0", 30, 20, size=126), id="what no ping frame could carry is traffic"),
        pytest.param(pings("c0", 30, 20, auto_response=True), id="what is answered already is left alone"),
        pytest.param(
            [event("message", s * s, connection_id="c0", bytes=4) for s in range(20)],
            id="what comes at no fixed interval is traffic",
        ),
        pytest.param(
            [event("message", 30 * i, connection_id="c0", bytes=4, direction="out") for i in range(20)],
            id="what the server sends is no client's heartbeat",
        ),
        pytest.param(
            [event("message", 30 * i, bytes=4) for i in range(20)], id="nobody's messages are nobody's beat"
        ),
        pytest.param([], id="no events hold none"),
    ],
)
def test_what_is_no_heartbeat_is_left_alone(events: list[Any]) -> None:
    assert regular(events) == 0


def recorded() -> Trace:
    """Two rooms: a client that beats and comes back, one that talks fast, one that stays."""
    return trace(
        [
            connection(0, 1_000, "a", messages_in=34, bytes_in=136, messages_out=3, bytes_out=30),
            connection(1_004, 2_000, "a", messages_in=0, bytes_in=0, messages_out=0, bytes_out=0),
            connection(0, 100, "b", messages_in=400, bytes_in=4_000, messages_out=0, bytes_out=0),
            connection(500, None, "b", messages_in=1, bytes_in=2, messages_out=0, bytes_out=0),
        ],
        [
            *pings("c0", 30, 33),
            *(event("message", i / 4, "b", connection_id="c2", bytes=10 + i % 3) for i in range(400)),
            event("close", 1_000, connection_id="c0"),
            event("open", 1_004, connection_id="c1"),
            event("alarm", 3_000),
        ],
    )


REWRITINGS: dict[str, Callable[[Trace], Trace]] = {
    "answered automatically": lambda t: rewriting.answered_automatically(t, heartbeats(_events(t))),
    "without messages": lambda t: rewriting.without_messages(t, heartbeats(_events(t))),
    "without alarms": rewriting.without_alarms,
    "batched": rewriting.batched,
    "rooms in pairs": rewriting.rooms_in_pairs,
    "reconnects joined": lambda t: rewriting.reconnects_joined(t)[0],
}


def _events(of_trace: Trace) -> Any:
    assert of_trace.events is not None
    return of_trace.events


@pytest.mark.parametrize("rewrite", REWRITINGS.values(), ids=REWRITINGS.keys())
def test_a_rewritten_trace_keeps_the_specification_and_leaves_the_old_one_alone(
    rewrite: Callable[[Trace], Trace],
) -> None:
    old, untouched = recorded(), recorded()

    check_trace(rewrite(old))

    assert old.connections.equals(untouched.connections)
    assert _events(old).equals(_events(untouched))


def test_messages_that_were_never_sent_are_gone_from_events_and_totals() -> None:
    without = rewriting.without_messages(recorded(), heartbeats(_events(recorded())))

    assert list(without.connections["messages_in"]) == [1, 0, 400, 1]
    assert list(without.connections["bytes_in"]) == [136 - 33 * 4, 0, 4_000, 2]
    assert len(_events(without)) == len(_events(recorded())) - 33


def test_batching_leaves_one_message_a_second_and_all_of_the_bytes() -> None:
    together = rewriting.batched(recorded())

    fast = _events(together)[_events(together)["connection_id"] == "c2"]
    assert len(fast) == 100
    assert int(fast["bytes"].sum()) == sum(10 + i % 3 for i in range(400))
    assert list(together.connections["messages_in"]) == [34, 0, 100, 1]


def test_batching_leaves_unknown_counts_unknown() -> None:
    together = rewriting.batched(trace([connection(0, 10), connection(0, 10, messages_in=50)]))

    assert list(together.connections["messages_in"].isna()) == [True, False]
    assert together.connections["messages_in"].iloc[1] == 10


def test_rooms_in_pairs_are_half_as_many_in_both_frames() -> None:
    rooms = trace(
        [connection(i, i + 5, f"room-{i}") for i in range(5)],
        [event("alarm", i, f"room-{i}") for i in range(5)],
    )
    paired = rewriting.rooms_in_pairs(rooms)

    assert paired.connections["object_id"].nunique() == 3
    assert set(_events(paired)["object_id"]) == set(paired.connections["object_id"])


def test_a_client_that_comes_back_within_ten_seconds_is_taken_to_have_stayed() -> None:
    joined, spared = rewriting.reconnects_joined(recorded())

    assert spared == 1
    stayed = joined.connections.set_index("connection_id").loc["c0"]
    assert (stayed["opened_at"], stayed["closed_at"]) == (at(0), at(2_000))
    assert stayed["messages_in"] == 34
    kinds = _events(joined)["kind"]
    assert not kinds.isin(["open", "close"]).any()


@pytest.mark.parametrize(
    ("rows", "spared"),
    [
        pytest.param([(0, 100, "a"), (110, 200, "a")], 1, id="ten seconds later"),
        pytest.param([(0, 100, "a"), (110.1, 200, "a")], 0, id="later than that"),
        pytest.param([(0, 100, "a"), (105, 200, "b")], 0, id="in another room"),
        pytest.param([(0, 100, None), (105, 200, None)], 0, id="in no room"),
        pytest.param([(0, 100, "a"), (100, 200, "a")], 0, id="at the very instant, so not because of it"),
        pytest.param([(0, 100, "a"), (105, 200, "a"), (106, 200, "a")], 1, id="one close, two opens"),
        pytest.param([(0, 1, "a"), (5, 6, "a"), (7, 8, "a"), (18, None, "a")], 3, id="again and again"),
        pytest.param([], 0, id="nobody"),
    ],
)
def test_reconnects_are_counted_once_each(rows: list[Any], spared: int) -> None:
    before = trace([connection(*row) for row in rows])
    joined, found = rewriting.reconnects_joined(before)

    assert found == spared
    assert len(joined.connections) == len(rows) - spared


def test_chains_of_reconnects_become_one_connection_that_is_still_open() -> None:
    chain = trace(
        [connection(0, 100, messages_in=1), connection(105, 200, messages_in=2), connection(205, None)]
    )
    joined, _ = rewriting.reconnects_joined(chain)

    assert joined.connections["closed_at"].isna().all()
    assert list(joined.connections["messages_in"]) == [3]


def chat(rooms: int = 20) -> Trace:
    return trace(
        [connection(0, DAY, f"room-{i}") for i in range(rooms)],
        [
            event("message", 60 + 30 * n + i / 100, f"room-{i}", connection_id=f"c{i}", bytes=4)
            for i in range(rooms)
            for n in range(300)
        ],
    )


def test_hibernation_saves_the_difference_of_two_estimates() -> None:
    given = advise(chat(), plan=STANDARD)

    before, after = (
        wscost.estimate(chat(), plan=STANDARD, deployment=name).total
        for name in ("durable-object", "durable-object-hibernation")
    )
    assert of(given, "hibernation").saving == before - after > 0
    assert of(given, "hibernation").total == after
    assert given.changes[0].code == "hibernation"


def test_hibernation_of_totals_counts_handler_time() -> None:
    usage = UsageFile(
        "totals",
        {"connections_opened": D(1_000), "messages_in": D(10**9), "object_active_seconds": D(86_400_000)},
        PRESETS["durable-object"],
    )
    after = of(advise(usage, plan=STANDARD), "hibernation")

    # 2 ms for each of a billion messages: 2,000,000 s x 0.128 = 256,000 GB-s, which are included.
    assert after.total == D("5.00") + D("7.50")


def test_auto_response_saves_what_heartbeats_cost_once_objects_hibernate() -> None:
    slow = Deployment(endpoint="durable-object", hibernation=True, handler_ms=1_000)
    busy = chat(60)
    given = advise(busy, plan=STANDARD, deployment=slow)

    # 60 rooms x 300 beats x 30 days x 1 s x 0.128 = 69,120 GB-s; 540,000 messages make 27,000 requests.
    assert of(given, "auto-response").saving == 0
    assert "(18,000)" in of(given, "auto-response").how
    slower = slow.model_copy(update={"handler_ms": slow.handler_ms.model_copy(update={"message": D(10_000)})})
    assert of(advise(busy, plan=STANDARD, deployment=slower), "auto-response").saving == D("12.50")


def test_auto_response_comes_on_top_of_hibernation() -> None:
    given = advise(chat(), plan=STANDARD)

    assert of(given, "auto-response").total <= of(given, "hibernation").total
    assert of(given, "auto-response").saving < of(given, "hibernation").saving


def test_larger_rooms_share_a_clock() -> None:
    given = advise(chat(), plan=STANDARD)

    paired = trace([connection(0, DAY, f"room-{i // 2}") for i in range(20)])
    alone = wscost.estimate(paired, plan=STANDARD, deployment="durable-object").line("do-duration").cost
    before = given.bill.line("do-duration").cost
    assert alone is not None
    assert before is not None
    assert of(given, "larger-rooms").saving == before - alone


def test_batching_totals_is_bounded_by_the_seconds_that_sockets_were_open() -> None:
    usage = UsageFile(
        "totals",
        {"connections_opened": D(10), "messages_in": D(200_000_000), "connection_seconds": D(20_000_000)},
        Deployment(endpoint="durable-object", hibernation=True),
    )
    after = of(advise(usage, plan=STANDARD), "batching")

    # 200 M messages and 10 connects are 10 started millions of requests, less the one included; 20 M leave
    # the 10 connects past the allowance.
    assert after.saving == D("1.50") - D("0.15")
    assert "200,000,000 messages become 20,000,000" in after.how


def test_a_plan_that_cannot_serve_is_left_for_one_that_can_whatever_it_costs() -> None:
    usage = UsageFile(
        "totals",
        {
            "connections_opened": D(1_000),
            "messages_in": D(72_000_000),
            "object_active_seconds": D(86_400_000),
        },
        PRESETS["durable-object"],
    )
    advice = advise(usage, plan="cloudflare/workers-free")

    assert not advice.bill.feasible
    assert [(one.code, one.total > 0) for one in advice.changes] == [("plan", True)]
    assert "Workers Free cannot serve this" in str(tell(advice).answers)


def test_another_plan_is_advised_only_if_it_is_sold_and_can_serve() -> None:
    small = UsageFile("totals", {"connections_opened": D(1_000)}, PRESETS["worker"])
    large = UsageFile("totals", {"connections_opened": D(4_000_000)}, PRESETS["worker"])

    assert [(one.code, one.saving) for one in advise(small, plan=STANDARD).changes] == [("plan", D("5.00"))]
    assert advise(large, plan=STANDARD).changes == ()
    leaving = advise(large, plan="cloudflare/workers-unbound")
    assert [one.how for one in leaving.changes] == [f"{STANDARD} instead of cloudflare/workers-unbound"]


def test_savings_are_told_together_for_they_do_not_add_up() -> None:
    given = advise(chat(), plan=STANDARD)

    assert given.together[0] == "Hibernate instead of accept()"
    assert "Half as many rooms, each twice as large" not in given.together
    assert given.total_together <= min(one.total for one in given.changes)


def test_released_pins_save_what_they_hold() -> None:
    pinned = Deployment(endpoint="durable-object", hibernation=True, pins=Pins(timer="always"))
    given = advise(chat(), plan=STANDARD, deployment=pinned)

    free = wscost.estimate(chat(), plan=STANDARD, deployment="durable-object-hibernation").total
    assert of(given, "pins").total == free
    assert "pinned" in {note.code for note in given.traps}


def test_an_accept_socket_that_nobody_closes_is_a_trap_with_a_price() -> None:
    trap = next(note for note in advise(chat(1), plan=STANDARD).traps if note.code == "accept-never-closed")

    # One room is inside the allowance with 331,776 GB-s; ten pinned objects add 3,317,760, of which
    # 3,249,536 are past it: four started millions.
    assert trap.data["cost"] == D("50.00")
    free = next(note for note in advise(chat(1), plan="cloudflare/workers-free").traps)
    assert free.message.endswith("10 such objects, all month, would be within what is free.")
    asleep = advise(chat(1), plan=STANDARD, deployment="durable-object-hibernation")
    assert "accept-never-closed" not in {note.code for note in asleep.traps}


def test_alarms_every_thirty_seconds_are_a_trap_with_a_price() -> None:
    ticking = trace(
        [connection(0, DAY, f"room-{i}") for i in range(20)],
        [event("alarm", s + i / 10, f"room-{i}") for i in range(20) for s in range(0, DAY, 30)],
    )
    given = advise(ticking, plan=STANDARD, deployment="durable-object-hibernation")

    (trap,) = given.traps
    # 20 x 2,880 x 30 = 1.728 million requests: one started million past the allowance.
    assert trap.code == "frequent-alarms"
    assert trap.data == {"objects": 20, "every_s": 30.0, "cost": D("0.15")}


def test_alarms_once_a_minute_and_a_half_are_no_trap() -> None:
    calm = trace([connection(0, DAY)], [event("alarm", s) for s in range(0, DAY, 90)])

    assert advise(calm, plan=STANDARD, deployment="durable-object-hibernation").traps == ()


def test_without_a_deployment_a_trace_is_taken_to_keep_its_objects_awake() -> None:
    given = advise(chat(), plan=STANDARD)

    assert given.bill.deployment == "durable-object"
    assert [note.code for note in given.notes] == ["deployment-chosen", "at-least"]


def test_a_plan_whose_limit_would_break_is_told_with_the_limit() -> None:
    busy = UsageFile("busy", {"connections_opened": D(4_000_000)}, PRESETS["worker"])

    given = advise(busy, plan=STANDARD)

    assert ["Move to cloudflare/workers-free"] == [one.change for one in given.impossible]
    # 4,000,000 over 30 days are 133,334 on the busiest; the free plan serves 100,000 a day.
    assert given.impossible[0].breach.maximum == 100_000
    assert "plan" not in given.to_frame()["code"].tolist()


def test_the_recordings_of_accept_hold_the_heartbeats_that_were_planned() -> None:
    plain = wscost.read_trace("sample_traces/std200.ndjson")
    hibernating = wscost.read_trace("sample_traces/hib200.ndjson")

    planned = int((_events(hibernating)["auto_response"].fillna(False)).sum())
    assert planned - 5 <= int(heartbeats(_events(plain)).sum()) <= planned
    assert int(heartbeats(_events(hibernating)).sum()) == 0


def test_the_frame_lists_what_saves_before_what_does_not() -> None:
    frame = advise(chat(), plan=STANDARD).to_frame()

    assert list(frame.columns) == ["code", "change", "how", "saving", "total", "complete"]
    assert frame["saving"].is_monotonic_decreasing
