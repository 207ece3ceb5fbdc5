"""Linear algebra against torch where one case of one word does not say it: gradients at kinks, and eigenvectors."""

from math import inf

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import funcgrad as fg
from funcgrad import linalg
from funcgrad.testing import assert_close


@pytest.fixture
def positive(rng):
    A = rng.standard_normal((3, 3)).astype(np.float32)
    return fg.tensor(A @ A.T + np.eye(3, dtype=np.float32))


@pytest.mark.parametrize("largest", [True, False])
def test_lobpcg(rng, largest):
    A = rng.standard_normal((4, 4))
    A = np.kron(np.eye(3), A @ A.T).astype(np.float32) + np.diag(np.arange(12, dtype="f"))
    theirs, _ = torch.lobpcg(torch.tensor(A), k=2, largest=largest)
    assert_close(np.asarray(fg.lobpcg(fg.tensor(A), k=2, largest=largest)[0]), theirs.numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("word", ["cholesky", "cholesky upper", "eigvalsh"])
def test_gradients_through_one_triangle(positive, word):
    ours, theirs = {
        "cholesky": (linalg.cholesky, torch.linalg.cholesky),
        "cholesky upper": (
            lambda A: linalg.cholesky(A, upper=True),
            lambda A: torch.linalg.cholesky(A, upper=True),
        ),
        "eigvalsh": (lambda A: linalg.eigvalsh(A, "U"), lambda A: torch.linalg.eigvalsh(A, "U")),
    }[word]
    tensor = torch.tensor(np.asarray(positive), requires_grad=True)
    (theirs(tensor) ** 3).sum().backward()
    found = jax.grad(lambda A: (ours(A) ** 3).sum())(positive)
    scale = float(jnp.abs(found).max())
    assert_close(np.asarray(found) / scale, tensor.grad.numpy() / scale, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, inf, -inf])
def test_the_gradient_of_a_norm_at_zero(p):
    points = np.array([[0, 0, 0], [1, 0, -2], [3, -3, 1], [2, 2, -2]], np.float32)
    ours = jax.grad(lambda x: fg.norm(x, p, 1).sum())(fg.tensor(points))
    theirs = torch.tensor(points, requires_grad=True)
    torch.norm(theirs, p, 1).sum().backward()
    assert_close(np.asarray(ours), theirs.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_the_gradient_of_cosine_similarity_at_zero_and_below_eps():
    x, y = np.array([[0, 0], [0.3, 0.4], [3, 4]], np.float32), np.array([[1, 2], [2, 1], [1, 1]], np.float32)
    ours = jax.grad(lambda x: fg.cosine_similarity(x, fg.tensor(y), eps=1.0).sum())(fg.tensor(x))
    theirs = torch.tensor(x, requires_grad=True)
    torch.cosine_similarity(theirs, torch.tensor(y), eps=1.0).sum().backward()
    assert_close(np.asarray(ours), theirs.grad.numpy(), rtol=1e-5, atol=1e-6)
