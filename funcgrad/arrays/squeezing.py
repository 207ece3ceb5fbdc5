"""Dimensions of size 1: dropping them, and adding them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike, Dim, Dims

__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "squeeze", "unsqueeze"]


@op
def squeeze(input: ArrayLike, /, dim: Dims | None = None) -> Array:
    """`input` without its dimensions of size 1.

    Args:
        input: any shape.
        dim: the dimension or dimensions to drop, those of another size are kept; by default all of size 1.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: `dim` is out of range, or named twice.

    >>> fg.squeeze(fg.zeros(1, 3, 1)).shape, fg.squeeze(fg.zeros(1, 3, 1), 1).shape
    ((3,), (1, 3, 1))

    Source: ``torch.squeeze``.
    """
    sizes = jnp.shape(input)
    named = range(len(sizes)) if dim is None else dim if isinstance(dim, Sequence) else (dim,)
    return jnp.squeeze(input, tuple(d for d in named if d < len(sizes) and sizes[d] == 1))


@op(new_dims=1)
def unsqueeze(input: ArrayLike, /, dim: Dim) -> Array:
    """`input` with a new dimension of size 1 at place `dim` of the result.

    Args:
        input: any shape, of n dimensions.
        dim: from -(n + 1) to n.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: `dim` is out of range.

    >>> fg.unsqueeze(fg.arange(3), -1).shape
    (3, 1)

    Source: ``torch.unsqueeze``.
    """
    return jnp.expand_dims(input, dim)


def _at_least(word: Any, tensors: tuple[ArrayLike, ...]) -> Any:
    made = tuple(word(tensor) for tensor in tensors)
    return made[0] if len(made) == 1 else made


@op
def atleast_1d(*tensors: ArrayLike) -> Any:
    """Each array with at least one dimension: a 0-d one becomes (1,).

    Args:
        *tensors: arrays of any shape.

    Returns:
        An array, or a tuple of them for several operands.

    >>> fg.atleast_1d(3.0)
    Array([3.], dtype=float32)

    Source: ``torch.atleast_1d``.
    """
    return _at_least(jnp.atleast_1d, tensors)


@op
def atleast_2d(*tensors: ArrayLike) -> Any:
    """Each array with at least two dimensions: (n,) becomes (1, n).

    Args:
        *tensors: arrays of any shape.

    Returns:
        An array, or a tuple of them for several operands.

    >>> fg.atleast_2d(fg.arange(3)).shape
    (1, 3)

    Source: ``torch.atleast_2d``.
    """
    return _at_least(jnp.atleast_2d, tensors)


@op
def atleast_3d(*tensors: ArrayLike) -> Any:
    """Each array with at least three dimensions: (n,) becomes (1, n, 1), and (m, n) becomes (m, n, 1).

    Args:
        *tensors: arrays of any shape.

    Returns:
        An array, or a tuple of them for several operands.

    >>> fg.atleast_3d(fg.arange(3)).shape, fg.atleast_3d(fg.zeros(2, 3)).shape
    ((1, 3, 1), (2, 3, 1))

    Source: ``torch.atleast_3d``.
    """
    return _at_least(jnp.atleast_3d, tensors)
