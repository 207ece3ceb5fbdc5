"""Large arrays take another formulation on the CPU: the same results, ties, NaN and derivatives; elsewhere jnp's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad.autodiff._linearity import works_elementwise
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
    "cumsum of narrow rows": (lambda x: fg.cumsum(x / 40, 1) * W, lambda x: jnp.cumsum(x / 40, 1) * W),
    "cumprod": (lambda x: fg.cumprod(x / 5, 1) * W, lambda x: jnp.cumprod(x / 5, 1) * W),
    "cummax": (lambda x: fg.cummax(x, 1).values * W, lambda x: jax.lax.cummax(x, 1) * W),
    "logcumsumexp": (lambda x: fg.logcumsumexp(x, 1) * W, lambda x: jax.lax.cumlogsumexp(x, 1) * W),
    "topk": (lambda x: fg.topk(x, 3, 1).values * W[:, :3], lambda x: jax.lax.top_k(x, 3)[0] * W[:, :3]),
    "pow": (lambda x: fg.pow(x, jnp.float32(3)), lambda x: x**3),
    "sin": (fg.sin, jnp.sin),
    "cos": (fg.cos, jnp.cos),
    "tan": (lambda x: fg.tan(x / 5), lambda x: jnp.tan(x / 5)),
    "asin": (lambda x: fg.asin(x / 6), lambda x: jnp.arcsin(x / 6)),
    "acos": (lambda x: fg.acos(x / 6), lambda x: jnp.arccos(x / 6)),
    "atan": (fg.atan, jnp.arctan),
    "exp2": (lambda x: fg.exp2(x / 5), lambda x: jnp.exp(x * np.float32(np.log(2) / 5))),
    "sinh": (lambda x: fg.sinh(x / 5), lambda x: jnp.sinh(x / 5)),
    "cosh": (lambda x: fg.cosh(x / 5), lambda x: jnp.cosh(x / 5)),
    "pow of elements": (lambda x: fg.pow(x / 9 + 1, x / 4 + 0.1), lambda x: (x / 9 + 1) ** (x / 4 + 0.1)),
    "rsqrt": (lambda x: fg.rsqrt(x * x + 1), lambda x: jax.lax.rsqrt(x * x + 1)),
    "fmod": (lambda x: fg.fmod(x, 0.37) * x, lambda x: jnp.fmod(x, 0.37) * x),
    "softplus": (fg.nn.softplus, jax.nn.softplus),
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


def wide(low, high, count=20_000):
    """Of either sign, as many of each exponent."""
    rng = np.random.default_rng(4)
    sizes = np.exp(rng.uniform(np.log(low), np.log(high), count))
    return (sizes * rng.choice([-1, 1], count)).astype(np.float32)


NEAR = np.concatenate([np.nextafter(np.float32(np.arange(-5000, 5000) * np.pi / 2), end) for end in (-9e9, 0.0, 9e9)])
ANGLES = np.concatenate([wide(1e-37, 2.6e8), NEAR])
UNIT = np.concatenate([wide(1e-37, 1.0), 1 - abs(wide(1e-7, 1.0)), abs(wide(1e-7, 1.0)) - 1])
DOUBLE = {
    "sin": (jnp.sin, np.sin, ANGLES),
    "cos": (jnp.cos, np.cos, ANGLES),
    "tan": (jnp.tan, np.tan, ANGLES),
    "asin": (jnp.arcsin, np.arcsin, UNIT),
    "acos": (jnp.arccos, np.arccos, UNIT),
    "atan": (jnp.arctan, np.arctan, wide(1e-37, 3e38)),
    "exp2": (jnp.exp2, np.exp2, wide(1e-37, 126.0)),
    "sinh": (jnp.sinh, np.sinh, wide(1e-37, 88.0)),
    "cosh": (jnp.cosh, np.cosh, wide(1e-37, 88.0)),
    "rsqrt": (jax.lax.rsqrt, lambda x: 1 / np.sqrt(x), abs(wide(1e-37, 3e38))),
    "nn.softplus": (jax.nn.softplus, lambda x: np.logaddexp(x, 0), wide(1e-37, 20.0)),
    "lgamma": (jax.lax.lgamma, scipy.special.gammaln, abs(wide(1e-37, 1e36))),
}
ENDS = np.float32([0.0, -0.0, 1.0, -1.0, 2.0, np.inf, -np.inf, np.nan, 3e38, -3e38])


def found_by(word):
    return getattr(fg.nn, word[3:]) if "." in word else getattr(fg, word)


def units(found, exact):
    """How far off, in units of the last digit."""
    rounded = np.abs(exact.astype(np.float32))
    apart = np.abs(np.asarray(found, np.float64) - exact) / np.spacing(np.maximum(rounded, np.float32(1e-37)))
    return np.max(apart[np.isfinite(exact)])


@pytest.mark.parametrize("word", DOUBLE)
def test_what_is_computed_in_double_precision_is_right_to_the_last_digit(word):
    plain, exact, values = DOUBLE[word]
    assert units(found_by(word)(fg.tensor(values)), exact(values.astype(np.float64))) < 0.52
    found, expected = found_by(word)(fg.tensor(np.resize(ENDS, 5000)))[: ENDS.size], plain(jnp.asarray(ENDS))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=5e-7)
    here = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[here]), np.signbit(expected[here]))
    halves = found_by(word)(fg.tensor(np.resize(np.float16([0.25, 0.5, 0.75]), 5000)))
    assert halves.dtype == jnp.float16
    assert units(halves[:3], exact(np.array([0.25, 0.5, 0.75]))) * 2.0**-13 < 0.52
    assert found_by(word)(jnp.zeros((0, 5))).shape == (0, 5)


def test_angles_out_of_reach_take_the_plain_way():
    values = np.concatenate([ANGLES, wide(1e9, 3e38)])
    for word, plain in (("sin", jnp.sin), ("cos", jnp.cos), ("tan", jnp.tan)):
        assert_close(getattr(fg, word)(fg.tensor(values)), plain(jnp.asarray(values)), rtol=0.0, atol=0.0)
        mapped = jax.vmap(getattr(fg, word))(jnp.stack([jnp.ones(5000), jnp.full(5000, 1e30)]))
        assert_close(mapped[:, 0], plain(jnp.float32([1.0, 1e30])), rtol=2e-7, atol=0.0)


def test_lgamma_keeps_the_digits_of_a_result_near_0():
    values = np.concatenate([1 + wide(1e-6, 0.1), 2 + wide(1e-6, 0.1)]).astype(np.float32)
    assert units(fg.lgamma(fg.tensor(values)), scipy.special.gammaln(values.astype(np.float64))) < 1
    values = np.resize(np.float32([-0.5, -1.5, -7.25, -0.001]), 5000)
    assert units(fg.lgamma(fg.tensor(values)), scipy.special.gammaln(values.astype(np.float64))) < 1


def test_powers():
    x, y = abs(wide(1e-36, 1e36)), np.random.default_rng(5).uniform(-1, 1, 20_000).astype(np.float32)
    assert units(fg.pow(fg.tensor(x), fg.tensor(y)), np.power(x.astype(np.float64), y.astype(np.float64))) < 0.52
    ends = np.float32([0, -0.0, 1, -1, 2, -2, 3, 0.5, -0.5, -1.5, 1e30, -1e30, np.inf, -np.inf, np.nan])
    x, y = (np.tile(v.ravel(), 20) for v in np.meshgrid(ends, ends))
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    found = np.asarray(fg.pow(fg.tensor(x), fg.tensor(y)))
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=2e-38)
    here = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[here]), np.signbit(expected[here]))
    bases = np.resize(ends, 4500)
    for value in ends:  # one exponent for all
        with np.errstate(all="ignore"):
            expected = np.power(bases, np.full_like(bases, value))
        np.testing.assert_allclose(fg.pow(fg.tensor(bases), jnp.float32(value)), expected, rtol=2e-7, atol=2e-38)


def test_angles_of_points_and_remainders():
    y, x = wide(1e-18, 3e18), np.flip(wide(1e-18, 3e18))
    assert units(fg.atan2(fg.tensor(y), fg.tensor(x)), np.arctan2(y.astype(np.float64), x.astype(np.float64))) < 0.52
    for y, x in ((wide(1e-3, 1e5), wide(1.0, 2.0)), (wide(1e-30, 1e30), np.flip(wide(1e-30, 1e30)))):  # both ways
        np.testing.assert_array_equal(fg.fmod(fg.tensor(y), fg.tensor(x)), np.fmod(y, x))
        assert_close(fg.remainder(fg.tensor(y), fg.tensor(x)), np.remainder(y, x))
    ends = np.float32([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
    y, x = (np.tile(v.ravel(), 100) for v in np.meshgrid(ends, ends))
    for word, numpys in (("atan2", np.arctan2), ("fmod", np.fmod)):
        with np.errstate(invalid="ignore"):
            expected = numpys(y, x)
        found = np.asarray(getattr(fg, word)(fg.tensor(y), fg.tensor(x)))
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        here = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(found[here]), np.signbit(expected[here]))


def test_powers_that_are_products():
    values = np.concatenate([wide(1e-3, 1e3), ENDS])
    x = fg.tensor(values)
    for power in (2, 3, 5, -1, 2.0, 3.0, 0.5, 0.0):
        assert_close(fg.pow(x, power), jnp.power(x, jnp.asarray(power, jnp.float32)), rtol=1e-6, atol=0.0)
    slope = jax.grad(lambda x, y: fg.sum(fg.pow(x, y)), argnums=(0, 1))(abs(x[:5000]), jnp.float32(2))
    expected = jax.grad(lambda x, y: jnp.sum(x**y), argnums=(0, 1))(abs(x[:5000]), jnp.float32(2))
    assert_close(slope, expected, rtol=1e-5, atol=1e-5)


def test_a_formulation_for_each_platform_is_known_to_work_element_by_element():
    x = jnp.linspace(-3, 3, 5000)
    assert fg.jacobian_pattern(lambda x: fg.sin(x), x).nnz == 5000
    assert_close(
        fg.laplacian(lambda x: jnp.sum(fg.sin(x) * x))(x), jnp.sum(2 * jnp.cos(x) - x * jnp.sin(x)), rtol=1e-4, atol=0.0
    )
    assert all(works_elementwise(e) for e in jax.make_jaxpr(lambda x: fg.cos(fg.atan(x)))(x).eqns)


SHAPES = [
    ((5000,), 0),
    ((9, 700), 1),
    ((9, 700), 0),
    ((4, 97, 13), 1),
    ((4, 97, 1300), 1),
    ((5000, 1), 1),
    ((0, 5000), 1),
]


@pytest.mark.parametrize(("shape", "dim"), SHAPES)
def test_running_words_in_blocks_and_rows(shape, dim):
    rng = np.random.default_rng(6)
    x = rng.standard_normal(shape).astype(np.float32)
    near_one = rng.uniform(0.98, 1.02, shape).astype(np.float32)
    whole = rng.integers(-9, 9, shape).astype(np.int32)
    double = x.astype(np.float64)
    assert_close(fg.cumsum(fg.tensor(x), dim), np.cumsum(double, dim).astype(np.float32), rtol=2e-6, atol=4e-5)
    np.testing.assert_array_equal(fg.cumsum(fg.tensor(whole), dim), np.cumsum(whole, dim))
    products = np.cumprod(near_one.astype(np.float64), dim).astype(np.float32)
    assert_close(fg.cumprod(fg.tensor(near_one), dim), products, rtol=2e-5, atol=0.0)
    logs = np.logaddexp.accumulate(double, dim).astype(np.float32) if x.size else x
    assert_close(fg.logcumsumexp(fg.tensor(x), dim), logs, rtol=4e-6, atol=4e-6)
    for word, numpys in (("cummax", np.maximum), ("cummin", np.minimum)):
        for values in (x, whole):
            found = getattr(fg, word)(fg.tensor(values), dim)
            np.testing.assert_array_equal(found.values, numpys.accumulate(values, dim) if values.size else values)
            if values.size:
                np.testing.assert_array_equal(found.values, np.take_along_axis(values, np.asarray(found.indices), dim))


def test_running_words_keep_what_is_not_finite_in_its_place():
    x = np.random.default_rng(7).standard_normal((9, 700)).astype(np.float32)
    x[2, 300], x[3, 400], x[4, 5], x[4, 8], x[5, :] = np.inf, np.nan, np.inf, -np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(fg.cumsum(fg.tensor(x), 1), np.cumsum(x.astype(np.float64), 1), rtol=1e-4, atol=4e-5)
        both = jax.vmap(lambda x: fg.cumsum(x, 1))(jnp.stack([x, x]))
        np.testing.assert_allclose(both[1], np.cumsum(x.astype(np.float64), 1), rtol=1e-4, atol=4e-5)
    np.testing.assert_array_equal(fg.cummax(fg.tensor(x), 1).values, np.maximum.accumulate(x, 1))
    assert np.all(np.asarray(fg.logcumsumexp(fg.tensor(x), 1))[5] == -np.inf)
    ties = np.tile(np.float32([1, 3, 3, np.nan, 2, np.nan, 1]), (700, 1))
    np.testing.assert_array_equal(fg.cummax(fg.tensor(ties), 1).indices[0], [0, 1, 2, 3, 3, 5, 5])
    np.testing.assert_array_equal(fg.cummin(fg.tensor(ties), 1).indices[0], [0, 0, 0, 3, 3, 5, 5])


@pytest.mark.parametrize(("size", "k"), [(1000, 9), (80, 1), (333, 20)])
def test_the_largest_of_blocks(size, k):
    x = np.random.default_rng(8).integers(-40, 40, (64, size)).astype(np.float32)
    x[3, :] = -np.inf
    for nan in (False, True):
        if nan:
            x[4, 5], x[4, 7] = np.copysign(np.nan, -1), np.nan
        order = np.argsort(np.where(np.isnan(x), -np.inf, -x), 1, kind="stable")[:, :k]
        for found in (fg.topk(fg.tensor(x), k, 1).indices, fg.topk(fg.tensor(x.T), k, 0).indices.T):
            np.testing.assert_array_equal(found, order)
        # The smallest: NaN last, and as many of them as are needed.
        for values in (
            x,
            np.where(np.arange(size) < size - k // 2 - 1, np.nan, x),
            np.where(x == 3, np.inf, np.copysign(0, x)),
        ):
            order = np.argsort(values, 1, kind="stable")[:, :k]
            for kind in ("float32", "float16"):
                np.testing.assert_array_equal(fg.topk(fg.tensor(values.astype(kind)), k, 1, False).indices, order)


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
        lambda x: fg.cumprod(x, 1),
        lambda x: fg.sin(x),
        lambda x: fg.lgamma(x),
    ],
)
def test_other_platforms_keep_the_plain_formulation(f):
    programs = {
        platform: jax.jit(f).trace(jnp.ones(SHAPE)).lower(lowering_platforms=(platform,)).as_text()
        for platform in ("cpu", "cuda")
    }
    assert not any(word in programs["cuda"] for word in ("ui64", "f64", "while", "is_finite"))
    assert programs["cpu"] != programs["cuda"]
