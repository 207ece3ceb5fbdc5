"""Sizes: ints, and those that ``fg.export`` leaves open, which can be computed with but not always compared."""

from __future__ import annotations

from typing import Any

__all__ = ["as_size", "is_open", "is_size", "known_at_least"]


def is_open(size: Any) -> bool:
    """Whether `size` stands for any number."""
    if hasattr(size, "__index__"):
        return False
    from jax.export import is_symbolic_dim

    return bool(is_symbolic_dim(size))


def is_size(value: Any) -> bool:
    """Whether `value` can be a size: an int, or one left open."""
    return not isinstance(value, bool) and (hasattr(value, "__index__") or is_open(value))


def as_size(value: Any) -> int:
    """`value`, which is a size, as an int where it is known."""
    return value.__index__() if hasattr(value, "__index__") else value


def known_at_least(size: int, bound: int) -> bool:
    """Whether `size` is certainly `bound` or more: what decides between two formulations of one result."""
    return not is_open(size) and size >= bound
