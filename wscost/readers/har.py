"""HAR with WebSocket messages, as browsers and debugging proxies export it.

A WebSocket is an entry whose ``_resourceType`` is ``websocket``, whose URL begins with ws, or that has
``_webSocketMessages``: ``{type: send or receive (as the client sees it), time, opcode, data}``. Opcode 1
is text, counted in UTF-8 bytes; opcode 2 is base64, counted decoded. Closes, pings and pongs are in none.

==================  =====================  ================  ==========================================
writer              ``time`` of an entry   time of messages  end of a connection
==================  =====================  ================  ==========================================
Chrome DevTools     from open to close     Unix seconds      by ``time``
Playwright          first to last message  milliseconds      not told: at least its last message
mitmproxy           the handshake          Unix seconds      not told: at least its last message
HTTP Toolkit        not used               Unix seconds      ``_webSocketClose.timestamp``, if it is there
Firefox, Charles    not used               no messages       not told
==================  =====================  ================  ==========================================

Playwright leaves out messages without content, and the list where a socket had none.

A HAR is one client's view: what others in its rooms did is not in it. Payloads, headers and cookies are
measured while reading and kept nowhere. The whole document is read into memory, up to 256 MiB.

Sources (read 2026-11-23): http://www.softwareishard.com/blog/har-12-spec/,
https://developer.chrome.com/blog/new-in-devtools-76#websocket (messages in exports),
https://github.com/ChromeDevTools/devtools-frontend/blob/main/front_end/models/har/Log.ts,
https://github.com/mitmproxy/mitmproxy/blob/main/mitmproxy/addons/savehar.py,
https://github.com/httptoolkit/httptoolkit-ui/blob/main/src/model/http/har.ts; the units of Chromium 156,
Playwright 1.65.1 and mitmproxy 11.0.2 were seen in recordings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Batch
from wscost.readers.document import content_of, parsed
from wscost.readers.fields import ROOM_FROM, Misfit, duration, moment, room_rule
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.refusals import shown
from wscost.readers.remarks import other_requests, rooms_from_paths
from wscost.readers.source import Part, Source
from wscost.trace import Trace, TraceStream

NAME = "har"
OPTIONS = {"room_from": ROOM_FROM}

_BEGINS = re.compile(rb'[\s\xef\xbb\xbf]*\{\s*"log"\s*:\s*\{')
_STARTED = re.compile(rb'"startedDateTime"\s*:')
_DEVTOOLS, _PLAYWRIGHT = "WebInspector", "Playwright"
_DIRECTIONS = {"send": "in", "receive": "out"}
_TEXT, _BINARY = 1, 2
_CLOCK_US = 1_000_000
"""How far a message may lie past the end that DevTools tells before the socket counts as still open. [µs]"""

_CONNECTION = (
    "connection_id",
    "object_id",
    "opened_at_us",
    "closed_at_us",
    "messages_in",
    "messages_out",
    "bytes_in",
    "bytes_out",
)
_EVENT = ("object_id", "connection_id", "at_us", "kind", "direction", "bytes")


class _Message(NamedTuple):
    at: int
    """[µs]"""
    direction: str
    bytes: int


class _End(NamedTuple):
    """When a connection ended, as far as the writer tells. [µs]"""

    at: int | None
    told: bool


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content is an object that begins with ``log``, an object again."""
    return _BEGINS.match(head) is not None


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return the WebSockets of all parts and their messages.

    Raises
    ------
    InputError
        If a part is no HAR, or there is no WebSocket in any; the message says what there is instead.
    """
    rule = room_rule(options)
    intake = Intake(source, options)
    connections = Batch(intake, "connections", _CONNECTION)
    events = Batch(intake, "events", _EVENT)
    met = _Met()
    for number, part in enumerate(source.parts, start=1):
        log, lines = _log(part)
        writer = _dict(log.get("creator")).get("name")
        met.writers[writer if isinstance(writer, str) else "an unnamed writer"] = None
        # Playwright begins a socket's list with its first message: without one, there was none.
        silence_told = writer == _PLAYWRIGHT and any(_has_messages(entry) for entry in log["entries"])
        for place, (entry, line) in enumerate(zip(log["entries"], lines, strict=True), start=1):
            if not _is_socket(entry):
                met.others[_resource(entry)] += 1
                continue
            try:
                opened = moment(
                    "startedDateTime", entry.get("startedDateTime"), assume_utc=options.assume_utc
                )
                messages = list(_messages(entry))
                end = _end(entry, writer, opened, messages)
            except Misfit as misfit:
                intake.refuse(part, line, f"entry {place}: {misfit}")
                continue
            connection, room = f"{number}-{place}", rule(entry["request"]["url"])
            recorded = _has_messages(entry) or silence_told
            met.sockets += 1
            met.untold += not end.told
            met.silent += not recorded
            met.by_playwright += recorded and writer == _PLAYWRIGHT
            met.rooms.update([room] if room else [])
            totals = _totals(messages) if recorded else [None] * 4
            connections.add(part, line, connection, room, opened, end.at, *totals)
            for at, direction, size in messages:
                events.add(part, line, room, connection, at, "message", direction, size)
    if not met.sockets and not intake.refusals.total:
        raise InputError(f"{source.name}: {met.instead()}")
    connections.hand_over()
    events.hand_over()
    return intake.trace(met.grades(), met.notes())


@dataclass(slots=True)
class _Met:
    """What was met on the way."""

    sockets: int = 0
    untold: int = 0
    """Sockets whose end is not told."""
    silent: int = 0
    """Sockets without a list of messages."""
    rooms: set[str] = field(default_factory=set)
    writers: dict[str, None] = field(default_factory=dict)
    by_playwright: int = 0
    others: Counter[str] = field(default_factory=Counter)

    def grades(self) -> dict[str, Grade]:
        grades = {"closed_at": Grade.LOWER_BOUND} if self.untold else {}
        if self.by_playwright:
            grades |= dict.fromkeys(("messages_in", "messages_out"), Grade.LOWER_BOUND)
        if self.rooms:
            grades["object_id"] = Grade.ASSUMED
        return grades

    def notes(self) -> Iterator[Note]:
        writers = ", ".join(self.writers)
        yield Note(
            "one-client",
            f"A HAR tells what one client did (written by {writers}): other members of its rooms are not "
            "in it.",
            {"writers": list(self.writers)},
        )
        if self.untold:
            yield Note(
                "end-unknown",
                f"When {self.untold:,} of {self.sockets:,} connections closed is not in the HAR: they are "
                "taken as open until their last message.",
                {"connections": self.untold},
            )
        if self.by_playwright:
            yield Note(
                "empty-messages-missing",
                f"{_PLAYWRIGHT} leaves out messages without content: those of {self.by_playwright:,} "
                "connections are at least as many as told.",
                {"connections": self.by_playwright},
            )
        if self.silent:
            yield Note(
                "no-messages-recorded",
                f"{self.silent:,} of {self.sockets:,} connections have no list of messages: {writers} did "
                "not export it. Chrome DevTools, Playwright, mitmproxy and HTTP Toolkit do.",
                {"connections": self.silent},
            )
        if self.rooms:
            yield rooms_from_paths(len(self.rooms), self.sockets)
        yield from other_requests(self.others.total())

    def instead(self) -> str:
        """Say what a HAR without WebSockets holds."""
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in self.others.most_common(4))
        requests = "1 request" if self.others.total() == 1 else f"{self.others.total():,} requests"
        held = f"{requests} ({kinds})" if self.others else "no entry"
        return (
            f"this HAR of {', '.join(self.writers)} holds {held} and no WebSocket. Begin to record before "
            "the page connects, and export from a program that records WebSockets."
        )


def _log(part: Part) -> tuple[dict[str, Any], list[int]]:
    """Return the log, and the line on which each of its entries begins."""
    text = content_of(part)
    log = _dict(_dict(parsed(part, text)).get("log"))
    if not isinstance(log.get("entries"), list):
        raise InputError(f"{part.name}: this is no HAR: it has no log with a list of entries.")
    return log, _lines(text, len(log["entries"]))


def _lines(text: bytes, entries: int) -> list[int]:
    """Return the line of each entry's time; if not each has one, that of the list, for all."""
    begin = max(text.find(b'"entries"'), 0)
    lines, at, line = [], begin, text.count(b"\n", 0, begin) + 1
    first = line
    for match in _STARTED.finditer(text, begin):
        line += text.count(b"\n", at, match.start())
        at = match.start()
        lines.append(line)
    return lines if len(lines) == entries else [first] * entries


