"""The gradient of a batch as the exact mean over parts of it, one at a time in memory."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail
from .._errors import ShapeError
from .._types import Array, PyTree
from ..arrays.random import fold_in
from ._equations import has_convolution
from ._objective import Evaluated, Objective
from .parallel import Parallel

__all__ = ["mean_gradient"]


def mean_gradient(
    objective: Objective,
    parts: int,
    trained: PyTree,
    params: PyTree,
    model_state: PyTree,
    key: Array | None,
    batch: tuple[Any, ...],
    parallel: Parallel | None = None,
) -> tuple[Evaluated, PyTree]:
    """What `objective` gives for a batch and its gradient, as means over `parts` of the batch weighted by their rows.

    Equal to those of the whole batch, to rounding, for every loss that is a mean over rows.
    """
    rows = _rows(batch, parts) if parts > 1 else 0
    size = math.ceil(rows / parts)
    if size == rows:
        return objective.gradient(trained, params, model_state, key, batch)
    whole = rows // size

    def gradient(model_state: PyTree, number: Any, part: tuple[Any, ...]) -> tuple[Evaluated, PyTree]:
        own = None if key is None else fold_in(key, number)
        return objective.gradient(trained, params, model_state, own, part)

    def accumulate(carried: tuple[PyTree, PyTree], taken: tuple[Any, list[Any]]) -> Any:
        model_state, total = carried
        number, rows_of_part = taken
        found, gradients = gradient(model_state, number, _with_rows(batch, rows_of_part))
        total = jax.tree.map(lambda t, g: t + g.astype(t.dtype), total, gradients)
        constants.update((name, metric) for name, metric in found.metrics.items() if not isinstance(metric, jax.Array))
        return (found.model_state, total), (found.value, _without(found.metrics, constants))

    constants: dict[str, Any] = {}  # Python numbers among the metrics
    stacked = [leaf[: whole * size].reshape(whole, size, *leaf.shape[1:]) for leaf in _with_row_leaves(batch)]
    if parallel is not None:  # otherwise each part would be that of one device
        stacked = [parallel.shared(leaf, dim=1) for leaf in stacked]
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, _wide(leaf.dtype)), trained)
    # A loop that is written out keeps convolutions fast.
    unroll = has_convolution(gradient, model_state, 0, _with_rows(batch, [leaf[0] for leaf in stacked]))
    (model_state, total), (values, metrics) = jax.lax.scan(
        accumulate, (model_state, zeros), (jnp.arange(whole), stacked), unroll=whole if unroll else 1
    )
    weights = [size / rows] * whole
    mean = jax.tree.map(lambda leaf: leaf * (size / rows), total)
    if whole * size < rows:
        rest = [leaf[whole * size :] for leaf in _with_row_leaves(batch)]
        found, gradients = gradient(model_state, whole, _with_rows(batch, rest))
        share = (rows - whole * size) / rows
        mean = jax.tree.map(lambda m, g: m + g.astype(m.dtype) * share, mean, gradients)
        weights.append(share)
        values = jnp.append(values, found.value)
        metrics = {name: _joined(metrics[name], found.metrics[name], size, rows) for name in metrics}
        model_state = found.model_state
    value = _mean(values, weights)
    merged = {name: _merged(column, weights, size) for name, column in metrics.items()}
    gradients = jax.tree.map(lambda m, leaf: m.astype(leaf.dtype), mean, trained)
    return Evaluated(value, {**merged, **constants}, model_state), gradients


def _without(metrics: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    return {name: metric for name, metric in metrics.items() if name not in others}


def _wide(dtype: Any) -> Any:
    """A dtype to add up in: sums of bfloat16 would stop growing."""
    return jnp.promote_types(dtype, jnp.float32)


def _mean(values: Array, weights: list[float]) -> Array:
    wide = values.astype(_wide(values.dtype))
    shaped = jnp.asarray(weights, wide.real.dtype).reshape(-1, *[1] * (values.ndim - 1))
    return (wide * shaped).sum(0).astype(values.dtype)


def _merged(column: Any, weights: list[float], size: int) -> Any:
    """A metric of the whole batch: what has a value for each row is put together, counts are added, others averaged."""
    if isinstance(column, list):
        return jnp.concatenate(column)
    if column.ndim > 1 and column.shape[1] == size:
        return column.reshape(-1, *column.shape[2:])
    if column.dtype == bool:
        return column.any(0)
    if not jnp.issubdtype(column.dtype, jnp.inexact):
        return column.sum(0, dtype=column.dtype)
    return _mean(column, weights)


def _joined(column: Array, last: Any, size: int, rows: int) -> Any:
    last = jnp.asarray(last)
    if last.shape == column.shape[1:]:
        return jnp.concatenate([column, last[None]])
    if column.ndim > 1 and column.shape[1] == size and last.shape == (rows % size, *column.shape[2:]):
        return [column.reshape(-1, *column.shape[2:]), last]
    fail(
        ShapeError,
        "step",
        "with microbatches= a metric must be a number, or have a value for each row",
        f"got shapes {column.shape[1:]} for {size} rows and {last.shape} for {rows % size}",
        "reduce it, or choose microbatches that divide the batch",
    )


def _with_row_leaves(batch: Any) -> list[Any]:
    return [leaf for leaf in jax.tree.leaves(batch) if jnp.ndim(leaf)]


def _with_rows(batch: Any, replacements: list[Any]) -> Any:
    """`batch` with other arrays where it has rows; numbers stay."""
    waiting = iter(replacements)
    return jax.tree.map(lambda leaf: next(waiting) if jnp.ndim(leaf) else leaf, batch)


def _rows(batch: Any, parts: int) -> int:
    """How many rows each array of the batch has."""
    found = {
        jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(batch) if jnp.ndim(leaf)
    }
    first = next(iter(found), None)
    for place, leaf in found.items():
        assert first is not None
        if leaf.shape[0] != found[first].shape[0]:
            fail(
                ShapeError,
                "step",
                f"with microbatches={parts} all arrays of a batch must have the same number of rows",
                f"got {describe(found[first])} at batch{first} and {describe(leaf)} at batch{place}",
                "pass what is no row with functools.partial(loss, ...), or as a number",
            )
    if first is None:
        required, given = f"with microbatches={parts} a batch must have rows", "got no array with a dimension"
        fail(ShapeError, "step", required, given, "leave microbatches out")
    return int(found[first].shape[0])
