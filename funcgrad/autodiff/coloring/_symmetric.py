"""Star colourings of symmetric patterns, which need fewer colours, because each entry is there twice.

Neighbours differ in colour, and no path of four places has two colours only: then each entry is alone of its colour
in its row, or its mirror image is.
"""

from __future__ import annotations

import numpy as np

from ..sparsity.pattern import SparsityPattern
from ._lattice import by_formula
from ._lines import columns_of, renumbered

__all__ = ["star"]

_AGAIN = 400_000  # entries passed over in attempts with other orders


def star(pattern: SparsityPattern) -> tuple[np.ndarray, int, str]:
    """The star colouring with the fewest colours of those tried, how many they are, and what found them."""
    lines = columns_of(pattern)
    found: tuple[np.ndarray, int, str] | None = None
    if lines.bound:
        regular = by_formula(lines, range(lines.bound, lines.bound + 4))
        found = (*regular, "formula") if regular else None
    off = pattern.rows != pattern.cols
    rows, cols = pattern.rows[off], pattern.cols[off]
    degrees = np.bincount(rows, minlength=pattern.shape[0])
    # An edge between two places that have other neighbours as well is in a path of four places, or in a triangle.
    least = 3 if ((degrees[rows] > 1) & (degrees[cols] > 1)).any() else 2 if rows.size else 1
    starts = np.concatenate([[0], np.cumsum(degrees)])
    tries: list[tuple[str, np.ndarray]] = [
        ("natural", np.arange(degrees.size)),
        ("largest_first", np.argsort(-degrees, kind="stable")),
    ]
    for seed in range(min(4, _AGAIN // max(1, rows.size))):
        shuffled = np.random.default_rng(seed).permutation(degrees.size)
        tries.append(("random", shuffled if seed % 2 else shuffled[np.argsort(-degrees[shuffled], kind="stable")]))
    for name, order in tries:
        if found is not None and found[1] <= least:
            break
        fitted = _first_fit(starts, cols, order, found and found[1])
        if fitted is not None:
            found = (*renumbered(fitted), name)
    assert found is not None
    used = np.diff(lines.starts) > 0
    colors, count = renumbered(np.where(used, found[0], np.int32(-1)))
    return colors, count, found[2]


def _first_fit(starts: np.ndarray, cols: np.ndarray, order: np.ndarray, limit: int | None) -> np.ndarray | None:
    """Each place in `order` with the first colour that makes no path of two colours; None where it takes `limit`.

    Sets of colours are the bits of Python integers: `once` and `twice` are the colours that a place has among its
    neighbours at least so often, `hubs` the colours of those neighbours that have another of its own colour.

    Source: A. Gebremedhin, A. Tarafdar, F. Manne, A. Pothen, New acyclic and star coloring algorithms with
    application to computing Hessians (2007).
    """
    ends, flat = starts.tolist(), cols.tolist()
    count = len(ends) - 1
    too_many = 0 if limit is None else 1 << (limit - 1)
    once, twice, hubs, bits = [0] * count, [0] * count, [0] * count, [0] * count
    for place in order.tolist():
        neighbours = flat[ends[place] : ends[place + 1]]
        double = twice[place]
        there = once[place]
        for other in neighbours:
            bit = bits[other]
            if bit:
                there |= once[other] if bit & double else hubs[other]
        bit = ~there & (there + 1)
        if bit >= too_many > 0:
            return None
        bits[place] = bit
        for other in neighbours:
            its = bits[other]
            if its & double:  # this place is the hub of a star with this neighbour
                hubs[other] |= bit
            if twice[other] & bit:  # the neighbour is a hub already, and this place is one more of its leaves
                hubs[place] |= its
            elif once[other] & bit:
                twice[other] |= bit
                if its:
                    for leaf in flat[ends[other] : ends[other + 1]]:
                        if bits[leaf] == bit:
                            hubs[leaf] |= its
            else:
                once[other] |= bit
    return np.array([bit.bit_length() - 1 for bit in bits], np.int32)
