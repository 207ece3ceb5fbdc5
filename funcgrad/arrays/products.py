"""Products of vectors and matrices."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from .._checks import default_int, fail
from .._errors import DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from . import _stacks

__all__ = [
    "bmm",
    "cross",
    "dot",
    "ger",
    "inner",
    "kron",
    "matmul",
    "mm",
    "mv",
    "outer",
    "trace",
    "vdot",
]


def _require_ndims(name: str, ndims: tuple[int, ...], remedy: str, **operands: ArrayLike) -> None:
    """Raise unless the operands have `ndims` dimensions, in order; the message has every shape."""
    if tuple(jnp.ndim(x) for x in operands.values()) != ndims:
        first, *rest = zip(operands, ndims, strict=True)
        required = f"{first[0]} must have {first[1]} dimension{'' if first[1] == 1 else 's'}"
        required += "".join(f" and {argument} {ndim}" for argument, ndim in rest)
        fail(ShapeError, name, required, f"got {_shapes(*operands.values())}", remedy)


def _require_inner(name: str, required: str, left: ArrayLike, right: ArrayLike, right_dim: int) -> None:
    """Raise unless the last dimension of `left` is as long as `right_dim` of `right`."""
    k, other = jnp.shape(left)[-1], jnp.shape(right)[right_dim]
    if k != other:
        given = f"got {_shapes(left, right)}, where {k} != {other}"
        fail(ShapeError, name, required, given, "transpose or reshape one of them")


def _require_numbers(name: str, *operands: ArrayLike) -> None:
    """Raise where every operand is boolean: a sum of products of truth values has no one meaning."""
    if jnp.result_type(*operands) == np.dtype(bool):
        fail(DtypeError, name, "operands must be numbers", "got bool", "convert them with fg.to(x, 'int')")


def _shapes(*operands: ArrayLike) -> str:
    return " and ".join(str(tuple(jnp.shape(x))) for x in operands)


@op
def dot(input: ArrayLike, tensor: ArrayLike) -> Array:
    r"""The dot product of two vectors, $\sum_i x_i y_i$ (nothing is conjugated).

    Args:
        input: shape (n,).
        tensor: shape (n,).

    Returns:
        A 0-d array of the common dtype.

    Raises:
        ShapeError: an operand is not 1-D, or the lengths differ.
        DtypeError: both are boolean.

    >>> fg.dot(fg.arange(4.0), fg.ones(4))
    Array(6., dtype=float32)

    Source: ``torch.dot``.
    """
    _vectors("dot", input, tensor)
    return jnp.dot(input, tensor)


@op
def vdot(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The inner product of two vectors, $\sum_i \bar x_i y_i$: the first is conjugated.

    Args:
        input: shape (n,).
        other: shape (n,).

    Returns:
        A 0-d array of the common dtype.

    Raises:
        ShapeError: an operand is not 1-D, or the lengths differ.
        DtypeError: both are boolean.

    >>> fg.vdot(fg.tensor([1j, 1]), fg.tensor([1j, 2]))
    Array(3.+0.j, dtype=complex64)

    Source: ``torch.vdot``.
    """
    _vectors("vdot", input, other)
    return jnp.vdot(input, other)


def _vectors(name: str, left: ArrayLike, right: ArrayLike) -> None:
    remedy = "use fg.matmul for matrices, or fg.sum(x * y)"
    if jnp.ndim(left) != 1 or jnp.ndim(right) != 1:
        fail(ShapeError, name, "both operands must have 1 dimension", f"got {_shapes(left, right)}", remedy)
    _require_inner(name, "both operands must have the same length", left, right, -1)
    _require_numbers(name, left, right)


@op
def inner(input: ArrayLike, other: ArrayLike) -> Array:
    r"""Sums of products over the last dimension of both, $\sum_k x_{i \dots k}\, y_{j \dots k}$.

    Args:
        input: shape (..., k), or 0-d.
        other: shape (..., k), or 0-d; a 0-d operand scales the other.

    Returns:
        The dimensions of `input` without the last, then those of `other` without the last.

    Raises:
        ShapeError: the last dimensions differ.
        DtypeError: both are boolean.

    >>> fg.inner(fg.ones(2, 3), fg.arange(3.0))
    Array([3., 3.], dtype=float32)

    Source: ``torch.inner``.
    """
    _require_numbers("inner", input, other)
    if jnp.ndim(input) and jnp.ndim(other):
        _require_inner("inner", "the last dimensions must be equal", input, other, -1)
    return jnp.inner(input, other)


