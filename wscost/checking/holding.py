"""Holding the bills of a scenario file to its checks: the verb ``check``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from wscost.bill import Bill, Comparison
from wscost.checking.judging import BREAKS, HOLDS, Answer, judge
from wscost.checking.readings import has, read
from wscost.checking.results import Baseline, CheckReport, CheckResult, Counts, Status
from wscost.diffing import diff, pair
from wscost.errors import ConfigError, UnknownNameError
from wscost.scenario import Check, Kind, ScenarioFile, kind_of, unit_of
from wscost.scenario.limits import LINE


def check(
    file: ScenarioFile,
    scenarios: Mapping[str, Comparison],
    *,
    today: date,
    baseline: Baseline | None = None,
    error_on_warning: bool = False,
) -> CheckReport:
    """Hold the bills of a file's scenarios to its checks.

    Parameters
    ----------
    file : ScenarioFile
        The checks, and where they stand.
    scenarios : Mapping[str, Comparison]
        What ``checking.price(file)`` returns.
    today : date
        Decides waivers and the age of price books; nothing here reads a clock.
    baseline : Baseline, optional
        What growth and crossings are measured against.
    error_on_warning : bool
        Let warnings fail the run.

    Raises
    ------
    ConfigError
        If there are no checks, a check asks for a line, plan or currency that its bills do not have, or
        needs a baseline and there is none.
    """
    if not file.checks:
        raise ConfigError(f"{file.document.name}:1: there are no checks. Write them under `checks:`.")
    run = _Run(file, scenarios, today, baseline)
    results = [result for one in file.checks for result in _results(one, run)]
    worst_first = list(Status)
    return CheckReport(
        config=file.name,
        today=today,
        results=tuple(sorted(results, key=lambda r: worst_first.index(r.status))),
        scenarios=scenarios,
        baseline=baseline,
        changes=diff(baseline.scenarios, scenarios) if baseline else (),
        error_on_warning=error_on_warning,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What every check of a run is held against."""

    file: ScenarioFile
    scenarios: Mapping[str, Comparison]
    today: date
    baseline: Baseline | None

    def before(self, scenario: str) -> Comparison | None:
        return self.baseline.scenarios.get(scenario) if self.baseline else None


def _results(check: Check, run: _Run) -> Iterator[CheckResult]:
    if check.level == "off":
        yield _result(check, run, Status.OFF, Counts.NOTHING, reason="This check is switched off.")
        return
    if check.needs_baseline and run.baseline is None:
        raise run.file.refusal(
            check,
            check.rule,
            "needs a baseline to compare with. Give one with --base-ref main or --baseline FILE.",
        )
    for scenario, before, bill in _bills(check, run):
        _check_currency(check, run, bill, before)
        yield _of_bill(check, run, scenario, (before, bill))


def _bills(check: Check, run: _Run) -> list[tuple[str, Bill | None, Bill]]:
    """Return the bills that a check is about, each with its scenario and its baseline."""
    chosen = [check.scenario] if check.scenario else list(run.scenarios)
    found = [
        (name, before, bill)
        for name in chosen
        for before, bill in pair(run.before(name), run.scenarios[name])
        if bill is not None and (check.plan is None or fnmatchcase(bill.plan, check.plan))
    ]
    if not found:
        plans = {bill.plan for name in chosen for bill in run.scenarios[name].bills}
        unknown = UnknownNameError("plan in these scenarios", str(check.plan), plans)
        raise run.file.refusal(check, "plan", str(unknown))
    with_it = [one for one in found if has(check.metric, one[2])]
    if not with_it:
        skus = {line.sku for _, _, bill in found for line in bill.lines}
        unknown = UnknownNameError("line on these bills", check.metric.removeprefix(LINE), skus)
        raise run.file.refusal(check, "metric", str(unknown))
    return with_it


def _check_currency(check: Check, run: _Run, bill: Bill, before: Bill | None) -> None:
    limit = check.limit
    if limit.money and limit.unit != bill.currency:
        raise run.file.refusal(
            check,
            check.rule,
            f"{limit} is in {limit.unit}, but {bill.plan} is priced in {bill.currency}. "
            f"Write the limit in {bill.currency}: nothing here converts money.",
        )
    if check.needs_baseline and before is not None and before.currency != bill.currency:
        raise run.file.refusal(
            check, check.rule, f"the baseline is in {before.currency}, but {bill.plan} in {bill.currency}."
        )


def _of_bill(check: Check, run: _Run, scenario: str, bills: tuple[Bill | None, Bill]) -> CheckResult:
    before, bill = bills
    now = read(check.metric, bill, check.at, run.today)
    was = read(check.metric, before, check.at, run.today) if before and check.needs_baseline else None
    judged = judge(check, now, was, bill.currency, run.baseline.source if run.baseline else "")
    status, counts = _meaning(check, run, judged.answer)
    waiver = ""
    if check.until and judged.answer is not HOLDS:
        waiver = f" {'Waived until' if status is Status.WAIVED else 'The waiver ended on'} {check.until}."
    varies = len(now.figures) > 1
    return _result(
        check,
        run,
        status,
        counts,
        reason=judged.reason + waiver,
        scenario=scenario,
        plan=bill.plan,
        deployment=bill.deployment,
        unit=bill.currency if kind_of(check.metric) is Kind.MONEY else unit_of(check.metric),
        value=now.value,
        low=now.figures["p10"] if varies else None,
        high=now.figures["p90"] if varies else None,
        baseline=was.value if was else None,
    )


def _meaning(check: Check, run: _Run, answer: Answer) -> tuple[Status, Counts]:
    """Return what an answer means for the run: level, waiver and what open questions count as."""
    if answer is HOLDS:
        return Status.PASSED, Counts.NOTHING
    if check.until is not None and run.today <= check.until:
        return Status.WAIVED, Counts.NOTHING
    if answer is BREAKS:
        error = check.level == "error"
        return (Status.FAILED, Counts.FAILURE) if error else (Status.WARNED, Counts.WARNING)
    on_open = "warn" if check.level == "warn" else check.on_inconclusive or run.file.form.on_inconclusive
    counts = {"warn": Counts.WARNING, "fail": Counts.FAILURE, None: Counts.OPEN}[on_open]
    return Status.INCONCLUSIVE, counts


def _result(check: Check, run: _Run, status: Status, counts: Counts, **figures: Any) -> CheckResult:
    return CheckResult(
        id=check.id,
        metric=check.metric,
        rule=check.rule,
        limit=str(check.limit),
        level=check.level,
        status=status,
        counts=counts,
        file=run.file.name,
        line=run.file.line(check),
        at=check.at,
        until=check.until,
        message=check.message,
        **({"scenario": check.scenario} | figures),
    )
