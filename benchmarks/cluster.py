"""Measure what a Dask cluster costs beside one process, and write the table of docs/scale.md.

    python benchmarks/cluster.py [--rows N] [--objects N] [--no-write]

Both engines are whole processes on this machine, workers included, one after the other; bills must be the
same bytes. What is sent between workers is counted by pickling it.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

from connections import write
from run import machine

from wscost.deployment import PRESETS
from wscost.engines import work
from wscost.metering.streaming import Question
from wscost.readers import read_input

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
BEGIN, END = "<!-- made by benchmarks/cluster.py -->", "<!-- end -->"


class Run(NamedTuple):
    """One run: processor time of all its processes [s], wall clock [s], memory of its biggest one [MB]."""

    cpu: float
    wall: float
    megabytes: float
    said: bytes


def run(file: Path, *engine: str) -> Run:
    """Estimate a file."""
    command = [sys.executable, "-m", "wscost", "estimate", "--format", "json", str(file), *engine]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        if status:
            raise SystemExit(f"{' '.join(command)} failed.")
        out.seek(0)
        return Run(used.ru_utime + used.ru_stime, took, used.ru_maxrss / 1024, out.read())


def sent(file: Path) -> int:
    """Return how many bytes partitions send to where shares are settled."""

    class Nobody:
        def sums(self, *_: object) -> None: ...

    stream = read_input(file, streamed=True, engine=Nobody())
    task = work.task_of(stream, Question.of(PRESETS["durable-object"], (), ()), cores=2)
    total = 0
    for partition in work.cut(stream).partitions:
        reduced = work.reduced(partition, task)
        total += sum(len(pickle.dumps(work.share(reduced, n, task), 5)) for n in range(task.shares))
    return total


def main() -> None:
    """Measure and write the page."""
    asked = argparse.ArgumentParser(description="Measure a Dask cluster beside one process.")
    asked.add_argument("--rows", type=int, default=10_000_000)
    asked.add_argument("--objects", type=int, default=100_000)
    asked.add_argument("--no-write", action="store_true")
    options = asked.parse_args()
    lines = [
        f"{options.rows:,} connections on {machine()}; {date.today()}. "
        "Processor time is that of all processes.",
        "",
        "| objects | engine | processor time | times local | biggest process | sent a connection |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for objects in (options.objects, options.rows):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "connections.parquet"
            write(file, options.rows, objects)
            run(file), run(file, "--engine", "dask")  # machine code is made once
            local, cluster = run(file), run(file, "--engine", "dask")
            if local.said != cluster.said:
                raise SystemExit("The engines do not agree.")
            each = sent(file) / options.rows
        for name, one, bytes_sent in (("local", local, ""), ("dask", cluster, f"{each:.1f} bytes")):
            lines.append(
                f"| {objects:,} | {name} | {one.cpu:.1f} s | {one.cpu / local.cpu:.1f} "
                f"| {one.megabytes:,.0f} MB | {bytes_sent} |"
            )
            print(f"{objects:,} {name}: {one.cpu:.1f} s, wall {one.wall:.1f} s", file=sys.stderr)
    print("\n".join(lines))
    if not options.no_write:
        before, rest = PAGE.read_text("utf-8").split(BEGIN)
        PAGE.write_text("\n".join([before + BEGIN, *lines, END]) + rest.split(END, 1)[1], "utf-8")


if __name__ == "__main__":
    main()
