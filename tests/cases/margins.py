import numpy as np

import funcgrad as fg
from cases.nn import REDUCTIONS, named

rng = np.random.default_rng(5)
x, y, z = rng.standard_normal((3, 4, 5)).astype(np.float32)
signs = np.array([1, -1, -1, 1])
all_signs = np.array([[1, -1, -1, 1, 1]] * 4)
labels = np.array([0, 4, 2, 1])
factors = np.array([0.5, 1.0, 2.0, 0.25, 1.5], np.float32)
many = np.array([[3, 0, -1, 1, 1], [-1, 2, 3, 4, 0], [0, 1, 2, 3, 4], [2, 2, -1, -1, -1]])
shares = rng.uniform(0, 1, (4, 5)).astype(np.float32)
near = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0]], np.float32)
counts = rng.poisson(2.0, (4, 5)).astype(np.float32)
variances = rng.uniform(0.5, 2.0, (4, 5)).astype(np.float32)
features = rng.standard_normal((4, 3)).astype(np.float32)
layer = rng.standard_normal((5, 3)).astype(np.float32)
layers = rng.standard_normal((5, 2, 3)).astype(np.float32)
whole = {"grad": False}
integers = rng.integers(-3, 4, (3, 2, 5))
third = {"constant": (2,)}  # torch has no gradient with respect to weights

CASES = [
    *[named("margin_ranking_loss", x[0], y[0], all_signs[0], 0.3, reduction=r) for r in REDUCTIONS],
    named("margin_ranking_loss", x, x, all_signs, reduction="none", options=whole),
    *[named("hinge_embedding_loss", x, all_signs, reduction=r) for r in REDUCTIONS],
    named("hinge_embedding_loss", x[0], all_signs[0], 0.25, reduction="none"),
    named("hinge_embedding_loss", np.ones(2, np.float32), signs[:2], reduction="none", options=whole),
    *[named("soft_margin_loss", x, all_signs, reduction=r) for r in REDUCTIONS],
    *[named("cosine_embedding_loss", x, y, signs, 0.1, reduction=r) for r in REDUCTIONS],
    named("cosine_embedding_loss", x[0], y[0], np.array(-1)),
    named("cosine_embedding_loss", near, near[::-1].copy(), signs[:2], reduction="none", options=whole),
    *[named("triplet_margin_loss", x, y, z, reduction=r) for r in REDUCTIONS],
    named("triplet_margin_loss", x, y, z, 2.0, 1.0, 1e-3, True, reduction="none"),
    named("triplet_margin_loss", x[0], y[0], z[0], 2.0, swap=True),
    named("triplet_margin_loss", x, x, z, 5.0, eps=0.0, options=whole),
    named("triplet_margin_loss", *integers, reduction="none"),
    named("cosine_embedding_loss", *integers[:2], signs[:2], reduction="none"),
    named("triplet_margin_with_distance_loss", x, y, z, margin=2.0, swap=True),
    *[named("multi_margin_loss", x, labels, reduction=r) for r in REDUCTIONS],
    named("multi_margin_loss", x, labels, 2, 0.7, factors, reduction="none", options=third),
    named("multi_margin_loss", x[0], np.array(4), weight=factors, options=third),
    named("multi_margin_loss", np.ones((2, 3), np.float32), labels[2:], margin=0.0, options=whole),
    *[named("multilabel_margin_loss", x, many, reduction=r) for r in REDUCTIONS],
    named("multilabel_margin_loss", x[0], many[0]),
    named("multilabel_margin_loss", np.zeros((4, 5), np.float32), many, reduction="none", options=whole),
    *[named("multilabel_soft_margin_loss", x, shares, reduction=r) for r in REDUCTIONS],
    named("multilabel_soft_margin_loss", 40 * x, shares, factors, options=third),
    named("multilabel_soft_margin_loss", x[0], shares[0]),
    # Likelihoods
    *[named("gaussian_nll_loss", x, y, variances, reduction=r) for r in REDUCTIONS],
    named("gaussian_nll_loss", x, y, variances[:, 0], True),
    named("gaussian_nll_loss", x, y, variances[:, :1], reduction="none"),
    named("gaussian_nll_loss", x, y, variances[:1], reduction="none"),
    named("gaussian_nll_loss", x, y, 0.5, reduction="none"),
    named("gaussian_nll_loss", x, y[:, :1], variances),
    named("gaussian_nll_loss", x, y[:1], variances, reduction="none"),
    named("gaussian_nll_loss", x, y, variances, eps=1.0, reduction="none", options=whole),
    *[named("poisson_nll_loss", x, counts, reduction=r) for r in REDUCTIONS],
    named("poisson_nll_loss", integers[0], integers[1]),
    named("poisson_nll_loss", x, counts, full=True, reduction="none", options=whole),
    named("poisson_nll_loss", x, counts + np.float32(1.25), True, True),
    named("poisson_nll_loss", variances, counts, False, eps=0.1, reduction="none"),
    named("linear_cross_entropy", features, layer, labels, linear_bias=factors, label_smoothing=0.1),
    named("linear_cross_entropy", features, layers, np.array([[0, 1], [2, 2], [4, 0], [3, 1]]), reduction="none"),
    named(
        "linear_cross_entropy",
        features[0],
        layer,
        np.array(3),
        weight=factors,
        ignore_index=1,
        options={"constant": (3,)},
    ),
    named("linear_cross_entropy", features, layer, shares),
]

log_probs = np.asarray(fg.log_softmax(fg.tensor(rng.standard_normal((6, 3, 4)).astype(np.float32)), 2))
padded = np.array([[1, 1, 2], [3, 2, 1], [2, 0, 0]])
joined = np.array([1, 1, 2, 3, 2])
lengths = (np.array([6, 5, 4]), np.array([3, 1, 1]))
# The gradient is the derivative, which torch projects on what log_softmax lets through: test_sequences.py.
CASES += [
    *[named("ctc_loss", log_probs, padded, *lengths, reduction=r, options=whole) for r in REDUCTIONS],
    named("ctc_loss", log_probs, joined, (6, 5, 4), (3, 1, 1), reduction="none", options=whole),
    named("ctc_loss", log_probs, padded % 3, *lengths, blank=3, reduction="none", options=whole),
    named("ctc_loss", log_probs, padded, np.array([3, 5, 0]), np.array([3, 0, 0]), 0, "none", options=whole),
    named("ctc_loss", log_probs, padded, np.array([3, 5, 0]), np.array([3, 0, 1]), 0, "mean", True, options=whole),
    named("ctc_loss", log_probs[:, 0], padded[0], np.array(6), np.array(3), options=whole),
    named("ctc_loss", log_probs, padded, *lengths, reduction="sum", options={"torch": None}),
]
