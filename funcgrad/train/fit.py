"""The loop over a training step, as a user would write it, with what everybody adds to it."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from .._checks import describe, fail, integer
from .._errors import ArgumentError
from .._plain import fitting, plain
from ._feeding import Taken, by_epoch, in_memory, length, lie_ready, most_at_once, peeked, taken_together
from ._hooks import evaluated, place_of, require_hooks, require_state, restored
from ._parameters import require_callable
from ._progress import Progress
from ._stopping import Patience, stop_asked
from .checkpoints import Checkpoints
from .history import History
from .state import TrainState
from .step import Step

__all__ = ["Event", "fit"]


@fitting
@dataclass(frozen=True)
class Event:
    """What a callback of ``fit`` is told.

    Attributes:
        name: ``"step"`` after one dispatch, ``"evaluation"``, ``"epoch"`` after one, ``"end"`` after all.
        state: the state at this moment. The next step takes its memory: copy what is to be kept.
        metrics: of the step, still on the device (with a dimension in front if it was several steps); otherwise
            numbers: of the evaluation, or the means over the epoch and the latest evaluation.
        step: how many steps were taken.
        epoch: the number of the epoch.
        history: what was measured so far.
    """

    name: str
    state: TrainState
    metrics: Mapping[str, Any]
    step: int
    epoch: int
    history: History


@plain
def fit(
    step: Callable[..., tuple[TrainState, dict[str, Any]]],
    state: TrainState,
    data: Callable[[int], Iterable[Any]] | Iterable[Any],
    *,
    epochs: int = 1,
    first_epoch: int = 0,
    start: Mapping[str, int] | None = None,
    evaluate: Callable[..., Mapping[str, Any]] | None = None,
    evaluate_every: int | None = None,
    patience: int | None = None,
    monitor: str | None = None,
    mode: str = "min",
    min_delta: float = 0.0,
    restore_best: bool = True,
    checkpoint: Any = None,
    callbacks: Sequence[Callable[[Event], Any]] = (),
    steps_per_call: int | str | None = None,
    progress: bool = True,
) -> tuple[TrainState, History]:
    """Take a step for each batch of each epoch.

    Nothing waits for the device between steps: metrics are fetched a few times a second for the progress bar, and at
    the end of an epoch for the history. Ctrl-C ends the run after the step under way and returns what there is; a
    second one stops it at once: in the middle of a step, which leaves no state, it is raised.

    Args:
        step: from ``fg.train.step``.
        state: where to start, from ``fg.train.init`` or an earlier run.
        data: an iterable of batches that can be iterated once for each epoch, or a function that takes the number of an
            epoch and gives one, like ``fg.data.batches(...)``. A batch is a tuple or list of the arguments that the
            loss takes after the parameters, or its only one.
        epochs: how many times to go through the data.
        first_epoch: the number of the first of them; not 0 in a run that goes on with an earlier one.
        start: where among these epochs to begin, as a checkpoint keeps it: ``{"epoch": 2, "batch": 17}``; and with
            it how the epoch went so far, how long `patience` has waited, and how many steps a dispatch is to hold.
        evaluate: called with the parameters after each epoch; returns a dict of numbers to be recorded and shown. If
            its first parameter is called ``state`` it is given the state, and if it has a parameter ``model_state``
            also that.
        evaluate_every: evaluate after so many steps instead of after each epoch.
        patience: end the run when `monitor` has not become better in so many evaluations (or epochs, if there are
            none) in a row.
        monitor: a metric of ``evaluate``, or one whose mean over the epoch is meant; by default ``eval_loss``, or else
            ``loss``.
        mode: ``"min"`` if the smallest value of `monitor` is the best, ``"max"`` if the largest is.
        min_delta: by how much a value must be better to count.
        restore_best: whether to return the state in which `monitor` was best; it is copied each time.
        checkpoint: an ``fg.train.Checkpoints``, or what has its method ``save(state, data=..., metrics=...)``: the run
            is saved after each epoch, or after as many steps as the attribute ``every`` says and at the end; and when
            it is interrupted. ``state, place = checkpoint.resume(state)`` and ``start=place`` make the same program go
            on where it was, with the bits of a run that never stopped.
        callbacks: functions of an ``Event``, called after each dispatch, evaluation and epoch, and at the end. One that
            returns True ends the run.
        steps_per_call: how many steps to take in one dispatch, if their batches have one shape. Small models run up to
            twenty times as fast so, and on a CPU all without convolutions gain, which run several times slower there.
            ``"auto"`` decides by what a step computes, and puts no more than about half a second into one
            dispatch. By default that is done where only the time tells: if there are no callbacks, and the batches of
            an epoch are a list or ``fg.data.batches``; otherwise each step is a dispatch. Compiled apart, several steps
            may round differently from single ones.
        progress: whether to show a bar on a terminal, or a line for each epoch elsewhere: the means of the metrics over
            the epoch, the evaluation, the time to the first step, and steps and examples per second.

    Returns:
        The last state (or the best), and a ``History`` of all metrics.

    Raises:
        ArgumentError: an epoch had no batches, as when an iterator that is used up is iterated again; or options do not
            fit each other.
        ArgumentTypeError: `step`, `state` or `data` is not one.
        NonFiniteError: the step was made with ``on_nan="raise"``, and something was not finite.

    >>> import optax
    >>> step = fg.train.step(lambda params, x, y: fg.nn.mse_loss(x @ params["w"], y), optax.sgd(0.5))
    >>> state = fg.train.init({"w": fg.zeros(2)}, optax.sgd(0.5))
    >>> batches = [(fg.eye(2), fg.tensor([1.0, 2.0]))]
    >>> state, history = fg.train.fit(step, state, batches, epochs=3, progress=False)
    >>> history["loss"]
    array([2.5    , 0.625  , 0.15625], dtype=float32)
    >>> history.last("step")
    3

    Source: the training loop of torch's tutorials; Keras's ``fit``.
    """
    epochs, first_epoch = integer("fit", "epochs", epochs, 0), integer("fit", "first_epoch", first_epoch, 0)
    place = place_of(start, first_epoch)
    batches_of = by_epoch(data, epochs, place)
    require_callable("fit", "step", step, "pass fg.train.step(loss, optimizer)")
    require_state(state)
    require_hooks(evaluate, callbacks, checkpoint)
    every = None if evaluate_every is None else integer("fit", "evaluate_every", evaluate_every, 1)
    if every is not None and evaluate is None:
        given, remedy = f"got evaluate_every={every} alone", "pass evaluate= too"
        fail(ArgumentError, "fit", "evaluate_every says when evaluate= is called", given, remedy)
    if isinstance(checkpoint, Checkpoints):
        checkpoint.require_next("fit", int(state.step))  # now, and not after hours of training
    stopping = Patience.of(patience, monitor, mode, min_delta)
    run = _Run(step, state, evaluate, every, checkpoint, callbacks, stopping, bool(restore_best))
    run.show(progress, first_epoch + epochs)
    run.go_on(place, start or {})
    with run.saved_whole():
        with stop_asked() as asked:
            for epoch in range(place[0], first_epoch + epochs):
                if run.ended:
                    break
                run.epoch(epoch, place[1] if epoch == place[0] else 0, batches_of(epoch), steps_per_call, asked)
        return run.finish()


class _Run:
    """One call of ``fit``: the state, and what happens after each dispatch."""

    def __init__(
        self,
        step: Callable[..., Any],
        state: TrainState,
        evaluate: Callable[..., Any] | None,
        evaluate_every: int | None,
        checkpoint: Any,
        callbacks: Sequence[Callable[[Event], Any]],
        patience: Patience | None,
        restore_best: bool,
    ):
        self.step, self.state, self.callbacks, self.patience = step, state, callbacks, patience
        self.restore_best = restore_best
        self.evaluate, self.evaluate_every = evaluate, evaluate_every
        self.checkpoint, self.save_every = checkpoint, getattr(checkpoint, "every", None)
        self.history = History()
        self.number = int(state.step)
        self.began = time.perf_counter()
        self.evaluation: dict[str, Any] = {}
        self.ended = False
        self.compiled: set[Any] = set()  # the kinds of dispatches that there were
        self.place = {"epoch": 0, "batch": 0}
        self.before: TrainState | None = None  # in a step: the state that it was given
        self.saved = self.evaluated = self.number  # the steps of the latest checkpoint and evaluation
        self.chosen: int | None = None  # steps in a dispatch, where that was left open
        self.stacked = not isinstance(step, Step) or step.parallel is not None  # it takes batches in no other way

    def show(self, progress: bool, last_epoch: int) -> None:
        """How the run is shown."""
        self.progress, self.last_epoch = progress, last_epoch

    def go_on(self, place: tuple[int, int], saved: Mapping[str, Any]) -> None:
        """Take up what a checkpoint says of the run that it is from."""
        self.resumed = place[0] if "so_far" in saved else None
        self.chosen = saved.get("steps_per_call")  # what is left of an epoch might have made another choice
        self.history.add_before(place[0], saved.get("so_far", {}))
        waiting = saved.get("patience")
        if self.patience is None or waiting is None:
            return
        self.patience.go_on(waiting)
        best = self.patience.best_step
        if self.restore_best and best is not None:
            self.patience.kept = self.state if best == self.number else restored(self.checkpoint, self.state, best)
        self.ended = self.history.stopped = self.patience.over

    def epoch(
        self, epoch: int, first_batch: int, batches: Iterable[Any], together: int | str | None, asked: list[bool]
    ) -> None:
        """Take the steps of one epoch."""
        total = length(batches)
        shown = Progress(self.progress, f"epoch {epoch + 1}/{self.last_epoch}", total, compiled=self.compiled)
        self.place = {"epoch": epoch, "batch": first_batch}
        try:
            most, batches = self._most(together, batches, first_batch)
            for taken in taken_together(batches, most, self._room, self.stacked):
                self._take(taken, shown)
                if asked:
                    raise KeyboardInterrupt
                if self.ended:
                    break
            if not shown.steps and not first_batch:
                given = f"got none in epoch {epoch}"
                remedy = "pass data that can be iterated again, or a function of the epoch"
                fail(ArgumentError, "fit", "every epoch must have batches", given, remedy)
            if not self.ended:
                self.place = {"epoch": epoch + 1, "batch": 0}
            self._end_epoch(epoch, shown, whole=not first_batch or epoch == self.resumed)
        except KeyboardInterrupt:
            if self.before is not None and (self.state is not self.before or not self.before.is_alive):
                shown.close()
                shown.note("interrupted in the middle of a step: no state is left but those that were saved")
                raise
            self.history.interrupted = self.ended = True
            shown.close()
            self._save({})
            note = f"interrupted in epoch {epoch + 1} after step {self.number}: the state of that step is returned"
            shown.note(note)
        except BaseException:
            shown.close()
            raise

    @contextlib.contextmanager
    def saved_whole(self) -> Iterator[None]:
        """However the run ends, what it began to save is saved, or an error says why not."""
        try:
            yield
        finally:
            if isinstance(self.checkpoint, Checkpoints):
                self.checkpoint.wait()

    def finish(self) -> tuple[TrainState, History]:
        """The result, when nothing more will be done."""
        self._save({})
        if self.patience is not None:
            self.history.best_step = self.patience.best_step
            if self.restore_best and self.patience.kept is not None and not self.history.interrupted:
                self.state = self.patience.kept
        self._tell("end", self.evaluation)
        return self.state, self.history

    def _take(self, taken: Taken, shown: Progress) -> None:
        before, self.before = self.number, self.state
        step: Any = self.step
        if taken.steps is None:
            self.state, metrics = step(self.state, *taken.batch)
        else:
            self.state, metrics = step.many(self.state, *taken.batch, count=taken.steps)
        steps = taken.steps or 1
        self.number += steps
        self.place["batch"] += steps
        self.history.add_step(self.number, self.place["epoch"], metrics, taken.steps)
        self.before = None
        if not self.compiled:
            jax.block_until_ready(metrics)  # once in a run
            self.history.first_step_seconds = shown.first = time.perf_counter() - self.began
        together = taken.steps is not None
        shown.advance(steps, metrics, steps * taken.rows, together, kind=(together, taken.rows))
        self._tell("step", metrics)
        if self.evaluate_every is not None and self._passed(self.evaluate_every, before):
            self._evaluate({})
        due = self.save_every is not None and self._passed(self.save_every, before)
        if due or self._best_is_new():
            self._save(self.evaluation if self.evaluated == self.number else {})

    def _passed(self, every: int, before: int) -> bool:
        return self.number // every > before // every

    def _end_epoch(self, epoch: int, shown: Progress, whole: bool) -> None:
        self._check()
        means = self.history.means(epoch)  # nothing if a run resumes behind the last batch, and does not say more
        if self.evaluate is not None and self.evaluate_every is None and not self.ended:
            self._evaluate(means)
        elif self.evaluate is None and means:
            self._judge(means)
        numbers = {**means, **self.evaluation}
        shown.end(numbers)
        self._tell("epoch", numbers)
        decides = getattr(self.checkpoint, "metric", None)
        if self.save_every is None or decides is not None or self._best_is_new():
            # A part of an epoch, or an evaluation of an earlier state, does not say how good this one is.
            measured = numbers if self.evaluated == self.number or decides not in self.evaluation else means
            said = decides in measured or (decides not in numbers and self.resumed != epoch)
            self._save(measured if whole and said else {}, again=True)

    def _evaluate(self, means: Mapping[str, Any]) -> None:
        assert self.evaluate is not None
        self._check()
        found = evaluated(self.evaluate, self.state)
        self.evaluation, self.evaluated = self.history.add_evaluation(found), self.number
        self._tell("evaluation", self.evaluation)
        self._judge({**means, **self.evaluation})

    def _judge(self, numbers: Mapping[str, Any]) -> None:
        if self.patience is not None and self.patience.is_over(numbers, self.state, self.number):
            self.ended = self.history.stopped = True

    def _best_is_new(self) -> bool:
        """Whether the state that is to be returned is this one, and a run that goes on would not find it."""
        found = self.patience is not None and self.restore_best and self.patience.best_step == self.number
        return found and self.saved != self.number

    def _where(self) -> dict[str, Any]:
        """What the same program needs to know to go on from here."""
        place: dict[str, Any] = dict(self.place)
        if place["batch"]:
            place["so_far"] = self.history.so_far(place["epoch"])
        if self.chosen is not None:
            place["steps_per_call"] = self.chosen
        if self.patience is not None:
            place["patience"] = {**self.patience.so_far(), "kept": self.restore_best}
        return place

    def _tell(self, name: str, metrics: Mapping[str, Any]) -> None:
        for callback in self.callbacks:
            event = Event(name, self.state, metrics, self.number, self.place["epoch"], self.history)
            if callback(event) is True and name != "end":
                self.ended = self.history.stopped = True

    def _check(self) -> None:
        """Raise if a step so far was not finite and was made to say so: nothing is saved or judged after it."""
        if isinstance(self.step, Step):
            self.step.check(self.state)

    def _save(self, numbers: Mapping[str, Any], *, again: bool = False) -> None:
        if self.checkpoint is None or (self.saved == self.number and not again):
            return
        self._check()
        kept = {name: float(value) for name, value in numbers.items() if np.ndim(value) == 0}
        more = {"wait": False} if isinstance(self.checkpoint, Checkpoints) else {}
        self.checkpoint.save(self.state, data=self._where(), metrics=kept or None, **more)
        self.saved = self.number

    def _most(self, together: int | str | None, batches: Iterable[Any], before: int) -> tuple[int, Iterable[Any]]:
        """How many steps a dispatch may hold; and the batches, one of which may have been looked at."""
        step: Any = self.step
        if together is None:
            known = self.chosen is not None or in_memory(batches)
            unseen = known and hasattr(step, "many") and not self.callbacks
            together = "auto" if unseen else 1
        if together == 1:
            return 1, batches
        if not hasattr(step, "many"):
            given, remedy = f"got steps_per_call={together!r} with {describe(step)}", "leave steps_per_call out"
            fail(ArgumentError, "fit", "several steps in a call need a step of fg.train.step", given, remedy)
        if isinstance(together, str) and together != "auto":
            required, given = "steps_per_call must be a number of steps or 'auto'", f"got {together!r}"
            fail(ArgumentError, "fit", required, given, "write 'auto' to have it chosen")
        if together != "auto":
            return integer("fit", "steps_per_call", together, 1), batches
        if self.chosen is None:
            count = length(batches)
            first, batches = peeked(batches)
            if first is not None:
                most, ready = most_at_once(batches), not self.stacked and lie_ready(batches)
                whole = math.inf if count is None else before + count
                self.chosen = min(step.steps_that_pay(self.state, *first, most=most, ready=ready), whole)
        return self.chosen or 1, batches

    def _room(self) -> float:
        """How many steps there are until something is to be done between two."""
        due = [every - self.number % every for every in (self.evaluate_every, self.save_every) if every is not None]
        return min(due, default=math.inf)
