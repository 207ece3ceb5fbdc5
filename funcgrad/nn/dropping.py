"""Dropout in all its forms: of elements or of whole channels, to 0 or to the limit of the SELU."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from .._checks import describe, fail, require_key, require_ndim
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Shape

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
    "feature_dropout",
]

_SELU_LIMIT = -1.7580993408473766  # of selu(x) as x falls: minus its scale times its alpha


@op
def dropout(input: ArrayLike, p: float = 0.5, training: bool = True, *, key: Array | None = None) -> Array:
    r"""Zero each element with probability `p` and scale the others by $1 / (1 - p)$; outside of training, nothing.

    Args:
        input: any shape.
        p: the probability of an element to be zeroed, from 0 to 1.
        training: whether to drop anything.
        key: a random key; it is required in training.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `p` is outside [0, 1].
        ArgumentTypeError: there is no `key` in training, or it is not one.
        DtypeError: `input` is not floating point.

    >>> fg.nn.dropout(fg.ones(6), 0.5, key=fg.key(1))
    Array([2., 0., 2., 2., 0., 0.], dtype=float32)
    >>> fg.nn.dropout(fg.ones(3), training=False)
    Array([1., 1., 1.], dtype=float32)

    Source: Srivastava et al. (2014), JMLR 15:1929; ``torch.nn.functional.dropout``.
    """
    x = _floating("dropout", input, p)
    return _dropped("dropout", x, x.shape, p, training, key)


@op
def feature_dropout(input: ArrayLike, p: float = 0.5, training: bool = True, *, key: Array | None = None) -> Array:
    r"""Zero each channel with probability `p` and scale the others by $1 / (1 - p)$; outside of training, nothing.

    Args:
        input: shape (N, C, *); a channel is all that follows the first two dimensions.
        p: the probability of a channel to be zeroed, from 0 to 1.
        training: whether to drop anything.
        key: a random key; it is required in training.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `p` is outside [0, 1].
        ArgumentTypeError: there is no `key` in training, or it is not one.
        DtypeError: `input` is not floating point.
        ShapeError: `input` has fewer than two dimensions.

    >>> fg.nn.feature_dropout(fg.ones(1, 3, 2), 0.0)
    Array([[[1., 1.],
            [1., 1.],
            [1., 1.]]], dtype=float32)

    Source: Tompson et al. (2015), arXiv:1411.4280; ``torch.feature_dropout``.
    """
    x = _floating("feature_dropout", input, p)
    return _dropped("feature_dropout", x, _features("feature_dropout", x), p, training, key)


@op
def dropout1d(input: ArrayLike, p: float = 0.5, training: bool = True, *, key: Array | None = None) -> Array:
    r"""Zero each channel of sequences with probability `p` and scale the others by $1 / (1 - p)$.

    Args:
        input: shape (N, C, L) or (C, L).
        p: the probability of a channel to be zeroed, from 0 to 1.
        training: whether to drop anything.
        key: a random key; it is required in training.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `p` is outside [0, 1].
        ArgumentTypeError: there is no `key` in training, or it is not one.
        DtypeError: `input` is not floating point.
        ShapeError: `input` has another number of dimensions.

    >>> fg.nn.dropout1d(fg.ones(3, 2), training=False).shape
    (3, 2)

    Source: ``torch.nn.functional.dropout1d``.
    """
    x = _floating("dropout1d", input, p)
    require_ndim("dropout1d", x, (2, 3), remedy="give (N, C, L) or (C, L), or use fg.nn.dropout")
    return _dropped("dropout1d", x, (*x.shape[:-1], 1), p, training, key)


@op
def dropout2d(input: ArrayLike, p: float = 0.5, training: bool = True, *, key: Array | None = None) -> Array:
    r"""Zero each channel of images with probability `p` and scale the others by $1 / (1 - p)$.

    Args:
        input: shape (N, C, H, W); as in torch (N, C, L) is a batch of sequences, and not one image.
        p: the probability of a channel to be zeroed, from 0 to 1.
        training: whether to drop anything.
        key: a random key; it is required in training.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `p` is outside [0, 1].
        ArgumentTypeError: there is no `key` in training, or it is not one.
        DtypeError: `input` is not floating point.
        ShapeError: `input` has another number of dimensions.

    >>> fg.nn.dropout2d(fg.ones(1, 3, 2, 2), training=False).shape
    (1, 3, 2, 2)

    Source: ``torch.nn.functional.dropout2d``.
    """
    x = _floating("dropout2d", input, p)
    require_ndim("dropout2d", x, (3, 4), remedy="give (N, C, H, W) or (N, C, L), or use fg.nn.dropout")
    return _dropped("dropout2d", x, _features("dropout2d", x), p, training, key)


@op
def dropout3d(input: ArrayLike, p: float = 0.5, training: bool = True, *, key: Array | None = None) -> Array:
    r"""Zero each channel of volumes with probability `p` and scale the others by $1 / (1 - p)$.

    Args:
        input: shape (N, C, D, H, W) or (C, D, H, W).
        p: the probability of a channel to be zeroed, from 0 to 1.
        training: whether to drop anything.
        key: a random key; it is required in training.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `p` is outside [0, 1].
        ArgumentTypeError: there is no `key` in training, or it is not one.
        DtypeError: `input` is not floating point.
        ShapeError: `input` has another number of dimensions.

    >>> fg.nn.dropout3d(fg.ones(3, 2, 2, 2), training=False).shape
    (3, 2, 2, 2)

    Source: ``torch.nn.functional.dropout3d``.
    """
    x = _floating("dropout3d", input, p)
    require_ndim("dropout3d", x, (4, 5), remedy="give (N, C, D, H, W) or (C, D, H, W), or use fg.nn.dropout")
    return _dropped("dropout3d", x, (*x.shape[:-3], 1, 1, 1), p, training, key)


@op
def alpha_dropout(input: ArrayLike, p: float = 0.5, training: bool = False, *, key: Array | None = None) -> Array:
    r"""Set each element to the limit of the SELU with probability `p`, then scale and shift.

    The scale and the shift give what had mean 0 and variance 1 the same mean and variance again.

    Args:
        input: any shape.
        p: the probability of an element to be dropped, from 0 to 1.
        training: whether to drop anything; not by default, as in torch.
        key: a random key; it is required in training.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `p` is outside [0, 1].
        ArgumentTypeError: there is no `key` in training, or it is not one.
        DtypeError: `input` is not floating point.

    >>> x = fg.randn(10000, key=fg.key(0))
    >>> y = fg.nn.alpha_dropout(x, 0.2, True, key=fg.key(1))
    >>> abs(float(y.mean())) < 0.05 and abs(float(y.std()) - 1) < 0.05
    True

    Source: Klambauer et al. (2017), arXiv:1706.02515; ``torch.nn.functional.alpha_dropout``.
    """
    x = _floating("alpha_dropout", input, p)
    return _alpha_dropped("alpha_dropout", x, x.shape, p, training, key)


@op
def feature_alpha_dropout(
    input: ArrayLike, p: float = 0.5, training: bool = False, *, key: Array | None = None
) -> Array:
    r"""``alpha_dropout`` of whole channels.

    Args:
        input: shape (N, C, *); a channel is all that follows the first two dimensions.
        p: the probability of a channel to be dropped, from 0 to 1.
        training: whether to drop anything; not by default, as in torch.
        key: a random key; it is required in training.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `p` is outside [0, 1].
        ArgumentTypeError: there is no `key` in training, or it is not one.
        DtypeError: `input` is not floating point.
        ShapeError: `input` has fewer than two dimensions.

    >>> fg.nn.feature_alpha_dropout(fg.ones(1, 3, 2), 0.2).shape
    (1, 3, 2)

    Source: ``torch.nn.functional.feature_alpha_dropout``.
    """
    x = _floating("feature_alpha_dropout", input, p)
    return _alpha_dropped("feature_alpha_dropout", x, _features("feature_alpha_dropout", x), p, training, key)


def _floating(name: str, input: ArrayLike, p: float) -> Array:
    x = jnp.asarray(input)
    if not 0 <= p <= 1:
        fail(ArgumentError, name, "p must be in [0, 1]", f"got {p}", "choose a probability")
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        fail(
            DtypeError, name, "input must be floating point", f"got {describe(x)}", "convert it with fg.to(x, 'float')"
        )
    return x


def _features(name: str, x: Array) -> Shape:
    """The shape of a mask over channels."""
    if x.ndim < 2:
        required = "input must have shape (N, C, *), two or more dimensions"
        fail(ShapeError, name, required, f"got shape {x.shape}", "reshape it, or use fg.nn.dropout")
    return (*x.shape[:2], *[1] * (x.ndim - 2))


def _dropped(name: str, x: Array, mask: Shape, p: float, training: bool, key: Array | None) -> Array:
    if not training or p == 0:
        return x
    key = require_key(name, key)
    if p == 1:
        return jnp.zeros_like(x)
    kept = jax.random.bernoulli(key, 1 - p, mask)
    return jnp.where(kept, x / (1 - p), 0)


def _alpha_dropped(name: str, x: Array, mask: Shape, p: float, training: bool, key: Array | None) -> Array:
    if not training or p == 0:
        return x
    key = require_key(name, key)
    if p == 1:
        return jnp.zeros_like(x)
    scale = 1 / math.sqrt((_SELU_LIMIT**2 * p + 1) * (1 - p))
    kept = jax.random.bernoulli(key, 1 - p, mask)
    return scale * jnp.where(kept, x, _SELU_LIMIT) - scale * p * _SELU_LIMIT
