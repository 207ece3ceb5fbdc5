import numpy as np
from harness import case

rng = np.random.default_rng(5)
x = rng.permutation(30).reshape(2, 3, 5).astype(np.float32) / 4 - 3
ties = np.array([[2.0, 1.0, 2.0, 1.0], [3.0, 3.0, 1.0, 3.0]], np.float32)
gaps = np.array([3.0, np.nan, 1.0, -np.nan, 3.0, -np.inf, np.inf], np.float32)
zeros = np.array([0.0, -0.0, 0.0, -0.0], np.float32)
s = np.array(1.25, np.float32)
none = np.zeros((2, 0), np.float32)
i = np.array([[3, 1, 2], [-(2**31), -4, 2**31 - 1]], np.int32)
u = np.array([200, 100, 0, 255], np.uint8)
b = np.array([True, False, True, False])
steps = np.array([1.0, 3.0, 5.0, 7.0], np.float32)
rows = np.array([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]], np.float32)
found = np.array([[3.0, 0.5], [4.0, 9.0]], np.float32)
kink = {"grad": False}  # and indices, which have no derivative
ours = {"torch": None}

CASES = [
    *[case("sort", x, *args) for args in ((), (0,), (1,), (-1, True), (-2, False))],
    *[
        case("sort", a, stable=True, descending=d, options=kink)
        for a in (ties, gaps, i, u, b, s)
        for d in (False, True)
    ],
    *[case("sort", a, 0, descending=True) for a in (s, none)],
    case("sort", zeros, stable=True, options=kink),
    case("sort", zeros, stable=True, descending=True, options=kink),
    case("sort", x, axis=0),
    *[case("argsort", a, stable=True, descending=d, options=kink) for a in (ties, gaps, i, b) for d in (False, True)],
    *[case("argsort", x, *args, options=kink) for args in ((), (0,), (1, True))],
    *[case("msort", a) for a in (x, i, s, none)],
    *[case("topk", x, *args) for args in ((2,), (5,), (0,), (2, 0), (1, 1, False), (3, -1, False, True), (2, 1, True))],
    *[case("topk", a, 2) for a in (i, u)],
    *[case("topk", a, 2, largest=False) for a in (i, u)],
    *[case("topk", ties, 3, largest=side, options={"grad": False, "torch": None}) for side in (True, False)],
    *[case("topk", gaps[[0, 1, 2, 5]], 3, largest=side, options=kink) for side in (True, False)],
    case("topk", s, 1),
    case("topk", b, 2, options=ours),
    *[case("kthvalue", x, *args) for args in ((1,), (5,), (2, 0), (3, 1), (2, -1, True))],
    case("kthvalue", i, 2),
    case("kthvalue", s, 1),
    case("kthvalue", gaps[[0, 1, 2, 5]], 4, options=kink),
    *[case("searchsorted", steps, found, right=right, options=kink) for right in (False, True)],
    *[case("searchsorted", rows, found, side=side, options=kink) for side in ("left", "right")],
    *[case("searchsorted", steps, value, options=kink) for value in (3, 3.5, 9)],
    *[case("searchsorted", np.array([1, 3, 5]), value) for value in (3, 3.5)],
    case("searchsorted", np.array([1, 3, 5]), np.array([[0, 3], [5, 9]]), out_int32=True),
    case("searchsorted", np.array([3.0, 1.0, 2.0], np.float32), steps, sorter=np.array([1, 2, 0]), options=kink),
    case("searchsorted", steps, found[:0], options=kink),
    *[
        case("searchsorted", np.zeros(a, np.float32), np.zeros(b, np.float32), options=kink)
        for a, b in [((0, 0), (0, 0)), ((2, 0), (2, 3)), ((2, 3), (2, 0))]
    ],
    *[case("bucketize", found, steps, right=right, options=kink) for right in (False, True)],
    case("bucketize", i, np.array([-4, 0, 2])),
    case("bucketize", 3, np.array([1, 3, 5])),
]
