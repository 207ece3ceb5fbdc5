"""Comparison, element by element and of whole arrays."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from .._checks import fail, is_concrete
from .._errors import ArgumentError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike
from ._pointwise import fit, fits

__all__ = [
    "eq",
    "ne",
    "not_equal",
    "lt",
    "less",
    "le",
    "less_equal",
    "gt",
    "greater",
    "ge",
    "greater_equal",
    "equal",
    "isclose",
    "allclose",
    "isnan",
    "isinf",
    "isposinf",
    "isneginf",
    "isfinite",
    "isreal",
]


@op(check=fits("eq", "input", "other"))
def eq(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether `input` equals `other`.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.

    >>> fg.eq(fg.tensor([1, 2, 3]), 2)
    Array([False,  True, False], dtype=bool)

    Source: ``torch.eq``.
    """
    fit("eq", input, other)
    return jnp.equal(input, other)


@op(check=fits("ne", "input", "other"))
def ne(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether `input` differs from `other`; NaN differs from everything.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.

    >>> fg.ne(fg.tensor([1, 2, 3]), 2)
    Array([ True, False,  True], dtype=bool)

    Source: ``torch.ne``.
    """
    fit("ne", input, other)
    return jnp.not_equal(input, other)


not_equal = ne


@op(check=fits("lt", "input", "other"))
def lt(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether `input` is less than `other`.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.lt(fg.tensor([1, 2, 3]), 2)
    Array([ True, False, False], dtype=bool)

    Source: ``torch.lt``.
    """
    fit("lt", input, other, real=True)
    return jnp.less(input, other)


less = lt


@op(check=fits("le", "input", "other"))
def le(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether `input` is less than or equal to `other`.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.le(fg.tensor([1, 2, 3]), 2)
    Array([ True,  True, False], dtype=bool)

    Source: ``torch.le``.
    """
    fit("le", input, other, real=True)
    return jnp.less_equal(input, other)


less_equal = le


@op(check=fits("gt", "input", "other"))
def gt(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether `input` is greater than `other`.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.gt(fg.tensor([1, 2, 3]), 2)
    Array([False, False,  True], dtype=bool)

    Source: ``torch.gt``.
    """
    fit("gt", input, other, real=True)
    return jnp.greater(input, other)


greater = gt


@op(check=fits("ge", "input", "other"))
def ge(input: ArrayLike, other: ArrayLike) -> Array:
    """Whether `input` is greater than or equal to `other`.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.
        ConversionError: a Python int does not fit the array's integer dtype.
        DtypeError: an operand is complex.

    >>> fg.ge(fg.tensor([1, 2, 3]), 2)
    Array([False,  True,  True], dtype=bool)

    Source: ``torch.ge``.
    """
    fit("ge", input, other, real=True)
    return jnp.greater_equal(input, other)


greater_equal = ge


@plain
def equal(input: ArrayLike, other: ArrayLike) -> bool | Array:
    """Whether two arrays have the same shape and equal elements.

    Args:
        input: any shape.
        other: any shape.

    Returns:
        A bool; under a transform a 0-d array of booleans.

    >>> fg.equal(fg.arange(3), fg.tensor([0.0, 1.0, 2.0]))
    True

    Source: ``torch.equal``.
    """
    return _known(_equal(input, other))


def _int_fits(input: ArrayLike, other: ArrayLike) -> None:
    if jnp.shape(input) == jnp.shape(other):
        fit("equal", input, other)


@op(check=_int_fits)
def _equal(input: ArrayLike, other: ArrayLike) -> Array:
    _int_fits(input, other)
    return jnp.array_equal(input, other)


def _known(verdict: Array) -> bool | Array:
    # Asked of the array itself, bool() takes as long as computing the verdict.
    return bool(np.asarray(verdict)) if is_concrete(verdict) else verdict


@op(check=fits("isclose", "input", "other"))
def isclose(
    input: ArrayLike, other: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Array:
    r"""Whether $|input - other| \le atol + rtol \cdot |other|$; infinities are close to themselves.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.
        rtol: relative tolerance, 0 or more.
        atol: absolute tolerance, 0 or more.
        equal_nan: whether NaN is close to NaN.

    Returns:
        An array of booleans in the common shape.

    Raises:
        ShapeError: the shapes do not broadcast.
        ArgumentError: a tolerance is negative.

    >>> fg.isclose(fg.tensor([1.0, 2.0]), fg.tensor([1.000001, 2.1]))
    Array([ True, False], dtype=bool)

    Source: ``torch.isclose``.
    """
    return _close("isclose", input, other, rtol, atol, equal_nan)


def _close(name: str, input: ArrayLike, other: ArrayLike, rtol: float, atol: float, equal_nan: bool) -> Array:
    fit(name, input, other)
    for word, tolerance in (("rtol", rtol), ("atol", atol)):
        if not tolerance >= 0:
            fail(ArgumentError, name, f"{word} must be 0 or more", f"got {tolerance}", "give another tolerance")
    return jnp.isclose(input, other, rtol, atol, equal_nan)


@plain
def allclose(
    input: ArrayLike, other: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool | Array:
    """Whether every element is close, in the sense of ``isclose``.

    Args:
        input: an array or number.
        other: an array or number that broadcasts with `input`.
        rtol: relative tolerance, 0 or more.
        atol: absolute tolerance, 0 or more.
        equal_nan: whether NaN is close to NaN.

    Returns:
        A bool; under a transform a 0-d array of booleans.

    Raises:
        ShapeError: the shapes do not broadcast.
        ArgumentError: a tolerance is negative.

    >>> fg.allclose(fg.tensor([1.0, 2.0]), fg.tensor([1.000001, 2.0]))
    True

    Source: ``torch.allclose``.
    """
    return _known(_allclose(input, other, rtol, atol, equal_nan))


@op(check=fits("allclose", "input", "other"))
def _allclose(input: ArrayLike, other: ArrayLike, rtol: float, atol: float, equal_nan: bool) -> Array:
    return jnp.all(_close("allclose", input, other, rtol, atol, equal_nan))


@op
def isnan(input: ArrayLike) -> Array:
    """Whether the elements are NaN.

    Args:
        input: any shape.

    Returns:
        An array of booleans in the shape of `input`.

    >>> fg.isnan(fg.tensor([1.0, np.nan, -np.inf]))
    Array([False,  True, False], dtype=bool)

    Source: ``torch.isnan``.
    """
    return jnp.isnan(input)


@op
def isinf(input: ArrayLike) -> Array:
    """Whether the elements are infinite.

    Args:
        input: any shape.

    Returns:
        An array of booleans in the shape of `input`.

    >>> fg.isinf(fg.tensor([1.0, np.nan, -np.inf]))
    Array([False, False,  True], dtype=bool)

    Source: ``torch.isinf``.
    """
    return jnp.isinf(input)


@op
def isposinf(input: ArrayLike) -> Array:
    """Whether the elements are plus infinity.

    Args:
        input: any shape.

    Returns:
        An array of booleans in the shape of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.isposinf(fg.tensor([1.0, np.nan, -np.inf]))
    Array([False, False, False], dtype=bool)

    Source: ``torch.isposinf``.
    """
    fit("isposinf", input, real=True)
    return jnp.isposinf(input)


@op
def isneginf(input: ArrayLike) -> Array:
    """Whether the elements are minus infinity.

    Args:
        input: any shape.

    Returns:
        An array of booleans in the shape of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.isneginf(fg.tensor([1.0, np.nan, -np.inf]))
    Array([False, False,  True], dtype=bool)

    Source: ``torch.isneginf``.
    """
    fit("isneginf", input, real=True)
    return jnp.isneginf(input)


@op
def isfinite(input: ArrayLike) -> Array:
    """Whether the elements are neither infinite nor NaN.

    Args:
        input: any shape.

    Returns:
        An array of booleans in the shape of `input`.

    >>> fg.isfinite(fg.tensor([1.0, np.nan, -np.inf]))
    Array([ True, False, False], dtype=bool)

    Source: ``torch.isfinite``.
    """
    return jnp.isfinite(input)


@op
def isreal(input: ArrayLike) -> Array:
    """Whether the elements have no imaginary part.

    Args:
        input: any shape.

    Returns:
        An array of booleans in the shape of `input`.

    >>> fg.isreal(fg.tensor([1.0, 2j]))
    Array([ True, False], dtype=bool)

    Source: ``torch.isreal``.
    """
    return jnp.isreal(input)
