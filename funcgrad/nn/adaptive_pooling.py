"""Pooling to a given size, and to windows at random places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np

from .._checks import fail, integer, require_float, require_real
from .._errors import ArgumentError, ShapeError
from .._types import Array, ArrayLike, Shape
from ..arrays._pointwise import in_single
from ..arrays.extrema import ValuesIndices
from ._first_max import of_intervals, of_windows, with_positions
from ._windows import batched, family

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
]

OutputSize: TypeAlias = int | Sequence[int | None]

_INPUT = {
    1: "fg.tensor([[1.0, 2.0, 6.0]]), 2",
    2: "fg.tensor([[[1.0, 2.0, 6.0]]]), (1, 2)",
    3: "fg.tensor([[[[1.0, 2.0, 6.0]]]]), (1, 1, 2)",
}


def _shown(numbers: str, n: int, dtype: str) -> str:
    return f"Array({'[' * (n + 1)}{numbers}{']' * (n + 1)}, dtype={dtype})"


def _intervals(size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each of `count` intervals that cover `size` elements begins and ends; they may overlap."""
    i = np.arange(count)
    return i * size // count, -(-(i + 1) * size // count)


def _output_sizes(name: str, spatial: Shape, output_size: Any) -> Shape:
    """The sizes asked for; None keeps one. All spatial sizes must be known to have elements."""
    n = len(spatial)
    wanted = tuple(output_size) if isinstance(output_size, Sequence) else (output_size,) * n
    wanted = wanted * n if len(wanted) == 1 else wanted
    if len(wanted) != n:
        required = f"output_size must be one int{'' if n == 1 else f' or {n}'}"
        fail(ArgumentError, name, required, f"got {wanted}", "give one for each spatial dimension; None keeps a size")
    sizes = tuple(
        size if w is None else integer(name, "output_size", w, 0) for size, w in zip(spatial, wanted, strict=True)
    )
    if 0 in spatial:
        fail(ShapeError, name, "there must be elements to pool", f"got spatial sizes {spatial}", "leave it out")
    return sizes


