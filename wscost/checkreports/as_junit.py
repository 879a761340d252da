"""The checks as JUnit XML, the form that CI services show as test results.

Kept to what the schema of the Jenkins xUnit plugin allows (``tests/schemas/junit-10.xsd``).
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from wscost.checking.results import CheckReport, CheckResult, Counts, Status
from wscost.checkreports import wording
from wscost.reports.wording import clean


def render(report: CheckReport, *, width: int = 80, color: bool = False) -> str:
    """Write a suite with one case a check and bill; what does not pass the run is a failure."""
    cases = [_case(result, report) for result in report.results]
    tally = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": 0,
    }
    counts = {name: str(count) for name, count in tally.items()}
    suites = ET.Element("testsuites", {"name": "wscost check", **counts})
    skipped = str(sum(case.find("skipped") is not None for case in cases))
    suite = ET.SubElement(
        suites,
        "testsuite",
        {
            "name": clean(report.config),
            **counts,
            "skipped": skipped,
            "timestamp": f"{report.today.isoformat()}T00:00:00",
        },
    )
    suite.extend(cases)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=False).join(
        ['<?xml version="1.0" encoding="UTF-8"?>\n', ""]
    )


def _case(result: CheckResult, report: CheckReport) -> ET.Element:
    subject = wording.subject(result)
    name = f"{result.id} [{subject}]" if subject else result.id
    case = ET.Element("testcase", {"name": clean(name), "classname": clean(result.scenario or report.config)})
    words = wording.sentence(result)
    place = f"{result.file}:{result.line}: {wording.limit(result)}\n{words}"
    fails = result.counts in (Counts.FAILURE, Counts.OPEN) or (
        report.error_on_warning and result.counts is Counts.WARNING
    )
    if fails:
        failure = ET.SubElement(case, "failure", {"message": words, "type": str(result.status)})
        failure.text = "\n".join(map(clean, place.splitlines()))
    elif result.status in (Status.OFF, Status.WAIVED):
        ET.SubElement(case, "skipped", {"message": words})
    elif result.status is not Status.PASSED:
        ET.SubElement(case, "system-out").text = "\n".join(map(clean, place.splitlines()))
    return case
