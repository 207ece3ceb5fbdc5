"""How the losses of elements become one number."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .._checks import fail
from .._errors import ArgumentError
from .._types import Array

__all__ = ["reduced"]


def reduced(
    name: str, losses: Array, reduction: str, weights: Array | None = None, also: tuple[str, ...] = ()
) -> Array:
    """`losses` as they are, their sum, or their mean (over the sum of `weights` if there are any)."""
    if reduction == "none":
        return losses
    if reduction not in ("mean", "sum"):
        words = ", ".join(repr(word) for word in ("mean", "sum", *also))
        fail(ArgumentError, name, f"reduction must be {words} or 'none'", f"got {reduction!r}", "choose one")
    if reduction == "sum":
        return losses.sum()
    return losses.mean() if weights is None else _total(losses, weights.dtype) / _total(weights, weights.dtype)


def _total(x: Array, dtype: Any) -> Array:
    # The two sums of a weighted mean in half precision would overflow where their quotient does not.
    return x.sum(dtype=jnp.promote_types(dtype, jnp.float32)) if x.ndim else x
