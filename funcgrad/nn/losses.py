"""Losses between predictions and targets of one shape. Nothing is broadcast: (n,) against (n, 1) is an error.

The losses over classes, whose targets are labels, are in `classification`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .._checks import broadcast_shapes, fail, require_float, require_same_shape
from .._claims import claim, visible, within
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from ..arrays.signs import absolute
from ._reduction import reduced

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "smooth_l1_loss",
]


@op
def mse_loss(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean", weight: ArrayLike | None = None) -> Array:
    r"""The squared error $(x - y)^2$, averaged over all elements.

    Args:
        input: predictions, any shape.
        target: what they should be, in the shape of `input`.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: a factor for each element, in the shape of `input`; the mean is then weighted by it.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `reduction` is another word.
        ShapeError: the shapes differ.

    >>> fg.nn.mse_loss(fg.tensor([1.0, 2.0]), fg.tensor([1.0, 4.0]))
    Array(2., dtype=float32)

    Source: ``torch.nn.functional.mse_loss``.
    """
    error = _difference("mse_loss", input, target)
    return _weighted("mse_loss", error * error, weight, reduction)


@op
def l1_loss(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean", weight: ArrayLike | None = None) -> Array:
    r"""The absolute error $|x - y|$, averaged over all elements; its gradient where they are equal is 0.

    Args:
        input: predictions, any shape.
        target: what they should be, in the shape of `input`.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: a factor for each element, in the shape of `input`; the mean is then weighted by it.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `reduction` is another word.
        ShapeError: the shapes differ.

    >>> fg.nn.l1_loss(fg.tensor([1.0, 2.0]), fg.tensor([1.0, 4.0]))
    Array(1., dtype=float32)

    Source: ``torch.nn.functional.l1_loss``.
    """
    return _weighted("l1_loss", absolute(_difference("l1_loss", input, target)), weight, reduction)


@op
def huber_loss(
    input: ArrayLike,
    target: ArrayLike,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: ArrayLike | None = None,
) -> Array:
    r"""$e^2 / 2$ for errors $e = x - y$ within $\delta$, otherwise $\delta\,(|e| - \delta/2)$, averaged.

    Args:
        input: predictions, any shape.
        target: what they should be, in the shape of `input`.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        delta: the error at which the parabola ends, above 0.
        weight: a factor for each element, in the shape of `input`; as in torch, the mean is over their number.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `delta` is not positive, or `reduction` is another word.
        ShapeError: the shapes differ.

    >>> fg.nn.huber_loss(fg.tensor([1.0, 2.0]), fg.tensor([1.5, 5.0]), reduction="none")
    Array([0.125, 2.5  ], dtype=float32)

    Source: Huber (1964), doi:10.1214/aoms/1177703732; ``torch.nn.functional.huber_loss``.
    """
    if not delta > 0:
        fail(ArgumentError, "huber_loss", "delta must be positive", f"got {delta}", "choose a larger one")
    losses = _huber(_difference("huber_loss", input, target), delta)
    if weight is None:
        return reduced("huber_loss", losses, reduction)
    return reduced("huber_loss", _weighted("huber_loss", losses, weight, "none"), reduction)


@op
def smooth_l1_loss(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean", beta: float = 1.0) -> Array:
    r"""$e^2 / 2\beta$ for errors $e = x - y$ within $\beta$, otherwise $|e| - \beta/2$, averaged.

    Args:
        input: predictions, any shape.
        target: what they should be, in the shape of `input`.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        beta: the error at which the parabola ends; 0 gives ``l1_loss``.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `beta` is negative, or `reduction` is another word.
        ShapeError: the shapes differ.

    >>> fg.nn.smooth_l1_loss(fg.tensor([1.0, 2.0]), fg.tensor([1.5, 5.0]), reduction="none", beta=0.5)
    Array([0.25, 2.75], dtype=float32)

    Source: Girshick (2015), arXiv:1504.08083; ``torch.nn.functional.smooth_l1_loss``.
    """
    if not beta >= 0:
        fail(ArgumentError, "smooth_l1_loss", "beta must not be negative", f"got {beta}", "choose 0 or more")
    error = _difference("smooth_l1_loss", input, target)
    return reduced("smooth_l1_loss", _huber(error, beta) / beta if beta else absolute(error), reduction)


def _probabilities(input: Any) -> None:
    values = None if within(input, 0, 1) else visible(input)
    if values is not None:
        claim(
            ArgumentError,
            "binary_cross_entropy",
            "input must be probabilities in [0, 1]",
            _outside,
            "pass them through a sigmoid, or pass logits to fg.nn.binary_cross_entropy_with_logits",
            ~((values < 0) | (values > 1)),
            value=values,
        )


def _outside(value: Any, **_: Any) -> str:
    return f"got {float(value):g}"


@op(check=_probabilities)
def binary_cross_entropy(
    input: ArrayLike, target: ArrayLike, weight: ArrayLike | None = None, *, reduction: str = "mean"
) -> Array:
    r"""$-(y \log p + (1 - y) \log(1 - p))$ for probabilities $p$, averaged; each logarithm is at least -100.

    ``binary_cross_entropy_with_logits`` of what went into the sigmoid is more accurate and needs no bound.

    Args:
        input: probabilities, any shape.
        target: what they should be, 0, 1 or between, in the shape and kind of `input`.
        weight: a factor for each element; it may broadcast to the shape of `input`.
        reduction: ``"mean"`` (over the number of elements), ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `input` is outside [0, 1] (eagerly), or `reduction` is another word.
        DtypeError: `input` or `target` is not floating point.
        ShapeError: the shapes differ.

    >>> fg.nn.binary_cross_entropy(fg.tensor([0.5, 1.0]), fg.tensor([1.0, 0.0]), reduction="none")
    Array([  0.6931472, 100.       ], dtype=float32)

    Source: ``torch.nn.functional.binary_cross_entropy``.
    """
    _require_pair("binary_cross_entropy", input, target)
    losses = _bernoulli(jnp.asarray(input), jnp.asarray(target))
    return reduced("binary_cross_entropy", _times("binary_cross_entropy", losses, weight, "weight"), reduction)


@op
def binary_cross_entropy_with_logits(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    reduction: str = "mean",
    pos_weight: ArrayLike | None = None,
) -> Array:
    r"""$-(c\,y \log \sigma(x) + (1 - y) \log \sigma(-x))$ for logits $x$, averaged, without overflow.

    Args:
        input: logits, any shape.
        target: the probabilities they should give, 0, 1 or between, in the shape and kind of `input`.
        weight: a factor for each element; it may broadcast to the shape of `input`.
        reduction: ``"mean"`` (over the number of elements), ``"sum"`` or ``"none"``.
        pos_weight: $c$, the weight of the positive examples; it may broadcast to the shape of `input`.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `reduction` is another word.
        DtypeError: `input` or `target` is not floating point.
        ShapeError: the shapes differ.

    >>> fg.nn.binary_cross_entropy_with_logits(fg.tensor([0.0, 1000.0]), fg.tensor([1.0, 1.0]), reduction="none")
    Array([0.6931472, 0.       ], dtype=float32)

    Source: ``torch.nn.functional.binary_cross_entropy_with_logits``.
    """
    name = "binary_cross_entropy_with_logits"
    _require_pair(name, input, target)
    x, y = jnp.asarray(input), jnp.asarray(target)
    positive = 1 if pos_weight is None else 1 + _times(name, y, jnp.asarray(pos_weight) - 1, "pos_weight")
    losses = (1 - y) * x + positive * jax.nn.softplus(-x)
    return reduced(name, _times(name, losses, weight, "weight"), reduction)


@op
def kl_div(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean", log_target: bool = False) -> Array:
    r"""The Kullback-Leibler divergence $q\,(\log q - x)$ of probabilities $q$ from log-probabilities $x$.

    The divergence between two distributions in the last dimensions is ``"batchmean"``; ``"mean"`` divides by the
    number of elements instead, as in torch.

    Args:
        input: logarithms of probabilities, for example from ``log_softmax``, any shape.
        target: probabilities, or their logarithms with `log_target`, in the shape of `input`.
        reduction: ``"mean"``, ``"batchmean"`` (the sum over the size of dimension 0), ``"sum"`` or ``"none"``.
        log_target: whether `target` are logarithms.

    Returns:
        A 0-d array, or the terms in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `reduction` is another word.
        DtypeError: `input` or `target` is not floating point.
        ShapeError: the shapes differ.

    >>> p, q = fg.tensor([[0.5, 0.5]]), fg.tensor([[1.0, 0.0]])
    >>> fg.nn.kl_div(jnp.log(p), q, reduction="batchmean")
    Array(0.6931472, dtype=float32)

    Source: Kullback, Leibler (1951), doi:10.1214/aoms/1177729694; ``torch.nn.functional.kl_div``.
    """
    _require_pair("kl_div", input, target)
    x, q = jnp.asarray(input), jnp.asarray(target)
    terms = jnp.exp(q) * (q - x) if log_target else jax.scipy.special.xlogy(q, q) - q * x
    if reduction == "batchmean":
        return terms.sum() / (terms.shape[0] if terms.ndim else 1)
    return reduced("kl_div", terms, reduction, also=("batchmean",))


def _weighted(name: str, losses: Array, weight: ArrayLike | None, reduction: str) -> Array:
    if weight is None:
        return reduced(name, losses, reduction)
    if jnp.shape(weight) != losses.shape:
        require_same_shape(name, input=losses, weight=weight)
    weights = jnp.asarray(weight, losses.dtype)
    return reduced(name, losses * weights, reduction, weights).astype(losses.dtype)


def _times(name: str, x: Array, factor: ArrayLike | None, argument: str) -> Array:
    """`x` times a factor that may broadcast to its shape, but not enlarge it."""
    if factor is None:
        return x
    if broadcast_shapes(name, x.shape, jnp.shape(factor)) != x.shape:
        given = f"got {argument} of shape {jnp.shape(factor)} and input of shape {x.shape}"
        fail(ShapeError, name, f"{argument} must broadcast to the shape of input", given, "reshape one of them")
    return x * factor


def _difference(name: str, input: ArrayLike, target: ArrayLike) -> Array:
    require_same_shape(name, input=input, target=target)
    for argument, x in (("input", input), ("target", target)):
        if not jnp.issubdtype(jnp.result_type(x), jnp.number):
            given = f"got bool of shape {jnp.shape(x)}"
            fail(DtypeError, name, f"{argument} must be numbers", given, "convert it with fg.to(x, 'float')")
    error = jnp.subtract(input, target)
    require_float(name, error, "input or target")
    return error


def _huber(error: Array, delta: float) -> Array:
    within = jnp.clip(error, -delta, delta)
    return within * (error - 0.5 * within)


def _require_pair(name: str, input: ArrayLike, target: ArrayLike) -> None:
    require_same_shape(name, input=input, target=target)
    require_float(name, input, "input", complex_ok=False)
    require_float(name, target, "target", complex_ok=False)


@jax.custom_jvp
def _bernoulli(p: Array, y: Array) -> Array:
    """The cross-entropy of Bernoulli distributions, finite at both ends."""
    return -(y * jnp.maximum(jnp.log(p), -100) + (1 - y) * jnp.maximum(jnp.log1p(-p), -100))


@_bernoulli.defjvp
def _bernoulli_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    # The slope in p is bounded rather than cut off where the logarithms are: a saturated prediction can still learn.
    (p, y), (dp, dy) = primals, tangents
    slope = (p - y) / jnp.maximum(p * (1 - p), 1e-12)
    return _bernoulli(p, y), slope * dp + (jnp.log1p(-p) - jnp.log(p)) * dy
