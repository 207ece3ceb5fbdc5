"""Sorting, choosing the largest, and searching in sorted sequences. NaN sorts as the largest number."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import default_int, describe, fail, require_real
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim
from ._order import place_of_rank, top_places
from ._selection import in_order, one_dim, pick, sorted_with_indices
from ._updates import require_indices
from .extrema import ValuesIndices

__all__ = ["argsort", "bucketize", "kthvalue", "msort", "searchsorted", "sort", "topk"]


@op
def sort(input: ArrayLike, /, dim: Dim = -1, descending: bool = False, stable: bool = False) -> ValuesIndices:
    """The elements in order along a dimension, and where each came from.

    Args:
        input: real, any shape.
        dim: the dimension.
        descending: largest first, NaN before all.
        stable: whether equal elements keep their order; here they always do, in both directions.

    Returns:
        ``ValuesIndices(values, indices)`` in the shape of `input`, the indices int32.

    Raises:
        DimError: the dimension is out of range.
        DtypeError: `input` is complex.

    >>> fg.sort(fg.tensor([3, 1, 2]))
    ValuesIndices(values=Array([1, 2, 3], dtype=int32), indices=Array([1, 2, 0], dtype=int32))
    >>> fg.sort(fg.tensor([1.0, 5.0, 1.0]), descending=True).indices
    Array([1, 0, 2], dtype=int32)

    Source: ``torch.sort``.
    """
    x, dim = one_dim("sort", input, dim)
    return ValuesIndices(*(leaf.reshape(jnp.shape(input)) for leaf in sorted_with_indices(x, dim, descending)))


@op
def argsort(input: ArrayLike, /, dim: Dim = -1, descending: bool = False, stable: bool = False) -> Array:
    """The indices that sort along a dimension.

    Args:
        input: real, any shape.
        dim: the dimension.
        descending: largest first, NaN before all.
        stable: whether equal elements keep their order; here they always do.

    Returns:
        Indices, int32, in the shape of `input`.

    Raises:
        DimError: the dimension is out of range.
        DtypeError: `input` is complex.

    >>> fg.argsort(fg.tensor([3.0, 1.0, 2.0]))
    Array([1, 2, 0], dtype=int32)

    Source: ``torch.argsort``.
    """
    x, dim = one_dim("argsort", input, dim)
    return sorted_with_indices(jax.lax.stop_gradient(x), dim, descending)[1].reshape(jnp.shape(input))


@op
def msort(input: ArrayLike, /) -> Array:
    """The elements in order along the first dimension.

    Args:
        input: real, any shape.

    Returns:
        The values, in the shape of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.msort(fg.tensor([[3, 1], [2, 5]]))
    Array([[2, 1],
           [3, 5]], dtype=int32)

    Source: ``torch.msort``.
    """
    x, dim = one_dim("msort", input, 0)
    return in_order(x, dim).reshape(jnp.shape(input))


def _require_rank(name: str, k: Any, lowest: int, x: Array, dim: int) -> None:
    if isinstance(k, bool) or not isinstance(k, int) or not lowest <= k <= x.shape[dim]:
        fail(
            ArgumentError,
            name,
            f"k must be an int in [{lowest}, {x.shape[dim]}] along dim {dim}",
            f"got {k if isinstance(k, int) else describe(k)}",
            "choose a smaller k" if isinstance(k, int) and k > lowest else "choose another k",
        )


@op
def topk(input: ArrayLike, /, k: int, dim: Dim = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """The `k` largest elements along a dimension, or the `k` smallest.

    Args:
        input: real, any shape.
        k: how many.
        dim: the dimension.
        largest: False for the smallest.
        sorted: whether they come in order; here they always do. Of equal elements the first comes first.

    Returns:
        ``ValuesIndices(values, indices)`` with size `k` along `dim`, the indices int32.

    Raises:
        ArgumentError: `k` is negative or greater than the size.
        DimError: the dimension is out of range.

    >>> fg.topk(fg.tensor([1.0, 5.0, 3.0]), 2)
    ValuesIndices(values=Array([5., 3.], dtype=float32), indices=Array([1, 2], dtype=int32))

    Source: ``torch.topk``.
    """
    x, dim = one_dim("topk", input, dim)
    _require_rank("topk", k, 0, x, dim)
    places = top_places(jnp.moveaxis(jax.lax.stop_gradient(x), dim, -1), k, largest)
    indices = jnp.moveaxis(places, -1, dim).astype(default_int())
    found = ValuesIndices(pick(x, indices, dim), indices)
    return ValuesIndices(*(leaf.reshape(()) for leaf in found)) if jnp.ndim(input) == 0 and k else found


@op
def kthvalue(input: ArrayLike, /, k: int, dim: Dim = -1, keepdim: bool = False) -> ValuesIndices:
    """The `k`-th smallest element along a dimension, counted from 1.

    Args:
        input: real, any shape.
        k: which; 1 is the smallest.
        dim: the dimension.
        keepdim: whether the dimension stays, with size 1.

    Returns:
        ``ValuesIndices(values, indices)``, the indices int32. Equal elements are counted in their order.

    Raises:
        ArgumentError: `k` is not in [1, size].
        DimError: the dimension is out of range.

    >>> fg.kthvalue(fg.tensor([30, 10, 20]), 2)
    ValuesIndices(values=Array(20, dtype=int32), indices=Array(2, dtype=int32))

    Source: ``torch.kthvalue``.
    """
    x, dim = one_dim("kthvalue", input, dim)
    _require_rank("kthvalue", k, 1, x, dim)
    rank = jnp.full((*x.shape[:dim], 1, *x.shape[dim + 1 :]), k - 1, default_int())
    indices = place_of_rank(jax.lax.stop_gradient(x), rank, dim)
    found = ValuesIndices(pick(x, indices, dim), indices)
    keeps = keepdim and jnp.ndim(input) > 0
    return found if keeps else ValuesIndices(*(jnp.squeeze(leaf, dim) for leaf in found))


def _check_searchsorted(sorted_sequence: Any, sorter: Any = None) -> None:
    if sorter is not None:
        require_indices("searchsorted", sorter, (jnp.shape(sorted_sequence) or (1,))[-1], -1, argument="sorter")


@op(check=_check_searchsorted)
def searchsorted(
    sorted_sequence: ArrayLike,
    input: ArrayLike,
    /,
    *,
    right: bool = False,
    side: str | None = None,
    sorter: ArrayLike | None = None,
    out_int32: bool = False,
) -> Array:
    """Where to insert each element of `input` so that the sequence stays sorted.

    Args:
        sorted_sequence: ascending along its last dimension; 1-D, or with the leading dimensions of `input`.
        input: the values to find, any shape; a number if the sequence is 1-D.
        right: behind equal elements instead of before them.
        side: ``"left"`` or ``"right"``, another way to say `right`.
        sorter: indices that sort the sequence, if it is not sorted itself.
        out_int32: whether the indices are int32 in 64-bit mode too.

    Returns:
        Indices from 0 to the length of the sequence, of the default int's dtype, in the shape of `input`.

    Raises:
        ShapeError: the leading dimensions differ, or the sequence is 0-d.
        ArgumentError: `side` contradicts `right`, or is unknown.

    >>> fg.searchsorted(fg.tensor([1, 3, 5]), fg.tensor([3, 4, 9]))
    Array([1, 2, 3], dtype=int32)
    >>> fg.searchsorted(fg.tensor([1, 3, 5]), 3, right=True)
    Array(2, dtype=int32)

    Source: ``torch.searchsorted``.
    """
    if side not in (None, "left", "right"):
        fail(ArgumentError, "searchsorted", "side must be 'left' or 'right'", f"got {side!r}", "choose one of them")
    if right and side == "left":
        fail(
            ArgumentError,
            "searchsorted",
            "side and right must agree",
            "got side='left' and right=True",
            "pass only one of them",
        )
    sequence = jnp.asarray(sorted_sequence)
    if sorter is not None:
        if jnp.shape(sorter) != sequence.shape:
            fail(
                ShapeError,
                "searchsorted",
                "sorter must have the shape of sorted_sequence",
                f"got {jnp.shape(sorter)} and {sequence.shape}",
                "make it with fg.argsort",
            )
        _check_searchsorted(sorted_sequence, sorter)
        sequence = jnp.take_along_axis(sequence, jnp.asarray(sorter), -1)
    found = _insertion("searchsorted", "sorted_sequence", sequence, input, right or side == "right")
    return found.astype(jnp.int32) if out_int32 else found


def _insertion(name: str, argument: str, sequence: Array, input: ArrayLike, right: bool) -> Array:
    require_real(name, sequence, argument)
    require_real(name, input)
    x = jnp.asarray(input)
    if sequence.ndim == 0 or (sequence.ndim > 1 and sequence.shape[:-1] != x.shape[:-1]):
        fail(
            ShapeError,
            name,
            f"{argument} must be 1-D, or have the leading dimensions of input",
            f"got {argument} of shape {sequence.shape} and input of shape {x.shape}",
            "reshape one of them",
        )
    if jnp.issubdtype(sequence.dtype, jnp.integer) and jnp.issubdtype(x.dtype, jnp.integer):
        kind = jnp.promote_types(sequence.dtype, x.dtype)  # a Python int counts like any other
        sequence, x = sequence.astype(kind), x.astype(kind)
    side = "right" if right else "left"
    find = functools.partial(jnp.searchsorted, side=side)
    for _ in sequence.shape[:-1]:
        find = jax.vmap(find)
    found = find(sequence, x) if sequence.size else jnp.zeros_like(x)
    return found.astype(default_int())


@op
def bucketize(input: ArrayLike, boundaries: ArrayLike, /, *, right: bool = False, out_int32: bool = False) -> Array:
    r"""The number $i$ of the bucket each element falls into: $b_{i-1} < x \le b_i$.

    Args:
        input: any shape.
        boundaries: 1-D, ascending.
        right: whether a boundary belongs to the bucket above it: $b_{i-1} \le x < b_i$.
        out_int32: whether the indices are int32 in 64-bit mode too.

    Returns:
        Indices from 0 to the number of boundaries, of the default int's dtype, in the shape of `input`.

    Raises:
        ShapeError: `boundaries` is not 1-D.

    >>> fg.bucketize(fg.tensor([0.5, 1.0, 2.5]), fg.tensor([1.0, 2.0]))
    Array([0, 0, 2], dtype=int32)

    Source: ``torch.bucketize``.
    """
    if jnp.ndim(boundaries) != 1:
        fail(
            ShapeError,
            "bucketize",
            "boundaries must be 1-D",
            f"got shape {jnp.shape(boundaries)}",
            "use fg.searchsorted for one sequence per row",
        )
    found = _insertion("bucketize", "boundaries", jnp.asarray(boundaries), input, right)
    return found.astype(jnp.int32) if out_int32 else found
