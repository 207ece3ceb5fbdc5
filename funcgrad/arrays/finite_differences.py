"""Derivatives of sampled functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import canonical_dims, describe, fail
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._operands import operand
from .._plain import plain
from .._types import Array, ArrayLike, Dims

__all__ = ["gradient"]


@plain
def gradient(
    input: ArrayLike, /, *, spacing: Any = None, dim: Dims | None = None, edge_order: int = 1
) -> tuple[Array, ...]:
    r"""The derivative of samples along dimensions, by central differences: $(x_{i+1} - x_{i-1}) / 2h$ inside.

    To differentiate a function, see ``fg.grad``.

    Args:
        input: the samples, any shape; integers count as floats.
        spacing: h, one for all dimensions, 1 by default; or a list with one for each of `dim`; or a list of 1-D
            arrays, the places of the samples along each of `dim`, where unequal distances weigh the two differences.
        dim: one or several dimensions; all by default.
        edge_order: 1 for one difference at the edges, 2 for the parabola through three samples.

    Returns:
        A tuple of arrays in the shape of `input`, one for each of `dim`.

    Raises:
        DimError: a dimension is out of range or named twice.
        ShapeError: a dimension has fewer than ``edge_order + 1`` samples, or the places do not fit it.
        ArgumentError: `spacing` does not fit `dim`, or `edge_order` is not 1 or 2.
        DtypeError: `input` is bool.

    >>> fg.gradient(fg.tensor([1.0, 4.0, 9.0]), spacing=0.5)
    (Array([ 6.,  8., 10.], dtype=float32),)

    Source: ``torch.gradient``.
    """
    x = operand("gradient", "input", input)
    ndim = jnp.ndim(x)
    dims = tuple(range(ndim)) if dim is None else canonical_dims("gradient", dim, ndim)
    if isinstance(edge_order, bool) or edge_order not in (1, 2):
        given = f"got {edge_order!r}"
        fail(ArgumentError, "gradient", "edge_order must be 1 or 2", given, "2 is exact for parabolas")
    spacing = 1 if spacing is None else spacing
    if isinstance(spacing, Sequence) and len(spacing) != len(dims):
        given = f"got {len(spacing)} for {len(dims)} dimension{'' if len(dims) == 1 else 's'}"
        fail(ArgumentError, "gradient", "spacing must be a number, or one for each dimension", given, "see dim=")
    steps = spacing if isinstance(spacing, Sequence) else [spacing] * len(dims)
    if not isinstance(spacing, Sequence) and np.ndim(spacing):
        given = f"got {describe(spacing)}"
        fail(ArgumentError, "gradient", "places must be in a list, one array for each of dim", given, "write [places]")
    return tuple(_gradient(x, step, along, edge_order) for along, step in zip(dims, steps, strict=True))


@op(dims=())
def _gradient(input: ArrayLike, step: ArrayLike, dim: int, edge_order: int) -> Array:
    x, h = jnp.asarray(input), jnp.asarray(step)
    if x.dtype == bool:
        fail(
            DtypeError, "gradient", "input must be a number", f"got {describe(x)}", "convert it with fg.to(x, 'float')"
        )
    if not x.ndim or x.shape[dim] < edge_order + 1:
        required = f"there must be at least {edge_order + 1} samples along dim {dim}"
        fail(ShapeError, "gradient", required, f"got shape {x.shape}", "name other dimensions in dim=")
    x = jnp.moveaxis(x, dim, -1)
    if h.ndim:
        if h.shape != x.shape[-1:]:
            required = f"places must have shape ({x.shape[-1]},) along dim {dim}"
            fail(ShapeError, "gradient", required, f"got shape {h.shape}", "pass one for each sample")
        gaps = jnp.diff(h)
    else:
        gaps = jnp.broadcast_to(h, x.shape[-1] - 1)
    slopes = jnp.diff(x) / gaps
    if h.ndim:
        before, after = gaps[:-1], gaps[1:]
        inside = (after * slopes[..., :-1] + before * slopes[..., 1:]) / (before + after)
    else:
        inside = (x[..., 2:] - x[..., :-2]) / (2 * h)
    first, last = slopes[..., :1], slopes[..., -1:]
    if edge_order == 2:  # the slope of the parabola goes on as it bends inside
        first = first - (slopes[..., 1:2] - first) * (gaps[0] / (gaps[0] + gaps[1]))
        last = last + (last - slopes[..., -2:-1]) * (gaps[-1] / (gaps[-1] + gaps[-2]))
    return jnp.moveaxis(jnp.concatenate([first, inside, last], -1), -1, dim)
