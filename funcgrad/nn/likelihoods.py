"""Losses that are minus the logarithm of a likelihood, beside those over classes. They broadcast only what they say."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from .._checks import fail, require_float, require_real, require_same_shape
from .._claims import claim, visible, within
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._plain import plain
from .._types import Array, ArrayLike
from ..arrays._pointwise import as_float
from ._reduction import reduced
from ._slopes import straight_through
from .classification import cross_entropy
from .layers import linear

__all__ = ["gaussian_nll_loss", "linear_cross_entropy", "poisson_nll_loss"]


def _check_variance(var: Any) -> None:
    values = None if within(var, 0, math.inf) else visible(var)
    if values is not None:
        remedy = "pass the network's output through an exponential or fg.nn.softplus"
        required = "var must not be negative"
        claim(ArgumentError, "gaussian_nll_loss", required, _number, remedy, ~(values < 0), value=values)


def _number(value: Any, **_: Any) -> str:
    return f"got {float(value):g}"


@op(check=_check_variance)
def gaussian_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    var: ArrayLike,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Array:
    r"""$\frac{1}{2} (\log v + (x - y)^2 / v)$ for means $x$ and variances $v$, averaged.

    Args:
        input: means, any shape.
        target: observations, in the shape of `input`, or with some sizes 1.
        var: variances, in the shape of `input`, without its last dimension, or with one of size 1; or a number.
        full: whether to add the constant $\frac{1}{2} \log 2 \pi$.
        eps: the least variance; the gradient does not see that bound.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: a variance is negative (eagerly), or `reduction` is another word.
        DtypeError: an operand is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.gaussian_nll_loss(fg.tensor([1.0, 2.0]), fg.tensor([1.0, 4.0]), 1.0, reduction="none")
    Array([0., 2.], dtype=float32)

    Source: Nix, Weigend (1994), doi:10.1109/ICNN.1994.374138; ``torch.nn.functional.gaussian_nll_loss``.
    """
    name = "gaussian_nll_loss"
    for argument, value in (("input", input), ("target", target), ("var", var)):
        require_float(name, value, argument, complex_ok=False)
    x, v, y = jnp.asarray(input), jnp.asarray(var), jnp.asarray(target)
    if y.ndim != x.ndim or any(a not in (1, b) for a, b in zip(y.shape, x.shape, strict=True)):
        require_same_shape(name, input=input, target=target)
    missing = v.ndim == x.ndim - 1 and v.shape == x.shape[:-1]
    one = v.ndim == x.ndim and sum(a != b for a, b in zip(v.shape, x.shape, strict=True)) <= 1
    if v.ndim and not missing and not (one and all(a in (1, b) for a, b in zip(v.shape, x.shape, strict=True))):
        required = "var must have the shape of input, lack its last dimension, or have one dimension of size 1"
        fail(ShapeError, name, required, f"got {v.shape} and input of shape {x.shape}", "reshape it")
    v = v[..., None] if missing and v.ndim else v
    v = straight_through(jnp.maximum(v, eps), v)
    losses = 0.5 * (jnp.log(v) + jnp.square(x - y) / v)
    return reduced(name, losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


@op
def poisson_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Array:
    r"""$e^x - y\,x$ for counts $y$ and logarithms $x$ of their rates, averaged.

    Args:
        input: logarithms of rates, any shape; rates $\lambda$ for ``log_input=False``: $\lambda - y \log \lambda$.
        target: counts, in the shape of `input`.
        log_input: whether `input` are logarithms.
        full: whether to add $\log y!$ for counts above 1, by Stirling's formula.
        eps: what is added to rates before their logarithm is taken.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A 0-d array, or the losses in the shape of `input` for ``"none"``.

    Raises:
        ArgumentError: `reduction` is another word.
        DtypeError: `input` is complex.
        ShapeError: the shapes differ.

    >>> fg.nn.poisson_nll_loss(fg.tensor([0.0, 0.0]), fg.tensor([3.0, 0.0]), reduction="none")
    Array([1., 1.], dtype=float32)

    Source: ``torch.nn.functional.poisson_nll_loss``.
    """
    name = "poisson_nll_loss"
    require_same_shape(name, input=input, target=target)
    require_real(name, input)
    x = as_float(input)
    y = jnp.asarray(target).astype(x.dtype)
    losses = jnp.exp(x) - y * x if log_input else x - y * jnp.log(x + eps)
    if full:
        many = jnp.where(y > 1, y, 2)  # the logarithm of a count that is not used must not make a gradient NaN
        losses = losses + jnp.where(y > 1, many * jnp.log(many) - many + 0.5 * jnp.log(2 * math.pi * many), 0)
    return reduced(name, losses, reduction)


@plain
def linear_cross_entropy(
    input: ArrayLike,
    linear_weight: ArrayLike,
    target: ArrayLike,
    *,
    linear_bias: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Array:
    r"""``cross_entropy`` of the logits that a last linear layer gives.

    Args:
        input: features, shape (N, in) or (in,).
        linear_weight: weights of the layer, shape (C, in) or (C, d1, ..., in).
        target: labels, shape (N,), (N, d1, ...) or (), or probabilities in the shape of the logits.
        linear_bias: shape (C,) or (C, d1, ...).
        weight: a factor for each class, shape (C,).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        ignore_index: a label whose elements do not count, -100 by default; not for probabilities.
        label_smoothing: how much of the target is spread evenly over all classes, from 0 to 1.

    Returns:
        A 0-d array, or the losses for ``"none"``.

    Raises:
        ArgumentError: `ignore_index` is given for probabilities, or an option of ``cross_entropy`` is wrong.
        DtypeError: `target` is of the wrong kind for its shape.
        IndexRangeError: a label is out of range (eagerly; a compiled program gives NaN).
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.linear_cross_entropy(fg.tensor([[1.0]]), fg.tensor([[0.0], [0.0]]), fg.tensor([1]))
    Array(0.6931472, dtype=float32)

    Source: ``torch.nn.functional.linear_cross_entropy``.
    """
    name = "linear_cross_entropy"
    given, rows = jnp.shape(input), jnp.shape(linear_weight)
    batched = len(given) == 2
    if len(given) not in (1, 2) or len(rows) < 2 or given[-1] != rows[-1]:
        required = "input of shape (N, in) or (in,) needs linear_weight of shape (C, in) or (C, d1, ..., in)"
        fail(ShapeError, name, required, f"got {given} and {rows}", "reshape one of them")
    if len(rows) > 2 and not batched:
        required = "linear_weight of shape (C, d1, ..., in) needs input of shape (N, in)"
        fail(ShapeError, name, required, f"got input of shape {given}", "add a dimension with fg.unsqueeze(x, 0)")
    if linear_bias is not None and jnp.shape(linear_bias) != rows[:-1]:
        required = f"linear_bias must have shape {rows[:-1]} for linear_weight of shape {rows}"
        fail(ShapeError, name, required, f"got {jnp.shape(linear_bias)}", "give one number for each output")
    shape = (*given[:-1], *rows[:-1])
    if jnp.shape(target) == shape and ignore_index is not None:
        required = "ignore_index must be left out where target contains probabilities"
        fail(ArgumentError, name, required, f"got {ignore_index}", "leave it out")
    flat = jnp.reshape(linear_weight, (-1, rows[-1]))
    logits = linear(input, flat, None if linear_bias is None else jnp.ravel(linear_bias)).reshape(shape)
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        logits, target, weight, ignore_index=ignored, reduction=reduction, label_smoothing=label_smoothing
    )
