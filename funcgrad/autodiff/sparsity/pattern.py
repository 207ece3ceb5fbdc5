"""The pattern of a sparse matrix: the places of the entries that may be nonzero, without values."""

from __future__ import annotations

import functools
import hashlib
import math
import os
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..._checks import describe, fail
from ..._errors import ArgumentError, ArgumentTypeError, ShapeError
from ..._plain import fitting
from ._rows import by_columns

__all__ = ["SparsityPattern"]

_FORMAT = "funcgrad sparsity pattern 1"
_LARGEST = np.iinfo(np.int32).max
# What NumPy raises for a file that is cut short, altered, of another kind, or holds pickled objects.
_TORN: tuple[type[Exception], ...] = (OSError, ValueError, LookupError, EOFError, AttributeError, TypeError)
_TORN += (RuntimeError, zipfile.BadZipFile, zlib.error)
_PICTURE = 32, 8  # the most characters in width and height; each shows 2 × 4 places


@fitting
class SparsityPattern:
    """The places where a matrix may be nonzero, sorted by row and then by column, each once.

    Patterns do not change. They are equal, and have the same hash, if shape and places are; `reasons` do not count.

    Attributes:
        shape: rows and columns.
        rows: the row of each entry, int32, read-only.
        cols: the column of each entry, int32, read-only.
        reasons: notes on what was not understood and so taken as dense, one text each.

    Args:
        shape: rows and columns, each below 2³¹.
        rows: the row of each entry, in any order, repeated or not.
        cols: the column of each entry.
        reasons: notes to keep.

    Raises:
        ShapeError: the shape is not a pair of sizes, or rows and cols differ in length.
        ArgumentError: a row or column lies outside the shape.
        ArgumentTypeError: rows or cols are not integers.

    >>> fg.SparsityPattern((2, 3), [0, 0, 1], [0, 1, 2])
    SparsityPattern(shape=(2, 3), nnz=3, density=0.5)
    ⠉⠂

    Source: coordinate and compressed row storage, as in ``scipy.sparse.coo_array`` and ``csr_array``.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    cols: np.ndarray
    reasons: tuple[str, ...]

    def __init__(self, shape: Sequence[int], rows: Any, cols: Any, reasons: Sequence[str] = ()):
        self.shape = _shape(shape)
        rows, cols = _places("rows", rows, self.shape[0]), _places("cols", cols, self.shape[1])
        if rows.size != cols.size:
            given = f"got {rows.size} and {cols.size}"
            fail(ShapeError, "SparsityPattern", "rows and cols must be as many", given, "give both for each entry")
        self._set(*_in_order(rows, cols, self.shape), reasons)

    def _set(self, rows: np.ndarray, cols: np.ndarray, reasons: Sequence[str]) -> None:
        for array in (rows, cols):
            array.flags.writeable = False
        self.rows, self.cols, self.reasons = rows, cols, tuple(dict.fromkeys(reasons))

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__:
            fail(ArgumentError, "SparsityPattern", "a pattern does not change", f"got a new '{name}'", "make another")
        super().__setattr__(name, value)

    @classmethod
    def _sorted(
        cls, shape: tuple[int, int], rows: np.ndarray, cols: np.ndarray, reasons: Sequence[str] = ()
    ) -> SparsityPattern:
        """A pattern of int32 places that are known to be in order and each there once."""
        pattern = cls.__new__(cls)
        pattern.shape = shape
        pattern._set(rows, cols, reasons)
        return pattern

    @classmethod
    def from_coo(cls, rows: Any, cols: Any, shape: Sequence[int], reasons: Sequence[str] = ()) -> SparsityPattern:
        """The pattern of entries at `rows` and `cols`, in any order, repeated or not.

        >>> fg.SparsityPattern.from_coo([1, 0, 1], [2, 0, 2], (2, 3)).cols
        array([0, 2], dtype=int32)
        """
        return cls(shape, rows, cols, reasons)

    @classmethod
    def from_dense(cls, matrix: Any) -> SparsityPattern:
        """The pattern of what is not zero in a matrix; NaN is not zero.

        >>> fg.SparsityPattern.from_dense(fg.eye(3)).nnz
        3
        """
        array = np.asarray(matrix)
        if array.ndim != 2:
            given = f"got {describe(array)}"
            fail(ShapeError, "SparsityPattern.from_dense", "the matrix must have 2 dimensions", given, "reshape it")
        shape = _shape(array.shape)
        rows, cols = np.nonzero(array)
        return cls._sorted(shape, rows.astype(np.int32), cols.astype(np.int32))

    @classmethod
    def from_scipy(cls, matrix: Any) -> SparsityPattern:
        """The pattern of what a SciPy sparse matrix stores, zeros that it stores included.

        >>> import scipy.sparse
        >>> fg.SparsityPattern.from_scipy(scipy.sparse.eye_array(3)).nnz
        3
        """
        if not hasattr(matrix, "tocoo"):
            given = f"got {describe(matrix)}"
            remedy = "use from_dense for an array"
            fail(ArgumentTypeError, "SparsityPattern.from_scipy", "it must be a SciPy sparse matrix", given, remedy)
        stored = matrix.tocoo()
        return cls(stored.shape, stored.row, stored.col)

    @property
    def nnz(self) -> int:
        """How many entries may be nonzero."""
        return int(self.rows.size)

    @property
    def density(self) -> float:
        """The share of entries that may be nonzero; 0 for a matrix without entries."""
        return self.nnz / max(1, math.prod(self.shape))

    @functools.cached_property
    def indptr(self) -> np.ndarray:
        """Where each row begins in `cols`, int64, one more than there are rows."""
        ends = np.zeros(self.shape[0] + 1, np.int64)
        np.cumsum(np.bincount(self.rows, minlength=self.shape[0]), out=ends[1:])
        ends.flags.writeable = False
        return ends

    @functools.cached_property
    def T(self) -> SparsityPattern:
        """The pattern of the transposed matrix."""
        order = by_columns(self.indptr, self.cols, self.shape[1])
        return self._sorted((self.shape[1], self.shape[0]), self.cols[order], self.rows[order], self.reasons)

    def transpose(self) -> SparsityPattern:
        """The pattern of the transposed matrix, as ``T``."""
        return self.T

    def to_dense(self) -> np.ndarray:
        """A boolean matrix, True where an entry may be nonzero."""
        dense = np.zeros(self.shape, bool)
        dense[self.rows, self.cols] = True
        return dense

    def to_scipy(self) -> Any:
        """A ``scipy.sparse.csr_array`` with a one (int8) at each place."""
        from scipy import sparse

        small = np.int32 if self.nnz <= _LARGEST else np.int64
        ones = np.ones(self.nnz, np.int8)
        return sparse.csr_array((ones, self.cols.copy(), self.indptr.astype(small)), shape=self.shape)

    def __or__(self, other: Any) -> SparsityPattern:
        """The places of either."""
        if not isinstance(other, SparsityPattern):
            return NotImplemented
        if self.shape != other.shape:
            given = f"got {self.shape} and {other.shape}"
            fail(ShapeError, "SparsityPattern", "two patterns must have one shape to be united", given, "correct one")
        rows, cols = (np.concatenate(pair) for pair in ((self.rows, other.rows), (self.cols, other.cols)))
        return self._sorted(self.shape, *_in_order(rows, cols, self.shape), (*self.reasons, *other.reasons))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SparsityPattern):
            return NotImplemented
        if self is other:
            return True
        same = self.shape == other.shape and self.nnz == other.nnz
        return same and bool((self.rows == other.rows).all() and (self.cols == other.cols).all())

    @functools.cached_property
    def _hash(self) -> int:
        digest = hashlib.blake2b(self.rows.tobytes(), digest_size=8)
        digest.update(self.cols.tobytes())
        return hash((self.shape, digest.digest()))

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        notes = f", {len(self.reasons)} reason{'s' * (len(self.reasons) > 1)}" if self.reasons else ""
        head = f"SparsityPattern(shape={self.shape}, nnz={self.nnz}, density={self.density:.3g}{notes})"
        return f"{head}\n{_picture(self)}" if self.nnz else head

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the pattern to a file of NumPy's npz format, all of it or nothing.

        Args:
            path: the file's name, used as it is given.
        """
        target = Path(path)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez_compressed(
                    file,
                    format=np.array(_FORMAT),
                    shape=np.array(self.shape, np.int64),
                    rows=self.rows,
                    cols=self.cols,
                    reasons=np.array(self.reasons, np.str_),
                )
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SparsityPattern:
        """Read a pattern that ``save`` wrote; nothing in the file is executed.

        Args:
            path: the file's name.

        Returns:
            The pattern, equal to the one saved and with its reasons.

        Raises:
            ArgumentError: the file is torn, or no pattern.
            FileNotFoundError: there is none.
        """
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                found = {name: file[name] for name in ("format", "shape", "rows", "cols", "reasons")}
        except FileNotFoundError:
            raise
        except _TORN as error:
            _unreadable(f"'{path}' is torn or something else ({type(error).__name__})")
        if found["format"].ndim or str(found["format"]) != _FORMAT:
            _unreadable(f"'{path}' says it is {str(found['format'])[:40]!r}")
        try:
            pattern = cls(found["shape"].tolist(), found["rows"], found["cols"], found["reasons"].tolist())
        except (ArgumentError, ArgumentTypeError, ShapeError, TypeError) as error:
            _unreadable(f"'{path}' contradicts itself ({str(error).partition(': ')[2].rstrip('.')})")
        in_order = pattern.nnz == found["rows"].size and np.array_equal(pattern.rows, found["rows"])
        if not in_order or not np.array_equal(pattern.cols, found["cols"]):
            _unreadable(f"the entries in '{path}' are not in order")
        return pattern


