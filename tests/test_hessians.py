"""Hessians and products with them: structure, chunks, aux, directions in stacks, and every message."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = jnp.array([0.5, -1.0, 2.0])
m = jnp.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.25]])
TREE = {"w": m, "b": x, "scale": 2.0, "n": 3, "name": None}


def cubic(x):
    return jnp.sum(x**3) + x[0] * x[1]


def tree_in(p):
    return jnp.tanh(p["w"] @ p["b"]) * p["scale"]


def test_hessian_of_a_scalar():
    chunked = jax.jit(lambda x: [fg.hessian(cubic, chunk_size=chunk_size)(x) for chunk_size in (None, 1, 2, 3)])(x)
    assert_close(chunked, [jax.jit(jax.hessian(cubic))(x)] * 4)
    cross = jnp.zeros((3, 3)).at[jnp.array([0, 1]), jnp.array([1, 0])].set(1)
    assert_close(fg.hessian(lambda x: x**4)(2.0), fg.tensor(48.0))
    assert_close(fg.hessian(lambda x: 1.0 + 0 * x[0])(x), jnp.zeros((3, 3)))
    assert fg.hessian(lambda x: (x**2).sum())(jnp.zeros((0, 2))).shape == (0, 2, 0, 2)
    assert_close(fg.jit(fg.vmap(fg.hessian(cubic)))(m), jax.vmap(lambda x: jnp.diag(6 * x))(m) + cross)


def test_hessian_of_a_network_is_that_of_jax():
    """Products with the identity are left out: what stands for them is the weights."""
    rng = np.random.default_rng(0)
    w, v = (jnp.asarray(rng.standard_normal(shape), "float32") for shape in [(5, 4), (4, 1)])
    for f in (
        lambda x: (jnp.tanh(x @ w) @ v)[0],
        lambda x: (jax.nn.gelu((x * 2)[None] @ w) @ v).sum() + jnp.prod(x),
        lambda x: jax.jit(lambda y: y @ w @ w.T @ y)(jnp.flip(x)) * x[2],
    ):
        at = jnp.asarray(rng.standard_normal(5), "float32")
        found, expected = jax.jit(lambda x, f=f: (fg.hessian(f)(x), jax.hessian(f)(x)))(at)
        assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_a_hessian_that_is_not_symmetric_keeps_its_order():
    @jax.custom_jvp
    def f(x):
        return x[0] * x[1]

    f.defjvp(lambda p, t: (f(*p), p[0][1] * t[0][0]))  # by its own rule it does not depend on x[1]
    assert_close(fg.hessian(f)(x[:2]), jax.hessian(f)(x[:2]))
    assert_close(fg.hessian(f)(x[:2]), jnp.array([[0.0, 1.0], [0.0, 0.0]]))


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_hessian_of_trees_in_and_out(chunk_size):
    floats = {name: jnp.asarray(TREE[name]) for name in ("w", "b", "scale")}
    f = lambda p: {"y": tree_in(p), "z": (p["b"] ** 3).sum()}  # noqa: E731
    expected = jax.jit(jax.hessian(f))(floats)
    word = fg.hessian(f, chunk_size=chunk_size)
    found = fg.jit(lambda floats: word({**TREE, **floats}))(floats) if chunk_size else word(TREE)
    for out in ("y", "z"):
        for one in floats:
            assert found[out][one]["n"] is None
            for other in floats:
                assert_close(found[out][one][other], expected[out][one][other], rtol=1e-5, atol=1e-5)
        assert found[out]["n"] is None


def test_hessian_by_arguments():
    f = lambda a, b: a**2 * b**3  # noqa: E731
    expected = ((54.0, 108.0), (108.0, 72.0))
    found = fg.hessian(f, argnums=(0, 1))(2.0, 3.0)
    assert_close(found, jax.tree.map(fg.tensor, expected))
    assert_close(fg.hessian(f, argnames="b")(2.0, b=3.0), fg.tensor(72.0))


def test_hessian_with_aux():
    found, aux = fg.hessian(lambda x: ((x**3).sum(), {"x": x, "name": "f"}), has_aux=True)(x)
    assert_close((found, aux["x"]), (jnp.diag(6 * x), x))
    assert aux["name"] == "f"


def test_the_three_at_once():
    value, gradient, hessian = fg.value_grad_and_hessian(cubic)(x)
    assert_close((value, gradient, hessian), (cubic(x), jax.grad(cubic)(x), jax.hessian(cubic)(x)))
    f = lambda p, s: (jnp.sum(p["w"] ** 3) * s, {"s": s, "name": "f"})  # noqa: E731
    for chunk_size in (None, 2):
        word = fg.value_grad_and_hessian(f, has_aux=True, chunk_size=chunk_size)
        (value, aux), gradient, hessian = word({"w": x, "n": 1}, 2.0)
        assert_close((value, gradient["w"], hessian["w"]["w"]), (2 * (x**3).sum(), 6 * x**2, jnp.diag(12 * x)))
        assert gradient["n"] is hessian["n"] is hessian["w"]["n"] is None
        assert aux["name"] == "f"
    value, gradient, hessian = fg.value_grad_and_hessian(lambda a, b: a**2 * b, argnums=(0, 1))(2.0, 3.0)
    assert_close((gradient, hessian), jax.tree.map(fg.tensor, ((12.0, 4.0), ((6.0, 4.0), (4.0, 0.0)))))


@pytest.mark.parametrize("word", [fg.hvp, fg.vhp])
def test_products(word):
    v = jnp.array([1.0, 0.5, -2.0])
    expected = jax.hessian(cubic)(x) @ v
    assert_close(word(cubic, x, v), (cubic(x), expected))
    assert_close(word(cubic, (x,), (v,))[1], (expected,))
    assert_close(fg.jit(lambda x, v: word(cubic, x, v)[1])(x, v), expected)
    assert_close(word(cubic, x, np.eye(3, dtype=np.float32), batched=True)[1], jax.hessian(cubic)(x))
    assert_close(word(cubic, x, jnp.stack([v] * 5), batched=True, chunk_size=2)[1], jnp.stack([expected] * 5))
    assert_close(fg.vmap(lambda v: word(cubic, x, v)[1])(jnp.stack([v, v])), jnp.stack([expected] * 2))
    assert_close(word(lambda x: x**3, 2.0), (fg.tensor(8.0), fg.tensor(12.0)))
    f = lambda a, b: jnp.sum(a**2 * b)  # noqa: E731
    value, (first, second) = word(f, (x, v), (v, None))
    assert_close((first, second), (2 * v * v, 2 * x * v))
    assert_close(word(f, (x, v), v, argnums=0)[1], 2 * v * v)
    assert_close(word(f, (x, v), v, argnames="b")[1], jnp.zeros(3))
    value, product, aux = word(
        lambda p: (jnp.sum(p["x"] ** 3), p["n"]), {"x": x, "n": 3}, {"x": v, "n": None}, has_aux=True
    )
    assert_close((value, product["x"]), ((x**3).sum(), 6 * x * v))
    assert (product["n"], aux) == (None, 3)


def test_products_of_what_has_no_forward_derivative():
    f = lambda x: (fg.clip_gradient(x**2, max_norm=100.0) * x).sum()  # noqa: E731
    for word in (fg.hvp, fg.vhp):
        assert_close(word(f, x, jnp.ones(3))[1], 6 * x)


def test_products_take_the_mode_that_there_is():
    @jax.custom_vjp
    def twice(x):
        return 2 * x

    twice.defvjp(lambda x: (2 * x, None), lambda _, u: (twice(u),))

    def reverse_only(x):  # its gradient holds the rule again
        return (twice(x) ** 2).sum()

    def forward_only(x):
        return (jax.lax.while_loop(lambda v: v.sum() < 100, lambda v: v * x, x) ** 2).sum()

    for f, expected in (reverse_only, 8 * jnp.eye(3)), (forward_only, jax.jacfwd(jax.jacfwd(forward_only))(x + 2)):
        for word in (fg.hvp, fg.vhp):
            assert_close(word(f, x + 2, x)[1], expected @ x)
            assert_close(word(f, x + 2, jnp.eye(3), batched=True, chunk_size=2)[1], expected)


def test_linear_transpose():
    for f, at in [
        (lambda x: m @ x, x),
        (lambda x: jnp.linalg.solve(m[:, :2], x), x[:2]),
        (lambda x: jnp.concatenate([jnp.zeros(2), x[::-1] / 3]), x),
        (lambda x: jax.lax.scan(lambda c, v: (c * 2 + v, c), jnp.float32(0.0), x)[0], x),
        (lambda x: jax.lax.fori_loop(0, 3, lambda i, c: c * 2, x), x),
        (lambda x: jax.jit(jnp.cumsum)(x).reshape(3, 1), x),
        (lambda x: jnp.fft.rfft(x).real, x),
        (fg.linearize(cubic, x)[1], x),
        (lambda x: fg.bmm(m[None], x[None, :, None]), x),
        (lambda p: {"s": p["a"] + p["b"].sum(), "z": -p["a"]}, {"a": x, "b": m}),
    ]:
        y, pull = jax.vjp(f, at)
        ones = jax.tree.map(jnp.ones_like, y)
        assert_close(fg.linear_transpose(f, at)(ones), pull(ones))
    two = fg.linear_transpose(lambda x, y: x + 2 * y, x, x)
    assert_close(two(x), (x, 2 * x))
    assert_close(fg.jit(lambda a: fg.linear_transpose(lambda v: v * a, x)(x)[0])(x), x * x)


def test_what_is_not_linear():
    def refused(f, given, remedy="transpose its derivative instead: fg.vjp(f, x)[1]"):
        with pytest.raises(fg.ArgumentError) as caught:
            fg.linear_transpose(f, x)
        text = str(caught.value)
        assert text.startswith(f"linear_transpose(): the function must be linear; {given}"), text
        assert text.endswith(f"; {remedy}."), text

    refused(lambda x: x * x, "it multiplies two things that both depend on its argument (test_hessians.py:")
    refused(lambda x: x @ x, "it multiplies two matrices that both depend on its argument")
    refused(lambda x: 1 / x, "it divides by something that depends on its argument")
    refused(lambda x: jnp.sin(x), "it takes 'sin' of something that depends on its argument (test_hessians.py:")
    refused(lambda x: jnp.where(x > 0, x, 0), "it takes 'gt' of something that depends on its argument")
    refused(jax.jit(jnp.abs), "it takes 'abs' of something")
    refused(lambda x: jax.lax.cond(True, lambda v: v * v, lambda v: v, x), "it takes 'cond' of something")
    refused(lambda x: jax.lax.while_loop(lambda v: v[0] < 9, lambda v: v * 2, x), "it takes 'while' of something")
    with raises(
        fg.ArgumentError,
        "linear_transpose(): the function must be linear; for 0 it returns float32 of shape (3,) other than 0; "
        "leave out what it adds, or transpose its derivative instead: fg.vjp(f, x)[1].",
    ):
        fg.linear_transpose(lambda x: x + 1, x)


def test_messages():
    def refused(kind, message, *args, **kwargs):
        with raises(kind, f"hvp(): {message}"):
            fg.hvp(*args, **kwargs)

    refused(
        fg.ArgumentError,
        "v must be given, because what is differentiated is more than one number; got none; "
        "pass a direction with the shape of the inputs.",
        cubic,
        x,
    )
    refused(
        fg.ArgumentTypeError,
        "v must be a tuple of 2, with one entry for each input that is differentiated; got float32 of shape (3,); "
        "build it like the inputs.",
        lambda a, b: (a * b).sum(),
        (x, x),
        x,
    )
    refused(
        fg.ShapeError,
        "a tangent must be like its primal, float32 of shape (3,); got float32 of shape (2,); "
        "give it that shape with fg.reshape.",
        cubic,
        x,
        jnp.ones(2),
    )
    refused(
        fg.ShapeError,
        "a tangent must be like a stack of 4 of its primal, float32 of shape (4, 3); got float32 of shape (4,); "
        "give it that shape with fg.reshape.",
        cubic,
        x,
        jnp.ones(4),
        batched=True,
    )
    refused(
        fg.ShapeError,
        "a stack of tangents must have a dimension in front; got float 1.0; stack them with fg.stack.",
        jnp.sum,
        x,
        1.0,
        batched=True,
    )
    refused(
        fg.ShapeError,
        "the function must return a scalar; it returned float32 of shape (3,); "
        "reduce it, for example with fg.sum, or use fg.jacobian.",
        lambda x: x,
        x,
        x,
    )
    refused(fg.ArgumentError, "chunk_size must be positive; got 0; leave it out.", cubic, x, x, chunk_size=0)
    for word in ("hessian", "value_grad_and_hessian"):
        with raises(fg.ArgumentError, f"{word}(): chunk_size must be positive; got 0; leave it out."):
            getattr(fg, word)(cubic, chunk_size=0)


def test_a_hessian_does_a_third_of_the_work():
    """Of a network from many inputs: the identity is multiplied by no matrix, and one large product is left."""
    w, v = (jnp.sin(jnp.arange(float(n * 16))).reshape(n, 16) for n in (200, 16))
    f = lambda x: (jnp.tanh(jnp.tanh(x @ w) @ v)).sum()  # noqa: E731
    at = jnp.linspace(-1.0, 1.0, 200)
    ours, theirs = (fg.jit(word(f)).lower(at).compile().cost_analysis()["flops"] for word in (fg.hessian, jax.hessian))
    assert ours < 0.55 * theirs
