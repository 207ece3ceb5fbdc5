"""Making arrays: messages, and what a case cannot say."""

import jax
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

REFUSED = [
    (
        lambda: fg.zeros(2, -1),
        fg.ShapeError,
        "zeros(): sizes must not be negative; got (2, -1); write sizes of 0 or more.",
    ),
    (
        lambda: fg.zeros(2.0),
        fg.ArgumentTypeError,
        "zeros(): a shape must be made of ints; got float 2.0; write zeros(2, 3) or zeros((2, 3)).",
    ),
    (
        lambda: fg.zeros(True),
        fg.ArgumentTypeError,
        "zeros(): a shape must be made of ints; got bool True; write zeros(2, 3) or zeros((2, 3)).",
    ),
    (
        lambda: fg.zeros((2, 3), 4),
        fg.ArgumentTypeError,
        "zeros(): a shape must be made of ints; got a tuple; write zeros(2, 3) or zeros((2, 3)).",
    ),
    (
        lambda: fg.zeros(2, dtype="text"),
        fg.DtypeError,
        "zeros(): dtype must be a dtype or its name; got 'text'; "
        "write for example fg.float32 or 'float32'; fg.dtypes() lists them.",
    ),
    (
        lambda: fg.zeros(2, dtype="int64"),
        fg.DtypeError,
        "zeros(): dtype int64 needs 64-bit mode; jax_enable_x64 is off; "
        "run jax.config.update(\"jax_enable_x64\", True) first, or ask for dtype='int32'.",
    ),
    (
        lambda: fg.zeros(2, device="tpux"),
        fg.ArgumentError,
        "zeros(): device must be present on this machine; got 'tpux'; choose from 'cpu:0', or see fg.devices().",
    ),
    (
        lambda: fg.zeros(2, out=None),
        fg.ArgumentTypeError,
        "zeros(): there is no out=, a result is a new array; got out=; assign the result instead.",
    ),
    (
        lambda: fg.ones(2, requires_grad=True),
        fg.ArgumentTypeError,
        "ones(): there is no requires_grad=; got requires_grad=; say what to differentiate in fg.grad(f, argnums=...).",
    ),
    (
        lambda: fg.empty(2, layout=None),
        fg.ArgumentTypeError,
        "empty(): there is no layout=, arrays are dense; got layout=; leave it out.",
    ),
    (
        lambda: fg.empty(2, pin_memory=False),
        fg.ArgumentTypeError,
        "empty(): there is no pin_memory=; got pin_memory=; leave it out.",
    ),
    (
        lambda: fg.zeros_like([1.0]),
        fg.ArgumentTypeError,
        "zeros_like(): input must be an array or a number; got a list; wrap it in fg.tensor(...).",
    ),
    (
        lambda: fg.zeros_like(fg.zeros(2), requires_grad=True),
        fg.ArgumentTypeError,
        "zeros_like(): there is no requires_grad=; got requires_grad=; "
        "say what to differentiate in fg.grad(f, argnums=...).",
    ),
    (
        lambda: fg.full((2,), 1.5, dtype="int"),
        fg.ConversionError,
        "full(): every value must fit in int32; got 1.5; round it first, or keep a floating dtype.",
    ),
    (
        lambda: fg.full((2,), float("nan"), dtype="int"),
        fg.ConversionError,
        "full(): every value must fit in int32; got nan; replace it first, with fg.nan_to_num.",
    ),
    (
        lambda: fg.full((2,), 300, dtype="uint8"),
        fg.ConversionError,
        "full(): every value must fit in uint8; got 300; ask for dtype='int32'.",
    ),
    (
        lambda: fg.full((2,), 1e39),
        fg.ConversionError,
        "full(): every value must fit in float32; got 1e+39; "
        "ask for dtype='float64' after jax.config.update(\"jax_enable_x64\", True).",
    ),
    (
        lambda: fg.full((2,), fg.zeros(2)),
        fg.ShapeError,
        "full(): fill_value must be a number or a 0-d array; "
        "got float32 of shape (2,); repeat an array with fg.broadcast_to.",
    ),
    (
        lambda: fg.full((2,), 2**31),
        fg.ConversionError,
        "full(): every value must fit in int32; got 2147483648; "
        "ask for dtype='int64' after jax.config.update(\"jax_enable_x64\", True).",
    ),
    (
        lambda: fg.full((2, -1), 0),
        fg.ShapeError,
        "full(): sizes must not be negative; got (2, -1); write sizes of 0 or more.",
    ),
    (
        lambda: fg.full_like(fg.zeros(2, dtype="int"), 1.5),
        fg.ConversionError,
        "full_like(): every value must fit in int32; got 1.5; round it first, or keep a floating dtype.",
    ),
    (
        lambda: fg.full_like(fg.zeros(2), fg.zeros(1)),
        fg.ShapeError,
        "full_like(): fill_value must be a number or a 0-d array; "
        "got float32 of shape (1,); repeat an array with fg.broadcast_to.",
    ),
    (
        lambda: jax.jit(lambda x: fg.full_like(x, 0.5))(fg.zeros(2, dtype="int")),
        fg.ConversionError,
        "full_like(): every value must fit in int32; got 0.5; round it first, or keep a floating dtype.",
    ),
    (lambda: fg.eye(-1), fg.ShapeError, "eye(): sizes must not be negative; got (-1, -1); write sizes of 0 or more."),
    (
        lambda: fg.eye(2, 3, 4),
        fg.ArgumentTypeError,
        "eye(): the call must fit eye(n, m=None, *, dtype=None, device=None); "
        "got too many positional arguments; correct the call.",
    ),
    (
        lambda: jax.jit(lambda n: fg.zeros(2, n))(3),
        fg.TracedValueError,
        "zeros(): size must be known when the function is traced; "
        "got a traced int32 of shape (); pass a Python value, or make size a static argument of jit.",
    ),
    (
        lambda: jax.jit(lambda n: fg.full((2, n), 0))(3),
        fg.TracedValueError,
        "full(): size must be known when the function is traced; "
        "got a traced int32 of shape (); pass a Python value, or make size a static argument of jit.",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_call_that_cannot_be_right_says_what_to_do(call, kind, message):
    with raises(kind, message):
        call()


def test_values_come_where_they_are_wanted():
    for made in (fg.zeros(2, device="cpu"), fg.full((2,), 1, device="cpu:0"), fg.eye(2, device=jax.devices()[0])):
        assert made.devices() == {jax.devices("cpu")[0]}
    assert jax.jit(lambda: fg.ones(2, device="cpu"))().shape == (2,)


def test_sizes_by_name():
    assert fg.zeros(size=(2, 3)).shape == fg.ones(size=[2, 3]).shape == fg.empty(size=(2, 3)).shape == (2, 3)
    assert fg.zeros(size=2).shape == (2,)
    with raises(
        fg.ArgumentTypeError,
        "zeros(): the call must fit zeros(*size, dtype=None, device=None); "
        "got multiple values for argument 'size'; correct the call.",
    ):
        fg.zeros(2, size=(2,))


def test_equal_sizes_of_other_types_do_not_share_a_program():
    assert fg.zeros(1).shape == fg.zeros((1,)).shape == (1,)
    for wrong in (True, 1.0):
        with pytest.raises(fg.ArgumentTypeError):
            fg.zeros(wrong)
        with pytest.raises(fg.ArgumentTypeError):
            fg.zeros((wrong,))
    assert fg.zeros(1).shape == fg.zeros((1,)).shape == (1,)


def test_dtypes():
    assert fg.zeros(2).dtype == fg.ones(2).dtype == fg.empty(2).dtype == fg.eye(2).dtype == "float32"
    assert fg.full((2,), 1).dtype == "int32"
    assert fg.full((2,), 1.0).dtype == "float32"
    assert fg.full((2,), True).dtype == "bool"
    assert fg.full((2,), 1j).dtype == "complex64"
    assert fg.full((2,), fg.ones((), dtype="half")).dtype == "float16"
    for made in (fg.full((2,), 1), fg.full_like(3.0, 2), fg.zeros_like(3.0), fg.eye(2)):
        assert made.weak_type is False


def test_full_of_a_traced_value_is_differentiable():
    assert_close(jax.grad(lambda v: (fg.full((3,), v) ** 2).sum())(2.0), fg.tensor(12.0))
    assert_close(jax.vmap(lambda v: fg.full((2,), v))(fg.arange(2)), fg.tensor([[0, 0], [1, 1]]))


def test_an_array_like_a_tracer():
    assert_close(jax.jit(lambda x: fg.full_like(x, 0.5) + fg.zeros_like(x))(fg.ones(2)), fg.tensor([0.5, 0.5]))


def test_what_fits_is_kept():
    assert_close(fg.full((2,), 2.0, dtype="int"), fg.tensor([2, 2]))
    assert_close(fg.full((1,), 255, dtype="uint8"), fg.tensor([255], dtype="uint8"))
    assert np.isnan(fg.full((1,), float("nan"))).all()
