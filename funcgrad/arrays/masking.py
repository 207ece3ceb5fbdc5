"""Words about masks: filling, selecting, and finding what is true."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import broadcast_shapes, default_int, describe, fail, is_concrete, sizes
from .._claims import claim, visible
from .._errors import ShapeError, TracedValueError
from .._op import op
from .._operands import dtype_of, operand, shape_of
from .._plain import plain
from .._types import Array, ArrayLike
from ._updates import as_value, require_mask

__all__ = ["masked_fill", "masked_select", "masked_scatter", "nonzero", "argwhere"]


def _check_fill(input: Any, mask: Any, value: Any) -> None:
    require_mask("masked_fill", mask)
    if shape_of(value):
        fail(
            ShapeError,
            "masked_fill",
            "value must be a number or a 0-d array",
            f"got shape {np.shape(value)}",
            "use fg.where(mask, value, x)",
        )
    as_value("masked_fill", value, dtype_of(input))


@op(check=_check_fill)
def masked_fill(input: ArrayLike, /, mask: ArrayLike, value: ArrayLike) -> Array:
    """`input` with `value` where `mask` is true.

    Args:
        input: any shape.
        mask: a boolean array that broadcasts with `input`.
        value: a number or 0-d array.

    Returns:
        The new array, in the dtype of `input` and the shape of both broadcast together.

    Raises:
        DtypeError: `mask` is not boolean, or `value` would lose its kind (a fraction or infinity to integers).
        ConversionError: `value` is too large for the dtype, such as -1e9 for float16.

    >>> x = fg.arange(4.0)
    >>> fg.masked_fill(x, x > 1, -1)
    Array([ 0.,  1., -1., -1.], dtype=float32)

    Source: ``torch.masked_fill``.
    """
    _check_fill(input, mask, value)
    broadcast_shapes("masked_fill", np.shape(input), np.shape(mask))
    return jnp.where(mask, jnp.asarray(value).astype(jnp.result_type(input)), input)


@plain
def masked_select(input: ArrayLike, /, mask: ArrayLike, *, size: int | None = None, fill_value: ArrayLike = 0) -> Array:
    """The elements of `input` where `mask` is true, in one dimension.

    Args:
        input: any shape.
        mask: a boolean array that broadcasts with `input`.
        size: how many elements the result has; needed where `mask` is traced, because shapes are fixed there.
        fill_value: what follows the selected elements up to `size`.

    Returns:
        A 1-D array in the dtype of `input`.

    Raises:
        DtypeError: `mask` is not boolean.
        ShapeError: more than `size` elements are selected. Not raised for a traced mask: the first ones are kept.
        TracedValueError: `mask` is traced and there is no `size`.

    >>> x = fg.arange(4.0)
    >>> fg.masked_select(x, x > 1)
    Array([2., 3.], dtype=float32)
    >>> jax.jit(lambda x: fg.masked_select(x, x > 1, size=3))(x)
    Array([2., 3., 0.], dtype=float32)

    Source: ``torch.masked_select``.
    """
    x, mask = operand("masked_select", "input", input), operand("masked_select", "mask", mask)
    require_mask("masked_select", mask)
    shape = broadcast_shapes("masked_select", np.shape(x), np.shape(mask))
    if is_concrete(mask):
        places = np.flatnonzero(np.broadcast_to(np.asarray(mask), shape)).astype(default_int())
        if size is None:
            return _picked(x, places, shape=shape)
    elif size is None:
        _needs_size("masked_select", mask)
    if (seen := visible(mask)) is not None:
        _require_size("masked_select", seen.sum() * (math.prod(shape) // max(seen.size, 1)), size)
    as_value("masked_select", fill_value, dtype_of(x), "fill_value")
    return _picked_padded(x, mask, fill_value, shape=shape, size=sizes("masked_select", (size,))[0])


@op
def _picked(x: ArrayLike, places: ArrayLike, /, *, shape: tuple[int, ...]) -> Array:
    return jnp.broadcast_to(x, shape).reshape(-1).at[places].get(mode="promise_in_bounds")


@op
def _picked_padded(
    x: ArrayLike, mask: ArrayLike, fill_value: ArrayLike, /, *, shape: tuple[int, ...], size: int
) -> Array:
    flat = jnp.broadcast_to(x, shape).reshape(-1)
    (places,) = jnp.nonzero(jnp.broadcast_to(mask, shape).reshape(-1), size=size, fill_value=flat.size)
    found = flat.at[places].get(mode="fill", fill_value=0)
    return jnp.where(places < flat.size, found, jnp.asarray(fill_value).astype(flat.dtype))


def _needs_size(name: str, x: Any) -> None:
    fail(
        TracedValueError,
        name,
        "the result's shape depends on values, which must be known",
        f"got a traced {describe(x)}",
        "pass size=, the largest number there can be, or use fg.where",
    )


def _require_size(name: str, found: Any, size: int | None) -> None:
    if size is not None:
        required = f"at most size={size} elements may be true"
        claim(ShapeError, name, required, "got {found}", "make size larger", found <= size, found=found)


def _check_scatter(input: Any, mask: Any, source: Any) -> None:
    require_mask("masked_scatter", mask)
    as_value("masked_scatter", source, dtype_of(input), "source")
    seen = visible(mask)
    if seen is not None:
        shape = broadcast_shapes("masked_scatter", np.shape(input), np.shape(mask))
        needed = seen.sum() * (math.prod(shape) // max(seen.size, 1))
        claim(
            ShapeError,
            "masked_scatter",
            _one_for_each,
            f"got {np.size(source)}",
            "give more, or clear parts of the mask",
            needed <= np.size(source),
            needed=needed,
        )


def _one_for_each(needed: Any, **_: Any) -> str:
    return f"source must have an element for each of the {needed} that mask selects"


@op(check=_check_scatter)
def masked_scatter(input: ArrayLike, /, mask: ArrayLike, source: ArrayLike) -> Array:
    """`input` with the elements where `mask` is true replaced by those of `source`, in order.

    Args:
        input: any shape.
        mask: a boolean array that broadcasts with `input`.
        source: any shape, with at least as many elements as `mask` selects.

    Returns:
        The new array, in the dtype of `input` and the shape of it and `mask` broadcast together.

    Raises:
        DtypeError: `mask` is not boolean, or `source` would lose its kind.
        ShapeError: `source` has too few elements. Not raised for a traced mask, where NaN fills the rest.

    >>> fg.masked_scatter(fg.zeros(3), fg.tensor([True, False, True]), fg.tensor([1.0, 2.0]))
    Array([1., 0., 2.], dtype=float32)

    Source: ``torch.masked_scatter``.
    """
    _check_scatter(input, mask, source)
    shape = broadcast_shapes("masked_scatter", np.shape(input), np.shape(mask))
    x, mask = jnp.broadcast_to(input, shape), jnp.broadcast_to(mask, shape)
    flat = jnp.asarray(source).astype(x.dtype).reshape(-1)
    if flat.size == 0:  # nothing is selected, or _check_scatter has raised
        return x
    order = jnp.cumsum(mask.reshape(-1)).reshape(shape) - 1
    return jnp.where(mask, flat.at[jnp.maximum(order, 0)].get(mode="fill"), x)


@plain
def nonzero(
    input: ArrayLike, /, *, as_tuple: bool = False, size: int | None = None, fill_value: int = -1
) -> Array | tuple[Array, ...]:
    """The indices of the elements that are not zero, in row-major order.

    Args:
        input: any shape.
        as_tuple: whether to return one array for each dimension instead of one array with a row for each element.
        size: how many elements the result is to hold; needed where `input` is traced, because shapes are fixed there.
        fill_value: the index that follows those found, up to `size`.

    Returns:
        An integer array of shape (found, dimensions), or with `as_tuple` one of shape (found,) for each dimension
        (a 0-d array counts as having one).

    Raises:
        ShapeError: more than `size` elements are not zero. Not raised for a traced input: the first ones are kept.
        TracedValueError: `input` is traced and there is no `size`.

    >>> fg.nonzero(fg.tensor([[0, 5], [7, 0]]))
    Array([[0, 1],
           [1, 0]], dtype=int32)
    >>> fg.nonzero(fg.tensor([0, 5, 7]), as_tuple=True)
    (Array([1, 2], dtype=int32),)

    Source: ``torch.nonzero``.
    """
    return _nonzero("nonzero", input, as_tuple, size, fill_value)


@plain
def argwhere(input: ArrayLike, /, *, size: int | None = None, fill_value: int = -1) -> Array:
    """The indices of the elements that are not zero, one row for each.

    Args:
        input: any shape.
        size: how many rows the result is to have; needed where `input` is traced.
        fill_value: the index that fills the rows after those found.

    Returns:
        An integer array of shape (found, dimensions).

    Raises:
        ShapeError: more than `size` elements are not zero.
        TracedValueError: `input` is traced and there is no `size`.

    >>> fg.argwhere(fg.tensor([0, 5, 7]))
    Array([[1],
           [2]], dtype=int32)

    Source: ``torch.argwhere``.
    """
    rows: Array = _nonzero("argwhere", input, False, size, fill_value)
    return rows


def _nonzero(name: str, input: Any, as_tuple: bool, size: int | None, fill_value: int) -> Any:
    x = operand(name, "input", input)
    if is_concrete(x):
        host = np.atleast_1d(np.asarray(x)) if as_tuple else np.asarray(x)
        if size is None:
            found = np.argwhere(host).astype(default_int())
            return tuple(jax.device_put([column.copy() for column in found.T])) if as_tuple else jax.device_put(found)
    elif size is None:
        _needs_size(name, x)
    if (seen := visible(x)) is not None:
        _require_size(name, (seen != 0).sum(), size)
    columns = _nonzero_padded(x, size=sizes(name, (size,))[0], fill_value=fill_value)
    if as_tuple:
        return columns
    return jnp.stack(columns, 1) if np.ndim(x) else columns[0].reshape(-1, 1)[:, :0]


@op
def _nonzero_padded(x: ArrayLike, /, *, size: int, fill_value: int) -> tuple[Array, ...]:
    x = jnp.atleast_1d(x)
    if x.size == 0:  # where JAX forgets the fill value
        return (jnp.full(size, fill_value),) * x.ndim
    return jnp.nonzero(x, size=size, fill_value=fill_value)
