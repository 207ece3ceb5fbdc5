"""Weights that sum to 1: the softmin, and samples from the softmax that can be differentiated."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .._checks import fail, require_float, require_key
from .._errors import ArgumentError
from .._op import op
from .._types import Array, ArrayLike, Dim, DtypeLike
from ..arrays._pointwise import in_single
from ..arrays.special import softmax
from ._slopes import straight_through

__all__ = ["gumbel_softmax", "softmin"]


@op
@in_single
def softmin(input: ArrayLike, dim: Dim, dtype: DtypeLike | None = None) -> Array:
    r"""The softmax of minus the input, $e^{-x_i} / \sum_j e^{-x_j}$.

    Args:
        input: any shape.
        dim: the dimension over which the result sums to 1.
        dtype: a dtype to compute in and return.

    Returns:
        An array in the shape of `input`.

    Raises:
        DimError: `dim` is out of range.

    >>> fg.nn.softmin(fg.tensor([0.0, 0.0, 1000.0]), 0)
    Array([0.5, 0.5, 0. ], dtype=float32)

    Source: ``torch.nn.functional.softmin``.
    """
    return softmax(jnp.negative(input), dim, dtype)


@op
def gumbel_softmax(
    logits: ArrayLike, tau: float = 1.0, hard: bool = False, *, dim: Dim = -1, key: Array | None = None
) -> Array:
    r"""A sample from the categorical distribution with `logits`, relaxed: softmax of $(x + g) / \tau$, Gumbel $g$.

    Args:
        logits: logarithms of probabilities, up to a constant; any shape.
        tau: the temperature, positive: near 0 the samples are nearly one-hot.
        hard: whether the value is one-hot; the gradient is that of the relaxed sample.
        dim: the dimension of the categories.
        key: a random key; it is required.

    Returns:
        An array in the shape and dtype of `logits`.

    Raises:
        ArgumentError: `tau` is not positive.
        ArgumentTypeError: there is no `key`, or it is not one.
        DtypeError: `logits` is not floating point.

    >>> fg.nn.gumbel_softmax(fg.tensor([-100.0, 100.0]), hard=True, key=fg.key(0))
    Array([0., 1.], dtype=float32)

    Source: Jang, Gu, Poole (2017), arXiv:1611.01144; Maddison, Mnih, Teh (2017), arXiv:1611.00712;
    ``torch.nn.functional.gumbel_softmax``.
    """
    require_float("gumbel_softmax", logits, "logits", complex_ok=False)
    if not tau > 0:
        fail(ArgumentError, "gumbel_softmax", "tau must be positive", f"got {tau}", "choose for example 1.0")
    x = jnp.asarray(logits)
    noise = jax.random.gumbel(require_key("gumbel_softmax", key), x.shape, x.dtype)
    soft = jax.nn.softmax((x + noise) / tau, dim)
    if not hard:
        return soft
    chosen = jax.nn.one_hot(soft.argmax(dim), soft.shape[dim], dtype=soft.dtype, axis=dim)
    return straight_through(chosen, soft)
