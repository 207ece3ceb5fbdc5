"""Values of constants by NumPy, which compiles nothing: masks, counters, and the arithmetic of indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._jax import reshaped

__all__ = ["speaks", "value_of"]


def _divide(a: Any, b: Any) -> Any:
    if np.asarray(a).dtype.kind not in "iu":
        return np.true_divide(a, b)
    safe = np.where(b == 0, 1, b)
    return np.sign(a) * np.sign(safe) * (np.abs(a) // np.abs(safe))


def _remainder(a: Any, b: Any) -> Any:
    return np.fmod(a, np.where(b == 0, 1, b)) if np.asarray(a).dtype.kind in "iu" else np.fmod(a, b)


_PLAIN: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "add": np.add,
    "add_any": np.add,
    "and": np.bitwise_and,
    "atan2": np.arctan2,
    "ceil": np.ceil,
    "cos": np.cos,
    "div": _divide,
    "eq": np.equal,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "floor": np.floor,
    "ge": np.greater_equal,
    "gt": np.greater,
    "imag": np.imag,
    "is_finite": np.isfinite,
    "le": np.less_equal,
    "log": np.log,
    "log1p": np.log1p,
    "lt": np.less,
    "max": np.maximum,
    "min": np.minimum,
    "mul": np.multiply,
    "ne": np.not_equal,
    "neg": np.negative,
    "not": np.invert,
    "or": np.bitwise_or,
    "pow": np.power,
    "real": np.real,
    "rem": _remainder,
    "sign": np.sign,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "square": np.square,
    "sub": np.subtract,
    "tan": np.tan,
    "tanh": np.tanh,
    "xor": np.bitwise_xor,
    "copy": np.asarray,
    "copy_p": np.asarray,
    "stop_gradient": np.asarray,
    "optimization_barrier": np.asarray,
    "pvary": np.asarray,
}


def _iota(p: dict[str, Any]) -> Any:
    size = p["shape"][p["dimension"]]
    line = np.arange(size, dtype=p["dtype"])
    shape = [size if i == p["dimension"] else 1 for i in range(len(p["shape"]))]
    return np.broadcast_to(line.reshape(shape), p["shape"])


def _broadcast(p: dict[str, Any], x: Any) -> Any:
    shape = [1] * len(p["shape"])
    for dim, size in zip(p["broadcast_dimensions"], x.shape, strict=True):
        shape[dim] = size
    return np.broadcast_to(x.reshape(shape), p["shape"])


def _slice(p: dict[str, Any], x: Any) -> Any:
    strides = p["strides"] or (1,) * x.ndim
    return x[tuple(map(slice, p["start_indices"], p["limit_indices"], strides))]


def _select(p: dict[str, Any], which: Any, *cases: Any) -> Any:
    if len(cases) == 2:
        return np.where(which.astype(bool), cases[1], cases[0])
    return np.choose(which.astype(np.int64), cases)


def _reduction(function: Any) -> Callable[..., Any]:
    return lambda p, x: function(x, axis=tuple(p["axes"]))


_SHAPED: dict[str, Callable[..., Any]] = {
    "broadcast_in_dim": _broadcast,
    "clamp": lambda p, low, x, high: np.minimum(np.maximum(x, low), high),
    "concatenate": lambda p, *xs: np.concatenate(xs, axis=p["dimension"]),
    "convert_element_type": lambda p, x: x,
    "cumsum": lambda p, x: (
        np.flip(np.cumsum(np.flip(x, p["axis"]), p["axis"]), p["axis"]) if p["reverse"] else np.cumsum(x, p["axis"])
    ),
    "integer_pow": lambda p, x: x ** np.asarray(p["y"], x.dtype) if p["y"] >= 0 else 1 / x ** (-p["y"]),
    "iota": _iota,
    "reduce_and": _reduction(np.all),
    "reduce_max": _reduction(np.max),
    "reduce_min": _reduction(np.min),
    "reduce_or": _reduction(np.any),
    "reduce_sum": _reduction(np.sum),
    "reshape": lambda p, x: reshaped(x, p),
    "rev": lambda p, x: np.flip(x, p["dimensions"]),
    "select_n": _select,
    "slice": _slice,
    "squeeze": lambda p, x: np.squeeze(x, tuple(p["dimensions"])),
    "transpose": lambda p, x: np.transpose(x, p["permutation"]),
}


def speaks(name: str) -> bool:
    """Whether an operation of this name is among those that NumPy does."""
    return name in _PLAIN or name in _SHAPED


def value_of(equation: Any, operands: Any) -> np.ndarray | None:
    """The value of an equation's one output from those of its operands, or None where NumPy does not say it."""
    name = equation.primitive.name
    if not speaks(name):
        return None
    plain, shaped = _PLAIN.get(name), _SHAPED.get(name)
    values = [operand.array for operand in operands]
    if any(value is None for value in values):
        return None
    aval = equation.outvars[0].aval
    try:
        if name == "convert_element_type" and values[0].dtype.kind == "f" and np.dtype(aval.dtype).kind in "iu":
            return None  # what does not fit saturates, which NumPy does not say
        if name in ("reduce_and", "reduce_or") and values[0].dtype != bool:
            return None
        found = plain(*values) if plain is not None else shaped(equation.params, *values)  # type: ignore[misc]
        found = np.asarray(found, aval.dtype)
    except (TypeError, ValueError):
        return None
    return found if found.shape == tuple(aval.shape) else None
