"""What the tutorials print, reproduced: value, shape and kind of dtype, eagerly and compiled.

Each row of ``data/golden.json`` holds torch's code, the same in funcgrad, and the printed result. One line has no
row: ``x.grad`` before ``backward()`` is ``None``; here a gradient is a result, so there is nothing to ask.
"""

import json
import math
from pathlib import Path

import jax
import numpy as np
import pytest

import funcgrad as fg
from funcgrad.testing import assert_close

ROWS = json.loads((Path(__file__).parent / "data" / "golden.json").read_text())
NAMES = {"fg": fg, "np": np, "math": math}
# Shapes, Python numbers and names are read off in Python ("in_python"): under jit there is nothing to run.
COMPILED = [row for row in ROWS if not row["in_python"]]


def check(row, result):
    expected = row["expected"]
    if isinstance(result, list):
        assert json.loads(json.dumps(result)) == expected
        return
    wanted = np.asarray(expected)
    result = np.asarray(result)
    assert result.dtype.kind == wanted.dtype.kind
    assert_close(result, wanted.astype(result.dtype))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_eager(row):
    if row["id"] == "G71" and not fg.x64_enabled():  # a double stays a double only where doubles exist
        with jax.enable_x64(True):
            check(row, eval(row["funcgrad"], NAMES))
        return
    check(row, eval(row["funcgrad"], NAMES))


@pytest.mark.parametrize("row", COMPILED, ids=lambda row: row["id"])
def test_compiled(row):
    if "to_numpy" in row["funcgrad"]:
        row = row | {"funcgrad": row["funcgrad"].removeprefix("fg.to_numpy(").removesuffix(")")}
    check(row, jax.jit(lambda: eval(row["funcgrad"], NAMES))())


def test_a_wrong_value_shape_or_kind_is_found():
    row = {"expected": [1.0, 2.0]}
    for wrong in (np.array([1.0, 2.1]), np.array([[1.0, 2.0]]), np.array([1, 2])):
        with pytest.raises(AssertionError):
            check(row, wrong)
