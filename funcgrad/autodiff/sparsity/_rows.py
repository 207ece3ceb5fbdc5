"""Sets of columns in compressed rows: families of them, and what joins, spreads and multiplies them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Bank", "by_columns", "csr_rows", "one_set", "product", "runs", "same_bank", "together"]

_INDEX = np.int32
_THIN = 8  # where sets hold less than one column in so many, they are joined column by column
_FEW_BANKS = 4
_FLAGS = 1 << 26  # bytes of a table of flags


class Bank:
    """A family of sets of columns: set `i` is ``cols[starts[i]:starts[i + 1]]``, sorted."""

    __slots__ = ("cols", "starts")

    def __init__(self, starts: np.ndarray, cols: np.ndarray):
        self.starts = starts
        self.cols = cols

    def lengths(self) -> np.ndarray:
        return np.diff(self.starts)

    def same(self, other: Bank) -> bool:
        if self is other:
            return True
        if self.cols.size != other.cols.size or not np.array_equal(self.starts, other.starts):
            return False
        return bool(np.array_equal(self.cols, other.cols))


def same_bank(one: Bank | None, other: Bank | None) -> bool:
    return one is other or (one is not None and other is not None and one.same(other))


def together(pieces: Sequence[tuple[Bank | None, np.ndarray]], few: int) -> list[tuple[Bank | None, np.ndarray]]:
    """The same pieces from one bank, where they are from more than `few` of them."""
    banks = {id(bank): bank for bank, _ in pieces if bank is not None}
    if len(banks) <= few:
        return list(pieces)
    numbers: dict[int, np.ndarray] = {}
    lengths, cols, count = [], [], 0
    for key, bank in banks.items():
        used = np.zeros(bank.starts.size - 1, bool)
        for other, map in pieces:
            if other is bank:
                used[map[map >= 0]] = True
        numbers[key] = (np.cumsum(used) + (count - 1)).astype(_INDEX)
        count += int(used.sum())
        own = bank.lengths()
        lengths.append(own[used])
        cols.append(bank.cols if used.all() else bank.cols[np.repeat(used, own)])
    one = Bank(np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths])), np.concatenate(cols))
    return [
        (bank, map) if bank is None else (one, np.where(map >= 0, numbers[id(bank)][map], _INDEX(-1)))
        for bank, map in pieces
    ]


def one_set(pieces: Sequence[tuple[Bank | None, np.ndarray]], columns: int) -> Bank:
    """The one set of all columns that the pieces hold."""
    flags = np.zeros(columns, bool)
    for bank, map in pieces:
        if bank is None:
            flags[map[map >= 0]] = True
            continue
        used = np.zeros(bank.starts.size - 1, bool)
        used[map[map >= 0]] = True
        flags[bank.cols if used.all() else bank.cols[np.repeat(used, bank.lengths())]] = True
    cols = np.flatnonzero(flags).astype(_INDEX)
    return Bank(np.array([0, cols.size], np.int64), cols)


def csr_rows(rows: int, pieces: Sequence[tuple[Bank | None, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of columns from pieces with as many rows, each element a set."""
    pieces = together(pieces, _FEW_BANKS)
    single = [map for bank, map in pieces if bank is None]
    parts = [_sorted_rows(rows, single)] if single or not pieces else []
    banks: list[tuple[Bank, list[np.ndarray]]] = []
    for bank, map in pieces:
        if bank is not None:
            known = next((maps for other, maps in banks if other.same(bank)), None)
            if known is None:
                banks.append((bank, [map]))
            else:
                known.append(map)
    for bank, maps in banks:
        starts, sets = _sorted_rows(rows, maps)
        if (np.diff(starts) <= 1).all():
            parts.append(_spread(starts, sets, bank))
        else:
            parts.append(product((starts, sets), (bank.starts, bank.cols)))
    if len(parts) == 1:
        return parts[0]
    total: Any = None
    wide = 1 + max((int(cols.max()) for _, cols in parts if cols.size), default=0)
    for starts, cols in parts:
        matrix = _matrix(starts, cols, wide)
        total = matrix if total is None else total + matrix
    total.sum_duplicates()  # also sorts
    return total.indptr.astype(np.int64), total.indices.astype(_INDEX)


