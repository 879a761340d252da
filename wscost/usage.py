"""Usage: metered quantities by UTC day, and what they add up to in a billing month."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING

from wscost.errors import UnknownNameError
from wscost.notes import Grade, Note
from wscost.units import EARLIEST, LATEST

if TYPE_CHECKING:
    import pandas as pd

Quantities = Mapping[str, Decimal]
DIVISIBLE = frozenset({"s", "ms", "min", "GB-month"})
"""Units of which a fraction makes sense; anything else is counted in whole numbers."""
_MICRO = Decimal("0.000001")
_WIDE = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Meter:
    """One counted quantity with one unit."""

    name: str
    unit: str
    meaning: str
    peak: bool = False
    """A peak is the maximum over days; any other meter is their sum, and scales with time."""
    parameter: str | None = None
    """What a price book tells this meter: ``step_bytes`` or ``cpu_multiple``."""


METERS: dict[str, Meter] = {
    m.name: m
    for m in (
        Meter("connections_opened", "connections", "every upgrade, reconnects included"),
        Meter("http_requests", "requests", "other Worker requests of the account"),
        Meter("object_requests", "requests", "object invocations that are neither connects nor messages"),
        Meter("messages_in", "messages", "from the client; no protocol pings, no auto-responses"),
        Meter("messages_out", "messages", "to the client; no protocol pings, no auto-responses"),
        Meter("bytes_in", "bytes", "payload from the client"),
        Meter("bytes_out", "bytes", "payload to the client"),
        Meter(
            "message_units_in",
            "units",
            "each message from the client in started steps of N bytes",
            parameter="step_bytes",
        ),
        Meter(
            "message_units_out",
            "units",
            "each message to the client in started steps of N bytes",
            parameter="step_bytes",
        ),
        Meter("connection_seconds", "s", "time open, summed over connections"),
        Meter("connection_minutes", "min", "time open, each connection rounded up"),
        Meter(
            "worker_wall_seconds",
            "s",
            "wall clock of sockets that a Worker handles itself",
            parameter="cpu_multiple",
        ),
        Meter("worker_passthrough_seconds", "s", "wall clock of sockets that a Worker only hands on"),
        Meter("worker_cpu_ms", "ms", "CPU time of Workers"),
        Meter("object_active_seconds", "s", "one clock per object, however many sockets"),
        Meter("object_resident_seconds", "s", "objects in memory; told, not billed"),
        Meter("object_wakeups", "wakeups", "constructor calls"),
        Meter("peak_connections", "connections", "most sockets open at one instant", peak=True),
        Meter("storage_read_units", "units", "KV-backed objects: 4 KB read units"),
        Meter("storage_write_units", "units", "KV-backed objects: 4 KB write units"),
        Meter("storage_deletes", "deletes", "KV-backed objects: delete operations"),
        Meter("storage_kv_gb_months", "GB-month", "KV-backed objects: stored data", peak=True),
        Meter("storage_rows_read", "rows", "SQLite-backed objects: rows read"),
        Meter("storage_rows_written", "rows", "SQLite-backed objects: rows written"),
        Meter("storage_sql_gb_months", "GB-month", "SQLite-backed objects: stored data", peak=True),
    )
}


def meter_of(key: str) -> Meter:
    """Return the meter of a usage key: ``message_units_in:32768`` is of ``message_units_in``.

    Raises
    ------
    UnknownNameError
        If no meter has that name.
    """
    name = key.partition(":")[0]
    if name not in METERS:
        raise UnknownNameError("meter", name, METERS)
    return METERS[name]


@dataclass(frozen=True, slots=True)
class Window:
    """The observed time, half open: ``[start, end)`` in UTC."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> Decimal:
        """Length of the window. [s]"""
        length = self.end - self.start
        return Decimal(length.days * 86_400 + length.seconds) + Decimal(length.microseconds).scaleb(-6)


