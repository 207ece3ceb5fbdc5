"""Draws from continuous distributions; every draw takes `key=`."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import default_float, fail, require_key, resolve_dtype, sizes
from .._claims import claim, visible, within
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, DtypeLike, Shape

__all__ = [
    "exponential",
    "gamma",
    "normal",
    "uniform",
]


def _shape_and_dtype(name: str, size: Any, dtype: DtypeLike | None, **parameters: ArrayLike) -> tuple[Shape, Any]:
    """The shape and floating dtype of a draw: those of the parameters, unless `size` and `dtype` say otherwise."""
    given = {argument: tuple(jnp.shape(value)) for argument, value in parameters.items()}
    shapes = " and ".join(f"{argument} of shape {shape}" for argument, shape in given.items())
    try:
        broadcast = jnp.broadcast_shapes(*given.values())
        shape = broadcast if size is None else sizes(name, (size,))
        if jnp.broadcast_shapes(broadcast, shape) != shape:
            raise ValueError
    except ValueError as error:
        if isinstance(error, ShapeError):
            raise
        required = "the parameters must broadcast to each other" + ("" if size is None else f" and to size={size}")
        fail(ShapeError, name, required, f"got {shapes}", "reshape them")
    kind = jnp.result_type(*parameters.values()) if dtype is None else resolve_dtype(name, dtype)
    if dtype is None and not jnp.issubdtype(kind, jnp.inexact):
        kind = default_float()
    if not jnp.issubdtype(kind, jnp.floating):
        fail(DtypeError, name, "dtype must be floating", f"got {kind}", "draw floats and convert them")
    return shape, kind


_TINY = 5e-324  # the least number above 0


def _check(
    name: str, argument: str, value: ArrayLike, required: str, good: Any, least: float = 0, most: float = math.inf
) -> None:
    """Raise where the condition `good` does not hold (NaN included): in [least, most] it does."""
    if within(value, least, most):
        return
    values = visible(value)
    if values is not None:
        remedy = f"correct {argument}"
        claim(ArgumentError, name, f"{argument} must be {required}", "got {v}", remedy, good(values), v=values)


def _check_normal(std: ArrayLike = 1.0) -> None:
    _check("normal", "std", std, "0 or more", lambda v: v >= 0)


@op(places=True, check=_check_normal)
def normal(
    mean: ArrayLike = 0.0,
    std: ArrayLike = 1.0,
    size: Shape | None = None,
    *,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""Numbers drawn from the normal distribution, $\mu + \sigma\, \epsilon$ with $\epsilon \sim N(0, 1)$.

    Gradients flow to `mean` and `std` (the reparametrisation trick), which torch's word does not allow.

    Args:
        mean: the mean, any shape.
        std: the standard deviation, 0 or more, any shape that broadcasts with `mean`.
        size: the shape of the result; by default that of the parameters.
        key: a key from ``fg.key``.
        dtype: the dtype; by default that of the parameters, float32 if they are integers.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: `std` is negative.
        ShapeError: the parameters do not broadcast.

    >>> fg.normal(fg.zeros(3), fg.ones(2, 1), key=fg.key(0)).shape
    (2, 3)

    Source: ``torch.normal``.
    """
    shape, kind = _shape_and_dtype("normal", size, dtype, mean=mean, std=std)
    return jnp.asarray(mean, kind) + jnp.asarray(std, kind) * jax.random.normal(require_key("normal", key), shape, kind)


def _check_uniform(low: ArrayLike = 0.0, high: ArrayLike = 1.0) -> None:
    if low.__class__ is float and high.__class__ is float and low <= high:
        return
    least, most = visible(low), visible(high)
    if least is not None and most is not None and (1 in (least.size, most.size) or least.shape == most.shape):
        given, holds = "got low={low} and high={high}", ~(least > most)
        claim(
            ArgumentError, "uniform", "low must not be above high", given, "exchange them", holds, low=least, high=most
        )


