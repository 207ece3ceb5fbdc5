"""Dimensions in another order: messages, and what a case cannot say."""

import jax
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

REFUSED = [
    (
        lambda: fg.transpose(fg.zeros(2, 3), 0, 2),
        fg.DimError,
        "transpose(): dim1 must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.transpose(fg.zeros(2, 3)),
        fg.ArgumentTypeError,
        "transpose(): the call must fit transpose(input, /, dim0, dim1); "
        "got missing a required argument: 'dim0'; correct the call.",
    ),
    (
        lambda: fg.transpose(fg.zeros(2, 3), (1, 0), 0),
        fg.ArgumentTypeError,
        "transpose(): dim0 must be an int; got a tuple; count from 0, or from -1 at the end.",
    ),
    (
        lambda: fg.swapaxes(fg.zeros(2, 3), 2, 0),
        fg.DimError,
        "swapaxes(): axis0 must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.t(fg.zeros(2, 3, 4)),
        fg.ShapeError,
        "t(): input must have 0, 1 or 2 dimensions; got shape (2, 3, 4); "
        "swap two dimensions with fg.transpose, or the last two with fg.mT.",
    ),
    (
        lambda: fg.mT(fg.zeros(3)),
        fg.ShapeError,
        "mT(): input must have at least 2 dimensions; got shape (3,); make a row or a column of it with fg.unsqueeze.",
    ),
    (
        lambda: fg.adjoint(fg.zeros(3)),
        fg.ShapeError,
        "adjoint(): input must have at least 2 dimensions; got shape (3,); "
        "make a row or a column of it with fg.unsqueeze.",
    ),
    (
        lambda: fg.permute(fg.zeros(2, 3), 0),
        fg.ShapeError,
        "permute(): each dimension must be named once; got (0,) for shape (2, 3); "
        "name all of them, or swap two with fg.transpose.",
    ),
    (
        lambda: fg.permute(fg.zeros(2, 3), 0, 0),
        fg.DimError,
        "permute(): each dims may be named once; got (0, 0); drop the repeated one.",
    ),
    (
        lambda: fg.permute(fg.zeros(2, 3), 0, 2),
        fg.DimError,
        "permute(): dims must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.movedim(fg.zeros(2, 3), (0, 1), 0),
        fg.ArgumentError,
        "movedim(): source and destination must name equally many dimensions; "
        "got (0, 1) and 0; give each source its destination.",
    ),
    (
        lambda: fg.movedim(fg.zeros(2, 3), 0, 2),
        fg.DimError,
        "movedim(): destination must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.flip(fg.zeros(2, 3), 2),
        fg.DimError,
        "flip(): dims must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.flip(fg.zeros(2, 3), 0, -2),
        fg.DimError,
        "flip(): each dims may be named once; got (0, -2); drop the repeated one.",
    ),
    (
        lambda: fg.fliplr(fg.zeros(3)),
        fg.ShapeError,
        "fliplr(): input must have at least 2 dimensions; got shape (3,); "
        "make a row or a column of it with fg.unsqueeze.",
    ),
    (
        lambda: fg.flipud(fg.zeros(())),
        fg.ShapeError,
        "flipud(): input must have at least 1 dimension; got a 0-d array; leave it as it is.",
    ),
    (
        lambda: fg.roll(fg.zeros(2, 3), (1, 1)),
        fg.ArgumentError,
        "roll(): there must be one shift for each of dims, and one alone without dims; "
        "got 2 shifts and 0 dims; give as many shifts as dims.",
    ),
    (
        lambda: fg.roll(fg.zeros(2, 3), 1, (0, 1)),
        fg.ArgumentError,
        "roll(): there must be one shift for each of dims, and one alone without dims; "
        "got 1 shift and 2 dims; give as many shifts as dims.",
    ),
    (
        lambda: fg.roll(fg.zeros(2, 3), 1.5),
        fg.ArgumentTypeError,
        "roll(): shifts must be ints; got float32 of shape (); write for example 1.",
    ),
    (
        lambda: fg.roll(fg.zeros(2, 3), 1, 2),
        fg.DimError,
        "roll(): dims must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.roll(fg.zeros(()), 1, 0),
        fg.DimError,
        "roll(): a 0-d array has no dimensions; got dims 0; leave dims out.",
    ),
    (
        lambda: fg.rot90(fg.zeros(3)),
        fg.DimError,
        "rot90(): dims must be in [-1, 0] for 1 dimension; got 1; check the shape of the input.",
    ),
    (
        lambda: fg.rot90(fg.zeros(2, 3), 1, (0, 0)),
        fg.DimError,
        "rot90(): each dims may be named once; got (0, 0); drop the repeated one.",
    ),
    (
        lambda: fg.rot90(fg.zeros(2, 3), 1, (0,)),
        fg.ArgumentError,
        "rot90(): dims must be two dimensions; got (0,); write for example dims=(0, 1).",
    ),
    (
        lambda: fg.rot90(fg.zeros(2, 3), 1.5),
        fg.ArgumentTypeError,
        "rot90(): k must be an int; got float 1.5; write for example 1.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_call_that_cannot_be_right_says_what_to_do(call, kind, message):
    with raises(kind, message):
        call()


def test_matrices_are_transposed_in_batches():
    x = fg.reshape(fg.arange(24), 2, 3, 4)
    assert_close(fg.mT(x), fg.transpose(x, 1, 2))
    assert_close(fg.mT(x), x.mT)


def test_a_loop_over_shifts_compiles_nothing():
    x = fg.arange(31)  # no other test's: of 2048 programs JAX forgets the one not used for longest
    fg.roll(x, 1)
    fg.roll(x, (1,), (0,))
    with assert_no_retrace():
        for shift in range(-3, 7):
            assert_close(fg.roll(x, shift), fg.roll(x, (shift,), (0,)))


def test_a_shift_may_be_traced():
    x = fg.arange(5)
    for shift in (-7, -1, 0, 3, 5, 12):
        assert_close(jax.jit(fg.roll)(x, shift), np.roll(np.arange(5, dtype=np.int32), shift))
        traced = jax.jit(lambda x, s: fg.roll(x, (s, 1), (0, 0)))(x, shift)
        assert_close(traced, np.roll(np.arange(5, dtype=np.int32), shift + 1))


def test_a_known_shift_is_two_slices():
    text = jax.jit(lambda x: fg.roll(x, 2, 0)).lower(fg.arange(5)).as_text()
    assert "stablehlo.slice" in text
    assert "dynamic_slice" not in text


def test_names_for_one_word():
    assert fg.swapdims is fg.transpose
    assert fg.moveaxis is fg.movedim
