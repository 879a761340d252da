"""Another git ref: the scenario file and what it names, as they stand there, laid out in a folder.

Only ``git show`` and its kin read from the repository; the work tree and the index stay untouched.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from wscost.errors import ConfigError, UnknownNameError
from wscost.scenario import read_document, repository_root
from wscost.yamlfile import load


def lay_out(ref: str, config: Path, folder: Path) -> Path | None:
    """Lay the scenario file of another ref, and every file it names, out in a folder.

    Whatever a YAML file names that stands in the tree comes along, and what that names in turn.
    Returns the scenario file's place in the folder; None if the ref has no such file.

    Raises
    ------
    ConfigError
        If there is no repository, no git, or no such ref here; if the scenario file is a link that leaves
        the repository; or a file there breaks its form.
    """
    root = repository_root(config.parent)
    if root is None:
        raise ConfigError(f"{config}: is in no git repository, so it has no other ref. Use --baseline FILE.")
    real = config.resolve()
    if not real.is_relative_to(root):
        raise ConfigError(
            f"{config}: is a link to {real}, outside of the repository {root}, so it has no other ref. "
            "Use --baseline FILE."
        )
    tree = _Tree(root, _commit(root, ref))
    name = real.relative_to(root).as_posix()
    if not tree.lay_out(name, folder):
        return None
    place = folder / name
    _follow(tree, PurePosixPath(name), read_document(place).data, folder)
    return place


class _Tree:
    """The files of one commit."""

    def __init__(self, root: Path, commit: str) -> None:
        listed = _git(root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, check=True)
        self.files = [name.decode("utf-8", "surrogateescape") for name in listed.stdout.split(b"\0") if name]
        self.names = {*self.files, *(str(up) for name in self.files for up in PurePosixPath(name).parents)}
        self.root = root
        self.commit = commit

    def lay_out(self, path: str, folder: Path) -> list[str]:
        """Write the files at or below a path into a folder, and return those that are new there."""
        if path not in self.names:
            return []
        below = [name for name in self.files if name == path or name.startswith(f"{path}/")]
        new = [name for name in below if not (folder / name).exists()]
        for name in new:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_git(self.root, "show", f"{self.commit}:{name}", check=True).stdout)
        return new


def _follow(tree: _Tree, file: PurePosixPath, data: Any, folder: Path) -> None:
    for word in _words(data):
        named = normpath((file.parent / word).as_posix())
        if named.startswith(("/", "..")) or named == ".":
            continue
        for name in tree.lay_out(named, folder):
            if PurePosixPath(name).suffix in (".yaml", ".yml"):
                _follow(tree, PurePosixPath(name), load(folder / name).data, folder)


def _words(data: Any) -> Iterator[str]:
    """Yield every text in the values of a document that could be a path."""
    if isinstance(data, dict):
        for value in data.values():
            yield from _words(value)
    elif isinstance(data, list):
        for value in data:
            yield from _words(value)
    elif isinstance(data, str) and data and "\n" not in data and "\0" not in data and len(data) < 1000:
        yield data


def _commit(root: Path, ref: str) -> str:
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found.returncode == 0:
        return found.stdout.decode().strip()
    if _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        branch = ref.removeprefix("origin/")
        raise ConfigError(
            f"--base-ref {ref}: this clone is shallow and does not hold it. Fetch it first: "
            f"git fetch --depth=1 origin {branch}:refs/remotes/origin/{branch}, "
            f"then --base-ref origin/{branch} (actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0)."
        )
    refs = _git(root, "for-each-ref", "--format=%(refname:short)").stdout.decode("utf-8", "replace").split()
    raise ConfigError(f"--base-ref {ref}: {UnknownNameError('git ref', ref, refs or ['HEAD'])}")


def _git(root: Path, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise ConfigError(f"git cannot be run: {error.strerror}. Use --baseline FILE.") from None
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode and (check or "dubious ownership" in said or "not a git repository" in said):
        raise ConfigError(f"git {arguments[0]} fails: {said.splitlines()[0] if said else done.returncode}")
    return done
