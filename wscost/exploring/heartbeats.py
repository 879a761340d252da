"""Messages in a trace that look like heartbeats: small, alike, and as regular as a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 125
"""What a protocol ping can carry (https://www.rfc-editor.org/rfc/rfc6455#section-5.5, read 2026-11-23)."""
SHORTEST_S = 2.0
"""What comes more often is taken for traffic. (assumed) [s]"""
FEWEST = 4
STEADY, MOSTLY = 0.1, 0.8
"""At least this share of the gaps lies within a tenth of their median. (assumed)"""


def heartbeats(events: pd.DataFrame) -> pd.Series[bool]:
    """Tell which events are messages of a client that only keep its connection alive.

    Such are at least four messages of one connection, all of one size of at most 125 bytes, that come at
    a fixed interval of two seconds or more, and that no auto-response answers already.
    """
    small = (
        (events["kind"] == "message")
        & (events["direction"] == "in")
        & (events["bytes"] <= MOST_BYTES)
        & events["connection_id"].notna()
        & ~events["auto_response"].fillna(False)
    ).fillna(False)
    alike = ["connection_id", "bytes"]
    sent = events.loc[small, [*alike, "at"]].sort_values([*alike, "at"], kind="stable")
    sent["gap"] = sent.groupby(alike, sort=False)["at"].diff().dt.total_seconds()
    gaps = sent.groupby(alike, sort=False)["gap"]
    usual = gaps.transform("median")
    near = ((sent["gap"] - usual).abs() <= STEADY * usual).astype(float).where(sent["gap"].notna())
    steady = near.groupby([sent[key] for key in alike], sort=False).transform("mean") >= MOSTLY
    often = gaps.transform("size") >= FEWEST
    chosen = sent.index[steady & often & (usual >= SHORTEST_S)]
    return events.index.to_series().isin(chosen)
