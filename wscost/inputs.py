"""What an INPUT is: a trace, usage by day or a month's totals, read or given; the kind is recognised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Union, cast

from wscost import usagefile, yamlfile
from wscost.errors import InputError
from wscost.profile import is_profile
from wscost.readers import read_input, sniff
from wscost.readers.findings import findings_of
from wscost.readers.source import at_hand
from wscost.trace import Engine, Trace, TraceStream, check_trace
from wscost.usage import Usage, Window
from wscost.usagefile import UsageFile

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from wscost.profile import Profile

Workload: TypeAlias = Union[Trace, TraceStream, Usage, UsageFile, "Profile"]
Input: TypeAlias = str | Path | Workload
_HALVES = ("ends-unknown", "bytes-of-stream")
"""What is noted of Zeek's logs of upgrades and of ends where each is read by itself."""


def is_workload(thing: object) -> TypeIs[Workload]:
    """Tell what is open already from a name, and from several of either."""
    return isinstance(thing, (Trace, TraceStream, Usage, UsageFile)) or is_profile(thing)


def several(inputs: Input | Iterable[Input]) -> list[Input]:
    """Return one input or several as a list."""
    return [inputs] if isinstance(inputs, (str, Path)) or is_workload(inputs) else list(inputs)


class ReadOptions(TypedDict, total=False):
    """How inputs are read; see ``read_trace``. ``format_options`` are those that one format alone knows."""

    input_format: str | None
    assume_utc: bool
    window: str | Window | None
    skip_bad_rows: bool
    progress: Callable[[int, int | None], None] | None
    remark: Callable[[str], None] | None
    engine: Engine | None
    format_options: Mapping[str, str]


def reading_of(options: Mapping[str, Any]) -> ReadOptions:
    """Return those of a command's or a function's options that say how inputs are read."""
    reading = {key: options[key] for key in ReadOptions.__annotations__ if key in options}
    return cast(ReadOptions, reading)


def open_inputs(inputs: Input | Iterable[Input], options: ReadOptions) -> dict[str, Workload]:
    """Open one or several inputs of one account, by name.

    Raises
    ------
    InputError
        If one cannot be read, or two have the same name.
    """
    named = several(inputs)
    if not named:
        raise InputError("There is no input. Name a trace or a usage file.")
    opened: dict[str, Workload] = {}
    as_logs = False
    for one in named:
        workload, as_log = _opened(one, options)
        as_logs |= as_log
        name = f"profile {workload.name}" if is_profile(workload) else workload.source
        if name in opened:
            raise InputError(f"{name}: named twice, so its usage would count twice.")
        opened[name] = workload
    if not as_logs:
        _refuse_reading(next(iter(opened)), options)
    _refuse_halves(opened)
    return opened


def open_input(one: Input, options: ReadOptions) -> Workload:
    """Open a trace, usage by day, a usage file or a profile, whichever it is."""
    return _opened(one, options)[0]


def _opened(one: Input, options: ReadOptions) -> tuple[Workload, bool]:
    """Return what an input is, and whether it is a log, or was one."""
    if isinstance(one, Trace):
        return check_trace(one), True
    if is_workload(one):
        return one, True
    path = at_hand(one)
    if (
        isinstance(path, Path)
        and path.suffix.lower() in (".yaml", ".yml")
        and not options.get("input_format")
    ):
        from wscost.profile import reading

        document = yamlfile.load(path)
        if usagefile.looks_like(document):
            return usagefile.usage_of(document), False
        if reading.looks_like(document):
            return reading.read_profile(document), False
        if not sniff(path.read_bytes(), path):
            raise InputError(
                f"{path}: this YAML is no input: `usage:` (monthly totals) or `profile:` (a load) must stand "
                "at its top level."
            )
    reading_options = options.copy()
    format_options = reading_options.pop("format_options", {})
    found = read_input(path, streamed=True, **reading_options, **format_options)  # type: ignore[arg-type]
    if isinstance(found, (Trace, Usage)):
        return replace(found, notes=(*found.notes, findings_of(found).note())), True
    return found, True


def _refuse_reading(name: str, options: ReadOptions) -> None:
    """Refuse what says how a log is read where no input is one."""
    given = ["--window"] if options.get("window") else []
    given += [f"--{option.replace('_', '-')}" for option in options.get("format_options") or ()]
    if given:
        raise InputError(f"{name}: {given[0]} says how a log is read, and no input is one. Leave it out.")


def _refuse_halves(opened: Mapping[str, Workload]) -> None:
    """Refuse two logs of the same connections that only one reading can join."""
    halves: dict[str, str] = {}
    for name, one in opened.items():
        if isinstance(one, Trace):
            halves |= {note.code: name for note in one.notes if note.code in _HALVES}
    if len(halves) == len(_HALVES):
        raise InputError(
            f"{' and '.join(halves.values())}: these are halves of the same connections, which would count "
            "twice. Put both into one folder and name that."
        )
