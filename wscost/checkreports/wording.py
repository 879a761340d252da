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
    most = max(report.changes, key=_weight)
    if most.old is None or most.new is None:
        told = f"is new: {amount(most.new)}" if most.new else f"is gone, it was {amount(most.old)}"
        return f"{_come_or_gone(most, report)} {told}"
    if most.change == 0:
        return f"no change against {report.baseline.source}"
    return f"{most.scenario} {amount(most.old)} → {amount(most.new)}, {change_of_bill(most)}"


def _weight(changed: BillChange) -> tuple[Decimal, bool]:
    """Return how much a bill moved; one without the other counts whole, and more than what did not move."""
    one_sided = changed.change is None
    return (changed.bill.total if changed.change is None else abs(changed.change)), one_sided


def _come_or_gone(changed: BillChange, report: CheckReport) -> str:
    """Name what is new or gone: a whole scenario, or a bill of one."""
    name, before = changed.scenario, report.baseline.scenarios if report.baseline else {}
    stays = name in report.scenarios and name in before
    return f"{name}, {changed.bill.plan}, {changed.bill.deployment}" if stays else name


def scenarios(report: CheckReport, most: int) -> list[tuple[str, str]]:
    """Return scenarios, those that are gone too, each with its month; what moved first if some are cut."""
    if not report.baseline:
        return [(name, compared.bills[0].month) for name, compared in report.scenarios.items()]
    months = {changed.scenario: changed.bill.month for changed in report.changes}
    if len(months) > most:
        by_weight = sorted(report.changes, key=_weight, reverse=True)
        months = {changed.scenario: months[changed.scenario] for changed in by_weight}
    return list(months.items())


def changes_of(report: CheckReport, scenario: str, most: int) -> list[BillChange]:
    """Return what changed in a scenario, bill by bill; what moved first if some are cut."""
    changes = [changed for changed in report.changes if changed.scenario == scenario]
    return changes if len(changes) <= most else sorted(changes, key=_weight, reverse=True)


def why(reasons: Iterable[str]) -> str:
    """List the reasons of a change."""
    return ", ".join(reasons)
