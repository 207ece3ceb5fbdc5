"""Activations with a bend: rectifiers with another slope on the left, and what shrinks towards 0.

The slopes at the bends are those of torch, which are those on the left (of the shrinking ones, 0).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .._checks import fail, require_float, require_key, require_real
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike
from ..arrays._pointwise import as_float, in_single

__all__ = ["celu", "hardshrink", "prelu", "rrelu", "softshrink", "tanhshrink", "threshold"]


@op
@in_single
def celu(input: ArrayLike, alpha: float = 1.0) -> Array:
    r"""$x$ where it is positive, otherwise $\alpha (e^{x / \alpha} - 1)$, elementwise: smooth at 0 for every $\alpha$.

    Args:
        input: any shape.
        alpha: minus the limit at $-\infty$, not 0.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `alpha` is 0.
        DtypeError: `input` is not floating point.

    >>> fg.nn.celu(fg.tensor([-100.0, 0.0, 2.0]), 0.5)
    Array([-0.5,  0. ,  2. ], dtype=float32)

    Source: Barron (2017), arXiv:1704.07483; ``torch.nn.functional.celu``.
    """
    x = _floating("celu", input)
    if alpha == 0:
        fail(ArgumentError, "celu", "alpha must not be 0", "got 0", "use fg.nn.relu, which is the limit")
    # The branch that is not taken must not overflow: its infinite slope times 0 would be a NaN gradient.
    return jnp.where(x > 0, x, alpha * jnp.expm1(jnp.where(x > 0, 0, x) / alpha))


@op
def prelu(input: ArrayLike, weight: ArrayLike) -> Array:
    r"""$x$ where it is positive, otherwise $w\,x$ with one $w$ for all or one for each channel.

    Args:
        input: shape (N, C, *), or any shape for one weight.
        weight: the slopes at 0 and below, shape (C,), (1,) or ().

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` or `weight` is not floating point.
        ShapeError: `weight` does not fit the channels.

    >>> fg.nn.prelu(fg.tensor([[-1.0, -1.0], [2.0, 2.0]]), fg.tensor([0.1, 0.5]))
    Array([[-0.1, -0.5],
           [ 2. ,  2. ]], dtype=float32)

    Source: He et al. (2015), arXiv:1502.01852; ``torch.nn.functional.prelu``.
    """
    x = _floating("prelu", input)
    require_float("prelu", weight, "weight", complex_ok=False)
    slopes = jnp.asarray(weight)
    channels = x.shape[1] if x.ndim > 1 else 1
    if slopes.ndim > 1 or slopes.size not in (1, channels):
        required = f"weight must have shape (), (1,) or ({channels},) for input of shape {x.shape}"
        fail(ShapeError, "prelu", required, f"got {slopes.shape}", "channels are dimension 1 of input")
    along = slopes.reshape(-1, *[1] * (x.ndim - 2)) if slopes.size > 1 else slopes.reshape(())
    return jnp.where(x > 0, x, x * along.astype(x.dtype))


@op
def rrelu(
    input: ArrayLike,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    *,
    key: Array | None = None,
) -> Array:
    r"""$x$ where it is positive, otherwise $a\,x$: in training with $a$ uniform in [lower, upper), else their mean.

    Args:
        input: any shape.
        lower: the least slope.
        upper: the greatest slope.
        training: whether to draw a slope for each element.
        key: a random key; it is required in training.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `lower` exceeds `upper`.
        ArgumentTypeError: there is no `key` in training, or it is not one.
        DtypeError: `input` is not floating point.

    >>> fg.nn.rrelu(fg.tensor([-1.0, 2.0]), 0.2, 0.3)
    Array([-0.25,  2.  ], dtype=float32)

    Source: Xu et al. (2015), arXiv:1505.00853; ``torch.nn.functional.rrelu``.
    """
    x = _floating("rrelu", input)
    if not lower <= upper:
        given = f"got lower={lower}, upper={upper}"
        fail(ArgumentError, "rrelu", "lower must not exceed upper", given, "exchange them")
    if not training:
        return jnp.where(x > 0, x, x * ((lower + upper) / 2))
    slopes = jax.random.uniform(require_key("rrelu", key), x.shape, x.dtype, lower, upper)
    return jnp.where(x > 0, x, x * slopes)


@op
def threshold(input: ArrayLike, threshold: float, value: float) -> Array:
    """$x$ where it exceeds `threshold`, otherwise `value`, elementwise; the slope at the threshold is 0.

    Args:
        input: any shape, of real numbers.
        threshold: the largest number that is replaced.
        value: what replaces it.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `value` is a fraction and `input` of integers.
        DtypeError: `input` is complex.

    >>> fg.nn.threshold(fg.tensor([-1.0, 0.5, 2.0]), 0.5, 9.0)
    Array([9., 9., 2.], dtype=float32)

    Source: ``torch.nn.functional.threshold``.
    """
    require_real("threshold", input)
    x = jnp.asarray(input)
    if not jnp.issubdtype(x.dtype, jnp.floating) and value != int(value):
        required = f"value must be an integer for input of {x.dtype}"
        fail(ArgumentError, "threshold", required, f"got {value}", "convert input with fg.to(x, 'float')")
    return jnp.where(x <= threshold, jnp.asarray(value).astype(x.dtype), x)


@op
def hardshrink(input: ArrayLike, lambd: float = 0.5) -> Array:
    r"""$x$ where it is below $-\lambda$ or above $\lambda$, otherwise 0, elementwise.

    Args:
        input: any shape.
        lambd: half the width of the gap.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.hardshrink(fg.tensor([-1.0, 0.5, 2.0]))
    Array([-1.,  0.,  2.], dtype=float32)

    Source: ``torch.nn.functional.hardshrink``.
    """
    x = _floating("hardshrink", input)
    return jnp.where((x >= -lambd) & (x <= lambd), 0, x)


@op
def softshrink(input: ArrayLike, lambd: float = 0.5) -> Array:
    r"""$x - \lambda$ above $\lambda$, $x + \lambda$ below $-\lambda$, 0 between, elementwise.

    Args:
        input: any shape.
        lambd: how much is taken from each absolute value, not negative.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `lambd` is negative.
        DtypeError: `input` is not floating point.

    >>> fg.nn.softshrink(fg.tensor([-1.0, 0.5, 2.0]))
    Array([-0.5,  0. ,  1.5], dtype=float32)

    Source: ``torch.nn.functional.softshrink``.
    """
    x = _floating("softshrink", input)
    if not lambd >= 0:
        fail(ArgumentError, "softshrink", "lambd must not be negative", f"got {lambd}", "choose 0 or more")
    # In this order a NaN stays one, and a -0 keeps its sign.
    return jnp.where(x > lambd, x - lambd, jnp.where(x < -lambd, x + lambd, x * 0))


@op
def tanhshrink(input: ArrayLike) -> Array:
    r"""$x - \tanh x$, elementwise.

    Args:
        input: any shape; integers count as floats.

    Returns:
        The array, in the shape of `input`, floating or complex.

    >>> fg.nn.tanhshrink(fg.tensor([-11.0, 0.0, 11.0]))
    Array([-10.,   0.,  10.], dtype=float32)

    Source: ``torch.nn.functional.tanhshrink``.
    """
    x = as_float(input)
    return x - jnp.tanh(x)


def _floating(name: str, x: ArrayLike) -> Array:
    require_float(name, x, complex_ok=False)
    return jnp.asarray(x)
