"""Making arrays: from sizes, and like another array."""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import default_float, describe, fail, resolve_dtype, sizes, x64_enabled
from .._claims import looked_at, visible
from .._convert import require_lossless
from .._errors import ShapeError
from .._op import op
from .._operands import dtype_of
from .._types import Array, ArrayLike, DtypeLike

__all__ = [
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
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


def _truth(value: ArrayLike, dtype: Any) -> ArrayLike:
    """`value`, or of a bool whether it is not 0: JAX drops the imaginary part before it asks."""
    return jnp.asarray(value) != 0 if dtype.kind == "b" else value


def _check_full(size: int | tuple[int, ...], fill_value: ArrayLike, dtype: DtypeLike | None = None) -> None:
    _require_held("full", fill_value, dtype)


def _require_held(name: str, value: ArrayLike, dtype: DtypeLike | None) -> None:
    """Raise unless `value`, where it is known, is a number that `dtype` can hold."""
    if value.__class__ in (bool, int, float, complex):
        if looked_at():
            _number_held(name, value, dtype, x64_enabled())  # type: ignore[arg-type]
        return
    if jnp.ndim(value):
        fail(
            ShapeError,
            name,
            "fill_value must be a number or a 0-d array",
            f"got {describe(value)}",
            "repeat an array with fg.broadcast_to",
        )
    seen = visible(value)
    if seen is not None:
        require_lossless(name, seen, _kind(name, value, dtype), remedy="")


def _kind(name: str, value: ArrayLike, dtype: DtypeLike | None) -> np.dtype[Any]:
    return dtype_of(value) if dtype is None else resolve_dtype(name, dtype)


@functools.lru_cache(maxsize=4096, typed=True)
def _number_held(name: str, value: Any, dtype: DtypeLike | None, x64: bool) -> None:
    """A Python number is looked at once: 64-bit mode decides what it is."""
    require_lossless(name, np.asarray(value), _kind(name, value, dtype), remedy="")


@op(places=True, check=_check_full)
def full(size: int | tuple[int, ...], fill_value: ArrayLike, *, dtype: DtypeLike | None = None) -> Array:
    """An array with `fill_value` everywhere.

    Args:
        size: the shape, an int or a tuple.
        fill_value: a number or 0-d array.
        dtype: the dtype; by default that of `fill_value` (a Python int gives int32, a float float32).
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ShapeError: a size is negative, or `fill_value` is not 0-d.
        ConversionError: the dtype cannot hold `fill_value`.

    >>> fg.full((2, 2), 7)
    Array([[7, 7],
           [7, 7]], dtype=int32)

    Source: ``torch.full``.
    """
    kind = jnp.result_type(fill_value) if dtype is None else resolve_dtype("full", dtype)
    _require_held("full", fill_value, dtype)
    return jnp.full(sizes("full", (size,)), _truth(fill_value, kind), kind)


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


def _check_full_like(input: ArrayLike, fill_value: ArrayLike, dtype: DtypeLike | None = None) -> None:
    _require_held("full_like", fill_value, dtype_of(input) if dtype is None else dtype)


@op(places=True, check=_check_full_like)
def full_like(input: ArrayLike, fill_value: ArrayLike, *, dtype: DtypeLike | None = None) -> Array:
    """`fill_value` in the shape of `input`: the pure spelling of torch's ``fill_``.

    Args:
        input: any shape.
        fill_value: a number or 0-d array.
        dtype: the dtype; by default that of `input`.
        device: where to put it.

    Returns:
        The array, in the shape of `input`.

    Raises:
        ShapeError: `fill_value` is not 0-d.
        ConversionError: the dtype cannot hold `fill_value`.

    >>> fg.full_like(fg.zeros(3), 2)
    Array([2., 2., 2.], dtype=float32)

    Source: ``torch.full_like``, ``Tensor.fill_``.
    """
    _check_full_like(input, fill_value, dtype)
    kind = jnp.result_type(input) if dtype is None else resolve_dtype("full_like", dtype)
    return jnp.full_like(input, _truth(fill_value, kind), kind)


@op(places=True)
def eye(n: int, m: int | None = None, *, dtype: DtypeLike | None = None) -> Array:
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
