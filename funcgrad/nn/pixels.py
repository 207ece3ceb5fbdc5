"""Channels traded for pixels, and shuffled."""

from __future__ import annotations

import jax.numpy as jnp

from .._checks import fail, integer
from .._errors import ShapeError
from .._op import op
from .._types import Array, ArrayLike

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


@op
def pixel_shuffle(input: ArrayLike, upscale_factor: int) -> Array:
    """Squares of r x r pixels from groups of r² channels: a learned magnification without a transposed convolution.

    Args:
        input: shape (*, C r², H, W), any dtype.
        upscale_factor: r.

    Returns:
        An array of shape (*, C, H r, W r).

    Raises:
        ShapeError: there are fewer than 3 dimensions, or the channels are not a multiple of r².

    >>> fg.nn.pixel_shuffle(fg.arange(4.0).reshape(4, 1, 1), 2)
    Array([[[0., 1.],
            [2., 3.]]], dtype=float32)

    Source: Shi et al. (2016), arXiv:1609.05158; ``torch.nn.functional.pixel_shuffle``.
    """
    x, r = _image("pixel_shuffle", input), integer("pixel_shuffle", "upscale_factor", upscale_factor, 1)
    *batch, channels, height, width = x.shape
    if channels % (r * r):
        required = f"the channels of (*, C, H, W) must be a multiple of upscale_factor² = {r * r}"
        fail(ShapeError, "pixel_shuffle", required, f"got shape {x.shape}", "correct the input or the factor")
    x = x.reshape(*batch, channels // (r * r), r, r, height, width)
    b = len(batch)
    x = x.transpose(*range(b), b, b + 3, b + 1, b + 4, b + 2)
    return x.reshape(*batch, channels // (r * r), height * r, width * r)


@op
def pixel_unshuffle(input: ArrayLike, downscale_factor: int) -> Array:
    """Groups of r² channels from squares of r x r pixels: the inverse of ``pixel_shuffle``.

    Args:
        input: shape (*, C, H r, W r), any dtype.
        downscale_factor: r.

    Returns:
        An array of shape (*, C r², H, W).

    Raises:
        ShapeError: there are fewer than 3 dimensions, or height or width is not a multiple of r.

    >>> fg.nn.pixel_unshuffle(fg.arange(4.0).reshape(1, 2, 2), 2).shape
    (4, 1, 1)

    Source: ``torch.nn.functional.pixel_unshuffle``.
    """
    x, r = _image("pixel_unshuffle", input), integer("pixel_unshuffle", "downscale_factor", downscale_factor, 1)
    *batch, channels, height, width = x.shape
    if height % r or width % r:
        required = f"height and width of (*, C, H, W) must be multiples of downscale_factor = {r}"
        fail(ShapeError, "pixel_unshuffle", required, f"got shape {x.shape}", "correct the input or the factor")
    x = x.reshape(*batch, channels, height // r, r, width // r, r)
    b = len(batch)
    x = x.transpose(*range(b), b, b + 2, b + 4, b + 1, b + 3)
    return x.reshape(*batch, channels * r * r, height // r, width // r)


@op
def channel_shuffle(input: ArrayLike, groups: int) -> Array:
    """The channels dealt out: the first of each group, then the second of each, and so on.

    Args:
        input: shape (N, C, *) with at least one dimension beside those two, any dtype.
        groups: how many groups of neighbouring channels there are.

    Returns:
        An array of the shape of `input`.

    Raises:
        ShapeError: there are fewer than 3 dimensions, or the channels do not fall into `groups`.

    >>> fg.nn.channel_shuffle(fg.arange(4.0).reshape(1, 4, 1), 2).reshape(-1)
    Array([0., 2., 1., 3.], dtype=float32)

    Source: Zhang et al. (2018), arXiv:1707.01083; ``torch.nn.functional.channel_shuffle``.
    """
    x, count = _image("channel_shuffle", input, "(N, C, *)"), integer("channel_shuffle", "groups", groups, 1)
    batch, channels, *spatial = x.shape
    if channels % count:
        required = f"the channels of (N, C, *) must be a multiple of groups = {count}"
        fail(ShapeError, "channel_shuffle", required, f"got shape {x.shape}", "correct the input or groups")
    return x.reshape(batch, count, channels // count, *spatial).swapaxes(1, 2).reshape(x.shape)


def _image(name: str, input: ArrayLike, layout: str = "(*, C, H, W)") -> Array:
    x = jnp.asarray(input)
    if x.ndim < 3:
        required = f"input must have 3 dimensions or more, {layout}"
        fail(ShapeError, name, required, f"got shape {x.shape}", "reshape it")
    return x
