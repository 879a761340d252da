"""How a line of an access log is laid out: which fields say when, how long, how much and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from wscost import yamlfile
from wscost.readers.collectors import unwrapped
from wscost.readers.fields import Misfit, count, duration, moment, since_epoch
from wscost.readers.refusals import shown

JSON = "json"
CLF = "clf"
_CLF_FORMS = ("%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%H:%M:%S.%f", "%d/%b/%Y:%H:%M:%S", "%d/%b/%Y:%H:%M:%S.%f %z")

Unit = Literal["s", "ms", "us", "ns"]
Clock = Literal["s", "ms", "us", "ns", "rfc3339", "clf"]


def _several(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


def _a_field(value: object) -> object:
    return {"field": value} if isinstance(value, (str, list)) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_several), Field(min_length=1)]
"""One name or several, of which the first that a line has is taken."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(_Strict):
    """A time: its field and how it is written."""

    field: Names
    unit: Clock = "rfc3339"


class Length(_Strict):
    """A length of time: its field and unit."""

    field: Names
    unit: Unit = "s"


class Size(_Strict):
    """A number of bytes, less another where the first holds more than the frames."""

    field: Names
    less: Names | None = None


class Sign(_Strict):
    """What tells an upgraded request: a field that has one of these values, in any case of letters."""

    field: Names
    values: Annotated[tuple[str, ...], Field(alias="is", min_length=1)]

    @field_validator("values", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        return [str(one).lower() for one in value] if isinstance(value, (list, tuple)) else value


Whens = Annotated[tuple[When, ...], BeforeValidator(_several)]
Sizes = Annotated[Size, BeforeValidator(_a_field)]


class Connection(NamedTuple):
    """What one line tells of a connection. [µs, bytes]"""

    connection_id: str | None
    url: str | None
    opened: int
    closed: int
    whole: bool
    """Whether both ends are told; else it is taken to have lasted no time."""
    bytes_in: int | None
    bytes_out: int | None


class Layout(_Strict):
    """A layout: ``line`` is ``json`` or a regular expression whose named groups are the fields.

    In JSON ``a.b.0`` is the first element of ``b`` in ``a``. Two of ``opened_at``, ``closed_at`` and
    ``duration`` tell how long a connection lasted.
    """

    line: str
    opened_at: Whens = ()
    closed_at: Whens = ()
    duration: Length | None = None
    upgraded: Annotated[tuple[Sign, ...], BeforeValidator(_several)] = (
        Sign.model_validate({"field": "status", "is": ["101"]}),
    )
    url: Names | None = None
    connection_id: Names | None = None
    bytes_in: Sizes | None = None
    bytes_out: Sizes | None = None

    @field_validator("line")
    @classmethod
    def _an_expression(cls, value: str) -> str:
        if value != JSON:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"line is neither json nor a regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _tells_a_time(self) -> Layout:
        if not self.opened_at and not self.closed_at:
            raise ValueError("a layout needs opened_at or closed_at")
        groups = None if self.line == JSON else self._pattern.groupindex
        for name in self._all_names() if groups is not None else ():
            if name not in (groups or ()):
                raise ValueError(f"the expression of line has no group named {name}")
        return self

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.line)

    def _all_names(self) -> Iterator[str]:
        for when in (*self.opened_at, *self.closed_at):
            yield from when.field
        for sign in self.upgraded:
            yield from sign.field
        yield from self.duration.field if self.duration else ()
        yield from (*(self.url or ()), *(self.connection_id or ()))
        for size in (self.bytes_in, self.bytes_out):
            yield from (*size.field, *(size.less or ())) if size else ()

    def fields(self, line: bytes) -> Mapping[str, Any] | None:
        """Return what a line holds, whatever a collector put around it; None if it is none of this layout.

        Raises
        ------
        Misfit
            If it begins as JSON where that is wanted, and is none.
        """
        if (found := self._held(line)) is not None:
            return found
        bare = unwrapped(line)
        try:
            return None if bare is None else self._held(bare)
        except Misfit:  # A collector mixes logs: this may be another program's.
            return None

    def _held(self, line: bytes) -> Mapping[str, Any] | None:
        if self.line == JSON:
            if line[:1] != b"{":
                return None
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise Misfit(f"this is not JSON ({error.msg}, character {error.colno}).") from None
            return found if self._fits(found) else None
        match = self._pattern.search(line.decode("utf-8", "replace"))
        return match.groupdict() if match else None

    def _fits(self, fields: Mapping[str, Any]) -> bool:
        times = [name for when in (*self.opened_at, *self.closed_at) for name in when.field]
        needed = (tuple(times), self.duration.field if self.duration else (), self.url or ())
        return all(not names or _first(fields, names)[1] is not None for names in needed)

    def is_upgrade(self, fields: Mapping[str, Any]) -> bool:
        """Tell whether a line is of a WebSocket, and not of another request."""
        return any(str(_first(fields, sign.field)[1]).lower() in sign.values for sign in self.upgraded)

    def connection(self, fields: Mapping[str, Any], *, assume_utc: bool) -> Connection:
        """Return the connection that a line tells of.

        Raises
        ------
        Misfit
            If a field does not hold what it should.
        """
        opened = _moment(fields, self.opened_at, assume_utc)
        closed = _moment(fields, self.closed_at, assume_utc)
        lasted = None
        if self.duration is not None:
            lasted = duration(*_first(fields, self.duration.field), self.duration.unit)
        if opened is None and closed is None:
            raise Misfit("it says neither when the connection opened nor when it closed.")
        whole = (opened is not None and closed is not None) or lasted is not None
        if opened is None:
            opened = (closed or 0) - (lasted or 0)
        if closed is None:
            closed = opened + (lasted or 0)
        return Connection(
            _text(fields, self.connection_id),
            _target(_text(fields, self.url)),
            opened,
            closed,
            whole,
            _size(fields, self.bytes_in),
            _size(fields, self.bytes_out),
        )


