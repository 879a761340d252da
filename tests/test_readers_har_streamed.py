"""HAR of any length: it reads as if it were held, wherever it is cut, and memory does not grow with it."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.setaside import SPOOLED, same
from tests.setaside import came_to as came_to_by
from tests.test_readers_har import SAMPLES, START, START_S, entry, har, message
from wscost.errors import InputError, OutputError, WscostError
from wscost.readers import batching, har_messages, jsonpieces, read_trace, source
from wscost.readers import har as har_reader
from wscost.readers.building import frame_of
from wscost.readers.columns import Table
from wscost.readers.intake import Intake
from wscost.readers.jsonpieces import JsonPieces, LongText
from wscost.readers.options import Options
from wscost.readers.source import Part, open_source
from wscost.readers.spooling import whole

LONG = 2**20


@contextmanager
def cut(chunk: int, window: int, notes: int = LONG) -> Iterator[None]:
    """Let documents come in chunks of so many bytes, and values longer than a window be taken apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "HEAD_BYTES", chunk)
        patch.setattr(source, "CHUNK_BYTES", chunk)
        patch.setattr(jsonpieces, "WINDOW_BYTES", window)
        patch.setattr(har_messages, "HELD_BYTES", notes)
        patch.setattr(har_messages, "BATCH_ROWS", 2 if notes < LONG else 8_192)
        yield


def came_to(path: Path, **options: Any) -> str:
    """Return all that a HAR reads as, or what it is refused with."""
    try:
        trace = read_trace(path, input_format="har", **options)
    except WscostError as complaint:
        return f"{type(complaint).__name__}: {complaint}"
    assert trace.events is not None or trace.connections["messages_in"].fillna(0).sum() == 0
    events = "" if trace.events is None else trace.events.to_csv()
    return "\n".join([trace.connections.to_csv(), events, repr(trace.grades), repr(trace.notes)])


# Hars as writers might write them: members in any order, texts that look like JSON, mistakes

