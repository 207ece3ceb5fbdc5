"""The words of networks that torch has without a prefix too: ``fg.conv2d``, ``fg.max_pool2d``, ``fg.pixel_shuffle``."""

from __future__ import annotations

from collections.abc import Sequence

from .._op import op
from .._types import Array, ArrayLike
from .adaptive_pooling import adaptive_avg_pool1d
from .adaptive_pooling import adaptive_max_pool1d_with_indices as adaptive_max_pool1d
from .convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_tbc,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from .max_pooling import max_pool1d, max_pool1d_with_indices, max_pool2d, max_pool3d
from .padding import _padded
from .pixels import channel_shuffle, pixel_shuffle, pixel_unshuffle
from .pooling import avg_pool1d

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_max_pool1d",
    "avg_pool1d",
    "channel_shuffle",
    "constant_pad_nd",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool3d",
    "pixel_shuffle",
    "pixel_unshuffle",
]


@op
def constant_pad_nd(input: ArrayLike, pad: Sequence[int], value: float = 0) -> Array:
    """`input` with a constant added at the ends of its last dimensions: ``fg.nn.pad`` in its first mode.

    Args:
        input: any shape and dtype.
        pad: how many elements before and after, beginning with the last dimension; negative numbers take some away.
        value: the constant.

    Returns:
        An array in the dtype of `input`.

    Raises:
        ArgumentError: `pad` has an odd length.
        ShapeError: there are not enough dimensions, or less than none is left.
        DtypeError: `value` does not fit the dtype of `input`.

    >>> fg.constant_pad_nd(fg.tensor([1, 2]), (0, 2), 7)
    Array([1, 2, 7, 7], dtype=int32)

    Source: ``torch.constant_pad_nd``.
    """
    return _padded("constant_pad_nd", input, pad, "constant", value)
