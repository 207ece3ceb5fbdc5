"""What a run is given beside a step and data: a place to begin at, and what is called on the way."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .._checks import describe, fail, integer
from .._errors import ArgumentTypeError
from ._parameters import require_callable
from .state import TrainState

__all__ = ["evaluated", "place_of", "require_hooks", "require_state", "restored"]

_PLACE = {"epoch", "batch", "so_far", "steps_per_call", "patience"}  # what a checkpoint says of where a run is


def require_state(state: Any) -> None:
    if not isinstance(state, TrainState):
        remedy = "pass fg.train.init(params, optimizer)"
        fail(ArgumentTypeError, "fit", "state must be a TrainState", f"got {describe(state)}", remedy)


def place_of(start: Any, first_epoch: int) -> tuple[int, int]:
    """Where to begin: an epoch, and a batch in it."""
    if start is None or start == {}:
        return first_epoch, 0
    if not isinstance(start, Mapping) or not {*start} <= _PLACE:
        given, remedy = f"got {describe(start)}", "write for example start={'epoch': 2, 'batch': 17}"
        fail(ArgumentTypeError, "fit", "start must be a dict of 'epoch' and 'batch'", given, remedy)
    return integer("fit", "start", start.get("epoch", first_epoch), first_epoch), integer(
        "fit", "start", start.get("batch", 0), 0
    )


def restored(checkpoint: Any, state: TrainState, step: int) -> TrainState:
    """The best state of the run so far, which was saved by `checkpoint`."""
    if not callable(getattr(checkpoint, "restore", None)):
        required = f"checkpoint must have a method restore, to find the best state so far, that of step {step}"
        remedy = "pass the fg.train.Checkpoints that saved it, or restore_best=False"
        fail(ArgumentTypeError, "fit", required, f"got {describe(checkpoint)}", remedy)
    found: TrainState = checkpoint.restore(state, step=step)
    return found


def require_hooks(evaluate: Any, callbacks: Any, checkpoint: Any) -> None:
    if evaluate is not None:
        require_callable("fit", "evaluate", evaluate, "write def evaluate(params): return {'accuracy': ...}")
    if not isinstance(callbacks, list | tuple):
        given, remedy = f"got {describe(callbacks)}", "write callbacks=[function]"
        fail(ArgumentTypeError, "fit", "callbacks must be a list of functions", given, remedy)
    for callback in callbacks:
        require_callable("fit", "a callback", callback, "write def callback(event): ...")
    if checkpoint is not None and not callable(getattr(checkpoint, "save", None)):
        given, remedy = f"got {describe(checkpoint)}", "pass for example fg.train.Checkpoints('runs/first')"
        fail(ArgumentTypeError, "fit", "checkpoint must have a method save", given, remedy)


def evaluated(evaluate: Callable[..., Any], state: TrainState) -> Any:
    """What `evaluate` gives for a state, of which it is passed what its parameters name."""
    try:
        names = list(inspect.signature(evaluate).parameters)
    except (TypeError, ValueError):
        names = []
    more = {"model_state": state.model_state} if "model_state" in names[1:] else {}
    return evaluate(state if names[:1] == ["state"] else state.params, **more)
