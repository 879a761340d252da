"""The checks as SARIF 2.1.0, for code scanning: each finding points at its check in the scenario file."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from wscost.checking.results import CheckReport, CheckResult
from wscost.checkreports import wording
from wscost.checkreports.findings import findings, fingerprint, severe, text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: CheckReport, *, width: int = 80, color: bool = False) -> str:
    """Write one run with a rule for each check and a result for each finding."""
    found = findings(report)
    rules = {result.id: result for result in report.results}
    driver = {"name": "wscost", "rules": [_rule(result) for result in rules.values()]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "results": [_finding(result, list(rules)) for result in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(result: CheckResult) -> dict[str, Any]:
    rule = {"id": result.id, "shortDescription": {"text": wording.limit(result)}}
    return rule | ({"help": {"text": wording.short(result.message)}} if result.message else {})


def _finding(result: CheckResult, rules: list[str]) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": quote(result.file)}, "region": {"startLine": result.line}}
    return {
        "ruleId": result.id,
        "ruleIndex": rules.index(result.id),
        "level": "error" if severe(result) else "warning",
        "message": {"text": text(result)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"wscostCheck/v1": fingerprint(result)},
    }
