import numpy as np
from harness import case

x = np.array([[1.5, -2.0, 3.0], [0.0, 4.0, -1.0]], np.float32)
whole = {"grad": False}

CASES = [
    *[case(word, *size) for word in ("zeros", "ones") for size in [((),), (0,), (3,), (2, 3), ((2, 0, 3),), ([2, 3],)]],
    *[case(word, x, options=whole) for word in ("zeros_like", "ones_like")],
    case("full", (2, 3), 7),
    case("full", (2, 3), 2.5),
    case("full", (), True),
    case("full_like", x, 3, options=whole),
    *[case("arange", *bounds) for bounds in [(5,), (0,), (2, 7), (0, 10, 2), (5, 0, -2), (0.0, 1.0, 0.25), (1, 2.5)]],
    *[case("linspace", 0, 1, steps) for steps in (0, 1, 5)],
    case("linspace", -3.0, 3.0, 7),
    case("logspace", 0, 2, 5),
    case("logspace", 0, 3, 4, 2.0),
    *[case("eye", *size) for size in [(3,), (2, 3), (3, 2), (0,)]],
]
