"""The sockets of a HAR and their messages: measured as they come, and noted until the document is over.

What decides how a socket is read may come last: its own fields, other sockets, even the writer's name.
A message takes 16 bytes, a socket about 100: held at first, then in files without a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wscost.readers.columns import PER_SECOND
from wscost.readers.fields import Misfit, moment
from wscost.readers.intake import BATCH_ROWS, Intake
from wscost.readers.jsonpieces import LongText
from wscost.readers.source import Part
from wscost.readers.spooling.disk import on_disk, scratch
from wscost.units import EARLIEST, LATEST

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

HELD_BYTES = 4 * 1024 * 1024
"""From so many on, notes go to disk. [bytes]"""
_ROW_BYTES = 16
_TEXT, _BINARY = 1, 2
_FIRST, _LAST = EARLIEST.timestamp(), LATEST.timestamp()


class Socket(NamedTuple):
    """What one entry tells of a socket, but for what the rest of the HAR decides. Times are in µs."""

    line: int
    place: int
    """Of the entry, from 1."""
    room: str | None
    opened: int
    closed: int | None
    """When it closed, where that is told as such."""
    lived: int | None
    """The entry's ``time``, which means something else with each writer."""
    lived_fault: str | None
    """What is wrong with that."""
    recorded: bool
    """Whether there is a list of messages."""
    last: int | None
    """When the last message was."""
    totals: tuple[int, int, int, int]
    """Messages in and out, bytes in and out."""
    begin: int
    rows: int
    """Which messages are its own."""


class Notes:
    """The sockets of one HAR in their order, and their messages."""

    def __init__(self) -> None:
        self.rows = 0
        self._messages = scratch(self, HELD_BYTES)
        self._sockets = scratch(self, HELD_BYTES)

    def put(self, socket: Socket) -> None:
        """Note a socket."""
        with on_disk():
            self._sockets.write(json.dumps(socket).encode() + b"\n")

    def add(self, messages: Ints) -> None:
        """Note messages: a row of two numbers each."""
        self.rows += len(messages)
        with on_disk():
            self._messages.write(messages.tobytes())

    def sockets(self) -> Iterator[Socket]:
        """Yield the sockets; from now on none is noted."""
        with on_disk():
            self._sockets.seek(0)
        while True:
            with on_disk():
                line = self._sockets.readline()
            if not line:
                return
            yield Socket(*json.loads(line))

    def messages_of(self, socket: Socket) -> Iterator[Ints]:
        """Yield the messages of a socket, a batch at a time."""
        import numpy as np

        with on_disk():
            self._messages.seek(socket.begin * _ROW_BYTES)
        for begin in range(0, socket.rows, BATCH_ROWS):
            rows = min(BATCH_ROWS, socket.rows - begin)
            with on_disk():
                found = self._messages.read(rows * _ROW_BYTES)
            yield np.frombuffer(found, dtype=np.int64).reshape(rows, 2)


class Messages:
    """The messages of one socket; true if its list holds anything."""

    def __init__(self, notes: Notes) -> None:
        self.begin = notes.rows
        self.rows = 0
        self.totals = (0, 0, 0, 0)
        self.last: int | None = None
        self.fault: str | None = None
        """What is wrong with the first one that does not fit; those after it are not looked at."""
        self._notes = notes
        self._any = False

    def __bool__(self) -> bool:
        return self._any

    def add(self, batch: Sequence[Any]) -> None:
        """Measure messages and note them."""
        self._any |= bool(batch)
        if self.fault is not None:
            return
        try:
            at, sizes, ways = _measured(batch)
        except Misfit as misfit:
            self.fault = str(misfit)
            return
        if not len(at):
            return
        import numpy as np

        self._notes.add(np.column_stack((at, sizes << 1 | ways)))
        self.rows += len(at)
        out, size_out, size = int(ways.sum()), int(sizes[ways == 1].sum()), int(sizes.sum())
        told = (len(at) - out, out, size - size_out, size_out)
        self.totals = tuple(map(sum, zip(self.totals, told, strict=True)))  # type: ignore[assignment]
        self.last = max(int(at.max()), self.last or 0)


