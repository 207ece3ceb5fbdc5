"""The words of linear algebra that torch has without a prefix: ``fg.det``, ``fg.inverse``, ``fg.svd``."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail, require_ndim, require_numbers
from .._errors import ArgumentError
from .._op import op
from .._operands import operand
from .._plain import plain
from .._types import Array, ArrayLike
from ._matrices import adjoint, finite_or_raise, matrix, require_success, square
from .elimination import _NO_ZERO, LUFactors, LUFactorsInfo, _factored, lu_unpack
from .elimination import lu_solve as _lu_solve
from .factoring import QRResult, cholesky
from .factoring import qr as _qr
from .least_squares import pinv
from .low_rank import lobpcg, pca_lowrank, svd_lowrank
from .products import _sign_and_log, det, matrix_exp, matrix_power, multi_dot, slogdet
from .products import vander as _vander
from .reflections import geqrf, householder_product, ormqr
from .solving import _right_hand_side, inv

__all__ = [
    "SVDWithV",
    "TriangularSolution",
    "chain_matmul",
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "det",
    "geqrf",
    "inverse",
    "lobpcg",
    "logdet",
    "lu",
    "lu_solve",
    "lu_unpack",
    "matrix_exp",
    "matrix_power",
    "orgqr",
    "ormqr",
    "pca_lowrank",
    "pinverse",
    "qr",
    "slogdet",
    "svd",
    "svd_lowrank",
    "triangular_solve",
    "vander",
]

inverse = inv
orgqr = householder_product


class SVDWithV(NamedTuple):
    """What ``fg.svd`` returns; ``fg.linalg.svd`` has the adjoint of V."""

    U: Array
    S: Array
    V: Array


class TriangularSolution(NamedTuple):
    """What ``triangular_solve`` returns."""

    solution: Array
    cloned_coefficient: Array


@plain
def lu(A: ArrayLike, pivot: bool = True, get_infos: bool = False) -> LUFactors | LUFactorsInfo:
    """The LU decomposition in its compact form, which is ``fg.linalg.lu_factor``; ``fg.linalg.lu`` has the factors.

    Args:
        A: shape (..., m, n), floating or complex.
        pivot: rows are always exchanged where the numbers demand it; False is not supported.
        get_infos: report a pivot of 0 in a third result instead of raising.

    Returns:
        A named tuple ``(LU, pivots)``, or ``(LU, pivots, info)``, as of ``fg.linalg.lu_factor_ex``.

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        ArgumentError: `pivot` is False.
        LinAlgError: a pivot is 0 and `get_infos` is False (eagerly).

    >>> LU, pivots = fg.lu(fg.tensor([[0.0, 1.0], [2.0, 3.0]]))
    >>> pivots
    Array([2, 2], dtype=int32)

    Source: ``torch.lu``.
    """
    result = _lu(A, pivot)
    if get_infos:
        return result
    require_success("lu", result.info, jnp.shape(A), _NO_ZERO, "pass get_infos=True to have it reported")
    return LUFactors(result.LU, result.pivots)


@op
def _lu(A: ArrayLike, pivot: bool) -> LUFactorsInfo:
    return _factored("lu", A, pivot)


@plain
def lu_solve(b: ArrayLike, LU_data: ArrayLike, LU_pivots: ArrayLike) -> Array:
    """``fg.linalg.lu_solve`` with the right-hand side first.

    Args:
        b: matrices of shape (..., n, k). Stacks broadcast.
        LU_data: shape (..., n, n), from ``lu``.
        LU_pivots: shape (..., n), from ``lu``.

    Returns:
        An array of the shape of `b`, broadcast; NaN or infinite where A is singular.

    Raises:
        ShapeError: the shapes do not fit.

    >>> fg.lu_solve(fg.tensor([[1.0], [5.0]]), *fg.lu(fg.tensor([[0.0, 1.0], [2.0, 3.0]])))
    Array([[1.],
           [1.]], dtype=float32)

    Source: ``torch.lu_solve``.
    """
    return _lu_solve(LU_data, LU_pivots, b)


@op
def triangular_solve(
    b: ArrayLike, A: ArrayLike, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolution:
    """The X with A X = b where A is triangular; ``fg.linalg.solve_triangular`` has the newer order of arguments.

    Args:
        b: matrices of shape (..., n, k). Stacks broadcast.
        A: shape (..., n, n), floating or complex; the other triangle is not read.
        upper: which triangle of `A` to read.
        transpose: solve with the transpose of A.
        unitriangular: take the diagonal of `A` as ones.

    Returns:
        A named tuple ``(solution, cloned_coefficient)``: the shape of `b`, broadcast, and `A`, broadcast. As in torch
        the solution is infinite or NaN where the diagonal has a 0.

    Raises:
        ShapeError: the shapes do not fit.

    >>> fg.triangular_solve(fg.ones(2, 1), fg.tensor([[2.0, 0.0], [1.0, 1.0]]), upper=False).solution
    Array([[0.5],
           [0.5]], dtype=float32)

    Source: ``torch.triangular_solve``.
    """
    name = "triangular_solve"
    a, right, _ = _right_hand_side(name, square(name, A), b, True, vectors=False)
    solution = jax.lax.linalg.triangular_solve(
        a, right, left_side=True, lower=not upper, transpose_a=transpose, unit_diagonal=unitriangular
    )
    return TriangularSolution(solution, a)


@plain
def chain_matmul(*matrices: ArrayLike) -> Array:
    """The product of several matrices, in the order that needs the fewest multiplications.

    Args:
        *matrices: one or more 2-D arrays.

    Returns:
        The product, 2-D.

    Raises:
        ShapeError: a matrix is not 2-D, or they do not fit each other.
        ArgumentError: there are none.

    >>> fg.chain_matmul(fg.ones(2, 3), fg.ones(3, 50), fg.ones(50, 1))
    Array([[150.],
           [150.]], dtype=float32)

    Source: ``torch.chain_matmul``; ``fg.linalg.multi_dot`` takes a list.
    """
    if not matrices:
        fail(ArgumentError, "chain_matmul", "one or more arrays are needed", "got none", "pass them one after another")
    for i, x in enumerate(matrices):
        require_ndim("chain_matmul", operand("chain_matmul", f"matrices[{i}]", x), 2, f"matrices[{i}]")
    if len(matrices) == 1:
        return operand("chain_matmul", "matrices[0]", matrices[0])
    return multi_dot(matrices)


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


@plain
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


@plain
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


@op(check=lambda input: require_numbers("svd", input, "input"))
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
        LinAlgError: a matrix holds NaN (eagerly).

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


@finite_or_raise("L must have no 0 on its diagonal", "factor a positive definite matrix")
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
        LinAlgError: a diagonal has a 0 (eagerly; NaN or infinity under a transform).

    >>> fg.cholesky_inverse(fg.tensor([[2.0, 0.0], [0.0, 1.0]]))
    Array([[0.25, 0.  ],
           [0.  , 1.  ]], dtype=float32)

    Source: ``torch.cholesky_inverse``.
    """
    factor = square("cholesky_inverse", L, "L")
    return _from_factor(factor, jnp.broadcast_to(jnp.eye(factor.shape[-1], dtype=factor.dtype), factor.shape), upper)


@plain
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
