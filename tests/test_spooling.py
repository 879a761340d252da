"""Logs too long to hold: set aside on disk and read as a stream, they come out as if they had been held."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.samples import each_sample, options_of
from tests.setaside import HELD, SPOOLED, bound, came_to, most_held, same
from tests.traces import DAY, at
from wscost import tracefile
from wscost.cli import main
from wscost.deployment import PRESETS
from wscost.errors import InputError, OutputError, WscostError
from wscost.inputs import ReadOptions, open_input
from wscost.metering import meter
from wscost.readers import batching, csv, jsonvalues, mapped, ndjson, read_input, source
from wscost.readers.spooling import doubles, runs, spool, stream
from wscost.readers.spooling.spool import Spool
from wscost.shipped import shipped
from wscost.trace import DIRECTIONS, KINDS, Trace, TraceStream
from wscost.usage import Window

BROKEN = Path(__file__).parent / "broken_traces"
WORDS: dict[str, str] = yaml.safe_load((BROKEN / "words.yaml").read_text())


def held_sample(path: Path) -> Trace | None:
    """Return a sample as it is held; None if it is no trace."""
    found = read_input(path, **options_of(path))
    return found if isinstance(found, Trace) else None


@each_sample
def test_a_sample_set_aside_comes_to_the_same(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if held_sample(path) is None:
        return
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(path.read_bytes()))

    assert same(path, **_read_options(path))
    assert same(packed, **_read_options(path))
    bound(monkeypatch, SPOOLED)
    assert isinstance(open_input(path, ReadOptions(**_read_options(path))), TraceStream)


@each_sample
def test_standard_input_is_set_aside_alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if held_sample(path) is None:
        return
    expected = came_to(path, HELD, **_read_options(path))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    found = came_to("-", SPOOLED, **_read_options(path))

    assert [one.days for one in expected] == [one.days for one in found]  # type: ignore[union-attr]


def _read_options(path: Path) -> dict[str, Any]:
    own = options_of(path)
    return {key: own.pop(key) for key in ("assume_utc",) if key in own} | {"format_options": own}


@pytest.mark.parametrize("name", WORDS)
def test_a_broken_trace_is_refused_in_the_same_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, SPOOLED)
    monkeypatch.chdir(BROKEN)
    with pytest.raises(WscostError, match=re.escape(WORDS[name])):
        open_input(name, ReadOptions())


# Any log of any format that has a connection a line

Row = tuple[float, float, str | None, str | None, int]
"""When it opened, how long it lasted [s], its id, its room, and a count."""


def _ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    yield "connection_id,object_id,opened_at,closed_at_ms,messages_in"
    for opened, lasted, name, room, count in rows:
        closed = _ms(at(opened + lasted))
        yield f"{name or ''},{room or ''},{at(opened).isoformat()},{closed},{count}"


def ndjson_lines(rows: Iterable[Row]) -> Iterator[str]:
    for opened, lasted, name, room, count in rows:
        row = {"connection_id": name, "object_id": room, "messages_in": count}
        row |= {"opened_at_ms": _ms(at(opened)), "closed_at_ms": _ms(at(opened + lasted))}
        yield json.dumps({key: cell for key, cell in row.items() if cell is not None})


def logpush_lines(rows: Iterable[Row]) -> Iterator[str]:
    for opened, lasted, name, room, count in rows:
        row = {"EdgeStartTimestamp": at(opened).isoformat(), "BytesReceivedClient": count}
        row |= {"EdgeEndTimestamp": at(opened + lasted).isoformat(), "ConnectionID": name or ""}
        yield json.dumps(row | ({"ClientRequestPath": f"/{room}"} if room else {}))


def nginx_lines(rows: Iterable[Row]) -> Iterator[str]:
    for opened, lasted, _, room, count in rows:
        row = {"msec": f"{_ms(at(opened + lasted)) / 1000:.3f}", "request_time": f"{lasted:.3f}"}
        row |= {"status": "101" if count else "200", "request_uri": f"/{room or ''}"}
        yield json.dumps(row | {"body_bytes_sent": str(count)})


def combined_lines(rows: Iterable[Row]) -> Iterator[str]:
    for opened, lasted, _, room, count in rows:
        when = at(opened + lasted).strftime("%d/%b/%Y:%H:%M:%S +0000")
        yield f'::1 - - [{when}] "GET /{room or ""} HTTP/1.1" 101 {count} "-" "a" {lasted:.3f}'


def mapped_lines(rows: Iterable[Row]) -> Iterator[str]:
    yield "who,where,end,took"
    for opened, lasted, name, room, _ in rows:
        yield f"{name or ''},{room or ''},{at(opened + lasted).isoformat()},{lasted}"


def nested_lines(rows: Iterable[Row]) -> Iterator[str]:
    for opened, lasted, name, room, _ in rows:
        yield json.dumps(
            {"t": {"end": at(opened + lasted).isoformat()}, "took": lasted, "w": [name, room][1]}
        )


FORMATS: dict[str, tuple[Callable[[Iterable[Row]], Iterator[str]], dict[str, str]]] = {
    "csv": (csv_lines, {}),
    "ndjson": (ndjson_lines, {}),
    "logpush-websocket": (logpush_lines, {"sample_rate": "0.7"}),
    "nginx-json": (nginx_lines, {"layout": "nginx-json"}),
    "combined": (combined_lines, {"layout": "combined"}),
    "mapped CSV": (
        mapped_lines,
        {"map": "connection_id=who,object_id=where,closed_at=end,duration=took:s"},
    ),
    "mapped NDJSON": (nested_lines, {"map": "object_id=w,closed_at=t.end,duration=took:s"}),
}


class Log(NamedTuple):
    """Two files with bad lines and ids that stand twice, whole or in a window."""

    files: tuple[list[Row], list[Row]]
    spoilt: list[tuple[int, str]]
    window: tuple[int, int] | None
    skip: bool


rows = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 30), st.integers(DAY - 9, DAY + 9)),
        st.one_of(st.integers(0, 20), st.just(0.5), st.integers(DAY, 2 * DAY)),
        st.sampled_from(["a", "b", "c", "row-2", None, None, None]) | st.uuids().map(str),
        st.sampled_from(["x", "y", None]),
        st.integers(0, 500),
    ),
    min_size=1,
    max_size=30,
)
spoilt = st.lists(st.tuples(st.integers(1, 30), st.sampled_from(["{", "nonsense", "-1,", '{"a":1}', "\0"])))
windows = st.none() | st.tuples(st.integers(-5, 25), st.integers(26, 3 * DAY))


@st.composite
def logs(draw: st.DrawFn) -> Log:
    several, cut = draw(rows), draw(st.integers(0, 30))
    return Log((several[:cut], several[cut:]), draw(spoilt), draw(windows), draw(st.booleans()))


@pytest.mark.parametrize("name", list(FORMATS))
@settings(max_examples=30)
@given(logs())
def test_any_log_set_aside_comes_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, name: str, log: Log
) -> None:
    render, own = FORMATS[name]
    folder = tmp_path_factory.mktemp("log")
    for number, several in enumerate(log.files):
        lines = list(render(several))
        for place, bad in log.spoilt[number::2]:
            lines.insert(min(place, len(lines)), bad)
        if several:
            (folder / f"{number}.log").write_text("\n".join(lines))
    preset = name in ("nginx-json", "combined")

    same(
        folder,
        window=None if log.window is None else Window(at(log.window[0]), at(log.window[1])),
        skip_bad_rows=log.skip,
        input_format="access-log" if preset else name.split(" ", 1)[0],
        format_options=own,
    )


happenings = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "at_s": st.integers(0, 40).map(lambda s: at(s).timestamp()),
            "object_id": st.sampled_from(["x", "y", "z", ""]) | st.just("x"),
        },
        optional={
            "connection_id": st.sampled_from("abcdefg"),
            "direction": st.sampled_from(DIRECTIONS),
            "bytes": st.integers(0, 300),
            "auto_response": st.booleans(),
            "wall_ms": st.floats(0, 9),
        },
    ),
    min_size=1,
    max_size=40,
)


def test_events_that_name_nothing_are_each_of_an_object_of_their_own(tmp_path: Path) -> None:
    log = tmp_path / "errors.ndjson"
    log.write_text("\n".join(f'{{"kind": "error", "at_s": {at(s).timestamp()}}}' for s in (1, 30)))
    usage = same(log)

    assert isinstance(usage, list)
    assert usage[0].totals["connections_opened"] == 0


@settings(max_examples=30)
@given(logs(), happenings, st.booleans())
def test_any_events_set_aside_come_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, log: Log, happenings: list[dict[str, Any]], alone: bool
) -> None:
    lines = [json.dumps(one) for one in happenings]
    for place, line in enumerate([] if alone else ndjson_lines(log.files[0])):
        lines.insert(place * 3, line)
    path = tmp_path_factory.mktemp("events") / "events.ndjson"
    path.write_text("\n".join(lines))
    between = None if log.window is None else Window(at(log.window[0]), at(log.window[1]))

    same(path, window=between, skip_bad_rows=log.skip)


# Written again


def test_converted_events_are_the_bytes_of_a_held_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = shipped("sample_traces") / "hib200.ndjson"
    told = []
    for rows, made in ((HELD, "held"), (SPOOLED, "one")):
        bound(monkeypatch, rows)
        for reader in (batching, mapped, ndjson):
            monkeypatch.setattr(reader, "BATCH_ROWS", 900)
        for module in (spool, doubles):
            monkeypatch.setattr(module, "RUN_ROWS", 1000)
        for name in (f"{made}.ndjson", f"{made}.parquet", f"{made}.csv", f"{made}/"):
            assert not main(["convert", str(log), "-o", f"{tmp_path}/{name}", "--report"])
        told.append(capsys.readouterr().out)

    assert told[0] == told[1]
    for name in (".ndjson", ".parquet", ".csv", "/connections.parquet", "/events.parquet"):
        assert Path(f"{tmp_path}/held{name}").read_bytes() == Path(f"{tmp_path}/one{name}").read_bytes()


@pytest.mark.parametrize("form", ["csv", "csv.gz", "ndjson", "parquet"])
@pytest.mark.parametrize("name", ["nginx-json", "csv"])
def test_converted_bytes_are_those_of_a_held_trace_and_converting_again_changes_none(
    name: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render, own = FORMATS[name]
    drawn = Random(4)
    several = [(drawn.randrange(99), drawn.randrange(60), f"id-{n}", f"r{n % 3}", n + 1) for n in range(60)]
    (tmp_path / "a.log").write_text("\n".join(render(several)))
    monkeypatch.setattr(tracefile, "PART_ROWS", 7)
    monkeypatch.setattr(stream, "PART_ROWS", 7)
    window = ["--window", "2026-11-02T00:00:30Z/2026-11-02T00:02:00Z"]
    chosen = [f"--format-option=layout={layout}" for layout in own.values()]
    steps = ((HELD, "a.log", "held"), (SPOOLED, "a.log", "one"), (SPOOLED, f"one.{form}", "two"))
    for rows, read, made in steps:
        bound(monkeypatch, rows)
        options = [*window, *(chosen if read == "a.log" else [])]
        assert not main(["convert", str(tmp_path / read), "-o", str(tmp_path / f"{made}.{form}"), *options])
    held, one, two = ((tmp_path / f"{made}.{form}").read_bytes() for made in ("held", "one", "two"))

    assert held == one
    assert one == two


def test_the_report_of_what_was_set_aside_is_that_of_a_held_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(n, 60.0, f"id-{n % 17}", "r", n) for n in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(csv_lines(rows)))
    told = []
    for held in (HELD, SPOOLED):
        bound(monkeypatch, held)
        assert not main(["convert", str(tmp_path / "a.csv"), "--report", "--skip-bad-rows"])
        told.append(capsys.readouterr())

    assert "20 read, 17 used, 3 refused" in told[0].out
    assert told[0] == told[1]


# Bounds


def test_what_is_held_does_not_grow_with_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, 100)
    monkeypatch.setattr(source, "CHUNK_BYTES", 8192)
    monkeypatch.setattr(spool, "RUN_ROWS", 500)
    for reader in (spool, runs, ndjson):
        monkeypatch.setattr(reader, "BATCH_ROWS" if reader is ndjson else "BLOCK_ROWS", 100)

    def most(rows: int) -> int:
        path = tmp_path / f"{rows}.ndjson"
        path.write_text("\n".join(ndjson_lines((s % 97 + s / 9, 50, f"id-{s}", "r", 3) for s in range(rows))))
        return most_held(lambda: meter(open_input(path, ReadOptions()), PRESETS["durable-object"]))  # type: ignore[arg-type]

    most(500)
    small, large = most(1_000), most(6_000)

    assert large < 2 * small


class Endless(io.RawIOBase):
    """A line of two gigabytes that lies nowhere; counts what is taken of it."""

    def __init__(self, begins: bytes, repeated: bytes) -> None:
        self._begins, self._repeated = begins, repeated
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.taken >= 2 * 2**30:
            return 0
        given = self._begins or self._repeated * (len(buffer) // len(self._repeated))
        given, self._begins = given[: len(buffer)], given[len(buffer) :] if self._begins else b""
        buffer[: len(given)] = given
        self.taken += len(given)
        return len(given)


LINE_FORMATS = {
    "csv": b"connection_id,opened_at\n",
    "ndjson": b'{"opened_at_s": 1795444656}\n{"connection_id": "',
    "logpush-websocket": b'{"EdgeStartTimestamp": 1795444656, "ConnectionID": "',
    "access-log": b'{"msec": "1795444656", "request_time": "1", "request_uri": "',
    "zeek": b'{"_path": "conn", "uid": "a", "id.orig_h": "',
    "aws-websocket": b'{"connectionId": "a", "eventType": "CONNECT", "routeKey": "',
    "cloudflare-tail": b'{"eventTimestamp": 1795444656683, "outcome": "ok", "scriptName": "',
    "load-test": b'{"type": "Point", "metric": "ws_sessions", "data": {"tags": {"url": "',
}


@pytest.mark.parametrize("repeated", [b"x", b"[", b'{"a":'], ids=["text", "brackets", "objects"])
@pytest.mark.parametrize("name", LINE_FORMATS)
def test_a_line_without_end_is_refused_after_a_few_mebibytes(
    name: str, repeated: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, SPOOLED)
    monkeypatch.setattr(source, "LINE_LIMIT", 2**20)
    monkeypatch.setattr(jsonvalues, "LINE_LIMIT", 2**20)
    monkeypatch.setattr(csv, "LINE_LIMIT", 2**20)
    endless = Endless(LINE_FORMATS[name], repeated)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(endless)))

    with pytest.raises(InputError, match=r"(longer than 1 MiB|not JSON)"):
        open_input("-", ReadOptions(input_format=name))
    assert endless.taken < 16 * 2**20


@pytest.mark.parametrize("name", [name for name in LINE_FORMATS if name != "csv"])
def test_ten_thousand_levels_of_nesting_are_a_bad_row(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, SPOOLED)
    deep = tmp_path / "deep.log"
    deep.write_bytes(LINE_FORMATS[name].split(b"\n")[-1][:-1] + b"[" * 10_000 + b"]" * 10_000 + b"}\n")

    with pytest.raises(InputError, match=r"deep\.log:1: this is not JSON \("):
        open_input(deep, ReadOptions(input_format=name))


def test_a_full_temporary_folder_is_told_in_one_line_and_nothing_stays(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    log = tmp_path / "a.csv"
    log.write_text("\n".join(csv_lines((n, 9, f"id-{n}", f"room-{n}", n) for n in range(3000))))
    program = (
        "import resource, sys; from wscost.readers import intake; intake.HELD_ROWS = 1;"
        "from wscost.cli import main; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        f"sys.exit(main(['convert', {str(log)!r}, '-o', {str(tmp_path / 'made.csv')!r}]))"
    )
    environment = {**os.environ, "TMPDIR": str(folder)}  # and no bytecode, which the limit would cut short
    run = subprocess.run(
        [sys.executable, "-B", "-c", program], check=False, capture_output=True, text=True, env=environment
    )

    assert run.returncode == 2
    assert run.stderr == (
        f"wscost: {folder}: rows cannot be set aside in this temporary folder: File too large. "
        "Name one with more room in TMPDIR.\n"
    )
    assert not list(folder.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "temporary"}


def test_where_no_temporary_folder_can_be_written_to_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied() -> None:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    bound(monkeypatch, SPOOLED)
    monkeypatch.setattr("tempfile.TemporaryFile", denied)
    (tmp_path / "a.csv").write_text("\n".join(csv_lines([(1, 2, "a", "b", 3)])))

    with pytest.raises(OutputError, match=r"rows cannot be set aside .* Name one with more room in TMPDIR"):
        open_input(tmp_path / "a.csv", ReadOptions())


@pytest.mark.parametrize("step", ["add", "kept"])
def test_interrupted_while_rows_are_set_aside_nothing_stays(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(self: Spool, *rows: pa.Table) -> None:
        raise KeyboardInterrupt

    bound(monkeypatch, SPOOLED)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(Spool, step, interrupted)
    (tmp_path / "a.csv").write_text("\n".join(csv_lines([(1, 2, "a", "b", 3)] * 9)))

    made = tmp_path / "made.csv"

    assert main(["convert", str(tmp_path / "a.csv"), "-o", str(made), "--skip-bad-rows"]) == 130
    assert capsys.readouterr().err == "wscost: interrupted\n"
    assert not list(folder.iterdir())
    assert not made.exists()
