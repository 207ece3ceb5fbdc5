import numpy as np
from harness import case

x = np.array([[1.5, -2.0, 3.0], [0.25, 4.0, -1.0]], np.float32)
y = np.array([[0.75, -2.5, 6.0], [0.75, 1.0, -0.5]], np.float32)
w = np.array([[0.5, 2.0, 1.0], [1.0, 0.0, 3.0]], np.float32)
p = np.array([[0.2, 0.9, 0.5], [0.75, 0.01, 0.6]], np.float32)
q = np.array([[0.0, 1.0, 0.3], [1.0, 0.5, 0.0]], np.float32)
wide = np.array([-50.0, -3.5, -1.25, -1e-3, 1e-3, 0.5, 2.0, 5.5, 50.0], np.float32)
kinks = np.array([-3.0, -1.0, 0.0, 1.0, 3.0, 6.0], np.float32)

logits = np.array([[1.0, -2.0, 0.5, 3.0], [100.0, 0.0, -100.0, 99.0], [0.0, 0.0, 0.0, 0.0]], np.float32)
labels = np.array([3, 1, 0])
classes = np.array([0.5, 1.0, 2.0, 0.25], np.float32)
rng = np.random.default_rng(0)
maps = rng.standard_normal((2, 4, 3, 5)).astype(np.float32)
map_labels = rng.integers(0, 4, (2, 3, 5))
map_labels[0, 0] = 2
shares = rng.dirichlet(np.ones(4), 3).astype(np.float32)
map_shares = np.moveaxis(rng.dirichlet(np.ones(4), (2, 3, 5)), -1, 1).astype(np.float32)

images = rng.standard_normal((2, 3, 4, 5)).astype(np.float32)
volumes = rng.standard_normal((2, 2, 3, 4, 5)).astype(np.float32)
grid = rng.uniform(-1.6, 1.6, (2, 6, 2, 2)).astype(np.float32)
volume_grid = rng.uniform(-1.6, 1.6, (2, 3, 2, 2, 3)).astype(np.float32)
table = rng.standard_normal((5, 3)).astype(np.float32)

REDUCTIONS = ("mean", "sum", "none")


def named(word, *args, at=None, options=None, **kwargs):
    """A word of fg.nn, which torch has in nn.functional."""
    return case(f"nn.{word}", *args, options={"torch": f"nn.functional.{at or word}"} | (options or {}), **kwargs)


SMOOTH = ("gelu", "silu", "mish", "softplus", "softsign", "logsigmoid")
BENT = ("leaky_relu", "elu", "selu", "hardtanh", "relu6", "hardsigmoid", "hardswish")
whole = {"grad": False}
# The difference of two numbers near 100 is rounded to 1e-5, also inside torch.
third = {"constant": (2,)}  # torch has no gradient with respect to weights
far = {"tolerance": (2e-6, 2e-5), "constant": (2,)}

