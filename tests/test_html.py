"""The report as a page: read in a real browser, narrow and wide, light and dark, with hostile names in it.

Debian's Chromium opens it; where there is none, those tests tell what would install it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wscost
from tests.bills import BILL, SIMULATED, THREE
from tests.browser import INSTALL, Browser, browser, chromium
from tests.house import ROOT
from tests.profiles import profile_of
from tests.traces import DAY, connection, trace
from wscost.bill import Comparison
from wscost.cli import main
from wscost.deployment import PRESETS
from wscost.reports import formats
from wscost.reports.as_html import render
from wscost.studying import Study, study
from wscost.usagefile import UsageFile

RECORDING = ROOT / "sample_traces" / "hib200.ndjson"
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}} \u202egnp.exe \u05d0\u05d1 </title></svg><b>"
WEEK = trace(
    [connection(d * DAY + 60, d * DAY + 3600 * (d + 1), f"room {d}", messages_in=d * 50) for d in range(7)],
    window=(0, 7 * DAY),
)


WEEKEND = profile_of(
    """
calendar: {period: {start: 2026-12-04, days: 3}, weekdays: {sat: 3}}
scenarios: {people: {executor: constant-vus, vus: 30}}
session: {median: 10m, p90: 30m, max: 2h}
rooms: {count: 3}
messages: {in: {every: 30s, bytes: 80}}
client: plain
"""
)


def hostile() -> Comparison:
    """Return bills whose every name comes from somebody who means ill."""
    lines = tuple(
        replace(line, name=HOSTILE, unit=HOSTILE, by_input={HOSTILE: line.cost or BILL.total})
        for line in BILL.lines
    )
    provenance = replace(lines[0].provenance, url="javascript:alert(1)")
    lines = (replace(lines[0], provenance=provenance), *lines[1:])
    told = {"plan": HOSTILE, "plan_name": HOSTILE, "deployment": HOSTILE, "inputs": (HOSTILE,)}
    bill = replace(BILL, lines=lines, total=Decimal(1), **told)
    return Comparison((bill, SIMULATED), decides=HOSTILE)


NAMES = {
    "a bill": lambda: Comparison((BILL,)),
    "three bills": lambda: THREE,
    "simulated months": lambda: Comparison((SIMULATED,)),
    "a recording": lambda: study(RECORDING),
    "a week": lambda: study(WEEK),
    "a profile": lambda: study(WEEKEND, replicates=5),
    "hostile names": hostile,
}


class Outline(HTMLParser):
    """The tags of a page, the attributes that could fetch or run something, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.reaching: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"src", "href", "xlink:href", "action", "srcset", "data"}:
                self.reaching.append((tag, name, value))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, make in NAMES.items():
        written[name] = folder / f"{name.replace(' ', '-')}.html"
        written[name].write_text(render(make()), "utf-8")
    return written


every_page = pytest.mark.parametrize("name", NAMES)


# As text.


@every_page
def test_a_page_asks_for_nothing_and_runs_nothing(name: str, pages: dict[str, Path]) -> None:
    outline = Outline(pages[name].read_text("utf-8"))

    assert {"script", "img", "iframe", "link", "object", "embed", "base", "form"} & set(outline.tags) == set()
    assert [r for r in outline.reaching if r[0] != "a" and not str(r[2]).startswith("#")] == []
    links = [value for tag, _, value in outline.reaching if tag == "a"]
    assert [link for link in links if not str(link).startswith("https://")] == []


@every_page
def test_every_picture_says_what_it_shows_and_has_its_table(name: str, pages: dict[str, Path]) -> None:
    page = pages[name].read_text("utf-8")

    sections = re.findall(r"<section>.*?</section>", page, flags=re.DOTALL)
    drawn = [section for section in sections if "<svg " in section]
    assert drawn
    assert [
        s for s in drawn if "<table" not in s or not re.search(r'role="img"[^>]*>\s*<title id="[^"]+">\w', s)
    ] == []
    assert page.count("<svg ") == page.count("<figure>")


