"""Commands on logs too long to hold: what is drawn, written, read from standard input, and refused."""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.samples import each_sample, read_sample
from tests.setaside import HELD, SPOOLED, bound, most_held, same
from tests.traces import at
from wscost import tracefile
from wscost.cli import fits, main
from wscost.errors import InputError
from wscost.inputs import ReadOptions, open_input
from wscost.readers import ndjson, source
from wscost.readers.holding import held
from wscost.readers.spooling import collected, pieces, runs, spool, stream
from wscost.readers.spooling.spool import Spool
from wscost.studying import one_concurrency, one_trace
from wscost.trace import Trace, TraceStream, check_trace


def gateway_lines(connections: int) -> Iterator[str]:
    """Yield a log of API Gateway: three records a connection, several of them open at once."""
    for second in range(connections + 5):
        for type_, number in (("CONNECT", second), ("MESSAGE", second - 2), ("DISCONNECT", second - 5)):
            if 0 <= number < connections:
                when = round(at(second / 9).timestamp() * 1000)
                named = f'"connectionId": "c{number}", "eventType": "{type_}", "room": "r{number % 3}"'
                yield f'{{{named}, "requestTimeEpoch": {when}}}'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.log"
    path.write_text("\n".join(gateway_lines(40)))
    return path


def test_a_bar_is_drawn_on_a_terminal_while_rows_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    path.write_text("\n".join(gateway_lines(3000)))
    program = (
        "import sys; from wscost.readers import intake; intake.HELD_ROWS = 1000;"
        f"from wscost.cli import main; sys.exit(main(['estimate', {str(path)!r}]))"
    )
    ours, theirs = os.openpty()
    drawn = bytearray()

    def listen() -> None:
        try:
            while piece := os.read(ours, 4096):
                drawn.extend(piece)
        except OSError:  # nobody is left at the other end
            pass

    listener = Thread(target=listen)
    listener.start()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, stdout=subprocess.PIPE, stderr=theirs, env=environment
    )
    os.close(theirs)
    listener.join(20)
    os.close(ours)

    assert run.returncode == 0
    assert re.search(rb"\d/\d+(\.\d+)? (kB|MB)", drawn)
    assert drawn.endswith(b"\x1b[2K")  # and it is gone when all is read
    assert b"\x1b" not in run.stdout


def test_several_files_in_one_glob_are_one_log(log: Path) -> None:
    lines = log.read_text().splitlines()
    for number in range(3):
        (log.parent / f"part-{number}.log").write_text("\n".join(lines[number::3]))
    usage = same(f"{log.parent}/part-*.log")

    assert not isinstance(usage, str)
    assert usage[0].totals["connections_opened"] == 40


def test_what_is_unpacked_without_end_is_refused_while_rows_are_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, 100)
    monkeypatch.setattr(source, "GZIP_FREE_BYTES", 2**19)
    monkeypatch.setattr(source, "GZIP_RATIO_LIMIT", 9)
    monkeypatch.setattr(source, "CHUNK_BYTES", 2**16)
    for module in (collected, ndjson):
        monkeypatch.setattr(module, "BATCH_ROWS", 1_000)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    unpacked: list[int] = []
    monkeypatch.setattr(Spool, "add", lambda self, rows: unpacked.append(len(rows)))
    line = b'{"opened_at_s": 1795444656}\n'
    bomb = tmp_path / "bomb.ndjson.gz"
    bomb.write_bytes(gzip.compress(line * 100_000))

    with pytest.raises(InputError, match=r"bomb\.ndjson\.gz: this gzip unpacks to more than 9 times its"):
        open_input(bomb, ReadOptions())
    assert 0 < sum(unpacked) < 2**20 / len(line)
    assert not list(folder.iterdir())


def test_converting_holds_no_more_of_a_longer_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, 100, shares=16)
    monkeypatch.setattr(source, "CHUNK_BYTES", 8192)
    for module, name in (
        (spool, "RUN_ROWS"),
        (spool, "SLICED_ROWS"),
        (pieces, "SLICED_ROWS"),
        (tracefile, "PART_ROWS"),
        (stream, "PART_ROWS"),
    ):
        monkeypatch.setattr(module, name, 500)
    for module, name in ((spool, "BLOCK_ROWS"), (runs, "BLOCK_ROWS"), (collected, "BATCH_ROWS")):
        monkeypatch.setattr(module, name, 100)

    def most(connections: int) -> int:
        path = tmp_path / f"{connections}.log"
        path.write_text("\n".join(gateway_lines(connections)))
        return most_held(lambda: main(["convert", str(path), "-o", str(path.with_suffix(".ndjson"))]))

    most(100)
    small, large = most(800), most(1_600)

    assert len((tmp_path / "1600.ndjson").read_bytes().splitlines()) == 1 + 2 * 1600
    assert large < 1.2 * small


@pytest.mark.parametrize("rows", [HELD, SPOOLED], ids=["held", "set aside"])
def test_a_picture_is_drawn_of_what_came_from_standard_input(
    rows: int, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = one_trace([str(log)], {})
    at_once = one_concurrency([str(log)], {}).peaks
    bound(monkeypatch, rows)
    for count in (False, True):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(log.read_bytes())))
        if count:
            assert at_once == one_concurrency(["-"], {}).peaks
        else:
            found = one_trace(["-"], {})
            assert isinstance(found, Trace)
            assert expected.connections.equals(found.connections)
            assert expected.events is not None
            assert expected.events.equals(found.events)
            assert expected.grades == found.grades


def test_the_page_of_what_was_set_aside_is_that_of_the_same_held(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = []
    for rows in (HELD, SPOOLED):
        bound(monkeypatch, rows)
        monkeypatch.setattr(stream, "PART_ROWS", 7)
        assert not main(["report", str(log)])
        pages.append(capsys.readouterr().out)

    assert "sockets open" in pages[0]
    assert pages[0] == pages[1]


def test_a_note_says_once_which_of_several_inputs_it_is_of(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.log"
    other.write_text(log.read_text())

    assert not main(["estimate", str(log), str(other), "--format", "markdown"])
    told = capsys.readouterr().out
    assert f"{log}: " in told
    assert f"{log}: {log}: " not in told


@each_sample
def test_what_was_set_aside_can_be_held_after_all(path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        bound(patch, HELD)
        expected = read_sample(path)
        if not isinstance(expected, Trace):
            return
        bound(patch, SPOOLED)
        aside = read_sample(path, streamed=True, rows_wanted=True)
        assert isinstance(aside, TraceStream)
        found = held(aside)

    for name in ("source", "window", "grades", "notes", "rows", "refused"):
        assert getattr(expected, name) == getattr(found, name)
    assert check_trace(expected).connections.equals(check_trace(found).connections)
    assert (expected.events is None) == (found.events is None)
    if expected.events is not None and found.events is not None:
        assert expected.events.equals(found.events)


def test_a_profile_is_fitted_to_a_window_of_a_log_too_long_to_hold(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--window", "2026-11-02T00:00:00Z/2026-11-02T00:00:03Z"]
    assert not main(["fit", str(log), *few])
    expected = capsys.readouterr()
    bound(monkeypatch, SPOOLED)
    monkeypatch.setattr(fits, "HELD_ROWS", 60)
    monkeypatch.setattr(stream, "PART_ROWS", 9)

    assert not main(["fit", str(log), *few])
    assert expected == capsys.readouterr()
    assert main(["fit", str(log)]) == 2
    assert capsys.readouterr().err == (
        f"wscost: {log}: more than 60 rows lie in its window, which are held all at once here. "
        "Take part of the time, such as a week: --window START/END.\n"
    )
