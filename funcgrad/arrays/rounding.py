"""Rounding, clamping, and the larger or smaller of two."""

from __future__ import annotations

import builtins
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import fail
from .._errors import ArgumentError, DtypeError
from .._op import op
from .._types import Array, ArrayLike
from ._pointwise import fit, fits, larger, partials, smaller

__all__ = [
    "floor",
    "ceil",
    "trunc",
    "fix",
    "frac",
    "round",
    "clamp",
    "clip",
    "clamp_min",
    "clamp_max",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "nan_to_num",
]


@op
def floor(input: ArrayLike) -> Array:
    """The greatest integer that is not above; the derivative is 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.floor(fg.tensor([-1.5, 1.5]))
    Array([-2.,  1.], dtype=float32)

    Source: ``torch.floor``.
    """
    fit("floor", input, real=True)
    return jnp.floor(input)


@op
def ceil(input: ArrayLike) -> Array:
    """The least integer that is not below; the derivative is 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.ceil(fg.tensor([-1.5, 1.5]))
    Array([-1.,  2.], dtype=float32)

    Source: ``torch.ceil``.
    """
    fit("ceil", input, real=True)
    return jnp.ceil(input)


@op
def trunc(input: ArrayLike) -> Array:
    """The integer part, rounded towards 0; the derivative is 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.trunc(fg.tensor([-1.5, 1.5]))
    Array([-1.,  1.], dtype=float32)

    Source: ``torch.trunc``.
    """
    fit("trunc", input, real=True)
    return jnp.trunc(input)


fix = trunc


@op
def frac(input: ArrayLike) -> Array:
    """The fraction $x - trunc(x)$, with the sign of $x$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.frac(fg.tensor([-1.5, 1.25]))
    Array([-0.5 ,  0.25], dtype=float32)

    Source: ``torch.frac``.
    """
    fit("frac", input, real=True)
    return jnp.subtract(input, jnp.trunc(input))


@op
def round(input: ArrayLike, *, decimals: int = 0) -> Array:
    """The nearest number with so many decimals, halves to the even one; the derivative is 0.

    Args:
        input: any shape.
        decimals: how many digits to keep behind the point; negative to round before it.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is complex, or of integers that are to be rounded before the point.

    >>> fg.round(fg.tensor([0.5, 1.5, 2.5]))
    Array([0., 2., 2.], dtype=float32)
    >>> fg.round(fg.tensor(3.14159), decimals=2)
    Array(3.14, dtype=float32)

    Source: ``torch.round``.
    """
    fit("round", input, real=True)
    if decimals < 0 and not jnp.issubdtype(jnp.result_type(input), jnp.floating):
        fail(
            DtypeError,
            "round",
            "input must be floating point to be rounded before the point",
            f"got {jnp.result_type(input)} and decimals={decimals}",
            "convert it with fg.to(x, 'float')",
        )
    if not decimals or not jnp.issubdtype(jnp.result_type(input), jnp.floating):
        return jnp.round(input)
    return _round_decimals(jnp.asarray(input), decimals)


def _round_decimals(x: Array, decimals: int) -> Array:
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    # XLA would turn division by a constant into multiplication, and 3.178 into 3.1780002; so let it seem to vary.
    factor = jnp.where(jnp.isnan(wide), 1, jnp.asarray(10.0 ** builtins.abs(decimals), wide.dtype))
    if decimals < 0:
        return (jnp.round(wide / factor) * factor).astype(x.dtype)
    whole = jnp.abs(wide) >= 2.0 ** jnp.finfo(wide.dtype).nmant  # also where the product would overflow
    return jnp.where(whole, jax.lax.stop_gradient(wide), jnp.round(wide * factor) / factor).astype(x.dtype)


@op(check=fits("clamp", "input", "min", "max"))
def clamp(input: ArrayLike, min: ArrayLike | None = None, max: ArrayLike | None = None) -> Array:
    r"""The nearest number in an interval, $\min(\max(x, min), max)$; the derivative at the bounds is 1.

    Args:
        input: any shape.
        min: the lower bound, a number or an array that broadcasts with `input`.
        max: the upper bound, likewise; it decides where `min` is above it.

    Returns:
        The array, in the common shape and dtype; NaN where an argument is NaN.

    Raises:
        ArgumentError: there is no bound.
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.clamp(fg.tensor([-2.0, 0.5, 2.0]), 0, 1)
    Array([0. , 0.5, 1. ], dtype=float32)

    Source: ``torch.clamp``.
    """
    if min is None and max is None:
        fail(ArgumentError, "clamp", "there must be a bound", "got neither min nor max", "pass min=, max= or both")
    if max is None:
        return _at_least(*_common("clamp", input, min))
    if min is None:
        return _at_most(*_common("clamp", input, max))
    return _between(*_common("clamp", input, min, max))


