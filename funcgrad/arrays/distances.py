"""Norms and the distances between points."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import (
    broadcast_shapes,
    canonical_dim,
    canonical_dims,
    fail,
    require_float,
    require_ndim,
    require_numbers,
    resolve_dtype,
)
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, Dim, Dims, DtypeLike
from ._order import extreme
from ._pointwise import as_float, in_single

__all__ = [
    "cdist",
    "cosine_similarity",
    "dist",
    "frobenius_norm",
    "norm",
    "nuclear_norm",
    "pairwise_distance",
    "pdist",
]


def _check_nuclear(name: str, input: ArrayLike, dim: Dims | None) -> None:
    axes = tuple(range(np.ndim(input))) if dim is None else dim
    if not isinstance(axes, int) and len(axes) == 2:
        require_numbers(name, input, "input", axes)


def _check_norm(input: ArrayLike, p: float | str | None, dim: Dims | None) -> None:
    if p == "nuc":
        _check_nuclear("norm", input, dim)


@op(check=_check_norm)
@in_single
def norm(
    input: ArrayLike,
    p: float | str | None = "fro",
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""The p-norm $(\sum |x|^p)^{1/p}$ over one, several or all dimensions; the length of a vector by default.

    Its gradient at 0 is 0, not NaN.

    Args:
        input: any shape, floating or complex.
        p: a number, ``inf`` (the largest magnitude), ``-inf`` (the smallest), 0 (how many are not 0), ``"fro"``
            (as 2), or ``"nuc"``, the sum of the singular values of a matrix.
        dim: what to reduce; everything by default.
        keepdim: keep reduced dimensions with size 1.
        dtype: convert `input` to it first.

    Returns:
        A real array without the reduced dimensions.

    Raises:
        DtypeError: `input` holds integers and no `dtype` is given.
        ArgumentError: `p` is not known, or has no value for an empty array.
        ShapeError: ``"nuc"`` is asked for without two dimensions.
        LinAlgError: a matrix whose nuclear norm is asked holds NaN (eagerly).

    >>> fg.norm(fg.tensor([3.0, -4.0]))
    Array(5., dtype=float32)
    >>> fg.norm(fg.ones(2, 4), p=1, dim=1)
    Array([4., 4.], dtype=float32)

    Source: ``torch.norm``.
    """
    x = _floating("norm", input, dtype)
    if p == "nuc":
        axes = tuple(range(x.ndim)) if dim is None else canonical_dims("norm", dim, x.ndim)
        return _singular_sum("norm", x, axes, keepdim)
    if isinstance(p, str) and p != "fro":
        required = "p must be a number, 'fro' or 'nuc'"
        fail(ArgumentError, "norm", required, f"got {p!r}", "write p=float('inf') for the largest magnitude")
    return _vector_norm("norm", x, 2.0 if p is None or isinstance(p, str) else p, dim, keepdim)


def _floating(name: str, input: ArrayLike, dtype: DtypeLike | None) -> Array:
    x = jnp.asarray(input) if dtype is None else jnp.asarray(input).astype(resolve_dtype(name, dtype))
    require_float(name, x)
    return x


def _singular_sum(name: str, x: Array, axes: tuple[int, ...], keepdim: bool) -> Array:
    """The sum of the singular values over the two dimensions `axes`."""
    if len(axes) != 2:
        required = "the nuclear norm needs two dimensions"
        given = f"got {len(axes)} of shape {x.shape}"
        fail(ShapeError, name, required, given, "name two with dim=(i, j)")
    result = jnp.sum(jnp.linalg.svd(jnp.moveaxis(x, axes, (-2, -1)), compute_uv=False), axis=-1)
    return jnp.expand_dims(result, axes) if keepdim else result


