"""Text by rich: the width it is given, colour only where asked for, nothing read from the environment."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING

from wscost.reports.wording import clean

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text


def draw(blocks: Iterable[RenderableType], *, width: int, color: bool) -> str:
    """Return blocks as text, a blank line between them."""
    from rich.console import Console

    file = StringIO()
    console = Console(
        file=file,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        force_jupyter=False,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    for number, block in enumerate(blocks):
        if number:
            console.print()
        console.print(block)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def text(words: str, style: str = "") -> Text:
    """Return words as they stand: no markup is read into them, control characters are shown."""
    from rich.text import Text

    return Text(clean(words), style)


def lines(sentences: Iterable[str], style: str = "") -> Text:
    """Return sentences, each on a line of its own."""
    from rich.text import Text

    return Text("\n").join(text(sentence, style) for sentence in sentences)


def entry(title: str, *details: tuple[str, str]) -> RenderableType:
    """Return a title with details (words and their style) indented below it, wherever they wrap."""
    from rich.console import Group
    from rich.padding import Padding

    below = [Padding(text(words, style), (0, 0, 0, 2)) for words, style in details if words]
    return Group(text(title), *below)


def bullets(sentences: Iterable[str], style: str = "", title: str = "") -> RenderableType:
    """Return sentences as a list, their lines hanging below their first word."""
    from rich.console import Group
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for sentence in sentences:
        grid.add_row("•", text(sentence, style))
    return Group(text(title), grid) if title else grid


def table(*headings: str, right: Iterable[str] = (), wrap: Iterable[str] = ()) -> Table:
    """Return an empty table under a rule; columns named in ``wrap`` give way where it is narrow."""
    from rich import box
    from rich.table import Table

    out = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", show_edge=False
    )
    for heading in headings:
        out.add_column(
            heading,
            justify="right" if heading in right else "left",
            no_wrap=heading not in wrap,
            overflow="fold",
        )
    return out