def _sorted_rows(rows: int, maps: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What the maps hold in each row, sorted and each once."""
    wide = maps[0] if len(maps) == 1 else np.concatenate(maps, axis=1) if maps else np.zeros((rows, 0), _INDEX)
    if wide.shape[1] == 0:
        return np.zeros(rows + 1, np.int64), np.zeros(0, _INDEX)
    if wide.shape[1] > 1:
        wide = np.sort(wide, axis=1)
    keep = wide >= 0
    keep[:, 1:] &= wide[:, 1:] != wide[:, :-1]
    starts = np.zeros(rows + 1, np.int64)
    if keep.all():
        starts[1:] = wide.shape[1]
        np.cumsum(starts, out=starts)
        return starts, np.ascontiguousarray(wide).ravel()
    np.cumsum(keep.sum(axis=1), out=starts[1:])
    return starts, wide[keep]


def _spread(starts: np.ndarray, sets: np.ndarray, bank: Bank) -> tuple[np.ndarray, np.ndarray]:
    """The columns of rows that have one set of a bank, or none."""
    lengths = np.zeros(starts.size - 1, np.int64)
    has = np.diff(starts) > 0
    counts = bank.lengths()[sets]
    lengths[has] = counts
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return ends, bank.cols[runs(bank.starts[:-1][sets], counts)[1]]


def _matrix(starts: np.ndarray, cols: np.ndarray, wide: int) -> Any:
    from scipy import sparse

    small = starts[-1] < np.iinfo(np.int32).max
    return sparse.csr_array(
        (np.ones(cols.size, bool), cols, starts.astype(np.int32 if small else np.int64)), shape=(starts.size - 1, wide)
    )


def product(left: tuple[np.ndarray, np.ndarray], right: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """For each row of `left` all that the rows of `right` hold whose numbers are in it."""
    wide = 1 + (int(right[1].max()) if right[1].size else 0)
    rows, sets = left[0].size - 1, right[0].size - 1
    if sets * wide <= _THIN * right[1].size and max(rows, sets) * wide <= _FLAGS:
        return _joined_bits(*left, *right, wide)
    found = _matrix(*left, sets) @ _matrix(*right, wide)
    found.sort_indices()
    return found.indptr.astype(np.int64), found.indices.astype(_INDEX)


def _joined_bits(
    starts: np.ndarray, sets: np.ndarray, firsts: np.ndarray, cols: np.ndarray, wide: int
) -> tuple[np.ndarray, np.ndarray]:
    """The product where sets are not so small against all columns: they are bits, eight columns in a byte."""
    flags = np.zeros((firsts.size - 1, wide), bool)
    flags.ravel()[np.repeat(np.arange(firsts.size - 1) * wide, np.diff(firsts)) + cols] = True
    bits = np.packbits(flags, axis=1, bitorder="little")
    found = np.zeros((starts.size - 1, bits.shape[1]), np.uint8)
    some = np.flatnonzero(np.diff(starts))
    begins = np.append(starts[:-1][some], sets.size)
    step = max(1, _FLAGS // (8 * bits.shape[1] * max(1, int(np.diff(begins).max(initial=1)))))
    for first in range(0, some.size, step):
        part = begins[first : first + step + 1]
        ored = np.bitwise_or.reduceat(bits[sets[part[0] : part[-1]]], part[:-1] - part[0], axis=0)
        found[some[first : first + step]] = ored
    held = np.flatnonzero(np.unpackbits(found, axis=1, count=wide, bitorder="little"))
    rows = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bitwise_count(found).sum(axis=1, dtype=np.int64))])
    return rows, (held - np.repeat(np.arange(rows.size - 1) * wide, np.diff(rows))).astype(_INDEX)


def by_columns(starts: np.ndarray, cols: np.ndarray, columns: int) -> np.ndarray:
    """The numbers of the entries of a matrix in the order of their columns, and of rows in them."""
    from scipy import sparse

    small = np.dtype(_INDEX if cols.size <= np.iinfo(_INDEX).max else np.int64)
    matrix = sparse.csr_array(
        (np.arange(cols.size, dtype=small), cols, starts.astype(small)), (starts.size - 1, columns)
    )
    return np.asarray(matrix.tocsc().data)


def runs(first: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each run begins, and the runs: ``lengths[i]`` numbers from ``first[i]`` on, for each i."""
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return starts, np.repeat(first - starts[:-1], lengths) + np.arange(int(starts[-1]))
