import numpy as np
from harness import case

a = np.array([[1.5, -2.25, 3.0], [0.5, 4.0, -1.75]], np.float32)
b = np.array([[-0.7, 2.5, 0.4], [3.25, -1.5, 0.8]], np.float32)
row, column = b[0], a[:, :1]
ints = np.array([[7, -7, 3], [0, 12, -5]], np.int32)
divisors = np.array([[2, 3, -4], [5, -7, 1]], np.int32)
flags = np.array([True, False, True])
special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -7.5], np.float32)
others = special[::-1].reshape(7, 1).copy()
z = np.array([1 + 2j, -0.5 + 0.25j, 3 - 1j], np.complex64)
half = a.astype(np.float16)
small = np.array([100, 27, 3], np.uint8)
whole = {"grad": False}

CASES = [
    *[
        case(word, *operands)
        for word in ("add", "sub", "mul", "div")
        for operands in [
            (a, b),
            (a, row),
            (column, row),
            (a, 2),
            (a, 0.5),
            (3, a),
            (ints, b),
            (np.array(2.5, np.float32), a),
        ]
    ],
    *[
        case(word, *operands, options=whole)
        for word in ("add", "sub", "mul", "div")
        for operands in [
            (ints, divisors),
            (ints, 2),
            (ints, 0.5),
            (z, row),
            (half, half),
            (small, 2),
            (np.zeros((0, 3)), a[0]),
        ]
    ],
    *[case(word, special, others, options=whole) for word in ("add", "sub", "mul", "div")],
    *[case(word, flags, flags[::-1].copy()) for word in ("add", "mul")],
    *[case(word, flags, 2) for word in ("add", "mul", "div")],
    *[case(word, a, b) for word in ("subtract", "multiply", "divide", "true_divide")],
    *[case(word, a, b, alpha=alpha) for word in ("add", "sub") for alpha in (2, -0.5)],
    case("add", ints, divisors, alpha=3),
    case("sub", ints, 4, alpha=3),
    *[
        case("div", *operands, rounding_mode=mode)
        for operands in [(a, b), (ints, divisors), (ints, 2), (ints, 0.7)]
        for mode in (None, "trunc", "floor")
    ],
    *[case("div", special, others, rounding_mode=mode, options=whole) for mode in ("trunc", "floor")],
    # torch defines no derivative of floor_divide
    *[
        case("floor_divide", *operands, options=whole)
        for operands in [(a, b), (a, 2), (7, b), (ints, divisors), (small, 7), (half, half[0])]
    ],
    case("floor_divide", special, others, options=whole),
    *[
        case(word, *operands)
        for word in ("remainder", "fmod")
        for operands in [(a, b), (a, 0.7), (ints, divisors), (ints, 4), (small, 7)]
    ],
    *[case(word, special, others, options=whole) for word in ("remainder", "fmod")],
    case("remainder", 7.5, b, options=whole),
    case("remainder", half, half[0], options=whole),
    *[case(word, x) for word in ("neg", "negative", "positive") for x in (a, ints, small)],
    *[case(word, x, options=whole) for word in ("neg", "positive") for x in (special, z, half)],
    *[case("lerp", a, b, weight) for weight in (0.25, 0.75, 1.5, np.array([0.1, 0.6, -0.3], np.float32))],
    *[case("lerp", a, b, weight, options=whole) for weight in (0.0, 1.0, np.nan)],
    case("lerp", special, others, 0.3, options=whole),
    *[case(word, a, b, row) for word in ("addcmul", "addcdiv")],
    *[case(word, column, a, row, value=0.5) for word in ("addcmul", "addcdiv")],
    case("addcmul", ints, divisors, ints, value=2),
    case("addcmul", special, others, special, options=whole),
    case("addcdiv", special, others, special, options=whole),
]
