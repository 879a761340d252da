"""Readers: one module a trace format, found by being here.

A reader module defines

- ``NAME``: what ``--input-format`` calls it;
- ``sniff(head: bytes, path: Path | None) -> bool``: whether the content begins like this format;
- ``read(source: Source, options: Options) -> Reading``: the whole input, all its parts, as one trace;
  where the format has no connections as usage by day or in all, where it is a plan as a profile;
- ``stream(source, options, notes) -> TraceStream | None`` (optional): the same trace in batches, where
  it is too big to be held at once; the notes are kept beside its own;
- ``OPTIONS`` (optional): its own options by name, each with one sentence; given in ``options.own``;
- ``CHOSEN_BY`` (optional): the option that asks for this format where no content could tell it.

Content decides; the file's name never does alone. Modules without ``NAME`` are tools that readers
share: ``source`` (bytes and lines), ``intake`` (rows into a trace, bad ones refused with their place),
``refusals`` (these), ``building`` (frames into a trace).
"""

from __future__ import annotations

import codecs
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias, Union, cast

from wscost.errors import InputError, UnknownNameError
from wscost.notes import Note
from wscost.readers import parquet
from wscost.readers.options import Options, parse_window
from wscost.readers.source import Part, Progress, Source, at_hand, open_source
from wscost.trace import Engine, Trace, TraceStream, check_trace
from wscost.units import number_of
from wscost.usage import Usage, Window

if TYPE_CHECKING:
    from wscost.profile import Profile
    from wscost.usagefile import UsageFile

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Reading: TypeAlias = Union[Trace, TraceStream, Usage, "UsageFile", "Profile"]
"""What an input can hold: what happened, what was metered of it, or what is to come."""


class Reader(Protocol):
    """What a reader module offers."""

    NAME: str

    def sniff(self, head: bytes, path: Path | None) -> bool:
        """Tell whether the content begins like this format."""

    def read(self, source: Source, options: Options) -> Reading:
        """Return the whole input as one trace, or as what it holds instead."""