@dataclass(frozen=True, slots=True)
class Period:
    """A billing month, half open in whole UTC days: ``[start, end)``."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Length of the period. [days]"""
        return (self.end - self.start).days

    @property
    def window(self) -> Window:
        """The same as a window of time."""
        start, end = (datetime.combine(day, time(), UTC) for day in (self.start, self.end))
        return Window(start, end)

    @property
    def dates(self) -> list[date]:
        """The days of the period."""
        return [self.start + timedelta(days=i) for i in range(self.days)]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m}" if self.start.day == 1 else f"{self.start} to {self.end}"


_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


def first_of(month: str) -> date:
    """Return the first day of a month that is written ``YYYY-MM``.

    Raises
    ------
    ValueError
        If it is written otherwise, is before 2000 or after 2199.
    """
    if not _MONTH.fullmatch(month):
        raise ValueError(f"must be a month as YYYY-MM, for example 2026-11, not {month!r:.40}")
    if not f"{EARLIEST:%Y-%m}" <= month < f"{LATEST:%Y-%m}":
        raise ValueError(f"must be a month from 2000-01 to 2199-12, not {month}")
    return date.fromisoformat(f"{month}-01")


def a_month(text: str) -> str:
    """Return a month as it is written; raises as ``first_of`` does."""
    first_of(text)
    return text


def a_day(day: date) -> date:
    """Return a day as it is.

    Raises
    ------
    ValueError
        If it is before 2000 or after 2199.
    """
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError(f"must be a day from 2000-01-01 to 2199-12-31, not {day}")
    return day


@dataclass(frozen=True, slots=True)
class Usage:
    """What was metered in a window, by UTC day.

    A key that is missing is unknown, never zero. Seconds are exact to the microsecond.
    """

    window: Window
    days: Mapping[date, Quantities]
    grades: Mapping[str, Grade] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    source: str = ""
    """What was read, where the quantities come from a file and not from metering a trace."""

    @property
    def totals(self) -> dict[str, Decimal]:
        """The window's quantities: sums over days, maxima of peaks."""
        return total(self.days.values())

    def to_frame(self) -> pd.DataFrame:
        """Return one row a UTC day, one column a meter."""
        import pandas as pd

        return pd.DataFrame.from_dict(dict(self.days), orient="index").rename_axis("day").sort_index()


@dataclass(frozen=True, slots=True)
class MonthlyUsage:
    """Usage of one billing month: what rating prices.

    ``days`` is None where only the month's totals are known (a usage file); ``by_input`` tells
    what each of several inputs caused.
    """

    period: Period
    quantities: Quantities
    days: Mapping[date, Quantities] | None = None
    grades: Mapping[str, Grade] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    by_input: Mapping[str, Quantities] = field(default_factory=dict)


def total(parts: Iterable[Quantities]) -> dict[str, Decimal]:
    """Reduce quantities of several days: meters add up, peaks take the maximum."""
    return _reduce(parts, lambda key: max if meter_of(key).peak else _add)


def combine(parts: Iterable[Quantities]) -> dict[str, Decimal]:
    """Add the quantities of several inputs of one account; peaks add up too, as an upper bound."""
    return _reduce(parts, lambda key: _add)


def _add(a: Decimal, b: Decimal) -> Decimal:
    return a + b


def _reduce(
    parts: Iterable[Quantities], how: Callable[[str], Callable[[Decimal, Decimal], Decimal]]
) -> dict[str, Decimal]:
    out: dict[str, Decimal] = {}
    for part in parts:
        for key, quantity in part.items():
            out[key] = how(key)(out[key], quantity) if key in out else quantity
    return out


def rounded(key: str, quantity: Decimal) -> Decimal:
    """Round a count to a whole number, what is divisible to a millionth; half to even."""
    return quantity.quantize(_MICRO, ROUND_HALF_EVEN, _WIDE) if divisible(key) else whole(key, quantity)


def whole(key: str, quantity: Decimal) -> Decimal:
    """Round a count to a whole number, half to even; what is divisible stays as it is."""
    return quantity if divisible(key) else quantity.quantize(Decimal(1), ROUND_HALF_EVEN, _WIDE)


def divisible(key: str) -> bool:
    """Tell whether a fraction of a meter's unit makes sense."""
    return meter_of(key).unit in DIVISIBLE
