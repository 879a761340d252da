"""Profiles for tests, and what is asked of the traces that they make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from wscost import yamlfile
from wscost.profile import Profile, read_profile
from wscost.trace import Trace


def profile_of(text: str, *, days: int = 2) -> Profile:
    """Return a profile from its keys; it plays from Monday 2 November 2026."""
    calendar = "" if "calendar:" in text else f"calendar: {{period: {{start: 2026-11-02, days: {days}}}}}\n"
    return read_profile(yamlfile.loads(f"profile: test\n{calendar}{text}"))


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
