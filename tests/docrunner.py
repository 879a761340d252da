"""Runs what the docs show: commands in ``console`` blocks, code in ``python`` blocks.

A page is run from top to bottom in one copy of the checkout's data, its Python blocks in one namespace.

- A line that begins with ``$ `` is a command, typed into bash; ``> `` carries on after a backslash.
  What follows is all it prints, both streams; a line ``...`` stands for any number of lines.
  A command that ends otherwise than well says so: ``$ wscost check trace.csv  # exit 1``.
- Python is plain code with asserts, or a session with ``>>>``.
- A block of any language with ``title="chat.yaml"`` is a file, there for the commands below it.

``python -m tests.docrunner --update [PAGE...]`` writes down what the commands print now;
``--elsewhere DIR`` runs the README's first command with the wscost in DIR, from an empty folder.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
IMAGES = ROOT / "docs" / "images"
RUN = ("console", "python")
SHOWN = ("bash", "csv", "html", "json", "make", "mermaid", "text", "toml", "yaml")
ELISION = "..."
TIME_LIMIT_S = 120
NOT_DATA = {"wscost", "tests", "build", "dist"}

LAUNCHER = f"""#!{sys.executable}
import sys
from wscost.__main__ import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text and where it stands (lines count from 1)."""

    language: str
    text: str
    line: int
    indent: str = ""
    title: str | None = None


@dataclass(frozen=True)
class Command:
    """A command as typed and what it is said to print; ``line`` is its place in the page."""

    line: int
    typed: list[str]
    expected: list[str] = field(default_factory=list)

    @property
    def shell(self) -> str:
        return "\n".join(self.typed)

    @property
    def exit_code(self) -> int:
        said = re.search(r"#\s*exit (\d+)\s*$", self.typed[-1])
        return int(said[1]) if said else 0


@dataclass(frozen=True)
class Ended:
    """A command that was run: its exit code and what it printed."""

    command: Command
    exit_code: int
    printed: list[str]

    @property
    def as_said(self) -> bool:
        """Whether it ended with the exit code that the page gives."""
        return self.exit_code == self.command.exit_code

    def fault(self, page: str) -> str | None:
        """Return what the page says wrongly about it."""
        place, typed = f"{page}:{self.command.line}", f"$ {self.command.shell}"
        if not self.as_said:
            said = f"exit code {self.exit_code}, not {self.command.exit_code}"
            return "\n".join([f"{place}: {said}: {typed}", *self.printed])
        if matches(self.command.expected, self.printed):
            return None
        told = difflib.unified_diff(
            _trimmed(self.command.expected), self.printed, "the page", "what it prints", lineterm=""
        )
        return "\n".join([f"{place}: prints something else: {typed}", *told, "If that is right: make docs"])

    def retold(self) -> Iterator[str]:
        """Yield the lines that the page should show; lines cut out by hand stay out."""
        yield f"$ {self.command.typed[0]}"
        yield from (f"> {more}" for more in self.command.typed[1:])
        keep = not self.as_said or matches(self.command.expected, self.printed)
        yield from self.command.expected if keep else self.printed


@dataclass(frozen=True)
class Page:
    """A page of the docs."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix() if self.path.is_relative_to(ROOT) else self.path.name

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        lines = self.text.splitlines()
        found = []
        for token in MarkdownIt("commonmark").parse(self.text):
            if token.type == "fence" and token.map:
                fence = lines[token.map[0]]
                language, _, rest = token.info.strip().partition(" ")
                title = re.search(r'title="([^"]+)"', rest)
                indent = fence[: len(fence) - len(fence.lstrip())]
                found.append(
                    Block(language, token.content, token.map[0] + 1, indent, title[1] if title else None)
                )
        return found


def pages() -> list[Page]:
    """Return the pages whose blocks are run: the README and everything in docs/."""
    return [Page(path) for path in [README, *sorted((ROOT / "docs").rglob("*.md"))] if path.exists()]


def commands(block: Block) -> list[Command]:
    """Return the commands of a console block.

    Raises
    ------
    ValueError
        If the block does not begin with a command.
    """
    found: list[Command] = []
    for line_number, line in enumerate(block.text.splitlines(), block.line + 1):
        if line.startswith("$ "):
            found.append(Command(line_number, [line[2:]]))
        elif not found:
            raise ValueError(f"line {line_number}: a console block begins with '$ ' and a command.")
        elif line.startswith("> ") and found[-1].typed[-1].endswith("\\") and not found[-1].expected:
            found[-1].typed.append(line[2:])
        else:
            found[-1].expected.append(line)
    return found


