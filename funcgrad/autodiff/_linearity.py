"""How the primitives of JAX depend on their operands: linearly, with kinks, element by element."""

from __future__ import annotations

from typing import Any

from .._jax import default_program, inner_program, open_program

__all__ = [
    "BILINEAR",
    "CALLS",
    "ELEMENTWISE",
    "LINEAR",
    "NOT_LINEAR",
    "NO_SECOND",
    "linear_operands",
    "works_elementwise",
]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Linear in all operands that are not indices or predicates, together: add(x, y), concatenate, select_n.
LINEAR = _names(
    "add add_any sub neg real imag conj complex convert_element_type reduce_precision copy copy_p device_put "
    "broadcast_in_dim reshape squeeze transpose rev slice dynamic_slice dynamic_update_slice gather pad "
    "concatenate split select_n reduce_sum cumsum reduce_window_sum scatter-add scatter fft "
    "sharding_constraint optimization_barrier name psum"
)
# Linear between kinks: they have no second derivative wherever they have a first.
_KINKED = _names(
    "abs sign floor ceil round max min clamp rem reduce_max reduce_min reduce_window_max reduce_window_min cummax "
    "cummin sort top_k argmax argmin stop_gradient scatter-max scatter-min select_and_gather_add"
)
NO_SECOND = LINEAR | _KINKED
BILINEAR = frozenset(["mul", "dot_general", "conv_general_dilated"])
# One element of each operand goes into one element of the result.
ELEMENTWISE = _names(
    "acos acosh asin asinh atan atan2 atanh bessel_i0e bessel_i1e cbrt cos cosh digamma div erf erf_inv erfc exp exp2 "
    "expm1 igamma igammac integer_pow lgamma log log1p log2 logistic mul one_minus_square polygamma pow "
    "regularized_incomplete_beta rsqrt sin sinh sqrt square tan tanh zeta "
    "add add_any sub neg real imag convert_element_type reduce_precision copy copy_p select_n "
    "abs sign floor ceil round max min clamp rem stop_gradient name optimization_barrier"
)
NOT_LINEAR = (ELEMENTWISE | _KINKED) - LINEAR
# Called as they are written: their programs are followed.
CALLS = frozenset(["jit", "pjit", "closed_call", "core_call", "call", "checkpoint", "remat", "remat2"])
_WITHOUT_DERIVATIVE = _names(
    "eq ne lt le gt ge eq_to le_to lt_to and or not xor is_finite iota broadcast_in_dim platform_index"
)


def linear_operands(name: str) -> tuple[int, ...]:
    """The operands of an elementwise primitive by which it has no second derivative of its own."""
    return {"mul": (0, 1), "div": (0,)}.get(name, ())


def works_elementwise(equation: Any) -> bool:
    """Whether a primitive, or all of the program of a `custom_jvp`, works element by element.

    Where a program has one formulation for each platform, which give the same results, the plain one tells.
    """
    name = equation.primitive.name
    if name in ELEMENTWISE:
        return True
    called = inner_program(equation) if name == "custom_jvp_call" or name in CALLS else default_program(equation)
    if called is None:
        return False
    program, _ = open_program(called)
    shapes = {v.aval.shape for v in equation.outvars}
    if len(shapes) != 1:
        return False
    allowed = {(), *shapes}
    return all(
        (inner.primitive.name in _WITHOUT_DERIVATIVE or works_elementwise(inner))
        and all(v.aval.shape in allowed for v in (*inner.invars, *inner.outvars))
        for inner in program.eqns
    )
