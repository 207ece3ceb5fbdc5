"""The largest element of each window, and back to where it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail, require_ndim, require_real
from .._errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from .._types import Array, ArrayLike, Shape
from ..arrays.extrema import ValuesIndices
from ._first_max import of_windows, with_positions
from ._windows import Size, batched, each, family, half_at_most, pooled_size, strides

__all__ = [
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]

_INPUT = {
    1: "fg.tensor([[1.0, 3.0, 3.0, 2.0]])",
    2: "fg.tensor([[[1.0, 3.0, 3.0, 2.0]]])",
    3: "fg.tensor([[[[1.0, 3.0, 3.0, 2.0]]]])",
}
_WINDOW = {1: "2", 2: "(1, 2)", 3: "(1, 1, 2)"}


def _shown(numbers: str, n: int, dtype: str) -> str:
    return f"Array({'[' * (n + 1)}{numbers}{']' * (n + 1)}, dtype={dtype})"


def _pooled(
    name: str,
    n: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    indices: bool,
) -> Any:
    require_real(name, input)
    x, alone = batched(name, input, n)
    kernel = each(name, "kernel_size", kernel_size, n, 1)
    steps, holes = strides(name, stride, kernel), each(name, "dilation", dilation, n, 1)
    pads = each(name, "padding", padding, n, 0)
    half_at_most(name, pads, tuple(d * (k - 1) + 1 for k, d in zip(kernel, holes, strict=True)))
    counts = pooled_size(name, x.shape[2:], kernel, steps, pads, holes, ceil_mode)
    found = with_positions(x, n, indices)
    for i in reversed(range(n)):
        found = of_windows(found, i + 2, counts[i], kernel[i], steps[i], pads[i], holes[i])
    parts = [part[0] for part in found] if alone else found
    return ValuesIndices(*parts) if indices else parts[0]


def _max_pool(n: int) -> Callable[..., Any]:
    def max_pool(
        input: ArrayLike,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        """The maximum of each window. Its gradient goes to the first of equal maxima; NaN counts as largest.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; real.
            kernel_size: the size of a window, one int or one for each spatial dimension.
            stride: the step from one window to the next; by default the size of a window.
            padding: how far windows begin before the input and end behind it, at most half a window. What is there
                is never chosen.
            dilation: the step between the elements of a window.
            ceil_mode: whether a last window may hang over the end.
            return_indices: whether the positions are wanted too, as from ``NAME_with_indices``.

        Returns:
            An array of shape (N, C, OUT), or (C, OUT); with its positions in a tuple if asked for.

        Raises:
            ShapeError: `input` has another number of dimensions, or no window fits.
            ArgumentError: an option is not allowed.

        >>> fg.nn.NAME(GIVEN)
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        name = max_pool.__name__
        return _pooled(name, n, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)

    given, result = f"{_INPUT[n]}, {_WINDOW[n]}", _shown("3., 3.", n, "float32")
    return family(max_pool, f"max_pool{n}d", n, GIVEN=given, RESULT=result)


