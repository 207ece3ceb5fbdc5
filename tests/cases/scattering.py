import numpy as np
from harness import case

x = np.array([[1.5, -2.0, 3.0, 0.5], [0.0, 4.0, -1.0, 2.5], [7.0, -3.5, 0.25, 1.0]], np.float32)  # (3, 4)
t = np.linspace(-2, 2, 30, dtype=np.float32).reshape(2, 3, 5)
n = np.arange(12, dtype=np.int32).reshape(3, 4) - 4
src = np.array([[0.5, -1.25, 2.0, 4.0], [3.0, 0.75, -0.5, 1.0], [9.0, 8.0, 7.0, 6.0]], np.float32) * 1.3
zero_d = np.array(2.5, np.float32)


def ints(*values):
    return np.array(values, np.int64)


here = ints([0, 2, 1], [1, 0, 2])  # no repetition along dimension 0
same = ints([0, 0, 1, 1], [0, 2, 1, 1])  # with repetition
none = {"grad": False}
flags = np.array([True, False, False])
zeros = src * np.array([0, 1, 1, 1], np.float32)

CASES = [
    case("scatter", x, 0, here, src[:2, :3]),
    case("scatter", x, 1, ints([3, 0], [1, 2]), src, options=none),  # torch has no gradient for a larger src
    case("scatter", x, -1, ints([3, 0]), 7.0),
    case("scatter", x, 1, ints([3, 0]), value=7.0),
    case("scatter", n, 0, here, n),
    case("scatter", n, 0, here, 3),
    case("scatter", t, 2, ints([[4, 0]], [[1, 3]]), t[:, :1, :2] * 2 + 0.1),
    case("scatter", x[0], 0, ints(3, 0), src[0, :2]),
    case("scatter", x, 0, np.zeros(0, np.int64), src, options=none),
    case("scatter", zero_d, 0, np.array(0), src[0, 0]),
    case("scatter", zero_d, 0, ints(0), 4.0),
    case("scatter", x, 0, same, src, reduce="add", options={"torch": None}),
    case("scatter", x, 0, same, src, reduce="multiply", options={"torch": None}),
    case("scatter", x, 0, same, 3.0, reduce="multiply", options={"torch": None}),
    *[case("scatter", n, 0, here, n[:2, :3], reduce=how) for how in ("add", "multiply")],
    case("scatter_add", x, 0, same, src[:2]),
    case("scatter_add", x, 1, ints([0, 0, 0], [3, 3, 1]), src[:2, :3]),
    case("scatter_add", n, 0, same, n),
    case("scatter_add", zero_d, 0, ints(0, 0), src[0, :2]),
    case("scatter_add", np.zeros(3, np.float32), 0, ints(0, 2, 0, 0), src[0]),
    *[
        case("scatter_reduce", *args, how, include_self=self)
        for how in ("sum", "prod", "mean", "amax", "amin")
        for self in (True, False)
        for args in [
            (x, 0, same, src[:2]),
            (n, 0, same, n),
            (t, 1, ints([[0, 1, 0]], [[2, 2, 2]]), t[:, :1, :3] * 1.7 + 0.05),
        ]
    ],
    case("scatter_reduce", x, 0, np.zeros((0, 4), np.int64), src[:0], "prod"),
    case("scatter_reduce", np.zeros((0, 4), np.float32), 0, np.zeros((0, 4), np.int64), src[:0], "prod"),
    case("index_add", x, 0, ints(2, 0, 2), src),
    case("index_add", x, 1, ints(3), src[:, :1], alpha=2.5),
    case("index_add", n, -1, ints(0, 0, 0, 1), n, alpha=3),
    *[case(word, flags, 0, ints(0, 0, 1), flags) for word in ("index_add", "scatter_add")],
    *[case("scatter_reduce", flags, 0, ints(0, 0, 1), flags, how, include_self=False) for how in ("sum", "prod")],
    case("put", flags, ints(0, 0, 1), flags, True),
    case("index_add", zero_d, 0, ints(0), np.array(2.0, np.float32)),
    case("index_copy", x, 0, ints(2, 0), src[:2]),
    case("index_copy", t, 1, ints(1), t[:, :1] * 3),
    case("index_copy", x, 0, np.zeros(0, np.int64), src[:0]),
    case("index_fill", x, 0, ints(0, -1), 2.5, options=none),
    case("index_fill", n, 1, ints(1, 1), 9),
    case("index_fill", x, 1, ints(2), np.array(1.5, np.float32)),
    case("index_fill", x, 0, np.array(1), 1),
    *[
        case("index_reduce", x, 0, ints(0, 2, 0), src, how, include_self=self)
        for how in ("mean", "amax", "amin")
        for self in (True, False)
    ],
    *[
        case("index_reduce", x, 0, ints(0, 2, 0), src, "prod", include_self=self, options={"torch": None})
        for self in (True, False)
    ],
    case("put", x, ints([0, -1], [5, 6]), src[:2, :2]),
    case("put", x, ints(0, 0, -12), src[0, :3], True),
    case("put", n, ints(1, 2), n[0, :2]),
]
