"""Patterns of Jacobians and Hessians, found by following dependences through the traced program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._checks import describe, fail
from ..._errors import ArgumentError, ArgumentTypeError, TracedValueError
from ..._jax import body_of, holds
from ..._plain import plain
from .._arguments import Argnames, Argnums, Choice, choose, select
from .._outputs import Traced, as_raised, require_scalar, split_aux
from . import (  # noqa: F401  rules register themselves
    _blocks,
    _contractions,
    _indexing,
    _loops,
    _movement,
    _pointwise,
    _reductions,
    _sparse_products,
)
from ._propagation import Known, Propagation, seed
from ._sets import Dependence, assemble
from .pattern import SparsityPattern

__all__ = ["hessian_pattern", "jacobian_pattern"]

_MOST_ENTRIES = 1_000_000_000
_RULES_OF_USERS = ("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr")


@plain
def jacobian_pattern(
    func: Callable[..., Any],
    /,
    *args: Any,
    argnums: Argnums = None,
    argnames: Argnames = None,
    has_aux: bool = False,
    local: bool = False,
    **kwargs: Any,
) -> SparsityPattern:
    r"""The places where the Jacobian $\partial f_i / \partial x_j$ can be nonzero, for all arguments or at one point.

    The program of `func` is read once; nothing is differentiated. Without `local` the pattern holds for every value of
    the arguments; arrays that `func` closes over are constants, whose zeros and indices are used. What is not
    understood counts as dense and leaves a note in ``pattern.reasons``.

    Args:
        func: a function of arrays or pytrees.
        *args: its arguments: arrays, or ``jax.ShapeDtypeStruct`` where only the shape matters.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        argnames: the same by name, path or pattern; see ``grad``.
        has_aux: `func` returns ``(output, aux)``; aux is left out.
        local: the pattern at these values only: branches, maxima, indices and factors of zero are those of this point;
            where values that are compared agree but for their rounding, it may be one of either.
        **kwargs: keyword arguments of `func`.

    Returns:
        A SparsityPattern of shape (m, n): a row for each of the m elements of the floating output leaves, a column for
        each of the n elements of the floating leaves selected, each in the order of the tree, raveled.

    Raises:
        DtypeError: what is selected, or the output, has no floating leaf.
        ArgumentError: there is no such argument or path; or the pattern is so dense that it does not fit in memory.
        TracedValueError: `local` without values, or `func` asks for values while it is traced.

    >>> fg.jacobian_pattern(lambda x: x[1:] * x[:-1], fg.ones(5))
    SparsityPattern(shape=(4, 5), nnz=8, density=0.4)
    ⠙⢦⡀
    >>> fg.jacobian_pattern(fg.relu, fg.tensor([-1.0, 2.0, 3.0]), local=True).rows
    array([1, 2], dtype=int32)

    Source: Griewank and Walther, Evaluating Derivatives, 2nd ed. (2008), chapter 7.
    """
    program = _Program("jacobian_pattern", func, args, kwargs, argnums, argnames, has_aux, local)
    with as_raised():
        return program.pattern(program.trace(lambda traced, leaves: traced(leaves)[0]))


@plain
def hessian_pattern(
    func: Callable[..., Any],
    /,
    *args: Any,
    argnums: Argnums = None,
    argnames: Argnames = None,
    has_aux: bool = False,
    local: bool = False,
    **kwargs: Any,
) -> SparsityPattern:
    r"""The places where the Hessian $\partial^2 f / \partial x_i \partial x_j$ of a scalar function can be nonzero.

    It is the Jacobian pattern of the gradient, in which what is linear no longer stands. As a Hessian is symmetric, an
    entry counts only if its mirror does too.

    Args:
        func: a function of arrays or pytrees that returns a floating scalar.
        *args: its arguments: arrays, or ``jax.ShapeDtypeStruct`` where only the shape matters.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        argnames: the same by name, path or pattern; see ``grad``.
        has_aux: `func` returns ``(output, aux)``; aux is left out.
        local: the pattern at these values only; see ``jacobian_pattern``.
        **kwargs: keyword arguments of `func`.

    Returns:
        A symmetric SparsityPattern of shape (n, n), rows and columns for the n elements of the floating leaves
        selected, in the order of the tree, raveled.

    Raises:
        DtypeError: what is selected, or the output, has no floating leaf.
        ShapeError: the output is not a scalar.
        ArgumentError: there is no such argument or path; or the pattern is so dense that it does not fit in memory.
        TracedValueError: `local` without values, or `func` asks for values while it is traced.

    >>> pattern = fg.hessian_pattern(lambda x: (x[0] * x[1]) + x[2] ** 2 + x[3], fg.ones(4))
    >>> pattern.rows, pattern.cols
    (array([0, 1, 2], dtype=int32), array([1, 0, 2], dtype=int32))

    Source: Gower and Mello, A new framework for the computation of Hessians (2012); ``jax.hessian`` for the values.
    """
    program = _Program("hessian_pattern", func, args, kwargs, argnums, argnames, has_aux, local)

    def scalar(traced: Traced, leaves: list[Any]) -> Any:
        output, _ = split_aux(traced.name, traced.choice.call(leaves), has_aux)
        return require_scalar(traced.name, output, bool(leaves) and jnp.iscomplexobj(leaves[0]))

    with as_raised():
        function = program.trace(lambda traced, leaves: [scalar(traced, leaves)])
        holomorphic = any(jnp.issubdtype(leaf.dtype, jnp.complexfloating) for leaf in program.chosen)
        slope = jax.grad(lambda leaves, traced: scalar(traced, leaves), holomorphic=holomorphic)
        try:
            gradient = program.trace(lambda traced, leaves: slope(leaves, traced))
        except (TypeError, ValueError) as error:  # a loop of unknown length has no reverse mode
            return _outer(program.pattern(function), str(error))
    found = program.pattern(gradient)
    mirrored = found.T
    if any(holds(function, name) for name in _RULES_OF_USERS):  # whose derivatives need not be symmetric
        return found | mirrored
    return _both(found, mirrored)


class _Program:
    """A call to be traced: its arrays are placeholders, and which of them are differentiated is known once it is."""

    def __init__(
        self,
        name: str,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        argnums: Argnums,
        argnames: Argnames,
        has_aux: bool,
        local: bool,
    ):
        if not callable(func):
            fail(ArgumentTypeError, name, "func must be a function", f"got {describe(func)}", f"write fg.{name}(f, x)")
        self.name, self.func, self.has_aux, self.local = name, func, has_aux, local
        self.selection = select(name, argnums, argnames)
        self.leaves, self.tree = jax.tree.flatten((args, kwargs), is_leaf=lambda node: node is None)
        self.arrays = [i for i, leaf in enumerate(self.leaves) if _is_array(leaf)]
        self.order: list[int] = []  # for each leaf selected its number among the arrays
        self.chosen: list[Any] = []  # placeholders of the leaves selected
        if local:
            for i in self.arrays:
                _require_value(name, self.leaves[i])

    def trace(self, function: Callable[[Traced, list[Any]], Any]) -> Any:
        """The program of `function` of the call and the leaves selected, as a function of all arrays."""

        def whole(arrays: list[Any]) -> Any:
            filled = list(self.leaves)
            for i, value in zip(self.arrays, arrays, strict=True):
                filled[i] = value
            args, kwargs = jax.tree.unflatten(self.tree, filled)
            choice: Choice = choose(self.selection, self.func, args, kwargs, "any")
            numbers = {id(value): i for i, value in enumerate(arrays)}
            self.order = [numbers[id(leaf)] for leaf in choice.leaves]
            self.chosen = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in choice.leaves]
            return function(Traced(choice, self.has_aux), choice.leaves)

        try:
            return jax.make_jaxpr(whole)([_placeholder(self.leaves[i]) for i in self.arrays])
        except jax.errors.ConcretizationTypeError:
            fail(
                TracedValueError,
                self.name,
                "the function must not ask for values of its array arguments, which are left open",
                "it asked for one",
                "use fg.where or fg.cond, or close over the argument that decides",
            )

    def pattern(self, program: Any) -> SparsityPattern:
        """The pattern of a traced program's outputs with respect to the leaves selected."""
        body = body_of(program)
        known = [Known(var.aval, value=self._value(i)) for i, var in zip(self.arrays, body.invars, strict=True)]
        columns = 0
        for i in self.order:
            shape = known[i].shape
            known[i] = Known(known[i], seed(shape, columns), known[i].raw)
            columns += int(np.prod(shape))
        run = Propagation(columns)
        found = run.run(program, known)
        smooth = [one.dependence for one in found if jnp.issubdtype(one.dtype, jnp.inexact)]
        return self._collected(smooth, columns, run.reasons)

    def _value(self, i: int) -> Any:
        if not self.local:
            return None
        leaf = self.leaves[i]
        return leaf if isinstance(leaf, jax.Array) else np.asarray(leaf, _placeholder(leaf).dtype)

    def _collected(self, outputs: Sequence[Dependence], columns: int, reasons: list[str]) -> SparsityPattern:
        entries = sum(part.entries() for part in outputs)
        rows = sum(int(np.prod(part.shape)) for part in outputs)
        if min(entries, rows * columns) > _MOST_ENTRIES:
            fail(
                ArgumentError,
                self.name,
                f"the pattern must have at most {_MOST_ENTRIES} entries",
                f"this one has up to {min(entries, rows * columns)} in {rows} × {columns}"
                + (f", because {reasons[0]}" if reasons else ""),
                "products with this Jacobian, fg.jvp and fg.vjp, need no pattern",
            )
        whole = assemble([part.reshaped((-1,)) for part in outputs], np.concatenate)
        starts, cols = whole.csr()
        numbers = np.repeat(np.arange(rows, dtype=np.int32), np.diff(starts))
        return SparsityPattern._sorted((rows, columns), numbers, cols, reasons)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | np.generic | float | complex | jax.ShapeDtypeStruct)


