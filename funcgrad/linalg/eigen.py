"""Eigenvalues and singular values."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail, require_numbers
from .._errors import ArgumentError
from .._op import op
from .._types import Array, ArrayLike
from ._matrices import hermitian, matrix, square

__all__ = ["EigResult", "SVDResult", "eig", "eigh", "eigvals", "eigvalsh", "svd", "svdvals"]


class EigResult(NamedTuple):
    """What ``eig`` and ``eigh`` return."""

    eigenvalues: Array
    eigenvectors: Array


class SVDResult(NamedTuple):
    """What ``svd`` returns."""

    U: Array
    S: Array
    Vh: Array


@op(check=lambda A: require_numbers("svd", A))
def svd(A: ArrayLike, full_matrices: bool = True) -> SVDResult:
    r"""The singular value decomposition $A = U \operatorname{diag}(S) V^H$, with the largest first.

    The directions of most variance (principal components) of rows that have mean 0 are the rows of ``Vh``.
    The factors are determined up to a sign or phase of each pair of columns, so differentiate only what does not
    depend on it; where singular values coincide the derivatives of the vectors are not defined. Columns beyond
    min(m, n) count as constant.

    Args:
        A: shape (..., m, n), floating or complex.
        full_matrices: complete U and Vh to square matrices; False is faster and usually enough.

    Returns:
        A named tuple ``(U, S, Vh)`` with k = min(m, n): shapes (..., m, m), (..., k), (..., n, n), or
        (..., m, k), (..., k), (..., k, n) with ``full_matrices=False``. S is real.

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        DtypeError: `A` is not floating point.
        LinAlgError: a matrix holds NaN (eagerly).

    >>> U, S, Vh = fg.linalg.svd(fg.tensor([[3.0, 0.0], [0.0, -5.0], [0.0, 0.0]]))
    >>> S
    Array([5., 3.], dtype=float32)
    >>> U.shape, Vh.shape
    ((3, 3), (2, 2))

    Source: ``torch.linalg.svd``.
    """
    x = matrix("svd", A)
    U, S, Vh = jnp.linalg.svd(x, full_matrices=False)
    if full_matrices:
        U = _completed(U)
        Vh = jnp.swapaxes(_completed(jnp.swapaxes(Vh, -1, -2)), -1, -2)
    return SVDResult(U, S, Vh)


def _completed(U: Array) -> Array:
    """Orthonormal columns and, after them, constant ones that make a basis.

    JAX does not differentiate the full decomposition, while torch takes the gradient through the first columns.
    """
    m, k = U.shape[-2:]
    if m == k:
        return U
    if k == 0:
        return jnp.broadcast_to(jnp.eye(m, dtype=U.dtype), (*U.shape[:-2], m, m))
    basis = jnp.linalg.qr(jax.lax.stop_gradient(U), mode="complete")[0]
    return jnp.concatenate([U, basis[..., k:]], axis=-1)


@op(check=lambda A: require_numbers("svdvals", A))
def svdvals(A: ArrayLike) -> Array:
    """The singular values, the largest first.

    Args:
        A: shape (..., m, n), floating or complex.

    Returns:
        A real array of shape (..., min(m, n)).

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        DtypeError: `A` is not floating point.
        LinAlgError: a matrix holds NaN (eagerly).

    >>> fg.linalg.svdvals(fg.tensor([[0.0, 2.0], [-1.0, 0.0]]))
    Array([2., 1.], dtype=float32)

    Source: ``torch.linalg.svdvals``.
    """
    return jnp.linalg.svd(matrix("svdvals", A), compute_uv=False)


@op
def eigh(A: ArrayLike, UPLO: str = "L") -> EigResult:
    r"""Eigenvalues and eigenvectors of a symmetric (or Hermitian) matrix, $A = Q \operatorname{diag}(\lambda) Q^H$.

    Args:
        A: shape (..., n, n), floating or complex; one triangle is read, and the gradient is symmetric.
        UPLO: which triangle: ``"L"``, the lower, or ``"U"``.

    Returns:
        A named tuple ``(eigenvalues, eigenvectors)``: real numbers in ascending order, shape (..., n), and the
        vectors in the columns of an array of shape (..., n, n), each up to its sign or phase.

    Raises:
        ShapeError: the matrices are not square.
        ArgumentError: `UPLO` is something else.

    >>> fg.linalg.eigh(fg.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    Array([1., 2.], dtype=float32)

    Source: ``torch.linalg.eigh``.
    """
    values, vectors = jnp.linalg.eigh(_triangle("eigh", A, UPLO), symmetrize_input=False)
    return EigResult(values, vectors)


@op
def eigvalsh(A: ArrayLike, UPLO: str = "L") -> Array:
    """The eigenvalues of a symmetric (or Hermitian) matrix, in ascending order.

    Args:
        A: shape (..., n, n), floating or complex; one triangle is read, and the gradient is symmetric.
        UPLO: which triangle: ``"L"``, the lower, or ``"U"``.

    Returns:
        A real array of shape (..., n).

    Raises:
        ShapeError: the matrices are not square.
        ArgumentError: `UPLO` is something else.

    >>> fg.linalg.eigvalsh(fg.tensor([[2.0, 0.0], [0.0, 1.0]]))
    Array([1., 2.], dtype=float32)

    Source: ``torch.linalg.eigvalsh``.
    """
    return jnp.linalg.eigh(_triangle("eigvalsh", A, UPLO), symmetrize_input=False)[0]


def _triangle(name: str, A: ArrayLike, UPLO: str) -> Array:
    if UPLO not in ("L", "U"):
        fail(ArgumentError, name, "UPLO must be 'L' or 'U'", f"got {UPLO!r}", "say which triangle to read")
    return hermitian(square(name, A), UPLO == "U")


@op(check=lambda A: require_numbers("eig", A, finite=True))
def eig(A: ArrayLike) -> EigResult:
    r"""Eigenvalues and eigenvectors of any square matrix, $A = V \operatorname{diag}(\lambda) V^{-1}$.

    JAX computes it on the CPU (on GPUs with the libraries for it, never on TPUs). The vectors have length 1 and any
    phase, so differentiate only what does not depend on it.

    Args:
        A: shape (..., n, n), floating or complex.

    Returns:
        A named tuple ``(eigenvalues, eigenvectors)`` of complex arrays of shape (..., n), in no order, and
        (..., n, n), the vectors in columns.

    Raises:
        ShapeError: the matrices are not square.
        DtypeError: `A` is not floating point.
        LinAlgError: a matrix holds NaN or infinity (eagerly).

    >>> fg.linalg.eig(fg.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    Array([2.+0.j, 1.+0.j], dtype=complex64)

    Source: ``torch.linalg.eig``.
    """
    x = square("eig", A)
    if x.size == 0:  # of which JAX has no derivative
        kind = jnp.result_type(x, jnp.complex64)
        return EigResult(jnp.zeros(x.shape[:-1], kind), jnp.zeros(x.shape, kind))
    values, vectors = jax.lax.linalg.eig(x, compute_left_eigenvectors=False, enable_eigvec_derivs=True)
    return EigResult(values, vectors)


@op
def eigvals(A: ArrayLike) -> Array:
    """The eigenvalues of any square matrix, complex and in no order.

    JAX computes them on the CPU (on GPUs with the libraries for it, never on TPUs).

    Args:
        A: shape (..., n, n), floating or complex.

    Returns:
        A complex array of shape (..., n).

    Raises:
        ShapeError: the matrices are not square.
        DtypeError: `A` is not floating point.

    >>> fg.linalg.eigvals(fg.tensor([[0.0, -1.0], [1.0, 0.0]]))
    Array([0.+1.j, 0.-1.j], dtype=complex64)

    Source: ``torch.linalg.eigvals``.
    """
    return jnp.linalg.eigvals(square("eigvals", A))
