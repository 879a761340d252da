"""JSON values in a stream of lines: one a line, printed over many lines, or in arrays; text between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from wscost.errors import InputError
from wscost.readers.source import LINE_LIMIT, Part

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_BEGINS = re.compile(rb'\{\s*(?:["}]|$)|\[\s*(?:[\[{\]]|$)')

_WHOLE = (b'{"', b'[{"')
"""How a value begins that stands on one line: what broke off before it is over."""


class Found(NamedTuple):
    """A value, or what is wrong with it, and the line on which it begins."""

    line: int
    value: Any
    fault: str | None = None


class JsonValues:
    """The values of one part, arrays taken apart; memory holds one value at a time.

    ``skipped`` counts lines that are not JSON (a shell's banner, a prompt), ``spread`` the values
    printed over several lines.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self.skipped = 0
        self.spread = 0

    def __iter__(self) -> Iterator[Found]:
        """Yield each value.

        Raises
        ------
        InputError
            If one value is longer than 16 MiB.
        """
        pending: list[bytes] = []
        start = depth = size = 0
        for number, text in self.part.lines():
            line = text
            afresh = not pending or (len(pending[0]) > 1 and line.startswith(_WHOLE))
            whole = _parsed(line) if afresh else None
            if whole is not None:
                if pending:
                    yield Found(start, None, "this is not JSON: it breaks off.")
                    pending = []
                yield from _each(number, whole)
                continue
            if not pending:
                line = _inside_array(line)
                if not line:
                    continue
                if not _BEGINS.match(line):
                    yield from self._beside(number, line)
                    continue
                start, depth, size = number, 0, 0
            pending.append(line)
            size += len(line)
            if size > LINE_LIMIT:
                raise InputError(
                    f"{self.part.name}:{start}: the JSON that begins here is longer than "
                    f"{LINE_LIMIT >> 20} MiB. Does it ever end?"
                )
            depth += _depth(line)
            if depth <= 0:
                self.spread += len(pending) > 1
                yield from _complete(start, pending, depth)
                pending = []
        if pending:
            yield Found(start, None, "the JSON that begins here is cut short.")

    def _beside(self, number: int, line: bytes) -> Iterator[Found]:
        """Yield the object that a line ends with, as where a log shipper puts a time before it."""
        at = line.find(b'{"')
        value = _parsed(line[at:]) if at > 0 else None
        if value is None:
            self.skipped += 1
        else:
            yield from _each(number, value)


def _parsed(text: bytes) -> Any:
    if text[:1] not in (b"{", b"["):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _inside_array(line: bytes) -> bytes:
    """Strip what stands between the elements of an array that spans lines."""
    line = line.lstrip(b",").lstrip()
    if line[:1] == b"[" and _BEGINS.match(line) and _depth(line) > 0:
        line = line[1:].lstrip()
    return b"" if line.rstrip(b",;") == b"]" else line


def _complete(start: int, pending: list[bytes], depth: int) -> Iterator[Found]:
    text = b"\n".join(pending).rstrip(b",; ")
    if depth < 0:
        text = text.removesuffix(b"]").rstrip(b", ")
    value = _parsed(text)
    if value is None:
        value = _parsed(b"[" + text + b"]")
    if value is None:
        yield Found(start, None, _complaint(text))
    else:
        yield from _each(start, value)


def _complaint(text: bytes) -> str:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return f"this is not JSON ({error.msg})."
    return "this is not JSON."


def _each(line: int, value: Any) -> Iterator[Found]:
    """Yield a value, or the elements of a list, and of lists in it: batches that were gathered."""
    for element in value if isinstance(value, list) else [value]:
        for one in element if isinstance(element, list) else [element]:
            yield Found(line, one)


def _depth(line: bytes) -> int:
    """Return how many more brackets a line opens than it closes, outside strings."""
    bare = _STRING.sub(b"", line)
    return bare.count(b"{") + bare.count(b"[") - bare.count(b"}") - bare.count(b"]")
