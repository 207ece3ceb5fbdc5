"""Images in another size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail, integer, listed, require_float, require_real
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Shape
from .adaptive_pooling import _averaged

__all__ = ["interpolate", "upsample"]

_NEAREST = ("nearest", "nearest-exact")
_RANKS = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,)}  # others take any of the three
_MODES = (*_NEAREST, "area", *_RANKS)


@op
def interpolate(
    input: ArrayLike,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    """Images, signals or volumes in another size.

    Args:
        input: shape (N, C, L), (N, C, H, W) or (N, C, D, H, W); floating point, or any real dtype for the two nearest
            modes.
        size: the spatial sizes of the result, one int or one for each dimension.
        scale_factor: instead of `size`, how many times larger the result is, rounded down to whole elements.
        mode: ``"nearest"`` with its known shift of half an element, ``"nearest-exact"`` without it; ``"linear"``,
            ``"bilinear"`` and ``"trilinear"`` for 1, 2 and 3 dimensions; ``"bicubic"`` for 2; ``"area"`` for means.
        align_corners: in the linear and cubic modes, whether the centres of the outermost elements stay where they
            are, instead of their outer edges.
        recompute_scale_factor: whether the ratio of the sizes is used instead of `scale_factor`, which differ where
            it was rounded.
        antialias: in ``"bilinear"`` and ``"bicubic"``, whether kernels are widened where the image is made smaller.

    Returns:
        An array of shape (N, C, *sizes), in the dtype of `input`.

    Raises:
        ArgumentError: an option is another word, or options contradict each other.
        ShapeError: `input` has not the dimensions of the mode, or a size is 0.
        DtypeError: `input` is not floating point.

    >>> fg.nn.interpolate(fg.tensor([[[1.0, 2.0]]]), size=4)
    Array([[[1., 1., 2., 2.]]], dtype=float32)
    >>> fg.nn.interpolate(fg.tensor([[[1.0, 2.0]]]), scale_factor=2, mode="linear")
    Array([[[1.  , 1.25, 1.75, 2.  ]]], dtype=float32)

    Source: Keys (1981), doi:10.1109/TASSP.1981.1163711, with a = -0.75 (-0.5 with antialias);
    ``torch.nn.functional.interpolate``.
    """
    name = "interpolate"
    x = jnp.asarray(input)
    _require_mode(name, x, mode, align_corners, antialias)
    if recompute_scale_factor and size is not None:
        required = "recompute_scale_factor belongs to scale_factor"
        fail(ArgumentError, name, required, "got it with size", "leave it out")
    sizes, factors = _target(name, x.shape[2:], size, scale_factor, bool(recompute_scale_factor) or mode == "area")
    if mode == "area":
        return _averaged(x, sizes)
    aligned = bool(align_corners)
    for dim, (out, factor) in enumerate(zip(sizes, factors, strict=True), start=2):
        count = x.shape[dim]
        if mode in _NEAREST:
            x = _nearest(x, dim, out, factor, 0.5 if mode == "nearest-exact" else 0.0)
        elif antialias:
            x = _weighed(x, dim, *_antialiased(count, out, factor, aligned, mode == "bicubic"))
        elif out != count or factor not in (None, 1):
            x = _weighed(x, dim, *(_cubic if mode == "bicubic" else _linear)(count, out, factor, aligned))
    return x


upsample = interpolate


def _require_mode(name: str, x: Array, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode not in _MODES:
        fail(ArgumentError, name, f"mode must be one of {listed(_MODES)}", f"got {mode!r}", "choose one")
    if mode in _NEAREST:
        require_real(name, x)
    else:
        require_float(name, x, complex_ok=False)
    ranks = _RANKS.get(mode, (3, 4, 5))
    if x.ndim not in ranks:
        fail(
            ShapeError,
            name,
            f"mode {mode!r} takes inputs of {' or '.join(map(str, ranks))} dimensions, (N, C, *)",
            f"got shape {x.shape}",
            "choose another mode, or add a dimension with fg.unsqueeze",
        )
    if 0 in x.shape[1:]:
        required = "there must be channels and elements"
        fail(ShapeError, name, required, f"got shape {x.shape}", "leave empty ones out")
    if align_corners is not None and mode not in _RANKS:
        required = "align_corners belongs to the linear and cubic modes"
        fail(ArgumentError, name, required, f"got it with mode {mode!r}", "leave it out")
    if antialias and mode not in ("bilinear", "bicubic"):
        required = "antialias needs mode 'bilinear' or 'bicubic'"
        fail(ArgumentError, name, required, f"got mode {mode!r}", "leave it out")


def _target(
    name: str, spatial: Shape, size: Any, scale_factor: Any, recompute: bool
) -> tuple[Shape, tuple[float | None, ...]]:
    """The sizes of the result, and the factors where they are what the positions come from."""
    n = len(spatial)
    if (size is None) == (scale_factor is None):
        given = "got neither" if size is None else "got both"
        fail(ArgumentError, name, "one of size and scale_factor is required", given, "give one")
    argument, given = ("size", size) if scale_factor is None else ("scale_factor", scale_factor)
    several = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else (given,) * n
    if len(several) != n:
        required = f"{argument} must be one number or {n}"
        fail(ArgumentError, name, required, f"got {several}", "give one for each spatial dimension")
    if scale_factor is None:
        return tuple(integer(name, "size", number, 1) for number in several), (None,) * n
    for factor in several:
        if isinstance(factor, bool) or not isinstance(factor, int | float):
            required = "scale_factor must be a number"
            fail(ArgumentTypeError, name, required, f"got {describe(factor)}", "write for example 2")
        if not (math.isfinite(factor) and factor > 0):
            required = "scale_factor must be positive and finite"
            fail(ArgumentError, name, required, f"got {factor}", "correct it")
    sizes = tuple(int(count * factor) for count, factor in zip(spatial, several, strict=True))
    if min(sizes) < 1:
        required = "something must be left of the image"
        fail(ShapeError, name, required, f"got a size of {sizes}", "take a larger scale_factor")
    return sizes, (None,) * n if recompute else several


def _scale(count: int, out: int, factor: float | None, aligned: bool) -> float:
    """How far apart neighbours of the result are in the input."""
    if aligned:
        return (count - 1) / (out - 1) if out > 1 else 0.0
    return count / out if factor is None else 1 / factor


def _nearest(x: Array, dim: int, out: int, factor: float | None, shift: float) -> Array:
    count = x.shape[dim]
    if out % count == 0 and factor in (None, out // count):  # whole copies, without an index for each
        copies = jnp.broadcast_to(jnp.expand_dims(x, dim + 1), (*x.shape[: dim + 1], out // count, *x.shape[dim + 1 :]))
        return copies.reshape(*x.shape[:dim], out, *x.shape[dim + 1 :])
    # In float32, as torch does: rounded otherwise, another element would be chosen here and there.
    places = (np.arange(out, dtype=np.float32) + np.float32(shift)) * np.float32(_scale(count, out, factor, False))
    index = np.minimum(np.floor(places).astype(np.int64), count - 1)
    return jnp.take(x, jnp.asarray(index), dim, mode="clip")


_Kernel = tuple[np.ndarray, np.ndarray]
"""For each element of the result, the elements it is made of and their weights, both of shape (out, width)."""


def _linear(count: int, out: int, factor: float | None, aligned: bool) -> _Kernel:
    scale, i = _scale(count, out, factor, aligned), np.arange(out)
    place = i * scale if aligned else np.maximum((i + 0.5) * scale - 0.5, 0)
    low = np.minimum(np.floor(place).astype(np.int64), count - 1)
    part = np.clip(place - low, 0, 1)
    return np.stack([low, np.minimum(low + 1, count - 1)], 1), np.stack([1 - part, part], 1)


def _cubic(count: int, out: int, factor: float | None, aligned: bool) -> _Kernel:
    scale, i = _scale(count, out, factor, aligned), np.arange(out)
    place = i * scale if aligned else (i + 0.5) * scale - 0.5
    low = np.floor(place).astype(np.int64)
    index = low[:, None] + np.arange(-1, 3)
    return np.clip(index, 0, count - 1), _cubic_kernel(place[:, None] - index, -0.75)


def _cubic_kernel(distance: Any, a: float) -> Any:
    """The convolution kernel of cubic interpolation, 0 from distance 2 on."""
    d = abs(distance)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    where = np.where if isinstance(d, np.ndarray) else jnp.where
    return where(d <= 1, near, where(d < 2, far, 0))


def _antialiased(count: int, out: int, factor: float | None, aligned: bool, cubic: bool) -> _Kernel:
    scale = _scale(count, out, factor, aligned)
    stretch = max(scale, 1.0)  # the kernel reaches as far as the elements of the result are apart
    support = (2.0 if cubic else 1.0) * stretch
    centre = scale * (np.arange(out) + 0.5)
    first = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    stop = np.minimum((centre + support + 0.5).astype(np.int64), count)
    index = first[:, None] + np.arange(max(int((stop - first).max()), 1))
    distance = (index - centre[:, None] + 0.5) / stretch
    weight = _cubic_kernel(distance, -0.5) if cubic else np.maximum(1 - abs(distance), 0)
    weight = np.where(index < stop[:, None], weight, 0)
    total = weight.sum(1, keepdims=True)
    return np.minimum(index, count - 1), weight / np.where(total == 0, 1, total)


def _weighed(x: Array, dim: int, index: np.ndarray, weights: np.ndarray) -> Array:
    """Sums of neighbours. Weights of 0 leave infinities out, which a product of matrices would spread as NaN."""
    shape, dtype = (-1, *[1] * (x.ndim - dim - 1)), x.dtype
    x = x.astype(jnp.promote_types(dtype, jnp.float32))
    total: Any = 0
    for places, factors in zip(index.T, weights.T, strict=True):
        part = jnp.take(x, jnp.asarray(places), dim, mode="clip") * jnp.asarray(factors, x.dtype).reshape(shape)
        total = total + (part if factors.all() else jnp.where((factors == 0).reshape(shape), 0, part))
    result: Array = total.astype(dtype)
    return result
