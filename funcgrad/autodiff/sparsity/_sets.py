"""Which input columns each element of an array depends on, kept as a few index maps over shared sets of columns.

An array's dependence is a list of terms. A term is a bank, a family of sets of columns, and a map, an integer array
shaped as the array: element $i$ depends on set ``map[i]`` of the bank, or on nothing by this term where it is -1. The
bank None is that of the single columns, so an input is the one term (None, 0 1 2 …). Slicing, transposing and
broadcasting are views of maps; a stencil is as many terms as it has points; a sum over everything is one set that all
elements of what it is broadcast to share.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from ._rows import Bank, csr_rows, one_set, product, same_bank, together

__all__ = [
    "Dependence",
    "Term",
    "assemble",
    "everything",
    "joined",
    "nothing",
    "places",
    "reduce",
    "through",
    "union",
]

_MANY_TERMS = 24  # more are packed together
_WIDE = 16  # a packed array with more columns an element is a bank of its own
_SMALL = 8  # so many terms a reduction may leave instead of a bank
_MOST_PACKED = 60_000_000  # entries; beyond, terms are left apart
_INDEX = np.int32


@functools.lru_cache(maxsize=256)
def _samples(shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    if not shape:
        return ()
    size = int(np.prod(shape))
    # Not in even steps, which would see one edge of a grid only.
    flat = np.unique(np.concatenate([np.linspace(0, size - 1, 9), (np.arange(8) * 0.618 % 1) * (size - 1)]).astype(int))
    return np.unravel_index(flat, shape)


class Term:
    """A bank, and for each element the number of its set, or -1."""

    __slots__ = ("_sample", "bank", "map")

    def __init__(self, bank: Bank | None, map: np.ndarray):
        self.bank = bank
        self.map = np.asarray(map)  # arithmetic on 0-d arrays gives scalars
        self._sample: np.ndarray | None = None

    def sample(self) -> np.ndarray:
        if self._sample is None:
            self._sample = np.atleast_1d(self.map[_samples(self.map.shape)])
        return self._sample

    def merged(self, other: Term) -> Term | None:
        """One term for both, where none of their elements have two different sets."""
        if not same_bank(self.bank, other.bank):
            return None
        a, b = self.map, other.map
        if a is b or not a.size:
            return self
        if np.array_equal(a, b):
            return self
        high = np.maximum(a, b)
        low = np.minimum(a, b)
        if ((low < 0) | (low == high)).all():
            return Term(self.bank, high)
        return None


class Dependence:
    """What each element of an array of `shape` depends on."""

    __slots__ = ("shape", "terms")

    def __init__(self, shape: tuple[int, ...], terms: list[Term]):
        self.shape = shape
        self.terms = terms

    def moved(self, move: Callable[[np.ndarray], np.ndarray]) -> Dependence:
        """Every element where `move` takes it in an array of indices."""
        if not self.terms:
            return nothing(move(np.broadcast_to(_INDEX(0), self.shape)).shape)
        terms = [Term(term.bank, move(term.map)) for term in self.terms]
        return Dependence(terms[0].map.shape, terms)

    def reshaped(self, shape: tuple[int, ...]) -> Dependence:
        return self.moved(lambda m: m.reshape(shape))

    def transposed(self, order: Sequence[int]) -> Dependence:
        return self.moved(lambda m: np.transpose(m, order))

    def piece(self, begin: int, shape: tuple[int, ...]) -> Dependence:
        """The elements from `begin` on, in a shape."""
        return self.moved(lambda m: m.reshape(-1)[begin : begin + int(np.prod(shape))].reshape(shape))

    def where(self, mask: np.ndarray) -> Dependence:
        """Nothing where `mask` is false."""
        if not self.terms or mask.all():
            return self
        if not mask.any():
            return nothing(self.shape)
        return Dependence(self.shape, [Term(t.bank, np.where(mask, t.map, _INDEX(-1))) for t in self.terms])

    def broadcast(self, shape: tuple[int, ...]) -> Dependence:
        return self if self.shape == shape else self.moved(lambda m: np.broadcast_to(m, shape))

    def taken(self, at: np.ndarray) -> Dependence:
        """Element ``at[...]`` of the flattened array at each place, nothing where it is -1."""
        valid = at >= 0
        whole = bool(valid.all())
        safe = at if whole else np.maximum(at, 0)

        def take(map: np.ndarray) -> np.ndarray:
            found = map.ravel()[safe]
            return found if whole else np.where(valid, found, _INDEX(-1))

        if not self.terms or not valid.any():
            return nothing(at.shape)
        return Dependence(at.shape, [Term(t.bank, take(t.map)) for t in self.terms])

    def entries(self) -> int:
        """How many (element, column) pairs the terms hold, repeated ones included."""
        total = 0
        for term in self.terms:
            if term.bank is None:
                total += int(np.count_nonzero(term.map >= 0))
            else:
                lengths = np.append(term.bank.lengths(), 0)
                total += int(lengths[term.map].sum())
        return total

    def csr(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the columns of each element begin, and the columns, sorted and each once."""
        return csr_rows(int(np.prod(self.shape)), [(t.bank, t.map.reshape(-1, 1)) for t in self.terms])

    def packed(self) -> Dependence:
        """The same with fewer terms, where that can be."""
        if self.entries() > _MOST_PACKED * (1 + (all(t.bank is None for t in self.terms) * 9)):
            return self
        return _from_csr(self.shape, *self.csr())


