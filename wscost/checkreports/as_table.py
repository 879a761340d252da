"""The checks for a terminal: the verdict, then each check with its reason, then the bills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wscost.checking.results import CheckReport, Status
from wscost.checkreports import wording
from wscost.reports import drawing

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_STYLES = {
    Status.FAILED: "bold red",
    Status.INCONCLUSIVE: "yellow",
    Status.WARNED: "yellow",
    Status.WAIVED: "dim",
    Status.PASSED: "green",
    Status.OFF: "dim",
}


def render(report: CheckReport, *, width: int = 80, color: bool = False) -> str:
    """Write a report as tables that fit the width, with colour only where asked for."""
    return drawing.draw(_blocks(report), width=width, color=color)


def _blocks(report: CheckReport) -> Iterator[RenderableType]:
    yield drawing.text(f"{report.config}: {report.verdict} ({wording.tally(report)})", "bold")
    yield _checks(report)
    yield _bills(report)


def _checks(report: CheckReport) -> Table:
    table = drawing.table("Result", "Check", "Why", wrap=["Check", "Why"])
    several = sum(len(compared.bills) for compared in report.scenarios.values()) > 1
    for result in report.results:
        told = f"{wording.subject(result)}: " if several and result.scenario else ""
        table.add_row(
            drawing.text(result.status, _STYLES[result.status]),
            drawing.text(result.id),
            drawing.text(told + wording.sentence(result)),
        )
    return table


def _bills(report: CheckReport) -> Table:
    names = ["Scenario", "Plan", "Deployment"]
    if not report.baseline:
        table = drawing.table(*names, "Total", right=["Total"], wrap=names)
        for name, compared in report.scenarios.items():
            for bill in compared.bills:
                table.add_row(*map(drawing.text, (name, bill.plan, bill.deployment)), wording.amount(bill))
        return table
    figures = ["Before", "Now", "Change"]
    table = drawing.table(*names, *figures, right=figures, wrap=[*names, "Change"])
    for one in report.changes:
        table.add_row(
            *map(drawing.text, (one.scenario, one.bill.plan, one.bill.deployment)),
            wording.amount(one.old),
            wording.amount(one.new),
            wording.change_of_bill(one),
        )
    return table
