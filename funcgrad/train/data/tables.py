"""Tables: from a CSV file to one array, in four pure steps.

``read_csv`` gives named columns, ``fillna`` replaces what is missing, ``get_dummies`` turns categories into numbers,
``to_array`` hands over. Numbers are NumPy columns until that last step, because a column of text has no place in JAX.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import jax
import numpy as np

from ..._checks import describe, fail, listed
from ..._convert import from_host
from ..._errors import ArgumentError, ArgumentTypeError, ConversionError, DtypeError, IndexRangeError, ShapeError
from ..._plain import fitting, plain
from ..._types import Array, DtypeLike

__all__ = ["Table", "fillna", "get_dummies", "read_csv", "to_array"]

Column: TypeAlias = np.ndarray[Any, np.dtype[Any]]
_SHOWN_ROWS = 10
# What int() and float() take although no table means it: 1_000, and digits of other scripts.
_ONLY_PYTHON_READS = re.compile(r"_|[^\x00-\x7f]")


@fitting
class Table:
    """Named columns of equal length. It is never changed: every operation gives a new table.

    A column is an array of integers; of floats, NaN where a value is missing; of truth values; or of text, an object
    array of str with None where a value is missing. ``table["price"]`` is a column, ``table[["rooms", "price"]]`` a
    table of these columns, ``table[:10]`` or ``table[mask]`` a table of these rows, ``len(table)`` the number of rows.

    Args:
        columns: the columns by name, as NumPy arrays or lists; they are copied.

    Raises:
        ShapeError: a column is not 1-D, or the columns differ in length.

    >>> table = fg.data.Table({"rooms": [2, 3], "roof": ["Slate", None]})
    >>> table.names, len(table), table["rooms"].sum()
    (('rooms', 'roof'), 2, np.int64(5))
    """

    def __init__(self, columns: Mapping[str, Iterable[Any]], /):
        given: Any = columns
        if not isinstance(given, Mapping):
            remedy = 'write for example {"rooms": [2, 3]}'
            fail(ArgumentTypeError, "Table", "columns must be a dict of columns", f"got {describe(columns)}", remedy)
        made: dict[str, Column] = {}
        for name, values in columns.items():
            made[str(name)] = column = _as_column(str(name), values)
            if column.ndim != 1:
                fail(
                    ShapeError, "Table", "every column must be 1-D", f"got {describe(column)} for {name!r}", "split it"
                )
            first = next(iter(made))
            if len(column) != len(made[first]):
                sizes = f"got {len(made[first])} values for {first!r} and {len(column)} for {name!r}"
                fail(ShapeError, "Table", "all columns must have one length", sizes, "pad or cut one of them")
            column.setflags(write=False)
        self._columns = made

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self._columns)

    @property
    def columns(self) -> dict[str, Column]:
        """The columns by name, in order; read-only arrays in a dict of the caller's own."""
        return dict(self._columns)

    def drop(self, *names: str) -> Table:
        """The table without these columns."""
        for name in names:
            self[name]
        return Table({name: column for name, column in self._columns.items() if name not in names})

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, str):
            if which not in self._columns:
                given = "there are no columns" if not self._columns else f"the columns are {listed(self._columns)}"
                fail(IndexRangeError, "Table", f"there must be a column {which!r}", given, "correct the name")
            return self._columns[which]
        if isinstance(which, list | tuple) and all(isinstance(name, str) for name in which):
            return Table({name: self[name] for name in which})
        if isinstance(which, slice | np.ndarray | list | jax.Array):
            rows = which if isinstance(which, slice) else np.asarray(which)
            return Table({name: column[rows] for name, column in self._columns.items()})
        fail(
            ArgumentTypeError,
            "Table",
            "a table is indexed with a column name, a list of names, a slice, a mask or row numbers",
            f"got {describe(which)}",
            "write for example table['price'], table[['rooms', 'price']] or table[:10]",
        )

    def __repr__(self) -> str:
        head = [[str(value) for value in column[:_SHOWN_ROWS]] for column in self._columns.values()]
        widths = [max(map(len, (name, *cells))) for name, cells in zip(self.names, head, strict=True)]
        rows = [self.names, *zip(*head, strict=True)]
        lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
        more = len(self) - _SHOWN_ROWS
        return "\n".join([*lines, *([f"... {more} more rows"] if more > 0 else [])])


def _lines(source: Iterable[Any]) -> Iterator[str]:
    for line in source:
        if not isinstance(line, str):
            required = "source must be a path, or lines of text"
            fail(ArgumentTypeError, "read_csv", required, f"got {describe(line)} for a line", "open the file as text")
        yield line


