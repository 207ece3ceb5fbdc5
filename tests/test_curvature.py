"""The Laplacian, the diagonal of the Hessian and the divergence: against the whole matrix, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.autodiff import _propagation
from funcgrad.testing import assert_close

rng = np.random.default_rng(0)
X = rng.uniform(0.2, 0.9, 6)
W = {shape: rng.standard_normal(shape) for shape in [(6, 4), (4, 4), (4, 1), (6, 2), (2, 6), (3, 5), (6, 6), (12, 3)]}


def mlp(x):
    return (jnp.tanh(jnp.tanh(x @ W[6, 4]) @ W[4, 4]) @ W[4, 1])[0]


def bottlenecks(x):
    """Directions are renewed twice, the second time inside a compiled call."""
    inner = jax.jit(lambda u: jnp.exp(jnp.tanh(u @ W[2, 6]).sum() * 0.1))
    return inner(jnp.sin(jnp.tile(x * 2, 3)[:6] @ W[6, 2]))


def residual(x):
    return jnp.sum((x + jnp.tanh(x @ W[6, 4]) @ W[4, 4] @ W[6, 4].T) ** 3)


def row(x):
    return jnp.tanh(x[None] @ W[6, 4]).sum() ** 2


def electrons(x):
    r = x.reshape(2, 3)
    apart = r[:, None] - r[None]
    distances = jnp.sqrt((apart**2).sum(-1) + 0.1)
    return jnp.log(jnp.exp(-distances.sum()) + jnp.tanh(r @ W[3, 5]).sum() ** 2)


def attention(x):
    q = x.reshape(3, 2) @ W[2, 6]
    weights = jax.nn.softmax(q @ q.T / 3)
    return jnp.einsum("ij,jk,ik->", weights, q, q)


def activations(x):
    words = (jax.nn.gelu, jax.nn.silu, jax.nn.softplus, jax.nn.relu, jax.nn.elu, jax.nn.sigmoid, jax.nn.log_sigmoid)
    return sum(word(x - 0.5 + 0.01 * i).sum() * (i + 1) for i, word in enumerate(words))


def normalized(x):
    return jnp.sum(fg.nn.layer_norm(x.reshape(2, 3), (3,)) ** 3) + fg.norm(x) ** 3 + fg.logsumexp(x, 0)


def kinks(x):
    ordered = jnp.sort(x * jnp.arange(6)) ** 2
    return (
        ordered[1] * jnp.max(x) + jnp.abs(x - 0.5).sum() ** 2 + jnp.where(x > 0.5, x**3, x).sum() + jnp.median(x) ** 2
    )


def products(x):
    return jnp.prod(x) + jnp.cumprod(x).sum() + jnp.cumsum(x)[2] ** 2 + jnp.diff(x).prod()


def two_arguments(x):
    return jnp.sum(x / (1 + x[::-1]) + x ** x[::-1] + jnp.arctan2(x, x[::-1]) + jnp.hypot(x, 2.0))


def special(x):
    return jnp.sum(jax.scipy.special.gammaln(x) + jax.lax.erf(x) + jnp.log1p(x) + jnp.arcsin(x) + x**-3 + jnp.cbrt(x))


def matrices(x):
    a = jnp.outer(x, x) + jnp.diag(x + 1)
    return jnp.linalg.slogdet(a)[1] + jnp.linalg.solve(a, x).sum() + jnp.linalg.eigvalsh(a)[0]


def loops(x):
    carried, _ = jax.lax.scan(lambda c, v: (jnp.sin(c * v) + v, None), x[0], x)
    repeated = jax.lax.fori_loop(0, 3, lambda i, c: c * jnp.cos(c), x)
    chosen = jax.lax.cond(x[0] > 0, lambda v: v**3, lambda v: v, x)
    return carried + repeated.sum() + chosen.sum() + jax.checkpoint(jnp.sin)(x).sum()


def places(x):
    put = jnp.zeros(8).at[jnp.array([1, 1, 3])].add(x[jnp.array([0, 2, 2])]).at[0].set(x[4])
    return jnp.sum(put**3) + jax.lax.dynamic_slice(x, (1,), (2,)).prod() + jnp.pad(x, 1)[1] ** 2


def waves(x):
    return jnp.sum(jnp.abs(jnp.fft.rfft(x)) ** 3) + jnp.abs(jnp.exp(1j * x).sum()) + jnp.real((x + 1j) ** 3).sum()


def convolved(x):
    image = x.reshape(1, 1, 2, 3)
    kernel = jnp.tanh(x[:4]).reshape(1, 1, 2, 2)
    both = jax.lax.conv_general_dilated(image, kernel, (1, 1), "VALID")
    return jnp.sum(jnp.sin(both)) + jnp.sum(
        jax.lax.conv_general_dilated(image, W[4, 1].reshape(1, 1, 2, 2), (1, 1), "SAME") ** 2
    )


def stopped(x):
    return jnp.sum(jax.lax.stop_gradient(x**2) * x**2) + jnp.round(x).sum() + x.astype(int).sum()


@jax.custom_jvp
def own_rule(x):
    return jnp.sum(x**2)


own_rule.defjvp(lambda primals, tangents: (own_rule(*primals), 3 * jnp.vdot(primals[0] ** 2, tangents[0])))

SCALARS = [
    mlp, bottlenecks, residual, row, electrons, attention, activations, normalized, kinks, products, two_arguments,
    special, matrices, loops, places, waves, convolved, stopped, own_rule, lambda x: x[0] + 2 * x[1],
    lambda x: jnp.array(1.0),
]  # fmt: skip


def trace(h):
    return jnp.trace(h.reshape(6, 6))


@pytest.mark.parametrize("chunk_size", [None, 4])
def test_the_laplacian_is_the_trace_of_the_hessian(chunk_size):
    with jax.enable_x64(True):
        for start in range(0, len(SCALARS), 7):  # in programs of seven
            fs = SCALARS[start : start + 7]
            words = jax.jit(lambda x, fs=fs: [fg.laplacian(f, chunk_size=chunk_size)(x) for f in fs])
            found, expected = (
                words(jnp.asarray(X)),
                jax.jit(lambda x, fs=fs: [trace(jax.hessian(f)(x)) for f in fs])(jnp.asarray(X)),
            )
            for f, a, b in zip(fs, found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9, err_msg=f.__name__)
