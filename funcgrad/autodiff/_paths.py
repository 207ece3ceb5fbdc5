"""Paths of leaves as a user writes them, and patterns that choose among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import jax

from .._checks import listed

__all__ = ["dotted", "joined", "path_pattern", "some"]


def dotted(keys: tuple[Any, ...]) -> str:
    """The path of a leaf as a selection writes it: ``layers.0.weight``."""
    return jax.tree_util.keystr(keys, simple=True, separator=".")


def joined(label: str, path: str) -> str:
    """The path of a part of the argument `label`."""
    return f"{label}.{path}" if path else label


def path_pattern(pattern: str) -> Callable[[tuple[Any, ...]], bool]:
    """Whether a path, or a node above it, fits `pattern`, in which ``*`` stands for anything."""
    fits = re.compile(re.escape(pattern).replace(r"\*", ".*") + r"(\..*)?", re.DOTALL).fullmatch
    return lambda keys: fits(dotted(keys)) is not None


def some(names: Iterable[str], most: int = 8) -> str:
    """The names quoted, or the first of them and how many more there are."""
    names = list(names)
    return listed(names) if len(names) <= most else f"{', '.join(map(repr, names[:most]))} and {len(names) - most} more"
