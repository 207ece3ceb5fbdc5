"""Functions of large float32 arrays that the CPU computes in float64, where XLA calls the C library for each element.

In twice the precision an ordinary polynomial is right to the last digit of float32, reductions of arguments are exact,
and the loop is made of vector instructions: 1.5 to 20 times as fast as the call. Other platforms, other dtypes and
small arrays keep the plain formulation. Nothing here is differentiated: the callers say what the derivative is.
The coefficients interpolate at Chebyshev nodes, to a relative error below 2**-33.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .._sizes import known_at_least
from .._types import Array
from ._order import LARGE

__all__ = [
    "acos",
    "asin",
    "atan",
    "atan2",
    "cos",
    "cosh",
    "exp2",
    "is_wide",
    "lgamma",
    "power",
    "rem",
    "rsqrt",
    "sin",
    "sinh",
    "softplus",
    "tan",
]

_Numbers: TypeAlias = tuple[float, ...]


def is_wide(x: Array) -> bool:
    """Whether `x` has many elements of float32, float16 or bfloat16."""
    return known_at_least(x.size, LARGE) and jnp.issubdtype(x.dtype, jnp.floating) and x.dtype.itemsize in (2, 4)


def _in_double(
    wide: Callable[..., Array],
    plain: Callable[..., Array],
    *operands: Array,
    fits: Callable[..., Array] | None = None,
) -> Array:
    """``plain(*operands)``; for large arrays on the CPU ``wide`` of them in float64, rounded.

    With `fits` only where it says True of every element: one that is out of reach takes the plain way for all.
    """
    if not is_wide(operands[0]):
        return plain(*operands)

    def rounded(*operands: Array) -> Array:
        with jax.enable_x64(True):  # inside it only functions of lax, which lower alike outside
            out = wide(*(lax.convert_element_type(x, np.float64) for x in operands))
            out = lax.convert_element_type(out, np.float32)
        return out.astype(operands[0].dtype)

    def chosen(*operands: Array) -> Array:
        assert fits is not None
        return lax.cond(jnp.all(fits(*(x.astype(np.float32) for x in operands))), rounded, plain, *operands)

    return lax.platform_dependent(*operands, cpu=rounded if fits is None else _pointwise(chosen), default=plain)


def _pointwise(function: Callable[..., Array]) -> Callable[..., Array]:
    """`function`, of operands of one shape, which `vmap` gives the whole batch: a mapped `cond` takes both ways."""
    mapped = jax.custom_batching.custom_vmap(function)

    @mapped.def_vmap
    def rule(size: int, batched: Sequence[bool], *operands: Array) -> tuple[Array, bool]:
        whole = [
            x if there else jnp.broadcast_to(x, (size, *x.shape)) for x, there in zip(operands, batched, strict=True)
        ]
        return mapped(*whole), True

    return mapped


def _full(like: Array, value: float) -> Array:
    return lax.full_like(like, np.float64(value))


def _plus(x: Array, value: float) -> Array:
    return lax.add(x, _full(x, value))


def _times(x: Array, value: float) -> Array:
    return lax.mul(x, _full(x, value))


def _polynomial(coefficients: Sequence[float], x: Array) -> Array:
    total = _full(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = _plus(lax.mul(total, x), c)
    return total


# Pi in three parts, the first two with so few digits that their products with a count below 2**28 are exact.
_PI = (3.141592502593994, 1.5099579542265928e-07, 3.675178358715236e-15)
# Of sin(x) / x on [-pi/2, pi/2], of it and of cos(x) on [-pi/4, pi/4].
_SIN: _Numbers = (1.0, -0.1666666666374001, 0.008333332746000505, -0.00019841081060563884)
_SIN += (2.7536049708553138e-06, -2.407065765302617e-08)
_NEAR_SIN = (1.0, -0.16666666663741367, 0.00833333183062943, -0.00019840063040804117, 2.7246868722877944e-06)
_NEAR_COS = (1.0, -0.5, 0.04166666666422613, -0.0013888887635227975, 2.4800580601354642e-05, -2.7298407652795173e-07)


def _reducible(x: Array) -> Array:
    return jnp.abs(x) <= 2.0**28


def _less(x: Array, count: Array, unit: float) -> Array:
    """``x - count * unit * pi``, exact but for the last bits of float64 (Cody and Waite, 1980)."""
    for part in _PI:
        x = lax.sub(x, _times(count, unit * part))
    return x


def _is_odd(count: Array) -> Array:
    half = _times(count, 0.5)
    return lax.ne(lax.floor(half), half)


def _sine(x: Array, ahead: float) -> Array:
    """The sine of `x` and `ahead` times pi."""
    count = lax.floor(_plus(_times(x, 1 / math.pi), ahead + 0.5))
    rest = _less(x, _plus(count, -ahead), 1.0)
    value = lax.mul(rest, _polynomial(_SIN, lax.mul(rest, rest)))
    return lax.select(_is_odd(count), lax.neg(value), value)


def sin(x: Array) -> Array:
    return _in_double(lambda x: _sine(x, 0.0), jnp.sin, x, fits=_reducible)


def cos(x: Array) -> Array:
    return _in_double(lambda x: _sine(x, 0.5), jnp.cos, x, fits=_reducible)


def tan(x: Array) -> Array:
    def wide(x: Array) -> Array:
        count = lax.floor(_plus(_times(x, 2 / math.pi), 0.5))
        rest = _less(x, count, 0.5)
        square, odd = lax.mul(rest, rest), _is_odd(count)
        sine = lax.mul(rest, _polynomial(_NEAR_SIN, square))
        cosine = _polynomial(_NEAR_COS, square)
        return lax.div(lax.select(odd, lax.neg(cosine), sine), lax.select(odd, sine, cosine))

    return _in_double(wide, jnp.tan, x, fits=_reducible)


# Of atan(x) / x in x**2 on [0, 1], and of asin(x) / x on [0, 1/4].
_ATAN: _Numbers = (
    0.9999999999293037,
    -0.3333333129088999,
    0.19999901102171555,
    -0.14283813255743194,
    0.11091922963683302,
)
_ATAN += (-0.08974171958363882, 0.07228278345377252, -0.05395668057137172, 0.033826218952786875)
_ATAN += (-0.015828322749149415, 0.00473248419342192, -0.0006633954571104787)
_ASIN: _Numbers = (1.0, 0.16666666665495086, 0.07500000598829049, 0.044642358484883196, 0.030397634130580702)
_ASIN += (0.022132443623426794, 0.019306260869368045, 0.0054431851027481075, 0.02930523970533579)


def _is_negative(x: Array) -> Array:
    """Whether the sign is minus, of a zero too."""
    return lax.lt(lax.bitcast_convert_type(x, np.int64), lax.full_like(x, np.int64(0), np.int64))


def atan2(y: Array, x: Array) -> Array:
    def wide(y: Array, x: Array) -> Array:
        rise, run = lax.abs(y), lax.abs(x)
        steep = lax.gt(rise, run)
        low, high = lax.select(steep, run, rise), lax.select(steep, rise, run)
        # Two zeros and two infinities have no quotient: there it is 0 and 1, as in C.
        slope = lax.select(lax.eq(low, high), lax.sign(high), lax.div(low, high))
        angle = lax.mul(slope, _polynomial(_ATAN, lax.mul(slope, slope)))
        angle = lax.select(steep, lax.sub(_full(angle, math.pi / 2), angle), angle)
        angle = lax.select(_is_negative(x), lax.sub(_full(angle, math.pi), angle), angle)
        return lax.select(_is_negative(y), lax.neg(angle), angle)

    return _in_double(wide, lax.atan2, y, x)


def atan(x: Array) -> Array:
    def wide(x: Array) -> Array:
        one = _full(x, 1.0)
        steep = lax.gt(lax.abs(x), one)
        slope = lax.select(steep, lax.div(one, x), x)
        angle = lax.mul(slope, _polynomial(_ATAN, lax.mul(slope, slope)))
        return lax.select(steep, lax.sub(_times(lax.sign(x), math.pi / 2), angle), angle)

    return _in_double(wide, jnp.arctan, x)


def _near_one(x: Array) -> tuple[Array, Array, Array]:
    """Whether `x` is far from 0, asin(x) if it is not, and acos(|x|) if it is."""
    size = lax.abs(x)
    far = lax.gt(size, _full(x, 0.5))
    square = lax.select(far, _plus(_times(size, -0.5), 0.5), lax.mul(x, x))
    ratio = _polynomial(_ASIN, square)
    return far, lax.mul(x, ratio), _times(lax.mul(lax.sqrt(square), ratio), 2.0)


def asin(x: Array) -> Array:
    def wide(x: Array) -> Array:
        far, small, rest = _near_one(x)
        return lax.select(far, lax.mul(lax.sign(x), lax.sub(_full(x, math.pi / 2), rest)), small)

    return _in_double(wide, jnp.arcsin, x)


def acos(x: Array) -> Array:
    def wide(x: Array) -> Array:
        far, small, rest = _near_one(x)
        large = lax.select(lax.lt(x, _full(x, 0.0)), lax.sub(_full(x, math.pi), rest), rest)
        return lax.select(far, large, lax.sub(_full(x, math.pi / 2), small))

    return _in_double(wide, jnp.arccos, x)


# Of 2**x on [-1/2, 1/2].
_EXP2: _Numbers = (
    0.9999999999595618,
    0.6931471805568324,
    0.24022651213498092,
    0.055504109063258665,
    0.009618025613318034,
)
_EXP2 += (0.0013333478473685416, 0.00015469729214118296, 1.5303700711365693e-05)


def _power_of_2(x: Array) -> Array:
    x = lax.clamp(_full(x, -1000.0), x, _full(x, 1000.0))  # of float32 the rest is 0 or infinite
    whole = lax.floor(_plus(x, 0.5))
    exponent = lax.bitcast_convert_type(_plus(whole, 1.5 * 2**52 + 1023), np.int64)  # in its last bits
    power = lax.shift_left(exponent, lax.full_like(exponent, np.int64(52)))
    return lax.mul(_polynomial(_EXP2, lax.sub(x, whole)), lax.bitcast_convert_type(power, np.float64))


def exp2(x: Array, plain: Callable[[Array], Array]) -> Array:
    return _in_double(_power_of_2, plain, x)


def _exp(x: Array) -> Array:
    return _power_of_2(_times(x, 1 / math.log(2)))


def sinh(x: Array) -> Array:
    def wide(x: Array) -> Array:
        more = _exp(x)
        far = _times(lax.sub(more, lax.div(_full(x, 1.0), more)), 0.5)
        near = lax.mul(x, _polynomial([1 / math.factorial(k) for k in range(1, 14, 2)], lax.mul(x, x)))
        return lax.select(lax.lt(lax.abs(x), _full(x, 1.0)), near, far)

    return _in_double(wide, jnp.sinh, x)


def cosh(x: Array) -> Array:
    def wide(x: Array) -> Array:
        more = _exp(x)
        return _times(lax.add(more, lax.div(_full(x, 1.0), more)), 0.5)

    return _in_double(wide, jnp.cosh, x)


# Of atanh(x) / x in x**2 on [0, 1/9].
_ATANH: _Numbers = (
    1.000000000002433,
    0.33333333118960873,
    0.2000003071060397,
    0.14284072879100546,
    0.11152563692791477,
)
_ATANH += (0.08561268333645095, 0.1093028415715348)


def softplus(x: Array, plain: Callable[[Array], Array]) -> Array:
    """The logarithm of 1 + exp(x)."""

    def wide(x: Array) -> Array:
        less = _exp(lax.neg(lax.abs(x)))
        ratio = lax.div(less, _plus(less, 2.0))  # log(1 + t) is twice the inverse hyperbolic tangent of t / (2 + t)
        rest = _times(lax.mul(ratio, _polynomial(_ATANH, lax.mul(ratio, ratio))), 2.0)
        return lax.add(lax.max(x, _full(x, 0.0)), rest)

    return _in_double(wide, plain, x)


# Of (atanh(x) / x - 1) / x**2 in x**2, for mantissas in [sqrt(1/2), sqrt(2)].
_LOG: _Numbers = (
    0.3333333333333335,
    0.19999999999948034,
    0.14285714313764397,
    0.11111105440966464,
    0.0909145374883561,
)
_LOG += (0.07665556293980084, 0.0731197830410594)
# Of Stirling's series in 1 / z**2, after 1 / z (DLMF 5.11.1).
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)


def _log(x: Array) -> Array:
    """The logarithm of positive numbers, to the last bits of float64."""
    bits = lax.bitcast_convert_type(x, np.int64)

    def whole(value: int) -> Array:
        return lax.full_like(bits, np.int64(value))

    # Numbers from sqrt(1/2) on have the exponent 0.
    shifted = lax.sub(bits, whole(0x3FE6A09E667F3BCD))
    exponent = lax.shift_right_arithmetic(shifted, whole(52))
    mantissa = lax.bitcast_convert_type(lax.sub(bits, lax.shift_left(exponent, whole(52))), np.float64)
    ratio = lax.div(_plus(mantissa, -1.0), _plus(mantissa, 1.0))
    square = lax.mul(ratio, ratio)
    near = lax.add(ratio, lax.mul(lax.mul(ratio, square), _polynomial(_LOG, square)))
    return lax.add(_times(lax.convert_element_type(exponent, np.float64), math.log(2)), _times(near, 2.0))


def power(x: Array, y: Array) -> Array:
    def wide(x: Array, y: Array) -> Array:
        zero, one, infinite = _full(x, 0.0), _full(x, 1.0), _full(x, math.inf)
        size = lax.abs(x)
        ordinary = lax.gt(size, zero) & lax.lt(size, infinite)
        end = lax.select(lax.eq(size, zero), lax.neg(infinite), size)
        value = _power_of_2(lax.mul(y, lax.select(ordinary, _times(_log(size), 1 / math.log(2)), end)))
        whole = lax.eq(lax.floor(y), y)
        turned = lax.select(whole & _is_odd(y), lax.neg(value), value)
        turned = lax.select(ordinary & lax.bitwise_not(whole), _full(x, math.nan), turned)
        # As in C: 1 to every power, every number to the power 0, and -1 to an infinite one.
        held = lax.eq(x, one) | lax.eq(y, zero) | (lax.eq(size, one) & lax.eq(lax.abs(y), infinite))
        return lax.select(held, one, lax.select(_is_negative(x), turned, value))

    return _in_double(wide, lax.pow, x, y)


def lgamma(x: Array) -> Array:
    def wide(x: Array) -> Array:
        left = lax.lt(x, _full(x, 0.5))
        right = lax.select(left, lax.sub(_full(x, 1.0), x), x)
        # From 8 on by Stirling's series; below by what eight steps up have been multiplied by.
        low = lax.lt(right, _full(x, 8.0))
        steps = right
        for k in range(1, 8):
            steps = lax.mul(steps, _plus(right, float(k)))
        steps = lax.select(low, steps, _full(x, 1.0))
        z = lax.select(low, _plus(right, 8.0), right)
        inverse = lax.div(_full(x, 1.0), z)
        series = lax.mul(inverse, _polynomial(_STIRLING, lax.mul(inverse, inverse)))
        series = lax.add(_plus(lax.sub(lax.mul(_plus(z, -0.5), _log(z)), z), math.log(2 * math.pi) / 2), series)
        # On the left it is log(pi / sin(pi x)) less that of 1 - x.
        rest = _times(lax.sub(x, lax.floor(_plus(x, 0.5))), math.pi)
        sine = lax.abs(lax.mul(rest, _polynomial(_SIN, lax.mul(rest, rest))))
        factor = lax.select(left, lax.div(_times(steps, math.pi), sine), steps)
        value = lax.select(left, lax.sub(_log(factor), series), lax.sub(series, _log(factor)))
        pole = lax.eq(sine, _full(x, 0.0)) & left | lax.eq(lax.abs(x), _full(x, math.inf))
        return lax.select(pole, _full(x, math.inf), value)

    return _in_double(wide, lax.lgamma, x)


def rsqrt(x: Array) -> Array:
    def wide(x: Array) -> Array:
        inverse = lax.div(_full(x, 1.0), x)  # XLA would make the slow rsqrt of one over the root
        root = lax.select(lax.eq(x, _full(x, 0.0)), inverse, lax.sqrt(inverse))
        return lax.select(lax.lt(x, _full(x, 0.0)), _full(x, math.nan), root)

    return _in_double(wide, lax.rsqrt, x)


def rem(x: Array, y: Array) -> Array:
    """The remainder of a division that rounds to zero, with the sign of `x`."""

    def fits(x: Array, y: Array) -> Array:
        # No product with a quotient of 28 bits is rounded. The least numbers, which count as 0 here, are left out.
        size, divisor = jnp.abs(x), jnp.abs(y)
        tiny = jnp.finfo(x.dtype).tiny
        whole = ((size >= tiny) | (x == 0)) & (divisor >= tiny)
        return whole & (size * 2.0**-28 < divisor) | ~jnp.isfinite(x) | jnp.isnan(y)

    def wide(x: Array, y: Array) -> Array:
        size, divisor = lax.abs(x), lax.abs(y)
        rest = lax.sub(size, lax.mul(lax.floor(lax.div(size, divisor)), divisor))
        # The quotient was rounded, perhaps up to the next whole number.
        rest = lax.select(lax.lt(rest, _full(rest, 0.0)), lax.add(rest, divisor), rest)
        rest = lax.select(lax.is_finite(x) & lax.eq(divisor, _full(y, math.inf)), size, rest)
        return lax.select(_is_negative(x), lax.neg(rest), rest)

    return _in_double(wide, lax.rem, x, y, fits=fits)