@plain
def read_csv(
    source: str | Path | Iterable[str],
    /,
    *,
    delimiter: str = ",",
    header: bool | Sequence[str] = True,
    missing: Sequence[str] = ("", "NA", "NaN", "nan", "N/A", "n/a", "NULL", "null"),
) -> Table:
    """The table in a CSV file.

    A column whose values are all integers becomes int64, all numbers float64, all True or False bool, anything else
    text. Missing values make integers float64. Empty lines are skipped.

    Args:
        source: a path, where ``.gz`` is decompressed on the way; or lines of text, such as an open file.
        delimiter: what separates the fields, one character.
        header: True where the first line names the columns; False where it does not and the names are to be ``"0"``,
            ``"1"``, …; or the names, where the file has none.
        missing: the fields that mean that there is no value, spaces around them aside.

    Returns:
        The table.

    Raises:
        ArgumentError: there are no lines, or a column name comes twice.
        ShapeError: a line has more or fewer fields than the first.

    >>> table = fg.data.read_csv(["rooms,roof,price", "NA,NA,127500", "2,NA,106000", "4,Slate,178100"])
    >>> table
    rooms   roof   price
      nan   None  127500
      2.0   None  106000
      4.0  Slate  178100

    Source: ``pandas.read_csv``; RFC 4180.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        opened: Any = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            return read_csv(file, delimiter=delimiter, header=header, missing=missing)
    reader = csv.reader(_lines(source), delimiter=delimiter)
    rows: list[list[str]] = []
    for row in reader:
        if row and rows and len(row) != len(rows[0]):
            fail(
                ShapeError,
                "read_csv",
                f"every line must have {len(rows[0])} field{'' if len(rows[0]) == 1 else 's'} like the first",
                f"got {len(row)} in line {reader.line_num}",
                "correct the file, or the delimiter",
            )
        if row:
            rows.append(row)
    if not rows:
        fail(ArgumentError, "read_csv", "there must be at least one line", "got none", "check the file")
    named = header if not isinstance(header, bool) else rows[0] if header else map(str, range(len(rows[0])))
    names = [str(name) for name in named]
    if len(names) != len(rows[0]):
        fail(
            ShapeError,
            "read_csv",
            f"header must name all {len(rows[0])} columns",
            f"got {len(names)} name{'' if len(names) == 1 else 's'}",
            "name each column once, or pass header=False",
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        fail(
            ArgumentError,
            "read_csv",
            "column names must be different",
            f"got {twice!r} more than once",
            "pass the names as header=[...], and skip the first line if it holds them",
        )
    absent = frozenset(missing)
    body = rows[1:] if header is True else rows
    cells = zip(*body, strict=True) if body else [()] * len(names)
    return Table({name: _parsed(column, absent) for name, column in zip(names, cells, strict=True)})


@plain
def fillna(table: Table, value: str | float | Mapping[str, Any], /) -> Table:
    """The table with missing values replaced.

    Args:
        table: any table.
        value: ``"mean"`` or ``"median"`` of the column's other values, or a number: columns of numbers are filled and
            text is left as it is. A dict gives such a value for each column it names, text for a column of text.

    Returns:
        The table, in which the filled columns keep their dtype.

    Raises:
        ConversionError: the mean or median of a column without any value was asked for.
        ArgumentTypeError: the value does not suit the column.

    >>> table = fg.data.Table({"rooms": [np.nan, 2.0, 4.0], "roof": [None, None, "Slate"]})
    >>> fg.data.fillna(table, "mean")["rooms"]
    array([3., 2., 4.])
    >>> fg.data.fillna(table, {"roof": "none"})["roof"]
    array(['none', 'none', 'Slate'], dtype=object)

    Source: ``pandas.DataFrame.fillna``.
    """
    if isinstance(value, Mapping):
        values = dict(value)
    else:
        _require_filler("value", value, text=False)
        values = {name: value for name, column in table.columns.items() if column.dtype.kind != "O"}
    filled = {name: _filled(name, table[name], filler) for name, filler in values.items()}
    return Table(table.columns | filled)


@plain
def get_dummies(table: Table, /, columns: Sequence[str] | None = None, *, dummy_na: bool = False) -> Table:
    """The table with each column of text replaced by one truth value for each of its categories.

    A column ``roof`` becomes ``roof_Slate``, ``roof_Tile``, …, in sorted order, after the columns that stay.

    Args:
        table: any table.
        columns: the columns to replace; by default all that hold text.
        dummy_na: whether each replaced column also gives one named ``roof_nan``, true where the value is missing.
            Without it a missing value is false in every category.

    Returns:
        The table.

    >>> table = fg.data.Table({"rooms": [3.0, 2.0, 4.0], "roof": [None, None, "Slate"]})
    >>> fg.data.get_dummies(table, dummy_na=True)
    rooms  roof_Slate  roof_nan
      3.0       False      True
      2.0       False      True
      4.0        True     False

    Source: ``pandas.get_dummies``.
    """
    texts = [name for name, column in table.columns.items() if column.dtype.kind == "O"]
    chosen = texts if columns is None else [name for name in columns if table[name] is not None]
    made = {name: column for name, column in table.columns.items() if name not in chosen}
    for name in chosen:
        column, absent = table[name], _missing(table[name])
        hot: dict[str, Column] = {f"{name}_{category}": column == category for category in sorted(set(column[~absent]))}
        if dummy_na:
            hot[f"{name}_nan"] = absent
        for clash in hot.keys() & made.keys():
            fail(
                ArgumentError,
                "get_dummies",
                "the new column names must be different from those that stay",
                f"got {clash!r} twice",
                f"rename {name!r} or drop {clash!r}",
            )
        made |= hot
    return Table(made)


@plain
def to_array(
    table: Table | Column, /, dtype: DtypeLike = float, *, allow_missing: bool = False, device: Any = None
) -> Array:
    """The numbers of a table, or of one of its columns, as an array.

    Args:
        table: a table whose columns are numbers or truth values, or one such column.
        dtype: the dtype; float32 by default, or float64 in 64-bit mode.
        allow_missing: whether NaN may be among the values.
        device: where to put the array.

    Returns:
        An array of shape (rows, columns), or (rows,) for one column.

    Raises:
        DtypeError: a column holds text.
        ConversionError: a value is missing, or does not fit the dtype.

    >>> table = fg.data.Table({"rooms": [3.0, 2.0], "slate": [True, False]})
    >>> fg.data.to_array(table)
    Array([[3., 1.],
           [2., 0.]], dtype=float32)

    Source: ``torch.tensor(frame.to_numpy(dtype=float))``.
    """
    columns = table.columns if isinstance(table, Table) else {"the column": np.asarray(table)}
    for name, column in columns.items():
        shown = repr(name) if isinstance(table, Table) else name
        if column.dtype.kind not in "biuf":
            fail(
                DtypeError,
                "to_array",
                "every column must hold numbers or truth values",
                f"got text in {shown}",
                "turn categories into numbers with fg.data.get_dummies, or leave the column out",
            )
        absent = int(_missing(column).sum())
        if absent and not allow_missing:
            fail(
                ConversionError,
                "to_array",
                "every value must be there",
                f"got {absent} missing in {shown}",
                'fill them with fg.data.fillna(table, "mean"), or pass allow_missing=True',
            )
    if not isinstance(table, Table):
        return from_host("to_array", columns["the column"], dtype, device=device)
    stacked = np.stack(list(columns.values()), 1) if columns else np.zeros((0, 0))
    return from_host("to_array", stacked, dtype, device=device)


def _as_column(name: str, values: Iterable[Any]) -> Column:
    """A private copy of `values` as a column of numbers, truth values or text."""
    given: Any = values if isinstance(values, np.ndarray | jax.Array) else list(values)
    column = np.array(given)
    if column.dtype.kind in "biuf":
        return column
    column = np.array(given, object)
    if all(value is None or isinstance(value, str) for value in column.flat):
        return column
    if all(value is None or isinstance(value, int | float) for value in column.flat):
        return np.array([np.nan if value is None else float(value) for value in column.flat])
    wrong = next(value for value in column.flat if value is not None and not isinstance(value, str))
    fail(
        DtypeError,
        "Table",
        "a column must hold numbers, truth values or text",
        f"got {describe(wrong)} in {name!r}",
        "convert the values first",
    )


def _parsed(cells: Sequence[str], missing: frozenset[str]) -> Column:
    """Text fields as the narrowest kind of column that holds all of them."""
    absent = np.array([cell.strip() in missing for cell in cells], bool)
    present = [cell for cell, gone in zip(cells, absent, strict=True) if not gone]
    column: Column
    if not _ONLY_PYTHON_READS.search("".join(present)):
        for kind, dtype in ((int, np.int64), (float, np.float64)):
            try:
                numbers = np.array([kind(cell) for cell in present], dtype)
            except ValueError:
                continue
            except OverflowError:  # an integer of more than 64 bits: no number here holds it, text does
                break
            if not absent.any():
                return numbers
            column = np.full(len(cells), np.nan)
            column[~absent] = numbers
            return column
    if not absent.any() and {cell.strip().lower() for cell in present} <= {"true", "false"}:
        return np.array([cell.strip().lower() == "true" for cell in present])
    column = np.array(cells, object)
    column[absent] = None
    return column


def _missing(column: Column) -> Column:
    if column.dtype.kind == "O":
        return np.array([value is None for value in column], bool)
    return np.isnan(column) if column.dtype.kind == "f" else np.zeros(len(column), bool)


def _filled(name: str, column: Column, value: Any) -> Column:
    text = column.dtype.kind == "O"
    _require_filler(f"the value for {name!r}", value, text=text)
    absent = _missing(column)
    if not absent.any():
        return column
    if isinstance(value, str) and not text:
        if absent.all():
            fail(
                ConversionError,
                "fillna",
                f"a column must have a value to take the {value} of",
                f"got none in {name!r}",
                "drop the column, or fill it with a number",
            )
        value = (np.mean if value == "mean" else np.median)(column[~absent])
    filled = column.copy()
    filled[absent] = value
    return filled


def _require_filler(argument: str, value: Any, *, text: bool) -> None:
    if text:
        suits, required = isinstance(value, str), "must be text, like the column"
    else:
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        suits, required = number or value in ("mean", "median"), "must be 'mean', 'median' or a number"
    if not suits:
        fail(ArgumentTypeError, "fillna", f"{argument} {required}", f"got {describe(value)}", "change it")
