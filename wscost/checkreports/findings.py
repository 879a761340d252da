"""Findings: the checks that did not simply pass, as code-scanning formats and annotations want them."""

from __future__ import annotations

from hashlib import sha256

from wscost.checking.results import CheckReport, CheckResult, Counts, Status
from wscost.checkreports import wording

TOLD = (Status.FAILED, Status.INCONCLUSIVE, Status.WARNED)


def findings(report: CheckReport) -> list[CheckResult]:
    """Return the results that want to be looked at, worst first."""
    told = [result for result in report.results if result.status in TOLD]
    return sorted(told, key=lambda result: list(Counts).index(result.counts))


def severe(result: CheckResult) -> bool:
    """Whether a finding keeps the run from passing."""
    return result.counts in (Counts.FAILURE, Counts.OPEN)


def fingerprint(result: CheckResult) -> str:
    """Return what stays the same of a finding while its figures and its line move."""
    return sha256("\0".join([result.file, result.id, wording.subject(result)]).encode()).hexdigest()


def text(result: CheckResult) -> str:
    """Say what was found, and where."""
    subject = wording.subject(result)
    return f"{subject}: {wording.sentence(result)}" if subject else wording.sentence(result)
