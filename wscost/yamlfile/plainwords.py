"""What pydantic finds wrong, in the words of the person who wrote the file."""

from __future__ import annotations

import re
import types
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_MUST: tuple[tuple[str, str], ...] = (
    ("bool_", "must be true or false"),
    ("int_", "must be a whole number"),
    ("decimal_", "must be a number"),
    ("float_", "must be a number"),
    ("finite_number", "must be a finite number"),
    ("date_", "must be a date such as 2024-04-01"),
    ("datetime_", "must be a time such as 2024-04-01T12:00:00Z"),
    ("string_type", "must be text"),
    ("string_pattern_mismatch", "must have the form {pattern}"),
    ("string_too_short", "must have {min_length} or more characters"),
    ("literal_error", "must be {expected}"),
    ("greater_than_equal", "must be at least {ge}"),
    ("greater_than", "must be more than {gt}"),
    ("less_than_equal", "must be at most {le}"),
    ("less_than", "must be less than {lt}"),
    ("dict_type", "must be a mapping"),
    ("model_", "must be a mapping"),
    ("list_type", "must be a list"),
    ("tuple_type", "must be a list"),
    ("too_short", "must have {min_length} or more entries"),
    ("too_long", "must have at most {max_length} entries"),
)
"""Expectations by how the error's type begins, special before general."""

_NUMBER = re.compile(r"\s*[-+]?[0-9]+(?:_[0-9]+)*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?\s*")
_QUOTED = " Take the quotes away."

Location = tuple[Any, ...]
"""Keys and list positions that lead to a value; ``()`` is the whole file."""


def complaints(
    model: type[BaseModel], data: object, at: Location, error: ValidationError
) -> Iterator[tuple[Location, str]]:
    """Yield each problem of what stands in the data at a location: its place, and a sentence."""
    part = _at(data, at)
    expected: dict[Location, list[str]] = defaultdict(list)
    found: list[tuple[Location, str]] = []
    for detail in error.errors(include_url=False):
        place = (*at, *_place(part, detail["loc"]))
        kind = detail["type"]
        if kind in {"extra_forbidden", "invalid_key"}:
            around, key = (*at, *_place(part, detail["loc"][:-1])), str(detail["loc"][-1])
            found.append((place, f"{_colon(data, around)}unknown key {key!r}. {_hint(model, detail['loc'])}"))
        elif kind == "missing":
            missing = detail["loc"][-1]
            found.append(((*place, missing), f"{_colon(data, place)}{missing!r} is missing."))
        elif kind in {"value_error", "assertion_error"}:
            found.append((place, _own_words(data, place, str(detail.get("ctx", {}).get("error")))))
        elif kind != "too_short" or not expected[place]:  # lists of wrong entries count as short too
            expected[place].append(_must(detail))
    deepest = [place for place, _ in found] + list(expected)
    for place, phrases in expected.items():
        inside = any(len(other) > len(place) and other[: len(place)] == place for other in deepest)
        if not inside:  # else one branch of a union fits better, and tells more
            value = _at(data, place)
            wanted = " or ".join(dict.fromkeys(phrases)).replace(" or must be ", " or ")
            instead = f", not {_shown(value)}" if value not in ([], {}, "") else ""
            cure = (
                _QUOTED if "number" in wanted and isinstance(value, str) and _NUMBER.fullmatch(value) else ""
            )
            found.append((place, f"{_name(data, place)} {wanted}{instead}.{cure}"))
    yield from found


def _must(detail: ErrorDetails) -> str:
    context = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in detail.get("ctx", {}).items()
    }
    for beginning, phrase in _MUST:
        if detail["type"].startswith(beginning):
            return phrase.format_map(context)
    return detail["msg"].replace("Input should", "must", 1)


def _own_words(data: object, place: Location, said: str) -> str:
    """Lead a sentence that a validator of ours wrote in with the place it speaks of."""
    end = "" if said.endswith((".", "?")) else "."
    lead = f"{_name(data, place)} " if said.startswith("must ") else _colon(data, place)
    return f"{lead}{said}{end}"


def _hint(model: type[BaseModel], location: Location) -> str:
    known = sorted(_keys(model, location[:-1]))
    if location[-1] in known:
        return "It goes with another kind than the one that stands here."
    close = get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."


def _keys(model: type[BaseModel], location: Location) -> set[str]:
    """Return the keys that may stand at a location; parts that name no field (union branches) are skipped."""
    here = [model]
    for part in location:
        fields = [f for m in here for name, f in m.model_fields.items() if part in (name, f.alias)]
        if fields:
            here = [m for f in fields for m in _models(f.annotation)]
        elif named := [m for m in here if m.__name__ == part]:
            here = named
    return {field.alias or name for m in here for name, field in m.model_fields.items()}


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for part in get_args(annotation) for model in _models(part)]


def _place(data: object, location: Location) -> Location:
    """Return how far a location leads into the data: pydantic's own parts are left out."""
    place: list[Any] = []
    for part in location:
        if (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        ):
            data = data[part]
            place.append(part)
    return tuple(place)


def _at(data: Any, place: Location) -> object:
    for part in place:
        data = data[part]
    return data


def _name(data: Any, place: Location) -> str:
    """Write a place as ``charges[2].price.amount``; list entries count from 1, as people do."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(data, list) else f".{part}"
        data = data[part]
    return text.removeprefix(".") or "the file"


def _colon(data: object, place: Location) -> str:
    return f"{_name(data, place)}: " if place else ""


def _shown(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case int() | Decimal() | date():
            return str(value)
    text = str(value)
    return repr(text if len(text) <= 40 else text[:39] + "…")
