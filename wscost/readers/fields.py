"""Fields of foreign records, one at a time: moments, counts, rooms; a misfit is told in its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from wscost.errors import InputError
from wscost.readers.columns import CURE_OF_NAIVE, PER_SECOND
from wscost.readers.options import Options
from wscost.readers.refusals import shown
from wscost.trace import LARGEST
from wscost.units import EARLIEST, LATEST, MICROSECONDS_PER_SECOND, OUTSIDE, microseconds_of

ROOM_FROM = (
    "What names a connection's room: path (the URL's path, without its query), none, or a regular "
    "expression whose first group, found in path?query, is the room."
)
_FIRST, _LAST = EARLIEST.timestamp(), LATEST.timestamp()
_ORIGIN = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*")

RoomRule = Callable[[str | None], str | None]


class Misfit(ValueError):  # noqa: N818 - a row's complaint on its way to the refusals, never raised to a user
    """A field that does not hold what it should; the message is the sentence for the user."""


def moment(name: str, value: Any, *units: str, assume_utc: bool = False) -> int:
    """Return a time as microseconds since the epoch. [µs]

    Parameters
    ----------
    name
        What the record calls it.
    value
        Text in RFC 3339, or a number in one of the units.
    units
        The units that the format's writers use, such as ``s`` and ``ns``: for no number can two of
        them both mean a time between the years 2000 and 2199.
    assume_utc
        Take text without a zone as UTC.

    Raises
    ------
    Misfit
        If the value is no time, or one outside those years.
    """
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else _number(value)
    if number is not None and units:
        for unit in units:
            if _FIRST <= number / PER_SECOND[unit] < _LAST:
                return in_microseconds(number, unit)
        raise Misfit(f"{name} {shown(value)} {OUTSIDE}, in {' or '.join(units)}.")
    if not isinstance(value, str) or number is not None:
        raise Misfit(f"{name} {_told(value)} is not a time.")
    try:
        at = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        raise Misfit(f"{name} {shown(value)} is not a time.") from None
    return since_epoch(name, value, at, assume_utc)


def since_epoch(name: str, value: str, at: datetime, assume_utc: bool) -> int:
    """Return a parsed time as microseconds since the epoch. [µs]

    Raises
    ------
    Misfit
        If it has no zone, or lies outside the years 2000 to 2199.
    """
    if at.tzinfo is None:
        if not assume_utc:
            raise Misfit(f"{name} {shown(value)} has no time zone. {CURE_OF_NAIVE}")
        at = at.replace(tzinfo=UTC)
    if not EARLIEST <= at < LATEST:
        raise Misfit(f"{name} {shown(value)} {OUTSIDE}.")
    return microseconds_of(at)


def in_microseconds(number: float, unit: str) -> int:
    """Return a number of some unit of time, whole numbers exactly. [µs]"""
    per_second = PER_SECOND[unit]
    if per_second > MICROSECONDS_PER_SECOND:
        return int(number // (per_second // MICROSECONDS_PER_SECOND))
    return round(number * (MICROSECONDS_PER_SECOND // per_second))


def duration(name: str, value: Any, unit: str) -> int | None:
    """Return a length of time; None where the record does not tell it. [µs]

    Raises
    ------
    Misfit
        If it is no number from 0 up, or longer than two centuries.
    """
    if value in (None, "", "-"):
        return None
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else _number(value)
    if number is None or not 0 <= number / PER_SECOND[unit] < _LAST:
        raise Misfit(f"{name} {_told(value)} is not a duration in {unit}.")
    return in_microseconds(number, unit)


def count(name: str, value: Any) -> int | None:
    """Return a whole number from 0 up; None where the record does not tell it.

    Raises
    ------
    Misfit
        If it is anything else.
    """
    if value in (None, "", "-"):
        return None
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= LARGEST:
        raise Misfit(f"{name} {_told(value)} is not a whole number from 0 up.")
    return number


def path_of(url: str | None) -> str | None:
    """Return the path of a URL or request target, without query and fragment: these may hold secrets."""
    return None if url is None else _ORIGIN.sub("", url).split("?", 1)[0].split("#", 1)[0] or "/"


def room_rule(options: Options, default: str = "path") -> RoomRule:
    """Return what finds a room in a URL or request target, as the option ``room_from`` says.

    Raises
    ------
    InputError
        If the option is no regular expression.
    """
    rule = options.own.get("room_from", default)
    if rule == "path":
        return path_of
    if rule == "none":
        return lambda url: None
    try:
        pattern = re.compile(rule)
    except re.error as error:
        raise InputError(f"--room-from {rule!r} is no regular expression: {error}.") from None

    def found(url: str | None) -> str | None:
        match = pattern.search(_ORIGIN.sub("", url).split("#", 1)[0]) if url is not None else None
        return match[1 if pattern.groups else 0] or None if match else None

    return found


def _number(value: Any) -> float | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        return int(value) if value.isascii() and value.isdigit() else float(value)
    except ValueError:
        return None


def _told(value: Any) -> str:
    return shown(value) if isinstance(value, (str, int, float)) else f"(a {type(value).__name__})"
