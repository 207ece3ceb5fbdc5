"""The Laplacian, the diagonal of the Hessian and the divergence: against the whole matrix, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.autodiff import _propagation, curvature
from funcgrad.testing import assert_close

rng = np.random.default_rng(0)
X = rng.uniform(0.2, 0.9, 6)
W = {shape: rng.standard_normal(shape) for shape in [(6, 4), (4, 4), (4, 1), (6, 2), (2, 6), (3, 5), (6, 6), (12, 3)]}


def mlp(x):
    return (jnp.tanh(jnp.tanh(x @ W[6, 4]) @ W[4, 4]) @ W[4, 1])[0]


def bottlenecks(x):
    """Directions are renewed twice, the second time inside a compiled call."""
    inner = jax.jit(lambda u: jnp.exp(jnp.tanh(u @ W[2, 6]).sum() * 0.1))
    return inner(jnp.sin(jnp.tile(x * 2, 3)[:6] @ W[6, 2]))


def residual(x):
    return jnp.sum((x + jnp.tanh(x @ W[6, 4]) @ W[4, 4] @ W[6, 4].T) ** 3)


def row(x):
    return jnp.tanh(x[None] @ W[6, 4]).sum() ** 2


def electrons(x):
    r = x.reshape(2, 3)
    apart = r[:, None] - r[None]
    distances = jnp.sqrt((apart**2).sum(-1) + 0.1)
    return jnp.log(jnp.exp(-distances.sum()) + jnp.tanh(r @ W[3, 5]).sum() ** 2)


def attention(x):
    q = x.reshape(3, 2) @ W[2, 6]
    weights = jax.nn.softmax(q @ q.T / 3)
    return jnp.einsum("ij,jk,ik->", weights, q, q)


def activations(x):
    words = (jax.nn.gelu, jax.nn.silu, jax.nn.softplus, jax.nn.relu, jax.nn.elu, jax.nn.sigmoid, jax.nn.log_sigmoid)
    return sum(word(x - 0.5 + 0.01 * i).sum() * (i + 1) for i, word in enumerate(words))


def normalized(x):
    return jnp.sum(fg.nn.layer_norm(x.reshape(2, 3), (3,)) ** 3) + fg.norm(x) ** 3 + fg.logsumexp(x, 0)


def kinks(x):
    ordered = jnp.sort(x * jnp.arange(6)) ** 2
    return (
        ordered[1] * jnp.max(x) + jnp.abs(x - 0.5).sum() ** 2 + jnp.where(x > 0.5, x**3, x).sum() + jnp.median(x) ** 2
    )


def products(x):
    return jnp.prod(x) + jnp.cumprod(x).sum() + jnp.cumsum(x)[2] ** 2 + jnp.diff(x).prod()


def two_arguments(x):
    return jnp.sum(x / (1 + x[::-1]) + x ** x[::-1] + jnp.arctan2(x, x[::-1]) + jnp.hypot(x, 2.0))


def special(x):
    return jnp.sum(jax.scipy.special.gammaln(x) + jax.lax.erf(x) + jnp.log1p(x) + jnp.arcsin(x) + x**-3 + jnp.cbrt(x))


def matrices(x):
    a = jnp.outer(x, x) + jnp.diag(x + 1)
    return jnp.linalg.slogdet(a)[1] + jnp.linalg.solve(a, x).sum() + jnp.linalg.eigvalsh(a)[0]


def loops(x):
    carried, _ = jax.lax.scan(lambda c, v: (jnp.sin(c * v) + v, None), x[0], x)
    repeated = jax.lax.fori_loop(0, 3, lambda i, c: c * jnp.cos(c), x)
    chosen = jax.lax.cond(x[0] > 0, lambda v: v**3, lambda v: v, x)
    return carried + repeated.sum() + chosen.sum() + jax.checkpoint(jnp.sin)(x).sum()


def places(x):
    put = jnp.zeros(8).at[jnp.array([1, 1, 3])].add(x[jnp.array([0, 2, 2])]).at[0].set(x[4])
    return jnp.sum(put**3) + jax.lax.dynamic_slice(x, (1,), (2,)).prod() + jnp.pad(x, 1)[1] ** 2


def waves(x):
    return jnp.sum(jnp.abs(jnp.fft.rfft(x)) ** 3) + jnp.abs(jnp.exp(1j * x).sum()) + jnp.real((x + 1j) ** 3).sum()


def convolved(x):
    image = x.reshape(1, 1, 2, 3)
    kernel = jnp.tanh(x[:4]).reshape(1, 1, 2, 2)
    both = jax.lax.conv_general_dilated(image, kernel, (1, 1), "VALID")
    return jnp.sum(jnp.sin(both)) + jnp.sum(
        jax.lax.conv_general_dilated(image, W[4, 1].reshape(1, 1, 2, 2), (1, 1), "SAME") ** 2
    )


def stopped(x):
    return jnp.sum(jax.lax.stop_gradient(x**2) * x**2) + jnp.round(x).sum() + x.astype(int).sum()


@jax.custom_jvp
def own_rule(x):
    return jnp.sum(x**2)


own_rule.defjvp(lambda primals, tangents: (own_rule(*primals), 3 * jnp.vdot(primals[0] ** 2, tangents[0])))

SCALARS = [
    mlp, bottlenecks, residual, row, electrons, attention, activations, normalized, kinks, products, two_arguments,
    special, matrices, loops, places, waves, convolved, stopped, own_rule, lambda x: x[0] + 2 * x[1],
    lambda x: jnp.array(1.0),
]  # fmt: skip


def of_hessian(take):
    """What `take` makes of the whole Hessian of a function of six numbers."""
    return lambda f: lambda x: take(jax.hessian(f)(x).reshape(6, 6))


trace, diagonal = of_hessian(jnp.trace), of_hessian(jnp.diagonal)


def compare(words, oracles, functions, at=X, tolerance=1e-9):
    """Each word and its oracle, on each function, all in one program and in float64."""
    with jax.enable_x64(True):
        x = jnp.asarray(at)
        pairs = [(f, word, oracle) for f in functions for word, oracle in zip(words, oracles, strict=True)]
        results = jax.jit(lambda x: [(word(f)(x), oracle(f)(x)) for f, word, oracle in pairs])(x)
        for (f, _, _), (found, expected) in zip(pairs, results, strict=True):
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=f.__name__)


@pytest.fixture
def carried_forward(monkeypatch):
    """Whoever falls back on two derivatives forward is found out."""

    def no(*_):
        raise AssertionError("not carried forward")

    monkeypatch.setattr(curvature, "_second_derivatives", no)


def test_the_laplacian_is_the_trace_of_the_hessian(carried_forward):
    compare([fg.laplacian], [trace], SCALARS)


def test_in_chunks_it_is_the_same(carried_forward):
    chunked = lambda f: fg.laplacian(f, chunk_size=4)  # noqa: E731
    compare([chunked], [trace], [bottlenecks, electrons, kinks, own_rule])


def test_the_diagonal_of_the_hessian():
    chunked = lambda f: fg.hessian_diagonal(f, chunk_size=4)  # noqa: E731
    compare([fg.hessian_diagonal, chunked], [diagonal] * 2, [mlp, electrons, loops])


def test_bottlenecks_renew_the_directions(monkeypatch):
    sizes = []
    renew = _propagation._Basis.renew
    monkeypatch.setattr(_propagation._Basis, "renew", lambda b, v: sizes.append((b.count, v.value.size)) or renew(b, v))
    wide = lambda x: jnp.tanh(jnp.tanh(jnp.tanh(x @ jnp.ones((9, 4))) @ jnp.ones((4, 2))) @ jnp.ones(2))  # noqa: E731
    jax.eval_shape(fg.laplacian(wide), jnp.ones(9))
    assert sizes == [(9, 4), (4, 2), (2, 1)]
    sizes.clear()
    jax.eval_shape(fg.laplacian(lambda x: wide(x) * x[0]), jnp.ones(9))  # x lives on, and so do its directions
    assert sizes == []


def test_it_is_differentiable_and_maps():
    with jax.enable_x64(True):
        batch = jnp.asarray(rng.uniform(0.2, 0.9, (3, 6)))
        loss = lambda w, x, word: (fg.vmap(word(lambda v: jnp.sin(v @ w) @ jnp.tanh(w[0])))(x) ** 2).sum()  # noqa: E731
        both = jax.jit(lambda w, x: [jax.grad(loss)(w, x, word) for word in (fg.laplacian, trace)])
        assert_close(*both(jnp.asarray(W[6, 4]), batch), rtol=1e-9, atol=1e-9)


def tree_function(p, scale):
    return {"s": jnp.sum(jnp.tanh(p["w"] @ p["b"]) * scale**2), "v": p["b"] ** 3 * p["w"].sum()}


def test_trees_arguments_and_shapes():
    params = {"w": jnp.arange(6.0).reshape(2, 3) / 6, "b": jnp.array([0.1, 0.2, -0.3]), "n": 3, "none": None}
    flat = lambda v: tree_function({"w": v[:6].reshape(2, 3), "b": v[6:]}, 2.0)  # noqa: E731
    hessians = jax.jit(jax.hessian(flat))(jnp.concatenate([params["w"].ravel(), params["b"]]))
    expected = {"s": jnp.trace(hessians["s"]), "v": jnp.trace(hessians["v"], axis1=1, axis2=2)}
    for word in (fg.laplacian(tree_function), fg.laplacian(tree_function, chunk_size=2)):
        assert_close(fg.jit(word)(params, 2.0), expected, rtol=1e-5, atol=1e-6)
    lines = jnp.diagonal(hessians["v"], axis1=1, axis2=2)
    found = fg.jit(fg.hessian_diagonal(tree_function))(params, 2.0)
    assert found["v"]["none"] is found["v"]["n"] is None
    assert_close(
        (found["v"]["w"], found["v"]["b"]), (lines[:, :6].reshape(3, 2, 3), lines[:, 6:]), rtol=1e-5, atol=1e-6
    )
    assert_close(
        fg.jit(fg.laplacian(tree_function, argnames="scale"))(params, 2.0)["s"], 2 * tree_function(params, 1.0)["s"]
    )
    assert_close(fg.laplacian(lambda a, b: a**2 * b**3, argnums=(0, 1))(2.0, 3.0), jnp.float32(54 + 72))
    assert_close(
        fg.hessian_diagonal(lambda a, b: a**2 * b**3, argnums=(0, 1))(2.0, 3.0), (jnp.float32(54), jnp.float32(72))
    )
    assert_close(fg.laplacian(lambda p: jnp.sum(p["w"] ** 3), argnames="p.w")(params), 6 * params["w"].sum())


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_aux_is_handed_through(chunk_size):
    x = jnp.array([1.0, 2.0, 3.0])
    f = lambda x: (jnp.sum(x**3), {"x": x, "name": "f"})  # noqa: E731
    for word, expected in [(fg.laplacian, jnp.float32(36)), (fg.hessian_diagonal, 6 * x)]:
        found, aux = word(f, has_aux=True, chunk_size=chunk_size)(x)
        assert_close((found, aux["x"]), (expected, x))
        assert aux["name"] == "f"
    found, aux = fg.divergence(lambda x: (x**2, {"x": x, "n": 3}), has_aux=True, chunk_size=chunk_size)(x)
    assert_close((found, aux["x"]), (jnp.float32(12), x))
    assert aux["n"] == 3


def test_what_has_no_forward_derivative_is_differentiated_in_reverse_first():
    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (cube(x), x), lambda x, g: (3 * x**2 * g,))
    x = jnp.array([1.0, 2.0, 3.0])
    for f in (
        lambda x: cube(x).sum(),
        lambda x: jax.lax.map(cube, x).sum(),
        lambda x: fg.clip_gradient(x**3, max_norm=9.0).sum(),
    ):
        words = [lambda x, f=f, c=c: (fg.laplacian(f, chunk_size=c)(x), fg.hessian_diagonal(f)(x)) for c in (None, 2)]
        for found in (*jax.jit(lambda x, words=words: [word(x) for word in words])(x), words[0](x)):
            assert_close(found, (jnp.float32(36), 6 * x))
    assert_close(fg.laplacian(cube)(x), 6 * x)
    assert_close(fg.divergence(cube)(x), 3 * (x**2).sum())
    assert_close(fg.jit(fg.divergence(lambda x: jax.lax.map(cube, x)))(x), 3 * (x**2).sum())


def test_python_control_flow_on_values():
    def f(x):
        while x.sum() < 100:
            x = x * 2
        return (x**2).sum()

    x = jnp.array([0.5, 1.0, 2.0])
    assert_close(fg.laplacian(f)(x), jnp.float32(6 * 32**2))
    assert_close(fg.hessian_diagonal(f)(x), jnp.full(3, 2.0 * 32**2))


def test_odd_inputs():
    assert_close(fg.laplacian(lambda x: x**3)(2.0), jnp.float32(12))
    assert_close(fg.laplacian(lambda x: (x**2).sum())(jnp.zeros((0, 2))), jnp.float32(0))
    assert fg.hessian_diagonal(lambda x: (x**2).sum())(jnp.zeros((0, 2))).shape == (0, 2)
    assert_close(fg.divergence(lambda x: x)(jnp.zeros(0)), jnp.float32(0))
    assert fg.laplacian(lambda x: (x**2).sum())(jnp.ones(3, "bfloat16")).dtype == fg.bfloat16
    assert_close(fg.laplacian(lambda x: jnp.float32(1.0))(jnp.ones(3)), jnp.float32(0))
    mixed = {"a": jnp.ones(2, "bfloat16"), "b": jnp.ones(2)}
    assert_close(fg.laplacian(lambda p: (p["a"].astype("float32") ** 2 * p["b"] ** 2).sum())(mixed), jnp.float32(8))


def test_divergence():
    field = lambda x: jnp.tanh(x @ W[6, 4]) @ W[4, 4] @ W[6, 4].T * x  # noqa: E731
    chunked = lambda f: fg.divergence(f, chunk_size=4)  # noqa: E731
    compare([fg.divergence, chunked], [lambda f: lambda x: jnp.trace(jax.jacfwd(f)(x))] * 2, [field])
    x = jnp.array([1.0, 2.0])
    assert_close(
        fg.divergence(lambda p, t: {"a": p["a"] ** 2 * t, "b": p["b"]})({"a": x, "b": 1.0}, 3.0), jnp.float32(19)
    )
    assert_close(fg.vmap(fg.divergence(lambda x: x * x[0]))(jnp.array([x, 2 * x])), jnp.array([3.0, 6.0]))
    assert_close(fg.divergence(lambda x, y: (x * y, y * y), argnums=(0, 1))(2.0, 3.0), jnp.float32(9))


def test_messages():
    x = jnp.ones(3)
    for word in ("laplacian", "hessian_diagonal", "divergence"):
        compute = getattr(fg, word)
        tail = "compute it in floating point; what is rounded to integers has no derivative."
        with raises(
            fg.DtypeError, f"{word}(): the function must return floating point; it returned int32 of shape (); {tail}"
        ):
            compute(jnp.argmax)(x)
        with raises(fg.ArgumentError, f"{word}(): chunk_size must be positive; got 0; leave it out."):
            compute(jnp.sum, chunk_size=0)
        with raises(
            fg.ArgumentTypeError,
            f"{word}(): func must be a function; got float 1.0; "
            f"pass the function itself and call what comes back, as in fg.{word}(f)(x).",
        ):
            compute(1.0)
    with raises(
        fg.ShapeError,
        "divergence(): the output must have the shapes of what is selected; got () for (3,); "
        "select the argument that the field is a function of.",
    ):
        fg.divergence(jnp.sum)(x)

    def fails(x):
        raise ValueError("mine")

    for word in (fg.laplacian, fg.hessian_diagonal, fg.divergence):
        with raises(ValueError, "mine"):
            word(fails)(x)


def test_reshapes_that_reorder_dimensions_first():
    def turned(x):  # one step of a program, and not a transpose and a reshape
        return jax.lax.reshape(jnp.sin(x).reshape(3, 4), (12,), (1, 0))

    x = jnp.linspace(0.1, 1.2, 12)
    matrix = np.asarray(jax.jacfwd(turned)(x))
    for mode in ("auto", "forward", "reverse"):
        assert_close(jax.jit(fg.jacobian(turned, mode=mode))(x), matrix)
    assert_close(fg.sparse_jacobian(turned, output="dense")(x), matrix)
    weights = jnp.arange(12.0)
    scalar = lambda x: (turned(x) ** 2 * weights).sum()  # noqa: E731
    assert_close(fg.laplacian(scalar)(x), jnp.trace(jax.hessian(scalar)(x)), rtol=1e-5, atol=1e-5)
    assert_close(fg.hessian(scalar)(x), jax.hessian(scalar)(x), rtol=1e-5, atol=1e-5)
