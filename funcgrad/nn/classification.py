"""Losses over classes: their targets are labels, or probabilities of the classes.

Labels are checked: eagerly one out of range is an error; in a compiled program, where nothing can be raised, it makes
the loss and its gradient NaN, so that it is seen at once. No label is clamped or wrapped.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail, indices_in_range, require_float
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._operands import is_integral, shape_of
from .._types import Array, ArrayLike
from ._reduction import reduced

__all__ = ["cross_entropy", "nll_loss"]


def _labels_in_range(name: str, input: Any, target: Any, ignore_index: int) -> None:
    shape = shape_of(input)
    if shape and is_integral(target):
        dim = 1 if len(shape) > 1 else 0
        indices_in_range(name, target, shape[dim], dim, argument="target", ignore=ignore_index)


def _check_nll_loss(input: Any, target: Any, ignore_index: int = -100) -> None:
    _labels_in_range("nll_loss", input, target, ignore_index)


def _check_cross_entropy(input: Any, target: Any, ignore_index: int = -100) -> None:
    if shape_of(input) != shape_of(target):
        _labels_in_range("cross_entropy", input, target, ignore_index)


@op(check=_check_nll_loss)
def nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Array:
    r"""$-w_y x_y$ for log-probabilities $x$ and labels $y$: the loss after a ``log_softmax``.

    Args:
        input: log-probabilities of C classes, shape (N, C), (N, C, d1, ...) or (C,).
        target: labels in [0, C) of an integer dtype, shape (N,), (N, d1, ...) or ().
        weight: a factor for each class, shape (C,).
        ignore_index: a label whose elements count neither in the sum nor in the mean.
        reduction: ``"mean"`` (weighted by `weight`), ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `target` for ``"none"``.

    Raises:
        DtypeError: `input` is not floating point, or `target` not of an integer dtype.
        IndexRangeError: a label is out of range (eagerly; a compiled program gives NaN).
        ShapeError: the shapes do not fit each other.

    >>> x = fg.nn.log_softmax(fg.tensor([[2.0, 0.0], [0.0, 0.0]]), dim=1)
    >>> fg.nn.nll_loss(x, fg.tensor([0, 1]), reduction="none")
    Array([0.12692805, 0.6931472 ], dtype=float32)

    Source: ``torch.nn.functional.nll_loss``.
    """
    x = _scores("nll_loss", input)
    labels = _labels("nll_loss", x, target)
    weights = _class_weights("nll_loss", x, weight)
    kept, labels, scale = _chosen(labels, weights, ignore_index, x)
    losses = jnp.where(kept, -scale * _pick(x, labels), 0)
    return reduced("nll_loss", losses, reduction, scale).astype(x.dtype)


@op(check=_check_cross_entropy)
def cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    r"""$-w_y \log(e^{x_y} / \sum_c e^{x_c})$ for logits $x$ and labels $y$, averaged.

    For probabilities $p$ instead of labels it is $-\sum_c w_c\,p_c \log(e^{x_c} / \sum_k e^{x_k})$.

    Args:
        input: logits of C classes, shape (N, C), (N, C, d1, ...) or (C,).
        target: labels in [0, C) of an integer dtype, shape (N,), (N, d1, ...) or (); or probabilities of the classes,
            floating point in the shape of `input`.
        weight: a factor for each class, shape (C,).
        ignore_index: a label whose elements count neither in the sum nor in the mean; not for probabilities.
        reduction: ``"mean"`` (over labels weighted by `weight`; over elements for probabilities), ``"sum"`` or
            ``"none"``.
        label_smoothing: how much of the target is spread evenly over all classes, from 0 to 1.

    Returns:
        A 0-d array, or the losses, without the dimension of the classes, for ``"none"``.

    Raises:
        ArgumentError: `label_smoothing` is outside [0, 1], or `reduction` is another word.
        DtypeError: `input` is not floating point, or `target` of the wrong kind for its shape.
        IndexRangeError: a label is out of range (eagerly; a compiled program gives NaN).
        ShapeError: the shapes do not fit each other.

    >>> logits = fg.tensor([[2.0, 0.0], [0.0, 0.0]])
    >>> fg.nn.cross_entropy(logits, fg.tensor([0, 1]), reduction="none")
    Array([0.12692805, 0.6931472 ], dtype=float32)
    >>> fg.nn.cross_entropy(logits, fg.tensor([0, 2]))
    Traceback (most recent call last):
    funcgrad._errors.IndexRangeError: cross_entropy(): target must be in [0, 1] along dimension 1 of size 2; got 2; ...

    Source: ``torch.nn.functional.cross_entropy``; smoothing: Szegedy et al. (2016), arXiv:1512.00567.
    """
    x = _scores("cross_entropy", input)
    if not 0 <= label_smoothing <= 1:
        given = f"got {label_smoothing}"
        fail(ArgumentError, "cross_entropy", "label_smoothing must be in [0, 1]", given, "choose one there")
    weights = _class_weights("cross_entropy", x, weight)
    dim = _class_dim(x)
    count = x.shape[dim]
    shifted = x - jax.lax.stop_gradient(x.max(dim, keepdims=True)) if x.size else x
    log_sum = jnp.log(jnp.exp(shifted).sum(dim))
    if jnp.shape(target) == x.shape:
        p = _class_probabilities(x, target)
        p = p * (1 - label_smoothing) + label_smoothing / count if label_smoothing else p
        p = p if weights is None else p * _along(weights, x)
        losses = (p * (jnp.expand_dims(log_sum, dim) - shifted)).sum(dim)
        return reduced("cross_entropy", losses, reduction).astype(x.dtype)
    labels = _labels("cross_entropy", x, target)
    kept, labels, scale = _chosen(labels, weights, ignore_index, x)
    # Not by log_softmax: one number of each row is needed, and the gradient then scatters into no second array.
    losses = scale * (log_sum - _pick(shifted, labels))
    if label_smoothing:
        spread = jnp.expand_dims(log_sum, dim) - shifted
        even = (spread if weights is None else spread * _along(weights, x)).sum(dim)
        poison = jnp.where(jnp.isnan(scale), scale, 1)
        losses = (1 - label_smoothing) * losses + (label_smoothing / count) * even * poison
    return reduced("cross_entropy", jnp.where(kept, losses, 0), reduction, scale).astype(x.dtype)


def _class_dim(x: Array) -> int:
    return 1 if x.ndim > 1 else 0


def _scores(name: str, input: ArrayLike) -> Array:
    require_float(name, input, complex_ok=False)
    if jnp.ndim(input) == 0:
        required = "input must have a dimension of classes: (N, C), (N, C, d1, ...) or (C,)"
        fail(ShapeError, name, required, "got shape ()", "reshape it with fg.reshape")
    return jnp.asarray(input)


def _labels(name: str, x: Array, target: ArrayLike) -> Array:
    """The labels as default integers, of the shape that `x` asks for."""
    wanted = x.shape[: _class_dim(x)] + x.shape[_class_dim(x) + 1 :]
    or_probabilities = f", or {x.shape} of probabilities" if name == "cross_entropy" else ""
    if jnp.shape(target) != wanted:
        fail(
            ShapeError,
            name,
            f"target must have shape {wanted} for input of shape {x.shape}{or_probabilities}",
            f"got {jnp.shape(target)}",
            "reshape one of them; nothing is broadcast here",
        )
    if not jnp.issubdtype(jnp.result_type(target), jnp.integer):
        fail(
            DtypeError,
            name,
            "labels must have an integer dtype",
            f"got {jnp.result_type(target)} of shape {jnp.shape(target)}",
            "convert them with fg.to(target, 'long')",
        )
    return jnp.asarray(target).astype(int)


def _class_probabilities(x: Array, target: ArrayLike) -> Array:
    if not jnp.issubdtype(jnp.result_type(target), jnp.floating):
        fail(
            DtypeError,
            "cross_entropy",
            "a target in the shape of input holds probabilities and must be floating point",
            f"got {describe(target)}",
            "drop the dimension of classes for labels, or convert it with fg.to(target, 'float')",
        )
    return jnp.asarray(target)


def _class_weights(name: str, x: Array, weight: ArrayLike | None) -> Array | None:
    if weight is None:
        return None
    count = x.shape[_class_dim(x)]
    if jnp.shape(weight) != (count,):
        given = f"got shape {jnp.shape(weight)}"
        fail(ShapeError, name, f"weight must have one factor for each of {count} classes", given, "correct it")
    return jnp.asarray(weight, x.dtype)


def _chosen(labels: Array, weights: Array | None, ignored: int, x: Array) -> tuple[Array, Array, Array]:
    """Which elements count; labels that are safe to look up; the weight of each element, NaN for a label unknown."""
    count = x.shape[_class_dim(x)]
    kept = labels != ignored
    known = (labels >= 0) & (labels < count)
    safe = jnp.where(known, labels, 0)
    if weights is None:
        scale = kept.astype(x.dtype)
    else:
        scale = jnp.where(kept, weights.at[safe].get(mode="promise_in_bounds"), 0)
    return kept, safe, jnp.where(kept & ~known, jnp.nan, scale)


def _pick(x: Array, labels: Array) -> Array:
    dim = _class_dim(x)
    if not x.shape[dim]:
        return jnp.full(labels.shape, jnp.nan, x.dtype)
    index = jnp.expand_dims(labels, dim)
    return jnp.squeeze(jnp.take_along_axis(x, index, dim, mode="promise_in_bounds"), dim)


def _along(weights: Array, x: Array) -> Array:
    """One factor for each class, in the dimension of the classes."""
    return weights.reshape((-1,) + (1,) * (x.ndim - _class_dim(x) - 1))
