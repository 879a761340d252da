"""What ``--vary`` asks for: ``session.median=5m,10m`` lists values, ``rooms.count=50..500x4`` spaces them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, TypeAlias

from wscost import yamlfile
from wscost.errors import ConfigError
from wscost.exploring.case import Case
from wscost.exploring.paths import is_count, number, value_at, with_value
from wscost.units import grouped, plain

Vary: TypeAlias = str | Iterable[str] | Mapping[str, Any]
"""``PATH=VALUES``, several of them, or values by path."""

_RANGE = re.compile(r"(?P<low>.+?)\.\.(?P<high>.+?)(?:x(?P<count>\d+))?(?P<log>log)?")
_MOST_VALUES = 100_000
_LINEAR, _LOGARITHMIC = Context(prec=12), Context(prec=3)
"""Values between the ends: linear ones to twelve digits, logarithmic ones to three."""
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a field, and how a person writes it."""

    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """A range of numbers, both ends included; ``timed`` where a person writes it as durations."""

    low: Decimal
    high: Decimal
    count: int | None
    logarithmic: bool
    whole: bool
    timed: bool
    inexact: bool
    """Whether the field holds floats, so that values must become floats again."""

    def setting(self, value: Decimal) -> Setting:
        """Return a number of the range as a value of its field."""
        return Setting(float(value) if self.inexact else value, self.text(value))

    def text(self, value: Decimal) -> str:
        """Write a number of the range as a person does."""
        return duration(value) if self.timed else grouped(value)


def asked(vary: Vary) -> dict[str, Any]:
    """Return what to vary: paths and what is said of their values.

    Raises
    ------
    ConfigError
        If nothing is to be varied, a path is named twice, or one has no values.
    """
    if isinstance(vary, Mapping):
        found = dict(vary)
    else:
        found = {}
        for one in [vary] if isinstance(vary, str) else vary:
            path, equals, values = one.partition("=")
            if not equals or not path.strip() or not values.strip():
                raise ConfigError(
                    f"--vary {one}: write PATH=VALUES, such as rooms.count=50,100 or rooms.count=50..500x4."
                )
            if path.strip() in found:
                raise ConfigError(f"--vary {path.strip()} is named twice. List its values with commas.")
            found[path.strip()] = values.strip()
    if not found:
        raise ConfigError("There is nothing to vary. Say --vary PATH=VALUES.")
    return found


def settings(case: Case, path: str, said: Any) -> list[Setting]:
    """Return the values that a field is to take.

    Raises
    ------
    ConfigError
        If the range is empty, does not say how many values, or its ends are no numbers of that field.
    """
    if not isinstance(said, str):
        entries = said if isinstance(said, Iterable) else [said]
        values = [entry.item() if hasattr(entry, "item") else entry for entry in entries]
        if not values:
            raise ConfigError(f"{path}: there are no values to try.")
        return [Setting(value, str(value)) for value in values]
    if ".." not in said:
        texts = [text.strip() for text in said.split(",")]
        if not all(texts):
            raise ConfigError(f"--vary {path}={said}: a value is missing between the commas.")
        return [Setting(value, _text(value, text)) for text in texts for value in [_read(path, text)]]
    span = span_of(case, path, said)
    if span.count is None:
        raise ConfigError(f"--vary {path}={said}: say how many values, for example {said}x5.")
    return _spaced(span)


def span_of(case: Case, path: str, said: str | Sequence[Any]) -> Span:
    """Return the range ``A..B``, or a pair of both ends; the field itself reads them.

    Raises
    ------
    ConfigError
        If it is no range, an empty one, or its ends are no numbers of that field.
    """
    if isinstance(said, str):
        match = _RANGE.fullmatch(said)
        if match is None:
            raise ConfigError(f"--vary {path}={said}: write a range as A..B, for example 50..500.")
        ends = [_read(path, match["low"]), _read(path, match["high"])]
        count, logarithmic = int(match["count"]) if match["count"] else None, bool(match["log"])
    else:
        ends, count, logarithmic = list(said), None, False
        if len(ends) != 2:
            raise ConfigError(f"{path}: a range has two ends, not {len(ends)}.")
    low, high = (_number(case, path, end) for end in ends)
    exact = [_exact(low), _exact(high)]
    where = f"--vary {path}={said}" if isinstance(said, str) else path
    if not exact[0] < exact[1]:
        raise ConfigError(f"{where}: the range is empty, for {ends[0]} is not less than {ends[1]}.")
    if logarithmic and exact[0] <= 0:
        raise ConfigError(f"{where}: a logarithmic range must begin above 0.")
    if count is not None and not 2 <= count <= _MOST_VALUES:
        raise ConfigError(f"{where}: a range takes from 2 to {_MOST_VALUES:,} values, not {count:,}.")
    return Span(
        exact[0],
        exact[1],
        count,
        logarithmic,
        whole=is_count(case, path),
        timed=all(isinstance(end, str) and end[-1:].isalpha() and end[-1] in "smhdw" for end in ends),
        inexact=isinstance(low, float),
    )


def _spaced(span: Span) -> list[Setting]:
    last = (span.count or 2) - 1
    inner = []
    for i in range(1, last):
        share = Decimal(i) / last
        if span.logarithmic:
            value = _LOGARITHMIC.plus(span.low * (span.high / span.low) ** share)
        else:
            value = _LINEAR.plus(span.low + (span.high - span.low) * share)
        inner.append(_exact(value.to_integral_value() if span.whole else value))
    between = (value for value in inner if span.low < value < span.high)
    return [span.setting(value) for value in dict.fromkeys([span.low, *between, span.high])]


def _number(case: Case, path: str, end: Any) -> Decimal | float:
    if number(value_at(case, path)) is None and isinstance(value_at(case, path), (bool, str)):
        raise ConfigError(
            f"{path} is no number but {_word(value_at(case, path))}: list its values with commas."
        )
    found = number(value_at(with_value(case, path, end), path))
    if found is None:
        raise ConfigError(f"{path} cannot range from a number to another: {end!s:.40} is none.")
    return found


def _exact(value: Decimal | float) -> Decimal:
    """Return a number as a Decimal in its shortest form."""
    return Decimal(plain(Decimal(repr(value)) if isinstance(value, float) else value))


def _read(path: str, text: str) -> Any:
    """Read a value as YAML does: exact numbers, true and false, words."""
    try:
        value = yamlfile.loads(text, f"--vary {path}").data
    except ConfigError:
        value = None
    if value is None or isinstance(value, (dict, list)):
        raise ConfigError(
            f"--vary {path}: {text!r:.60} is no word, true, false or number of at most 28 digits."
        )
    return value


def _text(value: Any, said: str) -> str:
    """Write a value as tables do: a number in groups of three digits, anything else as it was said."""
    figure = number(value)
    return said if figure is None else grouped(_exact(figure))


def _word(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def duration(seconds: Decimal) -> str:
    """Write a length of time as profiles do: ``1h30m``."""
    parts, rest = [], seconds
    for unit, size in _UNITS[:-1]:
        if whole := rest // size:
            parts.append(f"{whole:f}{unit}")
            rest -= whole * size
    if rest or not parts:
        parts.append(f"{grouped(rest)}s")
    return "".join(parts)
