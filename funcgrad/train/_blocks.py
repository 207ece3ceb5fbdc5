"""The batches of several steps, as one program takes them: stacked, or one beside the other."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax

from .._types import PyTree

__all__ = ["Listed", "batch_of", "steps_in"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Listed:
    """Batches of one shape where they lie: to stack large ones takes longer than to choose among them."""

    batches: tuple[tuple[Any, ...], ...]


def steps_in(block: PyTree) -> int:
    """How many batches there are."""
    return len(block.batches) if isinstance(block, Listed) else int(jax.tree.leaves(block)[0].shape[0])


def batch_of(block: PyTree, i: Any) -> Any:
    """The arguments of step `i`, a traced number."""
    if not isinstance(block, Listed):
        return jax.tree.map(lambda leaf: jax.lax.dynamic_index_in_dim(leaf, i, keepdims=False), block)
    choices = [functools.partial(_chosen, place) for place in range(len(block.batches))]
    return jax.lax.switch(i, choices, block.batches)


def _chosen(place: int, batches: tuple[Any, ...]) -> Any:
    return batches[place]
