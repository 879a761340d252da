"""Pictures as files: the same bytes for the same picture, with the words for those who do not see it."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from pathlib import PurePath
from typing import Any
from xml.sax.saxutils import escape

import matplotlib
from matplotlib.figure import Figure

from wscost.errors import OutputError
from wscost.plots import Kind, style
from wscost.reports import wording

SUFFIXES = (".png", ".svg", ".pdf")
_COLORS = {
    style.PAPER: "paper", style.INK: "ink", style.MUTED: "muted", style.RULE: "rule", style.BLUE: "blue",
    style.ORANGE: "orange", style.GREEN: "green", style.RED: "red", style.PURPLE: "purple", style.SKY: "sky",
}  # fmt: skip


def suffix_of(file: PurePath) -> str:
    """Return the kind of file that a name asks for.

    Raises
    ------
    OutputError
        If pictures cannot be of that kind.
    """
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise OutputError(f"{file}: a picture is a .png, .svg or .pdf file. Name it so.")
    return suffix


def encoded(kind: Kind, thing: Any, suffix: str) -> bytes:
    """Draw a thing as a file of its own: ``.png``, ``.svg`` or ``.pdf``."""
    if suffix == ".svg":
        return _labelled(_svg(kind, thing), kind.alt(thing), kind.NAME).encode()
    figure = _drawn(kind, thing)
    words = kind.alt(thing)
    metadata: dict[str, Any] = (
        {"Software": None, "Description": words.encode("ascii", "replace").decode()}
        if suffix == ".png"
        else {"Creator": None, "Producer": None, "CreationDate": None, "Subject": words}
    )
    return _bytes(figure, suffix, metadata)


def embedded(kind: Kind, thing: Any, name: str) -> str:
    """Draw a thing as SVG for a page: its colours are the page's, its ids are its own."""
    svg = _labelled(_svg(kind, thing, facecolor="none"), kind.alt(thing), name)
    svg = re.sub(r"^.*?(?=<svg )", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#|aria-labelledby=")', rf"\g<1>{name}-", svg)
    for color, word in _COLORS.items():
        svg = svg.replace(color, f"var(--{word})")
    return svg


def _drawn(kind: Kind, thing: Any) -> Figure:
    axes = style.blank(kind.height(thing))
    kind.draw(thing, ax=axes)
    figure = axes.figure
    assert isinstance(figure, Figure)
    return figure


def _svg(kind: Kind, thing: Any, **options: Any) -> str:
    figure = _drawn(kind, thing)
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    svg = _bytes(figure, ".svg", nothing, **options).decode()
    return re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)


def _bytes(figure: Figure, suffix: str, metadata: dict[str, Any], **options: Any) -> bytes:
    file = BytesIO()
    styled, still = style.styled(), warnings.catch_warnings()
    with styled, matplotlib.rc_context({"svg.hashsalt": "wscost", "svg.fonttype": "none"}), still:
        # Amounts of so many digits that nothing is left between their labels are drawn all the same.
        warnings.filterwarnings("ignore", "constrained_layout not applied", UserWarning)
        figure.savefig(file, format=suffix[1:], metadata=metadata, **options)
    return file.getvalue()


def _labelled(svg: str, words: str, name: str) -> str:
    """Tell a screen reader that this is one picture, and what it shows."""
    ids = 'role="img" aria-labelledby="alt"'
    return re.sub(
        r"<svg ([^>]*)>",
        lambda match: f'<svg {match[1]} {ids}>\n <title id="alt">{escape(wording.clean(words))}</title>',
        svg,
        count=1,
    )