def _placeholder(leaf: Any) -> Any:
    if isinstance(leaf, jax.Array | jax.ShapeDtypeStruct):
        weak = getattr(leaf, "weak_type", False)
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, weak_type=bool(weak))
    weak = isinstance(leaf, float | complex) and not isinstance(leaf, np.generic)
    return jax.ShapeDtypeStruct(np.shape(leaf), jnp.result_type(leaf), weak_type=weak)


def _require_value(name: str, leaf: Any) -> None:
    if isinstance(leaf, jax.ShapeDtypeStruct | jax.core.Tracer):
        given = describe(leaf) if isinstance(leaf, jax.ShapeDtypeStruct) else "an argument that is being traced"
        fail(
            TracedValueError,
            name,
            "local=True needs the values of all arguments",
            f"got {given}",
            "pass arrays, or leave local out for the pattern of all values",
        )


def _both(one: SparsityPattern, other: SparsityPattern) -> SparsityPattern:
    """The places of both patterns."""
    if one == other:
        return one
    n = one.shape[1]
    keys = [pattern.rows.astype(np.int64) * n + pattern.cols for pattern in (one, other)]
    held = np.isin(keys[0], keys[1], assume_unique=True)
    return SparsityPattern._sorted(one.shape, one.rows[held], one.cols[held], one.reasons)


def _outer(first: SparsityPattern, why: str) -> SparsityPattern:
    """All pairs of the columns that a function depends on."""
    n = first.shape[1]
    cols = np.unique(first.cols)
    brief = why.strip().splitlines()[0][:100].rstrip(".")
    reason = f"the gradient by reverse mode does not exist ({brief}); all pairs of what matters are taken"
    rows = np.repeat(cols, cols.size)
    return SparsityPattern._sorted((n, n), rows, np.tile(cols, cols.size), (*first.reasons, reason))
