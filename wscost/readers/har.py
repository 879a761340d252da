"""HAR with WebSocket messages, as browsers and debugging proxies export it.

A WebSocket is an entry whose answer has the status 101, or that has ``_webSocketMessages``: ``{type: send or
receive (as the client sees it), time, opcode, data}``. Opcode 1 is text, counted in UTF-8 bytes; opcode 2 is
base64, counted decoded. Closes, pings and pongs are in none.

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
measured while reading and kept nowhere. The document is read from the front (``jsonpieces``): an entry of
up to a MiB whole, of a longer one what is told of it, its messages a batch at a time. Sockets and their
messages are noted until its end (``har_messages``), so the writer may be named after what it wrote.

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
from wscost.readers.fields import ROOM_FROM, Misfit, RoomRule, duration, moment, room_rule
from wscost.readers.har_messages import Events, Messages, Notes, Socket
from wscost.readers.intake import Intake
from wscost.readers.jsonpieces import JsonPieces
from wscost.readers.options import Options
from wscost.readers.refusals import shown
from wscost.readers.remarks import other_requests, rooms_from_paths
from wscost.readers.source import Part, Source
from wscost.trace import CALLS_OF_OBJECTS, Trace, TraceStream
from wscost.units import number_of

NAME = "har"
OPTIONS = {"room_from": ROOM_FROM}

_BEGINS = re.compile(rb'[\s\xef\xbb\xbf]*\{\s*"log"\s*:\s*\{')
_STARTED = re.compile(rb'"startedDateTime"\s*:')
_DEVTOOLS, _PLAYWRIGHT = "WebInspector", "Playwright"
_OPENED, _MESSAGES = "startedDateTime", "_webSocketMessages"
_OF_MESSAGE = ("type", "time", "opcode", "data")
_OF_ENTRY: dict[str, tuple[str, ...]] = {
    _OPENED: (),
    "time": (),
    "_resourceType": (),
    "request": ("url",),
    "response": ("status",),
    _MESSAGES: (),
    "_webSocketClose": ("timestamp",),
}
"""What is read of an entry that is longer than a window, and of its parts that are."""
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
    met = _Met()
    for number, part in enumerate(source.parts, start=1):
        log = _Log(part, intake, rule)
        log.read()
        writer = log.writer
        met.writers["an unnamed writer" if writer is None else writer] = None
        met.others.update(log.others)
        events = Events(intake, part)
        for socket in log.notes.sockets():
            try:
                end = _end(socket, writer)
            except Misfit as misfit:
                log.refuse(socket.line, socket.place, misfit)
                continue
            connection = f"{number}-{socket.place}"
            # Playwright begins a socket's list with its first message: without one, there was none.
            recorded = socket.recorded or (writer == _PLAYWRIGHT and log.lists_messages)
            met.sockets += 1
            met.untold += not end.told
            met.silent += not recorded
            met.by_playwright += recorded and writer == _PLAYWRIGHT
            met.rooms.update([socket.room] if socket.room else [])
            totals = socket.totals if recorded else [None] * 4
            connections.add(part, socket.line, connection, socket.room, socket.opened, end.at, *totals)
            for messages in log.notes.messages_of(socket):
                events.add(messages, socket.line, connection, socket.room)
        events.hand_over()
    if not met.sockets and not intake.refusals.total:
        raise InputError(f"{source.name}: {met.instead()}")
    connections.hand_over()
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
        grades = {CALLS_OF_OBJECTS: Grade.ASSUMED}
        if self.untold:
            grades["closed_at"] = Grade.LOWER_BOUND
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
                f"Connections of which the HAR does not tell when they closed: {self.untold:,} of "
                f"{self.sockets:,}. They are taken as open until their last message.",
                {"connections": self.untold},
            )
        if self.by_playwright:
            yield Note(
                "empty-messages-missing",
                f"{_PLAYWRIGHT} leaves out messages without content: those of "
                f"{number_of(self.by_playwright, 'connection', 'connections')} are at least as many as told.",
                {"connections": self.by_playwright},
            )
        if self.silent:
            yield Note(
                "no-messages-recorded",
                f"Connections without a list of messages: {self.silent:,} of {self.sockets:,}. {writers} did "
                "not export it; Chrome DevTools, Playwright, mitmproxy and HTTP Toolkit do.",
                {"connections": self.silent},
            )
        if self.rooms:
            yield rooms_from_paths(len(self.rooms), self.sockets)
        yield from other_requests(self.others.total())

    def instead(self) -> str:
        """Say what a HAR without WebSockets holds."""
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in self.others.most_common(4))
        requests = number_of(self.others.total(), "request", "requests")
        held = f"{requests} ({kinds})" if self.others else "no entry"
        return (
            f"this HAR of {', '.join(self.writers)} holds {held} and no WebSocket. Begin to record before "
            "the page connects, and export from a program that records WebSockets."
        )


class _Log:
    """The log of one HAR: who wrote it, its sockets, and how many other requests of which kind."""

    def __init__(self, part: Part, intake: Intake, rule: RoomRule) -> None:
        self.writer: str | None = None
        self.lists_messages = False
        """Whether any entry has a list of messages."""
        self.others: Counter[str] = Counter()
        self.notes = Notes()
        self._part, self._intake, self._rule = part, intake, rule

    def read(self) -> None:
        """Read the document.

        Raises
        ------
        InputError
            If it is no JSON, or no HAR.
        """
        document = JsonPieces(self._part)
        told: set[str] = set()
        for name in document.members():
            if name == "log":
                self._read_log(document, told)
        document.finish()
        if "entries" not in told:
            raise InputError(f"{self._part.name}: this is no HAR: it has no log with a list of entries.")

    def refuse(self, line: int, place: int, misfit: Misfit | str) -> None:
        """Refuse an entry."""
        self._intake.refuse(self._part, line, f"entry {place}: {misfit}")

    def _read_log(self, document: JsonPieces, told: set[str]) -> None:
        for name in document.members():
            if name == "creator":
                writer = _dict(document.value({"name"})).get("name")
                self.writer = _whole(writer) if isinstance(writer, str) else None
            elif name == "entries" and document.begins == "[":
                if name in told:
                    raise InputError(
                        f"{self._part.name}:{document.line}: a second list of entries begins here. "
                        "A HAR has one: save each log as a file."
                    )
                told.add(name)
                for place, line in enumerate(document.elements(), start=1):
                    self._read_entry(document, place, line)

    def _read_entry(self, document: JsonPieces, place: int, line: int) -> None:
        """Read one entry, whole where it is short, and note it where it is a socket."""
        piece = document.whole()
        if piece is not None:
            entry = _dict(piece.value)
            if _MESSAGES in entry and isinstance(entry[_MESSAGES], list):
                messages = Messages(self.notes)
                messages.add(entry[_MESSAGES])
                entry[_MESSAGES] = messages
            if started := _STARTED.search(piece.text):
                line += piece.text.count(b"\n", 0, started.start())
        else:
            entry = {}
            for name in document.members():
                if name == _MESSAGES and document.begins == "[":
                    entry[name] = messages = Messages(self.notes)
                    for batch in document.batches(_OF_MESSAGE):
                        messages.add(batch)
                elif name in _OF_ENTRY:
                    line = document.line if name == _OPENED else line
                    entry[name] = document.value(_OF_ENTRY[name])
        self.lists_messages |= _MESSAGES in entry
        if not _is_socket(entry):
            self.others[_resource(entry)] += 1
            return
        try:
            self.notes.put(self._socket(entry, place, line))
        except Misfit as misfit:
            self.refuse(line, place, misfit)

    def _socket(self, entry: dict[str, Any], place: int, line: int) -> Socket:
        opened = moment(_OPENED, entry.get(_OPENED), assume_utc=self._intake.options.assume_utc)
        messages = entry.get(_MESSAGES, Messages(self.notes))
        if not isinstance(messages, Messages):
            raise Misfit(f"{_MESSAGES} is not a list.")
        if messages.fault is not None:
            raise Misfit(messages.fault)
        closed = _dict(entry.get("_webSocketClose")).get("timestamp")
        if closed is not None:
            closed = moment("timestamp of _webSocketClose", closed, "s", "ms")
        lived, fault = entry.get("time"), None
        try:
            lived = duration("time", lived if lived != -1 else None, "ms")
        except Misfit as misfit:
            lived, fault = None, str(misfit)
        return Socket(
            line=line,
            place=place,
            room=self._rule(_whole(entry["request"]["url"])),
            opened=opened,
            closed=closed,
            lived=lived,
            lived_fault=fault,
            recorded=_MESSAGES in entry,
            last=messages.last,
            totals=messages.totals,
            begin=messages.begin,
            rows=messages.rows,
        )


def _is_socket(entry: dict[str, Any]) -> bool:
    """Whether an entry is a WebSocket that was opened; a refused upgrade is a request."""
    url = _dict(entry.get("request")).get("url")
    if not isinstance(url, str):
        return False
    return _dict(entry.get("response")).get("status") == 101 or bool(entry.get(_MESSAGES))


def _end(socket: Socket, writer: str | None) -> _End:
    if socket.closed is not None:
        return _End(socket.closed, told=True)
    last = socket.opened if socket.last is None else socket.last
    if writer != _DEVTOOLS:
        return _End(max(socket.opened, last), told=False)
    if socket.lived_fault is not None:
        raise Misfit(socket.lived_fault)
    closed = socket.opened + (socket.lived or 0)
    if last > closed + _CLOCK_US:
        return _End(None, told=True)
    return _End(max(closed, last), told=socket.rows > 0 or closed > socket.opened)


def _resource(entry: dict[str, Any]) -> str:
    return shown(entry.get("_resourceType") or "request").strip("'")


def _whole(text: str) -> str:
    """Return a text without halves of characters, which cannot be written."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
