"""Gauss-Newton and Fisher matrices: products and diagonals against the dense matrices, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

rng = np.random.default_rng(0)
EXAMPLES, CLASSES = 5, 3
X = rng.standard_normal((EXAMPLES, 4))
LABELS = rng.integers(0, CLASSES, EXAMPLES)
TARGETS = rng.standard_normal((EXAMPLES, CLASSES))
PARAMS = {"w": rng.standard_normal((4, CLASSES)), "b": rng.standard_normal(CLASSES), "n": 3}


def net(params, x):
    return jnp.tanh(x @ params["w"]) * 2 + params["b"]


def rates(kind, reduction):
    return {
        "categorical": lambda out: fg.nn.cross_entropy(out, LABELS, reduction=reduction),
        "normal": lambda out: fg.nn.mse_loss(out, TARGETS, reduction=reduction),
        "bernoulli": lambda out: fg.nn.binary_cross_entropy_with_logits(out, TARGETS**2, reduction=reduction),
        "poisson": lambda out: fg.nn.poisson_nll_loss(out, TARGETS**2, reduction=reduction),
    }[kind]


def flat(tree):
    return jnp.concatenate([jnp.ravel(tree["b"]), jnp.ravel(tree["w"])])


def jacobian(model, params):
    found = jax.jacobian(model)({"w": params["w"], "b": params["b"]})
    rows = found["w"].shape[: found["w"].ndim - 2]
    return jnp.concatenate([found["b"].reshape(*rows, -1), found["w"].reshape(*rows, -1)], -1).reshape(-1, 15)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kind", ["categorical", "normal", "bernoulli", "poisson"])
def test_products_and_diagonals(kind, reduction):
    loss = rates(kind, reduction)
    model = lambda p: net(p, X)  # noqa: E731

    def everything(params):
        v = {"w": params["w"] ** 2, "b": params["b"] + 1, "n": None}
        j = jacobian(model, params)
        h = jax.hessian(lambda out: loss(out.reshape(EXAMPLES, CLASSES)))(model(params).ravel())
        matrix = j.T @ h @ j
        value, product = fg.gauss_newton_product(model, loss, params, v)
        _, fisher = fg.fisher_product(model, kind, params, v, reduction=reduction)
        diagonals = [
            fg.gauss_newton_diagonal(model, loss, params, chunk_size=chunk_size) for chunk_size in (None, 4)
        ] + [fg.fisher_diagonal(model, kind, params, reduction=reduction, chunk_size=4)]
        return (
            (value, flat(product), flat(fisher), *map(flat, diagonals)),
            (loss(model(params)), matrix @ flat(v), matrix @ flat(v), *[jnp.diagonal(matrix)] * 3),
        )

    with jax.enable_x64(True):
        params = jax.tree.map(jnp.asarray, PARAMS)
        params["n"] = 3
        found, expected = jax.jit(lambda w, b: everything({"w": w, "b": b, "n": 3}))(params["w"], params["b"])
        # A mean over all elements, and twice the negative log-likelihood, differ from it by that factor.
        elements = CLASSES if reduction == "mean" and kind != "categorical" else 1
        factor = elements / (2 if kind == "normal" else 1)
        expected = [e * factor if i in (2, 5) else e for i, e in enumerate(expected)]
        for a, b in zip(found, expected, strict=True):
            assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_empirical_matrix_is_made_of_gradients(reduction):
    losses = lambda p: fg.nn.cross_entropy(net(p, X), LABELS, reduction="none")  # noqa: E731

    def everything(w, b):
        params = {"w": w, "b": b, "n": 3}
        v = {"w": w**2, "b": b + 1, "n": None}
        j = jacobian(losses, params)
        matrix = j.T @ j / (EXAMPLES if reduction == "mean" else 1)
        value, product = fg.empirical_fisher_product(losses, params, v, reduction=reduction)
        diagonal = fg.empirical_fisher_diagonal(losses, params, reduction=reduction, chunk_size=2)
        return (value, flat(product), flat(diagonal)), (losses(params), matrix @ flat(v), jnp.diagonal(matrix))

    with jax.enable_x64(True):
        assert_close(*jax.jit(everything)(jnp.asarray(PARAMS["w"]), jnp.asarray(PARAMS["b"])), rtol=1e-9, atol=1e-9)


def test_rows_or_columns_whichever_are_fewer():
    wide = jnp.asarray(rng.standard_normal((2, 6)), "float32")  # two outputs, six parameters, and the other way round
    for w, x in ((jnp.ones(6), wide), (jnp.ones(2), wide.T)):
        for chunk_size in (None, 4):
            found = fg.gauss_newton_diagonal(lambda w, x=x: x @ w, lambda y: (y**2).sum() / 2, w, chunk_size=chunk_size)
            assert_close(found, (x**2).sum(0))


def test_options():
    x = jnp.asarray(rng.standard_normal((3, 2)), "float32")
    model = lambda w, x: (x @ w, {"x": x})  # noqa: E731
    loss = lambda out: (out**2).sum() / 2  # noqa: E731
    w, v = jnp.array([1.0, -2.0]), jnp.array([0.5, 1.0])
    value, product, aux = fg.gauss_newton_product(model, loss, (w, x), v, has_aux=True, argnums=0)
    assert_close((value, product, aux["x"]), (loss(x @ w), x.T @ x @ v, x))
    found = fg.gauss_newton_product(
        model, loss, (w, x), jnp.eye(2), has_aux=True, argnames="w", batched=True, chunk_size=1
    )
    assert_close(found[1], x.T @ x)
    output, product, _ = fg.fisher_product(model, "normal", (w, x), v, has_aux=True, argnums=0)
    assert_close((output, product), (x @ w, x.T @ x @ v / 3))
    channels_first = fg.fisher_product(lambda p: p.T, "categorical", x, x, reduction="sum", dim=0)[1]
    assert_close(channels_first, fg.fisher_product(lambda p: p, "categorical", x, x, reduction="sum")[1])
    doubled = jax.custom_vjp(lambda y: y * 2)
    doubled.defvjp(lambda y: (y * 2, None), lambda _, g: (2 * g,))  # which has no forward derivative
    assert_close(fg.gauss_newton_product(lambda w: doubled(x @ w), loss, w, v)[1], 4 * x.T @ x @ v)
    pair = lambda p: (p["a"], p["b"] * 2)  # noqa: E731
    found = fg.gauss_newton_diagonal(pair, lambda y: y[0] ** 2 + y[1] ** 2, {"a": 1.0, "b": 2.0})
    assert_close(found, {"a": fg.tensor(2.0), "b": fg.tensor(8.0)})


def test_messages():
    w = jnp.ones(2)
    with raises(
        fg.ArgumentError,
        "fisher_product(): likelihood must be 'categorical', 'bernoulli', 'poisson' or 'normal'; got str 'gamma'; "
        "choose what the output means, or write the loss and use fg.gauss_newton_product.",
    ):
        fg.fisher_product(lambda w: w, "gamma", w, w)
    with raises(
        fg.ArgumentError, "fisher_diagonal(): reduction must be 'mean' or 'sum'; got 'none'; choose one of them."
    ):
        fg.fisher_diagonal(lambda w: w, "normal", w, reduction="none")
    with raises(
        fg.ShapeError,
        "fisher_product(): the function must return one array with a row for each example; it returned 2 arrays; "
        "write the loss and use fg.gauss_newton_product.",
    ):
        fg.fisher_product(lambda w: (w, w), "normal", w, w)
    with raises(
        fg.ShapeError,
        "empirical_fisher_diagonal(): the function must return one loss for each example, of shape (n,); "
        'it returned shape (); pass reduction="none" to the loss.',
    ):
        fg.empirical_fisher_diagonal(jnp.sum, w)
    with raises(
        fg.ShapeError,
        "gauss_newton_product(): the function must return a scalar; it returned float32 of shape (2,); "
        "reduce it, for example with fg.sum, or use fg.jacobian.",
    ):
        fg.gauss_newton_product(lambda w: w, lambda y: y, w, w)
    with raises(
        fg.ArgumentTypeError,
        "gauss_newton_product(): func must be a function; got float32 of shape (2,); "
        "pass the function itself and call what comes back, as in fg.gauss_newton_product(f)(x).",
    ):
        fg.gauss_newton_product(w, jnp.sum, w, w)


def test_aux_is_handed_through_by_diagonals():
    model = lambda p: (net(p, X), {"kept": p["b"].sum(), "name": "x"})  # noqa: E731
    losses = lambda p: ((net(p, X) ** 2).sum(1), None)  # noqa: E731
    params = {key: jnp.asarray(value, jnp.float32) if key != "n" else value for key, value in PARAMS.items()}
    plain = lambda p: net(p, X)  # noqa: E731
    loss = lambda out: (out**2).sum()  # noqa: E731
    found, aux = fg.gauss_newton_diagonal(model, loss, params, has_aux=True)
    assert_close(found, fg.gauss_newton_diagonal(plain, loss, params))
    assert (float(aux["kept"]), aux["name"]) == (float(params["b"].sum()), "x")
    found, aux = fg.fisher_diagonal(model, "poisson", params, has_aux=True, chunk_size=4)
    assert_close(found, fg.fisher_diagonal(plain, "poisson", params))
    assert aux["name"] == "x"
    found, aux = fg.empirical_fisher_diagonal(losses, params, has_aux=True)
    assert_close(found, fg.empirical_fisher_diagonal(lambda p: losses(p)[0], params))
    assert aux is None
