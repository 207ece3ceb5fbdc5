"""Orthogonal polynomials: Chebyshev, Hermite, Laguerre, Legendre."""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from .._checks import default_float
from .._claims import claim, visible
from .._errors import ArgumentError
from .._op import op
from .._types import Array, ArrayLike
from ..arrays._pointwise import fit, is_exact, partials

__all__ = [
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
]

_Values: TypeAlias = Callable[[Array, Array], Array]
_Step: TypeAlias = Callable[[Array, Array, Array, Array], Array]


def _family(first: Callable[[Array], Array], step: _Step, slope: Callable[[Array, Array], Array]) -> _Values:
    """p_n(x) from p_0 = 1, p_1 = first(x) and p_{k+1} = step(k, x, p_k, p_{k-1}), with derivative slope(x, n).

    The degrees are values of the program, each element has its own; polynomials of a negative degree are 0.
    """

    @partials(lambda out, x, n: slope(x, n), lambda out, x, n: jnp.zeros_like(out))
    def values(x: Array, n: Array) -> Array:
        def body(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            k, before, now = state
            goes_on = k < n
            after = step(k.astype(x.dtype), x, now, before)
            return k + 1, jnp.where(goes_on, now, before), jnp.where(goes_on, after, now)

        highest = jnp.max(n, initial=1)
        start = (jnp.asarray(1, n.dtype), jnp.ones_like(x), first(x))
        _, _, now = jax.lax.while_loop(lambda state: state[0] < highest, body, start)
        return jnp.where(n < 1, (n == 0).astype(x.dtype), now)

    return values


@functools.cache
def _gegenbauer(index: Fraction) -> _Values:
    """The polynomials C, whose derivatives are again such (DLMF 18.9.19): 2 index C^(index + 1) of one degree less."""
    a = float(index)
    return _family(
        lambda x: 2 * a * x,
        lambda k, x, now, before: (2 * (k + a) * x * now - (k + 2 * a - 1) * before) / (k + 1),
        lambda x, n: 2 * a * _gegenbauer(index + 1)(x, n - 1),
    )


@functools.cache
def _laguerre(index: int) -> _Values:
    """The generalised Laguerre polynomials, whose derivatives are again such (DLMF 18.9.23)."""
    return _family(
        lambda x: 1 + index - x,
        lambda k, x, now, before: ((2 * k + 1 + index - x) * now - (k + index) * before) / (k + 1),
        lambda x, n: -_laguerre(index + 1)(x, n - 1),
    )


def _chebyshev(first: Callable[[Array], Array], slope: Callable[[Array, Array], Array]) -> _Values:
    return _family(first, lambda k, x, now, before: 2 * x * now - before, slope)


def _second_slope(x: Array, n: Array) -> Array:
    """The derivative of U."""
    return 2 * _gegenbauer(Fraction(2))(x, n - 1)


_U = _chebyshev(lambda x: 2 * x, _second_slope)
_T = _chebyshev(lambda x: x, lambda x, n: n * _U(x, n - 1))
_V = _chebyshev(lambda x: 2 * x - 1, lambda x, n: _second_slope(x, n) - _second_slope(x, n - 1))
_W = _chebyshev(lambda x: 2 * x + 1, lambda x, n: _second_slope(x, n) + _second_slope(x, n - 1))
_H: _Values = _family(
    lambda x: 2 * x, lambda k, x, now, before: 2 * (x * now - k * before), lambda x, n: 2 * n * _H(x, n - 1)
)
_HE: _Values = _family(lambda x: x, lambda k, x, now, before: x * now - k * before, lambda x, n: n * _HE(x, n - 1))


def _word(
    name: str, values: _Values, title: str, rule: str, example: tuple[str, str], shifted: bool = False
) -> Callable[..., Array]:
    """The public word over a family: its operands checked and brought to one shape."""

    def check(n: Any) -> None:
        degrees = None if is_exact(n) else visible(n)
        if degrees is not None:
            whole = degrees.round() == degrees
            claim(ArgumentError, name, "n must be whole", "got a fraction or NaN", "pass ints", whole)

    def word(input: ArrayLike, n: ArrayLike) -> Array:
        fit(name, input, n, real=True)
        dtype = jnp.result_type(input, n)
        dtype = dtype if jnp.issubdtype(dtype, jnp.floating) else default_float()
        wide = jnp.promote_types(dtype, jnp.float32)
        x, degrees = jnp.broadcast_arrays(jnp.asarray(input, wide), jnp.asarray(n).astype(jnp.int32))
        return values(2 * x - 1 if shifted else x, degrees).astype(dtype)

    word.__name__ = word.__qualname__ = name
    word.__doc__ = f"""{title}

    {rule}; 0 for a negative degree.

    Args:
        input: real, any shape.
        n: the degrees, whole numbers that broadcast with `input`; they are not differentiated.

    Returns:
        The array, in the common shape; integers give float32.

    Raises:
        ArgumentError: a degree is a fraction (under a transform the fraction is dropped).
        ShapeError: the shapes do not broadcast.
        DtypeError: `input` is complex.

    >>> fg.special.{name}({example[0]})
    {example[1]}

    Source: ``torch.special.{name}``.
    """
    return op(check=check)(word)


_X = "fg.tensor([-1.0, 0.5, 2.0]), 3"

chebyshev_polynomial_t = _word(
    "chebyshev_polynomial_t",
    _T,
    "Chebyshev polynomials of the first kind, $T_n(cos t) = cos(n t)$.",
    "$T_{n+1} = 2 x T_n - T_{n-1}$ from $T_0 = 1$ and $T_1 = x$",
    (_X, "Array([-1., -1., 26.], dtype=float32)"),
)
chebyshev_polynomial_u = _word(
    "chebyshev_polynomial_u",
    _U,
    "Chebyshev polynomials of the second kind, $U_n(cos t) = sin((n + 1) t) / sin(t)$.",
    "$U_{n+1} = 2 x U_n - U_{n-1}$ from $U_0 = 1$ and $U_1 = 2 x$",
    (_X, "Array([-4., -1., 56.], dtype=float32)"),
)
chebyshev_polynomial_v = _word(
    "chebyshev_polynomial_v",
    _V,
    "Chebyshev polynomials of the third kind, $V_n(cos t) = cos((n + 1/2) t) / cos(t / 2)$.",
    "$V_{n+1} = 2 x V_n - V_{n-1}$ from $V_0 = 1$ and $V_1 = 2 x - 1$",
    (_X, "Array([-7., -1., 41.], dtype=float32)"),
)
chebyshev_polynomial_w = _word(
    "chebyshev_polynomial_w",
    _W,
    "Chebyshev polynomials of the fourth kind, $W_n(cos t) = sin((n + 1/2) t) / sin(t / 2)$.",
    "$W_{n+1} = 2 x W_n - W_{n-1}$ from $W_0 = 1$ and $W_1 = 2 x + 1$",
    (_X, "Array([-1., -1., 71.], dtype=float32)"),
)
hermite_polynomial_h = _word(
    "hermite_polynomial_h",
    _H,
    "Hermite polynomials of the physicists, orthogonal for the weight $exp(-x^2)$.",
    "$H_{n+1} = 2 x H_n - 2 n H_{n-1}$ from $H_0 = 1$ and $H_1 = 2 x$",
    (_X, "Array([ 4., -5., 40.], dtype=float32)"),
)
hermite_polynomial_he = _word(
    "hermite_polynomial_he",
    _HE,
    "Hermite polynomials of probability theory, orthogonal for the weight $exp(-x^2 / 2)$.",
    "$He_{n+1} = x He_n - n He_{n-1}$ from $He_0 = 1$ and $He_1 = x$",
    (_X, "Array([ 2.   , -1.375,  2.   ], dtype=float32)"),
)
laguerre_polynomial_l = _word(
    "laguerre_polynomial_l",
    _laguerre(0),
    "Laguerre polynomials, orthogonal on $x > 0$ for the weight $exp(-x)$.",
    "$(n + 1) L_{n+1} = (2 n + 1 - x) L_n - n L_{n-1}$ from $L_0 = 1$ and $L_1 = 1 - x$",
    ("fg.tensor([0.0, 2.0, 4.0]), 2", "Array([ 1., -1.,  1.], dtype=float32)"),
)
legendre_polynomial_p = _word(
    "legendre_polynomial_p",
    _gegenbauer(Fraction(1, 2)),
    "Legendre polynomials, orthogonal on [-1, 1].",
    "$(n + 1) P_{n+1} = (2 n + 1) x P_n - n P_{n-1}$ from $P_0 = 1$ and $P_1 = x$",
    (_X, "Array([-1.    , -0.4375, 17.    ], dtype=float32)"),
)
_SHIFTED = "fg.tensor([0.0, 0.75, 1.5]), 3"

shifted_chebyshev_polynomial_t = _word(
    "shifted_chebyshev_polynomial_t",
    _T,
    "Chebyshev polynomials of the first kind for [0, 1], $T_n(2 x - 1)$.",
    "As ``chebyshev_polynomial_t`` of $2 x - 1$",
    (_SHIFTED, "Array([-1., -1., 26.], dtype=float32)"),
    shifted=True,
)
shifted_chebyshev_polynomial_u = _word(
    "shifted_chebyshev_polynomial_u",
    _U,
    "Chebyshev polynomials of the second kind for [0, 1], $U_n(2 x - 1)$.",
    "As ``chebyshev_polynomial_u`` of $2 x - 1$",
    (_SHIFTED, "Array([-4., -1., 56.], dtype=float32)"),
    shifted=True,
)
shifted_chebyshev_polynomial_v = _word(
    "shifted_chebyshev_polynomial_v",
    _V,
    "Chebyshev polynomials of the third kind for [0, 1], $V_n(2 x - 1)$.",
    "As ``chebyshev_polynomial_v`` of $2 x - 1$",
    (_SHIFTED, "Array([-7., -1., 41.], dtype=float32)"),
    shifted=True,
)
shifted_chebyshev_polynomial_w = _word(
    "shifted_chebyshev_polynomial_w",
    _W,
    "Chebyshev polynomials of the fourth kind for [0, 1], $W_n(2 x - 1)$.",
    "As ``chebyshev_polynomial_w`` of $2 x - 1$",
    (_SHIFTED, "Array([-1., -1., 71.], dtype=float32)"),
    shifted=True,
)
