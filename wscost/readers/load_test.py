"""Load testers: what a test did becomes a trace or usage, what one plans to do becomes a profile.

- k6 points (``k6 run --out json=FILE``), one object a line: a trace;
- k6 summaries (``--summary-export``, or the data that ``handleSummary`` is given): totals;
- Artillery reports (``artillery run --output FILE``): usage by day;
- k6 options as JSON (``scenarios``; ``stages``; ``vus`` and ``duration``) and Artillery scripts
  (``config.phases``, YAML or JSON): a profile. A plan tells neither how long sessions last nor what they
  send: ``session`` or ``profile`` does.

Sources (read 2026-11-23): https://grafana.com/docs/k6/latest/results-output/real-time/json/,
https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/,
https://grafana.com/docs/k6/latest/using-k6/scenarios/,
https://www.artillery.io/docs/reference/test-script.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from wscost.errors import InputError
from wscost.readers import artillery, k6, load_plan
from wscost.readers.fields import ROOM_FROM
from wscost.readers.options import Options
from wscost.readers.source import BOM, Source

if TYPE_CHECKING:
    from wscost.readers import Reading

NAME = "load-test"
OPTIONS = {"room_from": ROOM_FROM, **load_plan.OPTIONS}

_POINT = re.compile(rb'^\{.*"type"\s*:\s*"(Metric|Point)".*"metric"\s*:|^\{\s*"metric"\s*:.*"(Metric|Point)"')
_REPORT = re.compile(rb'^\{\s*"aggregate"\s*:\s*\{')
_SUMMARY = re.compile(rb'"(root_group|ws_sessions|iteration_duration)"\s*:\s*\{')
_K6_PLAN = re.compile(rb'"executor"\s*:\s*"|"stages"\s*:\s*\[\s*\{\s*"(duration|target)"|"vus"\s*:\s*\d')
_K6_CSV = b"metric_name,timestamp,metric_value"
_PHASES = re.compile(rb'"phases"\s*:\s*\[|^\s+phases:', re.MULTILINE)
_CONFIG = re.compile(rb'"config"\s*:\s*\{|^config:', re.MULTILINE)

READ = {
    "k6 points": k6.read_points,
    "k6 summary": k6.read_summary,
    "Artillery report": artillery.read_report,
    "k6 options": load_plan.read_k6,
    "Artillery script": load_plan.read_artillery,
}


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the content begins as anything that k6 or Artillery write or read."""
    return _kind(head) is not None


def read(source: Source, options: Options) -> Reading:
    """Return what the input holds: a trace, usage, totals or a profile.

    Raises
    ------
    InputError
        If the parts are of several kinds, or one is not as its specification says.
    ConfigError
        If a plan cannot be a profile.
    """
    kinds = {part.name: _kind(part.head) for part in source.parts}
    for name, kind in kinds.items():
        if kind == "k6 CSV":
            raise InputError(
                f"{name}: this is CSV of k6, whose times are whole seconds: which end belongs to which start "
                "is lost. Run k6 with --out json=points.json."
            )
        if kind is None:
            raise InputError(f"{name}: this is none of {', '.join(READ)}.")
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{name} is {kind}" for name, kind in list(kinds.items())[:3])
        raise InputError(f"{source.name}: {told}. Give one kind at a time.")
    return READ[str(next(iter(kinds.values())))](source, options)


def _kind(head: bytes) -> str | None:
    head = head.removeprefix(BOM).lstrip()
    is_script = bool(_CONFIG.search(head) and _PHASES.search(head))
    if not head.startswith(b"{"):
        return "k6 CSV" if head.startswith(_K6_CSV) else "Artillery script" if is_script else None
    if _POINT.match(head.split(b"\n", 1)[0]):
        return "k6 points"
    if _REPORT.match(head):
        return "Artillery report"
    if b'"metrics"' in head and _SUMMARY.search(head):
        return "k6 summary"
    if is_script:
        return "Artillery script"
    return "k6 options" if _K6_PLAN.search(head) else None
