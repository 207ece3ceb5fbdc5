import numpy as np
from harness import case

v = np.array([1.5, -2.0, 3.0], np.float32)
x = np.arange(15, dtype=np.float32).reshape(3, 5) - 4.5
deep = np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 7
m = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
flags = np.array([[True, True], [True, True], [False, True]])
empty = np.zeros((0, 3), np.float32)
scalar = np.array(2.5, np.float32)
wild = np.array([[1.0, np.inf], [np.nan, 2.0]], np.float32)

CASES = [
    *[case(word, x, k) for word in ("tril", "triu") for k in (0, 1, -1, 4, -3, 9, -9)],
    *[case(word, a) for word in ("tril", "triu") for a in (deep, m, flags, empty)],
    *[case(word, wild, options={"grad": False}) for word in ("tril", "triu")],
    case("tril", x, diagonal=-1),
    *[case("diag", a, k) for a in (v, x, m) for k in (0, 1, -2, 9, -9) if a is not v or abs(k) < 3],
    case("diag", np.zeros(0, np.float32)),
    case("diag", x, diagonal=2),
    *[case("diagonal", x, k) for k in (0, 2, -1, 5, -3, 9, -9)],
    *[case("diagonal", deep, k, *d) for k in (0, 1, -1) for d in [(0, 1), (0, 2), (2, 0), (-2, -1)]],
    case("diagonal", deep, offset=1, dim1=-1, dim2=1),
    case("diagonal", empty),
    *[case("diagflat", a, k) for a in (v, m, scalar) for k in (0, 1, -2)],
    *[case("diag_embed", a, k) for a in (v, m, empty) for k in (0, 1, -2)],
    *[case("diag_embed", m, k, *d) for k in (0, 1, -1) for d in [(0, 1), (0, 2), (2, 0), (1, -1), (-1, 0)]],
    *[
        case(word, *size, *offset)
        for word in ("tril_indices", "triu_indices")
        for size in [(3, 3), (2, 4), (4, 2), (0, 3), (3, 0), (1, 1)]
        for offset in [(), (1,), (-1,), (-7,), (7,)]
    ],
    case("tril_indices", 3, 3, offset=1),
]
