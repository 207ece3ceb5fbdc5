"""Who watches the values that have names while a function runs, to learn their shapes or to move them."""

from __future__ import annotations

import contextlib
import fnmatch
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax

from .._checks import describe, fail
from .._errors import ArgumentError, ShapeError
from .._types import Array

__all__ = ["matching_probes", "met", "moved", "probes_of"]

# A function that was compiled before would not look at who watches: the number of the watch is part of its cache key.
_WATCHING = jax.make_user_context(0)
_NUMBERS = itertools.count(1)


class _Watches(threading.local):
    def __init__(self) -> None:
        self.open: list[Callable[[str, Array], Array]] = []


_watches = _Watches()


@contextlib.contextmanager
def _watched(watch: Callable[[str, Array], Array]) -> Iterator[None]:
    _watches.open.append(watch)
    try:
        with _WATCHING(next(_NUMBERS)):
            yield
    finally:
        _watches.open.pop()


def met(name: str, value: Array) -> Array:
    """What those who watch make of a value that has a name."""
    for watch in _watches.open:
        value = watch(name, value)
    return value


def probes_of(name: str, function: Callable[[], Any]) -> dict[str, jax.ShapeDtypeStruct]:
    """What was probed while `function` ran, or was traced where that can be: the shape and dtype of each."""
    found: dict[str, jax.ShapeDtypeStruct] = {}

    def seen(own: str, value: Array) -> Array:
        like = jax.ShapeDtypeStruct(value.shape, value.dtype)
        known = found.setdefault(own, like)
        if (known.shape, known.dtype) != (like.shape, like.dtype):
            fail(
                ShapeError,
                name,
                f"probe '@{own}' must have one shape and dtype",
                f"got {known.dtype.name} of shape {known.shape} and {describe(value)}",
                "give each a name of its own",
            )
        return value

    def run() -> None:
        function()

    with _watched(seen):
        try:
            jax.eval_shape(run)
        except jax.errors.ConcretizationTypeError:  # control flow on values
            run()
    return found


def matching_probes(name: str, target: str, found: Mapping[str, Any]) -> list[str]:
    """The names that ``"@h"`` or a pattern selects."""
    wanted = [own for own in found if own == target[1:] or ("*" in target and fnmatch.fnmatchcase(own, target[1:]))]
    if not wanted:
        known = " or ".join(f"'@{own}'" for own in found)
        example = "h" if "*" in target else target[1:]
        remedy = f"choose from {known}" if found else f"write h = fg.probe({example!r}, h) in the function"
        fail(ArgumentError, name, "argnames must name a probe of the function", f"got '{target}'", remedy)
    return wanted


@contextlib.contextmanager
def moved(by: Mapping[str, Any]) -> Iterator[None]:
    """While it is open, each probe named in `by` gives its value and what is there."""
    if not by:
        yield
        return
    with _watched(lambda name, value: value + by[name] if name in by else value):
        yield
