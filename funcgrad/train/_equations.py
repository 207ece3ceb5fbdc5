"""What a compiled step will do, read off its equations: whether a loop over it pays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax

from .._jax import body_of, programs_in

__all__ = ["has_convolution", "steps_that_pay"]

_ON_CPU = "cpu"
# What a dispatch costs beside the work, and how much of it may remain; both in seconds.
_CALL = 2.5e-3
_MOST = 64
_MULTIPLY_ADDS = 5e10  # a second, on a few cores; a wrong guess costs a little speed and nothing else
_ELEMENTS = 1e9


def has_convolution(function: Callable[..., Any], *args: Any) -> bool:
    """Whether `function` convolves on a CPU, where XLA runs convolutions in a loop's body about four times slower."""
    if jax.default_backend() != _ON_CPU:
        return False
    return any(equation.primitive.name == "conv_general_dilated" for equation, _ in _equations(function, args))


def steps_that_pay(function: Callable[..., Any], *args: Any) -> int:
    """How many calls of `function` one dispatch should hold, by its equations alone: 1 where a loop would lose.

    Decided from shapes and never from a clock, so that two runs of one program take the same steps.
    """
    seconds = 0.0
    for equation, turns in _equations(function, args):
        if equation.primitive.name == "conv_general_dilated" and jax.default_backend() == _ON_CPU:
            return 1
        size = sum(math.prod(getattr(out.aval, "shape", ())) for out in equation.outvars)
        if equation.primitive.name == "dot_general":
            contracted = equation.params["dimension_numbers"][0][0]
            size *= math.prod(equation.invars[0].aval.shape[dim] for dim in contracted)
            seconds += turns * size / _MULTIPLY_ADDS
        else:
            seconds += turns * size / _ELEMENTS
    return max(1, min(_MOST, 2 ** int(math.log2(max(_CALL / max(seconds, 1e-9), 1)))))


def _equations(function: Callable[..., Any], args: Any) -> Iterator[tuple[Any, int]]:
    """The equations of a function and of all it calls, and how often each is run (as far as that is known)."""
    waiting = [(jax.make_jaxpr(function)(*args), 1)]
    while waiting:
        program, turns = waiting.pop()
        for equation in body_of(program).eqns:
            inner = programs_in(equation)
            if inner:
                length = equation.params.get("length", 1)
                waiting += [(part, turns * (length if isinstance(length, int) else 1)) for part in inner]
            else:
                yield equation, turns
