"""``wscost info`` and ``--version``: what is installed here."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from textwrap import fill

from wscost import __version__
from wscost.cli import output
from wscost.shipped import shipped


def info() -> None:
    """Tell the version, the price books and the known formats."""
    from wscost.loops import UNCOMPILED, compiled
    from wscost.pricebook import load_books
    from wscost.reports import formats, pricetables

    paragraphs = [
        f"wscost {__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}",
        *([] if compiled() else [fill(f"Speed: {UNCOMPILED}", output.width())]),
        f"Price books: {shipped('pricing')}",
        pricetables.plans(load_books().plans, width=output.width(), color=output.colored()),
        f"Sample traces: {shipped('sample_traces')}",
        "Trace formats, and the options that each alone knows:\n" + "\n".join(_format_lines()),
        f"Report formats: {', '.join(formats())}",
    ]
    output.tell("\n\n".join(paragraphs))


def _format_lines() -> Iterator[str]:
    from wscost.readers import readers

    for name, reader in readers().items():
        own = ", ".join(f"--{option.replace('_', '-')}" for option in getattr(reader, "OPTIONS", ()))
        yield f"  {name:<19}{own}".rstrip()