def _vector_norm(name: str, x: Array, p: float, dim: Any = None, keepdim: bool = False) -> Array:
    """The p-norm, with derivative 0 at the zero vector and, where |x| has a kink, at zero elements."""
    if x.ndim == 0:
        # A number is a vector of length 1; naming its only dimension is allowed, as in torch.
        return _vector_norm(name, x[None], p)
    axes = tuple(range(x.ndim)) if dim is None or dim == () else dim
    if p == 0:
        return jnp.sum(x != 0, axis=axes, keepdims=keepdim, dtype=jnp.abs(x).dtype)
    if p < 0 or math.isinf(p):
        extents = [x.shape[axis] for axis in (axes if isinstance(axes, tuple) else (axes,))]
        if 0 in extents:
            required = f"the norm of order {p} needs at least one element"
            fail(ArgumentError, name, required, f"got shape {x.shape}", "check the shape of the input")
    if math.isinf(p):
        over = (axes,) if isinstance(axes, int) else tuple(axes)
        return extreme(_magnitude(x), over, keepdim, p > 0)
    if p == 1:
        return jnp.sum(_magnitude(x), axis=axes, keepdims=keepdim)
    if p == 2:
        squares = jnp.square(jnp.real(x)) + jnp.square(jnp.imag(x)) if jnp.iscomplexobj(x) else jnp.square(x)
        return _power(jnp.sum(squares, axis=axes, keepdims=keepdim), 0.5)
    return _power(jnp.sum(_power(_magnitude(x), p), axis=axes, keepdims=keepdim), 1 / p)


def _magnitude(x: Array) -> Array:
    """|x| with derivative 0 at 0 (JAX has 1 there)."""
    return jnp.abs(x) if jnp.iscomplexobj(x) else x * jnp.sign(x)


def _power(x: Array, p: float) -> Array:
    """$x^p$ of x >= 0, with derivative 0 at 0: the value there is a constant."""
    zero = x == 0
    safe = jnp.where(zero, 1, x)
    return jnp.where(zero, 0.0 if p > 0 else math.inf, jnp.sqrt(safe) if p == 0.5 else safe**p)


@op
def frobenius_norm(input: ArrayLike, /, dim: Dims, keepdim: bool = False) -> Array:
    r"""The length $\sqrt{\sum |x|^2}$ over the dimensions named; its gradient at 0 is 0.

    Args:
        input: any shape, floating or complex.
        dim: what to reduce, one or several; all for ``()``.
        keepdim: keep reduced dimensions with size 1.

    Returns:
        A real array without the reduced dimensions.

    Raises:
        DtypeError: `input` holds integers.
        DimError: a dimension is out of range or named twice.

    >>> fg.frobenius_norm(fg.ones(4, 9), (0, 1))
    Array(6., dtype=float32)

    Source: ``torch.frobenius_norm``, the older name of ``fg.norm(x, dim=dim)``.
    """
    return _vector_norm("frobenius_norm", _floating("frobenius_norm", input, None), 2.0, dim, keepdim)


@plain
def nuclear_norm(input: ArrayLike, /, *args: Any, dim: Dims | None = None, keepdim: bool | None = None) -> Array:
    """The sum of the singular values of a matrix, or of each matrix over two dimensions.

    Its gradient leaves out singular values of 0.

    Args:
        input: shape (m, n), or any shape where `dim` is given, floating or complex.
        *args: torch has two orders: ``nuclear_norm(x, keepdim)`` and ``nuclear_norm(x, dim, keepdim)``.
        dim: the two dimensions of the matrices.
        keepdim: keep them with size 1.

    Returns:
        A real array without the two dimensions.

    Raises:
        ShapeError: there are not two dimensions.
        DtypeError: `input` holds integers.
        LinAlgError: a matrix holds NaN (eagerly).

    >>> fg.nuclear_norm(fg.tensor([[3.0, 0.0], [0.0, -4.0]]))
    Array(7., dtype=float32)

    Source: ``torch.nuclear_norm``.
    """
    given = list(args)
    if given and not isinstance(given[0], bool):
        dim = given.pop(0)
    if given:
        keepdim = given.pop(0)
    if given:
        required = "it takes input, dim and keepdim"
        fail(ArgumentTypeError, "nuclear_norm", required, f"got {len(args) + 1} arguments", "leave the others out")
    return _nuclear_norm(input, dim, bool(keepdim))


