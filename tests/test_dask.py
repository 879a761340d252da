"""A cluster comes to the same bytes as this process, whatever happens to its workers, or says why not."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from distributed import Client, LocalCluster
from pyarrow import parquet

from tests.engines import Deadly, Filling, Gated, Greedy, Hungry, Wrapped, until
from tests.test_streamed_event_files import folder
from tests.traces import DAY, at, connection, event
from wscost.cli import main
from wscost.deployment import PRESETS, Deployment
from wscost.engines import dask, engine_named, work
from wscost.errors import EngineError, InputError
from wscost.metering import meter
from wscost.readers import parquet as reader
from wscost.readers import read_input
from wscost.trace import Cut, TraceStream

pytestmark = [
    pytest.mark.xdist_group("dask"),
    # Connections that fail or are killed, as here, distributed leaves to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
ACCEPT, HIBERNATING = PRESETS["durable-object"], PRESETS["durable-object-hibernation"]
LOOPBACK = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
FILES = 4


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    """Two workers on this machine, on loopback alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dask.system.CPU_COUNT", 2)
        with engine_named("dask") as started:
            yield started


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files whose connections share objects, overlap each other's time and cross midnights."""
    folder = tmp_path_factory.mktemp("cluster") / "trace"
    folder.mkdir()
    for file in range(FILES):
        starts = [DAY * n / 300 + file for n in range(700)]
        clock = pa.timestamp("us", "UTC")
        table = {
            "object_id": [f"room-{n % 13}" if n % 11 else None for n in range(700)],
            "opened_at": pa.array([at(s) for s in starts], clock),
            "closed_at": pa.array([at(s + 1000) if n % 17 else None for n, s in enumerate(starts)], clock),
            "messages_in": pa.array(range(700)),
        }
        if file % 2:
            del table["messages_in"]
        parquet.write_table(pa.table(table), folder / f"{file}.parquet", row_group_size=200)
    (folder / "empty.parquet").touch()
    return folder


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of connections and of events in several parts, none of them a close."""
    path = tmp_path_factory.mktemp("rooms") / "trace"
    sockets = [connection(30 * n, 30 * n + 400, f"room-{n % 13}") for n in range(900)]
    happened = [
        event(kind, 30 * n + 10 * later, f"room-{n % 13}", connection_id=f"c{n}")
        for n in range(900)
        for later, kind in enumerate(("open", "message", "request"))
    ]
    return folder(path, sockets, happened, group=100)


@pytest.fixture(autouse=True)
def _small_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wscost.readers.bulk.partitions.PARTITION_ROWS", 700)


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """Collect what connections left before another test has to."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def in_one_process(path: Path, deployment: Deployment = ACCEPT) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "STREAMED_FROM_ROWS", 0)
        return meter(read_input(path, streamed=True), deployment)  # type: ignore[arg-type]


def stream(path: Path, engine: Any) -> TraceStream:
    found = read_input(path, streamed=True, engine=engine)
    assert isinstance(found, TraceStream)
    return found


def wrapped(flowing: TraceStream, kind: type[Wrapped], folder: Path, place: int = -1) -> TraceStream:
    """Return a stream to one of whose partitions, the last one, something happens."""
    partitions, rejoin = work.cut(flowing)
    given = list(partitions)
    given[place] = kind(given[place], folder)
    return replace(flowing, cut=lambda: Cut(given, rejoin))


def bill(*arguments: str, capfd: pytest.CaptureFixture[str]) -> str:
    assert not main(["estimate", *arguments, "--format", "json"])
    told = capfd.readouterr()
    assert not told.err
    return told.out


