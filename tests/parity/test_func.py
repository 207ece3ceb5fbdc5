"""The derivative words against torch.func: one function written once, run by both."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import funcgrad as fg
from funcgrad.testing import assert_close

# torch compiles its rules for forward mode with torch.jit.script, which it deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

OURS = SimpleNamespace(
    sin=jnp.sin, cos=jnp.cos, exp=jnp.exp, tanh=jnp.tanh, log=jnp.log, sqrt=jnp.sqrt, stack=jnp.stack,
    outer=jnp.outer, where=jnp.where, logsumexp=lambda x: jax.nn.logsumexp(x), solve=jnp.linalg.solve,
    det=jnp.linalg.det, cumsum=lambda x: jnp.cumsum(x, 0), sigmoid=jax.nn.sigmoid, cat=jnp.concatenate,
    detach=fg.detach,
)  # fmt: skip
THEIRS = SimpleNamespace(
    sin=torch.sin, cos=torch.cos, exp=torch.exp, tanh=torch.tanh, log=torch.log, sqrt=torch.sqrt, stack=torch.stack,
    outer=torch.outer, where=torch.where, logsumexp=lambda x: torch.logsumexp(x, 0), solve=torch.linalg.solve,
    det=torch.linalg.det, cumsum=lambda x: torch.cumsum(x, 0), sigmoid=torch.sigmoid, cat=torch.cat,
    detach=torch.Tensor.detach,
)  # fmt: skip

x = np.array([0.5, 1.25, -0.75], np.float32)
y = np.array([1.5, -0.5, 2.0], np.float32)
m = np.array([[2.0, 0.5, -0.25], [0.25, 1.5, 0.5], [-0.5, 0.75, 3.0]], np.float32)


@dataclass
class Function:
    """`f(t, *args)` with `t` the namespace of one library; `argnums` are differentiated."""

    f: Any
    args: tuple[Any, ...]
    argnums: Any = 0
    aux: bool = False
    name: str = field(default="", repr=False)


SCALARS = {
    "quadratic": Function(lambda t, x: 2 * (x @ x), (x,)),
    "sum": Function(lambda t, x: x.sum(), (x,)),
    "cube of a scalar": Function(lambda t, x: x**3, (np.float32(1.5),)),
    "product": Function(lambda t, x, y: (x * y).sum(), (x, y), (0, 1)),
    "second argument": Function(lambda t, x, y: (t.sin(x) * y**2).sum(), (x, y), 1),
    "order of arguments": Function(lambda t, x, y: (x * t.exp(y)).sum(), (x, y), (1, 0)),
    "last argument": Function(lambda t, x, y: (x * t.exp(y)).sum(), (x, y), -1),
    "tuple of one": Function(lambda t, x: t.tanh(x).prod(), (x,), (0,)),
    "quadratic form": Function(lambda t, m, x: x @ m @ x, (m, x), (0, 1)),
    "determinant": Function(lambda t, m: t.det(m), (m,)),
    "solution": Function(lambda t, m, x: t.solve(m, x).sum(), (m, x), (0, 1)),
    "logsumexp": Function(lambda t, x: t.logsumexp(x), (x,)),
    "detached factor": Function(lambda t, x: (t.detach(x * x) * x).sum(), (x,)),
    "piecewise": Function(lambda t, x: t.where(x > 0, x**2, -x).sum(), (x,)),
    "aux": Function(lambda t, x: ((x**3).sum(), 2 * x), (x,), aux=True),
    "aux tree": Function(lambda t, x, y: ((x * y).sum(), {"x": x, "pair": (y, x + y)}), (x, y), (0, 1), aux=True),
    "tree": Function(lambda t, p, x: t.tanh(p["w"] @ x + p["b"][0]).sum(), ({"w": m, "b": [y]}, x)),
    "unused": Function(lambda t, x, y: x.sum(), (x, y), (0, 1)),
}
VECTORS = {
    "square": Function(lambda t, x: x * x, (x,)),
    "linear": Function(lambda t, m, x: m @ x, (m, x), (0, 1)),
    "layer": Function(lambda t, x, m: t.tanh(m @ x), (x, m)),
    "outer": Function(lambda t, x, y: t.outer(x, y), (x, y), 1),
    "several outputs": Function(lambda t, x: (x.sum(), t.stack([x, 2 * x**2])), (x,)),
    "several both": Function(lambda t, x, y: (t.sin(x * y), (x @ y) ** 2), (x, y), (0, 1)),
    "dict": Function(lambda t, x: {"n": t.sqrt(x @ x), "s": t.sigmoid(x)}, (x,)),
    "longer": Function(lambda t, x: t.cat([x, t.cumsum(x), x * x[0]]), (x,)),
    "matrix": Function(lambda t, m: m @ m, (m,)),
    "aux": Function(lambda t, x: (t.exp(x), {"aux": x + 1}), (x,), aux=True),
}  # fmt: skip
ALL = {**SCALARS, **{f"vector {name}": f for name, f in VECTORS.items()}}


def both(function):
    theirs = jax.tree.map(torch.tensor, function.args)
    ours = jax.tree.map(fg.tensor, function.args)
    return (lambda *a: function.f(OURS, *a)), ours, (lambda *a: function.f(THEIRS, *a)), theirs


def from_front(function):
    """torch.func.jacfwd (2.13) gives zeros for a negative number."""
    return len(function.args) + function.argnums if function.argnums == -1 else function.argnums


def numpy_tree(tree):
    return jax.tree.map(lambda leaf: leaf.detach().numpy() if isinstance(leaf, torch.Tensor) else leaf, tree)


def agree(ours, theirs):
    assert_close(ours, numpy_tree(theirs), rtol=2e-5, atol=2e-5)  # third powers and solves in float32, twice


def parametrize(functions):
    return pytest.mark.parametrize("function", functions.values(), ids=functions.keys())


@parametrize(SCALARS)
@pytest.mark.parametrize("word", ["grad", "grad_and_value"])
def test_gradients(word, function):
    f, ours, g, theirs = both(function)
    expected = getattr(torch.func, word)(g, function.argnums, function.aux)(*theirs)
    agree(getattr(fg, word)(f, function.argnums, function.aux)(*ours), expected)
    if word == "grad_and_value":
        gradient, value = expected
        agree(fg.value_and_grad(f, function.argnums, function.aux)(*ours), (value, gradient))


@parametrize(ALL)
@pytest.mark.parametrize("word", ["jacrev", "jacfwd", "jacobian"])
def test_jacobians(word, function):
    f, ours, g, theirs = both(function)
    theirs_word = getattr(torch.func, "jacrev" if word == "jacobian" else word)
    expected = theirs_word(g, from_front(function), has_aux=function.aux)(*theirs)
    for chunk_size in (None, 2):
        agree(getattr(fg, word)(f, function.argnums, has_aux=function.aux, chunk_size=chunk_size)(*ours), expected)


def test_the_recipes_for_samples_are_words():
    x = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(4, 3)
    w, y = np.cos(np.arange(6, dtype=np.float32)).reshape(3, 2), np.ones((4, 2), np.float32)
    theirs = [torch.tensor(each) for each in (w, x, y)]
    one = lambda w, x, y: ((torch.tanh(x @ w) - y) ** 2).sum()  # noqa: E731
    ours = lambda w, x, y: ((jnp.tanh(x @ w) - y) ** 2).sum()  # noqa: E731
    agree(fg.per_sample_grad(ours)(w, x, y), torch.vmap(torch.func.grad(one), (None, 0, 0))(*theirs))
    sample = torch.vmap(torch.func.jacrev(lambda v: torch.tanh(v @ theirs[0])))(theirs[1])
    agree(fg.batch_jacobian(lambda x: jnp.tanh(x @ w))(x), sample)
    element = torch.vmap(torch.vmap(torch.func.grad(torch.sin)))(theirs[1])
    agree(fg.elementwise_grad(jnp.sin)(x), element)
    along = torch.func.jvp(lambda v: torch.tanh(v @ theirs[0]), (theirs[1],), (torch.ones(4, 3),))[1]
    agree(fg.directional_derivative(lambda x: jnp.tanh(x @ w), np.ones((4, 3)))(x), along)


@parametrize({name: f for name, f in ALL.items() if not f.aux})
def test_hessians(function):
    f, ours, g, theirs = both(function)
    agree(fg.hessian(f, function.argnums)(*ours), torch.func.hessian(g, from_front(function))(*theirs))


@parametrize(ALL)
def test_vjp(function):
    f, ours, g, theirs = both(function)
    output, their_fn, *their_aux = torch.func.vjp(g, *theirs, has_aux=function.aux)
    found, our_fn, *our_aux = fg.vjp(f, *ours, has_aux=function.aux)
    agree((found, our_aux), (output, their_aux))
    for factor in (1.0, -0.5):
        cotangent = jax.tree.map(
            lambda leaf, factor=factor: np.asarray(factor * np.cos(leaf), np.float32), numpy_tree(output)
        )
        agree(our_fn(cotangent), their_fn(jax.tree.map(torch.tensor, cotangent)))


@parametrize(ALL)
def test_jvp(function):
    f, ours, g, theirs = both(function)
    directions = jax.tree.map(lambda leaf: np.asarray(np.sin(3 * leaf), np.float32), function.args)
    expected = torch.func.jvp(g, theirs, jax.tree.map(torch.tensor, directions), has_aux=function.aux)
    agree(fg.jvp(f, ours, directions, has_aux=function.aux), expected)


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node:UserWarning")  # torch's linearize is new
@parametrize({name: f for name, f in ALL.items() if not f.aux})
def test_linearize(function):
    f, ours, g, theirs = both(function)
    output, their_fn = torch.func.linearize(g, *theirs)
    found, our_fn = fg.linearize(f, *ours)
    agree(found, output)
    directions = jax.tree.map(lambda leaf: np.asarray(np.sin(3 * leaf), np.float32), function.args)
    agree(our_fn(*directions), their_fn(*jax.tree.map(torch.tensor, directions)))


BATCH = np.random.default_rng(0).uniform(0.5, 1.5, (4, 3)).astype(np.float32)


@pytest.mark.parametrize("chunk_size", [None, 1, 3])
@pytest.mark.parametrize(
    ("f", "args", "in_dims", "out_dims"),
    [
        (lambda t, x: t.sin(x), (BATCH,), 0, 0),
        (lambda t, x: t.sin(x), (BATCH,), 1, 1),
        (lambda t, x: t.outer(x, x), (BATCH,), -1, -1),
        (lambda t, x, y: x @ y, (BATCH, BATCH), 0, 0),
        (lambda t, x, y: t.outer(x, y), (BATCH, x), (0, None), 2),
        (lambda t, x, y: (x + y, x.sum()), (BATCH, BATCH.T), (0, 1), (1, 0)),
        (lambda t, p, x: p["w"] @ x + p["b"], ({"w": BATCH, "b": np.float32(2)}, x), ({"b": None, "w": 0}, None), 0),
        (lambda t, p: p[0] * p[1], ([BATCH, BATCH],), 0, 0),
    ],
)
def test_vmap(f, args, in_dims, out_dims, chunk_size):
    expected = torch.func.vmap(lambda *a: f(THEIRS, *a), in_dims, out_dims, chunk_size=chunk_size)(
        *jax.tree.map(torch.tensor, args)
    )
    agree(
        fg.vmap(lambda *a: f(OURS, *a), in_dims, out_dims, chunk_size=chunk_size)(*jax.tree.map(fg.tensor, args)),
        expected,
    )


def test_keyword_arguments_of_vmap_are_shared():
    expected = torch.func.vmap(lambda x, y: x * y.sum())(torch.tensor(BATCH), y=torch.tensor(y))
    agree(fg.vmap(lambda x, y: x * y.sum())(fg.tensor(BATCH), y=fg.tensor(y)), expected)


def test_words_go_into_each_other():
    def f(t, w, x):
        return (t.tanh(w * x) ** 2).sum()

    expected = torch.func.vmap(torch.func.grad(lambda w, x: f(THEIRS, w, x)), (None, 0))(
        torch.tensor(y), torch.tensor(BATCH)
    )
    agree(fg.vmap(fg.grad(lambda w, x: f(OURS, w, x)), (None, 0))(fg.tensor(y), fg.tensor(BATCH)), expected)
    expected = torch.func.jacfwd(torch.func.grad(lambda x: f(THEIRS, x, x)))(torch.tensor(x))
    agree(fg.jacfwd(fg.grad(lambda x: f(OURS, x, x)))(fg.tensor(x)), expected)


@pytest.mark.parametrize(
    "f", [lambda z: z * z, lambda z: (z * z.conj()).real, lambda z: (1 + 2j) * z.real, lambda z: z.conj() * z.imag]
)
def test_complex_vjp_is_torchs(f):
    z = np.array([1 + 2j, -0.5 + 1j], np.complex64)
    output, their_fn = torch.func.vjp(f, torch.tensor(z))
    found, our_fn = fg.vjp(f, fg.tensor(z))
    agree(found, output)
    cotangent = np.full(2, 1 - 0.5j if output.is_complex() else 1.5, numpy_tree(output).dtype)
    agree(our_fn(fg.tensor(cotangent)), their_fn(torch.tensor(cotangent)))


def test_a_wrong_value_is_found():
    expected = torch.func.grad(lambda x: (x**2).sum())(torch.tensor(x))
    with pytest.raises(AssertionError, match="values differ"):
        agree(fg.grad(lambda x: (x**2).sum() * 1.0001)(fg.tensor(x)), expected)
    with pytest.raises(AssertionError, match="structures differ"):
        agree(fg.grad(lambda x: (x**2).sum(), (0,))(fg.tensor(x)), expected)


def test_a_choice():
    ours = fg.cond(fg.tensor(False), lambda a: {"y": a + 1}, lambda a: {"y": -a}, (fg.tensor(x),))
    theirs = torch.cond(torch.tensor(False), lambda a: {"y": a + 1}, lambda a: {"y": -a}, (torch.tensor(x),))
    assert_close(np.asarray(ours["y"]), theirs["y"].numpy())
