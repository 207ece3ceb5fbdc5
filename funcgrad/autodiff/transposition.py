"""The transpose of a linear function, which is checked to be linear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._claims import visible
from .._errors import ArgumentError
from .._jax import inner_program, is_literal, open_program, place_of, rebind, trace
from .._op import strong
from .._plain import plain
from .._types import PyTree
from ._arguments import choose, flatten, require_callable, select
from ._linearity import BILINEAR, CALLS, LINEAR, NOT_LINEAR
from ._outputs import Traced, as_raised
from ._vectors import cotangent_leaves

__all__ = ["linear_transpose"]

_CUSTOM = ("custom_jvp_call", "custom_vjp_call")
_REMEDY = "transpose its derivative instead: fg.vjp(f, x)[1]"


@plain
def linear_transpose(func: Callable[..., Any], *primals: PyTree) -> Callable[[PyTree], Any]:
    r"""The transpose of a linear function: from $f(x) = A x$ to $y \mapsto A^T y$, without the matrix.

    The function is traced and checked to be linear. It may be of several arguments, linear in all together.

    Args:
        func: a linear function of `primals`, whose output may be any pytree.
        *primals: arrays or pytrees with the shapes and dtypes of its arguments; values do not matter.

    Returns:
        A function that takes the structure, shapes and dtypes of the output (None at leaves that are not floating),
        and returns a tuple with one entry for each primal.

    Raises:
        ArgumentError: the function is not linear; the message says where, or that it adds a constant.
        DtypeError: a primal has no floating leaf, or the output has none.

    >>> transposed = fg.linear_transpose(lambda x: x[1:] - x[:-1], fg.zeros(3))
    >>> transposed(fg.tensor([1.0, 10.0]))
    (Array([-1., -9., 10.], dtype=float32),)

    Source: ``jax.linear_transpose``.
    """
    name = "linear_transpose"
    require_callable(name, func)
    selection = select(name, None, None, default=tuple(range(len(primals))))
    choice = choose(selection, func, primals, {}, "any")
    traced = Traced(choice, False)
    with as_raised():
        program, constants = trace(lambda leaves: traced(leaves)[0], list(choice.leaves))
    unknown: list[Any] = []
    _require_linear(program, [True] * len(choice.leaves), unknown)

    def inlined(leaves: Sequence[Any]) -> list[Any]:
        return _evaluate(program, constants, leaves)

    zeros = [jnp.zeros_like(leaf) for leaf in choice.leaves]
    try:
        transposed = jax.linear_transpose(inlined, zeros)
        jax.eval_shape(transposed, jax.eval_shape(inlined, zeros))  # before it is run at 0, where a loop may not end
    except Exception:
        if not unknown:
            raise
        _not_linear(unknown[0])
    outputs = inlined(zeros)
    for output in outputs:
        seen = visible(output)
        if seen is not None and not isinstance(seen, jax.core.Tracer) and np.any(seen != 0):
            given = f"for 0 it returns {describe(output)} other than 0"
            fail(ArgumentError, name, "the function must be linear", given, f"leave out what it adds, or {_REMEDY}")
    structure = flatten(traced.like_output([0.0] * len(outputs)))[1]
    floating = list(traced.floating)

    def transposed_fn(cotangent: PyTree) -> Any:
        given = cotangent_leaves("transposed_fn", cotangent, structure, outputs, floating)
        (found,) = transposed(given)
        return choice.assemble([strong(leaf) for leaf in found])

    return transposed_fn


def _needed(program: Any) -> list[Any]:
    """The equations that the outputs depend on."""
    wanted = {v for v in program.outvars if not is_literal(v)}
    kept = []
    for equation in reversed(program.eqns):
        if any(v in wanted for v in equation.outvars):
            wanted.update(v for v in equation.invars if not is_literal(v))
            kept.append(equation)
    return kept[::-1]


def _require_linear(program: Any, moving: Sequence[bool], unknown: list[Any]) -> list[bool]:
    """Raise at the first equation that is not linear in what depends on the inputs; which outputs depend on them.

    Loops and the like, of which only their transposition can tell, are added to `unknown`.
    """
    depends = {v for v, moves in zip(program.invars, moving, strict=True) if moves}
    for equation in _needed(program):
        active = [not is_literal(v) and v in depends for v in equation.invars]
        if not any(active):
            continue
        name = equation.primitive.name
        results = [True] * len(equation.outvars)
        if name in CALLS or name in _CUSTOM:
            inner, _ = open_program(inner_program(equation))
            results = _require_linear(inner, active, unknown)
        elif name in BILINEAR or name == "div":
            if active[-1] and (active[0] or name == "div"):
                _not_linear(equation)
        elif name in NOT_LINEAR or not any(jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in equation.outvars):
            _not_linear(equation)
        elif name not in LINEAR:
            unknown.append(equation)
        depends.update(v for v, moves in zip(equation.outvars, results, strict=True) if moves)
    return [not is_literal(v) and v in depends for v in program.outvars]


def _not_linear(equation: Any) -> None:
    name = equation.primitive.name
    what = {
        "mul": "it multiplies two things that both depend on its argument",
        "dot_general": "it multiplies two matrices that both depend on its argument",
        "conv_general_dilated": "it convolves two things that both depend on its argument",
        "div": "it divides by something that depends on its argument",
    }.get(name, f"it takes '{name}' of something that depends on its argument")
    where = place_of(equation)
    fail(
        ArgumentError,
        "linear_transpose",
        "the function must be linear",
        what + (f" ({where})" if where else ""),
        _REMEDY,
    )


def _evaluate(program: Any, constants: Sequence[Any], operands: Sequence[Any]) -> list[Any]:
    """The outputs of a program, with calls that have derivatives of their own written out."""
    known = dict(zip(program.constvars, constants, strict=True)) | dict(zip(program.invars, operands, strict=True))

    def read(variable: Any) -> Any:
        return variable.val if is_literal(variable) else known[variable]

    for equation in _needed(program):
        given = [read(v) for v in equation.invars]
        if equation.primitive.name in CALLS or equation.primitive.name in _CUSTOM:
            inner, own = open_program(inner_program(equation))
            results = _evaluate(inner, own, given)
        else:
            results = rebind(equation, given)
        known.update(zip(equation.outvars, results, strict=True))
    return [read(v) for v in program.outvars]
