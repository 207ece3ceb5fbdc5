"""Where the same word means one thing in torch and another in JAX: torch's meaning, or an error, never a silence.

The rows are those that a port from torch to JAX changes without a word. A silence that remains is named at the end.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

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

# name: (the call, torch's error as Python knows it)
REFUSED = {
    "dot of matrices": (lambda: fg.dot(TABLE, TABLE), RuntimeError),
    "an integer cut to 32 bits": (lambda: fg.from_numpy(np.array([2**40])), RuntimeError),
    "an index out of range": (lambda: fg.index(TABLE, 5), IndexError),
    "a write out of range": (lambda: fg.set(TABLE, 5, 0.0), IndexError),
    "gather out of range": (lambda: fg.gather(TABLE, 0, fg.full((1, 3), 2)), RuntimeError),
    "one_hot out of range": (lambda: fg.nn.one_hot(fg.tensor([5]), 3), RuntimeError),
    "a label out of range": (lambda: fg.nn.cross_entropy(fg.zeros(1, 2), fg.tensor([5])), IndexError),
    "a singular system": (lambda: fg.linalg.solve(fg.ones(2, 2), fg.ones(2)), RuntimeError),
    "a matrix that is not positive definite": (lambda: fg.linalg.cholesky(-fg.eye(2)), RuntimeError),
    "an integer divided by 0": (lambda: fg.floor_divide(fg.tensor([1]), fg.tensor([0])), RuntimeError),
    "a loss that would broadcast": (lambda: fg.nn.mse_loss(fg.ones(3), fg.ones(3, 1)), ValueError),
    "the mean of integers": (lambda: fg.mean(fg.arange(3)), RuntimeError),
    "an integer gradient": (lambda: fg.grad(lambda x: x * x)(3), TypeError),
    "a double without 64-bit mode": (lambda: fg.zeros(2, dtype=fg.float64), TypeError),
    "a step of 0": (lambda: fg.arange(0, 3, 0), RuntimeError),
    "the largest of nothing": (lambda: fg.max(fg.zeros(0)), RuntimeError),
    "narrow past the end": (lambda: fg.narrow(ROW, 0, 4, 3), RuntimeError),
    "a probability above 1": (lambda: fg.bernoulli(fg.tensor([1.5]), key=fg.key(0)), RuntimeError),
}


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


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name):
    call, kind = REFUSED[name]
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, fg.FuncgradError)
    assert str(caught.value).count(";") >= 2, "the message has three parts"
    assert "jax" not in str(caught.value).replace("jax.config.update", "").replace("jax_enable_x64", "").lower()


def test_silences_that_remain():
    """Named here so that they are decisions: each is JAX's, and a row of docs/coming-from-torch.md."""
    assert TABLE[5].tolist() == [3.0, 4.0, 5.0]  # x[i] is a method of jax.Array; fg.index checks
    assert fg.grad(lambda a, b: a, argnums=1)(1.0, 2.0) == 0.0  # as torch.func.grad; torch.autograd.grad raises
    assert fg.tensor(np.ones(2)).dtype == fg.float32  # a double rounds to float32 outside 64-bit mode
