"""What the metrics of an epoch add up to, so that it can be kept in JSON and added to."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

__all__ = ["Total", "numeral"]


class Total(NamedTuple):
    """What a metric adds up to over steps of one epoch.

    It is added up one by one, in no less than 64 bits, so that a run that resumes in the middle gets the same bits.
    """

    total: Any
    steps: int
    dtype: str

    @classmethod
    def of(cls, values: list[Any], before: Total | None) -> Total:
        """The sum of `values`, which follow those that are in `before`."""
        array = np.asarray(values)
        wide = np.dtype(complex if array.dtype.kind == "c" else float)
        start = 0 if before is None else before.total
        with np.errstate(invalid="ignore"):  # of infinities of both signs
            total = np.add.accumulate(np.concatenate([[start], array.astype(wide)], dtype=wide))[-1].item()
        kept = array.dtype if jnp.issubdtype(array.dtype, jnp.inexact) else wide
        return cls(total, len(values) + (0 if before is None else before.steps), kept.name)

    @property
    def mean(self) -> Any:
        """In the dtype of the metric; of integers and truth values in 64 bits."""
        return np.dtype(getattr(jnp, self.dtype, self.dtype)).type(self.total / self.steps)


def numeral(value: Any) -> float | str:
    """A number for JSON, which has none for NaN, infinities and complex ones; ``float`` or ``complex`` reads them."""
    return value if isinstance(value, float) and math.isfinite(value) else str(value)
