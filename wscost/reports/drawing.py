"""Text by rich: the width it is given, colour only where asked for, nothing read from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import StringIO
from textwrap import TextWrapper
from typing import TYPE_CHECKING

from wscost.reports.wording import ABOUT, clean
from wscost.units import AT_LEAST

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text


_JOINTS = re.compile(r"(\s+)|(?<=[A-Za-z][-._/])(?=[A-Za-z])")
"""Where words may break: at spaces, and in names after what joins their parts; never in a figure."""
_HELD = "\ue000"
"""Stands for the space between a mark and its figure while lines are broken: a letter of private use."""
_GAP = 2
"""Between columns. [characters]"""


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
    return "\n".join(line.rstrip() for line in file.getvalue().replace(_HELD, " ").splitlines())


def text(words: str, style: str = "") -> Text:
    """Return words as they stand: no markup is read into them, control characters are shown."""
    from rich.text import Text

    held = clean(words)
    for mark in (AT_LEAST, ABOUT):
        held = held.replace(mark, mark.replace(" ", _HELD))
    return Text(held, style)


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


def grid(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    width: int,
    right: Iterable[int] = (),
    wrap: Iterable[int] = (),
) -> Table:
    """Return rows under headings, in columns that fit the width as long as any can give way.

    Headings break between their parts, ``workers-`` from ``standard``; cells do so only in the columns
    that ``wrap`` counts. Those that ``right`` counts hold figures.
    """
    from rich.text import Text

    cells = [[cell if isinstance(cell, Text) else text(cell) for cell in row] for row in rows]
    giving_way = set(wrap)
    natural, unbroken, least = [], [], []
    for i, heading in enumerate(headings):
        written = [row[i].plain for row in cells]
        natural.append(max(map(len, [heading, *written])))
        unbroken.append(max(map(len, [*_parts(heading), *written, " "])))
        whole = [] if i in giving_way else written
        parts = [heading, *(written if i in giving_way else ())]
        least.append(max([len(part) for words in parts for part in _parts(words)] + [*map(len, whole), 1]))
    room = width - _GAP * (len(natural) - 1)
    widths = _narrowed(_narrowed(natural, unbroken, room), least, room)
    folded = [_folded(heading, most) for heading, most in zip(headings, widths, strict=True)]
    out = table(*folded, right=[folded[i] for i in right], wrap=folded)
    for row in cells:
        out.add_row(
            *(
                Text(_folded(cell.plain, widths[i]), cell.style) if i in giving_way else cell
                for i, cell in enumerate(row)
            )
        )
    return out


def _parts(words: str) -> list[str]:
    return [part.strip() for part in _JOINTS.split(words) if part and part.strip()]


def _narrowed(natural: Sequence[int], least: Sequence[int], most: int) -> list[int]:
    """Take from the widest column that can give way until all fit, or none can."""
    widths = list(natural)
    while sum(widths) > most:
        able = [i for i, width in enumerate(widths) if width > least[i]]
        if not able:
            break
        widths[max(able, key=widths.__getitem__)] -= 1
    return widths


def _folded(words: str, width: int) -> str:
    wrapper = TextWrapper(width=max(width, 1), break_long_words=False)
    wrapper.wordsep_re = _JOINTS
    return "\n".join(wrapper.wrap(words)) if len(words) > width else words


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