@in_single
def _averaged(x: Array, sizes: Shape) -> Array:
    """The means of intervals of the last dimensions, one dimension after the other."""
    first = x.ndim - len(sizes)
    for i, count in enumerate(sizes):
        dim = first + i
        size = x.shape[dim]
        if count == size:
            continue
        if count and size % count == 0:
            x = x.reshape(*x.shape[:dim], count, size // count, *x.shape[dim + 1 :]).mean(dim + 1)
            continue
        start, stop = _intervals(size, count)
        width = int((stop - start).max(initial=1))
        places = start[:, None] + np.arange(width)
        held = (places < stop[:, None]).reshape(count, width, *[1] * (x.ndim - dim - 1))
        parts = jnp.take(x, jnp.asarray(np.minimum(places, size - 1).reshape(-1)), dim, mode="clip")
        parts = parts.reshape(*x.shape[:dim], count, width, *x.shape[dim + 1 :])
        # Taken out and not multiplied by 0: an infinity beside an interval is none of its business.
        x = jnp.where(held, parts, 0).sum(dim + 1) / jnp.asarray(held.sum(1), x.dtype)
    return x


def _adaptive_avg_pool(n: int) -> Callable[..., Array]:
    def adaptive_avg_pool(input: ArrayLike, output_size: OutputSize) -> Array:
        r"""The means of as many windows as are asked for: the i-th of m along n elements is [⌊i n/m⌋, ⌈(i+1) n/m⌉).

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; floating point.
            output_size: one int or one for each spatial dimension; None keeps a size.

        Returns:
            An array of shape (N, C, OUT), or (C, OUT).

        Raises:
            ShapeError: `input` has another number of dimensions, or no elements to average.
            ArgumentError: `output_size` is negative, or does not fit the number of dimensions.
            DtypeError: `input` is not floating point.

        >>> fg.nn.NAME(GIVEN)
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        name = adaptive_avg_pool.__name__
        require_float(name, input, complex_ok=False)
        x, alone = batched(name, input, n)
        y = _averaged(x, _output_sizes(name, x.shape[2:], output_size))
        return y[0] if alone else y

    result = _shown("1.5, 4. ", n, "float32")
    return family(adaptive_avg_pool, f"adaptive_avg_pool{n}d", n, GIVEN=_INPUT[n], RESULT=result)


def _pooled(name: str, n: int, input: Any, output_size: Any, indices: bool) -> Any:
    require_real(name, input)
    x, alone = batched(name, input, n)
    sizes = _output_sizes(name, x.shape[2:], output_size)
    found = with_positions(x, n, indices)
    for i in reversed(range(n)):
        size, count = x.shape[i + 2], sizes[i]
        if count and size % count == 0:
            width = size // count
            found = of_windows(found, i + 2, count, width, width, 0, 1)
        else:
            start, stop = _intervals(size, count)
            places = start[:, None] + np.arange(int((stop - start).max(initial=1)))
            # Where an interval is shorter, its last element is compared again.
            found = of_intervals(found, i + 2, np.minimum(places, stop[:, None] - 1))
    parts = [part[0] for part in found] if alone else found
    return ValuesIndices(*parts) if indices else parts[0]


def _adaptive_max_pool(n: int) -> Callable[..., Any]:
    def adaptive_max_pool(input: ArrayLike, output_size: OutputSize, return_indices: bool = False) -> Any:
        """The maxima of as many windows as are asked for, which are those of ``adaptive_avg_poolNd``.

        The gradient goes to the first of equal maxima; NaN counts as largest.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; real.
            output_size: one int or one for each spatial dimension; None keeps a size.
            return_indices: whether the positions are wanted too, as from ``NAME_with_indices``.

        Returns:
            An array of shape (N, C, OUT), or (C, OUT); with its positions in a tuple if asked for.

        Raises:
            ShapeError: `input` has another number of dimensions, or no elements to choose from.
            ArgumentError: `output_size` is negative, or does not fit the number of dimensions.

        >>> fg.nn.NAME(GIVEN)
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        return _pooled(adaptive_max_pool.__name__, n, input, output_size, return_indices)

    result = _shown("2., 6.", n, "float32")
    return family(adaptive_max_pool, f"adaptive_max_pool{n}d", n, Nd=f"{n}d", GIVEN=_INPUT[n], RESULT=result)


def _adaptive_max_pool_with_indices(n: int) -> Callable[..., Any]:
    def adaptive_max_pool(input: ArrayLike, output_size: OutputSize, return_indices: bool = False) -> ValuesIndices:
        """The maxima of as many windows as are asked for, and where in its flattened image each is.

        Args:
            input: shape (N, C, DIMS), or (C, DIMS) for one example; real.
            output_size: one int or one for each spatial dimension; None keeps a size.
            return_indices: not read; the positions are always there.

        Returns:
            ``ValuesIndices(values, indices)``, both of shape (N, C, OUT) or (C, OUT), the indices int32.

        Raises:
            ShapeError: `input` has another number of dimensions, or no elements to choose from.
            ArgumentError: `output_size` is negative, or does not fit the number of dimensions.

        >>> fg.nn.NAME(GIVEN).indices
        RESULT

        Source: ``torch.nn.functional.NAME``.
        """
        found: ValuesIndices = _pooled(adaptive_max_pool.__name__, n, input, output_size, True)
        return found

    name, result = f"adaptive_max_pool{n}d_with_indices", _shown("1, 2", n, "int32")
    return family(adaptive_max_pool, name, n, GIVEN=_INPUT[n], RESULT=result)


adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = map(_adaptive_avg_pool, (1, 2, 3))
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = map(_adaptive_max_pool, (1, 2, 3))
adaptive_max_pool1d_with_indices = _adaptive_max_pool_with_indices(1)
adaptive_max_pool2d_with_indices = _adaptive_max_pool_with_indices(2)
adaptive_max_pool3d_with_indices = _adaptive_max_pool_with_indices(3)
