"""Laws that hold for every array: words that undo each other, words that are two ways to one result, adjoints.

Shapes are fixed, so that each word compiles once; the numbers, dims and places are drawn.
"""

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import funcgrad as fg
from funcgrad.testing import assert_close

# Compilation makes the first example slow, which is no reason to fail.
law = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
SHAPE = (2, 3, 4)
EXACT = {"rtol": 0.0, "atol": 0.0}
numbers = st.floats(-8, 8, width=32, allow_subnormal=False)
wild = st.sampled_from([0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan]).map(np.float32)
floats = arrays(np.float32, st.just(SHAPE), elements=numbers)
anything = arrays(np.float32, st.just(SHAPE), elements=wild)
integers = arrays(np.int32, st.just(SHAPE), elements=st.integers(-3, 3))
dims = st.sampled_from(range(-3, 3))


@law
@given(anything, st.permutations(range(3)), dims)
def test_movements_are_undone(x, order, dim):
    x = fg.tensor(x)
    assert_close(fg.permute(fg.permute(x, order), [order.index(i) for i in range(3)]), x, **EXACT)
    assert_close(fg.flip(fg.flip(x, [dim]), [dim]), x, **EXACT)
    assert_close(fg.roll(fg.roll(x, 5, dim), -5, dim), x, **EXACT)
    assert_close(fg.squeeze(fg.unsqueeze(x, dim), dim), x, **EXACT)
    assert_close(fg.movedim(fg.movedim(x, 0, dim), dim, 0), x, **EXACT)
    assert_close(fg.reshape(fg.flatten(x), SHAPE), x, **EXACT)
    assert_close(fg.stack(fg.unbind(x, dim), dim), x, **EXACT)
    assert_close(fg.cat(fg.split(x, 2, dim), dim), x, **EXACT)
    assert_close(fg.cat(fg.chunk(x, 3, dim), dim), x, **EXACT)
    assert_close(fg.cat(fg.tensor_split(x, 3, dim), dim), x, **EXACT)
    assert_close(fg.rot90(x, 4), x, **EXACT)


@law
@given(anything, st.integers(-3, 2), arrays(np.float32, st.just((2, 4)), elements=wild))
def test_a_part_that_was_written_is_read_and_the_rest_stays(x, place, part):
    x, part = fg.tensor(x), fg.tensor(part)
    written = fg.set(x, fg.s[:, place], part)
    assert_close(fg.index(written, fg.s[:, place]), part, **EXACT)
    assert_close(fg.set(written, fg.s[:, place], fg.index(x, fg.s[:, place])), x, **EXACT)
    assert_close(fg.set(written, fg.s[:, place], part), written, **EXACT)
    assert_close(fg.select_scatter(x, part, 1, place), written, **EXACT)
    assert_close(fg.select(written, 1, place), part, **EXACT)


@law
@given(floats, arrays(np.int32, st.just((2, 5, 4)), elements=st.integers(0, 2)), st.integers(0, 2**31))
def test_scatter_add_is_the_adjoint_of_gather(x, index, seed):
    x, index = fg.tensor(x), fg.tensor(index)
    weights = fg.tensor(np.random.default_rng(seed).standard_normal((2, 5, 4)).astype(np.float32))
    pulled = jax.grad(lambda x: fg.sum(weights * fg.gather(x, 1, index)))(x)
    assert_close(pulled, fg.scatter_add(fg.zeros_like(x), 1, index, weights), rtol=1e-6, atol=1e-6)


@law
@given(anything, dims)
def test_order(x, dim):
    x = fg.tensor(x)
    values, indices = fg.sort(x, dim)
    assert_close(fg.take_along_dim(x, indices, dim), values, **EXACT)
    assert_close(fg.argsort(x, dim), indices, **EXACT)
    assert_close(fg.topk(x, x.shape[dim], dim, largest=False).values, values, **EXACT)
    assert_close(fg.kthvalue(x, 2, dim).values, fg.select(values, dim, 1), **EXACT)
    assert_close(fg.sort(values, dim).values, values, **EXACT)
    assert_close(fg.take_along_dim(x, fg.argmax(x, dim, keepdim=True), dim), fg.amax(x, dim, keepdim=True), **EXACT)
    assert_close(fg.max(x, dim).values, -fg.min(-x, dim).values, **EXACT)


