"""Every notebook runs, and shows what it stores."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def shown(notebook) -> list[tuple[int, str]]:
    """What a reader sees under each code cell: text as it is, pictures by their kind."""
    seen = []
    for i, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            pictures = sorted(kind for kind in data if kind.startswith("image/"))
            seen.append((i, output.get("text", "") or (pictures and pictures[0]) or data.get("text/plain", "")))
    return seen


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_shows_what_it_stores(path, tmp_path):
    stored = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    for cell in fresh.cells:
        cell.pop("outputs", None) if cell.cell_type != "code" else cell.update(outputs=[])
    NotebookClient(fresh, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert shown(fresh) == shown(stored)
    assert shown(stored), "a notebook is stored with its outputs"


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2
