"""Different values, membership, and how often each number occurs.

How many different values there are decides the shape of some results. Those are computed from known values on the
host, and need their size said under a transform.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import canonical_dim, default_float, default_int, describe, fail, is_concrete
from .._claims import checking, claim, visible
from .._convert import from_host
from .._errors import ArgumentError, DtypeError, IndexRangeError, ShapeError, TracedValueError
from .._op import op
from .._operands import operand
from .._plain import plain
from .._types import Array, ArrayLike

__all__ = ["bincount", "isin", "unique", "unique_consecutive"]


@plain
def unique(
    input: ArrayLike,
    /,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    *,
    size: int | None = None,
    fill_value: ArrayLike | None = None,
    axis: int | None = None,
) -> Any:
    """The different values, in ascending order.

    Args:
        input: any shape. Each NaN is different from all others.
        sorted: whether they come in order; here they always do.
        return_inverse: also return where each element of `input` is among the values.
        return_counts: also return how often each value occurs.
        dim: compare whole slices along this dimension, in lexicographic order; None for single elements.
        size: how many values to return, at least as many as there are: required under a transform.
        fill_value: what stands in unused places; the smallest value by default (of nothing, 0). Their count is 0.
        axis: another name of `dim`.

    Returns:
        The values, 1-D or (with `dim`) shaped as `input` except along `dim`; with the flags a tuple of the values, the
        inverse (int32) and the counts (int32).

    Raises:
        TracedValueError: `size` is missing under a transform.
        ArgumentError: `size` is too small.

    >>> fg.unique(fg.tensor([3, 1, 3, 2]), return_counts=True)
    (Array([1, 2, 3], dtype=int32), Array([1, 1, 2], dtype=int32))
    >>> jax.jit(lambda x: fg.unique(x, size=4, fill_value=0))(fg.tensor([3, 1, 3, 2]))
    Array([1, 2, 3, 0], dtype=int32)

    Source: ``torch.unique``; ``size`` and ``fill_value`` as in ``jax.numpy.unique``.
    """
    x, dim = _operand_and_dim("unique", input, dim, axis)
    _require_size("unique", x, size)
    if dim is not None and np.size(x) == 0 and np.shape(x)[dim]:
        fail(
            ShapeError,
            "unique",
            "slices along dim must have elements to compare",
            f"got shape {np.shape(x)} and dim={dim}",
            "leave dim out",
        )
    flags: Any = {"return_inverse": True, "return_counts": True, "axis": dim, "equal_nan": False}
    if is_concrete(x):
        found = np.unique(np.asarray(x), **flags)
        _require_room("unique", found[0].shape[dim or 0], size)
    elif size is not None and checking():
        slices = np.size(x) if dim is None else np.shape(x)[dim]
        each = jnp.unique(x, size=slices, return_counts=True, axis=dim, equal_nan=False)[1] if slices else jnp.zeros(1)
        _require_room("unique", jnp.sum(each > 0), size)
    if size is not None:
        fill_value = 0 if fill_value is None and np.size(x) == 0 else fill_value
        found = jnp.unique(jnp.asarray(x), size=size, fill_value=fill_value, **flags)
    values, inverse, counts = found
    inverse = inverse.reshape(np.shape(x) if dim is None else -1)
    return _results("unique", x, values, inverse if return_inverse else None, counts if return_counts else None)


@plain
def unique_consecutive(
    input: ArrayLike,
    /,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    *,
    size: int | None = None,
    fill_value: ArrayLike = 0,
    axis: int | None = None,
) -> Any:
    """The first element of each run of equal ones, in the order in which they stand.

    Args:
        input: any shape. Each NaN is different from all others.
        return_inverse: also return the number of the run that each element belongs to.
        return_counts: also return how long each run is.
        dim: compare whole slices along this dimension; None for single elements of the flattened array.
        size: how many values to return, at least as many as there are: required under a transform.
        fill_value: what stands in unused places. Their count is 0.
        axis: another name of `dim`.

    Returns:
        As for ``unique``.

    Raises:
        TracedValueError: `size` is missing under a transform.
        ArgumentError: `size` is too small.

    >>> fg.unique_consecutive(fg.tensor([1, 1, 2, 2, 1]), return_counts=True)
    (Array([1, 2, 1], dtype=int32), Array([2, 2, 1], dtype=int32))

    Source: ``torch.unique_consecutive``.
    """
    name = "unique_consecutive"
    x, dim = _operand_and_dim(name, input, dim, axis)
    _require_size(name, x, size)
    xp: Any = np if size is None else jnp
    source = xp.asarray(x)
    rows = xp.moveaxis(source, dim, 0) if dim is not None else source.reshape(-1)
    length = rows.shape[0]
    differs = (rows[1:] != rows[:-1]).any(axis=tuple(range(1, rows.ndim)))
    starts = xp.concatenate([xp.ones(min(length, 1), bool), differs])
    inverse = xp.cumsum(starts) - 1
    _require_room(name, starts.sum(), size)
    if size is None:
        values = rows[starts]
        counts = xp.bincount(inverse)
    else:
        first = jnp.nonzero(starts, size=size, fill_value=length)[0]
        values = jnp.concatenate([rows, jnp.full((1, *rows.shape[1:]), fill_value, rows.dtype)])[first]
        counts = jnp.zeros(size, default_int()).at[inverse].add(1, mode="drop")
    values = xp.moveaxis(values, 0, dim) if dim is not None else values
    inverse = inverse.reshape(source.shape) if dim is None else inverse
    return _results(name, x, values, inverse if return_inverse else None, counts if return_counts else None)


def _operand_and_dim(name: str, input: Any, dim: Any, axis: Any) -> tuple[Any, int | None]:
    x = operand(name, "input", input)
    if axis is not None:
        if dim is not None:
            fail(ArgumentError, name, "dim and axis are two names of one option", "got both", "pass only dim")
        dim = axis
    if dim is None:
        return x, None
    dim = canonical_dim(name, dim, np.ndim(x))
    return (x, dim) if np.ndim(x) else (jnp.reshape(x, (1,)), dim)


def _require_size(name: str, x: Any, size: Any) -> None:
    if size is None and not is_concrete(x):
        fail(
            TracedValueError,
            name,
            "the number of different values decides the shape, and is not known while tracing",
            f"got a traced {describe(x)}",
            "pass size=, the most there may be",
        )
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
        fail(ArgumentError, name, "size must be an int of 0 or more", f"got {size!r}", "say the most there may be")


def _longer(n: Any, **_: Any) -> str:
    return f"pass length={n + 1} or more"


def _require_room(name: str, needed: Any, size: int | None) -> None:
    found = None if size is None else visible(needed)
    if found is not None:
        claim(
            ArgumentError,
            name,
            "size must be at least the number of different values",
            "got size={size} for {needed} of them",
            _more_room,
            found <= size,
            size=size,
            needed=found,
        )


def _more_room(needed: Any, **_: Any) -> str:
    return f"pass size={needed} or more"


def _results(name: str, x: Any, values: Any, inverse: Any, counts: Any) -> Any:
    """Arrays, where the operand is; a tuple if there are several."""
    given = [values, *[part.astype(default_int()) for part in (inverse, counts) if part is not None]]
    devices = x.devices() if is_concrete(x) and isinstance(x, jax.Array) else ()
    device = next(iter(devices)) if len(devices) == 1 else None
    made = [part if isinstance(part, jax.Array) else from_host(name, part, device=device) for part in given]
    return made[0] if len(made) == 1 else tuple(made)


@op
def isin(
    elements: ArrayLike, test_elements: ArrayLike, /, *, assume_unique: bool = False, invert: bool = False
) -> Array:
    """Whether each element is among `test_elements`. NaN never is.

    Args:
        elements: any shape.
        test_elements: any shape.
        assume_unique: without effect on the result.
        invert: whether each is not among them.

    Returns:
        Booleans in the shape of `elements`.

    >>> fg.isin(fg.tensor([[1, 2], [3, 4]]), fg.tensor([2, 3]))
    Array([[False,  True],
           [ True, False]], dtype=bool)

    Source: ``torch.isin``.
    """
    return jnp.isin(jnp.asarray(elements), jnp.asarray(test_elements), invert=invert)


@plain
def bincount(
    input: ArrayLike, /, weights: ArrayLike | None = None, minlength: int = 0, *, length: int | None = None
) -> Array:
    r"""How often each of 0, 1, 2, … occurs, or the sums $y_k = \sum_{i:\, x_i = k} w_i$ of the weights.

    Args:
        input: integers of 0 or more, 1-D.
        weights: one for each element; the result can be differentiated with respect to them.
        minlength: how long the result is at least.
        length: how long the result is: required where `input` is traced. Greater numbers are then not counted.

    Returns:
        ``max(input) + 1`` counts, int32, or the sums in the weights' floating dtype.

    Raises:
        DtypeError: `input` is not integer.
        ShapeError: `input` is not 1-D, or the weights do not fit it.
        IndexRangeError: a known number is negative, or not below `length`.
        TracedValueError: `length` is missing under a transform.

    >>> fg.bincount(fg.tensor([1, 2, 1]))
    Array([0, 2, 1], dtype=int32)
    >>> fg.bincount(fg.tensor([1, 2, 1]), fg.tensor([0.5, 1.0, 2.0]), minlength=4)
    Array([0. , 2.5, 1. , 0. ], dtype=float32)

    Source: ``torch.bincount``; ``length`` as in ``jax.numpy.bincount``.
    """
    x = operand("bincount", "input", input)
    if not jnp.issubdtype(jnp.result_type(x), jnp.integer):
        fail(
            DtypeError,
            "bincount",
            "input must be integer",
            f"got {jnp.result_type(x)} of shape {np.shape(x)}",
            "convert it with fg.to(x, 'int')",
        )
    if np.ndim(x) != 1:
        fail(ShapeError, "bincount", "input must be 1-D", f"got shape {np.shape(x)}", "flatten it with fg.flatten")
    for word, number in (("minlength", minlength), ("length", length)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
            fail(ArgumentError, "bincount", f"{word} must be an int of 0 or more", f"got {number!r}", "correct it")
    count = length
    if is_concrete(x):
        count = int(np.asarray(x).max(initial=-1)) + 1 if length is None else length
    numbers = visible(x)
    if numbers is not None and numbers.size:
        remedy = "subtract the smallest number first"
        claim(IndexRangeError, "bincount", "input must be 0 or more", "got {n}", remedy, numbers >= 0, n=numbers)
    if numbers is not None and numbers.size and length is not None:
        required = f"input must be below length={length}"
        highest = numbers.max()
        claim(IndexRangeError, "bincount", required, "got {n}", _longer, highest < length, n=highest)
    if count is None:
        fail(
            TracedValueError,
            "bincount",
            "the largest number decides the shape, and is not known while tracing",
            f"got a traced {describe(x)}",
            "pass length=, one more than the largest there may be",
        )
    count = max(count, minlength)
    if weights is None:
        return _bincount(x, count)
    given = operand("bincount", "weights", weights)
    if np.shape(given) != np.shape(x):
        fail(
            ShapeError,
            "bincount",
            "weights must have the shape of input",
            f"got {np.shape(given)} for input of shape {np.shape(x)}",
            "pass one weight for each element",
        )
    return _bincount(x, count, given)


@op
def _bincount(input: ArrayLike, length: int, weights: ArrayLike | None = None) -> Array:
    x = jnp.asarray(input)
    if weights is None:
        added: Any = jnp.ones((), default_int())
    else:
        given = jnp.asarray(weights)
        added = given if jnp.issubdtype(given.dtype, jnp.inexact) else given.astype(default_float())
    # A negative number would count from the end: it is put past the end, where additions are dropped.
    places = jnp.where(x < 0, length, x)
    return jnp.zeros(length, added.dtype).at[places].add(added, mode="drop")
