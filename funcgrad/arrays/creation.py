"""Making arrays: from data, from sizes, and like another array."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_float, default_int, fail, resolve_dtype, sizes
from .._convert import from_host, resolve_device
from .._errors import ArgumentError, ArgumentTypeError, ConversionError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, DtypeLike

__all__ = [
    "arange",
    "as_tensor",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "tensor",
    "zeros",
    "zeros_like",
]


def tensor(data: Any, /, dtype: DtypeLike | None = None, device: Any = None, *, lossy: bool = False) -> Array:
    """An array with the values of `data`, never sharing memory with it.

    Args:
        data: a number, nested lists of numbers or of 0-d arrays, a NumPy array, a torch tensor, or an array.
        dtype: the dtype wanted; by default that of `data`, with 64 bits narrowed to 32 unless JAX's 64-bit mode is
            on (Python floats become float32, ints int32).
        device: where to put it: ``"cpu"``, ``"gpu:0"``, a `jax.Device` or a sharding; by default JAX's default.
        lossy: allow values to be cut, wrapped or truncated. Rounding to a narrower float is always allowed.

    Returns:
        The array, in the shape of `data`.

    Raises:
        ConversionError: a value does not fit the dtype: out of range, a fraction or NaN to an integer; or the lists
            are ragged.
        DtypeError: `data` are not numbers, or the dtype needs 64-bit mode.

    >>> fg.tensor([[1, 2, 3], [4, 5, 6]], dtype="float")
    Array([[1., 2., 3.],
           [4., 5., 6.]], dtype=float32)
    >>> fg.tensor([2**40])
    Traceback (most recent call last):
    funcgrad._errors.ConversionError: tensor(): every value must fit in int32; got 1099511627776 at index 0; \
ask for dtype='int64' after jax.config.update("jax_enable_x64", True), or pass lossy=True.

    Source: ``torch.tensor``.
    """
    place = None if device is None else resolve_device("tensor", device)
    if isinstance(data, list | tuple) and any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(data)):
        data = _stacked(data)
    if not isinstance(data, jax.Array):
        return from_host("tensor", data, dtype, lossy=lossy, device=place)
    if isinstance(data, jax.core.Tracer):
        copied = jnp.array(data, dtype=None if dtype is None else resolve_dtype("tensor", dtype))
        return copied if place is None else jax.device_put(copied, place)
    if dtype is None or resolve_dtype("tensor", dtype) == data.dtype:
        copied = jnp.array(data, copy=True)
        return copied if place is None else jax.device_put(copied, place)
    return from_host("tensor", np.asarray(data), dtype, lossy=lossy, device=place)


def _stacked(data: Any) -> Any:
    """Nested lists with arrays among the leaves as one array (torch allows 0-d leaves only)."""
    if not isinstance(data, list | tuple):
        if isinstance(data, jax.Array) and data.ndim:
            fail(
                ShapeError,
                "tensor",
                "arrays inside a list must be 0-d",
                f"got one of shape {data.shape}",
                "join larger arrays with fg.stack or fg.cat",
            )
        return data if isinstance(data, jax.Array) else from_host("tensor", data)
    items = [_stacked(item) for item in data]
    if len({jnp.shape(item) for item in items}) > 1:
        fail(
            ConversionError,
            "tensor",
            "nested lists must have equal lengths at each level",
            "got lists of different lengths",
            "pad the shorter ones, or build one array for each",
        )
    return jnp.stack(items) if items else jnp.zeros(0)


def as_tensor(data: Any, /, dtype: DtypeLike | None = None, device: Any = None) -> Array:
    """`data` as an array: itself if it is one already of that dtype and place, otherwise ``tensor(data)``.

    Unlike torch's, it never shares memory with a NumPy array: a buffer overwritten later cannot change the result.

    Args:
        data: as for ``tensor``.
        dtype: the dtype wanted.
        device: where to put it.

    Returns:
        The array, in the shape of `data`.

    >>> x = fg.ones(2)
    >>> fg.as_tensor(x) is x
    True

    Source: ``torch.as_tensor``.
    """
    if (
        isinstance(data, jax.Array)
        and device is None
        and (dtype is None or resolve_dtype("as_tensor", dtype) == data.dtype)
    ):
        return data
    return tensor(data, dtype, device)


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
