"""What the docs show is what happens: every command and every line of Python in them is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.docrunner import (
    IMAGES,
    ROOT,
    RUN,
    SHOWN,
    Block,
    Page,
    Run,
    check,
    commands,
    first_command,
    matches,
    pages,
    pictures,
    update,
)

PAGES = pages()
NOTICES = [Page(ROOT / "CONTRIBUTING.md"), Page(ROOT / "CHANGELOG.md")]
CLI_PAGE = ROOT / "docs" / "cli.md"


def test_every_picture_is_as_the_page_that_draws_it_draws_it_now(tmp_path: Path) -> None:
    """Coordinates may differ by a hundredth of a point between machines, words and shapes may not."""
    page = Page(ROOT / "docs" / "how-billing-works.md")
    run = Run(page, tmp_path)
    for picture in IMAGES.glob("*.svg"):
        assert picture.name in page.text

    assert [fault for block in page.blocks if (fault := run.fault(block))] == []
    drawn, kept = ({p.name: _shape(p) for p in pictures(folder)} for folder in (run.folder, ROOT))
    assert drawn.keys() == kept.keys()
    assert {name: shape[0] for name, shape in kept.items()} == {n: s[0] for n, s in drawn.items()}, (
        "make docs"
    )
    for name, (_, numbers) in drawn.items():
        assert kept[name][1] == pytest.approx(numbers, abs=0.01)


def _shape(picture: Path) -> tuple[str, list[float]]:
    """Return a drawing without its numbers, its ids in the order of their appearance; and its numbers."""
    svg = picture.read_text("utf-8")
    for number, name in enumerate(dict.fromkeys(re.findall(r'id="([^"]+)"', svg))):
        svg = svg.replace(name, f"id-{'abcdefghijklmnopqrstuvwxyz'[number % 26]}")
    number = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
    return number.sub("0", svg), [float(n) for n in number.findall(svg)]


def _run_blocks() -> list[object]:
    """Return each block that is run, a page's blocks together on one worker."""
    return [
        pytest.param(page, block, id=f"{page.name}:{block.line}", marks=pytest.mark.xdist_group(page.name))
        for page in PAGES
        for block in page.blocks
        if block.language in RUN
    ]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[Page, Run]:
    return {page: Run(page, tmp_path_factory.mktemp(page.path.stem)) for page in PAGES}


@pytest.mark.parametrize(("page", "block"), _run_blocks())
def test_what_a_page_shows_is_what_happens(page: Page, block: Block, runs: dict[Page, Run]) -> None:
    fault = runs[page].fault(block)

    assert fault is None, fault


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_says_what_it_is(page: Page) -> None:
    strange = [
        f"{page.name}:{b.line}: {b.language!r}" for b in page.blocks if b.language not in (*RUN, *SHOWN)
    ]

    assert strange == [], f"Known: {', '.join((*RUN, *SHOWN))}. Only {' and '.join(RUN)} blocks are run."


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_terminal_session_hides_in_a_block_that_is_not_run(page: Page) -> None:
    hidden = [
        f"{page.name}:{block.line}: write console, not {block.language}"
        for block in page.blocks
        if block.language != "console" and re.search(r"^\$ ", block.text, re.MULTILINE)
    ]

    assert hidden == []


def _links(page: Page) -> Iterator[str]:
    for token in MarkdownIt("commonmark").parse(page.text):
        for child in token.children or []:
            if target := child.attrGet("href") or child.attrGet("src"):
                yield str(target)


@pytest.mark.parametrize("page", [*PAGES, *NOTICES], ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Page) -> None:
    paths = [link.partition("#")[0] for link in _links(page) if not re.match(r"[a-z]+:", link)]

    assert [path for path in paths if path and not (page.path.parent / path).exists()] == []


def test_the_readme_shows_a_command_and_its_output() -> None:
    assert first_command().expected != []


def test_make_demo_runs_the_first_command_of_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert f"\t@$(BIN)/{first_command().shell}\n" in makefile


def _subcommands(group: object, name: str) -> Iterator[str]:
    for word, command in getattr(group, "commands", {}).items():
        yield f"{name} {word}"
        yield from _subcommands(command, f"{name} {word}")


def test_the_command_line_page_shows_the_help_of_every_command() -> None:
    from typer.main import get_command

    from wscost.cli import app

    known = list(_subcommands(get_command(app), "wscost"))
    shown = {c.shell for b in Page(CLI_PAGE).blocks if b.language == "console" for c in commands(b)}

    assert "wscost estimate" in known
    assert [name for name in known if f"{name} --help" not in shown] == []


# The runner itself.


