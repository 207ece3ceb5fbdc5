import numpy as np
from harness import case

rng = np.random.default_rng(3)
x = rng.permutation(30).reshape(2, 3, 5).astype(np.float32) / 4 - 3
even = rng.permutation(24).reshape(2, 3, 4).astype(np.float32) / 3
ties = np.array([[2.0, 1.0, 2.0, 1.0], [3.0, 3.0, 1.0, 3.0]], np.float32)
gaps = np.array([[1.0, np.nan, 3.0, np.nan], [2.0, 5.0, -1.0, 0.0]], np.float32)
lost = np.array([[np.nan, np.nan], [1.0, 2.0]], np.float32)
s = np.array(1.25, np.float32)
one = np.array([[2.5]], np.float32)
none = np.zeros((2, 0, 3), np.float32)
i = np.array([[3, 1, 2, 2], [0, -4, 5, 5]], np.int32)
q = np.array([0.0, 0.3, 0.5, 1.0], np.float32)
infinite = np.array([-np.inf, 1.0, np.inf, np.inf], np.float32)
kink = {"grad": False}
ours = {"grad": False, "torch": None}

CASES = [
    *[case(w, a, *d) for w in ("median", "nanmedian") for a in (x, even, s, one) for d in ((), (0,), (-1,))],
    *[case(word, x, 1, keepdim=True) for word in ("median", "nanmedian")],
    *[case(word, x, axis=1, keepdims=True, options={"torch": None}) for word in ("median", "nanmedian")],
    *[case(w, a, *d, options=kink) for w in ("median", "nanmedian") for a in (ties, gaps, lost) for d in ((), (1,))],
    *[case(word, i, *dim) for word in ("median", "nanmedian") for dim in ((), (1,))],
    *[case(word, none, dim) for word in ("median", "nanmedian") for dim in (0, 2)],
    *[case(word, none, options=kink) for word in ("median", "nanmedian")],
    *[case("mode", a, *dim, options=kink) for a in (ties, i, x, s) for dim in ((), (0,))],
    case("mode", i, 1, True),
    case("mode", np.array([True, False, True])),
    *[case(word, x, 0.3, *dim) for word in ("quantile", "nanquantile") for dim in ((), (0,), (-1,), (1, True))],
    *[case(word, x, q, *d, options=kink) for word in ("quantile", "nanquantile") for d in ((), (1,), (-1, True))],
    *[case(word, x, q, keepdim=True, options=kink) for word in ("quantile", "nanquantile")],
    *[case("quantile", x, np.array([0.3, 0.55], np.float32), 2)],
    *[
        case(word, a, q, 1, interpolation=how, options=kink)
        for word in ("quantile", "nanquantile")
        for a in (x, even, gaps)
        for how in ("linear", "lower", "higher", "midpoint", "nearest")
    ],
    *[case(word, a, 0.5, 1, options=kink) for word in ("quantile", "nanquantile") for a in (ties, lost)],
    *[case(word, s, 0.5, 0, keepdim=True) for word in ("quantile", "nanquantile")],
    case("quantile", infinite, np.array([0.0, 0.5], np.float32), options=ours),
    case("quantile", x.astype(np.float16), 0.3, 1, options=ours),
]
