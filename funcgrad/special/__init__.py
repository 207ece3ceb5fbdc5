"""Special functions.

The words of ``torch.special``, for real arrays; those that also stand without a prefix are the same functions. Where
torch defines no derivative (Bessel functions of the second kind, Airy, orthogonal polynomials) there is one here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..arrays.elementary import exp2, expm1, log1p, xlogy
from ..arrays.reductions import logsumexp
from ..arrays.rounding import round
from ..arrays.special import digamma, erf, erfc, erfinv, expit, i0, lgamma, log_softmax, logit, softmax
from ..arrays.trigonometry import sinc
from .airy import *
from .bessel import *
from .gamma import *
from .modified import *
from .polynomials import *
from .probability import *

gammaln = lgamma
psi = digamma

__all__ = [
    "airy_ai",
    "bessel_j0",
    "bessel_j1",
    "bessel_y0",
    "bessel_y1",
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
    "sinc",
    "softmax",
    "spherical_bessel_j0",
    "xlog1py",
    "xlogy",
    "zeta",
]

if not TYPE_CHECKING:  # a checker would take it to mean that every name exists
    from .._absent import room

    __getattr__ = room("special")
    del room
