"""Batches from what gives one example after the other, and batches made ahead of time by a thread."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from ..._checks import describe, fail, integer, x64_enabled
from ..._convert import from_host, is_torch, resolve_device
from ..._errors import ArgumentError, ArgumentTypeError, ShapeError
from ..._plain import fitting, plain
from ..._types import Array, PyTree
from ._epochs import from_batch
from ._handing import handed_over

__all__ = ["Prefetched", "Stream", "prefetch", "stream"]


@fitting
@dataclass(frozen=True, eq=False)
class Stream:
    """What ``stream`` gives: iterable, and callable with an epoch's number and a batch to start at."""

    examples: Any
    batch_size: int
    drop_last: bool = False
    pad_last: bool = False
    device: Any = None
    epoch: int = 0
    start: int = 0

    def __call__(self, epoch: int, *, start: int = 0) -> Stream:
        """The examples of `epoch`, from batch `start` on; those before are read and passed over."""
        return replace(self, epoch=integer("stream", "epoch", epoch, 0), start=integer("stream", "start", start, 0))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        examples = iter(self.examples(self.epoch) if callable(self.examples) else self.examples)
        examples = itertools.islice(examples, self.start * self.batch_size, None)
        structure: Any = None
        while rows := list(itertools.islice(examples, self.batch_size)):
            structure = structure or jax.tree.structure(rows[0])
            present = len(rows)
            if present < self.batch_size and self.drop_last:
                return
            if self.pad_last:
                rows += rows[-1:] * (self.batch_size - present)
            batch = self._stacked(rows, structure)
            yield (*batch, self._mask(present)) if self.pad_last else batch

    def _stacked(self, rows: list[Any], structure: Any) -> tuple[Any, ...]:
        for row in rows:
            if jax.tree.structure(row) != structure:
                given = f"got {_parts(row)} after {_parts(rows[0])}"
                fail(ArgumentError, "stream", "all examples must have one structure", given, "give each the same parts")
        leaves = [self._handed_over(parts) for parts in zip(*map(jax.tree.leaves, rows), strict=True)]
        batch = jax.tree.unflatten(structure, leaves)
        return tuple(batch) if isinstance(batch, tuple | list) else (batch,)

    def _handed_over(self, parts: tuple[Any, ...]) -> Array:
        hosts = [np.asarray(from_host("stream", part)) if is_torch(part) else np.asarray(part) for part in parts]
        shapes = {host.shape for host in hosts}
        if len(shapes) > 1:
            given = f"got {' and '.join(map(str, sorted(shapes)))}"
            fail(ShapeError, "stream", "all examples must have one shape", given, "pad or crop them first")
        return handed_over("stream", np.stack(hosts), self.device, private=True)

    def _mask(self, present: int) -> Array:
        return handed_over("stream", np.arange(self.batch_size) < present, self.device)


def _parts(example: PyTree) -> str:
    """The paths of the arrays in an example."""
    paths = [jax.tree_util.keystr(keys) for keys, _ in jax.tree_util.tree_leaves_with_path(example)]
    return "an array" if paths == [""] else ", ".join(paths) or "nothing"


@plain
def stream(
    examples: Callable[[int], Iterable[PyTree]] | Iterable[PyTree],
    /,
    batch_size: int,
    *,
    drop_last: bool = False,
    pad_last: bool = False,
    device: Any = None,
) -> Stream:
    """Batches of examples that come one by one, from a file or a generator for example.

    Args:
        examples: an iterable of pytrees of one structure and shape, or a function that takes the number of an epoch
            and gives one; a function is needed for more than one epoch if the iterable is used up by the first.
        batch_size: examples in a batch; the last one may have fewer.
        drop_last: whether to leave out a last batch of fewer examples.
        pad_last: whether to fill it up with copies of its last example; then every batch has one more element at its
            end, a mask of shape (batch_size,) that is false for the copies.
        device: where to put the batches: a name, a device or a sharding.

    Returns:
        An iterable of tuples of new arrays; called with an epoch's number it gives the batches of that epoch.

    Raises:
        ArgumentTypeError: `examples` is not iterable.
        ArgumentError: `batch_size` is too small, or examples differ in structure.
        ShapeError: examples differ in shape.

    >>> data = fg.data.stream(((i, [i, i]) for i in range(5)), batch_size=2, drop_last=True)
    >>> [(labels.tolist(), x.shape) for labels, x in ((batch[0], batch[1][0]) for batch in data)]
    [([0, 1], (2,)), ([2, 3], (2,))]

    Source: ``torch.utils.data.IterableDataset``.
    """
    _require_source("stream", "examples", examples)
    size = integer("stream", "batch_size", batch_size, 1)
    if drop_last and pad_last:
        fail(ArgumentError, "stream", "a last batch can be dropped or padded", "got both", "choose one")
    place = None if device is None else resolve_device("stream", device)
    return Stream(examples, size, bool(drop_last), bool(pad_last), place)


