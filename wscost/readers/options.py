"""What a user may tell a reader beside the input: time zone, window, what to do with bad rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from wscost.errors import InputError
from wscost.trace import Engine
from wscost.units import EARLIEST, LATEST, OUTSIDE
from wscost.usage import Window

WINDOW_FORM = "START/END, two RFC 3339 times such as 2026-11-01T00:00:00Z/2026-12-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Options:
    """How to read, whatever the format; ``own`` holds the options that one format alone knows."""

    assume_utc: bool = False
    """Take times without a zone as UTC instead of refusing them."""
    window: Window | None = None
    """The observed time; None: as the input says, else from its first to its last event."""
    skip_bad_rows: bool = False
    """Leave bad rows out, counted, instead of refusing the input."""
    streamed: bool = False
    """Whether a trace too big to hold may be a stream."""
    own: Mapping[str, str] = field(default_factory=dict)
    remark: Callable[[str], None] = field(default=lambda sentence: None)
    """Told what takes long, while it does."""
    engine: Engine | None = None
    """Who reads and meters in place of this process."""


def parse_window(text: str) -> Window:
    """Return the window written as ``START/END`` in RFC 3339; a bare date is midnight UTC.

    Raises
    ------
    InputError
        If the text has another form, a time has no zone, or the end is not after the start.
    """
    parts = text.split("/")
    if len(parts) != 2:
        raise InputError(f"The window {text!r} is not {WINDOW_FORM}.")
    start, end = (_instant(part.strip(), text) for part in parts)
    if end <= start:
        why = "ends before it starts" if end < start else "has no length: it ends when it starts"
        raise InputError(f"The window {text!r} {why}.")
    if start < EARLIEST or end > LATEST:
        raise InputError(f"The window {text!r} {OUTSIDE}.")
    return Window(start, end)


def format_window(window: Window) -> str:
    """Write a window as ``parse_window`` reads it."""
    return "/".join(
        at.astimezone(UTC).isoformat().replace("+00:00", "Z") for at in (window.start, window.end)
    )


def days_of(window: Window) -> Iterator[date]:
    """Yield the UTC days that a window touches."""
    day, last = window.start.date(), (window.end - timedelta(microseconds=1)).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _instant(part: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(part)
    except ValueError:
        raise InputError(f"The window {text!r} is not {WINDOW_FORM}.") from None
    if at.tzinfo is None:
        if len(part) > len("2026-11-01"):
            raise InputError(f"The window {text!r} has a time without zone. Write it with Z or an offset.")
        at = at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise InputError(f"The window {text!r} {OUTSIDE}.") from None
