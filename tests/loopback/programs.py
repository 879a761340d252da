"""The real programs: where each is found, how it is run on loopback, where it writes its log.

nginx, HAProxy, Caddy and Prometheus come from Debian, mitmproxy from PyPI, workerd, playwright-core and
Artillery from npm, beside the environment's Python; ``.ci/run`` installs them all. Each process is started
and ended here, by its own handle.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
NODE_MODULES = Path(sys.prefix) / "node_modules"
MITMPROXY = Path(sys.prefix) / "mitmproxy/bin"
"""An environment of its own: what it depends on is pinned."""
NODE_22 = NODE_MODULES / "node/bin/node"
"""What Artillery needs, where Debian's is older."""
STARTS_WITHIN_S = 20
ENDS_WITHIN_S = 2
"""Then it is made to: workerd would wait for objects that are still in memory."""

INSTALL = {
    "nginx": "apt-get install nginx-light",
    "haproxy": "apt-get install haproxy",
    "caddy": "apt-get install caddy",
    "prometheus": "apt-get install prometheus haproxy",
    "mitmproxy": "python3 -m venv .venv/mitmproxy && .venv/mitmproxy/bin/pip install mitmproxy",
    "workerd": "npm install --prefix .venv workerd",
    "artillery": "npm install --prefix .venv --ignore-scripts artillery@2.0.34; "
    "npm install --prefix .venv node@22",
    "chromium": "apt-get install chromium nodejs && npm install --prefix .venv playwright-core",
}
"""How to get what is missing."""

NGINX = """
daemon off; master_process off; pid nginx.pid; error_log error.log;
events {{}}
http {{
  log_format wscost escape=json '{{"msec":"$msec","request_time":"$request_time","status":"$status",'
    '"request_uri":"$request_uri","request_length":"$request_length","bytes_sent":"$bytes_sent",'
    '"body_bytes_sent":"$body_bytes_sent","upstream_bytes_sent":"$upstream_bytes_sent"}}';
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" $request_time';
  access_log nginx.ndjson wscost;
  access_log nginx-timed.log timed;
  access_log nginx-combined.log combined;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }}
  }}
}}
"""
HTTPLOG_AND_U = (
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %{+Q}r %U"
)
"""What ``option httplog`` writes, and the bytes that the client sent."""
HAPROXY = """
defaults
  mode http
  log stdout local0
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend plain
  bind 127.0.0.1:{port}
  option httplog
  default_backend within
backend within
  server sized 127.0.0.1:{inner}
frontend sized
  bind 127.0.0.1:{inner}
  log-format "{format}"
  option httpclose
  default_backend behind
backend behind
  server s1 127.0.0.1:{upstream}
frontend metrics
  bind 127.0.0.1:{metrics}
  http-request use-service prometheus-exporter
  no log
"""
PROMETHEUS = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
  - job_name: canary-job
    static_configs: [{{targets: ["127.0.0.1:{metrics}"]}}]
"""
CADDY = """
{{
  admin off
  auto_https off
}}
http://:{port} {{
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:{upstream}
  log {{
    output file caddy.ndjson
  }}
}}
"""


def found(program: str) -> str | None:
    """Return where a program is installed; None if it is not, or not whole."""
    if program == "workerd":
        return next((str(path) for path in NODE_MODULES.glob("@cloudflare/workerd-*/bin/workerd")), None)
    if program == "mitmproxy":
        return shutil.which("mitmdump", path=f"{MITMPROXY}:{os.environ.get('PATH', '')}")
    if program == "artillery":
        run = NODE_MODULES / "artillery/bin/run"
        return str(run) if run.exists() and NODE_22.exists() else None
    if program == "prometheus" and not found("haproxy"):
        return None
    if program == "chromium":
        whole = shutil.which("node") and (NODE_MODULES / "playwright-core").exists()
        return shutil.which("chromium") if whole else None
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(program: str, folder: Path, upstream: int = 0) -> Iterator[int]:
    """Run a program in a folder, before what listens on ``upstream``; yield the port that it listens on."""
    port = free_port()
    command = _command(program, folder, port, upstream)
    with (folder / f"{program}.out").open("wb") as out, (folder / f"{program}.err").open("wb") as err:
        process = _started(command, folder, out, err)
        try:
            _await(port, process, folder / f"{program}.err")
            yield port
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here: asked first, then made to."""
    process.terminate()
    try:
        process.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _command(program: str, folder: Path, port: int, upstream: int) -> Sequence[str]:
    path = found(program) or program
    if program == "nginx":
        (folder / "nginx.conf").write_text(NGINX.format(port=port, upstream=upstream))
        return [path, "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
    if program == "haproxy":
        inner, metrics = free_port(), free_port()
        text = HAPROXY.format(
            port=port, inner=inner, metrics=metrics, upstream=upstream, format=HTTPLOG_AND_U
        )
        (folder / "haproxy.cfg").write_text(text)
        (folder / "prometheus.yml").write_text(PROMETHEUS.format(metrics=metrics))
        return [path, "-f", "haproxy.cfg"]
    if program == "prometheus":
        listen = f"--web.listen-address=127.0.0.1:{port}"
        return [path, "--config.file=prometheus.yml", "--storage.tsdb.path=series", listen]
    if program == "caddy":
        (folder / "Caddyfile").write_text(CADDY.format(port=port, upstream=upstream))
        return [path, "run", "--config", "Caddyfile"]
    if program == "mitmproxy":
        return [
            path, "--quiet", "--mode", f"reverse:http://127.0.0.1:{upstream}", "--listen-host", "127.0.0.1",
            "--listen-port", str(port), "--set", "hardump=mitmproxy.har", "--set", "keep_host_header=true",
            "--set", f"confdir={folder}",
        ]  # fmt: skip
    config = str(HERE / "workerd.capnp")
    return [path, "serve", config, "config", "--socket-addr", f"http=127.0.0.1:{port}"]


def _started(command: Sequence[str], folder: Path, out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        env={**os.environ, **homes, "TZ": "UTC"},
    )


def _await(port: int, process: subprocess.Popen[bytes], err: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"{process.args} has gone: {err.read_text('utf-8', 'replace')[-500:]}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{process.args} does not listen: {err.read_text('utf-8', 'replace')[-500:]}")
