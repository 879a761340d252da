"""Files in stores: object stores and servers by their URLs, as fsspec knows them, for who reads paths."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from wscost.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_URL = re.compile(r"([a-z][a-z0-9+.-]*)(?:://|::)", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=//)[^/@]*@")
_QUERY = re.compile(r"[?#].*")
PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}
PACKAGES |= dict.fromkeys(("http", "https"), "aiohttp requests")
"""What a store needs beside fsspec; of others, fsspec itself says it."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a store; it can be sent to another process, which then needs access of its own."""

    filesystem: AbstractFileSystem
    path: str
    url: str
    """Without login and query: it may be shown."""
    size: int | None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.url).name

    def is_file(self) -> bool:
        """Tell that it can be read again and again."""
        return True

    def open(self, mode: str = "rb", **options: Any) -> BinaryIO:
        """Open it; what goes wrong is an OSError, whichever way the store says so."""
        try:
            return cast(BinaryIO, self.filesystem.open(self.path, mode, **options))
        except OSError:
            raise
        except Exception as error:  # each store has its own
            raise OSError(type(error).__name__) from error


def is_url(name: str) -> bool:
    """Tell whether a name is a URL and no path."""
    return _URL.match(name) is not None


def shown(url: str) -> str:
    """Return a URL without login, and on a server without its query, which may be a signature."""
    url = _LOGIN.sub("", url)
    return _QUERY.sub("", url) if url.startswith("http") else url


def stored(url: str) -> tuple[list[StoredFile | Path], bool]:
    """Return the files that a URL, a folder's or a glob's stands for, and whether the user named them.

    Raises
    ------
    InputError
        If fsspec or what it needs for the store is not installed, the store refuses, or there is no file.
    UnknownNameError
        If no store goes by that name.
    """
    protocol = cast("re.Match[str]", _URL.match(url))[1].lower()
    try:
        import fsspec
    except ImportError:
        raise InputError(f"{shown(url)}: files in stores need fsspec: pip install 'wscost[dask]'.") from None
    if protocol not in fsspec.available_protocols():
        raise UnknownNameError("kind of store", protocol, fsspec.available_protocols())
    try:
        filesystem, path = fsspec.url_to_fs(url)
        found, picked = _found(filesystem, path)
    except ImportError as error:
        cure = f"pip install {PACKAGES[protocol]}" if protocol in PACKAGES else f"{error}"
        raise InputError(f"{shown(url)}: something is missing to read {protocol}://: {cure}.") from None
    except FileNotFoundError:
        found, picked = {}, True
    except Exception as error:  # each store has its own
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise InputError(
            f"{shown(url)}: the store cannot be read ({why}). Look whether its name, the network and "
            "this account's access are right."
        ) from None
    if not found:
        raise InputError(f"{shown(url)}: there is no such file or folder, or none in it.")
    if "file" in _protocols(filesystem):
        return [Path(path) for path in sorted(found)], picked
    return [
        StoredFile(filesystem, path, shown(filesystem.unstrip_protocol(path)), about.get("size"))
        for path, about in sorted(found.items())
    ], picked


def _found(filesystem: AbstractFileSystem, path: str) -> tuple[dict[str, dict[str, Any]], bool]:
    if glob.has_magic(path) and not filesystem.exists(path):
        matches = filesystem.glob(path, detail=True)
        return {found: about for found, about in matches.items() if about["type"] == "file"}, True
    about = filesystem.info(path)
    if about["type"] == "file":
        return {path: about}, True
    within = filesystem.find(path, detail=True)
    root = PurePosixPath(path)
    return {found: about for found, about in within.items() if not _hidden(found, root)}, False


def _hidden(path: str, root: PurePosixPath) -> bool:
    inside = PurePosixPath(path)
    parts = inside.relative_to(root).parts if inside.is_relative_to(root) else (inside.name,)
    return any(part.startswith((".", "_")) for part in parts)


def _protocols(filesystem: AbstractFileSystem) -> tuple[str, ...]:
    named = filesystem.protocol
    return (named,) if isinstance(named, str) else tuple(named)
