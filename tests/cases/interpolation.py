import numpy as np
from harness import case

rng = np.random.default_rng(7)


def draw(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def named(word, *args, options=None, **kwargs):
    return case(f"nn.{word}", *args, options={"torch": f"nn.functional.{word}"} | (options or {}), **kwargs)


row, image, volume = draw(2, 2, 5), draw(1, 2, 4, 7), draw(1, 1, 3, 4, 2)
grid = rng.uniform(-1.6, 1.6, (1, 6, 2, 2)).astype(np.float32)
# Positions are computed in float64 here and in float32 there, and a position rounds to 1e-6 of an image.
near = {"tolerance": (5e-6, 5e-6)}
# The slopes of 16 weights cancel where the pixels are alike, as they are beyond a border.
steep = {"tolerance": (5e-6, 2e-5)}

CASES = [
    *[named("interpolate", row, size, mode=mode) for mode in ("nearest", "nearest-exact") for size in (10, 3)],
    *[named("interpolate", row, None, 1.7, mode) for mode in ("nearest", "nearest-exact")],
    named("interpolate", image, None, (2, 0.6)),
    named("interpolate", volume, (5, 4, 1), mode="nearest-exact"),
    named("interpolate", np.arange(6, dtype=np.uint8).reshape(1, 1, 2, 3), scale_factor=2.5),
    *[named("interpolate", row, n, None, "linear", align, options=near) for n in (8, 3, 1) for align in (True, None)],
    named("interpolate", row, scale_factor=1.7, mode="linear", options=near),
    named("interpolate", row, scale_factor=1.7, mode="linear", recompute_scale_factor=True, options=near),
    *[
        named("interpolate", image, size, None, mode, align, options=near)
        for mode in ("bilinear", "bicubic")
        for size, align in (((6, 9), False), ((3, 10), True))
    ],
    named("interpolate", image, scale_factor=(0.6, 1.3), mode="bicubic", options=near),
    named("interpolate", volume, (5, 3, 4), mode="trilinear", options=near),
    named("interpolate", volume, scale_factor=1.5, mode="trilinear", align_corners=True, options=near),
    named("interpolate", image, (2, 3), mode="area"),
    named("interpolate", row, scale_factor=0.5, mode="area"),
    *[
        named("interpolate", image, size, None, mode, align, None, True, options=near)
        for mode in ("bilinear", "bicubic")
        for size, align in (((2, 3), False), ((3, 9), True))
    ],
    named("interpolate", image, scale_factor=0.4, mode="bilinear", antialias=True, options=near),
    named("upsample", image, None, 2, "bilinear", options=near | {"torch": "nn.functional.interpolate"}),
    *[
        named("grid_sample", image, grid, "bicubic", padding, align, options=steep)
        for padding, align in (("zeros", True), ("border", False), ("reflection", False), ("reflection", True))
    ],
    named("affine_grid", draw(1, 2, 3), (1, 1, 1, 3), False, options=near),
    *[
        named("affine_grid", theta, size, align, options=near)
        for theta, size in ((draw(2, 2, 3), (2, 1, 3, 4)), (draw(1, 3, 4), [1, 2, 2, 4, 3]))
        for align in (False, True)
    ],
]
