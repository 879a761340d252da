"""Figures at the end of what can be priced: days, windows, parts and counts, each refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.test_cli import TRACE, USAGE
from wscost.cli import main

P = "cloudflare/workers-standard"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with a usage file and a trace."""
    (tmp_path / "usage.yaml").write_text(USAGE, "utf-8")
    (tmp_path / "trace.csv").write_text(TRACE, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must end in one line and nothing told, and return that line."""
    code = main(arguments.split())
    told, complained = capsys.readouterr()
    assert (code, told) == (2, ""), complained
    assert re.fullmatch(r"wscost: [^\n]+\n", complained)
    return complained


DAYS = "from 2000-01-01 to 2199-12-31"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("estimate usage.yaml --as-of 9999-12-31", DAYS),
        ("estimate trace.csv --as-of 2200-01-01", DAYS),
        ("compare usage.yaml --as-of 0001-01-01", DAYS),
        ("sweep usage.yaml --vary traffic.scale=1,2 --as-of 9999-12-31", DAYS),
        ("history usage.yaml --as-of 9999-12-31", DAYS),
        ("estimate dated.yaml", f"dated.yaml:2: as_of must be a day {DAYS}, not 9999-12-31."),
        ("check", f"wscost.yaml:5: scenarios.prod.as_of must be a day {DAYS}, not 9999-12-31."),
        (f"prices show {P} --as-of 9999-12-31", DAYS),
        (f"prices diff {P} 9999-12-31", DAYS),
        ("query cloudflare --namespace 0 --from 9999-12-01 --to 9999-12-31", DAYS),
        ("estimate trace.csv --window 5000-07-01/5000-07-02", "outside the years 2000 to 2199"),
        ("estimate trace.csv --window 1999-12-31/2026-10-01", "outside the years 2000 to 2199"),
        (
            "estimate trace.csv --window 9999-12-31T23:59:59-14:00/9999-12-31",
            "outside the years 2000 to 2199",
        ),
        ("estimate trace.csv --window 2026-11-01/2026-11-01", "has no length"),
        ("estimate trace.csv --window 2026-11-02/2026-11-01", "ends before it starts"),
        ("plot history usage.yaml -o h.png --since -5", "--since -5: the first year must be one from 2000"),
        ("plot history usage.yaml -o h.png --since 0", "--since 0: the first year must be one from 2000"),
        ("history usage.yaml --since 2500", "2199"),
        ("sensitivity usage.yaml --by nan", "--by nan: fields move by a part"),
        ("plot sensitivity usage.yaml -o s.png --by nan", "--by nan: fields move by a part"),
        ("plot sensitivity usage.yaml -o s.png --by 0", "--by 0.0: fields move by a part"),
    ],
)
def test_what_lies_beyond_all_prices_is_refused_in_one_line(
    arguments: str, words: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "dated.yaml").write_text(USAGE + "as_of: 9999-12-31\n", "utf-8")
    (here / "wscost.yaml").write_text(
        "scenarios:\n  prod:\n    input: usage.yaml\n    plans: cloudflare/workers-standard\n"
        "    as_of: 9999-12-31\nchecks: [{id: a, metric: total, max: 1 USD}]\n",
        "utf-8",
    )

    assert words in refused(arguments, capsys)


def test_a_price_book_was_checked_on_a_day_that_can_be_priced(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from wscost.shipped import shipped

    text = (shipped("pricing") / "cloudflare" / "workers-standard.yaml").read_text("utf-8")
    (here / "own" / "cloudflare").mkdir(parents=True)
    (here / "own" / "cloudflare" / "workers-standard.yaml").write_text(
        re.sub(r"^checked:.*$", "checked: 9999-12-31", text, flags=re.MULTILINE), "utf-8"
    )

    assert f"checked must be a day {DAYS}" in refused("estimate usage.yaml --pricing own", capsys)


def test_a_last_day_that_can_be_priced_is_priced(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "usage.yaml", "--as-of", "2199-12-31"]) == 0
    assert "2199-12" in capsys.readouterr().out


def test_a_column_that_stands_twice_in_parquet_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = pa.array([0, 1], pa.timestamp("us", "UTC"))
    names = ["connection_id", "opened_at", "opened_at"]
    parquet.write_table(pa.table([pa.array(["a", "b"]), times, times], names), here / "twice.parquet")

    assert "twice.parquet: the column 'opened_at' stands twice." in refused("estimate twice.parquet", capsys)


def test_a_report_multiplies_the_longest_counts_too(here: Path) -> None:
    (here / "long.yaml").write_text(f"usage: {{connections_opened: {'9' * 28}, messages_in: 1}}\n", "utf-8")

    assert main(["report", "long.yaml", "-o", "report.html"]) == 0
