"""Running sums, products and extrema, differences, and integrals over samples."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_int, fail
from .._dispatch import spares
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim, DtypeLike
from ._running import log_sums, products, records, sums
from ._selection import integers_fit, one_dim, value_at, widened
from .extrema import ValuesIndices

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "diff",
    "logcumsumexp",
    "trapezoid",
    "trapz",
]


def _running(name: str, scan: Any, input: ArrayLike, dim: Any, dtype: DtypeLike | None) -> Array:
    x, dim = one_dim(name, widened(name, input, dtype), dim, ordered=False)
    # Many roundings in a row: 16-bit elements are accumulated in 32 bits.
    wide = jnp.promote_types(x.dtype, jnp.float32) if jnp.issubdtype(x.dtype, jnp.inexact) else x.dtype
    return scan(x.astype(wide), dim).astype(x.dtype).reshape(jnp.shape(input))


def _check_cumsum(input: Any, dim: Any, dtype: Any) -> None:
    if np.ndim(input):
        integers_fit("cumsum", np.cumsum, input, dim, dtype)


def _check_cumprod(input: Any, dim: Any, dtype: Any) -> None:
    if np.ndim(input):
        integers_fit("cumprod", np.cumprod, input, dim, dtype)


@op(check=spares(_check_cumsum, inexact=True))
def cumsum(input: ArrayLike, /, dim: Dim, *, dtype: DtypeLike | None = None) -> Array:
    r"""The running sums $y_i = \sum_{j \le i} x_j$ along a dimension.

    Args:
        input: any shape.
        dim: the dimension.
        dtype: converts the elements first; by default booleans and narrow integers count in int32.

    Returns:
        The sums, in the shape of `input`.

    Raises:
        DimError: the dimension is out of range.
        ConversionError: a sum of known integers does not fit in int32. Under a transform it wraps.

    >>> fg.cumsum(fg.tensor([1, 2, 3]), dim=0)
    Array([1, 3, 6], dtype=int32)

    Source: ``torch.cumsum``.
    """
    return _running("cumsum", sums, input, dim, dtype)


@op(check=spares(_check_cumprod, inexact=True))
def cumprod(input: ArrayLike, /, dim: Dim, *, dtype: DtypeLike | None = None) -> Array:
    r"""The running products $y_i = \prod_{j \le i} x_j$ along a dimension. The gradient is right at zeros too.

    Args:
        input: any shape.
        dim: the dimension.
        dtype: converts the elements first; by default booleans and narrow integers count in int32.

    Returns:
        The products, in the shape of `input`.

    Raises:
        DimError: the dimension is out of range.
        ConversionError: a product of known integers does not fit in int32. Under a transform it wraps.

    >>> fg.cumprod(fg.arange(1, 5), dim=0)
    Array([ 1,  2,  6, 24], dtype=int32)

    Source: ``torch.cumprod``.
    """
    return _running("cumprod", products, input, dim, dtype)


def _record(name: str, largest: bool, input: ArrayLike, dim: Any) -> ValuesIndices:
    x, dim = one_dim(name, input, dim)
    held = jax.lax.stop_gradient(x.astype(jnp.int8) if x.dtype == bool else x)
    place = jax.lax.broadcasted_iota(default_int(), x.shape, dim)
    values, indices = records(held, place, dim, largest)
    picked = value_at(x, values.astype(x.dtype), indices, dim)
    return ValuesIndices(*(leaf.reshape(jnp.shape(input)) for leaf in (picked, indices)))


@op
def cummax(input: ArrayLike, /, dim: Dim) -> ValuesIndices:
    """The running maxima along a dimension, and the last index at which each was reached.

    From the first NaN on all values are NaN. The gradient goes to the indices returned.

    Args:
        input: real, any shape.
        dim: the dimension.

    Returns:
        ``ValuesIndices(values, indices)`` in the shape of `input`, the indices int32.

    Raises:
        DimError: the dimension is out of range.

    >>> fg.cummax(fg.tensor([1, 3, 3, 2]), dim=0).indices
    Array([0, 1, 2, 2], dtype=int32)

    Source: ``torch.cummax``.
    """
    return _record("cummax", True, input, dim)


@op
def cummin(input: ArrayLike, /, dim: Dim) -> ValuesIndices:
    """The running minima along a dimension, and the last index at which each was reached.

    From the first NaN on all values are NaN. The gradient goes to the indices returned.

    Args:
        input: real, any shape.
        dim: the dimension.

    Returns:
        ``ValuesIndices(values, indices)`` in the shape of `input`, the indices int32.

    Raises:
        DimError: the dimension is out of range.

    >>> fg.cummin(fg.tensor([3, 1, 2, 1]), dim=0).indices
    Array([0, 1, 1, 3], dtype=int32)

    Source: ``torch.cummin``.
    """
    return _record("cummin", False, input, dim)


@op
def logcumsumexp(input: ArrayLike, /, dim: Dim) -> Array:
    r"""The running $y_i = \log \sum_{j \le i} e^{x_j}$ along a dimension, without overflow.

    Args:
        input: real, any shape; integers become floating.
        dim: the dimension.

    Returns:
        Floating point, in the shape of `input`. Minus infinity has gradient 0.

    Raises:
        DimError: the dimension is out of range.

    >>> fg.logcumsumexp(fg.tensor([1000.0, 1000.0]), dim=0)
    Array([1000.    , 1000.6932], dtype=float32)

    Source: ``torch.logcumsumexp``.
    """
    x, dim = one_dim("logcumsumexp", input, dim)
    kind = x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.result_type(float)
    wide = x.astype(jnp.promote_types(kind, jnp.float32))
    # The scan's derivative where two minus infinities meet is NaN, so a number that contributes as little goes in.
    nothing = wide == -jnp.inf
    result = log_sums(jnp.where(nothing, jnp.finfo(wide.dtype).min / 4, wide), dim)
    some = jax.lax.cummax((~nothing).astype(jnp.int8), dim)
    return jnp.where(some == 0, -jnp.inf, result).astype(kind).reshape(jnp.shape(input))


@op
def diff(
    input: ArrayLike, /, n: int = 1, dim: Dim = -1, prepend: ArrayLike | None = None, append: ArrayLike | None = None
) -> Array:
    r"""The differences $x_{i+1} - x_i$ along a dimension, taken `n` times.

    Args:
        input: at least 1-D.
        n: how often, 0 or more.
        dim: the dimension.
        prepend: elements put in front first, shaped as `input` except along `dim`.
        append: elements put behind first, alike.

    Returns:
        An array with `n` elements fewer along `dim`; of booleans, whether neighbours differ.

    Raises:
        ArgumentError: `n` is negative.
        ShapeError: `input` is 0-d, or the shape of `prepend` or `append` does not fit.

    >>> fg.diff(fg.tensor([1, 4, 9, 16]))
    Array([3, 5, 7], dtype=int32)
    >>> fg.diff(fg.tensor([1, 4, 9, 16]), n=2)
    Array([2, 2], dtype=int32)

    Source: ``torch.diff``.
    """
    x = jnp.asarray(input)
    _require_samples("diff", "input", x)
    x, dim = one_dim("diff", x, dim, ordered=False)
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        fail(ArgumentError, "diff", "n must be an int of 0 or more", f"got {n!r}", "say how often to take differences")
    if n == 0:
        return x
    parts = []
    for argument, part in (("prepend", prepend), ("", x), ("append", append)):
        if part is None:
            continue
        around = [shape[:dim] + shape[dim + 1 :] for shape in (jnp.shape(part), x.shape)]
        if jnp.ndim(part) != x.ndim or around[0] != around[1]:
            fail(
                ShapeError,
                "diff",
                f"{argument} must have the shape of input except along dim {dim}",
                f"got shape {jnp.shape(part)} for input of shape {x.shape}",
                "reshape or expand it",
            )
        parts.append(jnp.asarray(part))
    return jnp.diff(jnp.concatenate(parts, dim) if len(parts) > 1 else x, min(n, 2**31 - 1), axis=dim)


def _require_samples(name: str, argument: str, x: Array) -> None:
    if x.ndim == 0:
        fail(
            ShapeError,
            name,
            f"{argument} must have at least one dimension",
            "got shape ()",
            "pass the samples as a 1-D array",
        )


def _areas(name: str, y: ArrayLike, x: ArrayLike | None, dx: ArrayLike | None, dim: Any) -> tuple[Array, int]:
    """The area of each trapezoid along the dimension, and that dimension."""
    heights = jnp.asarray(y)
    _require_samples(name, "y", heights)
    heights, dim = one_dim(name, heights, dim, ordered=False)
    if not jnp.issubdtype(heights.dtype, jnp.inexact):
        heights = heights.astype(jnp.result_type(float))
    if x is not None and dx is not None:
        fail(ArgumentError, name, "the samples lie at x or dx apart", "got both x and dx", "pass only one of them")
    width: Any = 1 if dx is None else dx
    if x is not None:
        places = jnp.asarray(x)
        size = heights.shape[dim]
        if places.ndim == 1 and heights.ndim > 1:
            places = places.reshape([-1 if axis == dim else 1 for axis in range(heights.ndim)])
        elif places.ndim < heights.ndim:
            places = places.reshape((1,) * (heights.ndim - places.ndim) + places.shape)
        fits = places.ndim == heights.ndim and places.shape[dim] == size
        if not fits or any(1 not in (p, h) and p != h for p, h in zip(places.shape, heights.shape, strict=True)):
            fail(
                ShapeError,
                name,
                f"x must have one value for each of the {size} samples along dim {dim}",
                f"got x of shape {jnp.shape(x)} and y of shape {jnp.shape(y)}",
                "reshape x, or pass it 1-D",
            )
        width = jnp.diff(places, axis=dim)
    if heights.shape[dim] == 0:
        return heights, dim
    left = jax.lax.slice_in_dim(heights, 0, heights.shape[dim] - 1, axis=dim)
    right = jax.lax.slice_in_dim(heights, 1, heights.shape[dim], axis=dim)
    return (left + right) * width / 2, dim


@op
def trapezoid(y: ArrayLike, /, x: ArrayLike | None = None, *, dx: ArrayLike | None = None, dim: Dim = -1) -> Array:
    r"""The integral by the trapezoidal rule: $\sum_i \frac12 (y_i + y_{i+1}) (x_{i+1} - x_i)$.

    Args:
        y: the samples, at least 1-D.
        x: where they lie: 1-D, or a shape that broadcasts to that of `y`.
        dx: the distance between them, instead of `x`; 1 by default.
        dim: the dimension to integrate along.

    Returns:
        The integrals, floating point, without that dimension; 0 for fewer than two samples.

    Raises:
        ShapeError: `x` does not fit `y`, or `y` is 0-d.
        ArgumentError: both `x` and `dx` were given.

    >>> fg.trapezoid(fg.tensor([1.0, 2.0, 3.0]), fg.tensor([0.0, 1.0, 3.0]))
    Array(6.5, dtype=float32)

    Source: ``torch.trapezoid``.
    """
    areas, axis = _areas("trapezoid", y, x, dx, dim)
    return jnp.sum(areas, axis)


@op
def trapz(y: ArrayLike, /, x: ArrayLike | None = None, *, dx: ArrayLike | None = None, dim: Dim = -1) -> Array:
    """The older name of ``trapezoid``.

    Args:
        y: the samples, at least 1-D.
        x: where they lie: 1-D, or a shape that broadcasts to that of `y`.
        dx: the distance between them, instead of `x`; 1 by default.
        dim: the dimension to integrate along.

    Returns:
        The integrals, floating point, without that dimension.

    Raises:
        ShapeError: `x` does not fit `y`, or `y` is 0-d.
        ArgumentError: both `x` and `dx` were given.

    >>> fg.trapz(fg.tensor([1.0, 2.0, 3.0]), dx=0.5)
    Array(2., dtype=float32)

    Source: ``torch.trapz``.
    """
    areas, axis = _areas("trapz", y, x, dx, dim)
    return jnp.sum(areas, axis)


@op
def cumulative_trapezoid(
    y: ArrayLike, /, x: ArrayLike | None = None, *, dx: ArrayLike | None = None, dim: Dim = -1
) -> Array:
    """The running integral by the trapezoidal rule, from the first sample to each later one.

    Args:
        y: the samples, at least 1-D.
        x: where they lie: 1-D, or a shape that broadcasts to that of `y`.
        dx: the distance between them, instead of `x`; 1 by default.
        dim: the dimension to integrate along.

    Returns:
        Floating point, with one element fewer than `y` along that dimension.

    Raises:
        ShapeError: `x` does not fit `y`, or `y` is 0-d.
        ArgumentError: both `x` and `dx` were given.

    >>> fg.cumulative_trapezoid(fg.tensor([1.0, 2.0, 3.0]))
    Array([1.5, 4. ], dtype=float32)

    Source: ``torch.cumulative_trapezoid``.
    """
    areas, axis = _areas("cumulative_trapezoid", y, x, dx, dim)
    return jnp.cumsum(areas, axis)
