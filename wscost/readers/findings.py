"""What reading an input came to: rows, cuts, how well each quantity is known, and what would fill the gaps.

It is what ``wscost convert --report`` prints, and in one sentence a note on the bill.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from textwrap import wrap
from typing import Protocol, cast

from wscost.notes import Grade, Note
from wscost.readers.options import format_window
from wscost.trace import CONNECTION_COLUMNS, COUNTS, Trace, TraceStream
from wscost.units import number_of
from wscost.usage import METERS, Usage, Window

TITLES: Mapping[Grade, str] = {
    Grade.MEASURED: "measured",
    Grade.LOWER_BOUND: "bounded (at least)",
    Grade.ASSUMED: "assumed",
    Grade.UNKNOWN: "missing",
}
NAMED = tuple(column for column in CONNECTION_COLUMNS if column != "connection_id")

DECLARE = "a figure a month in the deployment (monthly: {messages_in: …}) stands in"
CURES: Mapping[str, str] = {
    "object_id": "--room-from PATTERN finds rooms in paths; --map object_id=COLUMN names their column",
    "opened_at": "--window START/END says which part of the log was observed",
    "closed_at": "a log that tells of ends; --window START/END bounds what was still open",
    "events": "a source with one row an event: without it, hibernation is taken from totals",
    **dict.fromkeys(COUNTS, DECLARE),
    "object_active_seconds": "a trace with rooms, or Cloudflare's GraphQL answer",
    "object_requests": "Cloudflare's GraphQL answer with durableObjectsInvocationsAdaptiveGroups",
    "http_requests": "Cloudflare's GraphQL answer with workersInvocationsAdaptive (--script)",
    "worker_cpu_ms": "Cloudflare's GraphQL answer with workersInvocationsAdaptive (--script)",
    "connections_opened": "a series that counts arrivals: --series opened=NAME",
    "connection_seconds": "a trace, or a gauge of open connections",
    "peak_connections": "a trace, or a gauge of open connections",
}
"""What would fill the gap, by what is missing or bounded."""
WHOLE = "a job whose sample_rate is 1"
ASIDE: Mapping[str, tuple[str, str]] = {
    "other-requests": ("http_requests", "other requests"),
    "other-connections": ("connections", "other connections"),
    "handshakes-failed": ("sessions", "failed handshakes"),
    "upgrades-refused": ("connects", "refused connects"),
    "lines-skipped": ("lines", "lines of another kind"),
}
"""Notes on rows that are neither bad nor of a connection: which of their data counts them, and its words."""
EVENTS_MISSING = {"tail-drops-events", "empty-messages-missing"}
"""Notes that some events are not in the input."""
TOLD = ("censored", "outside-window", "rows-refused")
"""Notes whose figures the account tells already."""
WIDTH = 80
OF_USAGE = (
    "connections_opened",
    "connection_seconds",
    "peak_connections",
    "messages_in",
    "messages_out",
    "object_active_seconds",
    "object_requests",
    "http_requests",
    "worker_cpu_ms",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """How well one quantity is known, for how many rows, and what would tell more."""

    name: str
    grade: Grade
    known: int
    of: int
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.known:,} of {self.of:,})" if 0 < self.known < self.of else self.name


@dataclass(frozen=True, slots=True)
class Findings:
    """The account of one input."""

    source: str
    window: Window
    rows: int
    refused: int
    complaints: tuple[str, ...]
    opened_before: int
    still_open: int
    outside: int
    aside: Mapping[str, int]
    """Rows that are no connections, by what they are instead."""
    quantities: tuple[Finding, ...]
    notes: tuple[Note, ...]

    @property
    def used(self) -> int:
        """Rows that were neither refused nor outside the window, nor of something else."""
        return self.rows - self.refused - self.outside - sum(self.aside.values())

    def of_grade(self, grade: Grade) -> tuple[Finding, ...]:
        """Return the quantities that are known so well."""
        return tuple(finding for finding in self.quantities if finding.grade is grade)

    def note(self) -> Note:
        """Return the account in one sentence, for a bill."""
        parts = [
            f"{TITLES[grade]}: {_listed(self.of_grade(grade))}" for grade in Grade if self.of_grade(grade)
        ]
        rows = f"{self.used:,} of {number_of(self.rows, 'row', 'rows')} used; " if self.rows else ""
        return Note(
            "findings",
            f"{self.source}: {rows}{'; '.join(parts)}.",
            {
                "rows": self.rows,
                "used": self.used,
                "refused": self.refused,
                "opened_before": self.opened_before,
                "still_open": self.still_open,
                **{str(grade): [finding.name for finding in self.of_grade(grade)] for grade in Grade},
            },
        )

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.source
        if self.rows:
            parts = [f"{self.rows:,} read", f"{self.used:,} used", f"{self.refused:,} refused"]
            parts += [f"{self.outside:,} outside the window"] if self.outside else []
            parts += [f"{number:,} {words}" for words, number in self.aside.items()]
            yield from _paragraph("  rows      ", ", ".join(parts))
        for complaint in self.complaints:
            yield f"            {complaint}"
        if (more := self.refused - len(self.complaints)) > 0 and self.complaints:
            yield f"            … and {more:,} more"
        yield f"  window    {format_window(self.window)}"
        if self.opened_before or self.still_open:
            yield (
                f"  censored  open before it: {number_of(self.opened_before, 'connection', 'connections')}, "
                f"when it ended: {self.still_open:,}"
            )
        for grade in Grade:
            if found := self.of_grade(grade):
                yield from _paragraph("  ", f"{TITLES[grade]}: {_listed(found)}")
        gaps = [
            finding for finding in self.quantities if finding.grade is not Grade.MEASURED and finding.cure
        ]
        if gaps:
            yield "  what would tell more:"
            for cure, same in groupby(gaps, key=lambda finding: finding.cure):
                yield from _paragraph("    ", f"{_listed(tuple(same))}: {cure}")
        if notes := [note for note in self.notes if note.code not in TOLD]:
            yield "  notes:"
            for note in notes:
                yield from _paragraph("    • ", note.message)


def findings_of(read: Trace | TraceStream | Usage) -> Findings:
    """Return the account of an input that was read, of a stream by a pass.

    Raises
    ------
    ValueError
        If a stream keeps no rows; one that was read with ``rows_wanted`` does.
    """
    if isinstance(read, TraceStream):
        if read.findings is None:
            raise ValueError(f"{read.source}: this stream keeps no rows")
        return cast(Findings, read.findings())
    return _of_trace(read) if isinstance(read, Trace) else _of_usage(read)


def _of_trace(trace: Trace) -> Findings:
    rows = trace.connections
    known = {column: int(rows[column].notna().sum()) for column in NAMED}
    events = None if trace.events is None else len(trace.events)
    return findings_from(trace, known, len(rows), events)


class Read(Protocol):
    """What is asked of a trace that was read, whether or not it was held."""

    @property
    def source(self) -> str:
        """What it is called."""

    @property
    def window(self) -> Window:
        """The observed time."""

    @property
    def grades(self) -> Mapping[str, Grade]:
        """How well columns are known."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the reader had to say."""

    @property
    def rows(self) -> int:
        """Rows met."""

    @property
    def refused(self) -> int:
        """Rows refused."""


