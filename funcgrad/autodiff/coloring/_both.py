"""Some rows in reverse mode and all others in forward mode, for matrices in which few lines are long."""

from __future__ import annotations

import numpy as np

from ..sparsity.pattern import SparsityPattern
from ._lines import columns_of, rows_of
from ._sequential import best

__all__ = ["apart", "fewest_apart"]

_THRESHOLDS = 24


def apart(pattern: SparsityPattern) -> tuple[np.ndarray, np.ndarray, str]:
    """The colours of columns and of rows; -1 for lines that need none, because others give what is in them.

    Source: T. Coleman, A. Verma, The efficient computation of sparse Jacobian matrices using automatic
    differentiation (1998), where both are chosen together; here the long rows are set apart first.
    """
    (fewest, longest), (others, widest) = _thresholds(pattern)
    if others < fewest:
        rows, columns, order = _apart(pattern.T, widest)
    else:
        columns, rows, order = _apart(pattern, longest)
    return columns, rows, order


def fewest_apart(pattern: SparsityPattern) -> int:
    """The fewest colours that ``apart`` may take."""
    return min(fewest for fewest, _ in _thresholds(pattern))


def _apart(pattern: SparsityPattern, longest: int) -> tuple[np.ndarray, np.ndarray, str]:
    long = (np.diff(pattern.indptr) > longest)[pattern.rows]
    parts = [
        SparsityPattern.from_coo(pattern.rows[chosen], pattern.cols[chosen], pattern.shape) for chosen in (~long, long)
    ]
    columns, _, order = best(columns_of(parts[0]))
    rows, _, _ = best(rows_of(parts[1]))
    return columns, rows, order


def _thresholds(pattern: SparsityPattern) -> tuple[tuple[int, int], tuple[int, int]]:
    """The fewest colours if rows above some length are set apart, and that length; and the same of columns."""
    return _threshold(pattern.rows, pattern.cols), _threshold(pattern.cols, pattern.rows)


def _threshold(lines: np.ndarray, places: np.ndarray) -> tuple[int, int]:
    degrees = np.bincount(lines, minlength=1)
    lengths = np.unique(degrees)
    if lengths.size > _THRESHOLDS:
        lengths = lengths[np.linspace(0, lengths.size - 1, _THRESHOLDS).astype(int)]
    found = int(lengths[-1]), int(lengths[-1])
    for length in [0, *lengths[:-1].tolist()]:
        if length >= found[0]:
            break
        across = np.bincount(places[(degrees > length)[lines]], minlength=1)
        found = min(found, (length + int(across.max()), length))
    return found