def _unreadable(given: str) -> NoReturn:
    required = "the file must be one that SparsityPattern.save wrote"
    fail(ArgumentError, "SparsityPattern.load", required, given, "detect the pattern again and save it")


def _shape(shape: Any) -> tuple[int, int]:
    try:
        sizes = tuple(int(n.__index__()) for n in shape)
    except (TypeError, AttributeError):
        sizes = ()
    if len(sizes) != 2 or not all(0 <= n <= _LARGEST for n in sizes):
        given = f"got {shape!r}"[:80]
        fail(ShapeError, "SparsityPattern", "shape must be two sizes below 2³¹", given, "write for example (3, 4)")
    return sizes


def _places(which: str, given: Any, size: int) -> np.ndarray:
    """`given` as int32, each in [0, size)."""
    array = np.asarray(given)
    if array.size == 0 and array.ndim == 1:
        return np.zeros(0, np.int32)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        got = f"got {describe(array)}"
        fail(ArgumentTypeError, "SparsityPattern", f"{which} must be a list of integers", got, "convert them")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= size:
        got = f"got {low if low < 0 else high}"
        remedy = "correct it, or the shape"
        fail(ArgumentError, "SparsityPattern", f"{which} must be in [0, {size - 1}]", got, remedy)
    return array.astype(np.int32)


