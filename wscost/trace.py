"""The trace: what happened, as frames with a specification and one function that checks it.

``connections`` has one row a connection, ``events`` (optional) one row an event; their columns
and types are in ``CONNECTION_COLUMNS`` and ``EVENT_COLUMNS``, their meaning in docs/trace-format.md.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.units import number_of
from wscost.usage import Window

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

T = TypeVar("T")

TIME = "datetime64[us, UTC]"
CONNECTION_COLUMNS: dict[str, str] = {
    "connection_id": "string",
    "object_id": "string",
    "opened_at": TIME,
    "closed_at": TIME,
    "messages_in": "Int64",
    "messages_out": "Int64",
    "bytes_in": "Int64",
    "bytes_out": "Int64",
}
EVENT_COLUMNS: dict[str, str] = {
    "object_id": "string",
    "connection_id": "string",
    "at": TIME,
    "kind": "string",
    "direction": "string",
    "bytes": "Int64",
    "auto_response": "boolean",
    "wall_ms": "Float64",
}
CALLS_OF_OBJECTS = "object_requests"
"""Among grades by column: how well calls of objects are known; assumed where a source cannot see any."""
LIVES = "connection_lives"
"""Among them, too: how well single lives are known; assumed where no source says which close ends which."""
KINDS = ("open", "message", "close", "error", "alarm", "request")
DIRECTIONS = ("in", "out")
MESSAGE, SENT = KINDS.index("message"), len(KINDS)
"""Where kinds are their places in ``KINDS``: a message from the client, and one to it."""
COUNTS = ("messages_in", "messages_out", "bytes_in", "bytes_out")
LONGEST_MS = 2.0**41
"""A handler's time from here on comes from a wrong unit. [ms]"""
UNKNOWN = -1
"""A count that is not known, where counts are plain integers."""
LARGEST = 2**53
"""Past it not every whole number has a float of its own; no connection or message has so many of anything."""
OPEN = 2**63 - 1
"""When a socket closes that is still open, where times are plain integers."""
NEVER = -(2**63)
"""Until when something has lasted that has not begun, where times are plain integers."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Connections, and where recorded their events, over an observed window.

    ``events`` is None where the source recorded none. ``grades`` is by column of ``connections``
    (``opened_at``, ``closed_at``, ``messages_in`` …); a column that is not named is measured.
    ``rows`` and ``refused`` count what the reader met: they are the trace's coverage.
    """

    connections: pd.DataFrame
    window: Window
    source: str
    events: pd.DataFrame | None = None
    grades: Mapping[str, Grade] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    rows: int = 0
    refused: int = 0

    @property
    def names_objects(self) -> bool:
        """Whether any connection or event tells its object."""
        told = [self.connections] if self.events is None else [self.connections, self.events]
        return any(bool(rows["object_id"].notna().any()) for rows in told)

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>{self.connections.head().to_html(index=False)}"

    def __str__(self) -> str:
        events = "no events" if self.events is None else f"{len(self.events):,} events"
        return (
            f"{self.source}: {len(self.connections):,} connections, {events}, "
            f"{self.window.start:%Y-%m-%d %H:%M:%S} to {self.window.end:%Y-%m-%d %H:%M:%S} UTC"
        )


class EventBatch(NamedTuple):
    """Some events as arrays: times in microseconds since the epoch, kinds by place, objects by number.

    Sizes and wall times of ``UNKNOWN`` are not known; a number below zero is an object of its own.
    """

    at: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int8]
    """The place in ``KINDS``, or ``SENT``."""
    object: npt.NDArray[np.int32]
    bytes: npt.NDArray[np.int64]
    auto_response: npt.NDArray[np.bool_]
    wall: npt.NDArray[np.int64]
    """[µs]"""

    def among(self, places: Any) -> EventBatch:
        """Return the events at some places."""
        return EventBatch(*(column[places] for column in self))

    def in_order(self) -> EventBatch:
        """Return the same events in order of time."""
        return self if _rises(self.at) else self.among(self.at.argsort())


