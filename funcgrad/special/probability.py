"""The normal distribution, entropy, and logarithms of products."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike
from ..arrays._pointwise import partials, promoted
from ._series import gaussian_nodes, real_function

__all__ = ["entr", "erfcx", "log_ndtr", "ndtr", "ndtri", "xlog1py"]


@op
def erfcx(input: ArrayLike) -> Array:
    r"""The scaled complementary error function $e^{x^2} erfc(x)$.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.erfcx(fg.tensor([-1.0, 0.0, 100.0])), decimals=4)
    Array([5.009 , 1.    , 0.0056], dtype=float32)

    Source: ``torch.special.erfcx``.
    """
    return real_function("erfcx", _erfcx, input)


@partials(lambda out, x: _erfcx_slope(x))
def _erfcx(x: Array) -> Array:
    near = x < 1
    close = jnp.where(near, x, 0)
    return jnp.where(near, _exp_of_square(close) * jax.lax.erfc(close), _gaussian_mean(x, 1.0, lambda part: part))


def _erfcx_slope(x: Array) -> Array:
    """The derivative 2x erfcx(x) - 2 / sqrt(pi); where that cancels, the derivative of the integral."""
    near = x < 2
    close = jnp.where(near, x, 0)
    far = _gaussian_mean(x, 2.0, lambda part: part * (1 - 2 * part)) / jnp.where(near, 2, x)
    return jnp.where(near, 2 * close * _erfcx(close) - 2 / math.sqrt(math.pi), far)


def _gaussian_mean(x: Array, least: float, term: Callable[[Array], Array]) -> Array:
    """The integral of exp(-v^2) term(p) / (pi x) with p = x^2 / (x^2 + v^2), for x >= `least` (DLMF 7.7.1)."""
    x = jnp.where(x < least, least, x)
    nodes = gaussian_nodes(x.dtype, least)
    return sum((w * term(1 / (1 + square / x / x)) for w, square in nodes), jnp.zeros_like(x)) / (math.pi * x)


def _exp_of_square(x: Array, scale: float = 1.0) -> Array:
    """exp(scale x^2) with `scale` a power of 2 in size: x^2 in two parts, because its rounding would be magnified."""
    bits = 23 if x.dtype == jnp.float64 else 10
    head = jax.lax.reduce_precision(x, 11 if bits == 23 else 8, bits)
    head = jnp.where(jnp.isfinite(x), head, x)
    rest = jnp.where(jnp.isfinite(x), x - head, 0) * (x + head)
    main = jnp.exp(scale * head * head)  # a product of two exponentials XLA would take as that of the sum
    inside = jnp.isfinite(rest) & jnp.isfinite(main)
    return jnp.where(inside, main + main * jnp.expm1(scale * jnp.where(inside, rest, 0)), main)


@op
def ndtr(input: ArrayLike) -> Array:
    r"""The distribution function of the normal distribution, $\Phi(x) = erfc(-x / \sqrt{2}) / 2$.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.ndtr(fg.tensor([-1.0, 0.0, 1.0])), decimals=4)
    Array([0.1587, 0.5   , 0.8413], dtype=float32)

    Source: ``torch.special.ndtr``.
    """
    return real_function("ndtr", _ndtr, input)


def _density(x: Array) -> Array:
    return _exp_of_square(x, -0.5) / math.sqrt(2 * math.pi)


@partials(lambda out, x: _density(x))
def _ndtr(x: Array) -> Array:
    left = x < -2
    tail = jnp.where(left, x, -2)
    scaled = _exp_of_square(tail, -0.5) * _erfcx(tail * -math.sqrt(0.5))
    return jnp.where(left, scaled, jax.lax.erfc(jnp.where(left, -2, x) * -math.sqrt(0.5))) / 2


@op
def log_ndtr(input: ArrayLike) -> Array:
    r"""The logarithm of the normal distribution function, $\ln \Phi(x)$, exact also far below 0.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.log_ndtr(fg.tensor([-20.0, 0.0])), decimals=3)
    Array([-203.917,   -0.693], dtype=float32)

    Source: ``torch.special.log_ndtr``.
    """
    return real_function("log_ndtr", _log_ndtr, input)


@partials(lambda out, x: _hazard(x))
def _log_ndtr(x: Array) -> Array:
    left, right = x < -1, x > 0.5
    tail = jnp.where(left, x, -1)
    below = jnp.log(_erfcx(tail * -math.sqrt(0.5)) / 2) - tail * tail / 2
    above = jnp.log1p(-_ndtr(-jnp.where(right, x, 1)))
    return jnp.where(left, below, jnp.where(right, above, jnp.log(_ndtr(jnp.where(left | right, 0, x)))))


def _hazard(x: Array) -> Array:
    """The derivative of log_ndtr: the density over the distribution function."""
    left = x < -1
    tail, body = jnp.where(left, x, -1), jnp.where(left, 0, x)
    return jnp.where(left, math.sqrt(2 / math.pi) / _erfcx(tail * -math.sqrt(0.5)), _density(body) / _ndtr(body))


@op
def ndtri(input: ArrayLike) -> Array:
    """The inverse of the normal distribution function: infinite at 0 and 1, NaN outside.

    Args:
        input: probabilities, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.ndtri(fg.tensor([0.0, 0.5, 0.975])), decimals=3)
    Array([-inf, 0.  , 1.96], dtype=float32)

    Source: ``torch.special.ndtri``.
    """
    return real_function("ndtri", _ndtri, input)


@partials(lambda out, x: math.sqrt(2 * math.pi) * jnp.exp(_ndtri(x) ** 2 / 2))
def _ndtri(x: Array) -> Array:
    return jax.scipy.special.ndtri(x)


@op
def entr(input: ArrayLike) -> Array:
    r"""The entropy of each element, $-x \ln x$: 0 at 0, minus infinity below.

    Args:
        input: real, any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.round(fg.special.entr(fg.tensor([0.0, 0.5, 1.0])), decimals=4) + 0.0
    Array([0.    , 0.3466, 0.    ], dtype=float32)

    Source: ``torch.special.entr``.
    """
    return real_function("entr", _entr, input)


@partials(lambda out, x: -1 - jnp.log(x))
def _entr(x: Array) -> Array:
    inside = jnp.where(x > 0, x, 1)
    return jnp.where(x > 0, -inside * jnp.log(inside), jnp.where(x == 0, 0, jnp.where(x < 0, -jnp.inf, x)))


@op
def xlog1py(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The product $x \ln(1 + y)$, which is 0 where $x$ is 0, unless $y$ is NaN.

    Args:
        input: $x$, an array or number.
        other: $y$, an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; integers give float32.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: an operand is complex.

    >>> fg.special.xlog1py(fg.tensor([0.0, 1.0]), fg.tensor([-1.0, 1.0]))
    Array([0.       , 0.6931472], dtype=float32)

    Source: ``torch.special.xlog1py``.
    """
    return _xlog1py(*promoted("xlog1py", input, other, real=True))


@partials(
    lambda out, x, y: jnp.where((x == 0) & (y <= -1), 0, jnp.log1p(y)),
    lambda out, x, y: jnp.where((x == 0) & (y == -1), 0, x / (1 + y)),
)
def _xlog1py(x: Array, y: Array) -> Array:
    zero = (x == 0) & ~jnp.isnan(y)
    return jnp.where(zero, 0, x * jnp.log1p(jnp.where(zero, 0, y)))
