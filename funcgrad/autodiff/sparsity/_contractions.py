"""Sums of products: matrix products and convolutions, with the zeros of constant factors."""

from __future__ import annotations

import itertools
from operator import itemgetter
from typing import Any

import numpy as np

from ._movement import along
from ._propagation import Known, Propagation, rule
from ._reductions import reach, windows
from ._rows import runs
from ._sets import Dependence, reduce, through, union

__all__: list[str] = []

_SHORT = 8  # a row of a constant with so few nonzeros is gathered
_MOST_PRODUCTS = 30_000_000
_MOST_OFFSETS = 64  # a larger window is taken one dimension after the other


def _mask(known: Known) -> np.ndarray | None:
    """Where a constant is not zero; None where it is nowhere zero, or not constant."""
    value = known.array
    if value is None:
        return None
    held = value != 0
    return None if held.all() else held


@rule("dot_general")
def _dot(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    (left_sum, right_sum), (left_stack, right_stack) = equation.params["dimension_numbers"]
    shape = tuple(equation.outvars[0].aval.shape)
    left, right = operands
    order = [_order(left, left_stack, left_sum), _order(right, right_stack, right_sum)]
    stack = len(left_stack)
    free = [len(left.shape) - len(left_sum) - stack, len(right.shape) - len(right_sum) - stack]
    parts = []
    for mine, its, swapped in ((0, 1, False), (1, 0, True)):
        one, other = operands[mine], operands[its]
        if not one.active:
            continue
        part = one.dependence.transposed(order[mine])
        mask = _mask(other)
        if mask is not None:
            mask = np.transpose(mask, order[its])
        found = _weighted(run, equation, part, mask, stack, free[mine], free[its], other, order[its])
        if swapped:  # batch, right, left: to batch, left, right
            turned = [*range(stack), *range(stack + free[1], len(shape)), *range(stack, stack + free[1])]
            found = found.transposed(turned)
        parts.append(found)
    return [union(parts, shape)]


def _order(known: Known, stack: Any, summed: Any) -> list[int]:
    rest = [i for i in range(len(known.shape)) if i not in stack and i not in summed]
    return [*stack, *rest, *summed]


def _weighted(
    run: Propagation,
    equation: Any,
    part: Dependence,
    mask: np.ndarray | None,
    stack: int,
    free: int,
    others: int,
    other: Known,
    order: list[int],
) -> Dependence:
    """A product's dependence on one factor, in the order batch, own, other's."""
    own, summed = part.shape[: stack + free], part.shape[stack + free :]
    its = tuple(other.shape[i] for i in order)[stack : stack + others]
    shape = (*own, *its)
    if mask is not None:
        b, f, k, g = (int(np.prod(n)) for n in (own[:stack], own[stack:], summed, its))
        mask = mask.reshape(b, g, k)
        counts = mask.sum(axis=2)
        most = int(counts.max()) if counts.size else 0
        at = np.nonzero(mask)[2]
        if f * at.size <= _MOST_PRODUCTS or most <= _SHORT:
            # Row (batch, own, other's) reads the elements (batch, own, k) for the nonzero k.
            lengths = np.broadcast_to(counts[:, None, :], (b, f, g)).ravel()
            begins = (np.cumsum(counts) - counts.ravel()).reshape(b, 1, g)
            starts, which = runs(np.broadcast_to(begins, (b, f, g)).ravel(), lengths)
            lines = np.repeat(np.repeat(np.arange(b * f), g), lengths)
            cols = lines * k + at[which]
            return through(starts, cols.astype(np.int32), part, shape)
        run.note(equation, "the zeros of its constant factor are too many to follow; taken as nonzero")
    line = reduce(part, tuple(range(stack + free, len(part.shape))), run.columns)
    between = (*own, *(1,) * others)
    return line.moved(lambda m: np.broadcast_to(m.reshape(between), shape))


@rule("conv_general_dilated")
def _convolve(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    p, (signal, kernel) = equation.params, operands
    dims = p["dimension_numbers"]
    actual = tuple(equation.outvars[0].aval.shape)
    out = tuple(actual[i] for i in dims.out_spec)
    size = [signal.shape[i] for i in dims.lhs_spec[2:]]
    width = [kernel.shape[i] for i in dims.rhs_spec[2:]]
    given = zip(
        size, out[2:], width, p["window_strides"], p["padding"], p["lhs_dilation"], p["rhs_dilation"], strict=True
    )
    seen = [reach(n, o, k, stride, low, base, spaced) for n, o, k, stride, (low, _), base, spaced in given]
    parts = []
    if signal.active:
        parts.append(_by_signal(run, p, signal, kernel, out, width, seen))
    if kernel.active:
        parts.append(_by_kernel(run, kernel, dims.rhs_spec, out, width, seen))
    back = np.argsort(dims.out_spec)
    return [union(parts, out).moved(lambda m: np.transpose(m, back))]


def _by_signal(
    run: Propagation,
    p: Any,
    signal: Known,
    kernel: Known,
    out: tuple[int, ...],
    width: list[int],
    seen: list[list[np.ndarray]],
) -> Dependence:
    dims, stacks = p["dimension_numbers"], p["batch_group_count"]
    groups = stacks if stacks > 1 else p["feature_group_count"]
    space = tuple(signal.shape[i] for i in dims.lhs_spec[2:])

    def grouped(m: np.ndarray) -> np.ndarray:
        m = np.transpose(m, dims.lhs_spec)
        if stacks > 1:  # groups of the batch are groups of channels of a smaller batch
            m = np.moveaxis(m.reshape(stacks, -1, *m.shape[1:]), 0, 1)
            m = m.reshape(m.shape[0], -1, *space)
        return m.reshape(m.shape[0], groups, -1, *space)

    part = signal.dependence.moved(grouped)  # batch, group, channel, space
    channels, filters = part.shape[2], out[1] // groups
    axes = range(3, 3 + len(space))

    def spread(m: np.ndarray) -> np.ndarray:  # each filter of a group sees what its group does
        seen_by = (m.shape[0], groups, filters, *m.shape[3:])
        return np.broadcast_to(m, seen_by).reshape(m.shape[0], -1, *m.shape[3:])

    mask: Any = _mask(kernel)
    if mask is not None:
        mask = np.transpose(mask, dims.rhs_spec)
    offsets = list(itertools.product(*map(range, width)))
    if len(offsets) > _MOST_OFFSETS:
        return windows(reduce(part, (2,), run.columns), axes, seen).moved(spread)
    together = reduce(part, (2,), run.columns)
    parts = []
    for offset in offsets:
        weights = None if mask is None else mask[(..., *offset)]
        if weights is not None and not weights.any():
            continue
        exact = weights is not None and not weights.all() and channels * len(offsets) <= _MOST_OFFSETS
        for channel in range(channels) if exact else (None,):
            moved = together if channel is None else along(part, 2, np.array([channel]))
            for axis, places_seen, k in zip(axes, seen, offset, strict=True):
                moved = along(moved, axis, places_seen[k])
            found = moved.moved(spread)
            if weights is not None and channel is not None:
                held = weights[:, channel].reshape(1, -1, *(1,) * len(space))
                found = found.where(np.broadcast_to(held, found.shape))
            parts.append(found)
    return union(parts, out)


def _by_kernel(
    run: Propagation, kernel: Known, spec: Any, out: tuple[int, ...], width: list[int], seen: list[list[np.ndarray]]
) -> Dependence:
    """Each output on the filter of its channel, but for what of it sees only padding."""
    part = kernel.dependence.moved(lambda m: np.transpose(m, spec))
    padded = any((at < 0).any() for axis in seen for at in axis)
    offsets = list(itertools.product(*map(range, width)))
    exact = padded and len(offsets) <= _MOST_OFFSETS
    together = reduce(part, (1,) if exact else tuple(range(1, len(part.shape))), run.columns)
    parts = []
    for offset in offsets if exact else [(0,) * len(width)]:
        cut: Any = (slice(None), 0, *offset)
        line = together.moved(itemgetter(cut)).reshaped((1, -1, *(1,) * len(width))).broadcast(out)
        if exact:
            held = np.ones((1,) * len(width), bool)
            for axis, (places_seen, k) in enumerate(zip(seen, offset, strict=True)):
                shape = [-1 if i == axis else 1 for i in range(len(width))]
                held = held & (places_seen[k] >= 0).reshape(shape)
            line = line.where(np.broadcast_to(held, out))
        parts.append(line)
    return union(parts, out)
