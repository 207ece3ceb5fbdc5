"""Joining arrays: messages, and what a case cannot say."""

import jax
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

REFUSED = [
    (lambda: fg.cat([]), fg.ShapeError, "cat(): tensors must not be empty; got none; give at least one array."),
    (
        lambda: fg.cat(fg.zeros(2)),
        fg.ArgumentTypeError,
        "cat(): tensors must be a list or tuple of arrays; got float32 of shape (2,); put the arrays in a list.",
    ),
    (
        lambda: fg.cat([fg.zeros(2, 3), fg.zeros(3, 4)], 1),
        fg.ShapeError,
        "cat(): sizes must agree except in dimension 1; got (2, 3) at position 0 and (3, 4) at position 1, "
        "which differ in dimension 0 (2 and 3); reshape one of them, or join along another dimension.",
    ),
    (
        lambda: fg.cat([fg.zeros(2, 3), fg.zeros(2)], 1),
        fg.ShapeError,
        "cat(): sizes must agree except in dimension 1; got (2, 3) at position 0 and (2,) at position 1, "
        "which have 2 and 1 dimensions; reshape one of them, or join along another dimension.",
    ),
    (
        lambda: fg.cat([fg.zeros(2, 3), fg.zeros(2, 3)], 2),
        fg.DimError,
        "cat(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.cat([fg.zeros(2), fg.zeros(())]),
        fg.ShapeError,
        "cat(): arrays to join must have at least 1 dimension; "
        "got a 0-d one at position 1; join numbers with fg.stack.",
    ),
    (
        lambda: fg.cat([fg.zeros(2), [1, 2]]),
        fg.ArgumentTypeError,
        "cat(): tensors[1] must be an array or a number; got a list; wrap it in fg.tensor(...).",
    ),
    (
        lambda: fg.cat([fg.zeros(2), fg.zeros(2)], out=None),
        fg.ArgumentTypeError,
        "cat(): there is no out=, a result is a new array; got out=; assign the result instead.",
    ),
    (lambda: fg.stack([]), fg.ShapeError, "stack(): tensors must not be empty; got none; give at least one array."),
    (
        lambda: fg.stack([fg.zeros(2), fg.zeros(3)]),
        fg.ShapeError,
        "stack(): all arrays must have the same shape; got (2,) at position 0 and (3,) at position 1; "
        "reshape one of them, or join them along a dimension that they have with fg.cat.",
    ),
    (
        lambda: fg.stack([fg.zeros(2), fg.zeros(2)], 2),
        fg.DimError,
        "stack(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (lambda: fg.hstack([]), fg.ShapeError, "hstack(): tensors must not be empty; got none; give at least one array."),
    (
        lambda: fg.hstack([fg.zeros(2, 3), fg.zeros(3, 3)]),
        fg.ShapeError,
        "hstack(): sizes must agree except in dimension 1; got (2, 3) at position 0 and (3, 3) at position "
        "1, which differ in dimension 0 (2 and 3); reshape one of them, or join along another dimension.",
    ),
    (
        lambda: fg.vstack([fg.zeros(2, 3), fg.zeros(2)]),
        fg.ShapeError,
        "vstack(): sizes must agree except in dimension 0; got (2, 3) at position 0 and (1, 2) at position "
        "1, which differ in dimension 1 (3 and 2); reshape one of them, or join along another dimension.",
    ),
    (
        lambda: fg.dstack([fg.zeros(2, 3), fg.zeros(3, 3)]),
        fg.ShapeError,
        "dstack(): sizes must agree except in dimension 2; got (2, 3, 1) at position 0 and (3, 3, 1) at "
        "position 1, which differ in dimension 0 (2 and 3); "
        "reshape one of them, or join along another dimension.",
    ),
    (
        lambda: fg.column_stack([fg.zeros(2), fg.zeros(3)]),
        fg.ShapeError,
        "column_stack(): sizes must agree except in dimension 1; "
        "got (2, 1) at position 0 and (3, 1) at position 1, which differ in dimension 0 (2 and 3); "
        "reshape one of them, or join along another dimension.",
    ),
    (
        lambda: fg.meshgrid(fg.zeros(2, 2)),
        fg.ShapeError,
        "meshgrid(): tensors[0] must have 0 or 1 dimensions; got shape (2, 2); flatten it with fg.ravel.",
    ),
    (
        lambda: fg.meshgrid(fg.zeros(2), indexing="ji"),
        fg.ArgumentError,
        "meshgrid(): indexing must be 'ij' or 'xy'; got 'ji'; choose one.",
    ),
    (
        lambda: fg.cartesian_prod(fg.zeros(2), fg.zeros(2, 2)),
        fg.ShapeError,
        "cartesian_prod(): tensors[1] must have 1 dimension; got shape (2, 2); flatten it with fg.ravel.",
    ),
    (
        lambda: fg.cartesian_prod(),
        fg.ShapeError,
        "cartesian_prod(): tensors must not be empty; got none; give at least one array.",
    ),
    (
        lambda: fg.combinations(fg.zeros(2, 2)),
        fg.ShapeError,
        "combinations(): input must have 1 dimension; got shape (2, 2); flatten it with fg.ravel.",
    ),
    (
        lambda: fg.combinations(fg.zeros(2), -1),
        fg.ArgumentError,
        "combinations(): r must be at least 0; got -1; correct it.",
    ),
    (
        lambda: fg.block_diag(fg.zeros(2), fg.zeros(2, 2, 2)),
        fg.ShapeError,
        "block_diag(): tensors[1] must have 0, 1 or 2 dimensions; "
        "got shape (2, 2, 2); give the blocks of a batch one by one.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_call_that_cannot_be_right_says_what_to_do(call, kind, message):
    with raises(kind, message):
        call()


def test_joining_promotes_dtypes():
    small, wide = fg.ones(2, dtype="half"), fg.ones(2, dtype="int")
    assert fg.cat([small, wide]).dtype == fg.stack([small, wide]).dtype == "float16"
    assert fg.cat([fg.zeros(0), wide]).dtype == "float32"
    assert fg.block_diag(small, fg.ones(1, 1, dtype="bool")).dtype == "float16"


def test_numbers_are_stacked():
    assert_close(fg.stack([1.0, 2, fg.tensor(3.0)]), fg.tensor([1.0, 2.0, 3.0]))
    assert fg.stack([1, 2]).weak_type is False


def test_a_list_of_arrays_is_several_arrays():
    a, b = fg.arange(2), fg.arange(3)
    for word in (fg.meshgrid, fg.cartesian_prod, fg.block_diag):
        assert_close(word([a, b]), word(a, b))
        assert_close(word((a, b)), word(a, b))
        assert_close(word([np.arange(2), b]), word(a, b))
        assert_close(jax.jit(lambda a, b, word=word: word([a, b]))(a, b), word(a, b))


def test_names_for_one_word():
    assert fg.concat is fg.concatenate is fg.cat
    assert fg.row_stack is fg.vstack


def test_meshgrid_without_arrays_is_empty():
    assert fg.meshgrid() == ()
    assert fg.block_diag().shape == (1, 0)


def test_cat_is_one_equation():
    jaxpr = jax.make_jaxpr(lambda x, y: fg.cat([x, y], 1))(fg.zeros(2, 3), fg.zeros(2, 4))
    assert [str(eqn.primitive) for eqn in jaxpr.eqns] == ["concatenate"]
