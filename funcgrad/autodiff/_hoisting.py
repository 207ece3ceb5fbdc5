"""A function of two groups of arrays, of which one stays: what that one alone determines is computed once.

A compressed Jacobian multiplies by the same seeds at every point, so that all that is linear before the first product
with something that depends on the point is known beforehand, a convolution for example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from .._jax import body_of, consts_of, inner_program, is_literal, rebind

__all__ = ["Hoisted"]

_CALLS = {"jit", "pjit", "closed_call", "core_call"}
_LARGER = 4  # what is kept is at most so many times as large as what stays

_Step = tuple[Any, list[int], list[int]]  # an equation, and the numbers of its operands and results


class Hoisted:
    """``function(moving, staying)``, lists of arrays to a list of arrays, as ``rest(moving, kept)``.

    Attributes:
        kept: arrays that stand for `staying`, computed now.
    """

    def __init__(
        self,
        function: Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]],
        moving: Sequence[Any],
        staying: Sequence[jax.Array],
    ):
        program = jax.make_jaxpr(function)(list(moving), list(staying))
        self._constants: dict[int, Any] = {}
        self._steps: list[_Step] = []
        self._count = len(moving) + len(staying)
        self._moving = list(range(len(moving)))
        fixed = list(range(len(moving), self._count))
        self._results = self._expand(program, range(self._count))
        once, rest, constant = self._apart(set(fixed), _LARGER * sum(value.size for value in staying))
        wanted = {i for _, operands, _ in rest for i in operands} | set(self._results)
        made = {i for _, _, results in once for i in results} | set(fixed)
        self._kept = sorted(wanted & made)
        self._rest = constant + rest
        known = dict(zip(fixed, staying, strict=True))
        self.kept: list[jax.Array]
        if once:
            known.update((i, v) for i, v in self._constants.items() if not isinstance(v, jax.core.Tracer))
            with jax.ensure_compile_time_eval():
                self.kept = jax.jit(lambda values: self._run(constant + once, values, self._kept))(known)
        else:
            self.kept = [known[i] for i in self._kept]

    def rest(self, moving: Sequence[Any], kept: Sequence[Any]) -> list[Any]:
        """What the function returns, from what is not known beforehand and what is."""
        values = {**self._constants, **dict(zip(self._moving, moving, strict=True))}
        values.update(zip(self._kept, kept, strict=True))
        return self._run(self._rest, values, self._results)

    @staticmethod
    def _run(steps: Sequence[_Step], values: dict[int, Any], results: Sequence[int]) -> list[Any]:
        values = dict(values)
        for equation, operands, numbers in steps:
            values.update(zip(numbers, rebind(equation, [values[i] for i in operands]), strict=True))
        return [values[i] for i in results]

    def _number(self) -> int:
        self._count += 1
        return self._count - 1

    def _expand(self, program: Any, numbers: Sequence[int]) -> list[int]:
        """Append the steps of a program, those of compiled functions that it calls in their place."""
        body = body_of(program)
        places = dict(zip(body.invars, numbers, strict=True))
        for var, value in zip(body.constvars, consts_of(program), strict=True):
            places[var] = self._number()
            self._constants[places[var]] = value

        def read(atom: Any) -> int:
            if not is_literal(atom):
                return places[atom]
            number = self._number()
            self._constants[number] = np.asarray(atom.val, atom.aval.dtype)
            return number

        for equation in body.eqns:
            operands = [read(atom) for atom in equation.invars]
            inner = inner_program(equation) if equation.primitive.name in _CALLS else None
            if inner is not None:
                results = self._expand(inner, operands)
            else:
                results = [self._number() for _ in equation.outvars]
                self._steps.append((equation, operands, results))
            places.update(zip(equation.outvars, results, strict=True))
        return [read(atom) for atom in body.outvars]

    def _apart(self, fixed: set[int], limit: int) -> tuple[list[_Step], list[_Step], list[_Step]]:
        """The steps that only what stays determines, all others, and those that depend on nothing."""
        moving = set(self._moving) | {i for i, value in self._constants.items() if isinstance(value, jax.core.Tracer)}
        fixed = set(fixed)
        once, rest, constant = [], [], []
        for step in self._steps:
            equation, operands, results = step
            size = sum(int(np.prod(getattr(var.aval, "shape", ()))) for var in equation.outvars)
            if equation.effects or moving.intersection(operands):
                moving.update(results)
                rest.append(step)
            elif not fixed.intersection(operands):
                constant.append(step)
            elif size > limit:
                moving.update(results)
                rest.append(step)
            else:
                fixed.update(results)
                once.append(step)
        return once, rest, constant
