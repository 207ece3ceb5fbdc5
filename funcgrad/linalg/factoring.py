"""Matrices as products of triangular and orthogonal ones."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from .._checks import fail
from .._errors import ArgumentError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike
from ._matrices import adjoint, finite_or_raise, hermitian, matrix, require_finite, square

__all__ = [
    "CholeskyInfo",
    "QRResult",
    "cholesky",
    "cholesky_ex",
    "qr",
]

_NOT_POSITIVE = "A must be positive definite"
_MAKE_POSITIVE = "add a small multiple of the identity, or use fg.linalg.eigh"


class CholeskyInfo(NamedTuple):
    """What ``cholesky_ex`` returns."""

    L: Array
    info: Array


class QRResult(NamedTuple):
    """What ``qr`` returns."""

    Q: Array
    R: Array


@finite_or_raise(_NOT_POSITIVE, _MAKE_POSITIVE, nan=True)
@op
def cholesky(A: ArrayLike, *, upper: bool = False) -> Array:
    r"""The triangular factor of a positive definite matrix: $A = L L^H$, or $A = U^H U$ with `upper`.

    Args:
        A: shape (..., n, n), symmetric or Hermitian; one triangle is read, and the gradient is symmetric.
        upper: read the upper triangle and return the upper factor.

    Returns:
        An array of shape (..., n, n) with zeros in the other triangle.

    Raises:
        ShapeError: the matrices are not square.
        LinAlgError: a matrix is not positive definite (eagerly; NaN under a transform).

    >>> fg.linalg.cholesky(fg.tensor([[4.0, 2.0], [2.0, 5.0]]))
    Array([[2., 0.],
           [1., 2.]], dtype=float32)

    Source: ``torch.linalg.cholesky``.
    """
    return _cholesky("cholesky", A, upper)


def _cholesky(name: str, A: ArrayLike, upper: bool) -> Array:
    L = jnp.linalg.cholesky(hermitian(square(name, A), upper), symmetrize_input=False)
    return adjoint(L) if upper else L


@plain
def cholesky_ex(A: ArrayLike, *, upper: bool = False, check_errors: bool = False) -> CholeskyInfo:
    r"""``cholesky`` that reports failure in a number instead of raising, so that it can be used under a transform.

    Args:
        A: shape (..., n, n), symmetric or Hermitian; one triangle is read.
        upper: read the upper triangle and return the upper factor.
        check_errors: raise all the same.

    Returns:
        A named tuple ``(L, info)``: the factor, NaN where it does not exist, and an int32 array of shape (...) that
        is 0 where it does and 1 where not.

    Raises:
        ShapeError: the matrices are not square.
        LinAlgError: with `check_errors`, a matrix is not positive definite.

    >>> fg.linalg.cholesky_ex(-fg.eye(2)).info
    Array(1, dtype=int32)

    Source: ``torch.linalg.cholesky_ex``.
    """
    result = _cholesky_ex(A, upper=upper)
    if check_errors:
        require_finite("cholesky_ex", result.L, [A], _NOT_POSITIVE, _MAKE_POSITIVE, nan=True)
    return result


@op
def _cholesky_ex(A: ArrayLike, *, upper: bool) -> CholeskyInfo:
    L = _cholesky("cholesky_ex", A, upper)
    return CholeskyInfo(L, jnp.isnan(L).any(axis=(-2, -1)).astype(jnp.int32))


@op
def qr(A: ArrayLike, mode: str = "reduced") -> QRResult:
    r"""A matrix with orthonormal columns times an upper triangular one, $A = Q R$.

    The factors are determined up to the signs of the columns of Q. Derivatives need the first min(m, n) columns of
    `A` to be independent.

    Args:
        A: shape (..., m, n), floating or complex.
        mode: ``"reduced"`` for min(m, n) columns of Q, ``"complete"`` for all m, ``"r"`` for R alone (Q is empty).

    Returns:
        A named tuple ``(Q, R)`` with k = min(m, n), or m if complete: shapes (..., m, k) and (..., k, n).

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        ArgumentError: the mode is not known.

    >>> Q, R = fg.linalg.qr(fg.ones(3, 2))
    >>> Q.shape, R.shape
    ((3, 2), (2, 2))

    Source: ``torch.linalg.qr``.
    """
    x = matrix("qr", A)
    if mode not in ("reduced", "complete", "r"):
        required = "mode must be 'reduced', 'complete' or 'r'"
        fail(ArgumentError, "qr", required, f"got {mode!r}", "leave it out for the usual one")
    if mode == "r":
        return QRResult(jnp.zeros(0, x.dtype), jnp.linalg.qr(x, mode="reduced")[1])
    return QRResult(*jnp.linalg.qr(x, mode=mode))
