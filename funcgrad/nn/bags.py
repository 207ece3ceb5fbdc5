"""Sums, means and maxima over bags of rows of a table."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail, indices_in_range
from .._claims import claim, visible
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, IndexRangeError, ShapeError
from .._op import op
from .._operands import is_integral, shape_of
from .._types import Array, ArrayLike

__all__ = ["embedding_bag"]


def _check_bags(input: Any, weight: Any, offsets: Any = None, include_last_offset: bool = False) -> None:
    if is_integral(input) and len(shape_of(weight)) == 2:
        indices_in_range("embedding_bag", input, weight.shape[0], 0, argument="input")
    starts = None if offsets is None else visible(offsets)
    if starts is None or starts.ndim != 1 or not starts.size:
        return
    name, remedy, count = "embedding_bag", "give where each bag starts", jnp.size(input)
    required = "offsets must start with 0 and ascend"
    claim(ArgumentError, name, required, "got a first offset of {start}", remedy, starts[0] == 0, start=starts[0])
    if starts.size > 1:
        ascend = starts[1:] >= starts[:-1]
        claim(ArgumentError, name, required, "got {b} after {a}", remedy, ascend, a=starts[:-1], b=starts[1:])
    required = f"offsets must {'end with' if include_last_offset else 'not exceed'} the number of indices, {count}"
    fits = starts[-1] == count if include_last_offset else starts[-1] <= count
    claim(ArgumentError, name, required, "got {end}", remedy, fits, end=starts[-1])


@op(check=_check_bags)
def embedding_bag(
    input: ArrayLike,
    weight: ArrayLike,
    offsets: ArrayLike | None = None,
    *,
    mode: str = "mean",
    per_sample_weights: ArrayLike | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Array:
    """The sum, mean or maximum of the rows of a table that each bag of indices names; an empty bag gives zeros.

    Args:
        input: indices in [0, n) of an integer dtype: a bag in each row, shape (B, L), or all bags one after the other.
        weight: the table, shape (n, d).
        offsets: where each bag starts, shape (B,), for `input` of one dimension only.
        mode: ``"mean"``, ``"sum"`` or ``"max"``. Of equal maxima the first has the gradient.
        per_sample_weights: a factor for each index, in the shape of `input`; for ``"sum"`` only.
        include_last_offset: whether `offsets` ends with the number of indices, and has shape (B + 1,).
        padding_idx: an index that does not count; negative counts from the end.

    Returns:
        An array of shape (B, d), in the dtype of `weight`.

    Raises:
        ArgumentError: `mode` is another word, `offsets` do not ascend from 0 (eagerly), or weights are given to a mode
            that takes none.
        ArgumentTypeError: `offsets` are missing, or given for `input` of two dimensions.
        DtypeError: `input` is not of an integer dtype.
        IndexRangeError: an index (eagerly; a compiled program gives NaN), or `padding_idx`, is out of range.
        ShapeError: the shapes do not fit.

    >>> table = fg.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
    >>> fg.nn.embedding_bag(fg.tensor([2, 0, 1]), table, fg.tensor([0, 2]), mode="sum")
    Array([[2. , 3. ],
           [1. , 1.5]], dtype=float32)

    Source: ``torch.nn.functional.embedding_bag``.
    """
    index, table = jnp.asarray(input), jnp.asarray(weight)
    _require(index, table, offsets, mode, per_sample_weights)
    rows = table.at[index].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
    counted = jnp.ones(index.shape, bool)
    if padding_idx is not None:
        count = table.shape[0]
        if not -count <= padding_idx < count:
            required = f"padding_idx must be in [{-count}, {count - 1}] for {count} rows"
            fail(IndexRangeError, "embedding_bag", required, f"got {padding_idx}", "name a row of weight")
        counted = index != padding_idx % count
    if per_sample_weights is not None:
        rows = rows * jnp.asarray(per_sample_weights)[..., None]
    if index.ndim == 2:
        return _of_rows(rows, counted[..., None], mode)
    starts = jnp.asarray(offsets)
    bags = starts.shape[0] - include_last_offset
    # The bag of a place is the last that starts at or before it; what follows the last offset is in none.
    bag = jnp.searchsorted(starts, jnp.arange(index.shape[0]), side="right") - 1
    counted &= bag < bags
    return _of_segments(rows, counted[:, None], jnp.where(counted, bag, bags), bags, mode)


def _of_rows(rows: Array, counted: Array, mode: str) -> Array:
    if mode == "max":
        if not rows.shape[1]:
            return jnp.zeros((rows.shape[0], rows.shape[2]), rows.dtype)
        first = jnp.where(counted, rows, -jnp.inf).argmax(1, keepdims=True)
        return jnp.where(counted.any(1), jnp.take_along_axis(rows, first, 1)[:, 0], 0)
    total = jnp.where(counted, rows, 0).sum(1)
    return total / jnp.maximum(counted.sum(1), 1).astype(rows.dtype) if mode == "mean" else total


def _of_segments(rows: Array, counted: Array, bag: Array, bags: int, mode: str) -> Array:
    if mode == "max":
        place = jnp.arange(rows.shape[0])[:, None]
        most = jax.ops.segment_max(jax.lax.stop_gradient(rows), bag, bags + 1)[bag]
        is_most = counted & ((rows == most) | jnp.isnan(rows))
        first = jax.ops.segment_min(jnp.where(is_most, place, rows.shape[0]), bag, bags + 1)[:bags]
        return jnp.take_along_axis(rows, first, 0, mode="fill", fill_value=0)
    total = jax.ops.segment_sum(jnp.where(counted, rows, 0), bag, bags + 1)[:bags]
    if mode == "sum":
        return total
    sizes = jax.ops.segment_sum(counted.astype(rows.dtype), bag, bags + 1)[:bags]
    return total / jnp.maximum(sizes, 1)


def _require(index: Array, table: Array, offsets: Any, mode: str, weights: Any) -> None:
    name = "embedding_bag"
    if not jnp.issubdtype(index.dtype, jnp.integer):
        remedy = "convert it with fg.to(x, 'long'); the indices are the first argument"
        fail(DtypeError, name, "input must hold indices of an integer dtype", f"got {describe(index)}", remedy)
    if table.ndim != 2:
        required = "weight must have shape (n, d), a row for each index"
        fail(ShapeError, name, required, f"got shape {table.shape}", "reshape it")
    if index.ndim not in (1, 2):
        fail(ShapeError, name, "input must have 1 or 2 dimensions", f"got shape {index.shape}", "reshape it")
    if (offsets is None) != (index.ndim == 2):
        required = "offsets must be given for input of one dimension, and for that only"
        fail(ArgumentTypeError, name, required, f"got input of shape {index.shape}", "say where each bag starts")
    if offsets is not None and (jnp.ndim(offsets) != 1 or not jnp.issubdtype(jnp.result_type(offsets), jnp.integer)):
        given = f"got {describe(jnp.asarray(offsets))}"
        fail(ShapeError, name, "offsets must be integers in one dimension", given, "give where each bag starts")
    if mode not in ("mean", "sum", "max"):
        fail(ArgumentError, name, "mode must be 'mean', 'sum' or 'max'", f"got {mode!r}", "choose one")
    if weights is not None and mode != "sum":
        fail(ArgumentError, name, "per_sample_weights need mode='sum'", f"got {mode!r}", "choose it, or leave them out")
    if weights is not None and jnp.shape(weights) != index.shape:
        required = f"per_sample_weights must have the shape of input, {index.shape}"
        fail(ShapeError, name, required, f"got {jnp.shape(weights)}", "give a factor for each index")
