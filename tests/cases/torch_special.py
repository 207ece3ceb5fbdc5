"""The room ``special``; the words that stand flat as well are in ``special.py``."""

import numpy as np
from harness import case

x = np.array([[0.3, -1.7, 2.6], [-0.4, 7.8, -12.3]], np.float32)  # each side of where the formulas change
edges = np.array([np.nan, 0.0, -0.0, 1.0, -1.0, 30.0, -30.0, 1e-20], np.float32)
ints = np.array([1, 0, 3], np.int32)
degrees = np.array([3, 0, 1, 2, 8, -1], np.int32)
whole = {"grad": False}
no_gradient = {"constant": (0,)}
infinite = np.array([np.inf, -np.inf], np.float32)
# What torch differentiates, and what it does not.
SMOOTH = ("erfcx", "entr", "i0e", "i1", "i1e", "log_ndtr", "ndtr")
SILENT = ("airy_ai", "bessel_j0", "bessel_j1", "modified_bessel_i0", "modified_bessel_i1", "spherical_bessel_j0")
POSITIVE = (
    "bessel_y0",
    "bessel_y1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
)
KINDS = [f"chebyshev_polynomial_{kind}" for kind in "tuvw"]
POLYNOMIALS = (
    *KINDS,
    *[f"shifted_{kind}" for kind in KINDS],
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
)
# torch's own float32 forms of these are off by more than one rounding beside a zero, or where they grow.
COARSE = {"tolerance": (4e-6, 2e-6)}
s = np.array([1.5, 2.0, 7.25], np.float32)
q = np.array([[0.3], [2.5], [40.0]], np.float32)

CASES = [
    *[case(f"special.{word}", np.abs(x) if word == "entr" else x) for word in SMOOTH],
    *[case(f"special.{word}", x, options={**no_gradient, **COARSE}) for word in SILENT],
    *[case(f"special.{word}", np.abs(x), options={**no_gradient, **COARSE}) for word in POSITIVE],
    *[
        case(f"special.{word}", sample, options={**whole, **COARSE})
        for word in (*SMOOTH, *SILENT, *POSITIVE)
        for sample in (edges, ints)
    ],
    *[case(f"special.{word}", infinite, options=whole) for word in (*SMOOTH, *SILENT[1:], *POSITIVE)],
    case("special.ndtri", np.array([0.01, 0.3, 0.5, 0.97], np.float32)),
    case("special.ndtri", np.array([np.nan, 0.0, 1.0, -0.5, 2.0], np.float32), options=whole),
    *[case(f"special.{word}", x.ravel() / 4, degrees, options={**no_gradient, **COARSE}) for word in POLYNOMIALS],
    *[case(f"special.{word}", x[:, :2] / 4, 3, options={**no_gradient, **COARSE}) for word in POLYNOMIALS[::4]],
    case("special.legendre_polynomial_p", 0.5, degrees, options=whole),
    case("special.chebyshev_polynomial_t", np.zeros((0, 2), np.float32), 2, options=whole),
    case("special.xlog1py", x, np.abs(x) * 3),
    case("special.xlog1py", edges, edges.reshape(8, 1), options=whole),
    case("special.xlog1py", 2, np.abs(x)),
    case("special.zeta", s, q, options={"constant": (0,)}),
    case("special.zeta", np.array([2.0, 3.0, 1.0, 0.5], np.float32), q - 2.75, options=whole),
    case("special.gammainc", s, q, options={"constant": (0,)}),
    case("special.gammaincc", s, q, options={"constant": (0,)}),
    *[
        case(word, np.array([0.0, 0.0, 2.0, -1.0, 2.0, np.inf], np.float32), sample, options=whole)
        for word in ("igamma", "igammac")
        for sample in (np.array([0.0, 1.0, np.inf, 1.0, -1.0, 1.0], np.float32),)
    ],
    *[case("polygamma", n, x, options={"tolerance": (1e-5, 1e-6)}) for n in (0, 1, 2)],  # torch sums from below 0
    case("polygamma", 3, np.array([np.nan, 0.0, 1.0, 30.0], np.float32), options=whole),
    case("polygamma", 1, ints + 1, options=whole),
    *[case("mvlgamma", np.array([[1.75, 3.5], [9.0, 2.25]], np.float32), p) for p in (1, 3)],
    case("special.multigammaln", np.array(3.0, np.float32), 2),
]