@op(places=True, check=_check_uniform)
def uniform(
    low: ArrayLike = 0.0,
    high: ArrayLike = 1.0,
    size: Shape | None = None,
    *,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
) -> Array:
    """Numbers drawn evenly from [low, high). Gradients flow to both ends.

    Args:
        low: the lower end, any shape.
        high: the upper end, any shape that broadcasts with `low`.
        size: the shape of the result; by default that of the ends.
        key: a key from ``fg.key``.
        dtype: the dtype; by default that of the ends, float32 if they are integers.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: `low` is above `high`.
        ShapeError: the ends do not broadcast.

    >>> fg.uniform(-1, 1, (2, 3), key=fg.key(0)).shape
    (2, 3)

    Source: ``torch.distributions.Uniform``, ``Tensor.uniform_``.
    """
    shape, kind = _shape_and_dtype("uniform", size, dtype, low=low, high=high)
    a, b = jnp.asarray(low, kind), jnp.asarray(high, kind)
    drawn = a + (b - a) * jax.random.uniform(require_key("uniform", key), shape, kind)
    below = jnp.nextafter(*jax.lax.stop_gradient((b, a)))
    return jnp.where(drawn < b, drawn, below)  # the sum may round up to the end that is not included


def _check_exponential(rate: ArrayLike = 1.0) -> None:
    _check("exponential", "rate", rate, "above 0", lambda v: v > 0, _TINY)


@op(places=True, check=_check_exponential)
def exponential(
    rate: ArrayLike = 1.0, size: Shape | None = None, *, key: Array | None = None, dtype: DtypeLike | None = None
) -> Array:
    r"""Numbers drawn with the density $\lambda e^{-\lambda x}$, whose mean is $1 / \lambda$.

    Args:
        rate: the rate, above 0, any shape.
        size: the shape of the result; by default that of `rate`.
        key: a key from ``fg.key``.
        dtype: the dtype; by default that of `rate`.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: `rate` is not above 0.

    >>> fg.exponential(2.0, (3,), key=fg.key(0)).shape
    (3,)

    Source: ``torch.distributions.Exponential``, ``Tensor.exponential_``.
    """
    shape, kind = _shape_and_dtype("exponential", size, dtype, rate=rate)
    return jax.random.exponential(require_key("exponential", key), shape, kind) / jnp.asarray(rate, kind)


def _check_gamma(concentration: ArrayLike, rate: ArrayLike = 1.0) -> None:
    _check("gamma", "concentration", concentration, "above 0", lambda v: v > 0, _TINY)
    _check("gamma", "rate", rate, "above 0", lambda v: v > 0, _TINY)


@op(places=True, check=_check_gamma)
def gamma(
    concentration: ArrayLike,
    rate: ArrayLike = 1.0,
    size: Shape | None = None,
    *,
    key: Array | None = None,
    dtype: DtypeLike | None = None,
) -> Array:
    r"""Numbers drawn with the density $\beta^\alpha x^{\alpha - 1} e^{-\beta x} / \Gamma(\alpha)$.

    The mean is $\alpha / \beta$. Gradients flow to both parameters.

    Args:
        concentration: $\alpha$, above 0, any shape.
        rate: $\beta$, above 0, any shape that broadcasts with it.
        size: the shape of the result; by default that of the parameters.
        key: a key from ``fg.key``.
        dtype: the dtype; by default that of the parameters.
        device: where to put it.

    Returns:
        The array, of shape `size`.

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: a parameter is not above 0.

    >>> fg.gamma(fg.tensor([1.0, 2.0]), key=fg.key(0)).shape
    (2,)

    Source: ``torch.distributions.Gamma``.
    """
    shape, kind = _shape_and_dtype("gamma", size, dtype, concentration=concentration, rate=rate)
    drawn = jax.random.gamma(require_key("gamma", key), jnp.asarray(concentration, kind), shape, kind)
    return drawn / jnp.asarray(rate, kind)
