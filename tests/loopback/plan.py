"""One plan of WebSocket sessions, a client and a server for it, and what was true of each session."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

SECRETS = {"Cookie": "session=canary-cookie", "User-Agent": "canary-agent"}
QUERY = "?token=canary-query"
ANSWER = "canary-answer".ljust(100, ".")
"""What a text is answered with; binary data are answered with as many zeros."""
PAUSE_S = 0.1
"""Between a client's messages."""
TIME_LIMIT_S = 30


class Session(NamedTuple):
    """One socket: where to, when it opens and how long it stays. [s]"""

    path: str
    after_s: float
    lasts_s: float
    messages: tuple[str | bytes, ...]
    in_browser: bool = False
    """Whether a browser lives it, where there is one; it compresses, the client here does not."""
    abrupt: bool = False
    """Leaves without a word."""


PLAN = (
    Session("/room/abc", 0.0, 3.0, ("canary-one",) * 5, in_browser=True),
    Session("/room/abc", 0.3, 1.5, ("canary: Grüße, 你好", b"\0" * 300)),
    Session("/room/def", 0.1, 2.3, (), in_browser=True),
    Session("/room/def", 0.6, 1.4, ("canary" * 50,), abrupt=True),
    Session("/hall/ghi", 0.2, 2.6, ("canary-one",) * 3),
    Session("/echo/jkl", 0.4, 1.1, ("canary-two", b"\0" * 7, ""), in_browser=True),
)
"""Rooms that hibernate, a hall that does not, and a socket that ends in the Worker itself."""
REQUESTS = ("/", "/call/abc", "/ask/abc")
"""Asked for when all sessions are over; in ``worker.js`` the last rings an alarm in its room."""


class Lived(NamedTuple):
    """What a client saw of one session: times in Unix seconds, payload in bytes."""

    path: str
    client: str
    opened: float
    closed: float
    sent: int
    sent_bytes: int
    received: int
    received_bytes: int


async def live(port: int, session: Session) -> Lived:
    """Live one session and return what was seen of it."""
    await asyncio.sleep(session.after_s)
    received = received_bytes = 0
    async with connect(
        f"ws://127.0.0.1:{port}{session.path}{QUERY}",
        additional_headers={"Cookie": SECRETS["Cookie"]},
        user_agent_header=SECRETS["User-Agent"],
        compression=None,
        ping_interval=None,
        close_timeout=5,
    ) as socket:
        opened = time.time()
        for message in session.messages:
            await socket.send(message)
            received += 1
            received_bytes += len(await socket.recv())
            await asyncio.sleep(PAUSE_S)
        await asyncio.sleep(opened + session.lasts_s - time.time())
        if session.abrupt:
            socket.transport.abort()
            closed = time.time()
    if not session.abrupt:
        closed = time.time()
    sizes = [size_of(message) for message in session.messages]
    return Lived(session.path, "python", opened, closed, len(sizes), sum(sizes), received, received_bytes)


def size_of(message: str | bytes) -> int:
    """Return the payload of a message. [bytes]"""
    return len(message if isinstance(message, bytes) else message.encode())


async def live_all(port: int, sessions: Iterable[Session]) -> list[Lived]:
    """Live sessions side by side."""
    async with asyncio.timeout(TIME_LIMIT_S):
        return await asyncio.gather(*(live(port, session) for session in sessions))


def ask(port: int, paths: Sequence[str]) -> None:
    """Ask for pages that are no WebSockets."""
    for path in paths:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=TIME_LIMIT_S)
        client.request("GET", path + QUERY, headers=SECRETS)
        client.getresponse().read()
        client.close()


@dataclass(slots=True)
class Served:
    """What a server counted."""

    connections: int = 0
    messages_in: int = 0
    messages_out: int = 0


async def serve_until(stop: asyncio.Event, port: int, served: Served) -> None:
    """Answer sockets on a port until told to stop, and count; other requests are refused."""

    async def answer(connection: ServerConnection) -> None:
        served.connections += 1
        with suppress(ConnectionClosed):
            async for message in connection:
                served.messages_in += 1
                await connection.send(ANSWER if isinstance(message, str) else bytes(100))
                served.messages_out += 1

    async with serve(answer, "127.0.0.1", port, compression=None, ping_interval=None):
        await stop.wait()
