"""Averages and norms of windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import fail, require_float
from .._errors import ArgumentError
from .._types import Array, ArrayLike, Shape
from ._first_max import of_windows
from ._windows import Size, batched, each, family, half_at_most, pooled_size, strides

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
]

_INPUT = {
    1: "fg.tensor([[3.0, 4.0, 0.0, 2.0]])",
    2: "fg.tensor([[[3.0, 4.0, 0.0, 2.0]]])",
    3: "fg.tensor([[[[3.0, 4.0, 0.0, 2.0]]]])",
}
_WINDOW = {1: "2", 2: "(1, 2)", 3: "(1, 1, 2)"}


def _shown(numbers: str, n: int) -> str:
    return f"Array({'[' * (n + 1)}{numbers}{']' * (n + 1)}, dtype=float32)"


def _average(
    name: str,
    n: int,
    x: Array,
    kernel: Shape,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Array:
    """The average pool of (N, C, *spatial)."""
    steps, pads = strides(name, stride, kernel), each(name, "padding", padding, n, 0)
    half_at_most(name, pads, kernel)
    spatial = x.shape[2:]
    counts = pooled_size(name, spatial, kernel, steps, pads, (1,) * n, ceil_mode)
    ends = [
        max((count - 1) * s + k - p - size, 0)
        for count, s, k, p, size in zip(counts, steps, kernel, pads, spatial, strict=True)
    ]
    dtype = x.dtype
    x = x.astype(jnp.promote_types(dtype, jnp.float32))  # a sum of many halves would stop growing
    total = jax.lax.reduce_window(
        x,
        np.zeros((), x.dtype),
        jax.lax.add,
        (1, 1, *kernel),
        (1, 1, *steps),
        [(0, 0), (0, 0), *zip(pads, ends, strict=True)],
    )
    if divisor is not None:
        return (total / divisor).astype(dtype)
    held: Any = np.ones(())  # how many elements each window holds, a product over the dimensions
    for count, s, k, p, size in zip(counts, steps, kernel, pads, spatial, strict=True):
        low, high = (-p, size + p) if count_include_pad else (0, size)
        start = np.arange(count) * s - p
        held = held[..., None] * (np.minimum(start + k, high) - np.maximum(start, low))
    area = math.prod(kernel)
    return (total / (area if (held == area).all() else jnp.asarray(held, x.dtype))).astype(dtype)


_DIVISOR = """
            divisor_override: what each sum is divided by, instead of the number of elements."""


def _avg_pool(n: int) -> Callable[..., Array]:
    def of_row(
        input: ArrayLike,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> Array:
        return of_image(input, kernel_size, stride, padding, ceil_mode, count_include_pad)

    def of_image(
        input: ArrayLike,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Array:
        """The mean of each window.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; floating point.
            kernel_size: the size of a window, one int or one for each spatial dimension.
            stride: the step from one window to the next; by default the size of a window.
            padding: zeros on both sides of each dimension, at most half a window.
            ceil_mode: whether a last window may hang over the end.
            count_include_pad: whether those zeros count as elements; what hangs over never does.
            divisor_override: what each sum is divided by, instead of the number of elements.

        Returns:
            An array of shape (N, C, OUT), or (C, OUT).

        Raises:
            ShapeError: `input` has another number of dimensions, or no window fits.
            ArgumentError: an option is not allowed.
            DtypeError: `input` is not floating point.

        >>> fg.nn.NAME(GIVEN)
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        name = f"avg_pool{n}d"
        require_float(name, input, complex_ok=False)
        if divisor_override == 0:
            fail(ArgumentError, name, "divisor_override must not be 0", "got 0", "leave it out for the mean")
        x, alone = batched(name, input, n)
        kernel = each(name, "kernel_size", kernel_size, n, 1)
        y = _average(name, n, x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
        return y[0] if alone else y

    given, result = f"{_INPUT[n]}, {_WINDOW[n]}", _shown("3.5, 1. ", n)
    of_row.__doc__ = (of_image.__doc__ or "").replace(_DIVISOR, "")
    return family(of_row if n == 1 else of_image, f"avg_pool{n}d", n, GIVEN=given, RESULT=result)


def _lp_pool(n: int) -> Callable[..., Array]:
    def lp_pool(
        input: ArrayLike, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> Array:
        r"""The p-norm of each window without its absolute values, $(\sum x^p)^{1/p}$; with them for infinite p.

        The gradient of a window whose sum is 0 is 0. As in torch, a window that hangs over the end counts its mean
        for what it lacks.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; floating point.
            norm_type: p, not 0; ``inf`` takes the largest absolute value.
            kernel_size: the size of a window, one int or one for each spatial dimension.
            stride: the step from one window to the next; by default the size of a window.
            ceil_mode: whether a last window may hang over the end.

        Returns:
            An array of shape (N, C, OUT), or (C, OUT).

        Raises:
            ShapeError: `input` has another number of dimensions, or no window fits.
            ArgumentError: an option is not allowed.
            DtypeError: `input` is not floating point.

        >>> fg.nn.NAME(GIVEN)
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        name = lp_pool.__name__
        require_float(name, input, complex_ok=False)
        x, alone = batched(name, input, n)
        kernel = each(name, "kernel_size", kernel_size, n, 1)
        if norm_type == 0:
            fail(ArgumentError, name, "norm_type must not be 0", "got 0", "count elements with fg.count_nonzero")
        if math.isinf(norm_type):
            y = _extreme(name, x, kernel, stride, ceil_mode, 1 if norm_type > 0 else -1)
        else:
            mean = _average(name, n, jnp.power(x, norm_type), kernel, stride, 0, ceil_mode, True, None)
            total = mean * math.prod(kernel)
            none = total == 0  # the root is infinitely steep there
            y = jnp.where(none, 0, jnp.power(jnp.where(none, 1, total), 1 / norm_type))
        return y[0] if alone else y

    given, result = f"{_INPUT[n]}, 2, {_WINDOW[n]}", _shown("5., 2.", n)
    return family(lp_pool, f"lp_pool{n}d", n, GIVEN=given, RESULT=result)


def _extreme(name: str, x: Array, kernel: Shape, stride: Any, ceil_mode: bool, sign: int) -> Array:
    """The largest absolute values for `sign` 1, the smallest for -1."""
    steps, none = strides(name, stride, kernel), (0,) * len(kernel)
    counts = pooled_size(name, x.shape[2:], kernel, steps, none, (1,) * len(kernel), ceil_mode)
    found: tuple[Array, ...] = (sign * jnp.abs(x),)
    for i in reversed(range(len(kernel))):
        found = of_windows(found, i + 2, counts[i], kernel[i], steps[i], 0, 1)
    return sign * found[0]


avg_pool1d, avg_pool2d, avg_pool3d = _avg_pool(1), _avg_pool(2), _avg_pool(3)
lp_pool1d, lp_pool2d, lp_pool3d = _lp_pool(1), _lp_pool(2), _lp_pool(3)
