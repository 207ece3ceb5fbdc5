import numpy as np
from harness import case

v = np.array([1.5, -2.0, 3.0], np.float32)
x = np.arange(6, dtype=np.float32).reshape(2, 3) - 2.5
column = np.array([[1.0], [-2.0]], np.float32)
m = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
flags = np.array([True, False, True])
empty = np.zeros((0, 3), np.float32)
scalar = np.array(2.5, np.float32)
method = {"torch": "Tensor.expand"}
laid = {"torch": "Tensor.repeat"}
counts = np.array([2, 0, 3])

CASES = [
    *[case("expand", column, *s, options=method) for s in [(2, 4), (-1, 4), ((5, -1, 3),), (2, 1), (3, 2, 0)]],
    *[case("expand", a, 4, 3, options=method) for a in (v, flags, scalar)],
    case("expand", scalar, (), options=method),
    case("expand", empty, 2, -1, 3, options=method),
    case("expand", column, size=(2, 3), options=method),
    *[case("broadcast_to", a, (2, 3)) for a in (v, column, m, scalar)],
    case("broadcast_to", column, (-1, 2)),
    case("expand_as", column, x, options={"torch": "Tensor.expand_as"}),
    case("expand_as", v, m, options={"torch": "Tensor.expand_as"}),
    case("broadcast_tensors", column, v),
    case("broadcast_tensors", column, v, scalar, m),
    case("broadcast_tensors", v),
    case("broadcast_tensors", empty, v),
    *[case("repeat", x, *s, options=laid) for s in [(2, 1), ((1, 3),), (2, 1, 2), (0, 2), (1, 1)]],
    *[case("repeat", v, *s, options=laid) for s in [(2,), (2, 2), ([3],)]],
    case("repeat", scalar, 3, options=laid),
    case("repeat", scalar, (), options=laid),
    case("repeat", empty, 2, 2, options=laid),
    case("repeat", m, repeats=(1, 2), options=laid),
    *[case("tile", x, s) for s in [(2,), (2, 3), (2, 1, 2), (), (0,)]],
    case("tile", v, dims=(2, 2)),
    case("tile", scalar, (3,)),
    case("tile", m, 2, 1, options={"torch": "Tensor.tile"}),
    *[case("repeat_interleave", a, 2) for a in (v, x, m, scalar, empty, flags)],
    *[case("repeat_interleave", x, 3, d) for d in (0, 1, -1)],
    case("repeat_interleave", x, 0, 1),
    case("repeat_interleave", x, repeats=2, dim=0, output_size=4),
    case("repeat_interleave", x, 2, dim=1),
    case("repeat_interleave", v, counts, output_size=5),
    case("repeat_interleave", m, counts, 1, output_size=5),
    case("repeat_interleave", x, counts, dim=-1, output_size=5),
    case("repeat_interleave", x, np.array([2]), 0, output_size=4),
    case("repeat_interleave", x, np.array(2), 1, output_size=6),
    case("repeat_interleave", np.array([1, 2, 0, 1]), output_size=4),
]
