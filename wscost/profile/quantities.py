"""What a profile's figures are written in: durations, sizes, plain numbers, and ranges of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)

from wscost.exact import INEXACT

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+")
_LONGEST_S = 10 * 366 * 86_400
_BYTE_SIZE: TypeAdapter[ByteSize] = TypeAdapter(ByteSize)
_LARGEST_BYTES = 2**40


class Strict(BaseModel):
    """A part of a profile: no unknown keys, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name a generic model after the quantity it is of: the schema for editors shows this name."""
        units = [mark.name for mark in get_args(params[0]) if isinstance(mark, Unit)]
        return f"{cls.__name__}Of{units[0]}" if units else cls.__name__


def _seconds(value: object) -> object:
    """Read ``8m``, ``90s`` or ``1h30m``. [s]"""
    if isinstance(value, float):
        return value
    import pandas as pd

    text = re.sub(r"\s", "", value) if isinstance(value, str) else ""
    if text.startswith("-") and _DURATION.fullmatch(text[1:]):
        raise ValueError(f"must not be negative, not {value!r}")
    if not _DURATION.fullmatch(text):
        raise ValueError(f"must be a duration such as 8m, 90s or 1h30m, not {value!s:.40}")
    try:
        seconds = pd.Timedelta(text.replace("d", "D").replace("w", "W")).total_seconds()
    except (ValueError, OverflowError):
        seconds = math.inf
    if seconds > _LONGEST_S:
        raise ValueError(f"must be at most ten years, not {value!s:.40}")
    return seconds


def _bytes(value: object) -> object:
    """Read ``120`` or ``2 KB``. [bytes]"""
    if isinstance(value, float):
        return value
    try:
        size = (
            _BYTE_SIZE.validate_python(value) if isinstance(value, (int, str)) and value is not True else -1
        )
    except ValueError:
        size = -1
    if not 0 <= size <= _LARGEST_BYTES:
        raise ValueError(f"must be a size such as 120, 2 KB or 1 MiB, not {value!s:.40}")
    return float(size)


@dataclass(frozen=True)
class Unit:
    """A mark on a quantity's type, from which generic models take their names."""

    name: str


_DURATION_SCHEMA = {"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["8m", "90s", "1h30m"]}
_BYTES_SCHEMA = {"type": ["integer", "string"], "minimum": 0, "examples": [120, "2 KB", "1 MiB"]}

Seconds = Annotated[
    float, Field(ge=0), BeforeValidator(_seconds), WithJsonSchema(_DURATION_SCHEMA), Unit("Seconds")
]
"""A length of time, written ``90s``, ``8m``, ``1h30m``, ``2d``. [s]"""

PositiveSeconds = Annotated[
    float, Field(gt=0), BeforeValidator(_seconds), WithJsonSchema(_DURATION_SCHEMA), Unit("PositiveSeconds")
]
"""A length of time above zero. [s]"""

Bytes = Annotated[float, Field(ge=0), BeforeValidator(_bytes), WithJsonSchema(_BYTES_SCHEMA), Unit("Bytes")]
"""A size, written ``120``, ``2 KB``, ``1 MiB``. [bytes]"""

Number = Annotated[
    float,
    Field(ge=0, allow_inf_nan=False),
    INEXACT,
    WithJsonSchema({"type": "number", "minimum": 0}),
    Unit("Number"),
]
"""A number, zero or more."""

Positive = Annotated[
    float,
    Field(gt=0, allow_inf_nan=False),
    INEXACT,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
    Unit("Positive"),
]
"""A number above zero."""

Share = Annotated[
    float,
    Field(ge=0, le=1),
    INEXACT,
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
    Unit("Share"),
]
"""A share, from 0 to 1."""

V = TypeVar("V")


class Range(Strict, Generic[V]):
    """A figure that is not known exactly: the lowest it may be, the likeliest, the highest."""

    low: V
    mode: V
    high: V

    @model_validator(mode="after")
    def _in_order(self) -> Range[V]:
        if not lowest(self) <= likely(self) <= highest(self):
            raise ValueError("a range needs low <= mode <= high")
        return self

    def at(self, probability: float) -> float:
        """Return the quantile of the PERT distribution: a beta of mean (low + 4 mode + high) / 6."""
        from scipy.special import betaincinv

        low, mode, high = lowest(self), likely(self), highest(self)
        if low == high:
            return low
        a = 1 + 4 * (mode - low) / (high - low)
        b = 1 + 4 * (high - mode) / (high - low)
        return low + (high - low) * float(betaincinv(a, b, probability))


def _one_or_range(value: object) -> str:
    return "range" if isinstance(value, (dict, Range)) else "value"


Uncertain = Annotated[
    Annotated[V, Tag("value")] | Annotated[Range[V], Tag("range")], Discriminator(_one_or_range)
]
"""A figure or a range of it, inside a generic model; elsewhere one of the names below."""


def _uncertain(quantity: Any) -> Any:
    value, range_ = Annotated[quantity, Tag("value")], Annotated[Range[quantity], Tag("range")]
    return Annotated[value | range_, Discriminator(_one_or_range)]


if TYPE_CHECKING:
    UncertainSeconds: TypeAlias = float | Range[float]
    UncertainNumber: TypeAlias = float | Range[float]
    UncertainPositive: TypeAlias = float | Range[float]
    UncertainShare: TypeAlias = float | Range[float]
else:
    UncertainSeconds = _uncertain(PositiveSeconds)
    UncertainNumber = _uncertain(Number)
    UncertainPositive = _uncertain(Positive)
    UncertainShare = _uncertain(Share)


def likely(value: Any) -> float:
    """Return a figure, of a range its mode."""
    return float(value.mode) if isinstance(value, Range) else float(value)


def lowest(value: Any) -> float:
    """Return a figure, of a range its low end."""
    return float(value.low) if isinstance(value, Range) else float(value)


def highest(value: Any) -> float:
    """Return a figure, of a range its high end."""
    return float(value.high) if isinstance(value, Range) else float(value)


def ranges(part: object) -> list[Range[float]]:
    """Return the ranges in a part of a profile, in the order of its fields."""
    found: list[Range[float]] = []

    def keep(range_: Range[float]) -> Range[float]:
        found.append(range_)
        return range_

    replace(part, Range, keep)
    return found


def ranged(part: object, path: str = "") -> list[str]:
    """Return the paths of the ranges in a part of a profile, in the order of its fields."""
    if isinstance(part, Range):
        return [path]
    inner: Iterable[tuple[object, object]] = ()
    if isinstance(part, BaseModel):
        fields = type(part).model_fields.items()
        inner = ((field.alias or name, getattr(part, name)) for name, field in fields)
    elif isinstance(part, dict):
        inner = part.items()
    elif isinstance(part, (list, tuple)):
        inner = enumerate(part)
    return [found for key, child in inner for found in ranged(child, f"{path}.{key}".removeprefix("."))]


def replace(part: Any, kind: type[Any], by: Callable[[Any], Any]) -> Any:
    """Return a part of a profile in which everything of a kind is replaced, in the order of the fields."""
    if isinstance(part, kind):
        return by(part)
    if isinstance(part, BaseModel):
        values = {name: replace(getattr(part, name), kind, by) for name in type(part).model_fields}
        changed = {name: value for name, value in values.items() if value is not getattr(part, name)}
        return part.model_copy(update=changed) if changed else part
    if isinstance(part, dict):
        return {key: replace(value, kind, by) for key, value in part.items()}
    if isinstance(part, (list, tuple)):
        return type(part)(replace(value, kind, by) for value in part)
    return part
