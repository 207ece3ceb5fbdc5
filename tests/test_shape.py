"""Asking for shapes and changing them: messages, and what a case cannot say."""

import jax
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

REFUSED = [
    (
        lambda: fg.shape([1, 2]),
        fg.ArgumentTypeError,
        "shape(): input must be an array or a number; got a list; wrap it in fg.tensor(...).",
    ),
    (
        lambda: fg.size(fg.zeros(2, 3), 2),
        fg.DimError,
        "size(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.size(fg.zeros(()), 0),
        fg.DimError,
        "size(): a 0-d array has no dimensions; got dim 0; leave dim out, the size is ().",
    ),
    (
        lambda: fg.size(fg.zeros(2), "0"),
        fg.ArgumentTypeError,
        "size(): dim must be an int; got str '0'; count from 0, or from -1 at the end.",
    ),
    (
        lambda: fg.reshape(fg.zeros(2, 3), 4, 2),
        fg.ShapeError,
        "reshape(): the new shape must have 6 elements; got (4, 2) for an array of shape (2, 3); "
        "use -1 for one size to have it inferred.",
    ),
    (
        lambda: fg.reshape(fg.zeros(2, 3), (4, -1)),
        fg.ShapeError,
        "reshape(): the new shape must have 6 elements; got (4, -1) for an array of shape (2, 3); choose other sizes.",
    ),
    (
        lambda: fg.reshape(fg.zeros(2, 3), -1, -1),
        fg.ShapeError,
        "reshape(): at most one size may be -1; got (-1, -1); write the others out.",
    ),
    (
        lambda: fg.reshape(fg.zeros(2, 3), -2, 3),
        fg.ShapeError,
        "reshape(): shape must be 0 or more, or -1 once; got (-2, 3); correct the negative one.",
    ),
    (
        lambda: fg.reshape(fg.zeros(0, 3), 0, -1),
        fg.ShapeError,
        "reshape(): a size of -1 must follow from the others; got (0, -1) for an array of shape (0, 3); write it out.",
    ),
    (
        lambda: fg.reshape(fg.zeros(2, 3), 2.0, 3),
        fg.ArgumentTypeError,
        "reshape(): shape must be made of ints; got float 2.0; write for example (2, -1).",
    ),
    (
        lambda: fg.reshape(fg.zeros(2, 3), 6, shape=(6,)),
        fg.ArgumentTypeError,
        "reshape(): the call must fit reshape(input, /, *shape); "
        "got multiple values for argument 'shape'; correct the call.",
    ),
    (
        lambda: fg.reshape([1, 2], 2),
        fg.ArgumentTypeError,
        "reshape(): input must be an array or a number; got a list; wrap it in fg.tensor(...).",
    ),
    (
        lambda: jax.jit(lambda x, n: fg.reshape(x, n, 3))(fg.zeros(2, 3), 2),
        fg.TracedValueError,
        "reshape(): shape must be known when the function is traced; "
        "got a traced int32 of shape (); pass a Python value, or make shape a static argument of jit.",
    ),
    (
        lambda: fg.view(fg.zeros(2, 3), 5),
        fg.ShapeError,
        "view(): the new shape must have 6 elements; got (5,) for an array of shape (2, 3); "
        "use -1 for one size to have it inferred.",
    ),
    (
        lambda: fg.view(fg.zeros(2, 3), fg.int32),
        fg.ArgumentTypeError,
        "view(): shape must be made of ints, and no bits are reinterpreted here; "
        "got dtype('int32'); convert the values with fg.to(x, dtype), or the bits with "
        "jax.lax.bitcast_convert_type(x, dtype).",
    ),
    (
        lambda: fg.view(fg.zeros(2, 3), dtype="int32"),
        fg.ArgumentTypeError,
        "view(): shape must be made of ints, and no bits are reinterpreted here; "
        "got 'int32'; convert the values with fg.to(x, dtype), or the bits with "
        "jax.lax.bitcast_convert_type(x, dtype).",
    ),
    (
        lambda: fg.reshape_as(fg.zeros(2, 3), fg.zeros(2)),
        fg.ShapeError,
        "reshape_as(): input and other must have equally many elements; "
        "got shapes (2, 3) and (2,); give another shape with fg.reshape.",
    ),
    (
        lambda: fg.flatten(fg.zeros(2, 3), 1, 0),
        fg.ArgumentError,
        "flatten(): start_dim must not come after end_dim; got 1 and 0 for shape (2, 3); swap them.",
    ),
    (
        lambda: fg.flatten(fg.zeros(2, 3), 0, 2),
        fg.DimError,
        "flatten(): end_dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.flatten(fg.zeros(2, 3), (0, 1)),
        fg.ArgumentTypeError,
        "flatten(): start_dim must be an int; got a tuple; count from 0, or from -1 at the end.",
    ),
    (
        lambda: fg.unflatten(fg.zeros(2, 6), 1, (4, 2)),
        fg.ShapeError,
        "unflatten(): sizes must multiply to 6; got (4, 2) for dimension 1 of shape (2, 6); "
        "use -1 for one size to have it inferred.",
    ),
    (
        lambda: fg.unflatten(fg.zeros(2, 6), 1, (4, -1)),
        fg.ShapeError,
        "unflatten(): sizes must multiply to 6; got (4, -1) for dimension 1 of shape (2, 6); choose other sizes.",
    ),
    (
        lambda: fg.unflatten(fg.zeros(2, 6), 1, (-1, -1)),
        fg.ShapeError,
        "unflatten(): at most one size may be -1; got (-1, -1); write the others out.",
    ),
    (
        lambda: fg.unflatten(fg.zeros(2, 6), 1, ()),
        fg.ShapeError,
        "unflatten(): sizes must not be empty; got (); give the sizes to cut into.",
    ),
    (
        lambda: fg.unflatten(fg.zeros(()), 0, (1,)),
        fg.DimError,
        "unflatten(): input must have a dimension to cut; got a 0-d array; use fg.reshape.",
    ),
    (
        lambda: fg.unflatten(fg.zeros(2, 6), 2, (6,)),
        fg.DimError,
        "unflatten(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.unflatten(fg.zeros(2, 6), 1, 6),
        fg.ArgumentTypeError,
        "unflatten(): sizes must be a tuple of ints; got int 6; write for example (2, -1).",
    ),
    (
        lambda: fg.squeeze(fg.zeros(1, 3), 2),
        fg.DimError,
        "squeeze(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.squeeze(fg.zeros(1, 3), (0, -2)),
        fg.DimError,
        "squeeze(): each dim may be named once; got (0, -2); drop the repeated one.",
    ),
    (
        lambda: fg.unsqueeze(fg.zeros(2, 3), 3),
        fg.DimError,
        "unsqueeze(): dim must be in [-3, 2] for 3 dimensions; got 3; check the shape of the input.",
    ),
    (
        lambda: fg.unsqueeze(fg.zeros(2, 3), -4),
        fg.DimError,
        "unsqueeze(): dim must be in [-3, 2] for 3 dimensions; got -4; check the shape of the input.",
    ),
    (
        lambda: fg.unsqueeze(fg.zeros(2, 3), (0, 1)),
        fg.ArgumentTypeError,
        "unsqueeze(): dim must be an int; got a tuple; count from 0, or from -1 at the end.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_call_that_cannot_be_right_says_what_to_do(call, kind, message):
    with raises(kind, message):
        call()


def test_sizes_are_asked_for():
    x = fg.zeros(2, 3)
    assert fg.shape(x) == (2, 3) == fg.size(x)
    assert type(fg.shape(x)) is type(fg.size(x)) is tuple
    assert [fg.size(x, d) for d in (0, 1, -1, -2)] == [2, 3, 3, 2]
    assert (fg.numel(x), fg.ndim(x)) == (6, 2)
    assert (fg.shape(3.5), fg.size(3.5), fg.numel(3.5), fg.ndim(3.5)) == ((), (), 1, 0)
    assert fg.numel(fg.zeros(2, 0)) == 0
    assert fg.shape(np.zeros((4, 1))) == fg.shape(jax.ShapeDtypeStruct((4, 1), "float32")) == (4, 1)


def test_sizes_are_ints_while_tracing():
    def half(x):
        assert type(fg.numel(x)) is type(fg.size(x, 0)) is int
        return fg.reshape(x, fg.numel(x) // 2, 2)

    assert jax.jit(half)(fg.zeros(2, 3)).shape == (3, 2)


def test_sizes_may_be_whatever_counts():
    x = fg.arange(6)
    for size in (2, np.int64(2), np.array(2), fg.tensor(2)):
        assert fg.reshape(x, size, 3).shape == fg.reshape(x, (size, -1)).shape == (2, 3)
    assert fg.reshape(x, fg.tensor([2, 3])).shape == fg.reshape(x, np.array([2, 3])).shape == (2, 3)


def test_equal_sizes_of_other_types_do_not_share_a_program():
    x = fg.zeros(1, 1)
    fg.reshape(x, 1, 1)
    fg.reshape(x, (1, 1))
    for wrong in ((True, 1), (1.0, 1)):
        with pytest.raises(fg.ArgumentTypeError):
            fg.reshape(x, wrong)
        with pytest.raises(fg.ArgumentTypeError):
            fg.reshape(x, *wrong)
    assert fg.reshape(x, (1, 1)).shape == (1, 1)


def test_a_reshape_is_one_equation():
    jaxpr = jax.make_jaxpr(lambda x: fg.view(fg.flatten(x, 0, 1), -1, 3))(fg.zeros(2, 3, 2))
    assert [str(eqn.primitive) for eqn in jaxpr.eqns] == ["reshape", "reshape"]


def test_flatten_and_unflatten_undo_each_other():
    x = fg.reshape(fg.arange(24), 2, 3, 4)
    assert_close(fg.unflatten(fg.flatten(x, 1), 1, (3, 4)), x)