texts = st.text(st.sampled_from('ab"\\{}[],:\n=é漢😀\ud83d'), max_size=60)
messages = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["send", "receive", "receive", "other"]),
        "time": st.sampled_from([START_S + 1, START_S + 2.25, (START_S + 3) * 1000, None]),
        "data": texts,
    },
    optional={
        "opcode": st.sampled_from([1, 1, 2, 8]),
        "nested": st.lists(st.lists(texts, max_size=2), max_size=2),
    },
)
strange = st.sampled_from([None, 5, "text", [], [[1]], {}])
entries = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {"url": st.sampled_from(["wss://a/b", "ws://a/c?d", "https://a/e"])}
        ),
        "startedDateTime": st.sampled_from([START, START, START, "yesterday"]),
    },
    optional={
        "_resourceType": st.sampled_from(["websocket", "script"]),
        "response": st.fixed_dictionaries({"status": st.sampled_from([101, 403]), "content": texts}),
        "time": st.sampled_from([-1, 60_000, 0.5, "long"]),
        "_webSocketMessages": st.lists(messages | strange, max_size=6) | strange,
        "_webSocketClose": st.fixed_dictionaries({"timestamp": st.sampled_from([START_S + 9, "never"])}),
    },
)
logs = st.fixed_dictionaries(
    {"entries": st.lists(entries, max_size=4)},
    optional={
        "creator": st.fixed_dictionaries(
            {"name": st.sampled_from(["WebInspector", "Playwright", "Firefox"])}
        ),
        "pages": st.lists(st.dictionaries(texts, texts, max_size=2), max_size=3),
    },
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Return a HAR, its members in any order, printed in any way, perhaps cut short."""
    log = draw(logs)
    order = draw(st.permutations(sorted(log)))
    shuffled = {name: log[name] for name in order}
    shuffled["entries"] = [
        {name: one[name] for name in draw(st.permutations(sorted(one)))} for one in log["entries"]
    ]
    indent = draw(st.sampled_from([None, 0, 2]))
    content = json.dumps({"log": shuffled}, indent=indent, ensure_ascii=draw(st.booleans()))
    whole = content.encode("utf-8", "surrogatepass")
    return whole[: draw(st.integers(12, len(whole)))] if draw(st.integers(0, 9)) == 0 else whole


@given(documents(), st.integers(1, 200), st.integers(80, 400), st.booleans())
def test_a_har_reads_the_same_wherever_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, chunk: int, window: int, skip: bool
) -> None:
    path = tmp_path_factory.mktemp("har") / "a.har"
    path.write_bytes(content)
    with cut(LONG, LONG):
        held = came_to(path, skip_bad_rows=skip)
    with cut(chunk, window, notes=100):
        streamed = came_to(path, skip_bad_rows=skip)

    assert held == streamed


names = st.text("a,]é", max_size=5)


@given(
    st.recursive(st.none() | st.integers() | texts, lambda t: st.lists(t) | st.dictionaries(names, t)),
    st.data(),
)
def test_what_is_passed_over_is_taken_to_its_end(value: Any, data: st.DataObject) -> None:
    chunk, window = data.draw(st.integers(1, 30)), data.draw(st.integers(70, 120))
    indent = data.draw(st.sampled_from([None, 1]))
    text = json.dumps({"passed": value, "all": [value, value], "last": 7}, indent=indent).encode()
    with cut(chunk, window):
        document = JsonPieces(part_of(text, chunk))
        last = {name: document.value() for name in document.members() if name == "last"}
        document.finish()

    assert {"last": 7} == last


def part_of(text: bytes, chunk: int) -> Part:
    """Return a part that gives a text in such chunks."""
    part = Part("a.json", None)
    part.chunks = lambda: (text[at : at + chunk] for at in range(0, len(text), chunk))  # type: ignore[method-assign]
    return part


@given(texts, st.integers(20, 40), st.integers(1, 9))
def test_a_long_text_is_measured_though_it_is_never_held(text: str, window: int, chunk: int) -> None:
    text = (text or "=") * 20 + text
    with cut(chunk, window):
        long = JsonPieces(
            part_of(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"), chunk)
        ).value()
        escaped = JsonPieces(part_of(json.dumps(text).encode(), chunk)).value()

    plain = text.encode("utf-8", "replace").decode()
    assert long in (plain, LongText(len(plain.encode()), len(plain.rstrip("="))))
    assert escaped in (text, LongText(len(text.encode("utf-8", "surrogatepass")), len(text.rstrip("="))))


@pytest.mark.parametrize("name", ["devtools", "playwright", "mitmproxy", "http-toolkit"])
def test_what_programs_wrote_reads_the_same_in_pieces(name: str) -> None:
    held = came_to(SAMPLES / f"{name}.har")
    with cut(1_000, 500, notes=100):
        assert held == came_to(SAMPLES / f"{name}.har")


def test_a_har_set_aside_comes_to_the_same(tmp_path: Path) -> None:
    sockets = [entry(*[message(START_S + s + m / 8, "x" * m) for m in range(9)]) for s in range(5)]

    same(har(tmp_path, *sockets, entry(startedDateTime="yesterday")), skip_bad_rows=True)


def test_messages_of_a_socket_are_not_held_to_find_what_contradicts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    def watched(tables: list[pa.Table], table: Table) -> pd.DataFrame:
        held.append(sum(map(len, tables)))
        return frame_of(tables, table)

    monkeypatch.setattr(whole, "frame_of", watched)
    path = har(tmp_path, entry(*[message(START_S + m, "x") for m in range(50)]))

    assert isinstance(came_to_by(path, SPOOLED), list)
    assert [1, 0] == held


# What comes last decides


@pytest.mark.parametrize("writer", ["WebInspector", "Playwright"])
def test_who_wrote_it_may_stand_after_what_was_written(tmp_path: Path, writer: str) -> None:
    silent = entry(time="long" if writer == "Playwright" else 5_000)
    del silent["_webSocketMessages"]
    path = har(tmp_path, silent, entry(message(START_S + 1, "x")), writer=writer)
    first = came_to(path)
    log = json.loads(path.read_text())["log"]
    path.write_text(json.dumps({"log": {"entries": log["entries"], "creator": log["creator"]}}))

    assert first == came_to(path)


def test_a_second_list_of_entries_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "two.har"
    path.write_text('{"log": {"entries": [],\n"entries": []}}')

    with pytest.raises(InputError, match=r"two\.har:2: a second list of entries begins here"):
        read_trace(path)


# Memory


def written(path: Path, sockets: int, each: int, data: str = "x" * 60) -> Path:
    """Write a HAR as DevTools do, a message at a time."""
    with path.open("w") as file:
        file.write('{\n  "log": {\n    "creator": {"name": "WebInspector"},\n    "entries": [')
        for socket in range(sockets):
            file.write("," * (socket > 0) + json.dumps(entry(time=each * 1000), indent=2)[:-5] + "[")
            for number in range(each):
                one = message(START_S + number, data, way=("send", "receive")[number % 2])
                file.write("," * (number > 0) + json.dumps(one, indent=8))
            file.write("]}")
        file.write("]\n  }\n}\n")
    return path


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything on the way hold little."""
    for module, name, value in (
        (source, "CHUNK_BYTES", 16_384),
        (source, "HEAD_BYTES", 16_384),
        (jsonpieces, "WINDOW_BYTES", 16_384),
        (har_messages, "HELD_BYTES", 16_384),
        (har_messages, "BATCH_ROWS", 128),
        (batching, "BATCH_ROWS", 128),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("alone", [True, False], ids=["one socket", "many sockets"])
def test_memory_does_not_grow_with_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """What becomes of rows that are handed over is held in ``test_spooling``; here they go nowhere."""
    taken: Counter[str] = Counter()
    monkeypatch.setattr(Intake, "_keep", lambda self, table, rows: taken.update({table: len(rows)}))
    monkeypatch.setattr(Intake, "trace", lambda self, grades, notes: None)

    def most(rows: int) -> int:
        path = written(tmp_path / f"{rows}.har", 1 if alone else rows // 10, rows if alone else 10)
        taken.clear()
        tracemalloc.start()
        try:
            har_reader.read(open_source(path), Options(streamed=True))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            assert rows == taken["events"]

    most(1_000)
    small, large = most(4_000), most(16_000)

    assert large < 1.2 * small


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_long_payload_is_measured_and_never_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    content = written(tmp_path / "long.har", 1, 2, "payload " * 250_000).read_bytes()
    given = gzip.compress(content, 1) if packed else content
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
    read_trace(SAMPLES / "devtools.har")  # what is loaded once
    tracemalloc.start()
    rows = read_trace("-").connections
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows[["messages_in", "bytes_in", "messages_out", "bytes_out"]].to_numpy().tolist() == [
        [1, 2_000_000, 1, 2_000_000]
    ]
    assert held < 1_000_000


# Broken on the way


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        pytest.param(lambda text: text[:200_000], r":\d{4}: .*cut short", id="cut in a message"),
        pytest.param(lambda text: text[:-9], r":\d{5}: .*cut short", id="the last bracket is missing"),
        pytest.param(
            lambda text: text[:200_000] + text[200_000:].replace(b'"opcode": 1', b'"opcode" 1', 1),
            r":\d{4}: .*expected ':' after key",
            id="a colon is missing",
        ),
        pytest.param(
            lambda text: text[:200_000] + text[200_000:].replace(b"xxxx", b"xx\nx", 1),
            r":\d{4}: .*control character",
            id="a line ends in a text",
        ),
        pytest.param(
            lambda text: text[:200_000] + text[200_000:].replace(b"xxxx", b"xx\xffx", 1),
            "not valid UTF-8",
            id="no UTF-8",
        ),
        pytest.param(lambda text: text + text, "unexpected content after document", id="two documents"),
        pytest.param(
            lambda text: text.replace(b'"time": 2000000', b'"x": ' + b"[" * 40_000, 1),
            "depth limit exceeded",
            id="nested without end",
        ),
        pytest.param(
            lambda text: text.replace(b'"time": 2000000', b'"x": ' + b"[1, " * 900 + b'"' + b"x" * 99_000, 1),
            "depth limit exceeded",
            id="nested deep around a long text",
        ),
        pytest.param(
            lambda text: text.replace(b'"time": 2000000', b'"time": ' + b"9" * 99_000, 1),
            "neither a number nor a word",
            id="a number without end",
        ),
        pytest.param(
            lambda text: text.replace(b'"time": 2000000', b'"x": "\\ud83dzz' + b"z" * 99_000 + b'\\uzz"', 1),
            "invalid escape|hex",
            id="no character",
        ),
    ],
)
def test_a_long_har_that_is_damaged_is_told_by_line(
    tmp_path: Path, damage: Callable[[bytes], bytes], sentence: str
) -> None:
    path = written(tmp_path / "long.har", 1, 2_000)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(InputError, match=rf"long\.har.*{sentence}") as refused:
        read_trace(path)
    assert "\n" not in str(refused.value)
    assert "xxxx" not in str(refused.value)


def test_the_line_of_the_damage_is_the_line_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "long.har", 1, 50)
    lines = path.read_bytes().split(b"\n")
    at = max(number for number, line in enumerate(lines) if b'"opcode"' in line)
    lines[at] = lines[at].replace(b":", b"")
    path.write_bytes(b"\n".join(lines))
    told = rf"long\.har:{at + 1}: .*expected ':' after key, character {lines[at].index(b'1') + 1}\)"

    with pytest.raises(InputError, match=told):
        read_trace(path)
    with cut(50, 300), pytest.raises(InputError, match=told):
        read_trace(path)


@pytest.mark.usefixtures("narrow")
def test_a_temporary_folder_without_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "long.har", 1, 2_000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))

    with pytest.raises(OutputError, match=r"cannot be set aside in this temporary folder.*TMPDIR"):
        read_trace(path)
