"""Reports: one module a format, found by being here and having a ``NAME``.

A format module defines

- ``NAME``: what ``--format`` calls it;
- ``STUDIED``, if it tells what a ``Study`` knows beside the bills, and so is better given one;
- ``render(comparison, *, width=80, color=False) -> str``: the whole report, without a last newline.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from wscost.bill import Comparison
from wscost.errors import UnknownNameError


class Format(Protocol):
    """A report format, as its module presents itself."""

    NAME: str

    def render(self, comparison: Comparison, *, width: int = 80, color: bool = False) -> str:
        """Write a comparison in this format."""


def formats() -> dict[str, Format]:
    """Return every report format by name."""
    names = [found.name for found in iter_modules(__path__) if found.name.startswith("as_")]
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return {
        m.NAME: cast("Format", m) for m in sorted(modules, key=lambda m: m.__name__) if hasattr(m, "NAME")
    }


def format_named(name: str) -> Format:
    """Return the report format of that name.

    Raises
    ------
    UnknownNameError
        If no format has that name.
    """
    known = formats()
    if name not in known:
        raise UnknownNameError("report format", name, known)
    return known[name]
