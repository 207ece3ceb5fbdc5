"""Losses with a margin over classes, of which one or several are right. Labels are checked as in `classification`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._checks import describe, fail, indices_in_range, require_float, require_same_shape
from .._claims import claim, visible
from .._errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from .._op import op
from .._operands import is_integral, shape_of
from .._types import Array, ArrayLike
from ._reduction import reduced

__all__ = ["multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss"]


def _check_multi_margin(input: Any, target: Any) -> None:
    shape = shape_of(input)
    if shape and is_integral(target):
        indices_in_range("multi_margin_loss", target, shape[-1], len(shape) - 1, argument="target")


@op(check=_check_multi_margin)
def multi_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    p: int = 1,
    margin: float = 1.0,
    weight: ArrayLike | None = None,
    *,
    reduction: str = "mean",
) -> Array:
    r"""$\frac{1}{C} \sum_{c \ne y} w_y \max(0, m - x_y + x_c)^p$ for scores $x$ and a label $y$.

    Args:
        input: scores of C classes, shape (N, C) or (C,).
        target: labels in [0, C) of an integer dtype, shape (N,) or ().
        p: 1 or 2.
        margin: by how much the right class should exceed the others.
        weight: a factor for each class, shape (C,).
        reduction: ``"mean"`` (over the elements, whatever `weight`), ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `target` for ``"none"``.

    Raises:
        ArgumentError: `p` is another number, or `reduction` another word.
        DtypeError: `input` is not floating point, or `target` not of an integer dtype.
        IndexRangeError: a label is out of range (eagerly; a compiled program gives NaN).
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.multi_margin_loss(fg.tensor([[0.0, 2.0, 0.5]]), fg.tensor([2]))
    Array(1., dtype=float32)

    Source: ``torch.nn.functional.multi_margin_loss``.
    """
    name = "multi_margin_loss"
    x = _scores(name, input)
    if p not in (1, 2):
        fail(ArgumentError, name, "p must be 1 or 2", f"got {p}", "choose one")
    if jnp.shape(target) != x.shape[:-1]:
        required = f"target must have shape {x.shape[:-1]} for input of shape {x.shape}"
        fail(ShapeError, name, required, f"got {jnp.shape(target)}", "give one label for each row")
    if weight is not None and jnp.shape(weight) != x.shape[-1:]:
        required = f"weight must have one factor for each of {x.shape[-1]} classes"
        fail(ShapeError, name, required, f"got shape {jnp.shape(weight)}", "correct it")
    _require_labels(name, target)
    labels, count = jnp.asarray(target), x.shape[-1]
    known = (labels >= 0) & (labels < count)
    safe = jnp.where(known, labels, 0)[..., None]
    gaps = margin - jnp.take_along_axis(x, safe, -1, mode="promise_in_bounds") + x
    costs = _positive(gaps) ** p
    costs = jnp.where(jnp.arange(count) == safe, 0, costs)
    if weight is not None:
        costs = costs * jnp.asarray(weight).astype(x.dtype)[safe]
    return reduced(name, jnp.where(known, costs.sum(-1) / count, jnp.nan), reduction)


def _check_multilabel_margin(input: Any, target: Any) -> None:
    if jnp.shape(target) != jnp.shape(input) or not jnp.issubdtype(jnp.result_type(target), jnp.integer):
        return
    labels = visible(target)
    if labels is not None:
        count = jnp.shape(input)[-1] if jnp.ndim(input) else 0
        required = f"target must be in [0, {count - 1}], or -1 after the last label"
        holds = (labels >= -1) & (labels < count)
        claim(
            IndexRangeError,
            "multilabel_margin_loss",
            required,
            "got {label}",
            "correct the label",
            holds,
            label=labels,
        )


@op(check=_check_multilabel_margin)
def multilabel_margin_loss(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean") -> Array:
    r"""$\frac{1}{C} \sum_{y} \sum_{c} \max(0, 1 - x_y + x_c)$ over the labels $y$ and the classes $c$ that are none.

    Args:
        input: scores of C classes, shape (N, C) or (C,).
        target: the labels of each row, in [0, C), then -1; an integer dtype, in the shape of `input`.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses, shape (N,) or (), for ``"none"``.

    Raises:
        ArgumentError: `reduction` is another word.
        DtypeError: `input` is not floating point, or `target` not of an integer dtype.
        IndexRangeError: a label is out of range (eagerly; a compiled program gives NaN).
        ShapeError: the shapes differ.

    >>> fg.nn.multilabel_margin_loss(fg.tensor([0.5, 2.0, 0.0, 1.0]), fg.tensor([3, 0, -1, 1]))
    Array(1.25, dtype=float32)

    Source: ``torch.nn.functional.multilabel_margin_loss``.
    """
    name = "multilabel_margin_loss"
    x = _scores(name, input)
    require_same_shape(name, input=input, target=target)
    _require_labels(name, target)
    labels, count = jnp.asarray(target), x.shape[-1]
    named = jnp.cumprod(labels >= 0, axis=-1).astype(bool)  # what follows the first -1 is not read
    known = (labels < count) & (labels >= -1) | ~named
    safe = jnp.where(named & known, labels, 0)
    right = (jax.nn.one_hot(safe, count, dtype=bool) & named[..., None]).any(-2)
    of_labels = jnp.take_along_axis(x, safe, -1, mode="promise_in_bounds")
    gaps = 1 - of_labels[..., :, None] + x[..., None, :]
    counted = named[..., :, None] & ~right[..., None, :]
    losses = jnp.where(counted, _positive(gaps), 0).sum((-2, -1)) / count
    return reduced(name, jnp.where(known.all(-1), losses, jnp.nan), reduction)


@op
def multilabel_soft_margin_loss(
    input: ArrayLike, target: ArrayLike, weight: ArrayLike | None = None, *, reduction: str = "mean"
) -> Array:
    r"""$-\frac{1}{C} \sum_c w_c\,(y_c \log \sigma(x_c) + (1 - y_c) \log \sigma(-x_c))$ for logits $x$.

    Args:
        input: logits of C classes, shape (*, C).
        target: the probabilities they should give, 0, 1 or between, in the shape of `input`.
        weight: a factor for each class, shape (C,), or for each element.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses, shape (*,), for ``"none"``.

    Raises:
        ArgumentError: `reduction` is another word.
        DtypeError: `input` is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.multilabel_soft_margin_loss(fg.tensor([[0.0, 1000.0]]), fg.tensor([[1.0, 1.0]]))
    Array(0.3465736, dtype=float32)

    Source: ``torch.nn.functional.multilabel_soft_margin_loss``.
    """
    name = "multilabel_soft_margin_loss"
    x = _scores(name, input, several=True)
    require_same_shape(name, input=input, target=target)
    if weight is not None and jnp.shape(weight) not in (x.shape[-1:], x.shape):
        required = f"weight must have shape {x.shape[-1:]} or that of input"
        fail(ShapeError, name, required, f"got {jnp.shape(weight)} and input of shape {x.shape}", "reshape it")
    y = jnp.asarray(target).astype(x.dtype)
    losses = -(y * jax.nn.log_sigmoid(x) + (1 - y) * jax.nn.log_sigmoid(-x))
    losses = losses if weight is None else losses * jnp.asarray(weight).astype(x.dtype)
    return reduced(name, losses.mean(-1), reduction)


def _scores(name: str, input: ArrayLike, several: bool = False) -> Array:
    require_float(name, input, complex_ok=False)
    x = jnp.asarray(input)
    if not x.ndim or (x.ndim > 2 and not several):
        required = f"input must have shape {'(*, C)' if several else '(N, C) or (C,)'}"
        fail(ShapeError, name, required, f"got shape {x.shape}", "reshape it with fg.reshape")
    if not x.shape[-1]:
        fail(ShapeError, name, "input must have scores of a class", f"got shape {x.shape}", "check its last dimension")
    return x


def _require_labels(name: str, target: ArrayLike) -> None:
    if not jnp.issubdtype(jnp.result_type(target), jnp.integer):
        remedy = "convert them with fg.to(target, 'long')"
        fail(DtypeError, name, "labels must have an integer dtype", f"got {describe(jnp.asarray(target))}", remedy)


def _positive(x: Array) -> Array:
    return jnp.where(x <= 0, 0, x)  # torch's slope at 0 is 0 here; a NaN stays one
