"""Covariances and correlations of several variables."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._checks import default_float, describe, fail, integer, require_ndim
from .._claims import claim, visible
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike

__all__ = ["corrcoef", "cov"]


def _check_cov(fweights: Any = None, aweights: Any = None) -> None:
    given = {"fweights": fweights, "aweights": aweights}
    known = {name: visible(weights) for name, weights in given.items() if weights is not None}
    if any(weights is None for weights in known.values()) or len({weights.shape for weights in known.values()}) != 1:
        return
    total: Any = 1
    for name, weights in known.items():
        required, remedy = f"{name} must not be negative", "pass counts or importances"
        claim(ArgumentError, "cov", required, "got {value}", remedy, weights >= 0, value=weights)
        total = total * weights.astype(np.float32)
    required, remedy = "the weights must not sum to 0", "give an observation some weight"
    claim(ArgumentError, "cov", required, "got only zeros", remedy, (total.sum() != 0) | (total.size == 0))


@op(check=_check_cov)
def cov(
    input: ArrayLike, *, correction: int = 1, fweights: ArrayLike | None = None, aweights: ArrayLike | None = None
) -> Array:
    r"""The covariance matrix $\frac{1}{N - c} \sum_k w_k (x_{ik} - \bar x_i) \overline{(x_{jk} - \bar x_j)}$.

    N is the sum of the weights, ``correction`` is c (with `aweights` a, times $\sum w a / N$).

    Args:
        input: (variables, observations), or (observations) of one variable; real or complex.
        correction: what is taken from the number of observations: 1 for an unbiased estimate, 0 for the plain mean.
        fweights: (observations) integers, how often each was seen.
        aweights: (observations) floats, how much each counts.

    Returns:
        (variables, variables), a number for one variable. Where N - c is not positive, infinite or NaN.

    Raises:
        ShapeError: `input` has more than two dimensions, or weights do not fit the observations.
        DtypeError: `input` is bool, or weights have the wrong kind of dtype.
        ArgumentError: weights are negative, or sum to 0 (not known while tracing: the result is then NaN).

    >>> fg.cov(fg.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    Array([[ 1., -1.],
           [-1.,  1.]], dtype=float32)

    Source: ``torch.cov``.
    """
    return _cov("cov", input, integer("cov", "correction", correction), fweights, aweights)


@op
def corrcoef(input: ArrayLike) -> Array:
    r"""The correlation matrix $c_{ij} / \sqrt{c_{ii} c_{jj}}$ of the covariances $c$.

    Args:
        input: (variables, observations), or (observations) of one variable; real or complex.

    Returns:
        (variables, variables) in [-1, 1], a number for one variable; NaN for a variable that is constant.

    Raises:
        ShapeError: `input` has more than two dimensions.
        DtypeError: `input` is bool.

    >>> fg.corrcoef(fg.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    Array([[ 1., -1.],
           [-1.,  1.]], dtype=float32)

    Source: ``torch.corrcoef``.
    """
    c = _cov("corrcoef", input, 1)
    if not c.ndim:
        return c / c
    deviation = jnp.sqrt(jnp.real(jnp.diagonal(c)))
    c = c / deviation[:, None] / deviation
    if jnp.iscomplexobj(c):
        return jnp.clip(c.real, -1, 1) + 1j * jnp.clip(c.imag, -1, 1)
    return jnp.clip(c, -1, 1)


def _cov(name: str, input: ArrayLike, correction: int, fweights: Any = None, aweights: Any = None) -> Array:
    x = jnp.asarray(input)
    if x.dtype == bool:
        fail(DtypeError, name, "input must be a number", f"got {describe(x)}", "convert it with fg.to(x, 'float')")
    require_ndim(name, x, (0, 1, 2))
    x = jnp.atleast_2d(x.astype(default_float()) if jnp.issubdtype(x.dtype, jnp.integer) else x)
    count = x.shape[1]
    for argument, weights, kind in (("fweights", fweights, jnp.integer), ("aweights", aweights, jnp.floating)):
        if weights is None:
            continue
        if not jnp.issubdtype(jnp.result_type(weights), kind):
            required = f"{argument} must be {'integers' if kind is jnp.integer else 'floating point'}"
            remedy = f"convert them, or pass {'a' if argument == 'fweights' else 'f'}weights="
            fail(DtypeError, name, required, f"got {describe(weights)}", remedy)
        if jnp.shape(weights) not in ((count,), ()) or (jnp.shape(weights) == () and count != 1):
            given = f"got shape {jnp.shape(weights)}"
            fail(ShapeError, name, f"{argument} must have shape ({count},)", given, "pass one for each observation")
    real = x.real.dtype
    factors = [jnp.asarray(each).astype(real).reshape(-1) for each in (fweights, aweights) if each is not None]
    weights = math.prod(factors, start=jnp.ones((), real))
    total = jnp.sum(weights) if factors else jnp.asarray(count, real)
    gap = x - jnp.sum(x * weights, 1, keepdims=True) / total
    lost = correction if aweights is None else correction * jnp.sum(weights * factors[-1]) / total
    return jnp.squeeze((gap * weights) @ jnp.conj(gap).T / jnp.maximum(total - lost, 0))
