"""Asking for the shape of an array, and changing it while every value keeps its place in the row-major order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .._checks import canonical_dim, describe, fail
from .._errors import ArgumentError, ArgumentTypeError, DimError, ShapeError
from .._op import op
from .._operands import operand
from .._plain import plain
from .._sizes import as_size, is_open, is_size
from .._types import Array, ArrayLike, Dim, Shape

__all__ = [
    "flatten",
    "ndim",
    "numel",
    "ravel",
    "reshape",
    "reshape_as",
    "shape",
    "size",
    "unflatten",
    "view",
    "view_as",
]


@plain
def shape(input: ArrayLike, /) -> Shape:
    """The sizes of `input`, as a tuple of ints; also ``x.shape``.

    Args:
        input: any shape.

    Returns:
        A tuple with one int for each dimension.

    >>> fg.shape(fg.zeros(2, 3))
    (2, 3)

    Source: ``Tensor.shape``, ``Tensor.size``.
    """
    return _shape("shape", input)


@plain
def size(input: ArrayLike, /, dim: Dim | None = None) -> Shape | int:
    """The sizes of `input`, or the size of one dimension; an array's own ``x.size`` is ``numel(x)``.

    Args:
        input: any shape.
        dim: the dimension asked for; all of them by default.

    Returns:
        A tuple of ints, or an int.

    Raises:
        DimError: `dim` is out of range.

    >>> fg.size(fg.zeros(2, 3)), fg.size(fg.zeros(2, 3), -1)
    ((2, 3), 3)

    Source: ``Tensor.size``.
    """
    sizes = _shape("size", input)
    if dim is None:
        return sizes
    if not sizes:
        fail(DimError, "size", "a 0-d array has no dimensions", f"got dim {dim!r}", "leave dim out, the size is ()")
    return sizes[canonical_dim("size", dim, len(sizes))]


@plain
def numel(input: ArrayLike, /) -> int:
    """How many elements `input` has: the product of its sizes.

    Args:
        input: any shape.

    Returns:
        An int, 1 for a 0-d array.

    >>> fg.numel(fg.zeros(2, 3))
    6

    Source: ``torch.numel``.
    """
    return math.prod(_shape("numel", input))


@plain
def ndim(input: ArrayLike, /) -> int:
    """How many dimensions `input` has.

    Args:
        input: any shape.

    Returns:
        An int, 0 for a number.

    >>> fg.ndim(fg.zeros(2, 3))
    2

    Source: ``Tensor.ndim``, ``Tensor.dim``.
    """
    return len(_shape("ndim", input))


def _shape(name: str, input: Any) -> Shape:
    # Whatever has a shape may be asked for it, without a copy; what has none is an operand or an error.
    found = getattr(input, "shape", None)
    return tuple(found) if isinstance(found, tuple) else jnp.shape(operand(name, "input", input))


@op
def reshape(input: ArrayLike, /, *shape: int) -> Array:
    """The elements of `input`, in row-major order, in another shape.

    Args:
        input: any shape.
        *shape: the sizes, as ``reshape(x, 2, 3)`` or ``reshape(x, (2, 3))``; one of them may be -1 and is inferred.

    Returns:
        An array of shape `shape`, in the dtype of `input`.

    Raises:
        ShapeError: the sizes do not multiply to the number of elements, or more than one is -1.

    >>> fg.reshape(fg.arange(6), 2, -1)
    Array([[0, 1, 2],
           [3, 4, 5]], dtype=int32)

    Source: ``torch.reshape``.
    """
    return _reshaped("reshape", input, shape)


@op
def view(input: ArrayLike, /, *shape: int, dtype: Any = None) -> Array:
    """``reshape``: arrays are never changed in place, so that nobody can tell a view from a copy.

    Args:
        input: any shape.
        *shape: the sizes, as ``view(x, 2, 3)`` or ``view(x, (2, 3))``; one of them may be -1 and is inferred.
        dtype: refused; the error names the word that reinterprets bits.

    Returns:
        An array of shape `shape`, in the dtype of `input`.

    Raises:
        ShapeError: the sizes do not multiply to the number of elements, or more than one is -1.
        ArgumentTypeError: a dtype was given.

    >>> fg.view(fg.arange(6), 3, 2)
    Array([[0, 1],
           [2, 3],
           [4, 5]], dtype=int32)

    Source: ``Tensor.view``.
    """
    dtypes = [
        item for item in (*shape, dtype) if item is not None and not hasattr(item, "__index__") and not is_open(item)
    ]
    if dtypes or dtype is not None:
        fail(
            ArgumentTypeError,
            "view",
            "shape must be made of ints, and no bits are reinterpreted here",
            f"got {dtypes[0] if dtypes else dtype!r}",
            "convert the values with fg.to(x, dtype), or the bits with jax.lax.bitcast_convert_type(x, dtype)",
        )
    return _reshaped("view", input, shape)


@op
def reshape_as(input: ArrayLike, other: ArrayLike, /) -> Array:
    """`input` in the shape of `other`.

    Args:
        input: any shape.
        other: an array with as many elements; only its shape is used.

    Returns:
        An array in the shape of `other` and the dtype of `input`.

    Raises:
        ShapeError: the two have different numbers of elements.

    >>> fg.reshape_as(fg.arange(4), fg.zeros(2, 2))
    Array([[0, 1],
           [2, 3]], dtype=int32)

    Source: ``Tensor.reshape_as``.
    """
    if jnp.size(input) != jnp.size(other):
        fail(
            ShapeError,
            "reshape_as",
            "input and other must have equally many elements",
            f"got shapes {jnp.shape(input)} and {jnp.shape(other)}",
            "give another shape with fg.reshape",
        )
    return jnp.reshape(input, jnp.shape(other))


view_as = reshape_as


@op
def ravel(input: ArrayLike, /) -> Array:
    """The elements of `input` in row-major order, in one dimension.

    Args:
        input: any shape.

    Returns:
        A 1-D array, in the dtype of `input`.

    >>> fg.ravel(fg.tensor([[1, 2], [3, 4]]))
    Array([1, 2, 3, 4], dtype=int32)

    Source: ``torch.ravel``.
    """
    return jnp.ravel(input)


@op(dims=("start_dim", "end_dim"))
def flatten(input: ArrayLike, /, start_dim: Dim = 0, end_dim: Dim = -1) -> Array:
    """`input` with the dimensions from `start_dim` to `end_dim`, both included, made into one.

    Args:
        input: any shape; a 0-d array becomes one of shape (1,).
        start_dim: the first dimension to join.
        end_dim: the last dimension to join.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: a dimension is out of range.
        ArgumentError: `start_dim` comes after `end_dim`.

    >>> fg.flatten(fg.zeros(2, 3, 4), start_dim=1).shape
    (2, 12)

    Source: ``torch.flatten``.
    """
    sizes = jnp.shape(input) or (1,)
    start, end = start_dim % len(sizes), end_dim % len(sizes)
    if start > end:
        fail(
            ArgumentError,
            "flatten",
            "start_dim must not come after end_dim",
            f"got {start} and {end} for shape {jnp.shape(input)}",
            "swap them",
        )
    return jnp.reshape(input, (*sizes[:start], math.prod(sizes[start : end + 1]), *sizes[end + 1 :]))


@op
def unflatten(input: ArrayLike, /, dim: Dim, sizes: int | Sequence[int]) -> Array:
    """`input` with one dimension cut into several; ``flatten`` undoes it.

    Args:
        input: any shape.
        dim: the dimension to cut.
        sizes: the sizes it gets, which multiply to its size; one of them may be -1 and is inferred.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: `dim` is out of range.
        ShapeError: `sizes` do not multiply to the size of `dim`, or are none.

    >>> fg.unflatten(fg.zeros(2, 12), 1, (3, -1)).shape
    (2, 3, 4)

    Source: ``torch.unflatten``.
    """
    whole = jnp.shape(input)
    if not whole:
        fail(DimError, "unflatten", "input must have a dimension to cut", "got a 0-d array", "use fg.reshape")
    if not isinstance(sizes, Sequence):
        given = f"got {describe(sizes)}"
        fail(ArgumentTypeError, "unflatten", "sizes must be a tuple of ints", given, "write for example (2, -1)")
    if not sizes:
        fail(ShapeError, "unflatten", "sizes must not be empty", "got ()", "give the sizes to cut into")
    of = f"for dimension {dim} of shape {whole}"
    cut = _inferred("unflatten", "sizes", sizes, whole[dim], f"multiply to {whole[dim]}", of)
    return jnp.reshape(input, (*whole[:dim], *cut, *whole[dim + 1 :]))


def _reshaped(name: str, input: ArrayLike, given: Sequence[Any]) -> Array:
    total = math.prod(jnp.shape(input))
    of = f"for an array of shape {jnp.shape(input)}"
    return jnp.reshape(input, _inferred(name, "shape", given, total, f"have {total} elements", of))


def _inferred(name: str, argument: str, given: Sequence[Any], total: int, whole: str, of: str) -> Shape:
    """`given` with -1 replaced by what makes the product `total`; `whole` and `of` are words for the messages."""
    for item in given:
        if not is_size(item):
            fail(
                ArgumentTypeError,
                name,
                f"{argument} must be made of ints",
                f"got {describe(item)}",
                "write for example (2, -1)",
            )
    asked = tuple(map(as_size, given))
    if any(item < -1 for item in asked):
        fail(ShapeError, name, f"{argument} must be 0 or more, or -1 once", f"got {asked}", "correct the negative one")
    known = math.prod(item for item in asked if item != -1)
    if asked.count(-1) > 1:
        fail(ShapeError, name, "at most one size may be -1", f"got {asked}", "write the others out")
    if -1 in asked and known == 0 == total:
        fail(ShapeError, name, "a size of -1 must follow from the others", f"got {asked} {of}", "write it out")
    if -1 in asked and known and total % known == 0:
        return tuple(total // known if item == -1 else item for item in asked)
    if known != total or -1 in asked:
        remedy = "choose other sizes" if -1 in asked else "use -1 for one size to have it inferred"
        label = "the new shape" if argument == "shape" else argument
        fail(ShapeError, name, f"{label} must {whole}", f"got {asked} {of}", remedy)
    return asked
