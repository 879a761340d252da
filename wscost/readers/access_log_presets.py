"""Layouts of access logs that proxies write, each with where it is documented (read 2026-11-23).

nginx (``request_length`` is the handshake only; what came from the client after it is what went to the
upstream): https://nginx.org/en/docs/http/ngx_http_log_module.html and
https://nginx.org/en/docs/http/ngx_http_upstream_module.html#variables; ingress-nginx:
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/.
HAProxy (the time in brackets is the start, without a zone; Ta is the fifth timer; ``%U`` after the request is
what the client sent, its handshake too):
https://docs.haproxy.org/2.6/configuration.html#8.2.3. Caddy: https://caddyserver.com/docs/logging.
Envoy: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage and, for JSON,
https://cloud.google.com/distributed-cloud/hosted/docs/latest/gdch/platform-application/pa-ao-operations/audit-service-mesh-envoy.
Traefik (``Duration`` in ns): https://doc.traefik.io/traefik/observability/access-logs/. AWS ALB (``time`` is
the close of a WebSocket):
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html.

nginx 1.22.1, HAProxy 2.6.12 and Caddy 2.6.2 wrote the samples; Caddy 2.6 logs a status of 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wscost.readers.access_log_layout import Layout

_INSIDE = r'[^"\\]*(?:\\.[^"\\]*)*'
_QUOTED = f'"{_INSIDE}"'
_ENVOY = (
    r'\[(?P<start_time>\d{4}-\d\d-\d\dT[^\]]+)\] "\S+ (?P<path>\S+) [^"]*" (?P<status>\d+) \S+'
    rf"(?: (?:{_QUOTED}|\S+)){{0,4}}? (?P<bytes_received>\d+) (?P<bytes_sent>\d+) (?P<duration>\d+) "
)
_HAPROXY = (
    r"\[(?P<accepted>\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] \S+ \S+/\S+"
    r' (?:-?\d+/){4}\+?(?P<Ta>\d+) (?P<status>-?\d+) \+?(?P<bytes_read>\d+) .*?"(?P<request>[^"]*)"'
    r"(?: \+?(?P<bytes_uploaded>\d+))?"
)
_ALB = (
    r"^(?P<type>https?|h2|grpcs|wss?) (?P<time>\d{4}-\S+Z) \S+ \S+ \S+ \S+ \S+ \S+ \S+ \S+"
    r' (?P<received_bytes>\d+) (?P<sent_bytes>\d+) "(?P<request>[^"]*)" "[^"]*" \S+ \S+ \S+'
    r' "[^"]*" "[^"]*" "[^"]*" \S+ (?P<request_creation_time>\S+Z)'
)
_COMMON = (
    rf'^\S+ \S+ [^\[]*\[(?P<time_local>[^\]]+)\] "(?P<request>{_INSIDE})" (?P<status>\d{{3}})'
    rf" (?P<body_bytes_sent>\d+|-) {_QUOTED} {_QUOTED}"
)
_TRAEFIK = _COMMON + rf" \d+ {_QUOTED} {_QUOTED} (?P<duration>\d+)ms"
_COMBINED = _COMMON + (
    rf'(?:(?: {_QUOTED}){{0,2}}(?: \d+)? (?:\w+=)?"?(?P<request_time>\d+\.\d+)"?)?(?=\s|$)'
)

_SPECIFICATIONS: Mapping[str, Mapping[str, Any]] = {
    "nginx-json": {
        "line": "json",
        "closed_at": [
            {"field": "msec", "unit": "s"},
            {"field": "time_iso8601"},
            {"field": "time_local", "unit": "clf"},
        ],
        "duration": {"field": "request_time", "unit": "s"},
        "url": ["request_uri", "uri", "request"],
        "bytes_in": {"field": "upstream_bytes_sent", "less": "request_length"},
        "bytes_out": "body_bytes_sent",
    },
    "caddy": {
        "line": "json",
        "closed_at": {"field": "ts", "unit": "s"},
        "duration": {"field": "duration", "unit": "s"},
        "upgraded": [
            {"field": ["resp_headers.Upgrade.0", "resp_headers.upgrade.0"], "is": ["websocket"]},
            {"field": "status", "is": ["101"]},
        ],
        "url": "request.uri",
    },
    "traefik-json": {
        "line": "json",
        "opened_at": {"field": ["StartUTC", "StartLocal"]},
        "duration": {"field": "Duration", "unit": "ns"},
        "upgraded": {"field": ["DownstreamStatus", "OriginStatus"], "is": ["101"]},
        "url": "RequestPath",
    },
    "envoy-json": {
        "line": "json",
        "opened_at": {"field": "start_time"},
        "duration": {"field": "duration", "unit": "ms"},
        "upgraded": {"field": "response_code", "is": ["101"]},
        "url": ["path", "x_envoy_original_path"],
        "bytes_in": "bytes_received",
        "bytes_out": "bytes_sent",
    },
    "envoy": {
        "line": _ENVOY,
        "opened_at": {"field": "start_time"},
        "duration": {"field": "duration", "unit": "ms"},
        "url": "path",
        "bytes_in": "bytes_received",
        "bytes_out": "bytes_sent",
    },
    "haproxy": {
        "line": _HAPROXY,
        "opened_at": {"field": "accepted", "unit": "clf"},
        "duration": {"field": "Ta", "unit": "ms"},
        "url": "request",
        "bytes_in": "bytes_uploaded",
        "bytes_out": "bytes_read",
    },
    "aws-alb": {
        "line": _ALB,
        "opened_at": {"field": "request_creation_time"},
        "closed_at": {"field": "time"},
        "upgraded": {"field": "type", "is": ["ws", "wss"]},
        "url": "request",
        "bytes_in": "received_bytes",
        "bytes_out": "sent_bytes",
    },
    "traefik": {
        "line": _TRAEFIK,
        "opened_at": {"field": "time_local", "unit": "clf"},
        "duration": {"field": "duration", "unit": "ms"},
        "url": "request",
    },
    "combined": {
        "line": _COMBINED,
        "closed_at": {"field": "time_local", "unit": "clf"},
        "duration": {"field": "request_time", "unit": "s"},
        "url": "request",
        "bytes_out": "body_bytes_sent",
    },
}

PRESETS: Mapping[str, Layout] = {
    name: Layout.model_validate(specification) for name, specification in _SPECIFICATIONS.items()
}
"""By name, the more particular before the more general."""
