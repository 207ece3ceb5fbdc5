"""A call taken apart into arrays, which a compiled program takes, and all else, which it is compiled for."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import jax
import numpy as np

from .._checks import x64_enabled
from .._convert import from_host
from ._arguments import as_array

__all__ = ["Call", "array_key"]


class _Constant:
    """A value that is part of a key: by equality where it has one that can be hashed, otherwise by identity."""

    __slots__ = ("number", "value")

    def __init__(self, value: Any):
        self.value = value
        try:
            self.number = hash((type(value), value))
        except TypeError:
            self.number = id(value)

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Constant) or type(self.value) is not type(other.value):
            return False
        return self.value is other.value or (self.number == other.number and bool(self.value == other.value))


class Call:
    """Positional and keyword arguments: their arrays, and what else they are.

    Python numbers with a point are arrays here; ints, bools and all else are constants.

    Attributes:
        values: the arrays.
        key: the same for calls that one program serves.
        traced: whether one of the arrays is being traced.
    """

    __slots__ = ("_fixed", "_tree", "key", "traced", "values")

    def __init__(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]):
        leaves, self._tree = jax.tree.flatten((args, kwargs))
        self.values: list[jax.Array] = []
        self._fixed: list[Any] = []
        self.traced = False
        key: list[Hashable] = [self._tree, x64_enabled()]
        for leaf in leaves:
            kind = _KINDS.get(type(leaf))
            if kind is None:
                kind = _kind(leaf)
                if kind != "other":  # of which there is no end
                    _KINDS[type(leaf)] = kind
            if kind == "other":
                self._fixed.append(leaf)
                key.append(_Constant(leaf))
                continue
            if kind == "host":
                leaf = from_host(name, leaf)
            elif kind == "number":
                leaf = as_array(name, leaf)
            elif kind == "traced":
                self.traced = True
            self.values.append(leaf)
            self._fixed.append(_ARRAY)
            key += leaf.shape, leaf.dtype, _weak(leaf)
        self.key = tuple(key)

    def arguments(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with other arrays in their places."""
        waiting = iter(values)
        leaves = [next(waiting) if leaf is _ARRAY else leaf for leaf in self._fixed]
        args, kwargs = jax.tree.unflatten(self._tree, leaves)
        return args, kwargs

    def shapes(self) -> list[jax.ShapeDtypeStruct]:
        """Placeholders of the arrays."""
        return [jax.ShapeDtypeStruct(v.shape, v.dtype, weak_type=_weak(v)) for v in self.values]


def array_key(value: Any) -> Hashable | None:
    """The same for calls with one array that one program serves; None for all but arrays that are not traced."""
    return (value.shape, value.dtype, _weak(value), x64_enabled()) if _KINDS.get(type(value)) == "array" else None


def _weak(value: jax.Array) -> bool:
    try:
        return bool(value.weak_type)
    except AttributeError:  # random keys have none
        return False


def _kind(leaf: Any) -> str:
    """What becomes of leaves of this type."""
    if isinstance(leaf, jax.Array):
        return "traced" if isinstance(leaf, jax.core.Tracer) else "array"
    if isinstance(leaf, np.ndarray | np.generic):
        return "host"
    return "number" if isinstance(leaf, float | complex) else "other"


_ARRAY = object()
_KINDS: dict[type, str] = {}  # found once for each type, because asking takes longer than all else in a call
