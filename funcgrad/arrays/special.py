"""Activations and special functions."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .._checks import resolve_dtype
from .._op import op
from .._types import Array, ArrayLike, Dim, DtypeLike
from . import _double
from ._pointwise import as_float, fit, in_single, partials
from .rounding import clamp
from .signs import abs

__all__ = [
    "sigmoid",
    "expit",
    "logit",
    "relu",
    "softmax",
    "log_softmax",
    "erf",
    "erfc",
    "erfinv",
    "lgamma",
    "digamma",
    "i0",
]


@op
@in_single
def sigmoid(input: ArrayLike) -> Array:
    """The logistic function $1 / (1 + e^{-x})$, without overflow.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.sigmoid(fg.tensor([-100.0, 0.0, 100.0]))
    Array([0. , 0.5, 1. ], dtype=float32)

    Source: ``torch.sigmoid``.
    """
    return jax.nn.sigmoid(as_float(input))


expit = sigmoid


@op
def logit(input: ArrayLike, eps: float | None = None) -> Array:
    r"""The inverse of the sigmoid, $\ln(x / (1 - x))$.

    Args:
        input: probabilities, any shape; the result is NaN outside [0, 1].
        eps: clamp `input` to [eps, 1 - eps] first.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.logit(fg.tensor([0.0, 0.5, 1.0]), 1e-3)
    Array([-6.906755,  0.      ,  6.906768], dtype=float32)

    Source: ``torch.logit``.
    """
    fit("logit", input, real=True)
    x = as_float(input)
    if eps is not None:
        x = clamp(x, eps, 1 - eps)
    return _logit(x)


@partials(lambda out, x: jnp.where((x < 0) | (x > 1), jnp.nan, 1 / (x * (1 - x))))
def _logit(x: Array) -> Array:
    return jnp.log(x / (1 - x))


@op
def relu(input: ArrayLike) -> Array:
    r"""The rectifier $\max(x, 0)$; its derivative at 0 is 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.relu(fg.tensor([-1.0, 0.0, 2.0]))
    Array([0., 0., 2.], dtype=float32)

    Source: ``torch.relu``.
    """
    fit("relu", input, real=True)
    x = jnp.asarray(input)
    return _relu(x) if jnp.issubdtype(x.dtype, jnp.floating) else jax.nn.relu(x)


@partials(lambda out, x: ~(x <= 0))
def _relu(x: Array) -> Array:
    """JAX's derivative at NaN is 0."""
    return jax.nn.relu(x)


@op
@in_single
def softmax(input: ArrayLike, dim: Dim, dtype: DtypeLike | None = None) -> Array:
    r"""Exponentials that sum to 1, $e^{x_i} / \sum_j e^{x_j}$, without overflow.

    Args:
        input: any shape.
        dim: the dimension along which the results sum to 1.
        dtype: convert `input` to this dtype first.

    Returns:
        The array, in the shape of `input`; integers give float32. A slice of minus infinities gives NaN.

    Raises:
        DimError: there is no such dimension.

    >>> fg.softmax(fg.tensor([[0.0, 0.0], [0.0, 1000.0]]), dim=1)
    Array([[0.5, 0.5],
           [0. , 1. ]], dtype=float32)

    Source: ``torch.softmax``.
    """
    x = as_float(input) if dtype is None else jnp.asarray(input, resolve_dtype("softmax", dtype))
    return jax.nn.softmax(x, dim if x.ndim else ())


@op
@in_single
def log_softmax(input: ArrayLike, dim: Dim, dtype: DtypeLike | None = None) -> Array:
    r"""The logarithm of the softmax, $x_i - \ln \sum_j e^{x_j}$, without overflow or cancellation.

    Args:
        input: any shape.
        dim: the dimension along which the exponentials of the results sum to 1.
        dtype: convert `input` to this dtype first.

    Returns:
        The array, in the shape of `input`; integers give float32. A slice of minus infinities gives NaN.

    Raises:
        DimError: there is no such dimension.

    >>> fg.log_softmax(fg.tensor([0.0, 1000.0]), dim=0)
    Array([-1000.,     0.], dtype=float32)

    Source: ``torch.log_softmax``.
    """
    x = as_float(input) if dtype is None else jnp.asarray(input, resolve_dtype("log_softmax", dtype))
    return jax.nn.log_softmax(x, dim if x.ndim else ())


