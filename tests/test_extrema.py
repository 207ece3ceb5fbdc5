"""Extrema and order statistics: the forms of a call, messages, edges."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

x = fg.tensor([[1.0, 5.0, 5.0], [4.0, 2.0, 0.0]])
none = fg.zeros(2, 0)
EITHER = (
    "(): the second argument must be a dimension (an int) or an array; got {}; "
    "several dimensions take fg.a{}, a number fg.{}imum."
)


@pytest.mark.parametrize(
    "call",
    [
        lambda: fg.max(x, 1),
        lambda: fg.max(x, dim=-1),
        lambda: fg.max(x, axis=1),
        lambda: fg.max(x, np.int64(1)),
        lambda: fg.max(x, 1, False),
        lambda: jax.jit(fg.max, static_argnums=1)(x, 1),
    ],
)
def test_along_a_dimension_there_are_values_and_indices(call):
    values, indices = found = call()
    assert isinstance(found, fg.ValuesIndices)
    assert found.values is values
    assert_close(values, fg.tensor([5.0, 4.0]))
    assert_close(found.indices, fg.tensor([1, 0]))
    assert indices.dtype == jnp.int32


def test_of_two_arrays_there_is_the_elementwise_extremum():
    other = fg.tensor([3.0, 3.0, 3.0])
    for found in (fg.max(x, other), fg.max(x, other=other), fg.max(x, np.asarray(other)), jax.jit(fg.max)(x, other)):
        assert_close(found, jnp.maximum(x, other))
    assert_close(fg.min(x, fg.tensor(2.0)), jnp.minimum(x, 2.0))


def test_of_everything_there_is_one_number():
    assert fg.max(x).shape == ()
    assert fg.max(x, keepdim=True).shape == fg.max(x, keepdims=True).shape == (1, 1)
    assert fg.max(x, 0, keepdims=True).values.shape == (1, 3)
    assert_close(fg.max(3), fg.tensor(3))


@pytest.mark.parametrize("name", ["max", "min"])
def test_what_is_neither_dimension_nor_array_is_refused(name):
    word = getattr(fg, name)
    for given, shown in (((0, 1), "a tuple"), (1.5, "float 1.5"), (True, "bool True")):
        with raises(fg.ArgumentTypeError, name + EITHER.format(shown, name, name)):
            word(x, given)
    with raises(fg.ArgumentError, f"{name}(): dim and axis are two names of one option; got both; pass only dim."):
        word(x, 0, axis=0)
    with raises(
        fg.ArgumentError, f"{name}(): keepdim and keepdims are two names of one option; got both; pass only keepdim."
    ):
        word(x, 0, keepdim=True, keepdims=True)
    for given, args in (("dim=", (0,)), ("keepdim=", (None, True))):
        with raises(
            fg.ArgumentError,
            f"{name}(): two arrays are compared element by element, without dim and keepdim; got other= and {given}; "
            f"reduce the result of fg.{name}imum(input, other).",
        ):
            word(x, *args, other=x)
    with raises(
        fg.ShapeError,
        f"{name}(): shapes must agree or be 1 in each dimension, counted from the end; got (2, 3) and (4,), which "
        "differ in dimension 1 (3 and 4); reshape one of them, for example with fg.unsqueeze.",
    ):
        word(x, fg.ones(4))
    with raises(
        fg.DimError, f"{name}(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input."
    ):
        word(x, 2)
    with raises(
        fg.ArgumentTypeError, f"{name}(): other must be an array or a number; got a list; wrap it in fg.tensor(...)."
    ):
        word(x, other=[1, 2])


EMPTY = "(): there must be an element to choose{}; got float32 of shape (2, 0); handle the empty case before the call."


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin", "aminmax", "argmax", "argmin"])
def test_nothing_has_no_extremum(name):
    word = getattr(fg, name)
    with raises(fg.EmptyError, name + EMPTY.format("")):
        word(none)
    with raises(fg.EmptyError, name + EMPTY.format(" along dim 1")):
        word(none, dim=-1)
    for kind in (IndexError, RuntimeError, ValueError):  # torch raises either of the first two, NumPy the third
        with pytest.raises(kind):
            word(none)


@pytest.mark.parametrize("name", ["median", "nanmedian", "mode", "quantile", "nanquantile"])
def test_nothing_has_no_median_along_a_dimension(name):
    args = (0.5,) if "quantile" in name else ()
    with raises(fg.EmptyError, name + EMPTY.format(" along dim 1")):
        getattr(fg, name)(none, *args, dim=1)


def test_the_median_of_nothing_is_nan_and_of_no_integers_an_error():
    assert jnp.isnan(fg.median(none))
    with raises(
        fg.EmptyError,
        "median(): there must be an element to choose; got int32 of shape (0,); handle the empty case before the call.",
    ):
        fg.median(fg.zeros(0, dtype="int"))
    with raises(fg.EmptyError, "quantile" + EMPTY.format("")):
        fg.quantile(none, 0.5)


@pytest.mark.parametrize("name", ["max", "amin", "aminmax", "argmax", "median", "mode", "sort", "argsort", "msort"])
def test_complex_numbers_have_no_order(name):
    with raises(
        fg.DtypeError,
        f"{name}(): input must be real, because complex numbers have no order; got complex64 of shape (1,); "
        "compare abs or the real part.",
    ):
        getattr(fg, name)(fg.tensor([1j]))


@pytest.mark.parametrize("name", ["argmax", "argmin", "median", "nanmedian", "mode", "quantile"])
def test_one_dimension_at_a_time(name):
    args = (0.5,) if name == "quantile" else ()
    with raises(
        fg.ArgumentTypeError,
        f"{name}(): dim must be an int; got a tuple; count from 0, or from -1 at the end.",
    ):
        getattr(fg, name)(x, *args, dim=(0, 1))


def test_quantiles_outside_zero_and_one_are_refused():
    for q, shown in ((1.5, "1.5"), (fg.tensor([0.5, -1.0]), "-1.0"), (fg.tensor(jnp.nan), "nan")):
        for name in ("quantile", "nanquantile"):
            with raises(
                fg.ArgumentError, f"{name}(): q must be in [0, 1]; got {shown}; write the fraction, for example 0.25."
            ):
                getattr(fg, name)(x, q)
    with raises(fg.ArgumentError, "quantile(): q must be in [0, 1]; got 50; write the fraction, for example 0.25."):
        jax.jit(lambda x: fg.quantile(x, 50))(x)  # known while tracing


def test_other_arguments_of_quantile_are_checked():
    with raises(
        fg.ArgumentError,
        "quantile(): interpolation must be one of 'linear', 'lower', 'higher', 'midpoint' and 'nearest'; got 'middle'; "
        "choose one of them.",
    ):
        fg.quantile(x, 0.5, interpolation="middle")
    with raises(fg.ShapeError, "quantile(): q must be a number or 1-D; got shape (2, 3); flatten it."):
        fg.quantile(x, fg.zeros(2, 3))
    with raises(
        fg.DtypeError,
        "quantile(): input must be floating point; got int32 of shape (3,); convert it with fg.to(x, 'float').",
    ):
        fg.quantile(fg.arange(3), 0.5)


def test_a_quantile_between_equal_infinities_is_infinite():
    found = fg.quantile(fg.tensor([-jnp.inf, 1.0, jnp.inf, jnp.inf]), fg.tensor([0.0, 0.9, 1.0]))
    assert_close(found, fg.tensor([-jnp.inf, jnp.inf, jnp.inf]))


def test_quantiles_differentiate_in_both_arguments():
    # The rank of q among the five elements is 4 q, and the gap around it 2.
    assert_close(jax.grad(fg.quantile, 1)(fg.tensor([0.0, 1.0, 3.0, 4.0, 5.0]), 0.3), fg.tensor(8.0))


def test_sixteen_bit_quantiles_rank_in_thirty_two():
    many = fg.arange(5000.0)[::-1].astype(jnp.float16)
    assert float(fg.quantile(many, 0.6)) == float(jnp.float16(2999.4))


def test_a_nan_is_nobodys_mode():
    assert_close(fg.mode(fg.tensor([3.0, jnp.nan, jnp.nan, 3.0, 2.0])).values, fg.tensor(3.0))


def test_results_are_pytrees():
    doubled = jax.tree.map(lambda leaf: leaf * 2, fg.max(x, 1))
    assert isinstance(doubled, fg.ValuesIndices)
    assert isinstance(jax.jit(lambda x: fg.aminmax(x))(x), fg.MinMax)


def test_values_alone_cost_a_reduction_and_no_search():
    text = jax.jit(lambda x: fg.max(x, 1).values).lower(x).compile().as_text()
    assert "s32" not in text


def test_a_second_call_compiles_nothing():
    for call in (lambda: fg.max(x, 1), lambda: fg.max(x), lambda: fg.max(x, x), lambda: fg.max(x, axis=0)):
        call()
        call()
        with assert_no_retrace():
            call()
