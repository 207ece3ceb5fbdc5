"""Models of data and words of linear algebra, with gradients that books have in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import funcgrad as fg

from ._problem import Problem, problem

_RNG = np.random.default_rng(5)
_ADBENCH = "Srajer, Kukelova, Fitzgibbon, A benchmark of selected algorithmic differentiation tools, 2018, {}"
_MATRICES = "Petersen, Pedersen, The matrix cookbook, 2012, {}"


def _rotated(turn, point):
    """Rodrigues' rotation by the length of `turn`."""
    angle = jnp.sqrt(jnp.sum(turn**2))
    axis = turn / angle
    return (
        jnp.cos(angle) * point
        + jnp.sin(angle) * jnp.cross(axis, point)
        + (1 - jnp.cos(angle)) * jnp.dot(axis, point) * axis
    )


def _projected(camera, point):
    seen = _rotated(camera[:3], point - camera[3:6])
    flat = seen[:2] / seen[2]
    square = jnp.sum(flat**2)
    return camera[8:10] + camera[6] * (1 + camera[7] * square + camera[10] * square**2) * flat


_SEEN = [(0, 0), (0, 1), (0, 3), (1, 1), (1, 2), (1, 3)]
_CAMERAS = np.array(
    [[0.1, -0.2, 0.3, 0, 0, -4, 500, 0.1, 300, 200, 0.01], [-0.2, 0.1, 0.2, 1, 0, -5, 480, 0.1, 310, 190, 0.02]]
)


@problem(
    "bundle adjustment", np.concatenate([_CAMERAS.ravel(), _RNG.normal(size=12), np.ones(6)]), _ADBENCH.format("BA")
)
def bundle_adjustment(x):
    cameras, points, weights = x[:22].reshape(2, 11), x[22:34].reshape(4, 3), x[34:]
    camera, point = np.array(_SEEN).T
    errors = jax.vmap(_projected)(cameras[camera], points[point]) - np.arange(12.0).reshape(6, 2)
    return jnp.concatenate([(weights[:, None] * errors).ravel(), 1 - weights**2])


def _triangle(diagonal, lower, d):
    return jnp.zeros((d, d), diagonal.dtype).at[np.tril_indices(d, -1)].set(lower) + jnp.diag(jnp.exp(diagonal))


_SAMPLES = _RNG.normal(size=(7, 2))


@problem("Gaussian mixture", _RNG.normal(size=18), _ADBENCH.format("GMM"))
def mixture(x):
    logits, means, diagonals, lowers = x[:3], x[3:9].reshape(3, 2), x[9:15].reshape(3, 2), x[15:].reshape(3, 1)
    factors = jax.vmap(lambda q, lower: _triangle(q, lower, 2))(diagonals, lowers)
    whitened = jnp.einsum("kij,nkj->nki", factors, _SAMPLES[:, None] - means)
    inner = logits + diagonals.sum(1) - 0.5 * jnp.sum(whitened**2, -1)
    wishart = 0.5 * (jnp.sum(jnp.exp(2 * diagonals)) + jnp.sum(lowers**2)) - diagonals.sum()
    return jnp.sum(jax.nn.logsumexp(inner, axis=1)) - 7 * jax.nn.logsumexp(logits) - wishart


_LETTERS = _RNG.normal(size=(5, 2))


@problem("LSTM", _RNG.normal(size=22) * 0.5, _ADBENCH.format("D-LSTM, one layer"))
def lstm(x):
    weights, biases, state, out = x[:8].reshape(4, 2), x[8:16].reshape(4, 2), x[16:20].reshape(2, 2), x[20:]

    def step(carry, letter):
        hidden, cell = carry
        forget, ahead, result = (
            jax.nn.sigmoid(weights[i] * v + biases[i]) for i, v in ((0, letter), (1, hidden), (2, letter))
        )
        cell = cell * forget + ahead * jnp.tanh(weights[3] * hidden + biases[3])
        hidden = result * jnp.tanh(cell)
        return (hidden, cell), hidden * out

    _, found = lax.scan(step, (state[0], state[1]), jnp.asarray(_LETTERS[:-1], x.dtype))
    logits = found - jax.nn.logsumexp(found, axis=1, keepdims=True)
    return -jnp.mean(logits * _LETTERS[1:])


_X, _Y = _RNG.normal(size=(9, 6)), np.array([1, 0, 1, 1, 0, 0, 1, 0, 1])


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


