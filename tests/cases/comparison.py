import numpy as np
from harness import case

x = np.array([[1.5, -2.0, 3.0], [0.0, 4.0, -1.0]], np.float32)
row = np.array([1.5, 0.0, 3.0], np.float32)
ints = np.array([[1, -2, 3], [0, 4, 2]], np.int32)
special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 1.0 + 1e-6], np.float32)
others = special.reshape(7, 1)
z = np.array([1 + 2j, 3 + 0j, 0j, np.nan + 1j, np.inf - 1j], np.complex64)
half = np.array([0.25, -0.75, np.inf], np.float16)
flags = np.array([True, False, True])
whole = {"grad": False}
unmapped = {"grad": False, "vmap": False}  # NumPy warns when it halves a complex infinity
ORDER = ("lt", "less", "le", "less_equal", "gt", "greater", "ge", "greater_equal")
KINDS = ("isnan", "isinf", "isfinite", "isreal")

CASES = [
    *[
        case(word, *operands, options=whole)
        for word in ("eq", "ne", *ORDER)
        for operands in [
            (x, row),
            (x[:, :1], row),
            (ints, 2),
            (ints, 2.5),
            (flags, flags[::-1].copy()),
            (half, half[::-1].copy()),
        ]
    ],
    *[case(word, special, others, options=whole) for word in ("eq", "not_equal", "lt", "le", "gt", "ge")],
    *[case(word, z, z[::-1].copy(), options=unmapped) for word in ("eq", "ne")],
    *[
        case(word, sample, options=whole)
        for word in (*KINDS, "isposinf", "isneginf")
        for sample in (special, half, ints, flags)
    ],
    *[case(word, z, options=unmapped) for word in KINDS],
    *[case(word, special, others, options=whole) for word in ("isclose",)],
    case("isclose", special, others, equal_nan=True, options=whole),
    case("isclose", special, others, 0.0, 1e-3, options=whole),
    case("isclose", ints, ints + 1, 0.5, options=whole),
    case("isclose", z, z, options=unmapped),
]
