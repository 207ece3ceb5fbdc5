"""Operations that hold programs: branches, rules that users write for derivatives, and linear solves."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._jax import body_of, inner_program, name_of, programs_in, rebind
from ._propagation import BLOCKS, RULES, Known, Propagation, block, seed
from ._sets import Dependence, assemble, joined, through, union

__all__: list[str] = []


@block("cond")
def _cond(run: Propagation, equation: Any, operands: list[Known]) -> list[Known]:
    which, *given = operands
    branches = equation.params["branches"]
    taken = which.array
    if taken is not None:
        return run.run(branches[min(max(int(taken), 0), len(branches) - 1)], given)
    found = [run.run(branch, given) for branch in branches]
    return [
        Known(var.aval, union([known.dependence for known in each], tuple(var.aval.shape)))
        for var, each in zip(equation.outvars, zip(*found, strict=True), strict=True)
    ]


@block("custom_jvp_call")
def _custom_jvp(run: Propagation, equation: Any, operands: list[Known]) -> list[Known]:
    """By the rule that the user wrote for tangents, which may have more or fewer entries than the function."""
    chosen = [i for i, known in enumerate(operands) if known.active]
    values = _function_values(run, equation, operands)
    if not chosen:
        return values
    key = id(equation), "jvp", tuple(chosen)
    if key not in run.programs:

        def tangents(primals: list[Any], moved: list[Any]) -> list[Any]:
            def function(*given: Any) -> list[Any]:
                filled = list(primals)
                for i, value in zip(chosen, given, strict=True):
                    filled[i] = value
                return rebind(equation, filled)

            return list(jax.jvp(function, tuple(primals[i] for i in chosen), tuple(moved))[1])

        shapes = [_abstract(var.aval) for var in equation.invars]
        run.programs[key] = equation, jax.make_jaxpr(tangents)(shapes, [shapes[i] for i in chosen])
    program = run.programs[key][1]
    primals = [Known(known, value=known.raw) for known in operands]
    moved = [Known(operands[i], operands[i].dependence) for i in chosen]
    found = run.inner(run.columns, by_value=True).run(program, [*primals, *moved])
    return [
        Known(var.aval, known.dependence, value.raw)
        for var, known, value in zip(equation.outvars, found, values, strict=True)
    ]


@block("custom_vjp_call", "custom_vjp_call_jaxpr")
def _custom_vjp(run: Propagation, equation: Any, operands: list[Known]) -> list[Known]:
    """By the rule that the user wrote for cotangents: its pattern, transposed, applied to what the operands hold."""
    chosen = [i for i, known in enumerate(operands) if known.active]
    values = _function_values(run, equation, operands)
    if not chosen:
        return values
    smooth = [i for i, var in enumerate(equation.outvars) if jnp.issubdtype(var.aval.dtype, jnp.inexact)]
    key = id(equation), "vjp", tuple(chosen)
    if key not in run.programs:

        def cotangents(primals: list[Any], pulled: list[Any]) -> list[Any]:
            def function(*given: Any) -> list[Any]:
                filled = list(primals)
                for i, value in zip(chosen, given, strict=True):
                    filled[i] = value
                results = rebind(equation, filled)
                return [results[i] for i in smooth]

            return list(jax.vjp(function, *(primals[i] for i in chosen))[1](list(pulled)))

        shapes = [_abstract(var.aval) for var in equation.invars]
        outputs = [_abstract(equation.outvars[i].aval) for i in smooth]
        run.programs[key] = equation, jax.make_jaxpr(cotangents)(shapes, outputs)
    program = run.programs[key][1]
    outputs = [equation.outvars[i].aval for i in smooth]
    sizes = [int(np.prod(aval.shape)) for aval in outputs]
    begins = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    seeds = [Known(aval, seed(tuple(aval.shape), int(b))) for aval, b in zip(outputs, begins[:-1], strict=True)]
    primals = [Known(known, value=known.raw) for known in operands]
    found = run.inner(int(begins[-1]), by_value=True).run(program, [*primals, *seeds])
    rows = joined([known.dependence for known in found])
    starts, cols = _transposed(*rows, width=int(begins[-1]))
    source = assemble([operands[i].dependence.reshaped((-1,)) for i in chosen], np.concatenate)
    whole = through(starts, cols, source, (int(begins[-1]),))
    parts = {
        i: whole.piece(int(begin), tuple(aval.shape))
        for i, aval, begin in zip(smooth, outputs, begins[:-1], strict=True)
    }
    return [
        Known(var.aval, parts.get(i), value.raw)
        for i, (var, value) in enumerate(zip(equation.outvars, values, strict=True))
    ]


def _function_values(run: Propagation, equation: Any, operands: list[Known]) -> list[Known]:
    """The values of a function where its operands have any."""
    if all(known.fixed for known in operands):
        constants = [Known(known, value=known.raw) for known in operands]
        return run.run(inner_program(equation), constants)
    return [Known(var.aval) for var in equation.outvars]


def _abstract(aval: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=getattr(aval, "weak_type", False))


def _transposed(starts: np.ndarray, cols: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.repeat(np.arange(starts.size - 1, dtype=np.int32), np.diff(starts))
    order = np.argsort(cols, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(cols, minlength=width))])
    return ends, rows[order]


@block("custom_linear_solve")
def _linear_solve(run: Propagation, equation: Any, operands: list[Known]) -> list[Known]:
    """Unknowns that the matrix connects depend on each other's right sides, and on what the matrix is made of."""
    from scipy import sparse

    lengths, programs = equation.params["const_lengths"], equation.params["jaxprs"]
    consts = operands[: lengths.matvec]
    right = operands[lengths.matvec + lengths.vecmat + lengths.solve + lengths.transpose_solve :]
    unknowns = [Known(known) for known in right]
    chosen = range(len(consts), len(consts) + len(right))
    applied = run.local(programs.matvec, [*(Known(c, value=c.raw) for c in consts), *unknowns], chosen)
    starts, cols = joined([known.dependence for known in applied])
    size = starts.size - 1
    graph = sparse.csr_array((np.ones(cols.size, np.int8), cols, starts), shape=(size, size))
    count, group = sparse.csgraph.connected_components(graph, directed=False)
    # d(A x) = dA x + A dx: the columns of dA, by the matrix-vector product with x held still.
    by_matrix = run.run(programs.matvec, [*consts, *unknowns])
    sides = [union([a.dependence, b.dependence], b.shape) for a, b in zip(by_matrix, right, strict=True)]
    source = assemble([side.reshaped((-1,)) for side in sides], np.concatenate)
    order = np.argsort(group, kind="stable").astype(np.int32)
    ends = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=count))])
    together = through(ends, order, source, (count,)).taken(group.astype(np.int32))
    outputs, at = [], 0
    for var in equation.outvars:
        shape = tuple(var.aval.shape)
        outputs.append(together.piece(at, shape))
        at += int(np.prod(shape))
    values = run._values(equation, operands)
    return [Known(var.aval, part, value) for var, part, value in zip(equation.outvars, outputs, values, strict=True)]


