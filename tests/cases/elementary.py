import numpy as np
from harness import case

x = np.array([[0.5, 2.0, 3.25], [1.0, 0.125, 10.0]], np.float32)
y = np.array([[1.5, -2.0, 0.5], [-0.75, 3.0, 2.0]], np.float32)
mixed = np.array([0.3, -0.7, 1.9, -2.4], np.float32)
ints = np.array([1, 4, 9], np.int32)
special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.0, 1e-30], np.float32)
others = special.reshape(8, 1)
z = np.array([1 + 2j, -0.5 + 0.25j, 3 - 1j], np.complex64)
half = np.array([0.5, 1.5, 3.0], np.float16)
whole = {"grad": False}
UNARY = ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "square", "reciprocal")
REAL = ("exp", "exp2", "expm1", "square", "reciprocal")

CASES = [
    *[case(word, x) for word in UNARY],
    *[case(word, mixed) for word in REAL],
    *[
        case(word, sample, options=whole)
        for word in UNARY
        for sample in (special, ints, half, np.array([True, True]), np.array(2.0, np.float32))
    ],
    *[case(word, z, options=whole) for word in UNARY],
    *[case(word, np.array([1e-6, -1e-7, 1e-4], np.float32)) for word in ("expm1", "log1p")],
    *[case("pow", x, exponent) for exponent in (2, 3, 0.5, -1, -1.5, 1, 2.0, y)],
    *[case("pow", mixed, exponent) for exponent in (2, 3, -2, np.array([2, 3, 0, -1], np.int32))],
    *[case("pow", base, y) for base in (2, 0.5, x[:, 1:2])],
    *[case("pow", ints, exponent) for exponent in (2, 0, 0.5, np.array([3, 0, 2], np.int32))],
    *[case("pow", base, np.array([0, 1, 5], np.int32)) for base in (2, -3)],
    *[
        case("pow", *operands, options=whole)
        for operands in [
            (half, 2),
            (half, half),
            (z, 2),
            (z, z),
            (np.array([True, False]), 2),
            (special, others),
            (special, 2),
            (special, 0),
            (np.abs(special), 0.5),
            (2.0, special),
        ]
    ],
    *[case(word, x, y) for word in ("hypot", "logaddexp", "logaddexp2")],
    *[case(word, y[:, :1], x[0]) for word in ("hypot", "logaddexp", "logaddexp2", "xlogy")],
    *[case(word, special, others, options=whole) for word in ("hypot", "logaddexp", "logaddexp2", "xlogy")],
    *[case(word, half, half[::-1].copy(), options=whole) for word in ("hypot", "logaddexp", "logaddexp2", "xlogy")],
    case("hypot", np.array([3e30, -1e-30], np.float32), np.array([4e30, 1e-30], np.float32), options=whole),
    case("logaddexp", np.array([1000.0, -1000.0], np.float32), np.array([1000.0, 0.0], np.float32)),
    case("xlogy", y, x),
    case("xlogy", y, 2.5),
    case("xlogy", 2, x),
    case("xlogy", ints, ints, options=whole),
]
