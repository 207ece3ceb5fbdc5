"""Operations element by element: an output depends on what stands at its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._propagation import POINTWISE, Known, Propagation, rule
from ._sets import Dependence, assemble, nothing, union

__all__: list[str] = []

# fmt: off
_SMOOTH = (
    "acos", "acosh", "add", "add_any", "asin", "asinh", "atan", "atanh", "bessel_i0e", "bessel_i1e", "cbrt",
    "complex", "conj", "convert_element_type", "copy", "copy_p", "cos", "cosh", "digamma", "erf", "erf_inv", "erfc",
    "exp", "exp2", "expm1", "frexp", "igamma", "igamma_grad_a", "igammac", "imag", "layout_constraint", "ldexp",
    "lgamma", "log", "log1p", "log2", "logistic", "mesh_cast", "name", "neg", "nextafter", "one_minus_square",
    "polygamma", "random_gamma", "random_gamma_grad", "real", "reduce_precision",
    "regularized_incomplete_beta", "rem", "reshard", "rsqrt", "sharding_constraint", "sin", "sinh", "sqrt", "sub",
    "tan", "tanh", "zeta",
)
_FLAT = ("ceil", "floor", "round", "sign", "stop_gradient", "is_finite")
_COMPARING = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not")
_OTHERS = (
    "mul", "div", "integer_pow", "square", "abs", "pow", "polynomial", "atan2", "max", "min", "clamp", "select_n",
)
# fmt: on
POINTWISE.update(_SMOOTH, _FLAT, _COMPARING, _OTHERS)


def _shape(equation: Any) -> tuple[int, ...]:
    return tuple(equation.outvars[0].aval.shape)


@rule(*_SMOOTH)
def _elementwise(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return [union([operand.dependence for operand in operands], _shape(equation))] * len(equation.outvars)


@rule("optimization_barrier", "device_put", "pvary")
def _side_by_side(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return [operand.dependence for operand in operands]


@rule(*_FLAT)
def _without_derivative(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    return [nothing(_shape(equation))]


def _where(part: Known, shape: tuple[int, ...], mask: Any) -> Dependence:
    """The part's dependence at the places of a mask; everywhere where the mask is None."""
    spread = part.dependence.broadcast(shape)
    return spread if mask is None or not part.active else spread.where(np.broadcast_to(mask, shape))


def _nonzero(known: Known) -> Any:
    value = known.array
    return None if value is None else value != 0


@rule("mul")
def _product(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    a, b = operands
    shape = _shape(equation)
    parts = [_where(one, shape, _nonzero(other)) for one, other in ((a, b), (b, a)) if one.active]
    return [union(parts, shape)]


@rule("div")
def _quotient(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    over, under = operands
    shape = _shape(equation)
    return [union([over.dependence, _where(under, shape, _nonzero(over) if under.active else None)], shape)]


@rule("integer_pow", "square", "abs")
def _flat_at_zero(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    power = equation.params.get("y", 2)
    if power == 0:
        return [nothing(_shape(equation))]
    return [_where(operands[0], _shape(equation), _nonzero(operands[0]) if power >= 2 else None)]


@rule("pow")
def _power(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    base, exponent = operands
    shape = _shape(equation)
    return [union([_where(base, shape, _nonzero(exponent) if base.active else None), exponent.dependence], shape)]


@rule("polynomial")
def _polynomial(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    """Of x and its coefficients from the constant one on: the powers of x are those beside which one is not zero."""
    x, *coefficients = operands
    shape = _shape(equation)
    varies = [np.broadcast_to(True if known.array is None else known.array != 0, shape) for known in coefficients[1:]]
    parts = [known.dependence for known in coefficients[:1]]
    if varies and x.active:
        parts.append(_where(x, shape, np.any(varies, axis=0)))
    parts += [_where(known, shape, _nonzero(x)) for known in coefficients[1:] if known.active]
    return [union(parts, shape)]


@rule("atan2")
def _angle(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    up, along = operands
    shape = _shape(equation)
    return [union([_where(up, shape, _nonzero(along)), _where(along, shape, _nonzero(up))], shape)]


@rule("max", "min")
def _extreme(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    a, b = operands
    shape = _shape(equation)
    if not (a.fixed and b.fixed) or a.array is None or b.array is None:
        return _elementwise(run, equation, operands)
    sign = 1 if equation.primitive.name == "max" else -1
    first, second = sign * np.real(a.array), sign * np.real(b.array)
    # Also where one is NaN.
    return [union([_where(a, shape, ~(first < second)), _where(b, shape, ~(second < first))], shape)]


@rule("clamp")
def _clamp(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    values = [operand.array for operand in operands] if all(operand.fixed for operand in operands) else [None]
    if any(value is None for value in values):
        return _elementwise(run, equation, operands)
    low, x, high = values
    masks = [~(x > low), ~((x < low) | (x > high)), ~(x < high)]  # type: ignore[operator]
    shape = _shape(equation)
    return [union([_where(known, shape, mask) for known, mask in zip(operands, masks, strict=True)], shape)]


@rule("select_n")
def _select(run: Propagation, equation: Any, operands: list[Known]) -> list[Dependence]:
    which, *cases = operands
    shape = _shape(equation)
    chosen = which.array
    if chosen is None:
        return [union([case.dependence for case in cases], shape)]
    chosen = np.broadcast_to(chosen, shape)

    def build(maps: list[np.ndarray]) -> np.ndarray:
        if len(maps) == 2:
            return np.where(chosen.astype(bool), maps[1], maps[0])
        return np.select([chosen == i for i in range(len(maps))], maps)

    return [assemble([case.dependence for case in cases], build)]