@block("shard_map")
def _by_shards(run: Propagation, equation: Any, operands: list[Known]) -> list[Known]:
    """What each device computes of its parts, where no device asks others."""
    program, mesh = equation.params["jaxpr"], equation.params["mesh"]
    body, given, left = body_of(program), equation.params["in_specs"], equation.params["out_specs"]
    axes = sorted({axis for spec in (*given, *left) for entry in spec for axis in _axes(entry)})
    sizes = [mesh.shape[axis] for axis in axes]
    if not _alone(body):
        raise ValueError("its devices exchange values")
    if not run.spend(len(body.eqns) * int(np.prod(sizes))):
        raise ValueError("it has too many devices")
    mark = len(run.reasons)
    found: list[dict[Any, list[Dependence]]] = [{} for _ in equation.outvars]
    for place in np.ndindex(*sizes):
        at = {axis: (number, size) for axis, number, size in zip(axes, place, sizes, strict=True)}
        inputs = []
        for known, spec, var in zip(operands, given, body.invars, strict=True):
            own = _window(spec, var.aval.shape, at)
            value = None if known.array is None else _cut(own, known.array)
            inputs.append(Known(var.aval, known.dependence.moved(functools.partial(_cut, own)), value))
        for parts, spec, known in zip(found, left, run.run(program, inputs), strict=True):
            parts.setdefault(_window(spec, known.shape, at), []).append(known.dependence)
    if len(run.reasons) > mark:
        raise ValueError("it holds what is not understood")
    outputs = []
    for var, parts in zip(equation.outvars, found, strict=True):

        def build(maps: list[np.ndarray], shape: Any = var.aval.shape, windows: Any = tuple(parts)) -> np.ndarray:
            whole = np.full(shape, -1, maps[0].dtype)
            for own, piece in zip(windows, maps, strict=True):
                whole[_slices(own)] = piece
            return whole

        together = [union(each, each[0].shape) for each in parts.values()]
        outputs.append(Known(var.aval, assemble(together, build)))
    return outputs


def _axes(entry: Any) -> tuple[Any, ...]:
    """The axes of a mesh over which a dimension is spread."""
    return () if entry is None else entry if isinstance(entry, tuple) else (entry,)


def _window(spec: Any, shape: tuple[int, ...], at: dict[Any, tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Where the part of one device begins and ends in the whole; `shape` is that of the part."""
    own = []
    for dim, size in enumerate(shape):
        number = 0
        for axis in _axes(spec[dim]) if dim < len(spec) else ():
            number = number * at[axis][1] + at[axis][0]
        own.append((number * size, (number + 1) * size))
    return tuple(own)


def _slices(own: tuple[tuple[int, int], ...]) -> tuple[Any, ...]:
    return (*(slice(begin, end) for begin, end in own), ...)


def _cut(own: tuple[tuple[int, int], ...], whole: np.ndarray) -> np.ndarray:
    return np.asarray(whole[_slices(own)])


def _alone(body: Any) -> bool:
    """Whether every equation is one of a single device."""
    return all(map(_single, body.eqns))


def _single(equation: Any) -> bool:
    inside, name = programs_in(equation), name_of(equation)
    if inside:
        return all(_alone(body_of(each)) for each in inside)
    if name in ("psum", "pmax", "pmin"):  # over dimensions, or over devices by their names
        return not any(isinstance(axis, str) for axis in equation.params["axes"])
    return name in RULES or name in BLOCKS or name in ("axis_index", "iota")
