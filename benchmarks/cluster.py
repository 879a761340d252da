"""Measure what a Dask cluster costs beside one process, and write the table of docs/scale.md.

    python benchmarks/cluster.py [--rows N] [--objects N] [--no-write]

It is given connections, then as many events with their connections beside them. Both engines are whole
processes on this machine, workers included, one after the other; bills must be the same bytes. What is sent
between workers is counted by pickling it.
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

import connections
import events
from run import apart, machine

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
FEW = 200_000
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
    """Return how many bytes partitions send to where shares are settled, as a deployment that sleeps asks."""
    from wscost.deployment import PRESETS
    from wscost.engines import work
    from wscost.metering.streaming import Question
    from wscost.readers import read_input

    class Nobody:
        def sums(self, *_: object) -> None: ...

    stream = read_input(file, streamed=True, engine=Nobody())
    happened = stream.events is not None
    task = work.task_of(
        stream, Question.of(PRESETS["durable-object-hibernation"], (), (), events=happened), cores=2
    )
    total, parts = 0, []
    for partitions in work.turns(work.cut(stream)):
        told = work.told(parts)
        for partition in partitions:
            reduced = work.reduced(partition, task, told)
            parts.append(work.counted(reduced))
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
        f"Measured on {machine()}; {date.today()}. Processor time is that of all processes together.",
        "",
        "| rows | objects | engine | processor time | biggest process | sent a row |",
        "|---:|---:|---|---:|---:|---:|",
    ]
    warm = False
    sizes = ((FEW, FEW), (options.rows, options.objects), (options.rows, options.rows))
    cases = [(connections, rows, objects) for rows, objects in sizes]
    cases += [(events, rows, objects) for rows, objects in sizes[:2]]
    for kind, rows, objects in cases:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / ("connections.parquet" if kind is connections else "trace")
            apart(kind.write, file, rows, objects)
            if not warm:  # machine code is made once
                run(file), run(file, "--engine", "dask")
                warm = True
            local, cluster = run(file), run(file, "--engine", "dask")
            if local.said != cluster.said:
                raise SystemExit("The engines do not agree.")
            each = apart(sent, file) / rows
        for name, one, bytes_sent in (("local", local, ""), ("dask", cluster, f"{each:.1f} bytes")):
            took = f"{one.cpu:.1f} s | {one.megabytes:,.0f} MB"
            lines.append(f"| {rows:,} {kind.__name__} | {objects:,} | {name} | {took} | {bytes_sent} |")
            print(f"{lines[-1]} wall {one.wall:.1f} s", file=sys.stderr)
    if options.no_write:
        print("\n".join(lines))
        return
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    PAGE.write_text("\n".join([before + BEGIN, *lines, END]) + rest.split(END, 1)[1], "utf-8")


if __name__ == "__main__":
    main()
