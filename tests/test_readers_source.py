"""The input as bytes: files, folders, globs, pipes and standard input, gzip undone, lines counted."""

from __future__ import annotations

import gzip
import io
import os
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wscost.errors import InputError
from wscost.readers import lending, read_trace, source
from wscost.readers.source import HEAD_BYTES, open_source

ROWS = "connection_id,opened_at,closed_at\nc1,2026-11-01T10:00:00Z,2026-11-01T10:01:00Z\n"


def written(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lines(path: Path) -> list[tuple[int, bytes]]:
    return [(number, line) for _, number, line in open_source(path).lines()]


def test_lines_are_counted_with_the_blank_ones_and_given_without_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a", b"\xef\xbb\xbfone\r\n\n  \n two \nthree")

    assert lines(path) == [(1, b"one"), (4, b"two"), (5, b"three")]


@given(
    pieces=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b" ", b"\xc3\xa4"]), max_size=40),
    chunk=st.integers(2, 7),
    packed=st.booleans(),
)
def test_lines_are_the_same_however_the_bytes_are_cut(
    pieces: list[bytes], chunk: int, packed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = b"".join(pieces)
    path = written(tmp_path_factory.mktemp("cut") / "a", gzip.compress(content) if packed else content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK_BYTES", chunk)
        patch.setattr(source, "HEAD_BYTES", chunk)
        found = lines(path)

    split = enumerate(content.split(b"\n"), 1)
    assert found == [(number, line.strip()) for number, line in split if line.strip()]


def test_the_longest_line_allowed_is_read_and_one_byte_more_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LINE_LIMIT", 1000)
    allowed = written(tmp_path / "allowed", b"x" * 1000 + b"\n" + b"y" * 1000)
    longer = written(tmp_path / "longer", b"x" * 1000 + b"\n" + b"y" * 1001)

    assert [number for number, _ in lines(allowed)] == [1, 2]
    with pytest.raises(InputError, match="longer:2: this line is longer than"):
        lines(longer)


def test_the_head_is_bounded_and_unpacked(tmp_path: Path) -> None:
    path = written(tmp_path / "a", gzip.compress(b"abc" * HEAD_BYTES))

    assert open_source(path).parts[0].head == (b"abc" * HEAD_BYTES)[:HEAD_BYTES]


def test_gzip_of_several_members_is_one_content(tmp_path: Path) -> None:
    path = written(tmp_path / "a", gzip.compress(b"one\n") + gzip.compress(b"two\n"))

    assert lines(path) == [(1, b"one"), (2, b"two")]


def test_gzip_is_known_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    written(tmp_path / "plain.csv.gz", ROWS)
    written(tmp_path / "packed.csv", gzip.compress(ROWS.encode()))

    assert len(read_trace(tmp_path / "plain.csv.gz").connections) == 1
    assert len(read_trace(tmp_path / "packed.csv").connections) == 1


def test_text_that_packs_well_is_no_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "GZIP_FREE_BYTES", 1000)
    path = written(tmp_path / "a", gzip.compress("".join(f"line {i}\n" for i in range(10_000)).encode()))

    assert len(lines(path)) == 10_000


def test_a_stream_gives_its_head_and_then_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"x" * (2 * HEAD_BYTES) + b"\nlast"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    (part,) = open_source("-").parts

    assert part.head == content[:HEAD_BYTES]
    assert b"".join(part.chunks()) == content
    with pytest.raises(InputError, match="<stdin>: a stream can be read only once"):
        list(part.chunks())


def test_a_file_can_be_read_again(tmp_path: Path) -> None:
    (part,) = open_source(written(tmp_path / "a", b"abc")).parts

    with part.lent() as lend:
        assert [part.head, part.content(), lend().read(9), part.content()] == [b"abc"] * 4


def test_what_is_lent_to_a_thread_ends_and_is_waited_for(tmp_path: Path) -> None:
    (part,) = open_source(written(tmp_path / "a", b"abc" * 1000)).parts
    begun, read, let_go = threading.Event(), [], threading.Event()

    def reads(lent: BinaryIO) -> None:
        while block := lent.read(3):
            read.append(bytes(block))
            begun.set()
            time.sleep(0.01)
        let_go.set()

    with part.lent() as lend:
        threading.Thread(target=reads, args=(lend(),)).start()
        begun.wait()

    assert let_go.is_set()
    assert 0 < len(read) < 1000


def test_no_more_is_lent_ahead_than_a_few_pieces(tmp_path: Path) -> None:
    (part,) = open_source(written(tmp_path / "a", b"abc" * 1000)).parts
    kept: list[Any] = []

    def hoards(lent: BinaryIO) -> None:
        while block := lent.read(3):
            kept.append(block)

    with part.lent() as lend:
        hoarder = threading.Thread(target=hoards, args=(lend(),))
        hoarder.start()
        hoarder.join(0.5)
        held = len(kept)

    assert 0 < held < lending.MOST_OUT
    hoarder.join()
    assert len(kept) <= held + 1


def test_a_named_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(ROWS,))
    writer.start()

    assert read_trace(pipe).connections["connection_id"].tolist() == ["c1"]
    writer.join()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_a_seekable_view_holds_the_unpacked_content(tmp_path: Path, pack: object) -> None:
    (part,) = open_source(written(tmp_path / "a", pack(b"0123456789"))).parts  # type: ignore[operator]

    with part.seekable() as stream:
        stream.seek(-3, 2)
        assert stream.read() == b"789"


