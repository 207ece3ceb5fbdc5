import numpy as np
from harness import case

x = np.array([[1.5, -2.25, 3.0], [0.5, 4.0, -1.75]], np.float32)
special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -2.0], np.float32)
others = special.reshape(7, 1)
z = np.array([1 + 2j, -0.5 + 0.25j, 0j, -3 + 0j], np.complex64)
half = np.array([0.25, -0.75, 0.0], np.float16)
ints = np.array([-3, 0, 5], np.int32)
whole = {"grad": False}
UNARY = ("abs", "absolute", "sign", "sgn", "real", "conj", "angle")

CASES = [
    *[case(word, x) for word in UNARY if word != "sgn"],
    case("sgn", x, options=whole),
    *[
        case(word, sample, options=whole)
        for word in (*UNARY, "signbit")
        for sample in (special, half, ints, np.array([3, 0], np.uint8))
    ],
    *[case(word, z, options=whole) for word in ("abs", "sgn", "real", "imag", "conj", "angle")],
    case("imag", x, options={"torch": None}),  # torch refuses real numbers here
    *[case(word, np.array([True, False])) for word in ("sign", "sgn", "signbit")],
    *[case("copysign", x, other) for other in (-2.0, np.array([1.0, -1.0, -0.5], np.float32), x[:, ::-1].copy())],
    case("copysign", special, others, options=whole),
    case("copysign", ints, -1),
    case("copysign", half, half[::-1].copy(), options=whole),
    *[
        case("heaviside", *operands, options=whole)
        for operands in [(x, x), (special, np.array([0.5], np.float32)), (ints, ints), (half, half)]
    ],
]
