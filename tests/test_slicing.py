"""Cutting arrays: messages, and what a case cannot say."""

import jax
import numpy as np
import pytest
from harness import raises
from jax.experimental import checkify

import funcgrad as fg
from funcgrad.testing import assert_close, assert_no_retrace

REFUSED = [
    (
        lambda: fg.narrow(fg.zeros(2, 3), 1, 2, 2),
        fg.IndexRangeError,
        "narrow(): start and length must stay within dimension 1 of size 3; "
        "got start 2 and length 2; correct them; nothing is clamped.",
    ),
    (
        lambda: fg.narrow(fg.zeros(2, 3), 1, -1, 2),
        fg.IndexRangeError,
        "narrow(): start and length must stay within dimension 1 of size 3; "
        "got start -1 and length 2; correct them; nothing is clamped.",
    ),
    (
        lambda: fg.narrow(fg.zeros(2, 3), 1, -4, 1),
        fg.IndexRangeError,
        "narrow(): start and length must stay within dimension 1 of size 3; "
        "got start -4 and length 1; correct them; nothing is clamped.",
    ),
    (
        lambda: fg.narrow(fg.zeros(2, 3), 1, 0, -1),
        fg.ArgumentError,
        "narrow(): length must be at least 0; got -1; correct it.",
    ),
    (
        lambda: fg.narrow(fg.zeros(2, 3), 1, 0.5, 1),
        fg.ArgumentTypeError,
        "narrow(): start must be an int; got float 0.5; write for example 1.",
    ),
    (
        lambda: fg.narrow(fg.zeros(2, 3), 2, 0, 1),
        fg.DimError,
        "narrow(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.narrow(fg.zeros(()), 0, 0, 1),
        fg.ShapeError,
        "narrow(): input must have at least 1 dimension; got a 0-d array; add one with fg.unsqueeze.",
    ),
    (
        lambda: jax.jit(lambda x: fg.narrow(x, 1, 2, 2))(fg.zeros(2, 3)),
        fg.IndexRangeError,
        "narrow(): start and length must stay within dimension 1 of size 3; "
        "got start 2 and length 2; correct them; nothing is clamped.",
    ),
    (
        lambda: jax.jit(lambda x, i: fg.narrow(x, 1, i, 4))(fg.zeros(2, 3), 0),
        fg.IndexRangeError,
        "narrow(): start and length must stay within dimension 1 of size 3; "
        "got length 4; correct them; nothing is clamped.",
    ),
    (
        lambda: fg.select(fg.zeros(2, 3), 1, 3),
        fg.IndexRangeError,
        "select(): index must be in [-3, 2] along dimension 1 of size 3; "
        "got 3; correct the index; nothing is clamped or wrapped.",
    ),
    (
        lambda: fg.select(fg.zeros(2, 3), 1, -4),
        fg.IndexRangeError,
        "select(): index must be in [-3, 2] along dimension 1 of size 3; "
        "got -4; correct the index; nothing is clamped or wrapped.",
    ),
    (
        lambda: fg.select(fg.zeros(2, 3), 1, 1.0),
        fg.ArgumentTypeError,
        "select(): index must be an int; got float 1.0; write for example 1.",
    ),
    (
        lambda: fg.select(fg.zeros(2, 3), 1, fg.arange(2)),
        fg.ArgumentTypeError,
        "select(): index must be an int; got int32 of shape (2,); write for example 1.",
    ),
    (
        lambda: fg.select(fg.zeros(()), 0, 0),
        fg.ShapeError,
        "select(): input must have at least 1 dimension; got a 0-d array; add one with fg.unsqueeze.",
    ),
    (
        lambda: jax.jit(lambda x: fg.select(x, 0, 2))(fg.zeros(2, 3)),
        fg.IndexRangeError,
        "select(): index must be in [-2, 1] along dimension 0 of size 2; "
        "got 2; correct the index; nothing is clamped or wrapped.",
    ),
    (
        lambda: fg.unfold(fg.zeros(4), 0, 5, 1),
        fg.ShapeError,
        "unfold(): size must be at most 4, the size of dimension 0; "
        "got 5 for shape (4,); take a smaller window, or pad the input.",
    ),
    (
        lambda: fg.unfold(fg.zeros(4), 0, -1, 1),
        fg.ArgumentError,
        "unfold(): size must be at least 0; got -1; correct it.",
    ),
    (
        lambda: fg.unfold(fg.zeros(4), 0, 2, 0),
        fg.ArgumentError,
        "unfold(): step must be at least 1; got 0; correct it.",
    ),
    (
        lambda: fg.split(fg.zeros(4), 0),
        fg.ArgumentError,
        "split(): split_size_or_sections must be at least 1; got 0; correct it.",
    ),
    (
        lambda: fg.split(fg.zeros(4), -1),
        fg.ArgumentError,
        "split(): split_size_or_sections must be at least 1; got -1; correct it.",
    ),
    (
        lambda: fg.split(fg.zeros(4), [1, 2]),
        fg.ShapeError,
        "split(): the sizes must sum to 4, the size of dimension 0; "
        "got (1, 2), which sum to 3; correct them, or cut at places with fg.tensor_split.",
    ),
    (
        lambda: fg.split(fg.zeros(4), 2, 1),
        fg.DimError,
        "split(): dim must be in [-1, 0] for 1 dimension; got 1; check the shape of the input.",
    ),
    (
        lambda: fg.split(fg.zeros(()), 2),
        fg.ShapeError,
        "split(): input must have at least 1 dimension; got a 0-d array; add one with fg.unsqueeze.",
    ),
    (
        lambda: fg.split(fg.zeros(4), 1.5),
        fg.ArgumentTypeError,
        "split(): split_size_or_sections must be an int; got float 1.5; write for example 1.",
    ),
    (lambda: fg.chunk(fg.zeros(4), 0), fg.ArgumentError, "chunk(): chunks must be at least 1; got 0; correct it."),
    (
        lambda: fg.tensor_split(fg.zeros(4), 0),
        fg.ArgumentError,
        "tensor_split(): indices_or_sections must be at least 1; got 0; correct it.",
    ),
    (
        lambda: fg.tensor_split(fg.zeros(()), 2),
        fg.ShapeError,
        "tensor_split(): input must have at least 1 dimension; got a 0-d array; add one with fg.unsqueeze.",
    ),
    (
        lambda: fg.hsplit(fg.zeros(4), 3),
        fg.ShapeError,
        "hsplit(): the number of parts must divide 4, the size of dimension 0; "
        "got 3; use fg.tensor_split for parts that are not equal.",
    ),
    (
        lambda: fg.hsplit(fg.zeros(()), 1),
        fg.ShapeError,
        "hsplit(): input must have at least 1 dimension; got shape (); "
        "say which dimension to cut with fg.tensor_split.",
    ),
    (
        lambda: fg.vsplit(fg.zeros(4), 2),
        fg.ShapeError,
        "vsplit(): input must have at least 2 dimensions; got shape (4,); "
        "say which dimension to cut with fg.tensor_split.",
    ),
    (
        lambda: fg.dsplit(fg.zeros(4, 4), 2),
        fg.ShapeError,
        "dsplit(): input must have at least 3 dimensions; got shape (4, 4); "
        "say which dimension to cut with fg.tensor_split.",
    ),
    (
        lambda: fg.unbind(fg.zeros(())),
        fg.ShapeError,
        "unbind(): input must have at least 1 dimension; got a 0-d array; add one with fg.unsqueeze.",
    ),
    (
        lambda: fg.unbind(fg.zeros(2), 1),
        fg.DimError,
        "unbind(): dim must be in [-1, 0] for 1 dimension; got 1; check the shape of the input.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_call_that_cannot_be_right_says_what_to_do(call, kind, message):
    with raises(kind, message):
        call()


def test_a_loop_over_places_compiles_nothing():
    x = fg.reshape(fg.arange(93), 3, 31)  # no other test's: of 2048 programs JAX forgets the one not used for longest
    rows = np.asarray(x)
    fg.narrow(x, 1, 0, 2)
    fg.select(x, 1, 0)
    with assert_no_retrace():
        for start in (-31, -2, 0, 1, 2):
            assert_close(fg.narrow(x, 1, start, 2), rows[:, start % 31 : start % 31 + 2])
            assert_close(fg.select(x, 1, start), rows[:, start])


def test_a_known_place_is_a_static_slice():
    one = fg.tensor(1)
    for cut in (
        lambda x: fg.narrow(x, 1, 1, 2),
        lambda x: fg.narrow(x, 1, one, 2),
        lambda x: fg.select(x, 1, -1),
        lambda x: fg.select(x, 1, one),
    ):
        text = jax.jit(cut).lower(fg.zeros(3, 4)).as_text()
        assert "stablehlo.slice" in text
        assert "dynamic_slice" not in text


def test_a_place_may_be_an_array():
    x = fg.reshape(fg.arange(12), 3, 4)
    for place in (1, np.int64(1), np.array(1), fg.tensor(1)):
        assert_close(fg.narrow(x, 0, place, 2), x[1:])
        assert_close(fg.select(x, 0, place), x[1])


def test_a_traced_place():
    x = fg.arange(5)
    narrow, select = jax.jit(lambda x, i: fg.narrow(x, 0, i, 2)), jax.jit(lambda x, i: fg.select(x, 0, i))
    for place in (0, 3, -2):
        assert_close(narrow(x, place), fg.narrow(x, 0, place, 2))
        assert_close(select(x, place), fg.select(x, 0, place))
    assert_close(jax.vmap(lambda i: fg.narrow(x, 0, i, 2))(fg.arange(3)), fg.tensor([[0, 1], [1, 2], [2, 3]]))
    # A silence: a traced place out of range is moved into it, and found by checkify.
    assert_close(narrow(x, 4), fg.tensor([3, 4]))
    assert_close(select(x, 9), fg.tensor(4))
    for cut, place in [(narrow, 4), (select, 9)]:
        error, _ = checkify.checkify(cut, errors=checkify.index_checks)(x, place)
        assert "out-of-bounds" in error.get()


def test_parts_are_one_equation():
    jaxpr = jax.make_jaxpr(lambda x: fg.split(x, 2))(fg.zeros(5))
    assert [str(eqn.primitive) for eqn in jaxpr.eqns] == ["split"]


def test_parts_joined_again_are_the_whole():
    x = fg.reshape(fg.arange(30), 2, 3, 5)
    for parts in (fg.split(x, 2, 2), fg.chunk(x, 3, 2), fg.tensor_split(x, [1, 3], 2), fg.split(x, [0, 4, 1], -1)):
        assert_close(fg.cat(parts, 2), x)
    assert_close(fg.stack(fg.unbind(x, 1), 1), x)


def test_an_array_may_say_where_to_cut():
    x = fg.arange(5)
    assert_close(fg.tensor_split(x, fg.tensor([1, 3])), fg.tensor_split(x, [1, 3]))
    assert_close(fg.tensor_split(x, np.array(2)), fg.tensor_split(x, 2))
    assert_close(fg.split(x, np.array([2, 3])), fg.split(x, [2, 3]))


def test_windows_have_a_gradient_without_scatter():
    gradient = jax.grad(lambda x: (fg.unfold(x, 0, 3, 2) ** 2).sum())
    assert "scatter" not in jax.jit(gradient).lower(fg.zeros(9)).as_text()
    assert_close(gradient(fg.arange(5.0)), fg.tensor([0.0, 2.0, 8.0, 6.0, 8.0]))


def test_tracers_of_long_windows_keep_the_program_short():
    jaxpr = jax.make_jaxpr(lambda x: fg.unfold(x, 0, 500, 1))(fg.zeros(1000))
    assert len(jaxpr.eqns) < 30
