"""Reports of checks: one module a format, found by being here as ``as_NAME``.

``--report NAME=FILE`` calls its ``render(report, *, width=80, color=False) -> str``, which returns the
whole report without a last newline.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol, cast

from wscost.errors import UnknownNameError

if TYPE_CHECKING:
    from wscost.checking.results import CheckReport

_PREFIX = "as_"


class Format(Protocol):
    """A report format, as its module presents itself."""

    def render(self, report: CheckReport, *, width: int = 80, color: bool = False) -> str:
        """Write a report in this format."""


def formats() -> list[str]:
    """Return the names of the report formats, without loading them."""
    modules = sorted(found.name for found in iter_modules(__path__))
    return [name.removeprefix(_PREFIX) for name in modules if name.startswith(_PREFIX)]


def format_named(name: str) -> Format:
    """Return the report format of that name.

    Raises
    ------
    UnknownNameError
        If no format has that name.
    """
    if name not in formats():
        raise UnknownNameError("report format", name, formats())
    return cast("Format", import_module(f"{__name__}.{_PREFIX}{name}"))
