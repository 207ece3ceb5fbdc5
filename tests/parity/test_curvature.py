"""Second derivatives against torch: products in torch.autograd.functional's order of arguments, and Hessians."""

import functools

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


def both(f, *arrays):
    """The function and its arguments in each library."""
    return (
        functools.partial(f, jnp),
        tuple(map(fg.tensor, arrays)),
        functools.partial(f, torch),
        tuple(map(torch.tensor, arrays)),
    )


@pytest.mark.parametrize("word", ["hvp", "vhp"])
def test_products(word):
    theirs, ours = getattr(torch.autograd.functional, word), getattr(fg, word)
    for function in ONE.values():
        f, (x, v), g, (tx, tv) = both(function, X, V)
        agree(ours(f, x, v), theirs(g, tx, tv))
    for function in TWO.values():
        f, (x, y, v, w), g, tensors = both(function, X, U, V, M[0])
        agree(ours(f, (x, y), (v, w)), theirs(g, tensors[:2], tensors[2:]))
    # A single number needs no direction.
    agree(ours(lambda x: x**3, fg.tensor(2.0)), theirs(lambda x: x**3, torch.tensor(2.0)))


def test_hessians():
    for function in ONE.values():
        f, (x,), g, (tx,) = both(function, X)
        expected = torch.autograd.functional.hessian(g, tx)
        value, gradient, hessian = fg.value_grad_and_hessian(f)(x)
        agree((gradient, value), torch.func.grad_and_value(g)(tx))
        agree(hessian, torch.func.hessian(g)(tx))
        words = [fg.hessian(f), fg.hessian_diagonal(f), fg.laplacian(f)]
        agree(
            fg.jit(lambda x, words=words: [word(x) for word in words])(x),
            (expected, expected.diagonal(), expected.trace()),
        )
    for function in TWO.values():
        f, (x, y), g, tensors = both(function, X, U)
        agree(fg.jit(fg.hessian(f, argnums=(0, 1)))(x, y), torch.func.hessian(g, argnums=(0, 1))(*tensors))


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
