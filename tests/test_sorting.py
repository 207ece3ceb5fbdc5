"""Sorting, searching and running words: messages, edges, and laws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import funcgrad as fg
from funcgrad.testing import assert_close

x = fg.ones(2, 3)
NUMBERS = arrays(
    np.float32,
    st.just(7),
    elements=st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, np.nan, np.inf, -np.inf]).map(np.float32),
)


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_sorting_is_stable_in_both_directions_and_puts_nan_last_or_first(values):
    rank = np.where(np.isnan(values), np.inf, values)
    places = np.arange(7)
    ascending = np.lexsort((places, rank, np.isnan(values)))
    descending = np.lexsort((places, -rank, ~np.isnan(values)))
    for found, order in ((fg.sort(fg.tensor(values)), ascending), (fg.sort(fg.tensor(values), -1, True), descending)):
        np.testing.assert_array_equal(found.indices, order)
        np.testing.assert_array_equal(found.values, values[order])
    np.testing.assert_array_equal(fg.argsort(fg.tensor(values), descending=True), descending)
    np.testing.assert_array_equal(fg.topk(fg.tensor(values), 3, largest=False).indices, ascending[:3])
    np.testing.assert_array_equal(fg.kthvalue(fg.tensor(values), 3).indices, ascending[2])
    np.testing.assert_array_equal(fg.topk(fg.tensor(values), 3).values, values[descending[:3]])


def test_a_nan_with_its_sign_set_is_as_large_as_any():
    negative = np.array([1.0, np.copysign(np.nan, -1), 2.0], np.float32)
    assert_close(fg.topk(fg.tensor(negative), 1).indices, fg.tensor([1]))
    assert_close(fg.sort(fg.tensor(negative)).indices, fg.tensor([0, 2, 1]))
    assert_close(fg.argmax(fg.tensor(negative)), fg.tensor(1))


@pytest.mark.parametrize("name", ["topk", "kthvalue"])
def test_k_must_be_there(name):
    lowest = 0 if name == "topk" else 1
    for k, shown, remedy in ((4, "4", "choose a smaller k"), (-1, "-1", "choose another k"), (1.5, "float 1.5", "")):
        with raises(
            fg.ArgumentError,
            f"{name}(): k must be an int in [{lowest}, 3] along dim 1; got {shown}; {remedy or 'choose another k'}.",
        ):
            getattr(fg, name)(x, k)


def test_sorting_takes_one_dimension():
    with raises(fg.ArgumentTypeError, "sort(): dim must be an int; got None; count from 0, or from -1 at the end."):
        fg.sort(x, None)


def test_sides_of_searchsorted():
    steps = fg.tensor([1, 3, 5])
    with raises(fg.ArgumentError, "searchsorted(): side must be 'left' or 'right'; got 'up'; choose one of them."):
        fg.searchsorted(steps, 3, side="up")
    with raises(
        fg.ArgumentError,
        "searchsorted(): side and right must agree; got side='left' and right=True; pass only one of them.",
    ):
        fg.searchsorted(steps, 3, side="left", right=True)
    assert int(fg.searchsorted(steps, 3, side="right", right=True)) == 2


def test_shapes_of_searchsorted():
    required = "searchsorted(): sorted_sequence must be 1-D, or have the leading dimensions of input; got "
    for sequence, values in ((x, fg.tensor(3.0)), (x, fg.ones(3, 1)), (fg.tensor(1.0), x)):
        with raises(
            fg.ShapeError,
            f"{required}sorted_sequence of shape {sequence.shape} and input of shape {values.shape}; "
            "reshape one of them.",
        ):
            fg.searchsorted(sequence, values)
    with raises(
        fg.ShapeError,
        "searchsorted(): sorter must have the shape of sorted_sequence; got (1,) and (2, 3); make it with fg.argsort.",
    ):
        fg.searchsorted(x, x, sorter=fg.tensor([0]))
    with raises(
        fg.ShapeError,
        "bucketize(): boundaries must be 1-D; got shape (2, 3); use fg.searchsorted for one sequence per row.",
    ):
        fg.bucketize(x, x)


def test_nan_is_searched_where_it_is_sorted():
    steps = fg.tensor([1.0, 3.0, jnp.nan])
    assert_close(fg.searchsorted(steps, fg.tensor([9.0, jnp.nan])), fg.tensor([2, 2]))


def test_differences_say_what_does_not_fit():
    with raises(
        fg.ShapeError,
        "diff(): input must have at least one dimension; got shape (); pass the samples as a 1-D array.",
    ):
        fg.diff(fg.tensor(3.0))
    for n in (-1, True, 1.5):
        with raises(
            fg.ArgumentError, f"diff(): n must be an int of 0 or more; got {n}; say how often to take differences."
        ):
            fg.diff(x, n)
    for name, shape in (("prepend", (1,)), ("append", (1, 1))):
        with raises(
            fg.ShapeError,
            f"diff(): {name} must have the shape of input except along dim 1; got shape {shape} for input of shape "
            "(2, 3); reshape or expand it.",
        ):
            fg.diff(x, **{name: fg.ones(*shape)})


@pytest.mark.parametrize("name", ["trapezoid", "trapz", "cumulative_trapezoid"])
def test_integrals_say_what_does_not_fit(name):
    word = getattr(fg, name)
    with raises(
        fg.ShapeError, f"{name}(): y must have at least one dimension; got shape (); pass the samples as a 1-D array."
    ):
        word(fg.tensor(1.0))
    with raises(
        fg.ShapeError,
        f"{name}(): x must have one value for each of the 3 samples along dim 1; got x of shape (2,) and y of shape "
        "(2, 3); reshape x, or pass it 1-D.",
    ):
        word(x, fg.ones(2))
    with raises(
        fg.ArgumentError, f"{name}(): the samples lie at x or dx apart; got both x and dx; pass only one of them."
    ):
        word(x, fg.ones(3), dx=0.5)


def test_a_running_sum_of_exponentials_has_a_gradient_after_minus_infinity():
    start = fg.tensor([-jnp.inf, -jnp.inf, 1.0, -jnp.inf])
    assert_close(jax.jacobian(lambda x: fg.logcumsumexp(x, 0)[2:])(start), jnp.tile(jnp.array([0.0, 0, 1, 0]), (2, 1)))
    assert_close(fg.logcumsumexp(start, 0), fg.tensor([-jnp.inf, -jnp.inf, 1.0, 1.0]))


def test_running_extrema_differentiate_to_the_index_they_return():
    gradient = jax.grad(lambda x: jnp.sum(fg.cummax(x, 0).values))(fg.tensor([1.0, 3.0, 3.0, 2.0]))
    assert_close(gradient, fg.tensor([1.0, 1.0, 2.0, 0.0]))
