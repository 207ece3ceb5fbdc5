"""Second derivatives against torch: products in torch.autograd.functional's order of arguments, and Hessians."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import funcgrad as fg
from funcgrad.testing import assert_close

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

rng = np.random.default_rng(0)
X, V, U, M = (rng.standard_normal(shape).astype(np.float32) for shape in [3, 3, 3, (3, 3)])

# In words that both have: each is called with torch and with jnp.
ONE = {
    "cubic": lambda t, x: (x**3).sum() + x[0] * x[1],
    "layer": lambda t, x: t.tanh(x).prod() + t.exp(-x).sum(),
    "norm": lambda t, x: t.sqrt((x * x).sum() + 1),
}
TWO = {
    "product": lambda t, x, y: (x**2 * t.sin(y)).sum(),
    "form": lambda t, x, y: t.exp(x @ y / 5) * x[0],
}


def agree(ours, theirs):
    pairs = zip(ours, theirs, strict=True) if isinstance(theirs, tuple) else [(ours, theirs)]
    for a, b in pairs:
        if isinstance(b, tuple):
            agree(a, b)
        else:
            assert_close(np.asarray(a), b.detach().numpy(), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("word", ["hvp", "vhp"])
def test_products(word):
    theirs, ours = getattr(torch.autograd.functional, word), getattr(fg, word)
    for f in ONE.values():
        agree(
            ours(lambda x: f(jnp, x), fg.tensor(X), fg.tensor(V)),
            theirs(lambda x: f(torch, x), *map(torch.tensor, (X, V))),
        )
    for f in TWO.values():
        inputs, vectors = (X, U), (V, M[0])
        expected = theirs(
            lambda x, y: f(torch, x, y), tuple(map(torch.tensor, inputs)), tuple(map(torch.tensor, vectors))
        )
        agree(ours(lambda x, y: f(jnp, x, y), tuple(map(fg.tensor, inputs)), tuple(map(fg.tensor, vectors))), expected)
    # A single number needs no direction.
    agree(ours(lambda x: x**3, fg.tensor(2.0)), theirs(lambda x: x**3, torch.tensor(2.0)))


def test_hessians():
    for f in ONE.values():
        expected = torch.autograd.functional.hessian(lambda x: f(torch, x), torch.tensor(X))
        agree(fg.hessian(lambda x: f(jnp, x))(fg.tensor(X)), expected)
        value, gradient, hessian = fg.value_grad_and_hessian(lambda x: f(jnp, x))(fg.tensor(X))
        agree((gradient, value), torch.func.grad_and_value(lambda x: f(torch, x))(torch.tensor(X)))
        agree(hessian, torch.func.hessian(lambda x: f(torch, x))(torch.tensor(X)))
        agree(fg.hessian_diagonal(lambda x: f(jnp, x))(fg.tensor(X)), expected.diagonal())
        agree(fg.laplacian(lambda x: f(jnp, x))(fg.tensor(X)), expected.trace())
    for f in TWO.values():
        expected = torch.func.hessian(lambda x, y: f(torch, x, y), argnums=(0, 1))(torch.tensor(X), torch.tensor(U))
        agree(fg.hessian(lambda x, y: f(jnp, x, y), argnums=(0, 1))(fg.tensor(X), fg.tensor(U)), expected)


def test_clipped_gradients_are_those_of_a_hook():
    for ours, theirs in [
        ({"clip_value": 0.5}, lambda g: g.clamp(-0.5, 0.5)),
        ({"max_norm": 0.5}, lambda g: g * min(1.0, 0.5 / g.norm())),
    ]:
        x = torch.tensor(X, requires_grad=True)
        h = x * 2
        h.register_hook(theirs)
        (h**2 * torch.tensor(V)).sum().backward()
        agree(fg.grad(lambda x, o=ours: (fg.clip_gradient(x * 2, **o) ** 2 * V).sum())(fg.tensor(X)), x.grad)


def test_straight_through_is_the_detach_trick():
    x = torch.tensor(X, requires_grad=True)
    (((x + (x.round() - x).detach()) ** 2) * torch.tensor(V)).sum().backward()
    agree(fg.grad(lambda x: (fg.straight_through(fg.round)(x) ** 2 * V).sum())(fg.tensor(X)), x.grad)
