"""What can be drawn: a thing finds its picture among the entry points ``wscost.plots``, by its type's name.

So no thing knows of matplotlib, and another package may draw it otherwise.
"""

from __future__ import annotations

from typing import Any

from wscost.errors import OutputError


def draw(thing: object, ax: Any = None) -> Any:
    """Draw a thing into matplotlib axes, or into its own, and return the axes.

    Raises
    ------
    OutputError
        If nothing installed draws such a thing.
    """
    from importlib.metadata import entry_points

    name = type(thing).__name__
    found = next(iter(entry_points(group="wscost.plots", name=name)), None)
    if found is None:
        raise OutputError(
            f"Nothing that is installed draws a {name}. Install wscost with pip, or use wscost.plots."
        )
    return found.load()(thing, ax=ax)