@every_page
def test_ids_are_unique_and_all_are_there(name: str, pages: dict[str, Path]) -> None:
    page = pages[name].read_text("utf-8")

    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'(?:url\(#|href="#|aria-labelledby=")([^)"]*)', page)) <= set(ids)


def test_the_answer_comes_first() -> None:
    text = Outline(render(THREE)).text

    assert text.index("≥ $5.45 a month") < text.index(THREE.decides) < text.index("Plans side by side")


def test_a_study_tells_what_moves_the_bill_and_what_happens_as_it_grows() -> None:
    text = Outline(render(study(RECORDING))).text

    headings = [
        "Plans side by side", "Where the money goes", "Per unit", "Usage by day", "Sockets open over time",
        "What moves the bill", "If the traffic grows", "Assumptions and notes", "Sources",
    ]  # fmt: skip
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "In force since" in text
    assert "2026-11-23" in text


def test_a_profile_has_all_that_a_recording_has_and_the_range() -> None:
    text = Outline(render(study(WEEKEND, replicates=5))).text

    headings = [
        "Plans side by side", "Where the money goes", "Per unit", "Usage by day", "Sockets open over time",
        "How far months differ", "What moves the bill", "If the traffic grows", "Assumptions and notes",
        "Sources",
    ]  # fmt: skip
    assert [heading for heading in headings if heading not in text] == []
    assert "Simulated: 2026-12-05, the busiest day of the month." in text


def test_totals_tell_what_happens_as_the_traffic_grows() -> None:
    totals = UsageFile("totals", {"connections_opened": Decimal(5_000_000)}, PRESETS["worker"])

    text = Outline(render(study(totals))).text

    assert "If the traffic grows" in text
    assert "traffic.scale" in text
    assert "Sockets open over time" not in text, "totals do not say when"


def test_a_study_tells_what_its_break_even_and_its_sensitivity_rest_on() -> None:
    known = study(RECORDING)
    page = Outline(render(known)).text

    assert known.break_even is not None
    assert known.sensitivity is not None
    told = [note.message for found in (known.break_even, known.sensitivity) for note in found.notes]
    assert told
    assert [note for note in told if note not in page.partition("Assumptions and notes")[0]] == []


def test_a_range_says_at_most_for_whole_units_make_months_cost_the_same() -> None:
    text = Outline(render(Comparison((SIMULATED,)))).text

    assert "10 in 100 cost at most" in text
    assert "cost less" not in text


def test_what_cannot_move_the_bill_is_folded_where_it_is_much() -> None:
    page = render(study(RECORDING))

    assert '<details><summary class="title">Cannot move it now</summary>' in page


def test_simulated_months_have_their_range() -> None:
    text = Outline(render(Comparison((SIMULATED,)))).text

    assert "How far months differ" in text
    assert "eight in ten cost between $5.15 and $6.20" in text


def test_days_that_differ_are_drawn_and_days_that_do_not_are_told_in_one_row() -> None:
    week, flat = (Outline(render(study(one))) for one in (WEEK, RECORDING))

    assert "The same as a table" in week.text
    assert "each is taken to be alike" not in week.text
    assert "each is taken to be alike" in flat.text


def test_hostile_names_come_out_as_text_on_one_line() -> None:
    outline = Outline(render(hostile()))

    assert set(outline.tags).isdisjoint({"script", "b"})
    assert (
        "<script>alert(1)</script>\"'&{{7*7}} \\u202egnp.exe \u05d0\u05d1 </title></svg><b>" in outline.text
    )
    assert "\u202e" not in outline.text
    assert "javascript:alert(1)" in outline.text, "as a word, not as a link"


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=60))
def test_no_name_brings_a_tag_into_a_page(name: str) -> None:
    plain = Outline(render(Comparison((replace(BILL, lines=(), deployment="plain"),))))
    odd = Outline(render(Comparison((replace(BILL, lines=(), deployment=f"{name}<i>"),))))

    assert odd.tags == plain.tags


