"""Scalar problems of the CUTEst collection, with gradients in closed form or smallest values that are published."""

import jax.numpy as jnp
import numpy as np

from ._problem import Problem, problem

_SOURCE = "CUTEst: Gould, Orban, Toint, 2015, {}"


def _problem(name, start, **known):
    return problem(name, start, _SOURCE.format(name), **known)


@_problem("ARWHEAD", np.ones(12), value=33.0, solution=[*np.ones(11), 0.0])
def arwhead(x):
    return jnp.sum((x[:-1] ** 2 + x[-1] ** 2) ** 2 - 4 * x[:-1] + 3)


@_problem("BDQRTIC", np.ones(12), value=8 * 226.0)
def bdqrtic(x):
    squares = x**2
    n = x.size - 4
    tail = squares[:n] + 2 * squares[1 : n + 1] + 3 * squares[2 : n + 2] + 4 * squares[3 : n + 3] + 5 * squares[-1]
    return jnp.sum((3 - 4 * x[:n]) ** 2 + tail**2)


@_problem("BROYDN7D", np.ones(12), smooth=False)  # powers of 7/3, of zero
def broydn7d(x):
    padded = jnp.pad(x, 1)
    near = jnp.abs(1 - padded[:-2] - 2 * padded[2:] + (3 - 2 * x) * x) ** (7 / 3)
    return near.sum() + jnp.sum(jnp.abs(x[:6] + x[6:]) ** (7 / 3))


@_problem(
    "CHAINWOO", [-3.0, -1.0, -3.0, -1.0, -2.0, 0.0, -2.0, 0.0, -2.0, 0.0, -2.0, 0.0], solution=np.ones(12), minimum=1.0
)
def chainwoo(x):
    a, b, c, d = x[:-3:2], x[1:-2:2], x[2:-1:2], x[3::2]
    first = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2
    return 1 + jnp.sum(first + (1 - c) ** 2 + 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2)


@_problem("COSINE", np.ones(12), value=11 * np.cos(0.5))
def cosine(x):
    return jnp.sum(jnp.cos(-0.5 * x[1:] + x[:-1] ** 2))


@_problem("CRAGGLVY", [1.0, *[2.0] * 11])
def cragglvy(x):
    a, b, c, d = x[:-3:2], x[1:-2:2], x[2:-1:2], x[3::2]
    first = (jnp.exp(a) - b) ** 4 + 100 * (b - c) ** 6
    return jnp.sum(first + (jnp.tan(c - d) + c - d) ** 4 + a**8 + (d - 1) ** 2)


def _dixmaan(x, alpha, beta, gamma, delta, powers=(0, 0, 0, 0)):
    n, m = x.size, x.size // 3
    weights = [(np.arange(1, n + 1) / n) ** k for k in powers]
    first = alpha * weights[0] * x**2
    second = beta * weights[1][:-1] * x[:-1] ** 2 * (x[1:] + x[1:] ** 2) ** 2
    third = gamma * weights[2][: 2 * m] * x[: 2 * m] ** 2 * x[m:] ** 4
    return 1 + first.sum() + second.sum() + third.sum() + jnp.sum(delta * weights[3][:m] * x[:m] * x[2 * m :])


_ZERO = {"solution": np.zeros(12), "minimum": 1.0}


@_problem("DIXMAANA", np.full(12, 2.0), value=1 + 48 + 8 * 4 * 0.125 * 16 + 4 * 0.125 * 4, **_ZERO)
def dixmaana(x):
    return _dixmaan(x, 1.0, 0.0, 0.125, 0.125)


@_problem("DIXMAANJ", np.full(12, 2.0), **_ZERO)
def dixmaanj(x):
    return _dixmaan(x, 1.0, 0.0625, 0.0625, 0.0625, (2, 0, 0, 2))


def _dqdrtic(x):
    return 2 * x * np.concatenate([[1], [101], np.full(len(x) - 4, 201), [200], [100]])


@_problem("DQDRTIC", np.full(12, 3.0), value=10 * 201 * 9.0, solution=np.zeros(12), jacobian=_dqdrtic)
def dqdrtic(x):
    return jnp.sum(x[:-2] ** 2 + 100 * x[1:-1] ** 2 + 100 * x[2:] ** 2)


