"""The largest and the smallest, and where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, require_real
from .._errors import ArgumentError, ArgumentTypeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike, Dim, Dims
from ._order import extreme, first_extreme
from ._pointwise import larger, smaller
from ._selection import axes, one_dim, require_some, value_at

__all__ = ["MinMax", "ValuesIndices", "amax", "amin", "aminmax", "argmax", "argmin", "max", "min"]


class ValuesIndices(NamedTuple):
    """What words that pick elements along a dimension return: the elements, and where they were."""

    values: Array
    indices: Array


class MinMax(NamedTuple):
    """What ``aminmax`` returns."""

    min: Array
    max: Array


_Forms: TypeAlias = tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]


def _forms(name: str, largest: bool, pairwise: Any) -> _Forms:
    """The three words that torch keeps under one name: of everything, along a dimension, of two arrays."""

    def of_all(input: ArrayLike, /, keepdim: bool = False) -> Array:
        return _extreme(name, largest, input, None, keepdim)

    def along(input: ArrayLike, /, dim: Dim, keepdim: bool = False) -> ValuesIndices:
        x, dim = one_dim(name, input, dim)
        require_some(name, x, (dim,))
        keeps = keepdim and jnp.ndim(input) > 0
        indices = first_extreme(x, dim, True, largest)
        # Reducing is many times faster than searching: who asks only for the values pays only for them.
        value = jax.lax.stop_gradient(extreme(x, (dim,), True, largest))
        found = ValuesIndices(value_at(x, value, indices, dim), indices)
        return found if keeps else ValuesIndices(*(jnp.squeeze(leaf, dim) for leaf in found))

    def of_two(input: ArrayLike, other: ArrayLike, /) -> Array:
        require_real(name, input)
        require_real(name, other, "other")
        return pairwise(name, input, other)

    for form in (of_all, along, of_two):
        form.__name__ = name
    return op(of_all), op(along), op(of_two)


def _extreme(name: str, largest: bool, input: ArrayLike, dim: Any, keepdim: bool) -> Array:
    x = jnp.asarray(input)
    require_real(name, x)
    over = axes(x, dim)
    require_some(name, x, over)
    return extreme(x, over, keepdim, largest)


_MAX = _forms("max", True, larger)
_MIN = _forms("min", False, smaller)


def _choose(name: str, forms: _Forms, input: Any, dim: Any, keepdim: Any, other: Any, axis: Any, keepdims: Any) -> Any:
    """Which of the three forms a call means: the second argument is a dimension (an int) or another array."""
    of_all, along, of_two = forms
    if dim is None and other is None and axis is None and keepdim is None and keepdims is None:
        return of_all(input)
    for word, first, alias, second in (("dim", dim, "axis", axis), ("keepdim", keepdim, "keepdims", keepdims)):
        if first is not None and second is not None:
            fail(
                ArgumentError,
                name,
                f"{word} and {alias} are two names of one option",
                "got both",
                f"pass only {word}",
            )
    dim = axis if dim is None else dim
    keepdim = bool(keepdims if keepdim is None else keepdim)
    if other is None and (isinstance(dim, jax.Array | np.ndarray) or hasattr(dim, "__jax_array__")):
        dim, other = None, dim
    if other is not None:
        if dim is not None or keepdim:
            fail(
                ArgumentError,
                name,
                "two arrays are compared element by element, without dim and keepdim",
                f"got other= and {'dim=' if dim is not None else 'keepdim='}",
                f"reduce the result of fg.{name}imum(input, other)",
            )
        return of_two(input, other)
    if dim is None:
        return of_all(input, keepdim)
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        fail(
            ArgumentTypeError,
            name,
            "the second argument must be a dimension (an int) or an array",
            f"got {describe(dim)}",
            f"several dimensions take fg.a{name}, a number fg.{name}imum",
        )
    return along(input, dim, keepdim)


@plain
def max(
    input: ArrayLike,
    /,
    dim: Any = None,
    keepdim: bool | None = None,
    *,
    other: Any = None,
    axis: Any = None,
    keepdims: bool | None = None,
) -> Any:
    """The maximum of all elements, along a dimension with its index, or of two arrays. NaN counts as largest.

    The gradient of ``max(x)`` is shared evenly by equal maxima; that of ``max(x, dim)`` goes to the index returned,
    the first; of two equal elements in ``max(x, other)`` each gets half.

    Args:
        input: real, any shape.
        dim: a dimension (an int); or an array, compared with `input` element by element.
        keepdim: whether the dimension stays, with size 1.
        other: the array to compare with, by name.
        axis: another name of `dim`.
        keepdims: another name of `keepdim`.

    Returns:
        ``max(x)``: 0-d. ``max(x, dim)``: ``ValuesIndices(values, indices)``, the indices int32. ``max(x, other)``: an
        array of the shape they broadcast to.

    Raises:
        EmptyError: there is no element to choose.
        DimError: the dimension is out of range.
        ShapeError: the two arrays do not broadcast.

    >>> x = fg.tensor([[1.0, 5.0, 5.0], [4.0, 2.0, 0.0]])
    >>> fg.max(x)
    Array(5., dtype=float32)
    >>> values, indices = fg.max(x, dim=1)
    >>> indices
    Array([1, 0], dtype=int32)
    >>> fg.max(fg.tensor([1.0, 2.0]), fg.tensor([3.0, 0.0]))
    Array([3., 2.], dtype=float32)

    Source: ``torch.max``.
    """
    return _choose("max", _MAX, input, dim, keepdim, other, axis, keepdims)


@plain
def min(
    input: ArrayLike,
    /,
    dim: Any = None,
    keepdim: bool | None = None,
    *,
    other: Any = None,
    axis: Any = None,
    keepdims: bool | None = None,
) -> Any:
    """The minimum of all elements, along a dimension with its index, or of two arrays. NaN counts as smallest.

    The gradient of ``min(x)`` is shared evenly by equal minima; that of ``min(x, dim)`` goes to the index returned,
    the first; of two equal elements in ``min(x, other)`` each gets half.

    Args:
        input: real, any shape.
        dim: a dimension (an int); or an array, compared with `input` element by element.
        keepdim: whether the dimension stays, with size 1.
        other: the array to compare with, by name.
        axis: another name of `dim`.
        keepdims: another name of `keepdim`.

    Returns:
        ``min(x)``: 0-d. ``min(x, dim)``: ``ValuesIndices(values, indices)``, the indices int32. ``min(x, other)``: an
        array of the shape they broadcast to.

    Raises:
        EmptyError: there is no element to choose.
        DimError: the dimension is out of range.
        ShapeError: the two arrays do not broadcast.

    >>> fg.min(fg.tensor([[3.0, 1.0], [2.0, 2.0]]), 1).values
    Array([1., 2.], dtype=float32)

    Source: ``torch.min``.
    """
    return _choose("min", _MIN, input, dim, keepdim, other, axis, keepdims)


@op
def amax(input: ArrayLike, /, dim: Dims | None = (), keepdim: bool = False) -> Array:
    """The maximum over one, several or all dimensions. Its gradient is shared evenly by equal maxima.

    Args:
        input: real, any shape.
        dim: one or several dimensions; all for ``()`` and None.
        keepdim: whether the dimensions stay, with size 1.

    Returns:
        The maxima, in the dtype of `input`; NaN where an element is.

    Raises:
        EmptyError: there is no element to choose.
        DimError: a dimension is out of range or named twice.

    >>> fg.amax(fg.tensor([[1, 5], [4, 2]]), dim=1)
    Array([5, 4], dtype=int32)

    Source: ``torch.amax``.
    """
    return _extreme("amax", True, input, dim, keepdim)


@op
def amin(input: ArrayLike, /, dim: Dims | None = (), keepdim: bool = False) -> Array:
    """The minimum over one, several or all dimensions. Its gradient is shared evenly by equal minima.

    Args:
        input: real, any shape.
        dim: one or several dimensions; all for ``()`` and None.
        keepdim: whether the dimensions stay, with size 1.

    Returns:
        The minima, in the dtype of `input`; NaN where an element is.

    Raises:
        EmptyError: there is no element to choose.
        DimError: a dimension is out of range or named twice.

    >>> fg.amin(fg.tensor([[1, 5], [4, 2]]), dim=1)
    Array([1, 2], dtype=int32)

    Source: ``torch.amin``.
    """
    return _extreme("amin", False, input, dim, keepdim)


@op
def aminmax(input: ArrayLike, /, *, dim: Dims | None = None, keepdim: bool = False) -> MinMax:
    """The minimum and the maximum together.

    Args:
        input: real, any shape.
        dim: one or several dimensions; all for None and ``()``.
        keepdim: whether the dimensions stay, with size 1.

    Returns:
        ``MinMax(min, max)``, in the dtype of `input`.

    Raises:
        EmptyError: there is no element to choose.
        DimError: a dimension is out of range or named twice.

    >>> fg.aminmax(fg.tensor([3, 1, 2]))
    MinMax(min=Array(1, dtype=int32), max=Array(3, dtype=int32))

    Source: ``torch.aminmax``.
    """
    return MinMax(*(_extreme("aminmax", largest, input, dim, keepdim) for largest in (False, True)))


def _where(name: str, largest: bool, input: ArrayLike, dim: int | None, keepdim: bool) -> Array:
    x = jnp.asarray(input)
    if dim is None:
        require_real(name, x)
        require_some(name, x, axes(x, None))
        return first_extreme(x, None, keepdim, largest)
    x, dim = one_dim(name, x, dim)
    require_some(name, x, (dim,))
    return first_extreme(x, dim, keepdim and jnp.ndim(input) > 0, largest)


@op
def argmax(input: ArrayLike, /, dim: Dim | None = None, keepdim: bool = False) -> Array:
    """The index of the maximum: the first of equal ones, the first NaN if there is one.

    Args:
        input: real, any shape.
        dim: the dimension to search; None for the flattened array.
        keepdim: whether the dimension stays, with size 1.

    Returns:
        Indices along `dim`, or one into ``input.flatten()``; int32.

    Raises:
        EmptyError: there is no element to choose.
        DimError: the dimension is out of range.

    >>> fg.argmax(fg.tensor([[1.0, 5.0, 5.0], [4.0, 2.0, 0.0]]), dim=1)
    Array([1, 0], dtype=int32)

    Source: ``torch.argmax``.
    """
    return _where("argmax", True, input, dim, keepdim)


@op
def argmin(input: ArrayLike, /, dim: Dim | None = None, keepdim: bool = False) -> Array:
    """The index of the minimum: the first of equal ones, the first NaN if there is one.

    Args:
        input: real, any shape.
        dim: the dimension to search; None for the flattened array.
        keepdim: whether the dimension stays, with size 1.

    Returns:
        Indices along `dim`, or one into ``input.flatten()``; int32.

    Raises:
        EmptyError: there is no element to choose.
        DimError: the dimension is out of range.

    >>> fg.argmin(fg.tensor([[1.0, 5.0, 0.5], [4.0, 2.0, 2.0]]), dim=1)
    Array([2, 1], dtype=int32)

    Source: ``torch.argmin``.
    """
    return _where("argmin", False, input, dim, keepdim)
