"""From events to connections: who was open when, and what passed through each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from wscost.notes import Grade, Note
from wscost.trace import CONNECTION_COLUMNS, DIRECTIONS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Sent:
    """Messages in one direction: how many there are, tell their size, name no connection."""

    messages: int = 0
    sized: int = 0
    nameless: int = 0

    def see(self, sent: Flags, sized: Flags, named: Flags) -> None:
        """Count events: which are such messages, which tell a size, which name a connection."""
        self.messages += int(sent.sum())
        self.sized += int((sent & sized).sum())
        self.nameless += int((sent & ~named).sum())


def sent_in(events: pd.DataFrame) -> dict[str, Sent]:
    """Return what is sent in each direction."""
    found = {direction: Sent() for direction in DIRECTIONS}
    for direction, sent in found.items():
        chosen = (events["kind"] == "message") & (events["direction"] == direction)
        sent.see(
            chosen.to_numpy(dtype=bool),
            events["bytes"].notna().to_numpy(),
            events["connection_id"].notna().to_numpy(),
        )
    return found


def how_well_known(sent: Mapping[str, Sent]) -> tuple[dict[str, Grade], tuple[Note, ...]]:
    """Return how well connections that are derived from events tell what was sent, and what to note."""
    grades: dict[str, Grade] = {}
    notes: list[Note] = []
    for direction, one in sent.items():
        if one.nameless or one.sized < one.messages:
            grades[f"bytes_{direction}"] = Grade.LOWER_BOUND
        if one.nameless:
            unseen = (f"messages_{direction}", "connection_id", "opened_at", "closed_at")
            grades |= dict.fromkeys(unseen, Grade.LOWER_BOUND)
            notes.append(
                Note(
                    "messages-without-connection",
                    f"Messages ({direction}) that name no connection: {one.nameless:,}. They are in the "
                    "events, in no connection's total, and the connections they came over may be missing.",
                    {"messages": one.nameless, "direction": direction},
                )
            )
    return grades, tuple(notes)


def connections_of(events: pd.DataFrame, inside: pd.Series[bool], sent: Mapping[str, Sent]) -> pd.DataFrame:
    """Return the connections that events tell of.

    Parameters
    ----------
    events
        Free of contradictions: one open and one close a connection.
    inside
        Which events lie in the window: only their messages are counted.
    sent
        What is sent in each direction, over all events of the trace: what none of them tells is unknown.

    Returns
    -------
    connections
        In order of appearance; ``opened_at`` is null where no open was seen.
    """
    import numpy as np
    import pandas as pd

    codes, names = pd.factorize(events["connection_id"])
    frame = pd.DataFrame({"connection_id": pd.Series(names, dtype="string")})
    for kind, column in (("open", "opened_at"), ("close", "closed_at")):
        at = events[events["kind"] == kind].set_index("connection_id")["at"]
        frame[column] = looked_up(frame["connection_id"], at)
    objects = events[events["object_id"].notna() & (codes >= 0)].drop_duplicates("connection_id")
    frame["object_id"] = looked_up(frame["connection_id"], objects.set_index("connection_id")["object_id"])
    sizes = events["bytes"].to_numpy(dtype=np.int64, na_value=0)
    for direction, one in sent.items():
        chosen = ((events["kind"] == "message") & (events["direction"] == direction)).to_numpy(dtype=bool)
        counted = chosen & inside.to_numpy() & (codes >= 0)
        totals = np.zeros((2, len(names)), dtype=np.int64)
        np.add.at(totals[0], codes[counted], 1)
        np.add.at(totals[1], codes[counted], sizes[counted])
        known = one.messages, one.sized
        for column, total, told in zip(("messages", "bytes"), totals, known, strict=True):
            frame[f"{column}_{direction}"] = pd.array(total if told else [None] * len(names), dtype="Int64")
    return frame[list(CONNECTION_COLUMNS)].astype(CONNECTION_COLUMNS)


def looked_up(names: pd.Series[str], values: pd.Series[Any]) -> pd.Series[Any]:
    """Return the value of each name, null where it has none; also of no values at all."""
    return values.reindex(names).set_axis(names.index)
