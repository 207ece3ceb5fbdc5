"""Means, variances and standard deviations over dimensions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from .._checks import canonical_dim, canonical_dims, fail, require_float, resolve_dtype
from .._errors import ArgumentError, DtypeError
from .._op import op
from .._sizes import is_open
from .._types import Array, ArrayLike, Dims, DtypeLike
from ._pointwise import in_single
from ._selection import axes

__all__ = ["mean", "nanmean", "std", "std_mean", "var", "var_mean"]


def _floating(name: str, input: ArrayLike, dtype: DtypeLike | None) -> Array:
    x = jnp.asarray(input)
    target = x.dtype if dtype is None else resolve_dtype(name, dtype)
    if not jnp.issubdtype(target, jnp.inexact):
        fail(
            DtypeError,
            name,
            "a mean must be floating point or complex",
            f"got {x.dtype} of shape {x.shape}" + ("" if dtype is None else f" and dtype={target.name}"),
            "convert it with fg.to(x, 'float'), or pass dtype='float'",
        )
    return x.astype(target)


@op
def mean(
    input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None
) -> Array:
    r"""The mean $\frac{1}{n} \sum_i x_i$ over one, several or all dimensions.

    Args:
        input: floating point or complex, any shape; integers need `dtype`.
        dim: one or several dimensions; all for None and ``()``.
        keepdim: whether the dimensions stay, with size 1.
        dtype: converts the elements first.

    Returns:
        The means, in the dtype of `input` or `dtype`; NaN over nothing.

    Raises:
        DtypeError: `input` is integer or boolean.
        DimError: a dimension is out of range or named twice.

    >>> fg.mean(fg.tensor([[1.0, 2.0], [3.0, 5.0]]), dim=0)
    Array([2. , 3.5], dtype=float32)
    >>> fg.mean(fg.tensor([1, 2]), dtype="float")
    Array(1.5, dtype=float32)

    Source: ``torch.mean``.
    """
    x = _floating("mean", input, dtype)
    return jnp.mean(x, axes(x, dim), keepdims=keepdim)


@op
def nanmean(
    input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None
) -> Array:
    """The mean of the elements that are not NaN; its gradient at NaN is 0.

    Args:
        input: floating point or complex, any shape.
        dim: one or several dimensions; all for None and ``()``.
        keepdim: whether the dimensions stay, with size 1.
        dtype: converts the elements first.

    Returns:
        The means; NaN where every element is.

    Raises:
        DtypeError: `input` is integer or boolean.
        DimError: a dimension is out of range or named twice.

    >>> fg.nanmean(fg.tensor([1.0, float("nan"), 2.0]))
    Array(1.5, dtype=float32)

    Source: ``torch.nanmean``.
    """
    x = _floating("nanmean", input, dtype)
    over = axes(x, dim)
    return jnp.mean(x, over, keepdims=keepdim, where=~jnp.isnan(x))


def _moments(
    name: str, input: ArrayLike, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None
) -> tuple[Array, Array]:
    """The variance and the mean; 16-bit operands are accumulated in 32."""
    x = jnp.asarray(input)
    require_float(name, x)
    if isinstance(dim, bool):  # torch's var(x, False)
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None:
            fail(
                ArgumentError,
                name,
                "correction and unbiased are two names of one option",
                f"got correction={correction} and unbiased={unbiased}",
                "pass only correction",
            )
        correction = 1 if unbiased else 0
    if dim is not None:
        dim = (canonical_dims if isinstance(dim, tuple) else canonical_dim)(name, dim, x.ndim)
    over = axes(x, dim)
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    count = 1
    for axis in over:
        count *= x.shape[axis]
    center = jnp.mean(wide, over, keepdims=True)
    gap = wide - center
    squares = jnp.sum(jnp.real(gap * jnp.conj(gap)), over, keepdims=keepdim)
    # max(0, ...): with too few elements the variance is NaN or infinite, as torch has it, and never negative.
    left = count - (1 if correction is None else correction)
    divisor = jnp.maximum(left, 0) if is_open(count) else max(0.0, left)
    never = not is_open(count) and not divisor
    variance = (squares / (jnp.zeros((), squares.dtype) if never else divisor)).astype(jnp.real(x).dtype)
    average = center if keepdim else jnp.squeeze(center, over)
    return variance, average.astype(x.dtype)


def _root(variance: Array) -> Array:
    """The square root, whose derivative at 0 is taken as 0: a standard deviation has a minimum there."""
    constant = variance == 0
    return jnp.where(constant, 0, jnp.sqrt(jnp.where(constant, 1, variance)))


@op
def var(
    input: ArrayLike,
    /,
    dim: Dims | bool | None = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Array:
    r"""The variance $\frac{1}{\max(0,\, n - c)} \sum_i |x_i - \bar x|^2$ with $c = 1$ unless told otherwise.

    Args:
        input: floating point or complex, any shape.
        dim: one or several dimensions; all for None and ``()``. A bool here means `unbiased`, as in torch.
        unbiased: True for correction 1, False for 0.
        keepdim: whether the dimensions stay, with size 1.
        correction: $c$, 1 by default (NumPy's and JAX's default is 0).

    Returns:
        The variances, real; NaN for one element with correction 1.

    Raises:
        DtypeError: `input` is integer or boolean.
        ArgumentError: both `correction` and `unbiased` were given.
        DimError: a dimension is out of range or named twice.

    >>> fg.var(fg.tensor([1.0, 2.0, 3.0, 4.0]))
    Array(1.6666667, dtype=float32)
    >>> fg.var(fg.tensor([1.0, 2.0, 3.0, 4.0]), correction=0)
    Array(1.25, dtype=float32)

    Source: ``torch.var``.
    """
    return _moments("var", input, dim, unbiased, keepdim, correction)[0]


@op
@in_single
def std(
    input: ArrayLike,
    /,
    dim: Dims | bool | None = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Array:
    """The standard deviation, the square root of ``var``. Its gradient at a constant input is 0.

    Args:
        input: floating point or complex, any shape.
        dim: one or several dimensions; all for None and ``()``. A bool here means `unbiased`, as in torch.
        unbiased: True for correction 1, False for 0.
        keepdim: whether the dimensions stay, with size 1.
        correction: subtracted from the number of elements; 1 by default (NumPy's and JAX's default is 0).

    Returns:
        The standard deviations, real; NaN for one element with correction 1.

    Raises:
        DtypeError: `input` is integer or boolean.
        ArgumentError: both `correction` and `unbiased` were given.
        DimError: a dimension is out of range or named twice.

    >>> fg.std(fg.arange(6.0))
    Array(1.8708287, dtype=float32)
    >>> jax.grad(fg.std)(fg.ones(3))
    Array([0., 0., 0.], dtype=float32)

    Source: ``torch.std``.
    """
    return _root(_moments("std", input, dim, unbiased, keepdim, correction)[0])


@op
def var_mean(
    input: ArrayLike,
    /,
    dim: Dims | bool | None = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Array, Array]:
    """The variance and the mean, in one pass over the data.

    Args:
        input: floating point or complex, any shape.
        dim: one or several dimensions; all for None and ``()``. A bool here means `unbiased`, as in torch.
        unbiased: True for correction 1, False for 0.
        keepdim: whether the dimensions stay, with size 1.
        correction: as for ``var``.

    Returns:
        The pair (variance, mean).

    Raises:
        DtypeError: `input` is integer or boolean.
        ArgumentError: both `correction` and `unbiased` were given.
        DimError: a dimension is out of range or named twice.

    >>> fg.var_mean(fg.tensor([1.0, 2.0, 3.0]))
    (Array(1., dtype=float32), Array(2., dtype=float32))

    Source: ``torch.var_mean``.
    """
    return _moments("var_mean", input, dim, unbiased, keepdim, correction)


@op
@in_single
def std_mean(
    input: ArrayLike,
    /,
    dim: Dims | bool | None = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Array, Array]:
    """The standard deviation and the mean. The gradient of the first at a constant input is 0.

    Args:
        input: floating point or complex, any shape.
        dim: one or several dimensions; all for None and ``()``. A bool here means `unbiased`, as in torch.
        unbiased: True for correction 1, False for 0.
        keepdim: whether the dimensions stay, with size 1.
        correction: as for ``std``.

    Returns:
        The pair (standard deviation, mean).

    Raises:
        DtypeError: `input` is integer or boolean.
        ArgumentError: both `correction` and `unbiased` were given.
        DimError: a dimension is out of range or named twice.

    >>> fg.std_mean(fg.tensor([1.0, 2.0, 3.0]))
    (Array(1., dtype=float32), Array(2., dtype=float32))

    Source: ``torch.std_mean``.
    """
    variance, average = _moments("std_mean", input, dim, unbiased, keepdim, correction)
    return _root(variance), average
