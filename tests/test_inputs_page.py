"""The matrix of docs/inputs.md against what the readers make of the samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.samples import SAMPLES, options_of
from wscost.notes import Grade
from wscost.readers import read_input, readers
from wscost.readers.findings import OF_USAGE, findings_of
from wscost.trace import Trace
from wscost.usage import Usage

PAGE = (Path(__file__).parent.parent / "docs" / "inputs.md").read_text("utf-8")
SIGNS = {Grade.MEASURED: "yes", Grade.LOWER_BOUND: "≥", Grade.ASSUMED: "≈", Grade.UNKNOWN: "–"}
COLUMNS = (
    "opened_at",
    "closed_at",
    "messages_in",
    "messages_out",
    "bytes_in",
    "bytes_out",
    "object_id",
    "events",
)
TRACES = {
    "Logpush `websocket_analytics`": ["logpush-websocket/zone.ndjson"],
    "`wrangler tail`": ["cloudflare-tail/wrangler_tail.txt"],
    "Tail Worker": ["cloudflare-tail/tail_worker_batches.jsonl"],
    "Logpush `workers_trace_events`": ["cloudflare-tail/workers_trace_events.ndjson"],
    "HAR of Chrome DevTools": ["har/devtools.har"],
    "HAR of Playwright": ["har/playwright.har"],
    "HAR of mitmproxy": ["har/mitmproxy.har"],
    "HAR of HTTP Toolkit": ["har/http-toolkit.har"],
    "nginx, JSON": ["access-log/nginx.ndjson"],
    "nginx, combined and `$request_time`": ["access-log/nginx-timed.log"],
    "nginx, combined alone": ["access-log/nginx-combined.log"],
    "HAProxy, `httplog`": ["access-log/haproxy.log"],
    "HAProxy, with `%U`": ["access-log/haproxy-sized.log"],
    "Caddy, JSON": ["access-log/caddy.ndjson"],
    "Envoy, text or JSON": ["access-log/envoy.log"],
    "Traefik, JSON": ["access-log/traefik.ndjson"],
    "AWS ALB": ["access-log/aws-alb.log"],
    "API Gateway, access log": ["aws-websocket/access_log.ndjson"],
    "API Gateway, Lambda events": ["aws-websocket/lambda_events.json"],
    "k6, JSON points": ["load-test/k6_ws_points.json"],
    "Zeek, `websocket.log` and `conn.log`": ["zeek/websocket.log", "zeek/conn.log"],
}
USAGES = {
    "Cloudflare GraphQL": "cloudflare-graphql/three_days.json",
    "Artillery report": "load-test/artillery_report.json",
    "a gauge": "gauge-series/grafana.csv",
    "a gauge and a counter": "gauge-series/haproxy_sessions.json",
}


def row(label: str, found: object, columns: tuple[str, ...]) -> str:
    assert isinstance(found, (Trace, Usage))
    known = {finding.name: SIGNS[finding.grade] for finding in findings_of(found).quantities}
    return f"| {label} | {' | '.join(known[column] for column in columns)} |"


@pytest.mark.parametrize("label", TRACES)
def test_the_matrix_says_of_logs_what_their_samples_tell(label: str) -> None:
    paths = [SAMPLES / name for name in TRACES[label]]

    assert row(label, read_input(paths, **options_of(paths[0])), COLUMNS) in PAGE


@pytest.mark.parametrize("label", USAGES)
def test_the_matrix_says_of_meters_what_their_samples_tell(label: str) -> None:
    path = SAMPLES / USAGES[label]

    assert row(label, read_input(path, **options_of(path)), OF_USAGE) in PAGE


@pytest.mark.parametrize("name", list(readers()))
def test_the_page_tells_of_every_format(name: str) -> None:
    assert f"`{name}`" in PAGE