@law
@given(integers, dims)
def test_sums_and_differences(x, dim):
    x = fg.tensor(x)
    running = fg.cumsum(x, dim)
    assert_close(fg.diff(running, dim=dim, prepend=fg.zeros_like(fg.narrow(x, dim, 0, 1))), x, **EXACT)
    assert_close(fg.select(running, dim, -1), fg.sum(x, dim), **EXACT)
    assert_close(fg.sum(fg.bincount(fg.flatten(x + 3))), fg.tensor(24), **EXACT)
    values, inverse, counts = fg.unique(x, return_inverse=True, return_counts=True)
    assert_close(fg.index(values, inverse), x, **EXACT)
    assert int(fg.sum(counts)) == 24
    assert int(fg.count_nonzero(x)) == len(fg.nonzero(x))


@law
@given(floats)
def test_two_ways_to_one_result(x):
    x = fg.tensor(x)
    near = {"rtol": 2e-5, "atol": 2e-5}
    assert_close(fg.var(x, 1), fg.std(x, 1) ** 2, **near)
    assert_close(fg.softmax(x, 1), fg.exp(fg.log_softmax(x, 1)), **near)
    assert_close(fg.logsumexp(x, 1), fg.logcumsumexp(x, 1)[:, -1], **near)
    assert_close(fg.einsum("bij,bkj->bik", x, x), fg.bmm(x, fg.transpose(x, 1, 2)), **near)
    assert_close(fg.norm(x, dim=1) ** 2, fg.sum(fg.square(x), 1), rtol=2e-5, atol=2e-4)
    assert_close(fg.cumsum(x, 1)[:, -1], fg.sum(x, 1), **near)
    assert_close(fg.trace(x[0]), fg.sum(fg.diagonal(x[0])), **near)
    assert_close(fg.add(fg.tril(x), fg.triu(x, 1)), x, **EXACT)
    assert_close(fg.clamp(x, -1, 1), fg.minimum(fg.maximum(x, -1.0), 1.0), **EXACT)
    assert_close(fg.floor(x) + fg.remainder(x, 1.0), x, **near)
    assert_close(fg.trunc(x) + fg.frac(x), x, **EXACT)
    assert_close(fg.sign(x) * fg.abs(x), x, **EXACT)
    assert_close(fg.fft.ifft(fg.fft.fft(x)).real, x, **near)
    assert_close(fg.fft.irfft(fg.fft.rfft(x), n=4), x, **near)


@law
@given(arrays(np.int32, st.just((7,)), elements=st.integers(-100, 100)), st.integers(1, 20))
def test_division_with_remainder(x, y):
    x = fg.tensor(x)
    assert_close(fg.floor_divide(x, y) * y + fg.remainder(x, y), x, **EXACT)
    assert_close(fg.div(x, y, rounding_mode="trunc") * y + fg.fmod(x, y), x, **EXACT)
    assert_close(fg.gcd(x, y) * fg.lcm(x, y), fg.abs(x * y), **EXACT)
    assert_close(fg.bitwise_not(fg.bitwise_not(x)), x, **EXACT)
    assert_close(fg.bitwise_xor(fg.bitwise_xor(x, y), y), x, **EXACT)


@law
@given(st.integers(0, 2**31), st.integers(1, 4))
def test_factors_multiply_to_the_matrix(seed, rank):
    rng = np.random.default_rng(seed)
    a = fg.tensor((rng.standard_normal((4, rank)) @ rng.standard_normal((rank, 4))).astype(np.float32))
    near = {"rtol": 1e-4, "atol": 1e-4}
    q, r = fg.linalg.qr(a)
    assert_close(q @ r, a, **near)
    u, s, vh = fg.linalg.svd(a)
    assert_close((u * s) @ vh, a, **near)
    assert_close(a @ fg.linalg.pinv(a, rtol=1e-4) @ a, a, rtol=1e-3, atol=1e-3)
    values, vectors = fg.linalg.eigh(a + a.T)
    assert_close((vectors * values) @ vectors.T, a + a.T, **near)
    lower = fg.linalg.cholesky(a @ a.T + fg.eye(4))
    assert_close(lower @ lower.T, a @ a.T + fg.eye(4), **near)
    assert int(fg.linalg.matrix_rank(a, rtol=1e-4)) == rank


def test_a_broken_law_is_found():
    @law
    @given(floats)
    def broken(x):
        assert_close(fg.flip(fg.tensor(x), [0]), fg.tensor(x), **EXACT)

    with pytest.raises(AssertionError, match="values differ"):
        broken()
