r"""Power series through a traced program: each value that moves is a list of coefficients, in powers of one variable.

The coefficients of a sum are sums, those of a product are convolutions, and wherever else an equation has a derivative
$y' = J(x) x'$, the series of $J(x) x'$ to one order less is that of $y'$, which is a program again: its coefficients
divided by $1, 2, \ldots$ are those of $y$. Loops carry the series of what they carry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._jax import inner_program, is_literal, open_program, rebind, trace

__all__ = ["Series", "propagate"]


class Series(list[Any]):
    """The coefficients of a value that moves, from order 0 on."""


# Linear in what moves, or linear near the point: each coefficient goes through the derivative alone.
_PIECEWISE_LINEAR = frozenset(
    """
    add add_any sub neg max min abs clamp reduce_sum reduce_max reduce_min cumsum cummax cummin broadcast_in_dim reshape
    transpose squeeze expand_dims slice dynamic_slice dynamic_update_slice gather scatter scatter-add scatter_add pad
    concatenate split rev sort select_n copy copy_p convert_element_type real imag conj complex reduce_precision fft
    reduce_window_sum reduce_window_max reduce_window_min select_and_gather_add select_and_scatter_add top_k
    mul dot_general conv_general_dilated
    """.split()  # noqa: SIM905, a list of names is read more easily without quotes
)
_BILINEAR = frozenset(["mul", "dot_general", "conv_general_dilated"])  # in the first two operands, if both move
_INLINE = frozenset(["jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint", "custom_vjp_call",
                     "custom_vjp_call_jaxpr", "custom_lin"])  # fmt: skip


def propagate(program: Any, constants: Sequence[Any], operands: Sequence[Any], order: int) -> list[Any]:
    """The results of a program, each a Series if it moves; `operands` likewise."""
    known: dict[Any, Any] = dict(zip(program.constvars, constants, strict=True))
    known |= dict(zip(program.invars, operands, strict=True))

    def read(variable: Any) -> Any:
        return variable.val if is_literal(variable) else known[variable]

    for equation in _needed(program):
        given = [read(v) for v in equation.invars]
        if any(isinstance(value, Series) for value in given):
            found = _rule(equation)(equation, given, order)
        else:
            found = rebind(equation, given)
        known |= dict(zip(equation.outvars, found, strict=True))
    return [read(v) for v in program.outvars]


def _needed(program: Any) -> list[Any]:
    """The equations on which a result depends."""
    wanted = {v for v in program.outvars if not is_literal(v)}
    kept = []
    for equation in reversed(program.eqns):
        if equation.effects or any(v in wanted for v in equation.outvars):
            kept.append(equation)
            wanted |= {v for v in equation.invars if not is_literal(v)}
    return kept[::-1]


def _rule(equation: Any) -> Callable[..., list[Any]]:
    name = equation.primitive.name
    if name in _INLINE and inner_program(equation) is not None:
        return _inline
    if name in _BILINEAR:
        return _bilinear
    if name in _PIECEWISE_LINEAR:
        return _piecewise_linear
    return _RULES.get(name, _by_derivative)


def _at_rest(value: Any) -> Any:
    """The value at the point."""
    return value[0] if isinstance(value, Series) else value


def _padded(value: Any, order: int) -> list[Any]:
    """All coefficients of a value, zeros where it does not move."""
    if isinstance(value, Series):
        return list(value)
    return [value, *[jnp.zeros_like(value)] * order]


def _differentiable(value: Any) -> bool:
    return jnp.issubdtype(jnp.result_type(value), jnp.inexact)


def _inline(equation: Any, given: list[Any], order: int) -> list[Any]:
    return propagate(*open_program(inner_program(equation)), given, order)


def _split(equation: Any, given: list[Any]) -> tuple[list[int], Callable[..., list[Any]]]:
    """Which operands move, and the equation as a function of those."""
    moving = [i for i, value in enumerate(given) if isinstance(value, Series)]

    def function(*values: Any) -> list[Any]:
        filled = list(map(_at_rest, given))
        for i, value in zip(moving, values, strict=True):
            filled[i] = value
        return rebind(equation, filled)

    return moving, function


def _piecewise_linear(equation: Any, given: list[Any], order: int) -> list[Any]:
    moving, function = _split(equation, given)
    outputs, push = jax.linearize(function, *[given[i][0] for i in moving])
    results: list[Any] = [Series([y]) if _differentiable(y) else y for y in outputs]
    for k in range(1, order + 1):
        tangents = push(*[given[i][k] for i in moving])
        for result, tangent in zip(results, tangents, strict=True):
            if isinstance(result, Series):
                result.append(tangent)
    return results


def _bilinear(equation: Any, given: list[Any], order: int) -> list[Any]:
    x, y = given[:2]
    if not (isinstance(x, Series) and isinstance(y, Series)):
        return _piecewise_linear(equation, given, order)
    return [_convolved(lambda a, b: rebind(equation, [a, b, *given[2:]])[0], x, y, order)]


def _convolved(product: Callable[[Any, Any], Any], x: Sequence[Any], y: Sequence[Any], order: int) -> Series:
    found = Series()
    for k in range(order + 1):
        terms = [product(x[j], y[k - j]) for j in range(k + 1)]
        found.append(sum(terms[1:], terms[0]))
    return found


def _by_derivative(equation: Any, given: list[Any], order: int) -> list[Any]:
    """Whatever has a derivative: the series of the derivative, integrated."""
    moving, function = _split(equation, given)
    outputs = function(*[given[i][0] for i in moving])
    kept: list[Any] = [Series([y]) if _differentiable(y) else y for y in outputs]
    if order == 0 or not any(isinstance(y, Series) for y in kept):
        return kept
    start = [given[i][0] for i in moving]

    def derivative(values: list[Any], tangents: list[Any]) -> list[Any]:
        found, pushed = jax.jvp(function, values, tangents)
        return [t for y, t in zip(found, pushed, strict=True) if _differentiable(y)]

    program, constants = trace(derivative, start, start)
    lower = [Series(given[i][:order]) for i in moving]
    slopes = [Series([(k + 1) * given[i][k + 1] for k in range(order)]) for i in moving]
    waiting = iter(propagate(program, constants, [*lower, *slopes], order - 1))
    for y in kept:
        if isinstance(y, Series):
            slope = _padded(next(waiting), order - 1)
            y.extend((slope[k] / (k + 1)).astype(y[0].dtype) for k in range(order))
    return kept


def _div(equation: Any, given: list[Any], order: int) -> list[Any]:
    x, y = given
    if not isinstance(y, Series):
        return _piecewise_linear(equation, given, order)
    x = _padded(x, order)
    found = Series()
    for k in range(order + 1):
        rest = x[k]
        for j in range(k):
            rest = rest - found[j] * y[k - j]
        found.append(rest / y[0])
    return [found]


def _exp(equation: Any, given: list[Any], order: int) -> list[Any]:
    (x,) = given
    found = Series([jnp.exp(x[0])])
    for k in range(1, order + 1):
        found.append(sum(j * x[j] * found[k - j] for j in range(1, k + 1)) / k)
    return [found]


def _integer_pow(equation: Any, given: list[Any], order: int) -> list[Any]:
    (x,), n = given, equation.params["y"]
    if n < 0:
        return _by_derivative(equation, given, order)
    power, found = x, None
    while n:
        if n & 1:
            found = power if found is None else _convolved(jnp.multiply, found, power, order)
        n >>= 1
        power = _convolved(jnp.multiply, power, power, order) if n else power
    return [jnp.ones_like(x[0]) if found is None else found]


def _square(equation: Any, given: list[Any], order: int) -> list[Any]:
    return [_convolved(jnp.multiply, given[0], given[0], order)]


def _cond(equation: Any, given: list[Any], order: int) -> list[Any]:
    chosen, *operands = given
    opened = [open_program(branch) for branch in equation.params["branches"]]
    template: list[bool] = [False] * len(equation.outvars)

    def branch(program: Any, constants: Sequence[Any]) -> Callable[..., list[Any]]:
        def run(operands: list[Any]) -> list[Any]:
            return propagate(program, constants, operands, order)

        return run

    values, rebuild = _flattened(operands, order)
    for program, constants in opened:  # a result moves if it does in any branch
        shapes = _moving(branch(program, constants), values, rebuild)
        template = [a or b for a, b in zip(template, shapes, strict=True)]

    def flat(program: Any, constants: Sequence[Any]) -> Callable[..., Any]:
        return lambda *values: [
            _padded(y, order) if moves else _at_rest(y)
            for y, moves in zip(branch(program, constants)(rebuild(values)), template, strict=True)
        ]

    found = jax.lax.switch(chosen, [flat(*each) for each in opened], *values)
    return [Series(y) if moves else y for y, moves in zip(found, template, strict=True)]


def _flattened(operands: Sequence[Any], order: int) -> tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]:
    """Coefficients one after the other, and how they go together."""
    moves = [isinstance(value, Series) for value in operands]
    values = [c for value in operands for c in (value if isinstance(value, Series) else [value])]

    def rebuild(values: Sequence[Any]) -> list[Any]:
        waiting = iter(values)
        return [Series(next(waiting) for _ in range(order + 1)) if each else next(waiting) for each in moves]

    return values, rebuild


def _moving(function: Callable[..., list[Any]], values: Sequence[Any], rebuild: Callable[..., list[Any]]) -> list[bool]:
    """Which results of a function of operands move."""
    seen: list[bool] = []

    def look(*values: Any) -> list[Any]:
        results = function(rebuild(values))
        seen[:] = [isinstance(y, Series) for y in results]
        return [_at_rest(y) for y in results]

    jax.eval_shape(look, *values)
    return seen


def _carried(
    body: Callable[[list[Any], list[Any]], list[Any]], carry: list[Any], others: list[Any], order: int
) -> list[Any]:
    """The carry, a Series wherever a turn makes it move."""
    count = len(carry)
    while True:
        values, rebuild = _flattened([*carry, *others], order)
        moves = _moving(lambda operands: body(operands[:count], operands[count:]), values, rebuild)[:count]
        grown = [
            Series(_padded(jnp.asarray(c), order)) if moving and not isinstance(c, Series) else c
            for c, moving in zip(carry, moves, strict=True)
        ]
        if all(isinstance(a, Series) == isinstance(b, Series) for a, b in zip(carry, grown, strict=True)):
            return grown
        carry = grown


def _like(values: Sequence[Any], template: Sequence[Any], order: int) -> list[Any]:
    """Each value with all coefficients where the template has them."""
    return [_padded(v, order) if isinstance(t, Series) else _at_rest(v) for v, t in zip(values, template, strict=True)]


def _scan(equation: Any, given: list[Any], order: int) -> list[Any]:
    parameters = equation.params
    program, constants = open_program(parameters["jaxpr"])
    # What is stacked has one dimension more outside than inside; versions differ in how they say where it begins.
    carries = sum(a.aval.ndim == b.aval.ndim for a, b in zip(equation.outvars, program.outvars, strict=True))
    consts = sum(a.aval.ndim == b.aval.ndim for a, b in zip(equation.invars, program.invars, strict=True)) - carries
    fixed, carry, sequences = given[:consts], given[consts : consts + carries], given[consts + carries :]

    def turn(carry: list[Any], entries: list[Any]) -> list[Any]:
        return propagate(program, constants, [*fixed, *carry, *entries], order)

    def entry(xs: Any) -> Any:
        return jnp.zeros(xs.shape[1:], xs.dtype)  # for its shape alone

    first = [Series(map(entry, xs)) if isinstance(xs, Series) else entry(xs) for xs in sequences]
    carry = _carried(turn, carry, first, order)

    def step(values: list[Any], entries: list[Any]) -> tuple[list[Any], list[Any]]:
        moving = [Series(v) if isinstance(v, list) else v for v in values]
        results = turn(moving, [Series(e) if isinstance(e, list) else e for e in entries])
        ys = [list(y) if isinstance(y, Series) else y for y in results[carries:]]
        return _like(results[:carries], carry, order), ys

    last, ys = jax.lax.scan(
        step,
        [list(c) if isinstance(c, Series) else jnp.asarray(c) for c in carry],
        [list(xs) if isinstance(xs, Series) else xs for xs in sequences],
        length=parameters["length"],
        reverse=parameters["reverse"],
        unroll=parameters["unroll"],
    )
    return [Series(v) if isinstance(v, list) else v for v in [*last, *ys]]


def _while(equation: Any, given: list[Any], order: int) -> list[Any]:
    parameters = equation.params
    split = parameters["cond_nconsts"], parameters["cond_nconsts"] + parameters["body_nconsts"]
    test_fixed, body_fixed, carry = given[: split[0]], given[split[0] : split[1]], given[split[1] :]
    test, test_constants = open_program(parameters["cond_jaxpr"])
    body, body_constants = open_program(parameters["body_jaxpr"])

    def turn(carry: list[Any], _: list[Any]) -> list[Any]:
        return propagate(body, body_constants, [*body_fixed, *carry], order)

    carry = _carried(turn, carry, [], order)

    def goes_on(values: list[Any]) -> Any:
        now = [v[0] if isinstance(v, list) else v for v in values]
        return propagate(test, test_constants, [*map(_at_rest, test_fixed), *now], 0)[0]

    def step(values: list[Any]) -> list[Any]:
        return _like(turn([Series(v) if isinstance(v, list) else v for v in values], []), carry, order)

    start = [list(c) if isinstance(c, Series) else jnp.asarray(c) for c in carry]
    return [Series(v) if isinstance(v, list) else v for v in jax.lax.while_loop(goes_on, step, start)]


_RULES: dict[str, Callable[..., list[Any]]] = {
    "div": _div,
    "exp": _exp,
    "integer_pow": _integer_pow,
    "square": _square,
    "cond": _cond,
    "scan": _scan,
    "while": _while,
}
