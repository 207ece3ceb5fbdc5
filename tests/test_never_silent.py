"""Where the same word means one thing in torch and another in JAX: torch's meaning, or an error, never a silence.

The rows are those that a port from torch to JAX changes without a word. A silence that remains is named at the end.
"""

import ast
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises
from refusals import STATIC, VALUES

import funcgrad as fg
from funcgrad.testing import assert_close

ROW = fg.arange(6.0)
TABLE = fg.reshape(ROW, 2, 3)

# name: (what funcgrad gives, what torch gives)
SAME_WORD = {
    "std divides by n - 1": (lambda: fg.std(TABLE), 1.8708287),
    "median is the lower one": (lambda: fg.median(fg.tensor([1.0, 2.0, 3.0, 4.0])), 2.0),
    "repeat tiles": (lambda: fg.repeat(fg.arange(3), 2), [0, 1, 2, 0, 1, 2]),
    "split takes a size": (lambda: fg.split(ROW, 2), [[0, 1], [2, 3], [4, 5]]),
    "split takes sizes": (lambda: fg.split(ROW, [1, 2, 3]), [[0], [1, 2], [3, 4, 5]]),
    "transpose swaps two dims": (lambda: jnp.zeros(fg.transpose(TABLE, 0, 1).shape), np.zeros((3, 2))),
    "squeeze leaves other sizes": (lambda: fg.squeeze(TABLE, 1), np.arange(6.0).reshape(2, 3)),
    "max over a dim has indices": (lambda: fg.max(TABLE, dim=0), [[3, 4, 5], [1, 1, 1]]),
    "sort has indices": (lambda: fg.sort(fg.tensor([2, 0, 1])), [[0, 1, 2], [1, 2, 0]]),
    "clamp takes the input first": (lambda: fg.clamp(ROW, 1, 3), [0 + 1, 1, 2, 3, 3, 3]),
    "linspace of ints is floating": (lambda: fg.linspace(0, 1, 3), [0.0, 0.5, 1.0]),
    "logspace has base 10": (lambda: fg.logspace(0, 2, 3), [1.0, 10.0, 100.0]),
    "gelu is exact": (lambda: fg.nn.gelu(fg.tensor([1.0])), [0.8413447]),
    "sum over no dims is over all": (lambda: fg.sum(TABLE, dim=()), 15.0),
    "a small integer sum widens": (lambda: fg.sum(fg.full((3,), 100, dtype="byte")), 300),
    "sign of NaN is 0": (lambda: fg.sign(fg.tensor([float("nan")])), [0.0]),
}

# name: (gradient in funcgrad, gradient in torch)
AT_EDGES = {
    "norm at 0": (lambda: fg.grad(fg.norm)(fg.zeros(2)), [0, 0]),
    "abs at 0": (lambda: fg.grad(fg.abs)(0.0), 0),
    "std of a constant": (lambda: fg.grad(fg.std)(fg.ones(3)), [0, 0, 0]),
    "atan2 at (0, 0)": (lambda: fg.stack(fg.grad(fg.atan2, argnums=(0, 1))(0.0, 0.0)), [0, 0]),
    "clamp at its bound": (lambda: fg.grad(lambda x: fg.clamp(x, 0.0, 1.0))(1.0), 1),
    "max over a dim at a tie": (lambda: fg.grad(lambda x: fg.max(x, 0).values)(fg.ones(2)), [1, 0]),
    "amax at a tie": (lambda: fg.grad(lambda x: fg.amax(x, 0))(fg.ones(2)), [0.5, 0.5]),
    "relu at 0": (lambda: fg.grad(fg.relu)(0.0), 0),
    "prod with a zero": (lambda: fg.grad(fg.prod)(fg.tensor([0.0, 2.0, 3.0])), [6, 0, 0]),
}

# Words whose check is of Python ints and shapes, which are known when a program is compiled.
ONLY_STATIC = {"diagonal_scatter", "equal"}


def checked_words():
    """The words whose definition stands under ``@op(check=...)`` with a check of their own, read from the source."""
    found = set()
    for path in Path(fg.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                checks = [k.value for d in node.decorator_list for k in getattr(d, "keywords", ()) if k.arg == "check"]
                if any("fits(" not in ast.unparse(check).replace("_fits(", "") for check in checks):
                    found.add(node.name.lstrip("_"))
    return found


@pytest.mark.parametrize("name", SAME_WORD)
def test_the_word_means_what_it_means_in_torch(name):
    ours, theirs = SAME_WORD[name]
    leaves = jax.tree.leaves(ours())
    wanted = theirs if len(leaves) > 1 else [theirs]
    for leaf, value in zip(leaves, wanted, strict=True):
        assert_close(leaf, np.asarray(value, leaf.dtype))


@pytest.mark.parametrize("name", AT_EDGES)
def test_the_gradient_at_the_edge_is_the_one_of_torch(name):
    ours, theirs = AT_EDGES[name]
    assert_close(ours(), np.asarray(theirs, np.float32))


@pytest.mark.parametrize("name", VALUES)
def test_wrong_values_are_refused_now_and_in_checked_programs(name):
    call, operands, kind, message = VALUES[name]
    with raises(kind, message):
        call(*operands)
    with raises(kind, message):
        fg.checked(jax.jit(call))(*operands)


@pytest.mark.parametrize("name", STATIC)
def test_what_is_wrong_before_any_value_is_known_is_refused(name):
    call, kind, message = STATIC[name]
    with raises(kind, message):
        call()


def test_each_error_is_the_one_of_torch_and_there_are_a_hundred():
    assert len(VALUES) + len(STATIC) + len(SAME_WORD) + len(AT_EDGES) >= 100
    kinds = {row[-2] for row in (*VALUES.values(), *STATIC.values())}
    assert all(issubclass(kind, RuntimeError | IndexError | TypeError) for kind in kinds)


def test_every_word_with_a_check_of_values_has_a_row():
    named = {row[-1].partition("(")[0] for row in VALUES.values()}
    assert checked_words() - named - ONLY_STATIC == set()


def test_silences_that_remain():
    """Named here so that they are decisions: each is JAX's, and a row of docs/coming-from-torch.md."""
    assert TABLE[5].tolist() == [3.0, 4.0, 5.0]  # x[i] is a method of jax.Array; fg.index checks
    assert fg.grad(lambda a, b: a, argnums=1)(1.0, 2.0) == 0.0  # as torch.func.grad; torch.autograd.grad raises
    assert fg.tensor(np.ones(2)).dtype == fg.float32  # a double rounds to float32 outside 64-bit mode
