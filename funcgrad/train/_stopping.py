"""Ctrl-C, and when a run has become no better for long enough."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import fail, integer, listed
from .._errors import ArgumentError
from ._totals import numeral
from .state import TrainState

__all__ = ["Patience", "stop_asked"]


@contextlib.contextmanager
def stop_asked() -> Iterator[list[bool]]:
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


@dataclass
class Patience:
    """How often a metric may fail to become better in a row, and the state when it was best."""

    turns: int
    monitor: str | None
    maximize: bool
    least: float
    best: float = math.nan
    best_step: int | None = None
    kept: TrainState | None = None
    waited: int = 0

    @property
    def over(self) -> bool:
        """Whether the run should end."""
        return self.waited >= self.turns

    def so_far(self) -> dict[str, Any]:
        """What a run that goes on must know, for JSON."""
        best = None if self.best_step is None else numeral(self.best)
        return {**self._watches(), "best": best, "best_step": self.best_step, "waited": self.waited}

    def go_on(self, saved: Mapping[str, Any]) -> None:
        """Take what `so_far` gave when the run was stopped."""
        watched = {name: saved.get(name) for name in self._watches()}
        if watched != self._watches():
            fail(
                ArgumentError,
                "fit",
                "a run that goes on must watch what it watched before",
                f"got {_words(self._watches())} after {_words(watched)}",
                "pass the same, or take 'patience' out of start to begin to wait anew",
            )
        if saved["best_step"] is not None:
            self.best, self.best_step = float(saved["best"]), saved["best_step"]
        self.waited = saved["waited"]

    def _watches(self) -> dict[str, Any]:
        return {"monitor": self.monitor, "mode": "max" if self.maximize else "min"}

    @classmethod
    def of(cls, patience: int | None, monitor: str | None, mode: str, min_delta: float) -> Patience | None:
        """From the options of ``fit``."""
        if mode not in ("min", "max"):
            fail(ArgumentError, "fit", "mode must be 'min' or 'max'", f"got {mode!r}", "write mode='max' for accuracy")
        if patience is None:
            if monitor is not None:
                given = f"got monitor={monitor!r} alone"
                fail(ArgumentError, "fit", "monitor= says what patience= watches", given, "pass patience=5 too")
            return None
        return cls(integer("fit", "patience", patience, 1), monitor, mode == "max", abs(float(min_delta)))

    def is_over(self, numbers: Mapping[str, Any], state: TrainState, step: int) -> bool:
        """Whether the run should end, after one more measurement."""
        value = float(self._watched(numbers))
        gain = value - self.best if self.maximize else self.best - value
        # NaN is never better than anything, and everything is better than NaN.
        if not math.isnan(value) and (math.isnan(self.best) or gain > self.least):
            self.best, self.best_step, self.waited = value, step, 0
            self.kept = jax.tree.map(jnp.copy, state)
        else:
            self.waited += 1
        return self.over

    def _watched(self, numbers: Mapping[str, Any]) -> Any:
        name = self.monitor or ("eval_loss" if "eval_loss" in numbers else "loss")
        if name not in numbers:
            given, remedy = f"got {name!r}", f"choose from {listed(numbers)}" if numbers else "return it from evaluate"
            fail(ArgumentError, "fit", "monitor must name a metric of an epoch or of evaluate", given, remedy)
        return numbers[name]


def _words(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())
