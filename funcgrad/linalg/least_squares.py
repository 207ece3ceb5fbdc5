"""Least squares and the pseudoinverse."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail, require_numbers
from .._errors import ArgumentError
from .._op import op
from .._types import Array, ArrayLike
from ._matrices import adjoint, matrix
from .norms import _symmetric, _threshold
from .solving import _right_hand_side, _unvector

__all__ = ["LstsqResult", "lstsq", "pinv"]


class LstsqResult(NamedTuple):
    """What ``lstsq`` returns."""

    solution: Array
    residuals: Array
    rank: Array
    singular_values: Array


@jax.custom_jvp
def _least_squares(A: Array, B: Array, rtol: ArrayLike | None, atol: ArrayLike | None) -> Array:
    """The shortest X that makes A X - B smallest; singular values below the threshold count as 0."""
    U, S, Vh = jnp.linalg.svd(A, full_matrices=False)
    kept = _threshold(A, S, rtol, atol) < S
    inverse = jnp.where(kept, 1 / jnp.where(kept, S, 1), 0).astype(A.dtype)
    return adjoint(Vh) @ (inverse[..., None] * (adjoint(U) @ B))


@_least_squares.defjvp
def _least_squares_jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
    # Golub and Pereyra, 1973: defined where the rank is constant, unlike the derivative of the decomposition, which
    # is not where singular values coincide.
    A, B, rtol, atol = primals
    dA, dB, *_ = tangents
    X = _least_squares(*primals)
    P = _least_squares(
        A, jnp.broadcast_to(jnp.eye(A.shape[-2], dtype=A.dtype), (*A.shape[:-1], A.shape[-2])), rtol, atol
    )
    residual = B - A @ X
    along = adjoint(dA) @ (adjoint(P) @ X)
    return X, P @ (dB - dA @ X) + P @ (adjoint(P) @ (adjoint(dA) @ residual)) + along - P @ (A @ along)


@op(check=lambda A: require_numbers("pinv", A))
def pinv(
    A: ArrayLike, *, atol: ArrayLike | None = None, rtol: ArrayLike | None = None, hermitian: bool = False
) -> Array:
    r"""The pseudoinverse $A^+$, which inverts what can be inverted: ``pinv(A) @ B`` is the least squares solution.

    Derivatives take the singular values that count as 0 for exactly 0, as in torch.

    Args:
        A: shape (..., m, n), floating or complex.
        atol: singular values up to this count as 0; 0 by default.
        rtol: the same, as a fraction of the largest; max(m, n) times the machine epsilon by default, 0 if `atol` is
            given.
        hermitian: take `A` as symmetric and read its lower triangle.

    Returns:
        An array of shape (..., n, m).

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        DtypeError: `A` is not floating point.
        LinAlgError: a matrix holds NaN (eagerly).

    >>> fg.linalg.pinv(fg.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    Array([[0.5, 0. , 0. ],
           [0. , 0. , 0. ]], dtype=float32)

    Source: ``torch.linalg.pinv``.
    """
    x = _symmetric("pinv", A) if hermitian else matrix("pinv", A)
    if x.size == 0:
        return jnp.swapaxes(x, -1, -2)
    identity = jnp.broadcast_to(jnp.eye(x.shape[-2], dtype=x.dtype), (*x.shape[:-1], x.shape[-2]))
    return _least_squares(x, identity, rtol, atol)


@op(check=lambda A: require_numbers("lstsq", A))
def lstsq(A: ArrayLike, B: ArrayLike, rcond: float | None = None, *, driver: str | None = None) -> LstsqResult:
    r"""The shortest X that makes $\lVert A X - B \rVert$ smallest, by singular values.

    Args:
        A: shape (..., m, n), floating or complex; any rank, and any size may be 0.
        B: shape (..., m, k), or a vector of shape (m,) for each matrix. Stacks broadcast.
        rcond: singular values up to this fraction of the largest count as 0; max(m, n) times the machine epsilon by
            default.
        driver: the name of a LAPACK driver is accepted, but all give the same here.

    Returns:
        A named tuple: ``solution``, (..., n, k) or (..., n); ``residuals``, the sums of squares $\lVert A X - B
        \rVert^2$ of shape (..., k), or (..., 1) for vectors, empty if m <= n; ``rank`` of each matrix, (...);
        ``singular_values``, (..., min(m, n)).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: an operand is not floating point.
        ArgumentError: the driver is not known.
        LinAlgError: a matrix holds NaN (eagerly).

    >>> A = fg.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> fg.linalg.lstsq(A, fg.tensor([1.0, 3.0, 5.0])).solution.round(4)
    Array([1., 2.], dtype=float32)

    Source: ``torch.linalg.lstsq``.
    """
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        required = "driver must be 'gels', 'gelsy', 'gelsd' or 'gelss'"
        fail(ArgumentError, "lstsq", required, f"got {driver!r}", "leave it out")
    x = matrix("lstsq", A)
    a, b, vector = _right_hand_side("lstsq", x, B, True)
    m, n = x.shape[-2:]
    values = jnp.linalg.svd(x, compute_uv=False)
    rank = jnp.sum(values > _threshold(x, values, rcond, None), axis=-1)
    solution = _least_squares(a, b, rcond, None)
    residuals = jnp.zeros(0, values.dtype)
    if m > n:
        residuals = jnp.sum(jnp.square(jnp.abs(a @ solution - b)), axis=-2)
    return LstsqResult(_unvector(solution, vector), residuals, rank, values)
