"""Marks on the types of numbers in files: neither text nor true and false are a number there."""

from __future__ import annotations

from typing import Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError


def _never_text(kind: Literal["decimal_type", "float_type", "int_type"]) -> BeforeValidator:
    def checked(value: object) -> object:
        if isinstance(value, (str, bytes, bool)):
            raise PydanticKnownError(kind)
        return value

    return BeforeValidator(checked)


EXACT = _never_text("decimal_type")
"""On a ``Decimal``."""

INEXACT = _never_text("float_type")
"""On a ``float``."""

WHOLE = _never_text("int_type")
"""On an ``int``, however it is written: ``1_000_000`` or ``1e6``."""