class Batch(NamedTuple):
    """What began in a slice of time, as arrays: times in microseconds since the epoch, objects by number.

    Numbers of objects are below ``objects``; one below zero has no name. ``counts`` are by column;
    a column that is not in them is unknown for all of the batch. ``events`` are those of the slice, None
    where the stream has none at all. Numbers below ``alone`` are of connections that name no object, each
    an object of its own: its events have the number, too.
    """

    opened: npt.NDArray[np.int64]
    closed: npt.NDArray[np.int64]
    object: npt.NDArray[np.int32]
    objects: int
    counts: Mapping[str, npt.NDArray[np.int64]]
    events: EventBatch | None = None
    alone: int = 0

    def in_order(self) -> Batch:
        """Return the same connections in order of opening."""
        return self if _rises(self.opened) else self.among(self.opened.argsort())

    def among(self, places: Any) -> Batch:
        """Return the connections at some places."""
        counts = {name: column[places] for name, column in self.counts.items()}
        opened, closed, object_ = (column[places] for column in (self.opened, self.closed, self.object))
        return Batch(opened, closed, object_, self.objects, counts, alone=self.alone)


def extremes(times: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Return the earliest and the latest of some times; of those that rise, the ends tell it."""
    if _rises(times):
        return int(times[0]), int(times[-1])
    return int(times.min()), int(times.max())


def _rises(times: npt.NDArray[np.int64]) -> bool:
    return not (times[1:] < times[:-1]).any()


class TracePass(Protocol):
    """One reading of a stream, in order of time; at its end it knows what to note."""

    def __iter__(self) -> Iterator[Batch]:
        """Yield the connections that overlap the window and the events in it, slice by slice.

        What a batch holds, connections or events, began no earlier than anything before it.

        Raises
        ------
        OutOfOrderError
            If they turn out not to be in order and were not asked to be sorted.
        RepeatedIdsError
            If some connection may stand twice, and the stream can be read otherwise.
        """

    @property
    def grades(self) -> Mapping[str, Grade]:
        """How well each column is known."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the reader has to say."""

    @property
    def account(self) -> Note:
        """What reading came to, in one sentence."""


class Partition(Protocol):
    """Some of a stream's connections, or of its events, to be read in this process or another."""

    @property
    def events(self) -> bool:
        """Whether they are events."""

    @property
    def rows(self) -> int:
        """How many there are."""

    @property
    def size(self) -> int:
        """How many bytes they take in the files."""

    def read(self, window: Window) -> PartitionPass:
        """Begin to read those that overlap a window."""


class PartitionPass(Protocol):
    """One reading of a partition; at its end it knows its objects and what it came to."""

    def batches(self) -> Generator[Batch]:
        """Yield connections in any order."""

    def events(self) -> Generator[EventBatch]:
        """Yield events in any order."""

    @property
    def names(self) -> Any:
        """The objects' names, by number, as an Arrow array."""

    def buckets(self, count: int) -> npt.NDArray[np.int32]:
        """Return which of so many buckets each object is in, by number; its name alone decides."""

    @property
    def reckoning(self) -> Any:
        """What reading came to, for the stream to add up."""


class Cut(NamedTuple):
    """A stream in partitions, and what takes what reading each came to, as if one pass had read them all."""

    partitions: Sequence[Partition]
    rejoin: Callable[[Iterable[Any]], TracePass]


class Engine(Protocol):
    """Who reads and meters partitions in place of this process."""

    def each(self, work: Callable[[Partition], T], partitions: Sequence[Partition]) -> list[T]:
        """Return what a piece of work finds in each partition, in their order."""

    def sums(self, stream: TraceStream, question: Any) -> Any:
        """Return what a pass over a stream is asked."""


class RepeatedIdsError(Exception):
    """Some connection may stand twice: the rows must be read with every check."""


class OutOfOrderError(Exception):
    """Rows that were expected in order of time are not: they must be sorted."""


@dataclass(frozen=True, slots=True, eq=False)
class TraceStream:
    """Connections, and where recorded their events, too many to hold at once, over an observed window.

    ``read`` begins a pass over them, sorted on the way where asked. ``passed`` remembers what passes found.
    """

    window: Window
    source: str
    rows: int
    names_objects: bool
    in_order: bool
    """Whether the rows may be in order of time; a pass finds out."""
    read: Callable[[bool], TracePass]
    cut: Callable[[], Cut] | None = None
    """Cuts it into what can be read apart; None where nothing can."""
    elsewhere: Callable[[TraceStream, Any], Any] | None = None
    """Makes passes in place of this process."""
    events: int | None = None
    """How many events there are; None where none were recorded."""
    checked: Callable[[], Trace | TraceStream] | None = None
    """Reads the same rows with every check, for where they may contradict each other."""
    parts: Callable[[], Iterator[Trace]] | None = None
    """Gives the connections themselves, in order of opening, some at a time; None where they are not kept."""
    findings: Callable[[], Any] | None = None
    """Tells what reading came to, where parts can be given."""
    passed: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        events = "" if self.events is None else f"{self.events:,} events, "
        return (
            f"{self.source}: {self.rows:,} connections, {events}"
            f"{self.window.start:%Y-%m-%d %H:%M:%S} to {self.window.end:%Y-%m-%d %H:%M:%S} UTC"
        )


def stream_at_hand(
    batch: Batch,
    window: Window,
    source: str,
    *,
    grades: Mapping[str, Grade],
    account: Note,
    notes: tuple[Note, ...] = (),
) -> TraceStream:
    """Return connections in order of opening as a stream of one batch."""
    rows = len(batch.opened)
    batches = (batch,) if rows else ()
    return TraceStream(
        window=window,
        source=source,
        rows=rows,
        names_objects=batch.objects > 0,
        in_order=True,
        read=lambda sort: _AtHand(batches, grades, notes, account),
    )


@dataclass(frozen=True)
class _AtHand:
    """A pass over batches that nobody has to read."""

    batches: tuple[Batch, ...]
    grades: Mapping[str, Grade]
    notes: tuple[Note, ...]
    account: Note

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.batches)


