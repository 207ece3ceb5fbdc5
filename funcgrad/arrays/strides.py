"""Places of an array counted along its memory, as if it lay there row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, indices_in_range, integer, sizes
from .._errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Shape
from ._updates import as_value

__all__ = ["as_strided", "as_strided_scatter", "unravel_index"]


@op
def as_strided(
    input: ArrayLike, size: int | Sequence[int], stride: int | Sequence[int], storage_offset: int | None = None
) -> Array:
    """The elements of `input`, numbered row by row, at ``storage_offset + i * stride[0] + j * stride[1] + …``.

    Args:
        input: any shape.
        size: the shape of the result.
        stride: how many elements further on the next one is, for each dimension of the result; 0 repeats.
        storage_offset: where the first one is; 0 by default.

    Returns:
        An array of shape `size` in the dtype of `input`; places may overlap, and their gradients add up.

    Raises:
        ShapeError: `size` and `stride` differ in length.
        ArgumentError: a stride or the offset is negative.
        IndexRangeError: a place is outside of `input`.

    >>> fg.as_strided(fg.arange(6), (3, 2), (1, 2))
    Array([[0, 2],
           [1, 3],
           [2, 4]], dtype=int32)

    Source: ``torch.as_strided``.
    """
    x = jnp.asarray(input)
    return x.reshape(-1)[_places("as_strided", x.size, size, stride, storage_offset)]


@op
def as_strided_scatter(
    input: ArrayLike,
    src: ArrayLike,
    size: int | Sequence[int],
    stride: int | Sequence[int],
    storage_offset: int | None = None,
) -> Array:
    """`input` with `src` at the places that ``as_strided`` reads.

    Args:
        input: any shape.
        src: what to write, of shape `size`.
        size: the shape of the part.
        stride: how many elements further on the next one is, for each dimension of `src`.
        storage_offset: where the first one is; 0 by default.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: `src` does not have shape `size`, or `size` and `stride` differ in length.
        ArgumentError: a stride or the offset is negative, or one place is named twice.
        IndexRangeError: a place is outside of `input`.

    >>> fg.as_strided_scatter(fg.zeros(5, dtype="int"), fg.tensor([7, 8]), (2,), (3,))
    Array([7, 0, 0, 8, 0], dtype=int32)

    Source: ``torch.as_strided_scatter``.
    """
    x = jnp.asarray(input)
    places = _places("as_strided_scatter", x.size, size, stride, storage_offset)
    if jnp.shape(src) != places.shape:
        given = f"got shape {jnp.shape(src)}"
        fail(ShapeError, "as_strided_scatter", f"src must have shape {places.shape}", given, "reshape it")
    if np.unique(places).size < places.size:
        given = f"got size={places.shape} and stride={stride}"
        remedy = "add to overlapping places with fg.index_put(..., accumulate=True)"
        fail(ArgumentError, "as_strided_scatter", "each place may be written once", given, remedy)
    value = as_value("as_strided_scatter", src, x.dtype, "src")
    return x.reshape(-1).at[places].set(value, unique_indices=True).reshape(x.shape)


def _places(name: str, count: int, size: Any, stride: Any, storage_offset: Any) -> np.ndarray:
    shape: Shape = sizes(name, size if isinstance(size, Sequence) else (size,))
    steps = stride if isinstance(stride, Sequence) else (stride,)
    steps = tuple(integer(name, f"stride[{i}]", step, 0) for i, step in enumerate(steps))
    start = integer(name, "storage_offset", 0 if storage_offset is None else storage_offset, 0)
    if len(shape) != len(steps):
        given = f"got size={shape} and stride={steps}"
        fail(ShapeError, name, "size and stride must have the same length", given, "give a stride for each dimension")
    last = start + sum(step * (extent - 1) for step, extent in zip(steps, shape, strict=True))
    if 0 not in shape and last >= count:
        required = f"places must be among the {count} elements"
        fail(IndexRangeError, name, required, f"got up to {last}", "correct size, stride or storage_offset")
    places = np.array(start)
    for step, extent in zip(steps, shape, strict=True):
        places = places[..., None] + step * np.arange(extent)
    return places


def _check_unravel(indices: Any, shape: Any) -> None:
    given = sizes("unravel_index", shape if isinstance(shape, Sequence) else (shape,))
    indices_in_range("unravel_index", indices, int(np.prod(given)), 0, argument="indices", negative=True)


@op(check=_check_unravel)
def unravel_index(indices: ArrayLike, shape: int | Sequence[int]) -> tuple[Array, ...]:
    """Where the elements numbered `indices`, row by row, are in an array of `shape`: the inverse of flattening.

    Args:
        indices: integers of any shape; negative ones count from the end.
        shape: the shape of the array.

    Returns:
        A tuple of int32 arrays in the shape of `indices`, one for each dimension of `shape`.

    Raises:
        IndexRangeError: an index is outside of the array (not known of a traced one: it is then wrapped).
        DtypeError: `indices` are not integers.
        ShapeError: a size is negative.

    >>> fg.unravel_index(fg.tensor([0, 5]), (2, 3))
    (Array([0, 1], dtype=int32), Array([0, 2], dtype=int32))

    Source: ``torch.unravel_index``.
    """
    rest = jnp.asarray(indices)
    if not jnp.issubdtype(rest.dtype, jnp.integer):
        remedy = "convert them with fg.to(x, 'int')"
        fail(DtypeError, "unravel_index", "indices must be integers", f"got {describe(rest)}", remedy)
    rest = rest.astype(jnp.promote_types(rest.dtype, jnp.int32))
    found = []
    for extent in reversed(sizes("unravel_index", shape if isinstance(shape, Sequence) else (shape,))):
        found.append(rest % max(extent, 1))
        rest = rest // max(extent, 1)
    return tuple(reversed(found))
