"""Jacobians as products in a cheaper order: from the entries of the first matrix on, and through the narrowest place.

Forward mode multiplies the function's linear parts onto unit vectors, one after the other, and reverse mode the
transposed ones in the opposite order. Where the first part is a matrix, its columns are the result, and nothing need
be multiplied; where few values connect inputs and outputs, two narrow Jacobians and one product cost less than either.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._chunks import filled
from ._linear import ELEMENT, Program
from ._selected import Columns, Selected, absorbed, gathered, written

__all__ = ["ELEMENTWISE_IN_REVERSE", "Pass", "Through", "cheapest", "forward", "reverse"]

# A cut costs a product more and is worth it only where it saves much: estimates are not exact.
_WORTH_A_CUT = 0.7

# Without products of matrices the compiler makes one loop of forward mode and several of reverse mode: measured 15 to
# 30 times as long, where slices and shifts become paddings, and about as long where there are none.
ELEMENTWISE_IN_REVERSE = 4.0

# The places that elements come from are constants of the program.
_MOST_PLACES = 2**22


@dataclass(frozen=True)
class Pass:
    """A program ready to be pushed through: where unit vectors end, and what remains from there.

    Attributes:
        program: from inputs to outputs; in reverse the transposed one.
        frontier: the values that the rest starts from, each by its columns.
        count: the number of unit vectors.
        cost: about how long the rest takes for each of them.
        saved: about how long what need not be multiplied would have taken.
        mode: "forward" or "reverse".
    """

    program: Program
    frontier: dict[int, Columns]
    count: int
    cost: float
    saved: float
    mode: str

    @property
    def total(self) -> float:
        """About how long all of it takes."""
        return self.count * self.cost

    @property
    def gains(self) -> bool:
        """Whether it is less work than multiplying unit vectors through the program."""
        return self.saved > 0

    @property
    def written(self) -> bool:
        """Whether nothing is left to compute: the entries are written where they belong."""
        return self.gains and not self.program.needed(self.frontier, self.program.live)

    def lines(self, first: Any, number: int) -> list[jax.Array]:
        """The derivatives of each output by `number` inputs, which stand last; in reverse they stand first."""
        program, axis = self.program, -1 if self.mode == "forward" else 0
        frontier = {i: jnp.moveaxis(found(first, number), -1, axis) for i, found in self.frontier.items()}
        results: list[jax.Array] = []
        if program.live:
            rest = jax.vmap(lambda at: program.run(at, program.live), in_axes=axis, out_axes=axis, axis_size=number)
            results = rest(frontier)
        waiting = iter(results)
        return [next(waiting) if isinstance(i, int) else _repeated(i[0], number, axis) for i in program.outputs]

    def matrix(self, chunk_size: int | None) -> jax.Array:
        """All of it as one matrix, a row for each element of the outputs of the function that is differentiated."""
        found = filled(self.lines, self.count, chunk_size, -1 if self.mode == "forward" else 0)
        if self.mode == "forward":
            return jnp.concatenate([lines.reshape(-1, self.count) for lines in found])
        return jnp.concatenate([lines.reshape(self.count, -1) for lines in found], 1)


def _repeated(constant: Any, number: int, axis: int) -> jax.Array:
    return jnp.moveaxis(jnp.broadcast_to(constant, (number, *jnp.shape(constant))), 0, axis)


def forward(program: Program, mode: str = "forward") -> Pass:
    """Push unit vectors through `program` as far as they need not be written out."""
    values: dict[int, list[Selected]] = {}
    start = 0
    for i in program.inputs:
        like = program.shapes[i]
        source = np.arange(start, start + like.size, dtype=np.int32).reshape(like.shape)
        values[i] = [Selected(source, None, like.dtype)]
        start += like.size
    frontier: dict[int, Columns] = {}
    cost = saved = lazily = 0.0
    dense: set[int] = set(program.live)
    for step in program.steps:
        terms = gathered(program, step, values)
        if terms is not None:
            values[step.outputs[0]] = terms
            lazily += program.cost(step)
            continue
        columns = absorbed(program, step, values, start)
        if columns is not None:
            frontier[step.outputs[0]] = columns
            saved += program.cost(step)
        else:
            dense.update(step.linear)
            cost += program.cost(step)
    lazy = [i for i in dense if i in values]
    if any(values[i][0].source.size > _MOST_PLACES for i in lazy):
        return Pass(program, {}, start, cost + lazily, 0.0, mode)
    if not cost:  # nothing is left but to write the result
        saved += lazily
    frontier.update({i: functools.partial(written, values[i]) for i in lazy})
    cost += ELEMENT * program.size([*frontier])
    if mode == "reverse" and not program.multiplies and not saved:
        cost *= ELEMENTWISE_IN_REVERSE
    return Pass(program, frontier, start, cost, saved, mode)


def reverse(program: Program) -> Pass | None:
    """The same from the other side: the transposed program, where there is one."""
    transposed = program.transposed()
    return None if transposed is None else forward(transposed, "reverse")


@dataclass(frozen=True)
class Through:
    """The Jacobian as a product of two, of the outputs by what is in the middle and of that by the inputs."""

    after: Pass | Through
    before: Pass | Through
    width: int
    total: float
    gains: bool = True
    mode: str = "through"

    def matrix(self, chunk_size: int | None) -> jax.Array:
        """All of it as one matrix."""
        return self.after.matrix(chunk_size) @ self.before.matrix(chunk_size)

    @property
    def count(self) -> int:
        """The number of vectors that are pushed through one of the parts."""
        return self.after.count + self.before.count


def cheapest(program: Program) -> Pass | Through:
    """The cheapest way to the matrix of `program`: forward, in reverse or through the narrowest place."""
    ways: list[Pass | Through] = [forward(program)]
    inputs, outputs = program.size(program.inputs), sum(int(np.prod(program.like(i)[0])) for i in program.outputs)
    # Transposing takes time to trace, and cannot pay where there are many times more outputs.
    if outputs < 8 * inputs and (backward := reverse(program)) is not None:
        ways.append(backward)
    best = min(ways, key=lambda way: way.total)
    found = _narrowest(program, inputs, outputs)
    if found is not None and found[0] < _WORTH_A_CUT * best.total:
        middle = found[1]
        before = cheapest(program.between(program.inputs, middle))
        after = cheapest(program.between(middle, program.outputs))
        width = program.size(middle)
        total = before.total + after.total + 2.0 * width * inputs * outputs
        if total < _WORTH_A_CUT * best.total:
            return Through(after, before, width, total)
    return best


def _narrowest(program: Program, inputs: int, outputs: int) -> tuple[float, list[int]] | None:
    """The values that the cheapest cut goes through, and about how long it takes in all."""
    last: dict[int, int] = {}
    for number, step in enumerate(program.steps):
        last.update(dict.fromkeys(step.linear, number))
    last.update(dict.fromkeys(program.live, len(program.steps)))
    costs = [program.cost(step) for step in program.steps]
    live = {i for i in program.inputs if i in last}
    best, done, whole = None, 0.0, sum(costs)
    for number, step in enumerate(program.steps):
        done += costs[number]
        live = {i for i in (*live, *step.outputs) if last.get(i, -1) > number}
        width = program.size(list(live))
        if not 0 < width < min(inputs, outputs):
            continue
        total = min(width, inputs) * done + min(width, outputs) * (whole - done) + 2.0 * width * inputs * outputs
        if best is None or total < best[0]:
            best = total, sorted(live)
    return best
