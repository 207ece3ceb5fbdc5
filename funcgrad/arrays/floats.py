"""Floating point numbers taken apart: mantissa, exponent, neighbour; and powers that are always fractions."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .._checks import default_float, require_float
from .._op import op
from .._types import Array, ArrayLike
from ._pointwise import as_float, fit, partials, promoted
from .elementary import exp2, pow

__all__ = ["FrexpResult", "float_power", "frexp", "ldexp", "nextafter"]


class FrexpResult(NamedTuple):
    """What ``frexp`` returns."""

    mantissa: Array
    exponent: Array


@op
def frexp(input: ArrayLike) -> FrexpResult:
    r"""Mantissa and exponent, $x = m \, 2^e$ with $1/2 \le |m| < 1$.

    Args:
        input: real floating point, any shape.

    Returns:
        ``FrexpResult(mantissa, exponent)`` in the shape of `input`, the exponent int32. It is 0 for 0, infinity and
        NaN, which are their own mantissa. The mantissa has the derivative $2^{-e}$.

    Raises:
        DtypeError: `input` is not of real floating point numbers.

    >>> fg.frexp(fg.tensor([1.0, -6.0])).mantissa
    Array([ 0.5 , -0.75], dtype=float32)

    Source: ``torch.frexp``.
    """
    require_float("frexp", input, complex_ok=False)
    x = jnp.asarray(input)
    mantissa, exponent = _frexp(jax.lax.stop_gradient(x).astype(jnp.promote_types(x.dtype, jnp.float32)))
    return FrexpResult(_mantissa(x, mantissa.astype(x.dtype), exponent), exponent)


def _frexp(x: Array) -> tuple[Array, Array]:
    """Of float32 or float64. XLA takes subnormal numbers for 0: of those the bits are read, as a whole number."""
    limits = jnp.finfo(x.dtype)
    bits = jax.lax.bitcast_convert_type(x, jnp.uint64 if x.dtype == jnp.float64 else jnp.uint32)
    fraction = bits & ((1 << limits.nmant) - 1)
    subnormal = (fraction != 0) & ((bits >> limits.nmant) & ((1 << limits.nexp) - 1) == 0)
    size = jnp.where(subnormal, jnp.copysign(fraction.astype(x.dtype), x), x)
    mantissa, exponent = jnp.frexp(size)
    exponent = exponent + jnp.where(subnormal, limits.minexp - limits.nmant, 0)
    some = jnp.isfinite(size) & (size != 0)
    return jnp.where(some, mantissa, x), jnp.where(some, exponent, 0).astype(jnp.int32)


@partials(
    lambda out, x, mantissa, exponent: exp2(-exponent.astype(x.dtype)),
    lambda out, x, mantissa, exponent: jnp.zeros_like(x),
    lambda out, x, mantissa, exponent: jnp.zeros_like(x),
)
def _mantissa(x: Array, mantissa: Array, exponent: Array) -> Array:
    return mantissa


@op
def ldexp(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The product $x \, 2^{y}$, exact for whole $y$ where the result is not too large or too small.

    Args:
        input: $x$, an array or number.
        other: $y$, an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; integers give float32.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.ldexp(fg.tensor([1.0, 3.0]), fg.tensor([4, -1]))
    Array([16. ,  1.5], dtype=float32)

    Source: ``torch.ldexp``.
    """
    x, y = promoted("ldexp", input, other)
    wide = jnp.promote_types(x.dtype, jnp.float32)
    if jnp.iscomplexobj(x):
        return x * pow(jnp.full_like(y, 2), y)
    # In two steps, because 2**y alone may be out of range.
    half = jax.lax.stop_gradient(jnp.where(jnp.isfinite(y), jnp.trunc(y.astype(wide) / 2), 0))
    return (x.astype(wide) * exp2(half) * exp2(y.astype(wide) - half)).astype(x.dtype)


@op
def nextafter(input: ArrayLike, other: ArrayLike) -> Array:
    """The next floating point number after `input` on the way to `other`.

    Args:
        input: real, an array or number.
        other: real, an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; integers give float32. The derivative by `input` is 1, or 0
        where they are equal; that by `other` is 0.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: an operand is complex.

    >>> fg.nextafter(fg.tensor(1.0), fg.tensor(2.0)) - 1
    Array(1.1920929e-07, dtype=float32)

    Source: ``torch.nextafter``.
    """
    return _nextafter(*promoted("nextafter", input, other, real=True))


@partials(lambda out, x, y: x != y, lambda out, x, y: jnp.zeros_like(y))
def _nextafter(x: Array, y: Array) -> Array:
    return jnp.nextafter(x, y)


@op
def float_power(input: ArrayLike, exponent: ArrayLike) -> Array:
    """The power of `input` in the widest floating (or complex) dtype, so that integers may have negative exponents.

    Args:
        input: an array or number.
        exponent: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape: float32, or float64 in 64-bit mode; complex where an operand is.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.float_power(fg.tensor([2, 4]), -1)
    Array([0.5 , 0.25], dtype=float32)

    Source: ``torch.float_power``.
    """
    fit("float_power", input, exponent)
    dtype = jnp.result_type(default_float(), *(as_float(operand).dtype for operand in (input, exponent)))
    return pow(jnp.asarray(input, dtype), jnp.asarray(exponent, dtype))
