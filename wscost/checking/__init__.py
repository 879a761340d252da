"""Checking: the bills of a scenario file held to its checks; with a baseline, also to what they were.

``price`` estimates the scenarios, ``baseline_in`` and ``baseline_at`` tell what they were, ``check`` holds
them to the checks and returns a ``CheckReport``: pure, given the bills and the date.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wscost.checking.baselines import baseline_at, baseline_in
    from wscost.checking.holding import check
    from wscost.checking.pricing import price
    from wscost.checking.results import Baseline, CheckReport, CheckResult, Counts, Status

__all__ = [
    "Baseline",
    "CheckReport",
    "CheckResult",
    "Counts",
    "Status",
    "baseline_at",
    "baseline_in",
    "check",
    "price",
]

_HOMES = {"baseline_at": "baselines", "baseline_in": "baselines", "check": "holding", "price": "pricing"}


def __getattr__(name: str) -> Any:
    """Load a part when it is first used, so that reports can be named without pricing anything."""
    if name in __all__:
        return getattr(import_module(f"wscost.checking.{_HOMES.get(name, 'results')}"), name)
    raise AttributeError(f"module 'wscost.checking' has no attribute {name!r}")
