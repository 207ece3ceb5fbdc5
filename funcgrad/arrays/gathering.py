"""Reading through arrays of indices."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import fail
from .._errors import ShapeError
from .._op import op
from .._operands import shape_of
from .._types import Array, ArrayLike
from ._updates import require_grid, require_indices

__all__ = ["gather", "take", "take_along_dim", "index_select"]


def _check_gather(input: Any, dim: int, index: Any) -> None:
    require_grid("gather", input, dim, index)


@op(check=_check_gather)
def gather(input: ArrayLike, /, dim: int, index: ArrayLike) -> Array:
    r"""One element of `input` for each element of `index`: for dim 1, $out_{ij} = input_{i, index_{ij}}$.

    Args:
        input: any shape.
        dim: the dimension that `index` counts along.
        index: integers in [0, size of `dim`), with as many dimensions as `input`; along the others no larger than it.

    Returns:
        An array in the shape of `index` and the dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, which then read NaN.
        DtypeError: `index` is not of integers.
        ShapeError: `index` has another number of dimensions, or is larger than `input`.

    >>> fg.gather(fg.tensor([[1, 2], [3, 4]]), 1, fg.tensor([[0, 0], [1, 0]]))
    Array([[1, 1],
           [4, 3]], dtype=int32)

    Source: ``torch.gather``.
    """
    _check_gather(input, dim, index)
    x, places = jnp.atleast_1d(jnp.asarray(input)), jnp.asarray(index)
    if places.size == 0:
        return jnp.zeros(places.shape, x.dtype)
    shape = places.shape
    places = jnp.atleast_1d(places)
    parts = tuple(slice(None) if d == dim else slice(size) for d, size in enumerate(places.shape))
    return jnp.take_along_axis(x[parts], places, axis=dim, mode="fill").reshape(shape)


def _check_take(input: Any, index: Any) -> None:
    require_indices("take", index, math.prod(shape_of(input)), 0, negative=True)


@op(check=_check_take)
def take(input: ArrayLike, /, index: ArrayLike) -> Array:
    """Elements of `input` as if it had one dimension.

    Args:
        input: any shape.
        index: integers into the flattened `input`; negative ones count from the end.

    Returns:
        An array in the shape of `index` and the dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, which then read NaN.
        DtypeError: `index` is not of integers.

    >>> fg.take(fg.tensor([[1, 2], [3, 4]]), fg.tensor([0, -1]))
    Array([1, 4], dtype=int32)

    Source: ``torch.take``.
    """
    _check_take(input, index)
    return jnp.reshape(input, -1).at[index].get(mode="fill")


def _check_take_along(input: Any, indices: Any, dim: int | None = None) -> None:
    shape = shape_of(input)
    size = math.prod(shape) if dim is None or not shape else shape[dim]
    require_indices("take_along_dim", indices, size, 0 if dim is None else dim, negative=True, argument="indices")


@op(check=_check_take_along)
def take_along_dim(input: ArrayLike, /, indices: ArrayLike, dim: int | None = None) -> Array:
    """Elements of `input` along `dim`, such as the indices that ``argmax`` and ``argsort`` return name.

    Args:
        input: any shape.
        indices: integers, negative ones counting from the end; broadcast with `input` in the other dimensions.
        dim: the dimension; by default both are flattened.

    Returns:
        An array in the broadcast shape and the dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, which then read NaN.
        DtypeError: `indices` are not of integers.
        ShapeError: the numbers of dimensions differ, or the shapes do not broadcast.

    >>> fg.take_along_dim(fg.tensor([[3, 1, 2]]), fg.tensor([[1, 2, 0]]), dim=1)
    Array([[1, 2, 3]], dtype=int32)

    Source: ``torch.take_along_dim``.
    """
    _check_take_along(input, indices, dim)
    if dim is None:
        return jnp.reshape(input, -1).at[jnp.reshape(indices, -1)].get(mode="fill")
    if np.ndim(input) != np.ndim(indices):
        fail(
            ShapeError,
            "take_along_dim",
            "input and indices must have the same number of dimensions",
            f"got shapes {np.shape(input)} and {np.shape(indices)}",
            "add dimensions with fg.unsqueeze",
        )
    return jnp.take_along_axis(jnp.asarray(input), jnp.asarray(indices), axis=dim, mode="fill")


def _check_select(input: Any, dim: int, index: Any) -> None:
    if len(shape_of(index)) > 1:
        fail(
            ShapeError,
            "index_select",
            "index must have at most 1 dimension",
            f"got shape {np.shape(index)}",
            "flatten it, or use fg.gather or fg.index",
        )
    require_indices("index_select", index, (shape_of(input) or (1,))[dim], dim)


@op(check=_check_select)
def index_select(input: ArrayLike, /, dim: int, index: ArrayLike) -> Array:
    """The slices of `input` along `dim` that `index` names.

    Args:
        input: any shape.
        dim: the dimension.
        index: integers in [0, size of `dim`), in one dimension.

    Returns:
        An array in the shape of `input`, with as many slices along `dim` as `index` has elements.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, which then read NaN.
        DtypeError: `index` is not of integers.
        ShapeError: `index` has two dimensions or more.

    >>> fg.index_select(fg.eye(3), 0, fg.tensor([0, 2]))
    Array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)

    Source: ``torch.index_select``.
    """
    _check_select(input, dim, index)
    if np.ndim(input) == 0:
        return jnp.reshape(input, 1).at[jnp.reshape(index, -1)].get(mode="fill").reshape(())
    return jnp.asarray(input).at[(*[slice(None)] * dim, jnp.reshape(index, -1))].get(mode="fill")
