"""Initial values of parameters: functions of a shape and a key.

torch fills a tensor that exists (``xavier_uniform_(w)``); here ``w = xavier_uniform(shape, key=key)`` makes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import default_float, fail, require_key, resolve_dtype, sizes
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, DtypeLike, Shape

__all__ = [
    "calculate_gain",
    "constant",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "ones",
    "orthogonal",
    "trunc_normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    r"""The factor that keeps the variance of what passes through a layer with `nonlinearity`.

    Args:
        nonlinearity: ``"linear"``, ``"conv1d"`` ... ``"conv_transpose3d"``, ``"sigmoid"`` (all 1), ``"tanh"`` (5/3),
            ``"relu"`` ($\sqrt{2}$), ``"leaky_relu"`` ($\sqrt{2 / (1 + a^2)}$) or ``"selu"`` (3/4).
        param: $a$, the negative slope of ``"leaky_relu"``; 0.01 by default.

    Returns:
        The gain, a float.

    Raises:
        ArgumentError: `nonlinearity` is another word.

    >>> fg.nn.init.calculate_gain("leaky_relu", 0.2)
    1.3867504905630728

    Source: ``torch.nn.init.calculate_gain``.
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        words = ", ".join(repr(word) for word in (*_GAINS, "leaky_relu"))
        required = f"nonlinearity must be one of {words}"
        fail(ArgumentError, "calculate_gain", required, f"got {nonlinearity!r}", "choose one, or pass a gain")
    return _GAINS[nonlinearity]


@op
def uniform(
    shape: Sequence[int], a: float = 0.0, b: float = 1.0, *, key: Array | None = None, dtype: DtypeLike | None = None
) -> Array:
    """Numbers uniform in [a, b).

    Args:
        shape: the shape.
        a: the lower bound.
        b: the upper bound.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    >>> fg.nn.init.uniform((2, 3), -1, 1, key=fg.key(0)).shape
    (2, 3)

    Source: ``torch.nn.init.uniform_``.
    """
    return jax.random.uniform(require_key("uniform", key), sizes("uniform", shape), _floating("uniform", dtype), a, b)


