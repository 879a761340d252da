"""From arrays to the canonical frames of a trace, with names for rooms and connections."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wscost.profile.messages import Broadcast
from wscost.profile.model import Profile
from wscost.simulating.sockets import KIND, UNKNOWN, Happenings, Sockets
from wscost.simulating.streams import Ints
from wscost.simulating.traffic import places_in_a_room
from wscost.trace import COUNTS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def connections_frame(profile: Profile, sockets: Sockets, still_open: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Return connections as a trace holds them."""
    import pandas as pd

    known = dict(zip(("bytes_in", "bytes_out"), bytes_known(profile), strict=True))
    columns: dict[str, Any] = {
        "connection_id": _text(_connection_names(profile, sockets.room, sockets.day, sockets.number)),
        "object_id": _text(_object_names(profile, sockets.room, sockets.day, sockets.group)),
        "opened_at": _times(sockets.opened),
        "closed_at": _times(sockets.closed).where(~still_open),
    }
    for name in COUNTS:
        unknown = np.full(len(sockets), not known.get(name, True))
        columns[name] = pd.arrays.IntegerArray(getattr(sockets, name), unknown)
    return pd.DataFrame(columns)


def events_frame(profile: Profile, happenings: Happenings) -> pd.DataFrame:
    """Return events as a trace holds them."""
    import pandas as pd
    import pyarrow as pa

    room, day = happenings["room"], happenings["day"]
    names = _connection_names(profile, room, day, happenings["number"])
    message = happenings["kind"] == KIND.index("message")
    nobody = pa.scalar(None, pa.string())
    names = pa.compute.if_else(pa.array(happenings["number"] == UNKNOWN), nobody, names)
    direction = pa.array(["in", "out", None]).take(pa.array(np.where(message, happenings["out"], 2)))
    return pd.DataFrame(
        {
            "object_id": _text(_object_names(profile, room, day, happenings["group"])),
            "connection_id": _text(names),
            "at": _times(happenings["at"]),
            "kind": _text(pa.array(KIND).take(pa.array(happenings["kind"].astype(np.int64)))),
            "direction": _text(direction),
            "bytes": pd.arrays.IntegerArray(happenings["bytes"].copy(), happenings["bytes"] == UNKNOWN),
            "auto_response": pd.arrays.BooleanArray(happenings["auto_response"].copy(), ~message),
            "wall_ms": pd.array(np.full(len(happenings), np.nan), dtype="Float64"),
        }
    )


def bytes_known(profile: Profile) -> tuple[bool, bool]:
    """Tell whether the profile gives the sizes of all messages in, and of all messages out."""
    known_in = all(process.bytes is not None for process in profile.messages.incoming)
    known_out = all(
        known_in if isinstance(process, Broadcast) else process.bytes is not None
        for process in profile.messages.outgoing
    )
    return known_in, known_out


def _object_names(profile: Profile, room: Ints, day: Ints, group: Ints) -> pa.Array:
    """Return ``room-017``; of rooms that fill, ``room-3/20261101/12``: lobby, day, and which of the day."""
    import pyarrow as pa

    if profile.rooms is None:
        return pa.nulls(len(room), pa.string())
    if places_in_a_room(profile) is not None:
        return _numbered(_rooms_and_days(profile, room, day), group)
    return pa.array(_room_names(profile)).take(pa.array(room))


def _connection_names(profile: Profile, room: Ints, day: Ints, number: Ints) -> pa.Array:
    """Return ``room-017/20261101/c204``: room, day, and which of the room's connections of that day."""
    return _numbered(_rooms_and_days(profile, room, day, "c"), number)


def _room_names(profile: Profile) -> list[str]:
    many = len(profile.shares)
    name = profile.rooms.name if profile.rooms is not None else "part"
    return [f"{name}-{i:0{len(str(many - 1))}d}" for i in range(many)]


def _rooms_and_days(profile: Profile, room: Ints, day: Ints, mark: str = "") -> pa.Array:
    import pyarrow as pa

    names, first = _room_names(profile), int(day.min(initial=1 << 32))
    known, which = np.unique(room << 32 | day - first, return_inverse=True)
    both = zip((known >> 32).tolist(), (known & 0xFFFF_FFFF).tolist(), strict=True)
    texts = [f"{names[r]}/{date.fromordinal(first + d):%Y%m%d}/{mark}" for r, d in both]
    return pa.array(texts, pa.string()).take(pa.array(which))


def _numbered(names: pa.Array, number: Ints) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(names, pc.cast(pa.array(number), pa.string()), "")


def _text(values: pa.Array) -> Any:
    import pandas as pd

    return pd.array(values, dtype=pd.StringDtype("pyarrow"))


def _times(microseconds: Ints) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(pd.DatetimeIndex(microseconds.astype("M8[us]"), tz="UTC"))
