"""Templates of reports: every value that goes into one is escaped, none by remembering to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wscost.checkreports import wording
from wscost.reports.as_markdown import escape

if TYPE_CHECKING:
    from jinja2 import Environment


def html() -> Environment:
    """Return where HTML templates live."""
    from wscost.reports.as_html import stacked

    environment = _environment(autoescape=True)
    environment.globals["stacked"] = stacked()
    return environment


def markdown() -> Environment:
    """Return where Markdown templates live: what Markdown would take as its own is written literally."""
    environment = _environment(autoescape=False)
    environment.finalize = _literally
    return environment


class Verbatim(str):
    """Text that is Markdown already."""

    __slots__ = ()


def _literally(value: object) -> object:
    return value if isinstance(value, Verbatim) or not isinstance(value, str) else escape(value)


def _environment(*, autoescape: bool) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("wscost.checkreports"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.globals["say"] = wording
    return environment
