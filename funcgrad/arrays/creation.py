"""Making arrays: from sizes, and like another array."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_float, default_int, fail, resolve_dtype, sizes
from .._convert import from_host, resolve_device
from .._errors import ArgumentError, ArgumentTypeError
from .._op import op
from .._types import Array, ArrayLike, DtypeLike

__all__ = [
    "arange",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


@op(places=True)
def zeros(*size: int, dtype: DtypeLike | None = None) -> Array:
    """An array of zeros.

    Args:
        *size: the shape, as ``zeros(2, 3)`` or ``zeros((2, 3))``.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ShapeError: a size is negative.

    >>> fg.zeros(2, 3)
    Array([[0., 0., 0.],
           [0., 0., 0.]], dtype=float32)

    Source: ``torch.zeros``.
    """
    return jnp.zeros(sizes("zeros", size), _float_or("zeros", dtype))


@op(places=True)
def ones(*size: int, dtype: DtypeLike | None = None) -> Array:
    """An array of ones.

    Args:
        *size: the shape, as ``ones(2, 3)`` or ``ones((2, 3))``.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ShapeError: a size is negative.

    >>> fg.ones(2, 2, dtype="int")
    Array([[1, 1],
           [1, 1]], dtype=int32)

    Source: ``torch.ones``.
    """
    return jnp.ones(sizes("ones", size), _float_or("ones", dtype))


@op(places=True)
def empty(*size: int, dtype: DtypeLike | None = None) -> Array:
    """An array to be filled later. Nothing is left uninitialised: the values are zeros.

    Args:
        *size: the shape, as ``empty(2, 3)`` or ``empty((2, 3))``.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ShapeError: a size is negative.

    >>> fg.empty(2, 3).shape
    (2, 3)

    Source: ``torch.empty``.
    """
    return jnp.zeros(sizes("empty", size), _float_or("empty", dtype))


@op(places=True)
def full(size: int | tuple[int, ...], fill_value: ArrayLike, /, *, dtype: DtypeLike | None = None) -> Array:
    """An array with `fill_value` everywhere.

    Args:
        size: the shape, an int or a tuple.
        fill_value: a number or 0-d array.
        dtype: the dtype; by default that of `fill_value` (a Python int gives int32, a float float32).
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ShapeError: a size is negative.

    >>> fg.full((2, 2), 7)
    Array([[7, 7],
           [7, 7]], dtype=int32)

    Source: ``torch.full``.
    """
    kind = jnp.result_type(fill_value) if dtype is None else resolve_dtype("full", dtype)
    return jnp.full(sizes("full", (size,)), fill_value, kind)


def _float_or(name: str, dtype: DtypeLike | None) -> Any:
    return default_float() if dtype is None else resolve_dtype(name, dtype)


@op(places=True)
def zeros_like(input: ArrayLike, /, *, dtype: DtypeLike | None = None) -> Array:
    """Zeros in the shape of `input`: the pure spelling of torch's ``zero_``.

    Args:
        input: any shape.
        dtype: the dtype; by default that of `input`.
        device: where to put it.

    Returns:
        The array, in the shape of `input`.

    >>> fg.zeros_like(fg.tensor([1, 2]))
    Array([0, 0], dtype=int32)

    Source: ``torch.zeros_like``, ``Tensor.zero_``.
    """
    return jnp.zeros_like(input, None if dtype is None else resolve_dtype("zeros_like", dtype))


@op(places=True)
def ones_like(input: ArrayLike, /, *, dtype: DtypeLike | None = None) -> Array:
    """Ones in the shape of `input`.

    Args:
        input: any shape.
        dtype: the dtype; by default that of `input`.
        device: where to put it.

    Returns:
        The array, in the shape of `input`.

    >>> fg.ones_like(fg.zeros(3))
    Array([1., 1., 1.], dtype=float32)

    Source: ``torch.ones_like``.
    """
    return jnp.ones_like(input, None if dtype is None else resolve_dtype("ones_like", dtype))


@op(places=True)
def empty_like(input: ArrayLike, /, *, dtype: DtypeLike | None = None) -> Array:
    """An array in the shape of `input`, to be filled later; the values are zeros.

    Args:
        input: any shape.
        dtype: the dtype; by default that of `input`.
        device: where to put it.

    Returns:
        The array, in the shape of `input`.

    >>> fg.empty_like(fg.ones(2, 3)).shape
    (2, 3)

    Source: ``torch.empty_like``.
    """
    return jnp.zeros_like(input, None if dtype is None else resolve_dtype("empty_like", dtype))


@op(places=True)
def full_like(input: ArrayLike, fill_value: ArrayLike, /, *, dtype: DtypeLike | None = None) -> Array:
    """`fill_value` in the shape of `input`: the pure spelling of torch's ``fill_``.

    Args:
        input: any shape.
        fill_value: a number or 0-d array.
        dtype: the dtype; by default that of `input`.
        device: where to put it.

    Returns:
        The array, in the shape of `input`.

    >>> fg.full_like(fg.zeros(3), 2)
    Array([2., 2., 2.], dtype=float32)

    Source: ``torch.full_like``, ``Tensor.fill_``.
    """
    return jnp.full_like(input, fill_value, None if dtype is None else resolve_dtype("full_like", dtype))


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    /,
    *,
    dtype: DtypeLike | None = None,
    device: Any = None,
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

    >>> fg.arange(4)
    Array([0, 1, 2, 3], dtype=int32)
    >>> fg.arange(0, 1, 0.25)
    Array([0.  , 0.25, 0.5 , 0.75], dtype=float32)

    Source: ``torch.arange``.
    """
    first, last = (0, start) if end is None else (start, end)
    bounds = [_number("arange", word, value) for word, value in (("start", first), ("end", last), ("step", step))]
    first, last, step = bounds
    if step == 0:
        fail(ArgumentError, "arange", "step must not be 0", f"got start={first}, end={last}", "give a step")
    if (last - first) / step < 0:
        fail(
            ArgumentError,
            "arange",
            "step must lead from start to end",
            f"got start={first}, end={last}, step={step}",
            "turn the sign of step",
        )
    integers = all(isinstance(bound, int) for bound in bounds)
    inferred = default_int() if integers else default_float()
    made = _arange(first, last, step, dtype=(inferred if dtype is None else resolve_dtype("arange", dtype)).name)
    return made if device is None else jax.device_put(made, resolve_device("arange", device))


