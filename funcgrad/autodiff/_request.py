"""One wish for a Jacobian, checked as far as that goes before a call, and what a call makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import jax

from .._checks import fail, is_concrete
from .._errors import ArgumentError
from ._arguments import (
    Argnames,
    Argnums,
    Choice,
    Selection,
    as_array,
    choose,
    inexact_dtype,
    require_callable,
    select,
)
from ._budget import chunk_within, estimated, measured, parse_bytes, require_room, shown
from ._dense import Blocks, Decision, computed, counted, decided, require_chunk
from ._outputs import Traced, as_raised
from ._structured import Found, Layout, Structures, require_sparse

__all__ = ["Answer", "Fitted", "Request", "apart", "request"]

Rebuilt: TypeAlias = Callable[[Sequence[Any]], tuple[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Answer:
    """What one call gave: blocks for each output leaf and each input leaf, and how they were computed."""

    choice: Choice
    traced: Traced
    blocks: Blocks
    floats: Sequence[jax.Array]  # the outputs that were differentiated, where they were asked for
    arrays: Sequence[jax.Array]
    decision: Decision
    layout: Layout | None = (
        None  # what makes matrices of the blocks, which are their entries; None where they are dense
    )

    def handed(self) -> list[list[Any]]:
        """The blocks, sparse ones as the matrices that were asked for."""
        return self.blocks if self.layout is None else self.layout.handed(self.blocks)

    def jacobian(self) -> tuple[Any, Any]:
        """The blocks in the structure of the output, and in it that of what was selected; and aux."""
        return self.traced.output([self.choice.assemble(row) for row in self.handed()], self.arrays)

    def aux(self) -> Any:
        """What the function returned beside its output."""
        return self.traced.output([None] * sum(self.traced.floating), self.arrays)[1]

    def value(self) -> tuple[Any, Any]:
        """The output of the function, and aux."""
        return self.traced.output(self.floats, self.arrays)


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    name: str
    func: Callable[..., Any]
    selection: Selection
    has_aux: bool
    mode: str
    chunk_size: int | None
    budget: int | None
    holomorphic: bool
    structures: Structures
    # How large a chunk the budget allows, for each combination of shapes: finding out takes several compilations.
    # A size is all that is kept, so that a function that has changed is never answered with what it was.
    _found: dict[Any, tuple[int | None, int | None]] = field(default_factory=dict)

    def choose(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Choice:
        """What the call differentiates."""
        return choose(self.selection, self.func, args, kwargs, "complex" if self.holomorphic else "real")

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any], value: bool = False) -> Answer:
        """Compute it, with the outputs themselves where `value` asks for them."""
        choice = self.choose(args, kwargs)
        with as_raised():
            if self.budget is None:
                return self._computed(choice, value, self.chunk_size)
            return self._within(args, kwargs, value)

    def _function(self, choice: Choice, value: bool) -> tuple[Traced, Callable[..., Any]]:
        traced = Traced(choice, self.has_aux, self.holomorphic)

        def function(leaves: Sequence[jax.Array]) -> tuple[list[jax.Array], Any]:
            floats, arrays = traced(leaves)
            return floats, (floats if value else [], arrays)

        return traced, function

    def _computed(self, choice: Choice, value: bool, chunk_size: int | None) -> Answer:
        traced, f = self._function(choice, value)
        x, structures = choice.leaves, self.structures
        known: Any = None
        found: Found | None
        if structures.required:
            found = structures.required_of(f, x, chunk_size)
        else:
            decision, y = counted(f, x, self.mode)
            early = structures.large(decision)
            # Of a large one the program is not looked at from inside where its pattern is sparse enough: that takes as
            # long, and an eager call does it each time.
            pattern = structures.promising(f, x, y, decision) if early else None
            found = structures.computed(f, x, y, pattern, chunk_size, decision)
            if found is None:
                decision, known = decided(f, x, self.mode, decision)
                pattern = pattern if early else structures.promising(f, x, y, decision)
                found = structures.computed(f, x, y, pattern, chunk_size, decision)
        if found is not None:
            blocks, (floats, arrays), decision, layout = found
            return Answer(choice, traced, blocks, floats, arrays, decision, layout)
        blocks, (floats, arrays), decision = computed(f, x, decision, known, chunk_size)
        return Answer(choice, traced, blocks, floats, arrays, decision)

    def fitted(self, given: Sequence[Any], rebuilt: Rebuilt, value: bool = False, compiled: bool = True) -> Fitted:
        """The largest chunk within the budget, and the program for it, a function of the arrays `given`."""
        answers: list[Answer] = []

        def run(chunk_size: int | None) -> Callable[[Sequence[Any]], Any]:
            def compute(arrays: Sequence[Any]) -> Any:
                answer = self._computed(self.choose(*rebuilt(arrays)), value, chunk_size)
                answers[:] = [answer]
                return answer.blocks, answer.floats, answer.arrays

            return compute

        try:
            blocks = jax.eval_shape(run(self.chunk_size), given)[0]
        except jax.errors.ConcretizationTypeError:
            required = "a function must not branch on values to be compiled, as max_bytes and plans need it"
            fail(
                ArgumentError, self.name, required, "got one that does", "write fg.cond or fg.where, or pass chunk_size"
            )
        like = [(leaf.shape, str(leaf.dtype)) for leaf in (*given, *jax.tree.leaves(blocks))]
        decision, key = answers[0].decision, (compiled, *like)
        needed = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(blocks))
        if self.budget is None:
            self._found[key] = self.chunk_size, None
        elif key not in self._found:
            what = f"the Jacobian of {decision.outputs} by {decision.inputs} numbers ({shown(needed)})"
            require_room(self.name, self.budget, needed, what)

            def peak(chunk_size: int | None) -> int | None:
                if compiled:
                    return measured(jax.jit(run(chunk_size)).lower(given).compile())
                return estimated(run(chunk_size), given)

            self._found[key] = chunk_within(self.name, self.budget, peak, decision.passes, needed)
        chunk_size, most = self._found[key]
        return Fitted(run(chunk_size), answers, decision, chunk_size, needed, most)

    def _within(self, args: tuple[Any, ...], kwargs: dict[str, Any], value: bool) -> Answer:
        given, rebuilt = apart(self.name, args, kwargs)
        concrete = all(is_concrete(array) for array in given)
        fitted = self.fitted(given, rebuilt, value, concrete)
        # Step by step everything would be written out: within a budget it is one compiled program.
        blocks, floats, arrays = (jax.jit(fitted.run) if concrete else fitted.run)(given)
        return replace(fitted.answers[0], blocks=blocks, floats=floats, arrays=arrays)


@dataclass(frozen=True)
class Fitted:
    """A program for a Jacobian and what is known of it before it runs.

    Attributes:
        run: from the arrays of a call to blocks, outputs and what else the function returned.
        answers: the answer with tracers that the last trace of `run` left.
        decision: how it is computed.
        chunk_size: how many rows or columns together; None for all.
        needed: the bytes of the result.
        peak: the most bytes that are taken, where that was told.
    """

    run: Callable[[Sequence[Any]], Any]
    answers: list[Answer]
    decision: Decision
    chunk_size: int | None
    needed: int
    peak: int | None


def apart(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Rebuilt]:
    """The arrays and floating numbers of a call, and the function that puts others in their places."""
    leaves, structure = jax.tree.flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array) or inexact_dtype(leaf) is not None]

    def rebuilt(arrays: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        return jax.tree.unflatten(structure, filled)

    return [as_array(name, leaves[i]) for i in places], rebuilt


def request(
    name: str,
    func: Callable[..., Any],
    argnums: Argnums,
    has_aux: bool,
    argnames: Argnames,
    mode: str,
    chunk_size: int | None,
    max_bytes: int | str | None,
    holomorphic: bool,
    sparse: Any = False,
    output: str = "dense",
    whole: bool = False,
) -> Request:
    """Check the options that all words for Jacobians share; `whole` asks for one matrix."""
    require_callable(name, func)
    require_chunk(name, chunk_size)
    if mode not in ("auto", "forward", "reverse"):
        fail(
            ArgumentError,
            name,
            "mode must be 'auto', 'forward' or 'reverse'",
            f"got {mode!r}",
            "leave it out to have it chosen",
        )
    budget = parse_bytes(name, max_bytes)
    if budget is not None and chunk_size is not None:
        fail(
            ArgumentError,
            name,
            "chunk_size and max_bytes are two ways to bound memory",
            "got both",
            "pass one of them",
        )
    selection = select(name, argnums, argnames)
    structures = Structures(name, require_sparse(name, sparse, output), output, mode, whole and output != "dense")
    return Request(name, func, selection, has_aux, mode, chunk_size, budget, holomorphic, structures)
