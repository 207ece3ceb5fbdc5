"""Large arrays take another formulation on the CPU: the same results, ties, NaN and derivatives; elsewhere jnp's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import funcgrad as fg
from funcgrad.testing import assert_close

SHAPE = (64, 80)


def ties(dtype, nan=True):
    """Few different values, so that almost every place is a tie; floats with both zeros, infinities and NaN."""
    rng = np.random.default_rng(0)
    values = rng.integers(0 if dtype.startswith("u") else -40, 40, SHAPE).astype(dtype)
    if values.dtype.kind == "f":
        values[2, :30] = -0.0
        values[0, 0], values[1, 1] = np.inf, -np.inf
        if nan:
            values[3, 4], values[5, 6], values[5, 7] = np.nan, np.copysign(np.nan, -1), np.nan
    return values


def descending(x, dim):
    """Places in descending order; NaN first, equal elements as they stood."""
    last = x.shape[dim] - 1
    return np.flip(last - np.argsort(np.flip(x, dim), dim, kind="stable"), dim)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32", "uint8"])
@pytest.mark.parametrize("dim", [0, 1])
def test_order_ties_and_nan_are_numpys(dtype, dim):
    values = ties(dtype)
    x = fg.tensor(values)
    places = np.argsort(values, dim, kind="stable")
    for found, order in ((fg.sort(x, dim), places), (fg.sort(x, dim, True), descending(values, dim))):
        np.testing.assert_array_equal(found.indices, order)
        np.testing.assert_array_equal(found.values, np.take_along_axis(values, order, dim))
    np.testing.assert_array_equal(fg.kthvalue(x, 9, dim).indices, np.take(places, 8, dim))
    np.testing.assert_array_equal(fg.argmax(x, dim), np.argmax(values, dim))
    np.testing.assert_array_equal(fg.argmin(x, dim, True), np.argmin(values, dim, keepdims=True))
    np.testing.assert_array_equal(fg.max(x, dim).values, np.max(values, dim))
    np.testing.assert_array_equal(fg.min(x, dim).indices, np.argmin(values, dim))


def test_what_works_on_all_elements():
    values, whole = ties("float32"), ties("float32", nan=False)
    x, y = fg.tensor(values), fg.tensor(whole)
    assert int(fg.argmax(x)) == np.argmax(values)
    assert np.isnan(fg.median(x))
    assert float(fg.nanmedian(x)) == np.sort(values.ravel())[(np.sum(values == values) - 1) // 2]
    assert float(fg.median(y)) == np.sort(whole.ravel())[(whole.size - 1) // 2]
    np.testing.assert_array_equal(fg.msort(x), np.sort(values, 0))
    finite = np.clip(whole, -40, 40)
    assert_close(fg.quantile(fg.tensor(finite), 0.3), fg.tensor(np.quantile(finite, 0.3).astype(np.float32)))
    rank = np.argsort(whole, 1, kind="stable")[:, (80 - 1) // 2]
    np.testing.assert_array_equal(fg.median(y, 1).indices, rank)


@pytest.mark.parametrize("word", ["amax", "amin", "max", "min", "aminmax"])
@pytest.mark.parametrize("place", [0, 17, 63])
def test_no_nan_is_dropped(word, place):
    # XLA's CPU reductions drop it, and with them jnp.max.
    values = np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)
    values[place, 5] = np.nan
    for how in ((), (0,), (1,)):
        found = getattr(fg, word)(fg.tensor(values), **({"dim": how[0]} if how else {}))
        for leaf in [found] if isinstance(found, jax.Array) else found:
            if leaf.dtype == jnp.float32:
                np.testing.assert_array_equal(np.isnan(leaf), np.isnan(np.sum(values, *how)))
    norm = fg.norm(fg.tensor(values), np.inf)
    assert np.isnan(norm)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_running_sums_along_rows(dtype):
    rng = np.random.default_rng(0)
    values = rng.integers(-9, 9, (4, 50, 300)).astype(dtype) / (np.float32(7) if dtype == "float32" else 1)
    values = values.astype(dtype)
    for shape, dim in (((200, 300), 0), ((4, 50, 300), 1)):
        x = values.reshape(shape)
        assert_close(fg.cumsum(fg.tensor(x), dim), np.cumsum(x.astype(np.float64), dim).astype(dtype))
    if dtype == "float32":
        x = values.reshape(200, 300)
        x[3, 1], x[5, 2] = np.inf, np.nan
        np.testing.assert_allclose(fg.cumsum(fg.tensor(x), 0), np.cumsum(x.astype(np.float64), 0), rtol=1e-5, atol=1e-5)


W = np.random.default_rng(3).standard_normal(SHAPE).astype(np.float32)
DIFFERENTIABLE = {
    "sort": (lambda x: fg.sort(x, 0).values * W, lambda x: jnp.sort(x, 0) * W),
    "msort": (lambda x: fg.msort(x) * W, lambda x: jnp.sort(x, 0) * W),
    "median": (fg.median, lambda x: jnp.sort(x.ravel())[(x.size - 1) // 2]),
    "kthvalue": (lambda x: fg.kthvalue(x, 4, 1).values, lambda x: jnp.sort(x, 1)[:, 3]),
    "amax": (lambda x: fg.amax(x, 1) * W[:, 0], lambda x: jnp.max(x, 1) * W[:, 0]),
    "max": (lambda x: fg.max(x, 1).values * W[:, 0], lambda x: jnp.max(x, 1) * W[:, 0]),
    "cumsum": (lambda x: fg.cumsum(jnp.tile(x / 9e3, 4), 0), lambda x: jnp.cumsum(jnp.tile(x / 9e3, 4), 0)),
}


@pytest.mark.parametrize("word", DIFFERENTIABLE)
def test_derivatives_of_two_orders_and_vmap(word):
    ours, plain = DIFFERENTIABLE[word]
    x = fg.tensor(np.random.default_rng(2).permutation(64 * 80).astype(np.float32).reshape(SHAPE) / 1e3)

    def everything(f):
        slope = jax.grad(lambda x: jnp.sum(jnp.sin(f(x))))
        curve = jax.grad(lambda x: jnp.sum(jnp.sin(slope(x))))
        return jax.jit(lambda x: (slope(x), curve(x), jax.vmap(f)(jnp.stack([x, -x]))))(x)

    assert_close(everything(ours), everything(plain), rtol=2e-5, atol=2e-5)


def test_second_derivatives_reach_a_value_that_was_picked():
    # On small arrays too: d2/dx2 of max(x)**3 is 6 max(x).
    def cube(x):
        return fg.max(x, 0).values ** 3 + fg.median(x) ** 3

    hessian = jax.hessian(cube)(fg.tensor([1.0, 3.0, 2.0]))
    assert_close(hessian, jnp.diag(jnp.array([0.0, 18.0, 12.0])))


@pytest.mark.parametrize("count", [4095, 4096, 30_000])
def test_permutations_hold_every_number_once(count):
    key = fg.key(3)
    drawn = fg.randperm(count, key=key)
    np.testing.assert_array_equal(np.sort(drawn), np.arange(count))
    assert drawn.dtype == jnp.int32
    # Each place has the mean of all numbers, and a neighbour is independent: five standard deviations.
    steps = np.asarray(drawn, np.float64) - (count - 1) / 2
    assert abs(np.mean(steps[1:] * steps[:-1])) < 5 * count**2 / 12 / np.sqrt(count)
    assert abs(np.mean(steps * (np.arange(count) - (count - 1) / 2))) < 5 * count**2 / 12 / np.sqrt(count)


def test_a_permutation_is_the_same_when_mapped():
    keys = jax.random.split(fg.key(0), 2)
    both = jax.vmap(lambda key: fg.randperm(4096, key=key))(keys)
    assert_close(both[1], fg.randperm(4096, key=keys[1]))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: fg.sort(x, 0),
        lambda x: fg.median(x),
        lambda x: fg.argmax(x, 1),
        lambda x: fg.amax(x, 1),
        lambda x: fg.cumsum(jnp.tile(x, 4), 0),
    ],
)
def test_other_platforms_keep_the_plain_formulation(f):
    programs = {
        platform: jax.jit(f).trace(jnp.ones(SHAPE)).lower(lowering_platforms=(platform,)).as_text()
        for platform in ("cpu", "cuda")
    }
    assert not any(word in programs["cuda"] for word in ("ui64", "while", "is_finite"))
    assert programs["cpu"] != programs["cuda"]
