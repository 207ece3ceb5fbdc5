"""The 35 problems of Moré, Garbow and Hillstrom, in their order; closed forms in NumPy where they are short."""

import jax.numpy as jnp
import numpy as np

from ._problem import Problem, problem

_SOURCE = "Moré, Garbow, Hillstrom, Testing unconstrained optimization software, 1981, ({})"
_E, _N = np.exp, np.arange


def _problem(number, name, start, **known):
    return problem(name, start, _SOURCE.format(number), **known)


def _bard(y):
    u = _N(1.0, 16.0)
    return u, 16 - u, np.minimum(u, 16 - u), np.array(y)


BARD = _bard([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])
GAUSS = np.array([0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989])
GAUSS = np.concatenate([GAUSS, GAUSS[-2::-1]])
MEYER = np.array(
    [
        "34780",
        "28610",
        "23650",
        "19630",
        "16370",
        "13720",
        "11540",
        "9744",
        "8261",
        "7030",
        "6005",
        "5147",
        "4427",
        "3820",
        "3307",
        "2872",
    ],
    float,
)
KOWALIK = np.array(["4", "2", "1", ".5", ".25", ".167", ".125", ".1", ".0833", ".0714", ".0625"], float)
OSBORNE_1 = """
.844 .908 .932 .936 .925 .908 .881 .850 .818 .784 .751 .718 .685 .658 .628 .603 .580 .558 .538 .522 .506 .490 .478 .467
.457 .448 .438 .431 .424 .420 .414 .411 .406
"""
OSBORNE_2 = """
1.366 1.191 1.112 1.013 .991 .885 .831 .847 .786 .725 .746 .679 .608 .655 .616 .606 .602 .626 .651 .724 .649 .649 .694
.644 .624 .661 .612 .558 .533 .495 .500 .423 .395 .375 .372 .391 .396 .405 .428 .429 .523 .562 .607 .653 .672 .708 .633
.668 .645 .632 .591 .559 .597 .625 .739 .710 .729 .720 .636 .581 .428 .292 .162 .098 .054
"""
OSBORNE_1, OSBORNE_2 = (np.array(text.split(), float) for text in (OSBORNE_1, OSBORNE_2))


def _rows(*rows):
    return lambda x: np.array([row(*x) for row in rows])


def _columns(*columns):
    return np.stack(np.broadcast_arrays(*columns), axis=1)


@_problem(1, "Rosenbrock", [-1.2, 1.0], value=24.2, solution=[1, 1], jacobian=lambda x: [[-20 * x[0], 10], [-1, 0]])
def rosenbrock(x):
    return jnp.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


@_problem(
    2, "Freudenstein and Roth", [0.5, -2.0], value=400.5, solution=[5, 4],
    jacobian=lambda x: [[1, 10 * x[1] - 3 * x[1] ** 2 - 2], [1, 3 * x[1] ** 2 + 2 * x[1] - 14]],
)  # fmt: skip
def freudenstein(x):
    a, b = x
    return jnp.stack([-13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b])


@_problem(
    3, "Powell badly scaled", [0.0, 1.0], value=1 + (_E(-1) - 0.0001) ** 2,
    jacobian=lambda x: [[1e4 * x[1], 1e4 * x[0]], -_E(-x)],
)  # fmt: skip
def powell_badly_scaled(x):
    return jnp.stack([1e4 * x[0] * x[1] - 1, jnp.exp(-x).sum() - 1.0001])


@_problem(4, "Brown badly scaled", [1.0, 1.0], value=999998000003.0, solution=[1e6, 2e-6],
          jacobian=lambda x: [[1, 0], [0, 1], [x[1], x[0]]])  # fmt: skip
def brown_badly_scaled(x):
    return jnp.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


@_problem(5, "Beale", [1.0, 1.0], value=14.203125, solution=[3, 0.5],
          jacobian=lambda x: _columns(x[1] ** _N(1, 4) - 1, _N(1, 4) * x[0] * x[1] ** _N(3)))  # fmt: skip
