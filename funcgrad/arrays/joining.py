"""Joining arrays along a dimension that they have or a new one, and combining their elements."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import canonical_dim, fail, integer, require_ndim
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim

__all__ = [
    "block_diag",
    "cartesian_prod",
    "cat",
    "column_stack",
    "combinations",
    "concat",
    "concatenate",
    "dstack",
    "hstack",
    "meshgrid",
    "row_stack",
    "stack",
    "vstack",
]


@op(dims=())
def cat(tensors: Sequence[ArrayLike], dim: Dim = 0) -> Array:
    """Arrays joined along a dimension that they have.

    Args:
        tensors: arrays whose sizes agree except in `dim`; those of shape (0,) are skipped.
        dim: the dimension along which to join.

    Returns:
        An array in the dtype that the operands promote to.

    Raises:
        DimError: `dim` is out of range.
        ShapeError: there are no arrays, a 0-d one is among them, or sizes disagree.

    >>> fg.cat([fg.zeros(1, 2), fg.ones(2, 2)])
    Array([[0., 0.],
           [1., 1.],
           [1., 1.]], dtype=float32)

    Source: ``torch.cat``.
    """
    return _joined("cat", tensors, dim)


concat = cat
concatenate = cat


def _joined(name: str, tensors: Sequence[ArrayLike], dim: Dim) -> Array:
    _require_some(name, tensors)
    shapes = [jnp.shape(tensor) for tensor in tensors]
    if () in shapes:
        fail(
            ShapeError,
            name,
            "arrays to join must have at least 1 dimension",
            f"got a 0-d one at position {shapes.index(())}",
            "join numbers with fg.stack",
        )
    kept = [position for position, shape in enumerate(shapes) if shape != (0,)] or [0]
    first = shapes[kept[0]]
    dim = canonical_dim(name, dim, len(first))
    for position in kept[1:]:
        other = shapes[position]
        if len(other) != len(first):
            different = f"which have {len(first)} and {len(other)} dimensions"
        else:
            wrong = [d for d in range(len(first)) if d != dim and first[d] != other[d]]
            if not wrong:
                continue
            different = f"which differ in dimension {wrong[0]} ({first[wrong[0]]} and {other[wrong[0]]})"
        fail(
            ShapeError,
            name,
            f"sizes must agree except in dimension {dim}",
            f"got {first} at position {kept[0]} and {other} at position {position}, {different}",
            "reshape one of them, or join along another dimension",
        )
    dtype = jnp.result_type(*tensors)
    return jnp.concatenate([jnp.asarray(tensors[position], dtype) for position in kept], dim)


def _require_some(name: str, tensors: Sequence[ArrayLike]) -> None:
    if not len(tensors):
        fail(ShapeError, name, "tensors must not be empty", "got none", "give at least one array")


@op(new_dims=1)
def stack(tensors: Sequence[ArrayLike], dim: Dim = 0) -> Array:
    """Arrays of one shape joined along a new dimension.

    Args:
        tensors: arrays of one shape, of n dimensions.
        dim: the place of the new dimension in the result, from -(n + 1) to n.

    Returns:
        An array with one more dimension, in the dtype that the operands promote to.

    Raises:
        DimError: `dim` is out of range.
        ShapeError: there are no arrays, or their shapes differ.

    >>> fg.stack([fg.arange(3), fg.arange(3)], dim=1)
    Array([[0, 0],
           [1, 1],
           [2, 2]], dtype=int32)

    Source: ``torch.stack``.
    """
    _require_some("stack", tensors)
    shapes = [jnp.shape(tensor) for tensor in tensors]
    other = next((position for position, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None:
        fail(
            ShapeError,
            "stack",
            "all arrays must have the same shape",
            f"got {shapes[0]} at position 0 and {shapes[other]} at position {other}",
            "reshape one of them, or join them along a dimension that they have with fg.cat",
        )
    return jnp.stack(tensors, dim)


@op
def hstack(tensors: Sequence[ArrayLike], /) -> Array:
    """Arrays joined side by side: along dimension 1, and 1-D arrays along dimension 0.

    Args:
        tensors: arrays; a 0-d one counts as shape (1,).

    Returns:
        An array in the dtype that the operands promote to.

    Raises:
        ShapeError: there are no arrays, or sizes disagree.

    >>> fg.hstack([fg.tensor([[1], [2]]), fg.tensor([[3], [4]])])
    Array([[1, 3],
           [2, 4]], dtype=int32)

    Source: ``torch.hstack``.
    """
    made = _each(jnp.atleast_1d, "hstack", tensors)
    return _joined("hstack", made, 0 if made[0].ndim == 1 else 1)


@op
def vstack(tensors: Sequence[ArrayLike], /) -> Array:
    """Arrays joined below each other, along dimension 0; a 1-D array is a row.

    Args:
        tensors: arrays; one of shape (n,) counts as (1, n).

    Returns:
        An array in the dtype that the operands promote to.

    Raises:
        ShapeError: there are no arrays, or sizes disagree.

    >>> fg.vstack([fg.arange(2), fg.tensor([[5, 6]])])
    Array([[0, 1],
           [5, 6]], dtype=int32)

    Source: ``torch.vstack``.
    """
    return _joined("vstack", _each(jnp.atleast_2d, "vstack", tensors), 0)


row_stack = vstack


@op
def dstack(tensors: Sequence[ArrayLike], /) -> Array:
    """Arrays joined behind each other, along dimension 2.

    Args:
        tensors: arrays; one of shape (n,) counts as (1, n, 1), and one of shape (m, n) as (m, n, 1).

    Returns:
        An array in the dtype that the operands promote to.

    Raises:
        ShapeError: there are no arrays, or sizes disagree.

    >>> fg.dstack([fg.arange(2), fg.tensor([5, 6])])
    Array([[[0, 5],
            [1, 6]]], dtype=int32)

    Source: ``torch.dstack``.
    """
    return _joined("dstack", _each(jnp.atleast_3d, "dstack", tensors), 2)


@op
def column_stack(tensors: Sequence[ArrayLike], /) -> Array:
    """Arrays joined along dimension 1; a 1-D array is a column.

    Args:
        tensors: arrays; one of shape (n,) counts as (n, 1), and a 0-d one as (1, 1).

    Returns:
        An array in the dtype that the operands promote to.

    Raises:
        ShapeError: there are no arrays, or sizes disagree.

    >>> fg.column_stack([fg.arange(2), fg.tensor([5, 6])])
    Array([[0, 5],
           [1, 6]], dtype=int32)

    Source: ``torch.column_stack``.
    """

    def column(tensor: ArrayLike) -> Array:
        return jnp.reshape(tensor, (-1, 1)) if jnp.ndim(tensor) < 2 else jnp.asarray(tensor)

    return _joined("column_stack", _each(column, "column_stack", tensors), 1)


def _each(shaped: Callable[[ArrayLike], Any], name: str, tensors: Sequence[ArrayLike]) -> list[Any]:
    _require_some(name, tensors)
    return [shaped(tensor) for tensor in tensors]


@op
def meshgrid(*tensors: ArrayLike, indexing: str = "ij") -> tuple[Array, ...]:
    """The coordinates of a grid: array i holds, at each grid point, the coordinate from `tensors[i]`.

    Args:
        *tensors: the coordinates along each dimension, 1-D arrays (a 0-d one counts as shape (1,)), or a list of them.
        indexing: "ij", dimension i belongs to `tensors[i]`; or "xy", the first two dimensions are swapped.

    Returns:
        A tuple of arrays, each with one dimension for each operand, in its own dtype.

    Raises:
        ShapeError: an operand has more than one dimension.
        ArgumentError: `indexing` is another word.

    >>> i, j = fg.meshgrid(fg.arange(2), fg.arange(3))
    >>> i
    Array([[0, 0, 0],
           [1, 1, 1]], dtype=int32)

    Source: ``torch.meshgrid``.
    """
    if indexing not in ("ij", "xy"):
        fail(ArgumentError, "meshgrid", "indexing must be 'ij' or 'xy'", f"got {indexing!r}", "choose one")
    for position, tensor in enumerate(tensors):
        require_ndim("meshgrid", tensor, (0, 1), f"tensors[{position}]", "flatten it with fg.ravel")
    return tuple(jnp.meshgrid(*map(jnp.atleast_1d, tensors), indexing=indexing))


@op
def cartesian_prod(*tensors: ArrayLike) -> Array:
    """Every way to take one element from each array, in the order of nested loops.

    Args:
        *tensors: 1-D arrays of sizes n, m, ...

    Returns:
        An array of shape (n·m···, number of operands) in the dtype that they promote to; a single operand as it is.

    Raises:
        ShapeError: an operand is not 1-D, or there are none.

    >>> fg.cartesian_prod(fg.tensor([1, 2]), fg.tensor([5, 6]))
    Array([[1, 5],
           [1, 6],
           [2, 5],
           [2, 6]], dtype=int32)

    Source: ``torch.cartesian_prod``.
    """
    _require_some("cartesian_prod", tensors)
    for position, tensor in enumerate(tensors):
        require_ndim("cartesian_prod", tensor, 1, f"tensors[{position}]", "flatten it with fg.ravel")
    if len(tensors) == 1:
        return jnp.asarray(tensors[0])
    return jnp.stack([jnp.ravel(grid) for grid in jnp.meshgrid(*tensors, indexing="ij")], 1)


@op
def combinations(input: ArrayLike, /, r: int = 2, with_replacement: bool = False) -> Array:
    """Every way to take `r` elements of an array, in the order of their places in it.

    Args:
        input: a 1-D array of n elements.
        r: how many to take.
        with_replacement: whether an element may be taken again.

    Returns:
        An array of shape (number of ways, r) in the dtype of `input`; of shape (0,) where r is 0.

    Raises:
        ShapeError: `input` is not 1-D.
        ArgumentError: `r` is negative.

    >>> fg.combinations(fg.tensor([1, 2, 3]))
    Array([[1, 2],
           [1, 3],
           [2, 3]], dtype=int32)

    Source: ``torch.combinations``.
    """
    require_ndim("combinations", input, 1, remedy="flatten it with fg.ravel")
    count = integer("combinations", "r", r, 0)
    ways = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    if count == 0:
        return jnp.zeros(0, jnp.result_type(input))
    places = np.array(list(ways(range(np.shape(input)[0]), count)), np.int32).reshape(-1, count)
    return jnp.asarray(input)[places]


@op
def block_diag(*tensors: ArrayLike) -> Array:
    """A matrix with the operands along its diagonal, and zeros elsewhere.

    Args:
        *tensors: matrices; one of shape (n,) counts as (1, n), and a 0-d one as (1, 1).

    Returns:
        A 2-D array in the dtype that the operands promote to; of shape (1, 0) where there are none.

    Raises:
        ShapeError: an operand has more than two dimensions.

    >>> fg.block_diag(fg.tensor([[1, 2]]), fg.tensor(3))
    Array([[1, 2, 0],
           [0, 0, 3]], dtype=int32)

    Source: ``torch.block_diag``.
    """
    for position, tensor in enumerate(tensors):
        require_ndim("block_diag", tensor, (0, 1, 2), f"tensors[{position}]", "give the blocks of a batch one by one")
    blocks = [jnp.atleast_2d(tensor) for tensor in tensors]
    if not blocks:
        return jnp.zeros((1, 0))
    dtype, width = jnp.result_type(*tensors), sum(block.shape[1] for block in blocks)
    rows, before = [], 0
    for block in blocks:
        rows.append(jnp.pad(jnp.asarray(block, dtype), ((0, 0), (before, width - before - block.shape[1]))))
        before += block.shape[1]
    return jnp.concatenate(rows, 0)
