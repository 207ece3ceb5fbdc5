import numpy as np
from harness import case

from .products import complexes, floats, ints

x = np.array([[3.0, -4.0, 1.5], [0.25, 2.0, -1.0]], np.float32)
cube = floats(2, 3, 5)
inf = float("inf")
ours = {"torch": None}
# Powers and roots with a fractional order round several times.
rounded = {"tolerance": (2e-5, 2e-5)}
kinked = {"grad": False}

CASES = [
    case("norm", x),
    case("norm", x, 2),
    case("norm", x, None),
    case("norm", np.array(-2.5, np.float32)),
    case("norm", np.array(-2.5, np.float32), 2, 0, True),
    case("norm", floats(0)),
    case("norm", ints(4), dtype="float", options=ours),
    case("norm", complexes(2, 3)),
    *[case("norm", x, p, options=rounded) for p in (1, 1.5, 3, 0.5, 4.0, inf, -inf, -1, -2.5)],
    case("norm", x, 0, options=kinked),
    *[case("norm", x, p, dim, options=rounded) for p in ("fro", 1, 2, 3, inf) for dim in (0, 1, -1, (0, 1))],
    *[case("norm", cube, 2, dim, keepdim=True) for dim in (0, -1, (0, 2), (-1, 0), [1])],
    case("norm", cube, p="fro", dim=(0, 1)),
    case("norm", x, "nuc", options=rounded),
    case("norm", cube, "nuc", (0, 2), True, options=rounded),
    case("norm", complexes(2, 3), 3, 1, options=rounded),
    *[case("dist", x, x[::-1].copy(), p, options=rounded) for p in (2, 1, 3, inf)],
    case("dist", x, x[0]),
    *[case("cdist", floats(4, 3), floats(5, 3), p, options=rounded) for p in (2.0, 1.0, 3.0, inf)],
    case("cdist", floats(4, 3), floats(5, 3), options=rounded),
    case("cdist", floats(2, 4, 3), floats(5, 3), options=rounded),
    case("cdist", floats(2, 1, 4, 3), floats(3, 5, 3), options=rounded),
    case("cdist", floats(0, 3), floats(5, 3)),
    case("cdist", floats(4, 3), floats(5, 3), 2.0, "use_mm_for_euclid_dist", options={"tolerance": (1e-4, 1e-4)}),
    *[case("pdist", floats(4, 3), p, options=rounded) for p in (2.0, 1.0, 3.0)],
    case("pdist", floats(1, 3)),
    case("frobenius_norm", cube, (0, 2), True),
    *[case("frobenius_norm", cube, dim) for dim in (1, ())],
    case("frobenius_norm", complexes(2, 3), (0, 1)),
    *[case("nuclear_norm", x, *args, options=rounded) for args in ((), (True,), ((1, 0), True))],
    case("nuclear_norm", cube, (0, 2), options=rounded),
    *[case("pairwise_distance", x, x[::-1] / 2, p, options=rounded) for p in (2, 1, inf, 3)],
    case("pairwise_distance", cube, floats(5), keepdim=True, options=rounded),
    case("pairwise_distance", x, x, 0, options=kinked),
    case("pairwise_distance", np.arange(6).reshape(2, 3), np.ones(3, int), options=rounded),
    *[case("cosine_similarity", cube, cube[0, :, :1], dim) for dim in (1, -1, 0)],
    case("cosine_similarity", x[0], x[1], 0, 10.0, options=kinked),
    *[case("bilinear", floats(*n, 3), floats(*n, 2), floats(4, 3, 2), floats(4)) for n in ((), (5,), (2, 5))],
    case("bilinear", floats(5, 3), floats(5, 2), floats(4, 3, 2), options=rounded),
]