@op
def normal(
    shape: Sequence[int],
    mean: float = 0.0,
    std: float = 1.0,
    *,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""Numbers from the normal distribution.

    Args:
        shape: the shape.
        mean: the mean.
        std: the standard deviation.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    >>> fg.nn.init.normal((2, 3), std=0.02, key=fg.key(0)).shape
    (2, 3)

    Source: ``torch.nn.init.normal_``.
    """
    return mean + std * jax.random.normal(
        require_key("normal", key), sizes("normal", shape), _floating("normal", dtype)
    )


@op
def trunc_normal(
    shape: Sequence[int],
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
) -> Array:
    """Numbers from the normal distribution cut to [a, b]. The bounds are values, not standard deviations.

    Args:
        shape: the shape.
        mean: the mean before the cut.
        std: the standard deviation before the cut.
        a: the lower bound.
        b: the upper bound.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    >>> bool((abs(fg.nn.init.trunc_normal((100,), key=fg.key(0))) <= 2).all())
    True

    Source: ``torch.nn.init.trunc_normal_``.
    """
    low, high = (a - mean) / std, (b - mean) / std
    drawn = jax.random.truncated_normal(
        require_key("trunc_normal", key), low, high, sizes("trunc_normal", shape), _floating("trunc_normal", dtype)
    )
    return mean + std * drawn


@op
def constant(shape: Sequence[int], val: float, *, dtype: DtypeLike | None = None) -> Array:
    """The same number everywhere.

    Args:
        shape: the shape.
        val: the number.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    >>> fg.nn.init.constant((3,), 0.1)
    Array([0.1, 0.1, 0.1], dtype=float32)

    Source: ``torch.nn.init.constant_``.
    """
    return jnp.full(sizes("constant", shape), val, _floating("constant", dtype))


@op
def zeros(shape: Sequence[int], *, dtype: DtypeLike | None = None) -> Array:
    """Zeros, for biases.

    Args:
        shape: the shape.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    >>> fg.nn.init.zeros((3,))
    Array([0., 0., 0.], dtype=float32)

    Source: ``torch.nn.init.zeros_``.
    """
    return jnp.zeros(sizes("zeros", shape), _floating("zeros", dtype))


@op
def ones(shape: Sequence[int], *, dtype: DtypeLike | None = None) -> Array:
    """Ones, for scales.

    Args:
        shape: the shape.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    >>> fg.nn.init.ones((3,))
    Array([1., 1., 1.], dtype=float32)

    Source: ``torch.nn.init.ones_``.
    """
    return jnp.ones(sizes("ones", shape), _floating("ones", dtype))


@op
def xavier_uniform(
    shape: Sequence[int], gain: float = 1.0, *, key: Array | None = None, dtype: DtypeLike | None = None
) -> Array:
    r"""Uniform in $\pm g \sqrt{6 / (fan_{in} + fan_{out})}$: keeps variances forward and backward alike.

    Args:
        shape: the shape of a weight, (out, in) or (out, in, *kernel).
        gain: $g$, see ``calculate_gain``.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    Raises:
        ShapeError: `shape` has fewer than two dimensions.

    >>> fg.nn.init.xavier_uniform((4, 3), key=fg.key(0)).shape
    (4, 3)

    Source: Glorot, Bengio (2010), proceedings.mlr.press/v9/glorot10a; ``torch.nn.init.xavier_uniform_``.
    """
    extent, (fan_in, fan_out) = _fans("xavier_uniform", shape)
    bound = gain * math.sqrt(6 / max(fan_in + fan_out, 1))
    return jax.random.uniform(
        require_key("xavier_uniform", key), extent, _floating("xavier_uniform", dtype), -bound, bound
    )


@op
def xavier_normal(
    shape: Sequence[int], gain: float = 1.0, *, key: Array | None = None, dtype: DtypeLike | None = None
) -> Array:
    r"""Normal with standard deviation $g \sqrt{2 / (fan_{in} + fan_{out})}$.

    Args:
        shape: the shape of a weight, (out, in) or (out, in, *kernel).
        gain: $g$, see ``calculate_gain``.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    Raises:
        ShapeError: `shape` has fewer than two dimensions.

    >>> fg.nn.init.xavier_normal((4, 3), key=fg.key(0)).shape
    (4, 3)

    Source: Glorot, Bengio (2010), proceedings.mlr.press/v9/glorot10a; ``torch.nn.init.xavier_normal_``.
    """
    extent, (fan_in, fan_out) = _fans("xavier_normal", shape)
    std = gain * math.sqrt(2 / max(fan_in + fan_out, 1))
    return std * jax.random.normal(require_key("xavier_normal", key), extent, _floating("xavier_normal", dtype))


@op
def kaiming_uniform(
    shape: Sequence[int],
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""Uniform in $\pm g \sqrt{3 / fan}$: keeps the variance through rectifiers.

    Args:
        shape: the shape of a weight, (out, in) or (out, in, *kernel).
        a: the negative slope of the rectifier that follows; used with ``"leaky_relu"`` only.
        mode: ``"fan_in"`` keeps the variance forward, ``"fan_out"`` backward.
        nonlinearity: what follows, see ``calculate_gain``.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    Raises:
        ArgumentError: `mode` or `nonlinearity` is another word.
        ShapeError: `shape` has fewer than two dimensions.

    >>> fg.nn.init.kaiming_uniform((4, 3), nonlinearity="relu", key=fg.key(0)).shape
    (4, 3)

    Source: He et al. (2015), arXiv:1502.01852; ``torch.nn.init.kaiming_uniform_``.
    """
    extent, fans = _fans("kaiming_uniform", shape)
    bound = math.sqrt(3) * _kaiming_std("kaiming_uniform", fans, a, mode, nonlinearity)
    return jax.random.uniform(
        require_key("kaiming_uniform", key), extent, _floating("kaiming_uniform", dtype), -bound, bound
    )


@op
def kaiming_normal(
    shape: Sequence[int],
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""Normal with standard deviation $g / \sqrt{fan}$; also called He or MSRA initialisation.

    Args:
        shape: the shape of a weight, (out, in) or (out, in, *kernel).
        a: the negative slope of the rectifier that follows; used with ``"leaky_relu"`` only.
        mode: ``"fan_in"`` keeps the variance forward, ``"fan_out"`` backward: $\sqrt{2 / (k\,k\,out)}$ for kernels of
            size k and a rectifier.
        nonlinearity: what follows, see ``calculate_gain``.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    Raises:
        ArgumentError: `mode` or `nonlinearity` is another word.
        ShapeError: `shape` has fewer than two dimensions.

    >>> w = fg.nn.init.kaiming_normal((64, 32, 3, 3), mode="fan_out", nonlinearity="relu", key=fg.key(0))
    >>> round(float(w.std()), 3)
    0.059

    Source: He et al. (2015), arXiv:1502.01852; ``torch.nn.init.kaiming_normal_``.
    """
    extent, fans = _fans("kaiming_normal", shape)
    std = _kaiming_std("kaiming_normal", fans, a, mode, nonlinearity)
    return std * jax.random.normal(require_key("kaiming_normal", key), extent, _floating("kaiming_normal", dtype))


@op
def orthogonal(
    shape: Sequence[int], gain: float = 1.0, *, key: Array | None = None, dtype: DtypeLike | None = None
) -> Array:
    r"""A random matrix with orthonormal rows or columns, whichever are fewer, uniform among all of them.

    Args:
        shape: two or more dimensions; those after the first count as one.
        gain: a factor, see ``calculate_gain``.
        key: a random key; it is required.
        dtype: the dtype; float32 by default.

    Returns:
        The array, of shape `shape`.

    Raises:
        ShapeError: `shape` has fewer than two dimensions.

    >>> w = fg.nn.init.orthogonal((2, 3), key=fg.key(0))
    >>> fg.testing.assert_close(w @ w.T, fg.eye(2))

    Source: Saxe, McClelland, Ganguli (2014), arXiv:1312.6120; ``torch.nn.init.orthogonal_``.
    """
    extent, _ = _fans("orthogonal", shape)
    kind = _floating("orthogonal", dtype)
    wide = jnp.promote_types(kind, jnp.float32)  # there is no factorisation in half precision
    drawn = jax.random.orthogonal(require_key("orthogonal", key), extent[0], (), wide, m=math.prod(extent[1:]))
    return (gain * drawn).reshape(extent).astype(kind)


def _fans(name: str, shape: Any) -> tuple[Shape, tuple[int, int]]:
    """The shape, checked, and how many inputs an output depends on, and outputs on an input."""
    extent = sizes(name, shape)
    if len(extent) < 2:
        required = "shape must be that of a weight: (out, in) or (out, in, *kernel)"
        fail(ShapeError, name, required, f"got {extent}", "for a bias use fg.nn.init.zeros")
    kernel = math.prod(extent[2:])
    return extent, (extent[1] * kernel, extent[0] * kernel)


def _kaiming_std(name: str, fans: tuple[int, int], a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        fail(ArgumentError, name, "mode must be 'fan_in' or 'fan_out'", f"got {mode!r}", "choose one")
    gain = calculate_gain(nonlinearity, a)
    return gain / math.sqrt(max(fans[mode == "fan_out"], 1))


def _floating(name: str, dtype: DtypeLike | None) -> Any:
    if dtype is None:
        return default_float()
    resolved = resolve_dtype(name, dtype)
    if not jnp.issubdtype(resolved, jnp.floating):
        fail(DtypeError, name, "dtype must be floating point", f"got {resolved.name}", "choose for example 'float'")
    return resolved