def beale(x):
    return np.array([1.5, 2.25, 2.625]) - x[0] * (1 - jnp.stack([x[1], x[1] ** 2, x[1] ** 3]))


@_problem(6, "Jennrich and Sampson", [0.3, 0.4], value=4171.306,
          jacobian=lambda x: -_N(1, 11)[:, None] * _E(np.outer(_N(1, 11), x)))  # fmt: skip
def jennrich(x):
    i = np.arange(1.0, 11.0)
    return 2 + 2 * i - jnp.exp(i * x[0]) - jnp.exp(i * x[1])


def _helical(x):
    square = x[0] ** 2 + x[1] ** 2
    turn, root = 50 / (np.pi * square), np.sqrt(square)
    return [[turn * x[1], -turn * x[0], 10], [10 * x[0] / root, 10 * x[1] / root, 0], [0, 0, 1]]


@_problem(7, "helical valley", [-1.0, 0.0, 0.0], value=2500.0, solution=[1, 0, 0], jacobian=_helical)
def helical_valley(x):
    turn = jnp.arctan(x[1] / x[0]) / (2 * np.pi) + jnp.where(x[0] < 0, 0.5, 0.0)
    return jnp.stack([10 * (x[2] - 10 * turn), 10 * (jnp.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


def _bard_slopes(x):
    u, v, w, _ = BARD
    below = (v * x[1] + w * x[2]) ** 2
    return _columns(-1.0, u * v / below, u * w / below)


@_problem(8, "Bard", [1.0, 1.0, 1.0], value=41.6817, jacobian=_bard_slopes)
def bard(x):
    u, v, w, y = BARD
    return y - (x[0] + u / (v * x[1] + w * x[2]))


def _gaussian_slopes(x):
    t = (8 - _N(1, 16)) / 2 - x[2]
    bell = _E(-x[1] * t**2 / 2)
    return _columns(bell, -x[0] * bell * t**2 / 2, x[0] * x[1] * t * bell)


@_problem(9, "Gaussian", [0.4, 1.0, 0.0], value=3.88811e-6, jacobian=_gaussian_slopes)
def gaussian(x):
    return x[0] * jnp.exp(-x[1] * ((8 - np.arange(1, 16)) / 2 - x[2]) ** 2 / 2) - GAUSS


def _meyer_slopes(x):
    t = 45 + 5 * _N(1, 17) + x[2]
    grown = _E(x[1] / t)
    return _columns(grown, x[0] * grown / t, -x[0] * x[1] * grown / t**2)


@_problem(10, "Meyer", [0.02, 4000.0, 250.0], value=1693607911.3, jacobian=_meyer_slopes, spread=1e-3)
def meyer(x):
    return x[0] * jnp.exp(x[1] / (45 + 5 * np.arange(1, 17) + x[2])) - MEYER


@_problem(11, "Gulf research", [5.0, 2.5, 0.15], solution=[50, 25, 1.5])
def gulf(x):
    t = np.arange(1, 11) / 100
    y = 25 + (-50 * np.log(t)) ** (2 / 3)
    return jnp.exp(-(jnp.abs(y - x[1]) ** x[2]) / x[0]) - t


@_problem(12, "Box three-dimensional", [0.0, 10.0, 20.0], value=1031.1538, solution=[1, 10, 1],
          jacobian=lambda x: _columns(-_N(1, 11) / 10 * _E(-_N(1, 11) / 10 * x[0]),
                                      _N(1, 11) / 10 * _E(-_N(1, 11) / 10 * x[1]),
                                      _E(-1.0 * _N(1, 11)) - _E(-_N(1, 11) / 10)))  # fmt: skip
def box(x):
    t = np.arange(1, 11) / 10
    return jnp.exp(-t * x[0]) - jnp.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


_POWELL = _rows(
    lambda a, b, c, d: [1, 10, 0, 0],
    lambda a, b, c, d: [0, 0, 5**0.5, -(5**0.5)],
    lambda a, b, c, d: [0, 2 * (b - 2 * c), -4 * (b - 2 * c), 0],
    lambda a, b, c, d: [2 * 10**0.5 * (a - d), 0, 0, -2 * 10**0.5 * (a - d)],
)


def _powell(x):
    a, b, c, d = x
    return jnp.stack([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2])


powell_singular = _problem(
    13, "Powell singular", [3.0, -1.0, 0.0, 1.0], value=215.0, solution=[0, 0, 0, 0], jacobian=_POWELL
)(_powell)


@_problem(14, "Wood", [-3.0, -1.0, -3.0, -1.0], value=19192.0, solution=[1, 1, 1, 1], jacobian=_rows(
    lambda a, b, c, d: [-20 * a, 10, 0, 0], lambda a, b, c, d: [-1, 0, 0, 0],
    lambda a, b, c, d: [0, 0, -2 * 90**0.5 * c, 90**0.5], lambda a, b, c, d: [0, 0, -1, 0],
    lambda a, b, c, d: [0, 10**0.5, 0, 10**0.5], lambda a, b, c, d: [0, 10**-0.5, 0, -(10**-0.5)],
))  # fmt: skip
def wood(x):
    a, b, c, d = x
    return jnp.stack([10 * (b - a**2), 1 - a, 90**0.5 * (d - c**2), 1 - c, 10**0.5 * (b + d - 2), 10**-0.5 * (b - d)])


def _kowalik_slopes(x):
    u = KOWALIK
    above, below = u**2 + u * x[1], u**2 + u * x[2] + x[3]
    return _columns(-above / below, -x[0] * u / below, x[0] * above * u / below**2, x[0] * above / below**2)


@_problem(15, "Kowalik and Osborne", [0.25, 0.39, 0.415, 0.39], value=5.3132e-3, jacobian=_kowalik_slopes)
def kowalik(x):
    y = np.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
    return y - x[0] * (KOWALIK**2 + KOWALIK * x[1]) / (KOWALIK**2 + KOWALIK * x[2] + x[3])


@_problem(16, "Brown and Dennis", [25.0, 5.0, -5.0, -1.0], value=7926693.336997)
def brown_dennis(x):
    t = np.arange(1, 21) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


def _osborne_slopes(x):
    t = 10.0 * _N(33)
    first, second = _E(-t * x[3]), _E(-t * x[4])
    return -_columns(1.0, first, second, -x[1] * t * first, -x[2] * t * second)


@_problem(17, "Osborne 1", [0.5, 1.5, -1.0, 0.01, 0.02], value=0.879026, jacobian=_osborne_slopes, spread=0.01)
def osborne_1(x):
    t = 10.0 * np.arange(33)
    return OSBORNE_1 - (x[0] + x[1] * jnp.exp(-t * x[3]) + x[2] * jnp.exp(-t * x[4]))


@_problem(18, "Biggs EXP6", [1.0, 2.0, 1.0, 1.0, 1.0, 1.0], value=0.7790700756, solution=[1, 10, 1, 5, 4, 3])
def biggs(x):
    t = np.arange(1, 14) / 10
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return x[2] * jnp.exp(-t * x[0]) - x[3] * jnp.exp(-t * x[1]) + x[5] * jnp.exp(-t * x[4]) - y


@_problem(19, "Osborne 2", [1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5], value=2.09342)
def osborne_2(x):
    t = np.arange(65)[:, None] / 10
    bells = jnp.exp(-((t - x[8:]) ** 2) * x[5:8])
    return OSBORNE_2 - x[0] * jnp.exp(-t[:, 0] * x[4]) - bells @ x[1:4]


def _watson_slopes(x):
    t, j = _N(1, 30)[:, None] / 29, _N(6)
    powers = t**j
    first = np.where(j > 0, j * t ** np.maximum(j - 1, 0), 0) - 2 * (powers @ x)[:, None] * powers
    return np.vstack([first, np.eye(6)[0], np.eye(6)[1] - 2 * x[0] * np.eye(6)[0]])


@_problem(20, "Watson", np.zeros(6), value=30.0, jacobian=_watson_slopes)
def watson(x):
    powers = (np.arange(1, 30)[:, None] / 29) ** np.arange(x.size)
    slopes = powers[:, :-1] * np.arange(1, x.size)
    return jnp.concatenate([slopes @ x[1:] - (powers @ x) ** 2 - 1, x[:1], x[1:2] - x[:1] ** 2 - 1])


def _blocks(n, block):
    return lambda x: (
        np.kron(np.eye(len(x) // n), np.ones((n, n)))
        * np.vstack([np.tile(block(part), len(x) // n) for part in x.reshape(-1, n)])
    )


@_problem(21, "extended Rosenbrock", np.tile([-1.2, 1.0], 5), value=121.0, solution=np.ones(10),
          jacobian=_blocks(2, rosenbrock.jacobian))  # fmt: skip
def extended_rosenbrock(x):
    a, b = x[::2], x[1::2]
    return jnp.stack([10 * (b - a**2), 1 - a], axis=1).ravel()


@_problem(22, "extended Powell singular", np.tile([3.0, -1.0, 0.0, 1.0], 3), value=645.0, solution=np.zeros(12),
          jacobian=_blocks(4, _POWELL))  # fmt: skip
def extended_powell(x):
    return jnp.stack(_powell(x.reshape(-1, 4).T), axis=1).ravel()


@_problem(23, "penalty I", _N(1.0, 11.0), value=148032.56535,
          jacobian=lambda x: np.vstack([np.sqrt(1e-5) * np.eye(10), 2 * x]))  # fmt: skip
def penalty_1(x):
    return jnp.append(np.sqrt(1e-5) * (x - 1), jnp.sum(x**2) - 0.25)


@_problem(24, "penalty II", np.full(10, 0.5), value=162.65277656596712)
def penalty_2(x):
    i = np.arange(2, x.size + 1)
    grown, root = jnp.exp(x / 10), np.sqrt(1e-5)
    pairs = root * (grown[1:] + grown[:-1] - (np.exp(i / 10) + np.exp((i - 1) / 10)))
    weighted = jnp.sum(np.arange(x.size, 0, -1) * x**2) - 1
    return jnp.concatenate([x[:1] - 0.2, pairs, root * (grown[1:] - np.exp(-0.1)), weighted[None]])


def _variable_slopes(x):
    j = _N(1.0, 11.0)
    return np.vstack([np.eye(10), j, 2 * (j @ (x - 1)) * j])


@_problem(25, "variably dimensioned", 1 - _N(1.0, 11.0) / 10, value=2198551.1625, solution=np.ones(10),
          jacobian=_variable_slopes)  # fmt: skip
def variable(x):
    weighted = jnp.sum(np.arange(1.0, x.size + 1) * (x - 1))
    return jnp.concatenate([x - 1, weighted[None], weighted[None] ** 2])


@_problem(26, "trigonometric", np.full(10, 0.1), value=0.00707575946622, solution=np.zeros(10),
          jacobian=lambda x: np.sin(x) + np.diag(_N(1, 11) * np.sin(x) - np.cos(x)))  # fmt: skip
def trigonometric(x):
    return x.size - jnp.cos(x).sum() + np.arange(1, x.size + 1) * (1 - jnp.cos(x)) - jnp.sin(x)


@_problem(27, "Brown almost linear", np.full(10, 0.5), value=273.248047, solution=np.ones(10),
          jacobian=lambda x: np.vstack([np.eye(10)[:-1] + 1, np.prod(x) / x]))  # fmt: skip
def brown_almost_linear(x):
    return jnp.append(x[:-1] + x.sum() - (x.size + 1), jnp.prod(x) - 1)


_T = _N(1, 11) / 11
_BAND = 2 * np.eye(10) - np.eye(10, k=1) - np.eye(10, k=-1)


@_problem(28, "discrete boundary value", _T * (_T - 1),
          jacobian=lambda x: _BAND + np.diag(1.5 / 121 * (x + _T + 1) ** 2))  # fmt: skip
def boundary_value(x):
    padded = jnp.pad(x, 1)
    return 2 * x - padded[:-2] - padded[2:] + (x + _T + 1) ** 3 / 242


_GREEN = np.where(_T[:, None] >= _T, (1 - _T)[:, None] * _T, _T[:, None] * (1 - _T))


@_problem(29, "discrete integral equation", _T * (_T - 1),
          jacobian=lambda x: np.eye(10) + 1.5 / 11 * _GREEN * (x + _T + 1) ** 2)  # fmt: skip
def integral_equation(x):
    cubes = (x + _T + 1) ** 3
    before = (1 - _T) * jnp.cumsum(_T * cubes)
    after = _T * (jnp.cumsum(((1 - _T) * cubes)[::-1])[::-1] - (1 - _T) * cubes)
    return x + (before + after) / 22


@_problem(30, "Broyden tridiagonal", np.full(40, -1.0), value=51.0,
          jacobian=lambda x: np.diag(3 - 4 * x) - np.eye(40, k=-1) - 2 * np.eye(40, k=1))  # fmt: skip
def broyden_tridiagonal(x):
    padded = jnp.pad(x, 1)
    return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1


def _banded_slopes(x):
    band = np.tri(12, 12, 1) - np.tri(12, 12, -6) - np.eye(12)
    return np.diag(2 + 15 * x**2) - band * (1 + 2 * x)


@_problem(31, "Broyden banded", np.full(12, -1.0), value=12 * 36.0, jacobian=_banded_slopes)
def broyden_banded(x):
    padded = jnp.pad(x * (1 + x), (5, 1))
    others = [padded[5 + k : 5 + k + x.size] for k in (-5, -4, -3, -2, -1, 1)]
    return x * (2 + 5 * x**2) + 1 - sum(others)


_FULL = np.eye(15, 6) - 2 / 15


@_problem(32, "linear, full rank", np.ones(6), value=33.0, solution=-np.ones(6), minimum=9.0, jacobian=lambda x: _FULL)
def linear_full(x):
    return jnp.pad(x, (0, 9)) - 2 / 15 * x.sum() - 1


@_problem(33, "linear, rank 1", np.ones(6), minimum=15 * 14 / 62, solution=np.eye(6)[0] * 3 / 31,
          jacobian=lambda x: np.outer(_N(1.0, 16.0), _N(1.0, 7.0)))  # fmt: skip
def linear_1(x):
    return np.arange(1.0, 16.0) * jnp.sum(np.arange(1.0, 7.0) * x) - 1


@_problem(34, "linear, rank 1 with zeros", np.ones(6), minimum=(225 + 45 - 6) / 54, solution=np.eye(6)[1] * 1.5 / 27,
          jacobian=lambda x: np.pad(np.outer(_N(1.0, 14.0), _N(2.0, 6.0)), 1))  # fmt: skip
def linear_zeros(x):
    return jnp.pad(np.arange(1.0, 14.0) * jnp.sum(np.arange(2.0, 6.0) * x[1:-1]), 1) - 1


def _chebyquad_slopes(x):
    angle, i = np.arccos(2 * x - 1), _N(1, 10)[:, None]
    return i * np.sin(i * angle) / np.sin(angle) * 2 / 9


@_problem(35, "Chebyquad", _N(1, 10) / 10, jacobian=_chebyquad_slopes, spread=0.01,
          solution=[0.044205346135779113, 0.19949067230774966, 0.23561910847105515, 0.41604690789257617, 0.5,
                    0.58395309210742383, 0.76438089152894485, 0.80050932769225034, 0.95579465386422089])  # fmt: skip
def chebyquad(x):
    u = 2 * x - 1
    rows, before = [u], jnp.ones_like(u)
    for _ in range(x.size - 1):
        before, after = rows[-1], 2 * u * rows[-1] - before
        rows.append(after)
    i = np.arange(1, x.size + 1)
    return jnp.stack(rows).mean(1) + np.where(i % 2, 0.0, 1 / np.where(i % 2, 1, i**2 - 1))


PROBLEMS = [each for each in list(globals().values()) if isinstance(each, Problem)]
