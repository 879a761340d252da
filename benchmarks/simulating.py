"""Measure the simulator: connections made and metered a second, and a month with its range.

    python benchmarks/simulating.py [--times N] [--no-write]

Each measurement is a process of its own. Connections a second are of one core and count CPU time, without
what loading Python takes; the month is the whole command, from start to last byte.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from run import PAGE, machine

BEGIN, END = "<!-- made by benchmarks/simulating.py -->", "<!-- end of simulating -->"
STAY = "session: {mean: 62m, shape: 0.5, max: 12h}\n"
ARRIVALS = "scenarios: {people: {executor: constant-arrival-rate, rate: 10}}\n"
CASES = {
    "stays in rooms": f"{ARRIVALS}{STAY}rooms: {{count: 1000}}\nclient: plain\n",
    "and messages in, with sizes": (
        f"{ARRIVALS}{STAY}rooms: {{count: 1000}}\nclient: plain\n"
        "messages: {in: {every: 10s, bytes: {median: 32, p95: 126}}}\n"
    ),
    "and broadcast to the room": (
        f"{ARRIVALS}{STAY}rooms: {{count: 1000}}\nclient: plain\n"
        "messages: {in: {every: 10s, bytes: {median: 32, p95: 126}}, out: broadcast}\n"
    ),
    "and drops, deployments, heartbeats": (
        f"{ARRIVALS}{STAY}rooms: {{count: 1000}}\nclient: socket.io\ndrops: {{every: 6h}}\n"
        "deploys: {per_week: 3}\n"
        "messages: {in: {every: 10s, bytes: {median: 32, p95: 126}}, out: broadcast}\n"
    ),
}
DAYS = 4
MONTH = (
    "profile: ten thousand\ncalendar: {period: 2026-12}\n"
    "scenarios: {people: {executor: constant-vus, vus: 10000}}\n"
    "session: {mean: 62m, shape: 0.5, max: 12h}\nrooms: {size: 30}\nclient: plain\n"
    "messages: {in: {every: 2m, bytes: {median: 32, p95: 126}}, out: broadcast}\n"
)


def one_case(text: str) -> None:
    """Simulate and meter days on one core, and print how many connections a second."""
    from datetime import date, timedelta

    from wscost import yamlfile
    from wscost.deployment import PRESETS
    from wscost.metering import meter
    from wscost.profile import read_profile
    from wscost.simulating import simulate_streams
    from wscost.usage import Period

    first = date(2026, 12, 1)
    profile = read_profile(yamlfile.loads(f"profile: speed\n{text}", "speed.yaml"))

    def run(days: int) -> int:
        period = Period(first, first + timedelta(days=days))
        usage = [meter(day, PRESETS["durable-object"]) for day in simulate_streams(profile, period)]
        return sum(int(day.totals["connections_opened"]) for day in usage)

    run(1)  # loads and compiles
    began = time.process_time()
    opened = run(DAYS)
    print(json.dumps(opened / (time.process_time() - began)))


def child(*arguments: str) -> tuple[float, float, bytes]:
    """Run a process; return its time [s], its most memory [MB] and what it printed."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        process = subprocess.Popen([sys.executable, *arguments], stdout=out, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        if status:
            raise SystemExit(f"{arguments} failed.")
        out.seek(0)
        return took, used.ru_maxrss / 1024, out.read()


def measure(times: int) -> str:
    """Return the results as Markdown."""
    lines = [
        f"Median of {times} runs each; {machine()}.",
        "",
        "| what is simulated | connections a second, one core |",
        "|---|---:|",
    ]
    for name, text in CASES.items():
        rates = [float(child(__file__, "--case", text)[2]) for _ in range(times)]
        lines.append(f"| {name} | {median(rates):,.0f} |")
        print(lines[-1], file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "month.yaml"
        profile.write_text(MONTH)
        asked = ("-m", "wscost", "estimate", str(profile), "--format", "json")
        runs = [child(*asked) for _ in range(times)]
    bill = json.loads(runs[0][2])["bills"][0]
    lines += [
        "",
        f"A month of 10,000 people at once ({int(bill['usage']['connections_opened']):,} connections, "
        f"{bill['range']['replicates']} replicates, two deployments, three plans): "
        f"{median(run[0] for run in runs):.1f} s and {median(run[1] for run in runs):,.0f} MB.",
        "",
        f"Load of the machine meanwhile (15 minutes): {os.getloadavg()[2]:.1f}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the page."""
    asked = argparse.ArgumentParser(description="Measure the simulator.")
    asked.add_argument("--times", type=int, default=3)
    asked.add_argument("--no-write", action="store_true")
    asked.add_argument("--case", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.case:
        one_case(options.case)
        return
    result = measure(options.times)
    print(result)
    if not options.no_write:
        before, rest = PAGE.read_text("utf-8").split(BEGIN, 1)
        PAGE.write_text(f"{before}{BEGIN}\n\n{result}\n\n{END}{rest.split(END, 1)[1]}", "utf-8")


if __name__ == "__main__":
    main()
