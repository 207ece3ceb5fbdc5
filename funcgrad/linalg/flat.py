"""The words of linear algebra that torch has without a prefix: ``fg.det``, ``fg.inverse``, ``fg.svd``."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail, require_ndim
from .._errors import ArgumentError
from .._op import op
from .._types import Array, ArrayLike
from ._matrices import adjoint, matrix, square
from .factoring import QRResult, cholesky
from .factoring import qr as _qr
from .least_squares import pinv
from .products import _sign_and_log, det, matrix_exp, matrix_power, slogdet
from .products import vander as _vander
from .solving import _right_hand_side, inv

__all__ = [
    "SVDWithV",
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "det",
    "inverse",
    "logdet",
    "matrix_exp",
    "matrix_power",
    "pinverse",
    "qr",
    "slogdet",
    "svd",
    "vander",
]

inverse = inv


class SVDWithV(NamedTuple):
    """What ``fg.svd`` returns; ``fg.linalg.svd`` has the adjoint of V."""

    U: Array
    S: Array
    V: Array


@op
def logdet(input: ArrayLike, /) -> Array:
    r"""The logarithm of the determinant: NaN where it is negative and -inf where it is 0.

    Args:
        input: shape (..., n, n), floating or complex.

    Returns:
        An array of shape (...).

    Raises:
        ShapeError: the matrices are not square.
        DtypeError: `input` is not floating point.

    >>> fg.logdet(fg.eye(3))
    Array(0., dtype=float32)

    Source: ``torch.logdet``.
    """
    sign, magnitude = _sign_and_log(square("logdet", input, "input"))
    if jnp.iscomplexobj(sign):
        return jnp.log(sign) + magnitude
    return jnp.where(sign < 0, jnp.nan, magnitude)


def pinverse(input: ArrayLike, rcond: float | None = None) -> Array:
    """The pseudoinverse: ``fg.linalg.pinv`` with a relative tolerance.

    Args:
        input: shape (..., m, n), floating or complex.
        rcond: singular values up to this fraction of the largest count as 0; by default max(m, n) times the machine
            epsilon. torch has 1e-15, which in float32 takes rounding for rank.

    Returns:
        An array of shape (..., n, m).

    Raises:
        ShapeError: `input` has fewer than 2 dimensions.
        DtypeError: `input` is not floating point.

    >>> fg.pinverse(fg.tensor([[2.0], [0.0]]))
    Array([[0.5, 0. ]], dtype=float32)

    Source: ``torch.pinverse``.
    """
    return pinv(input, rtol=rcond)


def qr(input: ArrayLike, some: bool = True) -> QRResult:
    """The QR decomposition: ``fg.linalg.qr``, where `some` chooses the mode.

    Args:
        input: shape (..., m, n), floating or complex.
        some: min(m, n) columns of Q; False for all m.

    Returns:
        A named tuple ``(Q, R)``.

    Raises:
        ShapeError: `input` has fewer than 2 dimensions.
        DtypeError: `input` is not floating point.

    >>> Q, R = fg.qr(fg.ones(3, 2))
    >>> Q.shape
    (3, 2)

    Source: ``torch.qr``.
    """
    return _qr(input, "reduced" if some else "complete")


@op
def svd(input: ArrayLike, some: bool = True, compute_uv: bool = True) -> SVDWithV:
    r"""The singular value decomposition with V itself, $A = U \operatorname{diag}(S) V^H$.

    ``fg.linalg.svd`` returns $V^H$, and square factors by default; mixing the two up goes unnoticed where the
    matrix is square.

    Args:
        input: shape (..., m, n), floating or complex.
        some: min(m, n) columns of U and V; False for square ones.
        compute_uv: whether U and V are wanted; False returns zeros for them.

    Returns:
        A named tuple ``(U, S, V)``.

    Raises:
        ShapeError: `input` has fewer than 2 dimensions.
        DtypeError: `input` is not floating point.

    >>> U, S, V = fg.svd(fg.ones(3, 2))
    >>> V.shape
    (2, 2)

    Source: ``torch.svd``.
    """
    from .eigen import svd as with_adjoint

    x = matrix("svd", input, "input")
    if not compute_uv:
        m, n = x.shape[-2:]
        zeros = [jnp.zeros((*x.shape[:-2], size, size), x.dtype) for size in (m, n)]
        return SVDWithV(zeros[0], jnp.linalg.svd(x, compute_uv=False), zeros[1])
    U, S, Vh = with_adjoint(x, full_matrices=not some)
    return SVDWithV(U, S, adjoint(Vh))


@op
def cholesky_solve(B: ArrayLike, L: ArrayLike, upper: bool = False) -> Array:
    """The X with A X = B, from the triangular factor of A that ``cholesky`` made.

    Args:
        B: shape (..., n, k).
        L: the factor, shape (..., n, n).
        upper: whether it is the upper one.

    Returns:
        An array of the shape of `B`, broadcast.

    Raises:
        ShapeError: the shapes do not fit.

    >>> L = fg.linalg.cholesky(fg.tensor([[4.0, 2.0], [2.0, 5.0]]))
    >>> fg.cholesky_solve(fg.tensor([[6.0], [7.0]]), L)
    Array([[1.],
           [1.]], dtype=float32)

    Source: ``torch.cholesky_solve``.
    """
    factor, b, _ = _right_hand_side("cholesky_solve", square("cholesky_solve", L, "L"), B, True, vectors=False)
    return _from_factor(factor, b, upper)


def _from_factor(factor: Array, b: Array, upper: bool) -> Array:
    for flipped in (upper, not upper):
        b = jax.lax.linalg.triangular_solve(
            factor, b, left_side=True, lower=not upper, transpose_a=flipped, conjugate_a=flipped
        )
    return b


@op
def cholesky_inverse(L: ArrayLike, upper: bool = False) -> Array:
    """The inverse of A, from the triangular factor of A that ``cholesky`` made.

    Args:
        L: the factor, shape (..., n, n).
        upper: whether it is the upper one.

    Returns:
        An array of shape (..., n, n).

    Raises:
        ShapeError: the matrices are not square.

    >>> fg.cholesky_inverse(fg.tensor([[2.0, 0.0], [0.0, 1.0]]))
    Array([[0.25, 0.  ],
           [0.  , 1.  ]], dtype=float32)

    Source: ``torch.cholesky_inverse``.
    """
    factor = square("cholesky_inverse", L, "L")
    return _from_factor(factor, jnp.broadcast_to(jnp.eye(factor.shape[-1], dtype=factor.dtype), factor.shape), upper)


def vander(x: ArrayLike, N: int | None = None, increasing: bool = False) -> Array:
    r"""The powers of each element as a row, the highest first: $x^{N-1}, \dots, x, 1$.

    Args:
        x: shape (n,).
        N: how many powers; n by default.
        increasing: the lowest first, as ``fg.linalg.vander`` has it.

    Returns:
        An array of shape (n, N).

    Raises:
        ShapeError: `x` is not 1-D.
        ArgumentError: `N` is less than 1.

    >>> fg.vander(fg.tensor([2, 3]), 3)
    Array([[4, 2, 1],
           [9, 3, 1]], dtype=int32)

    Source: ``torch.vander``.
    """
    require_ndim("vander", x, 1, "x")
    if N is not None and N < 1:
        fail(ArgumentError, "vander", "N must be 1 or more", f"got {N}", "say how many powers are wanted")
    powers = _vander(x, N=N)
    return powers if increasing else powers[:, ::-1]
