"""Masks: results whose shape depends on values, sizes under jit, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = fg.tensor(np.arange(12, dtype=np.float32).reshape(3, 4))
n = fg.tensor(np.arange(12).reshape(3, 4))
mask = fg.tensor(np.arange(12).reshape(3, 4) % 5 < 2)


@pytest.mark.parametrize("chosen", [mask, mask[0], mask[:, :1], mask & False, mask | True, np.array(mask)])
def test_masked_select(chosen):
    expected = np.array(x)[np.broadcast_to(np.array(chosen), (3, 4))]
    assert_close(fg.masked_select(x, chosen), expected)
    assert_close(jax.jit(lambda x: fg.masked_select(x, chosen))(x), expected)
    assert_close(fg.masked_select(x[0], mask), np.broadcast_to(np.array(x[0]), (3, 4))[np.array(mask)])
    padded = np.concatenate([expected, np.full(12 - len(expected), -1, np.float32)])
    assert_close(fg.masked_select(x, chosen, size=12, fill_value=-1), padded)
    traced = jax.jit(lambda x, chosen: fg.masked_select(x, chosen, size=12, fill_value=-1))
    assert_close(traced(x, chosen), padded)


def test_masked_select_differentiates():
    gradient = jax.grad(lambda x: (fg.masked_select(x, mask) ** 2).sum())(x)
    assert_close(gradient, jnp.where(mask, 2 * x, 0))


@pytest.mark.parametrize(
    "source",
    [np.diag([2, 3])[::-1], np.array(5), np.array(0), np.zeros((0, 3)), np.ones(3), np.array([np.nan, 0])],
)
def test_nonzero(source):
    expected = np.argwhere(source).astype(np.int32)
    assert_close(fg.nonzero(source), expected)
    assert_close(fg.argwhere(fg.tensor(source)), expected)
    columns = fg.nonzero(source, as_tuple=True)
    assert_close(list(columns), [c.astype(np.int32) for c in np.nonzero(np.atleast_1d(source))])
    assert_close(fg.nonzero(source, size=5)[: len(expected)], expected)
    assert np.asarray(fg.nonzero(source, size=5)[len(expected) :]).tolist() == [[-1] * source.ndim] * (
        5 - len(expected)
    )


def test_indices_are_of_the_default_integer():
    with jax.enable_x64(True):
        assert fg.nonzero(np.ones(2)).dtype == np.int64
    assert fg.nonzero(np.ones(2)).dtype == np.int32


def test_a_size_too_small():
    for name, call in {
        "nonzero": lambda: fg.nonzero(n, size=3),
        "argwhere": lambda: fg.argwhere(n, size=3),
        "masked_select": lambda: fg.masked_select(x, n > 0, size=3),
    }.items():
        with raises(fg.ShapeError, f"{name}(): at most size=3 elements may be true; got 11; make size larger."):
            call()
    assert_close(jax.jit(lambda n: fg.argwhere(n, size=2))(n), fg.tensor([[0, 1], [0, 2]]))


@pytest.mark.parametrize(
    ("name", "call", "given"),
    [
        ("nonzero", lambda x: fg.nonzero(x), "float32"),
        ("argwhere", lambda x: fg.argwhere(x), "float32"),
        ("masked_select", lambda x: fg.masked_select(x, x > 1), "bool"),
    ],
)
def test_a_traced_mask_needs_a_size(name, call, given):
    message = (
        f"{name}(): the result's shape depends on values, which must be known; got a traced {given} of shape (3, 4); "
        "pass size=, the largest number there can be, or use fg.where."
    )
    with raises(fg.TracedValueError, message):
        jax.jit(call)(x)


@pytest.mark.parametrize("word", ["masked_fill", "masked_select", "masked_scatter"])
def test_a_mask_is_boolean(word):
    message = f"{word}(): mask must be boolean; got int32 of shape (3, 4); compare to make one, for example mask != 0."
    arguments = {"masked_fill": (0.0,), "masked_select": (), "masked_scatter": (x,)}[word]
    with raises(fg.DtypeError, message):
        getattr(fg, word)(x, n, *arguments)
    with raises(fg.DtypeError, message):
        jax.jit(lambda x: getattr(fg, word)(x, n, *arguments))(x)


@pytest.mark.parametrize("word", ["masked_fill", "masked_select", "masked_scatter"])
def test_a_mask_broadcasts(word):
    message = (
        f"{word}(): shapes must agree or be 1 in each dimension, counted from the end; got (3, 4) and (3,), "
        "which differ in dimension 1 (3 and 4); reshape one of them, for example with fg.unsqueeze."
    )
    arguments = {"masked_fill": (0.0,), "masked_select": (), "masked_scatter": (x,)}[word]
    with raises(fg.ShapeError, message):
        getattr(fg, word)(x, fg.tensor([True, False, True]), *arguments)


def test_masked_fill_keeps_the_dtype():
    message = (
        "masked_fill(): value must fit in int32, the dtype of the array; got float inf; "
        "convert the array first, with fg.to(x, 'float32')."
    )
    with raises(fg.DtypeError, message):
        fg.masked_fill(n, mask, float("inf"))
    message = (
        "masked_fill(): every value must fit in float16; got -1000000000.0; "
        "convert the array first, with fg.to(x, 'float32')."
    )
    with raises(fg.ConversionError, message):
        fg.masked_fill(fg.to(x, "half"), mask, -1e9)
    with raises(fg.ConversionError, message):
        jax.jit(lambda x: fg.masked_fill(x, mask, -1e9))(fg.to(x, "half"))
    assert fg.masked_fill(fg.to(x, "half"), mask, float("-inf")).dtype == fg.float16
    message = "masked_fill(): value must be a number or a 0-d array; got shape (4,); use fg.where(mask, value, x)."
    with raises(fg.ShapeError, message):
        fg.masked_fill(x, mask, x[0])


def test_masked_scatter_needs_enough():
    message = (
        "masked_scatter(): source must have an element for each of the 6 that mask selects; got 4; "
        "give more, or clear parts of the mask."
    )
    with raises(fg.ShapeError, message):
        fg.masked_scatter(x, mask, x[0])
    with raises(fg.ShapeError, message):
        jax.jit(lambda x: fg.masked_scatter(x, mask, x[0]))(x)
    traced = jax.jit(lambda mask: fg.masked_scatter(x, mask, x[0]))(mask)
    assert int(jnp.isnan(traced).sum()) == 2


def test_masked_select_fills_with_what_fits():
    message = (
        "masked_select(): fill_value must fit in int32, the dtype of the array; got float 0.5; "
        "convert the array first, with fg.to(x, 'float32')."
    )
    with raises(fg.DtypeError, message):
        fg.masked_select(n, mask, size=9, fill_value=0.5)
