"""Dense Jacobians of a function from floating leaves to floating leaves: by columns or by rows, and in chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError, FuncgradError
from .._op import strong
from ._chunks import in_chunks
from ._outputs import Traced

__all__ = ["Blocks", "Leaves", "by_columns", "by_fewer", "by_rows", "require_chunk", "size", "split", "unit"]

# From floating leaves to floating leaves, and apart whatever else the function returns.
Leaves: TypeAlias = Callable[[Sequence[jax.Array]], tuple[list[jax.Array], Any]]
Blocks: TypeAlias = list[list[jax.Array]]  # for each output leaf, for each input leaf


def require_chunk(name: str, chunk_size: Any) -> None:
    """Raise unless `chunk_size` is None or a positive int."""
    if chunk_size is None:
        return
    if isinstance(chunk_size, bool) or not hasattr(chunk_size, "__index__"):
        fail(ArgumentTypeError, name, "chunk_size must be an int", f"got {describe(chunk_size)}", "leave it out")
    if chunk_size < 1:
        fail(ArgumentError, name, "chunk_size must be positive", f"got {chunk_size}", "leave it out")


def size(leaves: Sequence[Any]) -> int:
    """The number of elements of all leaves together."""
    return sum(int(np.prod(leaf.shape)) for leaf in leaves)


def by_fewer(traced: Traced, x: list[jax.Array], chunk_size: int | None) -> tuple[Blocks, Any]:
    """By columns or by rows, whichever are fewer; where the function has no derivative in that direction, the other."""
    preferred, other = (by_columns, by_rows) if _forward_is_cheaper(traced, x) else (by_rows, by_columns)
    try:
        return preferred(traced, x, chunk_size)
    except FuncgradError:
        raise
    except (TypeError, ValueError) as error:  # a custom_vjp has no forward derivative, a while_loop none in reverse
        try:
            return other(traced, x, chunk_size)
        except Exception:
            raise error from None


def _forward_is_cheaper(traced: Traced, leaves: list[jax.Array]) -> bool:
    """Whether there are no more inputs than outputs."""
    inputs = size(leaves)
    if inputs == 1:
        return True
    try:
        outputs, _ = jax.eval_shape(traced, leaves)
    except Exception:
        # Python control flow on values cannot be traced, but it can be run. What else is wrong shows itself again.
        outputs, _ = traced(leaves)
    return inputs <= size(outputs)


def _numbers(count: int) -> jax.Array:
    return jax.lax.iota(np.int32, count)


def unit(like: Sequence[jax.Array], index: jax.Array) -> list[jax.Array]:
    """Arrays shaped as `like`, zero but for a one at `index`, counted through all of them."""
    units = []
    for leaf in like:
        places = jax.lax.iota(np.int32, leaf.size).reshape(leaf.shape)
        units.append((places == index).astype(leaf.dtype))
        index = index - leaf.size
    return units


def split(lines: jax.Array, like: Sequence[jax.Array], dim: int) -> list[jax.Array]:
    """Along `dim` the elements of all of `like` follow each other: one array for each, with its shape there."""
    ends = np.cumsum([leaf.size for leaf in like])[:-1]
    parts = jnp.split(lines, ends, axis=dim)
    before, after = lines.shape[:dim], lines.shape[dim + 1 :]
    return [strong(part.reshape(*before, *leaf.shape, *after)) for part, leaf in zip(parts, like, strict=True)]


def by_columns(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[Blocks, Any]:
    """Forward mode: one product with each unit vector of the inputs."""
    count = size(x)
    if chunk_size is None or chunk_size >= count:

        def column(index: jax.Array) -> tuple[list[jax.Array], Any]:
            _, moved, rest = jax.jvp(f, (x,), (unit(x, index),), has_aux=True)
            return moved, rest

        columns, rest = jax.vmap(column, out_axes=(-1, None))(_numbers(count))
    else:
        # Linearized once, outside the loop over chunks: the function itself is not evaluated again for each.
        _, push, rest = jax.linearize(f, x, has_aux=True)
        stacked = in_chunks(lambda index: push(unit(x, index)), _numbers(count), count, chunk_size)
        columns = [jnp.moveaxis(lines, 0, -1) for lines in stacked]
    return [split(lines, x, lines.ndim - 1) for lines in columns], rest


def by_rows(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[Blocks, Any]:
    """Reverse mode: one product with each unit vector of the outputs."""
    y, pull, rest = jax.vjp(f, x, has_aux=True)
    count = size(y)
    rows = in_chunks(lambda index: pull(unit(y, index))[0], _numbers(count), count, chunk_size)
    by_input = [split(lines, y, 0) for lines in rows]
    return [list(row) for row in zip(*by_input, strict=True)], rest