def _in_order(rows: np.ndarray, cols: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The entries sorted by row and then by column, each once."""
    keys = rows.astype(np.int64) * shape[1] + cols
    if keys.size < 2 or (np.diff(keys) > 0).all():
        return rows, cols
    keys = np.unique(keys)
    sorted_rows = keys // shape[1]
    return sorted_rows.astype(np.int32), (keys - sorted_rows * shape[1]).astype(np.int32)


def _picture(pattern: SparsityPattern) -> str:
    """The places as dots, two by four to a character, several places to a dot in a large matrix."""
    scale = max(1.0, pattern.shape[1] / (2 * _PICTURE[0]), pattern.shape[0] / (4 * _PICTURE[1]))
    high, wide = (max(1, math.ceil(n / scale)) for n in pattern.shape)
    dots = np.zeros((-(-high // 4) * 4, -(-wide // 2) * 2), bool)
    places = [(index / scale).astype(np.int64) for index in (pattern.rows, pattern.cols)]
    dots[np.minimum(places[0], high - 1), np.minimum(places[1], wide - 1)] = True
    cells = dots.reshape(dots.shape[0] // 4, 4, dots.shape[1] // 2, 2).transpose(0, 2, 1, 3)
    weights = np.array([[1, 8], [2, 16], [4, 32], [64, 128]])
    codes = 0x2800 + (cells * weights).sum((2, 3))
    return "\n".join("".join(map(chr, line)).rstrip("\u2800") for line in codes)
