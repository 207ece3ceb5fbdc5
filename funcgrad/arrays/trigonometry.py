"""Angles, circular and hyperbolic functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike
from . import _double
from ._pointwise import as_float, in_single, partials, promoted

__all__ = [
    "sin",
    "cos",
    "tan",
    "asin",
    "arcsin",
    "acos",
    "arccos",
    "atan",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "arcsinh",
    "acosh",
    "arccosh",
    "atanh",
    "arctanh",
    "atan2",
    "arctan2",
    "deg2rad",
    "rad2deg",
    "sinc",
]


_Function: TypeAlias = Callable[[ArrayLike], Array]


def _either(wide: Callable[[Array], Array], plain: _Function) -> _Function:
    """`wide` of large arrays, and `plain` of all others: two formulations of one function."""

    def function(input: ArrayLike) -> Array:
        x = as_float(input)
        return wide(x) if _double.is_wide(x) else plain(input)

    return function


_sin: _Function = _either(partials(lambda out, x: _cos(x))(_double.sin), jnp.sin)
_cos: _Function = _either(partials(lambda out, x: -_sin(x))(_double.cos), jnp.cos)
_tan: _Function = _either(partials(lambda out, x: 1 + out * out)(_double.tan), jnp.tan)
_asin: _Function = _either(partials(lambda out, x: 1 / jnp.sqrt((1 - x) * (1 + x)))(_double.asin), jnp.arcsin)
_acos: _Function = _either(partials(lambda out, x: -1 / jnp.sqrt((1 - x) * (1 + x)))(_double.acos), jnp.arccos)
_sinh: _Function = _either(partials(lambda out, x: _cosh(x))(_double.sinh), jnp.sinh)
_cosh: _Function = _either(partials(lambda out, x: _sinh(x))(_double.cosh), jnp.cosh)
_atan: _Function = _either(partials(lambda out, x: 1 / (1 + x * x))(_double.atan), jnp.arctan)


@op
def sin(input: ArrayLike) -> Array:
    """The sine of an angle in radians.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.sin(fg.tensor([0.0, 1.0]))
    Array([0.        , 0.84147096], dtype=float32)

    Source: ``torch.sin``.
    """
    return _sin(input)


@op
def cos(input: ArrayLike) -> Array:
    """The cosine of an angle in radians.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.cos(fg.tensor([0.0, 1.0]))
    Array([1.       , 0.5403023], dtype=float32)

    Source: ``torch.cos``.
    """
    return _cos(input)


@op
def tan(input: ArrayLike) -> Array:
    """The tangent of an angle in radians.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.tan(fg.tensor([0.0, 1.0]))
    Array([0.       , 1.5574077], dtype=float32)

    Source: ``torch.tan``.
    """
    return _tan(input)


@op
@in_single
def asin(input: ArrayLike) -> Array:
    r"""The angle in $[-\pi/2, \pi/2]$ with that sine; NaN for a real number outside [-1, 1].

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.asin(fg.tensor([0.0, 1.0]))
    Array([0.       , 1.5707964], dtype=float32)

    Source: ``torch.asin``.
    """
    return _asin(input)


arcsin = asin


@op
@in_single
def acos(input: ArrayLike) -> Array:
    r"""The angle in $[0, \pi]$ with that cosine; NaN for a real number outside [-1, 1].

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.acos(fg.tensor([0.0, 1.0]))
    Array([1.5707964, 0.       ], dtype=float32)

    Source: ``torch.acos``.
    """
    return _acos(input)


arccos = acos


@op
def atan(input: ArrayLike) -> Array:
    r"""The angle in $(-\pi/2, \pi/2)$ with that tangent.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.round(fg.atan(fg.tensor([0.0, 1.0])), decimals=5)
    Array([0.    , 0.7854], dtype=float32)

    Source: ``torch.atan``.
    """
    return _atan(input)


arctan = atan


@op
def sinh(input: ArrayLike) -> Array:
    """The hyperbolic sine, $(e^x - e^{-x}) / 2$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.sinh(fg.tensor([0.0, 1.0]))
    Array([0.       , 1.1752012], dtype=float32)

    Source: ``torch.sinh``.
    """
    return _sinh(input)


@op
def cosh(input: ArrayLike) -> Array:
    """The hyperbolic cosine, $(e^x + e^{-x}) / 2$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.cosh(fg.tensor([0.0, 1.0]))
    Array([1.       , 1.5430806], dtype=float32)

    Source: ``torch.cosh``.
    """
    return _cosh(input)


@op
def tanh(input: ArrayLike) -> Array:
    """The hyperbolic tangent, $(e^x - e^{-x}) / (e^x + e^{-x})$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.tanh(fg.tensor([0.0, 1.0]))
    Array([0.       , 0.7615942], dtype=float32)

    Source: ``torch.tanh``.
    """
    return jnp.tanh(input)


@op
@in_single
def asinh(input: ArrayLike) -> Array:
    """The number with that hyperbolic sine.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.asinh(fg.tensor([0.0, 1.0]))
    Array([0.        , 0.88137364], dtype=float32)

    Source: ``torch.asinh``.
    """
    return jnp.arcsinh(input)


arcsinh = asinh


@op
@in_single
def acosh(input: ArrayLike) -> Array:
    """The number, not negative, with that hyperbolic cosine; NaN for a real number below 1.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.acosh(fg.tensor([1.0, 2.0]))
    Array([0.      , 1.316958], dtype=float32)

    Source: ``torch.acosh``.
    """
    return jnp.arccosh(input)


arccosh = acosh


@op
@in_single
def atanh(input: ArrayLike) -> Array:
    """The number with that hyperbolic tangent; NaN for a real number outside [-1, 1].

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.atanh(fg.tensor([0.0, 0.5]))
    Array([0.        , 0.54930615], dtype=float32)

    Source: ``torch.atanh``.
    """
    return jnp.arctanh(input)


arctanh = atanh


@op
def atan2(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The angle in $[-\pi, \pi]$ of the point with ordinate `input` and abscissa `other`.

    Args:
        input: the ordinate, y.
        other: the abscissa, x; broadcasts with `input`.

    Returns:
        The array, in the common shape; integers give float32. At (0, 0) and at infinity both derivatives are 0.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.atan2(fg.tensor([1.0, -1.0]), fg.tensor([1.0, -1.0]))
    Array([ 0.7853982, -2.3561945], dtype=float32)

    Source: ``torch.atan2``.
    """
    return _atan2(*promoted("atan2", input, other, real=True))


