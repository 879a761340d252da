"""Gauges and counters over time as usage by day."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wscost import estimate
from wscost.errors import BadRowsError, InputError, UnknownNameError
from wscost.notes import Grade
from wscost.readers import read_input, sniff
from wscost.readers.series import Sampled, usage_of
from wscost.usage import Usage

DATA = Path(__file__).parent / "reader_samples/gauge-series"
PROMETHEUS, GRAFANA = DATA / "query_range.json", DATA / "grafana.csv"
START = int(datetime(2026, 11, 2, 10, tzinfo=UTC).timestamp())


def read(path: Path | list[Path], **options: Any) -> Usage:
    found = read_input(path, **options)  # type: ignore[arg-type]
    assert isinstance(found, Usage)
    return found


def matrix(*series: tuple[str, list[float | str]], step: int = 60, start: int = START) -> str:
    result = [
        {
            "metric": {"__name__": name} if name else {},
            "values": [[start + i * step, str(v)] for i, v in enumerate(values)],
        }
        for name, values in series
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


def usage_of_text(folder: Path, text: str, name: str = "series.json", **options: Any) -> Usage:
    (folder / name).write_text(text)
    return read(folder / name, **options)


def codes(usage: Usage) -> set[str]:
    return {note.code for note in usage.notes}


@pytest.mark.parametrize("path", [PROMETHEUS, GRAFANA], ids=["an answer of Prometheus", "CSV from Grafana"])
def test_the_samples_are_recognised_as_a_series_and_nothing_else(path: Path) -> None:
    assert sniff(path.read_bytes()) == ("gauge-series",)


def test_pods_add_up_and_midnight_cuts_the_line_between_two_samples() -> None:
    """A pod with 10 throughout, one that rises from 0 to 40 within the twenty minutes around midnight."""
    usage = read(PROMETHEUS)

    assert usage.days[date(2026, 11, 2)]["connection_seconds"] == 600 * 10 + 600 * 10
    assert usage.days[date(2026, 11, 3)]["connection_seconds"] == 600 * 10 + 600 * 30
    assert usage.totals["peak_connections"] == 10 + 40


def test_a_counter_tells_arrivals_and_one_that_falls_began_again_at_zero() -> None:
    usage = read(PROMETHEUS)

    assert usage.totals["connections_opened"] == 40 * 5 + 40 * 2
    assert usage.totals["messages_in"] == 19 * 100 + 20 * 100
    assert {"counter-resets", "sampled-gauge"} <= codes(usage)
    assert "arrivals-from-rises" not in codes(usage)


def test_what_a_counter_shows_after_it_began_again_was_counted_since(tmp_path: Path) -> None:
    opened = ("opened_total", [100.0, 200.0, 300.0, 50.0, 150.0])
    named = "connections=open,opened=opened_total"
    usage = usage_of_text(tmp_path, matrix(("open", [4.0] * 5), opened), series=named)

    assert usage.totals["connections_opened"] == 100 + 100 + 50 + 100


def test_without_a_counter_arrivals_are_the_rises_and_a_lower_bound() -> None:
    usage = read(GRAFANA)

    assert usage.totals["connections_opened"] == 4
    assert usage.grades["connections_opened"] is Grade.LOWER_BOUND
    assert "arrivals-from-rises" in codes(usage)


def test_an_empty_cell_is_no_sample_and_the_line_goes_on() -> None:
    assert read(GRAFANA).totals["connection_seconds"] == 60 + 180 + 240 + 300 + 30


def test_in_a_gap_nothing_is_open_and_the_time_is_a_lower_bound(tmp_path: Path) -> None:
    whole = usage_of_text(tmp_path, matrix(("g", [4.0] * 10)))
    holey = usage_of_text(tmp_path, matrix(("g", [4.0] * 4 + ["NaN"] * 3 + [4.0] * 3)))

    assert whole.totals["connection_seconds"] == 4 * 540
    assert holey.totals["connection_seconds"] == 4 * (540 - 240)
    assert whole.grades["connection_seconds"] is Grade.ASSUMED
    assert holey.grades["connection_seconds"] is Grade.LOWER_BOUND
    assert next(n for n in holey.notes if n.code == "gaps").data == {"seconds": 240}


def test_the_bill_knows_what_the_gauge_tells_and_leaves_the_rest_unknown() -> None:
    bill = estimate(GRAFANA, deployment="durable-object")

    assert bill.line("do-duration").cost is None
    assert bill.line("do-duration").depends_on == ("object_active_seconds",)
    assert bill.line("do-requests").grade is Grade.LOWER_BOUND


def test_series_are_named_by_option(tmp_path: Path) -> None:
    text = matrix(("ws_open", [1, 1, 1]), ("ws_hello", [7, 8, 12]), ("other", [1, 2, 3]))

    usage = usage_of_text(tmp_path, text, series="connections=ws_open,opened=ws_hello")

    assert usage.totals["connections_opened"] == 5
    assert usage.grades["connections_opened"] is Grade.MEASURED


def test_values_that_count_since_the_one_before_are_added_up(tmp_path: Path) -> None:
    text = "time,open,new\n" + "".join(f"{START + 60 * i},3,{i}\n" for i in range(5))

    usage = usage_of_text(tmp_path, text, "series.csv", series="connections=open,opened=new:delta")

    assert usage.totals["connections_opened"] == 1 + 2 + 3 + 4


def test_series_without_name_are_called_like_their_file(tmp_path: Path) -> None:
    (tmp_path / "open.json").write_text(matrix(("", [2, 2])))
    (tmp_path / "arrived.json").write_text(matrix(("", [10, 14])))

    usage = read(tmp_path, series="connections=open,opened=arrived")  # type: ignore[arg-type]

    assert usage.totals["connections_opened"] == 4
    assert usage.totals["connection_seconds"] == 120


def test_two_answers_of_one_series_overlap_without_counting_twice(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(matrix(("g", [2, 2, 2])))
    (tmp_path / "b.json").write_text(matrix(("g", [2, 2, 2]), start=START + 60))

    assert read(tmp_path).totals["connection_seconds"] == 2 * 180  # type: ignore[arg-type]


def test_a_window_cuts_the_line_at_both_ends(tmp_path: Path) -> None:
    usage = usage_of_text(
        tmp_path, matrix(("g", [0, 60, 120])), window="2026-11-02T10:00:30Z/2026-11-02T10:01:30Z"
    )

    assert usage.totals["connection_seconds"] == 30 * 45 + 30 * 75
    assert usage.window.seconds == 60


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_unix_times_are_in_the_unit_that_the_column_names(tmp_path: Path, unit: str) -> None:
    factor = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    text = f"time_{unit},g\n{START * factor},1\n{(START + 60) * factor},1\n"

    assert usage_of_text(tmp_path, text, "series.csv").totals["connection_seconds"] == 60


def test_a_spreadsheet_s_separator_line_and_quotes_are_understood(tmp_path: Path) -> None:
    text = 'sep=;\n"Time";"Open"\n"2026-11-02T10:00:00Z";3\n"2026-11-02T10:01:00Z";3\n'

    assert usage_of_text(tmp_path, text, "series.csv").totals["connection_seconds"] == 180


@pytest.mark.parametrize(
    ("name", "text", "error", "words"),
    [
        (
            "s.csv",
            "time,g\n2026-11-02T10:00:00Z,1\n2026-11-02T09:00:00Z,1\n",
            BadRowsError,
            r"s\.csv:3: the time .* goes back",
        ),
        ("s.csv", f"time,g\n{START},1\n{START},1\n", BadRowsError, r"s\.csv:3: .* stands twice"),
        (
            "s.csv",
            f"time,g\n{START},1\n{START + 60},-1\n",
            BadRowsError,
            r"s\.csv:3: g '-1' is not a number from 0 up",
        ),
        (
            "s.csv",
            f"time,g\n{START},1\n{START * 1000},1\n",
            BadRowsError,
            r"s\.csv:3: time .* lies outside the years",
        ),
        (
            "s.csv",
            f"time,g\n{START},1\n{START + 60},1,1\n",
            BadRowsError,
            r"s\.csv:3: this row has 3 fields, the header 2",
        ),
        ("s.csv", "time,g\n2026-11-02 10:00:00,1\n2026-11-02 10:01:00,1\n", BadRowsError, "no time zone"),
        ("s.csv", f"time,g,g\n{START},1,1\n", InputError, "two columns have the same name"),
        ("s.csv", f"time,g\n{START},1\n", InputError, "covers no time"),
        ("s.csv", f"time,g\n{START},NaN\n", InputError, "no sample in it"),
        (
            "s.csv",
            f"time,a,b\n{START},1,1\n",
            InputError,
            "is unknown. Name it: --series connections=NAME, of 'a', 'b'",
        ),
        (
            "s.json",
            matrix(("g", [1, 2])).replace("matrix", "vector"),
            InputError,
            "Ask query_range for a matrix",
        ),
        ("s.json", matrix(("g", [1, 2])).replace('"values"', '"histograms"'), InputError, "is a histogram"),
        ("s.json", matrix(("g", [1, 2]), step=0), InputError, r"values\[1\]: the time goes back"),
        ("s.json", matrix(("g", [1, "+Inf"])), InputError, r"values\[1\]: value '\+Inf' is not a number"),
        ("s.json", matrix(("g", [1, 2]))[:-20], InputError, "cut short"),
        ("s.json", matrix(), InputError, "no sample in it"),
    ],
    ids=[
        "a clock that jumps back",
        "a time twice",
        "a negative gauge",
        "milliseconds read as seconds",
        "a field too many",
        "a time without zone",
        "a name twice",
        "a single sample",
        "no number at all",
        "two series, none known",
        "an instant",
        "a histogram",
        "a clock that stands still",
        "infinity",
        "JSON cut short",
        "no series",
    ],
)
def test_a_broken_series_is_refused_with_its_place(
    tmp_path: Path, name: str, text: str, error: type[InputError], words: str
) -> None:
    with pytest.raises(error, match=words):
        usage_of_text(tmp_path, text, name)


@pytest.mark.parametrize(
    ("option", "words"),
    [("connections=ws", "series named 'ws'"), ("gauge=g", "kind of series named 'gauge'")],
    ids=["a series that is not there", "a kind that is none"],
)
def test_a_wrong_name_in_the_option_is_told(tmp_path: Path, option: str, words: str) -> None:
    with pytest.raises(UnknownNameError, match=words):
        usage_of_text(tmp_path, matrix(("g", [1, 2])), series=option)


def test_skipped_rows_are_counted_in_a_note(tmp_path: Path) -> None:
    text = f"time,g\n{START},1\n{START + 60},x\n{START + 60},1\n"
    usage = usage_of_text(tmp_path, text, "s.csv", input_format="gauge-series", skip_bad_rows=True)

    assert "rows-refused" in codes(usage)
    assert usage.totals["connection_seconds"] == 60


gauges = st.lists(st.integers(0, 50), min_size=2, max_size=60)


@settings(max_examples=60, deadline=None)
@given(values=gauges, step=st.sampled_from([1, 60, 3600, 7 * 3600]))
def test_area_rises_and_peak_are_those_of_exact_arithmetic(values: list[int], step: int) -> None:
    sampled = Sampled()
    for i, value in enumerate(values):
        assert sampled.add(("g", ""), (START + i * step) * 10**6, value)

    usage = usage_of("by-hand", sampled, {"g": ("connections", False)}, None)

    area = sum((Fraction(a + b, 2) * step for a, b in pairwise(values)), Fraction(0))
    assert abs(Fraction(usage.totals["connection_seconds"]) - area) <= Fraction(len(usage.days), 10**6)
    assert usage.totals["connections_opened"] == sum(max(b - a, 0) for a, b in pairwise(values))
    assert usage.totals["peak_connections"] == max(values)
    assert all(isinstance(q, Decimal) for day in usage.days.values() for q in day.values())
