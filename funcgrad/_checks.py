"""Argument checks, and the one place that composes messages for user input.

Every message has three parts in this order: what is required; what was given; what to do. Checks on shapes and
dtypes run while a function is traced, so a compiled call pays nothing for them.
"""

import importlib
import operator
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from ._claims import all_finite, bounds, claim, visible
from ._errors import (
    ArgumentError,
    ArgumentTypeError,
    DimError,
    DtypeError,
    FuncgradError,
    IndexRangeError,
    LinAlgError,
    MissingModuleError,
    ShapeError,
)
from ._sizes import as_size, is_size
from ._types import ArrayLike, DtypeLike, Shape

__all__ = [
    "ENABLE_X64",
    "NARROW",
    "broadcast_shapes",
    "canonical_dim",
    "canonical_dims",
    "default_float",
    "default_int",
    "describe",
    "fail",
    "indices_in_range",
    "integer",
    "is_concrete",
    "listed",
    "require_float",
    "require_key",
    "require_module",
    "require_ndim",
    "require_numbers",
    "require_real",
    "require_same_shape",
    "resolve_dtype",
    "sizes",
    "x64_enabled",
]

# torch's names for dtypes, beside the names that NumPy shares. `long` and `double` are resolved in resolve_dtype.
_DTYPE_NAMES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "byte": "uint8",
    "char": "int8",
    "short": "int16",
    "int": "int32",
    "cfloat": "complex64",
    "cdouble": "complex128",
}
_PYTHON_TYPES: dict[Any, str] = {
    bool: "bool",
    int: "long",
    float: "default_float",
    complex: "default_complex",
}
NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}
ENABLE_X64 = 'jax.config.update("jax_enable_x64", True)'


def fail(kind: type[FuncgradError], name: str, required: str, given: str, remedy: str) -> NoReturn:
    """Raise `kind` with the message ``name(): required; given; remedy.``."""
    raise kind(f"{name}(): {required}; {given}; {remedy}.") from None


def describe(value: Any) -> str:
    """How a message names a value: dtype and shape of an array, otherwise the type and, if short, the value."""
    if isinstance(value, jax.Array | np.ndarray):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    if isinstance(value, bool | int | float | complex | str | np.generic):
        return f"{type(value).__name__} {value!r}" if len(repr(value)) < 60 else f"a long {type(value).__name__}"
    if value is None:
        return "None"
    kind = type(value)
    article = "an" if kind.__name__[0].lower() in "aeiou" else "a"
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]}."
    return f"{article} {module}{kind.__name__}"


def require_module(name: str, module: str, remedy: str) -> Any:
    """The optional library `module`, imported now and not before; raises MissingModuleError where there is none."""
    try:
        return importlib.import_module(module)
    except ImportError:
        library = module.partition(".")[0]
        fail(MissingModuleError, name, f"{library} must be installed", "it is not", remedy)


def is_concrete(value: Any) -> bool:
    """Whether the values of `value` can be read now (it is not a tracer)."""
    return not isinstance(value, jax.core.Tracer)


# Dtypes


def x64_enabled() -> bool:
    """Whether JAX's 64-bit mode is on at this moment."""
    return bool(jax.config.read("jax_enable_x64"))


def default_float() -> np.dtype[Any]:
    """The dtype of a Python float: float32, or float64 in 64-bit mode."""
    return np.dtype("float64" if x64_enabled() else "float32")


def default_int() -> np.dtype[Any]:
    """The dtype of a Python int, torch's `long`: int32, or int64 in 64-bit mode."""
    return np.dtype("int64" if x64_enabled() else "int32")


def resolve_dtype(name: str, dtype: DtypeLike) -> np.dtype[Any]:
    """The NumPy dtype that `dtype` names; raises DtypeError where it is unknown or needs 64-bit mode."""
    spec = _PYTHON_TYPES.get(dtype, dtype) if isinstance(dtype, type) else dtype
    if isinstance(spec, str):
        spec = spec.removeprefix("torch.")
        if spec == "long":
            return default_int()
        if spec == "default_float":
            return default_float()
        if spec == "default_complex":
            return np.dtype("complex128" if x64_enabled() else "complex64")
        spec = _DTYPE_NAMES.get(spec, spec)
    elif type(spec).__module__ == "torch":
        return resolve_dtype(name, str(spec))
    try:
        resolved: np.dtype[Any] = jnp.dtype(spec).newbyteorder("=")  # JAX knows the native order only
        known = jnp.issubdtype(resolved, jnp.number) or resolved == np.dtype(bool)
    except TypeError:
        known = False
    if not known:
        fail(
            DtypeError,
            name,
            "dtype must be a dtype or its name",
            f"got {dtype!r}",
            "write for example fg.float32 or 'float32'; fg.dtypes() lists them",
        )
    if resolved.name in NARROW and not x64_enabled():
        narrow = NARROW[resolved.name]
        fail(
            DtypeError,
            name,
            f"dtype {resolved.name} needs 64-bit mode",
            "jax_enable_x64 is off",
            f"run {ENABLE_X64} first, or ask for dtype='{narrow}'",
        )
    return resolved


