"""Derivatives of samples, of elements, along a direction, and by what is computed on the way."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.autodiff import samples
from funcgrad.testing import assert_close

x = jnp.array([[0.5, -1.0, 2.0], [1.0, 0.25, -0.5], [0.1, 0.2, 0.3], [2.0, 1.0, 0.0]])
w = jnp.array([[1.0, 2.0], [0.5, -1.0], [0.25, 3.0]])


def network(x):
    return jnp.tanh(x @ w)


# batch_jacobian


@pytest.mark.parametrize(("f", "at"), [(network, x), (lambda x: jnp.tanh(x @ w.T), x[:, :2]), (lambda x: x[:, 0], x)])
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_a_batch_jacobian_is_that_of_each_sample(f, at, chunk_size):
    expected = jax.vmap(jax.jacrev(lambda v: f(v[None])[0]))(at)
    assert_close(fg.batch_jacobian(f, chunk_size=chunk_size)(at), expected)
    assert_close(fg.jit(fg.batch_jacobian(f, chunk_size=chunk_size))(at), expected)


def test_trees_of_batches():
    def f(p, scale):
        return {"y": network(p["x"]) * scale, "s": (p["x"] * p["z"][:, None]).sum(1)}, "aux"

    p = {"x": x, "z": x[:, 0], "name": "p"}
    found, aux = fg.batch_jacobian(f, has_aux=True)(p, 2.0)
    sample = lambda q: {"y": network(q["x"]) * 2.0, "s": (q["x"] * q["z"]).sum()}  # noqa: E731
    one = jax.vmap(jax.jacrev(sample))({"x": x, "z": x[:, 0]})
    for out in ("y", "s"):
        assert found[out].pop("name") is None
        assert_close(found[out], one[out])
    assert aux == "aux"


@pytest.mark.parametrize("i", range(3))
@pytest.mark.parametrize("j", range(3))
def test_one_sample_that_sees_another_is_found(i, j):
    """Planted: one entry of one sample depends, weakly, on one entry of another."""
    f = lambda x: network(x).at[i, 1].add(1e-12 * x[j, 2])  # noqa: E731
    if i == j:
        fg.batch_jacobian(f)(x)
        return
    message = (
        "batch_jacobian(): no sample of the output may depend on another sample of the input; "
        f"sample {i} depends on sample {j}; "
        "use fg.jacobian, which has all derivatives, or fg.vmap over a function of one sample."
    )
    with raises(fg.ArgumentError, message):
        fg.batch_jacobian(f)(x)
    fg.batch_jacobian(f, verify=False)(x)


def test_samples_are_proved_apart_by_the_program(monkeypatch):
    """What the program does not show is tried with numbers."""
    tried = []
    real = samples.require_apart
    monkeypatch.setattr(samples, "require_apart", lambda *args: (tried.append(1), real(*args))[1])
    attention = lambda x: fg.softmax(x[:, :, None] * x[:, None], 2).sum(2)  # noqa: E731
    for f in (network, attention, lambda x: jnp.sort(x, 1) - x.mean(1, keepdims=True)):
        fg.batch_jacobian(f)(x)
    fg.elementwise_grad(lambda x: jnp.tanh(x) * x)(x)
    assert not tried
    fg.batch_jacobian(lambda x: x + jnp.where(x[::-1] > 100, x[::-1], 0))(x)  # no dependence here
    fg.batch_jacobian(lambda x: x * 2 if x.sum() > 0 else x)(x)  # and one that cannot be traced
    assert len(tried) == 2


def test_what_is_no_batch():
    with raises(
        fg.ShapeError,
        "batch_jacobian(): the first dimension must be the same in arguments and output; got 4 in argument 'x' and "
        "2 in the output; use fg.jacobian where the function mixes samples, or vmap for functions of one sample.",
    ):
        fg.batch_jacobian(lambda x: x[:2])(x)
    with raises(
        fg.ShapeError,
        "batch_jacobian(): the output must have a first dimension that counts samples; got float32 of shape (); "
        "use fg.jacobian for functions of no batch.",
    ):
        fg.batch_jacobian(lambda x: x.sum())(x)
    assert fg.batch_jacobian(network)(x[:0]).shape == (0, 2, 3)
    assert fg.batch_jacobian(network)(x[:1]).shape == (1, 2, 3)


# elementwise_grad


def test_elementwise_grad():
    assert_close(fg.elementwise_grad(jnp.sin)(x), jnp.cos(x))
    assert_close(fg.elementwise_grad(lambda a, b: a * b**2, argnames="b")(2.0, x), 4 * x)
    assert_close(fg.jit(fg.elementwise_grad(fg.elementwise_grad(lambda x: x**3)))(x), 6 * x)
    assert_close(fg.elementwise_grad(jnp.exp)(0.0), fg.tensor(1.0))


def test_elements_that_see_each_other():
    message = (
        "elementwise_grad(): no element of the output may depend on another element of the input; "
        "element (2, 1) depends on element (1, 0); use fg.jacobian, which has all derivatives."
    )
    with raises(fg.ArgumentError, message):
        fg.elementwise_grad(lambda x: x.at[2, 1].add(x[1, 0]))(x)
    with raises(
        fg.ShapeError,
        "elementwise_grad(): the output must have the shape of what is differentiated; got float32 of shape () for "
        "float32 of shape (4, 3); use fg.jacobian, or fg.grad for a scalar.",
    ):
        fg.elementwise_grad(jnp.sum)(x)
    with raises(fg.ArgumentTypeError, "elementwise_grad(): the output must be one array; got 2; use fg.jacobian."):
        fg.elementwise_grad(lambda x: (x, x))(x)


# derivative, directional_derivative


def test_derivative_of_a_curve():
    found = fg.derivative(lambda t: {"p": jnp.array([1.0, 2.0]) * t**2, "n": 3})(3.0)
    assert_close(found["p"], jnp.array([6.0, 12.0]))
    assert found["n"] is None
    assert_close(fg.derivative(fg.derivative(lambda t: t**3))(2.0), fg.tensor(12.0))
    assert fg.derivative(lambda t: (t, "aux"), has_aux=True)(1.0)[1] == "aux"
    message = (
        "derivative(): the argument must be a scalar; got float32 of shape (4, 3); "
        "use fg.elementwise_grad, fg.directional_derivative or fg.jacobian."
    )
    with raises(fg.ShapeError, message):
        fg.derivative(jnp.sin)(x)


def test_directional_derivative():
    f = lambda p, s: jnp.sum(p["w"] ** 2) * s  # noqa: E731
    p, v = {"w": w, "n": 3}, {"w": np.ones((3, 2)), "n": None}
    assert_close(fg.directional_derivative(f, v)(p, 2.0), 4 * w.sum())
    assert_close(fg.directional_derivative(f, (v, None), argnums=(0, 1))(p, 2.0), 4 * w.sum())
    assert_close(fg.directional_derivative(f, (v, 1.0), (0, 1))(p, 2.0), 4 * w.sum() + (w**2).sum())
    assert_close(fg.directional_derivative(f, w, argnames="p.w", unit=True)(p, 2.0), 4 * jnp.sqrt((w**2).sum()))
    with raises(
        fg.ArgumentError,
        "directional_derivative(): direction must not be 0 where unit=True; got a direction of length 0; "
        "leave unit out.",
    ):
        fg.directional_derivative(jnp.sum, jnp.zeros((4, 3)), unit=True)(x)
    message = (
        "directional_derivative(): direction must be a tuple of 2, one for each argument selected; got float 1.0; "
        "write None for one that does not move."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.directional_derivative(f, 1.0, argnums=(0, 1))(p, 2.0)


# per_sample_grad


@pytest.mark.parametrize("keep_batch", [False, True])
def test_per_sample_gradients(keep_batch):
    def loss(p, x, y):
        assert x.ndim == 1 + keep_batch
        return ((x @ p["w"] - y) ** 2).sum()

    y = jnp.ones((4, 2))
    expected = jax.vmap(jax.grad(lambda w, x, y: ((x @ w - y) ** 2).sum()), (None, 0, 0))(w, x, y)
    per_sample = fg.per_sample_grad(loss, keep_batch=keep_batch)
    found = per_sample({"w": w, "n": 3}, x, y=np.asarray(y))
    assert_close(found["w"], expected)
    assert found["n"] is None
    assert_close(fg.jit(per_sample)({"w": w}, x, y)["w"], expected)
    assert_close(
        fg.per_sample_grad(loss, argnames="p.w", keep_batch=keep_batch, chunk_size=3)({"w": w}, x, y), expected
    )


def test_batches_that_do_not_fit():
    loss = lambda w, x, y: ((x @ w - y) ** 2).sum()  # noqa: E731
    message = (
        "per_sample_grad(): all batches must have one size; got 4 in argument 1 and 3 in argument 2; "
        "give as many of each."
    )
    with raises(fg.ShapeError, message):
        fg.per_sample_grad(loss)(w, x, jnp.zeros((3, 2)))
    message = (
        "per_sample_grad(): argument 2 must be a batch; got float32 of shape (); "
        "close over it in the loss, or give one for each sample."
    )
    with raises(fg.ShapeError, message):
        fg.per_sample_grad(loss)(w, x, jnp.float32(1.0))
    assert_close(fg.per_sample_grad(loss)(w, x, 1.0), fg.per_sample_grad(loss)(w, x, jnp.ones((4, 2))))
    message = (
        "per_sample_grad(): there must be a batch beside what is differentiated; got none; "
        "write loss(params, *sample), or use fg.grad."
    )
    with raises(fg.ArgumentError, message):
        fg.per_sample_grad(jnp.sum)(w)


# probe


@jax.jit
def layer(w, x):
    return fg.probe("h", jnp.tanh(x @ w))


def loss(w, x):
    return fg.probe("score", (layer(w, x) ** 2).sum()) ** 2


def test_derivatives_by_what_is_computed_on_the_way():
    h = network(x)
    expected = 4 * (h**2).sum() * h
    loss(w, x)  # compiles the layer; the compiled one must not be taken where it is watched
    assert_close(fg.grad(loss, argnames="@h")(w, x), expected, rtol=1e-5, atol=1e-5)
    assert_close(fg.jit(fg.grad(loss, argnames="@h"))(w, x), expected, rtol=1e-5, atol=1e-5)
    value, (by_w, by_h) = fg.value_and_grad(loss, argnames=("w", "@h"))(w, x)
    assert_close((value, by_w), jax.value_and_grad(loss)(w, x), rtol=1e-5, atol=1e-5)
    assert_close(by_h, expected, rtol=1e-5, atol=1e-5)
    every = fg.grad(loss, argnames="@*")(w, x)
    assert list(every) == ["h", "score"]
    assert_close(every["score"], 2 * (h**2).sum())
    assert_close(fg.jacobian(lambda x: fg.probe("h", x * 2) ** 2, argnames="@h")(x[0]), jnp.diag(4 * x[0]))
    assert fg.ravel_jacobian(lambda s: fg.probe("h", s) * 2, argnames="@h")(1.0).columns[:] == ["@h"]


def test_a_name_met_several_times_gives_the_sum():
    steps = lambda v: jax.lax.scan(lambda c, v: (fg.probe("c", c) * v, None), 1.0, v)[0]  # noqa: E731
    assert_close(fg.grad(steps, argnames="@c")(jnp.array([2.0, 3.0])), fg.tensor(6.0 + 3.0))
    assert_close(fg.vmap(fg.grad(lambda v: (fg.probe("h", v) ** 2).sum(), argnames="@h"))(x), 2 * x)


def test_control_flow_on_values_around_a_probe():
    f = lambda x: fg.probe("h", x * 2).sum() if x[0, 0] > 0 else x.sum()  # noqa: E731
    assert_close(fg.grad(f, argnames="@h")(x), jnp.ones((4, 3)))


def test_a_probe_costs_nothing():
    assert len(jax.make_jaxpr(lambda x: fg.probe("h", x))(x).eqns) == 0


def test_probes_that_are_not_there():
    message = "grad(): argnames must name a probe of the function; got '@q'; choose from '@h' or '@score'."
    with raises(fg.ArgumentError, message):
        fg.grad(loss, argnames="@q")(w, x)
    message = (
        "grad(): argnames must name a probe of the function; got '@q'; write h = fg.probe('q', h) in the function."
    )
    with raises(fg.ArgumentError, message):
        fg.grad(jnp.sum, argnames="@q")(x)
    message = (
        "grad(): probe '@h' must have one shape and dtype; got float32 of shape (4, 3) and float32 of shape (); "
        "give each a name of its own."
    )
    with raises(fg.ShapeError, message):
        fg.grad(lambda x: fg.probe("h", x).sum() + fg.probe("h", x.sum()), argnames="@h")(x)
    message = "grad(): probe '@h' must be floating to differentiate; got bool of shape (4, 3); probe another value."
    with raises(fg.DtypeError, message):
        fg.grad(lambda x: fg.probe("h", x > 0).sum() * x.sum(), argnames="@h")(x)
    with raises(fg.ArgumentTypeError, "probe(): name must be a text without '*'; got 'h*'; write for example 'h1'."):
        fg.probe("h*", x)
    with raises(
        fg.ArgumentTypeError, "probe(): input must be an array; got str 'x'; give each array a name of its own."
    ):
        fg.probe("h", "x")


def test_a_loss_that_is_no_scalar():
    message = (
        "per_sample_grad(): the function must return a scalar; it returned float32 of shape (2,); "
        "reduce it, for example with fg.sum, or use fg.jacobian."
    )
    with raises(fg.ShapeError, message):
        fg.per_sample_grad(lambda w, x: x @ w)(w, x)
    found, aux = fg.per_sample_grad(lambda w, x: ((x @ w).sum(), x[0]), has_aux=True)(w, x)
    assert_close((found, aux), (jnp.broadcast_to(x[:, :, None], (4, 3, 2)), x[:, 0]))


def test_chunks_must_be_positive():
    for word in (fg.batch_jacobian, fg.per_sample_grad):
        with raises(fg.ArgumentError, f"{word.__name__}(): chunk_size must be positive; got 0; leave it out."):
            word(network, chunk_size=0)
