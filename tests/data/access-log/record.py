"""Records the samples of access logs: the same WebSocket sessions through real proxies on loopback.

Needs nginx, HAProxy and Caddy (Debian: ``apt install nginx-light haproxy caddy``) and the Python package
``websockets``: ``python tests/data/access-log/record.py``. Writes into ``tests/reader_samples/access-log``
and, beside this file, ``haproxy.log`` (its times have no zone, so it is not read without being told so) and
what the clients counted, ``truth.json``.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

HERE = Path(__file__).parent
SAMPLES = HERE.parent.parent / "reader_samples" / "access-log"
BACKEND, NGINX, HAPROXY, CADDY, SYSLOG = 8890, 8891, 8892, 8893, 8894
SESSIONS = [("/room/abc", 3.0, 5), ("/room/abc", 1.2, 2), ("/room/def", 2.0, 0)]
"""Path, time open [s], messages of 10 bytes from the client; the server answers each with 100 bytes."""

NGINX_CONF = """
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
  server {{
    listen 127.0.0.1:{nginx};
    location / {{
      proxy_pass http://127.0.0.1:{backend};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }}
  }}
}}
"""
HAPROXY_CFG = """
global
  log 127.0.0.1:{syslog} local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend fe
  bind 127.0.0.1:{haproxy}
  default_backend be
backend be
  server s1 127.0.0.1:{backend}
"""
CADDYFILE = """
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{caddy} {{
  reverse_proxy 127.0.0.1:{backend}
  log {{
    output file caddy.ndjson
  }}
}}
"""


async def answer(connection: ServerConnection) -> None:
    """Answer each message with 100 bytes."""
    async for _ in connection:
        await connection.send("x" * 100)


async def session(port: int, path: str, lasts: float, messages: int) -> dict[str, Any]:
    """Keep one socket open for some seconds and return what the client saw of it."""
    url = f"ws://127.0.0.1:{port}{path}?token=canary-query"
    headers = {"Cookie": "session=canary-cookie"}
    async with connect(url, additional_headers=headers, ping_interval=None, compression=None) as client:
        opened = time.time()
        for _ in range(messages):
            await client.send("0123456789")
            await client.recv()
        await asyncio.sleep(opened + lasts - time.time())
    return {
        "path": path,
        "opened": opened,
        "closed": time.time(),
        "sent_bytes": 10 * messages,
        "received_bytes": 100 * messages,
    }


async def sessions(port: int) -> list[dict[str, Any]]:
    """Run all sessions at once, and two requests that are no WebSockets."""
    async with serve(answer, "127.0.0.1", BACKEND):
        seen = await asyncio.gather(*(session(port, *plan) for plan in SESSIONS))
        for path in ("/", "/favicon.ico?token=canary-query"):
            await asyncio.to_thread(plain_request, port, path)
    return seen


def plain_request(port: int, path: str) -> None:
    """Ask for a path without an upgrade; the backend refuses it."""
    client = HTTPConnection("127.0.0.1", port)
    client.request("GET", path)
    client.getresponse().read()


def collect(lines: list[bytes], stop: threading.Event) -> None:
    """Collect what HAProxy sends as syslog."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", SYSLOG))
        syslog.settimeout(0.2)
        while not stop.is_set():
            try:
                lines.append(syslog.recv(65_536).partition(b">")[2].strip())
            except TimeoutError:
                continue


def main() -> None:
    """Record all samples."""
    ports = {"backend": BACKEND, "nginx": NGINX, "haproxy": HAPROXY, "caddy": CADDY, "syslog": SYSLOG}
    truth: dict[str, list[dict[str, Any]]] = {}
    lines: list[bytes] = []
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        base = Path(folder)
        for name, text in (
            ("nginx.conf", NGINX_CONF),
            ("haproxy.cfg", HAPROXY_CFG),
            ("Caddyfile", CADDYFILE),
        ):
            (base / name).write_text(text.format(**ports))
        threading.Thread(target=collect, args=(lines, stop), daemon=True).start()
        commands = [
            ["nginx", "-p", folder, "-c", "nginx.conf"],
            ["haproxy", "-f", "haproxy.cfg"],
            ["caddy", "run", "--config", "Caddyfile"],
        ]
        for command in commands:
            process = subprocess.Popen(command, cwd=base, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        time.sleep(2)
        for name, port in (("nginx", NGINX), ("haproxy", HAPROXY), ("caddy", CADDY)):
            truth[name] = asyncio.run(sessions(port))
        time.sleep(1)
        stop.set()
        SAMPLES.mkdir(parents=True, exist_ok=True)
        for name in ("nginx.ndjson", "nginx-timed.log", "nginx-combined.log", "caddy.ndjson"):
            shutil.copy(base / name, SAMPLES / name)
        (HERE / "haproxy.log").write_bytes(b"".join(line + b"\n" for line in lines))
    (HERE / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
