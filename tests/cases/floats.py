import numpy as np
from harness import case

x = np.array([[0.3, -1.7, 2.6], [-0.4, 7.75, -12.3]], np.float32)
y = np.array([[2.0, 0.5, -1.0], [3.0, -2.25, 0.0]], np.float32)
special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -3.0], np.float32)
tiny = np.array([1e-40, -3e-45], np.float32)
half = np.array([0.25, 3.0], np.float16)
ints = np.array([1, 2, 4], np.int32)
z = np.array([1 + 2j, -0.5 + 0.25j], np.complex64)
whole = {"grad": False}
zeros, powers = np.zeros(5, np.complex64), np.array([1, 1 + 1j, -1, 1j, -1 + 1j], np.complex64)

CASES = [
    *[case("frexp", sample, options=whole) for sample in (x, special, half, tiny, np.zeros((0, 2), np.float32))],
    case("ldexp", x, y),
    case("ldexp", x, np.array([3, 0, -40], np.int32), options={"grad": False}),
    case("ldexp", np.array([1e-30, 1e30], np.float32), np.array([190, -190], np.int32), options=whole),
    *[
        case("ldexp", *operands, options=whole)
        for operands in [(ints, ints), (half, half), (special, np.array(3, np.int32)), (x[0], special[:3]), (z, z)]
    ],
    *[case("nextafter", *operands, options=whole) for operands in [(x, y), (x[0], special[:3]), (special, special)]],
    case("float_power", np.abs(x), y),
    case("float_power", x, 2),
    *[case(word, zeros, powers, options=whole) for word in ("float_power", "pow")],
    case("rsub", x, y[:1]),
    case("rsub", x, 2, alpha=3),
    case("rsub", ints, 7, alpha=2),
    case("complex", x, y[0]),
    case("polar", np.abs(x), y),
    case("view_as_real", z),
    case("view_as_real", z.reshape(2, 1)),
    case("view_as_complex", x[:, :2]),
    case("conj_physical", z, options=whole),
    case("resolve_conj", z, options=whole),
    case("resolve_neg", x),
]
