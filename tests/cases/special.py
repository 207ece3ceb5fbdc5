import numpy as np
from harness import case

x = np.array([[0.3, -1.7, 2.6], [-0.4, 3.8, -2.3]], np.float32)
inside = np.array([0.1, 0.25, 0.5, 0.93], np.float32)
special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 30.0, -30.0], np.float32)
half = np.array([0.25, 0.75, 0.5], np.float16)
ints = np.array([1, 0, 3], np.int32)
whole = {"grad": False}
UNARY = ("sigmoid", "relu", "erf", "erfc", "lgamma", "digamma", "i0")

CASES = [
    *[case(word, x) for word in UNARY],
    *[
        case(word, sample, options=whole)
        for word in (*UNARY, "erfinv", "logit")
        for sample in (special, half, ints, np.zeros((0, 2), np.float32))
    ],
    case("expit", x, options={"torch": "special.expit"}),
    case("sigmoid", np.array([1 + 1j, -2j], np.complex64), options=whole),
    case("erfinv", x / 5),
    case("logit", inside),
    case("logit", inside, 0.2),
    case("logit", special, eps=1e-3, options=whole),
    *[case(word, x, dim) for word in ("softmax", "log_softmax") for dim in (0, 1, -1)],
    *[case(word, np.array(0.3, np.float32), 0) for word in ("softmax", "log_softmax")],
    *[case(word, x, dim=1, dtype=None) for word in ("softmax", "log_softmax")],
    *[
        case(word, sample, 0, options=whole)
        for word in ("softmax", "log_softmax")
        for sample in (
            special[3:],
            np.array([-np.inf, 1.0], np.float32),
            np.array([-np.inf, -np.inf], np.float32),
            half,
            np.zeros((0, 3), np.float32),
            np.zeros((3, 0), np.float32),
        )
    ],
    *[
        case(word, ints, 0, options={"torch": None}) for word in ("softmax", "log_softmax")
    ],  # torch takes no integers here
]
