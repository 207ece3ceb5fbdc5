"""What an operand may be, and what a user is told when the operands do not fit."""

import re
from collections.abc import Sequence
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from ._checks import ENABLE_X64, default_int, describe, fail
from ._convert import from_host, is_torch
from ._errors import (
    ArgumentError,
    ArgumentTypeError,
    ConversionError,
    FuncgradError,
    IndexRangeError,
    ShapeError,
    TracedValueError,
)

__all__ = ["dtype_of", "is_integral", "is_key", "operand", "shape_of", "translate"]

_EXTENDED_PRECISION = (np.longdouble, np.clongdouble)  # no Python number holds them

_TRACER = re.compile(r"\w*Tracer\b")  # what JAX puts in the place of an array while it traces


def operand(name: str, argument: str, value: Any) -> Any:
    """`value` as something that JAX takes as an operand; raises ArgumentTypeError, with the remedy, otherwise."""
    if isinstance(value, jax.Array):
        return value
    if type(value) in (bool, int, float, complex):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biufc" and not isinstance(value, _EXTENDED_PRECISION):
        return value.item()  # like a Python number: torch, too, does not let it widen an array
    if isinstance(value, np.ndarray | np.generic):
        return from_host(name, value)
    if hasattr(value, "__jax_array__"):
        return value.__jax_array__()
    given = "a torch.Tensor" if is_torch(value) else describe(value)
    convertible = is_torch(value) or isinstance(value, list | tuple)
    remedy = "wrap it in fg.tensor(...)" if convertible else "pass an array"
    fail(ArgumentTypeError, name, f"{argument} must be an array or a number", f"got {given}", remedy)


# What JAX and NumPy raise for arguments that do not fit, and what a user sees. All else is not about the arguments.
_TRANSLATED: dict[type[Exception], type[FuncgradError]] = {
    IndexError: IndexRangeError,
    OverflowError: ConversionError,
    jax.errors.ConcretizationTypeError: TracedValueError,
    TypeError: ArgumentTypeError,
    ValueError: ShapeError,
    NotImplementedError: ArgumentError,
    ZeroDivisionError: ArgumentError,
    AttributeError: ArgumentTypeError,
}


def translate(name: str, error: Exception, values: Sequence[Any]) -> NoReturn:
    """Raise `error` again in this package's voice, without the frames of the libraries below."""
    if isinstance(error, FuncgradError):
        error.__notes__ = []  # JAX adds a remark about the frames it removed
        raise error.with_traceback(None) from None
    if isinstance(error, OverflowError):
        wide = next((v for v in jax.tree.leaves(values) if type(v) is int and not _fits(v)), None)
        if wide is not None:
            fail(
                ConversionError,
                name,
                f"every Python int must fit in {default_int()}",
                f"got {wide}",
                f"write it as a float, or run {ENABLE_X64} first",
            )
    if any(is_key(leaf) for leaf in jax.tree.leaves(values)):
        remedy = "draw numbers with it, for example fg.rand(2, key=key)"
        fail(ArgumentTypeError, name, "operands must be numbers", "got a random key", remedy)
    for kind, ours in _TRANSLATED.items():
        if isinstance(error, kind):
            given = ", ".join(describe(value) for value in jax.tree.leaves(values))
            reason = _TRACER.sub("Array", str(error).strip().split("\n")[0].rstrip("."))
            fail(ours, name, "the operands must fit the operation", f"got {given} ({reason})", "correct them")
    raise error


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an operand, () for a number; asked at each eager call, in a third of the time that NumPy takes."""
    shape: tuple[int, ...] = getattr(value, "shape", ())
    return shape


def dtype_of(value: Any) -> np.dtype[Any]:
    """The dtype of an operand."""
    dtype = getattr(value, "dtype", None)
    return jnp.result_type(value) if dtype is None else dtype


def is_integral(value: Any) -> bool:
    """Whether an operand is of integers."""
    dtype = dtype_of(value)
    kind = getattr(dtype, "kind", "")  # keys have a dtype of their own
    return kind in ("i", "u") or (kind == "V" and bool(jnp.issubdtype(dtype, jnp.integer)))


def is_key(value: Any) -> bool:
    """Whether `value` is an array of random keys."""
    return isinstance(value, jax.Array) and bool(jnp.issubdtype(value.dtype, jax.dtypes.prng_key))


def _fits(value: int) -> bool:
    limits = np.iinfo(default_int())
    return bool(limits.min <= value <= limits.max)
