"""Draws of ones and zeros, counts and categories; every draw takes `key=`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import default_int, fail, require_float, require_key, resolve_dtype, sizes
from .._claims import claim, visible
from .._errors import ArgumentError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, DtypeLike, Shape
from .distributions import _check, _shape_and_dtype

__all__ = ["bernoulli", "binomial", "multinomial", "multinomial_counts", "poisson"]

_WEIGHTS = "finite weights of 0 or more", lambda v: (v >= 0) & (v < np.inf), 0, float(np.finfo(np.float64).max)


def _check_bernoulli(input: ArrayLike) -> None:
    _check("bernoulli", "input", input, "probabilities in [0, 1]", lambda v: (v >= 0) & (v <= 1), most=1)


@op(places=True, check=_check_bernoulli)
def bernoulli(input: ArrayLike, *, key: Array | None = None, dtype: DtypeLike | None = None) -> Array:
    """Ones and zeros: each is 1 with its own probability.

    Args:
        input: the probabilities, any shape.
        key: a key from ``fg.key``.
        dtype: the dtype, for example bool; by default that of `input`.
        device: where to put it.

    Returns:
        An array of ones and zeros, in the shape of `input`.

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: a probability is outside [0, 1].
        DtypeError: `input` is not floating.

    >>> fg.bernoulli(fg.tensor([0.0, 1.0]), key=fg.key(0))
    Array([0., 1.], dtype=float32)

    Source: ``torch.bernoulli``.
    """
    if isinstance(input, int):  # the probabilities 0 and 1
        input = float(input)
    require_float("bernoulli", input, complex_ok=False)
    kind = jnp.result_type(input) if dtype is None else resolve_dtype("bernoulli", dtype)
    return jax.random.bernoulli(require_key("bernoulli", key), jnp.asarray(input)).astype(kind)


def _check_binomial(count: ArrayLike, prob: ArrayLike) -> None:
    _check("binomial", "count", count, "0 or more", lambda v: v >= 0)
    _check("binomial", "prob", prob, "probabilities in [0, 1]", lambda v: (v >= 0) & (v <= 1), most=1)


@op(places=True, check=_check_binomial)
def binomial(count: ArrayLike, prob: ArrayLike, size: Shape | None = None, *, key: Array | None = None) -> Array:
    """How many of `count` independent trials succeed, each with probability `prob`.

    Args:
        count: how many trials, any shape.
        prob: the probabilities, any shape that broadcasts with it.
        size: the shape of the result; by default that of the parameters.
        key: a key from ``fg.key``.
        device: where to put it.

    Returns:
        A floating array of whole numbers, of shape `size`.

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: a count is negative, or a probability outside [0, 1].

    >>> fg.binomial(10.0, fg.tensor([0.0, 1.0]), key=fg.key(0))
    Array([ 0., 10.], dtype=float32)

    Source: ``torch.binomial``.
    """
    shape, kind = _shape_and_dtype("binomial", size, None, count=count, prob=prob)
    return jax.random.binomial(
        require_key("binomial", key), jnp.asarray(count, kind), jnp.asarray(prob, kind), shape, kind
    )


def _check_poisson(input: ArrayLike) -> None:
    _check("poisson", "input", input, "rates of 0 or more", lambda v: v >= 0)


@op(places=True, check=_check_poisson)
def poisson(input: ArrayLike, *, key: Array | None = None) -> Array:
    r"""Whole numbers with the probabilities $\lambda^k e^{-\lambda} / k!$; the mean is $\lambda$.

    Args:
        input: the rates, 0 or more, any shape.
        key: a key from ``fg.key``, of JAX's default kind (threefry).
        device: where to put it.

    Returns:
        A floating array of whole numbers, in the shape of `input`.

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: a rate is negative.

    >>> fg.poisson(fg.tensor([0.0, 3.0]), key=fg.key(0)).shape
    (2,)

    Source: ``torch.poisson``.
    """
    shape, kind = _shape_and_dtype("poisson", None, None, input=input)
    return jax.random.poisson(require_key("poisson", key), jnp.asarray(input), shape).astype(kind)


def _check_multinomial(input: ArrayLike, num_samples: int, replacement: bool = False) -> None:
    weights = visible(input)
    if weights is None or weights.ndim == 0 or not num_samples:
        return  # the definition will say what is wrong with numbers
    _check("multinomial", "input", input, *_WEIGHTS)
    positive = (weights > 0).sum(axis=-1)
    if positive.size and not (not replacement and num_samples > weights.shape[-1]):
        required = "each row needs a weight above 0" if replacement else "each row needs num_samples weights above 0"
        given = "got {positive} of them" + ("" if replacement else f" for num_samples={num_samples}")
        remedy = "correct the weights" if replacement else "draw fewer, or pass replacement=True"
        holds = positive >= (1 if replacement else num_samples)
        claim(ArgumentError, "multinomial", required, given, remedy, holds, positive=positive)


@op(places=True, check=_check_multinomial)
def multinomial(input: ArrayLike, num_samples: int, replacement: bool = False, *, key: Array | None = None) -> Array:
    """Indices of categories drawn with probabilities in proportion to `input`.

    Args:
        input: the weights, 0 or more, shape (n,) or (m, n); they need not sum to 1.
        num_samples: how many indices for each row.
        replacement: whether an index may be drawn twice.
        key: a key from ``fg.key``.
        device: where to put it.

    Returns:
        An integer array of shape (num_samples,) or (m, num_samples).

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: a weight is negative or not finite, or too few are above 0.
        ShapeError: `input` is not 1-D or 2-D.
        DtypeError: `input` is not floating.

    >>> fg.multinomial(fg.tensor([0.0, 3.0, 0.0, 1.0]), 2, key=fg.key(0)).shape
    (2,)

    Source: ``torch.multinomial``.
    """
    if jnp.ndim(input) not in (1, 2) or jnp.shape(input)[-1] == 0:
        required = "input must be the weights of one row of categories, or of several"
        fail(ShapeError, "multinomial", required, f"got shape {tuple(jnp.shape(input))}", "reshape it to 1-D or 2-D")
    require_float("multinomial", input, complex_ok=False)
    (count,) = sizes("multinomial", (num_samples,))
    weights = jnp.asarray(input, jnp.promote_types(jnp.result_type(input), jnp.float32))
    key = require_key("multinomial", key)
    rows, n = weights.shape[:-1], weights.shape[-1]
    if not replacement:
        if count > n:
            required = "num_samples must be at most the number of categories without replacement"
            given = f"got num_samples={count} for {n} categories"
            fail(ArgumentError, "multinomial", required, given, "draw fewer, or pass replacement=True")
        # The largest of log-weights with Gumbel noise are a draw without replacement, in order.
        noise = jax.random.gumbel(key, weights.shape, weights.dtype)
        return jax.lax.top_k(jnp.log(weights) + noise, count)[1].astype(default_int())
    # By the inverse of the distribution function: its memory is that of the weights and the draws, not their product.
    # A level is above 0 and at most the total. XLA adds in a tree, whose sums rise and fall by what is rounded off also
    # where nothing is added: those are left out, so that a category of weight 0 is never the first to reach a level.
    reached = jax.lax.cummax(jnp.where(weights > 0, jnp.cumsum(weights, axis=-1), 0), weights.ndim - 1)
    level = reached[..., -1:] * (1 - jax.random.uniform(key, (*rows, count), weights.dtype))
    find = jnp.searchsorted if weights.ndim == 1 else jax.vmap(jnp.searchsorted)
    return find(reached, level).astype(default_int())


def _check_counts(n: ArrayLike, probs: ArrayLike) -> None:
    _check("multinomial_counts", "n", n, "0 or more", lambda v: v >= 0)
    _check("multinomial_counts", "probs", probs, *_WEIGHTS)
    weights = visible(probs)
    if weights is not None and weights.ndim:
        required = "each row of probs needs a weight above 0"
        holds = (weights > 0).any(axis=-1)
        claim(ArgumentError, "multinomial_counts", required, "got only zeros", "correct the weights", holds)


@op(places=True, check=_check_counts)
def multinomial_counts(n: ArrayLike, probs: ArrayLike, size: Shape = (), *, key: Array | None = None) -> Array:
    """How often each category occurs in `n` independent draws: throws of a die, counted.

    Args:
        n: how many draws, a number.
        probs: the probabilities, shape (..., k); they are divided by their sum.
        size: how many experiments, as leading dimensions of the result.
        key: a key from ``fg.key``.
        device: where to put it.

    Returns:
        A floating array of whole numbers, of shape (*size, ..., k), which sum to `n` over the last dimension.

    Raises:
        ArgumentTypeError: there is no key.
        ArgumentError: a probability is negative or not finite, or all are 0.
        ShapeError: `probs` is 0-d, or `n` is not.
        DtypeError: `probs` is not floating.

    >>> float(fg.multinomial_counts(100, fg.ones(6) / 6, key=fg.key(0)).sum())
    100.0

    Source: ``torch.distributions.Multinomial(n, probs).sample(size)``.
    """
    name = "multinomial_counts"
    if jnp.ndim(n) or not jnp.ndim(probs):
        given = f"got n of shape {tuple(jnp.shape(n))} and probs of shape {tuple(jnp.shape(probs))}"
        fail(ShapeError, name, "n must be a number and probs at least 1-D", given, "map over several with fg.vmap")
    require_float(name, probs, "probs", complex_ok=False)
    p = jnp.asarray(probs)
    p = p / jnp.sum(p, axis=-1, keepdims=True)
    p = jnp.broadcast_to(p, (*sizes(name, (size,)), *p.shape))
    return jax.random.multinomial(require_key(name, key), jnp.asarray(n, p.dtype), p, dtype=p.dtype)
