"""Pooling: what it refuses, the gradient at ties, NaN and infinities, second derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close

row, image = fg.ones(1, 2, 5), fg.ones(1, 2, 5, 5)

REFUSED = [
    (
        lambda: fg.nn.max_pool2d(row[0], 2),
        fg.ShapeError,
        "max_pool2d(): input must have 3 or 4 dimensions; got shape (2, 5); give (N, C, H, W) or (C, H, W).",
    ),
    (
        lambda: fg.nn.max_pool1d(row * 1j, 2),
        fg.DtypeError,
        "max_pool1d(): input must be real, because complex numbers have no order; got complex64 of shape (1, 2, 5); "
        "compare abs or the real part.",
    ),
    (
        lambda: fg.nn.max_pool2d(image, 2, 2, 2),
        fg.ArgumentError,
        "max_pool2d(): padding must be at most half of the window (2, 2); got (2, 2); pad with fg.nn.pad, or take a "
        "larger window.",
    ),
    (
        lambda: fg.nn.max_pool2d_with_indices(image, (2, 6)),
        fg.ShapeError,
        "max_pool2d_with_indices(): the window must fit in the padded input; got a window of (2, 6) with dilation "
        "(1, 1) and padding (0, 0) for sizes (5, 5); take a smaller window, or pad more.",
    ),
    (
        lambda: fg.nn.avg_pool1d(row.astype(int), 2),
        fg.DtypeError,
        "avg_pool1d(): input must be floating point; got int32 of shape (1, 2, 5); convert it with fg.to(x, 'float').",
    ),
    (
        lambda: fg.nn.avg_pool1d(row, "2"),
        fg.ArgumentTypeError,
        "avg_pool1d(): kernel_size must be an int; got str '2'; write for example 2.",
    ),
    (
        lambda: fg.nn.avg_pool2d(image, 2, divisor_override=0),
        fg.ArgumentError,
        "avg_pool2d(): divisor_override must not be 0; got 0; leave it out for the mean.",
    ),
    (
        lambda: fg.nn.lp_pool1d(row, 0, 2),
        fg.ArgumentError,
        "lp_pool1d(): norm_type must not be 0; got 0; count elements with fg.count_nonzero.",
    ),
    (
        lambda: fg.nn.adaptive_avg_pool2d(image, (1, 2, 3)),
        fg.ArgumentError,
        "adaptive_avg_pool2d(): output_size must be one int or 2; got (1, 2, 3); give one for each spatial dimension; "
        "None keeps a size.",
    ),
    (
        lambda: fg.nn.adaptive_max_pool1d(row, -1),
        fg.ArgumentError,
        "adaptive_max_pool1d(): output_size must be at least 0; got -1; correct it.",
    ),
    (
        lambda: fg.nn.adaptive_max_pool1d(row[..., :0], 1),
        fg.ShapeError,
        "adaptive_max_pool1d(): there must be elements to pool; got spatial sizes (0,); leave it out.",
    ),
    (
        lambda: fg.nn.max_unpool1d(row, row, 2),
        fg.DtypeError,
        "max_unpool1d(): indices must have an integer dtype; got float32; give those that max_pool returned.",
    ),
    (
        lambda: fg.nn.max_unpool1d(row, row[0].astype(int), 2),
        fg.ShapeError,
        "max_unpool1d(): input and indices must have the same shape; got (1, 2, 5) and (2, 5); give those that "
        "max_pool returned.",
    ),
    (
        lambda: fg.nn.max_unpool1d(row, row.astype(int), 2, output_size=(12,)),
        fg.ShapeError,
        "max_unpool1d(): output_size must be within a stride (2,) of (10,); got (12,); give the size that was pooled.",
    ),
    (
        lambda: fg.nn.max_unpool1d(row, row.astype(int), 2, output_size=(9, 9)),
        fg.ArgumentError,
        "max_unpool1d(): output_size must hold 1 sizes, or 3 for a whole shape; got (9, 9); give the spatial sizes.",
    ),
    (
        lambda: fg.nn.max_unpool1d(row[..., :1], row[..., :1].astype(int), 2, padding=1),
        fg.ShapeError,
        "max_unpool1d(): something must be left of the result; got a size of (0,); give output_size, or less padding.",
    ),
    (
        lambda: fg.nn.max_unpool1d(row, row.astype(int) * 10, 2),
        fg.IndexRangeError,
        "max_unpool1d(): indices must be in [0, 9] for an image of (10,); got 10; give the "
        "output_size that was pooled.",
    ),
    (
        lambda: fg.nn.fractional_max_pool2d(image, 2, 3),
        fg.ArgumentTypeError,
        "fractional_max_pool2d(): key= is required, because no generator is kept here; got none; pass key=fg.key(0), "
        "and a new one from fg.keys each time.",
    ),
    (
        lambda: fg.nn.fractional_max_pool2d(image, 2),
        fg.ArgumentError,
        "fractional_max_pool2d(): one of output_size and output_ratio is required; got neither; give one.",
    ),
    (
        lambda: fg.nn.fractional_max_pool2d(image, 2, 5),
        fg.ShapeError,
        "fractional_max_pool2d(): windows that begin at different places must fit in the input; got (5, 5) windows of "
        "(2, 2) for sizes (5, 5); ask for fewer or smaller ones.",
    ),
    (
        lambda: fg.nn.fractional_max_pool2d(image, 2, output_ratio=1.5),
        fg.ArgumentError,
        "fractional_max_pool2d(): output_ratio must be one number in (0, 1) or 2; got (1.5, 1.5); correct it.",
    ),
    (
        lambda: fg.nn.fractional_max_pool2d(image, 2, output_ratio="0.5"),
        fg.ArgumentTypeError,
        "fractional_max_pool2d(): output_ratio must be a number; got str '0.5'; write for example 0.5.",
    ),
    (
        lambda: fg.nn.fractional_max_pool2d(image, 2, 3, _random_samples=fg.ones(2)),
        fg.ShapeError,
        "fractional_max_pool2d(): _random_samples must have shape (1, 2, 2); got (2,); leave them out, and give a key.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED)
def test_what_is_refused(call, kind, message):
    with raises(kind, message):
        call()


WINDOWS = {
    "few elements": (2,),
    "windows that overlap": (3, 1),
    "an edge repeated": (2, 2, 1),
    "neighbours of neighbours": ((2, 6),),
    "doubled windows": ((2, 5), 1),
    "holes": (2, 1, 1, 2),
}
TIES = np.array([[[0, 3, 3, 1, 0, 0], [3, 3, 3, 3, -1, 0], [1, 1, 3, 3, 3, 3]]], np.float32)


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_the_gradient_goes_to_the_first_of_equal_maxima(window):
    x = fg.tensor(TIES)
    found = fg.nn.max_pool2d(x, *window, return_indices=True)  # which the cases hold against torch
    once = jnp.zeros(x.size).at[found.indices.reshape(-1)].add(1.0)
    assert_close(jax.grad(lambda x: fg.nn.max_pool2d(x, *window).sum())(x).reshape(-1), once)


def test_the_first_maximum_is_chosen_row_by_row():
    assert_close(fg.nn.max_pool2d(fg.tensor(TIES), 2, return_indices=True).indices, jnp.array([[[1, 2, 4]]]))
    assert_close(fg.nn.max_pool2d(fg.tensor(-TIES), 3, return_indices=True).indices, jnp.array([[[0, 10]]]))


def test_padding_is_never_chosen():
    low = jnp.full((1, 3, 3), -jnp.inf)
    for dilation in (1, 2):
        values, positions = fg.nn.max_pool2d(low, 2, 1, 1, dilation, return_indices=True)
        assert (values == -jnp.inf).all()
        gradient = jax.grad(lambda x, d=dilation: fg.nn.max_pool2d(x, 2, 1, 1, d).sum())(low)
        assert gradient.sum() == values.size
        assert positions[0, 0, 0] == (0 if dilation == 1 else 4)
    whole = fg.nn.max_pool1d(fg.tensor([[-5, -7, -9]]), 3, 1, 1)  # zeros would win
    assert_close(whole, fg.tensor([[-5, -5, -7]]))


def test_an_infinity_stays_in_its_window():
    x = jnp.array([[1.0, 2.0, 3.0, jnp.inf, 5.0]])
    assert_close(fg.nn.adaptive_avg_pool1d(x, 3), jnp.array([[1.5, jnp.inf, jnp.inf]]))
    x = jnp.array([[1.0, 2.0, 3.0, 4.0, jnp.inf]])
    assert_close(fg.nn.adaptive_avg_pool1d(x, 3), jnp.array([[1.5, 3.0, jnp.inf]]))


def test_a_window_of_zeros_has_a_norm_with_a_gradient():
    gradient = jax.grad(lambda x: fg.nn.lp_pool1d(x, 2, 2).sum())(jnp.array([[0.0, 0.0, 3.0, 4.0]]))
    assert_close(gradient, jnp.array([[0.0, 0.0, 0.6, 0.8]]))


def test_what_was_pooled_is_put_back():
    x = jnp.array([[[1.0, 5.0, 2.0], [0.0, 3.0, 4.0]]])
    values, positions = fg.nn.max_pool2d(x, (2, 1), return_indices=True)
    assert_close(fg.nn.max_unpool2d(values, positions, (2, 1)), jnp.array([[[1.0, 5.0, 0.0], [0.0, 0.0, 4.0]]]))
    # Traced, where nothing can be raised, a position outside is not written.
    outside = jax.jit(lambda at: fg.nn.max_unpool1d(jnp.ones((1, 2)), at, 2))(jnp.array([[-1, 4]]))
    assert_close(outside, jnp.zeros((1, 4)))


def test_second_derivatives():
    x = np.random.default_rng(0).permutation(12).reshape(1, 3, 4) / 7
    for pool in (
        lambda x: fg.nn.max_pool2d(x, 2, 1, 1),
        lambda x: fg.nn.avg_pool2d(x, 2, 1, 1),
        lambda x: fg.nn.adaptive_max_pool2d(x, (2, 3)),
    ):
        check_grad(jax.grad(lambda x, pool=pool: (pool(x) ** 3).sum()), x)


def test_fractional_pools_depend_on_the_key():
    x = jax.random.normal(jax.random.key(0), (1, 1, 20, 20))
    pooled = [fg.nn.fractional_max_pool2d(x, 2, output_ratio=0.6, key=fg.key(seed)) for seed in (1, 1, 2)]
    assert_close(pooled[0], pooled[1])
    assert (pooled[0] != pooled[2]).any()
    assert set(np.asarray(pooled[0]).ravel()) <= set(np.asarray(x).ravel())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_halves_are_added_up_in_single_precision(dtype):
    x = fg.full((1, 1, 48, 48), 300.0, dtype=dtype)
    for mean in (
        fg.nn.avg_pool2d(x, 48),
        fg.nn.adaptive_avg_pool2d(x, 1),
        fg.nn.avg_pool2d(x, 46, 1),
    ):
        assert mean.dtype == x.dtype
        assert (mean == x[0, 0, 0, 0]).all()
