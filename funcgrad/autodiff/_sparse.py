"""Compiled sparse derivatives of one function: a program for each kind of call, found once and kept."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail
from .._claims import checking, claim
from .._errors import ArgumentError, ShapeError, TracedValueError
from ._arguments import Selection, choose
from ._calls import Call, array_key
from ._compressed import Compressed, Products
from ._dense import Leaves, size, slope
from ._entrywise import Entrywise, entrywise
from ._outputs import Traced, as_raised, lacks_derivative, require_scalar
from .coloring import Coloring, color
from .coloring._lines import require_symmetric
from .sparsity import SparsityPattern, hessian_pattern, jacobian_pattern

__all__ = ["Programs", "SparseProgram", "Wanted"]

_KEPT = 16  # programs of one function, the latest used


@dataclass(frozen=True)
class Wanted:
    """What is differentiated and how; `order` is 1 for a Jacobian and 2 for a Hessian."""

    func: Callable[..., Any]
    selection: Selection
    order: int
    has_aux: bool
    pattern: SparsityPattern | None
    coloring: Coloring | None
    mode: str
    chunk_size: int | None
    check: bool
    finish: Callable[[SparsityPattern], Callable[[jax.Array], Any]]


class Programs:
    """The programs of one function, by kind of call."""

    def __init__(self, wanted: Wanted):
        self.wanted = wanted
        self._programs: OrderedDict[Any, SparseProgram] = OrderedDict()
        self._latest: tuple[Any, SparseProgram] | None = None  # of one array, without looking further

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The matrix, or the pair (matrix, aux)."""
        seen = self._latest
        if seen is not None and len(args) == 1 and not kwargs and array_key(args[0]) == seen[0] and not checking():
            return seen[1].simply([args[0]])
        call = Call(self.wanted.selection.name, args, kwargs)
        program = self._programs.get(call.key)
        if program is None:
            with as_raised():
                program = self._programs[call.key] = SparseProgram(self.wanted, call)
            if len(self._programs) > _KEPT:
                self._programs.popitem(last=False)
        elif len(self._programs) > 1:
            self._programs.move_to_end(call.key)
        if program.simple and len(args) == 1 and not kwargs and (key := array_key(args[0])) is not None:
            self._latest = key, program
        return program.matrix(call)


