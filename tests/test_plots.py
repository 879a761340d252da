"""Pictures: every kind found draws what it says, the same each time, and tells those who do not see it."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import wscost
from tests.bills import BASE, BILL, ONE, REQUESTS, SIMULATED, THREE
from tests.house import ROOT
from tests.profiles import profile_of
from tests.traces import DAY, at, connection, event, trace
from wscost import drawable
from wscost.bill import Comparison
from wscost.cli import main
from wscost.deployment import PRESETS
from wscost.errors import InputError, OutputError, UnknownNameError
from wscost.exploring.breaking_even import break_even
from wscost.exploring.history import history
from wscost.exploring.sensitivity import sensitivity
from wscost.exploring.sweeping import sweep
from wscost.plots import kind_named, kinds, style
from wscost.plots.allowance import Allowance
from wscost.plots.figures import amounts, short
from wscost.plots.room import Room
from wscost.plots.saving import embedded, encoded, suffix_of
from wscost.plots.usage_by_day import UsageByDay
from wscost.pricebook import load_books
from wscost.studying import busiest_day, concurrency, study
from wscost.usage import Period
from wscost.usagefile import UsageFile

CHAT = ROOT / "sample_traces" / "chat.csv"
RECORDING = ROOT / "sample_traces" / "hib200.ndjson"
DUEL = ["cloudflare/workers-standard", "cloudflare/workers-unbound"]
ASLEEP = PRESETS["durable-object-hibernation"]
WEEK = trace(
    [connection(day * DAY + 60, day * DAY + 60 + 3600 * (day + 1)) for day in range(7)], window=(0, 7 * DAY)
)


def charge(sku: str, used: int | None = None) -> Allowance:
    prices = load_books(()).price_list("cloudflare/workers-standard", properties=ASLEEP.properties)
    return Allowance.of(prices, sku, used=None if used is None else Decimal(used))


MAKE: dict[str, Callable[[], Any]] = {
    "allowance": lambda: charge("do-requests", 3_750_000),
    "bill": lambda: BILL,
    "break-even": lambda: break_even(CHAT, "trace.scale=1..5000log", plans=DUEL),
    "comparison": lambda: THREE,
    "concurrency": lambda: concurrency(wscost.read_trace(RECORDING)),
    "history": lambda: history(CHAT, plan=DUEL),
    "range": lambda: SIMULATED,
    "room": lambda: Room.of(wscost.read_trace(RECORDING), "room7", ASLEEP),
    "sensitivity": lambda: sensitivity(RECORDING),
    "sockets": lambda: Room.of(wscost.read_trace(RECORDING), "room7"),
    "sweep": lambda: sweep(CHAT, "trace.scale=1,10,100", plan=DUEL),
    "usage": lambda: UsageByDay.of(wscost.estimate(WEEK), "connection_seconds"),
}
every_kind = pytest.mark.parametrize("name", sorted(kinds()))


@pytest.fixture(scope="module")
def things() -> dict[str, Any]:
    return {}


@pytest.fixture
def thing(name: str, things: dict[str, Any]) -> Any:
    """Return something for a kind to draw, made once."""
    if name not in things:
        things[name] = MAKE[name]()
    return things[name]


def words(svg: str) -> list[str]:
    """Return the text that a drawing shows, without the words for those who do not see it."""
    root = ElementTree.fromstring(svg)
    return ["".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")]


# Every kind.


def test_every_kind_found_is_tested_here() -> None:
    assert sorted(kinds()) == sorted(MAKE)


@every_kind
def test_a_kind_draws_into_axes_that_it_is_given_and_returns_them(name: str, thing: Any) -> None:
    axes = Figure().add_subplot()

    assert kinds()[name].draw(thing, ax=axes) is axes
    assert axes.has_data() or axes.texts


@every_kind
@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_same_thing_gives_the_same_bytes(name: str, suffix: str, thing: Any) -> None:
    assert encoded(kinds()[name], thing, suffix) == encoded(kinds()[name], thing, suffix)


@every_kind
def test_a_drawing_says_what_it_shows(name: str, thing: Any) -> None:
    svg = encoded(kinds()[name], thing, ".svg").decode()

    root = ElementTree.fromstring(svg)
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert root.get("role") == "img"
    assert title is not None
    assert title.get("id") == root.get("aria-labelledby")
    assert title.text == kinds()[name].alt(thing)
    assert len(kinds()[name].alt(thing)) > 40


@every_kind
def test_a_drawing_names_neither_a_date_of_making_nor_its_maker(name: str, thing: Any) -> None:
    svg = encoded(kinds()[name], thing, ".svg").decode()

    assert re.findall(r"<metadata|<dc:|Matplotlib v|\b20\d\d-\d\d-\d\dT", svg) == []


@every_kind
def test_colours_in_a_page_are_the_pages_own_and_ids_are_unique(name: str, thing: Any) -> None:
    svg = embedded(kinds()[name], thing, "first")

    assert re.findall(r"#[0-9a-f]{6}", re.sub(r"<title.*?</title>", "", svg)) == []
    assert {id_.partition("-")[0] for id_ in re.findall(r'\bid="([^"]*)"', svg)} == {"first"}
    assert set(re.findall(r"url\(#([^)]*)\)", svg)) <= set(re.findall(r'\bid="([^"]*)"', svg))


@every_kind
def test_a_picture_on_a_phone_has_letters_of_nine_pixels_at_least(name: str, thing: Any) -> None:
    svg = encoded(kinds()[name], thing, ".svg").decode()

    scale = 328 / float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])  # type: ignore[index]
    sizes = {float(size) for size in re.findall(r"font(?:-size)?: ([\d.]+)px", svg)}
    assert min(sizes) * scale >= 9


# What they show.


def test_a_bill_shows_every_line_with_its_amount_and_what_is_not_known() -> None:
    shown = words(encoded(kind_named("bill"), BILL, ".svg").decode())

    assert [line.name for line in BILL.lines if line.name not in shown] == []
    assert {"≥ $137.50", "$0.45", "not known"} <= set(shown)


def test_bills_side_by_side_are_named_with_their_marks() -> None:
    shown = words(encoded(kind_named("comparison"), THREE, ".svg").decode())

    assert "Workers Standard, durable-object-hibernation (cheapest)" in shown
    assert "Workers Free, durable-object (not feasible)" in shown
    assert "Workers Free, durable-object (not feasible): " in kind_named("comparison").alt(THREE)


def test_a_long_name_of_a_deployment_gives_way_to_the_marks_of_its_bill() -> None:
    long = Comparison(tuple(replace(bill, deployment="d" * 60) for bill in THREE.bills))

    shown = words(encoded(kind_named("comparison"), long, ".svg").decode())

    assert [name for name in shown if name.startswith("Workers Free") and name.endswith("… (not feasible)")]


def test_a_plan_that_cannot_serve_has_no_line_in_a_history() -> None:
    busy = UsageFile("busy", {"connections_opened": Decimal(15_000_000)}, PRESETS["worker"])
    past = history(busy, plan=["cloudflare/workers-free", "cloudflare/workers-unbound"])

    axes = kind_named("history").draw(past)
    free, unbound = axes.get_lines()

    assert all(map(math.isnan, free.get_ydata()))
    assert [line.get_label().rpartition(",")[2] for line in (free, unbound)] == [" cannot serve", " at least"]
    assert "workers-free never a price at which it can serve" in kind_named("history").alt(past)
    assert "workers-unbound ≥ $7.10 on" in kind_named("history").alt(past)


def test_the_highest_mark_of_a_line_stands_below_the_edge() -> None:
    axes = kind_named("sweep").draw(sweep(CHAT, "trace.scale=1,10,100", plan=DUEL))

    highest = max(max(line.get_ydata()) for line in axes.get_lines())
    assert axes.get_ylim()[1] > highest * 1.05


def test_names_in_a_legend_that_are_too_long_keep_the_end_that_tells_them_apart() -> None:
    vary = ["trace.scale=1,10", "deployment.handler_ms.message=1,2"]
    shown = words(
        encoded(kind_named("sweep"), sweep(CHAT, vary, plan=DUEL, deployment=ASLEEP), ".svg").decode()
    )

    named = [name for name in shown if name.startswith("workers-")]
    assert len(set(named)) == len(named) == 4


def test_round_numbers_along_a_sweep_are_written_short() -> None:
    swept = sweep(CHAT, "monthly.http_requests=1e6..1e9x7log", plan=DUEL)

    shown = words(encoded(kind_named("sweep"), swept, ".svg").decode())

    assert {"1M", "10M", "316M", "1B"} <= set(shown)


@pytest.mark.parametrize(("used", "side"), [(150_000, "left"), (4_500_000, "right")])
def test_where_a_bill_stands_is_written_towards_the_middle(used: int, side: str) -> None:
    axes = kind_named("allowance").draw(charge("do-requests", used))

    (told,) = [text for text in axes.texts if "$" in text.get_text()]
    assert told.get_horizontalalignment() == side


def test_a_time_axis_says_that_it_is_utc_and_which_day_it_shows() -> None:
    day = trace([connection(0, DAY)], window=(0, DAY))

    for kind, thing in (("concurrency", concurrency(day)), ("sockets", Room.of(day))):
        shown = words(encoded(kind_named(kind), thing, ".svg").decode())

        assert f"UTC, {at(0):%Y-%m-%d}" in shown
        assert [word for word in shown if re.fullmatch(r"\d{4}-[A-Z][a-z]{2}-\d\d", word)] == []


def test_of_many_sockets_it_is_told_how_many_are_drawn() -> None:
    many = Room.of(trace([connection(i, i + 60) for i in range(61)]))

    assert many.title == "room: the first 60 of 61 sockets"


def test_a_bill_without_lines_and_one_that_is_free_can_be_drawn() -> None:
    free = replace(BILL, lines=(replace(BASE, cost=Decimal(0)),), total=Decimal(0))

    assert encoded(kind_named("bill"), replace(BILL, lines=()), ".svg")
    assert "$0.00" in words(encoded(kind_named("bill"), free, ".svg").decode())


def test_concurrency_counts_what_is_open_at_once_in_steps_that_a_person_can_name() -> None:
    three = trace([connection(0, 90), connection(30, 60), connection(60, 100)], window=(0, 120))

    seen = concurrency(three)

    assert (seen.step.total_seconds(), len(seen.peaks)) == (1, 120)
    assert [seen.peaks[s] for s in (0, 30, 59, 60, 89, 90, 99, 100)] == [1, 2, 2, 2, 2, 1, 1, 0]
    assert seen.at[0] == at(0)


def test_concurrency_of_a_week_has_at_most_a_few_hundred_steps() -> None:
    assert 1 < len(concurrency(WEEK).peaks) <= 240
    assert max(concurrency(WEEK).peaks) == 1


def test_concurrency_of_a_profile_is_that_of_its_busiest_day(tmp_path: Path) -> None:
    planned = profile_of(
        """
