import numpy as np
from harness import case

x = np.array([[1.5, -2.0, 3.0, 0.5], [0.0, 4.0, -1.0, 2.5], [7.0, -3.5, 0.25, 1.0]], np.float32)  # (3, 4)
t = np.linspace(-2, 2, 30, dtype=np.float32).reshape(2, 3, 5)
n = np.arange(12, dtype=np.int32).reshape(3, 4)
zero_d = np.array(2.5, np.float32)


def ints(*values):
    return np.array(values, np.int64)


CASES = [
    case("gather", x, 0, ints([0, 2, 1, 0], [2, 2, 2, 2])),
    case("gather", x, 1, ints([0, 3], [1, 1], [2, 0])),
    case("gather", x, -1, ints([0], [3])),
    case("gather", n, 1, ints([0, 3, 3, 3, 1])),
    case("gather", t, 2, ints([[4, 0]], [[1, 1]])),
    case("gather", x[0], 0, ints(3, 0, 0)),
    case("gather", x[0], 0, np.array(2)),
    case("gather", zero_d, 0, ints(0, 0)),
    case("gather", zero_d, 0, np.array(0)),
    case("gather", x, 0, np.zeros(0, np.int64)),
    case("gather", x, 1, np.zeros((3, 0), np.int64)),
    case("take", x, ints([0, -1], [11, -12])),
    case("take", n, np.array(5)),
    case("take", x, np.zeros((2, 0), np.int64)),
    case("take_along_dim", x, ints([0, -1], [1, 1], [2, 3]), 1),
    case("take_along_dim", x, ints([3]), dim=1),
    case("take_along_dim", t, ints([[1], [2]]), dim=-2),
    case("take_along_dim", n, ints([1, 2], [11, 0])),
    case("index_select", x, 0, ints(2, 0, 2)),
    case("index_select", x, -1, ints(1)),
    case("index_select", t, 1, ints(2, 1)),
    case("index_select", n, 0, np.array(1)),
    case("index_select", zero_d, 0, ints(0)),
    case("index_select", x, 1, np.zeros(0, np.int64)),
]
