"""Whether a pattern holds every entry of a Jacobian, asked of the Jacobian itself by random products."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._checks import describe, fail, require_key
from ..._errors import ArgumentError, ArgumentTypeError, ShapeError, TracedValueError
from ..._plain import fitting, plain
from .._arguments import Argnames, Argnums, choose, select
from .._outputs import Traced, as_raised
from .pattern import SparsityPattern

__all__ = ["PatternCheck", "check_pattern"]

_MOST_GROUPS = 256
_MOST_NUMBERS = 4_000_000  # in the products computed together


@fitting
@dataclass(frozen=True)
class PatternCheck:
    """What a check of a pattern found, when it found no missing entry.

    Attributes:
        bound: the probability that an entry is missing all the same and was not noticed, at most, for each entry.
        products: how many products with the Jacobian were computed.
        unseen: the entries of the pattern that stood alone in a product at least once and were zero each time.
        undefined: the rows in which a product was not finite; they are not judged.
    """

    bound: float
    products: int
    unseen: SparsityPattern
    undefined: np.ndarray


@plain
def check_pattern(
    func: Callable[..., Any],
    pattern: SparsityPattern,
    /,
    *args: Any,
    key: jax.Array | None = None,
    rounds: int = 10,
    argnums: Argnums = None,
    argnames: Argnames = None,
    has_aux: bool = False,
    **kwargs: Any,
) -> PatternCheck:
    r"""Raise unless every entry of the Jacobian of `func` at these arguments that is not zero is in `pattern`.

    In each round the columns are dealt at random into $c$ groups, and a random vector $v$ that is zero outside one
    group must give $(J v)_i = 0$ in every row $i$ of the pattern that has no column in the group. An entry that is
    missing in a row of $d$ entries shows unless one of them shares its group, so that after $r$ rounds it has escaped
    with probability at most $(1 - (1 - 1/c)^d)^r$; $c = 2 d$ for the longest row, 256 at most. Where one round can
    afford each column its own product nothing escapes. Products that must be zero are exactly zero, so there is no
    tolerance.

    Args:
        func: a function of arrays or pytrees.
        pattern: the pattern to judge, with a row for each output element and a column for each input element.
        *args: the arguments of `func`, with values.
        key: a random key.
        rounds: how often the columns are dealt.
        argnums: the argument to differentiate by position, or a sequence of them; the first by default.
        argnames: the same by name, path or pattern; see ``grad``.
        has_aux: `func` returns ``(output, aux)``; aux is left out.
        **kwargs: keyword arguments of `func`.

    Returns:
        A PatternCheck: the bound, and the entries of the pattern that were never seen to be other than zero.

    Raises:
        ArgumentError: an entry is missing, which the message names; or `rounds` is not positive.
        ShapeError: the pattern has not the shape of the Jacobian.
        ArgumentTypeError: `pattern` is not a SparsityPattern, or there is no key.

    >>> x = fg.arange(5.0)
    >>> f = lambda x: x[1:] * x[:-1]
    >>> fg.check_pattern(f, fg.jacobian_pattern(f, x), x, key=fg.key(0)).unseen.rows  # where x is 0
    array([0], dtype=int32)

    Source: the zero test of Schwartz and Zippel, on groups as in Coleman and Moré (1983).
    """
    name = "check_pattern"
    if not callable(func):
        fail(
            ArgumentTypeError,
            name,
            "func must be a function",
            f"got {describe(func)}",
            f"write fg.{name}(f, pattern, x)",
        )
    handed: Any = pattern
    if not isinstance(handed, SparsityPattern):
        given = f"got {describe(handed)}"
        fail(ArgumentTypeError, name, "pattern must be a SparsityPattern", given, "make one with fg.jacobian_pattern")
    if rounds < 1:
        fail(ArgumentError, name, "rounds must be positive", f"got {rounds}", "leave it out")
    key = require_key(name, key)
    choice = choose(select(name, argnums, argnames), func, args, kwargs, "any")
    traced = Traced(choice, has_aux)
    if any(isinstance(leaf, jax.core.Tracer) for leaf in choice.leaves):
        given = "got an argument that is being traced"
        fail(TracedValueError, name, "the arguments must have values", given, "check the pattern outside fg.jit")
    with as_raised():
        product, shape = _products(traced, choice.leaves)
    if pattern.shape != shape:
        given = f"got {pattern.shape} for {shape}"
        remedy = "detect it again with fg.jacobian_pattern"
        fail(ShapeError, name, "the pattern must have a row for each output and a column for each input", given, remedy)
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())
    return _Probing(name, product, pattern).judged(rng, rounds)


def _products(traced: Traced, leaves: list[Any]) -> tuple[Callable[[np.ndarray], np.ndarray], tuple[int, int]]:
    """Products with rows of vectors over the columns, and the shape of the Jacobian."""
    outputs = jax.eval_shape(traced, leaves)[0]
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]
    rows = sum(out.size for out in outputs)

    def apart(vector: jax.Array, like: Any, ends: Any) -> list[jax.Array]:
        parts = jnp.split(vector, ends)
        return [part.reshape(leaf.shape).astype(leaf.dtype) for part, leaf in zip(parts, like, strict=True)]

    def joined(parts: Any) -> jax.Array:
        wide = [part.ravel() for part in parts]
        return jnp.concatenate(wide) if wide else jnp.zeros(0)

    def pushed(vector: jax.Array) -> jax.Array:
        return joined(jax.jvp(lambda x: traced(x)[0], (leaves,), (apart(vector, leaves, ends),))[1])

    columns = sum(leaf.size for leaf in leaves)
    try:
        jax.eval_shape(jax.vmap(pushed), jax.ShapeDtypeStruct((1, columns), np.float32))
    except TypeError:  # a custom_vjp has no forward derivative: each column's product is picked from the rows'
        pushed = _by_rows(traced, leaves, outputs, apart, joined)
    compiled = jax.jit(jax.vmap(pushed))
    return lambda vectors: np.asarray(compiled(jnp.asarray(vectors, np.float32))), (rows, columns)


def _by_rows(traced: Traced, leaves: list[Any], outputs: Any, apart: Any, joined: Any) -> Any:
    """J v as the derivative of the linear map u to J^T u, which reverse mode alone gives."""
    ends = np.cumsum([out.size for out in outputs])[:-1]
    zeros = jnp.zeros(sum(out.size for out in outputs), np.float32)

    def pushed(vector: jax.Array) -> jax.Array:
        def pulled(u: jax.Array) -> jax.Array:
            _, pull = jax.vjp(lambda x: traced(x)[0], leaves)
            return joined(pull(apart(u, outputs, ends))[0])

        return jax.vjp(pulled, zeros)[1](vector.astype(jax.eval_shape(pulled, zeros).dtype))[0]

    return pushed


class _Probing:
    """A pattern held against products with a Jacobian."""

    def __init__(self, name: str, product: Callable[[np.ndarray], np.ndarray], pattern: SparsityPattern):
        self.name, self.product, self.pattern = name, product, pattern
        self.rows, self.columns = pattern.shape
        self.count = 0
        self.undefined = np.zeros(self.rows, bool)

    def multiply(self, vectors: np.ndarray) -> np.ndarray:
        self.count += len(vectors)
        found = self.product(vectors)
        finite = np.isfinite(found)
        self.undefined |= ~finite.all(axis=0)
        return np.where(finite, found, 0)

    def judged(self, rng: np.random.Generator, rounds: int) -> PatternCheck:
        degrees = np.diff(self.pattern.indptr)
        open_rows = degrees[degrees < self.columns]  # a full row has nothing to miss
        longest = int(open_rows.max()) if open_rows.size else 0
        groups = min(max(2 * longest, 1), _MOST_GROUPS)
        alone = self.columns <= max(groups, 32)
        if alone:
            groups, rounds = self.columns, 1
        seen = np.zeros(self.pattern.nnz, bool)
        single = np.zeros(self.pattern.nnz, bool)
        for _ in range(rounds if self.columns and self.rows else 0):
            dealt = np.arange(self.columns) if alone else rng.integers(groups, size=self.columns)
            weights = rng.uniform(0.5, 1.0, self.columns) * rng.choice([-1, 1], self.columns)
            self.round(dealt, groups, weights, seen, single)
        bound = 0.0 if alone or not longest else (1 - (1 - 1 / groups) ** longest) ** rounds
        unseen = single & ~seen & ~self.undefined[self.pattern.rows]
        kept = SparsityPattern._sorted(self.pattern.shape, self.pattern.rows[unseen], self.pattern.cols[unseen])
        return PatternCheck(bound, self.count, kept, np.flatnonzero(self.undefined))

    def round(self, dealt: np.ndarray, groups: int, weights: np.ndarray, seen: np.ndarray, single: np.ndarray) -> None:
        """One product for each group; `seen` and `single` are told which entries stood alone, and were not zero."""
        step = max(1, min(groups, _MOST_NUMBERS // max(self.rows, self.columns)))
        mine = dealt[self.pattern.cols]
        for low in range(0, groups, step):
            high = low + step  # the last vectors may be zero, so that one program serves all
            vectors = np.zeros((step, self.columns))
            inside = np.flatnonzero((dealt >= low) & (dealt < high))
            vectors[dealt[inside] - low, inside] = weights[inside]
            found = self.multiply(vectors)
            held = np.flatnonzero((mine >= low) & (mine < high))
            places = (mine[held] - low).astype(np.int64) * self.rows + self.pattern.rows[held]
            counts = np.bincount(places, minlength=step * self.rows)
            outside = (found.ravel() != 0) & (counts == 0)
            if outside.any():
                group, row = divmod(int(outside.argmax()), self.rows)
                self.name_missing(row, np.flatnonzero(dealt == group + low), weights)
            only = held[counts[places] == 1]
            single[only] = True
            seen[only] |= found[mine[only] - low, self.pattern.rows[only]] != 0

    def name_missing(self, row: int, columns: np.ndarray, weights: np.ndarray) -> None:
        """Halve the columns until one is left, and say which."""
        while columns.size > 1:
            half = columns[: math.ceil(columns.size / 2)]
            vectors = np.zeros((1, self.columns))
            vectors[0, half] = weights[half]
            columns = half if self.multiply(vectors)[0, row] != 0 else columns[half.size :]
        unit = np.zeros((1, self.columns))
        unit[0, columns] = 1
        value = self.multiply(unit)[0, row]
        fail(
            ArgumentError,
            self.name,
            "every nonzero entry of the Jacobian must be in the pattern",
            f"the entry ({row}, {int(columns[0])}) is {value:.6g} and not in it",
            "detect the pattern again with fg.jacobian_pattern",
        )
