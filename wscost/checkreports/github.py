"""What GitHub Actions shows of a run of checks: annotations beside the file, and outputs for later steps."""

from __future__ import annotations

from collections.abc import Mapping

from wscost.checking.results import CheckReport
from wscost.checkreports import wording
from wscost.checkreports.findings import findings, severe, text
from wscost.reports.wording import clean

MOST = 10
"""GitHub shows no more annotations of a kind than these from one step."""
_IN_TEXT = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = {**_IN_TEXT, **str.maketrans({":": "%3A", ",": "%2C"})}


def workflow_commands(report: CheckReport) -> list[str]:
    """Return the ten worst findings as workflow commands that point at their checks."""
    return [
        f"::{'error' if severe(result) else 'warning'} file={result.file.translate(_IN_PROPERTY)},"
        f"line={result.line},title={f'wscost {result.id}: {result.status}'.translate(_IN_PROPERTY)}"
        f"::{text(result).translate(_IN_TEXT)}"
        for result in findings(report)[:MOST]
    ]


def outputs(report: CheckReport, files: Mapping[str, str]) -> str:
    """Return the step's outputs, one ``name=value`` a line: the verdict, the tallies, where reports lie."""
    told = {
        "verdict": report.verdict,
        "exit-code": str(report.exit_code),
        "headline": wording.short(wording.headline(report)),
        **{str(status): str(count) for status, count in report.counts.items()},
        **{f"{format_}-file": path for format_, path in files.items()},
    }
    return "".join(f"{name}={clean(value)}\n" for name, value in told.items())
