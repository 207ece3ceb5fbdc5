"""What was measured during training, step by step and epoch by epoch."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .._checks import describe, fail, listed
from .._errors import ArgumentTypeError

__all__ = ["History"]

# Steps that may be under way on the device. More would not make it faster, and each holds the memory of its batch.
_AHEAD = 32
_FETCHED_AT_ONCE = 1024


class History(Mapping[str, np.ndarray]):
    """The metrics of a run by name, as NumPy arrays.

    ``"step"``, ``"epoch"``, ``"loss"`` and the other metrics of the loss have an element for each step; those of
    ``evaluate`` have one for each epoch. An evaluation named like a metric of the steps is called ``eval_<name>``.

    Attributes:
        interrupted: whether the run was stopped by Ctrl-C.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self._steps: dict[str, list[Any]] = {"step": [], "epoch": []}
        self._epochs: dict[str, list[Any]] = {}
        self._evaluated_at: list[int] = []  # how many steps were recorded when each evaluation was made
        self._pending: list[dict[str, Any]] = []  # still on the device

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

    def last(self, name: str) -> float | int:
        """The latest value of a metric, a Python number."""
        number: float | int = self[name][-1].item()
        return number

    def to_csv(self, path: str | Path) -> None:
        """Write a row for each step; evaluations stand in the row of the last step before them."""
        self._fetch()
        rows = {at - 1: i for i, at in enumerate(self._evaluated_at)}
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self)
            for row, values in enumerate(zip(*self._steps.values(), strict=True)):
                evaluated = [column[rows[row]] if row in rows else "" for column in self._epochs.values()]
                writer.writerow([*map(_plain, values), *map(_plain, evaluated)])

    def add_step(self, number: int, epoch: int, metrics: dict[str, Any]) -> None:
        """Record the metrics of one step, which may still be under way: nothing here waits for it."""
        self._steps["step"].append(number)
        self._steps["epoch"].append(epoch)
        self._pending.append({name: value for name, value in metrics.items() if np.ndim(value) == 0})
        if len(self._pending) > _AHEAD:
            jax.block_until_ready(self._pending[-_AHEAD])
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
            _extend(self._epochs, recorded, numbers[recorded], len(self._evaluated_at))
        for column in self._epochs.values():
            column += [math.nan] * (len(self._evaluated_at) - len(column))
        return numbers

    def means(self, epoch: int) -> dict[str, float]:
        """The mean of each metric over the steps of an epoch."""
        self._fetch()
        chosen = np.asarray(self._steps["epoch"]) == epoch
        return {name: np.mean(np.asarray(values)[chosen]) for name, values in list(self._steps.items())[2:]}

    def _fetch(self, count: int | None = None) -> None:
        """Bring what is pending, or the first `count` of it, to the host, in one transfer."""
        if not self._pending:
            return
        first = len(self._steps["step"]) - len(self._pending)
        rows = self._pending[:count]
        del self._pending[:count]
        fetched = jax.device_get([list(row.values()) for row in rows])
        for i, (row, values) in enumerate(zip(rows, fetched, strict=True)):
            for name, value in zip(row, values, strict=True):
                _extend(self._steps, name, np.asarray(value)[()], first + i + 1)
        for column in list(self._steps.values())[2:]:
            column += [math.nan] * (first + len(fetched) - len(column))


def _require_dict(metrics: Any) -> None:
    if not isinstance(metrics, Mapping):
        remedy = "return for example {'accuracy': value}"
        fail(ArgumentTypeError, "fit", "evaluate must return a dict of metrics", f"got {describe(metrics)}", remedy)


def _extend(columns: dict[str, list[Any]], name: str, value: Any, length: int) -> None:
    """Append `value` so that the column has `length` elements; NaN where it was not measured."""
    column = columns.setdefault(name, [])
    column += [math.nan] * (length - 1 - len(column))
    column.append(value)


def _plain(value: Any) -> Any:
    """A NumPy number as the Python number with the shortest text that reads back as the same one."""
    if isinstance(value, np.floating):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value
