"""Data as a run takes them: batches of an epoch, one by one or several for one dispatch."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._types import PyTree
from .data._epochs import from_batch
from .data.batching import Batches

_STACKED = jax.Array | np.ndarray | np.generic | bool | int | float | complex

__all__ = ["Taken", "by_epoch", "length", "peeked", "taken_together"]


class Taken(NamedTuple):
    """What one dispatch is given: the arguments, how many steps they are (None for one batch), and their rows."""

    batch: tuple[Any, ...]
    steps: int | None
    rows: int


def by_epoch(data: Any, epochs: int, first: tuple[int, int]) -> Callable[[int], Iterable[Any]]:
    """`data` as a function of the epoch; the epoch ``first[0]`` starts at its batch ``first[1]``."""
    if not callable(data) and not isinstance(data, Iterable):
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


def length(batches: Iterable[Any]) -> int | None:
    """How many batches there are, where that is known."""
    try:
        return len(batches)  # type: ignore[arg-type]
    except TypeError:
        return None


def taken_together(batches: Iterable[Any], most: int, room: Callable[[], float]) -> Iterator[Taken]:
    """The batches in their order, up to `most` of the same shapes for one dispatch, and never more than `room` says."""
    if most == 1:
        for batch in batches:
            arguments = _arguments(batch)
            yield Taken(arguments, None, _rows(arguments))
        return
    for taken in (
        _slices(batches, most) if isinstance(batches, Batches) and _is_plain(batches) else _groups(batches, most)
    ):
        left = taken.steps
        while left is not None and left > room():
            steps = int(room())
            yield taken._replace(steps=steps)
            left -= steps
            taken = taken._replace(batch=_rolled(taken.batch, steps), steps=left)
        yield taken


@jax.jit
def _rolled(batches: PyTree, steps: int) -> PyTree:
    """The batches after the first `steps` to the front."""
    return jax.tree.map(lambda leaf: jnp.roll(leaf, -steps, 0), batches)


def _slices(batches: Batches, most: int) -> Iterator[Taken]:
    """Rows of several batches are selected at once, and cut on the device."""
    size, lead = batches.batch_size, -batches.start % most
    if lead:  # a run resumes between two dispatches
        yield from _groups(itertools.islice(batches, lead), most, size)
    start = (batches.start + lead) // most
    for rows in dataclasses.replace(batches, batch_size=most * size, start=start, drop_last=False):
        whole, rest = divmod(_rows(rows), size)
        if whole:
            yield Taken(_cut(rows, most, size), whole, size)
        if rest and not batches.drop_last:
            yield Taken(jax.tree.map(lambda leaf, start=whole * size: leaf[start:], rows), None, rest)


@functools.partial(jax.jit, static_argnums=(1, 2))
def _cut(rows: PyTree, most: int, size: int) -> PyTree:
    """Arrays of batches; what is missing at the end is never looked at."""

    def cut(leaf: Any) -> Any:
        whole = leaf[: len(leaf) // size * size]
        padding = [(0, most * size - len(whole)), *[(0, 0)] * (leaf.ndim - 1)]
        full = jnp.pad(whole, padding) if len(whole) < most * size else whole
        return full.reshape(most, size, *leaf.shape[1:])

    return jax.tree.map(cut, rows)


def _is_plain(batches: Batches) -> bool:
    """Whether the rows of several batches are those of one larger batch."""
    return (
        batches.load is None
        and batches.device is None
        and not batches.pad_last
        and all(leaf.dtype != object and not _is_key(leaf) for leaf in jax.tree.leaves(batches.arrays))
    )


def _is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _groups(batches: Iterable[Any], most: int, size: int | None = None) -> Iterator[Taken]:
    """Batches of one shape together. Which program takes a batch does not depend on those before it.

    For a run that resumes must take it with the same one: it might round differently.
    """
    waiting: list[tuple[Any, ...]] = []
    for batch in batches:
        arguments = _arguments(batch)
        if waiting and _shapes(arguments) != _shapes(waiting[0]):
            yield from _stacked(waiting, most, size)
            waiting = []
        waiting.append(arguments)
        if len(waiting) == most:
            yield from _stacked(waiting, most, size)
            waiting = []
    yield from _stacked(waiting, most, size)


def _stacked(batches: list[tuple[Any, ...]], most: int, size: int | None) -> Iterator[Taken]:
    stackable = all(isinstance(leaf, _STACKED) for leaf in jax.tree.leaves(batches))
    if not batches or not stackable or (size is not None and _rows(batches[0]) != size):
        yield from (Taken(batch, None, _rows(batch)) for batch in batches)
        return
    filled = batches + [batches[-1]] * (most - len(batches))
    on_device = all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(batches))
    together = _stack(filled) if on_device else jax.tree.map(lambda *leaves: np.stack(leaves), *filled)
    yield Taken(together, len(batches), _rows(batches[0]))


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
