"""Jacobians of which few entries can be nonzero: whether it pays to compute only these, and what they become."""

from __future__ import annotations

import copy
import itertools
import math
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._apart import computed_apart
from .._checks import describe, fail, is_concrete
from .._errors import ArgumentError, ArgumentTypeError, ShapeError, TracedValueError
from ._compressed import Compressed
from ._dense import Blocks, Decision, Leaves, size, sizes_out
from ._matrix_types import OUTPUTS, as_pattern, finish
from ._outputs import lacks_derivative
from .coloring import color
from .sparsity import SparsityPattern
from .sparsity._within import TooMany, pattern_within

__all__ = ["Found", "Layout", "Structures", "require_sparse"]

Found: TypeAlias = "tuple[Blocks, Any, Decision, Layout]"

# Smaller Jacobians are not looked at: finding a pattern and its colours takes some milliseconds, which is a part of
# what it takes to compile a program.
_WORTH_A_PATTERN = 2**12
# An eager call finds them anew each time, for as long as it takes to write so many entries, step by step.
_LARGE = 2**18
_FEWEST_PASSES = 32  # with fewer, there is little to save

# What counts as cheaper, in the number of products and in estimated work.
_CLEARLY = 0.5
_LESS = 0.75
_KEPT = 4  # patterns of one function, the latest used


def require_sparse(name: str, sparse: Any, output: str) -> Any:
    """The option `sparse`, checked: "auto", True, False or a pattern."""
    if output not in OUTPUTS:
        allowed = ", ".join(map(repr, OUTPUTS[:-1])) + f" or {OUTPUTS[-1]!r}"
        fail(ArgumentError, name, f"output must be {allowed}", f"got {output!r}", "leave it out for dense arrays")
    if sparse is False and output != "dense":
        given = f"got sparse=False and output={output!r}"
        fail(ArgumentError, name, "a sparse output needs the pattern of the Jacobian", given, "leave sparse out")
    if isinstance(sparse, bool) or (isinstance(sparse, str) and sparse == "auto"):
        return sparse
    if sparse is None or isinstance(sparse, str | int | float):
        required = "sparse must be 'auto', True, False or a pattern"
        wrong = ArgumentError if isinstance(sparse, str) else ArgumentTypeError
        given = repr(sparse) if isinstance(sparse, str) else describe(sparse)
        fail(wrong, name, required, f"got {given}", "leave it out to have it decided")
    return as_pattern(name, sparse)


@dataclass(frozen=True)
class _Block:
    """The part for one output leaf and one input leaf: which entries, and where they stand in it."""

    entries: np.ndarray | None  # None for all
    pattern: SparsityPattern
    shape: tuple[int, ...]
    dtype: Any


class Layout:
    """How the entries of a Jacobian become what is returned, in blocks or (`whole`) as one matrix."""

    def __init__(
        self,
        name: str,
        pattern: SparsityPattern,
        x: Sequence[Any],
        y: Sequence[Any],
        output: str,
        whole: bool,
    ):
        self._dense = output == "dense"
        self._rows = [list(row) for row in _blocks(pattern, x, y, whole)]
        self._finish = [
            [None if self._dense else finish(name, output, block.pattern) for block in row] for row in self._rows
        ]

    def written(self, data: jax.Array) -> Blocks:
        """The blocks as arrays, or the entries of each, of which `handed` makes matrices."""
        return [[self._written(block, data) for block in row] for row in self._rows]

    def handed(self, blocks: Blocks) -> list[list[Any]]:
        """What is returned."""
        if self._dense:
            return blocks
        pairs = zip(self._finish, blocks, strict=True)
        return [[made(data) for made, data in zip(*row, strict=True)] for row in pairs]  # type: ignore[misc]

    def _written(self, block: _Block, data: jax.Array) -> jax.Array:
        own = data if block.entries is None else data[block.entries]
        own = own.astype(block.dtype)
        if not self._dense:
            return own
        pattern = block.pattern
        options: dict[str, Any] = {"indices_are_sorted": True, "unique_indices": True, "mode": "promise_in_bounds"}
        empty = jnp.zeros(pattern.shape, block.dtype)
        return empty.at[pattern.rows, pattern.cols].set(own, **options).reshape(block.shape)