def matches(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Tell whether the lines agree, where a line ``...`` stands for any number of lines.

    White space at the end of lines and blank lines at the end do not count.
    """
    parts = [
        r"(?:.*\n)*?" if line.strip() == ELISION else re.escape(line) + r"\n" for line in _trimmed(expected)
    ]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in _trimmed(printed))) is not None


class Run:
    """One reading of a page from the top: each block once, in order, as far as asked for."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder / "checkout"
        self.programs = folder / "bin"
        self.ended: dict[Block, list[Ended]] = {}
        self._faults: list[str | None] = []
        self._names: dict[str, object] = {"__name__": "__main__"}

    def fault(self, block: Block) -> str | None:
        """Run the page up to a block and return what was wrong with that one."""
        number = self.page.blocks.index(block)
        if not self._faults:
            _lay_out(self.folder, self.programs)
        for each in self.page.blocks[len(self._faults) : number + 1]:
            self._faults.append(self._run(each))
        return self._faults[number]

    def _run(self, block: Block) -> str | None:
        if block.title:
            target = self.folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, "utf-8")
        if block.language == "console":
            return self._run_console(block)
        if block.language == "python":
            with contextlib.chdir(self.folder):
                return self._run_session(block) if ">>> " in block.text else self._run_code(block)
        return None

    def _run_console(self, block: Block) -> str | None:
        try:
            typed = commands(block)
        except ValueError as broken:
            return f"{self.page.name}: {broken}"
        if not typed:
            return f"{self.page.name}:{block.line}: an empty console block."
        self.ended[block] = [execute(each, self.folder, self.programs, source=ROOT) for each in typed]
        return "\n".join(filter(None, (each.fault(self.page.name) for each in self.ended[block]))) or None

    def _run_session(self, block: Block) -> str | None:
        told: list[str] = []
        test = doctest.DocTestParser().get_doctest(
            block.text, self._names, self.page.name, self.page.name, block.line
        )
        runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
        runner.run(test, out=told.append, clear_globs=False)
        self._names.update(test.globs)
        return "".join(told) or None

    def _run_code(self, block: Block) -> str | None:
        padded = "\n" * block.line + block.text
        try:
            exec(compile(padded, str(self.page.path), "exec"), self._names)
        except (Exception, SystemExit) as error:
            told = traceback.format_exception(error, limit=-3)
            return f"{self.page.name}:{block.line}: the code fails.\n{''.join(told)}"
        return None


def execute(command: Command, folder: Path, programs: Path, source: Path | None = None) -> Ended:
    """Type a command into bash in a folder, as on a terminal of 80 columns without colours.

    ``programs`` is where ``wscost`` is found, ``source`` a checkout whose package is to be used.
    """
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "MPLCONFIGDIR") if name in os.environ}
    environment = kept | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "MPLBACKEND": "Agg",
        "PYTHONUNBUFFERED": "1",
    }
    if source:
        environment["PYTHONPATH"] = str(source)
    try:
        done = subprocess.run(
            ["bash", "-c", command.shell],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ended(command, 124, [f"(stopped after {TIME_LIMIT_S} s)"])
    return Ended(command, done.returncode, _trimmed(done.stdout.splitlines()))


def check(page: Page) -> list[str]:
    """Return what is wrong on a page."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run(page, Path(folder))
        return [fault for block in page.blocks if (fault := run.fault(block))]


def update(page: Page) -> list[str]:
    """Write what the commands of a page print now into it; return the faults that this cannot mend."""
    lines = page.text.splitlines()
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        run = Run(page, Path(folder))
        for block in page.blocks:
            fault = run.fault(block)
            mended = block in run.ended and all(each.as_said for each in run.ended[block])
            if fault and not mended:
                faults.append(fault)
        for picture in pictures(run.folder):
            shutil.copy2(picture, IMAGES)
    for block, ended in reversed(run.ended.items()):
        told = [line for each in ended for line in each.retold()]
        lines[block.line : block.line + len(block.text.splitlines())] = [
            (block.indent + line).rstrip() for line in told
        ]
    page.path.write_text("\n".join(lines) + "\n", "utf-8")
    return faults


def pictures(folder: Path) -> list[Path]:
    """Return the pictures in a run's folder."""
    return sorted((folder / IMAGES.relative_to(ROOT)).glob("*.svg"))


def first_command() -> Command:
    """Return the first wscost command that the README shows.

    Raises
    ------
    LookupError
        If it shows none.
    """
    for block in Page(README).blocks:
        for command in commands(block) if block.language == "console" else []:
            if command.shell.startswith("wscost "):
                return command
    raise LookupError("README.md: no console block shows a wscost command.")


def _lay_out(folder: Path, programs: Path) -> None:
    """Copy the data of the checkout, and make a ``wscost`` that this interpreter runs."""
    folder.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name.startswith(".") or entry.name in NOT_DATA:
            continue
        if entry.is_dir():
            shutil.copytree(entry, folder / entry.name)
        else:
            shutil.copy2(entry, folder)
    programs.mkdir()
    (programs / "wscost").write_text(LAUNCHER, "utf-8")
    (programs / "wscost").chmod(0o755)
    (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
    (programs / "python").chmod(0o755)


def _trimmed(lines: Sequence[str]) -> list[str]:
    kept = [line.rstrip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def try_elsewhere(programs: Path) -> list[str]:
    """Run the README's first command with the wscost of another place, from an empty folder."""
    with tempfile.TemporaryDirectory() as empty:
        ended = execute(first_command(), Path(empty), programs.resolve())
    print(f"$ {ended.command.shell}", *ended.printed, sep="\n")
    return [fault for fault in [ended.fault("README.md")] if fault]


def main() -> int:
    """Check, update or try elsewhere; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.docrunner", description="Run what the docs show.")
    parser.add_argument("pages", nargs="*", type=Path, help="pages; all by default")
    parser.add_argument("--update", action="store_true", help="write down what the commands print now")
    parser.add_argument("--elsewhere", type=Path, metavar="DIR", help="try the wscost in DIR")
    options = parser.parse_args()
    if options.elsewhere:
        faults = try_elsewhere(options.elsewhere)
    else:
        chosen = [Page(path.resolve()) for path in options.pages] or pages()
        faults = [fault for page in chosen for fault in (update if options.update else check)(page)]
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
