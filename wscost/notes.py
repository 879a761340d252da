"""Notes and grades: what a figure rests on, carried as data beside the figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Grade(StrEnum):
    """How a quantity is known, best first."""

    MEASURED = "measured"
    LOWER_BOUND = "lower-bound"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"

    @staticmethod
    def worst(*grades: Grade) -> Grade:
        """Return the weakest of the grades; of none, ``MEASURED``."""
        return max(grades, key=_WORSE.__getitem__, default=Grade.MEASURED)


_WORSE = {grade: place for place, grade in enumerate(Grade)}


@dataclass(frozen=True, slots=True)
class Note:
    """An assumption or warning: a stable code, one sentence, and the data behind it."""

    code: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
