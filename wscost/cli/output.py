"""Where words go: the result to standard output or a file, everything else to standard error."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from wscost.errors import ConfigError, OutputError
from wscost.places import is_file, is_folder, is_same, is_there
from wscost.reports.wording import clean

if TYPE_CHECKING:
    from wscost.trace import Trace
    from wscost.usage import Period

Progress = Callable[[int, int | None], None]
PLAINLY = "wscost.plainly"
"""How a terminal that lacks a character is written to: with one that it has and that says the same."""
_PLAIN = {"≥": ">=", "≈": "~", "─": "-", "•": "*", "–": "-", "−": "-", "…": "...", "×": "x"}
PLAIN_WIDTH = 80
NARROWEST, WIDEST = 60, 120


def tell(result: str, file: Path | None = None) -> None:
    """Write a command's result to a file, or to standard output.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    if file is not None and str(file) != "-":
        _write(file, f"{result}\n".encode())
        return
    if not listened_to():
        raise OutputError("Standard output is closed; name a file with -o.")
    try:
        typer.echo(result, color=colored())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritten(error) from None


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(one, "?") for one in error.object[error.start : error.end]), error.end


codecs.register_error(PLAINLY, _plainly)


def unwritten(error: OSError) -> OutputError:
    """Return the error for a standard output that takes no more, and write nothing more to it."""
    hush()
    return OutputError(f"The result cannot be written to standard output: {error.strerror}.")


def listened_to() -> bool:
    """Whether there is a standard output: the shell's ``>&-`` closes it."""
    return sys.stdout is not None


def help_where_nothing_is_asked(context: typer.Context) -> None:
    """Tell what a group of commands can do where none is named."""
    if context.invoked_subcommand is None:
        tell(context.get_help())


def refuse_existing(file: Path | None) -> None:
    """Refuse to write where something is already, before the work is done.

    Raises
    ------
    OutputError
        If there is a file of that name.
    """
    if file is not None and str(file) != "-" and os.path.lexists(file):
        raise OutputError(f"{file}: is there already, and a profile is not to be lost. Name another file.")


def spare(inputs: Iterable[str | Path], file: str | Path | None) -> None:
    """Refuse to write over what is read, before the work is done.

    Of ``FILE#NAME`` that is the file, of a folder or a glob all that it stands for, and of a file what it
    names: inputs, price books, deployments.

    Raises
    ------
    OutputError
        If the file is one of those.
    """
    if file is None or not is_there(Path(file), OutputError):
        return
    for one in inputs:
        for name in {str(one), str(one).partition("#")[0]} - {""}:
            if any(is_same(path, Path(file)) for path in _read_with(Path(name))):
                raise OutputError(f"{file}: this is an input; write the result to another file.")


def _read_with(path: Path) -> Iterator[Path]:
    from wscost.readers.source import gathered
    from wscost.scenario import named_in

    reach = [path]
    if path.suffix.lower() in (".yaml", ".yml", ".toml") and is_file(path):
        with suppress(ConfigError):  # whoever reads it says what is wrong with it
            reach += [named.path for named in named_in(path)]
    for each in reach:
        yield each
        yield from gathered(each) or ()


def create(result: str, file: Path | None = None) -> None:
    """Write a command's result to a new file, or to standard output; what is there is never touched.

    Raises
    ------
    OutputError
        If there is a file of that name, or it cannot be written.
    """
    if file is None or str(file) == "-":
        tell(result)
        return
    try:
        with file.open("xb") as new:
            try:
                new.write(f"{result}\n".encode())
                new.flush()
            except OSError:
                file.unlink()
                raise
    except FileExistsError:
        refuse_existing(file)
        raise
    except OSError as error:
        raise OutputError(f"{file}: the result cannot be written: {error.strerror}.") from None


def aside(told: str) -> None:
    """Write what goes with a result to standard error; if nobody listens there, so be it."""
    with suppress(OSError):
        typer.echo(told, err=True, color=False)


def complain(sentence: str) -> None:
    """Write a complaint to standard error; if nobody listens there, so be it."""
    lines = [clean(line) for line in sentence.splitlines()]
    with suppress(OSError):
        typer.echo("wscost: " + "\n".join(lines), err=True, color=False)


def hush() -> None:
    """Send what standard output still holds nowhere, so that closing it does not fail again."""
    if sys.__stdout__ is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())


def colored(file: Path | None = None) -> bool:
    """Whether the result may have colour: on a terminal that wants it."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return file is None and wanted and _is_terminal(sys.stdout)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def width(file: Path | None = None) -> int:
    """Return how many columns the result may take: the terminal's, or 80."""
    if file is None and _is_terminal(sys.stdout):
        return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    return PLAIN_WIDTH


@contextmanager
def progress() -> Iterator[Progress | None]:
    """Draw a bar of bytes read on standard error; only on a terminal, and only while it lasts."""
    if not _is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("reading", total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


@contextmanager
def days(period: Period) -> Iterator[Callable[[Trace], None] | None]:
    """Draw a bar of days simulated on standard error; only on a terminal, and only while it lasts."""
    if not _is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = BarColumn(), MofNCompleteColumn(), TextColumn("days"), TimeRemainingColumn()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating", total=period.days)
        yield lambda day: bar.update(task, completed=(day.window.end.date() - period.start).days)


def save(picture: bytes, file: Path) -> None:
    """Write a picture to a file, or to standard output as ``-``.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    if str(file) == "-":
        typer.echo(picture, nl=False)
    else:
        _write(file, picture)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside its place first, then moved into it."""
    if is_folder(path, OutputError):
        raise OutputError(f"{path}: this is a folder. Name a file.")
    try:
        if is_there(path, OutputError) and not is_file(path, OutputError):
            path.write_bytes(content)  # a device or a pipe, whose place no path may name
        else:
            _replace(path.resolve(), content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: the result cannot be written: {error.strerror}.") from None


def _replace(place: Path, content: bytes) -> None:
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.write(content)
        if place.exists():
            shutil.copymode(place, beside)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