@_problem("EDENSCH", np.zeros(12), value=16 + 11 * 17.0)
def edensch(x):
    return 16 + jnp.sum((x[:-1] - 2) ** 4 + (x[:-1] * x[1:] - 2 * x[1:]) ** 2 + (x[1:] + 1) ** 2)


@_problem("ENGVAL1", np.full(12, 2.0), value=11 * 59.0)
def engval1(x):
    return jnp.sum((x[:-1] ** 2 + x[1:] ** 2) ** 2) + jnp.sum(3 - 4 * x[:-1])


def _chain(x):
    gradient = np.zeros_like(x)
    gradient[1:] += 200 * (x[1:] - x[:-1] ** 2)
    gradient[:-1] += -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    return gradient


@_problem("Rosenbrock chain", np.tile([-1.2, 1.0], 20), solution=np.ones(40), jacobian=_chain)
def rosenbrock_chain(x):
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@_problem("FLETCHCR", np.zeros(12), value=1100.0, solution=np.ones(12))
def fletchcr(x):
    return jnp.sum(100 * (x[1:] - x[:-1] + 1 - x[:-1] ** 2) ** 2)


@_problem("GENROSE", np.arange(1, 13) / 13, solution=np.ones(12), minimum=1.0)
def genrose(x):
    return 1 + jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (x[1:] - 1) ** 2)


@_problem(
    "LIARWHD",
    np.full(12, 4.0),
    value=12 * 585.0,
    solution=np.ones(12),
    jacobian=lambda x: 16 * x * (x**2 - x[0]) + 2 * (x - 1) - 8 * np.eye(12)[0] * (x**2 - x[0]).sum(),
)
def liarwhd(x):
    return jnp.sum(4 * (x**2 - x[0]) ** 2 + (x - 1) ** 2)


@_problem("NONDIA", np.full(12, -1.0), value=4 + 11 * 400.0, solution=np.ones(12))
def nondia(x):
    return (x[0] - 1) ** 2 + jnp.sum(100 * (x[0] - x[:-1] ** 2) ** 2)


@_problem("NONDQUAR", np.tile([1.0, -1.0], 6), value=4.0 + 10.0, solution=np.zeros(12))
def nondquar(x):
    return (x[0] - x[1]) ** 2 + jnp.sum((x[:-2] + x[1:-1] + x[-1]) ** 4) + (x[-2] + x[-1]) ** 2


@_problem(
    "QUARTC",
    np.full(12, 2.0),
    value=float(np.sum((np.arange(1, 13) - 2) ** 4)),
    solution=np.arange(1, 13),
    jacobian=lambda x: 4 * (x - np.arange(1, 13)) ** 3,
)
def quartc(x):
    return jnp.sum((x - np.arange(1, x.size + 1)) ** 4)


@_problem("SCHMVETT", np.full(12, 0.5), solution=np.full(12, np.pi / (np.pi + 1)), minimum=-30.0)
def schmvett(x):
    a, b, c = x[:-2], x[1:-1], x[2:]
    return -jnp.sum(1 / (1 + (a - b) ** 2) + jnp.sin((np.pi * b + c) / 2) + jnp.exp(-(((a + c) / b - 2) ** 2)))


@_problem("SINQUAD", np.full(12, 0.1))
def sinquad(x):
    middle = jnp.sin(x[1:-1] - x[-1]) - x[0] ** 2 + x[1:-1] ** 2
    return (x[0] - 1) ** 4 + jnp.sum(middle**2) + (x[-1] ** 2 - x[0] ** 2) ** 2


@_problem("TOINTGSS", np.full(12, 3.0), value=10 * (10 / 14 + 9.0))
def tointgss(x):
    a, b, c = x[:-2], x[1:-1], x[2:]
    return jnp.sum((10 / (x.size + 2) + c**2) * (2 - jnp.exp(-((a - b) ** 2) / (0.1 + c**2))))


@_problem("TRIDIA", np.ones(12), value=float(np.arange(2, 13).sum()), solution=2.0 ** -np.arange(12))
def tridia(x):
    return (x[0] - 1) ** 2 + jnp.sum(np.arange(2, x.size + 1) * (2 * x[1:] - x[:-1]) ** 2)


