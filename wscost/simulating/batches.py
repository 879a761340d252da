"""From arrays to streams: what metering asks of connections, without names and without frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wscost.notes import Grade, Note
from wscost.profile.model import Profile
from wscost.simulating.frames import bytes_known
from wscost.simulating.sockets import Sockets
from wscost.simulating.traffic import Stretch, objects_of
from wscost.trace import CONNECTION_COLUMNS, OPEN, Batch, TraceStream
from wscost.usage import Window


def stream_of(
    profile: Profile, stretch: Stretch, window: Window, notes: tuple[Note, ...], part_of: int
) -> TraceStream:
    """Return the connections of a stretch as a stream of one batch, in order of opening."""
    rows = _Rows(_batch(profile, stretch), notes)
    return TraceStream(
        window=window,
        source=f"profile {profile.name}",
        rows=len(stretch.sockets),
        names_objects=profile.rooms is not None,
        in_order=True,
        read=lambda sort: rows,
        part_of=part_of,
    )


@dataclass(frozen=True)
class _Rows:
    """A pass over connections that are at hand."""

    batch: Batch
    notes: tuple[Note, ...]

    def __iter__(self) -> Iterator[Batch]:
        if len(self.batch.opened):
            yield self.batch

    @property
    def grades(self) -> Mapping[str, Grade]:
        return dict.fromkeys(CONNECTION_COLUMNS, Grade.ASSUMED)

    @property
    def account(self) -> Note:
        many = len(self.batch.opened)
        return Note("read", f"{many:,} connections were simulated.", {"rows": many})


def _batch(profile: Profile, stretch: Stretch) -> Batch:
    sockets = stretch.sockets
    order = np.argsort(sockets.opened)
    numbers, objects = _objects(profile, sockets)
    known = bytes_known(profile)
    unknown = [name for name, told in zip(("bytes_in", "bytes_out"), known, strict=True) if not told]
    counts = ("messages_in", "messages_out", "bytes_in", "bytes_out")
    return Batch(
        opened=sockets.opened[order],
        closed=np.where(stretch.ended, sockets.closed, OPEN)[order],
        object=numbers[order],
        objects=objects,
        counts={name: getattr(sockets, name)[order] for name in counts if name not in unknown},
    )


def _objects(profile: Profile, sockets: Sockets) -> tuple[npt.NDArray[np.int32], int]:
    """Return the number of each connection's object, and how many objects there may be."""
    if profile.rooms is None:
        return np.full(len(sockets), -1, dtype=np.int32), 0
    numbers = objects_of(sockets)
    return numbers.astype(np.int32), int(numbers.max(initial=-1)) + 1
