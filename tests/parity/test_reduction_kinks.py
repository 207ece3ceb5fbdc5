"""Against torch where a derivative is a choice (ties, NaN, constants), and where a result's size depends on values."""

import warnings

import jax
import numpy as np
import pytest
import torch
from oracle import leaves, to_numpy

import funcgrad as fg
from funcgrad.testing import assert_close

nan, inf = np.nan, np.inf


def gradient_of(word, *args, **kwargs):
    """Our gradient and torch's, of the first result weighted by its place."""

    def both(x):
        x = np.array(x, np.float32)
        tensor = torch.tensor(x, requires_grad=True)

        def total(value):
            first = leaves(value)[0]
            weights = np.arange(1, first.size + 1 if isinstance(first, jax.Array) else first.numel() + 1)
            weights = weights.reshape(tuple(first.shape)).astype(np.float32)
            return (first * (weights if isinstance(first, jax.Array) else torch.tensor(weights))).sum()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            total(getattr(torch, word)(tensor, *args, **kwargs)).backward()
        ours = jax.grad(lambda x: total(getattr(fg, word)(x, *args, **kwargs)))(fg.tensor(x))
        return ours, to_numpy(tensor.grad)

    return both


TIES = [[1.0, 3.0, 3.0, 2.0, 3.0], [2.0, 1.0, 2.0, 1.0], [2.0, 2.0, 2.0], [0.0, -0.0, 0.0]]


@pytest.mark.parametrize("values", TIES)
@pytest.mark.parametrize(
    "word",
    [
        *[("max",), ("min",), ("max", 0), ("min", 0), ("amax", 0), ("amin", 0), ("median",), ("median", 0)],
        *[("nanmedian",), ("nanmedian", 0), ("mode", 0), ("quantile", 0.5), ("quantile", 0.3), ("nanquantile", 0.4)],
        *[("cummax", 0), ("cummin", 0), ("std",), ("var",), ("msort",), ("aminmax",)],
    ],
    ids=str,
)
def test_gradients_at_ties(word, values):
    ours, theirs = gradient_of(*word)(values)
    assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("values", [*TIES, [1.0, nan, 3.0, nan]])
def test_gradients_of_a_stable_sort(values, descending):
    ours, theirs = gradient_of("sort", stable=True, dim=0, descending=descending)(values)
    assert_close(ours, theirs)


@pytest.mark.parametrize("values", [[1.0, nan, 3.0, nan], [nan, 2.0, 1.0]])
@pytest.mark.parametrize(
    "word",
    [
        *[("max", 0), ("min", 0), ("median",), ("median", 0), ("nanmedian",), ("nanmedian", 0), ("nansum",)],
        *[("nanmean",), ("quantile", 0.5), ("nanquantile", 0.5), ("amax", 0), ("cummax", 0), ("cummin", 0)],
    ],
    ids=str,
)
def test_gradients_at_nan(word, values):
    ours, theirs = gradient_of(*word)(values)
    assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("word", ["std", "var", "std_mean"])
@pytest.mark.parametrize("correction", [0, 1])
@pytest.mark.parametrize("values", [[2.0], [2.0, 2.0], [5.0, 5.0, 5.0]])
def test_gradients_of_the_deviation_of_a_constant(word, correction, values):
    ours, theirs = gradient_of(word, correction=correction)(values)
    assert_close(ours, theirs)


