"""The Airy function."""

from __future__ import annotations

import math

import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike
from ..arrays._pointwise import partials
from . import _tables
from ._series import chebyshev, real_function

__all__ = ["airy_ai"]

_LOW, _HIGH = -4.0, 1.0  # where the oscillating form and the decaying form take over


@op
def airy_ai(x: ArrayLike) -> Array:
    r"""The Airy function $Ai(x)$, the decaying solution of $y'' = x y$.

    Args:
        x: real, any shape.

    Returns:
        The array, in the shape of `x`; integers give float32. 0 at infinity, NaN at minus infinity.

    Raises:
        DtypeError: `x` is complex.

    >>> fg.round(fg.special.airy_ai(fg.tensor([-2.0, 0.0, 2.0])), decimals=4)
    Array([0.2274, 0.355 , 0.0349], dtype=float32)

    Source: ``torch.special.airy_ai``; the forms of DLMF 9.7, as Chebyshev series.
    """
    return real_function("airy_ai", _ai, x)


@partials(lambda out, x: _slope(x))
def _ai(x: Array) -> Array:
    left, middle, right = _parts(x)
    s, c = _phase(left)
    f = chebyshev(_tables.AIRY_LEFT_F, 1 / s**2, 0, 9 / 256)
    g = chebyshev(_tables.AIRY_LEFT_G, 1 / s**2, 0, 9 / 256) / s
    below = (f * jnp.cos(c) + g * jnp.sin(c)) / jnp.sqrt(math.pi * jnp.sqrt(left))
    t = _exponent(right)
    decay = chebyshev(_tables.AIRY_RIGHT, 1 / t, 0, 1.5) * jnp.exp(-t)
    above = decay / (2 * jnp.sqrt(math.pi * jnp.sqrt(right)))
    return jnp.where(x < _LOW, below, jnp.where(x > _HIGH, above, chebyshev(_tables.AIRY, middle, _LOW, _HIGH)))


@partials(lambda out, x: x * _ai(x))
def _slope(x: Array) -> Array:
    """The derivative of Ai."""
    left, middle, right = _parts(x)
    s, c = _phase(left)
    p = chebyshev(_tables.AIRY_SLOPE_LEFT_P, 1 / s**2, 0, 9 / 256)
    q = chebyshev(_tables.AIRY_SLOPE_LEFT_Q, 1 / s**2, 0, 9 / 256) / s
    below = (p * jnp.sin(c) - q * jnp.cos(c)) * jnp.sqrt(jnp.sqrt(left) / math.pi)
    t = _exponent(right)
    decay = chebyshev(_tables.AIRY_SLOPE_RIGHT, 1 / t, 0, 1.5) * jnp.exp(-t)
    above = -decay * jnp.sqrt(jnp.sqrt(right) / math.pi) / 2
    return jnp.where(x < _LOW, below, jnp.where(x > _HIGH, above, chebyshev(_tables.AIRY_SLOPE, middle, _LOW, _HIGH)))


def _parts(x: Array) -> tuple[Array, Array, Array]:
    """|x| on the left, x in the middle and on the right; elsewhere, where it is not used, a harmless number."""
    left = jnp.where(x < _LOW, -x, -_LOW)
    return left, jnp.clip(x, _LOW, _HIGH), jnp.where(x > _HIGH, x, _HIGH)


def _exponent(x: Array) -> Array:
    return 2 / 3 * x * jnp.sqrt(x)


def _phase(x: Array) -> tuple[Array, Array]:
    s = _exponent(x)
    return s, s - math.pi / 4
