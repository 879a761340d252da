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
