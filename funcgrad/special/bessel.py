"""Bessel functions of the first and second kind."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike
from ..arrays._pointwise import partials
from ..arrays.trigonometry import _sinc
from . import _tables
from ._series import chebyshev, gaussian_nodes, real_function

__all__ = ["bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "spherical_bessel_j0"]

_NEAR = 5.0  # below, series in x**2; above, Hankel's integral
_ZEROS = (2.404825557695772768621632, 3.831705970207512315614436)  # the first positive ones of J0 and J1
# What a float64 cannot hold of each, and what a float32 cannot.
_REST = {"float64": (-1.1766916515e-16, -1.5269184090e-16), "float32": (1.0870590460e-7, -7.6850593153e-8)}


@op
def bessel_j0(input: ArrayLike) -> Array:
    """The Bessel function of the first kind and order 0.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32. NaN at infinity.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.bessel_j0(fg.tensor([0.0, 1.0, 10.0])), decimals=4)
    Array([ 1.    ,  0.7652, -0.2459], dtype=float32)

    Source: ``torch.special.bessel_j0``; DLMF 10.8 and 10.9.
    """
    return real_function("bessel_j0", _j0(0), input)


@op
def bessel_j1(input: ArrayLike) -> Array:
    """The Bessel function of the first kind and order 1.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32. NaN at infinity.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.bessel_j1(fg.tensor([0.0, 1.0, 10.0])), decimals=4)
    Array([0.    , 0.4401, 0.0435], dtype=float32)

    Source: ``torch.special.bessel_j1``; DLMF 10.8 and 10.9.
    """
    return real_function("bessel_j1", lambda x: -_j0(1)(x), input)


@op
def bessel_y0(input: ArrayLike) -> Array:
    """The Bessel function of the second kind and order 0: minus infinity at 0, NaN below.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32. NaN at infinity.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.bessel_y0(fg.tensor([0.0, 1.0, 10.0])), decimals=4)
    Array([  -inf, 0.0883, 0.0557], dtype=float32)

    Source: ``torch.special.bessel_y0``; DLMF 10.8 and 10.9.
    """
    return real_function("bessel_y0", _y0, input)


@op
def bessel_y1(input: ArrayLike) -> Array:
    """The Bessel function of the second kind and order 1: minus infinity at 0, NaN below.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32. NaN at infinity.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.bessel_y1(fg.tensor([0.0, 1.0, 10.0])), decimals=4)
    Array([   -inf, -0.7812,  0.249 ], dtype=float32)

    Source: ``torch.special.bessel_y1``; DLMF 10.8 and 10.9.
    """
    return real_function("bessel_y1", _y1, input)


@op
def spherical_bessel_j0(x: ArrayLike) -> Array:
    r"""The spherical Bessel function of order 0, $\sin(x) / x$, which is 1 at 0.

    Args:
        x: real, any shape.

    Returns:
        The array, in the shape of `x`; integers give float32.

    Raises:
        DtypeError: `x` is complex.

    >>> fg.round(fg.special.spherical_bessel_j0(fg.tensor([0.0, 1.0])), decimals=4)
    Array([1.    , 0.8415], dtype=float32)

    Source: ``torch.special.spherical_bessel_j0``.
    """

    def body(x: Array) -> Array:
        far = jnp.isinf(x)
        return jnp.where(far, 0, _sinc(jnp.where(far, 0, x)))

    return real_function("spherical_bessel_j0", body, x)


@functools.cache
def _j0(order: int) -> Callable[[Array], Array]:
    """The derivative of J0 of this order, for which -J1 is the first, with every further one exact near 0 as well."""

    @partials(lambda out, x: _j0(order + 1)(x))
    def derivative(x: Array) -> Array:
        near = jnp.abs(x) < _NEAR
        close, far = jnp.where(near, x, 0), jnp.where(near, _NEAR, jnp.abs(x))
        if order < 2:
            inner = -_near_j(1, close) if order else _near_j(0, close)
            outer = -_far(1, far)[0] * jnp.sign(x) if order else _far(0, far)[0]
            return jnp.where(near, inner, outer)
        return jnp.where(near, _mean_of_waves(order, close), _by_the_equation(order, jnp.where(near, _NEAR, x)))

    return derivative


def _near_j(order: int, x: Array) -> Array:
    """J0 or J1 for |x| < 5, with full relative precision also at its zero."""
    zero = jnp.asarray(_ZEROS[order], x.dtype)
    rest = _REST[x.dtype.name][order]
    size = jnp.abs(x)
    quotient = chebyshev((_tables.J0, _tables.J1)[order], x * x, 0, 25) * ((size - zero) - rest) * (size + zero)
    return quotient * x if order else quotient


def _mean_of_waves(order: int, x: Array) -> Array:
    """The derivative of J0 for |x| < 5 as the mean over a circle of the derivatives of cos(x cos(t)) (DLMF 10.9.1)."""
    count = 12
    cosines = [math.cos((j + 0.5) * math.pi / (2 * count)) for j in range(count)]
    wave = (jnp.cos, lambda t: -jnp.sin(t), lambda t: -jnp.cos(t), jnp.sin)[order % 4]
    return sum((c**order * wave(c * x) for c in cosines), jnp.zeros_like(x)) / count


def _by_the_equation(order: int, x: Array) -> Array:
    """The derivative of J0 away from 0, from the lower ones by Bessel's equation."""
    k = order - 2
    lower = [_j0(m)(x) for m in (k - 1, k, k + 1) if m >= 0]
    return -((k + 1) * lower[-1] + x * lower[-2] + (k * lower[0] if k else 0)) / x


