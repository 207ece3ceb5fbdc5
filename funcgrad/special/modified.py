"""Modified Bessel functions."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .._op import op
from .._types import Array, ArrayLike
from ..arrays._pointwise import partials
from ..arrays.special import i0
from ._series import gaussian_nodes, real_function

__all__ = [
    "i0e",
    "i1",
    "i1e",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
]


@op
def i0e(input: ArrayLike) -> Array:
    r"""The modified Bessel function of the first kind and order 0, scaled: $e^{-|x|} I_0(x)$.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32. The derivative at 0, where there is a corner, is 0.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.i0e(fg.tensor([0.0, 1.0, 100.0])), decimals=4)
    Array([1.    , 0.4658, 0.0399], dtype=float32)

    Source: ``torch.special.i0e``.
    """
    return real_function("i0e", _i0e, input)


@op
def i1(input: ArrayLike) -> Array:
    """The modified Bessel function of the first kind and order 1.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32. NaN at infinity.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.i1(fg.tensor([0.0, 1.0])), decimals=4)
    Array([0.    , 0.5652], dtype=float32)

    Source: ``torch.special.i1``.
    """
    return real_function("i1", _i0(1), input)


@op
def i1e(input: ArrayLike) -> Array:
    r"""The modified Bessel function of the first kind and order 1, scaled: $e^{-|x|} I_1(x)$.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.i1e(fg.tensor([0.0, 1.0, 100.0])), decimals=4)
    Array([0.    , 0.2079, 0.0397], dtype=float32)

    Source: ``torch.special.i1e``.
    """
    return real_function("i1e", _i1e, input)


modified_bessel_i0 = i0
modified_bessel_i1 = i1


@op
def modified_bessel_k0(input: ArrayLike) -> Array:
    """The modified Bessel function of the second kind and order 0: infinite at 0, NaN below.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.modified_bessel_k0(fg.tensor([0.0, 1.0, 2.0])), decimals=4)
    Array([   inf, 0.421 , 0.1139], dtype=float32)

    Source: ``torch.special.modified_bessel_k0``; DLMF 10.31 and 10.32.
    """
    return real_function("modified_bessel_k0", _k0, input)


@op
def modified_bessel_k1(input: ArrayLike) -> Array:
    """The modified Bessel function of the second kind and order 1: infinite at 0, NaN below.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.modified_bessel_k1(fg.tensor([0.0, 1.0, 2.0])), decimals=4)
    Array([   inf, 0.6019, 0.1399], dtype=float32)

    Source: ``torch.special.modified_bessel_k1``; DLMF 10.31 and 10.32.
    """
    return real_function("modified_bessel_k1", _k1, input)


@op
def scaled_modified_bessel_k0(x: ArrayLike) -> Array:
    r"""The modified Bessel function of the second kind and order 0, scaled: $e^x K_0(x)$.

    Args:
        x: real, any shape.

    Returns:
        The array, in the shape of `x`; integers give float32. Infinite at 0, NaN below.

    Raises:
        DtypeError: `x` is complex.

    >>> fg.round(fg.special.scaled_modified_bessel_k0(fg.tensor([0.0, 1.0, 100.0])), decimals=4)
    Array([   inf, 1.1445, 0.1252], dtype=float32)

    Source: ``torch.special.scaled_modified_bessel_k0``.
    """
    return real_function("scaled_modified_bessel_k0", _k0e(0), x)


@op
def scaled_modified_bessel_k1(x: ArrayLike) -> Array:
    r"""The modified Bessel function of the second kind and order 1, scaled: $e^x K_1(x)$.

    Args:
        x: real, any shape.

    Returns:
        The array, in the shape of `x`; integers give float32. Infinite at 0, NaN below.

    Raises:
        DtypeError: `x` is complex.

    >>> fg.round(fg.special.scaled_modified_bessel_k1(fg.tensor([0.0, 1.0, 100.0])), decimals=4)
    Array([   inf, 1.6362, 0.1258], dtype=float32)

    Source: ``torch.special.scaled_modified_bessel_k1``.
    """
    return real_function("scaled_modified_bessel_k1", _k1e, x)


# The first kind. Its derivatives are moments of one distribution on the circle (DLMF 10.32.1), all of one sign:
# M_m(x) = mean of exp(-x (1 - cos t)) (1 - cos t)**m, of which M_0 is i0e, M_0 - M_1 is i1e, and M_m' is -M_{m+1}.


@functools.cache
def _moment(m: int) -> Callable[[Array], Array]:
    """M_m for x >= 0."""

    @partials(lambda out, x: -_moment(m + 1)(x))
    def moment(x: Array) -> Array:
        if m == 0:
            return jax.lax.bessel_i0e(x)
        split, nodes, terms = (30.0, 30 + m, 22 + 2 * m) if x.dtype == jnp.float64 else (12.0, 14 + m, 12 + 2 * m)
        near = x < split
        close, far = jnp.where(near, x, 0), jnp.where(near, split, x)
        heights = [2 * math.sin((j + 0.5) * math.pi / (2 * nodes)) ** 2 for j in range(nodes)]
        inner = sum(h**m * jnp.exp(-h * close) for h in heights) / nodes
        # Watson's lemma: the integrand's binomial series in 1 - cos t, term by term.
        series = jnp.zeros_like(far)
        for j in reversed(range(terms)):
            series = series / far + math.comb(2 * j, j) / 8**j * math.gamma(m + j + 0.5)
        outer = series / (math.pi * math.sqrt(2)) / jnp.sqrt(far) / far**m
        return jnp.where(jnp.isnan(x), x, jnp.where(near, inner, outer))

    return moment


@functools.cache
def _i0(order: int) -> Callable[[Array], Array]:
    """The derivative of I0 of this order, for which I1 is the first: the mean of exp(x cos t) cos(t)**order."""

    @partials(lambda out, x: _i0(order + 1)(x))
    def derivative(x: Array) -> Array:
        size = jnp.abs(x)
        if order == 1:
            return jnp.exp(size) * jax.lax.bessel_i1e(x)
        # Near 0 odd derivatives vanish, and in the sum of moments their digits would.
        nodes = [math.cos((j + 0.5) * math.pi / 24) for j in range(12)]
        close = jnp.where(size < 1, x, 0)
        near = sum(c**order * (jnp.sinh if order % 2 else jnp.cosh)(c * close) for c in nodes) / 12
        powers = [(-1) ** k * math.comb(order, k) * _moment(k)(size) for k in range(order + 1)]
        far = jnp.exp(size) * sum(powers) * (jnp.sign(x) if order % 2 else 1)
        return jnp.where(size < 1, near, far)

    return derivative


@partials(lambda out, x: -jnp.sign(x) * _moment(1)(jnp.abs(x)))
def _i0e(x: Array) -> Array:
    return jax.lax.bessel_i0e(x)


@partials(lambda out, x: _moment(2)(jnp.abs(x)) - _moment(1)(jnp.abs(x)))
def _i1e(x: Array) -> Array:
    return jax.lax.bessel_i1e(x)


# The second kind: N_m(x) = the integral of exp(-x (cosh t - 1)) (cosh t - 1)**m over t > 0 (DLMF 10.32.9), of which
# N_0 is e^x K_0, N_0 + N_1 is e^x K_1, and N_m' is -N_{m+1}.


@functools.cache
def _k0e(m: int) -> Callable[[Array], Array]:
    """N_m."""

    @partials(lambda out, x: -_k0e(m + 1)(x))
    def moment(x: Array) -> Array:
        near = x < 1
        close, far = jnp.where(near & (x > 0), x, 1), jnp.where(near | jnp.isnan(x), 1, x)
        outer = jnp.zeros_like(far)
        # cosh t - 1 is v**2 / x, which makes a Gaussian of the integrand.
        for weight, square in gaussian_nodes(x.dtype, math.sqrt(2)):
            if m == 0 or square:
                outer = outer + weight * square**m * jax.lax.rsqrt(1 + square / (2 * far))
        outer = outer / jnp.sqrt(2 * far) / far**m
        inner = _near_k0e(m, close)
        return jnp.where(x > 0, jnp.where(near, inner, outer), jnp.where(x == 0, jnp.inf, jnp.nan))

    return moment


def _near_k0e(m: int, x: Array) -> Array:
    """N_m for 0 < x <= 1: the series of K, then up by the derivatives of Bessel's equation."""
    grown = jnp.exp(x)
    k0, k1 = _near_k(0, x), _near_k(1, x)
    lower, upper = grown * k0, grown * (k1 - k0)
    for k in range(m):
        lower, upper = upper, ((k + 1 - 2 * x) * upper + (2 * k + 1) * lower) / x
    return lower


