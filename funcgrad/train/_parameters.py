"""Which parameters are trained, and checks of what trains them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._types import PyTree

__all__ = ["require_callable", "require_optimizer", "trainable", "with_trained"]


def require_callable(name: str, argument: str, value: Any, remedy: str) -> None:
    """Raise unless `value` can be called."""
    if not callable(value):
        fail(ArgumentTypeError, name, f"{argument} must be a function", f"got {describe(value)}", remedy)


def require_optimizer(name: str, optimizer: Any) -> None:
    """Raise unless `optimizer` has what optax's have."""
    if not (callable(getattr(optimizer, "init", None)) and callable(getattr(optimizer, "update", None))):
        fail(
            ArgumentTypeError,
            name,
            "optimizer must be an optax GradientTransformation",
            f"got {describe(optimizer)}",
            "pass for example optax.adam(1e-3)",
        )


def trainable(name: str, params: PyTree) -> PyTree:
    """`params` with None, which is no leaf, in place of what is not floating point; raises if nothing is left."""
    chosen = jax.tree.map(lambda leaf: leaf if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact) else None, params)
    if not jax.tree.leaves(chosen):
        fail(
            ArgumentError,
            name,
            "params must have a floating-point array, which can be trained",
            f"got {', '.join(map(describe, jax.tree.leaves(params))) or 'no arrays'}",
            "convert them with fg.to(x, 'float')",
        )
    return chosen


def with_trained(params: PyTree, trained: PyTree) -> PyTree:
    """`params` with the leaves of `trained` in their places."""
    return jax.tree.map(lambda new, old: old if new is None else new, trained, params, is_leaf=lambda x: x is None)
