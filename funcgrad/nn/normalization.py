"""Normalisation: activations brought to mean 0 and variance 1 over some of their dimensions.

Half precision is computed in float32 and rounded once, at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import fail, integer, require_float, sizes
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Shape

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "rms_norm",
]


@op
def batch_norm(
    input: ArrayLike,
    running_mean: ArrayLike | None,
    running_var: ArrayLike | None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    r"""$(x - \mu) / \sqrt{\sigma^2 + \epsilon}\; w + b$ for each channel.

    In training $\mu$ and $\sigma^2$ are those of the batch, and the new running statistics come out beside the
    output, where torch writes them into the old: ``y, stats = fg.nn.batch_norm(x, *stats, w, b, training=True)``.
    Afterwards they are what is subtracted and divided by: ``y = fg.nn.batch_norm(x, *stats, w, b)``.

    Args:
        input: shape (N, C, *).
        running_mean: shape (C,); None, in training only, keeps no statistics.
        running_var: shape (C,), or None beside a `running_mean` of None.
        weight: shape (C,).
        bias: shape (C,).
        training: whether to take the statistics of the batch.
        momentum: how much of a new running statistic is that of the batch; its variance is over n - 1.
        eps: what is added to the variance.

    Returns:
        An array in the shape and dtype of `input`; in training, unless the statistics are None, a tuple
        ``(output, (running_mean, running_var))``. No gradient flows to or through the new statistics.

    Raises:
        ArgumentError: there are no statistics outside of training, or only one; or `eps` is negative (0 in training).
        DtypeError: `input` is not floating point.
        ShapeError: the shapes do not fit, or in training a channel has only one value.

    >>> x = fg.tensor([[1.0, 10.0], [3.0, 30.0]])
    >>> y, stats = fg.nn.batch_norm(x, fg.zeros(2), fg.ones(2), training=True, momentum=1.0, eps=1e-9)
    >>> y
    Array([[-1., -1.],
           [ 1.,  1.]], dtype=float32)
    >>> stats
    (Array([ 2., 20.], dtype=float32), Array([  2., 200.], dtype=float32))

    Source: Ioffe, Szegedy (2015), arXiv:1502.03167; ``torch.nn.functional.batch_norm``.
    """
    x = _channels("batch_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    _require_eps("batch_norm", eps, positive=training)
    kept = _pair("batch_norm", running_mean, running_var, needed=not training, when="training is False")
    count = math.prod(x.shape) // max(x.shape[1], 1)
    if training and count == 1:
        _one_value("batch_norm", x, "a channel must have more than one value in training")
    axes = (0, *range(2, x.ndim))
    mean, var = _moments(x, axes) if training else tuple(_along_channels(x, s) for s in kept)
    result = _scaled(x, mean, var, _along_channels(x, weight), _along_channels(x, bias), eps)
    if not training or not kept:
        return result
    unbiased = var.ravel() * (count / max(count - 1, 1))
    return result, _moved(kept, mean.ravel(), unbiased, momentum)


@op
def instance_norm(
    input: ArrayLike,
    running_mean: ArrayLike | None = None,
    running_var: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    r"""$(x - \mu) / \sqrt{\sigma^2 + \epsilon}\; w + b$ for each channel of each element of the batch.

    Args:
        input: shape (N, C, *).
        running_mean: shape (C,), or None to keep no statistics.
        running_var: shape (C,), or None beside a `running_mean` of None.
        weight: shape (C,).
        bias: shape (C,).
        use_input_stats: whether to take the statistics of `input` instead of the running ones.
        momentum: how much of a new running statistic is that of the batch, averaged over its elements.
        eps: what is added to the variance.

    Returns:
        An array in the shape and dtype of `input`; with `use_input_stats` and running statistics a tuple
        ``(output, (running_mean, running_var))``, as from ``batch_norm``.

    Raises:
        ArgumentError: there are no statistics to use, or only one; or `eps` is negative.
        DtypeError: `input` is not floating point.
        ShapeError: the shapes do not fit, or a channel of one element has only one value.

    >>> fg.nn.instance_norm(fg.tensor([[[1.0, 3.0], [10.0, 30.0]]]), eps=1e-9)
    Array([[[-1.,  1.],
            [-1.,  1.]]], dtype=float32)

    Source: Ulyanov, Vedaldi, Lempitsky (2016), arXiv:1607.08022; ``torch.nn.functional.instance_norm``.
    """
    name = "instance_norm"
    x = _channels(name, input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    _require_eps(name, eps)
    kept = _pair(name, running_mean, running_var, needed=not use_input_stats, when="use_input_stats is False")
    count = math.prod(x.shape[2:])
    if use_input_stats and count == 1:
        _one_value(name, x, "a channel must have more than one value in each element of the batch")
    mean, var = _moments(x, tuple(range(2, x.ndim))) if use_input_stats else tuple(_along_channels(x, s) for s in kept)
    result = _scaled(x, mean, var, _along_channels(x, weight), _along_channels(x, bias), eps)
    if not use_input_stats or not kept:
        return result
    per_element = x.shape[:2]
    unbiased = var.reshape(per_element).mean(0) * (count / max(count - 1, 1))
    return result, _moved(kept, mean.reshape(per_element).mean(0), unbiased, momentum)


@op
def group_norm(
    input: ArrayLike,
    num_groups: int,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
) -> Array:
    r"""$(x - \mu) / \sqrt{\sigma^2 + \epsilon}\; w + b$ for each group of channels of each element of the batch.

    Args:
        input: shape (N, C, *).
        num_groups: into how many groups of the same size the channels are divided.
        weight: shape (C,).
        bias: shape (C,).
        eps: what is added to the variance.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ArgumentError: `num_groups` does not divide the number of channels, or `eps` is negative.
        DtypeError: `input` is not floating point.
        ShapeError: the shapes do not fit, or there is only one value.

    >>> fg.nn.group_norm(fg.tensor([[1.0, 3.0, 10.0, 30.0]]), 2, eps=1e-9)
    Array([[-1.,  1., -1.,  1.]], dtype=float32)

    Source: Wu, He (2018), arXiv:1803.08494; ``torch.nn.functional.group_norm``.
    """
    x = _channels("group_norm", input, weight=weight, bias=bias)
    _require_eps("group_norm", eps)
    groups = integer("group_norm", "num_groups", num_groups, 1)
    if x.shape[1] % groups:
        required = f"num_groups must divide the number of channels, {x.shape[1]}"
        fail(ArgumentError, "group_norm", required, f"got {groups}", "choose a divisor")
    # As in torch: of several elements with one value to a group each becomes 0.
    if x.shape[0] * x.shape[1] // groups * math.prod(x.shape[2:]) == 1:
        _one_value("group_norm", x, "a group must have more than one value")
    grouped = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    mean, var = _moments(grouped, tuple(range(2, grouped.ndim)))
    spread = [_along_channels(x, p) for p in (weight, bias)]
    factor, shift = (None if p is None else p.reshape(1, *grouped.shape[1:3], *p.shape[2:]) for p in spread)
    return _scaled(grouped, mean, var, factor, shift, eps).reshape(x.shape)


@op
def layer_norm(
    input: ArrayLike,
    normalized_shape: int | Sequence[int],
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
) -> Array:
    r"""$(x - \mu) / \sqrt{\sigma^2 + \epsilon}\; w + b$ over the last dimensions.

    Args:
        input: shape (*, ...normalized_shape).
        normalized_shape: the sizes of the dimensions to normalise over, which are the last.
        weight: shape `normalized_shape`.
        bias: shape `normalized_shape`.
        eps: what is added to the variance, which is over n.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ArgumentError: `eps` is negative.
        DtypeError: `input` is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.layer_norm(fg.tensor([[1.0, 3.0], [10.0, 30.0]]), (2,), eps=1e-9)
    Array([[-1.,  1.],
           [-1.,  1.]], dtype=float32)

    Source: Ba, Kiros, Hinton (2016), arXiv:1607.06450; ``torch.nn.functional.layer_norm``.
    """
    x, axes = _last("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    _require_eps("layer_norm", eps)
    mean, var = _moments(x, axes)
    return _scaled(x, mean, var, weight, bias, eps)


@op
def rms_norm(
    input: ArrayLike,
    normalized_shape: int | Sequence[int],
    weight: ArrayLike | None = None,
    eps: float | None = None,
) -> Array:
    r"""$x / \sqrt{\overline{x^2} + \epsilon}\; w$ with the mean over the last dimensions.

    Args:
        input: shape (*, ...normalized_shape).
        normalized_shape: the sizes of the dimensions to normalise over, which are the last.
        weight: shape `normalized_shape`.
        eps: what is added to the mean square; by default the machine epsilon of the dtype computed in.

    Returns:
        An array in the shape and dtype of `input`.

    Raises:
        ArgumentError: `eps` is negative.
        DtypeError: `input` is not floating point.
        ShapeError: the shapes do not fit each other.

    >>> fg.nn.rms_norm(fg.tensor([3.0, -3.0]), (2,))
    Array([ 1., -1.], dtype=float32)

    Source: Zhang, Sennrich (2019), arXiv:1910.07467; ``torch.nn.functional.rms_norm``.
    """
    x, axes = _last("rms_norm", input, normalized_shape, weight=weight)
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    added = float(jnp.finfo(wide.dtype).eps) if eps is None else eps
    _require_eps("rms_norm", added)
    result = wide * jax.lax.rsqrt((wide * wide).mean(axes, keepdims=True) + added)
    return (result if weight is None else result * weight).astype(x.dtype)


def _channels(name: str, input: ArrayLike, **parameters: ArrayLike | None) -> Array:
    """`input` with a dimension of channels, which all `parameters` fit."""
    require_float(name, input, complex_ok=False)
    x = jnp.asarray(input)
    if x.ndim < 2:
        required = "input must have shape (N, C, *), two or more dimensions"
        fail(ShapeError, name, required, f"got shape {x.shape}", "reshape it with fg.reshape")
    for argument, value in parameters.items():
        if value is not None and jnp.shape(value) != x.shape[1:2]:
            required = f"{argument} must have shape {x.shape[1:2]}, one number for each channel of input"
            fail(ShapeError, name, required, f"got {jnp.shape(value)} beside input of shape {x.shape}", "correct it")
    return x


def _last(
    name: str, input: ArrayLike, normalized_shape: int | Sequence[int], **parameters: ArrayLike | None
) -> tuple[Array, Shape]:
    """`input`, and the dimensions at its end that have `normalized_shape`."""
    require_float(name, input, complex_ok=False)
    x, shape = jnp.asarray(input), sizes(name, (normalized_shape,))
    if not shape or x.shape[-len(shape) :] != shape:
        required = "normalized_shape must be the sizes of one or more last dimensions of input"
        fail(ShapeError, name, required, f"got {shape} and input of shape {x.shape}", "write for example x.shape[-1:]")
    for argument, value in parameters.items():
        if value is not None and jnp.shape(value) != shape:
            required = f"{argument} must have normalized_shape {shape}"
            fail(ShapeError, name, required, f"got {jnp.shape(value)}", "correct it")
    return x, tuple(range(x.ndim - len(shape), x.ndim))


def _require_eps(name: str, eps: float, positive: bool = False) -> None:
    if eps < 0 or (positive and eps == 0):
        required = "eps must be positive in training" if positive else "eps must not be negative"
        fail(ArgumentError, name, required, f"got {eps}", "choose for example 1e-5")


def _pair(
    name: str, mean: ArrayLike | None, var: ArrayLike | None, needed: bool, when: str
) -> tuple[Array, Array] | tuple[()]:
    """The running statistics, or nothing where there are none and none are needed."""
    if mean is not None and var is not None:
        return jnp.asarray(mean), jnp.asarray(var)
    if needed:
        required = f"running_mean and running_var must be given where {when}"
        fail(ArgumentError, name, required, "got None", "pass both")
    if mean is not None or var is not None:
        required = "running_mean and running_var must both be given or both be None"
        fail(
            ArgumentError, name, required, f"got {'running_mean' if var is None else 'running_var'} alone", "pass both"
        )
    return ()


def _one_value(name: str, x: Array, required: str) -> None:
    fail(ShapeError, name, required, f"got input of shape {x.shape}", "its variance is 0 and the result would be too")


def _moments(x: Array, axes: Shape) -> tuple[Array, Array]:
    """Mean and variance (over n), in float32 at least; their dimensions are kept."""
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    mean = _mean(wide, axes)
    # The mean of squares less the square of the mean would lose all digits where the mean is large.
    return mean, _mean(jnp.square(wide - mean), axes)


def _mean(x: Array, axes: Shape) -> Array:
    # On CPU a mean over dimensions that are not together in memory is 1.7 times as fast in two steps.
    within = x.mean(axes[1:], keepdims=True) if axes[0] == 0 and len(axes) > 1 else x
    return within.mean(axes[:1] if within is not x else axes, keepdims=True)


def _moved(kept: tuple[Array, Array], mean: Array, var: Array, momentum: float) -> tuple[Array, Array]:
    new = [jax.lax.stop_gradient((1 - momentum) * k + momentum * s) for k, s in zip(kept, (mean, var), strict=True)]
    return new[0].astype(kept[0].dtype), new[1].astype(kept[1].dtype)


def _scaled(x: Array, mean: Array, var: Array, weight: ArrayLike | None, bias: ArrayLike | None, eps: float) -> Array:
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    scale = jax.lax.rsqrt(var.astype(wide.dtype) + eps)
    result = (wide - mean) * (scale if weight is None else scale * weight)
    return (result if bias is None else result + bias).astype(x.dtype)


def _along_channels(x: Array, parameter: ArrayLike | None) -> Any:
    return None if parameter is None else jnp.asarray(parameter).reshape(1, -1, *[1] * (x.ndim - 2))
