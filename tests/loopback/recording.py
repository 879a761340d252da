"""One run of the plan: a client, every proxy in a row, a server; each tells of the very same sessions."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.loopback.plan import (
    PLAN,
    REQUESTS,
    TIME_LIMIT_S,
    Lived,
    Served,
    Session,
    ask,
    live_all,
    serve_until,
)
from tests.loopback.programs import HERE, NODE_22, NODE_MODULES, end, found, free_port, running
from tests.samples import SAMPLES

IN_A_ROW = ("mitmproxy", "nginx", "haproxy", "caddy")
"""From the client to the server."""
PROGRAMS = (*IN_A_ROW, "workerd", "chromium", "prometheus", "artillery")
GAUGE = 'haproxy_frontend_current_sessions{proxy="sized"}'
COUNTER = 'haproxy_frontend_http_responses_total{proxy="sized",code="1xx"}'
"""Sessions open at HAProxy, and how many upgrades it has seen."""
TRUTH = HERE / "truth.json"
"""What the clients of the samples saw."""
SETTLES_S = 2.0
"""How long logs may take to be written after the last close."""

LOGS = {
    "access-log/nginx.ndjson": "nginx",
    "access-log/nginx-timed.log": "nginx",
    "access-log/nginx-combined.log": "nginx",
    "access-log/haproxy.log": "haproxy",
    "access-log/haproxy-sized.log": "haproxy",
    "access-log/caddy.ndjson": "caddy",
    "har/mitmproxy.har": "mitmproxy",
    "har/playwright.har": "chromium",
    "har/devtools.har": "chromium",
    "cloudflare-tail/tail_worker_batches.jsonl": "workerd",
    "cloudflare-tail/wrangler_tail.txt": "workerd",
    "gauge-series/haproxy_sessions.json": "prometheus",
    "load-test/artillery_report.json": "artillery",
}
"""Which log is which program's, by format."""
BANNER = """\
# The events of tail_worker_batches.jsonl in the form of wrangler tail --format json, which needs an account.
 ⛅️ wrangler
───────────────────
[wrangler:info] Successfully created tail
"""


@dataclass(frozen=True)
class Recording:
    """What the clients saw, and the logs of what ran between."""

    lived: tuple[Lived, ...]
    served: Served
    """What the server of the load test counted."""
    folder: Path

    def log(self, name: str) -> Path:
        """Return where a log of ``LOGS`` lies."""
        return self.folder / name


def shipped() -> Recording:
    """Return the recording that the samples are."""
    truth = json.loads(TRUTH.read_text())
    return Recording(tuple(Lived(**one) for one in truth["lived"]), Served(**truth["served"]), SAMPLES)


def record(folder: Path) -> Recording:
    """Live the plan once, through every program that is installed."""
    with ExitStack() as stack:
        port = stack.enter_context(running("workerd", folder) if found("workerd") else _server(Served()))
        for program in reversed(IN_A_ROW):
            if found(program):
                port = stack.enter_context(running(program, folder, port))
        metrics = None
        if found("prometheus"):
            metrics = stack.enter_context(running("prometheus", folder))
            _await_samples(metrics)
        began = time.time()
        time.sleep(SETTLES_S)
        browser = found("chromium")
        page = stack.enter_context(_page(browser, port, folder)) if browser else None
        lived = asyncio.run(live_all(port, [one for one in PLAN if not (browser and one.in_browser)]))
        if page is not None:
            out, err = page.communicate(timeout=TIME_LIMIT_S)
            if page.returncode:
                raise AssertionError(err.decode()[-500:])
            lived += [Lived(**one) for one in json.loads(out)]
        ask(port, REQUESTS)
        time.sleep(SETTLES_S)
        if metrics is not None:
            query = {"query": f"{GAUGE} or {COUNTER}", "start": began, "end": time.time(), "step": "0.5"}
            (folder / "haproxy_sessions.json").write_bytes(_asked(metrics, "query_range", query))
    served = _load_test(folder) if found("artillery") else Served()
    _gather(folder)
    return Recording(tuple(lived), served, folder)


