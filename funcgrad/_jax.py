"""What is read of traced programs, in one place for all versions of JAX: `jax.extend.core` and nothing private."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend import core

__all__ = ["bind", "inner_program", "is_constant", "open_program", "trace"]


def trace(f: Callable[..., Any], *args: Any) -> tuple[Any, list[Any]]:
    """The program of `f` at `args`, and the values of its constants."""
    return open_program(jax.make_jaxpr(f)(*args))


def open_program(program: Any) -> tuple[Any, list[Any]]:
    """A program without its constants, and their values; newer versions keep both in one object."""
    return getattr(program, "jaxpr", program), list(getattr(program, "consts", ()))


def inner_program(equation: Any) -> Any:
    """The one program that an equation such as a compiled call holds, or None."""
    parameters = equation.params
    return next((parameters[name] for name in ("jaxpr", "call_jaxpr", "fun_jaxpr") if name in parameters), None)


def is_constant(variable: Any) -> bool:
    """Whether an operand is written into the program as a number."""
    return isinstance(variable, core.Literal)


def bind(equation: Any, operands: Sequence[Any]) -> list[Any]:
    """The results of one equation for other operands."""
    results = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(equation.params))
    return list(results) if equation.primitive.multiple_results else [results]
