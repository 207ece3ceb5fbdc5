"""The loop over a training step, as a user would write it, with what everybody adds to it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._plain import plain
from .._types import PyTree
from ._parameters import require_callable
from ._progress import Progress
from .history import History
from .state import TrainState

__all__ = ["fit"]


@plain
def fit(
    step: Callable[..., tuple[TrainState, dict[str, Any]]],
    state: TrainState,
    data: Callable[[int], Iterable[Any]] | Iterable[Any],
    *,
    epochs: int = 1,
    first_epoch: int = 0,
    evaluate: Callable[[PyTree], Mapping[str, Any]] | None = None,
    progress: bool = True,
) -> tuple[TrainState, History]:
    """Take a step for each batch of each epoch.

    Nothing waits for the device between steps: metrics are fetched a few times a second for the progress bar, and at
    the end of an epoch for the history. Ctrl-C ends the run after the step under way and returns what there is; a
    second one stops it at once.

    Args:
        step: from ``fg.train.step``.
        state: where to start, from ``fg.train.init`` or an earlier run.
        data: an iterable of batches that can be iterated once for each epoch, or a function that takes the number of an
            epoch and gives one, like ``fg.data.batches(...)``. A batch is a tuple or list of the arguments that the
            loss takes after the parameters, or its only one.
        epochs: how many times to go through the data.
        first_epoch: the number of the first of them; not 0 in a run that goes on with an earlier one.
        evaluate: called with the parameters after each epoch; returns a dict of numbers to be recorded and shown.
        progress: whether to show a bar on a terminal, or a line for each epoch elsewhere: the means of the metrics over
            the epoch, the evaluation, and examples per second.

    Returns:
        The last state, and a ``History`` of all metrics.

    Raises:
        ArgumentError: an epoch had no batches, as when an iterator that is used up is iterated again.
        ArgumentTypeError: `step`, `state` or `data` is not one.

    >>> import optax
    >>> step = fg.train.step(lambda params, x, y: fg.nn.mse_loss(x @ params["w"], y), optax.sgd(0.5))
    >>> state = fg.train.init({"w": fg.zeros(2)}, optax.sgd(0.5))
    >>> batches = [(fg.eye(2), fg.tensor([1.0, 2.0]))]
    >>> state, history = fg.train.fit(step, state, batches, epochs=3, progress=False)
    >>> history["loss"]
    array([2.5    , 0.625  , 0.15625], dtype=float32)
    >>> history.last("step")
    3

    Source: the training loop of torch's tutorials.
    """
    batches_of = _by_epoch(data, epochs)
    require_callable("fit", "step", step, "pass fg.train.step(loss, optimizer)")
    _require_state(state)
    history = History()
    number = int(state.step)
    with _stop_asked() as stop_asked:
        for epoch in range(first_epoch, first_epoch + epochs):
            batches = batches_of(epoch)
            shown = Progress(progress, f"epoch {epoch + 1}/{first_epoch + epochs}", _length(batches))
            try:
                for batch in batches:
                    state, metrics = step(state, *(batch if isinstance(batch, tuple | list) else (batch,)))
                    number += 1
                    history.add_step(number, epoch, metrics)
                    shown.step(batch, metrics)
                    if stop_asked:
                        raise KeyboardInterrupt
                _require_steps(shown.steps, epoch)
                means = history.means(epoch)
                evaluation = {} if evaluate is None else history.add_evaluation(evaluate(state.params))
                shown.end({**means, **evaluation})
            except KeyboardInterrupt:
                history.interrupted = True
                shown.close()
                shown.note(f"interrupted in epoch {epoch + 1} after step {number}: the state of that step is returned")
                break
            except BaseException:
                shown.close()
                raise
    return state, history


def _require_state(state: Any) -> None:
    if not isinstance(state, TrainState):
        remedy = "pass fg.train.init(params, optimizer)"
        fail(ArgumentTypeError, "fit", "state must be a TrainState", f"got {describe(state)}", remedy)


def _by_epoch(data: Any, epochs: int) -> Callable[[int], Iterable[Any]]:
    """`data` as a function of the epoch."""
    if callable(data):
        return data
    if not isinstance(data, Iterable):
        given, remedy = f"got {describe(data)}", "pass for example fg.data.batches(x, y, batch_size=32)"
        fail(
            ArgumentTypeError, "fit", "data must be batches, or a function of the epoch that gives them", given, remedy
        )
    if isinstance(data, Iterator) and epochs > 1:
        given, remedy = f"got {describe(data)}, which ends after the first", "pass a list, or a function of the epoch"
        fail(ArgumentError, "fit", f"data must give batches in each of {epochs} epochs", given, remedy)
    return lambda epoch: data


def _require_steps(steps: int, epoch: int) -> None:
    if not steps:
        given, remedy = f"got none in epoch {epoch}", "pass data that can be iterated again, or a function of the epoch"
        fail(ArgumentError, "fit", "every epoch must have batches", given, remedy)


def _length(batches: Iterable[Any]) -> int | None:
    try:
        return len(batches)  # type: ignore[arg-type]
    except TypeError:
        return None


@contextlib.contextmanager
def _stop_asked() -> Iterator[list[bool]]:
    """A list that the first Ctrl-C makes true; the second raises KeyboardInterrupt as usual.

    An interrupt raised in the middle of a step could leave neither the state before nor the one after it.
    """
    asked: list[bool] = []
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield asked
        return

    def ask(*_: Any) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    previous = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, previous)