def nothing(shape: tuple[int, ...]) -> Dependence:
    """Constants."""
    return Dependence(tuple(shape), [])


def places(shape: tuple[int, ...]) -> np.ndarray:
    """The number of each element of an array, counted as it is stored."""
    return np.arange(int(np.prod(shape)), dtype=_INDEX).reshape(shape)


def union(parts: Sequence[Dependence], shape: tuple[int, ...]) -> Dependence:
    """On all that the parts depend on, elementwise; scalars are spread."""
    found = Dependence(shape, _merged([t for part in parts if part.terms for t in part.broadcast(shape).terms]))
    if len(found.terms) > _SMALL:
        found = Dependence(shape, _absorbed(found.terms))
    return found.packed() if len(found.terms) > _MANY_TERMS else found


def _absorbed(terms: list[Term]) -> list[Term]:
    """One term alone, where it is a set that all elements share and that holds all others."""
    for term in terms:
        if term.bank is None or term.bank.starts.size > 2 or any(term.map.strides) or not term.map.size:
            continue
        if term.map.flat[0] < 0 or not term.bank.cols.size:
            continue
        held = np.zeros(int(term.bank.cols[-1]) + 1, bool)
        held[term.bank.cols] = True
        others = {id(t.bank): t.bank.cols for t in terms if t.bank is not None}
        columns = [*others.values(), *(t.map for t in terms if t.bank is None)]
        if all(_all_held(held, each) for each in columns):
            return [term]
    return terms


def _all_held(held: np.ndarray, columns: np.ndarray) -> bool:
    """Whether each of some columns is flagged; -1 is none."""
    if columns.max(initial=-1) >= held.size:
        return False
    return bool(held[columns].all() if columns.min(initial=0) >= 0 else held[columns[columns >= 0]].all())


def _merged(terms: list[Term]) -> list[Term]:
    """Fewer terms: one for those that differ nowhere, or only where one of them has nothing."""
    if len(terms) < 2 or not terms[0].map.size:
        return terms[:1]
    samples = np.stack([term.sample() for term in terms])
    valid = samples >= 0
    # Most differ somewhere among a few places, which shows without looking at all of them.
    apart = ((samples[:, None] != samples) & valid[:, None] & valid).any(axis=2)
    kept: list[int] = []
    for new in range(len(terms)):
        for old in kept:
            one = None if apart[old, new] else terms[old].merged(terms[new])
            if one is not None:
                terms[old] = one
                apart[old] |= apart[new]
                break
        else:
            kept.append(new)
    return [terms[i] for i in kept]


def assemble(parts: Sequence[Dependence], build: Callable[[list[np.ndarray]], np.ndarray]) -> Dependence:
    """An array whose every element is one of an element of the parts: `build` says so of index arrays.

    Where nothing comes from the parts, `build` is to leave -1.
    """
    banks: list[Bank | None] = []
    found: list[list[list[np.ndarray]]] = []  # by bank and part
    for number, part in enumerate(parts):
        for term in part.terms:
            at = next((i for i, bank in enumerate(banks) if same_bank(bank, term.bank)), len(banks))
            if at == len(banks):
                banks.append(term.bank)
                found.append([[] for _ in parts])
            found[at][number].append(term.map)
    blanks = [np.broadcast_to(_INDEX(-1), part.shape) for part in parts]
    terms: list[Term] = []
    for bank, maps in zip(banks, found, strict=True):
        for i in range(max(map(len, maps))):
            lined_up = [m[i] if i < len(m) else blank for m, blank in zip(maps, blanks, strict=True)]
            terms.append(Term(bank, build(lined_up)))
    if not terms:
        return nothing(build(blanks).shape)
    if len(banks) > _MANY_TERMS:  # as where an array is written element by element
        terms = _merged([Term(bank, map) for bank, map in together([(t.bank, t.map) for t in terms], 1)])
    return Dependence(terms[0].map.shape, terms)


