"""In and out: NumPy, torch, DLPack, Python numbers and lists."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail, resolve_dtype
from .._convert import from_host, resolve_device
from .._errors import ConversionError, ShapeError
from .._types import Array, DtypeLike

__all__ = ["as_tensor", "tensor"]


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
