"""Remainders of floating numbers, with their derivatives."""

from __future__ import annotations

import jax.numpy as jnp

from .._types import Array
from . import _double
from ._pointwise import partials

__all__ = ["float_remainder", "wide_fmod"]


@partials(lambda out, x, y: jnp.ones_like(out), lambda out, x, y: -jnp.floor_divide(x, y))
def float_remainder(x: Array, y: Array) -> Array:
    """JAX's derivative of an infinite remainder, which is NaN, by the divisor is infinite."""
    if not _double.is_wide(x):
        return jnp.remainder(x, y)
    rest = _double.rem(x, y)
    return jnp.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)


@partials(lambda out, x, y: jnp.ones(out.shape, bool), lambda out, x, y: -jnp.trunc(x / y))
def wide_fmod(x: Array, y: Array) -> Array:
    return _double.rem(x, y)
