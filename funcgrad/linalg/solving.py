"""Linear equations and inverse matrices."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._checks import canonical_dims, fail
from .._errors import ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, Dim, Shape
from ._matrices import finite_or_raise, require_finite, require_wide, square

__all__ = [
    "InverseInfo",
    "SolveInfo",
    "inv",
    "inv_ex",
    "solve",
    "solve_ex",
    "solve_triangular",
    "tensorinv",
    "tensorsolve",
]


class InverseInfo(NamedTuple):
    """What ``inv_ex`` returns."""

    inverse: Array
    info: Array


class SolveInfo(NamedTuple):
    """What ``solve_ex`` returns."""

    result: Array
    info: Array


@finite_or_raise()
@op
def solve(A: ArrayLike, B: ArrayLike, *, left: bool = True) -> Array:
    """The X with A X = B, or X A = B with ``left=False``.

    Args:
        A: shape (..., n, n), floating or complex.
        B: a vector of shape (n,) or a stack of them of the shape of `A` without its last dimension; otherwise
            matrices of shape (..., n, k), or (..., k, n) with ``left=False``. Stacks broadcast.
        left: whether A stands on the left.

    Returns:
        An array of the shape of `B`, broadcast.

    Raises:
        ShapeError: the shapes do not fit.
        LinAlgError: a matrix is singular (eagerly; NaN or infinity under a transform).

    >>> fg.linalg.solve(fg.tensor([[3.0, 1.0], [1.0, 2.0]]), fg.tensor([9.0, 8.0]))
    Array([2., 3.], dtype=float32)
    >>> fg.linalg.solve(fg.ones(2, 2), fg.ones(2))
    Traceback (most recent call last):
    funcgrad._errors.LinAlgError: solve(): A must be invertible; got one that is not (shape (2, 2)); \
