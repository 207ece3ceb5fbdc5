import numpy as np
from harness import case

v = np.array([1.5, -2.0, 3.0], np.float32)
x = np.arange(30, dtype=np.float32).reshape(2, 3, 5) - 7.5
m = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
z = np.array([[1 + 2j, 3 - 1j, 0.5j]], np.complex64)
empty = np.zeros((2, 0, 3), np.float32)
scalar = np.array(2.5, np.float32)

CASES = [
    *[case("transpose", x, a, b) for a, b in [(0, 1), (1, 2), (0, -1), (-3, -2), (1, 1)]],
    *[case(word, x, 0, 2) for word in ("swapdims", "swapaxes")],
    case("transpose", x, dim0=2, dim1=0),
    case("swapaxes", x, axis0=1, axis1=-1),
    *[case("transpose", a, 0, -1) for a in (scalar, v, m, empty)],
    case("swapaxes", scalar, 0, 0),
    *[case("t", a) for a in (scalar, v, m, empty[0])],
    *[case("adjoint", a) for a in (x, m, empty)],
    case("adjoint", z),
    *[case("permute", x, d) for d in [(0, 2, 1), [1, 0, 2], (-1, 0, -2)]],
    *[case("permute", x, *d, options={"torch": "Tensor.permute"}) for d in [(2, 0, 1), (-1, 0, -2)]],
    case("permute", x, dims=(1, 2, 0)),
    case("permute", scalar, ()),
    case("permute", empty, 1, 2, 0, options={"torch": "Tensor.permute"}),
    *[case(word, x, *d) for word in ("movedim", "moveaxis") for d in [(0, 2), (-1, 0), ((0, 1), (2, 0)), ([2], [1])]],
    case("movedim", x, source=(0, 2), destination=(-1, -2)),
    case("movedim", scalar, 0, -1),
    *[case("flip", x, d) for d in [(0,), (1, -1), [0, 1, 2], ()]],
    *[case("flip", a, dims=(0,)) for a in (scalar, v, m, empty)],
    case("flip", x, 0, -1, options={"torch": "Tensor.flip"}),
    *[case("fliplr", a) for a in (m, x, empty)],
    *[case("flipud", a) for a in (v, m, x, empty)],
    *[case("roll", x, s) for s in (1, -2, 0, 31, (3,), [4])],
    *[case("roll", x, s, d) for s, d in [(1, 0), (-1, 2), (7, -1), ((1, -2), (0, 2)), ((1, 1), (1, 1)), ((2,), (1,))]],
    case("roll", x, shifts=(1, 2), dims=(2, -3)),
    *[case("roll", a, 1) for a in (scalar, v, m, empty)],
    case("roll", empty, 1, 1),
    case("roll", empty, 1, 2),
    *[case("rot90", m, k) for k in (0, 1, 2, 3, 4, -1, -6)],
    *[case("rot90", x, k, d) for k, d in [(1, (1, 2)), (1, [2, 1]), (2, (0, -1)), (-1, (-3, 1))]],
    case("rot90", x, k=3, dims=(0, 2)),
    case("rot90", empty),
]
