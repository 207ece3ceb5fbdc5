"""Each row of ``docs/coming-from-torch.md`` is a difference that exists, and does what the row says.

``data/differences.txt`` has one block a row (or several): how the row begins, what torch gives, what funcgrad gives; or
the tests that show it. ``T`` and ``A`` make a tensor and an array.
"""

import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import pytest
import torch

import funcgrad as fg

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "coming-from-torch.md").read_text().partition("\n## ")[0]
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")][1:]


@dataclass(frozen=True)
class Difference:
    row: str
    torch: str
    fg: str
    elsewhere: str


def differences():
    for block in (TESTS / "data" / "differences.txt").read_text().strip().split("\n\n"):
        row, *lines = block.splitlines()
        if lines[0].startswith("shown by "):
            yield Difference(row, "", "", lines[0].removeprefix("shown by "))
        else:
            yield Difference(row, *lines, "")


DIFFERENCES = list(differences())


def gradient(f, at):
    x = torch.tensor(at, requires_grad=True)
    f(x).backward()
    return x.grad


def overwritten(make):
    """What an array made of a buffer of 1.0 holds after the buffer was set to 5.0."""
    buffer = np.ones(1, np.float32)
    made = make(buffer)
    buffer[0] = 5.0
    return float(made[0])


NAMES = {
    **{"math": math, "torch": torch, "fg": fg, "jax": jax, "np": np, "T": torch.tensor, "A": fg.tensor},
    **{"nan": math.nan, "inf": math.inf, "gradient": gradient, "overwritten": overwritten},
}


def rounded(value):
    if isinstance(value, torch.Tensor | jax.Array):
        value = np.asarray(value).tolist() if isinstance(value, jax.Array) else value.tolist()
    if isinstance(value, list | tuple):
        return type(value)(rounded(item) for item in value)
    return float(f"{value:.5g}") if isinstance(value, float) else value


def outcome(expression):
    """The value as text, or the name of the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(rounded(eval(expression, NAMES)))
        except Exception as error:
            return type(error).__name__


def check(line):
    expression, expected = line.rsplit(" -> ", 1)
    assert outcome(expression) == expected


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: re.sub(r"[^\w, ]", "", d.row)[:50])
def test_difference(difference):
    rows = [row for row in ROWS if row.startswith(f"| {difference.row}")]
    assert len(rows) == 1, "the first line is how one row of the page begins"
    for test in filter(None, difference.elsewhere.split(", ")):
        file, name = test.split("::")
        assert f"def {name}(" in (TESTS / file).read_text()
    if not difference.elsewhere:
        check(difference.torch)
        check(difference.fg)


def test_every_row_of_the_page_is_checked():
    unchecked = [row for row in ROWS if not any(row.startswith(f"| {d.row}") for d in DIFFERENCES)]
    assert unchecked == []


def test_a_difference_that_is_none_is_found():
    with pytest.raises(AssertionError):
        check("fg.mode(A([3.0, 2.0]))[0] -> 3.0")
    with pytest.raises(AssertionError):
        check("fg.mode(A([3.0, 2.0])) -> ShapeError")
