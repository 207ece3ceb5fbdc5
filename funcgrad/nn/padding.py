"""Padding: constants, mirrors, repeated edges, circles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail, integer
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from ..arrays._updates import as_value

__all__ = ["pad"]

_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@op
def pad(input: ArrayLike, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    """`input` with elements added at the ends of its last dimensions; negative numbers take some away.

    Args:
        input: any shape and dtype; for modes other than ``"constant"`` 1 to 3 dimensions are padded, and 1 or 2 more
            come before them.
        pad: how many elements before and after, beginning with the last dimension: (left, right, top, bottom, ...).
        mode: ``"constant"``; ``"reflect"`` for a mirror in the outermost element, which is not repeated;
            ``"replicate"`` for the outermost element again and again; ``"circular"`` for the other end.
        value: the constant; 0 by default.

    Returns:
        An array in the dtype of `input`.

    Raises:
        ArgumentError: `mode` is another word, `pad` has an odd length, or `value` is given without ``"constant"``.
        ShapeError: there are not enough dimensions, or not enough elements for a mirror or a circle, or less than
            none is left.
        DtypeError: `value` does not fit the dtype of `input`.

    >>> fg.nn.pad(fg.tensor([[1.0, 2.0, 3.0]]), (1, 2), "reflect")
    Array([[2., 1., 2., 3., 2., 1.]], dtype=float32)
    >>> fg.nn.pad(fg.tensor([1, 2, 3]), (2, -1))
    Array([0, 0, 1, 2], dtype=int32)

    Source: ``torch.nn.functional.pad``.
    """
    return _padded("pad", input, pad, mode, value)


def _padded(name: str, input: Any, pad: Any, mode: str, value: Any) -> Array:
    """`pad` for the word `name`."""
    x = jnp.asarray(input)
    if mode != "constant" and mode not in _MODES:
        required = "mode must be 'constant', 'reflect', 'replicate' or 'circular'"
        fail(ArgumentError, name, required, f"got {mode!r}", "choose one")
    if not isinstance(pad, Sequence) or isinstance(pad, str):
        required = "pad must be a sequence of ints"
        fail(ArgumentTypeError, name, required, f"got {describe(pad)}", "write for example (1, 1)")
    numbers = [integer(name, "pad", number) for number in pad]
    if len(numbers) % 2:
        required = "pad must hold two numbers for each dimension, before and after"
        fail(ArgumentError, name, required, f"got {tuple(numbers)}", "add the other one")
    padded_dims = len(numbers) // 2
    if padded_dims > x.ndim:
        required = f"pad must hold at most two numbers for each of {x.ndim} dimensions"
        fail(ShapeError, name, required, f"got {tuple(numbers)}", "leave some out")
    # One pair for each dimension of the input, in its order.
    pairs = [(0, 0)] * (x.ndim - padded_dims) + list(zip(numbers[-2::-2], numbers[::-2], strict=True))
    left = tuple(size + before + after for size, (before, after) in zip(x.shape, pairs, strict=True))
    if any(size < 0 for size in left):
        fail(
            ShapeError,
            name,
            "pad must not take away more than there is",
            f"got {tuple(numbers)} for shape {x.shape}",
            "take less",
        )
    if mode == "constant":
        constant = 0 if value is None else value
        if isinstance(constant, int | float):  # 1.0 is a whole number too, and 0 means False
            if jnp.issubdtype(x.dtype, jnp.integer) and float(constant).is_integer():
                constant = int(constant)
            if x.dtype == bool and constant in (0, 1):
                constant = bool(constant)
        constant = jnp.asarray(as_value(name, constant, x.dtype), x.dtype)
        return jax.lax.pad(x, constant, [(before, after, 0) for before, after in pairs])
    if value is not None:
        fail(ArgumentError, name, f"mode {mode!r} takes no value", f"got {value!r}", "leave it out")
    if x.ndim - padded_dims not in (1, 2) or padded_dims > 3:
        required = f"mode {mode!r} pads the last 1, 2 or 3 dimensions, with 1 or 2 before them"
        given = f"got shape {x.shape} and pad of {len(numbers)} numbers"
        fail(ShapeError, name, required, given, "add a dimension with fg.unsqueeze, or give (0, 0) for some")
    return _from_itself(name, x, pairs, mode, tuple(numbers))


def _from_itself(name: str, x: Array, pairs: list[tuple[int, int]], mode: str, numbers: tuple[int, ...]) -> Array:
    """Padding whose elements are those of `x`."""
    if mode == "circular":  # what is taken away is not part of the circle
        x = jax.lax.pad(x, jnp.zeros((), x.dtype), [(min(b, 0), min(a, 0), 0) for b, a in pairs])
        pairs = [(max(b, 0), max(a, 0)) for b, a in pairs]
    for dim, (before, after) in enumerate(pairs):
        size, most = x.shape[dim], max(before, after)
        if most > 0 and most > {"reflect": size - 1, "circular": size, "replicate": most * (size > 0)}[mode]:
            needed = {"reflect": "more elements than are added", "circular": "as many elements as are added"}
            fail(
                ShapeError,
                name,
                f"mode {mode!r} needs {needed.get(mode, 'an element to repeat')} at each end",
                f"got pad {numbers} for dimension {dim} of size {size}",
                "pad less",
            )
    grown = jnp.pad(x, [(max(b, 0), max(a, 0)) for b, a in pairs], mode=_MODES[mode])
    return jax.lax.pad(grown, jnp.zeros((), x.dtype), [(min(b, 0), min(a, 0), 0) for b, a in pairs])
