"""Dtypes: their names, their limits, and asking and changing them."""

from __future__ import annotations

import builtins
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import default_int, resolve_dtype
from .._plain import plain
from .._types import ArrayLike, DtypeLike

__all__ = [
    "bfloat16",
    "bool",
    "bool_",
    "byte",
    "can_cast",
    "cdouble",
    "cfloat",
    "char",
    "complex64",
    "complex128",
    "double",
    "dtype",
    "dtypes",
    "finfo",
    "float",
    "float16",
    "float32",
    "float64",
    "half",
    "iinfo",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_complex",
    "is_signed",
    "is_floating_point",
    "promote_types",
    "result_type",
    "short",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

float16 = np.dtype("float16")
float32 = np.dtype("float32")
float64 = np.dtype("float64")
bfloat16 = np.dtype(jnp.bfloat16)
int8 = np.dtype("int8")
int16 = np.dtype("int16")
int32 = np.dtype("int32")
int64 = np.dtype("int64")
uint8 = np.dtype("uint8")
uint16 = np.dtype("uint16")
uint32 = np.dtype("uint32")
uint64 = np.dtype("uint64")
complex64 = np.dtype("complex64")
complex128 = np.dtype("complex128")
bool_ = np.dtype("bool")

# torch's short names. From here on `float`, `int` and `bool` mean these; `fg.long` depends on 64-bit mode (_absent.py).
half = float16
float = float32
double = float64
byte = uint8
char = int8
short = int16
int = int32
cfloat = complex64
cdouble = complex128
bool = bool_

_TABLE = [
    # dtype, torch's short names, needs 64-bit mode
    ("float32", "float", False),
    ("float64", "double", True),
    ("float16", "half", False),
    ("bfloat16", "", False),
    ("uint8", "byte", False),
    ("int8", "char", False),
    ("int16", "short", False),
    ("int32", "int", False),
    ("int64", "long", True),
    ("bool", "", False),
    ("complex64", "cfloat", False),
    ("complex128", "cdouble", True),
]


@plain
def dtypes() -> str:
    r"""The table of dtypes: name, torch's short name, bytes per element, smallest and largest value.

    The short name ``long`` is torch's word for the default integer: it means int32 here unless JAX's 64-bit mode is
    on, and a value that does not fit is an error. Where a dtype lives is a separate question: see ``fg.devices``.

    Returns:
        The table as text, to be printed.

    >>> print(*fg.dtypes().splitlines()[:3], sep="\n")
    dtype       short     bytes  from                  to
    float32     float     4      -3.40282e+38          3.40282e+38
    float64     double    8      -1.79769e+308         1.79769e+308          64-bit mode

    Source: the table of tensor types in the torch manual.
    """
    lines = [f"{'dtype':<12}{'short':<10}{'bytes':<7}{'from':<22}{'to':<22}needs"]
    for name, short, wide in _TABLE:
        kind = jnp.dtype(name)
        low, high = _limits(kind)
        needs = "64-bit mode" if wide else ""
        if short == "long":
            needs = f"64-bit mode ('long' alone means {default_int()} now)"
        lines.append(f"{name:<12}{short:<10}{kind.itemsize:<7}{low:<22}{high:<22}{needs}".rstrip())
    lines[0] = lines[0].removesuffix("needs").rstrip()
    return "\n".join(lines)


def _limits(kind: np.dtype[Any]) -> tuple[str, str]:
    if kind.kind == "b":
        return "False", "True"
    if kind.kind in "iu":
        return str(np.iinfo(kind).min), str(np.iinfo(kind).max)
    info = jnp.finfo(kind)
    return f"{builtins.float(info.min):.6g}", f"{builtins.float(info.max):.6g}"


@plain
def dtype(x: ArrayLike, /) -> np.dtype[Any]:
    """The dtype of `x`; a Python number has the default dtype of its kind.

    Args:
        x: an array of any shape, or a number.

    Returns:
        A NumPy dtype object, which compares equal to ``fg.float32`` and the others.

    >>> fg.dtype(fg.ones(3, 4)) == fg.float32
    True

    Source: ``Tensor.dtype``.
    """
    return np.dtype(jnp.result_type(x))


@plain
def is_floating_point(x: ArrayLike, /) -> builtins.bool:
    """Whether the dtype of `x` is a real floating dtype.

    Args:
        x: an array of any shape, or a number.

    Returns:
        A Python bool, also under a transform: dtypes are known while tracing.

    >>> fg.is_floating_point(fg.ones(2)), fg.is_floating_point(fg.arange(2))
    (True, False)

    Source: ``torch.is_floating_point``.
    """
    return builtins.bool(jnp.issubdtype(jnp.result_type(x), jnp.floating))


@plain
def is_signed(x: ArrayLike, /) -> builtins.bool:
    """Whether the dtype of `x` has negative numbers.

    Args:
        x: an array of any shape, or a number.

    Returns:
        A Python bool; False for bool and unsigned integers.

    >>> fg.is_signed(fg.ones(2)), fg.is_signed(fg.ones(2, dtype="uint8"))
    (True, False)

    Source: ``torch.is_signed``.
    """
    kind = jnp.result_type(x)
    return kind != np.dtype("bool") and not jnp.issubdtype(kind, jnp.unsignedinteger)


@plain
def is_complex(x: ArrayLike, /) -> builtins.bool:
    """Whether the dtype of `x` is complex.

    Args:
        x: an array of any shape, or a number.

    Returns:
        A Python bool.

    >>> fg.is_complex(fg.tensor([1 + 2j]))
    True

    Source: ``torch.is_complex``.
    """
    return builtins.bool(jnp.issubdtype(jnp.result_type(x), jnp.complexfloating))


@plain
def promote_types(type1: DtypeLike, type2: DtypeLike, /) -> np.dtype[Any]:
    """The smallest dtype that an operation on `type1` and `type2` computes in.

    Args:
        type1: a dtype or its name.
        type2: a dtype or its name.

    Returns:
        The dtype. An integer with a floating dtype gives the floating one, as in torch.

    >>> fg.promote_types("int", "half")
    dtype('float16')

    Source: ``torch.promote_types``.
    """
    return np.dtype(jnp.promote_types(resolve_dtype("promote_types", type1), resolve_dtype("promote_types", type2)))


@plain
def result_type(tensor1: ArrayLike, tensor2: ArrayLike, /) -> np.dtype[Any]:
    """The dtype of an arithmetic result of two operands; a Python number does not widen an array.

    Args:
        tensor1: an array or a number.
        tensor2: an array or a number.

    Returns:
        The dtype.

    >>> fg.result_type(fg.tensor([1, 2], dtype="short"), 1)
    dtype('int16')

    Source: ``torch.result_type``.
    """
    return np.dtype(jnp.result_type(tensor1, tensor2))


@plain
def can_cast(from_: DtypeLike, to: DtypeLike, /) -> builtins.bool:
    """Whether torch's type rules allow converting `from_` to `to` without losing the kind of number.

    Bool converts to everything, integers to floats and complex, floats to complex; never the other way.

    Args:
        from_: a dtype or its name.
        to: a dtype or its name.

    Returns:
        A Python bool.

    >>> fg.can_cast("double", "float") if fg.x64_enabled() else fg.can_cast("float", "half")
    True
    >>> fg.can_cast("float", "int")
    False

    Source: ``torch.can_cast``.
    """
    rank = {"b": 0, "u": 1, "i": 1, "f": 2, "V": 2, "c": 3}
    source, target = resolve_dtype("can_cast", from_), resolve_dtype("can_cast", to)
    if source.kind == "i" and target.kind == "u":
        return False
    return rank[source.kind] <= rank[target.kind]


@plain
def finfo(dtype: DtypeLike = "float", /) -> Any:
    """Limits of a floating dtype: ``eps``, ``max``, ``min``, ``tiny``, ``bits``.

    Args:
        dtype: a floating or complex dtype or its name.

    Returns:
        An object with these attributes.

    >>> fg.finfo("float").eps.item()
    1.1920928955078125e-07

    Source: ``torch.finfo``.
    """
    return jnp.finfo(resolve_dtype("finfo", dtype))


@plain
def iinfo(dtype: DtypeLike = "int", /) -> Any:
    """Limits of an integer dtype: ``min``, ``max``, ``bits``.

    Args:
        dtype: an integer dtype or its name.

    Returns:
        An object with these attributes.

    >>> fg.iinfo("byte").max
    255

    Source: ``torch.iinfo``.
    """
    return jnp.iinfo(resolve_dtype("iinfo", dtype))
