"""Lending bytes, as a file, to a library that reads them on a thread of its own, and getting them back.

Such a thread may still read when an error has ended the matter, and a process that ends then is aborted:
the interpreter is gone when the thread wants it. So at the end the file says that it is at its end, and
all that was lent is waited for.
"""

from __future__ import annotations

import io
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, TypeVar, cast

T = TypeVar("T")
BUFFER_BYTES = 1024 * 1024
MOST_OUT = 8
"""So many objects may be in the other's hands at once."""
LOOK_S, LOOKS = 0.05, 20
"""How long one is waited for, and how often in vain: their reader may be stuck in a pipe. [s]"""


@contextmanager
def lent(chunks: Iterator[bytes]) -> Iterator[Callable[[], BinaryIO]]:
    """Give a function that lends the chunks as a file; at the end, wait until they are back."""
    content = io.BufferedReader(_Chunks(chunks), BUFFER_BYTES)
    loans = _Loans()
    try:
        yield lambda: cast(BinaryIO, loans.lend(_Lent(content, loans)))
    finally:
        loans.call_in()


class _Loans:
    """Objects in the hands of a thread that is not ours, and whether it has let go of them.

    Its last act is to free them. That runs no Python code, so a thread that has freed all is done.
    """

    def __init__(self) -> None:
        self._out: list[weakref.ref[Any]] = []
        self._returned: SimpleQueue[object] = SimpleQueue()
        self._back = 0
        self.over = False

    def lend(self, loan: T) -> T:
        """Lend once few enough are out: a library reads ahead for as long as it is given anything."""
        while not self.over and len(self._out) - self._back >= MOST_OUT:
            self._take_back()
        self._out.append(weakref.ref(loan, self._returned.put))
        return loan

    def call_in(self) -> None:
        """Lend no more, and wait for the rest; not for ever, for a thread may be stuck in a pipe."""
        self.over = True
        patience = LOOKS
        while self._back < len(self._out) and patience:
            patience -= not self._take_back()

    def _take_back(self) -> bool:
        """Take one loan back; tell whether one came while it was waited for."""
        try:
            self._returned.get(timeout=LOOK_S)
        except Empty:
            return False
        self._back += 1
        return True


class _Block(bytearray):
    """Bytes that can be watched."""

    __slots__ = ("__weakref__",)


class _Lent:
    """What a library gets of a file, which itself stays with its lender."""

    __slots__ = ("__weakref__", "_content", "_loans")

    closed = False

    def __init__(self, content: io.BufferedReader[Any], loans: _Loans) -> None:
        self._content = content
        self._loans = loans

    def read(self, size: int) -> _Block:
        block = _Block() if self._loans.over else _Block(size)
        del block[self._content.readinto(block) :]
        return self._loans.lend(block)

    def close(self) -> None:
        """Leave the file open: it is its lender's to close."""


class _Chunks(io.RawIOBase):
    """Chunks of bytes as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        left = self._left or memoryview(next(self._chunks, b""))
        size = min(len(left), len(buffer))
        buffer[:size] = left[:size]
        self._left = left[size:]
        return size
