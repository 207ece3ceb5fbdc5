"""What words that look at an image through a window share: sizes for each spatial dimension, batches, families."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax.numpy as jnp

from .._checks import describe, fail, integer, require_ndim
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._op import op
from .._types import Array, Shape

__all__ = ["Size", "batched", "each", "family", "half_at_most", "pooled_size", "strides"]

Size: TypeAlias = int | Sequence[int]
"""One int for all spatial dimensions, or one for each."""

_LETTERS = {1: "L", 2: "H, W", 3: "D, H, W"}


def family(
    body: Callable[..., Any], name: str, n: int, check: Callable[..., None] | None = None, /, **words: str
) -> Callable[..., Any]:
    """The public word `name`: a definition for n spatial dimensions, whose docstring is made to speak of them.

    In the docstring NAME stands for the name, DIMS for the spatial dimensions and OUT for those of the result; other
    words are replaced as `words` says.
    """
    body.__name__ = body.__qualname__ = name
    text = body.__doc__ or ""
    out = ", ".join(f"{letter}'" for letter in _LETTERS[n].split(", "))
    for token, replacement in {**words, "NAME": name, "DIMS": _LETTERS[n], "OUT": out}.items():
        text = text.replace(token, replacement)
    body.__doc__ = text
    return op(check=check)(body)


def each(name: str, argument: str, value: Any, n: int, least: int | None = None) -> Shape:
    """`value` as n ints: one int, or a sequence of one or n of them."""
    if isinstance(value, str | float) or not (isinstance(value, Sequence) or hasattr(value, "__index__")):
        fail(
            ArgumentTypeError,
            name,
            f"{argument} must be an int{'' if n == 1 else f' or {n} ints'}",
            f"got {describe(value)}",
            "write for example 2" if n == 1 else f"write for example 2 or ({', '.join(['2'] * n)})",
        )
    several = tuple(value) if isinstance(value, Sequence) else (value,)
    if len(several) not in (1, n):
        fail(
            ArgumentError,
            name,
            f"{argument} must be one int{'' if n == 1 else f' or {n}'}, for {n} spatial dimension{'s' * (n > 1)}",
            f"got {several}",
            "give one for each spatial dimension",
        )
    numbers = tuple(integer(name, argument, number, least) for number in several)
    return numbers * n if len(numbers) == 1 else numbers


def strides(name: str, stride: Any, kernel: Shape) -> Shape:
    """The stride of a pooling window, by default its size."""
    given = stride is not None and not (isinstance(stride, Sequence) and len(stride) == 0)
    return each(name, "stride", stride, len(kernel), 1) if given else kernel


def batched(name: str, input: Any, n: int) -> tuple[Array, bool]:
    """`input` with a batch dimension, and whether it came without one."""
    letters = _LETTERS[n]
    remedy = f"give (N, C, {letters}) or (C, {letters})"
    require_ndim(name, input, (n + 1, n + 2), remedy=remedy)
    x = jnp.asarray(input)
    return (x[None], True) if x.ndim == n + 1 else (x, False)


def half_at_most(name: str, padding: Shape, extent: Shape) -> None:
    """Raise unless every window holds something of the input: the padding is half of it at most."""
    if any(2 * p > width for p, width in zip(padding, extent, strict=True)):
        required = f"padding must be at most half of the window {extent}"
        fail(ArgumentError, name, required, f"got {padding}", "pad with fg.nn.pad, or take a larger window")


def pooled_size(
    name: str, spatial: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool
) -> Shape:
    """How many windows fit in each dimension; in ceil_mode a last one may hang over, if it starts inside."""
    sizes = []
    for size, k, s, p, d in zip(spatial, kernel, stride, padding, dilation, strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        count = (room + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= size + p:
            count -= 1
        sizes.append(count)
    if min(sizes) < 1 or min(spatial) < 1:
        fail(
            ShapeError,
            name,
            "the window must fit in the padded input",
            f"got a window of {kernel} with dilation {dilation} and padding {padding} for sizes {spatial}",
            "take a smaller window, or pad more",
        )
    return tuple(sizes)