@_problem("WOODS", np.tile([-3.0, -1.0], 6), value=3 * 19192.0, solution=np.ones(12))
def woods(x):
    a, b, c, d = x.reshape(-1, 4).T
    first = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2
    return jnp.sum(first + (1 - c) ** 2 + 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2)


def _thomson_slopes(x):
    x = x.reshape(-1, 3)
    gap = x[:, None] - x
    distance = np.sqrt((gap**2).sum(-1)) + np.eye(len(x))
    return -(gap / distance[..., None] ** 3).sum(1).ravel()


_OCTAHEDRON = np.concatenate([np.eye(3), -np.eye(3)])


@problem(
    "Thomson",
    _OCTAHEDRON.ravel(),
    "Thomson, 1904: six charges form an octahedron",
    jacobian=_thomson_slopes,
    value=9.985281374,
    solution=_OCTAHEDRON.ravel(),
    minimum=12 / 2**0.5 + 1.5,
)
def thomson(x):
    i, j = np.triu_indices(6, 1)
    places = x.reshape(-1, 3)
    return jnp.sum(1 / jnp.linalg.norm(places[i] - places[j], axis=1))


@problem(
    "Lennard-Jones",
    np.array([[0, 0, 0], [1.0, 0, 0], [0.5, 0.75**0.5, 0], [0.5, 12**-0.5, (2 / 3) ** 0.5]]).ravel(),
    "Jones, 1924: four atoms form a tetrahedron with edges of one length",
    value=-6.0,
    spread=0.05,
)
def lennard_jones(x):
    i, j = np.triu_indices(4, 1)
    places = x.reshape(-1, 3)
    inverse = 1 / jnp.sum((places[i] - places[j]) ** 2, axis=1) ** 3
    return jnp.sum(inverse**2 - 2 * inverse)


@problem("protein on a lattice of angles", np.linspace(0.3, 1.1, 8), "Stillinger, Head-Gordon, Hirshfeld, 1993")
def protein(angles):
    kinds = np.array([1, -1, -1, 1, -1, 1, -1, -1, 1, -1])
    turned = jnp.cumsum(jnp.append(jnp.zeros_like(angles, shape=(1,)), angles))
    steps = jnp.stack([jnp.cos(turned), jnp.sin(turned)], axis=1)
    places = jnp.concatenate([jnp.zeros_like(steps, shape=(1, 2)), jnp.cumsum(steps, axis=0)])
    i, j = np.triu_indices(10, 2)
    attraction = (1 + kinds[i] + kinds[j] + 5 * kinds[i] * kinds[j]) / 8
    inverse = 1 / jnp.sum((places[i] - places[j]) ** 2, axis=1) ** 3
    return jnp.sum(1 - jnp.cos(angles)) / 4 + 4 * jnp.sum(inverse**2 - attraction * inverse)


@problem("minimal surface", np.linspace(0.1, 0.9, 16), "Averick, Carter, Moré, Xue, MINPACK-2, 1992")
def minimal_surface(x):
    edge = np.pad(np.zeros((4, 4)), 1, constant_values=1.0) * np.linspace(-1, 1, 6)
    z = jnp.pad(x.reshape(4, 4), 1) + edge
    right, down = z[:-1, 1:] - z[:-1, :-1], z[1:, :-1] - z[:-1, :-1]
    left, up = z[1:, 1:] - z[1:, :-1], z[1:, 1:] - z[:-1, 1:]
    return jnp.sum(jnp.sqrt(1 + 25 * (right**2 + down**2)) + jnp.sqrt(1 + 25 * (left**2 + up**2))) / 50


@problem(
    "elastic-plastic torsion",
    np.linspace(0.0, 0.3, 16),
    "Averick, Carter, Moré, Xue, MINPACK-2, 1992",
    jacobian=lambda x: (2 * 25 * (np.kron(_D4, np.eye(4)) + np.kron(np.eye(4), _D4)) @ x - 10) / 50,
)
def torsion(x):
    z = jnp.pad(x.reshape(4, 4), 1)
    slopes = jnp.sum(jnp.diff(z, axis=0) ** 2) + jnp.sum(jnp.diff(z, axis=1) ** 2)
    return slopes / 2 - x.sum() / 5


_D4 = 2 * np.eye(4) - np.eye(4, k=1) - np.eye(4, k=-1)

PROBLEMS = [each for each in list(globals().values()) if isinstance(each, Problem)]
