"""How reports of checks word what they found: amounts, changes, tallies, and figures with their units."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from wscost.bill import Bill, BillLine
from wscost.checking.readings import written
from wscost.checking.results import CheckReport, CheckResult, Status
from wscost.diffing import BillChange, LineChange, percentage
from wscost.reports.wording import clean, cost, total
from wscost.units import money

MARKS = {
    Status.FAILED: "❌",
    Status.INCONCLUSIVE: "❔",
    Status.WARNED: "⚠️",
    Status.WAIVED: "🕓",
    Status.PASSED: "✅",
    Status.OFF: "➖",
}
_NONE = "–"
_LONGEST = 400


def tally(report: CheckReport) -> str:
    """Say how many checks came out how, worst first: ``1 failed, 4 passed``."""
    return ", ".join(f"{count} {status}" for status, count in report.counts.items() if count)


def short(text: str) -> str:
    """Return words on one line, cut where they run on: they come from anybody's file."""
    words = clean(text)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def sentence(result: CheckResult) -> str:
    """Return why a check came out as it did, with what its author wants to be known if it did not pass."""
    told = result.status in (Status.PASSED, Status.OFF) or not result.message
    return short(result.reason if told else f"{result.reason} “{result.message}”")


def subject(result: CheckResult) -> str:
    """Name what a check looked at: scenario, plan, deployment."""
    return ", ".join(filter(None, [result.scenario, result.plan, result.deployment]))


def limit(result: CheckResult) -> str:
    """Write a check's limit: ``total max 120 USD at p90``."""
    at = f" at {result.at}" if result.at else ""
    return f"{result.metric} {result.rule} {result.limit}{at}"


def value(result: CheckResult) -> str:
    """Write what was held to the limit."""
    return "?" if result.value is None else written(result.metric, result.value, result.unit)


def amount(bill: Bill | None) -> str:
    """Write a bill's total, marked where the truth may be higher."""
    return _NONE if bill is None else total(bill)


def amount_of_line(line: BillLine | None, currency: str) -> str:
    """Write a line's cost; unknown is never zero."""
    return _NONE if line is None else cost(line, currency)


def change(amount: Decimal | None, old: Decimal | None, currency: str) -> str:
    """Write a change in money and percent: ``+$100.85 (+267%)``; nothing where there is none to tell."""
    if amount is None:
        return ""
    if not amount:
        return "none"
    sign = "+" if amount > 0 else "-"
    share = percentage(amount, old)
    percent = "" if share is None else f" ({share:+,.1f}%)" if abs(share) < 10 else f" ({share:+,.0f}%)"
    return f"{sign}{money(abs(amount), currency)}{percent}"


def change_of_bill(changed: BillChange) -> str:
    """Write what a bill costs more than before, or that it is new or gone."""
    if changed.old is None:
        return "new"
    if changed.new is None:
        return "gone"
    if changed.change is None:
        return "another currency"
    return change(changed.change, changed.old.total, changed.bill.currency)


def change_of_line(changed: LineChange, currency: str) -> str:
    """Write what a line costs more than before."""
    old = changed.old.cost if changed.old else None
    return change(changed.change, old, currency)


def moved(changed: BillChange) -> list[LineChange]:
    """Return the lines whose cost is not what it was, the largest change first."""
    lines = [line for line in changed.lines if line.why]
    return sorted(lines, key=lambda line: -abs(line.change or Decimal(0)))


def headline(report: CheckReport) -> str:
    """Say in one line what the change does to the bill: the one that moves most, before and after."""
    if not report.baseline:
        bills = [(name, bill) for name, compared in report.scenarios.items() for bill in compared.bills]
        name, dearest = max(bills, key=lambda one: one[1].total)
        return f"{name} {total(dearest)} a month"
    both = [changed for changed in report.changes if changed.change is not None]
    if not both:
        return f"nothing in {report.baseline.source} to compare with"
    most = max(both, key=lambda changed: abs(changed.change or Decimal(0)))
    if not most.change:
        return f"no change against {report.baseline.source}"
    return f"{most.scenario} {amount(most.old)} → {amount(most.new)}, {change_of_bill(most)}"


def why(reasons: Iterable[str]) -> str:
    """List the reasons of a change."""
    return ", ".join(reasons)
