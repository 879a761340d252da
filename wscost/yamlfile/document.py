"""YAML text in, plain data with line numbers out: one pass over PyYAML's events, within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from wscost.errors import ConfigError
from wscost.yamlfile.plainwords import Location, complaints

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 64
_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep."
MAX_NODES = 1_000_000
MAX_DIGITS = 28
MAX_NUMBER = 100
SHOWN = 10

Model = TypeVar("Model", bound=BaseModel)

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)")
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_DECIMAL = re.compile(
    rf"[-+]?(?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS}|{_DIGITS}(?=[eE]))(?:[eE][-+]?[0-9]+)?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_INEXACT = re.compile(r"[-+]?(?:\.inf|\.nan|0x[0-9a-f]*\.?[0-9a-f]*p[-+]?[0-9]+)", re.IGNORECASE)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Document:
    """What one file says, and on which line each key and list entry stands."""

    name: str
    data: Any
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int:
        """Return the line of a key or entry, or of what is nearest around it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def refusal(self, found: Iterable[tuple[Location, str]]) -> ConfigError:
        """Return the error that tells complaints in the order of the file, ten of them in full."""
        told = sorted({(self.line(location), sentence): None for location, sentence in found})
        shown = [f"{self.name}:{line}: {sentence}" for line, sentence in told[:SHOWN]]
        if len(told) > SHOWN:
            shown.append(f"… and {len(told) - SHOWN:,} more complaints about {self.name}.")
        return ConfigError("\n".join(shown))


def load(path: Path | str) -> Document:
    """Read a YAML file.

    Raises
    ------
    ConfigError
        If the file cannot be read, is over 16 MiB, or is not the strict YAML of this module.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    if len(content) > MAX_BYTES:
        raise ConfigError(
            f"{path}:1: is larger than {MAX_BYTES // 2**20} MiB, too large for a YAML file here."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8. Save the file in that encoding.") from None
    return loads(text, str(path))


def _why(error: yaml.MarkedYAMLError, text: str) -> str:
    """Word what the parser says; its words for a tab name no tab."""
    mark = error.problem_mark
    if mark and text[mark.index : mark.index + 1] == "\t":
        return "a tab stands here. Indent with spaces"
    return error.problem or error.context or "it cannot be read"


def loads(text: str, name: str = "<text>") -> Document:
    """Read YAML from text; ``name`` stands for the file in complaints.

    Raises
    ------
    ConfigError
        If the text is not the strict YAML of this module.
    """
    try:
        return _Builder(name, text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        if "nesting depth" in (error.problem or ""):  # libyaml has a bound of its own, and looks ahead
            raise ConfigError(f"{name}:{line}: {_TOO_DEEP}") from None
        raise ConfigError(f"{name}:{line}: is not YAML: {_why(error, text)}.") from None
    except yaml.YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise ConfigError(
            f"{name}:{line}: is not YAML: it holds a character that text cannot have."
        ) from None


def validate(model: type[Model], document: Document, at: Location = ()) -> Model:
    """Return the part of a document that stands at a location as a model.

    Raises
    ------
    ConfigError
        With every problem, one a line, in plain words.
    """
    data = document.data
    for key in at:
        data = data[key]
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise document.refusal(complaints(model, document.data, at, error)) from None


class _Builder:
    """One pass over a file's YAML events: data and lines, within bounds."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.lines: dict[Location, int] = {}
        self.anchored: dict[str, tuple[Any, int]] = {}
        self.nodes = 0

    def document(self) -> Document:
        data = None
        started = False
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if started:
                    self.refuse(event, "a second document begins here; one file holds one.")
                started = True
                data = self.value(next(self.events), ())
        return Document(self.name, data, self.lines)

    def value(self, event: Any, location: Location) -> Any:
        before = self.nodes
        self.nodes += 1
        self.lines.setdefault(location, _line(event))
        if len(location) > MAX_DEPTH:
            self.refuse(event, _TOO_DEEP)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if event.tag:
            self.refuse(event, f"the tag {event.tag.replace('tag:yaml.org,2002:', '!!')} is not read here.")
        if isinstance(event, yaml.MappingStartEvent):
            value: Any = self.mapping(location)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self.sequence(location)
        else:
            value = self.scalar(event)
        self.bound(event)
        if event.anchor:
            self.anchored[event.anchor] = value, self.nodes - before
        return value

    def mapping(self, location: Location) -> dict[Any, Any]:
        out: dict[Any, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag:
                self.refuse(event, "a key must be a plain word.")
            key = self.scalar(event)
            if type(key) not in (str, int):
                self.refuse(
                    event, f"a key must be a word, not {event.value or 'empty'}. Quote it if it is one."
                )
            if key in out:
                first = self.lines[(*location, key)]
                self.refuse(event, f"the key {str(key)!r} stands twice, first on line {first}.")
            self.lines[(*location, key)] = _line(event)
            out[key] = self.value(next(self.events), (*location, key))
        return out

    def sequence(self, location: Location) -> list[Any]:
        out: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            out.append(self.value(event, (*location, len(out))))
        return out

    def alias(self, event: Any) -> Any:
        if event.anchor not in self.anchored:
            self.refuse(event, f"the alias *{event.anchor} repeats nothing that stands before it.")
        value, size = self.anchored[event.anchor]
        self.nodes += size
        self.bound(event)
        return value

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(self.number(event, text))
        if _DECIMAL.fullmatch(text):
            return self.number(event, text)
        if _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                self.refuse(event, f"{text} is a day that no calendar has.")
        if _LEADING_ZERO.fullmatch(text):
            self.refuse(event, f"{text[:40]} begins with a zero. Leave it out, or quote the word.")
        if _INEXACT.fullmatch(text):
            self.refuse(event, f"{text[:40]} is a float that is not exact. Write the number in decimals.")
        return text

    def number(self, event: Any, text: str) -> Decimal:
        try:
            value = Decimal(text.replace("_", "")) if len(text) <= MAX_NUMBER else None
        except InvalidOperation:
            value = None
        if value is None or _digits(value) > MAX_DIGITS:
            self.refuse(event, f"{text[:40]} needs more than {MAX_DIGITS} digits: a float that is not exact.")
        return value

    def bound(self, event: Any) -> None:
        if self.nodes > MAX_NODES:
            self.refuse(event, f"holds more than {MAX_NODES:,} values once its aliases are written out.")

    def refuse(self, event: Any, sentence: str) -> NoReturn:
        raise ConfigError(f"{self.name}:{_line(event)}: {sentence}")


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _digits(value: Decimal) -> int:
    """Count the digits of a number written in full, on both sides of the point."""
    exponent = value.as_tuple().exponent
    return max(value.adjusted() + 1, 0) + (max(-exponent, 0) if isinstance(exponent, int) else 0)