class SparseProgram:
    """The entries of the matrix for one kind of call: carried through the program, or read off products with seeds.

    Attributes:
        pattern: that of the matrix.
        dtype: that of the entries.
        simple: whether nothing but the matrix is wanted.
    """

    def __init__(self, wanted: Wanted, call: Call):
        self.wanted, self._call = wanted, call
        self._traced: Any = None
        name = wanted.selection.name
        shapes: dict[str, Any] = {}

        def outputs(values: Sequence[Any]) -> Any:
            choice, f = self._function(values)
            shapes["inputs"] = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in choice.leaves]
            return f(choice.leaves)[0]

        try:
            found = jax.eval_shape(outputs, call.shapes())
        except jax.errors.ConcretizationTypeError as error:
            fail(
                TracedValueError,
                name,
                "the function must not ask for values of its arguments, because it is compiled",
                f"it did ({str(error).strip().splitlines()[0][:120].rstrip('.')})",
                "use fg.where or fg.cond, or close over the argument that decides",
            )
        inputs = shapes["inputs"]
        self.shape = size(found), size(inputs)
        self.pattern = self._pattern()
        if self.pattern.shape != self.shape:
            given = f"the pattern has {self.pattern.shape}"
            required = f"the pattern must have the shape of the matrix, {self.shape} for this call"
            fail(ShapeError, name, required, given, "leave the pattern out to have it found")

        if wanted.order == 2 and wanted.coloring is None and wanted.mode != "forward":
            require_symmetric(wanted.selection.name, self.pattern)
        self.dtype = jnp.result_type(*[leaf.dtype for leaf in found])
        self._eps = max((float(jnp.finfo(leaf.dtype).eps) for leaf in (*inputs, *found)), default=0.0)
        self._leaves = inputs, found
        way: Entrywise | Products | None = None
        if wanted.mode == "auto" and wanted.chunk_size is None:
            way = entrywise(self._along, call.shapes(), inputs, self.pattern, complete=wanted.pattern is None)
        self._way = self._products if way is None else way
        self._entries = jax.jit(lambda values, kept: self._way.computed(values, kept, value=False)[0])
        self._all = jax.jit(lambda values, kept: self._way.computed(values, kept, value=True))
        self._product = jax.jit(self._directional)
        self._finish = wanted.finish(self.pattern)
        self.simple = not wanted.has_aux and not wanted.check

    def matrix(self, call: Call) -> Any:
        """The matrix, or the pair (matrix, aux)."""
        if self.simple and not call.traced and not checking():
            return self.simply(call.values)
        data, value, rest = self.evaluate(call, value=self.wanted.has_aux)
        matrix = self._finish(data)
        if not self.wanted.has_aux:
            return matrix
        _, aux = self._traced.output(value, rest)
        return matrix, aux

    def simply(self, values: Sequence[jax.Array]) -> Any:
        """The matrix, where it is all that is wanted and nothing is traced."""
        try:
            return self._finish(self._entries(values, self._way.kept))
        except Exception:
            with as_raised():
                raise

    def evaluate(self, call: Call, value: bool = True) -> tuple[jax.Array, list[jax.Array], list[jax.Array]]:
        """The entries in the order of the pattern, the floating leaves of the output, and the other arrays in it.

        The latter two are there with `value`.
        """
        others: list[jax.Array] = []
        try:
            if checking():  # which keeps what is claimed in the function, traced anew
                data, others = self._products.anew(call.values)
            elif call.traced:
                # As plain constants XLA would make floats of the bytes, while it compiles.
                kept = jax.lax.optimization_barrier(self._way.kept)
                data, others = self._way.computed(call.values, kept, value=True)
            elif value:
                data, others = self._all(call.values, self._way.kept)
            else:
                data = self._entries(call.values, self._way.kept)
        except Exception:
            with as_raised():
                raise
        if self.wanted.check:
            self._require_complete(call, data)
        others = others[self._gradients :] if self.wanted.order == 2 else others
        return data, others[: self._outputs], others[self._outputs :]

    def _function(self, values: Sequence[Any]) -> tuple[Any, Leaves]:
        """The leaves to differentiate, and the function of them whose Jacobian the matrix is."""
        wanted = self.wanted
        args, kwargs = self._call.arguments(values)
        choice = choose(wanted.selection, wanted.func, args, kwargs)
        traced = Traced(choice, wanted.has_aux, holomorphic=False)

        def first(leaves: Sequence[jax.Array]) -> tuple[list[jax.Array], list[jax.Array]]:
            floats, arrays = traced(leaves)
            self._remember(traced, len(floats), len(leaves))
            return floats, arrays

        if wanted.order == 1:
            return choice, first

        def scalar(leaves: Sequence[jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
            floats, arrays = first(leaves)
            value = require_scalar(wanted.selection.name, traced.output(floats, arrays)[0], holomorphic=False)
            return value, [value, *arrays]

        def gradient(leaves: Sequence[jax.Array]) -> tuple[list[jax.Array], list[jax.Array]]:
            found, _, rest = slope(scalar, leaves)
            return found, rest

        return choice, gradient

    def _remember(self, traced: Traced, outputs: int, inputs: int) -> None:
        """Keep how the output goes together, and nothing that is being traced."""
        self._traced = Traced.__new__(Traced)
        vars(self._traced).update({key: value for key, value in vars(traced).items() if key != "choice"})
        self._outputs, self._gradients = outputs, inputs

    def _along(self, values: Sequence[Any], directions: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """The derivatives of the output along directions, one for each leaf, and what else the function gives."""
        choice, f = self._function(values)
        y, moved, rest = jax.jvp(f, (choice.leaves,), (list(directions),), has_aux=True)
        return moved, [*y, *rest]

    @functools.cached_property
    def _products(self) -> Products:
        """The entries by products, where that is the way or it is asked for."""

        def prepared(coloring: Coloring) -> Products:
            compressed = Compressed(coloring, *self._leaves, self.wanted.chunk_size)
            return Products(compressed, self._function, self._call.shapes())

        found: Products = self._prepared(prepared)
        return found

    @property
    def coloring(self) -> Coloring:
        """Which lines are computed together, where products are."""
        return self._products.compressed.coloring

    def _pattern(self) -> SparsityPattern:
        wanted = self.wanted
        if wanted.pattern is not None:
            return wanted.pattern
        args, kwargs = self._call.arguments(self._call.shapes())
        detect = jacobian_pattern if wanted.order == 1 else hessian_pattern
        names: dict[str, Any] = {"has_aux": wanted.has_aux}
        targets = wanted.selection.targets if wanted.selection.several else wanted.selection.targets[0]
        by_name = isinstance(wanted.selection.targets[0], str)
        names["argnames" if by_name else "argnums"] = targets
        return detect(wanted.func, *args, **names, **kwargs)

    def _prepared(self, prepared: Callable[[Coloring], Any]) -> Any:
        wanted = self.wanted
        if wanted.coloring is not None:
            return prepared(wanted.coloring)
        if wanted.mode != "auto":
            return prepared(color(self.pattern, wanted.mode))
        coloring = color(self.pattern, "auto" if wanted.order == 1 else "symmetric")
        try:
            return prepared(coloring)
        except Exception as error:  # a custom_vjp has no forward derivative, a while_loop none in reverse
            if not lacks_derivative(error):
                raise
            for mode in ("forward", "reverse"):
                if mode != coloring.mode:
                    try:
                        return prepared(color(self.pattern, mode))
                    except Exception:
                        continue
            raise error from None

    def _directional(self, values: Sequence[Any], direction: jax.Array) -> jax.Array:
        """The product of the whole matrix with a direction, raveled."""
        choice, f = self._function(values)
        ends = np.cumsum([leaf.size for leaf in choice.leaves])[:-1]
        parts = jnp.split(direction, ends)
        along = [p.reshape(leaf.shape).astype(leaf.dtype) for p, leaf in zip(parts, choice.leaves, strict=True)]
        moved = jax.jvp(lambda leaves: f(leaves)[0], (choice.leaves,), (along,))[1]
        return jnp.concatenate([line.ravel() for line in moved])

    def _require_complete(self, call: Call, data: jax.Array) -> None:
        """Raise where the matrix times a random direction is not the directional derivative."""
        traced = isinstance(data, jax.core.Tracer)  # by an argument, or by what the function closes over
        if traced and not checking():
            return
        m, n = self.shape
        direction = np.random.default_rng(0).uniform(0.5, 1.5, n) * np.random.default_rng(1).choice([-1.0, 1.0], n)
        along = jnp.asarray(direction, self.dtype)
        moved: Any = (self._directional if traced else self._product)(call.values, along)
        rows, cols = self.pattern.rows, self.pattern.cols
        wide = jnp.promote_types(data.dtype, jnp.float32)
        terms = data.astype(wide) * along.astype(wide)[cols]
        total = jnp.zeros(m, wide).at[rows].add(terms)
        scale = jnp.zeros(m, wide).at[rows].add(jnp.abs(terms))
        eps = self._eps
        allowed = 3 * eps**0.5 * (scale + jnp.abs(moved)) + 10 * eps * jnp.max(scale, initial=0)
        holds = ~(jnp.abs(total - moved) > allowed)
        claim(
            ArgumentError,
            self.wanted.selection.name,
            "the pattern must hold every entry that is not zero",
            "in row {row} the matrix times a direction gives {product}, and the derivative along it is {slope}",
            "leave the pattern out to have it found, or add what it lacks",
            holds if traced else np.asarray(holds),
            row=np.arange(m),
            product=total if traced else np.asarray(total),
            slope=moved if traced else np.asarray(moved),
        )
