"""``wscost diff``: two results side by side, line by line, and why they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wscost.cli import options, output
from wscost.cli.check import Config, nearest_config
from wscost.errors import UnknownNameError

HELP = """Tell what changed between two saved results, and why.

A line moves by quantity, price, plan or deployment. Results are JSON as
wscost check --report json=FILE or wscost estimate --format json writes it.
With one result, it is compared with the scenarios of the work tree."""


def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="A saved result.")],
    b: Annotated[
        Path | None, typer.Argument(metavar="B", help="A later one; the work tree if absent.")
    ] = None,
    *,
    config: Config = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME", help="One of table, markdown, json.")
    ] = "table",
    file: options.Output = None,
) -> None:
    """Compare two results."""
    from wscost import checking
    from wscost.checkreports.changes import FORMATS
    from wscost.diffing import diff
    from wscost.saved import read_saved
    from wscost.scenario import read_scenarios

    if format_ not in FORMATS:
        raise UnknownNameError("report format", format_, FORMATS)
    later = b or config or nearest_config()
    output.spare([a, later], file)
    old = read_saved(a)
    new = read_saved(b) if b else checking.price(read_scenarios(later))
    changes = diff(old, new)
    output.tell(FORMATS[format_](changes, width=output.width(file), color=output.colored(file)), file)
