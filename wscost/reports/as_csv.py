"""Bills as CSV: one row a bill line, for spreadsheets and joins."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO

from wscost.bill import Bill, BillLine, Comparison
from wscost.reports.wording import breach, clean
from wscost.units import plain

NAME = "csv"
COLUMNS = (
    "plan", "deployment", "region", "month", "as_of", "currency", "sku", "name", "consumed", "included",
    "billed", "unit", "unit_price", "per", "cost", "grade", "depends_on", "source",
    "confidence", "limits_broken",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@")


def render(comparison: Comparison, *, width: int = 80, color: bool = False) -> str:
    """Write every line of every bill as one row; unknown is empty, figures are exact."""
    rows = [_row(bill, line) for bill in comparison.bills for line in bill.lines]
    file = StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().rstrip("\n")


def _row(bill: Bill, line: BillLine) -> dict[str, str]:
    return {
        "plan": safe_text(bill.plan),
        "deployment": safe_text(bill.deployment),
        "region": safe_text(bill.region or ""),
        "month": bill.month,
        "as_of": bill.as_of.isoformat(),
        "currency": bill.currency,
        "sku": safe_text(line.sku),
        "name": safe_text(line.name),
        "consumed": _number(line.consumed),
        "included": plain(line.included),
        "billed": _number(line.billed),
        "unit": safe_text(line.unit),
        "unit_price": _number(line.unit_price),
        "per": plain(line.per),
        "cost": "" if line.cost is None else f"{line.cost:f}",
        "grade": str(line.grade),
        "depends_on": " ".join(line.depends_on),
        "source": line.provenance.url,
        "confidence": line.provenance.confidence,
        "limits_broken": safe_text(" ".join(map(breach, bill.breaches))),
    }


def _number(quantity: Decimal | None) -> str:
    return "" if quantity is None else plain(quantity)


def safe_text(text: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else clean(text)
