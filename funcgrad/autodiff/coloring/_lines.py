"""Lines that meet in crossings: the columns of a pattern, which meet in its rows, or its rows, which meet in columns.

Lines that meet must differ in colour. As many lines as go through one crossing are as many colours at least.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy import sparse

from ..._checks import fail
from ..._errors import ShapeError
from ..sparsity._rows import by_columns
from ..sparsity.pattern import SparsityPattern

__all__ = [
    "Lines",
    "alone",
    "by_other",
    "columns_of",
    "is_symmetric",
    "renumbered",
    "require_symmetric",
    "rows_of",
    "transposed",
]

_DENSE = 1 << 27  # the largest table of crossings times colours that is made at once


def by_other(starts: np.ndarray, places: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The other way round: from the `places` of each line, to the lines at each of `count` places, both in order."""
    ones = np.zeros(places.size, np.int8)
    turned = sparse.csr_array((ones, places, starts), shape=(starts.size - 1, count)).tocsc()
    return turned.indptr, turned.indices


def transposed(pattern: SparsityPattern) -> np.ndarray:
    """The numbers of the entries in the order of their columns: in a symmetric pattern, of their mirror images."""
    return by_columns(pattern.indptr, pattern.cols, pattern.shape[1])


def is_symmetric(pattern: SparsityPattern) -> bool:
    """Whether the mirror image of each entry is there as well."""
    if pattern.shape[0] != pattern.shape[1]:
        return False
    order = transposed(pattern)
    return bool((pattern.cols[order] == pattern.rows).all() and (pattern.rows[order] == pattern.cols).all())


def require_symmetric(name: str, pattern: SparsityPattern) -> None:
    """Raise unless the mirror image of each entry is there as well."""
    if is_symmetric(pattern):
        return
    given = f"got one of shape {pattern.shape} that is not"
    remedy = "take another mode, or unite it with its transpose: pattern | pattern.T"
    fail(ShapeError, name, "the pattern must be symmetric", given, remedy)


class Lines:
    """Lines to be coloured, and where they cross.

    Attributes:
        count: how many lines there are.
        crossings: how many places there are where they may meet.
        at: the crossings of all lines, one line after the other.
        starts: where each line begins in `at`, and the end.
        lines: the lines through all crossings, one crossing after the other.
        ends: where each crossing begins in `lines`, and the end.
    """

    def __init__(self, starts: np.ndarray, at: np.ndarray, ends: np.ndarray, lines: np.ndarray):
        self.starts, self.at, self.ends, self.lines = starts, at, ends, lines
        self.count, self.crossings = starts.size - 1, ends.size - 1

    @functools.cached_property
    def through(self) -> np.ndarray:
        """How many lines go through each crossing."""
        return np.diff(self.ends)

    @functools.cached_property
    def bound(self) -> int:
        """The fewest colours that there can be: as many as lines through one crossing."""
        return int(self.through.max(initial=0))

    @functools.cached_property
    def used(self) -> np.ndarray:
        """Whether a line has an entry at all; the others need no colour."""
        return np.diff(self.starts) > 0

    @functools.cached_property
    def crossing_of(self) -> np.ndarray:
        """The crossing of each entry in `lines`."""
        return np.repeat(np.arange(self.crossings, dtype=np.int32), self.through)

    @functools.cached_property
    def line_of(self) -> np.ndarray:
        """The line of each entry in `at`."""
        return np.repeat(np.arange(self.count, dtype=np.int32), np.diff(self.starts))

    def proper(self, colors: np.ndarray, count: int) -> bool:
        """Whether lines that meet differ in colour, of `count` colours from 0."""
        return bool(alone(self.crossing_of, colors[self.lines], self.crossings, count).all())


def columns_of(pattern: SparsityPattern) -> Lines:
    """The columns as lines, which meet in rows."""
    ends = pattern.indptr.astype(np.int32)
    return Lines(*by_other(ends, pattern.cols, pattern.shape[1]), ends, pattern.cols)


def rows_of(pattern: SparsityPattern) -> Lines:
    """The rows as lines, which meet in columns."""
    starts = pattern.indptr.astype(np.int32)
    return Lines(starts, pattern.cols, *by_other(starts, pattern.cols, pattern.shape[1]))


def alone(crossing: np.ndarray, color: np.ndarray, crossings: int, count: int) -> np.ndarray:
    """For each entry, given by its crossing and the colour of its line, whether no other has both the same."""
    if crossings * count <= _DENSE:
        keys = crossing * np.int32(count) + color
        entries = np.arange(keys.size, dtype=np.int32)
        last = np.empty(crossings * count, np.int32)  # only what is written here is read
        last[keys] = entries
        kept = last[keys] == entries
        if kept.all():
            return kept
        last[keys[~kept]] = -1  # the key of an entry that was overwritten
        return last[keys] == entries
    wide = crossing.astype(np.int64) * count + color
    _, inverse, found = np.unique(wide, return_inverse=True, return_counts=True)
    return found[inverse] == 1


def renumbered(colors: np.ndarray) -> tuple[np.ndarray, int]:
    """The colours counted from 0 without gaps, and how many there are; -1 stays."""
    there = np.zeros(colors.max(initial=-1) + 1, bool)
    there[colors[colors >= 0]] = True
    numbers = np.append(np.cumsum(there) - 1, -1)
    return numbers[colors].astype(np.int32), int(there.sum())
