"""Signs, magnitudes and the parts of complex numbers."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .._op import op
from .._types import Array, ArrayLike
from ._pointwise import as_float, fit, partials, promoted

__all__ = [
    "abs",
    "absolute",
    "sign",
    "sgn",
    "signbit",
    "copysign",
    "heaviside",
    "real",
    "imag",
    "conj",
    "angle",
]


@op
def abs(input: ArrayLike) -> Array:
    """The absolute value; its derivative at 0 is 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`; complex numbers give their real magnitudes.

    >>> fg.abs(fg.tensor([-1.5, 2.0]))
    Array([1.5, 2. ], dtype=float32)

    Source: ``torch.abs``.
    """
    return _abs(jnp.asarray(input))


absolute = abs


def _abs(x: Array) -> Array:
    return _real_abs(x) if jnp.issubdtype(x.dtype, jnp.floating) else jnp.abs(x)


@partials(lambda out, x: _sign(x))
def _real_abs(x: Array) -> Array:
    """JAX's derivative at 0 is 1, and at NaN NaN."""
    return jax.lax.abs(x)


@op
def sign(input: ArrayLike) -> Array:
    """The sign: -1, 0 or 1; of NaN it is 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is complex; its direction is ``sgn``.

    >>> fg.sign(fg.tensor([-3.0, 0.0, 2.0]))
    Array([-1.,  0.,  1.], dtype=float32)

    Source: ``torch.sign``.
    """
    fit("sign", input, real=True)
    return _sign(input)


@op
def sgn(input: ArrayLike) -> Array:
    """The sign of a real number, the direction $x / |x|$ of a complex one; 0 at 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    >>> fg.sgn(fg.tensor([3 + 4j, 0j]))
    Array([0.6+0.8j, 0. +0.j ], dtype=complex64)

    Source: ``torch.sgn``.
    """
    return _sign(input)


def _sign(input: ArrayLike) -> Array:
    x = jnp.asarray(input)
    if jnp.issubdtype(x.dtype, jnp.bool_):
        return x
    return jnp.where(jnp.isnan(x), 0, jnp.sign(x)) if jnp.issubdtype(x.dtype, jnp.floating) else jnp.sign(x)


@op
def signbit(input: ArrayLike) -> Array:
    """Whether the sign bit is set, which it is for -0.0 too.

    Args:
        input: any shape.

    Returns:
        An array of booleans in the shape of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.signbit(fg.tensor([-0.0, 1.0, -2.0]))
    Array([ True, False,  True], dtype=bool)

    Source: ``torch.signbit``.
    """
    fit("signbit", input, real=True)
    return jnp.signbit(input) if jnp.issubdtype(jnp.result_type(input), jnp.floating) else jnp.less(input, 0)


@op
def copysign(input: ArrayLike, other: ArrayLike) -> Array:
    """The magnitude of `input` with the sign of `other`, where -0.0 counts as negative.

    Args:
        input: the magnitude, an array or number.
        other: the sign, an array or number that broadcasts with `input`.

    Returns:
        The array, in the common shape; integers give float32.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> fg.copysign(fg.tensor([1.0, 2.0]), fg.tensor([-0.0, 3.0]))
    Array([-1.,  2.], dtype=float32)

    Source: ``torch.copysign``.
    """
    return _copysign(*promoted("copysign", input, other, real=True))


@partials(lambda out, x, y: jnp.sign(out) * jnp.sign(x), lambda out, x, y: jnp.zeros_like(out))
def _copysign(x: Array, y: Array) -> Array:
    magnitude = jax.lax.abs(x)
    return jnp.where(jnp.signbit(y), -magnitude, magnitude)


@op
def heaviside(input: ArrayLike, values: ArrayLike) -> Array:
    """The step: 0 below 0, 1 above, and `values` at 0; of NaN it is 0.

    Args:
        input: an array or number.
        values: the results where `input` is 0; broadcasts with it.

    Returns:
        The array, in the common shape and dtype.

    Raises:
        ShapeError: the shapes do not broadcast.
        DtypeError: an operand is complex.

    >>> fg.heaviside(fg.tensor([-2.0, 0.0, 2.0]), 0.5)
    Array([0. , 0.5, 1. ], dtype=float32)

    Source: ``torch.heaviside``.
    """
    fit("heaviside", input, values, real=True)
    dtype = jnp.result_type(input, values)
    return jnp.where(jnp.equal(input, 0), jnp.asarray(values, dtype), jnp.greater(input, 0).astype(dtype))


@op
def real(input: ArrayLike) -> Array:
    """The real part.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`; a real array itself.

    >>> fg.real(fg.tensor([1 + 2j, 3.0]))
    Array([1., 3.], dtype=float32)

    Source: ``torch.real``.
    """
    return jnp.real(input)


@op
def imag(input: ArrayLike) -> Array:
    """The imaginary part; 0 for real numbers.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`.

    >>> fg.imag(fg.tensor([1 + 2j, 3.0]))
    Array([2., 0.], dtype=float32)

    Source: ``torch.imag``.
    """
    return jnp.imag(input)


@op
def conj(input: ArrayLike) -> Array:
    """The complex conjugate.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`; a real array itself.

    >>> fg.conj(fg.tensor([1 + 2j, 3.0]))
    Array([1.-2.j, 3.-0.j], dtype=complex64)

    Source: ``torch.conj``.
    """
    return jnp.conj(input)


@op
def angle(input: ArrayLike) -> Array:
    r"""The angle of a complex number in $(-\pi, \pi]$; of a real one $\pi$ below 0, otherwise 0.

    Args:
        input: any shape.

    Returns:
        The array, in the shape of `input`, real.

    >>> fg.angle(fg.tensor([1j, -1.0]))
    Array([1.5707964, 3.1415927], dtype=float32)

    Source: ``torch.angle``.
    """
    return _angle(as_float(input))


def _angle(x: Array) -> Array:
    if jnp.iscomplexobj(x):
        return jnp.angle(x)
    angle = jnp.where(x < 0, jnp.asarray(jnp.pi, x.dtype), 0)
    return jnp.where(jnp.isnan(x), jnp.asarray(jnp.nan, x.dtype), angle)  # not x, whose derivative is 1
