"""Reading images between their pixels, and where to read for an affine map."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .._checks import fail, integer, require_float
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from .interpolation import _cubic_kernel

__all__ = ["affine_grid", "grid_sample"]


@op
def grid_sample(
    input: ArrayLike,
    grid: ArrayLike,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> Array:
    r"""`input` at the places in `grid`, interpolated.

    A place is given as (x, y) or (x, y, z), width first, with -1 and 1 at the two ends of each dimension.

    Args:
        input: images, shape (N, C, H, W), or volumes, shape (N, C, D, H, W).
        grid: places, shape (N, H', W', 2) or (N, D', H', W', 3).
        mode: ``"bilinear"`` (trilinear for volumes), ``"bicubic"`` for images, or ``"nearest"``, which has no gradient
            in `grid`.
        padding_mode: what is outside: ``"zeros"``, the ``"border"``, or a ``"reflection"`` of the image.
        align_corners: whether -1 and 1 are the centres of the outermost pixels, instead of their outer edges.

    Returns:
        An array of shape (N, C, H', W') or (N, C, D', H', W'), in the dtype of `input`.

    Raises:
        ArgumentError: `mode` or `padding_mode` is another word.
        DtypeError: `input` or `grid` is not floating point.
        ShapeError: the shapes do not fit each other, or an image has no pixels.

    >>> image = fg.arange(9.0).reshape(1, 1, 3, 3)
    >>> places = fg.tensor([[[[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0], [0.5, -0.5]]]])
    >>> fg.nn.grid_sample(image, places)
    Array([[[[0. , 4. , 2. , 2.5]]]], dtype=float32)

    Source: Jaderberg et al. (2015), arXiv:1506.02025; ``torch.nn.functional.grid_sample``.
    """
    _require_fit(input, grid, mode, padding_mode)
    images, places = jnp.asarray(input), jnp.asarray(grid)
    spatial = images.shape[2:]
    if mode == "bicubic":
        return _bicubic(images, places, padding_mode, align_corners)
    # One array of coordinates for each spatial dimension of input, in its order; grid has them the other way round.
    coordinates = [_to_pixels(places[..., -1 - i], n, padding_mode, align_corners) for i, n in enumerate(spatial)]
    if mode == "nearest":
        return _read(images, [jnp.rint(c) for c in coordinates]).astype(images.dtype)
    lower = [jnp.floor(c) for c in coordinates]
    total: Any = 0
    for corner in itertools.product((0, 1), repeat=len(spatial)):
        at = [low + step for low, step in zip(lower, corner, strict=True)]
        # The weight of a corner is the volume between the place and the opposite corner.
        weight = math.prod(
            c - low if step else low + 1 - c for c, low, step in zip(coordinates, lower, corner, strict=True)
        )
        total = total + _read(images, at) * jnp.expand_dims(weight, 1)
    return total.astype(images.dtype)


@op
def affine_grid(theta: ArrayLike, size: Sequence[int], align_corners: bool = False) -> Array:
    r"""The places where ``grid_sample`` has to read for an affine map of images, $\theta\,(x, y, 1)^T$.

    Args:
        theta: matrices of shape (N, 2, 3) for images, or (N, 3, 4) for volumes; floating point.
        size: the shape of the result of ``grid_sample``, (N, C, H, W) or (N, C, D, H, W).
        align_corners: whether -1 and 1 are the centres of the outermost pixels, instead of their outer edges.

    Returns:
        A grid of shape (N, H, W, 2) or (N, D, H, W, 3), in the dtype of `theta`.

    Raises:
        DtypeError: `theta` is not floating point.
        ShapeError: `theta` and `size` do not fit, or a size is 0.

    >>> fg.nn.affine_grid(fg.tensor([[[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]]), (1, 1, 1, 2))
    Array([[[[-0.5,  0. ],
             [ 0.5,  0. ]]]], dtype=float32)

    Source: Jaderberg et al. (2015), arXiv:1506.02025; ``torch.nn.functional.affine_grid``.
    """
    name = "affine_grid"
    require_float(name, theta, "theta", complex_ok=False)
    matrices = jnp.asarray(theta)
    sizes = tuple(integer(name, "size", number, 1) for number in size)
    spatial = len(sizes) - 2
    if spatial not in (2, 3) or matrices.shape != (sizes[0], spatial, spatial + 1):
        fail(
            ShapeError,
            name,
            "theta must have shape (N, 2, 3) with size (N, C, H, W), or (N, 3, 4) with (N, C, D, H, W)",
            f"got theta of shape {matrices.shape} and size {sizes}",
            "give a matrix for each image",
        )
    ends = [0.0 if n == 1 else 1.0 if align_corners else 1 - 1 / n for n in sizes[2:]]
    lines = [jnp.linspace(-end, end, n, dtype=matrices.dtype) for end, n in zip(ends, sizes[2:], strict=True)]
    # Width first, as grid_sample reads them, and a 1 for the last column of the matrices.
    places = jnp.meshgrid(*lines, indexing="ij")[::-1]
    base = jnp.stack([*places, jnp.ones(sizes[2:], matrices.dtype)], -1)
    return jnp.einsum("...j,nij->n...i", base, matrices)


def _to_pixels(x: Array, size: int, padding: str, align_corners: bool) -> Array:
    """Places in [-1, 1] as places in [0, size - 1]; outside of it only where `padding` reads nothing there."""
    return _bounded(_unbounded(x, size, align_corners), size, padding, align_corners)


def _unbounded(x: Array, size: int, align_corners: bool) -> Array:
    return (x + 1) / 2 * (size - 1) if align_corners else ((x + 1) * size - 1) / 2


def _bounded(x: Array, size: int, padding: str, align_corners: bool) -> Array:
    """What `padding` makes of places outside [0, size - 1]."""
    if padding == "reflection":
        x = _reflected(x, 0, size - 1) if align_corners else _reflected(x, -0.5, size - 0.5)
    return x if padding == "zeros" else jnp.where(x <= 0, 0, jnp.where(x >= size - 1, size - 1, x))


def _bicubic(images: Array, places: Array, padding: str, align_corners: bool) -> Array:
    """The cubic convolution of the 16 pixels around each place; it is these that `padding` moves, not the place."""
    found = []  # for each dimension, four rows or columns of pixels and their weights
    for i, size in enumerate(images.shape[2:]):
        place = _unbounded(places[..., -1 - i], size, align_corners)
        low = jnp.floor(place)
        steps = [low + step for step in range(-1, 3)]
        weights = [_cubic_kernel(place - step, -0.75) for step in steps]
        found.append([(_bounded(s, size, padding, align_corners), w) for s, w in zip(steps, weights, strict=True)])
    total: Any = 0
    for (row, by_row), (column, by_column) in itertools.product(*found):
        total = total + _read(images, [row, column]) * jnp.expand_dims(by_row * by_column, 1)
    return total.astype(images.dtype)


def _reflected(x: Array, low: float, high: float) -> Array:
    """`x` folded into [low, high], as between two mirrors."""
    span = high - low
    if span == 0:
        return jnp.zeros_like(x)
    distance = jnp.where(x < low, low - x, x - low)
    turns = jnp.floor(distance / span)
    extra = distance - turns * span
    return jnp.where(turns % 2 == 0, extra + low, high - extra)


def _read(images: Array, at: list[Array]) -> Array:
    """The pixels at whole coordinates, 0 outside; `at` has the shape (N, *places)."""
    spatial = images.shape[2:]
    inside: Any = True
    index: Any = 0
    for position, size in zip(at, spatial, strict=True):
        inside = inside & (position >= 0) & (position <= size - 1)
        index = index * size + jnp.clip(position, 0, size - 1).astype(int)
    count = images.shape[0]
    flat = images.reshape(*images.shape[:2], math.prod(spatial))
    index = jnp.where(inside, index, 0).reshape(count, 1, -1)
    pixels = jnp.take_along_axis(flat, index, axis=2, mode="promise_in_bounds")
    pixels = pixels.reshape(*images.shape[:2], *at[0].shape[1:])
    return jnp.where(jnp.expand_dims(inside, 1), pixels, 0)


def _require_fit(input: ArrayLike, grid: ArrayLike, mode: str, padding_mode: str) -> None:
    name = "grid_sample"
    for option, value, words in (
        ("mode", mode, ("bilinear", "nearest", "bicubic")),
        ("padding_mode", padding_mode, ("zeros", "border", "reflection")),
    ):
        if value not in words:
            listed = " or ".join(repr(word) for word in words)
            fail(ArgumentError, name, f"{option} must be {listed}", f"got {value!r}", "choose one")
    require_float(name, input, "input", complex_ok=False)
    require_float(name, grid, "grid", complex_ok=False)
    images, places = jnp.shape(input), jnp.shape(grid)
    spatial = len(images) - 2
    if spatial not in (2, 3) or len(places) != spatial + 2 or places[0] != images[0] or places[-1] != spatial:
        fail(
            ShapeError,
            name,
            "input must have shape (N, C, H, W) with grid (N, H', W', 2), or (N, C, D, H, W) with (N, D', H', W', 3)",
            f"got input of shape {images} and grid of shape {places}",
            "reshape them",
        )
    if mode == "bicubic" and spatial == 3:
        required = "mode 'bicubic' reads images, not volumes"
        fail(ShapeError, name, required, f"got input of shape {images}", "choose 'bilinear'")
    if 0 in images[2:]:
        fail(ShapeError, name, "images must have pixels", f"got input of shape {images}", "leave empty ones out")
