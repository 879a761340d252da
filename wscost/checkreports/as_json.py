"""The checks and the bills they looked at as JSON, to the letter of ``wscost/schemas/check-1.json``."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from wscost.checking.results import CheckReport, CheckResult
from wscost.checkreports.changes import as_dicts
from wscost.reports.as_json import comparison_as_dict

SCHEMA = "wscost.check/1"


def render(report: CheckReport, *, width: int = 80, color: bool = False) -> str:
    """Write a report as one JSON object in ASCII, indented: it can be read back as a baseline."""
    return json.dumps(_report(report), indent=2)


def _report(report: CheckReport) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "config": report.config,
        "today": report.today.isoformat(),
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "counts": {str(status): count for status, count in report.counts.items()},
        "baseline": None if report.baseline is None else {"source": report.baseline.source},
        "results": [_result(result) for result in report.results],
        "changes": as_dicts(report.changes),
        "scenarios": {name: comparison_as_dict(bills) for name, bills in report.scenarios.items()},
    }


def _result(result: CheckResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "status": str(result.status),
        "counts_as": str(result.counts),
        "level": result.level,
        "scenario": result.scenario,
        "plan": result.plan,
        "deployment": result.deployment,
        "metric": result.metric,
        "rule": result.rule,
        "limit": result.limit,
        "at": result.at,
        "value": _number(result.value),
        "low": _number(result.low),
        "high": _number(result.high),
        "baseline": _number(result.baseline),
        "unit": result.unit,
        "reason": result.reason,
        "message": result.message,
        "until": None if result.until is None else result.until.isoformat(),
        "file": result.file,
        "line": result.line,
    }


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
