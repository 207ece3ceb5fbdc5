"""Symmetric matrices that need not be positive definite: the decomposition of Bunch and Kaufman."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._checks import fail
from .._errors import DtypeError, ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike
from ._matrices import adjoint, require_pivots, require_success, square
from .solving import _right_hand_side

__all__ = ["LDLFactors", "LDLFactorsInfo", "ldl_factor", "ldl_factor_ex", "ldl_solve"]

_NO_ZERO = "no block of D may be 0"
_USE_EX = "use fg.linalg.ldl_factor_ex, which reports it"
# The growth of the elements is least where a pivot must be this fraction of what stands beside it.
_ALPHA = (1 + math.sqrt(17)) / 8


class LDLFactors(NamedTuple):
    """What ``ldl_factor`` returns."""

    LD: Array
    pivots: Array


class LDLFactorsInfo(NamedTuple):
    """What ``ldl_factor_ex`` returns."""

    LD: Array
    pivots: Array
    info: Array


@plain
def ldl_factor(A: ArrayLike, *, hermitian: bool = False) -> LDLFactors:
    r"""The decomposition $P^T A P = L D L^T$ of a symmetric matrix, where D has blocks of size 1 and 2.

    It is the compact form that ``ldl_solve`` takes, and exists where ``cholesky`` does not.

    Args:
        A: shape (..., n, n), floating or complex; the lower triangle is read.
        hermitian: take a complex `A` as Hermitian, with $L^H$ for $L^T$.

    Returns:
        A named tuple ``(LD, pivots)``: shape (..., n, n), L below D; and int32 of shape (..., n), as LAPACK counts:
        row i was exchanged with ``pivots[i]``, from 1, and two negative numbers mark a block of size 2.

    Raises:
        ShapeError: the matrices are not square.
        DtypeError: `A` is not floating point.
        LinAlgError: a block is 0, so that ``ldl_solve`` would divide by it (eagerly).

    >>> LD, pivots = fg.linalg.ldl_factor(fg.tensor([[0.0, 2.0], [2.0, 0.0]]))
    >>> fg.linalg.ldl_solve(LD, pivots, fg.tensor([[2.0], [4.0]]))
    Array([[2.],
           [1.]], dtype=float32)

    Source: Bunch and Kaufman, "Some stable methods for calculating inertia and solving symmetric linear systems",
    1977; ``torch.linalg.ldl_factor``.
    """
    LD, pivots, info = _ldl_factor(A, hermitian=hermitian)
    require_success("ldl_factor", info, jnp.shape(A), _NO_ZERO, _USE_EX)
    return LDLFactors(LD, pivots)


@plain
def ldl_factor_ex(A: ArrayLike, *, hermitian: bool = False, check_errors: bool = False) -> LDLFactorsInfo:
    """``ldl_factor`` that reports a block of 0 in a number instead of raising.

    Args:
        A: shape (..., n, n), floating or complex; the lower triangle is read.
        hermitian: take a complex `A` as Hermitian.
        check_errors: raise all the same.

    Returns:
        A named tuple ``(LD, pivots, info)``, the last an int32 array of shape (...): which column has the block,
        counted from 1, and 0 where there is none.

    Raises:
        ShapeError: the matrices are not square.
        DtypeError: `A` is not floating point.
        LinAlgError: with `check_errors`, a block is 0.

    >>> fg.linalg.ldl_factor_ex(fg.ones(2, 2)).info
    Array(2, dtype=int32)

    Source: ``torch.linalg.ldl_factor_ex``.
    """
    result = _ldl_factor_ex(A, hermitian=hermitian)
    if check_errors:
        require_success("ldl_factor_ex", result.info, jnp.shape(A), _NO_ZERO, _USE_EX)
    return result


@op
def _ldl_factor(A: ArrayLike, *, hermitian: bool) -> LDLFactorsInfo:
    return _stack("ldl_factor", A, hermitian)


@op
def _ldl_factor_ex(A: ArrayLike, *, hermitian: bool) -> LDLFactorsInfo:
    return _stack("ldl_factor_ex", A, hermitian)


def _stack(name: str, A: ArrayLike, hermitian: bool) -> LDLFactorsInfo:
    x = square(name, A)
    if x.size == 0:
        return LDLFactorsInfo(x, jnp.zeros(x.shape[:-1], jnp.int32), jnp.zeros(x.shape[:-2], jnp.int32))
    conjugate = hermitian and jnp.iscomplexobj(x)
    return LDLFactorsInfo(*jnp.vectorize(lambda a: _factor(a, conjugate), signature="(n,n)->(n,n),(n),()")(x))


def _size(x: Array) -> Array:
    """The magnitude by which LAPACK chooses."""
    return jnp.abs(jnp.real(x)) + jnp.abs(jnp.imag(x)) if jnp.iscomplexobj(x) else jnp.abs(x)


def _flip(x: Array, conjugate: bool) -> Array:
    return adjoint(x) if conjugate else jnp.swapaxes(x, -1, -2)


def _exchange(x: Array, i: Array, j: Array) -> Array:
    """`x` with its rows i and j exchanged."""
    row = jnp.arange(x.shape[0])
    return x[jnp.where(row == i, j, jnp.where(row == j, i, row))]


def _over(x: Array, y: Array) -> Array:
    """The quotient, and 0 where y is 0, also in the derivatives."""
    return jnp.where(y == 0, 0, x / jnp.where(y == 0, 1, y))


def _factor(A: Array, conjugate: bool) -> tuple[Array, Array, Array]:
    n = A.shape[0]
    row = jnp.arange(n)
    lower = jnp.tril(A)
    if conjugate:  # what is imaginary on the diagonal is not read
        lower = jnp.where(jnp.eye(n, dtype=bool), jnp.real(lower).astype(A.dtype), lower)
    rest = lower + _flip(jnp.tril(lower, -1), conjugate)

    def step(state: tuple[Array, ...], k: Array) -> tuple[tuple[Array, ...], None]:
        rest, packed, pivots, info, second = state
        size = _size(jax.lax.stop_gradient(rest))  # choices have no derivative
        here = size[k, k]
        column = jnp.where(row > k, size[:, k], -1.0)
        largest = jnp.argmax(column).astype(jnp.int32)
        beside = jnp.maximum(column[largest], 0)
        across = jnp.max(jnp.where((row >= k) & (row != largest), size[largest], 0))
        nothing = jnp.maximum(here, beside) == 0
        alone = nothing | jnp.isnan(here) | (here >= _ALPHA * beside) | (here * across >= _ALPHA * beside * beside)
        other = size[largest, largest] >= _ALPHA * across
        two = ~alone & ~other & ~second
        last = k + two
        partner = jnp.where(alone, k, largest)
        # The second column of a block has been dealt with.
        moved = _exchange(_exchange(rest, last, partner).T, last, partner).T
        under = row > last
        first, next_ = moved[:, k], moved[:, jnp.minimum(k + 1, n - 1)]
        # One column: w = a / d. Two: W = [a b] D^-1 with D = [[d, conj(e)], [e, f]].
        d, e = moved[k, k], moved[jnp.minimum(k + 1, n - 1), k]
        f = next_[jnp.minimum(k + 1, n - 1)]
        flipped = jnp.conj(e) if conjugate else e
        determinant = d * f - e * flipped
        w1 = jnp.where(two, _over(first * f - next_ * e, determinant), _over(first, d))
        w2 = jnp.where(two, _over(next_ * d - first * flipped, determinant), 0)
        w1, w2 = jnp.where(under, w1, 0), jnp.where(under, w2, 0)
        reduced = moved - jnp.outer(w1, jnp.where(under, _conj(first, conjugate), 0))
        reduced = reduced - jnp.where(two, jnp.outer(w2, jnp.where(under, _conj(next_, conjugate), 0)), 0)
        # Column k of LD holds D, and L below it.
        column_k = jnp.where(under, w1, jnp.where((row == k) | (two & (row == last)), moved[:, k], 0))
        column_2 = jnp.where(under, w2, jnp.where(row == last, next_, 0))
        written = jnp.where(row == k, column_k[:, None], packed)
        written = jnp.where(two & (row == k + 1), column_2[:, None], written)
        number = jnp.where(two, -(partner + 1), partner + 1)
        marked = jnp.where((row == k) | (two & (row == k + 1)), number, pivots)
        failed = jnp.where((info == 0) & nothing, k + 1, info)
        new = reduced, written, marked, failed, two
        old = rest, packed, pivots, info, jnp.zeros_like(second)
        return jax.tree.map(lambda a, b: jnp.where(second, a, b), old, new), None

    integers = jnp.zeros(n, jnp.int32)
    start: tuple[Array, ...] = rest, jnp.zeros_like(rest), integers, jnp.zeros((), jnp.int32), jnp.zeros((), bool)
    (_, packed, pivots, info, _), _ = jax.lax.scan(step, start, jnp.arange(n, dtype=jnp.int32))
    return packed, pivots, info


def _conj(x: Array, conjugate: bool) -> Array:
    return jnp.conj(x) if conjugate else x


def _check_ldl_solve(LD: Any, pivots: Any, B: Any) -> None:
    require_pivots("ldl_solve", pivots, LD, maker="ldl_factor")


@op(check=_check_ldl_solve)
def ldl_solve(LD: ArrayLike, pivots: ArrayLike, B: ArrayLike, *, hermitian: bool = False) -> Array:
    """The X with A X = B, from the decomposition of A that ``ldl_factor`` made.

    Args:
        LD: shape (..., n, n), from ``ldl_factor``.
        pivots: integers of shape (..., n), from ``ldl_factor``.
        B: matrices of shape (..., n, k). Stacks broadcast.
        hermitian: what ``ldl_factor`` was told.

    Returns:
        An array of the shape of `B`, broadcast; NaN or infinite where A is singular.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: `pivots` are not integers.
        ArgumentError: a pivot is no row.

    >>> LD, pivots = fg.linalg.ldl_factor(fg.tensor([[1.0, 2.0], [2.0, 1.0]]))
    >>> fg.linalg.ldl_solve(LD, pivots, fg.tensor([[3.0], [3.0]])).round(4)
    Array([[1.],
           [1.]], dtype=float32)

    Source: ``torch.linalg.ldl_solve``.
    """
    x = square("ldl_solve", LD, "LD")
    if not jnp.issubdtype(jnp.result_type(pivots), jnp.integer):
        given = f"got {jnp.result_type(pivots)}"
        fail(DtypeError, "ldl_solve", "pivots must be integers", given, "pass what ldl_factor returned")
    if jnp.shape(pivots) != x.shape[:-1]:
        required = f"pivots must have shape {x.shape[:-1]}, that of LD without its columns"
        fail(ShapeError, "ldl_solve", required, f"got {jnp.shape(pivots)}", "pass what ldl_factor returned")
    packed, b, _ = _right_hand_side("ldl_solve", x, B, True, vectors=False)
    if b.size == 0:
        return b
    rows = jnp.broadcast_to(jnp.asarray(pivots, jnp.int32), packed.shape[:-1])
    conjugate = hermitian and jnp.iscomplexobj(packed)
    solve = jnp.vectorize(lambda a, p, y: _solve_factored(a, p, y, conjugate), signature="(n,n),(n),(n,k)->(n,k)")
    return solve(packed, rows, b)


def _solve_factored(packed: Array, pivots: Array, b: Array, conjugate: bool) -> Array:
    n = packed.shape[0]
    row = jnp.arange(n)
    # A block of size 2 starts where an even number of negative pivots has gone before.
    negative = pivots < 0
    first = negative & ((jnp.cumsum(negative) % 2) == 1)
    second = negative & ~first
    partner = jnp.abs(pivots) - 1
    # The columns of L alone: what belongs to D is on the diagonal, and below it where a block starts.
    within = (row[:, None] == row + 1) & first
    L = jnp.where(within, 0, jnp.tril(packed, -1))
    at = jnp.where(first, row + 1, row)  # a block exchanges its second row, when it starts

    def forward(b: Array, k: Array) -> tuple[Array, None]:
        b = jnp.where(second[k], b, _exchange(b, at[k], partner[k]))
        return b - L[:, k, None] * b[k], None

    b, _ = jax.lax.scan(forward, b, row)
    d = jnp.diagonal(packed)
    e = jnp.where(first, jnp.append(jnp.diagonal(packed, -1), 0), 0)  # between a first row and the next
    up, down = jnp.roll(b, -1, axis=0), jnp.roll(b, 1, axis=0)
    f, before, above = jnp.roll(d, -1), jnp.roll(e, 1), jnp.roll(d, 1)
    left, right = _conj(e, conjugate), before
    determinant = jnp.where(first, d * f - e * left, above * d - before * _conj(before, conjugate))
    of_first = (f[:, None] * b - left[:, None] * up) / jnp.where(first, determinant, 1)[:, None]
    of_second = (above[:, None] * b - right[:, None] * down) / jnp.where(second, determinant, 1)[:, None]
    single = b / jnp.where(negative, 1, d)[:, None]
    b = jnp.where(first[:, None], of_first, jnp.where(second[:, None], of_second, single))

    def backward(b: Array, k: Array) -> tuple[Array, None]:
        b = b.at[k].add(-jnp.sum(_conj(L[:, k], conjugate)[:, None] * b, axis=0))
        return jnp.where(second[k], b, _exchange(b, at[k], partner[k])), None

    # Both columns of a block are taken away before its exchange, which belongs to the first: the order is reversed.
    b, _ = jax.lax.scan(backward, b, row, reverse=True)
    return b
