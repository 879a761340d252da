"""What every reader keeps, whatever its format: it knows its own, leaves others alone, gives checked traces.

A reader's samples stand in ``reader_samples/<format>/``; a reader without one is a failure, unless an
option asks for it because no content could.
"""

from __future__ import annotations

import gzip
import io
import re
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wscost
from tests.loopback.recording import LOGS
from tests.samples import FILES, SAMPLES, each_sample, options_of, read_sample
from wscost.deployment import PRESETS
from wscost.errors import InputError
from wscost.metering import meter
from wscost.readers import read_input, read_trace, readers, sniff
from wscost.readers.findings import findings_of
from wscost.readers.options import Options
from wscost.readers.source import open_source
from wscost.reports import formats
from wscost.trace import Trace, check_trace
from wscost.tracefile import write_trace
from wscost.usage import Usage, Window

DATA = Path(__file__).parent / "data"
ADDRESSES = ("127.0.0.1", "203.0.113.9", "192.0.2.7", "192.168.131.39")
"""Those of clients in the samples."""
OBJECT = PRESETS["durable-object-hibernation"]

each_format = pytest.mark.parametrize("name", list(readers()))
each_recognised_format = pytest.mark.parametrize(
    "name", [name for name, reader in readers().items() if not hasattr(reader, "CHOSEN_BY")]
)


def _is_json_by_line(path: Path) -> bool:
    return path.suffix in (".ndjson", ".jsonl") or path.name.endswith((".json.log", "points.json"))


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


# Samples


@each_sample
def test_a_sample_was_recorded_or_says_that_it_is_written_by_hand(path: Path) -> None:
    recorded = f"{path.parent.name}/{path.name}" in LOGS
    by_hand = re.search(rb"by.hand.from", path.read_bytes()[:4096])

    assert recorded != bool(by_hand)


def test_every_recorded_log_is_a_sample() -> None:
    assert {SAMPLES / log for log in LOGS} <= set(FILES)


@pytest.mark.parametrize(
    "path", sorted(DATA.glob("*/*[!d]")), ids=lambda path: f"{path.parent.name} {path.name}"
)
def test_other_data_say_where_they_come_from(path: Path) -> None:
    told = path.parent / "README.md"
    text = told.read_text() if told.exists() else path.read_text()[:400]

    assert "by hand" in text.lower() or f"`{path.name}`: recorded" in text


# Bad lines


@pytest.mark.parametrize(
    "path", [path for path in FILES if _is_json_by_line(path)], ids=lambda path: path.name
)
def test_a_line_that_breaks_off_is_refused_at_its_place_or_left_out_and_counted(
    path: Path, tmp_path: Path
) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    broken = tmp_path / path.name
    broken.write_bytes(b"".join([lines[0], b'{"broken": "canary-', b"\n", *lines[1:]]))

    with pytest.raises(InputError, match=rf"{re.escape(path.name)}:2: .*JSON") as refused:
        read_sample(broken)
    assert "canary" not in str(refused.value)
    assert "\n" not in str(refused.value)
    left = read_sample(broken, skip_bad_rows=True)
    assert isinstance(left, Trace)
    assert left.refused == 1


# Nothing private


@each_sample
def test_a_sample_holds_something_private(path: Path) -> None:
    assert b"canary" in path.read_bytes()


@each_sample
def test_nothing_private_is_in_any_output(path: Path, tmp_path: Path) -> None:
    options = options_of(path)
    asked = {"assume_utc": options.pop("assume_utc", False), "format_options": options}
    sample = read_sample(path)
    if isinstance(sample, Trace) and sample.window.seconds < 1:  # too short to be projected
        day = sample.window.start.replace(hour=0, minute=0, second=0, microsecond=0)
        asked["window"] = Window(day, day + timedelta(days=1))
    compared = wscost.compare(path, plan="cloudflare/workers-standard", **asked)
    outputs = {name: report.render(compared) for name, report in formats().items()}
    if isinstance(sample, Trace):
        for name in ("trace.csv", "trace.ndjson", "trace.parquet"):
            write_trace(sample, tmp_path / name)
            outputs[name] = (tmp_path / name).read_bytes().decode("latin-1")
    if isinstance(sample, (Trace, Usage)):
        outputs["report"] = str(findings_of(sample))

    private = ("canary", *ADDRESSES)
    assert [(name, word) for name, text in outputs.items() for word in private if word in text] == []


@each_sample
def test_what_is_converted_is_read_as_it_was_and_converted_again_to_the_same_bytes(
    path: Path, tmp_path: Path
) -> None:
    sample = read_sample(path)
    if not isinstance(sample, Trace):
        return
    once, twice = tmp_path / "once.ndjson", tmp_path / "twice.ndjson"
    write_trace(sample, once)
    again = read_trace(once)
    write_trace(again, twice)

    assert once.read_bytes() == twice.read_bytes()
    assert sample.window == again.window
    assert sample.grades == again.grades
    pd.testing.assert_frame_equal(sample.connections, again.connections)
    assert meter(sample, OBJECT).totals == meter(again, OBJECT).totals
