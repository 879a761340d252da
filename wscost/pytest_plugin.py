"""A pytest plugin: the fixture ``wscost_check`` holds a projected bill to a limit inside a test.

    def test_a_month_stays_within_budget(wscost_check):
        wscost_check("traffic/profile.yaml", max="120 USD", at="p90")

Loading it loads nothing else of wscost: a run without such tests does not notice it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from wscost.checking import CheckReport

Held = Callable[..., "CheckReport"]
_NO_DAY = date(1970, 1, 1)
"""Stands for today where no metric asks for it: a test does not read the clock."""


@pytest.fixture
def wscost_check(request: pytest.FixtureRequest) -> Held:
    """Hold the projected bill of an input to a limit; the test fails unless it surely holds.

    ``wscost_check(input, max="120 USD", at="p90")`` takes one limit (``max`` or ``min``) on one
    ``metric`` (``total`` if absent), and whatever a scenario in ``wscost.yaml`` takes: ``deployment``,
    ``plans``, ``month`` … Paths are from pytest's rootdir. It returns the report of the check.
    """

    def held(
        input: str | Path | Sequence[str | Path],
        *,
        max: str | int | float | Decimal | None = None,
        min: str | int | float | Decimal | None = None,
        metric: str = "total",
        at: str | None = None,
        today: date | None = None,
        **scenario: Any,
    ) -> CheckReport:
        __tracebackhide__ = True
        from wscost.errors import WscostError

        inputs = [input] if isinstance(input, (str, Path)) else input
        limits = {"max": max, "min": min}
        check = {"id": "wscost_check", "metric": metric, "at": at, **_exact(limits)}
        data = {"input": list(map(str, inputs)), **{name: _named(said) for name, said in scenario.items()}}
        if metric == "pricebook.age_days" and today is None:
            pytest.fail("wscost_check: the age of price books needs today=date(…).", pytrace=False)
        refused: WscostError | None = None
        try:
            report = _report(request.config.rootpath, data, check, today or _NO_DAY)
        except WscostError as error:
            refused = error
        if refused is not None:  # out here it is told alone, not as what came during another
            pytest.fail(f"wscost_check: {refused}", pytrace=False)
        if report.exit_code:
            told = [f"{one.scenario}, {one.plan}, {one.deployment}: {one.reason}" for one in report.results]
            pytest.fail("\n".join([f"wscost_check: {report.verdict}", *told]), pytrace=False)
        return report

    return held


def _named(said: Any) -> Any:
    """Return what a scenario takes, paths as the names that a file would give."""
    if isinstance(said, (list, tuple)):
        return [_named(one) for one in said]
    return str(said) if isinstance(said, Path) else said


def _exact(limits: dict[str, Any]) -> dict[str, Any]:
    return {
        name: Decimal(str(x)) if isinstance(x, float) else x for name, x in limits.items() if x is not None
    }


def _report(folder: Path, scenario: dict[str, Any], check: dict[str, Any], today: date) -> CheckReport:
    from wscost import checking
    from wscost.scenario import scenario_file
    from wscost.yamlfile import Document

    data = {"scenarios": {"wscost_check": scenario}, "checks": [check]}
    file = scenario_file(Document("wscost_check", data, {}), folder)
    return checking.check(file, checking.price(file), today=today)
