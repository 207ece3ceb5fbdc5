"""Words for integers: bits, shifts, divisors and multiples."""

from __future__ import annotations

import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike
from ._pointwise import fit, fits, require_integers

__all__ = [
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_not",
    "bitwise_left_shift",
    "bitwise_right_shift",
    "gcd",
    "lcm",
]


@op(check=fits("bitwise_and", "input", "other"))
def bitwise_and(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits that are set in both; of booleans the conjunction.

    Args:
        input: an array of integers or booleans, or a number.
        other: an array of integers or booleans, or a number, that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is floating or complex.

    >>> fg.bitwise_and(fg.tensor([12, 10]), 6)
    Array([4, 2], dtype=int32)

    Source: ``torch.bitwise_and``.
    """
    fit("bitwise_and", input, other)
    require_integers("bitwise_and", input, other)
    return jnp.bitwise_and(input, other)


@op(check=fits("bitwise_or", "input", "other"))
def bitwise_or(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits that are set in either; of booleans the disjunction.

    Args:
        input: an array of integers or booleans, or a number.
        other: an array of integers or booleans, or a number, that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is floating or complex.

    >>> fg.bitwise_or(fg.tensor([12, 10]), 6)
    Array([14, 14], dtype=int32)

    Source: ``torch.bitwise_or``.
    """
    fit("bitwise_or", input, other)
    require_integers("bitwise_or", input, other)
    return jnp.bitwise_or(input, other)


@op(check=fits("bitwise_xor", "input", "other"))
def bitwise_xor(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits that are set in exactly one; of booleans the exclusive disjunction.

    Args:
        input: an array of integers or booleans, or a number.
        other: an array of integers or booleans, or a number, that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is floating or complex.

    >>> fg.bitwise_xor(fg.tensor([12, 10]), 6)
    Array([10, 12], dtype=int32)

    Source: ``torch.bitwise_xor``.
    """
    fit("bitwise_xor", input, other)
    require_integers("bitwise_xor", input, other)
    return jnp.bitwise_xor(input, other)


@op
def bitwise_not(input: ArrayLike) -> Array:
    """Every bit the other way; of booleans the negation.

    Args:
        input: an array of integers or booleans.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is floating or complex.

    >>> fg.bitwise_not(fg.tensor([0, 5]))
    Array([-1, -6], dtype=int32)

    Source: ``torch.bitwise_not``.
    """
    require_integers("bitwise_not", input)
    return jnp.bitwise_not(input)


@op(check=fits("bitwise_left_shift", "input", "other"))
def bitwise_left_shift(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits moved left by `other`: 0 where that is negative or not less than the width.

    Args:
        input: an array of integers, or a number.
        other: an array of integers, or a number, that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is floating or complex.

    >>> fg.bitwise_left_shift(fg.tensor([1, 3]), 4)
    Array([16, 48], dtype=int32)

    Source: ``torch.bitwise_left_shift``.
    """
    fit("bitwise_left_shift", input, other)
    require_integers("bitwise_left_shift", input, other, booleans=False)
    return jnp.left_shift(input, other)


@op(check=fits("bitwise_right_shift", "input", "other"))
def bitwise_right_shift(input: ArrayLike, other: ArrayLike) -> Array:
    """The bits moved right by `other`, keeping the sign.

    Args:
        input: an array of integers, or a number.
        other: an array of integers, or a number, that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is floating or complex.

    >>> fg.bitwise_right_shift(fg.tensor([16, -16]), 2)
    Array([ 4, -4], dtype=int32)

    Source: ``torch.bitwise_right_shift``.
    """
    fit("bitwise_right_shift", input, other)
    require_integers("bitwise_right_shift", input, other, booleans=False)
    return jnp.right_shift(input, other)


@op(check=fits("gcd", "input", "other"))
def gcd(input: ArrayLike, other: ArrayLike) -> Array:
    """The greatest common divisor, never negative; of 0 and 0 it is 0.

    Args:
        input: an array of integers, or an int.
        other: an array of integers, or an int, that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is not of integers.

    >>> fg.gcd(fg.tensor([12, -8]), 6)
    Array([6, 2], dtype=int32)

    Source: ``torch.gcd``.
    """
    fit("gcd", input, other)
    require_integers("gcd", input, other, booleans=False)
    return jnp.gcd(input, other)


@op(check=fits("lcm", "input", "other"))
def lcm(input: ArrayLike, other: ArrayLike) -> Array:
    """The least common multiple, never negative; of 0 and any number it is 0.

    Args:
        input: an array of integers, or an int.
        other: an array of integers, or an int, that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is not of integers.

    >>> fg.lcm(fg.tensor([12, -8]), 6)
    Array([12, 24], dtype=int32)

    Source: ``torch.lcm``.
    """
    fit("lcm", input, other)
    require_integers("lcm", input, other, booleans=False)
    return jnp.lcm(input, other)
