"""A function of one example, for many of them, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .._types import PyTree

__all__ = ["filled", "in_chunks"]


def in_chunks(example: Callable[[Any], PyTree], examples: PyTree, count: int, chunk_size: int | None) -> PyTree:
    """The results of `example` for the `count` entries in front of `examples`, stacked in front.

    No more than `chunk_size` are in memory together, one chunk after the other (all, where it is None). It is
    `jax.lax.map` with a `batch_size`, which in addition takes results without elements.
    """
    if chunk_size is None or chunk_size >= count:
        return jax.vmap(example)(examples)
    whole = count // chunk_size
    even = whole * chunk_size
    chunked = jax.tree.map(lambda v: v[:even].reshape(whole, chunk_size, *v.shape[1:]), examples)
    stacked = jax.lax.map(jax.vmap(example), chunked)
    results = jax.tree.map(lambda v: v.reshape(even, *v.shape[2:]), stacked)
    if even == count:
        return results
    last = jax.vmap(example)(jax.tree.map(lambda v: v[even:], examples))
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), results, last)


def filled(
    lines: Callable[[Any, int], list[jax.Array]], count: int, chunk_size: int | None, axis: int
) -> list[jax.Array]:
    """`lines(first, number)` for all `count` of them, which stand along `axis`, the first or the last.

    In chunks each is written into its place in the result, so that no more is in memory than that and one chunk. The
    last chunk overlaps the one before where the sizes do not divide.
    """
    if chunk_size is None or chunk_size >= count:
        return lines(0, count)
    number = int(chunk_size)

    def fill(step: Any, results: list[jax.Array]) -> list[jax.Array]:
        first = jnp.minimum(step * number, count - number)
        return [
            jax.lax.dynamic_update_slice_in_dim(result, part, first, axis)
            for result, part in zip(results, lines(first, number), strict=True)
        ]

    like = jax.eval_shape(lambda: lines(0, number))
    dim = [0 if axis == 0 else part.ndim - 1 for part in like]
    shapes = [(*p.shape[:d], count, *p.shape[d + 1 :]) for p, d in zip(like, dim, strict=True)]
    empty = [jnp.zeros(shape, part.dtype) for shape, part in zip(shapes, like, strict=True)]
    return jax.lax.fori_loop(0, -(-count // number), fill, empty)