def _page(folder: Path, text: str) -> Page:
    path = folder / "page.md"
    path.write_text(text, "utf-8")
    return Page(path)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("```console\n$ echo hello\nhello\n```", id="a command and its output"),
        pytest.param(
            "```console\n$ echo one \\\n> two\none two\n$ echo three\nthree\n```", id="two commands"
        ),
        pytest.param("```console\n$ seq 9\n1\n...\n9\n```", id="lines cut out"),
        pytest.param("```console\n$ true\n```", id="a command that prints nothing"),
        pytest.param(
            "```console\n$ (echo no >&2; exit 3)  # exit 3\nno\n```", id="a complaint and its exit code"
        ),
        pytest.param("1. first\n\n   ```console\n   $ echo a\n   a\n   ```", id="a block inside a list"),
        pytest.param(
            '```yaml title="a/b.yaml"\nx: 1\n```\n\n```console\n$ cat a/b.yaml\nx: 1\n```', id="a file"
        ),
        pytest.param(
            "```console\n$ echo 1 > kept\n```\n\n```console\n$ cat kept\n1\n```",
            id="a file kept from block to block",
        ),
        pytest.param("```console\n$ echo $COLUMNS $NO_COLOR\n80 1\n```", id="eighty columns, no colour"),
        pytest.param("```console\n$ python -c 'import wscost'\n```", id="the package of this checkout"),
        pytest.param("```python\nx = 2\n```\n\n```python\nassert x == 2\n```", id="one namespace a page"),
        pytest.param("```python\n>>> x = 2\n```\n\n```python\n>>> x + 1\n3\n```", id="a session"),
        pytest.param("```text\n$ not run\n```\n\n```bash\nexit 1\n```", id="what is only shown"),
    ],
)
def test_the_runner_finds_no_fault_with(tmp_path: Path, text: str) -> None:
    assert check(_page(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "word\n\n```console\n$ echo hello\ngoodbye\n```",
            ["page.md:4: prints something else: $ echo hello", "-goodbye", "+hello", "make docs"],
            id="another output",
        ),
        pytest.param("```console\n$ echo hello\n```", ["+hello"], id="an output that is not shown"),
        pytest.param("```console\n$ true\nhello\n```", ["-hello"], id="an output that does not come"),
        pytest.param("```console\n$ seq 9\n1\n...\n8\n```", ["+9"], id="another line after a cut"),
        pytest.param("```console\n$ false\n```", ["page.md:2: exit code 1, not 0: $ false"], id="a failure"),
        pytest.param(
            "```console\n$ true  # exit 2\n```", ["exit code 0, not 2"], id="a failure that does not come"
        ),
        pytest.param("```console\nhello\n```", ["line 2: a console block begins with '$ '"], id="no command"),
        pytest.param("```console\n```", ["page.md:1: an empty console block."], id="an empty block"),
        pytest.param(
            "a\n\n```python\nassert 1 == 2\n```", ['page.md", line 4', "assert 1 == 2"], id="an assert"
        ),
        pytest.param(
            "a\n\n```python\n>>> 1 + 1\n3\n```", ["line 4", "Expected", "Got"], id="a session's answer"
        ),
        pytest.param(
            "```python\nraise SystemExit\n```", ["page.md:1: the code fails."], id="Python that exits"
        ),
    ],
)
def test_the_runner_tells(tmp_path: Path, text: str, words: list[str]) -> None:
    [fault] = check(_page(tmp_path, text))

    assert [word for word in words if word not in fault] == []


def test_a_later_block_runs_those_before_it_once(tmp_path: Path) -> None:
    page = _page(tmp_path, "```console\n$ echo x >> log\n```\n\n```console\n$ cat log\nx\n```")
    run = Run(page, tmp_path)

    assert run.fault(page.blocks[1]) is None
    assert run.fault(page.blocks[0]) is None
    assert run.fault(page.blocks[1]) is None


def test_no_command_reaches_the_checkout(tmp_path: Path) -> None:
    page = _page(tmp_path, "```console\n$ rm pyproject.toml\n$ touch docs/strange\n```")

    assert check(page) == []
    assert (ROOT / "pyproject.toml").exists()
    assert not (ROOT / "docs" / "strange").exists()


def test_an_update_writes_down_what_is_printed_and_leaves_the_rest(tmp_path: Path) -> None:
    page = _page(
        tmp_path,
        "# Title\n\n"
        "- item\n\n  ```console\n  $ echo one\n  old\n  older\n  ```\n\n"
        "```console\n$ seq 9\n1\n...\n9\n$ seq 2\n```\n\n"
        "```text\nas it was\n```\n",
    )

    assert update(page) == []

    assert page.path.read_text() == (
        "# Title\n\n"
        "- item\n\n  ```console\n  $ echo one\n  one\n  ```\n\n"
        "```console\n$ seq 9\n1\n...\n9\n$ seq 2\n1\n2\n```\n\n"
        "```text\nas it was\n```\n"
    )


def test_an_update_does_not_paper_over_a_command_that_fails(tmp_path: Path) -> None:
    text = "```console\n$ echo broken; false\nfine\n```\n"
    page = _page(tmp_path, text)

    [fault] = update(page)

    assert "exit code 1, not 0" in fault
    assert page.path.read_text() == text


@pytest.mark.parametrize(
    ("expected", "printed", "agree"),
    [
        ("a b", "a b", True),
        ("a b", "a c", False),
        ("a ...", "a b", True),
        ("a ... d", "a b c d", True),
        ("a ... d", "a d", True),
        ("a ... d", "a b c", False),
        ("... c", "a b c", True),
        ("a.c", "abc", False),
        ("", "a", False),
    ],
)
def test_three_dots_stand_for_any_number_of_lines(expected: str, printed: str, agree: bool) -> None:
    assert matches(expected.split(), printed.split()) is agree