def test_a_document_past_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CONTENT_LIMIT", 9)
    (part,) = open_source(written(tmp_path / "a", b"0123456789")).parts

    with pytest.raises(InputError, match="a: more than"):
        part.content()


def test_progress_ends_at_all_bytes_of_all_files(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", ROWS)
    written(tmp_path / "b.csv", ROWS.replace("c1", "c2"))
    told: list[tuple[int, int | None]] = []

    read_trace(tmp_path, progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (2 * len(ROWS), 2 * len(ROWS))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_progress_of_standard_input_has_no_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ROWS.encode())))
    told: list[tuple[int, int | None]] = []

    read_trace("-", progress=lambda done, total: told.append((done, total)))

    assert told[-1] == (len(ROWS), None)


def test_a_folder_is_read_with_its_folders_but_without_hidden_files(tmp_path: Path) -> None:
    for number, name in enumerate(["a.csv", "day=2/b.csv", ".hidden.csv", "_temporary/c.csv", "empty.csv"]):
        written(tmp_path / name, "" if name == "empty.csv" else ROWS.replace("c1", f"c{number}"))

    assert read_trace(tmp_path).connections["connection_id"].tolist() == ["c0", "c1"]


def test_what_is_no_trace_in_a_folder_is_left_out_and_noted(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", ROWS)
    written(tmp_path / "README.md", "# About these\n")
    trace = read_trace(tmp_path)

    (note,) = (note for note in trace.notes if note.code == "files-left-out")
    assert note.data["files"] == [str(tmp_path / "README.md")]


def test_what_is_no_trace_among_named_files_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", ROWS)
    written(tmp_path / "b.csv", "# About these\n")

    with pytest.raises(InputError, match=r"b\.csv: text in none of the known formats"):
        read_trace(f"{tmp_path}/*.csv")


@pytest.mark.parametrize("pattern", ["{}/*.csv", "{}/**/[ab].csv"])
def test_a_glob_makes_one_trace_of_its_files(tmp_path: Path, pattern: str) -> None:
    written(tmp_path / "a.csv", ROWS)
    written(tmp_path / "b.csv", ROWS.replace("c1", "c2"))
    trace = read_trace(pattern.format(tmp_path))

    assert trace.connections["connection_id"].tolist() == ["c1", "c2"]
    assert trace.source == pattern.format(tmp_path)


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a[1].csv", ROWS)

    assert len(read_trace(path).connections) == 1


def test_several_named_files_make_one_trace(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"{name}.csv", ROWS.replace("c1", name)) for name in ("a", "b", "c")]
    trace = read_trace(paths)

    assert trace.connections["connection_id"].tolist() == ["a", "b", "c"]
    assert (trace.source, trace.rows) == ("3 files", 3)


def test_no_path_at_all_is_a_mistake() -> None:
    with pytest.raises(InputError, match="No input was named"):
        read_trace([])


def test_a_file_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x")

    with pytest.raises(InputError, match=r"a\.csv: named twice, so what it holds would count twice"):
        open_source([path, tmp_path / "*.csv"])


def test_a_shipped_sample_is_at_hand_wherever_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert len(read_trace("sample_traces/hib200.ndjson").connections) == 200
    assert len(read_trace(["sample_traces/hib200.ndjson"]).connections) == 200
