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
    *[
        case("full", (2,), value, dtype=kind)
        for value, kind in [(3, "float"), (2.0, "int"), (7, "bool"), (1.5, "bool")]
    ],
    case("full", (2,), 1j, dtype="bool"),  # the imaginary part counts
    case("full", size=(2, 0), fill_value=1.0),
    case("full", (3,), float("-inf")),
    case("full", (2,), np.array(1.5, np.float32), options={"torch": None}),
    case("full_like", x, np.array(-1, np.int32), options={"grad": False, "torch": None}),
    case("full_like", x, fill_value=float("nan"), options=whole),
    *[case(word, size=(2, 3)) for word in ("zeros", "ones")],
    *[case(word, 2, 3, dtype="int") for word in ("zeros", "ones")],
    *[case(word, x, dtype="bool", options=whole) for word in ("zeros_like", "ones_like")],
    case("full_like", x, 3, options=whole),
    *[case("arange", *bounds) for bounds in [(5,), (0,), (2, 7), (0, 10, 2), (5, 0, -2), (0.0, 1.0, 0.25), (1, 2.5)]],
    *[
        case("arange", *bounds)
        for bounds in [(2, 2), (3.5,), (-2.5, 2, 0.5), (1, 0, -0.125), (0, -7, -3), (0.1, 2, 0.3)]
    ],
    case("arange", start=1, end=9, step=3),
    case("arange", end=3),
    case("arange", 0, 9, step=2.5),
    *[case("arange", 4, dtype=kind) for kind in ("float", "uint8", "half", "short")],
    case("arange", 0.0, 6.0, 2.0, dtype="int"),
    case("arange", -128, 127, 50, dtype="int8"),
    case("arange", -100, 120, 210, dtype="int8"),
    case("arange", 16777217, 16777223, 2, dtype="float"),
    *[case("linspace", a, b, 7, dtype="int") for a, b in [(0, 5), (5, 0), (-5, 5), (-9, 0), (0, 60), (2, 2)]],
    *[case("linspace", a, b, n, dtype="int") for a, b in [(0, 9), (-3, 8)] for n in (0, 1, 2, 4)],
    *[case("linspace", a, b, n, dtype="int") for a, b in [(0.5, 4.5), (-1.7, 4.9), (3.9, -2.9)] for n in (1, 5, 10)],
    case("linspace", start=0, end=1, steps=4),
    case("linspace", 1 + 1j, 2, 3),
    *[case("linspace", 0, 1, steps) for steps in (0, 1, 5)],
    case("linspace", -3.0, 3.0, 7),
    case("logspace", 0, 2, 5),
    *[case("logspace", a, b, n, dtype="int") for a, b in [(0, 9), (2.5, 0), (4.9, 1.1)] for n in (2, 4)],
    case("logspace", 0, 5, 6, 7.0, dtype="int"),
    case("logspace", 0, 3, 4, 2.0),
    case("logspace", start=-1, end=1, steps=3, base=10.0),
    case("eye", n=2, m=3),
    case("eye", 3, dtype="int"),
    *[case("eye", *size) for size in [(3,), (2, 3), (3, 2), (0,)]],
]
