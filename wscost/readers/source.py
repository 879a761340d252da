"""The input as bytes: files, folders, globs, URLs or standard input, gzip undone, every size bounded."""

from __future__ import annotations

import codecs
import glob
import gzip
import io
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from wscost.errors import InputError
from wscost.notes import Note
from wscost.places import files_below, is_file, is_folder, is_there
from wscost.readers.lending import lent
from wscost.readers.spooling.disk import on_disk
from wscost.readers.stores import StoredFile, is_url, shown, stored
from wscost.shipped import shipped

STDIN = "-"
STDIN_NAME = "<stdin>"
HEAD_BYTES = 64 * 1024
CHUNK_BYTES = 1024 * 1024
LINE_LIMIT = 16 * 1024 * 1024
CONTENT_LIMIT = 1024 * 1024 * 1024
GZIP_RATIO_LIMIT = 200
"""Beyond ``GZIP_FREE_BYTES``, text that unpacks to more than this many times its size is a gzip bomb."""
GZIP_FREE_BYTES = 64 * 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"

Progress = Callable[[int, int | None], None]
Place: TypeAlias = Path | StoredFile
"""Where a file is, with what reading asks of a path."""


class Part:
    """One file or stream of the input. Whatever is wrong with its bytes is an InputError that names it.

    A file may be read again and again, a stream (standard input, a pipe) once after its head.
    """

    def __init__(
        self, name: str, path: Place | None, count: Callable[[int], None] = lambda size: None
    ) -> None:
        self.name = name
        self.path = path
        self._count = count
        self._lasting = path is not None and path.is_file()
        self._head: bytes | None = None
        self._rest: Iterator[bytes] | None = None

    @property
    def head(self) -> bytes:
        """The first 64 KiB, unpacked; less where the input is shorter."""
        if self._head is None:
            pieces = self._pieces(HEAD_BYTES, (lambda size: None) if self._lasting else self._count)
            self._head = next(pieces, b"")
            if not self._lasting:
                self._rest = pieces
        return self._head

    def chunks(self) -> Iterator[bytes]:
        """Yield the whole content, unpacked, about a MiB at a time."""
        if self._lasting:
            yield from self._pieces(CHUNK_BYTES, self._count)
            return
        head = self.head
        rest, self._rest = self._rest, None
        if rest is None:
            raise InputError(f"{self.name}: a stream can be read only once.")
        if head:
            yield head
        yield from rest

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line that is not blank with its number (from 1), without its end."""
        number, left = 0, b""
        for chunk in self.chunks():
            *whole, left = (left + chunk).split(b"\n")
            for line in whole:
                number += 1
                if line := self._line(number, line):
                    yield number, line
            if len(left) > LINE_LIMIT:
                break
        if left := self._line(number + 1, left):
            yield number + 1, left

    def lent(self) -> AbstractContextManager[Callable[[], BinaryIO]]:
        """Lend text as a file to a library that reads it, front to back, on a thread of its own."""
        return lent(self._text())

    def content(self) -> bytes:
        """Return everything, for formats that are one document; up to 1 GiB."""
        kept = io.BytesIO()
        for chunk in self.chunks():
            if kept.tell() + len(chunk) > CONTENT_LIMIT:
                raise InputError(f"{self.name}: more than {CONTENT_LIMIT >> 30} GiB in one document.")
            kept.write(chunk)
        return kept.getvalue()

    @contextmanager
    def seekable(self) -> Iterator[BinaryIO]:
        """Give the content as a file that can be sought, for formats that are read from their end."""
        if self.path is not None and self._lasting and not self._packed():
            with self._guarded(), self.path.open("rb") as stream:
                self._count(_size(self.path) or 0)
                yield stream
            return
        with on_disk():
            spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed just below
        with spool:
            with on_disk():
                for chunk in self.chunks():
                    spool.write(chunk)
                spool.seek(0)
            yield cast(BinaryIO, spool)

    @property
    def file(self) -> Place | None:
        """The place where the content lies as it is, for a library that reads it itself."""
        return self.path if self._lasting and not self._packed() else None

    def count(self, size: int) -> None:
        """Count bytes that such a library has read."""
        self._count(size)

    def damaged(self, what: str, error: Exception | None = None) -> InputError:
        """Return the complaint that a library which reads it itself cannot, and why if the system says."""
        if isinstance(error, OSError) and error.errno:
            return InputError(f"{self.name}: cannot be read: {os.strerror(error.errno)}.")
        store = ", or its store failed" if isinstance(self.path, StoredFile) else ""
        return InputError(f"{self.name}: this {what} is damaged or cut short{store}.")

    def _text(self) -> Iterator[bytes]:
        """Yield the content in chunks; what is not UTF-8 is refused with its line."""
        decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
        for chunk in chain(self.chunks(), [b""]):
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                raise InputError(
                    f"{self.name}:{line}: this is not UTF-8 text. Save the file as UTF-8."
                ) from None
            line += chunk.count(b"\n")
            yield chunk

    def _line(self, number: int, line: bytes) -> bytes:
        if len(line) > LINE_LIMIT:
            raise InputError(
                f"{self.name}:{number}: this line is longer than {LINE_LIMIT >> 20} MiB. "
                "Is the file really one record a line?"
            )
        if number == 1:
            line = line.removeprefix(BOM)
        return line.strip()

    def _pieces(self, first: int, count: Callable[[int], None]) -> Iterator[bytes]:
        with self._guarded(), self._opened() as raw:
            counted = _Counted(raw, count)
            plain = io.BufferedReader(counted, CHUNK_BYTES)
            packed = plain.peek(2)[:2] == GZIP_MAGIC
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if packed else cast(BinaryIO, plain)
            size, given = first, 0
            while chunk := stream.read(size):
                given += len(chunk)
                if packed and given > GZIP_FREE_BYTES and given > GZIP_RATIO_LIMIT * counted.taken:
                    raise InputError(
                        f"{self.name}: this gzip unpacks to more than {GZIP_RATIO_LIMIT} times its size, "
                        "as no log does. If it is meant, unpack it first."
                    )
                yield chunk
                size = CHUNK_BYTES

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except EOFError:
            raise InputError(f"{self.name}: the gzip data end too early; the file is cut short.") from None
        except (gzip.BadGzipFile, zlib.error):
            raise InputError(f"{self.name}: the gzip data are damaged.") from None
        except OSError as error:
            raise InputError(f"{self.name}: cannot be read: {error.strerror or error}.") from None

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        if self.path is None:
            if sys.stdin is None:
                raise InputError(f"{self.name}: standard input is closed. Name a file, or pipe one in.")
            yield sys.stdin.buffer
        else:
            with self.path.open("rb") as stream:
                yield stream

    def _packed(self) -> bool:
        with self._guarded(), self._opened() as stream:
            return stream.read(2) == GZIP_MAGIC


class _Counted(io.RawIOBase):
    """A stream that tells how many bytes were taken from it."""

    def __init__(self, inner: BinaryIO, count: Callable[[int], None]) -> None:
        self._inner = inner
        self._report = count
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        size = cast(io.BufferedReader, self._inner).readinto(buffer)
        self.taken += size
        self._report(size)
        return size


@dataclass(frozen=True, slots=True)
class Source:
    """What the user named: one part or several of one format, in reading order."""

    name: str
    parts: tuple[Part, ...]
    picked: bool = True
    """Whether the user named the files; in a folder, what is no trace is left out."""
    notes: tuple[Note, ...] = ()
    """What is to be said of it, whatever its content."""

    def lines(self) -> Iterator[tuple[Part, int, bytes]]:
        """Yield the lines of all parts, each with its part and number."""
        for part in self.parts:
            for number, line in part.lines():
                yield part, number, line


def at_hand(name: str | Path) -> str | Path:
    """Return where an input is: a file, standard input or a store.

    ``sample_traces/NAME`` is found among the shipped traces where the working directory has none.
    """
    if is_url(str(name)) or str(name) == STDIN:
        return str(name)
    path = Path(name)
    if path.parts[:1] == ("sample_traces",) and not is_there(path):
        sample = shipped("sample_traces").joinpath(*path.parts[1:])
        if is_there(sample):
            return sample
    return path


def open_source(given: str | Path | Sequence[str | Path], progress: Progress | None = None) -> Source:
    """Return the source that a path, ``-``, a folder, a glob or a list of these stands for.

    Nothing is read yet. ``progress`` is told the bytes read so far and the bytes in all, or None.

    Raises
    ------
    InputError
        If a path is missing, or a folder or glob holds no file.
    """
    several = [given] if isinstance(given, (str, Path)) else list(given)
    if not several:
        raise InputError("No input was named.")
    picked = True
    paths: list[Place | None] = []
    for one in several:
        found, named = _expand(str(one))
        picked &= named
        paths.extend(found)
    _refuse_twice(paths)
    done, total = 0, _total(paths)

    def count(size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(done, total)

    parts = tuple(Part(_called(path), path, count) for path in paths)
    name = f"{len(parts)} files"
    if len(several) == 1:
        name = STDIN_NAME if several[0] == STDIN else shown(str(several[0]))
    return Source(name, parts, picked)


def _refuse_twice(paths: Sequence[Place | None]) -> None:
    """Refuse a file that is named twice, perhaps by a pattern: its connections would count twice."""
    seen: set[str] = set()
    for path in paths:
        place = str(path.resolve()) if isinstance(path, Path) else _called(path)
        if place in seen:
            raise InputError(f"{_called(path)}: named twice, so what it holds would count twice.")
        seen.add(place)


def _called(path: Place | None) -> str:
    if path is None:
        return STDIN_NAME
    return path.url if isinstance(path, StoredFile) else str(path)


def _size(path: Place) -> int | None:
    """Return how many bytes a file has; None where nobody tells."""
    if isinstance(path, StoredFile):
        return path.size
    about = path.stat()
    return about.st_size if stat.S_ISREG(about.st_mode) else None


def _expand(name: str) -> tuple[Sequence[Place | None], bool]:
    if name == STDIN:
        return [None], True
    if is_url(name):
        return stored(name)
    path = Path(name)
    if (files := gathered(path)) is not None:
        if not files:
            nothing = "there is no file in this folder" if is_folder(path) else "no file matches this pattern"
            raise InputError(f"{name}: {nothing}.")
        return files, not is_folder(path)
    if is_there(path):
        return [path], True
    raise InputError(f"{name}: there is no such file or folder.")


def gathered(path: Path) -> list[Path] | None:
    """Return the files that a folder or a glob stands for; None of any other path."""
    if is_folder(path):
        return sorted(files_below(path))
    if glob.has_magic(str(path)) and not is_there(path):
        root = Path(path.anchor)
        return sorted(match for match in root.glob(str(path.relative_to(root))) if is_file(match))
    return None


def _total(paths: Sequence[Place | None]) -> int | None:
    sizes = [None if path is None else _size(path) for path in paths]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None