def _is_socket(entry: Any) -> bool:
    """Whether an entry is a WebSocket that was opened; a refused upgrade is a request."""
    url = _dict(_dict(entry).get("request")).get("url")
    if not isinstance(url, str):
        return False
    asked = entry.get("_resourceType") == "websocket" or url.lower().startswith(("ws:", "wss:"))
    return (asked and _dict(entry.get("response")).get("status") == 101) or bool(
        entry.get("_webSocketMessages")
    )


def _has_messages(entry: Any) -> bool:
    return "_webSocketMessages" in _dict(entry)


def _messages(entry: dict[str, Any]) -> Iterator[_Message]:
    recorded = entry.get("_webSocketMessages", [])
    if not isinstance(recorded, list):
        raise Misfit("_webSocketMessages is not a list.")
    for message in recorded:
        fields = _dict(message)
        direction, data = _DIRECTIONS.get(str(fields.get("type"))), fields.get("data")
        opcode = fields.get("opcode", _TEXT)
        if direction is None or opcode not in (_TEXT, _BINARY):
            continue
        if not isinstance(data, str):
            raise Misfit("a message without data cannot be measured.")
        yield _Message(
            moment("time of a message", fields.get("time"), "s", "ms"), direction, _size(data, opcode)
        )


def _size(data: str, opcode: int) -> int:
    """Return the size of a payload, binary ones from their base64 length. [bytes]"""
    if opcode == _BINARY:
        return len(data.rstrip("=")) * 3 // 4
    return len(data.encode("utf-8", "surrogatepass"))


def _end(entry: dict[str, Any], writer: Any, opened: int, messages: list[_Message]) -> _End:
    closing = _dict(entry.get("_webSocketClose"))
    if closing.get("timestamp") is not None:
        return _End(moment("timestamp of _webSocketClose", closing["timestamp"], "s", "ms"), told=True)
    last = max((message.at for message in messages), default=opened)
    if writer != _DEVTOOLS:
        return _End(max(opened, last), told=False)
    lived = entry.get("time")
    closed = opened + (duration("time", lived if lived != -1 else None, "ms") or 0)
    if last > closed + _CLOCK_US:
        return _End(None, told=True)
    return _End(max(closed, last), told=bool(messages) or closed > opened)


def _totals(messages: list[_Message]) -> list[int]:
    sizes = {way: [m.bytes for m in messages if m.direction == way] for way in ("in", "out")}
    return [len(sizes["in"]), len(sizes["out"]), sum(sizes["in"]), sum(sizes["out"])]


def _resource(entry: Any) -> str:
    return shown(_dict(entry).get("_resourceType") or "request").strip("'")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
