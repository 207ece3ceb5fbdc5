"""Colours by formula for lines in a lattice: bands, grids with several fields, blocks, with or without periods.

In an array of shape (…, n₂, n₁) a stencil repeats, so that a colour that is linear in the place, modulo the number of
colours, is right everywhere if it is right at one crossing. Strides are read off the distances between lines that
meet; forms are tried at one crossing, then at some, and the first that is right at all is taken.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ._lines import Lines, renumbered

__all__ = ["by_formula"]

_MOST_COLORS = 62  # bits of one integer
_MOST_STRIDES = 4
_MOST_FORMS = 20_000
_MOST_CHECKS = 8  # over all entries
_SAMPLE = 16


def by_formula(lines: Lines, counts: range) -> tuple[np.ndarray, int] | None:
    """Colours of all lines by a formula, in the first of `counts` that there is one for, and their number."""
    checks = itertools.count()
    numbers = np.arange(lines.count)
    sample, strides = _sample(lines), None
    for count in counts:
        if count > lines.count:
            return None
        for line_colors in (_residues, _joined):
            if _distinct(line_colors(sample, count, lines.count), sample < 0) and next(checks) < _MOST_CHECKS:
                colors = line_colors(numbers, count, lines.count).astype(np.int32)
                if lines.proper(colors, count):
                    return renumbered(np.where(lines.used, colors, np.int32(-1)))
        if count > _MOST_COLORS:
            continue
        if strides is None:
            strides = _strides(lines, sample)
        for chain in _chains(strides):
            for weights, moduli in _forms(_digits(sample, chain), sample < 0, count):
                if next(checks) >= _MOST_CHECKS:
                    return None
                colors = _colors(_digits(numbers, chain), weights, moduli, count).astype(np.int32)
                if lines.proper(colors, count):
                    return renumbered(np.where(lines.used, colors, np.int32(-1)))
    return None


def _residues(numbers: np.ndarray, count: int, size: int) -> np.ndarray:
    return numbers % count


def _joined(numbers: np.ndarray, count: int, size: int) -> np.ndarray:
    """Runs of `count` colours, then runs of one less, so that a ring of `size` lines closes."""
    if count < 2:
        return numbers * 0
    longer = size % (count - 1) * count
    return np.where(numbers < longer, numbers % count, (numbers - longer) % (count - 1))


def _distinct(colors: np.ndarray, absent: np.ndarray) -> bool:
    """Whether the colours in each row differ, of those that are not absent."""
    apart = np.where(absent, -1 - np.arange(colors.shape[1]), colors)
    return bool((np.diff(np.sort(apart, axis=1), axis=1) > 0).all())


def _sample(lines: Lines) -> np.ndarray:
    """The lines through some crossings, -1 behind them: a full one first, then those at ends and with large spans."""
    through = lines.through
    full = np.flatnonzero(through == lines.bound)
    there = np.flatnonzero(through > 1)
    firsts, lasts = lines.lines[lines.ends[there]], lines.lines[lines.ends[there + 1] - 1]
    wide = there[np.argsort(firsts - lasts, kind="stable")[:_SAMPLE]] if there.size < 1e5 else there[:0]
    spread = there[np.linspace(0, there.size - 1, _SAMPLE).astype(int)] if there.size else there
    chosen = np.concatenate(
        [full[[full.size // 2]], full[:4], full[-4:], wide, spread, there[:_SAMPLE], there[-_SAMPLE:]]
    )
    chosen = chosen[np.sort(np.unique(chosen, return_index=True)[1])]
    slots = np.arange(lines.bound)
    inside = slots < through[chosen][:, None]
    entries = np.where(inside, lines.ends[chosen][:, None] + slots, 0)
    return np.where(inside, lines.lines[entries], -1).astype(np.int64)


def _strides(lines: Lines, sample: np.ndarray) -> list[int]:
    """The likely strides of the lattice: frequent distances, first those that divide the number of lines."""
    rows = sample[:4]
    distances = np.abs(rows[:, :, None] - rows[:, None, :])[(rows >= 0)[:, :, None] & (rows >= 0)[:, None, :]]
    values, found = np.unique(distances[distances > 1], return_counts=True)
    divides = lines.count % values == 0
    order = np.lexsort((values, -found, ~divides))[: max(_MOST_STRIDES, min(divides.sum(), _MOST_STRIDES + 2))]
    return sorted(int(value) for value in values[order])


def _chains(strides: list[int]) -> Iterator[tuple[int, ...]]:
    for length in range(1, 4):
        yield from itertools.combinations(strides, length)


def _digits(numbers: np.ndarray, chain: tuple[int, ...]) -> np.ndarray:
    """The place of each line in the lattice: how many strides of each length, the shortest, 1, first."""
    digits = []
    for stride in reversed(chain):
        digits.append(numbers // stride)
        numbers = numbers % stride
    return np.stack([numbers, *reversed(digits)], -1)


def _colors(digits: np.ndarray, weights: np.ndarray, moduli: np.ndarray | None, count: int) -> np.ndarray:
    return (digits @ weights) % count if moduli is None else (digits % moduli) @ weights


def _forms(digits: np.ndarray, absent: np.ndarray, count: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Weights, and moduli of each digit or None for the modulus `count`, whose colours differ in the sample."""
    dims = digits.shape[-1]
    if count**dims <= _MOST_FORMS:
        # Multiplying by a unit only renames colours, so that the first weight divides the count.
        divisors = [d for d in range(1, count + 1) if count % d == 0]
        grid = np.meshgrid(divisors, *[np.arange(count)] * (dims - 1), indexing="ij")
        weights = np.stack([axis.ravel() for axis in grid])
        for step in (slice(0, 1), slice(0, None)):
            bits = np.where(absent[step, :, None], 0, 1 << ((digits[step] @ weights) % count))
            fits = (bits.sum(1) == np.bitwise_or.reduce(bits, 1)).all(0)
            weights = weights[:, fits]
        for form in weights.T[:2]:
            yield form, None
    for factors in _factors(count, dims):
        moduli = np.array(factors)
        strides = np.cumprod([1, *factors[:-1]])
        if _distinct(_colors(digits, strides, moduli, count), absent):
            yield strides, moduli


def _factors(count: int, dims: int) -> Iterator[tuple[int, ...]]:
    """All ways to write `count` as a product of `dims` factors."""
    if dims == 1:
        yield (count,)
        return
    for first in range(1, count + 1):
        if count % first == 0:
            for rest in _factors(count // first, dims - 1):
                yield (first, *rest)