@op(check=lambda input, dim: _check_nuclear("nuclear_norm", input, dim))
def _nuclear_norm(input: ArrayLike, dim: Dims | None, keepdim: bool) -> Array:
    x = _floating("nuclear_norm", input, None)
    axes = tuple(range(x.ndim)) if dim is None else canonical_dims("nuclear_norm", dim, x.ndim)
    return _singular_sum("nuclear_norm", x, axes, keepdim)


@op
def dist(input: ArrayLike, other: ArrayLike, p: float = 2) -> Array:
    r"""The p-norm of the difference, $(\sum |x - y|^p)^{1/p}$, over all elements; its gradient at 0 is 0.

    Args:
        input: any shape that broadcasts with `other`, floating or complex.
        other: any shape that broadcasts with `input`.
        p: the order, as for ``norm``.

    Returns:
        A 0-d real array.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: both hold integers.

    >>> fg.dist(fg.tensor([1.0, 5.0]), fg.tensor([4.0, 1.0]))
    Array(5., dtype=float32)

    Source: ``torch.dist``.
    """
    broadcast_shapes("dist", jnp.shape(input), jnp.shape(other))
    return _vector_norm("dist", _floating("dist", jnp.subtract(input, other), None), p)


_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


@op
def cdist(x1: ArrayLike, x2: ArrayLike, p: float = 2.0, compute_mode: str = _MODES[0]) -> Array:
    r"""The distance of every point of one set to every point of another, $d_{ij} = \lVert x_i - y_j \rVert_p$.

    Coordinates are subtracted first, so that near points keep their digits; the gradient where two points coincide
    is 0.

    Args:
        x1: the points x, shape (..., n, m).
        x2: the points y, shape (..., r, m).
        p: the order, as for ``norm``.
        compute_mode: ``"use_mm_for_euclid_dist"`` computes p = 2 by a matrix product, which is faster in many
            dimensions m and loses half the digits between near points. Both other names subtract.

    Returns:
        An array of shape (..., n, r).

    Raises:
        ShapeError: the points have different numbers of coordinates, or the stacks do not broadcast.
        DtypeError: both hold integers.

    >>> fg.cdist(fg.tensor([[0.0, 0.0]]), fg.tensor([[3.0, 4.0], [0.0, 1.0]]))
    Array([[5., 1.]], dtype=float32)

    Source: ``torch.cdist``.
    """
    shapes = tuple(jnp.shape(x1)), tuple(jnp.shape(x2))
    if min(len(shapes[0]), len(shapes[1])) < 2 or shapes[0][-1] != shapes[1][-1]:
        required = "x1 and x2 must be (..., n, m) and (..., r, m), with as many coordinates m"
        fail(ShapeError, "cdist", required, f"got {shapes[0]} and {shapes[1]}", "reshape them, one point a row")
    broadcast_shapes("cdist", shapes[0][:-2], shapes[1][:-2])
    if compute_mode not in _MODES:
        required = f"compute_mode must be one of {', '.join(map(repr, _MODES))}"
        fail(ArgumentError, "cdist", required, f"got {compute_mode!r}", "leave it out")
    if not p >= 0:
        fail(ArgumentError, "cdist", "p must not be negative", f"got {p}", "write p=2 for the length")
    kind = jnp.result_type(x1, x2)
    require_float("cdist", jnp.zeros((), kind), "x1")
    a, b = jnp.asarray(x1, kind), jnp.asarray(x2, kind)
    if p == 2 and compute_mode == _MODES[1] and not jnp.iscomplexobj(a):
        squares = jnp.sum(a * a, -1)[..., :, None] + jnp.sum(b * b, -1)[..., None, :]
        return _power(jnp.maximum(squares - 2 * jnp.matmul(a, jnp.swapaxes(b, -1, -2)), 0), 0.5)
    return _vector_norm("cdist", a[..., :, None, :] - b[..., None, :, :], p, -1)


