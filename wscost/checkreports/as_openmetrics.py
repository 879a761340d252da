"""The bills and the checks as OpenMetrics text, for dashboards of projected cost.

See https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from wscost.bill import Bill
from wscost.checking.results import CheckReport, Status
from wscost.units import plain

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def render(report: CheckReport, *, width: int = 80, color: bool = False) -> str:
    """Write every known amount, coverage and check as a gauge; what is unknown has no sample."""
    return "\n".join([*_samples(report), "# EOF"])


def _samples(report: CheckReport) -> Iterator[str]:
    bills = [(name, bill) for name, compared in report.scenarios.items() for bill in compared.bills]
    yield from _head("wscost_projected_cost", "Projected cost of a month, its known lines.")
    for name, bill in bills:
        yield _sample("wscost_projected_cost", plain(bill.total), _of(name, bill))
    yield from _head("wscost_projected_line_cost", "Projected cost of a month, by line of the bill.")
    for name, bill in bills:
        for line in bill.lines:
            if line.cost is not None:
                labels = {**_of(name, bill), "sku": line.sku}
                yield _sample("wscost_projected_line_cost", plain(line.cost), labels)
    yield from _head("wscost_priced_ratio", "Share of a bill's lines that are wholly known.")
    for name, bill in bills:
        yield _sample("wscost_priced_ratio", plain(bill.coverage), _of(name, bill))
    yield from _head(
        "wscost_limits_broken", "Limits of the plan that the workload breaks: its cost is then void."
    )
    for name, bill in bills:
        yield _sample("wscost_limits_broken", str(len(bill.breaches)), _of(name, bill))
    yield from _head("wscost_check_status", "How a check came out: 1 for the status that it has.")
    for result in report.results:
        for status in Status:
            about = {"scenario": result.scenario, "plan": result.plan, "deployment": result.deployment}
            labels = {"check": result.id, **{k: v for k, v in about.items() if v}, "status": str(status)}
            yield _sample("wscost_check_status", str(int(status is result.status)), labels)


def _head(name: str, meaning: str) -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    yield f"# HELP {name} {meaning}"


def _of(scenario: str, bill: Bill) -> dict[str, str]:
    return {
        "scenario": scenario,
        "plan": bill.plan,
        "deployment": bill.deployment,
        "currency": bill.currency,
    }


def _sample(name: str, value: str, labels: dict[str, str]) -> str:
    written = ",".join(f'{key}="{text.translate(_ESCAPES)}"' for key, text in labels.items())
    return f"{name}{{{written}}} {value}"