def _far(order: int, x: Array) -> tuple[Array, Array]:
    """J and Y of order 0 or 1 for x >= 5, the parts of Hankel's integral for H = J + iY (DLMF 10.9.10, rotated).

    With u = v**2 it is the integral of exp(-v**2) (1 + iv**2 / 2x)**(-1/2), or of v**2 exp(-v**2) times the root.
    """
    p, q = jnp.zeros_like(x), jnp.zeros_like(x)
    for weight, square in gaussian_nodes(x.dtype, math.sqrt(_NEAR)):
        a = square / (2 * x)
        r = jnp.sqrt(1 + a * a)
        c = jnp.sqrt((r + 1) / 2)
        if order:
            p, q = p + 2 * weight * square * c, q + weight * square * a / c
        else:
            p, q = p + weight * c / r, q - weight * a / (2 * c * r)
    sine, cosine = jnp.sin(x), jnp.cos(x)
    across, along = (-(cosine + sine), sine - cosine) if order else (sine - cosine, cosine + sine)
    size = 1 / (math.pi * jnp.sqrt(x))
    return size * (p * along - q * across), size * (p * across + q * along)


def _y(order: int, x: Array) -> Array:
    """Y of order 0 or 1."""
    near = x < _NEAR
    close, far = jnp.where(near & (x > 0), x, 1), jnp.where(near | jnp.isnan(x), _NEAR, x)
    smooth = chebyshev((_tables.Y0, _tables.Y1)[order], close * close, 0, 25)
    log = jnp.log(close)
    if order:
        inner = smooth * close + 2 / math.pi * (log * _near_j(1, close) - 1 / close)
    else:
        inner = smooth + 2 / math.pi * log * _near_j(0, close)
    positive = jnp.where(near, inner, _far(order, far)[1])
    return jnp.where(x > 0, positive, jnp.where(x == 0, -jnp.inf, jnp.nan))


@partials(lambda out, x: -_y1(x))
def _y0(x: Array) -> Array:
    return _y(0, x)


@partials(lambda out, x: jnp.where(x == 0, jnp.inf, _y0(x) - out / jnp.where(x == 0, 1, x)))
def _y1(x: Array) -> Array:
    return _y(1, x)