def check_trace(trace: Trace) -> Trace:
    """Return the trace if its frames keep the specification.

    Raises
    ------
    InputError
        Naming the first column or rule that does not hold: a column missing or of another type,
        a repeated or null ``connection_id``, a null ``opened_at``, ``closed_at`` before ``opened_at``,
        a negative count, a window that ends before it starts; of events a null ``at`` or ``kind``,
        an unknown kind or direction, a message without direction, a negative size, a handler's time
        that is negative or without end.
    """
    _check_columns(trace.connections, CONNECTION_COLUMNS, f"{trace.source}: connections")
    rows = trace.connections
    if trace.window.end < trace.window.start:
        raise InputError(f"{trace.source}: the window ends before it starts.")
    _check_there(rows, ("connection_id", "opened_at"), f"{trace.source}: connections")
    if rows["connection_id"].duplicated().any():
        twice = rows.loc[rows["connection_id"].duplicated(), "connection_id"].iloc[0]
        raise InputError(f"{trace.source}: connections: connection_id {twice!r} stands twice.")
    if backwards := int((rows["closed_at"] < rows["opened_at"]).sum()):
        many = number_of(backwards, "connection", "connections")
        raise InputError(f"{trace.source}: closed_at is before opened_at for {many}.")
    for column in COUNTS:
        if (rows[column] < 0).any():
            raise InputError(f"{trace.source}: connections: {column} must not be negative.")
    if trace.events is not None:
        _check_events(trace.events, f"{trace.source}: events")
    return trace


def _check_events(events: pd.DataFrame, where: str) -> None:
    _check_columns(events, EVENT_COLUMNS, where)
    _check_there(events, ("at", "kind"), where)
    for column, known in (("kind", KINDS), ("direction", DIRECTIONS)):
        strange = events.loc[~events[column].isin(known) & events[column].notna(), column]
        if len(strange):
            raise InputError(f"{where}: {column} {strange.iloc[0]!r} is none of {', '.join(known)}.")
    if ((events["kind"] == "message") & events["direction"].isna()).any():
        raise InputError(f"{where}: a message needs a direction, in or out.")
    if (events["bytes"] < 0).any():
        raise InputError(f"{where}: bytes must not be negative.")
    took = events["wall_ms"].dropna()
    if not ((took >= 0) & (took < LONGEST_MS)).all():
        raise InputError(f"{where}: wall_ms must be from 0 up and less than 2^41.")


def _check_there(frame: pd.DataFrame, columns: Iterable[str], where: str) -> None:
    for column in columns:
        if frame[column].isna().any():
            raise InputError(f"{where}: {column} must not be null.")


def _check_columns(frame: pd.DataFrame, columns: Mapping[str, str], where: str) -> None:
    for column, dtype in columns.items():
        if column not in frame:
            raise InputError(f"{where}: the column {column} is missing.")
        if str(frame[column].dtype) != dtype:
            raise InputError(f"{where}: {column} is {frame[column].dtype}, not {dtype}.")
