"""The entries of a sparse Jacobian carried through the program of its function, without products.

A function of grids or chains moves, scales and adds elements. Each element of a value is then a sum of a few inputs,
each with a factor: which inputs is known beforehand, and only the factors that are no numbers have to be computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._jax import body_of, default_program, inner_program, is_literal, last_uses, open_program, programs_in, rebind
from ._hoisting import Hoisted
from ._terms import LOST, RULES, SEVERAL, Constants, Linear, Term, Unfit
from .sparsity import SparsityPattern

__all__ = ["Entrywise", "entrywise"]

_CALLS = {"jit", "pjit", "closed_call", "core_call", "checkpoint", "remat2"}
_MOST = 64  # entries of a row
_LONGER = 4  # the program is at most so many times as long as that of one product
_FEW = 8  # entries that are sums of several terms are added one by one, which is slow: one in so many at most
_MORE = 4  # terms of a value beside twice the longest row: some are added up later


class Entrywise:
    """The entries of a Jacobian in the order of a pattern.

    Attributes:
        kept: arrays that a compiled program is given besides the values.

    Args:
        function: of arrays and of one direction for each input, to the derivatives of the outputs along them and a list
            of other arrays.
        values: arrays like the first argument.
        inputs: arrays like the directions.
        pattern: of the matrix.
        complete: whether the pattern is known to hold every entry, so that what is outside is a sum of zeros.

    Raises:
        Unfit: the function does more than this follows, or the pattern lacks an entry.
    """

    def __init__(
        self,
        function: Callable[[Sequence[Any], Sequence[Any]], tuple[Sequence[Any], Sequence[Any]]],
        values: Sequence[Any],
        inputs: Sequence[Any],
        pattern: SparsityPattern,
        complete: bool,
    ):
        longest = int(np.diff(pattern.indptr).max(initial=0))
        if longest > min(_MOST, 2 * int(np.bincount(pattern.cols).max(initial=0)) + _MORE):  # reverse mode takes less
            raise Unfit
        program, shapes = jax.make_jaxpr(function, return_shape=True)(list(values), list(inputs))
        outputs = [leaf.size for leaf in shapes[0]]
        self._dtype = jnp.result_type(*[leaf.dtype for leaf in shapes[0]])
        found: list[list[Term]] = []
        offsets: dict[int, int] = {}

        def factors(values: Sequence[Any], nothing: Sequence[Any]) -> list[Any]:
            results = _carried(program, values, inputs, Constants(2 * longest + _MORE))
            if any(value is LOST for value in results):
                raise Unfit
            found[:] = [value.terms if isinstance(value, Linear) else [] for value in results[: len(outputs)]]
            scales = {id(term.scale): term.scale for terms in found for term in terms if term.scale is not None}
            offsets.clear()
            arrays: list[Any] = []
            numbers: list[Any] = [np.zeros((), self._dtype), np.ones((), self._dtype)]
            for key, scale in scales.items():
                if np.ndim(scale):
                    offsets[key] = sum(array.size for array in arrays)
                    arrays.append(scale.astype(self._dtype).ravel())
            self._first = sum(array.size for array in arrays)
            for key, scale in scales.items():
                if not np.ndim(scale):
                    offsets[key] = self._first + len(numbers)
                    numbers.append(scale.astype(self._dtype))
            self._kept = scales  # as long as their names are used
            return [jnp.concatenate([*arrays, jnp.stack(numbers)]), *results[len(outputs) :]]

        self._hoisted = Hoisted(factors, values, [])
        if self._hoisted.length > _LONGER * _length(program) + _MOST:
            raise Unfit
        self._read(pattern, complete, found, outputs, offsets)
        del self._kept

    def computed(
        self, values: Sequence[jax.Array], kept: Sequence[jax.Array], value: bool
    ) -> tuple[jax.Array, list[jax.Array]]:
        """The entries, and with `value` the other arrays."""
        places, again, more = kept
        count = None if value else 1
        if self._in_order:  # nothing else reads them
            pool, *others = self._hoisted.rest(values, ())[:count]
            return pool[: places.size], others
        pool, *others = self._hoisted.rest_apart(values, (), count)
        options: dict[str, Any] = {"mode": "promise_in_bounds", "wrap_negative_indices": False}
        data = pool.at[places].get(**options)
        if again.size:
            data = data.at[again].add(pool.at[more].get(**options), mode="promise_in_bounds")
        return data, others

    def _read(
        self,
        pattern: SparsityPattern,
        complete: bool,
        found: list[list[Term]],
        outputs: Sequence[int],
        offsets: dict[int, int],
    ) -> None:
        """Where the factors of each entry stand."""
        places = np.full(pattern.nnz, -1, np.int32)
        more: list[tuple[np.ndarray, np.ndarray]] = []
        top = 0
        for terms, size in zip(found, outputs, strict=True):
            entries = slice(pattern.indptr[top], pattern.indptr[top + size])
            rows, cols, own = pattern.rows[entries] - top, pattern.cols[entries] + 1, places[entries]
            for term in terms:
                source = term.source.ravel()
                hit = np.flatnonzero(source[rows] == cols)
                if not complete and hit.size < np.count_nonzero(source):
                    raise Unfit
                place = self._first + 1 if term.scale is None else offsets[id(term.scale)]
                where = place + rows[hit] if np.ndim(term.scale) else np.full(hit.size, place, np.int32)
                free = own[hit] < 0
                own[hit[free]] = where[free]
                more.append((hit[~free] + entries.start, where[~free]))
            top += size
        places[places < 0] = self._first
        nothing = np.zeros(0, np.int32)
        again = [np.concatenate([nothing, *[part[i] for part in more]]).astype(np.int32) for i in range(2)]
        if again[0].size * _FEW > pattern.nnz:
            raise Unfit
        self._in_order = not again[0].size and np.array_equal(places, np.arange(places.size))
        with jax.ensure_compile_time_eval():
            self.kept = [jnp.asarray(part) for part in (places, *again)]


def entrywise(
    function: Callable[[Sequence[Any], Sequence[Any]], tuple[Sequence[Any], Sequence[Any]]],
    values: Sequence[Any],
    inputs: Sequence[Any],
    pattern: SparsityPattern,
    complete: bool,
) -> Entrywise | None:
    """The entries of a Jacobian; None where the function does more than to move, scale and add a few elements."""
    try:
        return Entrywise(function, values, inputs, pattern, complete)
    except Exception:  # what else is wrong shows itself again on the ordinary way
        return None


def _carried(program: Any, values: Sequence[Any], inputs: Sequence[Any], constants: Constants) -> list[Any]:
    """The results of a program, those that depend on the last of its arguments as sums of terms."""
    directions, first = [], 1
    for leaf in inputs:
        count = math.prod(leaf.shape)
        source = np.arange(first, first + count, dtype=np.int32).reshape(leaf.shape)
        directions.append(Linear([Term(source, None)], leaf.shape, leaf.dtype))
        first += count
    return _walk(*open_program(program), [*values, *directions], constants)


def _length(program: Any) -> int:
    return sum(1 + sum(map(_length, programs_in(equation))) for equation in body_of(program).eqns)


def _walk(body: Any, consts: Sequence[Any], arguments: Sequence[Any], constants: Constants) -> list[Any]:
    known = dict(zip(body.invars, arguments, strict=True)) | dict(zip(body.constvars, consts, strict=True))

    def read(atom: Any) -> Any:
        return np.asarray(atom.val, atom.aval.dtype) if is_literal(atom) else known[atom]

    last = last_uses(body)  # a source is as large as the value
    for number, equation in enumerate(body.eqns):
        operands = [read(atom) for atom in equation.invars]
        inner = inner_program(equation) if equation.primitive.name in _CALLS else default_program(equation)
        if inner is not None:  # of platforms' ways the one for all others
            results = _walk(*open_program(inner), operands[len(operands) - len(body_of(inner).invars) :], constants)
        elif any(value is LOST for value in operands):
            results = [LOST] * len(equation.outvars)
        elif any(isinstance(value, Linear) for value in operands):
            results = _followed(equation, operands, constants)
        else:
            results = rebind(equation, operands)
            constants.note(equation, operands, results)
        known.update((var, value) for var, value in zip(equation.outvars, results, strict=True) if var in last)
        for atom in equation.invars:
            if not is_literal(atom) and last[atom] == number:
                known.pop(atom, None)
    return [read(atom) for atom in body.outvars]


def _followed(equation: Any, operands: Sequence[Any], constants: Constants) -> list[Any]:
    """What a step makes of sums of terms; LOST where it does more than is followed, which matters if it is read."""
    name, likes = equation.primitive.name, [var.aval for var in equation.outvars]
    try:
        if not all(jnp.issubdtype(like.dtype, jnp.floating) for like in likes):
            raise Unfit
        if name in SEVERAL:
            terms = SEVERAL[name](equation, operands, constants)
        elif name in RULES:
            terms = [RULES[name](equation, operands, constants)]
        else:
            raise Unfit
    except Unfit:
        return [LOST] * len(likes)
    return [Linear(own, like.shape, like.dtype) for own, like in zip(terms, likes, strict=True)]
