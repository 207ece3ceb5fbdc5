"""Which columns and rows of a sparse matrix are computed together, and where each entry is then found."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._checks import describe, fail
from ..._errors import ArgumentError, ArgumentTypeError, ShapeError
from ..._plain import fitting, plain
from ..sparsity.pattern import SparsityPattern
from ._both import apart, fewest_apart
from ._lines import alone, columns_of, is_symmetric, renumbered, require_symmetric, rows_of, transposed
from ._sequential import ORDERS, best, first_fit
from ._symmetric import star

__all__ = ["Coloring", "color"]

_MODES = ("auto", "forward", "reverse", "bidirectional", "symmetric")
_ORDERS = ("auto", *ORDERS)
_WORTH = 0.75  # what takes more effort, or products in reverse, pays where there are fewer colours by so much


@fitting
class Coloring:
    """Columns and rows in groups, of which each is computed in one product, checked to hold every entry of a pattern.

    The product of a Jacobian with the sum of the unit vectors of one colour is the sum of these columns. An entry can
    be read off where it is the only one of that colour in its row. Rows are the same in reverse mode. Where the matrix
    is symmetric it is enough if that holds for the entry or for its mirror image.

    Attributes:
        pattern: the pattern that is coloured.
        columns: the colour of each column, int32, read-only, -1 for columns without; None if there are only rows.
        rows: the colour of each row, likewise.
        symmetric: whether entries are read from their mirror images as well.
        order: what found the colours: an order of the lines, ``"formula"`` or ``"given"``.
        places: where each entry stands, in the order of the pattern, in the products with all columns of each colour
            and then with all rows, one after the other, raveled.

    Args:
        pattern: the pattern.
        columns: the colour of each column from 0, -1 for none.
        rows: the colour of each row from 0, -1 for none.
        symmetric: the matrix is symmetric, and only `columns` are given.
        order: a name for what found them.

    Raises:
        ShapeError: there is not one colour for each line, or `symmetric` for a pattern that is not.
        ArgumentError: an entry cannot be told from others.

    >>> pattern = fg.SparsityPattern((3, 4), [0, 0, 1, 1, 2, 2], [0, 1, 1, 2, 2, 3])
    >>> fg.Coloring(pattern, columns=[0, 1, 0, 1])
    Coloring(mode='forward', colors=2, shape=(3, 4), nnz=6, order='given')

    Source: A. Gebremedhin, F. Manne, A. Pothen, What color is your Jacobian? Graph coloring for computing derivatives
    (2005).
    """

    def __init__(
        self,
        pattern: SparsityPattern,
        columns: Any = None,
        rows: Any = None,
        *,
        symmetric: bool = False,
        order: str = "given",
    ):
        self.pattern, self.symmetric, self.order = pattern, symmetric, order
        if symmetric and (columns is None or rows is not None):
            given = "got rows"
            fail(ArgumentError, "Coloring", "a symmetric coloring has colours of columns only", given, "drop rows")
        if symmetric:
            require_symmetric("Coloring", pattern)
        self.columns, self._column_count = _colors("columns", columns, pattern.shape[1])
        self.rows, self._row_count = _colors("rows", rows, pattern.shape[0])
        self.places = self._found()

    @property
    def mode(self) -> str:
        """The mode of the products: "forward", "reverse", "bidirectional" or "symmetric"."""
        if self.symmetric:
            return "symmetric"
        return "reverse" if self.columns is None else "forward" if self.rows is None else "bidirectional"

    @property
    def column_count(self) -> int:
        """How many colours columns have: products in forward mode."""
        return self._column_count

    @property
    def row_count(self) -> int:
        """How many colours rows have: products in reverse mode."""
        return self._row_count

    @property
    def count(self) -> int:
        """How many colours there are: as many products give the whole matrix."""
        return self.column_count + self.row_count

    def __repr__(self) -> str:
        shown = f"mode={self.mode!r}, colors={self.count}, shape={self.pattern.shape}, nnz={self.pattern.nnz}"
        return f"Coloring({shown}, order={self.order!r})"

    def _found(self) -> np.ndarray:
        """The place of each entry; raises where one cannot be told from others."""
        pattern, (m, n) = self.pattern, self.pattern.shape
        places = np.full(pattern.nnz, -1, np.int64)
        if self.rows is not None:
            self._read(places, pattern.cols, self.rows[pattern.rows], n, self.row_count, self.column_count * m)
        if self.columns is not None:
            self._read(places, pattern.rows, self.columns[pattern.cols], m, self.column_count, 0)
        if self.symmetric:
            places = np.where(places < 0, places[transposed(pattern)], places)
        lost = np.flatnonzero(places < 0)
        if lost.size:
            where = int(pattern.rows[lost[0]]), int(pattern.cols[lost[0]])
            wrong = f"got colours in which the entry at {where}{_and(lost.size - 1)} cannot be"
            required = "each entry must be the only one of its colour in its row or column"
            fail(ArgumentError, "Coloring", required, wrong, "let fg.color(pattern) find colours")
        size = self.column_count * m + self.row_count * n
        if size > np.iinfo(np.int32).max:
            given = f"got {self.count} for a matrix of shape {pattern.shape}"
            remedy = "differentiate fewer inputs at a time, or the other way round"
            fail(ArgumentError, "Coloring", "all products together must have fewer than 2³¹ elements", given, remedy)
        places = places.astype(np.int32)
        places.flags.writeable = False
        return places

    def _read(
        self, places: np.ndarray, crossing: np.ndarray, color: np.ndarray, crossings: int, count: int, first: int
    ) -> None:
        """Set the places of the entries that are alone of their colour where they cross."""
        if color.min(initial=0) >= 0:
            single = alone(crossing, color, crossings, count)
            np.copyto(places, first + color.astype(np.int64) * crossings + crossing, where=single)
            return
        colored = np.flatnonzero(color >= 0)
        single = colored[alone(crossing[colored], color[colored], crossings, count)]
        places[single] = first + color[single].astype(np.int64) * crossings + crossing[single]


@plain
def color(pattern: SparsityPattern, mode: str = "auto", *, order: str = "auto") -> Coloring:
    """Colours for a pattern, as few as are found: columns that share no row are computed in one product.

    Formulas for bands, grids with stencils and blocks are tried first, then sequential colouring in several orders;
    the result is the same each time. It takes a time that grows with the number of entries.

    Args:
        pattern: the pattern of a matrix.
        mode: ``"forward"`` colours columns, ``"reverse"`` rows, ``"bidirectional"`` both, for matrices in which few
            rows or columns are long; ``"symmetric"`` colours columns so that each entry or its mirror image can be
            read off. ``"auto"`` takes the first three, whichever has the fewest colours.
        order: in which the lines are coloured: ``"natural"``, ``"largest_first"``, ``"smallest_last"``; with
            ``"auto"`` formulas are tried first, then all of them, and the best is kept. Only for ``"forward"`` and
            ``"reverse"``.

    Returns:
        A Coloring, in which every entry of the pattern can be told from all others.

    Raises:
        ArgumentTypeError: `pattern` is no pattern.
        ShapeError: a symmetric coloring of a pattern that is not symmetric.
        ArgumentError: mode or order is unknown, or an order is given where it has no meaning.

    >>> rows, cols = [0, 0, 0, 0, 1, 2, 3, 1, 2, 3], [0, 1, 2, 3, 1, 2, 3, 0, 0, 0]
    >>> arrow = fg.SparsityPattern((4, 4), rows, cols)
    >>> fg.color(arrow, "forward").count, fg.color(arrow, "bidirectional").count, fg.color(arrow, "symmetric").count
    (4, 3, 2)

    Source: A. Curtis, M. Powell, J. Reid, On the estimation of sparse Jacobian matrices (1974).
    """
    given: Any = pattern
    if not isinstance(given, SparsityPattern):
        remedy = "make one with fg.jacobian_pattern or fg.SparsityPattern.from_dense"
        fail(ArgumentTypeError, "color", "pattern must be a SparsityPattern", f"got {describe(given)}", remedy)
    for name, option, known in (("mode", mode, _MODES), ("order", order, _ORDERS)):
        if option not in known:
            allowed = ", ".join(map(repr, known[:-1])) + f" or {known[-1]!r}"
            fail(ArgumentError, "color", f"{name} must be {allowed}", f"got {option!r}", "leave it out")
    if order != "auto" and mode not in ("forward", "reverse"):
        required = "order needs mode 'forward' or 'reverse'"
        fail(ArgumentError, "color", required, f"got mode {mode!r} and order {order!r}", "leave order out")
    if mode == "symmetric":
        require_symmetric("color", pattern)
        colors, _, found = star(pattern)
        return Coloring(pattern, colors, symmetric=True, order=found)
    if mode == "bidirectional":
        return _both_ways(pattern)
    return _fewest(pattern) if mode == "auto" else _one_way(pattern, mode, order)


def _one_way(pattern: SparsityPattern, mode: str, order: str = "auto") -> Coloring:
    lines = columns_of(pattern) if mode == "forward" else rows_of(pattern)
    if order == "auto":
        colors, _, order = best(lines)
    else:
        fitted = first_fit(lines, ORDERS[order](lines))
        assert fitted is not None
        colors, _ = renumbered(fitted)
    return Coloring(pattern, colors, order=order) if mode == "forward" else Coloring(pattern, rows=colors, order=order)


def _both_ways(pattern: SparsityPattern) -> Coloring:
    """Some rows in reverse mode and the others in forward mode; all in one where that takes fewer."""
    columns, rows, order = apart(pattern)
    found = Coloring(pattern, columns, rows, order=order)
    for mode, bound in _bounds(pattern).items():
        if bound < found.count:
            alone = _one_way(pattern, mode)
            if alone.count < found.count:
                columns = np.full(pattern.shape[1], -1) if alone.columns is None else alone.columns
                rows = np.full(pattern.shape[0], -1) if alone.rows is None else alone.rows
                found = Coloring(pattern, columns, rows, order=alone.order)
    return found


def _bounds(pattern: SparsityPattern) -> dict[str, int]:
    """The fewest colours that there can be in each mode."""
    return {
        "forward": int(np.diff(pattern.indptr).max(initial=0)),
        "reverse": int(np.bincount(pattern.cols, minlength=1).max(initial=0)),
    }


def _fewest(pattern: SparsityPattern) -> Coloring:
    """By columns or by rows or by both, whichever has clearly the fewest colours."""
    bounds = _bounds(pattern)
    first, second = ("forward", "reverse") if bounds["forward"] <= bounds["reverse"] else ("reverse", "forward")
    found = _one_way(pattern, first)
    if bounds[second] <= _WORTH * found.count and not is_symmetric(pattern):
        other = _one_way(pattern, second)
        if other.count < found.count:
            found = other
    enough = _WORTH * min(*bounds.values(), found.count)
    # A product in either mode shows at most as many entries as the matrix has rows or columns.
    if pattern.nnz <= enough * max(pattern.shape) and fewest_apart(pattern) <= enough:
        columns, rows, order = apart(pattern)
        both = Coloring(pattern, columns, rows, order=order)
        if both.count <= _WORTH * found.count:
            return both
    return found


def _colors(name: str, given: Any, size: int) -> tuple[np.ndarray | None, int]:
    """Colours as int32 that cannot be changed, and how many there are."""
    if given is None:
        return None, 0
    array = np.asarray(given)
    if array.shape != (size,):
        required = f"{name} must be one colour for each of {size}"
        fail(ShapeError, "Coloring", required, f"got {describe(array)}", "correct it")
    if size and array.dtype.kind not in "iu":
        fail(ArgumentTypeError, "Coloring", f"{name} must be integers", f"got {describe(array)}", "convert them")
    if array.min(initial=0) < -1 or array.max(initial=0) > max(size, 1):
        worst = int(array.min() if array.min() < -1 else array.max())
        fail(ArgumentError, "Coloring", f"{name} must be in [-1, {size}]", f"got {worst}", "count colours from 0")
    colors = array.astype(np.int32)
    colors.flags.writeable = False
    return colors, int(colors.max(initial=-1)) + 1


def _and(others: int) -> str:
    return f" and {others} other{'s' * (others > 1)}" if others else ""
