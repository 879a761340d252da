"""The checks as a pull-request comment: the change first, details folded, short enough for any service."""

from __future__ import annotations

import re

from wscost.checking.results import CheckReport
from wscost.checkreports.templating import Verbatim, markdown

LARGEST = 59_000
"""GitHub and GitLab refuse comments far above this. [bytes]"""
_STEPS = ((40, 40), (15, 15), (15, 5), (8, 0), (1, 0))
"""How many rows and how many folded bills are shown, most first."""


def render(report: CheckReport, *, width: int = 80, color: bool = False) -> str:
    """Write a comment with a hidden marker; what is too much for one is left out, and that is said."""
    template = markdown().get_template("comment.md.j2")
    for rows, folds in _STEPS:
        text = template.render(report=report, marker=Verbatim(marker(report)), rows=rows, folds=folds).strip()
        if len(text.encode()) <= LARGEST:
            break
    return text


def marker(report: CheckReport) -> str:
    """Return the hidden line by which CI finds its comment again: one for each scenario file."""
    return f"<!-- wscost-check {re.sub(r'[^A-Za-z0-9_./]+', '-', report.config)} -->"