def _await_samples(port: int) -> None:
    """Wait until Prometheus has seen HAProxy; it begins to look some seconds after it has started."""
    until = time.monotonic() + TIME_LIMIT_S
    while time.monotonic() < until:
        try:
            if json.loads(_asked(port, "query", {"query": GAUGE}))["data"]["result"]:
                return
        except HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:  # it is not ready yet
                raise
        time.sleep(0.2)
    raise AssertionError("Prometheus sees no metrics of HAProxy.")


def _asked(port: int, what: str, query: Mapping[str, object]) -> bytes:
    """Return what Prometheus answers."""
    with urlopen(f"http://127.0.0.1:{port}/api/v1/{what}?{urlencode(query)}") as answer:
        found: bytes = answer.read()
    return found


def _load_test(folder: Path) -> Served:
    """Run Artillery against a server of our own."""
    served = Served()
    with _server(served) as port:
        asked = ["run", "--output", "artillery_report.json", "--target", f"ws://127.0.0.1:{port}"]
        subprocess.run(
            [NODE_22, str(found("artillery")), *asked, str(HERE / "artillery.yml")],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder), "ARTILLERY_DISABLE_TELEMETRY": "true"},
            timeout=TIME_LIMIT_S,
            check=True,
        )
    return served


@contextmanager
def _server(served: Served) -> Iterator[int]:
    """Run a server of our own."""
    port, loop, stop = free_port(), asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve_until(stop, port, served),))
    thread.start()
    try:
        time.sleep(0.3)
        yield port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@contextmanager
def _page(browser: str, port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Open a page, and let it begin once it is ready."""
    plan = folder / "plan.json"
    plan.write_text(json.dumps([_as_json(session) for session in PLAN if session.in_browser]))
    page = subprocess.Popen(
        ["node", str(HERE / "browser.cjs"), browser, f"http://127.0.0.1:{port}", str(plan), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(NODE_MODULES)},
    )
    try:
        assert page.stdin is not None
        assert page.stdout is not None
        if page.stdout.readline() != b"ready\n":
            raise AssertionError(page.communicate(timeout=TIME_LIMIT_S)[1].decode()[-500:])
        page.stdin.write(b"go\n")
        page.stdin.flush()
        yield page
    finally:
        end(page)


def _as_json(session: Session) -> dict[str, object]:
    messages = [one if isinstance(one, str) else {"zeros": len(one)} for one in session.messages]
    return {**session._asdict(), "messages": messages}


def _gather(folder: Path) -> None:
    """Give each log its place, and what programs write to their output the form in which a user has it."""
    if (said := folder / "haproxy.out").exists():
        lines = [line.partition(">")[2] for line in said.read_text().splitlines()]
        for name, frontend in (("haproxy.log", "plain"), ("haproxy-sized.log", "sized")):
            kept = [line for line in lines if f"] {frontend} " in line]
            (folder / name).write_text("".join(f"{line}\n" for line in kept))
    if (said := folder / "workerd.out").exists():
        batches = [line for line in said.read_text().splitlines() if line.startswith("[{")]
        (folder / "tail_worker_batches.jsonl").write_text("".join(f"{line}\n" for line in batches))
        events = [event for batch in batches for event in json.loads(batch)]
        shown = "\n".join(json.dumps(event, indent=4, ensure_ascii=False) for event in events)
        (folder / "wrangler_tail.txt").write_text(f"{BANNER}{shown}\n")
    for log, program in LOGS.items():
        written, place = folder / Path(log).name, folder / log
        if written.exists():
            place.parent.mkdir(exist_ok=True)
            written.rename(place)
        elif found(program):
            raise AssertionError(f"{program} wrote no {log}.")
