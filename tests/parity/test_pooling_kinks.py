"""Where a maximum is not unique, its gradient goes where torch sends it."""

import jax
import numpy as np
import pytest
import torch

import funcgrad as fg
from funcgrad.testing import assert_close

TIES = np.array([[[0, 3, 3, 1, 0, 0], [3, 3, 3, 3, -1, 0], [1, 1, 3, 3, 3, 3]]], np.float32)
INPUTS = {
    "ties": TIES,
    "NaN": np.where(TIES == 1, np.float32(np.nan), TIES),
    "infinities": np.where(TIES == 3, np.float32(-np.inf), TIES),
}
CALLS = {
    "max_pool2d": [(2,), (3, 1), (2, 2, 1), ((2, 6),), ((2, 5), 1), (2, 1, 1, 2), (2, 2, 0, 1, True)],
    "adaptive_max_pool2d": [(2,), ((1, 4),)],
}


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize(("word", "options"), [(w, o) for w, several in CALLS.items() for o in several])
def test_the_gradient_of_a_maximum(word, options, name):
    x = INPUTS[name]
    theirs = torch.tensor(x, requires_grad=True)
    out = getattr(torch.nn.functional, word)(theirs, *options)
    weights = np.arange(1.0, 1 + out.numel(), dtype=np.float32).reshape(out.shape)
    out.backward(torch.tensor(weights))
    _, pull = jax.vjp(lambda x: getattr(fg.nn, word)(x, *options), fg.tensor(x))
    assert_close(pull(fg.tensor(weights))[0], theirs.grad.numpy())
