"""Window functions: weights that fade a piece of a signal in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import default_float, describe, fail, integer, resolve_dtype
from .._convert import from_host
from .._errors import ArgumentError, ArgumentTypeError, DtypeError
from .._op import op
from .._types import Array, DtypeLike

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


@op(places=True)
def bartlett_window(window_length: int, periodic: bool = True, *, dtype: DtypeLike | None = None) -> Array:
    r"""The triangle $1 - |2 k / (n - 1) - 1|$.

    Args:
        window_length: how many weights, 0 or more.
        periodic: whether n is ``window_length + 1``, for a window that is repeated; otherwise it is symmetric.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        A 1-D array of weights, each rounded once.

    Raises:
        ArgumentError: `window_length` is negative.
        DtypeError: the dtype is not floating point.

    >>> fg.bartlett_window(4)
    Array([0. , 0.5, 1. , 0.5], dtype=float32)

    Source: ``torch.bartlett_window``.
    """
    return _window("bartlett_window", window_length, periodic, dtype, lambda at: 1 - np.abs(2 * at - 1))


@op(places=True)
def blackman_window(window_length: int, periodic: bool = True, *, dtype: DtypeLike | None = None) -> Array:
    r"""The window $0.42 - 0.5 \cos(2 \pi k / (n - 1)) + 0.08 \cos(4 \pi k / (n - 1))$.

    Args:
        window_length: how many weights, 0 or more.
        periodic: whether n is ``window_length + 1``, for a window that is repeated; otherwise it is symmetric.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        A 1-D array of weights, each rounded once; 0 at the ends.

    Raises:
        ArgumentError: `window_length` is negative.
        DtypeError: the dtype is not floating point.

    >>> fg.blackman_window(2)
    Array([0., 1.], dtype=float32)

    Source: ``torch.blackman_window``.
    """
    # Of sines, because the sum of cosines cancels to a rounding, which may be negative, where it fades out.
    return _window("blackman_window", window_length, periodic, dtype, lambda at: (0.36 + 0.64 * _rise(at)) * _rise(at))


@op(places=True)
def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""The window $\alpha - \beta \cos(2 \pi k / (n - 1))$.

    Args:
        window_length: how many weights, 0 or more.
        periodic: whether n is ``window_length + 1``, for a window that is repeated; otherwise it is symmetric.
        alpha: the mean of the weights.
        beta: how far they rise above it and fall below it.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        A 1-D array of weights, each rounded once.

    Raises:
        ArgumentError: `window_length` is negative.
        DtypeError: the dtype is not floating point.

    >>> fg.hamming_window(4)
    Array([0.08, 0.54, 1.  , 0.54], dtype=float32)

    Source: ``torch.hamming_window``.
    """
    mean, height = _number("hamming_window", "alpha", alpha), _number("hamming_window", "beta", beta)
    return _window(
        "hamming_window", window_length, periodic, dtype, lambda at: (mean - height) + 2 * height * _rise(at)
    )


@op(places=True)
def hann_window(window_length: int, periodic: bool = True, *, dtype: DtypeLike | None = None) -> Array:
    r"""The window $\frac{1}{2} - \frac{1}{2} \cos(2 \pi k / (n - 1)) = \sin^2(\pi k / (n - 1))$.

    Args:
        window_length: how many weights, 0 or more.
        periodic: whether n is ``window_length + 1``, for a window that is repeated; otherwise it is symmetric.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        A 1-D array of weights, each rounded once; 0 at the ends.

    Raises:
        ArgumentError: `window_length` is negative.
        DtypeError: the dtype is not floating point.

    >>> fg.hann_window(4)
    Array([0. , 0.5, 1. , 0.5], dtype=float32)

    Source: ``torch.hann_window``.
    """
    return _window("hann_window", window_length, periodic, dtype, _rise)


@op(places=True)
def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: DtypeLike | None = None
) -> Array:
    r"""The window $I_0(\beta \sqrt{1 - (2 k / (n - 1) - 1)^2}) / I_0(\beta)$.

    Args:
        window_length: how many weights, 0 or more.
        periodic: whether n is ``window_length + 1``, for a window that is repeated; otherwise it is symmetric.
        beta: how fast it fades: 0 is a rectangle.
        dtype: the dtype; float32 by default.
        device: where to put it.

    Returns:
        A 1-D array of weights, each rounded once.

    Raises:
        ArgumentError: `window_length` is negative, or `beta` beyond 700, where $I_0$ overflows.
        DtypeError: the dtype is not floating point.

    >>> fg.kaiser_window(3, beta=0.0)
    Array([1., 1., 1.], dtype=float32)

    Source: ``torch.kaiser_window``.
    """
    steep = _number("kaiser_window", "beta", beta)
    if not -700 <= steep <= 700:
        fail(ArgumentError, "kaiser_window", "beta must be between -700 and 700", f"got {beta}", "take a smaller one")
    return _window(
        "kaiser_window",
        window_length,
        periodic,
        dtype,
        lambda at: np.i0(steep * 2 * np.sqrt(at * (1 - at))) / np.i0(steep),
    )


def _rise(at: np.ndarray) -> np.ndarray:
    """From 0 through 1 and back to 0 while `at` goes from 0 to 1; both halves alike, to the last digit."""
    rise: np.ndarray = np.sin(np.pi * np.minimum(at, 1 - at)) ** 2
    return rise


def _number(name: str, argument: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail(
            ArgumentTypeError, name, f"{argument} must be a number", f"got {describe(value)}", "pass an int or a float"
        )
    return float(value)


def _window(
    name: str, window_length: int, periodic: bool, dtype: DtypeLike | None, shape: Callable[[np.ndarray], np.ndarray]
) -> Array:
    """`shape` at places from 0 to 1, computed on the host in float64 so that each weight is rounded once."""
    count = integer(name, "window_length", window_length, 0)
    kind = default_float() if dtype is None else resolve_dtype(name, dtype)
    if not jnp.issubdtype(kind, jnp.floating):
        given = f"got {kind.name}"
        fail(DtypeError, name, "dtype must be floating point", given, "convert the result with fg.to(x, dtype)")
    if count < 2:
        return jnp.ones(count, kind)
    steps = count if periodic else count - 1
    return from_host(name, shape(np.arange(count) / steps), kind, lossy=True)