def test_the_same_inputs_give_the_same_page(tmp_path: Path) -> None:
    pages = [tmp_path / f"{i}.html" for i in range(3)]

    assert [main(["report", str(RECORDING), "-o", str(page)]) for page in pages[:2]] == [0, 0]
    assert main(["estimate", str(RECORDING), "--format", "html", "-o", str(pages[2])]) == 0
    assert len({page.read_bytes() for page in pages}) == 1


def test_html_is_found_among_the_formats() -> None:
    assert formats()["html"].render is render


def test_a_study_is_a_comparison_to_every_other_format() -> None:
    found = study(RECORDING)
    plain = wscost.compare(RECORDING)

    assert isinstance(found, Study)
    for name in formats().keys() - {"html"}:
        assert formats()[name].render(found) == formats()[name].render(plain)


# In a browser.


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip(f"There is no Chromium here: {INSTALL}")
    with browser(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


VIEWS: list[dict[str, Any]] = [
    {"width": 360},
    {"width": 360, "scheme": "dark"},
    {"width": 1280},
    {"width": 1280, "scheme": "dark"},
    {"width": 800, "media": "print"},
]
CLIPPED = """[...document.querySelectorAll("main *:not(svg *)")].filter(x => !x.closest(".scroll") &&
    getComputedStyle(x).position != "absolute" && x.getBoundingClientRect().right > innerWidth + 1
).map(x => x.outerHTML.slice(0, 80))"""


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: " ".join(map(str, view.values())))
@every_page
def test_a_page_opens_without_a_complaint_a_request_or_a_horizontal_scroll(
    name: str, view: dict[str, Any], pages: dict[str, Path], tab: Browser
) -> None:
    tab.open(pages[name], **view)

    assert tab.complaints() == []
    assert tab.fetched() == [pages[name].as_uri()]
    assert tab.ask("document.documentElement.scrollWidth") <= view["width"]
    assert tab.ask(CLIPPED) == []


@pytest.mark.xdist_group("browser")
def test_a_page_is_dark_where_the_reader_wants_it_dark(pages: dict[str, Path], tab: Browser) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    text = 'getComputedStyle(document.querySelector("svg text")).fill'

    tab.open(pages["a bill"], 1280)
    light = tab.ask(paper), tab.ask(text)
    tab.open(pages["a bill"], 1280, scheme="dark")
    dark = tab.ask(paper), tab.ask(text)

    assert light == ("rgb(255, 255, 255)", "rgb(31, 35, 40)")
    assert dark == ("rgb(13, 17, 23)", "rgb(230, 237, 243)")


@pytest.mark.xdist_group("browser")
def test_no_table_on_a_phone_needs_a_scroll_of_its_own_unless_it_was_opened(
    pages: dict[str, Path], tab: Browser
) -> None:
    tab.open(pages["a recording"], 360)

    wide = '[...document.querySelectorAll(".scroll")].filter(x => x.scrollWidth > x.clientWidth).length'
    assert tab.ask(wide) == 0


@pytest.mark.xdist_group("browser")
def test_pictures_fit_where_they_stand(pages: dict[str, Path], tab: Browser) -> None:
    tab.open(pages["a recording"], 360)

    drawn = "[...document.querySelectorAll('svg')].map(x => Math.round(x.getBoundingClientRect().width))"
    widths = tab.ask(drawn)
    assert len(widths) >= 4
    assert min(widths) >= 300
    assert max(widths) <= 360


@pytest.mark.xdist_group("browser")
def test_a_page_can_be_printed_with_its_folded_tables(pages: dict[str, Path], tab: Browser) -> None:
    tab.open(pages["a week"], 800, media="print")

    shown = "document.querySelector('details table').getBoundingClientRect().height"
    assert tab.ask(shown) > 100
    assert tab.print().startswith(b"%PDF")


@pytest.mark.xdist_group("browser")
def test_scripts_in_names_do_not_run(pages: dict[str, Path], tab: Browser) -> None:
    tab.open(pages["hostile names"], 1280)

    assert tab.ask("document.scripts.length") == 0
    assert tab.ask("document.querySelectorAll('a[href^=javascript]').length") == 0
    assert "<script>" in tab.ask("document.querySelector('header').textContent")
