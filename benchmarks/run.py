"""Measure wscost against its peers on the same file, in turn, and write the table of docs/performance.md.

    python benchmarks/run.py [--rows N] [--objects N] [--times N] [--file FILE] [--no-write]

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
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from connections import write

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- made by make bench -->", "<!-- end -->"
TOOLS = {
    "pure scan (DuckDB)": ("duckdb_scan.py", "duckdb"),
    "wscost": ("", "wscost"),
    "ClickHouse (chdb)": ("clickhouse_sql.py", "chdb"),
    "Polars": ("polars_lazy.py", "polars"),
    "DuckDB": ("duckdb_sql.py", "duckdb"),
    "pandas": ("pandas_frames.py", "pandas"),
}
SCAN, OURS = list(TOOLS)[:2]
METERS = (
    "connections_opened",
    "connection_seconds",
    "connection_minutes",
    "peak_connections",
    "object_active_seconds",
    "messages_in",
    "messages_out",
    "bytes_in",
    "bytes_out",
)


@dataclass(frozen=True)
class Run:
    """One process: how long it took [s], its most memory [MB], what it found."""

    seconds: float
    megabytes: float
    found: list[int]


def run(tool: str, file: Path) -> Run:
    """Run one tool on the file."""
    script = TOOLS[tool][0]
    command = [sys.executable, str(HERE / "peers" / script), str(file)]
    if tool == OURS:
        command = [sys.executable, "-m", "wscost", "estimate", "--format", "json", str(file)]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        if status:
            raise SystemExit(f"{tool} failed.")
        out.seek(0)
        found = json.load(out)
    return Run(took, used.ru_maxrss / 1024, _figures(found) if tool == OURS else list(found))


def _figures(result: dict) -> list[int]:
    """Return what wscost metered, times in microseconds as the peers have them."""
    bill = next(bill for bill in result["bills"] if bill["deployment"] == "durable-object")
    return [round(float(bill["usage"][key]) * (1e6 if key.endswith("seconds") else 1)) for key in METERS]


def available(tool: str) -> bool:
    """Tell whether a tool is installed."""
    try:
        version(TOOLS[tool][1])
    except PackageNotFoundError:
        return False
    return True


def measure(file: Path, times: int) -> dict[str, list[Run]]:
    """Run every tool in turn, so many times; the first turn warms caches and is not counted."""
    tools = [tool for tool in TOOLS if available(tool)]
    runs: dict[str, list[Run]] = {tool: [] for tool in tools}
    for turn in range(times + 1):
        for tool in tools:
            one = run(tool, file)
            if turn:
                runs[tool].append(one)
            print(f"{tool}: {one.seconds:.2f} s, {one.megabytes:,.0f} MB", file=sys.stderr)
    answers = {tool: each[0].found for tool, each in runs.items() if tool != SCAN}
    if any(answer != answers[OURS] for answer in answers.values()):
        raise SystemExit(f"The tools do not agree: {answers}")
    return runs


def table(runs: dict[str, list[Run]], rows: int, objects: int, size: int) -> str:
    """Return the results as Markdown, with the machine and the versions."""
    seconds = {tool: median(one.seconds for one in each) for tool, each in runs.items()}
    lines = [
        f"{rows:,} connections, {objects:,} objects, {size / 1e6:,.0f} MB of Parquet; "
        f"median of {len(runs[OURS])} runs in turn, whole processes; {machine()}; {date.today()}.",
        "",
        "| tool | version | seconds | times wscost | peak memory |",
        "|---|---|---:|---:|---:|",
    ]
    for tool in sorted(seconds, key=seconds.__getitem__):
        memory = median(one.megabytes for one in runs[tool])
        ratio = seconds[tool] / seconds[OURS]
        lines.append(
            f"| {tool} | {version(TOOLS[tool][1])} | {seconds[tool]:.2f} | {ratio:.2f} | {memory:,.0f} MB |"
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
    asked.add_argument("--rows", type=int, default=10_000_000)
    asked.add_argument("--objects", type=int, default=100_000)
    asked.add_argument("--times", type=int, default=3)
    asked.add_argument("--file", type=Path)
    asked.add_argument("--no-write", action="store_true")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = options.file or Path(folder) / "connections.parquet"
        if not file.exists():
            write(file, options.rows, options.objects)
        result = table(measure(file, options.times), options.rows, options.objects, file.stat().st_size)
    print(result)
    if not options.no_write:
        page = PAGE.read_text("utf-8")
        before, rest = page.split(BEGIN, 1)
        PAGE.write_text(f"{before}{BEGIN}\n\n{result}\n\n{END}{rest.split(END, 1)[1]}", "utf-8")


if __name__ == "__main__":
    main()
