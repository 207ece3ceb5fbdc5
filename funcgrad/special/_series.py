"""How the functions of this room are evaluated: in which precision, by Chebyshev series, by quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from .._types import Array, ArrayLike
from ..arrays._pointwise import as_float, fit

__all__ = ["chebyshev", "gaussian_nodes", "real_function", "rounding"]


def real_function(name: str, body: Callable[[Array], Array], input: ArrayLike) -> Array:
    """`body` of a real array, computed in float32 or wider and rounded once."""
    fit(name, input, real=True)
    x = as_float(input)
    return body(x.astype(jnp.promote_types(x.dtype, jnp.float32))).astype(x.dtype)


def rounding(dtype: Any) -> float:
    """The natural logarithm of 1 / error, where the error is well below the rounding of `dtype`."""
    return math.log(2) + 2 - math.log(float(jnp.finfo(dtype).eps))


def chebyshev(coefficients: Sequence[float], x: Array, low: float, high: float) -> Array:
    """The Chebyshev series on [low, high] at `x`, cut where its terms fall below the rounding of the dtype."""
    least = math.exp(-rounding(x.dtype)) * max(map(abs, coefficients))
    kept = [c for k, c in enumerate(coefficients) if any(abs(later) > least for later in coefficients[k:])]
    t = (2 * x - (low + high)) / (high - low)
    after = now = jnp.zeros_like(t)
    for c in reversed(kept[1:]):
        after, now = now, 2 * t * now - after + c
    return t * now - after + kept[0]


def gaussian_nodes(dtype: Any, reach: float) -> list[tuple[float, float]]:
    r"""Pairs (w, v^2) with $\int_{-\infty}^{\infty} e^{-v^2} f(v^2) dv = \sum w f(v^2)$ to the rounding of `dtype`.

    The trapezoidal rule, whose error is $e^{d^2 - 2 \pi d / h}$ for a step of $h$ where $f$ is analytic as far as a
    distance $d$ from the real line (`reach`), and not less than $e^{-\pi^2 / h^2}$.
    """
    digits = rounding(dtype)
    step = min(2 * math.pi * reach / (digits + reach * reach), math.pi / math.sqrt(digits))
    count = math.ceil(math.sqrt(digits) / step)
    return [(step, 0.0)] + [(2 * step * math.exp(-((k * step) ** 2)), (k * step) ** 2) for k in range(1, count + 1)]
