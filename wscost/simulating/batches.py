"""From arrays to streams: what metering asks of connections, without names and without frames."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wscost.notes import Grade, Note
from wscost.profile.model import Profile
from wscost.simulating.frames import bytes_known
from wscost.simulating.sockets import Sockets
from wscost.simulating.traffic import Stretch, objects_of
from wscost.trace import CONNECTION_COLUMNS, COUNTS, OPEN, Batch, TraceStream, stream_at_hand
from wscost.usage import Window


def stream_of(profile: Profile, stretch: Stretch, window: Window, notes: tuple[Note, ...]) -> TraceStream:
    """Return the connections of a stretch as a stream of one batch, in order of opening."""
    rows = len(stretch.sockets)
    return stream_at_hand(
        _batch(profile, stretch),
        window,
        f"profile {profile.name}",
        grades=dict.fromkeys(CONNECTION_COLUMNS, Grade.ASSUMED),
        account=Note("read", f"{rows:,} connections were simulated.", {"rows": rows}),
        notes=notes,
    )


def _batch(profile: Profile, stretch: Stretch) -> Batch:
    sockets = stretch.sockets
    order = np.argsort(sockets.opened)
    numbers, objects = _objects(profile, sockets)
    known = bytes_known(profile)
    unknown = [name for name, told in zip(("bytes_in", "bytes_out"), known, strict=True) if not told]
    return Batch(
        opened=sockets.opened[order],
        closed=np.where(stretch.ended, sockets.closed, OPEN)[order],
        object=numbers[order],
        objects=objects,
        counts={name: getattr(sockets, name)[order] for name in COUNTS if name not in unknown},
    )


def _objects(profile: Profile, sockets: Sockets) -> tuple[npt.NDArray[np.int32], int]:
    """Return the number of each connection's object, and how many objects there may be."""
    if profile.rooms is None:
        return np.full(len(sockets), -1, dtype=np.int32), 0
    numbers = objects_of(sockets)
    return numbers.astype(np.int32), int(numbers.max(initial=-1)) + 1