class Events:
    """Messages of one part on their way to the intake, as many at once as it likes."""

    def __init__(self, intake: Intake, part: Part) -> None:
        self._intake, self._part = intake, part
        self._rows = 0
        self._waiting: list[tuple[Ints, int, str, str | None]] = []

    def add(self, messages: Ints, line: int, connection: str, room: str | None) -> None:
        """Add messages of one connection."""
        self._waiting.append((messages, line, connection, room))
        self._rows += len(messages)
        if self._rows >= BATCH_ROWS:
            self.hand_over()

    def hand_over(self) -> None:
        """Hand over what has been collected."""
        import numpy as np
        import pyarrow as pa

        if not self._waiting:
            return
        messages, lines, connections, rooms = zip(*self._waiting, strict=True)
        owner = np.repeat(np.arange(len(messages)), [len(several) for several in messages])
        at, marks = np.concatenate(messages).T
        arrays = {
            "object_id": pa.array(rooms, pa.string()).take(pa.array(owner)),
            "connection_id": pa.array(connections, pa.string()).take(pa.array(owner)),
            "at_us": pa.array(at),
            "kind": pa.array(["message"]).take(pa.array(np.zeros_like(owner))),
            "direction": pa.array(["in", "out"]).take(pa.array(marks & 1)),
            "bytes": pa.array(marks >> 1),
        }
        self._intake.take(self._part, "events", arrays, np.array(lines)[owner])
        self._waiting, self._rows = [], 0


def _measured(messages: Sequence[Any]) -> tuple[Ints, Ints, Ints]:
    """Return times [µs], sizes [bytes] and directions (1: out) of what messages there are.

    Raises
    ------
    Misfit
        If one has no data, or no time.
    """
    import numpy as np

    times: list[Any] = []
    sizes: list[int] = []
    ways: list[bool] = []
    for message in messages:
        if not isinstance(message, dict):
            continue
        kind, opcode = message.get("type"), message.get("opcode", _TEXT)
        if kind not in ("send", "receive") or opcode not in (_TEXT, _BINARY):
            continue
        size = _size(message.get("data"), opcode)
        if size is None:
            _moments(times)  # one before it may be at fault
            raise Misfit("a message without data cannot be measured.")
        times.append(message.get("time"))
        sizes.append(size)
        ways.append(kind == "receive")
    return _moments(times), np.array(sizes, dtype=np.int64), np.array(ways, dtype=np.int64)


def _size(data: Any, opcode: int) -> int | None:
    """Return the size of a payload, binary ones from their base64 length; None if it is none. [bytes]"""
    if isinstance(data, LongText):
        return data.unpadded * 3 // 4 if opcode == _BINARY else data.bytes
    if not isinstance(data, str):
        return None
    if opcode == _BINARY:
        return len(data.rstrip("=")) * 3 // 4
    return len(data) if data.isascii() else len(data.encode("utf-8", "surrogatepass"))


def _moments(times: Sequence[Any]) -> Ints:
    """Return times in seconds or milliseconds as ``moment`` does, all at once. [µs]"""
    import numpy as np

    if set(map(type, times)) <= {float, int}:
        numbers = np.array(times, dtype=np.float64)
        seconds, thousandths = (
            (numbers / PER_SECOND[unit] >= _FIRST) & (numbers / PER_SECOND[unit] < _LAST)
            for unit in ("s", "ms")
        )
        if (seconds | thousandths).all():
            return np.rint(numbers * np.where(seconds, 1_000_000, 1_000)).astype(np.int64)
    return np.array([moment("time of a message", at, "s", "ms") for at in times], dtype=np.int64)
