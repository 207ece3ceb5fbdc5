"""What the words that write into arrays share: checks of values and indices, and a product that differentiates."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, indices_in_range, x64_enabled
from .._claims import visible
from .._convert import require_lossless
from .._errors import ArgumentError, DtypeError, ShapeError
from .._operands import dtype_of, is_integral, shape_of
from .._types import Array, Shape

__all__ = [
    "as_value",
    "combined",
    "combining",
    "multiplied",
    "require_broadcast",
    "require_grid",
    "require_indices",
    "require_mask",
    "require_reduction",
]

_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def as_value(name: str, value: Any, dtype: np.dtype[Any], argument: str = "value") -> Any:
    """`value`, known to survive as `dtype`: its kind always, its size where it is known now."""
    if value.__class__ in (bool, int, float, complex):
        return _number(name, value, dtype, argument, x64_enabled())
    if getattr(value, "dtype", None) == dtype:
        return value
    return _surviving(name, value, dtype, argument)


@functools.lru_cache(maxsize=4096, typed=True)
def _number(name: str, value: Any, dtype: np.dtype[Any], argument: str, x64: bool) -> Any:
    """A Python number is checked once: 64-bit mode decides its own dtype."""
    return _surviving(name, value, dtype, argument)


def _surviving(name: str, value: Any, dtype: np.dtype[Any], argument: str) -> Any:
    own = jnp.result_type(value)
    if _rank(own) > _rank(dtype):
        fail(
            DtypeError,
            name,
            f"{argument} must fit in {dtype.name}, the dtype of the array",
            f"got {describe(value)}",
            f"convert the array first, with fg.to(x, '{own.name}')",
        )
    seen = visible(value) if own != dtype else None
    if seen is not None:
        convert = "convert the array first, with fg.to(x, '{}')"
        require_lossless(name, seen, np.dtype(dtype), wider=convert, remedy="")
    return value


def _rank(dtype: Any) -> int:
    kinds = [("b", jnp.bool_), ("i", jnp.integer), ("f", jnp.floating), ("c", jnp.complexfloating)]
    return next((_RANK[kind] for kind, group in kinds if jnp.issubdtype(dtype, group)), 4)


def require_indices(
    name: str, index: Any, size: int, dim: int, *, negative: bool = False, argument: str = "index"
) -> None:
    """Raise unless `index` is of integers and, where they are known, in range."""
    if not is_integral(index):
        mask = jnp.issubdtype(jnp.result_type(index), jnp.bool_)
        remedy = "use fg.masked_select, fg.masked_fill or fg.where for a mask" if mask else ""
        fail(
            DtypeError,
            name,
            f"{argument} must have an integer dtype",
            f"got {describe(index)}",
            remedy or "convert it with fg.to(x, 'int')",
        )
    indices_in_range(name, index, size, dim, argument=argument, negative=negative)


def require_mask(name: str, mask: Any) -> None:
    """Raise unless `mask` is boolean."""
    if dtype_of(mask) != np.bool_:
        fail(
            DtypeError,
            name,
            "mask must be boolean",
            f"got {describe(mask)}",
            "compare to make one, for example mask != 0",
        )


def require_broadcast(name: str, argument: str, shape: Shape, target: Shape, remedy: str = "") -> None:
    """Raise unless an array of `shape` broadcasts to exactly `target`."""
    while len(shape) > len(target) and shape[0] == 1:
        shape = shape[1:]
    fits = len(shape) <= len(target) and all(
        a in (1, b) for a, b in zip(shape, target[len(target) - len(shape) :], strict=True)
    )
    if not fits:
        fail(
            ShapeError,
            name,
            f"{argument} must broadcast to shape {tuple(target)}",
            f"got shape {tuple(shape)}",
            remedy or f"reshape {argument}, or correct the index",
        )


def require_grid(name: str, input: Any, dim: int, index: Any) -> None:
    """Raise unless `index` has a place along `dim` for elements of `input`, as torch's ``gather`` reads it."""
    shape, given = shape_of(input) or (1,), shape_of(index) or (1,)
    require_indices(name, index, shape[dim], dim)
    if 0 in given:
        return
    if len(given) != len(shape):
        fail(
            ShapeError,
            name,
            "index must have as many dimensions as input",
            f"got shapes {np.shape(index)} and {np.shape(input)}",
            "add dimensions with fg.unsqueeze, or use fg.index_select",
        )
    for d, (n, size) in enumerate(zip(given, shape, strict=True)):
        if d != dim and n > size:
            fail(
                ShapeError,
                name,
                f"index must be no larger than input except along dimension {dim}",
                f"got shapes {np.shape(index)} and {np.shape(input)}, which differ in dimension {d}",
                "cut index",
            )


