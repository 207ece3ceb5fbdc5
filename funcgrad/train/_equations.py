"""What a compiled step will do, read off its equations: whether a loop over it pays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax

from .._jax import body_of, programs_in

__all__ = ["has_convolution", "size_of", "steps_that_pay"]

_ON_CPU = "cpu"
# How long one dispatch may take, in seconds as they are guessed here, of which a third or less will pass. A CPU gains
# by a loop however long a step is: its temporaries keep their memory from one turn to the next, where a call gets
# fresh pages; so what counts is how long Ctrl-C and the bar wait. Elsewhere only the cost of the dispatch is saved.
_ON_A_CPU, _ELSEWHERE = 2.0, 2.5e-3
_BYTES = 2**23  # of the batches brought together for one dispatch: more of them would need fresh pages each time
_MULTIPLY_ADDS = 5e10  # a second, on a few cores; a wrong guess costs a little speed and nothing else
_ELEMENTS = 1e9


def has_convolution(function: Callable[..., Any], *args: Any) -> bool:
    """Whether `function` convolves on a CPU, where XLA runs convolutions in a loop's body about four times slower."""
    if jax.default_backend() != _ON_CPU:
        return False
    program = jax.make_jaxpr(function)(*args)
    return any(equation.primitive.name == "conv_general_dilated" for equation, _ in _equations_in(program))


def steps_that_pay(function: Callable[..., Any], state: Any, batch: Any, most: int, ready: bool) -> int:
    """How many steps one dispatch should hold, up to `most`, by their equations alone: 1 where a loop would lose.

    ``function(state, batch)`` is a step, and returns its metrics second. Batches that are `ready` need no memory.

    Decided from shapes and never from a clock, so that two runs of one program take the same steps.
    """
    seconds = 0.0
    on_cpu = jax.default_backend() == _ON_CPU
    program, (_, metrics, *_) = jax.make_jaxpr(function, return_shape=True)(state, batch)
    for equation, turns in _equations_in(program):
        if equation.primitive.name == "conv_general_dilated" and on_cpu:
            return 1
        size = sum(math.prod(getattr(out.aval, "shape", ())) for out in equation.outvars)
        if equation.primitive.name == "dot_general":
            contracted = equation.params["dimension_numbers"][0][0]
            size *= math.prod(equation.invars[0].aval.shape[dim] for dim in contracted)
            seconds += turns * size / _MULTIPLY_ADDS
        else:
            seconds += turns * size / _ELEMENTS
    fit = [
        (_ON_A_CPU if on_cpu else _ELSEWHERE) / max(seconds, 1e-9),
        _BYTES / max(size_of((() if ready else batch, metrics)), 1),
        most,
    ]
    return 2 ** int(math.log2(max(min(fit), 1)))


def size_of(tree: Any) -> int:
    """The bytes in arrays, or in what has their shapes."""
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree) if hasattr(leaf, "dtype"))


def _equations_in(program: Any) -> Iterator[tuple[Any, int]]:
    """The equations of a program and of all it calls, and how often each is run (as far as that is known)."""
    waiting = [(program, 1)]
    while waiting:
        program, turns = waiting.pop()
        for equation in body_of(program).eqns:
            inner = programs_in(equation)
            if inner:
                length = equation.params.get("length", 1)
                waiting += [(part, turns * (length if isinstance(length, int) else 1)) for part in inner]
            else:
                yield equation, turns
