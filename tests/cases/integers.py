import numpy as np
from harness import case

a = np.array([[12, 10, -7], [0, 255, 3]], np.int32)
b = np.array([6, -3, 1], np.int32)
small = np.array([12, 200, 7], np.uint8)
flags = np.array([True, False, True])

CASES = [
    *[
        case(word, *operands)
        for word in ("bitwise_and", "bitwise_or", "bitwise_xor")
        for operands in [
            (a, b),
            (a[:, :1], b),
            (a, 6),
            (5, a),
            (small, small[::-1].copy()),
            (flags, flags[::-1].copy()),
            (small, 200),
        ]
    ],
    *[case("bitwise_not", sample) for sample in (a, small, flags)],
    *[
        case(word, *operands)
        for word in ("bitwise_left_shift", "bitwise_right_shift")
        for operands in [
            (a, np.array([1, 4, 0], np.int32)),
            (a, 2),
            (3, np.array([0, 5], np.int32)),
            (small, 3),
            (a, np.array([31, 32, -1], np.int32)),
        ]
    ],
    *[
        case(word, *operands)
        for word in ("gcd", "lcm")
        for operands in [
            (a, b),
            (a[:, :1], b),
            (a, np.array([6, 0, -2], np.int32)),
            (np.array(6, np.int32), a),
            (small, small[::-1].copy()) if word == "gcd" else (b, b),
        ]
    ],
]
