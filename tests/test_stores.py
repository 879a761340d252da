"""Files in stores read as files on disk do, and what keeps them from being read is told without secrets."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import fsspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.engines import Disorderly
from tests.traces import at
from wscost.cli import main
from wscost.deployment import PRESETS
from wscost.errors import InputError, WscostError
from wscost.metering import meter
from wscost.readers import parquet as reader
from wscost.readers import read_input, read_trace
from wscost.readers.source import open_source
from wscost.readers.stores import shown


@pytest.fixture
def store() -> Iterator[Any]:
    """A store in memory that holds two files of a trace, one of them hidden, and a log of another kind."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/days/a.parquet", content(0))
    memory.pipe("/bucket/days/b.parquet", content(40))
    memory.pipe("/bucket/days/_temporary/c.parquet", b"half written")
    memory.pipe("/bucket/log.csv", b"opened_at,closed_at\n2026-11-02T00:00:00Z,2026-11-02T00:01:00Z\n")
    memory.pipe("/bucket/damaged.parquet", b"PAR1" + bytes(100))
    yield memory
    memory.rm("/bucket", recursive=True)


def content(since: int) -> bytes:
    clock, sink = pa.timestamp("us", "UTC"), pa.BufferOutputStream()
    starts = range(since, since + 30)
    table = {
        "object_id": [f"room-{s % 4}" for s in starts],
        "opened_at": pa.array([at(s) for s in starts], clock),
        "closed_at": pa.array([at(s + 20) for s in starts], clock),
    }
    parquet.write_table(pa.table(table), sink, row_group_size=10)
    return sink.getvalue().to_pybytes()


@pytest.fixture
def on_disk(tmp_path: Path) -> Path:
    folder = tmp_path / "days"
    folder.mkdir()
    (folder / "a.parquet").write_bytes(content(0))
    (folder / "b.parquet").write_bytes(content(40))
    return folder


@pytest.mark.parametrize("url", ["memory://bucket/days", "memory://bucket/days/*.parquet"])
@pytest.mark.parametrize("how", ["held", "streamed", "in parts"])
def test_a_store_reads_as_a_folder_does(
    store: Any, on_disk: Path, url: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "STREAMED_FROM_ROWS", 0 if how == "streamed" else 10**9)
    engine = Disorderly(Random(1)) if how == "in parts" else None
    of_folder, of_store = (
        meter(read_input(where, streamed=how != "held", engine=engine), PRESETS["durable-object"])  # type: ignore[arg-type]
        for where in (on_disk, url)
    )

    assert of_folder.days == of_store.days
    assert of_folder.grades == of_store.grades


def test_a_scenario_may_name_an_input_in_a_store(
    store: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wscost.yaml"
    path.write_text(
        "scenarios: {prod: {input: memory://bucket/days, deployment: worker}}\n"
        "checks: [{id: opened, metric: meter.connections_opened, max: 1e9}]\n"
    )

    asked = ["--plan", "cloudflare/workers-standard", "--deployment", "worker", "--format", "json"]
    assert main(["estimate", "memory://bucket/days", *asked]) == 0
    of_url = json.loads(capsys.readouterr().out)
    assert main(["estimate", str(path), "--format", "json"]) == 0
    of_scenario = json.loads(capsys.readouterr().out)

    assert of_scenario["bills"][0]["lines"] == of_url["bills"][0]["lines"]
    assert main(["check", "--config", str(path)]) == 0


def test_a_login_to_a_store_is_not_told_by_a_check(
    store: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.pipe("/ann:secret@bucket/a.parquet", content(0))
    path = tmp_path / "wscost.yaml"
    path.write_text(
        "scenarios: {prod: {input: 'memory://ann:secret@bucket/a.parquet', deployment: worker}}\n"
        "checks: [{id: opened, metric: meter.connections_opened, max: 1e9}]\n"
    )
    assert main(["check", "--config", str(path), "--report", "json=-"]) == 0
    store.rm("/ann:secret@bucket", recursive=True)

    assert "secret" not in "".join(capsys.readouterr())


def test_a_file_of_any_format_may_lie_in_a_store(store: Any) -> None:
    assert len(read_trace("memory://bucket/log.csv").connections) == 1


def test_a_file_url_is_a_path(on_disk: Path) -> None:
    (part, _) = open_source(f"file://{on_disk}").parts

    assert on_disk / "a.parquet" == part.path


def test_progress_counts_the_bytes_of_a_store(store: Any) -> None:
    told: list[tuple[int, int | None]] = []
    read_trace("memory://bucket/days", progress=lambda done, total: told.append((done, total)))
    size = len(content(0)) + len(content(40))

    assert (size, size) == told[-1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("memory://bucket/nothing", "there is no such file or folder", id="missing"),
        pytest.param("memory://bucket/*.orc", "there is no such file or folder", id="a glob of nothing"),
        pytest.param("memroy://bucket", "no kind of store named 'memroy'. Did you mean memory", id="typo"),
        pytest.param("memory://bucket/damaged.parquet", "cut short, or its store failed", id="bad"),
    ],
)
def test_what_a_store_does_not_have_is_told_in_one_line(
    store: Any, url: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["estimate", url]) == 2
    told = capfd.readouterr().err
    assert words in told
    assert told.count("\n") == 1


def test_what_a_store_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(InputError, match=r"something is missing to read gs://: pip install gcsfs\."):
        read_trace("gs://bucket/days")
    monkeypatch.setitem(sys.modules, "fsspec", None)

    with pytest.raises(InputError, match=r"s3://bucket/days: .* pip install 'wscost\[dask\]'"):
        read_trace("s3://bucket/days")


def test_a_store_that_refuses_is_told_without_its_words(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("token=secret was not accepted")

    monkeypatch.setattr(type(store), "info", refuse)
    with pytest.raises(WscostError, match=r"cannot be read \(RuntimeError\)") as complaint:
        read_trace("memory://bucket/days")

    assert "secret" not in str(complaint.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://me:secret@host/days/a.parquet", "ftp://host/days/a.parquet"),
        ("https://host/a.parquet?X-Amz-Signature=secret", "https://host/a.parquet"),
        ("s3://bucket/a?.parquet", "s3://bucket/a?.parquet"),
        ("simplecache::ftp://me:secret@host/a.parquet", "simplecache::ftp://host/a.parquet"),
    ],
)
def test_what_is_shown_of_a_url_holds_no_secret(url: str, words: str) -> None:
    assert words == shown(url)
