"""Batches: the rows of some arrays, a few at a time, in an order that a key and an epoch decide."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..._checks import describe, fail, require_key, x64_enabled
from ..._convert import is_torch, resolve_device
from ..._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from ..._plain import fitting, plain
from ..._types import Array, PyTree
from ...arrays.random import fold_in
from ._handing import handed_over
from ._orders import Order
from .tables import Table

__all__ = ["Batches", "batches", "train_test_split"]

_COUNTED = 2**31 - 1  # rows that an int32 can tell apart


@fitting
@dataclass(frozen=True, eq=False)
class Batches:
    """What ``batches`` gives: iterable any number of times, with a length, and callable with an epoch's number.

    The order belongs to the epoch. Iterating twice gives the same batches twice; ``data(3)`` is the same data in the
    order of epoch 3, and ``data(3, start=20)`` resumes that epoch at its batch 20.
    """

    arrays: tuple[PyTree, ...]
    batch_size: int
    key: Array | None = None
    epoch: int = 0
    start: int = 0
    drop_last: bool = False
    pad_last: bool = False
    load: Callable[..., Any] | None = None
    device: Any = None
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        word = "batches"
        arrays: Any = self.arrays
        load: Any = self.load
        if not isinstance(arrays, tuple):
            remedy = "write fg.data.batches(x, y, batch_size=32)"
            fail(ArgumentTypeError, word, "arrays must be a tuple", f"got {describe(arrays)}", remedy)
        for argument, least in (("batch_size", 1), ("epoch", 0), ("start", 0)):
            object.__setattr__(self, argument, _count(word, argument, getattr(self, argument), least))
        object.__setattr__(self, "rows", _rows(word, self.arrays))
        if self.rows > _COUNTED and not x64_enabled() and any(map(_is_on_device, jax.tree.leaves(arrays))):
            required = f"arrays on the device must have at most {_COUNTED} rows without 64-bit mode, to be counted"
            fail(ShapeError, word, required, f"got {self.rows}", "pass NumPy arrays, or call it in 64-bit mode")
        if self.key is not None:
            require_key(word, self.key)
        if self.drop_last and self.pad_last:
            fail(ArgumentError, word, "a last batch can be dropped or padded", "got both", "choose one")
        if load is None:
            _require_numbers(arrays)
        elif not callable(load):
            remedy = "write for example load=lambda paths: read(paths)"
            fail(ArgumentTypeError, word, "load must be a function", f"got {describe(load)}", remedy)

    def __len__(self) -> int:
        whole = self.rows // self.batch_size if self.drop_last else math.ceil(self.rows / self.batch_size)
        return max(whole - self.start, 0)

    def __call__(self, epoch: int, *, start: int = 0) -> Batches:
        """The same data in the order of `epoch`, from batch `start` on."""
        return replace(self, epoch=epoch, start=start)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        order = Order(self.key, self.epoch, self.rows)
        cut = self.key is None and self.load is None  # a load may write into the rows that it is given
        for number in range(self.start, self.start + len(self)):
            first, private = number * self.batch_size, False
            present = min(self.batch_size, self.rows - first)
            if cut and (present == self.batch_size or not self.pad_last):
                batch = _cut(self.arrays, first, present)
            else:
                rows = order[first : first + present]
                if self.pad_last:
                    rows = np.concatenate([rows, np.repeat(rows[-1:], self.batch_size - present)])
                batch = _select(self.arrays, rows)
                private = self.load is None  # which may give the same memory again
            if self.load is not None:
                loaded = self.load(*batch, **self._key_of(number))
                batch = tuple(loaded) if isinstance(loaded, tuple | list) else (loaded,)
            if self.pad_last:
                batch = (*batch, np.arange(self.batch_size) < present)
            hand_over = functools.partial(handed_over, "batches", device=self.device, private=private)
            yield jax.tree.map(hand_over, batch)

    def _key_of(self, number: int) -> dict[str, Array]:
        """A key for `load`, if it takes one: of this batch in this epoch, and so the same in a run that resumes."""
        if not _takes_key(self.load):
            return {}
        if self.key is None:
            fail(ArgumentError, "batches", "a load that takes key= needs a key", "got none", "pass key=fg.key(0)")
        return {"key": fold_in(self.key, "load", self.epoch, number)}


def _takes_key(load: Any) -> bool:
    try:
        parameter = inspect.signature(load).parameters.get("key")
    except (TypeError, ValueError):  # a builtin without a signature
        return False
    return parameter is not None and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)


def _require_numbers(arrays: PyTree) -> None:
    for leaf in jax.tree.leaves(arrays):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind not in "biufcV":
            fail(
                DtypeError,
                "batches",
                "arrays must hold numbers or truth values, unless load= makes numbers of them",
                f"got {describe(leaf)}",
                "pass load=, for example a function that reads the images at the paths it is given",
            )


@plain
def batches(
    *arrays: PyTree,
    batch_size: int,
    key: Array | None = None,
    epoch: int = 0,
    drop_last: bool = False,
    pad_last: bool = False,
    load: Callable[..., Any] | None = None,
    device: Any = None,
) -> Batches:
    """The rows of `arrays`, `batch_size` at a time.

    Every batch is a tuple of new arrays, one for each argument: overwriting a NumPy array later does not change a batch
    already handed out. The same key and epoch give the same order on every machine. ``fit`` is fastest with arrays that
    are on the device, where the step itself takes the rows of its batch.

    Args:
        *arrays: arrays with rows along their first dimension, as many in each; NumPy (also ``np.memmap``, of which only
            the rows of a batch are read) or JAX, or pytrees of them.
        batch_size: rows in a batch; the last one may have fewer.
        key: shuffles the rows if given, differently in each epoch.
        epoch: which epoch's order; ``data(epoch)`` gives the others.
        drop_last: whether to leave out a last batch of fewer rows.
        pad_last: whether to fill it up with copies of its last row, so that all batches have one shape; then every
            batch has one more element at its end, a mask of shape (batch_size,) that is false for the copies.
        load: called with the selected rows, NumPy arrays where NumPy was given, and returns what the batch holds in
            their place: reads images from paths, for example. If it has a parameter ``key`` it also gets a key, which
            belongs to this batch of this epoch: for random crops, for example.
        device: where to put the batches: a name, a device or a sharding.

    Returns:
        An iterable of tuples with a length, to be iterated any number of times; called with an epoch's number it gives
        the same data in that epoch's order.

    Raises:
        ShapeError: the arrays differ in their number of rows, one has no dimension, or one on the device has too many
            rows for the integers that JAX counts with.
        ArgumentError: `batch_size` or `epoch` is too small, or options exclude each other.
        DtypeError: an array holds text and there is no `load` to turn it into numbers.

    >>> x, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    >>> data = fg.data.batches(x, y, batch_size=2)
    >>> [labels.tolist() for _, labels in data], len(data)
    ([[0, 1], [2, 3], [4]], 3)
    >>> shuffled = fg.data.batches(x, y, batch_size=2, key=jax.random.key(0))
    >>> next(iter(shuffled(1)))[1].shape
    (2,)
    >>> [(x.tolist(), real.tolist()) for x, real in fg.data.batches(y, batch_size=4, pad_last=True)(0, start=1)]
    [([4, 4, 4, 4], [True, False, False, False])]

    Source: ``torch.utils.data.DataLoader``, ``torch.utils.data.TensorDataset``.
    """
    place = None if device is None else resolve_device("batches", device)
    return Batches(
        arrays, batch_size, key, epoch=epoch, drop_last=drop_last, pad_last=pad_last, load=load, device=place
    )


@plain
def train_test_split(
    *arrays: PyTree, test_size: float = 0.2, key: Array | None = None, stratify: Any = None
) -> tuple[Any, ...]:
    """Each of `arrays` split by rows in two, the same rows in all: one part to train on, one to test with.

    Args:
        *arrays: arrays with rows along their first dimension, pytrees of them, or tables.
        test_size: the part to test with, between 0 and 1 and rounded up to whole rows; or a number of rows.
        key: decides which rows. Without it the last ones are for the test, in their order.
        stratify: labels, one for each row: each has the same part in both results, within a row.

    Returns:
        For each array its training rows and its test rows: ``x_train, x_test, y_train, y_test``. NumPy arrays stay
        NumPy arrays, and all are copies.

    Raises:
        ShapeError: the arrays or labels differ in their number of rows.
        ArgumentError: a part would be empty, or `stratify` comes without a key.

    >>> x, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    >>> x_train, x_test, y_train, y_test = fg.data.train_test_split(x, y, test_size=0.4)
    >>> y_train, y_test
    (array([0, 1, 2]), array([3, 4]))

    Source: ``sklearn.model_selection.train_test_split``.
    """
    word = "train_test_split"
    rows = _rows(word, arrays)
    whole = isinstance(test_size, int) and not isinstance(test_size, bool)
    held_out = int(test_size) if whole else math.ceil(test_size * rows - 1e-9)
    if not 0 < held_out < rows:
        fail(
            ArgumentError,
            word,
            "both parts must have rows",
            f"got test_size={test_size} of {rows} row{'' if rows == 1 else 's'}",
            "choose test_size between 0 and 1, or a smaller number of rows",
        )
    if key is None:
        if stratify is not None:
            fail(ArgumentError, word, "stratify needs a key", "got none", "pass key=fg.key(0)")
        train, test = np.split(np.arange(rows), [rows - held_out])
    else:
        require_key(word, key)
        order = Order(key, 0, rows)[0:rows]
        for_test = np.arange(rows) < held_out
        if stratify is not None:
            for_test = _stratified(np.asarray(stratify), order, held_out)
        train, test = order[~for_test], order[for_test]
    parts = [jax.tree.map(lambda leaf, part=part: _select(leaf, part), arrays) for part in (train, test)]
    return tuple(part[i] for i in range(len(arrays)) for part in parts)


def _stratified(labels: np.ndarray, order: np.ndarray, held_out: int) -> np.ndarray:
    """Which places of `order` are for the test, so that every label has its part of them."""
    if labels.shape != order.shape:
        fail(
            ShapeError,
            "train_test_split",
            "stratify must hold one label for each row",
            f"got {describe(labels)} for {len(order)} row{'' if len(order) == 1 else 's'}",
            "pass the labels of these rows",
        )
    _, members, counts = np.unique(labels[order], return_inverse=True, return_counts=True)
    shares = counts * held_out / len(order)
    taken = np.floor(shares).astype(int)
    # The rows that rounding down left over go to the labels that lost most by it.
    taken[np.argsort(taken - shares, kind="stable")[: held_out - taken.sum()]] += 1
    chosen = np.zeros(len(order), bool)
    for label, count in enumerate(taken):
        chosen[np.flatnonzero(members == label)[:count]] = True
    return chosen


def _rows(word: str, arrays: tuple[PyTree, ...]) -> int:
    """How many rows each leaf of `arrays` has; raises where they differ or a leaf has none."""
    sizes: dict[str, int] = {}
    for (argument, *inside), leaf in jax.tree_util.tree_leaves_with_path(arrays):
        place = f"argument {argument.idx}{jax.tree_util.keystr(tuple(inside))}"
        if not (isinstance(leaf, jax.Array | np.ndarray | Table) or is_torch(leaf)):
            fail(
                ArgumentTypeError,
                word,
                "arguments must be arrays or pytrees of them",
                f"got {describe(leaf)} at {place}",
                "wrap lists in np.array(...) or fg.tensor(...)",
            )
        if not isinstance(leaf, Table) and leaf.ndim == 0:
            fail(
                ShapeError,
                word,
                "arrays must have rows along their first dimension",
                f"got a 0-d array at {place}",
                "leave it out, or repeat it for each row",
            )
        sizes[place] = len(leaf)
    if not sizes:
        fail(ArgumentError, word, "there must be at least one array", "got none", "pass the arrays first")
    first = next(iter(sizes))
    for place, size in sizes.items():
        if size != sizes[first]:
            fail(
                ShapeError,
                word,
                "all arrays must have the same number of rows",
                f"got {sizes[first]} at {first} and {size} at {place}",
                "check that they belong together",
            )
    return sizes[first]


def _select(arrays: Any, rows: np.ndarray) -> Any:
    """A copy of these rows, on the side (host or device) where they are."""
    if _on_device(arrays):
        return gathered(arrays, rows)
    return jax.tree.map(lambda leaf: gathered(leaf, rows) if _is_on_device(leaf) else leaf[rows], arrays)


def _cut(arrays: Any, first: int, count: int) -> Any:
    """These neighbouring rows: on the host a view."""
    if _on_device(arrays):
        return _sliced(arrays, first, count)
    end = first + count
    return jax.tree.map(lambda leaf: _sliced(leaf, first, count) if _is_on_device(leaf) else leaf[first:end], arrays)


def _is_on_device(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array)


def _on_device(arrays: Any) -> bool:
    """Whether one program can take all of them: a dispatch for each would cost more than a small batch."""
    leaves = jax.tree.leaves(arrays)
    return all(map(_is_on_device, leaves)) and len({leaf.sharding for leaf in leaves}) == 1


@functools.partial(jax.jit, static_argnums=2)
def _sliced(arrays: PyTree, first: int, count: int) -> PyTree:
    return jax.tree.map(lambda leaf: jax.lax.dynamic_slice_in_dim(leaf, first, count), arrays)


@jax.jit
def gathered(arrays: PyTree, rows: Array) -> PyTree:
    """These rows of arrays on the device."""
    return jax.tree.map(lambda leaf: jnp.take(leaf, rows, axis=0, mode="clip"), arrays)


def _count(word: str, argument: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        fail(ArgumentTypeError, word, f"{argument} must be an int", f"got {describe(value)}", "pass a whole number")
    if value.__index__() < least:
        fail(ArgumentError, word, f"{argument} must be at least {least}", f"got {value}", "correct it")
    return int(value.__index__())
