"""What may stand between the brackets of ``x[...]``: checked, and turned into programs that compile once a form."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import broadcast_shapes, describe, fail, is_concrete
from .._convert import from_host, is_torch
from .._errors import ArgumentTypeError, DimError, DtypeError, ShapeError, TracedValueError
from .._sizes import is_open
from .._types import Array, Shape
from ._updates import combining, multiplied, require_broadcast, require_indices

__all__ = [
    "entries_of",
    "is_mask",
    "planned",
    "read_traced",
    "reader",
    "reading",
    "spelled_out",
    "spelling",
    "strong",
    "traced",
    "writer",
    "writing",
    "written",
]

# How an index is read. Each dimension has one entry:
#   ("new",)                          None
#   ("int", place)                    one element, counted from the front
#   ("slice", start, length, step)
#   ("array", values)                 integers, checked and counted from the front unless traced
_Entry = tuple[Any, ...]


def entries_of(name: str, idx: Any, shape: Shape) -> list[_Entry]:
    """The index as checked entries, one for each dimension of `shape` and each None."""
    items = [_readable(name, item) for item in (idx if isinstance(idx, tuple) else (idx,))]
    used = sum(_consumed(item) for item in items)
    ellipses = [i for i, item in enumerate(items) if item is Ellipsis]
    if used > len(shape) or len(ellipses) > 1:
        given = f"got {used}" if used > len(shape) else "got ... more than once"
        dimensions = f"{len(shape)} dimension{'' if len(shape) == 1 else 's'}"
        fail(DimError, name, f"there may be as many indices as the {dimensions} and one ...", given, "drop some")
    at = ellipses[0] if ellipses else len(items)
    items[at : at + 1] = [slice(None)] * (len(shape) - used)
    entries: list[_Entry] = []
    dim = 0
    for item in items:
        if item is None:
            entries.append(("new",))
            continue
        if isinstance(item, slice):
            entries.append(_sliced(name, item, shape[dim]))
        elif isinstance(item, int):
            require_indices(name, item, shape[dim], dim, negative=True)
            entries.append(("int", item % shape[dim]))
        elif is_mask(item):
            entries += _unmasked(name, item, shape, dim)
        else:
            require_indices(name, item, shape[dim], dim, negative=True)
            entries.append(("array", _from_the_front(item, shape[dim])))
        dim += _consumed(item)
    arrays = [jnp.shape(entry[1]) for entry in entries if entry[0] == "array"]
    if arrays:
        broadcast_shapes(name, *arrays)
        # Beside arrays an int counts as an array too, as in NumPy.
        entries = [("array", np.int32(entry[1])) if entry[0] == "int" else entry for entry in entries]
    return entries


def _readable(name: str, item: Any) -> Any:
    """One part of an index as None, ``...``, a slice, an int or an array."""
    if item is None or item is Ellipsis or isinstance(item, slice):
        return item
    if isinstance(item, list):
        together = jnp.asarray if any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(item)) else np.asarray
        item = together(item) if item else np.zeros(0, np.int32)
    if isinstance(item, jax.Array | np.ndarray):
        numeric = jnp.issubdtype(item.dtype, jnp.number)
        if numeric and not (is_concrete(item) and item.ndim == 0 and jnp.issubdtype(item.dtype, jnp.integer)):
            return item
        if is_mask(item) and is_concrete(item):
            return item
        if is_mask(item):
            fail(
                TracedValueError,
                name,
                "a mask must be known when the function is traced, because it decides the shape",
                f"got a traced {describe(item)}",
                "use fg.where or fg.masked_fill, or fg.nonzero with size=",
            )
        if numeric:
            return int(item)
    elif hasattr(item, "__index__") and not isinstance(item, bool | np.bool_) and not is_torch(item):
        return item.__index__()
    fail(
        DtypeError if isinstance(item, float | complex | np.inexact) else ArgumentTypeError,
        name,
        "an index must be made of ints, slices, ..., None, arrays of integers and masks",
        f"got {describe(item)}",
        "write it as fg.s[...]",
    )


def _consumed(item: Any) -> int:
    """How many dimensions a part of an index stands for."""
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if is_mask(item) else 1


def is_mask(item: Any) -> bool:
    """Whether a part of an index is an array of booleans."""
    return isinstance(item, jax.Array | np.ndarray) and item.ndim > 0 and item.dtype.name == "bool"


def _sliced(name: str, item: slice, size: int) -> _Entry:
    for bound in (item.start, item.stop, item.step):
        if not is_concrete(bound):
            fail(
                TracedValueError,
                name,
                "the bounds of a slice must be known when the function is traced, because they decide the shape",
                f"got a traced {describe(bound)}",
                "use fg.narrow(x, dim, start, length), whose start may be traced",
            )
    if is_open(size) and (item.start, item.stop, item.step) in ((None, None, None), (None, None, 1)):
        return ("slice", 0, size, 1)
    try:
        steps = range(*item.indices(size))
    except (TypeError, ValueError) as error:
        fail(ArgumentTypeError, name, "a slice must be made of ints", f"got {item} ({error})", "correct it")
    return ("slice", steps.start, len(steps), steps.step)


def _unmasked(name: str, mask: Any, shape: Shape, dim: int) -> list[_Entry]:
    """A mask as the arrays of the places where it is true."""
    covered = shape[dim : dim + mask.ndim]
    if mask.shape != covered:
        fail(
            ShapeError,
            name,
            f"a mask must have the shape of the dimensions it selects from, {covered}",
            f"got {mask.shape}",
            "broadcast or index the mask first",
        )
    return [("array", places.astype(np.int32)) for places in np.nonzero(np.asarray(mask))]


def _from_the_front(values: Any, size: int) -> Any:
    if not is_concrete(values):
        return values
    host = np.asarray(values)
    if isinstance(values, jax.Array) and not (host < 0).any():
        return values
    return np.where(host < 0, host + size, host).astype(np.int32)  # also a copy of the caller's buffer


def traced(entries: list[_Entry]) -> bool:
    return any(entry[0] == "array" and not is_concrete(entry[1]) for entry in entries)


def spelled_out(entries: Sequence[_Entry]) -> tuple[Any, ...]:
    """The entries as what stands between brackets."""
    spelled: list[Any] = []
    for kind, *rest in entries:
        if kind == "new":
            spelled.append(None)
        elif kind == "slice":
            start, length, step = rest
            stop = start + length * step
            spelled.append(slice(start, stop if stop >= 0 else None, step) if length else slice(0, 0))
        else:
            spelled.append(rest[0])
    return tuple(spelled)


def _has_arrays(brackets: Sequence[Any]) -> bool:
    return any(isinstance(each, jax.Array | np.ndarray | np.generic) for each in brackets)


def read(x: Array, brackets: tuple[Any, ...], known: bool) -> Array:
    if not _has_arrays(brackets):
        return x[brackets]
    return x.at[brackets].get(mode="promise_in_bounds" if known else "fill")


def read_traced(x: Array, entries: list[_Entry]) -> Array:
    return read(x, spelled_out(entries), known=not traced(entries))


def strong(x: Any) -> Array:
    """`x` as an array whose dtype is its own, also where it was a Python number."""
    return jnp.asarray(x, jnp.result_type(x))


# Eagerly, a program is compiled for each form of index, not for each place: starts are values, lengths are fixed.


def spelling(idx: Any) -> tuple[Any, ...] | None:
    """An index of ints, slices, None and ... as something hashable; None for any other."""
    spelled: list[Any] = []
    for part in idx if idx.__class__ is tuple else (idx,):
        kind = part.__class__
        if kind is slice:
            part = (part.start, part.stop, part.step)
            if not all(bound is None or bound.__class__ is int for bound in part):
                return None
        elif not (kind is int or part is None or part is Ellipsis):
            return None
        spelled.append(part)
    return tuple(spelled)


def _planned_once(name: str, spelled: tuple[Any, ...], shape: Shape) -> tuple[tuple[_Entry, ...], Any]:
    """The form of a spelled index and the first place of each dimension, on the device and ready to be read."""
    idx = tuple(slice(*part) if part.__class__ is tuple else part for part in spelled)
    plan, starts, _ = planned(entries_of(name, idx, shape))
    return plan, from_host(name, starts)


@functools.lru_cache(maxsize=4096)
def reading(name: str, spelled: tuple[Any, ...], shape: Shape) -> tuple[Callable[..., Array], Any]:
    """The program that reads a spelled index, and where it starts."""
    plan, starts = _planned_once(name, spelled, shape)
    return reader(plan), starts


@functools.lru_cache(maxsize=4096)
def writing(name: str, spelled: tuple[Any, ...], shape: Shape, how: str) -> tuple[Callable[..., Array], Any]:
    """The program that writes at a spelled index, and where it starts."""
    plan, starts = _planned_once(name, spelled, shape)
    return writer(name, plan, how), starts


def planned(entries: list[_Entry]) -> tuple[tuple[_Entry, ...], Any, list[Any]]:
    """The form of an index, the first place of each dimension, and its arrays."""
    plan: list[_Entry] = []
    starts, arrays = [], []
    for kind, *rest in entries:
        if kind == "slice":
            start, length, step = rest
            starts.append(min(start, start + (length - 1) * step) if length else 0)
            plan.append((kind, length, step))
        elif kind == "int":
            starts.append(rest[0])
            plan.append((kind,))
        elif kind == "array":
            starts.append(0)
            arrays.append(rest[0])
            plan.append((kind,))
        else:
            plan.append((kind,))
    return tuple(plan), np.asarray(starts, np.int32), arrays


def _region(
    x: Array, plan: tuple[_Entry, ...], starts: Any, arrays: list[Any]
) -> tuple[Array, list[Any], tuple[Any, ...]]:
    """The smallest box that holds the part, where it starts, and what stands between brackets to index it."""
    spans: list[int] = []
    brackets: list[Any] = []
    waiting = iter(arrays)
    for kind, *rest in plan:
        if kind == "new":
            brackets.append(None)
        elif kind == "int":
            brackets.append(0)
            spans.append(1)
        elif kind == "array":
            brackets.append(next(waiting))
            spans.append(x.shape[len(spans)])
        else:
            length, step = rest
            spans.append((length - 1) * abs(step) + 1 if length else 0)
            brackets.append(slice(None, None, step))
    begins = [starts[i] for i in range(x.ndim)]
    return jax.lax.dynamic_slice(x, begins, spans) if tuple(spans) != x.shape else x, begins, tuple(brackets)


@functools.cache
def reader(plan: tuple[_Entry, ...]) -> Callable[..., Array]:
    def read_planned(x: Any, starts: Any, arrays: list[Any]) -> Array:
        region, _, brackets = _region(strong(x), plan, starts, arrays)
        return read(region, brackets, known=True)

    return jax.jit(read_planned)


def written(name: str, x: Array, brackets: tuple[Any, ...], value: Any, how: str) -> Array:
    value = jnp.asarray(value).astype(x.dtype)
    place = x.at[brackets]
    target = jax.eval_shape(place.get).shape
    require_broadcast(name, "value", value.shape, target)
    if value.ndim > len(target):
        value = value.reshape(value.shape[value.ndim - len(target) :])
    how = combining(how, x.dtype)
    if how != "mul":
        return getattr(place, how)(value)
    if _has_arrays(brackets):
        return multiplied(x, brackets, value)
    return place.set(x[brackets] * value)


@functools.cache
def writer(name: str, plan: tuple[_Entry, ...], how: str) -> Callable[..., Array]:
    def write(x: Any, value: Any, starts: Any, arrays: list[Any]) -> Array:
        x = strong(x)
        region, begins, brackets = _region(x, plan, starts, arrays)
        new = written(name, region, brackets, value, how)
        return new if new.shape == x.shape else jax.lax.dynamic_update_slice(x, new, begins)

    return jax.jit(write)
