"""Plots: one module a kind of picture, found by being here and having a ``NAME``.

A module of a kind defines

- ``NAME``: what ``wscost plot`` calls it;
- ``SHOWS``: the type of the thing that it draws;
- ``height(thing)``: how high a picture of its own is. [inches]
- ``draw(thing, *, ax=None)``: draw it, into axes of its own where none are given, and return the axes;
- ``gather(inputs, …)``: read the inputs and find the thing; its parameters are the options that
  ``wscost plot`` takes for it;
- ``alt(thing)``: say in a sentence or two what the picture shows, for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol, cast

from wscost.errors import UnknownNameError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Kind(Protocol):
    """A kind of picture, as its module presents itself."""

    NAME: str
    SHOWS: type

    def gather(self, inputs: Sequence[str], **asked: Any) -> Any:
        """Find the thing to draw in the inputs."""

    def height(self, thing: Any) -> float:
        """Return how high a picture of its own is. [inches]"""

    def draw(self, thing: Any, *, ax: Axes | None = None) -> Axes:
        """Draw a thing and return the axes."""

    def alt(self, thing: Any) -> str:
        """Say what the picture shows."""


@cache
def kinds() -> dict[str, Kind]:
    """Return every kind of picture by name."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    return {m.NAME: cast("Kind", m) for m in modules if hasattr(m, "NAME")}


def kind_named(name: str) -> Kind:
    """Return the kind of picture of that name.

    Raises
    ------
    UnknownNameError
        If no kind has that name.
    """
    if name not in kinds():
        raise UnknownNameError("kind of picture", name, kinds())
    return kinds()[name]
