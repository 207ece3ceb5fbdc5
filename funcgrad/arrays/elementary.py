"""Powers, roots, exponentials and logarithms."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from .._checks import default_int, fail
from .._claims import claim, visible
from .._dispatch import spares
from .._errors import ArgumentError
from .._op import op
from .._types import Array, ArrayLike
from . import _double
from ._pointwise import as_float, fit, in_single, is_exact, partials, promoted, require_ints_fit
from ._powers import float_pow, often, pow_of_all, power_of_2, reciprocal_root

__all__ = [
    "pow",
    "square",
    "reciprocal",
    "sqrt",
    "rsqrt",
    "hypot",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "logaddexp",
    "logaddexp2",
    "xlogy",
]


def _no_negative_power(input: ArrayLike, exponent: ArrayLike) -> None:
    require_ints_fit("pow", (input, exponent))
    if is_exact(input) and is_exact(exponent) and (powers := visible(exponent)) is not None:
        claim(ArgumentError, "pow", *_NEGATIVE, powers >= 0)


_NEGATIVE = (
    "an integer cannot be raised to a negative integer",
    "got a negative exponent",
    "convert the base to float first",
)


@op(check=spares(_no_negative_power, inexact=True))
def pow(input: ArrayLike, exponent: ArrayLike) -> Array:
    """The power $input^{exponent}$, with $x^0 = 1$ for every $x$.

    Args:
        input: an array or number.
        exponent: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape and dtype; integers stay integers and wrap around on overflow.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        ArgumentError: both are integers and an exponent is negative (under a transform only a Python number is seen).

    >>> fg.pow(fg.arange(4.0), 2)
    Array([0., 1., 4., 9.], dtype=float32)

    Source: ``torch.pow``.
    """
    fit("pow", input, exponent)
    kind = jnp.result_type(input, exponent)
    if jnp.issubdtype(kind, jnp.integer) and exponent.__class__ is int and exponent < 0:
        fail(ArgumentError, "pow", *_NEGATIVE)
    inexact = jnp.issubdtype(jnp.result_type(exponent), jnp.inexact)
    if jnp.ndim(exponent) == 0 and isinstance(exponent, jax.Array) and _double.is_wide(jnp.asarray(input)):
        if not inexact:
            return often(jnp.power, jnp.asarray(input), exponent)
        if jnp.result_type(exponent) == kind == jnp.result_type(input):
            return pow_of_all(jnp.asarray(input), exponent)
    if jnp.issubdtype(kind, jnp.inexact) and inexact:
        return float_pow(*promoted("pow", input, exponent))
    return jnp.power(input, exponent)


@op
def square(input: ArrayLike) -> Array:
    """The square $input^2$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`; booleans give int32.

    >>> fg.square(fg.tensor([-2.0, 3.0]))
    Array([4., 9.], dtype=float32)

    Source: ``torch.square``.
    """
    boolean = jnp.issubdtype(jnp.result_type(input), jnp.bool_)
    return jnp.square(jnp.asarray(input, default_int()) if boolean else input)


@op
def reciprocal(input: ArrayLike) -> Array:
    """The reciprocal $1 / input$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.reciprocal(fg.tensor([2, 4]))
    Array([0.5 , 0.25], dtype=float32)

    Source: ``torch.reciprocal``.
    """
    return jnp.reciprocal(as_float(input))


@op
def sqrt(input: ArrayLike) -> Array:
    """The square root; NaN for a negative real number.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.sqrt(fg.tensor([4, 9]))
    Array([2., 3.], dtype=float32)

    Source: ``torch.sqrt``.
    """
    return jnp.sqrt(input)


@op
def rsqrt(input: ArrayLike) -> Array:
    r"""The reciprocal of the square root, $1 / \sqrt{x}$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.rsqrt(fg.tensor([4.0, 16.0]))
    Array([0.5 , 0.25], dtype=float32)

    Source: ``torch.rsqrt``.
    """
    return reciprocal_root(as_float(input))


@op
@in_single
def hypot(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The length of the hypotenuse, $\sqrt{input^2 + other^2}$, without overflow.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape; integers give float32. At (0, 0) both derivatives are 0.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.hypot(fg.tensor([3.0, 0.0]), fg.tensor([4.0, 0.0]))
    Array([5., 0.], dtype=float32)

    Source: ``torch.hypot``.
    """
    return _hypot(*promoted("hypot", input, other, real=True))


@partials(
    lambda out, x, y: jnp.where(out == 0, 0, x / jnp.where(out == 0, 1, out)),
    lambda out, x, y: jnp.where(out == 0, 0, y / jnp.where(out == 0, 1, out)),
)
def _hypot(x: Array, y: Array) -> Array:
    return jnp.hypot(x, y)


@op
def exp(input: ArrayLike) -> Array:
    """The exponential $e^x$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.exp(fg.tensor([0.0, 1.0]))
    Array([1.       , 2.7182817], dtype=float32)

    Source: ``torch.exp``.
    """
    return jnp.exp(input)


@op
def exp2(input: ArrayLike) -> Array:
    """The power $2^x$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.exp2(fg.tensor([0, 3]))
    Array([1., 8.], dtype=float32)

    Source: ``torch.exp2``.
    """
    x = as_float(input)
    # jnp.exp2 is exp(x ln 2), 30 times less exact: 2**20 would be 1048576.2.
    return jnp.exp2(x) if jnp.iscomplexobj(x) else power_of_2(x)


@op
def expm1(input: ArrayLike) -> Array:
    """The exponential less 1, $e^x - 1$, exact also for small $x$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.expm1(fg.tensor([0.0, 1e-6]))
    Array([0.0000000e+00, 1.0000005e-06], dtype=float32)

    Source: ``torch.expm1``.
    """
    return jnp.expm1(input)


@op
def log(input: ArrayLike) -> Array:
    """The natural logarithm; minus infinity at 0, NaN for a negative real number.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.log(fg.tensor([1.0, 0.0]))
    Array([  0., -inf], dtype=float32)

    Source: ``torch.log``.
    """
    return jnp.log(input)


@op
@in_single
def log2(input: ArrayLike) -> Array:
    """The logarithm to base 2.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.log2(fg.tensor([1.0, 8.0]))
    Array([0., 3.], dtype=float32)

    Source: ``torch.log2``.
    """
    return jnp.log2(input)


@op
@in_single
def log10(input: ArrayLike) -> Array:
    """The logarithm to base 10.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.log10(fg.tensor([1.0, 100.0]))
    Array([0., 2.], dtype=float32)

    Source: ``torch.log10``.
    """
    return jnp.log10(input)


@op
def log1p(input: ArrayLike) -> Array:
    r"""The logarithm of 1 more, $\ln(1 + x)$, exact also for small $x$.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; integers give float32.

    >>> fg.log1p(fg.tensor([0.0, 1e-6]))
    Array([0.000000e+00, 9.999995e-07], dtype=float32)

    Source: ``torch.log1p``.
    """
    return jnp.log1p(input)


@op
@in_single
def logaddexp(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The logarithm of a sum of exponentials, $\ln(e^{input} + e^{other})$, without overflow.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape; integers give float32. Where both are minus infinity the derivatives are 0.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.logaddexp(fg.tensor([0.0, 1000.0]), fg.tensor([0.0, 1000.0]))
    Array([6.9314718e-01, 1.0006932e+03], dtype=float32)

    Source: ``torch.logaddexp``.
    """
    return _log_add_exp(*promoted("logaddexp", input, other))


@op
@in_single
def logaddexp2(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The logarithm to base 2 of a sum of powers of 2, $\log_2(2^{input} + 2^{other})$.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape; integers give float32. Where both are minus infinity the derivatives are 0.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.logaddexp2(fg.tensor([0.0, 1000.0]), fg.tensor([0.0, 1000.0]))
    Array([1.000e+00, 1.001e+03], dtype=float32)

    Source: ``torch.logaddexp2``.
    """
    return _log_add_exp2(*promoted("logaddexp2", input, other))


def _share(out: Array, one: Array, other: Array, base: float) -> Array:
    """``base ** (one - out)``, the part of the sum that `one` is: 0 if the sum is 0, a half of two infinities."""
    infinite = jnp.isinf(out)
    exponent = jnp.where(infinite, 0, one - jnp.where(infinite, 0, out)) * math.log(base)
    return jnp.where(
        infinite, jnp.where((one == out) & (out > 0), jnp.where(other == out, 0.5, 1), 0), jnp.exp(exponent)
    )


@partials(lambda out, x, y: _share(out, x, y, math.e), lambda out, x, y: _share(out, y, x, math.e))
def _log_add_exp(x: Array, y: Array) -> Array:
    return jnp.logaddexp(x, y)


@partials(lambda out, x, y: _share(out, x, y, 2), lambda out, x, y: _share(out, y, x, 2))
def _log_add_exp2(x: Array, y: Array) -> Array:
    return jnp.logaddexp2(x, y)


@op
def xlogy(input: ArrayLike, other: ArrayLike) -> Array:
    r"""The product $input \cdot \ln(other)$, which is 0 where `input` is 0, unless `other` is NaN.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape; integers give float32.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.xlogy(fg.tensor([0.0, 2.0]), fg.tensor([0.0, 1.0]))
    Array([0., 0.], dtype=float32)

    Source: ``torch.xlogy``.
    """
    return _xlogy(*promoted("xlogy", input, other, real=True))


@partials(
    lambda out, x, y: jnp.where((x == 0) & (y <= 0), 0, jnp.log(jnp.where((x == 0) & (y <= 0), 1, y))),
    lambda out, x, y: jnp.where((x == 0) & (y == 0), 0, x / jnp.where((x == 0) & (y == 0), 1, y)),
)
def _xlogy(x: Array, y: Array) -> Array:
    return jnp.where((x == 0) & ~jnp.isnan(y), 0, x * jnp.log(y))
