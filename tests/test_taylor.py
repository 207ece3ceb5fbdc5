"""Series against nested derivatives and against known ones, where other Taylor modes fail too."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

X = np.array([0.3, -0.7, 1.2, 0.0])
V = np.array([1.0, 0.5, -2.0, 0.25])
A = np.random.default_rng(0).normal(size=(4, 4)) + 4 * np.eye(4)


def nested(f, x, v, order):
    found = []
    along = lambda t: f(x + t * v)  # noqa: E731
    for _ in range(order):
        along = lambda t, g=along: jax.jvp(g, (t,), (1.0,))[1]  # noqa: E731
        found.append(along(0.0))
    return found


@jax.custom_jvp
def odd_rule(x):
    return jnp.sin(x)


odd_rule.defjvp(lambda p, t: (odd_rule(p[0]), 3 * odd_rule(p[0]) * t[0]))


def implicit(x):
    solve = lambda matvec, b: jnp.linalg.solve(jax.jacobian(matvec)(b), b)  # noqa: E731
    return jax.lax.custom_linear_solve(lambda z: A @ z * (1 + x @ x), jnp.sin(x), solve, solve)


def loops(x):
    c, ys = jax.lax.scan(lambda c, a: (jnp.sin(c) * a + x[0], c * a), x[1], x)
    _, w = jax.lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * jnp.exp(c)), (0, 1.0))
    return {"w": jax.lax.fori_loop(0, 2, lambda i, z: z * w, c), "ys": ys}


FUNCTIONS = {
    "elementary": lambda x: jnp.tanh(x) * jnp.exp(-x) / (2 + jnp.cos(x)) + jnp.log1p(x**2) - jnp.sqrt(3 + x),
    "powers": lambda x: (x + 2) ** 2.5 + (x + 2) ** -3 + x**5 + (2 + x) ** (x + 1) + jnp.square(x) ** 0,
    "special": lambda x: (
        jax.nn.sigmoid(x) + jax.scipy.special.erf(x) + jax.scipy.special.gammaln(x + 2) + fg.nn.gelu(x)
    ),
    "products": lambda x: jnp.tanh(A @ x) @ jnp.outer(x, x) + jnp.prod(x + 1) + jnp.cumprod(x + 2),
    "kinks": lambda x: jax.nn.relu(x) ** 2 + jnp.abs(x) * x + jnp.maximum(x, x[::-1]) ** 3 + jnp.clip(x, -0.5, 0.5),
    "sorted": lambda x: jnp.sort(x) ** 3 * x.max() + jnp.argsort(x) * x,
    "convolved": lambda x: jnp.convolve(x, jnp.exp(x)) ** 2,
    "a rule of its own": lambda x: odd_rule(x) * x,
    "compiled, remembered": lambda x: jax.checkpoint(jax.jit(jnp.sin))(x) * jax.jit(lambda y: y * x)(x),
    "chosen": lambda x: jax.lax.cond(x[0] > 0, lambda y: jnp.exp(y), lambda y: y, x) * x,
    "loops": loops,
    "solved": lambda x: jnp.linalg.solve(jnp.diag(x + 3) + jnp.outer(x, x), x**2),
    "solved implicitly": implicit,
    "norms": lambda x: jnp.linalg.norm(x + 1) * fg.softmax(x, 0) * fg.logsumexp(x, 0),
    "constant": lambda x: (jnp.ones(3), x > 0, "text"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_agree_with_nested_ones(name):
    f, order = FUNCTIONS[name], 3
    with jax.enable_x64(True):
        x, v = jnp.asarray(X), jnp.asarray(V)
        if name == "constant":
            y, found = fg.jet(f, (x,), ((v,),), order=2)
            assert (y[2], found) == ("text", found)
            assert_close([found[1][0], found[1][1], found[1][2]], [jnp.zeros(3), None, None])
            return
        output, found = jax.jit(lambda x, v: fg.jet(f, (x,), ((v,),), order=order))(x, v)
        expected = jax.jit(lambda x, v: nested(f, x, v, order))(x, v)
        assert_close(output, f(x), rtol=1e-12, atol=1e-12)
        assert_close(found, expected, rtol=1e-9, atol=1e-10)


def test_high_orders_are_cheap_and_exact():
    with jax.enable_x64(True):
        _, found = fg.jet(lambda x: jnp.exp(2 * jnp.sin(x) ** 2 + 2 * jnp.cos(x) ** 2 + x), (0.0,), ((1.0,),), order=12)
        assert_close(jnp.stack(found), jnp.full(12, math.exp(2)), rtol=1e-9, atol=0.0)
        _, found = fg.jet(lambda x: 1 / (1 - x), (0.0,), ((1.0,),), order=15)
        assert_close(jnp.stack(found), jnp.asarray([float(math.factorial(k)) for k in range(1, 16)]))
    deep = lambda x: jnp.tanh(jnp.tanh(jnp.sin(x)))  # noqa: E731
    sizes = [
        len(jax.make_jaxpr(lambda x, n=n: fg.jet(deep, (x,), ((1.0,),), order=n))(0.5).jaxpr.eqns) for n in (2, 4, 8)
    ]
    assert sizes[2] < 8 * sizes[1] < 64 * sizes[0]  # it does not double with each order


def test_curves_that_bend_and_several_primals():
    curve = lambda t: (jnp.sin(t), {"a": t**3, "n": 2})  # noqa: E731
    f = lambda x, p: p["a"] * x + x ** p["n"]  # noqa: E731
    _, bent = fg.jet(f, (0.0, {"a": 0.0, "n": 2}), ((1.0, 0.0, -1.0), (None, None, {"a": 6.0, "n": None})))
    assert_close(jnp.stack(bent), jnp.asarray(nested(lambda t: f(*curve(t)), 0.0, 1.0, 3)))
    _, (only,) = fg.jet(lambda x, n: x * n, (2.0, 3), ((1.0,), None))
    assert float(only) == 3


def test_mapped_and_differentiated():
    second = lambda x: fg.jet(jnp.sin, (x,), ((1.0,),), order=2)[1][1]  # noqa: E731
    x = fg.tensor([0.5, 1.0])
    assert_close(fg.vmap(second)(x), -jnp.sin(x))
    assert_close(fg.vmap(fg.grad(second))(x), -jnp.cos(x))


def test_messages():
    with raises(fg.ArgumentTypeError, "jet(): primals must be a tuple; got float 1.0; write a comma for a single one."):
        fg.jet(jnp.sin, 1.0, ((1.0,),))
    message = (
        "jet(): there must be one series for each primal; got 1 primals and 2 series; write None for one that rests."
    )
    with raises(fg.ArgumentError, message):
        fg.jet(jnp.sin, (1.0,), ((1.0,), (1.0,)))
    message = "jet(): each series must be a tuple of derivatives; got float 1.0; write ((v,),) for a straight line."
    with raises(fg.ArgumentTypeError, message):
        fg.jet(jnp.sin, (1.0,), (1.0,))
    message = "jet(): a primal must move; every series is empty or None; write ((v,),) for a line."
    with raises(fg.ArgumentError, message):
        fg.jet(jnp.sin, (1.0,), (None,))
    message = "jet(): order must be a positive int; got 0; leave it out, or write order=2."
    with raises(fg.ArgumentError, message):
        fg.jet(jnp.sin, (1.0,), ((1.0,),), order=0)
    message = (
        "jet(): a tangent must be like its primal, float32 of shape (); got float32 of shape (2,); "
        "give it that shape with fg.reshape."
    )
    with raises(fg.ShapeError, message):
        fg.jet(jnp.sin, (1.0,), ((fg.ones(2),),))


def test_aux_is_handed_through():
    def f(x):
        return {"y": x**3}, {"kept": x + 1, "name": "cube", "n": jnp.arange(2)}

    y, (first, second), aux = fg.jet(f, (jnp.float32(2.0),), ((1.0,),), order=2, has_aux=True)
    assert (float(y["y"]), float(first["y"]), float(second["y"])) == (8.0, 12.0, 12.0)
    assert (float(aux["kept"]), aux["name"], aux["n"].tolist()) == (3.0, "cube", [0, 1])
    jitted = fg.jit(lambda x: fg.jet(lambda x: (x**2, x.sum()), (x,), ((jnp.ones(2),),), has_aux=True)[1:])
    (slope,), total = jitted(jnp.array([1.0, 2.0]))
    assert (slope.tolist(), float(total)) == ([2.0, 4.0], 3.0)
