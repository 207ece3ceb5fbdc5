"""Attention and bags of embeddings: masks, precision, ties, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

rng = np.random.default_rng(0)
key = jax.random.key(0)
word = "scaled_dot_product_attention"
attend = fg.nn.scaled_dot_product_attention


def draw(*shape):
    return jnp.asarray(rng.standard_normal(shape), jnp.float32)


q, k, v = draw(2, 3, 4), draw(2, 5, 4), draw(2, 5, 6)


@pytest.mark.parametrize("mask", [jnp.zeros((3, 5), bool), jnp.full((3, 5), -jnp.inf)])
def test_a_query_that_sees_nothing_gets_zeros_and_no_gradient(mask):
    mask = mask.at[1:].set(mask.dtype == bool or 0.0)
    value, gradients = jax.value_and_grad(lambda *a: attend(*a, mask)[:, 0].sum(), (0, 1, 2))(q, k, v)
    assert float(value) == 0
    assert not any(g.any() for g in gradients)
    gradients = jax.grad(lambda *a: attend(*a, mask).sum(), (0, 1, 2))(q, k, v)
    assert all(jnp.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(dtype):
    halves = [(8 * a).astype(dtype) for a in (q, k, v)]
    result = attend(*halves)
    assert result.dtype == dtype
    assert_close(result, attend(*[a.astype(jnp.float32) for a in halves]).astype(dtype), rtol=0.02, atol=0.05)
    assert all(g.dtype == dtype for g in jax.grad(lambda *a: attend(*a).sum().astype("float32"), (0, 1, 2))(*halves))


def test_shared_heads_are_repeated_heads_without_the_copies():
    heads, keys, values = draw(2, 6, 3, 4), draw(2, 2, 5, 4), draw(2, 2, 5, 6)
    repeated = [jnp.repeat(a, 3, 1) for a in (keys, values)]
    assert_close(attend(heads, keys, values, enable_gqa=True), attend(heads, *repeated))
    program = str(jax.make_jaxpr(lambda *a: attend(*a, enable_gqa=True))(heads, keys, values))
    assert "2,6,5" not in program


def test_dropout_is_of_weights():
    ones = jnp.ones((1, 400, 1))
    sums = attend(jnp.zeros((1, 400, 2)), jnp.zeros((1, 400, 2)), ones, dropout_p=0.25, dropout_key=key)
    assert abs(float(sums.mean()) - 1) < 0.01
    assert float(sums.std()) > 0.01


def test_attention_says_what_does_not_fit():
    message = f"{word}(): query must have two or more dimensions; got shape (4,); give (*, length, features)."
    with raises(fg.ShapeError, message):
        attend(q[0, 0], k, v)
    message = (
        f"{word}(): query (*, L, E), key (*, S, E) and value (*, S, Ev) must share E and S; got (2, 3, 4), (2, 5, 4) "
        "and (2, 4, 6); check the order of dimensions."
    )
    with raises(fg.ShapeError, message):
        attend(q, k, v[:, :4])
    message = f"{word}(): attn_mask must broadcast to (2, 3, 5), the shape of the scores; got (5, 3); reshape it."
    with raises(fg.ShapeError, message):
        attend(q, k, v, jnp.ones((5, 3), bool))
    message = (
        f"{word}(): attn_mask must be of bool or floating point; got int32 of shape (3, 5); write mask != 0 for the "
        "keys that may be looked at."
    )
    with raises(fg.DtypeError, message):
        attend(q, k, v, jnp.ones((3, 5), int))
    message = f"{word}(): attn_mask must be left out where is_causal is True; got both; combine them in attn_mask with "
    with raises(fg.ArgumentError, message + "fg.tril."):
        attend(q, k, v, jnp.ones((3, 5), bool), is_causal=True)
    message = (
        f"{word}(): with enable_gqa dimension -3 of query must be a multiple of that of key and of value; got shapes "
        "(3, 3, 4), (2, 5, 4) and (2, 5, 6); give (*, heads, length, features)."
    )
    with raises(fg.ShapeError, message):
        attend(draw(3, 3, 4), k, v, enable_gqa=True)
    message = (
        f"{word}(): dropout_key= is required where dropout_p is not 0; got none; pass dropout_key=fg.key(0), and "
        "another each time."
    )
    with raises(fg.ArgumentTypeError, message):
        attend(q, k, v, dropout_p=0.5)
    with raises(fg.ArgumentError, f"{word}(): dropout_p must be in [0, 1]; got 2.0; choose a probability."):
        attend(q, k, v, dropout_p=2.0, dropout_key=key)


def test_several_heads_give_zeros_where_all_is_masked():
    w, x = draw(12, 4), draw(3, 1, 4)
    mask = jnp.array([[True, True, True], [False, True, True], [False, False, False]])
    args = (4, 2, w, None, None, None, False, 0.0, jnp.eye(4), None)
    result, shares = fg.nn.multi_head_attention_forward(x, x, x, *args, attn_mask=mask)
    assert not result[0].any()
    assert_close(shares.sum(-1), jnp.array([[0.0, 1.0, 1.0]]))
    causal, none = fg.nn.multi_head_attention_forward(x, x, x, *args, True, None, False, mask, is_causal=True)
    assert none is None
    assert_close(causal, result)


def test_several_heads_say_what_does_not_fit():
    name = "multi_head_attention_forward"
    w, x = draw(12, 4), draw(3, 2, 4)

    def call(query=x, key=x, heads=2, weight=w, bias_k=None, dropout=0.0, **options):
        end = (False, dropout, jnp.eye(4), None)
        return fg.nn.multi_head_attention_forward(
            query, key, key, 4, heads, weight, None, bias_k, None, *end, **options
        )

    for options, kind, message in (
        (
            {"query": x[0, 0]},
            fg.ShapeError,
            "query must have 2 or 3 dimensions; got shape (4,); give (L, N, E) or (L, E)",
        ),
        (
            {"key": x[:, :1]},
            fg.ShapeError,
            "query (L, N, E), key and value (S, N, *) must share N and S; got query of shape (3, 2, 4), key of "
            "(3, 1, 4) and value of (3, 1, 4); transpose them",
        ),
        (
            {"heads": 3},
            fg.ArgumentError,
            "query must have 4 features, a multiple of num_heads; got 4 features and 3 heads; correct one of them",
        ),
        (
            {"is_causal": True},
            fg.ArgumentError,
            "attn_mask must be given where is_causal is True; got none; pass ~fg.tril(fg.ones(L, S, dtype=bool))",
        ),
        (
            {"use_separate_proj_weight": True},
            fg.ArgumentError,
            "the weights of all projections must be given; got use_separate_proj_weight=True; pass them",
        ),
        (
            {"weight": w[:8]},
            fg.ShapeError,
            "in_proj_weight must have shape (12, 4); got (8, 4); put the three projections below each other",
        ),
        (
            {"bias_k": draw(1, 1, 4)},
            fg.ArgumentError,
            "bias_k and bias_v must be given together; got one; pass both",
        ),
        (
            {"dropout": 0.5},
            fg.ArgumentTypeError,
            "dropout_key= is required where dropout_p is not 0; got none; pass dropout_key=fg.key(0), and another each "
            "time",
        ),
        (
            {"attn_mask": jnp.ones((2, 3), bool)},
            fg.ShapeError,
            "attn_mask must have shape (3, 3) or (4, 3, 3); got (2, 3); reshape it",
        ),
        (
            {"key_padding_mask": jnp.ones((2, 3), int)},
            fg.DtypeError,
            "key_padding_mask must be of bool or floating point; got int32 of shape (2, 3); write mask != 0",
        ),
    ):
        with raises(kind, f"{name}(): {message}."):
            call(**options)


# Bags

table = draw(6, 2)
bag = fg.nn.embedding_bag


def test_of_equal_maxima_the_first_has_the_gradient():
    index = jnp.array([2, 0, 1])
    for args in ((index[None],), (index, jnp.array([0]))):
        call = lambda w, args=args: bag(args[0], w, *args[1:], mode="max").sum()  # noqa: E731
        assert_close(jax.grad(call)(jnp.ones((3, 2))), jnp.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]))


def test_empty_bags_are_zeros():
    for mode in ("mean", "sum", "max"):
        rows = bag(np.array([1, 2]), table, np.array([0, 0, 2]), mode=mode)
        assert not rows[0].any()
        assert not rows[2].any()
        assert not bag(np.zeros((2, 0), int), table, mode=mode).any()
        assert not bag(np.array([[3, 3]]), table, mode=mode, padding_idx=3).any()


def test_an_index_out_of_range_is_seen():
    message = (
        "embedding_bag(): input must be in [0, 5] along dimension 0 of size 6; got 6; correct the index; nothing is "
        "clamped or wrapped."
    )
    with raises(fg.IndexRangeError, message):
        bag(np.array([[0, 6]]), table)
    for mode in ("mean", "sum", "max"):
        rows = jax.jit(lambda i, m=mode: bag(i, table, jnp.array([0, 2]), mode=m))(jnp.array([0, 6, 1, 2]))
        assert np.isnan(rows).tolist() == [[True] * 2, [False] * 2], mode


def test_bags_are_checked():
    index = np.array([0, 1, 2])
    message = "embedding_bag(): offsets must start with 0 and ascend; got 1 after 2; give where each bag starts."
    with raises(fg.ArgumentError, message):
        bag(index, table, np.array([0, 2, 1]))
    message = "embedding_bag(): offsets must not exceed the number of indices, 3; got 4; give where each bag starts."
    with raises(fg.ArgumentError, message):
        bag(index, table, np.array([0, 4]))
    message = "embedding_bag(): offsets must end with the number of indices, 3; got 2; give where each bag starts."
    with raises(fg.ArgumentError, message):
        bag(index, table, np.array([0, 2]), include_last_offset=True)
    message = "embedding_bag(): offsets must be given for input of one dimension, and for that only; got input of "
    with raises(fg.ArgumentTypeError, message + "shape (3,); say where each bag starts."):
        bag(index, table)
    with raises(fg.ArgumentTypeError, message + "shape (1, 3); say where each bag starts."):
        bag(index[None], table, np.array([0]))
    message = "embedding_bag(): offsets must be integers in one dimension; got int32 of shape (1, 1); give where each "
    with raises(fg.ShapeError, message + "bag starts."):
        bag(index, table, np.array([[0]]))
    with raises(fg.ArgumentError, "embedding_bag(): mode must be 'mean', 'sum' or 'max'; got 'min'; choose one."):
        bag(index[None], table, mode="min")
    message = "embedding_bag(): per_sample_weights need mode='sum'; got 'mean'; choose it, or leave them out."
    with raises(fg.ArgumentError, message):
        bag(index[None], table, per_sample_weights=jnp.ones((1, 3)))
    message = "embedding_bag(): per_sample_weights must have the shape of input, (1, 3); got (3,); give a factor for "
    with raises(fg.ShapeError, message + "each index."):
        bag(index[None], table, mode="sum", per_sample_weights=jnp.ones(3))
    message = "embedding_bag(): padding_idx must be in [-6, 5] for 6 rows; got 6; name a row of weight."
    with raises(fg.IndexRangeError, message):
        bag(index[None], table, padding_idx=6)
    message = "embedding_bag(): weight must have shape (n, d), a row for each index; got shape (6,); reshape it."
    with raises(fg.ShapeError, message):
        bag(index[None], table[:, 0])
    message = "embedding_bag(): input must have 1 or 2 dimensions; got shape (1, 1, 3); reshape it."
    with raises(fg.ShapeError, message):
        bag(index[None, None], table)
    message = (
        "embedding_bag(): input must hold indices of an integer dtype; got float32 of shape (6, 2); convert it with "
        "fg.to(x, 'long'); the indices are the first argument."
    )
    with raises(fg.DtypeError, message):
        bag(table, index)


def test_the_flat_orders_of_torch_are_named():
    message = "funcgrad has no `embedding_bag`: it is fg.nn.embedding_bag(indices, weight, offsets), with the indices "
    with raises(AttributeError, message + "first."):
        _ = fg.embedding_bag
