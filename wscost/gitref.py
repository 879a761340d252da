"""Another git ref: the scenario file and what it names, as they stand there, laid out in a folder.

Only ``git cat-file`` and its kin read from the repository; the work tree and the index stay untouched.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path, PurePosixPath

from wscost.errors import ConfigError, UnknownNameError
from wscost.scenario import Named, at_hand, may_hold_scenarios, named_in, repository_root

_LINK, _SUBMODULE = "120000", "160000"
_MOST_LINKS = 40
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def lay_out(ref: str, config: Path, folder: Path) -> Path | None:
    """Lay the scenario file of another ref, and every file it names, out in a folder.

    Links come along with what they lead to. What a full path names outside of the repository is no part
    of a ref, and stays where it is.
    Returns the scenario file's place in the folder; None if the ref has no such file, or no scenarios in it.

    Raises
    ------
    ConfigError
        If there is no repository, no git, or no such ref here; if the ref has no file of a name that
        stands there, or only a link that leaves the repository; or a file there breaks its form.
    OSError
        If the folder cannot be written to.
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
    tree = _Tree(root, _commit(root, ref), folder)
    name = (config.parent.resolve() / config.name).relative_to(root)
    place = folder / name
    if not tree.lay_out(name.as_posix()) or not may_hold_scenarios(place):
        return None
    for named in named_in(place):
        _lay_out_named(named, tree, ref)
    return place


def _lay_out_named(named: Named, tree: _Tree, ref: str) -> None:
    if Path(named.name).is_absolute():
        if named.path.resolve().is_relative_to(tree.root):
            raise named.refusal(
                f"is a full path into the repository. Name it from this file's folder to have it of {ref}."
            )
        return
    if tree.lay_out(named.path.relative_to(tree.folder).as_posix()):
        return
    shipped = at_hand(named.folder, named.name) != named.path
    misspelt = named.at[-1] == "deployment" and named.path.suffix not in (".yaml", ".yml")
    if not shipped and not misspelt:
        raise named.refusal(f"there is no such file in git at {ref}.")


class _Tree:
    """The files of one commit, and the folder in which some of them are laid out."""

    def __init__(self, root: Path, commit: str, folder: Path) -> None:
        listed = _git(root, "ls-tree", "-r", "-z", "--full-tree", commit, check=True).stdout
        self.root = root
        self.folder = folder
        self.links: set[str] = set()
        self.blobs: dict[str, str] = {}
        for line in filter(None, listed.decode("utf-8", "surrogateescape").split("\0")):
            entry, _, name = line.partition("\t")
            mode, _, blob = entry.split()
            if mode != _SUBMODULE:
                self.blobs[name] = blob
            if mode == _LINK:
                self.links.add(name)
        self.folders = {str(up) for name in self.blobs for up in PurePosixPath(name).parents}

    def lay_out(self, path: str) -> bool:
        """Write the files at or below a path into the folder; tell whether there are any."""
        name = self._followed(path)
        if name in self.blobs:
            below = [name]
        elif name in self.folders:
            below = [one for one in self.blobs if name == "." or one.startswith(f"{name}/")]
        else:
            return False
        for one in below:
            if one in self.links:
                self.lay_out(one)
            elif not (self.folder / one).exists():
                self._place(one).write_bytes(self._content(one))
        return True

    def _followed(self, path: str) -> str | None:
        """Return where a path ends, each link on its way made; None if it leaves the repository."""
        left, at, links = list(reversed(path.split("/"))), PurePosixPath(), 0
        while left:
            part = left.pop()
            if part == ".." and not at.parts:
                return None
            at = at.parent if part == ".." else at / part
            if str(at) in self.folders:
                (self.folder / at).mkdir(parents=True, exist_ok=True)
            if str(at) not in self.links:
                continue
            links += 1
            if links > _MOST_LINKS:
                raise ConfigError(f"{path}: is a link in a circle.")
            target = self._link(at)
            at, left = at.parent, [*left, *reversed(target.split("/"))]
        return str(at)

    def _link(self, name: PurePosixPath) -> str:
        """Make a link as the commit has it, and return what it leads to."""
        target = os.fsdecode(self._content(str(name)))
        reached = os.path.normpath(name.parent / target)
        if target.startswith("/") or reached.startswith(".."):
            raise ConfigError(
                f"{name}: is a link to {target}; only a relative link inside the repository has another ref."
            )
        place = self._place(str(name))
        if not place.is_symlink():
            place.symlink_to(target)
        return target

    def _place(self, name: str) -> Path:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _content(self, name: str) -> bytes:
        return _git(self.root, "cat-file", "blob", self.blobs[name], check=True).stdout


def _commit(root: Path, ref: str) -> str:
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found.returncode == 0:
        return found.stdout.decode().strip()
    if _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        raise ConfigError(
            f"--base-ref {ref}: this clone is shallow and does not hold it. Fetch it first: {_fetching(ref)} "
            "(actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0)."
        )
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        raise ConfigError(f"--base-ref {ref}: this repository has no commit yet. Use --baseline FILE.")
    refs = _git(root, "for-each-ref", "--format=%(refname:short)").stdout.decode("utf-8", "replace").split()
    raise ConfigError(f"--base-ref {ref}: {UnknownNameError('git ref', ref, refs or ['HEAD'])}")


def _fetching(ref: str) -> str:
    """Say how a shallow clone comes by a ref."""
    if "~" in ref or "^" in ref:
        return "git fetch --deepen=100"
    if _COMMIT.fullmatch(ref):
        return f"git fetch --depth=1 origin {ref}"
    branch = ref.removeprefix("origin/")
    fetch = f"git fetch --depth=1 origin {branch}:refs/remotes/origin/{branch}"
    return f"{fetch}, then --base-ref origin/{branch}"


def _git(root: Path, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(root), *arguments]
    environment = os.environ | {"LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, stdin=subprocess.DEVNULL, env=environment
        )
    except OSError as error:
        raise ConfigError(f"git cannot be run: {error.strerror}. Use --baseline FILE.") from None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if done.returncode and any("dubious ownership" in line for line in said):
        cure = next(
            (line.strip() for line in said if "safe.directory" in line), "see git config safe.directory"
        )
        raise ConfigError(
            f"{root}: git does not trust this repository, for somebody else owns it. Trust it: {cure}"
        )
    if done.returncode and (check or any("not a git repository" in line for line in said)):
        raise ConfigError(f"git {arguments[0]} fails: {said[0] if said else done.returncode}")
    return done
