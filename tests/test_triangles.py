"""Diagonals and triangles: messages, and what a case cannot say."""

import jax
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

REFUSED = [
    (
        lambda: fg.tril(fg.zeros(3)),
        fg.ShapeError,
        "tril(): input must have at least 2 dimensions; got shape (3,); "
        "make a row or a column of it with fg.unsqueeze.",
    ),
    (
        lambda: fg.triu(fg.zeros(3)),
        fg.ShapeError,
        "triu(): input must have at least 2 dimensions; got shape (3,); "
        "make a row or a column of it with fg.unsqueeze.",
    ),
    (
        lambda: fg.tril(fg.zeros(3, 3), 0.5),
        fg.ArgumentTypeError,
        "tril(): diagonal must be an int; got float 0.5; write for example 1.",
    ),
    (
        lambda: fg.diag(fg.zeros(())),
        fg.ShapeError,
        "diag(): input must have 1 or 2 dimensions; got shape (); "
        "use fg.diagonal or fg.diag_embed for batches, fg.diagflat for numbers.",
    ),
    (
        lambda: fg.diag(fg.zeros(2, 2, 2)),
        fg.ShapeError,
        "diag(): input must have 1 or 2 dimensions; got shape (2, 2, 2); "
        "use fg.diagonal or fg.diag_embed for batches, fg.diagflat for numbers.",
    ),
    (
        lambda: fg.diagonal(fg.zeros(3)),
        fg.DimError,
        "diagonal(): dim2 must be in [-1, 0] for 1 dimension; got 1; check the shape of the input.",
    ),
    (
        lambda: fg.diagonal(fg.zeros(3, 3), 0, 1, -1),
        fg.DimError,
        "diagonal(): dim1 and dim2 must differ; got 1 for both; name two dimensions.",
    ),
    (
        lambda: fg.diagonal(fg.zeros(3, 3), 0, 0, 2),
        fg.DimError,
        "diagonal(): dim2 must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.diag_embed(fg.zeros(())),
        fg.DimError,
        "diag_embed(): dim1 must be in [-1, 0] for 1 dimension; got -2; check the shape of the input.",
    ),
    (
        lambda: fg.diag_embed(fg.zeros(3), 0, 0, -2),
        fg.DimError,
        "diag_embed(): dim1 and dim2 must differ; got 0 for both; name two dimensions.",
    ),
    (
        lambda: fg.diag_embed(fg.zeros(3), 0, 0, 2),
        fg.DimError,
        "diag_embed(): dim2 must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.tril_indices(-1, 2),
        fg.ShapeError,
        "tril_indices(): sizes must not be negative; got (-1, 2); write sizes of 0 or more.",
    ),
    (
        lambda: fg.triu_indices(2, 2, dtype="text"),
        fg.DtypeError,
        "triu_indices(): dtype must be a dtype or its name; "
        "got 'text'; write for example fg.float32 or 'float32'; "
        "fg.dtypes() lists them.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_call_that_cannot_be_right_says_what_to_do(call, kind, message):
    with raises(kind, message):
        call()


def test_what_is_left_out_is_zero_and_so_is_its_gradient():
    wild = fg.tensor([[1.0, float("inf")], [float("nan"), 2.0]])
    assert_close(fg.tril(fg.triu(wild)), fg.tensor([[1.0, 0.0], [0.0, 2.0]]))
    assert_close(jax.grad(lambda x: (fg.tril(fg.triu(x)) ** 2).sum())(wild), fg.tensor([[2.0, 0.0], [0.0, 4.0]]))


def test_places_of_triangles_find_them():
    x = np.arange(12).reshape(3, 4)
    for offset in (-5, -1, 0, 2, 5):
        rows, columns = np.asarray(fg.tril_indices(3, 4, offset))
        assert np.array_equal(x[rows, columns], x[np.tril_indices(3, offset, 4)])
        rows, columns = np.asarray(fg.triu_indices(3, 4, offset))
        assert np.array_equal(x[rows, columns], x[np.triu_indices(3, offset, 4)])
    assert fg.triu_indices(2, 2, dtype="uint8", device="cpu").dtype == "uint8"


def test_a_large_diagonal_is_not_a_constant_of_the_program():
    for make in (fg.diag, fg.diag_embed, fg.diagflat):
        assert len(jax.jit(make).lower(fg.zeros(1000)).as_text()) < 10_000


def test_diagonals_go_in_and_out():
    x = fg.arange(1, 4)
    for k in (-2, -1, 0, 1, 2):
        assert_close(fg.diag(fg.diag(x, k), k), x)
        assert_close(fg.diagonal(fg.diag_embed(x, k), k), x)
