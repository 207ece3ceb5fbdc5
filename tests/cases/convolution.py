import numpy as np
from harness import case

rng = np.random.default_rng(5)


def draw(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def named(word, *args, options=None, **kwargs):
    return case(f"nn.{word}", *args, options={"torch": f"nn.functional.{word}"} | (options or {}), **kwargs)


row, image, volume = draw(2, 4, 7), draw(2, 4, 5, 6), draw(1, 2, 3, 4, 5)
# A sum of 12 products or more of either sign, which every library adds up in its own order.
loose = {"tolerance": (2e-6, 5e-6)}

CASES = [
    named("conv1d", row, draw(3, 4, 3), options=loose),
    named("conv1d", row, draw(6, 2, 2), draw(6), 2, 1, 2, 2, options=loose),
    named("conv1d", row[0], draw(4, 1, 4), draw(4), padding="same", groups=4, options=loose),
    named("conv1d", row[:0], draw(3, 4, 3), options=loose),
    named("conv2d", image, draw(3, 4, 2, 3), draw(3), options=loose),
    named("conv2d", image, draw(2, 2, 3, 2), None, (2, 1), (1, 2), (1, 2), 2, options=loose),
    named("conv2d", image[0], draw(3, 4, 1, 1), padding="valid", options=loose),
    named("conv2d", image, draw(1, 4, 4, 2), padding="same", dilation=[1, 2], options=loose),
    named("conv3d", volume, draw(3, 2, 2, 2, 3), draw(3), (1, 2, 1), 1, options=loose),
    named("conv3d", volume[0], draw(2, 1, 1, 2, 2), groups=2, padding="same", options=loose),
    named("conv_transpose1d", row, draw(4, 3, 3), draw(3), options=loose),
    named("conv_transpose1d", row, draw(4, 3, 3), draw(6), 2, 1, 1, 2, options=loose),
    named("conv_transpose1d", row[0], draw(4, 1, 2), None, 1, 2, 1, 4, 3, options=loose),
    named("conv_transpose2d", image, draw(4, 2, 3, 2), draw(4), (2, 3), (1, 0), (1, 2), 2, (2, 1), options=loose),
    named("conv_transpose2d", image[0], draw(4, 2, 2, 2), stride=2, options=loose),
    named("conv_transpose3d", volume, draw(2, 3, 2, 1, 2), draw(3), stride=(1, 2, 2), padding=(1, 0, 1), options=loose),
    named("conv_tbc", draw(5, 2, 3), draw(2, 3, 4), draw(4), options=loose),
    named("conv_tbc", draw(3, 2, 3), draw(4, 3, 2), draw(2), 1, options=loose),
    # Patches
    named("unfold", image, 2),
    named("unfold", image[0], (2, 3), (2, 1), (1, 0), (1, 2)),
    named("unfold", image, (5, 6)),
    named("fold", draw(2, 8, 20), (5, 6), 2),
    named("fold", draw(12, 10), (5, 6), (2, 3), (2, 1), (1, 0), (1, 2)),
    # Pixels
    named("pixel_shuffle", draw(2, 12, 2, 3), 2),
    named("pixel_shuffle", np.arange(18).reshape(18, 1, 1), 3),
    named("pixel_unshuffle", draw(2, 3, 4, 6), 2),
    named("pixel_unshuffle", draw(1, 3, 9), 3),
    named("channel_shuffle", draw(2, 6, 3), 3),
    named("channel_shuffle", np.arange(12).reshape(1, 6, 1, 2), 2),
    # Padding
    named("pad", image, (1, 2)),
    named("pad", image, [1, 0, -1, 2, 0, 1], value=2.5),
    named("pad", image[0, 0, 0], (-2, -3), "constant", 1.0),
    named("pad", np.arange(6).reshape(2, 3), (0, 1, 2, -1), value=7),
    named("pad", np.arange(3), (0, 1), "constant", 1.0),
    *[named("pad", np.array([True, False]), (0, 1), value=value) for value in (None, 0.0, 1, True)],
    named("pad", np.array([True, False]), (1, 1), value=True),
    *[
        named("pad", a, numbers, mode)
        for mode in ("reflect", "replicate", "circular")
        for a, numbers in (
            (row, (3, 2)),
            (row[0], (-2, 3)),
            (image, (2, -1, -2, 1)),
            (volume[0], (0, 1, 1, 1, 2, 0)),
        )
    ],
    *[named("pad", row, numbers, "circular") for numbers in ((7, 0), (-3, -2))],
    named("pad", row, (9, 0), "replicate"),
    named("pad", np.arange(6).reshape(2, 3), (2, 1), "reflect"),
]
