"""Arithmetic, element by element, with broadcasting."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .._checks import fail
from .._errors import ArgumentError, DtypeError
from .._op import op
from .._types import Array, ArrayLike
from ._double import is_wide
from ._pointwise import fit, fits, in_single, no_zero_divisor, promoted
from ._remainders import float_remainder, wide_fmod

__all__ = [
    "add",
    "sub",
    "subtract",
    "rsub",
    "mul",
    "multiply",
    "div",
    "divide",
    "true_divide",
    "floor_divide",
    "remainder",
    "fmod",
    "neg",
    "negative",
    "positive",
    "lerp",
    "addcmul",
    "addcdiv",
]


@op(check=fits("add", "input", "other"))
def add(input: ArrayLike, other: ArrayLike, *, alpha: ArrayLike = 1) -> Array:
    r"""The sum $input + \alpha \cdot other$.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.
        alpha: a factor for `other`.

    Returns:
        The array, in the common shape and dtype; of two boolean arrays their disjunction.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.

    >>> fg.add(fg.arange(3), 10, alpha=2)
    Array([20, 21, 22], dtype=int32)

    Source: ``torch.add``.
    """
    fit("add", input, other)
    return jnp.add(input, _scaled(other, alpha))


@op(check=fits("sub", "input", "other"))
def sub(input: ArrayLike, other: ArrayLike, *, alpha: ArrayLike = 1) -> Array:
    r"""The difference $input - \alpha \cdot other$.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.
        alpha: a factor for `other`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: both are boolean.

    >>> fg.sub(fg.arange(3.0), fg.ones(3))
    Array([-1.,  0.,  1.], dtype=float32)

    Source: ``torch.sub``.
    """
    return _difference("sub", input, other, alpha)


subtract = sub


@op(check=fits("rsub", "input", "other"))
def rsub(input: ArrayLike, other: ArrayLike, *, alpha: ArrayLike = 1) -> Array:
    r"""The difference the other way round, $other - \alpha \cdot input$.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.
        alpha: a factor for `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: both are boolean.

    >>> fg.rsub(fg.arange(3.0), 1)
    Array([ 1.,  0., -1.], dtype=float32)

    Source: ``torch.rsub``.
    """
    return _difference("rsub", other, input, alpha)


def _difference(name: str, input: ArrayLike, other: ArrayLike, alpha: ArrayLike) -> Array:
    fit(name, input, other)
    if jnp.issubdtype(jnp.result_type(input, other), jnp.bool_):
        fail(
            DtypeError,
            name,
            "operands must be numbers",
            "got two of booleans",
            "use fg.logical_xor, or fg.logical_not to invert a mask",
        )
    return jnp.subtract(input, _scaled(other, alpha))


def _scaled(other: ArrayLike, alpha: ArrayLike) -> ArrayLike:
    return other if alpha.__class__ is int and alpha == 1 else jnp.multiply(other, alpha)


@op(check=fits("mul", "input", "other"))
def mul(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The product $input \odot other$ of the elements, of matrices the Hadamard product.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; of two boolean arrays their conjunction.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.

    >>> fg.mul(fg.arange(3), fg.arange(3))
    Array([0, 1, 4], dtype=int32)

    Source: ``torch.mul``.
    """
    fit("mul", input, other)
    return jnp.multiply(input, other)


multiply = mul


@op(check=no_zero_divisor("div"))
def div(input: ArrayLike, other: ArrayLike, *, rounding_mode: str | None = None) -> Array:
    """The quotient $input / other$, rounded on request.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.
        rounding_mode: None for the exact quotient, ``"trunc"`` to round towards 0, ``"floor"`` to round down.

    Returns:
        The array, in the common shape; without rounding integers give float32, with it they stay integers.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        ArgumentError: another `rounding_mode`, or integers are divided by 0 with rounding (under a transform this
            is not seen).

    >>> fg.div(fg.tensor([-7, 7]), 2, rounding_mode="trunc")
    Array([-3,  3], dtype=int32)

    Source: ``torch.div``.
    """
    fit("div", input, other)
    if rounding_mode is None:
        return jnp.true_divide(input, other)
    if rounding_mode == "floor":
        return _floor_divide(input, other)
    if rounding_mode != "trunc":
        fail(
            ArgumentError,
            "div",
            "rounding_mode must be None, 'trunc' or 'floor'",
            f"got {rounding_mode!r}",
            "choose one of them",
        )
    if not jnp.issubdtype(jnp.result_type(input, other), jnp.integer):
        return jnp.trunc(jnp.true_divide(input, other))
    dtype = jnp.result_type(input, other)
    return jax.lax.div(*jnp.broadcast_arrays(jnp.asarray(input, dtype), jnp.asarray(other, dtype)))


divide = div
true_divide = div


@op(check=no_zero_divisor("floor_divide"))
def floor_divide(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The quotient rounded down, $\lfloor input / other \rfloor$; its derivative is 0.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        ArgumentError: an integer is divided by 0 (under a transform this is not seen).

    >>> fg.floor_divide(fg.tensor([-7, 7]), 2)
    Array([-4,  3], dtype=int32)

    Source: ``torch.floor_divide``.
    """
    fit("floor_divide", input, other, real=True)
    return _floor_divide(input, other)


def _floor_divide(input: ArrayLike, other: ArrayLike) -> Array:
    """JAX's, with the sign that the quotient has where it is rounded to 0."""
    whole = jnp.floor_divide(input, other)
    if not jnp.issubdtype(whole.dtype, jnp.floating):
        return whole
    negative = jnp.signbit(jnp.asarray(input, whole.dtype)) != jnp.signbit(jnp.asarray(other, whole.dtype))
    return jnp.where(whole == 0, jnp.where(negative, -0.0, 0.0).astype(whole.dtype), whole)


@op(check=no_zero_divisor("remainder"))
def remainder(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The remainder $input - other \lfloor input / other \rfloor$, with the sign of the divisor, as Python's ``%``.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        ArgumentError: an integer is divided by 0 (under a transform this is not seen).

    >>> fg.remainder(fg.tensor([-7, 7]), 3)
    Array([2, 1], dtype=int32)

    Source: ``torch.remainder``.
    """
    fit("remainder", input, other, real=True)
    if jnp.issubdtype(jnp.result_type(input, other), jnp.floating):
        return float_remainder(*promoted("remainder", input, other))
    return jnp.remainder(input, other)


@op(check=no_zero_divisor("fmod"))
def fmod(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The remainder $input - other \cdot trunc(input / other)$, with the sign of the dividend, as C's ``fmod``.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        ArgumentError: an integer is divided by 0 (under a transform this is not seen).

    >>> fg.fmod(fg.tensor([-7, 7]), 3)
    Array([-1,  1], dtype=int32)

    Source: ``torch.fmod``.
    """
    fit("fmod", input, other, real=True)
    if jnp.issubdtype(jnp.result_type(input, other), jnp.floating):
        x, y = promoted("fmod", input, other)
        if is_wide(x):
            return wide_fmod(x, y)
    return jnp.fmod(input, other)


@op
def neg(input: ArrayLike) -> Array:
    """The negative $-input$.

    Args:
        input: any shape, not of booleans.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is boolean.

    >>> fg.neg(fg.tensor([1, -2]))
    Array([-1,  2], dtype=int32)

    Source: ``torch.neg``.
    """
    if jnp.issubdtype(jnp.result_type(input), jnp.bool_):
        fail(DtypeError, "neg", "input must be numbers", "got booleans", "use fg.logical_not to invert a mask")
    return jnp.negative(input)


negative = neg


@op
def positive(input: ArrayLike) -> Array:
    """The array itself, $+input$.

    Args:
        input: any shape.

    Returns:
        `input`.

    >>> fg.positive(fg.tensor([1, -2]))
    Array([ 1, -2], dtype=int32)

    Source: ``torch.positive``.
    """
    return jnp.positive(input)


@op
@in_single
def lerp(input: ArrayLike, end: ArrayLike, weight: ArrayLike) -> Array:
    r"""Linear interpolation $input + weight \cdot (end - input)$, exact at weights 0 and 1.

    Args:
        input: where weight 0 is.
        end: where weight 1 is; broadcasts with `input`.
        weight: a number, or an array that broadcasts with both; it may lie outside [0, 1].

    Returns:
        The array, in the common shape; integers give float32.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.lerp(fg.zeros(2), fg.tensor([10.0, 20.0]), 0.25)
    Array([2.5, 5. ], dtype=float32)

    Source: ``torch.lerp``.
    """
    start, stop, share = promoted("lerp", input, end, weight)
    difference = stop - start
    return jnp.where(jnp.abs(share) < 0.5, start + share * difference, stop - (1 - share) * difference)


@op
def addcmul(input: ArrayLike, tensor1: ArrayLike, tensor2: ArrayLike, *, value: ArrayLike = 1) -> Array:
    r"""The sum $input + value \cdot tensor_1 \cdot tensor_2$.

    Args:
        input: an array or number.
        tensor1: an array or number that broadcasts with `input`.
        tensor2: an array or number that broadcasts with both.
        value: a factor of the product.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.addcmul(fg.ones(2), fg.tensor([1.0, 2.0]), fg.tensor([3.0, 4.0]), value=0.5)
    Array([2.5, 5. ], dtype=float32)

    Source: ``torch.addcmul``.
    """
    fit("addcmul", input, tensor1, tensor2)
    return jnp.add(input, _scaled(jnp.multiply(tensor1, tensor2), value))


@op
def addcdiv(input: ArrayLike, tensor1: ArrayLike, tensor2: ArrayLike, *, value: ArrayLike = 1) -> Array:
    r"""The sum $input + value \cdot tensor_1 / tensor_2$.

    Args:
        input: an array or number.
        tensor1: an array or number that broadcasts with `input`.
        tensor2: an array or number that broadcasts with both.
        value: a factor of the quotient.

    Returns:
        The array, in the common shape; integers give float32.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.addcdiv(fg.ones(2), fg.tensor([1.0, 2.0]), fg.tensor([4.0, 4.0]), value=2)
    Array([1.5, 2. ], dtype=float32)

    Source: ``torch.addcdiv``.
    """
    fit("addcdiv", input, tensor1, tensor2)
    return jnp.add(input, _scaled(jnp.true_divide(tensor1, tensor2), value))