use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).

    Source: ``torch.linalg.solve``.
    """
    return _solve("solve", A, B, left)


def _is_vector(A: Shape, B: Shape) -> bool:
    return len(B) == 1 or (len(B) == len(A) - 1 and A[:-1] == B)


def _solve(name: str, A: ArrayLike, B: ArrayLike, left: bool) -> Array:
    a, b, vector = _right_hand_side(name, square(name, A), B, left)
    return _unvector(jnp.linalg.solve(a, b) if left else _transposed(jnp.linalg.solve, a, b), vector)


def _transposed(solver: Any, a: Array, b: Array) -> Array:
    """X a = b as a^T X^T = b^T."""
    return jnp.swapaxes(solver(jnp.swapaxes(a, -1, -2), jnp.swapaxes(b, -1, -2)), -1, -2)


def _unvector(x: Array, vector: bool) -> Array:
    return x[..., 0] if vector else x


def _right_hand_side(name: str, A: Array, B: ArrayLike, left: bool, vectors: bool = True) -> tuple[Array, Array, bool]:
    """`A` and `B` as matrices of a common dtype with a common stack, and whether `B` was given as vectors."""
    require_wide(name, B, "B")
    b = jnp.asarray(B)
    given = f"got A of shape {A.shape} and B of shape {b.shape}"
    vector = vectors and left and _is_vector(A.shape, b.shape)
    if vector:
        b = b[..., None]
    if vectors and not left and A.ndim > 2 and _is_vector(A.shape, b.shape):
        # Neither rows nor a matrix: what B would be with left=True, so that nobody gets the other by mistake.
        fail(ShapeError, name, "with left=False B must hold matrices", given, "write each vector as a row")
    if b.ndim < 2:
        fail(ShapeError, name, "B must have at least 2 dimensions", given, "add one with fg.unsqueeze")
    if b.shape[-2 if left else -1] != A.shape[-2]:
        required = f"B must have as many {'rows' if left else 'columns'} as A has rows"
        fail(ShapeError, name, required, given, "transpose or reshape one of them")
    try:
        stack = jnp.broadcast_shapes(A.shape[:-2], b.shape[:-2])
    except ValueError:
        fail(ShapeError, name, "the stacks of A and B must broadcast", given, "reshape or expand one of them")
    kind = jnp.result_type(A, b)
    a = jnp.broadcast_to(A.astype(kind), (*stack, *A.shape[-2:]))
    return a, jnp.broadcast_to(b.astype(kind), (*stack, *b.shape[-2:])), vector


@plain
def solve_ex(A: ArrayLike, B: ArrayLike, *, left: bool = True, check_errors: bool = False) -> SolveInfo:
    """``solve`` that reports failure in a number instead of raising, so that it can be used under a transform.

    Args:
        A: as for ``solve``.
        B: as for ``solve``.
        left: whether A stands on the left.
        check_errors: raise all the same.

    Returns:
        A named tuple ``(result, info)``: the solution, NaN or infinite where there is none, and an int32 array of
        shape (...) that is 0 where there is, otherwise which pivot is 0, counted from 1.

    Raises:
        ShapeError: the shapes do not fit.
        LinAlgError: with `check_errors`, a matrix is singular.

    >>> fg.linalg.solve_ex(fg.ones(2, 2), fg.ones(2)).info
    Array(2, dtype=int32)

    Source: ``torch.linalg.solve_ex``.
    """
    result = _solve_ex(A, B, left=left)
    if check_errors:
        require_finite("solve_ex", result.result, [A, B])
    return result


@op
def _solve_ex(A: ArrayLike, B: ArrayLike, *, left: bool) -> SolveInfo:
    return SolveInfo(_solve("solve_ex", A, B, left), _zero_pivot(jnp.asarray(A)))


def _zero_pivot(A: Array) -> Array:
    """Which pivot of the LU decomposition is 0, counted from 1; 0 where none is."""
    return _first_zero(jax.lax.linalg.lu(jax.lax.stop_gradient(A))[0])


def _first_zero(packed: Array) -> Array:
    """Which element of the diagonal is 0 first, counted from 1; 0 where none is."""
    zero = jnp.diagonal(packed, axis1=-2, axis2=-1) == 0
    if zero.shape[-1] == 0:
        return jnp.zeros(zero.shape[:-1], jnp.int32)
    return jnp.where(zero.any(axis=-1), zero.argmax(axis=-1) + 1, 0).astype(jnp.int32)


@finite_or_raise("A must have no 0 on its diagonal")
@op
def solve_triangular(
    A: ArrayLike, B: ArrayLike, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Array:
    """The X with A X = B, or X A = B with ``left=False``, where A is triangular.

    Args:
        A: shape (..., n, n), floating or complex; the other triangle is not read.
        B: matrices of shape (..., n, k), or (..., k, n) with ``left=False``. Stacks broadcast.
        upper: which triangle of `A` to read.
        left: whether A stands on the left.
        unitriangular: take the diagonal of `A` as ones.

    Returns:
        An array of the shape of `B`, broadcast.

    Raises:
        ShapeError: the shapes do not fit.
        LinAlgError: the diagonal has a 0 (eagerly; NaN or infinity under a transform).

    >>> fg.linalg.solve_triangular(fg.tensor([[2.0, 0.0], [1.0, 1.0]]), fg.ones(2, 1), upper=False)
    Array([[0.5],
           [0.5]], dtype=float32)

    Source: ``torch.linalg.solve_triangular``.
    """
    name = "solve_triangular"
    a, b, _ = _right_hand_side(name, square(name, A), B, left, vectors=False)
    return jax.lax.linalg.triangular_solve(a, b, left_side=left, lower=not upper, unit_diagonal=unitriangular)


@finite_or_raise()
@op
def inv(A: ArrayLike) -> Array:
    """The inverse of each matrix. To solve equations, ``solve`` is faster and more accurate.

    Args:
        A: shape (..., n, n), floating or complex.

    Returns:
        An array of shape (..., n, n).

    Raises:
        ShapeError: the matrices are not square.
        LinAlgError: a matrix is singular (eagerly; NaN or infinity under a transform).

    >>> fg.linalg.inv(fg.tensor([[2.0, 0.0], [0.0, 4.0]]))
    Array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)

    Source: ``torch.linalg.inv``.
    """
    return jnp.linalg.inv(square("inv", A))


@plain
def inv_ex(A: ArrayLike, *, check_errors: bool = False) -> InverseInfo:
    """``inv`` that reports failure in a number instead of raising, so that it can be used under a transform.

    Args:
        A: shape (..., n, n), floating or complex.
        check_errors: raise all the same.

    Returns:
        A named tuple ``(inverse, info)``: the inverse, NaN or infinite where there is none, and an int32 array of
        shape (...) that is 0 where there is, otherwise which pivot is 0, counted from 1.

    Raises:
        ShapeError: the matrices are not square.
        LinAlgError: with `check_errors`, a matrix is singular.

    >>> fg.linalg.inv_ex(fg.ones(2, 2)).info
    Array(2, dtype=int32)

    Source: ``torch.linalg.inv_ex``.
    """
    result = _inv_ex(A)
    if check_errors:
        require_finite("inv_ex", result.inverse, [A])
    return result


@op
def _inv_ex(A: ArrayLike) -> InverseInfo:
    x = square("inv_ex", A)
    return InverseInfo(jnp.linalg.inv(x), _zero_pivot(x))


@finite_or_raise()
@op
def tensorinv(A: ArrayLike, ind: int = 2) -> Array:
    """The inverse of a tensor seen as a matrix from its last dimensions to its first `ind`.

    Args:
        A: the product of the first `ind` sizes equals that of the others.
        ind: how many dimensions are the rows, 1 or more.

    Returns:
        An array of shape ``A.shape[ind:] + A.shape[:ind]``.

    Raises:
        ShapeError: the products of sizes differ.
        LinAlgError: the matrix is singular (eagerly; NaN or infinity under a transform).

    >>> fg.linalg.tensorinv(fg.eye(6).reshape(6, 2, 3), ind=1).shape
    (2, 3, 6)

    Source: ``torch.linalg.tensorinv``.
    """
    shape = jnp.shape(A)
    rows = math.prod(shape[: max(ind, 0)])
    if not 1 <= ind <= len(shape) or rows != math.prod(shape[ind:]):
        required = "ind must be 1 or more, and the sizes before and after it must have one product"
        fail(ShapeError, "tensorinv", required, f"got ind={ind} for shape {shape}", "correct ind")
    require_wide("tensorinv", A, "A")
    return jnp.linalg.inv(jnp.asarray(A).reshape(rows, rows)).reshape(*shape[ind:], *shape[:ind])


@finite_or_raise()
@op
def tensorsolve(A: ArrayLike, B: ArrayLike, dims: tuple[Dim, ...] | None = None) -> Array:
    """The X with ``tensordot(A, X, X.ndim) = B``.

    Args:
        A: shape ``B.shape + X.shape``, where both parts have one product.
        B: any shape.
        dims: dimensions of `A` to be moved to its end first.

    Returns:
        An array of the shape of `A` after that of `B`.

    Raises:
        ShapeError: the shapes do not fit.
        LinAlgError: the matrix is singular (eagerly; NaN or infinity under a transform).

    >>> fg.linalg.tensorsolve(fg.eye(6).reshape(2, 3, 6), fg.ones(2, 3)).shape
    (6,)

    Source: ``torch.linalg.tensorsolve``.
    """
    require_wide("tensorsolve", A, "A")
    require_wide("tensorsolve", B, "B")
    x, b = jnp.asarray(A), jnp.asarray(B)
    if dims is not None:
        dims = canonical_dims("tensorsolve", dims, x.ndim)
        x = jnp.moveaxis(x, dims, range(x.ndim - len(dims), x.ndim))
    shape = x.shape[b.ndim :]
    if x.shape[: b.ndim] != b.shape or math.prod(shape) != b.size:
        required = "A must have the shape of B followed by sizes with the same product"
        fail(ShapeError, "tensorsolve", required, f"got {x.shape} and {b.shape}", "move dimensions with dims=")
    return jnp.linalg.solve(x.reshape(b.size, b.size), b.reshape(b.size)).reshape(shape)
