"""What a run of checks found, as data: every figure with its limit, its reason and its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from wscost.bill import Comparison
from wscost.diffing import BillChange


class Status(StrEnum):
    """How a check came out, worst first."""

    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    WARNED = "warned"
    WAIVED = "waived"
    PASSED = "passed"
    OFF = "off"


class Counts(StrEnum):
    """What a result means for the whole run."""

    FAILURE = "failure"
    OPEN = "open"
    WARNING = "warning"
    NOTHING = "nothing"


PASSED, FAILED, INCONCLUSIVE = 0, 1, 3
"""Exit codes of a run that took place."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check on one bill.

    ``value`` is what was held to the limit, None where it is unknown; without ``at`` it is the middle
    one of the replicated months, and ``low`` and ``high`` are the 10th and 90th percentile.
    """

    id: str
    metric: str
    rule: str
    limit: str
    level: str
    status: Status
    counts: Counts
    reason: str
    file: str
    line: int
    unit: str = ""
    scenario: str | None = None
    plan: str | None = None
    deployment: str | None = None
    at: str | None = None
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    baseline: Decimal | None = None
    until: date | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the bills were before, and where that is known from: a git ref or a file."""

    source: str
    scenarios: Mapping[str, Comparison]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything a run of checks found; the results worst first."""

    config: str
    today: date
    results: tuple[CheckResult, ...]
    scenarios: Mapping[str, Comparison]
    baseline: Baseline | None = None
    changes: tuple[BillChange, ...] = ()
    error_on_warning: bool = False

    @property
    def counts(self) -> dict[Status, int]:
        """How many results have each status."""
        counted = Counter(result.status for result in self.results)
        return {status: counted[status] for status in Status}

    @property
    def exit_code(self) -> int:
        """0 passed, 1 failed, 3 inconclusive."""
        meanings = {result.counts for result in self.results}
        if Counts.FAILURE in meanings or (self.error_on_warning and Counts.WARNING in meanings):
            return FAILED
        return INCONCLUSIVE if Counts.OPEN in meanings else PASSED

    @property
    def verdict(self) -> str:
        """The run in one word: passed, failed or inconclusive."""
        return {PASSED: "passed", FAILED: "failed", INCONCLUSIVE: "inconclusive"}[self.exit_code]