calendar: {period: {start: 2026-12-04, days: 3}, weekdays: {sat: 4}, figures_at: mean}
scenarios: {people: {executor: constant-vus, vus: 120}}
session: {median: 10m, p90: 30m, max: 2h}
messages: {in: {every: 30s, bytes: 80}}
client: plain
"""
    )

    seen = busiest_day(planned, Period(date(2026, 12, 4), date(2026, 12, 7)), seed=1)

    # 120 on average over a week of weights 1, and 4 on the Saturday: 120 x 4 / (10 / 7) = 336 on it.
    assert (f"{seen.start:%Y-%m-%d}", seen.simulated) == ("2026-12-05", True)
    assert 300 < sorted(seen.peaks)[len(seen.peaks) // 2] < 372


@pytest.mark.parametrize(
    ("launch", "day", "least", "most"),
    [
        ("{executor: constant-vus, vus: 500, startTime: 2d}", "2026-12-06", 500, 700),
        ("{executor: burst, connections: 500, startTime: 12h, repeat: never}", "2026-12-04", 550, 700),
    ],
    ids=["begins late", "happens once"],
)
def test_the_busiest_day_has_a_launch_on_its_own_day_of_the_month(
    launch: str, day: str, least: int, most: int
) -> None:
    planned = profile_of(
        "calendar: {period: {start: 2026-12-04, days: 4}}\n"
        f"scenarios: {{people: {{executor: constant-vus, vus: 100}}, launch: {launch}}}\n"
        "session: {mean: 30m}\n"
    )

    seen = busiest_day(planned, Period(date(2026, 12, 4), date(2026, 12, 8)))

    assert f"{seen.start:%Y-%m-%d}" == day
    assert least <= max(seen.peaks) <= most


def test_a_burst_that_happens_once_is_on_no_other_day() -> None:
    busy_saturday = profile_of(
        "calendar: {period: {start: 2026-12-04, days: 4}, weekdays: {sat: 3}}\n"
        "scenarios:\n  people: {executor: constant-vus, vus: 300}\n"
        "  launch: {executor: burst, connections: 500, startTime: 12h, repeat: never}\n"
        "session: {mean: 30m}\n"
    )

    seen = busiest_day(busy_saturday, Period(date(2026, 12, 4), date(2026, 12, 8)))

    assert f"{seen.start:%Y-%m-%d}" == "2026-12-05"
    assert max(seen.peaks) < 400


def test_two_sockets_in_a_room_are_one_clock() -> None:
    two = Room.of(trace([connection(0, 60), connection(40, 100), connection(0, 9, "other")]))

    shown = words(encoded(kind_named("sockets"), two, ".svg").decode())

    assert "room: 2 sockets" in shown
    assert "their union, what is billed: 100 s" in shown
    assert "all sockets added up: 120 s" in shown


def test_a_room_that_hibernates_shows_its_wakeups() -> None:
    messages = [event("message", s, connection_id="c0") for s in (5, 60)]
    once = trace([connection(0, 100)], [event("open", 0, connection_id="c0"), *messages])
    room = Room.of(once, deployment=ASLEEP)

    shown = words(encoded(kind_named("room"), room, ".svg").decode())

    assert "messages that reach it: 2" in shown
    assert "wakeups, marked by triangles: 3" in shown, "opening, the message at 60 s, the close"
    assert "in memory: 35.01 s" in shown, "15 s after opening, 10 s after the message, 10 s after the close"


def test_a_room_is_drawn_hibernating_only_from_events() -> None:
    with pytest.raises(InputError, match="takes events"):
        kind_named("room").draw(Room.of(trace([connection(0, 9)]), deployment=ASLEEP))


def test_an_unknown_room_is_refused_with_close_names() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean room7"):
        Room.of(wscost.read_trace(RECORDING), "rom7")


def test_a_trace_without_rooms_has_none_to_draw() -> None:
    with pytest.raises(InputError, match="names its object"):
        Room.of(trace([connection(0, 9, room=None)]))


def test_an_allowance_costs_nothing_and_each_started_million_after_it_the_same() -> None:
    requests = charge("do-requests")

    costs = [requests.cost(Decimal(q)) for q in (0, 1_000_000, 1_000_001, 2_000_000, 2_000_001)]
    assert [Decimal(c) for c in ("0.00", "0.00", "0.15", "0.15", "0.30")] == costs


def test_the_steps_past_an_allowance_stand_upright() -> None:
    curve = charge("do-requests").curve()

    rises = [(x, after - before) for (_, before), (x, after) in pairwise(curve) if after > before]
    assert {rise for _, rise in rises} == {Decimal("0.15")}
    assert [int(x) for x, _ in rises] == [1_000_001, 2_000_001, 3_000_001, 4_000_001]


@pytest.mark.parametrize(
    ("sku", "words"),
    [
        pytest.param("do-request", "Did you mean do-requests", id="misspelt"),
        pytest.param("workers-base", "however much is used", id="counts nothing"),
    ],
)
def test_a_charge_that_cannot_be_drawn_is_refused(sku: str, words: str) -> None:
    with pytest.raises((InputError, UnknownNameError), match=words):
        charge(sku)


def test_usage_by_day_takes_the_costliest_meter_and_refuses_what_is_not_there() -> None:
    bill = wscost.estimate(WEEK)

    assert UsageByDay.of(bill).meter in {part.meter for line in bill.lines for part in line.components}
    with pytest.raises(UnknownNameError, match="Did you mean"):
        UsageByDay.of(bill, "connection_second")
    with pytest.raises(InputError, match="Only the month's totals"):
        UsageByDay.of(BILL)


def test_a_bill_that_was_not_simulated_has_no_range_to_draw() -> None:
    with pytest.raises(InputError, match="that takes a profile"):
        kind_named("range").draw(BILL)


def test_more_lines_than_can_be_told_apart_give_way_to_the_cheapest() -> None:
    crowded = sweep(CHAT, ["trace.scale=1,10", "deployment.handler_ms.message=1,2,5,10,20"], plan=DUEL)

    shown = words(encoded(kind_named("sweep"), crowded, ".svg").decode())

    assert len([name for name in shown if name.startswith("the cheapest")]) == 5


def test_a_sweep_over_decades_is_written_in_plain_figures() -> None:
    swept = sweep(CHAT, "trace.scale=1..1000x12log", plan=DUEL)

    shown = words(encoded(kind_named("sweep"), swept, ".svg").decode())

    assert {"1", "10", "100", "1k"} <= set(shown)
    assert [word for word in shown if "{" in word] == []


def test_a_sweep_over_lengths_of_time_is_written_in_minutes() -> None:
    swept = sweep(CHAT, "trace.scale=1..10x10", plan=DUEL)
    points = tuple(replace(point, texts=(f"{i + 1}m",), values=(60.0 * (i + 1),))
                   for i, point in enumerate(swept.points))  # fmt: skip

    shown = words(encoded(kind_named("sweep"), replace(swept, points=points), ".svg").decode())

    assert {"2m", "4m", "6m", "8m", "10m"} <= set(shown)


def test_a_sweep_may_rename_the_deployment_on_its_way() -> None:
    swept = sweep(CHAT, "deployment.hibernation=true,false", plan=DUEL)

    shown = words(encoded(kind_named("sweep"), swept, ".svg").decode())

    assert {"true", "false", "workers-standard", "workers-unbound"} <= set(shown)


def test_crossings_too_near_for_a_label_each_share_one() -> None:
    found = break_even(CHAT, "trace.scale=1..1000", plans=[DUEL[0], "cloudflare/workers-bundled"])

    shown = words(encoded(kind_named("break-even"), found, ".svg").decode())

    assert "3 crossings from 22.9619 to 24.2604" in shown


def test_a_crossing_says_who_is_cheaper_from_there_on() -> None:
    found = break_even(CHAT, "trace.scale=1..5000log", plans=DUEL)

    shown = words(encoded(kind_named("break-even"), found, ".svg").decode())

    last = found.crossings[-1]
    assert f"from {last.at:f}: {found.name(last.cheaper)}" in shown


def test_the_days_of_a_month_end_with_it() -> None:
    usage = UsageByDay("messages_in", dict.fromkeys((date(2026, 12, d) for d in range(1, 32)), Decimal(5)))

    shown = words(encoded(kind_named("usage"), usage, ".svg").decode())

    assert {"1", "8", "15", "22", "29", "UTC days from 2026-12-01 to 2026-12-31"} <= set(shown)
    assert [word for word in shown if "2027" in word] == []


def test_amounts_along_an_axis_have_cents_all_or_none() -> None:
    axes = Figure().add_subplot()
    axes.plot([0, 1], [20.4, 22.2])
    amounts(axes.yaxis, "USD")
    axes.figure.canvas.draw()

    texts = [tick.get_text() for tick in axes.get_yticklabels()]
    assert {"." in text for text in texts} == {True}


def test_dollars_and_braces_in_a_name_are_no_formula() -> None:
    nasty = r"$\frac{a}$ <script> & 语"
    bill = replace(BILL, lines=(replace(REQUESTS, name=nasty),))

    assert nasty in words(encoded(kind_named("bill"), bill, ".svg").decode())


@pytest.mark.parametrize(
    ("quantity", "text"),
    [(0.0, "0"), (0.05, "0.05"), (2_411_397.0, "2.41M"), (400_000.0, "400k"), (Decimal(7), "7"), (1e9, "1B")],
)
def test_a_quantity_is_written_in_three_digits(quantity: float | Decimal, text: str) -> None:
    assert short(quantity) == text


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio has it."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_can_be_read_on_paper() -> None:
    assert min(_contrast(color, style.PAPER) for color in (style.INK, style.MUTED)) >= 4.5


# In Python.


@pytest.mark.parametrize(
    "thing",
    [
        pytest.param(lambda: BILL, id="a bill"),
        pytest.param(lambda: THREE, id="a comparison"),
        pytest.param(lambda: study(CHAT), id="a study"),
        *(
            pytest.param(MAKE[name], id=name)
            for name in ("concurrency", "sweep", "break-even", "sensitivity", "history")
        ),
    ],
)
def test_plot_takes_axes_and_returns_them(thing: Callable[[], Any]) -> None:
    axes = Figure().add_subplot()

    assert thing().plot(ax=axes) is axes


def test_plot_without_axes_makes_some_that_a_notebook_shows() -> None:
    from matplotlib import pyplot

    axes = BILL.plot()

    assert isinstance(axes, Axes)
    assert pyplot.gcf() is axes.figure
    pyplot.close(axes.figure)


def test_what_nothing_draws_says_so() -> None:
    with pytest.raises(OutputError, match="draws a int"):
        drawable.draw(1)


def test_plotting_leaves_the_callers_style_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    ONE.plot(ax=Figure().add_subplot())

    assert dict(matplotlib.rcParams) == before


# On the command line.


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"), (".PNG", b"\x89PNG")]
)
def test_wscost_plot_writes_the_kind_of_file_that_its_name_asks_for(
    suffix: str, magic: bytes, tmp_path: Path
) -> None:
    file = tmp_path / f"bill{suffix}"

    assert main(["plot", "bill", str(CHAT), "-o", str(file)]) == 0
    assert file.read_bytes().startswith(magic)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["comparison"], id="comparison"),
        pytest.param(["usage", "--meter", "messages_in"], id="usage"),
        pytest.param(["concurrency"], id="concurrency"),
        pytest.param(["sweep", "--vary", "trace.scale=1,2"], id="sweep"),
        pytest.param(
            ["break-even", "--vary", "trace.scale=1..9", "--plans", ",".join(DUEL)], id="break-even"
        ),
        pytest.param(["sensitivity", "--by", "0.5"], id="sensitivity"),
        pytest.param(["history", "--since", "2024"], id="history"),
        pytest.param(["sockets", "--object", "room4"], id="sockets"),
        pytest.param(["allowance", "--sku", "do-requests"], id="allowance"),
    ],
)
def test_every_kind_is_drawn_from_an_input(arguments: list[str], tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"
    kind, *rest = arguments

    assert main(["plot", kind, str(CHAT), "-o", str(file), *rest]) == 0
    assert ElementTree.parse(file).getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["bil"], "no kind of picture named 'bil'. Did you mean bill?", id="an unknown kind"),
        pytest.param(["sweep"], "plot sweep needs --vary.", id="a sweep of nothing"),
        pytest.param(["bill", "--vary", "x=1"], "plot bill takes no --vary", id="an option of other kinds"),
        pytest.param(
            ["bill", "-p", DUEL[0], "-p", DUEL[1]],
            "plot bill takes one --plan, not 2.",
            id="two plans for a bill",
        ),
        pytest.param(["range"], "that takes a profile, or a trace of seven days", id="a range of a trace"),
        pytest.param(["allowance", "--sku", "do-request"], "Did you mean", id="an unknown charge"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_one_line(
    arguments: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, *rest = arguments

    assert main(["plot", kind, str(CHAT), "-o", str(tmp_path / "x.svg"), *rest]) == 2
    assert complaint in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_another_kind_of_file_is_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["plot", "bill", "nowhere.csv", "-o", "x.gif"]) == 2
    assert "x.gif: a picture is a .png, .svg or .pdf file." in capsys.readouterr().err
    assert suffix_of(Path("a.SVG")) == ".svg"


def test_wscost_estimate_does_not_load_matplotlib() -> None:
    code = (
        "import sys; from wscost.cli import main; main(sys.argv[1:]); sys.exit('matplotlib' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, "estimate", str(CHAT)], capture_output=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0
