"""Attention: averages of values, weighted by how well their keys answer a query."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from .._checks import broadcast_shapes, fail, require_float
from .._errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Shape
from .dropping import dropout

__all__ = ["scaled_dot_product_attention"]


@op
def scaled_dot_product_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    attn_mask: ArrayLike | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    dropout_key: Array | None = None,
) -> Array:
    r"""$\mathrm{softmax}(s\,Q K^T + M)\,V$.

    Half precision is computed in float32 between the two products. A query whose keys are all masked gets zeros.

    Args:
        query: shape (*, L, E).
        key: shape (*, S, E).
        value: shape (*, S, Ev).
        attn_mask: broadcasts to (*, L, S). True where a key may be looked at; or numbers that are added to the scores.
        dropout_p: the probability of a weight to be zeroed; unlike in a layer it is applied whenever it is not 0.
        is_causal: whether query i sees keys 0 to i only.
        scale: $s$, by default $1 / \sqrt{E}$.
        enable_gqa: whether several heads of queries share a head of keys and values: then dimension -3 of `query` is
            a multiple of that of `key` and of `value`.
        dropout_key: a random key; it is required where `dropout_p` is not 0. (`key` are those of the attention.)

    Returns:
        An array of shape (*, L, Ev), in the dtype of `query`.

    Raises:
        ArgumentError: both `attn_mask` and `is_causal` are given, or `dropout_p` is outside [0, 1].
        ArgumentTypeError: there is no `dropout_key` where one is needed.
        DtypeError: an operand is not floating point, or `attn_mask` of integers.
        ShapeError: the shapes do not fit each other.

    >>> q, k = fg.tensor([[1.0, 0.0]]), fg.tensor([[0.0, 5.0], [0.0, -5.0]])
    >>> fg.nn.scaled_dot_product_attention(q, k, fg.tensor([[1.0], [3.0]]))
    Array([[2.]], dtype=float32)

    Source: Vaswani et al. (2017), arXiv:1706.03762; ``torch.nn.functional.scaled_dot_product_attention``.
    """
    name = "scaled_dot_product_attention"
    for argument, x in (("query", query), ("key", key), ("value", value)):
        require_float(name, x, argument, complex_ok=False)
        if jnp.ndim(x) < 2:
            required = f"{argument} must have two or more dimensions"
            fail(ShapeError, name, required, f"got shape {jnp.shape(x)}", "give (*, length, features)")
    q, k, v = jnp.asarray(query), jnp.asarray(key), jnp.asarray(value)
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        required = "query (*, L, E), key (*, S, E) and value (*, S, Ev) must share E and S"
        fail(ShapeError, name, required, f"got {q.shape}, {k.shape} and {v.shape}", "check the order of dimensions")
    if is_causal and attn_mask is not None:
        required = "attn_mask must be left out where is_causal is True"
        fail(ArgumentError, name, required, "got both", "combine them in attn_mask with fg.tril")
    heads = _shared(name, q, k, v) if enable_gqa else None
    batch = broadcast_shapes(name, q.shape[: -3 if heads else -2], *[x.shape[: -3 if heads else -2] for x in (k, v)])
    shape = (*batch, *(q.shape[-3:-1] if heads else q.shape[-2:-1]), k.shape[-2])
    wide = jnp.promote_types(q.dtype, jnp.float32)
    if not k.shape[-2]:
        return jnp.zeros((*shape[:-1], v.shape[-1]), q.dtype)
    # Queries with a dimension of their own for those that share a head: nothing is repeated in memory.
    queries = q if heads is None else q.reshape(*q.shape[:-3], *heads, *q.shape[-2:])
    g = "" if heads is None else "g"
    scores = jnp.einsum(f"...{g}le,...se->...{g}ls", queries, k, preferred_element_type=wide)
    scores = scores * (1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else scale)
    if is_causal:  # every query sees the first key
        scores = jnp.where(jnp.tril(jnp.ones(shape[-2:], bool)), scores, -jnp.inf)
    if attn_mask is None:
        weights = jax.nn.softmax(scores, -1)
    else:
        weights = _masked_softmax(scores, _mask(name, attn_mask, shape, heads))
    if dropout_p:
        weights = _dropped(name, weights, dropout_p, dropout_key)
    result = jnp.einsum(f"...{g}ls,...se->...{g}le", weights.astype(v.dtype), v, preferred_element_type=wide)
    return result.reshape(*shape[:-1], v.shape[-1]).astype(q.dtype)


def _shared(name: str, q: Array, k: Array, v: Array) -> tuple[int, int]:
    """How many heads of keys there are, and how many of queries share each."""
    of_queries, of_keys, of_values = [x.shape[-3] if x.ndim > 2 else 0 for x in (q, k, v)]
    if not of_keys or of_keys != of_values or of_queries % of_keys:
        required = "with enable_gqa dimension -3 of query must be a multiple of that of key and of value"
        given = f"got shapes {q.shape}, {k.shape} and {v.shape}"
        fail(ShapeError, name, required, given, "give (*, heads, length, features)")
    return of_keys, of_queries // of_keys


def _mask(name: str, attn_mask: ArrayLike, shape: Shape, heads: tuple[int, int] | None) -> Array:
    mask = jnp.asarray(attn_mask)
    if mask.dtype != bool and not jnp.issubdtype(mask.dtype, jnp.floating):
        given = f"got {mask.dtype} of shape {mask.shape}"
        remedy = "write mask != 0 for the keys that may be looked at"
        fail(DtypeError, name, "attn_mask must be of bool or floating point", given, remedy)
    if len(mask.shape) > len(shape) or any(
        a not in (1, b) for a, b in zip(mask.shape[::-1], shape[::-1], strict=False)
    ):
        required = f"attn_mask must broadcast to {shape}, the shape of the scores"
        fail(ShapeError, name, required, f"got {mask.shape}", "reshape it")
    if heads is None or mask.ndim < 3:
        return mask
    return mask.reshape(*mask.shape[:-3], *(heads if mask.shape[-3] > 1 else (1, 1)), *mask.shape[-2:])


def _masked_softmax(scores: Array, mask: Array) -> Array:
    scores = jnp.where(mask, scores, -jnp.inf) if mask.dtype == bool else scores + mask
    blind = (scores == -jnp.inf).all(-1, keepdims=True)
    # What is not used must be finite: its NaN slope times 0 would be a NaN gradient.
    return jnp.where(blind, 0, jax.nn.softmax(jnp.where(blind, 0, scores), -1))


def _dropped(name: str, weights: Array, p: float, dropout_key: Array | None) -> Array:
    if not 0 <= p <= 1:
        fail(ArgumentError, name, "dropout_p must be in [0, 1]", f"got {p}", "choose a probability")
    if dropout_key is None:
        required, given = "dropout_key= is required where dropout_p is not 0", "got none"
        fail(ArgumentTypeError, name, required, given, "pass dropout_key=fg.key(0), and another each time")
    return dropout(weights, p, key=dropout_key)
