"""Operations that move elements: each output element is one of the inputs', or a constant."""

from __future__ import annotations

import itertools
from operator import itemgetter
from typing import Any

import numpy as np

from ..._jax import reshaped
from ._propagation import MOVING, Known, Propagation, rule
from ._sets import Dependence, assemble, nothing, reduce, union

__all__ = ["along"]

MOVING.update(("broadcast_in_dim", "reshape", "squeeze", "expand_dims", "transpose", "rev", "tile", "slice", "split"))
MOVING.update(("stack", "unstack", "pad", "concatenate", "reduce_and", "reduce_or", "reduce_sum", "reduce_prod"))


def along(part: Dependence, axis: int, at: np.ndarray) -> Dependence:
    """The places `at` of one axis, nothing where it is -1."""
    valid = at >= 0
    if valid.all() and (at.size < 2 or (np.diff(at) == 1).all()):  # a view
        begin = int(at[0]) if at.size else 0
        return part.moved(lambda m: m[(slice(None),) * axis + (slice(begin, begin + at.size),)])
    shaped = valid.reshape([-1 if i == axis else 1 for i in range(len(part.shape))])
    return part.moved(lambda m: np.where(shaped, np.take(m, np.maximum(at, 0), axis), np.int32(-1)))


@rule("broadcast_in_dim")
def _broadcast(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    shape = tuple(equation.outvars[0].aval.shape)
    between = [1] * len(shape)
    for dim, size in zip(equation.params["broadcast_dimensions"], operands[0].shape, strict=True):
        between[dim] = size
    return [operands[0].dependence.moved(lambda m: np.broadcast_to(m.reshape(between), shape))]


@rule("reshape")
def _reshape(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return [operands[0].dependence.moved(lambda m: reshaped(m, equation.params))]


@rule("squeeze", "expand_dims")
def _squeeze(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return [operands[0].dependence.moved(lambda m: m.reshape(equation.outvars[0].aval.shape))]


@rule("transpose")
def _transpose(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return [operands[0].dependence.moved(lambda m: np.transpose(m, equation.params["permutation"]))]


@rule("rev")
def _reverse(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return [operands[0].dependence.moved(lambda m: np.flip(m, equation.params["dimensions"]))]


@rule("tile")
def _tile(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return [operands[0].dependence.moved(lambda m: np.tile(m, equation.params["reps"]))]


@rule("slice")
def _slice(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    p = equation.params
    strides = p["strides"] or (1,) * len(operands[0].shape)
    cut = tuple(map(slice, p["start_indices"], p["limit_indices"], strides))
    return [operands[0].dependence.moved(lambda m: m[cut])]


@rule("split")
def _split(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    axis = equation.params["axis"]
    ends = np.cumsum([0, *equation.params["sizes"]])
    whole = operands[0].dependence
    return [along(whole, axis, np.arange(a, b)) for a, b in itertools.pairwise(ends)]


@rule("concatenate")
def _concatenate(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    axis = equation.params["dimension"]
    return [assemble([operand.dependence for operand in operands], lambda maps: np.concatenate(maps, axis))]


@rule("stack")
def _stack(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    axis = equation.params["axis"]
    return [assemble([operand.dependence for operand in operands], lambda maps: np.stack(maps, axis))]


@rule("unstack")
def _unstack(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    before = (slice(None),) * equation.params["axis"]
    return [operands[0].dependence.moved(itemgetter((*before, i, ...))) for i in range(len(equation.outvars))]


@rule("pad")
def _pad(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    shape = tuple(equation.outvars[0].aval.shape)
    taken, put = [], []
    for size, (low, _, interior), new in zip(operands[0].shape, equation.params["padding_config"], shape, strict=True):
        step = interior + 1
        first = max(0, -(low // step))  # the first element that is not cut off
        last = min(size, (new - 1 - low) // step + 1) if new else 0
        last = max(first, last)
        taken.append(slice(first, last))
        start = low + first * step
        put.append(slice(start, start + (last - first) * step, step) if last > first else slice(0, 0))

    def build(maps: list[np.ndarray]) -> np.ndarray:
        whole = np.empty(shape, np.int32)
        whole[...] = maps[1]
        whole[tuple(put)] = maps[0][tuple(taken)]
        return whole

    return [assemble([operand.dependence for operand in operands], build)]


def _starts(operands: list[Known], shape: tuple[int, ...], sizes: tuple[int, ...]) -> list[int | None]:
    """Where a slice begins, kept inside as JAX does; None where that is not known."""
    found: list[int | None] = []
    for start, size, length in zip(operands, shape, sizes, strict=True):
        value = 0 if size == length else start.array
        found.append(None if value is None else max(0, min(int(value), size - length)))
    return found


@rule("dynamic_slice")
def _dynamic_slice(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    whole, *given = operands
    sizes = tuple(equation.params["slice_sizes"])
    starts = _starts(given, whole.shape, sizes)
    unknown = [i for i, start in enumerate(starts) if start is None]
    part = whole.dependence
    if unknown:
        run.note(equation, "where the slice begins is not known before the call; it may be anywhere")
        part = reduce(part, unknown, run.columns)
    cut = tuple(slice(None) if s is None else slice(s, s + n) for s, n in zip(starts, sizes, strict=True))
    return [part.moved(lambda m: np.broadcast_to(m[cut], sizes))]


@rule("dynamic_update_slice")
def _dynamic_update_slice(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    whole, update, *given = operands
    starts = _starts(given, whole.shape, update.shape)
    unknown = [i for i, start in enumerate(starts) if start is None]
    # What is written may stand anywhere along what is not known, and what stood there may remain.
    spread = reduce(update.dependence, unknown, run.columns) if unknown else update.dependence
    if unknown:
        run.note(equation, "where the slice begins is not known before the call; it may be anywhere")
    at = tuple(slice(None) if s is None else slice(s, s + n) for s, n in zip(starts, update.shape, strict=True))

    def build(maps: list[np.ndarray]) -> np.ndarray:
        filled = maps[0].copy()
        filled[at] = maps[1]
        return filled

    if not unknown:
        return [assemble([whole.dependence, spread], build)]
    written = assemble([nothing(whole.shape), spread], build)
    return [union([whole.dependence, written], whole.shape)]
