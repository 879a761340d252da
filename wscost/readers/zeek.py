"""Zeek's ``websocket.log`` and ``conn.log``, joined by ``uid``: who was open when, how many bytes went by.

``websocket.log`` is written at the upgrade: ``ts``, ``uid``, ``host``, ``uri``, no end and no counts.
``conn.log`` is written when a connection ends: ``ts``, ``uid``, ``duration`` [s], ``service`` (holding
``websocket``), ``orig_bytes``, ``resp_bytes``. Either is TSV with ``#fields`` (``-`` is unset) or JSON, one
object a line; ``ts`` is Unix seconds, or RFC 3339 where JSON logs are so configured. Zeek counts messages
only with a script of one's own, and writes no ``websocket.log`` for what it sees encrypted.

Bytes are those of the TCP stream: the handshake and the headers of frames are in them.

Sources (read 2026-11-23): https://docs.zeek.org/en/master/logs/conn.html,
https://docs.zeek.org/en/master/scripts/base/protocols/websocket/main.zeek.html,
https://docs.zeek.org/en/master/log-formats.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.batching import Batch
from wscost.readers.fields import ROOM_FROM, Misfit, count, duration, moment, room_rule
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.remarks import rooms_from_paths
from wscost.readers.source import BOM, Part, Source
from wscost.trace import Trace, TraceStream

NAME = "zeek"
OPTIONS = {"room_from": ROOM_FROM}
COLUMNS = ("connection_id", "object_id", "opened_at_us", "closed_at_us", "bytes_in", "bytes_out")

Log = Literal["conn", "websocket"]
Row = dict[str, Any]
_PATH = re.compile(rb"^#path\s+(conn|websocket)\s*$", re.MULTILINE)
_SEPARATOR = re.compile(r"\\x([0-9a-fA-F]{2})")
_KEY = re.compile(rb'"(_path|uid|id\.orig_h|conn_state|uri|method|status_code)"\s*:')


@dataclass(slots=True)
class _Socket:
    """An upgrade, and what the end of its connection adds."""

    part: Part
    line: int
    opened_at: int
    url: str | None
    closed_at: int | None = None
    bytes_in: int | None = None
    bytes_out: int | None = None
    ended: bool = False


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content begins as a conn.log or websocket.log."""
    return _log(head) is not None


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return the trace of all logs together.

    Raises
    ------
    InputError
        If no connection in them is a WebSocket, or rows are bad.
    """
    intake = Intake(source, options)
    logs = [(part, _log(part.head)) for part in source.parts]
    sockets: dict[str, _Socket] = {}
    for part, log in logs:
        if log == "websocket":
            _take_upgrades(intake, part, sockets, options)
    upgrades_known = any(log == "websocket" for _, log in logs)
    others = sum(
        _take_ends(intake, part, sockets, options, upgrades_known) for part, log in logs if log != "websocket"
    )
    if not sockets and not intake.refusals.total:
        raise InputError(
            f"{source.name}: of {others:,} connections none is a WebSocket. Give websocket.log as well; "
            "for what is encrypted Zeek writes none, so log behind where TLS ends."
        )
    ends_known = any(log != "websocket" for _, log in logs)
    rooms = _hand_over(intake, sockets, options, ends_known)
    grades = {"bytes_in": Grade.ASSUMED, "bytes_out": Grade.ASSUMED}
    if not ends_known or any(socket.ended and socket.closed_at is None for socket in sockets.values()):
        grades["closed_at"] = Grade.LOWER_BOUND
    if rooms:
        grades["object_id"] = Grade.ASSUMED
    return intake.trace(grades, _notes(sockets, rooms, ends_known, others))


def _log(head: bytes) -> Log | None:
    head = head.removeprefix(BOM).lstrip()
    if head.startswith(b"#"):
        found = _PATH.search(head[:4096])
        return None if found is None else "conn" if found[1] == b"conn" else "websocket"
    first = head.split(b"\n", 1)[0]
    keys = {match.decode() for match in _KEY.findall(first)}
    if not first.startswith(b"{") or not {"uid", "id.orig_h"} <= keys:
        return None
    if "conn_state" in keys:
        return "conn"
    return "websocket" if "uri" in keys and not keys & {"method", "status_code"} else None


def _rows(intake: Intake, part: Part) -> Iterator[tuple[int, Row]]:
    """Yield each row as fields by name; what is unset is left out."""
    separator, unset, empty = "\t", "-", "(empty)"
    names: list[str] = []
    for number, line in part.lines():
        if line.startswith(b"{"):
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                intake.refuse(part, number, f"this is not JSON ({error.msg}, character {error.colno}).")
                continue
            yield number, row
            continue
        text = line.decode("utf-8", "replace")
        if text.startswith("#"):
            key, _, value = text[1:].replace(separator, " ", 1).partition(" ")
            if key == "separator":
                code = _SEPARATOR.fullmatch(value)
                separator = chr(int(code[1], 16)) if code else "\t"
            elif key == "unset_field":
                unset = value
            elif key == "empty_field":
                empty = value
            elif key == "fields":
                names = value.split(separator)
            continue
        cells = text.split(separator)
        if len(cells) != len(names):
            intake.refuse(part, number, f"this row has {len(cells)} fields, #fields names {len(names)}.")
            continue
        yield number, {n: c for n, c in zip(names, cells, strict=True) if c not in (unset, empty)}


def _take_upgrades(intake: Intake, part: Part, sockets: dict[str, _Socket], options: Options) -> None:
    for line, row in _rows(intake, part):
        try:
            uid, opened_at = _uid(row), moment("ts", row.get("ts"), "s", assume_utc=options.assume_utc)
            if uid in sockets:
                first = sockets[uid]
                raise Misfit(f"the uid {uid!r:.40} stands already in {first.part.name}:{first.line}.")
            sockets[uid] = _Socket(part, line, opened_at, _text(row.get("uri")))
        except Misfit as misfit:
            intake.refuse(part, line, str(misfit))


def _take_ends(
    intake: Intake, part: Part, sockets: dict[str, _Socket], options: Options, upgrades_known: bool
) -> int:
    """Give sockets their ends; return how many other connections there were."""
    others = 0
    for line, row in _rows(intake, part):
        try:
            uid = _uid(row)
            if uid not in sockets:
                if upgrades_known or "websocket" not in str(row.get("service", "")).split(","):
                    others += 1
                    continue
                sockets[uid] = _Socket(part, line, _began(row, options), None)
            socket = sockets[uid]
            if socket.ended:
                raise Misfit(f"the connection {uid!r:.40} has ended already.")
            lasted = duration("duration", row.get("duration"), "s")
            socket.closed_at = None if lasted is None else _began(row, options) + lasted
            socket.bytes_in = count("orig_bytes", row.get("orig_bytes"))
            socket.bytes_out = count("resp_bytes", row.get("resp_bytes"))
            socket.ended = True
        except Misfit as misfit:
            intake.refuse(part, line, str(misfit))
    return others


def _began(row: Row, options: Options) -> int:
    return moment("ts", row.get("ts"), "s", assume_utc=options.assume_utc)


def _uid(row: object) -> str:
    if isinstance(row, dict) and isinstance(row.get("uid"), str) and row["uid"]:
        return str(row["uid"])
    raise Misfit("uid is missing.")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _hand_over(intake: Intake, sockets: dict[str, _Socket], options: Options, ends_known: bool) -> set[str]:
    """Hand the sockets to the intake; return their rooms."""
    batch, room_of, rooms = Batch(intake, "connections", COLUMNS), room_rule(options), set()
    for uid, socket in sockets.items():
        room = room_of(socket.url)
        closed_at = socket.closed_at if ends_known else socket.opened_at
        if socket.ended and closed_at is None:
            closed_at = socket.opened_at
        batch.add(
            socket.part,
            socket.line,
            uid,
            room,
            socket.opened_at,
            closed_at,
            socket.bytes_in,
            socket.bytes_out,
        )
        if room is not None:
            rooms.add(room)
    batch.hand_over()
    return rooms


def _notes(sockets: dict[str, _Socket], rooms: set[str], ends_known: bool, others: int) -> Iterator[Note]:
    if rooms:
        yield rooms_from_paths(len(rooms), len(sockets))
    if not ends_known:
        yield Note(
            "ends-unknown",
            "websocket.log tells when connections began, not when they ended: their time open counts as "
            "none. Give conn.log as well.",
        )
        return
    yield Note(
        "bytes-of-stream",
        "Zeek counts the bytes of the TCP stream: the handshake and the headers of frames are among them, "
        "so payloads are smaller.",
    )
    if unended := sum(not socket.ended for socket in sockets.values()):
        yield Note(
            "end-not-logged",
            f"{unended:,} connections have no row in conn.log, which is written when one ends: they are "
            "taken as open until the window ends.",
            {"connections": unended},
        )
    if others:
        yield Note(
            "other-connections",
            f"{others:,} connections in conn.log are no WebSockets and are not counted.",
            {"connections": others},
        )
