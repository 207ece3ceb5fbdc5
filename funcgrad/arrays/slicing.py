"""Cutting parts out of an array along a dimension, and cutting it into parts."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail, indices_in_range, integer, is_concrete
from .._claims import claim, visible
from .._errors import ArgumentTypeError, IndexRangeError, ShapeError
from .._op import op
from .._operands import shape_of
from .._types import Array, ArrayLike, Dim

__all__ = [
    "chunk",
    "dsplit",
    "hsplit",
    "narrow",
    "select",
    "split",
    "tensor_split",
    "unbind",
    "unfold",
    "vsplit",
]


def _check_narrow(input: ArrayLike, dim: Dim, start: ArrayLike, length: int) -> None:
    count = integer("narrow", "length", length, 0)
    have = _size("narrow", input, dim)
    _require_index("narrow", "start", start)
    if start.__class__ is int and (0 <= start <= have - count or -have <= start <= -count):
        return
    required = f"start and length must stay within dimension {dim} of size {have}"
    remedy = "correct them; nothing is clamped"
    if count > have and not is_concrete(start):
        fail(IndexRangeError, "narrow", required, f"got length {length}", remedy)
    place = visible(start)
    if place is not None:
        holds = (place >= -have) & (place <= have - count) & ((place >= 0) | (place + count <= 0))
        claim(
            IndexRangeError, "narrow", required, f"got start {{start}} and length {length}", remedy, holds, start=place
        )


# start is an operand, so that an eager loop over it reuses one program.
@op(check=_check_narrow)
def narrow(input: ArrayLike, /, dim: Dim, start: ArrayLike, length: int) -> Array:
    """`length` slices of `input` along `dim`, from `start` on.

    Args:
        input: at least one dimension.
        dim: the dimension to cut.
        start: the first slice, an int or a 0-d array; negative ones count from the end. Where it is traced its value
            is not known to be in range: JAX moves it there, unless the program runs under ``checkify``.
        length: how many slices.

    Returns:
        An array with size `length` in `dim`, in the dtype of `input`.

    Raises:
        DimError: `dim` is out of range.
        IndexRangeError: a slice would be outside the array.
        ArgumentError: `length` is negative.

    >>> fg.narrow(fg.arange(5), 0, 1, 3)
    Array([1, 2, 3], dtype=int32)

    Source: ``torch.narrow``.
    """
    _check_narrow(input, dim, start, length)
    whole = jnp.asarray(input)
    if is_concrete(start):
        first = operator.index(start)  # type: ignore[arg-type]
        first += whole.shape[dim] if first < 0 else 0
        return jax.lax.slice_in_dim(whole, first, first + length, axis=dim)
    return jax.lax.dynamic_slice_in_dim(whole, jnp.asarray(start), length, dim)


def _check_select(input: ArrayLike, dim: Dim, index: ArrayLike) -> None:
    have = _size("select", input, dim)
    _require_index("select", "index", index)
    indices_in_range("select", index, have, dim, negative=True)


@op(check=_check_select)
def select(input: ArrayLike, /, dim: Dim, index: ArrayLike) -> Array:
    """One slice of `input`, without the dimension along which it lies: ``x[index]`` for dimension 0.

    Args:
        input: at least one dimension.
        dim: the dimension to leave out.
        index: which slice, an int or a 0-d array; negative ones count from the end. Where it is traced its value is
            not known to be in range: JAX moves it there, unless the program runs under ``checkify``.

    Returns:
        An array with one dimension less, in the dtype of `input`.

    Raises:
        DimError: `dim` is out of range.
        IndexRangeError: `index` is out of range.

    >>> fg.select(fg.tensor([[1, 2], [3, 4]]), 1, 0)
    Array([1, 3], dtype=int32)

    Source: ``torch.select``.
    """
    _check_select(input, dim, index)
    whole = jnp.asarray(input)
    if is_concrete(index):
        return jax.lax.index_in_dim(whole, operator.index(index), dim, keepdims=False)  # type: ignore[arg-type]
    return jax.lax.dynamic_index_in_dim(whole, jnp.asarray(index), dim, keepdims=False)


def _require_index(name: str, argument: str, value: Any) -> None:
    if value.__class__ is int:
        return
    if jnp.ndim(value) or not jnp.issubdtype(jnp.result_type(value), jnp.integer):
        fail(ArgumentTypeError, name, f"{argument} must be an int", f"got {describe(value)}", "write for example 1")


def _size(name: str, input: ArrayLike, dim: Dim) -> int:
    shape = shape_of(input)
    if not shape:
        fail(ShapeError, name, "input must have at least 1 dimension", "got a 0-d array", "add one with fg.unsqueeze")
    return shape[dim]


@op(dims=("dimension",))
def unfold(input: ArrayLike, /, dimension: Dim, size: int, step: int) -> Array:
    r"""All windows along a dimension, each in a new last dimension: window $i$ starts at place $i \cdot step$.

    Args:
        input: any shape, of size n in `dimension` (a 0-d array counts as one element).
        dimension: the dimension along which the window moves.
        size: how many elements a window has.
        step: by how many places it moves.

    Returns:
        An array of size (n - size) // step + 1 in `dimension`, and a new last dimension of size `size`, in the dtype
        of `input`.

    Raises:
        DimError: `dimension` is out of range.
        ShapeError: `size` is larger than the array.
        ArgumentError: `size` is negative, or `step` is not positive.

    >>> fg.unfold(fg.arange(5), 0, 3, 1)
    Array([[0, 1, 2],
           [1, 2, 3],
           [2, 3, 4]], dtype=int32)

    Source: ``Tensor.unfold``.
    """
    whole = jnp.atleast_1d(input)
    have = whole.shape[dimension]
    width, by = integer("unfold", "size", size, 0), integer("unfold", "step", step, 1)
    if width > have:
        fail(
            ShapeError,
            "unfold",
            f"size must be at most {have}, the size of dimension {dimension}",
            f"got {width} for shape {jnp.shape(input)}",
            "take a smaller window, or pad the input",
        )
    made = jnp.moveaxis(_windows(jnp.moveaxis(whole, dimension, -1), width, by), -2, dimension)
    return made if jnp.ndim(input) else made[0]


def _windows(x: Array, width: int, step: int) -> Array:
    """The windows along the last dimension, as new last dimension."""
    *outer, have = x.shape
    count = (have - width) // step + 1
    blocks = -(-width // step)  # how many blocks of `step` elements a window overlaps
    if blocks > 64:  # few equations matter more than a fast gradient
        starts = jnp.arange(count) * step
        return x.at[..., starts[:, None] + jnp.arange(width)].get(mode="promise_in_bounds")
    # Blocks laid side by side: the gradient is a sum of slices, where that of a gather is a scatter, on the CPU some
    # twenty times slower.
    need = (count + blocks - 1) * step
    grid = jnp.pad(x, [(0, 0)] * len(outer) + [(0, max(need - have, 0))])[..., :need]
    grid = grid.reshape(*outer, count + blocks - 1, step)
    parts = [grid[..., first : first + count, :] for first in range(blocks)]
    return jnp.concatenate(parts or [jnp.zeros((*outer, count, 0), x.dtype)], -1)[..., :width]


@op
def split(tensor: ArrayLike, /, split_size_or_sections: int | Sequence[int], dim: Dim = 0) -> tuple[Array, ...]:
    """`tensor` cut along `dim` into parts of a size, or of the sizes given; places to cut at are ``tensor_split``'s.

    Args:
        tensor: at least one dimension.
        split_size_or_sections: the size of each part, where the last may be smaller; or the list of sizes.
        dim: the dimension to cut.

    Returns:
        A tuple of arrays in the dtype of `tensor`.

    Raises:
        DimError: `dim` is out of range.
        ShapeError: the list does not sum to the size of `dim`.
        ArgumentError: a size is negative, or the only one is 0.

    >>> fg.split(fg.arange(5), 2)
    (Array([0, 1], dtype=int32), Array([2, 3], dtype=int32), Array([4], dtype=int32))
    >>> fg.split(fg.arange(5), [1, 4])
    (Array([0], dtype=int32), Array([1, 2, 3, 4], dtype=int32))

    Source: ``torch.split``.
    """
    have = _size("split", tensor, dim)
    if isinstance(split_size_or_sections, Sequence):
        sections = enumerate(split_size_or_sections)
        parts = tuple(integer("split", f"split_size_or_sections[{i}]", size, 0) for i, size in sections)
        if sum(parts) != have:
            fail(
                ShapeError,
                "split",
                f"the sizes must sum to {have}, the size of dimension {dim}",
                f"got {parts}, which sum to {sum(parts)}",
                "correct them, or cut at places with fg.tensor_split",
            )
        return _parts(tensor, parts, dim)
    each = integer("split", "split_size_or_sections", split_size_or_sections, 1 if have else 0)
    return _parts(tensor, _even(have, each), dim)


@op
def chunk(input: ArrayLike, /, chunks: int, dim: Dim = 0) -> tuple[Array, ...]:
    """`input` cut along `dim` into at most `chunks` parts of one size, where the last may be smaller.

    Args:
        input: at least one dimension, of size n in `dim`.
        chunks: how many parts; there are fewer where parts of size ceil(n / chunks) reach the end before.
        dim: the dimension to cut.

    Returns:
        A tuple of arrays in the dtype of `input`.

    Raises:
        DimError: `dim` is out of range.
        ArgumentError: `chunks` is not positive.

    >>> [part.shape for part in fg.chunk(fg.arange(5), 4)]
    [(2,), (2,), (1,)]

    Source: ``torch.chunk``.
    """
    have = _size("chunk", input, dim)
    count = integer("chunk", "chunks", chunks, 1)
    return _parts(input, _even(have, -(-have // count)) if have else (0,) * count, dim)


@op
def tensor_split(input: ArrayLike, /, indices_or_sections: int | Sequence[int], dim: Dim = 0) -> tuple[Array, ...]:
    """`input` cut along `dim` into a number of parts as equal as can be, or at the places given.

    Args:
        input: at least one dimension.
        indices_or_sections: the number of parts, of which the first ones get one element more where they are not
            equal; or the list of places to cut at, read as in a Python slice.
        dim: the dimension to cut.

    Returns:
        A tuple of arrays in the dtype of `input`.

    Raises:
        DimError: `dim` is out of range.
        ArgumentError: the number of parts is not positive.

    >>> [part.shape for part in fg.tensor_split(fg.arange(5), 3)]
    [(2,), (2,), (1,)]
    >>> fg.tensor_split(fg.arange(5), [1, 3])
    (Array([0], dtype=int32), Array([1, 2], dtype=int32), Array([3, 4], dtype=int32))

    Source: ``torch.tensor_split``.
    """
    return _tensor_split("tensor_split", input, indices_or_sections, dim)


@op
def hsplit(input: ArrayLike, /, indices_or_sections: int | Sequence[int]) -> tuple[Array, ...]:
    """``tensor_split`` along dimension 1, or 0 for a 1-D array, into equal parts only.

    Args:
        input: at least one dimension.
        indices_or_sections: the number of parts, which divides the size; or the list of places to cut at.

    Returns:
        A tuple of arrays in the dtype of `input`.

    Raises:
        ShapeError: `input` has no dimension, or the parts would not be equal.

    >>> [part.shape for part in fg.hsplit(fg.zeros(2, 4), 2)]
    [(2, 2), (2, 2)]

    Source: ``torch.hsplit``.
    """
    return _equal_split("hsplit", input, indices_or_sections, 1 if jnp.ndim(input) > 1 else 0, 1)


@op
def vsplit(input: ArrayLike, /, indices_or_sections: int | Sequence[int]) -> tuple[Array, ...]:
    """``tensor_split`` along dimension 0 of at least two, into equal parts only.

    Args:
        input: at least two dimensions.
        indices_or_sections: the number of parts, which divides the size; or the list of places to cut at.

    Returns:
        A tuple of arrays in the dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than two dimensions, or the parts would not be equal.

    >>> [part.shape for part in fg.vsplit(fg.zeros(2, 4), 2)]
    [(1, 4), (1, 4)]

    Source: ``torch.vsplit``.
    """
    return _equal_split("vsplit", input, indices_or_sections, 0, 2)


@op
def dsplit(input: ArrayLike, /, indices_or_sections: int | Sequence[int]) -> tuple[Array, ...]:
    """``tensor_split`` along dimension 2, into equal parts only.

    Args:
        input: at least three dimensions.
        indices_or_sections: the number of parts, which divides the size; or the list of places to cut at.

    Returns:
        A tuple of arrays in the dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than three dimensions, or the parts would not be equal.

    >>> [part.shape for part in fg.dsplit(fg.zeros(2, 3, 4), 2)]
    [(2, 3, 2), (2, 3, 2)]

    Source: ``torch.dsplit``.
    """
    return _equal_split("dsplit", input, indices_or_sections, 2, 3)


@op
def unbind(input: ArrayLike, /, dim: Dim = 0) -> tuple[Array, ...]:
    """All slices of `input` along `dim`, without that dimension.

    Args:
        input: at least one dimension.
        dim: the dimension to take apart.

    Returns:
        A tuple of arrays in the dtype of `input`, as many as `dim` is large.

    Raises:
        DimError: `dim` is out of range.
        ShapeError: `input` has no dimension.

    >>> fg.unbind(fg.tensor([[1, 2], [3, 4]]))
    (Array([1, 2], dtype=int32), Array([3, 4], dtype=int32))

    Source: ``torch.unbind``.
    """
    have = _size("unbind", input, dim)
    return tuple(jnp.squeeze(part, dim) for part in _parts(input, (1,) * have, dim))


def _equal_split(name: str, input: ArrayLike, given: Any, dim: Dim, ndim: int) -> tuple[Array, ...]:
    if jnp.ndim(input) < ndim:
        fail(
            ShapeError,
            name,
            f"input must have at least {ndim} dimension{'' if ndim == 1 else 's'}",
            f"got shape {jnp.shape(input)}",
            "say which dimension to cut with fg.tensor_split",
        )
    have = jnp.shape(input)[dim]
    if isinstance(given, int) and given > 0 and have % given:
        fail(
            ShapeError,
            name,
            f"the number of parts must divide {have}, the size of dimension {dim}",
            f"got {given}",
            "use fg.tensor_split for parts that are not equal",
        )
    return _tensor_split(name, input, given, dim)


def _tensor_split(name: str, input: ArrayLike, given: int | Sequence[int], dim: Dim) -> tuple[Array, ...]:
    have = _size(name, input, dim)
    if isinstance(given, Sequence):
        places = [integer(name, f"indices_or_sections[{i}]", cut) for i, cut in enumerate(given)]
        cuts = [slice(cut).indices(have)[1] for cut in places]
        bounds = list(zip([0, *cuts], [*cuts, have], strict=True))
        whole = jnp.asarray(input)
        return tuple(jax.lax.slice_in_dim(whole, first, max(first, last), axis=dim) for first, last in bounds)
    count = integer(name, "indices_or_sections", given, 1)
    return _parts(input, tuple(have // count + (part < have % count) for part in range(count)), dim)


def _even(have: int, each: int) -> tuple[int, ...]:
    """Sizes of `each` up to `have`, the last one smaller; one part of nothing for nothing."""
    return tuple(min(each, have - first) for first in range(0, have, each)) if have else (0,)


def _parts(input: ArrayLike, parts: Sequence[int], dim: Dim) -> tuple[Array, ...]:
    return tuple(jax.lax.split(jnp.asarray(input), parts, dim)) if parts else ()
