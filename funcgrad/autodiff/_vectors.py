"""Tangents and cotangents that a caller gives: checked against what they belong to, and taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._convert import from_host
from .._errors import ArgumentTypeError, DtypeError, ShapeError
from .._types import PyTree
from ._arguments import Choice, flatten

__all__ = ["cotangent_leaves", "tangent_leaves"]


def cotangent_leaves(
    name: str, cotangent: PyTree, structure: Any, outputs: Sequence[jax.Array], floating: Sequence[bool]
) -> list[jax.Array]:
    """The cotangents of the floating `outputs`, from a cotangent in the structure of the whole output."""
    given, own = flatten(cotangent)
    if own != structure:
        fail(
            ArgumentTypeError,
            name,
            f"the cotangent must have the structure of the output, {_shown(structure)}",
            f"got {_shown(own)}",
            "build it like the output, with None at leaves that are not floating",
        )
    wanted = _at_floating(name, "the cotangent", given, floating)
    return [_matching(name, "the cotangent", v, y, "the output") for v, y in zip(wanted, outputs, strict=True)]


def tangent_leaves(name: str, choice: Choice, tangents: Sequence[PyTree], stacked: bool = False) -> list[jax.Array]:
    """A tangent for each leaf of `choice`, from one tangent in the structure of each argument chosen.

    Where they are `stacked`, each has one dimension more in front, of one size for all.
    """
    count = _stack_size(name, tangents) if stacked else None
    directions: dict[int, jax.Array] = {}
    for tangent, (structure, numbers) in zip(tangents, choice.results, strict=True):
        given, own = flatten(tangent)
        if own != structure:
            fail(
                ArgumentTypeError,
                name,
                f"a tangent must have the structure of its primal, {_shown(structure)}",
                f"got {_shown(own)}",
                "build it like the primal, with None at leaves that are not floating",
            )
        wanted = _at_floating(name, "a tangent", given, [number is not None for number in numbers])
        for leaf, number in zip(wanted, [n for n in numbers if n is not None], strict=True):
            primal = choice.leaves[number]
            still = leaf is None
            like: Any = primal if count is None else jax.ShapeDtypeStruct((count, *primal.shape), primal.dtype)
            owner = "its primal" if count is None else f"a stack of {count} of its primal"
            directions[number] = (
                jnp.zeros(like.shape, like.dtype) if still else _matching(name, "a tangent", leaf, like, owner)
            )
    return [directions[number] for number in range(len(choice.leaves))]


def _stack_size(name: str, tangents: Sequence[PyTree]) -> int:
    """How many directions the first leaf stacks."""
    for leaf in jax.tree.leaves(tangents):
        if np.ndim(leaf):
            return int(np.shape(leaf)[0])
        given = describe(leaf)
        required, remedy = "a stack of tangents must have a dimension in front", "stack them with fg.stack"
        fail(ShapeError, name, required, f"got {given}", remedy)
    fail(ArgumentTypeError, name, "there must be a tangent", "got None for every primal", "give one a direction")


def _at_floating(name: str, what: str, given: Sequence[Any], floating: Sequence[bool]) -> list[Any]:
    """The leaves at floating places; at all others there must be None."""
    for leaf, floats in zip(given, floating, strict=True):
        if not floats and leaf is not None and getattr(leaf, "dtype", None) != jax.dtypes.float0:
            fail(
                ArgumentTypeError,
                name,
                f"{what} must be None where nothing is floating",
                f"got {describe(leaf)}",
                "write None there",
            )
    return [leaf for leaf, floats in zip(given, floating, strict=True) if floats]


def _matching(name: str, what: str, value: Any, like: Any, owner: str) -> jax.Array:
    """`value` with the shape and dtype of `like`. Numbers and NumPy arrays take the dtype; arrays must have it."""
    if isinstance(value, bool | int | float | complex | np.ndarray | np.generic):
        value = from_host(name, value, like.dtype)
    if not isinstance(value, jax.Array) or value.dtype != like.dtype or value.shape != like.shape:
        same_kind = isinstance(value, jax.Array) and value.dtype == like.dtype
        fail(
            ShapeError if same_kind else DtypeError,
            name,
            f"{what} must be like {owner}, {like.dtype} of shape {tuple(like.shape)}",
            f"got {describe(value)}",
            "give it that shape with fg.reshape" if same_kind else "convert it, or make it with fg.ones_like",
        )
    return value


class _Leaf:
    def __repr__(self) -> str:
        return "*"


def _shown(structure: Any) -> str:
    """A structure with a star for each leaf: {'w': *, 'b': *}."""
    return repr(jax.tree.unflatten(structure, [_Leaf()] * structure.num_leaves))
