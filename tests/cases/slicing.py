import numpy as np
from harness import case

v = np.arange(7, dtype=np.float32) - 2.5
x = np.arange(30, dtype=np.float32).reshape(2, 3, 5) - 7.5
m = np.arange(12, dtype=np.int32).reshape(3, 4)
empty = np.zeros((0, 3), np.float32)
scalar = np.array(2.5, np.float32)
windows = {"torch": "Tensor.unfold"}
cube = np.arange(48, dtype=np.float32).reshape(2, 4, 6)

CASES = [
    *[case("narrow", x, *a) for a in [(0, 0, 1), (0, 1, 1), (1, 0, 3), (2, 1, 3), (-1, 2, 3), (1, -2, 2), (1, -3, 1)]],
    *[case("narrow", x, *a) for a in [(1, 3, 0), (1, 1, 0), (2, -5, 5)]],
    case("narrow", m, dim=1, start=1, length=2),
    case("narrow", empty, 1, 1, 2),
    case("narrow", empty, 0, 0, 0),
    *[case("select", x, *a) for a in [(0, 0), (0, -2), (1, 2), (-1, -1), (2, 3)]],
    case("select", m, dim=1, index=-4),
    case("select", v, 0, 3),
    *[
        case("unfold", v, 0, size, step, options=windows)
        for size, step in [(3, 1), (2, 2), (3, 2), (2, 5), (7, 1), (1, 1)]
    ],
    *[case("unfold", x, d, 2, 1, options=windows) for d in (0, 1, 2, -1, -2)],
    case("unfold", v, 0, 0, 3, options=windows),
    case("unfold", np.arange(70, dtype=np.float32), 0, 66, 1, options=windows),
    case("unfold", m, 1, 4, 1, options=windows),
    case("unfold", scalar, 0, 1, 1, options=windows),
    case("unfold", x, dimension=2, size=3, step=2, options=windows),
    *[case("split", v, s) for s in (1, 2, 3, 7, 9, [3, 4], (7,), [0, 7], [2, 2, 3])],
    *[case("split", x, s, d) for s, d in [(2, 1), (2, -1), ([1, 4], 2), ([1, 1], 0)]],
    case("split", m, 3, dim=1),
    case("split", m, 2, axis=0, options={"torch": None}),
    *[case("split", empty, s) for s in (0, 2, [0, 0])],
    *[case("chunk", v, c) for c in (1, 2, 3, 4, 5, 7, 9)],
    *[case("chunk", x, 2, d) for d in (0, 1, 2, -1)],
    case("chunk", m, chunks=3, dim=1),
    case("chunk", empty, 3),
    *[case("tensor_split", v, s) for s in (1, 2, 3, 7, 9, [3], (2, 5), [5, 2], [-2, 20], [0, 7], ())],
    *[case("tensor_split", x, s, d) for s, d in [(2, 1), (2, -1), ([1, 4], 2)]],
    case("tensor_split", empty, 2),
    case("tensor_split", m, [1], dim=1),
    *[case("hsplit", a, s) for a, s in [(v, 7), (v, [2, 3]), (m, 2), (cube, 4), (cube, [1, 3])]],
    *[case("vsplit", a, s) for a, s in [(m, 3), (m, [1]), (cube, 2)]],
    *[case("dsplit", a, s) for a, s in [(cube, 3), (cube, [1, 5])]],
    *[case("unbind", x, d) for d in (0, 1, -1)],
    case("unbind", v),
    case("unbind", m, dim=1),
    case("unbind", empty, 1),
]
