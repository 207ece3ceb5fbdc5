import numpy as np
from harness import case

rng = np.random.default_rng(1)
x = rng.standard_normal((2, 3, 5)).astype(np.float32)
v = np.array([1.5, -2.0, 3.0, 0.5], np.float32)
one = np.array([2.5], np.float32)
s = np.array(1.25, np.float32)
none = np.zeros((2, 0, 3), np.float32)
i = np.array([[3, 1, 2], [0, -4, 5]], np.int32)
u = np.array([200, 100, 7], np.uint8)
b = np.array([[True, False, True], [True, True, True]])
z = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]], np.float32)
h = np.array([[0.5, 2.0, 3.0], [1.0, 4.0, 8.0]], np.float16)
c = np.array([1 + 1j, 2 - 1j, 4 + 0j], np.complex64)
gaps = np.array([[1.5, np.nan, 3.0], [np.nan, 4.0, -1.0]], np.float32)
low = {"grad": False}  # NaN has no differences, and 16 bits are too few for them
warns = {"grad": False, "torch": None}  # torch warns of the NaN; parity/test_reduction_kinks.py compares

DIMS = [(), (0,), (1,), (-1,), (-3,), ((0, 2),), ([1, -1],), (None,)]

CASES = [
    *[case(word, x, *dim) for word in ("sum", "mean", "var") for dim in DIMS],
    *[case(word, x, *dim) for word in ("nansum", "nanmean", "std") for dim in DIMS[::3]],
    *[case(word, x, axis=(0, 1), keepdims=True) for word in ("sum", "mean", "var", "std")],
    *[case(word, x, 1, keepdim=True) for word in ("sum", "prod", "mean", "var", "std", "logsumexp", "nanmean")],
    *[case(word, x, ()) for word in ("sum", "mean", "nansum", "nanmean")],
    # torch counts no elements for the gradient, which is infinite; parity/test_reduction_kinks.py compares values
    *[case(word, x, (), options={"torch": None}) for word in ("var", "std")],
    *[case(word, s, *dim) for word in ("sum", "prod", "mean") for dim in ((), (0,), (-1,))],
    *[case(word, s, 0, keepdim=True) for word in ("sum", "prod", "mean", "logsumexp")],
    *[case(word, none, *dim) for word in ("sum", "prod", "nansum") for dim in ((), (0,), (1,))],
    *[case(word, none, *dim, options=low) for word in ("mean", "nanmean") for dim in ((), (0,), (1,))],
    *[case(word, none, dim, options=warns) for word in ("var", "std") for dim in (0, 1)],
    *[case("logsumexp", none, dim, options=low) for dim in (0, 1)],
    *[case(word, a, *dim) for word in ("sum", "prod", "nansum") for a in (i, u[1:], b) for dim in ((), (-1,))],
    *[case(word, i, dtype=np.float32, options={"torch": None}) for word in ("sum", "prod", "mean", "nansum")],
    *[case(word, i, dtype=kind) for word in ("sum", "prod", "nansum") for kind in ("uint8", "bool")],
    *[case(word, h, *dim, options=low) for word in ("sum", "mean", "prod") for dim in ((), (1,))],
    *[case(word, c, options=low) for word in ("sum", "prod", "mean", "var", "std")],
    *[case(word, c, options={"grad": False, "torch": None}) for word in ("nansum", "nanmean")],
    *[case(word, gaps, *dim, options=low) for word in ("nansum", "nanmean", "sum", "mean") for dim in ((), (1,))],
    *[case("prod", a, *dim) for a in (x, v, z) for dim in ((), (0,), (-1,))],
    *[case(word, x, 2, correction=k) for word in ("var", "std", "var_mean", "std_mean") for k in (0, 1, 2, 0.5)],
    *[case(word, x, *args) for word in ("var", "std", "var_mean") for args in ((False,), (1, False), (1, True, True))],
    *[case(word, x, unbiased=k) for word in ("var", "std", "std_mean") for k in (False, True)],
    *[case(word, one, options=warns) for word in ("var", "std")],
    *[case(word, v, correction=5, options=warns) for word in ("var", "std")],
    *[case(word, v, correction=0) for word in ("var", "std", "std_mean")],
    *[case(word, x, dim) for word in ("var_mean", "std_mean") for dim in (None, 0, (0, -1))],
    *[case("logsumexp", x, dim) for dim in (0, -1, (0, 2), [1, 2])],
    case("logsumexp", x * 500, 1),
    case("logsumexp", s, 0),
    case("logsumexp", i, 1),
    case("logsumexp", np.array([-np.inf, 1.0, 2.0], np.float32), 0, options=low),
    case("logsumexp", np.array([np.inf, 1.0, np.inf], np.float32), 0, options=low),
    *[case(word, a, *dim) for word in ("all", "any") for a in (b, i, ~b[:, :0]) for dim in ((), (0,), (1,), ((0, 1),))],
    *[case(word, a, options=low) for word in ("all", "any", "count_nonzero") for a in (z, gaps, s)],
    *[case(word, b, 1, keepdim=True) for word in ("all", "any")],
    *[case(word, b, ()) for word in ("all", "any")],
    *[case("count_nonzero", a, *dim) for a in (i, b) for dim in ((), (0,), (-1,), ((0, 1),), ((),))],
]