CASES = [
    *[named(word, wide) for word in SMOOTH + BENT],
    *[named(word, np.zeros((0, 3), np.float32)) for word in ("gelu", "hardswish")],
    *[named(word, kinks, options=whole) for word in BENT],
    *[named(word, np.array(1.5, np.float32)) for word in ("gelu", "softplus")],
    named("gelu", wide, approximate="tanh"),
    named("leaky_relu", wide, 0.2),
    named("elu", wide, 0.5),
    named("hardtanh", wide, -2.0, 4.0),
    *[named(word, np.arange(-2, 9)) for word in ("hardtanh", "relu6", "softsign")],
    *[named(word, np.array([1 + 2j, -0.5j, 0], np.complex64)) for word in ("softsign", "tanhshrink")],
    named("silu", np.array([1 + 2j, -0.5j, 0], np.complex64), options={"grad": False}),  # torch has none
    named("softplus", wide, 2.0),
    named("softplus", wide, beta=0.5, threshold=1.5),
    *[named("glu", np.concatenate([x, y], axis), dim) for axis, dim in ((1, 1), (0, 0), (1, -1))],
    # Losses of one shape
    *[
        named(word, a, b, reduction=reduction)
        for word in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss")
        for reduction in REDUCTIONS
        for a, b in ((x, y), (np.array(1.5, np.float32), np.array(-0.5, np.float32)))
    ],
    *[
        named(word, x, y, weight=w, reduction=reduction)
        for word in ("mse_loss", "l1_loss", "huber_loss")
        for reduction in REDUCTIONS
    ],
    *[named(word, x, x, reduction="none", options=whole) for word in ("l1_loss", "huber_loss", "smooth_l1_loss")],
    *[named(word, x[:0], y[:0], reduction="sum") for word in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss")],
    *[named("huber_loss", x, y, "none", delta) for delta in (0.3, 2.0)],
    *[named("smooth_l1_loss", x, y, reduction="none", beta=beta) for beta in (0.0, 0.3, 2.0)],
    *[named("binary_cross_entropy", p, q, reduction=reduction) for reduction in REDUCTIONS],
    named("binary_cross_entropy", p, q, w, options=third),
    named("binary_cross_entropy", p, q, w[0], reduction="none", options=third),
    named(
        "binary_cross_entropy",
        np.array([0.0, 1.0, 0.0, 1.0], np.float32),
        np.array([0.0, 1.0, 1.0, 0.0], np.float32),
        options=whole,
    ),
    *[named("binary_cross_entropy_with_logits", x, q, reduction=reduction) for reduction in REDUCTIONS],
    named("binary_cross_entropy_with_logits", 40 * x, q, w, reduction="none", options=third),
    named("binary_cross_entropy_with_logits", x, q, pos_weight=w[0], options=third),
    named(
        "binary_cross_entropy_with_logits", x, q, w[0], pos_weight=w[1], reduction="sum", options={"constant": (2, 3)}
    ),
    *[named("kl_div", np.log(p), p[::-1].copy(), reduction=reduction) for reduction in ("sum", "none", "batchmean")],
    named("kl_div", np.log(p), q, reduction="none", options=whole),
    *[named("kl_div", np.log(p), np.log(p[::-1]), log_target=True, reduction=r) for r in ("sum", "none", "batchmean")],
    named("kl_div", np.array(1.5, np.float32), np.array(0.2, np.float32), reduction="batchmean"),
    # Losses over classes
    *[
        named(word, scores, target, weight, reduction=reduction, options=far)
        for word in ("cross_entropy", "nll_loss")
        for scores, target in (
            (logits, labels),
            (logits[0], np.array(2)),
            (maps, map_labels),
            (maps[:, :, 0], map_labels[:, 0]),
        )
        for weight in (None, classes)
        for reduction in ("mean", "none")
    ],
    *[
        named("cross_entropy", scores, target, weight, label_smoothing=0.1, reduction=reduction, options=far)
        for scores, target in ((logits, labels), (maps, map_labels), (maps, map_shares), (logits[0], np.array(2)))
        for weight in (None, classes)
        for reduction in ("mean", "none")
    ],
    *[
        named("cross_entropy", scores, target, weight, reduction=reduction, options=far)
        for scores, target in ((logits, shares), (logits[0], shares[0]), (maps, map_shares))
        for weight in (None, classes)
        for reduction in ("mean", "none")
    ],
    *[
        named(word, maps, map_labels, weight, ignore_index=2, reduction=reduction, options=third)
        for word in ("cross_entropy", "nll_loss")
        for weight in (None, classes)
        for reduction in ("mean", "none")
    ],
    *[named(word, maps, map_labels, classes, reduction="sum", options=third) for word in ("cross_entropy", "nll_loss")],
    named("cross_entropy", maps, map_shares, classes, label_smoothing=0.1, reduction="sum", options=third),
    named("cross_entropy", maps, map_labels, classes, ignore_index=2, label_smoothing=0.2, options=third),
    *[named(word, logits, np.array([3, -100, 0]), options=far) for word in ("cross_entropy", "nll_loss")],
    named("cross_entropy", logits[:0], labels[:0], reduction="sum"),
    # Layers
    *[named("linear", a, table) for a in (x, x[0], x[None, None], x[:0])],
    named("linear", x, table, np.arange(5, dtype=np.float32)),
    named("linear", x, table[0], np.array(2.0, np.float32), options={"torch": None}),
    named("linear", x[0], table[0]),
    *[named("embedding", i, table) for i in (np.array([[3, 0], [0, 4]]), np.array(2), np.zeros((0, 2), int))],
    *[named("embedding", np.array([[3, 0], [0, 4]]), table, row, options={"grad": False}) for row in (0, -1)],
    named("one_hot", np.array([[2, 0], [1, 1]]), 4),
    named("one_hot", np.array(1), 2),
    named("one_hot", np.zeros((0, 2), int), 3),
    case("nn.dropout", x, 0.5, False, options={"torch": "nn.functional.dropout"}),
    case("nn.dropout", x, 0.0, options={"torch": "nn.functional.dropout"}),
    case("nn.dropout", x, 1.0, False, options={"torch": "nn.functional.dropout"}),
    # Sampling
    *[
        named("grid_sample", images, grid, mode, padding, align)
        for mode in ("bilinear", "nearest")
        for padding in ("zeros", "border", "reflection")
        for align in (False, True)
    ],
    *[  # half of them: a volume compiles for a second
        named("grid_sample", volumes, volume_grid, mode, padding, align)
        for mode, padding, align in (
            ("bilinear", "zeros", False),
            ("bilinear", "border", True),
            ("bilinear", "reflection", True),
            ("nearest", "zeros", True),
            ("nearest", "reflection", False),
        )
    ],
]
