"""Sums, products and logical reductions over dimensions."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_int, fail, sizes
from .._dispatch import spares
from .._errors import ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dims, DtypeLike
from ._selection import axes, integers_fit, widened

__all__ = ["all", "any", "count_nonzero", "logsumexp", "nansum", "prod", "sum", "sum_to_size"]


def _fits(name: str, reduce: Any) -> Any:
    def check(input: Any, dim: Any, dtype: Any) -> None:
        integers_fit(name, reduce, input, dim, dtype)

    return spares(check, inexact=True)


def _whole(x: Array) -> Any:
    """The dtype to say to JAX: of integers, or it widens int8; none of floats, or it adds up half precision in half."""
    return None if jnp.issubdtype(x.dtype, jnp.inexact) else x.dtype


@op(check=_fits("sum", np.sum))
def sum(
    input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None
) -> Array:
    r"""The sum $\sum_i x_i$ over one, several or all dimensions.

    Args:
        input: any shape.
        dim: one or several dimensions; all for None and ``()``.
        keepdim: whether the summed dimensions stay, with size 1.
        dtype: converts the elements first; by default booleans and narrow integers count in int32, all else stays.

    Returns:
        The sums; 0 over nothing.

    Raises:
        DimError: a dimension is out of range or named twice.
        ConversionError: a sum of known integers does not fit in int32. Under a transform it wraps.

    >>> x = fg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> fg.sum(x)
    Array(21., dtype=float32)
    >>> fg.sum(x, dim=1, keepdim=True)
    Array([[ 6.],
           [15.]], dtype=float32)

    Source: ``torch.sum``.
    """
    x = widened("sum", input, dtype)
    return jnp.sum(x, axes(x, dim), keepdims=keepdim, dtype=_whole(x))


@op(check=_fits("nansum", np.sum))
def nansum(
    input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None
) -> Array:
    """The sum with NaN counted as 0; its gradient at NaN is 0.

    Args:
        input: any shape.
        dim: one or several dimensions; all for None and ``()``.
        keepdim: whether the summed dimensions stay, with size 1.
        dtype: as for ``sum``.

    Returns:
        The sums; 0 over nothing.

    Raises:
        DimError: a dimension is out of range or named twice.
        ConversionError: a sum of known integers does not fit in int32.

    >>> fg.nansum(fg.tensor([1.0, float("nan"), 2.0]))
    Array(3., dtype=float32)

    Source: ``torch.nansum``.
    """
    x = jnp.asarray(input)
    x = widened("nansum", jnp.where(jnp.isnan(x), 0, x) if jnp.issubdtype(x.dtype, jnp.inexact) else x, dtype)
    return jnp.sum(x, axes(x, dim), keepdims=keepdim, dtype=_whole(x))


@op
def sum_to_size(input: ArrayLike, /, *size: int) -> Array:
    """`input` summed so that it has the shape `size`: the inverse of broadcasting from it.

    Args:
        input: any shape.
        *size: a shape that broadcasts to that of `input`.

    Returns:
        An array of shape `size` in the dtype of `input`; booleans and narrow integers in int32.

    Raises:
        ShapeError: `size` does not broadcast to the shape of `input`.

    >>> fg.sum_to_size(fg.ones(2, 3), 2, 1)
    Array([[3.],
           [3.]], dtype=float32)

    Source: ``Tensor.sum_to_size``.
    """
    x, shape = jnp.asarray(input), sizes("sum_to_size", size)
    ahead = x.ndim - len(shape)
    if ahead < 0 or [s for s, large in zip(shape, x.shape[ahead:], strict=True) if s not in (1, large)]:
        given = f"got {shape} for shape {x.shape}"
        remedy = "each size must be that of input or 1, counted from the end"
        fail(ShapeError, "sum_to_size", "size must broadcast to the shape of input", given, remedy)
    if shape == x.shape:
        return x
    over = tuple(axis for axis in range(x.ndim) if axis < ahead or shape[axis - ahead] != x.shape[axis])
    return jnp.sum(widened("sum_to_size", x, None), over).reshape(shape)


@op(check=_fits("prod", np.prod))
def prod(
    input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None
) -> Array:
    r"""The product $\prod_i x_i$ over one, several or all dimensions. Its gradient is right at zeros too.

    Args:
        input: any shape.
        dim: one or several dimensions; all for None and ``()``.
        keepdim: whether the dimensions stay, with size 1.
        dtype: as for ``sum``.

    Returns:
        The products; 1 over nothing.

    Raises:
        DimError: a dimension is out of range or named twice.
        ConversionError: a product of known integers does not fit in int32. Under a transform it wraps.

    >>> fg.prod(fg.arange(1, 6))
    Array(120, dtype=int32)
    >>> jax.grad(fg.prod)(fg.tensor([2.0, 0.0, 3.0]))
    Array([0., 6., 0.], dtype=float32)

    Source: ``torch.prod``.
    """
    x = widened("prod", input, dtype)
    return jnp.prod(x, axes(x, dim), keepdims=keepdim, dtype=_whole(x))


@op
def logsumexp(input: ArrayLike, /, dim: Dims, keepdim: bool = False) -> Array:
    r"""$\log \sum_i e^{x_i}$ without overflow.

    Its gradient is the softmax; where every element is minus infinity (everything masked out) it is 0.

    Args:
        input: any shape; integers become floating.
        dim: one or several dimensions; all for ``()``.
        keepdim: whether the dimensions stay, with size 1.

    Returns:
        Floating point or complex; minus infinity over nothing.

    Raises:
        DimError: a dimension is out of range or named twice.

    >>> fg.logsumexp(fg.tensor([1000.0, 1000.0]), 0)
    Array(1000.6932, dtype=float32)

    Source: ``torch.logsumexp``.
    """
    x = jnp.asarray(input)
    x = x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jnp.result_type(float))
    over = axes(x, dim)
    largest = jax.lax.stop_gradient(jnp.max(jnp.real(x), over, keepdims=True, initial=-jnp.inf))
    shift = jnp.where(jnp.isfinite(largest), largest, 0)
    total = jnp.sum(jnp.exp(x - shift), over, keepdims=True)
    # log(0) has the right value and a NaN gradient, so the logarithm never sees that zero.
    empty = total == 0
    result = jnp.where(empty, -jnp.inf, jnp.log(jnp.where(empty, 1, total)) + shift)
    return result if keepdim else jnp.squeeze(result, over)


def _truth(reduce: Any, input: ArrayLike, dim: Any, keepdim: bool) -> Array:
    x = jnp.asarray(input)
    x = x if x.dtype == bool else x != 0
    return x if dim == () else reduce(x, axes(x, dim), keepdims=keepdim)


@op
def all(input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False) -> Array:
    """Whether every element is true: not zero. NaN is true.

    Args:
        input: any shape and dtype.
        dim: one or several dimensions; all for None, and none for ``()``, as in torch.
        keepdim: whether the dimensions stay, with size 1.

    Returns:
        Booleans; True over nothing.

    Raises:
        DimError: a dimension is out of range or named twice.

    >>> fg.all(fg.tensor([[1, 0], [1, 1]]), dim=1)
    Array([False,  True], dtype=bool)

    Source: ``torch.all``.
    """
    return _truth(jnp.all, input, dim, keepdim)


@op
def any(input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False) -> Array:
    """Whether some element is true: not zero. NaN is true.

    Args:
        input: any shape and dtype.
        dim: one or several dimensions; all for None, and none for ``()``, as in torch.
        keepdim: whether the dimensions stay, with size 1.

    Returns:
        Booleans; False over nothing.

    Raises:
        DimError: a dimension is out of range or named twice.

    >>> fg.any(fg.tensor([[0, 0], [0, 1]]), dim=1)
    Array([False,  True], dtype=bool)

    Source: ``torch.any``.
    """
    return _truth(jnp.any, input, dim, keepdim)


@op
def count_nonzero(input: ArrayLike, /, dim: Dims | None = None, keepdim: bool = False) -> Array:
    """How many elements are not zero. NaN is not zero.

    Args:
        input: any shape and dtype.
        dim: one or several dimensions; all for None and ``()``.
        keepdim: whether the dimensions stay, with size 1.

    Returns:
        Counts, int32.

    Raises:
        DimError: a dimension is out of range or named twice.

    >>> fg.count_nonzero(fg.tensor([[1, 0], [2, 3]]), dim=0)
    Array([2, 1], dtype=int32)

    Source: ``torch.count_nonzero``.
    """
    x = jnp.asarray(input) != 0
    return jnp.sum(x.astype(default_int()), axes(x, dim), keepdims=keepdim)
