import numpy as np
from harness import case

v = np.array([1.5, -2.0, 3.0], np.float32)
x = np.arange(30, dtype=np.float32).reshape(2, 3, 5) - 7.5
empty = np.zeros((2, 0, 3), np.float32)
ones = np.arange(3, dtype=np.float32).reshape(1, 3, 1)
scalar = np.array(2.5, np.float32)
ints = np.arange(6, dtype=np.int32).reshape(2, 3)
bools = np.array([[True, False, True], [False, False, True]])
method = {"torch": "Tensor.view"}

CASES = [
    *[case("reshape", x, s) for s in [(6, 5), [30], (-1,), (2, -1, 5), (3, 5, 2)]],
    *[case("reshape", x, *s, options={"torch": "Tensor.reshape"}) for s in [(6, 5), (-1,), (1, 30), (2, 3, -1)]],
    case("reshape", x, shape=(5, 6)),
    case("reshape", ints, (3, -1)),
    case("reshape", bools, (6,)),
    *[case("reshape", empty, s) for s in [(0,), (3, 0), (-1, 3), (0, 7, 2)]],
    case("reshape", scalar, (1, 1)),
    case("reshape", scalar, ()),
    case("reshape", np.ones((1, 1), np.float32), ()),
    case("view", x, 6, 5, options=method),
    case("view", x, (3, -1), options=method),
    case("view", ints, -1, options=method),
    case("reshape_as", x, np.zeros((5, 6), np.float32), options={"torch": "Tensor.reshape_as"}),
    case("view_as", ints, np.zeros((3, 2), np.float32), options={"torch": "Tensor.view_as", "grad": False}),
    *[case("ravel", a) for a in (v, x, empty, scalar, ints)],
    *[case("flatten", a) for a in (v, x, empty, scalar, bools)],
    *[case("flatten", x, *d) for d in [(1,), (0, 1), (1, 1), (-2, -1), (0, -2)]],
    case("flatten", x, start_dim=1, end_dim=2),
    case("flatten", scalar, 0, -1),
    *[case("unflatten", x, *a) for a in [(2, (5, 1)), (-1, (1, 5)), (0, (2, 1)), (1, (-1, 3)), (1, [3])]],
    case("unflatten", ints, dim=1, sizes=(3, 1, 1)),
    case("unflatten", empty, 1, (0, 4)),
    *[case("squeeze", a) for a in (v, x, ones, empty, scalar, np.ones((1, 1), np.int32))],
    *[case("squeeze", ones, d) for d in (0, 1, 2, -1, (0,), (0, 1), [0, -1], ())],
    case("squeeze", ones, dim=0),
    case("squeeze", ones, axis=(0, 2)),
    case("squeeze", scalar, 0),
    case("squeeze", scalar, -1),
    *[case("unsqueeze", x, d) for d in (0, 1, 3, -1, -4)],
    *[case("unsqueeze", scalar, d) for d in (0, -1)],
    case("unsqueeze", empty, dim=1),
    *[case(f"atleast_{n}d", a) for n in (1, 2, 3) for a in (scalar, v, ints, x, np.ones((2, 1, 1, 2), np.float32))],
    *[case(f"atleast_{n}d", scalar, v, ints) for n in (1, 2, 3)],
    case("atleast_2d", [v, scalar]),
]
