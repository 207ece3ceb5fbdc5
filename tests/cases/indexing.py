import numpy as np
from harness import case

x = np.array([[1.5, -2.0, 3.0, 0.5], [0.0, 4.0, -1.0, 2.5], [7.0, -3.5, 0.25, 1.0]], np.float32)  # (3, 4)
t = np.linspace(-2, 2, 30, dtype=np.float32).reshape(2, 3, 5)
n = np.arange(12, dtype=np.int32).reshape(3, 4)
y = np.array([[9.0, 8.0], [7.5, -6.0]], np.float32)


def ints(*values):
    """torch wants 64-bit indices; ours become int32."""
    return np.array(values, np.int64)


get = {"torch": "Tensor.__getitem__"}
mine = {"torch": None}  # compared with torch in test_indexing.py, where torch spells it as an assignment or differs

CASES = [
    *[
        case("index", x, part, options=get)
        for part in [
            *[0, 1, -1, (1, 2), (-1, -4), slice(1, 3), slice(None, None, 2), (slice(None), 0), (..., -1), None, ...],
            *[(slice(0, 2), slice(1, None)), (None, 1, ..., None), (slice(0, 0), 1), slice(1, 100), (), (2, slice(3))],
            *[ints(2, 0, 0), (ints(0, -1), ints(1, 1)), (slice(None), ints(3, -4)), (1, ints(0, 2)), ints()],
            *[(ints([0], [2]), ints(1, 3)), (ints(1), slice(1, 3)), (slice(1, 3), ints([0, 1], [2, 3])), ints([1, 2])],
        ]
    ],
    case("index", t, (ints(1, 0), ..., ints(0, 4)), options=get),
    case("index", t, (slice(None), ints(1, 0), slice(1, 4, 2)), options=get),
    case("index", n, (ints(1, 0), 2), options=get),
    case("index", x, slice(None, None, -1), options=mine),
    case("index", x, (slice(2, None, -2), slice(3, 0, -1)), options=mine),
    *[
        case("set", x, part, value, options=mine)
        for part, value in [
            *[(0, 5), (-1, np.ones(4, np.float32)), ((slice(0, 2), slice(None)), 12), ((slice(0, 2), slice(0, 2)), y)],
            *[((..., slice(None, None, 2)), y[:1]), (slice(None, None, -2), x[:2]), ((1, 2), x[0, 0])],
            *[((ints(2, 0), slice(1, 3)), y), (ints(), 1.0), ((1, ints(0, 2)), y[0]), (ints([0], [2]), y[1, 1])],
        ]
    ],
    case("set", n, (slice(None), 1), True, options=mine),
    *[
        case("update", x, part, value, op, options=mine)
        for op in ("add", "mul", "min", "max")
        for part, value in [
            *[((0, slice(1, 3)), y[0]), (ints(0, 2, 0), x[[2, 1, 0]] + 0.125), ((ints(1, 1), ints(2, 3)), 1.25)],
            *[((slice(None, None, 2), slice(3, 0, -2)), y)],
        ]
    ],
    case("update", n, ints(0, 0, 2), 3, options=mine),
    case("index_put", x, (ints(0, -1), ints(1, 3)), np.array([5.0, 6.0], np.float32)),
    case("index_put", x, (ints(2, 0),), y[:1, :1], options=mine),
    case("index_put", x[0] > 0, (ints(0, 0, 1),), np.array([True, False, False]), True),
    case("index_put", x, (ints(0, 0, 2), ints(1, 1, 3)), x[:, 0], True),
    case("select_scatter", x, x[0], 0, -1),
    case("select_scatter", t, y[:, :1] + t[:, 0, :], 1, 2),
    case("slice_scatter", x, x[:1], 0, 1, 2),
    case("slice_scatter", t, t[..., :2] * 3, 2, 1, 5, 3),
    case("slice_scatter", x, x[:, :3], -1, -3),
    *[case("diagonal_scatter", x, np.arange(k, dtype=np.float32), d) for d, k in [(0, 3), (1, 3), (-1, 2), (3, 1)]],
    case("diagonal_scatter", t, t[:, 0, :2].T.copy().repeat(2, 0)[:3], 0, 0, 2),
]