def require_reduction(name: str, reduce: str, known: Sequence[str], dtype: Any) -> None:
    """Raise unless `reduce` is one of `known`, and means something for `dtype`."""
    if reduce == "mean" and jnp.issubdtype(dtype, jnp.bool_):
        remedy = "convert input with fg.to(x, 'float')"
        fail(DtypeError, name, "input must be of numbers for reduce='mean'", "got bool", remedy)
    if reduce not in known:
        options = ", ".join(repr(each) for each in known)
        fail(ArgumentError, name, f"reduce must be one of {options}", f"got {reduce!r}", "correct the name")


_OF_BOOLEANS = {"sum": "amax", "prod": "amin", "add": "max", "mul": "min"}  # or, and


def combining(how: str, dtype: Any) -> str:
    """`how` values are combined, by the name that booleans have for it: they are not added up."""
    return _OF_BOOLEANS.get(how, how) if jnp.issubdtype(dtype, jnp.bool_) else how


def combined(x: Array, idx: Any, source: Any, reduce: str, include_self: bool = True) -> Array:
    """`x` with `source` reduced into the elements at `idx`, which may repeat."""
    source = jnp.asarray(source).astype(x.dtype)
    reduce = combining(reduce, x.dtype)
    if not include_self:
        touched = jnp.zeros(x.shape, bool).at[idx].set(True)
        x = jnp.where(touched, jnp.asarray(_start(reduce, x.dtype), x.dtype), x)
    if reduce == "sum":
        return x.at[idx].add(source)
    if reduce == "prod":
        return multiplied(x, idx, source)
    if reduce == "amax":
        return x.at[idx].max(source)
    if reduce == "amin":
        return x.at[idx].min(source)
    count = jnp.full(x.shape, int(include_self), x.dtype).at[idx].add(jnp.ones_like(source))
    count = jnp.maximum(count, jnp.ones((), x.dtype))
    total = x.at[idx].add(source)
    return total // count if jnp.issubdtype(x.dtype, jnp.integer) else total / count


def _start(reduce: str, dtype: Any) -> Any:
    """What a reduction of nothing gives."""
    if reduce not in ("amax", "amin"):
        return 1 if reduce == "prod" else 0
    sign = -1 if reduce == "amax" else 1
    if jnp.issubdtype(dtype, jnp.bool_):
        return reduce == "amin"
    if jnp.issubdtype(dtype, jnp.integer):
        return jnp.iinfo(dtype).min if sign < 0 else jnp.iinfo(dtype).max
    return sign * jnp.inf


def multiplied(x: Array, idx: Any, source: Any) -> Array:
    """`x` with the elements at `idx`, which may repeat, multiplied by `source`."""
    at = jnp.arange(x.size).reshape(x.shape).at[idx].get(mode="fill", fill_value=x.size)
    values = jnp.broadcast_to(jnp.asarray(source).astype(x.dtype), at.shape)
    return _product(x.reshape(-1), at.reshape(-1), values.reshape(-1)).reshape(x.shape)


@jax.custom_jvp
def _product(x: Array, at: Array, values: Array) -> Array:
    return x.at[at].multiply(values)


@_product.defjvp
def _product_jvp(primals: Any, tangents: Any) -> Any:
    """The derivative at each factor is the product of all others, exact at zeros and to every order."""
    x, at, values = primals
    at = jnp.concatenate([jnp.arange(x.size), at])
    factors = jnp.concatenate([x, values])
    others = _products_of_others(factors, at)
    tangent = jnp.zeros_like(x).at[at].add(others * jnp.concatenate([tangents[0], tangents[2]]))
    return _product(*primals), tangent


def _products_of_others(factors: Array, group: Array) -> Array:
    """For each factor the product of the other factors in its group, from running products before and after it."""
    if factors.size == 0:
        return factors
    order = jnp.argsort(group, stable=True)
    sorted_factors, sorted_group = factors[order], group[order]
    before = _running_before(sorted_factors, sorted_group)
    after = _running_before(sorted_factors[::-1], sorted_group[::-1])[::-1]
    return jnp.zeros_like(factors).at[order].set(before * after)


def _running_before(factors: Array, group: Array) -> Array:
    """The product of the factors before each one, in its group."""
    first = jnp.concatenate([jnp.ones(1, bool), group[1:] != group[:-1]])
    shifted = jnp.concatenate([jnp.ones(1, factors.dtype), factors[:-1]])
    shifted = jnp.where(first, 1, shifted)

    def join(left: Any, right: Any) -> Any:
        return jnp.where(right[1], right[0], left[0] * right[0]), left[1] | right[1]

    product, _ = jax.lax.associative_scan(join, (shifted, first))
    return product
