"""The first maximum of windows, where every word that pools maxima gets it.

Among equal elements torch takes the first of a window, row by row, and a NaN wins over all, the last one over the
others. Both survive when the dimensions are pooled one after the other, the last one first: k + k' comparisons for a
window of k x k'. Choosing with `where` sends the gradient to the chosen element, to any order of derivative;
`reduce_window`, whose backward pass searches each window again, is slower on a CPU and does not know NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Array

__all__ = ["Found", "of_intervals", "of_starts", "of_windows", "with_positions"]

Found: TypeAlias = tuple[Array, ...]
"""The elements, and their positions in the flattened image where those are wanted."""

_FEW = 4  # up to here each element of a window is compared on its own


def with_positions(x: Array, n: int, wanted: bool) -> Found:
    """The elements of `x`, whose last `n` dimensions are spatial, with their positions if `wanted`."""
    if not wanted:
        return (x,)
    spatial = x.shape[-n:]
    return x, jnp.broadcast_to(jnp.arange(math.prod(spatial)).reshape(spatial), x.shape)


def of_windows(found: Found, dim: int, count: int, width: int, step: int, before: int, hole: int) -> Found:
    """Along `dim`, `count` windows of `width` elements `hole` apart, the first one beginning `before` the array."""
    size, extent = found[0].shape[dim], hole * (width - 1) + 1
    after = max((count - 1) * step + extent - before - size, 0)
    if before or after:
        if hole > 1:  # a window may not reach the edge that would have to be repeated
            starts = np.arange(count)[:, None] * step - before
            return of_intervals(found, dim, _inside(starts + np.arange(width) * hole, size))
        # Repeated, the outermost element is no other element: it is in every window that hangs over, and comes first.
        found = tuple(_repeat_edges(part, dim, before, after) for part in found)
    if width > _FEW and step >= width and hole == 1:
        return _each_once(found, dim, count, width, step)
    if width <= _FEW:
        parts = [_strided(found, dim, offset * hole, count, step) for offset in range(width)]
        best = parts[0]
        for part in parts[1:]:
            best = _better(best, part)
        return best
    # Windows of 1, 2, 4, ... elements at every place, and two of the largest, which may overlap, for each window.
    covered, length = 1, size + before + after
    while covered * 2 < width:
        length -= covered * hole
        found = _better(_strided(found, dim, 0, length, 1), _strided(found, dim, covered * hole, length, 1))
        covered *= 2
    ahead = _strided(found, dim, (width - covered) * hole, count, step)
    return _better(_strided(found, dim, 0, count, step), ahead)


def of_intervals(found: Found, dim: int, places: np.ndarray) -> Found:
    """Along `dim`, the first maximum of the elements at each row of `places`, which ascend."""
    count, width = places.shape
    index = jnp.asarray(places.reshape(-1))
    gathered = tuple(jnp.take(part, index, dim, mode="clip") for part in found)
    return _each_once(gathered, dim, count, width, width)


def of_starts(found: Found, dim: int, starts: Array, width: int) -> Found:
    """Along `dim` of (N, C, *spatial), windows that begin at `starts`, of shape (N, C, count)."""
    count = starts.shape[-1]
    places = (starts[..., None] + jnp.arange(width)).reshape(*starts.shape[:2], count * width)
    others = tuple(d for d in range(2, found[0].ndim) if d != dim)
    index = jnp.expand_dims(places, others)
    gathered = tuple(jnp.take_along_axis(part, index, dim, mode="clip") for part in found)
    return _each_once(gathered, dim, count, width, width)


def _inside(places: np.ndarray, size: int) -> np.ndarray:
    """`places` where those outside [0, size) repeat one of their row that is inside."""
    valid = (places >= 0) & (places < size)
    some = np.take_along_axis(places, valid.argmax(1)[:, None], 1)
    return np.sort(np.where(valid, places, some), 1)


def _each_once(found: Found, dim: int, count: int, width: int, step: int) -> Found:
    """Windows that do not overlap: neighbours are compared, then the better ones of neighbours, and so on."""
    found = tuple(_split(part, dim, count, width, step) for part in found)
    inner = dim + 1
    while (length := found[0].shape[inner]) > 1:
        half = length // 2
        best = _better(_strided(found, inner, 0, half, 2), _strided(found, inner, 1, half, 2))
        if length % 2:
            rest = _strided(found, inner, length - 1, 1, 1)
            best = tuple(jnp.concatenate(pair, inner) for pair in zip(best, rest, strict=True))
        found = best
    return tuple(jnp.squeeze(part, inner) for part in found)


def _split(x: Array, dim: int, count: int, width: int, step: int) -> Array:
    """`dim` as windows and their elements."""
    missing = count * step - x.shape[dim]
    if missing > 0:  # less than a step: what lies between windows is not read
        x = _repeat_edges(x, dim, 0, missing)
    x = jax.lax.slice_in_dim(x, 0, count * step, axis=dim)
    x = x.reshape(*x.shape[:dim], count, step, *x.shape[dim + 1 :])
    return jax.lax.slice_in_dim(x, 0, width, axis=dim + 1)


def _better(left: Found, right: Found) -> Found:
    """Of two elements, the right one if it is larger or NaN."""
    chosen = (right[0] > left[0]) | (right[0] != right[0])
    return tuple(jnp.where(chosen, b, a) for a, b in zip(left, right, strict=True))


def _strided(found: Found, dim: int, start: int, count: int, step: int) -> Found:
    stop = start + (count - 1) * step + 1
    return tuple(jax.lax.slice_in_dim(part, start, stop, step, dim) for part in found)


def _repeat_edges(x: Array, dim: int, before: int, after: int) -> Array:
    pads: Sequence[tuple[int, int]] = [(before, after) if d == dim else (0, 0) for d in range(x.ndim)]
    return jnp.pad(x, pads, mode="edge")