@op
def outer(input: ArrayLike, vec2: ArrayLike) -> Array:
    """The outer product of two vectors, $x_i y_j$.

    Args:
        input: shape (n,).
        vec2: shape (m,).

    Returns:
        An array of shape (n, m).

    Raises:
        ShapeError: an operand is not 1-D.

    >>> fg.outer(fg.tensor([1, 2]), fg.tensor([3, 4, 5]))
    Array([[ 3,  4,  5],
           [ 6,  8, 10]], dtype=int32)

    Source: ``torch.outer``, ``torch.ger``.
    """
    _require_ndims("outer", (1, 1), "flatten them with fg.flatten", input=input, vec2=vec2)
    return jnp.multiply(jnp.asarray(input)[:, None], vec2)


ger = outer


@op
def mv(input: ArrayLike, vec: ArrayLike) -> Array:
    r"""A matrix times a vector, $\sum_j A_{ij} x_j$.

    Args:
        input: the matrix, shape (n, m).
        vec: the vector, shape (m,).

    Returns:
        An array of shape (n,).

    Raises:
        ShapeError: the shapes are not (n, m) and (m,).
        DtypeError: both are boolean.

    >>> fg.mv(fg.arange(6.0).reshape(2, 3), fg.ones(3))
    Array([ 3., 12.], dtype=float32)

    Source: ``torch.mv``.
    """
    _require_ndims("mv", (2, 1), "use fg.matmul for other shapes", input=input, vec=vec)
    _require_inner("mv", "the last dimension of input must equal the length of vec", input, vec, -1)
    _require_numbers("mv", input, vec)
    return jnp.matmul(input, vec)


@op
def mm(input: ArrayLike, mat2: ArrayLike) -> Array:
    r"""The product of two matrices, $\sum_k A_{ik} B_{kj}$.

    Args:
        input: shape (n, k).
        mat2: shape (k, m).

    Returns:
        An array of shape (n, m).

    Raises:
        ShapeError: the shapes are not (n, k) and (k, m).
        DtypeError: both are boolean.

    >>> fg.mm(fg.ones(2, 3), fg.ones(3, 1))
    Array([[3.],
           [3.]], dtype=float32)

    Source: ``torch.mm``.
    """
    _require_ndims("mm", (2, 2), "use fg.matmul for other shapes", input=input, mat2=mat2)
    _require_inner("mm", "the last dimension of input must equal the first of mat2", input, mat2, 0)
    _require_numbers("mm", input, mat2)
    return jnp.matmul(input, mat2)


@op
def bmm(input: ArrayLike, mat2: ArrayLike) -> Array:
    r"""The products of two stacks of matrices, one by one; nothing is broadcast.

    Args:
        input: shape (b, n, k).
        mat2: shape (b, k, m).

    Returns:
        An array of shape (b, n, m).

    Raises:
        ShapeError: the shapes are not (b, n, k) and (b, k, m).
        DtypeError: both are boolean.

    >>> fg.bmm(fg.ones(5, 2, 3), fg.ones(5, 3, 4)).shape
    (5, 2, 4)

    Source: ``torch.bmm``.
    """
    _require_ndims("bmm", (3, 3), "use fg.matmul for other shapes", input=input, mat2=mat2)
    if jnp.shape(input)[0] != jnp.shape(mat2)[0]:
        required = "input and mat2 must have the same first dimension"
        fail(ShapeError, "bmm", required, f"got {_shapes(input, mat2)}", "use fg.matmul to broadcast one of them")
    _require_inner("bmm", "the last dimension of input must equal the second of mat2", input, mat2, 1)
    _require_numbers("bmm", input, mat2)
    return _stacks.matmul(input, mat2)


