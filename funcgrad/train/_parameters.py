"""Which parameters are trained, and checks of what trains them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail
from .._errors import ArgumentError, ArgumentTypeError
from .._types import PyTree
from ..autodiff._paths import dotted, path_pattern, some
from .parallel import Parallel

__all__ = ["averaged", "require_callable", "require_optimizer", "require_parallel", "trained_part", "with_trained"]


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


def require_parallel(name: str, value: Any) -> Parallel:
    """`value`, which must be a ``Parallel``."""
    if not isinstance(value, Parallel):
        given = f"got {describe(value)}"
        fail(ArgumentTypeError, name, "parallel must be what fg.parallel gives", given, "pass parallel=fg.parallel()")
    return value


def trained_part(name: str, params: PyTree, trainable: str | Sequence[str] | None) -> PyTree:
    """`params` with None, which is no leaf, in place of what is not trained; raises if nothing is left.

    What is trained are the floating-point leaves, of those that `trainable` names if it is given.
    """
    chosen = jax.tree.map(lambda leaf: leaf if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact) else None, params)
    if not jax.tree.leaves(chosen):
        fail(
            ArgumentError,
            name,
            "params must have a floating-point array, which can be trained",
            f"got {', '.join(map(describe, jax.tree.leaves(params))) or 'no arrays'}",
            "convert them with fg.to(x, 'float')",
        )
    if trainable is None:
        return chosen
    patterns = (trainable,) if isinstance(trainable, str) else trainable
    if not isinstance(patterns, list | tuple) or not all(isinstance(pattern, str) for pattern in patterns):
        given, remedy = f"got {describe(trainable)}", "write for example trainable='head.*'"
        fail(ArgumentTypeError, name, "trainable must be a path in params or a sequence of them", given, remedy)
    paths = [keys for keys, _ in jax.tree_util.tree_leaves_with_path(chosen)]
    fits = {pattern: path_pattern(pattern) for pattern in patterns}
    unknown = [pattern for pattern, fit in fits.items() if not any(map(fit, paths))]
    if unknown or not patterns:
        fail(
            ArgumentError,
            name,
            "trainable must name floating-point parts of params",
            f"got {unknown[0]!r}" if unknown else "got an empty sequence",
            f"choose from {some(map(dotted, paths))}",
        )
    return jax.tree_util.tree_map_with_path(
        lambda keys, leaf: leaf if any(fit(keys) for fit in fits.values()) else None, chosen
    )


def with_trained(params: PyTree, trained: PyTree) -> PyTree:
    """`params` with the leaves of `trained` in their places, in the dtype of what was there."""
    return jax.tree.map(
        lambda new, old: old if new is None else new.astype(jnp.result_type(old)),
        trained,
        params,
        is_leaf=lambda x: x is None,
    )


def averaged(trained: PyTree) -> PyTree:
    """What a moving average of `trained` starts from: these values, in no less than float32, where it can move."""
    return jax.tree.map(lambda leaf: jnp.array(leaf, jnp.promote_types(leaf.dtype, jnp.float32)), trained)
