"""What programs look like from inside, the same for every version of JAX: the one reader of `jax.extend.core`."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

import jax

__all__ = [
    "body_of",
    "consts_of",
    "default_program",
    "holds",
    "inner_program",
    "is_dropped",
    "is_literal",
    "last_uses",
    "name_of",
    "open_program",
    "place_of",
    "programs_in",
    "rebind",
    "reshaped",
    "scan_counts",
    "trace",
]

_OURS = tuple(os.path.dirname(os.path.abspath(str(module))) + os.sep for module in (__file__, jax.__file__))


def is_literal(atom: Any) -> bool:
    """Whether an operand is a number written into the program."""
    return isinstance(atom, _inside().Literal)


def is_dropped(variable: Any) -> bool:
    """Whether nothing reads a result of an equation."""
    return isinstance(variable, _inside().DropVar)


@functools.cache
def _inside() -> Any:
    import jax.extend.core as inside  # it loads Pallas, which takes as long as a third of funcgrad

    return inside


def body_of(program: Any) -> Any:
    """The equations of a program, which JAX 0.10 wraps together with its constants and 0.12 does not."""
    return getattr(program, "jaxpr", program)


def consts_of(program: Any) -> Sequence[Any]:
    """The constants of a program; none where it has no place for any."""
    return getattr(program, "consts", ()) or ()


def inner_program(equation: Any) -> Any:
    """The program that an equation calls once, or None."""
    params = equation.params
    return next((params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params), None)


def default_program(equation: Any) -> Any:
    """Of the formulations that `platform_dependent` chooses from, the one for all other platforms; otherwise None."""
    platforms = equation.params.get("branches_platforms")
    return equation.params["branches"][platforms.index(None)] if platforms and None in platforms else None


def name_of(equation: Any) -> str:
    """What an equation does: the name of its primitive, or of what JAX 0.12 keeps whole inside one for all such."""
    name = str(equation.primitive.name)
    return type(equation.params.get("_prim")).__name__.lower() if name == "call_hi_primitive" else name


def rebind(equation: Any, values: Sequence[Any]) -> list[Any]:
    """Apply an equation's operation to other values."""
    results = equation.primitive.bind(*values, **equation.primitive.get_bind_params(equation.params))
    return list(results) if equation.primitive.multiple_results else [results]


def reshaped(array: Any, params: dict[str, Any]) -> Any:
    """`array` as the primitive "reshape" leaves it: with its dimensions in another order first, where it says so."""
    order = params.get("dimensions")
    return (array if order is None else array.transpose(order)).reshape(params["new_sizes"])


def scan_counts(equation: Any) -> tuple[int, int]:
    """How many operands of a scan are constant and how many are carried; those that are sliced follow.

    What is sliced, or stacked, has one dimension more outside the loop than inside; no version names it differently.
    """
    body = body_of(equation.params["jaxpr"])

    def apart(outside: Sequence[Any], inside: Sequence[Any]) -> int:
        return sum(len(o.aval.shape) > len(i.aval.shape) for o, i in zip(outside, inside, strict=True))

    carried = len(equation.outvars) - apart(equation.outvars, body.outvars)
    return len(equation.invars) - apart(equation.invars, body.invars) - carried, carried


def place_of(equation: Any) -> str:
    """The line of the user's file that an equation comes from, as ``file.py:12``; empty where it is not known."""
    traceback = getattr(equation.source_info, "traceback", None)
    for frame in getattr(traceback, "frames", ()):
        if not frame.file_name.startswith(_OURS) and not frame.file_name.startswith("<frozen"):
            return f"{os.path.basename(frame.file_name)}:{frame.line_num}"
    return ""


def trace(f: Callable[..., Any], *args: Any) -> tuple[Any, Sequence[Any]]:
    """The program of `f` at `args`, and the values of its constants."""
    return open_program(jax.make_jaxpr(f)(*args))


def open_program(program: Any) -> tuple[Any, Sequence[Any]]:
    """The equations of a program and its constants."""
    return body_of(program), consts_of(program)


def last_uses(body: Any) -> dict[Any, int]:
    """For each variable that is read, the number of the last equation to read it; of a result, the number of all."""
    last = {v: number for number, equation in enumerate(body.eqns) for v in equation.invars if not is_literal(v)}
    return last | {v: len(body.eqns) for v in body.outvars if not is_literal(v)}


def programs_in(equation: Any) -> list[Any]:
    """The programs that an equation calls, loops over or chooses from."""
    inside = jax.tree.leaves(list(equation.params.values()), is_leaf=_is_program)
    return [each for each in inside if _is_program(each)]


def _is_program(node: Any) -> bool:
    return hasattr(body_of(node), "eqns")


def holds(program: Any, name: str) -> bool:
    """Whether a primitive is anywhere in a program or in those below it."""
    return any(
        equation.primitive.name == name or any(holds(inner, name) for inner in programs_in(equation))
        for equation in body_of(program).eqns
    )
