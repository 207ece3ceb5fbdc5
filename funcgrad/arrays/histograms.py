"""How many elements fall into each of several intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail, require_float
from .._claims import claim, visible
from .._convert import from_host
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._operands import operand
from .._plain import plain
from .._types import Array, ArrayLike
from ._order import extreme

__all__ = ["Histogram", "HistogramDD", "histc", "histogram", "histogramdd"]


class Histogram(NamedTuple):
    """What ``histogram`` returns."""

    hist: Array
    bin_edges: Array


class HistogramDD(NamedTuple):
    """What ``histogramdd`` returns."""

    hist: Array
    bin_edges: tuple[Array, ...]


def _require_bins(name: str, bins: Any) -> None:
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        fail(ArgumentError, name, "bins must be an int of 1 or more", f"got {bins!r}", "say how many bins there are")


def _ends(x: Array) -> tuple[Array, Array]:
    """The least and the largest element of a vector, NaN where one is."""
    return extreme(x, (0,), False, False), extreme(x, (0,), False, True)


def _limits(name: str, x: Array, low: Any, high: Any, margin: float) -> tuple[Any, Any]:
    """The interval to divide: that of the data where both ends are equal, widened where the data are constant."""
    low, high = (jnp.asarray(end).astype(x.dtype) for end in (low, high))
    unsaid = low == high
    if x.size:
        first, last = _ends(x)
        low, high = jnp.where(unsaid, first, low), jnp.where(unsaid, last, high)
    narrow = low == high
    return jnp.where(narrow, low - margin, low), jnp.where(narrow, high + margin, high)


def _require_range(name: str, input: Any, low: Any, high: Any, ends: str) -> None:
    """Raise where the ends of the interval are in the wrong order, or not finite."""
    least, most, values = visible(low), visible(high), visible(input)
    if least is None or most is None or values is None:
        return
    if not isinstance(least, jax.core.Tracer) and not isinstance(most, jax.core.Tracer):
        least, most = float(least), float(most)
    required, given = f"{ends} must be in ascending order", "got {low} and {high}"
    claim(ArgumentError, name, required, given, "exchange them", least <= most, low=least, high=most)
    if values.size:
        traced = isinstance(values, jax.core.Tracer)
        xp: Any = jnp if traced else np
        first, last = _ends(jnp.ravel(values)) if traced else (values.min(), values.max())
        unsaid = least == most
        least, most = xp.where(unsaid, first, least), xp.where(unsaid, last, most)
    claim(
        ArgumentError,
        name,
        "the range of the bins must be finite",
        "got from {low} to {high}",
        f"pass finite {ends}; elements outside, and NaN, are then not counted",
        (abs(least) < np.inf) & (abs(most) < np.inf),
        low=least,
        high=most,
    )


def _check_histc(input: Any, min: Any = 0, max: Any = 0) -> None:
    _require_range("histc", input, min, max, "min and max")


@op(check=_check_histc)
def histc(input: ArrayLike, /, bins: int = 100, min: ArrayLike = 0, max: ArrayLike = 0) -> Array:
    """How many elements fall into each of `bins` intervals of equal width from `min` to `max`.

    Args:
        input: floating point, any shape. Elements outside the range, and NaN, are not counted.
        bins: how many intervals.
        min: where the first begins; with `min` equal to `max` the range of the data is taken.
        max: where the last ends; it belongs to the last interval.

    Returns:
        The counts, 1-D of `bins` elements, in the dtype of `input`.

    Raises:
        ArgumentError: `bins` is less than 1, or the range is not finite or not ascending.
        DtypeError: `input` is not floating point.

    >>> fg.histc(fg.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    Array([0., 2., 1., 0.], dtype=float32)

    Source: ``torch.histc``.
    """
    require_float("histc", input, complex_ok=False)
    _require_bins("histc", bins)
    x = jax.lax.stop_gradient(jnp.ravel(jnp.asarray(input)))
    low, high = _limits("histc", x, min, max, 1)
    # An element not within the range, NaN among them, is put past the end, where additions are dropped.
    inside = (x >= low) & (x <= high)
    place = jnp.floor((jnp.where(inside, x, low) - low) / (high - low) * bins).astype(jnp.int32)
    places = jnp.where(inside, jnp.minimum(place, bins - 1), bins)
    return jnp.zeros(bins, jnp.int32).at[places].add(1, mode="drop").astype(x.dtype)


def _edges_of(name: str, x: Any, bins: Any, range: Any) -> Array:
    """The edges that `bins` gives, or of as many intervals of equal width."""
    if isinstance(bins, jax.Array | np.ndarray):
        if range is not None:
            fail(ArgumentError, name, "edges say the range", "got both edges and range", "leave range out")
        edges: Array = bins if isinstance(bins, jax.Array) else from_host(name, bins)
        if edges.ndim != 1 or edges.size < 2:
            fail(ShapeError, name, "edges must be 1-D, two or more", f"got shape {edges.shape}", "pass a vector")
        places = visible(edges)
        if places is not None:
            required, remedy = "edges must be in ascending order", "sort them first"
            claim(ArgumentError, name, required, "got others", remedy, places[1:] >= places[:-1])
        return edges
    _require_bins(name, bins)
    low, high = (0.0, 0.0) if range is None else range
    _require_range(name, x, low, high, "range")
    made: Array = _edges(x, low, high, bins)
    return made


@plain
def histogram(
    input: ArrayLike,
    /,
    bins: Any,
    *,
    range: tuple[float, float] | None = None,
    weight: ArrayLike | None = None,
    density: bool = False,
) -> Histogram:
    """How many elements, or how much of their weight, falls into each interval.

    Args:
        input: floating point, any shape. Elements outside the range, and NaN, are not counted.
        bins: how many intervals of equal width, or an ascending 1-D array of their edges.
        range: where the first begins and the last ends; by default the range of the data.
        weight: the weight of each element, in the shape of `input`.
        density: whether the histogram is divided by its integral.

    Returns:
        ``Histogram(hist, bin_edges)``, in the dtype of `input`. An interval contains its left edge, the last also its
        right one.

    Raises:
        ArgumentError: `bins` is less than 1, or the range is not finite or not ascending.
        ShapeError: the edges are not 1-D, or `weight` does not fit.
        DtypeError: `input` is not floating point.

    >>> fg.histogram(fg.tensor([1.0, 2.0, 1.0]), bins=3, range=(0.0, 3.0))
    Histogram(hist=Array([0., 2., 1.], dtype=float32), bin_edges=Array([0., 1., 2., 3.], dtype=float32))

    Source: ``torch.histogram``.
    """
    x = operand("histogram", "input", input)
    require_float("histogram", x, complex_ok=False)
    edges = _edges_of("histogram", x, bins, range)
    if weight is None:
        return _histogram(x, edges, density=density)
    given = operand("histogram", "weight", weight)
    if np.shape(given) != np.shape(x):
        fail(
            ShapeError,
            "histogram",
            "weight must have the shape of input",
            f"got {np.shape(given)} for input of shape {np.shape(x)}",
            "pass one weight for each element",
        )
    return _histogram(x, edges, given, density=density)


@plain
def histogramdd(
    input: ArrayLike, /, bins: Any, *, range: Any = None, weight: ArrayLike | None = None, density: bool = False
) -> HistogramDD:
    """How many points, or how much of their weight, falls into each box of a grid in d dimensions.

    Args:
        input: (..., d) floating point, the coordinates of points. Points outside the grid, and NaN, are not counted.
        bins: how many intervals of equal width each dimension has, an int or a list of d; or a list of d ascending
            1-D arrays of edges.
        range: 2 d numbers, where the intervals of each dimension begin and end; by default the range of the points.
        weight: (...) the weight of each point.
        density: whether the histogram is divided by its integral.

    Returns:
        ``HistogramDD(hist, bin_edges)``: hist with a dimension of as many sizes as intervals for each of d, and a
        tuple of d arrays of edges, in the dtype of `input`. An interval contains its left edge, the last also its
        right one.

    Raises:
        ArgumentError: `bins` or `range` do not fit d, or are not in order.
        ShapeError: `input` has fewer than two dimensions, or `weight` does not fit.
        DtypeError: `input` is not floating point.

    >>> fg.histogramdd(fg.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), bins=2).hist
    Array([[0., 1.],
           [1., 1.]], dtype=float32)

    Source: ``torch.histogramdd``.
    """
    x = operand("histogramdd", "input", input)
    require_float("histogramdd", x, complex_ok=False)
    if np.ndim(x) < 2:
        given = f"got shape {np.shape(x)}"
        fail(ShapeError, "histogramdd", "input must have at least 2 dimensions", given, "put a point in each row")
    d = np.shape(x)[-1]
    each = bins if isinstance(bins, Sequence) else [bins] * d
    if len(each) != d:
        given = f"got {len(each)} for points in {d} dimensions"
        fail(ArgumentError, "histogramdd", "bins must be an int, or one for each dimension", given, "correct bins")
    if range is not None and len(range) != 2 * d:
        required = f"range must have {2 * d} numbers, two for each dimension"
        fail(ArgumentError, "histogramdd", required, f"got {len(range)}", "say where each begins and ends")
    edges = []
    for i, some in enumerate(each):
        ends = None if range is None else (range[2 * i], range[2 * i + 1])
        edges.append(_edges_of("histogramdd", x[..., i], some, ends))
    if weight is None:
        return _histogramdd(x, edges, density=density)
    given = operand("histogramdd", "weight", weight)
    if np.shape(given) != np.shape(x)[:-1]:
        required = "weight must have the shape of input without the last dimension"
        shapes = f"got {np.shape(given)} for input of shape {np.shape(x)}"
        fail(ShapeError, "histogramdd", required, shapes, "pass one weight for each point")
    return _histogramdd(x, edges, given, density=density)


@op
def _histogramdd(
    input: ArrayLike, edges: Sequence[ArrayLike], weight: ArrayLike | None = None, *, density: bool
) -> HistogramDD:
    x = jnp.asarray(input)
    x = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    kind = x.dtype if weight is not None else jnp.int32
    added = jnp.ones((), kind) if weight is None else jnp.ravel(jnp.asarray(weight)).astype(kind)
    grid = [jnp.asarray(places).astype(x.dtype) for places in edges]
    shape = tuple(places.size - 1 for places in grid)
    if not grid:  # points without coordinates, of which torch counts none
        return HistogramDD(jnp.zeros((), x.dtype), ())
    at = tuple(_interval(x[:, i], places) for i, places in enumerate(grid))
    hist = jnp.zeros(shape, kind).at[at].add(jnp.broadcast_to(added, x.shape[:1]), mode="drop").astype(x.dtype)
    if density:
        hist = hist / jnp.sum(hist)
        for i, places in enumerate(grid):
            hist = hist / jnp.diff(places).reshape([-1 if axis == i else 1 for axis in np.arange(len(grid))])
    return HistogramDD(hist, tuple(grid))


def _interval(x: Array, edges: Array) -> Array:
    """The number of the interval where each of `x` falls; past the last for what is outside, and NaN."""
    bins = edges.size - 1
    place = jnp.where(x == edges[-1], bins - 1, jnp.searchsorted(edges, x, side="right") - 1)
    return jnp.where((x >= edges[0]) & (x <= edges[-1]), place, bins)


@op
def _edges(input: ArrayLike, low: ArrayLike, high: ArrayLike, bins: int) -> Array:
    x = jax.lax.stop_gradient(jnp.ravel(jnp.asarray(input)))
    low, high = _limits("histogram", x, low, high, 0.5) if x.size else (low, jnp.where(low == high, low + 1, high))
    return jnp.linspace(low, high, bins + 1, dtype=x.dtype)


@op
def _histogram(input: ArrayLike, edges: ArrayLike, weight: ArrayLike | None = None, *, density: bool) -> Histogram:
    x, edges = jnp.ravel(jnp.asarray(input)), jnp.asarray(edges).astype(jnp.result_type(input))
    bins = edges.size - 1
    kind = x.dtype if weight is not None else jnp.int32
    added = jnp.ones((), kind) if weight is None else jnp.ravel(jnp.asarray(weight)).astype(kind)
    hist = jnp.zeros(bins, kind).at[_interval(x, edges)].add(added, mode="drop").astype(x.dtype)
    if density:
        hist = hist / (jnp.sum(hist) * jnp.diff(edges))
    return Histogram(hist, edges)
