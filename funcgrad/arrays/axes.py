"""Putting the dimensions of an array in another order, and its elements in another order along them."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from .._checks import canonical_dim, describe, fail, integer, require_ndim
from .._errors import ArgumentError, ArgumentTypeError, DimError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim, Dims

__all__ = [
    "adjoint",
    "flip",
    "fliplr",
    "flipud",
    "mT",
    "moveaxis",
    "movedim",
    "permute",
    "roll",
    "rot90",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
]


@op
def transpose(input: ArrayLike, /, dim0: Dim, dim1: Dim) -> Array:
    """`input` with two dimensions swapped; NumPy's transpose, which reorders all of them, is ``permute``.

    Args:
        input: any shape.
        dim0: one dimension.
        dim1: the other.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: a dimension is out of range.

    >>> fg.transpose(fg.zeros(2, 3, 4), 0, 2).shape
    (4, 3, 2)

    Source: ``torch.transpose``.
    """
    return _swapped(input, dim0, dim1)


swapdims = transpose


@op(dims=("axis0", "axis1"))
def swapaxes(input: ArrayLike, /, axis0: Dim, axis1: Dim) -> Array:
    """``transpose`` with NumPy's names.

    Args:
        input: any shape.
        axis0: one dimension.
        axis1: the other.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: a dimension is out of range.

    >>> fg.swapaxes(fg.zeros(2, 3, 4), 0, -1).shape
    (4, 3, 2)

    Source: ``torch.swapaxes``.
    """
    return _swapped(input, axis0, axis1)


def _swapped(input: ArrayLike, dim0: Dim, dim1: Dim) -> Array:
    return jnp.swapaxes(input, dim0, dim1) if jnp.ndim(input) else jnp.asarray(input)


@op
def t(input: ArrayLike, /) -> Array:
    """The transpose of a matrix; an array of fewer dimensions as it is.

    Args:
        input: at most two dimensions.

    Returns:
        An array in the dtype of `input`.

    Raises:
        ShapeError: `input` has more than two dimensions.

    >>> fg.t(fg.tensor([[1, 2, 3]])).shape
    (3, 1)

    Source: ``torch.t``.
    """
    require_ndim("t", input, (0, 1, 2), remedy="swap two dimensions with fg.transpose, or the last two with fg.mT")
    return jnp.transpose(input)


@op
def mT(input: ArrayLike, /) -> Array:
    """The transpose of each matrix in a batch: the last two dimensions swapped. Also ``x.mT``.

    Args:
        input: at least two dimensions.

    Returns:
        An array in the dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than two dimensions.

    >>> fg.mT(fg.zeros(2, 3, 4)).shape
    (2, 4, 3)

    Source: ``Tensor.mT``.
    """
    _require_matrices("mT", input)
    return jnp.swapaxes(input, -1, -2)


@op
def adjoint(input: ArrayLike, /) -> Array:
    """The conjugate transpose of each matrix in a batch.

    Args:
        input: at least two dimensions.

    Returns:
        An array in the dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than two dimensions.

    >>> fg.adjoint(fg.tensor([[1, 2j]]))
    Array([[1.-0.j],
           [0.-2.j]], dtype=complex64)

    Source: ``torch.adjoint``, ``Tensor.mH``.
    """
    _require_matrices("adjoint", input)
    return jnp.conj(jnp.swapaxes(input, -1, -2))


def _require_matrices(name: str, input: ArrayLike) -> None:
    if jnp.ndim(input) < 2:
        fail(
            ShapeError,
            name,
            "input must have at least 2 dimensions",
            f"got shape {jnp.shape(input)}",
            "make a row or a column of it with fg.unsqueeze",
        )


@op(dims=("dims",))
def permute(input: ArrayLike, /, *dims: int) -> Array:
    """`input` with its dimensions in another order.

    Args:
        input: any shape.
        *dims: for each dimension of the result, which one of `input` it is; all of them, once each. As
            ``permute(x, 2, 0, 1)`` or ``permute(x, (2, 0, 1))``.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: a dimension is out of range, or named twice.
        ShapeError: some dimensions are missing.

    >>> fg.permute(fg.zeros(2, 3, 4), 2, 0, 1).shape
    (4, 2, 3)

    Source: ``torch.permute``.
    """
    if len(dims) != jnp.ndim(input):
        fail(
            ShapeError,
            "permute",
            "each dimension must be named once",
            f"got {dims} for shape {jnp.shape(input)}",
            "name all of them, or swap two with fg.transpose",
        )
    return jnp.transpose(input, dims)


@op(dims=("source", "destination"))
def movedim(input: ArrayLike, /, source: Dims, destination: Dims) -> Array:
    """`input` with some dimensions in new places and the others in their order.

    Args:
        input: any shape.
        source: the dimension or dimensions to move.
        destination: the place of each in the result.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: a dimension is out of range, or named twice.
        ArgumentError: `source` and `destination` differ in length.

    >>> fg.movedim(fg.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)

    Source: ``torch.movedim``.
    """
    origin = source if isinstance(source, Sequence) else (source,)
    target = destination if isinstance(destination, Sequence) else (destination,)
    if len(origin) != len(target):
        fail(
            ArgumentError,
            "movedim",
            "source and destination must name equally many dimensions",
            f"got {source} and {destination}",
            "give each source its destination",
        )
    return jnp.moveaxis(input, origin, target) if jnp.ndim(input) else jnp.asarray(input)


moveaxis = movedim


@op(dims=("dims",))
def flip(input: ArrayLike, /, *dims: int) -> Array:
    """`input` with the order of its elements reversed along each of `dims`.

    Args:
        input: any shape.
        *dims: the dimensions to reverse, as ``flip(x, 0, 1)`` or ``flip(x, (0, 1))``; none reverses nothing.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        DimError: a dimension is out of range, or named twice.

    >>> fg.flip(fg.arange(4), 0)
    Array([3, 2, 1, 0], dtype=int32)

    Source: ``torch.flip``.
    """
    return jnp.flip(input, dims) if jnp.ndim(input) else jnp.asarray(input)


@op
def fliplr(input: ArrayLike, /) -> Array:
    """`input` with its columns in reverse order: ``flip(x, 1)``.

    Args:
        input: at least two dimensions.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: `input` has fewer than two dimensions.

    >>> fg.fliplr(fg.tensor([[1, 2], [3, 4]]))
    Array([[2, 1],
           [4, 3]], dtype=int32)

    Source: ``torch.fliplr``.
    """
    _require_matrices("fliplr", input)
    return jnp.flip(input, 1)


@op
def flipud(input: ArrayLike, /) -> Array:
    """`input` with its rows in reverse order: ``flip(x, 0)``.

    Args:
        input: at least one dimension.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ShapeError: `input` has no dimension.

    >>> fg.flipud(fg.tensor([[1, 2], [3, 4]]))
    Array([[3, 4],
           [1, 2]], dtype=int32)

    Source: ``torch.flipud``.
    """
    if not jnp.ndim(input):
        fail(ShapeError, "flipud", "input must have at least 1 dimension", "got a 0-d array", "leave it as it is")
    return jnp.flip(input, 0)


# The shifts are operands, so that an eager loop over them reuses one program; under a transform a Python int is fixed
# and the roll becomes two slices.
@op(dims=())
def roll(input: ArrayLike, /, shifts: ArrayLike | Sequence[ArrayLike], dims: Dims | None = None) -> Array:
    """`input` with its elements moved along dimensions; those that leave at one end come in at the other.

    Args:
        input: any shape.
        shifts: how many places towards higher indices, which may be negative; a tuple for several dimensions.
        dims: the dimension or dimensions, which may be repeated; by default the array is flattened, rolled and
            put back in its shape.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        DimError: a dimension is out of range.
        ArgumentError: `shifts` and `dims` differ in length.

    >>> fg.roll(fg.arange(4), 1)
    Array([3, 0, 1, 2], dtype=int32)

    Source: ``torch.roll``.
    """
    by = tuple(shifts) if isinstance(shifts, Sequence) else (shifts,)
    along = () if dims is None else tuple(dims) if isinstance(dims, Sequence) else (dims,)
    for shift in by:
        if jnp.ndim(shift) or not jnp.issubdtype(jnp.result_type(shift), jnp.integer):
            fail(ArgumentTypeError, "roll", "shifts must be ints", f"got {describe(shift)}", "write for example 1")
    if len(by) != (len(along) or 1):
        fail(
            ArgumentError,
            "roll",
            "there must be one shift for each of dims, and one alone without dims",
            f"got {len(by)} shift{'' if len(by) == 1 else 's'} and {len(along)} dim{'' if len(along) == 1 else 's'}",
            "give as many shifts as dims",
        )
    if not along:
        return jnp.roll(input, by[0])
    rolled = jnp.asarray(input)
    if not rolled.ndim:
        fail(DimError, "roll", "a 0-d array has no dimensions", f"got dims {dims}", "leave dims out")
    for shift, dim in zip(by, along, strict=True):
        rolled = jnp.roll(rolled, shift, canonical_dim("roll", dim, rolled.ndim, "dims"))
    return rolled


@op(dims=("dims",))
def rot90(input: ArrayLike, /, k: int = 1, dims: Sequence[int] = (0, 1)) -> Array:
    """`input` rotated by `k` quarter turns in the plane of two dimensions, from the first towards the second.

    Args:
        input: at least two dimensions.
        k: how many quarter turns; negative ones turn back.
        dims: the two dimensions of the plane.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: a dimension is out of range, or named twice.
        ArgumentError: `dims` are not two.

    >>> fg.rot90(fg.tensor([[1, 2], [3, 4]]))
    Array([[2, 4],
           [1, 3]], dtype=int32)

    Source: ``torch.rot90``.
    """
    _require_matrices("rot90", input)
    if not isinstance(dims, Sequence) or len(dims) != 2:
        fail(ArgumentError, "rot90", "dims must be two dimensions", f"got {dims}", "write for example dims=(0, 1)")
    return jnp.rot90(input, integer("rot90", "k", k), (dims[0], dims[1]))