@op
def erf(input: ArrayLike) -> Array:
    r"""The error function $\frac{2}{\sqrt{\pi}} \int_0^x e^{-t^2} dt$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.erf(fg.tensor([0.0, 1.0]))
    Array([0.        , 0.84270084], dtype=float32)

    Source: ``torch.erf``.
    """
    fit("erf", input, real=True)
    return jax.lax.erf(as_float(input))


@op
def erfc(input: ArrayLike) -> Array:
    """The complementary error function $1 - erf(x)$, exact also for large $x$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.erfc(fg.tensor([0.0, 3.0]))
    Array([1.0000000e+00, 2.2090497e-05], dtype=float32)

    Source: ``torch.erfc``.
    """
    fit("erfc", input, real=True)
    return jax.lax.erfc(as_float(input))


@op
def erfinv(input: ArrayLike) -> Array:
    """The inverse of the error function; infinite at -1 and 1, NaN outside.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.erfinv(fg.tensor([0.0, 0.5, 1.0]))
    Array([0.        , 0.47693628,        inf], dtype=float32)

    Source: ``torch.erfinv``.
    """
    fit("erfinv", input, real=True)
    return jax.lax.erf_inv(as_float(input))


@op
def lgamma(input: ArrayLike) -> Array:
    r"""The logarithm of the absolute value of the gamma function, $\ln |\Gamma(x)|$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.lgamma(fg.tensor([1.0, 5.0])), decimals=3)
    Array([0.   , 3.178], dtype=float32)

    Source: ``torch.lgamma``.
    """
    fit("lgamma", input, real=True)
    return _lgamma(as_float(input))


@op
def digamma(input: ArrayLike) -> Array:
    r"""The derivative of $\ln \Gamma(x)$; NaN at negative integers.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.digamma(fg.tensor([1.0, -0.5]))
    Array([-0.5772154 ,  0.03648994], dtype=float32)

    Source: ``torch.digamma``.
    """
    fit("digamma", input, real=True)
    return _digamma(as_float(input))


@partials(lambda out, x: _digamma(x))
def _lgamma(x: Array) -> Array:
    """XLA's value at 1, and in some versions at 2, is 4.8e-7 in 32 bits."""
    return jnp.where((x == 1) | (x == 2), 0, _double.lgamma(x))


@partials(lambda out, x: _trigamma(x))
def _digamma(x: Array) -> Array:
    return jnp.where(x == 0, jnp.copysign(jnp.inf, -x), jax.lax.digamma(jnp.where(x == 0, 1, x)))


def _trigamma(x: Array) -> Array:
    """The derivative of digamma; JAX's own is wrong below 0, where this reflects."""
    left = x < 0.5
    right = jnp.where(left, 1 - x, x)
    series = jax.scipy.special.zeta(2, right)
    sine = jnp.sin(jnp.pi * (x - jax.lax.stop_gradient(jnp.round(x))))
    value = jnp.where(left, (jnp.pi / jnp.where(left, sine, 1)) ** 2 - series, series)
    return jnp.where(x == jnp.inf, 0, value)


@op
@in_single
def i0(input: ArrayLike) -> Array:
    """The modified Bessel function of the first kind and order 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.i0(fg.tensor([0.0, 1.0]))
    Array([1.0000001, 1.266066 ], dtype=float32)

    Source: ``torch.i0``.
    """
    fit("i0", input, real=True)
    return _i0(as_float(input))


@partials(lambda out, x: jnp.exp(abs(x)) * jax.lax.bessel_i1e(x))
def _i0(x: Array) -> Array:
    return jnp.exp(abs(x)) * jax.lax.bessel_i0e(x)
