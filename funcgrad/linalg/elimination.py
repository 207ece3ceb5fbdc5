"""Gaussian elimination: a matrix as a lower triangular one times an upper one, with its rows exchanged."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, Shape
from ._matrices import matrix, require_pivots, require_success, square
from .solving import _first_zero, _right_hand_side

__all__ = ["LUFactors", "LUFactorsInfo", "LUResult", "lu", "lu_factor", "lu_factor_ex", "lu_solve", "lu_unpack"]

_NO_ZERO = "no pivot may be 0"
_USE_EX = "use fg.linalg.lu_factor_ex, which reports it, or fg.linalg.lu"


class LUResult(NamedTuple):
    """What ``lu`` and ``lu_unpack`` return."""

    P: Array
    L: Array
    U: Array


class LUFactors(NamedTuple):
    """What ``lu_factor`` returns."""

    LU: Array
    pivots: Array


class LUFactorsInfo(NamedTuple):
    """What ``lu_factor_ex`` returns."""

    LU: Array
    pivots: Array
    info: Array


@op
def lu(A: ArrayLike, *, pivot: bool = True) -> LUResult:
    r"""A permutation times a lower triangular matrix times an upper one, $A = P L U$, with ones on the diagonal of L.

    Args:
        A: shape (..., m, n), floating or complex.
        pivot: rows are always exchanged where the numbers demand it; False is not supported.

    Returns:
        A named tuple ``(P, L, U)`` with k = min(m, n): shapes (..., m, m), (..., m, k) and (..., k, n).

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        ArgumentError: `pivot` is False.

    >>> fg.linalg.lu(fg.tensor([[0.0, 1.0], [2.0, 3.0]])).U
    Array([[2., 3.],
           [0., 1.]], dtype=float32)

    Source: ``torch.linalg.lu``.
    """
    x = matrix("lu", A)
    _require_pivot("lu", pivot)
    packed, _, permutation = jax.lax.linalg.lu(x)
    m = x.shape[-2]
    P = (jnp.arange(m)[:, None] == permutation[..., None, :]).astype(x.dtype)
    return LUResult(P, *_triangles(packed))


def _require_pivot(name: str, pivot: bool) -> None:
    if not pivot:
        fail(ArgumentError, name, "pivot must be True", "got False", "leave it out; rows are exchanged as needed")


@plain
def lu_factor(A: ArrayLike, *, pivot: bool = True) -> LUFactors:
    """The LU decomposition in the compact form that ``lu_solve`` takes, so that many right-hand sides share its cost.

    Args:
        A: shape (..., m, n), floating or complex.
        pivot: rows are always exchanged where the numbers demand it; False is not supported.

    Returns:
        A named tuple ``(LU, pivots)``: both triangles in one array of shape (..., m, n), and an int32 array of shape
        (..., min(m, n)): row i was exchanged with row ``pivots[i]``, counted from 1 as LAPACK and torch do.

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        ArgumentError: `pivot` is False.
        LinAlgError: a pivot is 0, so that ``lu_solve`` would divide by it (eagerly).

    >>> fg.linalg.lu_factor(fg.tensor([[0.0, 1.0], [2.0, 3.0]])).pivots
    Array([2, 2], dtype=int32)

    Source: ``torch.linalg.lu_factor``.
    """
    LU, pivots, info = _lu_factor(A, pivot=pivot)
    require_success("lu_factor", info, jnp.shape(A), _NO_ZERO, _USE_EX)
    return LUFactors(LU, pivots)


@plain
def lu_factor_ex(A: ArrayLike, *, pivot: bool = True, check_errors: bool = False) -> LUFactorsInfo:
    """``lu_factor`` that reports a pivot of 0 in a number instead of raising.

    Args:
        A: shape (..., m, n), floating or complex.
        pivot: rows are always exchanged where the numbers demand it; False is not supported.
        check_errors: raise all the same.

    Returns:
        A named tuple ``(LU, pivots, info)``, the last an int32 array of shape (...): which pivot is 0, counted from
        1, and 0 where none is.

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        ArgumentError: `pivot` is False.
        LinAlgError: with `check_errors`, a pivot is 0.

    >>> fg.linalg.lu_factor_ex(fg.ones(2, 2)).info
    Array(2, dtype=int32)

    Source: ``torch.linalg.lu_factor_ex``.
    """
    result = _lu_factor_ex(A, pivot=pivot)
    if check_errors:
        require_success("lu_factor_ex", result.info, jnp.shape(A), _NO_ZERO, _USE_EX)
    return result


def _factored(name: str, A: ArrayLike, pivot: bool) -> LUFactorsInfo:
    x = matrix(name, A)
    _require_pivot(name, pivot)
    packed, pivots, _ = jax.lax.linalg.lu(x)
    return LUFactorsInfo(packed, pivots + 1, _first_zero(packed))


@op
def _lu_factor(A: ArrayLike, *, pivot: bool) -> LUFactorsInfo:
    return _factored("lu_factor", A, pivot)


@op
def _lu_factor_ex(A: ArrayLike, *, pivot: bool) -> LUFactorsInfo:
    return _factored("lu_factor_ex", A, pivot)


def _check_lu_unpack(LU_data: Any, LU_pivots: Any) -> None:
    require_pivots("lu_unpack", LU_pivots, LU_data, "LU_pivots")


@op(check=_check_lu_unpack)
def lu_unpack(
    LU_data: ArrayLike, LU_pivots: ArrayLike, unpack_data: bool = True, unpack_pivots: bool = True
) -> LUResult:
    """The three factors of A = P L U, from the compact form that ``lu_factor`` made.

    Args:
        LU_data: shape (..., m, n), from ``lu_factor``.
        LU_pivots: integers of shape (..., min(m, n)), from ``lu_factor``.
        unpack_data: whether L and U are wanted; otherwise both are empty.
        unpack_pivots: whether P is wanted; otherwise it is empty.

    Returns:
        A named tuple ``(P, L, U)`` with k = min(m, n): shapes (..., m, m), (..., m, k) and (..., k, n).

    Raises:
        ShapeError: the shapes do not fit each other.
        ArgumentError: a pivot is no row.

    >>> LU, pivots = fg.linalg.lu_factor(fg.tensor([[0.0, 1.0], [2.0, 3.0]]))
    >>> P, L, U = fg.lu_unpack(LU, pivots)
    >>> P @ L @ U
    Array([[0., 1.],
           [2., 3.]], dtype=float32)

    Source: ``torch.lu_unpack``.
    """
    x = matrix("lu_unpack", LU_data, "LU_data")
    m, n = x.shape[-2:]
    k = min(m, n)
    P = L = U = jnp.zeros(0, x.dtype)
    if unpack_pivots:
        rows = _rows("lu_unpack", LU_pivots, (*x.shape[:-2], k), "LU_pivots")
        order = jax.lax.linalg.lu_pivots_to_permutation(rows, m)
        P = (jnp.arange(m)[:, None] == order[..., None, :]).astype(x.dtype)
    if unpack_data:
        L, U = _triangles(x)
    return LUResult(P, L, U)


def _triangles(packed: Array) -> tuple[Array, Array]:
    m, n = packed.shape[-2:]
    k = min(m, n)
    return jnp.tril(packed[..., :, :k], -1) + jnp.eye(m, k, dtype=packed.dtype), jnp.triu(packed[..., :k, :])


def _rows(name: str, pivots: ArrayLike, shape: Shape, argument: str = "pivots") -> Array:
    """The pivots counted from 0; raises where they are not integers of `shape`."""
    if not jnp.issubdtype(jnp.result_type(pivots), jnp.integer):
        given = f"got {jnp.result_type(pivots)}"
        fail(DtypeError, name, f"{argument} must be integers", given, "pass what lu_factor returned")
    if jnp.shape(pivots) != shape:
        required = f"{argument} must have shape {shape}, that of the matrices without their columns"
        fail(ShapeError, name, required, f"got {jnp.shape(pivots)}", "pass what lu_factor returned")
    return jnp.asarray(pivots, jnp.int32) - 1


def _check_lu_solve(LU: Any, pivots: Any, B: Any) -> None:
    require_pivots("lu_solve", pivots, LU)


@op(check=_check_lu_solve)
def lu_solve(LU: ArrayLike, pivots: ArrayLike, B: ArrayLike, *, left: bool = True, adjoint: bool = False) -> Array:
    """The X with A X = B, from the decomposition of A that ``lu_factor`` made.

    Args:
        LU: shape (..., n, n), from ``lu_factor``.
        pivots: shape (..., n), from ``lu_factor``.
        B: matrices of shape (..., n, k), or (..., k, n) with ``left=False``. Stacks broadcast.
        left: False solves X A = B.
        adjoint: solve with the conjugate transpose of A.

    Returns:
        An array of the shape of `B`, broadcast; NaN or infinite where A is singular.

    Raises:
        ShapeError: the shapes do not fit.

    >>> LU, pivots = fg.linalg.lu_factor(fg.tensor([[0.0, 1.0], [2.0, 3.0]]))
    >>> fg.linalg.lu_solve(LU, pivots, fg.tensor([[1.0], [5.0]]))
    Array([[1.],
           [1.]], dtype=float32)

    Source: ``torch.linalg.lu_solve``.
    """
    x = square("lu_solve", LU, "LU")
    rows = _rows("lu_solve", pivots, x.shape[:-1])
    packed, b, _ = _right_hand_side("lu_solve", x, B, left, vectors=False)
    rows = jnp.broadcast_to(rows, packed.shape[:-1])
    order = jax.lax.linalg.lu_pivots_to_permutation(rows, packed.shape[-1])
    if not left:  # X A = B is A^T X^T = B^T, and with the adjoint conj(A) X^T = B^T
        b = jnp.swapaxes(b, -1, -2)
    if adjoint and not left:
        packed = jnp.conj(packed)
    if adjoint == left:  # A^H or A^T is U^H L^H P^T
        conjugate = adjoint
        for lower, unit in ((False, False), (True, True)):
            b = jax.lax.linalg.triangular_solve(
                packed, b, left_side=True, lower=lower, transpose_a=True, conjugate_a=conjugate, unit_diagonal=unit
            )
        b = jnp.take_along_axis(b, jnp.argsort(order, axis=-1)[..., None], axis=-2)
    else:
        b = jnp.take_along_axis(b, order[..., None], axis=-2)
        for lower in (True, False):
            b = jax.lax.linalg.triangular_solve(packed, b, left_side=True, lower=lower, unit_diagonal=lower)
    return b if left else jnp.swapaxes(b, -1, -2)
