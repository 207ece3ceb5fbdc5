"""Trace, diagonal and log-determinant from products: exact values, no bias, error bars that are true, messages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

N, KEYS = 16, 1500
rng = np.random.default_rng(0)
Q = np.linalg.qr(rng.standard_normal((N, N)))[0]
SYMMETRIC = Q @ np.diag(np.exp(-np.arange(N) / 3) + 0.1) @ Q.T  # eigenvalues decay
SKEWED = SYMMETRIC + 0.1 * rng.standard_normal((N, N))
LOW = rng.standard_normal((N, 3))
KEY = jax.random.key(0)


def spread(estimate, matrix, truth, honest):
    """Over many keys: the mean is the truth, and the errors are those that there are, up to the factors `honest`."""
    with jax.enable_x64(True):
        a = jnp.asarray(matrix)
        keys = jax.random.split(jax.random.key(7), KEYS)
        value, error = jax.jit(jax.vmap(lambda key: estimate(a, key)))(keys)
        value, error = np.asarray(value), np.asarray(error)
    actual = value.std(0, ddof=1)
    bias = np.abs(value.mean(0) - truth) * KEYS**0.5 / actual
    assert bias.max() < 4.0  # standard errors of the mean over the keys
    ratio = np.sqrt((error**2).mean(0)) / actual
    assert honest[0] < ratio.min() <= ratio.max() < honest[1], ratio


@pytest.mark.parametrize("matrix", [SYMMETRIC, SKEWED], ids=["symmetric", "skewed"])
@pytest.mark.parametrize(
    ("method", "probes", "honest"),
    [
        ("hutchinson", "rademacher", (0.9, 1.1)),
        ("hutchinson", "normal", (0.9, 1.1)),
        ("hutch++", "rademacher", (0.9, 1.1)),
        ("xtrace", "normal", (0.5, 1.1)),  # its samples are not quite independent
    ],
)
def test_traces(matrix, method, probes, honest):
    estimate = lambda a, key: fg.estimate_trace(a, key=key, products=12, method=method, probes=probes)  # noqa: E731
    spread(estimate, matrix, np.trace(matrix), honest)


@pytest.mark.parametrize(("method", "honest"), [("hutchinson", (0.85, 1.15)), ("xdiag", (0.5, 1.3))])
def test_diagonals(method, honest):
    estimate = lambda a, key: fg.estimate_diagonal(a, key=key, products=12, method=method)  # noqa: E731
    spread(estimate, SKEWED, np.diagonal(SKEWED), honest)


def test_logdets():
    estimate = lambda a, key: fg.estimate_logdet(a, key=key, samples=6, steps=N)  # noqa: E731
    spread(estimate, SYMMETRIC, np.linalg.slogdet(SYMMETRIC)[1], (0.9, 1.1))


def test_exact():
    a = jnp.asarray(SKEWED, "float32")
    for chunk_size in (None, 5):
        value, error = fg.estimate_trace(a, method="exact", chunk_size=chunk_size)
        assert_close((value, error), (jnp.trace(a), jnp.float32(0)))
        assert_close(fg.estimate_diagonal(a, method="exact", chunk_size=chunk_size).value, jnp.diagonal(a))
    s = jnp.asarray(SYMMETRIC, "float32")
    assert_close(fg.estimate_logdet(s, method="exact").value, jnp.linalg.slogdet(s)[1], rtol=1e-4, atol=1e-4)


def test_a_part_of_low_rank_is_exact():
    def estimates(a):
        traces = [fg.estimate_trace(a, key=KEY, products=15, method=method) for method in ("hutch++", "xtrace")]
        zero = fg.estimate_trace(jnp.zeros((4, 4)), key=KEY, products=6, method="xtrace")
        # As many steps as there are different eigenvalues are enough, and more do no harm.
        logdet = fg.estimate_logdet(jnp.eye(5) * 3, key=KEY, samples=2, steps=4)
        return traces, fg.estimate_diagonal(a, key=KEY, products=15, method="xdiag").value, zero, logdet

    with jax.enable_x64(True):
        a = jnp.asarray(LOW @ LOW.T)
        traces, diagonal, zero, logdet = jax.jit(estimates)(a)
        for value, error in traces:
            assert_close(value, jnp.trace(a))
            assert error < 1e-9
        assert_close(diagonal, jnp.diagonal(a))
        assert_close(zero, fg.Estimate(jnp.zeros(()), jnp.zeros(())))
        assert_close(logdet, fg.Estimate(jnp.asarray(5 * np.log(3)), jnp.zeros(())), rtol=1e-12, atol=1e-12)


def test_operators_that_are_functions_of_trees():
    params = {"w": jnp.arange(6.0).reshape(2, 3) / 6, "b": jnp.ones(2), "n": 3}
    f = lambda p: jnp.sum(jnp.sin(p["w"]) ** 2) + jnp.sum(p["b"] ** 4)  # noqa: E731
    hessian = fg.linearize(fg.grad(f), params)[1]
    expected = {"w": 2 * jnp.cos(2 * params["w"]), "b": 12 * params["b"] ** 2, "n": None}
    for method, products in [("hutchinson", 2), ("exact", 1)]:
        options = {"method": method, "products": products, "key": KEY, "chunk_size": 2}
        value, error = fg.estimate_diagonal(hessian, params, **options)  # of a diagonal matrix signs are exact
        assert_close(value, expected, rtol=1e-5, atol=1e-6)
        assert_close(error, jax.tree.map(jnp.zeros_like, expected), atol=1e-5, rtol=0)
        total = sum(jnp.sum(v) for v in (expected["w"], expected["b"]))
        assert_close(fg.estimate_trace(hessian, params, **options).value, total, rtol=1e-5, atol=1e-5)
    shapes = jax.ShapeDtypeStruct((3,), "float32")
    assert_close(fg.estimate_trace(lambda v: 2 * v, shapes, key=KEY, products=2).value, jnp.float32(6))
    assert_close(fg.estimate_trace(np.eye(3, dtype=np.float32), method="exact").value, jnp.float32(3))


def test_estimates_are_differentiable():
    a = jnp.diag(jnp.array([1.0, 2.0, 4.0]))
    for options in ({"method": "hutchinson"}, {"method": "hutch++", "products": 6}, {"method": "exact"}):
        slope = fg.jit(fg.grad(lambda a, options=options: fg.estimate_trace(a, key=KEY, **options).value))(a)
        assert_close(jnp.diagonal(slope), jnp.ones(3), rtol=1e-4, atol=1e-4)
    assert np.isfinite(fg.grad(lambda a: fg.estimate_trace(a, key=KEY, products=4).error)(a)).all()


def test_messages():
    a = jnp.eye(3)
    for word, least in [(fg.estimate_trace, 2), (fg.estimate_diagonal, 2)]:
        name = word.__name__
        with raises(
            fg.ArgumentTypeError,
            f"{name}(): key= is required, because no generator is kept here; got none; "
            "pass key=fg.key(0), and a new one from fg.keys each time.",
        ):
            word(a)
        with raises(fg.ArgumentError, f"{name}(): products must be at least {least} here; got 1; ask for more."):
            word(a, key=KEY, products=1)
        with raises(fg.ArgumentTypeError, f"{name}(): products must be an int; got float 2.5; pass for example 60."):
            word(a, key=KEY, products=2.5)
        with raises(
            fg.ShapeError,
            f"{name}(): a matrix must be square; got shape (2, 3); map over a stack of matrices with fg.vmap.",
        ):
            word(jnp.ones((2, 3)), key=KEY)
        with raises(
            fg.DtypeError,
            f"{name}(): like must have floating leaves, which say what vectors the operator takes; got None; "
            "pass an array or a pytree with their shapes.",
        ):
            word(lambda v: v, key=KEY)
        with raises(
            fg.ShapeError,
            f"{name}(): the operator must return what it takes, leaves of shape [(3,)]; it returned [(2,)]; "
            "a trace and a diagonal belong to square operators.",
        ):
            word(lambda v: v[:2], jnp.ones(3), key=KEY)
        with raises(
            fg.ArgumentTypeError,
            f"{name}(): operator must be a square matrix or a linear function; got str 'a'; "
            "pass for example fg.linearize(fg.grad(f), x)[1].",
        ):
            word("a", key=KEY)
        with raises(
            fg.ArgumentError,
            f"{name}(): like belongs to an operator that is a function; got a matrix and float32 of shape (3, 3); "
            "leave it out.",
        ):
            word(a, a, key=KEY)
        with raises(
            fg.DtypeError, f"{name}(): the operator must be real; got complex64; estimate its real and imaginary parts."
        ):
            word(lambda v: v, jnp.ones(3, complex), key=KEY)
        with raises(fg.ArgumentError, f"{name}(): the operator must have a size of at least 1; got 0; pass elements."):
            word(lambda v: v, jnp.ones(0), key=KEY)
    with raises(
        fg.ArgumentError,
        "estimate_trace(): method must be 'hutchinson' or 'hutch++' or 'xtrace' or 'exact'; got str 'a'; "
        "choose one of them.",
    ):
        fg.estimate_trace(a, key=KEY, method="a")
    with raises(
        fg.ArgumentTypeError,
        "estimate_trace(): probes must be 'rademacher' or 'normal'; got int 1; choose one of them.",
    ):
        fg.estimate_trace(a, key=KEY, probes=1)
    with raises(fg.ArgumentError, "estimate_logdet(): samples must be at least 2 here; got 1; ask for more."):
        fg.estimate_logdet(a, key=KEY, samples=1)
    tail = "add a multiple of the identity, or correct it."
    message = f"estimate_logdet(): the operator must be positive definite; it is not; {tail}"
    for options in ({"key": KEY}, {"method": "exact"}):
        with raises(fg.LinAlgError, message):
            fg.estimate_logdet(-a, **options)