@cache
def readers() -> Mapping[str, Reader]:
    """Return every reader in this package by its format's name."""
    modules = (import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    found = {module.NAME: cast(Reader, module) for module in modules if hasattr(module, "NAME")}
    return MappingProxyType(dict(sorted(found.items())))


def reader_named(name: str) -> Reader:
    """Return the reader of a known format, without loading the others where that can be."""
    return parquet if name == parquet.NAME else readers()[name]


def sniff(head: bytes, path: Path | None = None) -> tuple[str, ...]:
    """Return the names of the formats that content beginning like this may have."""
    if parquet.sniff(head, path):  # no text begins like it, and all others are text
        return (parquet.NAME,)
    return tuple(name for name, reader in readers().items() if reader.sniff(head, path))


def read_trace(
    path: str | Path | Sequence[str | Path],
    *,
    input_format: str | None = None,
    assume_utc: bool = False,
    window: str | Window | None = None,
    skip_bad_rows: bool = False,
    progress: Progress | None = None,
    **format_options: str,
) -> Trace:
    """Read a trace of any known format.

    Parameters
    ----------
    path
        A file, a folder, a glob, ``-`` for standard input, or several of these; gzip is undone.
        Several files must be of one format and make one trace.
    input_format
        The format's name; None: found from the content.
    assume_utc
        Take times without a zone as UTC instead of refusing them.
    window
        The observed time, as a `Window` or ``START/END``; None: as the input says, else from its
        first event to just after its last.
    skip_bad_rows
        Leave bad rows out and count them instead of refusing the input.
    progress
        Called with the bytes read so far and the bytes in all (None where unknown).
    **format_options
        Options that this format alone knows (its ``OPTIONS``).

    Raises
    ------
    InputError
        If the input cannot be read as what it is or claims to be.
    UnknownNameError
        If no format or option has that name.
    """
    found = read_input(
        at_hand(path) if isinstance(path, (str, Path)) else [at_hand(one) for one in path],
        input_format=input_format,
        assume_utc=assume_utc,
        window=window,
        skip_bad_rows=skip_bad_rows,
        progress=progress,
        remark=None,
        streamed=False,
        engine=None,
        rows_wanted=True,
        **format_options,
    )
    if not isinstance(found, Trace):
        raise no_connections(getattr(found, "source", path))
    return found


def no_connections(source: object) -> InputError:
    """Return the error for an input that is no trace where one is wanted."""
    return InputError(
        f"{source}: this holds no connections, so no trace can be made of it. Estimate it as it is."
    )


def read_input(
    path: str | Path | Sequence[str | Path],
    *,
    input_format: str | None = None,
    assume_utc: bool = False,
    window: str | Window | None = None,
    skip_bad_rows: bool = False,
    progress: Progress | None = None,
    remark: Callable[[str], None] | None = None,
    streamed: bool = False,
    engine: Engine | None = None,
    rows_wanted: bool = False,
    **format_options: str,
) -> Reading:
    """Read an input of any known format as what it holds: a trace, usage or a profile.

    Parameters and errors are those of ``read_trace``. Where ``streamed``, a trace too big to be held at
    once is returned as a stream: not read yet where its files can be read in batches, else set aside on
    disk, as always where ``rows_wanted`` says that not only sums will be asked of it. ``remark`` is told
    what then takes long. An ``engine`` makes the stream's passes in place of this process,
    however small it is.
    """
    source = open_source(path, progress)
    source, reader = _recognise(source, input_format or _asked_for(format_options))
    known = getattr(reader, "OPTIONS", {})
    for name in format_options:
        if name not in known:
            raise UnknownNameError(f"option of the format {reader.NAME}", name, known)
    options = Options(
        assume_utc=assume_utc,
        window=parse_window(window) if isinstance(window, str) else window,
        skip_bad_rows=skip_bad_rows,
        streamed=streamed,
        own=format_options,
        remark=remark or (lambda sentence: None),
        engine=engine,
    )
    if streamed and not rows_wanted and (stream := getattr(reader, "stream", None)):
        found = stream(source, options, source.notes)
        if found is not None:
            return cast(TraceStream, found)
    if engine is not None:
        raise InputError(
            f"{source.name}: other engines than local read Parquet as it lies, connections and events beside "
            f"them. Make it: wscost convert {source.name} -o trace/; or leave --engine out."
        )
    found = reader.read(source, options)
    if isinstance(found, Trace):
        check_trace(found)
    if source.notes and isinstance(found, (Trace, Usage)):
        return replace(found, notes=(*found.notes, *source.notes))
    return found


def _asked_for(format_options: Mapping[str, str]) -> str | None:
    """Return the format that one of the options asks for."""
    if not format_options:
        return None
    by_option = {getattr(reader, "CHOSEN_BY", None): name for name, reader in readers().items()}
    return next((by_option[option] for option in format_options if option in by_option), None)


def _recognise(source: Source, input_format: str | None) -> tuple[Source, Reader]:
    if input_format is not None and input_format not in readers():
        raise UnknownNameError("trace format", input_format, readers())
    filled = [part for part in source.parts if part.head]
    if not filled:
        several = len(source.parts) > 1
        raise InputError(f"{source.name}: {'every file in it' if several else 'the file'} is empty.")
    if input_format is not None:
        return replace(source, parts=tuple(filled)), readers()[input_format]
    claims = {part: _claim(part) for part in filled}
    known = [part for part in filled if claims[part] is not None]
    if not known or (source.picked and len(known) < len(filled)):
        stranger = next(part for part in filled if claims[part] is None)
        place = (
            stranger.name
            if source.picked
            else f"{source.name}: no file in this folder is a trace; {stranger.name}"
        )
        if ours := _OURS.search(stranger.head):
            raise InputError(f"{place}: {_OWN_FILES[ours[1]]}")
        raise InputError(
            f"{place}: {_looks(stranger.head)} in none of the known formats ({', '.join(readers())}). "
            f"{_cure(stranger.head)}"
        )
    first = known[0]
    for part in known:
        if claims[part] != claims[first]:
            raise InputError(
                f"{source.name}: {first.name} is {claims[first]}, {part.name} is {claims[part]}. "
                "Files that make one trace must be of one format."
            )
    strangers = [part.name for part in filled if claims[part] is None]
    notes = (
        (
            Note(
                "files-left-out",
                f"{number_of(len(strangers), 'file', 'files')} in {source.name}: no traces, left out.",
                {"files": strangers},
            ),
        )
        if strangers
        else ()
    )
    return replace(source, parts=tuple(known), notes=notes), reader_named(cast(str, claims[first]))


def _claim(part: Part) -> str | None:
    names = sniff(part.head, part.path if isinstance(part.path, Path) else None)
    if len(names) > 1:
        raise InputError(f"{part.name}: this may be {' or '.join(names)}. Say which with --input-format.")
    return names[0] if names else None


_OURS = re.compile(rb"^(usage|profile|scenarios):", re.MULTILINE)
_OWN_FILES = {
    b"usage": "these are monthly totals (`usage:`), without rows to read or convert. Name the file .yaml to "
    "estimate them.",
    b"profile": "this is a profile (`profile:`), without rows to read or convert. Name the file .yaml to "
    "estimate it; wscost simulate makes a trace of it.",
    b"scenarios": "this is a scenario file (`scenarios:`), without rows to read or convert. Name the file "
    ".yaml to estimate what it names.",
}
"""What is said of wscost's own YAML where a log is read; the commands that take it know it by its name."""
_PACKED = {b"PK\x03\x04": "zip or xlsx", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


def _looks(head: bytes) -> str:
    if head.startswith(_UTF_16):
        return "UTF-16 text"
    if packed := _packed(head):
        return f"{packed} data"
    if b"\0" in head:
        return "binary data"
    return "JSON" if head.lstrip()[:1] in (b"{", b"[") else "text"


def _packed(head: bytes) -> str | None:
    return next((name for magic, name in _PACKED.items() if head.startswith(magic)), None)


def _cure(head: bytes) -> str:
    if head.startswith(_UTF_16):
        return "Save it as UTF-8."
    if _packed(head) or b"\0" in head:
        return "Logs are read as text, plain or in gzip: export or unpack it first."
    return (
        "If it is one of them, name it with --input-format. Any other CSV or NDJSON is read with --map "
        "opened_at=COLUMN,closed_at=COLUMN, any other access log with --layout FILE."
    )
