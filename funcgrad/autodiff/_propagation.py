r"""Values, first derivatives and the Laplacian of a program, all carried forward through it in one pass.

For each variable $v$ of the program it keeps the derivatives $J_k$ along all directions and
$L = \sum_k \partial_k^2 v$, as Li et al. do (Forward Laplacian, 2023). An operation $g$ takes them to

.. math:: g(v), \quad g'(v)[J_k], \quad g'(v)[L] + \sum_{k,l} G_{kl}\, g''(v)[J_k, J_l],

where $G$, the metric of the directions, is the identity at first. Where everything that follows depends on a single
variable with fewer elements than there are directions, its own elements become the directions, and
$G_{ij} = \sum_{kl} J_{ki} G_{kl} J_{lj}$: a first layer from a thousand inputs to 64 units leaves 64 directions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._jax import holds, inner_program, is_literal, last_uses, open_program, programs_in, rebind, trace
from ._dense import Leaves, size, unit
from ._linearity import BILINEAR, CALLS, NO_SECOND, linear_operands, works_elementwise

__all__ = ["NoForwardRule", "columns", "lacks_forward", "laplacians"]


_REVERSE_ONLY = "custom_vjp_call"


class NoForwardRule(Exception):
    """The program holds something without a derivative in forward mode."""


@dataclass(frozen=True)
class _Units:
    """Derivatives of a variable whose elements are (multiples of) directions: a diagonal matrix, never written out."""

    first: int  # the direction of its first element
    scale: jax.Array  # in the variable's shape


_Slopes: TypeAlias = "_Units | jax.Array"  # an array has the directions in front


@dataclass(frozen=True)
class _Value:
    value: Any
    slopes: _Slopes | None = None  # None: a constant
    bend: Any = None  # the Laplacian so far, where it is asked for


class _Basis:
    """The directions: how many, and their metric (None for the identity)."""

    def __init__(self, count: int):
        self.count = count
        self.metric: jax.Array | None = None

    def dense(self, value: _Value) -> jax.Array:
        slopes = value.slopes
        if not isinstance(slopes, _Units):
            return slopes  # type: ignore[return-value]
        rows = jax.lax.broadcasted_iota(np.int32, (self.count, slopes.scale.size), 0) - slopes.first
        columns = jax.lax.broadcasted_iota(np.int32, (self.count, slopes.scale.size), 1)
        dense = jnp.where(rows == columns, slopes.scale.reshape(1, -1), 0)
        return dense.reshape(self.count, *slopes.scale.shape)

    def times(self, slopes: jax.Array) -> jax.Array:
        """The metric times slopes."""
        if self.metric is None:
            return slopes
        flat = slopes.reshape(self.count, -1)
        return (self.metric.astype(flat.dtype) @ flat).reshape(slopes.shape)

    def inner(self, a: _Value, b: _Value) -> jax.Array:
        """Element by element the product of the slopes of two variables of one shape, summed over directions."""
        left, right = a.slopes, b.slopes
        if isinstance(left, _Units) and isinstance(right, _Units) and left.first == right.first:
            product = left.scale * right.scale
            if self.metric is None:
                return product
            own = jnp.diagonal(self.metric)[left.first : left.first + product.size]
            return product * own.reshape(product.shape).astype(product.dtype)
        return (self.dense(a) * self.times(self.dense(b))).sum(0)

    def renew(self, value: _Value) -> _Value:
        """Make the elements of a variable, on which all that follows depends, the directions."""
        slopes = self.dense(value).reshape(self.count, -1)
        self.metric = slopes.T @ self.times(slopes)
        self.count = slopes.shape[1]
        return _Value(value.value, _Units(0, jnp.ones_like(value.value)), value.bend)


def laplacians(f: Leaves, x: Sequence[jax.Array], chunk_size: int | None) -> tuple[list[jax.Array], Any]:
    """The Laplacian of each output of `f`, in the shape of the output, and what else `f` returns.

    Raises NoForwardRule where the program has no derivative in forward mode.
    """
    count = size(x)
    rest_of: list[Any] = []

    def flat(leaves: Sequence[jax.Array]) -> list[jax.Array]:
        outputs, rest = f(leaves)
        rest_of[:] = [len(outputs), jax.tree.structure(rest)]
        return [*outputs, *jax.tree.leaves(rest)]

    program, constants = trace(flat, list(x))

    def along(slopes: list[_Slopes], width: int, renewing: bool) -> list[_Value]:
        basis = _Basis(width)
        given = [_Value(v, s, jnp.zeros_like(v)) for v, s in zip(x, slopes, strict=True)]
        return _run(program, constants, given, basis, renewing)

    if chunk_size is None or chunk_size >= count:
        ends = np.cumsum([0, *(leaf.size for leaf in x)])
        units: list[_Slopes] = [_Units(int(end), jnp.ones_like(v)) for v, end in zip(x, ends[:-1], strict=True)]
        found = along(units, count, renewing=True)
        outputs, structure = found[: rest_of[0]], rest_of[1]
        rest = [v.value for v in found[rest_of[0] :]]
        return [_bend(v) for v in outputs], jax.tree.unflatten(structure, rest)

    def chunk(numbers: jax.Array) -> list[jax.Array]:
        dense: Any = jax.vmap(lambda index: unit(x, index))(numbers)
        return [_bend(v) for v in along(dense, numbers.size, renewing=False)[: rest_of[0]]]

    numbers = jax.lax.iota(np.int32, count)
    whole = count - count % chunk_size
    total = [sum_.sum(0) for sum_ in jax.lax.map(chunk, numbers[:whole].reshape(-1, chunk_size))]
    if whole < count:
        total = [a + b for a, b in zip(total, chunk(numbers[whole:]), strict=True)]
    _, rest = f(x)
    return total, rest


def lacks_forward(f: Leaves, x: Sequence[jax.Array]) -> bool:
    """Whether `f` has no derivative forward, which JAX would say when the derivative is compiled, or not in words."""
    try:
        program, _ = trace(lambda leaves: f(leaves)[0], list(x))
    except Exception:  # Python control flow on values cannot be traced; what else is wrong shows itself again
        return False
    return holds(program, _REVERSE_ONLY)


def columns(push: Callable[[list[jax.Array]], list[jax.Array]], x: Sequence[jax.Array]) -> list[jax.Array]:
    """The matrix of a linear function of `x`: for each result its derivatives by all elements of `x`, in front.

    Products with the identity are never multiplied out: a first layer's part is its own weights.
    """
    program, constants = trace(push, list(x))
    basis = _Basis(size(x))
    ends = np.cumsum([0, *(leaf.size for leaf in x)])
    given = [_Value(jnp.zeros_like(v), _Units(int(end), jnp.ones_like(v))) for v, end in zip(x, ends[:-1], strict=True)]
    found = _run(program, constants, given, basis, alone=False)
    return [
        jnp.zeros((basis.count, *v.value.shape), v.value.dtype) if v.slopes is None else basis.dense(v) for v in found
    ]


def _bend(value: _Value) -> jax.Array:
    return jnp.zeros_like(value.value) if value.slopes is None else value.bend


def _run(program: Any, constants: Sequence[Any], given: Sequence[_Value], basis: _Basis, alone: bool) -> list[_Value]:
    """The outputs of a program. `alone`: nothing outside of it depends on the directions."""
    known: dict[Any, _Value] = {}

    def read(variable: Any) -> _Value:
        return _Value(variable.val) if is_literal(variable) else known[variable]

    last = last_uses(program)
    known.update(zip(program.constvars, map(_Value, constants), strict=True))
    known.update(zip(program.invars, given, strict=True))
    moving = {v for v, value in zip(program.invars, given, strict=True) if value.slopes is not None and v in last}
    for number, equation in enumerate(program.eqns):
        operands = [read(v) for v in equation.invars]
        if all(v.slopes is None for v in operands):
            found = [_Value(v) for v in rebind(equation, [v.value for v in operands])]
            known.update(zip(equation.outvars, found, strict=True))
            continue
        moving.difference_update([v for v in equation.invars if not is_literal(v) and last[v] == number])
        if equation.primitive.name in CALLS:
            inner, own = open_program(inner_program(equation))
            found = _run(inner, own, operands, basis, alone and not moving)
        else:
            found = _apply(equation, operands, basis)
        known.update(zip(equation.outvars, found, strict=True))
        moving.update(v for v in equation.outvars if known[v].slopes is not None and v in last)
        if alone and len(moving) == 1:
            (only,) = moving
            # A bottleneck pays where it at least halves the directions, and not at the very end.
            if last[only] < len(program.eqns) and 0 < 2 * known[only].value.size <= basis.count:
                known[only] = basis.renew(known[only])
    return [read(v) for v in program.outvars]


def _is_moving(variable: Any) -> bool:
    return bool(jnp.issubdtype(variable.aval.dtype, jnp.inexact))


def _apply(equation: Any, operands: Sequence[_Value], basis: _Basis) -> list[_Value]:
    name = equation.primitive.name
    values = [v.value for v in operands]
    outputs = rebind(equation, values)
    floating = [i for i, v in enumerate(equation.outvars) if _is_moving(v)]
    results = [_Value(v) for v in outputs]
    if not floating or name == "stop_gradient":
        return results
    if name == _REVERSE_ONLY or any(holds(inner, _REVERSE_ONLY) for inner in programs_in(equation)):
        raise NoForwardRule
    active = [i for i, v in enumerate(operands) if v.slopes is not None]

    def g(*moved: Any) -> list[Any]:
        filled = list(values)
        for i, value in zip(active, moved, strict=True):
            filled[i] = value
        found = rebind(equation, filled)
        return [found[i] for i in floating]

    moving = [operands[i] for i in active]
    at = [v.value for v in moving]
    shapes = {equation.outvars[0].aval.shape, *(v.value.shape for v in moving)}
    is_complex = any(jnp.iscomplexobj(v) for v in (*values, *outputs))  # where a derivative may not be one number
    elementwise = len(shapes) == len(outputs) == 1 and not is_complex and works_elementwise(equation)

    def push(*tangents: Any) -> list[Any]:
        return jax.jvp(g, tuple(at), tuple(tangents))[1]

    slopes = _slopes(equation, moving, active, values, push, elementwise, basis)
    if moving[0].bend is None:  # first derivatives are all that is asked for
        for i, slope in zip(floating, slopes, strict=True):
            results[i] = _Value(outputs[i], slope)
        return results
    bends = push(*[v.bend for v in moving])
    bent = name not in NO_SECOND or (is_complex and name in ("abs", "sign"))
    if not bent or (name in BILINEAR and len(active) == 1):
        curvatures = None
    elif elementwise:
        curvatures = [_elementwise_bend(g, name, active, moving, basis)]
    elif name == "dot_general":
        curvatures = [2 * _summed_product(equation, moving[0], moving[1], basis)]
    else:
        curvatures = _second(g, at, [basis.dense(v) for v in moving], basis)
    if curvatures is not None:
        bends = [a + b for a, b in zip(bends, curvatures, strict=True)]
    for i, slope, bend in zip(floating, slopes, bends, strict=True):
        results[i] = _Value(outputs[i], slope, bend)
    return results


def _slopes(
    equation: Any,
    moving: Sequence[_Value],
    active: Sequence[int],
    values: Sequence[Any],
    push: Any,
    elementwise: bool,
    basis: _Basis,
) -> list[_Slopes]:
    """The first derivatives of the results; diagonal ones are kept so where the operation lets them."""
    own = [v.slopes for v in moving]
    units = [s for s in own if isinstance(s, _Units)]
    name = equation.primitive.name
    shape = equation.outvars[0].aval.shape
    if len(units) == len(own) and len({u.first for u in units}) == 1:
        first, scale = units[0].first, units[0].scale
        if elementwise:
            return [_Units(first, push(*[u.scale for u in units])[0])]
        same_order = name in ("reshape", "squeeze", "broadcast_in_dim") and len(units) == 1
        same_order &= name != "reshape" or equation.params["dimensions"] is None
        if same_order and int(np.prod(shape)) == scale.size:
            return [_Units(first, scale.reshape(shape))]
        full = first == 0 and scale.size == basis.count and len(units) == 1
        if full and name == "reduce_sum" and shape == ():
            return [scale.reshape(basis.count)]
        if full and name == "dot_general":
            rows = _rows_of_matrix(equation, active[0], values, scale)
            if rows is not None:
                return [rows.reshape(basis.count, *shape)]
    return list(jax.vmap(push)(*[basis.dense(v) for v in moving]))


def _rows_of_matrix(equation: Any, position: int, values: Sequence[Any], scale: jax.Array) -> jax.Array | None:
    """The matrix itself where a whole array is contracted with it: the product with the identity is not computed."""
    contracted, batched = equation.params["dimension_numbers"]
    mine, theirs = contracted[position], contracted[1 - position]
    free = [n for dim, n in enumerate(scale.shape) if dim not in mine]
    if batched[0] or any(n != 1 for n in free):
        return None
    matrix = values[1 - position]
    order = [theirs[i] for i in np.argsort(mine)]
    kept = [dim for dim in range(matrix.ndim) if dim not in theirs]
    rows = matrix.transpose(*order, *kept).reshape(scale.size, -1)
    return rows.astype(equation.outvars[0].aval.dtype) * scale.reshape(-1, 1).astype(equation.outvars[0].aval.dtype)


def _elementwise_bend(g: Any, name: str, active: Sequence[int], moving: Sequence[_Value], basis: _Basis) -> Any:
    at = [v.value for v in moving]
    total: Any = 0
    for i in range(len(moving)):
        for j in range(i, len(moving)):
            if i == j and active[i] in linear_operands(name):
                continue
            along_i = [jnp.ones_like(v) if k == i else jnp.zeros_like(v) for k, v in enumerate(at)]
            along_j = [jnp.ones_like(v) if k == j else jnp.zeros_like(v) for k, v in enumerate(at)]

            def slope(*u: Any, along: list[Any] = along_i) -> Any:
                return jax.jvp(g, u, tuple(along))[1][0]

            crossed = basis.inner(moving[i], moving[j])
            if name != "mul":
                crossed = jax.jvp(slope, tuple(at), tuple(along_j))[1] * crossed
            total = total + (crossed if i == j else 2 * crossed)
    return total


def _summed_product(equation: Any, a: _Value, b: _Value, basis: _Basis) -> jax.Array:
    """The products of the slopes of two matrices, summed over directions: they are one more dimension contracted."""
    (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]
    contracted = ((0, *(d + 1 for d in left)), (0, *(d + 1 for d in right)))
    batched = (tuple(d + 1 for d in left_batch), tuple(d + 1 for d in right_batch))
    return jax.lax.dot_general(
        basis.dense(a),
        basis.times(basis.dense(b)),
        dimension_numbers=(contracted, batched),
        precision=equation.params["precision"],
        preferred_element_type=equation.params["preferred_element_type"],
    )


def _second(g: Any, at: Sequence[Any], slopes: Sequence[jax.Array], basis: _Basis) -> list[jax.Array]:
    """Second derivatives by two forward derivatives, for any operation."""

    def along(one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
        def first(*u: Any) -> list[Any]:
            return jax.jvp(g, u, tuple(one))[1]

        return jax.jvp(first, tuple(at), tuple(other))[1]

    return [v.sum(0) for v in jax.vmap(along)(list(slopes), [basis.times(s) for s in slopes])]
