"""Stacks of small matrices, which XLA multiplies one by one on a CPU, written out as sums of outer products.

Measured on 10,000 pairs of 4 × 4 matrices (jax 0.10.2 and 0.12.0, two cores): tens of times as fast as `jnp.matmul`,
and so is the gradient, whose products are written out as well (`benchmarks/stacks.py`). From sizes of 8 on XLA's own is
as fast, and below 4 it is fast already.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from .._sizes import known_at_least
from .._types import Array, ArrayLike

__all__ = ["matmul"]

_SIZES = range(2, 8)
_MANY = 64


def matmul(left: ArrayLike, right: ArrayLike) -> Array:
    """`jnp.matmul`, by the faster of two formulations for these shapes on this backend."""
    a, b = jnp.shape(left), jnp.shape(right)
    dtype = jnp.result_type(left)
    written_out = (
        len(a) > 2
        and len(b) > 2
        and a[:-2] == b[:-2]
        and known_at_least(math.prod(a[:-2]), _MANY)
        and all(size in _SIZES for size in (*a[-2:], b[-1]))
        and max(*a[-2:], b[-1]) > 3
        and dtype == jnp.result_type(right)
        and dtype in (jnp.float32, jnp.float64)
        and jax.default_backend() == "cpu"
    )
    return _product(jnp.asarray(left), jnp.asarray(right)) if written_out else jnp.matmul(left, right)


@jax.custom_jvp
def _product(a: Array, b: Array) -> Array:
    total = a[..., :, :1] * b[..., :1, :]
    for k in range(1, a.shape[-1]):
        total = total + a[..., :, k : k + 1] * b[..., k : k + 1, :]
    return total


@_product.defjvp
def _product_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (a, b), (da, db) = primals, tangents
    c = _product(a, b)
    of_left = _linear(lambda x: _product(x, b), lambda y: _product(y, jnp.swapaxes(b, -1, -2)), da, c)
    of_right = _linear(lambda x: _product(a, x), lambda y: _product(jnp.swapaxes(a, -1, -2), y), db, c)
    return c, of_left + of_right


def _linear(forward: Callable[[Array], Array], backward: Callable[[Array], Array], x: Array, like: Array) -> Array:
    """``forward(x)``, linear in x, whose transpose is `backward`: that of the slices above would be slow.

    JAX takes a transpose that is given only of a linear system, and [x, y] with y - forward(x) = 0 is one.
    """
    stack, n = x.shape[:-2], x.shape[-2] * x.shape[-1]

    def cut(z: Array) -> tuple[Array, Array]:
        return z[..., :n].reshape(x.shape), z[..., n:].reshape(like.shape)

    def join(x: Array, y: Array) -> Array:
        return jnp.concatenate([x.reshape(*stack, n), y.reshape(*stack, -1)], axis=-1)

    def system(z: Array) -> Array:
        x, y = cut(z)
        return join(x, y - forward(x))

    def solve(_: object, z: Array) -> Array:
        x, y = cut(z)
        return join(x, y + forward(x))

    def transposed(_: object, z: Array) -> Array:
        x, y = cut(z)
        return join(x + backward(y), y)

    right = jnp.pad(x.reshape(*stack, n), [(0, 0)] * len(stack) + [(0, like.shape[-2] * like.shape[-1])])
    return cut(jax.lax.custom_linear_solve(system, right, solve, transposed))[1]
