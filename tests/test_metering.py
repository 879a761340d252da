"""What each meter counts, on traces small enough to check by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traces import DAY, at, connection, event, trace
from wscost.deployment import PRESETS, Deployment
from wscost.errors import InputError
from wscost.metering import meter
from wscost.notes import Grade
from wscost.trace import LARGEST, Trace
from wscost.usage import Usage, Window, combine

WORKER = PRESETS["worker"]
ACCEPT = PRESETS["durable-object"]
HIBERNATING = PRESETS["durable-object-hibernation"]
MINUTE, HOUR = 60, 3_600


def codes(usage: Usage) -> set[str]:
    return {note.code for note in usage.notes}


def totals(rows: Trace, deployment: Deployment, **wanted: Any) -> dict[str, D]:
    return meter(rows, deployment, **wanted).totals


# Connections


def test_every_upgrade_counts_and_so_does_every_reconnect() -> None:
    rows = trace([connection(0, 10), connection(10, 20), connection(5, 15)])

    assert totals(rows, WORKER)["connections_opened"] == 3


def test_seconds_add_up_over_connections_even_in_one_room() -> None:
    assert totals(trace([connection(0, 10), connection(0, 10)]), WORKER)["connection_seconds"] == 20


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0.001, 1), (59.999, 1), (60, 1), (60.001, 2), (120, 2), (3 * DAY, 3 * 1440)]
)
def test_each_connection_is_rounded_up_to_whole_minutes(seconds: float, minutes: int) -> None:
    rows = trace([connection(100, 100 + seconds)], window=(0, 4 * DAY))

    assert totals(rows, WORKER)["connection_minutes"] == minutes


def test_minutes_of_a_connection_over_midnight_round_up_once() -> None:
    days = meter(trace([connection(DAY - 90, DAY + 45)], window=(0, 2 * DAY)), WORKER).days

    assert [2, 1] == [day["connection_minutes"] for day in days.values()]


def test_the_peak_is_the_most_sockets_at_one_instant_of_each_day() -> None:
    rows = trace([connection(0, 30), connection(10, 40), connection(30, DAY + 5)], window=(0, 2 * DAY))
    usage = meter(rows, WORKER)

    assert [2, 1] == [day["peak_connections"] for day in usage.days.values()]
    assert usage.totals["peak_connections"] == 2


def test_days_are_split_at_utc_midnight() -> None:
    days = meter(trace([connection(DAY - 10, DAY + 30)], window=(0, 2 * DAY)), WORKER).days

    assert [date(2026, 11, 2), date(2026, 11, 3)] == list(days)
    assert [10, 30] == [day["connection_seconds"] for day in days.values()]
    assert [1, 0] == [day["connections_opened"] for day in days.values()]


def test_what_was_open_before_or_after_the_window_is_cut_and_counted_in_a_note() -> None:
    usage = meter(trace([connection(-50, 10), connection(DAY - 20, None), connection(0, 5)]), WORKER)
    note = next(note for note in usage.notes if note.code == "cut-at-window")

    assert usage.totals["connection_seconds"] == 10 + 20 + 5
    assert usage.totals["connections_opened"] == 2
    assert note.data == {"opened_before": 1, "still_open": 1}


# Messages


def test_unknown_counts_leave_the_meter_out_rather_than_at_zero() -> None:
    assert "messages_in" not in totals(trace([connection(0, 10)]), WORKER)


def test_counts_known_for_some_connections_are_a_lower_bound() -> None:
    usage = meter(trace([connection(0, 10, messages_in=7), connection(0, 10)]), WORKER)

    assert usage.totals["messages_in"] == 7
    assert usage.grades["messages_in"] is Grade.LOWER_BOUND
    assert "counts-missing" in codes(usage)


def test_the_messages_of_a_long_connection_are_spread_over_its_days_without_losing_one() -> None:
    rows = trace([connection(0, 3 * DAY, messages_in=100)], window=(0, 3 * DAY))

    assert [33, 33, 34] == [day["messages_in"] for day in meter(rows, WORKER).days.values()]


def test_auto_responses_are_messages_unless_hibernating_objects_answer_them() -> None:
    rows = trace(
        [connection(0, 100)],
        [event("open", 0), event("message", 1, auto_response=True), event("message", 2), event("close", 100)],
    )

    assert totals(rows, HIBERNATING)["messages_in"] == 1
    assert totals(rows, HIBERNATING.model_copy(update={"auto_response": False}))["messages_in"] == 2
    assert totals(rows, ACCEPT)["messages_in"] == 2


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (32_768, 1), (32_769, 2), (65_537, 3)])
def test_each_message_counts_in_started_steps(size: int, units: int) -> None:
    rows = trace([connection(0, 9)], [event("message", 1, bytes=size), event("message", 2, bytes=10)])

    assert totals(rows, WORKER, steps=[32_768])["message_units_in:32768"] == units + 1


def test_steps_from_totals_are_as_few_as_the_totals_allow() -> None:
    rows = trace([connection(0, 9, messages_in=2, bytes_in=100_000)])
    usage = meter(rows, WORKER, steps=[32_768])

    assert usage.totals["message_units_in:32768"] == 4
    assert usage.grades["message_units_in:32768"] is Grade.LOWER_BOUND


# Workers


def test_a_worker_that_handles_its_sockets_is_on_the_clock_for_each_of_them() -> None:
    usage = totals(trace([connection(0, 10), connection(0, 10)]), WORKER)

    assert usage["worker_wall_seconds"] == 20
    assert usage["worker_passthrough_seconds"] == 0


def test_a_worker_that_only_hands_a_socket_on_is_metered_apart() -> None:
    usage = totals(trace([connection(0, 10)]), ACCEPT)

    assert usage["worker_wall_seconds"] == 0
    assert usage["worker_passthrough_seconds"] == 10


def test_wall_time_gives_way_to_a_multiple_of_cpu_where_that_is_more() -> None:
    busy = Deployment.model_validate({"cpu_ms": {"connect": 0, "message": D(500)}})
    rows = trace([connection(0, 10, messages_in=4), connection(0, 10, messages_in=1)])

    assert totals(rows, busy, cpu_multiples=[8])["worker_wall_seconds:8"] == 8 * 2 + 10


def test_of_a_connection_that_the_window_cuts_only_the_part_inside_takes_cpu() -> None:
    busy = Deployment.model_validate({"cpu_ms": {"connect": 0, "message": D(100)}})
    rows = trace([connection(-DAY, DAY, messages_in=48_000)], window=(0, HOUR))

    # A thousand messages come in that hour: 8 times 100 s are less than the hour.
    assert totals(rows, busy, cpu_multiples=[8])["worker_wall_seconds:8"] == HOUR


def test_messages_that_only_connections_tell_are_counted_beside_events_of_other_kinds() -> None:
    rows = [connection(0, 600, messages_in=100_000, messages_out=50)]
    sent = event("message", 5, connection_id="c0", direction="out")
    usage = meter(trace(rows, [event("open", 0, connection_id="c0"), sent]), HIBERNATING)

    assert (usage.totals["messages_in"], usage.totals["messages_out"]) == (100_000, 50)
    assert "messages-without-events" in codes(usage)


def test_events_that_tell_more_messages_than_connections_are_believed() -> None:
    told = [event("message", second, connection_id="c0", direction="in") for second in (1, 2, 3)]
    usage = meter(trace([connection(0, 600, messages_in=2)], told), HIBERNATING)

    assert usage.totals["messages_in"] == 3
    assert "messages-without-events" not in codes(usage)


def test_size_steps_are_known_no_better_than_the_messages_they_are_of() -> None:
    told = [event("message", 1, connection_id="c0", direction="in", bytes=10)]
    rows = replace(trace([connection(0, 10)], told), grades={"messages_in": Grade.LOWER_BOUND})

    assert meter(rows, WORKER, steps=[100]).grades["message_units_in:100"] is Grade.LOWER_BOUND


def test_messages_without_events_keep_a_hibernating_object_active_as_long_as_their_handlers() -> None:
    rows = [connection(0, 600, messages_in=100_000)]
    alarmed = meter(trace(rows, [event("alarm", 300, wall_ms=5)]), HIBERNATING)
    alone = meter(trace(rows), HIBERNATING)

    assert alarmed.totals["object_active_seconds"] == alone.totals["object_active_seconds"] + D("0.005")
    assert alarmed.totals["object_resident_seconds"] == alone.totals["object_resident_seconds"] == 610
    assert alarmed.grades["object_active_seconds"] is Grade.ASSUMED
    assert alarmed.grades["object_wakeups"] is Grade.ASSUMED


def test_cpu_is_a_connect_and_each_message_where_the_worker_handles_them() -> None:
    rows = trace([connection(0, 10, messages_in=4)])
    cpu = {"cpu_ms": {"connect": 3, "message": D("0.5")}}

    assert totals(rows, Deployment.model_validate(cpu))["worker_cpu_ms"] == 5
    assert totals(rows, ACCEPT.model_copy(update={"cpu_ms": Deployment.model_validate(cpu).cpu_ms}))[
        "worker_cpu_ms"
    ] == (3)


def test_messages_that_only_events_tell_take_cpu_too() -> None:
    messages = [event("message", at_, bytes=10) for at_ in (1, 2, 3)]
    usage = meter(
        trace([connection(0, 10)], [*messages, event("message", 4, direction="out", bytes=10)]), WORKER
    )

    assert usage.totals["messages_in"] == 3
    assert usage.totals["worker_cpu_ms"] == 1 + 3 * D("0.5")
    assert "messages-unknown" not in codes(usage)


def test_cpu_of_messages_that_nothing_tells_is_missing_and_a_note_says_so() -> None:
    usage = meter(trace([connection(0, 10, messages_in=4), connection(0, 10)]), WORKER)

    assert usage.totals["worker_cpu_ms"] == 2 + 4 * D("0.5")
    assert "messages-unknown" in codes(usage)


# Sums past 64 bits


def test_sums_are_exact_past_what_64_bits_hold() -> None:
    rows = 3_000
    usage = totals(trace([connection(0, 9, messages_in=1, bytes_in=LARGEST) for _ in range(rows)]), ACCEPT)

    assert usage["bytes_in"] == rows * LARGEST > 2**64


def test_more_cpu_time_than_can_be_counted_is_an_error_that_names_the_trace() -> None:
    rows = trace([connection(0, 9, messages_in=LARGEST)])

    with pytest.raises(InputError, match=r"9,007,199,254,740,992 messages in takes more CPU time"):
        meter(rows, WORKER, cpu_multiples=[8])


# Objects


def test_an_object_runs_one_clock_however_many_sockets_it_holds() -> None:
    rows = trace([connection(0, 60), connection(30, 90), connection(0, 10, "other")])

    assert totals(rows, ACCEPT)["object_active_seconds"] == 90 + 10


def test_a_room_that_empties_for_less_than_ten_seconds_stays_in_memory() -> None:
    nine = totals(trace([connection(0, 10), connection(19.9, 30)]), ACCEPT)
    ten = totals(trace([connection(0, 10), connection(20.1, 30)]), ACCEPT)

    assert (nine["object_wakeups"], nine["object_resident_seconds"]) == (1, 40)
    assert (ten["object_wakeups"], ten["object_resident_seconds"]) == (2, D("39.9"))
    assert nine["object_active_seconds"] == D("20.1")


def test_a_hibernating_object_is_active_only_while_handlers_run() -> None:
    rows = trace(
        [connection(0, 600)],
        [event("open", 0), event("message", 300, wall_ms=250.0), event("close", 600)],
    )
    usage = totals(rows, HIBERNATING)

    assert usage["object_active_seconds"] == D("0.254")
    assert usage["object_resident_seconds"] == D("30.254")
    assert usage["object_wakeups"] == 3


def test_connects_and_closes_that_only_some_events_tell_run_handlers_all_the_same() -> None:
    rows = [
        connection(0, 60, "r", connection_id="a"),
        connection(0, 60, "q", connection_id="b"),
    ]
    ends = [event("open", 0, "r", connection_id="a"), event("close", 60, "r", connection_id="a")]
    usage = meter(trace(rows, ends), HIBERNATING)

    assert usage.totals["object_wakeups"] == 4
    assert usage.totals["object_resident_seconds"] == 4 * D("10.002")
    assert usage.grades["object_active_seconds"] is Grade.ASSUMED
    assert "handler-time-assumed" in codes(usage)


def test_a_connect_that_no_event_tells_takes_an_assumed_time() -> None:
    spoken = [event("message", 5, bytes=1, wall_ms=1.0)]
    usage = meter(trace([connection(0, 60)], spoken), HIBERNATING)

    assert usage.totals["object_active_seconds"] == D("0.005")
    assert usage.grades["object_active_seconds"] is Grade.ASSUMED


def test_handlers_that_overlap_count_once() -> None:
    rows = trace(
        [connection(0, 100)],
        [event("message", 10, wall_ms=2_000.0), event("message", 11, wall_ms=2_000.0)],
    )
    quiet = HIBERNATING.model_copy(update={"handler_ms": Deployment(handler_ms=D(0)).handler_ms})

    assert totals(rows, quiet)["object_active_seconds"] == 3


def test_an_auto_response_does_not_wake_an_object() -> None:
    def usage(auto: bool) -> dict[str, D]:
        return totals(
            trace(
                [connection(0, 100)],
                [event("open", 0), event("message", 50, auto_response=auto), event("close", 100)],
            ),
            HIBERNATING,
        )

    assert usage(auto=True)["object_wakeups"] == 2
    assert usage(auto=False)["object_wakeups"] == 3


def test_auto_responses_themselves_are_not_counted_either_where_objects_hibernate() -> None:
    answer = event("message", 1, direction="out", bytes=4, auto_response=True)
    rows = trace([connection(0, 9)], [answer, event("message", 2, direction="out", bytes=10)])

    assert [totals(rows, one)["messages_out"] for one in (ACCEPT, HIBERNATING)] == [2, 1]
    assert [totals(rows, one)["bytes_out"] for one in (ACCEPT, HIBERNATING)] == [14, 10]


def test_without_any_connection_there_are_no_messages() -> None:
    usage = totals(trace([], [event("alarm", 1), event("alarm", 100)]), HIBERNATING)

    assert (usage["messages_in"], usage["messages_out"], usage["object_requests"]) == (0, 0, 2)


def test_messages_to_the_client_wake_nobody() -> None:
    rows = trace(
        [connection(0, 100)],
        [event("open", 0), {**event("message", 50), "direction": "out"}, event("close", 100)],
    )

    assert totals(rows, HIBERNATING)["object_wakeups"] == 2


def test_alarms_and_requests_are_object_requests_and_wake_even_without_sockets() -> None:
    rows = trace([connection(0, 5)], [event("alarm", 1_000), event("request", 2_000, room="elsewhere")])
    usage = totals(rows, ACCEPT)

    assert usage["object_requests"] == 2
    assert usage["object_wakeups"] == 3


def test_a_pinned_object_does_not_hibernate_and_outlives_its_last_socket() -> None:
    rows = trace([connection(0, 1_000)], [event("open", 0), event("close", 1_000)])
    pinned = HIBERNATING.model_copy(
        update={"pins": Deployment.model_validate({"pins": {"timer": "always"}}).pins}
    )

    assert totals(rows, pinned)["object_active_seconds"] == 1_000 + 105


def test_a_pin_held_for_a_share_of_the_time_charges_that_share() -> None:
    rows = trace([connection(0, 1_000)], [event("open", 0, wall_ms=0.0), event("close", 1_000, wall_ms=0.0)])
    pins = Deployment.model_validate({"pins": {"timer": D("0.5"), "wait_until": D("0.5")}}).pins

    usage = totals(rows, HIBERNATING.model_copy(update={"pins": pins}))

    assert usage["object_active_seconds"] == 750


def test_connections_without_an_object_are_objects_of_their_own_and_a_note_says_so() -> None:
    usage = meter(trace([connection(0, 10, None), connection(0, 10, None)]), ACCEPT)

    assert usage.totals["object_active_seconds"] == 20
    assert "no-object-id" in codes(usage)


def test_hibernation_without_events_is_bounded_from_totals_and_never_dearer_than_open_sockets() -> None:
    few = meter(trace([connection(0, 1_000, messages_in=10)]), HIBERNATING)
    many = meter(trace([connection(0, 10, messages_in=1_000_000)]), HIBERNATING)

    assert few.totals["object_active_seconds"] == D("0.024")
    assert many.totals["object_active_seconds"] == 10
    assert few.grades["object_active_seconds"] is Grade.ASSUMED
    assert "hibernation-without-events" in codes(few)


# Laws

sockets = st.lists(
    st.tuples(st.integers(-300, 3 * DAY), st.integers(0, DAY), st.sampled_from(["a", "b", None])), max_size=12
)


@settings(max_examples=60)
@given(sockets, st.integers(1, 3 * DAY - 1))
def test_splitting_a_trace_in_two_and_adding_the_usage_changes_nothing(
    drawn: list[tuple[int, int, str | None]], cut: int
) -> None:
    whole = trace([connection(s, s + length, room) for s, length, room in drawn], window=(0, 3 * DAY))
    left = replace(whole, window=Window(at(0), at(cut)))
    right = replace(whole, window=Window(at(cut), at(3 * DAY)))
    keys = (
        "connections_opened",
        "connection_seconds",
        "connection_minutes",
        "worker_passthrough_seconds",
        "object_active_seconds",
    )

    together = combine([totals(left, ACCEPT), totals(right, ACCEPT)])

    assert {k: totals(whole, ACCEPT)[k] for k in keys} == {k: together[k] for k in keys}


@settings(max_examples=60)
@given(sockets, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(drawn: list[tuple[int, int, str | None]], random: Any) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)

    def usage(rows: list[tuple[int, int, str | None]]) -> dict[str, D]:
        return totals(trace([connection(s, s + n, room) for s, n, room in rows], window=(0, 4 * DAY)), ACCEPT)

    assert usage(drawn) == usage(shuffled)


@settings(max_examples=60)
@given(sockets)
def test_objects_are_never_active_longer_than_their_sockets_are_open(
    drawn: list[tuple[int, int, str | None]],
) -> None:
    usage = totals(trace([connection(s, s + n, room) for s, n, room in drawn], window=(0, 4 * DAY)), ACCEPT)

    assert usage["object_active_seconds"] <= usage["connection_seconds"]
    assert usage["object_active_seconds"] <= usage["object_resident_seconds"]


def test_a_trace_without_connections_meters_zeros() -> None:
    usage = totals(trace([]), ACCEPT)

    assert usage["connections_opened"] == 0
    assert usage["object_active_seconds"] == 0
