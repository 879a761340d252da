"""The bill as JSON: amounts as decimal strings, to the letter of ``wscost/schemas/bill-1.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any

from wscost.bill import Bill, BillLine, Breach, Comparison, Range, Spread, UnitCosts
from wscost.notes import Note
from wscost.units import plain

NAME = "json"
SCHEMA = "wscost.bill/1"


def render(comparison: Comparison, *, width: int = 80, color: bool = False) -> str:
    """Write a comparison as one JSON object in ASCII, indented; width and colour mean nothing here."""
    return json.dumps(comparison_as_dict(comparison), indent=2)


def comparison_as_dict(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as the plain things that JSON knows."""
    return {
        "schema": SCHEMA,
        "summary": [_summary(bill, bill is comparison.cheapest) for bill in comparison.bills],
        "decides": comparison.decides,
        "cheapest_share": None if comparison.cheapest_share is None else plain(comparison.cheapest_share),
        "notes": notes_as_dicts(comparison.notes),
        "bills": [_bill(bill) for bill in comparison.bills],
    }


def _summary(bill: Bill, cheapest: bool) -> dict[str, Any]:
    return {
        "plan": bill.plan,
        "deployment": bill.deployment,
        "total": float(bill.total),
        "feasible": bill.feasible,
        "complete": bill.complete,
        "cheapest": cheapest,
    }


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "plan": bill.plan,
        "plan_name": bill.plan_name,
        "deployment": bill.deployment,
        "inputs": list(bill.inputs),
        "region": bill.region,
        "currency": bill.currency,
        "month": bill.month,
        "period": {"start": bill.period.start.isoformat(), "end": bill.period.end.isoformat()},
        "as_of": bill.as_of.isoformat(),
        "total": f"{bill.total:f}",
        "feasible": bill.feasible,
        "lines": [_line(line) for line in bill.lines],
        "breaches": [_breach(breach) for breach in bill.breaches],
        "usage": _quantities(bill.usage),
        "projected": None if bill.projected is None else _quantities(bill.projected),
        "range": None if bill.range is None else _range(bill.range),
        "unit_costs": None if bill.unit_costs is None else _unit_costs(bill.unit_costs),
        "grades": {meter: str(grade) for meter, grade in bill.grades.items()},
        "notes": notes_as_dicts(bill.notes),
        "coverage": {"priced": plain(bill.coverage)},
    }


def _unit_costs(costs: UnitCosts) -> dict[str, str | None]:
    return {field.name: _number(getattr(costs, field.name)) for field in fields(costs)}


def _line(line: BillLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "name": line.name,
        "model": line.model,
        "consumed": _number(line.consumed),
        "included": plain(line.included),
        "billed": _number(line.billed),
        "priced": _number(line.priced),
        "unit": line.unit,
        "unit_price": _number(line.unit_price),
        "per": plain(line.per),
        "rounding": line.rounding,
        "cost": None if line.cost is None else f"{line.cost:f}",
        "grade": str(line.grade),
        "depends_on": list(line.depends_on),
        "components": [
            {
                "meter": part.meter,
                "quantity": _number(part.quantity),
                "multiply_by": plain(part.multiply_by),
                "divide_by": plain(part.divide_by),
                "consumed": _number(part.consumed),
            }
            for part in line.components
        ],
        "tiers": [
            {
                "up_to": _number(tier.up_to),
                "quantity": plain(tier.quantity),
                "amount": _number(tier.amount),
                "cost": _number(tier.cost),
            }
            for tier in line.tiers
        ],
        "by_input": {name: f"{share:f}" for name, share in line.by_input.items()},
        "source": line.provenance.url,
        "since": line.provenance.since.isoformat(),
        "checked": line.provenance.checked.isoformat(),
        "confidence": line.provenance.confidence,
        "remark": line.provenance.remark,
    }


def _breach(breach: Breach) -> dict[str, Any]:
    return {
        "limit": breach.limit,
        "name": breach.name,
        "unit": breach.unit,
        "maximum": plain(breach.maximum),
        "per": breach.per,
        "worst": plain(breach.worst),
        "first": None if breach.first is None else breach.first.isoformat(),
        "times": breach.times,
        "consequence": breach.consequence,
        "source": breach.provenance.url,
        "checked": breach.provenance.checked.isoformat(),
        "confidence": breach.provenance.confidence,
        "remark": breach.provenance.remark,
    }


def _range(spread: Range) -> dict[str, Any]:
    return {
        "replicates": spread.replicates,
        "basis": spread.basis,
        "total": _spread(spread.total),
        "lines": {sku: _spread(of_line) for sku, of_line in spread.lines.items()},
        "workload_share": plain(spread.workload_share),
        "drawn": list(spread.drawn),
    }


def _spread(amounts: Spread) -> dict[str, str]:
    return {
        "p10": plain(amounts.p10),
        "p50": plain(amounts.p50),
        "p90": plain(amounts.p90),
        "mean": plain(amounts.mean),
    }


def notes_as_dicts(notes: Iterable[Note]) -> list[dict[str, Any]]:
    """Return notes as the plain things that JSON knows."""
    return [
        {"code": n.code, "message": n.message, "data": {k: datum(v) for k, v in n.data.items()}}
        for n in notes
    ]


def datum(value: Any) -> Any:
    """Return a note's datum as JSON knows it; what would lose exactness becomes text."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): datum(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [datum(v) for v in value]
    exact = value is None or isinstance(value, (str, int)) or (isinstance(value, float) and isfinite(value))
    return value if exact else str(value)


def _quantities(quantities: Mapping[str, Decimal]) -> dict[str, str]:
    return {meter: plain(quantity) for meter, quantity in quantities.items()}


def _number(quantity: Decimal | None) -> str | None:
    return None if quantity is None else plain(quantity)
