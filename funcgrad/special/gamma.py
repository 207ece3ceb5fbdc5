"""The gamma function and its relatives."""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import integer
from .._op import op
from .._types import Array, ArrayLike
from ..arrays._pointwise import partials, promoted
from ..arrays.special import _digamma, _lgamma
from ._series import real_function

__all__ = ["gammainc", "gammaincc", "multigammaln", "polygamma", "zeta"]


@op
def polygamma(n: int, input: ArrayLike) -> Array:
    r"""The derivative of order `n` of the digamma function, $(-1)^{n + 1} n! \, \zeta(n + 1, x)$ for $n > 0$.

    Args:
        n: the order, 0 or more.
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32. At 0, -1, -2, … infinite (NaN for `n` of 0 below 0).

    Raises:
        ArgumentError: `n` is negative.
        DtypeError: `input` is complex.

    >>> fg.round(fg.polygamma(1, fg.tensor([1.0, 0.5, -0.5])), decimals=3)
    Array([1.645, 4.935, 8.935], dtype=float32)

    Source: ``torch.polygamma``.
    """
    order = integer("polygamma", "n", n, least=0)
    return real_function("polygamma", lambda x: _polygamma(order, x), input)


def _polygamma(n: int, x: Array) -> Array:
    if n == 0:
        return _digamma(x)
    sign = 1 if n % 2 else -1
    order = jnp.full_like(x, n + 1)
    return sign * jnp.exp(_lgamma(order)) * _zeta(order, x) if n > 30 else sign * math.factorial(n) * _zeta(order, x)


