"""From events to connections: who was open when, and what passed through each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wscost.notes import Grade, Note
from wscost.trace import CONNECTION_COLUMNS, DIRECTIONS

if TYPE_CHECKING:
    import pandas as pd


def connections_of(
    events: pd.DataFrame, inside: pd.Series[bool]
) -> tuple[pd.DataFrame, dict[str, Grade], tuple[Note, ...]]:
    """Return the connections that events tell of, how well they are known, and what to note.

    Parameters
    ----------
    events
        Free of contradictions: one open and one close a connection.
    inside
        Which events lie in the window: only their messages are counted.

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

    grades: dict[str, Grade] = {}
    notes: list[Note] = []
    for direction in DIRECTIONS:
        sent = ((events["kind"] == "message") & (events["direction"] == direction)).to_numpy(dtype=bool)
        counted = sent & inside.to_numpy() & (codes >= 0)
        sizes = events["bytes"].to_numpy(dtype=np.int64, na_value=0)
        unsized = events["bytes"].isna().to_numpy()
        totals = np.zeros((2, len(names)), dtype=np.int64)
        np.add.at(totals[0], codes[counted], 1)
        np.add.at(totals[1], codes[counted], sizes[counted])
        known = (bool(sent.any()), bool((sent & ~unsized).any()))
        for column, total, is_known in zip(("messages", "bytes"), totals, known, strict=True):
            name = f"{column}_{direction}"
            frame[name] = pd.array(total if is_known else [None] * len(names), dtype="Int64")
        if (nameless := int((sent & (codes < 0)).sum())) or (sent & unsized).any():
            grades[f"bytes_{direction}"] = Grade.LOWER_BOUND
        if nameless:
            grades[f"messages_{direction}"] = Grade.LOWER_BOUND
            notes.append(
                Note(
                    "messages-without-connection",
                    f"{nameless:,} messages ({direction}) name no connection: they are in the events, "
                    "in no connection's total.",
                    {"messages": nameless, "direction": direction},
                )
            )
    return frame[list(CONNECTION_COLUMNS)].astype(CONNECTION_COLUMNS), grades, tuple(notes)


def looked_up(names: pd.Series[str], values: pd.Series[Any]) -> pd.Series[Any]:
    """Return the value of each name, null where it has none; also of no values at all."""
    return values.reindex(names).set_axis(names.index)