def _near_k(order: int, x: Array) -> Array:
    """K of order 0 or 1 for 0 < x <= 1 (DLMF 10.31.1 and 10.31.2)."""
    z = x * x / 4
    log = jnp.log(x / 2)
    regular, other = jnp.zeros_like(x), jnp.zeros_like(x)
    for k in reversed(range(11)):
        scale = 1 / (math.factorial(k) * math.factorial(k + order))
        harmonic = 2 * sum(1 / j for j in range(1, k + 1)) + order / (k + 1) - 2 * np.euler_gamma
        regular, other = regular * z + scale, other * z + harmonic / 2 * scale
    if order:
        return 1 / x + x / 2 * (log * regular - other)
    return other - log * regular


@partials(lambda out, x: -_k0e(1)(x) - _k0e(2)(x))
def _k1e(x: Array) -> Array:
    near = x < 1
    close = jnp.where(near & (x > 0), x, 1)
    return jnp.where(near & (x > 0), jnp.exp(close) * _near_k(1, close), _k0e(0)(x) + _k0e(1)(x))


@partials(lambda out, x: -_k1(x))
def _k0(x: Array) -> Array:
    return jnp.where(x >= 0, jnp.exp(-x), 1) * _k0e(0)(x)


@partials(lambda out, x: jnp.where(x == 0, -jnp.inf, -_k0(x) - out / jnp.where(x == 0, 1, x)))
def _k1(x: Array) -> Array:
    return jnp.where(x >= 0, jnp.exp(-x), 1) * _k1e(x)
