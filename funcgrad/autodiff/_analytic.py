"""What a program is made of: whether it is analytic, and how finely it computes what depends on its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._jax import body_of, is_literal, programs_in, trace

__all__ = ["is_analytic", "resolution"]

# Those that have one derivative in every complex direction, for all complex arguments off their poles and cuts.
_ANALYTIC = frozenset(
    """
    add add_any sub mul neg div integer_pow pow square sqrt rsqrt cbrt exp exp2 expm1 log log1p sin cos tan sinh cosh
    tanh asin acos atan asinh acosh atanh logistic dot_general conv_general_dilated reduce_sum reduce_prod cumsum
    cumprod broadcast_in_dim reshape transpose squeeze expand_dims slice dynamic_slice dynamic_update_slice gather
    scatter scatter-add scatter_add pad concatenate split rev select_n copy copy_p convert_element_type fft
    triangular_solve jit pjit closed_call custom_jvp_call custom_vjp_call custom_vjp_call_jaxpr remat2 checkpoint scan
    cond
    """.split()  # noqa: SIM905, a list of names is read more easily without quotes
)


def _is_complex(variable: Any) -> bool:
    return jnp.issubdtype(getattr(variable.aval, "dtype", np.dtype(bool)), jnp.complexfloating)


def is_analytic(f: Callable[..., Any], arguments: Sequence[Any]) -> bool:
    """Whether `f`, of complex arguments, is made of analytic functions alone: then it has a complex step."""
    try:
        program, _ = trace(f, *[jnp.asarray(a, complex) for a in arguments])
    except Exception:  # what a function makes of complex numbers is its own affair: it is then not analytic
        return False
    return all(map(_is_complex, program.outvars)) and _all_analytic(program)


def _all_analytic(program: Any) -> bool:
    for equation in program.eqns:
        name = equation.primitive.name
        if any(map(_is_complex, equation.invars)) and (
            name not in _ANALYTIC or (name == "convert_element_type" and not _is_complex(equation.outvars[0]))
        ):
            return False
        if not all(_all_analytic(body_of(inner)) for inner in programs_in(equation)):
            return False
    return True


def resolution(f: Callable[..., Any], arguments: Sequence[Any]) -> float:
    """The relative rounding error of the coarsest floating dtype on the way from the arguments to the results."""
    try:
        program, _ = trace(f, *arguments)
    except Exception:  # it is not for tracing: its results alone tell
        return max((_coarseness(np.asarray(out).dtype) for out in f(*arguments)), default=2.0**-52)
    return _coarsest(program, set(program.invars))


def _coarsest(program: Any, moving: set[Any]) -> float:
    """The coarsest among what depends on the `moving` variables."""
    found = 2.0**-52
    for equation in program.eqns:
        if not any(v in moving for v in equation.invars if not is_literal(v)):
            continue
        moving.update(equation.outvars)
        found = max([found, *(_coarseness(getattr(v.aval, "dtype", None)) for v in equation.outvars)])
        for inner in map(body_of, programs_in(equation)):
            found = max(found, _coarsest(inner, set(inner.invars)))
    return found


def _coarseness(dtype: Any) -> float:
    if dtype is None or not jnp.issubdtype(dtype, jnp.inexact):
        return 0.0
    return float(jnp.finfo(dtype).eps)
