"""Whether samples, or elements, depend on each other: exactly, at one point, by products with random vectors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail
from .._errors import ArgumentError, ArgumentTypeError
from ._dense import Leaves
from .sparsity._within import pattern_within

__all__ = ["proved_apart", "require_apart", "require_one_array"]


def proved_apart(f: Leaves, x: Sequence[jax.Array], y: Sequence[jax.Array], count: int, what: str) -> bool:
    """Whether the program of `f` shows, for all values, that no sample (or element) depends on another.

    One number for each sample stands in the place of all that belongs to it, so that the pattern has a row and a
    column for each and no more.
    """

    def sums(numbers: jax.Array) -> list[jax.Array]:
        shapes = [leaf.shape if what == "element" else (-1, *[1] * (leaf.ndim - 1)) for leaf in x]
        pairs = zip(x, shapes, strict=True)
        floats, _ = f([jnp.broadcast_to(numbers.reshape(own), leaf.shape).astype(leaf.dtype) for leaf, own in pairs])
        return [out.reshape(count, out.size // count).sum(1) for out in floats]

    if count < 2:
        return True
    try:
        pattern = pattern_within("", sums, [jax.ShapeDtypeStruct((count,), x[0].dtype)], count * len(y))
    except Exception:  # it depends on values, or on too much: it is tried with numbers
        return False
    return bool((pattern.rows % count == pattern.cols).all())


def require_apart(
    name: str, push: Callable[..., Any], x: Sequence[jax.Array], y: Sequence[jax.Array], count: int, what: str
) -> None:
    """Raise where a derivative by another sample (or element) is not 0.

    Any two samples differ in a bit of their numbers. For each bit and each of its values, those that have it move in
    a random direction, and the others must stand exactly still.
    """
    if count < 2:
        return
    keys = iter(jax.random.split(jax.random.key(0), len(x)))
    directions = [jax.random.normal(next(keys), leaf.shape, leaf.dtype) for leaf in x]
    numbers = jnp.arange(count)

    def spread(mask: jax.Array, leaf: jax.Array) -> jax.Array:
        return mask.reshape(leaf.shape) if what == "element" else mask.reshape(-1, *[1] * (leaf.ndim - 1))

    def disturbed(bit: jax.Array, value: jax.Array) -> jax.Array:
        """For each sample that stands still, whether it was moved."""
        moving = (numbers >> bit) % 2 == value
        changes = push([jnp.where(spread(moving, v), v, 0) for v in directions])
        changed = [(change != 0).reshape(count, -1).any(1) for change in changes]
        return ~moving & functools.reduce(jnp.logical_or, changed)

    bits = max(1, (count - 1).bit_length())
    found = jax.lax.map(lambda each: disturbed(*each), (jnp.arange(2 * bits) // 2, jnp.arange(2 * bits) % 2))
    if not bool(found.any()):
        return
    number, moved = np.argwhere(np.asarray(found))[0]
    candidates = np.flatnonzero((np.arange(count) >> (number // 2)) % 2 == number % 2)
    while len(candidates) > 1:  # which of those that moved it was
        half = jnp.zeros(count, bool).at[candidates[: len(candidates) // 2]].set(True)
        changes = push([jnp.where(spread(half, v), v, 0) for v in directions])
        by_half = any(bool((change.reshape(count, -1)[moved] != 0).any()) for change in changes)
        candidates = candidates[: len(candidates) // 2] if by_half else candidates[len(candidates) // 2 :]
    places = (int(moved), int(candidates[0]))
    if what == "element":
        places = tuple(tuple(int(i) for i in np.unravel_index(p, y[0].shape)) for p in places)  # type: ignore[assignment]
    fail(
        ArgumentError,
        name,
        f"no {what} of the output may depend on another {what} of the input",
        f"{what} {places[0]} depends on {what} {places[1]}",
        "use fg.jacobian, which has all derivatives, or fg.vmap over a function of one sample"
        if what == "sample"
        else "use fg.jacobian, which has all derivatives",
    )


def require_one_array(name: str, number: int, what: str) -> None:
    """Raise: there are `number` arrays where there must be one."""
    fail(ArgumentTypeError, name, f"the {what} must be one array", f"got {number}", "use fg.jacobian")
