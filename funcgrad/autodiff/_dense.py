"""Dense Jacobians of a function from floating leaves to floating leaves: which way, and in chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, is_concrete
from .._errors import ArgumentError, ArgumentTypeError
from .._op import strong
from ._chunks import filled
from ._elimination import ELEMENTWISE_IN_REVERSE, Pass, Through, cheapest, forward
from ._linear import Program, program_of
from ._outputs import lacks_derivative

__all__ = [
    "Blocks",
    "Decision",
    "Leaves",
    "Work",
    "by_columns",
    "by_rows",
    "computed",
    "counted",
    "decided",
    "require_chunk",
    "size",
    "sizes_out",
    "slope",
    "split",
    "unit",
]

# From floating leaves to floating leaves, and apart whatever else the function returns.
Leaves: TypeAlias = Callable[[Sequence[jax.Array]], tuple[list[jax.Array], Any]]
Blocks: TypeAlias = list[list[jax.Array]]  # for each output leaf, for each input leaf

# Smaller Jacobians are bound by what surrounds them, and are not looked at from inside. An eager call has to compile
# each step of its own, so that it must have more to gain.
_WORTH_A_LOOK = 2**10
_WORTH_A_LOOK_EAGERLY = 2**17

# Of a function with loops forward mode takes 1.15 to 2.9 times as long for an input as reverse mode for an output.
_LOOPS_IN_FORWARD = 1.5


def require_chunk(name: str, chunk_size: Any) -> None:
    """Raise unless `chunk_size` is None or a positive int."""
    if chunk_size is None:
        return
    if isinstance(chunk_size, bool) or not hasattr(chunk_size, "__index__"):
        fail(ArgumentTypeError, name, "chunk_size must be an int", f"got {describe(chunk_size)}", "leave it out")
    if chunk_size < 1:
        fail(ArgumentError, name, "chunk_size must be positive", f"got {chunk_size}", "leave it out")


def size(leaves: Sequence[Any]) -> int:
    """The number of elements of all leaves together."""
    return sum(int(np.prod(leaf.shape)) for leaf in leaves)


def sizes_out(f: Leaves, x: Sequence[jax.Array]) -> Sequence[Any]:
    """The floating outputs of `f`, or what stands for them: it is traced, without computing, where it can be."""
    try:
        return jax.eval_shape(f, x)[0]
    except Exception:
        # Python control flow on values cannot be traced, but it can be run. What else is wrong shows itself again.
        return f(x)[0]


@dataclass(frozen=True)
class Work:
    """About how long a Jacobian takes, and one product with it forward and in reverse, in multiplications."""

    total: float
    forward: float
    reverse: float


@dataclass(frozen=True)
class Decision:
    """How a Jacobian is computed.

    Attributes:
        mode: "forward", "reverse", or "through": the product of two, through the narrowest place between; or
            "bidirectional": some rows in reverse, and all else forward.
        inputs: the number of its columns.
        outputs: the number of its rows.
        passes: how many vectors are pushed through the function or its parts.
        shortcut: what is left out of the ordinary way, in words; empty where it is that.
        flexible: whether the other mode is tried where this one has no derivative.
        looked_at: whether the program was looked at from inside.
        work: how much work it is, where that shows.
        colors: how many sums of columns and rows give all entries, where only those in `pattern` are computed.
        pattern: the entries that are computed; None for all.
    """

    mode: str
    inputs: int
    outputs: int
    passes: int
    shortcut: str = ""
    flexible: bool = False
    looked_at: bool = False
    work: Work | None = None
    colors: int | None = None
    pattern: Any = None


def counted(f: Leaves, x: Sequence[jax.Array], mode: str) -> tuple[Decision, Sequence[Any]]:
    """How to compute the Jacobian of `f` by the number of inputs and outputs alone, and what the outputs are like."""
    y = sizes_out(f, x)
    inputs, outputs = size(x), size(y)
    by_count = mode if mode != "auto" else "forward" if inputs == 1 or inputs <= outputs else "reverse"
    passes = inputs if by_count == "forward" else outputs
    return Decision(by_count, inputs, outputs, passes, flexible=mode == "auto"), y


def decided(f: Leaves, x: Sequence[jax.Array], mode: str, ordinary: Decision) -> tuple[Decision, Any]:
    """How to compute the Jacobian of `f`, and what is known already: of a shortcut its passes and what `f` returned."""
    inputs, outputs = ordinary.inputs, ordinary.outputs
    concrete = all(is_concrete(leaf) for leaf in x)
    if min(inputs, outputs) < 2 or inputs * outputs < (_WORTH_A_LOOK_EAGERLY if concrete else _WORTH_A_LOOK):
        return ordinary, None
    ordinary = replace(ordinary, looked_at=True)
    try:
        return _looked_inside(f, x, mode, ordinary)
    except Exception:  # whatever it is, it shows itself again on the ordinary way, if it is there as well
        return ordinary, None


def _looked_inside(f: Leaves, x: Sequence[jax.Array], mode: str, ordinary: Decision) -> Any:
    way: Pass | Through | None
    program: Program | None
    if mode == "reverse":
        y, pull, rest = jax.vjp(f, list(x), has_aux=True)
        program = program_of(lambda cotangents: pull(cotangents)[0], y)
        way = None if program is None else forward(program, "reverse")
    else:
        y, push, rest = jax.linearize(f, list(x), has_aux=True)
        program = program_of(push, x)
        way = None if program is None else forward(program) if mode == "forward" else cheapest(program)
    if way is None:
        if mode == "auto" and _LOOPS_IN_FORWARD * ordinary.inputs > ordinary.outputs:
            return replace(ordinary, mode="reverse", passes=ordinary.outputs), None
        return ordinary, None
    if isinstance(way, Through):
        if len({leaf.dtype for leaf in (*x, *y)}) > 1:
            return ordinary, None
        shortcut = f"through the {way.width} values between"
    else:
        shortcut = f"from the factors of the {'inputs' if way.mode == 'forward' else 'outputs'}" if way.gains else ""
    work = _work(program, way)
    found = Decision(way.mode, ordinary.inputs, ordinary.outputs, way.count, shortcut, ordinary.flexible, True, work)
    return found, (way, y, rest) if way.gains else None


def _work(program: Any, way: Pass | Through) -> Work:
    product = sum(program.cost(step) for step in program.steps)
    products = {"forward": product, "reverse": product * (1.0 if program.multiplies else ELEMENTWISE_IN_REVERSE)}
    total = way.total
    if isinstance(way, Pass):
        total = 0.0 if way.written else total if way.gains else way.count * products[way.mode]
    return Work(total, **products)


def computed(
    f: Leaves, x: Sequence[jax.Array], decision: Decision, known: Any, chunk_size: int | None
) -> tuple[Blocks, Any, Decision]:
    """The Jacobian, as it was decided to compute it, what else `f` returned, and what was done in the end."""
    if known is not None:
        way, y, rest = known
        return _shortcut(way, y, x, chunk_size), rest, decision
    ways = {"forward": by_columns, "reverse": by_rows}
    try:
        return *ways[decision.mode](f, x, chunk_size), decision
    except Exception as error:  # a custom_vjp has no forward derivative, a while_loop none in reverse
        if not decision.flexible or not lacks_derivative(error):
            raise
        mode, passes = ("forward", decision.inputs) if decision.mode == "reverse" else ("reverse", decision.outputs)
        try:
            return *ways[mode](f, x, chunk_size), replace(decision, mode=mode, passes=passes)
        except Exception:
            raise error from None


def _shortcut(way: Pass | Through, y: Sequence[jax.Array], x: Sequence[jax.Array], chunk_size: int | None) -> Blocks:
    if isinstance(way, Through):
        return [split(lines, x, lines.ndim - 1) for lines in split(way.matrix(chunk_size), y, 0)]
    axis = -1 if way.mode == "forward" else 0
    lines = filled(way.lines, way.count, None if way.written else chunk_size, axis)
    if axis == -1:
        return [split(column, x, column.ndim - 1) for column in lines]
    return _transposed([split(row, y, 0) for row in lines])


def _transposed(by_input: Blocks) -> Blocks:
    return [list(row) for row in zip(*by_input, strict=True)]


def _numbers(first: Any, count: int) -> jax.Array:
    return first + jax.lax.iota(np.int32, count)


def unit(like: Sequence[jax.Array], index: jax.Array) -> list[jax.Array]:
    """Arrays shaped as `like`, zero but for a one at `index`, counted through all of them."""
    units = []
    for leaf in like:
        places = jax.lax.iota(np.int32, leaf.size).reshape(leaf.shape)
        units.append((places == index).astype(leaf.dtype))
        index = index - leaf.size
    return units


def split(lines: jax.Array, like: Sequence[jax.Array], dim: int) -> list[jax.Array]:
    """Along `dim` the elements of all of `like` follow each other: one array for each, with its shape there."""
    ends = np.cumsum([leaf.size for leaf in like])[:-1]
    parts = jnp.split(lines, ends, axis=dim)
    before, after = lines.shape[:dim], lines.shape[dim + 1 :]
    return [strong(part.reshape(*before, *leaf.shape, *after)) for part, leaf in zip(parts, like, strict=True)]


def by_columns(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[Blocks, Any]:
    """Forward mode: one product with each unit vector of the inputs."""
    count = size(x)
    if chunk_size is None or chunk_size >= count:

        def column(index: jax.Array) -> tuple[list[jax.Array], Any]:
            _, moved, rest = jax.jvp(f, (x,), (unit(x, index),), has_aux=True)
            return moved, rest

        columns, rest = jax.vmap(column, out_axes=(-1, None))(_numbers(0, count))
    else:
        # Linearized once, outside the loop over chunks: the function itself is not evaluated again for each.
        _, push, rest = jax.linearize(f, x, has_aux=True)
        several = jax.vmap(lambda index: push(unit(x, index)), out_axes=-1)
        columns = filled(lambda first, number: several(_numbers(first, number)), count, chunk_size, -1)
    return [split(lines, x, lines.ndim - 1) for lines in columns], rest


def by_rows(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[Blocks, Any]:
    """Reverse mode: one product with each unit vector of the outputs."""
    y, pull, rest = jax.vjp(f, x, has_aux=True)
    several = jax.vmap(lambda index: pull(unit(y, index))[0])
    rows = filled(lambda first, number: several(_numbers(first, number)), size(y), chunk_size, 0)
    return _transposed([split(lines, y, 0) for lines in rows]), rest


def slope(scalar: Callable[..., Any], x: Sequence[jax.Array]) -> tuple[list[jax.Array], jax.Array, Any]:
    """The gradient of a function that returns (number, rest), and both of them.

    In forward mode where there is no reverse derivative, as through a while_loop.
    """
    x = list(x)
    try:
        (value, rest), gradients = jax.value_and_grad(scalar, has_aux=True)(x)
        return gradients, value, rest
    except Exception as error:
        if not lacks_derivative(error):
            raise

        def kept(leaves: Sequence[jax.Array]) -> tuple[list[jax.Array], Any]:
            value, rest = scalar(leaves)
            return [value], (value, rest)

        try:
            blocks, (value, rest) = by_columns(kept, x, None)
        except Exception:
            raise error from None
        return blocks[0], value, rest
