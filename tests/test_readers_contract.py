"""What every reader keeps, whatever its format: it knows its own, leaves others alone, gives checked traces.

A reader's samples stand in ``reader_samples/<format>/``; a reader without one is a failure, unless an
option asks for it because no content could.
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import FILES, each_sample, options_of, read_sample
from wscost.errors import InputError
from wscost.readers import read_input, readers, sniff
from wscost.readers.options import Options
from wscost.readers.source import open_source
from wscost.trace import Trace, check_trace

each_format = pytest.mark.parametrize("name", list(readers()))
each_recognised_format = pytest.mark.parametrize(
    "name", [name for name, reader in readers().items() if not hasattr(reader, "CHOSEN_BY")]
)


@each_format
def test_a_reader_has_a_name_and_a_sentence(name: str) -> None:
    reader = readers()[name]

    assert name == reader.NAME
    assert (reader.__doc__ or "").split(". ")[0]
    assert any(path.parent.name == name for path in FILES) or hasattr(reader, "CHOSEN_BY")


@each_sample
def test_a_sample_is_recognised_as_its_own_format_and_no_other(path: Path) -> None:
    assert sniff(path.read_bytes()[:65536], path) == (path.parent.name,)


@each_sample
def test_the_content_decides_and_not_the_name(path: Path) -> None:
    assert sniff(path.read_bytes()[:65536], None) == (path.parent.name,)


@each_format
@pytest.mark.parametrize(
    "head", [b"", b"\0" * 100, b"\xff\xfe\x00", b"{", b"[", b"\n\n", b'"', b"{}\n", b"[]\n"]
)
def test_no_reader_claims_or_trips_over_nothing_much(name: str, head: bytes) -> None:
    assert not readers()[name].sniff(head, None)


@given(st.data())
def test_no_reader_trips_over_any_bytes(data: st.DataObject) -> None:
    pieces = [b"", *(path.read_bytes()[:400] for path in FILES)]
    head = data.draw(st.sampled_from(pieces)) + data.draw(st.binary(max_size=30))
    at, end = data.draw(st.integers(0, len(head))), data.draw(st.integers(0, len(head)))
    head = (
        head[:at]
        + data.draw(st.sampled_from([b"", b"\n", b"\r", b"\0", b'"', b",", b"{", b"\xff"]))
        + head[at:end]
    )

    assert set(sniff(head, None)) <= set(readers())


@each_sample
def test_a_sample_reads_as_a_checked_trace_named_after_its_path(path: Path) -> None:
    found = read_sample(path)

    if isinstance(found, Trace):
        assert check_trace(found) is found
        assert found.source == str(path)
        assert found.rows > 0


@each_sample
def test_reading_twice_gives_the_same(path: Path) -> None:
    first, second = read_sample(path), read_sample(path)

    assert type(first) is type(second)
    if isinstance(first, Trace) and isinstance(second, Trace):
        assert first.connections.equals(second.connections)
        assert (first.window, first.grades, first.notes) == (second.window, second.grades, second.notes)


@each_sample
def test_packed_with_gzip_it_reads_alike_under_any_name(path: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    plain, found = read_sample(path), read_input(packed, **options_of(path))

    if isinstance(plain, Trace) and isinstance(found, Trace):
        assert found.connections.equals(plain.connections)
        assert found.window == plain.window


@each_sample
def test_standard_input_reads_alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = read_sample(path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    found = read_input("-", **options_of(path))

    if isinstance(plain, Trace) and isinstance(found, Trace):
        assert found.source == "<stdin>"
        assert found.connections.equals(plain.connections)


@each_format
def test_a_reader_told_to_read_garbage_says_so_in_a_sentence(name: str, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(bytes(range(256)) * 64)

    with pytest.raises(InputError, match="garbage"):
        readers()[name].read(open_source(garbage), Options())


@each_format
def test_a_reader_told_to_read_another_format_says_so_in_a_sentence(name: str) -> None:
    for path in FILES:
        if path.parent.name != name:
            with pytest.raises(InputError, match=path.name):
                readers()[name].read(open_source(path), Options())
