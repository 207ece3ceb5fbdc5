"""Order statistics: medians, quantiles and the most frequent value."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._checks import default_int, fail, listed, require_float, require_real
from .._claims import claim, visible, within
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim
from ._order import place_of_rank
from ._selection import evenly, in_order, one_dim, pick, require_some, sorted_with_indices
from .extrema import ValuesIndices

__all__ = ["median", "mode", "nanmedian", "nanquantile", "quantile"]

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _numbers_of(x: Array, dim: int) -> Array:
    """How many elements along `dim`, kept with size 1, are not NaN. They come first in sorted order."""
    return jnp.sum(x == x, dim, keepdims=True, dtype=default_int())


def _median(name: str, input: ArrayLike, dim: int | None, keepdim: bool, skip_nan: bool) -> Any:
    x = jnp.asarray(input)
    require_real(name, x)
    if dim is None:
        if x.size == 0 and jnp.issubdtype(x.dtype, jnp.floating):
            value = jnp.full((), jnp.nan, x.dtype)
        else:
            require_some(name, x, tuple(range(x.ndim)))
            flat = jax.lax.stop_gradient(jnp.ravel(x))
            value = evenly(x, pick(flat, place_of_rank(flat, _middle(flat, 0, skip_nan), 0), 0)[0])
        return jnp.reshape(value, (1,) * x.ndim) if keepdim else value
    x, dim = one_dim(name, x, dim)
    require_some(name, x, (dim,))
    indices = place_of_rank(jax.lax.stop_gradient(x), _middle(x, dim, skip_nan), dim)
    return _picked(x, indices, dim, keepdim and jnp.ndim(input) > 0)


def _middle(x: Array, dim: int, skip_nan: bool) -> Array:
    """Where the median stands in sorted order."""
    numbers = _numbers_of(x, dim)
    if skip_nan:
        return jnp.maximum((numbers - 1) // 2, 0)
    return jnp.where(numbers < x.shape[dim], numbers, (numbers - 1) // 2)  # the first NaN, if there is one


def _picked(x: Array, indices: Array, dim: int, keepdim: bool) -> ValuesIndices:
    found = ValuesIndices(pick(x, indices, dim), indices)
    return found if keepdim else ValuesIndices(*(jnp.squeeze(leaf, dim) for leaf in found))


@op
def median(input: ArrayLike, /, dim: Dim | None = None, keepdim: bool = False) -> Any:
    """The lower median: of an even number of elements the smaller of the two in the middle.

    The gradient of ``median(x)`` is shared evenly by equal elements; along a dimension it goes to the index returned.

    Args:
        input: real, any shape.
        dim: the dimension; None for all elements.
        keepdim: whether the dimension stays, with size 1.

    Returns:
        ``median(x)``: 0-d. ``median(x, dim)``: ``ValuesIndices(values, indices)``. NaN where an element is.

    Raises:
        EmptyError: there is no element to choose.
        DimError: the dimension is out of range.

    >>> fg.median(fg.tensor([4.0, 1.0, 3.0, 2.0]))
    Array(2., dtype=float32)
    >>> fg.median(fg.tensor([[4, 1, 3], [7, 9, 8]]), dim=1).indices
    Array([2, 2], dtype=int32)

    Source: ``torch.median``.
    """
    return _median("median", input, dim, keepdim, False)


@op
def nanmedian(input: ArrayLike, /, dim: Dim | None = None, keepdim: bool = False) -> Any:
    """The lower median of the elements that are not NaN.

    Args:
        input: real, any shape.
        dim: the dimension; None for all elements.
        keepdim: whether the dimension stays, with size 1.

    Returns:
        As for ``median``; NaN where every element is.

    Raises:
        EmptyError: there is no element to choose.
        DimError: the dimension is out of range.

    >>> fg.nanmedian(fg.tensor([4.0, float("nan"), 3.0, 2.0]))
    Array(3., dtype=float32)

    Source: ``torch.nanmedian``.
    """
    return _median("nanmedian", input, dim, keepdim, True)


@op
def mode(input: ArrayLike, /, dim: Dim = -1, keepdim: bool = False) -> ValuesIndices:
    """The most frequent value along a dimension: the smallest of several, and the last index where it stands.

    Args:
        input: real, any shape. NaN equals nothing, so each counts once.
        dim: the dimension.
        keepdim: whether the dimension stays, with size 1.

    Returns:
        ``ValuesIndices(values, indices)``, the indices int32.

    Raises:
        EmptyError: there is no element to choose.
        DimError: the dimension is out of range.

    >>> fg.mode(fg.tensor([3, 1, 2, 3, 2]))
    ValuesIndices(values=Array(2, dtype=int32), indices=Array(4, dtype=int32))

    Source: ``torch.mode``.
    """
    x, dim = one_dim("mode", input, dim)
    require_some("mode", x, (dim,))
    values, order = sorted_with_indices(jax.lax.stop_gradient(x), dim)
    size = x.shape[dim]
    place = jax.lax.broadcasted_iota(default_int(), x.shape, dim)
    earlier = jax.lax.slice_in_dim(values, 0, size - 1, axis=dim)
    later = jax.lax.slice_in_dim(values, 1, size, axis=dim)
    first = jax.lax.slice_in_dim(place, 0, 1, axis=dim) == 0
    starts = jnp.concatenate([first, earlier != later], dim)
    length = place - jax.lax.cummax(jnp.where(starts, place, 0), dim)
    # The length grows along a run of equal values; where it first is greatest, the longest run ends.
    indices = pick(order, jnp.argmax(length, dim, keepdims=True), dim)
    return _picked(x, indices, dim, keepdim and jnp.ndim(input) > 0)


def _in_unit_interval(name: str, q: Any) -> None:
    values = None if within(q, 0, 1) else visible(q)
    if values is not None:
        holds = (values >= 0) & (values <= 1)
        claim(
            ArgumentError,
            name,
            "q must be in [0, 1]",
            _fraction,
            "write the fraction, for example 0.25",
            holds,
            q=values,
        )


def _fraction(q: Any, **_: Any) -> str:
    return f"got {q.item()!r}"


def _quantile(
    name: str, input: ArrayLike, q: ArrayLike, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool
) -> Array:
    x = jnp.asarray(input)
    require_float(name, x, complex_ok=False)
    _in_unit_interval(name, q)
    if jnp.ndim(q) > 1:
        fail(ShapeError, name, "q must be a number or 1-D", f"got shape {jnp.shape(q)}", "flatten it")
    if interpolation not in _INTERPOLATIONS:
        fail(
            ArgumentError,
            name,
            f"interpolation must be one of {listed(_INTERPOLATIONS)}",
            f"got {interpolation!r}",
            "choose one of them",
        )
    kept = x.ndim * (1,) if dim is None else ()
    if dim is None:
        require_some(name, x, tuple(range(x.ndim)))
        x, dim = jnp.ravel(x), 0
    else:
        keepdim = keepdim and x.ndim > 0
        x, dim = one_dim(name, x, dim)
        require_some(name, x, (dim,))
    x = jnp.moveaxis(in_order(x, dim), dim, -1)
    kind = jnp.promote_types(x.dtype, jnp.float32)  # ranks in 16 bits would miss by whole elements
    fractions = jnp.atleast_1d(jnp.asarray(q).astype(kind))
    numbers = _numbers_of(x, -1)
    last = x.shape[-1] - 1
    rank = jnp.maximum(numbers - 1, 0).astype(kind) * fractions
    if not skip_nan:
        rank = jnp.where(numbers <= last, last, rank)  # where a NaN is, it stands last
    if interpolation in ("lower", "higher", "nearest"):
        rank = {"lower": jnp.floor, "higher": jnp.ceil, "nearest": jnp.round}[interpolation](rank)
    below = jnp.floor(rank)
    weight = jnp.full_like(rank, 0.5) if interpolation == "midpoint" else rank - below
    low, high = (pick(x, place.astype(default_int()), -1) for place in (below, jnp.ceil(rank)))
    # Between two equal infinities there is nothing to interpolate, and their difference is NaN.
    gap = jnp.where(jnp.isinf(low) & (low == high), 0, high - low)
    result = jnp.moveaxis((low + weight * gap).astype(x.dtype), -1, 0)
    if keepdim:
        result = jnp.reshape(result, (-1, *kept)) if kept else jnp.expand_dims(result, dim + 1)
    return result if jnp.ndim(q) else result[0]


def _check_quantile(q: Any) -> None:
    _in_unit_interval("quantile", q)


def _check_nanquantile(q: Any) -> None:
    _in_unit_interval("nanquantile", q)


@op(check=_check_quantile)
def quantile(
    input: ArrayLike,
    /,
    q: ArrayLike,
    dim: Dim | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Array:
    """The values below which a fraction `q` of the elements lies. NaN where an element is.

    Args:
        input: floating point, any shape.
        q: a fraction in [0, 1], or a 1-D array of them.
        dim: the dimension; None for all elements.
        keepdim: whether the dimension stays, with size 1.
        interpolation: between the two nearest elements: ``"linear"``, ``"lower"``, ``"higher"``, ``"midpoint"`` or
            ``"nearest"``.

    Returns:
        The quantiles, in the dtype of `input`; for a 1-D `q` they are the first dimension.

    Raises:
        ArgumentError: `q` is outside [0, 1], or the interpolation unknown.
        DtypeError: `input` is not floating point.
        EmptyError: there is no element to choose.

    >>> fg.quantile(fg.tensor([1.0, 2.0, 3.0, 4.0]), fg.tensor([0.25, 0.5]))
    Array([1.75, 2.5 ], dtype=float32)

    Source: ``torch.quantile``.
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@op(check=_check_nanquantile)
def nanquantile(
    input: ArrayLike,
    /,
    q: ArrayLike,
    dim: Dim | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Array:
    """The quantiles of the elements that are not NaN.

    Args:
        input: floating point, any shape.
        q: a fraction in [0, 1], or a 1-D array of them.
        dim: the dimension; None for all elements.
        keepdim: whether the dimension stays, with size 1.
        interpolation: as for ``quantile``.

    Returns:
        As for ``quantile``; NaN where every element is.

    Raises:
        ArgumentError: `q` is outside [0, 1], or the interpolation unknown.
        DtypeError: `input` is not floating point.
        EmptyError: there is no element to choose.

    >>> fg.nanquantile(fg.tensor([1.0, float("nan"), 2.0]), 0.5)
    Array(1.5, dtype=float32)

    Source: ``torch.nanquantile``.
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)
