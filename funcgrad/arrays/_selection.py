"""What the words that reduce, pick or sort share: axes, 0-d arrays, emptiness, and gradients of what was picked."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import ENABLE_X64, canonical_dim, default_int, fail, require_real, resolve_dtype, x64_enabled
from .._errors import ConversionError, EmptyError
from .._types import Array, ArrayLike, Dims, DtypeLike

__all__ = [
    "axes",
    "evenly",
    "integers_fit",
    "one_dim",
    "pick",
    "require_some",
    "sorted_with_indices",
    "value_at",
    "widened",
]


def axes(x: Array, dim: Dims | None) -> tuple[int, ...]:
    """The axes that a checked `dim` names: all for None and (), none of a 0-d array, which counts as having one."""
    if dim is None or dim == ():
        return tuple(range(x.ndim))
    if x.ndim == 0:
        return ()
    return (dim,) if isinstance(dim, int) else tuple(dim)


def one_dim(name: str, input: ArrayLike, dim: Any, ordered: bool = True) -> tuple[Array, int]:
    """`input` with at least one dimension, and the single one along which a word works."""
    x = jnp.asarray(input)
    if ordered:
        require_real(name, x)
    return jnp.atleast_1d(x), canonical_dim(name, dim, x.ndim)


def require_some(name: str, x: Array, over: tuple[int, ...]) -> None:
    """Raise where nothing is left to choose from along the axes `over`."""
    if math.prod(x.shape[axis] for axis in over) == 0:
        where = "" if len(over) == x.ndim else f" along dim {', '.join(map(str, over))}"
        fail(
            EmptyError,
            name,
            f"there must be an element to choose{where}",
            f"got {x.dtype} of shape {x.shape}",
            "handle the empty case before the call",
        )


def widened(name: str, input: ArrayLike, dtype: DtypeLike | None) -> Array:
    """What a sum starts from: `input` in `dtype`, or booleans and narrow integers in the default int."""
    x = jnp.asarray(input)
    if dtype is not None:
        return x.astype(resolve_dtype(name, dtype))
    counts = x.dtype == bool or jnp.issubdtype(x.dtype, jnp.integer)
    return x.astype(default_int()) if counts and x.dtype.itemsize < default_int().itemsize else x


def integers_fit(name: str, reduce: Any, input: Any, dim: Any, dtype: Any) -> None:
    """Raise ConversionError where `reduce`, a NumPy function, of concrete integers leaves the default int.

    torch accumulates in 64 bits. Without 64-bit mode XLA would wrap, so that 13! came out as 1932053504.
    """
    if dtype is not None or x64_enabled() or not isinstance(input, jax.Array) or not input.is_fully_addressable:
        return
    if not jnp.issubdtype(input.dtype, jnp.integer) or input.size == 0:
        return
    limits = np.iinfo(np.uint32 if input.dtype == jnp.uint32 else np.int32)
    if "prod" not in reduce.__name__ and np.iinfo(input.dtype).max * input.size <= limits.max:
        return
    over = dim if input.ndim and dim != () else None  # a 0-d array is its own sum along its one dimension
    exact = np.asarray(reduce(np.asarray(input), axis=over, dtype=np.float64))
    outside = (exact < limits.min) | (exact > limits.max)
    if outside.any():
        fail(
            ConversionError,
            name,
            f"every result must fit in int{limits.bits}" if limits.min else "every result must fit in uint32",
            f"got {exact[outside].flat[0]:.10g}",
            f"pass dtype='float', or run {ENABLE_X64} first",
        )


def pick(x: Array, indices: Array, dim: int) -> Array:
    """The elements of `x` at `indices` along `dim`, which are known to be in range."""
    return jnp.take_along_axis(x, indices, dim, mode="promise_in_bounds")


def sorted_with_indices(x: Array, dim: int, descending: bool = False) -> tuple[Array, Array]:
    """`x` sorted along `dim`, and where each element came from. Equal elements keep their order; NaN is largest."""
    indices = jax.lax.broadcasted_iota(default_int(), x.shape, dim)
    if not descending:
        values, order = jax.lax.sort((x, indices), dimension=dim, is_stable=True, num_keys=1)
        return values, order
    # Turned round twice, so that equal elements keep their order here too.
    flipped = (jnp.flip(x, dim), jnp.flip(indices, dim))
    values, order = jax.lax.sort(flipped, dimension=dim, is_stable=True, num_keys=1)
    return jnp.flip(values, dim), jnp.flip(order, dim)


@functools.partial(jax.custom_jvp, nondiff_argnums=(3,))
def value_at(x: Array, value: Array, indices: Array, dim: int) -> Array:
    """`value`, which is ``pick(x, indices, dim)`` found by a faster way; its derivative is that of the pick.

    Where only the value is used, a compiled program does not compute `indices` at all.
    """
    return value


@value_at.defjvp
def _value_at_jvp(dim: int, primals: Any, tangents: Any) -> tuple[Array, Array]:
    _, value, indices = primals
    return value, pick(tangents[0], indices, dim)


@jax.custom_jvp
def evenly(x: Array, value: Array) -> Array:
    """`value`, a 0-d element of `x`; its derivative is shared evenly by all elements equal to it."""
    return value


@evenly.defjvp
def _evenly_jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
    x, value = primals
    equal = (x == value) | ((x != x) & (value != value))
    total = jnp.sum(jnp.where(equal, tangents[0], 0))
    return value, total / jnp.sum(equal).astype(x.dtype)
