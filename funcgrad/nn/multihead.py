"""Attention with several heads, from the projections of the inputs to that of the result."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from .._checks import fail, integer, require_ndim
from .._errors import ArgumentError, DtypeError, ShapeError
from .._op import op
from .._types import Array, ArrayLike, Shape
from .attention import _dropped, _masked_softmax
from .layers import linear

__all__ = ["multi_head_attention_forward"]

_NAME = "multi_head_attention_forward"


@op
def multi_head_attention_forward(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: ArrayLike | None,
    in_proj_bias: ArrayLike | None,
    bias_k: ArrayLike | None,
    bias_v: ArrayLike | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: ArrayLike,
    out_proj_bias: ArrayLike | None,
    training: bool = True,
    key_padding_mask: ArrayLike | None = None,
    need_weights: bool = True,
    attn_mask: ArrayLike | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: ArrayLike | None = None,
    k_proj_weight: ArrayLike | None = None,
    v_proj_weight: ArrayLike | None = None,
    *,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    dropout_key: Array | None = None,
) -> Any:
    r"""$\mathrm{softmax}(Q_h K_h^T / \sqrt{d} + M)\,V_h$ for each head $h$, side by side, and projected.

    A bool mask is True where a key may *not* be looked at, as in ``torch.nn.MultiheadAttention`` (and unlike the mask
    of ``scaled_dot_product_attention``). A query whose keys are all masked gets zeros.

    Args:
        query: shape (L, N, E) or (L, E).
        key: shape (S, N, E) or (S, E); with separate weights of another width.
        value: shape (S, N, E) or (S, E); with separate weights of another width.
        embed_dim_to_check: E.
        num_heads: how many heads share the E features.
        in_proj_weight: the projections of query, key and value, one below the other, shape (3 * E, E).
        in_proj_bias: shape (3 * E,).
        bias_k: a key that is added at the end of each sequence, shape (1, 1, E); beside `bias_v`.
        bias_v: its value, shape (1, 1, E).
        add_zero_attn: whether a key and a value of zeros are added at the end.
        dropout_p: the probability of a weight to be zeroed in training.
        out_proj_weight: the projection of the result, shape (E', E).
        out_proj_bias: shape (E',).
        training: whether to drop anything.
        key_padding_mask: bool, or numbers that are added to the scores; shape (N, S) or (S,).
        need_weights: whether to return the weights too.
        attn_mask: bool, or numbers that are added to the scores; shape (L, S) or (N * num_heads, L, S).
        use_separate_proj_weight: whether the projections are the next three instead of `in_proj_weight`.
        q_proj_weight: shape (E, E).
        k_proj_weight: shape (E, width of the keys).
        v_proj_weight: shape (E, width of the values).
        average_attn_weights: whether the weights are averaged over the heads.
        is_causal: says that `attn_mask` is causal, which it must then be; nothing is done about it.
        dropout_key: a random key; it is required where something is dropped.

    Returns:
        A tuple of the result, shape (L, N, E') or (L, E'), and the weights, shape (N, L, S), or (N, num_heads, L, S)
        without the average (no N where `query` has none), or None. S counts the keys that were added.

    Raises:
        ArgumentError: E is not `embed_dim_to_check`, `num_heads` does not divide it, or an argument is missing.
        ArgumentTypeError: there is no `dropout_key` where one is needed.
        DtypeError: a mask holds integers.
        ShapeError: the shapes do not fit each other.

    >>> x, w = fg.ones(3, 1, 4), fg.ones(12, 4)
    >>> y, weights = fg.nn.multi_head_attention_forward(
    ...     x, x, x, 4, 2, w, None, None, None, False, 0.0, fg.eye(4), None)
    >>> y.shape, weights.shape
    ((3, 1, 4), (1, 3, 3))

    Source: Vaswani et al. (2017), arXiv:1706.03762; ``torch.nn.functional.multi_head_attention_forward``.
    """
    require_ndim(_NAME, query, (2, 3), "query", "give (L, N, E) or (L, E)")
    alone = jnp.ndim(query) == 2
    q, k, v = (jnp.expand_dims(jnp.asarray(x), 1) if alone else jnp.asarray(x) for x in (query, key, value))
    if k.ndim != 3 or v.shape[:2] != k.shape[:2] or k.shape[1] != q.shape[1]:
        given = f"got query of shape {jnp.shape(query)}, key of {jnp.shape(key)} and value of {jnp.shape(value)}"
        fail(ShapeError, _NAME, "query (L, N, E), key and value (S, N, *) must share N and S", given, "transpose them")
    width, heads = q.shape[-1], integer(_NAME, "num_heads", num_heads, 1)
    if width != embed_dim_to_check or width % heads:
        required = f"query must have {embed_dim_to_check} features, a multiple of num_heads"
        fail(ArgumentError, _NAME, required, f"got {width} features and {heads} heads", "correct one of them")
    if is_causal and attn_mask is None:
        required = "attn_mask must be given where is_causal is True"
        fail(ArgumentError, _NAME, required, "got none", "pass ~fg.tril(fg.ones(L, S, dtype=bool))")
    separate = (q_proj_weight, k_proj_weight, v_proj_weight)
    packed = None if use_separate_proj_weight else in_proj_weight
    if any(w is None for w in (separate if use_separate_proj_weight else (packed,))):
        given = f"got use_separate_proj_weight={use_separate_proj_weight}"
        fail(ArgumentError, _NAME, "the weights of all projections must be given", given, "pass them")
    if packed is not None and jnp.shape(packed) != (3 * width, width):
        required = f"in_proj_weight must have shape {(3 * width, width)}"
        fail(ShapeError, _NAME, required, f"got {jnp.shape(packed)}", "put the three projections below each other")
    weights = separate if packed is None else jnp.split(jnp.asarray(packed), 3)
    biases = [None] * 3 if in_proj_bias is None else jnp.split(jnp.asarray(in_proj_bias), 3)
    q, k, v = (linear(x, w, b) for x, w, b in zip((q, k, v), weights, biases, strict=True))
    mask = _combined(attn_mask, key_padding_mask, q.shape[0], k.shape[0], q.shape[1], heads, q.dtype)
    if (bias_k is None) != (bias_v is None):
        fail(ArgumentError, _NAME, "bias_k and bias_v must be given together", "got one", "pass both")
    ends = [(bias_k, bias_v)] if bias_k is not None else []
    for of_k, of_v in ends + [(jnp.zeros(()), jnp.zeros(()))] * bool(add_zero_attn):
        k, v = _appended(k, of_k), _appended(v, of_v)
        mask = None if mask is None else jnp.pad(mask, [(0, 0)] * 3 + [(0, 1)])
    q, k, v = (x.reshape(*x.shape[:2], heads, -1) for x in (q, k, v))
    wide = jnp.promote_types(q.dtype, jnp.float32)
    scores = jnp.einsum("lnhd,snhd->nhls", q, k, preferred_element_type=wide) / math.sqrt(width // heads)
    shares = jax.nn.softmax(scores, -1) if mask is None else _masked_softmax(scores, mask)
    if training and dropout_p:
        shares = _dropped(_NAME, shares, dropout_p, dropout_key)
    shares = shares.astype(v.dtype)
    result = jnp.einsum("nhls,snhd->lnhd", shares, v, preferred_element_type=wide).astype(v.dtype)
    result = linear(result.reshape(*result.shape[:2], width), out_proj_weight, out_proj_bias)
    shown = (shares.mean(1) if average_attn_weights else shares) if need_weights else None
    return (result[:, 0], None if shown is None else shown[0]) if alone else (result, shown)


def _appended(x: Array, end: Any) -> Array:
    return jnp.concatenate([x, jnp.broadcast_to(end, (1, *x.shape[1:])).astype(x.dtype)])


def _combined(
    attn_mask: Any, key_padding_mask: Any, queries: int, keys: int, batch: int, heads: int, dtype: Any
) -> Array | None:
    """What is added to the scores of shape (N, heads, L, S)."""
    added = []
    masks: tuple[tuple[str, Any, dict[Shape, Shape]], ...] = (
        ("attn_mask", attn_mask, {(queries, keys): (1, 1), (batch * heads, queries, keys): (batch, heads)}),
        ("key_padding_mask", key_padding_mask, {(batch, keys): (batch, 1), (keys,) if batch == 1 else (): (1, 1)}),
    )
    for argument, given, shapes in masks:
        if given is None:
            continue
        mask = jnp.asarray(given)
        if mask.dtype != bool and not jnp.issubdtype(mask.dtype, jnp.floating):
            was = f"got {mask.dtype} of shape {mask.shape}"
            fail(DtypeError, _NAME, f"{argument} must be of bool or floating point", was, "write mask != 0")
        if mask.shape not in shapes or not mask.ndim:
            required = f"{argument} must have shape {' or '.join(str(s) for s in shapes if s)}"
            fail(ShapeError, _NAME, required, f"got {mask.shape}", "reshape it")
        mask = jnp.where(mask, -jnp.inf, 0).astype(dtype) if mask.dtype == bool else mask
        added.append(mask.reshape(*shapes[mask.shape], -1, keys))
    return sum(added[1:], added[0]) if added else None
