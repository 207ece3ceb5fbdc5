import numpy as np
from harness import case

rng = np.random.default_rng(2)
x = rng.permutation(30).reshape(2, 3, 5).astype(np.float32) / 4 - 3
ties = np.array([[1.0, 3.0, 3.0, 2.0], [4.0, 0.0, 4.0, 0.0]], np.float32)
gaps = np.array([[1.0, np.nan, 3.0, np.nan], [2.0, 5.0, -1.0, 0.0]], np.float32)
s = np.array(1.25, np.float32)
one = np.array([[2.5]], np.float32)
none = np.zeros((2, 0, 3), np.float32)
i = np.array([[3, 1, 2], [0, -4, 5]], np.int32)
u = np.array([200, 100, 7], np.uint8)
b = np.array([[True, False, True], [False, False, True]])
other = rng.permutation(30).reshape(2, 3, 5).astype(np.float32) / 4 - 2.9
kink = {"grad": False}  # and indices, which have no derivative

CASES = [
    *[case(word, x, *dim) for word in ("max", "min") for dim in ((), (0,), (1,), (-1,), (-3,))],
    *[case(word, x, dim=-2, keepdim=True) for word in ("max", "min")],
    *[case(word, x, axis=1, keepdims=True) for word in ("max", "min")],
    *[case(word, x, 1, True) for word in ("max", "min", "amax", "amin")],
    *[case(word, a, *d, options=kink) for word in ("max", "min") for a in (ties, gaps, i, b) for d in ((), (0,), (1,))],
    *[case(word, u, *dim) for word in ("max", "min") for dim in ((), (0,))],
    *[case(word, none, dim) for word in ("max", "min", "amax", "amin") for dim in (0, 2)],
    *[case(word, a, *dim) for word in ("max", "min", "amax", "amin") for a in (s, one) for dim in ((), (0,), (-1,))],
    *[case(word, s, 0, keepdim=True) for word in ("max", "min", "amax")],
    *[case(word, x, other) for word in ("max", "min")],
    *[case(word, x, other=other[0]) for word in ("max", "min")],
    *[case(word, i, x[0, :1, :3]) for word in ("max", "min")],
    *[case(word, gaps[0], gaps[1], options=kink) for word in ("max", "min")],
    *[case(w, x, *d) for w in ("amax", "amin") for d in ((), (0,), (-1,), ((0, 2),), ([1, 2],), ((),))],
    *[case(word, x, axis=(0, 1), keepdims=True) for word in ("amax", "amin")],
    *[case(word, a, *d, options=kink) for word in ("amax", "amin") for a in (ties, gaps, i, b) for d in ((), (1,))],
    *[case("aminmax", x, **how) for how in ({}, {"dim": 1}, {"dim": -1, "keepdim": True}, {"keepdim": True})],
    *[case("aminmax", a, dim=1, options=kink) for a in (ties, gaps, i)],
    *[
        case(w, a, *d, options=kink)
        for w in ("argmax", "argmin")
        for a in (x, ties, gaps, i, s)
        for d in ((), (0,), (-1,), (None,))
    ],
    *[case(word, x, keepdim=True, options=kink) for word in ("argmax", "argmin")],
    *[case(word, a, 0, True, options=kink) for word in ("argmax", "argmin") for a in (x, s)],
    *[case(word, u, options=kink) for word in ("argmax", "argmin")],
    *[case(word, none, 2, options=kink) for word in ("argmax", "argmin")],
    *[case(word, b, 1, options={"torch": None}) for word in ("argmax", "argmin")],
]
