"""The decorator of public words that are no compiled definition: plain functions, over other words or over the host.

They answer a call that makes no sense as every word does. What a function of the user raises is left alone.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from ._checks import fail
from ._errors import ArgumentTypeError, FuncgradError
from ._operands import translate

__all__ = ["fitting", "misfit", "plain"]

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)

_REFUSED = {
    "out": ("there is no out=, a result is a new array", "assign the result instead"),
    "requires_grad": ("there is no requires_grad=", "say what to differentiate in fg.grad(f, argnums=...)"),
    "generator": ("there is no generator=", "pass key=fg.key(0) instead"),
    "layout": ("there is no layout=, arrays are dense", "leave it out"),
    "pin_memory": ("there is no pin_memory=", "leave it out"),
    "non_blocking": ("there is no non_blocking=, transfers never block", "leave it out"),
    "memory_format": ("there is no memory_format=, the compiler chooses it", "leave it out"),
}


def plain(function: Callable[P, R], /) -> Callable[P, R]:
    """Make a public word of a plain function: calls that do not fit it, and arguments that it cannot read, in words."""
    name = function.__name__
    signature = inspect.signature(function)
    takes = ("Callable", "Function", "LinearOperator")  # annotations are strings, aliases are their names
    functions = [n for n, p in signature.parameters.items() if any(word in str(p.annotation) for word in takes)]

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except FuncgradError:
            raise
        except Exception as error:
            try:
                given = signature.bind(*args, **kwargs).arguments
            except TypeError as reason:
                misfit(name, signature, kwargs, reason)
            if any(callable(given.get(n)) for n in functions):
                raise
            translate(name, error, (*args, *kwargs.values()))

    return call


def fitting(kind: C, /) -> C:
    """Make a public class say, as every word does, which call its constructor takes."""
    made: Any = kind.__init__  # type: ignore[misc]
    signature = inspect.signature(kind)

    @functools.wraps(made)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            made(self, *args, **kwargs)
        except TypeError as error:
            if isinstance(error, FuncgradError):
                raise
            try:
                signature.bind(*args, **kwargs)
            except TypeError as reason:
                misfit(kind.__name__, signature, kwargs, reason)
            raise

    kind.__init__ = construct  # type: ignore[misc]
    return kind


def misfit(name: str, signature: inspect.Signature, kwargs: dict[str, Any], error: TypeError) -> None:
    """Raise where a call does not fit: with a remedy for options of torch that have no place in pure functions."""
    for word, (required, remedy) in _REFUSED.items():
        if word in kwargs:
            fail(ArgumentTypeError, name, required, f"got {word}=", remedy)
    shown = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    call = signature.replace(parameters=shown, return_annotation=signature.empty)
    required = f"the call must fit {name}{call}"
    fail(ArgumentTypeError, name, required, f"got {str(error).removeprefix('got ')}", "correct the call")
