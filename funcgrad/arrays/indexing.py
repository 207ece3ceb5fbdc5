"""Reading and updating parts of an array; an update returns a new array.

``x[idx]`` itself belongs to JAX, which clamps an index out of range. The words here check it.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import canonical_dim, describe, fail, integer, is_concrete
from .._dispatch import held
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._op import op
from .._operands import dtype_of, operand, shape_of
from .._plain import plain
from .._types import Array, ArrayLike, Shape
from ._brackets import (
    entries_of,
    is_mask,
    planned,
    read_traced,
    reader,
    reading,
    spelled_out,
    spelling,
    strong,
    traced,
    writer,
    writing,
    written,
)
from ._updates import as_value, combining

__all__ = [
    "s",
    "index",
    "set",
    "update",
    "index_put",
    "select_scatter",
    "slice_scatter",
    "diagonal_scatter",
]

s = np.s_
"""Writes an index down: ``fg.s[0:2, :]`` is what stands between the brackets of ``x[0:2, :]``."""


@plain
def index(x: ArrayLike, idx: Any, /) -> Array:
    """``x[idx]``, with an index out of range an error instead of the last element.

    Args:
        x: any shape.
        idx: what may stand between brackets: ints, slices, ``...``, None, arrays or lists of integers, boolean masks,
            or a tuple of these, as ``fg.s[...]`` writes them down. Negative indices count from the end; slices
            follow Python's rule, which cuts them at the end.

    Returns:
        The part, in the dtype of `x` and the shape that NumPy gives it.

    Raises:
        IndexRangeError: an index is out of range. Not raised for a traced index, which then reads NaN (or the
            smallest integer).
        DtypeError: an index is a float.
        TracedValueError: a mask or a bound of a slice is traced, so that the shape is not known.

    >>> x = fg.tensor([[0, 1, 2], [3, 4, 5]])
    >>> fg.index(x, fg.s[:, -1])
    Array([2, 5], dtype=int32)
    >>> fg.index(x, 2)
    Traceback (most recent call last):
    funcgrad._errors.IndexRangeError: index(): index must be in [-2, 1] along dimension 0 of size 2; got 2; \
