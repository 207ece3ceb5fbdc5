"""What was measured during training, step by step and epoch by epoch."""

from __future__ import annotations

import bisect
import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .._checks import describe, fail, listed
from .._errors import ArgumentTypeError
from .._plain import fitting
from ._totals import Total, numeral

__all__ = ["History"]

# Up to twice as many steps may be under way on the device. More would not make it faster, and each holds the memory of
# its batch.
_AHEAD = 16
_FETCHED_AT_ONCE = 1024


@fitting
class History(Mapping[str, np.ndarray]):
    """The metrics of a run by name, as NumPy arrays.

    ``"step"``, ``"epoch"``, ``"loss"`` and the other metrics of the loss have an element for each step; those of
    ``evaluate`` have one for each time it was called: after each epoch, usually. An evaluation named like a metric of
    the steps is called ``eval_<name>``.

    Attributes:
        interrupted: whether the run was stopped by Ctrl-C.
        stopped: whether it ended early, because ``patience`` ran out or a callback said so.
        best_step: after how many steps the metric that ``patience`` watches was best, or None.
        first_step_seconds: how long the first step took, compilation included, or None.
    """

    def __init__(self) -> None:
        self.interrupted = self.stopped = False
        self.best_step: int | None = None
        self.first_step_seconds: float | None = None
        self._steps: dict[str, list[Any]] = {"step": [], "epoch": []}
        self._epochs: dict[str, list[Any]] = {}
        self._added = 0
        self._evaluated_at: list[int] = []  # how many steps were recorded when each evaluation was made
        self._pending: list[tuple[int | None, dict[str, Any]]] = []  # still on the device: of a step, or of several
        self._before: tuple[int, dict[str, Total]] = (-1, {})

    def __getitem__(self, name: str) -> np.ndarray:
        self._fetch()
        column = self._steps.get(name, self._epochs.get(name))
        if column is None:
            raise KeyError(f"there is no metric {name!r}; there are {listed(self)}")
        return np.asarray(column)

    def __iter__(self) -> Iterator[str]:
        self._fetch()
        return iter((*self._steps, *self._epochs))

    def __len__(self) -> int:
        self._fetch()
        return len(self._steps) + len(self._epochs)

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __repr__(self) -> str:
        metrics = ", ".join(f"{name}={self.last(name):.4g}" for name in self if len(self[name]))
        return f"History({metrics}{', interrupted' if self.interrupted else ''})"

    @property
    def evaluated_at(self) -> list[int]:
        """After which of the steps recorded here, counted from 1, each evaluation was made."""
        return list(self._evaluated_at)

    def last(self, name: str) -> float | int:
        """The latest value of a metric, a Python number."""
        number: float | int = self[name][-1].item()
        return number

    def to_csv(self, path: str | Path) -> None:
        """Write a row for each step; evaluations stand in the row of the last step before them."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self)
            for step, evaluation in self._rows():
                evaluated = [_plain(evaluation[name]) if name in evaluation else "" for name in self._epochs]
                writer.writerow([*map(_plain, step.values()), *evaluated])

    def to_jsonl(self, path: str | Path) -> None:
        """Write a JSON object for each step, a line each; evaluations stand in that of the last step before them.

        NaN and infinities, which JSON has no numbers for, are the texts "NaN", "Infinity" and "-Infinity".
        """
        with open(path, "w", encoding="utf-8") as file:
            for step, evaluation in self._rows():
                file.write(json.dumps({name: _for_json(value) for name, value in (step | evaluation).items()}) + "\n")

    def _rows(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """The metrics of each step, and of the evaluation after it."""
        self._fetch()
        rows = {at - 1: i for i, at in enumerate(self._evaluated_at)}
        for row, values in enumerate(zip(*self._steps.values(), strict=True)):
            evaluated = {name: column[rows[row]] for name, column in self._epochs.items() if row in rows}
            yield dict(zip(self._steps, values, strict=True)), evaluated

    def add_step(self, number: int, epoch: int, metrics: dict[str, Any], count: int | None = None) -> None:
        """Record the metrics of one step, or of `count`, the last of them `number`; nothing here waits for them."""
        steps = 1 if count is None else count
        self._steps["step"] += range(number - steps + 1, number + 1)
        self._steps["epoch"] += [epoch] * steps
        ndim = 0 if count is None else 1
        self._pending.append((count, {name: value for name, value in metrics.items() if np.ndim(value) == ndim}))
        self._added += 1
        ahead = _AHEAD if count is None else 1
        # Not at each step, because to wait means to wake up again.
        if self._added % ahead == 0 and len(self._pending) > ahead:
            jax.block_until_ready(self._pending[-ahead - 1][1])
        if len(self._pending) > _FETCHED_AT_ONCE + _AHEAD:
            self._fetch(_FETCHED_AT_ONCE)

    def add_evaluation(self, metrics: Mapping[str, Any]) -> dict[str, float]:
        """Record the metrics of one evaluation; returns them as numbers by the names they were given here."""
        _require_dict(metrics)
        self._fetch()
        self._evaluated_at.append(len(self._steps["step"]))
        numbers: dict[str, Any] = {}
        for name, value in zip(metrics, jax.device_get(list(metrics.values())), strict=True):
            recorded = f"eval_{name}" if name in self._steps else name
            numbers[recorded] = np.asarray(value)[()]
            _extend(self._epochs, recorded, [numbers[recorded]], len(self._evaluated_at))
        for column in self._epochs.values():
            column += [math.nan] * (len(self._evaluated_at) - len(column))
        return numbers

    def means(self, epoch: int) -> dict[str, Any]:
        """The mean of each metric over the steps of an epoch."""
        return {name: total.mean for name, total in self._totals(epoch).items()}

    def add_before(self, epoch: int, totals: Mapping[str, Any]) -> None:
        """Take what `so_far` gave of an epoch when the run was stopped in the middle of it."""
        read = {}
        for name, (value, steps, dtype) in totals.items():
            read[name] = Total(complex(value) if dtype.startswith("complex") else float(value), steps, dtype)
        self._before = epoch, read

    def so_far(self, epoch: int) -> dict[str, Any]:
        """What the metrics add up to in an epoch, for JSON."""
        return {name: [numeral(total), steps, dtype] for name, (total, steps, dtype) in self._totals(epoch).items()}

    def _totals(self, epoch: int) -> dict[str, Total]:
        self._fetch()
        before = self._before[1] if self._before[0] == epoch else {}
        epochs = self._steps["epoch"]
        first, last = bisect.bisect_left(epochs, epoch), bisect.bisect_right(epochs, epoch)
        if first == last:
            return before
        earlier = max((total.steps for total in before.values()), default=0)
        totals = {}
        for name in [*before, *(name for name in list(self._steps)[2:] if name not in before)]:
            values = self._steps[name][first:last] if name in self._steps else [math.nan] * (last - first)
            totals[name] = Total.of(values, before.get(name, Total(math.nan, earlier, "") if earlier else None))
        return totals

    def _fetch(self, count: int | None = None) -> None:
        """Bring what is pending, or the first `count` of it, to the host, in one transfer."""
        if not self._pending:
            return
        first = len(self._steps["step"]) - sum(1 if steps is None else steps for steps, _ in self._pending)
        taken = self._pending[:count]
        del self._pending[:count]
        # Lists, because a dict of 0-d arrays is fetched no faster and comes back sorted.
        fetched = jax.device_get([list(row.values()) for _, row in taken])
        for (steps, row), values in zip(taken, fetched, strict=True):
            for name, value in zip(row, values, strict=True):
                numbers = [np.asarray(value)[()]] if steps is None else list(np.asarray(value)[:steps])
                _extend(self._steps, name, numbers, first + len(numbers))
            first += 1 if steps is None else steps
        for column in list(self._steps.values())[2:]:
            column += [math.nan] * (first - len(column))


def _require_dict(metrics: Any) -> None:
    if not isinstance(metrics, Mapping):
        remedy = "return for example {'accuracy': value}"
        fail(ArgumentTypeError, "fit", "evaluate must return a dict of metrics", f"got {describe(metrics)}", remedy)


def _extend(columns: dict[str, list[Any]], name: str, values: list[Any], length: int) -> None:
    """Append `values` so that the column has `length` elements; NaN where it was not measured."""
    column = columns.setdefault(name, [])
    column += [math.nan] * (length - len(values) - len(column))
    column += values


def _plain(value: Any) -> Any:
    """A NumPy number as the Python number with the shortest text that reads back as the same one."""
    if isinstance(value, np.floating):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


def _for_json(value: Any) -> Any:
    plain = float(str(value)) if isinstance(value, np.floating) else _plain(value)
    if isinstance(plain, float) and not math.isfinite(plain):
        return "NaN" if math.isnan(plain) else "Infinity" if plain > 0 else "-Infinity"
    return plain
