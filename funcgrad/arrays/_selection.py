"""What the words that reduce, pick or sort share: axes, 0-d arrays, emptiness, and gradients of what was picked."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import ENABLE_X64, canonical_dim, default_int, fail, require_real, resolve_dtype, x64_enabled
from .._claims import claim, visible
from .._errors import ConversionError, DtypeError, EmptyError
from .._types import Array, ArrayLike, Dims, DtypeLike
from ._order import is_large, sorted_places, sorted_values
from ._pointwise import is_exact

__all__ = [
    "axes",
    "evenly",
    "in_order",
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
        wanted = resolve_dtype(name, dtype)
        if jnp.issubdtype(x.dtype, jnp.complexfloating) and not jnp.issubdtype(wanted, jnp.complexfloating):
            fail(
                DtypeError,
                name,
                "complex numbers are not cut to real ones",
                f"got {x.dtype} and dtype={wanted.name}",
                "take fg.real(x) first",
            )
        return x.astype(wanted)
    counts = x.dtype == bool or jnp.issubdtype(x.dtype, jnp.integer)
    return x.astype(default_int()) if counts and x.dtype.itemsize < default_int().itemsize else x


def integers_fit(name: str, reduce: Any, input: Any, dim: Any, dtype: Any) -> None:
    """Raise ConversionError where `reduce`, a NumPy function, of concrete integers leaves the default int.

    torch accumulates in 64 bits. Without 64-bit mode XLA would wrap, so that 13! came out as 1932053504.
    """
    if dtype is not None or not is_exact(input):  # most calls end here
        return
    if x64_enabled() or not isinstance(input, jax.Array) or input.size == 0 or input.dtype == bool:
        return
    limits = np.iinfo(np.uint32 if input.dtype == jnp.uint32 else np.int32)
    if "prod" not in reduce.__name__ and jnp.iinfo(input.dtype).max * input.size <= limits.max:
        return
    x = visible(input)
    if x is None:
        return
    over = dim if input.ndim and dim != () else None  # a 0-d array is its own sum along its one dimension
    holds: Any
    if isinstance(x, jax.core.Tracer):
        # What wrapped is off by a multiple of 2**32, which a sum in float32 tells, inexact as it is.
        traced = getattr(jnp, reduce.__name__)
        wrapped = traced(x, axis=over, dtype=limits.dtype)
        rough = traced(x, axis=over, dtype=jnp.float32)
        holds = jnp.abs(rough - wrapped) < 2.0**31
    else:
        wrapped = rough = np.asarray(reduce(x, axis=over, dtype=np.float64))
        holds = (rough >= limits.min) & (rough <= limits.max)
    claim(
        ConversionError,
        name,
        f"every result must fit in int{limits.bits}" if limits.min else "every result must fit in uint32",
        _overflowed,
        f"pass dtype='float', or run {ENABLE_X64} first",
        holds,
        rough=rough,
        wrapped=wrapped,
    )


def _overflowed(rough: Any, wrapped: Any, where: str) -> str:
    """The number that did not fit, from its rounded value and its last 32 bits."""
    gap = (float(rough) - float(wrapped)) / 2.0**32
    return f"got {int(wrapped) + 2**32 * round(gap) if np.isfinite(gap) else float(rough):.10g}"


def pick(x: Array, indices: Array, dim: int) -> Array:
    """The elements of `x` at `indices` along `dim`, which are known to be in range."""
    return jnp.take_along_axis(x, indices, dim, mode="promise_in_bounds")


def sorted_with_indices(x: Array, dim: int, descending: bool = False) -> tuple[Array, Array]:
    """`x` sorted along `dim`, and where each element came from. Equal elements keep their order; NaN is largest."""
    values, order = sorted_places(x, dim, descending)
    return (value_at(x, values, order, dim) if is_large(x) else values), order


def in_order(x: Array, dim: int) -> Array:
    """`x` sorted along `dim`, without the places; NaN is largest."""
    if not is_large(x):
        return jnp.sort(x, dim)
    return _in_order(x, dim) if jnp.issubdtype(x.dtype, jnp.floating) else sorted_values(x, dim)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _in_order(x: Array, dim: int) -> Array:
    return sorted_values(x, dim)


@_in_order.defjvp
def _in_order_jvp(dim: int, primals: Any, tangents: Any) -> tuple[Array, Array]:
    (x,), (tangent,) = primals, tangents
    return _in_order(x, dim), pick(tangent, sorted_places(x, dim)[1], dim)


@functools.partial(jax.custom_jvp, nondiff_argnums=(3,))
def value_at(x: Array, value: Array, indices: Array, dim: int) -> Array:
    """`value`, which is ``pick(x, indices, dim)`` found by a faster way; its derivative is that of the pick.

    Where only the value is used, a compiled program does not compute `indices` at all.
    """
    return value


@value_at.defjvp
def _value_at_jvp(dim: int, primals: Any, tangents: Any) -> tuple[Array, Array]:
    x, value, indices = primals
    return value_at(x, value, indices, dim), pick(tangents[0], indices, dim)  # the value again, for derivatives of it


@jax.custom_jvp
def evenly(x: Array, value: Array) -> Array:
    """`value`, a 0-d element of `x`; its derivative is shared evenly by all elements equal to it."""
    return value


@evenly.defjvp
def _evenly_jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
    x, value = primals
    equal = (x == value) | ((x != x) & (value != value))
    total = jnp.sum(jnp.where(equal, tangents[0], 0))
    return evenly(x, value), total / jnp.sum(equal).astype(x.dtype)
