"""One JSON document, read whole: cut short, endlessly nested or too large, it is refused in one sentence."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

from wscost.errors import InputError
from wscost.readers.refusals import shown
from wscost.readers.source import Part
from wscost.trace import LARGEST

DOCUMENT_LIMIT = 256 * 1024 * 1024
"""Larger is no summary or answer but something else; parsed, it would fill the memory. [bytes]"""


def load_document(part: Part) -> Any:
    """Return what a part holds as one JSON document.

    Raises
    ------
    InputError
        If it is larger than ``DOCUMENT_LIMIT`` or no JSON.
    """
    return parsed(part, content_of(part))


def content_of(part: Part) -> bytes:
    """Return the bytes of one JSON document.

    Raises
    ------
    InputError
        If there are more than ``DOCUMENT_LIMIT``.
    """
    content = bytearray()
    for chunk in part.chunks():
        content += chunk
        if len(content) > DOCUMENT_LIMIT:
            raise InputError(
                f"{part.name}: one JSON document of more than {DOCUMENT_LIMIT >> 20} MiB is not read."
            )
    return bytes(content).removeprefix(b"\xef\xbb\xbf")


def parsed(part: Part, text: bytes) -> Any:
    """Return the JSON document that the content of a part is.

    Raises
    ------
    InputError
        If it is no JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "surrogate" in error.msg and (lenient := with_lone_surrogates(text)) is not None:
            return lenient
        at_end = "unexpected end" in error.msg or error.pos >= len(text.rstrip()) - 1
        cut_short = " It seems to be cut short." if at_end else ""
        raise InputError(
            f"{part.name}:{error.lineno}: this is not JSON ({error.msg}, character {error.colno}).{cut_short}"
        ) from None


def decimal_at(place: str, value: object) -> Decimal:
    """Return a number of a document exactly.

    Raises
    ------
    InputError
        If it is none, negative, or larger than any count (2**53).
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LARGEST:
        return Decimal(repr(value))
    told = shown(value) if isinstance(value, (str, int, float)) else f"(a {type(value).__name__})"
    raise InputError(f"{place} {told} is not a number from 0 up.")


def with_lone_surrogates(text: bytes) -> Any:
    """Return JSON with halves of characters, as browsers write a text that a page cut in two; else None."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
