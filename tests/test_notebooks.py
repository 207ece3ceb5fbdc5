"""Every notebook runs, and shows what it stores."""

import re
from pathlib import Path

import nbformat
import numpy as np
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
def test_notebook_shows_what_it_stores(path, tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # a notebook draws into itself
    stored = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    NotebookClient(fresh, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert_same(shown(fresh), shown(stored))
    assert shown(stored), "a notebook is stored with its outputs"


NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]?\d+)?")


def assert_same(fresh, stored):
    """Equal but for the last digits of floating numbers, which belong to the machine."""
    assert [(i, NUMBER.sub("#", text).split()) for i, text in fresh] == [
        (i, NUMBER.sub("#", text).split()) for i, text in stored
    ]
    for (i, ours), (_, theirs) in zip(fresh, stored, strict=True):
        numbers = [np.array(NUMBER.findall(text), np.float64) for text in (ours, theirs)]
        np.testing.assert_allclose(*numbers, rtol=1e-5, atol=1e-6, err_msg=f"cell {i}")


def test_a_stale_output_is_found():
    stored = [(1, "Array([1.5, 2.], dtype=float32)")]
    assert_same([(1, "Array([1.5000001, 2.0], dtype=float32)")], stored)
    for stale in ("Array([1.501, 2.], dtype=float32)", "Array([1.5], dtype=float32)", "image/png"):
        with pytest.raises(AssertionError):
            assert_same([(1, stale)], stored)


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2