def require_float(name: str, x: Any, argument: str = "input", complex_ok: bool = True) -> None:
    """Raise unless `x` has a floating (or complex) dtype."""
    kinds = jnp.inexact if complex_ok else jnp.floating
    if not jnp.issubdtype(jnp.result_type(x), kinds):
        fail(
            DtypeError,
            name,
            f"{argument} must be floating point{' or complex' if complex_ok else ''}",
            f"got {jnp.result_type(x)} of shape {jnp.shape(x)}",
            "convert it with fg.to(x, 'float')",
        )


def require_real(name: str, x: Any, argument: str = "input") -> None:
    """Raise where `x` is complex: complex numbers have no order."""
    if jnp.issubdtype(jnp.result_type(x), jnp.complexfloating):
        fail(
            DtypeError,
            name,
            f"{argument} must be real, because complex numbers have no order",
            f"got {jnp.result_type(x)} of shape {jnp.shape(x)}",
            "compare abs or the real part",
        )


# Random keys


def require_key(name: str, key: Any) -> jax.Array:
    """`key` as one typed key, or the error that says how to get one."""
    if key is None:
        required = "key= is required, because no generator is kept here"
        fail(ArgumentTypeError, name, required, "got none", "pass key=fg.key(0), and a new one from fg.keys each time")
    dtype = getattr(key, "dtype", None)
    if dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key):
        if key.ndim:
            required = "key must be one key"
            given = f"got {key.size} of shape {key.shape}"
            fail(ArgumentTypeError, name, required, given, "index them, or map over them with fg.vmap")
        return key
    if dtype == jnp.uint32 and key.shape == jax.eval_shape(lambda: jax.random.key_data(jax.random.key(0))).shape:
        return jax.random.wrap_key_data(key)  # as jax.random.PRNGKey makes them
    fail(ArgumentTypeError, name, "key must be a key", f"got {describe(key)}", "pass key=fg.key(0)")


# Shapes and dimensions


def canonical_dim(name: str, dim: Any, ndim: int, argument: str = "dim") -> int:
    """`dim` in [0, ndim); a 0-d array counts as having one dimension, as in torch."""
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        fail(
            ArgumentTypeError,
            name,
            f"{argument} must be an int",
            f"got {describe(dim)}",
            "count from 0, or from -1 at the end",
        )
    extent = max(ndim, 1)
    number = dim.__index__()
    if not -extent <= number < extent:
        fail(
            DimError,
            name,
            f"{argument} must be in [{-extent}, {extent - 1}] for {ndim} dimension{'' if ndim == 1 else 's'}",
            f"got {number}",
            "check the shape of the input",
        )
    return int(number % extent)


def canonical_dims(name: str, dims: Any, ndim: int, argument: str = "dim") -> tuple[int, ...]:
    """`dims`, one or several, as a tuple in [0, ndim) in the order given; raises where one is named twice."""
    given = dims if isinstance(dims, Sequence) else (dims,)
    resolved = tuple(canonical_dim(name, dim, ndim, argument) for dim in given)
    if len(set(resolved)) < len(resolved):
        fail(
            DimError,
            name,
            f"each {argument} may be named once",
            f"got {tuple(given)}",
            "drop the repeated one",
        )
    return resolved


def sizes(name: str, given: Sequence[Any]) -> Shape:
    """The shape in ``f(2, 3)``, ``f((2, 3))`` or ``f([2, 3])``."""
    if len(given) == 1 and isinstance(given[0], Sequence):
        given = given[0]
    for size in given:
        if not is_size(size):
            fail(
                ArgumentTypeError,
                name,
                "a shape must be made of ints",
                f"got {describe(size)}",
                f"write {name}(2, 3) or {name}((2, 3))",
            )
        if as_size(size) < 0:
            fail(
                ShapeError,
                name,
                "sizes must not be negative",
                f"got {tuple(given)}",
                "write sizes of 0 or more",
            )
    return tuple(as_size(size) for size in given)


