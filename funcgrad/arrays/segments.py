"""Reductions of the segments of an array."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, listed, require_float
from .._claims import claim, visible
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim
from ._updates import combined

__all__ = ["segment_reduce"]

_REDUCE = {"sum": "sum", "mean": "sum", "max": "amax", "amax": "amax", "min": "amin", "amin": "amin", "prod": "prod"}
_START = {"sum": 0.0, "amax": -np.inf, "amin": np.inf, "prod": 1.0}


def _check_segments(data: Any, lengths: Any = None, offsets: Any = None, axis: int = 0, unsafe: bool = False) -> None:
    size = np.shape(data)[axis] if np.ndim(data) else 0
    word, known = ("lengths", visible(lengths)) if offsets is None else ("offsets", visible(offsets))
    if known is None or not known.ndim:
        return
    if word == "lengths":
        required = "lengths must not be negative"
        claim(ArgumentError, "segment_reduce", required, "got {value}", "correct them", known >= 0, value=known)
        total = known.sum(-1)
        required, fits = f"lengths must sum to {size}, the size of axis {axis}", total == size
        fits = total <= size if unsafe else fits
        claim(ShapeError, "segment_reduce", required, "got {value}", "correct them", fits, value=total)
        return
    required = f"offsets must ascend within [0, {size}]"
    for fits, value in (
        ((known >= 0) & (known <= size), known),
        (known[..., 1:] >= known[..., :-1], known[..., 1:]),
    ):
        claim(ArgumentError, "segment_reduce", required, "got {value}", "correct them", fits, value=value)


@op(dims=("axis",), check=_check_segments)
def segment_reduce(
    data: ArrayLike,
    reduce: str,
    *,
    lengths: ArrayLike | None = None,
    offsets: ArrayLike | None = None,
    axis: Dim = 0,
    unsafe: bool = False,
    initial: float | None = None,
) -> Array:
    """The sum, mean, maximum, minimum or product of each of consecutive segments along an axis.

    Args:
        data: floating point, of shape (*batch, n, *rest) with n the size of `axis`.
        reduce: "sum", "mean", "max", "min" or "prod".
        lengths: (*batch, segments) integers, how long each segment is.
        offsets: (*batch, segments + 1) integers, where each segment begins and the last ends; instead of `lengths`.
        axis: the dimension to reduce, the last of `lengths`.
        unsafe: whether the segments may end before the axis does.
        initial: what each reduction starts from; it is also the result for a segment of nothing.

    Returns:
        An array of shape (*batch, segments, *rest) in the dtype of `data`. Without `initial`, nothing has the sum 0,
        the product 1, the mean NaN, the maximum -inf and the minimum inf. Equal extrema share a gradient.

    Raises:
        ArgumentError: `reduce` is not known, there are not either lengths or offsets, or some are negative.
        ShapeError: the lengths do not sum to n, or do not fit `data` (their values are not known while tracing).
        DtypeError: `data` is not floating point, or the lengths are not integers.

    >>> fg.segment_reduce(fg.tensor([1.0, 4.0, 2.0]), "sum", lengths=fg.tensor([1, 2]))
    Array([1., 6.], dtype=float32)

    Source: ``torch.segment_reduce``.
    """
    require_float("segment_reduce", data, "data", complex_ok=False)
    x = jnp.asarray(data)
    if reduce not in _REDUCE:
        names = listed(["sum", "mean", "max", "min", "prod"])
        fail(ArgumentError, "segment_reduce", f"reduce must be one of {names}", f"got {reduce!r}", "choose one")
    if (lengths is None) == (offsets is None):
        given = "got neither" if lengths is None else "got both"
        fail(ArgumentError, "segment_reduce", "either lengths or offsets must be given", given, "pass lengths=")
    if initial is not None and (isinstance(initial, bool) or not isinstance(initial, int | float)):
        given = f"got {describe(initial)}"
        fail(ArgumentTypeError, "segment_reduce", "initial must be a number", given, "pass an int or a float")
    word, marks = ("lengths", lengths) if offsets is None else ("offsets", offsets)
    bounds = jnp.asarray(marks)
    if not jnp.issubdtype(bounds.dtype, jnp.integer):
        remedy = "convert them with fg.to(x, 'int')"
        fail(DtypeError, "segment_reduce", f"{word} must be integers", f"got {describe(bounds)}", remedy)
    batch = x.shape[:axis]
    if not x.ndim or bounds.ndim != axis + 1 or bounds.shape[:-1] != batch or (word == "offsets" and not bounds.size):
        required = f"{word} must have the sizes of data before axis {axis}, and a last dimension of segments"
        given = f"got shape {bounds.shape} for data of shape {x.shape}"
        fail(ShapeError, "segment_reduce", required, given, "reshape them")
    if offsets is None:
        bounds = jnp.concatenate([jnp.zeros((*batch, 1), bounds.dtype), jnp.cumsum(bounds, -1)], -1)

    def reduced(x: Array, bounds: Array) -> Array:
        """One batch: n elements and the bounds of their segments."""
        count = bounds.shape[0] - 1
        place = jnp.searchsorted(bounds, jnp.arange(x.shape[0]), side="right") - 1
        place = jnp.where(place < 0, count, place)  # beyond the last, where nothing is written
        how = _REDUCE[reduce]
        first = _START[how] if initial is None else initial
        total = combined(jnp.full((count, *x.shape[1:]), first, x.dtype), place, x, how)
        if reduce != "mean":
            return total
        number = jnp.diff(bounds).astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
        return total / (number if initial is None else jnp.maximum(number, 1))

    for _ in batch:
        reduced = jax.vmap(reduced)
    return reduced(x, bounds)
