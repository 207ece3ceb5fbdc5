"""Different values and histograms: results whose size depends on values, messages, edges."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

x = fg.ones(2, 3)
n = fg.tensor([3, 1, 3, 2])


@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
def test_the_size_must_be_known_under_a_transform(name):
    word = getattr(fg, name)
    with raises(
        fg.TracedValueError,
        f"{name}(): the number of different values decides the shape, and is not known while tracing; got a traced "
        "int32 of shape (4,); pass size=, the most there may be.",
    ):
        jax.jit(word)(n)
    with raises(
        fg.ArgumentError,
        f"{name}(): size must be at least the number of different values; got size=1 for {len(word(n))} of them; "
        f"pass size={len(word(n))} or more.",
    ):
        word(n, size=1)
    with raises(fg.ArgumentError, f"{name}(): size must be an int of 0 or more; got 1.5; say the most there may be."):
        word(n, size=1.5)
    with raises(fg.ArgumentError, f"{name}(): dim and axis are two names of one option; got both; pass only dim."):
        word(n, dim=0, axis=0)
    with raises(
        fg.ArgumentTypeError, f"{name}(): input must be an array or a number; got a list; wrap it in fg.tensor(...)."
    ):
        word([1, 2])


def test_different_values_compile_nothing():
    fg.unique(n)
    with assert_no_retrace():
        assert_close(fg.unique(fg.tensor([7, 7, 5, 1, 9])), fg.tensor([1, 5, 7, 9]))


def test_places_left_over_are_filled():
    values, counts = fg.unique(n, return_counts=True, size=5)
    assert_close(values, fg.tensor([1, 2, 3, 1, 1]))
    assert_close(counts, fg.tensor([1, 1, 2, 0, 0]))
    assert_close(fg.unique_consecutive(n, size=6, fill_value=9), fg.tensor([3, 1, 3, 2, 9, 9]))


def test_nothing_and_a_number_have_different_values_too():
    none, one = fg.zeros(2, 0), fg.tensor(3)
    for word in (fg.unique, fg.unique_consecutive):
        values, inverse, counts = word(none, return_inverse=True, return_counts=True)
        assert (values.shape, inverse.shape, counts.shape) == ((0,), (2, 0), (0,))
        assert_close(word(none, size=2), fg.zeros(2))
        assert_close(word(one, return_inverse=True), (fg.tensor([3]), fg.tensor(0)))
        assert word(none.T, dim=0).shape == ((0, 2))
    with raises(
        fg.ShapeError,
        "unique(): slices along dim must have elements to compare; got shape (2, 0) and dim=0; leave dim out.",
    ):
        fg.unique(none, dim=0)


def test_results_stay_on_the_device():
    assert fg.unique(n).devices() == n.devices()


def test_every_dtype_has_different_values():
    assert_close(fg.unique(fg.tensor([2.5, 1.5, 2.5], dtype="bfloat16")), fg.tensor([1.5, 2.5], dtype="bfloat16"))
    assert_close(fg.unique(fg.tensor([True, False, True])), fg.tensor([False, True]))


def test_bincount_says_what_does_not_fit():
    with raises(
        fg.DtypeError,
        "bincount(): input must be integer; got float32 of shape (2, 3); convert it with fg.to(x, 'int').",
    ):
        fg.bincount(x)
    with raises(fg.ShapeError, "bincount(): input must be 1-D; got shape (1, 1); flatten it with fg.flatten."):
        fg.bincount(fg.tensor([[1]]))
    with raises(fg.IndexRangeError, "bincount(): input must be 0 or more; got -2; subtract the smallest number first."):
        fg.bincount(fg.tensor([1, -2]))
    with raises(fg.IndexRangeError, "bincount(): input must be below length=3; got 3; pass length=4 or more."):
        fg.bincount(n, length=3)
    with raises(fg.ArgumentError, "bincount(): minlength must be an int of 0 or more; got -1; correct it."):
        fg.bincount(n, minlength=-1)
    with raises(
        fg.ShapeError,
        "bincount(): weights must have the shape of input; got (2,) for input of shape (4,); pass one weight for each "
        "element.",
    ):
        fg.bincount(n, fg.ones(2))
    with raises(
        fg.TracedValueError,
        "bincount(): the largest number decides the shape, and is not known while tracing; got a traced int32 of shape "
        "(4,); pass length=, one more than the largest there may be.",
    ):
        jax.jit(fg.bincount)(n)


def test_bincount_of_few_and_of_weights():
    assert fg.bincount(n[:0]).shape == (0,)
    assert_close(fg.bincount(n[:0], minlength=2), fg.tensor([0, 0]))
    assert_close(fg.bincount(n), fg.tensor([0, 1, 1, 2]))
    assert_close(fg.bincount(n, fg.tensor([1, 2, 3, 4])), fg.tensor([0.0, 2.0, 4.0, 4.0]))
    slope = jax.grad(lambda weights: fg.bincount(n, weights)[3])(fg.ones(4))
    assert_close(slope, fg.tensor([1.0, 0.0, 1.0, 0.0]))


def test_unknown_numbers_outside_are_not_counted():
    counted = jax.jit(lambda x: fg.bincount(x, length=2))(fg.tensor([0, -1, 1, 5]))
    assert_close(counted, fg.tensor([1, 1]))


def test_histc_says_what_does_not_fit():
    with raises(
        fg.DtypeError,
        "histc(): input must be floating point; got int32 of shape (4,); convert it with fg.to(x, 'float').",
    ):
        fg.histc(n)
    with raises(fg.ArgumentError, "histc(): bins must be an int of 1 or more; got 0; say how many bins there are."):
        fg.histc(x, 0)
    with raises(fg.ArgumentError, "histc(): min and max must be in ascending order; got 3.0 and 1.0; exchange them."):
        fg.histc(x, 4, 3, 1)
    with raises(
        fg.ArgumentError,
        "histc(): the range of the bins must be finite; got from 1.0 to inf; pass finite min and max; elements "
        "outside, and NaN, are then not counted.",
    ):
        fg.histc(fg.tensor([1.0, jnp.inf]), 4)


def test_histogram_says_what_does_not_fit():
    for call, message in [
        (lambda: fg.histogram(x, 0), "bins must be an int of 1 or more; got 0; say how many bins there are."),
        (lambda: fg.histogram(x, 3, range=(2, 1)), "range must be in ascending order; got 2.0 and 1.0; exchange them."),
        (
            lambda: fg.histogram(x, fg.tensor([2.0, 1.0])),
            "edges must be in ascending order; got others; sort them first.",
        ),
        (
            lambda: fg.histogram(x, fg.tensor([1.0, 2.0]), range=(1, 2)),
            "edges say the range; got both edges and range; leave range out.",
        ),
    ]:
        with raises(fg.ArgumentError, f"histogram(): {message}"):
            call()
    with raises(fg.ShapeError, "histogram(): edges must be 1-D, two or more; got shape (); pass a vector."):
        fg.histogram(x, fg.tensor(2.0))
    with raises(
        fg.ShapeError,
        "histogram(): weight must have the shape of input; got (2,) for input of shape (2, 3); pass one weight for "
        "each element.",
    ):
        fg.histogram(x, 2, weight=fg.ones(2))


def test_histograms_compile_and_map():
    data = fg.tensor([1.0, 2.0, 1.0, 4.0])
    eager = fg.histogram(data, 3)
    assert isinstance(eager, fg.Histogram)
    assert_close(jax.jit(lambda x: fg.histogram(x, 3))(data), eager)
    mapped = jax.vmap(lambda x: fg.histogram(x, 3, range=(0.0, 3.0)).hist)(jnp.stack([data, data / 2]))
    assert_close(mapped, fg.tensor([[0.0, 2.0, 1.0], [2.0, 1.0, 1.0]]))
    assert_close(fg.histogram(data, np.array([0.0, 1.0, 4.0])).hist, fg.tensor([0.0, 4.0]))


def test_one_nan_among_many_makes_a_traced_range_unknown():
    # XLA's CPU reductions drop NaN where there are enough elements.
    x = fg.set(fg.arange(300.0), 150, float("nan"))
    assert np.isnan(jax.jit(lambda x: fg.histogram(x, 3).bin_edges)(x)).all()
    message = "histc(): the range of the bins must be finite; got from nan to nan; "
    remedy = "pass finite min and max; elements outside, and NaN, are then not counted."
    with raises(fg.ArgumentError, message + remedy):
        fg.checked(lambda x: fg.histc(x, 3))(x)
