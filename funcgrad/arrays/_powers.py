"""Powers of floating numbers: their derivatives, and the exponents that are products."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from .._types import Array
from . import _double
from ._pointwise import partials

__all__ = ["float_pow", "often", "pow_of_all", "power_of_2", "reciprocal_root"]


def often(power: Callable[[Array, Array], Array], x: Array, y: Array) -> Array:
    """``power(x, y)`` for one y of all elements, which is 2, 3 or 1/2 more often than all others."""
    kind = jnp.where(y == 2, 1, jnp.where(y == 3, 2, jnp.where(y == 0.5, 3, 0)))
    products = (power, lambda x, y: x * x, lambda x, y: x * x * x, lambda x, y: _root(x))
    return jax.lax.platform_dependent(
        x, y, cpu=lambda x, y: jax.lax.switch(kind, products, x, y), default=lambda x, y: power(x, y)
    )


def _root(x: Array) -> Array:
    """The square root as a power has it, of -0.0 and minus infinity too."""
    return jnp.where(x == -jnp.inf, jnp.inf, jnp.where(x == 0, 0, jnp.sqrt(x)))


def _by_exponent(out: Array, x: Array, y: Array) -> Array:
    return jnp.where(_held(x, y), 0, out * jnp.log(jnp.where(_held(x, y), 1, x)))


@partials(lambda out, x, y: jnp.where(y == 0, 0, y * pow_of_all(x, jnp.where(y == 0, 1, y - 1))), _by_exponent)
def pow_of_all(x: Array, y: Array) -> Array:
    return often(lambda x, y: _double.power(x, jnp.broadcast_to(y, x.shape)), x, y)


@partials(lambda out, x, y: jnp.where(y == 0, 0, y * float_pow(x, jnp.where(y == 0, 1, y - 1))), _by_exponent)
def float_pow(x: Array, y: Array) -> Array:
    """JAX's derivatives at x = 0 are NaN for y = 0 and for negative y; torch's are the limits."""
    power = _double.power(x, y)
    if not jnp.iscomplexobj(x):
        return power
    # XLA's power of 0 is NaN for every complex exponent but 0 and the positive numbers.
    at_zero = jnp.where(y.real > 0, 0, jnp.where(y.real < 0, jnp.inf + jnp.nan * 1j, power))
    return jnp.where(x != 0, power, at_zero).astype(x.dtype)


def _held(x: Array, y: Array) -> Array:
    return (x == 0) & (y.real >= 0)


def power_of_2(x: Array) -> Array:
    return _exp2(x) if _double.is_wide(x) else _pow_of_2(x)


@partials(lambda out, x: out * math.log(2))
def _exp2(x: Array) -> Array:
    return _double.exp2(x, _pow_of_2)


def _pow_of_2(x: Array) -> Array:
    return float_pow(jnp.full_like(x, 2), x)


def reciprocal_root(x: Array) -> Array:
    return _rsqrt(x) if _double.is_wide(x) else jax.lax.rsqrt(x)


@partials(lambda out, x: -0.5 * out / x)
def _rsqrt(x: Array) -> Array:
    return _double.rsqrt(x)
