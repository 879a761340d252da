"""Broken traces, one mistake each, and the words that must tell of it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet

from wscost.errors import BadRowsError, InputError, WscostError
from wscost.readers import read_trace

BROKEN = Path(__file__).parent / "broken_traces"
WORDS: dict[str, str] = yaml.safe_load((BROKEN / "words.yaml").read_text())
OPENED = '{"at":"2026-11-01T10:00:00Z","kind":"open","connection_id":"c1"}\n'
CSV = "connection_id,opened_at,closed_at,messages_in\nc1,2026-11-01T10:00:00Z,2026-11-01T10:01:00Z,4\n"


@pytest.fixture
def in_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)


def test_every_broken_trace_stands_in_the_table() -> None:
    assert {path.name for path in BROKEN.iterdir()} - {"words.yaml"} == set(WORDS)


@pytest.mark.usefixtures("in_its_folder")
@pytest.mark.parametrize(("name", "words"), WORDS.items(), ids=list(WORDS))
def test_a_broken_trace_is_refused_with_place_cause_and_cure(name: str, words: str) -> None:
    with pytest.raises(WscostError) as refused:
        read_trace(name)

    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("in_its_folder")
@pytest.mark.parametrize(
    "name", [name for name in WORDS if name.startswith(("closed-before", "negative-count"))]
)
def test_a_bad_row_may_be_left_out_and_is_counted(name: str) -> None:
    trace = read_trace(name, skip_bad_rows=True)

    assert (len(trace.connections), trace.rows, trace.refused) == (1, 2, 1)
    (note,) = (note for note in trace.notes if note.code == "rows-refused")
    assert (note.data["refused"], note.data["rows"]) == (1, 2)
    assert WORDS[name] in note.data["first"][0]


def test_all_bad_rows_are_counted_and_the_first_ten_told_in_order(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    rows = [f"b{i},2026-11-01T10:00:00,,1" if i % 2 else f"b{i},2026-11-01T10:00:00Z,,-1" for i in range(25)]
    bad.write_text(CSV + "\n".join(rows))

    with pytest.raises(BadRowsError) as refused:
        read_trace(bad)

    told = str(refused.value).splitlines()
    assert refused.value.total == 25
    assert [line.split(": ")[0] for line in told[:10]] == [f"{bad}:{line}" for line in range(3, 13)]
    assert told[10:] == ["… and 15 more rows like these."]


def test_a_row_with_two_mistakes_is_one_bad_row(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(CSV + "c2,2026-11-01T10:00:00,,-1\n")

    with pytest.raises(BadRowsError) as refused:
        read_trace(bad)

    assert refused.value.total == 1


def test_skipping_never_leaves_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("opened_at\n2026-11-01T10:00:00\n2026-11-01T10:00:01\n")

    with pytest.raises(InputError, match=r"every one of its 2 rows is bad\. The first: .*bad\.csv:2: "):
        read_trace(bad, skip_bad_rows=True)


def test_a_long_cell_which_may_hold_anything_is_not_repeated(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    secret = "Bearer " + "x" * 60
    bad.write_text(CSV + f"c2,{secret},,1\n")

    with pytest.raises(BadRowsError) as refused:
        read_trace(bad)

    assert "Bearer" not in str(refused.value)
    assert "opened_at (a value of 67 characters)" in str(refused.value)


def test_lines_after_a_quoted_line_break_keep_their_numbers(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(
        CSV + '"c\n2",2026-11-01T10:00:00Z,,1\n\nc3,2026-11-01T10:00:00Z\nc4,2026-11-01T10:00:00Z,,-1\n'
    )

    with pytest.raises(BadRowsError) as refused:
        read_trace(bad)

    assert [line.split(": ")[0] for line in str(refused.value).splitlines()] == [
        f"{bad}:{line}" for line in (6, 7)
    ]


def test_a_line_of_two_hundred_mebibytes_is_refused_at_its_place(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ndjson"
    with bad.open("w") as file:
        file.write(OPENED + '{"at":"')
        for _ in range(200):
            file.write("x" * 2**20)

    with pytest.raises(InputError, match=r"bad\.ndjson:2: this line is longer than 16 MiB"):
        read_trace(bad)


def test_a_csv_row_of_forty_mebibytes_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(CSV + "c2," + "x" * (40 * 2**20))

    with pytest.raises(InputError, match=r"bad\.csv: a row is longer than 16 MiB"):
        read_trace(bad)


def test_json_nested_a_hundred_thousand_deep_is_refused_at_its_place(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ndjson"
    bad.write_text(OPENED + '{"kind":' + "[" * 100_000 + "]" * 100_000 + "}\n")

    with pytest.raises(InputError, match=r"bad\.ndjson:2: this is not JSON \("):
        read_trace(bad)


def test_a_gzip_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.ndjson.gz"
    with gzip.open(bomb, "wb") as file:
        file.write(OPENED.encode())
        for _ in range(100):
            file.write(b" " * 2**20 + b"\n")

    with pytest.raises(
        InputError, match=r"bomb\.ndjson\.gz: this gzip unpacks to more than 200 times its size"
    ):
        read_trace(bomb)


def _parquet(columns: dict[str, pa.Array]) -> Callable[[Path], None]:
    return lambda path: parquet.write_table(pa.table(columns), path)


OPEN_TIME = pa.array([1_793_527_200_000_000]).cast(pa.timestamp("us", "UTC"))


@pytest.mark.parametrize(
    ("write", "words"),
    [
        pytest.param(
            _parquet({"opened_at": OPEN_TIME, "messages_in": pa.array([True])}),
            "messages_in is of type bool, which cannot hold a whole number.",
            id="a count of another type",
        ),
        pytest.param(
            _parquet({"opened_at": OPEN_TIME, "object_id": pa.array([[1]])}),
            "object_id is of type list<element: int64>, which cannot hold text.",
            id="a list for a name",
        ),
        pytest.param(
            _parquet({"opened_at": OPEN_TIME.cast(pa.timestamp("us"))}),
            "opened_at has no time zone. Write it with Z or an offset, or pass --assume-utc if it is UTC.",
            id="times without a zone",
        ),
        pytest.param(
            _parquet({"opened_at": pa.array([1_793_527_200])}),
            "opened_at holds numbers without a unit. Name the column opened_at_s, opened_at_ms,",
            id="numbers without a unit",
        ),
        pytest.param(
            _parquet({"opened_at_s": pa.array(["2026-11-01T10:00:00Z"])}),
            "opened_at_s is of type string, which cannot hold a Unix time in s.",
            id="text for a Unix time",
        ),
        pytest.param(
            _parquet({"connection_id": pa.array(["c1"])}),
            "the column opened_at is missing",
            id="no opening",
        ),
        pytest.param(
            _parquet({"opened_at": pa.array([2**60]).cast(pa.timestamp("ms", "UTC"))}),
            "lies outside the years 2000 to 2199.",
            id="a time past the end of calendars",
        ),
        pytest.param(
            _parquet({"opened_at": pa.array([None], pa.timestamp("us", "UTC"))}),
            "bad.parquet:1: opened_at is missing.",
            id="a null opening",
        ),
    ],
)
def test_parquet_that_cannot_be_a_trace_says_why(
    write: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.parquet"
    write(bad)

    with pytest.raises(InputError) as refused:
        read_trace(bad)

    assert "bad.parquet" in str(refused.value)
    assert words in str(refused.value)


def _places(folder: Path) -> Iterator[tuple[str, str]]:
    (folder / "empty").mkdir()
    (folder / "prose").mkdir()
    (folder / "prose" / "a.txt").write_text("nothing\n")
    (folder / "mixed").mkdir()
    (folder / "mixed" / "a.csv").write_text(CSV)
    (folder / "mixed" / "b.ndjson").write_text(OPENED)
    (folder / "hollow").mkdir()
    (folder / "hollow" / "a.csv").write_text("")
    yield "missing.csv", "missing.csv: there is no such file or folder."
    yield "*.csv", "*.csv: no file matches this pattern."
    yield "empty", "empty: there is no file in this folder."
    yield "prose", "prose: no file in this folder is a trace; "
    yield "hollow", "hollow: the file is empty."
    yield "mixed", "b.ndjson is ndjson. Files that make one trace must be of one format."
    yield "prose/a.txt/b", "prose/a.txt/b: "


def test_a_place_without_a_trace_says_what_is_there(tmp_path: Path) -> None:
    for name, words in _places(tmp_path):
        with pytest.raises(InputError) as refused:
            read_trace(f"{tmp_path}/{name}")

        assert words in str(refused.value)


def test_a_row_without_end_ends_the_program_in_order(tmp_path: Path) -> None:
    """Arrow still reads ahead when the row is refused: the process must not end under it."""
    endless = tmp_path / "endless.csv"
    endless.write_text(CSV.splitlines()[0] + "\n")
    os.truncate(endless, 300 << 20)

    told = subprocess.run(
        [sys.executable, "-m", "wscost", "estimate", endless], capture_output=True, text=True, check=False
    )

    words = f"wscost: {endless}: a row is longer than 16 MiB. Is a quotation mark left open?\n"
    assert (2, "", words) == (told.returncode, told.stdout, told.stderr)


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "a.csv"
    path.write_text(CSV)
    monkeypatch.setattr(Path, "open", denied)

    with pytest.raises(InputError, match=r"a\.csv: cannot be read: Permission denied\."):
        read_trace(path)
