"""Parts of a compiled program that XLA keeps apart from those that read what they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["computed_apart"]

_Results = TypeVar("_Results")  # a tree of arrays


def computed_apart(f: Callable[[Sequence[jax.Array]], _Results], operands: Sequence[jax.Array]) -> _Results:
    """``f(operands)``, computed once and stored where XLA on a CPU would compute an element again for each reader.

    A barrier of JAX is dropped before XLA joins steps; a branch that is always taken, which XLA cannot know, is not.
    On other devices, where a branch has to wait for the host, and for operands that say nothing, it is ``f`` alone.
    """
    taken = _true(operands) if jax.default_backend() == "cpu" else None
    if taken is None:
        return f(operands)

    def never(operands: Sequence[jax.Array]) -> Any:
        return jax.tree.map(lambda result: jnp.zeros(result.shape, result.dtype), jax.eval_shape(f, operands))

    try:
        found: _Results = lax.cond(taken, f, never, list(operands))
        return found
    except TypeError:  # results that are spread over devices differ in type from zeros that are not
        return f(operands)


def _true(operands: Sequence[jax.Array]) -> jax.Array | None:
    """That at most 32 of 32 bits are ones, of a number among the operands."""
    for value in operands:
        if value.size and (jnp.issubdtype(value.dtype, jnp.floating) or jnp.issubdtype(value.dtype, jnp.integer)):
            first = lax.stop_gradient(lax.slice_in_dim(lax.reshape(value, (value.size,)), 0, 1))
            if jnp.issubdtype(value.dtype, jnp.floating):
                first = lax.bitcast_convert_type(first.astype(jnp.float32), jnp.uint32)
            return lax.population_count(first.astype(jnp.uint32))[0] <= 32
    return None
