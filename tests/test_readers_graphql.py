"""Cloudflare's GraphQL answers as usage by day, and the query that asks for them."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from wscost import estimate
from wscost.errors import ConfigError, InputError
from wscost.notes import Grade
from wscost.readers import read_input, read_trace, sniff
from wscost.readers.cloudflare_query import cloudflare_query
from wscost.usage import Usage

SAMPLE = Path(__file__).parent / "reader_samples/cloudflare-graphql/three_days.json"
NAMESPACE = "0123456789abcdef0123456789abcdef"
PERIODIC, INVOCATIONS = "durableObjectsPeriodicGroups", "durableObjectsInvocationsAdaptiveGroups"


def row(day: str = "2026-11-02", more: dict[str, Any] | None = None, **sums: float) -> dict[str, Any]:
    return {"dimensions": {"date": day, **(more or {})}, "sum": sums}


def answer(**datasets: list[Any]) -> dict[str, Any]:
    return {"data": {"viewer": {"accounts": [datasets]}}, "errors": None}


def usage_of(folder: Path, *answers: object, **options: str) -> Usage:
    for number, one in enumerate(answers):
        (folder / f"{number}.json").write_text(json.dumps(one))
    found = read_input(folder, **options)  # type: ignore[arg-type]
    assert isinstance(found, Usage)
    return found


def codes(usage: Usage) -> set[str]:
    return {note.code for note in usage.notes}


def test_the_sample_is_recognised_as_an_answer_and_nothing_else() -> None:
    assert sniff(SAMPLE.read_bytes()) == ("cloudflare-graphql",)


def test_billed_meters_come_out_by_day_in_their_units() -> None:
    usage = usage_of_sample()

    assert dict(usage.days[date(2026, 11, 2)]) == {
        "connections_opened": 0,
        "object_active_seconds": 3600,
        "messages_in": 400 + 1600,
        "messages_out": 8000,
        "object_requests": 250 + 50,
        "http_requests": 260,
        "worker_cpu_ms": 540,
        "peak_connections": 12,
        "storage_rows_read": 120,
        "storage_rows_written": 30,
        "storage_read_units": 0,
        "storage_write_units": 0,
        "storage_deletes": 0,
    }
    assert usage.totals["object_active_seconds"] == Decimal("3601.5")
    assert usage.totals["worker_cpu_ms"] == Decimal("571.5")
    assert usage.totals["peak_connections"] == 12


def usage_of_sample() -> Usage:
    found = read_input(SAMPLE)
    assert isinstance(found, Usage)
    return found


def test_a_day_that_cloudflare_left_out_is_a_day_of_zeros() -> None:
    usage = usage_of_sample()

    assert list(usage.days) == [date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)]
    assert set(usage.days[date(2026, 11, 3)].values()) == {0}
    assert "window-from-rows" in codes(usage)


def test_billed_figures_are_measured_and_sampled_ones_are_not() -> None:
    usage = usage_of_sample()

    assert usage.grades["object_active_seconds"] is Grade.MEASURED
    assert usage.grades["object_requests"] is Grade.ASSUMED
    assert usage.grades["messages_in"] is Grade.ASSUMED
    assert usage.grades["peak_connections"] is Grade.LOWER_BOUND
    assert {"sampled", "hibernation-events", "connects-among-requests", "peak-of-one-row"} <= codes(usage)


def test_the_bill_takes_messages_twenty_to_one_and_connects_once() -> None:
    bill = estimate(SAMPLE, window="2026-11-01/2026-12-01")

    assert bill.line("do-requests").consumed == 250 + 50 + 20 + Decimal(2000) / 20
    assert bill.line("do-duration").consumed == Decimal("3601.5") * Decimal("0.128")
    assert bill.line("workers-requests").consumed == 281
    assert bill.projected is None


def test_no_trace_can_be_made_of_it() -> None:
    with pytest.raises(InputError, match="holds no connections"):
        read_trace(SAMPLE)


def test_gigabyte_seconds_stand_in_for_active_time(tmp_path: Path) -> None:
    usage = usage_of(tmp_path, answer(durableObjectsPeriodicGroups=[row(duration=115.2)]))

    assert usage.totals["object_active_seconds"] == 900


@pytest.mark.parametrize(
    ("rows", "meter"),
    [
        ([row(activeTime=5_000_000)], "object_active_seconds"),
        ([row(more={"type": "http"}, requests=3)], "object_requests"),
        ([row(requests=3, cpuTimeUs=1_000)], "worker_cpu_ms"),
    ],
    ids=["of objects by active time", "of invocations by type", "of Workers by CPU time"],
)
def test_rows_under_an_alias_are_told_by_their_fields(tmp_path: Path, rows: list[Any], meter: str) -> None:
    assert meter in usage_of(tmp_path, answer(p=rows)).totals


def test_an_alias_that_could_be_anything_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"0\.json: which dataset `i` is cannot be told"):
        usage_of(tmp_path, answer(i=[row(requests=3)]))


def test_another_dataset_is_ignored_and_named(tmp_path: Path) -> None:
    usage = usage_of(
        tmp_path,
        answer(durableObjectsPeriodicGroups=[row(activeTime=1)], d1QueriesAdaptiveGroups=[row(rowsRead=1)]),
    )

    note = next(note for note in usage.notes if note.code == "datasets-ignored")
    assert note.data == {"datasets": ["d1QueriesAdaptiveGroups"]}


def test_requests_without_type_are_an_upper_bound_and_say_so(tmp_path: Path) -> None:
    usage = usage_of(tmp_path, answer(durableObjectsInvocationsAdaptiveGroups=[row(requests=100)]))

    assert usage.totals["object_requests"] == 100
    assert "messages_in" not in usage.totals
    assert "requests-without-type" in codes(usage)


def test_a_set_that_was_not_sampled_is_measured(tmp_path: Path) -> None:
    whole = row(more={"type": "http"}, requests=3) | {"avg": {"sampleInterval": 1}}
    usage = usage_of(tmp_path, answer(durableObjectsInvocationsAdaptiveGroups=[whole]))

    assert usage.grades["object_requests"] is Grade.MEASURED


def test_answers_of_several_months_add_up(tmp_path: Path) -> None:
    usage = usage_of(
        tmp_path,
        answer(durableObjectsPeriodicGroups=[row("2026-10-31", activeTime=1_000_000)]),
        answer(durableObjectsPeriodicGroups=[row("2026-11-01", activeTime=2_000_000)]),
    )

    assert usage.totals["object_active_seconds"] == 3
    assert usage.window.start == datetime(2026, 10, 31, tzinfo=UTC)
    assert usage.window.end == datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize("keep", [lambda whole: whole["data"], lambda whole: [whole]], ids=["data", "a list"])
def test_an_answer_reads_the_same_however_a_client_kept_it(tmp_path: Path, keep: Any) -> None:
    whole = answer(**{PERIODIC: [row(activeTime=60_000_000)]})

    assert usage_of(tmp_path, whole).totals == usage_of(tmp_path, keep(whole)).totals


def test_the_same_row_in_two_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1\.json: durableObjectsPeriodicGroups\[0\] stands twice"):
        usage_of(tmp_path, *[answer(durableObjectsPeriodicGroups=[row(activeTime=1)])] * 2)


def test_rows_by_the_minute_last_a_minute(tmp_path: Path) -> None:
    minute = {"dimensions": {"datetimeMinute": "2026-11-02T23:59:00Z"}, "sum": {"activeTime": 60_000_000}}
    usage = usage_of(tmp_path, answer(durableObjectsPeriodicGroups=[minute]))

    assert usage.window.seconds == 60
    assert list(usage.days) == [date(2026, 11, 2)]


def test_rows_outside_the_window_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [row(f"2026-11-0{day}", activeTime=1_000_000) for day in (1, 2, 3)]
    usage = usage_of(tmp_path, answer(durableObjectsPeriodicGroups=rows), window="2026-11-02/2026-11-03")

    assert usage.totals["object_active_seconds"] == 1
    assert next(n for n in usage.notes if n.code == "outside-window").data == {"rows": 2}


def test_a_full_answer_warns_that_more_may_be_missing(tmp_path: Path) -> None:
    rows = [row(more={"objectId": str(number)}, activeTime=1) for number in range(10_000)]
    full = usage_of(tmp_path, answer(durableObjectsPeriodicGroups=rows))
    less = usage_of(tmp_path, answer(durableObjectsPeriodicGroups=rows[1:]))

    assert "rows-cut" in codes(full)
    assert "rows-cut" not in codes(less)


def test_data_beside_errors_are_a_lower_bound_and_the_error_is_told(tmp_path: Path) -> None:
    whole = answer(durableObjectsPeriodicGroups=[row(activeTime=1)])
    usage = usage_of(tmp_path, {**whole, "errors": [{"message": "quota exceeded"}]})
    (note,) = (note for note in usage.notes if note.code == "answered-in-part")

    assert Grade.LOWER_BOUND is usage.grades["object_active_seconds"]
    assert "(1; the first: quota exceeded)" in note.message


def broken(change: Any) -> dict[str, Any]:
    one = deepcopy(answer(durableObjectsPeriodicGroups=[row(activeTime=1)]))
    change(one["data"]["viewer"]["accounts"][0][PERIODIC])
    return one


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            {"data": None, "errors": [{"message": "unknown field activeTime"}]},
            "error and no data: unknown field",
        ),
        ({"data": {"viewer": {"accounts": []}}, "errors": None}, "holds no account"),
        (answer(durableObjectsPeriodicGroups=[]), "there is no row in it"),
        (broken(lambda rows: rows[0].pop("dimensions")), r"\[0\] has no dimensions"),
        (broken(lambda rows: rows[0]["dimensions"].pop("date")), r"\[0\] has no time"),
        (broken(lambda rows: rows[0]["dimensions"].update(date="soon")), "'soon' is no time"),
        (
            broken(lambda rows: rows[0]["dimensions"].update(date="1970-01-01")),
            "outside the years 2000 to 2199",
        ),
        (broken(lambda rows: rows[0]["sum"].update(activeTime=-1)), r"activeTime '-1' is not a number"),
        (broken(lambda rows: rows[0]["sum"].update(activeTime="1")), r"activeTime '1' is not a number"),
    ],
    ids=[
        "an error in place of data",
        "no account",
        "no rows",
        "a row without dimensions",
        "a row without time",
        "a time that is none",
        "a time before Cloudflare",
        "a negative figure",
        "a figure in quotes",
    ],
)
def test_a_broken_answer_is_refused_with_its_place(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        usage_of(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SAMPLE.read_bytes()[:900], "cut short"),
        (b'{"data": {"viewer": {"accounts": ' + b"[" * 10_000, "depth limit"),
    ],
    ids=["cut short", "nested 10,000 deep"],
)
def test_json_that_is_none_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "answer.json"
    path.write_bytes(content)

    with pytest.raises(InputError, match=words):
        read_input(path)


def test_the_query_asks_for_whole_days_of_one_namespace_and_a_worker() -> None:
    query = cloudflare_query(NAMESPACE, date(2026, 11, 1), date(2026, 12, 1), script='front"end')

    assert query.count('date_geq: "2026-11-01", date_leq: "2026-11-30"') == 3
    assert query.count(f'namespaceId: "{NAMESPACE}"') == 2
    assert r'scriptName: "front\"end"' in query
    assert query.count("{") == query.count("}")


def test_what_the_query_asks_for_is_what_the_reader_knows() -> None:
    query = cloudflare_query(NAMESPACE, date(2026, 11, 1), date(2026, 11, 2), script="front")
    account = json.loads(SAMPLE.read_text())["data"]["viewer"]["accounts"][0]
    asked = set(query.replace("{", " ").replace("}", " ").split())

    for dataset, rows in account.items():
        assert dataset in query
        assert rows[0]["dimensions"].keys() | rows[0]["sum"].keys() <= asked


def test_without_a_script_the_worker_is_not_asked_for() -> None:
    assert "workersInvocationsAdaptive" not in cloudflare_query(
        NAMESPACE, date(2026, 11, 1), date(2026, 11, 2)
    )


@pytest.mark.parametrize(
    ("namespace", "end", "words"),
    [
        ("my-namespace", date(2026, 11, 2), "is no namespace id"),
        (NAMESPACE, date(2026, 11, 1), "is before --from"),
        (NAMESPACE, date(2026, 12, 3), "at most 31 days"),
    ],
    ids=["a name instead of an id", "no day at all", "32 days"],
)
def test_a_query_that_cannot_be_answered_is_refused(namespace: str, end: date, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        cloudflare_query(namespace, date(2026, 11, 1), end)


def test_31_days_are_one_query() -> None:
    assert "2026-12-01" in cloudflare_query(NAMESPACE, date(2026, 11, 1), date(2026, 12, 2))