def integer(name: str, argument: str, value: Any, least: int | None = None) -> int:
    """`value` as an int, of at least `least` where that is given."""
    try:
        number = None if isinstance(value, bool) else int(operator.index(value))
    except TypeError:  # also of an array that is no 0-d array of integers
        if not is_concrete(value):
            raise
        number = None
    if number is None:
        fail(ArgumentTypeError, name, f"{argument} must be an int", f"got {describe(value)}", "write for example 1")
    if least is not None and number < least:
        fail(ArgumentError, name, f"{argument} must be at least {least}", f"got {number}", "correct it")
    return number


def broadcast_shapes(name: str, *shapes: Shape) -> Shape:
    """The shape that `shapes` broadcast to; the error names the dimension that does not fit."""
    ndim = max((len(shape) for shape in shapes), default=0)
    result = []
    for back in range(ndim, 0, -1):
        extents = {shape[-back] for shape in shapes if len(shape) >= back} - {1}
        if len(extents) > 1:
            given = " and ".join(str(tuple(shape)) for shape in shapes)
            different = " and ".join(str(extent) for extent in sorted(extents))
            fail(
                ShapeError,
                name,
                "shapes must agree or be 1 in each dimension, counted from the end",
                f"got {given}, which differ in dimension {ndim - back} ({different})",
                "reshape one of them, for example with fg.unsqueeze",
            )
        result.append(extents.pop() if extents else 1)
    return tuple(result)


def require_same_shape(name: str, **arrays: Any) -> None:
    """Raise unless all `arrays` have one shape; the message names each with its shape."""
    shapes = {argument: tuple(jnp.shape(array)) for argument, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        fail(
            ShapeError,
            name,
            f"{' and '.join(shapes)} must have the same shape",
            "got " + " and ".join(f"{argument} of shape {shape}" for argument, shape in shapes.items()),
            "reshape one of them; nothing is broadcast here",
        )


def require_ndim(name: str, x: Any, ndim: int | tuple[int, ...], argument: str = "input", remedy: str = "") -> None:
    """Raise unless `x` has `ndim` dimensions (or one of several numbers of them)."""
    allowed = (ndim,) if isinstance(ndim, int) else ndim
    if jnp.ndim(x) not in allowed:
        numbers = " or ".join(map(str, allowed)).replace(" or ", ", ", len(allowed) - 2)
        fail(
            ShapeError,
            name,
            f"{argument} must have {numbers} dimension{'' if allowed == (1,) else 's'}",
            f"got shape {tuple(jnp.shape(x))}",
            remedy or "reshape it with fg.reshape",
        )


def indices_in_range(
    name: str,
    index: Any,
    size: int,
    dim: int,
    *,
    argument: str = "index",
    negative: bool = False,
    ignore: int | None = None,
) -> None:
    """Raise IndexRangeError where `index` falls outside [0, size), or [-size, size) if `negative`; `ignore` passes."""
    lowest = -size if negative else 0
    if index.__class__ is int and lowest <= index < size:
        return
    values = np.asarray(index) if index.__class__ is int else visible(index)
    if values is None or not values.size:
        return
    if not isinstance(values, jax.core.Tracer):
        # One pass over a large array: an int below 0 that is read as unsigned is very large.
        if values.size > 32 and np.maximum.reduce(values.view(f"u{values.itemsize}"), None) < size:
            return
        low, high = bounds(values)
        if lowest <= low and high < size:
            return
    holds = (values >= lowest) & (values < size)
    claim(
        IndexRangeError,
        name,
        f"{argument} must be in [{lowest}, {size - 1}] along dimension {dim} of size {size}",
        "got {value}",
        "correct the index; nothing is clamped or wrapped",
        holds if ignore is None else holds | (values == ignore),
        value=values,
    )


def require_numbers(
    name: str, A: ArrayLike, argument: str = "A", dims: Sequence[int] = (-2, -1), *, finite: bool = False
) -> None:
    """Raise LinAlgError where a matrix of `A` holds NaN (or, with `finite`, infinity), of which nothing is found."""
    values = visible(A) if getattr(A, "ndim", 0) > 1 else None
    if values is None or values.dtype.kind not in "fc" or all_finite(values):
        return
    wrong = ~jnp.isfinite(values) if finite else values != values
    holds = ~wrong.any(axis=tuple(dims))
    where = "{where} of the stack" if holds.ndim else ""
    required = f"{argument} must hold {'no NaN or infinity' if finite else 'no NaN'}"
    given = f"got one that does{where} (shape {np.shape(A)})"
    claim(LinAlgError, name, required, given, "replace it, for example with fg.nan_to_num", holds)


def listed(names: Iterable[str]) -> str:
    """The names as 'a', 'b' and 'c'."""
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
