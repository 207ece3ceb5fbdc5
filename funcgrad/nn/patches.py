"""Images as columns of patches, and back."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._checks import fail, require_float, require_ndim
from .._errors import ShapeError
from .._op import op
from .._types import Array, ArrayLike, Shape
from ._windows import Size, batched, each

__all__ = ["fold", "unfold"]


@op
def unfold(input: ArrayLike, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Array:
    """The patches of images as columns: what a convolution multiplies with its kernels.

    ``fg.unfold`` is another word, torch's ``Tensor.unfold``: windows along one dimension.

    Args:
        input: shape (N, C, H, W), or (C, H, W) for one image.
        kernel_size: the height and width h, w of a patch, or one int for both.
        dilation: the step between the elements of a patch.
        padding: zeros added on both sides of each dimension.
        stride: the step from one patch to the next.

    Returns:
        An array of shape (N, C h w, L) for L patches, or (C h w, L).

    Raises:
        DtypeError: `input` is not floating point.
        ShapeError: no patch fits in the padded image.

    >>> fg.nn.unfold(fg.arange(6.0).reshape(1, 1, 2, 3), 2)
    Array([[[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]]], dtype=float32)

    Source: ``torch.nn.functional.unfold``.
    """
    require_float("unfold", input)
    x, alone = batched("unfold", input, 2)
    patches = _Patches("unfold", x.shape[2:], kernel_size, dilation, padding, stride)
    columns = patches.of(x)
    return columns[0] if alone else columns


@op
def fold(
    input: ArrayLike,
    output_size: Size,
    kernel_size: Size,
    dilation: Size = 1,
    padding: Size = 0,
    stride: Size = 1,
) -> Array:
    """Images from columns of patches: overlapping patches are added up. The transpose of ``unfold``, not its inverse.

    Args:
        input: shape (N, C h w, L), or (C h w, L) for one image.
        output_size: the height and width of the images, or one int for both.
        kernel_size: the height and width h, w of a patch.
        dilation: the step between the elements of a patch.
        padding: zeros that ``unfold`` added on both sides of each dimension.
        stride: the step from one patch to the next.

    Returns:
        An array of shape (N, C, H, W), or (C, H, W).

    Raises:
        DtypeError: `input` is not floating point.
        ShapeError: the columns are not those of images of this size.

    >>> fg.nn.fold(fg.ones(1, 4, 2), (2, 3), 2)
    Array([[[[1., 2., 1.],
             [1., 2., 1.]]]], dtype=float32)

    Source: ``torch.nn.functional.fold``.
    """
    name = "fold"
    require_float(name, input)
    require_ndim(name, input, (2, 3), remedy="give (N, C h w, L) or (C h w, L)")
    columns = jnp.asarray(input)
    alone = columns.ndim == 2
    columns = columns[None] if alone else columns
    size = each(name, "output_size", output_size, 2, 1)
    patches = _Patches(name, size, kernel_size, dilation, padding, stride)
    area = patches.kernel[0] * patches.kernel[1]
    if columns.shape[1] % area or columns.shape[2] != patches.count[0] * patches.count[1]:
        fail(
            ShapeError,
            name,
            f"columns of {patches.kernel} patches of images of {size} have shape (C * {area}, "
            f"{patches.count[0] * patches.count[1]})",
            f"got {columns.shape[1:]}",
            "correct output_size or the options, which must be those of unfold",
        )
    shape = (columns.shape[0], columns.shape[1] // area, *size)
    # What unfold reads is linear in the image, and JAX knows its transpose.
    (images,) = jax.linear_transpose(patches.of, jax.ShapeDtypeStruct(shape, columns.dtype))(columns)
    return images[0] if alone else images


class _Patches:
    """Where the patches of images of one size are."""

    def __init__(self, name: str, spatial: Shape, kernel: Any, dilation: Any, padding: Any, stride: Any):
        self.kernel = each(name, "kernel_size", kernel, 2, 1)
        self.dilation = each(name, "dilation", dilation, 2, 1)
        self.padding = each(name, "padding", padding, 2, 0)
        self.stride = each(name, "stride", stride, 2, 1)
        self.count = tuple(
            (size + 2 * p - d * (k - 1) - 1) // s + 1
            for size, k, d, p, s in zip(spatial, self.kernel, self.dilation, self.padding, self.stride, strict=True)
        )
        if min(self.count) < 1:
            fail(
                ShapeError,
                name,
                "a patch must fit in the padded image",
                f"got patches of {self.kernel} with dilation {self.dilation} and padding {self.padding} "
                f"for images of {tuple(spatial)}",
                "take smaller patches, or pad more",
            )

    def of(self, images: Array) -> Array:
        """The columns of (N, C, H, W), read row by row and then column by column: h + w slices instead of h w."""
        (top, left), (h, w) = self.padding, self.kernel
        x = jnp.pad(images, ((0, 0), (0, 0), (top, top), (left, left)))
        x = jnp.stack([self._slice(x, 0, i, 2) for i in range(h)], 2)  # (N, C, h, H', W)
        x = jnp.stack([self._slice(x, 1, j, 4) for j in range(w)], 3)  # (N, C, h, w, H', W')
        return x.reshape(x.shape[0], images.shape[1] * h * w, self.count[0] * self.count[1])

    def _slice(self, x: Array, which: int, offset: int, dim: int) -> Array:
        """Along `dim`, the element at `offset` of each patch."""
        start, step = offset * self.dilation[which], self.stride[which]
        return jax.lax.slice_in_dim(x, start, start + (self.count[which] - 1) * step + 1, step, dim)
