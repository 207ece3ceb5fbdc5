"""Maxima of windows at random places, a little closer or farther apart each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail, require_float, require_key
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._types import Array, ArrayLike, Shape
from ..arrays.extrema import ValuesIndices
from ._first_max import Found, of_starts, with_positions
from ._windows import Size, batched, each, family

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]


def _fractional(n: int) -> Callable[..., Any]:
    def fractional_max_pool(
        input: ArrayLike,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: ArrayLike | None = None,
        *,
        key: Array | None = None,
    ) -> Any:
        """The maxima of as many windows as are asked for, at random places in each channel; they may overlap.

        The gradient goes to the first of equal maxima; NaN counts as largest.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; floating point.
            kernel_size: the size of a window, one int or one for each spatial dimension.
            output_size: how many windows, one int or one for each spatial dimension.
            output_ratio: instead of `output_size`, which share of the input's sizes that is, between 0 and 1.
            return_indices: whether the positions are wanted too, as from ``NAME_with_indices``.
            _random_samples: numbers in [0, 1) that decide the places, shape (N, C, COUNT); drawn if left out.
            key: a random key, required unless the numbers are given.

        Returns:
            An array of shape (N, C, OUT), or (C, OUT); with its positions in a tuple if asked for.

        Raises:
            ArgumentError: none or both of `output_size` and `output_ratio` are given, or a ratio is not in (0, 1).
            ArgumentTypeError: there is no `key`.
            DtypeError: `input` is not floating point.
            ShapeError: the windows do not fit, or the numbers have another shape.

        >>> fg.nn.NAME(GIVEN, key=fg.key(0)).shape
        RESULT

        Source: Graham (2014), arXiv:1412.6071; ``torch.nn.functional.NAME``.
        """
        name = fractional_max_pool.__name__
        return _pooled(name, n, input, kernel_size, output_size, output_ratio, return_indices, _random_samples, key)

    return family(fractional_max_pool, f"fractional_max_pool{n}d", n, **_example(n))


def _fractional_with_indices(n: int) -> Callable[..., Any]:
    def fractional_max_pool(
        input: ArrayLike,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: ArrayLike | None = None,
        *,
        key: Array | None = None,
    ) -> ValuesIndices:
        """The maxima of windows at random places, and where in its flattened image each is.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; floating point.
            kernel_size: the size of a window, one int or one for each spatial dimension.
            output_size: how many windows, one int or one for each spatial dimension.
            output_ratio: instead of `output_size`, which share of the input's sizes that is, between 0 and 1.
            return_indices: not read; the positions are always there.
            _random_samples: numbers in [0, 1) that decide the places, shape (N, C, COUNT); drawn if left out.
            key: a random key, required unless the numbers are given.

        Returns:
            ``ValuesIndices(values, indices)``, both of shape (N, C, OUT) or (C, OUT), the indices int32.

        Raises:
            ArgumentError: none or both of `output_size` and `output_ratio` are given, or a ratio is not in (0, 1).
            ArgumentTypeError: there is no `key`.
            DtypeError: `input` is not floating point.
            ShapeError: the windows do not fit, or the numbers have another shape.

        >>> fg.nn.NAME(GIVEN, key=fg.key(0)).values.shape
        RESULT

        Source: Graham (2014), arXiv:1412.6071; ``torch.nn.functional.NAME``.
        """
        name = fractional_max_pool.__name__
        found: ValuesIndices = _pooled(
            name, n, input, kernel_size, output_size, output_ratio, True, _random_samples, key
        )
        return found

    return family(fractional_max_pool, f"fractional_max_pool{n}d_with_indices", n, **_example(n))


def _example(n: int) -> dict[str, str]:
    sizes = ", ".join(["5"] * n)
    return {"GIVEN": f"fg.ones(1, {sizes}), 2, 3", "RESULT": f"({', '.join(['1'] + ['3'] * n)})", "COUNT": str(n)}


def _pooled(
    name: str, n: int, input: Any, kernel_size: Any, size: Any, ratio: Any, indices: bool, samples: Any, key: Any
) -> Any:
    require_float(name, input, complex_ok=False)
    x, alone = batched(name, input, n)
    kernel = each(name, "kernel_size", kernel_size, n, 1)
    counts = _counts(name, x.shape[2:], size, ratio)
    if any(count + k - 1 > length for count, k, length in zip(counts, kernel, x.shape[2:], strict=True)):
        required = "windows that begin at different places must fit in the input"
        given = f"got {counts} windows of {kernel} for sizes {x.shape[2:]}"
        fail(ShapeError, name, required, given, "ask for fewer or smaller ones")
    shape = (*x.shape[:2], n)
    if samples is None:
        numbers = jax.random.uniform(require_key(name, key), shape, x.dtype)
    else:
        numbers = jnp.asarray(samples)
        if numbers.shape != shape:
            required = f"_random_samples must have shape {shape}"
            fail(ShapeError, name, required, f"got {numbers.shape}", "leave them out, and give a key")
    # torch takes the numbers of an image in the order of width and height, those of a volume as they stand.
    order = (1, 0) if n == 2 else (0, 1, 2)
    found: Found = with_positions(x, n, indices)
    for i in reversed(range(n)):
        starts = _starts(numbers[..., order[i]], x.shape[i + 2], counts[i], kernel[i])
        found = of_starts(found, i + 2, starts, kernel[i])
    parts = [part[0] for part in found] if alone else found
    return ValuesIndices(*parts) if indices else parts[0]


def _counts(name: str, spatial: Shape, size: Any, ratio: Any) -> Shape:
    n = len(spatial)
    if (size is None) == (ratio is None):
        given = "got neither" if size is None else "got both"
        fail(ArgumentError, name, "one of output_size and output_ratio is required", given, "give one")
    if ratio is None:
        return each(name, "output_size", size, n, 1)
    ratios = tuple(ratio) if isinstance(ratio, Sequence) and not isinstance(ratio, str) else (ratio,) * n
    for share in ratios:
        if isinstance(share, bool) or not isinstance(share, int | float):
            required = "output_ratio must be a number"
            fail(ArgumentTypeError, name, required, f"got {describe(share)}", "write for example 0.5")
    if len(ratios) != n or not all(0 < share < 1 for share in ratios):
        required = f"output_ratio must be one number in (0, 1) or {n}"
        fail(ArgumentError, name, required, f"got {ratios}", "correct it")
    counts = tuple(int(length * share) for length, share in zip(spatial, ratios, strict=True))
    return each(name, "output_size", counts, n, 1)


def _starts(sample: Array, size: int, count: int, width: int) -> Array:
    """Where `count` windows begin, for each sample: about evenly, the last one at the end."""
    last = jnp.full((*sample.shape, 1), size - width)
    if count == 1:
        return last
    apart = jnp.asarray((size - width) / (count - 1), sample.dtype)
    shifted = (jnp.arange(count - 1, dtype=sample.dtype) + sample[..., None]) * apart
    return jnp.concatenate([shifted.astype(int) - (sample[..., None] * apart).astype(int), last], -1)


fractional_max_pool2d, fractional_max_pool3d = _fractional(2), _fractional(3)
fractional_max_pool2d_with_indices = _fractional_with_indices(2)
fractional_max_pool3d_with_indices = _fractional_with_indices(3)
