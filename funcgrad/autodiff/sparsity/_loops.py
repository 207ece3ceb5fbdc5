"""Loops: followed step by step where they are short, otherwise taken to run any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from ..._jax import body_of, inner_program, scan_counts
from ._propagation import Known, Propagation, block
from ._sets import Dependence, assemble, everything, joined, reduce, through, union

__all__: list[str] = []

_MOST_REACHED = 30_000_000


def _size(program: Any) -> int:
    """How many equations a program runs, loops inside counted as often as they are known to run."""
    total = 0
    for equation in body_of(program).eqns:
        inner = inner_program(equation)
        inside = 1 if inner is None else _size(inner)
        total += inside * equation.params.get("length", 1) if equation.primitive.name == "scan" else inside
    return total + 1


@block("while")
def _while(run: Propagation, equation: Any, operands: list[Known]) -> list[Known]:
    p = equation.params
    split = p["cond_nconsts"], p["cond_nconsts"] + p["body_nconsts"]
    asked, consts, carried = operands[: split[0]], operands[split[0] : split[1]], operands[split[1] :]
    cost = _size(p["body_jaxpr"]) + _size(p["cond_jaxpr"])
    start, mark = carried, len(run.reasons)
    while run.spend(cost):
        goes_on = run.run(p["cond_jaxpr"], [*asked, *carried])[0].array
        if goes_on is None:
            del run.reasons[mark:]
            break
        if not goes_on:
            return carried
        carried = run.run(p["body_jaxpr"], [*consts, *carried])
    else:
        del run.reasons[mark:]
        run.note(equation, "it runs too long to be followed step by step; any number of steps is assumed")
    return _any_number(run, p["body_jaxpr"], consts, start, [], 0)[: len(start)]


@block("scan")
def _scan(run: Propagation, equation: Any, operands: list[Known]) -> list[Known]:
    p, length = equation.params, equation.params["length"]
    fixed, carries = scan_counts(equation)
    consts, carried, lines = operands[:fixed], operands[fixed : fixed + carries], operands[fixed + carries :]
    program = p["jaxpr"]
    inner = body_of(program).invars[fixed + carries :]
    stacked = equation.outvars[carries:]
    cost = _size(program) * length
    if not run.spend(cost):
        if any(known.active for known in operands):
            run.note(equation, f"its {length} steps are too many to be followed; any number of steps is assumed")
        return _any_number(run, program, consts, carried, lines, length)
    rows: list[list[Known]] = [[] for _ in stacked]
    for step in reversed(range(length)) if p["reverse"] else range(length):
        now = [_row(line, step, var.aval) for line, var in zip(lines, inner, strict=True)]
        found = run.run(program, [*consts, *carried, *now])
        carried = found[:carries]
        for kept, known in zip(rows, found[carries:], strict=True):
            kept.append(known)
    outputs = [
        Known(var.aval, known.dependence, known.raw) for var, known in zip(equation.outvars, carried, strict=False)
    ]
    for var, kept in zip(stacked, rows, strict=True):
        kept = kept[::-1] if p["reverse"] else kept
        outputs.append(_stack(kept, var.aval))
    return outputs


def _row(line: Known, step: int, aval: Any) -> Known:
    value = line.array
    return Known(aval, line.dependence.moved(lambda m: m[(step, ...)]), None if value is None else value[step])


def _stack(rows: Sequence[Known], aval: Any) -> Known:
    if not rows:
        return Known(aval)
    value = None
    if all(row.fixed for row in rows):
        values = [row.array for row in rows]
        value = None if any(v is None for v in values) else np.stack(values)  # type: ignore[arg-type]
    return Known(aval, assemble([row.dependence for row in rows], np.stack), value)


def _any_number(
    run: Propagation, program: Any, consts: list[Known], carried: list[Known], lines: list[Known], length: int
) -> list[Known]:
    """A loop whose steps are not told apart: what any number of them may carry over, from one step's own pattern."""
    body, base, carries = body_of(program), len(consts), len(carried)
    invars, outvars = body.invars, body.outvars
    # What comes out as it went in keeps its value.
    steady = [outvars[i] is invars[base + i] for i in range(carries)]
    inner = [Known(known, value=known.raw) for known in consts]
    for i, var in enumerate(invars[base:]):
        inner.append(Known(var.aval, value=carried[i].raw if i < carries and steady[i] else None))
    step = run.local(program, inner, range(len(inner)))
    starts, cols = joined([known.dependence for known in step])
    begins = [0, *np.cumsum([int(np.prod(known.shape)) for known in inner]).tolist()]
    rows = begins[base + carries] - begins[base]
    own = starts[: rows + 1], cols[: starts[rows]]
    # Carried values may have met any step's lines.
    anywhere = [reduce(line.dependence, (0,), run.columns) for line in lines]
    read = [*(known.dependence for known in [*consts, *carried]), *anywhere]
    source = assemble([part.reshaped((-1,)) for part in read], np.concatenate)
    reached = _closure(*own, begins[base], rows)
    if reached is None:
        every = everything([source], (rows,), run.columns)
    else:
        before = source.piece(begins[base], (rows,))
        every = through(*reached, union([through(*own, source, (rows,)), before], (rows,)), (rows,))
    outputs = []
    for i, known in enumerate(carried):
        part = every.piece(begins[base + i] - begins[base], known.shape)
        outputs.append(Known(outvars[i].aval, part, known.raw if steady[i] else None))
    ends = [*begins[: base + 1], *begins[base + carries :]]
    common = assemble([*(known.dependence.reshaped((-1,)) for known in consts), every], np.concatenate)
    for known in step[carries:]:
        starts, cols = known.dependence.csr()
        parts = [through(*_within(starts, cols, 0, ends[base + 1]), common, (starts.size - 1,))]
        parts[0] = parts[0].broadcast((length, starts.size - 1))
        for line, low, high in zip(lines, ends[base + 1 :], ends[base + 2 :], strict=False):
            parts.append(_by_rows(*_within(starts, cols, low, high), line.dependence, length))
        together = union(parts, (length, starts.size - 1)).reshaped((length, *known.shape))
        outputs.append(Known(jax.ShapeDtypeStruct(together.shape, known.dtype), together))
    return outputs


def _by_rows(starts: np.ndarray, cols: np.ndarray, line: Dependence, length: int) -> Dependence:
    """One pattern applied to each row of a stack."""
    width = int(np.prod(line.shape[1:]))
    tiled = (cols[None, :] + np.arange(length)[:, None] * width).ravel().astype(np.int32)
    ends = np.concatenate([[0], np.cumsum(np.tile(np.diff(starts), length))])
    return through(ends, tiled, line.reshaped((-1,)), (length, starts.size - 1))


def _within(starts: np.ndarray, cols: np.ndarray, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns in a range, counted from its beginning."""
    held = (cols >= low) & (cols < high)
    before = np.concatenate([[0], np.cumsum(held)])
    return before[starts], cols[held] - np.int32(low)


def _closure(starts: np.ndarray, cols: np.ndarray, first: int, size: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Which carried values reach which in any number of steps, none included; None if these are too many to hold."""
    from scipy import sparse

    inside, own = _within(starts, cols, first, first + size)
    step = sparse.csr_array((np.ones(own.size, bool), own, inside), shape=(size, size))
    reached = step + sparse.eye_array(size, dtype=bool, format="csr")
    while reached.nnz <= _MOST_REACHED:
        further = reached @ reached
        if further.nnz == reached.nnz:
            reached.sum_duplicates()
            return reached.indptr.astype(np.int64), reached.indices.astype(np.int32)
        reached = further
    return None
