"""What is no input, or an empty one: said in the words of what it is, with what to do."""

from __future__ import annotations

import bz2
import io
import re
import zipfile
from pathlib import Path

import pytest

from tests.test_cli import STANDARD, TRACE, USAGE, shell
from wscost.cli import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with a usage file and a trace."""
    (tmp_path / "usage.yaml").write_text(USAGE, "utf-8")
    (tmp_path / "trace.csv").write_text(TRACE, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must end in one line and nothing told, and return that line."""
    code = main(arguments)
    told, complained = capsys.readouterr()
    assert (code, told) == (2, ""), complained
    assert re.fullmatch(r"wscost: [^\n]+\n", complained)
    return complained


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (USAGE, "these are monthly totals (`usage:`)"),
        ("# a load\nprofile: chat\n", "this is a profile (`profile:`)"),
        ("scenarios:\n  prod: {}\n", "this is a scenario file (`scenarios:`)"),
    ],
)
@pytest.mark.parametrize("command", ["estimate -", "convert - -o t.csv", "fit -"])
def test_yaml_of_wscost_that_comes_without_a_name_is_told_for_what_it_is(
    command: str, text: str, words: str, here: Path
) -> None:
    (here / "given").write_text(text, "utf-8")
    ended = shell(f"wscost {command} < given", cwd=here)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"wscost: <stdin>: {words}, without rows to read or convert. Name the file .yaml" in ended.stderr


@pytest.mark.parametrize("command", ["convert usage.yaml --report", "fit usage.yaml"])
@pytest.mark.usefixtures("here")
def test_monthly_totals_have_no_rows_to_convert(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "these are monthly totals" in refused(command.split(), capsys)


def test_yaml_is_known_by_its_suffix_in_capitals_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "USAGE.YAML").write_text(USAGE, "utf-8")

    assert main(["estimate", "USAGE.YAML", "-p", STANDARD]) == 0
    assert "$142.95" in capsys.readouterr().out


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("trace.csv", content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(b"a"), "zip or xlsx data"),
        (bz2.compress(TRACE.encode()), "bzip2 data"),
        (b"\x28\xb5\x2f\xfd\x04abc", "zstd data"),
        (b"\xfd7zXZ\x01abc", "xz data"),
    ],
)
def test_what_is_packed_in_another_way_than_gzip_is_to_be_unpacked_first(
    content: bytes, words: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "trace.log").write_bytes(content)
    said = refused(["estimate", "trace.log"], capsys)

    assert f"trace.log: {words} in none of the known formats" in said
    assert "unpack it first" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["estimate", ""], "An argument is empty"),
        (["estimate", "usage.yaml", "--month", ""], "--month: what follows is empty"),
        (["estimate", "usage.yaml", "--region="], "--region: what follows is empty"),
        (["estimate", "trace.csv", "--input-format", ""], "--input-format: what follows is empty"),
        (["estimate", "usage.yaml", "-o", ""], "-o: what follows is empty"),
        (["estimate", "usage.yaml", "--cycle-start", "x"], "'--cycle-start': it must be a whole number."),
        (["sensitivity", "usage.yaml", "--by", "20%"], "'--by': it must be a number."),
        (["estimate", "usage.yaml", "--replicates", "-1"], "'--replicates': it must be at least 0."),
        (["estimate", "usage.yaml", "--rounding", "sideways"], "'--rounding': 'sideways' is not one of"),
        (["estimate", "usage.yaml", "-p", "aws/*"], "(--region or region:)"),
        (
            ["query", "cloudflare", "--namespace", "0" * 32, "--from", "2026-11-30", "--to", "2026-11-01"],
            "--to 2026-11-01 is before --from 2026-11-30",
        ),
        (
            ["query", "cloudflare", "--namespace", "0" * 32, "--from", "2026-11-01", "--to", "2026-12-30"],
            "--from 2026-11-01 --to 2026-12-30: one query",
        ),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_value_that_is_none_is_refused_in_the_words_of_a_person(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refused(arguments, capsys)


def test_a_law_without_a_mean_is_refused_in_the_words_of_the_profile(here: Path) -> None:
    (here / "heavy.yaml").write_text(
        "profile: heavy\nsession: {median: 12m, shape: 0.001}\n"
        "scenarios: {a: {executor: constant-arrival-rate, rate: 1, duration: 1h}}\n",
        "utf-8",
    )
    ended = shell("wscost estimate heavy.yaml", cwd=here)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(
        r"wscost: heavy\.yaml:2: session: the tail is so heavy \(it has no mean\)[^\n]+\n", ended.stderr
    )


@pytest.mark.parametrize("command", ["--help", "plot --help", "estimate --help", "report --help"])
def test_help_fits_a_terminal_of_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert main(command.split()) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []


def test_a_single_bad_row_is_not_called_every_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "one.csv").write_text("connection_id,opened_at,closed_at\na,yesterday,\n", "utf-8")

    said = refused(["estimate", "one.csv", "--skip-bad-rows"], capsys)
    assert "one.csv: its only row is bad: one.csv:2: opened_at" in said


@pytest.mark.parametrize("written", ["1__5", "150_000_", "１５", "1__5.0", "1_5_e3", "1_.5", "1._5"])
def test_a_number_is_grouped_by_single_underscores_between_digits(
    written: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "written.yaml").write_text(f"usage:\n  connection_seconds: {written}\n", "utf-8")

    said = refused(["estimate", "written.yaml"], capsys)
    assert f"written.yaml:2: usage.connection_seconds must be a number, not {written!r}." in said


@pytest.mark.usefixtures("here")
def test_a_deployment_that_is_named_twice_is_priced_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "usage.yaml", "-d", "durable-object"]) == 0
    once = capsys.readouterr().out
    assert main(["estimate", "usage.yaml", "-d", "durable-object", "-d", "durable-object"]) == 0

    assert capsys.readouterr().out == once


def test_prices_change_from_the_earlier_day_to_the_later(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(["prices", "diff", STANDARD, "2026-01-01", "2024-01-01"], capsys)

    assert "2024-01-01 is before 2026-01-01: name the earlier day first." in said


def test_one_connection_is_told_of_as_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "one.csv").write_text("connection_id,opened_at,closed_at\na,2026-09-01T10:00:00Z,\n", "utf-8")

    assert main(["estimate", "one.csv", "--window", "2026-09-01/2026-09-02"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Of 1 connection, 0 were open before the window began and 1 was still open" in told
