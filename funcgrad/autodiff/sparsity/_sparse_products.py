"""Products with the sparse matrices of `jax.experimental.sparse`, by the places that these store."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._propagation import Known, Propagation, rule
from ._rows import runs
from ._sets import Dependence, through, union

__all__: list[str] = []


def _places(operands: list[Known], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns of the entries inside a matrix, and their numbers; what lies outside is padding."""
    found = [operand.array for operand in operands]
    if any(array is None for array in found):
        raise ValueError("its indices are not constants")
    if len(operands) == 1:
        rows, cols = np.asarray(found[0]).T
    else:
        cols, ends = (np.asarray(array) for array in found)
        rows = np.full(cols.size, shape[0])
        rows[: ends[-1]] = np.repeat(np.arange(shape[0]), np.diff(ends))
    inside = np.flatnonzero((rows < shape[0]) & (cols < shape[1]))
    return rows[inside].astype(np.int64), cols[inside].astype(np.int64), inside


@rule("bcoo_dot_general", "bcsr_dot_general")
def _product(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    data, *where, dense = operands
    ((summed, its), (stack, _)), shape = equation.params["dimension_numbers"], equation.params["lhs_spinfo"].shape
    if len(shape) != 2 or len(data.shape) != 1 or len(summed) != 1 or stack:
        raise ValueError("only a matrix without dense or stacked dimensions is followed")
    rows, cols, numbers = _places(where, shape)
    value = data.array
    if value is not None:
        held = value[numbers] != 0
        rows, cols, numbers = rows[held], cols[held], numbers[held]
    if summed[0] == 0:
        rows, cols = cols, rows
    order = np.argsort(rows, kind="stable")
    cols, numbers = cols[order], numbers[order]
    size = shape[1 - summed[0]]
    counts = np.bincount(rows, minlength=size)
    first = np.cumsum(counts) - counts
    rest = [i for i in range(len(dense.shape)) if i != its[0]]
    free = tuple(dense.shape[i] for i in rest)
    width = int(np.prod(free))
    parts = []
    if dense.active:
        part = dense.dependence.transposed([its[0], *rest])
        starts, which = runs(np.repeat(first, width), np.repeat(counts, width))
        across = np.repeat(np.tile(np.arange(width), size), np.repeat(counts, width))
        parts.append(through(starts, (cols[which] * width + across).astype(np.int32), part, (size, *free)))
    if data.active:
        starts, which = runs(first, counts)
        line = through(starts, numbers[which].astype(np.int32), data.dependence, (size,))
        parts.append(line.reshaped((size, *(1,) * len(free))).broadcast((size, *free)))
    return [union(parts, (size, *free))]


@rule("bcoo_todense")
def _spread_out(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    data, *where = operands
    shape = tuple(equation.outvars[0].aval.shape)
    if len(shape) != 2 or len(data.shape) != 1:
        raise ValueError("only a matrix without dense or stacked dimensions is followed")
    rows, cols, numbers = _places(where, shape)
    flat = rows * shape[1] + cols
    order = np.argsort(flat, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=shape[0] * shape[1]))])
    return [through(ends, numbers[order].astype(np.int32), data.dependence, shape)]
