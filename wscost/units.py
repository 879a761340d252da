"""Units and how figures are written: exact, in the unit the vendor prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

CENT = Decimal("0.01")
_WIDE = Context(prec=100)
MICROSECONDS_PER_SECOND = 1_000_000
MICROSECONDS_PER_MINUTE = 60 * MICROSECONDS_PER_SECOND
MICROSECONDS_PER_DAY = 86_400 * MICROSECONDS_PER_SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Between them lies all that is read, priced or simulated; a time outside comes from a wrong unit."""
OUTSIDE = "lies outside the years 2000 to 2199"


_MICROSECOND = timedelta(microseconds=1)


def microseconds_of(moment: datetime) -> int:
    """Return how long after the epoch a moment is. [µs]"""
    return (moment - EPOCH) // _MICROSECOND


def moment_at(microseconds: int) -> datetime:
    """Return the moment, in UTC, that is so long after the epoch."""
    return EPOCH + timedelta(microseconds=microseconds)


def cents(amount: Decimal) -> Decimal:
    """Round an amount of money to cents, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def plain(quantity: Decimal) -> str:
    """Write a quantity in full, without exponent or trailing zeros."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def grouped(quantity: Decimal, places: int | None = None) -> str:
    """Write a quantity with thousands separators, rounded half up to so many decimal places where given."""
    if places is not None and quantity != quantity.to_integral_value():
        quantity = quantity.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)
    return f"{Decimal(plain(quantity)):,f}"


def told_from(amount: Decimal, other: Decimal, places: int) -> Decimal:
    """Round to decimal places, or to as many more as it takes to stay above, below or at another amount."""
    while True:
        rounded = Decimal(f"{amount:.{places}f}")
        if (rounded > other, rounded < other) == (amount > other, amount < other):
            return rounded
        places += 1


def number_of(count: int, one: str, several: str) -> str:
    """Write how many there are: ``1 connection``, ``1,000 connections``."""
    return f"{count:,} {one if count == 1 else several}"


AT_LEAST = "≥ "
"""Before an amount or a quantity whose truth may be higher."""


def money(amount: Decimal, currency: str = "USD", places: int = 2, *, at_least: bool = False) -> str:
    """Write an amount as an invoice does, to cents or more digits, marked where the truth may be higher."""
    written = f"${amount:,.{places}f}" if currency == "USD" else f"{amount:,.{places}f} {currency}"
    return f"{AT_LEAST}{written}" if at_least else written
