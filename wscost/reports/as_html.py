"""The bill as one page of HTML to send around: pictures and tables in it, nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from wscost.bill import Bill, BillLine, Comparison
from wscost.reports import wording
from wscost.units import money

if TYPE_CHECKING:
    from markupsafe import Markup

    from wscost.reports.telling import Told
    from wscost.studying import Concurrency, Study

NAME = "html"
STUDIED = True
"""It tells all that a ``Study`` knows beside the bills, so that it is better given one."""
_MOST_BESIDE = 4
"""Tables with more columns stand below the picture, on wide screens too."""
_MOST_ROWS = 48
"""A curve has that many rows at most in its table."""


def stacked() -> Markup:
    """Return the style by which wide tables scroll, and on a phone stand as stacks of named cells."""
    from importlib.resources import files

    from markupsafe import Markup

    return Markup(files(__package__).joinpath("stacked.css").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; ``right`` counts the columns of figures, ``folded`` ones open on a click."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = frozenset()
    folded: bool = False
    last_is_total: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a picture as SVG, and the tables and sentences that say the same."""

    title: str
    figure: str = ""
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    lists: Sequence[tuple[str, Sequence[str]]] = ()

    @property
    def beside(self) -> bool:
        """Whether the tables are narrow enough to stand beside the picture."""
        return bool(self.figure) and all(len(it.headings) <= _MOST_BESIDE for it in self.tables)


def render(comparison: Comparison, *, width: int = 80, color: bool = False) -> str:
    """Write a comparison as a page; whatever comes from a file is text there, never markup."""
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    page = files(__package__).joinpath("page.html").read_text("utf-8")
    house = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_clean
    )
    bill = wording.shown_in_full(comparison)
    return house.from_string(page).render(
        stacked=stacked(),
        amount=wording.total(bill),
        bill=bill,
        inputs=", ".join(bill.inputs),
        decides=comparison.decides,
        range=wording.spread(bill),
        sections=[section for section in _sections(comparison, bill) if section is not None],
        sources=_sources(bill),
        footer=[*wording.legend(comparison), wording.prices_read(bill)],
    )


def _clean(value: Any) -> Any:
    """Write control characters and marks of direction out; names come from anybody's file."""
    return wording.clean(value) if type(value) is str else value


def _sections(comparison: Comparison, bill: Bill) -> Iterator[Section | None]:
    from wscost.studying import Study

    study = comparison if isinstance(comparison, Study) else None
    yield _side_by_side(comparison)
    yield _lines(bill)
    yield _unit_costs(bill)
    yield _by_day(bill)
    if study is not None:
        yield from _concurrency(study)
    yield _range(comparison, bill)
    if study is not None:
        yield _sensitivity(study)
        yield _break_even(study)
    yield _scaled(bill)
    yield _notes(comparison, bill)


def _picture(kind: str, thing: Any, name: str = "") -> Any:
    """Draw a thing in the page's own colours."""
    from markupsafe import Markup

    from wscost.plots import kind_named
    from wscost.plots.saving import embedded

    return Markup(embedded(kind_named(kind), thing, name or kind))


def _side_by_side(comparison: Comparison) -> Section | None:
    broken = wording.broken(comparison)
    if len(comparison.bills) == 1:
        return Section("Limits that break", sentences=broken) if broken else None
    rows = [
        (bill.plan, bill.deployment, wording.total(bill), ", ".join(wording.marks(bill, comparison)))
        for bill in comparison.bills
    ]
    return Section(
        "Plans side by side",
        _picture("comparison", comparison),
        broken,
        [Table(["Plan", "Deployment", "Total", ""], rows, frozenset({2}))],
    )


def _lines(bill: Bill) -> Section:
    rows = [_line(line, bill.currency) for line in bill.lines]
    return Section(
        "Where the money goes",
        _picture("bill", bill) if bill.lines else "",
        tables=[
            Table(
                ["Charge", "Price", "Used", "Included", "Billed", "Cost"],
                [*rows, ("Total", "", "", "", "", wording.total(bill))],
                frozenset({2, 3, 4, 5}),
                last_is_total=True,
            )
        ],
        lists=[("Not in the total", wording.unknown(bill))],
    )


def _line(line: BillLine, currency: str) -> tuple[str, ...]:
    price = "; ".join(filter(None, [wording.unit_price(line, currency), wording.depends(line)]))
    return line.name, price, *wording.figures(line), wording.cost(line, currency)


def _unit_costs(bill: Bill) -> Section | None:
    rows = wording.per_unit(bill)
    if not rows:
        return None
    title, *headings = wording.PER_UNIT
    return Section(title, tables=[Table(["For", *headings], rows, frozenset({1, 2}))])


