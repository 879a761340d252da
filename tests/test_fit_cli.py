"""``wscost fit``: a profile on standard output, the account on standard error, and no file lost."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import wscost
from wscost import yamlfile
from wscost.cli import main
from wscost.profile import read_profile
from wscost.shipped import shipped

TRACE = "sample_traces/hib200.ndjson"


def test_the_profile_goes_to_standard_output_and_the_account_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["fit", TRACE]) == 0
    said = capsys.readouterr()

    assert "hib200" == read_profile(yamlfile.loads(said.out)).name
    assert "Profile hib200, and how well it fits" in said.err
    assert "881 of 881 rows used" in said.err
    assert "connection_seconds" in said.err


def test_what_comes_by_standard_input_has_no_name_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped = io.TextIOWrapper(io.BytesIO((shipped("sample_traces") / "chat.csv").read_bytes()))
    monkeypatch.setattr("sys.stdin", piped)

    assert main(["fit", "-"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# Fitted to standard input: 32 connections")
    assert "fitted" == read_profile(yamlfile.loads(text)).name


def test_everything_fits_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", TRACE, "--name", "a name"]) == 0
    said = capsys.readouterr()

    assert [] == [line for line in (said.out + said.err).splitlines() if len(line) > 80]


def test_a_new_file_is_written_and_can_be_priced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = tmp_path / "new.yaml"

    assert main(["fit", "sample_traces/chat.csv", "-o", str(new), "--seed", "3"]) == 0
    assert "" == capsys.readouterr().out
    assert 3 == read_profile(new).seed
    assert main(["estimate", str(new), "--plan", "cloudflare/workers-standard", "--replicates", "2"]) == 0


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_what_is_there_is_never_touched(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "profile.yaml"
    if kind == "file":
        there.write_text("mine")
    elif kind == "folder":
        there.mkdir()
    else:
        there.symlink_to(tmp_path / "nowhere")

    assert main(["fit", TRACE, "-o", str(there)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert kind != "file" or there.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    assert [there] == list(tmp_path.iterdir())


def test_a_file_that_appears_meanwhile_is_not_touched_either(tmp_path: Path) -> None:
    from wscost.cli import output
    from wscost.errors import OutputError

    there = tmp_path / "profile.yaml"
    output.refuse_existing(there)
    there.write_text("mine")

    with pytest.raises(OutputError, match="is there already"):
        output.create("ours", there)
    assert "mine" == there.read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is of Linux")
def test_a_full_disk_leaves_no_half_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wscost.cli import output
    from wscost.errors import OutputError

    there = tmp_path / "profile.yaml"
    really = Path.open

    def full(path: Path, mode: str = "r") -> object:
        really(path, mode).close()
        return really(Path("/dev/full"), "wb")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputError, match="cannot be written"):
        output.create("x" * 100_000, there)
    monkeypatch.undo()
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_missing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "sample_traces/chat.csv", "-o", str(tmp_path / "no" / "profile.yaml")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_trace_with_too_little_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "tiny.csv"
    log.write_text("opened_at,closed_at\n2026-11-02T10:00:00Z,2026-11-02T10:01:00Z\n")
    new = tmp_path / "new.yaml"

    assert main(["fit", str(log), "-o", str(new)]) == 2
    said = capsys.readouterr()
    assert 1 == len(said.err.splitlines())
    assert "1 connection closed within the window, too few" in said.err
    assert "" == said.out
    assert not new.exists()


def test_what_is_no_trace_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    totals = tmp_path / "usage.yaml"
    totals.write_text("usage: {connections_opened: 5}\n")

    assert main(["fit", str(totals)]) == 2
    assert 1 == len(capsys.readouterr().err.splitlines())


def test_an_unknown_zone_offers_close_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", TRACE, "--time-zone", "Europe/Berln"]) == 2
    assert "Did you mean Europe/Berlin" in capsys.readouterr().err


def test_logs_are_read_as_by_any_other_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.csv"
    rows = [f"{i},{1793577600000 + 9000 * i},{1793577600000 + 9000 * i + 700 * (i + 3)}" for i in range(40)]
    log.write_text("who,start,end\n" + "\n".join(rows) + "\n")
    columns = "connection_id=who,opened_at=start:unix_ms,closed_at=end:unix_ms"

    assert main(["fit", str(log), "--map", columns]) == 0
    assert "40 connections" in capsys.readouterr().out


def test_in_python_it_is_one_call() -> None:
    found = wscost.fit(wscost.read_trace(shipped("sample_traces") / "chat.csv"), name="talk")

    assert "talk" == found.profile.name
