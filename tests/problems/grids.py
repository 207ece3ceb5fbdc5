"""Differential equations on grids and in time, with Jacobians that are put together as matrices."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from ._problem import Problem, problem

_STENCIL = "finite differences, LeVeque, 2007, {}"
_RNG = np.random.default_rng(3)


def _shift(n, k, periodic=False):
    """The matrix that reads element i + k."""
    return np.roll(np.eye(n), k, axis=1) if periodic else np.eye(n, k=k)


def _second(n, boundary):
    matrix = _shift(n, 1, boundary == "periodic") + _shift(n, -1, boundary == "periodic") - 2 * np.eye(n)
    if boundary == "neumann":
        matrix[0, 0] = matrix[-1, -1] = -1
    return matrix


def _over(*matrices):
    """The sum of what acts along each dimension."""
    sizes = [len(m) for m in matrices]
    return sum(
        np.kron(np.kron(np.eye(int(np.prod(sizes[:i]))), m), np.eye(int(np.prod(sizes[i + 1 :]))))
        for i, m in enumerate(matrices)
    )


@problem(
    "five points, Dirichlet",
    np.linspace(0, 1, 30),
    _STENCIL.format("3.2"),
    jacobian=lambda x: _over(_second(5, "zero"), _second(6, "zero")),
)
def five_points(x):
    u = jnp.pad(x.reshape(5, 6), 1)
    return (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1]).ravel()


@problem(
    "five points, Neumann",
    np.linspace(0, 1, 30),
    _STENCIL.format("2.12"),
    jacobian=lambda x: _over(_second(5, "neumann"), _second(6, "neumann")),
)
def neumann(x):
    u = jnp.pad(x.reshape(5, 6), 1, mode="edge")
    return (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1]).ravel()


@problem(
    "five points, periodic",
    np.linspace(0, 1, 42),
    _STENCIL.format("2.14"),
    jacobian=lambda x: _over(_second(6, "periodic"), _second(7, "periodic")),
)
def periodic(x):
    u = x.reshape(6, 7)
    return (sum(jnp.roll(u, k, axis) for k in (1, -1) for axis in (0, 1)) - 4 * u).ravel()


@problem(
    "five points, mixed",
    np.linspace(0, 1, 30),
    _STENCIL.format("2.12"),
    jacobian=lambda x: _over(_second(5, "periodic"), _second(6, "zero")),
)
def mixed(x):
    u = x.reshape(5, 6)
    side = jnp.pad(u, ((0, 0), (1, 1)))
    return (jnp.roll(u, 1, 0) + jnp.roll(u, -1, 0) + side[:, :-2] + side[:, 2:] - 4 * u).ravel()


@problem(
    "nine points",
    np.linspace(0, 1, 30),
    _STENCIL.format("3.5"),
    jacobian=lambda x: (
        _over(_second(5, "zero"), _second(6, "zero")) + np.kron(_second(5, "zero"), _second(6, "zero")) / 6
    ),
)
def nine_points(x):
    kernel = np.array([[1.0, 4.0, 1.0], [4.0, -20.0, 4.0], [1.0, 4.0, 1.0]]) / 6
    image = x.reshape(1, 1, 5, 6)
    return lax.conv_general_dilated(image, jnp.asarray(kernel, x.dtype)[None, None], (1, 1), "SAME").ravel()


@problem(
    "seven points in space",
    np.linspace(0, 1, 27),
    _STENCIL.format("3.2"),
    jacobian=lambda x: _over(*[_second(3, "zero")] * 3),
)
def seven_points(x):
    u = jnp.pad(x.reshape(3, 3, 3), 1)
    inner = slice(1, -1)
    sides = u[:-2, inner, inner] + u[2:, inner, inner] + u[inner, :-2, inner] + u[inner, 2:, inner]
    return (sides + u[inner, inner, :-2] + u[inner, inner, 2:] - 6 * u[inner, inner, inner]).ravel()


@problem(
    "thirteen points",
    np.linspace(0, 1, 36),
    "the biharmonic operator on a torus",
    jacobian=lambda x: np.linalg.matrix_power(_over(*[_second(6, "periodic")] * 2), 2),
)
def thirteen_points(x):
    def laplacian(u):
        return sum(jnp.roll(u, k, axis) for k in (1, -1) for axis in (0, 1)) - 4 * u

    return laplacian(laplacian(x.reshape(6, 6))).ravel()


_CONDUCTIVITY = _RNG.uniform(0.5, 2.0, 13)
_GRADIENT = np.eye(13, 12) - np.eye(13, 12, k=-1)


@problem(
    "heat in layers",
    np.linspace(1, 2, 12),
    _STENCIL.format("2.15"),
    jacobian=lambda x: -_GRADIENT.T @ np.diag(_CONDUCTIVITY) @ _GRADIENT,
)
def layers(x):
    return jnp.diff(_CONDUCTIVITY * jnp.diff(jnp.pad(x, 1)))


def _bratu(size, dims):
    matrix = _over(*[_second(size, "zero") * (size + 1) ** 2] * dims)
    return lambda x: matrix + np.diag(2.0 * np.exp(x))


@problem("Bratu on a line", np.full(20, 0.1), "Bratu, 1914", jacobian=_bratu(20, 1))
def bratu(x):
    u = jnp.pad(x, 1)
    return (u[:-2] - 2 * x + u[2:]) * (x.size + 1) ** 2 + 2.0 * jnp.exp(x)


@problem("Bratu on a square", np.full(25, 0.1), "MINPACK-2, solid fuel ignition", jacobian=_bratu(5, 2))
def bratu_square(x):
    u = jnp.pad(x.reshape(5, 5), 1)
    around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
    return ((around - 4 * u[1:-1, 1:-1]) * 36).ravel() + 2.0 * jnp.exp(x)


def _brusselator_slopes(matrix):
    def jacobian(x):
        u, v = x.reshape(2, -1)
        return np.block([[np.diag(2 * u * v - 4.4) + matrix, np.diag(u**2)],
                         [np.diag(3.4 - 2 * u * v), np.diag(-(u**2)) + matrix]])  # fmt: skip

    return jacobian


_START = np.concatenate([1 + np.sin(2 * np.pi * np.arange(1, 11) / 11), np.full(10, 3.0)])


@problem(
    "Brusselator on a line",
    _START,
    "Hairer, Wanner, Solving ODEs II, 1996, IV.1",
    jacobian=_brusselator_slopes(_second(10, "zero") * 0.02 * 121),
)
def brusselator(x):
    u, v = x.reshape(2, -1)
    wide, high = jnp.pad(u, 1, constant_values=1.0), jnp.pad(v, 1, constant_values=3.0)
    spread = [0.02 * 121 * (w[:-2] - 2 * w[1:-1] + w[2:]) for w in (wide, high)]
    return jnp.concatenate([1 + u**2 * v - 4.4 * u + spread[0], 3.4 * u - u**2 * v + spread[1]])


@problem(
    "Brusselator on a torus",
    _RNG.uniform(0.5, 2, 50),
    "Hairer, Wanner, Solving ODEs II, 1996, IV.10",
    jacobian=_brusselator_slopes(_over(*[_second(5, "periodic")] * 2) * 2.5),
)
def brusselator_torus(x):
    u, v = x.reshape(2, 5, 5)

    def spread(w):
        return 2.5 * (sum(jnp.roll(w, k, axis) for k in (1, -1) for axis in (0, 1)) - 4 * w)

    return jnp.stack([1 + u**2 * v - 4.4 * u + spread(u), 3.4 * u - u**2 * v + spread(v)]).ravel()


@problem(
    "Burgers",
    np.sin(np.arange(12.0)),
    "Burgers, 1948; central fluxes on a ring",
    jacobian=lambda x: _second(12, "periodic") * 0.1 - (_shift(12, 1, True) - _shift(12, -1, True)) / 4 * 2 * x,
)
def burgers(x):
    flux = x**2 / 2
    return 0.1 * (jnp.roll(x, -1) - 2 * x + jnp.roll(x, 1)) - (jnp.roll(flux, -1) - jnp.roll(flux, 1)) / 2


@problem("upwind", np.sin(np.arange(12.0)) + 0.05, "Courant, Isaacson, Rees, 1952", tight=False)
def upwind(x):
    return -jnp.where(x > 0, x * (x - jnp.roll(x, 1)), x * (jnp.roll(x, -1) - x))


def _kdv_slopes(x):
    n = len(x)
    s = [_shift(n, k, True) for k in (-2, -1, 1, 2)]
    mean = np.roll(x, -1) + x + np.roll(x, 1)
    step = (np.roll(x, -1) - np.roll(x, 1))[:, None]
    return -(mean[:, None] * (s[2] - s[1]) + step * (s[2] + np.eye(n) + s[1])) - (s[3] - 2 * s[2] + 2 * s[1] - s[0]) / 2


@problem("Korteweg and de Vries", np.cos(np.arange(14.0)), "Zabusky, Kruskal, 1965", jacobian=_kdv_slopes)
def korteweg(x):
    ahead, behind = jnp.roll(x, -1), jnp.roll(x, 1)
    third = jnp.roll(x, -2) - 2 * ahead + 2 * behind - jnp.roll(x, 2)
    return -(ahead + x + behind) * (ahead - behind) - third / 2


@problem(
    "Allen and Cahn",
    np.cos(np.arange(16.0)),
    "Allen, Cahn, 1979",
    jacobian=lambda x: _second(16, "neumann") * 0.5 + np.diag(1 - 3 * x**2),
)
def allen_cahn(x):
    u = jnp.pad(x, 1, mode="edge")
    return 0.5 * (u[2:] - 2 * x + u[:-2]) + x - x**3


@problem(
    "Cahn and Hilliard",
    np.cos(np.arange(16.0)),
    "Cahn, Hilliard, 1958",
    jacobian=lambda x: _second(16, "periodic") @ (np.diag(3 * x**2 - 1) - 0.3 * _second(16, "periodic")),
)
def cahn_hilliard(x):
    def second(u):
        return jnp.roll(u, 1) - 2 * u + jnp.roll(u, -1)

    return second(x**3 - x - 0.3 * second(x))


@problem("Gray and Scott", _RNG.uniform(0.2, 0.8, 32), "Pearson, 1993; on a torus")
def gray_scott(x):
    u, v = x.reshape(2, 4, 4)

    def spread(w):
        return sum(jnp.roll(w, k, axis) for k in (1, -1) for axis in (0, 1)) - 4 * w

    reaction = u * v**2
    return jnp.stack([0.2 * spread(u) - reaction + 0.03 * (1 - u), 0.1 * spread(v) + reaction - 0.09 * v]).ravel()


@problem("driven cavity", np.sin(np.arange(16.0)), "Averick, Carter, Moré, Xue, MINPACK-2, 1992, in another scaling")
def driven_cavity(x):
    u = jnp.pad(x.reshape(4, 4), 2)

    def at(i, j):
        return u[2 + i : 6 + i, 2 + j : 6 + j]

    def vorticity(i, j):
        return at(i - 1, j) + at(i + 1, j) + at(i, j - 1) + at(i, j + 1) - 4 * at(i, j)

    w = {(i, j): vorticity(i, j) for i, j in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]}
    spread = w[1, 0] + w[-1, 0] + w[0, 1] + w[0, -1] - 4 * w[0, 0]
    carried = (at(0, 1) - at(0, -1)) * (w[1, 0] - w[-1, 0]) - (at(1, 0) - at(-1, 0)) * (w[0, 1] - w[0, -1])
    return (spread + 0.25 * carried).ravel()


def _lorenz_slopes(x):
    n = len(x)
    ahead, behind, second = _shift(n, 1, True), _shift(n, -1, True), _shift(n, -2, True)
    return np.diag(behind @ x) @ (ahead - second) + np.diag((ahead - second) @ x) @ behind - np.eye(n)


@problem("Lorenz 96", 8 + np.sin(np.arange(40.0)), "Lorenz, 1996", jacobian=_lorenz_slopes)
def lorenz_96(x):
    return (jnp.roll(x, -1) - jnp.roll(x, 2)) * jnp.roll(x, 1) - x + 8.0


@problem(
    "Lorenz",
    [1.0, 2.0, 20.0],
    "Lorenz, 1963",
    jacobian=lambda x: [[-10, 10, 0], [28 - x[2], -1, -x[0]], [x[1], x[0], -8 / 3]],
)
def lorenz(x):
    return jnp.stack([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])


@problem(
    "Robertson",
    [0.9, 1e-4, 0.1],
    "Robertson, 1966",
    jacobian=lambda x: [
        [-0.04, 1e4 * x[2], 1e4 * x[1]],
        [0.04, -1e4 * x[2] - 6e7 * x[1], -1e4 * x[1]],
        [0, 6e7 * x[1], 0],
    ],
)
def robertson(x):
    slow, fast, middle = 0.04 * x[0], 3e7 * x[1] ** 2, 1e4 * x[1] * x[2]
    return jnp.stack([middle - slow, slow - middle - fast, fast])


@problem("HIRES", [1.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 0.0057], "Schäfer, 1975; Hairer, Wanner, 1996, IV.10")
def hires(x):
    a, b, c, d, e, f, g, h = x
    quick = 280 * f * h
    return jnp.stack([
        -1.71 * a + 0.43 * b + 8.32 * c + 0.0007, 1.71 * a - 8.75 * b, -10.03 * c + 0.43 * d + 0.035 * e,
        8.32 * b + 1.71 * c - 1.12 * d, -1.745 * e + 0.43 * f + 0.43 * g,
        -quick + 0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g, quick - 1.81 * g, -quick + 1.81 * g,
    ])  # fmt: skip


def _rk4(slope, x, step, count):
    def one(x, _):
        a = slope(x)
        b = slope(x + step / 2 * a)
        c = slope(x + step / 2 * b)
        x = x + step / 6 * (a + 2 * b + 2 * c + slope(x + step * c))
        return x, x

    return lax.scan(one, x, None, length=count)[1]


@problem(
    "Lotka and Volterra in time",
    [1.0, 1.0, 1.5, 1.0, 3.0, 1.0],
    "Lotka, 1925; by Runge and Kutta's method",
    tight=False,
)
def lotka_volterra(x):
    a, b, c, d = x[2:]
    return _rk4(lambda u: jnp.stack([a * u[0] - b * u[0] * u[1], d * u[0] * u[1] - c * u[1]]), x[:2], 0.1, 8).ravel()


@problem("Kepler", [0.5, 0.0, 0.0, 3.0**0.5], "Hairer, Lubich, Wanner, 2006, I.2; by leapfrog steps", tight=False)
def kepler(x):
    def pull(q):
        return -q / jnp.sum(q**2) ** 1.5

    def one(state, _):
        q, p = state
        p = p + 0.025 * pull(q)
        q = q + 0.05 * p
        return (q, p + 0.025 * pull(q)), None

    (q, p), _ = lax.scan(one, (x[:2], x[2:]), None, length=10)
    return jnp.concatenate([q, p])


@problem("van der Pol by collocation", _RNG.normal(size=24), "van der Pol, 1926; the trapezoidal rule")
def van_der_pol(x):
    u, v = x.reshape(2, -1)
    slopes = jnp.stack([v, 5 * (1 - u**2) * v - u])
    return (jnp.diff(x.reshape(2, -1), axis=1) - 0.05 * (slopes[:, 1:] + slopes[:, :-1])).ravel()


@problem(
    "pendulum by collocation", _RNG.normal(size=30), "Kelly, Transcription methods for trajectory optimization, 2017"
)
def pendulum(x):
    state, torque = x[:20].reshape(10, 2), x[20:]
    slopes = jnp.stack([state[:, 1], torque - jnp.sin(state[:, 0]) - 0.1 * state[:, 1]], axis=1)
    defects = state[1:] - state[:-1] - 0.05 * (slopes[1:] + slopes[:-1])
    return jnp.concatenate([defects.ravel(), state[0], state[-1] - np.array([np.pi, 0.0])])


@problem(
    "cart and pole by collocation",
    _RNG.normal(size=40),
    "Kelly, Transcription methods for trajectory optimization, 2017",
)
def cart_pole(x):
    state, force = x[:32].reshape(8, 4), x[32:]
    _, angle, speed, turning = state.T
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    heavy = 1 + 0.3 * (1 - cosine**2)
    push = (0.5 * 0.3 * sine * turning**2 + force + 0.3 * 9.81 * cosine * sine) / heavy
    turn = -(0.5 * 0.3 * cosine * sine * turning**2 + force * cosine + 1.3 * 9.81 * sine) / (0.5 * heavy)
    slopes = jnp.stack([speed, turning, push, turn], axis=1)
    return jnp.concatenate([(state[1:] - state[:-1] - 0.1 * (slopes[1:] + slopes[:-1])).ravel(), state[0]])


@problem("rocket, shooting", np.linspace(0.2, 0.6, 10), "Bryson, Ho, Applied optimal control, 1975: a cost of controls")
def rocket(x):
    def one(state, thrust):
        height, speed, mass = state
        rise = (2 * thrust - 0.1 * speed**2 * jnp.exp(-height)) / mass - 1
        return (height + 0.1 * speed, speed + 0.1 * rise, mass - 0.05 * thrust), thrust**2

    (height, speed, _), cost = lax.scan(one, (jnp.zeros_like(x[0]), jnp.zeros_like(x[0]), jnp.ones_like(x[0])), x)
    return 0.01 * cost.sum() - height + speed**2


PROBLEMS = [each for each in list(globals().values()) if isinstance(each, Problem)]
