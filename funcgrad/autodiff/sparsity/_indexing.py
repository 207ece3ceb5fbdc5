"""Gathers and scatters: exact where the indices are constants, along whole dimensions where they are not."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._propagation import Known, Propagation, rule
from ._sets import Dependence, assemble, nothing, reduce, through, union

__all__: list[str] = []

_UNKNOWN = "its indices are not known before the call; they may be any"


def _line(values: Any, axes: Any, ndim: int) -> np.ndarray:
    """An array whose dimensions stand at `axes` of `ndim`, size one elsewhere."""
    values = np.asarray(values)
    shape = [1] * ndim
    for axis, size in zip(axes, values.shape, strict=True):
        shape[axis] = size
    return values.reshape(shape)


def _inside(starts: np.ndarray, size: int, length: int, mode: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Starts of windows within a dimension, and where they are (None: everywhere)."""
    name = getattr(mode, "name", str(mode))
    starts = starts.astype(np.int64)
    clipped = np.clip(starts, 0, size - length)
    if name in ("FILL_OR_DROP", "1", "None"):
        return clipped, (starts == clipped)
    return clipped, None


def _positions(
    shape: tuple[int, ...],
    window: dict[int, tuple[int, int]],
    batch: dict[int, int],
    starts: dict[int, np.ndarray],
    mode: Any,
    ndim: int,
    whole: tuple[int, ...],
) -> np.ndarray:
    """For each place of the windows the number of the element of an array of `shape`, -1 outside.

    `window` says for a dimension at which axis its window runs and how long, `batch` at which axis a shared dimension.
    """
    flat = np.zeros((1,) * ndim, np.int64)
    valid = np.ones((1,) * ndim, bool)
    stride = 1
    for dim in reversed(range(len(shape))):
        at: Any = 0
        length = window[dim][1] if dim in window else 1
        if dim in starts:
            begin, held = _inside(starts[dim], shape[dim], length, mode)
            at = begin
            if held is not None:
                valid = valid & held
        if dim in window:
            at = at + _line(np.arange(length), (window[dim][0],), ndim)
        if dim in batch:
            at = _line(np.arange(shape[dim]), (batch[dim],), ndim)
        flat = flat + at * stride
        stride *= shape[dim]
    return np.broadcast_to(np.where(valid, flat, -1), whole)


@rule("gather")
def _gather(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    source, index = operands
    p = equation.params
    dims, sizes, shape = p["dimension_numbers"], p["slice_sizes"], tuple(equation.outvars[0].aval.shape)
    ndim = len(shape)
    around = [i for i in range(ndim) if i not in dims.offset_dims]  # the axes that the indices run along
    shared = dict(zip(dims.operand_batching_dims, (around[i] for i in dims.start_indices_batching_dims), strict=True))
    run_along = [i for i in range(len(source.shape)) if i not in dims.collapsed_slice_dims and i not in shared]
    window = {dim: (axis, sizes[dim]) for dim, axis in zip(run_along, dims.offset_dims, strict=True)}
    part, found, starts = source.dependence, index.array, {}
    known = source.shape
    if found is not None:
        starts = {dim: _line(found[..., k], around, ndim) for k, dim in enumerate(dims.start_index_map)}
    else:
        unknown = [dim for dim in dims.start_index_map if sizes[dim] != source.shape[dim]]
        if unknown:
            run.note(equation, _UNKNOWN)
        part = reduce(part, unknown, run.columns)
        known = tuple(1 if dim in unknown else n for dim, n in enumerate(source.shape))
        window = {dim: (axis, 1 if dim in unknown else n) for dim, (axis, n) in window.items()}
    return [part.taken(_positions(known, window, shared, starts, p["mode"], ndim, shape))]


@rule(
    "scatter",
    "scatter_add",
    "scatter_sub",
    "scatter_mul",
    "scatter_min",
    "scatter_max",
    "scatter-add",
    "scatter-sub",
    "scatter-mul",
    "scatter-min",
    "scatter-max",
)
def _scatter(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    target, index, updates = operands
    p = equation.params
    dims, shape = p["dimension_numbers"], updates.shape
    ndim = len(shape)
    around = [i for i in range(ndim) if i not in dims.update_window_dims]
    shared = dict(zip(dims.operand_batching_dims, (around[i] for i in dims.scatter_indices_batching_dims), strict=True))
    run_along = [i for i in range(len(target.shape)) if i not in dims.inserted_window_dims and i not in shared]
    window = {dim: (axis, shape[axis]) for dim, axis in zip(run_along, dims.update_window_dims, strict=True)}
    found = index.array
    if found is None:
        if updates.active or equation.primitive.name == "scatter":
            run.note(equation, _UNKNOWN)
        return [
            union([target.dependence, _anywhere(run, target.shape, updates.dependence, window, shared)], target.shape)
        ]
    starts = {dim: _line(found[..., k], around, ndim) for k, dim in enumerate(dims.scatter_dims_to_operand_dims)}
    to = _positions(target.shape, window, shared, starts, p["mode"], ndim, shape).ravel()
    size = int(np.prod(target.shape))
    counts = np.bincount(to[to >= 0], minlength=size)
    replaces = equation.primitive.name == "scatter"
    if replaces and (counts <= 1).all():
        put, at = to >= 0, to[to >= 0]

        def build(maps: list[np.ndarray]) -> np.ndarray:
            filled = maps[0].flatten()
            filled[at] = maps[1].ravel()[put]
            return filled.reshape(target.shape)

        return [assemble([target.dependence, updates.dependence], build)]
    kept = target.dependence.where((counts == 0).reshape(target.shape)) if replaces else target.dependence
    order = np.argsort(to, kind="stable")[int((to < 0).sum()) :]
    begins = np.concatenate([[0], np.cumsum(counts)])
    added = through(begins, order.astype(np.int32), updates.dependence, target.shape)
    return [union([kept, added], target.shape)]


def _anywhere(
    run: Propagation,
    shape: tuple[int, ...],
    part: Dependence,
    window: dict[int, tuple[int, int]],
    shared: dict[int, int],
) -> Dependence:
    """Updates that may go anywhere, but along dimensions that they fill or share."""
    if not part.terms:
        return nothing(shape)
    kept = {dim: axis for dim, (axis, length) in window.items() if length == shape[dim]} | shared
    part = reduce(part, [axis for axis in range(len(part.shape)) if axis not in kept.values()], run.columns)
    order = [kept[dim] for dim in sorted(kept)]
    gone = [axis for axis in range(len(part.shape)) if axis not in order]
    between = [shape[dim] if dim in kept else 1 for dim in range(len(shape))]
    return part.moved(lambda m: np.broadcast_to(np.transpose(m, order + gone).reshape(between), shape))
