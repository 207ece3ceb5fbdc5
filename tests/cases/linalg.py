import numpy as np
from harness import case

from .products import complexes, floats, ints

inf = float("inf")
identity = np.eye(3, dtype=np.float32)
dominant = floats(3, 3) + 4 * identity  # well conditioned
stack = floats(2, 3, 3) + 4 * identity
unitary = complexes(3, 3) + 4 * identity
v, tall, wide = floats(3), floats(5, 3), floats(3, 5)
factor = np.tril(floats(3, 3)) + 3 * identity
positive = factor @ factor.T
positives = np.stack([positive, positive + identity])
# Solving multiplies roundings by the condition number, here below 10.
solved = {"tolerance": (2e-5, 1e-5)}
# The gradient is symmetric while differences move one triangle: test_linalg.py checks it with a symmetric argument.
one_triangle = {"grad": False, **solved}
# Half of these float32 orders go through singular values.
rounded = {"tolerance": (2e-5, 2e-5)}
ours = {"torch": None}
# torch cannot differentiate these, or returns a gradient for the triangle that is not read: values are compared once,
# derivatives with differences alone.
twice = ({"torch": None, **rounded}, {"grad": False, **rounded})

CASES = [
    case("linalg.vector_norm", tall),
    *[case("linalg.vector_norm", tall, p, dim, options=rounded) for p in (1, 2.5, inf) for dim in (None, 0, (0, 1))],
    case("linalg.vector_norm", floats(2, 3, 5), 2, (0, -1), keepdim=True),
    case("linalg.vector_norm", complexes(3)),
    *[case("linalg.matrix_norm", tall, p, options=rounded) for p in ("fro", "nuc", inf, -inf, 1, -1, 2, -2)],
    case("linalg.matrix_norm", floats(2, 3, 5), 1, (0, 2), True, options=rounded),
    case("linalg.matrix_norm", floats(2, 3, 5), 2, (2, 0), True, options=rounded),
    case("linalg.norm", tall),
    case("linalg.norm", v),
    case("linalg.norm", floats(2, 3, 5)),
    *[case("linalg.norm", tall, p, options=rounded) for p in ("fro", "nuc", inf, -inf, 1, -1, 2, -2)],
    *[case("linalg.norm", v, p, options=rounded) for p in (inf, -inf, 1, 2, 3.5)],
    case("linalg.norm", tall, dim=1),
    case("linalg.norm", tall, 1, dim=1, keepdim=True),
    case("linalg.norm", floats(2, 3, 5), dim=(0, 2)),
    *[case("linalg.cond", dominant, p, options=rounded) for p in (None, 2, -2, "nuc")],
    *[case("linalg.cond", dominant, p, options=o) for p in ("fro", inf, 1, -1) for o in twice],
    case("linalg.cond", tall, options=rounded),
    *[case("linalg.cond", stack, 1, options=o) for o in twice],
    *[case("linalg.matrix_rank", x, options={"grad": False}) for x in (tall, stack, np.ones((3, 2), np.float32))],
    case("linalg.matrix_rank", np.diag(np.float32([5, 1, 0.1])), atol=0.5, options={"grad": False}),
    case("linalg.matrix_rank", np.diag(np.float32([5, 1, 0.1])), rtol=0.1, options={"grad": False}),
    case("linalg.matrix_rank", np.diag(np.float32([5, 1, 0.1])), hermitian=True, options={"grad": False}),
    # products
    *[case(word, x, options=solved) for word in ("linalg.det", "det", "logdet") for x in (dominant, stack)],
    *[case(word, x, options=solved) for word in ("linalg.slogdet", "slogdet") for x in (dominant, -dominant, stack)],
    case("linalg.det", unitary, options=solved),
    *[case("linalg.det", floats(0, 0), options=o) for o in twice],
    *[case("linalg.matrix_power", dominant, n, options={"tolerance": (1e-4, 1e-4)}) for n in (0, 1, 2, 3, 5, -1, -2)],
    case("matrix_power", stack, 2, options=solved),
    case("matrix_power", ints(2, 2), 3),
    # The values reach 400 and the roundings are those of the largest.
    *[case("linalg.matrix_exp", x, options={"tolerance": (1e-5, 2e-3)}) for x in (floats(3, 3), stack, dominant)],
    case("linalg.multi_dot", [floats(2, 3), floats(3, 5), floats(5, 4)], options=rounded),
    case("linalg.multi_dot", [v, floats(3, 5), floats(5)], options=rounded),
    case("linalg.vecdot", tall, tall[::-1].copy()),
    case("linalg.vecdot", tall, v),
    case("linalg.vecdot", np.array(2.5, np.float32), np.array(-1.5, np.float32)),
    case("linalg.vecdot", tall, floats(5, 1), dim=0),
    case("linalg.vecdot", complexes(2, 3), complexes(2, 3)),
    case("linalg.cross", tall, tall[::-1].copy()),
    case("linalg.cross", floats(3, 2), floats(3, 2), dim=0),
    case("linalg.diagonal", stack),
    case("linalg.diagonal", stack, offset=1),
    case("linalg.diagonal", wide, offset=-1),
    case("linalg.diagonal", floats(2, 3, 5), dim1=0, dim2=2),
    case("linalg.vander", v),
    case("linalg.vander", v, N=5, options=rounded),
    case("linalg.vander", tall, N=1, options=ours),
    case("linalg.vander", tall, N=2),
    case("linalg.vander", ints(3), N=4),
    *[case("vander", v, *n, options=o) for n in ((), (2,)) for o in twice],
    *[case("vander", v, 4, increasing=True, options=o) for o in twice],
    # solving
    *[
        case(word, A, B, **how, options=solved)
        for word in ("linalg.solve", "linalg.solve_ex")
        for A, B, how in [
            (dominant, v, {}),
            (dominant, wide, {}),
            (stack, floats(2, 3), {}),
            (stack, floats(2, 3, 5), {}),
            (stack, wide, {}),
            (dominant, floats(2, 3, 1), {}),
            (dominant, tall, {"left": False}),
            (stack, floats(2, 5, 3), {"left": False}),
            (unitary, complexes(3), {}),
        ]
    ],
    case("linalg.solve", floats(0, 0), floats(0, 2)),
    *[
        case("linalg.solve_triangular", A, B, **how, options=solved)
        for A in (dominant, stack)
        for B, how in [
            (wide, {"upper": True}),
            (wide, {"upper": False}),
            (tall, {"upper": True, "left": False}),
            (wide, {"upper": False, "unitriangular": True}),
        ]
    ],
    *[case(word, x, options=solved) for word in ("linalg.inv", "inverse", "linalg.inv_ex") for x in (dominant, stack)],
    case("linalg.inv", unitary, options=solved),
    *[case("linalg.pinv", x, options=rounded) for x in (tall, wide, dominant, floats(2, 4, 3), complexes(4, 3))],
    case("linalg.pinv", positive, hermitian=True, options=one_triangle),
    *[
        case("linalg.pinv", np.diag(np.float32([5, 1, 0.1])), **t, options={"grad": False, **rounded})
        for t in ({"atol": 0.5}, {"rtol": 0.1})
    ],
    case("linalg.pinv", floats(0, 3)),
    case("pinverse", tall, options=rounded),
    *[
        case("linalg.lstsq", A, B, options={"torch": None, **rounded})
        for A, B in [
            (tall, floats(5)),
            (tall, floats(5, 2)),
            (wide, v),
            (wide, floats(3, 2)),
            (floats(2, 5, 3), floats(2, 5)),
        ]
    ],
    *[
        case("linalg.lu_solve", *lu, floats(*shape), **how, options={"torch": None, **rounded})
        for lu in [(dominant, np.array([2, 3, 3], np.int32)), (stack, np.array([[1, 3, 3], [3, 3, 3]], np.int32))]
        for shape, how in [
            ((3, 5), {}),
            ((3, 5), {"adjoint": True}),
            ((5, 3), {"left": False}),
            ((5, 3), {"left": False, "adjoint": True}),
        ]
    ],
    case("linalg.tensorinv", floats(2, 3, 6), options=rounded),
    case("linalg.tensorinv", floats(6, 2, 3), 1, options=rounded),
    case("linalg.tensorsolve", floats(2, 3, 6), floats(2, 3), options={"tolerance": (1e-3, 1e-3)}),
    case("linalg.tensorsolve", floats(2, 6, 3), floats(2, 3), (1,), options={"tolerance": (1e-3, 1e-3)}),
    # factoring
    *[case("linalg.cholesky", x, options=one_triangle) for x in (positive, positives)],
    case("cholesky", positive, options={"torch": None, **one_triangle}),  # torch warns that it is deprecated
    case("linalg.cholesky", positive, upper=True, options=one_triangle),
    case("linalg.cholesky", np.tril(positive), options=one_triangle),
    case("linalg.cholesky", np.triu(positive), upper=True, options=one_triangle),
    case("linalg.cholesky_ex", positives, options=one_triangle),
    *[
        case("cholesky_solve", floats(3, 2), f, upper, options=o)
        for o in twice
        for f, upper in [(factor, False), (factor.T.copy(), True)]
    ],
    *[case("cholesky_inverse", f, u, options=o) for f, u in [(factor, False), (factor.T.copy(), True)] for o in twice],
    *[case("linalg.lu", x, options=rounded) for x in (dominant, stack, tall, wide)],
    *[case("linalg.lu_factor", x, options=rounded) for x in (dominant, stack, tall)],
    *[case("linalg.svdvals", x, options=rounded) for x in (tall, wide, floats(2, 5, 3), complexes(3, 2))],
    *[case("linalg.eigvalsh", positive, UPLO, options=one_triangle) for UPLO in ("L", "U")],
    case("linalg.eigvalsh", np.tril(positive), options=one_triangle),
    case("linalg.eigvalsh", np.triu(positive), "U", options=one_triangle),
    # test_linalg.py compares what the factors below have in common with torch's: the product, and not the signs
    *[
        case(word, x, options={"torch": None, "grad": False, **rounded})
        for word in ("linalg.qr", "linalg.svd", "qr", "svd")
        for x in (tall, wide, floats(2, 5, 3))
    ],
    case("linalg.eigh", positives, options={"torch": None, **one_triangle}),
    *[
        case(word, x, options={"torch": None, "grad": False, **rounded})
        for word in ("linalg.eig", "linalg.eigvals")
        for x in (dominant, stack)
    ],
]
