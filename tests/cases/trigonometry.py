import numpy as np
from harness import case

inside = np.array([[0.1, -0.6, 0.9], [-0.25, 0.5, -0.8]], np.float32)
wide = np.array([[1.5, -2.25, 3.0], [0.5, 4.0, -30.0]], np.float32)
above = np.array([[1.5, 2.25], [3.0, 50.0]], np.float32)
special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 2.0], np.float32)
others = special.reshape(8, 1)
z = np.array([0.5 + 0.25j, -0.5 + 2j, 1.5 - 1j], np.complex64)
half = np.array([0.25, -0.75, 1.0], np.float16)
ints = np.array([-1, 0, 1, 2], np.int32)
whole = {"grad": False}
EVERYWHERE = ("sin", "cos", "tan", "atan", "tanh", "asinh", "sinc", "deg2rad", "rad2deg")
HYPERBOLIC = ("sinh", "cosh")
INSIDE = ("asin", "acos", "atanh")
COMPLEX = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sinc")

CASES = [
    *[case(word, wide) for word in EVERYWHERE],
    *[case(word, inside) for word in (*EVERYWHERE, *HYPERBOLIC, *INSIDE)],
    case("acosh", above),
    *[
        case(word, sample, options=whole)
        for word in (*EVERYWHERE, *HYPERBOLIC, *INSIDE, "acosh")
        for sample in (special, half, ints, np.zeros((0, 2), np.float32))
    ],
    *[case(word, z, options=whole) for word in COMPLEX],
    *[case(f"arc{word}", inside) for word in ("sin", "cos", "tan", "sinh", "tanh")],
    case("arccosh", above),
    case("arctan2", inside, wide),
    case("atan2", inside, wide),
    case("atan2", inside[:, :1], wide[0]),
    case("atan2", special, others, options=whole),
    case("atan2", ints, ints[::-1].copy(), options=whole),
    case("atan2", half, half[::-1].copy(), options=whole),
    case("sinc", np.array([0.3, 0.32, 2.0, -3.0], np.float32)),
    case("sinc", np.array([1e-3, -1e-2], np.float32), options={"torch": None}),  # torch's derivative cancels near 0
]
