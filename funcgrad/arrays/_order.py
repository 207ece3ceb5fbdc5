"""Sorting, ranks and extrema of large arrays in the formulation that is fastest on the CPU.

XLA's CPU sort compares floating numbers and pairs slowly, its argmax is a scalar loop. There numbers become unsigned
integers in the same order: NaN last, -0.0 equal to 0.0. A sort packs each with its place into 64 bits, and a rank is
found bit by bit. Results, ties included, are those of the plain formulation, which other platforms keep, and small
arrays too. Nothing here is differentiated: the callers say what the derivative is. Times are in benchmarks/results.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .._checks import default_int
from .._sizes import known_at_least
from .._types import Array

__all__ = [
    "LARGE",
    "extreme",
    "first_extreme",
    "is_large",
    "place_of_rank",
    "sorted_places",
    "sorted_values",
    "top_places",
]

LARGE = 4096
"""From how many elements on the formulation matters more than the dispatch."""

_LOW = 0xFFFFFFFF


def is_large(x: Array) -> bool:
    """Whether `x` has many elements, and each fits in 32 bits."""
    return (
        known_at_least(x.size, LARGE) and x.dtype.itemsize <= 4 and (x.dtype.kind in "iuf" or x.dtype == jnp.bfloat16)
    )


def _plainly(x: Array, dim: int, descending: bool) -> tuple[Array, Array]:
    places = lax.broadcasted_iota(default_int(), x.shape, dim)
    if not descending:
        values, order = lax.sort((x, places), dimension=dim, is_stable=True, num_keys=1)
        return values, order
    # Turned round twice, so that equal elements keep their order here too.
    flipped = (jnp.flip(x, dim), jnp.flip(places, dim))
    values, order = lax.sort(flipped, dimension=dim, is_stable=True, num_keys=1)
    return jnp.flip(values, dim), jnp.flip(order, dim)


def sorted_places(x: Array, dim: int, descending: bool = False) -> tuple[Array, Array]:
    """`x` sorted along `dim`, and where each element came from. Equal elements keep their order; NaN is largest."""

    def packed(x: Array) -> tuple[Array, Array]:
        keys = _keys(x)
        keys = ~keys if descending else keys
        with jax.enable_x64(True):
            places = lax.broadcasted_iota(np.uint64, x.shape, dim)
            pairs = lax.sort((keys.astype(np.uint64) << np.uint64(32)) | places, dimension=dim, is_stable=False)
            order = (pairs & np.uint64(_LOW)).astype(np.int32)
        order = order.astype(default_int())
        return jnp.take_along_axis(x, order, dim, mode="promise_in_bounds"), order

    def plainly(x: Array) -> tuple[Array, Array]:
        return _plainly(x, dim, descending)

    return _by_platform(packed, plainly, x) if is_large(x) else plainly(x)


def sorted_values(x: Array, dim: int) -> Array:
    """`x` sorted along `dim`, without the places."""

    def by_keys(x: Array) -> Array:
        return _numbers(lax.sort(_keys(x, zeros=False), dimension=dim, is_stable=False), x.dtype)

    def plainly(x: Array) -> Array:
        return jnp.sort(x, dim)

    return _by_platform(by_keys, plainly, x) if is_large(x) else plainly(x)


def place_of_rank(x: Array, rank: Array, dim: int) -> Array:
    """Where along `dim` the element stands that comes at `rank` (of size 1 along `dim`) in sorted order."""

    def by_bits(x: Array, rank: Array) -> Array:
        keys = _keys(x)
        found = _of_rank(keys, rank, dim, 8 * keys.dtype.itemsize)
        # Of equal elements the one that many places after the first.
        later = rank - jnp.sum(keys < found, dim, keepdims=True, dtype=rank.dtype)
        places = lax.broadcasted_iota(np.uint32, x.shape, dim)
        size = x.shape[dim]
        places = jnp.where(keys == found, places, np.uint32(size))
        return _of_rank(places, later, dim, size.bit_length()).astype(default_int())

    def plainly(x: Array, rank: Array) -> Array:
        return jnp.take_along_axis(_plainly(x, dim, False)[1], rank, dim, mode="promise_in_bounds")

    return _by_platform(by_bits, plainly, x, rank) if is_large(x) else plainly(x, rank)


def _of_rank(keys: Array, rank: Array, dim: int, bits: int) -> Array:
    """The largest key with at most `rank` smaller ones, from its highest bit to its lowest."""
    kind = keys.dtype

    def decide(i: Array, found: Array) -> Array:
        tried = found | (jnp.ones((), kind) << (bits - 1 - i).astype(kind))
        smaller = jnp.sum(keys < tried, dim, keepdims=True, dtype=rank.dtype)
        return jnp.where(smaller <= rank, tried, found)

    return lax.fori_loop(0, bits, decide, jnp.zeros(rank.shape, kind))


def top_places(x: Array, k: int, largest: bool = True) -> Array:
    """Where along the last dimension the `k` largest elements stand, in descending order; of equal ones the first.

    Or the `k` smallest in ascending order. NaN is largest. On the CPU only blocks are looked through that hold one of
    the `k` largest maxima of blocks.
    """

    def highest(x: Array) -> Array:
        if not jnp.issubdtype(x.dtype, jnp.floating):
            return lax.top_k(x, k)[1]
        # A NaN with its sign bit set sorts below everything.
        nan = jnp.array(np.copysign(np.nan, 1 if largest else -1), x.dtype)
        return lax.top_k(jnp.where(jnp.isnan(x), nan, x), k)[1]

    def plainly(x: Array) -> Array:
        if largest:
            return highest(x)
        last = x.ndim - 1
        return lax.slice_in_dim(sorted_places(x, last)[1], 0, k, axis=last).astype(np.int32)  # as top_k has it

    size = x.shape[-1]
    length = math.isqrt(size // k) if k else 0
    narrow = x.dtype.itemsize < 4 and x.dtype.kind != "b"
    if not (x.dtype == jnp.float32 or narrow) or not is_large(x) or length < 4:
        return plainly(x)
    count = -(-size // length)

    def by_blocks(x: Array) -> Array:
        ends = [(0, 0)] * (x.ndim - 1)
        whole = jnp.pad(x, [*ends, (0, count * length - size)], constant_values=-jnp.inf)
        blocks = whole.reshape(*x.shape[:-1], count, length)
        # In their order, so that of equal elements the first is found first.
        chosen = jnp.sort(lax.top_k(jnp.max(blocks, -1), k)[1], -1)
        near = jnp.take_along_axis(blocks, chosen[..., None], -2, mode="promise_in_bounds")
        places = lax.top_k(near.reshape(*x.shape[:-1], k * length), k)[1]
        block = jnp.take_along_axis(chosen, places // length, -1, mode="promise_in_bounds")
        return block * length + places % length

    def unless_nan(x: Array) -> Array:
        x = x.astype(np.float32)  # holds every number of 16 bits
        if not largest:
            x = jnp.where(x == 0, np.float32(0), -x)
        return lax.cond(jnp.isnan(jnp.sum(x)), highest, by_blocks, x)

    return _by_platform(unless_nan, plainly, x)


def first_extreme(x: Array, dim: int | None, keepdims: bool, largest: bool) -> Array:
    """The first place of the maximum or minimum along `dim`, of the flattened array for None; NaN is either."""

    def plainly(x: Array) -> Array:
        return (jnp.argmax if largest else jnp.argmin)(x, dim, keepdims=keepdims)

    def by_value(x: Array) -> Array:
        shape = (1,) * x.ndim if keepdims else ()
        x, axis = (jnp.ravel(x), 0) if dim is None else (x, dim)
        value = _seen(x, (axis,), largest)
        # Minima of floating numbers are vector instructions, and these hold the places.
        kind = np.dtype(np.float32) if not known_at_least(x.shape[axis], 1 << 24) else default_int()
        places = lax.broadcasted_iota(default_int(), x.shape, axis).astype(kind)
        # Where there is a NaN it is the extreme, and equal to nothing.
        found = jnp.where((x == value) | (x != x), places, jnp.array(x.shape[axis], kind))
        first = jnp.min(found, axis, keepdims=True).astype(default_int())
        if dim is None:
            return first.reshape(shape)
        return first if keepdims else jnp.squeeze(first, axis)

    return _by_platform(by_value, plainly, x) if is_large(x) else plainly(x)


def extreme(x: Array, axes: tuple[int, ...], keepdims: bool, largest: bool) -> Array:
    """The maximum or minimum over `axes`; NaN where an element is. Equal extrema share the derivative evenly.

    XLA's CPU reductions of some tens of elements drop NaN, on JAX 0.10 as on 0.12.
    """
    if not jnp.issubdtype(x.dtype, jnp.floating) or not axes:
        return (jnp.max if largest else jnp.min)(x, axes, keepdims=keepdims)
    found = _extreme(x, axes, largest)
    return found if keepdims else jnp.squeeze(found, axes)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def _extreme(x: Array, axes: tuple[int, ...], largest: bool) -> Array:
    def plainly(x: Array) -> Array:
        return (jnp.max if largest else jnp.min)(x, axes, keepdims=True)

    return _by_platform(lambda x: _seen(x, axes, largest), plainly, x)


@_extreme.defjvp
def _extreme_jvp(axes: tuple[int, ...], largest: bool, primals: Any, tangents: Any) -> tuple[Array, Array]:
    (x,), (tangent,) = primals, tangents
    found = _extreme(x, axes, largest)
    shares = (x == found).astype(x.dtype)
    total = jnp.sum(shares * tangent, axes, keepdims=True)
    return found, total / jnp.sum(shares, axes, keepdims=True)


def _seen(x: Array, axes: tuple[int, ...], largest: bool) -> Array:
    """The maximum or minimum, or NaN. Sums, which keep NaN, are looked at: no other reduction is as fast on the CPU."""
    value = (jnp.max if largest else jnp.min)(x, axes, keepdims=True)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return value

    def look(value: Array) -> Array:
        numbers = jnp.where(jnp.abs(x) <= jnp.inf, jnp.zeros((), x.dtype), x)
        return jnp.where(jnp.isnan(jnp.sum(numbers, axes, keepdims=True)), jnp.array(jnp.nan, x.dtype), value)

    if not known_at_least(x.size, LARGE):
        return look(value)
    # Most arrays have a finite sum, and those no NaN.
    return lax.cond(jnp.all(jnp.isfinite(jnp.sum(x, axes, keepdims=True))), lambda value: value, look, value)


def _by_platform(fast: Callable[..., Any], plain: Callable[..., Any], *operands: Array) -> Any:
    """`fast` where the program is compiled for the CPU, and `plain` elsewhere."""
    return lax.platform_dependent(*map(lax.stop_gradient, operands), cpu=fast, default=plain)


def _keys(x: Array, zeros: bool = True) -> Array:
    """`x` as unsigned integers of its width in the same order; with `zeros`, -0.0 and 0.0 are equal."""
    bits = 8 * x.dtype.itemsize
    kind = np.dtype(f"uint{bits}")
    top = kind.type(1 << (bits - 1))
    if x.dtype.kind == "u":
        return x
    if x.dtype.kind == "i":
        return lax.bitcast_convert_type(x, kind) ^ top
    x = jnp.where(jnp.isnan(x), jnp.array(jnp.nan, x.dtype), x)
    if zeros:
        x = jnp.where(x == 0, jnp.zeros((), x.dtype), x)
    raw = lax.bitcast_convert_type(x, kind)
    return jnp.where(raw >= top, ~raw, raw | top)


def _numbers(keys: Array, dtype: Any) -> Array:
    """What ``_keys(x, zeros=False)`` was made of."""
    top = keys.dtype.type(1 << (8 * keys.dtype.itemsize - 1))
    if dtype.kind == "u":
        return keys
    if dtype.kind == "i":
        return lax.bitcast_convert_type(keys ^ top, dtype)
    return lax.bitcast_convert_type(jnp.where(keys >= top, keys ^ top, ~keys), dtype)