clip = clamp


def _common(name: str, *operands: Any) -> list[Array]:
    """`operands` in one dtype and one shape."""
    fit(name, *operands, real=True)
    dtype = jnp.result_type(*operands)
    return jnp.broadcast_arrays(*(jnp.asarray(operand, dtype) for operand in operands))


@partials(
    lambda out, x, low, high: (low <= x) & (x <= high),
    lambda out, x, low, high: (x < low) & (low < high),
    lambda out, x, low, high: (x > high) | (low > high),
)
def _between(x: Array, low: Array, high: Array) -> Array:
    return jnp.minimum(jnp.maximum(x, low), high)


@partials(lambda out, x, low: x >= low, lambda out, x, low: x < low)
def _at_least(x: Array, low: Array) -> Array:
    return jnp.maximum(x, low)


@partials(lambda out, x, high: x <= high, lambda out, x, high: x > high)
def _at_most(x: Array, high: Array) -> Array:
    return jnp.minimum(x, high)


@op(check=fits("clamp_min", "input", "min"))
def clamp_min(input: ArrayLike, min: ArrayLike) -> Array:
    """The larger of `input` and a lower bound; the derivative at the bound is 1.

    Args:
        input: any shape.
        min: a number or an array that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; NaN where an argument is NaN.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.clamp_min(fg.tensor([-2.0, 2.0]), 0)
    Array([0., 2.], dtype=float32)

    Source: ``torch.clamp_min``.
    """
    return _at_least(*_common("clamp_min", input, min))


@op(check=fits("clamp_max", "input", "max"))
def clamp_max(input: ArrayLike, max: ArrayLike) -> Array:
    """The smaller of `input` and an upper bound; the derivative at the bound is 1.

    Args:
        input: any shape.
        max: a number or an array that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; NaN where an argument is NaN.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.clamp_max(fg.tensor([-2.0, 2.0]), 0)
    Array([-2.,  0.], dtype=float32)

    Source: ``torch.clamp_max``.
    """
    return _at_most(*_common("clamp_max", input, max))


@op(check=fits("maximum", "input", "other"))
def maximum(input: ArrayLike, other: ArrayLike) -> Array:
    """The larger of two; at a tie each has half of the derivative.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; NaN where an operand is NaN.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.maximum(fg.tensor([1.0, 4.0]), fg.tensor([3.0, 2.0]))
    Array([3., 4.], dtype=float32)

    Source: ``torch.maximum``.
    """
    return larger("maximum", input, other)


@op(check=fits("minimum", "input", "other"))
def minimum(input: ArrayLike, other: ArrayLike) -> Array:
    """The smaller of two; at a tie each has half of the derivative.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; NaN where an operand is NaN.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.minimum(fg.tensor([1.0, 4.0]), fg.tensor([3.0, 2.0]))
    Array([1., 2.], dtype=float32)

    Source: ``torch.minimum``.
    """
    return smaller("minimum", input, other)


@op(check=fits("fmax", "input", "other"))
def fmax(input: ArrayLike, other: ArrayLike) -> Array:
    """The larger of two, where NaN yields to a number; at a tie `input` has the derivative.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; NaN where both operands are NaN.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.fmax(fg.tensor([1.0, 4.0]), fg.tensor([3.0, np.nan]))
    Array([3., 4.], dtype=float32)

    Source: ``torch.fmax``.
    """
    x, y = _common("fmax", input, other)
    return jnp.where((x >= y) | jnp.isnan(y), x, y)


@op(check=fits("fmin", "input", "other"))
def fmin(input: ArrayLike, other: ArrayLike) -> Array:
    """The smaller of two, where NaN yields to a number; at a tie `input` has the derivative.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; NaN where both operands are NaN.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.fmin(fg.tensor([1.0, 4.0]), fg.tensor([3.0, np.nan]))
    Array([1., 4.], dtype=float32)

    Source: ``torch.fmin``.
    """
    x, y = _common("fmin", input, other)
    return jnp.where((x <= y) | jnp.isnan(y), x, y)


@op
def nan_to_num(
    input: ArrayLike, nan: ArrayLike = 0.0, posinf: ArrayLike | None = None, neginf: ArrayLike | None = None
) -> Array:
    """NaN and infinities replaced by numbers; the derivative there is 0.

    Args:
        input: any shape.
        nan: what NaN becomes.
        posinf: what infinity becomes; by default the largest number of the dtype.
        neginf: what minus infinity becomes; by default the most negative one.

    Returns:
        The array, in the shape and dtype of `input`.

    >>> fg.nan_to_num(fg.tensor([np.nan, 1.0, np.inf]), posinf=9.0)
    Array([0., 1., 9.], dtype=float32)

    Source: ``torch.nan_to_num``.
    """
    return jnp.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)