@op
def pdist(input: ArrayLike, p: float = 2.0) -> Array:
    r"""The distances between all pairs of points, $\lVert x_i - x_j \rVert_p$ for $i < j$, row by row.

    Args:
        input: n points, shape (n, m).
        p: the order, as for ``norm``.

    Returns:
        An array of shape (n (n - 1) / 2,).

    Raises:
        ShapeError: `input` is not 2-D.
        DtypeError: `input` holds integers.

    >>> fg.pdist(fg.tensor([[0.0], [1.0], [3.0]]))
    Array([1., 3., 2.], dtype=float32)

    Source: ``torch.pdist``.
    """
    require_ndim("pdist", input, 2, remedy="reshape it, one point a row")
    if not p >= 0:
        fail(ArgumentError, "pdist", "p must not be negative", f"got {p}", "write p=2 for the length")
    x = _floating("pdist", input, None)
    i, j = jnp.triu_indices(x.shape[0], 1)
    return _vector_norm("pdist", x[i] - x[j], p, -1)


@op(dims=())
def pairwise_distance(x1: ArrayLike, x2: ArrayLike, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Array:
    r"""The distance of each point to its counterpart, $\lVert x - y + \epsilon \rVert_p$ over the last dimension.

    Args:
        x1: the points x, shape (..., m); integers count as floats.
        x2: the points y, of a shape that broadcasts with `x1`.
        p: the order, as for ``norm``.
        eps: added to each difference, so that equal points do not meet the kink of the norm.
        keepdim: keep the last dimension with size 1.

    Returns:
        A real array of the broadcast shape without its last dimension.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.pairwise_distance(fg.tensor([[0.0, 0.0], [3.0, 0.0]]), fg.tensor([3.0, 4.0]), eps=0.0)
    Array([5., 4.], dtype=float32)

    Source: ``torch.nn.functional.pairwise_distance``.
    """
    broadcast_shapes("pairwise_distance", jnp.shape(x1), jnp.shape(x2))
    difference = as_float(jnp.subtract(x1, x2)) + eps
    return _vector_norm("pairwise_distance", difference, p, -1, keepdim)


@op(dims=())
def cosine_similarity(x1: ArrayLike, x2: ArrayLike, dim: Dim = 1, eps: float = 1e-8) -> Array:
    r"""The cosine of the angle between vectors, $x \cdot y / (\max(|x|, \epsilon) \max(|y|, \epsilon))$.

    Of a zero vector it is 0. As in torch the gradient passes the maximum: at zero it is $y / (|y| \epsilon)$, which
    is large and finite.

    Args:
        x1: the vectors x, any shape, floating.
        x2: the vectors y, of a shape that broadcasts with `x1`.
        dim: the dimension of their coordinates, counted in the broadcast shape.
        eps: the least length that is divided by.

    Returns:
        An array of the broadcast shape without `dim`.

    Raises:
        ShapeError: the shapes do not broadcast.
        DimError: `dim` is out of range.
        DtypeError: both hold integers.
        ArgumentError: `eps` is negative.

    >>> fg.cosine_similarity(fg.tensor([[1.0, 0.0], [0.0, 2.0]]), fg.tensor([3.0, 0.0]))
    Array([1., 0.], dtype=float32)

    Source: ``torch.nn.functional.cosine_similarity``.
    """
    name = "cosine_similarity"
    shape = broadcast_shapes(name, jnp.shape(x1), jnp.shape(x2))
    kind = jnp.result_type(x1, x2)
    require_float(name, jnp.zeros((), kind), "x1", complex_ok=False)
    axis = canonical_dim(name, dim, len(shape)) if shape else None
    if not eps >= 0:
        fail(ArgumentError, name, "eps must not be negative", f"got {eps}", "leave it out")

    def direction(x: ArrayLike) -> Array:
        # The length is taken over the broadcast shape, as torch does: a size of 1 counts as often as it is repeated.
        whole = jnp.broadcast_to(jnp.asarray(x, kind), shape)
        length = _vector_norm(name, whole, 2.0, axis, keepdim=True) if shape else _magnitude(whole)
        return whole / (length + jax.lax.stop_gradient(jnp.maximum(length, eps) - length))

    product = direction(x1) * direction(x2)
    return jnp.sum(product, axis=axis) if shape else product
