"""Evenly spaced numbers."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_float, default_int, describe, fail, integer, resolve_dtype
from .._convert import from_host, require_lossless
from .._errors import ArgumentError, ArgumentTypeError, ConversionError, DtypeError, ShapeError
from .._op import op
from .._sizes import is_open
from .._types import Array, ArrayLike, DtypeLike

__all__ = ["arange", "linspace", "logspace"]


@op(places=True)
def arange(
    start: float | None = None, end: float | None = None, step: float = 1, *, dtype: DtypeLike | None = None
) -> Array:
    r"""The numbers $start, start + step, \dots$ below `end`, $\lceil (end - start) / step \rceil$ of them.

    Args:
        start: the first number; ``arange(n)`` counts from 0 to n - 1.
        end: where to stop; not included.
        step: the difference, which may be negative.
        dtype: the dtype; int32 if all three are integers, otherwise float32.
        device: where to put it.

    Returns:
        A 1-D array.

    Raises:
        ArgumentError: `step` is 0, or leads away from `end`.
        ConversionError: the dtype cannot hold one of the numbers.

    >>> fg.arange(4)
    Array([0, 1, 2, 3], dtype=int32)
    >>> fg.arange(0, 1, 0.25)
    Array([0.  , 0.25, 0.5 , 0.75], dtype=float32)

    Source: ``torch.arange``.
    """
    first: Any = 0 if start is None or end is None else start
    last: Any = start if end is None else end
    if any(map(is_open, (first, last, step))):  # rows of an exported program
        kind = default_int() if dtype is None else resolve_dtype("arange", dtype)
        return jnp.arange(first, last, step, dtype=kind)
    for word, bound in (("start", first), ("end", last), ("step", step)):
        if isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound):
            given = f"got {describe(bound)}"
            fail(ArgumentTypeError, "arange", f"{word} must be a finite number", given, "pass an int or a float")
    if step == 0:
        fail(ArgumentError, "arange", "step must not be 0", f"got start={first}, end={last}", "give a step")
    if (last - first) * step < 0:
        fail(
            ArgumentError,
            "arange",
            "step must lead from start to end",
            f"got start={first}, end={last}, step={step}",
            "turn the sign of step",
        )
    integers = all(isinstance(bound, int) for bound in (first, last, step))
    kind = (default_int() if integers else default_float()) if dtype is None else resolve_dtype("arange", dtype)
    count = -int((last - first) // -step)  # the ceiling, exact for integers of any size
    if not jnp.issubdtype(kind, jnp.inexact):
        return _whole_numbers(first, step, count, kind)
    if first % 1 == 0 == step % 1 and all(abs(end) < 2**31 for end in (first, first + count * step)):
        return _whole_numbers(int(first), int(step), count, np.dtype("int32")).astype(kind)
    if count > 2**20:  # too large for a constant of the program
        return jax.lax.iota(np.int32, count).astype(kind) * step + first
    # On the host in float64: each element is rounded once, as torch computes it.
    values = first + np.arange(count, dtype=np.float64) * step
    require_lossless("arange", values, kind, remedy="")
    return from_host("arange", values, kind, lossy=True)


def _whole_numbers(first: float, step: float, count: int, dtype: np.dtype[Any]) -> Array:
    if dtype.kind == "b":
        fail(DtypeError, "arange", "dtype must be a number", "got bool", "compare: fg.arange(2) > 0")
    if count and (first % 1 or (count > 1 and step % 1)):
        fail(
            ConversionError,
            "arange",
            f"start and step must be whole numbers where dtype is {dtype.name}",
            f"got start={first}, step={step}",
            "round them first, or keep a floating dtype",
        )
    limits = jnp.iinfo(dtype)
    outside = [end for end in (first, first + (count - 1) * step) if not limits.min <= end <= limits.max]
    if count and outside:
        fail(
            ConversionError, "arange", f"every value must fit in {dtype.name}", f"got {outside[0]}", "use a wider dtype"
        )
    # Modulo 2^bits all the way, so that only the results have to fit.
    start, by = (np.array(int(x) % 2**limits.bits, np.uint64).astype(dtype) for x in (first, step))
    return jax.lax.iota(dtype, count) * by + start


@op(places=True)
def linspace(start: ArrayLike, end: ArrayLike, steps: int, *, dtype: DtypeLike | None = None) -> Array:
    r"""`steps` numbers from `start` to `end`, both included: $start + i\,(end - start) / (steps - 1)$.

    Args:
        start: a number or 0-d array.
        end: a number or 0-d array.
        steps: how many, 0 or more.
        dtype: the dtype; float32 by default, also for integer ends. Of an integer one, the ends are cut too.
        device: where to put it.

    Returns:
        A 1-D array of `steps` elements.

    Raises:
        ShapeError: an end is not 0-d.
        ArgumentError: `steps` is negative.

    >>> fg.linspace(0, 1, 5)
    Array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)

    Source: ``torch.linspace``.
    """
    count = integer("linspace", "steps", steps, 0)
    kind = _spaced("linspace", start, end, dtype)
    if jnp.issubdtype(kind, jnp.integer):
        return _spaced_integers(_cut(start), _cut(end), count).astype(kind)
    return _spaced_floats(start, end, count, kind).astype(kind)


@op(places=True)
def logspace(
    start: ArrayLike, end: ArrayLike, steps: int, base: float = 10.0, *, dtype: DtypeLike | None = None
) -> Array:
    r"""`steps` numbers from $base^{start}$ to $base^{end}$, evenly spaced in the exponent.

    Args:
        start: the first exponent.
        end: the last exponent.
        steps: how many, 0 or more.
        base: the base.
        dtype: the dtype; float32 by default. Of an integer one, the exponents are cut too.
        device: where to put it.

    Returns:
        A 1-D array of `steps` elements.

    Raises:
        ShapeError: an end is not 0-d.
        ArgumentError: `steps` is negative.

    >>> fg.logspace(0, 2, 3)
    Array([  1.,  10., 100.], dtype=float32)

    Source: ``torch.logspace``.
    """
    count = integer("logspace", "steps", steps, 0)
    kind = _spaced("logspace", start, end, dtype)
    if jnp.issubdtype(kind, jnp.integer):
        start, end = _cut(start), _cut(end)
    exponents = _spaced_floats(start, end, count, kind)
    powers = jnp.power(jnp.asarray(base, exponents.dtype), exponents)
    if jnp.issubdtype(kind, jnp.integer):  # a power that rounding left just below a whole number is that number
        near = jnp.round(powers)
        powers = jnp.where(jnp.abs(powers - near) <= 4 * jnp.finfo(powers.dtype).eps * near, near, jnp.trunc(powers))
    return powers.astype(kind)


def _cut(bound: ArrayLike) -> Array:
    """The end of a range of integers: torch cuts it before it spaces them."""
    whole = jnp.asarray(bound)
    return whole if jnp.issubdtype(whole.dtype, jnp.integer) else whole.astype(default_int())


def _spaced_floats(start: ArrayLike, end: ArrayLike, count: int, kind: Any) -> Array:
    """Evenly spaced numbers, half precision still in float32: counted from the nearer end, and so within rounding."""
    kind = jnp.promote_types(kind, np.float32)
    first, last = jnp.asarray(start, kind), jnp.asarray(end, kind)
    if count < 2:
        return jnp.full(count, first)
    place = jax.lax.iota(np.int32, count)
    step = (last - first) / (count - 1)
    near = jnp.where(place < count // 2, first + step * place, last - step * (count - 1 - place))
    return jnp.where(place == 0, first, jnp.where(place == count - 1, last, near))  # an infinite step times 0 is NaN


def _spaced_integers(start: Array, end: Array, count: int) -> Array:
    """Evenly spaced numbers, cut to integers, exactly: a float may fall below a whole number."""
    first, gaps = start, max(count - 1, 1)
    place = jnp.arange(count)
    whole, rest = jnp.divmod(end - first, gaps)
    over = rest * place
    value = first + whole * place + over // gaps
    return value + ((value < 0) & (over % gaps > 0))


def _spaced(name: str, start: ArrayLike, end: ArrayLike, dtype: DtypeLike | None) -> Any:
    """The dtype of evenly spaced numbers: a floating or complex one, whatever the ends are."""
    for word, bound in (("start", start), ("end", end)):
        if jnp.ndim(bound):
            given = f"got {describe(bound)}"
            fail(ShapeError, name, f"{word} must be a number or a 0-d array", given, "use fg.vmap for several")
    if dtype is None and jnp.issubdtype(jnp.result_type(start, end), jnp.complexfloating):
        return jnp.result_type(start, end)
    return default_float() if dtype is None else resolve_dtype(name, dtype)
