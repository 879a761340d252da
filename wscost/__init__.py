"""What WebSockets on Cloudflare Workers will cost, before the invoice says so."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from wscost.comparing import compare
    from wscost.estimating import estimate
    from wscost.exploring.advising import advise
    from wscost.exploring.breaking_even import break_even
    from wscost.exploring.history import history
    from wscost.exploring.sensitivity import sensitivity
    from wscost.exploring.sweeping import sweep
    from wscost.fitting import fit
    from wscost.readers import read_trace

__all__ = [
    "__version__",
    "advise",
    "break_even",
    "compare",
    "estimate",
    "fit",
    "history",
    "read_trace",
    "sensitivity",
    "sweep",
]

_HOMES = {
    "advise": "exploring.advising",
    "break_even": "exploring.breaking_even",
    "compare": "comparing",
    "estimate": "estimating",
    "fit": "fitting",
    "history": "exploring.history",
    "read_trace": "readers",
    "sensitivity": "exploring.sensitivity",
    "sweep": "exploring.sweeping",
}


def __getattr__(name: str) -> Any:
    """Load a verb when it is first used, so that importing the package stays light."""
    if name in _HOMES:
        return getattr(import_module(f"wscost.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'wscost' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
