"""Broadcasting and repeating: messages, and what a case cannot say."""

import jax
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

REFUSED = [
    (
        lambda: fg.expand(fg.zeros(2, 3), 3),
        fg.ShapeError,
        "expand(): there must be at least as many sizes as dimensions, 2; "
        "got (3,) for shape (2, 3); write -1 for a dimension to keep.",
    ),
    (
        lambda: fg.expand(fg.zeros(2, 3), 4, 3),
        fg.ShapeError,
        "expand(): only dimensions of size 1 can be expanded; "
        "got (4, 3) for shape (2, 3), which has 2 in dimension 0; "
        "write -1 there, or repeat the values with fg.repeat.",
    ),
    (
        lambda: fg.expand(fg.zeros(2, 3), -1, 2, 3),
        fg.ShapeError,
        "expand(): sizes must be 0 or more, or -1 for a dimension to keep; "
        "got (-1, 2, 3) for shape (2, 3); write the size of each new dimension.",
    ),
    (
        lambda: fg.expand(fg.zeros(2, 1), 2, -2),
        fg.ShapeError,
        "expand(): sizes must be 0 or more, or -1 for a dimension to keep; "
        "got (2, -2) for shape (2, 1); write the size of each new dimension.",
    ),
    (
        lambda: fg.expand(fg.zeros(2, 1), 2, 1.5),
        fg.ArgumentTypeError,
        "expand(): sizes must be ints; got float 1.5; write for example (2, -1).",
    ),
    (
        lambda: fg.broadcast_to(fg.zeros(0, 3), (2, 3)),
        fg.ShapeError,
        "broadcast_to(): only dimensions of size 1 can be expanded; "
        "got (2, 3) for shape (0, 3), which has 0 in dimension 0; "
        "write -1 there, or repeat the values with fg.repeat.",
    ),
    (
        lambda: fg.expand_as(fg.zeros(2), fg.zeros(3)),
        fg.ShapeError,
        "expand_as(): only dimensions of size 1 can be expanded; "
        "got (3,) for shape (2,), which has 2 in dimension 0; "
        "write -1 there, or repeat the values with fg.repeat.",
    ),
    (
        lambda: fg.broadcast_tensors(fg.zeros(2, 3), fg.zeros(2)),
        fg.ShapeError,
        "broadcast_tensors(): shapes must agree or be 1 in each dimension, counted from the end; "
        "got (2, 3) and (2,), which differ in dimension 1 (2 and 3); "
        "reshape one of them, for example with fg.unsqueeze.",
    ),
    (
        lambda: fg.broadcast_shapes((2, 3), (2,)),
        fg.ShapeError,
        "broadcast_shapes(): shapes must agree or be 1 in each dimension, counted from the end; "
        "got (2, 3) and (2,), which differ in dimension 1 (2 and 3); "
        "reshape one of them, for example with fg.unsqueeze.",
    ),
    (
        lambda: fg.broadcast_shapes((2, -3)),
        fg.ShapeError,
        "broadcast_shapes(): sizes must not be negative; got (2, -3); write sizes of 0 or more.",
    ),
    (
        lambda: fg.broadcast_shapes((2, 1.5)),
        fg.ArgumentTypeError,
        "broadcast_shapes(): a shape must be made of ints; got float 1.5; "
        "write broadcast_shapes(2, 3) or broadcast_shapes((2, 3)).",
    ),
    (
        lambda: fg.repeat(fg.zeros(2, 3), 2),
        fg.ShapeError,
        "repeat(): there must be at least as many repeats as dimensions, 2; "
        "got (2,) for shape (2, 3); write 1 for a dimension to keep, or use fg.tile.",
    ),
    (
        lambda: fg.repeat(fg.zeros(2), -1),
        fg.ArgumentError,
        "repeat(): repeats[0] must be at least 0; got -1; correct it.",
    ),
    (
        lambda: fg.repeat(fg.zeros(2), 1.5),
        fg.ArgumentTypeError,
        "repeat(): repeats[0] must be an int; got float 1.5; write for example 1.",
    ),
    (lambda: fg.tile(fg.zeros(2), (-1,)), fg.ArgumentError, "tile(): dims[0] must be at least 0; got -1; correct it."),
    (
        lambda: fg.repeat_interleave(fg.zeros(2, 3), fg.tensor([1, 2]), 1),
        fg.ShapeError,
        "repeat_interleave(): repeats must be one number, or one for each of the 3 slices; "
        "got 2 for an array of shape (2, 3); repeat along another dimension, or correct repeats.",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2, 3), fg.tensor([1, 2])),
        fg.ShapeError,
        "repeat_interleave(): repeats must be one number, or one for each of the 6 slices; "
        "got 2 for an array of shape (2, 3); repeat along another dimension, or correct repeats.",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2), fg.tensor([1, -2])),
        fg.ShapeError,
        "repeat_interleave(): repeats must not be negative; got -2; write 0 to drop a slice.",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2), -1),
        fg.ShapeError,
        "repeat_interleave(): repeats must not be negative; got -1; write 0 to drop a slice.",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2), 1.5),
        fg.ArgumentTypeError,
        "repeat_interleave(): repeats must be an int, or a 1-D array of ints; "
        "got float 1.5; give one number for each slice.",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2), [1, 2]),
        fg.ArgumentTypeError,
        "repeat_interleave(): repeats must be an array or a number; got a list; wrap it in fg.tensor(...).",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2), 2, 1),
        fg.DimError,
        "repeat_interleave(): dim must be in [-1, 0] for 1 dimension; got 1; check the shape of the input.",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2), 2, 0, axis=0),
        fg.ArgumentError,
        "repeat_interleave(): dim and axis are two names of one option; got both; pass only dim.",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2), 2, output_size=5),
        fg.ShapeError,
        "repeat_interleave(): output_size must be the sum of repeats; "
        "got 5 where repeats sum to 4; leave it out where repeats are known.",
    ),
    (
        lambda: fg.repeat_interleave(fg.zeros(2, 2)),
        fg.ShapeError,
        "repeat_interleave(): repeats alone must be 1-D; got float32 of shape (2, 2); "
        "say how often: repeat_interleave(x, 2).",
    ),
    (
        lambda: jax.jit(fg.repeat_interleave)(fg.zeros(2), fg.tensor([1, 2])),
        fg.TracedValueError,
        "repeat_interleave(): the sum of repeats decides the shape and must be known; "
        "got a traced int32 of shape (2,); pass the sum as output_size=.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_call_that_cannot_be_right_says_what_to_do(call, kind, message):
    with raises(kind, message):
        call()


def test_shapes_broadcast():
    assert fg.broadcast_shapes((5, 1, 4), (3, 1), 4) == (5, 3, 4)
    assert fg.broadcast_shapes() == ()
    assert fg.broadcast_shapes((), 3) == (3,)
    assert fg.broadcast_shapes((0, 1), [1, 3]) == (0, 3)
    assert fg.broadcast_tensors() == ()


def test_a_picture_of_how_shapes_line_up():
    fits = fg.broadcast_shapes((5, 1, 10), (3, 1), (), explain=True)
    assert fits == "(5, 1, 10)   5   1  10\n(3, 1)           3   1\n()\nresult       5   3  10"
    clash = fg.broadcast_shapes((2, 3), (2,), explain=True)
    assert clash == "(2, 3)  2  3\n(2,)       2\nresult  2  ?   dimension 1: 2 and 3 differ, and neither is 1"
    three = fg.broadcast_shapes((2, 4), (3, 5), (4, 1), explain=True)
    assert three.endswith(
        "result  ?  ?   dimension 0: 2 and 3 and 4 differ, and none is 1; dimension 1: 4 and 5 differ, and neither is 1"
    )
    assert fg.broadcast_shapes(explain=True) == "result"


def test_how_often_may_be_an_array():
    x = fg.tensor([[1.0, 2.0], [3.0, 4.0]])
    for dim, repeats in [(0, [2, 1]), (1, [0, 3]), (-1, [1, 1]), (None, [1, 0, 2, 1]), (0, [0, 0])]:
        wanted, total = np.repeat(np.asarray(x), repeats, dim), sum(repeats)
        assert_close(fg.repeat_interleave(x, np.array(repeats), dim), wanted)
        assert_close(fg.repeat_interleave(x, fg.tensor(repeats), dim=dim), wanted)
        assert_close(jax.jit(lambda x, r=tuple(repeats), d=dim: fg.repeat_interleave(x, np.array(r), d))(x), wanted)
        traced = jax.jit(lambda x, r, d=dim, n=total: fg.repeat_interleave(x, r, d, output_size=n))
        assert_close(traced(x, fg.tensor(repeats)), wanted)
    assert_close(fg.repeat_interleave(x, 2, axis=1), fg.repeat_interleave(x, 2, 1))


def test_repeats_alone_give_places():
    assert_close(fg.repeat_interleave(fg.tensor([1, 0, 2])), fg.tensor([0, 2, 2]))


def test_traced_repeats_that_sum_to_something_else_are_found_by_checked():
    def twice(x, repeats):
        return fg.repeat_interleave(x, repeats, output_size=4)

    x = fg.arange(2)
    checked = fg.checked(jax.jit(twice))
    assert_close(checked(x, fg.tensor([1, 3])), fg.tensor([0, 1, 1, 1]))
    message = "repeat_interleave(): output_size must be the sum of repeats; got 4 where repeats sum to 3;"
    with raises(fg.ShapeError, f"{message} leave it out where repeats are known."):
        checked(x, fg.tensor([1, 2]))
    with raises(fg.ShapeError, "repeat_interleave(): repeats must not be negative; got -1; write 0 to drop a slice."):
        checked(x, fg.tensor([5, -1]))
    # A silence: without fg.checked the last slice fills the rest, or is cut.
    assert_close(jax.jit(twice)(x, fg.tensor([1, 2])), fg.tensor([0, 1, 1, 1]))
    assert_close(jax.jit(twice)(x, fg.tensor([1, 7])), fg.tensor([0, 1, 1, 1]))


def test_expanding_repeats_nothing_in_memory():
    jaxpr = jax.make_jaxpr(lambda x: fg.expand(x, 4, -1))(fg.zeros(1, 3))
    assert [str(eqn.primitive) for eqn in jaxpr.eqns] == ["broadcast_in_dim"]