def findings_from(read: Read, known: Mapping[str, int], connections: int, events: int | None) -> Findings:
    """Return the account of connections: how many there are, and how many tell each column."""
    told = {note.code: note.data for note in read.notes}
    cut, outside = told.get("censored", {}), told.get("outside-window", {})
    quantities = [_of_column(read.grades, column, known[column], connections) for column in NAMED]
    left_out = sum(int(number) for number in outside.values())
    if "connections" in told.get("sampled", {}):
        left_out = round(left_out * read.rows / told["sampled"]["connections"])
        sampled = (Grade.ASSUMED, "opened_at", "closed_at")
        quantities = [
            replace(one, cure=WHOLE) if one.grade in sampled and one.name in sampled else one
            for one in quantities
        ]
    aside = {words: int(told[code][key]) for code, (key, words) in ASIDE.items() if code in told}
    grade = Grade.UNKNOWN if events is None else Grade.MEASURED
    if events and told.keys() & EVENTS_MISSING:
        grade = Grade.LOWER_BOUND
    quantities.append(Finding("events", grade, events or 0, events or 0, CURES["events"]))
    return Findings(
        read.source,
        read.window,
        read.rows + sum(aside.values()),
        read.refused,
        tuple(told.get("rows-refused", {}).get("first", ())),
        int(cut.get("opened_before", 0)),
        int(cut.get("still_open", 0)),
        left_out,
        aside,
        tuple(quantities),
        read.notes,
    )


def _of_column(grades: Mapping[str, Grade], column: str, known: int, rows: int) -> Finding:
    grade = grades.get(column, Grade.MEASURED)
    told_by_events = column in COUNTS and not known and grade is not Grade.UNKNOWN
    if column == "closed_at" or told_by_events:
        known = rows
    elif not known and rows:
        grade = Grade.UNKNOWN
    elif known < rows:
        grade = Grade.worst(grade, Grade.LOWER_BOUND)
    return Finding(column, grade, known, rows, CURES.get(column, ""))


def _of_usage(usage: Usage) -> Findings:
    totals = usage.totals
    names = dict.fromkeys([*(name for name in METERS if name in totals), *OF_USAGE])
    quantities = []
    for name in names:
        grade = usage.grades.get(name, Grade.MEASURED) if name in totals else Grade.UNKNOWN
        quantities.append(Finding(name, grade, int(name in totals), 1, CURES.get(name, "")))
    told = {note.code: note.data for note in usage.notes}
    refused = told.get("rows-refused", {})
    outside = told.get("outside-window", {})
    return Findings(
        usage.source,
        usage.window,
        int(refused.get("rows", 0)),
        int(refused.get("refused", 0)),
        tuple(refused.get("first", ())),
        0,
        0,
        int(outside.get("rows", 0)) if refused else 0,
        {},
        tuple(quantities),
        usage.notes,
    )


def _paragraph(first: str, text: str) -> list[str]:
    """Return text in lines of the terminal's width, the later ones under the first."""
    later = " " * len(first) if first.strip() else first + "  "
    return wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _listed(findings: tuple[Finding, ...]) -> str:
    return ", ".join(map(str, findings))
