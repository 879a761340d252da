"""Reports of checks: held to their published schemas, read by other readers, safe from any name."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator
from markdown_it import MarkdownIt
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.bills import BILL, CAPPED, HIBERNATING
from tests.browser import INSTALL, browser, chromium
from wscost.bill import Bill, Comparison
from wscost.checking import Baseline, CheckReport, CheckResult, Counts, Status
from wscost.checkreports import as_markdown, format_named, formats, github
from wscost.diffing import diff
from wscost.errors import UnknownNameError
from wscost.saved import read_saved

SCHEMAS = Path(__file__).parent / "schemas"
NASTY = "<b>&\"'|*_`# ](x) ::error:: %0A\r\n\x1b[31m \u202e\\ --> @all"
DEAR = replace(BILL, total=BILL.total + 10, lines=(replace(BILL.lines[0], cost=Decimal(15)), *BILL.lines[1:]))


def result(number: int = 0, **changed: Any) -> CheckResult:
    made = CheckResult(
        id=f"check-{number}",
        metric="total",
        rule="max",
        limit="120 USD",
        level="error",
        status=Status.FAILED,
        counts=Counts.FAILURE,
        reason="$138.65 is $18.65 over $120.00.",
        file="wscost.yaml",
        line=4 + number,
        unit="USD",
        scenario="prod",
        plan="cloudflare/workers-standard",
        deployment="durable-object",
        value=Decimal("138.65"),
        message="ask the platform group first",
    )
    return replace(made, **changed)


ONE_OF_EACH = (
    result(0),
    result(1, status=Status.INCONCLUSIVE, counts=Counts.OPEN, value=None),
    result(2, status=Status.INCONCLUSIVE, counts=Counts.WARNING, level="warn"),
    result(3, status=Status.WARNED, counts=Counts.WARNING, level="warn"),
    result(4, status=Status.WAIVED, counts=Counts.NOTHING, until=date(2027, 3, 31)),
    result(5, status=Status.PASSED, counts=Counts.NOTHING),
    result(6, status=Status.OFF, counts=Counts.NOTHING, scenario=None, plan=None, deployment=None),
)


def report(
    *results: CheckResult, before: Bill | None = BILL, now: tuple[Bill, ...] = (DEAR, HIBERNATING, CAPPED)
) -> CheckReport:
    scenarios = {"prod": Comparison(now)}
    baseline = Baseline("main", {"prod": Comparison((before,))}) if before else None
    return CheckReport(
        config="wscost.yaml",
        today=date(2026, 11, 23),
        results=results or ONE_OF_EACH,
        scenarios=scenarios,
        baseline=baseline,
        changes=diff(baseline.scenarios, scenarios) if baseline else (),
    )


def nasty() -> CheckReport:
    bad = replace(BILL, plan=NASTY, deployment=NASTY, lines=(replace(BILL.lines[0], name=NASTY, sku=NASTY),))
    one = result(reason=NASTY, message=NASTY, plan=NASTY, deployment=NASTY, file=f"a b/{NASTY}")
    named = report(one, now=(bad,))
    return replace(named, config=NASTY, baseline=Baseline(NASTY, {}))


def render(name: str, what: CheckReport) -> str:
    return format_named(name).render(what)


WITHOUT_BASELINE = report(before=None)
PASSED = report(ONE_OF_EACH[5])
REPORTS = {
    "one of each": report(),
    "no baseline": WITHOUT_BASELINE,
    "all passed": PASSED,
    "nasty names": nasty(),
}
every_report = pytest.mark.parametrize("what", REPORTS.values(), ids=list(REPORTS))


def test_every_format_of_the_issue_is_there() -> None:
    assert {"markdown", "json", "junit", "sarif", "codequality", "openmetrics", "html", "table"} == set(
        formats()
    )


def test_an_unknown_format_offers_close_ones() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean junit"):
        format_named("juint")


@pytest.mark.parametrize("name", formats())
@every_report
def test_a_report_is_the_same_every_time_and_ends_without_a_newline(name: str, what: CheckReport) -> None:
    text = render(name, what)

    assert text == render(name, what)
    assert text == text.strip("\n")


# Published schemas.


@every_report
def test_sarif_keeps_the_schema_of_oasis(what: CheckReport) -> None:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text("utf-8"))

    Draft4Validator.check_schema(schema)
    assert list(Draft4Validator(schema).iter_errors(json.loads(render("sarif", what)))) == []


@every_report
def test_junit_keeps_the_schema_of_jenkins(what: CheckReport) -> None:
    schema = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")

    assert [error.reason for error in schema.iter_errors(render("junit", what))] == []


@every_report
def test_code_quality_keeps_what_gitlab_asks_for(what: CheckReport) -> None:
    schema = json.loads((SCHEMAS / "codequality.json").read_text("utf-8"))

    assert list(Draft202012Validator(schema).iter_errors(json.loads(render("codequality", what)))) == []


@every_report
def test_json_keeps_its_own_schema(what: CheckReport) -> None:
    schema = json.loads(files("wscost").joinpath("schemas/check-1.json").read_text("utf-8"))

    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(json.loads(render("json", what)))) == []


@pytest.mark.parametrize("schema", ["sarif-2.1.0.json", "codequality.json"])
def test_the_schemas_can_say_no(schema: str) -> None:
    read = json.loads((SCHEMAS / schema).read_text("utf-8"))
    wrong = [{"description": 1}] if "code" in schema else {"version": "2.1.0"}
    validator = Draft4Validator if "sarif" in schema else Draft202012Validator

    assert list(validator(read).iter_errors(wrong)) != []


# What they say.


def test_only_findings_are_findings() -> None:
    sarif = json.loads(render("sarif", report()))["runs"][0]
    entries = json.loads(render("codequality", report()))

    assert [(r["ruleId"], r["level"]) for r in sarif["results"]] == [
        ("check-0", "error"),
        ("check-1", "error"),
        ("check-2", "warning"),
        ("check-3", "warning"),
    ]
    assert len(sarif["tool"]["driver"]["rules"]) == len(ONE_OF_EACH)
    assert [entry["severity"] for entry in entries] == ["major", "major", "minor", "minor"]
    assert [entry["location"]["lines"]["begin"] for entry in entries] == [4, 5, 6, 7]
    assert json.loads(render("codequality", PASSED)) == []


def test_a_finding_is_known_again_when_its_figures_move() -> None:
    moved = report(result(reason="another figure", line=40, value=Decimal(1)))
    other = report(result(plan="cloudflare/workers-unbound"))
    prints = [json.loads(render("codequality", what))[0]["fingerprint"] for what in (report(), moved, other)]

    assert prints[0] == prints[1] != prints[2]


def test_junit_counts_what_keeps_the_run_from_passing() -> None:
    suite = ET.fromstring(render("junit", report())).find("testsuite")

    assert suite is not None
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "2",
        "errors": "0",
        "skipped": "2",
    }
    strict = ET.fromstring(render("junit", replace(report(), error_on_warning=True)))
    assert strict.get("failures") == "4"


def test_openmetrics_is_read_by_the_reader_of_prometheus() -> None:
    families = {f.name: f for f in text_string_to_metric_families(render("openmetrics", report()) + "\n")}
    totals = [s.value for s in families["wscost_projected_cost"].samples]
    broken = [s.value for s in families["wscost_limits_broken"].samples]
    statuses = [s.labels["status"] for s in families["wscost_check_status"].samples if s.value == 1]

    assert totals == [float(bill.total) for bill in (DEAR, HIBERNATING, CAPPED)]
    assert broken == [0, 0, 1]
    assert statuses == [str(one.status) for one in ONE_OF_EACH]


def test_openmetrics_has_no_sample_of_what_is_unknown() -> None:
    families = {f.name: f for f in text_string_to_metric_families(render("openmetrics", report()) + "\n")}
    unknown = {line.sku for line in DEAR.lines if line.cost is None}

    assert unknown
    assert unknown & {s.labels["sku"] for s in families["wscost_projected_line_cost"].samples} == set()


def test_openmetrics_carries_any_name_whole() -> None:
    families = {f.name: f for f in text_string_to_metric_families(render("openmetrics", nasty()) + "\n")}

    assert families["wscost_projected_cost"].samples[0].labels["plan"] == NASTY


def test_json_can_be_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text(render("json", report(now=(DEAR, HIBERNATING))), "utf-8")

    assert read_saved(path)["prod"].bills == (DEAR, HIBERNATING)


# The comment.


@every_report
def test_a_comment_begins_with_its_marker(what: CheckReport) -> None:
    first, second = render("markdown", what).splitlines()[:2]

    assert first == as_markdown.marker(what)
    assert first.startswith("<!-- wscost-check ")
    assert first.endswith(" -->")
    assert first.count("--") == 2
    assert second.startswith("### wscost: ")


def test_the_headline_tells_the_change() -> None:
    assert f"prod ≥ ${BILL.total} → ≥ ${DEAR.total}, +$10.00" in render("markdown", report())
    assert "prod ≥ $" in render("markdown", WITHOUT_BASELINE)
    assert "no change against main" in render("markdown", report(now=(BILL,)))


def compared(old: dict[str, Bill], new: dict[str, Bill]) -> CheckReport:
    before, now = ({name: Comparison((b,)) for name, b in bills.items()} for bills in (old, new))
    return replace(report(), scenarios=now, baseline=Baseline("main", before), changes=diff(before, now))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"us": BILL}, {"us": DEAR, "eu": BILL}, f"wscost: eu is new: ≥ ${BILL.total} ·"),
        ({"us": BILL, "eu": DEAR}, {"us": BILL}, f"wscost: eu is gone, it was ≥ ${DEAR.total} ·"),
        ({}, {"us": BILL}, f"wscost: us is new: ≥ ${BILL.total} ·"),
        ({"us": BILL}, {"us": BILL}, "wscost: no change against main ·"),
    ],
    ids=["one more", "one less", "all new", "all the same"],
)
def test_the_headline_tells_scenarios_that_come_and_go(
    old: dict[str, Bill], new: dict[str, Bill], words: str
) -> None:
    assert words in render("markdown", compared(old, new))


def test_a_plan_that_is_new_in_a_scenario_is_not_the_scenario() -> None:
    text = render("markdown", report(before=BILL, now=(BILL, HIBERNATING)))

    assert f"wscost: prod, {HIBERNATING.plan}, {HIBERNATING.deployment} is new: " in text


def test_a_scenario_that_is_gone_has_its_table() -> None:
    text = render("markdown", compared({"us": BILL, "eu": DEAR}, {"us": BILL}))

    assert f"**eu**, {DEAR.month}" in text
    assert f"| ≥ ${DEAR.total} | – | gone |" in text


def test_where_not_every_scenario_is_shown_those_that_moved_come_first() -> None:
    same = {f"s{i}": replace(BILL, deployment=f"{'🐘' * 90}{i}") for i in range(60)}
    moved = {"s59": replace(DEAR, deployment=same["s59"].deployment)}

    text = render("markdown", compared({**same, "eu": BILL}, {**same, **moved}))
    told = re.findall(r"^\*\*(\w+)\*\*,", text, re.MULTILINE)

    assert told[:2] == ["eu", "s59"]
    assert f"{61 - len(told)} more scenarios are not shown here." in text


def test_details_are_folded() -> None:
    text = render("markdown", report())

    assert text.count("<details><summary>") == text.count("</details>") == 1


def test_every_row_of_a_comment_has_the_cells_of_its_heading() -> None:
    for what in REPORTS.values():
        tables = MarkdownIt("commonmark").enable("table").parse(render("markdown", what))
        rows: list[int] = []
        for token in tables:
            if token.type == "tr_open":
                rows.append(0)
            if token.type in ("td_open", "th_open"):
                rows[-1] += 1
        assert set(rows) <= {2, 3, 4, 5, 6}
        assert "|---" not in MarkdownIt("commonmark").enable("table").render(render("markdown", what))


def test_a_comment_stays_under_sixty_kilobytes_whatever_there_is_to_tell() -> None:
    lines = tuple(replace(BILL.lines[0], sku=f"s{i}", name=f"🐘{NASTY * 20}{i}") for i in range(300))
    bills = tuple(replace(BILL, deployment=f"{NASTY}{i}", lines=lines) for i in range(60))
    results = tuple(result(i, reason="🐘" * 5_000, plan=NASTY * 20) for i in range(500))
    for before in (None, BILL):
        text = render("markdown", report(*results, before=before, now=bills))

        assert len(text.encode()) < 60_000
        assert "more checks are not shown here" in text
        assert text.count("<details>") == text.count("</details>")


def test_no_name_becomes_markup_in_a_comment() -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(render("markdown", nasty()))

    assert "<b>" not in html
    assert "<a " not in html
    assert "\x1b" not in html


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


def test_no_name_becomes_markup_in_a_page() -> None:
    page = _Elements()
    page.feed(render("html", nasty()))

    assert {"table", "h1"} <= page.seen
    assert page.seen & {"b", "a", "script"} == set()


@every_report
def test_a_page_needs_nothing_from_elsewhere(what: CheckReport) -> None:
    page = render("html", what)

    assert "<script" not in page
    assert "src=" not in page
    assert "<link" not in page


@pytest.mark.xdist_group("browser")
@every_report
def test_a_page_is_read_on_a_phone_without_scrolling_sideways(
    what: CheckReport, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = chromium()
    if program is None:
        pytest.skip(f"There is no Chromium here: {INSTALL}")
    page = tmp_path / "page.html"
    page.write_text(render("html", what), "utf-8")
    wide = '[...document.querySelectorAll(".scroll")].filter(x => x.scrollWidth > x.clientWidth).length'

    with browser(program, tmp_path_factory.mktemp("profile")) as tab:
        tab.open(page, 390)

        assert tab.complaints() == []
        assert tab.ask("document.documentElement.scrollWidth") <= 390
        assert tab.ask(wide) == 0


# GitHub.


def test_annotations_are_the_ten_worst_worst_first() -> None:
    warned = [result(i, status=Status.WARNED, counts=Counts.WARNING) for i in range(8)]
    failed = [result(i + 8) for i in range(8)]

    told = github.workflow_commands(report(*warned, *failed))

    assert len(told) == 10
    assert [line.partition(" ")[0] for line in told] == ["::error"] * 8 + ["::warning"] * 2
    assert told[0].startswith("::error file=wscost.yaml,line=12,title=wscost check-8%3A failed::prod, ")


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_no_text_breaks_out_of_an_annotation(text: str) -> None:
    [told] = github.workflow_commands(report(result(reason=text, message=text, plan=text, file=text or "x")))
    head, _, _ = told.removeprefix("::error ").partition("::")

    assert told.count("\n") == told.count("\r") == 0
    assert [part.partition("=")[0] for part in head.split(",")] == ["file", "line", "title"]


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_no_text_becomes_another_output(text: str) -> None:
    lines = github.outputs(report(), {"markdown": text}).split("\n")

    assert [line.partition("=")[0] for line in lines] == [
        "verdict",
        "exit-code",
        "headline",
        *map(str, Status),
        "markdown-file",
        "",
    ]
