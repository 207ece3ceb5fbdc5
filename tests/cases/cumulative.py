import numpy as np
from harness import case

rng = np.random.default_rng(4)
x = rng.permutation(30).reshape(2, 3, 5).astype(np.float32) / 4 - 3
w = rng.standard_normal((2, 5)).astype(np.float32)
z = np.array([[2.0, 0.0, 3.0, 0.0], [0.0, 5.0, -1.0, 4.0]], np.float32)
ties = np.array([[1.0, 3.0, 3.0, 2.0, 3.0], [2.0, 0.0, 2.0, 0.0, 0.0]], np.float32)
gaps = np.array([1.0, np.nan, 3.0, np.nan, 0.0], np.float32)
s = np.array(1.25, np.float32)
none = np.zeros((2, 0), np.float32)
i = np.array([[3, 1, 2], [0, -4, 5]], np.int32)
b = np.array([True, True, False, True])
h = np.array([0.5, 2.0, 3.0, 0.25], np.float16)
t = np.array([0.0, 0.5, 2.0, 3.0, 3.5], np.float32)
kink = {"grad": False}

CASES = [
    *[case(word, x, dim) for word in ("cumsum", "cumprod", "logcumsumexp") for dim in (0, 1, -1)],
    *[case(word, a, 0) for word in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp") for a in (s, w[:1])],
    *[case(word, none, dim) for word in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp") for dim in (0, 1)],
    *[case(word, a, -1) for word in ("cumsum", "cumprod", "cummax", "cummin") for a in (i, b)],
    *[case(word, x, axis=1) for word in ("cumsum", "cumprod")],
    *[case(word, i, 0, dtype=np.float32, options={"torch": None}) for word in ("cumsum", "cumprod")],
    *[case(word, h, 0, options=kink) for word in ("cumsum", "cumprod")],
    *[case("cumprod", z, dim) for dim in (0, 1)],
    *[case(word, x, dim) for word in ("cummax", "cummin") for dim in (0, 1, -1)],
    *[case(word, a, -1, options=kink) for word in ("cummax", "cummin") for a in (ties, gaps)],
    *[case("logcumsumexp", np.array(a, np.float32), 0, options=kink) for a in ([-np.inf, -np.inf, 1.0], [np.inf, 1.0])],
    *[case("logcumsumexp", a, -1, options=kink) for a in (gaps, ties * 300)],
    *[case("diff", x, *args) for args in ((), (2,), (0,), (1, 0), (4,), (5,), (9,), (1, -2))],
    *[case("diff", i, n) for n in (1, 2)],
    case("diff", b),
    case("diff", np.array([5, 3], np.uint8)),
    case("diff", x, prepend=x[..., :2], append=x[..., 1:2] * 2),
    case("diff", x, 2, 1, x[:, :1], x[:, 1:]),
    case("diff", i, prepend=np.zeros((2, 1), np.float32)),
    *[case(word, x) for word in ("trapezoid", "trapz", "cumulative_trapezoid")],
    *[case(word, x, dim=1) for word in ("trapezoid", "trapz", "cumulative_trapezoid")],
    *[case(word, x, t) for word in ("trapezoid", "trapz", "cumulative_trapezoid")],
    *[case(word, x, t[:3], dim=1) for word in ("trapezoid", "cumulative_trapezoid")],
    *[case(word, x, w[0] * np.ones((3, 1), np.float32)) for word in ("trapezoid", "cumulative_trapezoid")],
    *[case(word, x, x * 2) for word in ("trapezoid", "cumulative_trapezoid")],
    *[case(word, x, dx=0.5) for word in ("trapezoid", "trapz", "cumulative_trapezoid")],
    *[case(word, i) for word in ("trapezoid", "cumulative_trapezoid")],
    *[case(word, i, np.array([0, 1, 3])) for word in ("trapezoid", "cumulative_trapezoid")],
    *[case(word, w[:, :1]) for word in ("trapezoid", "cumulative_trapezoid")],
    *[case(word, none, options=kink) for word in ("trapezoid", "cumulative_trapezoid")],
]