def _require_source(word: str, argument: str, source: Any) -> None:
    if not callable(source) and not isinstance(source, Iterable):
        required = f"{argument} must be an iterable, or a function of the epoch that gives one"
        fail(ArgumentTypeError, word, required, f"got {describe(source)}", "pass for example a list or a generator")


@fitting
@dataclass(frozen=True, eq=False)
class Prefetched:
    """What ``prefetch`` gives: the same batches, made ahead of time; called with an epoch's number, those of it."""

    data: Any
    size: int = 2

    def __len__(self) -> int:
        return len(self.data)

    def __call__(self, epoch: int, *, start: int = 0) -> Prefetched:
        """The batches of `epoch`, from batch `start` on."""
        return replace(self, data=from_batch(self.data, epoch, start))

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self.data if isinstance(self.data, Iterable) else self.data(0))
        ahead: queue.Queue[tuple[bool, Any]] = queue.Queue(self.size)
        stop = threading.Event()
        # What `with` statements of the caller say about new arrays holds in the caller's thread only.
        config: Any = jax.config
        work = (batches, ahead, stop, x64_enabled(), config.jax_default_device)
        thread = threading.Thread(target=_fill, args=work, name="funcgrad.prefetch", daemon=True)
        thread.start()
        try:
            while True:
                more, value = ahead.get()
                if more:
                    yield value
                elif value is None:
                    return
                else:
                    raise value
        finally:  # also where the loop over the batches was left early
            stop.set()
            while not ahead.empty():
                ahead.get_nowait()
            thread.join()


def _fill(
    batches: Iterator[Any], ahead: queue.Queue[tuple[bool, Any]], stop: threading.Event, wide: bool, place: Any
) -> None:
    """The thread: batches into the queue, then what ended them."""
    ended: BaseException | None = None
    try:
        with jax.enable_x64(wide), jax.default_device(place):
            for batch in batches:
                _offer(ahead, stop, (True, batch))
                if stop.is_set():
                    break
    except BaseException as error:
        ended = error
    finally:
        getattr(batches, "close", lambda: None)()
    _offer(ahead, stop, (False, ended))


def _offer(ahead: queue.Queue[tuple[bool, Any]], stop: threading.Event, item: tuple[bool, Any]) -> None:
    while not stop.is_set():
        try:
            ahead.put(item, timeout=0.1)
        except queue.Full:
            continue
        return


@plain
def prefetch(data: Callable[[int], Iterable[Any]] | Iterable[Any], /, size: int = 2) -> Prefetched:
    """The same batches, the next of them made by a thread while the caller works on one.

    The order stays. An error in the thread is raised where its batch would have been. The thread ends with the loop
    over the batches, also where that is left early.

    Args:
        data: batches, or a function that takes the number of an epoch and gives them, like ``fg.data.batches(...)``.
        size: how many batches to have ready.

    Returns:
        An iterable of the same batches, with a length if `data` has one; called with an epoch's number it gives the
        batches of that epoch.

    Raises:
        ArgumentTypeError: `data` is not iterable.
        ArgumentError: `size` is less than 1.

    >>> data = fg.data.prefetch(fg.data.batches(np.arange(5), batch_size=2))
    >>> [batch[0].tolist() for batch in data], len(data)
    ([[0, 1], [2, 3], [4]], 3)

    Source: ``torch.utils.data.DataLoader(num_workers=1, prefetch_factor=2)``.
    """
    _require_source("prefetch", "data", data)
    return Prefetched(data, integer("prefetch", "size", size, 1))
