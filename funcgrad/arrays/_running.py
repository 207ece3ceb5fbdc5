"""Running operations along a dimension of a large array, in the formulations that are fastest on the CPU.

XLA halves the dimension again and again and reads every second, fourth, eighth… element, several to a hundred times
slower than torch. Here wide rows are run through one after the other; a long dimension that has none is cut into
blocks, which are the rows then, and what came before each block is added at the end. Sums of narrow rows are products
with a triangular matrix of ones. Other platforms and small arrays keep the plain formulation.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .._sizes import is_open, known_at_least
from .._types import Array
from ._order import LARGE

__all__ = ["log_sums", "products", "records", "sums"]

_WIDE = 256
"""From how many elements on a row is worth a step of a loop."""

_Elements: TypeAlias = tuple[Array, ...]
_Join: TypeAlias = Callable[[_Elements, _Elements], _Elements]


def _is_large(x: Array) -> bool:
    return not any(is_open(n) for n in x.shape) and x.size >= LARGE


def _on_cpu(fast: Callable[..., Any], plain: Callable[..., Any], x: Array) -> Any:
    return lax.platform_dependent(x, cpu=fast, default=plain)


def _along(elements: _Elements, dim: int, join: _Join, nothing: Sequence[Any], steps: int = 1 << 30) -> _Elements:
    """What `join`, which is associative, makes of the elements up to each along `dim`; `nothing` joins as if not there.

    In loops of at most `steps`: what the steps round off adds up.
    """
    shape = elements[0].shape
    rows = tuple(jnp.moveaxis(x, dim, 0).reshape(shape[dim], -1) for x in elements)
    done = _down(rows, join, nothing, steps)
    moved = (shape[dim], *shape[:dim], *shape[dim + 1 :])
    return tuple(jnp.moveaxis(x.reshape(moved), 0, dim) for x in done)


def _down(rows: _Elements, join: _Join, nothing: Sequence[Any], steps: int) -> _Elements:
    """`_along` the first of two dimensions."""
    length, width = rows[0].shape
    start = tuple(jnp.full((width,), value, x.dtype) for value, x in zip(nothing, rows, strict=True))
    if length <= steps and (width >= _WIDE or length * width < LARGE or length <= 64):

        def step(carry: _Elements, row: _Elements) -> tuple[_Elements, _Elements]:
            joined = join(carry, row)
            return joined, joined

        return lax.scan(step, start, rows)[1]
    wanted = max(-(-_WIDE // width), math.isqrt(length // width))  # blocks, for wide rows and short loops
    size = min(steps, max(-(-length // wanted), 16))
    count = -(-length // size)
    cut = []
    for value, x in zip(nothing, rows, strict=True):
        whole = jnp.pad(x, ((0, count * size - length), (0, 0)), constant_values=value)
        cut.append(jnp.swapaxes(whole.reshape(count, size, width), 0, 1).reshape(size, count * width))
    within = tuple(x.reshape(size, count, width) for x in _down(tuple(cut), join, nothing, steps))
    ends = _down(tuple(x[-1] for x in within), join, nothing, steps)
    before = tuple(jnp.concatenate([first[None], end[:-1]])[None] for first, end in zip(start, ends, strict=True))
    joined = join(before, within)
    return tuple(jnp.swapaxes(x, 0, 1).reshape(count * size, width)[:length] for x in joined)


def sums(x: Array, dim: int) -> Array:
    """The running sums."""
    if not _is_large(x):
        return jnp.cumsum(x, dim)
    if known_at_least(math.prod(x.shape[dim + 1 :]), _WIDE) or not jnp.issubdtype(x.dtype, jnp.floating):
        return _on_cpu(functools.partial(_sums_by_rows, dim=dim), functools.partial(jnp.cumsum, axis=dim), x)
    return _sums_by_products(x, dim)


def _sums_by_rows(x: Array, dim: int) -> Array:
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        return _along((x,), dim, lambda a, b: (a[0] + b[0],), (0,))[0]
    rows = jnp.moveaxis(x, dim, 0)
    nothing = jnp.zeros(rows.shape[1:], x.dtype)

    def add(carry: tuple[Array, Array], row: Array) -> tuple[tuple[Array, Array], Array]:
        # What each sum rounded off is kept (Kahan), so that long dimensions are as exact as by jnp's tree.
        total, lost = carry
        row = row - lost
        new = total + row
        return (new, jnp.where(jnp.isfinite(new), (new - total) - row, 0)), new

    return jnp.moveaxis(lax.scan(add, (nothing, nothing), rows)[1], 0, dim)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _sums_by_products(x: Array, dim: int) -> Array:
    return _on_cpu(_finite_sums(dim), functools.partial(jnp.cumsum, axis=dim), x)


@_sums_by_products.defjvp
def _sums_by_products_jvp(dim: int, primals: Any, tangents: Any) -> tuple[Array, Array]:
    slope = _on_cpu(functools.partial(_triangular, dim=dim), functools.partial(jnp.cumsum, axis=dim), tangents[0])
    return _sums_by_products(primals[0], dim), slope


def _finite_sums(dim: int) -> Callable[[Array], Array]:
    """Products with zeros spread NaN and infinities over places before them: such arrays take the plain way."""

    def function(x: Array) -> Array:
        found = _triangular(x, dim)
        return lax.cond(jnp.all(jnp.isfinite(found)), lambda x: found, functools.partial(jnp.cumsum, axis=dim), x)

    mapped = jax.custom_batching.custom_vmap(function)

    @mapped.def_vmap
    def rule(size: int, batched: Sequence[bool], x: Array) -> tuple[Array, bool]:
        return _finite_sums(dim + 1)(x), True  # one decision for all: mapped, a `cond` would take both ways

    return mapped


def _triangular(x: Array, dim: int) -> Array:
    moved = jnp.moveaxis(x, dim, -1)
    return jnp.moveaxis(_row_sums(moved.reshape(-1, x.shape[dim])).reshape(moved.shape), -1, dim)


def _row_sums(rows: Array) -> Array:
    count, length = rows.shape
    if length <= 32:
        return _times_triangle(rows)
    size = min(range(16, 33), key=lambda size: (-length % size, abs(size - 20)))
    whole = jnp.pad(rows, ((0, 0), (0, -length % size))) if length % size else rows
    within = _times_triangle(whole.reshape(-1, size)).reshape(count, -1, size)
    ends = _row_sums(within[:, :, -1])
    before = jnp.pad(ends[:, :-1], ((0, 0), (1, 0)))
    return (within + before[:, :, None]).reshape(count, -1)[:, :length]


def _times_triangle(rows: Array) -> Array:
    ones = np.triu(np.ones((rows.shape[1],) * 2, rows.dtype))
    return jnp.matmul(rows, ones, precision=lax.Precision.HIGHEST)


def products(x: Array, dim: int) -> Array:
    """The running products."""
    if not _is_large(x):
        return jnp.cumprod(x, dim)

    def fast(x: Array) -> Array:
        return _along((x,), dim, lambda a, b: (a[0] * b[0],), (1,))[0]

    return _on_cpu(fast, functools.partial(jnp.cumprod, axis=dim), x)


def log_sums(x: Array, dim: int) -> Array:
    """The logarithms of the running sums of exponentials, of floating numbers that are not minus infinity."""
    if not _is_large(x):
        return lax.cumlogsumexp(x, dim)

    def fast(x: Array) -> Array:
        return _along((x,), dim, lambda a, b: (jnp.logaddexp(a[0], b[0]),), (jnp.finfo(x.dtype).min / 4,), 16)[0]

    return _on_cpu(fast, functools.partial(lax.cumlogsumexp, axis=dim), x)


def records(x: Array, places: Array, dim: int, largest: bool) -> tuple[Array, Array]:
    """The running maxima or minima, and the last of `places` where each was reached; from a NaN on they are NaN."""

    def plain(x: Array) -> tuple[Array, Array]:
        values = (lax.cummax if largest else lax.cummin)(x, dim)
        return values, lax.cummax(jnp.where((x == values) | (x != x), places, 0), dim)

    def fast(x: Array) -> tuple[Array, Array]:
        if jnp.issubdtype(x.dtype, jnp.floating):
            nothing: Any = -jnp.inf if largest else jnp.inf
        else:
            limits = jnp.iinfo(x.dtype)
            nothing = limits.min if largest else limits.max

        def join(a: _Elements, b: _Elements) -> _Elements:
            later = ((b[0] >= a[0]) if largest else (b[0] <= a[0])) | (b[0] != b[0])
            return jnp.where(later, b[0], a[0]), jnp.where(later, b[1], a[1])

        values, indices = _along((x, places), dim, join, (nothing, 0))
        return values, indices

    return _on_cpu(fast, plain, x) if _is_large(x) else plain(x)
