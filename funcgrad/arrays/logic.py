"""Truth values, and choosing by them."""

from __future__ import annotations

import jax.numpy as jnp

from .._checks import fail
from .._errors import ArgumentTypeError, DtypeError
from .._op import op
from .._types import Array, ArrayLike
from ._pointwise import fit, fits

__all__ = [
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "where",
]


@op
def logical_and(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether both are true; a number is true if it is not 0.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.logical_and(fg.tensor([True, True, False]), fg.tensor([True, False, False]))
    Array([ True, False, False], dtype=bool)

    Source: ``torch.logical_and``.
    """
    fit("logical_and", input, other)
    return jnp.logical_and(_truth(input), _truth(other))


def _truth(x: ArrayLike) -> Array:
    return jnp.asarray(x) if jnp.issubdtype(jnp.result_type(x), jnp.bool_) else jnp.not_equal(x, 0)


@op
def logical_or(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether either is true; a number is true if it is not 0.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.logical_or(fg.tensor([True, True, False]), fg.tensor([True, False, False]))
    Array([ True,  True, False], dtype=bool)

    Source: ``torch.logical_or``.
    """
    fit("logical_or", input, other)
    return jnp.logical_or(_truth(input), _truth(other))


@op
def logical_xor(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether exactly one is true; a number is true if it is not 0.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.logical_xor(fg.tensor([True, True, False]), fg.tensor([True, False, False]))
    Array([False,  True, False], dtype=bool)

    Source: ``torch.logical_xor``.
    """
    fit("logical_xor", input, other)
    return jnp.logical_xor(_truth(input), _truth(other))


@op
def logical_not(input: ArrayLike) -> Array:
    """Whether the elements are false; a number is false if it is 0.

    Args:
        input: any shape.

    Returns:
        An array of booleans in the shape of `input`.

    >>> fg.logical_not(fg.tensor([True, False]))
    Array([False,  True], dtype=bool)

    Source: ``torch.logical_not``.
    """
    return jnp.logical_not(_truth(input))


@op(check=fits("where", "input", "other"))
def where(condition: ArrayLike, input: ArrayLike | None = None, other: ArrayLike | None = None) -> Array:
    """The elements of `input` where the condition holds, of `other` elsewhere.

    Args:
        condition: an array of booleans.
        input: an array or number that broadcasts with `condition`.
        other: an array or number that broadcasts with both.

    Returns:
        The array, in the common shape, and the common dtype of `input` and `other`. The derivative is that of the
        chosen element; of the other one it is 0, unless computing it gave NaN.

    Raises:
        DtypeError: `condition` is not boolean.
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        ArgumentTypeError: `input` and `other` are left out.

    >>> fg.where(fg.tensor([True, False]), fg.tensor([1.0, 2.0]), 0.0)
    Array([1., 0.], dtype=float32)

    Source: ``torch.where``.
    """
    if input is None or other is None:
        fail(
            ArgumentTypeError,
            "where",
            "condition, input and other are needed",
            "got fewer",
            "pass all three, or find where the condition holds with fg.nonzero(condition, as_tuple=True)",
        )
    if not jnp.issubdtype(jnp.result_type(condition), jnp.bool_):
        fail(
            DtypeError,
            "where",
            "condition must be boolean",
            f"got {jnp.result_type(condition)} of shape {jnp.shape(condition)}",
            "compare it, for example condition != 0",
        )
    fit("where", condition, input, other)
    return jnp.where(condition, input, other)
