import numpy as np
from harness import case

rng = np.random.default_rng(3)


def floats(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def complexes(*shape):
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)


def ints(*shape):
    return rng.integers(-5, 6, shape).astype(np.int32)


v, w, m, n = floats(3), floats(3), floats(2, 3), floats(3, 5)
whole = {"grad": False}
# A product of two operands rounds k times; the gradient of a sum of products as often.
rounded = {"tolerance": (1e-5, 5e-6)}
ours = {"torch": None}

CASES = [
    *[case(word, v, w) for word in ("dot", "vdot", "inner", "outer", "ger")],
    *[case(word, ints(3), ints(3)) for word in ("dot", "vdot", "inner", "outer")],
    case("dot", floats(0), floats(0)),
    case("dot", v, ints(3), options=ours),
    case("vdot", complexes(3), complexes(3)),
    case("dot", complexes(3), complexes(3)),
    case("inner", m, floats(5, 3)),
    case("inner", floats(2, 5, 3), v),
    case("inner", 2.0, v, options=ours),
    case("inner", np.array(2.5, np.float32), m),
    case("outer", v, floats(2)),
    case("outer", v, floats(0)),
    case("mv", m, v),
    case("mv", ints(2, 3), ints(3)),
    case("mv", floats(0, 3), v),
    case("mm", m, n),
    case("mm", ints(2, 3), ints(3, 2)),
    case("mm", floats(2, 0), floats(0, 3)),
    case("mm", complexes(2, 3), complexes(3, 2)),
    case("bmm", floats(5, 2, 3), floats(5, 3, 1)),
    case("bmm", floats(0, 2, 3), floats(0, 3, 4)),
    *[
        case("matmul", a, b)
        for a, b in [
            (v, w),
            (m, v),
            (v, n),
            (m, n),
            (floats(5, 2, 3), v),
            (v, floats(5, 3, 2)),
            (floats(5, 2, 3), n),
            (m, floats(5, 3, 2)),
            (floats(5, 1, 2, 3), floats(2, 3, 4)),
            (ints(2, 3), ints(3, 2)),
            (floats(2, 0), floats(0, 3)),
            (complexes(2, 3), complexes(3)),
        ]
    ],
    case("kron", m, n),
    case("kron", v, m),
    case("kron", floats(2, 1, 3), floats(2, 2)),
    case("kron", ints(2), ints(3)),
    case("kron", ints(2) > 0, ints(3) > 0),
    case("cross", floats(2, 3), floats(2, 3), options=ours),
    case("cross", floats(3, 3), floats(3, 3), options=ours),
    case("cross", floats(2, 3), floats(1, 3), dim=1),
    case("cross", floats(2, 3), floats(2, 3), -1),
    case("cross", floats(3, 2), floats(3, 2), 0),
    case("cross", ints(3), ints(3), dim=-1),
    *[
        case("trace", x)
        for x in (m, n, floats(3, 3), floats(0, 2), ints(3, 3), ints(2, 2).astype(np.int8), ints(2, 2).astype(np.uint8))
    ],
    # contractions
    *[
        case("einsum", equation, *operands)
        for equation, *operands in [
            ("ij,jk->ik", m, n),
            ("ij,jk", m, n),
            ("ji,kj->ik", floats(3, 2), floats(4, 3)),
            ("i,i->", v, w),
            ("i,j->ij", v, floats(2)),
            ("ii->i", floats(3, 3)),
            ("ii", floats(3, 3)),
            ("ij->ji", m),
            ("ij -> j", m),
            ("ij->", m),
            ("ba", m),
            ("bA", m),
            ("...ij,...jk->...ik", floats(5, 2, 3), n),
            ("...i,...i", floats(2, 3), v),
            ("i...->...", floats(2, 3, 4)),
            ("...i->i", floats(4, 2, 3)),
            ("...ij->ij", floats(2, 3)),
            ("ij,ij->ij", m, floats(1, 3)),
            ("bnd,bmd->bnm", floats(2, 3, 4), floats(2, 5, 4)),
            ("i,ij,j->", floats(2), m, v),
            (",i->i", np.array(2.5, np.float32), v),
            ("i,i", ints(3), ints(3)),
            ("ij,jk->ik", complexes(2, 3), complexes(3, 2)),
        ]
    ],
    case("einsum", "ij,jk->ik", [m, n]),
    case("tensordot", floats(2, 3, 4), floats(3, 4, 5)),
    case("tensordot", m, n, 1),
    case("tensordot", m, v, dims=0),
    case("tensordot", floats(2, 3, 4), floats(4, 3, 5), dims=([1, 2], [1, 0])),
    case("tensordot", floats(2, 3, 4), floats(4, 3, 5), ([-1], [0])),
    case("tensordot", ints(2, 3), ints(3, 2), dims=[[1], [0]]),
    *[
        case(word, c, a, b, **scales, options=rounded)
        for scales in ({}, {"beta": 0.5, "alpha": 2}, {"beta": 0}, {"alpha": -1.5})
        for word, c, a, b in [
            ("addmm", floats(2, 5), m, n),
            ("addmm", floats(5), m, n),
            ("addmv", floats(2), m, v),
            ("addr", floats(2, 3), floats(2), v),
            ("baddbmm", floats(5, 2, 4), floats(5, 2, 3), floats(5, 3, 4)),
            ("addbmm", floats(2, 4), floats(5, 2, 3), floats(5, 3, 4)),
        ]
    ],
    case("addmm", ints(2, 2), ints(2, 3), ints(3, 2), beta=2, alpha=3),
    case("addr", np.full((2, 3), np.nan, np.float32), floats(2), v, beta=0, options=whole),
]
