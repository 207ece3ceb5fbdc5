import numpy as np
from harness import case

from .linalg import dominant, positive, positives, rounded, stack, tall, twice, unitary, wide
from .products import complexes, floats

# The gradient is symmetric while differences move one triangle, and torch has none: test_decompositions.py has it.
symmetric = floats(4, 4) + np.triu(floats(4, 4), 1)
symmetric = symmetric + symmetric.T
hollow = symmetric * (1 - np.eye(4, dtype=np.float32))  # blocks of size 2
hermitian = complexes(3, 3)
hermitian = hermitian + hermitian.conj().T
values = {"grad": False, **rounded}
ours = {"torch": None, **values}
reflections, tau = np.tril(floats(2, 5, 3), -1), np.abs(floats(2, 3)) / 4

CASES = [
    *[case("linalg.lu_factor_ex", x, options=rounded) for x in (dominant, wide)],
    case("linalg.lu_factor_ex", np.stack([np.ones((2, 2), np.float32), np.eye(2, dtype=np.float32)]), options=values),
    case("lu", stack, options={"torch": "linalg.lu_factor", **rounded}),
    case("lu", dominant, get_infos=True, options=ours),
    case("lu_solve", floats(3, 2), stack, np.array([[2, 3, 3], [1, 3, 3]], np.int32), options=ours),
    *[
        case("lu_unpack", x, np.array([2, 3, 3], np.int32), *how, options=rounded)
        for x, how in [(dominant, ()), (tall, (True, False))]
    ],
    case("lu_unpack", wide, np.array([2, 3, 3], np.int32), False, options=values),
    *[case("linalg.ldl_factor", x, options=values) for x in (positives, symmetric, hollow, floats(0, 0))],
    *[case("linalg.ldl_factor", hermitian, hermitian=h, options=values) for h in (False, True)],
    *[case("linalg.ldl_factor_ex", x, options=values) for x in (hollow, np.zeros((2, 2), np.float32))],
    case("linalg.ldl_solve", positives, np.array([[1, 3, 3], [-3, -3, 3]], np.int32), floats(3, 2), options=values),
    case("linalg.ldl_solve", floats(2, 0, 0), np.zeros((2, 0), np.int32), floats(0, 2), options=values),
    *[case("geqrf", x, options=values) for x in (dominant, wide, floats(2, 5, 3), complexes(4, 3), floats(0, 3))],
    case("linalg.householder_product", reflections, tau, options=rounded),
    case("linalg.householder_product", tall, floats(2), options=rounded),
    case("orgqr", complexes(4, 2), complexes(2), options=rounded),
    *[
        case("ormqr", reflections, tau, floats(2, *shape), left, transpose, options=rounded)
        for left, shape in [(True, (5, 2)), (False, (2, 5))]
        for transpose in (False, True)
    ],
    case("ormqr", complexes(4, 2), complexes(2), complexes(3, 4), False, True, options=rounded),
    *[
        case("triangular_solve", floats(2, 3, 2), dominant, *how, options=o)
        for how in [(), (False, True), (True, False, True)]
        for o in (twice if how == () else twice[:1])
    ],
    case("triangular_solve", complexes(3, 1), unitary, transpose=True, options=rounded),
    case("chain_matmul", floats(2, 3), floats(3, 4), floats(4, 1), options=rounded),
    case("chain_matmul", floats(2, 3)),
    case("lobpcg", positive, options={"grad": False, "torch": None, **rounded}),
    case("linalg.matmul", floats(2, 3), floats(3)),
]
