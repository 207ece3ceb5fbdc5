"""Positions and keywords of one call, and the names that the signature of the function gives them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeAlias

from .._checks import fail
from .._errors import ArgumentError
from ._paths import some

__all__ = ["Call", "Place"]

# Where an argument stands in a call: at a position, under a keyword, or (a variadic one) from a position on.
Place: TypeAlias = int | str | slice


class Call:
    """Positions and keywords of one call, and the names that the signature gives them."""

    def __init__(self, name: str, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]):
        self.name = name
        self.args = args
        self.kwargs = kwargs
        try:
            parameters = list(inspect.signature(func).parameters.values())
        except (TypeError, ValueError):  # some builtins have none
            parameters = []
        self.positional = [p.name for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD]
        self.by_keyword = [p.name for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD]
        self.parameters = [p.name for p in parameters]
        self.names: dict[str, Place] = dict(zip(self.positional, range(len(args)), strict=False))
        variadic = next((p.name for p in parameters if p.kind == p.VAR_POSITIONAL), None)
        if variadic is not None and len(args) > len(self.positional):
            self.names[variadic] = slice(len(self.positional), None)
        self.names.update({key: key for key in kwargs})
        self.labels = {str(place): name for name, place in self.names.items()}

    def value(self, place: Place) -> Any:
        if isinstance(place, str):
            return self.kwargs[place]
        return tuple(self.args[place]) if isinstance(place, slice) else self.args[place]

    def locate(self, target: int | str) -> tuple[Place, str, str]:
        """The place of a target, the name of the argument there, and the path into it."""
        if isinstance(target, str):
            argument, _, path = target.partition(".")
            if "*" in argument:
                fail(
                    ArgumentError,
                    self.name,
                    "a pattern must begin with the name of an argument and a dot",
                    f"got '{target}'",
                    f"write for example '{next(iter(self.names), 'params')}.*'",
                )
            if argument in self.names:
                return self.names[argument], argument, path
            if argument in self.parameters:
                self.left_out(argument)
            known = f"choose from {some(self.names)}" if self.names else "call the function with arguments"
            if len(self.args) > len(self.positional):
                known += ", or select by position with argnums"
            fail(ArgumentError, self.name, "argnames must name an argument of the function", f"got '{target}'", known)
        given: list[Place] = [*range(len(self.args)), *(n for n in self.by_keyword if n in self.kwargs)]
        number = target.__index__()
        named = self.positional[number] if 0 <= number < len(self.positional) else None
        if 0 <= number < len(self.args):
            place: Place = number
        elif named is not None and named in self.kwargs:
            place = named
        elif -len(given) <= number < 0:
            place = given[number]
        elif named is not None:
            self.left_out(named)
        else:
            count = len(given)
            if not count:
                fail(
                    ArgumentError,
                    self.name,
                    "there must be an argument to differentiate",
                    "the call gave none by position",
                    "pass it by position, or select it with argnames",
                )
            fail(
                ArgumentError,
                self.name,
                f"argnums must be in [{-count}, {count - 1}] for {count} argument{'' if count == 1 else 's'}",
                f"got {number}",
                "count from 0, or from -1 at the end",
            )
        return place, self.labels.get(str(place), str(place)), ""

    def left_out(self, argument: str) -> NoReturn:
        fail(
            ArgumentError,
            self.name,
            f"argument '{argument}' must be given to be differentiated",
            "the call leaves it out",
            "pass it in the call",
        )
