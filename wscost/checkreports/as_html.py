"""The checks as one HTML page that needs nothing else: to keep as an artifact of a build."""

from __future__ import annotations

from wscost.checking.results import CheckReport
from wscost.checkreports.templating import html


def render(report: CheckReport, *, width: int = 80, color: bool = False) -> str:
    """Write the page."""
    return html().get_template("page.html.j2").render(report=report).strip()
