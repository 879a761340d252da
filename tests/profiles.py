"""Profiles for tests, and what is asked of the traces that they make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from wscost import yamlfile
from wscost.profile import Profile, read_profile
from wscost.trace import CONNECTION_COLUMNS, COUNTS, TIME, Trace, check_trace
from wscost.usage import Window


def profile_of(text: str, *, days: int = 2) -> Profile:
    """Return a profile from its keys; it plays from Monday 2 November 2026."""
    calendar = "" if "calendar:" in text else f"calendar: {{period: {{start: 2026-11-02, days: {days}}}}}\n"
    return read_profile(yamlfile.loads(f"profile: test\n{calendar}{text}"))


def through(trace: Trace, start_s: float, end_s: float) -> Trace:
    """Look at a trace through a window, in seconds after its own begins: what is outside was not seen.

    Connections keep when they opened; one that closes later is still open, with its totals in proportion.
    """
    start, end = (trace.window.start + pd.Timedelta(seconds=s).to_pytimedelta() for s in (start_s, end_s))
    rows = trace.connections
    rows = rows[(rows["opened_at"] < end) & ~(rows["closed_at"] < start)].reset_index(drop=True)
    cut = ~(rows["closed_at"] < end)
    share = (end - rows["opened_at"]) / (rows["closed_at"] - rows["opened_at"])
    for name in COUNTS:
        rows[name] = rows[name].where(~cut, (rows[name] * share).round().astype("Int64"))
    rows["closed_at"] = rows["closed_at"].where(~cut)
    events = trace.events
    if events is not None:
        events = events[(events["at"] >= start) & (events["at"] < end)].reset_index(drop=True)
    return replace(trace, connections=rows, events=events, window=Window(start, end), grades={}, notes=())


def lives(opened: np.ndarray, closed: np.ndarray, window_s: float, room: str | None = None) -> Trace:
    """Return the trace that shows these lives through a window from a Monday's midnight. [s after it]"""
    kept = (opened < window_s) & (closed >= 0)
    opened, closed = opened[kept], closed[kept]
    order = np.argsort(opened, kind="stable")
    start = pd.Timestamp("2026-11-02", tz="UTC")

    def moments(after: np.ndarray) -> pd.Series[Any]:
        return pd.Series(start + pd.to_timedelta(np.rint(after * 1e6), unit="us")).astype(TIME)

    ended = closed[order] < window_s
    frame = pd.DataFrame(
        {
            "connection_id": [f"c{i}" for i in range(len(order))],
            "object_id": room,
            "opened_at": moments(opened[order]),
            "closed_at": moments(np.where(ended, closed[order], 0)).where(ended),
            **dict.fromkeys(COUNTS, pd.NA),
        }
    ).astype(CONNECTION_COLUMNS)
    window = Window(start.to_pydatetime(), (start + pd.Timedelta(seconds=window_s)).to_pydatetime())
    return check_trace(Trace(frame, window, "lives.csv", rows=len(frame)))


def seconds(times: pd.Series[Any]) -> np.ndarray:
    """Return times as seconds since 1970; a null is the end of time."""
    return (
        times.astype("int64").to_numpy(na_value=2**62) / 1e6
        if times.notna().all()
        else (times.fillna(pd.Timestamp("2100-01-01", tz="UTC")).astype("int64").to_numpy() / 1e6)
    )


def at_once(trace: Trace, at: np.ndarray) -> np.ndarray:
    """Count the connections that are open at some moments. [s since 1970]"""
    opened = np.sort(seconds(trace.connections["opened_at"]))
    closed = np.sort(seconds(trace.connections["closed_at"]))
    return np.searchsorted(opened, at, side="right") - np.searchsorted(closed, at, side="right")


def moments(trace: Trace, many: int = 2000) -> np.ndarray:
    """Return evenly spread moments in a trace's window. [s since 1970]"""
    start, end = trace.window.start.timestamp(), trace.window.end.timestamp()
    return start + (np.arange(many) + 0.5) * (end - start) / many


def presence(trace: Trace) -> np.ndarray:
    """Count the connections that are open at evenly spread moments."""
    return at_once(trace, moments(trace))