def everything(parts: Sequence[Dependence], shape: tuple[int, ...], columns: int) -> Dependence:
    """Each element on all that any element of the parts depends on."""
    pieces = [(term.bank, term.map.reshape(1, -1)) for part in parts for term in part.terms]
    if not pieces:
        return nothing(shape)
    bank = one_set(pieces, columns)
    return Dependence(shape, [Term(bank, np.broadcast_to(_INDEX(0), shape))])


def reduce(part: Dependence, axes: Sequence[int], columns: int) -> Dependence:
    """Each element on all along `axes`, which remain with size one."""
    shape = tuple(1 if i in axes else n for i, n in enumerate(part.shape))
    if not part.terms or 0 in part.shape:
        return nothing(shape)
    terms: list[Term] = []
    apart: list[tuple[Bank | None, np.ndarray]] = []
    for term in part.terms:
        # What has no stride is the same all along.
        alike = [i for i in axes if term.map.strides[i] == 0]
        map = term.map[tuple(slice(0, 1) if i in alike else slice(None) for i in range(term.map.ndim))]
        left = [i for i in axes if map.shape[i] > 1]
        count = int(np.prod([map.shape[i] for i in left]))
        if count * len(part.terms) <= _SMALL or count == 1:
            for place in np.ndindex(*(map.shape[i] for i in left)):
                at = [slice(None)] * map.ndim
                for i, k in zip(left, place, strict=True):
                    at[i] = slice(k, k + 1)
                terms.append(Term(term.bank, map[tuple(at)]))
        else:
            groups = np.moveaxis(map, left, range(map.ndim - len(left), map.ndim))
            apart.append((term.bank, groups.reshape(-1, count)))
    if apart:
        size = int(np.prod(shape))
        if size == 1:
            terms.append(Term(one_set(apart, columns), np.zeros(shape, _INDEX)))
        else:
            terms += _from_csr(shape, *csr_rows(size, apart)).terms
    return Dependence(shape, _merged(terms))


def joined(parts: Sequence[Dependence]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of all parts, one after the other."""
    pairs = [part.csr() for part in parts]
    counts = np.concatenate([np.zeros(1, np.int64), *(np.diff(starts) for starts, _ in pairs)])
    return np.cumsum(counts), np.concatenate([np.zeros(0, np.int32), *(cols for _, cols in pairs)])


def through(starts: np.ndarray, cols: np.ndarray, part: Dependence, shape: tuple[int, ...]) -> Dependence:
    """An array whose element `i` depends on what the elements ``cols[starts[i]:starts[i + 1]]`` of `part` do."""
    if not part.terms or not cols.size:
        return nothing(shape)
    local = _from_csr(shape, starts, cols, widest=_SMALL)
    if all(term.bank is None for term in local.terms):
        return union([part.taken(term.map) for term in local.terms], shape)
    own, columns = part.csr()
    return _from_csr(shape, *product((starts, cols), (own, columns)))


def _from_csr(shape: tuple[int, ...], starts: np.ndarray, cols: np.ndarray, widest: int = _WIDE) -> Dependence:
    """Rows of columns as terms: some index maps where the rows are short, a bank otherwise."""
    if not cols.size:
        return nothing(shape)
    lengths = np.diff(starts)
    most = int(lengths.max())
    if most <= widest and most * lengths.size <= 4 * cols.size:
        at = starts[:-1]
        terms = []
        for i in range(most):
            has = lengths > i
            map = np.full(lengths.size, -1, _INDEX)
            map[has] = cols[at[has] + i]
            terms.append(Term(None, map.reshape(shape)))
        return Dependence(shape, terms)
    if most * lengths.size == cols.size and (cols.reshape(-1, most) == cols[:most]).all():  # all have one set
        return Dependence(shape, [Term(Bank(starts[:2], cols[:most]), np.broadcast_to(_INDEX(0), shape))])
    return Dependence(shape, [Term(Bank(starts, cols), places(shape))])
