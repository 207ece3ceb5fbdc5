"""A function of two groups of arrays, of which one stays: what that one alone determines is computed once.

A compressed Jacobian multiplies by the same seeds at every point, so that all that is linear before the first product
with something that depends on the point is known beforehand, a convolution for example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from .._apart import computed_apart
from .._jax import body_of, consts_of, inner_program, is_literal, rebind, reshaped

__all__ = ["Hoisted"]

_CALLS = {"jit", "pjit", "closed_call", "core_call"}
_LARGER = 4  # what is kept is at most so many times as large as what stays
_MOVES = {"broadcast_in_dim", "expand_dims", "reshape", "rev", "squeeze", "transpose"}
_SCALINGS = {"neg": [[False]], "mul": [[False, True], [True, False]], "div": [[False, True]]}  # which are literals
_BYTES = 2**14  # elements of an array from which on it is kept in bytes, if it fits

_Step = tuple[Any, list[int], list[int]]  # an equation, and the numbers of its operands and results


class Hoisted:
    """``function(moving, staying)``, lists of arrays to a list of arrays, as ``rest(moving, kept)``.

    Attributes:
        kept: arrays that stand for `staying`, computed now. Those of small whole numbers, as sums of unit vectors are,
            are bytes: reading them takes longer than what is computed with them.
        pure: whether what is left has no effects.
        length: how many steps are left.
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
        scalings, self._kept = self._scaled(once, wanted & made)
        self._rest = constant + scalings + rest
        self.length = len(self._rest)
        self.pure = not any(equation.effects for equation, _, _ in self._rest)
        known = dict(zip(fixed, staying, strict=True))
        kept: list[jax.Array]
        if once:
            known.update((i, v) for i, v in self._constants.items() if not isinstance(v, jax.core.Tracer))
            with jax.ensure_compile_time_eval():
                kept = jax.jit(lambda values: self._run(constant + once, values, self._kept))(known)
        else:
            kept = [known[i] for i in self._kept]
        self._dtypes = [value.dtype for value in kept]
        with jax.ensure_compile_time_eval():
            self.kept = [_small(value) for value in kept]

    def rest(self, moving: Sequence[Any], kept: Sequence[Any]) -> list[Any]:
        """What the function returns, from what is not known beforehand and what is."""
        values = {**self._constants, **dict(zip(self._moving, moving, strict=True))}
        for number, value, dtype in zip(self._kept, kept, self._dtypes, strict=True):
            values[number] = value if value.dtype == dtype else value.astype(dtype)
        return self._run(self._rest, values, self._results)

    def rest_apart(self, moving: Sequence[Any], kept: Sequence[Any], count: int | None) -> list[Any]:
        """The first `count` results of `rest` (all for None), apart from what reads them unless they have effects."""

        def found(moving: Sequence[Any]) -> list[Any]:
            return self.rest(moving, kept)[:count]

        return computed_apart(found, moving) if self.pure else found(moving)

    def unmoved(self, count: int) -> list[np.ndarray | None]:
        """Leave out the last movements of the first `count` results, which then come as they were before.

        For each of them: where its elements are found in what comes instead, raveled; None where nothing has changed.
        """
        made = {number: step for step in self._rest for number in step[2]}
        maps: list[np.ndarray | None] = []
        for place, number in enumerate(self._results[:count]):
            moves: list[Any] = []
            while number in made and _only_moves(made[number][0]):
                equation, operands, _ = made[number]
                moves.append(equation)
                number = operands[0]
            if not any(map(_reorders, moves)):
                maps.append(None)
                continue
            where = np.arange(moves[-1].invars[0].aval.size, dtype=np.int32).reshape(moves[-1].invars[0].aval.shape)
            for equation in reversed(moves):
                where = _moved(equation, where)
            self._results[place] = number
            maps.append(where.ravel())
        return maps

    @staticmethod
    def _run(steps: Sequence[_Step], values: dict[int, Any], results: Sequence[int]) -> list[Any]:
        values = dict(values)
        for equation, operands, numbers in steps:
            values.update(zip(numbers, rebind(equation, [values[i] for i in operands]), strict=True))
        return [values[i] for i in results]

    @staticmethod
    def _scaled(once: Sequence[_Step], wanted: set[int]) -> tuple[list[_Step], list[int]]:
        """The steps that only multiply what is kept with numbers, to be repeated; and what has to be kept then."""
        made = {number: step for step in once for number in step[2]}
        scalings: dict[int, _Step] = {}
        kept = set()
        for number in wanted:
            while number in made and (source := _only_scales(made[number])) is not None:
                scalings[number] = made[number]
                number = source
            kept.add(number)
        order = {number: place for place, step in enumerate(once) for number in step[2]}
        return [scalings[number] for number in sorted(scalings, key=order.__getitem__)], sorted(kept)

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


def _only_moves(equation: Any) -> bool:
    """Whether the result holds the elements of the operand, each once."""
    if equation.primitive.name not in _MOVES or len(equation.invars) != 1 or is_literal(equation.invars[0]):
        return False
    return bool(equation.invars[0].aval.size == equation.outvars[0].aval.size)


def _reorders(equation: Any) -> bool:
    """Whether a movement takes the elements, raveled, into another order; a reshape does, if it transposes first."""
    if equation.primitive.name == "reshape":
        return equation.params.get("dimensions") is not None
    return bool(equation.primitive.name in ("rev", "transpose"))


def _moved(equation: Any, where: np.ndarray) -> np.ndarray:
    if equation.primitive.name == "reshape":
        moved: np.ndarray = reshaped(where, equation.params)
        return moved
    if equation.primitive.name == "transpose":
        return where.transpose(equation.params["permutation"])
    if equation.primitive.name == "rev":
        return np.flip(where, equation.params["dimensions"])
    return where.reshape(equation.outvars[0].aval.shape)  # dimensions of length one come and go, in order


def _only_scales(step: _Step) -> int | None:
    """The number of the operand that a step multiplies with a number, if that is all it does."""
    equation, operands, _ = step
    literal = [is_literal(var) for var in equation.invars]
    if literal not in _SCALINGS.get(equation.primitive.name, ()):
        return None
    place = literal.index(False)
    return operands[place] if equation.invars[place].aval.shape == equation.outvars[0].aval.shape else None


def _small(value: jax.Array) -> jax.Array:
    """In bytes, where it is large and each element is a small whole number."""
    if value.size < _BYTES or not np.issubdtype(value.dtype, np.floating):
        return value
    host = np.asarray(value)
    if not (np.abs(host) <= np.iinfo(np.int8).max).all():
        return value
    small = host.astype(np.int8)
    return jax.numpy.asarray(small) if (small == host).all() else value
