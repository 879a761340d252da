"""What WebSockets on Cloudflare Workers will cost, before the invoice says so."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from wscost.comparing import compare
    from wscost.estimating import estimate
    from wscost.readers import read_trace

__all__ = ["__version__", "compare", "estimate", "read_trace"]

_HOMES = {"compare": "comparing", "estimate": "estimating", "read_trace": "readers"}


def __getattr__(name: str) -> Any:
    """Load a verb when it is first used, so that importing the package stays light."""
    if name in _HOMES:
        return getattr(import_module(f"wscost.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'wscost' has no attribute {name!r}")
