"""The batches of several steps, as one program takes them: stacked, side by side, or as rows of whole arrays."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._types import Array, PyTree

__all__ = ["Listed", "Rows", "batch_of", "from_step", "has_rows", "lengths"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Listed:
    """Batches of one shape where they lie: to stack large ones takes longer than to choose among them."""

    batches: tuple[tuple[Any, ...], ...]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Rows:
    """In the place of an array of batches: the array that their rows are in, and which. Nothing is copied before.

    `places` has a row for each batch; or it is the number of the first row, and the others follow.
    """

    array: Array
    places: Any
    steps: int = field(metadata={"static": True})
    size: int = field(metadata={"static": True})

    def batch(self, i: Any) -> Array:
        """The rows of batch `i`, a traced number."""
        if self.places.ndim:
            return jnp.take(self.array, self.places[i], axis=0, mode="clip")
        return jax.lax.dynamic_slice_in_dim(self.array, self.places + i * self.size, self.size)

    def from_step(self, steps: int) -> Rows:
        """With the batches after the first `steps` in front."""
        after = np.roll(self.places, -steps, 0) if self.places.ndim else self.places + np.int32(steps * self.size)
        return replace(self, places=after)


def lengths(block: PyTree) -> set[tuple[int, ...]]:
    """How many batches each part of a block has; () for one that cannot have any."""
    if isinstance(block, Listed):
        return {(len(block.batches),)}
    leaves = jax.tree.leaves(block, is_leaf=_is_rows)
    return {(leaf.steps,) if _is_rows(leaf) else np.shape(leaf)[:1] for leaf in leaves}


def has_rows(block: PyTree) -> bool:
    """Whether a part of a block is `Rows`; then all of it was made for the program and is ready."""
    return any(map(_is_rows, jax.tree.leaves(block, is_leaf=_is_rows)))


def batch_of(block: PyTree, i: Any) -> Any:
    """The arguments of step `i`, a traced number."""
    if not isinstance(block, Listed):
        return jax.tree.map(lambda leaf: _at(leaf, i), block, is_leaf=_is_rows)
    choices = [functools.partial(_chosen, place) for place in range(len(block.batches))]
    return jax.lax.switch(i, choices, block.batches)


def from_step(blocks: tuple[Any, ...], steps: int) -> tuple[Any, ...]:
    """What ``many`` is given, with the batches after the first `steps` in front, and as many as before."""
    if isinstance(blocks[0], Listed):
        batches = blocks[0].batches
        return (Listed(batches[steps:] + batches[:steps]),)
    moved: tuple[Any, ...] = jax.tree.map(
        lambda leaf: leaf.from_step(steps) if _is_rows(leaf) else _rolled(leaf, steps), blocks, is_leaf=_is_rows
    )
    return moved


def _is_rows(leaf: Any) -> bool:
    return isinstance(leaf, Rows)


def _at(leaf: Any, i: Any) -> Array:
    return leaf.batch(i) if _is_rows(leaf) else jax.lax.dynamic_index_in_dim(leaf, i, keepdims=False)


def _chosen(place: int, batches: tuple[Any, ...]) -> Any:
    return batches[place]


@jax.jit
def _rolled(leaf: Array, steps: int) -> Array:
    return jnp.roll(leaf, -steps, 0)
