"""The checks as a GitLab code-quality report: https://docs.gitlab.com/ci/testing/code_quality/."""

from __future__ import annotations

import json
from typing import Any

from wscost.checking.results import CheckReport, CheckResult
from wscost.checkreports.findings import findings, fingerprint, severe, text


def render(report: CheckReport, *, width: int = 80, color: bool = False) -> str:
    """Write one entry for each finding; no findings are an empty list."""
    return json.dumps([_entry(result) for result in findings(report)], indent=2)


def _entry(result: CheckResult) -> dict[str, Any]:
    return {
        "description": text(result),
        "check_name": f"wscost/{result.id}",
        "fingerprint": fingerprint(result),
        "severity": "major" if severe(result) else "minor",
        "location": {"path": result.file, "lines": {"begin": result.line}},
    }
