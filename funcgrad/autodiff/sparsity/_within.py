"""Patterns for those who can use only few entries: a dense one is not written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._sets import Dependence
from .detection import _Program
from .pattern import SparsityPattern

__all__ = ["TooMany", "pattern_within"]


class TooMany(Exception):
    """A pattern may have more entries than the caller can use."""


def pattern_within(name: str, func: Callable[..., Any], leaves: Sequence[Any], most: float) -> SparsityPattern:
    """The pattern of a function of floating arrays; raises TooMany where it may have more than `most` entries."""
    program = _Bounded(name, func, tuple(leaves), {}, tuple(range(len(leaves))), None, has_aux=False, local=False)
    program.most = most
    return program.pattern(program.trace(lambda traced, chosen: traced(chosen)[0]))


class _Bounded(_Program):
    most: float

    def _collected(self, outputs: Sequence[Dependence], columns: int, reasons: list[str]) -> SparsityPattern:
        rows = sum(int(np.prod(part.shape)) for part in outputs)
        if min(sum(part.entries() for part in outputs), rows * columns) > self.most:
            raise TooMany
        return super()._collected(outputs, columns, reasons)