def _max_pool_with_indices(n: int) -> Callable[..., Any]:
    def max_pool(
        input: ArrayLike,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> ValuesIndices:
        """The maximum of each window, and where in its flattened image it is: the first of equal maxima.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; real.
            kernel_size: the size of a window, one int or one for each spatial dimension.
            stride: the step from one window to the next; by default the size of a window.
            padding: how far windows begin before the input and end behind it, at most half a window. What is there
                is never chosen.
            dilation: the step between the elements of a window.
            ceil_mode: whether a last window may hang over the end.
            return_indices: not read; the positions are always there.

        Returns:
            ``ValuesIndices(values, indices)``, both of shape (N, C, OUT) or (C, OUT), the indices int32.

        Raises:
            ShapeError: `input` has another number of dimensions, or no window fits.
            ArgumentError: an option is not allowed.

        >>> fg.nn.NAME(GIVEN).indices
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        return _pooled(max_pool.__name__, n, input, kernel_size, stride, padding, dilation, ceil_mode, True)

    given, result = f"{_INPUT[n]}, {_WINDOW[n]}", _shown("1, 2", n, "int32")
    return family(max_pool, f"max_pool{n}d_with_indices", n, GIVEN=given, RESULT=result)


def _max_unpool(n: int) -> Callable[..., Any]:
    def max_unpool(
        input: ArrayLike,
        indices: ArrayLike,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        output_size: Sequence[int] | None = None,
    ) -> Array:
        """Images of zeros with each maximum where ``max_poolNd_with_indices`` found it.

        Args:
            input: maxima, shape (N, C, DIMS), or (C, DIMS) for one example.
            indices: their positions in the flattened image, of the same shape. An index out of range is an error;
                traced in a compiled program it writes nothing.
            kernel_size: the size of the windows.
            stride: the step between them; by default their size.
            padding: that of the pooling.
            output_size: the spatial sizes of the result, or its whole shape, where several sizes pool to one; by
                default ``(size - 1) * stride - 2 * padding + kernel_size``.

        Returns:
            An array of shape (N, C, OUT), or (C, OUT).

        Raises:
            ShapeError: the shapes differ, or `output_size` is out of reach.
            DtypeError: the indices are not integers.
            IndexRangeError: an index is out of range.

        >>> fg.nn.NAME(GIVEN)
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        name = max_unpool.__name__
        x, places = jnp.asarray(input), jnp.asarray(indices)
        size = _unpooled_size(name, n, x, places, kernel_size, stride, padding, output_size)
        rows = math.prod(x.shape[:-n])
        flat, index = x.reshape(rows, -1), places.reshape(rows, -1)
        index = jnp.where(index < 0, math.prod(size), index)  # from the end is no position here
        row = jax.lax.broadcasted_iota(index.dtype, index.shape, 0)
        filled = jnp.zeros((rows, math.prod(size)), x.dtype).at[row, index].set(flat, mode="drop")
        return filled.reshape(*x.shape[:-n], *size)

    def check(
        input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
    ) -> None:
        name = max_unpool.__name__
        size = _unpooled_size(
            name, n, jnp.asarray(input), jnp.asarray(indices), kernel_size, stride, padding, output_size
        )
        values, most = np.asarray(indices), math.prod(size)
        outside = (values < 0) | (values >= most)
        if outside.any():
            required = f"indices must be in [0, {most - 1}] for an image of {size}"
            given = f"got {int(values[outside].flat[0])}"
            fail(IndexRangeError, name, required, given, "give the output_size that was pooled")

    opened, closed = "[" * n, "]" * n
    given = f"fg.tensor([{opened}3.0{closed}]), fg.tensor([{opened}1{closed}]), {_WINDOW[n]}"
    result = _shown("0., 3.", n, "float32")
    return family(max_unpool, f"max_unpool{n}d", n, check, Nd=f"{n}d", GIVEN=given, RESULT=result)


def _unpooled_size(
    name: str,
    n: int,
    x: Array,
    places: Array,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
) -> Shape:
    require_ndim(name, x, (n + 1, n + 2))
    if not jnp.issubdtype(places.dtype, jnp.integer):
        required = "indices must have an integer dtype"
        fail(DtypeError, name, required, f"got {places.dtype}", "give those that max_pool returned")
    if places.shape != x.shape:
        required = "input and indices must have the same shape"
        fail(ShapeError, name, required, f"got {x.shape} and {places.shape}", "give those that max_pool returned")
    kernel = each(name, "kernel_size", kernel_size, n, 1)
    steps, pads = strides(name, stride, kernel), each(name, "padding", padding, n, 0)
    default = tuple((size - 1) * s - 2 * p + k for size, k, s, p in zip(x.shape[-n:], kernel, steps, pads, strict=True))
    if output_size is None:
        size = default
    else:
        if len(output_size) not in (n, n + 2):
            required = f"output_size must hold {n} sizes, or {n + 2} for a whole shape"
            fail(ArgumentError, name, required, f"got {tuple(output_size)}", "give the spatial sizes")
        size = each(name, "output_size", tuple(output_size)[-n:], n, 1)
        if any(not d - s < wanted < d + s for d, s, wanted in zip(default, steps, size, strict=True)):
            required = f"output_size must be within a stride {steps} of {default}"
            fail(ShapeError, name, required, f"got {size}", "give the size that was pooled")
    if min(size) < 1:
        required = "something must be left of the result"
        fail(ShapeError, name, required, f"got a size of {size}", "give output_size, or less padding")
    return size


max_pool1d, max_pool2d, max_pool3d = _max_pool(1), _max_pool(2), _max_pool(3)
max_pool1d_with_indices = _max_pool_with_indices(1)
max_pool2d_with_indices = _max_pool_with_indices(2)
max_pool3d_with_indices = _max_pool_with_indices(3)
max_unpool1d, max_unpool2d, max_unpool3d = _max_unpool(1), _max_unpool(2), _max_unpool(3)