def _blocks(pattern: SparsityPattern, x: Sequence[Any], y: Sequence[Any], whole: bool) -> Iterator[Iterator[_Block]]:
    if whole or len(x) == len(y) == 1:
        shape = pattern.shape if whole else (*y[0].shape, *x[0].shape)
        yield iter([_Block(None, pattern, shape, jnp.result_type(*[leaf.dtype for leaf in y]))])
        return
    for out, (top, bottom) in zip(y, _spans(y), strict=True):
        low, high = pattern.indptr[top], pattern.indptr[bottom]

        def row(out: Any = out, top: int = top, low: int = low, high: int = high) -> Iterator[_Block]:
            cols = pattern.cols[low:high]
            for leaf, (left, right) in zip(x, _spans(x), strict=True):
                entries = np.flatnonzero((cols >= left) & (cols < right)) + low
                places = (pattern.rows[entries] - top, pattern.cols[entries] - left)
                own = SparsityPattern((math.prod(out.shape), math.prod(leaf.shape)), *places)
                yield _Block(entries, own, (*out.shape, *leaf.shape), out.dtype)

        yield row()


def _spans(leaves: Sequence[Any]) -> list[tuple[int, int]]:
    ends = [0, *itertools.accumulate(math.prod(leaf.shape) for leaf in leaves)]
    return list(itertools.pairwise(ends))


@dataclass(frozen=True)
class _Structure:
    """A pattern with its colours, for arguments and outputs of given shapes."""

    compressed: Compressed
    layout: Layout

    def decision(self, inputs: int, outputs: int) -> Decision:
        coloring = self.compressed.coloring
        text = f"sparse, {coloring.pattern.nnz:,} entries"
        mode, count = coloring.mode, coloring.count
        return Decision(mode, inputs, outputs, count, text, colors=count, pattern=coloring.pattern)


