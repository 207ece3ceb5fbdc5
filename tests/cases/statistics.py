import numpy as np
from harness import case

from .products import complexes, floats, ints

x, z, v, i = floats(3, 5), complexes(2, 4), floats(5), ints(2, 4)
often = np.array([1, 2, 0, 3, 1], np.int32)
much = np.array([0.5, 1, 2, 0.25, 1], np.float32)
points = np.array([[0.1, 1], [1, 0.2], [2, 0.3], [2, 2], [np.nan, 1]], np.float32)
edges = [np.array([0.0, 1, 2], np.float32), np.array([0.0, 2.5], np.float32)]
weights = np.array([1, 2, 3, 4, 5], np.float32)
places = np.array([0.0, 1, 3, 4, 7], np.float32)
rounded = {"tolerance": (1e-5, 1e-5)}
counts = {"grad": False}
lengths = np.array([2, 0, 3], np.int32)

CASES = [
    *[case("cov", a, options=rounded) for a in (x, z, v, i, x[:0])],
    case("cov", x, correction=0, options=rounded),
    case("cov", x, fweights=often, options=rounded),
    case("cov", x, aweights=much, options=rounded),
    case("cov", x, correction=2, fweights=often, aweights=much, options=rounded),
    *[case("corrcoef", a, options=rounded) for a in (x, i)],
    *[case("corrcoef", a, options={"grad": False, **rounded}) for a in (z, v, x[:, :1])],
    case("histogramdd", points[:4], 2, options=counts),
    case("histogramdd", points, [2, 3], range=[0.0, 1.0, 0.0, 2.0], density=True, options=counts),
    case("histogramdd", points, edges, weight=weights, options=counts),
    case("histogramdd", np.stack([points[:4]] * 2), [2, 1], options=counts),
    case("gradient", x),
    case("gradient", x, spacing=None, dim=None),
    case("gradient", x, dim=-1, spacing=0.5, edge_order=2),
    case("gradient", x, spacing=[2.0, 0.5]),
    case("gradient", v, spacing=[places], edge_order=2, options={"constant": (1,)}),
    case("gradient", v, spacing=[places], options={"constant": (1,)}),
    *[case("gradient", a, dim=1) for a in (z, i)],
    case("gradient", x[:, :2], dim=(1, 0)),
    *[case("renorm", a, p, dim, 0.8) for a in (x, z) for p, dim in ((2, 0), (1, -1))],
    case("renorm", np.zeros((2, 3), np.float32), 2, 0, 0.0, options=counts),
    *[case("norm_except_dim", floats(2, 3, 4), 2, dim) for dim in (0, 1, 2, -1, -2)],
    case("norm_except_dim", v, 3),
    *[case("segment_reduce", v, how, lengths=lengths, options=counts) for how in ("sum", "mean", "max", "min", "prod")],
    *[case("segment_reduce", floats(5, 2), how, lengths=lengths, initial=1.5) for how in ("sum", "mean", "prod")],
    case("segment_reduce", v, "sum", offsets=np.array([1, 3, 4], np.int32)),
    case("segment_reduce", v, "max", lengths=np.array([1, 2], np.int32), unsafe=True),
    case("segment_reduce", floats(2, 3), "mean", lengths=np.array([[1, 2], [2, 1]], np.int32), axis=1),
    case("sum_to_size", floats(2, 3, 4), 3, 1, options={"torch": "Tensor.sum_to_size"}),
    *[case("sum_to_size", a, (4,), options={"torch": "Tensor.sum_to_size"}) for a in (i, i > 0)],
    case("sum_to_size", x, 3, 5, options={"torch": "Tensor.sum_to_size"}),
    *[
        case("fill_diagonal", floats(*size), 7.0, options={"torch": "Tensor.fill_diagonal_", **counts})
        for size in ((2, 3), (5, 2), (2, 2, 2))
    ],
    case("fill_diagonal", floats(5, 2), 7.0, True, options={"torch": "Tensor.fill_diagonal_", **counts}),
    case("fill_diagonal", floats(3, 3), np.float32(2) * np.ones((), np.float32), options={"torch": None}),
    case("as_strided", x, (3, 2), (1, 4), 2),
    *[
        case("as_strided", x, size, stride)
        for size, stride in (((), ()), ((2, 0), (9, 9)), ((4, 3), (0, 1)), ((3,), (2,)))
    ],
    # torch gives the gradient of what is overwritten instead of what stays
    case("as_strided_scatter", x, floats(2, 3), (2, 3), (1, 4), 1, options={"constant": (0,)}),
    *[case("unravel_index", at, (2, 3)) for at in (np.array([[0, 5], [3, -1]], np.int32), np.array(4, np.int32))],
]
