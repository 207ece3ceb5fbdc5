"""Norms of vectors and matrices, condition number and rank."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from .._checks import canonical_dims, fail, require_numbers
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim, Dims, DtypeLike
from ..arrays._order import extreme
from ..arrays._pointwise import in_single
from ..arrays.distances import _floating, _magnitude, _singular_sum, _vector_norm
from ._matrices import hermitian, matrix, square

__all__ = ["cond", "matrix_norm", "matrix_rank", "norm", "vector_norm"]

_ORDERS = "'fro', 'nuc', inf, -inf, 1, -1, 2 or -2"


@op
@in_single
def vector_norm(
    x: ArrayLike,
    ord: float | str = 2,
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""The norm $(\sum |x|^p)^{1/p}$ of order $p$ = `ord`, over all dimensions unless some are named.

    Its gradient at 0 is 0, not NaN.

    Args:
        x: any shape, floating or complex.
        ord: the order; ``inf`` is the largest magnitude, ``-inf`` the smallest, 0 how many are not 0.
        dim: what to reduce; everything by default.
        keepdim: keep reduced dimensions with size 1.
        dtype: convert `x` to it first.

    Returns:
        A real array without the reduced dimensions.

    Raises:
        DtypeError: `x` holds integers and no `dtype` is given.
        ArgumentError: the order has no value for an empty array.

    >>> fg.linalg.vector_norm(fg.tensor([[3.0, 4.0], [0.0, 5.0]]), dim=1)
    Array([5., 5.], dtype=float32)

    Source: ``torch.linalg.vector_norm``.
    """
    if isinstance(ord, str):
        fail(ArgumentError, "vector_norm", "ord must be a number", f"got {ord!r}", "use matrix_norm for names")
    return _vector_norm("vector_norm", _floating("vector_norm", x, dtype), ord, dim, keepdim)


def _check_norm(name: str, A: ArrayLike, ord: float | str | None, dim: Dims | None) -> None:
    axes = tuple(range(np.ndim(A))) if dim is None else dim
    if ord in (2, -2, "nuc") and not isinstance(axes, int) and len(axes) == 2:  # by singular values
        require_numbers(name, A, dims=axes)


