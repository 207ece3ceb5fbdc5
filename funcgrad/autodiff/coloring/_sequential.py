"""Lines coloured one after the other, each with the first colour that none of those it meets has.

The colours taken at a crossing are the bits of one Python integer, so that a line costs its entries twice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from ._lattice import by_formula
from ._lines import Lines, renumbered

__all__ = ["ORDERS", "best", "first_fit"]

_BLOCK = 1 << 14  # lines read together
_PAIRS = 500_000  # most pairs of lines that meet, for smallest last one line at a time
_COUNTED = 20_000_000  # most such pairs that are counted at all
_LONG = 2_000_000  # most entries for more than two orders
_SHORT = 20_000  # most entries for which a formula is tried to be improved
_AGAIN = 500_000  # entries passed over in all attempts to do with fewer colours


def first_fit(lines: Lines, order: np.ndarray | None = None, limit: int | None = None) -> np.ndarray | None:
    """The colour of each line, -1 without entries, when they are coloured in `order` (as they are, where it is None).

    None as soon as they need `limit` colours or more.

    Source: A. Curtis, M. Powell, J. Reid, On the estimation of sparse Jacobian matrices (1974).
    """
    starts, at = lines.starts, lines.at
    if order is not None:
        lengths = np.diff(starts)[order]
        stops = np.cumsum(lengths)
        at = at[np.repeat(starts[:-1][order] - (stops - lengths), lengths) + np.arange(at.size)]
        starts = np.concatenate([[0], stops])
    too_many = 0 if limit is None else 1 << (limit - 1)
    taken = [0] * lines.crossings
    bits = []
    for first in range(0, lines.count, _BLOCK):
        ends = starts[first : first + _BLOCK + 1]
        places = at[ends[0] : ends[-1]].tolist()
        begin = 0
        for end in (ends[1:] - ends[0]).tolist():
            mine = places[begin:end]
            begin = end
            there = 0
            for place in mine:
                there |= taken[place]
            bit = ~there & (there + 1)
            for place in mine:
                taken[place] |= bit
            bits.append(bit)
            if bit >= too_many > 0:
                return None
    numbers = {bit: bit.bit_length() - 1 for bit in set(bits)}
    found = np.array([numbers[bit] for bit in bits], np.int32)
    if order is not None:
        colors = np.empty_like(found)
        colors[order] = found
        found = colors
    return np.where(lines.used, found, np.int32(-1))


def _meetings(lines: Lines) -> np.ndarray:
    """How many meetings each line has with others; one that it meets twice counts twice."""
    others = (lines.through - 1)[lines.at]
    return np.bincount(lines.line_of, others, lines.count).astype(np.int64)


def _degrees(lines: Lines) -> np.ndarray:
    """How many other lines each line meets; where that would take long to count, how many meetings."""
    meetings = _meetings(lines)
    if _pairs(lines) > _COUNTED or np.ptp(meetings) == 0:
        return meetings
    ones = np.ones(lines.at.size, bool)
    matrix = sparse.csr_array((ones, lines.at, lines.starts), shape=(lines.count, lines.crossings))
    return np.diff((matrix @ matrix.T).indptr)


def _pairs(lines: Lines) -> int:
    return int(np.square(lines.through.astype(np.int64)).sum())


def _natural(lines: Lines) -> None:
    return None


def _largest_first(lines: Lines) -> np.ndarray:
    """Source: D. Welsh, M. Powell, An upper bound for the chromatic number of a graph (1967)."""
    return np.argsort(-_degrees(lines), kind="stable")


def _smallest_last(lines: Lines) -> np.ndarray:
    """Each line meets the fewest of those before it.

    Source: D. Matula, L. Beck, Smallest-last ordering and clustering and graph coloring algorithms (1983).
    """
    if _pairs(lines) > _PAIRS:
        return _smallest_last_by_rounds(lines)
    starts, at = lines.starts.tolist(), lines.at.tolist()
    ends, through = lines.ends.tolist(), lines.lines.tolist()
    degrees = _meetings(lines).tolist()
    waiting: list[list[int]] = [[] for _ in range(max(degrees, default=0) + 1)]
    for line in range(lines.count - 1, -1, -1):
        waiting[degrees[line]].append(line)
    placed = [False] * lines.count
    reverse: list[int] = []
    least = 0
    while len(reverse) < lines.count:
        while not waiting[least]:
            least += 1
        line = waiting[least].pop()
        if placed[line] or degrees[line] != least:
            continue
        placed[line] = True
        reverse.append(line)
        for place in at[starts[line] : starts[line + 1]]:
            for other in through[ends[place] : ends[place + 1]]:
                if not placed[other]:
                    degree = degrees[other] = degrees[other] - 1
                    waiting[degree].append(other)
                    least = min(least, degree)
    return np.array(reverse[::-1], np.int64)


def _smallest_last_by_rounds(lines: Lines) -> np.ndarray:
    """Smallest last where each round takes all lines of up to a little more than the average degree.

    Source: M. Besta et al., High-performance parallel graph coloring with strong guarantees on work, depth, and
    quality (2020).
    """
    line, place = lines.line_of, lines.at
    left = lines.through.astype(np.int64)
    rounds = np.zeros(lines.count, np.int64)
    degrees = _meetings(lines)
    waiting = np.flatnonzero(lines.used)
    number = 0
    while waiting.size:
        number += 1
        mean = degrees[waiting].mean()
        now = degrees[waiting] <= 1.05 * mean
        gone = np.zeros(lines.count, bool)
        gone[waiting[now]] = True
        rounds[waiting[now]] = number
        waiting = waiting[~now]
        leaving = gone[line]
        left -= np.bincount(place[leaving], minlength=lines.crossings)
        line, place = line[~leaving], place[~leaving]
        degrees = np.bincount(line, left[place] - 1, lines.count).astype(np.int64)
    return np.lexsort((-_meetings(lines), -rounds))


ORDERS: dict[str, Callable[[Lines], np.ndarray | None]] = {
    "natural": _natural,
    "largest_first": _largest_first,
    "smallest_last": _smallest_last,
}


def best(lines: Lines) -> tuple[np.ndarray, int, str]:
    """The coloring with the fewest colours of all tried here, how many they are, and what found them."""
    regular = by_formula(lines, range(lines.bound, lines.bound + 4)) if lines.bound else None
    found = (*regular, "formula") if regular else None
    # Lines that follow a formula are alike, and no order does better; but that costs little to try.
    for name in ("natural", "largest_first") if regular or lines.at.size > _LONG else ORDERS:
        if found is not None and found[1] <= lines.bound:
            return found
        order = ORDERS[name](lines)
        if order is not None and (np.diff(order) == 1).all():
            continue  # which is the natural one
        fitted = first_fit(lines, order, found and found[1])
        if fitted is not None:
            found = (*renumbered(fitted), name)
    assert found is not None
    if regular and lines.at.size > _SHORT:
        return found
    wider = None if regular else by_formula(lines, range(lines.bound + 4, min(found[1], 2 * lines.bound + 1)))
    return (*wider, "formula") if wider else (*_again(lines, *found[:2]), found[2])


def _again(lines: Lines, colors: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """Colour by colour anew, which never takes more colours and may take fewer.

    Source: J. Culberson, Iterated greedy graph coloring and the difficulty landscape (1992).
    """
    for attempt in range(min(12, _AGAIN // max(1, lines.at.size))):
        if count <= lines.bound:
            break
        sizes = np.bincount(colors[colors >= 0], minlength=count)
        keys = [-np.arange(count), -sizes, np.random.default_rng(attempt).permutation(count)][attempt % 3]
        rank = np.argsort(np.argsort(keys, kind="stable"))  # a number of its own for each colour
        order = np.argsort(np.append(rank, count)[colors], kind="stable")
        fitted = first_fit(lines, order)
        assert fitted is not None
        colors, count = renumbered(fitted)
    return colors, count
