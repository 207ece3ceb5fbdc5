import numpy as np
from harness import case

v = np.array([1.5, -2.0, 3.0], np.float32)
x = np.arange(6, dtype=np.float32).reshape(2, 3) - 2.5
y = np.arange(12, dtype=np.float32).reshape(4, 3) * 0.5
deep = np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 7
m = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
n = np.array([7, 8], np.int32)
flags = np.array([[True, False, True]])
nothing = np.zeros(0, np.float32)
empty = np.zeros((0, 3), np.float32)
scalar = np.array(2.5, np.float32)

CASES = [
    case("cat", [x, y]),
    case("cat", (x, y, x), 0),
    *[case("cat", [x, -x], d) for d in (1, -1, -2)],
    *[case(word, [deep, deep], dim=2) for word in ("cat", "concat", "concatenate")],
    case("cat", tensors=[x, y], dim=-2),
    case("concatenate", [x, x], axis=1),
    case("cat", [v]),
    case("cat", [x, m]),
    case("cat", [m, flags]),
    case("cat", [m, x.astype(np.float16)], options={"grad": False}),
    case("cat", [np.array([1], np.uint8), np.array([-1], np.int8)]),
    case("cat", [nothing, x], 1),
    case("cat", [x, nothing], -1),
    case("cat", [nothing, nothing], 0),
    case("cat", [nothing, v]),
    case("cat", [nothing, m]),
    case("cat", [empty, x]),
    case("cat", [empty, empty], 1),
    *[case("stack", [x, 2 * x, -x], d) for d in (0, 1, 2, -1, -3)],
    case("stack", (v, v), dim=1),
    case("stack", [x, m]),
    *[case("stack", [scalar, np.array(-1.0, np.float32)], d) for d in (0, -1)],
    case("stack", [empty, empty], 1),
    *[
        case(word, arrays)
        for word in ("hstack", "vstack", "row_stack", "dstack", "column_stack")
        for arrays in ([v, v], [scalar, scalar], [x, x], [deep, 2 * deep, deep], [m, x], (v,), [empty, empty])
    ],
    case("vstack", [v, x, y]),
    case("hstack", [x, np.ones((2, 1), np.float32)]),
    case("hstack", [v, scalar, nothing]),
    case("column_stack", [n, m]),
    case("column_stack", [np.array([0.5, 1.5], np.float32), x]),
    *[case("meshgrid", v, n.astype(np.float32), indexing=i) for i in ("ij", "xy")],
    *[case("meshgrid", v, v[:2], v[:1], indexing=i) for i in ("ij", "xy")],
    case("meshgrid", [v, v[:2]], indexing="ij"),
    case("meshgrid", n, indexing="xy"),
    case("meshgrid", scalar, v, indexing="ij"),
    case("meshgrid", v, nothing, indexing="ij"),
    case("cartesian_prod", n, n + 3),
    case("cartesian_prod", v, v[:2], v[1:]),
    case("cartesian_prod", v),
    case("cartesian_prod", v, nothing),
    *[case("combinations", v, r) for r in (1, 2, 3, 4)],
    *[case("combinations", v, r, with_replacement=True) for r in (1, 2, 3)],
    *[case("combinations", v, 0, with_replacement=flag, options={"grad": False}) for flag in (False, True)],
    case("combinations", n),
    case("combinations", nothing),
    case("block_diag", x, y),
    case("block_diag", x, v, scalar),
    case("block_diag", m, x),
    case("block_diag", m, n, np.array([[True]])),
    case("block_diag", x),
    case("block_diag"),
    case("block_diag", empty, x),
]
