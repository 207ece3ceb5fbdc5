"""Running operations along a dimension of a large array, in the formulations that are fastest on the CPU.

XLA halves the dimension again and again and reads every second, fourth, eighth… element, several to a hundred times
slower than torch. Here wide rows are run through one after the other. Along the last dimension elements are joined by
eights, in vector instructions, and what is before each eight is found in a loop. Where that does not pay, a long
dimension is cut into blocks, which are the rows then. Other platforms and small arrays keep the plain formulation.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .._apart import computed_apart
from .._sizes import is_open
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


def _cheaply(elements: _Elements, dim: int, join: _Join, nothing: Sequence[Any], wide: Any = None) -> _Elements:
    """`_along` for a `join` that costs one instruction, by eights where that reads no columns."""
    first = elements[0]
    if math.prod(first.shape[dim + 1 :]) > 1 or jnp.issubdtype(first.dtype, jnp.complexfloating):
        return _along(elements, dim, join, nothing)
    return _by_eights(elements, dim, join, nothing, wide)


def _by_eights(
    elements: _Elements, dim: int, join: _Join, nothing: Sequence[Any], wide: Any = None, in_turn: bool = True
) -> _Elements:
    """`_along`, where each element of eight is joined anew to those before it, in vector instructions.

    What came before an eight is joined in the dtype `wide`; the eight is joined to it in turn, or else as a whole.
    """
    moved = tuple(jnp.moveaxis(x, dim, -1) for x in elements)

    def function(*rows: Array) -> _Elements:
        return _eights(rows, join, nothing, wide, in_turn)

    done = _apart(function)(*(x.reshape(-1, x.shape[-1]) for x in moved))
    return tuple(jnp.moveaxis(x.reshape(moved[0].shape), -1, dim) for x in done)


def _apart(function: Callable[..., _Elements]) -> Callable[..., _Elements]:
    """`function` of rows, and what it reads, apart, also of rows that are mapped.

    Otherwise XLA would compute each element anew for each of the eight that read it, with all that it comes from.
    """

    def branch(*rows: Array) -> _Elements:
        return computed_apart(lambda rows: function(*rows), rows)

    mapped = jax.custom_batching.custom_vmap(branch)

    @mapped.def_vmap
    def rule(size: int, batched: Sequence[bool], *rows: Array) -> tuple[_Elements, tuple[bool, ...]]:
        pairs = zip(rows, batched, strict=True)
        whole = [x if there else jnp.broadcast_to(x, (size, *x.shape)) for x, there in pairs]
        done = mapped(*(x.reshape(-1, x.shape[-1]) for x in whole))
        return tuple(x.reshape(y.shape) for x, y in zip(done, whole, strict=True)), (True,) * len(rows)

    return mapped


def _eights(rows: _Elements, join: _Join, nothing: Sequence[Any], wide: Any, in_turn: bool) -> _Elements:
    count, length = rows[0].shape
    parts = min(-(-1000 // count), length // 64) if count < _WIDE and length >= LARGE else 1
    size = -(-length // parts) if parts > 1 else length if length <= 16 else 8
    whole = tuple(jnp.pad(x, ((0, 0), (0, -length % size))) for x in rows) if length % size else rows
    cut = tuple(x.reshape(count, -1, size) for x in whole)
    if parts > 1:  # few long rows are many shorter ones
        done = _eights(tuple(x.reshape(-1, size) for x in cut), join, nothing, wide, in_turn)
        done = tuple(x.reshape(cut[0].shape) for x in done)
        out = join(_before(tuple(x[:, :, -1:] for x in done), join, nothing, wide), done)
    else:
        out = tuple(jnp.broadcast_to(x[:, :, :1], x.shape) for x in cut)
        before = _before(cut, join, nothing, wide) if length > size else None
        if before and in_turn:
            out = join(before, out)
        place = lax.broadcasted_iota(np.int32, cut[0].shape, 2)
        for i in range(1, size):
            further = join(out, tuple(x[:, :, i : i + 1] for x in cut))
            out = tuple(jnp.where(place >= i, new, old) for new, old in zip(further, out, strict=True))
        if before and not in_turn:
            out = join(before, out)
    return tuple(x.reshape(count, -1)[:, :length] for x in out)


def _before(cut: _Elements, join: _Join, nothing: Sequence[Any], wide: Any) -> _Elements:
    """What all before each block of the last dimension join to, in a loop: XLA repeats no loop for each reader."""

    def step(carry: _Elements, row: _Elements) -> tuple[_Elements, _Elements]:
        return join(carry, row), carry

    with jax.enable_x64(True) if wide else contextlib.nullcontext():  # inside it only functions of lax
        blocks = [tuple(lax.convert_element_type(x, wide or x.dtype) for x in cut)]
        columns = [tuple(lax.index_in_dim(x, i, 2, False) for x in blocks[0]) for i in range(cut[0].shape[2])]
        ends = tuple(lax.transpose(x, (1, 0)) for x in functools.reduce(join, columns))
        start = tuple(lax.full(x.shape[1:], value, x.dtype) for value, x in zip(nothing, ends, strict=True))
        found = lax.scan(step, start, ends)[1]
        narrow = (lax.convert_element_type(x, y.dtype) for x, y in zip(found, cut, strict=True))
        return tuple(lax.expand_dims(lax.transpose(x, (1, 0)), (2,)) for x in narrow)


def _wide(x: Array) -> Any:
    return np.float64 if x.dtype == jnp.float32 else None


def sums(x: Array, dim: int) -> Array:
    """The running sums."""
    if not _is_large(x):
        return jnp.cumsum(x, dim)
    eights = jnp.issubdtype(x.dtype, jnp.floating) and math.prod(x.shape[dim + 1 :]) < _WIDE
    fast = _sums_by_eights if eights else _sums_by_rows
    return _on_cpu(functools.partial(fast, dim=dim), functools.partial(jnp.cumsum, axis=dim), x)


def _sums_by_rows(x: Array, dim: int) -> Array:
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        return _cheaply((x,), dim, lambda a, b: (a[0] + b[0],), (0,))[0]
    rows = jnp.moveaxis(x, dim, 0)
    nothing = jnp.zeros(rows.shape[1:], x.dtype)

    def add(carry: tuple[Array, Array], row: Array) -> tuple[tuple[Array, Array], Array]:
        # What each sum rounded off is kept (Kahan), so that long dimensions are as exact as by jnp's tree.
        total, lost = carry
        row = row - lost
        new = total + row
        return (new, jnp.where(jnp.isfinite(new), (new - total) - row, 0)), new

    return jnp.moveaxis(lax.scan(add, (nothing, nothing), rows)[1], 0, dim)


def _sums_by_eights(x: Array, dim: int) -> Array:
    def forward(_: Any, x: Array) -> Array:
        return _by_eights((x,), dim, lambda a, b: (lax.add(a[0], b[0]),), (0,), _wide(x), in_turn=False)[0]

    def backward(_: Any, y: Array) -> Array:
        return jnp.flip(forward(None, jnp.flip(y, dim)), dim)

    def differences(y: Array) -> Array:
        return jnp.diff(y, axis=dim, prepend=0)

    # As what solves a linear system the sums have a derivative, whose transpose is as fast.
    return lax.custom_linear_solve(differences, x, forward, backward)


def products(x: Array, dim: int) -> Array:
    """The running products."""
    if not _is_large(x):
        return jnp.cumprod(x, dim)
    return _on_cpu(functools.partial(_products, dim=dim), functools.partial(jnp.cumprod, axis=dim), x)


def _products_by_rows(x: Array, dim: int) -> Array:
    return _along((x,), dim, lambda a, b: (a[0] * b[0],), (1,))[0]


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _products(x: Array, dim: int) -> Array:
    return _cheaply((x,), dim, lambda a, b: (lax.mul(a[0], b[0]),), (1,), _wide(x))[0]


@_products.defjvp
def _products_jvp(dim: int, primals: Any, tangents: Any) -> tuple[Array, Array]:
    value, slope = jax.jvp(functools.partial(_products_by_rows, dim=dim), primals, tangents)
    return value, slope


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

        values, indices = _cheaply((x, places), dim, join, (nothing, 0))
        return values, indices

    return _on_cpu(fast, plain, x) if _is_large(x) else plain(x)
