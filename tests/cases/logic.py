import numpy as np
from harness import case

flags = np.array([True, False, True])
opposite = np.array([[True], [False]])
numbers = np.array([0.0, -0.0, 2.5, np.nan], np.float32)
ints = np.array([0, 3, -1], np.int32)
z = np.array([0j, 1j, 2 + 0j], np.complex64)
x = np.array([[1.5, -2.0, 3.0], [0.0, 4.0, -1.0]], np.float32)
row = np.array([7.0, 8.0, 9.0], np.float32)
whole = {"grad": False}
BINARY = ("logical_and", "logical_or", "logical_xor")

CASES = [
    *[
        case(word, *operands, options=whole)
        for word in BINARY
        for operands in [(flags, opposite), (ints, flags), (numbers, numbers[:, None]), (z, ints)]
    ],
    *[case("logical_not", sample, options=whole) for sample in (flags, numbers, ints, z)],
    *[
        case("where", condition, *choices)
        for condition in (x > 0, flags, opposite)
        for choices in [(x, row), (x, 0.0), (1, x), (x[:, :1], row)]
    ],
    case("where", flags, ints, 7),
    case("where", flags, ints, 2.5),
    case("where", flags, 1, 2.5),
    case("where", flags, True, False),
    case("where", flags, z, 0),
    case("where", flags, np.array([1, 2, 3], np.uint8), 200),
    case("where", flags, np.full(3, np.nan, np.float32), row, options=whole),
]
