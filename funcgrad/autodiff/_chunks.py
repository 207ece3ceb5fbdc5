"""A function of one example, for many of them, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .._types import PyTree

__all__ = ["in_chunks"]


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
