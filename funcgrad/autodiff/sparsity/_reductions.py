"""Operations along dimensions: an output depends on whole lines, windows or matrices of the inputs."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._jax import rebind
from ._movement import along
from ._propagation import Known, Propagation, rule
from ._rows import runs
from ._sets import Dependence, nothing, places, reduce, through, union

__all__ = ["reach", "windows"]

_BEST = {"reduce_window_max": np.fmax, "reduce_window_min": np.fmin}
_MOST_OFFSETS = 64
_MOST = 50_000_000  # entries of prefixes; beyond, whole lines are taken


@rule("reduce_sum", "reduce_prod", "argmax", "argmin", "reduce_and", "reduce_or", "reduce_xor")
def _reduce(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return _reduced(run, equation, operands[0].dependence)


def _reduced(run: Propagation, equation: Any, part: Dependence) -> list[Dependence]:
    axes = tuple(equation.params["axes"])
    return [reduce(part, axes, run.columns).moved(lambda m: m.reshape(equation.outvars[0].aval.shape))]


@rule("psum", "pmax", "pmin")
def _over_a_mapped_axis(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    """Over dimensions, which is what `vmap` leaves of an axis with a name; devices are refused by their names."""
    axes = tuple(axis + 0 for axis in equation.params["axes"])
    pairs = zip(operands, equation.outvars, strict=True)
    return [reduce(a.dependence, axes, run.columns).reshaped(tuple(v.aval.shape)) for a, v in pairs]


@rule("reduce_max", "reduce_min")
def _reduce_extreme(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    part, value = operands[0].dependence, operands[0].array
    if value is not None and value.size:
        axes = tuple(equation.params["axes"])
        best = (np.max if equation.primitive.name == "reduce_max" else np.min)(value, axis=axes, keepdims=True)
        part = part.where(~(value != best) | (best != best))
    return _reduced(run, equation, part)


@rule("reduce")
def _reduce_by_function(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    lines, start = operands[: len(operands) // 2], operands[len(operands) // 2 :]
    axes = tuple(equation.params["dimensions"])
    shape = tuple(equation.outvars[0].aval.shape)
    parts = [reduce(x.dependence, axes, run.columns).moved(lambda m: m.reshape(shape)) for x in lines]
    return [union([*parts, *(x.dependence for x in start)], shape)] * len(equation.outvars)


@rule("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp")
def _cumulate(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    part, shape, axis = operands[0].dependence, operands[0].shape, equation.params["axis"]
    length = shape[axis] if shape else 1
    size = int(np.prod(shape))
    if size * (length + 1) // 2 > _MOST:
        run.note(equation, f"{length} elements in a line are too many to tell before from after; taken as all")
        return [reduce(part, (axis,), run.columns).broadcast(shape)]
    ahead = np.arange(length)
    counts = length - ahead if equation.params["reverse"] else ahead + 1
    lines = np.moveaxis(places(shape), axis, -1).reshape(-1, length)
    cols = lines[:, runs(ahead if equation.params["reverse"] else 0 * ahead, counts)[1]].ravel()
    starts = np.concatenate([[0], np.cumsum(np.tile(counts, len(lines)))])
    before, after = shape[:axis], shape[axis + 1 :]
    found = through(starts, cols, part, (*before, *after, length))
    return [found.moved(lambda m: np.moveaxis(m, -1, axis))]


@rule("sort")
def _sort(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    axis, shape = equation.params["dimension"], operands[0].shape
    keys = operands[: equation.params["num_keys"]]
    if all(key.fixed for key in keys) and all(key.array is not None for key in keys):
        with jax.ensure_compile_time_eval():
            given = (*(jnp.asarray(key.array) for key in keys), jnp.asarray(places(shape)))
            order = jax.lax.sort(given, dimension=axis, is_stable=True, num_keys=len(keys))[-1]
        at = np.asarray(order)
        return [operand.dependence.taken(at) for operand in operands]
    return [reduce(operand.dependence, (axis,), run.columns).broadcast(shape) for operand in operands]


@rule("top_k", "approx_top_k")
def _top(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    axis = equation.params.get("axis", equation.params.get("reduction_dimension", -1)) % len(operands[0].shape)
    part, value, shape = operands[0].dependence, operands[0].value, tuple(equation.outvars[0].aval.shape)
    if value is not None:
        with jax.ensure_compile_time_eval():
            index = np.asarray(rebind(equation, [jnp.asarray(value)])[1])
        at = np.take_along_axis(places(operands[0].shape), index.astype(np.int64), axis)
        return [part.taken(at), nothing(shape)]
    return [reduce(part, (axis,), run.columns).broadcast(shape), nothing(shape)]


@rule("fft")
def _fourier(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    ndim = len(operands[0].shape)
    axes = range(ndim - len(equation.params["fft_lengths"]), ndim)
    return [reduce(operands[0].dependence, tuple(axes), run.columns).broadcast(tuple(equation.outvars[0].aval.shape))]


@rule(
    "cholesky",
    "cholesky_update",
    "lu",
    "qr",
    "geqrf",
    "geqp3",
    "householder_product",
    "ormqr",
    "eigh",
    "eig",
    "svd",
    "schur",
    "hessenberg",
    "tridiagonal",
    "tridiagonal_solve",
    "lu_solve",
)
def _matrices(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    """Everything in a matrix on everything in it, each matrix of a stack for itself."""
    stack = len(operands[0].shape) - (1 if equation.primitive.name == "tridiagonal_solve" else 2)
    if any(var.aval.shape[:stack] != operands[0].shape[:stack] for var in [*equation.invars, *equation.outvars]):
        raise ValueError("its operands are not stacked alike")
    whole = [_over_matrix(run, operand, stack) for operand in operands]
    together = union(whole, operands[0].shape[:stack])
    return [_spread(together, tuple(var.aval.shape)) for var in equation.outvars]


def _over_matrix(run: Propagation, operand: Known, stack: int) -> Dependence:
    shape = operand.shape
    return reduce(operand.dependence, tuple(range(stack, len(shape))), run.columns).moved(
        lambda m: m.reshape(shape[:stack])
    )


def _spread(part: Dependence, shape: tuple[int, ...]) -> Dependence:
    between = part.shape + (1,) * (len(shape) - len(part.shape))
    return part.moved(lambda m: np.broadcast_to(m.reshape(between), shape))


@rule("triangular_solve")
def _triangular_solve(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    matrix, right = operands
    shape = right.shape
    axis = len(shape) - (2 if equation.params["left_side"] else 1)
    lines = reduce(right.dependence, (axis,), run.columns).broadcast(shape)
    return [union([lines, _spread(_over_matrix(run, matrix, len(shape) - 2), shape)], shape)]


def reach(size: int, out: int, window: int, stride: int, low: int, base: int, spaced: int) -> list[np.ndarray]:
    """For each place in a window the element that it sees from each output, -1 where it sees padding."""
    seen = []
    for k in range(window):
        at = np.arange(out) * stride + k * spaced - low
        held = (at >= 0) & (at % base == 0) & (at // base < size)
        seen.append(np.where(held, at // base, -1))
    return seen


def windows(part: Dependence, axes: Any, seen: list[list[np.ndarray]]) -> Dependence:
    """Each element on its window, one axis after the other."""
    for axis, places_seen in zip(axes, seen, strict=True):
        shape = tuple(places_seen[0].size if i == axis else n for i, n in enumerate(part.shape)) if places_seen else ()
        part = union([along(part, axis, at) for at in places_seen], shape)
    return part


@rule("reduce_window_sum", "reduce_window_max", "reduce_window_min", "select_and_gather_add", "reduce_window")
def _reduce_window(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    p, shape = equation.params, tuple(equation.outvars[0].aval.shape)
    if equation.primitive.name == "reduce_window":
        lines, start = operands[: len(operands) // 2], operands[len(operands) // 2 :]
    else:
        lines, start = operands[:1], []
    ones = (1,) * len(shape)
    spacing = p.get("base_dilation") or ones, p.get("window_dilation") or ones
    given = zip(lines[0].shape, shape, p["window_dimensions"], p["window_strides"], p["padding"], *spacing, strict=True)
    seen = [reach(n, out, k, s, low, b, w) for n, out, k, s, (low, _), b, w in given]
    value = lines[0].array if equation.primitive.name in _BEST else None
    if value is not None and np.prod(p["window_dimensions"]) <= _MOST_OFFSETS:
        return [_best_of_windows(lines[0].dependence, _BEST[equation.primitive.name], value, seen, shape)]
    parts = [windows(line.dependence, range(len(shape)), seen) for line in lines]
    return [union([*parts, *(x.dependence for x in start)], shape)] * len(equation.outvars)


def _best_of_windows(
    part: Dependence, best: Any, value: np.ndarray, seen: list[list[np.ndarray]], shape: tuple[int, ...]
) -> Dependence:
    """Each window's largest or smallest elements, whose values are known."""
    at = places(value.shape)
    offsets = [functools.reduce(_along_all, enumerate(each), at) for each in itertools.product(*seen)]
    found = np.stack([np.where(o >= 0, value.ravel()[np.maximum(o, 0)], np.nan) for o in offsets])
    chosen = best.reduce(found, axis=0)
    held = (found == chosen) | np.isnan(found)
    return union([part.taken(np.where(mask, o, -1)) for mask, o in zip(held, offsets, strict=True)], shape)


def _along_all(places_seen: np.ndarray, step: tuple[int, np.ndarray]) -> np.ndarray:
    """The places `at` of one axis of an array of places, -1 outside."""
    axis, at = step
    inside = (at >= 0).reshape([-1 if i == axis else 1 for i in range(places_seen.ndim)])
    return np.where(inside, np.take(places_seen, np.maximum(at, 0), axis), -1)


@rule("select_and_scatter_add")
def _select_and_scatter(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    p, source = equation.params, operands[0]
    shape = tuple(equation.outvars[0].aval.shape)
    seen = []
    for size, out, window, stride, (low, _) in zip(
        source.shape, shape, p["window_dimensions"], p["window_strides"], p["padding"], strict=True
    ):
        axis = []
        for k in range(window):
            at = np.arange(out) + low - k
            held = (at >= 0) & (at % stride == 0) & (at // stride < size)
            axis.append(np.where(held, at // stride, -1))
        seen.append(axis)
    return [windows(source.dependence, range(len(shape)), seen)]