@pytest.mark.parametrize("kind", ["trace", "rooms"])
def test_the_bill_of_a_cluster_is_the_bill_to_the_byte(
    kind: str, engine: Any, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    path = str(request.getfixturevalue(kind))
    expected = bill(path, capfd=capfd)
    address = engine.client.scheduler.address

    assert expected == bill(path, "--engine", "dask", "--scheduler", address, capfd=capfd)
    assert address.startswith("tcp://127.0.0.1:")


def test_its_bill_is_explained_by_a_cluster_too(
    rooms: Path, engine: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    told = []
    for elsewhere in ([], ["--engine", "dask", "--scheduler", engine.client.scheduler.address]):
        assert not main(["explain", str(rooms), *elsewhere])
        told.append(capfd.readouterr().out)

    assert "Durable Objects" in told[0]
    assert told[0] == told[1]


def test_without_a_scheduler_workers_are_started_and_ended_in_silence(
    trace: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "wscost", "estimate", str(trace), "--format", "json", "--engine", "dask"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)

    assert bill(str(trace), capfd=capfd) == run.stdout
    assert not run.stderr


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        pytest.param("trace", -1, id="connections"),
        pytest.param("rooms", -1, id="events"),
        pytest.param("rooms", 0, id="connections after events"),
    ],
)
@pytest.mark.parametrize("dies", ["the one that reads", "the one that has read"])
def test_losing_a_worker_midway_changes_nothing(
    engine: Any, tmp_path: Path, *, kind: str, place: int, dies: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(kind)
    flowing = wrapped(stream(path, engine), Gated, tmp_path, place)
    engine.client.wait_for_workers(2, timeout=60)
    with ThreadPoolExecutor(1) as thread:
        metered = thread.submit(meter, flowing, HIBERNATING)
        try:
            until((tmp_path / "begun").exists)
            reads = int((tmp_path / "begun").read_text())
            others = {where: pid for where, pid in engine.client.run(os.getpid).items() if pid != reads}
            ((where, has_read),) = others.items()
            until(lambda: engine.client.has_what()[where])
            os.kill(reads if dies == "the one that reads" else has_read, signal.SIGKILL)
        finally:
            (tmp_path / "open").touch()
        found = metered.result(timeout=60)

    assert in_one_process(path, HIBERNATING) == found


def test_workers_that_die_of_the_input_are_an_error_and_no_total(
    trace: Path, engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "RETRIES", 0)
    monkeypatch.setattr(engine.client.cluster.scheduler, "allowed_failures", 0)
    flowing = wrapped(wrapped(stream(trace, engine), Gated, tmp_path, 0), Deadly, tmp_path)

    with pytest.raises(EngineError, match=r"died each time.*nothing is counted.*--memory-limit"):
        meter(flowing, ACCEPT)
    (tmp_path / "open").touch()  # nobody waited for it


def test_a_worker_out_of_memory_is_an_error_and_no_total(trace: Path, engine: Any, tmp_path: Path) -> None:
    flowing = wrapped(stream(trace, engine), Greedy, tmp_path)

    with pytest.raises(EngineError, match=r"had no memory left; nothing is counted.*--memory-limit"):
        meter(flowing, ACCEPT)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        pytest.param(Hungry, "were ended again and again for lack of memory", id="its nanny ends it"),
        pytest.param(Filling, "have been too full for 5 s to go on", id="it pauses for good"),
    ],
)
def test_workers_whose_memory_does_not_do_are_given_up_soon(
    trace: Path, tmp_path: Path, kind: type[Wrapped], *, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "LOOK_S", 0.5)
    monkeypatch.setattr(dask, "MOST_KILLED", 1)
    monkeypatch.setattr(dask, "WORKERS_S", 5)
    of_own = LocalCluster(
        **LOOPBACK, n_workers=1, threads_per_worker=1, memory_limit="600MB", silence_logs=dask.ONLY_CRITICAL
    )
    with of_own as cluster, Client(cluster) as client:
        flowing = wrapped(stream(trace, dask.DaskEngine(lambda: client)), kind, tmp_path, 0)

        with pytest.raises(EngineError, match=f"{words}; nothing is counted.*--memory-limit"):
            meter(flowing, ACCEPT)


def test_what_a_worker_refuses_is_told_as_this_process_tells_it(engine: Any, tmp_path: Path) -> None:
    times = pa.array([at(s) for s in range(400)], pa.timestamp("us", "UTC"))
    path = tmp_path / "cut.parquet"
    parquet.write_table(pa.table({"opened_at": times, "closed_at": times}), path, row_group_size=50)
    whole = bytearray(path.read_bytes())
    whole[40:200] = bytes(160)
    path.write_bytes(whole)
    with pytest.raises(InputError) as expected:
        in_one_process(path)
    with pytest.raises(InputError) as found:
        meter(stream(path, engine), ACCEPT)

    assert str(expected.value) == str(found.value)


def test_progress_is_told_in_bytes_read(trace: Path, engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int | None]] = []
    monkeypatch.setattr(engine, "_progress", lambda done, total: told.append((done, total)))
    meter(stream(trace, engine), ACCEPT)
    sizes = sum(partition.size for partition in work.cut(stream(trace, engine)).partitions)

    assert FILES == len(told)
    assert (sizes, sizes) == told[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--engine", "dsk"], "no engine named 'dsk'. Did you mean dask?", id="unknown"),
        pytest.param(
            ["--scheduler", "tcp://127.0.0.1:1"],
            "this process needs none. It goes with --engine dask",
            id="a scheduler for nobody",
        ),
        pytest.param(
            ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"],
            "The scheduler tcp://127.0.0.1:1 does not answer",
            id="nobody listens",
        ),
        pytest.param(
            ["--engine", "dask", "--scheduler", "127.0.0.1:x"],
            "The scheduler 127.0.0.1:x does not answer",
            id="no address",
        ),
    ],
)
def test_an_engine_that_cannot_be_had_is_told_in_one_line(
    trace: Path,
    arguments: list[str],
    words: str,
    *,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dask, "CONNECT_S", 0.5)

    assert main(["estimate", str(trace), *arguments]) == 2
    told = capfd.readouterr()
    assert words in told.err
    assert told.err.count("\n") == 1
    assert not told.out


def test_a_scheduler_without_workers_is_not_waited_for_without_end(
    trace: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "WORKERS_S", 0.2)
    with LocalCluster(**LOOPBACK, n_workers=0) as nobody:
        address = nobody.scheduler_address

        assert main(["estimate", str(trace), "--engine", "dask", "--scheduler", address]) == 2
    assert f"Start some: dask worker {address}." in capfd.readouterr().err


def test_without_dask_the_command_says_what_to_install(
    trace: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    assert main(["estimate", str(trace), "--engine", "dask"]) == 2
    assert capfd.readouterr().err == "wscost: --engine dask needs Dask: pip install 'wscost[dask]'.\n"