@pytest.mark.parametrize("word", ["prod", "cumprod"])
@pytest.mark.parametrize("values", [[2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [0.0, 4.0, 5.0]])
def test_gradients_of_products_with_zeros(word, values):
    ours, theirs = gradient_of(word, 0)(values)
    assert_close(ours, theirs)


def test_gradient_of_logsumexp_beside_minus_infinity():
    ours, theirs = gradient_of("logsumexp", 0)([-inf, 1.0, 2.0])
    assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


def test_gradient_of_the_larger_of_two_equal_numbers():
    x, y = np.array([1.0, 2.0, 0.0], np.float32), np.array([1.0, 1.0, 1.0], np.float32)
    a, b = (torch.tensor(v, requires_grad=True) for v in (x, y))
    torch.max(a, b).sum().backward()
    ours = jax.grad(lambda x, y: fg.sum(fg.max(x, y)), (0, 1))(x, y)
    assert_close(ours, (to_numpy(a.grad), to_numpy(b.grad)))


@pytest.mark.parametrize("word", ["var", "std", "var_mean"])
def test_too_few_elements_for_a_variance(word):
    for values, correction in (([2.5], 1), ([1.0, 2.0, 4.0], 5), ([], 1), ([], 0), ([2.0, 2.0], 2)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = leaves(getattr(torch, word)(torch.tensor(values), correction=correction))
        ours = leaves(getattr(fg, word)(fg.tensor(np.array(values, np.float32)), correction=correction))
        assert_close([np.asarray(leaf) for leaf in ours], [to_numpy(leaf) for leaf in theirs])


@pytest.mark.parametrize("word", ["var", "std"])
def test_no_dimensions_are_all_dimensions(word):
    x = np.random.default_rng(0).standard_normal((2, 3)).astype(np.float32)
    assert_close(np.asarray(getattr(fg, word)(x, ())), to_numpy(getattr(torch, word)(torch.tensor(x), ())))


@pytest.mark.parametrize("size", [5, 20, 100, 1000])
def test_the_index_of_equal_extrema_and_medians(size):
    x = np.random.default_rng(size).integers(0, 3, size).astype(np.float32)
    for word in ("max", "min", "median", "nanmedian"):
        assert int(getattr(fg, word)(fg.tensor(x), 0).indices) == int(getattr(torch, word)(torch.tensor(x), 0).indices)
    for word in ("argmax", "argmin"):
        assert int(getattr(fg, word)(fg.tensor(x))) == int(getattr(torch, word)(torch.tensor(x)))


UNIQUE = [
    np.array([3, 1, 3, 2], np.int64),
    np.array([[3, 1], [3, 1], [1, 3]], np.int64),
    np.array([2.0, nan, 1.0, nan], np.float32),
    np.array([True, False, True]),
    np.array(3, np.int64),
    np.zeros(0, np.float32),
    np.array([[1, 1, 2], [1, 1, 2], [1, 1, 2], [5, 5, 0]], np.int64),
]


@pytest.mark.parametrize("word", ["unique", "unique_consecutive"])
@pytest.mark.parametrize("x", UNIQUE, ids=lambda x: f"{x.dtype}{x.shape}")
def test_different_values(word, x):
    for dim in (None, *range(x.ndim)):
        for flags in ({}, {"return_inverse": True}, {"return_counts": True, "return_inverse": True}):
            theirs = leaves(getattr(torch, word)(torch.tensor(x), dim=dim, **flags))
            ours = leaves(getattr(fg, word)(fg.tensor(x), dim=dim, **flags))
            for a, b in zip(ours, theirs, strict=True):
                assert_close(np.asarray(a), to_numpy(b).astype(a.dtype))


@pytest.mark.parametrize("minlength", [0, 2, 7])
def test_bincounts(minlength):
    x = np.array([1, 4, 1, 0], np.int64)
    weights = np.array([0.5, 1.0, 2.0, -1.0], np.float32)
    ours = fg.bincount(fg.tensor(x), minlength=minlength), fg.bincount(fg.tensor(x), fg.tensor(weights), minlength)
    theirs = (
        torch.bincount(torch.tensor(x), minlength=minlength),
        torch.bincount(torch.tensor(x), torch.tensor(weights), minlength),
    )
    for a, b in zip(ours, theirs, strict=True):
        assert_close(np.asarray(a), to_numpy(b).astype(a.dtype))


HISTOGRAMS = [
    ([1.0, 2.0, 1.0], {"bins": 4}),
    ([1.0, 2.0, 1.0], {"bins": 4, "range": (0.0, 3.0)}),
    ([1.0, 2.0, 1.0, -5.0, nan, 9.0], {"bins": 4, "range": (0.0, 3.0), "density": True}),
    ([2.0, 2.0], {"bins": 2}),
    ([], {"bins": 2}),
    ([1.0, 0.5, 2.0, 2.5], {"bins": [0.0, 1.0, 2.0]}),
    ([1.0, 2.0, 1.0], {"bins": 3, "weight": [1.0, 2.0, 4.0], "density": True}),
]


@pytest.mark.parametrize(("values", "how"), HISTOGRAMS, ids=str)
def test_histograms(values, how):
    x = np.array(values, np.float32)
    ours, theirs = (
        {k: make(np.array(v, np.float32)) if isinstance(v, list) else v for k, v in how.items()}
        for make in (fg.tensor, torch.tensor)
    )
    for a, b in zip(fg.histogram(fg.tensor(x), **ours), torch.histogram(torch.tensor(x), **theirs), strict=True):
        assert_close(np.asarray(a), to_numpy(b), rtol=1e-6, atol=1e-6)


def test_uniform_data_fall_into_the_bins_of_torch():
    x = np.random.default_rng(0).uniform(0, 1, 20_000).astype(np.float32)
    for bins in (7, 10, 100):
        assert_close(np.asarray(fg.histc(fg.tensor(x), bins)), torch.histc(torch.tensor(x), bins).numpy())
        assert_close(np.asarray(fg.histc(fg.tensor(x), bins, 0, 1)), torch.histc(torch.tensor(x), bins, 0, 1).numpy())
        assert_close(
            np.asarray(fg.histogram(fg.tensor(x), bins).hist), torch.histogram(torch.tensor(x), bins).hist.numpy()
        )