@dataclass(frozen=True)
class Structures:
    """What was asked for, and what was found for the latest patterns: the colours of a pattern never change."""

    name: str
    sparse: Any
    output: str
    mode: str
    whole: bool
    _known: OrderedDict[Hashable, _Structure] = field(default_factory=OrderedDict)

    @property
    def required(self) -> bool:
        """Whether the entries are computed sparsely in any case."""
        return self.output != "dense" or self.sparse not in ("auto", False)

    def required_of(self, f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> Found:
        """The Jacobian from the entries that can be nonzero."""
        pattern, y = self._pattern(f, x)
        found = self.computed(f, x, y, pattern, chunk_size, None)
        assert found is not None
        return found

    def computed(
        self,
        f: Leaves,
        x: Sequence[jax.Array],
        y: Sequence[Any],
        pattern: SparsityPattern | None,
        chunk_size: int | None,
        ordinary: Decision | None,
    ) -> Found | None:
        """The Jacobian from the entries in a pattern; None where there is none or it does not pay."""
        if pattern is None:
            return None
        error: Exception | None = None
        for mode in ("auto", "reverse", "forward") if self.mode == "auto" else (self.mode,):
            structure = self._structure(pattern, mode, x, y, chunk_size)
            if ordinary is not None and not _pays(structure.compressed, ordinary):
                return None
            try:
                blocks, rest = _entries(structure, f, x)
            except Exception as raised:  # a custom_vjp has no forward derivative, a while_loop none in reverse
                if not lacks_derivative(raised):
                    raise
                error = error or raised
                continue
            return blocks, rest, structure.decision(size(x), size(y)), structure.layout
        if ordinary is not None:
            return None
        assert error is not None
        raise error from None

    def large(self, ordinary: Decision) -> bool:
        """Whether the pattern is looked for before the program is looked at from inside."""
        return ordinary.inputs * ordinary.outputs >= _LARGE

    def _pattern(self, f: Leaves, x: Sequence[jax.Array]) -> tuple[SparsityPattern, Sequence[Any]]:
        """The pattern given, or the one found; raises where there is none."""
        given = self.sparse
        if not isinstance(given, SparsityPattern):
            try:
                given = pattern_within(self.name, lambda *leaves: f(leaves)[0], x, math.inf)
            except TracedValueError:
                option = f"output={self.output!r}" if self.sparse == "auto" else "sparse=True"
                fail(
                    TracedValueError,
                    self.name,
                    f"with {option} the function must not ask for values, because its pattern holds for all of them",
                    "it asked for one",
                    "use fg.where or fg.cond, pass a pattern, or leave the option out",
                )
        y = sizes_out(f, x)
        if given.shape != (size(y), size(x)):
            fail(
                ShapeError,
                self.name,
                f"the pattern must have the shape of the matrix, {(size(y), size(x))} for this call",
                f"got {given.shape}",
                "leave the pattern out to have it found",
            )
        return given, y

    def promising(
        self, f: Leaves, x: Sequence[jax.Array], y: Sequence[Any], ordinary: Decision
    ) -> SparsityPattern | None:
        """The pattern, where the size of the matrix and the number of entries do not rule out that it pays."""
        fewest = _LARGE if all(is_concrete(leaf) for leaf in x) else _WORTH_A_PATTERN
        if ordinary.inputs * ordinary.outputs < fewest or ordinary.passes < _FEWEST_PASSES:
            return None
        written = ordinary.work is not None and not ordinary.work.total
        if self.sparse is False or written or len({leaf.dtype for leaf in (*x, *y)}) > 1:
            return None
        # A product shows at most as many entries as the matrix has rows or columns. Some are counted twice at first.
        most = ordinary.passes * max(ordinary.inputs, ordinary.outputs)
        try:
            pattern = pattern_within(self.name, lambda *leaves: f(leaves)[0], x, _LESS * most)
        except TooMany:
            return None
        except Exception:  # whatever it is, it shows itself again on the ordinary way, if it is there as well
            return None
        longest = {
            "forward": int(np.diff(pattern.indptr).max(initial=0)),
            "reverse": int(np.bincount(pattern.cols, minlength=1).max(initial=0)),
        }
        bound = longest.get(self.mode, min(longest.values()))
        few_long = self.mode == "auto" and 16 * pattern.nnz < most
        return pattern if bound <= _CLEARLY * ordinary.passes or few_long else None

    def _structure(
        self, pattern: SparsityPattern, mode: str, x: Sequence[Any], y: Sequence[Any], chunk_size: int | None
    ) -> _Structure:
        like = tuple((leaf.shape, leaf.dtype) for leaf in (*x, *y))
        key = (pattern, mode, len(x), like)
        if key not in self._known:
            layout = Layout(self.name, pattern, x, y, self.output, self.whole)
            self._known[key] = _Structure(Compressed(color(pattern, mode), x, y), layout)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        structure = self._known[key]
        compressed = copy.copy(structure.compressed)
        compressed.chunk_size = chunk_size
        return _Structure(compressed, structure.layout)


def _pays(compressed: Compressed, ordinary: Decision) -> bool:
    coloring, work = compressed.coloring, ordinary.work
    if work is None:  # shortcuts may save as much as seven parts of eight
        return coloring.count <= ordinary.passes * (_CLEARLY if ordinary.looked_at else _CLEARLY / 4)
    return coloring.column_count * work.forward + coloring.row_count * work.reverse <= _LESS * work.total


def _entries(structure: _Structure, f: Leaves, x: Sequence[jax.Array]) -> tuple[Blocks, Any]:
    compressed = structure.compressed
    seeds = compressed.seeds

    def found(x: Sequence[jax.Array]) -> tuple[list[jax.Array], Any]:
        products, _, rest = compressed.products(f, x, seeds)
        return products, rest

    if all(is_concrete(leaf) for leaf in x) or not seeds:
        products, rest = found(x)
    else:
        seeds = jax.lax.optimization_barrier(seeds)  # or the compiler multiplies them out itself, for seconds
        products, rest = computed_apart(found, x)
    return structure.layout.written(compressed.entries(products, compressed.places)), rest
