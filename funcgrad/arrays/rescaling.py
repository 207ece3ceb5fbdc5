"""Slices measured and scaled by their norms."""

from __future__ import annotations

import jax.numpy as jnp

from .._checks import canonical_dim, describe, fail, require_float
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim
from .distances import _vector_norm

__all__ = ["norm_except_dim", "renorm"]


def _order(name: str, argument: str, p: float) -> float:
    if isinstance(p, bool) or not isinstance(p, int | float):
        fail(ArgumentTypeError, name, f"{argument} must be a number", f"got {describe(p)}", "2 is the usual norm")
    return p


@op
def renorm(input: ArrayLike, p: float, dim: Dim, maxnorm: float) -> Array:
    """The slices of `input` along `dim`, those of a norm above `maxnorm` scaled down to it.

    Args:
        input: floating point or complex, two or more dimensions.
        p: the order of the norm, above 0.
        dim: the dimension whose slices are measured.
        maxnorm: the largest norm allowed, 0 or more.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than two dimensions.
        ArgumentError: `p` is not positive, or `maxnorm` negative.
        DtypeError: `input` is not floating point.

    >>> fg.renorm(fg.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
    Array([[0.6, 0.8],
           [0.3, 0.4]], dtype=float32)

    Source: ``torch.renorm``.
    """
    require_float("renorm", input)
    x = jnp.asarray(input)
    if x.ndim < 2:
        given = f"got shape {x.shape}"
        fail(ShapeError, "renorm", "input must have at least 2 dimensions", given, "add one with fg.unsqueeze")
    if not _order("renorm", "p", p) > 0:
        fail(ArgumentError, "renorm", "p must be above 0", f"got {p}", "2 is the usual norm")
    if not _order("renorm", "maxnorm", maxnorm) >= 0:
        fail(ArgumentError, "renorm", "maxnorm must be at least 0", f"got {maxnorm}", "correct it")
    others = tuple(axis for axis in range(x.ndim) if axis != dim)
    if x.size == 0:
        return x
    norm = _vector_norm("renorm", x, p, others, True)
    above = norm > maxnorm
    # As in torch, a little more than the norm, so that rounding does not leave it above.
    scale = jnp.where(above, maxnorm / (jnp.where(above, norm, 1) + 1e-7), 1)
    return x * scale.astype(norm.dtype)


@op(dims=())
def norm_except_dim(v: ArrayLike, pow: float = 2, dim: Dim = 0) -> Array:
    """The norm over all dimensions but one, as weight normalisation needs it.

    Args:
        v: floating point or complex, at least one dimension.
        pow: the order of the norm.
        dim: the dimension to keep; -1 keeps none.

    Returns:
        A real array with size 1 in all dimensions but `dim`; a number for -1.

    Raises:
        DtypeError: `v` is not floating point.
        ShapeError: `v` has no dimension.
        DimError: `dim` is out of range.

    >>> fg.norm_except_dim(fg.tensor([[3.0, 4.0], [0.0, 1.0]]))
    Array([[5.],
           [1.]], dtype=float32)

    Source: ``torch.norm_except_dim``.
    """
    require_float("norm_except_dim", v, "v")
    x, order = jnp.asarray(v), _order("norm_except_dim", "pow", pow)
    if not x.ndim:
        fail(ShapeError, "norm_except_dim", "v must have at least 1 dimension", "got a 0-d array", "take fg.abs")
    if dim == -1:
        return _vector_norm("norm_except_dim", x, order)
    kept = canonical_dim("norm_except_dim", dim, x.ndim)
    rows = jnp.moveaxis(x, kept, 0).reshape(x.shape[kept], -1)
    norm = _vector_norm("norm_except_dim", rows, order, 1)
    return norm.reshape([-1 if axis == kept else 1 for axis in range(x.ndim)])
