"""``wscost info`` and ``--version``: what is installed here."""

from __future__ import annotations

import platform

from wscost import __version__
from wscost.cli import output
from wscost.shipped import shipped


def info() -> None:
    """Tell the version, the price books and the known formats."""
    from wscost.pricebook import load_books
    from wscost.readers import readers
    from wscost.reports import formats, pricetables

    paragraphs = [
        f"wscost {__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}",
        f"Price books: {shipped('pricing')}",
        pricetables.plans(load_books().plans, width=output.width(), color=output.colored()),
        f"Sample traces: {shipped('sample_traces')}",
        f"Trace formats: {', '.join(readers())}\nReport formats: {', '.join(formats())}",
    ]
    output.tell("\n\n".join(paragraphs))
