"""A value that is differentiated as if it were another."""

from __future__ import annotations

from typing import Any

import jax

from .._types import Array

__all__ = ["straight_through"]


@jax.custom_jvp
def straight_through(value: Array, source: Array) -> Array:
    """`value` exactly, with the derivatives of `source`."""
    return value


@straight_through.defjvp
def _straight_through_jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
    return primals[0], tangents[1]