arctan2 = atan2


def _inverse_square_law(along: Array, y: Array, x: Array) -> Array:
    """``along / (x**2 + y**2)``, without overflow, and 0 at the origin and at infinity."""
    # The value does not depend on the scale, so neither does any derivative.
    scale = jax.lax.stop_gradient(jnp.maximum(jnp.abs(x), jnp.abs(y)))
    end = (scale == 0) | jnp.isinf(scale)
    scale, along, x, y = (jnp.where(end, at_end, v) for at_end, v in ((1, scale), (0, along), (1, x), (0, y)))
    # Not along / scale / squares / scale: XLA would multiply the divisors first, and they underflow.
    return along / scale * (1 / (((x / scale) ** 2 + (y / scale) ** 2) * scale))


@partials(lambda out, y, x: _inverse_square_law(x, y, x), lambda out, y, x: _inverse_square_law(-y, y, x))
def _atan2(y: Array, x: Array) -> Array:
    return _double.atan2(y, x)


@op
def deg2rad(input: ArrayLike) -> Array:
    """Degrees to radians.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.deg2rad(fg.tensor([90.0, 180.0]))
    Array([1.5707964, 3.1415927], dtype=float32)

    Source: ``torch.deg2rad``.
    """
    return jnp.deg2rad(input)


@op
def rad2deg(input: ArrayLike) -> Array:
    """Radians to degrees.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.rad2deg(fg.tensor([1.0, -2.0]))
    Array([  57.29578, -114.59156], dtype=float32)

    Source: ``torch.rad2deg``.
    """
    return jnp.rad2deg(input)


@op
def sinc(input: ArrayLike) -> Array:
    r"""The normalised $\sin(\pi x) / (\pi x)$, which is 1 at 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.sinc(fg.tensor([0.0, 0.5, 1.0]))
    Array([ 1.0000000e+00,  6.3661975e-01, -2.7827534e-08], dtype=float32)

    Source: ``torch.sinc``.
    """
    x = as_float(input)
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))  # in half precision the zeros of the sine would be lost
    return _sinc(jnp.pi * wide).astype(x.dtype)


@partials(lambda out, x: _sinc_slope(x))
def _sinc(x: Array) -> Array:
    """sin(x) / x."""
    return jnp.where(x == 0, 1, _sin(x) / jnp.where(x == 0, 1, x))


def _sinc_slope(x: Array) -> Array:
    """(cos(x) - sinc(x)) / x; near 0, where that cancels, the Taylor series."""
    near = jnp.abs(x) < 1
    far = jnp.where(near, 1, x)
    close = jnp.where(near, x, 0)
    series = jnp.zeros_like(close)
    for k in range(10, 0, -1):  # the next term is below the spacing of float64
        series = series * close**2 + (-1) ** k * 2 * k / math.factorial(2 * k + 1)
    return jnp.where(near, series * close, (_cos(far) - _sinc(far)) / far)
