"""Transforms of images as pure functions: the image in, the new image out, and a key where chance decides.

Images are (..., C, H, W): channels first, as everywhere in this package, alone or with batch dimensions before them.
A random transform decides for each image of a batch by itself. All of them can be compiled, mapped and differentiated.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from ..._checks import describe, fail, require_float
from ..._convert import from_host
from ..._errors import ArgumentError, ArgumentTypeError, ShapeError
from ..._plain import plain
from ..._types import Array, ArrayLike

__all__ = [
    "center_crop",
    "compose",
    "crop",
    "hflip",
    "normalize",
    "random_crop",
    "random_horizontal_flip",
    "random_vertical_flip",
    "resize",
    "to_float",
    "vflip",
]

Transform: TypeAlias = Callable[..., Array]


@plain
def compose(*transforms: Transform) -> Transform:
    """One transform that applies several, the first one first.

    Args:
        *transforms: functions of an image; those with a parameter ``key`` get a key of their own.

    Returns:
        A function ``f(x, key=None)``. It needs a key if one of `transforms` does.

    >>> augment = fg.data.compose(fg.data.to_float, fg.data.random_crop(8, padding=1), fg.data.normalize(0.5, 0.5))
    >>> augment(np.zeros((3, 8, 8), np.uint8), key=jax.random.key(0)).shape
    (3, 8, 8)

    Source: ``torchvision.transforms.Compose``.
    """
    takes_key = ["key" in inspect.signature(transform).parameters for transform in transforms]

    def composed(x: ArrayLike, /, key: Array | None = None) -> Array:
        result: Any = x
        for i, (transform, keyed) in enumerate(zip(transforms, takes_key, strict=True)):
            own = None if key is None else jax.random.fold_in(key, i)
            result = transform(result, key=own) if keyed else transform(result)
        return result

    return composed


@plain
def to_float(x: ArrayLike, /) -> Array:
    """An image of bytes 0 … 255 as floats in [0, 1]; one of floats stays as it is.

    Args:
        x: any shape, uint8 or floating.

    Returns:
        An array of the same shape, float32 or the floating dtype of `x`.

    Raises:
        DtypeError: `x` has another dtype, whose range does not say what white is.

    >>> fg.data.to_float(np.array([0, 255], np.uint8))
    Array([0., 1.], dtype=float32)

    Source: ``torchvision.transforms.v2.ToDtype(torch.float32, scale=True)``.
    """
    image = _array("to_float", x)
    if image.dtype != jnp.uint8:
        require_float("to_float", image, "an image that is not uint8", complex_ok=False)
        return image
    return image.astype(jnp.float32) / 255


@plain
def normalize(mean: float | Sequence[float], std: float | Sequence[float], /) -> Transform:
    r"""The transform $(x - mean) / std$, by channel.

    Args:
        mean: a number, or one for each channel.
        std: a number, or one for each channel; not 0.

    Returns:
        A function of a floating image (..., C, H, W), whose result has its shape and dtype.

    Raises:
        ArgumentError: an element of `std` is 0.
        ShapeError: the image has another number of channels.

    >>> fg.data.normalize([0.5, 0.0], [0.5, 1.0])(fg.ones(2, 1, 1)).ravel()
    Array([1., 1.], dtype=float32)

    Source: ``torchvision.transforms.Normalize``.
    """
    centre, scale = np.asarray(mean, np.float64), np.asarray(std, np.float64)
    if (scale == 0).any():
        fail(ArgumentError, "normalize", "std must not be 0", f"got {std}", "leave constant channels alone with std 1")

    def transform(x: ArrayLike, /) -> Array:
        image = _image("normalize", x)
        require_float("normalize", image, "the image", complex_ok=False)
        for values in (centre, scale):
            if values.ndim and values.shape != (image.shape[-3],):
                fail(
                    ShapeError,
                    "normalize",
                    "mean and std must be numbers, or have one for each channel",
                    f"got {values.size} for an image of shape {image.shape}, which has {image.shape[-3]}",
                    "check that the channels come first, as in (C, H, W)",
                )
        by_channel = [jnp.asarray(v.reshape(-1, 1, 1) if v.ndim else v, image.dtype) for v in (centre, scale)]
        return (image - by_channel[0]) / by_channel[1]

    return transform


@plain
def hflip(x: ArrayLike, /) -> Array:
    """An image with left and right exchanged.

    Args:
        x: (..., H, W).

    Returns:
        An array of the same shape and dtype.

    >>> fg.data.hflip(np.array([[1, 2, 3]]))
    Array([[3, 2, 1]], dtype=int32)

    Source: ``torchvision.transforms.functional.hflip``.
    """
    return jnp.flip(_image("hflip", x, least=2), -1)


@plain
def vflip(x: ArrayLike, /) -> Array:
    """An image with top and bottom exchanged.

    Args:
        x: (..., H, W).

    Returns:
        An array of the same shape and dtype.

    >>> fg.data.vflip(np.array([[1], [2]]))
    Array([[2],
           [1]], dtype=int32)

    Source: ``torchvision.transforms.functional.vflip``.
    """
    return jnp.flip(_image("vflip", x, least=2), -2)


@plain
def random_horizontal_flip(p: float = 0.5, /) -> Transform:
    """The transform that exchanges left and right with probability `p`, for each image of a batch by itself.

    Args:
        p: the probability, in [0, 1].

    Returns:
        A function ``f(x, key)`` of an image (..., C, H, W).

    >>> fg.data.random_horizontal_flip(1.0)(np.array([[[1, 2, 3]]]), key=jax.random.key(0))
    Array([[[3, 2, 1]]], dtype=int32)

    Source: ``torchvision.transforms.RandomHorizontalFlip``.
    """
    return _random_flip("random_horizontal_flip", p, -1)


@plain
def random_vertical_flip(p: float = 0.5, /) -> Transform:
    """The transform that exchanges top and bottom with probability `p`, for each image of a batch by itself.

    Args:
        p: the probability, in [0, 1].

    Returns:
        A function ``f(x, key)`` of an image (..., C, H, W).

    >>> fg.data.random_vertical_flip(0.0)(np.array([[[1], [2]]]), key=jax.random.key(0)).ravel()
    Array([1, 2], dtype=int32)

    Source: ``torchvision.transforms.RandomVerticalFlip``.
    """
    return _random_flip("random_vertical_flip", p, -2)


def _random_flip(word: str, p: float, dim: int) -> Transform:
    if not 0 <= p <= 1:
        fail(ArgumentError, word, "p must be in [0, 1]", f"got {p}", "pass a probability")

    def one_flip(image: Array, key: Array) -> Array:
        return jnp.where(jax.random.bernoulli(key, p), jnp.flip(image, dim), image)

    def transform(x: ArrayLike, /, key: Array | None = None) -> Array:
        image = _image(word, x)
        return _by_image(word, one_flip, image, key)

    return transform


@plain
def crop(top: int, left: int, height: int, width: int, /) -> Transform:
    """The transform that cuts out a rectangle.

    Args:
        top: the first row of it.
        left: the first column.
        height: how many rows.
        width: how many columns.

    Returns:
        A function of an image (..., H, W), whose result is (..., height, width).

    Raises:
        ShapeError: the rectangle is not inside the image; nothing is padded.

    >>> fg.data.crop(0, 1, 1, 2)(np.array([[1, 2, 3], [4, 5, 6]]))
    Array([[2, 3]], dtype=int32)

    Source: ``torchvision.transforms.functional.crop``.
    """
    return functools.partial(_cropped, "crop", top, left, height, width)


@plain
def center_crop(size: int | tuple[int, int], /) -> Transform:
    """The transform that cuts out the middle.

    Args:
        size: (height, width), or one number for both.

    Returns:
        A function of an image (..., H, W), whose result is (..., height, width).

    Raises:
        ShapeError: the image is smaller; nothing is padded.

    >>> fg.data.center_crop(1)(np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    Array([[5]], dtype=int32)

    Source: ``torchvision.transforms.CenterCrop``.
    """
    height, width = _height_width("center_crop", size)

    def transform(x: ArrayLike, /) -> Array:
        image = _image("center_crop", x, least=2)
        top, left = (round((extent - part) / 2) for extent, part in zip(image.shape[-2:], (height, width), strict=True))
        return _cropped("center_crop", top, left, height, width, image)

    return transform


@plain
def random_crop(size: int | tuple[int, int], /, *, padding: int = 0, fill: float = 0) -> Transform:
    """The transform that cuts out a rectangle at a random place, for each image of a batch by itself.

    Args:
        size: (height, width), or one number for both.
        padding: how many pixels to add on every side first.
        fill: their value.

    Returns:
        A function ``f(x, key)`` of an image (..., C, H, W), whose result is (..., C, height, width).

    Raises:
        ShapeError: the padded image is smaller than the rectangle.

    >>> fg.data.random_crop((2, 3), padding=1)(np.ones((1, 2, 2)), key=jax.random.key(0)).shape
    (1, 2, 3)

    Source: ``torchvision.transforms.RandomCrop``.
    """
    height, width = _height_width("random_crop", size)

    def one_crop(image: Array, key: Array) -> Array:
        room = jnp.array([image.shape[-2] - height, image.shape[-1] - width])
        top, left = jax.random.randint(key, (2,), 0, room + 1)
        return jax.lax.dynamic_slice(image, (0, top, left), (image.shape[0], height, width))

    def transform(x: ArrayLike, /, key: Array | None = None) -> Array:
        image = _image("random_crop", x)
        around = [(0, 0)] * (image.ndim - 2) + [(padding, padding)] * 2
        padded = jnp.pad(image, around, constant_values=fill)
        _require_room("random_crop", padded, 0, 0, height, width)
        return _by_image("random_crop", one_crop, padded, key)

    return transform


@plain
def resize(size: int | tuple[int, int], /, mode: str = "bilinear") -> Transform:
    """The transform that scales an image, averaging where it gets smaller.

    Args:
        size: (height, width), or one number for the shorter side, where the longer one follows.
        mode: "bilinear", "bicubic" or "nearest".

    Returns:
        A function of an image (..., C, H, W), whose result is (..., C, height, width) in its dtype. Bytes are rounded
        and stay in 0 … 255.

    Raises:
        ArgumentError: `mode` is another one.

    >>> fg.data.resize(1)(np.array([[[1.0, 3.0], [5.0, 7.0]]], np.float32))
    Array([[[4.]]], dtype=float32)

    Source: ``torchvision.transforms.Resize(antialias=True)``.
    """
    if mode not in ("nearest", "bilinear", "bicubic"):
        fail(
            ArgumentError,
            "resize",
            "mode must be 'nearest', 'bilinear' or 'bicubic'",
            f"got {mode!r}",
            "choose one of them",
        )

    def transform(x: ArrayLike, /) -> Array:
        image = _image("resize", x)
        rows, columns = image.shape[-2:]
        if isinstance(size, int) and not isinstance(size, bool):
            (one,) = _height_width("resize", size)[:1]
            height, width = (one, one * columns // rows) if rows <= columns else (one * rows // columns, one)
        else:
            height, width = _height_width("resize", size)
        if mode == "nearest":
            return image[..., np.arange(height)[:, None] * rows // height, np.arange(width) * columns // width]
        shape = (*image.shape[:-2], height, width)
        exact = image if jnp.issubdtype(image.dtype, jnp.floating) else image.astype(jnp.float32)
        scaled = jax.image.resize(exact, shape, "cubic" if mode == "bicubic" else "linear", antialias=True)
        if exact is image:
            return scaled
        limits = jnp.iinfo(image.dtype)
        return jnp.clip(jnp.round(scaled), limits.min, limits.max).astype(image.dtype)

    return transform


def _array(word: str, x: Any) -> Array:
    if isinstance(x, jax.Array):
        return x
    if isinstance(x, list | tuple | str):
        fail(ArgumentTypeError, word, "an image must be an array", f"got {describe(x)}", "wrap it in fg.tensor(...)")
    return from_host(word, x)


def _image(word: str, x: Any, least: int = 3) -> Array:
    image = _array(word, x)
    if image.ndim < least:
        layout = "(..., C, H, W)" if least == 3 else "(..., H, W)"
        fail(ShapeError, word, f"an image must be {layout}", f"got shape {image.shape}", "add what is missing in front")
    return image


def _by_image(word: str, transform: Transform, image: Array, key: Array | None) -> Array:
    """`transform` of each (C, H, W) in `image`, each with a key of its own."""
    if key is None:
        fail(ArgumentTypeError, word, "a random transform needs a key", "got none", "call it with key=fg.key(0)")
    if image.ndim == 3:
        return transform(image, key)
    singles = image.reshape(-1, *image.shape[-3:])
    made = jax.vmap(transform)(singles, jax.random.split(key, len(singles)))
    return made.reshape(*image.shape[:-3], *made.shape[1:])


def _height_width(word: str, size: Any) -> tuple[int, int]:
    pair = (size, size) if isinstance(size, int) and not isinstance(size, bool) else size
    if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(type(n) is int and n > 0 for n in pair)):
        fail(
            ArgumentError,
            word,
            "size must be (height, width) or one number, positive",
            f"got {size!r}",
            "correct it",
        )
    return pair[0], pair[1]


def _cropped(word: str, top: int, left: int, height: int, width: int, x: ArrayLike, /) -> Array:
    image = _image(word, x, least=2)
    _require_room(word, image, top, left, height, width)
    return image[..., top : top + height, left : left + width]


def _require_room(word: str, image: Array, top: int, left: int, height: int, width: int) -> None:
    rows, columns = image.shape[-2:]
    if top < 0 or left < 0 or height < 1 or width < 1 or top + height > rows or left + width > columns:
        fail(
            ShapeError,
            word,
            f"{height} × {width} pixels from row {top}, column {left} must be inside the image",
            f"got an image of {rows} × {columns}",
            "choose a smaller size, or pad the image first",
        )