@op
def zeta(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The Hurwitz zeta function $\zeta(s, q) = \sum_{k \ge 0} (k + q)^{-s}$.

    Args:
        input: $s$, above 1; the result is infinite at 1 and NaN below.
        other: $q$; infinite at 0, -1, -2, …; below 0 only for whole $s$, otherwise NaN.

    Returns:
        The array, in the common shape and dtype; integers give float32.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: an operand is complex.

    >>> fg.round(fg.special.zeta(2.0, fg.tensor([1.0, 2.0, -0.5])), decimals=3)
    Array([1.645, 0.645, 8.935], dtype=float32)

    Source: ``torch.special.zeta``.
    """
    s, q = promoted("zeta", input, other, real=True)
    wide = jnp.promote_types(s.dtype, jnp.float32)
    return _zeta(s.astype(wide), q.astype(wide)).astype(s.dtype)


@partials(lambda out, s, q: _zeta_by_order(s, q), lambda out, s, q: -s * _zeta(s + 1, q))
def _zeta(s: Array, q: Array) -> Array:
    regular = (s > 1) & (s < jnp.inf)
    order = jnp.where(regular, s, 2)
    below = q < 0
    # The sum over all whole numbers depends on the fraction alone: what it leaves on the left are positive arguments.
    up, down = q - jnp.floor(q), jnp.ceil(q) - q
    up, down = (jnp.where(below & (part > 0), part, 1) for part in (up, down))
    sign = jnp.where(order % 2 == 0, 1, -1)
    reflected = sign * (jax.lax.zeta(order, down) - jax.lax.zeta(order, 1 - jnp.where(below, q, 0)))
    reflected = jnp.where(order == jnp.floor(order), reflected + jax.lax.zeta(order, up), jnp.nan)
    value = jnp.where(below, reflected, jax.lax.zeta(order, jnp.where(q > 0, q, 1)))
    value = jnp.where((q <= 0) & (q == jnp.floor(q)), jnp.inf, value)
    value = jnp.where(jnp.isinf(q), jnp.where(q > 0, 0, jnp.nan), value)
    value = jnp.where(regular, value, jnp.where(s == 1, jnp.inf, jnp.nan))
    value = jnp.where(s == jnp.inf, jnp.where(q > 1, 0, jnp.where(q == 1, 1, jnp.inf)), value)
    return jnp.where(jnp.isnan(s) | jnp.isnan(q), jnp.nan, value)


def _zeta_by_order(s: Array, q: Array) -> Array:
    """The derivative by s, which exists for q > 0."""
    there = (s > 1) & (q > 0)
    s, q = jnp.where(there, s, 2), jnp.where(there, q, 1)
    return jnp.where(there, jax.jvp(lambda s: _euler_maclaurin(s, q), (s,), (jnp.ones_like(s),))[1], jnp.nan)


def _euler_maclaurin(s: Array, q: Array) -> Array:
    """The zeta function for q > 0 by the first terms and the Euler–Maclaurin formula (DLMF 25.11.28)."""
    first, corrections = 12, (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
    total = sum((q + k) ** -s for k in range(first))
    w = q + first
    total = total + w**-s * (w / (s - 1) + 0.5)
    rising = s
    for j, bernoulli in enumerate(corrections, 1):
        total = total + bernoulli / math.factorial(2 * j) * rising * w ** (-s - 2 * j + 1)
        rising = rising * (s + 2 * j - 1) * (s + 2 * j)
    return total


@op
def gammainc(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The regularised lower incomplete gamma function $P(a, x) = \int_0^x t^{a-1} e^{-t} dt / \Gamma(a)$.

    Args:
        input: $a$, 0 or more; NaN below.
        other: $x$, 0 or more; NaN below.

    Returns:
        The array, in the common shape and dtype; integers give float32. The error of float32 is below 2e-6, and below
        2e-7 from an $a$ of 4 on; where the result is small, below 5e-5 of it.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: an operand is complex.

    >>> fg.round(fg.special.gammainc(2.0, fg.tensor([0.0, 1.0, 10.0])), decimals=4)
    Array([0.    , 0.2642, 0.9995], dtype=float32)

    Source: ``torch.special.gammainc``.
    """
    return _incomplete("gammainc", False, input, other)


@op
def gammaincc(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The regularised upper incomplete gamma function $Q(a, x) = \int_x^\infty t^{a-1} e^{-t} dt / \Gamma(a)$.

    Args:
        input: $a$, 0 or more; NaN below.
        other: $x$, 0 or more; NaN below.

    Returns:
        The array, in the common shape and dtype; integers give float32. The error of float32 is below 2e-6, and below
        2e-7 from an $a$ of 4 on; where the result is small, below 5e-5 of it.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: an operand is complex.

    >>> fg.round(fg.special.gammaincc(2.0, fg.tensor([0.0, 1.0, 3.0])), decimals=4)
    Array([1.    , 0.7358, 0.1991], dtype=float32)

    Source: ``torch.special.gammaincc``.
    """
    return _incomplete("gammaincc", True, input, other)


def _incomplete(name: str, upper: bool, input: ArrayLike, other: ArrayLike) -> Array:
    a, x = promoted(name, input, other, real=True)
    wide = jnp.promote_types(a.dtype, jnp.float32)
    return (_upper if upper else _lower)(a.astype(wide), x.astype(wide)).astype(a.dtype)


@partials(lambda out, a, x: jax.lax.igamma_grad_a(a, x), lambda out, a, x: _density(a, x))
def _lower(a: Array, x: Array) -> Array:
    return _ends(a, x, functools.partial(_uniform, jax.lax.igamma, -1.0), 0.0)


@partials(lambda out, a, x: -jax.lax.igamma_grad_a(a, x), lambda out, a, x: -_density(a, x))
def _upper(a: Array, x: Array) -> Array:
    return _ends(a, x, functools.partial(_uniform, jax.lax.igammac, 1.0), 1.0)


_LEAST, _TERMS = 4, 24


@functools.cache
def _temme() -> list[list[float]]:
    r"""The coefficients $d_{kn}$ of $\eta^n$ in $c_k(\eta)$ (DLMF 8.12.9 to 8.12.11), exact and then rounded.

    With $\mu = x / a - 1$ and $\eta^2 / 2 = \mu - \log(1 + \mu)$ it is $c_0 = 1 / \mu - 1 / \eta$, and
    $c_k = c_{k-1}' / \eta - d_{k-1,1} / \mu$, where the poles cancel.
    """
    orders = 12
    count = _TERMS + 2 * orders + 2
    mu = [Fraction(0), Fraction(1)]  # from mu' mu = eta (1 + mu)
    for n in range(2, count + 1):
        mu.append((mu[n - 1] - sum(j * mu[j] * mu[n + 1 - j] for j in range(2, n))) / (n + 1))
    inverse = [Fraction(1)]  # of mu / eta
    for n in range(1, count):
        inverse.append(-sum((mu[j + 1] * inverse[n - j] for j in range(1, n + 1)), Fraction(0)))
    first = inverse[1:]
    rows = [first]
    for _ in range(1, orders):
        last = rows[-1]
        rows.append([(n + 2) * last[n + 2] - last[1] * first[n] for n in range(len(last) - 2)])
    return [[float(d) for d in row[:_TERMS]] for row in rows]


def _bend(mu: Array) -> Array:
    """``mu - log(1 + mu)``, without its cancellation near 0."""
    s = mu / (2 + mu)
    small = jnp.abs(s) < 0.2
    near, far = jnp.where(small, s, 0), jnp.where(small, 0, mu)
    square = near * near
    series = jnp.zeros_like(mu)  # of (atanh(s) - s) / s**3
    for k in range(13 if mu.dtype == jnp.float64 else 7, 0, -1):
        series = series * square + 1 / (2 * k + 1)
    return jnp.where(small, near * (mu - 2 * square * series), far - jnp.log1p(far))


def _uniform(function: Any, side: float, a: Array, x: Array) -> Array:
    r"""`function` of a > 0 and x > 0, near its bend by the expansion that is uniform there (Temme, 1979; DLMF 8.12).

    $Q(a, x) = \frac12 \mathrm{erfc}(\eta \sqrt{a / 2}) + e^{-a \eta^2 / 2} \sum_k c_k(\eta) a^{-k} / \sqrt{2 \pi a}$.
    Other ways take the exponential of a difference of numbers as large as $a \ln a$, and as many terms as its root.
    """
    least, reach, orders = (_LEAST, 1.5, 8) if a.dtype == jnp.float32 else (20, 0.5, 12)
    half = jnp.maximum(_bend((x - a) / a), 0)
    eta = jnp.sign(x - a) * jnp.sqrt(2 * half)
    there = (a >= least) & (jnp.abs(eta) <= reach)
    eta, half, large = jnp.where(there, eta, 0), jnp.where(there, half, 0), jnp.where(there, a, 100)
    total = jnp.zeros_like(a)
    for row in reversed(_temme()[:orders]):
        inner = jnp.zeros_like(a)
        for d in reversed(row):
            inner = inner * eta + d
        total = total / large + inner
    rest = jnp.exp(-large * half) * total / jnp.sqrt(2 * math.pi * large)
    near = jax.lax.erfc(side * eta * jnp.sqrt(large / 2)) / 2 + side * rest
    return jnp.where(there, near, function(jnp.where(there, 1, a), jnp.where(there, 1, x)))


def _ends(a: Array, x: Array, function: Any, at_zero: float) -> Array:
    """`function` inside the quadrant, and the limits on its edges."""
    inside = (a > 0) & (x > 0) & jnp.isfinite(a) & jnp.isfinite(x)
    value = function(jnp.where(inside, a, 1), jnp.where(inside, x, 1))
    none = jnp.isnan(a) | jnp.isnan(x) | (a < 0) | (x < 0) | ((a == 0) & (x == 0)) | (jnp.isinf(a) & jnp.isinf(x))
    edge = jnp.where((x == 0) | jnp.isinf(a), at_zero, 1 - at_zero)
    return jnp.where(none, jnp.nan, jnp.where(inside, value, edge))


def _density(a: Array, x: Array) -> Array:
    """The density of the gamma distribution; from some `a` on by Stirling's series, without numbers as large as `a`."""
    large = a >= (_LEAST if a.dtype == jnp.float32 else 20)
    b, y = jnp.where(large, a, 100), jnp.where(large, x, 100)
    correction = jnp.zeros_like(b)
    for c in (-3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        correction = correction / (b * b) + c
    far = jnp.exp(-b * _bend((y - b) / b) - correction / b) * jnp.sqrt(b / (2 * math.pi)) / y
    a, x = jnp.where(large, 1, a), jnp.where(large, 1, x)
    return jnp.where(large, far, jnp.exp((a - 1) * jnp.log(x) - x - _lgamma(a)))


@op
def multigammaln(a: ArrayLike, p: int) -> Array:
    r"""The logarithm of the multivariate gamma function, $\ln(\pi^{p(p-1)/4} \prod_{j<p} \Gamma(a - j/2))$.

    Args:
        a: real, any shape, above (p - 1) / 2.
        p: the dimension, 1 or more.

    Returns:
        The array, in the shape of `a`; integers give float32.

    Raises:
        ArgumentError: `p` is less than 1.
        DtypeError: `a` is complex.

    >>> fg.round(fg.special.multigammaln(fg.tensor([2.0, 3.5]), 2), decimals=3)
    Array([0.452, 2.466], dtype=float32)

    Source: ``torch.special.multigammaln``.
    """
    count = integer("multigammaln", "p", p, least=1)
    return real_function("multigammaln", lambda x: _multigammaln(x, count), a)


def _multigammaln(x: Array, p: int) -> Array:
    parts = _lgamma(x[..., None] - np.arange(p, dtype=x.dtype) / 2)
    return p * (p - 1) / 4 * math.log(math.pi) + parts.sum(-1)
