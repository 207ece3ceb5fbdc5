"""Data as a run takes them: batches of an epoch, one by one or several for one dispatch."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._convert import from_host, is_torch
from .._errors import ArgumentError, ArgumentTypeError
from .._types import PyTree
from ._blocks import Listed, Rows, from_step
from ._equations import size_of
from .data._epochs import Rest, from_batch
from .data._handing import handed_over
from .data._orders import Order
from .data.batching import Batches, gathered

_STACKED = jax.Array | np.ndarray | np.generic | bool | int | float | complex

_WAITED = 0.25  # seconds after which the batches that there are need not wait for slow ones
_LISTED, _LARGE = 64, 2**16  # how many batches may lie apart in a dispatch; from how many bytes each is not copied
_MOST = 1024  # how many steps pay at most, where more of them compile no longer

__all__ = ["Taken", "by_epoch", "in_memory", "length", "lie_ready", "most_at_once", "peeked", "taken_together"]


class Taken(NamedTuple):
    """What one dispatch is given: the arguments, how many steps they are (None for one batch), and their rows."""

    batch: tuple[Any, ...]
    steps: int | None
    rows: int


def by_epoch(data: Any, epochs: int, first: tuple[int, int]) -> Callable[[int], Iterable[Any]]:
    """`data` as a function of the epoch; the epoch ``first[0]`` starts at its batch ``first[1]``."""
    if not callable(data) and (not isinstance(data, Iterable) or isinstance(data, str | Mapping)):  # of names
        given, remedy = f"got {describe(data)}", "pass for example fg.data.batches(x, y, batch_size=32)"
        fail(
            ArgumentTypeError, "fit", "data must be batches, or a function of the epoch that gives them", given, remedy
        )
    if isinstance(data, Iterator) and epochs > 1:
        given, remedy = f"got {describe(data)}, which ends after the first", "pass a list, or a function of the epoch"
        fail(ArgumentError, "fit", f"data must give batches in each of {epochs} epochs", given, remedy)

    return lambda epoch: from_batch(data, epoch, first[1] if epoch == first[0] else 0)


def peeked(batches: Iterable[Any]) -> tuple[tuple[Any, ...] | None, Iterable[Any]]:
    """The arguments in the first batch, if there is one, and the batches with it."""
    if isinstance(batches, Sequence | Batches):
        return next((_arguments(batch) for batch in batches), None), batches
    waiting = iter(batches)
    first = list(itertools.islice(waiting, 1))
    return (_arguments(first[0]) if first else None), itertools.chain(first, waiting)


def in_memory(batches: Iterable[Any]) -> bool:
    """Whether to take some of the batches before they are needed does nothing that can be seen, nor needs memory."""
    data = batches.data if isinstance(batches, Rest) else batches
    return isinstance(data, Sequence) or (isinstance(data, Batches) and data.load is None)


def lie_ready(batches: Iterable[Any]) -> TypeGuard[Batches]:
    """Whether a dispatch takes the rows of its batches from whole arrays, and needs no memory for them."""
    return _is_plain(batches) and all(map(_on_one_device, jax.tree.leaves(batches.arrays)))


def _are_large(batches: Batches) -> bool:
    """Whether to copy a batch takes longer than to say where it is."""
    return size_of(batches.arrays) * batches.batch_size >= _LARGE * batches.rows


def most_at_once(batches: Iterable[Any]) -> int:
    """Up to how many batches to bring together: those of a list make a program that is as long as they are many."""
    return _MOST if _is_plain(batches) else _LISTED


def _on_one_device(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and len(leaf.sharding.device_set) == 1


def length(batches: Iterable[Any]) -> int | None:
    """How many batches there are, where that is known."""
    try:
        return len(batches)  # type: ignore[arg-type]
    except TypeError:
        return None


def taken_together(
    batches: Iterable[Any], most: int, room: Callable[[], float], stacked: bool = True
) -> Iterator[Taken]:
    """The batches in their order, up to `most` of the same shapes for one dispatch, and never more than `room` says."""
    if most == 1 and not stacked and lie_ready(batches) and _are_large(batches):
        yield from (taken._replace(steps=None) for taken in _slices(batches, 1, stacked))
        return
    if most == 1:
        for batch in batches:
            arguments = _arguments(batch)
            yield Taken(arguments, None, _rows(arguments))
        return
    blocks = _slices(batches, most, stacked) if _is_plain(batches) else _groups(batches, most, stacked)
    for taken in blocks:
        left = taken.steps
        while left is not None and left > room():
            steps = int(room())
            yield taken._replace(steps=steps)
            left -= steps
            taken = taken._replace(batch=from_step(taken.batch, steps), steps=left)
        yield taken


def _slices(batches: Batches, most: int, stacked: bool) -> Iterator[Taken]:
    """Rows of several batches are selected at once on the host; on one device the program selects those of each."""
    size, last = batches.batch_size, batches.start + len(batches)
    whole = min(last, batches.rows // batches.batch_size)
    order = Order(batches.key, batches.epoch, batches.rows)
    number = batches.start
    while number < whole:
        steps = min(most - number % most, whole - number)  # the same blocks where a run resumes between two
        yield Taken(_block(batches, order, number, steps, most, stacked), steps, size)
        number += steps
    for rest in dataclasses.replace(batches, start=number) if number < last else ():
        yield Taken(rest, None, _rows(rest))


def _block(batches: Batches, order: Order, number: int, steps: int, most: int, stacked: bool) -> tuple[Any, ...]:
    """`steps` batches from `number` on, and what makes them `most` and is never looked at."""
    size = batches.batch_size
    first, taken, full = number * size, steps * size, most * size
    kind = np.int32 if batches.rows < 2**31 else np.int64
    places: Any = None  # where the rows are, if they do not follow one another
    if batches.key is not None:
        places = np.resize(order[first : first + taken], full).astype(kind)

    def select(leaf: Any) -> Any:
        if not stacked and _on_one_device(leaf):
            return Rows(leaf, kind(first) if places is None else places.reshape(most, size), most, size)
        if isinstance(leaf, jax.Array):  # of rows beyond the last it gives the last
            rows = gathered(leaf, np.arange(first, first + full, dtype=kind) if places is None else places)
            return rows.reshape(most, size, *leaf.shape[1:])
        rows = leaf[first : first + taken] if places is None else leaf[places]  # a view, or rows of their own
        if len(rows) < full:
            rows = np.resize(rows, (full, *leaf.shape[1:]))
        rows = rows.reshape(most, size, *leaf.shape[1:])
        return handed_over("batches", rows, None, private=places is not None)

    return tuple(jax.tree.map(select, batches.arrays))


def _is_plain(batches: Any) -> TypeGuard[Batches]:
    """Whether the rows of several batches are those of one larger batch."""
    return (
        isinstance(batches, Batches)
        and batches.load is None
        and batches.device is None
        and not batches.pad_last
        and all(leaf.dtype != object and not _is_key(leaf) for leaf in jax.tree.leaves(batches.arrays))
    )


def _is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _groups(batches: Iterable[Any], most: int, stacked: bool) -> Iterator[Taken]:
    """Batches of one shape together. Which program takes a batch does not depend on those before it.

    For a run that resumes must take it with the same one: it might round differently.
    """
    waiting: list[tuple[Any, ...]] = []
    began = 0.0
    for batch in batches:
        arguments = _arguments(batch)
        if waiting and _shapes(arguments) != _shapes(waiting[0]):
            yield from _together(waiting, most, stacked)
            waiting = []
        began = began if waiting else time.perf_counter()
        waiting.append(arguments)
        if len(waiting) == most or time.perf_counter() - began > _WAITED:
            yield from _together(waiting, most, stacked)
            waiting = []
    yield from _together(waiting, most, stacked)


def _together(batches: list[tuple[Any, ...]], most: int, stacked: bool) -> Iterator[Taken]:
    batches = jax.tree.map(lambda leaf: np.asarray(from_host("step", leaf)) if is_torch(leaf) else leaf, batches)
    leaves = jax.tree.leaves(batches)
    if not batches or not all(isinstance(leaf, _STACKED) for leaf in leaves):
        yield from (Taken(batch, None, _rows(batch)) for batch in batches)
        return
    filled = batches + [batches[-1]] * (most - len(batches))
    if not all(isinstance(leaf, jax.Array) for leaf in leaves):
        block = jax.tree.map(lambda *leaves: np.stack(leaves), *filled)
    elif stacked or most > _LISTED or size_of(batches[0]) < _LARGE or any(leaf.weak_type for leaf in leaves):
        block = _stack(filled)
    else:
        block = (Listed(tuple(filled)),)
    yield Taken(block, len(batches), _rows(batches[0]))


@jax.jit
def _stack(batches: list[PyTree]) -> PyTree:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *batches)


def _shapes(batch: tuple[Any, ...]) -> Any:
    leaves, structure = jax.tree.flatten(batch)
    return structure, [(np.shape(leaf), getattr(leaf, "dtype", type(leaf))) for leaf in leaves]


def _arguments(batch: Any) -> tuple[Any, ...]:
    return tuple(batch) if isinstance(batch, tuple | list) else (batch,)


def _rows(batch: Any) -> int:
    """How many examples a batch holds: the length of its first array."""
    shapes = (np.shape(leaf) for leaf in jax.tree.leaves(batch))
    return next((shape[0] for shape in shapes if shape), 0)
