"""Rows that contradict other rows: the same connection twice, a close before its open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from wscost.readers.columns import Faults
from wscost.readers.deriving import looked_up
from wscost.readers.refusals import shown

if TYPE_CHECKING:
    import pandas as pd


def repeated(connections: pd.DataFrame, parts: Sequence[str]) -> Faults:
    """Return the connections whose id stands before, too; frames carry ``part`` and ``line``."""
    return {row: stands_already(name, first) for row, name, first in _again(connections, parts)}


def stands_already(name: str, first: str) -> str:
    """Return the sentence for a connection whose id stands before, too."""
    return f"connection_id {shown(name)} stands already in {first}."


def without_row(events: pd.DataFrame, connections: pd.DataFrame) -> Faults:
    """Return the events of connections that have no row of their own where others have one."""
    stranger = events["connection_id"].notna() & ~events["connection_id"].isin(connections["connection_id"])
    return {
        int(str(row)): f"connection {shown(name)} has events but no row. "
        "Where connections have rows, each one needs its row."
        for row, name in events.loc[stranger, "connection_id"].items()
    }


def faults_between(events: pd.DataFrame, parts: Sequence[str]) -> Faults:
    """Return the events that contradict others: a second open or close, a close before its open."""
    faults: Faults = {}
    opens, closes = (events[events["kind"] == kind] for kind in ("open", "close"))
    for rows, past in ((opens, "opened"), (closes, "closed")):
        for row, name, first in _again(rows, parts):
            faults[row] = (
                f"connection {shown(name)} is {past} a second time (first in {first}). "
                "Each connection needs an id of its own."
            )
    opened = opens.drop_duplicates("connection_id").set_index("connection_id")["at"]
    opened_at = looked_up(closes["connection_id"], opened)
    early = (closes["at"] < opened_at).to_numpy(dtype=bool)
    for row, close, open_ in zip(closes.index[early], closes["at"][early], opened_at[early], strict=True):
        faults.setdefault(int(row), backwards("the close", close, "its open", open_))
    return faults


def backwards(later: str, later_at: datetime, earlier: str, earlier_at: datetime) -> str:
    """Return the sentence for two times in the wrong order."""
    same_day = later_at.date() == earlier_at.date()
    form = "%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S"
    if same_day and later_at.replace(microsecond=0) == earlier_at.replace(microsecond=0):
        form += ".%f"
    return (
        f"{later} ({later_at:{form}}) is before {earlier} ({earlier_at:{form}}). "
        "Check that both columns are UTC."
    )


def _again(rows: pd.DataFrame, parts: Sequence[str]) -> list[tuple[int, str, str]]:
    """Return row, id and first place of each row whose connection id stands before."""
    again = rows["connection_id"].duplicated()
    if not again.any():
        return []
    names = rows.loc[again, "connection_id"]
    first = rows[~again & rows["connection_id"].isin(names)]
    places = {
        name: f"{parts[part]}:{line}"
        for name, part, line in zip(first["connection_id"], first["part"], first["line"], strict=True)
    }
    return [(int(str(row)), name, places[name]) for row, name in names.items()]
