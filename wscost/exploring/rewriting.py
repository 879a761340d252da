"""Rewriting a trace: what would have been recorded, had the service been built or used otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wscost.trace import COUNTS, Trace

if TYPE_CHECKING:
    import pandas as pd

BACK_WITHIN_S = 10
"""A connect so soon after a close in the same room is taken for the same client coming back. (assumed) [s]"""


def answered_automatically(trace: Trace, messages: pd.Series[bool]) -> Trace:
    """Return the trace in which the platform answers some messages."""
    events = _events(trace).copy()
    events.loc[messages, "auto_response"] = True
    return replace(trace, events=events)


def without_messages(trace: Trace, messages: pd.Series[bool]) -> Trace:
    """Return the trace in which some messages of clients were never sent."""
    events, connections = _events(trace), trace.connections.copy()
    dropped = events[messages].groupby("connection_id")["bytes"].agg(["size", "sum"])
    for column, left_out in (("messages_in", dropped["size"]), ("bytes_in", dropped["sum"])):
        fewer = connections["connection_id"].map(left_out).fillna(0).astype("Int64")
        connections[column] = (connections[column] - fewer).clip(lower=0)
    return replace(trace, events=events[~messages].reset_index(drop=True), connections=connections)


def without_alarms(trace: Trace) -> Trace:
    """Return the trace in which no alarm fired."""
    events = _events(trace)
    return replace(trace, events=events[events["kind"] != "alarm"].reset_index(drop=True))


def batched(trace: Trace) -> Trace:
    """Return the trace in which what a connection sends within a second goes as one message, both ways."""
    connections = trace.connections.copy()
    ends = connections["closed_at"].fillna(trace.window.end)
    open_time = (ends - connections["opened_at"]).dt.ceil("s").dt.total_seconds()
    seconds = open_time.clip(lower=1).astype("Int64")
    for column in ("messages_in", "messages_out"):
        too_many = (connections[column] > seconds).fillna(False)
        connections[column] = connections[column].mask(too_many, seconds)
    if trace.events is None:
        return replace(trace, connections=connections)
    events = trace.events
    sent = (events["kind"] == "message") & events["connection_id"].notna()
    sent &= ~events["auto_response"].fillna(False)
    together = [events.loc[sent, key] for key in ("connection_id", "direction")]
    together.append(events.loc[sent, "at"].dt.floor("s"))
    by_second = events[sent].groupby(together, sort=False, dropna=False)["bytes"]
    first = by_second.cumcount() == 0
    merged = events.copy()
    merged.loc[sent, "bytes"] = by_second.transform("sum", min_count=1)
    kept = ~sent
    kept[first.index[first]] = True
    return replace(trace, connections=connections, events=merged[kept].reset_index(drop=True))


def rooms_in_pairs(trace: Trace) -> Trace:
    """Return the trace in which every two rooms are one, in the order in which they appear."""
    rooms = trace.connections["object_id"].dropna().unique()
    into = {room: rooms[i - i % 2] for i, room in enumerate(rooms)}

    def moved(frame: pd.DataFrame) -> pd.DataFrame:
        ids = frame["object_id"]
        return frame.assign(object_id=ids.map(into).astype("string").fillna(ids))

    events = None if trace.events is None else moved(trace.events)
    return replace(trace, connections=moved(trace.connections), events=events)


def reconnects_joined(trace: Trace) -> tuple[Trace, int]:
    """Return the trace in which clients that soon came back had stayed, and how many connects that spares."""
    import pandas as pd

    rows = trace.connections.reset_index(drop=True)
    before = _came_back_from(rows)
    back = np.flatnonzero(before >= 0)
    if not len(back):
        return trace, 0
    first = np.where(before >= 0, before, np.arange(len(rows)))
    while (first != first[first]).any():
        first = first[first]
    names = rows["connection_id"]
    stay = names.iloc[first].set_axis(names.index)
    order = rows.assign(connection_id=stay).sort_values("opened_at", kind="stable")
    grouped = order.groupby("connection_id", sort=False)
    joined = grouped.agg({"object_id": "first", "opened_at": "first"})
    joined["closed_at"] = order.drop_duplicates("connection_id", keep="last").set_index("connection_id")[
        "closed_at"
    ]
    for column in COUNTS:
        joined[column] = grouped[column].sum(min_count=1)
    joined = joined.reset_index()[list(trace.connections.columns)].astype(trace.connections.dtypes)
    events = trace.events
    if events is not None:
        left, came = set(names.iloc[before[back]]), set(names.iloc[back])
        seen = events["connection_id"]
        spared = (events["kind"].isin(["close", "error"]) & seen.isin(left)) | (
            (events["kind"] == "open") & seen.isin(came)
        )
        known = pd.Series(stay.to_numpy(), index=names.to_numpy(dtype=object))
        events = events.assign(connection_id=seen.map(known).astype("string").fillna(seen))[~spared]
        events = events.reset_index(drop=True)
    return replace(trace, connections=joined, events=events), len(back)


def _came_back_from(rows: pd.DataFrame) -> np.ndarray:
    """Return the row of the connection that each one carries on, at most one; -1 where it carries on none."""
    import pandas as pd

    at = np.arange(len(rows))
    named = rows["object_id"].notna()
    opens = rows.loc[named, ["object_id", "opened_at"]].assign(row=at[named], when=lambda x: x["opened_at"])
    closes = rows.loc[named & rows["closed_at"].notna(), ["object_id", "closed_at"]]
    closes = closes.assign(left=closes.index, when=closes["closed_at"])
    met = pd.merge_asof(
        opens.sort_values("when", kind="stable"),
        closes.sort_values("when", kind="stable"),
        on="when",
        by="object_id",
        tolerance=pd.Timedelta(seconds=BACK_WITHIN_S),
        allow_exact_matches=False,
    )
    met = met[met["left"].notna()].drop_duplicates("left")
    before = np.full(len(rows), -1, dtype=np.int64)
    before[met["row"].to_numpy(dtype=np.int64)] = met["left"].to_numpy(dtype=np.int64)
    return before


def _events(trace: Trace) -> pd.DataFrame:
    assert trace.events is not None
    return trace.events
