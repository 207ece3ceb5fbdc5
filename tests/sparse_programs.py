"""Programs whose Jacobian patterns are known by differentiating them: what `test_sparsity.py` holds detection to.

Each is a function of one vector. `tight` says that the pattern has no entry that is not seen; where it is not, the
comment says what a pattern for all values cannot know.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental import sparse

_rng = np.random.default_rng(0)
_SPARSE = np.where(_rng.uniform(size=(6, 12)) < 0.3, _rng.normal(size=(6, 12)), 0.0)
_STORED = sparse.BCOO((_SPARSE[_SPARSE != 0].astype(np.float32), np.argwhere(_SPARSE).astype(np.int32)), shape=(6, 12))
_ROWS = sparse.BCSR.from_bcoo(_STORED)
_DENSE = _rng.normal(size=(6, 12))
_KERNEL = _rng.normal(size=(2, 3, 3, 3))
_HOLES = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
_PLACES = np.array([[0, 1], [1, 1]])
_INDEX = np.array([[3, 1], [0, 3], [11, 5]])


@dataclass(frozen=True)
class Program:
    """A function of a vector of `size` elements."""

    name: str
    function: Callable[[Any], Any]
    size: int = 12
    tight: bool = True
    reverse: bool = False  # has no forward derivative
    reasons: int = 0

    def __str__(self) -> str:
        return self.name


def _conv(x, kernel, dims=("NCHW", "OIHW", "NCHW"), **options):
    return lax.conv_general_dilated(
        x, kernel, **{"window_strides": (1, 1), "padding": "SAME", **options}, dimension_numbers=dims
    )


def _euler(x):
    return lax.fori_loop(0, 3, lambda i, u: u.at[1:].add(0.1 * u[:-1] ** 2), x)


def _filled(x):
    return lax.fori_loop(0, 6, lambda i, out: out.at[i].set(x[2 * i] * x[i]), jnp.zeros(6, x.dtype))


def _recurrence(x):
    return lax.scan(lambda c, t: (c * t, c + jnp.sin(t)), jnp.zeros((), x.dtype) + 1.0, x)


def _long_recurrence(x):  # 20,000 steps are not followed
    def step(carry, t):
        i, total, still = carry
        return (i + 1, total + still * t[0], still), (t[1] * still, total)

    lines = jnp.broadcast_to(x[:2], (20_000, 2))
    (_, total, still), (scaled, _) = lax.scan(step, (0, x[2], x[3]), lines)
    return total, still, scaled[:3]


def _while_counted(x):
    return lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, jnp.roll(c[1], 1) * c[1]), (0, x))[1]


def _while_open(x):
    return lax.while_loop(
        lambda c: jnp.sum(c) < 10.0, lambda c: jnp.concatenate([c[:1], c[1:6] + c[:5] ** 2, c[6:] + 1.0]), x
    )


def _newton(x):
    matrix = x[:4].reshape(2, 2) + 3.0 * jnp.eye(2, dtype=x.dtype)
    return jnp.linalg.solve(matrix, x[4:6])


def _stack_solve(x):
    return jnp.linalg.solve(x[:8].reshape(2, 2, 2) + 3.0 * jnp.eye(2, dtype=x.dtype), x[8:12].reshape(2, 2, 1))


def _given_solve(x):
    def apply(v):
        return v * x[:4] + jnp.concatenate([v[1:2], v[:1], jnp.zeros(2, v.dtype)]) * 0.1

    return lax.custom_linear_solve(apply, x[4:8], lambda mv, b: jnp.linalg.solve(jax.jacfwd(mv)(b), b), symmetric=True)


@jax.custom_jvp
def _straight_through(x):
    return jnp.round(x)


_straight_through.defjvp(lambda primals, tangents: (_straight_through(*primals), tangents[0]))


@jax.custom_vjp
def _mixing(x, y):
    return jnp.floor(x), x * y


_mixing.defvjp(lambda x, y: (_mixing(x, y), y), lambda y, c: (c[0] * y + c[1] * y, c[1][::-1]))


@jax.custom_vjp
def _signed(x):
    return x * 2.0


def _signs(_, c):
    largest = jnp.argmax(jnp.abs(c))
    return (jnp.where(c > 0.0, jnp.sign(c), 0.0) + jnp.zeros(4, c.dtype).at[largest].set(1.0),)


_signed.defvjp(lambda x: (_signed(x), None), _signs)


@jax.custom_vjp
def _guided(x):
    return jnp.maximum(x, 0.0)


_guided.defvjp(lambda x: (_guided(x), None), lambda _, c: ((c > 0.0) * jnp.round(c)[::-1],))


@jax.custom_vjp
def _calls_itself(x):
    return x**2


_calls_itself.defvjp(lambda x: (_calls_itself(x), x), lambda x, c: (_calls_itself(c) * x,))


def _positive(x):
    return x * x + 0.5


PROGRAMS = [
    Program("elementwise", lambda x: jnp.sin(x[:4]) * jnp.exp(x[4:8]) / _positive(x[8:])),
    Program("square of one", lambda x: x * x + x**3 - jnp.tanh(x)),
    Program("no derivative", lambda x: (jnp.floor(x), jnp.round(x) * x, jnp.sign(x), lax.stop_gradient(x) + x[:1])),
    Program("integers between", lambda x: (x.astype(int) + 1) * x[0]),
    Program("constant factor with zeros", lambda x: x * np.arange(12) % 5 * (np.arange(12) % 3 == 0)),
    Program("zero over", lambda x: (np.arange(12) % 3 == 0) / _positive(x)),
    Program("powers", lambda x: (_positive(x[:3]) ** x[3:6], x**0, jnp.arctan2(x[:2], x[2:4]), jnp.hypot(x[0], x[1]))),
    Program("angles", lambda x: (jnp.angle(x[:4]), jnp.arctan2(x[:4], np.array([0.0, 1, 2, 3])))),
    Program("polynomials", lambda x: (jnp.polyval(np.array([1.0, 0, -2, 3]), x[:4]), jnp.polyval(x[:3], x[3:6]))),
    Program("mantissas", lambda x: (jnp.frexp(x[::-1])[0], jnp.ldexp(x[1:] * x[:-1], np.arange(11)))),
    Program("where of a mask", lambda x: jnp.where(np.arange(12) % 2 == 0, x, x[::-1] ** 2)),
    Program("where of a value", lambda x: jnp.where(x > 0, x, x[::-1] ** 2)),
    Program("select of three", lambda x: lax.select_n(np.arange(4) % 3, x[:4], x[4:8], x[8:])),
    Program("clamp", lambda x: lax.clamp(x[:4], x[4:8], x[8:])),
    Program("maximum", lambda x: jnp.maximum(x[:6], x[6:]) + jnp.minimum(x[:6], 0.1)),
    Program("slices", lambda x: (x[1:] - x[:-1], x[::3], x[-2:0:-2], x[4])),
    Program("rolls", lambda x: jnp.roll(x.reshape(3, 4), 1, 0) * jnp.roll(x.reshape(3, 4), -1, 1)),
    Program(
        "pads", lambda x: (jnp.pad(x[:3], 2) + jnp.pad(x[3:6], 2, mode="edge"), lax.pad(x[:4], x[5], [(1, -1, 2)]))
    ),
    Program("negative pads", lambda x: (lax.pad(x, x[0], [(-3, -2, 1)]), lax.pad(x[:3], 0.0, [(-7, 9, 2)]))),
    Program("stacks", lambda x: (jnp.stack([x[:3], x[3:6] ** 2], 1), jnp.unstack(x.reshape(3, 4), axis=1)[2])),
    Program("tile and repeat", lambda x: (jnp.tile(x[:3], (2, 2)), jnp.repeat(x[:3], 2), jnp.split(x, 3)[1])),
    Program("transposes", lambda x: jnp.moveaxis(x.reshape(2, 3, 2), 0, 2)[::-1] * x[:2]),
    Program(
        "reshapes in another order",
        lambda x: (
            lax.reshape(x.reshape(3, 2, 2), (4, 3), (1, 2, 0))
            * lax.reshape(np.arange(12.0).reshape(3, 4), (4, 3), (1, 0))
        ),
    ),
    Program("cross products", lambda x: jnp.cross(x[:6].reshape(2, 3), x[6:].reshape(2, 3))),
    Program("Kronecker product", lambda x: jnp.kron(x[:4].reshape(2, 2), x[4:10].reshape(3, 2))),
    Program("norms of rows", lambda x: jnp.linalg.norm(x.reshape(4, 3), axis=1)),
    Program("diagonals", lambda x: (jnp.diagonal(x[:9].reshape(3, 3)), jnp.trace(x.reshape(3, 4)), jnp.diag(x[:3]))),
    Program("differences of pairs", lambda x: jnp.abs(x[:4, None] - x[4:9]) ** 3),
    Program("scan in a tree", lambda x: lax.associative_scan(jnp.multiply, x[:7])),
    Program("powers of a polynomial", lambda x: ((x[0] * x[4:9] + x[1]) * x[4:9] + x[2]) * x[4:9] + x[3]),
    Program("broadcast", lambda x: x[:3, None] * x[3:7]),
    Program("sums", lambda x: (x.sum(), x.reshape(3, 4).sum(0), x.reshape(2, 3, 2).mean((0, 2)), jnp.prod(x[:4]))),
    Program("sums of many", lambda x: jnp.outer(x, x).reshape(2, 6, 12).sum(2)),
    Program("extremes", lambda x: (x.reshape(3, 4).max(1), x[:5].min(), jnp.argmax(x) * x[0])),
    Program("softmax", lambda x: jax.nn.softmax(x.reshape(3, 4), axis=1)),
    Program("logsumexp", lambda x: jax.nn.logsumexp(x.reshape(3, 4), axis=0)),
    Program("reduce by function", lambda x: lax.reduce(x.reshape(3, 4), 0.0, lambda a, b: a + b + a * b, (1,))),
    Program(
        "cumulative", lambda x: (jnp.cumsum(x), jnp.cumprod(x.reshape(3, 4), 0), lax.cumlogsumexp(x[:4], reverse=True))
    ),
    Program("cumulative maximum", lambda x: lax.cummax(x[:3])),
    Program("sort", lambda x: jnp.sort(x.reshape(3, 4), axis=0)),
    Program("sort by keys", lambda x: lax.sort((x[:6], x[6:]), num_keys=1)),
    Program("largest", lambda x: lax.top_k(x.reshape(3, 4), 2)[0]),
    Program("fourier", lambda x: (jnp.abs(jnp.fft.rfft(x.reshape(2, 6))), jnp.abs(jnp.fft.ifft2(x.reshape(3, 2, 2))))),
    Program("gather of rows", lambda x: x.reshape(4, 3)[np.array([2, 0, 2])] * x[0]),
    Program("gather of elements", lambda x: x[_INDEX] + jnp.take(x, np.array([1, 50]), mode="fill", fill_value=0)),
    Program("gather along", lambda x: jnp.take_along_axis(x.reshape(3, 4), np.array([[0, 3], [1, 1], [2, 0]]), 1)),
    Program("gather of blocks", lambda x: jax.vmap(lambda i: lax.dynamic_slice(x, (i,), (3,)))(np.array([0, 4, 11]))),
    Program("gather by value", lambda x: x[jnp.argsort(x[:3])] * x[5:8], tight=False, reasons=1),
    Program("rows by value", lambda x: x.reshape(3, 4)[jnp.argmax(x[:3])], reasons=1),
    Program("scatter", lambda x: x.at[np.array([1, 3])].set(x[5:7] * x[0])),
    Program("scatter add", lambda x: jnp.zeros((4, 3)).at[np.array([1, 3, 1])].add(x[:9].reshape(3, 3))),
    Program(
        "scatter twice",
        lambda x: (
            x.at[np.array([1, 1, 2])].add(x[:3]).at[20].set(x[0], mode="drop").at[5:8].mul(x[:3], unique_indices=True)
        ),
    ),
    Program("scatter extremes", lambda x: x.at[np.array([4, 5])].max(x[:2]).at[np.array([6])].min(x[2:3])),
    Program(
        "scatter by value", lambda x: x.at[jnp.argmax(x[:2])].add(x[5]), tight=False, reasons=1
    ),  # in the first two places
    Program("segments", lambda x: jax.ops.segment_sum(x, np.arange(12) // 5, 3)),
    Program(
        "slice at a constant",
        lambda x: lax.dynamic_update_slice(x, lax.dynamic_slice(x, (9,), (5,)) ** 2, (1,)),
        size=14,
    ),
    Program(
        "slice by value",
        lambda x: lax.dynamic_slice(x.reshape(3, 4), (0, jnp.argmax(x[:3])), (3, 1)),
        tight=False,
        reasons=1,
    ),
    Program(
        "update by value",
        lambda x: lax.dynamic_update_slice(x.reshape(3, 4), x[:3, None], (0, jnp.argmax(x[:4]))),
        reasons=1,
    ),
    Program("sparse matrix", lambda x: (_SPARSE @ x, (x[:6] @ _SPARSE) ** 2, _DENSE @ x)),
    Program("sparse matrix of columns", lambda x: (_SPARSE[:, :3] @ x.reshape(3, 4), x.reshape(2, 6) @ _SPARSE[:, :4])),
    Program("sparse product", lambda x: (_STORED @ x) * (x[:6] @ _STORED)[:6]),
    Program("sparse product of columns", lambda x: (_ROWS @ x.reshape(12, 1), _STORED @ jnp.outer(x, x[:2]))),
    Program(
        "sparse matrix of values", lambda x: sparse.BCOO((x[:2], np.array([[0, 1], [1, 1]])), shape=(2, 2)) @ x[2:4]
    ),
    Program("product of matrices", lambda x: x[:6].reshape(2, 3) @ x[6:].reshape(3, 2)),
    Program("stack of products", lambda x: jnp.einsum("bij,bjk->bik", x[:8].reshape(2, 2, 2), x[4:].reshape(2, 2, 2))),
    Program("stack of sparse", lambda x: jnp.einsum("bij,bj->bi", _SPARSE.reshape(2, 3, 12), jnp.stack([x, x**2]))),
    Program("convolution", lambda x: _conv(x.reshape(1, 3, 4, 4), _KERNEL), size=48),
    Program("convolution of holes", lambda x: _conv(x.reshape(1, 1, 5, 5), _HOLES[None, None]), size=25),
    Program(
        "convolution of strides",
        lambda x: _conv(
            x.reshape(1, 4, 4, 3),
            _KERNEL.transpose(2, 3, 1, 0),
            ("NHWC", "HWIO", "NHWC"),
            window_strides=(2, 1),
            rhs_dilation=(1, 2),
            padding=[(1, 0), (2, 2)],
        ),
        size=48,
    ),
    Program(
        "convolution transposed",
        lambda x: _conv(x.reshape(1, 3, 2, 2), _KERNEL, lhs_dilation=(2, 2), padding=[(2, 2), (2, 1)]),
    ),
    Program(
        "convolution of groups",
        lambda x: _conv(x.reshape(1, 3, 2, 2), _KERNEL[:1].transpose(1, 0, 2, 3), feature_group_count=3),
    ),
    Program(
        "convolution of batches",
        lambda x: _conv(x.reshape(3, 1, 2, 2), _KERNEL[:1].transpose(1, 0, 2, 3), batch_group_count=3),
    ),
    Program(
        "kernel", lambda x: _conv(jnp.sin(np.arange(1.0, 5)).reshape(1, 1, 2, 2), x[:9].reshape(1, 1, 3, 3)) * x[9]
    ),
    Program(
        "windows",
        lambda x: (
            lax.reduce_window(x.reshape(3, 4), -jnp.inf, lax.max, (2, 2), (1, 2), "VALID"),
            lax.reduce_window(x, 0.0, lax.add, (3,), (1,), "SAME"),
        ),
    ),
    Program(
        "gradient of windows",
        lambda x: jax.grad(lambda y: (lax.reduce_window(y, -jnp.inf, lax.max, (2,), (2,), "VALID") * x[:6]).sum())(
            lax.stop_gradient(x)
        ),
    ),
    Program(
        "decompositions",
        lambda x: (
            jnp.linalg.cholesky(x[:4].reshape(2, 2) @ x[:4].reshape(2, 2).T + 3 * jnp.eye(2)),
            jnp.linalg.eigh(x[4:8].reshape(2, 2) + x[4:8].reshape(2, 2).T)[0],
        ),
        tight=False,
    ),  # triangles
    Program(
        "triangular solve",
        lambda x: lax.linalg.triangular_solve(
            x[:4].reshape(2, 2) + 3 * jnp.eye(2), x[4:8].reshape(2, 2), left_side=True
        ),
        tight=False,
    ),
    Program(
        "tridiagonal solve",
        lambda x: lax.linalg.tridiagonal_solve(x[:3], x[3:6] + 5.0, x[6:9], x[9:, None]),
        tight=False,
    ),
    Program("solve", _newton),
    Program("stack of solves", _stack_solve),
    Program("solve of blocks", _given_solve),
    Program("jit and remat", lambda x: jax.checkpoint(jax.jit(lambda y: jnp.sin(y[1:]) * y[:-1]))(x)),
    Program("relu and kin", lambda x: jax.nn.silu(jax.nn.relu(x[:6])) + jax.nn.gelu(x[6:]) + jax.nn.softplus(x[3:9])),
    Program("straight through", lambda x: _straight_through(x) * 2.0),
    Program("rule in reverse", lambda x: _mixing(x[:3], x[3:6]), reverse=True),
    Program("rule that rounds", lambda x: _signed(x[:4]), tight=False, reverse=True, reasons=2),  # and chooses
    Program("rule that compares", lambda x: _guided(x[:4]) * x[0], tight=False, reverse=True),
    Program("rule that calls itself", lambda x: _calls_itself(x[:4]), reverse=True),
    Program("branches", lambda x: lax.cond(x[0] > 0, lambda y: y[:4], lambda y: y[4:8] ** 2, x)),
    Program("switch of a constant", lambda x: lax.switch(1, [lambda y: y[:4], lambda y: y[4:8]], x)),
    Program("counted loop", _filled),
    Program("steps of time", _euler),
    Program("recurrence", _recurrence),
    Program("recurrence in reverse", lambda x: lax.scan(lambda c, t: (c + t, c * t), x[0], x[1:], reverse=True)),
    Program("long recurrence", _long_recurrence, tight=False, reasons=1),
    Program("counted while", _while_counted),
    Program("open while", _while_open, tight=False),  # how often it runs
    Program("map", lambda x: lax.map(lambda t: t[0] * t[1:], x.reshape(3, 4))),
    Program(
        "vmap of a loop", lambda x: jax.vmap(lambda t: lax.fori_loop(0, 2, lambda i, c: c * t[i], 1.0))(x.reshape(3, 4))
    ),
    Program(
        "complex", lambda x: (jnp.abs(lax.complex(x[:3], x[3:6])), lax.complex(x[:2], x[2:4]).imag), tight=False
    ),  # parts
    Program("gradient", lambda x: jax.grad(lambda y: jnp.sum(y[1:] ** 2 * y[:-1]))(x)),
    Program(
        "random numbers",
        lambda x: x * jax.random.normal(jax.random.key(0), (12,)) + jax.random.uniform(jax.random.key(1)),
    ),
    Program("interpolation", lambda x: jnp.interp(np.linspace(0.1, 2.9, 5), np.arange(4.0), x[:4])),
    Program("nothing", lambda x: jnp.zeros((2, 3)) + 1.0),
    Program("empty", lambda x: (x[:0], x.reshape(3, 4)[:, :0].sum(1) + x[:3])),
]


@jax.custom_jvp
def _leaning(x):
    return jnp.sum(x**2)


_leaning.defjvp(lambda primals, tangents: (_leaning(*primals), jnp.sum(tangents[0][1:] * primals[0][:-1])))


def _descend(x):
    return lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * x[0] + x[1]), (0, x[2]))[1]


SCALARS = [
    Program("Rosenbrock", lambda x: jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)),
    Program("linear", lambda x: (_SPARSE[:, :8] @ x).sum() + 3.0),
    Program("quadratic", lambda x: jnp.sum((_SPARSE[:, :8] @ x) ** 2)),
    Program("products", lambda x: x[0] * x[1] + jnp.sin(x[2]) * x[3] + x[4] + x[5] ** 2),
    Program("logsumexp", lambda x: jax.nn.logsumexp(x[:4]) + x[5] * x[6]),
    Program("product of all", lambda x: jnp.prod(x[:3])),
    Program("gathered", lambda x: jnp.sum(x[np.array([0, 3, 3])] ** 3 * x[5])),
    Program("recurrence", lambda x: lax.scan(lambda c, t: (c * jnp.sin(t), None), x[7], x[:3])[0]),
    Program(
        "sum of squares in a loop", lambda x: lax.scan(lambda c, t: (c + t**2, None), jnp.zeros((), x.dtype), x)[0]
    ),
    Program("relu", lambda x: jnp.sum(jax.nn.relu(x)) + jnp.sum(jax.nn.relu(x[:3]) ** 2)),
    Program("sorted", lambda x: jnp.sum(jnp.sort(x)) + jnp.max(x) + x[0] ** 2),
    Program("branches", lambda x: lax.cond(x[0] > 0, lambda y: y[0] * y[1], lambda y: y[2] ** 2, x)),
    Program("solve", lambda x: jnp.linalg.solve(x[:4].reshape(2, 2) + 3 * jnp.eye(2, dtype=x.dtype), x[4:6]).sum()),
    Program("convolution", lambda x: jnp.sum(jnp.convolve(x, np.array([1.0, 2.0, 1.0], x.dtype)) ** 2)),
    Program("held still", lambda x: jnp.sum(lax.stop_gradient(x[1:]) * x[:-1] ** 2)),
    Program("variance", lambda x: jnp.var(x[:4]) + jnp.mean(x)),
    Program("a rule that leans", _leaning, tight=False),  # its matrix is not symmetric: both halves are kept
    Program("loop without reverse", _descend, tight=False, reverse=None, reasons=1),
]