@problem(
    "logistic regression",
    _RNG.normal(size=6),
    "Hastie, Tibshirani, Friedman, 2009, 4.4",
    jacobian=lambda w: _X.T @ (_sigmoid(_X @ w) - _Y),
)
def logistic(w):
    return fg.nn.binary_cross_entropy_with_logits(_X @ w, jnp.asarray(_Y, w.dtype), reduction="sum")


def _softmax(z):
    return np.exp(z - z.max(-1, keepdims=True)) / np.exp(z - z.max(-1, keepdims=True)).sum(-1, keepdims=True)


_CLASSES = np.array([0, 2, 1, 1, 0, 2, 2, 1, 0])


@problem(
    "softmax regression",
    _RNG.normal(size=18),
    "Hastie, Tibshirani, Friedman, 2009, 4.4",
    jacobian=lambda w: (_X.T @ (_softmax(_X @ w.reshape(6, 3)) - np.eye(3)[_CLASSES])).ravel() / 9,
)
def softmax_regression(w):
    return fg.nn.cross_entropy(_X @ w.reshape(6, 3), jnp.asarray(_CLASSES))


@problem(
    "softmax",
    _RNG.normal(size=8),
    "Bridle, 1990",
    jacobian=lambda z: np.diag(_softmax(z)) - np.outer(_softmax(z), _softmax(z)),
)
def softmax(z):
    return fg.softmax(z, 0)


def _layer_norm_slopes(x):
    centred = x - x.mean()
    deviation = np.sqrt(x.var() + 1e-5)
    return (np.eye(8) - 1 / 8 - np.outer(centred, centred) / (8 * deviation**2)) / deviation


@problem("layer normalization", _RNG.normal(size=8), "Ba, Kiros, Hinton, 2016", jacobian=_layer_norm_slopes)
def layer_norm(x):
    return fg.nn.layer_norm(x, (8,))


@problem("attention", _RNG.normal(size=24), "Vaswani et al., 2017")
def attention(x):
    query, key, value = x.reshape(3, 4, 2)
    return (fg.softmax(query @ key.T / 2**0.5, 1) @ value).ravel()


_W, _V = _RNG.normal(size=(5, 40)), _RNG.normal(size=(36, 5))


@problem(
    "network through a narrow layer",
    _RNG.normal(size=40) * 0.3,
    "Rumelhart, Hinton, Williams, 1986",
    jacobian=lambda x: _V @ np.diag(1 - np.tanh(_W @ x) ** 2) @ _W,
)
def network(x):
    return _V @ jnp.tanh(_W @ x)


_DENSE = _RNG.normal(size=(44, 40)) / 6


@problem(
    "a matrix of many",
    _RNG.normal(size=40),
    "two layers with bends of other kinds",
    jacobian=lambda x: np.diag(np.cos(_DENSE @ (x * np.abs(x)))) @ _DENSE @ np.diag(2 * np.abs(x)),
)
def many(x):
    return fg.sin(_DENSE @ (x * fg.abs(x)))


_KERNEL = _RNG.normal(size=12)


@problem(
    "convolution by Fourier's transform",
    _RNG.normal(size=12),
    "Cooley, Tukey, 1965",
    jacobian=lambda x: np.stack([np.roll(_KERNEL, k) for k in range(12)], axis=1),
)
def circular(x):
    return fg.fft.irfft(fg.fft.rfft(x) * np.fft.rfft(_KERNEL), 12)


@problem(
    "spectral derivative",
    np.sin(np.arange(9.0)),
    "Trefethen, Spectral methods in Matlab, 2000, chapter 3",
    tight=False,
    jacobian=lambda x: np.array(
        [[0 if i == j else 0.5 * (-1) ** (i - j) / np.sin((i - j) * np.pi / 9) for j in range(9)] for i in range(9)]
    ),
)
def spectral(x):
    frequencies = np.fft.fftfreq(9, 1 / 9)
    return jnp.fft.ifft(1j * frequencies * jnp.fft.fft(x)).real


_GENERAL = _RNG.normal(size=(6, 6)) + 4 * np.eye(6)
_POSITIVE = _GENERAL @ _GENERAL.T
_RIGHT = _RNG.normal(size=6)


def _solve_slopes(x):
    inverse = np.linalg.inv(_GENERAL + np.diag(x))
    return -inverse @ np.diag(inverse @ _RIGHT)


@problem("linear solve", np.linspace(0.5, 1, 6), _MATRICES.format("(59)"), jacobian=_solve_slopes)
def solve(x):
    return fg.linalg.solve(_GENERAL + jnp.diag(x), jnp.asarray(_RIGHT, x.dtype))


