"""Products and powers of matrices, and determinants."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from .._checks import broadcast_shapes, canonical_dim, fail, require_ndim
from .._errors import ArgumentError, ArgumentTypeError, DimError, ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike
from ..arrays.products import _cross, _require_inner, _require_numbers, matmul
from ._matrices import require_finite, square

__all__ = [
    "SlogdetResult",
    "cross",
    "det",
    "diagonal",
    "matmul",
    "matrix_exp",
    "matrix_power",
    "multi_dot",
    "slogdet",
    "vander",
    "vecdot",
]


class SlogdetResult(NamedTuple):
    """What ``slogdet`` returns."""

    sign: Array
    logabsdet: Array


@op
def det(A: ArrayLike) -> Array:
    """The determinant of each matrix.

    Args:
        A: shape (..., n, n), floating or complex.

    Returns:
        An array of shape (...).

    Raises:
        ShapeError: the matrices are not square.
        DtypeError: `A` is not floating point.

    >>> fg.linalg.det(fg.tensor([[2.0, 1.0], [0.0, 3.0]]))
    Array(6., dtype=float32)

    Source: ``torch.linalg.det``.
    """
    x = square("det", A)
    return jnp.linalg.det(x) if x.size else jnp.ones(x.shape[:-2], x.dtype)


@op
def slogdet(A: ArrayLike) -> SlogdetResult:
    r"""The sign of the determinant and $\log |\det A|$, which neither overflows nor underflows.

    Args:
        A: shape (..., n, n), floating or complex.

    Returns:
        A named tuple ``(sign, logabsdet)`` of arrays of shape (...); 0 and -inf where a matrix is singular.

    Raises:
        ShapeError: the matrices are not square.
        DtypeError: `A` is not floating point.

    >>> sign, logabsdet = fg.linalg.slogdet(-fg.eye(3))
    >>> sign
    Array(-1., dtype=float32)

    Source: ``torch.linalg.slogdet``.
    """
    return SlogdetResult(*_sign_and_log(square("slogdet", A)))


def _sign_and_log(x: Array) -> tuple[Array, Array]:
    if x.size == 0:
        return jnp.ones(x.shape[:-2], x.dtype), jnp.zeros(x.shape[:-2], jnp.finfo(x.dtype).dtype)
    return tuple(jnp.linalg.slogdet(x))


@plain
def matrix_power(A: ArrayLike, n: int) -> Array:
    """Each matrix multiplied by itself, `n` times; a negative `n` takes the inverse.

    Args:
        A: shape (..., m, m), floating or complex, or integers that are not to be inverted.
        n: the power, any int.

    Returns:
        An array of shape (..., m, m).

    Raises:
        ShapeError: the matrices are not square.
        LinAlgError: `n` is negative and a matrix is singular (eagerly; NaN or infinity under a transform).

    >>> fg.linalg.matrix_power(fg.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    Array([[1., 5.],
           [0., 1.]], dtype=float32)

    Source: ``torch.linalg.matrix_power``.
    """
    result = _matrix_power(A, n)
    if n < 0:
        require_finite("matrix_power", result, [A])
    return result


@op
def _matrix_power(A: ArrayLike, n: int) -> Array:
    if isinstance(n, bool) or not isinstance(n, int):
        fail(ArgumentTypeError, "matrix_power", "n must be an int", f"got {n!r}", "use eigh for other powers")
    if jnp.issubdtype(jnp.result_type(A), jnp.integer) and n >= 0:
        # Integers cannot be inverted, and need no conversion otherwise.
        square("matrix_power", jnp.zeros(jnp.shape(A)))
        return jnp.linalg.matrix_power(jnp.asarray(A), n)
    return jnp.linalg.matrix_power(square("matrix_power", A), n)


@op
def matrix_exp(A: ArrayLike) -> Array:
    r"""The matrix exponential $\sum_k A^k / k!$.

    Args:
        A: shape (..., n, n), floating or complex.

    Returns:
        An array of shape (..., n, n); NaN where the 1-norm of a matrix is above 1e10.

    Raises:
        ShapeError: the matrices are not square.
        DtypeError: `A` is not floating point.

    >>> fg.linalg.matrix_exp(fg.zeros(2, 2))
    Array([[1., 0.],
           [0., 1.]], dtype=float32)

    Source: Higham, "The scaling and squaring method for the matrix exponential revisited", 2005;
    ``torch.linalg.matrix_exp``.
    """
    return _exponential(square("matrix_exp", A))


def _pade(q: int) -> list[int]:
    """The coefficients of the numerator of the diagonal Padé approximant of exp, the highest being 1."""
    return [math.factorial(2 * q - k) // (math.factorial(k) * math.factorial(q - k)) for k in range(q + 1)]


# The 1-norms up to which the approximants of degree 7 and 13 are exact to rounding (Higham, tables 2.1 and 2.2).
_LARGEST = {7: 3.925724783138660, 13: 5.371920351148152}
_MOST_SQUARINGS = 32


def _exponential(A: Array) -> Array:
    # JAX's own rounds the number of squarings down where Higham rounds up, and loses four digits.
    degree = 7 if jnp.finfo(A.dtype).bits == 32 else 13
    b = _pade(degree)
    size = jnp.max(jnp.sum(jnp.abs(jax.lax.stop_gradient(A)), axis=-2), axis=-1, initial=0)[..., None, None]
    squarings = jnp.maximum(jnp.ceil(jnp.log2(size / _LARGEST[degree])), 0)
    A = A / jnp.exp2(squarings)
    eye = jnp.eye(A.shape[-1], dtype=A.dtype)
    times = functools.partial(jnp.matmul, precision="highest")
    A2 = times(A, A)
    A4 = times(A2, A2)
    A6 = times(A2, A4)
    odd = b[7] * A6 + b[5] * A4 + b[3] * A2 + b[1] * eye
    even = b[6] * A6 + b[4] * A4 + b[2] * A2 + b[0] * eye
    if degree == 13:
        odd += times(A6, b[13] * A6 + b[11] * A4 + b[9] * A2)
        even += times(A6, b[12] * A6 + b[10] * A4 + b[8] * A2)
    odd = times(A, odd)
    result = jnp.linalg.solve(even - odd, even + odd)

    def squared(x: Array, i: Array) -> tuple[Array, None]:
        more = i < squarings
        return jax.lax.cond(more.any(), lambda x: jnp.where(more, times(x, x), x), lambda x: x, x), None

    result, _ = jax.lax.scan(squared, result, jnp.arange(_MOST_SQUARINGS))
    return jnp.where(squarings > _MOST_SQUARINGS, jnp.nan, result)


@op
def multi_dot(tensors: Sequence[ArrayLike]) -> Array:
    """The product of several matrices, in the order that needs the fewest multiplications.

    Args:
        tensors: two or more arrays; all 2-D, but the first may be a row and the last a column, both 1-D.

    Returns:
        The product: 2-D, without the dimension that a 1-D end lacks.

    Raises:
        ShapeError: the matrices do not fit each other.
        ArgumentError: there are fewer than two.

    >>> fg.linalg.multi_dot([fg.ones(2, 3), fg.ones(3, 50), fg.ones(50)])
    Array([150., 150.], dtype=float32)

    Source: ``torch.linalg.multi_dot``.
    """
    if len(tensors) < 2:
        fail(ArgumentError, "multi_dot", "two or more arrays are needed", f"got {len(tensors)}", "pass more")
    for i, x in enumerate(tensors):
        ends = (1, 2) if i in (0, len(tensors) - 1) else 2
        require_ndim("multi_dot", x, ends, f"tensors[{i}]")
    for i, (left, right) in enumerate(itertools.pairwise(tensors)):
        required = f"the last dimension of tensors[{i}] must equal the first of tensors[{i + 1}]"
        _require_inner("multi_dot", required, left, right, 0)
    return jnp.linalg.multi_dot(tensors)


@op(dims=())
def vecdot(x: ArrayLike, y: ArrayLike, *, dim: int = -1) -> Array:
    r"""Inner products along one dimension, $\sum_i \bar x_i y_i$; the other dimensions broadcast.

    Args:
        x: any shape; it is conjugated.
        y: any shape that broadcasts with `x`.
        dim: the dimension to sum over, counted in the broadcast shape.

    Returns:
        An array of the broadcast shape without `dim`.

    Raises:
        ShapeError: the shapes do not broadcast, or differ in `dim`.
        DimError: `dim` is out of range.

    >>> fg.linalg.vecdot(fg.ones(2, 3), fg.arange(3.0))
    Array([3., 3.], dtype=float32)

    Source: ``torch.linalg.vecdot``.
    """
    shape = broadcast_shapes("vecdot", jnp.shape(x), jnp.shape(y))
    if not shape:
        canonical_dim("vecdot", dim, 0)
        return jnp.conj(x) * y
    axis = canonical_dim("vecdot", dim, len(shape)) - len(shape)
    if min(jnp.ndim(x), jnp.ndim(y)) < -axis:
        required = f"both operands must have the dimension {dim} that is summed"
        fail(DimError, "vecdot", required, f"got {jnp.shape(x)} and {jnp.shape(y)}", "add it with fg.unsqueeze")
    x, y = jnp.broadcast_arrays(x, y)
    return jnp.vecdot(x, y, axis=axis)


@op
def cross(input: ArrayLike, other: ArrayLike, *, dim: int = -1) -> Array:
    r"""The vector product $x \times y$ in three dimensions.

    Args:
        input: shape (..., 3).
        other: as many dimensions as `input`; it broadcasts with it.
        dim: the dimension of size 3.

    Returns:
        An array of the broadcast shape.

    Raises:
        ShapeError: `dim` has not size 3, or the shapes do not fit.

    >>> fg.linalg.cross(fg.tensor([1.0, 0.0, 0.0]), fg.tensor([0.0, 1.0, 0.0]))
    Array([0., 0., 1.], dtype=float32)

    Source: ``torch.linalg.cross``.
    """
    return _cross("cross", input, other, canonical_dim("cross", dim, jnp.ndim(input)))


@op(dims=("dim1", "dim2"))
def diagonal(A: ArrayLike, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """The diagonal of each matrix.

    Args:
        A: shape (..., m, n).
        offset: which diagonal: 0 is the main one, positive is above it, negative below.
        dim1: the dimension of the rows.
        dim2: the dimension of the columns.

    Returns:
        An array without the two dimensions and with the diagonal last.

    Raises:
        ShapeError: `A` has fewer than 2 dimensions.
        DimError: a dimension is out of range, or both are the same.

    >>> fg.linalg.diagonal(fg.eye(3))
    Array([1., 1., 1.], dtype=float32)

    Source: ``torch.linalg.diagonal``.
    """
    if jnp.ndim(A) < 2:
        required = "A must have at least 2 dimensions"
        fail(ShapeError, "diagonal", required, f"got shape {jnp.shape(A)}", "use fg.diag to make a matrix")
    first, second = (canonical_dim("diagonal", d, jnp.ndim(A), n) for d, n in ((dim1, "dim1"), (dim2, "dim2")))
    if first == second:
        fail(DimError, "diagonal", "dim1 and dim2 must differ", f"got {first} twice", "name two dimensions")
    return jnp.diagonal(jnp.asarray(A), offset, first, second)


@op
def vander(x: ArrayLike, *, N: int | None = None) -> Array:
    r"""The powers of each element, $1, x, x^2, \dots, x^{N-1}$, as a row: the Vandermonde matrix.

    Args:
        x: shape (..., n).
        N: how many powers; n by default.

    Returns:
        An array of shape (..., n, N).

    Raises:
        ShapeError: `x` is 0-d.
        ArgumentError: `N` is less than 1.
        DtypeError: `x` is boolean.

    >>> fg.linalg.vander(fg.tensor([2, 3]), N=3)
    Array([[1, 2, 4],
           [1, 3, 9]], dtype=int32)

    Source: ``torch.linalg.vander``.
    """
    _require_numbers("vander", x)
    if jnp.ndim(x) == 0:
        fail(ShapeError, "vander", "x must have at least 1 dimension", "got shape ()", "write fg.unsqueeze(x, 0)")
    count = jnp.shape(x)[-1] if N is None else N
    if N is not None and N < 1:
        fail(ArgumentError, "vander", "N must be 1 or more", f"got {N}", "say how many powers are wanted")
    if count == 0:
        return jnp.zeros((*jnp.shape(x), 0), jnp.result_type(x))
    base = jnp.asarray(x)[..., None]
    factors = jnp.broadcast_to(base, (*base.shape[:-1], count - 1))
    return jnp.cumprod(jnp.concatenate([jnp.ones_like(base), factors], axis=-1), axis=-1)
