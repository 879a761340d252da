"""Files of our own in the temporary folder: without a name, so that nothing stays behind however it ends."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, cast

from wscost.errors import OutputError


def scratch(owner: object, held: int = 0) -> IO[bytes]:
    """Return an empty file without a name, closed when its owner goes; up to so many bytes are held.

    Raises
    ------
    OutputError
        If no temporary folder can be written to.
    """
    with on_disk():
        file = tempfile.SpooledTemporaryFile(held) if held else tempfile.TemporaryFile()  # noqa: SIM115
    weakref.finalize(owner, _close, cast(IO[bytes], file))  # its owner closes it
    return cast(IO[bytes], file)


@contextmanager
def on_disk() -> Iterator[None]:
    """Tell in one sentence that rows cannot be set aside.

    Raises
    ------
    OutputError
        If the temporary folder is full or cannot be written to.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{_folder()}: rows cannot be set aside in this temporary folder: {error.strerror or error}. "
            "Name one with more room in TMPDIR."
        ) from None


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # what is left to write has no room, and nobody will read it
        file.close()


def _folder() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "TMPDIR"