@problem(
    "log-determinant by Cholesky's factor",
    np.linspace(0.5, 1, 6),
    _MATRICES.format("(57)"),
    jacobian=lambda x: np.diag(np.linalg.inv(_POSITIVE + np.diag(x))),
)
def log_determinant(x):
    return 2 * jnp.sum(jnp.log(jnp.diagonal(fg.linalg.cholesky(_POSITIVE + jnp.diag(x)))))


@problem(
    "determinant",
    _GENERAL[:3, :3].ravel(),
    _MATRICES.format("(49)"),
    jacobian=lambda x: (np.linalg.det(x.reshape(3, 3)) * np.linalg.inv(x.reshape(3, 3)).T).ravel(),
)
def determinant(x):
    return fg.linalg.det(x.reshape(3, 3))


@problem(
    "inverse",
    _GENERAL[:3, :3].ravel(),
    _MATRICES.format("(60)"),
    jacobian=lambda x: -np.kron(np.linalg.inv(x.reshape(3, 3)), np.linalg.inv(x.reshape(3, 3)).T),
)
def inverse(x):
    return fg.linalg.inv(x.reshape(3, 3)).ravel()


@problem(
    "eigenvalues",
    np.linspace(0.5, 1, 5),
    _MATRICES.format("(67)"),
    jacobian=lambda x: np.linalg.eigh(_POSITIVE[:5, :5] + np.diag(x))[1].T ** 2,
)
def eigenvalues(x):
    return fg.linalg.eigvalsh(_POSITIVE[:5, :5] + jnp.diag(x))


@problem(
    "matrix product",
    _RNG.normal(size=12),
    _MATRICES.format("2.5"),
    jacobian=lambda x: np.hstack([np.kron(np.eye(2), x[6:].reshape(3, 2).T), np.kron(x[:6].reshape(2, 3), np.eye(2))]),
)
def product(x):
    return (x[:6].reshape(2, 3) @ x[6:].reshape(3, 2)).ravel()


def _spline_slopes(x):
    matrix = 4 * np.eye(8) + np.eye(8, k=1) + np.eye(8, k=-1)
    return np.linalg.solve(matrix, 6 * (np.eye(8, 10) - 2 * np.eye(8, 10, k=1) + np.eye(8, 10, k=2)))


@problem(
    "natural spline", np.sin(np.arange(10.0)), "de Boor, A practical guide to splines, 1978", jacobian=_spline_slopes
)
def spline(x):
    side = jnp.ones(8, x.dtype)
    right = 6 * jnp.diff(x, n=2)[:, None]
    return lax.linalg.tridiagonal_solve(side.at[0].set(0), 4 * side, side.at[-1].set(0), right)[:, 0]


_OBSERVED = _RNG.normal(size=6)


@problem("Kalman filter", [0.9, 0.3, 0.5, 0.7], "Kalman, 1960: the likelihood of a local trend")
def kalman(x):
    def step(state, seen):
        mean, spread, total = state
        mean, spread = x[0] * mean + x[3], x[0] ** 2 * spread + x[1] ** 2
        variance = spread + x[2] ** 2
        gain, error = spread / variance, seen - mean
        total = total + 0.5 * (jnp.log(2 * np.pi * variance) + error**2 / variance)
        return (mean + gain * error, (1 - gain) * spread, total), None

    start = (jnp.zeros_like(x[0]), jnp.ones_like(x[0]), jnp.zeros_like(x[0]))
    return lax.scan(step, start, jnp.asarray(_OBSERVED, x.dtype))[0][2]


@problem("Gaussian process", np.log([1.0, 0.8, 0.3]), "Rasmussen, Williams, 2006, 5.4")
def gaussian_process(x):
    scale, length, noise = jnp.exp(x)
    at = np.linspace(0, 1, 6)
    matrix = scale**2 * jnp.exp(-0.5 * ((at[:, None] - at) / length) ** 2) + noise**2 * np.eye(6)
    factor = jnp.linalg.cholesky(matrix)
    half = lax.linalg.triangular_solve(factor, jnp.asarray(_OBSERVED, x.dtype)[:, None], left_side=True, lower=True)
    return 0.5 * jnp.sum(half**2) + jnp.sum(jnp.log(jnp.diagonal(factor))) + 3 * np.log(2 * np.pi)


