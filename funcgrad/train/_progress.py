"""How a run is shown: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

__all__ = ["Progress"]

_REFRESHED_EVERY = 0.25  # seconds
_LINE_EVERY = 30.0  # seconds between lines inside an epoch


class Progress:
    """What one epoch, or one loop, shows. Between refreshes it only counts; metrics are fetched once for each refresh.

    Attributes:
        steps: how many there were.
    """

    def __init__(
        self, shown: bool, title: str, total: int | None, unit: str = "steps", compiled: set[Any] | None = None
    ):
        self.shown, self.title, self.total, self.unit = shown, title, total, unit
        self.bar = None
        if shown and sys.stderr.isatty():
            known = "{desc}: {n_fmt}/{total_fmt} |{bar}| {elapsed}<{remaining}{postfix}"
            unknown = "{desc}: {n_fmt} {elapsed}{postfix}"
            shape = unknown if total is None else known
            self.bar = tqdm(desc=title, total=total, bar_format=shape, file=sys.stderr, dynamic_ncols=True)
        self.compiled = set() if compiled is None else compiled  # the kinds of calls that were made before
        self.steps = self.timed = self.examples = 0
        self.first: float | None = None  # seconds to the first step, compilation included, where that was waited for
        self.started = self.refreshed = self.latest = time.perf_counter()

    def advance(
        self, steps: int, metrics: Mapping[str, Any], examples: int = 0, together: bool = False, kind: Any = None
    ) -> None:
        """Count steps; show them and their numbers, if it is time to: of steps taken together, the last of each."""
        self.steps += steps
        now = time.perf_counter()
        if kind in self.compiled:
            self.timed += steps
            self.examples += examples
        else:
            self.started += now - self.latest  # the first call of a kind compiles, which says nothing about speed
            self.compiled.add(kind)
        self.latest = now
        if self.shown and now - self.refreshed >= (_LINE_EVERY if self.bar is None else _REFRESHED_EVERY):
            shown = {name: value for name, value in metrics.items() if np.ndim(value) == together}
            numbers = jax.device_get(list(shown.values()))  # a dict would come back sorted
            self._show(
                {name: np.ravel(n)[steps - 1 if together else 0] for name, n in zip(shown, numbers, strict=True)}
            )

    def end(self, metrics: Mapping[str, Any]) -> None:
        """Show the metrics of the whole epoch."""
        if self.bar is not None:
            self._show(metrics)
            self.bar.close()
        elif self.shown:
            print(f"{self.title}: {self._text(metrics)}", flush=True)

    def close(self) -> None:
        """Leave the bar where it is."""
        if self.bar is not None:
            self.bar.close()

    def note(self, text: str) -> None:
        """Say something once."""
        if self.shown:
            print(text, file=sys.stderr if self.bar is not None else sys.stdout, flush=True)

    def speed(self) -> tuple[float, float]:
        """Steps and examples a second, without those that compiled; 0 where nothing is known."""
        elapsed = time.perf_counter() - self.started
        return (self.timed / elapsed, self.examples / elapsed) if elapsed > 0 else (0.0, 0.0)

    def _show(self, metrics: Mapping[str, Any]) -> None:
        if self.bar is not None:
            self.bar.n = self.steps
            self.bar.set_postfix_str(self._text(metrics), refresh=True)
        else:
            total = "" if self.total is None else f"/{self.total}"
            print(f"{self.title}, {self.steps}{total}: {self._text(metrics)}", flush=True)
        self.refreshed = time.perf_counter()  # after the fetch: a slow device is not asked more often than that

    def _text(self, metrics: Mapping[str, Any]) -> str:
        parts = [f"{name} {_number(value)}" for name, value in metrics.items() if np.ndim(value) == 0]
        if self.first is not None:
            parts.append(f"first step after {self.first:.3g} s")
        steps, examples = self.speed()
        parts += [f"{_rate(steps)} {self.unit}/s"] * (steps > 0) + [f"{_rate(examples)} examples/s"] * (examples > 0)
        return ", ".join(parts)


def _number(value: Any) -> str:
    value = np.asarray(value)[()]
    return f"{value:.4g}" if isinstance(value, np.floating | np.integer) else f"{value}"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
