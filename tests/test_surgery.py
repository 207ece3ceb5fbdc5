"""Derivatives other than the function's own: values to the last bit, and derivatives in every mode and order."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

ODD = [0.0, -0.0, 1.5, -3.25, np.nan, np.inf, -np.inf, 1e-38, 6e-8]
WORDS = {
    "straight_through": lambda x: fg.straight_through(x, jnp.tanh(x)),
    "straight_through a function": lambda x: fg.straight_through(lambda v: v)(x),
    "reverse_gradient": fg.reverse_gradient,
    "scale_gradient": lambda x: fg.scale_gradient(x, 0.3),
    "clip by value": lambda x: fg.clip_gradient(x, clip_value=0.5),
    "clip by norm": lambda x: fg.clip_gradient(x, max_norm=0.5),
}
x = jnp.array([0.4, -1.6, 2.5])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_values_are_the_same_to_the_last_bit(dtype):
    values = jnp.array(ODD, dtype)
    bits = lambda v: np.asarray(v).view(np.uint16 if dtype != "float32" else np.uint32)  # noqa: E731
    together = jax.jit(lambda v: [word(v) for word in WORDS.values()] + [jax.vmap(word)(v) for word in WORDS.values()])
    eager = [word(values) for word in WORDS.values()]
    for found in [*together(values), *eager]:
        assert found.dtype == dtype
        np.testing.assert_array_equal(bits(found), bits(values))
    hard = jnp.round(values)  # where soft + stop_gradient(hard - soft) is off by a rounding, or NaN
    np.testing.assert_array_equal(bits(fg.straight_through(jnp.round)(values)), bits(hard))


def test_what_is_not_floating_passes():
    tree = {"w": x, "n": 3, "ids": jnp.arange(2), "none": None, "name": "a"}
    for word in (fg.reverse_gradient, lambda t: fg.scale_gradient(t, 2.0), lambda t: fg.clip_gradient(t, max_norm=1.0)):
        found = word(tree)
        assert (found["n"], found["none"], found["name"]) == (3, None, "a")
        assert_close((found["w"], found["ids"]), (x, jnp.arange(2)))
    assert fg.clip_gradient({"n": 1}, max_norm=1.0) == {"n": 1}


def test_straight_through():
    weights = jnp.arange(3.0)
    value, slope = fg.value_and_grad(lambda x: (fg.straight_through(jnp.round)(x) * weights).sum())(x)
    assert_close((value, slope), (jnp.float32(-2.0 + 4.0), weights))
    smooth = fg.straight_through(jnp.sign, jnp.tanh)
    assert_close(fg.grad(lambda x: smooth(x).sum())(x), 1 - jnp.tanh(x) ** 2)
    assert_close(fg.jvp(smooth, (x,), (x,)), (jnp.sign(x), (1 - jnp.tanh(x) ** 2) * x))
    # Of second order: the hard value is in the product, the soft derivative twice.
    f = lambda x: (smooth(x) ** 2).sum()  # noqa: E731
    t, slope = jnp.tanh(x), 1 - jnp.tanh(x) ** 2
    assert_close(
        fg.jit(fg.hessian(f))(x), jnp.diag(2 * slope**2 + 2 * jnp.sign(x) * (-2 * t * slope)), rtol=1e-5, atol=1e-6
    )
    assert_close(fg.vmap(fg.grad(lambda v: smooth(v)))(x), slope)
    logits = jnp.array([1.0, 2.0, 0.5])
    one_hot = lambda z: fg.straight_through(jax.nn.one_hot(jnp.argmax(z), 3), jax.nn.softmax(z))  # noqa: E731
    assert_close(one_hot(logits), jnp.array([0.0, 1.0, 0.0]))
    assert_close(fg.jacobian(one_hot)(logits), jax.jacobian(jax.nn.softmax)(logits))
    assert fg.straight_through(x.astype("bfloat16"), x).dtype == fg.bfloat16


def test_scaled_and_reversed():
    for word, factor in [(lambda x: fg.scale_gradient(x, 0.25), 0.25), (lambda x: fg.reverse_gradient(x, 3.0), -3.0)]:
        f = lambda x, word=word: (word(x) ** 3).sum()  # noqa: E731
        assert_close(fg.grad(f)(x), factor * 3 * x**2)
        assert_close(fg.jvp(f, (x,), (x,))[1], factor * (3 * x**3).sum())
        assert_close(fg.hessian(f)(x), jnp.diag(factor**2 * 6 * x))
        assert_close(fg.jit(fg.vmap(fg.grad(f)))(x[:, None]), factor * 3 * x[:, None] ** 2)
    traced = fg.jit(lambda x, s: fg.grad(lambda x: fg.scale_gradient(x, s).sum())(x))
    assert_close(traced(x, 0.5), jnp.full(3, 0.5))
    tree = {"w": x, "b": 1.0}
    assert_close(
        fg.grad(lambda t: sum(jnp.sum(v) for v in fg.reverse_gradient(t).values()))(tree),
        {"w": -jnp.ones(3), "b": jnp.float32(-1)},
    )
    assert_close(fg.grad(lambda z: jnp.abs(fg.scale_gradient(z + 0j, 2.0)) ** 2)(3.0), jnp.float32(12.0))


def test_clipped():
    weights = jnp.array([3.0, -4.0, 0.5])
    by = lambda **limits: fg.jit(fg.grad(lambda x: fg.clip_gradient(x, **limits) @ weights))(x)  # noqa: E731
    assert_close(by(clip_value=1.0), jnp.array([1.0, -1.0, 0.5]))
    assert_close(by(max_norm=1.0), weights / jnp.linalg.norm(weights))
    assert_close(by(max_norm=100.0), weights)
    assert_close(by(max_norm=2.0, norm_type=1), weights * 2 / 7.5)
    assert_close(by(max_norm=2.0, norm_type=float("inf")), weights / 2)
    assert_close(by(max_norm=0.0), jnp.zeros(3))
    tree = {"a": x, "b": jnp.ones(2)}
    found = fg.grad(lambda t: sum(jnp.sum(v * 2) for v in fg.clip_gradient(t, max_norm=1.0).values()))(tree)
    assert_close(found, jax.tree.map(lambda v: jnp.full(v.shape, 5**-0.5), tree))
    # Each example of a batch has a norm of its own.
    rows = fg.vmap(fg.grad(lambda x: (fg.clip_gradient(x, max_norm=1.0) ** 2).sum()))(
        jnp.array([[3.0, 4.0], [0.1, 0.0]])
    )
    assert_close(rows, jnp.array([[0.6, 0.8], [0.2, 0.0]]))
    huge = fg.grad(lambda x: (fg.clip_gradient(x, max_norm=1.0) * jnp.array([3e30, 4e30])).sum())(jnp.ones(2))
    assert_close(huge, jnp.array([0.6, 0.8]))
    f = lambda x: (fg.clip_gradient(x, max_norm=1.0) ** 2).sum()  # noqa: E731
    unit = lambda x: 2 * x * jnp.where((4 * x @ x) > 1, (4 * x @ x + (x @ x == 0)) ** -0.5, 1)  # noqa: E731
    both = jax.jit(lambda at: (fg.hessian(f)(at), jax.jacfwd(unit)(at)))
    for at in (jnp.array([3.0, 4.0]), jnp.array([0.1, 0.2]), jnp.zeros(2)):
        assert_close(*both(at), rtol=1e-5, atol=1e-6)
    assert np.isnan(fg.grad(lambda x: (fg.clip_gradient(x, clip_value=1.0) * jnp.nan).sum())(x)).all()


def test_messages():
    with raises(
        fg.ShapeError,
        "straight_through(): the value and what stands in for its derivative must have one shape; got (2,) and (3,); "
        "give soft, whose derivative is taken, the shape of hard.",
    ):
        fg.straight_through(jnp.ones(2), jnp.ones(3))
    message = (
        "straight_through(): {} must be a floating array; got int32 of shape (2,); convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message.format("hard")):
        fg.straight_through(jnp.arange(2), jnp.ones(2))
    with raises(fg.DtypeError, message.format("soft")):
        fg.straight_through(jnp.ones(2), jnp.arange(2))
    tail = "write fg.straight_through(f)(x), or fg.straight_through(hard, soft)."
    for args, given in [
        ((x,), "got float32 of shape (3,) alone"),
        ((x, jnp.sin), "got float32 of shape (3,) and a function"),
        ((jnp.sin, x), "got a function and float32 of shape (3,)"),
    ]:
        with raises(
            fg.ArgumentTypeError, f"straight_through(): it takes two arrays, one function or two; {given}; {tail}"
        ):
            fg.straight_through(*args)
    with raises(
        fg.ArgumentError,
        "straight_through(): the array whose derivative is taken must be passed by position; the call gave none; "
        "pass it first.",
    ):
        fg.straight_through(jnp.round)(x=x)
    for word in ("scale_gradient", "reverse_gradient"):
        for wrong, shown in [
            ("a", "str 'a'"),
            (True, "bool True"),
            (jnp.ones(2), "float32 of shape (2,)"),
            (1j, "complex 1j"),
        ]:
            with raises(
                fg.ArgumentTypeError, f"{word}(): scale must be a real number; got {shown}; pass for example 0.1."
            ):
                getattr(fg, word)(x, wrong)
    for limits, given in [({}, "got none"), ({"clip_value": 1.0, "max_norm": 1.0}, "got both")]:
        with raises(
            fg.ArgumentError,
            f"clip_gradient(): one of clip_value and max_norm must be given; {given}; "
            "write for example fg.clip_gradient(x, max_norm=1.0).",
        ):
            fg.clip_gradient(x, **limits)
    with raises(
        fg.ArgumentError,
        "clip_gradient(): max_norm must be a number of at least 0; got float -1.0; pass for example 1.0.",
    ):
        fg.clip_gradient(x, max_norm=-1.0)
    with raises(
        fg.ArgumentTypeError,
        "clip_gradient(): clip_value must be a number of at least 0; got str 'a'; pass for example 1.0.",
    ):
        fg.clip_gradient(x, clip_value="a")
    with raises(
        fg.ArgumentError,
        "clip_gradient(): norm_type must be a number of at least 1; got float 0.5; pass for example 1.0.",
    ):
        fg.clip_gradient(x, max_norm=1.0, norm_type=0.5)
    with raises(
        fg.ArgumentTypeError,
        "clip_gradient(): a gradient is clipped where it comes back, in reverse mode; got a derivative forward; "
        "use fg.grad, fg.vjp or fg.jacrev, or clip what fg.jvp returns.",
    ):
        fg.jvp(lambda x: fg.clip_gradient(x, max_norm=1.0), (x,), (x,))
