"""Writing through arrays of indices; the result is a new array."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import fail
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._op import op
from .._operands import dtype_of, shape_of
from .._types import Array, ArrayLike
from ._updates import as_value, combined, combining, require_grid, require_indices, require_reduction

__all__ = [
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "index_add",
    "index_copy",
    "index_fill",
    "index_reduce",
    "put",
]


def _at(name: str, input: Any, dim: int, index: Any) -> tuple[Array, tuple[Any, ...]]:
    """`input` with at least one dimension, and for each element of `index` where it writes."""
    x, places = jnp.atleast_1d(jnp.asarray(input)), jnp.atleast_1d(jnp.asarray(index))
    if places.size == 0:
        return x, (jnp.zeros(0, jnp.int32),) * x.ndim
    grid = [jnp.arange(n).reshape([n if e == d else 1 for e in range(x.ndim)]) for d, n in enumerate(places.shape)]
    grid[dim] = places
    return x, tuple(grid)


def _part(name: str, src: Any, index: Any) -> Array:
    """The part of `src` that is written: as large as `index`."""
    source, shape = jnp.atleast_1d(jnp.asarray(src)), np.shape(index) or (1,)
    if 0 in shape:
        return jnp.zeros(0, source.dtype)
    if source.ndim != len(shape) or any(s < n for s, n in zip(source.shape, shape, strict=True)):
        fail(
            ShapeError,
            name,
            "src must have as many dimensions as index, and be no smaller in any",
            f"got src of shape {np.shape(src)} and index of shape {np.shape(index)}",
            "expand src, or write a single number",
        )
    return source[tuple(slice(n) for n in shape)]


def _check_scatter(
    input: Any, dim: int, index: Any, src: Any = None, value: Any = None, reduce: str | None = None
) -> None:
    if (src is None) == (value is None):
        given = "got neither" if src is None else "got both"
        fail(ArgumentTypeError, "scatter", "one of src and value must be given", given, "pass one")
    if reduce not in (None, "add", "multiply"):
        fail(
            ArgumentError,
            "scatter",
            "reduce must be 'add', 'multiply' or None",
            f"got {reduce!r}",
            "use fg.scatter_reduce for the others",
        )
    require_grid("scatter", input, dim, index)
    as_value("scatter", value if src is None else src, dtype_of(input), "value" if src is None else "src")


@op(check=_check_scatter)
def scatter(
    input: ArrayLike,
    /,
    dim: int,
    index: ArrayLike,
    src: ArrayLike | None = None,
    *,
    value: ArrayLike | None = None,
    reduce: str | None = None,
) -> Array:
    r"""A copy of `input` with elements of `src` written along `dim`: for dim 1, $out_{i, index_{ij}} = src_{ij}$.

    Args:
        input: any shape.
        dim: the dimension that `index` counts along.
        index: integers in [0, size of `dim`), with as many dimensions as `input`; along the others no larger than it.
        src: as many dimensions as `index` and no smaller, or a number. If an element is named twice, which of the
            values stays is not defined.
        value: a number, instead of `src`.
        reduce: ``"add"`` or ``"multiply"`` to combine with what is there.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, where nothing is written.
        DtypeError: `index` is not of integers, or `src` would lose its kind.
        ShapeError: `index` or `src` does not fit.

    >>> fg.scatter(fg.zeros(2, 3), 1, fg.tensor([[0], [2]]), 7.0)
    Array([[7., 0., 0.],
           [0., 0., 7.]], dtype=float32)

    Source: ``torch.scatter``.
    """
    _check_scatter(input, dim, index, src, value, reduce)
    x, at = _at("scatter", input, dim, index)
    written = value if src is None else src
    source = jnp.asarray(written) if jnp.ndim(jnp.asarray(written)) == 0 else _part("scatter", written, index)
    if reduce is None:
        return x.at[at].set(source.astype(x.dtype)).reshape(np.shape(input))
    how = "sum" if reduce == "add" else "prod"
    return combined(x, at, source, how).reshape(np.shape(input))


def _check_add(input: Any, dim: int, index: Any, src: Any) -> None:
    require_grid("scatter_add", input, dim, index)
    as_value("scatter_add", src, dtype_of(input), "src")


@op(check=_check_add)
def scatter_add(input: ArrayLike, /, dim: int, index: ArrayLike, src: ArrayLike) -> Array:
    r"""A copy of `input` with elements of `src` added along `dim`: for dim 1, to $out_{i, index_{ij}}$ add $src_{ij}$.

    Args:
        input: any shape.
        dim: the dimension that `index` counts along.
        index: integers in [0, size of `dim`), with as many dimensions as `input`; along the others no larger than it.
        src: as many dimensions as `index` and no smaller.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, where nothing is added.
        DtypeError: `index` is not of integers, or `src` would lose its kind.
        ShapeError: `index` or `src` does not fit.

    >>> fg.scatter_add(fg.zeros(3), 0, fg.tensor([0, 0, 2]), fg.ones(3))
    Array([2., 0., 1.], dtype=float32)

    Source: ``torch.scatter_add``.
    """
    _check_add(input, dim, index, src)
    x, at = _at("scatter_add", input, dim, index)
    return combined(x, at, _part("scatter_add", src, index), "sum").reshape(np.shape(input))


def _check_reduce(input: Any, dim: int, index: Any, src: Any, reduce: str) -> None:
    require_reduction("scatter_reduce", reduce, ("sum", "prod", "mean", "amax", "amin"), dtype_of(input))
    require_grid("scatter_reduce", input, dim, index)
    as_value("scatter_reduce", src, dtype_of(input), "src")


@op(check=_check_reduce)
def scatter_reduce(
    input: ArrayLike, /, dim: int, index: ArrayLike, src: ArrayLike, reduce: str, *, include_self: bool = True
) -> Array:
    """A copy of `input` with elements of `src` reduced into it along `dim`.

    Args:
        input: any shape.
        dim: the dimension that `index` counts along.
        index: integers in [0, size of `dim`), with as many dimensions as `input`; along the others no larger than it.
        src: as many dimensions as `index` and no smaller.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether the elements of `input` take part where something is written.

    Returns:
        The new array, in the shape and dtype of `input`. Gradients of ``"amax"`` and ``"amin"`` are shared evenly by
        equal elements; those of ``"prod"`` are exact at zeros.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, where nothing is written.
        ArgumentError: `reduce` is not known.
        DtypeError: `index` is not of integers, or `src` would lose its kind.
        ShapeError: `index` or `src` does not fit.

    >>> fg.scatter_reduce(fg.ones(2), 0, fg.tensor([0, 0]), fg.tensor([3.0, 8.0]), "mean")
    Array([4., 1.], dtype=float32)

    Source: ``torch.scatter_reduce``.
    """
    _check_reduce(input, dim, index, src, reduce)
    x, at = _at("scatter_reduce", input, dim, index)
    return combined(x, at, _part("scatter_reduce", src, index), reduce, include_self).reshape(np.shape(input))


def _slices(name: str, input: Any, dim: int, index: Any, source: Any, negative: bool = False) -> None:
    """Check a 1-D `index` of slices along `dim`, and that `source` has one slice for each."""
    if len(shape_of(index)) > 1:
        fail(
            ShapeError,
            name,
            "index must have at most 1 dimension",
            f"got shape {np.shape(index)}",
            "flatten it, or use fg.scatter or fg.set",
        )
    shape = shape_of(input) or (1,)
    require_indices(name, index, shape[dim], dim, negative=negative)
    needed = (*shape[:dim], math.prod(shape_of(index)), *shape[dim + 1 :])
    if source is not None:
        if (shape_of(source) or (1,)) != needed:
            fail(
                ShapeError,
                name,
                f"source must have a slice of input for each index, shape {needed}",
                f"got shape {np.shape(source)}",
                "reshape source, or correct index",
            )
        as_value(name, source, dtype_of(input), "source")


def _along(input: Any, dim: int, index: Any) -> tuple[Array, tuple[Any, ...]]:
    return jnp.atleast_1d(jnp.asarray(input)), (*[slice(None)] * dim, jnp.reshape(index, -1))


def _check_index_add(input: Any, dim: int, index: Any, source: Any, alpha: Any = True) -> None:
    _slices("index_add", input, dim, index, source)
    as_value("index_add", alpha, dtype_of(input), "alpha")


@op(check=_check_index_add)
def index_add(input: ArrayLike, /, dim: int, index: ArrayLike, source: ArrayLike, *, alpha: ArrayLike = True) -> Array:
    """A copy of `input` with slices of `source`, times `alpha`, added to the slices along `dim` that `index` names.

    Args:
        input: any shape.
        dim: the dimension.
        index: integers in [0, size of `dim`), in one dimension; a slice named twice is added to twice.
        source: the shape of `input`, with as many slices along `dim` as `index` has elements.
        alpha: a factor, 1 unless given.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, where nothing is added.
        DtypeError: `index` is not of integers, or `source` would lose its kind.
        ShapeError: `source` has another shape.

    >>> fg.index_add(fg.zeros(3), 0, fg.tensor([0, 0]), fg.ones(2), alpha=5)
    Array([10.,  0.,  0.], dtype=float32)

    Source: ``torch.index_add``.
    """
    _check_index_add(input, dim, index, source, alpha)
    x, at = _along(input, dim, index)
    scaled = jnp.asarray(source).astype(x.dtype) * jnp.asarray(alpha).astype(x.dtype)
    return combined(x, at, jnp.atleast_1d(scaled), "sum").reshape(np.shape(input))


def _check_copy(input: Any, dim: int, index: Any, source: Any) -> None:
    _slices("index_copy", input, dim, index, source)


@op(check=_check_copy)
def index_copy(input: ArrayLike, /, dim: int, index: ArrayLike, source: ArrayLike) -> Array:
    """A copy of `input` with the slices along `dim` that `index` names replaced by those of `source`.

    Args:
        input: any shape.
        dim: the dimension.
        index: integers in [0, size of `dim`), in one dimension. If one is named twice, which slice stays is not
            defined.
        source: the shape of `input`, with as many slices along `dim` as `index` has elements.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, where nothing is written.
        DtypeError: `index` is not of integers, or `source` would lose its kind.
        ShapeError: `source` has another shape.

    >>> fg.index_copy(fg.zeros(3), 0, fg.tensor([2, 0]), fg.tensor([5.0, 6.0]))
    Array([6., 0., 5.], dtype=float32)

    Source: ``torch.index_copy``.
    """
    _check_copy(input, dim, index, source)
    x, at = _along(input, dim, index)
    return x.at[at].set(jnp.atleast_1d(jnp.asarray(source)).astype(x.dtype)).reshape(np.shape(input))


def _check_index_fill(input: Any, dim: int, index: Any, value: Any) -> None:
    _slices("index_fill", input, dim, index, None, negative=True)
    if shape_of(value):
        fail(
            ShapeError,
            "index_fill",
            "value must be a number or a 0-d array",
            f"got shape {np.shape(value)}",
            "use fg.index_copy for slices",
        )
    as_value("index_fill", value, dtype_of(input))


@op(check=_check_index_fill)
def index_fill(input: ArrayLike, /, dim: int, index: ArrayLike, value: ArrayLike) -> Array:
    """A copy of `input` with the slices along `dim` that `index` names filled with `value`.

    Args:
        input: any shape.
        dim: the dimension.
        index: integers in one dimension; negative ones count from the end.
        value: a number or 0-d array.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, where nothing is written.
        DtypeError: `index` is not of integers, or `value` would lose its kind.

    >>> fg.index_fill(fg.zeros(3), 0, fg.tensor([0, -1]), 5)
    Array([5., 0., 5.], dtype=float32)

    Source: ``torch.index_fill``.
    """
    _check_index_fill(input, dim, index, value)
    x, at = _along(input, dim, index)
    return x.at[at].set(jnp.asarray(value).astype(x.dtype)).reshape(np.shape(input))


def _check_index_reduce(input: Any, dim: int, index: Any, source: Any, reduce: str) -> None:
    require_reduction("index_reduce", reduce, ("prod", "mean", "amax", "amin"), dtype_of(input))
    _slices("index_reduce", input, dim, index, source)


@op(check=_check_index_reduce)
def index_reduce(
    input: ArrayLike, /, dim: int, index: ArrayLike, source: ArrayLike, reduce: str, *, include_self: bool = True
) -> Array:
    """A copy of `input` with slices of `source` reduced into the slices along `dim` that `index` names.

    Args:
        input: any shape.
        dim: the dimension.
        index: integers in [0, size of `dim`), in one dimension.
        source: the shape of `input`, with as many slices along `dim` as `index` has elements.
        reduce: ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether the slices of `input` take part where something is written.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, where nothing is written.
        ArgumentError: `reduce` is not known.
        DtypeError: `index` is not of integers, or `source` would lose its kind.
        ShapeError: `source` has another shape.

    >>> fg.index_reduce(fg.ones(2), 0, fg.tensor([0, 0]), fg.tensor([3.0, 4.0]), "prod")
    Array([12.,  1.], dtype=float32)

    Source: ``torch.index_reduce``.
    """
    _check_index_reduce(input, dim, index, source, reduce)
    x, at = _along(input, dim, index)
    return combined(x, at, jnp.atleast_1d(jnp.asarray(source)), reduce, include_self).reshape(np.shape(input))


def _check_put(input: Any, index: Any, source: Any) -> None:
    require_indices("put", index, math.prod(shape_of(input)), 0, negative=True)
    if np.size(index) != np.size(source):
        fail(
            ShapeError,
            "put",
            "index and source must have as many elements",
            f"got {np.size(index)} and {np.size(source)}",
            "give one value for each index",
        )
    as_value("put", source, dtype_of(input), "source")


@op(check=_check_put)
def put(input: ArrayLike, /, index: ArrayLike, source: ArrayLike, accumulate: bool = False) -> Array:
    """A copy of `input` with elements of `source` written where `index` counts as if it had one dimension.

    Args:
        input: any shape.
        index: integers into the flattened `input`; negative ones count from the end.
        source: as many elements as `index`.
        accumulate: whether to add to what is there.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for traced indices, where nothing is written.
        DtypeError: `index` is not of integers, or `source` would lose its kind.
        ShapeError: `source` has another number of elements.

    >>> fg.put(fg.zeros(2, 2), fg.tensor([0, -1]), fg.tensor([5.0, 6.0]))
    Array([[5., 0.],
           [0., 6.]], dtype=float32)

    Source: ``torch.put``.
    """
    _check_put(input, index, source)
    flat = jnp.reshape(input, -1)
    place = flat.at[jnp.reshape(index, -1)]
    values = jnp.reshape(source, -1).astype(flat.dtype)
    return getattr(place, combining("add" if accumulate else "set", flat.dtype))(values).reshape(np.shape(input))