@problem("hidden Markov chain", _RNG.normal(size=15), "Rabiner, 1989: the forward algorithm")
def markov(x):
    moves = jax.nn.log_softmax(x[:9].reshape(3, 3), axis=1)
    signs = jax.nn.log_softmax(x[9:].reshape(3, 2), axis=1)

    def step(alpha, seen):
        return jax.nn.logsumexp(alpha[:, None] + moves, axis=0) + signs[:, seen], None

    start = signs[:, 0] - np.log(3)
    return jax.nn.logsumexp(lax.scan(step, start, jnp.asarray([1, 1, 0, 1]))[0])


def _arm_slopes(x):
    angles = np.cumsum(x)
    lengths = np.arange(1.0, 6.0)
    return np.stack(
        [-np.cumsum((lengths * np.sin(angles))[::-1])[::-1], np.cumsum((lengths * np.cos(angles))[::-1])[::-1]]
    )


@problem("robot arm", np.linspace(0.1, 0.5, 5), "Denavit, Hartenberg, 1955, in a plane", jacobian=_arm_slopes)
def arm(x):
    angles = jnp.cumsum(x)
    lengths = np.arange(1.0, 6.0)
    return jnp.stack([lengths @ jnp.cos(angles), lengths @ jnp.sin(angles)])


@problem(
    "spherical coordinates",
    [2.0, 0.5, 1.0],
    "Lamé, 1833",
    jacobian=lambda x: np.array(
        [
            [np.sin(x[1]) * np.cos(x[2]), x[0] * np.cos(x[1]) * np.cos(x[2]), -x[0] * np.sin(x[1]) * np.sin(x[2])],
            [np.sin(x[1]) * np.sin(x[2]), x[0] * np.cos(x[1]) * np.sin(x[2]), x[0] * np.sin(x[1]) * np.cos(x[2])],
            [np.cos(x[1]), -x[0] * np.sin(x[1]), 0],
        ]
    ),
)
def spherical(x):
    r, polar, around = x
    return r * jnp.stack([jnp.sin(polar) * jnp.cos(around), jnp.sin(polar) * jnp.sin(around), jnp.cos(polar)])


def _power_slopes(x):
    lines, columns = np.abs(_GENERAL), np.ones((6, 6))
    gap = x[:6, None] - x[:6]
    volts, sine, cosine = np.outer(x[6:], x[6:]), lines * np.sin(gap), lines * np.cos(gap)
    by_angle = np.diag((volts * -sine).sum(1) + np.diag(volts * sine)) + volts * sine
    return np.hstack([by_angle, np.diag(cosine @ x[6:]) + x[6:, None] * cosine * columns])


@problem("power flow", [*np.linspace(0, 0.5, 6), *np.ones(6)], "Tinney, Hart, 1967", jacobian=_power_slopes)
def power_flow(x):
    angles, volts = x.reshape(2, 6)
    return volts * ((np.abs(_GENERAL) * jnp.cos(angles[:, None] - angles)) @ volts)


@problem(
    "human heart dipole",
    [0.299, 0.186, -0.0273, 0.0254, -0.474, 0.474, -0.0892, 0.0892],
    "Averick, Carter, Moré, Xue, MINPACK-2, 1992",
)
def heart(x):
    a, b, c, d, t, u, v, w = x
    return jnp.stack([
        a + b - 0.485, c + d + 0.0019, t * a + u * b - v * c - w * d + 0.0581, v * a + w * b + t * c + u * d - 0.015,
        a * (t**2 - v**2) - 2 * c * t * v + b * (u**2 - w**2) - 2 * d * u * w - 0.105,
        c * (t**2 - v**2) + 2 * a * t * v + d * (u**2 - w**2) + 2 * b * u * w - 0.0406,
        a * t * (t**2 - 3 * v**2) + c * v * (v**2 - 3 * t**2) + b * u * (u**2 - 3 * w**2) + d * w * (w**2 - 3 * u**2),
        c * t * (t**2 - 3 * v**2) - a * v * (v**2 - 3 * t**2) + d * u * (u**2 - 3 * w**2) - b * w * (w**2 - 3 * u**2),
    ])  # fmt: skip


@problem("order statistics", _RNG.permutation(8) + 0.5, "David, Nagaraja, Order statistics, 2003", tight=False)
def ordered(x):
    return jnp.sort(x) * jnp.arange(1.0, 9.0, dtype=x.dtype)


PROBLEMS = [each for each in list(globals().values()) if isinstance(each, Problem)]
