import numpy as np
from harness import case

rng = np.random.default_rng(6)


def draw(*shape):
    return rng.permutation(np.prod(shape)).reshape(shape).astype(np.float32) / 16 - 1.3


def named(word, *args, options=None, **kwargs):
    return case(f"nn.{word}", *args, options={"torch": f"nn.functional.{word}"} | (options or {}), **kwargs)


row, image, volume = draw(2, 3, 9), draw(2, 2, 5, 7), draw(1, 2, 4, 3, 5)
ties = np.array([[[1.0, 3.0, 3.0, 0.0, 3.0], [3.0, 3.0, 2.0, 5.0, 5.0], [0.0, 3.0, 5.0, 5.0, -1.0]]], np.float32)
gaps = np.where(ties == 3, np.float32(np.nan), ties)
low = np.full((1, 4, 4), -np.inf, np.float32)
shares = np.array([[[0.1, 0.9], [0.45, 0.3]], [[0.7, 0.0], [0.25, 0.99]]], np.float32)
volume_shares = np.array([[[0.1, 0.9, 0.4], [0.45, 0.3, 0.8]]], np.float32)
# Positions have no derivative, and differences cannot be taken at ties: those gradients are in test_pooling.py.
kink = {"grad": False}

CASES = [
    named("avg_pool1d", row, 2),
    named("avg_pool1d", row[0], 4, 3, 2, True, False),
    named("avg_pool1d", row, (3,), [2], padding=1),
    named("avg_pool2d", image, 2),
    named("avg_pool2d", image, (2, 3), (3, 2), (1, 0), True),
    named("avg_pool2d", image[0], 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
    named("avg_pool2d", image, 2, 1, divisor_override=3),
    named("avg_pool2d", image[:0], 2),
    named("avg_pool3d", volume, 2, (1, 2, 2), 1),
    named("avg_pool3d", volume[0], (2, 1, 3), ceil_mode=True, divisor_override=-2),
    named("lp_pool1d", np.abs(row), 3, 2),
    named("lp_pool1d", row[0], float("inf"), 2, 1),
    named("lp_pool2d", image, 2, (2, 3), 2, True),
    named("lp_pool2d", np.abs(image), 1.5, 2),
    named("lp_pool2d", image, -float("inf"), 2),
    named("lp_pool3d", volume, 2.0, 2),
    named("max_pool1d", row, 2),
    named("max_pool1d", row, 3, 2, 1, 2, True),
    named("max_pool1d", row, 6, 2, 3),
    named("max_pool1d", row[0], 9),
    named("max_pool1d", row, 5, 2, 0, 2),
    named("max_pool1d", row, 6, 7, 2, ceil_mode=True),
    named("max_pool2d", image, 2),
    named("max_pool2d", image, (3, 2), (2, 1), 1),
    named("max_pool2d", image[0], 3, stride=2, padding=1, ceil_mode=True),
    named("max_pool2d", image, 2, dilation=(2, 3), padding=1),
    named("max_pool2d", image[:0], 2),
    named("max_pool2d", np.arange(16).reshape(1, 4, 4), 3, 1, 1),
    named("max_pool3d", volume, 2, (1, 2, 2), 1),
    named("max_pool3d", volume[0], (2, 1, 5)),
    *[
        named("max_pool2d", a, *window, return_indices=True, options=kink)
        for a in (ties, gaps, low)
        for window in ((2, 1, 1), ((3, 2), 2, 1, 1, True), (2, 1, 1, 2))
    ],
    named("max_pool1d", ties[0], 5, return_indices=True, options=kink),
    named("max_pool1d", gaps[0], 5, 1, 2, return_indices=True, options=kink),
    named("max_pool1d", row, 7, 1, 3, return_indices=True, options=kink),
    named("max_pool1d_with_indices", row[0], 2, options=kink),
    named("max_pool2d_with_indices", image, 2, options=kink),
    named("max_pool3d_with_indices", volume, 2, options=kink),
    named("adaptive_avg_pool1d", row, 3),
    named("adaptive_avg_pool1d", row[0], 4),
    named("adaptive_avg_pool2d", image, 1),
    named("adaptive_avg_pool2d", image, (7, 3)),
    named("adaptive_avg_pool2d", image[0], (None, 2)),
    named("adaptive_avg_pool2d", image, (0, 2), options=kink),  # torch has no gradient for nothing
    named("adaptive_avg_pool3d", volume, (2, None, 3)),
    named("adaptive_max_pool1d", row, 4),
    named("adaptive_max_pool2d", image, (2, 1)),
    named("adaptive_max_pool2d", image[0], (None, 9)),
    named("adaptive_max_pool2d", image, (0, 2), options=kink),  # torch has no gradient for nothing
    named("adaptive_max_pool3d", volume, (2, 3, 4)),
    *[named("adaptive_max_pool2d", a, size, True, options=kink) for a in (ties, gaps, low) for size in (2, (1, 3))],
    named("adaptive_max_pool1d_with_indices", row, 4, options=kink),
    named("adaptive_max_pool2d_with_indices", image, 2, options=kink),
    named("adaptive_max_pool3d_with_indices", volume, (2, 2, 3), options=kink),
    named("max_unpool1d", draw(2, 2), np.array([[1, 2], [0, 3]]), 2),
    named("max_unpool1d", draw(1, 2, 2), np.array([[[3, 2], [0, 3]]]), 3, 2, 1, [4]),
    named("max_unpool2d", draw(1, 2, 2), np.array([[[1, 2], [9, 10]]]), 2, output_size=(5, 4)),
    named("max_unpool2d", draw(1, 1, 1, 2), np.array([[[[0, 7]]]]), 2, output_size=[1, 1, 2, 5]),
    named("max_unpool3d", draw(1, 1, 1, 1, 2), np.array([[[[[0, 9]]]]]), (2, 2, 2)),
    *[
        named(f"fractional_max_pool{n}d{how}", a, window, size, ratio, True, numbers, options=kink)
        for how in ("", "_with_indices")
        for n, a, window, size, ratio, numbers in (
            (2, image, (2, 3), (4, 3), None, shares[:2]),
            (2, image[0], 2, None, (0.5, 0.7), shares[:1]),
            (3, volume, (1, 1, 2), (3, 2, 1), None, volume_shares),
        )
    ],
    named("fractional_max_pool2d", image, 2, 3, _random_samples=shares[:2], options={"constant": (1,)}),
]
