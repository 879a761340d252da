"""The notebooks tell what happens: each runs from a clean kernel and shows what is stored in it."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.notebookrunner import executed, is_slider, notebooks, read

PATHS = notebooks()
every_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
LONGEST_CELL = 12


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any) -> list[tuple[str, str]]:
    """Return the words that a cell shows; pictures and tables by their kind alone."""
    words = [("text", output.text) for output in cell.outputs if output.output_type == "stream"]
    for output in cell.outputs:
        words += [
            (kind, content if kind == "text/plain" and "image/png" not in output.data else "")
            for kind, content in output.get("data", {}).items()
        ]
    return sorted(words)


def test_there_are_four_stories() -> None:
    assert [path.stem[:2] for path in PATHS] == ["1-", "2-", "3-", "4-"]


@every_notebook
def test_a_notebook_runs_and_shows_what_is_stored_in_it(path: Path) -> None:
    stored, now = read(path), executed(path)

    assert [shown(cell) for cell in code(stored)] == [shown(cell) for cell in code(now)]


@every_notebook
def test_a_story_begins_with_somebody_and_a_question(path: Path) -> None:
    first = read(path).cells[0]

    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "?" in first.source


@every_notebook
def test_the_last_cell_asserts_the_headline(path: Path) -> None:
    last = code(read(path))[-1]

    assert any(isinstance(node, ast.Assert) for node in ast.parse(last.source).body)


@every_notebook
def test_cells_are_short_with_prose_between_them(path: Path) -> None:
    cells = read(path).cells

    assert [cell.source for cell in code(read(path)) if cell.source.count("\n") >= LONGEST_CELL] == []
    pairs = pairwise(cells)
    assert [b.source for a, b in pairs if a.cell_type == b.cell_type == "code"] == []


@every_notebook
def test_pictures_are_stored_and_a_slider_has_its_picture_before_it(path: Path) -> None:
    cells = code(read(path))

    drawn = [any("image/png" in o.get("data", {}) for o in cell.outputs) for cell in cells]
    assert sum(drawn) >= 2
    assert [i for i, cell in enumerate(cells) if is_slider(cell) and not drawn[i - 1]] == []
    assert any(map(is_slider, cells))
    assert [cell for cell in cells if is_slider(cell) and cell.outputs] == []
