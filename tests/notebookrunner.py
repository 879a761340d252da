"""Runs the notebooks in ``notebooks/``, each from its first cell to its last in a kernel of its own.

``python -m tests.notebookrunner [NOTEBOOK...]`` runs them and stores what their cells show. Of a cell tagged
``slider`` nothing is stored: what it shows needs a kernel, and the cell before it shows the same picture.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.house import ROOT

FOLDER = ROOT / "notebooks"
TIME_LIMIT_S = 120


def notebooks() -> list[Path]:
    """Return the stories in order."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> Any:
    """Return a notebook as it is stored."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def executed(path: Path) -> Any:
    """Return a notebook as it is after a run from a clean kernel.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    runner = NotebookClient(
        notebook,
        timeout=TIME_LIMIT_S,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    runner.execute(
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    )
    for cell in notebook.cells:
        if is_slider(cell):
            cell.outputs = []
    return notebook


def is_slider(cell: Any) -> bool:
    """Whether what a cell shows moves, so that it cannot be stored."""
    return "slider" in cell.metadata.get("tags", [])


def store(path: Path) -> None:
    """Run a notebook and store what it shows."""
    notebook = executed(path)
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                         "language_info": {"name": "python"}}  # fmt: skip
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def main() -> int:
    """Store what the notebooks named, or all, show."""
    parser = argparse.ArgumentParser(prog="python -m tests.notebookrunner", description="Run the notebooks.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="notebooks; all by default")
    for path in parser.parse_args().notebooks or notebooks():
        store(path.resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