@op
def matmul(input: ArrayLike, other: ArrayLike) -> Array:
    """The matrix product of the last two dimensions, $Σ_k A_{ik} B_{kj}$, as ``A @ B`` computes it.

    A 1-D `input` is a row and a 1-D `other` a column, and that dimension is missing in the result. All dimensions but
    the last two are broadcast.

    Args:
        input: shape (..., n, k) or (k,).
        other: shape (..., k, m) or (k,).

    Returns:
        An array of shape (..., n, m), (..., n), (..., m) or (), of the common dtype. Integers may wrap, as in torch.

    Raises:
        ShapeError: an operand is 0-d, the inner dimensions differ, or the others do not broadcast.
        DtypeError: both are boolean.

    >>> fg.matmul(fg.ones(5, 2, 3), fg.ones(3, 4)).shape
    (5, 2, 4)
    >>> fg.matmul(fg.ones(2, 3), fg.ones(4, 2))
    Traceback (most recent call last):
    funcgrad._errors.ShapeError: matmul(): the last dimension of input must equal the second to last of other; \
got (2, 3) and (4, 2), where 3 != 4; transpose or reshape one of them.

    Source: ``torch.matmul``.
    """
    ndims = jnp.ndim(input), jnp.ndim(other)
    if 0 in ndims:
        required = "both operands must have at least 1 dimension"
        fail(ShapeError, "matmul", required, f"got {_shapes(input, other)}", "use * to scale by a number")
    place = "length" if ndims[1] == 1 else "second to last"
    required = f"the last dimension of input must equal the {place} of other"
    _require_inner("matmul", required, input, other, -1 if ndims[1] == 1 else -2)
    _require_numbers("matmul", input, other)
    try:
        jnp.broadcast_shapes(jnp.shape(input)[:-2], jnp.shape(other)[:-2])
    except ValueError:
        required = "all dimensions but the last two must agree or be 1, counted from the end"
        fail(ShapeError, "matmul", required, f"got {_shapes(input, other)}", "reshape or expand one of them")
    return _stacks.matmul(input, other)


@op
def kron(input: ArrayLike, other: ArrayLike) -> Array:
    """The Kronecker product: every element of `input` times the whole of `other`.

    Args:
        input: any shape.
        other: any shape; the one with fewer dimensions gets leading ones.

    Returns:
        An array whose sizes are the products of the sizes.

    >>> fg.kron(fg.eye(2), fg.tensor([[1.0, 2.0]]))
    Array([[1., 2., 0., 0.],
           [0., 0., 1., 2.]], dtype=float32)

    Source: ``torch.kron``.
    """
    if jnp.result_type(input, other) == np.dtype(bool):
        return jnp.kron(jnp.asarray(input, jnp.uint8), jnp.asarray(other, jnp.uint8)).astype(bool)
    return jnp.kron(input, other)


@op
def cross(input: ArrayLike, other: ArrayLike, dim: int | None = None) -> Array:
    r"""The vector product $x \times y$ in three dimensions.

    Args:
        input: shape (..., 3, ...).
        other: as many dimensions as `input`; it broadcasts with it.
        dim: the dimension of size 3; by default the first one of that size. ``fg.linalg.cross`` takes the last.

    Returns:
        An array of the broadcast shape.

    Raises:
        ShapeError: `dim` has not size 3, no dimension has, or the shapes do not fit.

    >>> fg.cross(fg.tensor([1.0, 0.0, 0.0]), fg.tensor([0.0, 1.0, 0.0]))
    Array([0., 0., 1.], dtype=float32)

    Source: ``torch.cross``.
    """
    if dim is None:
        if 3 not in jnp.shape(input):
            required = "a dimension must have size 3"
            fail(ShapeError, "cross", required, f"got {_shapes(input, other)}", "correct the shapes")
        dim = jnp.shape(input).index(3)
    return _cross("cross", input, other, dim)


def _cross(name: str, input: ArrayLike, other: ArrayLike, dim: int) -> Array:
    a, b = jnp.shape(input), jnp.shape(other)
    if len(a) != len(b):
        required = "input and other must have as many dimensions"
        fail(ShapeError, name, required, f"got {a} and {b}", "add dimensions with fg.unsqueeze")
    if a[dim] != 3 or b[dim] != 3:
        fail(ShapeError, name, f"both operands must have size 3 in dimension {dim}", f"got {a} and {b}", "choose dim")
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
        required = "shapes must agree or be 1 in each dimension"
        fail(ShapeError, name, required, f"got {a} and {b}", "reshape or expand one of them")
    return jnp.cross(input, other, axis=dim)


@op
def trace(input: ArrayLike, /) -> Array:
    r"""The sum of the main diagonal of a matrix, $\sum_i A_{ii}$.

    Args:
        input: shape (n, m).

    Returns:
        A 0-d array; integers are summed in the default integer.

    Raises:
        ShapeError: `input` is not 2-D.
        DtypeError: it is boolean.

    >>> fg.trace(fg.eye(3))
    Array(3., dtype=float32)

    Source: ``torch.trace``.
    """
    remedy = "use fg.vmap(fg.trace) for stacks, or fg.sum(fg.linalg.diagonal(x), -1)"
    _require_ndims("trace", (2,), remedy, input=input)
    x = jnp.asarray(input)
    _require_numbers("trace", x)
    # jnp.trace reads the whole matrix, with zeros for what is beside the diagonal.
    return jnp.sum(jnp.diagonal(x), dtype=default_int() if jnp.issubdtype(x.dtype, jnp.integer) else None)
