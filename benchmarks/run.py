"""Measure wscost against its peers on the same files, in turn, and write the tables of docs/performance.md.

    python benchmarks/run.py [--only connections|events] [--rows N] [--objects N] [--times N] [--no-write]

Each run is a whole process, from its start to its last byte. Every tool must come to the same figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TypeVar

import connections
import events

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An installed package has its bytecode beside it."""
T = TypeVar("T")
SCAN, OURS = "pure scan (DuckDB)", "wscost"
TOTALS = ("messages_in", "messages_out", "bytes_in", "bytes_out")


@dataclass(frozen=True)
class Benchmark:
    """What is measured: how to make the data, each tool's script and package, and what all must find."""

    name: str
    write: Callable[[Path, int, int], None]
    tools: Mapping[str, tuple[str, str]]
    deployment: str
    meters: tuple[str, ...]


BENCHMARKS = {
    one.name: one
    for one in (
        Benchmark(
            "connections",
            connections.write,
            {
                SCAN: ("duckdb_scan.py", "duckdb"),
                OURS: ("", "wscost"),
                "ClickHouse (chdb)": ("clickhouse_sql.py", "chdb"),
                "Polars": ("polars_lazy.py", "polars"),
                "DuckDB": ("duckdb_sql.py", "duckdb"),
                "pandas": ("pandas_frames.py", "pandas"),
            },
            "durable-object",
            (
                "connections_opened",
                "connection_seconds",
                "connection_minutes",
                "peak_connections",
                "object_active_seconds",
                *TOTALS,
            ),
        ),
        Benchmark(
            "events",
            events.write,
            {
                SCAN: ("duckdb_events_scan.py", "duckdb"),
                OURS: ("", "wscost"),
                "ClickHouse (chdb)": ("clickhouse_events.py", "chdb"),
                "Polars": ("polars_events.py", "polars"),
                "DuckDB": ("duckdb_events.py", "duckdb"),
            },
            "durable-object-hibernation",
            (
                *TOTALS,
                "object_requests",
                "object_active_seconds",
                "object_resident_seconds",
                "object_wakeups",
            ),
        ),
    )
}


@dataclass(frozen=True)
class Run:
    """One process: how long it took and kept processors busy [s], its most memory [MB], what it found."""

    seconds: float
    busy: float
    megabytes: float
    found: list[int]


def run(benchmark: Benchmark, tool: str, file: Path) -> Run:
    """Run one tool on the file."""
    script = benchmark.tools[tool][0]
    command = [sys.executable, str(HERE / "peers" / script), str(file)]
    if tool == OURS:
        command = [sys.executable, "-m", "wscost", "estimate", "--format", "json", str(file)]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, env=ENVIRONMENT)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        if status:
            raise SystemExit(f"{tool} failed.")
        out.seek(0)
        found = json.load(out)
    figures = _figures(found, benchmark) if tool == OURS else list(found)
    return Run(took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, figures)


def apart(work: Callable[..., T], *arguments: object) -> T:
    """Run something in a process of its own: what this one holds would count as memory of those it starts."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def _figures(result: dict, benchmark: Benchmark) -> list[int]:
    """Return what wscost metered, times in microseconds as the peers have them."""
    bill = next(bill for bill in result["bills"] if bill["deployment"] == benchmark.deployment)
    usage = {key: Decimal(bill["usage"][key]) for key in benchmark.meters}
    return [int(usage[key] * (1_000_000 if key.endswith("seconds") else 1)) for key in benchmark.meters]


def available(package: str) -> bool:
    """Tell whether a package is installed."""
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def measure(benchmark: Benchmark, file: Path, times: int) -> dict[str, list[Run]]:
    """Run every tool in turn, so many times; the first turn warms caches and is not counted."""
    tools = [tool for tool, (_, package) in benchmark.tools.items() if available(package)]
    runs: dict[str, list[Run]] = {tool: [] for tool in tools}
    for turn in range(times + 1):
        for tool in tools:
            one = run(benchmark, tool, file)
            if turn:
                runs[tool].append(one)
            print(
                f"{tool}: {one.seconds:.2f} s, {one.busy:.2f} s busy, {one.megabytes:,.0f} MB",
                file=sys.stderr,
            )
    answers = {tool: each[0].found for tool, each in runs.items() if tool != SCAN}
    if any(answer != answers[OURS] for answer in answers.values()):
        raise SystemExit(f"The tools do not agree: {answers}")
    return runs


def table(benchmark: Benchmark, runs: dict[str, list[Run]], rows: int, objects: int, size: int) -> str:
    """Return the results as Markdown, with the machine and the versions."""
    seconds = {tool: median(one.seconds for one in each) for tool, each in runs.items()}
    lines = [
        f"{rows:,} {benchmark.name}, {objects:,} objects, {size / 1e6:,.0f} MB of Parquet; "
        f"median of {len(runs[OURS])} runs in turn, whole processes; {machine()}; {date.today()}.",
        "",
        "| tool | version | seconds | times wscost | processor seconds | peak memory |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for tool in sorted(seconds, key=seconds.__getitem__):
        busy, memory = (median(getattr(one, what) for one in runs[tool]) for what in ("busy", "megabytes"))
        lines.append(
            f"| {tool} | {version(benchmark.tools[tool][1])} | {seconds[tool]:.2f} | "
            f"{seconds[tool] / seconds[OURS]:.2f} | {busy:.2f} | {memory:,.0f} MB |"
        )
    load = os.getloadavg()[2]
    return "\n".join([*lines, "", f"Load of the machine meanwhile (15 minutes): {load:.1f}."])


def machine() -> str:
    told = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    name = next((value.strip() for key, value in told.items() if key.strip() == "model name"), "")
    return f"{os.cpu_count()} cores ({name or platform.machine()}), Python {platform.python_version()}"


def main() -> None:
    """Measure and write the page."""
    asked = argparse.ArgumentParser(description="Measure wscost against its peers.")
    asked.add_argument("--only", choices=list(BENCHMARKS))
    asked.add_argument("--rows", type=int, default=10_000_000)
    asked.add_argument("--objects", type=int, default=100_000)
    asked.add_argument("--times", type=int, default=3)
    asked.add_argument("--folder", type=Path, help="Where the data are, or are to be kept.")
    asked.add_argument("--no-write", action="store_true")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for benchmark in [BENCHMARKS[options.only]] if options.only else BENCHMARKS.values():
            data = folder / f"{benchmark.name}-{options.rows}.parquet"
            if not data.exists():
                apart(benchmark.write, data, options.rows, options.objects)
            runs = measure(benchmark, data, options.times)
            parts = data.rglob("*.parquet") if data.is_dir() else [data]
            size = sum(part.stat().st_size for part in parts)
            result = table(benchmark, runs, options.rows, options.objects, size)
            print(result)
            if not options.no_write:
                _write(benchmark, result)


def _write(benchmark: Benchmark, result: str) -> None:
    begin, end = f"<!-- {benchmark.name}: made by make bench -->", f"<!-- {benchmark.name}: end -->"
    before, rest = PAGE.read_text("utf-8").split(begin, 1)
    PAGE.write_text(f"{before}{begin}\n\n{result}\n\n{end}{rest.split(end, 1)[1]}", "utf-8")


if __name__ == "__main__":
    main()
