import numpy as np
from harness import case

x = np.array([[1.0, 2.0], [1.0, 0.5]], np.float32)
gaps = np.array([1.0, np.nan, 1.0, -1.0, 9.0, 3.0], np.float32)
i = np.array([[1, 2], [3, 4]], np.int32)
n = np.array([1, 2, 1, 0], np.int32)
weights = np.array([0.5, 1.0, 2.0, 4.0], np.float32)
many = np.arange(300, dtype=np.float32)
flat = {"grad": False}  # counts are constant between the points where they jump
sized = {"torch": None, "grad": False}

CASES = [
    *[
        case("isin", i, test, invert=invert, options=flat)
        for test in (np.array([2, 3]), 2, np.array([[2.0]]))
        for invert in (False, True)
    ],
    case("isin", 2, i),
    case("isin", gaps, np.array([np.nan, 1.0], np.float32), options=flat),
    case("isin", many, np.concatenate([many[::3] + 0.5, many[::2], [np.nan]]).astype(np.float32), options=flat),
    case("isin", i, np.zeros(0, np.int32)),
    case("isin", i[:0], np.array([2, 3]), assume_unique=True),
    *[case("histc", x, *args, options=flat) for args in ((), (4,), (4, 0, 3), (3, 1, 1), (2, -1.0, 1.5))],
    *[case("histc", a, bins=4, options=flat) for a in (x[:, 0], x[:0])],
    case("histc", gaps, 4, 0, 3, options=flat),
    *[case("unique", a, size=4, fill_value=0, options=sized) for a in (x, i, n)],
    case("unique", n, True, True, True, size=5, options=sized),
    case("unique", i, dim=1, size=2, return_inverse=True, return_counts=True, options=sized),
    case("unique_consecutive", n, size=4, return_inverse=True, return_counts=True, options=sized),
    case("unique_consecutive", x, dim=0, size=3, return_inverse=True, return_counts=True, options=sized),
    case("bincount", n, length=3, options={"torch": None}),
    case("bincount", n, weights, 4, length=3, options={"torch": None}),
]