@op(check=lambda A, ord, dim: _check_norm("matrix_norm", A, ord, dim))
def matrix_norm(
    A: ArrayLike,
    ord: float | str = "fro",
    dim: tuple[Dim, Dim] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""The norm of each matrix of a stack.

    ``"fro"`` is $\sqrt{\sum |a_{ij}|^2}$, ``"nuc"`` the sum of the singular values, 2 and -2 the largest and smallest
    of them, 1 and -1 the largest and smallest sum of magnitudes down a column, ``inf`` and ``-inf`` along a row.

    Args:
        A: shape (..., m, n), floating or complex.
        ord: the order.
        dim: the two dimensions of the matrices.
        keepdim: keep them with size 1.
        dtype: convert `A` to it first.

    Returns:
        A real array of shape (...).

    Raises:
        ArgumentError: the order is not known.
        ShapeError: `A` has fewer than 2 dimensions, or `dim` does not name two.
        DtypeError: `A` holds integers and no `dtype` is given.
        LinAlgError: a matrix of which singular values are asked holds NaN (eagerly).

    >>> fg.linalg.matrix_norm(fg.tensor([[1.0, -2.0], [3.0, 4.0]]), float("inf"))
    Array(7., dtype=float32)

    Source: ``torch.linalg.matrix_norm``.
    """
    return _matrix_norm("matrix_norm", _floating("matrix_norm", A, dtype), ord, dim, keepdim)


def _matrix_norm(name: str, x: Array, ord: float | str, dim: Dims, keepdim: bool) -> Array:
    if x.ndim < 2:
        fail(ShapeError, name, "A must have at least 2 dimensions", f"got {x.shape}", "use fg.linalg.vector_norm")
    axes = canonical_dims(name, dim, x.ndim)
    if len(axes) != 2:
        fail(ShapeError, name, "dim must name two dimensions", f"got {axes}", "use fg.linalg.vector_norm")
    if ord == "fro":
        return _vector_norm(name, x, 2.0, axes, keepdim)
    if ord == "nuc":
        return _singular_sum(name, x, axes, keepdim)
    if isinstance(ord, str) or (abs(ord) not in (1, 2) and not math.isinf(ord)):
        fail(ArgumentError, name, f"ord must be {_ORDERS}", f"got {ord!r}", "choose one of them")
    rows = jnp.moveaxis(x, axes, (-2, -1))
    # What the largest or smallest is taken of: column sums, row sums or singular values.
    count = rows.shape[-2] if math.isinf(ord) else rows.shape[-1] if abs(ord) == 1 else min(rows.shape[-2:])
    if count == 0 and ord < 0:
        required = f"the norm of order {ord} needs at least one element"
        fail(ArgumentError, name, required, f"got shape {x.shape}", "check the shape of the input")
    if 0 in rows.shape[-2:]:
        empty = jnp.zeros(rows.shape[:-2], jnp.finfo(x.dtype).dtype)
        return jnp.expand_dims(empty, axes) if keepdim else empty
    if abs(ord) == 2:
        sizes = jnp.linalg.svd(rows, compute_uv=False)
    else:
        sizes = jnp.sum(_magnitude(rows), axis=-1 if math.isinf(ord) else -2)
    result = extreme(sizes, (sizes.ndim - 1,), False, ord > 0)
    return jnp.expand_dims(result, axes) if keepdim else result


@op(check=lambda A, ord, dim: _check_norm("norm", A, ord, dim))
def norm(
    A: ArrayLike,
    ord: float | str | None = None,
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""The norm of a vector or matrix: ``vector_norm`` or ``matrix_norm``, as the number of dimensions says.

    Without `ord` it is $\sqrt{\sum |a|^2}$ over whatever `dim` names. With it, one dimension is a vector and two are
    a matrix.

    Args:
        A: any shape; 1-D or 2-D if `ord` is given without `dim`.
        ord: the order.
        dim: one or two dimensions; all by default.
        keepdim: keep them with size 1.
        dtype: convert `A` to it first.

    Returns:
        A real array without the reduced dimensions.

    Raises:
        ShapeError: `ord` is given for more than two dimensions.
        ArgumentError: the order is not known.
        DtypeError: `A` holds integers and no `dtype` is given.
        LinAlgError: a matrix of which singular values are asked holds NaN (eagerly).

    >>> fg.linalg.norm(fg.ones(4, 9))
    Array(6., dtype=float32)
    >>> fg.linalg.norm(fg.ones(4, 9), 1)
    Array(4., dtype=float32)

    Source: ``torch.linalg.norm``.
    """
    x = _floating("norm", A, dtype)
    if ord is None:
        return _vector_norm("norm", x, 2.0, dim, keepdim)
    axes = tuple(range(x.ndim)) if dim is None else canonical_dims("norm", dim, x.ndim)
    if len(axes) == 2:
        return _matrix_norm("norm", x, ord, axes, keepdim)
    if len(axes) > 2 or not axes or isinstance(ord, str):
        required = f"ord={ord!r} needs {'two dimensions' if isinstance(ord, str) else 'one or two dimensions'}"
        given = f"got {len(axes)} of shape {x.shape}"
        fail(ShapeError, "norm", required, given, "name them with dim=, or leave ord out")
    return _vector_norm("norm", x, ord, axes, keepdim)


def _check_cond(A: ArrayLike, p: float | str | None) -> None:
    if p in (None, 2, -2, "nuc"):
        require_numbers("cond", A)


@op(check=_check_cond)
def cond(A: ArrayLike, p: float | str | None = None) -> Array:
    r"""The condition number $\lVert A \rVert_p \lVert A^{-1} \rVert_p$: how much solving amplifies relative errors.

    Args:
        A: shape (..., m, n); square unless `p` is None, 2 or -2.
        p: the order, as for ``matrix_norm``; None is 2, the largest singular value over the smallest.

    Returns:
        A real array of shape (...); infinite where a matrix is singular, 0 where it is empty.

    Raises:
        ShapeError: the matrices are not square where they must be.
        ArgumentError: the order is not known.
        LinAlgError: a matrix of which singular values are asked holds NaN (eagerly).

    >>> fg.linalg.cond(fg.tensor([[1.0, 0.0], [0.0, 4.0]]))
    Array(4., dtype=float32)

    Source: ``torch.linalg.cond``.
    """
    x = matrix("cond", A)
    if x.size == 0 and p in (None, 2, -2, 1, -1, math.inf, -math.inf):
        return jnp.zeros(x.shape[:-2], jnp.finfo(x.dtype).dtype)
    if p in (None, 2, -2):
        values = jnp.linalg.svd(x, compute_uv=False)
        if p == -2:
            return values[..., -1] / values[..., 0]
        return values[..., 0] / values[..., -1]
    x = square("cond", A)
    size, inverse_size = (_matrix_norm("cond", y, p, (-2, -1), False) for y in (x, jnp.linalg.inv(x)))
    product = size * inverse_size
    return jnp.where(jnp.isnan(product), jnp.inf, product)


@op(check=lambda A: require_numbers("matrix_rank", A))
def matrix_rank(
    A: ArrayLike, *, atol: ArrayLike | None = None, rtol: ArrayLike | None = None, hermitian: bool = False
) -> Array:
    r"""How many singular values are above $\max(atol, rtol \cdot \sigma_1)$.

    Args:
        A: shape (..., m, n).
        atol: absolute tolerance; 0 by default.
        rtol: relative tolerance; max(m, n) times the machine epsilon by default, 0 if `atol` is given.
        hermitian: take `A` as symmetric and read its lower triangle.

    Returns:
        An integer array of shape (...).

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        DtypeError: `A` is not floating point.
        LinAlgError: a matrix holds NaN (eagerly).

    >>> fg.linalg.matrix_rank(fg.ones(3, 2))
    Array(1, dtype=int32)

    Source: ``torch.linalg.matrix_rank``.
    """
    x = _symmetric("matrix_rank", A) if hermitian else matrix("matrix_rank", A)
    values = jnp.linalg.svd(x, compute_uv=False)
    return jnp.sum(values > _threshold(x, values, rtol, atol), axis=-1)


def _symmetric(name: str, A: ArrayLike) -> Array:
    return hermitian(square(name, A), False)


def _threshold(A: Array, values: Array, rtol: ArrayLike | None, atol: ArrayLike | None) -> Array:
    """Where singular values count as 0, as torch has it."""
    if rtol is None:
        rtol = max(A.shape[-2:]) * float(jnp.finfo(A.dtype).eps) if atol is None else 0.0
    relative = jnp.asarray(rtol)[..., None] * jnp.max(values, axis=-1, keepdims=True, initial=0)
    return jnp.maximum(relative, jnp.asarray(0.0 if atol is None else atol, values.dtype)[..., None])
