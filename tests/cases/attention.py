import numpy as np

import funcgrad as fg
from cases.nn import named

rng = np.random.default_rng(9)


def draw(*shape):
    return rng.standard_normal(shape).astype(np.float32)


q, k, v = draw(2, 3, 4), draw(2, 5, 4), draw(2, 5, 6)
heads, shared = draw(2, 4, 3, 4), (draw(2, 2, 5, 4), draw(2, 2, 5, 6))
allowed = rng.random((3, 5)) > 0.4
allowed[:, 0] = True
blind = allowed.copy()
blind[1] = False
of_heads = rng.random((2, 4, 3, 5)) > 0.5
of_heads[..., 2] = True
word = "scaled_dot_product_attention"
whole = {"grad": False}  # differences at minus infinity are not numbers

CASES = [
    named(word, q, k, v),
    named(word, q[0], k[0], v[0], is_causal=True),
    named(word, k, q, v[:, :3], is_causal=True),
    named(word, q, k, v, allowed),
    named(word, q, k, v, blind),
    named(word, q, k, v, draw(1, 3, 5), scale=0.3),
    named(word, q, k, v, np.where(blind, 0, -np.inf).astype(np.float32), options=whole),
    named(word, q, k[:1], v[:1]),
    named(word, heads, *shared, enable_gqa=True),
    named(word, heads, *shared, of_heads, enable_gqa=True),
    named(word, heads, *shared, allowed[None, None], enable_gqa=True, scale=2.0),
    named(word, q, k[:, :0], v[:, :0]),
    named(word, q, k, v, dropout_p=0.5, dropout_key=fg.key(0), options={"torch": None}),
]
# Several heads
x, y = draw(3, 2, 4), draw(5, 2, 4)
inner, outer = (draw(12, 4), draw(12)), (draw(4, 4), draw(4))
hidden = np.array([[False, True, False, False, True], [True, False, False, False, False]])
later = np.triu(np.ones((3, 5), bool), 2)
word = "multi_head_attention_forward"
separate = {"q_proj_weight": draw(4, 4), "k_proj_weight": draw(4, 4), "v_proj_weight": draw(4, 6)}
# The gradient of a projection adds up products of size 1, over queries and heads.
summed = {"tolerance": (1e-5, 5e-6)}
CASES += [
    named(word, x, y, y, 4, 2, *inner, None, None, False, 0.5, *outer, False, options=summed),
    named(
        word, x, y, y, 4, 2, *inner, draw(1, 1, 4), draw(1, 1, 4), True, 0.0, *outer, True, hidden, True, later,
        options=summed,
    ),
    named(word, x, y, y, 4, 2, *inner, None, None, False, 0.0, *outer, attn_mask=draw(4, 3, 5), options=summed),
    named(
        word, x[:, 0], y[:, 0], draw(5, 6), 4, 4, None, inner[1], None, None, False, 0.0, *outer,
        use_separate_proj_weight=True, average_attn_weights=False, key_padding_mask=hidden[0], **separate,
        options=summed,
    ),
]  # fmt: skip
# Bags
table = draw(7, 3)
bags = np.array([[3, 0, 0], [6, 2, 3]])
joined, starts = np.array([3, 0, 0, 6, 2, 3]), np.array([0, 2, 2, 5])
CASES += [
    *[named("embedding_bag", bags, table, mode=mode) for mode in ("mean", "sum", "max")],
    *[named("embedding_bag", joined, table, starts, mode=mode, padding_idx=3) for mode in ("mean", "sum", "max")],
    *[named("embedding_bag", bags, table, mode=mode, padding_idx=-1) for mode in ("mean", "max")],
    named("embedding_bag", joined, table, np.array([0, 2, 6]), include_last_offset=True),
    named("embedding_bag", joined, table, np.array([0, 2, 6]), mode="max", include_last_offset=True),
    named("embedding_bag", joined, table, starts, mode="sum", per_sample_weights=draw(6)),
    named("embedding_bag", bags, table, mode="sum", per_sample_weights=draw(2, 3), padding_idx=0),
]
