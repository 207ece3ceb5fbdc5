"""Activation functions that torch has in nn.functional only; those it has at its top level are in `arrays.special`."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .._checks import fail, require_float, require_real
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Dim
from ..arrays import _double
from ..arrays._pointwise import as_float, in_single, partials

__all__ = [
    "elu",
    "gelu",
    "glu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "relu6",
    "selu",
    "silu",
    "softplus",
    "softsign",
]


@op
def leaky_relu(input: ArrayLike, negative_slope: float = 0.01) -> Array:
    r"""$x$ where it is positive, otherwise `negative_slope` times $x$, elementwise.

    Args:
        input: any shape.
        negative_slope: the slope at 0 and below.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.leaky_relu(fg.tensor([-1.0, 0.0, 2.0]), 0.1)
    Array([-0.1,  0. ,  2. ], dtype=float32)

    Source: ``torch.nn.functional.leaky_relu``.
    """
    x = _floating("leaky_relu", input)
    return jnp.where(x > 0, x, x * negative_slope)


@op
@in_single
def elu(input: ArrayLike, alpha: float = 1.0) -> Array:
    r"""$x$ where it is positive, otherwise $\alpha (e^x - 1)$, elementwise.

    Args:
        input: any shape.
        alpha: minus the limit at $-\infty$.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.elu(fg.tensor([-100.0, 0.0, 2.0]))
    Array([-1.,  0.,  2.], dtype=float32)

    Source: Clevert, Unterthiner, Hochreiter (2016), arXiv:1511.07289; ``torch.nn.functional.elu``.
    """
    x = _floating("elu", input)
    return _elu(x, alpha)


def _elu(x: Array, alpha: float) -> Array:
    # The branch that is not taken must not overflow: its infinite slope times 0 would be a NaN gradient.
    return jnp.where(x > 0, x, alpha * jnp.expm1(jnp.where(x > 0, 0, x)))


@op
@in_single
def selu(input: ArrayLike) -> Array:
    r"""The ELU with the scale 1.0507 and the $\alpha$ = 1.6733 that keep mean 0 and variance 1 from layer to layer.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.selu(fg.tensor([-100.0, 0.0, 2.0]))
    Array([-1.7580993,  0.       ,  2.101402 ], dtype=float32)

    Source: Klambauer et al. (2017), arXiv:1706.02515; ``torch.nn.functional.selu``.
    """
    x = _floating("selu", input)
    return 1.0507009873554804934193349852946 * _elu(x, 1.6732632423543772848170429916717)


@op
@in_single
def gelu(input: ArrayLike, approximate: str = "none") -> Array:
    r"""$x\,\Phi(x)$, elementwise, with $\Phi$ the distribution function of the standard normal.

    Args:
        input: any shape.
        approximate: ``"none"`` for the exact function, ``"tanh"`` for
            $x\,(1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715\,x^3))) / 2$. (In JAX the second is the default.)

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `approximate` is another word.
        DtypeError: `input` is not floating point.

    >>> fg.nn.gelu(fg.tensor([-100.0, 0.0, 100.0]))
    Array([ -0.,   0., 100.], dtype=float32)

    Source: Hendrycks, Gimpel (2016), arXiv:1606.08415; ``torch.nn.functional.gelu``.
    """
    x = _floating("gelu", input)
    if approximate not in ("none", "tanh"):
        fail(ArgumentError, "gelu", "approximate must be 'none' or 'tanh'", f"got {approximate!r}", "choose one")
    return jax.nn.gelu(x, approximate=approximate == "tanh")


@op
@in_single
def silu(input: ArrayLike) -> Array:
    r"""$x\,\sigma(x)$, elementwise, with $\sigma$ the logistic function; also called swish.

    Args:
        input: any shape, floating or complex.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` holds integers.

    >>> fg.nn.silu(fg.tensor([-100.0, 0.0, 100.0]))
    Array([ -0.,   0., 100.], dtype=float32)

    Source: ``torch.nn.functional.silu``.
    """
    require_float("silu", input)
    return jax.nn.silu(input)


@op
@in_single
def mish(input: ArrayLike) -> Array:
    r"""$x \tanh(\log(1 + e^x))$, elementwise.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.mish(fg.tensor([-100.0, 0.0, 100.0]))
    Array([ -0.,   0., 100.], dtype=float32)

    Source: Misra (2019), arXiv:1908.08681; ``torch.nn.functional.mish``.
    """
    x = _floating("mish", input)
    return jax.nn.mish(x)


@op
@in_single
def softplus(input: ArrayLike, beta: float = 1.0, threshold: float = 20.0) -> Array:
    r"""$\log(1 + e^{\beta x}) / \beta$, elementwise; $x$ itself where $\beta x$ exceeds `threshold`.

    Args:
        input: any shape.
        beta: the sharpness of the bend at 0.
        threshold: where the function is taken to be linear.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.softplus(fg.tensor([-1.0, 0.0, 50.0]))
    Array([ 0.3132617,  0.6931472, 50.       ], dtype=float32)

    Source: ``torch.nn.functional.softplus``.
    """
    x = _floating("softplus", input)
    scaled = beta * x
    bent = _softplus(scaled) if _double.is_wide(x) else jax.nn.softplus(scaled)
    return jnp.where(scaled > threshold, x, bent / beta)


@partials(lambda out, x: jax.nn.sigmoid(x))
def _softplus(x: Array) -> Array:
    return _double.softplus(x, jax.nn.softplus)


@op
def softsign(input: ArrayLike) -> Array:
    r"""$x / (1 + |x|)$, elementwise.

    Args:
        input: any shape; integers count as floats.

    Returns:
        The array, in the shape of `input`, floating or complex.

    >>> fg.nn.softsign(fg.tensor([-1.0, 0.0, 3.0]))
    Array([-0.5 ,  0.  ,  0.75], dtype=float32)

    Source: ``torch.nn.functional.softsign``.
    """
    return jax.nn.soft_sign(as_float(input))


@op
def hardtanh(input: ArrayLike, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    r"""$x$ between `min_val` and `max_val`, the nearer of them outside, elementwise; its gradient at both is 0.

    Args:
        input: any shape, of real numbers.
        min_val: the lower bound.
        max_val: the upper bound, not below `min_val`.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        ArgumentError: `min_val` exceeds `max_val`, or one has a fraction and `input` holds integers.
        DtypeError: `input` is complex.

    >>> fg.nn.hardtanh(fg.tensor([-3.0, 0.5, 3.0]))
    Array([-1. ,  0.5,  1. ], dtype=float32)

    Source: ``torch.nn.functional.hardtanh``.
    """
    x = _numbers("hardtanh", input)
    if min_val > max_val:
        given = f"got min_val={min_val}, max_val={max_val}"
        fail(ArgumentError, "hardtanh", "min_val must not exceed max_val", given, "exchange them")
    if jnp.issubdtype(x.dtype, jnp.integer) and any(bound % 1 for bound in (min_val, max_val)):
        required = f"min_val and max_val must be integers for input of {x.dtype}"
        given = f"got {min_val} and {max_val}"
        fail(ArgumentError, "hardtanh", required, given, "convert input with fg.to(x, 'float')")
    return _between(x, min_val, max_val)


def _between(x: Array, low: float, high: float) -> Array:
    return jnp.where(x <= low, jnp.asarray(low, x.dtype), jnp.where(x >= high, jnp.asarray(high, x.dtype), x))


def _numbers(name: str, x: ArrayLike) -> Array:
    require_real(name, x)
    return jnp.asarray(x)


@op
def relu6(input: ArrayLike) -> Array:
    r"""$\min(\max(x, 0), 6)$, elementwise; its gradient at 0 and at 6 is 0.

    Args:
        input: any shape, of real numbers.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is complex.

    >>> fg.nn.relu6(fg.tensor([-1.0, 3.0, 8.0]))
    Array([0., 3., 6.], dtype=float32)

    Source: ``torch.nn.functional.relu6``.
    """
    return _between(_numbers("relu6", input), 0, 6)


@op
@in_single
def hardsigmoid(input: ArrayLike) -> Array:
    r"""$\min(\max(x + 3, 0), 6) / 6$, elementwise: the logistic function in three straight pieces.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.hardsigmoid(fg.tensor([-4.0, 0.0, 1.5]))
    Array([0.  , 0.5 , 0.75], dtype=float32)

    Source: ``torch.nn.functional.hardsigmoid``.
    """
    x = _floating("hardsigmoid", input)
    return _between(x + 3, 0, 6) / 6


@op
@in_single
def hardswish(input: ArrayLike) -> Array:
    r"""$x \min(\max(x + 3, 0), 6) / 6$, elementwise.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.hardswish(fg.tensor([-4.0, 1.0, 5.0]))
    Array([-0.       ,  0.6666667,  5.       ], dtype=float32)

    Source: Howard et al. (2019), arXiv:1905.02244; ``torch.nn.functional.hardswish``.
    """
    x = _floating("hardswish", input)
    return x * _between(x + 3, 0, 6) / 6


@op
@in_single
def logsigmoid(input: ArrayLike) -> Array:
    r"""$\log \sigma(x) = -\log(1 + e^{-x})$, elementwise, without overflow on either side.

    Args:
        input: any shape.

    Returns:
        The array, in the shape and dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.

    >>> fg.nn.logsigmoid(fg.tensor([-100.0, 0.0]))
    Array([-100.       ,   -0.6931472], dtype=float32)

    Source: ``torch.nn.functional.logsigmoid``.
    """
    x = _floating("logsigmoid", input)
    return jax.nn.log_sigmoid(x)


@op
@in_single
def glu(input: ArrayLike, dim: Dim = -1) -> Array:
    r"""$a\,\sigma(b)$, with $a$ and $b$ the two halves of `input` along `dim`.

    Args:
        input: one or more dimensions, of even size along `dim`.
        dim: the dimension that is halved.

    Returns:
        The array, with half the size along `dim`, in the dtype of `input`.

    Raises:
        DtypeError: `input` is not floating point.
        ShapeError: the size along `dim` is odd, or `input` is 0-d.

    >>> fg.nn.glu(fg.tensor([2.0, 3.0, 0.0, 0.0]))
    Array([1. , 1.5], dtype=float32)

    Source: Dauphin et al. (2017), arXiv:1612.08083; ``torch.nn.functional.glu``.
    """
    x = _floating("glu", input)
    if not x.ndim or x.shape[dim] % 2:
        given = f"got shape {x.shape}" + (f" and dim={dim}" if x.ndim else "")
        fail(ShapeError, "glu", "input must have an even size along dim", given, "choose another dim")
    values, gates = jnp.split(x, 2, axis=dim)
    return values * jax.nn.sigmoid(gates)


def _floating(name: str, x: ArrayLike) -> Array:
    require_float(name, x, complex_ok=False)
    return jnp.asarray(x)
