"""Logs too long to hold: set aside on disk and read as a stream, they come out as if they had been held."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.samples import each_sample, options_of
from tests.traces import DAY, at
from wscost.deployment import PRESETS
from wscost.errors import WscostError
from wscost.inputs import ReadOptions, open_input
from wscost.metering import meter
from wscost.readers import batching, intake, mapped, ndjson, read_input
from wscost.readers.spooling import runs, spool
from wscost.trace import Trace, TraceStream
from wscost.usage import Usage, Window

BROKEN = Path(__file__).parent / "broken_traces"
WORDS: dict[str, str] = yaml.safe_load((BROKEN / "words.yaml").read_text())
SPOOLED = 1
HELD = 10**9


def bound(patch: pytest.MonkeyPatch, rows: int) -> None:
    """Let so many connections be held, and work on disk in tiny pieces."""
    patch.setattr(intake, "HELD_ROWS", rows)
    patch.setattr(spool, "RUN_ROWS", 4)
    patch.setattr(spool, "BLOCK_ROWS", 3)
    patch.setattr(runs, "BLOCK_ROWS", 2)
    for reader in (batching, mapped, ndjson):
        patch.setattr(reader, "BATCH_ROWS", 3)


def came_to(path: str | Path, rows: int, **options: Any) -> str | list[Usage]:
    """Return what an input meters as, or what it is refused with, where so many rows may be held."""
    with pytest.MonkeyPatch.context() as patch:
        bound(patch, rows)
        try:
            found = open_input(path, ReadOptions(**options))
            if isinstance(found, (Trace, TraceStream)):
                assert isinstance(found, TraceStream) == (rows == SPOOLED)
                metered = [meter(found, deployment, steps=[100]) for deployment in PRESETS.values()]
                return metered if found.names_objects else metered[:1]
            return [found] if isinstance(found, Usage) else []
        except WscostError as complaint:
            return f"{type(complaint).__name__}: {complaint}"


def same(path: str | Path, **options: Any) -> str | list[Usage]:
    """Hold an input set aside against the same held: each day, grade and note, or the complaint."""
    expected = came_to(path, HELD, **options)

    assert expected == came_to(path, SPOOLED, **options)
    return expected


def spools(path: Path) -> bool:
    """Tell whether a sample is a trace of connections alone."""
    found = read_input(path, **options_of(path))
    return isinstance(found, Trace) and found.events is None


@each_sample
def test_a_sample_set_aside_comes_to_the_same(path: Path, tmp_path: Path) -> None:
    if spools(path):
        packed = tmp_path / "packed"
        packed.write_bytes(gzip.compress(path.read_bytes()))

        assert same(path, **_read_options(path))
        assert same(packed, **_read_options(path))


@each_sample
def test_standard_input_is_set_aside_alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not spools(path):
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
