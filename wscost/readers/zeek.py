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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.fields import ROOM_FROM, Misfit, count, duration, moment, room_rule
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.remarks import rooms_from_paths
from wscost.readers.source import BOM, Part, Source
from wscost.trace import UNKNOWN, Trace, TraceStream
from wscost.units import number_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from wscost.readers.bulk.numbering import Numbers
    from wscost.readers.spooling.collected import Columns
    from wscost.readers.spooling.pieces import Pieces, Whole

    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

NAME = "zeek"
OPTIONS = {"room_from": ROOM_FROM}
PIECE: Columns = {
    "log": "number",
    "began": "number",
    "ended": "number",
    "bytes_in": "number",
    "bytes_out": "number",
    "room": "text",
    "fault": "text",
}
Log = Literal["conn", "websocket"]
Row = dict[str, Any]
UPGRADE, END = range(2)
"""What a row tells of: ``websocket.log`` is of upgrades, ``conn.log`` of ends."""
_PATH = re.compile(rb"^#path\s+(conn|websocket)\s*$", re.MULTILINE)
_SEPARATOR = re.compile(r"\\x([0-9a-fA-F]{2})")
_KEY = re.compile(rb'"(_path|uid|id\.orig_h|conn_state|uri|method|status_code)"\s*:')


@dataclass(slots=True)
class _Logs:
    """Which logs are there, and what all connections in them come to."""

    upgrades: bool
    ends: bool
    sockets: int = 0
    rooms: int = 0
    unended: int = 0
    without_duration: int = 0
    others: int = 0
    """Connections that are no WebSockets."""


class _Joined(NamedTuple):
    """The places of each connection's rows, and of what is wrong or of no WebSocket."""

    upgrade: Ints
    """The row that makes it a WebSocket."""
    end: Ints
    repeated: Ints
    """Upgrades of a ``uid`` that has one."""
    late: Ints
    """Ends of what has ended."""
    bad: Ints
    others: int


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
    from wscost.readers.bulk.numbering import Numbers
    from wscost.readers.spooling.pieces import Pieces

    intake = Intake(source, options)
    kinds = [_log(part.head) for part in source.parts]
    logs = _Logs(upgrades="websocket" in kinds, ends=any(kind != "websocket" for kind in kinds))
    pieces = Pieces(intake, PIECE)
    for number, kind in enumerate(kinds):
        if kind == "websocket":
            _take_upgrades(intake, pieces, number, options)
        else:
            _take_ends(intake, pieces, number, options, logs)
    rooms = Numbers()
    for whole in pieces.whole():
        joined = _joined(whole, logs)
        _refuse(intake, whole, joined)
        _hand_over(intake, whole, joined, logs, rooms)
    logs.rooms = len(rooms)
    if not logs.sockets and not intake.refusals.total:
        raise InputError(
            f"{source.name}: of {number_of(logs.others, 'connection', 'connections')} none is a WebSocket. "
            "Give websocket.log as well; "
            "for what is encrypted Zeek writes none, so log behind where TLS ends."
        )
    grades = {"bytes_in": Grade.ASSUMED, "bytes_out": Grade.ASSUMED}
    if not logs.ends or logs.without_duration:
        grades["closed_at"] = Grade.LOWER_BOUND
    if logs.rooms:
        grades["object_id"] = Grade.ASSUMED
    return intake.trace(grades, _notes(logs))


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


def _take_upgrades(intake: Intake, pieces: Pieces, number: int, options: Options) -> None:
    part, room_of = intake.source.parts[number], room_rule(options)
    for line, row in _rows(intake, part):
        try:
            uid, began = _uid(row), _began(row, options)
        except Misfit as misfit:
            intake.refuse(part, line, str(misfit))
            continue
        room = room_of(_text(row.get("uri")))
        pieces.add(uid, UPGRADE, began, None, None, None, room, None, number, line)


def _take_ends(intake: Intake, pieces: Pieces, number: int, options: Options, logs: _Logs) -> None:
    """Take the ends of connections; where upgrades are not logged, of those that Zeek calls WebSockets."""
    part = intake.source.parts[number]
    for line, row in _rows(intake, part):
        try:
            uid = _uid(row)
        except Misfit as misfit:
            intake.refuse(part, line, str(misfit))
            continue
        if not logs.upgrades and "websocket" not in str(row.get("service", "")).split(","):
            logs.others += 1
            continue
        cells: tuple[object, ...]
        try:
            cells = (*_end(row, options), None, None)
        except Misfit as misfit:
            cells = (None, None, None, None, None, str(misfit))
        pieces.add(uid, END, *cells, number, line)


