"""The rest of an epoch: batches from some place in it on, of whatever gives batches."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Rest", "from_batch"]


def from_batch(data: Any, epoch: int, start: int) -> Any:
    """The batches of `epoch` from batch `start` on; where `data` does not know how, those before are passed over."""
    if not callable(data):
        return data if start == 0 else Rest(data, start)
    if start and _takes_start(data):
        return data(epoch, start=start)
    return data(epoch) if start == 0 else Rest(data(epoch), start)


def _takes_start(data: Any) -> bool:
    try:
        return "start" in inspect.signature(data).parameters
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True, eq=False)
class Rest:
    """The batches of `data` after the first `start`."""

    data: Any
    start: int

    def __len__(self) -> int:
        return max(len(self.data) - self.start, 0)

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(iter(self.data), self.start, None)