def _by_day(bill: Bill) -> Section | None:
    from wscost.plots.usage_by_day import UsageByDay, costliest_meter

    if not bill.days:
        return None
    counted = dict.fromkeys(part.meter for line in bill.lines for part in line.components)
    meters = [meter for meter in counted if any(held.get(meter) for held in bill.days.values())]
    if not meters:
        return None
    chosen = costliest_meter(bill) if costliest_meter(bill) in meters else meters[0]
    usage = UsageByDay.of(bill, chosen)
    rows = [
        (str(day), *(wording.figure(held.get(meter)) for meter in meters))
        for day, held in sorted(bill.days.items())
    ]
    alike = len({row[1:] for row in rows}) == 1
    if alike:
        rows = [("each", *rows[0][1:])]
    return Section(
        "Usage by day",
        "" if alike else _picture("usage", usage),
        ["Nothing tells the days of this month apart: each is taken to be alike."] if alike else [],
        [Table(["Day", *meters], rows, frozenset(range(1, len(meters) + 1)), folded=not alike)],
    )


def _concurrency(study: Study) -> Iterator[Section]:
    for number, seen in enumerate(study.concurrency):
        title = "Sockets open over time"
        yield Section(
            f"{title}: {seen.source}" if len(study.concurrency) > 1 else title,
            _picture("concurrency", seen, f"concurrency-{number}"),
            [f"Simulated: {seen.start:%Y-%m-%d}, the busiest day of the month."] if seen.simulated else [],
            tables=[_peaks(seen)],
        )


def _peaks(seen: Concurrency) -> Table:
    together = -(-len(seen.peaks) // _MOST_ROWS)
    rows = [
        (f"{at:%Y-%m-%d %H:%M:%S}", f"{max(seen.peaks[i : i + together]):,}")
        for i, at in list(enumerate(seen.at))[::together]
    ]
    step: timedelta = seen.step * together
    return Table(
        ["UTC", f"Most at once, in each {_length(step)} from then on"], rows, frozenset({1}), folded=True
    )


def _length(step: timedelta) -> str:
    seconds = int(step.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _range(comparison: Comparison, bill: Bill) -> Section | None:
    if bill.range is None:
        return None
    headings = ["10 in 100 cost at most", "Half cost at most", "90 in 100 cost at most", "Mean"]
    right = frozenset(range(1, 5))
    tables = [Table(["Charge", *headings], wording.line_spreads(bill), right, last_is_total=True)]
    if len(comparison.bills) > 1:
        rows = [
            (f"{plan}, {deployment}", *rest) for plan, deployment, *rest in wording.plan_spreads(comparison)
        ]
        tables.append(Table(["Plan", *headings], rows, right))
    total = bill.range.total
    figure = _picture("range", bill) if total.p10 != total.p90 else ""
    return Section("How far months differ", figure, [wording.spread(bill)], tables)


def _sensitivity(study: Study) -> Section | None:
    from wscost.reports.telling import tell

    if study.sensitivity is None:
        return None
    told = tell(study.sensitivity)
    figure = _picture("sensitivity", study.sensitivity) if study.sensitivity.moved else ""
    still = [(title.rstrip(":"), why) for title, why in told.sections if title.startswith("Cannot move")]
    return Section("What moves the bill", figure, told.answers, _table(told), [*still, *_rests_on(told)])


def _break_even(study: Study) -> Section | None:
    from wscost.reports.telling import tell

    if study.break_even is None:
        return None
    told = tell(study.break_even)
    figure = _picture("break-even", study.break_even)
    answers = [f"{told.title}.", *told.answers]
    return Section("If the traffic grows", figure, answers, _table(told), _rests_on(told))


def _rests_on(told: Told) -> list[tuple[str, list[str]]]:
    return [("Notes", [note.message for note in told.notes])] if told.notes else []


def _table(told: Told) -> list[Table]:
    return [Table(told.headings, told.rows, told.right)] if told.rows else []


def _scaled(bill: Bill) -> Section | None:
    tables = []
    if rows := wording.scaled(bill):
        tables.append(Table(["Meter", "Observed", "Whole month"], rows, frozenset({1, 2})))
    if shares := wording.inputs(bill):
        told = [(name, money(share, bill.currency)) for name, share in shares.items()]
        tables.append(Table(["Input", "Share of the cost"], told, frozenset({1})))
    return Section("From what was seen to a month", tables=tables) if tables else None


def _notes(comparison: Comparison, bill: Bill) -> Section | None:
    told = wording.notes(comparison, bill)
    return Section("Assumptions and notes", lists=[("", told)]) if told else None


def _sources(bill: Bill) -> list[tuple[str, str, str, str]]:
    """Return each charge's page, since when its price holds, and when a person last read it."""
    return [
        (
            line.name,
            line.provenance.url,
            line.provenance.since.isoformat(),
            line.provenance.checked.isoformat(),
        )
        for line in bill.lines
    ]
