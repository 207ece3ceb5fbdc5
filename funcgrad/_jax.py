"""What is read of traced programs, in one place for all versions of JAX: `jax.extend.core` and nothing private."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend import core

__all__ = ["bind", "holds", "inner_program", "is_constant", "open_program", "programs_in", "trace", "where_written"]


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


def programs_in(equation: Any) -> list[Any]:
    """The programs that an equation calls, loops over or chooses from."""
    inside = jax.tree.leaves(list(equation.params.values()), is_leaf=_is_program)
    return [each for each in inside if _is_program(each)]


def _is_program(node: Any) -> bool:
    return hasattr(open_program(node)[0], "eqns")


def holds(program: Any, name: str) -> bool:
    """Whether a primitive is anywhere in a program or in those below it."""
    return any(
        equation.primitive.name == name or any(holds(inner, name) for inner in programs_in(equation))
        for equation in open_program(program)[0].eqns
    )


def is_constant(variable: Any) -> bool:
    """Whether an operand is written into the program as a number."""
    return isinstance(variable, core.Literal)


def bind(equation: Any, operands: Sequence[Any]) -> list[Any]:
    """The results of one equation for other operands."""
    results = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(equation.params))
    return list(results) if equation.primitive.multiple_results else [results]


def where_written(equation: Any) -> str:
    """The file and line of the user that an equation comes from; empty where that is not known."""
    traceback = getattr(equation.source_info, "traceback", None)
    for frame in getattr(traceback, "frames", ()):
        name = frame.file_name
        if not any(os.sep + library + os.sep in name for library in ("jax", "jaxlib", "funcgrad")):
            line = getattr(frame, "line_num", None) or getattr(frame, "start_line", None)
            return f"{os.path.basename(name)}:{line}"
    return ""