def _end(row: Row, options: Options) -> tuple[int, int | None, int | None, int | None]:
    """Return when a connection began and ended, and its bytes in and out."""
    began, lasted = _began(row, options), duration("duration", row.get("duration"), "s")
    sizes = count("orig_bytes", row.get("orig_bytes")), count("resp_bytes", row.get("resp_bytes"))
    return began, None if lasted is None else began + lasted, *sizes


def _joined(whole: Whole, logs: _Logs) -> _Joined:
    """Put upgrades and ends together; of several, the first good one counts."""
    import numpy as np

    upgrade = whole.numbers("log") == UPGRADE
    good = whole.rows["fault"].is_null().to_numpy()
    first = whole.first(upgrade)
    its_own = ~upgrade & ((first >= 0)[whole.of] if logs.upgrades else True)
    end = whole.first(its_own & good)
    late = its_own & (end >= 0)[whole.of] & (whole.place > end[whole.of])
    return _Joined(
        first if logs.upgrades else end,
        end,
        np.flatnonzero(upgrade & (whole.place != first[whole.of])),
        np.flatnonzero(late),
        np.flatnonzero(its_own & ~late & ~good),
        int(np.count_nonzero(~upgrade & ~its_own)),
    )


def _refuse(intake: Intake, whole: Whole, joined: _Joined) -> None:
    parts = intake.source.parts

    def uid(row: int) -> str:
        return repr(whole.names[int(whole.of[row])].as_py())[:40]

    def refuse(rows: Ints, sentence: Callable[[int], str]) -> None:
        places = whole.places(rows)
        for row, part, line in zip(rows, places.part, places.line, strict=True):
            intake.refuse(parts[part], int(line), sentence(row))

    def first(row: int) -> str:
        (part,), (line,), _ = whole.places(joined.upgrade[whole.of[[row]]])
        return f"{parts[part].name}:{line}"

    refuse(joined.repeated, lambda row: f"the uid {uid(row)} stands already in {first(row)}.")
    refuse(joined.late, lambda row: f"the connection {uid(row)} has ended already.")
    refuse(joined.bad, lambda row: whole.rows["fault"][int(row)].as_py())


def _began(row: Row, options: Options) -> int:
    return moment("ts", row.get("ts"), "s", assume_utc=options.assume_utc)


def _uid(row: object) -> str:
    if isinstance(row, dict) and isinstance(row.get("uid"), str) and row["uid"]:
        return str(row["uid"])
    raise Misfit("uid is missing.")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _hand_over(intake: Intake, whole: Whole, joined: _Joined, logs: _Logs, rooms: Numbers) -> None:
    """Hand the WebSockets to the intake, and count what they come to."""
    import numpy as np
    import pyarrow as pa

    found = joined.upgrade >= 0
    upgrade, end = joined.upgrade[found], joined.end[found]
    opened, ended = whole.at("began", upgrade), whole.at("ended", end)
    at_once = (end >= 0) & (ended == UNKNOWN) if logs.ends else np.ones(len(upgrade), dtype=bool)
    closed = np.where(at_once, opened, ended)
    room = whole.text("room", upgrade)
    rooms.of(room)
    logs.sockets += len(upgrade)
    logs.unended += int(np.count_nonzero(end < 0))
    logs.without_duration += int(np.count_nonzero(at_once))
    logs.others += joined.others
    columns = {
        "connection_id": whole.names.filter(pa.array(found)),
        "object_id": room,
        "opened_at_us": pa.array(opened),
        "closed_at_us": pa.array(closed, mask=closed == UNKNOWN),
    }
    for name in ("bytes_in", "bytes_out"):
        size = whole.at(name, end)
        columns[name] = pa.array(size, mask=size == UNKNOWN)
    intake.take_whole("connections", columns, whole.places(upgrade))


def _notes(logs: _Logs) -> Iterator[Note]:
    if logs.rooms:
        yield rooms_from_paths(logs.rooms, logs.sockets)
    if not logs.ends:
        yield Note(
            "ends-unknown",
            "websocket.log tells when connections began, not when they ended: their time open counts as "
            "none. Put conn.log beside it and give the folder of both.",
        )
        return
    yield Note(
        "bytes-of-stream",
        "Zeek counts the bytes of the TCP stream: the handshake and the headers of frames are among them, "
        "so payloads are smaller.",
    )
    if logs.unended:
        yield Note(
            "end-not-logged",
            f"Connections without a row in conn.log, which is written when one ends: {logs.unended:,}. They "
            "are taken as open until the window ends.",
            {"connections": logs.unended},
        )
    if logs.others:
        yield Note(
            "other-connections",
            f"Other connections in conn.log: {logs.others:,}. They are no WebSockets and are not counted.",
            {"connections": logs.others},
        )
