"""What stands at a path: told, or refused in one line where the system cannot look."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from wscost.errors import InputError, WscostError

_NOTHING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
"""What the system answers where nothing can be; anything else says that it could not look."""


def is_there(path: Path, refusal: type[WscostError] = InputError) -> bool:
    """Tell whether anything is at a path; a link stands for what it leads to.

    Raises
    ------
    WscostError
        Of the kind named, if the system cannot look: links in a circle, a folder that may not be searched.
    """
    return _mode(path, refusal) is not None


def is_folder(path: Path, refusal: type[WscostError] = InputError) -> bool:
    """Tell whether a folder is at a path; raises as ``is_there`` does."""
    return stat.S_ISDIR(_mode(path, refusal) or 0)


def is_file(path: Path, refusal: type[WscostError] = InputError) -> bool:
    """Tell whether a plain file is at a path, no folder, device or pipe; raises as ``is_there`` does."""
    return stat.S_ISREG(_mode(path, refusal) or 0)


def is_same(one: Path, other: Path, refusal: type[WscostError] = InputError) -> bool:
    """Tell whether two paths lead to one file that is there; raises as ``is_there`` does."""
    return is_there(one, refusal) and is_there(other, refusal) and one.samefile(other)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every plain file of a folder and of its folders, but what is hidden.

    Raises
    ------
    InputError
        If a folder cannot be looked into.
    """

    def refuse(error: OSError) -> None:
        raise _unseen(Path(error.filename), error, InputError)

    for here, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not _hidden(name)]
        yield from (path for name in files if not _hidden(name) and is_file(path := Path(here, name)))


def _hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _mode(path: Path, refusal: type[WscostError]) -> int | None:
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in _NOTHING:
            return None
        raise _unseen(path, error, refusal) from None
    except ValueError:  # a NUL, which no path has
        return None


def _unseen(path: Path, error: OSError, refusal: type[WscostError]) -> WscostError:
    return refusal(f"{path}: cannot be reached: {error.strerror}.")
