import numpy as np
from harness import case

x = np.array([[1.3, -2.25, 3.6], [0.4, 4.75, -1.7]], np.float32)
y = np.array([2.0, -1.0, 3.5], np.float32)
ties = np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5], np.float32)
special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -7.5], np.float32)
others = special.reshape(7, 1)
half = np.array([0.25, -0.75, 1.5], np.float16)
ints = np.array([[-3, 0, 5], [7, 2, -1]], np.int32)
whole = {"grad": False}
UNARY = ("floor", "ceil", "trunc", "fix", "round")

CASES = [
    *[case(word, x) for word in (*UNARY, "frac")],
    *[case(word, sample, options=whole) for word in UNARY for sample in (special, ties, half, ints)],
    *[case("frac", sample, options=whole) for sample in (special, ties, half)],
    case("frac", ints, options={"torch": None}),  # torch takes no integers here
    *[case("round", 100 * x, decimals=decimals, options=whole) for decimals in (-2, -1, 1, 2)],
    case("round", np.array([3.14159, 2.675, -0.005, 3e30, np.nan, np.inf], np.float32), decimals=2, options=whole),
    case("round", half, decimals=1, options=whole),
    case("round", ints, decimals=1, options={"torch": None}),
    *[
        case(word, x, low, high)
        for word in ("clamp", "clip")
        for low, high in [(-1, 2), (-1.5, None), (None, 2.5), (3, 1)]
    ],
    case("clamp", x, min=y, max=4.0, options={"torch": None}),  # torch takes two numbers or two tensors
    case("clamp", x, max=y),
    case("clamp", x[:, :1], y - 3, y),
    *[
        case("clamp", sample, *bounds, options=whole)
        for sample in (special, half)
        for bounds in [(-1, 1), (0.5, None), (None, 0.5)]
    ],
    case("clamp", special, np.array([np.nan], np.float32), np.ones(1, np.float32), options=whole),
    *[case("clamp", ints, *bounds) for bounds in [(-1, 3), (None, 2), (0.5, 2.5)]],
    *[case(word, x, bound) for word in ("clamp_min", "clamp_max") for bound in (1, 0.5, y)],
    *[
        case(word, *operands)
        for word in ("maximum", "minimum", "fmax", "fmin")
        for operands in [(x, y), (x[:, :1], y), (ints, ints[::-1].copy()), (ints, y)]
    ],
    *[case(word, special, others, options=whole) for word in ("maximum", "minimum", "fmax", "fmin")],
    *[case(word, half, half[::-1].copy(), options=whole) for word in ("maximum", "minimum", "fmax", "fmin")],
    case("nan_to_num", x),
    case("nan_to_num", special, options=whole),
    case("nan_to_num", special, nan=1.5, posinf=3, neginf=-4.0, options=whole),
    case("nan_to_num", half, options=whole),
    case("nan_to_num", ints),
]
