"""How an epoch is shown: a bar on a terminal, a line elsewhere."""

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


class Progress:
    """What one epoch shows. Between refreshes it only counts; metrics are fetched once for each refresh."""

    def __init__(self, shown: bool, title: str, batches: int | None):
        self.shown = shown
        self.title = title
        self.bar = None
        if shown and sys.stderr.isatty():
            # No batches per second: examples per second say the same and compare between batch sizes.
            known = "{desc}: {n_fmt}/{total_fmt} |{bar}| {elapsed}<{remaining}{postfix}"
            unknown = "{desc}: {n_fmt} {elapsed}{postfix}"
            shape = unknown if batches is None else known
            self.bar = tqdm(desc=title, total=batches, bar_format=shape, file=sys.stderr, dynamic_ncols=True)
        self.steps = 0
        self.examples = 0
        self.started = self.refreshed = time.perf_counter()

    def step(self, batch: Any, metrics: Mapping[str, Any]) -> None:
        """Count a step; show it if it is time to."""
        self.steps += 1
        now = time.perf_counter()
        if self.steps == 1:
            self.started = now  # the first step compiles, which says nothing about speed
        else:
            self.examples += _size(batch)
        if self.bar is not None and now - self.refreshed >= _REFRESHED_EVERY:
            self._show(jax.device_get({name: value for name, value in metrics.items() if np.ndim(value) == 0}))

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

    def _show(self, metrics: Mapping[str, Any]) -> None:
        assert self.bar is not None
        self.bar.n = self.steps
        self.bar.set_postfix_str(self._text(metrics), refresh=True)
        self.refreshed = time.perf_counter()  # after the fetch: a slow device is not asked more often than that

    def _text(self, metrics: Mapping[str, Any]) -> str:
        parts = [f"{name} {float(value):.4g}" for name, value in metrics.items() if np.ndim(value) == 0]
        elapsed = time.perf_counter() - self.started
        if self.examples and elapsed > 0:
            parts.append(f"{self.examples / elapsed:,.0f} examples/s")
        return ", ".join(parts)


def _size(batch: Any) -> int:
    """How many examples a batch holds: the length of its first array."""
    shapes = (np.shape(leaf) for leaf in jax.tree.leaves(batch))
    return next((shape[0] for shape in shapes if shape), 0)
