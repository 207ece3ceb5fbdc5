"""Arrays made larger: by broadcasting, which repeats nothing in memory, and by repeating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import broadcast_shapes as broadcast
from .._checks import describe, fail, integer, is_concrete, sizes
from .._claims import checking, claim, visible
from .._errors import ArgumentTypeError, ShapeError, TracedValueError
from .._op import op
from .._operands import operand
from .._plain import plain
from .._sizes import is_size
from .._types import Array, ArrayLike, Dim, Shape

__all__ = [
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "expand",
    "expand_as",
    "repeat",
    "repeat_interleave",
    "tile",
]


@op
def expand(input: ArrayLike, /, *size: int) -> Array:
    """`input` with its dimensions of size 1 repeated to new sizes, and with new dimensions in front.

    Args:
        input: any shape.
        *size: the sizes, as ``expand(x, 2, 3)`` or ``expand(x, (2, 3))``; -1 keeps the size of that dimension.

    Returns:
        An array of shape `size`, in the dtype of `input`.

    Raises:
        ShapeError: a dimension that is not 1 would change, or there are too few sizes.

    >>> fg.expand(fg.tensor([[1], [2]]), -1, 3)
    Array([[1, 1, 1],
           [2, 2, 2]], dtype=int32)

    Source: ``Tensor.expand``.
    """
    return _expanded("expand", input, size)


@op
def broadcast_to(input: ArrayLike, /, *size: int) -> Array:
    """``expand``, under the name that NumPy gave it.

    Args:
        input: any shape.
        *size: the sizes, as ``broadcast_to(x, (2, 3))`` or ``broadcast_to(x, 2, 3)``; -1 keeps the size of that
            dimension.

    Returns:
        An array of shape `size`, in the dtype of `input`.

    Raises:
        ShapeError: a dimension that is not 1 would change, or there are too few sizes.

    >>> fg.broadcast_to(fg.arange(3), (2, 3))
    Array([[0, 1, 2],
           [0, 1, 2]], dtype=int32)

    Source: ``torch.broadcast_to``.
    """
    return _expanded("broadcast_to", input, size)


@op
def expand_as(input: ArrayLike, other: ArrayLike, /) -> Array:
    """`input` expanded to the shape of `other`.

    Args:
        input: any shape that broadcasts to that of `other`.
        other: an array; only its shape is used.

    Returns:
        An array in the shape of `other` and the dtype of `input`.

    Raises:
        ShapeError: a dimension that is not 1 would change.

    >>> fg.expand_as(fg.ones(3), fg.zeros(2, 3)).shape
    (2, 3)

    Source: ``Tensor.expand_as``.
    """
    return _expanded("expand_as", input, jnp.shape(other))


def _expanded(name: str, input: ArrayLike, size: Sequence[Any]) -> Array:
    old = jnp.shape(input)
    new = len(size) - len(old)
    for item in size:
        if not is_size(item):
            fail(ArgumentTypeError, name, "sizes must be ints", f"got {describe(item)}", "write for example (2, -1)")
    if new < 0:
        fail(
            ShapeError,
            name,
            f"there must be at least as many sizes as dimensions, {len(old)}",
            f"got {tuple(size)} for shape {old}",
            "write -1 for a dimension to keep",
        )
    if any(item < -1 for item in size) or -1 in size[:new]:
        fail(
            ShapeError,
            name,
            "sizes must be 0 or more, or -1 for a dimension to keep",
            f"got {tuple(size)} for shape {old}",
            "write the size of each new dimension",
        )
    target = (*size[:new], *(have if want == -1 else want for have, want in zip(old, size[new:], strict=True)))
    wrong = next((dim for dim, have in enumerate(old) if have not in (1, target[new + dim])), None)
    if wrong is not None:
        fail(
            ShapeError,
            name,
            "only dimensions of size 1 can be expanded",
            f"got {tuple(size)} for shape {old}, which has {old[wrong]} in dimension {wrong}",
            "write -1 there, or repeat the values with fg.repeat",
        )
    return jnp.broadcast_to(input, target)


@op
def broadcast_tensors(*tensors: ArrayLike) -> tuple[Array, ...]:
    """All arrays expanded to the one shape that they broadcast to.

    Args:
        *tensors: arrays whose shapes fit: counted from the last dimension, sizes agree or are 1.

    Returns:
        A tuple of arrays of one shape, each in its own dtype.

    Raises:
        ShapeError: the shapes do not fit.

    >>> a, b = fg.broadcast_tensors(fg.zeros(3, 1), fg.zeros(4))
    >>> a.shape, b.shape
    ((3, 4), (3, 4))

    Source: ``torch.broadcast_tensors``.
    """
    shape = broadcast("broadcast_tensors", *(jnp.shape(tensor) for tensor in tensors))
    return tuple(jnp.broadcast_to(tensor, shape) for tensor in tensors)


@plain
def broadcast_shapes(*shapes: int | Sequence[int], explain: bool = False) -> Any:
    """The shape that arrays of these shapes broadcast to, or a picture of how they line up.

    Shapes are written below each other, the last dimensions in one column. In each column all sizes must be equal,
    except that 1 and missing sizes take the size of the others.

    Args:
        *shapes: tuples of sizes, or ints, which are shapes of one dimension.
        explain: give text instead, also where the shapes do not fit.

    Returns:
        A tuple of ints; with `explain`, a string.

    Raises:
        ShapeError: the shapes do not fit (never with `explain`), or a size is negative.

    >>> fg.broadcast_shapes((5, 1, 4), (3, 1))
    (5, 3, 4)
    >>> print(fg.broadcast_shapes((8, 3), (8, 1), (8,), explain=True))
    (8, 3)  8  3
    (8, 1)  8  1
    (8,)       8
    result  8  ?   dimension 1: 3 and 8 differ, and neither is 1

    Source: ``torch.broadcast_shapes``; the picture is NumPy's way to explain broadcasting.
    """
    given = [sizes("broadcast_shapes", shape if isinstance(shape, Sequence) else (shape,)) for shape in shapes]
    return _picture(given) if explain else broadcast("broadcast_shapes", *given)


def _picture(shapes: list[Shape]) -> str:
    ndim = max(map(len, shapes), default=0)
    columns = [[shape[place - ndim] for shape in shapes if len(shape) >= ndim - place] for place in range(ndim)]
    result, clashes = [], []
    for place, column in enumerate(columns):
        extents = sorted(set(column) - {1})
        result.append("?" if len(extents) > 1 else str(extents[0] if extents else 1))
        if len(extents) > 1:
            different = " and ".join(map(str, extents))
            clashes.append(
                f"dimension {place}: {different} differ, and {'neither' if len(extents) == 2 else 'none'} is 1"
            )
    rows = [(str(shape), [""] * (ndim - len(shape)) + [str(size) for size in shape]) for shape in shapes]
    rows.append(("result", result))
    label = max(len(name) for name, _ in rows)
    width = max((len(cell) for _, cells in rows for cell in cells), default=0)
    lines = ["".join([name.ljust(label), *(f"  {cell.rjust(width)}" for cell in cells)]) for name, cells in rows]
    return "\n".join(line.rstrip() for line in lines) + ("   " + "; ".join(clashes) if clashes else "")


@op
def repeat(input: ArrayLike, /, *repeats: int) -> Array:
    """`input` laid side by side with itself along each dimension; NumPy's repeat is ``repeat_interleave``.

    Args:
        input: any shape.
        *repeats: how often along each dimension, as ``repeat(x, 2, 3)`` or ``repeat(x, (2, 3))``. More of them than
            dimensions make new dimensions in front.

    Returns:
        An array in the dtype of `input`.

    Raises:
        ShapeError: there are fewer repeats than dimensions.
        ArgumentError: one of them is negative.

    >>> fg.repeat(fg.arange(3), 2)
    Array([0, 1, 2, 0, 1, 2], dtype=int32)
    >>> fg.repeat(fg.arange(2), 2, 2)
    Array([[0, 1, 0, 1],
           [0, 1, 0, 1]], dtype=int32)

    Source: ``Tensor.repeat``.
    """
    times = tuple(integer("repeat", f"repeats[{i}]", count, 0) for i, count in enumerate(repeats))
    if len(times) < jnp.ndim(input):
        fail(
            ShapeError,
            "repeat",
            f"there must be at least as many repeats as dimensions, {jnp.ndim(input)}",
            f"got {times} for shape {jnp.shape(input)}",
            "write 1 for a dimension to keep, or use fg.tile",
        )
    return jnp.tile(input, times)


@op
def tile(input: ArrayLike, /, *dims: int) -> Array:
    """``repeat``, with 1 for dimensions in front that are not named.

    Args:
        input: any shape.
        *dims: how often along each of the last dimensions, as ``tile(x, (2, 3))`` or ``tile(x, 2, 3)``.

    Returns:
        An array in the dtype of `input`.

    Raises:
        ArgumentError: a number is negative.

    >>> fg.tile(fg.tensor([[1, 2]]), (2,))
    Array([[1, 2, 1, 2]], dtype=int32)

    Source: ``torch.tile``.
    """
    return jnp.tile(input, tuple(integer("tile", f"dims[{i}]", count, 0) for i, count in enumerate(dims)))


@plain
def repeat_interleave(
    input: ArrayLike,
    /,
    repeats: int | ArrayLike | None = None,
    dim: Dim | None = None,
    *,
    output_size: int | None = None,
    axis: Dim | None = None,
) -> Array:
    """`input` with each element, or each slice along `dim`, repeated on the spot.

    Args:
        input: any shape; alone, it is `repeats`, and the result is each of its positions that often.
        repeats: how often, one int or a 1-D integer array with one number for each slice.
        dim: the dimension; by default `input` is flattened first.
        output_size: the sum of `repeats`; needed only where `repeats` is a traced array. There a wrong sum is an
            error under ``checkify`` only: if it is too large the last slice fills the rest, if too small it cuts.
        axis: another name for `dim`.

    Returns:
        An array in the dtype of `input`.

    Raises:
        DimError: `dim` is out of range.
        ShapeError: `repeats` is negative, or has another length than `dim`, or another sum than `output_size`.
        TracedValueError: `repeats` is traced and `output_size` is missing.

    >>> fg.repeat_interleave(fg.tensor([7, 8]), 2)
    Array([7, 7, 8, 8], dtype=int32)
    >>> fg.repeat_interleave(fg.tensor([7, 8]), fg.tensor([1, 3]))
    Array([7, 8, 8, 8], dtype=int32)

    Source: ``torch.repeat_interleave``.
    """
    options: dict[str, Any] = {key: value for key, value in (("dim", dim), ("axis", axis)) if value is not None}
    if repeats is None:
        if jnp.ndim(input) != 1:
            fail(
                ShapeError,
                "repeat_interleave",
                "repeats alone must be 1-D",
                f"got {describe(input)}",
                "say how often: repeat_interleave(x, 2)",
            )
        return repeat_interleave(jnp.arange(jnp.shape(input)[0]), input, 0, output_size=output_size)
    # A NumPy array is read here and now: as an operand it would be traced under jit.
    counts = repeats if isinstance(repeats, np.ndarray) else operand("repeat_interleave", "repeats", repeats)
    if jnp.ndim(counts) > 1 or not jnp.issubdtype(jnp.result_type(counts), jnp.integer):
        fail(
            ArgumentTypeError,
            "repeat_interleave",
            "repeats must be an int, or a 1-D array of ints",
            f"got {describe(repeats)}",
            "give one number for each slice",
        )
    if not is_concrete(counts):
        if output_size is None:
            fail(
                TracedValueError,
                "repeat_interleave",
                "the sum of repeats decides the shape and must be known",
                f"got a traced {describe(counts)}",
                "pass the sum as output_size=",
            )
        return _repeat_interleave(input, counts, total=output_size, **options)
    values = np.asarray(counts)
    _require_positive(values)
    if values.size == 1:
        return _repeat_interleave(input, times=int(values.reshape(())), total=output_size, **options)
    # The places are worked out here, so that the program is a gather whatever the numbers are.
    index = np.repeat(np.arange(values.size, dtype=np.int32), values)
    return _repeat_interleave(input, None, index, slices=values.size, total=output_size, **options)


_OUTPUT_SIZE = (
    "repeat_interleave",
    "output_size must be the sum of repeats",
    "got {total} where repeats sum to {made}",
    "leave it out where repeats are known",
)


def _require_positive(repeats: Any) -> None:
    times = visible(repeats)
    if times is not None:
        required, remedy = "repeats must not be negative", "write 0 to drop a slice"
        claim(ShapeError, "repeat_interleave", required, "got {times}", remedy, times >= 0, times=times)


@op
def _repeat_interleave(
    input: ArrayLike,
    repeats: ArrayLike | None = None,
    index: ArrayLike | None = None,
    *,
    times: int = 1,
    slices: int = 1,
    dim: Dim | None = None,
    total: int | None = None,
) -> Array:
    """One of three ways to say how often: traced `repeats`, the `index` that they make, or one number of `times`."""
    whole = jnp.ravel(input) if dim is None else jnp.atleast_1d(input)
    place = dim or 0
    have = whole.shape[place]
    slices = slices if repeats is None else jnp.size(repeats)
    if slices not in (1, have):
        fail(
            ShapeError,
            "repeat_interleave",
            f"repeats must be one number, or one for each of the {have} slices",
            f"got {slices} for an array of shape {jnp.shape(input)}",
            "repeat along another dimension, or correct repeats",
        )
    if repeats is not None:
        _require_positive(repeats)
        if checking():
            found = jnp.sum(jnp.broadcast_to(repeats, have))
            claim(ShapeError, *_OUTPUT_SIZE, found == total, total=total, made=found)
        return jnp.repeat(whole, jnp.asarray(repeats), place, total_repeat_length=total)
    made = have * times if index is None else jnp.size(index)
    if total not in (None, made):
        claim(ShapeError, *_OUTPUT_SIZE, False, total=total, made=made)
    if index is None:
        return jnp.repeat(whole, times, place)
    at = whole.at[(slice(None),) * place + (jnp.asarray(index),)]
    return at.get(mode="promise_in_bounds", indices_are_sorted=True)
