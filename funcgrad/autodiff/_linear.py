"""Linear functions as lists of steps: what a Jacobian is the matrix of, before any of it is multiplied out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from .._jax import inner_program, is_literal, open_program

__all__ = ["ELEMENT", "Program", "Step", "bind", "program_of"]

_INLINED = ("jit", "pjit", "closed_call", "core_call")

# One multiplication in a matrix product costs less than one element read, scaled and written. Measured on a CPU.
ELEMENT = 8.0


@dataclass(frozen=True)
class Step:
    """One equation. An input is the number of a linear value, or a constant in a tuple of one."""

    primitive: Any
    params: dict[str, Any]
    inputs: tuple[int | tuple[Any], ...]
    outputs: tuple[int, ...]

    @property
    def linear(self) -> list[int]:
        """The linear values among the inputs."""
        return [read for read in self.inputs if isinstance(read, int)]


@dataclass(frozen=True)
class Program:
    """A linear function of `inputs`, which are numbers of values. An output may be a constant, as a rule zero."""

    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int | tuple[Any], ...]
    shapes: dict[int, jax.ShapeDtypeStruct]

    def run(self, known: dict[int, Any], outputs: Sequence[int]) -> list[Any]:
        """The values of `outputs`, where those in `known` are given; steps that compute no more than these are left."""
        values = dict(known)
        for step in self.needed(known, outputs):
            read = [values[i] if isinstance(i, int) else i[0] for i in step.inputs]
            found = bind(step.primitive, step.params, read)
            values.update(zip(step.outputs, found, strict=True))
        return [values[i] for i in outputs]

    def needed(self, known: Any, outputs: Sequence[int]) -> list[Step]:
        """The steps between the values that are `known` and `outputs`."""
        wanted, kept = {i for i in outputs if i not in known}, []
        for step in reversed(self.steps):
            if wanted.intersection(step.outputs):
                kept.append(step)
                wanted.update(i for i in step.linear if i not in known)
        return kept[::-1]

    def size(self, values: Sequence[int]) -> int:
        """The number of elements of `values` together."""
        return sum(self.shapes[i].size for i in values)

    def between(self, inputs: Sequence[int], outputs: Sequence[int | tuple[Any]]) -> Program:
        """The part that leads from `inputs` to `outputs`."""
        steps = self.needed(set(inputs), [i for i in outputs if isinstance(i, int)])
        return Program(tuple(steps), tuple(inputs), tuple(outputs), self.shapes)

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """The function itself."""
        live = self.live
        found = dict(zip(live, self.run(dict(zip(self.inputs, inputs, strict=True)), live), strict=True))
        return [found[i] if isinstance(i, int) else i[0] for i in self.outputs]

    @property
    def live(self) -> list[int]:
        """The outputs that are computed."""
        return [i for i in self.outputs if isinstance(i, int)]

    def transposed(self) -> Program | None:
        """The transposed function, where it can be transposed."""
        like = [self.shapes[i] for i in self.inputs]
        try:
            transpose = jax.linear_transpose(self, like)
            return program_of(lambda y: transpose(y)[0], [jax.ShapeDtypeStruct(*self.like(i)) for i in self.outputs])
        except Exception:  # a primitive without a rule; the ordinary way is open
            return None

    def cost(self, step: Step) -> float:
        """About how long a step takes for one vector, in multiplications of a matrix product."""
        out = sum(self.shapes[i].size for i in step.outputs)
        if step.primitive.name == "dot_general":
            (contracted, _), _ = step.params["dimension_numbers"]
            return 2.0 * out * math.prod(self.shape_of(step.inputs[0])[d] for d in contracted)
        if step.primitive.name == "conv_general_dilated":
            kernel = self.shape_of(step.inputs[1])
            features = kernel[step.params["dimension_numbers"].rhs_spec[0]]
            return 2.0 * out * math.prod(kernel) / max(features, 1)
        if step.primitive.name in ("reshape", "squeeze", "expand_dims", "copy", "convert_element_type"):
            return 0.0
        return ELEMENT * max(out, *(self.shapes[i].size for i in step.linear))

    @property
    def multiplies(self) -> bool:
        """Whether there is a product of matrices or a convolution in it."""
        return any(step.primitive.name in ("dot_general", "conv_general_dilated") for step in self.steps)

    def like(self, read: int | tuple[Any]) -> tuple[Any, Any]:
        """Shape and dtype of a value or a constant."""
        each = self.shapes[read] if isinstance(read, int) else read[0]
        return jnp.shape(each), jnp.result_type(each)

    def shape_of(self, read: int | tuple[Any]) -> tuple[int, ...]:
        """The shape of an input of a step."""
        return tuple(self.shapes[read].shape if isinstance(read, int) else jnp.shape(read[0]))


def bind(primitive: Any, params: dict[str, Any], read: Sequence[Any]) -> list[Any]:
    """The results of a primitive, always as a list."""
    found = primitive.bind(*read, **params)
    return list(found) if primitive.multiple_results else [found]


class _Unfit(Exception):
    """The function is not a list of plain steps."""


def program_of(linear: Callable[[Any], Any], like: Sequence[Any]) -> Program | None:
    """The steps of a linear function of a list of arrays as `like`; None where it is no list of plain steps."""
    closed = jax.make_jaxpr(linear)(list(like))
    jaxpr = closed.jaxpr
    if jaxpr.effects:
        return None
    shapes: dict[int, jax.ShapeDtypeStruct] = {}
    steps: list[Step] = []

    def new(aval: Any) -> int:
        shapes[len(shapes)] = jax.ShapeDtypeStruct(aval.shape, aval.dtype)
        return len(shapes) - 1

    def walk(inner: Any, consts: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
        known: dict[Any, Any] = dict(zip(inner.constvars, [(c,) for c in consts], strict=True))
        known.update(zip(inner.invars, arguments, strict=True))

        def read(atom: Any) -> Any:
            return (atom.val,) if is_literal(atom) else known[atom]

        for equation in inner.eqns:
            inputs = tuple(read(atom) for atom in equation.invars)
            name = equation.primitive.name
            if name in _INLINED:
                found = walk(*open_program(inner_program(equation)), inputs)
            elif equation.effects or any(_holds_function(p) for p in equation.params.values()):
                raise _Unfit
            elif not any(isinstance(i, int) for i in inputs):
                found = [(v,) for v in bind(equation.primitive, equation.params, [i[0] for i in inputs])]
            else:
                found = [new(out.aval) for out in equation.outvars]
                steps.append(Step(equation.primitive, equation.params, inputs, tuple(found)))
            known.update(zip(equation.outvars, found, strict=True))
        return [read(atom) for atom in inner.outvars]

    inputs = tuple(new(v.aval) for v in jaxpr.invars)
    try:
        outputs = walk(jaxpr, closed.consts, inputs)
    except _Unfit:
        return None
    return Program(tuple(steps), inputs, tuple(outputs), shapes)


def _holds_function(parameter: Any) -> bool:
    """Whether a parameter is a program or a function: of a loop, a branch, or a rule of the user's."""
    several = parameter if isinstance(parameter, tuple | list) else (parameter,)
    return any(
        hasattr(each, "eqns") or hasattr(each, "jaxpr") or (callable(each) and not isinstance(each, type))
        for each in several
    )