@op
def _arange(first: float, last: float, step: float, *, dtype: str) -> Array:
    count = -int((last - first) // -step)  # the ceiling, exact for integers of any size
    if isinstance(first, int) and isinstance(step, int):
        values = range(first, first + count * step, step)
        if count and not jnp.issubdtype(dtype, jnp.inexact):
            from_host("arange", [values[0], values[-1]], dtype)  # raises where the ends do not fit
            return jax.lax.iota(dtype, count) * step + first if (first, step) != (0, 1) else jax.lax.iota(dtype, count)
    # On the host in float64: each element is rounded once, as torch computes it.
    return from_host("arange", first + np.arange(count, dtype=np.float64) * step, dtype, lossy="int" in dtype)


def _number(name: str, argument: str, value: Any) -> Any:
    """A Python number from a number or a concrete 0-d array."""
    if isinstance(value, jax.core.Tracer):
        fail(
            ArgumentTypeError,
            name,
            f"{argument} must be known when the function is traced, because it decides the shape",
            "got a traced value",
            "pass a Python number, or make it a static argument of jit",
        )
    if isinstance(value, jax.Array | np.ndarray | np.generic) and np.ndim(value) == 0:
        value = np.asarray(value).item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(
            ArgumentTypeError,
            name,
            f"{argument} must be a number",
            f"got {value!r}",
            "pass an int or a float",
        )
    return value


@op(places=True)
def linspace(start: ArrayLike, end: ArrayLike, /, steps: int, *, dtype: DtypeLike | None = None) -> Array:
    r"""`steps` numbers from `start` to `end`, both included: $start + i\,(end - start) / (steps - 1)$.

    Args:
        start: a number or 0-d array.
        end: a number or 0-d array.
        steps: how many, 0 or more.
        dtype: the dtype; float32 by default, also for integer ends.
        device: where to put it.

    Returns:
        A 1-D array of `steps` elements.

    Raises:
        ShapeError: `steps` is negative.

    >>> fg.linspace(0, 1, 5)
    Array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)

    Source: ``torch.linspace``.
    """
    (count,) = sizes("linspace", (steps,))
    return jnp.linspace(start, end, count, dtype=_float_or("linspace", dtype))


@op(places=True)
def logspace(
    start: ArrayLike, end: ArrayLike, /, steps: int, base: float = 10.0, *, dtype: DtypeLike | None = None
) -> Array:
    r"""`steps` numbers from $base^{start}$ to $base^{end}$, evenly spaced in the exponent.

    Args:
        start: the first exponent.
        end: the last exponent.
        steps: how many, 0 or more.
        base: the base.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        A 1-D array of `steps` elements.

    Raises:
        ShapeError: `steps` is negative.

    >>> fg.logspace(0, 2, 3)
    Array([  1.,  10., 100.], dtype=float32)

    Source: ``torch.logspace``.
    """
    (count,) = sizes("logspace", (steps,))
    return jnp.logspace(start, end, count, base=base, dtype=_float_or("logspace", dtype))


@op(places=True)
def eye(n: int, m: int | None = None, /, *, dtype: DtypeLike | None = None) -> Array:
    """The identity matrix, or ones on the main diagonal of an n × m matrix.

    Args:
        n: the number of rows.
        m: the number of columns; n by default.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        An array of shape (n, m).

    Raises:
        ShapeError: a size is negative.

    >>> fg.eye(2, 3)
    Array([[1., 0., 0.],
           [0., 1., 0.]], dtype=float32)

    Source: ``torch.eye``.
    """
    rows, columns = sizes("eye", (n, n if m is None else m))
    return jnp.eye(rows, columns, dtype=_float_or("eye", dtype))
