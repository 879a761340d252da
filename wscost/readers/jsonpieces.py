r"""One JSON document of any length, read from the front: small values whole, long ones a piece at a time.

The caller walks down the few levels where the document is long (``members``, ``elements``, ``batches``)
and takes the rest by ``value``. Values are found by their brackets and parsed, so checked, by orjson; what
the caller does not take is checked too. Memory holds two windows of text and what is parsed of one.

A library for this, ijson 3.6, reads half a character (``"\ud83d"``) as a question mark, so its length is
lost, tells no lines, and holds a text however long it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Container, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import orjson

from wscost.errors import InputError
from wscost.readers.document import with_lone_surrogates
from wscost.readers.source import BOM, Part

WINDOW_BYTES = 1024 * 1024
"""What is longer is not parsed whole. [bytes]"""
_NESTED = 1024
"""How deep orjson follows."""
_INDENTED = 256
"""How far in a line may begin, at most, so that the end of a value is looked for there."""
_CLOSING = {"{": b"}", "[": b"]"}
_ENTERED = 64
"""How many values, each longer than a window, may lie in each other."""

# Repeats within repeats give nothing back ("++"), so that what has no end is found out in one pass.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*"'
_FLAT = rb'[{\[](?:[^"{}\[\]]++|' + _STRING + rb")*[}\]]"
_TEXT = re.compile(_STRING, re.DOTALL)
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|' + _STRING + rb"|" + _FLAT + rb")*", re.DOTALL)
_ELEMENT = rb"(?:" + _FLAT + rb"|" + _STRING + rb'|[^\s,:"{}\[\]]++(?=\s*+[,\]]))'
_ELEMENTS = re.compile(_ELEMENT + rb"(?:\s*+,\s*+" + _ELEMENT + rb")*", re.DOTALL)
_SCALAR = re.compile(rb'[^\s,:"{}\[\]]+')
_BLANK = re.compile(rb"[ \t\r\n]*")
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\[^u]|\\u[0-9a-fA-F]{4})*', re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_HALF = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")


class Piece(NamedTuple):
    """A value that is no longer than a window, and its text."""

    text: bytes
    value: Any


class LongText(NamedTuple):
    """What is known of a text that is longer than a window."""

    bytes: int
    """In UTF-8. [bytes]"""
    unpadded: int
    """Characters without the ``=`` at its end, as of base64."""


class JsonPieces:
    """A cursor in the document that a part is; it stands before a value, and taking that moves it on.

    All methods raise InputError, with line and cause, where the document is no JSON.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self._chunks = part.chunks()
        self._text = b""
        self._at = 0
        self._ended = False
        self._line, self._counted, self._column = 1, 0, 0
        self._dropped = self._misguessed = self._entered = 0
        self._fill()
        self._at = len(BOM) if self._text.startswith(BOM) else 0

    @property
    def line(self) -> int:
        """The line on which the cursor stands."""
        self._line += self._text.count(b"\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    @property
    def begins(self) -> str:
        """The character with which the next value begins."""
        if self._over():
            raise self._fault("unexpected end of data")
        return chr(self._text[self._at])

    def whole(self) -> Piece | None:
        """Take the next value if it is not longer than a window."""
        begins = self.begins
        self._fill()
        to_its_end = self._ended and len(self._text) - self._at <= WINDOW_BYTES
        seems = self._seems_to_end(begins)
        if seems:
            # What is JSON up to there ends there: what begins a value can be read in one way only.
            with suppress(orjson.JSONDecodeError):
                return self._taken(seems, orjson.loads(self._text[self._at : seems]))
        end = None if seems == 0 and not to_its_end else self._end(begins)
        if end is None:
            if to_its_end:
                raise self._complaint()
            return None
        return self._taken(end, self._parsed(self._text[self._at : end]))

    def value(self, names: Container[str] = ()) -> Any:
        """Take the next value.

        Parameters
        ----------
        names
            What is returned of an object that is longer than a window: these members. Of a text that
            is, it is a ``LongText``, of a list nothing.
        """
        piece = self.whole()
        if piece is not None:
            return piece.value
        match self.begins:
            case "{":
                return {name: self.value() for name in self.members() if name in names}
            case "[":
                for _ in self.batches():
                    pass
                return None
            case '"':
                return self._long_text()
            case _:
                raise self._fault("neither a number nor a word")

    def members(self) -> Iterator[str]:
        """Yield the name of each member of the object that comes next, the cursor before its value.

        A value that is not taken is passed over, and so is what is no object.
        """
        if self.begins != "{":
            self.value()
            return
        for _ in self._inside("}"):
            if self.begins != '"':
                raise self._fault("unexpected character, expected a string key")
            name = self.whole()
            if name is None:
                raise self._fault("a name without end")
            if self.begins != ":":
                raise self._fault("unexpected character, expected ':' after key")
            self._at += 1
            yield from self._offered(name.value)

    def elements(self) -> Iterator[int]:
        """Yield the line of each element of the list that comes next, the cursor before it.

        An element that is not taken is passed over.
        """
        for _ in self._inside("]"):
            _ = self.begins
            yield from self._offered(self.line)

    def batches(self, names: Container[str] = ()) -> Iterator[list[Any]]:
        """Yield the elements of the list that comes next, as many at once as a window holds.

        An element that is longer comes alone, as ``value`` returns it.
        """
        self._misguessed = 0
        for _ in self._inside("]"):
            _ = self.begins
            self._fill()
            yield self._guessed() or self._found() or [self.value(names)]

    def finish(self) -> None:
        """Check that nothing follows."""
        if not self._over():
            raise self._fault("unexpected content after document")

    def _over(self) -> bool:
        """Move on to what is not blank; tell whether there is nothing."""
        self._fill()
        self._at = _reach(_BLANK, self._text, self._at)
        while self._at == len(self._text) and not self._ended:
            self._fill()
            self._at = _reach(_BLANK, self._text, self._at)
        return self._at == len(self._text)

    def _offered(self, told: Any) -> Iterator[Any]:
        _ = self.begins
        here = self._dropped + self._at
        yield told
        if here == self._dropped + self._at:
            self.value()

    def _inside(self, closing: str) -> Iterator[None]:
        """Yield before each thing between two brackets, the first of which comes next."""
        self._at += 1
        self._entered += 1
        if self._entered > _ENTERED:
            raise self._fault(f"depth limit exceeded: {_ENTERED} values of a MiB and more in each other")
        if self.begins != closing:
            yield
            while self.begins == ",":
                self._at += 1
                if self.begins == closing:
                    raise self._fault("trailing comma is not allowed")
                yield
            if self.begins != closing:
                raise self._fault(f"unexpected character, expected ',' or '{closing}'")
        self._at += 1
        self._entered -= 1

    def _seems_to_end(self, begins: str) -> int | None:
        """Return where a value that is printed over lines seems to end, 0 if beyond a window; else None.

        That is at the first bracket that stands as far in as the line on which the value begins.
        """
        text, at = self._text, self._at
        if begins not in _CLOSING or text[at + 1 : at + 2] not in (b"\n", b"\r"):
            return None
        start = text.rfind(b"\n", max(0, at - _INDENTED), at)
        if start < 0:
            return None
        last = text[start : _reach(_BLANK, text, start)] + _CLOSING[begins]
        end = text.find(last, at, at + WINDOW_BYTES)
        return 0 if end < 0 else end + len(last)

    def _taken(self, end: int, value: Any) -> Piece:
        piece = Piece(self._text[self._at : end], value)
        self._at = end
        return piece

    def _guessed(self) -> list[Any] | None:
        """Take elements up to the last bracket in the window, if all is JSON up to there.

        Then it is one that ends an element, for what begins a list can be read in one way only. A guess
        that fails is not made again before it is passed, so that no text is parsed over and over.
        """
        if self._dropped + self._at < self._misguessed:
            return None
        end = self._text.rfind(b"}", self._at, self._at + WINDOW_BYTES) + 1
        with suppress(orjson.JSONDecodeError):
            batch: list[Any] = orjson.loads(b"[" + self._text[self._at : end] + b"]")
            if batch:
                self._at = end
                return batch
        self._misguessed = self._dropped + (end or min(self._at + WINDOW_BYTES, len(self._text)))
        return None

    def _found(self) -> list[Any] | None:
        """Take elements that hold no brackets in them, found by their own."""
        found = _ELEMENTS.match(self._text, self._at, self._at + WINDOW_BYTES)
        if found is None:
            return None
        batch: list[Any] = self._parsed(b"[" + found[0] + b"]", before=b"[")
        self._at = found.end()
        return batch

    def _end(self, begins: str) -> int | None:
        """Return where the next value ends, if within a window."""
        text, at = self._text, self._at
        limit = min(len(text), at + WINDOW_BYTES)
        if begins == '"':
            end = _reach(_TEXT, text, at, limit)
            return end if end > at else None
        if begins not in "{[":
            end = max(_reach(_SCALAR, text, at, limit), at + 1)
            return end if end < limit or (limit == len(text) and self._ended) else None
        depth = 0
        while at < limit:
            byte = text[at]
            if byte in b"{[":
                depth += 1
                if depth > _NESTED:
                    raise self._complaint()
            elif byte in b"}]":
                depth -= 1
                if not depth:
                    return at + 1
            else:
                return None
            at = _reach(_TO_BRACKET, text, at + 1, limit)
        return None

    def _long_text(self) -> LongText:
        """Take a text that is longer than a window."""
        size = unpadded = padding = 0
        self._at += 1
        while True:
            self._fill()
            end = _reach(_IN_STRING, self._text, self._at, self._at + WINDOW_BYTES)
            over = self._text[end : end + 1] == b'"'
            if not over:
                end = _before_half(self._text, self._at, end)
            if end == self._at and not over:
                raise self._complaint(b'"')
            text = self._parsed(b'"' + self._text[self._at : end] + b'"', before=b'"')
            size += len(text.encode("utf-8", "surrogatepass"))
            bare = len(text.rstrip("="))
            unpadded, padding = (unpadded + padding + bare, 0) if bare else (unpadded, padding)
            padding += len(text) - bare
            self._at = end + over
            if over:
                return LongText(size, unpadded)

    def _fill(self) -> None:
        """Have a window of text from the cursor on, or all that is left."""
        if self._ended or len(self._text) - self._at >= WINDOW_BYTES:
            return
        _ = self.line
        last = self._text.rfind(b"\n", 0, self._at)
        self._column = self._at - last - 1 if last >= 0 else self._column + self._at
        pieces, size = [self._text[self._at :]], len(self._text) - self._at
        while size < WINDOW_BYTES and not self._ended:
            chunk = next(self._chunks, b"")
            self._ended = not chunk
            pieces.append(chunk)
            size += len(chunk)
        self._dropped += self._at
        self._text, self._at, self._counted = b"".join(pieces), 0, 0

    def _parsed(self, text: bytes, before: bytes = b"") -> Any:
        """Return the value that a text at the cursor is, after what was put before it."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            if "surrogate" in error.msg and (lenient := with_lone_surrogates(text)) is not None:
                return lenient
            raise (self._fault(error.msg) if "UTF-8" in error.msg else self._complaint(before)) from None

    def _complaint(self, before: bytes = b"") -> InputError:
        """Return what is wrong with the text at the cursor, in orjson's words; half a character is not."""
        text = _SURROGATE.sub(rb"\\u0000", self._text[self._at :]).decode(errors="replace")
        try:
            orjson.loads(before.decode() + text)
        except orjson.JSONDecodeError as error:
            at_end = self._ended and error.pos - len(before) >= len(text.rstrip()) - 1
            if error.lineno > 1:
                return self._not_json(self.line + error.lineno - 1, error.msg, error.colno, at_end)
            return self._fault(error.msg, error.colno - 1 - len(before), at_end)
        return self._fault("a value that breaks off")

    def _fault(self, what: str, beyond: int = 0, at_end: bool = False) -> InputError:
        last = self._text.rfind(b"\n", 0, self._at)
        column = self._at - last - 1 if last >= 0 else self._column + self._at
        at_end |= self._ended and self._at == len(self._text)
        return self._not_json(self.line, what, column + beyond + 1, at_end)

    def _not_json(self, line: int, what: str, column: int, at_end: bool) -> InputError:
        cut_short = " It seems to be cut short." if at_end else ""
        place = f"{self.part.name}:{line}"
        return InputError(f"{place}: this is not JSON ({what}, character {column}).{cut_short}")


def _reach(pattern: re.Pattern[bytes], text: bytes, at: int, limit: int = sys.maxsize) -> int:
    """Return how far a pattern goes from some place on."""
    found = pattern.match(text, at, limit)
    return found.end() if found else at


def _before_half(text: bytes, begin: int, end: int) -> int:
    """Return where to cut a text so that no character is cut in two."""
    if end > begin and text[end - 1] >= 0x80:
        while end > begin and text[end - 1] & 0xC0 == 0x80:
            end -= 1
        end -= end > begin
    half = _HALF.search(text, max(begin, end - 6), end)
    return half.start() if half else end