correct the index; nothing is clamped or wrapped.

    Source: ``Tensor.__getitem__``.
    """
    x = operand("index", "x", x)
    spelled = spelling(idx)
    if spelled is not None and is_concrete(x):
        read_part, starts = reading("index", spelled, shape_of(x))
        return read_part(x, starts, [])
    entries = entries_of("index", idx, np.shape(x))
    if not is_concrete(x) or traced(entries):
        return read_traced(strong(x), entries)
    plan, starts, arrays = planned(entries)
    return reader(plan)(x, starts, arrays)


@plain
def set(x: ArrayLike, idx: Any, value: ArrayLike, /) -> Array:
    """A copy of `x` with ``x[idx]`` replaced: the pure spelling of ``x[idx] = value``.

    Args:
        x: any shape.
        idx: as for ``index``. Under a transform a boolean mask alone may be traced if the shape of `value` does not
            depend on how many elements it selects.
        value: broadcast to the shape of ``x[idx]``. If an element is named twice, which value stays is not defined.

    Returns:
        The new array, in the shape and dtype of `x`.

    Raises:
        IndexRangeError: an index is out of range. Not raised for a traced index, where nothing is written.
        ShapeError: `value` does not broadcast to the part.
        DtypeError: `value` would lose its kind, such as a float written to integers.
        ConversionError: `value` is too large for the dtype of `x`.

    >>> fg.set(fg.zeros(2, 3), fg.s[0, 1:], 12)
    Array([[ 0., 12., 12.],
           [ 0.,  0.,  0.]], dtype=float32)

    Source: ``Tensor.__setitem__``.
    """
    return _write("set", x, idx, value, "set")


@plain
def update(x: ArrayLike, idx: Any, value: ArrayLike, /, op: str = "add") -> Array:
    """A copy of `x` with ``x[idx]`` combined with `value`: the pure spelling of ``x[idx] += value`` and its kin.

    Args:
        x: any shape.
        idx: as for ``index``. An element named several times takes part as often.
        value: broadcast to the shape of ``x[idx]``.
        op: ``"add"``, ``"mul"``, ``"min"`` or ``"max"``.

    Returns:
        The new array, in the shape and dtype of `x`.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: `value` does not broadcast to the part.
        DtypeError: `value` would lose its kind, such as a float added to integers.
        ConversionError: `value` is too large for the dtype of `x`.

    >>> fg.update(fg.zeros(3), [0, 0, 2], 1)
    Array([2., 0., 1.], dtype=float32)
    >>> fg.update(fg.ones(3), 1, 5, op="mul")
    Array([1., 5., 1.], dtype=float32)

    Source: ``Tensor.index_put_`` with ``accumulate``, ``jax.numpy.ndarray.at``.
    """
    if op not in ("add", "mul", "min", "max"):
        fail(ArgumentError, "update", "op must be 'add', 'mul', 'min' or 'max'", f"got {op!r}", "correct the name")
    return _write("update", x, idx, value, op)


@plain
def index_put(input: ArrayLike, indices: Sequence[Any], values: ArrayLike, accumulate: builtins.bool = False) -> Array:
    """A copy of `input` with `values` written where `indices` point.

    Args:
        input: any shape.
        indices: a tuple with an integer array or a mask for each leading dimension; they broadcast together.
        values: broadcast to the part.
        accumulate: whether to add to what is there; an element named several times is then added to as often.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: an index is out of range.
        ShapeError: `values` do not broadcast to the part.
        DtypeError: `values` would lose their kind.

    >>> fg.index_put(fg.zeros(3), (fg.tensor([0, -1]),), 2.0)
    Array([2., 0., 2.], dtype=float32)

    Source: ``torch.index_put``.
    """
    if not isinstance(indices, tuple | list):
        fail(
            ArgumentTypeError,
            "index_put",
            "indices must be a tuple of arrays",
            f"got {describe(indices)}",
            "write (index,)",
        )
    return _write("index_put", input, tuple(indices), values, "add" if accumulate else "set")


@plain
def select_scatter(input: ArrayLike, src: ArrayLike, /, dim: int, index: int) -> Array:
    """A copy of `input` with the slice at `index` along `dim` replaced by `src`.

    Args:
        input: any shape.
        src: the shape of `input` without `dim`.
        dim: the dimension.
        index: which slice; negative counts from the end.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        IndexRangeError: `index` is out of range.
        ShapeError: `src` has another shape.

    >>> fg.select_scatter(fg.zeros(2, 3), fg.ones(3), 0, 1)
    Array([[0., 0., 0.],
           [1., 1., 1.]], dtype=float32)

    Source: ``torch.select_scatter``.
    """
    shape = np.shape(input)
    dim = canonical_dim("select_scatter", dim, len(shape))
    _require_shape("select_scatter", src, shape[:dim] + shape[dim + 1 :])
    return _write("select_scatter", input, (*[slice(None)] * dim, index), src, "set")


@plain
def slice_scatter(
    input: ArrayLike,
    src: ArrayLike,
    /,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Array:
    """A copy of `input` with the slice ``start:end:step`` along `dim` replaced by `src`.

    Args:
        input: any shape.
        src: the shape of that slice.
        dim: the dimension.
        start: where it starts, by default at 0.
        end: where it ends, not included; by default at the end.
        step: the stride.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        ShapeError: `src` has another shape than the slice, or `input` has no dimension.
        ArgumentError: `step` is below 1.

    >>> fg.slice_scatter(fg.zeros(5), fg.ones(2), start=1, end=5, step=2)
    Array([0., 1., 0., 1., 0.], dtype=float32)

    Source: ``torch.slice_scatter``.
    """
    shape = np.shape(input)
    dim = canonical_dim("slice_scatter", dim, len(shape))
    if not shape:
        required, remedy = "input must have at least 1 dimension", "add one with fg.unsqueeze"
        fail(ShapeError, "slice_scatter", required, "got shape ()", remedy)
    integer("slice_scatter", "step", step, 1)
    part = slice(start, end, step)
    length = len(range(*part.indices(shape[dim])))
    _require_shape("slice_scatter", src, (*shape[:dim], length, *shape[dim + 1 :]))
    return _write("slice_scatter", input, (*[slice(None)] * dim, part), src, "set")


def _require_shape(name: str, src: Any, shape: Shape) -> None:
    if np.shape(src) != tuple(shape):
        fail(
            ShapeError,
            name,
            f"src must have the shape of the part it replaces, {tuple(shape)}",
            f"got {np.shape(src)}",
            "reshape it, or correct dim and the bounds",
        )


def _check_diagonal(input: Any, src: Any) -> None:
    as_value("diagonal_scatter", src, dtype_of(input), "src")


@op(dims=("dim1", "dim2"), check=_check_diagonal)
def diagonal_scatter(input: ArrayLike, src: ArrayLike, /, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """A copy of `input` with a diagonal replaced by `src`.

    Args:
        input: two dimensions or more.
        src: the shape of ``diagonal(input, offset, dim1, dim2)``.
        offset: which diagonal: 0 the main one, positive above it.
        dim1: the dimension of the rows.
        dim2: the dimension of the columns.

    Returns:
        The new array, in the shape and dtype of `input`.

    Raises:
        ShapeError: `src` has another shape than the diagonal.
        DtypeError: `src` would lose its kind.

    >>> fg.diagonal_scatter(fg.zeros(2, 2), fg.ones(2))
    Array([[1., 0.],
           [0., 1.]], dtype=float32)

    Source: ``torch.diagonal_scatter``.
    """
    x = jnp.moveaxis(jnp.asarray(input), (dim1, dim2), (-2, -1))
    length = max(0, min(x.shape[-2] + min(offset, 0), x.shape[-1] - max(offset, 0)))
    _require_shape("diagonal_scatter", src, (*x.shape[:-2], length))
    _check_diagonal(input, src)
    steps = np.arange(length)
    x = x.at[..., steps - min(offset, 0), steps + max(offset, 0)].set(jnp.asarray(src).astype(x.dtype))
    return jnp.moveaxis(x, (-2, -1), (dim1, dim2))


def _write(name: str, x: Any, idx: Any, value: Any, how: str) -> Array:
    x, value = operand(name, "x", x), operand(name, "value", value)
    as_value(name, value, dtype_of(x))
    spelled = spelling(idx)
    if spelled is not None and is_concrete(x) and is_concrete(value):
        write_part, starts = writing(name, spelled, shape_of(x), how)
        return write_part(x, held(value) if value.__class__ in (int, float) else value, starts, [])
    if _fills_a_mask(x, idx, value):
        return _write_masked(x, idx, value, how=how)
    entries = entries_of(name, idx, np.shape(x))
    if not is_concrete(x) or not is_concrete(value) or traced(entries):
        return written(name, strong(x), spelled_out(entries), value, how)
    plan, starts, arrays = planned(entries)
    return writer(name, plan, how)(x, value, starts, arrays)


def _fills_a_mask(x: Any, idx: Any, value: Any) -> builtins.bool:
    """Whether one mask selects, and the value has the same shape whatever it selects: then nothing moves."""
    if not is_mask(idx) or idx.shape != np.shape(x)[: idx.ndim]:
        return False
    rest = np.shape(x)[idx.ndim :]
    shape = np.shape(value)
    return len(shape) <= len(rest) and all(
        a in (1, b) for a, b in zip(shape, rest[len(rest) - len(shape) :], strict=True)
    )


@op
def _write_masked(x: ArrayLike, mask: ArrayLike, value: ArrayLike, /, *, how: str) -> Array:
    x, mask = jnp.asarray(x), jnp.asarray(mask)
    value = jnp.asarray(value).astype(x.dtype)
    how = combining(how, x.dtype)
    new = {"set": lambda: value, "add": lambda: x + value, "mul": lambda: x * value}.get(
        how, lambda: jnp.minimum(x, value) if how == "min" else jnp.maximum(x, value)
    )()
    return jnp.where(mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)), new, x)
