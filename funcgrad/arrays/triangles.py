"""Diagonals and triangles: taking them out of matrices, and making matrices of them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, integer, require_ndim, resolve_dtype, sizes
from .._errors import DimError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim, DtypeLike
from ._updates import as_value

__all__ = [
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "fill_diagonal",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
]


@op
def fill_diagonal(input: ArrayLike, fill_value: ArrayLike, wrap: bool = False) -> Array:
    """`input` with `fill_value` where all indices are equal.

    Args:
        input: two or more dimensions, all of one size if there are more than two.
        fill_value: a number or 0-d array.
        wrap: whether the diagonal of a tall matrix begins again below its end, one row further down.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: `input` has fewer dimensions or unequal sizes, or `fill_value` is not 0-d.
        DtypeError: the dtype of `input` cannot hold `fill_value`.

    >>> fg.fill_diagonal(fg.zeros(2, 3), 1.0)
    Array([[1., 0., 0.],
           [0., 1., 0.]], dtype=float32)

    Source: ``Tensor.fill_diagonal_``.
    """
    x = jnp.asarray(input)
    if x.ndim < 2 or (x.ndim > 2 and len(set(x.shape)) > 1):
        required = "input must have 2 dimensions, or more of one size"
        fail(ShapeError, "fill_diagonal", required, f"got shape {x.shape}", "write parts with fg.diagonal_scatter")
    if jnp.ndim(fill_value):
        required = "fill_value must be a number or a 0-d array"
        remedy = "write several with fg.diagonal_scatter"
        fail(ShapeError, "fill_diagonal", required, f"got {describe(fill_value)}", remedy)
    value = as_value("fill_diagonal", fill_value, x.dtype, "fill_value")
    columns = x.shape[-1]
    if x.ndim == 2:
        rows = jax.lax.broadcasted_iota(np.int32, x.shape, 0)
        rows = rows % (columns + 1) if wrap else rows
        return jnp.where(rows == jax.lax.broadcasted_iota(np.int32, x.shape, 1), value, x)
    places = np.indices(x.shape, sparse=True)
    return jnp.where(np.logical_and.reduce([np.broadcast_to(p == places[0], x.shape) for p in places]), value, x)


@op
def tril(input: ArrayLike, /, diagonal: int = 0) -> Array:
    """The lower triangle of each matrix, with zeros above it.

    Args:
        input: at least two dimensions; the last two are the matrices.
        diagonal: the highest diagonal to keep: 0 the main one, positive above it, negative below.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than two dimensions.

    >>> fg.tril(fg.ones(2, 3))
    Array([[1., 0., 0.],
           [1., 1., 0.]], dtype=float32)

    Source: ``torch.tril``.
    """
    _require_matrices("tril", input)
    return jnp.tril(input, integer("tril", "diagonal", diagonal))


@op
def triu(input: ArrayLike, /, diagonal: int = 0) -> Array:
    """The upper triangle of each matrix, with zeros below it.

    Args:
        input: at least two dimensions; the last two are the matrices.
        diagonal: the lowest diagonal to keep: 0 the main one, positive above it, negative below.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than two dimensions.

    >>> fg.triu(fg.ones(2, 3))
    Array([[1., 1., 1.],
           [0., 1., 1.]], dtype=float32)

    Source: ``torch.triu``.
    """
    _require_matrices("triu", input)
    return jnp.triu(input, integer("triu", "diagonal", diagonal))


def _require_matrices(name: str, input: ArrayLike) -> None:
    if jnp.ndim(input) < 2:
        fail(
            ShapeError,
            name,
            "input must have at least 2 dimensions",
            f"got shape {jnp.shape(input)}",
            "make a row or a column of it with fg.unsqueeze",
        )


@op
def diag(input: ArrayLike, /, diagonal: int = 0) -> Array:
    """The matrix with a vector on one diagonal, or the diagonal of a matrix.

    Args:
        input: a vector, or a matrix.
        diagonal: which diagonal: 0 the main one, positive above it, negative below.

    Returns:
        A matrix for a vector of n elements, of n + |diagonal| rows and columns; a vector for a matrix.

    Raises:
        ShapeError: `input` has another number of dimensions.

    >>> fg.diag(fg.tensor([1, 2]))
    Array([[1, 0],
           [0, 2]], dtype=int32)
    >>> fg.diag(fg.tensor([[1, 2], [3, 4]]))
    Array([1, 4], dtype=int32)

    Source: ``torch.diag``.
    """
    require_ndim("diag", input, (1, 2), remedy="use fg.diagonal or fg.diag_embed for batches, fg.diagflat for numbers")
    place = integer("diag", "diagonal", diagonal)
    return _embedded(input, place, 0, 1) if jnp.ndim(input) == 1 else jnp.diagonal(input, place)


@op(dims=("dim1", "dim2"))
def diagonal(input: ArrayLike, /, offset: int = 0, dim1: Dim = 0, dim2: Dim = 1) -> Array:
    """The diagonals of the matrices that two dimensions make, as a new last dimension.

    Args:
        input: at least two dimensions.
        offset: which diagonal: 0 the main one, positive above it, negative below.
        dim1: the dimension of the rows.
        dim2: the dimension of the columns.

    Returns:
        An array with one dimension less, in the dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than two dimensions.
        DimError: a dimension is out of range, or both are the same.

    >>> fg.diagonal(fg.tensor([[1, 2], [3, 4]]), offset=1)
    Array([2], dtype=int32)

    Source: ``torch.diagonal``.
    """
    _require_matrices("diagonal", input)
    _require_different("diagonal", dim1, dim2)
    return jnp.diagonal(input, integer("diagonal", "offset", offset), dim1, dim2)


@op
def diagflat(input: ArrayLike, /, offset: int = 0) -> Array:
    """The matrix with all elements of an array, in row-major order, on one diagonal.

    Args:
        input: any shape, of n elements.
        offset: which diagonal: 0 the main one, positive above it, negative below.

    Returns:
        A matrix of n + |offset| rows and columns, in the dtype of `input`.

    >>> fg.diagflat(fg.tensor([[1], [2]]))
    Array([[1, 0],
           [0, 2]], dtype=int32)

    Source: ``torch.diagflat``.
    """
    return _embedded(jnp.ravel(input), integer("diagflat", "offset", offset), 0, 1)


@op(dims=("dim1", "dim2"), new_dims=1)
def diag_embed(input: ArrayLike, /, offset: int = 0, dim1: Dim = -2, dim2: Dim = -1) -> Array:
    """Matrices with the last dimension of an array on one diagonal, and zeros elsewhere.

    Args:
        input: at least one dimension, the last of size n.
        offset: which diagonal: 0 the main one, positive above it, negative below.
        dim1: the dimension of the result for the rows.
        dim2: the dimension of the result for the columns.

    Returns:
        An array with one dimension more, `dim1` and `dim2` of size n + |offset|, in the dtype of `input`.

    Raises:
        ShapeError: `input` has no dimension.
        DimError: a dimension is out of range, or both are the same.

    >>> fg.diag_embed(fg.ones(4, 2)).shape
    (4, 2, 2)

    Source: ``torch.diag_embed``.
    """
    if not jnp.ndim(input):
        fail(ShapeError, "diag_embed", "input must have at least 1 dimension", "got a 0-d array", "use fg.diagflat")
    ndim = jnp.ndim(input) + 1
    _require_different("diag_embed", dim1 % ndim, dim2 % ndim)
    return _embedded(input, integer("diag_embed", "offset", offset), dim1 % ndim, dim2 % ndim)


def _embedded(input: ArrayLike, offset: int, dim1: Dim, dim2: Dim) -> Array:
    values = jnp.asarray(input)
    count = values.shape[-1]
    size = count + abs(offset)
    # A mask, not a scatter: one fused pass on every device, and the gradient is a sum over the mask.
    before = max(-offset, 0), max(offset, 0)
    padding = [(0, 0)] * (values.ndim - 1)
    rows = jnp.pad(values, [*padding, (before[0], size - count - before[0])])
    on = jnp.eye(size, size, offset, dtype=bool)
    made = jnp.where(on, rows[..., :, None], jnp.zeros((), values.dtype))
    return jnp.moveaxis(made, (-2, -1), (dim1, dim2))


def _require_different(name: str, dim1: Dim, dim2: Dim) -> None:
    if dim1 == dim2:
        fail(DimError, name, "dim1 and dim2 must differ", f"got {dim1} for both", "name two dimensions")


@op(places=True)
def tril_indices(row: int, col: int, /, offset: int = 0, *, dtype: DtypeLike = "long") -> Array:
    """The places in the lower triangle of a matrix, in row-major order.

    Args:
        row: the number of rows.
        col: the number of columns.
        offset: the highest diagonal to count: 0 the main one, positive above it, negative below.
        dtype: the dtype; int32 by default.
        device: where to put it.

    Returns:
        An array of shape (2, number of places): row numbers, then column numbers.

    Raises:
        ShapeError: a size is negative.

    >>> fg.tril_indices(2, 2)
    Array([[0, 1, 1],
           [0, 0, 1]], dtype=int32)

    Source: ``torch.tril_indices``.
    """
    rows, columns = sizes("tril_indices", (row, col))
    ends = np.clip(np.arange(rows) + integer("tril_indices", "offset", offset) + 1, 0, columns)
    return _places("tril_indices", np.zeros_like(ends), ends, dtype)


@op(places=True)
def triu_indices(row: int, col: int, /, offset: int = 0, *, dtype: DtypeLike = "long") -> Array:
    """The places in the upper triangle of a matrix, in row-major order.

    Args:
        row: the number of rows.
        col: the number of columns.
        offset: the lowest diagonal to count: 0 the main one, positive above it, negative below.
        dtype: the dtype; int32 by default.
        device: where to put it.

    Returns:
        An array of shape (2, number of places): row numbers, then column numbers.

    Raises:
        ShapeError: a size is negative.

    >>> fg.triu_indices(2, 2)
    Array([[0, 0, 1],
           [0, 1, 1]], dtype=int32)

    Source: ``torch.triu_indices``.
    """
    rows, columns = sizes("triu_indices", (row, col))
    starts = np.clip(np.arange(rows) + integer("triu_indices", "offset", offset), 0, columns)
    return _places("triu_indices", starts, np.full_like(starts, columns), dtype)


def _places(name: str, starts: np.ndarray, ends: np.ndarray, dtype: DtypeLike) -> Array:
    """Row i of the result's matrix counts from starts[i] to ends[i]; only these two are constants of the program."""
    kind = resolve_dtype(name, dtype)
    lengths = ends - starts
    count = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    rows = jnp.repeat(jnp.arange(len(lengths)), lengths, total_repeat_length=count)
    columns = jnp.arange(count) + jnp.asarray(starts - before, jnp.int32)[rows]
    return jnp.stack([rows, columns]).astype(kind)