class _LayoutFile(_Strict):
    access_log: Layout


def layout_file(path: Path) -> Layout:
    """Read a user's own layout: a YAML file with ``access_log:`` at its top level.

    Raises
    ------
    ConfigError
        If it cannot be read or breaks the specification.
    """
    return yamlfile.validate(_LayoutFile, yamlfile.load(path)).access_log


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    """Return the first of the names that has a value, and the value."""
    for name in names:
        if (value := fields[name] if name in fields else _nested(fields, name)) is not None:
            return name, value
    return names[0], None


def _nested(fields: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(fields, Mapping):
            fields = fields.get(step)
        elif isinstance(fields, list) and step.isdigit() and int(step) < len(fields):
            fields = fields[int(step)]
        else:
            return None
    return fields


def _moment(fields: Mapping[str, Any], whens: tuple[When, ...], assume_utc: bool) -> int | None:
    for when in whens:
        name, value = _first(fields, when.field)
        if value is None:
            continue
        if when.unit == CLF:
            return _clf(name, value, assume_utc)
        units = () if when.unit == "rfc3339" else (when.unit,)
        return moment(name, value, *units, assume_utc=assume_utc)
    return None


def _clf(name: str, value: Any, assume_utc: bool) -> int:
    at = _clf_time(str(value))
    if at is None:
        raise Misfit(f"{name} {shown(value)} is not a time such as 23/Nov/2026:07:23:08 +0000.")
    return since_epoch(name, str(value), at, assume_utc)


@lru_cache(maxsize=1024)
def _clf_time(text: str) -> datetime | None:
    """Parse a time that many lines share: it is whole seconds."""
    for form in _CLF_FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _text(fields: Mapping[str, Any], names: tuple[str, ...] | None) -> str | None:
    if names is None:
        return None
    value = _first(fields, names)[1]
    return str(value) if isinstance(value, (str, int)) and value not in ("", "-") else None


def _target(request: str | None) -> str | None:
    """Return the target of a request line; a bare target stays as it is."""
    parts = request.split(" ") if request else []
    return parts[1] if len(parts) > 1 else request


def _size(fields: Mapping[str, Any], size: Size | None) -> int | None:
    if size is None:
        return None
    whole = _count(fields, size.field)
    if whole is None or size.less is None:
        return whole
    less = _count(fields, size.less)
    return None if less is None else max(whole - less, 0)


def _count(fields: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    """Return a count; of several, as nginx lists them for upstreams that it tried, the last."""
    name, value = _first(fields, names)
    return count(name, re.split(r" ?[,:] ", value)[-1] if isinstance(value, str) else value)
