"""What changed between two sets of bills: as a table, as Markdown, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from wscost.checkreports import wording
from wscost.checkreports.templating import markdown
from wscost.diffing import BillChange, LineChange, percentage
from wscost.reports import drawing
from wscost.units import plain

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

SCHEMA = "wscost.diff/1"


def as_table(changes: Sequence[BillChange], *, width: int = 80, color: bool = False) -> str:
    """Draw every bill with the lines that moved."""
    return drawing.draw(_blocks(changes), width=width, color=color)


def as_markdown(changes: Sequence[BillChange], *, width: int = 80, color: bool = False) -> str:
    """Write every bill with the lines that moved as Markdown."""
    return markdown().get_template("diff.md.j2").render(changes=changes).strip()


def as_json(changes: Sequence[BillChange], *, width: int = 80, color: bool = False) -> str:
    """Write the changes as one JSON object; amounts are decimal strings."""
    return json.dumps({"schema": SCHEMA, "changes": as_dicts(changes)}, indent=2)


FORMATS = {"table": as_table, "markdown": as_markdown, "json": as_json}


def as_dicts(changes: Sequence[BillChange]) -> list[dict[str, Any]]:
    """Return changes as the plain things that JSON knows; null is unknown, or not on the bill."""
    return [
        {
            "scenario": one.scenario,
            "plan": one.bill.plan,
            "deployment": one.bill.deployment,
            "old_plan": one.old.plan if one.old else None,
            "old_deployment": one.old.deployment if one.old else None,
            "currency": one.bill.currency,
            "old": _number(one.old.total if one.old else None),
            "new": _number(one.new.total if one.new else None),
            "change": _number(one.change),
            "percent": _number(one.percent),
            "why": list(one.why),
            "lines": [_line(line) for line in one.lines],
        }
        for one in changes
    ]


def _line(line: LineChange) -> dict[str, Any]:
    old = line.old.cost if line.old else None
    return {
        "sku": line.sku,
        "name": line.name,
        "old": _number(old),
        "new": _number(line.new.cost if line.new else None),
        "change": _number(line.change),
        "percent": _number(percentage(line.change, old)),
        "why": list(line.why),
    }


def _number(value: Decimal | None) -> str | None:
    return None if value is None else plain(Decimal(f"{value:.4f}"))


def _blocks(changes: Sequence[BillChange]) -> Iterator[RenderableType]:
    for one in changes:
        yield drawing.text(
            f"{one.scenario}: {one.bill.plan}, {one.bill.deployment}: "
            f"{wording.amount(one.old)} → {wording.amount(one.new)}, {wording.change_of_bill(one)}",
            "bold",
        )
        if one.old and one.new and (one.old.plan, one.old.deployment) != (one.new.plan, one.new.deployment):
            yield drawing.text(f"It was {one.old.plan}, {one.old.deployment}.")
        if lines := wording.moved(one):
            yield _lines(lines, one.bill.currency)
        elif one.old and one.new:
            yield drawing.text("No line moved.")


def _lines(lines: Sequence[LineChange], currency: str) -> Table:
    table = drawing.table(
        "Charge",
        "Before",
        "Now",
        "Change",
        "Why",
        right=["Before", "Now", "Change"],
        wrap=["Charge", "Change"],
    )
    for line in lines:
        table.add_row(
            drawing.text(line.name),
            wording.amount_of_line(line.old, currency),
            wording.amount_of_line(line.new, currency),
            wording.change_of_line(line, currency),
            wording.why(line.why),
        )
    return table
